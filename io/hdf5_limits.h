/* What of HDF5 q2hpc reads: plain layouts, filters and numbers, and no more bytes than a file can hold. The rest of HDF5's many
 * ways to store data is where damaged files lead it astray. */
#ifndef Q2_HDF5_LIMITS_H
#define Q2_HDF5_LIMITS_H

#include "hdf5_file.h"

enum {
  Q2_MOST_DEFLATED = 1032, /* bytes that deflate makes of one, at most */
  Q2_MOST_UNWRITTEN = 64,  /* MiB that a dataset may have beyond what the file holds: elements that were never written */
  Q2_MOST_CHUNKS = 16384,  /* beyond one for every 16 bytes of the file: HDF5 takes about 5 kB for each that it reads */
  Q2_MOST_ATTRIBUTE = 1    /* MiB of a text */
};

/* Local. Checks that the dataset is stored in the file itself (compact, contiguous or chunked; deflate, shuffle, fletcher32),
 * that elements and chunks are not larger, nor chunks more, than a file of `file_bytes` can hold, and that numbers have whole
 * bytes. */
int q2_hdf5_check_storage(const char *path, const char *name, hid_t dataset, hid_t type, hid_t space, uint64_t file_bytes,
                          struct q2_error *error);

/* Local. Whether an integer or a floating-point type is one that a machine could have. */
int q2_hdf5_plain_number(hid_t type);

#endif
