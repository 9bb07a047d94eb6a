/* Non-bonded pairs: the energy of two atoms as a function of their distance r and of two parameters, with the derivatives that
 * a Hessian, its parameter gradient and a moving geometry need; and the rules that make a pair's parameters from those of its
 * atoms. Adding a form is one function here and one row in Q2_PAIR_FORMS (and a row in docs/forces.md).
 *
 * Energies in kcal/mol, distances in angstrom. Functions take 1/r, which the tables of pairs hold. */
#ifndef Q2_NONBONDED_H
#define Q2_NONBONDED_H

#include "portable.h"

/* A pair's energy, its derivatives in r, and the derivatives in its two parameters of the value and the first two. */
struct q2_pair_jet {
  q2_real value, first, second, third;
  q2_real value_p[2], first_p[2], second_p[2];
};

/* --- forms --- */

/* E = 4 epsilon ((sigma/r)^12 - (sigma/r)^6); p = {epsilon, sigma}. */
Q2_DEVICE void q2_pair_lennard_jones(q2_real inverse, const q2_real p[2], struct q2_pair_jet *jet) {
  const q2_real epsilon = p[0], u = p[1] * inverse, u2 = u * u, u5 = u2 * u2 * u, u6 = u5 * u, u11 = u6 * u5, u12 = u6 * u6;
  const q2_real i1 = 4 * inverse, i2 = i1 * inverse, i3 = i2 * inverse;
  jet->value_p[0] = 4 * (u12 - u6);
  jet->first_p[0] = i1 * (6 * u6 - 12 * u12);
  jet->second_p[0] = i2 * (156 * u12 - 42 * u6);
  jet->value = epsilon * jet->value_p[0];
  jet->first = epsilon * jet->first_p[0];
  jet->second = epsilon * jet->second_p[0];
  jet->third = epsilon * i3 * (336 * u6 - 2184 * u12);
  jet->value_p[1] = epsilon * i1 * (12 * u11 - 6 * u5);
  jet->first_p[1] = epsilon * i2 * (36 * u5 - 144 * u11);
  jet->second_p[1] = epsilon * i3 * (1872 * u11 - 252 * u5);
}

/* E = epsilon F(x), x = r / rv; p = {epsilon, rv}, rv above 0; shape: F and its first three derivatives in x. */
Q2_DEVICE void q2_pair_reduced(q2_real x, const q2_real p[2], const q2_real shape[4], struct q2_pair_jet *jet) {
  const q2_real epsilon = p[0], u = 1 / p[1], u2 = u * u, u3 = u2 * u;
  jet->value_p[0] = shape[0];
  jet->first_p[0] = shape[1] * u;
  jet->second_p[0] = shape[2] * u2;
  jet->value = epsilon * jet->value_p[0];
  jet->first = epsilon * jet->first_p[0];
  jet->second = epsilon * jet->second_p[0];
  jet->third = epsilon * shape[3] * u3;
  jet->value_p[1] = -epsilon * x * shape[1] * u;
  jet->first_p[1] = -epsilon * (shape[1] + x * shape[2]) * u2;
  jet->second_p[1] = -epsilon * (2 * shape[2] + x * shape[3]) * u3;
}

/* F = 184000 exp(-12 x) - 2.25 / x^6 and its first three derivatives; y = 1/x. J.-H. Lii, N. L. Allinger, J. Am. Chem. Soc.
 * 1989, 111, 8576. It is convex between x = 0.355113507 and 1.12, has its minimum of -1.119 at x = 1.00098, a maximum at x =
 * 0.302 and falls to minus infinity towards x = 0. */
Q2_DEVICE void q2_exp6_shape(q2_real x, q2_real y, q2_real shape[4]) {
  const q2_real wall = 184000 * exp(-12 * x), y2 = y * y, y6 = y2 * y2 * y2, pull = (q2_real)2.25 * y6;
  shape[0] = wall - pull;
  shape[1] = -12 * wall + 6 * pull * y;
  shape[2] = 144 * wall - 42 * pull * y2;
  shape[3] = -1728 * wall + 336 * pull * y2 * y;
}

/* Where the wall of exp6_mm3 begins, and F = offset + slope / x^2 below. */
#define Q2_EXP6_JOINT 0.40062895030894915253
#define Q2_EXP6_WALL_OFFSET -1021.3893192358068216
#define Q2_EXP6_WALL_SLOPE 317.81542578311838674

/* MM3's exp-6 (q2_exp6_shape) with a wall of q2hpc's own below its inflection's neighbourhood; p = {epsilon, rv}. Below x = r /
 * rv = Q2_EXP6_JOINT, F = a + b / x^2: it rises without end towards r = 0 and joins with two continuous derivatives; the third
 * jumps, from -739051 epsilon/rv^3 in the wall to 246429. The joint is the x at which x F'' = -3 F', as of any a + b / x^2; b =
 * -F' x^3 / 2 and a = F - b / x^2 follow there (tests/test_nonbonded.c finds them again). The inflection itself, x = 0.355, is
 * no place to join: no convex wall has its F'' = 0. */
