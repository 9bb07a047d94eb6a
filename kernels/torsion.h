/* Torsion and out-of-plane angles with their first and second derivatives. */
#ifndef Q2_TORSION_H
#define Q2_TORSION_H

#include "coordinate.h"

/* first and second of the coordinate from those in vectors between its atoms: vector v is the sum over atoms p of chain[p][v]
 * x[p]. */
Q2_DEVICE void q2_chain_rule(int order, const double chain[4][3], double first[3][3], double second[3][3][9],
                             struct q2_coordinate *coordinate) {
  Q2_ROLLED
  for (int p = 0; p < 4; p++) {
    Q2_ROLLED
    for (int v = 0; v < 3; v++) {
      for (int i = 0; i < 3; i++)
        coordinate->first[p][i] += chain[p][v] * first[v][i];
    }
    Q2_ROLLED
    for (int q = 0; q < 4 && order > 1; q++) {
      Q2_ROLLED
      for (int v = 0; v < 3; v++) {
        Q2_ROLLED
        for (int w = 0; w < 3; w++) {
          if (chain[p][v] * chain[q][w] != 0) q2_add_block(coordinate->second[p][q], chain[p][v] * chain[q][w], second[v][w]);
        }
      }
    }
  }
}

/* The vectors of a torsion and of an out-of-plane angle in their atoms: f = x0 - x1, g = x1 - x2, h = x3 - x2; v = x3 - x1, e =
 * x0 - x3, f = x2 - x3. */
#define Q2_TORSION_CHAIN                                                                                                       \
  {                                                                                                                            \
    {1, 0, 0}, {-1, 1, 0}, {0, -1, -1}, { 0, 0, 1 }                                                                            \
  }
#define Q2_OUT_OF_PLANE_CHAIN                                                                                                  \
  {                                                                                                                            \
    {0, 1, 0}, {-1, 0, 0}, {0, 0, 1}, { 1, -1, -1 }                                                                            \
  }

/* What a torsion is made of: f, g, h (Q2_TORSION_CHAIN), a = f x g, b = h x g. */
struct q2_torsion_frame {
  double f[3], g[3], h[3], a[3], b[3], length_g, a2, b2, fg, hg;
};

#define Q2_TORSION_FLOOR 1e-6

/* Returns whether the torsion is defined. */
Q2_DEVICE int q2_torsion_frame(const double x[][3], struct q2_torsion_frame *frame) {
  const double length_f = q2_difference(x[0], x[1], frame->f), length_h = q2_difference(x[3], x[2], frame->h);
  frame->length_g = q2_difference(x[1], x[2], frame->g);
  q2_cross(frame->f, frame->g, frame->a);
  q2_cross(frame->h, frame->g, frame->b);
  frame->a2 = q2_dot(frame->a, frame->a);
  frame->b2 = q2_dot(frame->b, frame->b);
  frame->fg = q2_dot(frame->f, frame->g);
  frame->hg = q2_dot(frame->h, frame->g);
  return !(sqrt(frame->a2) < Q2_TORSION_FLOOR * length_f * frame->length_g ||
           sqrt(frame->b2) < Q2_TORSION_FLOOR * length_h * frame->length_g);
}

/* The torsion angle x0-x1-x2-x3 in (-pi, pi], IUPAC sign. Formulas of A. Blondel and M. Karplus, J. Comput. Chem. 1996, 17,
 * 1132, whose only singularity is a straight angle. There (sine of x0-x1-x2 or x1-x2-x3 below Q2_TORSION_FLOOR) value and
 * derivatives are zero: the forms fade such torsions out before. */
