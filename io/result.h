/* Results and checkpoints: an HDF5 file that is built in memory on one rank and put on disk in one step, so that at any moment
 * the old file or the new one is there, complete. (Parallel HDF5 can crash, hang or report success on a full disk: measured.)
 *
 * Nothing here is collective: call it on the one rank that writes, and agree on the status afterwards (q2_agree). Functions
 * return Q2_OK, or Q2_FAILED with a message. Objects are named by absolute paths; missing groups on the way are made. The same
 * calls with the same content make the same bytes: no times are stored. Strings are of fixed length, UTF-8, padded with zeros
 * (docs/format.md). */
#ifndef Q2_RESULT_H
#define Q2_RESULT_H

#include <stdint.h>

#include "error.h"

struct q2_image {
  int64_t file; /* HDF5's identifier of the file in memory; 0: none */
};

/* Makes an empty image. Release with q2_image_free. */
int q2_image_create(struct q2_image *image, struct q2_error *error);

/* Releases the image; harmless on a zeroed structure. */
void q2_image_free(struct q2_image *image);

/* Makes the group `path`; one that exists already is no failure. */
int q2_image_group(struct q2_image *image, const char *path, struct q2_error *error);

/* Adds a dataset of shape (rows), for columns = 0, or (rows, columns); `data` is copied, row by row. `unit` becomes the
 * attribute `unit` (NULL: none). A dataset that exists already is a failure. */
int q2_image_double(struct q2_image *image, const char *path, const char *unit, int64_t rows, int64_t columns,
                    const double *data, struct q2_error *error);
int q2_image_int32(struct q2_image *image, const char *path, const char *unit, int64_t rows, int64_t columns,
                   const int32_t *data, struct q2_error *error);
int q2_image_int64(struct q2_image *image, const char *path, const char *unit, int64_t rows, int64_t columns,
                   const int64_t *data, struct q2_error *error);

/* The same for bytes, one dimension. */
int q2_image_uint8(struct q2_image *image, const char *path, int64_t rows, const void *data, struct q2_error *error);

/* Adds a dataset (rows) of strings of `size` bytes each: `text` is [rows][size], for example an array of struct q2_name. */
int q2_image_text(struct q2_image *image, const char *path, int64_t rows, int64_t size, const void *text,
                  struct q2_error *error);

/* Adds a scalar attribute to `object`: a group or dataset of the image, "/" for the root. One that exists is replaced. */
int q2_image_attribute_text(struct q2_image *image, const char *object, const char *name, const char *value,
                            struct q2_error *error);
int q2_image_attribute_int64(struct q2_image *image, const char *object, const char *name, int64_t value,
                             struct q2_error *error);
int q2_image_attribute_double(struct q2_image *image, const char *object, const char *name, double value,
                              struct q2_error *error);

/* Takes the image as it would be on disk: *bytes is [*size], to be released with free(). The image stays usable. */
int q2_image_bytes(const struct q2_image *image, char **bytes, size_t *size, struct q2_error *error);

/* Puts the image at `path`: writes a temporary file beside it ("PATH.PID.N.partial"), flushes it to disk, reads it back and
 * compares, renames it over `path`, and flushes the directory. On failure the old file is untouched, the temporary one removed,
 * and the message names the path and the system's reason. What exists at `path` must be a regular file; a symbolic link is
 * followed. The image stays usable: add more and write again. Memory: a second copy of the image. */
int q2_image_write(const struct q2_image *image, const char *path, struct q2_error *error);

/* --- a file on disk instead of one in memory: for data sets, which may be larger than memory --- */

/* Opens the HDF5 file at `path` for adding to it, with the functions above. Close with q2_image_close. */
int q2_image_open(struct q2_image *image, const char *path, struct q2_error *error);

/* Closes it; a failure means that not all of it is on disk. `path` is what messages call it. */
int q2_image_close(struct q2_image *image, const char *path, struct q2_error *error);

/* A dataset whose rows come bit by bit. */
struct q2_image_rows {
  int64_t dataset, type; /* HDF5's identifiers; 0: none */
  int64_t columns;
};

/* Adds the dataset `path` of (rows) or (rows, columns) numbers of HDF5's `number` type, or, with text_size > 0, of strings.
 * Close with q2_image_rows_close, also after a failure. */
int q2_image_rows_create(struct q2_image *image, const char *path, const char *unit, int64_t number, int64_t text_size,
                         int64_t rows, int64_t columns, struct q2_image_rows *file, struct q2_error *error);

/* Writes rows first to first + count - 1. */
int q2_image_rows_write(struct q2_image_rows *file, int64_t first, int64_t count, const void *data, struct q2_error *error);
int q2_image_rows_close(struct q2_image_rows *file);

#endif
