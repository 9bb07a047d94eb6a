/* Rayleigh quotients, and Ogita and Aishima's refinement. */
#include "refine.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

enum { LEAST_STEPS = 2, MOST_STEPS = 4 };

/* A correction below this leaves an error of its square, that of rounding. */
#define SMALL_CORRECTION 0x1p-27

/* Work space: matrices of order x order, leading dimension order, and what the clusters' eigenproblems take. */
struct refiner {
  int n, ld;
  const double *a;
  double *x;                                /* [ld x n] */
  double *product;                          /* A X, then X E, then a cluster's turned vectors */
  double *s, *r, *e;                        /* S, R, E */
  double *small_s, *small_r, *small, *norm; /* of a cluster, and its eigenvalues */
  int *order, *end;                         /* by ascending eigenvalue; the clusters' ends in that order */
};

int64_t q2_refine_work(int order) {
  const int64_t n = order;
  return 6 * n * n + 4 * n + 34 * n; /* five matrices and a cluster's; eigenvalues, two lists; LAPACK's */
}

static void lay_out(struct refiner *f, int n, int ld, const double *a, double *x, double *work) {
  const int64_t square = (int64_t)n * n;
  *f = (struct refiner){.n = n, .ld = ld, .a = a, .x = x};
  f->product = work;
  f->s = f->product + square;
  f->r = f->s + square;
  f->e = f->r + square;
  f->small_s = f->e + square;
  f->small_r = f->small_s + square;
  f->norm = f->small_r + square;
  f->order = (int *)(void *)(f->norm + n);
  f->end = f->order + n;
  f->small = f->norm + 2 * n;
}

/* Ascending order of the eigenvalues: they nearly are, so by insertion. */
static void sort(struct refiner *f, const double *values) {
  for (int k = 0; k < f->n; k++) {
    int to = k;
    for (; to > 0 && values[f->order[to - 1]] > values[k]; to--)
      f->order[to] = f->order[to - 1];
    f->order[to] = k;
  }
}

/* Columns and eigenvalues in ascending order. */
static void arrange(struct refiner *f, double *values) {
  int moved = 0;
  sort(f, values);
  for (int k = 0; k < f->n; k++)
    moved |= f->order[k] != k;
  if (!moved) return;
  for (int k = 0; k < f->n; k++) {
    f->norm[k] = values[f->order[k]];
    memcpy(f->product + (int64_t)k * f->n, f->x + (int64_t)f->order[k] * f->ld, (size_t)f->n * sizeof *f->x);
  }
  for (int k = 0; k < f->n; k++)
    memcpy(f->x + (int64_t)k * f->ld, f->product + (int64_t)k * f->n, (size_t)f->n * sizeof *f->x);
  memcpy(values, f->norm, (size_t)f->n * sizeof *values);
}

static void multiply(int rows, int columns, int inner, int turn, const double *a, int lda, const double *b, int ldb,
                     double beta, double *c, int ldc) {
  cblas_dgemm(CblasColMajor, turn ? CblasTrans : CblasNoTrans, CblasNoTrans, rows, columns, inner, 1, a, lda, b, ldb, beta, c,
              ldc);
}

static void quotients(struct refiner *f, double *values) {
  multiply(f->n, f->n, f->n, 0, f->a, f->ld, f->x, f->ld, 0, f->product, f->n);
  for (int k = 0; k < f->n; k++) {
    double *x = f->x + (int64_t)k * f->ld;
    const double square = cblas_ddot(f->n, x, 1, x, 1);
    values[k] = cblas_ddot(f->n, x, 1, f->product + (int64_t)k * f->n, 1) / square;
    cblas_dscal(f->n, 1 / sqrt(square), x, 1);
  }
  arrange(f, values);
}

/* S = X'AX and R = 1 - X'X. */
static void measure(struct refiner *f) {
  const int n = f->n;
  multiply(n, n, n, 0, f->a, f->ld, f->x, f->ld, 0, f->product, n);
  multiply(n, n, n, 1, f->x, f->ld, f->product, n, 0, f->s, n);
  multiply(n, n, n, 1, f->x, f->ld, f->x, f->ld, 0, f->r, n);
  for (int64_t j = 0; j < n; j++) {
    for (int64_t i = 0; i < n; i++)
      f->r[j * n + i] = (i == j) - f->r[j * n + i];
  }
}

/* Rows or columns `index` [count] of the n x n matrix, turned by the count x count matrix v. */
static void turn(const struct refiner *f, double *matrix, int64_t stride, int64_t across, const int *index, int count,
                 const double *v) {
  double *row = f->norm;
  for (int64_t k = 0; k < f->n; k++) {
    for (int j = 0; j < count; j++) {
      row[j] = 0;
      for (int i = 0; i < count; i++)
        row[j] += matrix[k * across + index[i] * stride] * v[(int64_t)j * count + i];
    }
    for (int j = 0; j < count; j++)
      matrix[k * across + index[j] * stride] = row[j];
  }
}

