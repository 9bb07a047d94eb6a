/* Reading /observables: what is observed of each molecule, with which weights, and how transition states are treated. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_reader.h"
#include "memory.h"
#include "observable_kinds.h"

/* Each index of local molecule m lies in what its kind counts. */
static int check_molecule_index(struct q2_reader *reader, const char *name, const struct q2_rows *rows,
                                const struct q2_observable_kind *kind, int64_t m, const int32_t *index) {
  const struct q2_dataset *d = reader->dataset;
  const int64_t atoms = d->atom_offset[m + 1] - d->atom_offset[m];
  for (int64_t k = rows->offset[m] * kind->index_count; k < rows->offset[m + 1] * kind->index_count; k++) {
    char place[Q2_PLACE_LENGTH];
    if (kind->indexed == Q2_INDEX_MOLECULES) {
      if (index[k] < 0 || index[k] >= d->molecule_total)
        return q2_fail(reader->error, "%s: expected the number of a molecule, 0 to %lld, found %d",
                       q2_place(reader, name, rows, k / kind->index_count, place), (long long)d->molecule_total - 1, index[k]);
      continue;
    }
    const int64_t limit = kind->indexed == Q2_INDEX_ATOMS ? atoms : 3 * atoms;
    if (index[k] >= limit)
      return q2_fail(reader->error, "%s: expected -1 to %lld for %lld atoms, found %d",
                     q2_place(reader, name, rows, k / kind->index_count, place), (long long)limit - 1, (long long)atoms,
                     index[k]);
  }
  return Q2_OK;
}

static int check_index(struct q2_reader *reader, const char *name, const struct q2_rows *rows,
                       const struct q2_observable_kind *kind, const int32_t *index) {
  for (int64_t m = 0; m < reader->dataset->molecule_count; m++)
    Q2_TRY(check_molecule_index(reader, name, rows, kind, m, index));
  return Q2_OK;
}

static int read_index(struct q2_reader *reader, const char *group, const struct q2_observable_kind *kind,
                      struct q2_observable_table *table, struct q2_rows *rows, int64_t *total) {
  char index[Q2_MEMBER_LENGTH], offset[Q2_MEMBER_LENGTH];
  q2_member(index, group, "index");
  q2_member(offset, group, "offset");
  struct q2_hdf5_table described;
  Q2_TRY(q2_hdf5_describe(&reader->file, index, Q2_INTEGER, 2, Q2_ANY, kind->index_count, &described, reader->error));
  *total = described.rows;
  table->index_count = kind->index_count;
  Q2_TRY(q2_read_offset(reader, offset, index, *total, &table->offset, rows));
  Q2_TRY(q2_read_int32(reader, index, rows, kind->index_count, -1, INT32_MAX, &table->index));
  return q2_agree(reader->comm, check_index(reader, index, rows, kind, table->index), reader->error);
}

static int check_weights(struct q2_reader *reader, const char *name, const struct q2_rows *rows, const double *weight) {
  for (int64_t k = 0; k < rows->count; k++) {
    char place[Q2_PLACE_LENGTH];
    if (weight[k] < 0.0)
      return q2_fail(reader->error, "%s: expected a weight of at least 0, found %g", q2_place(reader, name, rows, k, place),
                     weight[k]);
  }
  return Q2_OK;
}

static int read_weights(struct q2_reader *reader, const char *group, const struct q2_rows *rows,
                        struct q2_observable_table *table) {
  char name[Q2_MEMBER_LENGTH];
  q2_member(name, group, "weight");
  table->has_weight = q2_hdf5_exists(&reader->file, name);
  if (!table->has_weight) {
    if (!reader->dataset->weights[0])
      return q2_fail(reader->error,
                     "%s: %s: expected a dataset of floating-point numbers, or a set of weights named by the attribute weights "
                     "of /observables, found nothing",
                     reader->file.path, name);
    return q2_reader_allocate(reader, name, rows->count, sizeof *table->weight, &table->weight); /* zeros */
  }
  Q2_TRY(q2_read_double(reader, name, rows, 0, 1.0, &table->weight));
  return q2_agree(reader->comm, check_weights(reader, name, rows, table->weight), reader->error);
}

static int read_values(struct q2_reader *reader, const char *group, const struct q2_rows *rows, enum q2_quantity quantity,
                       struct q2_observable_table *table) {
  char name[Q2_MEMBER_LENGTH], unit[Q2_LINE_LENGTH], where[Q2_PLACE_LENGTH];
  q2_member(name, group, "value");
  table->has_value = q2_hdf5_exists(&reader->file, name);
  if (!table->has_value) return q2_reader_allocate(reader, name, rows->count, sizeof *table->value, &table->value);
  double factor;
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, name, "unit", NULL, unit, sizeof unit, reader->error));
  snprintf(where, sizeof where, "%.250s: %.200s: attribute unit", reader->file.path, name);
  Q2_TRY(q2_unit_of_quantity(quantity, unit, where, &factor, reader->error));
  return q2_read_double(reader, name, rows, 0, factor, &table->value);
}

