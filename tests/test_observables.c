/* Claims: of every observable, the gradient is the derivative of the loss and J'J the square of the residuals' derivative, with
 * every non-bonded form; relaxed geometries are stationary minima; bits do not depend on ranks, threads and waves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/wave.h"
#include "../src/objective.h"
#include "check.h"
#include "observed.h"
#include "synthetic.h"

enum { MOST = 160 };

/* Every shape once, and one distorted; sanitizers are slow: there a few molecules and some of the parameters. */
static int sanitized, molecules = 12, every = 1;

static const struct q2_plan_options plain_plan = {0};

static double loss_at(struct problem *problem, const double *parameters) {
  struct q2_evaluation evaluation;
  struct q2_error error;
  CHECK(q2_objective_evaluate(problem->objective, parameters, &evaluation, NULL, &error) == Q2_OK);
  CHECK(evaluation.failed_molecules == 0, "molecule %lld fails", (long long)evaluation.first_failed);
  return evaluation.loss;
}

/* Central differences of step `h`, extrapolated twice. */
static double slope(struct problem *problem, double *parameters, int row, double h) {
  const double at = parameters[row];
  double d[3];
  for (int i = 0; i < 3; i++, h /= 2) {
    parameters[row] = at + h;
    d[i] = loss_at(problem, parameters);
    parameters[row] = at - h;
    d[i] = (d[i] - loss_at(problem, parameters)) / (2 * h);
  }
  parameters[row] = at;
  return (64 * d[2] - 20 * d[1] + d[0]) / 45;
}

/* How far the gradient is from the differences that come closest: a soft torsion wants small steps, a stiff bond larger ones,
 * and a wrong derivative agrees with none. */
static double distance(struct problem *problem, double *parameters, int row, double gradient, double loss, double *closest) {
  static const double steps[] = {3e-4, 3e-5, 3e-6, 3e-3};
  const double scale = problem->dataset.parameters.scale[row];
  double least = INFINITY;
  for (size_t k = 0; k < sizeof steps / sizeof *steps && !(least < 1e-8); k++) {
    const double difference = slope(problem, parameters, row, steps[k] * scale);
    const double wrong = fabs(gradient - difference) / (fabs(difference) + 1e-4 * loss / scale);
    if (wrong < least) {
      least = wrong;
      *closest = difference;
    }
  }
  return least;
}

static void gradient_is_the_derivative(MPI_Comm comm, int kinds, int charges, struct q2_objective_options options,
                                       const char *name) {
  struct problem problem;
  struct q2_evaluation evaluation;
  struct q2_error error;
  double parameters[MOST], gradient[MOST], worst = 0;
  int acting = 0, rank;
  MPI_Comm_rank(comm, &rank);
  open_observed(&problem, comm, molecules, kinds, charges, plain_plan, options);
  const struct q2_parameters *table = &problem.dataset.parameters;
  memcpy(parameters, table->value, (size_t)table->count * sizeof *parameters);
  CHECK(q2_objective_evaluate(problem.objective, parameters, &evaluation, gradient, &error) == Q2_OK);
  CHECK(evaluation.failed_molecules == 0 && evaluation.loss > 0, "%s: loss %g", name, evaluation.loss);
  for (int row = 0; row < table->count; row += every) {
    double difference = NAN;
    const double wrong = distance(&problem, parameters, row, gradient[row], evaluation.loss, &difference);
    worst = fmax(worst, wrong);
    CHECK(wrong < 1e-7, "%s: %s %s (row %d): gradient %.15g, differences %.15g", name, table->kind[row], table->label[row], row,
          gradient[row], difference);
    acting += gradient[row] != 0;
  }
  const int relaxed = kinds >> Q2_OBSERVABLE_BOND != 0; /* there, the largest molecule is set aside */
  for (int row = table->count - Q2_OBSERVED_EXTRA; charges && !relaxed && !sanitized && row < table->count; row++)
    CHECK(gradient[row] != 0, "%s: no %s acts", name, table->kind[row]);
  if (rank == 0)
    printf("%-26s loss %11.5g over %lld residuals, %lld set aside, %d of %d parameters act, worst relative error %.1e\n", name,
           evaluation.loss, (long long)evaluation.residual_count, (long long)evaluation.set_aside, acting, table->count, worst);
  close_problem(&problem);
}

/* Weighted calculated values of this rank's molecules: minus the residuals, but for constants. */
static double *observed(struct problem *problem, const double *parameters, int64_t *count) {
  struct q2_residual_values values;
  struct q2_error error;
  CHECK(q2_objective_residuals(problem->objective, parameters, &values, &error) == Q2_OK);
  *count = values.offset[values.molecule_count];
  double *weighted = calloc((size_t)*count + 1, sizeof *weighted);
  for (int64_t k = 0; k < *count; k++)
    weighted[k] = isnan(values.calculated[k]) ? 0 : values.residual[k].weight * values.calculated[k];
  q2_residual_values_free(&values);
  return weighted;
}

/* Fourth-order differences of the residuals in one parameter. */
static double *column(struct problem *problem, int row, double h, int64_t *count) {
  static const double steps[4] = {1, -1, 2, -2}, factors[4] = {8.0 / 12, -8.0 / 12, -1.0 / 12, 1.0 / 12};
  const struct q2_parameters *table = &problem->dataset.parameters;
  double moved[MOST], *sum = NULL;
  for (int s = 0; s < 4; s++) {
    memcpy(moved, table->value, (size_t)table->count * sizeof *moved);
    moved[row] += steps[s] * h;
    double *values = observed(problem, moved, count);
    if (!sum) sum = calloc((size_t)*count + 1, sizeof *sum);
    for (int64_t k = 0; k < *count; k++)
      sum[k] += factors[s] * values[k] / h;
    free(values);
  }
  return sum;
}

