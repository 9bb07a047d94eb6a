/* The QM Hessians: packed lower triangles, or full squares that are checked and packed. */
#include <math.h>
#include <stdlib.h>

#include "dataset_reader.h"
#include "memory.h"

/* Largest |H - H'| that rounding may leave, in parts of the largest |H|. */
static const double asymmetry_limit = 1e-8;

/* Every molecule has no elements or as many as its atoms want. */
static int check_sizes(struct q2_reader *reader, int full) {
  const struct q2_dataset *d = reader->dataset;
  for (int64_t m = 0; m < d->molecule_count; m++) {
    const int64_t n = 3 * (d->atom_offset[m + 1] - d->atom_offset[m]);
    const int64_t expected = full ? n * n : n * (n + 1) / 2, found = d->hessian_offset[m + 1] - d->hessian_offset[m];
    if (found != 0 && found != expected)
      return q2_fail(reader->error,
                     "%s: /molecules/hessian_offset: row %lld (molecule '%s'): expected 0 or %lld elements for %lld atoms, "
                     "found %lld",
                     reader->file.path, (long long)d->molecule[m], d->name[m].text, (long long)expected, (long long)(n / 3),
                     (long long)found);
  }
  return Q2_OK;
}

static int pack_square(struct q2_reader *reader, int64_t m, int64_t n, const double *square, double *packed) {
  double largest = 0.0, difference = 0.0;
  int64_t worst_row = 0, worst_column = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      const double lower = square[i * n + j], upper = square[j * n + i];
      *packed++ = 0.5 * (lower + upper);
      largest = fmax(largest, fmax(fabs(lower), fabs(upper)));
      if (fabs(lower - upper) > difference) {
        difference = fabs(lower - upper);
        worst_row = i;
        worst_column = j;
      }
    }
  }
  if (difference <= asymmetry_limit * largest) return Q2_OK;
  return q2_fail(reader->error,
                 "%s: /hessian_full: molecule %lld '%s': expected a symmetric Hessian (largest |H - H'| at most %.0e of the "
                 "largest |H|), found a difference of %.3e hartree/bohr^2, %.3e of the largest, between (%lld, %lld) and its "
                 "transpose",
                 reader->file.path, (long long)reader->dataset->molecule[m], reader->dataset->name[m].text, asymmetry_limit,
                 difference, difference / largest, (long long)worst_row, (long long)worst_column);
}

/* Replaces full squares by packed triangles. Local. */
static int pack(struct q2_reader *reader) {
  struct q2_dataset *d = reader->dataset;
  const int64_t count = d->molecule_count;
  int64_t elements = 0;
  for (int64_t m = 0; m < count; m++) {
    const int64_t n = 3 * (d->atom_offset[m + 1] - d->atom_offset[m]);
    if (d->hessian_offset[m + 1] > d->hessian_offset[m]) elements += n * (n + 1) / 2;
  }
  double *packed = q2_allocate(elements, sizeof *packed);
  if (!packed) return q2_fail(reader->error, "%s: /hessian_full: out of memory", reader->file.path);
  int status = Q2_OK;
  int64_t start = 0, square_start = 0;
  for (int64_t m = 0; m < count && status == Q2_OK; m++) {
    const int64_t n = 3 * (d->atom_offset[m + 1] - d->atom_offset[m]), square_end = d->hessian_offset[m + 1];
    if (square_end > square_start) {
      status = pack_square(reader, m, n, d->hessian + square_start, packed + start);
      start += n * (n + 1) / 2;
    }
    square_start = square_end;
    d->hessian_offset[m + 1] = start;
  }
  free(d->hessian);
  d->hessian = packed;
  return status;
}

int q2_read_hessian(struct q2_reader *reader, double factor) {
  struct q2_dataset *d = reader->dataset;
  const char *const path = reader->file.path, *const offset_name = "/molecules/hessian_offset";
  const int triangles = q2_hdf5_exists(&reader->file, "/hessian"), squares = q2_hdf5_exists(&reader->file, "/hessian_full");
  if (triangles && squares)
    return q2_fail(reader->error, "%s: /hessian_full: expected /hessian or /hessian_full, found both", path);
  if (!triangles && !squares && !q2_hdf5_exists(&reader->file, offset_name)) {
    d->hessian_offset = q2_allocate(d->molecule_count + 1, sizeof *d->hessian_offset);
    d->hessian = q2_allocate(0, sizeof *d->hessian);
    const int status =
        d->hessian_offset && d->hessian ? Q2_OK : q2_fail(reader->error, "%s: %s: out of memory", path, offset_name);
    return q2_agree(reader->comm, status, reader->error);
  }
  const char *const name = squares ? "/hessian_full" : "/hessian";
  struct q2_hdf5_table table;
  struct q2_rows rows;
  Q2_TRY(q2_hdf5_describe(&reader->file, name, Q2_REAL, 1, Q2_ANY, 1, &table, reader->error));
  Q2_TRY(q2_read_offset(reader, offset_name, name, table.rows, &d->hessian_offset, &rows));
  Q2_TRY(q2_agree(reader->comm, check_sizes(reader, squares), reader->error));
  Q2_TRY(q2_read_double(reader, name, &rows, 0, factor, &d->hessian));
  return squares ? q2_agree(reader->comm, pack(reader), reader->error) : Q2_OK;
}
