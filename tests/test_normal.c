/* Claims: J'J is the square of the derivative of the residuals, with rows that share a variable added up; the loss and the
 * gradient that come with it are those of the plain evaluation; the bits do not depend on ranks, threads and waves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/objective.h"
#include "check.h"
#include "problem.h"
#include "synthetic.h"

enum { MOST = 128 };

/* Which variable each row follows: some rows are frozen, and two follow others. */
static int variable_of[MOST], variables;

static void choose_variables(void) {
  variables = 0;
  for (int row = 0; row < Q2_SYNTHETIC_PARAMETERS; row++)
    variable_of[row] = row % 7 == 3 ? -1 : variables++;
  variable_of[Q2_SYNTHETIC_PARAMETERS - 1] = variable_of[Q2_SYNTHETIC_PARAMETERS - 3];
  variable_of[2] = 0;
}

static void open_normal(struct problem *problem, MPI_Comm comm, int64_t molecules, struct q2_objective_options options) {
  options.normal_count = variables;
  options.normal_variable_of = variable_of;
  open_problem(problem, comm, molecules, 1, (struct q2_plan_options){0}, options);
}

/* Weighted calculated wavenumbers of this rank's molecules: minus the residuals, but for constants. */
static double *observed(struct problem *problem, const double *parameters, int64_t *count) {
  struct q2_vibrations vibrations;
  struct q2_error error;
  CHECK(q2_objective_vibrations(problem->objective, parameters, &vibrations, &error) == Q2_OK);
  *count = vibrations.offset[vibrations.molecule_count];
  double *values = calloc((size_t)*count + 1, sizeof *values);
  for (int64_t k = 0; k < *count; k++)
    values[k] = vibrations.weight[k] != 0 ? vibrations.weight[k] * vibrations.calculated[k] : 0;
  q2_vibrations_free(&vibrations);
  return values;
}

/* Fourth-order differences of the residuals in one variable: every row that follows it moves. */
static double *column(struct problem *problem, int variable, int64_t *count) {
  const struct q2_parameters *table = &problem->dataset.parameters;
  /* a steep vibration near zero bends within a larger step */
  static const double steps[4] = {1, -1, 2, -2}, weights[4] = {8.0 / 12, -8.0 / 12, -1.0 / 12, 1.0 / 12};
  double moved[MOST], h = 0, *sum = NULL;
  for (int row = 0; row < table->count && h == 0; row++) {
    if (variable_of[row] == variable) h = 5e-5 * table->scale[row];
  }
  for (int s = 0; s < 4; s++) {
    for (int row = 0; row < table->count; row++)
      moved[row] = table->value[row] + (variable_of[row] == variable ? steps[s] * h : 0);
    double *values = observed(problem, moved, count);
    if (!sum) sum = calloc((size_t)*count + 1, sizeof *sum);
    for (int64_t k = 0; k < *count; k++)
      sum[k] += h > 0 ? weights[s] * values[k] / h : 0;
    free(values);
  }
  return sum;
}

static void square_of_the_jacobian(MPI_Comm comm, enum q2_match match) {
  struct problem problem;
  struct q2_evaluation evaluation, plain;
  struct q2_error error;
  double gradient[MOST], plain_gradient[MOST], worst = 0;
  open_normal(&problem, comm, Q2_SYNTHETIC_MOLECULES, (struct q2_objective_options){.threads = 1, .match = match});
  const int n = variables;
  double *square = calloc((size_t)(n * n), sizeof *square), **columns = calloc((size_t)n, sizeof *columns);
  int64_t count = 0;
  CHECK(q2_objective_normal(problem.objective, problem.dataset.parameters.value, &evaluation, gradient, square, &error) ==
        Q2_OK);
  CHECK(q2_objective_evaluate(problem.objective, problem.dataset.parameters.value, &plain, plain_gradient, &error) == Q2_OK);
  CHECK(evaluation.failed_molecules == 0);
  CHECK(memcmp(&evaluation.loss, &plain.loss, sizeof plain.loss) == 0, "the two paths print different losses");
  CHECK(memcmp(gradient, plain_gradient, (size_t)problem.dataset.parameters.count * sizeof *gradient) == 0,
        "the two paths give different gradients");
  for (int v = 0; v < n; v++)
    columns[v] = column(&problem, v, &count);
  for (int a = 0; a < n; a++) {
    for (int b = 0; b < n; b++) {
      double product;
      const double wrong = square_error(comm, count, columns[a], columns[b], square[a * n + b], &product);
      worst = fmax(worst, wrong);
      CHECK(wrong < 1e-6, "J'J(%d, %d) = %.15g, differences %.15g", a, b, square[a * n + b], product);
      CHECK(square[a * n + b] == square[b * n + a]);
    }
  }
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) printf("J'J of %d variables: largest error relative to the columns' norms %.2e\n", n, worst);
  for (int v = 0; v < n; v++)
    free(columns[v]);
  free(columns);
  free(square);
  close_problem(&problem);
}

static void same_bits(MPI_Comm comm) {
  static const struct q2_objective_options cuts[] = {
      {.threads = 1}, {.threads = 3, .wave_molecules = 4}, {.threads = 2, .wave_molecules = 50}};
  double *reference = NULL;
  for (size_t c = 0; c < 2 * sizeof cuts / sizeof *cuts; c++) {
    struct problem problem;
    struct q2_evaluation evaluation;
    struct q2_error error;
    double gradient[MOST];
    open_normal(&problem, c % 2 ? MPI_COMM_SELF : comm, 40, cuts[c / 2]);
    const size_t size = (size_t)(variables * variables);
    double *square = calloc(size, sizeof *square);
    CHECK(q2_objective_normal(problem.objective, problem.dataset.parameters.value, &evaluation, gradient, square, &error) ==
          Q2_OK);
    if (!reference) {
      reference = calloc(size, sizeof *reference);
      memcpy(reference, square, size * sizeof *square);
    }
    CHECK(memcmp(reference, square, size * sizeof *square) == 0);
    free(square);
    close_problem(&problem);
  }
  free(reference);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  choose_variables();
  square_of_the_jacobian(MPI_COMM_WORLD, Q2_MATCH_POSITION);
  square_of_the_jacobian(MPI_COMM_WORLD, Q2_MATCH_Q2MM);
  same_bits(MPI_COMM_WORLD);
  const int status = check_result();
  MPI_Finalize();
  return status;
}
