/* Claims: first and second derivatives of every coordinate, and every derivative that a form reports, are derivatives of the value; joints
 * and limits are smooth; the accumulator is exact on its grid and does not depend on order. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/accumulator.h"
#include "../kernels/coordinates.h"
#include "../kernels/forms.h"
#include "../kernels/stages.h"
#include "check.h"

static double uniform(double low, double high) { return low + (high - low) * ((double)rand() / RAND_MAX); }

/* --- coordinates --- */

typedef void (*measure)(const double x[][3], struct q2_coordinate *coordinate);

/* Derivative of output `out` of the coordinate in x[a][k]: central differences, twice extrapolated. out < 0: the value, else first[][] in order. */
static double coordinate_slope(measure coordinate, double x[4][3], int a, int k, int out, double h) {
  struct q2_coordinate up, down;
  double d[3];
  const double at = x[a][k];
  for (int i = 0; i < 3; i++, h /= 2) {
    x[a][k] = at + h;
    coordinate((const double(*)[3])x, &up);
    x[a][k] = at - h;
    coordinate((const double(*)[3])x, &down);
    const double difference = out < 0 ? up.value - down.value : up.first[out / 3][out % 3] - down.first[out / 3][out % 3];
    d[i] = (out < 0 ? remainder(difference, 2 * acos(-1)) : difference) / (2 * h);
  }
  x[a][k] = at;
  d[0] = (4 * d[1] - d[0]) / 3;
  d[1] = (4 * d[2] - d[1]) / 3;
  return (16 * d[1] - d[0]) / 15;
}

