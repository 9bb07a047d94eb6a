/* Writing a data set's rows of molecules: every rank lists its columns, rank 0 writes its own rows and those that the others
 * send it, rank after rank. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_writer.h"
#include "hdf5_file.h"
#include "memory.h"
#include "observable_kinds.h"
#include "units.h"

enum { PIECE = 1 << 24 /* bytes of a message */ };

static struct q2_written_column *add(struct q2_writer *writer, const char *name, const char *unit, const void *data,
                                     int64_t rows, int64_t columns) {
  if (writer->column_count == writer->column_capacity) return NULL;
  struct q2_written_column *column = &writer->column[writer->column_count++];
  *column = (struct q2_written_column){.unit = unit, .data = data, .rows = rows, .columns = columns};
  snprintf(column->name, sizeof column->name, "%s", name);
  return column;
}

static int no_memory(struct q2_writer *writer, const char *name) {
  return q2_fail(writer->error, "%s: %s: out of memory", writer->path, name);
}

static int add_number(struct q2_writer *writer, const char *name, const char *unit, hid_t type, size_t size, const void *data,
                      int64_t rows, int64_t columns) {
  struct q2_written_column *column = add(writer, name, unit, data, rows, columns);
  if (!column) return no_memory(writer, name);
  column->type = type;
  column->row_bytes = (columns ? (size_t)columns : 1) * size;
  return Q2_OK;
}

static int add_int32(struct q2_writer *writer, const char *name, const int32_t *data, int64_t rows, int64_t columns) {
  return add_number(writer, name, NULL, H5T_NATIVE_INT32, sizeof *data, data, rows, columns);
}

static int add_real(struct q2_writer *writer, const char *name, const char *unit, const double *data, int64_t rows,
                    int64_t columns) {
  return add_number(writer, name, unit, H5T_NATIVE_DOUBLE, sizeof *data, data, rows, columns);
}

static int add_text(struct q2_writer *writer, const char *name, const void *data, int64_t rows, int64_t size) {
  struct q2_written_column *column = add(writer, name, NULL, data, rows, 0);
  if (!column) return no_memory(writer, name);
  column->text_size = size;
  column->row_bytes = (size_t)size;
  return Q2_OK;
}

/* The file's offsets of a ragged table: those of this rank's molecules, and on the last rank the end. Collective. */
static int add_offset(struct q2_writer *writer, const char *name, const int64_t *offset) {
  const int64_t count = writer->dataset->molecule_count, mine = offset[count];
  int64_t before = 0;
  int ranks;
  MPI_Comm_size(writer->comm, &ranks);
  MPI_Exscan(&mine, &before, 1, MPI_INT64_T, MPI_SUM, writer->comm);
  if (writer->rank == 0) before = 0;
  const int64_t rows = count + (writer->rank == ranks - 1);
  int64_t *global = q2_allocate(rows, sizeof *global);
  if (global)
    for (int64_t m = 0; m < rows; m++)
      global[m] = before + offset[m];
  struct q2_written_column *column = global ? add(writer, name, NULL, global, rows, 0) : NULL;
  if (column) {
    column->type = H5T_NATIVE_INT64;
    column->row_bytes = sizeof *global;
    column->owned = global;
  } else {
    free(global);
  }
  return q2_agree(writer->comm, column ? Q2_OK : no_memory(writer, name), writer->error);
}

static int plan_molecules(struct q2_writer *writer) {
  const struct q2_dataset *d = writer->dataset;
  const int64_t count = d->molecule_count;
  Q2_TRY(add_text(writer, "/molecules/name", d->name, count, Q2_NAME_LENGTH));
  Q2_TRY(add_int32(writer, "/molecules/charge", d->charge, count, 0));
  Q2_TRY(add_int32(writer, "/molecules/multiplicity", d->multiplicity, count, 0));
  Q2_TRY(add_real(writer, "/molecules/energy", q2_unit_of(Q2_ENERGY), d->energy, count, 0));
  Q2_TRY(add_int32(writer, "/molecules/method", d->method, count, 0));
  Q2_TRY(add_int32(writer, "/molecules/group", d->group, count, 0));
  Q2_TRY(add_int32(writer, "/molecules/stationary", d->stationary, count, 0));
  Q2_TRY(add_int32(writer, "/molecules/imaginary_modes", d->imaginary_modes, count, 0));
  return d->validation ? add_int32(writer, "/molecules/validation", d->validation, count, 0) : Q2_OK;
}

