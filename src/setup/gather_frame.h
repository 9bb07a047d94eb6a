/* Two geometries of one molecule: in one frame, or one turned into the other's. */
#ifndef Q2_GATHER_FRAME_H
#define Q2_GATHER_FRAME_H

#define Q2_SAME_GEOMETRY 1e-3 /* angstrom: coordinates of two files that differ by no more are the same */

/* How x (a file's) is brought to `reference`: reference = rotation x + shift. */
struct q2_frame_change {
  int same; /* 1: x is in the frame of the reference already; rotation is then the unit matrix */
  double rotation[3][3];
  double deviation; /* angstrom, the largest of a coordinate that is left */
  int worst;        /* the atom that it is left at */
};

/* Compares two geometries [atoms][3] (angstrom) as they are and, where they differ by more than Q2_SAME_GEOMETRY, after the
 * proper rotation and the shift that bring them nearest, all atoms alike (B. K. P. Horn, J. Opt. Soc. Am. A 1987, 4, 629).
 * Returns 0, or -1 when memory runs out or LAPACK fails. */
int q2_frame_compare(int atoms, const double *reference, const double *x, struct q2_frame_change *change);

/* Turns vectors [atoms][3] (a gradient), and a packed Hessian, in place. */
void q2_frame_turn_vectors(const struct q2_frame_change *change, int atoms, double *vector);
void q2_frame_turn_hessian(const struct q2_frame_change *change, int atoms, double *packed);

#endif
