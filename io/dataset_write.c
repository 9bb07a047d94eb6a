/* Writing a data set: rank 0 makes the file, and puts into it what all ranks hold alike; the tables with rows of molecules go
 * there column by column (dataset_write_rows.c). */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_writer.h"
#include "durable.h"
#include "units.h"

static int write_header(struct q2_writer *writer) {
  struct q2_image *const image = &writer->image;
  const struct q2_dataset *d = writer->dataset;
  Q2_TRY(q2_image_attribute_text(image, "/", "format", "q2hpc", writer->error));
  Q2_TRY(q2_image_attribute_int64(image, "/", "version", 1, writer->error));
  if (d->title[0]) Q2_TRY(q2_image_attribute_text(image, "/", "title", d->title, writer->error));
  return q2_image_text(image, "/methods", d->method_count, Q2_LINE_LENGTH, d->method_name, writer->error);
}

/* The number that the reader turns into `inside` when it multiplies by `factor`: of those that do, the one with the shortest
 * decimals. */
static double outside(double inside, double factor) {
  const double exact = inside / factor;
  char decimals[40];
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(decimals, sizeof decimals, "%.*g", digits, exact);
    const double rounded = strtod(decimals, NULL);
    if (rounded * factor == inside) return rounded;
  }
  const double neighbours[] = {exact, nextafter(exact, INFINITY), nextafter(exact, -INFINITY)};
  for (int k = 0; k < 3; k++)
    if (neighbours[k] * factor == inside) return neighbours[k];
  return exact;
}

static int write_parameter_column(struct q2_writer *writer, const char *name, const double *inside) {
  const struct q2_parameters *p = &writer->dataset->parameters;
  double *file = malloc(((size_t)p->count + 1) * sizeof *file);
  if (!file) return q2_fail(writer->error, "%s: no memory for %d parameters", writer->path, p->count);
  for (int k = 0; k < p->count; k++)
    file[k] = fabs(inside[k]) >= 1e300 ? inside[k] : outside(inside[k], p->factor[k]);
  const int status = q2_image_double(&writer->image, name, NULL, p->count, 0, file, writer->error);
  free(file);
  return status;
}

#define PARAMETERS "/force_field/parameters/"
static int write_parameters(struct q2_writer *writer) {
  struct q2_image *const image = &writer->image;
  const struct q2_parameters *p = &writer->dataset->parameters;
  int scaled = 0;
  for (int k = 0; k < p->count; k++)
    scaled |= p->scale[k] != 0.0;
  Q2_TRY(q2_image_text(image, PARAMETERS "kind", p->count, Q2_KIND_LENGTH, p->kind, writer->error));
  Q2_TRY(q2_image_text(image, PARAMETERS "label", p->count, Q2_LABEL_LENGTH, p->label, writer->error));
  Q2_TRY(q2_image_text(image, PARAMETERS "unit", p->count, Q2_UNIT_LENGTH, p->unit, writer->error));
  Q2_TRY(write_parameter_column(writer, PARAMETERS "value", p->value));
  Q2_TRY(write_parameter_column(writer, PARAMETERS "lower", p->lower));
  Q2_TRY(write_parameter_column(writer, PARAMETERS "upper", p->upper));
  if (scaled) Q2_TRY(write_parameter_column(writer, PARAMETERS "scale", p->scale));
  Q2_TRY(q2_image_int32(image, PARAMETERS "active", NULL, p->count, 0, p->active, writer->error));
  return q2_image_int32(image, PARAMETERS "link", NULL, p->count, 0, p->link, writer->error);
}

#define NONBONDED "/force_field/nonbonded"
static int write_nonbonded(struct q2_writer *writer) {
  struct q2_image *const image = &writer->image;
  const struct q2_nonbonded *y = &writer->dataset->nonbonded;
  char size[64];
  if (y->type_count == 0) return Q2_OK;
  snprintf(size, sizeof size, NONBONDED "/%s", y->size_name);
  Q2_TRY(q2_image_text(image, NONBONDED "/label", y->type_count, Q2_LABEL_LENGTH, y->label, writer->error));
  Q2_TRY(q2_image_int32(image, NONBONDED "/epsilon", NULL, y->type_count, 0, y->epsilon, writer->error));
  Q2_TRY(q2_image_int32(image, size, NULL, y->type_count, 0, y->size, writer->error));
  Q2_TRY(q2_image_attribute_text(image, NONBONDED, "form", y->form, writer->error));
  Q2_TRY(q2_image_attribute_text(image, NONBONDED, "combining_rule", y->combining_rule, writer->error));
  Q2_TRY(q2_image_attribute_double(image, NONBONDED, "vdw_14", y->vdw_14, writer->error));
  Q2_TRY(q2_image_attribute_double(image, NONBONDED, "coulomb_14", y->coulomb_14, writer->error));
  Q2_TRY(q2_image_attribute_double(image, NONBONDED, "dielectric", y->dielectric, writer->error));
  if (y->soft_cut_end > 0) {
    Q2_TRY(q2_image_attribute_double(image, NONBONDED, "soft_cut_begin", y->soft_cut_begin, writer->error));
    Q2_TRY(q2_image_attribute_double(image, NONBONDED, "soft_cut_end", y->soft_cut_end, writer->error));
  }
  if (y->special_count == 0) return Q2_OK;
  Q2_TRY(q2_image_int32(image, NONBONDED "/special/types", NULL, y->special_count, 2, y->special_types, writer->error));
  Q2_TRY(q2_image_text(image, NONBONDED "/special/form", y->special_count, Q2_KIND_LENGTH, y->special_form, writer->error));
  return q2_image_int32(image, NONBONDED "/special/parameters", NULL, y->special_count, 2, y->special_parameters,
                        writer->error);
}

