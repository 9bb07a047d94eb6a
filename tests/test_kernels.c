/* Claims: every derivative that a form reports is a derivative of its value; joints and limits are smooth; the accumulator is
 * exact on its grid and does not depend on order. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/accumulator.h"
#include "../kernels/forms.h"
#include "../kernels/stages.h"
#include "../src/cmap.h"
#include "check.h"

static double uniform(double low, double high) { return low + (high - low) * ((double)rand() / RAND_MAX); }

/* --- forms --- */

/* Not inlined: the compiler, seeing short arrays and any form, would warn of the forms that read longer ones. */
__attribute__((noinline)) static void evaluate(enum q2_form form, const double *q, const double *p, const double *constant,
                                               struct q2_jet *jet) {
  q2_form_evaluate(form, q, p, constant, jet);
}

/* Element `which` of the jet: value, first, second, third. */
enum { FIRST = 1, SECOND = FIRST + Q2_MAX_COORDINATES, THIRD = SECOND + Q2_MAX_SECOND, ELEMENTS = THIRD + Q2_MAX_THIRD };

static double *jet_element(struct q2_jet *jet, int which) {
  return which < FIRST    ? &jet->value
         : which < SECOND ? &jet->first[which - FIRST]
         : which < THIRD  ? &jet->second[which - SECOND]
                          : &jet->third[which - THIRD];
}

static double jet_element_p(const struct q2_jet *jet, int p, int which) {
  return which < FIRST ? jet->value_p[p] : which < SECOND ? jet->first_p[p][which - FIRST] : jet->second_p[p][which - SECOND];
}

/* Whether a form of so many coordinates has that element. */
static int jet_has(int coordinates, int which) {
  return which < SECOND  ? which <= coordinates
         : which < THIRD ? which - SECOND < Q2_TRIANGLE(coordinates, 0)
                         : which - THIRD < Q2_TETRAHEDRON(coordinates, 0, 0);
}

/* What the jet holds before a form fills it, so that an entry that a form forgets is seen. */
static struct q2_jet unset_jet(void) {
  struct q2_jet jet;
  double *number = (double *)&jet;
  for (size_t i = 0; i < sizeof jet / sizeof *number; i++)
    number[i] = NAN;
  return jet;
}

static double jet_slope(enum q2_form form, double *q, double *p, const double *constant, double *variable, int which,
                        double h) {
  double d[3];
  struct q2_jet up = unset_jet(), down = unset_jet();
  const double at = *variable;
  for (int i = 0; i < 3; i++, h /= 2) {
    *variable = at + h;
    evaluate(form, q, p, constant, &up);
    *variable = at - h;
    evaluate(form, q, p, constant, &down);
    d[i] = (*jet_element(&up, which) - *jet_element(&down, which)) / (2 * h);
  }
  *variable = at;
  d[0] = (4 * d[1] - d[0]) / 3;
  d[1] = (4 * d[2] - d[1]) / 3;
  return (16 * d[1] - d[0]) / 15;
}

/* tolerance: of the largest number of the jet. */
static void check_form(enum q2_form form, double *q, double *p, const double *constant, double h, double tolerance) {
  const struct q2_form_info *info = &q2_forms[form];
  const int count = info->coordinate_count;
  struct q2_jet jet = unset_jet();
  evaluate(form, q, p, constant, &jet);
  double largest = 1;
  for (int which = 0; which < ELEMENTS; which++) {
    if (jet_has(count, which)) largest = fmax(largest, fabs(*jet_element(&jet, which)));
  }
  for (int a = 0; a < count; a++) {
    const double d = jet_slope(form, q, p, constant, &q[a], 0, h);
    CHECK(fabs(d - jet.first[a]) < tolerance * largest, "%s: dE/dq%d %.15g, differences %.15g", info->name, a, jet.first[a], d);
    for (int b = 0; b <= a; b++) {
      const double e = jet_slope(form, q, p, constant, &q[a], FIRST + b, h), mine = jet.second[Q2_TRIANGLE(a, b)];
      CHECK(fabs(e - mine) < tolerance * largest, "%s: d2E/dq%ddq%d %.15g, differences %.15g", info->name, a, b, mine, e);
      for (int c = 0; c <= b; c++) {
        const double t = jet_slope(form, q, p, constant, &q[a], SECOND + Q2_TRIANGLE(b, c), h);
        const double third = jet.third[Q2_TETRAHEDRON(a, b, c)];
        CHECK(fabs(t - third) < tolerance * largest, "%s: d3E/dq%ddq%ddq%d %.15g, differences %.15g", info->name, a, b, c,
              third, t);
      }
    }
  }
  for (int s = 0; s < info->parameter_count; s++) {
    for (int which = 0; which < THIRD; which++) {
      if (!jet_has(count, which)) continue;
      const double d = jet_slope(form, q, p, constant, &p[s], which, 1e-3), mine = jet_element_p(&jet, s, which);
      CHECK(fabs(d - mine) < tolerance * (largest + fabs(mine)), "%s: parameter %d of element %d: %.15g, differences %.15g",
            info->name, s, which, mine, d);
    }
  }
}