static int plan_atoms(struct q2_writer *writer) {
  const struct q2_dataset *d = writer->dataset;
  const int64_t atoms = d->atom_offset[d->molecule_count];
  Q2_TRY(add_int32(writer, "/atoms/element", d->element, atoms, 0));
  Q2_TRY(add_real(writer, "/atoms/mass", q2_unit_of(Q2_MASS), d->mass, atoms, 0));
  Q2_TRY(add_real(writer, "/atoms/position", q2_unit_of(Q2_LENGTH), d->position, atoms, 3));
  if (d->has_gradient) Q2_TRY(add_real(writer, "/atoms/gradient", q2_unit_of(Q2_GRADIENT), d->gradient, atoms, 3));
  if (d->has_charge) Q2_TRY(add_real(writer, "/atoms/charge", q2_unit_of(Q2_CHARGE), d->atom_charge, atoms, 0));
  if (d->nonbonded.type_count > 0) Q2_TRY(add_int32(writer, "/atoms/type", d->type, atoms, 0));
  if (d->type_name) Q2_TRY(add_text(writer, "/atoms/type_name", d->type_name, atoms, Q2_TYPE_LENGTH));
  if (!d->has_sites) return Q2_OK;
  Q2_TRY(add_int32(writer, "/atoms/reduction_parent", d->reduction_parent, atoms, 0));
  return add_real(writer, "/atoms/reduction", NULL, d->reduction, atoms, 0);
}

#define INCREMENTS "/force_field/charge_increments/"
static int plan_increments(struct q2_writer *writer) {
  const struct q2_charge_increments *increments = &writer->dataset->increments;
  if (!increments->offset) return Q2_OK;
  const int64_t rows = increments->offset[writer->dataset->molecule_count];
  Q2_TRY(add_offset(writer, INCREMENTS "offset", increments->offset));
  Q2_TRY(add_int32(writer, INCREMENTS "atoms", increments->atoms, rows, 2));
  Q2_TRY(add_int32(writer, INCREMENTS "parameter", increments->parameter, rows, 0));
  return add_real(writer, INCREMENTS "factor", NULL, increments->factor, rows, 0);
}

/* "GROUP/KEY/MEMBER" */
static const char *member(const char *group, const char *key, const char *name, char path[128]) {
  snprintf(path, 128, "%s/%s/%s", group, key, name);
  return path;
}

static int plan_terms(struct q2_writer *writer, const struct q2_term_table *table) {
  static const char group[] = "/force_field/terms";
  const int64_t rows = table->offset[writer->dataset->molecule_count];
  char name[128];
  Q2_TRY(add_offset(writer, member(group, table->form, "offset", name), table->offset));
  Q2_TRY(add_int32(writer, member(group, table->form, "atoms", name), table->atoms, rows, table->atom_count));
  Q2_TRY(add_int32(writer, member(group, table->form, "parameters", name), table->parameters, rows, table->parameter_count));
  if (table->constant_count > 0)
    Q2_TRY(
        add_real(writer, member(group, table->form, "constants", name), NULL, table->constants, rows, table->constant_count));
  return table->at_sites ? add_int32(writer, member(group, table->form, "at_sites", name), table->at_sites, rows, 0) : Q2_OK;
}

static int plan_observables(struct q2_writer *writer, const struct q2_observable_table *table) {
  static const char group[] = "/observables";
  const int64_t rows = table->offset[writer->dataset->molecule_count];
  char name[128];
  const struct q2_observable_kind *kind = q2_observable_kind(table->kind, writer->path, writer->error);
  if (!kind) return Q2_FAILED;
  const enum q2_quantity quantity = kind->quantity == Q2_EIGENVALUE && table->cartesian ? Q2_HESSIAN : kind->quantity;
  Q2_TRY(add_offset(writer, member(group, table->kind, "offset", name), table->offset));
  Q2_TRY(add_int32(writer, member(group, table->kind, "index", name), table->index, rows, table->index_count));
  if (table->has_weight) Q2_TRY(add_real(writer, member(group, table->kind, "weight", name), NULL, table->weight, rows, 0));
  if (!table->has_value) return Q2_OK;
  return add_real(writer, member(group, table->kind, "value", name), q2_unit_of(quantity), table->value, rows, 0);
}

static int plan_all(struct q2_writer *writer) {
  const struct q2_dataset *d = writer->dataset;
  const int64_t count = d->molecule_count;
  Q2_TRY(plan_molecules(writer));
  Q2_TRY(add_offset(writer, "/molecules/atom_offset", d->atom_offset));
  Q2_TRY(add_offset(writer, "/molecules/hessian_offset", d->hessian_offset));
  Q2_TRY(plan_atoms(writer));
  Q2_TRY(add_real(writer, "/hessian", q2_unit_of(Q2_HESSIAN), d->hessian, d->hessian_offset[count], 0));
  Q2_TRY(add_offset(writer, "/bonds/offset", d->bond_offset));
  Q2_TRY(add_int32(writer, "/bonds/atoms", d->bonds, d->bond_offset[count], 2));
  Q2_TRY(plan_increments(writer));
  for (int t = 0; t < d->term_table_count; t++)
    Q2_TRY(plan_terms(writer, &d->terms[t]));
  for (int t = 0; t < d->observable_table_count; t++)
    Q2_TRY(plan_observables(writer, &d->observables[t]));
  return Q2_OK;
}

