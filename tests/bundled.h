/* The molecules of the bundled data sets (jobs/data/) as a reader of other files would give them. */
#ifndef Q2_BUNDLED_H
#define Q2_BUNDLED_H

#include <mpi.h>

#include "../io/dataset.h"
#include "../io/formats/molecule.h"
#include "../io/formats/text.h"

/* Opens jobs/data/NAME by the variable Q2HPC_SOURCE of the environment; ends the program where it cannot be read. The ranks of
 * `comm` share the molecules. Records have names, elements, positions, masses, charges, Hessians and bonds (without orders);
 * record m is molecule m of `dataset`. */
void bundled_open(MPI_Comm comm, const char *name, struct q2_dataset *dataset, struct q2_molecule_list *molecules);

/* The record of that name, or NULL. */
struct q2_molecule_record *bundled_find(struct q2_molecule_list *molecules, const char *name);

/* The text of jobs/typing/NAME. */
struct q2_text bundled_typing(const char *name);

#endif
