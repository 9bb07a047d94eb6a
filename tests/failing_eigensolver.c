/* To be preloaded: LAPACKE_dsyevd_work that fails at call number Q2_FAILING_CALL (and Q2_FAILING_CALLS - 1 more) of the
 * process, of matrices of molecules (order above 6; questions for the work space do not count). With Q2_COUNT_CALLS it writes
 * the number of calls to that file. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static long calls;

__attribute__((destructor)) static void tell(void) {
  const char *name = calls > 0 ? getenv("Q2_COUNT_CALLS") : NULL; /* not of the programs that start this one */
  FILE *file = name ? fopen(name, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", calls);
  fclose(file);
}

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text ? strtol(text, NULL, 10) : otherwise;
}

lapack_int LAPACKE_dsyevd_work(int layout, char job, char triangle, lapack_int n, double *a, lapack_int ld, double *w,
                               double *work, lapack_int lwork, lapack_int *iwork, lapack_int liwork) {
  union {
    void *object;
    lapack_int (*function)(int, char, char, lapack_int, double *, lapack_int, double *, double *, lapack_int, lapack_int *,
                           lapack_int);
  } real = {dlsym(RTLD_NEXT, "LAPACKE_dsyevd_work")};
  const lapack_int info = real.function(layout, job, triangle, n, a, ld, w, work, lwork, iwork, liwork);
  if (n <= 6 || lwork < 0) return info;
  const long first = number("Q2_FAILING_CALL", 0), call = ++calls;
  if (first == 0 || call < first || call >= first + number("Q2_FAILING_CALLS", 1)) return info;
  for (lapack_int k = 0; k < n; k++)
    w[k] = NAN;
  return 1;
}