Q2_DEVICE void q2_torsion(int order, const double x[][3], struct q2_coordinate *coordinate) {
  struct q2_torsion_frame frame;
  q2_clear(order, coordinate);
  if (!q2_torsion_frame(x, &frame)) return;
  const double *f = frame.f, *g = frame.g, *h = frame.h, *a = frame.a, *b = frame.b;
  const double length_g = frame.length_g, a2 = frame.a2, b2 = frame.b2, fg = frame.fg, hg = frame.hg;
  double ba[3];
  q2_cross(b, a, ba);
  coordinate->value = atan2(q2_dot(ba, g) / length_g, q2_dot(a, b));
  if (order < 1) return;

  /* first derivatives in f, g, h (Blondel and Karplus, eqs. 24 to 26) */
  double first[3][3], second[3][3][9];
  for (int i = 0; i < 3; i++) {
    first[0][i] = -length_g / a2 * a[i];
    first[1][i] = fg / (a2 * length_g) * a[i] - hg / (b2 * length_g) * b[i];
    first[2][i] = length_g / b2 * b[i];
  }

  /* second derivatives (eqs. 32, 44 to 46) */
  if (order > 1) {
    double ga[3], gb[3], fa[3], hb[3];
    const double g3 = length_g * length_g * length_g;
    for (int i = 0; i < 81; i++)
      second[i / 27][i / 9 % 3][i % 9] = 0;
    q2_cross(g, a, ga);
    q2_cross(g, b, gb);
    q2_cross(f, a, fa);
    q2_cross(h, b, hb);
    q2_add_symmetric(second[0][0], length_g / (a2 * a2), a, ga);
    q2_add_symmetric(second[2][2], -length_g / (b2 * b2), b, gb);
    q2_add_symmetric(second[1][1], 1 / (2 * g3 * a2), ga, a);
    q2_add_symmetric(second[1][1], fg / (length_g * a2 * a2), a, fa);
    q2_add_symmetric(second[1][1], -1 / (2 * g3 * b2), gb, b);
    q2_add_symmetric(second[1][1], -hg / (length_g * b2 * b2), b, hb);
    q2_add_outer(second[0][1], -length_g / (a2 * a2), fa, a);
    q2_add_outer(second[0][1], -fg / (length_g * a2 * a2), a, ga);
    q2_add_outer(second[2][1], length_g / (b2 * b2), hb, b);
    q2_add_outer(second[2][1], hg / (length_g * b2 * b2), b, gb);
    q2_add_transposed(second[1][0], 1, second[0][1]);
    q2_add_transposed(second[1][2], 1, second[2][1]);
  }
  const double chain[4][3] = Q2_TORSION_CHAIN;
  q2_chain_rule(order, chain, first, second, coordinate);
}

/* What an out-of-plane angle is made of: v, e, f (Q2_OUT_OF_PLANE_CHAIN), n = e x f, T = v.n, P = v.v, Q = n.n. */
struct q2_pyramid_frame {
  double v[3], e[3], f[3], n[3], length_v, t, p, q, ee, ff, ef;
};

/* Returns whether the three ligands span a plane. */
Q2_DEVICE int q2_pyramid_frame(const double x[][3], struct q2_pyramid_frame *frame) {
  const double length_e = q2_difference(x[0], x[3], frame->e), length_f = q2_difference(x[2], x[3], frame->f);
  frame->length_v = q2_difference(x[3], x[1], frame->v);
  q2_cross(frame->e, frame->f, frame->n);
  frame->t = q2_dot(frame->v, frame->n);
  frame->p = q2_dot(frame->v, frame->v);
  frame->q = q2_dot(frame->n, frame->n);
  frame->ee = q2_dot(frame->e, frame->e);
  frame->ff = q2_dot(frame->f, frame->f);
  frame->ef = q2_dot(frame->e, frame->f);
  return !(sqrt(frame->q) < Q2_TORSION_FLOOR * length_e * length_f);
}

/* The first derivatives of T in v, e, f. */
Q2_DEVICE void q2_triple_product(const struct q2_pyramid_frame *frame, double t[3][3]) {
  q2_cross(frame->e, frame->f, t[0]);
  q2_cross(frame->f, frame->v, t[1]);
  q2_cross(frame->v, frame->e, t[2]);
}

/* Adds those of its second derivatives that are not zero: in v and e, in v and f, in e and f. */
Q2_DEVICE void q2_triple_product_second(const struct q2_pyramid_frame *frame, double ve[9], double vf[9], double ef[9]) {
  q2_add_cross(ve, -1, frame->f);
  q2_add_cross(vf, 1, frame->e);
  q2_add_cross(ef, -1, frame->v);
}

