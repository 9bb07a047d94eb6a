/* What the pieces of q2_reference_make share: one molecule whose residual rows are being found, table by table. */
#ifndef Q2_RESIDUALS_PARTS_H
#define Q2_RESIDUALS_PARTS_H

#include "bonds.h"
#include "growing.h"
#include "observable_weights.h"
#include "residuals.h"

#define Q2_STRAIGHTEST_TORSION 175.0 /* degree; torsions with a QM bond angle above it are not observed */

struct q2_residual_builder {
  const struct q2_dataset *dataset;
  int64_t molecule;
  const char *name;
  int atoms, modes;            /* modes: vibrations that there are, with or without a Hessian */
  const double *mass;          /* [atoms] */
  const double *position;      /* [atoms][3] */
  const double *hessian;       /* packed, of the method for transition states; NULL: there is none */
  double *inverted;            /* own memory of `hessian` under method C */
  double *eigenvalue;          /* [basis_count] basis_i' H basis_i, in the observable's unit */
  struct q2_neighbours bonded; /* lists of /bonds */
  int32_t *apart, apart_from;  /* [atoms] bonds between each atom and atom apart_from; -1: not yet filled */
  struct q2_growing rows;      /* struct q2_residual */
  struct q2_reference *reference;
  const struct q2_weight_set *set; /* NULL: the data set names none */

  /* the table at hand */
  const struct q2_observable_table *table;
  int observable;

  struct q2_error *error;
};

/* Appends a residual of the observable at hand; Q2_FAILED when memory ran out. `index`: as many columns as the table has. */
int q2_residual_append(struct q2_residual_builder *builder, const int *index);

/* residuals_expand.c: appends the residuals that row `row` of the table at hand stands for, without reference and weight.
 * Refuses an index that does not fit. Indices come out as kernels/observables.h wants them: i > j or i >= j. */
int q2_residual_expand(struct q2_residual_builder *builder, int64_t row);

/* residuals_value.c: the reference of a residual from the QM data, and its weight from the named set. Refuse what is not there.
 */
int q2_residual_reference(struct q2_residual_builder *builder, struct q2_residual *residual);
int q2_residual_weight(struct q2_residual_builder *builder, struct q2_residual *residual);

/* Value of a bond, angle or torsion at the QM geometry, in angstrom or degree; atoms: 2, 3 or 4 of them. */
double q2_residual_coordinate(const struct q2_residual_builder *builder, int count, const int32_t *atoms);

#endif
