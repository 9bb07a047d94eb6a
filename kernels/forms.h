/* Functional forms: the energy of one term as a function of its internal coordinates q and its parameters p, with the
 * derivatives that a Hessian, its parameter gradient and a moving geometry need. Adding a form is one function here and one row
 * in Q2_FORMS (and a row in docs/forces.md).
 *
 * Energies in kcal/mol; distances in angstrom, angles in radian. */
#ifndef Q2_FORMS_H
#define Q2_FORMS_H

#include "portable.h"

enum {
  Q2_MAX_COORDINATES = 3,
  Q2_MAX_SECOND = 6, /* second derivatives, lower triangle (0,0), (1,0), (1,1), (2,0), ...: Q2_TRIANGLE */
  Q2_MAX_THIRD = 10, /* third derivatives (0,0,0), (1,0,0), (1,1,0), (1,1,1), (2,0,0), ...: Q2_TETRAHEDRON */
  Q2_MAX_PARAMETERS = 4,
  Q2_MAX_CONSTANTS = 2,
  Q2_MAX_TERM_ATOMS = 5
};

/* A term's energy, its derivatives in q, and the derivatives in each parameter of the value and the first two derivatives. A
 * form sets the entries that it has, zeros among them; what a caller does not read, the compiler drops. */
struct q2_jet {
  q2_real value, first[Q2_MAX_COORDINATES], second[Q2_MAX_SECOND], third[Q2_MAX_THIRD];
  q2_real value_p[Q2_MAX_PARAMETERS], first_p[Q2_MAX_PARAMETERS][Q2_MAX_COORDINATES],
      second_p[Q2_MAX_PARAMETERS][Q2_MAX_SECOND];
};

#define Q2_PI_REAL ((q2_real)3.14159265358979323846)
#define Q2_PER_RADIAN 57.29577951308232087680 /* degrees */

/* --- what forms are made of --- */

/* c[0] + c[1] x + ... + c[degree] x^degree and its first three derivatives. */
Q2_DEVICE void q2_polynomial(int degree, const q2_real *c, q2_real x, q2_real out[4]) {
  out[0] = out[1] = out[2] = out[3] = 0;
  for (int n = degree; n >= 0; n--) {
    out[3] = out[3] * x + out[2];
    out[2] = out[2] * x + out[1];
    out[1] = out[1] * x + out[0];
    out[0] = out[0] * x + c[n];
  }
  out[2] *= 2;
  out[3] *= 6;
}

/* E = k shape(q), p = {k}; shape: its value and first three derivatives. */
Q2_DEVICE void q2_scaled(q2_real k, const q2_real shape[4], struct q2_jet *jet) {
  jet->value = k * shape[0];
  jet->first[0] = k * shape[1];
  jet->second[0] = k * shape[2];
  jet->third[0] = k * shape[3];
  jet->value_p[0] = shape[0];
  jet->first_p[0][0] = shape[1];
  jet->second_p[0][0] = shape[2];
}

/* E = k shape(q - q0), p = {k, q0}; shape: its value and first three derivatives at q - q0. */
Q2_DEVICE void q2_shifted(q2_real k, const q2_real shape[4], struct q2_jet *jet) {
  q2_scaled(k, shape, jet);
  jet->value_p[1] = -k * shape[1];
  jet->first_p[1][0] = -k * shape[2];
  jet->second_p[1][0] = -k * shape[3];
}

/* One set of derivatives of y F(q) from those of F, whose coordinates number n (1 or 2); y is coordinate n. */
Q2_DEVICE void q2_times_one(int n, q2_real y, q2_real value, const q2_real *first, const q2_real *second, q2_real *new_value,
                            q2_real *new_first, q2_real *new_second) {
  *new_value = y * value;
  new_first[n] = value;
  for (int a = 0; a < n; a++) {
    new_first[a] = y * first[a];
    new_second[Q2_TRIANGLE(n, a)] = first[a];
    for (int b = 0; b <= a; b++)
      new_second[Q2_TRIANGLE(a, b)] = y * second[Q2_TRIANGLE(a, b)];
  }
  new_second[Q2_TRIANGLE(n, n)] = 0;
}

