/* Stage 5: from energy, gradient, Hessian, eigenvalues and geometry to residuals and the loss, and the cotangents that
 * residuals hand back. */
#ifndef Q2_STAGE_OBSERVABLES_H
#define Q2_STAGE_OBSERVABLES_H

#include "coordinates.h"
#include "stage_hessian.h"

/* What an observable is made of; the table is host data, so the device derives it from the observable itself. */
Q2_DEVICE enum q2_made_of q2_made_of(int observable) {
  switch (observable) {
#define Q2_OBSERVABLE_CASE(ID, NAME, INDICES, RELAXED, MADE_OF, UNIT)                                                          \
  case Q2_OBSERVABLE_##ID:                                                                                                     \
    return MADE_OF;
    Q2_OBSERVABLES(Q2_OBSERVABLE_CASE)
#undef Q2_OBSERVABLE_CASE
  }
  return Q2_MADE_OF_MODE;
}

/* The observable's unit in q2hpc's units. */
Q2_DEVICE q2_real q2_observable_factor(const struct q2_batch *batch, int observable) {
  const enum q2_made_of made_of = q2_made_of(observable);
  if (made_of == Q2_MADE_OF_BASIS || made_of == Q2_MADE_OF_HESSIAN) return (q2_real)batch->hessian_unit;
  return made_of == Q2_MADE_OF_COORDINATE && observable != Q2_OBSERVABLE_BOND ? (q2_real)Q2_PER_RADIAN : 1;
}

/* Whether the residuals of slot's molecule count: a molecule whose relaxation went astray has none. */
Q2_DEVICE int q2_counts(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int64_t m = wave->first + slot;
  return !batch->moving || (wave->relaxation[m] == Q2_RELAX_MINIMUM && !wave->set_aside[m]);
}

/* --- wavenumbers --- */

/* 5. nu = sign(lambda) c sqrt|lambda|; below 1 cm-1 the odd cubic (5 x - x^3) / 4, x = lambda / lambda(1 cm-1), which joins
 * with a continuous derivative (a straight line through zero cannot). Returns nu in cm-1, and its derivative in lambda. */
Q2_DEVICE q2_real q2_wavenumber(q2_real wavenumber, q2_real lambda, q2_real *derivative) {
  const q2_real x = wavenumber * wavenumber * lambda; /* lambda in units of that of 1 cm-1 */
  if (fabs(x) < 1) {
    *derivative = wavenumber * wavenumber * (5 - 3 * x * x) / 4;
    return x * (5 - x * x) / 4;
  }
  const q2_real nu = sqrt(fabs(x));
  *derivative = wavenumber * wavenumber / (2 * nu);
  return lambda < 0 ? -nu : nu;
}

/* 5. Wavenumber of eigenvalue minor, and the cotangent of the eigenvalue from the residual that compares it, whose row it
 * fills. */
Q2_DEVICE void q2_frequencies(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, k = slot * batch->order + minor, rows = m * batch->order;
  q2_real derivative;
  const q2_real nu = q2_wavenumber((q2_real)batch->wavenumber, wave->eigenvalue[k], &derivative);
  const int partner = minor < batch->mode_count[m] ? batch->mode_reference[rows + minor] : -1;
  const int row = partner >= 0 ? batch->mode_residual[rows + partner] : -1;
  wave->frequency[k] = nu;
  wave->frequency_slope[k] = derivative;
  wave->cotangent[k] = 0;
  if (row < 0) return;
  const struct q2_residual *residual = batch->residual + batch->residual_start[m] + row;
  const q2_real weight = (q2_real)residual->weight, weighted = weight * ((q2_real)residual->reference - nu);
  const int64_t r = slot * batch->max_residuals + row;
  wave->calculated[r] = nu;
  if (!q2_counts(batch, wave, slot)) return;
  wave->residual[r] = weighted;
  wave->cotangent[k] = -2 * weight * weighted * derivative;
}

/* Eigenvalues closer than this fraction of the largest form a cluster, whose basis rounding decides. */
#define Q2_CLUSTER 1e-10

/* Replaces value[k stride], one for each of the ascending eigenvalues, by its mean within each cluster. */
Q2_DEVICE void q2_average_clusters(const q2_real *lambda, int modes, q2_real *value, int64_t stride) {
  q2_real largest = 0;
  for (int k = 0; k < modes; k++)
    largest = fmax(largest, fabs(lambda[k]));
  for (int begin = 0, end; begin < modes; begin = end) {
    q2_real mean = value[begin * stride];
    for (end = begin + 1; end < modes && lambda[end] - lambda[end - 1] <= (q2_real)Q2_CLUSTER * largest; end++)
      mean += value[end * stride];
    if (end == begin + 1) continue;
    mean /= end - begin;
    for (int k = begin; k < end; k++)
      value[k * stride] = mean;
  }
}

