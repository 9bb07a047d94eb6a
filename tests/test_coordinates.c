/* Claims: first and second derivatives of every coordinate are derivatives of its value, and the contraction with third
 * derivatives is the derivative of the contraction with the second; words name coordinates; forces vanish at straight angles.
 */
#include <stdlib.h>
#include <string.h>

#include "../kernels/coordinates_third.h"
#include "check.h"

static double uniform(double low, double high) { return low + (high - low) * ((double)rand() / RAND_MAX); }

static void measure(const char *word, const double x[][3], struct q2_coordinate *coordinate) {
  q2_measure(q2_coordinate_code(word), x, coordinate);
}

/* --- first and second derivatives --- */

/* Derivative of output `out` of the coordinate in x[a][k]: central differences, twice extrapolated. out < 0: the value, else
 * first[][] in order. */
static double coordinate_slope(int32_t code, double x[][3], int a, int k, int out, double h) {
  struct q2_coordinate up, down;
  double d[3];
  const double at = x[a][k];
  for (int i = 0; i < 3; i++, h /= 2) {
    x[a][k] = at + h;
    q2_measure(code, (const double(*)[3])x, &up);
    x[a][k] = at - h;
    q2_measure(code, (const double(*)[3])x, &down);
    const double difference = out < 0 ? up.value - down.value : up.first[out / 3][out % 3] - down.first[out / 3][out % 3];
    d[i] = (out < 0 ? remainder(difference, 2 * acos(-1)) : difference) / (2 * h);
  }
  x[a][k] = at;
  d[0] = (4 * d[1] - d[0]) / 3;
  d[1] = (4 * d[2] - d[1]) / 3;
  return (16 * d[1] - d[0]) / 15;
}

static void check_coordinate(const char *name, const char *word, double x[][3], double h, double tolerance) {
  const int32_t code = q2_coordinate_code(word);
  const int atoms = q2_coordinate_atoms(code);
  struct q2_coordinate q;
  q2_measure(code, (const double(*)[3])x, &q);
  double largest = 1;
  for (int a = 0; a < atoms; a++) {
    for (int b = 0; b < atoms; b++) {
      for (int i = 0; i < 9; i++)
        largest = fmax(largest, fabs(q.second[a][b][i]));
    }
  }
  for (int a = 0; a < atoms; a++) {
    for (int i = 0; i < 3; i++) {
      const double d = coordinate_slope(code, x, a, i, -1, h);
      CHECK(fabs(d - q.first[a][i]) < tolerance * sqrt(largest), "%s: atom %d: %.15g, differences %.15g", name, a,
            q.first[a][i], d);
      for (int b = 0; b < atoms; b++) {
        for (int j = 0; j < 3; j++) {
          const double e = coordinate_slope(code, x, a, i, 3 * b + j, h), mine = q.second[a][b][3 * i + j];
          CHECK(fabs(e - mine) < tolerance * largest, "%s: atoms %d, %d: %.15g, differences %.15g", name, a, b, mine, e);
          CHECK(fabs(mine - q.second[b][a][3 * j + i]) <= 1e-12 * largest, "%s: second derivatives are not symmetric", name);
        }
      }
    }
  }
}

static void coordinates_have_their_derivatives(void) {
  for (int trial = 0; trial < 50; trial++) {
    double x[4][3] = {{0, 0, 0}, {1.4, 0, 0}, {1.9, 1.3, 0}, {3.2, 1.5, 0.4}};
    double ligands[4][3] = {{1.1, 0, 0.1}, {0, 0, 0}, {-0.6, 1, 0}, {-0.5, -1.1, 0.2}};
    for (int i = 0; i < 12; i++) {
      x[i / 3][i % 3] += uniform(-0.3, 0.3);
      ligands[i / 3][i % 3] += uniform(-0.3, 0.3);
    }
    check_coordinate("distance", "r01", x, 0.02, 1e-9);
    check_coordinate("angle", "a012", x, 0.02, 1e-8);
    check_coordinate("torsion", "t0123", x, 0.02, 1e-8);
    check_coordinate("out-of-plane angle", "o0123", ligands, 0.02, 1e-8);
  }
  /* cis, trans, and near the branch cut */
  for (int side = -1; side <= 1; side += 2) {
    double cis[4][3] = {{0.5, 1, 0}, {0, 0, 0}, {1.5, 0, 0}, {1.2, 1, 1e-4 * side}},
           trans[4][3] = {{0.5, 1, 0}, {0, 0, 0}, {1.5, 0, 0}, {1.2, -1, 1e-4 * side}};
    check_coordinate("torsion at 0", "t0123", cis, 0.02, 1e-9);
    check_coordinate("torsion at 180", "t0123", trans, 0.02, 1e-9);
  }
  /* nearly straight angles: the derivatives grow, the accuracy stays */
  for (double bend = 0.1; bend > 1e-5; bend /= 10) {
    double x[4][3] = {{1.1 * cos(bend), 1.1 * sin(bend), 0}, {0, 0, 0}, {-1.2, 0, 0}, {-1.9, 0.8, 0.5}};
    check_coordinate("nearly straight angle", "a012", x, bend / 40, 1e-6);
    struct q2_coordinate q;
    measure("a012", (const double(*)[3])x, &q);
    CHECK_CLOSE(q.value, acos(-1) - bend, 1e-14);
  }
}

