/* Sites of non-bonded pairs: a reduced hydrogen counts at s = x + c (x_p - x), p the atom that it is bonded to, and pairs are
 * those of the sites. With s = S x the Hessian of all pairs is S' K S, K that in the sites; its block (a, b) gathers the blocks
 * of K whose sites move with a and with b: those of a itself and of the hydrogens that are moved towards it. Batches without
 * sites (has_sites) do nothing of it. */
#ifndef Q2_STAGE_SITES_H
#define Q2_STAGE_SITES_H

#include "wave.h"

/* The atom that atom i of molecule m is moved towards, or -1. */
Q2_DEVICE int64_t q2_site_parent(const struct q2_batch *batch, int64_t m, int64_t i) {
  return batch->has_sites ? batch->site_parent[batch->atom_start[m] + i] : -1;
}

/* How many sites move with atom a: its own and those of the hydrogens that are moved towards it. */
Q2_DEVICE int q2_site_members(const struct q2_batch *batch, int64_t m, int64_t a) {
  if (!batch->has_sites) return 1;
  const int32_t *start = batch->site_member_start + batch->atom_start[m] + m + a;
  return start[1] - start[0];
}

/* Number k of them, and its share ds/dx_a. */
Q2_DEVICE int64_t q2_site_member(const struct q2_batch *batch, int64_t m, int64_t a, int k, q2_real *share) {
  const int64_t first = batch->atom_start[m];
  *share = 1;
  if (!batch->has_sites) return a;
  const int64_t i = batch->site_member[2 * first + batch->site_member_start[first + m + a] + k];
  const q2_real reduction = (q2_real)batch->reduction[first + i];
  *share = i == a ? 1 - reduction : reduction;
  return i;
}

/* Where the site of atom i is, from positions [3 atoms]. */
Q2_DEVICE void q2_site_position(const struct q2_batch *batch, int64_t m, const double *position, int64_t i, double site[3]) {
  const int64_t parent = q2_site_parent(batch, m, i);
  const double c = parent >= 0 ? batch->reduction[batch->atom_start[m] + i] : 0;
  for (int k = 0; k < 3; k++)
    site[k] = parent >= 0 ? (1 - c) * position[3 * i + k] + c * position[3 * parent + k] : position[3 * i + k];
}

/* The site of atom i's row of S vector, vector [3 atoms]. */
Q2_DEVICE void q2_site_vector(const struct q2_batch *batch, int64_t m, const q2_real *vector, int64_t i, q2_real site[3]) {
  const int64_t parent = q2_site_parent(batch, m, i);
  const q2_real c = parent >= 0 ? (q2_real)batch->reduction[batch->atom_start[m] + i] : 0;
  for (int k = 0; k < 3; k++)
    site[k] = parent >= 0 ? (1 - c) * vector[3 * i + k] + c * vector[3 * parent + k] : vector[3 * i + k];
}

/* 2. block += block (a, b) of S' K S, a > b, from the blocks of K. */
Q2_DEVICE void q2_add_site_blocks(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t a, int64_t b,
                                  q2_real block[9]) {
  const int64_t m = wave->first + slot;
  for (int k = 0; k < q2_site_members(batch, m, a); k++) {
    for (int l = 0; l < q2_site_members(batch, m, b); l++) {
      q2_real share, other;
      const int64_t i = q2_site_member(batch, m, a, k, &share), j = q2_site_member(batch, m, b, l, &other);
      const q2_real *own = i == j ? wave->site_diagonal + 9 * (slot * batch->atoms + i)
                                  : wave->site_block + 9 * (slot * batch->max_pairs + (i > j ? Q2_PAIR(i, j) : Q2_PAIR(j, i)));
      for (int c = 0; c < 9; c++)
        block[c] += share * other * own[c];
    }
  }
}

/* 2. Block (i, i) of K of a reduced atom i = minor: minus the sum of the row's others. */
Q2_DEVICE void q2_site_diagonal(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  if (q2_site_parent(batch, m, minor) < 0) return;
  q2_real *block = wave->site_diagonal + 9 * (slot * batch->atoms + minor);
  for (int c = 0; c < 9; c++)
    block[c] = 0;
  for (int64_t j = 0; j < batch->atom_count[m]; j++) {
    if (j == minor) continue;
    const int64_t pair = j < minor ? Q2_PAIR(minor, j) : Q2_PAIR(j, minor);
    for (int c = 0; c < 9; c++)
      block[c] -= wave->site_block[9 * (slot * batch->max_pairs + pair) + c];
  }
}

#endif
