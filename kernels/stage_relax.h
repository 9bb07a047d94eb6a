/* The relaxed geometry: minimising the energy of each molecule of a moving batch, and the derivatives of what is found there.
 *
 * A step is Newton's in the space of the vibrations, from the eigen-decomposition that the observables need anyway: with U the
 * displacements (stage 6), x += U s, s_k = -(U_k . dE/dx) / max(|lambda_k|, floor), shortened to a trust radius. A step that
 * raises the energy is taken back and tried with a quarter of its length. At the end of an evaluation everything (tables,
 * eigenvalues, U) is that of the relaxed geometry.
 *
 * With the relaxed geometry y(p), where dE/dx = 0, d(dE/dx)/dp + H dy/dp = 0: a value v(y) has dv/dp = -u . d(dE/dx)/dp, H u =
 * dv/dx, solved as u = U lambda^-1 U' dv/dx. So -u is the cotangent of the gradient, and the same backward kernels do the
 * rest. */
#ifndef Q2_STAGE_RELAX_H
#define Q2_STAGE_RELAX_H

#include "coordinates_third.h"
#include "function_third.h"
#include "stage_back.h"
#include "stage_geometry.h"

/* relax_state: the energy of the accepted point, the trust radius (angstrom, of
 * any atom), steps so far, whether the last step was taken back. */
enum { Q2_RELAX_ENERGY, Q2_RELAX_RADIUS, Q2_RELAX_STEPS, Q2_RELAX_RETRY, Q2_RELAX_STEEPEST, Q2_RELAX_STATE };

#define Q2_RELAX_GRADIENT 1e-8      /* kcal/mol/angstrom: no component of dE/dx is larger at the end */
#define Q2_RELAX_AIM 1e-11          /* kcal/mol/angstrom: and none larger than this unless steps stop making it smaller */
#define Q2_RELAX_MOST_STEPS 200     /* then the molecule counts as failed */
#define Q2_RELAX_FIRST_RADIUS 0.3   /* angstrom */
#define Q2_RELAX_LARGEST_RADIUS 0.6 /* angstrom */
#define Q2_RELAX_FLOOR 30.0         /* cm-1: softer vibrations count as this stiff in a step */
#define Q2_RELAX_NEAR 1.5           /* angstrom that an atom may move before the minimum counts as another basin's */
#define Q2_RELAX_NOISE 1e-9         /* kcal/mol: an energy that rises by less has not risen */

/* Component minor of the geometry where the relaxation begins. */
Q2_DEVICE void q2_relax_begin(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  const double start = wave->relax_start[3 * batch->atom_start[m] + minor];
  wave->position[3 * slot * batch->atoms + minor] = start;
  wave->accepted[3 * slot * batch->atoms + minor] = start;
  if (minor > 0) return;
  double *state = wave->relax_state + slot * Q2_RELAX_STATE;
  state[Q2_RELAX_ENERGY] = 0;
  state[Q2_RELAX_RADIUS] = Q2_RELAX_FIRST_RADIUS;
  state[Q2_RELAX_STEPS] = 0;
  state[Q2_RELAX_RETRY] = 0;
  state[Q2_RELAX_STEEPEST] = INFINITY;
  wave->relaxation[m] = Q2_RELAX_RUNNING;
}

/* U_k . vector for k = minor. */
Q2_DEVICE q2_real q2_along_mode(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t k,
                                const q2_real *vector) {
  const q2_real *u = wave->left + slot * batch->ld * batch->order + k * batch->ld;
  q2_real sum = 0;
  for (int row = 0; row < 3 * batch->atom_count[wave->first + slot]; row++)
    sum += u[row] * vector[slot * batch->ld + row];
  return sum;
}

/* U mode_work, component minor. */
Q2_DEVICE q2_real q2_combine_modes(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t minor) {
  const q2_real *u = wave->left + slot * batch->ld * batch->order + minor;
  q2_real sum = 0;
  for (int k = 0; k < batch->mode_count[wave->first + slot]; k++)
    sum += u[k * batch->ld] * wave->mode_work[slot * batch->order + k];
  return sum;
}

/* Newton's step along vibration minor. */
Q2_DEVICE void q2_relax_modes(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  const q2_real unit = (q2_real)Q2_RELAX_FLOOR / (q2_real)batch->wavenumber;
  const q2_real stiffness = fmax(fabs(wave->eigenvalue[slot * batch->order + minor]), unit * unit);
  wave->mode_work[slot * batch->order + minor] = -q2_along_mode(batch, wave, slot, minor, wave->gradient_at) / stiffness;
}

