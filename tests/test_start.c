/* Projected force constants of Hessians whose answer is known, and the quadratic minimum within bounds against every choice of
 * bounds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/constants.h"
#include "../src/setup/bounded_quadratic.h"
#include "../src/setup/hessian_projection.h"
#include "check.h"

/* Adds k g g' to a packed Hessian; g [n]. */
static void add_spring(double *packed, int n, double k, const double *g) {
  for (int a = 0, p = 0; a < n; a++)
    for (int b = 0; b <= a; b++, p++)
      packed[p] += k * g[a] * g[b];
}

/* One bond alone has its own constant, whatever its direction; blocks of a rotated frame are no others. */
static void test_bond(void) {
  const double u[3] = {0.6, -0.64, 0.48}, k = 0.35;
  double position[6] = {0.1, 0.2, 0.3}, g[6], packed[21] = {0};
  for (int c = 0; c < 3; c++) {
    position[3 + c] = position[c] + 1.1 * u[c];
    g[c] = -u[c];
    g[3 + c] = u[c];
  }
  add_spring(packed, 6, k, g);
  const struct q2_projected hessian = {2, packed, position};
  CHECK_CLOSE(q2_project_bond(&hessian, 0, 1), k, 1e-15);
  CHECK_CLOSE(q2_project_bond(&hessian, 1, 0), k, 1e-15);
}

/* The gradient of the angle 0-1-2 in radian per bohr: sides along x and y, of lengths r and s (bohr). */
static void bend_gradient(double r, double s, double *g) {
  memset(g, 0, 9 * sizeof *g);
  g[1] = -1 / r;
  g[6] = -1 / s;
  g[3] = 1 / s;
  g[4] = 1 / r;
}

/* A right angle alone: -H_01 = k/(r) e_y (1/r e_y + 1/s e_x)', whose one eigenvalue that is not 0 is k/r^2 along e_y; so each
 * arm gives k, and the two in series k/2. The modified method has nothing to change where there is one angle. */
static void test_angle(void) {
  const double r = 2.0, s = 2.5, k = 0.2;
  double position[9] = {r * Q2_BOHR, 0, 0, 0, 0, 0, 0, s * Q2_BOHR, 0}, g[9], packed[45] = {0};
  const int32_t bonds[2][2] = {{0, 1}, {1, 2}};
  struct q2_topology topology;
  struct q2_error error = {""};
  bend_gradient(r, s, g);
  add_spring(packed, 9, k, g);
  const struct q2_projected hessian = {3, packed, position};
  CHECK_CLOSE(q2_project_angle(&hessian, 0, 1, 2, NULL), k / 2, 1e-14);
  CHECK(q2_topology_create(3, 2, bonds, &topology, &error) == Q2_OK, "%s", error.text);
  CHECK_CLOSE(q2_project_angle(&hessian, 0, 1, 2, &topology), k / 2, 1e-14);
  q2_topology_free(&topology);
}

/* A fourth atom opposite to the third: the other angle of the first arm lies in the same plane, so that arm is halved; the
 * other arm's other angle is straight and has no plane. */
static void test_modified(void) {
  const double r = 2.0, s = 2.5, k = 0.2;
  double position[12] = {r * Q2_BOHR, 0, 0, 0, 0, 0, 0, s * Q2_BOHR, 0, 0, -s * Q2_BOHR, 0}, g[12] = {0}, packed[78] = {0};
  const int32_t bonds[3][2] = {{0, 1}, {1, 2}, {1, 3}};
  struct q2_topology topology;
  struct q2_error error = {""};
  bend_gradient(r, s, g);
  add_spring(packed, 12, k, g);
  const struct q2_projected hessian = {4, packed, position};
  CHECK(q2_topology_create(4, 3, bonds, &topology, &error) == Q2_OK, "%s", error.text);
  CHECK_CLOSE(q2_project_angle(&hessian, 0, 1, 2, NULL), k / 2, 1e-14);
  CHECK_CLOSE(q2_project_angle(&hessian, 0, 1, 2, &topology), 1 / (2 / k + 1 / k), 1e-14);
  q2_topology_free(&topology);
}

/* g'd + d'A d / 2 */
static double quadratic(int n, const double *a, const double *g, const double *d) {
  double value = 0;
  for (int i = 0; i < n; i++) {
    value += g[i] * d[i];
    for (int j = 0; j < n; j++)
      value += 0.5 * d[i] * a[i * n + j] * d[j];
  }
  return value;
}

/* No point of a fine grid within the bounds, nor any small step from the minimum, is lower. */
static void test_quadratic(int seed) {
  enum { N = 4 };
  double a[N * N] = {0}, root[N * N], g[N], lower[N], upper[N], d[N];
  struct q2_error error = {""};
  srand((unsigned)seed);
  for (int k = 0; k < N * N; k++)
    root[k] = rand() / (double)RAND_MAX - 0.5;
  for (int i = 0; i < N; i++) {
    g[i] = rand() / (double)RAND_MAX - 0.5;
    lower[i] = i == 1 ? -INFINITY : -rand() / (double)RAND_MAX;
    upper[i] = i == 2 ? INFINITY : seed % 3 == 0 && i == 3 ? 0 : rand() / (double)RAND_MAX;
    for (int j = 0; j < N; j++)
      for (int k = 0; k < N; k++)
        a[i * N + j] += root[i * N + k] * root[j * N + k];
  }
  CHECK(q2_bounded_quadratic(N, a, g, lower, upper, d, &error) == Q2_OK, "%s", error.text);
  const double least = quadratic(N, a, g, d);
  for (int trial = 0; trial < 2000; trial++) {
    const double size = trial % 2 ? 1e-3 : 0.5;
    double other[N];
    for (int i = 0; i < N; i++)
      other[i] = fmin(fmax(d[i] + size * (rand() / (double)RAND_MAX - 0.5), lower[i]), upper[i]);
    CHECK(quadratic(N, a, g, other) >= least - 1e-12, "seed %d: %.17g is below %.17g", seed, quadratic(N, a, g, other), least);
  }
  for (int i = 0; i < N; i++)
    CHECK(d[i] >= lower[i] && d[i] <= upper[i]);
}

/* Where the function is flat nothing moves. */
static void test_flat(void) {
  const double a[4] = {1, 1, 1, 1}, g[2] = {-1, -1}, lower[2] = {-9, -9}, upper[2] = {9, 9}, none[1] = {0};
  double d[2];
  struct q2_error error = {""};
  CHECK(q2_bounded_quadratic(2, a, g, lower, upper, d, &error) == Q2_OK, "%s", error.text);
  CHECK_CLOSE(d[0], 0.5, 1e-3);
  CHECK_CLOSE(d[0] + d[1], 1.0, 1e-10);
  CHECK(q2_bounded_quadratic(1, none, none, lower, upper, d, &error) == Q2_OK && d[0] == 0, "%s", error.text);
}

int main(void) {
  test_bond();
  test_angle();
  test_modified();
  for (int seed = 1; seed <= 50; seed++)
    test_quadratic(seed);
  test_flat();
  return check_result();
}