/* What a form's coordinate or parameter may be, by its word or kind: negative force constants included, differences across the
 * plane, where forms of out-of-plane angles change their expression, excluded. */
static double any_coordinate(char letter) {
  if (letter == 'o') return (rand() % 2 ? 1 : -1) * uniform(0.02, 1.5);
  return letter == 'r' ? uniform(0.8, 3) : letter == 'a' ? uniform(1, 3) : letter == 'f' ? uniform(0, 1) : uniform(-3.1, 3.1);
}

static double any_parameter(const char *kind, size_t length) {
#define IS(NAME) (strlen(NAME) == length && strncmp(kind, NAME, length) == 0)
  if (IS("bond_eq") || IS("urey_bradley_eq")) return uniform(0.8, 2);
  if (IS("angle_eq")) return uniform(1, acos(-1));
  if (IS("morse_a")) return uniform(0.5, 2.5);
  return uniform(-100, 100);
#undef IS
}

enum { POINTS = 12 };

/* A rough CMAP grid as the form takes it. */
static const double *rough_grid(void) {
  static double table[Q2_CMAP_REALS(POINTS)];
  double grid[POINTS * POINTS];
  for (int k = 0; k < POINTS * POINTS; k++)
    grid[k] = uniform(-2, 2);
  q2_cmap_spline(POINTS, grid, table);
  return table;
}

/* Every row of the registry, as it is: no form can be forgotten. */
static void forms_have_their_derivatives(void) {
  for (int trial = 0; trial < 200; trial++) {
    for (int form = 0; form < Q2_FORM_COUNT; form++) {
      double q[Q2_MAX_COORDINATES] = {0}, p[Q2_MAX_PARAMETERS] = {0}, constant[Q2_MAX_CONSTANTS] = {0};
      const char *word = q2_forms[form].coordinates, *kind = q2_forms[form].parameter_kinds;
      for (int c = 0; c < q2_forms[form].coordinate_count; c++, word += strcspn(word, " ") + 1)
        q[c] = any_coordinate(*word);
      for (int s = 0; s < q2_forms[form].parameter_count; s++, kind += strcspn(kind, " ") + 1)
        p[s] = any_parameter(kind, strcspn(kind, " "));
      constant[0] = strcmp(q2_forms[form].constant_meanings, "sextic") == 0 ? 2.2e-8 : 1 + rand() % 6;
      const int grid = q2_form_takes_grid(form);
      for (int c = 0; grid && c < 2; c++)
        q[c] = (rand() % POINTS + uniform(0.05, 0.95)) * 2 * acos(-1) / POINTS - acos(-1); /* within one cell */
      if (form == Q2_FORM_IMPROPER_HARMONIC || form == Q2_FORM_IMPROPER_HARMONIC_FADED)
        p[1] = q[0] + uniform(-3, 3) + 2 * acos(-1) * (rand() % 3 - 1);
      check_form(form, q, p, grid ? rough_grid() : constant, 1e-2, 1e-8);
    }
  }
}

