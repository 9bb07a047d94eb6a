/* Algebra of vectors in space and of 3 x 3 blocks, row-major, in float64. */
#ifndef Q2_VECTOR_H
#define Q2_VECTOR_H

#include "portable.h"

Q2_DEVICE double q2_dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/* c = a x b; c may be a or b. */
Q2_DEVICE void q2_cross(const double a[3], const double b[3], double c[3]) {
  const double x = a[1] * b[2] - a[2] * b[1], y = a[2] * b[0] - a[0] * b[2], z = a[0] * b[1] - a[1] * b[0];
  c[0] = x;
  c[1] = y;
  c[2] = z;
}

/* c = a - b; returns its length. */
Q2_DEVICE double q2_difference(const double a[3], const double b[3], double c[3]) {
  for (int i = 0; i < 3; i++)
    c[i] = a[i] - b[i];
  return sqrt(q2_dot(c, c));
}

Q2_DEVICE void q2_rescale(double a[3], double factor) {
  for (int i = 0; i < 3; i++)
    a[i] *= factor;
}

/* b += factor a. */
Q2_DEVICE void q2_add_vector(double b[3], double factor, const double a[3]) {
  for (int i = 0; i < 3; i++)
    b[i] += factor * a[i];
}

/* A unit vector perpendicular to the unit vector e, away from the axis that e is closest to. */
Q2_DEVICE void q2_any_perpendicular(const double e[3], double n[3]) {
  int axis = 0;
  for (int i = 1; i < 3; i++) {
    if (fabs(e[i]) < fabs(e[axis])) axis = i;
  }
  double unit[3] = {0, 0, 0};
  unit[axis] = 1;
  q2_cross(e, unit, n);
  q2_rescale(n, 1 / sqrt(q2_dot(n, n)));
}

/* b += factor m a. */
Q2_DEVICE void q2_add_product(double b[3], double factor, const double m[9], const double a[3]) {
  for (int i = 0; i < 3; i++)
    b[i] += factor * (m[3 * i] * a[0] + m[3 * i + 1] * a[1] + m[3 * i + 2] * a[2]);
}

/* b = m a. */
Q2_DEVICE void q2_product(const double m[9], const double a[3], double b[3]) {
  b[0] = b[1] = b[2] = 0;
  q2_add_product(b, 1, m, a);
}

/* b = m' a. */
Q2_DEVICE void q2_transposed_product(const double m[9], const double a[3], double b[3]) {
  for (int i = 0; i < 3; i++)
    b[i] = m[i] * a[0] + m[3 + i] * a[1] + m[6 + i] * a[2];
}

Q2_DEVICE double q2_trace(const double m[9]) { return m[0] + m[4] + m[8]; }

/* The vector t for which m : [a]x = t . a, with [a]x as in q2_add_cross. */
Q2_DEVICE void q2_axial(const double m[9], double t[3]) {
  t[0] = m[7] - m[5];
  t[1] = m[2] - m[6];
  t[2] = m[3] - m[1];
}

/* m += factor block. */
Q2_DEVICE void q2_add_block(double m[9], double factor, const double block[9]) {
  for (int i = 0; i < 9; i++)
    m[i] += factor * block[i];
}

Q2_DEVICE void q2_add_transposed(double m[9], double factor, const double block[9]) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++)
      m[3 * i + j] += factor * block[3 * j + i];
  }
}

/* m += factor a b'. */
Q2_DEVICE void q2_add_outer(double m[9], double factor, const double a[3], const double b[3]) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++)
      m[3 * i + j] += factor * a[i] * b[j];
  }
}

/* m += factor (a b' + b a'). */
Q2_DEVICE void q2_add_symmetric(double m[9], double factor, const double a[3], const double b[3]) {
  q2_add_outer(m, factor, a, b);
  q2_add_outer(m, factor, b, a);
}

/* m += factor [a]x, the matrix of the product with a: [a]x b = a x b. */
Q2_DEVICE void q2_add_cross(double m[9], double factor, const double a[3]) {
  m[1] -= factor * a[2];
  m[2] += factor * a[1];
  m[3] += factor * a[2];
  m[5] -= factor * a[0];
  m[6] -= factor * a[1];
  m[7] += factor * a[0];
}

/* m += factor times the unit matrix. */
Q2_DEVICE void q2_add_unit(double m[9], double factor) {
  for (int i = 0; i < 3; i++)
    m[4 * i] += factor;
}

#endif
