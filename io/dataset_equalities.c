/* What a fit is told besides the data: linear equalities between parameters, and the weights of the prior. Every rank holds
 * both. */
#include <limits.h>
#include <string.h>

#include "dataset_reader.h"
#include "memory.h"
#include "units.h"

#define EQUALITIES "/force_field/equalities"
#define PRIOR "/force_field/prior"

static int read_offset(struct q2_reader *reader, const char *name, const struct q2_rows *entries) {
  struct q2_equalities *e = &reader->dataset->equalities;
  const struct q2_rows rows = {.total = e->count + 1, .count = e->count + 1, .shared = 1};
  Q2_TRY(q2_read_int32(reader, name, &rows, 0, 0, entries->count, &e->offset));
  if (e->offset[0] != 0)
    return q2_fail(reader->error, "%s: %s: row 0: expected 0, found %d", reader->file.path, name, e->offset[0]);
  for (int k = 0; k < e->count; k++)
    if (e->offset[k + 1] <= e->offset[k])
      return q2_fail(reader->error, "%s: %s: row %d: expected more than %d, for an equality has one row at least, found %d",
                     reader->file.path, name, k + 1, e->offset[k], e->offset[k + 1]);
  if (e->offset[e->count] != entries->count)
    return q2_fail(reader->error, "%s: %s: row %d: expected %lld, the rows of " EQUALITIES "/row, found %d", reader->file.path,
                   name, e->count, (long long)entries->count, e->offset[e->count]);
  return Q2_OK;
}

/* The file's coefficients belong to values in the rows' own units; those in memory to q2hpc's. */
static int convert_coefficients(struct q2_reader *reader, int64_t count) {
  const struct q2_equalities *e = &reader->dataset->equalities;
  for (int64_t k = 0; k < count; k++) {
    if (e->coefficient[k] == 0.0)
      return q2_fail(reader->error, "%s: " EQUALITIES "/coefficient: row %lld: expected a number other than 0, found 0",
                     reader->file.path, (long long)k);
    e->coefficient[k] /= reader->dataset->parameters.factor[e->row[k]];
  }
  return Q2_OK;
}

int q2_read_equalities(struct q2_reader *reader) {
  struct q2_equalities *e = &reader->dataset->equalities;
  struct q2_rows rows, entries;
  if (!q2_hdf5_exists(&reader->file, EQUALITIES)) return Q2_OK;
  Q2_TRY(q2_shared_rows(reader, EQUALITIES "/value", Q2_REAL, &rows));
  Q2_TRY(q2_shared_rows(reader, EQUALITIES "/row", Q2_INTEGER, &entries));
  e->count = (int)rows.count;
  Q2_TRY(read_offset(reader, EQUALITIES "/offset", &entries));
  Q2_TRY(q2_read_int32(reader, EQUALITIES "/row", &entries, 0, 0, reader->dataset->parameters.count - 1, &e->row));
  Q2_TRY(q2_read_double(reader, EQUALITIES "/coefficient", &entries, 0, 1.0, &e->coefficient));
  Q2_TRY(convert_coefficients(reader, entries.count));
  Q2_TRY(q2_read_double(reader, EQUALITIES "/value", &rows, 0, 1.0, &e->value));
  if (!q2_hdf5_exists(&reader->file, EQUALITIES "/label")) return Q2_OK;
  return q2_read_text(reader, EQUALITIES "/label", &rows, Q2_LABEL_LENGTH, 1, &e->label);
}

int q2_read_prior(struct q2_reader *reader) {
  struct q2_prior_table *prior = &reader->dataset->prior;
  struct q2_rows rows;
  if (!q2_hdf5_exists(&reader->file, PRIOR)) return Q2_OK;
  Q2_TRY(q2_shared_rows(reader, PRIOR "/weight", Q2_REAL, &rows));
  prior->count = (int)rows.count;
  Q2_TRY(q2_read_text(reader, PRIOR "/kind", &rows, Q2_KIND_LENGTH, 0, &prior->kind));
  Q2_TRY(q2_read_double(reader, PRIOR "/weight", &rows, 0, 1.0, &prior->weight));
  for (int k = 0; k < prior->count; k++) {
    if (!q2_unit_inside(prior->kind[k]))
      return q2_fail(reader->error, "%s: " PRIOR "/kind: row %d: expected a kind of parameter, found '%s'", reader->file.path,
                     k, prior->kind[k]);
    if (prior->weight[k] < 0.0)
      return q2_fail(reader->error, "%s: " PRIOR "/weight: row %d: expected a weight of at least 0, found %g",
                     reader->file.path, k, prior->weight[k]);
    for (int earlier = 0; earlier < k; earlier++)
      if (strcmp(prior->kind[earlier], prior->kind[k]) == 0)
        return q2_fail(reader->error, "%s: " PRIOR "/kind: row %d: expected each kind once, found '%s' as in row %d",
                       reader->file.path, k, prior->kind[k], earlier);
  }
  return Q2_OK;
}
