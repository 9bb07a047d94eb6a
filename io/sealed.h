/* Sealed files: an HDF5 file behind a header of text that holds a checksum of every dataset and of the rest, so that a file
 * that was cut short or changed anywhere is known by the name of what is damaged, before HDF5 sees a byte of it.
 *
 *     q2hpc sealed file 1
 *     header HEADER, image IMAGE             bytes
 *     OFFSET BYTES CHECKSUM NAME             one line a dataset, in the order of their places in the image
 *     rest CHECKSUM                          of what is no dataset's: groups, attributes, gaps
 *     seal CHECKSUM                          of the lines above
 *
 * Checksums are those of io/hash.h, 16 hexadecimal digits: a single changed word of eight bytes never goes unnoticed, anything
 * else with a probability of 2^-64. HEADER is a power of two of at least 512, filled up with zeros: HDF5 takes it for a user
 * block, and so every program that reads HDF5 reads sealed files. Nothing here is collective. */
#ifndef Q2_SEALED_H
#define Q2_SEALED_H

#include "hdf5_file.h"
#include "result.h"

struct q2_sealed {
  struct q2_hdf5 hdf5;
  char *bytes; /* the whole file */
};

/* Puts the image at `path` with a seal; what was there is then at PATH.previous (q2_durable_write_keeping, which says what
 * `mark` is; NULL: whatever is there is replaced). */
int q2_sealed_write(const struct q2_image *image, const char *path, uint64_t *mark, struct q2_error *error);

/* What sealed files that have been replaced end with. */
extern const char *const q2_sealed_previous;

/* Reads the file at `path` and checks it; on success sealed->hdf5 is open, to be read by this rank alone. `path` must outlive
 * `sealed`. Memory: twice the file's size. Release with q2_sealed_close. */
int q2_sealed_open(const char *path, struct q2_sealed *sealed, struct q2_error *error);

/* Checks a file that may also be another one: where it begins like a sealed file, it must be whole. */
int q2_sealed_check(const char *path, struct q2_error *error);

/* Closes and releases; harmless on a zeroed structure. */
void q2_sealed_close(struct q2_sealed *sealed);

#endif
