/* Fitted values back into the file that the force field came from. */
#include "put_back.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../memory.h"
#include "rewrite.h"

enum { NAME = Q2_KIND_LENGTH + Q2_LABEL_LENGTH + 2 };

/* The row whose value row p has. */
static int target(const struct q2_parameters *parameters, int p) { return parameters->link[p] >= 0 ? parameters->link[p] : p; }

/* Beyond what a result's units may round away. */
static int is_changed(double value, double before) { return fabs(value - before) > 1e-12 * fabs(before); }

/* Fills places and names of the parameters that are fitted, or have changed; returns how many there are, -1 after a failure. */
static int find_places(const struct q2_dataset *dataset, const double *value, struct q2_number_place *place, char (*name)[NAME],
                       struct q2_error *error) {
  const struct q2_parameters *parameters = &dataset->parameters;
  const struct q2_origin *origin = &dataset->origin;
  int count = 0;
  for (int p = 0; p < parameters->count; p++) {
    const int from = target(parameters, p), changed = is_changed(value[from], parameters->value[from]);
    if (!parameters->active[from] && !changed) continue;
    snprintf(name[count], sizeof name[count], "%s %s", parameters->kind[p], parameters->label[p]);
    if (origin->line[p] == 0) {
      if (!changed) continue;
      q2_fail(error, "%s: %s has changed, but has no place in the file", origin->name, name[count]);
      return -1;
    }
    place[count] = (struct q2_number_place){.line = origin->line[p],
                                            .column = origin->column[p],
                                            .width = origin->width[p],
                                            .value = value[from] / parameters->factor[p] / origin->multiplier[p],
                                            .name = name[count]};
    count++;
  }
  return count;
}

int q2_put_back(const struct q2_dataset *dataset, const double *value, char **bytes, size_t *size, struct q2_error *error) {
  const struct q2_origin *origin = &dataset->origin;
  struct q2_text text = {0};
  *bytes = NULL;
  *size = 0;
  if (!origin->format[0])
    return q2_fail(error, "%s: has no /force_field/origin, no file to put values back into",
                   dataset->path ? dataset->path : "the data set");
  struct q2_number_place *place = q2_allocate(dataset->parameters.count, sizeof *place);
  char(*name)[NAME] = q2_allocate(dataset->parameters.count, sizeof *name);
  int status = place && name ? Q2_OK : q2_fail(error, "%s: no memory for the places of its parameters", origin->name);
  if (status == Q2_OK) status = q2_text_from_bytes(origin->name, origin->bytes, (size_t)origin->size, &text, error);
  const int count = status == Q2_OK ? find_places(dataset, value, place, name, error) : -1;
  status = count < 0 ? Q2_FAILED : q2_rewrite_numbers(&text, place, count, bytes, size, error);
  q2_text_free(&text);
  free(place);
  free(name);
  return status;
}
