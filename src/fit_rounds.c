/* Rounds of a fit, one after the other, and their sum. */
#include "fit_rounds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

/* The variables of a round: the session's own in the first one, or where nothing has been locked. */
static const struct q2_variables *variables_of(const struct q2_session *session, const struct q2_round *round) {
  return round->value ? &round->variables : &session->variables;
}

/* The data set as the round has it: parameters of its own. */
static struct q2_dataset dataset_of(const struct q2_session *session, const struct q2_round *round) {
  struct q2_dataset dataset = session->dataset;
  if (round->value) {
    dataset.parameters.value = round->value;
    dataset.parameters.active = round->active;
  }
  return dataset;
}

static void free_round(struct q2_round *round) {
  q2_fit_free(&round->fit);
  q2_prior_free(&round->prior);
  q2_variables_free(&round->variables);
  q2_lock_list_free(&round->locks);
  free(round->value);
  free(round->active);
  memset(round, 0, sizeof *round);
}

/* Parameters, variables and prior of a round that starts where `before` ended. */
static int start_from(const struct q2_session *session, const struct q2_fit *before, struct q2_round *round,
                      struct q2_error *error) {
  const struct q2_variables *all = &session->variables;
  const struct q2_parameters *table = &session->dataset.parameters;
  round->value = q2_allocate(table->count, sizeof *round->value);
  round->active = q2_allocate(table->count, sizeof *round->active);
  if (!round->value || !round->active) return q2_fail(error, "out of memory for %d parameters", table->count);
  memcpy(round->active, table->active, (size_t)table->count * sizeof *round->active);
  for (int row = 0; row < table->count; row++) {
    /* scale x (bound / scale) may be beyond the bound by a rounding. */
    const int i = all->independent_of[row];
    round->value[row] = i < 0 ? before->best[row] : fmin(fmax(before->best[row], all->row_lower[i]), all->row_upper[i]);
  }
  const struct q2_dataset dataset = dataset_of(session, round);
  struct q2_parameters parameters = dataset.parameters;
  q2_lock_apply(&round->locks, &parameters);
  Q2_TRY(q2_variables_create(&parameters, &dataset.equalities, q2_options_bounds(&session->options), &round->variables, error));
  return q2_prior_create(&dataset.prior, session->options.prior, &parameters, &round->variables, session->input_value,
                         &round->prior, error);
}

static void print_locks(struct q2_session *session, const struct q2_round *round) {
  const struct q2_parameters *p = &session->dataset.parameters;
  for (int k = 0; k < round->locks.count; k++) {
    const struct q2_lock *lock = &round->locks.lock[k];
    const double factor = p->factor[lock->row];
    q2_print(&session->printer, "  row %d, %s %s, ended at %.6g %s: ", lock->row, p->kind[lock->row], p->label[lock->row],
             lock->found / factor, p->unit[lock->row]);
    if (lock->shared)
      q2_print(&session->printer, "stays free, because others need it, too\n");
    else
      q2_print(&session->printer, "%s, locked at %.6g\n", q2_lock_reason_names[lock->reason], lock->value / factor);
  }
}

/* Runs round number rounds->count; its method and locks have been set. */
static int run_round(struct q2_session *session, struct q2_keeper *keeper, struct q2_fit_rounds *rounds,
                     struct q2_error *error) {
  struct q2_round *round = &rounds->round[rounds->count];
  if (rounds->count > 0) {
    const struct q2_fit *before = &rounds->round[rounds->count - 1].fit;
    Q2_TRY(q2_agree(session->comm, start_from(session, before, round, error), error));
    session->dataset.invert_transition_states = round->method == 'C';
    Q2_TRY(q2_session_make_objectives(session, variables_of(session, round), error));
  }
  if (round->method)
    q2_print(&session->printer, "\nround %d of method %s: %c, %d parameters vary\n", rounds->count + 1,
             q2_ts_method_names[session->options.ts_method], round->method, variables_of(session, round)->count);
  print_locks(session, round);
  const struct q2_dataset dataset = dataset_of(session, round);
  const struct q2_fit_problem problem = {.dataset = &dataset,
                                         .variables = variables_of(session, round),
                                         .objective = session->objective,
                                         .prior = round->value ? &round->prior : &session->prior,
                                         .least_squares = session->least_squares,
                                         .by_position = session->by_position,
                                         .keeper = keeper};
  if (keeper) q2_keeper_begin_round(keeper, &round->fit.log);
  Q2_TRY(q2_fit_run(session->comm, &problem, &session->options, session->line, &session->printer, &round->fit, error));
  rounds->count++;
  rounds->stopped = round->fit.stopped;
  if (rounds->stopped) return Q2_OK;
  if (keeper) q2_keeper_end_round(keeper, &session->printer, &problem);
  if (round->method) q2_print(&session->printer, "%s\n", round->fit.reason);
  return Q2_OK;
}

