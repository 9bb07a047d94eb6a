/* Collective reading of row ranges of a dataset. */
#define _POSIX_C_SOURCE 200809L /* strnlen */
#include <stdlib.h>
#include <string.h>

#include "hdf5_file.h"
#include "memory.h"

/* What one rank reads in one call: at most 1 GiB, because MPI-IO counts bytes in an int; and 64 MiB where it must be converted
 * in a buffer of our own. */
static const int64_t direct_bytes = INT64_C(1) << 30, staged_bytes = INT64_C(1) << 26;

struct open_table {
  hid_t dataset, stored, space, transfer; /* stored: the type in the file, for which a read converts nothing */
};

static int open_table(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, struct open_table *open,
                      struct q2_error *error) {
  open->dataset = H5Dopen2(file->file, table->name, H5P_DEFAULT);
  open->stored = open->space = open->transfer = H5I_INVALID_HID;
  if (open->dataset >= 0) {
    open->stored = H5Dget_type(open->dataset);
    open->space = H5Dget_space(open->dataset);
  }
  open->transfer = H5Pcreate(H5P_DATASET_XFER);
  if (!file->in_memory) H5Pset_dxpl_mpio(open->transfer, H5FD_MPIO_COLLECTIVE);
  const int good = open->dataset >= 0 && open->stored >= 0 && open->space >= 0;
  return good ? Q2_OK : q2_fail(error, "%s: %s: cannot be opened", file->path, table->name);
}

static void close_table(struct open_table *open) {
  if (open->transfer >= 0) H5Pclose(open->transfer);
  if (open->space >= 0) H5Sclose(open->space);
  if (open->stored >= 0) H5Tclose(open->stored);
  if (open->dataset >= 0) H5Dclose(open->dataset);
}

/* One collective read of `count` rows (0 is allowed) in the stored type. */
static int read_piece(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, const struct open_table *open,
                      int64_t first, int64_t count, void *data, struct q2_error *error) {
  const hsize_t start[2] = {(hsize_t)first, 0}, extent[2] = {(hsize_t)count, (hsize_t)table->columns};
  const hsize_t memory_extent[2] = {count > 0 ? extent[0] : 1, extent[1]};
  hid_t memory = H5Screate_simple(table->dimensions, memory_extent, NULL);
  if (count > 0) {
    H5Sselect_hyperslab(open->space, H5S_SELECT_SET, start, NULL, extent, NULL);
  } else {
    H5Sselect_none(open->space);
    H5Sselect_none(memory);
  }
  char nothing;
  const herr_t result = H5Dread(open->dataset, open->stored, memory, open->space, open->transfer, count > 0 ? data : &nothing);
  H5Sclose(memory);
  if (result >= 0) return Q2_OK;
  q2_fail(error, "%s: %s: rows %lld to %lld cannot be read", file->path, table->name, (long long)first,
          (long long)(first + count - 1));
  return q2_hdf5_explain(error);
}

/* Hands the rows of one piece, as stored, to whoever asked. */
typedef int (*q2_take)(const void *stored, int64_t row, int64_t count, void *context, struct q2_error *error);

/* Reads rows in pieces, each into `direct` if that is given, else into a buffer that `take` empties. Every rank makes the same
 * number of collective calls, whatever it or others meet. */
static int read_rows(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, struct open_table *open, int64_t first,
                     int64_t count, void *direct, size_t buffer_element, q2_take take, void *context, struct q2_error *error) {
  const int64_t stored_size = (int64_t)H5Tget_size(open->stored);
  const int64_t element = (int64_t)buffer_element > stored_size ? (int64_t)buffer_element : stored_size;
  const int64_t row_bytes = element * table->columns, limit = direct ? direct_bytes : staged_bytes;
  const int64_t piece = row_bytes > 0 && row_bytes < limit ? limit / row_bytes : 1;
  int status = Q2_OK;
  void *buffer = NULL;
  if (!direct && !(buffer = q2_allocate(count < piece ? count : piece, (size_t)row_bytes)))
    status = q2_fail(error, "%s: %s: out of memory for %lld rows", file->path, table->name, (long long)count);
  status = q2_agree(file->comm, status, error);
  const int64_t mine = (count + piece - 1) / piece;
  int64_t pieces = mine;
  if (status == Q2_OK) MPI_Allreduce(&mine, &pieces, 1, MPI_INT64_T, MPI_MAX, file->comm);
  const int collective = status == Q2_OK;
  for (int64_t k = 0; collective && k < pieces; k++) {
    const int64_t row = k * piece < count ? k * piece : count;
    const int64_t rows = count - row < piece ? count - row : piece;
    void *target = direct ? (char *)direct + row * row_bytes : buffer;
    struct q2_error later;
    const int read = read_piece(file, table, open, first + row, rows, target, status == Q2_OK ? error : &later);
    if (status == Q2_OK) status = read;
    if (status == Q2_OK && !direct && rows > 0) status = take(buffer, row, rows, context, error);
  }
  free(buffer);
  return q2_agree(file->comm, status, error);
}

