/* Where sums over molecules find their terms: by row of the parameter table for the gradient, by variable for J'J. */
#include <stdlib.h>

#include "batch_parts.h"

/* By row, the molecules that have it in their lists. */
static int build_rows(struct q2_batch *batch) {
  const int64_t count = batch->parameter_start[batch->molecules];
  if (Q2_ALLOCATE_TABLE(batch, sum_start, batch->parameter_rows + 1) != 0 ||
      Q2_ALLOCATE_TABLE(batch, sum_place, 2 * count) != 0)
    return -1;
  for (int64_t p = 0; p < count; p++)
    batch->sum_start[batch->parameter_row[p] + 1]++;
  q2_starts_from_counts(batch->sum_start, batch->parameter_rows);
  for (int64_t m = 0; m < batch->molecules; m++) {
    for (int64_t p = batch->parameter_start[m]; p < batch->parameter_start[m + 1]; p++) {
      const int64_t k = batch->sum_start[batch->parameter_row[p]]++;
      batch->sum_place[2 * k] = (int32_t)m;
      batch->sum_place[2 * k + 1] = (int32_t)(p - batch->parameter_start[m]);
    }
  }
  q2_starts_after_filling(batch->sum_start, batch->parameter_rows);
  return 0;
}

/* The molecule's variables, ascending, and which of its parameters follow each. */
static void list_variables(struct q2_batch *batch, int64_t m, const int *variable_of) {
  const int64_t first = batch->parameter_start[m], parameters = batch->parameter_start[m + 1] - first;
  int32_t *place = batch->variable_place + m * batch->variables;
  int32_t *variable = batch->variable + batch->variable_start[m];
  int32_t *start = batch->variable_source_start + batch->variable_start[m] + m;
  int32_t *source = batch->variable_source + first;
  int32_t count = 0;
  for (int64_t v = 0; v < batch->variables; v++)
    place[v] = -1;
  for (int64_t p = 0; p < parameters; p++) {
    const int v = variable_of[batch->parameter_row[first + p]];
    if (v >= 0) place[v] = 0;
  }
  for (int64_t v = 0; v < batch->variables; v++) {
    if (place[v] < 0) continue;
    place[v] = count;
    variable[count++] = (int32_t)v;
  }
  for (int64_t p = 0; p < parameters; p++) {
    const int v = variable_of[batch->parameter_row[first + p]];
    if (v >= 0) start[place[v] + 1]++;
  }
  q2_starts_from_counts(start, count);
  for (int64_t p = 0; p < parameters; p++) {
    const int v = variable_of[batch->parameter_row[first + p]];
    if (v >= 0) source[start[place[v]]++] = (int32_t)p;
  }
  q2_starts_after_filling(start, count);
  batch->variable_start[m + 1] = batch->variable_start[m] + count;
  if (count > batch->max_variables) batch->max_variables = count;
}

/* Residuals whose rows are found by a probe of their own: not those of modes, nor of energies, which concern two molecules. */
static void list_probed(struct q2_batch *batch, int64_t m) {
  const int64_t first = batch->residual_start[m];
  for (int64_t r = first; r < batch->residual_start[m + 1]; r++) {
    const enum q2_made_of made_of = q2_observables[batch->residual[r].observable].made_of;
    if (batch->residual[r].weight == 0 || made_of == Q2_MADE_OF_MODE || made_of == Q2_MADE_OF_ENERGY) continue;
    batch->probed_residual[first + batch->probed_count[m]++] = (int32_t)(r - first);
  }
  if (batch->probed_count[m] > batch->max_probed) batch->max_probed = batch->probed_count[m];
}

enum { LEAST_ROWS = 64 }; /* of a Jacobian's block */

int q2_batch_sums(struct q2_batch *batch, int normal_count, const int *normal_variable_of) {
  const int64_t count = batch->molecules, parameters = batch->parameter_start[count];
  if (build_rows(batch) != 0) return -1;
  if (normal_count == 0) return 0;
  batch->variables = normal_count;
  batch->jacobian_rows = batch->order > LEAST_ROWS ? batch->order : LEAST_ROWS;
  if (Q2_ALLOCATE_TABLE(batch, variable_start, count + 1) != 0 || Q2_ALLOCATE_TABLE(batch, variable, parameters) != 0 ||
      Q2_ALLOCATE_TABLE(batch, variable_source_start, parameters + count) != 0 ||
      Q2_ALLOCATE_TABLE(batch, variable_source, parameters) != 0 ||
      Q2_ALLOCATE_TABLE(batch, variable_place, count * normal_count) != 0 ||
      Q2_ALLOCATE_TABLE(batch, probed_count, count) != 0 ||
      Q2_ALLOCATE_TABLE(batch, probed_residual, batch->residual_start[count]) != 0) {
    return -1;
  }
  for (int64_t m = 0; m < count; m++) {
    list_variables(batch, m, normal_variable_of);
    list_probed(batch, m);
  }
  return 0;
}