/* A chain whose angles are bent from straight by these many radians. */
static void bent_chain(double first, double second, double third, double x[5][3]) {
  const double chain[5][3] = {{1.1 * cos(first), 1.1 * sin(first), 0},
                              {0, 0, 0},
                              {-1.2, 0, 0},
                              {-1.2 - 1.3 * cos(second), 0.3 * sin(second), -sqrt(1.6) * sin(second)},
                              {0, 0, 0}};
  memcpy(x, chain, sizeof chain);
  const double away[3] = {x[3][0] + 1.2, x[3][1], x[3][2]}; /* onwards, turned by `third` in the plane of x and the last bond */
  const double r = sqrt(away[0] * away[0] + away[1] * away[1] + away[2] * away[2]);
  for (int i = 0; i < 3; i++)
    x[4][i] = x[3][i] + away[i] / r * cos(third) + (i == 1 ? sin(third) : 0);
}

/* The fading factor is smooth where it begins, inside, and at zero; it is 1 without derivatives outside. */
static void fading_has_its_derivatives(void) {
  double x[5][3];
  for (int trial = 0; trial < 50; trial++) {
    bent_chain(uniform(0.1, 0.9) * Q2_FADE, uniform(0.1, 0.9) * Q2_FADE, uniform(0.1, 0.9) * Q2_FADE, x);
    check_coordinate("fading of two angles", "f0123", x, 1e-3, 1e-7);
    check_coordinate("fading of three angles", "f01234", x, 1e-3, 1e-7);
    bent_chain(uniform(0.1, 0.9) * Q2_FADE, uniform(0.5, 1), uniform(0.1, 0.9) * Q2_FADE, x);
    check_coordinate("fading of one angle", "f0123", x, 1e-3, 1e-7);
    check_coordinate("fading of two angles", "f01234", x, 1e-3, 1e-7);
  }
  struct q2_coordinate q, r;
  bent_chain(0, 0.6, 0.7, x);
  measure("f01234", (const double(*)[3])x, &q);
  CHECK_CLOSE(q.value, 0, 1e-25);
  bent_chain(1.001 * Q2_FADE, 0.6, 0.7, x);
  measure("f01234", (const double(*)[3])x, &q);
  CHECK(q.value == 1);
  for (int i = 0; i < 9; i++)
    CHECK(q.second[1][2][i] == 0 && q.first[i / 3][i % 3] == 0);
  bent_chain(Q2_FADE * (1 + 1e-7), 0.6, 0.7, x); /* across the joint */
  measure("f01234", (const double(*)[3])x, &q);
  bent_chain(Q2_FADE * (1 - 1e-7), 0.6, 0.7, x);
  measure("f01234", (const double(*)[3])x, &r);
  CHECK_CLOSE(q.value, r.value, 1e-12);
  for (int i = 0; i < 9; i++) {
    CHECK_CLOSE(q.first[i / 3][i % 3], r.first[i / 3][i % 3], 1e-10);
    CHECK_CLOSE(q.second[1][1][i], r.second[1][1][i], 1e-7 * 60 / (Q2_FADE * Q2_FADE));
  }
}

/* In a plane the out-of-plane angle is zero and its derivatives are finite; they join across the plane. Off it, it is the angle
 * between the bond and the plane of the three ligands: for a pyramid of three ligands at height h above its foot and distance r
 * from its axis, tan(chi) = h / r. */
