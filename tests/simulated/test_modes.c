/* Claim: in every precision mode the CUDA backend gives what the CPU gives in it: Hessians, wavenumbers, loss, gradient and
 * J'J, of all observables, given call by call and as graphs; and it rounds what the CPU rounds. Both decompose padded matrices.
 * What is left is that sums in matrix products have other orders: where products or eigen-solver are in float32, the two differ
 * by no more than the mode does from float64, and elsewhere by float64's rounding. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernels/precision.h"
#include "../../src/objective.h"
#include "../../src/precision_errors.h"
#include "../check.h"
#include "../observed.h"
#include "../synthetic.h"

/* Evaluations: the second one is captured, the third one is repeated; parameters change between them. */
enum { MOST = 160, EVALUATIONS = 3, MOLECULES = 8, WAVE = 4, ROWS = Q2_SYNTHETIC_PARAMETERS + Q2_OBSERVED_EXTRA };
enum { EVERYTHING = (1 << Q2_OBSERVABLE_COUNT) - 1 };

struct outcome {
  double loss[EVALUATIONS], gradient[EVALUATIONS * ROWS], square[ROWS * ROWS];
  struct q2_look look;
};

static int variable_of[MOST];

/* mode -1: float64 without the backend that mixes. */
static void evaluate(const char *backend, int kinds, int mode, struct outcome *outcome) {
  struct problem problem;
  struct q2_error error = {""};
  struct q2_evaluation evaluation;
  double parameters[MOST], gradient[MOST];
  const struct q2_plan_options plan = {.chunk_bytes = 60000};
  const struct q2_objective_options options = {.threads = 1,
                                               .wave_molecules = WAVE,
                                               .padded_eigensolver = 1,
                                               .precision = &mode,
                                               .precision_count = mode >= 0,
                                               .normal_count = ROWS,
                                               .normal_variable_of = variable_of};
  setenv("Q2HPC_TEST_BACKEND", backend, 1); /* what finish_problem opens */
  open_observed(&problem, MPI_COMM_WORLD, MOLECULES, kinds, 1, plan, options);
  CHECK(strcmp(problem.backends.backend->name, backend) == 0, "%s computes", problem.backends.backend->name);
  memcpy(parameters, problem.dataset.parameters.value, ROWS * sizeof *parameters);
  for (int e = 0; e < EVALUATIONS; e++) {
    CHECK(q2_objective_evaluate(problem.objective, parameters, &evaluation, outcome->gradient + ROWS * e, &error) == Q2_OK,
          "%s", error.text);
    CHECK(evaluation.failed_molecules == 0);
    outcome->loss[e] = evaluation.loss;
    for (int row = 0; row < ROWS; row += 3)
      parameters[row] *= 1.001;
    q2_objective_follow(problem.objective, parameters);
  }
  for (int e = 0; e < 3; e++)
    CHECK(q2_objective_normal(problem.objective, parameters, &evaluation, gradient, outcome->square, &error) == Q2_OK, "%s",
          error.text);
  CHECK(q2_objective_look(problem.objective, parameters, &outcome->look, &error) == Q2_OK, "%s", error.text);
  close_problem(&problem);
}

static double norm(const double *a, const double *b, int64_t count) {
  double sum = 0;
  for (int64_t k = 0; k < count; k++)
    sum += (a[k] - (b ? b[k] : 0)) * (a[k] - (b ? b[k] : 0));
  return sqrt(sum);
}

/* |a - b| as a part of |b|. */
static double distance(const double *a, const double *b, int64_t count) { return norm(a, b, count) / norm(b, NULL, count); }

/* The largest difference of nu |nu| as a part of its bound (docs/precision.md). */
static double mode_distance(const struct q2_look *one, const struct q2_look *other) {
  double worst = 0;
  for (int64_t m = 0; m < one->molecule_count; m++) {
    const int64_t first = one->mode_offset[m], end = one->mode_offset[m + 1];
    double largest = 0, difference = 0;
    for (int64_t k = first; k < end; k++) {
      const double a = one->wavenumber[k], b = other->wavenumber[k];
      largest = fmax(largest, fabs(a));
      difference = fmax(difference, fabs(b * fabs(b) - a * fabs(a)));
    }
    if (end > first) worst = fmax(worst, difference / q2_precision_bound((int)(end - first), largest));
  }
  return worst;
}

