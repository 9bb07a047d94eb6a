/* What a rotation of the molecule leaves of the Hessian. */
#include "rotation.h"

#include <math.h>
#include <string.h>

#include "constants.h"

/* Of r before it is normalised, angstrom: what rounding leaves of a linear molecule's axis must not be blown up to 1. */
static const double shortest_rotation = 0.1 * Q2_BOHR;

void q2_packed_product(int64_t n, const double *packed, const double *vector, double *product) {
  memset(product, 0, (size_t)n * sizeof *product);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++, packed++) {
      product[i] += *packed * vector[j];
      product[j] += *packed * vector[i];
    }
    product[i] += *packed++ * vector[i];
  }
}

/* e x (x - centre) for the unit vector along `axis`, into out [atoms][3]. */
static void turn(int64_t atoms, int axis, const double *x, const double *centre, double *out) {
  const int next = (axis + 1) % 3, last = (axis + 2) % 3;
  for (int64_t a = 0; a < atoms; a++) {
    out[3 * a + axis] = 0.0;
    out[3 * a + next] = -(x[3 * a + last] - centre[last]);
    out[3 * a + last] = x[3 * a + next] - centre[next];
  }
}

double q2_rotation_residual(int64_t atoms, const double *position, const double *packed, const double *gradient, int axis,
                            double *work) {
  const int64_t n = 3 * atoms;
  const double none[3] = {0.0, 0.0, 0.0};
  double centre[3] = {0.0, 0.0, 0.0}, *product = work + n, *turned_gradient = work + 2 * n, squared = 0.0, largest = 0.0;
  for (int64_t k = 0; k < n; k++)
    centre[k % 3] += position[k] / (double)atoms;
  turn(atoms, axis, position, centre, work);
  for (int64_t k = 0; k < n; k++)
    squared += work[k] * work[k];
  if (sqrt(squared) < shortest_rotation) return 0.0;
  q2_packed_product(n, packed, work, product);
  if (gradient) {
    turn(atoms, axis, gradient, none, turned_gradient);
    for (int64_t k = 0; k < n; k++)
      product[k] -= turned_gradient[k] * Q2_BOHR; /* r is in angstrom, g in hartree/bohr */
  }
  for (int64_t k = 0; k < n; k++)
    largest = fmax(largest, fabs(product[k]));
  return largest / sqrt(squared);
}
