/* The data set as a list of columns: releasing it, and its checksum. */
#include "dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_columns.h"
#include "hash.h"

/* By copies, because a double * may not be looked at as a void *. */
void *q2_column_data(const struct q2_column *column) {
  void *data;
  memcpy(&data, column->place, sizeof data);
  return data;
}

void q2_column_set_data(const struct q2_column *column, void *data) { memcpy(column->place, &data, sizeof data); }

static void add(struct q2_columns *columns, void *place, size_t row_bytes, int offset_number) {
  const struct q2_column column = {place, row_bytes, offset_number};
  if (q2_column_data(&column) && row_bytes > 0) columns->column[columns->column_count++] = column;
}

static int add_offset(struct q2_columns *columns, int64_t **offset) {
  columns->offset[columns->offset_count] = offset;
  return columns->offset_count++;
}

int q2_columns_make(struct q2_dataset *dataset, struct q2_columns *columns, struct q2_error *error) {
  const size_t tables = (size_t)(dataset->term_table_count + dataset->observable_table_count);
  *columns = (struct q2_columns){0};
  columns->column = calloc(40 + 4 * tables, sizeof *columns->column);
  columns->offset = calloc(4 + tables, sizeof *columns->offset);
  if (!columns->column || !columns->offset) {
    q2_columns_free(columns);
    return q2_fail(error, "%s: out of memory", dataset->path ? dataset->path : "data set");
  }
  add(columns, &dataset->molecule, sizeof *dataset->molecule, -1);
  add(columns, &dataset->name, sizeof *dataset->name, -1);
  add(columns, &dataset->charge, sizeof(int32_t), -1);
  add(columns, &dataset->multiplicity, sizeof(int32_t), -1);
  add(columns, &dataset->method, sizeof(int32_t), -1);
  add(columns, &dataset->group, sizeof(int32_t), -1);
  add(columns, &dataset->stationary, sizeof(int32_t), -1);
  add(columns, &dataset->imaginary_modes, sizeof(int32_t), -1);
  add(columns, &dataset->energy, sizeof(double), -1);
  add(columns, &dataset->validation, sizeof(int32_t), -1);
  const int atoms = add_offset(columns, &dataset->atom_offset);
  add(columns, &dataset->element, sizeof(int32_t), atoms);
  add(columns, &dataset->type, sizeof(int32_t), atoms);
  add(columns, &dataset->mass, sizeof(double), atoms);
  add(columns, &dataset->position, 3 * sizeof(double), atoms);
  add(columns, &dataset->gradient, 3 * sizeof(double), atoms);
  add(columns, &dataset->atom_charge, sizeof(double), atoms);
  add(columns, &dataset->reduction_parent, sizeof(int32_t), atoms);
  add(columns, &dataset->reduction, sizeof(double), atoms);
  add(columns, &dataset->type_name, sizeof *dataset->type_name, atoms);
  add(columns, &dataset->hessian, sizeof(double), add_offset(columns, &dataset->hessian_offset));
  add(columns, &dataset->bonds, 2 * sizeof(int32_t), add_offset(columns, &dataset->bond_offset));
  struct q2_charge_increments *increments = &dataset->increments;
  if (increments->offset) {
    const int rows = add_offset(columns, &increments->offset);
    add(columns, &increments->atoms, 2 * sizeof(int32_t), rows);
    add(columns, &increments->parameter, sizeof(int32_t), rows);
    add(columns, &increments->factor, sizeof(double), rows);
  }
  for (int t = 0; t < dataset->term_table_count; t++) {
    struct q2_term_table *table = &dataset->terms[t];
    const int rows = add_offset(columns, &table->offset);
    add(columns, &table->atoms, (size_t)table->atom_count * sizeof(int32_t), rows);
    add(columns, &table->parameters, (size_t)table->parameter_count * sizeof(int32_t), rows);
    add(columns, &table->constants, (size_t)table->constant_count * sizeof(double), rows);
    add(columns, &table->at_sites, sizeof(int32_t), rows);
  }
  for (int t = 0; t < dataset->observable_table_count; t++) {
    struct q2_observable_table *table = &dataset->observables[t];
    const int rows = add_offset(columns, &table->offset);
    add(columns, &table->index, (size_t)table->index_count * sizeof(int32_t), rows);
    add(columns, &table->value, sizeof(double), rows);
    add(columns, &table->weight, sizeof(double), rows);
  }
  return Q2_OK;
}

void q2_columns_free(struct q2_columns *columns) {
  free(columns->column);
  free(columns->offset);
  *columns = (struct q2_columns){0};
}

int64_t q2_column_row(const struct q2_columns *columns, const struct q2_column *column, int64_t m) {
  return column->offset_number < 0 ? m : (*columns->offset[column->offset_number])[m];
}

