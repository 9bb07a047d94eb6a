/* The parameters of a molecule: its own list of rows of the parameter table, and which derivatives add up to each one's. */
#include "batch_parts.h"

int32_t q2_local_parameter(struct q2_builder *builder, int32_t row) {
  if (builder->local_of_row[row] < 0) {
    int32_t *entry = Q2_GROW(builder, parameter_row, 1, int32_t);
    if (!entry) return -1;
    *entry = row;
    builder->local_of_row[row] = (int32_t)(builder->parameter_row.count - 1 - builder->batch->parameter_start[builder->slot]);
  }
  return builder->local_of_row[row];
}

/* Lists for each of the molecule's parameters the derivatives that add up to its own, and forgets the list of rows. */
int q2_build_sources(struct q2_builder *builder) {
  const int64_t first = builder->batch->parameter_start[builder->slot], count = builder->parameter_row.count - first;
  const int32_t *owner = builder->derivative_parameter.data;
  const int64_t derivatives = builder->derivative_parameter.count;
  int64_t total = 0;
  for (int64_t d = 0; d < derivatives; d++)
    total += owner[d] >= 0;
  int32_t *start = Q2_GROW(builder, parameter_source_start, count + 1, int32_t),
          *source = Q2_GROW(builder, source, total, int32_t);
  if (!start || !source) return -1;
  for (int64_t d = 0; d < derivatives; d++) {
    if (owner[d] >= 0) start[owner[d] + 1]++;
  }
  q2_starts_from_counts(start, count);
  for (int64_t d = 0; d < derivatives; d++) {
    if (owner[d] >= 0) source[start[owner[d]]++] = (int32_t)d;
  }
  q2_starts_after_filling(start, count);
  const int32_t *row = builder->parameter_row.data;
  for (int64_t p = first; p < first + count; p++)
    builder->local_of_row[row[p]] = -1;
  builder->derivative_parameter.count = 0;
  return 0;
}
