/* Methods C and D of E. Lime and P.-O. Norrby, J. Comput. Chem. 2015, 36, 1130, for the QM Hessian of a transition state, which
 * has one negative eigenvalue. D, the natural one, leaves it as it is. C makes the transition state a minimum of the force
 * field: the lowest eigenvalue becomes Q2_INVERTED_EIGENVALUE, its eigenvector and everything else stay.
 *
 * In C eigenvalue and eigenvector are those of the plain Cartesian Hessian, not mass-weighted, as q2mm has it
 * (q2mm/models/hessian.py, replace_neg_eigenvalue, commit 0c79572). In exact arithmetic this eigenvector is orthogonal to
 * translations and rotations, and by Sylvester's law of inertia the plain Hessian has as many negative eigenvalues as there are
 * imaginary vibrations; those are counted with rigid motions projected out, because rounding in a QM Hessian leaves rotations
 * with small eigenvalues of either sign. */
#ifndef Q2_TRANSITION_STATE_H
#define Q2_TRANSITION_STATE_H

#define Q2_INVERTED_EIGENVALUE 1.0 /* hartree/bohr^2 */

/* Method C. packed: the QM Hessian (lower triangle by rows, hartree/bohr^2); inverted, of the same shape: the changed one, in
 * another place. Returns the number of imaginary vibrations that were found; only if it is 1 has `inverted` been filled. -1:
 * memory ran out or LAPACK failed. */
int q2_invert_transition_state(int atoms, const double *mass, const double *position, const double *packed, double *inverted);

#endif
