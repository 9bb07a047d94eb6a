/* Named sets of weights, for observables whose table brings none. A weight belongs to a class of residuals, not to a kind: the
 * elements of a Hessian, for example, weigh by how many bonds their atoms are apart.
 *
 * q2mm_classic: the defaults of Q2MM (Python 2 and 3; WEIGHTS in q2mm/constants.py, the rule for Hessian elements wht() in
 * q2mm/sch_util.py, the rest import_weights() in q2mm/compare.py; github.com/Q2MM/q2mm, commit 9351a6a). q2mm: those of its
 * successor (github.com/ericchansen/q2mm, commit 0c79572, q2mm/optimizers/objective.py). Q2MM's residuals are in kJ/mol and
 * kJ/mol/angstrom^2/amu; its weights appear here after conversion to the units of kernels/observables.h, so that residuals are
 * the same numbers. Q2MM divides the sum of squares of each type of data by their number besides; q2hpc does not. */
#ifndef Q2_OBSERVABLE_WEIGHTS_H
#define Q2_OBSERVABLE_WEIGHTS_H

#include "../io/constants.h"

#define Q2_HESSIAN_KJ (Q2_HARTREE_PER_BOHR2 * Q2_CALORIE) /* kJ/mol/angstrom^2 in 1 hartree/bohr^2 */
#define Q2_WEIGHT_NONE (-1.0)                             /* the set does not know this class */

/* Class, q2mm_classic, q2mm. Low and high: below and above Q2_WEIGHT_HIGH. First: mode 0, the reaction coordinate of a
 * transition state, but also the lowest mode of a minimum: neither program makes a difference. */
#define Q2_WEIGHTS(ROW)                                                                                                        \
  ROW(FREQUENCY, Q2_WEIGHT_NONE, 1.0)                                                                                          \
  ROW(EIGENMATRIX_FIRST, 0.0, 0.0)                                                                                             \
  ROW(EIGENMATRIX_LOW, 0.10 * Q2_HESSIAN_KJ, 0.1)                                                                              \
  ROW(EIGENMATRIX_HIGH, 0.10 * Q2_HESSIAN_KJ, 0.1)                                                                             \
  ROW(EIGENMATRIX_OFF_DIAGONAL, 0.05 * Q2_HESSIAN_KJ, 0.05)                                                                    \
  ROW(HESSIAN_DIAGONAL, 0.0, 0.1)                                                                                              \
  ROW(HESSIAN_SAME_ATOM, 0.0, 0.05)                                                                                            \
  ROW(HESSIAN_12, 0.031 * Q2_HESSIAN_KJ, 0.05)                                                                                 \
  ROW(HESSIAN_13, 0.031 * Q2_HESSIAN_KJ, 0.05)                                                                                 \
  ROW(HESSIAN_14, 0.31 * Q2_HESSIAN_KJ, 0.05)                                                                                  \
  ROW(HESSIAN_FAR, 0.031 * Q2_HESSIAN_KJ, 0.05)                                                                                \
  ROW(ENERGY, 20.0 * Q2_CALORIE, 1.0)                                                                                          \
  ROW(GRADIENT, Q2_WEIGHT_NONE, Q2_WEIGHT_NONE)                                                                                \
  ROW(BOND, 100.0, 10.0)                                                                                                       \
  ROW(ANGLE, 2.0, 5.0)                                                                                                         \
  ROW(TORSION, 1.0, 2.0)                                                                                                       \
  ROW(RELAXED_FREQUENCY, Q2_WEIGHT_NONE, 1.0)                                                                                  \
  ROW(RELAXED_ENERGY, 100.0 * Q2_CALORIE, 1.0)

#define Q2_WEIGHT_CLASS(CLASS, CLASSIC, Q2MM) Q2_WEIGHT_##CLASS,
enum q2_weight_class { Q2_WEIGHTS(Q2_WEIGHT_CLASS) Q2_WEIGHT_CLASSES };
#undef Q2_WEIGHT_CLASS

/* Where eigenvalues begin to be high: 1100 kJ/mol/angstrom^2/amu in hartree/bohr^2/amu, 1761 cm-1. */
#define Q2_WEIGHT_HIGH (1100.0 / Q2_HESSIAN_KJ)

struct q2_weight_set {
  const char *name;
  int mass_weighted; /* Hessian elements are compared after mass-weighting: their weights are to be divided by sqrt(m_i m_j) */
  double weight[Q2_WEIGHT_CLASSES];
};

/* The set with that name, or NULL. Static storage. */
const struct q2_weight_set *q2_weight_set(const char *name);

#endif
