/* Stages 7 and 8: from the cotangents of energy, gradient and Hessian, or of one probed value, back to the parameters. */
#ifndef Q2_STAGE_BACK_H
#define Q2_STAGE_BACK_H

#include "stage_observables.h"

/* --- probes --- */

/* The residual of molecule m that is probed, by its number in the molecule; -1: it has fewer. */
Q2_DEVICE int64_t q2_probed_row(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m) {
  return wave->probed < batch->probed_count[m] ? batch->probed_residual[batch->residual_start[m] + wave->probed] : -1;
}

/* 7. Component minor of the vectors l, r of a probed value, whose derivative in the Hessian is (l r' + r l') / 2, and its
 * derivatives in gradient, geometry and energy. */
Q2_DEVICE void q2_probe(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, at = slot * batch->ld + minor;
  const int64_t row = wave->probe == Q2_PROBE_RESIDUAL ? q2_probed_row(batch, wave, m) : -1;
  q2_real left = 0, right = 0, gradient = 0, position = 0;
  if (wave->probe == Q2_PROBE_MODE) {
    left = right = wave->left[slot * batch->ld * batch->order + wave->probed * batch->ld + minor];
  } else if (row >= 0) {
    const struct q2_residual *residual = batch->residual + batch->residual_start[m] + row;
    const int32_t *index = residual->index;
    const q2_real factor = q2_observable_factor(batch, residual->observable);
    switch (q2_made_of(residual->observable)) {
    case Q2_MADE_OF_BASIS: {
      const q2_real *basis = batch->basis + m * batch->ld * batch->basis_columns + minor;
      left = factor * basis[(int64_t)index[0] * batch->ld];
      right = basis[(int64_t)index[1] * batch->ld];
      break;
    }
    case Q2_MADE_OF_HESSIAN:
      left = index[0] == minor ? factor : 0;
      right = index[1] == minor ? 1 : 0;
      break;
    case Q2_MADE_OF_GRADIENT:
      gradient = index[0] == minor ? 1 : 0;
      break;
    case Q2_MADE_OF_COORDINATE: {
      const q2_real *slope = wave->observed_slope + 3 * Q2_MAX_INDEX * (slot * batch->max_residuals + row);
      for (int p = 0; p < q2_coordinate_atoms(batch->coordinate_code[residual->observable]); p++)
        position += index[p] == minor / 3 ? slope[3 * p + minor % 3] : 0;
      break;
    }
    case Q2_MADE_OF_ENERGY:
    case Q2_MADE_OF_MODE:
      break;
    }
  }
  wave->probe_left[at] = left;
  wave->probe_right[at] = right;
  wave->gradient_bar[at] = gradient;
  wave->position_bar[at] = position;
  if (minor == 0) wave->energy_bar[slot] = wave->probe == Q2_PROBE_ENERGY ? 1 : 0;
}

/* --- W --- */

/* Block (i, j) of W, row-major: with W in the Hessian's place (its lower triangle, and the blocks on its diagonal), or that of
 * the probed value. */
Q2_DEVICE void q2_cotangent(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                            q2_real block[9]) {
  const int64_t ld = batch->ld;
  if (wave->probe == Q2_PROBE_LOSS) {
    const q2_real *w = wave->hessian + slot * q2_matrix(batch);
    for (int a = 0; a < 3; a++) {
      for (int b = 0; b < 3; b++)
        block[3 * a + b] = i >= j ? w[(3 * j + b) * ld + 3 * i + a] : w[(3 * i + a) * ld + 3 * j + b];
    }
    return;
  }
  const q2_real *left = wave->probe_left + slot * ld, *right = wave->probe_right + slot * ld;
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++)
      block[3 * a + b] = (left[3 * i + a] * right[3 * j + b] + right[3 * i + a] * left[3 * j + b]) / 2;
  }
}

/* 7. block = 2 W_ij - W_ii - W_jj, i > j: what entries and pairs meet. */
Q2_DEVICE void q2_cotangent_block(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                                  q2_real block[9]) {
  q2_real ii[9], jj[9];
  q2_cotangent(batch, wave, slot, i, j, block);
  q2_cotangent(batch, wave, slot, i, i, ii);
  q2_cotangent(batch, wave, slot, j, j, jj);
  for (int k = 0; k < 9; k++)
    block[k] = 2 * block[k] - ii[k] - jj[k];
}

