/* Measuring rates. */
#include "probe.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

enum { LARGEST = 192, THIN = 12 };

struct probe {
  double *a, *b, *c, *work;
  lapack_int *integers;
};

/* A symmetric matrix with the spread of a Hessian: strong near the diagonal, weak far from it. */
static void fill(double *a, int n) {
  for (int j = 0; j < n; j++) {
    for (int i = 0; i < n; i++)
      a[j * n + i] = (i == j ? 2 + 0.01 * i : 0) + cos(0.7 * i * j + i + j) / (1 + 0.2 * abs(i - j));
  }
}

static double decompose(struct probe *probe, int n) {
  fill(probe->a, n);
  const double begin = MPI_Wtime();
  LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'L', n, probe->a, n, probe->b, probe->work, 1 + 6 * n + 2 * n * n, probe->integers,
                      3 + 5 * n);
  return MPI_Wtime() - begin;
}

static double multiply(struct probe *probe, int n, int depth) {
  const int runs = 1 + 20000000 / (n * n * depth * 20); /* long enough for the clock */
  const double begin = MPI_Wtime();
  for (int r = 0; r < runs; r++) {
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, n, n, depth, 1, probe->a, n, probe->b, n, 0, probe->c, n);
  }
  return (MPI_Wtime() - begin) / runs;
}

/* One read and write of a matrix element, the loop that the default rates were taken with. */
static double pass(struct probe *probe) {
  const int n = LARGEST * LARGEST, runs = 20;
  const double begin = MPI_Wtime();
  for (int r = 0; r < runs; r++) {
    for (int i = 0; i < n; i++)
      probe->c[i] = probe->a[i] * 1.0000001 + probe->b[i];
    probe->a[r] += probe->c[r]; /* what is used is not optimised away */
  }
  return (MPI_Wtime() - begin) / ((double)runs * n);
}

static double least(double a, double b) { return a < b ? a : b; }

static void measure(struct probe *probe, struct q2_cost_rates *rates) {
  for (int k = 0; k < rates->sizes; k++) {
    const int n = rates->order[k], repeats = n < 100 ? 12 : 4;
    rates->decompose[k] = rates->multiply[k] = rates->thin[k] = INFINITY;
    for (int r = 0; r < repeats; r++) {
      rates->decompose[k] = least(rates->decompose[k], decompose(probe, n));
      fill(probe->a, n);
      fill(probe->b, n);
      rates->multiply[k] = least(rates->multiply[k], multiply(probe, n, n));
      rates->thin[k] = least(rates->thin[k], multiply(probe, n, THIN));
    }
  }
  double loop = INFINITY;
  for (int r = 0; r < 5; r++)
    loop = least(loop, pass(probe));
  const double slower = loop / rates->pass;
  double *own[] = {&rates->pass, &rates->block, &rates->entry, &rates->pair, &rates->term, &rates->call};
  for (size_t k = 0; k < sizeof own / sizeof *own; k++)
    *own[k] *= slower;
}

void q2_probe_rates(MPI_Comm comm, struct q2_cost_rates *rates) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  q2_cost_rates_default(rates);
  if (rank == 0) {
    const int64_t square = LARGEST * LARGEST;
    struct probe probe = {q2_allocate(square, 8), q2_allocate(square, 8), q2_allocate(square, 8),
                          q2_allocate(1 + 6 * LARGEST + 2 * square, 8), q2_allocate(3 + 5 * LARGEST, sizeof(lapack_int))};
    if (probe.a && probe.b && probe.c && probe.work && probe.integers) measure(&probe, rates);
    free(probe.a);
    free(probe.b);
    free(probe.c);
    free(probe.work);
    free(probe.integers);
  }
  MPI_Bcast(rates, sizeof *rates, MPI_BYTE, 0, comm);
}
