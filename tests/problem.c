/* Opening and closing synthetic problems. */
#include "problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "synthetic.h"

void finish_problem(struct problem *problem, MPI_Comm comm, struct q2_plan_options plan, struct q2_objective_options options,
                    struct q2_error *error) {
  const char *wanted = getenv("Q2HPC_TEST_BACKEND"); /* cuda: the tests' problems are evaluated on devices */
  const struct q2_backend_wish wish = {.name = wanted ? wanted : "cpu", .solvers = ""};
  plan.match_q2mm = options.match == Q2_MATCH_Q2MM;
  int status = q2_backends_open(comm, &wish, &problem->backends, error);
  options.backend = problem->backends.backend;
  options.sum = problem->backends.sum;
  if (status == Q2_OK) status = q2_plan_create(comm, &problem->dataset, &plan, &problem->plan, error);
  if (status == Q2_OK) status = q2_plan_distribute(comm, &problem->plan, &problem->dataset, error);
  if (status == Q2_OK)
    status = q2_objective_create(comm, &problem->dataset, &problem->plan, &options, &problem->objective, error);
  if (status != Q2_OK) {
    fprintf(stderr, "%s\n", error->text);
    MPI_Abort(comm, 1);
  }
}

void open_problem(struct problem *problem, MPI_Comm comm, int64_t molecules, int lorentz_berthelot, struct q2_plan_options plan,
                  struct q2_objective_options options) {
  struct q2_error error = {""};
  q2_synthetic(comm, molecules, lorentz_berthelot, &problem->dataset);
  finish_problem(problem, comm, plan, options, &error);
}

void close_problem(struct problem *problem) {
  q2_objective_destroy(problem->objective);
  q2_plan_free(&problem->plan);
  q2_dataset_free(&problem->dataset);
  q2_backends_close(&problem->backends);
}

double square_error(MPI_Comm comm, int64_t count, const double *one, const double *other, double element, double *product) {
  double sums[3] = {0, 0, 0};
  for (int64_t k = 0; k < count; k++) {
    sums[0] += one[k] * other[k];
    sums[1] += one[k] * one[k];
    sums[2] += other[k] * other[k];
  }
  MPI_Allreduce(MPI_IN_PLACE, sums, 3, MPI_DOUBLE, MPI_SUM, comm);
  *product = sums[0];
  return fabs(sums[0] - element) / (sqrt(sums[1] * sums[2]) + 0.01 * sqrt(sums[1] + sums[2]) + 0.01);
}