/* The step as a displacement, component minor; position_bar serves as work space. */
Q2_DEVICE void q2_relax_displace(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                 int64_t minor) {
  (void)major;
  wave->position_bar[slot * batch->ld + minor] = q2_combine_modes(batch, wave, slot, minor);
}

/* The largest distance of an atom, over vectors of the molecule's atoms. */
Q2_DEVICE double q2_largest_move(int atoms, const double *x, const double *from) {
  double largest = 0;
  for (int i = 0; i < atoms; i++) {
    double square = 0;
    for (int c = 0; c < 3; c++)
      square += (x[3 * i + c] - from[3 * i + c]) * (x[3 * i + c] - from[3 * i + c]);
    largest = fmax(largest, square);
  }
  return sqrt(largest);
}

/* What a stationary point is: a saddle unless its lowest vibration is above 1 cm-1 (derivatives grow as its inverse square),
 * another basin's where an atom moved too far from the QM geometry. */
Q2_DEVICE enum q2_relaxation q2_relax_verdict(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int64_t m = wave->first + slot;
  const double *position = wave->position + 3 * slot * batch->atoms;
  const q2_real unit = (q2_real)batch->wavenumber;
  if (batch->mode_count[m] > 0 && unit * unit * wave->eigenvalue[slot * batch->order] < 1) {
    return Q2_RELAX_SADDLE;
  }
  if (q2_largest_move(batch->atom_count[m], position, batch->position + 3 * batch->atom_start[m]) > Q2_RELAX_NEAR)
    return Q2_RELAX_FAR;
  return Q2_RELAX_MINIMUM;
}

/* Ends the relaxation, or moves the molecule on. */
Q2_DEVICE void q2_relax_judge(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  (void)minor;
  const int64_t m = wave->first + slot, atoms = batch->atom_count[m];
  double *state = wave->relax_state + slot * Q2_RELAX_STATE, *position = wave->position + 3 * slot * batch->atoms,
         *accepted = wave->accepted + 3 * slot * batch->atoms;
  const q2_real *gradient = wave->gradient_at + slot * batch->ld, *step = wave->position_bar + slot * batch->ld;
  const double energy = (double)wave->energy[slot];
  if (wave->relaxation[m] != Q2_RELAX_RUNNING) return;
  double steepest = 0;
  int finite = isfinite(energy) && !wave->failed[slot];
  for (int64_t k = 0; k < 3 * atoms; k++) {
    steepest = fmax(steepest, fabs((double)gradient[k]));
    finite = finite && isfinite(gradient[k]);
  }
  const int first = state[Q2_RELAX_STEPS] == 0;
  const int arrived = steepest <= Q2_RELAX_AIM || (steepest <= Q2_RELAX_GRADIENT && steepest > state[Q2_RELAX_STEEPEST] / 4);
  state[Q2_RELAX_STEEPEST] = steepest;
  if (finite && arrived) {
    wave->relaxation[m] = q2_relax_verdict(batch, wave, slot);
    for (int64_t k = 0; k < 3 * atoms; k++)
      wave->relaxed[3 * batch->atom_start[m] + k] = position[k];
    return;
  }
  if (state[Q2_RELAX_STEPS] >= Q2_RELAX_MOST_STEPS || (first && !finite)) {
    wave->relaxation[m] = Q2_RELAX_FAILED;
    return;
  }
  state[Q2_RELAX_STEPS]++;
  const int worse = !finite || energy > state[Q2_RELAX_ENERGY] + Q2_RELAX_NOISE;
  if (!first && !state[Q2_RELAX_RETRY] && worse) { /* back; the next evaluation finds the Hessian of the accepted point again */
    state[Q2_RELAX_RADIUS] = q2_largest_move((int)atoms, position, accepted) / 4;
    state[Q2_RELAX_RETRY] = 1;
    for (int64_t k = 0; k < 3 * atoms; k++)
      position[k] = accepted[k];
    return;
  }
  if (!first && !state[Q2_RELAX_RETRY]) state[Q2_RELAX_RADIUS] = fmin(2 * state[Q2_RELAX_RADIUS], Q2_RELAX_LARGEST_RADIUS);
  state[Q2_RELAX_RETRY] = 0;
  state[Q2_RELAX_ENERGY] = energy;
  double largest = 0;
  for (int64_t i = 0; i < atoms; i++) {
    const double x = (double)step[3 * i], y = (double)step[3 * i + 1], z = (double)step[3 * i + 2];
    largest = fmax(largest, sqrt(x * x + y * y + z * z));
  }
  const double shorten = largest > state[Q2_RELAX_RADIUS] ? state[Q2_RELAX_RADIUS] / largest : 1;
  for (int64_t k = 0; k < 3 * atoms; k++) {
    accepted[k] = position[k];
    position[k] += shorten * (double)step[k];
  }
}

