/* Internal coordinates and their derivatives. */
#include "coordinates.h"

#include <math.h>
#include <string.h>

static double dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static void cross(const double a[3], const double b[3], double c[3]) {
  const double x = a[1] * b[2] - a[2] * b[1], y = a[2] * b[0] - a[0] * b[2], z = a[0] * b[1] - a[1] * b[0];
  c[0] = x;
  c[1] = y;
  c[2] = z;
}

/* c = a - b; returns its length. */
static double difference(const double a[3], const double b[3], double c[3]) {
  for (int i = 0; i < 3; i++) c[i] = a[i] - b[i];
  return sqrt(dot(c, c));
}

static void scale(double a[3], double factor) {
  for (int i = 0; i < 3; i++) a[i] *= factor;
}

/* m += factor a b'. */
static void add_outer(double m[9], double factor, const double a[3], const double b[3]) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) m[3 * i + j] += factor * a[i] * b[j];
  }
}

static void add_transposed(double m[9], double factor, const double block[9]) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) m[3 * i + j] += factor * block[3 * j + i];
  }
}

static void add(double m[9], double factor, const double block[9]) {
  for (int i = 0; i < 9; i++) m[i] += factor * block[i];
}

void q2_distance(const double x[][3], struct q2_coordinate *coordinate) {
  double u[3], block[9] = {0};
  const double r = difference(x[1], x[0], u);
  scale(u, 1 / r);
  coordinate->value = r;
  for (int i = 0; i < 3; i++) {
    coordinate->first[0][i] = -u[i];
    coordinate->first[1][i] = u[i];
    block[4 * i] = 1 / r;
  }
  add_outer(block, -1 / r, u, u);
  for (int a = 0; a < 2; a++) {
    for (int b = 0; b < 2; b++) {
      for (int i = 0; i < 9; i++) coordinate->second[a][b][i] = a == b ? block[i] : -block[i];
    }
  }
}

/* A unit vector perpendicular to the unit vector e, away from the axis that e is closest to. */
static void any_perpendicular(const double e[3], double n[3]) {
  int axis = 0;
  for (int i = 1; i < 3; i++) {
    if (fabs(e[i]) < fabs(e[axis])) axis = i;
  }
  double unit[3] = {0};
  unit[axis] = 1;
  cross(e, unit, n);
  scale(n, 1 / sqrt(dot(n, n)));
}

void q2_angle(const double x[][3], struct q2_coordinate *coordinate) {
  double e1[3], e2[3], n[3], p1[3], p2[3];
  const double r1 = difference(x[0], x[1], e1), r2 = difference(x[2], x[1], e2);
  scale(e1, 1 / r1);
  scale(e2, 1 / r2);
  cross(e1, e2, n);
  double sine = sqrt(dot(n, n)), cosine = dot(e1, e2);
  if (sine >= Q2_ANGLE_FLOOR) {
    scale(n, 1 / sine);
  } else {
    any_perpendicular(e1, n);
    sine = Q2_ANGLE_FLOOR;
  }
  coordinate->value = atan2(sine, cosine);
  cross(e1, n, p1);
  cross(n, e2, p2);

  double aa[9] = {0}, ab[9] = {0}, bb[9] = {0};
  add_outer(aa, cosine / (sine * r1 * r1), n, n);
  add_outer(aa, -1 / (r1 * r1), e1, p1);
  add_outer(aa, -1 / (r1 * r1), p1, e1);
  add_outer(bb, cosine / (sine * r2 * r2), n, n);
  add_outer(bb, -1 / (r2 * r2), e2, p2);
  add_outer(bb, -1 / (r2 * r2), p2, e2);
  add_outer(ab, -1 / (r1 * r2 * sine), n, n);

  for (int i = 0; i < 3; i++) {
    coordinate->first[0][i] = p1[i] / r1;
    coordinate->first[2][i] = p2[i] / r2;
    coordinate->first[1][i] = -p1[i] / r1 - p2[i] / r2;
  }
  memset(coordinate->second, 0, sizeof coordinate->second);
  /* a = x0 - x1, b = x2 - x1; ab is symmetric */
  add(coordinate->second[0][0], 1, aa);
  add(coordinate->second[0][2], 1, ab);
  add(coordinate->second[2][0], 1, ab);
  add(coordinate->second[2][2], 1, bb);
  add(coordinate->second[0][1], -1, aa);
  add(coordinate->second[0][1], -1, ab);
  add(coordinate->second[2][1], -1, bb);
  add(coordinate->second[2][1], -1, ab);
  add_transposed(coordinate->second[1][0], 1, coordinate->second[0][1]);
  add_transposed(coordinate->second[1][2], 1, coordinate->second[2][1]);
  add(coordinate->second[1][1], -1, coordinate->second[0][1]);
  add(coordinate->second[1][1], -1, coordinate->second[2][1]);
}

