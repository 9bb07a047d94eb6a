/* The registry of observables: what a residual compares. Adding one that is made of something listed in enum q2_made_of is one
 * row here (and a row in docs/observables.md); what it is compared with comes from src/residuals.h. */
#ifndef Q2_OBSERVABLES_H
#define Q2_OBSERVABLES_H

#include "portable.h"

enum { Q2_MAX_INDEX = 4 }; /* columns of an observable's index */

/* What the calculated value is made of; decides which kernel finds it and which cotangent its residual hands back. */
enum q2_made_of {
  Q2_MADE_OF_MODE,    /* a wavenumber of the projected, mass-weighted Hessian; index: the QM vibration it is compared with */
  Q2_MADE_OF_BASIS,   /* b_i' H b_j for columns i >= j of the molecule's basis; index: i, j (a row of one index in files has j =
                         i) */
  Q2_MADE_OF_HESSIAN, /* an element i >= j of the Cartesian Hessian */
  Q2_MADE_OF_ENERGY,  /* the molecule's energy minus that of the molecule index */
  Q2_MADE_OF_GRADIENT,  /* a component of the Cartesian gradient */
  Q2_MADE_OF_COORDINATE /* an internal coordinate, of the atoms of the index */
};

/* A row: identifier, name in files, columns of its index, whether it is found at the relaxed geometry, what it is made of, its
 * unit in files and residuals. */
#define Q2_OBSERVABLES(ROW)                                                                                                    \
  ROW(FREQUENCY, "frequency", 1, 0, Q2_MADE_OF_MODE, "cm-1")                                                                   \
  ROW(EIGENMATRIX_DIAGONAL, "eigenmatrix_diagonal", 1, 0, Q2_MADE_OF_BASIS, "hartree/bohr^2/amu")                              \
  ROW(EIGENMATRIX_OFF_DIAGONAL, "eigenmatrix_off_diagonal", 2, 0, Q2_MADE_OF_BASIS, "hartree/bohr^2/amu")                      \
  ROW(HESSIAN, "hessian", 2, 0, Q2_MADE_OF_HESSIAN, "hartree/bohr^2")                                                          \
  ROW(ENERGY, "energy", 1, 0, Q2_MADE_OF_ENERGY, "kcal/mol")                                                                   \
  ROW(GRADIENT, "gradient", 1, 0, Q2_MADE_OF_GRADIENT, "kcal/mol/angstrom")                                                    \
  ROW(BOND, "bond", 2, 1, Q2_MADE_OF_COORDINATE, "angstrom")                                                                   \
  ROW(ANGLE, "angle", 3, 1, Q2_MADE_OF_COORDINATE, "degree")                                                                   \
  ROW(TORSION, "torsion", 4, 1, Q2_MADE_OF_COORDINATE, "degree")                                                               \
  ROW(RELAXED_FREQUENCY, "relaxed_frequency", 1, 1, Q2_MADE_OF_MODE, "cm-1")                                                   \
  ROW(RELAXED_ENERGY, "relaxed_energy", 1, 1, Q2_MADE_OF_ENERGY, "kcal/mol")

#define Q2_OBSERVABLE_IDENTIFIER(ID, ...) Q2_OBSERVABLE_##ID,
enum q2_observable { Q2_OBSERVABLES(Q2_OBSERVABLE_IDENTIFIER) Q2_OBSERVABLE_COUNT };
#undef Q2_OBSERVABLE_IDENTIFIER

/* What the set-up knows of an observable. */
struct q2_observable_info {
  const char *name;
  int index_count, relaxed;
  enum q2_made_of made_of;
  const char *unit;
};
extern const struct q2_observable_info q2_observables[Q2_OBSERVABLE_COUNT];

/* The observable of that name, or -1. */
int q2_observable_find(const char *name);

/* One residual of a molecule: weight (reference - calculated), both in the observable's unit. */
struct q2_residual {
  int32_t observable; /* enum q2_observable */
  int32_t index[Q2_MAX_INDEX];
  double reference, weight;
};

#endif
