/* Claims: kernels in float32 and in float64 read batches and waves of one layout; a backend in mixed precision whose mode is
 * fp64 gives the bits of its base; every mode's vibrations are within the bound of docs/precision.md and its gradient close,
 * and none of them is float64 in disguise; modes and parameters can be changed between evaluations; in every mode the bits do
 * not depend on ranks, threads and waves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/cpu_kernels.h"
#include "../kernels/precision.h"
#include "../src/precision_errors.h"
#include "check.h"
#include "problem.h"
#include "synthetic.h"

enum { MOLECULES = 30, ROWS = Q2_SYNTHETIC_PARAMETERS };

static int variable_of[ROWS];

/* What one evaluation gives. */
struct outcome {
  struct q2_evaluation evaluation;
  double gradient[ROWS], square[ROWS * ROWS];
  struct q2_look look;
};

static void open_modes(struct problem *problem, MPI_Comm comm, const int *modes, int count,
                       struct q2_objective_options options) {
  options.precision = modes;
  options.precision_count = count;
  options.normal_count = ROWS;
  options.normal_variable_of = variable_of;
  open_problem(problem, comm, MOLECULES, 1, (struct q2_plan_options){0}, options);
}

static void evaluate(struct problem *problem, struct outcome *outcome) {
  struct q2_error error = {""};
  const double *p = problem->dataset.parameters.value;
  CHECK(q2_objective_normal(problem->objective, p, &outcome->evaluation, outcome->gradient, outcome->square, &error) == Q2_OK,
        "%s", error.text);
  CHECK(outcome->evaluation.failed_molecules == 0);
  CHECK(q2_objective_look(problem->objective, p, &outcome->look, &error) == Q2_OK, "%s", error.text);
}

static int same(const struct outcome *a, const struct outcome *b) {
  return memcmp(&a->evaluation.loss, &b->evaluation.loss, sizeof(double)) == 0 &&
         memcmp(a->gradient, b->gradient, sizeof a->gradient) == 0 && memcmp(a->square, b->square, sizeof a->square) == 0;
}

static void one_layout(void) {
  CHECK(q2_cpu_kernels_f64.batch_bytes == q2_cpu_kernels_f32.batch_bytes);
  CHECK(q2_cpu_kernels_f64.wave_bytes == q2_cpu_kernels_f32.wave_bytes);
  CHECK(q2_cpu_kernels_f32.array_element[Q2_WAVE_hessian] == sizeof(float));
  CHECK(q2_cpu_kernels_f32.table_element[Q2_TABLE_entry] == sizeof(float));
  CHECK(q2_cpu_kernels_f32.table_element[Q2_TABLE_position] == sizeof(double), "the geometry is differentiated in float64");
  CHECK(q2_cpu_kernels_f32.table_element[Q2_TABLE_residual] == q2_cpu_kernels_f64.table_element[Q2_TABLE_residual]);
}

static double norm(const double *a, const double *b, int64_t count, const double *scale) {
  double sum = 0;
  for (int64_t k = 0; k < count; k++) {
    const double x = (a[k] - (b ? b[k] : 0)) * (scale ? scale[k] : 1);
    sum += x * x;
  }
  return sqrt(sum);
}

/* Whether every element is a float. */
static int all_floats(const double *values, int64_t count) {
  int64_t floats = 0;
  for (int64_t k = 0; k < count; k++)
    floats += values[k] == (double)(float)values[k];
  return floats == count;
}

/* The error of nu |nu| as a part of its bound (docs/precision.md). */
static double bound_ratio(const struct q2_look *full, const struct q2_look *other) {
  double worst = 0;
  for (int64_t m = 0; m < full->molecule_count; m++) {
    double largest = 0, error = 0;
    for (int64_t k = full->mode_offset[m]; k < full->mode_offset[m + 1]; k++) {
      const double a = full->wavenumber[k], b = other->wavenumber[k];
      largest = fmax(largest, fabs(a));
      error = fmax(error, fabs(b * fabs(b) - a * fabs(a)));
    }
    if (largest > 0)
      worst = fmax(worst, error / q2_precision_bound((int)(full->mode_offset[m + 1] - full->mode_offset[m]), largest));
  }
  return worst;
}

