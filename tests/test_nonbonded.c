/* Claims: the derivatives of every pair form, of Coulomb's 1/r and of the combining rules are those of their values, by
 * differences; exp6_mm3 joins its wall with two continuous derivatives, at the constants that its equations give, and rises
 * without a break towards r = 0; exp6_q2mm has q2mm's wall. */
#include <string.h>

#include "../kernels/nonbonded.h"
#include "check.h"

/* One function of a pair at distance r, of which derivatives are checked. */
enum member { VALUE, FIRST, SECOND, THIRD };

struct point {
  enum q2_pair_form form;
  double r, p[2];
};

static double member_of(const struct point *at, enum member member) {
  struct q2_pair_jet jet = {0};
  q2_pair_form_evaluate(at->form, 1 / at->r, at->p, &jet);
  const double members[] = {jet.value, jet.first, jet.second, jet.third};
  return members[member];
}

/* The derivative of a member in *variable, a part of *at, by central differences of sixth order. */
static double difference(struct point *at, double *variable, enum member member) {
  const double weights[] = {45.0 / 60, -9.0 / 60, 1.0 / 60}, here = *variable, step = 2e-3 * here;
  double sum = 0;
  for (int k = 0; k < 3; k++) {
    for (int side = -1; side <= 1; side += 2) {
      *variable = here + side * (k + 1) * step;
      sum += side * weights[k] * member_of(at, member);
    }
  }
  *variable = here;
  return sum / step;
}

/* Compares an analytical derivative with differences; `size` is what the member is made of, before its parts cancel. */
static void compare(const struct point *at, const char *what, double found, double expected, double size) {
  CHECK(fabs(found - expected) <= 1e-9 * size, "%s, r %g: %s: %.15g, by differences %.15g", q2_pair_forms[at->form].name, at->r,
        what, found, expected);
}

static void derivatives_at(enum q2_pair_form form, double r, double first, double second) {
  struct point at = {form, r, {first, second}};
  struct q2_pair_jet jet = {0};
  q2_pair_form_evaluate(form, 1 / r, at.p, &jet);
  const double size = fabs(jet.value) + r * fabs(jet.first) + r * r * fabs(jet.second) + r * r * r * fabs(jet.third);
  compare(&at, "first", jet.first, difference(&at, &at.r, VALUE), size / r);
  compare(&at, "second", jet.second, difference(&at, &at.r, FIRST), size / (r * r));
  compare(&at, "third", jet.third, difference(&at, &at.r, SECOND), size / (r * r * r));
  for (int s = 0; s < 2; s++) {
    const double p = at.p[s];
    compare(&at, "value_p", jet.value_p[s], difference(&at, &at.p[s], VALUE), size / p);
    compare(&at, "first_p", jet.first_p[s], difference(&at, &at.p[s], FIRST), size / (r * p));
    compare(&at, "second_p", jet.second_p[s], difference(&at, &at.p[s], SECOND), size / (r * r * p));
  }
}

/* From deep in the wall to far out; differences stay on one side of a joint. */
static void derivatives_are_right(void) {
  static const double reduced[] = {0.05, 0.2, 0.33, 0.345, 0.39, 0.41, 0.6, 0.9, 1.0, 1.2, 2.5};
  for (size_t k = 0; k < sizeof reduced / sizeof *reduced; k++) {
    derivatives_at(Q2_PAIR_FORM_LENNARD_JONES, 3.2 * reduced[k], 0.11, 3.2);
    derivatives_at(Q2_PAIR_FORM_EXP6_MM3, 3.7 * reduced[k], 0.056, 3.7);
    derivatives_at(Q2_PAIR_FORM_EXP6_Q2MM, 3.7 * reduced[k], 0.056, 3.7);
    derivatives_at(Q2_PAIR_FORM_HYDROGEN_12_10, 2.0 * reduced[k], 20480, 6144);
  }
}