/* Block (i, j) of S W S', the cotangent of the pairs' Hessian in their sites (kernels/stage_sites.h). */
Q2_DEVICE void q2_site_cotangent(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                                 q2_real block[9]) {
  const int64_t m = wave->first + slot, first = batch->atom_start[m];
  const int64_t rows[2] = {i, q2_site_parent(batch, m, i)}, columns[2] = {j, q2_site_parent(batch, m, j)};
  for (int k = 0; k < 9; k++)
    block[k] = 0;
  for (int p = 0; p < 2; p++) {
    for (int q = 0; q < 2; q++) {
      if (rows[p] < 0 || columns[q] < 0) continue;
      const q2_real ci = rows[1] >= 0 ? (q2_real)batch->reduction[first + i] : 0;
      const q2_real cj = columns[1] >= 0 ? (q2_real)batch->reduction[first + j] : 0;
      const q2_real share = (p == 0 ? 1 - ci : ci) * (q == 0 ? 1 - cj : cj);
      q2_real part[9];
      q2_cotangent(batch, wave, slot, rows[p], columns[q], part);
      for (int k = 0; k < 9; k++)
        block[k] += share * part[k];
    }
  }
}

/* 7. The same as q2_cotangent_block for the sites of i and j: what their pair meets. */
Q2_DEVICE void q2_pair_cotangent_block(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i,
                                       int64_t j, q2_real block[9]) {
  if (!batch->has_sites) {
    q2_cotangent_block(batch, wave, slot, i, j, block);
    return;
  }
  q2_real ii[9], jj[9];
  q2_site_cotangent(batch, wave, slot, i, j, block);
  q2_site_cotangent(batch, wave, slot, i, i, ii);
  q2_site_cotangent(batch, wave, slot, j, j, jj);
  for (int k = 0; k < 9; k++)
    block[k] = 2 * block[k] - ii[k] - jj[k];
}

/* --- to terms and pairs --- */

/* 7. The derivatives of the pair (i, j), i = major > j = minor, in parameters: found once, used by all that runs backwards. */
Q2_DEVICE void q2_pair_slopes(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  const int64_t pair = Q2_PAIR(major, minor);
  struct q2_pair p;
  if (!q2_interacts(batch, wave->first + slot, pair)) return;
  q2_load_pair(batch, wave, slot, major, minor, &p);
  q2_real *slope = wave->pair_slope + Q2_PAIR_SLOPES * (slot * batch->max_pairs + pair);
  for (int s = 0; s < Q2_PAIR_BARS; s++) {
    slope[s] = p.value_p[s];
    slope[Q2_PAIR_BARS + s] = p.first_p[s];
    slope[2 * Q2_PAIR_BARS + s] = p.second_p[s];
  }
  for (int s = 0; s < 2 * Q2_PAIR_PARAMETERS; s++)
    slope[3 * Q2_PAIR_BARS + s] = p.by_atom[s / 2][s % 2];
}

/* u'V u and tr V of the block V that a pair with unit vector u meets, with their signs turned. Of a probed value V is -(dl dr'
 * + dr dl') / 2 but for an antisymmetric part that does not matter here, dl and dr the differences of l and r between the
 * sites. */
Q2_DEVICE void q2_pair_contract(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                                const q2_real u[3], q2_real *along, q2_real *trace) {
  *along = *trace = 0;
  if (wave->probe == Q2_PROBE_LOSS) {
    q2_real block[9];
    q2_pair_cotangent_block(batch, wave, slot, i, j, block);
    for (int a = 0; a < 3; a++) {
      for (int b = 0; b < 3; b++)
        *along -= u[a] * block[3 * a + b] * u[b];
    }
    *trace = -(block[0] + block[4] + block[8]);
    return;
  }
  const int64_t m = wave->first + slot;
  q2_real left[2][3], right[2][3], along_left = 0, along_right = 0;
  for (int end = 0; end < 2; end++) {
    q2_site_vector(batch, m, wave->probe_left + slot * batch->ld, end ? j : i, left[end]);
    q2_site_vector(batch, m, wave->probe_right + slot * batch->ld, end ? j : i, right[end]);
  }
  for (int a = 0; a < 3; a++) {
    const q2_real l = left[0][a] - left[1][a], r = right[0][a] - right[1][a];
    along_left += l * u[a];
    along_right += r * u[a];
    *trace += l * r;
  }
  *along = along_left * along_right;
}