/* What holds of a mode: the largest bound_ratio and error of the gradient, and the least one, 0: none. */
struct expectation {
  int mode;
  double ratio, gradient, least_ratio, least_gradient;
};

static void as_close_as_told(void) {
  static const struct expectation expected[] = {
      {Q2_MODE_FP32, 1, 1e-4, 1e-3, 1e-8},         {Q2_MODE_HESSIAN32, 1, 1e-4, 1e-3, 1e-8},
      {Q2_MODE_EIGEN32, 1, 1e-4, 1e-3, 1e-8},      {Q2_MODE_FP32_QUOTIENTS, 1, 1e-4, 1e-3, 1e-8},
      {Q2_MODE_QUOTIENTS, 0.1, 1e-4, 1e-12, 1e-8}, {Q2_MODE_REFINED, 1e-5, 1e-9, 0, 1e-17}};
  struct problem problem;
  struct outcome *full = calloc(1, sizeof *full), *other = calloc(1, sizeof *other);
  open_modes(&problem, MPI_COMM_SELF, NULL, 0, (struct q2_objective_options){.threads = 1});
  evaluate(&problem, full);
  const double *scale = problem.dataset.parameters.scale;
  for (size_t e = 0; e < sizeof expected / sizeof *expected; e++) {
    const struct expectation *x = &expected[e];
    struct problem mixed;
    open_modes(&mixed, MPI_COMM_SELF, &x->mode, 1, (struct q2_objective_options){.threads = 1});
    evaluate(&mixed, other);
    double inverse[ROWS];
    for (int p = 0; p < ROWS; p++)
      inverse[p] = scale[p];
    const double ratio = bound_ratio(&full->look, &other->look),
                 gradient = norm(other->gradient, full->gradient, ROWS, inverse) / norm(full->gradient, NULL, ROWS, inverse),
                 square = norm(other->square, full->square, ROWS * ROWS, NULL) / norm(full->square, NULL, ROWS * ROWS, NULL);
    const int64_t elements = full->look.hessian_offset[full->look.molecule_count];
    printf("%-16s bound ratio %.2e, gradient %.2e, J'J %.2e\n", q2_precision_modes[x->mode].name, ratio, gradient, square);
    CHECK(ratio <= x->ratio && ratio >= x->least_ratio, "%s: %.3g", q2_precision_modes[x->mode].name, ratio);
    CHECK(gradient <= x->gradient && gradient >= x->least_gradient, "%s: %.3g", q2_precision_modes[x->mode].name, gradient);
    CHECK(square <= 100 * x->gradient, "%s: J'J %.3g", q2_precision_modes[x->mode].name, square);
    CHECK(all_floats(other->look.hessian, elements) == q2_precision_modes[x->mode].single[Q2_PART_HESSIAN],
          "%s: the Hessian's precision", q2_precision_modes[x->mode].name);
    q2_look_free(&other->look);
    close_problem(&mixed);
  }
  q2_look_free(&full->look);
  close_problem(&problem);
  free(full);
  free(other);
}

/* fp64 by way of the mixed backend has the bits of plain float64, also after evaluations in another mode, and so has that one.
 */