/* E = y F(q): y is one coordinate more, after the n of F. The parameters are F's. */
Q2_DEVICE void q2_times(int n, int parameters, q2_real y, const struct q2_jet *f, struct q2_jet *jet) {
  q2_times_one(n, y, f->value, f->first, f->second, &jet->value, jet->first, jet->second);
  for (int a = 0; a < n; a++) {
    for (int b = 0; b <= a; b++) {
      for (int c = 0; c <= b; c++)
        jet->third[Q2_TETRAHEDRON(a, b, c)] = y * f->third[Q2_TETRAHEDRON(a, b, c)];
      jet->third[Q2_TETRAHEDRON(n, a, b)] = f->second[Q2_TRIANGLE(a, b)];
    }
    jet->third[Q2_TETRAHEDRON(n, n, a)] = 0;
  }
  jet->third[Q2_TETRAHEDRON(n, n, n)] = 0;
  for (int s = 0; s < parameters; s++)
    q2_times_one(n, y, f->value_p[s], f->first_p[s], f->second_p[s], &jet->value_p[s], jet->first_p[s], jet->second_p[s]);
}

/* --- straight angles --- */

/* Where a bond angle begins to count as nearly straight: pi - theta below this many radians. */
#define Q2_STRAIGHT 0.01

/* theta, rounded off where it is nearly straight, and its first three derivatives in theta. s = pi - theta is the tip of a cone
 * at s = 0: even powers of s are smooth in the Cartesian coordinates, odd ones have a curvature that diverges as 1/s. So for s
 * < c = Q2_STRAIGHT, s is replaced by the even polynomial sigma(s) = c (5 + 15 x^2 - 5 x^4 + x^6) / 16, x = s/c, that joins s
 * with three continuous derivatives; this returns pi - sigma. */
Q2_DEVICE void q2_rounded_angle(q2_real theta, q2_real angle[4]) {
  const q2_real c = (q2_real)Q2_STRAIGHT, s = Q2_PI_REAL - theta;
  angle[0] = theta;
  angle[1] = 1;
  angle[2] = angle[3] = 0;
  if (s >= c) return;
  const q2_real x = s / c, y = x * x;
  angle[0] = Q2_PI_REAL - c * (5 + y * (15 + y * (-5 + y))) / 16;
  angle[1] = x * (30 + y * (-20 + y * 6)) / 16;
  angle[2] = -(30 + y * (-60 + y * 30)) / (16 * c);
  angle[3] = x * (-120 + y * 120) / (16 * c * c);
}

/* sum of t[m] (-s)^m, s = pi - theta, the s of each odd power once replaced by sigma = pi - angle[0] (q2_rounded_angle), with
 * its first three derivatives in theta. Degree at most 6. */
Q2_DEVICE void q2_rounded_polynomial(int degree, const q2_real *t, q2_real theta, const q2_real angle[4], q2_real out[4]) {
  q2_real even[7], odd[7], e[4], o[4];
  for (int m = 0; m <= degree; m++) {
    even[m] = m % 2 == 0 ? t[m] : 0;
    odd[m] = m % 2 == 0 && m < degree ? t[m + 1] : 0;
  }
  const q2_real s = Q2_PI_REAL - theta, sigma = Q2_PI_REAL - angle[0];
  q2_polynomial(degree, even, s, e);
  q2_polynomial(degree, odd, s, o);
  const q2_real sigma1 = angle[1], sigma2 = -angle[2], sigma3 = angle[3]; /* derivatives in s */
  out[0] = e[0] - sigma * o[0];
  out[1] = -(e[1] - sigma1 * o[0] - sigma * o[1]);
  out[2] = e[2] - sigma2 * o[0] - 2 * sigma1 * o[1] - sigma * o[2];
  out[3] = -(e[3] - sigma3 * o[0] - 3 * sigma2 * o[1] - 3 * sigma1 * o[2] - sigma * o[3]);
}

/* E = k P(theta - theta0), P = c[0] + ... + c[degree] d^degree (degree at most 6). p = {k, theta0}. Near theta = pi P is
 * written in powers of s = pi - theta, and only the part odd in s is rounded off (q2_rounded_angle): nothing changes for theta
 * < pi - Q2_STRAIGHT, nor, for an even P, where theta0 = pi; everywhere energy, forces and Hessian stay finite. */
Q2_DEVICE void q2_bend(int degree, const q2_real *c, q2_real theta, const q2_real *p, struct q2_jet *jet) {
  const q2_real k = p[0], s0 = Q2_PI_REAL - p[1];
  q2_real shape[4];
  if (Q2_PI_REAL - theta >= (q2_real)Q2_STRAIGHT) {
    q2_polynomial(degree, c, theta - p[1], shape);
    q2_shifted(k, shape, jet);
    return;
  }
  q2_real t[7], slope[7] = {0, 0, 0, 0, 0, 0, 0}, angle[4];
  for (int m = 0; m <= degree; m++)
    t[m] = c[m];
  for (int m = 0; m < degree; m++) { /* P(s0 - s) = sum of t[m] (-s)^m, by repeated synthetic division */
    for (int n = degree - 1; n >= m; n--)
      t[n] += s0 * t[n + 1];
  }
  for (int m = 0; m < degree; m++)
    slope[m] = (m + 1) * t[m + 1]; /* dt[m] / ds0 */
  q2_rounded_angle(theta, angle);
  q2_rounded_polynomial(degree, t, theta, angle, shape);
  q2_shifted(k, shape, jet);
  q2_rounded_polynomial(degree - 1, slope, theta, angle, shape);
  jet->value_p[1] = -k * shape[0];
  jet->first_p[1][0] = -k * shape[1];
  jet->second_p[1][0] = -k * shape[2];
}

