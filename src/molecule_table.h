/* Rows of all molecules on one rank, in the order of the molecules in the file: for tables and results. */
#ifndef Q2_MOLECULE_TABLE_H
#define Q2_MOLECULE_TABLE_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

#include "../io/dataset.h"
#include "objective.h"

/* Gathers ragged rows to rank 0. Local molecule m of `dataset` has rows offset[m] to offset[m+1]-1 of `data`, `row_size` bytes
 * each; offset NULL: one row a molecule. On rank 0 *all_offset becomes [molecule_total + 1] and *all the rows in the order of
 * the file, to be released with free(); elsewhere both become NULL. all_offset may be NULL. Collective. Memory on rank 0: the
 * result, and one other rank's rows at a time. */
int q2_gather_rows(MPI_Comm comm, const struct q2_dataset *dataset, const int64_t *offset, const void *data, size_t row_size,
                   int64_t **all_offset, void **all, struct q2_error *error);

/* The vibrations of all molecules at the first and at the last parameters. Everything but the counts is NULL on ranks other
 * than 0. */
struct q2_molecule_table {
  int64_t count;                               /* molecules in the file */
  struct q2_name *name;                        /* [count] */
  int32_t *atoms;                              /* [count] */
  int32_t *validation;                         /* [count] 1: out of the fit; NULL where the data set does not say */
  int64_t *offset;                             /* [count + 1] rows of the following */
  double *reference, *before, *after, *weight; /* cm-1; the weight has the observable's unit */
};

/* Gathers the table; `before` and `after` are of q2_objective_vibrations (the same molecules and references); after may be
 * NULL, and then so is the table's. Collective; release with q2_molecule_table_free. */
int q2_molecule_table_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_vibrations *before,
                             const struct q2_vibrations *after, struct q2_molecule_table *table, struct q2_error *error);
void q2_molecule_table_free(struct q2_molecule_table *table);

/* Root mean square of reference - calculated over molecule m's rows, and the largest of them in magnitude, with its sign
 * (calculated - reference). Zero for a molecule without rows. */
double q2_molecule_rmsd(const struct q2_molecule_table *table, const double *calculated, int64_t m, double *worst);

#endif
