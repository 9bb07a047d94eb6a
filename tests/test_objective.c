/* Claims: the gradient is the derivative of the loss, for every parameter of every kind, on awkward molecules; loss and
 * gradient are the same bits on any number of ranks, threads and wave sizes. Prints the bits, so that runs on other rank counts
 * can be compared. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/objective.h"
#include "check.h"
#include "problem.h"
#include "synthetic.h"

enum { MOST_PARAMETERS = 128 };

static double loss_at(struct problem *problem, const double *parameters) {
  struct q2_evaluation evaluation;
  struct q2_error error;
  CHECK(q2_objective_evaluate(problem->objective, parameters, &evaluation, NULL, &error) == Q2_OK);
  CHECK(evaluation.failed_molecules == 0);
  return evaluation.loss;
}

/* Central differences, twice extrapolated (error O(h^6)), at several steps; taken where the two extrapolations agree best: a
 * steep vibration near zero wants a small step, a flat one a large one. */
static double slope(struct problem *problem, double *parameters, int row, double scale) {
  static const double steps[] = {2e-3, 6e-4, 2e-4, 6e-5};
  const double at = parameters[row];
  double best = NAN, doubt = INFINITY;
  for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
    double d[3], h = steps[k] * scale;
    for (int i = 0; i < 3; i++, h /= 2) {
      parameters[row] = at + h;
      d[i] = loss_at(problem, parameters);
      parameters[row] = at - h;
      d[i] = (d[i] - loss_at(problem, parameters)) / (2 * h);
    }
    d[0] = (4 * d[1] - d[0]) / 3;
    d[1] = (4 * d[2] - d[1]) / 3;
    if (fabs(d[1] - d[0]) < doubt) {
      doubt = fabs(d[1] - d[0]);
      best = (16 * d[1] - d[0]) / 15;
    }
  }
  parameters[row] = at;
  return best;
}

static void gradient_is_the_derivative(MPI_Comm comm, int64_t molecules, int lorentz, struct q2_plan_options plan,
                                       struct q2_objective_options options) {
  struct problem problem;
  struct q2_evaluation evaluation;
  struct q2_error error;
  double parameters[MOST_PARAMETERS], gradient[MOST_PARAMETERS], worst = 0;
  open_problem(&problem, comm, molecules, lorentz, plan, options);
  const struct q2_parameters *table = &problem.dataset.parameters;
  memcpy(parameters, table->value, (size_t)table->count * sizeof *parameters);
  CHECK(q2_objective_evaluate(problem.objective, parameters, &evaluation, gradient, &error) == Q2_OK);
  CHECK(evaluation.failed_molecules == 0);
  CHECK(evaluation.loss > 0);
  CHECK_CLOSE(loss_at(&problem, parameters), evaluation.loss, 1e-9 * evaluation.loss);
  int moving = 0;
  for (int row = 0; row < table->count; row++) {
    const double difference = slope(&problem, parameters, row, table->scale[row]);
    const double scale = fabs(difference) + 1e-4 * evaluation.loss / table->scale[row];
    const double wrong = fabs(gradient[row] - difference) / scale;
    if (wrong > worst) worst = wrong;
    if (!(wrong < 1e-7)) {
      fprintf(stderr, "%s %s: gradient %.15g, differences %.15g\n", table->kind[row], table->label[row], gradient[row],
              difference);
    }
    CHECK(wrong < 1e-7);
    moving += gradient[row] != 0;
  }
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) {
    printf("loss %.6f, RMSD %.3f cm-1, %d of %d parameters act, worst relative error of the gradient %.2e\n", evaluation.loss,
           evaluation.rmsd, moving, table->count, worst);
  }
  for (int row = 0; row < table->count;
       row++) { /* every kind of parameter has one that acts, or the test would show nothing of it */
    int acts = 0;
    for (int other = 0; other < table->count; other++)
      acts |= strcmp(table->kind[row], table->kind[other]) == 0 && gradient[other] != 0;
    CHECK(acts, "no parameter of kind %s acts", table->kind[row]);
  }
  for (int t = 0; t < problem.dataset.term_table_count; t++) { /* and every form, by the first parameter of its terms */
    const struct q2_term_table *terms = &problem.dataset.terms[t];
    int acts = 0;
    for (int64_t k = 0; k < terms->offset[problem.dataset.molecule_count]; k++)
      acts |= gradient[terms->parameters[k * terms->parameter_count]] != 0;
    MPI_Allreduce(MPI_IN_PLACE, &acts, 1, MPI_INT, MPI_LOR, comm);
    CHECK(acts, "no term of form %s acts", terms->form);
  }
  close_problem(&problem);
}

