/* The part of the force field that every rank holds: parameters and CMAP grids. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_reader.h"
#include "memory.h"
#include "units.h"

#define PARAMETERS "/force_field/parameters/"
#define GRID "/force_field/cmap/grid"

/* From here on a bound means that there is none. */
static const double no_bound = 1e300;

/* Bounds may be infinite, so they are read past the check for finite numbers. */
static int read_bounds(struct q2_reader *reader, const char *name, const struct q2_rows *rows, double **data) {
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(&reader->file, name, Q2_REAL, 1, rows->total, 1, &table, reader->error));
  Q2_TRY(q2_reader_allocate(reader, name, rows->count, sizeof **data, data));
  Q2_TRY(q2_hdf5_read_reals(&reader->file, &table, 0, rows->count, *data, reader->error));
  for (int64_t k = 0; k < rows->count; k++)
    if (isnan((*data)[k]))
      return q2_fail(reader->error, "%s: %s: row %lld: expected a bound, found %g", reader->file.path, name, (long long)k,
                     (*data)[k]);
  return Q2_OK;
}

static int convert(struct q2_reader *reader) {
  const struct q2_parameters *p = &reader->dataset->parameters;
  for (int k = 0; k < p->count; k++) {
    char where[Q2_PLACE_LENGTH];
    double factor;
    const int known = q2_unit_inside(p->kind[k]) != NULL;
    snprintf(where, sizeof where, "%.300s: " PARAMETERS "%s: row %d ('%s')", reader->file.path, known ? "unit" : "kind", k,
             p->label[k]);
    Q2_TRY(q2_unit_of_parameter(p->kind[k], p->unit[k], where, &factor, reader->error));
    p->factor[k] = factor;
    p->value[k] *= factor;
    p->scale[k] *= factor;
    p->lower[k] = p->lower[k] <= -no_bound ? -no_bound : p->lower[k] * factor;
    p->upper[k] = p->upper[k] >= no_bound ? no_bound : p->upper[k] * factor;
  }
  return Q2_OK;
}

/* Follows every chain to its end. A chain longer than the table has met a row twice. */
static int resolve_links(struct q2_reader *reader) {
  const struct q2_parameters *p = &reader->dataset->parameters;
  for (int k = 0; k < p->count; k++) {
    if (p->link[k] < 0) continue;
    int end = p->link[k], steps = 1;
    while (p->link[end] >= 0 && steps <= p->count) {
      end = p->link[end];
      steps++;
    }
    if (steps > p->count)
      return q2_fail(reader->error,
                     "%s: " PARAMETERS "link: row %d ('%s'): expected a chain that ends, found a circle to row %d",
                     reader->file.path, k, p->label[k], p->link[k]);
    const char *mine = q2_unit_inside(p->kind[k]), *theirs = q2_unit_inside(p->kind[end]);
    if (strcmp(mine, theirs) != 0)
      return q2_fail(reader->error,
                     "%s: " PARAMETERS "link: row %d ('%s'): expected a row of a kind in %s as %s is, found row %d of kind %s",
                     reader->file.path, k, p->label[k], mine, p->kind[k], end, p->kind[end]);
    p->link[k] = end; /* rows before this one already point to their ends, so that all chains together cost O(P) mostly */
    p->value[k] = p->value[end];
  }
  return Q2_OK;
}

static int check_parameters(struct q2_reader *reader, int has_scale) {
  const struct q2_parameters *p = &reader->dataset->parameters;
  for (int k = 0; k < p->count; k++) {
    if (has_scale && !(p->scale[k] > 0.0))
      return q2_fail(reader->error, "%s: " PARAMETERS "scale: row %d ('%s'): expected a scale above 0, found %g",
                     reader->file.path, k, p->label[k], p->scale[k] / p->factor[k]);
    if (p->link[k] >= 0) continue;
    if (!(p->lower[k] <= p->value[k] && p->value[k] <= p->upper[k]))
      return q2_fail(reader->error,
                     "%s: " PARAMETERS "value: row %d ('%s'): expected lower <= value <= upper, found %.10g, %.10g, %.10g %s",
                     reader->file.path, k, p->label[k], p->lower[k] / p->factor[k], p->value[k] / p->factor[k],
                     p->upper[k] / p->factor[k], p->unit[k]);
  }
  return Q2_OK;
}