/* From now on the molecule's relaxation begins where it has ended, component minor. */
Q2_DEVICE void q2_follow(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, at = 3 * batch->atom_start[m] + minor;
  if (wave->relaxation[m] == Q2_RELAX_MINIMUM && !wave->set_aside[m]) wave->relax_start[at] = wave->relaxed[at];
}

/* --- derivatives at the relaxed geometry --- */

/* 7. d(W:H)/dx of term minor: W contracted with the third derivatives of its energy. */
Q2_DEVICE void q2_terms_third(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, t = batch->term_start[m] + minor;
  const int count = q2_form_coordinates(batch->term_form[t]);
  const int32_t *atom = batch->term_atom + Q2_MAX_TERM_ATOMS * t, *code = batch->term_code + Q2_MAX_COORDINATES * t;
  double x[Q2_MAX_TERM_ATOMS][3], w[Q2_MAX_TERM_ATOMS][Q2_MAX_TERM_ATOMS][9],
      contraction[Q2_MAX_COORDINATES][Q2_MAX_TERM_ATOMS][3], sum[Q2_MAX_TERM_ATOMS][3], first[Q2_MAX_COORDINATES],
      second[Q2_MAX_SECOND], third[Q2_MAX_THIRD], share[Q2_MAX_TERM_ATOMS][Q2_MAX_TERM_ATOMS],
      w_sites[Q2_MAX_TERM_ATOMS][Q2_MAX_TERM_ATOMS][9];
  struct q2_coordinate q[Q2_MAX_COORDINATES];
  struct q2_jet jet;
  int blocks = 0;
  q2_load_term(batch, wave, slot, minor, &jet);
  q2_term_positions(batch, t, wave->position + 3 * slot * batch->atoms, x);
  while (blocks < Q2_MAX_TERM_ATOMS && atom[blocks] >= 0)
    blocks++;
  for (int k = 0; k < Q2_MAX_TERM_ATOMS * Q2_MAX_TERM_ATOMS * 9; k++) /* contractions read the places without atoms, too */
    w[k / 9 / Q2_MAX_TERM_ATOMS][k / 9 % Q2_MAX_TERM_ATOMS][k % 9] = 0;
  for (int p = 0; p < blocks; p++) {
    for (int r = 0; r < blocks; r++) {
      q2_real block[9];
      q2_cotangent(batch, wave, slot, atom[p], atom[r], block);
      for (int k = 0; k < 9; k++)
        w[p][r][k] = p == r ? ((double)block[k] + (double)block[3 * (k % 3) + k / 3]) / 2 : (double)block[k];
    }
  }
  const int at_sites = q2_term_shares(batch, m, t, share);
  const double(*shares)[Q2_MAX_TERM_ATOMS] = (const double(*)[Q2_MAX_TERM_ATOMS])share;
  if (at_sites) {
    q2_move_to_sites(shares, x);
    q2_cotangent_at_sites(shares, (const double(*)[Q2_MAX_TERM_ATOMS][9])w, w_sites);
  }
  for (int a = 0; a < count; a++) {
    q2_measure(code[a], (const double(*)[3])x, &q[a]);
    q2_contract_third(code[a], (const double(*)[3])x, (const double(*)[Q2_MAX_TERM_ATOMS][9])(at_sites ? w_sites : w),
                      contraction[a]);
    if (at_sites) {
      q2_coordinate_from_sites(code[a], shares, &q[a]);
      q2_gradient_from_sites(q2_site_stretch(code[a], shares), shares, contraction[a]);
    }
    first[a] = (double)jet.first[a];
  }
  for (int k = 0; k < q2_triangle(count - 1, count - 1) + 1; k++)
    second[k] = (double)jet.second[k];
  for (int k = 0; k < q2_tetrahedron(count - 1, count - 1, count - 1) + 1; k++)
    third[k] = (double)jet.third[k];
  for (int p = 0; p < Q2_MAX_TERM_ATOMS; p++)
    sum[p][0] = sum[p][1] = sum[p][2] = 0;
  q2_contract_function(blocks, count, first, second, third, q, contraction, (const double(*)[Q2_MAX_TERM_ATOMS][9])w, sum);
  q2_real *out = wave->term_third + 3 * Q2_MAX_TERM_ATOMS * (slot * batch->max_terms + minor);
  for (int k = 0; k < 3 * Q2_MAX_TERM_ATOMS; k++)
    out[k] = (q2_real)sum[k / 3][k % 3];
}

