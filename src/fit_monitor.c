/* What happens at every iterate: the books, one line of output, and the decision to stop. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "fit_state.h"

double q2_projected_gradient_norm(const struct q2_variables *variables, const double *x, const double *gradient) {
  double sum = 0.0;
  for (int v = 0; v < variables->count; v++) {
    const int held = (x[v] <= variables->lower[v] && gradient[v] > 0.0) || (x[v] >= variables->upper[v] && gradient[v] < 0.0);
    if (!held) sum += gradient[v] * gradient[v];
  }
  return sqrt(sum);
}

void q2_fit_print_head(struct q2_fit_state *state) {
  q2_print(state->printer, "%5s %16s %10s %s%s%11s %9s %9s %7s\n", "iter", "loss", "RMSD/cm-1",
           state->problem->by_position ? "(all)/cm-1 " : "",
           state->problem->dataset->validation_total > 0 ? "  validation  RMSD/cm-1 " : "", "|gradient|", "step", "seconds",
           "evals");
}

static int append_iteration(struct q2_fit *fit, const struct q2_iteration *iteration, struct q2_error *error) {
  if (fit->iteration_count == fit->iteration_capacity) {
    const int capacity = fit->iteration_capacity > 0 ? 2 * fit->iteration_capacity : 64;
    struct q2_iteration *grown = realloc(fit->iteration, (size_t)capacity * sizeof *grown);
    if (!grown) return q2_fail(error, "no memory for the record of %d iterations", capacity);
    fit->iteration = grown;
    fit->iteration_capacity = capacity;
  }
  fit->iteration[fit->iteration_count++] = *iteration;
  return Q2_OK;
}

/* Rank 0: finds the iterate among the evaluations and notes it. message: evaluation, loss, gradient's norm, whether the RMSD
 * over all vibrations is still to be found; x follows. */
enum { EVALUATION, LOSS, NORM, ASK, HEAD };

static int note_iterate(struct q2_fit_state *state, int number, const double *x, double value, double step,
                        struct q2_error *error) {
  struct q2_evaluation_log *log = &state->fit->log;
  const int64_t index = q2_evaluation_log_find(log, x);
  struct q2_iteration iteration = {.number = number,
                                   .evaluation = index,
                                   .evaluations = log->position,
                                   .gradient_norm = NAN,
                                   .step = step,
                                   .seconds = q2_fit_elapsed(state),
                                   .precision =
                                       state->options->precision[state->options->precision_count == 2 && !state->fast]};
  if (index >= 0)
    iteration.gradient_norm = q2_projected_gradient_norm(state->problem->variables, x, log->gradient + index * log->variables);
  state->message[EVALUATION] = (double)index;
  state->message[LOSS] = index >= 0 ? log->record[index].value : value;
  state->message[NORM] = iteration.gradient_norm;
  state->message[ASK] = index >= 0 && isnan(log->record[index].rmsd_all);
  memcpy(state->message + HEAD, x, (size_t)state->variables * sizeof *x);
  return append_iteration(state->fit, &iteration, error);
}

/* The RMSD over all vibrations: the objective's own where it pairs by position, otherwise another objective's. */
static int find_rmsd_all(struct q2_fit_state *state, struct q2_error *error) {
  struct q2_evaluation_log *log = &state->fit->log;
  const int64_t index = (int64_t)state->message[EVALUATION];
  if (state->message[ASK] == 0.0) return Q2_OK;
  if (!state->problem->by_position) {
    if (state->rank == 0) q2_evaluation_log_annotate(log, index, log->record[index].rmsd);
    return Q2_OK;
  }
  struct q2_evaluation evaluation = {0};
  q2_variables_apply(state->problem->variables, state->message + HEAD, state->parameters);
  const int status = q2_objective_evaluate(state->problem->by_position, state->parameters, &evaluation, NULL, error);
  Q2_TRY(q2_agree(state->comm, status, error));
  if (state->rank == 0) q2_evaluation_log_annotate(log, index, evaluation.failed_molecules > 0 ? INFINITY : evaluation.rmsd);
  return Q2_OK;
}

static void print_iterate(struct q2_fit_state *state) {
  if (state->rank != 0) return;
  const struct q2_iteration *it = &state->fit->iteration[state->fit->iteration_count - 1];
  const struct q2_evaluation_record *record = it->evaluation >= 0 ? &state->fit->log.record[it->evaluation] : NULL;
  q2_print(state->printer, "%5d %16.9e %10.4f ", it->number, state->loss, record ? record->rmsd : NAN);
  if (state->problem->by_position) q2_print(state->printer, "%10.4f ", record ? record->rmsd_all : NAN);
  if (state->problem->dataset->validation_total > 0)
    q2_print(state->printer, "%12.5e %10.4f ", record ? record->validation_loss : NAN, record ? record->validation_rmsd : NAN);
  q2_print(state->printer, "%11.4e %9.2e %9.2f %7lld\n", it->gradient_norm, it->step, it->seconds, (long long)it->evaluations);
}

/* Finds pairs anew at the iterate, whose point is in the message. Where some change, the loss is another function, of which the
 * optimizer's curvature, and the value that its line search compares with, know nothing. */
