/* Claim: the CUDA backend gives what the CPU gives: loss, gradient, J'J and residuals of every observable, at the QM geometry
 * and relaxed, given call by call and as graphs. Run it on a device, real or simulated. The CPU decomposes padded matrices too,
 * so that both see the same ones; what is left is rounding. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/objective.h"
#include "../check.h"
#include "../observed.h"
#include "../synthetic.h"

/* Evaluations: the second one is captured, later ones are repeated. */
enum { MOST = 160, EVALUATIONS = 4, MOLECULES = 24, WAVE = 4, EVERYTHING = (1 << Q2_OBSERVABLE_COUNT) - 1 };

struct outcome {
  int parameters;
  struct q2_evaluation evaluation[EVALUATIONS];
  double gradient[EVALUATIONS][MOST], square[MOST * MOST];
  struct q2_residual_values residuals;
};

static void evaluate(const char *backend, int kinds, struct outcome *outcome) {
  struct problem problem;
  struct q2_error error;
  struct q2_evaluation evaluation;
  int variable_of[MOST];
  double parameters[MOST], gradient[MOST];
  for (int row = 0; row < MOST; row++)
    variable_of[row] = row;
  const struct q2_plan_options plan = {.chunk_bytes = 60000};
  const int count = Q2_SYNTHETIC_PARAMETERS + Q2_OBSERVED_EXTRA;
  const struct q2_objective_options options = {
      .threads = 1, .wave_molecules = WAVE, .padded_eigensolver = 1, .normal_count = count, .normal_variable_of = variable_of};
  setenv("Q2HPC_TEST_BACKEND", backend, 1); /* what finish_problem opens */
  open_observed(&problem, MPI_COMM_WORLD, MOLECULES, kinds, 1, plan, options);
  CHECK(problem.dataset.parameters.count == count);
  CHECK(strcmp(problem.backends.backend->name, backend) == 0, "%s computes", problem.backends.backend->name);
  outcome->parameters = count;
  memcpy(parameters, problem.dataset.parameters.value, (size_t)count * sizeof *parameters);
  for (int e = 0; e < EVALUATIONS; e++) {
    CHECK(q2_objective_evaluate(problem.objective, parameters, &outcome->evaluation[e], outcome->gradient[e], &error) == Q2_OK,
          "%s", error.text);
    for (int row = 0; row < count; row += 3)
      parameters[row] *= 1.0001;
    q2_objective_follow(problem.objective, parameters);
  }
  for (int e = 0; e < 3; e++)
    CHECK(q2_objective_normal(problem.objective, parameters, &evaluation, gradient, outcome->square, &error) == Q2_OK, "%s",
          error.text);
  CHECK(q2_objective_residuals(problem.objective, parameters, &outcome->residuals, &error) == Q2_OK, "%s", error.text);
  close_problem(&problem);
}

/* The largest difference, by the largest number; infinite where only one is a number. */
static double distance(const double *one, const double *other, int64_t count) {
  double difference = 0, largest = 0;
  for (int64_t k = 0; k < count; k++) {
    if (isnan(one[k]) != isnan(other[k])) return INFINITY;
    if (isnan(one[k])) continue;
    difference = fmax(difference, fabs(one[k] - other[k]));
    largest = fmax(largest, fabs(other[k]));
  }
  return largest > 0 ? difference / largest : difference;
}