/* --- bonds --- */

/* E = k (q - q0)^2; p = {k, q0}. */
Q2_DEVICE void q2_form_harmonic(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  const q2_real d = q[0] - p[1], shape[4] = {d * d, 2 * d, 2, 0};
  q2_shifted(p[0], shape, jet);
}

/* MM3: E = k d^2 (1 - 2.55 d + 7/12 2.55^2 d^2), d = r - r0; p = {k, r0}. N. L. Allinger, Y. H. Yuh, J.-H. Lii, J. Am. Chem.
 * Soc. 1989, 111, 8551: a Morse curve of a = 2.55/angstrom to fourth order. */
Q2_DEVICE void q2_form_bond_mm3(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  const q2_real a = (q2_real)2.55, c[5] = {0, 0, 1, -a, 7 * a * a / 12};
  q2_real shape[4];
  q2_polynomial(4, c, q[0] - p[1], shape);
  q2_shifted(p[0], shape, jet);
}

/* E = D (1 - exp(-a (r - r0)))^2; p = {D, a, r0}. Near r0 it is k (r - r0)^2 with k = D a^2. P. M. Morse, Phys. Rev. 1929,
 * 34, 57. */
Q2_DEVICE void q2_form_morse(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  const q2_real depth = p[0], a = p[1], d = q[0] - p[2], x = exp(-a * d), a2 = a * a;
  const q2_real first = 2 * a * x * (1 - x), second = 2 * a2 * x * (2 * x - 1), third = 2 * a2 * a * x * (1 - 4 * x);
  jet->value = depth * (1 - x) * (1 - x);
  jet->first[0] = depth * first;
  jet->second[0] = depth * second;
  jet->third[0] = depth * third;
  jet->value_p[0] = (1 - x) * (1 - x);
  jet->first_p[0][0] = first;
  jet->second_p[0][0] = second;
  jet->value_p[1] = 2 * depth * d * x * (1 - x);
  jet->first_p[1][0] = 2 * depth * x * (1 - x - a * d * (1 - 2 * x));
  jet->second_p[1][0] = 2 * depth * a * x * (2 * (2 * x - 1) - a * d * (4 * x - 1));
  jet->value_p[2] = -depth * first;
  jet->first_p[2][0] = -depth * second;
  jet->second_p[2][0] = -depth * third;
}

/* --- angles --- */

/* E = k (theta - theta0)^2, rounded off near 180 degrees as q2_bend says. p = {k, theta0}. */
Q2_DEVICE void q2_form_angle_harmonic(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  const q2_real square[3] = {0, 0, 1};
  if (Q2_PI_REAL - q[0] >= (q2_real)Q2_STRAIGHT) {
    q2_form_harmonic(q, p, constant, jet);
  } else {
    q2_bend(2, square, q[0], p, jet);
  }
}

/* Coefficients of d^2 (1 - 0.014 d + 5.6e-5 d^2 - 7e-7 d^3 + sextic d^4), the d in the brackets in degrees, for d in radian. */
Q2_DEVICE void q2_mm3_sextic(q2_real sextic, q2_real c[7]) {
  const q2_real degree = (q2_real)Q2_PER_RADIAN, degree2 = degree * degree;
  c[0] = c[1] = 0;
  c[2] = 1;
  c[3] = (q2_real)-0.014 * degree;
  c[4] = (q2_real)5.6e-5 * degree2;
  c[5] = (q2_real)-7e-7 * degree2 * degree;
  c[6] = sextic * degree2 * degree2;
}

/* MM3: E = k d^2 (1 - 0.014 d + 5.6e-5 d^2 - 7e-7 d^3 + sextic d^4), d = theta - theta0, in degrees within the brackets; p =
 * {k, theta0}, constant = {sextic}: 9e-10 as usually quoted, 2.2e-8 in Tinker's mm3.prm. */