/* m += factor (a b' + b a'). */
static void add_symmetric(double m[9], double factor, const double a[3], const double b[3]) {
  add_outer(m, factor, a, b);
  add_outer(m, factor, b, a);
}

void q2_torsion(const double x[][3], struct q2_coordinate *coordinate) {
  double f[3], g[3], h[3], a[3], b[3], ba[3];
  const double length_f = difference(x[0], x[1], f), length_g = difference(x[1], x[2], g), length_h = difference(x[3], x[2], h);
  cross(f, g, a);
  cross(h, g, b);
  const double a2 = dot(a, a), b2 = dot(b, b), fg = dot(f, g), hg = dot(h, g);
  memset(coordinate, 0, sizeof *coordinate);
  if (sqrt(a2) < Q2_TORSION_FLOOR * length_f * length_g || sqrt(b2) < Q2_TORSION_FLOOR * length_h * length_g) return;
  cross(b, a, ba);
  coordinate->value = atan2(dot(ba, g) / length_g, dot(a, b));

  /* first derivatives in f, g, h (Blondel and Karplus, eqs. 24 to 26) */
  double first[3][3];
  for (int i = 0; i < 3; i++) {
    first[0][i] = -length_g / a2 * a[i];
    first[1][i] = fg / (a2 * length_g) * a[i] - hg / (b2 * length_g) * b[i];
    first[2][i] = length_g / b2 * b[i];
  }

  /* second derivatives (eqs. 32, 44 to 46) */
  double ga[3], gb[3], fa[3], hb[3], second[3][3][9];
  const double g3 = length_g * length_g * length_g;
  memset(second, 0, sizeof second);
  cross(g, a, ga);
  cross(g, b, gb);
  cross(f, a, fa);
  cross(h, b, hb);
  add_symmetric(second[0][0], length_g / (a2 * a2), a, ga);
  add_symmetric(second[2][2], -length_g / (b2 * b2), b, gb);
  add_symmetric(second[1][1], 1 / (2 * g3 * a2), ga, a);
  add_symmetric(second[1][1], fg / (length_g * a2 * a2), a, fa);
  add_symmetric(second[1][1], -1 / (2 * g3 * b2), gb, b);
  add_symmetric(second[1][1], -hg / (length_g * b2 * b2), b, hb);
  add_outer(second[0][1], -length_g / (a2 * a2), fa, a);
  add_outer(second[0][1], -fg / (length_g * a2 * a2), a, ga);
  add_outer(second[2][1], length_g / (b2 * b2), hb, b);
  add_outer(second[2][1], hg / (length_g * b2 * b2), b, gb);
  add_transposed(second[1][0], 1, second[0][1]);
  add_transposed(second[1][2], 1, second[2][1]);

  /* f = x0 - x1, g = x1 - x2, h = x3 - x2 */
  static const double chain[4][3] = {{1, 0, 0}, {-1, 1, 0}, {0, -1, -1}, {0, 0, 1}};
  for (int p = 0; p < 4; p++) {
    for (int v = 0; v < 3; v++) {
      for (int i = 0; i < 3; i++) coordinate->first[p][i] += chain[p][v] * first[v][i];
    }
    for (int q = 0; q < 4; q++) {
      for (int v = 0; v < 3; v++) {
        for (int w = 0; w < 3; w++) {
          if (chain[p][v] * chain[q][w] != 0) add(coordinate->second[p][q], chain[p][v] * chain[q][w], second[v][w]);
        }
      }
    }
  }
}