Q2_DEVICE void q2_pair_exp6_mm3(q2_real inverse, const q2_real p[2], struct q2_pair_jet *jet) {
  const q2_real y = p[1] * inverse, x = 1 / y, y2 = y * y;
  q2_real shape[4];
  if (x >= (q2_real)Q2_EXP6_JOINT) {
    q2_exp6_shape(x, y, shape);
  } else {
    const q2_real wall = (q2_real)Q2_EXP6_WALL_SLOPE * y2;
    shape[0] = (q2_real)Q2_EXP6_WALL_OFFSET + wall;
    shape[1] = -2 * wall * y;
    shape[2] = 6 * wall * y2;
    shape[3] = -24 * wall * y2 * y;
  }
  q2_pair_reduced(x, p, shape, jet);
}

/* MM3's exp-6 with q2mm's wall, for comparison with q2mm only: below x = 0.34, F = 184000 exp(-12 0.34) (0.34 / x)^12. F jumps
 * there from 3111 in the wall to 1654, and so do its derivatives. q2mm, q2mm/backends/mm/jax_engine.py, _mm3_vdw_energy. */
Q2_DEVICE void q2_pair_exp6_q2mm(q2_real inverse, const q2_real p[2], struct q2_pair_jet *jet) {
  const q2_real y = p[1] * inverse, x = 1 / y, y2 = y * y, y6 = y2 * y2 * y2;
  q2_real shape[4];
  if (x >= (q2_real)0.34) {
    q2_exp6_shape(x, y, shape);
  } else {
    const q2_real wall = (q2_real)0.0074240919366101659 * y6 * y6; /* 184000 exp(-4.08) 0.34^12 */
    shape[0] = wall;
    shape[1] = -12 * wall * y;
    shape[2] = 156 * wall * y2;
    shape[3] = -2184 * wall * y2 * y;
  }
  q2_pair_reduced(x, p, shape, jet);
}

/* A hydrogen bond: E = C / r^12 - D / r^10; p = {C, D}. */
Q2_DEVICE void q2_pair_hydrogen_12_10(q2_real inverse, const q2_real p[2], struct q2_pair_jet *jet) {
  const q2_real i2 = inverse * inverse, i4 = i2 * i2, i10 = i4 * i4 * i2, c = i10 * i2, d = i10;
  jet->value_p[0] = c;
  jet->first_p[0] = -12 * c * inverse;
  jet->second_p[0] = 156 * c * i2;
  jet->value_p[1] = -d;
  jet->first_p[1] = 10 * d * inverse;
  jet->second_p[1] = -110 * d * i2;
  jet->value = p[0] * jet->value_p[0] + p[1] * jet->value_p[1];
  jet->first = p[0] * jet->first_p[0] + p[1] * jet->first_p[1];
  jet->second = p[0] * jet->second_p[0] + p[1] * jet->second_p[1];
  jet->third = (1320 * p[1] * d - 2184 * p[0] * c) * i2 * inverse;
}

/* 1/r and its first three derivatives: two charges a and b have a b C / dielectric times that. */
Q2_DEVICE void q2_coulomb(q2_real inverse, q2_real shape[4]) {
  shape[0] = inverse;
  shape[1] = -shape[0] * inverse;
  shape[2] = -2 * shape[1] * inverse;
  shape[3] = -3 * shape[2] * inverse;
}

/* A row: identifier, name in files; of a form that atom types can have: the kinds of a type's two parameters, the dataset that
 * names the second (the first is epsilon), the combining rules that fit; else three empty texts; the kinds of the two
 * parameters of a row for one pair of types; function. */
#define Q2_PAIR_FORMS(ROW)                                                                                                     \
  ROW(LENNARD_JONES, "lennard_jones", "lj_epsilon lj_sigma", "sigma", "geometric lorentz-berthelot", "lj_epsilon lj_sigma",    \
      q2_pair_lennard_jones)                                                                                                   \
  ROW(EXP6_MM3, "exp6_mm3", "vdw_epsilon vdw_radius", "radius", "mm3", "vdw_epsilon vdw_distance", q2_pair_exp6_mm3)           \
  ROW(EXP6_Q2MM, "exp6_q2mm", "vdw_epsilon vdw_radius", "radius", "mm3", "vdw_epsilon vdw_distance", q2_pair_exp6_q2mm)        \
  ROW(HYDROGEN_12_10, "hydrogen_12_10", "", "", "", "hydrogen_c hydrogen_d", q2_pair_hydrogen_12_10)

