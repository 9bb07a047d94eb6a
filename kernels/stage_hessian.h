/* Stages 2 and 3: the Hessian from terms and pairs, mass-weighted, and the vibrations' block of it. */
#ifndef Q2_STAGE_HESSIAN_H
#define Q2_STAGE_HESSIAN_H

#include "stage_terms.h"

/* block += that of the pair (i, j), i > j, in its sites. */
Q2_DEVICE void q2_add_pair_block(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                                 q2_real block[9]) {
  struct q2_pair p;
  q2_load_pair(batch, wave, slot, i, j, &p);
  const q2_real *geometry = q2_pairs_of(batch, wave, slot) + 4 * Q2_PAIR(i, j);
  const q2_real across = p.first * geometry[3], along = p.second - across;
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++)
      block[3 * a + b] -= along * geometry[a] * geometry[b] + (a == b ? across : 0);
  }
}

/* 2. Blocks (i, j) of K (kernels/stage_sites.h), i = major > j = minor. */
Q2_DEVICE void q2_site_blocks(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  const int64_t pair = Q2_PAIR(major, minor);
  q2_real *block = wave->site_block + 9 * (slot * batch->max_pairs + pair);
  for (int c = 0; c < 9; c++)
    block[c] = 0;
  if (q2_interacts(batch, wave->first + slot, pair)) q2_add_pair_block(batch, wave, slot, major, minor, block);
}

/* Block (i, j), i > j, and its transpose into their places. */
Q2_DEVICE void q2_store_blocks(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                               const q2_real block[9]) {
  q2_real *hessian = wave->hessian + slot * q2_matrix(batch);
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++) {
      hessian[(3 * j + b) * batch->ld + 3 * i + a] = block[3 * a + b];
      hessian[(3 * i + a) * batch->ld + 3 * j + b] = block[3 * a + b];
    }
  }
}

/* 2. Hessian blocks (i, j), i = major > j = minor, and their transposes; kcal/mol/angstrom^2. Zero where padded: products of
 * padded matrices rely on it. */