Q2_DEVICE void q2_form_angle_mm3(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  q2_real c[7];
  q2_mm3_sextic(constant[0], c);
  q2_bend(6, c, q[0], p, jet);
}

/* E = k (cos theta - cos theta0)^2; p = {k, theta0}. Even in pi - theta, so smooth at 180 degrees as it is. Near theta0 it is
 * k sin^2(theta0) (theta - theta0)^2; at theta0 = 180 degrees it has no quadratic part. */
Q2_DEVICE void q2_form_angle_cosine(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  const q2_real k = p[0], c = cos(q[0]), s = sin(q[0]), u = c - cos(p[1]), s0 = sin(p[1]);
  const q2_real shape[4] = {u * u, -2 * u * s, 2 * (s * s - u * c), 6 * s * c + 2 * u * s};
  q2_shifted(k, shape, jet);
  jet->value_p[1] = 2 * k * u * s0;
  jet->first_p[1][0] = -2 * k * s * s0;
  jet->second_p[1][0] = -2 * k * c * s0;
}

/* --- out-of-plane bends; q = {chi}, which may have either sign --- */

/* E = k chi^2; p = {k}. */
Q2_DEVICE void q2_form_out_of_plane_harmonic(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  const q2_real shape[4] = {q[0] * q[0], 2 * q[0], 2, 0};
  q2_scaled(p[0], shape, jet);
}

/* MM3: E = k d^2 (1 - 0.014 d + ...) with d = |chi| and the coefficients of q2_form_angle_mm3; p = {k}, constant = {sextic}.
 * Tinker's mm3.prm: opbend-cubic to opbend-sextic. In the plane |chi|^3 joins with two continuous derivatives; the third jumps,
 * and its mean, zero, stands there. */
Q2_DEVICE void q2_form_out_of_plane_mm3(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  q2_real c[7], shape[4];
  const q2_real sign = q[0] > 0 ? 1 : q[0] < 0 ? -1 : 0;
  q2_mm3_sextic(constant[0], c);
  q2_polynomial(6, c, fabs(q[0]), shape);
  shape[1] *= sign;
  shape[3] *= sign;
  q2_scaled(p[0], shape, jet);
}

/* --- torsions --- */

/* E = k (1 + cos(n phi - delta)); p = {k, delta}, constant = {n}. */
Q2_DEVICE void q2_form_fourier(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  const q2_real k = p[0], n = constant[0], angle = n * q[0] - p[1];
  const q2_real c = cos(angle), s = sin(angle);
  jet->value = k * (1 + c);
  jet->first[0] = -k * n * s;
  jet->second[0] = -k * n * n * c;
  jet->third[0] = k * n * n * n * s;
  jet->value_p[0] = 1 + c;
  jet->first_p[0][0] = -n * s;
  jet->second_p[0][0] = -n * n * c;
  jet->value_p[1] = k * s;
  jet->first_p[1][0] = k * n * c;
  jet->second_p[1][0] = -k * n * n * s;
}

/* MM3: E = V1/2 (1 + cos phi) + V2/2 (1 - cos 2 phi) + V3/2 (1 + cos 3 phi); p = {V1, V2, V3}. Allinger, Yuh, Lii 1989 (see
 * above). */
Q2_DEVICE void q2_form_torsion_mm3(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  jet->value = jet->first[0] = jet->second[0] = jet->third[0] = 0;
  for (int s = 0; s < 3; s++) {
    const q2_real n = s + 1, half = s == 1 ? (q2_real)-0.5 : (q2_real)0.5;
    const q2_real c = half * cos(n * q[0]), sine = half * sin(n * q[0]);
    jet->value_p[s] = (q2_real)0.5 + c;
    jet->first_p[s][0] = -n * sine;
    jet->second_p[s][0] = -n * n * c;
    jet->value += p[s] * jet->value_p[s];
    jet->first[0] += p[s] * jet->first_p[s][0];
    jet->second[0] += p[s] * jet->second_p[s][0];
    jet->third[0] += p[s] * n * n * n * sine;
  }
}

/* E = k d^2, d = phi - phi0 brought into [-pi, pi] by whole turns; p = {k, phi0}. At d = pi, opposite to phi0, the energy has a
 * kink, as it must have; its slope is then that of d = -pi or of d = pi, as rounding has it. */
Q2_DEVICE void q2_form_improper_harmonic(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  const q2_real turn = 2 * Q2_PI_REAL, away = q[0] - p[1], d = away - turn * rint(away / turn), shape[4] = {d * d, 2 * d, 2, 0};
  q2_shifted(p[0], shape, jet);
}

/* --- cross terms --- */