static int write_grids(struct q2_writer *writer) {
  const struct q2_cmap *cmap = &writer->dataset->cmap;
  if (cmap->grid_count == 0) return Q2_OK;
  return q2_image_double(&writer->image, "/force_field/cmap/grid", q2_unit_of(Q2_GRID_ENERGY), cmap->grid_count,
                         (int64_t)cmap->points * cmap->points, cmap->grid, writer->error);
}

#define EQUALITIES "/force_field/equalities"
/* Coefficients in the file belong to values in the rows' own units: the reader divides them by the rows' factors. */
static int write_equalities(struct q2_writer *writer) {
  struct q2_image *const image = &writer->image;
  const struct q2_dataset *d = writer->dataset;
  const struct q2_equalities *e = &d->equalities;
  if (e->count == 0) return Q2_OK;
  const int entries = e->offset[e->count];
  double *coefficient = malloc(((size_t)entries + 1) * sizeof *coefficient);
  if (!coefficient) return q2_fail(writer->error, "%s: no memory for %d coefficients", writer->path, entries);
  for (int k = 0; k < entries; k++)
    coefficient[k] = e->coefficient[k] * d->parameters.factor[e->row[k]];
  int status = q2_image_double(image, EQUALITIES "/coefficient", NULL, entries, 0, coefficient, writer->error);
  free(coefficient);
  Q2_TRY(status);
  Q2_TRY(q2_image_int32(image, EQUALITIES "/offset", NULL, e->count + 1, 0, e->offset, writer->error));
  Q2_TRY(q2_image_int32(image, EQUALITIES "/row", NULL, entries, 0, e->row, writer->error));
  Q2_TRY(q2_image_double(image, EQUALITIES "/value", NULL, e->count, 0, e->value, writer->error));
  if (!e->label) return Q2_OK;
  return q2_image_text(image, EQUALITIES "/label", e->count, Q2_LABEL_LENGTH, e->label, writer->error);
}

static int write_prior(struct q2_writer *writer) {
  const struct q2_prior_table *prior = &writer->dataset->prior;
  if (prior->count == 0) return Q2_OK;
  Q2_TRY(q2_image_text(&writer->image, "/force_field/prior/kind", prior->count, Q2_KIND_LENGTH, prior->kind, writer->error));
  return q2_image_double(&writer->image, "/force_field/prior/weight", NULL, prior->count, 0, prior->weight, writer->error);
}

#define ORIGIN "/force_field/origin"
static int write_origin(struct q2_writer *writer) {
  struct q2_image *const image = &writer->image;
  const struct q2_origin *origin = &writer->dataset->origin;
  const int count = writer->dataset->parameters.count;
  if (!origin->format[0]) return Q2_OK;
  Q2_TRY(q2_image_uint8(image, ORIGIN "/text", origin->size, origin->bytes, writer->error));
  Q2_TRY(q2_image_attribute_text(image, ORIGIN, "format", origin->format, writer->error));
  Q2_TRY(q2_image_attribute_text(image, ORIGIN, "name", origin->name, writer->error));
  Q2_TRY(q2_image_int32(image, ORIGIN "/line", NULL, count, 0, origin->line, writer->error));
  Q2_TRY(q2_image_int32(image, ORIGIN "/column", NULL, count, 0, origin->column, writer->error));
  Q2_TRY(q2_image_int32(image, ORIGIN "/width", NULL, count, 0, origin->width, writer->error));
  return q2_image_double(image, ORIGIN "/multiplier", NULL, count, 0, origin->multiplier, writer->error);
}

static int write_observable_attributes(struct q2_writer *writer) {
  struct q2_image *const image = &writer->image;
  const struct q2_dataset *d = writer->dataset;
  Q2_TRY(q2_image_group(image, "/observables", writer->error));
  if (d->weights[0]) Q2_TRY(q2_image_attribute_text(image, "/observables", "weights", d->weights, writer->error));
  if (d->invert_transition_states)
    Q2_TRY(q2_image_attribute_text(image, "/observables", "transition_states", "C", writer->error));
  for (int t = 0; t < d->observable_table_count; t++) {
    const struct q2_observable_table *table = &d->observables[t];
    char group[64];
    snprintf(group, sizeof group, "/observables/%s", table->kind);
    Q2_TRY(q2_image_group(image, group, writer->error));
    Q2_TRY(q2_image_attribute_double(image, group, "minimum", table->minimum, writer->error));
    if (table->cartesian) Q2_TRY(q2_image_attribute_text(image, group, "basis", "cartesian", writer->error));
  }
  return Q2_OK;
}

