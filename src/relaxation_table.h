/* What became of molecules: how relaxations ended, which molecules are set aside, and why one failed. */
#ifndef Q2_RELAXATION_TABLE_H
#define Q2_RELAXATION_TABLE_H

#include <mpi.h>

#include "../io/dataset.h"
#include "objective.h"
#include "print.h"

/* How a relaxation ended, in words: of enum q2_relaxation (kernels/wave.h), or -1: "none" was asked for. */
const char *q2_relaxation_word(int status);

/* The last relaxations of all molecules, in the order of the file. Everything but the counts is NULL on ranks other than 0; a
 * zeroed table is that of a set where nothing is relaxed. */
struct q2_relaxation_table {
  int64_t count;               /* molecules in the file; 0 where nothing is relaxed */
  int64_t relaxed, aside;      /* molecules that are relaxed, and set aside */
  int32_t *status, *set_aside; /* [count] as q2_objective_relaxations has them */
};

/* Gathers the table. Collective; release with q2_relaxation_table_free. */
int q2_relaxation_table_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_objective *objective,
                               struct q2_relaxation_table *table, struct q2_error *error);
void q2_relaxation_table_free(struct q2_relaxation_table *table);

/* Prints how many molecules are relaxed, and which of them are set aside and why, after the first evaluation: the first few, in
 * verbose mode all. Prints nothing where nothing is relaxed. Collective. */
int q2_report_set_aside(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_objective *objective,
                        struct q2_printer *printer, struct q2_error *error);

/* A molecule that could not be evaluated. */
struct q2_failure {
  struct q2_name name;
  char reason[160];
  int rank; /* that holds it */
};

/* Finds name, reason and rank of molecule `number` (in the file) after an evaluation that counts it as failed, whichever rank
 * holds it. Collective. */
void q2_molecule_failure(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_objective *objective, int64_t number,
                         struct q2_failure *failure);

#endif