/* The cotangents of a pair's parameters and of the product of its charges. */
Q2_DEVICE void q2_pair_back(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                            q2_real *bar) {
  const int64_t pair = Q2_PAIR(i, j);
  const q2_real *geometry = q2_pairs_of(batch, wave, slot) + 4 * pair;
  const q2_real *slope = wave->pair_slope + Q2_PAIR_SLOPES * (slot * batch->max_pairs + pair);
  q2_real along, trace;
  q2_pair_contract(batch, wave, slot, i, j, geometry, &along, &trace);
  q2_real across = (trace - along) * geometry[3]; /* of f'; `along` is that of f'' */
  if (batch->has_slopes) {
    const q2_real *gradient = wave->gradient_bar + slot * batch->ld;
    q2_real high[3], low[3];
    q2_site_vector(batch, wave->first + slot, gradient, i, high);
    q2_site_vector(batch, wave->first + slot, gradient, j, low);
    for (int c = 0; c < 3; c++)
      across += (high[c] - low[c]) * geometry[c];
  }
  const q2_real energy = batch->has_energies ? wave->energy_bar[slot] : 0;
  for (int s = 0; s < Q2_PAIR_BARS; s++)
    bar[s] = along * slope[2 * Q2_PAIR_BARS + s] + across * slope[Q2_PAIR_BARS + s] + energy * slope[s];
}

/* 7. Block (i, j) of the cotangent, i = major > j = minor: its share in every entry, and the non-bonded pair's cotangents. */
Q2_DEVICE void q2_blocks_back(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  const int64_t m = wave->first + slot, pair = Q2_PAIR(major, minor);
  const int32_t *start = batch->pair_entry_start + batch->pair_start[m] + m + pair;
  const int bonded = start[1] > start[0];
  const int nonbonded = batch->nonbonded_varies && q2_interacts(batch, m, pair);
  if (nonbonded)
    q2_pair_back(batch, wave, slot, major, minor, wave->pair_bar + Q2_PAIR_BARS * (slot * batch->max_pairs + pair));
  if (!bonded) return;
  q2_real block[9];
  q2_cotangent_block(batch, wave, slot, major, minor, block);
  const q2_real *entries = q2_entries_of(batch, wave, slot);
  for (int64_t e = start[0]; e < start[1]; e++) {
    const q2_real *entry = entries + Q2_ENTRY_REALS * e;
    q2_real second = 0, first = 0;
    for (int k = 0; k < 9; k++) {
      second += block[k] * entry[k];
      first += block[k] * entry[9 + k];
    }
    q2_real *bar = wave->entry_bar + 2 * (slot * batch->max_entries + e);
    bar[0] = second;
    bar[1] = first;
  }
}

/* The cotangent of the slope of coordinate a of the term: the gradient's cotangent along dq_a/dx. */
Q2_DEVICE q2_real q2_along_slope(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t term, int a) {
  const int64_t t = batch->term_start[wave->first + slot] + term;
  const q2_real *slope = q2_slopes_of(batch, wave, slot) + Q2_SLOPE_REALS * term + 3 * Q2_MAX_TERM_ATOMS * a;
  q2_real sum = 0;
  for (int p = 0; p < Q2_MAX_TERM_ATOMS; p++) {
    const int32_t atom = batch->term_atom[Q2_MAX_TERM_ATOMS * t + p];
    for (int c = 0; atom >= 0 && c < 3; c++)
      sum += wave->gradient_bar[slot * batch->ld + 3 * atom + c] * slope[3 * p + c];
  }
  return sum;
}

/* 7. dL/dp of term minor, for each of its parameters: the cotangents of f, f_a and f_ab times their derivatives. */
Q2_DEVICE void q2_terms_back(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                             int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, t = batch->term_start[m] + minor;
  const int coordinates = q2_form_coordinates(batch->term_form[t]), parameters = q2_form_parameters(batch->term_form[t]);
  struct q2_jet jet;
  q2_load_term(batch, wave, slot, minor, &jet);
  q2_real sum[Q2_MAX_PARAMETERS] = {0, 0, 0, 0};
  for (int s = 0; batch->has_energies && s < parameters; s++)
    sum[s] = wave->energy_bar[slot] * jet.value_p[s];
  for (int a = 0, piece = 0; a < coordinates; a++) {
    for (int b = 0; b <= a; b++, piece++) {
      const int32_t *start = batch->piece_entry_start + batch->piece_start[m] + m + batch->term_piece[t] + piece;
      q2_real second = 0, first = 0;
      for (int e = start[0]; e < start[1]; e++) {
        const q2_real *bar = wave->entry_bar + 2 * (slot * batch->max_entries + batch->piece_entry[batch->entry_start[m] + e]);
        second += bar[0];
        first += bar[1];
      }
      if (a == b && batch->has_slopes) first += q2_along_slope(batch, wave, slot, minor, a);
      for (int s = 0; s < parameters; s++) {
        sum[s] += second * jet.second_p[s][piece];
        if (a == b) sum[s] += first * jet.first_p[s][a];
      }
    }
  }
  for (int s = 0; s < parameters; s++)
    wave->derivative[slot * q2_derivatives(batch) + Q2_MAX_PARAMETERS * minor + s] = sum[s];
}

