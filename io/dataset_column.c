/* One column at a time: reading it and checking its numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_reader.h"
#include "memory.h"

/* The molecule that owns local row `row`. */
static int64_t molecule_of(const struct q2_reader *reader, const struct q2_rows *rows, int64_t row) {
  if (!rows->offset) return row;
  int64_t low = 0, high = reader->dataset->molecule_count; /* offset[low] <= row < offset[high] */
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    if (rows->offset[middle] <= row)
      low = middle;
    else
      high = middle;
  }
  return low;
}

const char *q2_place(const struct q2_reader *reader, const char *name, const struct q2_rows *rows, int64_t row,
                     char place[Q2_PLACE_LENGTH]) {
  const long long file_row = (long long)(rows->first + row);
  if (rows->shared) {
    snprintf(place, Q2_PLACE_LENGTH, "%.250s: %s: row %lld", reader->file.path, name, file_row);
    return place;
  }
  const int64_t m = molecule_of(reader, rows, row);
  const char *text = reader->dataset->name ? reader->dataset->name[m].text : "?";
  snprintf(place, Q2_PLACE_LENGTH, "%.250s: %s: row %lld (molecule %lld, '%s')", reader->file.path, name, file_row,
           (long long)reader->dataset->molecule[m], text);
  return place;
}

int q2_reader_allocate(struct q2_reader *reader, const char *name, int64_t count, size_t size, void *pointer) {
  char what[Q2_PLACE_LENGTH];
  snprintf(what, sizeof what, "%.250s: %s", reader->file.path, name);
  void *memory = q2_allocate_everywhere(reader->comm, count, size, what, reader->error);
  memcpy(pointer, &memory, sizeof memory);
  return memory ? Q2_OK : Q2_FAILED;
}

static int check_offset(struct q2_reader *reader, const char *name, const char *counted, int64_t total, const int64_t *offset) {
  const struct q2_dataset *dataset = reader->dataset;
  const int64_t count = dataset->molecule_count, first = dataset->molecule_count ? dataset->molecule[0] : -1;
  const char *path = reader->file.path;
  if (count == 0) return Q2_OK;
  if (first == 0 && offset[0] != 0)
    return q2_fail(reader->error, "%s: %s: row 0: expected 0, found %lld", path, name, (long long)offset[0]);
  for (int64_t m = 0; m < count; m++)
    if (offset[m + 1] < offset[m])
      return q2_fail(reader->error, "%s: %s: row %lld: expected at least %lld as in the row before, found %lld", path, name,
                     (long long)(first + m + 1), (long long)offset[m], (long long)offset[m + 1]);
  if (first + count == dataset->molecule_total && offset[count] != total)
    return q2_fail(reader->error, "%s: %s: row %lld: expected %lld, the rows of %s, found %lld", path, name,
                   (long long)(first + count), (long long)total, counted, (long long)offset[count]);
  return Q2_OK;
}

int q2_read_offset(struct q2_reader *reader, const char *name, const char *counted, int64_t total, int64_t **offset,
                   struct q2_rows *rows) {
  const struct q2_dataset *dataset = reader->dataset;
  const int64_t count = dataset->molecule_count;
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(&reader->file, name, Q2_INTEGER, 1, dataset->molecule_total + 1, 1, &table, reader->error));
  Q2_TRY(q2_reader_allocate(reader, name, count + 1, sizeof **offset, offset));
  /* A rank without molecules reads nothing and keeps one zero. */
  Q2_TRY(q2_hdf5_read_integers(&reader->file, &table, count ? dataset->molecule[0] : 0, count ? count + 1 : 0, *offset,
                               reader->error));
  Q2_TRY(q2_agree(reader->comm, check_offset(reader, name, counted, total, *offset), reader->error));
  const int64_t first = (*offset)[0];
  for (int64_t m = 0; m <= count; m++)
    (*offset)[m] -= first;
  *rows = (struct q2_rows){.total = total, .first = first, .count = (*offset)[count], .offset = *offset};
  return Q2_OK;
}

