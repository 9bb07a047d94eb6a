/* Bounds of parameters: which of the file's, the kind's own and q2mm's hold. */
#ifndef Q2_BOUNDS_H
#define Q2_BOUNDS_H

#include "../io/dataset.h"
#include "parameter_kinds.h"

/* FILE: the file's bounds and, where it gives none, the kind's own. Q2MM: for the kinds that q2mm bounds its defaults in place
 * of both; for the others as FILE. SIGNS, which adds to either: force constants (q2_force_constant_find) are at least 0. */
enum q2_bounds_rule { Q2_BOUNDS_FILE = 0, Q2_BOUNDS_Q2MM = 1, Q2_BOUNDS_SIGNS = 2 };

/* Finds the bounds of row `row`, of kind `kind`, in q2hpc's units; +-infinity where there is none. A value outside is an error
 * that names the row, in the user's unit. Local. */
int q2_bounds_of(const struct q2_parameters *parameters, int row, const struct q2_parameter_kind *kind,
                 enum q2_bounds_rule rule, double *lower, double *upper, struct q2_error *error);

#endif
