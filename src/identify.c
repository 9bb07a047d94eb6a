/* Which parameters the data determine, from J'J at one point. */
#include "identify.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>

#include "../io/memory.h"
#include "../kernels/portable.h"

/* Eigenvalues, ascending, and eigenvectors, in place of matrix [n] columns of leading dimension ld. */
static int decompose(int n, int ld, double *matrix, double *eigenvalue, struct q2_error *error) {
  const int64_t length = 1 + 6 * (int64_t)n + 2 * (int64_t)n * n;
  double *work = q2_allocate(length, sizeof *work);
  lapack_int *integers = q2_allocate(3 + 5 * (int64_t)n, sizeof *integers);
  int status = Q2_OK;
  if (!work || !integers || length > INT32_MAX)
    status = q2_fail(error, "out of memory for the eigen-decomposition of J'J in %d variables", n);
  else if (LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'L', n, matrix, ld, eigenvalue, work, (lapack_int)length, integers,
                               3 + 5 * n) != 0)
    status = q2_fail(error, "J'J in %d variables cannot be diagonalised", n);
  free(work);
  free(integers);
  return status;
}

/* The share of each parameter in the first `undetermined` eigenvectors. */
static void find_shares(const struct q2_variables *variables, const double *vector, int ld, int undetermined, double *share) {
  for (int i = 0; i < variables->independent_count; i++) {
    const int first = variables->start[i], end = variables->start[i + 1];
    double squared = 0.0, inside = 0.0;
    for (int k = first; k < end; k++)
      squared += variables->coefficient[k] * variables->coefficient[k];
    for (int u = 0; u < undetermined; u++) {
      double along = 0.0;
      for (int k = first; k < end; k++)
        along += variables->coefficient[k] * vector[(int64_t)u * ld + variables->variable[k]];
      inside += along * along;
    }
    share[i] = squared > 0.0 ? inside / squared : 0.0; /* one that equalities alone determine has no direction */
  }
}

int q2_identify_square(const struct q2_variables *variables, const double *square, double threshold,
                       struct q2_identification *identification, struct q2_error *error) {
  const int n = variables->count, rows = variables->independent_count, ld = (int)q2_leading_dimension(n);
  *identification =
      (struct q2_identification){.done = 1, .variables = n, .determined = n, .threshold = threshold, .independent = rows};
  double *in_variables = q2_allocate((int64_t)n * n, sizeof *in_variables),
         *matrix = q2_allocate((int64_t)ld * n, sizeof *matrix);
  identification->eigenvalue = q2_allocate(n, sizeof *identification->eigenvalue);
  identification->share = q2_allocate(rows, sizeof *identification->share);
  identification->no_residual = q2_allocate(rows, sizeof *identification->no_residual);
  int status = in_variables && matrix && identification->eigenvalue && identification->share && identification->no_residual
                   ? Q2_OK
                   : q2_fail(error, "out of memory for J'J in %d variables", n);
  if (status == Q2_OK && n > 0) {
    q2_variables_square(variables, square, in_variables);
    for (int64_t v = 0; v < n; v++)
      for (int64_t w = 0; w < n; w++)
        matrix[v * ld + w] = in_variables[v * n + w];
    status = decompose(n, ld, matrix, identification->eigenvalue, error);
  }
  if (status == Q2_OK) {
    const double limit = n > 0 ? threshold * identification->eigenvalue[n - 1] : 0.0;
    int undetermined = 0;
    while (undetermined < n && !(identification->eigenvalue[undetermined] > fmax(limit, 0.0)))
      undetermined++;
    identification->determined = n - undetermined;
    find_shares(variables, matrix, ld, undetermined, identification->share);
    for (int64_t i = 0; i < rows; i++)
      identification->no_residual[i] = square[i * rows + i] == 0.0;
  }
  free(in_variables);
  free(matrix);
  if (status != Q2_OK) q2_identification_free(identification);
  return status;
}

int q2_identify(MPI_Comm comm, struct q2_objective *objective, const struct q2_variables *variables,
                const struct q2_parameters *parameters, double threshold, struct q2_identification *identification,
                struct q2_error *error) {
  const int64_t rows = parameters->count, n = variables->independent_count;
  struct q2_evaluation evaluation = {0};
  int rank;
  MPI_Comm_rank(comm, &rank);
  *identification = (struct q2_identification){0};
  double *numbers =
      q2_allocate_everywhere(comm, n * n + 2 * rows + variables->count, sizeof *numbers, "identifiability", error);
  if (!numbers) return Q2_FAILED;
  double *square = numbers, *values = square + n * n, *gradient = values + rows, *x = gradient + rows;
  q2_variables_start(variables, parameters, x);
  q2_variables_apply(variables, x, values);
  int status = q2_objective_normal(objective, values, &evaluation, gradient, square, error);
  status = q2_agree(comm, status, error);
  int finite = evaluation.failed_molecules == 0;
  for (int64_t k = 0; k < n * n && finite; k++)
    finite = isfinite(square[k]) != 0;
  (void)MPI_Bcast(&finite, 1, MPI_INT, 0, comm); /* rank 0 decides, as in the fit */
  if (status == Q2_OK && finite) {
    if (rank == 0) status = q2_identify_square(variables, square, threshold, identification, error);
    identification->done = 1;
    status = q2_agree(comm, status, error);
  }
  free(numbers);
  return status;
}

void q2_identification_free(struct q2_identification *identification) {
  free(identification->eigenvalue);
  free(identification->share);
  free(identification->no_residual);
  *identification = (struct q2_identification){0};
}
