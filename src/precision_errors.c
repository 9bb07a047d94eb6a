/* Errors of a precision mode, molecule by molecule. */
#include "precision_errors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "molecule_table.h"

#define WINDOW 1.0 /* cm-1 within which eigenvectors may mix */

/* Of this rank's molecules. */
struct local {
  double *shift, *angle; /* by vibration */
  double *molecule[5];   /* [molecules] each, in the order of q2_precision_errors */
};

static int allocate(const struct q2_look *look, struct local *local, struct q2_error *error) {
  const int64_t modes = look->mode_offset[look->molecule_count];
  memset(local, 0, sizeof *local);
  int ok = (local->shift = q2_allocate(modes, sizeof(double))) && (local->angle = q2_allocate(modes, sizeof(double)));
  for (int k = 0; k < 5; k++)
    ok = ok && (local->molecule[k] = q2_allocate(look->molecule_count, sizeof(double)));
  return ok ? Q2_OK : q2_fail(error, "out of memory for the errors of %lld vibrations", (long long)modes);
}

static void free_local(struct local *local) {
  free(local->shift);
  free(local->angle);
  for (int k = 0; k < 5; k++)
    free(local->molecule[k]);
}

/* Shifts and angles. Eigenvectors are overlaps of displacements, with the masses as metric. */
static void compare_modes(const struct q2_dataset *dataset, const struct q2_look *full, const struct q2_look *other, int64_t m,
                          struct local *local) {
  const int64_t first = full->mode_offset[m], modes = full->mode_offset[m + 1] - first;
  const int64_t atoms = dataset->atom_offset[m + 1] - dataset->atom_offset[m];
  const double *mass = dataset->mass + dataset->atom_offset[m];
  for (int64_t k = 0; k < modes; k++) {
    const double *v = other->vector + full->vector_offset[m] + k * 3 * atoms;
    double outside = 0.0, inside = 0.0;
    local->shift[first + k] = other->wavenumber[first + k] - full->wavenumber[first + k];
    for (int64_t j = 0; j < modes; j++) {
      const double *w = full->vector + full->vector_offset[m] + j * 3 * atoms;
      double overlap = 0.0;
      for (int64_t c = 0; c < 3 * atoms; c++)
        overlap += mass[c / 3] * v[c] * w[c];
      const int near = fabs(full->wavenumber[first + j] - full->wavenumber[first + k]) <= WINDOW;
      *(near ? &inside : &outside) += overlap * overlap;
    }
    local->angle[first + k] = atan2(sqrt(outside), sqrt(inside));
  }
}

/* The norm of b - a, that of a, the largest |b - a| and the largest |a|, each times its scale. */
struct distance {
  double error, norm, largest_error, largest;
};

static struct distance distance(int64_t count, const double *a, const double *b, const int32_t *row, const double *scale) {
  struct distance d = {0.0, 0.0, 0.0, 0.0};
  for (int64_t k = 0; k < count; k++) {
    const double unit = scale ? scale[row ? row[k] : k] : 1.0, x = unit * a[k], e = unit * (b[k] - a[k]);
    d.error += e * e;
    d.norm += x * x;
    d.largest_error = fmax(d.largest_error, fabs(e));
    d.largest = fmax(d.largest, fabs(x));
  }
  d.error = sqrt(d.error);
  d.norm = sqrt(d.norm);
  return d;
}

static double ratio(double error, double of) { return error == 0.0 ? 0.0 : error / of; }

static void compare(const struct q2_dataset *dataset, const double *scale, const struct q2_look *full,
                    const struct q2_look *other, struct local *local) {
  for (int64_t m = 0; m < full->molecule_count; m++) {
    const int64_t elements = full->hessian_offset[m], row = full->row_offset[m];
    compare_modes(dataset, full, other, m, local);
    const struct distance hessian = distance(full->hessian_offset[m + 1] - elements, full->hessian + elements,
                                             other->hessian + elements, NULL, NULL),
                          gradient = distance(full->row_offset[m + 1] - row, full->gradient + row, other->gradient + row,
                                              full->row + row, scale);
    local->molecule[0][m] = hessian.largest_error;
    local->molecule[1][m] = ratio(hessian.error, hessian.norm);
    local->molecule[2][m] = ratio(gradient.error, gradient.norm);
    local->molecule[3][m] = ratio(gradient.largest_error, gradient.largest);
    local->molecule[4][m] = ratio(other->loss[m] - full->loss[m], full->loss[m]);
  }
}

/* Scales by row of the parameter table; 0: the row is not varied. */
static void row_scales(const struct q2_variables *variables, double *scale) {
  for (int i = 0; i < variables->independent_count; i++)
    scale[variables->independent_row[i]] = variables->row_scale[i];
}

