/* A thin, checked layer over parallel HDF5 for reading: one line of text for each failure, the same status on every rank.
 *
 * All functions are collective over the communicator the file was opened with, unless they say otherwise, and every rank must
 * pass the same names. A function that returns Q2_FAILED has written "PATH: OBJECT: what was expected and found" and returns
 * Q2_FAILED on every rank. HDF5's own error printing is off while a file is open. */
#ifndef Q2_HDF5_FILE_H
#define Q2_HDF5_FILE_H

#include <hdf5.h>
#include <mpi.h>
#include <stdint.h>

#include "error.h"

struct q2_hdf5 {
  hid_t file;
  MPI_Comm comm;             /* borrowed */
  const char *path;          /* borrowed */
  uint64_t bytes;            /* the file's size: what it can hold bounds what is believed of it (hdf5_limits.h) */
  int in_memory;             /* opened by q2_hdf5_open_bytes */
  H5E_auto2_t error_printer; /* HDF5's, put back when the file is closed */
  void *error_printer_data;
};

enum q2_hdf5_class { Q2_INTEGER, Q2_REAL, Q2_TEXT };

enum { Q2_ANY = -1, Q2_HDF5_NAME = 256 };

/* A dataset that exists and has the right class: rows x columns; a dataset with one dimension has columns = 1. */
struct q2_hdf5_table {
  char name[Q2_HDF5_NAME];
  enum q2_hdf5_class type_class;
  int dimensions; /* 1 or 2 */
  int64_t rows, columns;
};

/* Opens `path` for reading. `comm` and `path` must outlive `file`. Close with q2_hdf5_close. */
int q2_hdf5_open(MPI_Comm comm, const char *path, struct q2_hdf5 *file, struct q2_error *error);

/* Opens a file's `size` bytes in memory, by one rank for itself: the collective functions below are then its own. `path` names
 * it in messages; it and the bytes must outlive `file`. Close with q2_hdf5_close. */
int q2_hdf5_open_bytes(const void *bytes, size_t size, const char *path, struct q2_hdf5 *file, struct q2_error *error);

/* Closes the file; harmless where nothing is open (file->file <= 0). */
void q2_hdf5_close(struct q2_hdf5 *file);

/* Returns 1 if every part of the absolute path `name` exists, else 0. */
int q2_hdf5_exists(const struct q2_hdf5 *file, const char *name);

/* Lists the members of the group `name` in alphabetical order: *names holds *count texts of Q2_HDF5_NAME bytes, to be released
 * with free(). A group that does not exist has none. Members that are not groups are refused. */
int q2_hdf5_groups(const struct q2_hdf5 *file, const char *name, int *count, char (**names)[Q2_HDF5_NAME],
                   struct q2_error *error);

/* Checks that `name` is a dataset of this class with `dimensions` (1 or 2) dimensions, `rows` rows and `columns` columns
 * (Q2_ANY: any number), and describes it. An enumeration over integers, as h5py writes bool, counts as Q2_INTEGER. Refuses what
 * q2_hdf5_check_storage refuses, so that memory for all rows may be asked for, and what lies in another file. */
int q2_hdf5_describe(const struct q2_hdf5 *file, const char *name, enum q2_hdf5_class type_class, int dimensions, int64_t rows,
                     int64_t columns, struct q2_hdf5_table *table, struct q2_error *error);

/* Reads rows first to first+count-1 (each rank its own range, which may be empty) into `data`, [count][columns], as int64 or as
 * double. Collective MPI-IO in pieces of at most 1 GiB a rank; conversion happens in memory, because HDF5 falls back to
 * independent reads otherwise. Integers beyond int64 arrive as INT64_MAX. */
int q2_hdf5_read_integers(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, int64_t first, int64_t count,
                          int64_t *data, struct q2_error *error);
int q2_hdf5_read_reals(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, int64_t first, int64_t count,
                       double *data, struct q2_error *error);

/* Reads strings into `text`, [count][size], each terminated and padded with zeros; one that needs more than size-1 bytes is
 * refused. Padding by zeros or spaces in the file is removed. Variable-length strings are accepted only where every rank reads
 * all rows. */
int q2_hdf5_read_texts(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, int64_t first, int64_t count,
                       int replicated, char *text, int64_t size, struct q2_error *error);

/* Reads the scalar attribute `name` of `object` ("/" for the root). Where `present` is NULL a missing attribute is a failure,
 * else *present says whether it was there, and the value stays as it was where it is not. Text may be of fixed or variable
 * length; an integer is accepted as a real, not the reverse. */
int q2_hdf5_attribute_text(const struct q2_hdf5 *file, const char *object, const char *name, int *present, char *text,
                           int64_t size, struct q2_error *error);
int q2_hdf5_attribute_integer(const struct q2_hdf5 *file, const char *object, const char *name, int *present, int64_t *value,
                              struct q2_error *error);
int q2_hdf5_attribute_real(const struct q2_hdf5 *file, const char *object, const char *name, int *present, double *value,
                           struct q2_error *error);

/* Local. Appends what HDF5 itself says was the innermost cause of the last failure, if anything, and returns Q2_FAILED. */
int q2_hdf5_explain(struct q2_error *error);

#endif