/* How far two outcomes are from one another. */
struct distances {
  double hessian, modes, loss, gradient, square;
};

static struct distances compare(const struct outcome *one, const struct outcome *other) {
  const struct q2_look *look = &one->look;
  return (struct distances){distance(look->hessian, other->look.hessian, look->hessian_offset[look->molecule_count]),
                            mode_distance(look, &other->look), distance(one->loss, other->loss, EVALUATIONS),
                            distance(one->gradient, other->gradient, EVALUATIONS * ROWS),
                            distance(one->square, other->square, ROWS * ROWS)};
}

/* What float64 leaves of differences in the order of sums, here; wavenumbers as a part of float32's bound. */
static const struct distances rounding = {1e-14, 1e-6, 1e-12, 1e-11, 1e-11};

#define CLOSE(FIELD, OFTEN)                                                                                                    \
  CHECK(between.FIELD <= OFTEN * error.FIELD + rounding.FIELD,                                                                 \
        "%s: " #FIELD " differs by %.2e from the CPU's, which is %.2e from float64's", name, between.FIELD, error.FIELD);      \
  CHECK(cuda.FIELD >= error.FIELD / 10 - rounding.FIELD, "%s: " #FIELD " is %.2e from float64's, that of the CPU %.2e", name,  \
        cuda.FIELD, error.FIELD)

static void same_in_mode(int kinds, int mode, const struct outcome *full, int simulated) {
  const char *name = q2_precision_modes[mode].name;
  struct outcome *here = calloc(2, sizeof *here), *there = here + 1;
  evaluate("cpu", kinds, mode, here);
  evaluate("cuda", kinds, mode, there);
  if (check_failures == 0) {
    const struct distances between = compare(there, here), error = compare(here, full), cuda = compare(there, full);
    printf("%-16s from the CPU: Hessian %.1e, modes %.1e, gradient %.1e, J'J %.1e; from float64: %.1e %.1e %.1e %.1e\n", name,
           between.hessian, between.modes, between.gradient, between.square, cuda.hessian, cuda.modes, cuda.gradient,
           cuda.square);
    fflush(stdout);
    CLOSE(hessian, 1);
    CLOSE(modes, 1);
    CLOSE(loss, 1);
    CLOSE(gradient, 1);
    CLOSE(square, 1);
    if (simulated)
      CHECK(between.hessian == 0 && between.modes == 0 && between.gradient == 0,
            "%s: the same bodies, BLAS and LAPACK give other bits for these small molecules", name);
  }
  q2_look_free(&here->look);
  q2_look_free(&there->look);
  free(here);
}

/* fp64 by way of the backend that mixes has the bits of the plain one. */
static void same_bits(int kinds) {
  struct outcome *plain = calloc(2, sizeof *plain), *mixed = plain + 1;
  evaluate("cuda", kinds, -1, plain);
  evaluate("cuda", kinds, Q2_MODE_FP64, mixed);
  CHECK(memcmp(plain->loss, mixed->loss, sizeof plain->loss) == 0 &&
        memcmp(plain->gradient, mixed->gradient, sizeof plain->gradient) == 0 &&
        memcmp(plain->square, mixed->square, sizeof plain->square) == 0);
  q2_look_free(&plain->look);
  q2_look_free(&mixed->look);
  free(plain);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  struct outcome *full = calloc(1, sizeof *full);
  const int few = argc > 1 && strcmp(argv[1], "few") == 0, kinds[] = {1 << Q2_OBSERVABLE_FREQUENCY, EVERYTHING};
  for (int row = 0; row < MOST; row++)
    variable_of[row] = row;
  for (int k = 0; k < (few ? 1 : 2); k++) {
    evaluate("cpu", kinds[k], -1, full);
    for (int mode = Q2_MODE_FP32; mode < (k == 0 ? Q2_MODE_COUNT : Q2_NAMED_MODES); mode++)
      same_in_mode(kinds[k], mode, full, dlsym(RTLD_DEFAULT, "q2sim_count") != NULL);
    q2_look_free(&full->look);
    same_bits(kinds[k]);
  }
  free(full);
  MPI_Finalize();
  return check_result();
}