static int find_pairs(struct q2_fit_state *state, struct q2_error *error) {
  int64_t changed;
  q2_variables_apply(state->problem->variables, state->message + HEAD, state->parameters);
  Q2_TRY(q2_objective_assign(state->problem->objective, state->parameters, &changed, error));
  if (changed == 0) return Q2_OK;
  state->renewed = 1;
  state->square_valid = 0;
  q2_evaluation_log_renew(&state->fit->log);
  q2_print_detail(state->printer, "  %lld vibrations have another partner: the optimizer starts anew\n", (long long)changed);
  return Q2_OK;
}

/* Whether the loss fell too little for too long. The first iterate of another start is the last one's, with another loss. */
static void look_back(struct q2_fit_state *state, int number, int another_start) {
  const int length = state->options->stall_iterations;
  double *then = &state->loss_history[number % length];
  state->stalled =
      !another_start && number >= length && *then - state->loss < state->options->stall_tolerance * fabs(state->loss);
  *then = state->loss;
}

/* own_number: since this start; last: the optimizer's limit of iterations is reached. */
static int take_iterate(struct q2_fit_state *state, int own_number, int last, const double *x, double value, double step) {
  struct q2_error *error = &state->error;
  const int number = state->first_iteration + own_number;
  int status = Q2_OK;
  /* TAO calls its monitors a second time at an iterate where it gives up. */
  int again = own_number > 0 && state->fit->iteration_count > 0 && state->rank == 0 &&
              state->fit->iteration[state->fit->iteration_count - 1].number == number;
  (void)MPI_Bcast(&again, 1, MPI_INT, 0, state->comm);
  if (again) return Q2_OK;
  if (state->rank == 0) status = note_iterate(state, number, x, value, step, error);
  Q2_TRY(q2_agree(state->comm, status, error));
  (void)MPI_Bcast(state->message, HEAD + state->variables, MPI_DOUBLE, 0, state->comm);
  const double before = state->loss;
  state->loss = state->message[LOSS];
  state->gradient_norm = state->message[NORM];
  Q2_TRY(find_rmsd_all(state, error));
  print_iterate(state);
  look_back(state, number, own_number == 0 && number > 0);
  if (own_number > 0 && q2_objective_relaxes(state->problem->objective)) {
    /* An optimizer that will ask for J'J here wants it as the evaluation found it, from where relaxations began then. */
    if (state->problem->least_squares) Q2_TRY(q2_fit_square_at(state, state->message + HEAD, error));
    q2_variables_apply(state->problem->variables, state->message + HEAD, state->parameters);
    q2_objective_follow(state->problem->objective, state->parameters);
  }
  if (own_number > 0 && !last) q2_fit_precision_look(state, before);
  const int anew = state->options->assign_anew && own_number > 0 && !last && !state->stalled;
  return anew ? q2_agree(state->comm, find_pairs(state, error), error) : Q2_OK;
}

PetscErrorCode q2_fit_tao_monitor(Tao tao, void *context) {
  struct q2_fit_state *state = context;
  PetscInt number, most;
  PetscReal value, step;
  Vec x;
  const PetscScalar *entries;
  PetscFunctionBegin;
  PetscCall(TaoGetSolutionStatus(tao, &number, &value, NULL, NULL, &step, NULL));
  PetscCall(TaoGetMaximumIterations(tao, &most));
  PetscCall(TaoGetSolution(tao, &x));
  PetscCall(VecGetArrayRead(x, &entries));
  state->status = take_iterate(state, (int)number, number >= most, entries, value, step);
  PetscCall(VecRestoreArrayRead(x, &entries));
  if (state->status != Q2_OK) PetscFunctionReturn(PETSC_ERR_USER);
  PetscFunctionReturn(0);
}

PetscErrorCode q2_fit_tao_converged(Tao tao, void *context) {
  struct q2_fit_state *state = context;
  TaoConvergedReason reason;
  PetscReal gatol, grtol;
  PetscFunctionBegin;
  PetscCall(TaoGetConvergedReason(tao, &reason));
  if (reason != TAO_CONTINUE_ITERATING) PetscFunctionReturn(0);
  PetscCall(TaoGetTolerances(tao, &gatol, &grtol, NULL));
  if (state->gradient_norm <= gatol || state->gradient_norm <= grtol * fabs(state->loss) || state->stalled)
    q2_fit_precision_change(state, "the fast mode has converged");
  /* TAO's own test uses each type's own norm; ours is the same for all, and what the docs promise. */
  if (state->renewed) /* TAO stops, and is started again */
    PetscCall(TaoSetConvergedReason(tao, TAO_CONVERGED_USER));
  else if (state->gradient_norm <= gatol)
    PetscCall(TaoSetConvergedReason(tao, TAO_CONVERGED_GATOL));
  else if (state->gradient_norm <= grtol * fabs(state->loss))
    PetscCall(TaoSetConvergedReason(tao, TAO_CONVERGED_GRTOL));
  else if (state->stalled)
    PetscCall(TaoSetConvergedReason(tao, TAO_CONVERGED_USER));
  else
    PetscCall(TaoDefaultConvergenceTest(tao, NULL));
  PetscFunctionReturn(0);
}
