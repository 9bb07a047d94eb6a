/* The non-bonded part of the force field: atom types, rows for pairs of types, charge increments. Which forms, combining rules
 * and kinds of parameters fit together is for others to check. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_reader.h"

#define NONBONDED "/force_field/nonbonded"
#define SPECIAL NONBONDED "/special"
#define INCREMENTS "/force_field/charge_increments"

/* A factor of 1-4 pairs. */
static int read_14(struct q2_reader *reader, const char *name, double *factor) {
  Q2_TRY(q2_hdf5_attribute_real(&reader->file, NONBONDED, name, NULL, factor, reader->error));
  if (isfinite(*factor) && *factor >= 0.0) return Q2_OK;
  return q2_fail(reader->error, "%s: " NONBONDED ": attribute %s: expected a factor of at least 0, found %g", reader->file.path,
                 name, *factor);
}

/* Optional: both ends of the soft cut, or neither. */
static int read_soft_cut(struct q2_reader *reader) {
  struct q2_nonbonded *y = &reader->dataset->nonbonded;
  int begin, end;
  Q2_TRY(q2_hdf5_attribute_real(&reader->file, NONBONDED, "soft_cut_begin", &begin, &y->soft_cut_begin, reader->error));
  Q2_TRY(q2_hdf5_attribute_real(&reader->file, NONBONDED, "soft_cut_end", &end, &y->soft_cut_end, reader->error));
  if (begin != end)
    return q2_fail(reader->error, "%s: " NONBONDED ": expected both attributes soft_cut_begin and soft_cut_end, found the %s",
                   reader->file.path, begin ? "first" : "second");
  if (!begin || (isfinite(y->soft_cut_end) && y->soft_cut_begin >= 0.0 && y->soft_cut_end > y->soft_cut_begin)) return Q2_OK;
  return q2_fail(reader->error,
                 "%s: " NONBONDED ": attributes soft_cut_begin and soft_cut_end: expected distances, the second larger, found "
                 "%g and %g",
                 reader->file.path, y->soft_cut_begin, y->soft_cut_end);
}

static int read_attributes(struct q2_reader *reader) {
  struct q2_nonbonded *y = &reader->dataset->nonbonded;
  int present;
  snprintf(y->form, sizeof y->form, "lennard_jones");
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, NONBONDED, "form", &present, y->form, sizeof y->form, reader->error));
  Q2_TRY(q2_hdf5_attribute_text(&reader->file, NONBONDED, "combining_rule", NULL, y->combining_rule, sizeof y->combining_rule,
                                reader->error));
  Q2_TRY(read_14(reader, "vdw_14", &y->vdw_14));
  Q2_TRY(read_14(reader, "coulomb_14", &y->coulomb_14));
  y->dielectric = 1.0;
  Q2_TRY(q2_hdf5_attribute_real(&reader->file, NONBONDED, "dielectric", &present, &y->dielectric, reader->error));
  if (!isfinite(y->dielectric) || y->dielectric <= 0.0)
    return q2_fail(reader->error, "%s: " NONBONDED ": attribute dielectric: expected a number above 0, found %g",
                   reader->file.path, y->dielectric);
  return read_soft_cut(reader);
}

/* The rows of `table`, which every rank reads. */
static int describe_shared(struct q2_reader *reader, const char *name, enum q2_hdf5_class type_class, int64_t columns,
                           struct q2_rows *rows) {
  struct q2_hdf5_table table;
  Q2_TRY(
      q2_hdf5_describe(&reader->file, name, type_class, columns ? 2 : 1, Q2_ANY, columns ? columns : 1, &table, reader->error));
  if (table.rows < 1 || table.rows > INT32_MAX)
    return q2_fail(reader->error, "%s: %s: expected 1 to %d rows, found %lld", reader->file.path, name, INT32_MAX,
                   (long long)table.rows);
  *rows = (struct q2_rows){.total = table.rows, .count = table.rows, .shared = 1};
  return Q2_OK;
}

static int read_types(struct q2_reader *reader) {
  struct q2_nonbonded *y = &reader->dataset->nonbonded;
  const int last = reader->dataset->parameters.count - 1;
  const int sigma = q2_hdf5_exists(&reader->file, NONBONDED "/sigma"),
            radius = q2_hdf5_exists(&reader->file, NONBONDED "/radius");
  struct q2_rows rows;
  Q2_TRY(describe_shared(reader, NONBONDED "/label", Q2_TEXT, 0, &rows));
  y->type_count = (int)rows.count;
  Q2_TRY(q2_read_text(reader, NONBONDED "/label", &rows, Q2_LABEL_LENGTH, 1, &y->label));
  Q2_TRY(q2_read_int32(reader, NONBONDED "/epsilon", &rows, 0, 0, last, &y->epsilon));
  if (sigma == radius)
    return q2_fail(reader->error, "%s: " NONBONDED ": expected one of sigma and radius, found %s", reader->file.path,
                   sigma ? "both" : "neither");
  snprintf(y->size_name, sizeof y->size_name, "%s", sigma ? "sigma" : "radius");
  return q2_read_int32(reader, sigma ? NONBONDED "/sigma" : NONBONDED "/radius", &rows, 0, 0, last, &y->size);
}

struct numbered_pair {
  int32_t low, high, row;
};