static void out_of_plane_angle_is_allingers(void) {
  const double half = sqrt(3) / 2;
  struct q2_coordinate q;
  for (int side = -1; side <= 1; side++) {
    const double h = 1e-9 * side;
    double x[4][3] = {{1.3, 0, 0}, {0, 0, h}, {-0.65, 1.3 * half, 0}, {-0.65, -1.3 * half, 0}};
    check_coordinate("out-of-plane angle in the plane", "o0123", x, 0.02, 1e-9);
    measure("o0123", (const double(*)[3])x, &q);
    CHECK_CLOSE(fabs(q.value), fabs(h) / 1.3, 1e-16);
  }
  for (double h = -2; h <= 2; h += 0.4) {
    const double x[4][3] = {{1.3, 0, 0}, {0, 0, h}, {-0.65, 1.3 * half, 0}, {-0.65, -1.3 * half, 0}};
    measure("o0123", x, &q);
    CHECK_CLOSE(fabs(q.value), fabs(atan(h / 1.3)), 1e-14);
  }
}

/* A word measures its coordinate on the atoms that it names, with the derivatives at their places and nowhere else. */
static void words_name_coordinates(void) {
  static const struct {
    const char *word, *ordered; /* and the word for the same atoms put in order */
    int kind, count, atom[5];
  } words[] = {{"r12 ", "r01", Q2_DISTANCE, 2, {1, 2}},
               {"a103", "a012", Q2_ANGLE, 3, {1, 0, 3}},
               {"t0123 f0123", "t0123", Q2_TORSION, 4, {0, 1, 2, 3}},
               {"t1234", "t0123", Q2_TORSION, 4, {1, 2, 3, 4}},
               {"o2104", "o0123", Q2_OUT_OF_PLANE, 4, {2, 1, 0, 4}},
               {"f1234", "f0123", Q2_FADING, 4, {1, 2, 3, 4}},
               {"f01234", "f01234", Q2_FADING, 5, {0, 1, 2, 3, 4}}};
  static const double zero[3];
  double x[5][3], own[5][3], first[5][3], value;
  bent_chain(0.5 * Q2_FADE, 0.4 * Q2_FADE, 0.6 * Q2_FADE, x);
  for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
    const int32_t code = q2_coordinate_code(words[w].word);
    struct q2_coordinate named, ordered;
    int touched = 0;
    for (int a = 0; a < words[w].count; a++) {
      memcpy(own[a], x[words[w].atom[a]], sizeof own[a]);
      CHECK(q2_coordinate_place(code, a) == words[w].atom[a], "%s", words[w].word);
      touched |= 1 << words[w].atom[a];
    }
    CHECK(q2_coordinate_kind(code) == words[w].kind && q2_coordinate_atoms(code) == words[w].count, "%s", words[w].word);
    measure(words[w].word, (const double(*)[3])x, &named);
    measure(words[w].ordered, (const double(*)[3])own, &ordered);
    CHECK(named.value == ordered.value, "%s", words[w].word);
    q2_measure_first(code, (const double(*)[3])x, &value, first);
    CHECK(value == named.value && memcmp(first, named.first, sizeof first) == 0, "%s", words[w].word);
    CHECK(q2_measure_value(code, (const double(*)[3])x) == value, "%s", words[w].word);
    for (int p = 0; p < 5; p++) {
      CHECK(q2_coordinate_touches(code, p) == (touched >> p & 1), "%s, place %d", words[w].word, p);
      if (!(touched >> p & 1)) CHECK(memcmp(named.first[p], zero, sizeof zero) == 0, "%s, place %d", words[w].word, p);
    }
    double left[3] = {0, 0, 0}; /* the derivatives in all atoms add up to none */
    for (int a = 0; a < 5; a++) {
      for (int i = 0; i < 3; i++)
        left[i] += named.first[a][i];
    }
    for (int i = 0; i < 3; i++)
      CHECK_CLOSE(left[i], 0, 1e-12 / Q2_FADE);
    for (int a = 0; a < words[w].count; a++) {
      CHECK(memcmp(named.first[words[w].atom[a]], ordered.first[a], sizeof ordered.first[a]) == 0, "%s", words[w].word);
      for (int b = 0; b < words[w].count; b++) {
        CHECK(memcmp(named.second[words[w].atom[a]][words[w].atom[b]], ordered.second[a][b], sizeof ordered.second[a][b]) == 0,
              "%s", words[w].word);
      }
    }
  }
  CHECK(q2_form_coordinate_code(Q2_FORM_CMAP_FADED, 2) == q2_coordinate_code("f01234"));
}

