/* Force constants of bonds and angles out of a QM Hessian, by the eigenvalues of its blocks.
 *
 * J. M. Seminario, Int. J. Quantum Chem. 1996, 60, 1271 (FUERZA): the force on atom i after a small displacement of atom j is
 * -H_ij dx_j, so the eigenvalues and eigenvectors (l_n, v_n) of -H_ij are stiffnesses and directions between the two, and
 *
 *     k = sum over n of l_n |v_n . u|
 *
 * is the stiffness along the unit vector u. A block is not symmetric: eigenvalues may be conjugate pairs, |v . u| is then the
 * modulus of a complex number, and the imaginary parts of the sum cancel. Constants are those of E = 1/2 k d^2. */
#ifndef Q2_HESSIAN_PROJECTION_H
#define Q2_HESSIAN_PROJECTION_H

#include "topology.h"

/* A QM Hessian at its geometry. */
struct q2_projected {
  int atoms;
  const double *packed;   /* lower triangle by rows, hartree/bohr^2 */
  const double *position; /* [atoms][3] angstrom */
};

/* The bond between i and j, hartree/bohr^2: the mean of the two directions, as q2mm has it. NaN where LAPACK fails. */
double q2_project_bond(const struct q2_projected *hessian, int i, int j);

/* The angle i-j-k, hartree/rad^2 (equation 14 of the paper):
 *
 *     1/k = 1/(r_ij^2 k_ij) + 1/(r_kj^2 k_kj),
 *
 * k_ij the stiffness of the block of i and j along the unit vector in the plane of the angle that is perpendicular to the bond
 * ij. Straight angles (sine below 1e-3), which have no plane, get the mean of two planes that are perpendicular to each other.
 *
 * topology, where it is not NULL: the modified method of A. E. A. Allen, M. C. Payne, D. J. Cole, J. Chem. Theory Comput. 2018,
 * 14, 274 (equation 14): a displacement of i also bends the other angles at j that have the bond ij, so 1/(r_ij^2 k_ij) is
 * multiplied by 1 + the mean over those angles of (u . u')^2, u' being the unit vectors of theirs; likewise for k. NaN where
 * LAPACK fails, 0 where an arm has no stiffness. */
double q2_project_angle(const struct q2_projected *hessian, int i, int j, int k, const struct q2_topology *topology);

#endif
