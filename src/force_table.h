/* Energies by what they are made of and Cartesian gradients of all molecules at their QM geometries, on one rank. */
#ifndef Q2_FORCE_TABLE_H
#define Q2_FORCE_TABLE_H

#include <mpi.h>

#include "../io/dataset.h"
#include "../io/result.h"
#include "objective.h"

/* Molecules and their atoms in the order of the file. The arrays are NULL on ranks other than 0. */
struct q2_force_table {
  int64_t count;                 /* molecules in the file */
  int64_t atoms;                 /* in the file */
  struct q2_energy_parts *parts; /* [count] kcal/mol */
  double *gradient;              /* [atoms][3] dE/dx, kcal/mol/angstrom */
};

/* Computes and gathers the table at `parameters` (as q2_objective_evaluate takes them). Collective; release with
 * q2_force_table_free. */
int q2_force_table_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_objective *objective,
                          const double *parameters, struct q2_force_table *table, struct q2_error *error);
void q2_force_table_free(struct q2_force_table *table);

/* Adds /energies and /atoms/gradient to a file of `q2hpc eval -hessians` (docs/result.md). On rank 0; local. */
int q2_force_table_add(struct q2_image *image, const struct q2_dataset *dataset, const struct q2_force_table *table,
                       struct q2_error *error);

#endif