static void torsion_sign_is_iupac(void) {
  /* looking along x from atom 1 to atom 2, atom 3 is clockwise from atom 0 by 60 degrees */
  const double x[4][3] = {{-0.5, 1, 0}, {0, 0, 0}, {1.5, 0, 0}, {2, 0.5, 0.86602540378443864676}};
  struct q2_coordinate q;
  measure("t0123", x, &q);
  CHECK_CLOSE(q.value, acos(-1) / 3, 1e-14);
}

/* --- the contraction with third derivatives --- */

typedef double matrix[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9];

static void any_symmetric(matrix w) {
  for (int a = 0; a < 15; a++) {
    for (int b = 0; b <= a; b++)
      w[a / 3][b / 3][3 * (a % 3) + b % 3] = w[b / 3][a / 3][3 * (b % 3) + a % 3] = uniform(-1, 1);
  }
}

/* Turns a vector about z, then about x. */
static void rotate(double lean, double turn, double a[3]) {
  const double x = a[0] * cos(lean) - a[1] * sin(lean), y = a[0] * sin(lean) + a[1] * cos(lean), z = a[2];
  a[0] = x;
  a[1] = y * cos(turn) - z * sin(turn);
  a[2] = y * sin(turn) + z * cos(turn);
}

static double contract_second(int32_t code, double x[][3], matrix w) {
  struct q2_coordinate q;
  q2_measure(code, (const double(*)[3])x, &q);
  double sum = 0;
  for (int i = 0; i < 225; i++)
    sum += w[i / 45][i / 9 % 5][i % 9] * q.second[i / 45][i / 9 % 5][i % 9];
  return sum;
}

static void contract_third(int32_t code, double x[][3], matrix w, double out[5][3]) {
  q2_contract_third(code, (const double(*)[3])x, (const double(*)[5][9])w, out);
}

/* Derivative of W : D in x[a][k]: central differences, extrapolated three times. */
static double contraction_slope(int32_t code, double x[5][3], matrix w, int a, int k, double h) {
  double d[4];
  const double at = x[a][k];
  for (int i = 0; i < 4; i++, h /= 2) {
    x[a][k] = at + h;
    const double up = contract_second(code, x, w);
    x[a][k] = at - h;
    d[i] = (up - contract_second(code, x, w)) / (2 * h);
  }
  x[a][k] = at;
  for (int level = 1, power = 4; level < 4; level++, power *= 4) {
    for (int i = 3; i >= level; i--)
      d[i] = (power * d[i] - d[i - 1]) / (power - 1);
  }
  return d[3];
}

/* Against differences, and: the sum over atoms is zero, and nothing is at places that the coordinate is not measured on. h:
 * what the geometry may be displaced by. */
static void check_contraction(const char *name, const char *word, double x[5][3], double h, double tolerance) {
  const int32_t code = q2_coordinate_code(word);
  matrix w;
  double out[5][3], slope[5][3], left[3] = {0, 0, 0}, largest = 0;
  any_symmetric(w);
  contract_third(code, x, w, out);
  for (int i = 0; i < 15; i++) {
    slope[i / 3][i % 3] = contraction_slope(code, x, w, i / 3, i % 3, h);
    largest = fmax(largest, fabs(slope[i / 3][i % 3]));
    left[i % 3] += out[i / 3][i % 3];
  }
  for (int i = 0; i < 15; i++) {
    CHECK(fabs(out[i / 3][i % 3] - slope[i / 3][i % 3]) <= tolerance * largest, "%s: atom %d: %.15g, differences %.15g of %.3g",
          name, i / 3, out[i / 3][i % 3], slope[i / 3][i % 3], largest);
    CHECK(fabs(left[i % 3]) <= 1e-13 * largest, "%s: translation: %.3g of %.3g", name, left[i % 3], largest);
    if (!q2_coordinate_touches(code, i / 3)) CHECK(out[i / 3][i % 3] == 0, "%s: place %d", name, i / 3);
  }
}

