/* Reading a data set: the order of things, the molecules, their atoms and Hessians. */
#define _POSIX_C_SOURCE 200809L /* strdup */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "dataset_columns.h"
#include "dataset_reader.h"
#include "elements.h"
#include "memory.h"
#include "units.h"

static int read_header(struct q2_reader *reader) {
  char format[Q2_LINE_LENGTH];
  int64_t version;
  int present;
  const char *path = reader->file.path;
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, "/", "format", NULL, format, sizeof format, reader->error));
  if (strcmp(format, "q2hpc") != 0)
    return q2_fail(reader->error, "%s: /: attribute format: expected 'q2hpc', found '%s'", path, format);
  Q2_TRY(q2_hdf5_attribute_integer(&reader->file, "/", "version", NULL, &version, reader->error));
  if (version != 1) return q2_fail(reader->error, "%s: /: attribute version: expected 1, found %lld", path, (long long)version);
  return q2_hdf5_attribute_text(&reader->file, "/", "title", &present, reader->dataset->title, sizeof reader->dataset->title,
                                reader->error);
}

/* The first molecule whose atoms start at or after this rank's part of all atoms. */
static int64_t share_start(const int64_t *atom_offset, int64_t molecules, int64_t rank, int64_t ranks) {
  const int64_t atoms = atom_offset[molecules];
  const int64_t target = atoms / ranks * rank + atoms % ranks * rank / ranks;
  int64_t low = 0, high = molecules;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (atom_offset[middle] < target)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int check_atom_offset(struct q2_reader *reader, const int64_t *offset, int64_t molecules, int64_t atoms) {
  const char *path = reader->file.path, *name = "/molecules/atom_offset";
  if (offset[0] != 0) return q2_fail(reader->error, "%s: %s: row 0: expected 0, found %lld", path, name, (long long)offset[0]);
  for (int64_t m = 0; m < molecules; m++) {
    if (offset[m + 1] <= offset[m] || offset[m + 1] - offset[m] > 1000000)
      return q2_fail(reader->error, "%s: %s: row %lld: expected %lld plus 1 to 1000000 atoms, found %lld", path, name,
                     (long long)(m + 1), (long long)offset[m], (long long)offset[m + 1]);
  }
  if (offset[molecules] != atoms)
    return q2_fail(reader->error, "%s: %s: row %lld: expected %lld, the rows of /atoms/element, found %lld", path, name,
                   (long long)molecules, (long long)atoms, (long long)offset[molecules]);
  return Q2_OK;
}

/* Every rank reads all of atom_offset (8 bytes a molecule), because the shares follow from it. */
static int divide(struct q2_reader *reader, struct q2_rows *molecules, struct q2_rows *atoms) {
  struct q2_dataset *dataset = reader->dataset;
  struct q2_hdf5_table offset_table, atom_table;
  int rank, ranks;
  MPI_Comm_rank(reader->comm, &rank);
  MPI_Comm_size(reader->comm, &ranks);
  Q2_TRY(q2_hdf5_describe(&reader->file, "/molecules/atom_offset", Q2_INTEGER, 1, Q2_ANY, 1, &offset_table, reader->error));
  Q2_TRY(q2_hdf5_describe(&reader->file, "/atoms/element", Q2_INTEGER, 1, Q2_ANY, 1, &atom_table, reader->error));
  const int64_t total = offset_table.rows - 1;
  if (total < 1)
    return q2_fail(reader->error, "%s: /molecules: expected at least one molecule, found none (atom_offset has %lld rows)",
                   reader->file.path, (long long)offset_table.rows);
  int64_t *all = q2_allocate(total + 1, sizeof *all);
  int status = all ? Q2_OK : q2_fail(reader->error, "%s: /molecules/atom_offset: out of memory", reader->file.path);
  status = q2_agree(reader->comm, status, reader->error);
  if (status == Q2_OK) status = q2_hdf5_read_integers(&reader->file, &offset_table, 0, total + 1, all, reader->error);
  if (status == Q2_OK) status = q2_agree(reader->comm, check_atom_offset(reader, all, total, atom_table.rows), reader->error);
  if (status == Q2_OK) {
    const int64_t first = share_start(all, total, rank, ranks);
    const int64_t count = share_start(all, total, rank + 1, ranks) - first;
    dataset->molecule_total = total;
    dataset->atom_total = atom_table.rows;
    dataset->molecule_count = count;
    dataset->molecule = q2_allocate(count, sizeof *dataset->molecule);
    dataset->atom_offset = q2_allocate(count + 1, sizeof *dataset->atom_offset);
    if (dataset->molecule && dataset->atom_offset) {
      for (int64_t m = 0; m < count; m++)
        dataset->molecule[m] = first + m;
      for (int64_t m = 0; m <= count; m++)
        dataset->atom_offset[m] = all[first + m] - all[first];
      *molecules = (struct q2_rows){.total = total, .first = first, .count = count};
      *atoms = (struct q2_rows){
          .total = atom_table.rows, .first = all[first], .count = dataset->atom_offset[count], .offset = dataset->atom_offset};
    } else {
      status = q2_fail(reader->error, "%s: /molecules: out of memory", reader->file.path);
    }
    status = q2_agree(reader->comm, status, reader->error);
  }
  free(all);
  return status;
}

static int read_unit(struct q2_reader *reader, const char *name, enum q2_quantity quantity, double *factor) {
  char unit[Q2_LINE_LENGTH], where[Q2_PLACE_LENGTH];
  if (!q2_hdf5_exists(&reader->file, name))
    return q2_fail(reader->error, "%s: %s: expected a dataset of floating-point numbers, found nothing", reader->file.path,
                   name);
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, name, "unit", NULL, unit, sizeof unit, reader->error));
  snprintf(where, sizeof where, "%.300s: %s: attribute unit", reader->file.path, name);
  return q2_unit_of_quantity(quantity, unit, where, factor, reader->error);
}

