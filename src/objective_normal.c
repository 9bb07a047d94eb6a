/* The exact Jacobian of the residuals, molecule by molecule, and its share in J'J.
 *
 * Residual k of a molecule is w (nu_ref - nu_k), hence dr_k/dp = -w dnu/dlambda_k dlambda_k/dp, and dlambda_k/dp = u_k' dH/dp
 * u_k is what the backward kernels give for the cotangent u_k u_k' of a single mode. Inside a cluster of equal eigenvalues
 * every row is the cluster's mean, as in the gradient. */
#include <cblas.h>
#include <string.h>

#include "objective_state.h"

/* dlambda/dp of every mode of the wave's molecules, by row of each molecule's parameter list. */
void q2_make_jacobian(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch) {
  struct q2_wave *wave = &worker->wave;
  const int64_t stride = batch->order * batch->max_parameters;
  for (int k = 0; k < batch->order; k++) {
    wave->mode = k;
    q2_differentiate_mode(objective->backend, batch, wave);
    for (int64_t slot = 0; slot < wave->count; slot++) {
      if (k >= batch->mode_count[wave->first + slot]) continue;
      memcpy(worker->jacobian + slot * stride + k * batch->max_parameters,
             wave->gradient_of_mode + slot * batch->max_parameters, (size_t)batch->max_parameters * sizeof *worker->jacobian);
    }
  }
  wave->mode = -1;
}

/* Calls `use` for every element of the molecule's share of J'J; stops where it returns 0. square: lower triangle by columns. */
static int each_element(const struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch, int64_t slot,
                        const double *square, int (*use)(int64_t *limbs, double x)) {
  const int64_t m = worker->wave.first + slot, count = batch->parameter_start[m + 1] - batch->parameter_start[m];
  const int32_t *row = batch->parameter_row + batch->parameter_start[m];
  int64_t *sums = worker->limbs + (SUM_GRADIENT + objective->parameter_count) * Q2_LIMBS;
  for (int64_t b = 0; b < count; b++) {
    const int64_t vb = objective->options.normal_variable_of[row[b]];
    for (int64_t a = b; vb >= 0 && a < count; a++) {
      const int64_t va = objective->options.normal_variable_of[row[a]];
      if (va < 0) continue;
      const double x = square[b * batch->max_parameters + a] *
                       (va == vb && a != b ? 2 : 1); /* two rows of one variable meet twice on the diagonal */
      if (!use(sums + (va >= vb ? Q2_TRIANGLE(va, vb) : Q2_TRIANGLE(vb, va)) * Q2_LIMBS, x)) return 0;
    }
  }
  return 1;
}

static int fits(int64_t *limbs, double x) {
  (void)limbs;
  return q2_accumulable(x);
}

static int add(int64_t *limbs, double x) {
  q2_accumulate(limbs, x);
  return 1;
}

int q2_add_normal(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch, int64_t slot) {
  const struct q2_wave *wave = &worker->wave;
  const int modes = batch->mode_count[wave->first + slot];
  double *jacobian = worker->jacobian + slot * batch->order * batch->max_parameters;
  for (int64_t p = 0; p < batch->max_parameters; p++)
    q2_average_clusters(wave->eigenvalue + slot * batch->order, modes, jacobian + p, batch->max_parameters);
  for (int k = 0; k < modes; k++) {
    const double scale = wave->residual_slope[slot * batch->order + k];
    for (int64_t p = 0; p < batch->max_parameters; p++)
      jacobian[k * batch->max_parameters + p] *= scale;
  }
  const int64_t m = wave->first + slot;
  const int count = (int)(batch->parameter_start[m + 1] - batch->parameter_start[m]), ld = (int)batch->max_parameters;
  if (count == 0 || modes == 0) return 1;
  cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, count, modes, 1, jacobian, ld, 0, worker->square,
              ld); /* by columns: [max_parameters][modes] */
  return each_element(objective, worker, batch, slot, worker->square, fits) &&
         each_element(objective, worker, batch, slot, worker->square, add);
}