static void contractions_are_derivatives(void) {
  for (int trial = 0; trial < 200; trial++) {
    double x[5][3] = {{0, 0, 0}, {1.4, 0, 0}, {1.9, 1.3, 0}, {3.2, 1.5, 0.4}, {3.5, 2.8, 1}};
    double ligands[5][3] = {{1.1, 0, 0.1}, {0, 0, 0}, {-0.6, 1, 0}, {-0.5, -1.1, 0.2}, {0, 0, 0}};
    for (int i = 0; i < 15; i++) {
      x[i / 3][i % 3] += uniform(-0.3, 0.3);
      ligands[i / 3][i % 3] += uniform(-0.3, 0.3);
    }
    check_contraction("distance", "r31", x, 0.02, 1e-8);
    check_contraction("angle", "a012", x, 0.02, 1e-8);
    check_contraction("angle", "a420", x, 0.02, 1e-8);
    check_contraction("torsion", "t0123", x, 0.02, 1e-8);
    check_contraction("torsion", "t1234", x, 0.02, 1e-8);
    check_contraction("out-of-plane angle", "o0123", ligands, 0.02, 1e-8);
  }
}

/* Where derivatives are large, or the formulas have places of their own. */
static void contractions_are_derivatives_at_special_places(void) {
  const double pi = acos(-1);
  for (double bend = 0.3; bend > 1e-4;
       bend /= 3) { /* nearly straight, nearly folded back: relative to the largest, 1 / bend^2 */
    for (int folded = 0; folded < 2; folded++) {
      double x[5][3] = {{(folded ? -1.1 : 1.1) * cos(bend), 1.1 * sin(bend), 0}, {0, 0, 0}, {-1.2, 0, 0}};
      check_contraction("nearly straight angle", "a012", x, bend / 20, 1e-8);
    }
  }
  for (int trial = 0; trial < 50; trial++) {
    for (int quarter = -1; quarter <= 2; quarter++) { /* planar and perpendicular torsions, exactly and nearly */
      const double phi = quarter * pi / 2 + (trial % 2) * uniform(-1e-3, 1e-3);
      double x[5][3] = {{0.5, 1, 0}, {0, 0, 0}, {1.5, 0, 0}, {1.8, cos(phi), sin(phi)}};
      check_contraction("torsion", "t0123", x, 0.02, 1e-8);
    }
    double flat[5][3] = {{1.3, 0, 0}, {0, 0, 0}, {-0.65, 1.1, 0}, {-0.65, -1.1, 0}};
    check_contraction("out-of-plane angle in the plane", "o0123", flat, 0.02, 1e-8);
    double x[5][3]; /* the bond from x3 comes to lie across the plane of the ligands: chi from 1 to 1.56 */
    const double chi = pi / 2 - pow(10, uniform(-2, -0.3));
    const double steep[5][3] = {{1.3, 0, 0}, {1.2 * cos(chi), 0.1, 1.2 * sin(chi)}, {0.2, 1.1, 0}, {0, 0, 0}, {0, 0, 0}};
    memcpy(x, steep, sizeof x);
    check_contraction("large out-of-plane angle", "o0123", x, (pi / 2 - chi) / 30, 1e-8);
  }
}

static void fading_contractions_are_derivatives(void) {
  double x[5][3];
  for (int trial = 0; trial < 100; trial++) {
    const double in[3] = {uniform(0.1, 0.9), uniform(0.1, 0.9), uniform(0.1, 0.9)};
    bent_chain(in[0] * Q2_FADE, in[1] * Q2_FADE, in[2] * Q2_FADE, x);
    check_contraction("fading of two angles", "f0123", x, 1e-3, 1e-8);
    check_contraction("fading of three angles", "f01234", x, 1e-3, 1e-8);
    bent_chain(in[0] * Q2_FADE, uniform(0.5, 1), in[2] * Q2_FADE, x);
    check_contraction("fading of one angle", "f0123", x, 1e-3, 1e-8);
    check_contraction("fading of two angles", "f01234", x, 1e-3, 1e-8);
  }
  /* across the joint the third derivatives are continuous; outside they vanish */
  matrix w;
  double inside[5][3], outside[5][3], largest = 0;
  any_symmetric(w);
  const int32_t code = q2_coordinate_code("f01234");
  bent_chain(Q2_FADE * 0.9, 0.6, 0.7, x);
  contract_third(code, x, w, inside);
  for (int i = 0; i < 15; i++)
    largest = fmax(largest, fabs(inside[i / 3][i % 3]));
  bent_chain(Q2_FADE * (1 - 1e-6), 0.6, 0.7, x);
  contract_third(code, x, w, inside);
  bent_chain(Q2_FADE * (1 + 1e-6), 0.6, 0.7, x);
  contract_third(code, x, w, outside);
  for (int i = 0; i < 15; i++) {
    CHECK(outside[i / 3][i % 3] == 0);
    CHECK_CLOSE(inside[i / 3][i % 3], 0, 1e-4 * largest);
  }
  /* at a straight angle everything is zero, whatever the torsion does */
  bent_chain(0, 0.6, 0.7, x);
  contract_third(code, x, w, inside);
  for (int i = 0; i < 15; i++)
    CHECK_CLOSE(inside[i / 3][i % 3], 0, 1e-5 * largest);
}