static int read_quantity(struct q2_reader *reader, const char *name, enum q2_quantity quantity, const struct q2_rows *rows,
                         int64_t columns, double **data) {
  double factor;
  Q2_TRY(read_unit(reader, name, quantity, &factor));
  return q2_read_double(reader, name, rows, columns, factor, data);
}

static int read_methods(struct q2_reader *reader) {
  struct q2_hdf5_table table;
  struct q2_dataset *dataset = reader->dataset;
  Q2_TRY(q2_hdf5_describe(&reader->file, "/methods", Q2_TEXT, 1, Q2_ANY, 1, &table, reader->error));
  if (table.rows < 1 || table.rows > INT32_MAX)
    return q2_fail(reader->error, "%s: /methods: expected 1 to %d rows, found %lld", reader->file.path, INT32_MAX,
                   (long long)table.rows);
  const struct q2_rows rows = {.total = table.rows, .count = table.rows, .shared = 1};
  dataset->method_count = (int)table.rows;
  return q2_read_text(reader, "/methods", &rows, Q2_LINE_LENGTH, 0, &dataset->method_name);
}

/* Optional: absent, every molecule is fitted. */
static int read_validation(struct q2_reader *reader, const struct q2_rows *rows) {
  static const char name[] = "/molecules/validation";
  struct q2_dataset *d = reader->dataset;
  int64_t mine = 0;
  if (!q2_hdf5_exists(&reader->file, name)) return Q2_OK;
  Q2_TRY(q2_read_int32(reader, name, rows, 0, 0, 1, &d->validation));
  for (int64_t m = 0; m < d->molecule_count; m++)
    mine += d->validation[m];
  MPI_Allreduce(&mine, &d->validation_total, 1, MPI_INT64_T, MPI_SUM, reader->comm);
  if (d->validation_total < d->molecule_total) return Q2_OK;
  return q2_fail(reader->error, "%s: %s: expected a molecule to fit (0), found 1 for all %lld", reader->file.path, name,
                 (long long)d->molecule_total);
}

