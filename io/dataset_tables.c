/* Bonds, terms and observables: tables of indices with a varying number of rows for each molecule. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_reader.h"
#include "memory.h"
#include "units.h"

/* Absolute names: a group of at most 255 bytes and a short member. */
enum { path_length = 2 * Q2_HDF5_NAME };

static void join(char path[path_length], const char *group, const char *member) {
  snprintf(path, path_length, "%.255s/%.200s", group, member);
}

/* The columns of a 2-D table of integers, and its rows. */
static int describe(struct q2_reader *reader, const char *name, enum q2_hdf5_class type_class, int64_t rows, int most,
                    int *columns, int64_t *found_rows) {
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(&reader->file, name, type_class, 2, rows, Q2_ANY, &table, reader->error));
  if (table.columns < 1 || table.columns > most)
    return q2_fail(reader->error, "%s: %s: expected 1 to %d columns, found %lld", reader->file.path, name, most,
                   (long long)table.columns);
  *columns = (int)table.columns;
  *found_rows = table.rows;
  return Q2_OK;
}

int q2_read_bonds(struct q2_reader *reader) {
  struct q2_dataset *d = reader->dataset;
  struct q2_hdf5_table table;
  struct q2_rows rows;
  Q2_TRY(q2_hdf5_describe(&reader->file, "/bonds/atoms", Q2_INTEGER, 2, Q2_ANY, 2, &table, reader->error));
  Q2_TRY(q2_read_offset(reader, "/bonds/offset", "/bonds/atoms", table.rows, &d->bond_offset, &rows));
  Q2_TRY(q2_read_int32(reader, "/bonds/atoms", &rows, 2, 0, INT32_MAX, &d->bonds));
  return q2_agree(reader->comm, q2_check_atoms(reader, "/bonds/atoms", &rows, 2, d->bonds), reader->error);
}

static int read_term_table(struct q2_reader *reader, const char *form, struct q2_term_table *table) {
  char group[Q2_HDF5_NAME + 64], atoms[path_length], other[path_length];
  int64_t total = 0;
  struct q2_rows rows;
  snprintf(group, sizeof group, "/force_field/terms/%.200s", form);
  if (strlen(form) >= sizeof table->form)
    return q2_fail(reader->error, "%s: %s: expected a form of at most %zu bytes, found %zu", reader->file.path, group,
                   sizeof table->form - 1, strlen(form));
  snprintf(table->form, sizeof table->form, "%s", form);
  join(atoms, group, "atoms");
  Q2_TRY(describe(reader, atoms, Q2_INTEGER, Q2_ANY, 16, &table->atom_count, &total));
  join(other, group, "offset");
  Q2_TRY(q2_read_offset(reader, other, atoms, total, &table->offset, &rows));
  Q2_TRY(q2_read_int32(reader, atoms, &rows, table->atom_count, 0, INT32_MAX, &table->atoms));
  const int status = q2_check_atoms(reader, atoms, &rows, table->atom_count, table->atoms);
  Q2_TRY(q2_agree(reader->comm, status, reader->error));
  join(other, group, "parameters");
  Q2_TRY(describe(reader, other, Q2_INTEGER, total, 64, &table->parameter_count, &total));
  Q2_TRY(q2_read_int32(reader, other, &rows, table->parameter_count, 0, reader->dataset->parameters.count - 1,
                       &table->parameters));
  join(other, group, "constants");
  if (!q2_hdf5_exists(&reader->file, other)) return Q2_OK;
  Q2_TRY(describe(reader, other, Q2_REAL, total, 64, &table->constant_count, &total));
  return q2_read_double(reader, other, &rows, table->constant_count, 1.0, &table->constants);
}

int q2_read_terms(struct q2_reader *reader) {
  struct q2_dataset *d = reader->dataset;
  int count;
  char(*forms)[Q2_HDF5_NAME];
  Q2_TRY(q2_hdf5_groups(&reader->file, "/force_field/terms", &count, &forms, reader->error));
  d->terms = q2_allocate(count, sizeof *d->terms);
  int status = d->terms ? Q2_OK : q2_fail(reader->error, "%s: /force_field/terms: out of memory", reader->file.path);
  status = q2_agree(reader->comm, status, reader->error);
  for (int t = 0; t < count && status == Q2_OK; t++) {
    d->term_table_count = t + 1;
    status = read_term_table(reader, forms[t], &d->terms[t]);
  }
  free(forms);
  return status;
}

