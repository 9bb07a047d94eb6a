/* Functional forms: the energy of one term as a function of its internal coordinates q and its parameters p, with the derivatives
 * that a Hessian and its parameter gradient need. Adding a form is one function here and one row in Q2_FORMS.
 *
 * Energies in kcal/mol; distances in angstrom, angles in radian. */
#ifndef Q2_FORMS_H
#define Q2_FORMS_H

#include "portable.h"

enum {
  Q2_MAX_COORDINATES = 3,
  Q2_MAX_SECOND = 6, /* second derivatives, lower triangle (0,0), (1,0), (1,1), (2,0), ... */
  Q2_MAX_PARAMETERS = 4,
  Q2_MAX_CONSTANTS = 2,
  Q2_MAX_TERM_ATOMS = 4
};

/* A term's energy, its derivatives in q, and the derivatives of all of them in each parameter. */
struct q2_jet {
  q2_real value, first[Q2_MAX_COORDINATES], second[Q2_MAX_SECOND];
  q2_real value_p[Q2_MAX_PARAMETERS], first_p[Q2_MAX_PARAMETERS][Q2_MAX_COORDINATES], second_p[Q2_MAX_PARAMETERS][Q2_MAX_SECOND];
};

/* E = k (q - q0)^2; p = {k, q0}. */
Q2_DEVICE void q2_form_harmonic(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  const q2_real k = p[0], d = q[0] - p[1];
  jet->value = k * d * d;
  jet->first[0] = 2 * k * d;
  jet->second[0] = 2 * k;
  jet->value_p[0] = d * d;
  jet->first_p[0][0] = 2 * d;
  jet->second_p[0][0] = 2;
  jet->value_p[1] = -2 * k * d;
  jet->first_p[1][0] = -2 * k;
  jet->second_p[1][0] = 0;
}

/* Where a bond angle begins to count as nearly straight: pi - theta below this many radians. */
#define Q2_STRAIGHT 0.01

/* E = k (theta - theta0)^2, written with s = pi - theta and s0 = pi - theta0 as k (s^2 - 2 s0 s + s0^2). At s = 0 s^2 is smooth in the
 * Cartesian coordinates, but s is the tip of a cone: its curvature diverges. So below Q2_STRAIGHT the s of the middle term alone
 * is replaced by the even polynomial sigma(s) = c (5 + 15 x^2 - 5 x^4 + x^6) / 16, x = s/c, that joins s with three continuous
 * derivatives. Nothing changes for theta0 = pi, nor for theta < pi - c; elsewhere energy, forces and Hessian stay finite. p = {k, theta0}. */
Q2_DEVICE void q2_form_angle_harmonic(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  const q2_real pi = (q2_real)3.14159265358979323846, c = (q2_real)Q2_STRAIGHT;
  const q2_real k = p[0], s = pi - q[0], s0 = pi - p[1];
  if (s >= c) {
    q2_form_harmonic(q, p, constant, jet);
    return;
  }
  const q2_real x = s / c, y = x * x;
  const q2_real sigma = c * (5 + y * (15 + y * (-5 + y))) / 16;
  const q2_real sigma1 = x * (30 + y * (-20 + y * 6)) / 16;
  const q2_real sigma2 = (30 + y * (-60 + y * 30)) / (16 * c);
  /* d/dq = -d/ds, d/dtheta0 = -d/ds0 */
  jet->value = k * (s * s - 2 * s0 * sigma + s0 * s0);
  jet->first[0] = -k * (2 * s - 2 * s0 * sigma1);
  jet->second[0] = k * (2 - 2 * s0 * sigma2);
  jet->value_p[0] = s * s - 2 * s0 * sigma + s0 * s0;
  jet->first_p[0][0] = -(2 * s - 2 * s0 * sigma1);
  jet->second_p[0][0] = 2 - 2 * s0 * sigma2;
  jet->value_p[1] = -k * (2 * s0 - 2 * sigma);
  jet->first_p[1][0] = -2 * k * sigma1;
  jet->second_p[1][0] = 2 * k * sigma2;
}

/* E = k (1 + cos(n phi - delta)); p = {k, delta}, constant = {n}. */
Q2_DEVICE void q2_form_fourier(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  const q2_real k = p[0], n = constant[0], angle = n * q[0] - p[1];
  const q2_real c = cos(angle), s = sin(angle);
  jet->value = k * (1 + c);
  jet->first[0] = -k * n * s;
  jet->second[0] = -k * n * n * c;
  jet->value_p[0] = 1 + c;
  jet->first_p[0][0] = -n * s;
  jet->second_p[0][0] = -n * n * c;
  jet->value_p[1] = k * s;
  jet->first_p[1][0] = k * n * c;
  jet->second_p[1][0] = -k * n * n * s;
}

/* Where a torsion begins to fade: pi - theta of one of its two bond angles below this many radians (5 degrees). */
#define Q2_FADE 0.08726646259971647885

/* The fading factor S(theta) = 1 - (1 - y)^4 (1 + 4 y), y = ((pi - theta) / Q2_FADE)^2, with its first two derivatives in theta. It goes
 * to zero as (pi - theta)^4, faster than the second derivatives of a torsion diverge, and joins 1 with three continuous derivatives. */
