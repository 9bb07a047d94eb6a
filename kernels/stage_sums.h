/* What molecules hand over: their energies, their rows of J'J, and their shares of the sums over molecules. */
#ifndef Q2_STAGE_SUMS_H
#define Q2_STAGE_SUMS_H

#include "accumulator.h"
#include "stage_relax.h"

/* --- energies that are compared between molecules --- */

/* 1. The molecule's energy into its place among all; not a number where its relaxation went astray, infinite where it is set
 * aside. */
Q2_DEVICE void q2_take_energy(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  (void)minor;
  const int64_t m = wave->first + slot;
  if (batch->energy_slot[m] < 0) return;
  const int astray = batch->moving && wave->relaxation[m] != Q2_RELAX_MINIMUM;
  const int aside = batch->moving && (wave->set_aside[m] || (astray && wave->setting_aside));
  wave->energies[batch->energy_slot[m]] = aside ? INFINITY : astray ? NAN : (double)wave->energy[slot];
}

/* 8. dE/dp of the molecule's parameter minor into its place among all. */
Q2_DEVICE void q2_take_slope(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                             int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  if (batch->energy_slot[m] < 0) return;
  wave->energy_slope[batch->energy_slot[m] * batch->parameter_rows + batch->parameter_row[batch->parameter_start[m] + minor]] =
      (double)wave->gradient_of_probe[slot * batch->max_parameters + minor];
}

/* --- J'J --- */

Q2_DEVICE int64_t q2_variable_count(const struct q2_batch *batch, int64_t m) {
  return batch->variable_start[m + 1] - batch->variable_start[m];
}

/* Row `row` of slot's block. */
Q2_DEVICE q2_real *q2_jacobian_row_of(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t row) {
  return wave->jacobian + (slot * batch->jacobian_rows + row) * batch->max_variables;
}

Q2_DEVICE void q2_clear_normal(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  wave->normal[(slot * batch->max_variables + major) * batch->max_variables + minor] = 0;
}

Q2_DEVICE void q2_clear_jacobian(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                 int64_t minor) {
  q2_jacobian_row_of(batch, wave, slot, major)[minor] = 0;
}

/* 8. The row of what is probed, in the molecule's variable minor: a residual's whole row, -w dv/dp, or dlambda/dp of a mode. */
Q2_DEVICE void q2_jacobian_row(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  const int modes = wave->probe == Q2_PROBE_MODE;
  if (wave->probed >= (modes ? batch->mode_count[m] : batch->probed_count[m])) return;
  const int32_t *start = batch->variable_source_start + batch->variable_start[m] + m + minor;
  const int32_t *source = batch->variable_source + batch->parameter_start[m];
  const q2_real *gradient = wave->gradient_of_probe + slot * batch->max_parameters;
  q2_real sum = 0;
  for (int32_t k = start[0]; k < start[1]; k++)
    sum += gradient[source[k]];
  if (!modes) sum *= -(q2_real)batch->residual[batch->residual_start[m] + q2_probed_row(batch, wave, m)].weight;
  q2_jacobian_row_of(batch, wave, slot, wave->probed % batch->jacobian_rows)[minor] = sum;
}

/* 8. Column minor of the rows of all wavenumbers: dlambda/dp, averaged within clusters, times -w dnu/dlambda. */
Q2_DEVICE void q2_jacobian_modes(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                 int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, modes = slot * batch->order;
  q2_real *column = q2_jacobian_row_of(batch, wave, slot, 0) + minor;
  q2_average_clusters(wave->eigenvalue + modes, batch->mode_count[m], column, batch->max_variables);
  for (int64_t k = 0; k < batch->mode_count[m]; k++) {
    const int partner = batch->mode_reference[m * batch->order + k];
    const int row = partner >= 0 ? batch->mode_residual[m * batch->order + partner] : -1;
    const q2_real weight = row >= 0 ? (q2_real)batch->residual[batch->residual_start[m] + row].weight : 0;
    column[k * batch->max_variables] *= -weight * wave->frequency_slope[modes + k];
  }
}

/* --- sums --- */

/* What becomes of the molecule. J'J is positive semi-definite: all of it fits where its diagonal does. */
Q2_DEVICE void q2_outcome(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                          int64_t minor) {
  (void)major;
  (void)minor;
  const int64_t m = wave->first + slot;
  int32_t outcome = Q2_COUNTS;
  if (batch->moving && wave->set_aside[m]) {
    outcome = Q2_ASIDE;
  } else if (wave->failed[slot] == Q2_NOT_CONVERGED) {
    outcome = Q2_UNCONVERGED;
  } else if ((batch->moving && wave->relaxation[m] != Q2_RELAX_MINIMUM) || wave->failed[slot] ||
             !q2_accumulable((double)wave->loss[slot]) || !q2_accumulable((double)wave->square[slot])) {
    outcome = Q2_FAILS;
  }
  if (outcome == Q2_COUNTS && wave->collects_gradient && !batch->validation[m]) {
    const q2_real *gradient = wave->gradient + slot * batch->max_parameters;
    for (int64_t p = 0; p < batch->parameter_start[m + 1] - batch->parameter_start[m]; p++)
      outcome = q2_accumulable((double)gradient[p]) ? outcome : Q2_FAILS;
  }
  if (outcome == Q2_COUNTS && wave->collects_normal && !batch->validation[m]) {
    const q2_real *normal = wave->normal + slot * batch->max_variables * batch->max_variables;
    for (int64_t v = 0; v < q2_variable_count(batch, m); v++)
      outcome = q2_accumulable((double)normal[v * (batch->max_variables + 1)]) ? outcome : Q2_FAILS;
  }
  wave->outcome[m] = outcome;
}

