/* Internal coordinates and their derivatives. */
#include "coordinates.h"

#include <math.h>
#include <string.h>

#include "forms.h"

static double dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static void cross(const double a[3], const double b[3], double c[3]) {
  const double x = a[1] * b[2] - a[2] * b[1], y = a[2] * b[0] - a[0] * b[2], z = a[0] * b[1] - a[1] * b[0];
  c[0] = x;
  c[1] = y;
  c[2] = z;
}

/* c = a - b; returns its length. */
static double difference(const double a[3], const double b[3], double c[3]) {
  for (int i = 0; i < 3; i++)
    c[i] = a[i] - b[i];
  return sqrt(dot(c, c));
}

static void scale(double a[3], double factor) {
  for (int i = 0; i < 3; i++)
    a[i] *= factor;
}

/* m += factor a b'. */
static void add_outer(double m[9], double factor, const double a[3], const double b[3]) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++)
      m[3 * i + j] += factor * a[i] * b[j];
  }
}

static void add_transposed(double m[9], double factor, const double block[9]) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++)
      m[3 * i + j] += factor * block[3 * j + i];
  }
}

static void add(double m[9], double factor, const double block[9]) {
  for (int i = 0; i < 9; i++)
    m[i] += factor * block[i];
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
      for (int i = 0; i < 9; i++)
        coordinate->second[a][b][i] = a == b ? block[i] : -block[i];
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

/* first and second of the coordinate from those in vectors between its atoms: vector v is the sum over atoms p of chain[p][v]
 * x[p]. */
static void chain_rule(int atoms, const double chain[][3], double first[3][3], double second[3][3][9],
                       struct q2_coordinate *coordinate) {
  for (int p = 0; p < atoms; p++) {
    for (int v = 0; v < 3; v++) {
      for (int i = 0; i < 3; i++)
        coordinate->first[p][i] += chain[p][v] * first[v][i];
    }
    for (int q = 0; q < atoms; q++) {
      for (int v = 0; v < 3; v++) {
        for (int w = 0; w < 3; w++) {
          if (chain[p][v] * chain[q][w] != 0) add(coordinate->second[p][q], chain[p][v] * chain[q][w], second[v][w]);
        }
      }
    }
  }
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

  static const double chain[4][3] = {{1, 0, 0}, {-1, 1, 0}, {0, -1, -1}, {0, 0, 1}}; /* f = x0 - x1, g = x1 - x2, h = x3 - x2 */
  chain_rule(4, chain, first, second, coordinate);
}

/* m += factor [a]x, the matrix of the product with a: [a]x b = a x b. */
static void add_cross(double m[9], double factor, const double a[3]) {
  m[1] -= factor * a[2];
  m[2] += factor * a[1];
  m[3] += factor * a[2];
  m[5] -= factor * a[0];
  m[6] -= factor * a[1];
  m[7] += factor * a[0];
}

static void add_unit(double m[9], double factor) {
  for (int i = 0; i < 3; i++)
    m[4 * i] += factor;
}

/* w = sin(chi) = T / sqrt(P Q), T = v.(e x f), P = v.v, Q = |e x f|^2; then chi_i = w_i / cos(chi), chi_ij = w_ij / cos(chi) +
 * w_i w_j sin(chi) / cos^3(chi). With K = (P Q)^-1/2 and L the logarithm of P Q: K_i = -K L_i / 2, K_ij = K (L_i L_j / 4 - L_ij
 * / 2). */
void q2_out_of_plane(const double x[][3], struct q2_coordinate *coordinate) {
  enum { V, E, F };
  double v[3], e[3], f[3], normal[3], l[3][3], t[3][3], lead[3][3][9], twist[3][3][9];
  const double length_v = difference(x[3], x[1], v), length_e = difference(x[0], x[3], e), length_f = difference(x[2], x[3], f);
  cross(e, f, normal);
  const double p = dot(v, v), q = dot(normal, normal), ee = dot(e, e), ff = dot(f, f), ef = dot(e, f), volume = dot(v, normal);
  memset(coordinate, 0, sizeof *coordinate);
  if (sqrt(q) < Q2_TORSION_FLOOR * length_e * length_f) return;

  /* T and the logarithm of P Q with their derivatives */
  memcpy(t[V], normal, sizeof normal);
  cross(f, v, t[E]);
  cross(v, e, t[F]);
  for (int i = 0; i < 3; i++) {
    l[V][i] = 2 * v[i] / p;
    l[E][i] = 2 * (ff * e[i] - ef * f[i]) / q;
    l[F][i] = 2 * (ee * f[i] - ef * e[i]) / q;
  }
  memset(lead, 0, sizeof lead);
  memset(twist, 0, sizeof twist);
  add_cross(twist[V][E], -1, f);
  add_cross(twist[V][F], 1, e);
  add_cross(twist[E][F], -1, v);
  add_transposed(twist[E][V], 1, twist[V][E]);
  add_transposed(twist[F][V], 1, twist[V][F]);
  add_transposed(twist[F][E], 1, twist[E][F]);
  add_unit(lead[V][V], 2 / p);
  add_outer(lead[V][V], -1, l[V], l[V]);
  add_unit(lead[E][E], 2 * ff / q);
  add_outer(lead[E][E], -2 / q, f, f);
  add_outer(lead[E][E], -1, l[E], l[E]);
  add_unit(lead[F][F], 2 * ee / q);
  add_outer(lead[F][F], -2 / q, e, e);
  add_outer(lead[F][F], -1, l[F], l[F]);
  add_unit(lead[E][F], -2 * ef / q);
  add_outer(lead[E][F], 4 / q, e, f);
  add_outer(lead[E][F], -2 / q, f, e);
  add_outer(lead[E][F], -1, l[E], l[F]);
  add_transposed(lead[F][E], 1, lead[E][F]);

  const double k = 1 / (length_v * sqrt(q)), sine = volume * k,
               cosine2 = fmax(1 - sine * sine, Q2_TORSION_FLOOR * Q2_TORSION_FLOOR);
  const double cosine = sqrt(cosine2);
  double first[3][3], second[3][3][9];
  coordinate->value = atan2(sine, cosine);
  for (int a = 0; a < 3; a++) {
    for (int i = 0; i < 3; i++)
      first[a][i] = (t[a][i] * k - sine * l[a][i] / 2) / cosine;
  }
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++) {
      memset(second[a][b], 0, sizeof second[a][b]);
      add(second[a][b], k / cosine, twist[a][b]);
      add_outer(second[a][b], -k / (2 * cosine), t[a], l[b]);
      add_outer(second[a][b], -k / (2 * cosine), l[a], t[b]);
      add_outer(second[a][b], sine / (4 * cosine), l[a], l[b]);
      add(second[a][b], -sine / (2 * cosine), lead[a][b]);
      add_outer(second[a][b], sine / cosine, first[a], first[b]);
    }
  }
  static const double chain[4][3] = {{0, 1, 0}, {-1, 0, 0}, {0, 0, 1}, {1, -1, -1}}; /* v = x3 - x1, e = x0 - x3, f = x2 - x3 */
  chain_rule(4, chain, first, second, coordinate);
}