/* The column of the step at which differences change least: relaxed geometries bend within a large one. */
static double *best_column(struct problem *problem, int row, int64_t *count) {
  const double scale = problem->dataset.parameters.scale[row];
  double *before = column(problem, row, 4e-4 * scale, count), *best = NULL, least = INFINITY;
  for (double step = 1e-4; step > 5e-6; step /= 4) {
    double *now = column(problem, row, step * scale, count), change = 0;
    for (int64_t k = 0; k < *count; k++)
      change += (now[k] - before[k]) * (now[k] - before[k]);
    MPI_Allreduce(MPI_IN_PLACE, &change, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    free(before);
    before = now;
    if (!(change < least)) continue;
    least = change;
    free(best);
    best = calloc((size_t)*count + 1, sizeof *best);
    memcpy(best, now, (size_t)*count * sizeof *best);
  }
  free(before);
  return best;
}

static void square_of_the_jacobian(MPI_Comm comm, int kinds, const char *name) {
  struct problem problem;
  struct q2_evaluation evaluation;
  struct q2_error error;
  int variable_of[MOST];
  double gradient[MOST], *columns[MOST], worst = 0;
  const int n = Q2_SYNTHETIC_PARAMETERS + Q2_OBSERVED_EXTRA;
  int64_t count = 0;
  for (int v = 0; v < n; v++)
    variable_of[v] = v;
  open_observed(&problem, comm, molecules, kinds, 1, plain_plan,
                (struct q2_objective_options){.threads = 1, .normal_count = n, .normal_variable_of = variable_of});
  const struct q2_parameters *table = &problem.dataset.parameters;
  double *square = calloc((size_t)(n * n), sizeof *square);
  CHECK(q2_objective_normal(problem.objective, table->value, &evaluation, gradient, square, &error) == Q2_OK);
  CHECK(evaluation.failed_molecules == 0);
  for (int v = 0; v < n; v++)
    columns[v] = best_column(&problem, v, &count);
  for (int a = 0; a < n; a++) {
    for (int b = 0; b < n; b++) {
      double product;
      const double wrong = square_error(comm, count, columns[a], columns[b], square[a * n + b], &product);
      worst = fmax(worst, wrong);
      CHECK(wrong < 1e-6, "%s: J'J(%s, %s) = %.15g, differences %.15g", name, table->kind[a], table->kind[b], square[a * n + b],
            product);
    }
  }
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) printf("%-26s J'J: largest error relative to the columns' norms %.1e\n", name, worst);
  for (int v = 0; v < n; v++)
    free(columns[v]);
  free(square);
  close_problem(&problem);
}

/* Loss, gradient and J'J are the same bits however the work is cut, and on one rank alone. */
static void same_bits(MPI_Comm comm, int kinds) {
  static const struct q2_objective_options cuts[] = {
      {.threads = 1}, {.threads = 3, .wave_molecules = 4}, {.threads = 2, .wave_molecules = 50}};
  const int n = Q2_SYNTHETIC_PARAMETERS + Q2_OBSERVED_EXTRA;
  const size_t size = (size_t)(n * n + n + 2);
  int variable_of[MOST];
  double *reference = NULL;
  for (int v = 0; v < n; v++)
    variable_of[v] = v;
  for (size_t c = 0; c < 2 * sizeof cuts / sizeof *cuts; c++) {
    struct problem problem;
    struct q2_evaluation evaluation;
    struct q2_error error;
    struct q2_objective_options options = cuts[c / 2];
    options.normal_count = n;
    options.normal_variable_of = variable_of;
    open_observed(&problem, c % 2 ? MPI_COMM_SELF : comm, 2 * molecules, kinds, 1, plain_plan, options);
    double *values = calloc(size, sizeof *values);
    CHECK(q2_objective_normal(problem.objective, problem.dataset.parameters.value, &evaluation, values, values + n + 2,
                              &error) == Q2_OK);
    values[n] = evaluation.loss;
    values[n + 1] = evaluation.rmsd;
    if (!reference) {
      reference = calloc(size, sizeof *reference);
      memcpy(reference, values, size * sizeof *values);
    }
    CHECK(memcmp(reference, values, (size_t)(n + 2) * sizeof *values) == 0, "cut %d: loss or gradient", (int)c);
    CHECK(memcmp(reference, values, size * sizeof *values) == 0, "cut %d: J'J", (int)c);
    free(values);
    close_problem(&problem);
  }
  free(reference);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const struct q2_objective_options plain = {.threads = 1}, overlap = {.threads = 1, .match = Q2_MATCH_OVERLAP};
  const int all = (1 << Q2_OBSERVABLE_COUNT) - 1;
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  sanitized = getenv("Q2HPC_SANITIZED") != NULL;
  if (sanitized) {
    molecules = 5;
    every = 3;
  }
  /* Each by itself on one rank: more have the same bits (below). */
  for (int observable = 0; observable < Q2_OBSERVABLE_COUNT && !sanitized && ranks == 1; observable++) {
    gradient_is_the_derivative(MPI_COMM_WORLD, 1 << observable, 1, plain, q2_observables[observable].name);
    square_of_the_jacobian(MPI_COMM_WORLD, 1 << observable, q2_observables[observable].name);
  }
  gradient_is_the_derivative(MPI_COMM_WORLD, all, 0, plain, "all, Lennard-Jones");
  gradient_is_the_derivative(MPI_COMM_WORLD, 1 << Q2_OBSERVABLE_FREQUENCY, 1, overlap, "frequency by overlap");
  if (!sanitized) square_of_the_jacobian(MPI_COMM_WORLD, all, "all");
  same_bits(MPI_COMM_WORLD, all);
  const int status = check_result();
  MPI_Finalize();
  return status;
}
