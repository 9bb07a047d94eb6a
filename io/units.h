/* Units: what a file may say, and what q2hpc works in (docs/format.md, docs/forces.md). The only place where units are
 * converted. */
#ifndef Q2_UNITS_H
#define Q2_UNITS_H

#include "error.h"

/* What a dataset with an attribute `unit` holds. In memory: hartree, angstrom, hartree/bohr, hartree/bohr^2, amu, e; the
 * energies of a CMAP grid, and differences of energies, in kcal/mol, forces in kcal/mol/angstrom, observed angles in degree,
 * wavenumbers in cm-1, eigenvalues of a mass-weighted Hessian in hartree/bohr^2/amu. */
enum q2_quantity {
  Q2_ENERGY,
  Q2_LENGTH,
  Q2_GRADIENT,
  Q2_HESSIAN,
  Q2_MASS,
  Q2_CHARGE,
  Q2_GRID_ENERGY,
  Q2_ENERGY_DIFFERENCE,
  Q2_FORCE,
  Q2_OBSERVED_ANGLE,
  Q2_WAVENUMBER,
  Q2_EIGENVALUE
};

/* Finds *factor = (value in memory) / (value in the file) for a dataset in `unit`. `where` ("input.h5: /atoms/position") opens
 * the message when the unit is not known. Local. */
int q2_unit_of_quantity(enum q2_quantity quantity, const char *unit, const char *where, double *factor, struct q2_error *error);

/* The same for the value, bounds and scale of a force-field parameter of `kind`. A kind that is not in the table is refused
 * with a message that lists the known ones. Local. */
int q2_unit_of_parameter(const char *kind, const char *unit, const char *where, double *factor, struct q2_error *error);

/* Returns the unit in which q2hpc works with parameters of `kind`, for example "kcal/mol/rad^2", or NULL if there is no such
 * kind. Static storage. */
const char *q2_unit_inside(const char *kind);

/* The unit in which q2hpc keeps `quantity`, for example "hartree/bohr^2". Static storage. */
const char *q2_unit_of(enum q2_quantity quantity);

#endif
