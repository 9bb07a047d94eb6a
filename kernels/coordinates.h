/* Internal coordinates with their first and second Cartesian derivatives, in float64, from the positions of the atoms that define
 * them. Positions in angstrom, angles in radian.
 *
 * Second derivatives come as blocks: second[a][b] is the 3 x 3 block d2q / dx_a dx_b, row-major, for all ordered pairs of atoms a, b. */
#ifndef Q2_COORDINATES_H
#define Q2_COORDINATES_H

struct q2_coordinate {
  double value;
  double first[4][3];
  double second[4][4][9];
};

/* The distance |x1 - x0|. */
void q2_distance(const double x[][3], struct q2_coordinate *coordinate);

/* The angle at x[1] between x[0] and x[2], by atan2, in [0, pi]. Closer to 0 or pi than Q2_ANGLE_FLOOR the direction of bending is undefined: then
 * an arbitrary plane through the atoms is taken and the angle counts as Q2_ANGLE_FLOOR away, so that f' D stays finite where f'
 * vanishes at the limit (forms.h). With e1, e2 the unit vectors to x0, x2, n the normal of the plane and p1 = e1 x n, p2 = n x e2:
 * dtheta/da = p1 / r1, d2theta/da2 = (cot(theta) n n' - e1 p1' - p1 e1') / r1^2, d2theta/dadb = -n n' / (r1 r2 sin(theta)). */
void q2_angle(const double x[][3], struct q2_coordinate *coordinate);
#define Q2_ANGLE_FLOOR 1e-8

/* The torsion angle x0-x1-x2-x3 in (-pi, pi], IUPAC sign. Formulas of A. Blondel and M. Karplus, J. Comput. Chem. 1996, 17, 1132, whose only
 * singularity is a straight angle. There (sine of x0-x1-x2 or x1-x2-x3 below Q2_TORSION_FLOOR) value and derivatives are zero: the forms fade
 * such torsions out before. */
void q2_torsion(const double x[][3], struct q2_coordinate *coordinate);
#define Q2_TORSION_FLOOR 1e-6

#endif
