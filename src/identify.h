/* Which parameters the data determine, from J'J at one point.
 *
 * S = Z' J'J Z is the square of the residuals' Jacobian in scaled variables (src/variables.h), without a prior. A direction is
 * an eigenvector of S: a step of length one along it changes the residuals by the root of its eigenvalue. Directions whose
 * eigenvalue is at most a fraction of the largest are undetermined. A parameter's share in them is the squared length of the
 * part of its own direction (a row of Z, normalised) that lies in their span: 0, the data determine it; 1, not at all. Shares
 * of parameters that are variables add up to the number of undetermined directions. */
#ifndef Q2_IDENTIFY_H
#define Q2_IDENTIFY_H

#include "objective.h"
#include "print.h"
#include "variables.h"

struct q2_image;

struct q2_identification {
  int done;             /* 1: there is one; the rest is on rank 0 */
  int variables;        /* directions */
  int determined;       /* of them */
  double threshold;     /* fraction of the largest eigenvalue */
  double *eigenvalue;   /* [variables] ascending */
  int independent;      /* independent parameters */
  double *share;        /* [independent] */
  int32_t *no_residual; /* [independent] 1: no residual depends on it: its column of J is zero everywhere */
};

/* Decomposes square[independent][independent], J'J by independent parameter. Local. Release with q2_identification_free. */
int q2_identify_square(const struct q2_variables *variables, const double *square, double threshold,
                       struct q2_identification *identification, struct q2_error *error);

/* Evaluates J'J at the parameter table's values with `objective`, which sums it over the independent parameters, and decomposes
 * it on rank 0. Not done where a molecule fails. Collective. */
int q2_identify(MPI_Comm comm, struct q2_objective *objective, const struct q2_variables *variables,
                const struct q2_parameters *parameters, double threshold, struct q2_identification *identification,
                struct q2_error *error);
void q2_identification_free(struct q2_identification *identification);

/* Prints how many parameters are determined and which are not, a few of each kind; in verbose mode all. */
void q2_identify_print(struct q2_printer *printer, const struct q2_identification *identification,
                       const struct q2_parameters *parameters, const struct q2_variables *variables);

/* Adds the group /identifiability (docs/result.md) on the rank that writes. Nothing where there is none. */
int q2_identify_write(struct q2_image *image, const struct q2_identification *identification,
                      const struct q2_variables *variables, struct q2_error *error);

#endif
