/* Replacing a file by new content so that it survives a full disk, a kill or a power cut at any moment. */
#ifndef Q2_DURABLE_H
#define Q2_DURABLE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Puts `size` bytes at `path`, as q2_image_write describes. Local. */
int q2_durable_write(const char *path, const void *data, size_t size, struct q2_error *error);

/* The same, and what was at `path` is then at `path` with `suffix` (at most 16 bytes) appended: at any moment at least one of
 * the two is complete. suffix: NULL for q2_durable_write. mark: of the file that may be replaced (another one is refused, none
 * is no matter); then of what is at `path`, as far as it is this call's; NULL: any file is replaced. */
int q2_durable_write_keeping(const char *path, const char *suffix, uint64_t *mark, const void *data, size_t size,
                             struct q2_error *error);

/* Tells files apart that differ in their first 64 KiB: a hash of them; 0 where no file can be read. */
uint64_t q2_durable_mark(const char *path);

/* For files that are too large to be built in memory: a new file under a temporary name beside `path`, which the caller fills,
 * flushes and reads back by its own means. */
enum { Q2_PATH_LIMIT = 4096 };
struct q2_durable_file {
  char target[Q2_PATH_LIMIT];         /* the file that `path` means, links followed */
  char temporary[Q2_PATH_LIMIT + 64]; /* where the new content goes */
};

/* Makes an empty temporary file, writes `size` bytes to it (the head of what it shall become) and reserves `room` bytes on the
 * disk, so that it is now that a full disk says so. Local. */
int q2_durable_begin(const char *path, const void *data, size_t size, long long room, struct q2_durable_file *file,
                     struct q2_error *error);

/* Flushes the temporary file to disk, renames it into place and flushes the directory. Local. */
int q2_durable_end(const char *path, const struct q2_durable_file *file, struct q2_error *error);

/* Removes the temporary file. Local. */
void q2_durable_abandon(const struct q2_durable_file *file);

#endif
