/* The minimum of a convex quadratic function within bounds: J. Nocedal, S. J. Wright, Numerical Optimization, 2nd edition,
 * algorithm 16.3, for bounds. */
#include "bounded_quadratic.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"

static const double ridge = 1e-12;

enum held { FREE, AT_LOWER, AT_UPPER };

struct search {
  int n;
  const double *matrix, *lower, *upper;
  double shift;
  double *d, *slope; /* the point, and the function's gradient there */
  double *step;      /* of the free variables */
  double *factor;    /* [free][free] */
  enum held *held;
  int *free;
};

/* slope += A step */
static void follow(struct search *s, const double *step, double length) {
  for (int i = 0; i < s->n; i++) {
    if (step[i] == 0.0) continue;
    for (int j = 0; j < s->n; j++)
      s->slope[j] += length * step[i] * (s->matrix[(int64_t)i * s->n + j] + (i == j ? s->shift : 0.0));
    s->d[i] += length * step[i];
  }
}

/* The step to the minimum over the free variables; 0 for the others. Returns LAPACK's info. */
static int newton(struct search *s) {
  int count = 0;
  for (int i = 0; i < s->n; i++)
    if (s->held[i] == FREE) s->free[count++] = i;
  double *right = s->factor + (int64_t)count * count;
  for (int a = 0; a < count; a++) {
    for (int b = 0; b < count; b++)
      s->factor[(int64_t)a * count + b] = s->matrix[(int64_t)s->free[a] * s->n + s->free[b]] + (a == b ? s->shift : 0.0);
    right[a] = -s->slope[s->free[a]];
  }
  memset(s->step, 0, (size_t)s->n * sizeof *s->step);
  if (count == 0) return 0;
  const int info = LAPACKE_dposv_work(LAPACK_COL_MAJOR, 'L', count, 1, s->factor, count, right, count);
  for (int a = 0; a < count && info == 0; a++)
    s->step[s->free[a]] = right[a];
  return info;
}

/* How far along the step the bounds allow, at most 1; *blocking: the variable that is held up, -1: none. */
static double allowed(const struct search *s, int *blocking) {
  double length = 1.0;
  *blocking = -1;
  for (int i = 0; i < s->n; i++) {
    const double bound = s->step[i] < 0.0 ? s->lower[i] : s->upper[i];
    if (s->held[i] != FREE || s->step[i] == 0.0 || isinf(bound)) continue;
    const double reach = (bound - s->d[i]) / s->step[i];
    if (reach < length) {
      length = reach > 0.0 ? reach : 0.0;
      *blocking = i;
    }
  }
  return length;
}

/* The held variable whose release lowers the function most steeply, or -1. */
static int release(const struct search *s) {
  int best = -1;
  double steepest = 0.0;
  for (int i = 0; i < s->n; i++) {
    const double gain = s->held[i] == AT_LOWER ? -s->slope[i] : s->held[i] == AT_UPPER ? s->slope[i] : 0.0;
    const double scale = sqrt(s->matrix[(int64_t)i * s->n + i] + s->shift);
    if (s->lower[i] < s->upper[i] && gain > 1e-10 * scale && gain / scale > steepest) {
      steepest = gain / scale;
      best = i;
    }
  }
  return best;
}

static int minimise(struct search *s, struct q2_error *error) {
  for (int round = 0; round < 20 * s->n + 20; round++) {
    int blocking;
    if (newton(s) != 0) return q2_fail(error, "least squares in %d variables: the normal equations cannot be solved", s->n);
    const double length = allowed(s, &blocking);
    follow(s, s->step, length);
    if (blocking >= 0) {
      s->held[blocking] = s->step[blocking] < 0.0 ? AT_LOWER : AT_UPPER;
      s->d[blocking] = s->held[blocking] == AT_LOWER ? s->lower[blocking] : s->upper[blocking]; /* exactly */
      continue;
    }
    const int freed = release(s);
    if (freed < 0) return Q2_OK;
    s->held[freed] = FREE;
  }
  return q2_fail(error, "least squares in %d variables: the bounds in force are not found", s->n);
}

int q2_bounded_quadratic(int n, const double *matrix, const double *gradient, const double *lower, const double *upper,
                         double *d, struct q2_error *error) {
  struct search s = {.n = n, .matrix = matrix, .lower = lower, .upper = upper, .d = d};
  for (int i = 0; i < n; i++)
    s.shift = fmax(s.shift, ridge * matrix[(int64_t)i * n + i]);
  if (s.shift == 0.0) s.shift = 1.0; /* the function is linear, or there is none */
  s.slope = q2_allocate(n, sizeof *s.slope);
  s.step = q2_allocate(n, sizeof *s.step);
  s.factor = q2_allocate((int64_t)n * n + n, sizeof *s.factor);
  s.held = q2_allocate(n, sizeof *s.held);
  s.free = q2_allocate(n, sizeof *s.free);
  int status = s.slope && s.step && s.factor && s.held && s.free
                   ? Q2_OK
                   : q2_fail(error, "out of memory for least squares in %d variables", n);
  if (status == Q2_OK) {
    memset(d, 0, (size_t)n * sizeof *d);
    memcpy(s.slope, gradient, (size_t)n * sizeof *s.slope);
    status = minimise(&s, error);
  }
  free(s.slope);
  free(s.step);
  free(s.factor);
  free(s.held);
  free(s.free);
  return status;
}
