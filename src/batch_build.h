/* Building batches (kernels/batch.h) from a data set: the step from chemistry to flat arrays, done once, in float64. */
#ifndef Q2_BATCH_BUILD_H
#define Q2_BATCH_BUILD_H

#include "../io/dataset.h"
#include "../kernels/batch.h"
#include "energies.h"
#include "objective.h"
#include "plan.h"

/* Which form each term table of a data set has, checked against the table of forms: known, with that many atoms, parameters and
 * constants a term, parameters of the right kinds, constants in range. form: [term_table_count]. Local. */
int q2_forms_resolve(const struct q2_dataset *dataset, int *form, struct q2_error *error);

/* Builds two batches for each bucket of the plan from the molecules that this rank holds (none: an empty batch): first those
 * at the QM geometry, of all molecules, then those at the relaxed geometry, of molecules of which something there is observed.
 * batch: [2 bucket_count], zeroed by the caller. energies: which molecules' energies are compared. faded: incremented by each
 * torsion that takes the faded form. Local, not collective; on failure release what was built with q2_batch_free too. */
int q2_batches_build(const struct q2_dataset *dataset, const struct q2_plan *plan, enum q2_match match,
                     const struct q2_energies *energies, struct q2_batch *batch, int64_t *faded, struct q2_error *error);

/* Fills the tables of the sums over molecules: where each row of the parameter table has its terms, and, if normal_count > 0,
 * what J'J needs: normal_variable_of as in q2_objective_options. Local: max_variables is that of this rank's molecules.
 * (src/batch_sums.c) Returns 0, or -1 when memory runs out. */
int q2_batch_sums(struct q2_batch *batch, int normal_count, const int *normal_variable_of);

void q2_batch_free(struct q2_batch *batch);

#endif