static void check_coordinate(const char *name, measure coordinate, int atoms, double x[4][3], double h, double tolerance) {
  struct q2_coordinate q;
  coordinate((const double(*)[3])x, &q);
  double largest = 1;
  for (int a = 0; a < atoms; a++) {
    for (int b = 0; b < atoms; b++) {
      for (int i = 0; i < 9; i++) largest = fmax(largest, fabs(q.second[a][b][i]));
    }
  }
  for (int a = 0; a < atoms; a++) {
    for (int i = 0; i < 3; i++) {
      const double d = coordinate_slope(coordinate, x, a, i, -1, h);
      CHECK(fabs(d - q.first[a][i]) < tolerance * sqrt(largest), "%s: atom %d: %.15g, differences %.15g", name, a, q.first[a][i], d);
      for (int b = 0; b < atoms; b++) {
        for (int j = 0; j < 3; j++) {
          const double e = coordinate_slope(coordinate, x, a, i, 3 * b + j, h), mine = q.second[a][b][3 * i + j];
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
    for (int i = 0; i < 12; i++) x[i / 3][i % 3] += uniform(-0.3, 0.3);
    check_coordinate("distance", q2_distance, 2, x, 0.02, 1e-9);
    check_coordinate("angle", q2_angle, 3, x, 0.02, 1e-8);
    check_coordinate("torsion", q2_torsion, 4, x, 0.02, 1e-8);
  }
  /* cis, trans, and near the branch cut */
  for (int side = -1; side <= 1; side += 2) {
    double cis[4][3] = {{0.5, 1, 0}, {0, 0, 0}, {1.5, 0, 0}, {1.2, 1, 1e-4 * side}}, trans[4][3] = {{0.5, 1, 0}, {0, 0, 0}, {1.5, 0, 0}, {1.2, -1, 1e-4 * side}};
    check_coordinate("torsion at 0", q2_torsion, 4, cis, 0.02, 1e-9);
    check_coordinate("torsion at 180", q2_torsion, 4, trans, 0.02, 1e-9);
  }
  /* nearly straight angles: the derivatives grow, the accuracy stays */
  for (double bend = 0.1; bend > 1e-5; bend /= 10) {
    double x[4][3] = {{1.1 * cos(bend), 1.1 * sin(bend), 0}, {0, 0, 0}, {-1.2, 0, 0}, {-1.9, 0.8, 0.5}};
    check_coordinate("nearly straight angle", q2_angle, 3, x, bend / 40, 1e-6);
    struct q2_coordinate q;
    q2_angle((const double(*)[3])x, &q);
    CHECK_CLOSE(q.value, acos(-1) - bend, 1e-14);
  }
}

static void torsion_sign_is_iupac(void) {
  /* looking along x from atom 1 to atom 2, atom 3 is clockwise from atom 0 by 60 degrees */
  const double x[4][3] = {{-0.5, 1, 0}, {0, 0, 0}, {1.5, 0, 0}, {2, 0.5, 0.86602540378443864676}};
  struct q2_coordinate q;
  q2_torsion(x, &q);
  CHECK_CLOSE(q.value, acos(-1) / 3, 1e-14);
}

/* --- forms --- */

/* Element `which` of the jet: value, first, second. */
static double *jet_element(struct q2_jet *jet, int which) {
  return which == 0 ? &jet->value : which <= Q2_MAX_COORDINATES ? &jet->first[which - 1] : &jet->second[which - 1 - Q2_MAX_COORDINATES];
}

static double jet_element_p(const struct q2_jet *jet, int p, int which) {
  return which == 0 ? jet->value_p[p] : which <= Q2_MAX_COORDINATES ? jet->first_p[p][which - 1] : jet->second_p[p][which - 1 - Q2_MAX_COORDINATES];
}

static double jet_slope(enum q2_form form, double *q, double *p, const double *constant, double *variable, int which, double h) {
  double d[3];
  struct q2_jet up = {0}, down = {0};
  const double at = *variable;
  for (int i = 0; i < 3; i++, h /= 2) {
    *variable = at + h;
    q2_form_evaluate(form, q, p, constant, &up);
    *variable = at - h;
    q2_form_evaluate(form, q, p, constant, &down);
    d[i] = (*jet_element(&up, which) - *jet_element(&down, which)) / (2 * h);
  }
  *variable = at;
  d[0] = (4 * d[1] - d[0]) / 3;
  d[1] = (4 * d[2] - d[1]) / 3;
  return (16 * d[1] - d[0]) / 15;
}

static void check_form(enum q2_form form, double *q, double *p, const double *constant, double h, double tolerance) {
  const struct q2_form_info *info = &q2_forms[form];
  struct q2_jet jet = {0};
  q2_form_evaluate(form, q, p, constant, &jet);
  double largest = 1;
  for (int which = 0; which < 1 + Q2_MAX_COORDINATES + Q2_MAX_SECOND; which++) largest = fmax(largest, fabs(*jet_element(&jet, which)));
  for (int a = 0; a < info->coordinate_count; a++) {
    const double d = jet_slope(form, q, p, constant, &q[a], 0, h);
    CHECK(fabs(d - jet.first[a]) < tolerance * largest, "%s: dE/dq%d %.15g, differences %.15g", info->name, a, jet.first[a], d);
    for (int b = 0; b <= a; b++) {
      const double e = jet_slope(form, q, p, constant, &q[a], 1 + b, h), mine = jet.second[Q2_TRIANGLE(a, b)];
      CHECK(fabs(e - mine) < tolerance * largest, "%s: d2E/dq%ddq%d %.15g, differences %.15g", info->name, a, b, mine, e);
    }
  }
  for (int s = 0; s < info->parameter_count; s++) {
    for (int which = 0; which < 1 + Q2_MAX_COORDINATES + Q2_MAX_SECOND; which++) {
      const int second = which - 1 - Q2_MAX_COORDINATES;
      if (which > 0 && which <= Q2_MAX_COORDINATES && which > info->coordinate_count) continue;
      if (second >= Q2_TRIANGLE(info->coordinate_count, 0)) continue;
      const double d = jet_slope(form, q, p, constant, &p[s], which, 1e-3), mine = jet_element_p(&jet, s, which);
      CHECK(fabs(d - mine) < tolerance * (largest + fabs(mine)), "%s: parameter %d of element %d: %.15g, differences %.15g", info->name, s, which, mine, d);
    }
  }
}

static void forms_have_their_derivatives(void) {
  const double pi = acos(-1);
  for (int trial = 0; trial < 200; trial++) {
    double distance[3] = {uniform(0.8, 3)}, bond[2] = {uniform(-100, 500), uniform(0.8, 2)};
    double angle[3] = {uniform(1, 3)}, bend[2] = {uniform(10, 100), uniform(1, pi)};
    double torsion[3] = {uniform(-pi, pi), uniform(1, 3), uniform(1, 3)}, twist[2] = {uniform(-5, 5), uniform(-pi, pi)}, n = 1 + rand() % 6;
    check_form(Q2_FORM_BOND_HARMONIC, distance, bond, NULL, 1e-2, 1e-10);
    check_form(Q2_FORM_UREY_BRADLEY, distance, bond, NULL, 1e-2, 1e-10);
    check_form(Q2_FORM_ANGLE_HARMONIC, angle, bend, NULL, 1e-2, 1e-9);
    check_form(Q2_FORM_TORSION_FOURIER, torsion, twist, &n, 1e-2, 1e-8);
    check_form(Q2_FORM_IMPROPER_FOURIER, torsion, twist, &n, 1e-2, 1e-8);
    check_form(Q2_FORM_TORSION_FADED, torsion, twist, &n, 1e-2, 1e-8);
    /* inside the regions where forms are rounded off */
    angle[0] = pi - uniform(0.1, 0.9) * Q2_STRAIGHT;
    check_form(Q2_FORM_ANGLE_HARMONIC, angle, bend, NULL, 0.05 * Q2_STRAIGHT, 1e-6);
    torsion[1] = pi - uniform(0.1, 0.9) * Q2_FADE;
    torsion[2] = pi - uniform(0.1, 0.9) * Q2_FADE;
    check_form(Q2_FORM_TORSION_FADED, torsion, twist, &n, 0.02 * Q2_FADE, 1e-7);
    check_form(Q2_FORM_IMPROPER_FADED, torsion, twist, &n, 0.02 * Q2_FADE, 1e-7);
  }
}

/* Energy, force and curvature are continuous where a form changes its expression. */
static void joints_are_smooth(void) {
  const double pi = acos(-1), step = 1e-9;
  double bend[2] = {60, 2.9}, twist[2] = {2, 0.5}, n = 3;
  struct q2_jet inside = {0}, outside = {0};
  double in[3] = {pi - Q2_STRAIGHT + step}, out[3] = {pi - Q2_STRAIGHT - step};
  q2_form_evaluate(Q2_FORM_ANGLE_HARMONIC, in, bend, NULL, &inside);
  q2_form_evaluate(Q2_FORM_ANGLE_HARMONIC, out, bend, NULL, &outside);
  CHECK_CLOSE(inside.value, outside.value, 1e-6);
  CHECK_CLOSE(inside.first[0], outside.first[0], 1e-6);
  CHECK_CLOSE(inside.second[0], outside.second[0], 1e-3);
  double fade_in[3] = {1, pi - Q2_FADE + step, 2}, fade_out[3] = {1, pi - Q2_FADE - step, 2};
  q2_form_evaluate(Q2_FORM_TORSION_FADED, fade_in, twist, &n, &inside);
  q2_form_evaluate(Q2_FORM_TORSION_FADED, fade_out, twist, &n, &outside);
  for (int which = 0; which < 10; which++) CHECK_CLOSE(*jet_element(&inside, which), *jet_element(&outside, which), 1e-4);
  /* a straight angle whose equilibrium is straight: E = k s^2 exactly, the same bending constant in both directions */
  double straight[2] = {60, pi}, at[3] = {pi - 0.004};
  q2_form_evaluate(Q2_FORM_ANGLE_HARMONIC, at, straight, NULL, &inside);
  CHECK_CLOSE(inside.value, 60 * 0.004 * 0.004, 1e-15);
  CHECK_CLOSE(inside.second[0], 120, 1e-12);
}

static void wavenumber_is_smooth(void) {
  const double c = 100; /* cm-1 per root of lambda */
  double slope, other;
  for (double sign = -1; sign <= 1; sign += 2) {
    const double joint = sign / (c * c);
    CHECK_CLOSE(q2_wavenumber(c, joint * (1 + 1e-12), &slope), q2_wavenumber(c, joint * (1 - 1e-12), &other), 1e-10);
    CHECK_CLOSE(slope, other, 1e-8 * slope);
    CHECK_CLOSE(q2_wavenumber(c, sign * 4, &slope), sign * 200, 1e-12);
  }
  CHECK_CLOSE(q2_wavenumber(c, 0, &slope), 0, 0);
  for (double x = -3; x <= 3; x += 0.17) {
    const double lambda = x / (c * c), h = 1e-6 / (c * c);
    const double d = (q2_wavenumber(c, lambda + h, &other) - q2_wavenumber(c, lambda - h, &other)) / (2 * h);
    q2_wavenumber(c, lambda, &slope);
    CHECK_CLOSE(slope, d, 1e-5 * fabs(d));
  }
}

/* --- accumulator --- */

static void sums_do_not_depend_on_order(void) {
  enum { COUNT = 20000 };
  static double x[COUNT];
  int64_t forwards[Q2_LIMBS] = {0}, backwards[Q2_LIMBS] = {0}, halves[2][Q2_LIMBS] = {{0}};
  for (int i = 0; i < COUNT; i++) x[i] = uniform(-1, 1) * pow(10, uniform(-25, 20));
  for (int i = 0; i < COUNT; i++) {
    q2_accumulate(forwards, x[i]);
    q2_accumulate(backwards, x[COUNT - 1 - i]);
    q2_accumulate(halves[i % 3 == 0], x[i]);
  }
  for (int l = 0; l < Q2_LIMBS; l++) halves[0][l] += halves[1][l];
  const double sum = q2_accumulated(forwards);
  CHECK(memcmp(&sum, &(double){q2_accumulated(backwards)}, sizeof sum) == 0);
  CHECK(memcmp(&sum, &(double){q2_accumulated(halves[0])}, sizeof sum) == 0);
  /* taking everything away again leaves exactly nothing, though each number was cut to the grid */
  for (int i = 0; i < COUNT; i++) q2_accumulate(forwards, -x[i]);
  CHECK(q2_accumulated(forwards) == 0);
}

static void sums_are_exact(void) {
  static const double single[] = {0, 1, -1, 1e-20, -3.14159e10, 0x1p91, -0x1.fffffffffffffp91, 0x1p-98, 0.1, 1e27, -0x1p-97};
  for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
    int64_t limbs[Q2_LIMBS] = {0};
    CHECK(q2_accumulable(single[i]));
    q2_accumulate(limbs, single[i]);
    CHECK(q2_accumulated(limbs) == single[i] || fabs(q2_accumulated(limbs) - single[i]) < 0x1p-97, "%a comes back as %a", single[i], q2_accumulated(limbs));
  }
  int64_t limbs[Q2_LIMBS] = {0};
  q2_accumulate(limbs, 1e25);
  q2_accumulate(limbs, 1);
  q2_accumulate(limbs, -1e25);
  CHECK(q2_accumulated(limbs) == 1);
  CHECK(!q2_accumulable(NAN) && !q2_accumulable(INFINITY) && !q2_accumulable(-INFINITY) && !q2_accumulable(0x1p92));
}

int main(void) {
  srand(20);
  coordinates_have_their_derivatives();
  torsion_sign_is_iupac();
  forms_have_their_derivatives();
  joints_are_smooth();
  wavenumber_is_smooth();
  sums_do_not_depend_on_order();
  sums_are_exact();
  return check_result();
}