/* One refit is all that the methods have: what has come to zero in it is said. */
static int warn_of_others(struct q2_session *session, const struct q2_fit_rounds *rounds, struct q2_error *error) {
  const struct q2_parameters *p = &session->dataset.parameters;
  const struct q2_round *last = &rounds->round[rounds->count - 1];
  struct q2_lock_list list;
  const int status = q2_lock_find(p, variables_of(session, last), last->fit.best, &list, error);
  for (int k = 0; status == Q2_OK && k < list.count; k++)
    q2_warn(&session->printer, "row %d (%s %s) ends at %.6g %s, not positive", list.lock[k].row, p->kind[list.lock[k].row],
            p->label[list.lock[k].row], list.lock[k].found / p->factor[list.lock[k].row], p->unit[list.lock[k].row]);
  q2_lock_list_free(&list);
  return q2_agree(session->comm, status, error);
}

/* E: C from the end of D; then, where that has spoilt force constants, once more with D's values for them. */
static int go_on_as_e(struct q2_session *session, struct q2_keeper *keeper, struct q2_fit_rounds *rounds,
                      struct q2_error *error) {
  const struct q2_parameters *table = &session->dataset.parameters;
  struct q2_lock_list *locks = &rounds->round[2].locks;
  rounds->round[1].method = rounds->round[2].method = 'C';
  Q2_TRY(run_round(session, keeper, rounds, error));
  if (rounds->stopped) return Q2_OK;
  const int status = q2_lock_find(table, &session->variables, rounds->round[1].fit.best, locks, error);
  Q2_TRY(q2_agree(session->comm, status, error));
  if (locks->count == 0) return Q2_OK;
  for (int k = 0; k < locks->count; k++) {
    struct q2_lock *lock = &locks->lock[k];
    lock->value = rounds->round[0].fit.best[lock->row];
    if (lock->value < Q2_SPOILT_BELOW)
      q2_warn(&session->printer, "method D does not have a positive value for row %d (%s %s) either; it is locked at %.6g %s",
              lock->row, table->kind[lock->row], table->label[lock->row], lock->value / table->factor[lock->row],
              table->unit[lock->row]);
  }
  return run_round(session, keeper, rounds, error);
}

static int go_on_as_e2(struct q2_session *session, struct q2_keeper *keeper, struct q2_fit_rounds *rounds,
                       struct q2_error *error) {
  const struct q2_parameters *table = &session->dataset.parameters;
  const double *best = rounds->round[0].fit.best;
  struct q2_lock_list *locks = &rounds->round[1].locks;
  rounds->round[1].method = 'C';
  Q2_TRY(q2_agree(session->comm, q2_lock_find(table, &session->variables, best, locks, error), error));
  if (locks->count == 0) {
    q2_print(&session->printer, "no force constant has come to zero: that was all\n");
    return Q2_OK;
  }
  Q2_TRY(q2_lock_as_q2mm(session->comm, &session->dataset, &session->variables, best, locks, error));
  return run_round(session, keeper, rounds, error);
}

