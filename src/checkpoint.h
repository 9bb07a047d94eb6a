/* The checkpoint: what a fit needs to go on as if nothing had happened. docs/checkpoint.md is its layout.
 *
 * It is the logs of evaluations of all rounds (evaluation_log.h), what the run was (run_identity.h), and, for people and for a
 * start anew with -parameters, the best parameters so far. There is no state of the optimizer in it, nor of a random number
 * generator: q2hpc has none. */
#ifndef Q2_CHECKPOINT_H
#define Q2_CHECKPOINT_H

#include "../io/dataset.h"
#include "evaluation_log.h"
#include "run_identity.h"
#include "variables.h"

enum { Q2_MOST_ROUNDS = 3 /* of a fit, src/fit_rounds.h */ };

struct q2_checkpoint {
  struct q2_run_identity identity;
  int rounds;
  struct q2_evaluation_log log[Q2_MOST_ROUNDS];
};

/* What is written; everything is borrowed. */
struct q2_checkpoint_source {
  const struct q2_run_identity *identity;
  const struct q2_parameters *parameters; /* kinds, labels, units, factors */
  const struct q2_variables *variables;   /* of the last round */
  int rounds;
  const struct q2_evaluation_log *log[Q2_MOST_ROUNDS];
};

/* Writes a checkpoint as io/sealed.h describes: at any moment `path` or its predecessor is complete. Local, on the rank that
 * has the logs. best: [parameters->count], for the best parameters (q2hpc's units); overwritten. mark: as q2_sealed_write has
 * it. */
int q2_checkpoint_write(const struct q2_checkpoint_source *source, double *best, const char *path, uint64_t *mark,
                        struct q2_error *error);

/* Reads the checkpoint at `path`, on rank 0 (elsewhere `checkpoint` becomes empty). A damaged file is refused by the name of
 * the dataset. Collective. Release with q2_checkpoint_free. */
int q2_checkpoint_read(MPI_Comm comm, const char *path, struct q2_checkpoint *checkpoint, struct q2_error *error);
void q2_checkpoint_free(struct q2_checkpoint *checkpoint);

/* The columns of a log's records, as datasets of /rounds/R. */
struct q2_record_column {
  const char *name, *unit;
  enum { Q2_COLUMN_DOUBLE, Q2_COLUMN_INT64, Q2_COLUMN_INT32 } type;
  size_t offset; /* in struct q2_evaluation_record */
};
extern const struct q2_record_column q2_record_columns[];
extern const int q2_record_column_count;

#endif
