/* Linear equalities between parameters, solved for one parameter each. */
#ifndef Q2_EQUALITIES_H
#define Q2_EQUALITIES_H

#include "../io/dataset.h"

/* The parameters that an equality may bind: rows of the parameter table, in ascending order. */
struct q2_independent {
  int count;
  const int *of;       /* [parameters->count] which of them a row follows, -1: the row is frozen */
  const double *scale; /* [count] in q2hpc's units */
  const int *bounded;  /* [count] 1: has a finite bound */
};

/* y_pivot[e] = constant[e] + sum over j of coefficient[e][j] y_j, with y = p / scale; coefficient is 0 for every pivot. */
struct q2_elimination {
  int count;           /* equalities */
  int *pivot;          /* [count] */
  double *constant;    /* [count] */
  double *coefficient; /* [count][independent count] */
};

/* Solves the equalities for as many parameters, by Gauss and Jordan's elimination with full pivoting in scaled parameters; one
 * without finite bounds is preferred where its coefficient is at least 1 % of the largest. Frozen rows enter as constants.
 *
 * Errors, which name equalities, rows and values: an equality without a parameter that varies; a set in which one repeats or
 * contradicts others (rank decided at 1e-10 of each equality's largest coefficient); one that does not hold at the parameter
 * table's values, within 1e-9 of its largest term. Local; deterministic. Release with q2_elimination_free, also after a
 * failure. */
int q2_eliminate(const struct q2_equalities *equalities, const struct q2_parameters *parameters,
                 const struct q2_independent *independent, struct q2_elimination *elimination, struct q2_error *error);
void q2_elimination_free(struct q2_elimination *elimination);

#endif