Q2_DEVICE void q2_blocks(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  const int64_t m = wave->first + slot, pair = Q2_PAIR(major, minor);
  if (major >= batch->atom_count[m]) {
    const q2_real zero[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
    q2_store_blocks(batch, wave, slot, major, minor, zero);
    return;
  }
  const int32_t *start = batch->pair_entry_start + batch->pair_start[m] + m + pair;
  const int32_t *piece = batch->entry_piece + batch->entry_start[m];
  const q2_real *second = wave->second + slot * batch->max_pieces, *first = wave->first_derivative + slot * batch->max_pieces;
  const q2_real *entries = q2_entries_of(batch, wave, slot);
  q2_real block[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int64_t e = start[0]; e < start[1]; e++) {
    const q2_real f2 = second[piece[e]], f1 = first[piece[e]];
    const q2_real *entry = entries + Q2_ENTRY_REALS * e;
    for (int k = 0; k < 9; k++)
      block[k] += f2 * entry[k] + f1 * entry[9 + k];
  }
  if (batch->has_sites && batch->has_nonbonded) {
    q2_add_site_blocks(batch, wave, slot, major, minor, block);
  } else if (q2_interacts(batch, m, pair)) {
    q2_add_pair_block(batch, wave, slot, major, minor, block);
  }
  q2_store_blocks(batch, wave, slot, major, minor, block);
}

/* 2. Hessian blocks (i, i), i = minor: minus the sum of the row's others; zero where padded. */
Q2_DEVICE void q2_diagonal(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                           int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  q2_real *hessian = wave->hessian + slot * q2_matrix(batch);
  q2_real block[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int j = 0; j < batch->atom_count[m]; j++) {
    if (j == minor || minor >= batch->atom_count[m]) continue;
    for (int b = 0; b < 3; b++) {
      for (int a = 0; a < 3; a++)
        block[3 * b + a] -= hessian[(3 * j + b) * (int64_t)batch->ld + 3 * minor + a];
    }
  }
  for (int b = 0; b < 3; b++) {
    for (int a = 0; a < 3; a++)
      hessian[(3 * minor + b) * batch->ld + 3 * minor + a] = (block[3 * b + a] + block[3 * a + b]) / 2;
  }
}

/* 3. Mass-weighting, in place. */
Q2_DEVICE void q2_mass_weight(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  const int64_t m = wave->first + slot;
  const q2_real *weight = batch->mass_weight + 3 * batch->atom_start[m];
  wave->hessian[slot * q2_matrix(batch) + major * batch->ld + minor] *= weight[major] * weight[minor];
}

/* 3. S = C'X (see q2_panels), element row = minor, column = major. */
Q2_DEVICE void q2_rigid_square(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  const int64_t m = wave->first + slot, ld = batch->ld;
  const q2_real *c = q2_householder_factor_of(batch, wave, slot) + minor * ld;
  const q2_real *x = wave->rigid_product + (slot * Q2_RIGID + major) * ld;
  q2_real sum = 0;
  for (int row = 0; row < 3 * batch->atom_count[m]; row++)
    sum += c[row] * x[row];
  wave->small[slot * q2_small(batch) + Q2_RIGID * major + minor] = sum;
}

/* 3. Panels of the projection. Q'AQ = A - Y Z' - Z Y' with X = A C, S = C'X, Z = X - Y S / 2 (C = Y T): panel_left = [Y Z],
 * panel_right = [Z Y]. Element: column major < Q2_RIGID of Z, row minor. */
Q2_DEVICE void q2_panels(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  const int64_t ld = batch->ld;
  const q2_real *y = q2_householder_of(batch, wave, slot);
  const q2_real *s = wave->small + slot * q2_small(batch) + Q2_RIGID * major;
  q2_real z = wave->rigid_product[(slot * Q2_RIGID + major) * ld + minor];
  for (int k = 0; k < Q2_RIGID; k++)
    z -= y[k * ld + minor] * s[k] / 2;
  q2_real *left = wave->panel_left + slot * 2 * Q2_RIGID * ld, *right = wave->panel_right + slot * 2 * Q2_RIGID * ld;
  left[major * ld + minor] = right[(Q2_RIGID + major) * ld + minor] = y[major * ld + minor];
  left[(Q2_RIGID + major) * ld + minor] = right[major * ld + minor] = z;
}

/* 3. The vibrations' block of the projected Hessian, element (minor, major), into the matrix that is decomposed; zero where
 * padded. */
Q2_DEVICE void q2_trailing(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                           int64_t minor) {
  const int64_t m = wave->first + slot;
  const int skip = batch->rigid_count[m], modes = batch->mode_count[m];
  wave->vectors[slot * batch->ld_order * batch->order + major * batch->ld_order + minor] =
      major < modes && minor < modes ? wave->hessian[slot * q2_matrix(batch) + (major + skip) * batch->ld + minor + skip] : 0;
}

/* 3. Padding, first half: the sum of the magnitudes of column minor bounds every eigenvalue (Gershgorin). */
Q2_DEVICE void q2_padding_bound(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  (void)major;
  const q2_real *column = wave->vectors + slot * batch->ld_order * batch->order + minor * batch->ld_order;
  q2_real sum = 0;
  for (int row = 0; row < batch->order; row++)
    sum += fabs(column[row]);
  wave->shift[slot * batch->order + minor] = sum;
}

/* 3. Padding, second half: what is not a vibration decouples, with an eigenvalue above all vibrations. */
Q2_DEVICE void q2_padding(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                          int64_t minor) {
  (void)major;
  if (minor < batch->mode_count[wave->first + slot]) return;
  q2_real bound = 0;
  for (int k = 0; k < batch->order; k++)
    bound = fmax(bound, wave->shift[slot * batch->order + k]);
  wave->vectors[slot * batch->ld_order * batch->order + minor * (batch->ld_order + 1)] = 2 * bound + 1;
}

/* 6. U = Q [0; V]: first [0; V], element row minor of column major; zero in the rows of atoms that pad. */
Q2_DEVICE void q2_expand_modes(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  const int64_t m = wave->first + slot, skip = batch->rigid_count[m];
  const q2_real *v = wave->vectors + slot * batch->ld_order * batch->order + major * batch->ld_order;
  wave->left[slot * batch->ld * batch->order + major * batch->ld + minor] =
      minor < skip || minor >= 3 * batch->atom_count[m] ? 0 : v[minor - skip];
}

/* 6. left = M^-1/2 U: the vibrations' displacements. */
Q2_DEVICE void q2_displacements(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  const int64_t m = wave->first + slot;
  wave->left[slot * batch->ld * batch->order + major * batch->ld + minor] *=
      batch->mass_weight[3 * batch->atom_start[m] + minor];
}

/* 6. right = left diag(lambda-bar). */
Q2_DEVICE void q2_scale(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  const int64_t element = slot * batch->ld * batch->order + major * batch->ld + minor;
  wave->right[element] = wave->left[element] * wave->cotangent[slot * batch->order + major];
}

#endif