/* The same inside the region where angles are rounded off, for every form of an angle. */
static void rounded_forms_have_their_derivatives(void) {
  const double pi = acos(-1), sextic = 9e-10;
  for (int trial = 0; trial < 200; trial++) {
    double q[3] = {pi - uniform(0.1, 0.9) * Q2_STRAIGHT, 0, 0}, bend[2] = {uniform(-100, 100), uniform(1, pi)};
    check_form(Q2_FORM_ANGLE_HARMONIC, q, bend, NULL, 0.05 * Q2_STRAIGHT, 1e-6);
    check_form(Q2_FORM_ANGLE_MM3, q, bend, &sextic, 0.05 * Q2_STRAIGHT, 1e-6);
    check_form(Q2_FORM_ANGLE_COSINE, q, bend, NULL, 0.05 * Q2_STRAIGHT, 1e-6);
    double cross[3] = {uniform(1, 2), uniform(1, 2), q[0]},
           stretch_bend[4] = {uniform(-50, 50), uniform(1, 2), uniform(1, 2), uniform(1, pi)};
    check_form(Q2_FORM_STRETCH_BEND, cross, stretch_bend, NULL, 0.05 * Q2_STRAIGHT, 1e-6);
    double both[3] = {q[0], pi - uniform(0.1, 0.9) * Q2_STRAIGHT},
           bend_bend[3] = {uniform(-50, 50), uniform(1, pi), uniform(1, pi)};
    check_form(Q2_FORM_BEND_BEND, both, bend_bend, NULL, 0.05 * Q2_STRAIGHT, 1e-6);
    /* and of forms that change their expression in the plane, or have a small coordinate there */
    double flat[3] = {uniform(-0.02, 0.02)}, k[1] = {uniform(-100, 100)};
    check_form(Q2_FORM_OUT_OF_PLANE_MM3, flat, k, &sextic, fabs(flat[0]) / 4, 1e-7);
  }
}

/* And with differences that reach over the special places themselves: 180 degrees, where angles go on as their mirror image,
 * and the plane of four atoms. */
static void forms_go_on_across_special_places(void) {
  const double pi = acos(-1), sextic = 9e-10;
  for (int trial = 0; trial < 50; trial++) {
    double straight[3] = {pi, uniform(1, 3), pi}, lengths[3] = {uniform(1, 2), uniform(1, 2), pi},
           bend[2] = {uniform(-100, 100), trial % 2 ? pi : uniform(1, pi)},
           bend_bend[3] = {uniform(-50, 50), uniform(1, pi), uniform(1, pi)},
           stretch_bend[4] = {uniform(-50, 50), uniform(1, 2), uniform(1, 2), uniform(1, pi)};
    check_form(Q2_FORM_ANGLE_HARMONIC, straight, bend, NULL, 0.2 * Q2_STRAIGHT, 1e-6);
    check_form(Q2_FORM_ANGLE_MM3, straight, bend, &sextic, 0.2 * Q2_STRAIGHT, 1e-6);
    check_form(Q2_FORM_ANGLE_COSINE, straight, bend, NULL, 0.01, 1e-8);
    check_form(Q2_FORM_STRETCH_BEND, lengths, stretch_bend, NULL, 0.2 * Q2_STRAIGHT, 1e-6);
    check_form(Q2_FORM_BEND_BEND, straight, bend_bend, NULL, 0.2 * Q2_STRAIGHT, 1e-6);
    for (int turn = -1; turn <= 1; turn++) {
      const double periodicity = 1 + trial % 6;
      double flat[3] = {turn * pi, uniform(1, 2), 0}, v[4] = {uniform(-9, 9), uniform(-9, 9), uniform(-9, 9), 1.4},
             fourier[2] = {uniform(-9, 9), uniform(-3, 3)}, improper[2] = {uniform(-9, 9), turn * pi + uniform(-3, 3)};
      check_form(Q2_FORM_TORSION_FOURIER, flat, fourier, &periodicity, 1e-2, 1e-8);
      check_form(Q2_FORM_IMPROPER_FOURIER, flat, fourier, &periodicity, 1e-2, 1e-8);
      check_form(Q2_FORM_TORSION_MM3, flat, v, NULL, 1e-2, 1e-8);
      check_form(Q2_FORM_TORSION_STRETCH, flat, v, NULL, 1e-2, 1e-8);
      check_form(Q2_FORM_IMPROPER_HARMONIC, flat, improper, NULL, 1e-2, 1e-8);
    }
    double plane[3] = {0}, k[1] = {uniform(-100, 100)};
    check_form(Q2_FORM_OUT_OF_PLANE_HARMONIC, plane, k, NULL, 1e-2, 1e-8);
  }
}