/* Written out by name, not by q2_columns_make, since that can run short of memory. */
void q2_dataset_free(struct q2_dataset *dataset) {
  free(dataset->path);
  free(dataset->method_name);
  void *const of_molecules[] = {dataset->molecule,       dataset->name,
                                dataset->charge,         dataset->multiplicity,
                                dataset->method,         dataset->group,
                                dataset->stationary,     dataset->imaginary_modes,
                                dataset->energy,         dataset->atom_offset,
                                dataset->element,        dataset->type,
                                dataset->mass,           dataset->position,
                                dataset->gradient,       dataset->atom_charge,
                                dataset->hessian,        dataset->bonds,
                                dataset->hessian_offset, dataset->bond_offset,
                                dataset->validation,     dataset->reduction_parent,
                                dataset->reduction,      dataset->type_name};
  for (size_t k = 0; k < sizeof of_molecules / sizeof *of_molecules; k++)
    free(of_molecules[k]);
  for (int t = 0; t < dataset->term_table_count; t++) {
    const struct q2_term_table *table = &dataset->terms[t];
    free(table->offset);
    free(table->atoms);
    free(table->parameters);
    free(table->constants);
    free(table->at_sites);
  }
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_table *table = &dataset->observables[t];
    free(table->offset);
    free(table->index);
    free(table->value);
    free(table->weight);
  }
  const struct q2_parameters *p = &dataset->parameters;
  const struct q2_nonbonded *y = &dataset->nonbonded;
  const struct q2_equalities *e = &dataset->equalities;
  void *const shared[] = {dataset->terms,
                          dataset->observables,
                          dataset->energy_reference,
                          p->kind,
                          p->label,
                          p->unit,
                          p->value,
                          p->lower,
                          p->upper,
                          p->factor,
                          p->scale,
                          p->active,
                          p->link,
                          y->label,
                          y->epsilon,
                          y->size,
                          dataset->cmap.grid,
                          e->offset,
                          e->row,
                          e->coefficient,
                          e->value,
                          e->label,
                          dataset->prior.kind,
                          dataset->prior.weight};
  for (size_t k = 0; k < sizeof shared / sizeof *shared; k++)
    free(shared[k]);
  free(y->special_form);
  free(y->special_types);
  free(y->special_parameters);
  free(dataset->increments.offset);
  free(dataset->increments.atoms);
  free(dataset->increments.parameter);
  free(dataset->increments.factor);
  free(dataset->origin.bytes);
  free(dataset->origin.line);
  free(dataset->origin.column);
  free(dataset->origin.width);
  free(dataset->origin.multiplier);
  *dataset = (struct q2_dataset){0};
}

static uint64_t hash_number(uint64_t hash, int64_t number) { return q2_hash_bytes(hash, &number, sizeof number); }

static uint64_t hash_nonbonded(uint64_t hash, const struct q2_nonbonded *y) {
  const size_t types = (size_t)y->type_count, pairs = (size_t)y->special_count;
  hash = hash_number(hash, y->type_count);
  if (types == 0) return hash;
  hash = q2_hash_bytes(hash, y->form, sizeof y->form);
  hash = q2_hash_bytes(hash, y->combining_rule, sizeof y->combining_rule);
  hash = q2_hash_bytes(hash, &y->vdw_14, sizeof y->vdw_14);
  hash = q2_hash_bytes(hash, &y->coulomb_14, sizeof y->coulomb_14);
  hash = q2_hash_bytes(hash, &y->dielectric, sizeof y->dielectric);
  if (y->soft_cut_end > 0) /* files without it keep the checksum that they had before */
    hash = q2_hash_bytes(q2_hash_bytes(hash, &y->soft_cut_begin, sizeof(double)), &y->soft_cut_end, sizeof(double));
  hash = q2_hash_bytes(hash, y->label, types * sizeof *y->label);
  hash = q2_hash_bytes(hash, y->epsilon, types * sizeof *y->epsilon);
  hash = q2_hash_bytes(hash, y->size, types * sizeof *y->size);
  hash = hash_number(hash, y->special_count);
  hash = q2_hash_bytes(hash, y->special_form, pairs * sizeof *y->special_form);
  hash = q2_hash_bytes(hash, y->special_types, 2 * pairs * sizeof *y->special_types);
  return q2_hash_bytes(hash, y->special_parameters, 2 * pairs * sizeof *y->special_parameters);
}

/* Files without these tables keep the checksum that they had before there were any. */
static uint64_t hash_guidance(uint64_t hash, const struct q2_dataset *dataset) {
  const struct q2_equalities *e = &dataset->equalities;
  const struct q2_prior_table *prior = &dataset->prior;
  if (e->count > 0) {
    const size_t count = (size_t)e->count, entries = (size_t)e->offset[e->count];
    hash = hash_number(hash, e->count);
    hash = q2_hash_bytes(hash, e->offset, (count + 1) * sizeof *e->offset);
    hash = q2_hash_bytes(hash, e->row, entries * sizeof *e->row);
    hash = q2_hash_bytes(hash, e->coefficient, entries * sizeof *e->coefficient);
    hash = q2_hash_bytes(hash, e->value, count * sizeof *e->value);
  }
  if (prior->count > 0) {
    hash = hash_number(hash, prior->count);
    hash = q2_hash_bytes(hash, prior->kind, (size_t)prior->count * sizeof *prior->kind);
    hash = q2_hash_bytes(hash, prior->weight, (size_t)prior->count * sizeof *prior->weight);
  }
  return hash;
}