/* What an index may be without knowing the kind: -1 (all), or one of at most 3N modes, coordinates or atoms. */
static int check_index(struct q2_reader *reader, const char *name, const struct q2_rows *rows, int columns,
                       const int32_t *index) {
  const struct q2_dataset *d = reader->dataset;
  for (int64_t m = 0; m < d->molecule_count; m++) {
    const int64_t limit = 3 * (d->atom_offset[m + 1] - d->atom_offset[m]);
    for (int64_t k = rows->offset[m] * columns; k < rows->offset[m + 1] * columns; k++) {
      char place[Q2_PLACE_LENGTH];
      if (index[k] >= limit)
        return q2_fail(reader->error, "%s: expected -1 to %lld for %lld atoms, found %d",
                       q2_place(reader, name, rows, k / columns, place), (long long)limit - 1, (long long)limit / 3, index[k]);
    }
  }
  return Q2_OK;
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

static int read_observable_values(struct q2_reader *reader, const char *group, const struct q2_rows *rows,
                                  struct q2_observable_table *table) {
  char name[path_length], unit[Q2_LINE_LENGTH], where[Q2_PLACE_LENGTH];
  join(name, group, "value");
  table->has_value = q2_hdf5_exists(&reader->file, name);
  if (!table->has_value) {
    table->value = q2_allocate(rows->count, sizeof *table->value);
    const int status = table->value ? Q2_OK : q2_fail(reader->error, "%s: %s: out of memory", reader->file.path, name);
    return q2_agree(reader->comm, status, reader->error);
  }
  double factor;
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, name, "unit", NULL, unit, sizeof unit, reader->error));
  snprintf(where, sizeof where, "%.250s: %.200s: attribute unit", reader->file.path, name);
  Q2_TRY(q2_unit_of_observable(table->kind, unit, where, &factor, reader->error));
  return q2_read_double(reader, name, rows, 0, factor, &table->value);
}

static int read_observable_table(struct q2_reader *reader, const char *kind, struct q2_observable_table *table,
                                 int64_t *total) {
  char group[Q2_HDF5_NAME + 64], index[path_length], other[path_length], where[Q2_PLACE_LENGTH];
  struct q2_rows rows;
  int present;
  snprintf(group, sizeof group, "/observables/%.200s", kind);
  snprintf(where, sizeof where, "%.250s: /observables", reader->file.path);
  Q2_TRY(q2_unit_known_observable(kind, where, reader->error));
  snprintf(table->kind, sizeof table->kind, "%s", kind);
  table->minimum = 50.0;
  Q2_TRY(q2_hdf5_attribute_real(&reader->file, group, "minimum", &present, &table->minimum, reader->error));
  if (!(table->minimum > -1e300 && table->minimum < 1e300))
    return q2_fail(reader->error, "%s: %s: attribute minimum: expected a finite number, found %g", reader->file.path, group,
                   table->minimum);
  join(index, group, "index");
  Q2_TRY(describe(reader, index, Q2_INTEGER, Q2_ANY, 16, &table->index_count, total));
  join(other, group, "offset");
  Q2_TRY(q2_read_offset(reader, other, index, *total, &table->offset, &rows));
  Q2_TRY(q2_read_int32(reader, index, &rows, table->index_count, -1, INT32_MAX, &table->index));
  int status = check_index(reader, index, &rows, table->index_count, table->index);
  Q2_TRY(q2_agree(reader->comm, status, reader->error));
  join(other, group, "weight");
  Q2_TRY(q2_read_double(reader, other, &rows, 0, 1.0, &table->weight));
  status = check_weights(reader, other, &rows, table->weight);
  Q2_TRY(q2_agree(reader->comm, status, reader->error));
  return read_observable_values(reader, group, &rows, table);
}

int q2_read_observables(struct q2_reader *reader) {
  struct q2_dataset *d = reader->dataset;
  int count;
  char(*kinds)[Q2_HDF5_NAME];
  Q2_TRY(q2_hdf5_groups(&reader->file, "/observables", &count, &kinds, reader->error));
  d->observables = q2_allocate(count, sizeof *d->observables);
  int status = d->observables ? Q2_OK : q2_fail(reader->error, "%s: /observables: out of memory", reader->file.path);
  status = q2_agree(reader->comm, status, reader->error);
  int64_t all = 0;
  for (int t = 0; t < count && status == Q2_OK; t++) {
    int64_t total = 0;
    d->observable_table_count = t + 1;
    status = read_observable_table(reader, kinds[t], &d->observables[t], &total);
    all += total;
  }
  free(kinds);
  if (status == Q2_OK && all == 0)
    return q2_fail(reader->error, "%s: /observables: expected at least one observable, found 0", reader->file.path);
  return status;
}