static int read_molecules(struct q2_reader *reader, const struct q2_rows *rows) {
  struct q2_dataset *d = reader->dataset;
  Q2_TRY(q2_read_text(reader, "/molecules/name", rows, Q2_NAME_LENGTH, 0, &d->name));
  Q2_TRY(q2_check_names(reader));
  Q2_TRY(read_methods(reader));
  Q2_TRY(q2_read_int32(reader, "/molecules/charge", rows, 0, -1000000, 1000000, &d->charge));
  Q2_TRY(q2_read_int32(reader, "/molecules/multiplicity", rows, 0, 1, 1000000, &d->multiplicity));
  Q2_TRY(read_quantity(reader, "/molecules/energy", Q2_ENERGY, rows, 0, &d->energy));
  Q2_TRY(q2_read_int32(reader, "/molecules/method", rows, 0, 0, d->method_count - 1, &d->method));
  Q2_TRY(q2_read_int32(reader, "/molecules/group", rows, 0, -1, INT32_MAX, &d->group));
  Q2_TRY(q2_read_int32(reader, "/molecules/stationary", rows, 0, 0, 1, &d->stationary));
  Q2_TRY(q2_read_int32(reader, "/molecules/imaginary_modes", rows, 0, 0, INT32_MAX, &d->imaginary_modes));
  int status = Q2_OK;
  for (int64_t m = 0; m < d->molecule_count && status == Q2_OK; m++) {
    const int64_t most = 3 * (d->atom_offset[m + 1] - d->atom_offset[m]);
    char place[Q2_PLACE_LENGTH];
    if (d->imaginary_modes[m] > most)
      status = q2_fail(reader->error, "%s: expected at most %lld for %lld atoms, found %d",
                       q2_place(reader, "/molecules/imaginary_modes", rows, m, place), (long long)most, (long long)most / 3,
                       d->imaginary_modes[m]);
  }
  Q2_TRY(q2_agree(reader->comm, status, reader->error));
  return read_validation(reader, rows);
}

static int read_masses(struct q2_reader *reader, const struct q2_rows *rows) {
  struct q2_dataset *d = reader->dataset;
  if (!q2_hdf5_exists(&reader->file, "/atoms/mass")) {
    Q2_TRY(q2_reader_allocate(reader, "/atoms/mass", rows->count, sizeof *d->mass, &d->mass));
    for (int64_t a = 0; a < rows->count; a++)
      d->mass[a] = q2_element_mass(d->element[a]);
    return Q2_OK;
  }
  Q2_TRY(read_quantity(reader, "/atoms/mass", Q2_MASS, rows, 0, &d->mass));
  int status = Q2_OK;
  for (int64_t a = 0; a < rows->count && status == Q2_OK; a++) {
    char place[Q2_PLACE_LENGTH];
    if (!(d->mass[a] > 0.0))
      status = q2_fail(reader->error, "%s: expected a mass above 0, found %g", q2_place(reader, "/atoms/mass", rows, a, place),
                       d->mass[a]);
  }
  return q2_agree(reader->comm, status, reader->error);
}

/* Reads an optional column, or makes zeros where it is absent. */
static int read_optional(struct q2_reader *reader, const char *name, enum q2_quantity quantity, const struct q2_rows *rows,
                         int64_t columns, double **data, int *present) {
  *present = q2_hdf5_exists(&reader->file, name);
  if (*present) return read_quantity(reader, name, quantity, rows, columns, data);
  return q2_reader_allocate(reader, name, rows->count * (columns ? columns : 1), sizeof **data, data);
}

/* Every reduced atom has a parent, another atom of its molecule. Local. */
static int check_sites(const struct q2_reader *reader, const struct q2_rows *rows) {
  const struct q2_dataset *d = reader->dataset;
  char place[Q2_PLACE_LENGTH];
  for (int64_t m = 0; m < d->molecule_count; m++) {
    for (int64_t a = d->atom_offset[m]; a < d->atom_offset[m + 1]; a++) {
      const int32_t parent = d->reduction_parent[a];
      const int64_t atoms = d->atom_offset[m + 1] - d->atom_offset[m];
      if (parent >= atoms || parent == a - d->atom_offset[m])
        return q2_fail(reader->error, "%s: expected another atom of the molecule, 0 to %lld, or -1, found %d",
                       q2_place(reader, "/atoms/reduction_parent", rows, a, place), (long long)atoms - 1, parent);
      const double c = d->reduction[a];
      if (parent < 0 ? c != 0.0 : !(c >= 0.0 && c < 1.0))
        return q2_fail(reader->error, "%s: expected %s, found %g", q2_place(reader, "/atoms/reduction", rows, a, place),
                       parent < 0 ? "0, for the atom has no reduction_parent" : "a fraction from 0 to below 1", c);
    }
  }
  return Q2_OK;
}

