/* The third derivatives of internal coordinates, contracted with a symmetric matrix: what the cotangent W of a Hessian does to
 * the positions of a geometry that moves, W : d3q. By hand, in reverse: of the number s = W : D, with D the second derivatives
 * of kernels/angle.h and kernels/torsion.h, follow the derivatives in each quantity that D is computed from, back to the
 * vectors between the atoms. A bar marks the derivative of s in a quantity: a_ is ds/da.
 *
 * W comes as blocks w[p][q], 3 x 3, row-major, for all ordered pairs of the term's places, w[q][p] the transpose of w[p][q]. */
#ifndef Q2_COORDINATES_THIRD_H
#define Q2_COORDINATES_THIRD_H

#include "coordinates.h"
#include "function_third.h"

/* --- between atoms and the vectors between them --- */

/* W in the vectors of a coordinate: the sum over its atoms p, q of chain[p][a] chain[q][b] w[p][q] for vectors a, b. */
Q2_DEVICE void q2_reduce(int32_t code, const double chain[4][3], const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9],
                         double reduced[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9]) {
  const int atoms = q2_coordinate_atoms(code);
  Q2_ROLLED
  for (int a = 0; a < 3; a++) {
    Q2_ROLLED
    for (int b = 0; b < 3; b++) {
      for (int i = 0; i < 9; i++)
        reduced[a][b][i] = 0;
      Q2_ROLLED
      for (int p = 0; p < atoms; p++) {
        Q2_ROLLED
        for (int q = 0; q < atoms; q++) {
          const double factor = chain[p][a] * chain[q][b];
          if (factor != 0) q2_add_block(reduced[a][b], factor, w[q2_coordinate_place(code, p)][q2_coordinate_place(code, q)]);
        }
      }
    }
  }
}

/* Derivatives in the vectors back to the term's places. */
Q2_DEVICE void q2_expand(int32_t code, const double chain[4][3], double vectors[][3], double out[Q2_COORDINATE_ATOMS][3]) {
  for (int p = 0; p < q2_coordinate_atoms(code); p++) {
    for (int a = 0; a < 3; a++) {
      if (chain[p][a] != 0) q2_add_vector(out[q2_coordinate_place(code, p)], chain[p][a], vectors[a]);
    }
  }
}

/* --- the coordinates, each in its vectors: x are its own atoms, w what q2_reduce made of W; adds to out --- */

/* D = (1 - u u') / r: s_ = (3 (u' W u) u - tr(W) u - 2 W u) / r^2. */
Q2_DEVICE void q2_contract_distance(const double x[][3], const double w[9], double out[3]) {
  double u[3], wu[3];
  const double r = q2_difference(x[1], x[0], u);
  q2_rescale(u, 1 / r);
  q2_product(w, u, wu);
  q2_add_vector(out, (3 * q2_dot(u, wu) - q2_trace(w)) / (r * r), u);
  q2_add_vector(out, -2 / (r * r), wu);
}

/* Sides 1, 2: a = x0 - x1, b = x2 - x1. With the quantities of struct q2_angle_frame
 *
 *     s = sum over sides of (cot(theta) n' W_11 n - 2 e1' W_11 p1) / r1^2 - 2 n' W_12 n / (r1 r2 sin(theta)).
 *
 * Where a moves by da, with alpha = p1 . da / r1 and beta = n . da / r1,
 *
 *     dtheta = alpha,  dr1 = e1 . da,  de1 = alpha p1 + beta n,  dn = beta p2 / sin(theta),
 *     dp1 = -alpha e1 + beta cot(theta) n,  dp2 = -beta n / sin(theta),
 *
 * so that with n_ = n1 + n2, n1 = 2 (cot(theta) W_11 n / r1 - W_12 n / (r2 sin(theta))) / r1 from W's rows of side 1,
 *
 *     a_ = (theta_ + p1 . e1_ - e1 . p1_) p1 / r1 + r1_ e1
 *        + (n . e1_ + cot(theta) n . p1_ + (p2 . n_ - n . p2_) / sin(theta)) n / r1.
 *
 * In p2 . n1, p2 is written as -cos(theta) p1 - sin(theta) e1. It matters closer to 0 or pi than Q2_ANGLE_FLOOR, where theta, n
 * and D are those of q2_angle, which are not all of one geometry. With it, the terms with f' W : d3q, with f'' and with f'''
 * add up to the finite limit there, though each diverges, for every f that is even in sin(theta). What is left of the sum is
 * sensitive to f': a relative error of f' comes back divided by sin(theta), in the components perpendicular to the bonds. */