/* E, E' and E'' of both sides agree at the joint, and E''' is what the header says. */
static void joint_is_smooth(void) {
  const double rv = 3.7, epsilon = 0.056, jump[2] = {-739051, 246429};
  struct point at = {Q2_PAIR_FORM_EXP6_MM3, 0, {epsilon, rv}};
  double side[2][4];
  for (int outside = 0; outside < 2; outside++) {
    at.r = rv * Q2_EXP6_JOINT * (1 + (outside ? 1e-15 : -1e-15));
    for (int n = 0; n < 4; n++)
      side[outside][n] = member_of(&at, (enum member)n) / epsilon * pow(rv, n);
    CHECK_CLOSE(side[outside][3], jump[outside], 1.0);
  }
  for (int n = 0; n < 3; n++)
    CHECK_CLOSE(side[0][n] / side[1][n], 1, 1e-11);
}

/* The constants of the wall follow from the form outside: x F'' = -3 F' at the joint, by bisection. */
static void wall_follows_from_the_form(void) {
  double low = 0.36, high = 0.45, shape[4];
  for (int k = 0; k < 100; k++) {
    const double x = (low + high) / 2;
    q2_exp6_shape(x, 1 / x, shape);
    if (x * shape[2] + 3 * shape[1] < 0)
      low = x;
    else
      high = x;
  }
  q2_exp6_shape(low, 1 / low, shape);
  const double slope = -shape[1] * low * low * low / 2;
  CHECK_CLOSE(low, Q2_EXP6_JOINT, 1e-14);
  CHECK_CLOSE(slope, Q2_EXP6_WALL_SLOPE, 1e-9);
  CHECK_CLOSE(shape[0] - slope / (low * low), Q2_EXP6_WALL_OFFSET, 1e-9);
}

/* Towards r = 0 the energy of exp6_mm3 rises and its curvature stays positive; MM3's own falls. */
static void wall_is_repulsive(void) {
  double last = -INFINITY, shape[4];
  for (double x = 0.9; x > 1e-3; x *= 0.99) {
    struct point at = {Q2_PAIR_FORM_EXP6_MM3, 4 * x, {1, 4}};
    CHECK(member_of(&at, VALUE) > last && member_of(&at, FIRST) < 0 && member_of(&at, SECOND) > 0, "at %g", x);
    last = member_of(&at, VALUE);
  }
  q2_exp6_shape(0.2, 5, shape);
  CHECK(shape[0] < 0 && shape[1] > 0, "%g", shape[0]);
}

/* q2mm's numbers, from its formula at 3.7 angstrom: 1654 outside 0.34 rv, 3111 inside; r^-12 below. */
static void q2mm_has_its_wall(void) {
  struct point at = {Q2_PAIR_FORM_EXP6_Q2MM, 3.7 * 0.34 * (1 + 1e-12), {2, 3.7}};
  CHECK_CLOSE(member_of(&at, VALUE) / 2, 1654.4786204668697, 1e-6);
  at.r = 3.7 * 0.34 * (1 - 1e-12);
  CHECK_CLOSE(member_of(&at, VALUE) / 2, 3110.9736800977685, 1e-6);
  at.r = 3.7 * 0.17;
  CHECK_CLOSE(member_of(&at, VALUE) / 2, 184000 * exp(-4.08) * 4096, 1e-6);
}

/* Known points: the minimum of Lennard-Jones and of a hydrogen bond, MM3's well, and one pair as MacroModel prints it (rv 3.93
 * angstrom, epsilon 0.1646 kcal/mol, r 4.020 angstrom: -0.761 kJ/mol). */