/* d(W:H)/ds_i of the pair (i, j), i > j, s_i the site of i. With V = 2 W_ij - W_ii - W_jj, S = -((f'' - f'/r) u'V u + f'/r tr
 * V). */
Q2_DEVICE void q2_pair_third(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                             q2_real out[3]) {
  const q2_real *u = q2_pairs_of(batch, wave, slot) + 4 * Q2_PAIR(i, j), inverse = u[3];
  struct q2_pair pair;
  q2_real block[9], vu[3];
  q2_load_pair(batch, wave, slot, i, j, &pair);
  q2_pair_cotangent_block(batch, wave, slot, i, j, block);
  q2_real along = 0;
  for (int a = 0; a < 3; a++) {
    vu[a] = 0;
    for (int b = 0; b < 3; b++)
      vu[a] += (block[3 * a + b] + block[3 * b + a]) / 2 * u[b];
    along += u[a] * vu[a];
  }
  const q2_real trace = block[0] + block[4] + block[8], first = pair.first * inverse, bend = pair.second - first;
  const q2_real slope = (pair.third - bend * inverse) * along + bend * inverse * trace;
  for (int a = 0; a < 3; a++)
    out[a] = -(slope * u[a] + 2 * bend * inverse * (vu[a] - along * u[a]));
}

/* sum += share times d(W:H)/ds of the site of atom i, over its pairs. */
Q2_DEVICE void q2_add_pairs_third(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i,
                                  q2_real share, q2_real sum[3]) {
  const int64_t m = wave->first + slot;
  for (int64_t j = 0; j < batch->atom_count[m]; j++) {
    const int64_t high = j < i ? i : j, low = j < i ? j : i;
    q2_real force[3];
    if (j == i || !q2_interacts(batch, m, Q2_PAIR(high, low))) continue;
    q2_pair_third(batch, wave, slot, high, low, force);
    for (int c = 0; c < 3; c++)
      sum[c] += share * (j < i ? force[c] : -force[c]);
  }
}

/* 7. The share of the Hessian's cotangent in that of atom minor's position. */
Q2_DEVICE void q2_atoms_third(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, atom = batch->atom_start[m] + minor;
  const int32_t *start = batch->atom_term_start + atom + m, *list = batch->atom_term + batch->atom_term_first[m];
  q2_real sum[3] = {0, 0, 0};
  for (int32_t k = start[0]; k < start[1]; k++) { /* an entry is Q2_MAX_TERM_ATOMS term + place: a row of term_third */
    for (int c = 0; c < 3; c++)
      sum[c] += wave->term_third[3 * (Q2_MAX_TERM_ATOMS * slot * batch->max_terms + list[k]) + c];
  }
  for (int k = 0; k < q2_site_members(batch, m, minor); k++) {
    q2_real share;
    const int64_t i = q2_site_member(batch, m, minor, k, &share);
    q2_add_pairs_third(batch, wave, slot, i, share, sum);
  }
  for (int c = 0; c < 3; c++)
    wave->position_bar[slot * batch->ld + 3 * minor + c] += sum[c];
}

/* 7. u along vibration minor: lambda^-1 U' dv/dx. */
Q2_DEVICE void q2_solve_modes(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  const int64_t k = slot * batch->order + minor;
  wave->mode_work[k] = q2_counts(batch, wave, slot) && wave->eigenvalue[k] != 0
                           ? q2_along_mode(batch, wave, slot, minor, wave->position_bar) / wave->eigenvalue[k]
                           : 0;
}

/* 7. The cotangent of dE/dx: -u, component minor. */
Q2_DEVICE void q2_solve(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  (void)major;
  wave->gradient_bar[slot * batch->ld + minor] = -q2_combine_modes(batch, wave, slot, minor);
}

#endif
