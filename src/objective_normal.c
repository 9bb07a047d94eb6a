/* The exact Jacobian of the residuals, molecule by molecule, and its share in J'J.
 *
 * A residual is w (reference - v), hence dr/dp = -w dv/dp, and dv/dp is what the backward kernels give for the derivatives of v
 * in Hessian, gradient and geometry (a probe). Of a wavenumber, dv/dp = dnu/dlambda dlambda/dp with the cotangent u u' of a
 * single mode; inside a cluster of equal eigenvalues dlambda/dp is the cluster's mean, as in the gradient. Rows are made a
 * block at a time, and each block's square is added up. */
#include <cblas.h>
#include <string.h>

#include "objective_state.h"

static double *jacobian_row(const struct q2_objective *objective, const struct worker *worker, const struct q2_batch *batch,
                            int64_t slot, int64_t row) {
  return worker->jacobian + (slot * objective->jacobian_rows + row) * batch->max_parameters;
}

static double *square_of(const struct worker *worker, const struct q2_batch *batch, int64_t slot) {
  return worker->square + slot * batch->max_parameters * batch->max_parameters;
}

/* Adds the square of the rows in slot's block to its lower triangle by columns, and empties the block. */
static void add_block(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch, int64_t slot) {
  const int64_t m = worker->wave.first + slot;
  const int count = (int)(batch->parameter_start[m + 1] - batch->parameter_start[m]), ld = (int)batch->max_parameters;
  if (count > 0 && worker->rows[slot] > 0)
    cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, count, (int)worker->rows[slot], 1,
                jacobian_row(objective, worker, batch, slot, 0), ld, 1, square_of(worker, batch, slot),
                ld); /* by columns: [max_parameters][rows] */
  worker->rows[slot] = 0;
}

/* Appends the derivative of what is probed to slot's block. */
static double *append_row(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch, int64_t slot) {
  double *row = jacobian_row(objective, worker, batch, slot, worker->rows[slot]++);
  memcpy(row, worker->wave.gradient_of_probe + slot * batch->max_parameters, (size_t)batch->max_parameters * sizeof *row);
  return row;
}

static void scale_row(double *row, int64_t count, double factor) {
  for (int64_t p = 0; p < count; p++)
    row[p] *= factor;
}

/* The rows of all wavenumbers. */
static void add_modes(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch) {
  struct q2_wave *wave = &worker->wave;
  wave->probe = Q2_PROBE_MODE;
  for (wave->probed = 0; wave->probed < batch->order; wave->probed++) {
    q2_differentiate_probe(objective->backend, batch, wave);
    for (int64_t slot = 0; slot < wave->count; slot++) {
      if (wave->probed < batch->mode_count[wave->first + slot]) append_row(objective, worker, batch, slot);
    }
  }
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot;
    const int modes = batch->mode_count[m];
    double *block = jacobian_row(objective, worker, batch, slot, 0);
    for (int64_t p = 0; p < batch->max_parameters; p++)
      q2_average_clusters(wave->eigenvalue + slot * batch->order, modes, block + p, batch->max_parameters);
    for (int k = 0; k < modes; k++) {
      const int partner = batch->mode_reference[m * batch->order + k];
      const int row = partner >= 0 ? batch->mode_residual[m * batch->order + partner] : -1;
      const double weight = row >= 0 ? batch->residual[batch->residual_start[m] + row].weight : 0;
      scale_row(block + k * batch->max_parameters, batch->max_parameters,
                -weight * wave->frequency_slope[slot * batch->order + k]);
    }
    add_block(objective, worker, batch, slot);
  }
}

/* Whether row `row` of slot's molecule is found by a probe of its own. */
static int is_probed(const struct q2_batch *batch, int64_t m, int64_t row) {
  if (row >= batch->residual_start[m + 1] - batch->residual_start[m]) return 0;
  const struct q2_residual *residual = &batch->residual[batch->residual_start[m] + row];
  const enum q2_made_of made_of = q2_observables[residual->observable].made_of;
  return residual->weight != 0 && made_of != Q2_MADE_OF_MODE && made_of != Q2_MADE_OF_ENERGY;
}

/* The rows of everything else but energies, which concern two molecules. Which rows share a block depends on the molecule
 * alone: so do the bits of its square. */