static void values_are_right(void) {
  struct point at = {Q2_PAIR_FORM_LENNARD_JONES, 3.2 * pow(2, 1.0 / 6), {0.11, 3.2}};
  CHECK_CLOSE(member_of(&at, VALUE), -0.11, 1e-15);
  CHECK_CLOSE(member_of(&at, FIRST), 0, 1e-14);
  at = (struct point){Q2_PAIR_FORM_HYDROGEN_12_10, 2, {5 * 0.7 * 4096, 6 * 0.7 * 1024}};
  CHECK_CLOSE(member_of(&at, VALUE), -0.7, 1e-14);
  CHECK_CLOSE(member_of(&at, FIRST), 0, 1e-13);
  at = (struct point){Q2_PAIR_FORM_EXP6_MM3, 4.020, {0.1646, 3.93}};
  CHECK_CLOSE(member_of(&at, VALUE) * 4.184, -0.761, 5e-4);
  at.form = Q2_PAIR_FORM_EXP6_Q2MM;
  CHECK_CLOSE(member_of(&at, VALUE) * 4.184, -0.761, 5e-4);
}

static void coulomb_is_right(void) {
  double shape[4];
  q2_coulomb(0.4, shape);
  for (int n = 0; n < 4; n++)
    CHECK_CLOSE(shape[n], pow(-1, n) * tgamma(n + 1) * pow(0.4, n + 1), 1e-15);
}

static void rules_are_right(void) {
  const double a[2] = {0.02, 1.62}, b[2] = {0.15, 2.04}, sizes[] = {sqrt(1.62 * 2.04), 1.83, 3.66}, step = 1e-4;
  for (int rule = 0; rule < Q2_COMBINING_COUNT; rule++) {
    struct q2_combined pair[2], more[2], less[2];
    q2_combine((enum q2_combining_rule)rule, a, b, pair);
    CHECK_CLOSE(pair[0].value, sqrt(0.003), 1e-16);
    CHECK_CLOSE(pair[1].value, sizes[rule], 1e-15);
    for (int s = 0; s < 2; s++) {
      for (int atom = 0; atom < 2; atom++) {
        const double scale = atom ? b[s] : a[s];
        double up[2][2] = {{a[0], a[1]}, {b[0], b[1]}}, down[2][2] = {{a[0], a[1]}, {b[0], b[1]}};
        up[atom][s] *= 1 + step;
        down[atom][s] *= 1 - step;
        q2_combine((enum q2_combining_rule)rule, up[0], up[1], more);
        q2_combine((enum q2_combining_rule)rule, down[0], down[1], less);
        CHECK_CLOSE(atom ? pair[s].by_second : pair[s].by_first, (more[s].value - less[s].value) / (2 * step * scale), 1e-8);
      }
    }
  }
}

/* Nothing infinite comes of a parameter at zero. */
static void zeros_stay_finite(void) {
  const double none[2] = {0, 0}, some[2] = {0.1, 1.7};
  for (int rule = 0; rule < Q2_COMBINING_COUNT; rule++) {
    struct q2_combined pair[2];
    q2_combine((enum q2_combining_rule)rule, none, some, pair);
    CHECK(pair[0].value == 0 && pair[0].by_first == 0 && pair[0].by_second == 0 && isfinite(pair[1].by_first));
  }
  struct q2_pair_jet jet = {0};
  q2_pair_form_evaluate(Q2_PAIR_FORM_LENNARD_JONES, 0.3, none, &jet);
  CHECK(jet.value == 0 && jet.second == 0 && jet.value_p[1] == 0 && jet.second_p[1] == 0);
}

static void names_are_found(void) {
  CHECK(q2_pair_form_find("exp6_mm3") == Q2_PAIR_FORM_EXP6_MM3 && q2_pair_form_find("exp6") == -1);
  CHECK(q2_combining_rule_find("mm3") == Q2_COMBINING_MM3 && q2_combining_rule_find("") == -1);
  CHECK(strcmp(q2_pair_forms[Q2_PAIR_FORM_HYDROGEN_12_10].type_kinds, "") == 0);
}

int main(void) {
  derivatives_are_right();
  joint_is_smooth();
  wall_follows_from_the_form();
  wall_is_repulsive();
  q2mm_has_its_wall();
  values_are_right();
  coulomb_is_right();
  rules_are_right();
  zeros_stay_finite();
  names_are_found();
  return check_result();
}