/* Turns the vectors of a cluster into those of its own eigenproblem S v = lambda (1 - R) v. */
static void solve_cluster(struct refiner *f, const int *index, int count) {
  for (int64_t j = 0; j < count; j++) {
    for (int64_t i = 0; i < count; i++) {
      const int64_t at = (int64_t)index[j] * f->n + index[i];
      f->small_s[j * count + i] = f->s[at];
      f->small_r[j * count + i] = (i == j) - f->r[at];
    }
  }
  double *values = f->small, *work = f->small + f->n;
  if (LAPACKE_dsygv_work(LAPACK_COL_MAJOR, 1, 'V', 'L', count, f->small_s, count, f->small_r, count, values, work, 34 * f->n) !=
      0)
    return; /* as before: the cluster stays one */
  turn(f, f->s, 1, f->n, index, count, f->small_s);
  turn(f, f->s, f->n, 1, index, count, f->small_s);
  /* 1 - R turns as X'X does. */
  for (int64_t k = 0; k < f->n; k++)
    f->r[k * (f->n + 1)] -= 1;
  turn(f, f->r, 1, f->n, index, count, f->small_s);
  turn(f, f->r, f->n, 1, index, count, f->small_s);
  for (int64_t k = 0; k < f->n; k++)
    f->r[k * (f->n + 1)] += 1;
  turn(f, f->x, f->ld, 1, index, count, f->small_s);
}

static void solve_clusters(struct refiner *f) {
  for (int begin = 0; begin < f->n; begin = f->end[begin]) {
    const int count = f->end[begin] - begin;
    if (count > 1) solve_cluster(f, f->order + begin, count);
  }
}

/* |m| of a matrix without its diagonal (skip), or with it. */
static double norm(int n, const double *m, int ld, int skip) {
  double sum = 0;
  for (int64_t j = 0; j < n; j++) {
    for (int64_t i = 0; i < n; i++)
      sum += skip && i == j ? 0 : m[j * ld + i] * m[j * ld + i];
  }
  return sqrt(sum);
}

/* Eigenvalues, and where clusters end: end[begin], by place in the ascending order. Returns delta, which is no smaller than
 * what makes rounding in S, about sqrt(n) 2^-53 |A|, a correction of 2^-27: a larger one, being no exact rotation, would cost
 * orthogonality. */
static double find_values(struct refiner *f, double *values) {
  const int n = f->n;
  double largest = 0;
  for (int64_t k = 0; k < n; k++) {
    values[k] = f->s[k * (n + 1)] / (1 - f->r[k * (n + 1)]);
    largest = fmax(largest, fabs(values[k]));
  }
  sort(f, values);
  const double delta = fmax(2 * (norm(n, f->s, n, 1) + largest * norm(n, f->r, n, 0)), 0x1p-26 * sqrt(n) * largest);
  for (int begin = 0, end; begin < n; begin = end) {
    for (end = begin + 1; end < n && values[f->order[end]] - values[f->order[end - 1]] <= delta; end++)
      ;
    f->end[begin] = end;
  }
  return delta;
}

/* X += X E. Returns the largest element of E. E_ij + E_ji is R_ij also where rounding in S, divided by a gap, is much more. */
static double correct(struct refiner *f, const double *values, double delta) {
  const int n = f->n;
  double largest = 0;
  for (int64_t j = 0; j < n; j++) {
    f->e[j * (n + 1)] = f->r[j * (n + 1)] / 2;
    for (int64_t i = 0; i < j; i++) {
      const double gap = values[j] - values[i], r = (f->r[j * n + i] + f->r[i * n + j]) / 2,
                   s = (f->s[j * n + i] + f->s[i * n + j]) / 2, e = fabs(gap) > delta ? (s + values[j] * r) / gap : r / 2;
      f->e[j * n + i] = e;
      f->e[i * n + j] = r - e;
      largest = fmax(largest, fmax(fabs(e), fabs(r - e)));
    }
  }
  multiply(n, n, n, 0, f->x, f->ld, f->e, n, 0, f->product, n);
  for (int64_t j = 0; j < n; j++)
    cblas_daxpy(n, 1, f->product + j * n, 1, f->x + j * f->ld, 1);
  return largest;
}

void q2_refine(enum q2_refinement refinement, int order, const double *matrix, int ld, double *vectors, double *values,
               double *work) {
  struct refiner f;
  lay_out(&f, order, ld, matrix, vectors, work);
  if (refinement == Q2_REFINE_VALUES) quotients(&f, values);
  if (refinement != Q2_REFINE_ALL) return;
  for (int step = 0; step < MOST_STEPS; step++) {
    measure(&f);
    if (step > 0) solve_clusters(&f);
    const double delta = find_values(&f, values), correction = correct(&f, values, delta);
    if (step + 1 >= LEAST_STEPS && correction < SMALL_CORRECTION) break;
  }
  arrange(&f, values);
}
