/* Translations and rotations of a molecule, and its QM vibrations without them.
 *
 * In mass-weighted coordinates the rigid motions are spanned by three translations sqrt(m_i) e_a and, about the centre of mass,
 * the rotations sqrt(m_i) (e_a x r_i) about the principal axes a whose moment of inertia is not zero; these vectors are
 * orthogonal. A Householder factorisation of that basis, R = Q [r; 0], gives the orthogonal Q = I - Y T Y' (LAPACK's compact
 * form): its first columns span the rigid motions, the others the vibrations, and the vibrations' block of Q' A Q is what is
 * decomposed. */
#ifndef Q2_RIGID_H
#define Q2_RIGID_H

#include <stdint.h>

/* A moment of inertia below this fraction of the largest counts as zero: the molecule is linear. */
#define Q2_LINEAR 1e-6

/* Number of rigid motions: 3 for an atom, 5 for a linear molecule, else 6. mass: [atoms] amu, position: [atoms][3] angstrom. */
int q2_rigid_count(int atoms, const double *mass, const double *position);

/* Fills y and c = Y T, column-major [6][ld], ld >= 3 atoms, unused columns and rows zero. Returns the number of rigid motions,
 * or -1 when memory runs out. */
int q2_rigid_householder(int atoms, const double *mass, const double *position, int ld, double *y, double *c);

/* The matrix whose eigenvalues are the vibrations: the packed Hessian (lower triangle by rows, hartree/bohr^2) mass-weighted,
 * in kcal/mol/angstrom^2/amu, and, if `project` is set, turned by Q. Fills the lower triangle of `matrix`, column-major [3
 * atoms][ld]; the block that counts begins at row and column *skip. Returns its order (3 atoms, or less the rigid motions), or
 * -1 when memory runs out or LAPACK fails. */
int q2_vibrational_matrix(int atoms, const double *mass, const double *position, const double *packed, int project, int ld,
                          double *matrix, int *skip);

/* Eigenvalues (ascending, kcal/mol/angstrom^2/amu) of a packed Hessian (lower triangle by rows, hartree/bohr^2) after
 * mass-weighting, without the rigid motions (`project` set: 3 atoms - q2_rigid_count of them) or with them (3 atoms). Returns
 * their number, or -1 when memory runs out or LAPACK fails. */
int q2_qm_eigenvalues(int atoms, const double *mass, const double *position, const double *packed, int project,
                      double *eigenvalue);

/* The same with eigenvectors: vector [modes][3 atoms], orthonormal, in mass-weighted Cartesian coordinates. */
int q2_qm_modes(int atoms, const double *mass, const double *position, const double *packed, int project, double *eigenvalue,
                double *vector);

/* Eigenvalues (ascending, in the unit of `packed`) and orthonormal eigenvectors [n][n] of a packed symmetric matrix as it is.
 * Returns n, or -1 when memory runs out or LAPACK fails. */
int q2_packed_modes(int n, const double *packed, double *eigenvalue, double *vector);

/* Wavenumber / cm-1 of an eigenvalue of 1 kcal/mol/angstrom^2/amu: what kernels/stages.h (q2_wavenumber) scales with. */
double q2_wavenumber_unit(void);

#endif
