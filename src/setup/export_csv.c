/* All parameters as a table of comma-separated values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/formats/force_field.h"
#include "../../io/units.h"
#include "export.h"

/* A field of text: quoted where it must be, quotes in it doubled (RFC 4180). */
static void write_text(FILE *out, const char *text) {
  if (!strpbrk(text, ",\"\r\n")) {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"') fputc('"', out);
    fputc(*text, out);
  }
  fputc('"', out);
}

/* A number in memory's units in those of row p, with as few digits as give it back. */
static int write_number(FILE *out, const struct q2_parameters *parameters, int p, double value, struct q2_error *error) {
  struct q2_file_number number = {.value = value, .multiplier = 1.0};
  char text[Q2_NUMBER_LENGTH];
  snprintf(number.unit, sizeof number.unit, "%s", q2_unit_inside(parameters->kind[p]));
  Q2_TRY(q2_file_number_print(&number, parameters->kind[p], parameters->unit[p], 1.0, text, error));
  fprintf(out, ",%s", text);
  return Q2_OK;
}

/* Linked rows have their target's value, bounds and activity. */
static int write_row(FILE *out, const struct q2_dataset *dataset, const double *value, int p, struct q2_error *error) {
  const struct q2_parameters *parameters = &dataset->parameters;
  const int from = parameters->link[p] >= 0 ? parameters->link[p] : p;
  const double bound[2] = {parameters->lower[from], parameters->upper[from]};
  fprintf(out, "%d,%s,", p, parameters->kind[p]);
  write_text(out, parameters->label[p]);
  fprintf(out, ",%s", parameters->unit[p]);
  Q2_TRY(write_number(out, parameters, p, value[from], error));
  Q2_TRY(write_number(out, parameters, p, parameters->value[from], error));
  for (int b = 0; b < 2; b++)
    if (bound[b] == (b ? 1e300 : -1e300))
      fputc(',', out);
    else
      Q2_TRY(write_number(out, parameters, p, bound[b], error));
  fprintf(out, ",%d,", (int)parameters->active[from]);
  if (from != p) fprintf(out, "%d", from);
  fputc(',', out);
  if (dataset->origin.format[0] && dataset->origin.line[p] > 0) fprintf(out, "%d", (int)dataset->origin.line[p]);
  fputc('\n', out);
  return Q2_OK;
}

int q2_export_csv(const struct q2_dataset *dataset, const double *value, char **bytes, size_t *size, struct q2_error *error) {
  *bytes = NULL;
  FILE *out = open_memstream(bytes, size);
  if (!out) return q2_fail(error, "no memory for a table of %d parameters", dataset->parameters.count);
  int status = Q2_OK;
  fputs("row,kind,label,unit,value,start,lower,upper,active,link,line\n", out);
  for (int p = 0; p < dataset->parameters.count && status == Q2_OK; p++)
    status = write_row(out, dataset, value, p, error);
  const int written = !ferror(out);
  if ((fclose(out) != 0 || !written) && status == Q2_OK)
    status = q2_fail(error, "no memory for a table of %d parameters", dataset->parameters.count);
  if (status == Q2_OK) return Q2_OK;
  free(*bytes);
  *bytes = NULL;
  return status;
}
