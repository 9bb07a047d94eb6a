/* The loop bodies of an evaluation. Each computes one output element that it alone owns, gathering what belongs to it in a
 * fixed order: the same function is a CPU loop iteration and a GPU thread. `major` and `minor` are the element's two loop
 * indices; Q2_KERNELS names, for each body, how far they run. Bodies of the same kernel never read what another of them writes.
 */
#ifndef Q2_STAGES_H
#define Q2_STAGES_H

#include "wave.h"

/* Order of the matrix that is decomposed for molecule m. */
Q2_DEVICE int q2_order(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m) {
  return wave->padded ? batch->order : batch->mode_count[m];
}

/* Strides from slot to slot. */
Q2_DEVICE int64_t q2_matrix(const struct q2_batch *batch) { return (int64_t)batch->ld * 3 * batch->atoms; }
Q2_DEVICE int64_t q2_small(const struct q2_batch *batch) {
  return Q2_RIGID * (int64_t)(batch->ld_order > Q2_RIGID ? batch->ld_order : Q2_RIGID);
}
Q2_DEVICE int64_t q2_derivatives(const struct q2_batch *batch) {
  return Q2_MAX_PARAMETERS * batch->max_terms + 2 * batch->atoms;
}

/* 1. f_a and f_ab of every term. */
Q2_DEVICE void q2_load_term(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m, int64_t t,
                            struct q2_jet *jet) {
  q2_real p[Q2_MAX_PARAMETERS];
  const int32_t *local = batch->term_parameter + Q2_MAX_PARAMETERS * t;
  const int32_t *row = batch->parameter_row + batch->parameter_start[m];
  for (int s = 0; s < Q2_MAX_PARAMETERS; s++)
    p[s] = local[s] >= 0 ? wave->parameters[row[local[s]]] : 0;
  const enum q2_form form = (enum q2_form)batch->term_form[t];
  const q2_real *constant = batch->term_constant + Q2_MAX_CONSTANTS * t;
  if (q2_form_takes_grid(form)) constant = batch->grid + batch->grid_reals * (int64_t)constant[0];
  q2_form_evaluate(form, batch->term_coordinate + Q2_MAX_COORDINATES * t, p, constant, jet);
}

/* Coordinates of a form: the form table is host data, so the device derives the count from the form itself. */
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

Q2_DEVICE void q2_terms(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, t = batch->term_start[m] + minor;
  struct q2_jet jet;
  q2_load_term(batch, wave, m, t, &jet);
  q2_real *second = wave->second + slot * batch->max_pieces + batch->term_piece[t];
  q2_real *first = wave->first_derivative + slot * batch->max_pieces + batch->term_piece[t];
  const int coordinates = q2_form_coordinates(batch->term_form[t]);
  for (int a = 0, piece = 0; a < coordinates; a++) {
    for (int b = 0; b <= a; b++, piece++) {
      second[piece] = jet.second[piece];
      first[piece] = a == b ? jet.first[a] : 0;
    }
  }
}

/* A non-bonded pair's combined parameters and the pieces of its derivatives. */
struct q2_pair {
  q2_real epsilon, sigma;
  q2_real first, second;                 /* f', f'' */
  q2_real first_epsilon, second_epsilon; /* their derivatives in the pair's epsilon and sigma */
  q2_real first_sigma, second_sigma;
};

