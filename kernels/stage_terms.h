/* Stage 1: energies of terms and pairs and their derivatives; the molecule's energy and its Cartesian gradient. */
#ifndef Q2_STAGE_TERMS_H
#define Q2_STAGE_TERMS_H

#include "nonbonded.h"
#include "stage_sites.h"

/* Coordinates and parameters of a form: the form table is host data, so the device derives the counts from the form itself. */
Q2_DEVICE int q2_form_coordinates(int form) {
  switch (form) {
#define Q2_FORM_CASE(ID, NAME, COORDINATES, NC, ...)                                                                           \
  case Q2_FORM_##ID:                                                                                                           \
    return NC;
    Q2_FORMS(Q2_FORM_CASE)
#undef Q2_FORM_CASE
  }
  return 0;
}

Q2_DEVICE int q2_form_parameters(int form) {
  switch (form) {
#define Q2_FORM_CASE(ID, NAME, COORDINATES, NC, NA, NP, ...)                                                                   \
  case Q2_FORM_##ID:                                                                                                           \
    return NP;
    Q2_FORMS(Q2_FORM_CASE)
#undef Q2_FORM_CASE
  }
  return 0;
}

/* The value of row `local` of molecule m's parameter list. */
Q2_DEVICE q2_real q2_parameter(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m, int32_t local) {
  return wave->parameters[batch->parameter_row[batch->parameter_start[m] + local]];
}

/* --- terms --- */

/* The jet of term t of slot's molecule, t counted within the molecule. */
Q2_DEVICE_CALL void q2_load_term(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t term,
                                 struct q2_jet *jet) {
  const int64_t m = wave->first + slot, t = batch->term_start[m] + term;
  q2_real p[Q2_MAX_PARAMETERS];
  const int32_t *local = batch->term_parameter + Q2_MAX_PARAMETERS * t;
  for (int s = 0; s < Q2_MAX_PARAMETERS; s++)
    p[s] = local[s] >= 0 ? q2_parameter(batch, wave, m, local[s]) : 0;
  const enum q2_form form = (enum q2_form)batch->term_form[t];
  const q2_real *constant = batch->term_constant + Q2_MAX_CONSTANTS * t;
  if (q2_form_takes_grid(form)) constant = batch->grid + batch->grid_reals * (int64_t)constant[0];
  q2_form_evaluate(form, q2_coordinates_of(batch, wave, slot) + Q2_MAX_COORDINATES * term, p, constant, jet);
}

/* 1. f, f_a and f_ab of term minor. */
Q2_DEVICE void q2_terms(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  (void)major;
  const int64_t t = batch->term_start[wave->first + slot] + minor;
  struct q2_jet jet;
  q2_load_term(batch, wave, slot, minor, &jet);
  q2_real *second = wave->second + slot * batch->max_pieces + batch->term_piece[t];
  q2_real *first = wave->first_derivative + slot * batch->max_pieces + batch->term_piece[t];
  const int coordinates = q2_form_coordinates(batch->term_form[t]);
  wave->value[slot * batch->max_terms + minor] = jet.value;
  for (int a = 0, piece = 0; a < coordinates; a++) {
    for (int b = 0; b <= a; b++, piece++) {
      second[piece] = jet.second[piece];
      first[piece] = a == b ? jet.first[a] : 0;
    }
  }
}

/* --- non-bonded pairs --- */

/* 1. The charge of atom minor, with its increments. */
Q2_DEVICE void q2_charges(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                          int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  q2_real charge = batch->charge[batch->atom_start[m] + minor];
  for (int64_t k = batch->increment_start[m]; k < batch->increment_start[m + 1]; k++) {
    const int32_t *atom = batch->increment_atom + 2 * k;
    if (atom[0] != minor && atom[1] != minor) continue;
    const q2_real moved = batch->increment_factor[k] * q2_parameter(batch, wave, m, batch->increment_parameter[k]);
    charge += atom[0] == minor ? moved : -moved;
  }
  wave->charge[slot * batch->atoms + minor] = charge;
}