/* Reads a text attribute that is one of two words: *second says whether it is the second; where it is absent, the first. */
static int read_choice(struct q2_reader *reader, const char *object, const char *name, const char *const words[2], int *present,
                       int *second) {
  char text[Q2_LINE_LENGTH];
  *second = 0;
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, object, name, present, text, sizeof text, reader->error));
  if (!*present) return Q2_OK;
  *second = strcmp(text, words[1]) == 0;
  if (*second || strcmp(text, words[0]) == 0) return Q2_OK;
  return q2_fail(reader->error, "%s: %s: attribute %s: expected %s or %s, found '%s'", reader->file.path, object, name,
                 words[0], words[1], text);
}

static int read_table_attributes(struct q2_reader *reader, const char *group, struct q2_observable_table *table) {
  static const char *const bases[2] = {"vibrations", "cartesian"};
  int present;
  table->minimum = 50.0;
  Q2_TRY(q2_hdf5_attribute_real(&reader->file, group, "minimum", &present, &table->minimum, reader->error));
  if (!(table->minimum > -1e300 && table->minimum < 1e300))
    return q2_fail(reader->error, "%s: %s: attribute minimum: expected a finite number, found %g", reader->file.path, group,
                   table->minimum);
  return read_choice(reader, group, "basis", bases, &present, &table->cartesian);
}

static int read_table(struct q2_reader *reader, const char *name, struct q2_observable_table *table, int64_t *total) {
  char group[Q2_HDF5_NAME + 64], where[Q2_PLACE_LENGTH];
  struct q2_rows rows;
  snprintf(group, sizeof group, "/observables/%.200s", name);
  snprintf(where, sizeof where, "%.250s: /observables", reader->file.path);
  const struct q2_observable_kind *kind = q2_observable_kind(name, where, reader->error);
  if (!kind) return Q2_FAILED;
  snprintf(table->kind, sizeof table->kind, "%s", name);
  Q2_TRY(read_table_attributes(reader, group, table));
  Q2_TRY(read_index(reader, group, kind, table, &rows, total));
  Q2_TRY(read_weights(reader, group, &rows, table));
  const int plain = table->cartesian && kind->quantity == Q2_EIGENVALUE; /* no masses in it */
  return read_values(reader, group, &rows, plain ? Q2_HESSIAN : kind->quantity, table);
}

/* The eigenmatrix has one basis, whichever of its elements are observed. */
static int check_bases(struct q2_reader *reader) {
  const struct q2_dataset *d = reader->dataset;
  const struct q2_observable_table *first = NULL;
  for (int t = 0; t < d->observable_table_count; t++) {
    const struct q2_observable_table *table = &d->observables[t];
    if (strncmp(table->kind, "eigenmatrix_", 12) != 0) continue;
    if (first && first->cartesian != table->cartesian)
      return q2_fail(reader->error, "%s: /observables/%s: attribute basis: expected the same as in /observables/%s, found %s",
                     reader->file.path, table->kind, first->kind, table->cartesian ? "cartesian" : "vibrations");
    first = table;
  }
  return Q2_OK;
}

/* The attributes of the group of all observables. */
static int read_attributes(struct q2_reader *reader) {
  static const char *const sets[2] = {"q2mm_classic", "q2mm"}, *const methods[2] = {"D", "C"};
  struct q2_dataset *d = reader->dataset;
  int present, second;
  if (!q2_hdf5_exists(&reader->file, "/observables")) return Q2_OK;
  Q2_TRY(read_choice(reader, "/observables", "weights", sets, &present, &second));
  if (present) snprintf(d->weights, sizeof d->weights, "%s", sets[second]);
  return read_choice(reader, "/observables", "transition_states", methods, &present, &d->invert_transition_states);
}

int q2_read_observables(struct q2_reader *reader) {
  struct q2_dataset *d = reader->dataset;
  int count;
  char(*kinds)[Q2_HDF5_NAME];
  Q2_TRY(read_attributes(reader));
  Q2_TRY(q2_hdf5_groups(&reader->file, "/observables", &count, &kinds, reader->error));
  d->observables = q2_allocate(count, sizeof *d->observables);
  int status = d->observables ? Q2_OK : q2_fail(reader->error, "%s: /observables: out of memory", reader->file.path);
  status = q2_agree(reader->comm, status, reader->error);
  int64_t all = 0;
  for (int t = 0; t < count && status == Q2_OK; t++) {
    int64_t total = 0;
    d->observable_table_count = t + 1;
    status = read_table(reader, kinds[t], &d->observables[t], &total);
    all += total;
  }
  free(kinds);
  if (status == Q2_OK && all == 0)
    return q2_fail(reader->error, "%s: /observables: expected at least one observable, found 0", reader->file.path);
  return status == Q2_OK ? check_bases(reader) : status;
}
