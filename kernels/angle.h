/* Distances and angles with their first and second derivatives, and the fading factor that is made of angles. */
#ifndef Q2_ANGLE_H
#define Q2_ANGLE_H

#include "coordinate.h"
#include "forms.h"

/* The distance |x1 - x0|. */
Q2_DEVICE void q2_distance(int order, const double x[][3], struct q2_coordinate *coordinate) {
  double u[3], block[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
  const double r = q2_difference(x[1], x[0], u);
  q2_rescale(u, 1 / r);
  coordinate->value = r;
  if (order < 1) return;
  for (int i = 0; i < 3; i++) {
    coordinate->first[0][i] = -u[i];
    coordinate->first[1][i] = u[i];
    block[4 * i] = 1 / r;
  }
  if (order < 2) return;
  q2_add_outer(block, -1 / r, u, u);
  for (int a = 0; a < 2; a++) {
    for (int b = 0; b < 2; b++) {
      for (int i = 0; i < 9; i++)
        coordinate->second[a][b][i] = a == b ? block[i] : -block[i];
    }
  }
}

/* What an angle is made of: the lengths r of the bonds from its apex and their unit vectors e, the unit normal n of their
 * plane, and p, the unit vectors in the plane and perpendicular to e along which the angle grows: p[0] = e[0] x n, p[1] = n x
 * e[1]. */
struct q2_angle_frame {
  double r[2], e[2][3], n[3], p[2][3], sine, cosine;
  double share; /* of p that a force gets (q2_angle) */
};

/* 2^-27 radian: a power of two, so that pi - theta is exactly that where theta counts as so far from pi. */
#define Q2_ANGLE_FLOOR 7.450580596923828125e-9
#define Q2_ANGLE_NOISE 1e-15 /* of a sine, by rounding */

Q2_DEVICE void q2_angle_frame(const double x[][3], struct q2_angle_frame *frame) {
  for (int side = 0; side < 2; side++) {
    frame->r[side] = q2_difference(x[2 * side], x[1], frame->e[side]);
    q2_rescale(frame->e[side], 1 / frame->r[side]);
  }
  q2_cross(frame->e[0], frame->e[1], frame->n);
  frame->sine = sqrt(q2_dot(frame->n, frame->n));
  frame->cosine = q2_dot(frame->e[0], frame->e[1]);
  frame->share = 1;
  if (frame->sine >= Q2_ANGLE_FLOOR) {
    q2_rescale(frame->n, 1 / frame->sine);
  } else {
    frame->share = frame->sine / Q2_ANGLE_FLOOR;
    frame->sine = Q2_ANGLE_FLOOR;
    q2_add_vector(frame->n, -q2_dot(frame->n, frame->e[0]), frame->e[0]); /* rounding may have any direction */
    const double length = sqrt(q2_dot(frame->n, frame->n));
    if (length > Q2_ANGLE_NOISE)
      q2_rescale(frame->n, 1 / length);
    else
      q2_any_perpendicular(frame->e[0], frame->n);
  }
  q2_cross(frame->e[0], frame->n, frame->p[0]);
  q2_cross(frame->n, frame->e[1], frame->p[1]);
}

/* The angle at x[1] between x[0] and x[2], by atan2, in [0, pi]. Closer to 0 or pi than Q2_ANGLE_FLOOR the angle counts as
 * Q2_ANGLE_FLOOR away, so that f' D stays finite where f' vanishes at the limit (forms.h); and where even the direction of
 * bending is undefined, an arbitrary plane through the atoms is taken. A force must vanish there: f' is that of the floor, f''
 * Q2_ANGLE_FLOOR, and `share`, the true distance by Q2_ANGLE_FLOOR, makes f' g what it is. With e1, e2 the unit vectors to x0,
 * x2, n the normal of the plane and p1 = e1 x n, p2 = n x e2: dtheta/da = p1 / r1, d2theta/da2 = (cot(theta) n n' - e1 p1' - p1
 * e1') / r1^2, d2theta/dadb = -n n' / (r1 r2 sin(theta)). */
Q2_DEVICE void q2_angle(int order, const double x[][3], struct q2_coordinate *coordinate) {
  struct q2_angle_frame frame;
  q2_angle_frame(x, &frame);
  const double r1 = frame.r[0], r2 = frame.r[1], *e1 = frame.e[0], *e2 = frame.e[1], *n = frame.n, *p1 = frame.p[0],
               *p2 = frame.p[1];
  const double sine = frame.sine, cosine = frame.cosine;
  q2_clear(order, coordinate);
  coordinate->value = atan2(sine, cosine);
  coordinate->share = frame.share;
  if (order < 1) return;
  for (int i = 0; i < 3; i++) {
    coordinate->first[0][i] = p1[i] / r1;
    coordinate->first[2][i] = p2[i] / r2;
    coordinate->first[1][i] = -p1[i] / r1 - p2[i] / r2;
  }
  if (order < 2) return;

  /* a = x0 - x1, b = x2 - x1; ab is symmetric */
  double aa[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0}, ab[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0}, bb[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
  q2_add_outer(aa, cosine / (sine * r1 * r1), n, n);
  q2_add_outer(aa, -1 / (r1 * r1), e1, p1);
  q2_add_outer(aa, -1 / (r1 * r1), p1, e1);
  q2_add_outer(bb, cosine / (sine * r2 * r2), n, n);
  q2_add_outer(bb, -1 / (r2 * r2), e2, p2);
  q2_add_outer(bb, -1 / (r2 * r2), p2, e2);
  q2_add_outer(ab, -1 / (r1 * r2 * sine), n, n);
  q2_add_block(coordinate->second[0][0], 1, aa);
  q2_add_block(coordinate->second[0][2], 1, ab);
  q2_add_block(coordinate->second[2][0], 1, ab);
  q2_add_block(coordinate->second[2][2], 1, bb);
  q2_add_block(coordinate->second[0][1], -1, aa);
  q2_add_block(coordinate->second[0][1], -1, ab);
  q2_add_block(coordinate->second[2][1], -1, bb);
  q2_add_block(coordinate->second[2][1], -1, ab);
  q2_add_transposed(coordinate->second[1][0], 1, coordinate->second[0][1]);
  q2_add_transposed(coordinate->second[1][2], 1, coordinate->second[2][1]);
  q2_add_block(coordinate->second[1][1], -1, coordinate->second[0][1]);
  q2_add_block(coordinate->second[1][1], -1, coordinate->second[2][1]);
}

#define Q2_FADE_IS_OVER(THETA) (3.14159265358979323846 - (THETA) >= Q2_FADE)

/* S(theta) and its first three derivatives in theta. */
Q2_DEVICE void q2_fade(double theta, double s[4]) {
  const double bend = 3.14159265358979323846 - theta, y = (bend / Q2_FADE) * (bend / Q2_FADE);
  s[0] = 1;
  s[1] = s[2] = s[3] = 0;
  if (y >= 1) return;
  const double z = 1 - y, z2 = z * z, z3 = z2 * z;
  const double dy = -2 * bend / (Q2_FADE * Q2_FADE), dyy = 2 / (Q2_FADE * Q2_FADE);                /* in theta */
  const double first = 20 * y * z3, second = 20 * z3 - 60 * y * z2, third = 120 * z * (2 * y - 1); /* in y */
  s[0] = y * y * (10 + y * (-20 + y * (15 - 4 * y))); /* the same without the cancellation at y = 0 */
  s[1] = first * dy;
  s[2] = second * dy * dy + first * dyy;
  s[3] = third * dy * dy * dy + 3 * second * dy * dyy;
}

/* The fading factor of the torsions along a chain x0-x1-...: the product of S(theta) over its bond angles, two for four atoms,
 * three for five. S(theta) = 1 - (1 - y)^4 (1 + 4 y), y = ((pi - theta) / Q2_FADE)^2 below y = 1, else 1. It goes to zero as
 * (pi - theta)^4, faster than the second derivatives of a torsion diverge, and joins 1 with three continuous derivatives. */
Q2_DEVICE void q2_fading(int order, int atoms, const double x[][3], struct q2_coordinate *coordinate) {
  q2_clear(order, coordinate);
  coordinate->value = 1;
  Q2_ROLLED
  for (int start = 0; start + 2 < atoms; start++) { /* the product so far times S of the next angle */
    struct q2_coordinate angle, product;
    double s[4];
    q2_angle(0, x + start, &angle);
    if (Q2_FADE_IS_OVER(angle.value)) continue; /* S is 1 and its derivatives are 0 */
    q2_fade(angle.value, s);
    q2_angle(order, x + start, &angle);
    q2_clear(order, &product);
    product.value = coordinate->value * s[0];
    product.share = 1;
    Q2_ROLLED
    for (int p = 0; p < atoms && order > 0; p++) {
      const int in_p = p >= start && p < start + 3;
      for (int i = 0; i < 3; i++) {
        product.first[p][i] =
            s[0] * coordinate->first[p][i] + (in_p ? coordinate->value * s[1] * angle.first[p - start][i] : 0);
      }
      Q2_ROLLED
      for (int q = 0; q < atoms && order > 1; q++) {
        const int in_q = q >= start && q < start + 3;
        double *block = product.second[p][q];
        q2_add_block(block, s[0], coordinate->second[p][q]);
        if (in_q) q2_add_outer(block, s[1], coordinate->first[p], angle.first[q - start]);
        if (in_p) q2_add_outer(block, s[1], angle.first[p - start], coordinate->first[q]);
        if (in_p && in_q) {
          q2_add_outer(block, coordinate->value * s[2], angle.first[p - start], angle.first[q - start]);
          q2_add_block(block, coordinate->value * s[1], angle.second[p - start][q - start]);
        }
      }
    }
    q2_copy_coordinate(&product, coordinate);
  }
}

#endif
