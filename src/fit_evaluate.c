/* The fit's evaluations: from the log first, then live; what the optimizer is told about infeasible points. */
#include <math.h>
#include <string.h>

#include "fit_state.h"
#include "keeper.h"
#include "relaxation_table.h"

/* Far above any loss, far below where TAO's arithmetic with it would overflow (it squares differences of x, never of f). */
static const double infeasible_factor = 1e30;

/* The heads of state->message; x follows. */
enum { SOURCE, VALUE, FIRST_FAILED, FAILED, HEAD };

static int all_finite(const double *values, int count) {
  for (int i = 0; i < count; i++)
    if (!isfinite(values[i])) return 0;
  return 1;
}

double q2_fit_elapsed(const struct q2_fit_state *state) {
  const struct q2_evaluation_log *log = &state->fit->log;
  const int replays = log->position > 0 && log->position <= state->fit->replayed;
  return replays ? log->record[log->position - 1].elapsed : MPI_Wtime() - state->begin;
}

/* Rank 0: turns the objective's answer into what the optimizer is told, and logs it. */
static int judge_and_log(struct q2_fit_state *state, const double *x, const struct q2_evaluation *evaluation, double seconds,
                         struct q2_evaluation_record *record, struct q2_error *error) {
  const int n = state->variables;
  const double prior =
      state->problem->prior ? q2_prior_evaluate(state->problem->prior, state->parameters, state->row_gradient) : 0.0;
  q2_variables_gradient(state->problem->variables, state->row_gradient, state->gradient);
  const int finite = isfinite(evaluation->loss + prior) && all_finite(state->gradient, n);
  *record = (struct q2_evaluation_record){.value = evaluation->loss + prior,
                                          .prior = prior,
                                          .rmsd = evaluation->rmsd,
                                          .rmsd_all = NAN,
                                          .validation_loss = evaluation->validation_loss,
                                          .validation_rmsd = evaluation->validation_rmsd,
                                          .seconds = seconds,
                                          .elapsed = q2_fit_elapsed(state),
                                          .failed_molecules = evaluation->failed_molecules,
                                          .first_failed = evaluation->first_failed,
                                          .infeasible = evaluation->failed_molecules > 0 || !finite};
  if (record->infeasible) {
    record->value = infeasible_factor * fmax(1.0, fabs(state->last_loss));
    record->rmsd = record->validation_loss = record->validation_rmsd = NAN;
    memcpy(state->gradient, state->last_gradient, (size_t)n * sizeof *state->gradient);
  }
  struct q2_evaluation_log *log = &state->fit->log;
  Q2_TRY(q2_evaluation_log_append(log, x, state->gradient, record, error));
  if (!state->problem->least_squares || record->infeasible) return Q2_OK;
  return q2_evaluation_log_keep_square(log, log->count - 1, state->problem->variables->independent_count, state->square, error);
}

static void report_infeasible(struct q2_fit_state *state, int64_t first_failed, int64_t failed, int row) {
  const struct q2_parameters *parameters = &state->problem->dataset->parameters;
  if (row >= 0) {
    q2_print_detail(state->printer,
                    "  infeasible point: an equality puts row %d (%s %s) out of its bounds, at %.6g %s; the step is "
                    "shortened\n",
                    row, parameters->kind[row], parameters->label[row], state->parameters[row] / parameters->factor[row],
                    parameters->unit[row]);
  } else if (failed > 0) {
    struct q2_failure failure;
    q2_molecule_failure(state->comm, state->problem->dataset, state->problem->objective, first_failed, &failure);
    q2_print_detail(
        state->printer,
        "  infeasible point: %lld molecule%s failed, the first is %s (number %lld, rank %d): %s; the step is shortened\n",
        (long long)failed, failed == 1 ? "" : "s", failure.name.text, (long long)first_failed, failure.rank, failure.reason);
  } else {
    q2_print_detail(state->printer, "  infeasible point: loss or gradient not finite; the step is shortened\n");
  }
}

/* Rank 0 tells which row an equality puts out of its bounds; -1: none. */
static int row_out_of_bounds(const struct q2_fit_state *state) {
  const struct q2_variables *variables = state->problem->variables;
  int row = -1;
  if (variables->watched == 0) return row;
  if (state->rank == 0) row = q2_variables_leave_bounds(variables, state->parameters);
  (void)MPI_Bcast(&row, 1, MPI_INT, 0, state->comm);
  return row;
}