Q2_DEVICE void q2_contract_angle(const double x[][3], const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9],
                                 double out[][3]) {
  struct q2_angle_frame frame;
  q2_angle_frame(x, &frame);
  const double *n = frame.n, sine = frame.sine, cotangent = frame.cosine / frame.sine;
  double n_bar[2][3], e_bar[2][3], p_bar[2][3], r_bar[2], theta_bar = 0;
  for (int side = 0; side < 2; side++) {
    const double r = frame.r[side], other = frame.r[1 - side], *e = frame.e[side], *p = frame.p[side];
    double own_n[3], cross_n[3];
    q2_product(w[side][side], n, own_n);
    q2_product(w[side][1 - side], n, cross_n);
    q2_product(w[side][side], p, e_bar[side]);
    q2_product(w[side][side], e, p_bar[side]);
    r_bar[side] = 4 * q2_dot(e, e_bar[side]) / (r * r * r);
    q2_rescale(e_bar[side], -2 / (r * r));
    q2_rescale(p_bar[side], -2 / (r * r));
    for (int i = 0; i < 3; i++)
      n_bar[side][i] = 2 * (cotangent * own_n[i] / r - cross_n[i] / (other * sine)) / r;
    r_bar[side] -= q2_dot(n, n_bar[side]) / r;
    theta_bar -= (q2_dot(n, own_n) / r - frame.cosine * q2_dot(n, cross_n) / other) / (r * sine * sine);
  }
  for (int side = 0; side < 2; side++) {
    const double r = frame.r[side], *e = frame.e[side], *p = frame.p[side], *other = frame.p[1 - side];
    const double along_p = theta_bar + q2_dot(p, e_bar[side]) - q2_dot(e, p_bar[side]);
    const double turn = q2_dot(other, n_bar[1 - side]) - frame.cosine * q2_dot(p, n_bar[side]) - q2_dot(n, p_bar[1 - side]);
    const double along_n = q2_dot(n, e_bar[side]) + cotangent * q2_dot(n, p_bar[side]) + turn / sine - q2_dot(e, n_bar[side]);
    q2_add_vector(out[side], along_p / r, p);
    q2_add_vector(out[side], along_n / r, n);
    q2_add_vector(out[side], r_bar[side], e);
  }
}

/* The part of a torsion's D that depends on f and g alone, a = f x g (Blondel and Karplus, eqs. 32, 44 to 46); that on h and g
 * is the same function with the opposite sign. With c1 = 2 |g| / a^4, c2 = 2 f.g / (|g| a^4), c3 = 1 / (|g|^3 a^2)
 *
 *     s = c1 k1 + c2 k2 + c3 k3,  k1 = (g x a)' W_ff a - (f x a)' W_fg a,  k2 = (f x a)' W_gg a - a' W_fg (g x a),
 *     k3 = (g x a)' W_gg a.
 *
 * Adds sign times its derivatives in f and g. */
