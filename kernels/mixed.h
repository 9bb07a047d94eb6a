/* A backend in mixed precision, on top of another one.
 *
 * Each wave has a second one beside it, with arrays of float32, and each placed batch that does not move a second set of
 * tables, rounded once. The mode says for each part of an evaluation (kernels/precision.h) which of the two works; the kernels
 * are the same source. Where a part reads an array that another one left in the other precision, it is converted first, and
 * only then. Molecules that move are evaluated in float64, whatever the mode: their geometry converges to 1e-8
 * kcal/mol/angstrom. */
#ifndef Q2_MIXED_H
#define Q2_MIXED_H

#include <stddef.h>

#include "backend.h"

/* Makes `backend`, which works by `base` in the modes of `precision` [count], rows of q2_precision_modes; the first one to
 * begin with. Batches placed by it are rounded, too. `base` must stay. Returns 0, or -1 and says why in `text`. Release with
 * q2_mixed_destroy after all waves and batches. */
int q2_mixed_create(const struct q2_backend *base, const int *precision, int count, struct q2_backend *backend, char *text,
                    size_t size);
void q2_mixed_destroy(struct q2_backend *backend);

/* Later evaluations are in this mode, one of those that the backend was made with. */
void q2_mixed_set(const struct q2_backend *backend, int precision);

#endif
