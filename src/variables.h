/* What the optimizer varies: the active, unlinked rows of the parameter table, each divided by its scale. */
#ifndef Q2_VARIABLES_H
#define Q2_VARIABLES_H

#include "../io/dataset.h"

struct q2_variables {
  int count;                     /* free variables */
  int parameter_count;           /* rows of the parameter table */
  int *row;                      /* [count] row of each variable */
  int *variable_of;              /* [parameter_count] variable that a row follows (its own or its link's), -1: frozen */
  double *scale, *lower, *upper; /* [count] scale in the parameter's unit; bounds in scaled units, +-infinity allowed */
  int *source;                   /* [parameter_count] the row whose value a row takes: itself, or the end of its link */
  const double *frozen;          /* [parameter_count] the parameter table's values, for rows that do not vary (borrowed) */
};

/* Makes the variables of `parameters` (which must outlive them). Default scales and default bounds come from the table of
 * kinds; an unknown kind, or an active row that starts out of its bounds, is an error. Local. Release with q2_variables_free.
 */
int q2_variables_create(const struct q2_parameters *parameters, struct q2_variables *variables, struct q2_error *error);
void q2_variables_free(struct q2_variables *variables);

/* x[count] from the parameter table's values (moved onto a bound where the division by the scale crossed it), and
 * parameters[parameter_count] from x (links and frozen rows applied). */
void q2_variables_start(const struct q2_variables *variables, const struct q2_parameters *parameters, double *x);
void q2_variables_apply(const struct q2_variables *variables, const double *x, double *parameters);

/* Chain rule: gradient by row -> gradient by scaled variable. */
void q2_variables_gradient(const struct q2_variables *variables, const double *row_gradient, double *x_gradient);

#endif