/* A pair's energy, its derivatives in r, and their derivatives in the two parameters of its form and in the product of its
 * charges; and the derivatives of the two parameters in those of the pair's atoms, i and j (none where it has a row of its
 * own).
 */
struct q2_pair {
  q2_real value, first, second, third;
  q2_real value_p[Q2_PAIR_BARS], first_p[Q2_PAIR_BARS], second_p[Q2_PAIR_BARS];
  q2_real by_atom[Q2_PAIR_PARAMETERS][2];
};

/* The parameters of atom i's type. */
Q2_DEVICE void q2_atom_parameters(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m, int64_t i,
                                  q2_real p[Q2_PAIR_PARAMETERS]) {
  const int32_t *local = batch->atom_parameter + Q2_PAIR_PARAMETERS * (batch->atom_start[m] + i);
  for (int s = 0; s < Q2_PAIR_PARAMETERS; s++)
    p[s] = q2_parameter(batch, wave, m, local[s]);
}

/* Pair (i, j), i > j, that is not excluded. */
Q2_DEVICE void q2_load_pair(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                            struct q2_pair *out) {
  const int64_t m = wave->first + slot, pair = Q2_PAIR(i, j), row = batch->pair_start[m] + pair;
  const int32_t special = batch->pair_special[row], kind = batch->pair_class[row];
  const q2_real inverse = q2_pairs_of(batch, wave, slot)[4 * pair + 3];
  const q2_real part = (q2_real)batch->pair_scale[kind], scale = batch->has_soft_cut ? part * batch->pair_cut[row] : part;
  q2_real p[Q2_PAIR_PARAMETERS], coulomb[4];
  struct q2_pair_jet jet;
  enum q2_pair_form form = (enum q2_pair_form)batch->pair_form;
  if (special >= 0) {
    const int64_t from = batch->special_start[m] + special;
    form = (enum q2_pair_form)batch->special_form[from];
    for (int s = 0; s < Q2_PAIR_PARAMETERS; s++) {
      p[s] = q2_parameter(batch, wave, m, batch->special_parameter[Q2_PAIR_PARAMETERS * from + s]);
      out->by_atom[s][0] = out->by_atom[s][1] = 0;
    }
  } else {
    q2_real first[Q2_PAIR_PARAMETERS], second[Q2_PAIR_PARAMETERS];
    struct q2_combined combined[Q2_PAIR_PARAMETERS];
    q2_atom_parameters(batch, wave, m, i, first);
    q2_atom_parameters(batch, wave, m, j, second);
    q2_combine((enum q2_combining_rule)batch->combining_rule, first, second, combined);
    for (int s = 0; s < Q2_PAIR_PARAMETERS; s++) {
      p[s] = combined[s].value;
      out->by_atom[s][0] = combined[s].by_first;
      out->by_atom[s][1] = combined[s].by_second;
    }
  }
  q2_pair_form_evaluate(form, inverse, p, &jet);
  q2_coulomb(inverse, coulomb);
  for (int k = 0; k < 4; k++)
    coulomb[k] *= (q2_real)batch->coulomb_scale[kind];
  const q2_real qq = wave->charge[slot * batch->atoms + i] * wave->charge[slot * batch->atoms + j];
  out->value = scale * jet.value + qq * coulomb[0];
  out->first = scale * jet.first + qq * coulomb[1];
  out->second = scale * jet.second + qq * coulomb[2];
  out->third = scale * jet.third + qq * coulomb[3];
  for (int s = 0; s < Q2_PAIR_PARAMETERS; s++) {
    out->value_p[s] = scale * jet.value_p[s];
    out->first_p[s] = scale * jet.first_p[s];
    out->second_p[s] = scale * jet.second_p[s];
  }
  out->value_p[Q2_PAIR_PARAMETERS] = coulomb[0];
  out->first_p[Q2_PAIR_PARAMETERS] = coulomb[1];
  out->second_p[Q2_PAIR_PARAMETERS] = coulomb[2];
}

