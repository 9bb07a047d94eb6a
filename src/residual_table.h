/* All residuals on one rank, before and after, and what they say by kind of observable. */
#ifndef Q2_RESIDUAL_TABLE_H
#define Q2_RESIDUAL_TABLE_H

#include <mpi.h>

#include "../io/dataset.h"
#include "objective.h"

/* One residual; calculated values are NAN where it has no partner or its molecule is set aside. */
struct q2_residual_row {
  int32_t observable, index[Q2_MAX_INDEX];
  double reference, weight, before, after; /* after: equal to before in a table of one point */
};

/* Everything but the counts is NULL on ranks other than 0. */
struct q2_residual_table {
  int64_t count;               /* molecules in the file */
  int64_t *offset;             /* [count + 1] rows of each molecule, in the order of the file */
  int32_t *validation;         /* [count] 1: out of the fit */
  struct q2_residual_row *row; /* by molecule, at the QM geometry first; within that by observable */
};

/* Gathers the table; before and after are of q2_objective_residuals of one objective, after may be NULL. Collective; release
 * with q2_residual_table_free. */
int q2_residual_table_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_residual_values *before,
                             const struct q2_residual_values *after, struct q2_residual_table *table, struct q2_error *error);
void q2_residual_table_free(struct q2_residual_table *table);

/* What the residuals of one kind of observable say that are fitted: with weight > 0 and a calculated value, of molecules that
 * are not for validation. */
struct q2_kind_quality {
  int64_t residuals;
  double loss; /* sum of (weight (reference - calculated))^2 */
  double rmsd; /* root mean square of reference - calculated, without weights, in the kind's unit; NAN without residuals */
  double r2;   /* coefficient of determination: 1 - sum (ref - calc)^2 / sum (ref - mean ref)^2; NAN where all references are
                  equal, to 1e-9 of the largest. References of torsions are taken as they are, from -180 to 180 degrees */
};

/* At the first point (after = 0) or the last. `table` is read on rank 0. Local. */
struct q2_kind_quality q2_residual_quality(const struct q2_residual_table *table, int observable, int after);

#endif