int q2_read_parameters(struct q2_reader *reader) {
  struct q2_parameters *p = &reader->dataset->parameters;
  struct q2_rows rows;
  Q2_TRY(q2_shared_rows(reader, PARAMETERS "value", Q2_REAL, &rows));
  p->count = (int)rows.count;
  Q2_TRY(q2_read_text(reader, PARAMETERS "kind", &rows, Q2_KIND_LENGTH, 0, &p->kind));
  Q2_TRY(q2_read_text(reader, PARAMETERS "label", &rows, Q2_LABEL_LENGTH, 1, &p->label));
  Q2_TRY(q2_read_text(reader, PARAMETERS "unit", &rows, Q2_UNIT_LENGTH, 0, &p->unit));
  Q2_TRY(q2_read_double(reader, PARAMETERS "value", &rows, 0, 1.0, &p->value));
  Q2_TRY(read_bounds(reader, PARAMETERS "lower", &rows, &p->lower));
  Q2_TRY(read_bounds(reader, PARAMETERS "upper", &rows, &p->upper));
  Q2_TRY(q2_read_int32(reader, PARAMETERS "active", &rows, 0, 0, 1, &p->active));
  Q2_TRY(q2_read_int32(reader, PARAMETERS "link", &rows, 0, -1, rows.count - 1, &p->link));
  const int has_scale = q2_hdf5_exists(&reader->file, PARAMETERS "scale");
  if (has_scale) Q2_TRY(q2_read_double(reader, PARAMETERS "scale", &rows, 0, 1.0, &p->scale));
  p->factor = q2_allocate(rows.count, sizeof *p->factor);
  if (!has_scale) p->scale = q2_allocate(rows.count, sizeof *p->scale);
  int status = p->factor && p->scale ? Q2_OK : q2_fail(reader->error, "%s: " PARAMETERS ": out of memory", reader->file.path);
  Q2_TRY(q2_agree(reader->comm, status, reader->error));
  Q2_TRY(convert(reader));
  Q2_TRY(check_parameters(reader, has_scale));
  return resolve_links(reader);
}

/* Points on a side: enough for a spline, and no more than one every half degree. */
static const int fewest_points = 4, most_points = 720;

int q2_read_cmap(struct q2_reader *reader) {
  struct q2_cmap *cmap = &reader->dataset->cmap;
  if (!q2_hdf5_exists(&reader->file, GRID)) return Q2_OK;
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(&reader->file, GRID, Q2_REAL, 2, Q2_ANY, Q2_ANY, &table, reader->error));
  const int points = (int)lround(sqrt((double)table.columns));
  if (points < fewest_points || points > most_points || (int64_t)points * points != table.columns)
    return q2_fail(reader->error, "%s: " GRID ": expected n^2 columns, n from %d to %d, found %lld", reader->file.path,
                   fewest_points, most_points, (long long)table.columns);
  if (table.rows > INT32_MAX)
    return q2_fail(reader->error, "%s: " GRID ": expected at most %d rows, found %lld", reader->file.path, INT32_MAX,
                   (long long)table.rows);
  char unit[Q2_LINE_LENGTH], where[Q2_PLACE_LENGTH];
  double factor;
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, GRID, "unit", NULL, unit, sizeof unit, reader->error));
  snprintf(where, sizeof where, "%.300s: " GRID ": attribute unit", reader->file.path);
  Q2_TRY(q2_unit_of_quantity(Q2_GRID_ENERGY, unit, where, &factor, reader->error));
  const struct q2_rows rows = {.total = table.rows, .count = table.rows, .shared = 1};
  Q2_TRY(q2_read_double(reader, GRID, &rows, table.columns, factor, &cmap->grid));
  cmap->grid_count = (int)table.rows;
  cmap->points = points;
  return Q2_OK;
}
