/* Adaptive precision: a fit begins in a fast mode and changes to float64 before that mode's error could mislead it.
 *
 * A mode's error of the loss, the sum of squares of w (reference - nu), is about 2 sqrt(loss) times the root of the sum of
 * squares of w times the errors of nu: it grows with the root of the loss, and is measured at the starting parameters. The next
 * step is expected to lower the loss as much as the last one did. Where that is no more than a few times the error, and where
 * the optimizer would end for whatever reason but a limit, float64 follows, from the iterate on: TAO is started anew, as its
 * curvature and its line search know another function's values, and the fit ends by float64's own tests. What is decided
 * follows from the log of evaluations, hence a restart decides the same. */
#include <math.h>

#include "../kernels/precision.h"
#include "fit_state.h"

/* A decrease of the loss below so many times the error is near it. */
static const double near_error = 10.0;

static void set_precision(const struct q2_fit_state *state, int precision) {
  q2_objective_set_precision(state->problem->objective, precision);
  if (state->problem->by_position) q2_objective_set_precision(state->problem->by_position, precision);
}

int q2_fit_precision_begin(struct q2_fit_state *state, struct q2_error *error) {
  const int *precision = state->options->precision;
  struct q2_evaluation evaluation[2];
  if (state->options->precision_count < 2) return Q2_OK;
  for (int k = 1; k >= 0; k--) { /* the fast mode is the one that stays */
    set_precision(state, precision[k]);
    const int status = q2_objective_evaluate(state->problem->objective, state->fit->start, &evaluation[k], NULL, error);
    Q2_TRY(q2_agree(state->comm, status, error));
  }
  const double loss = evaluation[1].loss, rounding = 0x1p-24 * loss;
  state->fast = 1;
  state->mode_error = loss > 0.0 ? fmax(fabs(evaluation[0].loss - loss), rounding) / sqrt(loss) : 0.0;
  q2_print(state->printer, "precision %s, then fp64; at the start its loss is %.3g of itself off\n",
           q2_precision_modes[precision[0]].name, loss > 0.0 ? fabs(evaluation[0].loss / loss - 1.0) : 0.0);
  return Q2_OK;
}

void q2_fit_precision_change(struct q2_fit_state *state, const char *why) {
  if (!state->fast) return;
  set_precision(state, state->options->precision[1]);
  state->fast = 0;
  state->renewed = 1;
  state->square_valid = 0;
  state->stalled = 0;
  for (int k = 0; k < state->options->stall_iterations; k++)
    state->loss_history[k] = INFINITY; /* they count from here */
  q2_evaluation_log_renew(&state->fit->log);
  q2_print(state->printer, "  float64 from here: %s\n", why);
}

void q2_fit_precision_look(struct q2_fit_state *state, double before) {
  if (state->fast && before - state->loss < near_error * state->mode_error * sqrt(fabs(state->loss)))
    q2_fit_precision_change(state, "the loss falls by little more than the error of the fast mode");
}