/* Each form has as many coordinates, parameter kinds and constants as its row says, and its words fit its atoms. */
static void registry_is_consistent(void) {
  for (int form = 0; form < Q2_FORM_COUNT; form++) {
    const struct q2_form_info *info = &q2_forms[form];
    const char *lists[] = {info->coordinates, info->parameter_kinds, info->constant_meanings};
    const int counts[] = {info->coordinate_count, info->parameter_count, info->constant_count};
    for (int list = 0; list < 3; list++) {
      int words = lists[list][0] != 0;
      for (const char *c = lists[list]; *c; c++)
        words += *c == ' ';
      CHECK(words == counts[list], "%s: %d words in '%s', %d announced", info->name, words, lists[list], counts[list]);
    }
    CHECK(info->coordinate_count <= Q2_MAX_COORDINATES && info->parameter_count <= Q2_MAX_PARAMETERS);
    CHECK(info->constant_count <= Q2_MAX_CONSTANTS && info->atom_count <= Q2_MAX_TERM_ATOMS);
    int used = 0;
    for (const char *c = info->coordinates; *c; c++) {
      if (*c >= '0' && *c <= '9') used |= 1 << (*c - '0');
    }
    CHECK(used == (1 << info->atom_count) - 1, "%s: '%s' is not on %d atoms", info->name, info->coordinates, info->atom_count);
    CHECK(q2_form_find(info->name) == form);
    CHECK(q2_form_plain(form) >= 0 && strchr(q2_forms[q2_form_plain(form)].name, '*') == NULL);
    CHECK((q2_form_plain(form) == form) == (strchr(info->name, '*') == NULL));
    if (!strchr(info->coordinates, 't') || q2_form_plain(form) != form) continue;
    if (form == Q2_FORM_TORSION_FOURIER_UNFADED) { /* the one that does not, as its name says */
      CHECK(q2_form_faded(form) < 0);
      continue;
    }
    const int faded = q2_form_faded(form); /* what is made of torsions fades, over the whole chain of its atoms */
    char expected[64];
    snprintf(expected, sizeof expected, "%s f%.*s", info->coordinates, info->atom_count, "01234");
    CHECK(faded >= 0 && strcmp(q2_forms[faded].coordinates, expected) == 0, "%s does not fade with '%s'", info->name, expected);
  }
}

