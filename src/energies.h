/* Energies that are compared between molecules: the one thing that ties residuals of different molecules, on different ranks,
 * together. Every rank holds the energies of all molecules concerned and finds their cotangents by itself, in the same order.
 */
#ifndef Q2_ENERGIES_H
#define Q2_ENERGIES_H

#include <mpi.h>

#include "../io/dataset.h"
#include "../kernels/batch.h"

/* The residual weight (reference - (energy of one molecule - energy of another)). */
struct q2_energy_row {
  int64_t molecule, against; /* slots */
  double reference, weight;
};

/* A slot is a molecule at one geometry: slots below fixed_count are those at the QM geometry, the others at the relaxed one. */
struct q2_energies {
  int64_t fixed_count, count;
  int64_t *molecule; /* [count] numbers in the file, ascending in both parts */
  double *energy;    /* [count] kcal/mol; NAN: its relaxation went astray; INFINITY: it is set aside, and so are rows with it */
  double *bar;       /* [count] the loss's derivative in each */
  int64_t row_count;
  struct q2_energy_row *row; /* [row_count] of all ranks, of molecules that are fitted, in the order of the slots */
};

/* Finds the slots: molecules with a row of `energy` or `relaxed_energy`, and those that such rows name. Collective. Release
 * with q2_energies_free, after a failure too. */
int q2_energies_create(MPI_Comm comm, const struct q2_dataset *dataset, struct q2_energies *energies, struct q2_error *error);
void q2_energies_free(struct q2_energies *energies);

/* The slot of a molecule of the file, at the relaxed geometry or not; -1: none. */
int32_t q2_energies_slot(const struct q2_energies *energies, int relaxed, int64_t molecule);

/* Gathers the rows of all ranks' batches. Collective. */
int q2_energies_gather(MPI_Comm comm, const struct q2_batch *batch, int batch_count, struct q2_energies *energies,
                       struct q2_error *error);

/* Sums over ranks what each rank found for the molecules it owns (others: zero): exact, since all other terms are zeros; then
 * the cotangents. Collective. */
void q2_energies_share(MPI_Comm comm, struct q2_energies *energies);

#endif