int q2_writer_plan(struct q2_writer *writer) {
  const struct q2_dataset *d = writer->dataset;
  /* Room for all of them before any: a rank that could not list one would leave the others waiting for it in the next sum. */
  writer->column_capacity = 64 + 5 * d->term_table_count + 4 * d->observable_table_count;
  writer->column = q2_allocate_everywhere(writer->comm, writer->column_capacity, sizeof *writer->column,
                                          "columns of a data set", writer->error);
  if (!writer->column) return Q2_FAILED;
  Q2_TRY(q2_agree(writer->comm, plan_all(writer), writer->error));
  for (int c = 0; c < writer->column_count; c++) {
    struct q2_written_column *column = &writer->column[c];
    MPI_Allreduce(&column->rows, &column->total, 1, MPI_INT64_T, MPI_SUM, writer->comm);
    writer->bytes += (long long)column->total * (long long)column->row_bytes + 1024;
  }
  return Q2_OK;
}

void q2_writer_free(struct q2_writer *writer) {
  for (int c = 0; c < writer->column_count; c++)
    free(writer->column[c].owned);
  free(writer->column);
  writer->column = NULL;
  writer->column_count = writer->column_capacity = 0;
}

/* Rank 0: writes the rows of all ranks of one column, in the order of the ranks; those of the others come in pieces. */
static int receive(struct q2_writer *writer, const struct q2_written_column *column, const int64_t *rows, char *buffer) {
  struct q2_image_rows file;
  int ranks, status;
  MPI_Comm_size(writer->comm, &ranks);
  status = q2_image_rows_create(&writer->image, column->name, column->unit, column->type, column->text_size, column->total,
                                column->columns, &file, writer->error);
  if (status == Q2_OK) status = q2_image_rows_write(&file, 0, column->rows, column->data, writer->error);
  int64_t first = column->rows;
  const int64_t step = PIECE / (int64_t)column->row_bytes;
  for (int rank = 1; rank < ranks; rank++)
    for (int64_t done = 0; done < rows[rank]; done += step) {
      const int64_t now = rows[rank] - done < step ? rows[rank] - done : step;
      MPI_Recv(buffer, (int)(now * (int64_t)column->row_bytes), MPI_BYTE, rank, 0, writer->comm, MPI_STATUS_IGNORE);
      if (status == Q2_OK) status = q2_image_rows_write(&file, first, now, buffer, writer->error);
      first += now;
    }
  if (q2_image_rows_close(&file) != Q2_OK && status == Q2_OK)
    status = q2_fail(writer->error, "%s: %s: cannot be written", writer->path, column->name);
  return status;
}

static void send(const struct q2_writer *writer, const struct q2_written_column *column) {
  const int64_t step = PIECE / (int64_t)column->row_bytes;
  for (int64_t done = 0; done < column->rows; done += step) {
    const int64_t now = column->rows - done < step ? column->rows - done : step;
    MPI_Send((const char *)column->data + (size_t)done * column->row_bytes, (int)(now * (int64_t)column->row_bytes), MPI_BYTE,
             0, 0, writer->comm);
  }
}

int q2_writer_rows(struct q2_writer *writer) {
  int ranks, status = Q2_OK;
  MPI_Comm_size(writer->comm, &ranks);
  char *buffer = writer->rank == 0 && ranks > 1 ? malloc(PIECE) : NULL;
  int64_t *rows = calloc((size_t)ranks, sizeof *rows);
  if (!rows || (writer->rank == 0 && ranks > 1 && !buffer)) status = no_memory(writer, "buffers");
  status = q2_agree(writer->comm, status, writer->error);
  for (int c = 0; c < writer->column_count && status == Q2_OK; c++) {
    const struct q2_written_column *column = &writer->column[c];
    MPI_Gather(&column->rows, 1, MPI_INT64_T, rows, 1, MPI_INT64_T, 0, writer->comm);
    if (writer->rank == 0)
      status = receive(writer, column, rows, buffer);
    else
      send(writer, column);
    status = q2_agree(writer->comm, status, writer->error);
  }
  free(rows);
  free(buffer);
  return status;
}
