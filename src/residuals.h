/* What a molecule's calculated values are compared with: its residual rows, found from the data set's observables and its QM
 * data.
 */
#ifndef Q2_RESIDUALS_H
#define Q2_RESIDUALS_H

#include "../io/dataset.h"
#include "../kernels/observables.h"

/* A molecule's residuals and what they refer to; every array is the reference's own. */
struct q2_reference {
  int vibration_count; /* QM vibrations, 0 without a Hessian and without values of its own */
  double *vibration; /* [modes] cm-1, ascending, imaginary ones negative: the QM values, or the file's where a row brings one */
  double *known;     /* [modes] 1 where there is such a value: it enters the RMSD, else 0 */
  double *normal_mode; /* [modes][3 atoms] QM eigenvectors in mass-weighted Cartesian coordinates, orthonormal, without rigid
                          motions; NULL unless asked for */
  int basis_count;     /* columns that observables made of Q2_MADE_OF_BASIS are measured on; 0: there are none */
  double *basis;       /* [basis_count][3 atoms]: element i, j is basis_i' H basis_j, H the Cartesian Hessian */
  int64_t residual_count;
  struct q2_residual *residual; /* sorted by observable, then as in the file. Columns that the index does not have are -1, but
                                   index[1] = index[0] in a diagonal element of the eigenmatrix; index[0] of an energy is the
                                   other molecule's number in the file */
};

/* Whether local molecule `molecule` has observables of its own at the relaxed geometry. (It is relaxed, too, where another's
 * `relaxed_energy` is compared with its own.) */
int q2_observed_relaxed(const struct q2_dataset *dataset, int64_t molecule);

/* Finds the residuals of local molecule `molecule` at its QM geometry (relaxed = 0) or at the relaxed one (relaxed = 1).
 * project: rigid motions are out of the vibrations (then there are 3N minus q2_rigid_count of them, else 3N). with_modes: also
 * fill normal_mode (it stays NULL without a Hessian). The basis does not depend on `project`: without rigid motions, or
 * `cartesian`. Under method C (dataset->invert_transition_states) everything from the Hessian is that of the changed one, and a
 * row that names vibration 0 of a transition state beside a -1 is skipped: there is no imaginary one any more. Under D with
 * dataset->leave_out_reaction_modes the first vibration and diagonal element of a transition state have weight 0.
 * Local. Fails with a message that names the data set's table and the molecule. Release with q2_reference_free, after a failure
 * too. */
int q2_reference_make(const struct q2_dataset *dataset, int64_t molecule, int relaxed, int project, int with_modes,
                      struct q2_reference *reference, struct q2_error *error);
void q2_reference_free(struct q2_reference *reference);

#endif