/* d/dx of W : d2h for a function h of some coordinates, from its derivatives in them. */
static void contract_function(int n, const char *const *words, const double *first, const double *second, const double *third,
                              double x[5][3], matrix w, double out[5][3]) {
  struct q2_coordinate q[3];
  double contraction[3][5][3];
  for (int i = 0; i < n; i++) {
    measure(words[i], (const double(*)[3])x, &q[i]);
    contract_third(q2_coordinate_code(words[i]), x, w, contraction[i]);
  }
  memset(out, 0, 15 * sizeof(double));
  q2_contract_function(5, n, first, second, third, q, contraction, (const double(*)[5][9])w, out);
}

/* h = (r^2 + s^2 - t^2) / (2 r s), the cosine of the angle between sides r and s of a triangle. */
static void contract_law_of_cosines(double x[5][3], matrix w, double out[5][3]) {
  static const char *const sides[] = {"r01", "r12", "r02"};
  const double r = q2_measure_value(q2_coordinate_code(sides[0]), (const double(*)[3])x),
               s = q2_measure_value(q2_coordinate_code(sides[1]), (const double(*)[3])x),
               t = q2_measure_value(q2_coordinate_code(sides[2]), (const double(*)[3])x), rs = r * s, tt = t * t;
  const double first[] = {(r * r + tt - s * s) / (2 * r * rs), (s * s + tt - r * r) / (2 * s * rs), -t / rs};
  const double second[] = {(s * s - tt) / (r * r * rs),
                           -(r * r + s * s + tt) / (2 * rs * rs),
                           (r * r - tt) / (s * s * rs),
                           t / (r * rs),
                           t / (s * rs),
                           -1 / rs};
  const double third[] = {3 * (tt - s * s) / (r * r * r * rs),
                          (s * s + tt) / (r * rs * rs),
                          (r * r + tt) / (s * rs * rs),
                          3 * (tt - r * r) / (s * s * s * rs),
                          -2 * t / (r * r * rs),
                          -t / (rs * rs),
                          -2 * t / (s * s * rs),
                          1 / (r * rs),
                          1 / (s * rs),
                          0};
  contract_function(3, sides, first, second, third, x, w, out);
}

/* cos(theta) is smooth at straight angles, where each part of its contraction by way of theta diverges as 1 / sin(theta): their
 * sum does not, above and below Q2_ANGLE_FLOOR. */
static void straight_angles_have_a_limit(void) {
  static const double bends[] = {1, 1e-2, 1e-4, 1e-5, 1e-6, 1e-7, 2e-8, 0.9e-8, 1e-9, 1e-12, 0};
  static const char *const angle[] = {"a012"};
  for (int trial = 0; trial < 40; trial++) {
    const double turn = uniform(-3, 3), lean = uniform(-1.5, 1.5), folded = trial % 2 ? -1 : 1;
    for (size_t b = 0; b < sizeof bends / sizeof *bends; b++) {
      double x[5][3] = {{folded * 1.1 * cos(bends[b]), 1.1 * sin(bends[b]), 0}, {0, 0, 0}, {-1.3, 0, 0}};
      double expected[5][3], out[5][3], largest = 0;
      matrix w;
      for (int a = 0; a < 3; a++)
        rotate(lean, turn, x[a]);
      any_symmetric(w);
      contract_law_of_cosines(x, w, expected);
      struct q2_angle_frame frame; /* theta itself is rounded near pi; the derivatives in it, -sin(theta) ..., must not be */
      q2_angle_frame((const double(*)[3])x, &frame);
      const double first = -frame.sine, second = -frame.cosine, third = frame.sine;
      contract_function(1, angle, &first, &second, &third, x, w, out);
      for (int i = 0; i < 9; i++)
        largest = fmax(largest, fabs(expected[i / 3][i % 3]));
      for (int i = 0; i < 9; i++) {
        CHECK(fabs(out[i / 3][i % 3] - expected[i / 3][i % 3]) <= 1e-6 * largest, "bend %g, atom %d: %.12g, expected %.12g",
              folded * bends[b], i / 3, out[i / 3][i % 3], expected[i / 3][i % 3]);
      }
    }
  }
}