Q2_DEVICE_CALL void q2_contract_half_torsion(double sign, const double f[3], const double g[3], const double a[3],
                                             const double ff[9], const double fg[9], const double gg[9], double f_bar[3],
                                             double g_bar[3]) {
  double ga[3], fa[3], ff_a[3], fg_a[3], gf_a[3], gg_a[3];
  q2_cross(g, a, ga);
  q2_cross(f, a, fa);
  q2_product(ff, a, ff_a);
  q2_product(fg, a, fg_a);
  q2_transposed_product(fg, a, gf_a);
  q2_product(gg, a, gg_a);
  const double g2 = q2_dot(g, g), a2 = q2_dot(a, a), f_dot_g = q2_dot(f, g), length = sqrt(g2);
  const double c1 = sign * 2 * length / (a2 * a2), c2 = sign * 2 * f_dot_g / (length * a2 * a2), c3 = sign / (length * g2 * a2),
               c2_f_dot_g = sign * 2 / (length * a2 * a2);
  const double k1 = q2_dot(ga, ff_a) - q2_dot(fa, fg_a), k2 = q2_dot(fa, gg_a) - q2_dot(ga, gf_a), k3 = q2_dot(ga, gg_a);

  /* in g x a and f x a, and in the a beside them */
  double ga_bar[3], fa_bar[3], a_bar[3], transposed[3];
  for (int i = 0; i < 3; i++) {
    ga_bar[i] = c1 * ff_a[i] - c2 * gf_a[i] + c3 * gg_a[i];
    fa_bar[i] = c2 * gg_a[i] - c1 * fg_a[i];
  }
  q2_product(ff, ga, a_bar);
  q2_transposed_product(fg, fa, transposed);
  for (int i = 0; i < 3; i++)
    a_bar[i] = c1 * (a_bar[i] - transposed[i]);
  q2_add_product(a_bar, c2, gg, fa);
  q2_add_product(a_bar, -c2, fg, ga);
  q2_add_product(a_bar, c3, gg, ga);

  /* in |g|, f.g and a^2 */
  q2_add_vector(g_bar, (c1 * k1 - c2 * k2 - 3 * c3 * k3) / g2, g);
  q2_add_vector(g_bar, c2_f_dot_g * k2, f);
  q2_add_vector(f_bar, c2_f_dot_g * k2, g);
  q2_add_vector(a_bar, -2 * (2 * c1 * k1 + 2 * c2 * k2 + c3 * k3) / a2, a);

  /* c = u x v: u_ = v x c_, v_ = c_ x u */
  double part[3];
  q2_cross(a, ga_bar, part);
  q2_add_vector(g_bar, 1, part);
  q2_cross(ga_bar, g, part);
  q2_add_vector(a_bar, 1, part);
  q2_cross(a, fa_bar, part);
  q2_add_vector(f_bar, 1, part);
  q2_cross(fa_bar, f, part);
  q2_add_vector(a_bar, 1, part);
  q2_cross(g, a_bar, part);
  q2_add_vector(f_bar, 1, part);
  q2_cross(a_bar, f, part);
  q2_add_vector(g_bar, 1, part);
}

/* Zero where the torsion is not defined (Q2_TORSION_FLOOR). */
Q2_DEVICE void q2_contract_torsion(const double x[][3], const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9],
                                   double out[][3]) {
  struct q2_torsion_frame frame;
  if (!q2_torsion_frame(x, &frame)) return;
  q2_contract_half_torsion(1, frame.f, frame.g, frame.a, w[0][0], w[0][1], w[1][1], out[0], out[1]);
  q2_contract_half_torsion(-1, frame.h, frame.g, frame.b, w[2][2], w[2][1], w[1][1], out[2], out[1]);
}

/* y^(-1/2) and its first three derivatives. */
Q2_DEVICE void q2_inverse_root(double y, double u[4]) {
  u[0] = 1 / sqrt(y);
  u[1] = -u[0] / (2 * y);
  u[2] = -3 * u[1] / (2 * y);
  u[3] = -5 * u[2] / (2 * y);
}

/* T, P and Q of struct q2_pyramid_frame as functions of v, e, f (blocks 0, 1, 2) with their contractions. P is quadratic; for T
 * and Q = (e.e)(f.f) - (e.f)^2
 *
 *     W : D_T = -2 W_ve : [f]x + 2 W_vf : [e]x - 2 W_ef : [v]x,
 *     W : D_Q = 2 (f.f tr(W_ee) - f' W_ee f + e.e tr(W_ff) - e' W_ff e) + 4 (2 e' W_ef f - f' W_ef e - e.f tr(W_ef)). */
