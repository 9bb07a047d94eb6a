/* Whether Hessian and geometry are in one frame: what a rotation of the molecule leaves of the Hessian. */
#ifndef Q2_ROTATION_H
#define Q2_ROTATION_H

#include <stdint.h>

/* The largest q2_rotation_residual that rounding and loose convergence leave, hartree/bohr^2. */
#define Q2_ROTATION_LIMIT 5e-3

/* product = H vector, both [n]; packed: H's lower triangle by rows. */
void q2_packed_product(int64_t n, const double *packed, const double *vector, double *product);

/* At a stationary point the energy does not change when the molecule turns, so H r = 0 for r = e x (x - centre), e the unit
 * vector along `axis`; elsewhere H r = e x g with the gradient g. A Hessian whose frame is not the geometry's fails this; sums
 * over atoms of H, which translations see, do not depend on the frame. Returns the largest element of H r - e x g for |r| = 1,
 * hartree/bohr^2; 0 where there is no such rotation (the axis of a linear molecule). position: [atoms][3] angstrom; packed:
 * hartree/bohr^2; gradient: [atoms][3] hartree/bohr or NULL for 0; work: [9 atoms]. */
double q2_rotation_residual(int64_t atoms, const double *position, const double *packed, const double *gradient, int axis,
                            double *work);

#endif