/* A later round has failed: the objective is made that of the last one that has not. */
static int go_back(struct q2_session *session, struct q2_fit_rounds *rounds, const char *why, char *reason, size_t size,
                   struct q2_error *error) {
  const struct q2_round *last = &rounds->round[rounds->count - 1];
  snprintf(reason, size, "not converged: round %d cannot be run: %.180s", rounds->count + 1, why);
  session->dataset.invert_transition_states = last->method == 'C';
  return q2_session_make_objectives(session, variables_of(session, last), error);
}

/* The last round's references at the point where the first round started. */
static int find_first_record(struct q2_session *session, struct q2_fit_rounds *rounds, struct q2_error *error) {
  const struct q2_round *last = &rounds->round[rounds->count - 1];
  const double *start = rounds->round[0].fit.start;
  struct q2_evaluation evaluation = {0}, by_position = {0};
  Q2_TRY(q2_agree(session->comm, q2_objective_evaluate(session->objective, start, &evaluation, NULL, error), error));
  by_position = evaluation;
  if (session->by_position)
    Q2_TRY(q2_agree(session->comm, q2_objective_evaluate(session->by_position, start, &by_position, NULL, error), error));
  const double prior = q2_prior_evaluate(last->value ? &last->prior : &session->prior, start, NULL);
  const int failed = evaluation.failed_molecules > 0;
  rounds->whole.first_record =
      (struct q2_evaluation_record){.value = failed ? INFINITY : evaluation.loss + prior,
                                    .prior = prior,
                                    .rmsd = failed ? INFINITY : evaluation.rmsd,
                                    .rmsd_all = by_position.failed_molecules > 0 ? INFINITY : by_position.rmsd,
                                    .validation_loss = evaluation.validation_loss,
                                    .validation_rmsd = evaluation.validation_rmsd,
                                    .failed_molecules = evaluation.failed_molecules,
                                    .first_failed = evaluation.first_failed,
                                    .infeasible = failed};
  return Q2_OK;
}

/* Which of a round's variables each of the session's is, -1: it is locked. */
static void match_variables(const struct q2_variables *all, const struct q2_variables *some, int *which) {
  for (int v = 0, w = 0; v < all->count; v++)
    which[v] = w < some->count && some->row[w] == all->row[v] ? w++ : -1;
}

/* Appends a round's log and iterations to those of the whole. which, x, gradient: [session's variables]. */
static int append_round(const struct q2_session *session, struct q2_fit_rounds *rounds, int number, int *which, double *x,
                        double *gradient, struct q2_error *error) {
  const struct q2_round *round = &rounds->round[number];
  const struct q2_variables *all = &session->variables;
  struct q2_fit *whole = &rounds->whole;
  const struct q2_evaluation_log *log = &round->fit.log;
  const int64_t before = whole->log.count;
  match_variables(all, variables_of(session, round), which);
  for (int64_t k = 0; k < log->position; k++) {
    for (int v = 0; v < all->count; v++) {
      const int64_t at = k * log->variables + which[v];
      x[v] = which[v] >= 0 ? log->x[at] : round->value[all->row[v]] / all->scale[v];
      gradient[v] = which[v] >= 0 ? log->gradient[at] : NAN;
    }
    Q2_TRY(q2_evaluation_log_append(&whole->log, x, gradient, &log->record[k], error));
  }
  for (int k = 0; k < round->fit.iteration_count; k++) {
    struct q2_iteration *iteration = &whole->iteration[whole->iteration_count++];
    *iteration = round->fit.iteration[k];
    iteration->round = number + 1;
    iteration->evaluation += iteration->evaluation >= 0 ? before : 0;
    iteration->evaluations += before;
    iteration->seconds += whole->seconds;
  }
  return Q2_OK;
}