static int compare_pairs(const void *left, const void *right) {
  const struct numbered_pair *a = left, *b = right;
  if (a->low != b->low) return a->low < b->low ? -1 : 1;
  if (a->high != b->high) return a->high < b->high ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

/* No unordered pair of types has two rows. Local, the same on every rank. */
static int check_pairs(const struct q2_reader *reader, struct numbered_pair *pair) {
  const struct q2_nonbonded *y = &reader->dataset->nonbonded;
  for (int32_t k = 0; k < y->special_count; k++) {
    const int32_t a = y->special_types[2 * k], b = y->special_types[2 * k + 1];
    pair[k] = (struct numbered_pair){a < b ? a : b, a < b ? b : a, k};
  }
  qsort(pair, (size_t)y->special_count, sizeof *pair, compare_pairs);
  for (int32_t k = 1; k < y->special_count; k++) {
    if (pair[k].low == pair[k - 1].low && pair[k].high == pair[k - 1].high)
      return q2_fail(reader->error, "%s: " SPECIAL "/types: row %d: expected a new pair of types, found %d and %d as in row %d",
                     reader->file.path, pair[k].row, pair[k].low, pair[k].high, pair[k - 1].row);
  }
  return Q2_OK;
}

static int read_special(struct q2_reader *reader) {
  struct q2_nonbonded *y = &reader->dataset->nonbonded;
  struct q2_rows rows;
  if (!q2_hdf5_exists(&reader->file, SPECIAL)) return Q2_OK;
  Q2_TRY(describe_shared(reader, SPECIAL "/types", Q2_INTEGER, 2, &rows));
  y->special_count = (int)rows.count;
  Q2_TRY(q2_read_int32(reader, SPECIAL "/types", &rows, 2, 0, y->type_count - 1, &y->special_types));
  Q2_TRY(q2_read_text(reader, SPECIAL "/form", &rows, Q2_KIND_LENGTH, 0, &y->special_form));
  Q2_TRY(
      q2_read_int32(reader, SPECIAL "/parameters", &rows, 2, 0, reader->dataset->parameters.count - 1, &y->special_parameters));
  struct numbered_pair *pair;
  Q2_TRY(q2_reader_allocate(reader, SPECIAL "/types", rows.count, sizeof *pair, &pair));
  const int status = check_pairs(reader, pair);
  free(pair);
  return status;
}

int q2_read_nonbonded(struct q2_reader *reader) {
  if (!q2_hdf5_exists(&reader->file, NONBONDED)) return Q2_OK;
  Q2_TRY(read_attributes(reader));
  Q2_TRY(read_types(reader));
  return read_special(reader);
}

static int check_increment_kinds(const struct q2_reader *reader, const struct q2_rows *rows) {
  const struct q2_parameters *p = &reader->dataset->parameters;
  for (int64_t k = 0; k < rows->count; k++) {
    const int row = reader->dataset->increments.parameter[k];
    char place[Q2_PLACE_LENGTH];
    if (strcmp(p->kind[row], "charge_increment") != 0 && strcmp(p->kind[row], "bond_dipole") != 0)
      return q2_fail(reader->error, "%s: expected a parameter of kind charge_increment or bond_dipole, found row %d of kind %s",
                     q2_place(reader, INCREMENTS "/parameter", rows, k, place), row, p->kind[row]);
  }
  return Q2_OK;
}

/* Factors, or ones where the file has none. */
static int read_factors(struct q2_reader *reader, const struct q2_rows *rows) {
  struct q2_charge_increments *increments = &reader->dataset->increments;
  if (q2_hdf5_exists(&reader->file, INCREMENTS "/factor"))
    return q2_read_double(reader, INCREMENTS "/factor", rows, 0, 1.0, &increments->factor);
  Q2_TRY(q2_reader_allocate(reader, INCREMENTS "/factor", rows->count, sizeof *increments->factor, &increments->factor));
  for (int64_t k = 0; k < rows->count; k++)
    increments->factor[k] = 1.0;
  return Q2_OK;
}

int q2_read_charge_increments(struct q2_reader *reader) {
  struct q2_dataset *d = reader->dataset;
  struct q2_charge_increments *increments = &d->increments;
  struct q2_hdf5_table table;
  struct q2_rows rows;
  if (!q2_hdf5_exists(&reader->file, INCREMENTS)) return Q2_OK;
  if (d->nonbonded.type_count == 0)
    return q2_fail(reader->error, "%s: " INCREMENTS ": expected " NONBONDED " beside it, without which charges do nothing",
                   reader->file.path);
  Q2_TRY(q2_hdf5_describe(&reader->file, INCREMENTS "/atoms", Q2_INTEGER, 2, Q2_ANY, 2, &table, reader->error));
  Q2_TRY(q2_read_offset(reader, INCREMENTS "/offset", INCREMENTS "/atoms", table.rows, &increments->offset, &rows));
  Q2_TRY(q2_read_int32(reader, INCREMENTS "/atoms", &rows, 2, 0, INT32_MAX, &increments->atoms));
  int status = q2_check_atoms(reader, INCREMENTS "/atoms", &rows, 2, increments->atoms);
  Q2_TRY(q2_agree(reader->comm, status, reader->error));
  Q2_TRY(q2_read_int32(reader, INCREMENTS "/parameter", &rows, 0, 0, d->parameters.count - 1, &increments->parameter));
  Q2_TRY(q2_agree(reader->comm, check_increment_kinds(reader, &rows), reader->error));
  return read_factors(reader, &rows);
}