int q2_shared_rows(struct q2_reader *reader, const char *name, enum q2_hdf5_class type_class, struct q2_rows *rows) {
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(&reader->file, name, type_class, 1, Q2_ANY, 1, &table, reader->error));
  if (table.rows > INT32_MAX)
    return q2_fail(reader->error, "%s: %s: expected at most %d rows, found %lld", reader->file.path, name, INT32_MAX,
                   (long long)table.rows);
  *rows = (struct q2_rows){.total = table.rows, .count = table.rows, .shared = 1};
  return Q2_OK;
}

int q2_read_int32(struct q2_reader *reader, const char *name, const struct q2_rows *rows, int64_t columns, int64_t low,
                  int64_t high, int32_t **data) {
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(&reader->file, name, Q2_INTEGER, columns ? 2 : 1, rows->total, columns, &table, reader->error));
  const int64_t elements = rows->count * table.columns;
  Q2_TRY(q2_reader_allocate(reader, name, elements, sizeof **data, data));
  int64_t *wide;
  Q2_TRY(q2_reader_allocate(reader, name, elements, sizeof *wide, &wide));
  int status = q2_hdf5_read_integers(&reader->file, &table, rows->first, rows->count, wide, reader->error);
  if (status == Q2_OK) {
    for (int64_t k = 0; k < elements && status == Q2_OK; k++) {
      if (wide[k] < low || wide[k] > high) {
        char place[Q2_PLACE_LENGTH];
        q2_place(reader, name, rows, k / table.columns, place);
        status = q2_fail(reader->error, "%s: expected %lld to %lld, found %lld", place, (long long)low, (long long)high,
                         (long long)wide[k]);
      }
      (*data)[k] = (int32_t)wide[k];
    }
    status = q2_agree(reader->comm, status, reader->error);
  }
  free(wide);
  return status;
}

int q2_read_double(struct q2_reader *reader, const char *name, const struct q2_rows *rows, int64_t columns, double factor,
                   double **data) {
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(&reader->file, name, Q2_REAL, columns ? 2 : 1, rows->total, columns, &table, reader->error));
  const int64_t elements = rows->count * table.columns;
  Q2_TRY(q2_reader_allocate(reader, name, elements, sizeof **data, data));
  Q2_TRY(q2_hdf5_read_reals(&reader->file, &table, rows->first, rows->count, *data, reader->error));
  int status = Q2_OK;
  for (int64_t k = 0; k < elements && status == Q2_OK; k++) {
    const double found = (*data)[k];
    if (!isfinite(found)) {
      char place[Q2_PLACE_LENGTH];
      q2_place(reader, name, rows, k / table.columns, place);
      status = q2_fail(reader->error, "%s: expected a finite number, found %g", place, found);
    }
    (*data)[k] = found * factor;
  }
  return q2_agree(reader->comm, status, reader->error);
}

int q2_read_text(struct q2_reader *reader, const char *name, const struct q2_rows *rows, int64_t size, int may_be_empty,
                 void *text) {
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(&reader->file, name, Q2_TEXT, 1, rows->total, 1, &table, reader->error));
  char *memory;
  Q2_TRY(q2_reader_allocate(reader, name, rows->count, (size_t)size, &memory));
  memcpy(text, &memory, sizeof memory); /* owned by the data set from here on, also where reading fails */
  Q2_TRY(q2_hdf5_read_texts(&reader->file, &table, rows->first, rows->count, rows->shared, memory, size, reader->error));
  int status = Q2_OK;
  for (int64_t k = 0; k < rows->count && status == Q2_OK && !may_be_empty; k++)
    if (!memory[k * size])
      status = q2_fail(reader->error, "%s: %s: row %lld: expected a text, found an empty one", reader->file.path, name,
                       (long long)(rows->first + k));
  return q2_agree(reader->comm, status, reader->error);
}