/* What the equations say, at points where the value is known. */
static void forms_have_their_values(void) {
  const double pi = acos(-1), degree = pi / 180;
  struct q2_jet jet, other;
  double d = 0.1, q[3] = {1.5 + d}, bond[2] = {300, 1.5};
  evaluate(Q2_FORM_BOND_MM3, q, bond, NULL, &jet);
  CHECK_CLOSE(jet.value, 300 * d * d * (1 - 2.55 * d + 7.0 / 12 * 2.55 * 2.55 * d * d), 1e-12);
  const double a = 2.55, depth = bond[0] / (a * a); /* k = D a^2; MM3 is that Morse curve to fourth order */
  double morse[3] = {depth, a, 1.5}, near[3] = {1.5};
  evaluate(Q2_FORM_BOND_MORSE, near, morse, NULL, &other);
  CHECK_CLOSE(other.second[0], 2 * bond[0], 1e-10);
  evaluate(Q2_FORM_BOND_MM3, near, bond, NULL, &jet);
  CHECK_CLOSE(jet.third[0], other.third[0], 1e-9);
  const double sextic = 9e-10, bend[2] = {50, 109 * degree}, angle[3] = {121 * degree};
  evaluate(Q2_FORM_ANGLE_MM3, angle, bend, &sextic, &jet);
  const double t = 12;
  CHECK_CLOSE(jet.value, 50 * pow(t * degree, 2) * (1 - 0.014 * t + 5.6e-5 * t * t - 7e-7 * t * t * t + 9e-10 * t * t * t * t),
              1e-12);
  const double barrier[3] = {2, 3, 5}, cis[3] = {0}, gauche[3] = {pi / 3}, trans[3] = {pi};
  evaluate(Q2_FORM_TORSION_MM3, cis, barrier, NULL, &jet);
  CHECK_CLOSE(jet.value, 2 + 5, 1e-14);
  CHECK_CLOSE(jet.first[0], 0, 0);
  evaluate(Q2_FORM_TORSION_MM3, gauche, barrier, NULL, &jet);
  CHECK_CLOSE(jet.value, 1 * 1.5 + 1.5 * 1.5 + 0, 1e-14);
  evaluate(Q2_FORM_TORSION_MM3, trans, barrier, NULL, &jet);
  CHECK_CLOSE(jet.value, 0, 1e-14);
  const double improper[2] = {7, 3.0}, across[3] = {-3.1}; /* 0.183 further on, over the branch cut */
  evaluate(Q2_FORM_IMPROPER_HARMONIC, across, improper, NULL, &jet);
  CHECK_CLOSE(jet.value, 7 * pow(2 * pi - 6.1, 2), 1e-12);
  CHECK_CLOSE(jet.first[0], 14 * (2 * pi - 6.1), 1e-12);
  const double stretched[3] = {0.7, 1.62}, torsion_stretch[4] = {2, 3, 5, 1.5};
  evaluate(Q2_FORM_TORSION_MM3, stretched, barrier, NULL, &other);
  evaluate(Q2_FORM_TORSION_STRETCH, stretched, torsion_stretch, NULL, &jet);
  CHECK_CLOSE(jet.value, 0.12 * other.value, 1e-14);
  const double two[3] = {1.9, 2.2}, bend_bend[3] = {-6, 1.8, 2.5};
  evaluate(Q2_FORM_BEND_BEND, two, bend_bend, NULL, &jet);
  CHECK_CLOSE(jet.value, -6 * 0.1 * -0.3, 1e-14);
  const double three[3] = {1.6, 1.3, 2.0}, stretch_bend[4] = {10, 1.5, 1.5, 1.8};
  evaluate(Q2_FORM_STRETCH_BEND, three, stretch_bend, NULL, &jet);
  CHECK_CLOSE(jet.value, 10 * (0.1 - 0.2) * 0.2, 1e-14);
}

/* Energy, force and curvature are continuous where a form changes its expression; so are the derivatives in its parameters. */
static void joints_are_smooth(void) {
  const double pi = acos(-1), step = 1e-9;
  const double bend[4] = {60, 2.9}, cross[4] = {30, 1.1, 1.2, 1.9}, sextic = 2.2e-8;
  struct q2_jet inside = {0}, outside = {0};
  static const struct {
    enum q2_form form;
    int angle;
  } joints[] = {{Q2_FORM_ANGLE_HARMONIC, 0}, {Q2_FORM_ANGLE_MM3, 0}, {Q2_FORM_ANGLE_COSINE, 0},
                {Q2_FORM_STRETCH_BEND, 2},   {Q2_FORM_BEND_BEND, 0}, {Q2_FORM_BEND_BEND, 1}};
  for (size_t j = 0; j < sizeof joints / sizeof *joints; j++) {
    const enum q2_form form = joints[j].form;
    double in[3] = {1.3, 1.3, 1.3}, out[3] = {1.3, 1.3, 1.3};
    in[joints[j].angle] = pi - Q2_STRAIGHT + step;
    out[joints[j].angle] = pi - Q2_STRAIGHT - step;
    evaluate(form, in, q2_forms[form].parameter_count > 2 ? cross : bend, &sextic, &inside);
    evaluate(form, out, q2_forms[form].parameter_count > 2 ? cross : bend, &sextic, &outside);
    for (int which = 0; which < ELEMENTS; which++) {
      if (!jet_has(q2_forms[form].coordinate_count, which)) continue;
      const double here = *jet_element(&inside, which), there = *jet_element(&outside, which);
      const double slack =
          which < THIRD ? 1e-4 * (1 + fabs(here)) : 1e-6 * 60 / (Q2_STRAIGHT * Q2_STRAIGHT); /* the fourth jumps */
      CHECK(fabs(here - there) <= slack, "%s: element %d: %.10g, %.10g", q2_forms[form].name, which, here, there);
      for (int s = 0; which < THIRD && s < q2_forms[form].parameter_count; s++) {
        CHECK_CLOSE(jet_element_p(&inside, s, which), jet_element_p(&outside, s, which),
                    1e-4 * (1 + fabs(jet_element_p(&inside, s, which))));
      }
    }
  }
  /* a straight angle whose equilibrium is straight: E = k s^2 exactly, the same bending constant in both directions */
  double straight[2] = {60, pi}, at[3] = {pi - 0.004};
  evaluate(Q2_FORM_ANGLE_HARMONIC, at, straight, NULL, &inside);
  CHECK_CLOSE(inside.value, 60 * 0.004 * 0.004, 1e-15);
  CHECK_CLOSE(inside.second[0], 120, 1e-12);
  /* at 180 degrees, forces vanish whatever the equilibrium, so that f' D stays finite */
  double end[3] = {pi, 1.3, pi};
  evaluate(Q2_FORM_ANGLE_HARMONIC, end, bend, NULL, &inside);
  CHECK_CLOSE(inside.first[0], 0, 1e-13);
  evaluate(Q2_FORM_ANGLE_MM3, end, bend, &sextic, &inside);
  CHECK_CLOSE(inside.first[0], 0, 1e-13);
  evaluate(Q2_FORM_ANGLE_COSINE, end, bend, NULL, &inside);
  CHECK_CLOSE(inside.first[0], 0, 1e-13);
  evaluate(Q2_FORM_STRETCH_BEND, end, cross, NULL, &inside);
  CHECK_CLOSE(inside.first[2], 0, 1e-13);
  CHECK_CLOSE(inside.second[Q2_TRIANGLE(2, 0)], 0, 1e-13);
  evaluate(Q2_FORM_BEND_BEND, end, cross, NULL, &inside);
  CHECK_CLOSE(inside.first[0], 0, 1e-13);
  CHECK_CLOSE(inside.second[Q2_TRIANGLE(1, 0)], 0, 1e-13);
  const double other_end[3] = {1.3, pi};
  evaluate(Q2_FORM_BEND_BEND, other_end, cross, NULL, &inside);
  CHECK_CLOSE(inside.first[1], 0, 1e-13);
  CHECK_CLOSE(inside.second[Q2_TRIANGLE(1, 0)], 0, 1e-13);
}

