/* What writers of force fields share. */
#include "force_field_writer.h"

#include <stdlib.h>
#include <string.h>

int q2_field_writer_open(const struct q2_force_field *field, const char *format, struct q2_field_writer *writer,
                         struct q2_error *error) {
  *writer = (struct q2_field_writer){.field = field, .format = format};
  writer->out = open_memstream(&writer->bytes, &writer->size);
  return writer->out ? Q2_OK : q2_fail(error, "no memory for a force field");
}

int q2_field_writer_close(struct q2_field_writer *writer, int status, char **bytes, size_t *size, struct q2_error *error) {
  const int written = !ferror(writer->out);
  if ((fclose(writer->out) != 0 || !written) && status == Q2_OK) status = q2_fail(error, "no memory for a force field");
  *bytes = writer->bytes;
  *size = writer->size;
  if (status != Q2_OK) {
    free(writer->bytes);
    *bytes = NULL;
    *size = 0;
  }
  return status;
}

const char *q2_field_row_text(const struct q2_type_row *row, char text[Q2_ROW_TEXT]) {
  int length = snprintf(text, Q2_ROW_TEXT, "%s", row->form);
  for (int a = 0; a < row->atom_count; a++)
    length += snprintf(text + length, (size_t)(Q2_ROW_TEXT - length), "%s%s", a ? "-" : " ", row->atom[a].text);
  if (row->line > 0) snprintf(text + length, (size_t)(Q2_ROW_TEXT - length), ", line %d", (int)row->line);
  return text;
}

int q2_field_refuse_row(const struct q2_field_writer *writer, const struct q2_type_row *row, const char *why,
                        struct q2_error *error) {
  char text[Q2_ROW_TEXT];
  return q2_fail(error, "%s cannot express %s: %s", writer->format, q2_field_row_text(row, text), why);
}

int q2_field_write_number(const struct q2_field_writer *writer, const struct q2_type_row *row, int p, const char *unit,
                          double multiplier, struct q2_error *error) {
  char text[Q2_NUMBER_LENGTH];
  const struct q2_row_form *form = q2_row_form_named(row->form);
  if (!form || p >= form->parameter_count) return q2_field_refuse_row(writer, row, "it has no such form", error);
  Q2_TRY(q2_file_number_print(&row->parameter[p], form->kind[p], unit, multiplier, text, error));
  fprintf(writer->out, " %s", text);
  return Q2_OK;
}

int q2_field_series(const struct q2_force_field *field, int row) {
  int count = 1;
  while (row + count < field->row_count && field->row[row + count].component == count &&
         strcmp(field->row[row + count].form, field->row[row].form) == 0)
    count++;
  return count;
}

int q2_field_has(const struct q2_force_field *field, const char *form) {
  for (int r = 0; r < field->row_count; r++)
    if (strcmp(field->row[r].form, form) == 0) return 1;
  return 0;
}
