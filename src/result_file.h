/* The result of a fit as one HDF5 file; docs/result.md is its layout. */
#ifndef Q2_RESULT_FILE_H
#define Q2_RESULT_FILE_H

#include "fit_rounds.h"
#include "molecule_table.h"
#include "session.h"

/* Checks, before the work, that `path` can be written: its directory is there and takes a file. Collective. */
int q2_result_check_writable(MPI_Comm comm, const char *path, struct q2_error *error);

/* Writes session->options.output: parameters, iterations, rounds, frequencies, provenance. `table` is
 * q2_molecule_table_create's with before and after, as the fit's own rule pairs; stage_seconds is [3][Q2_STAGE_COUNT]: least,
 * most and mean over ranks. Both are read on rank 0. Collective; the old file stays until the new one is complete. */
int q2_result_write(struct q2_session *session, const struct q2_fit_rounds *rounds, const struct q2_molecule_table *table,
                    const double *stage_seconds, struct q2_error *error);

/* Replaces parameters->value by the final values of the result at `path`, whose rows must be the same kinds, labels and units.
 * Collective. */
int q2_result_read_parameters(MPI_Comm comm, const char *path, struct q2_parameters *parameters, struct q2_error *error);

/* Writes provenance as attributes of `group` in `image`: what ran, on what, when. Local. */
struct q2_image;
int q2_result_provenance(struct q2_image *image, const char *group, const struct q2_session *session, struct q2_error *error);

#endif
