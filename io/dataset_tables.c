/* Bonds and terms: tables of indices with a varying number of rows for each molecule. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_reader.h"
#include "memory.h"

void q2_member(char path[Q2_MEMBER_LENGTH], const char *group, const char *member) {
  snprintf(path, Q2_MEMBER_LENGTH, "%.255s/%.200s", group, member);
}

int q2_describe_columns(struct q2_reader *reader, const char *name, enum q2_hdf5_class type_class, int64_t rows, int most,
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
  char group[Q2_HDF5_NAME + 64], atoms[Q2_MEMBER_LENGTH], other[Q2_MEMBER_LENGTH];
  int64_t total = 0;
  struct q2_rows rows;
  snprintf(group, sizeof group, "/force_field/terms/%.200s", form);
  if (strlen(form) >= sizeof table->form)
    return q2_fail(reader->error, "%s: %s: expected a form of at most %zu bytes, found %zu", reader->file.path, group,
                   sizeof table->form - 1, strlen(form));
  snprintf(table->form, sizeof table->form, "%s", form);
  q2_member(atoms, group, "atoms");
  Q2_TRY(q2_describe_columns(reader, atoms, Q2_INTEGER, Q2_ANY, 16, &table->atom_count, &total));
  q2_member(other, group, "offset");
  Q2_TRY(q2_read_offset(reader, other, atoms, total, &table->offset, &rows));
  Q2_TRY(q2_read_int32(reader, atoms, &rows, table->atom_count, 0, INT32_MAX, &table->atoms));
  const int status = q2_check_atoms(reader, atoms, &rows, table->atom_count, table->atoms);
  Q2_TRY(q2_agree(reader->comm, status, reader->error));
  q2_member(other, group, "parameters");
  Q2_TRY(q2_describe_columns(reader, other, Q2_INTEGER, total, 64, &table->parameter_count, &total));
  Q2_TRY(q2_read_int32(reader, other, &rows, table->parameter_count, 0, reader->dataset->parameters.count - 1,
                       &table->parameters));
  q2_member(other, group, "constants");
  if (q2_hdf5_exists(&reader->file, other)) {
    Q2_TRY(q2_describe_columns(reader, other, Q2_REAL, total, 64, &table->constant_count, &total));
    Q2_TRY(q2_read_double(reader, other, &rows, table->constant_count, 1.0, &table->constants));
  }
  q2_member(other, group, "at_sites");
  if (!q2_hdf5_exists(&reader->file, other)) return Q2_OK;
  if (!reader->dataset->has_sites)
    return q2_fail(reader->error, "%s: %s: expected /atoms/reduction beside it, without which there are no sites",
                   reader->file.path, other);
  return q2_read_int32(reader, other, &rows, 0, 0, 1, &table->at_sites);
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