/* E = k ((r - r0) + (r' - r0')) (theta - theta0), theta rounded off near 180 degrees (q2_rounded_angle); q = {r, r', theta}, p
 * = {k, r0, r0', theta0}: the parameters of the two bonds and of the angle themselves. MM3: Allinger, Yuh, Lii 1989 (see
 * above). */
Q2_DEVICE void q2_form_stretch_bend(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  q2_real angle[4];
  q2_rounded_angle(q[2], angle);
  const q2_real k = p[0], stretch = (q[0] - p[1]) + (q[1] - p[2]), bend = angle[0] - p[3];
  for (int i = 0; i < Q2_MAX_THIRD; i++)
    jet->third[i] = 0;
  for (int i = 0; i < Q2_MAX_SECOND; i++) {
    jet->second[i] = 0;
    for (int s = 0; s < 4; s++)
      jet->second_p[s][i] = 0;
  }
  jet->value = k * stretch * bend;
  jet->first[2] = k * stretch * angle[1];
  jet->second[Q2_TRIANGLE(2, 2)] = k * stretch * angle[2];
  jet->third[Q2_TETRAHEDRON(2, 2, 2)] = k * stretch * angle[3];
  jet->value_p[0] = stretch * bend;
  jet->first_p[0][2] = stretch * angle[1];
  jet->second_p[0][Q2_TRIANGLE(2, 2)] = stretch * angle[2];
  for (int bond = 0; bond < 2; bond++) {
    jet->first[bond] = k * bend;
    jet->second[Q2_TRIANGLE(2, bond)] = k * angle[1];
    jet->third[Q2_TETRAHEDRON(2, 2, bond)] = k * angle[2];
    jet->first_p[0][bond] = bend;
    jet->second_p[0][Q2_TRIANGLE(2, bond)] = angle[1];
    jet->value_p[1 + bond] = -k * bend;
    jet->first_p[1 + bond][0] = jet->first_p[1 + bond][1] = 0;
    jet->first_p[1 + bond][2] = -k * angle[1];
    jet->second_p[1 + bond][Q2_TRIANGLE(2, 2)] = -k * angle[2];
  }
  jet->value_p[3] = -k * stretch;
  jet->first_p[3][0] = jet->first_p[3][1] = -k;
  jet->first_p[3][2] = 0;
}

/* E = k (theta - theta0) (theta' - theta0'), both angles rounded off near 180 degrees (q2_rounded_angle); q = {theta, theta'},
 * p = {k, theta0, theta0'}. MM3: k = -71.94 kcal/mol/rad^2 times MM3's constant (Tinker's angangunit). */
Q2_DEVICE void q2_form_bend_bend(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  (void)constant;
  const q2_real k = p[0];
  q2_real a[4], b[4];
  q2_rounded_angle(q[0], a);
  q2_rounded_angle(q[1], b);
  a[0] -= p[1];
  b[0] -= p[2];
  jet->value_p[0] = a[0] * b[0];
  jet->first_p[0][0] = a[1] * b[0];
  jet->first_p[0][1] = a[0] * b[1];
  jet->second_p[0][Q2_TRIANGLE(0, 0)] = a[2] * b[0];
  jet->second_p[0][Q2_TRIANGLE(1, 0)] = a[1] * b[1];
  jet->second_p[0][Q2_TRIANGLE(1, 1)] = a[0] * b[2];
  jet->value = k * a[0] * b[0];
  for (int i = 0; i < 2; i++)
    jet->first[i] = k * jet->first_p[0][i];
  for (int i = 0; i < 3; i++)
    jet->second[i] = k * jet->second_p[0][i];
  for (int n = 0; n < 4; n++)
    jet->third[n] = k * a[3 - n] * b[n]; /* (0,0,0), (1,0,0), (1,1,0), (1,1,1) */
  for (int s = 1; s < 3; s++) {          /* of the angle s - 1 only its distance from equilibrium depends on its parameter */
    const q2_real *other = s == 1 ? b : a;
    jet->value_p[s] = -k * other[0];
    jet->first_p[s][s - 1] = 0;
    jet->first_p[s][2 - s] = -k * other[1];
    jet->second_p[s][Q2_TRIANGLE(s - 1, s - 1)] = 0;
    jet->second_p[s][Q2_TRIANGLE(1, 0)] = 0;
    jet->second_p[s][Q2_TRIANGLE(2 - s, 2 - s)] = -k * other[2];
  }
}

/* E = (r - r0) (V1/2 (1 + cos phi) + V2/2 (1 - cos 2 phi) + V3/2 (1 + cos 3 phi)); q = {phi, r}, r the bond in the middle; p =
 * {V1, V2, V3, r0}. MM3 (Allinger, Yuh, Lii 1989, see above): V = -11.995 kcal/mol/angstrom times the constants of Tinker's
 * mm3.prm (strtorunit -5.9975). */
