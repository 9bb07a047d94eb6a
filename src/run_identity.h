/* What a run is, as far as another one can go on from its checkpoint: input, options, program, libraries, CPU. */
#ifndef Q2_RUN_IDENTITY_H
#define Q2_RUN_IDENTITY_H

#include "../io/error.h"
#include "machine.h"
#include "print.h"

/* Facts that decide the bits of an evaluation or of the optimizer's arithmetic. One that differs is explained, not refused. */
enum {
  Q2_FACT_VERSION,
  Q2_FACT_BUILD,
  Q2_FACT_PETSC,
  Q2_FACT_BACKEND,
  Q2_FACT_GPU,
  Q2_FACT_CUDA,
  Q2_FACT_BLAS,
  Q2_FACT_KERNEL,
  Q2_FACT_CPU,
  Q2_FACT_COUNT
};
extern const char *const q2_fact_names[Q2_FACT_COUNT]; /* as attributes of a checkpoint's /provenance */

struct q2_run_identity {
  char fact[Q2_FACT_COUNT][256];
  char checksum[32]; /* of the data set */
  char *options;     /* PETSc's options database: "-name value -name value ..."; owned */
};

/* Fills `identity` from this run. Release with q2_run_identity_free. Local; rank 0's is the one that counts. */
int q2_run_identity_create(const struct q2_machine *machine, const char *checksum, struct q2_run_identity *identity,
                           struct q2_error *error);
void q2_run_identity_free(struct q2_run_identity *identity);

/* Compares the run `before`, whose checkpoint `path` is, with `now`. Refused, naming what differs: another data set; an option
 * that decides what is fitted and how. Options that only decide when a fit ends may differ where it has one round (`rounds` of
 * the checkpoint). Warned of: facts that differ. Local. */
int q2_run_identity_compare(const struct q2_run_identity *before, const struct q2_run_identity *now, int rounds,
                            const char *path, struct q2_printer *printer, struct q2_error *error);

#endif