static int gather(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_look *full, const struct local *local,
                  struct q2_precision_errors *errors, struct q2_error *error) {
  const size_t size = sizeof(double);
  double **const to[5] = {&errors->hessian_largest, &errors->hessian_relative, &errors->gradient_relative,
                          &errors->gradient_worst, &errors->loss_relative};
  Q2_TRY(q2_gather_rows(comm, dataset, full->mode_offset, full->wavenumber, size, &errors->offset, (void **)&errors->wavenumber,
                        error));
  Q2_TRY(q2_gather_rows(comm, dataset, full->mode_offset, local->shift, size, NULL, (void **)&errors->shift, error));
  Q2_TRY(q2_gather_rows(comm, dataset, full->mode_offset, local->angle, size, NULL, (void **)&errors->angle, error));
  for (int k = 0; k < 5; k++)
    Q2_TRY(q2_gather_rows(comm, dataset, NULL, local->molecule[k], size, NULL, (void **)to[k], error));
  return Q2_OK;
}

int q2_precision_errors_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_variables *variables,
                               const struct q2_look *full, const struct q2_look *other, struct q2_precision_errors *errors,
                               struct q2_error *error) {
  struct local local;
  memset(errors, 0, sizeof *errors);
  errors->molecules = dataset->molecule_total;
  double *scale = q2_allocate(dataset->parameters.count, sizeof *scale);
  int status = allocate(full, &local, error);
  if (!scale) status = q2_fail(error, "out of memory for the scales of %d parameters", dataset->parameters.count);
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) {
    row_scales(variables, scale);
    compare(dataset, scale, full, other, &local);
    status = gather(comm, dataset, full, &local, errors, error);
  }
  free(scale);
  free_local(&local);
  if (status != Q2_OK) q2_precision_errors_free(errors);
  return status;
}

void q2_precision_errors_free(struct q2_precision_errors *errors) {
  free(errors->offset);
  free(errors->wavenumber);
  free(errors->shift);
  free(errors->angle);
  free(errors->hessian_largest);
  free(errors->hessian_relative);
  free(errors->gradient_relative);
  free(errors->gradient_worst);
  free(errors->loss_relative);
  memset(errors, 0, sizeof *errors);
}

static double larger(double a, double b) { return !(b <= a) ? b : a; } /* what is not a number counts as large */

double q2_precision_bound(int modes, double largest) { return (8 + 2 * sqrt(modes)) * 0x1p-24 * largest * largest; }

/* The largest error of nu |nu| of molecule m as a part of its bound. */
static double bound_ratio(const struct q2_precision_errors *errors, int64_t m) {
  double largest = 0.0, error = 0.0;
  for (int64_t k = errors->offset[m]; k < errors->offset[m + 1]; k++) {
    const double full = errors->wavenumber[k], other = full + errors->shift[k];
    largest = fmax(largest, fabs(full));
    error = larger(error, fabs(other * fabs(other) - full * fabs(full)));
  }
  return ratio(error, q2_precision_bound((int)(errors->offset[m + 1] - errors->offset[m]), largest));
}

static void summarise_modes(const struct q2_precision_errors *errors, struct q2_precision_summary *summary) {
  for (int64_t m = 0; m < errors->molecules; m++) {
    for (int64_t k = errors->offset[m]; k < errors->offset[m + 1]; k++) {
      const double shift = fabs(errors->shift[k]);
      summary->largest_of_all = larger(summary->largest_of_all, shift);
      if (!(errors->wavenumber[k] > Q2_REAL_MODE)) continue;
      summary->real_modes++;
      summary->mean += shift;
      summary->rms += shift * shift;
      if (!isnan(errors->angle[k])) summary->angle = fmax(summary->angle, errors->angle[k]);
      if (shift <= summary->largest) continue;
      summary->largest = shift;
      summary->largest_molecule = m;
      summary->largest_mode = k - errors->offset[m];
    }
    summary->bound_ratio = larger(summary->bound_ratio, bound_ratio(errors, m));
    summary->hessian_relative = larger(summary->hessian_relative, errors->hessian_relative[m]);
    summary->gradient_relative_molecule = larger(summary->gradient_relative_molecule, errors->gradient_relative[m]);
  }
  if (summary->real_modes == 0) return;
  summary->mean /= (double)summary->real_modes;
  summary->rms = sqrt(summary->rms / (double)summary->real_modes);
}

void q2_precision_summarise(const struct q2_precision_errors *errors, const struct q2_variables *variables,
                            const double loss[2], const double *full_gradient, const double *other_gradient,
                            struct q2_precision_summary *summary) {
  double error = 0.0, norm = 0.0, largest_error = 0.0, largest = 0.0;
  memset(summary, 0, sizeof *summary);
  summarise_modes(errors, summary);
  for (int i = 0; i < variables->independent_count; i++) {
    const int row = variables->independent_row[i];
    const struct distance d = distance(1, full_gradient + row, other_gradient + row, NULL, variables->row_scale + i);
    error += d.error * d.error;
    norm += d.norm * d.norm;
    largest_error = larger(largest_error, d.largest_error);
    largest = fmax(largest, d.largest);
  }
  summary->loss_relative = ratio(loss[1] - loss[0], loss[0]);
  summary->gradient_relative = ratio(sqrt(error), sqrt(norm));
  summary->gradient_worst = ratio(largest_error, largest);
}
