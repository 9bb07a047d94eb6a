/* What the parts of the fit share while it runs; private to fit*.c. */
#ifndef Q2_FIT_STATE_H
#define Q2_FIT_STATE_H

#include <petsctao.h>

#include "fit.h"

struct q2_fit_state {
  MPI_Comm comm;
  int rank;
  const struct q2_fit_problem *problem;
  const struct q2_options *options;
  struct q2_printer *printer;
  struct q2_fit *fit;
  int variables; /* what TAO varies */
  double begin;  /* MPI_Wtime; once live after a replay, earlier by what the log took */

  double *message;      /* [variables + 4] from rank 0 to all: see fit_evaluate.c */
  double *parameters;   /* [rows] */
  double *row_gradient; /* [rows] */
  double *gradient;     /* [variables], on rank 0 */

  /* What an infeasible point is answered with; on rank 0. */
  double last_loss;
  double *last_gradient; /* [variables] */

  /* Least squares: J'J by independent parameter, the prior's share included, at the point where it was last summed; every rank
   * holds the same. */
  double *square;    /* [independent_count][independent_count] */
  double *square_at; /* [variables] */
  int square_valid;
  double *x_square; /* [variables][variables] the same by scaled variable, on rank 0 */

  /* Where pairs that are found anew made the loss another function, TAO is started anew at that iterate. */
  int first_iteration; /* number of this start's iteration 0 */
  int renewed;         /* the present start ends for that */

  /* -precision adaptive (fit_precision.c) */
  int fast;          /* evaluations are in options->precision[0], and float64 is to follow */
  double mode_error; /* of the loss in that mode / the root of the loss */

  /* The iterate, the same on every rank. */
  double loss, gradient_norm;
  double *loss_history; /* [stall_iterations] ring */
  int stalled;

  /* A failure inside a callback travels here, past PETSc. */
  int status;
  struct q2_error error;
};

/* Evaluates at x[variables], or answers from the log: *value on every rank, gradient[variables] on rank 0 (x and gradient are
 * not used elsewhere). Collective. */
int q2_fit_evaluate(struct q2_fit_state *state, const double *x, double *value, double *gradient, struct q2_error *error);

/* Evaluates with J'J at state->parameters, which are those of x[variables]: fills row_gradient (without the prior) and square.
 * Collective. */
int q2_fit_normal(struct q2_fit_state *state, const double *x, struct q2_evaluation *evaluation, struct q2_error *error);

/* Makes state->square on rank 0 J'J at x, which every rank holds: from the log, from the last evaluation, or summed again.
 * Collective. */
int q2_fit_square_at(struct q2_fit_state *state, const double *x, struct q2_error *error);

/* Seconds since the fit began, those of runs before a restart included: while the log answers, when the last answer was found.
 * On rank 0. */
double q2_fit_elapsed(const struct q2_fit_state *state);

/* TAO's callbacks; the context is the state. */
PetscErrorCode q2_fit_tao_evaluate(Tao tao, Vec x, PetscReal *value, Vec gradient, void *context);
PetscErrorCode q2_fit_tao_hessian(Tao tao, Vec x, Mat hessian, Mat preconditioner, void *context);
PetscErrorCode q2_fit_tao_monitor(Tao tao, void *context);
PetscErrorCode q2_fit_tao_converged(Tao tao, void *context);

/* -precision adaptive: begins in the fast mode and finds its error at the starting parameters. Elsewhere it does nothing.
 * Collective. */
int q2_fit_precision_begin(struct q2_fit_state *state, struct q2_error *error);
/* Changes to float64, in which TAO is started anew at the iterate. All ranks must do it. */
void q2_fit_precision_change(struct q2_fit_state *state, const char *why);
/* Changes if the loss fell by little more than the fast mode's error since the iterate before, which had `before`. */
void q2_fit_precision_look(struct q2_fit_state *state, double before);

/* Prints the head of the iteration lines. */
void q2_fit_print_head(struct q2_fit_state *state);

#endif
