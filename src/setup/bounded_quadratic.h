/* The minimum of a convex quadratic function within bounds. */
#ifndef Q2_BOUNDED_QUADRATIC_H
#define Q2_BOUNDED_QUADRATIC_H

#include "../../io/error.h"

/* Finds d [n] that minimises g'd + 1/2 d'A d with lower <= d <= upper (+-infinity: none; 0 must lie within). A [n][n]
 * symmetric, positive semidefinite: a ridge of 1e-12 of its largest diagonal element is added, so that directions in which it
 * is flat stay at 0. By active sets from d = 0: at each step the minimum over the free variables is looked for, one that is
 * held up at a bound is fixed there, one whose multiplier says so is set free; the function never rises. Work space: two
 * matrices like A. Local. */
int q2_bounded_quadratic(int n, const double *matrix, const double *gradient, const double *lower, const double *upper,
                         double *d, struct q2_error *error);

#endif
