/* Parameter rows found by kind and label. */
#include <stdlib.h>
#include <string.h>

#include "../../io/hash.h"
#include "builder_parts.h"

static int64_t first_slot(const struct q2_parameter_index *index, const char *kind, const char *label) {
  uint64_t hash = q2_hash_bytes(Q2_HASH_START, kind, strlen(kind));
  hash = q2_hash_bytes(hash, label, strlen(label));
  return (int64_t)(hash & (uint64_t)(index->slots - 1));
}

/* The slot of this row, or the empty one where it would go. */
static int64_t find_slot(const struct q2_parameter_index *index, const char *kind, const char *label) {
  int64_t slot = first_slot(index, kind, label);
  while (index->slot[slot]) {
    const struct q2_built_parameter *row = q2_built_row(index, index->slot[slot] - 1);
    if (strcmp(row->kind, kind) == 0 && strcmp(row->label, label) == 0) break;
    slot = (slot + 1) & (index->slots - 1);
  }
  return slot;
}

int q2_parameter_index_find(const struct q2_parameter_index *index, const char *kind, const char *label) {
  return index->slots ? index->slot[find_slot(index, kind, label)] - 1 : -1;
}

/* At least twice as many slots as rows. */
static int make_slots(struct q2_parameter_index *index) {
  if (2 * (index->rows.count + 1) <= index->slots) return 1;
  const int64_t slots = index->slots ? 2 * index->slots : 256;
  int32_t *fresh = calloc((size_t)slots, sizeof *fresh);
  if (!fresh) return 0;
  free(index->slot);
  index->slot = fresh;
  index->slots = slots;
  for (int row = 0; row < (int)index->rows.count; row++) {
    const struct q2_built_parameter *at = q2_built_row(index, row);
    index->slot[find_slot(index, at->kind, at->label)] = row + 1;
  }
  return 1;
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
  if (!make_slots(index)) return q2_fail(error, "no memory for parameter %s '%s'", row->kind, row->label);
  const int64_t slot = find_slot(index, row->kind, row->label);
  if (index->slot[slot]) {
    *number = index->slot[slot] - 1;
    struct q2_built_parameter *old = q2_built_row(index, *number);
    Q2_TRY(agree(old, row, error));
    old->used |= row->used;
    old->keep |= row->keep;
    return Q2_OK;
  }
  struct q2_built_parameter *place = q2_grow(&index->rows, 1, sizeof *place);
  if (!place) return q2_fail(error, "no memory for parameter %s '%s'", row->kind, row->label);
  *place = *row;
  *number = (int)index->rows.count - 1;
  index->slot[slot] = *number + 1;
  return Q2_OK;
}

void q2_parameter_index_free(struct q2_parameter_index *index) {
  free(index->rows.data);
  free(index->slot);
  *index = (struct q2_parameter_index){0};
}