Q2_DEVICE void q2_evaluate_pair(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m, int i, int j, int64_t pair,
                                struct q2_pair *out) {
  const int64_t atom = batch->atom_start[m];
  const int32_t *row = batch->parameter_row + batch->parameter_start[m];
  const q2_real epsilon_i = wave->parameters[row[batch->atom_epsilon[atom + i]]];
  const q2_real epsilon_j = wave->parameters[row[batch->atom_epsilon[atom + j]]];
  const q2_real sigma_i = wave->parameters[row[batch->atom_sigma[atom + i]]];
  const q2_real sigma_j = wave->parameters[row[batch->atom_sigma[atom + j]]];
  const int kind = batch->pair_class[pair];
  const q2_real inverse = batch->pair_geometry[4 * pair + 3], inverse2 = inverse * inverse;
  out->epsilon = sqrt(epsilon_i * epsilon_j);
  out->sigma = batch->lorentz_berthelot ? (sigma_i + sigma_j) / 2 : sqrt(sigma_i * sigma_j);
  const q2_real x = out->sigma * inverse, x2 = x * x, x6 = x2 * x2 * x2, x12 = x6 * x6;
  const q2_real lj = 4 * batch->pair_scale[kind], inverse_sigma = out->sigma > 0 ? 1 / out->sigma : 0;
  const q2_real qq = batch->coulomb_scale[kind] * batch->charge[atom + i] * batch->charge[atom + j];
  out->first_epsilon = lj * (6 * x6 - 12 * x12) * inverse;
  out->second_epsilon = lj * (156 * x12 - 42 * x6) * inverse2;
  out->first_sigma = lj * out->epsilon * (36 * x6 - 144 * x12) * inverse * inverse_sigma;
  out->second_sigma = lj * out->epsilon * (1872 * x12 - 252 * x6) * inverse2 * inverse_sigma;
  out->first = out->epsilon * out->first_epsilon - qq * inverse2;
  out->second = out->epsilon * out->second_epsilon + 2 * qq * inverse2 * inverse;
}

/* 2. Hessian blocks (i, j), i = major > j = minor, and their transposes; kcal/mol/angstrom^2. */
Q2_DEVICE void q2_blocks(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  const int64_t m = wave->first + slot, pair = Q2_PAIR(major, minor);
  const int32_t *start = batch->pair_entry_start + batch->pair_start[m] + m + pair;
  const q2_real *second = wave->second + slot * batch->max_pieces, *first = wave->first_derivative + slot * batch->max_pieces;
  q2_real block[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int64_t e = batch->entry_start[m] + start[0]; e < batch->entry_start[m] + start[1]; e++) {
    const q2_real f2 = second[batch->entry_piece[e]], f1 = first[batch->entry_piece[e]];
    const q2_real *entry = batch->entry + Q2_ENTRY_REALS * e;
    for (int k = 0; k < 9; k++)
      block[k] += f2 * entry[k] + f1 * entry[9 + k];
  }
  if (batch->has_nonbonded && batch->pair_class[batch->pair_start[m] + pair] != Q2_PAIR_EXCLUDED) {
    struct q2_pair p;
    q2_evaluate_pair(batch, wave, m, (int)major, (int)minor, batch->pair_start[m] + pair, &p);
    const q2_real *geometry = batch->pair_geometry + 4 * (batch->pair_start[m] + pair);
    const q2_real across = p.first * geometry[3], along = p.second - across;
    for (int a = 0; a < 3; a++) {
      for (int b = 0; b < 3; b++)
        block[3 * a + b] -= along * geometry[a] * geometry[b] + (a == b ? across : 0);
    }
  }
  q2_real *hessian = wave->hessian + slot * q2_matrix(batch);
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++) {
      hessian[(3 * minor + b) * batch->ld + 3 * major + a] = block[3 * a + b];
      hessian[(3 * major + a) * batch->ld + 3 * minor + b] = block[3 * a + b];
    }
  }
}