static int evaluate_live(struct q2_fit_state *state, double *value, struct q2_error *error) {
  const double *x = state->message + HEAD;
  struct q2_evaluation evaluation = {.first_failed = -1};
  const double begin = MPI_Wtime();
  const struct q2_evaluation_log *log = &state->fit->log;
  if (log->count > 0 && log->count == state->fit->replayed) /* the replay ends here */
    state->begin = begin - log->record[log->count - 1].elapsed;
  q2_variables_apply(state->problem->variables, x, state->parameters);
  const int row = row_out_of_bounds(state);
  int status = Q2_OK;
  if (row >= 0) {
    evaluation.loss = NAN;
  } else if (state->problem->least_squares) {
    status = q2_fit_normal(state, x, &evaluation, error);
  } else {
    status = q2_objective_evaluate(state->problem->objective, state->parameters, &evaluation, state->row_gradient, error);
  }
  Q2_TRY(q2_agree(state->comm, status, error));
  struct q2_evaluation_record record = {0};
  if (state->rank == 0) status = judge_and_log(state, x, &evaluation, MPI_Wtime() - begin, &record, error);
  Q2_TRY(q2_agree(state->comm, status, error));
  double told[4] = {record.value, record.infeasible, (double)record.first_failed, (double)record.failed_molecules};
  (void)MPI_Bcast(told, 4, MPI_DOUBLE, 0, state->comm);
  *value = told[0];
  if (told[1] != 0.0) report_infeasible(state, (int64_t)told[2], (int64_t)told[3], row);
  return Q2_OK;
}

int q2_fit_evaluate(struct q2_fit_state *state, const double *x, double *value, double *gradient, struct q2_error *error) {
  const size_t row = (size_t)state->variables * sizeof *x;
  struct q2_evaluation_log *log = &state->fit->log;
  int64_t index = -1;
  if (state->rank == 0) {
    state->message[SOURCE] = q2_evaluation_log_answer(log, x, &index);
    state->message[VALUE] = index >= 0 ? log->record[index].value : 0.0;
    memcpy(state->message + HEAD, x, row);
  }
  (void)MPI_Bcast(state->message, state->variables + HEAD, MPI_DOUBLE, 0, state->comm);
  *value = state->message[VALUE];
  const enum q2_log_source source = (enum q2_log_source)state->message[SOURCE];
  if (source == Q2_LOG_DIVERGED)
    return q2_fail(
        error,
        "the log of evaluations belongs to another run: another start, build or BLAS kernel (-parameters CHECKPOINT starts "
        "anew from its best point, warm)");
  if (source == Q2_LOG_LIVE) Q2_TRY(q2_at_stage("an evaluation", evaluate_live(state, value, error), error));
  if (state->rank == 0) {
    if (index < 0) index = log->position - 1;
    memcpy(gradient, log->gradient + index * state->variables, row);
    if (!log->record[index].infeasible) {
      state->last_loss = log->record[index].value;
      memcpy(state->last_gradient, gradient, row);
    }
  }
  if (!state->problem->keeper) return Q2_OK;
  const int status =
      q2_keeper_look(state->problem->keeper, state->comm, state->printer, state->problem, source == Q2_LOG_LIVE, error);
  state->fit->stopped = state->problem->keeper->stopped;
  return status;
}

PetscErrorCode q2_fit_tao_evaluate(Tao tao, Vec x, PetscReal *value, Vec gradient, void *context) {
  struct q2_fit_state *state = context;
  const PetscScalar *x_entries;
  PetscScalar *gradient_entries;
  (void)tao;
  PetscFunctionBegin;
  PetscCall(VecGetArrayRead(x, &x_entries));
  PetscCall(VecGetArray(gradient, &gradient_entries));
  state->status = q2_fit_evaluate(state, x_entries, value, gradient_entries, &state->error);
  PetscCall(VecRestoreArray(gradient, &gradient_entries));
  PetscCall(VecRestoreArrayRead(x, &x_entries));
  /* state->error has the message; SETERRQ would hide it behind PETSc's. */
  if (state->status != Q2_OK || state->fit->stopped) PetscFunctionReturn(PETSC_ERR_USER);
  PetscFunctionReturn(0);
}
