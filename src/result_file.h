/* The result of a fit as one HDF5 file; docs/result.md is its layout. */
#ifndef Q2_RESULT_FILE_H
#define Q2_RESULT_FILE_H

#include "fit_rounds.h"
#include "molecule_table.h"
#include "relaxation_table.h"
#include "residual_table.h"
#include "session.h"

/* Checks, before the work, that `path` can be written: its directory is there and takes a file. Collective. */
int q2_result_check_writable(MPI_Comm comm, const char *path, struct q2_error *error);

/* What the data are compared with, at the starting parameters and at the best; read on rank 0. */
struct q2_result_tables {
  struct q2_molecule_table vibrations; /* as the fit's own rule pairs */
  struct q2_residual_table residuals;
  struct q2_relaxation_table relaxed_before, relaxed_after;
};

/* Writes session->options.output: parameters, iterations, rounds, tables, provenance. stage_seconds is [3][Q2_STAGE_COUNT]:
 * least, most and mean over ranks, read on rank 0. Collective; the old file stays until the new one is complete. */
int q2_result_write(struct q2_session *session, const struct q2_fit_rounds *rounds, const struct q2_result_tables *tables,
                    const double *stage_seconds, struct q2_error *error);

/* Replaces parameters->value by the final values of the result, or the best of the checkpoint, at `path`, whose rows must be
 * the same kinds, labels and units. Collective. */
int q2_result_read_parameters(MPI_Comm comm, const char *path, struct q2_parameters *parameters, struct q2_error *error);

/* Writes provenance as attributes of `group` in `image`: what ran, on what, when. Local. */
struct q2_image;
int q2_result_provenance(struct q2_image *image, const char *group, const struct q2_session *session, struct q2_error *error);

/* Writes /residuals/KIND and /summary/KIND, and /relaxation (nothing where nothing is relaxed). /summary must exist. Local. */
int q2_result_residuals(struct q2_image *image, const struct q2_residual_table *table, struct q2_error *error);
int q2_result_relaxations(struct q2_image *image, const struct q2_relaxation_table *before,
                          const struct q2_relaxation_table *after, struct q2_error *error);

#endif