static void add_probes(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch) {
  struct q2_wave *wave = &worker->wave;
  wave->probe = Q2_PROBE_RESIDUAL;
  for (wave->probed = 0; wave->probed < batch->max_residuals; wave->probed++) {
    int wanted = 0;
    for (int64_t slot = 0; slot < wave->count; slot++)
      wanted |= is_probed(batch, wave->first + slot, wave->probed);
    if (wanted) q2_differentiate_probe(objective->backend, batch, wave);
    for (int64_t slot = 0; wanted && slot < wave->count; slot++) {
      const int64_t m = wave->first + slot;
      if (!is_probed(batch, m, wave->probed)) continue;
      scale_row(append_row(objective, worker, batch, slot), batch->max_parameters,
                -batch->residual[batch->residual_start[m] + wave->probed].weight);
      if (worker->rows[slot] == objective->jacobian_rows) add_block(objective, worker, batch, slot);
    }
  }
  for (int64_t slot = 0; slot < wave->count; slot++)
    add_block(objective, worker, batch, slot);
}

void q2_make_normal(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch) {
  memset(worker->square, 0,
         (size_t)(worker->wave.count * batch->max_parameters * batch->max_parameters) * sizeof *worker->square);
  memset(worker->rows, 0, (size_t)worker->wave.count * sizeof *worker->rows);
  if (batch->has_modes) add_modes(objective, worker, batch);
  add_probes(objective, worker, batch);
  worker->wave.probe = Q2_PROBE_LOSS;
}

/* --- sums --- */

/* Calls `use` for every element of a J'J of `count` rows of the parameter table; stops where it returns 0. square: lower
 * triangle by columns, `ld` apart. */
static int each_element(const struct q2_objective *objective, int64_t *limbs, int64_t count, const int32_t *row,
                        const double *square, int64_t ld, int (*use)(int64_t *limbs, double x)) {
  int64_t *sums = limbs + (SUM_GRADIENT + objective->parameter_count) * Q2_LIMBS;
  for (int64_t b = 0; b < count; b++) {
    const int64_t vb = objective->options.normal_variable_of[row[b]];
    for (int64_t a = b; vb >= 0 && a < count; a++) {
      const int64_t va = objective->options.normal_variable_of[row[a]];
      if (va < 0) continue;
      const double x =
          square[b * ld + a] * (va == vb && a != b ? 2 : 1); /* two rows of one variable meet twice on the diagonal */
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
  const int64_t m = worker->wave.first + slot, count = batch->parameter_start[m + 1] - batch->parameter_start[m];
  const int32_t *row = batch->parameter_row + batch->parameter_start[m];
  const double *square = square_of(worker, batch, slot);
  return each_element(objective, worker->limbs, count, row, square, batch->max_parameters, fits) &&
         each_element(objective, worker->limbs, count, row, square, batch->max_parameters, add);
}

/* One row's outer product, element by element: dr/dp = -w (dE/dp of the molecule - dE/dp of the other one). */
static int add_energy_row(struct q2_objective *objective, const struct q2_energy_row *row) {
  const struct q2_energies *energies = &objective->energies;
  const int *variable_of = objective->options.normal_variable_of, count = objective->parameter_count;
  const double *one = objective->energy_slope + row->molecule * count, *other = objective->energy_slope + row->against * count;
  int64_t *sums = objective->worker[0].limbs + (int64_t)(SUM_GRADIENT + count) * Q2_LIMBS;
  if (!isfinite(energies->energy[row->molecule] - energies->energy[row->against])) return 1;
  for (int b = 0; b < count; b++) {
    const double slope_b = -row->weight * (one[b] - other[b]);
    const int64_t vb = variable_of[b];
    if (vb < 0 || slope_b == 0) continue;
    for (int a = b; a < count; a++) {
      const double x = slope_b * -row->weight * (one[a] - other[a]);
      const int64_t va = variable_of[a];
      if (va < 0 || x == 0) continue;
      if (!q2_accumulable(x)) return 0;
      q2_accumulate(sums + (va >= vb ? Q2_TRIANGLE(va, vb) : Q2_TRIANGLE(vb, va)) * Q2_LIMBS, va == vb && a != b ? 2 * x : x);
    }
  }
  return 1;
}

int q2_add_energies(struct q2_objective *objective) {
  int rank, ranks, good = 1;
  MPI_Comm_rank(objective->comm, &rank);
  MPI_Comm_size(objective->comm, &ranks);
  for (int64_t r = rank; r < objective->energies.row_count; r += ranks)
    good = add_energy_row(objective, &objective->energies.row[r]) && good;
  return good;
}