/* Whether pair number `pair` of molecule m interacts. */
Q2_DEVICE int q2_interacts(const struct q2_batch *batch, int64_t m, int64_t pair) {
  return batch->has_nonbonded && batch->pair_class[batch->pair_start[m] + pair] != Q2_PAIR_EXCLUDED;
}

/* --- energy and gradient --- */

/* 1. The energy of atom minor's pairs with the atoms before it. */
Q2_DEVICE void q2_atom_energy(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  q2_real sum = 0;
  for (int64_t j = 0; j < minor; j++) {
    struct q2_pair pair;
    if (!q2_interacts(batch, m, Q2_PAIR(minor, j))) continue;
    q2_load_pair(batch, wave, slot, minor, j, &pair);
    sum += pair.value;
  }
  wave->atom_energy[slot * batch->atoms + minor] = sum;
}

/* 1. The molecule's energy. */
Q2_DEVICE void q2_energy(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  (void)major;
  (void)minor;
  const int64_t m = wave->first + slot, terms = batch->term_start[m + 1] - batch->term_start[m];
  q2_real sum = 0;
  for (int64_t t = 0; t < terms; t++)
    sum += wave->value[slot * batch->max_terms + t];
  for (int i = 0; i < batch->atom_count[m]; i++)
    sum += wave->atom_energy[slot * batch->atoms + i];
  wave->energy[slot] = sum;
}

/* sum += share times dE/ds of the site of atom i: f' u of its pairs. */
Q2_DEVICE void q2_add_pair_gradient(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i,
                                    q2_real share, q2_real sum[3]) {
  const int64_t m = wave->first + slot;
  const q2_real *pairs = q2_pairs_of(batch, wave, slot);
  for (int64_t j = 0; j < batch->atom_count[m]; j++) {
    const int64_t high = j < i ? i : j, low = j < i ? j : i;
    struct q2_pair pair;
    if (j == i || !q2_interacts(batch, m, Q2_PAIR(high, low))) continue;
    q2_load_pair(batch, wave, slot, high, low, &pair);
    for (int c = 0; c < 3; c++)
      sum[c] += share * (j < i ? pair.first : -pair.first) * pairs[4 * Q2_PAIR(high, low) + c];
  }
}

/* 1. dE/dx of atom minor: from its terms, f_a dq_a/dx, and the pairs of the sites that move with it. */
Q2_DEVICE void q2_gradient_at(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, atom = batch->atom_start[m] + minor;
  const int32_t *start = batch->atom_term_start + atom + m, *list = batch->atom_term + batch->atom_term_first[m];
  const q2_real *slopes = q2_slopes_of(batch, wave, slot);
  q2_real sum[3] = {0, 0, 0};
  for (int32_t k = start[0]; k < start[1]; k++) {
    const int64_t term = list[k] / Q2_MAX_TERM_ATOMS, place = list[k] % Q2_MAX_TERM_ATOMS, t = batch->term_start[m] + term;
    const q2_real *slope = slopes + Q2_SLOPE_REALS * term + 3 * place;
    const q2_real *first = wave->first_derivative + slot * batch->max_pieces + batch->term_piece[t];
    for (int a = 0; a < q2_form_coordinates(batch->term_form[t]); a++) {
      for (int c = 0; c < 3; c++)
        sum[c] += first[Q2_TRIANGLE(a, a)] * slope[3 * Q2_MAX_TERM_ATOMS * a + c];
    }
  }
  for (int k = 0; k < q2_site_members(batch, m, minor); k++) {
    q2_real share;
    const int64_t i = q2_site_member(batch, m, minor, k, &share);
    q2_add_pair_gradient(batch, wave, slot, i, share, sum);
  }
  for (int c = 0; c < 3; c++)
    wave->gradient_at[slot * batch->ld + 3 * minor + c] = sum[c];
}

#endif