/* On rank 0: logs and iterations. Adds up seconds on the way. */
static int join_books(const struct q2_session *session, struct q2_fit_rounds *rounds, struct q2_error *error) {
  struct q2_fit *whole = &rounds->whole;
  const int n = session->variables.count;
  int *which = q2_allocate(n, sizeof *which);
  double *x = q2_allocate(2 * (int64_t)n, sizeof *x);
  for (int r = 0; r < rounds->count; r++)
    whole->iteration_capacity += rounds->round[r].fit.iteration_count;
  whole->iteration = q2_allocate(whole->iteration_capacity, sizeof *whole->iteration);
  q2_evaluation_log_create(n, &whole->log);
  int status = which && x && whole->iteration ? Q2_OK : q2_fail(error, "out of memory for the record of all rounds");
  for (int r = 0; status == Q2_OK && r < rounds->count; r++) {
    status = append_round(session, rounds, r, which, x, x + n, error);
    whole->seconds += rounds->round[r].fit.seconds;
  }
  free(which);
  free(x);
  return status;
}

/* All rounds as one fit. */
static int join(struct q2_session *session, struct q2_fit_rounds *rounds, struct q2_error *error) {
  struct q2_fit *whole = &rounds->whole;
  const struct q2_fit *first = &rounds->round[0].fit, *last = &rounds->round[rounds->count - 1].fit;
  const int rows = session->dataset.parameters.count;
  const int64_t bytes = rows * (int64_t)sizeof(double);
  whole->start = q2_allocate(rows, sizeof *whole->start);
  whole->best = q2_allocate(rows, sizeof *whole->best);
  int status = whole->start && whole->best ? Q2_OK : q2_fail(error, "out of memory for %d parameters", rows);
  if (status == Q2_OK && session->rank == 0) status = join_books(session, rounds, error);
  Q2_TRY(q2_agree(session->comm, status, error));
  (void)MPI_Bcast(&whole->seconds, 1, MPI_DOUBLE, 0, session->comm);
  memcpy(whole->start, first->start, (size_t)bytes);
  memcpy(whole->best, last->best, (size_t)bytes);
  whole->best_record = last->best_record;
  whole->gradient_norm = last->gradient_norm;
  whole->converged = last->converged;
  memcpy(whole->type, last->type, sizeof whole->type);
  memcpy(whole->reason, last->reason, sizeof whole->reason);
  for (int r = 0; r < rounds->count; r++) {
    const struct q2_fit *fit = &rounds->round[r].fit;
    whole->evaluations += fit->evaluations;
    whole->infeasible += fit->infeasible;
    if (fit->converged >= whole->converged) continue;
    whole->converged = fit->converged;
    snprintf(whole->reason, sizeof whole->reason, "round %d: %.230s", r + 1, fit->reason);
  }
  return find_first_record(session, rounds, error);
}

int q2_fit_rounds_run(struct q2_session *session, struct q2_keeper *keeper, struct q2_fit_rounds *rounds,
                      struct q2_error *error) {
  const enum q2_ts_method method = session->options.ts_method;
  struct q2_error later = {""};
  char reason[256] = "";
  if (method >= Q2_TS_E) rounds->round[0].method = 'D';
  Q2_TRY(run_round(session, keeper, rounds, error));
  if (rounds->stopped) return Q2_OK;
  if (method < Q2_TS_E) { /* there is nothing to join */
    rounds->whole = rounds->round[0].fit;
    memset(&rounds->round[0].fit, 0, sizeof rounds->round[0].fit);
    return Q2_OK;
  }
  const int status =
      method == Q2_TS_E ? go_on_as_e(session, keeper, rounds, &later) : go_on_as_e2(session, keeper, rounds, &later);
  if (keeper && keeper->stopped) return status == Q2_OK ? Q2_OK : q2_fail(error, "%s", later.text);
  if (status != Q2_OK) Q2_TRY(go_back(session, rounds, later.text, reason, sizeof reason, error));
  Q2_TRY(join(session, rounds, error));
  Q2_TRY(warn_of_others(session, rounds, error));
  if (reason[0]) {
    rounds->whole.converged = -1;
    memcpy(rounds->whole.reason, reason, sizeof reason);
  }
  return Q2_OK;
}

void q2_fit_rounds_free(struct q2_fit_rounds *rounds) {
  for (int r = 0; r < Q2_MOST_ROUNDS; r++)
    free_round(&rounds->round[r]);
  q2_fit_free(&rounds->whole);
  rounds->count = 0;
}