/* S(theta) and its first two derivatives in theta. */
static void fade(double theta, double s[3]) {
  const double bend = acos(-1) - theta, y = (bend / Q2_FADE) * (bend / Q2_FADE);
  s[0] = 1;
  s[1] = s[2] = 0;
  if (y >= 1) return;
  const double z = 1 - y, z2 = z * z, z3 = z2 * z;
  const double dy = -2 * bend / (Q2_FADE * Q2_FADE), dyy = 2 / (Q2_FADE * Q2_FADE); /* in theta */
  const double first = 20 * y * z3, second = 20 * z3 - 60 * y * z2;                 /* in y */
  s[0] = y * y * (10 + y * (-20 + y * (15 - 4 * y))); /* the same without the cancellation at y = 0 */
  s[1] = first * dy;
  s[2] = second * dy * dy + first * dyy;
}

void q2_fading(int atoms, const double x[][3], struct q2_coordinate *coordinate) {
  memset(coordinate, 0, sizeof *coordinate);
  coordinate->value = 1;
  for (int start = 0; start + 2 < atoms; start++) { /* the product so far times S of the next angle */
    struct q2_coordinate angle, product;
    double s[3];
    q2_angle(x + start, &angle);
    fade(angle.value, s);
    memset(&product, 0, sizeof product);
    product.value = coordinate->value * s[0];
    for (int p = 0; p < atoms; p++) {
      const int in_p = p >= start && p < start + 3;
      for (int i = 0; i < 3; i++) {
        product.first[p][i] =
            s[0] * coordinate->first[p][i] + (in_p ? coordinate->value * s[1] * angle.first[p - start][i] : 0);
      }
      for (int q = 0; q < atoms; q++) {
        const int in_q = q >= start && q < start + 3;
        double *block = product.second[p][q];
        add(block, s[0], coordinate->second[p][q]);
        if (in_q) add_outer(block, s[1], coordinate->first[p], angle.first[q - start]);
        if (in_p) add_outer(block, s[1], angle.first[p - start], coordinate->first[q]);
        if (in_p && in_q) {
          add_outer(block, coordinate->value * s[2], angle.first[p - start], angle.first[q - start]);
          add(block, coordinate->value * s[1], angle.second[p - start][q - start]);
        }
      }
    }
    *coordinate = product;
  }
}

void q2_measure(const char *word, const double x[][3], struct q2_coordinate *coordinate) {
  const int count = (int)strcspn(word, " ") - 1;
  int atom[Q2_COORDINATE_ATOMS];
  double own[Q2_COORDINATE_ATOMS][3];
  struct q2_coordinate local;
  for (int a = 0; a < count; a++) {
    atom[a] = word[1 + a] - '0';
    memcpy(own[a], x[atom[a]], sizeof own[a]);
  }
  const double(*here)[3] = (const double(*)[3])own;
  switch (word[0]) {
  case 'r':
    q2_distance(here, &local);
    break;
  case 'a':
    q2_angle(here, &local);
    break;
  case 't':
    q2_torsion(here, &local);
    break;
  case 'o':
    q2_out_of_plane(here, &local);
    break;
  default:
    q2_fading(count, here, &local);
    break;
  }
  memset(coordinate, 0, sizeof *coordinate);
  coordinate->value = local.value;
  for (int a = 0; a < count; a++) {
    memcpy(coordinate->first[atom[a]], local.first[a], sizeof local.first[a]);
    for (int b = 0; b < count; b++)
      memcpy(coordinate->second[atom[a]][atom[b]], local.second[a][b], sizeof local.second[a][b]);
  }
}