Q2_DEVICE void q2_form_torsion_stretch(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  struct q2_jet torsion;
  q2_form_torsion_mm3(q, p, constant, &torsion);
  q2_times(1, 3, q[1] - p[3], &torsion, jet);
  jet->value_p[3] = -torsion.value;
  jet->first_p[3][0] = -torsion.first[0];
  jet->first_p[3][1] = 0;
  jet->second_p[3][Q2_TRIANGLE(0, 0)] = -torsion.second[0];
  jet->second_p[3][Q2_TRIANGLE(1, 0)] = 0;
  jet->second_p[3][Q2_TRIANGLE(1, 1)] = 0;
}

/* Cubic Hermite polynomials on [0, 1] for the value and the slope at 0 (u) and at 1 (1 - u, slope reversed), with three
 * derivatives. */
Q2_DEVICE void q2_hermite(q2_real u, q2_real value[2][4], q2_real slope[2][4]) {
  const q2_real v[2][4] = {{1, 0, -3, 2}, {0, 0, 3, -2}}, s[2][4] = {{0, 1, -2, 1}, {0, 0, -1, 1}};
  for (int end = 0; end < 2; end++) {
    q2_polynomial(3, v[end], u, value[end]);
    q2_polynomial(3, s[end], u, slope[end]);
  }
}

/* E = scale B(phi, psi), B the periodic bicubic spline through a grid; q = {phi, psi}, p = {scale}. Here `constant` is the
 * grid: its number of points n on a side, then for point (i, j), at -pi + 2 pi i / n and -pi + 2 pi j / n, the value, and the
 * derivatives times the spacing h: h B_phi, h B_psi, h^2 B_phipsi (src/cmap.h). Two continuous derivatives; the third jumps
 * from cell to cell. A. D. MacKerell, M. Feig, C. L. Brooks, J. Comput. Chem. 2004, 25, 1400. */