static void modes_change(void) {
  static const int modes[] = {Q2_MODE_FP32, Q2_MODE_FP64, Q2_MODE_REFINED, Q2_MODE_QUOTIENTS};
  enum { MODES = sizeof modes / sizeof *modes };
  struct problem plain, mixed;
  struct outcome *full = calloc(1, sizeof *full), *now = calloc(2, sizeof *now);
  struct q2_error error;
  open_modes(&plain, MPI_COMM_SELF, NULL, 0, (struct q2_objective_options){.threads = 2, .wave_molecules = 5});
  open_modes(&mixed, MPI_COMM_SELF, modes, MODES, (struct q2_objective_options){.threads = 2, .wave_molecules = 5});
  evaluate(&plain, full);
  for (int k = 0; k < MODES; k++) {
    struct q2_evaluation alone;
    q2_objective_set_precision(mixed.objective, modes[k]);
    evaluate(&mixed, &now[0]);
    q2_look_free(&now[0].look);
    CHECK(same(&now[0], full) == (modes[k] == Q2_MODE_FP64), "mode %s", q2_precision_modes[modes[k]].name);
    /* only the loss, then another mode, then back */
    CHECK(q2_objective_evaluate(mixed.objective, mixed.dataset.parameters.value, &alone, NULL, &error) == Q2_OK);
    CHECK(modes[k] == Q2_MODE_QUOTIENTS || fabs(alone.loss - now[0].evaluation.loss) <= 1e-5 * alone.loss);
    q2_objective_set_precision(mixed.objective, modes[(k + 1) % MODES]);
    evaluate(&mixed, &now[1]);
    q2_look_free(&now[1].look);
    q2_objective_set_precision(mixed.objective, modes[k]);
    evaluate(&mixed, &now[1]);
    q2_look_free(&now[1].look);
    CHECK(same(&now[0], &now[1]), "mode %s after another", q2_precision_modes[modes[k]].name);
  }
  q2_look_free(&full->look);
  close_problem(&plain);
  close_problem(&mixed);
  free(full);
  free(now);
}

/* An evaluation knows nothing of the parameters of the one before. */
static void parameters_change(int mode) {
  struct problem first, second;
  struct outcome *moved = calloc(2, sizeof *moved);
  struct q2_error error;
  double other[ROWS];
  open_modes(&first, MPI_COMM_SELF, &mode, 1, (struct q2_objective_options){.threads = 1});
  open_modes(&second, MPI_COMM_SELF, &mode, 1, (struct q2_objective_options){.threads = 1});
  for (int p = 0; p < ROWS; p++)
    other[p] = first.dataset.parameters.value[p] * (1 + 0.001 * (p % 7));
  CHECK(q2_objective_evaluate(first.objective, first.dataset.parameters.value, &moved[0].evaluation, moved[0].gradient,
                              &error) == Q2_OK);
  CHECK(q2_objective_evaluate(first.objective, other, &moved[0].evaluation, moved[0].gradient, &error) == Q2_OK);
  CHECK(q2_objective_evaluate(second.objective, other, &moved[1].evaluation, moved[1].gradient, &error) == Q2_OK);
  CHECK(same(&moved[0], &moved[1]), "mode %s at other parameters", q2_precision_modes[mode].name);
  close_problem(&first);
  close_problem(&second);
  free(moved);
}

static void same_bits(MPI_Comm comm, int mode, FILE *bits) {
  static const struct q2_objective_options cuts[] = {{.threads = 1},
                                                     {.threads = 3, .wave_molecules = 4},
                                                     {.threads = 2, .wave_molecules = 50},
                                                     {.threads = 2, .wave_molecules = 1}};
  struct outcome *reference = calloc(1, sizeof *reference), *now = calloc(1, sizeof *now);
  for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
    struct problem problem;
    open_modes(&problem, comm, &mode, 1, cuts[c]);
    evaluate(&problem, c == 0 ? reference : now);
    q2_look_free(c == 0 ? &reference->look : &now->look);
    if (c > 0) CHECK(same(reference, now), "mode %s, cut %d", q2_precision_modes[mode].name, (int)c);
    close_problem(&problem);
  }
  if (bits) {
    fwrite(&reference->evaluation.loss, sizeof(double), 1, bits);
    fwrite(reference->gradient, sizeof reference->gradient, 1, bits);
    fwrite(reference->square, sizeof reference->square, 1, bits);
  }
  free(reference);
  free(now);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int row = 0; row < ROWS; row++)
    variable_of[row] = row;
  one_layout();
  if (rank == 0) {
    as_close_as_told();
    modes_change();
    for (int mode = Q2_MODE_FP32; mode < Q2_NAMED_MODES; mode++)
      parameters_change(mode);
  }
  FILE *bits = argc > 1 && rank == 0 ? fopen(argv[1], "wb") : NULL;
  for (int mode = Q2_MODE_FP32; mode < Q2_NAMED_MODES; mode++)
    same_bits(MPI_COMM_WORLD, mode, bits);
  if (bits) fclose(bits);
  int failures = check_result();
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return failures;
}
