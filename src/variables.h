/* What the optimizer varies.
 *
 * Independent parameters are the active, unlinked rows of the parameter table. Each equality takes one of them away; the
 * others, divided by their scales, are the variables x. So every independent parameter is p_i = constant_i + sum over v of Z_iv
 * x_v, with Z a sparse matrix: one entry, its scale, for a parameter that is a variable itself, any number for one that an
 * equality determines. The objective knows independent parameters only; everything about Z is here. */
#ifndef Q2_VARIABLES_H
#define Q2_VARIABLES_H

#include "../io/dataset.h"
#include "bounds.h"

struct q2_variables {
  int parameter_count;  /* rows of the parameter table */
  int *source;          /* [parameter_count] the row whose value a row takes: itself, or the end of its link */
  int *independent_of;  /* [parameter_count] the independent parameter that a row follows (its own or its link's), -1: frozen */
  const double *frozen; /* [parameter_count] the parameter table's values, for rows that do not vary (borrowed) */

  int independent_count;
  int *independent_row;                      /* [independent_count] its row, ascending */
  double *row_scale, *row_lower, *row_upper; /* [independent_count] in q2hpc's units; +-infinity: no bound */
  int *eliminated;                           /* [independent_count] 1: an equality determines it */
  int watched;                               /* how many of those may leave their bounds: q2_variables_leave_bounds */

  /* Z by rows: entries start[i] to start[i+1]-1. */
  int *start;          /* [independent_count + 1] */
  int *variable;       /* [start[independent_count]] */
  double *coefficient; /* the same; in q2hpc's units by scaled variable */
  double *constant;    /* [independent_count] 0 for a variable itself */

  int count;                     /* variables */
  int *row;                      /* [count] row of each variable, ascending */
  double *scale, *lower, *upper; /* [count] scale in the parameter's unit; bounds in scaled units, +-infinity allowed */
};

/* Makes the variables of `parameters` (which must outlive them), bound by `equalities` (NULL: none). Default scales come from
 * the table of kinds, bounds from q2_bounds_of. Where an eliminated parameter depends on one variable, its bounds become that
 * variable's; where it depends on several, they are watched. An unknown kind, an active row that starts out of its bounds, and
 * whatever q2_eliminate refuses, is an error. Local. Release with q2_variables_free. */
int q2_variables_create(const struct q2_parameters *parameters, const struct q2_equalities *equalities,
                        enum q2_bounds_rule rule, struct q2_variables *variables, struct q2_error *error);
void q2_variables_free(struct q2_variables *variables);

/* x[count] from the parameter table's values (moved onto a bound where the division by the scale crossed it), and
 * parameters[parameter_count] from x (equalities, links and frozen rows applied). */
void q2_variables_start(const struct q2_variables *variables, const struct q2_parameters *parameters, double *x);
void q2_variables_apply(const struct q2_variables *variables, const double *x, double *parameters);

/* Returns the first row that an equality puts out of its bounds at `parameters` (beyond 1e-9 of its scale), or -1. */
int q2_variables_leave_bounds(const struct q2_variables *variables, const double *parameters);

/* Chain rule. x_gradient[count] = Z' g, g by row of the parameter table: rows that follow one parameter add up.
 * x_square[count][count] = Z' A Z, A[independent_count][independent_count] symmetric, by independent parameter. */
void q2_variables_gradient(const struct q2_variables *variables, const double *row_gradient, double *x_gradient);
void q2_variables_square(const struct q2_variables *variables, const double *independent_square, double *x_square);

/* What becomes of a row: "" where it varies by itself, else "frozen", "linked" or "by equality". Static storage. */
const char *q2_variables_state(const struct q2_variables *variables, int row);

/* -1: `value` of a row that follows independent parameter i is at its lower bound (within 1e-9 of its scale) or below, 1: at
 * its upper one or above; else 0. */
int q2_variables_at_bound(const struct q2_variables *variables, int i, double value);

#endif