static void compare(const struct outcome *cpu, const struct outcome *cuda, double tolerance, const char *name) {
  const int count = cpu->parameters;
  double worst = 0;
  for (int e = 0; e < EVALUATIONS; e++) {
    const struct q2_evaluation *one = &cuda->evaluation[e], *other = &cpu->evaluation[e];
    CHECK(other->loss > 0 && other->failed_molecules == 0);
    CHECK_CLOSE(one->loss, other->loss, tolerance * other->loss);
    CHECK_CLOSE(one->rmsd, other->rmsd, tolerance * other->rmsd);
    CHECK(one->failed_molecules == 0 && one->set_aside == other->set_aside);
    worst = fmax(worst, distance(cuda->gradient[e], cpu->gradient[e], count));
  }
  const double square = distance(cuda->square, cpu->square, (int64_t)count * count);
  const double residuals =
      distance(cuda->residuals.calculated, cpu->residuals.calculated, cpu->residuals.offset[cpu->residuals.molecule_count]);
  printf("%s: loss %.6f; relative differences: gradient %.1e, J'J %.1e, residuals %.1e\n", name, cuda->evaluation[0].loss,
         worst, square, residuals);
  CHECK(worst <= tolerance, "%s: the gradient differs by %g", name, worst);
  CHECK(square <= tolerance, "%s: J'J differs by %g", name, square);
  CHECK(residuals <= tolerance, "%s: residuals differ by %g", name, residuals);
}

static void same_as_the_cpu(int kinds, double tolerance, const char *name) {
  static struct outcome cpu, cuda;
  evaluate("cpu", kinds, &cpu);
  evaluate("cuda", kinds, &cuda);
  if (check_failures == 0) compare(&cpu, &cuda, tolerance, name);
  q2_residual_values_free(&cpu.residuals);
  q2_residual_values_free(&cuda.residuals);
}

/* Claim: once it is recorded, an evaluation of what is observed at fixed geometries allocates nothing, waits once, copies the
 * parameters in and the sums out, and launches one graph for each wave. */
static void what_an_evaluation_calls(void) {
  long (*count)(const char *) = NULL;
  void (*reset)(void) = NULL;
  void *symbol = dlsym(RTLD_DEFAULT, "q2sim_count"), *other = dlsym(RTLD_DEFAULT, "q2sim_reset_counts");
  memcpy(&count, &symbol, sizeof count);
  memcpy(&reset, &other, sizeof reset);
  if (!count || !reset) return; /* a real device counts nothing */
  struct problem problem;
  struct q2_error error;
  struct q2_evaluation evaluation;
  double gradient[MOST];
  setenv("Q2HPC_TEST_BACKEND", "cuda", 1);
  open_observed(&problem, MPI_COMM_WORLD, MOLECULES, 1 << Q2_OBSERVABLE_FREQUENCY, 1,
                (struct q2_plan_options){.chunk_bytes = 60000}, (struct q2_objective_options){.threads = 1});
  for (int e = 0; e < EVALUATIONS; e++) {
    reset();
    CHECK(q2_objective_evaluate(problem.objective, problem.dataset.parameters.value, &evaluation, gradient, &error) == Q2_OK);
  }
  static const struct {
    const char *name;
    long calls;
  } expected[] = {{"cudaMalloc", 0},
                  {"cudaMallocHost", 0},
                  {"cudaStreamSynchronize", 0},
                  {"cudaDeviceSynchronize", 0},
                  {"copies_host_to_device", 1},
                  {"copies_device_to_host", 1},
                  {"cudaLaunchKernel", 1},
                  {"cudaGraphInstantiate", 0}};
  for (size_t k = 0; k < sizeof expected / sizeof *expected; k++)
    CHECK(count(expected[k].name) == expected[k].calls, "%s: %ld calls", expected[k].name, count(expected[k].name));
  CHECK(count("cudaGraphLaunch") > 0 && count("cudaGraphLaunch") <= 20, "%ld graphs", count("cudaGraphLaunch"));
  close_problem(&problem);
}

/* test_backend [other]: other: the device's eigenvectors are another basis than LAPACK's. */
int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const double tolerance = argc > 1 && strcmp(argv[1], "other") == 0 ? 1e-10 : 1e-12;
  same_as_the_cpu(1 << Q2_OBSERVABLE_FREQUENCY, tolerance, "frequencies");
  same_as_the_cpu(EVERYTHING, tolerance, "all observables");
  what_an_evaluation_calls();
  MPI_Finalize();
  return check_result();
}
