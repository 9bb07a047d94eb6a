/* Stage 0: everything that depends on the geometry alone: coordinates of terms with their derivatives, unit vectors of pairs,
 * rigid motions. For fixed batches the set-up runs these bodies once; for moving ones every evaluation does, several times. */
#ifndef Q2_STAGE_GEOMETRY_H
#define Q2_STAGE_GEOMETRY_H

#include "coordinates.h"
#include "rigid_motions.h"
#include "site_coordinates.h"
#include "stage_terms.h"

/* G and D of piece (a, b) for atoms p, q of the term, rows of p, columns of q; first and second: its coordinates a and b. */
Q2_DEVICE void q2_entry_block(const struct q2_coordinate *first, const struct q2_coordinate *second, int same, int p, int q,
                              q2_real block[Q2_ENTRY_REALS]) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) {
      double g = first->first[p][i] * second->first[q][j];
      if (!same) g += second->first[p][i] * first->first[q][j];
      block[3 * i + j] = (q2_real)g;
      block[9 + 3 * i + j] = (q2_real)(same ? first->second[p][q][3 * i + j] : 0);
    }
  }
}

/* Positions of the atoms of term t (a row of the batch) from those of its molecule. */
Q2_DEVICE void q2_term_positions(const struct q2_batch *batch, int64_t t, const double *position,
                                 double x[Q2_MAX_TERM_ATOMS][3]) {
  for (int p = 0; p < Q2_MAX_TERM_ATOMS; p++) {
    const int32_t atom = batch->term_atom[Q2_MAX_TERM_ATOMS * t + p];
    for (int c = 0; c < 3; c++)
      x[p][c] = atom >= 0 ? position[3 * atom + c] : 0;
  }
}

/* The shares of the nuclei in the places of term t of molecule m (kernels/site_coordinates.h). Returns whether it has a site.
 */
Q2_DEVICE int q2_term_shares(const struct q2_batch *batch, int64_t m, int64_t t,
                             double share[Q2_MAX_TERM_ATOMS][Q2_MAX_TERM_ATOMS]) {
  return batch->has_sites && q2_site_shares(batch->term_atom + Q2_MAX_TERM_ATOMS * t, batch->term_site + Q2_MAX_TERM_ATOMS * t,
                                            batch->reduction + batch->atom_start[m], share);
}

/* Coordinates, slopes (what forces have of dq/dx; unless NULL) and entries of one term of molecule m at `position` [3 atoms],
 * into the molecule's tables. term: within the molecule; count: coordinates of its form. */
Q2_DEVICE void q2_measure_term(const struct q2_batch *batch, int64_t m, int64_t term, int count, const double *position,
                               q2_real *coordinates, q2_real *slopes, q2_real *entries) {
  const int64_t t = batch->term_start[m] + term;
  double x[Q2_MAX_TERM_ATOMS][3], share[Q2_MAX_TERM_ATOMS][Q2_MAX_TERM_ATOMS];
  struct q2_coordinate coordinate[Q2_MAX_COORDINATES];
  q2_term_positions(batch, t, position, x);
  const int at_sites = q2_term_shares(batch, m, t, share);
  if (at_sites) q2_move_to_sites((const double(*)[Q2_MAX_TERM_ATOMS])share, x);
  for (int a = 0; a < count; a++) {
    const int32_t code = batch->term_code[Q2_MAX_COORDINATES * t + a];
    q2_measure(code, (const double(*)[3])x, &coordinate[a]);
    if (at_sites) q2_coordinate_from_sites(code, (const double(*)[Q2_MAX_TERM_ATOMS])share, &coordinate[a]);
    coordinates[Q2_MAX_COORDINATES * term + a] = (q2_real)coordinate[a].value;
    for (int p = 0; slopes && p < Q2_MAX_TERM_ATOMS; p++) {
      for (int c = 0; c < 3; c++)
        slopes[Q2_SLOPE_REALS * term + 3 * (Q2_MAX_TERM_ATOMS * a + p) + c] =
            (q2_real)(coordinate[a].share * coordinate[a].first[p][c]);
    }
  }
  const int32_t *start = batch->piece_entry_start + batch->piece_start[m] + m + batch->term_piece[t];
  const int32_t *list = batch->piece_entry + batch->entry_start[m], *place = batch->entry_place + batch->entry_start[m];
  for (int a = 0, piece = 0; a < count; a++) {
    for (int b = 0; b <= a; b++, piece++) {
      for (int32_t k = start[piece]; k < start[piece + 1]; k++) {
        const int32_t e = list[k];
        q2_entry_block(&coordinate[a], &coordinate[b], a == b, place[e] / Q2_MAX_TERM_ATOMS, place[e] % Q2_MAX_TERM_ATOMS,
                       entries + Q2_ENTRY_REALS * (int64_t)e);
      }
    }
  }
}

/* Unit vector from the site of j to that of i, atoms of molecule m at `position` [3 atoms], and 1 / r. */
Q2_DEVICE void q2_measure_pair(const struct q2_batch *batch, int64_t m, const double *position, int64_t i, int64_t j,
                               q2_real geometry[4]) {
  double high[3], low[3], u[3], r = 0;
  q2_site_position(batch, m, position, i, high);
  q2_site_position(batch, m, position, j, low);
  for (int c = 0; c < 3; c++) {
    u[c] = high[c] - low[c];
    r += u[c] * u[c];
  }
  r = sqrt(r);
  for (int c = 0; c < 3; c++)
    geometry[c] = (q2_real)(u[c] / r);
  geometry[3] = (q2_real)(1 / r);
}

/* --- the same as kernels --- */

Q2_DEVICE void q2_measure_terms(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  q2_measure_term(batch, m, minor, q2_form_coordinates(batch->term_form[batch->term_start[m] + minor]),
                  wave->position + 3 * slot * batch->atoms, q2_coordinates_of(batch, wave, slot),
                  q2_slopes_of(batch, wave, slot), q2_entries_of(batch, wave, slot));
}

Q2_DEVICE void q2_measure_pairs(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  if (!batch->has_nonbonded) return;
  q2_measure_pair(batch, wave->first + slot, wave->position + 3 * slot * batch->atoms, major, minor,
                  q2_pairs_of(batch, wave, slot) + 4 * Q2_PAIR(major, minor));
}

Q2_DEVICE void q2_measure_rigid(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  (void)major;
  (void)minor;
  const int64_t m = wave->first + slot;
  for (int64_t k = 0; k < Q2_RIGID; k++) { /* rows that pad */
    for (int64_t row = 3 * batch->atom_count[m]; row < 3 * batch->atoms; row++) {
      q2_householder_of(batch, wave, slot)[k * batch->ld + row] = 0;
      q2_householder_factor_of(batch, wave, slot)[k * batch->ld + row] = 0;
    }
  }
  q2_rigid_motions(batch->atom_count[m], batch->rigid_count[m], batch->mass_weight + 3 * batch->atom_start[m],
                   wave->position + 3 * slot * batch->atoms, batch->ld, q2_householder_of(batch, wave, slot),
                   q2_householder_factor_of(batch, wave, slot));
}

#endif
