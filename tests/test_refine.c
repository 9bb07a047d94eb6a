/* Claims: eigenpairs of float32 become those of float64, inside clusters and multiple eigenvalues as well; Rayleigh quotients
 * square the error of what is not clustered. */
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/refine.h"
#include "check.h"

enum { N = 60, LD = 64 };

/* Refines the columns of x [ld x n], with the eigenvalues in `values`; a stays. */
static void refine(enum q2_refinement refinement, int n, const double *a, int ld, double *x, double *values) {
  const size_t square = (size_t)ld * (size_t)(n > 0 ? n : 1), line = (size_t)(n > 0 ? n : 1);
  double *numbers = calloc(3 * square + 6 * line, sizeof *numbers), *lines = numbers + 3 * square;
  int32_t failed = Q2_DECOMPOSED, info = 7;
  const struct q2_batch batch = {.order = n, .ld_order = ld, .molecules = 1, .atom_count = (int32_t[1]){0}};
  const struct q2_wave wave = {.count = 1,
                               .padded = 1,
                               .vectors = numbers,
                               .left = x,
                               .right = numbers + square,
                               .hessian = numbers + 2 * square,
                               .eigenvalue = values,
                               .mode_work = lines,
                               .shift = lines + line,
                               .cotangent = lines + 2 * line,
                               .frequency = lines + 3 * line,
                               .frequency_slope = lines + 4 * line,
                               .trace_square = lines + 5 * line,
                               .loss = (double[1]){0},
                               .failed = &failed,
                               .info = &info};
  memcpy(wave.vectors, a, square * sizeof *a);
  q2_refine(&q2_backend_cpu, &batch, &wave, refinement);
  memcpy(x, wave.vectors, square * sizeof *x);
  free(numbers);
}

static double uniform(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(*state >> 11) * 0x1p-52 - 1;
}

/* A = Q diag(values) Q' with a random orthogonal Q. */
static void make(const double *values, double *a, uint64_t *state) {
  static double q[LD * N], scaled[LD * N], tau[N];
  for (int k = 0; k < LD * N; k++)
    q[k] = uniform(state);
  CHECK(LAPACKE_dgeqrf(LAPACK_COL_MAJOR, N, N, q, LD, tau) == 0);
  CHECK(LAPACKE_dorgqr(LAPACK_COL_MAJOR, N, N, N, q, LD, tau) == 0);
  for (int j = 0; j < N; j++) {
    for (int i = 0; i < N; i++)
      scaled[j * LD + i] = values[j] * q[j * LD + i];
  }
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, N, N, N, 1, scaled, LD, q, LD, 0, a, LD);
  for (int j = 0; j < N; j++) {
    for (int i = 0; i < j; i++)
      a[j * LD + i] = a[i * LD + j];
  }
}

/* What LAPACK's float32 solver gives. */
static void approximate(const double *a, double *x, double *values) {
  static float single[LD * N], w[N];
  for (int k = 0; k < LD * N; k++)
    single[k] = (float)a[k];
  CHECK(LAPACKE_ssyevd(LAPACK_COL_MAJOR, 'V', 'L', N, single, LD, w) == 0);
  for (int k = 0; k < LD * N; k++)
    x[k] = single[k];
  for (int k = 0; k < N; k++)
    values[k] = w[k];
}

struct errors {
  double value, residual, orthogonality;
};

/* Errors of eigenpairs: against the values that A was made of; |A x - lambda x|; |X'X - 1|; all relative to |A|, elementwise.
 */
