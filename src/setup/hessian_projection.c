/* Force constants of bonds and angles out of a QM Hessian, by the eigenvalues of its blocks. */
#include "hessian_projection.h"

#include <lapacke.h>
#include <math.h>

#include "../../io/constants.h"
#include "../../kernels/vector.h"

static const double straight = 1e-3; /* sine of an angle that has no plane */

/* Scales v to length 1 and returns what its length was. */
static double normalise(double *v) {
  const double length = sqrt(q2_dot(v, v));
  q2_rescale(v, 1 / length);
  return length;
}

/* The unit vector from atom `from` to atom `to`; returns their distance in angstrom. */
static double direction(const struct q2_projected *h, int from, int to, double *u) {
  const double length = q2_difference(h->position + 3 * to, h->position + 3 * from, u);
  q2_rescale(u, 1 / length);
  return length;
}

/* sum over n of l_n |v_n . u| of the block -H_ij. */
static double stiffness(const struct q2_projected *h, int i, int j, const double *u) {
  double block[9], real[3], imaginary[3], vector[9], unused[1], work[32], k = 0.0;
  for (int row = 0; row < 3; row++)
    for (int column = 0; column < 3; column++) {
      const int64_t a = 3 * (int64_t)i + row, b = 3 * (int64_t)j + column;
      block[row + 3 * column] = -h->packed[a > b ? Q2_TRIANGLE(a, b) : Q2_TRIANGLE(b, a)];
    }
  if (LAPACKE_dgeev_work(LAPACK_COL_MAJOR, 'N', 'V', 3, block, 3, real, imaginary, unused, 1, vector, 3, work, 32) != 0)
    return NAN;
  for (int n = 0; n < 3; n++) {
    if (imaginary[n] != 0.0) { /* n and n + 1 are conjugate: v = vector[n] +- i vector[n + 1], and their terms are, too */
      k += 2.0 * real[n] * hypot(q2_dot(vector + 3 * n, u), q2_dot(vector + 3 * (n + 1), u));
      n++;
    } else
      k += real[n] * fabs(q2_dot(vector + 3 * n, u));
  }
  return k;
}

double q2_project_bond(const struct q2_projected *hessian, int i, int j) {
  double u[3];
  direction(hessian, i, j, u);
  return 0.5 * (stiffness(hessian, i, j, u) + stiffness(hessian, j, i, u));
}

/* The unit vector perpendicular to the bond from `centre` to `arm` in the plane whose normal is `normal`. */
static void perpendicular(const struct q2_projected *h, int centre, int arm, const double *normal, double *u) {
  double bond[3];
  direction(h, centre, arm, bond);
  q2_cross(normal, bond, u);
  normalise(u);
}

/* The normal of the plane of an angle; returns 0 where it has none. */
static int normal_of(const struct q2_projected *h, int i, int j, int k, double *normal) {
  double ij[3], kj[3];
  direction(h, j, i, ij);
  direction(h, j, k, kj);
  q2_cross(ij, kj, normal);
  return normalise(normal) >= straight;
}

/* By how much the other angles at j that have the bond to `arm` share in its displacement along u: 1 + the mean of (u . u')^2
 * over them. */
static double share(const struct q2_projected *h, const struct q2_topology *topology, int arm, int j, int other,
                    const double *u) {
  double sum = 0.0;
  int count = 0;
  for (int n = topology->start[j]; n < topology->start[j + 1]; n++) {
    const int third = topology->neighbour[n];
    double normal[3], there[3];
    if (third == arm || third == other || !normal_of(h, arm, j, third, normal)) continue;
    perpendicular(h, j, arm, normal, there);
    const double along = q2_dot(u, there);
    sum += along * along;
    count++;
  }
  return count ? 1.0 + sum / count : 1.0;
}

/* 1/k of one arm, per hartree/rad^2; infinite where it has no stiffness. */
static double arm(const struct q2_projected *h, const struct q2_topology *topology, int i, int j, int k, const double *normal) {
  double u[3], bond[3];
  perpendicular(h, j, i, normal, u);
  const double r = direction(h, j, i, bond) / Q2_BOHR, shared = topology ? share(h, topology, i, j, k, u) : 1.0;
  return shared / (stiffness(h, i, j, u) * r * r);
}

static double in_plane(const struct q2_projected *h, const struct q2_topology *topology, int i, int j, int k,
                       const double *normal) {
  return 1.0 / (arm(h, topology, i, j, k, normal) + arm(h, topology, k, j, i, normal));
}

double q2_project_angle(const struct q2_projected *hessian, int i, int j, int k, const struct q2_topology *topology) {
  double normal[3], axis[3], second[3];
  if (normal_of(hessian, i, j, k, normal)) return in_plane(hessian, topology, i, j, k, normal);
  direction(hessian, k, i, axis); /* of a straight one: two planes through its axis */
  q2_any_perpendicular(axis, normal);
  q2_cross(axis, normal, second);
  return 0.5 * (in_plane(hessian, topology, i, j, k, normal) + in_plane(hessian, topology, i, j, k, second));
}