/* 2. Hessian blocks (i, i), i = minor: minus the sum of the row's others. */
Q2_DEVICE void q2_diagonal(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                           int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot;
  q2_real *hessian = wave->hessian + slot * q2_matrix(batch);
  q2_real block[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int j = 0; j < batch->atom_count[m]; j++) {
    if (j == minor) continue;
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
  const q2_real *c = batch->householder_factor + (m * Q2_RIGID + minor) * ld;
  const q2_real *x = wave->rigid_product + (slot * Q2_RIGID + major) * ld;
  q2_real sum = 0;
  for (int row = 0; row < 3 * batch->atom_count[m]; row++)
    sum += c[row] * x[row];
  wave->small[slot * q2_small(batch) + Q2_RIGID * major + minor] = sum;
}

/* 3. Panels of the projection. Q'AQ = A - Y Z' - Z Y' with X = A C, S = C'X, Z = X - Y S / 2 (C = Y T): panel_left = [Y Z],
 * panel_right = [Z Y]. Element: column major < Q2_RIGID of Z, row minor. */
Q2_DEVICE void q2_panels(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  const int64_t m = wave->first + slot, ld = batch->ld;
  const q2_real *y = batch->householder + m * Q2_RIGID * ld;
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

/* 5. Frequency, residual and cotangent of eigenvalue minor. */
Q2_DEVICE void q2_frequencies(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, k = slot * batch->order + minor, rows = m * batch->order;
  q2_real derivative;
  const q2_real nu = q2_wavenumber(batch->wavenumber, wave->eigenvalue[k], &derivative);
  const int partner = minor < batch->mode_count[m] ? batch->mode_reference[rows + minor] : -1;
  wave->frequency[k] = nu;
  wave->residual[k] = 0;
  wave->cotangent[k] = 0;
  wave->residual_slope[k] = 0;
  if (partner >= 0) {
    const q2_real weight = batch->weight[rows + partner], difference = batch->reference[rows + partner] - nu;
    wave->residual[k] = weight * difference;
    wave->cotangent[k] = -2 * weight * weight * difference * derivative;
    wave->residual_slope[k] = -weight * derivative;
  }
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

/* 5. The molecule's sums, in order; and within a cluster of equal eigenvalues the mean cotangent, so that W depends on the
 * cluster's space alone. */
Q2_DEVICE void q2_sums(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  (void)major;
  (void)minor;
  const int64_t m = wave->first + slot, rows = m * batch->order;
  const int modes = batch->mode_count[m];
  const q2_real *lambda = wave->eigenvalue + slot * batch->order;
  q2_real *cotangent = wave->cotangent + slot * batch->order;
  q2_real loss = 0, square = 0;
  for (int k = 0; k < modes; k++) {
    const q2_real residual = wave->residual[slot * batch->order + k];
    const int partner = batch->mode_reference[rows + k];
    loss += residual * residual;
    if (partner >= 0 && batch->counted[rows + partner] != 0) {
      const q2_real difference = batch->reference[rows + partner] - wave->frequency[slot * batch->order + k];
      square += difference * difference;
    }
  }
  q2_average_clusters(lambda, modes, cotangent, 1);
  wave->loss[slot] = loss;
  wave->square[slot] = square;
}

/* 6. U = Q [0; V]: first [0; V], element row minor of column major. */
Q2_DEVICE void q2_expand(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  const int skip = batch->rigid_count[wave->first + slot];
  const q2_real *v = wave->vectors + slot * batch->ld_order * batch->order + major * batch->ld_order;
  wave->left[slot * batch->ld * batch->order + major * batch->ld + minor] = minor < skip ? 0 : v[minor - skip];
}

/* 6. left = M^-1/2 U, right = left diag(lambda-bar). */
Q2_DEVICE void q2_scale(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major, int64_t minor) {
  const int64_t m = wave->first + slot, element = slot * batch->ld * batch->order + major * batch->ld + minor;
  const q2_real u = wave->left[element] * batch->mass_weight[3 * batch->atom_start[m] + minor];
  wave->left[element] = u;
  wave->right[element] = u * wave->cotangent[slot * batch->order + major];
}

/* 7. block = 2 W_ij - W_ii - W_jj, with W in the Hessian's place, or W = u u' of a single mode. */
Q2_DEVICE void q2_cotangent_block(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t i, int64_t j,
                                  q2_real block[9]) {
  const int64_t ld = batch->ld;
  const q2_real *w = wave->hessian + slot * q2_matrix(batch);
  const q2_real *u = wave->left + slot * ld * batch->order + (wave->mode >= 0 ? wave->mode : 0) * ld, *ui = u + 3 * i,
                *uj = u + 3 * j;
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++) {
      block[3 * a + b] = wave->mode >= 0 ? 2 * ui[a] * uj[b] - ui[a] * ui[b] - uj[a] * uj[b]
                                         : 2 * w[(3 * j + b) * ld + 3 * i + a] - w[(3 * i + b) * ld + 3 * i + a] -
                                               w[(3 * j + b) * ld + 3 * j + a];
    }
  }
}

/* 7. Block (i, j) of the cotangent, i = major > j = minor: its share in every entry, and the non-bonded pair's cotangents. The
 * Hessian's place in `hessian` is taken by W. */
Q2_DEVICE void q2_blocks_back(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                              int64_t minor) {
  const int64_t m = wave->first + slot, pair = Q2_PAIR(major, minor);
  const int32_t *start = batch->pair_entry_start + batch->pair_start[m] + m + pair;
  const int bonded = start[1] > start[0];
  const int nonbonded = batch->nonbonded_varies && batch->pair_class[batch->pair_start[m] + pair] != Q2_PAIR_EXCLUDED;
  if (!bonded && !nonbonded) return;
  q2_real block[9];
  q2_cotangent_block(batch, wave, slot, major, minor, block);
  for (int64_t e = start[0]; e < start[1]; e++) {
    const q2_real *entry = batch->entry + Q2_ENTRY_REALS * (batch->entry_start[m] + e);
    q2_real second = 0, first = 0;
    for (int k = 0; k < 9; k++) {
      second += block[k] * entry[k];
      first += block[k] * entry[9 + k];
    }
    q2_real *bar = wave->entry_bar + 2 * (slot * batch->max_entries + e);
    bar[0] = second;
    bar[1] = first;
  }
  if (nonbonded) {
    struct q2_pair p;
    q2_evaluate_pair(batch, wave, m, (int)major, (int)minor, batch->pair_start[m] + pair, &p);
    const q2_real *geometry = batch->pair_geometry + 4 * (batch->pair_start[m] + pair);
    q2_real along = 0;
    for (int a = 0; a < 3; a++) {
      for (int b = 0; b < 3; b++)
        along -= geometry[a] * block[3 * a + b] * geometry[b];
    }
    const q2_real across = (-block[0] - block[4] - block[8] - along) * geometry[3];
    q2_real *bar = wave->pair_bar + 2 * (slot * batch->max_pairs + pair);
    bar[0] = along * p.second_epsilon + across * p.first_epsilon;
    bar[1] = along * p.second_sigma + across * p.first_sigma;
  }
}

/* 7. dL/dp of term minor, for each of its parameters: sum over its pieces of the cotangents of f_ab and f_a times their
 * derivatives. */
Q2_DEVICE void q2_terms_back(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                             int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, t = batch->term_start[m] + minor;
  const int coordinates = q2_form_coordinates(batch->term_form[t]), parameters = q2_form_parameters(batch->term_form[t]);
  struct q2_jet jet;
  q2_load_term(batch, wave, m, t, &jet);
  q2_real sum[Q2_MAX_PARAMETERS] = {0};
  for (int a = 0, piece = 0; a < coordinates; a++) {
    for (int b = 0; b <= a; b++, piece++) {
      const int32_t *start = batch->piece_entry_start + batch->piece_start[m] + m + batch->term_piece[t] + piece;
      q2_real second = 0, first = 0;
      for (int e = start[0]; e < start[1]; e++) {
        const q2_real *bar = wave->entry_bar + 2 * (slot * batch->max_entries + batch->piece_entry[batch->entry_start[m] + e]);
        second += bar[0];
        first += bar[1];
      }
      for (int s = 0; s < parameters; s++) {
        sum[s] += second * jet.second_p[s][piece];
        if (a == b) sum[s] += first * jet.first_p[s][a];
      }
    }
  }
  for (int s = 0; s < parameters; s++)
    wave->derivative[slot * q2_derivatives(batch) + Q2_MAX_PARAMETERS * minor + s] = sum[s];
}

/* 7. dL/d epsilon and dL/d sigma of atom minor, through the combining rule, over its partners. Where a mean of zero is taken
 * the derivative of the square root has no value; zero stands there (the table of kinds keeps active epsilons above zero). */
Q2_DEVICE void q2_atoms_back(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                             int64_t minor) {
  (void)major;
  const int64_t m = wave->first + slot, atom = batch->atom_start[m];
  const int32_t *row = batch->parameter_row + batch->parameter_start[m];
  const q2_real epsilon = wave->parameters[row[batch->atom_epsilon[atom + minor]]];
  const q2_real sigma = wave->parameters[row[batch->atom_sigma[atom + minor]]];
  q2_real epsilon_bar = 0, sigma_bar = 0;
  for (int64_t j = 0; j < batch->atom_count[m]; j++) {
    if (j == minor) continue;
    const int64_t pair = j < minor ? Q2_PAIR(minor, j) : Q2_PAIR(j, minor);
    if (batch->pair_class[batch->pair_start[m] + pair] == Q2_PAIR_EXCLUDED) continue;
    const q2_real *bar = wave->pair_bar + 2 * (slot * batch->max_pairs + pair);
    const q2_real epsilon_j = wave->parameters[row[batch->atom_epsilon[atom + j]]];
    const q2_real sigma_j = wave->parameters[row[batch->atom_sigma[atom + j]]];
    epsilon_bar += epsilon > 0 ? bar[0] * sqrt(epsilon_j / epsilon) / 2 : 0;
    sigma_bar += batch->lorentz_berthelot ? bar[1] / 2 : sigma > 0 ? bar[1] * sqrt(sigma_j / sigma) / 2 : 0;
  }
  q2_real *derivative =
      wave->derivative + slot * q2_derivatives(batch) + Q2_MAX_PARAMETERS * (batch->term_start[m + 1] - batch->term_start[m]);
  derivative[minor] = epsilon_bar;
  derivative[batch->atom_count[m] + minor] = sigma_bar;
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
  (wave->mode >= 0 ? wave->gradient_of_mode : wave->gradient)[slot * batch->max_parameters + minor] = sum;
}

/* How far a kernel's loops run for molecule m of a batch; m = -1: for any molecule, as a launch over padded sizes needs it. */
#define Q2_COUNT(START, MAX) (m < 0 ? (MAX) : (START)[m + 1] - (START)[m])
#define Q2_ATOMS (m < 0 ? batch->atoms : batch->atom_count[m])
#define Q2_ORDER (m < 0 ? batch->order : q2_order(batch, wave, m))

/* identifier, stage (src/objective.h), function, majors, minors (may use `major`) */
#define Q2_KERNELS(ROW)                                                                                                        \
  ROW(TERMS, TERMS, q2_terms, 1, Q2_COUNT(batch->term_start, batch->max_terms))                                                \
  ROW(BLOCKS, HESSIAN, q2_blocks, Q2_ATOMS, m < 0 ? batch->atoms : major)                                                      \
  ROW(DIAGONAL, HESSIAN, q2_diagonal, 1, Q2_ATOMS)                                                                             \
  ROW(MASS_WEIGHT, HESSIAN, q2_mass_weight, 3 * Q2_ATOMS, 3 * Q2_ATOMS)                                                        \
  ROW(RIGID_SQUARE, PROJECT, q2_rigid_square, Q2_RIGID, Q2_RIGID)                                                              \
  ROW(PANELS, PROJECT, q2_panels, Q2_RIGID, 3 * Q2_ATOMS)                                                                      \
  ROW(TRAILING, PROJECT, q2_trailing, Q2_ORDER, Q2_ORDER)                                                                      \
  ROW(PADDING_BOUND, PROJECT, q2_padding_bound, 1, Q2_ORDER)                                                                   \
  ROW(PADDING, PROJECT, q2_padding, 1, Q2_ORDER)                                                                               \
  ROW(FREQUENCIES, OBSERVABLES, q2_frequencies, 1, Q2_ORDER)                                                                   \
  ROW(SUMS, OBSERVABLES, q2_sums, 1, 1)                                                                                        \
  ROW(EXPAND, COTANGENT, q2_expand, Q2_ORDER, 3 * Q2_ATOMS)                                                                    \
  ROW(SCALE, COTANGENT, q2_scale, Q2_ORDER, 3 * Q2_ATOMS)                                                                      \
  ROW(BLOCKS_BACK, PARAMETERS, q2_blocks_back, Q2_ATOMS, m < 0 ? batch->atoms : major)                                         \
  ROW(TERMS_BACK, PARAMETERS, q2_terms_back, 1, Q2_COUNT(batch->term_start, batch->max_terms))                                 \
  ROW(ATOMS_BACK, PARAMETERS, q2_atoms_back, 1, Q2_ATOMS)                                                                      \
  ROW(GATHER, PARAMETERS, q2_gather, 1, Q2_COUNT(batch->parameter_start, batch->max_parameters))

#define Q2_KERNEL_IDENTIFIER(ID, ...) Q2_KERNEL_##ID,
enum q2_kernel { Q2_KERNELS(Q2_KERNEL_IDENTIFIER) Q2_KERNEL_COUNT };
#undef Q2_KERNEL_IDENTIFIER

#endif