static struct errors errors_of(const double *a, const double *x, const double *values, const double *exact, double norm) {
  static double ax[LD * N], xx[LD * N];
  struct errors e = {0, 0, 0};
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1, a, LD, x, LD, 0, ax, LD);
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, N, N, N, 1, x, LD, x, LD, 0, xx, LD);
  for (int j = 0; j < N; j++) {
    e.value = fmax(e.value, fabs(values[j] - exact[j]) / norm);
    CHECK(j == 0 || values[j] >= values[j - 1], "eigenvalues are not ascending");
    for (int i = 0; i < N; i++) {
      e.residual = fmax(e.residual, fabs(ax[j * LD + i] - values[j] * x[j * LD + i]) / norm);
      e.orthogonality = fmax(e.orthogonality, fabs(xx[j * LD + i] - (i == j)));
    }
  }
  return e;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* Eigenvalues like those of vibrations: nu^2 of wavenumbers up to 3200, and what `gap` says of neighbours. */
static void try(const char *what, double gap, int together, uint64_t *state) {
  static double a[LD * N], x[LD * N], exact[N], values[N];
  double norm = 0;
  for (int k = 0; k < N; k++) {
    const double nu = 1700 + 1500 * uniform(state);
    exact[k] = k % 5 == 0 ? 1e4 * uniform(state) : nu * nu; /* soft and imaginary ones among them */
  }
  for (int k = 0; k < N; k++) { /* clusters of so many */
    if (k % together) exact[k] = exact[k - k % together] + k % together * gap;
  }
  qsort(exact, N, sizeof *exact, ascending);
  for (int k = 0; k < N; k++)
    norm = fmax(norm, fabs(exact[k]));
  make(exact, a, state);
  approximate(a, x, values);
  const struct errors before = errors_of(a, x, values, exact, norm);
  refine(Q2_REFINE_ALL, N, a, LD, x, values);
  const struct errors after = errors_of(a, x, values, exact, norm);
  printf("%-44s values %.1e -> %.1e, residuals %.1e -> %.1e, orthogonality %.1e -> %.1e\n", what, before.value, after.value,
         before.residual, after.residual, before.orthogonality, after.orthogonality);
  const double rounding = 2 * N * 0x1p-53;
  CHECK(before.residual > 1e-9, "the float32 solver is not one");
  CHECK(after.value < rounding && after.residual < rounding && after.orthogonality < rounding,
        "values %.2e, residuals %.2e, orthogonality %.2e", after.value, after.residual, after.orthogonality);
  approximate(a, x, values);
  refine(Q2_REFINE_VALUES, N, a, LD, x, values);
  const struct errors quotients = errors_of(a, x, values, exact, norm);
  printf("%-44s values %.1e by Rayleigh quotients\n", "", quotients.value);
  if (together == 1) CHECK(quotients.value < 0.2 * before.value, "%.2e, before %.2e", quotients.value, before.value);
  CHECK(quotients.value < before.value);
}

/* Sizes at the edges: nothing to do, one, all equal. */
static void small(void) {
  double a[9] = {3, 0, 0, 0, 3, 0, 0, 0, 3}, x[9] = {1, 0, 0, 0, 0.6f, 0.8f, 0, -0.8f, 0.6f}, values[3] = {0, 0, 0};
  refine(Q2_REFINE_ALL, 0, a, 3, x, values);
  refine(Q2_REFINE_ALL, 3, a, 3, x, values);
  for (int k = 0; k < 3; k++)
    CHECK_CLOSE(values[k], 3, 1e-14);
  CHECK_CLOSE(x[4] * x[4] + x[5] * x[5], 1, 1e-14);
  x[0] = 1;
  refine(Q2_REFINE_ALL, 1, a, 1, x, values);
  CHECK_CLOSE(values[0], 3, 1e-15);
}

int main(void) {
  uint64_t state = 7;
  try("well apart", 0, 1, &state);
  try("pairs 1e-2 apart", 1e-2, 2, &state);
  try("triples 1e-4 apart", 1e-4, 3, &state);
  try("fours 1e-6 apart", 1e-6, 4, &state);
  try("sixes, equal", 0, 6, &state);
  try("one cluster of all", 1e-3, N, &state);
  small();
  return check_result();
}