/* --- residuals --- */

/* 5. A coordinate of the relaxed geometry, in the observable's unit, and its slope [4 atoms][3]. A torsion is brought within
 * half a turn of its reference. */
Q2_DEVICE q2_real q2_observed_coordinate(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot,
                                         const struct q2_residual *residual, q2_real slope[3 * Q2_MAX_INDEX]) {
  const double *position = wave->position + 3 * slot * batch->atoms;
  const int32_t code = batch->coordinate_code[residual->observable];
  const int atoms = q2_coordinate_atoms(code);
  const q2_real factor = q2_observable_factor(batch, residual->observable);
  double x[Q2_MAX_TERM_ATOMS][3], value, first[Q2_MAX_TERM_ATOMS][3];
  for (int p = 0; p < Q2_MAX_TERM_ATOMS; p++) {
    for (int c = 0; c < 3; c++)
      x[p][c] = p < atoms && p < Q2_MAX_INDEX ? position[3 * residual->index[p] + c] : 0;
  }
  q2_measure_first(code, (const double(*)[3])x, &value, first);
  for (int p = 0; p < Q2_MAX_INDEX; p++) {
    for (int c = 0; c < 3; c++)
      slope[3 * p + c] = p < atoms ? factor * (q2_real)first[p][c] : 0;
  }
  const q2_real calculated = factor * (q2_real)value;
  return residual->observable == Q2_OBSERVABLE_TORSION
             ? calculated + 360 * rint(((q2_real)residual->reference - calculated) / 360)
             : calculated;
}

/* 5. Calculated value and residual of row minor; those made of modes follow in q2_frequencies. */
Q2_DEVICE void q2_residuals(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                            int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, r = slot * batch->max_residuals + minor;
  const struct q2_residual *residual = batch->residual + batch->residual_start[m] + minor;
  const int32_t *index = residual->index;
  const q2_real factor = q2_observable_factor(batch, residual->observable);
  q2_real calculated = 0;
  int known = 1;
  switch (q2_made_of(residual->observable)) {
  case Q2_MADE_OF_BASIS:
    calculated = factor * wave->basis_matrix[slot * q2_basis(batch) + (int64_t)index[1] * batch->ld_basis + index[0]];
    break;
  case Q2_MADE_OF_HESSIAN:
    calculated = factor * wave->hessian[slot * q2_matrix(batch) + (int64_t)index[1] * batch->ld + index[0]];
    break;
  case Q2_MADE_OF_ENERGY: /* index: molecules of the file, then their places in `energies` */
    calculated = (q2_real)(wave->energies[batch->energy_slot[m]] - wave->energies[index[1]]);
    if (!isinf(wave->energies[index[1]]) || residual->observable != Q2_OBSERVABLE_RELAXED_ENERGY) break;
    calculated = NAN; /* the other molecule is set aside */
    known = 0;
    break;
  case Q2_MADE_OF_GRADIENT:
    calculated = wave->gradient_at[slot * batch->ld + index[0]];
    break;
  case Q2_MADE_OF_COORDINATE:
    calculated = q2_observed_coordinate(batch, wave, slot, residual, wave->observed_slope + 3 * Q2_MAX_INDEX * r);
    break;
  case Q2_MADE_OF_MODE:
    known = 0;
    break;
  }
  wave->calculated[r] = calculated;
  wave->residual[r] =
      known && q2_counts(batch, wave, slot) ? (q2_real)residual->weight * ((q2_real)residual->reference - calculated) : 0;
}

/* The loss's derivative in the calculated value of row `row`, in q2hpc's units. */
Q2_DEVICE q2_real q2_residual_bar(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t row) {
  const struct q2_residual *residual = batch->residual + batch->residual_start[wave->first + slot] + row;
  return -2 * (q2_real)residual->weight * wave->residual[slot * batch->max_residuals + row] *
         q2_observable_factor(batch, residual->observable);
}

/* 5. The molecule's sums, in order; and within a cluster of equal eigenvalues the mean cotangent, so that W depends on the
 * cluster's space alone. */
Q2_DEVICE void q2_sums(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  (void)major;
  (void)minor;
  const int64_t m = wave->first + slot, rows = m * batch->order,
                residuals = batch->residual_start[m + 1] - batch->residual_start[m];
  const int modes = batch->mode_count[m];
  q2_real loss = 0, square = 0, *kind = wave->kind_loss + slot * Q2_OBSERVABLE_COUNT;
  for (int k = 0; k < Q2_OBSERVABLE_COUNT; k++)
    kind[k] = 0;
  for (int64_t r = 0; r < residuals; r++) {
    const q2_real residual = wave->residual[slot * batch->max_residuals + r];
    kind[batch->residual[batch->residual_start[m] + r].observable] += residual * residual;
    loss += residual * residual;
  }
  for (int k = 0; k < modes; k++) {
    const int partner = batch->mode_reference[rows + k];
    if (partner < 0 || batch->counted[rows + partner] == 0) continue;
    const q2_real difference = batch->reference[rows + partner] - wave->frequency[slot * batch->order + k];
    square += difference * difference;
  }
  q2_average_clusters(wave->eigenvalue + slot * batch->order, modes, wave->cotangent + slot * batch->order, 1);
  wave->loss[slot] = loss;
  wave->square[slot] = square;
}

