/* Inside src/setup/: the steps from what ranks have built to one data set. Those that are not collective say so. */
#ifndef Q2_BUILDER_FINISH_H
#define Q2_BUILDER_FINISH_H

#include <mpi.h>

#include "builder_parts.h"

struct q2_finish {
  MPI_Comm comm;
  struct q2_builder *builder;
  struct q2_dataset *dataset;
  struct q2_error *error;
  char *labels; /* [label_count][Q2_LABEL_LENGTH] of the atom types in use on any rank, sorted */
  int label_count;
  int32_t *type_row; /* [label_count] a label's row of the non-bonded table */
  struct q2_parameter_index all;
  int32_t *row; /* [this rank's parameters] rows of `all`, -1 for one that is dropped */
};

static inline int q2_finish_no_memory(const struct q2_finish *f, const char *what) {
  return q2_fail(f->error, "%s: out of memory", what);
}

/* What any rank has. */
struct q2_have {
  int32_t gradient, charge, sites, types, validation, increments;
};

/* builder_molecules.c: molecules, atoms, Hessians, bonds; empties the records. After the non-bonded table. */
void q2_finish_look(const struct q2_finish *f, struct q2_have *have);
int q2_finish_molecules(struct q2_finish *f, const struct q2_have *have);

/* builder_rows.c: terms, charge increments, observables. */
int q2_finish_terms(struct q2_finish *f);
int q2_finish_increments(struct q2_finish *f, int wanted);
int q2_finish_observables(struct q2_finish *f);

#endif