Q2_DEVICE void q2_fade(q2_real theta, q2_real fade[3]) {
  const q2_real pi = (q2_real)3.14159265358979323846, width = (q2_real)Q2_FADE;
  const q2_real s = pi - theta, y = (s / width) * (s / width);
  if (y >= 1) {
    fade[0] = 1;
    fade[1] = fade[2] = 0;
    return;
  }
  const q2_real z = 1 - y, z2 = z * z, z3 = z2 * z;
  const q2_real dy = -2 * s / (width * width), dyy = 2 / (width * width); /* in theta */
  const q2_real first = 20 * y * z3, second = 20 * z3 - 60 * y * z2;      /* in y */
  fade[0] = 1 - z2 * z2 * (1 + 4 * y);
  fade[1] = first * dy;
  fade[2] = second * dy * dy + first * dyy;
}

/* E = S(theta1) S(theta2) k (1 + cos(n phi - delta)): a torsion through nearly straight angles; q = {phi, theta1, theta2}. */
Q2_DEVICE void q2_form_fourier_faded(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  struct q2_jet bare;
  q2_real a[3], b[3];
  q2_form_fourier(q, p, constant, &bare);
  q2_fade(q[1], a);
  q2_fade(q[2], b);
#define Q2_SPREAD(VALUE, FIRST, SECOND, value, first, second)                                                                  \
  VALUE = a[0] * b[0] * (value);                                                                                               \
  (FIRST)[0] = a[0] * b[0] * (first);                                                                                          \
  (FIRST)[1] = a[1] * b[0] * (value);                                                                                          \
  (FIRST)[2] = a[0] * b[1] * (value);                                                                                          \
  (SECOND)[0] = a[0] * b[0] * (second);                                                                                        \
  (SECOND)[1] = a[1] * b[0] * (first);                                                                                         \
  (SECOND)[2] = a[2] * b[0] * (value);                                                                                         \
  (SECOND)[3] = a[0] * b[1] * (first);                                                                                         \
  (SECOND)[4] = a[1] * b[1] * (value);                                                                                         \
  (SECOND)[5] = a[0] * b[2] * (value)
  Q2_SPREAD(jet->value, jet->first, jet->second, bare.value, bare.first[0], bare.second[0]);
  for (int i = 0; i < 2; i++) {
    Q2_SPREAD(jet->value_p[i], jet->first_p[i], jet->second_p[i], bare.value_p[i], bare.first_p[i][0], bare.second_p[i][0]);
  }
#undef Q2_SPREAD
}

/* The coordinates that a form takes, computed from the positions of its atoms in the term's order (kernels/coordinates.h). */
enum q2_coordinates {
  Q2_DISTANCE,       /* r(0,1) */
  Q2_ANGLE,          /* theta(0,1,2) */
  Q2_TORSION,        /* phi(0,1,2,3) */
  Q2_TORSION_ANGLES, /* phi(0,1,2,3), theta(0,1,2), theta(1,2,3) */
};

/* identifier, name in files, coordinates, number of coordinates, atoms, parameters, constants, kinds of the parameters, function.
 * A name with a star is internal: a term takes that form by its geometry. */
#define Q2_FORMS(ROW)                                                                                                          \
  ROW(BOND_HARMONIC, "bond_harmonic", Q2_DISTANCE, 1, 2, 2, 0, "bond_k bond_eq", q2_form_harmonic)                             \
  ROW(ANGLE_HARMONIC, "angle_harmonic", Q2_ANGLE, 1, 3, 2, 0, "angle_k angle_eq", q2_form_angle_harmonic)                      \
  ROW(UREY_BRADLEY, "urey_bradley", Q2_DISTANCE, 1, 2, 2, 0, "urey_bradley_k urey_bradley_eq", q2_form_harmonic)               \
  ROW(TORSION_FOURIER, "torsion_fourier", Q2_TORSION, 1, 4, 2, 1, "torsion_k torsion_phase", q2_form_fourier)                  \
  ROW(IMPROPER_FOURIER, "improper_fourier", Q2_TORSION, 1, 4, 2, 1, "improper_k improper_phase", q2_form_fourier)              \
  ROW(TORSION_FADED, "torsion_fourier*", Q2_TORSION_ANGLES, 3, 4, 2, 1, "torsion_k torsion_phase", q2_form_fourier_faded)      \
  ROW(IMPROPER_FADED, "improper_fourier*", Q2_TORSION_ANGLES, 3, 4, 2, 1, "improper_k improper_phase", q2_form_fourier_faded)

#define Q2_FORM_IDENTIFIER(ID, ...) Q2_FORM_##ID,
enum q2_form { Q2_FORMS(Q2_FORM_IDENTIFIER) Q2_FORM_COUNT };
#undef Q2_FORM_IDENTIFIER

/* Evaluates the form of one term. Only the entries of `jet` that the form has are set. */
Q2_DEVICE void q2_form_evaluate(enum q2_form form, const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  switch (form) {
#define Q2_FORM_CASE(ID, NAME, COORDINATES, NC, NA, NP, NK, KINDS, FUNCTION)                                                   \
  case Q2_FORM_##ID: FUNCTION(q, p, constant, jet); break;
    Q2_FORMS(Q2_FORM_CASE)
#undef Q2_FORM_CASE
  case Q2_FORM_COUNT: break;
  }
}

/* What the set-up knows of a form. */
struct q2_form_info {
  const char *name;
  enum q2_coordinates coordinates;
  int coordinate_count, atom_count, parameter_count, constant_count;
  const char *parameter_kinds; /* separated by blanks */
};
extern const struct q2_form_info q2_forms[Q2_FORM_COUNT];

/* The form of that name, or -1. */
int q2_form_find(const char *name);

#endif