Q2_DEVICE void q2_pyramid_quantities(const struct q2_pyramid_frame *frame,
                                     const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9], struct q2_coordinate y[3],
                                     double contraction[3][Q2_COORDINATE_ATOMS][3]) {
  enum { V, E, F };
  struct q2_coordinate *t = &y[0], *p = &y[1], *q = &y[2];
  const double *e = frame->e, *f = frame->f, ee = frame->ee, ff = frame->ff, ef = frame->ef;
  for (int i = 0; i < 3; i++) {
    q2_clear(2, &y[i]);
    for (int k = 0; k < 9; k++)
      contraction[i][k / 3][k % 3] = 0;
  }
  q2_triple_product(frame, t->first);
  q2_triple_product_second(frame, t->second[V][E], t->second[V][F], t->second[E][F]);
  q2_add_transposed(t->second[E][V], 1, t->second[V][E]);
  q2_add_transposed(t->second[F][V], 1, t->second[V][F]);
  q2_add_transposed(t->second[F][E], 1, t->second[E][F]);
  double axial[3];
  q2_axial(w[V][E], axial);
  q2_add_vector(contraction[0][F], -2, axial);
  q2_axial(w[V][F], axial);
  q2_add_vector(contraction[0][E], 2, axial);
  q2_axial(w[E][F], axial);
  q2_add_vector(contraction[0][V], -2, axial);

  q2_add_vector(p->first[V], 2, frame->v);
  q2_add_unit(p->second[V][V], 2);

  q2_add_vector(q->first[E], 2 * ff, e);
  q2_add_vector(q->first[E], -2 * ef, f);
  q2_add_vector(q->first[F], 2 * ee, f);
  q2_add_vector(q->first[F], -2 * ef, e);
  q2_add_unit(q->second[E][E], 2 * ff);
  q2_add_outer(q->second[E][E], -2, f, f);
  q2_add_unit(q->second[F][F], 2 * ee);
  q2_add_outer(q->second[F][F], -2, e, e);
  q2_add_unit(q->second[E][F], -2 * ef);
  q2_add_outer(q->second[E][F], 4, e, f);
  q2_add_outer(q->second[E][F], -2, f, e);
  q2_add_transposed(q->second[F][E], 1, q->second[E][F]);
  q2_add_vector(contraction[2][E], 4 * q2_trace(w[F][F]), e);
  q2_add_product(contraction[2][E], -4, w[F][F], e);
  q2_add_vector(contraction[2][E], -4 * q2_trace(w[E][F]), f);
  q2_add_product(contraction[2][E], 8, w[E][F], f);
  q2_add_product(contraction[2][E], -4, w[F][E], f);
  q2_add_vector(contraction[2][F], 4 * q2_trace(w[E][E]), f);
  q2_add_product(contraction[2][F], -4, w[E][E], f);
  q2_add_vector(contraction[2][F], -4 * q2_trace(w[E][F]), e);
  q2_add_product(contraction[2][F], 8, w[F][E], e);
  q2_add_product(contraction[2][F], -4, w[E][F], e);
}

/* chi = arcsin(m), m = T P^(-1/2) Q^(-1/2): with c = cos(chi), dchi/dm = 1 / c, then m / c^3 and (1 + 2 m^2) / c^5. Zero where
 * the ligands span no plane, and where the bond is perpendicular to it, chi = pi/2 the tip of a cone (c below
 * Q2_TORSION_FLOOR). */
Q2_DEVICE_CALL void q2_contract_out_of_plane(const double x[][3], const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9],
                                             double out[Q2_COORDINATE_ATOMS][3]) {
  struct q2_pyramid_frame frame;
  if (!q2_pyramid_frame(x, &frame)) return;
  double u[3][4], m[3], mm[6], mmm[10], first[3], second[6], third[10];
  u[0][0] = frame.t;
  u[0][1] = 1;
  u[0][2] = u[0][3] = 0;
  q2_inverse_root(frame.p, u[1]);
  q2_inverse_root(frame.q, u[2]);
  const double sine = u[0][0] * u[1][0] * u[2][0], cosine2 = 1 - sine * sine;
  if (!(cosine2 > Q2_TORSION_FLOOR * Q2_TORSION_FLOOR)) return;
  const double chi1 = 1 / sqrt(cosine2), chi2 = sine * chi1 / cosine2,
               chi3 = (1 + 2 * sine * sine) * chi1 / (cosine2 * cosine2);
  q2_product_derivatives(3, u, m, mm, mmm);
  for (int a = 0; a < 3; a++) {
    first[a] = chi1 * m[a];
    for (int b = 0; b <= a; b++) {
      const int ab = Q2_TRIANGLE(a, b);
      second[ab] = chi1 * mm[ab] + chi2 * m[a] * m[b];
      for (int c = 0; c <= b; c++) {
        third[Q2_TETRAHEDRON(a, b, c)] = chi1 * mmm[Q2_TETRAHEDRON(a, b, c)] + chi3 * m[a] * m[b] * m[c] +
                                         chi2 * (mm[ab] * m[c] + mm[Q2_TRIANGLE(a, c)] * m[b] + mm[Q2_TRIANGLE(b, c)] * m[a]);
      }
    }
  }
  struct q2_coordinate y[3];
  double contraction[3][Q2_COORDINATE_ATOMS][3];
  q2_pyramid_quantities(&frame, w, y, contraction);
  q2_contract_function(3, 3, first, second, third, y, contraction, w, out);
}

