/* Internal coordinates with their first and second Cartesian derivatives, in float64, from the positions of the atoms that
 * define them. Positions in angstrom, angles in radian.
 *
 * Second derivatives come as blocks: second[a][b] is the 3 x 3 block d2q / dx_a dx_b, row-major, for all ordered pairs of atoms
 * a, b. */
#ifndef Q2_COORDINATES_H
#define Q2_COORDINATES_H

enum { Q2_COORDINATE_ATOMS = 5 };

struct q2_coordinate {
  double value;
  double first[Q2_COORDINATE_ATOMS][3];
  double second[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9];
};

/* The coordinate that a word of a form's list describes (kernels/forms.h): a letter, then which of the term's atoms it is
 * measured on, in order. r: distance, a: angle, t: torsion, o: out-of-plane angle, f: the fading factor of a chain of four or
 * five atoms. The word ends at a blank or at its end. x: positions of all the term's atoms; derivatives in atoms that it is not
 * measured on are zero. */
void q2_measure(const char *word, const double x[][3], struct q2_coordinate *coordinate);

/* The distance |x1 - x0|. */
void q2_distance(const double x[][3], struct q2_coordinate *coordinate);

/* The angle at x[1] between x[0] and x[2], by atan2, in [0, pi]. Closer to 0 or pi than Q2_ANGLE_FLOOR the direction of bending
 * is undefined: then an arbitrary plane through the atoms is taken and the angle counts as Q2_ANGLE_FLOOR away, so that f' D
 * stays finite where f' vanishes at the limit (forms.h). With e1, e2 the unit vectors to x0, x2, n the normal of the plane and
 * p1 = e1 x n, p2 = n x e2: dtheta/da = p1 / r1, d2theta/da2 = (cot(theta) n n' - e1 p1' - p1 e1') / r1^2, d2theta/dadb = -n n'
 * / (r1 r2 sin(theta)). */
void q2_angle(const double x[][3], struct q2_coordinate *coordinate);
#define Q2_ANGLE_FLOOR 1e-8

/* The torsion angle x0-x1-x2-x3 in (-pi, pi], IUPAC sign. Formulas of A. Blondel and M. Karplus, J. Comput. Chem. 1996, 17,
 * 1132, whose only singularity is a straight angle. There (sine of x0-x1-x2 or x1-x2-x3 below Q2_TORSION_FLOOR) value and
 * derivatives are zero: the forms fade such torsions out before. */
void q2_torsion(const double x[][3], struct q2_coordinate *coordinate);
#define Q2_TORSION_FLOOR 1e-6

/* The out-of-plane angle chi of Allinger: between the bond from the ligand x3 to the centre x1 and the plane of the three
 * ligands x0, x2, x3 (what Tinker calls opbendtype ALLINGER; the angle of Wilson, Decius and Cross takes the plane x0, x1, x2
 * instead). With v = x3 - x1, e = x0 - x3, f = x2 - x3: sin(chi) = v.(e x f) / (|v| |e x f|), in [-pi/2, pi/2], zero where the
 * four atoms lie in one plane; the sign is that of the handedness of x0, x2, x3 around x1. Where the three ligands lie in one
 * line (sine of the angle at x3 below Q2_TORSION_FLOOR) there is no plane: value and derivatives are zero. */
void q2_out_of_plane(const double x[][3], struct q2_coordinate *coordinate);

/* The fading factor of the torsions along a chain x0-x1-...: the product of S(theta) over its bond angles, two for four atoms,
 * three for five. S(theta) = 1 - (1 - y)^4 (1 + 4 y), y = ((pi - theta) / Q2_FADE)^2 below y = 1, else 1. It goes to zero as
 * (pi - theta)^4, faster than the second derivatives of a torsion diverge, and joins 1 with three continuous derivatives. */
void q2_fading(int atoms, const double x[][3], struct q2_coordinate *coordinate);

#endif
