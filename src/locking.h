/* Force constants that a fit has driven to zero or below, and how they are locked for the next one (methods E and E2 of
 * docs/observables.md; src/fit_rounds.h runs them). */
#ifndef Q2_LOCKING_H
#define Q2_LOCKING_H

#include <mpi.h>

#include "variables.h"

/* q2mm's threshold, in q2hpc's units. */
#define Q2_SPOILT_BELOW 1e-3

enum q2_lock_reason {
  Q2_LOCK_NEGATIVE,   /* the constant is negative */
  Q2_LOCK_ZERO,       /* it is at least 0 and below Q2_SPOILT_BELOW */
  Q2_LOCK_EQUILIBRIUM /* the equilibrium value of a locked constant */
};
extern const char *const q2_lock_reason_names[];

/* One independent parameter, by its row. */
struct q2_lock {
  int32_t row;
  enum q2_lock_reason reason;
  double found, value; /* where the fit left it, and where it is locked; q2hpc's units */
  int shared;          /* an equilibrium value that something else needs, too: it stays free */
};

struct q2_lock_list {
  int count;
  struct q2_lock *lock; /* [count] constants by row, then equilibrium values by row */
};

/* Lists the independent force constants whose value in `parameters` ([rows]) is below Q2_SPOILT_BELOW, to be locked where they
 * are. Local. Release with q2_lock_list_free, also after a failure. */
int q2_lock_find(const struct q2_parameters *table, const struct q2_variables *variables, const double *parameters,
                 struct q2_lock_list *list, struct q2_error *error);
void q2_lock_list_free(struct q2_lock_list *list);

/* Puts q2mm's standard in the place of every listed constant's value, and lists the independent equilibrium values that stand
 * beside one in a term, to be locked where they are. One that also stands beside a constant that is not listed, or that an
 * equality binds, is marked as shared. Collective; the same on every rank. */
int q2_lock_as_q2mm(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_variables *variables,
                    const double *parameters, struct q2_lock_list *list, struct q2_error *error);

/* Freezes what is listed and not shared: sets value and active in `table`, and the value of rows linked to it. Local. */
void q2_lock_apply(const struct q2_lock_list *list, struct q2_parameters *table);

/* Makes negative force constants that vary start at 0, the sign bound; rows linked to one follow. before: [table->count],
 * filled with the value of each such row, 0 elsewhere. Returns how many there are. Local. */
int q2_lock_start_at_sign_bounds(struct q2_parameters *table, double *before);

/* The first equality in which a force constant that varies takes part, or -1. Local. */
int q2_lock_bound_constant(const struct q2_parameters *table, const struct q2_equalities *equalities);

#endif
