/* Parameter rows found by kind and label. */
#include <stdlib.h>
#include <string.h>

#include "builder_parts.h"

/* Kind and label as one key; returns its bytes. */
static size_t make_key(const char *kind, const char *label, char key[Q2_KIND_LENGTH + Q2_LABEL_LENGTH]) {
  const size_t first = strlen(kind) + 1, second = strlen(label);
  memcpy(key, kind, first);
  memcpy(key + first, label, second);
  return first + second;
}

int q2_parameter_index_find(const struct q2_parameter_index *index, const char *kind, const char *label) {
  char key[Q2_KIND_LENGTH + Q2_LABEL_LENGTH];
  return (int)q2_lookup_find(&index->found, key, make_key(kind, label, key));
}

/* Two uses of one kind and label must mean one thing. */
static int agree(const struct q2_built_parameter *old, const struct q2_built_parameter *new, struct q2_error *error) {
  if (old->value != new->value || strcmp(old->unit, new->unit) != 0)
    return q2_fail(error, "parameter %s '%s' has two values: %.10g %s (line %d of the force field) and %.10g %s (line %d)",
                   new->kind, new->label, old->value, old->unit, old->line, new->value, new->unit, new->line);
  if (old->lower != new->lower || old->upper != new->upper || old->active != new->active || old->order != new->order ||
      old->line != new->line || old->column != new->column || old->multiplier != new->multiplier)
    return q2_fail(
        error, "parameter %s '%s' is named twice, at lines %d and %d of the force field, with other bounds or another place",
        new->kind, new->label, old->line, new->line);
  return Q2_OK;
}

int q2_parameter_index_add(struct q2_parameter_index *index, const struct q2_built_parameter *row, int *number,
                           struct q2_error *error) {
  char key[Q2_KIND_LENGTH + Q2_LABEL_LENGTH];
  const int64_t known = index->rows.count, place = q2_lookup_add(&index->found, key, make_key(row->kind, row->label, key));
  if (place < 0 || (place == known && !q2_grow(&index->rows, 1, sizeof *row)))
    return q2_fail(error, "no memory for parameter %s '%s'", row->kind, row->label);
  *number = (int)place;
  struct q2_built_parameter *at = q2_built_row(index, *number);
  if (place == known) {
    *at = *row;
    return Q2_OK;
  }
  Q2_TRY(agree(at, row, error));
  at->used |= row->used;
  at->keep |= row->keep;
  return Q2_OK;
}

void q2_parameter_index_free(struct q2_parameter_index *index) {
  free(index->rows.data);
  q2_lookup_free(&index->found);
  *index = (struct q2_parameter_index){0};
}