Q2_DEVICE void q2_form_cmap(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {
  const int n = (int)constant[0];
  const q2_real turn = 2 * Q2_PI_REAL, per = n / turn;
  int cell[2];
  q2_real value[2][2][4], slope[2][2][4]; /* by coordinate, end, derivative */
  for (int c = 0; c < 2; c++) {
    const q2_real at = (q[c] + Q2_PI_REAL) * per, whole = floor(at);
    q2_hermite(at - whole, value[c], slope[c]);
    cell[c] = ((int)fmod(whole, (q2_real)n) + n) % n;
    for (int end = 0; end < 2; end++) { /* derivatives in the angle */
      q2_real power = 1;
      for (int d = 0; d < 4; d++, power *= per) {
        value[c][end][d] *= power;
        slope[c][end][d] *= power;
      }
    }
  }
  q2_real b[4][4]; /* derivatives of B, those in phi first, that together make at most three */
  for (int d = 0; d < 4; d++) {
    for (int e = 0; e < 4 - d; e++) {
      b[d][e] = 0;
      for (int corner = 0; corner < 4; corner++) {
        const int i = corner / 2, j = corner % 2;
        const q2_real *f = constant + 1 + 4 * ((int64_t)n * ((cell[0] + i) % n) + (cell[1] + j) % n);
        b[d][e] += value[0][i][d] * (f[0] * value[1][j][e] + f[2] * slope[1][j][e]) +
                   slope[0][i][d] * (f[1] * value[1][j][e] + f[3] * slope[1][j][e]);
      }
    }
  }
  jet->value_p[0] = b[0][0];
  for (int i = 0; i < 2; i++)
    jet->first_p[0][i] = b[1 - i][i];
  for (int i = 0; i < 3; i++)
    jet->second_p[0][i] = b[2 - i][i];
  jet->value = p[0] * b[0][0];
  for (int i = 0; i < 2; i++)
    jet->first[i] = p[0] * b[1 - i][i];
  for (int i = 0; i < 3; i++)
    jet->second[i] = p[0] * b[2 - i][i];
  for (int i = 0; i < 4; i++)
    jet->third[i] = p[0] * b[3 - i][i];
}

/* --- the fading variants of forms with torsions --- */

/* Where a torsion begins to fade: pi - theta of one of its bond angles below this many radians (5 degrees). The fading factor S
 * is the last coordinate of the form (kernels/angle.h). */
#define Q2_FADE 0.08726646259971647885

/* E = S F(q), q = {coordinates of F, S}: F through nearly straight angles. */
#define Q2_FADED(FADED, FORM, COORDINATES, PARAMETERS)                                                                         \
  Q2_DEVICE void FADED(const q2_real *q, const q2_real *p, const q2_real *constant, struct q2_jet *jet) {                      \
    struct q2_jet bare;                                                                                                        \
    FORM(q, p, constant, &bare);                                                                                               \
    q2_times(COORDINATES, PARAMETERS, q[COORDINATES], &bare, jet);                                                             \
  }
Q2_FADED(q2_form_fourier_faded, q2_form_fourier, 1, 2)
Q2_FADED(q2_form_torsion_mm3_faded, q2_form_torsion_mm3, 1, 3)
Q2_FADED(q2_form_improper_harmonic_faded, q2_form_improper_harmonic, 1, 2)
Q2_FADED(q2_form_torsion_stretch_faded, q2_form_torsion_stretch, 2, 4)
Q2_FADED(q2_form_cmap_faded, q2_form_cmap, 2, 1)

/* --- the registry --- */

/* A row: identifier, name in files, coordinates, their number, atoms, parameters, constants, kinds of the parameters, meanings
 * of the constants, function. Coordinates: words of a letter and the places of the term's atoms that it is measured on, as
 * kernels/coordinate.h describes them: r distance, a angle, t torsion, o out-of-plane angle, f fading factor. Constants:
 * periodicity (an integer from 1 to 12), sextic (any number), grid (which grid of the data set; the function gets that
 * instead). A name with a star is internal: a term of the form without the star takes it where its fading factor, the last
 * coordinate, is below 1. */
#define Q2_FORMS(ROW)                                                                                                          \
  ROW(BOND_HARMONIC, "bond_harmonic", "r01", 1, 2, 2, 0, "bond_k bond_eq", "", q2_form_harmonic)                               \
  ROW(BOND_MM3, "bond_mm3", "r01", 1, 2, 2, 0, "bond_k bond_eq", "", q2_form_bond_mm3)                                         \
  ROW(BOND_MORSE, "bond_morse", "r01", 1, 2, 3, 0, "morse_d morse_a bond_eq", "", q2_form_morse)                               \
  ROW(ANGLE_HARMONIC, "angle_harmonic", "a012", 1, 3, 2, 0, "angle_k angle_eq", "", q2_form_angle_harmonic)                    \
  ROW(ANGLE_MM3, "angle_mm3", "a012", 1, 3, 2, 1, "angle_k angle_eq", "sextic", q2_form_angle_mm3)                             \
  ROW(ANGLE_COSINE, "angle_cosine", "a012", 1, 3, 2, 0, "angle_cosine_k angle_eq", "", q2_form_angle_cosine)                   \
  ROW(UREY_BRADLEY, "urey_bradley", "r01", 1, 2, 2, 0, "urey_bradley_k urey_bradley_eq", "", q2_form_harmonic)                 \
  ROW(TORSION_FOURIER, "torsion_fourier", "t0123", 1, 4, 2, 1, "torsion_k torsion_phase", "periodicity", q2_form_fourier)      \
  ROW(TORSION_FOURIER_UNFADED, "torsion_fourier_unfaded", "t0123", 1, 4, 2, 1, "torsion_k torsion_phase", "periodicity",       \
      q2_form_fourier)                                                                                                         \
  ROW(TORSION_MM3, "torsion_mm3", "t0123", 1, 4, 3, 0, "torsion_v1 torsion_v2 torsion_v3", "", q2_form_torsion_mm3)            \
  ROW(IMPROPER_FOURIER, "improper_fourier", "t0123", 1, 4, 2, 1, "improper_k improper_phase", "periodicity", q2_form_fourier)  \
  ROW(IMPROPER_HARMONIC, "improper_harmonic", "t0123", 1, 4, 2, 0, "improper_harmonic_k improper_eq", "",                      \
      q2_form_improper_harmonic)                                                                                               \
  ROW(STRETCH_BEND, "stretch_bend", "r01 r12 a012", 3, 3, 4, 0, "stretch_bend_k bond_eq bond_eq angle_eq", "",                 \
      q2_form_stretch_bend)                                                                                                    \
  ROW(BEND_BEND, "bend_bend", "a012 a013", 2, 4, 3, 0, "bend_bend_k angle_eq angle_eq", "", q2_form_bend_bend)                 \
  ROW(BEND_BEND_OPPOSITE, "bend_bend_opposite", "a012 a314", 2, 5, 3, 0, "bend_bend_k angle_eq angle_eq", "",                  \
      q2_form_bend_bend)                                                                                                       \
  ROW(TORSION_STRETCH, "torsion_stretch", "t0123 r12", 2, 4, 4, 0,                                                             \
      "torsion_stretch_v1 torsion_stretch_v2 torsion_stretch_v3 bond_eq", "", q2_form_torsion_stretch)                         \
  ROW(OUT_OF_PLANE_HARMONIC, "out_of_plane_harmonic", "o0123", 1, 4, 1, 0, "out_of_plane_k", "",                               \
      q2_form_out_of_plane_harmonic)                                                                                           \
  ROW(OUT_OF_PLANE_MM3, "out_of_plane_mm3", "o0123", 1, 4, 1, 1, "out_of_plane_k", "sextic", q2_form_out_of_plane_mm3)         \
  ROW(CMAP, "cmap", "t0123 t1234", 2, 5, 1, 1, "cmap_scale", "grid", q2_form_cmap)                                             \
  ROW(TORSION_FADED, "torsion_fourier*", "t0123 f0123", 2, 4, 2, 1, "torsion_k torsion_phase", "periodicity",                  \
      q2_form_fourier_faded)                                                                                                   \
  ROW(TORSION_MM3_FADED, "torsion_mm3*", "t0123 f0123", 2, 4, 3, 0, "torsion_v1 torsion_v2 torsion_v3", "",                    \
      q2_form_torsion_mm3_faded)                                                                                               \
  ROW(IMPROPER_FADED, "improper_fourier*", "t0123 f0123", 2, 4, 2, 1, "improper_k improper_phase", "periodicity",              \
      q2_form_fourier_faded)                                                                                                   \
  ROW(IMPROPER_HARMONIC_FADED, "improper_harmonic*", "t0123 f0123", 2, 4, 2, 0, "improper_harmonic_k improper_eq", "",         \
      q2_form_improper_harmonic_faded)                                                                                         \
  ROW(TORSION_STRETCH_FADED, "torsion_stretch*", "t0123 r12 f0123", 3, 4, 4, 0,                                                \
      "torsion_stretch_v1 torsion_stretch_v2 torsion_stretch_v3 bond_eq", "", q2_form_torsion_stretch_faded)                   \
  ROW(CMAP_FADED, "cmap*", "t0123 t1234 f01234", 3, 5, 1, 1, "cmap_scale", "grid", q2_form_cmap_faded)

#define Q2_FORM_IDENTIFIER(ID, ...) Q2_FORM_##ID,
enum q2_form { Q2_FORMS(Q2_FORM_IDENTIFIER) Q2_FORM_COUNT };
#undef Q2_FORM_IDENTIFIER

/* Evaluates the form of one term. Only the entries of `jet` that the form has are set. */
Q2_DEVICE void q2_form_evaluate(enum q2_form form, const q2_real *q, const q2_real *p, const q2_real *constant,
                                struct q2_jet *jet) {
  jet->value = 0;
  switch (form) {
#define Q2_FORM_CASE(ID, NAME, COORDINATES, NC, NA, NP, NK, KINDS, MEANINGS, FUNCTION)                                         \
  case Q2_FORM_##ID:                                                                                                           \
    FUNCTION(q, p, constant, jet);                                                                                             \
    break;
    Q2_FORMS(Q2_FORM_CASE)
#undef Q2_FORM_CASE
  case Q2_FORM_COUNT:
    break;
  }
}

/* Whether the constant of this form is the number of a grid, which the function gets in place of the constants. */
Q2_DEVICE int q2_form_takes_grid(enum q2_form form) {
  switch (form) {
#define Q2_FORM_CASE(ID, NAME, COORDINATES, NC, NA, NP, NK, KINDS, MEANINGS, FUNCTION)                                         \
  case Q2_FORM_##ID:                                                                                                           \
    return MEANINGS[0] == 'g';
    Q2_FORMS(Q2_FORM_CASE)
#undef Q2_FORM_CASE
  case Q2_FORM_COUNT:
    break;
  }
  return 0;
}

/* What the set-up knows of a form. */
struct q2_form_info {
  const char *name;
  const char *coordinates; /* words separated by blanks */
  int coordinate_count, atom_count, parameter_count, constant_count;
  const char *parameter_kinds;   /* separated by blanks */
  const char *constant_meanings; /* separated by blanks */
};
extern const struct q2_form_info q2_forms[Q2_FORM_COUNT];

/* The form of that name, or -1. */
int q2_form_find(const char *name);

/* The internal form with a star that terms of this form take near straight angles, or -1; and the reverse: the form itself
 * where it has no star. */
int q2_form_faded(int form);
int q2_form_plain(int form);

#endif