/* --- cotangents --- */

/* 6. Element (minor, major) of the cotangents R of B' H B: zero, before residuals deposit theirs. */
Q2_DEVICE void q2_clear_basis(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  wave->basis_matrix[slot * q2_basis(batch) + major * batch->ld_basis + minor] = 0;
}

/* 6. What row minor hands back to B' H B: half of it to each of the two equal elements. */
Q2_DEVICE void q2_deposit_basis(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  (void)major;
  const struct q2_residual *residual = batch->residual + batch->residual_start[wave->first + slot] + minor;
  if (q2_made_of(residual->observable) != Q2_MADE_OF_BASIS) return;
  q2_real *matrix = wave->basis_matrix + slot * q2_basis(batch);
  const int64_t i = residual->index[0], j = residual->index[1];
  const q2_real bar = q2_residual_bar(batch, wave, slot, minor);
  matrix[j * batch->ld_basis + i] = matrix[i * batch->ld_basis + j] = i == j ? bar : bar / 2;
}

/* 6. W = 0 where no wavenumber makes it. */
Q2_DEVICE void q2_clear_cotangent(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                  int64_t minor) {
  wave->hessian[slot * q2_matrix(batch) + major * batch->ld + minor] = 0;
}

/* 6. What row minor hands back to W directly. */
Q2_DEVICE void q2_deposit_elements(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                   int64_t minor) {
  (void)major;
  const struct q2_residual *residual = batch->residual + batch->residual_start[wave->first + slot] + minor;
  if (q2_made_of(residual->observable) != Q2_MADE_OF_HESSIAN) return;
  q2_real *w = wave->hessian + slot * q2_matrix(batch);
  const int64_t i = residual->index[0], j = residual->index[1], ld = batch->ld;
  const q2_real bar = q2_residual_bar(batch, wave, slot, minor);
  w[j * ld + i] += i == j ? bar : bar / 2;
  if (i != j && i / 3 == j / 3) w[i * ld + j] += bar / 2; /* of the upper triangle only the diagonal blocks are read */
}

/* 6. Cotangents of energy and gradient: zero, and what other molecules' residuals make of the energy. */
Q2_DEVICE void q2_clear_bars(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                             int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  wave->gradient_bar[slot * batch->ld + minor] = 0;
  wave->position_bar[slot * batch->ld + minor] = 0;
  if (minor == 0) {
    const int32_t energy = batch->energy_slot[m];
    wave->energy_bar[slot] = energy >= 0 && q2_counts(batch, wave, slot) ? (q2_real)wave->energy_bars[energy] : 0;
  }
}

/* 6. What row minor hands back to the gradient. */
Q2_DEVICE void q2_deposit_gradient(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                   int64_t minor) {
  (void)major;
  const struct q2_residual *residual = batch->residual + batch->residual_start[wave->first + slot] + minor;
  if (q2_made_of(residual->observable) != Q2_MADE_OF_GRADIENT) return;
  wave->gradient_bar[slot * batch->ld + residual->index[0]] = q2_residual_bar(batch, wave, slot, minor);
}

/* 6. The cotangent of atom minor's position: from the coordinates that are compared. */
Q2_DEVICE void q2_position_bar(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, first = batch->residual_start[m], count = batch->residual_start[m + 1] - first;
  q2_real sum[3] = {0, 0, 0};
  for (int64_t r = 0; r < count; r++) {
    const struct q2_residual *residual = batch->residual + first + r;
    if (q2_made_of(residual->observable) != Q2_MADE_OF_COORDINATE) continue;
    const q2_real *slope = wave->observed_slope + 3 * Q2_MAX_INDEX * (slot * batch->max_residuals + r);
    const q2_real bar = -2 * (q2_real)residual->weight * wave->residual[slot * batch->max_residuals + r];
    for (int p = 0; p < q2_coordinate_atoms(batch->coordinate_code[residual->observable]); p++) {
      for (int c = 0; residual->index[p] == minor && c < 3; c++)
        sum[c] += bar * slope[3 * p + c];
    }
  }
  for (int c = 0; c < 3; c++)
    wave->position_bar[slot * batch->ld + 3 * minor + c] = sum[c];
}

#endif
