/* The fit: TAO drives, the objective answers, this module keeps the books.
 *
 * TAO's vectors have all their entries on rank 0, so that its dot products, and with them every iterate, are the same bits on
 * any number of ranks. Rank 0 also decides everything (what is infeasible, what the optimizer is told, when to stop) and tells
 * the others, so that ranks with different BLAS kernels cannot run apart.
 *
 * A point is infeasible where a molecule fails, the loss or gradient is not finite, or an equality puts a parameter out of its
 * bounds (then nothing is evaluated). TAO is then told a large finite value and
 * the last finite gradient: Armijo's line search and the trust-region methods step back.
 *
 * Stops, whatever the TAO type: |projected gradient| <= gatol or <= grtol x loss (scaled variables); the loss fell by less than
 * stall_tolerance of itself in stall_iterations iterations; TAO's own tests and limits. */
#ifndef Q2_FIT_H
#define Q2_FIT_H

#include <mpi.h>
#include <stdint.h>

#include "../io/dataset.h"
#include "evaluation_log.h"
#include "objective.h"
#include "options.h"
#include "print.h"
#include "prior.h"
#include "variables.h"

struct q2_fit_problem {
  const struct q2_dataset *dataset; /* names for messages; its parameter table holds the starting values */
  const struct q2_variables *variables;
  struct q2_objective *objective;
  const struct q2_prior *prior;     /* part of the loss; NULL: none */
  int least_squares;                /* the objective sums J'J over the independent parameters */
  struct q2_objective *by_position; /* RMSD over all vibrations, where `objective` matches otherwise; else NULL */
  struct q2_keeper *keeper;         /* writes checkpoints and ends the fit in time (keeper.h); NULL: nobody does */
};

/* One iteration; an iterate's point, value and gradient are those of its evaluation in the log. */
struct q2_iteration {
  int number;
  int round;            /* from 1; 0 where the fit has but one (src/fit_rounds.h) */
  int64_t evaluation;   /* row of the log; -1 where TAO's iterate was never evaluated (not seen so far) */
  int64_t evaluations;  /* answered so far */
  double gradient_norm; /* of the projected gradient, scaled variables */
  double step;          /* as TAO calls it: step length or trust radius */
  double seconds;       /* since the fit began */
  int precision;        /* row of q2_precision_modes that it was found in */
};

struct q2_fit {
  struct q2_evaluation_log log;   /* on rank 0; empty elsewhere */
  struct q2_iteration *iteration; /* [iteration_count], on rank 0 */
  int iteration_count, iteration_capacity;

  /* The outcome; the same on every rank: */
  double *start, *best; /* [parameter rows] in q2hpc's units: at the first point, and where the loss was lowest */
  struct q2_evaluation_record first_record, best_record;
  double gradient_norm;            /* of the projected gradient at best */
  int64_t evaluations, infeasible; /* points evaluated, and how many of them were infeasible */
  int64_t replayed;                /* answers that the log held when the fit began; on rank 0 */
  int stopped;                     /* != 0: the keeper ended it, before it was done; then there is no outcome. keeper.h: why */
  int converged;                   /* 1 converged, 0 stopped at a limit, -1 could not go on */
  char reason[256];                /* in words */
  char type[64];                   /* TAO type */
  double seconds;
};

/* Checks the optimizer's options on a toy problem, so that a typo is refused before anything large is read. *least_squares:
 * whether the TAO type wants second derivatives, hence an objective that sums J'J. Collective. */
int q2_fit_check_options(MPI_Comm comm, const struct q2_command_line *line, int *least_squares, struct q2_error *error);

/* Runs the fit from the parameter table's values. `fit` must be zeroed, or hold a log to replay (created for as many
 * variables). On success release with q2_fit_free. Collective; q2_options_check_used is called when TAO is set up, before the
 * optimizer starts. A failure at the starting parameters is an error that names the molecule. Needs no variables to vary: then
 * it evaluates once. */
int q2_fit_run(MPI_Comm comm, const struct q2_fit_problem *problem, const struct q2_options *options,
               const struct q2_command_line *line, struct q2_printer *printer, struct q2_fit *fit, struct q2_error *error);
void q2_fit_free(struct q2_fit *fit);

/* The gradient's norm without the components that push against a bound. Local. */
double q2_projected_gradient_norm(const struct q2_variables *variables, const double *x, const double *gradient);

#endif