/* What is left of a bend's force near 180 degrees is the curvature times the bend, in the bend's direction, down to nothing. */
static void forces_vanish_at_straight_angles(void) {
  static const double bends[] = {1e-5, 1e-7, 0.8e-8, 0.7e-8, 1e-9, 1e-11, 0};
  const double p[2] = {60, 2.9}, r = 1.1, straight = acos(-1);
  struct q2_jet limit, jet;
  q2_form_evaluate(Q2_FORM_ANGLE_HARMONIC, &straight, p, NULL, &limit);
  for (int trial = 0; trial < 40; trial++) {
    const double turn = uniform(-3, 3), lean = uniform(-1.5, 1.5);
    for (size_t b = 0; b < sizeof bends / sizeof *bends; b++) {
      double x[5][3] = {{r * cos(bends[b]), r * sin(bends[b]), 0}, {0, 0, 0}, {-1.3, 0, 0}};
      double expected[3] = {-sin(bends[b]), cos(bends[b]), 0};
      struct q2_coordinate q;
      rotate(lean, turn, expected);
      for (int a = 0; a < 3; a++)
        rotate(lean, turn, x[a]);
      measure("a012", (const double(*)[3])x, &q);
      q2_form_evaluate(Q2_FORM_ANGLE_HARMONIC, &q.value, p, NULL, &jet);
      for (int i = 0; i < 3; i++)
        CHECK_CLOSE(jet.first[0] * q.share * q.first[0][i], limit.second[0] * bends[b] * expected[i] / r,
                    fabs(limit.second[0]) * (1e-5 * bends[b] + 1e-15));
    }
  }
}

/* Rotating the atoms and W rotates the result. */
static void contractions_turn_with_the_atoms(void) {
  static const char *const words[] = {"r01", "a012", "t0123", "o0123", "f01234"};
  for (int trial = 0; trial < 40; trial++) {
    const double lean = uniform(-3, 3), turn = uniform(-3, 3);
    double x[5][3], turned_x[5][3], out[5][3], turned_out[5][3];
    matrix w, turned_w;
    bent_chain(0.5 * Q2_FADE, 0.4 * Q2_FADE, uniform(0.1, 0.9) * Q2_FADE, x);
    any_symmetric(w);
    memcpy(turned_x, x, sizeof x);
    memcpy(turned_w, w, sizeof w);
    for (int p = 0; p < 5; p++) {
      rotate(lean, turn, turned_x[p]);
      for (int q = 0; q < 5; q++) {
        double transposed[9] = {0};
        for (int i = 0; i < 3; i++) /* R W R', a side at a time */
          rotate(lean, turn, &turned_w[p][q][3 * i]);
        q2_add_transposed(transposed, 1, turned_w[p][q]);
        for (int i = 0; i < 3; i++)
          rotate(lean, turn, &transposed[3 * i]);
        memset(turned_w[p][q], 0, sizeof turned_w[p][q]);
        q2_add_transposed(turned_w[p][q], 1, transposed);
      }
    }
    for (size_t word = 0; word < sizeof words / sizeof *words; word++) {
      double largest = 0;
      contract_third(q2_coordinate_code(words[word]), x, w, out);
      contract_third(q2_coordinate_code(words[word]), turned_x, turned_w, turned_out);
      for (int p = 0; p < 5; p++)
        rotate(lean, turn, out[p]);
      for (int i = 0; i < 15; i++)
        largest = fmax(largest, fabs(out[i / 3][i % 3]));
      for (int i = 0; i < 15; i++)
        CHECK_CLOSE(out[i / 3][i % 3], turned_out[i / 3][i % 3], 1e-11 * largest);
    }
  }
}

int main(void) {
  srand(20);
  coordinates_have_their_derivatives();
  torsion_sign_is_iupac();
  fading_has_its_derivatives();
  out_of_plane_angle_is_allingers();
  words_name_coordinates();
  contractions_are_derivatives();
  contractions_are_derivatives_at_special_places();
  fading_contractions_are_derivatives();
  straight_angles_have_a_limit();
  forces_vanish_at_straight_angles();
  contractions_turn_with_the_atoms();
  return check_result();
}