/* What all ranks hold alike; rank 0. */
static int write_shared(struct q2_writer *writer) {
  Q2_TRY(write_header(writer));
  Q2_TRY(write_parameters(writer));
  Q2_TRY(write_nonbonded(writer));
  Q2_TRY(write_grids(writer));
  Q2_TRY(write_equalities(writer));
  Q2_TRY(write_prior(writer));
  Q2_TRY(write_origin(writer));
  return write_observable_attributes(writer);
}

/* Bytes that the file may take: all columns, all shared tables, and something for HDF5's own. */
static long long room(const struct q2_dataset *d, long long rows_bytes) {
  const long long shared = (long long)d->parameters.count * 400 + d->origin.size + (long long)d->nonbonded.type_count * 128 +
                           (long long)d->nonbonded.special_count * 64 +
                           (long long)d->cmap.grid_count * d->cmap.points * d->cmap.points * 8 +
                           (long long)d->method_count * Q2_LINE_LENGTH +
                           (d->equalities.count ? (long long)d->equalities.offset[d->equalities.count] * 16 : 0);
  return rows_bytes + shared + (4 << 20);
}

/* An empty HDF5 file, with its room reserved, opened for writing; rank 0. */
static int open_file(struct q2_writer *writer, long long bytes) {
  struct q2_image empty;
  char *head = NULL;
  size_t size;
  Q2_TRY(q2_image_create(&empty, writer->error));
  int status = q2_image_bytes(&empty, &head, &size, writer->error);
  q2_image_free(&empty);
  if (status == Q2_OK) status = q2_durable_begin(writer->path, head, size, bytes, &writer->file, writer->error);
  free(head);
  Q2_TRY(status);
  status = q2_image_open(&writer->image, writer->file.temporary, writer->error);
  if (status != Q2_OK) q2_durable_abandon(&writer->file);
  return status;
}

static int check_shares(MPI_Comm comm, const struct q2_dataset *d, const char *path, struct q2_error *error) {
  int64_t before = 0;
  const int64_t count = d->molecule_count;
  MPI_Exscan(&count, &before, 1, MPI_INT64_T, MPI_SUM, comm);
  for (int64_t m = 0; m < count; m++)
    if (d->molecule[m] != before + m)
      return q2_fail(error, "%s: molecule %lld is not held in the order of the file", path, (long long)d->molecule[m]);
  return Q2_OK;
}

/* Reads the temporary file back. Collective. */
static int compare(MPI_Comm comm, const struct q2_writer *writer, const struct q2_dataset *dataset, struct q2_error *error) {
  char temporary[sizeof writer->file.temporary];
  struct q2_dataset found;
  snprintf(temporary, sizeof temporary, "%s", writer->file.temporary);
  MPI_Bcast(temporary, (int)sizeof temporary, MPI_CHAR, 0, comm);
  int status = q2_dataset_read(comm, temporary, &found, error);
  if (status != Q2_OK) {
    /* "[rank ...: ]TEMPORARY: reason", with the user's name for the temporary one */
    const char *reason = strstr(error->text, temporary);
    if (!reason) return q2_at_stage("reading back", status, error);
    return q2_fail(error, "%.*s%s: does not read back as a valid data set%.900s", (int)(reason - error->text), error->text,
                   writer->path, reason + strlen(temporary));
  }
  if (strcmp(found.checksum, dataset->checksum) != 0)
    status = q2_fail(error, "%s: does not read back as written (checksum %s instead of %s)", writer->path, found.checksum,
                     dataset->checksum);
  q2_dataset_free(&found);
  return status;
}

int q2_dataset_write(MPI_Comm comm, struct q2_dataset *dataset, const char *path,
                     int (*add)(struct q2_image *image, void *context, struct q2_error *error), void *context,
                     struct q2_error *error) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  struct q2_writer writer = {.comm = comm, .rank = rank, .dataset = dataset, .path = path, .error = error};
  Q2_TRY(q2_agree(comm, check_shares(comm, dataset, path, error), error));
  Q2_TRY(q2_dataset_checksum(comm, dataset, error));
  int status = q2_writer_plan(&writer);
  if (status == Q2_OK) status = q2_agree(comm, rank == 0 ? open_file(&writer, room(dataset, writer.bytes)) : Q2_OK, error);
  const int made = status == Q2_OK;
  if (status == Q2_OK) status = q2_agree(comm, rank == 0 ? write_shared(&writer) : Q2_OK, error);
  if (status == Q2_OK) status = q2_writer_rows(&writer);
  if (status == Q2_OK && rank == 0 && add) status = add(&writer.image, context, error);
  if (made && rank == 0 && q2_image_close(&writer.image, path, error) != Q2_OK) status = Q2_FAILED;
  q2_writer_free(&writer);
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) status = compare(comm, &writer, dataset, error);
  if (rank == 0 && status == Q2_OK) status = q2_durable_end(path, &writer.file, error);
  if (made && rank == 0 && status != Q2_OK) q2_durable_abandon(&writer.file);
  return q2_agree(comm, status, error);
}