/* Adds the molecule's share to sum number `sum` < Q2_SUM_GRADIENT. */
Q2_DEVICE void q2_add_share(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t sum,
                            int64_t *limbs) {
  const int64_t m = wave->first + slot;
  const int outcome = wave->outcome[m], validation = batch->validation[m] != 0;
  const int failed = outcome == Q2_FAILS || outcome == Q2_UNCONVERGED, fitted = outcome == Q2_COUNTS && !validation,
            validated = outcome == Q2_COUNTS && validation;
  switch (sum) {
  case Q2_SUM_LOSS:
    if (fitted) q2_accumulate(limbs, (double)wave->loss[slot]);
    break;
  case Q2_SUM_SQUARE:
    if (fitted) q2_accumulate(limbs, (double)wave->square[slot]);
    break;
  case Q2_SUM_FAILED:
    limbs[0] += failed && !validation;
    break;
  case Q2_SUM_UNCONVERGED:
    limbs[0] += outcome == Q2_UNCONVERGED;
    break;
  case Q2_SUM_VALIDATION_LOSS:
    if (validated) q2_accumulate(limbs, (double)wave->loss[slot]);
    break;
  case Q2_SUM_VALIDATION_SQUARE:
    if (validated) q2_accumulate(limbs, (double)wave->square[slot]);
    break;
  case Q2_SUM_VALIDATION_FAILED:
    limbs[0] += failed && validation;
    break;
  case Q2_SUM_SET_ASIDE:
    limbs[0] += outcome == Q2_ASIDE && !validation;
    break;
  default:
    if (fitted) q2_accumulate(limbs, (double)wave->kind_loss[slot * Q2_OBSERVABLE_COUNT + sum - Q2_SUM_KIND]);
    break;
  }
}

Q2_DEVICE int64_t *q2_limbs_of(const struct q2_wave *wave, int64_t segment, int64_t sum) {
  return wave->limbs + (segment * wave->sums + sum) * Q2_LIMBS;
}

/* Whether the molecule adds to the gradient and to J'J. */
Q2_DEVICE int q2_is_fitted(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m) {
  return wave->outcome[m] == Q2_COUNTS && !batch->validation[m];
}

/* The kernels of batched sums: segment `major` of sum `minor`, over every Q2_SEGMENTS-th of the wave's molecules. */
enum { Q2_SEGMENTS = 8 };

Q2_DEVICE void q2_sum_shares(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                             int64_t minor) {
  (void)slot;
  for (int64_t s = major; s < wave->count; s += Q2_SEGMENTS)
    q2_add_share(batch, wave, s, minor, q2_limbs_of(wave, major, minor));
}

Q2_DEVICE void q2_sum_gradient(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  (void)slot;
  int64_t *limbs = q2_limbs_of(wave, major, Q2_SUM_GRADIENT + minor);
  for (int64_t k = batch->sum_start[minor] + major; k < batch->sum_start[minor + 1]; k += Q2_SEGMENTS) {
    const int64_t m = batch->sum_place[2 * k], s = m - wave->first;
    if (s >= 0 && s < wave->count && q2_is_fitted(batch, wave, m))
      q2_accumulate(limbs, (double)wave->gradient[s * batch->max_parameters + batch->sum_place[2 * k + 1]]);
  }
}

/* minor: a pair of variables a >= b, Q2_TRIANGLE(a, b). */
Q2_DEVICE void q2_sum_normal(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                             int64_t minor) {
  (void)slot;
  int64_t a = (int64_t)((sqrt(8.0 * (double)minor + 1) - 1) / 2);
  while (Q2_TRIANGLE(a, a) < minor)
    a++;
  while (Q2_TRIANGLE(a, 0) > minor)
    a--;
  const int64_t b = minor - Q2_TRIANGLE(a, 0), v = batch->max_variables;
  int64_t *limbs = q2_limbs_of(wave, major, Q2_SUM_GRADIENT + batch->parameter_rows + minor);
  for (int64_t s = major; s < wave->count; s += Q2_SEGMENTS) {
    const int32_t *place = batch->variable_place + (wave->first + s) * batch->variables;
    const int64_t i = place[a], j = place[b];
    if (i >= 0 && j >= 0 && q2_is_fitted(batch, wave, wave->first + s))
      q2_accumulate(limbs, (double)wave->normal[(s * v + j) * v + i]);
  }
}

/* Sum number k of what parts lay side by side, `stride` integers apart. */
Q2_DEVICE int64_t q2_join_parts(const int64_t *parts, int64_t part_count, int64_t stride, int64_t k) {
  int64_t sum = 0;
  for (int64_t part = 0; part < part_count; part++)
    sum += parts[part * stride + k];
  return sum;
}

#endif