/* A CMAP's spline goes through its grid, repeats after a turn, has two continuous derivatives across every line of the grid,
 * and finds a smooth function between the points: with phi along rows. */
static void cmap_is_a_smooth_map(void) {
  enum { FINE = 48 };
  static double grid[FINE * FINE], table[Q2_CMAP_REALS(FINE)];
  const double pi = acos(-1), h = 2 * pi / FINE, one[1] = {1}, step = 1e-9;
  for (int i = 0; i < FINE; i++) {
    for (int j = 0; j < FINE; j++)
      grid[FINE * i + j] = sin(i * h - pi) + cos(2 * (j * h - pi)) + 0.5 * cos(i * h + j * h - 1);
  }
  q2_cmap_spline(FINE, grid, table);
  for (int trial = 0; trial < 200; trial++) {
    struct q2_jet jet, other;
    const int i = rand() % FINE, j = rand() % FINE;
    const double at[3] = {i * h - pi, j * h - pi}, turned[3] = {at[0] + 2 * pi, at[1] - 4 * pi};
    evaluate(Q2_FORM_CMAP, at, one, table, &jet);
    CHECK_CLOSE(jet.value, grid[FINE * i + j], 1e-12);
    evaluate(Q2_FORM_CMAP, turned, one, table, &other);
    CHECK_CLOSE(jet.value, other.value, 1e-12);
    const double phi = uniform(-pi, pi), psi = uniform(-pi, pi), q[3] = {phi, psi}, mixed = phi + psi + 2 * pi - 1;
    evaluate(Q2_FORM_CMAP, q, one, table, &jet);
    CHECK_CLOSE(jet.value, sin(phi) + cos(2 * psi) + 0.5 * cos(mixed), 3e-5);
    CHECK_CLOSE(jet.first[0], cos(phi) - 0.5 * sin(mixed), 3e-4);
    CHECK_CLOSE(jet.first[1], -2 * sin(2 * psi) - 0.5 * sin(mixed), 3e-4);
    CHECK_CLOSE(jet.second[1], -0.5 * cos(mixed), 1e-2);
    CHECK_CLOSE(jet.second[2], -4 * cos(2 * psi) - 0.5 * cos(mixed), 3e-2);
    const double *rough = rough_grid();
    const double edge = (rand() % (POINTS + 1)) * 2 * pi / POINTS - pi;
    for (int c = 0; c < 2; c++) {
      double before[3] = {phi, psi}, after[3] = {phi, psi};
      before[c] = edge - step;
      after[c] = edge + step;
      evaluate(Q2_FORM_CMAP, before, one, rough, &jet);
      evaluate(Q2_FORM_CMAP, after, one, rough, &other);
      for (int which = 0; which < THIRD; which++) {
        if (jet_has(2, which)) CHECK_CLOSE(*jet_element(&jet, which), *jet_element(&other, which), 1e-5);
      }
    }
  }
}

