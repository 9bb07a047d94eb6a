/* Starting values of a fit, estimated from the QM Hessians: means of projected force constants (hessian_projection.h) and of
 * bond lengths and angles over all terms that share a parameter, or a linear least-squares fit of all force constants. */
#ifndef Q2_START_H
#define Q2_START_H

#include <mpi.h>

#include "../../io/dataset.h"
#include "../backends.h"
#include "../bounds.h"
#include "../print.h"

/* FILE: the data set's own. QFUERZA: Seminario's method with the scale of q2mm's estimate_force_constants. */
enum q2_start_method { Q2_START_FILE, Q2_START_SEMINARIO, Q2_START_MODIFIED, Q2_START_QFUERZA, Q2_START_LINEAR };
extern const char *const q2_start_method_names[]; /* in that order, ending with NULL */

/* q2mm's scale of Hessians at B3LYP/6-31G*: A. P. Scott, L. Radom, J. Phys. Chem. 1996, 100, 16502. */
#define Q2_START_QFUERZA_SCALE 0.963

struct q2_start_options {
  enum q2_start_method method;
  double scale; /* of force constants, 1: as they are */
  int positive; /* 1: springs (bond_k, angle_k, urey_bradley_k) are at least 0: estimates that are not positive are left
                   out of the means; of the least squares a bound */
  enum q2_bounds_rule bounds; /* a value outside is moved onto its bound */
  int threads;                /* of the least squares' objective */
};

/* Changes values of the active parameters of `dataset` (any distribution of molecules; Hessians are those of method C where the
 * data set says so): bond_k, bond_eq, morse_a, angle_k, angle_cosine_k, angle_eq of bond and angle terms; by least squares all
 * parameters in which the Hessian is linear (q2_start_linear). Rows that an equality binds keep their values. Prints what
 * changed. Collective, with the same result on any number of ranks. `backends` is what evaluates (least squares only). */
int q2_start_apply(MPI_Comm comm, struct q2_dataset *dataset, const struct q2_start_options *options,
                   const struct q2_backends *backends, struct q2_printer *printer, struct q2_error *error);

/* The least squares: minimises the sum over all molecules' Hessian elements of ((H - H_QM)_ab)^2 / (m_a m_b) over the active
 * parameters in which H is linear (force constants and torsions' barriers; equilibrium values, phases and non-bonded parameters
 * stay), within their bounds. Directions that the Hessians do not determine keep their starting values. Molecules travel and
 * come back. Collective. *before, *after: the sum, in (hartree/bohr^2/amu)^2. */
int q2_start_linear(MPI_Comm comm, struct q2_dataset *dataset, const struct q2_start_options *options,
                    const struct q2_backends *backends, double *before, double *after, struct q2_error *error);

#endif