/* Optional: both tables or neither. */
static int read_sites(struct q2_reader *reader, const struct q2_rows *rows) {
  struct q2_dataset *d = reader->dataset;
  d->has_sites = q2_hdf5_exists(&reader->file, "/atoms/reduction");
  if (d->has_sites != q2_hdf5_exists(&reader->file, "/atoms/reduction_parent"))
    return q2_fail(reader->error, "%s: /atoms: expected both reduction and reduction_parent, found the %s", reader->file.path,
                   d->has_sites ? "first" : "second");
  if (!d->has_sites) return Q2_OK;
  Q2_TRY(q2_read_int32(reader, "/atoms/reduction_parent", rows, 0, -1, INT32_MAX, &d->reduction_parent));
  Q2_TRY(q2_read_double(reader, "/atoms/reduction", rows, 0, 1.0, &d->reduction));
  return q2_agree(reader->comm, check_sites(reader, rows), reader->error);
}

static int read_atoms(struct q2_reader *reader, const struct q2_rows *rows) {
  struct q2_dataset *d = reader->dataset;
  Q2_TRY(q2_read_int32(reader, "/atoms/element", rows, 0, 1, Q2_ELEMENT_LAST, &d->element));
  Q2_TRY(read_masses(reader, rows));
  Q2_TRY(read_quantity(reader, "/atoms/position", Q2_LENGTH, rows, 3, &d->position));
  Q2_TRY(read_optional(reader, "/atoms/gradient", Q2_GRADIENT, rows, 3, &d->gradient, &d->has_gradient));
  Q2_TRY(read_optional(reader, "/atoms/charge", Q2_CHARGE, rows, 0, &d->atom_charge, &d->has_charge));
  Q2_TRY(read_sites(reader, rows));
  if (q2_hdf5_exists(&reader->file, "/atoms/type_name"))
    Q2_TRY(q2_read_text(reader, "/atoms/type_name", rows, Q2_TYPE_LENGTH, 1, &d->type_name));
  if (d->nonbonded.type_count > 0)
    return q2_read_int32(reader, "/atoms/type", rows, 0, 0, d->nonbonded.type_count - 1, &d->type);
  return q2_reader_allocate(reader, "/atoms/type", rows->count, sizeof *d->type, &d->type);
}

static int read_everything(struct q2_reader *reader) {
  struct q2_rows molecules, atoms;
  Q2_TRY(read_header(reader));
  Q2_TRY(divide(reader, &molecules, &atoms));
  Q2_TRY(read_molecules(reader, &molecules));
  Q2_TRY(q2_read_parameters(reader));
  Q2_TRY(q2_read_nonbonded(reader));
  Q2_TRY(q2_read_cmap(reader));
  Q2_TRY(q2_read_equalities(reader));
  Q2_TRY(q2_read_prior(reader));
  Q2_TRY(q2_read_origin(reader));
  Q2_TRY(read_atoms(reader, &atoms));
  double factor = 1.0;
  const char *const hessian = q2_hdf5_exists(&reader->file, "/hessian") ? "/hessian" : "/hessian_full";
  if (q2_hdf5_exists(&reader->file, hessian)) Q2_TRY(read_unit(reader, hessian, Q2_HESSIAN, &factor));
  Q2_TRY(q2_read_hessian(reader, factor));
  Q2_TRY(q2_read_bonds(reader));
  Q2_TRY(q2_read_charge_increments(reader));
  Q2_TRY(q2_read_terms(reader));
  Q2_TRY(q2_read_observables(reader));
  Q2_TRY(q2_dataset_gather_energies(reader->comm, reader->dataset, reader->error));
  Q2_TRY(q2_agree(reader->comm, q2_check_molecules(reader), reader->error));
  return q2_dataset_checksum(reader->comm, reader->dataset, reader->error);
}

int q2_dataset_read(MPI_Comm comm, const char *path, struct q2_dataset *dataset, struct q2_error *error) {
  *dataset = (struct q2_dataset){0};
  struct q2_reader reader = {.comm = comm, .dataset = dataset, .error = error};
  dataset->path = strdup(path);
  int status = dataset->path ? Q2_OK : q2_fail(error, "%s: out of memory", path);
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) status = q2_hdf5_open(comm, dataset->path, &reader.file, error);
  if (status == Q2_OK) status = read_everything(&reader);
  q2_hdf5_close(&reader.file);
  if (status != Q2_OK) q2_dataset_free(dataset);
  return status;
}
