/* Units: what a file may say, and what q2hpc works in (docs/format.md, docs/forces.md). The only place where units are
 * converted. */
#ifndef Q2_UNITS_H
#define Q2_UNITS_H

#include "error.h"

/* What a dataset with an attribute `unit` holds. In memory: hartree, angstrom, hartree/bohr, hartree/bohr^2, amu, e; the
 * energies of a CMAP grid in kcal/mol. */
enum q2_quantity { Q2_ENERGY, Q2_LENGTH, Q2_GRADIENT, Q2_HESSIAN, Q2_MASS, Q2_CHARGE, Q2_GRID_ENERGY };

/* Finds *factor = (value in memory) / (value in the file) for a dataset in `unit`. `where` ("input.h5: /atoms/position") opens
 * the message when the unit is not known. Local. */
int q2_unit_of_quantity(enum q2_quantity quantity, const char *unit, const char *where, double *factor, struct q2_error *error);

/* The same for the value, bounds and scale of a force-field parameter of `kind`. A kind that is not in the table is refused
 * with a message that lists the known ones. Local. */
int q2_unit_of_parameter(const char *kind, const char *unit, const char *where, double *factor, struct q2_error *error);

/* Returns the unit in which q2hpc works with parameters of `kind`, for example "kcal/mol/rad^2", or NULL if there is no such
 * kind. Static storage. */
const char *q2_unit_inside(const char *kind);

/* The same for the reference values of an observable of `kind`; *factor is 1 where the unit is q2hpc's own. Local. */
int q2_unit_of_observable(const char *kind, const char *unit, const char *where, double *factor, struct q2_error *error);

/* Refuses an observable kind that is not in the table, with a message that lists the known ones. Local. */
int q2_unit_known_observable(const char *kind, const char *where, struct q2_error *error);

#endif
