/* What the rounds of a fit were, on paper and in the result. */
#include <stdio.h>
#include <stdlib.h>

#include "../io/memory.h"
#include "../io/result.h"
#include "fit_rounds.h"

static int variable_count(const struct q2_session *session, const struct q2_round *round) {
  return round->value ? round->variables.count : session->variables.count;
}

void q2_fit_rounds_print(const struct q2_session *session, const struct q2_fit_rounds *rounds) {
  struct q2_printer printer = session->printer;
  if (session->options.ts_method < Q2_TS_E) return;
  q2_print(&printer, "\nRounds of method %s (the loss of each by its own references; below, all by the last one's)\n",
           q2_ts_method_names[session->options.ts_method]);
  q2_print(&printer, "%5s %6s %6s %7s %16s %16s %12s %12s\n", "round", "method", "vary", "evals", "loss before", "after",
           "RMSD before", "after");
  for (int r = 0; r < rounds->count; r++) {
    const struct q2_round *round = &rounds->round[r];
    const struct q2_evaluation_record *first = &round->fit.first_record, *best = &round->fit.best_record;
    q2_print(&printer, "%5d %6c %6d %7lld %16.9e %16.9e %12.4f %12.4f\n", r + 1, round->method, variable_count(session, round),
             (long long)round->fit.evaluations, first->value, best->value, first->rmsd_all, best->rmsd_all);
  }
}

/* Number `column` of a round's numbers in the result. */
static double number_of(const struct q2_fit *fit, int column) {
  const struct q2_evaluation_record *first = &fit->first_record, *best = &fit->best_record;
  const double numbers[] = {first->value,    best->value,    first->rmsd,        best->rmsd,
                            first->rmsd_all, best->rmsd_all, fit->gradient_norm, fit->seconds};
  return numbers[column];
}

static int add_numbers(struct q2_image *image, const struct q2_fit_rounds *rounds, struct q2_error *error) {
  static const struct {
    const char *path, *unit;
  } columns[] = {{"/rounds/loss_before", NULL},       {"/rounds/loss_after", NULL},
                 {"/rounds/rmsd_before", "cm-1"},     {"/rounds/rmsd_after", "cm-1"},
                 {"/rounds/rmsd_all_before", "cm-1"}, {"/rounds/rmsd_all_after", "cm-1"},
                 {"/rounds/gradient_norm", NULL},     {"/rounds/seconds", "s"}};
  for (int c = 0; c < (int)(sizeof columns / sizeof *columns); c++) {
    double column[Q2_MOST_ROUNDS];
    for (int r = 0; r < rounds->count; r++)
      column[r] = number_of(&rounds->round[r].fit, c);
    Q2_TRY(q2_image_double(image, columns[c].path, columns[c].unit, rounds->count, 0, column, error));
  }
  return Q2_OK;
}

static int add_counts(struct q2_image *image, const struct q2_session *session, const struct q2_fit_rounds *rounds,
                      struct q2_error *error) {
  static const char *const paths[] = {"/rounds/variables", "/rounds/iterations", "/rounds/evaluations", "/rounds/infeasible",
                                      "/rounds/converged"};
  int64_t counts[5][Q2_MOST_ROUNDS];
  char method[Q2_MOST_ROUNDS][2] = {""}, reason[Q2_MOST_ROUNDS][sizeof rounds->whole.reason] = {""};
  for (int r = 0; r < rounds->count; r++) {
    const struct q2_fit *fit = &rounds->round[r].fit;
    counts[0][r] = variable_count(session, &rounds->round[r]);
    counts[1][r] = fit->iteration_count > 0 ? fit->iteration[fit->iteration_count - 1].number : 0;
    counts[2][r] = fit->evaluations;
    counts[3][r] = fit->infeasible;
    counts[4][r] = fit->converged;
    method[r][0] = rounds->round[r].method;
    snprintf(reason[r], sizeof reason[r], "%s", fit->reason);
  }
  for (int c = 0; c < 5; c++)
    Q2_TRY(q2_image_int64(image, paths[c], NULL, rounds->count, 0, counts[c], error));
  Q2_TRY(q2_image_text(image, "/rounds/method", rounds->count, sizeof method[0], method, error));
  return q2_image_text(image, "/rounds/reason", rounds->count, sizeof reason[0], reason, error);
}

/* columns, found and reason have room for all locks of all rounds. */
static int fill_locks(const struct q2_session *session, const struct q2_fit_rounds *rounds, int total, int32_t *columns,
                      double *numbers, char (*reason)[16]) {
  const struct q2_parameters *p = &session->dataset.parameters;
  int k = 0;
  for (int r = 0; r < rounds->count; r++) {
    for (int l = 0; l < rounds->round[r].locks.count; l++, k++) {
      const struct q2_lock *lock = &rounds->round[r].locks.lock[l];
      columns[k] = r + 1;
      columns[total + k] = lock->row;
      columns[2 * total + k] = !lock->shared;
      numbers[k] = lock->found / p->factor[lock->row];
      numbers[total + k] = lock->value / p->factor[lock->row];
      snprintf(reason[k], sizeof reason[k], "%s", q2_lock_reason_names[lock->reason]);
    }
  }
  return k;
}

static int add_locks(struct q2_image *image, const struct q2_session *session, const struct q2_fit_rounds *rounds,
                     struct q2_error *error) {
  static const char *const whole[] = {"/rounds/locks/round", "/rounds/locks/row", "/rounds/locks/locked"};
  static const char *const real[] = {"/rounds/locks/found", "/rounds/locks/value"};
  int total = 0;
  for (int r = 0; r < rounds->count; r++)
    total += rounds->round[r].locks.count;
  int32_t *columns = q2_allocate(3 * (int64_t)total, sizeof *columns);
  double *numbers = q2_allocate(2 * (int64_t)total, sizeof *numbers);
  char(*reason)[16] = q2_allocate(total, sizeof *reason);
  int status = columns && numbers && reason ? Q2_OK : q2_fail(error, "no memory for the result");
  if (status == Q2_OK) fill_locks(session, rounds, total, columns, numbers, reason);
  for (int c = 0; status == Q2_OK && c < 3; c++)
    status = q2_image_int32(image, whole[c], NULL, total, 0, columns + c * total, error);
  for (int c = 0; status == Q2_OK && c < 2; c++)
    status = q2_image_double(image, real[c], NULL, total, 0, numbers + c * total, error);
  if (status == Q2_OK) status = q2_image_text(image, "/rounds/locks/reason", total, sizeof *reason, reason, error);
  free(columns);
  free(numbers);
  free(reason);
  return status;
}

int q2_fit_rounds_write(struct q2_image *image, const struct q2_session *session, const struct q2_fit_rounds *rounds,
                        struct q2_error *error) {
  const enum q2_ts_method method = session->options.ts_method;
  if (method < Q2_TS_E) return Q2_OK;
  Q2_TRY(q2_image_group(image, "/rounds", error));
  Q2_TRY(q2_image_attribute_text(image, "/rounds", "ts_method", q2_ts_method_names[method], error));
  Q2_TRY(add_numbers(image, rounds, error));
  Q2_TRY(add_counts(image, session, rounds, error));
  return add_locks(image, session, rounds, error);
}
