/* Reading /force_field/origin: the file that the force field came from, and where its parameters stand in it. */
#include <limits.h>
#include <stdlib.h>

#include "dataset_reader.h"
#include "memory.h"

#define ORIGIN "/force_field/origin"

static int read_bytes(struct q2_reader *reader) {
  struct q2_origin *origin = &reader->dataset->origin;
  struct q2_rows rows;
  Q2_TRY(q2_shared_rows(reader, ORIGIN "/text", Q2_INTEGER, &rows));
  int32_t *wide = NULL;
  int status = q2_read_int32(reader, ORIGIN "/text", &rows, 0, 0, UCHAR_MAX, &wide);
  if (status == Q2_OK) {
    status = q2_reader_allocate(reader, ORIGIN "/text", rows.count, 1, &origin->bytes);
    origin->size = rows.count;
  }
  for (int64_t k = 0; k < rows.count && status == Q2_OK; k++)
    origin->bytes[k] = (char)(unsigned char)wide[k];
  free(wide);
  return status;
}

static int check_multipliers(const struct q2_reader *reader) {
  const struct q2_dataset *d = reader->dataset;
  for (int k = 0; k < d->parameters.count; k++)
    if (d->origin.line[k] > 0 && d->origin.multiplier[k] == 0.0)
      return q2_fail(reader->error, "%s: " ORIGIN "/multiplier: row %d ('%s'): expected a number other than 0, found 0",
                     reader->file.path, k, d->parameters.label[k]);
  return Q2_OK;
}

int q2_read_origin(struct q2_reader *reader) {
  struct q2_origin *origin = &reader->dataset->origin;
  const int count = reader->dataset->parameters.count;
  const struct q2_rows rows = {.total = count, .count = count, .shared = 1};
  if (!q2_hdf5_exists(&reader->file, ORIGIN)) return Q2_OK;
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, ORIGIN, "format", NULL, origin->format, sizeof origin->format, reader->error));
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, ORIGIN, "name", NULL, origin->name, sizeof origin->name, reader->error));
  Q2_TRY(read_bytes(reader));
  Q2_TRY(q2_read_int32(reader, ORIGIN "/line", &rows, 0, 0, INT_MAX, &origin->line));
  Q2_TRY(q2_read_int32(reader, ORIGIN "/column", &rows, 0, 0, INT_MAX, &origin->column));
  Q2_TRY(q2_read_int32(reader, ORIGIN "/width", &rows, 0, 0, INT_MAX, &origin->width));
  Q2_TRY(q2_read_double(reader, ORIGIN "/multiplier", &rows, 0, 1.0, &origin->multiplier));
  return check_multipliers(reader);
}