/* --- the contraction of any coordinate --- */

/* Adds that of a coordinate made of vectors, thus of any but a fading factor. */
Q2_DEVICE_CALL void q2_contract_vectors(int32_t code, const double x[][3],
                                        const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9],
                                        double out[Q2_COORDINATE_ATOMS][3]) {
  const double distance[4][3] = {{-1, 0, 0}, {1, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  const double angle[4][3] = {{1, 0, 0}, {-1, -1, 0}, {0, 1, 0}, {0, 0, 0}};
  const double torsion[4][3] = Q2_TORSION_CHAIN, out_of_plane[4][3] = Q2_OUT_OF_PLANE_CHAIN;
  const int kind = q2_coordinate_kind(code);
  const double(*chain)[3] = kind == Q2_DISTANCE  ? distance
                            : kind == Q2_ANGLE   ? angle
                            : kind == Q2_TORSION ? torsion
                                                 : out_of_plane;
  double own[Q2_COORDINATE_ATOMS][3], reduced[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9];
  double vectors[Q2_COORDINATE_ATOMS][3] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  q2_own_atoms(code, x, own);
  q2_reduce(code, chain, w, reduced);
  const double(*here)[3] = (const double(*)[3])own;
  const double(*in_vectors)[Q2_COORDINATE_ATOMS][9] = (const double(*)[Q2_COORDINATE_ATOMS][9])reduced;
  switch (kind) {
  case Q2_DISTANCE:
    q2_contract_distance(here, in_vectors[0][0], vectors[0]);
    break;
  case Q2_ANGLE:
    q2_contract_angle(here, in_vectors, vectors);
    break;
  case Q2_TORSION:
    q2_contract_torsion(here, in_vectors, vectors);
    break;
  default:
    q2_contract_out_of_plane(here, in_vectors, vectors);
    break;
  }
  q2_expand(code, chain, vectors, out);
}

/* The product of S(theta) over the chain's angles. */
Q2_DEVICE_CALL void q2_contract_fading(int32_t code, const double x[][3],
                                       const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9],
                                       double out[Q2_COORDINATE_ATOMS][3]) {
  const int angles = q2_coordinate_atoms(code) - 2;
  double fade[3][4], first[3], second[6], third[10], contraction[3][Q2_COORDINATE_ATOMS][3];
  struct q2_coordinate angle[3];
  Q2_ROLLED
  for (int i = 0; i < angles; i++) {
    const int32_t places = code >> (6 + 3 * i) & 0777, angle_code = Q2_ANGLE | 3 << 3 | places << 6;
    q2_measure(angle_code, x, &angle[i]);
    q2_fade(angle[i].value, fade[i]);
    for (int p = 0; p < Q2_COORDINATE_ATOMS; p++)
      contraction[i][p][0] = contraction[i][p][1] = contraction[i][p][2] = 0;
    q2_contract_vectors(angle_code, x, w, contraction[i]);
  }
  q2_product_derivatives(angles, fade, first, second, third);
  q2_contract_function(Q2_COORDINATE_ATOMS, angles, first, second, third, angle, contraction, w, out);
}

/* out[a] = d/dx_a of sum_pq w[p][q] : d2q / dx_p dx_q, at all of the term's places. Singular places: see the coordinates. */
Q2_DEVICE void q2_contract_third(int32_t code, const double x[][3], const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9],
                                 double out[Q2_COORDINATE_ATOMS][3]) {
  for (int a = 0; a < Q2_COORDINATE_ATOMS; a++)
    out[a][0] = out[a][1] = out[a][2] = 0;
  if (q2_coordinate_kind(code) == Q2_FADING) {
    q2_contract_fading(code, x, w, out);
  } else {
    q2_contract_vectors(code, x, w, out);
  }
}

#endif
