/* The prior: parameters are expected to stay near where they started.
 *
 * One residual for each independent parameter (src/variables.h; also for one that an equality determines) whose kind has a
 * weight w > 0: r = w (p - p_input) / scale, with p_input the value in the input file, whatever the fit starts from. Its
 * squares are part of the loss, as a Gaussian prior of standard deviation scale / w is of a negative logarithm of the posterior
 * where data residuals are in units of their standard deviations. */
#ifndef Q2_PRIOR_H
#define Q2_PRIOR_H

#include "variables.h"

struct q2_prior {
  int active;     /* 0: no parameter has a weight; then every function below adds nothing */
  int count;      /* independent parameters */
  const int *row; /* [count] their rows (borrowed from the variables) */
  double *weight; /* [count] w / scale */
  double *centre; /* [count] p_input */
};

/* Makes the prior of `table`, or of `text` in its place where that is not "": KIND=W,KIND=W,... or all=W, applied in order.
 * input: [parameters->count] the input file's values. Errors name the word of `text` that cannot be understood. The variables
 * must outlive the prior. Local. Release with q2_prior_free. */
int q2_prior_create(const struct q2_prior_table *table, const char *text, const struct q2_parameters *parameters,
                    const struct q2_variables *variables, const double *input, struct q2_prior *prior, struct q2_error *error);
void q2_prior_free(struct q2_prior *prior);

/* The sum of squares at `parameters` ([rows of the parameter table]); adds its gradient to row_gradient (by row; not where
 * NULL). */
double q2_prior_evaluate(const struct q2_prior *prior, const double *parameters, double *row_gradient);

/* Adds the prior's share of J'J to square[count][count], by independent parameter. */
void q2_prior_add_square(const struct q2_prior *prior, double *square);

#endif