/* --- to the parameters of pairs --- */

/* Where the derivatives of pairs begin among those of slot's molecule. */
Q2_DEVICE q2_real *q2_pair_derivatives(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int64_t m = wave->first + slot;
  return wave->derivative + slot * q2_derivatives(batch) +
         Q2_MAX_PARAMETERS * (batch->term_start[m + 1] - batch->term_start[m]);
}

/* 7. The derivatives in the two parameters of atom minor, through the combining rule, over its partners; and the cotangent of
 * its charge. */
Q2_DEVICE void q2_atoms_back(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                             int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  q2_real sum[Q2_PAIR_PARAMETERS] = {0, 0}, charge = 0;
  for (int64_t j = 0; j < batch->atom_count[m]; j++) {
    const int64_t pair = j < minor ? Q2_PAIR(minor, j) : Q2_PAIR(j, minor), at = slot * batch->max_pairs + pair;
    if (j == minor || !q2_interacts(batch, m, pair)) continue;
    const q2_real *bar = wave->pair_bar + Q2_PAIR_BARS * at;
    const q2_real *by_atom = wave->pair_slope + Q2_PAIR_SLOPES * at + 3 * Q2_PAIR_BARS + (j < minor ? 0 : 1);
    charge += bar[Q2_PAIR_PARAMETERS] * wave->charge[slot * batch->atoms + j];
    for (int s = 0; s < Q2_PAIR_PARAMETERS; s++)
      sum[s] += bar[s] * by_atom[2 * s];
  }
  for (int s = 0; s < Q2_PAIR_PARAMETERS; s++)
    q2_pair_derivatives(batch, wave, slot)[s * batch->atom_count[m] + minor] = sum[s];
  wave->charge_bar[slot * batch->atoms + minor] = charge;
}

/* 7. The derivatives in the two parameters of special row minor, over the pairs that take it. */
Q2_DEVICE void q2_specials_back(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, pairs = batch->pair_start[m + 1] - batch->pair_start[m];
  q2_real sum[Q2_PAIR_PARAMETERS] = {0, 0};
  for (int64_t pair = 0; pair < pairs; pair++) {
    if (batch->pair_special[batch->pair_start[m] + pair] != minor || !q2_interacts(batch, m, pair)) continue;
    for (int s = 0; s < Q2_PAIR_PARAMETERS; s++)
      sum[s] += wave->pair_bar[Q2_PAIR_BARS * (slot * batch->max_pairs + pair) + s];
  }
  q2_real *derivative = q2_pair_derivatives(batch, wave, slot) + Q2_PAIR_PARAMETERS * batch->atom_count[m];
  for (int s = 0; s < Q2_PAIR_PARAMETERS; s++)
    derivative[Q2_PAIR_PARAMETERS * minor + s] = sum[s];
}

/* 7. The derivative in the parameter of charge increment minor. */
Q2_DEVICE void q2_increments_back(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                  int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, k = batch->increment_start[m] + minor;
  const int64_t specials = batch->special_start[m + 1] - batch->special_start[m];
  const int32_t *atom = batch->increment_atom + 2 * k;
  const q2_real *bar = wave->charge_bar + slot * batch->atoms;
  q2_pair_derivatives(batch, wave, slot)[Q2_PAIR_PARAMETERS * (batch->atom_count[m] + specials) + minor] =
      batch->increment_factor[k] * (bar[atom[0]] - bar[atom[1]]);
}

/* 8. dL/dp of the molecule's parameter minor: the sum of its sources, in order. */
Q2_DEVICE void q2_gather(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  const int32_t *start = batch->parameter_source_start + batch->parameter_start[m] + m + minor;
  const q2_real *derivative = wave->derivative + slot * q2_derivatives(batch);
  q2_real sum = 0;
  for (int64_t k = batch->source_start[m] + start[0]; k < batch->source_start[m] + start[1]; k++)
    sum += derivative[batch->source[k]];
  (wave->probe == Q2_PROBE_LOSS ? wave->gradient : wave->gradient_of_probe)[slot * batch->max_parameters + minor] = sum;
}

#endif