struct number_target {
  hid_t from, to;
  int64_t columns;
  size_t size;
  char *data;
};

static int take_numbers(const void *stored, int64_t row, int64_t count, void *context, struct q2_error *error) {
  const struct number_target *target = context;
  const size_t elements = (size_t)(count * target->columns);
  if (H5Tconvert(target->from, target->to, elements, (void *)stored, NULL, H5P_DEFAULT) < 0) {
    q2_fail(error, "a number's type cannot be converted");
    return q2_hdf5_explain(error);
  }
  memcpy(target->data + (size_t)(row * target->columns) * target->size, stored, elements * target->size);
  return Q2_OK;
}

static int read_numbers(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, int64_t first, int64_t count, hid_t type,
                        void *data, struct q2_error *error) {
  if (table->rows == 0 || table->columns == 0) return Q2_OK;
  struct open_table open;
  int status = q2_agree(file->comm, open_table(file, table, &open, error), error);
  if (status == Q2_OK) {
    struct number_target target = {open.stored, type, table->columns, H5Tget_size(type), data};
    void *direct = H5Tequal(open.stored, type) > 0 ? data : NULL;
    status = read_rows(file, table, &open, first, count, direct, target.size, take_numbers, &target, error);
  }
  close_table(&open);
  return status;
}

int q2_hdf5_read_integers(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, int64_t first, int64_t count,
                          int64_t *data, struct q2_error *error) {
  return read_numbers(file, table, first, count, H5T_NATIVE_INT64, data, error);
}

int q2_hdf5_read_reals(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, int64_t first, int64_t count,
                       double *data, struct q2_error *error) {
  return read_numbers(file, table, first, count, H5T_NATIVE_DOUBLE, data, error);
}

struct text_target {
  const struct q2_hdf5 *file;
  const char *name;
  int64_t first, size;
  size_t stored_size;
  int variable, space_padded;
  char *text;
};

static int take_texts(const void *stored, int64_t row, int64_t count, void *context, struct q2_error *error) {
  const struct text_target *target = context;
  for (int64_t k = 0; k < count; k++) {
    const char *found = target->variable ? ((char *const *)stored)[k] : (const char *)stored + (size_t)k * target->stored_size;
    if (!found) found = "";
    size_t used = target->variable ? strlen(found) : strnlen(found, target->stored_size);
    if (target->space_padded)
      while (used > 0 && found[used - 1] == ' ')
        used--;
    if ((int64_t)used >= target->size)
      return q2_fail(error, "%s: %s: row %lld: expected at most %lld bytes, found %zu: '%.*s'", target->file->path,
                     target->name, (long long)(target->first + row + k), (long long)target->size - 1, used,
                     used < 200 ? (int)used : 200, found);
    memcpy(target->text + (row + k) * target->size, found, used); /* the rest is zero already */
  }
  return Q2_OK;
}

/* Strings of variable length, all rows on every rank. */
static int read_variable(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, struct open_table *open,
                         struct text_target *target, struct q2_error *error) {
  char **pointers = q2_allocate(table->rows, sizeof *pointers);
  int status = pointers ? Q2_OK : q2_fail(error, "%s: %s: out of memory", file->path, table->name);
  status = q2_agree(file->comm, status, error);
  if (status == Q2_OK) {
    status = read_piece(file, table, open, 0, table->rows, pointers, error);
    if (status == Q2_OK) {
      status = take_texts(pointers, 0, table->rows, target, error);
      H5Dvlen_reclaim(open->stored, open->space, H5P_DEFAULT, pointers);
    }
    status = q2_agree(file->comm, status, error);
  }
  free(pointers);
  return status;
}

int q2_hdf5_read_texts(const struct q2_hdf5 *file, const struct q2_hdf5_table *table, int64_t first, int64_t count,
                       int replicated, char *text, int64_t size, struct q2_error *error) {
  if (table->rows == 0) return Q2_OK;
  memset(text, 0, (size_t)(count * size));
  struct open_table open;
  int status = q2_agree(file->comm, open_table(file, table, &open, error), error);
  if (status == Q2_OK) {
    struct text_target target = {file, table->name, first, size, H5Tget_size(open.stored), 0, 0, text};
    target.variable = H5Tis_variable_str(open.stored) > 0;
    target.space_padded = !target.variable && H5Tget_strpad(open.stored) == H5T_STR_SPACEPAD;
    if (!target.variable)
      status = read_rows(file, table, &open, first, count, NULL, 1, take_texts, &target, error);
    else if (replicated)
      status = read_variable(file, table, &open, &target, error);
    else
      status = q2_fail(error, "%s: %s: expected strings of fixed length (in h5py: dtype 'S%lld'), found variable length",
                       file->path, table->name, (long long)size - 1);
  }
  close_table(&open);
  return status;
}