/* Likewise. */
static uint64_t hash_origin(uint64_t hash, const struct q2_dataset *dataset) {
  const struct q2_origin *origin = &dataset->origin;
  const size_t count = (size_t)dataset->parameters.count;
  if (!origin->format[0]) return hash;
  hash = q2_hash_bytes(hash, origin->format, sizeof origin->format);
  hash = q2_hash_bytes(hash, origin->name, sizeof origin->name);
  hash = q2_hash_bytes(hash, origin->bytes, (size_t)origin->size);
  hash = q2_hash_bytes(hash, origin->line, count * sizeof *origin->line);
  hash = q2_hash_bytes(hash, origin->column, count * sizeof *origin->column);
  hash = q2_hash_bytes(hash, origin->width, count * sizeof *origin->width);
  return q2_hash_bytes(hash, origin->multiplier, count * sizeof *origin->multiplier);
}

/* What every rank holds alike. */
static uint64_t hash_shared(const struct q2_dataset *dataset) {
  uint64_t hash = hash_number(Q2_HASH_START, dataset->molecule_total);
  hash = q2_hash_bytes(hash, dataset->title, sizeof dataset->title);
  hash = q2_hash_bytes(hash, dataset->method_name, (size_t)dataset->method_count * sizeof *dataset->method_name);
  const struct q2_parameters *p = &dataset->parameters;
  const size_t count = (size_t)p->count;
  hash = hash_number(hash, p->count);
  hash = q2_hash_bytes(hash, p->kind, count * sizeof *p->kind);
  hash = q2_hash_bytes(hash, p->label, count * sizeof *p->label);
  hash = q2_hash_bytes(hash, p->unit, count * sizeof *p->unit);
  const double *const reals[] = {p->value, p->lower, p->upper, p->factor, p->scale};
  for (size_t k = 0; k < sizeof reals / sizeof *reals; k++)
    hash = q2_hash_bytes(hash, reals[k], count * sizeof(double));
  hash = q2_hash_bytes(hash, p->active, count * sizeof *p->active);
  hash = q2_hash_bytes(hash, p->link, count * sizeof *p->link);
  hash = hash_nonbonded(hash, &dataset->nonbonded);
  const struct q2_cmap *cmap = &dataset->cmap;
  if (cmap->grid_count > 0) { /* files without grids keep the checksum that they had before grids existed */
    hash = hash_number(hash_number(hash, cmap->grid_count), cmap->points);
    hash = q2_hash_bytes(hash, cmap->grid,
                         (size_t)cmap->grid_count * (size_t)cmap->points * (size_t)cmap->points * sizeof *cmap->grid);
  }
  for (int t = 0; t < dataset->term_table_count; t++) {
    const struct q2_term_table *table = &dataset->terms[t];
    hash = q2_hash_bytes(hash, table->form, sizeof table->form);
    hash = hash_number(hash_number(hash, table->atom_count), table->parameter_count);
    hash = hash_number(hash, table->constant_count);
  }
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_table *table = &dataset->observables[t];
    hash = q2_hash_bytes(hash, table->kind, sizeof table->kind);
    hash = hash_number(hash_number(hash, table->index_count), table->has_value);
    hash = q2_hash_bytes(hash, &table->minimum, sizeof table->minimum);
    if (!table->has_weight || table->cartesian) hash = hash_number(hash_number(hash, table->has_weight), table->cartesian);
  }
  /* Only where they say something: files without these attributes keep the checksum that they had before. */
  if (dataset->weights[0]) hash = q2_hash_bytes(hash, dataset->weights, sizeof dataset->weights);
  if (dataset->invert_transition_states) hash = hash_number(hash, dataset->invert_transition_states);
  return hash_origin(hash_guidance(hash, dataset), dataset);
}

int q2_dataset_checksum(MPI_Comm comm, struct q2_dataset *dataset, struct q2_error *error) {
  struct q2_columns columns;
  const int status = q2_agree(comm, q2_columns_make(dataset, &columns, error), error);
  uint64_t sum = 0, total;
  for (int64_t m = 0; m < dataset->molecule_count && status == Q2_OK; m++) {
    uint64_t hash = Q2_HASH_START;
    for (int c = 0; c < columns.column_count; c++) {
      const struct q2_column *column = &columns.column[c];
      const int64_t row = q2_column_row(&columns, column, m);
      const int64_t rows = q2_column_row(&columns, column, m + 1) - row;
      hash = hash_number(hash, rows);
      hash = q2_hash_bytes(hash, (const char *)q2_column_data(column) + (size_t)row * column->row_bytes,
                           (size_t)rows * column->row_bytes);
    }
    sum += hash;
  }
  q2_columns_free(&columns);
  if (status != Q2_OK) return status;
  MPI_Allreduce(&sum, &total, 1, MPI_UINT64_T, MPI_SUM, comm);
  snprintf(dataset->checksum, sizeof dataset->checksum, "%016llx", (unsigned long long)(total + hash_shared(dataset)));
  return Q2_OK;
}