#define Q2_PAIR_FORM_IDENTIFIER(ID, ...) Q2_PAIR_FORM_##ID,
enum q2_pair_form { Q2_PAIR_FORMS(Q2_PAIR_FORM_IDENTIFIER) Q2_PAIR_FORM_COUNT };
#undef Q2_PAIR_FORM_IDENTIFIER

/* Evaluates the form of one pair. inverse: 1/r; p: the pair's parameters. */
Q2_DEVICE void q2_pair_form_evaluate(enum q2_pair_form form, q2_real inverse, const q2_real p[2], struct q2_pair_jet *jet) {
  jet->value = jet->first = jet->second = jet->third = 0;
  jet->value_p[0] = jet->first_p[0] = jet->second_p[0] = 0;
  jet->value_p[1] = jet->first_p[1] = jet->second_p[1] = 0;
  switch (form) {
#define Q2_PAIR_FORM_CASE(ID, NAME, TYPE_KINDS, SIZE, RULES, PAIR_KINDS, FUNCTION)                                             \
  case Q2_PAIR_FORM_##ID:                                                                                                      \
    FUNCTION(inverse, p, jet);                                                                                                 \
    break;
    Q2_PAIR_FORMS(Q2_PAIR_FORM_CASE)
#undef Q2_PAIR_FORM_CASE
  case Q2_PAIR_FORM_COUNT:
    break;
  }
}

/* --- combining rules --- */

/* A parameter of a pair from those of its two atoms, and its derivatives in them. */
struct q2_combined {
  q2_real value, by_first, by_second;
};

/* (a b)^1/2. Where one of them is zero its derivative has no value; zero stands there (the table of kinds keeps active
 * parameters above zero). */
Q2_DEVICE void q2_geometric_mean(q2_real a, q2_real b, struct q2_combined *out) {
  out->value = sqrt(a * b);
  out->by_first = a > 0 ? sqrt(b / a) / 2 : 0;
  out->by_second = b > 0 ? sqrt(a / b) / 2 : 0;
}

Q2_DEVICE void q2_arithmetic_mean(q2_real a, q2_real b, struct q2_combined *out) {
  out->value = (a + b) / 2;
  out->by_first = out->by_second = (q2_real)0.5;
}

Q2_DEVICE void q2_sum(q2_real a, q2_real b, struct q2_combined *out) {
  out->value = a + b;
  out->by_first = out->by_second = 1;
}

/* A row: identifier, name in files, how the second parameters combine (sigma, or the radii of MM3, whose sum is rv). The
 * epsilons combine by q2_geometric_mean in all of them. */
#define Q2_COMBINING_RULES(ROW)                                                                                                \
  ROW(GEOMETRIC, "geometric", q2_geometric_mean)                                                                               \
  ROW(LORENTZ_BERTHELOT, "lorentz-berthelot", q2_arithmetic_mean)                                                              \
  ROW(MM3, "mm3", q2_sum)

#define Q2_COMBINING_IDENTIFIER(ID, ...) Q2_COMBINING_##ID,
enum q2_combining_rule { Q2_COMBINING_RULES(Q2_COMBINING_IDENTIFIER) Q2_COMBINING_COUNT };
#undef Q2_COMBINING_IDENTIFIER

/* The pair's two parameters from those of its atoms: first, second: {epsilon, sigma or radius} of an atom. */
Q2_DEVICE void q2_combine(enum q2_combining_rule rule, const q2_real first[2], const q2_real second[2],
                          struct q2_combined out[2]) {
  q2_geometric_mean(first[0], second[0], &out[0]);
  out[1].value = out[1].by_first = out[1].by_second = 0;
  switch (rule) {
#define Q2_COMBINING_CASE(ID, NAME, FUNCTION)                                                                                  \
  case Q2_COMBINING_##ID:                                                                                                      \
    FUNCTION(first[1], second[1], &out[1]);                                                                                    \
    break;
    Q2_COMBINING_RULES(Q2_COMBINING_CASE)
#undef Q2_COMBINING_CASE
  case Q2_COMBINING_COUNT:
    break;
  }
}

/* --- what the set-up knows of them --- */

struct q2_pair_form_info {
  const char *name;
  const char *type_kinds;      /* separated by a blank; "": not a form of atom types */
  const char *size;            /* the dataset of the second parameter */
  const char *combining_rules; /* separated by blanks */
  const char *pair_kinds;      /* separated by a blank */
};
extern const struct q2_pair_form_info q2_pair_forms[Q2_PAIR_FORM_COUNT];
extern const char *const q2_combining_rules[Q2_COMBINING_COUNT];

/* The form, or rule, of that name, or -1. */
int q2_pair_form_find(const char *name);
int q2_combining_rule_find(const char *name);

#endif