/* The same bits however the work is cut. */
static void same_bits(MPI_Comm comm) {
  double reference[MOST_PARAMETERS + 2];
  static const struct q2_objective_options cuts[] = {{.threads = 1},
                                                     {.threads = 2},
                                                     {.threads = 3, .wave_molecules = 5},
                                                     {.threads = 1, .wave_molecules = 100},
                                                     {.threads = 2, .memory_limit = 200000}};
  for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
    struct problem problem;
    struct q2_evaluation evaluation;
    struct q2_error error;
    double values[MOST_PARAMETERS + 2];
    open_problem(&problem, comm, 57, 1, (struct q2_plan_options){0}, cuts[c]);
    CHECK(q2_objective_evaluate(problem.objective, problem.dataset.parameters.value, &evaluation, values, &error) == Q2_OK);
    const int count = problem.dataset.parameters.count;
    values[count] = evaluation.loss;
    values[count + 1] = evaluation.rmsd;
    if (c == 0) memcpy(reference, values, sizeof reference);
    CHECK(memcmp(reference, values, (size_t)(count + 2) * sizeof *values) == 0);
    /* every rank holds the same, and the same as one rank alone */
    MPI_Bcast(values, count + 2, MPI_DOUBLE, 0, comm);
    CHECK(memcmp(reference, values, (size_t)(count + 2) * sizeof *values) == 0);
    close_problem(&problem);
    open_problem(&problem, MPI_COMM_SELF, 57, 1, (struct q2_plan_options){0}, cuts[c]);
    CHECK(q2_objective_evaluate(problem.objective, problem.dataset.parameters.value, &evaluation, values, &error) == Q2_OK);
    values[count] = evaluation.loss;
    values[count + 1] = evaluation.rmsd;
    CHECK(memcmp(reference, values, (size_t)(count + 2) * sizeof *values) == 0);
    close_problem(&problem);
  }
}

/* What is not a number is counted and named, and spoils nothing else. */
static void failures_are_counted(MPI_Comm comm) {
  struct problem problem;
  struct q2_evaluation evaluation;
  struct q2_error error;
  double parameters[MOST_PARAMETERS], gradient[MOST_PARAMETERS];
  open_problem(&problem, comm, 11, 0, (struct q2_plan_options){0}, (struct q2_objective_options){.threads = 1});
  memcpy(parameters, problem.dataset.parameters.value, (size_t)problem.dataset.parameters.count * sizeof *parameters);
  parameters[0] = NAN; /* H-H bonds: the hydrogen molecule alone has them */
  CHECK(q2_objective_evaluate(problem.objective, parameters, &evaluation, gradient, &error) == Q2_OK);
  CHECK(evaluation.failed_molecules == 1);
  CHECK(evaluation.first_failed == 1);
  CHECK(isfinite(evaluation.loss));
  close_problem(&problem);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const struct q2_objective_options plain = {.threads = 1};
  struct q2_objective_options padded = plain, q2mm = plain;
  padded.padded_eigensolver = 1;
  q2mm.match = Q2_MATCH_Q2MM;
  gradient_is_the_derivative(MPI_COMM_WORLD, Q2_SYNTHETIC_MOLECULES, 0, (struct q2_plan_options){0}, plain);
  gradient_is_the_derivative(MPI_COMM_WORLD, Q2_SYNTHETIC_MOLECULES, 1, (struct q2_plan_options){.bucket_limit = 1}, padded);
  gradient_is_the_derivative(MPI_COMM_WORLD, Q2_SYNTHETIC_MOLECULES, 1, (struct q2_plan_options){.chunk_bytes = 40000}, padded);
  gradient_is_the_derivative(MPI_COMM_WORLD, Q2_SYNTHETIC_MOLECULES, 1, (struct q2_plan_options){0}, q2mm);
  same_bits(MPI_COMM_WORLD);
  failures_are_counted(MPI_COMM_WORLD);
  const int status = check_result();
  MPI_Finalize();
  return status;
}
