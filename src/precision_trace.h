/* The trace of a comparison of precision modes: an HDF5 file; docs/precision.md is its layout. */
#ifndef Q2_PRECISION_TRACE_H
#define Q2_PRECISION_TRACE_H

#include "../io/result.h"
#include "precision_errors.h"
#include "session.h"

enum { Q2_PRECISION_THRESHOLDS = 3 };
extern const double q2_precision_thresholds[Q2_PRECISION_THRESHOLDS]; /* cm-1 */

/* One mode's row of the summary. */
struct q2_precision_row {
  int mode; /* row of q2_precision_modes */
  struct q2_precision_summary summary;
  double seconds, seconds_least; /* of an evaluation with gradient: the median, and the least */
  double stage[Q2_STAGE_COUNT];  /* seconds of an evaluation by stage, all threads and ranks */
};

/* The root of the file: provenance, molecules, vibrations in float64. On rank 0. */
int q2_precision_trace_begin(struct q2_image *image, const struct q2_session *session, const struct q2_name *names,
                             const int32_t *atoms, const struct q2_precision_errors *full, struct q2_error *error);

/* /modes/NAME: a mode's errors. On rank 0. */
int q2_precision_trace_mode(struct q2_image *image, const struct q2_precision_row *row,
                            const struct q2_precision_errors *errors, struct q2_error *error);

/* /summary, one row a mode; and the file itself. On rank 0. */
int q2_precision_trace_end(struct q2_image *image, const struct q2_precision_row *rows, int count, const char *path,
                           struct q2_error *error);

#endif