/* The out-of-plane angle chi of Allinger: between the bond from the ligand x3 to the centre x1 and the plane of the three
 * ligands x0, x2, x3 (what Tinker calls opbendtype ALLINGER; the angle of Wilson, Decius and Cross takes the plane x0, x1, x2
 * instead). With v = x3 - x1, e = x0 - x3, f = x2 - x3: sin(chi) = v.(e x f) / (|v| |e x f|), in [-pi/2, pi/2], zero where the
 * four atoms lie in one plane; the sign is that of the handedness of x0, x2, x3 around x1. Where the three ligands lie in one
 * line (sine of the angle at x3 below Q2_TORSION_FLOOR) there is no plane: value and derivatives are zero.
 *
 * w = sin(chi) = T / sqrt(P Q); then chi_i = w_i / cos(chi), chi_ij = w_ij / cos(chi) + w_i w_j sin(chi) / cos^3(chi). With K =
 * (P Q)^-1/2 and L the logarithm of P Q: K_i = -K L_i / 2, K_ij = K (L_i L_j / 4 - L_ij / 2). */
Q2_DEVICE void q2_out_of_plane(int order, const double x[][3], struct q2_coordinate *coordinate) {
  enum { V, E, F };
  struct q2_pyramid_frame frame;
  q2_clear(order, coordinate);
  if (!q2_pyramid_frame(x, &frame)) return;
  const double *v = frame.v, *e = frame.e, *f = frame.f;
  const double p = frame.p, q = frame.q, ee = frame.ee, ff = frame.ff, ef = frame.ef;
  const double k = 1 / (frame.length_v * sqrt(q)), sine = frame.t * k,
               cosine2 = fmax(1 - sine * sine, Q2_TORSION_FLOOR * Q2_TORSION_FLOOR);
  const double cosine = sqrt(cosine2);
  coordinate->value = atan2(sine, cosine);
  if (order < 1) return;

  double t[3][3], l[3][3], first[3][3], second[3][3][9];
  q2_triple_product(&frame, t);
  for (int i = 0; i < 3; i++) {
    l[V][i] = 2 * v[i] / p;
    l[E][i] = 2 * (ff * e[i] - ef * f[i]) / q;
    l[F][i] = 2 * (ee * f[i] - ef * e[i]) / q;
  }
  Q2_ROLLED
  for (int a = 0; a < 3; a++) {
    for (int i = 0; i < 3; i++)
      first[a][i] = (t[a][i] * k - sine * l[a][i] / 2) / cosine;
  }

  if (order > 1) {
    double lead[3][3][9], twist[3][3][9]; /* second derivatives of L and of T */
    for (int i = 0; i < 81; i++)
      lead[i / 27][i / 9 % 3][i % 9] = twist[i / 27][i / 9 % 3][i % 9] = second[i / 27][i / 9 % 3][i % 9] = 0;
    q2_triple_product_second(&frame, twist[V][E], twist[V][F], twist[E][F]);
    q2_add_transposed(twist[E][V], 1, twist[V][E]);
    q2_add_transposed(twist[F][V], 1, twist[V][F]);
    q2_add_transposed(twist[F][E], 1, twist[E][F]);
    q2_add_unit(lead[V][V], 2 / p);
    q2_add_outer(lead[V][V], -1, l[V], l[V]);
    q2_add_unit(lead[E][E], 2 * ff / q);
    q2_add_outer(lead[E][E], -2 / q, f, f);
    q2_add_outer(lead[E][E], -1, l[E], l[E]);
    q2_add_unit(lead[F][F], 2 * ee / q);
    q2_add_outer(lead[F][F], -2 / q, e, e);
    q2_add_outer(lead[F][F], -1, l[F], l[F]);
    q2_add_unit(lead[E][F], -2 * ef / q);
    q2_add_outer(lead[E][F], 4 / q, e, f);
    q2_add_outer(lead[E][F], -2 / q, f, e);
    q2_add_outer(lead[E][F], -1, l[E], l[F]);
    q2_add_transposed(lead[F][E], 1, lead[E][F]);
    Q2_ROLLED
    for (int a = 0; a < 3; a++) {
      Q2_ROLLED
      for (int b = 0; b < 3; b++) {
        q2_add_block(second[a][b], k / cosine, twist[a][b]);
        q2_add_outer(second[a][b], -k / (2 * cosine), t[a], l[b]);
        q2_add_outer(second[a][b], -k / (2 * cosine), l[a], t[b]);
        q2_add_outer(second[a][b], sine / (4 * cosine), l[a], l[b]);
        q2_add_block(second[a][b], -sine / (2 * cosine), lead[a][b]);
        q2_add_outer(second[a][b], sine / cosine, first[a], first[b]);
      }
    }
  }
  const double chain[4][3] = Q2_OUT_OF_PLANE_CHAIN;
  q2_chain_rule(order, chain, first, second, coordinate);
}

#endif