/* In the plane the out-of-plane forms join with two continuous derivatives, and are even. */
static void out_of_plane_forms_join(void) {
  const double k[1] = {20}, sextic = 2.2e-8, degree = acos(-1) / 180, t = 8;
  const double above[3] = {1e-9}, below[3] = {-1e-9}, in[3] = {0}, q[3] = {-t * degree};
  struct q2_jet up, down, flat, jet;
  evaluate(Q2_FORM_OUT_OF_PLANE_MM3, above, k, &sextic, &up);
  evaluate(Q2_FORM_OUT_OF_PLANE_MM3, below, k, &sextic, &down);
  evaluate(Q2_FORM_OUT_OF_PLANE_MM3, in, k, &sextic, &flat);
  CHECK(up.value == down.value && up.first[0] == -down.first[0] && up.second[0] == down.second[0]);
  CHECK_CLOSE(flat.second[0], 40, 1e-13);
  CHECK_CLOSE(up.second[0], 40, 1e-6);
  CHECK(flat.first[0] == 0 && flat.third[0] == 0);
  evaluate(Q2_FORM_OUT_OF_PLANE_MM3, q, k, &sextic, &jet);
  CHECK_CLOSE(jet.value, 20 * pow(t * degree, 2) * (1 - 0.014 * t + 5.6e-5 * t * t - 7e-7 * t * t * t + 2.2e-8 * t * t * t * t),
              1e-13);
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
  for (int i = 0; i < COUNT; i++)
    x[i] = uniform(-1, 1) * pow(10, uniform(-25, 20));
  for (int i = 0; i < COUNT; i++) {
    q2_accumulate(forwards, x[i]);
    q2_accumulate(backwards, x[COUNT - 1 - i]);
    q2_accumulate(halves[i % 3 == 0], x[i]);
  }
  for (int l = 0; l < Q2_LIMBS; l++)
    halves[0][l] += halves[1][l];
  const double sum = q2_accumulated(forwards);
  CHECK(memcmp(&sum, &(double){q2_accumulated(backwards)}, sizeof sum) == 0);
  CHECK(memcmp(&sum, &(double){q2_accumulated(halves[0])}, sizeof sum) == 0);
  /* taking everything away again leaves exactly nothing, though each number was cut to the grid */
  for (int i = 0; i < COUNT; i++)
    q2_accumulate(forwards, -x[i]);
  CHECK(q2_accumulated(forwards) == 0);
}

static void sums_are_exact(void) {
  static const double single[] = {0, 1, -1, 1e-20, -3.14159e10, 0x1p91, -0x1.fffffffffffffp91, 0x1p-98, 0.1, 1e27, -0x1p-97};
  for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
    int64_t limbs[Q2_LIMBS] = {0};
    CHECK(q2_accumulable(single[i]));
    q2_accumulate(limbs, single[i]);
    CHECK(q2_accumulated(limbs) == single[i] || fabs(q2_accumulated(limbs) - single[i]) < 0x1p-97, "%a comes back as %a",
          single[i], q2_accumulated(limbs));
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
  registry_is_consistent();
  forms_have_their_derivatives();
  rounded_forms_have_their_derivatives();
  forms_go_on_across_special_places();
  forms_have_their_values();
  joints_are_smooth();
  out_of_plane_forms_join();
  cmap_is_a_smooth_map();
  wavenumber_is_smooth();
  sums_do_not_depend_on_order();
  sums_are_exact();
  return check_result();
}
