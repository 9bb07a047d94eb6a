/* Replacing a file by new content so that it survives a full disk, a kill or a power cut at any moment. */
#ifndef Q2_DURABLE_H
#define Q2_DURABLE_H

#include <stddef.h>

#include "error.h"

/* Puts `size` bytes at `path`, as q2_image_write describes. Local. */
int q2_durable_write(const char *path, const void *data, size_t size, struct q2_error *error);

/* The same, and what was at `path` is then at `path` with `suffix` (at most 16 bytes) appended: at any moment at least one of
 * the two is complete. suffix: NULL for q2_durable_write. */
int q2_durable_write_keeping(const char *path, const char *suffix, const void *data, size_t size, struct q2_error *error);

#endif
