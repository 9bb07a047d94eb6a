/* q2hpc fit: fits, reports, writes the result. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "fit_rounds.h"
#include "molecule_table.h"
#include "report.h"
#include "restart.h"
#include "result_file.h"
#include "session.h"
#include "setup/export.h"
#include "stop_signal.h"

/* Everything at one point. */
struct point_values {
  struct q2_vibrations vibrations;
  struct q2_residual_values residuals;
};

static void free_values(struct point_values *values) {
  q2_vibrations_free(&values->vibrations);
  q2_residual_values_free(&values->residuals);
}

static int find_values(struct q2_session *session, const double *parameters, struct point_values *values,
                       struct q2_relaxation_table *relaxed, struct q2_error *error) {
  Q2_TRY(q2_objective_vibrations(session->objective, parameters, &values->vibrations, error));
  Q2_TRY(q2_objective_residuals(session->objective, parameters, &values->residuals, error));
  return q2_relaxation_table_create(session->comm, &session->dataset, session->objective, relaxed, error);
}

/* What is fitted, for the result. The best parameters come first, with the pairs and the relaxed geometries that are in force
 * when the fit ends; those of the start are then found again. */
static int make_tables(struct q2_session *session, const struct q2_fit *fit, struct q2_result_tables *tables,
                       struct q2_error *error) {
  struct point_values before = {0}, after = {0};
  int64_t changed;
  int status = find_values(session, fit->best, &after, &tables->relaxed_after, error);
  q2_objective_unfollow(session->objective);
  if (status == Q2_OK && session->options.assign_anew)
    status = q2_objective_assign(session->objective, fit->start, &changed, error);
  if (status == Q2_OK) status = find_values(session, fit->start, &before, &tables->relaxed_before, error);
  if (status == Q2_OK)
    status = q2_molecule_table_create(session->comm, &session->dataset, &before.vibrations, &after.vibrations,
                                      &tables->vibrations, error);
  if (status == Q2_OK)
    status = q2_residual_table_create(session->comm, &session->dataset, &before.residuals, &after.residuals, &tables->residuals,
                                      error);
  free_values(&before);
  free_values(&after);
  return status;
}

/* All vibrations before and after, paired by position. */
static int make_all_vibrations(struct q2_session *session, const struct q2_fit *fit, struct q2_molecule_table *table,
                               struct q2_error *error) {
  struct q2_objective *objective = q2_session_by_position(session);
  struct q2_vibrations before = {0}, after = {0};
  int status = q2_objective_vibrations(objective, fit->start, &before, error);
  if (status == Q2_OK) status = q2_objective_vibrations(objective, fit->best, &after, error);
  if (status == Q2_OK) status = q2_molecule_table_create(session->comm, &session->dataset, &before, &after, table, error);
  q2_vibrations_free(&before);
  q2_vibrations_free(&after);
  return status;
}

static void free_tables(struct q2_result_tables *tables) {
  q2_molecule_table_free(&tables->vibrations);
  q2_residual_table_free(&tables->residuals);
  q2_relaxation_table_free(&tables->relaxed_before);
  q2_relaxation_table_free(&tables->relaxed_after);
}

/* seconds: [3][Q2_STAGE_COUNT] least, most and mean over ranks; on rank 0. */
static void reduce_timings(struct q2_session *session, double *seconds) {
  double mine[Q2_STAGE_COUNT];
  int ranks;
  MPI_Comm_size(session->comm, &ranks);
  q2_objective_timings(session->objective, mine, 0);
  for (int s = 0; s < Q2_STAGE_COUNT; s++)
    mine[s] += session->earlier[s];
  MPI_Reduce(mine, seconds, Q2_STAGE_COUNT, MPI_DOUBLE, MPI_MIN, 0, session->comm);
  MPI_Reduce(mine, seconds + Q2_STAGE_COUNT, Q2_STAGE_COUNT, MPI_DOUBLE, MPI_MAX, 0, session->comm);
  MPI_Reduce(mine, seconds + 2 * Q2_STAGE_COUNT, Q2_STAGE_COUNT, MPI_DOUBLE, MPI_SUM, 0, session->comm);
  for (int s = 0; s < Q2_STAGE_COUNT; s++)
    seconds[2 * Q2_STAGE_COUNT + s] /= ranks;
}

/* Tables on paper show all vibrations; the result has the pairs that were fitted, if memory was enough for `tables`. */
static int report(struct q2_session *session, const struct q2_fit_rounds *rounds, const struct q2_result_tables *tables,
                  struct q2_error *error) {
  const struct q2_fit *fit = &rounds->whole;
  struct q2_molecule_table table = {0};
  Q2_TRY(make_all_vibrations(session, fit, &table, error));
  q2_report_molecules(&session->printer, &table);
  q2_molecule_table_free(&table);
  q2_report_parameters(&session->printer, &session->dataset.parameters, &session->variables, fit->start, fit->best);
  const struct q2_report_parts parts = {.prior = session->prior.active,
                                        .by_position = session->by_position != NULL,
                                        .validation = session->dataset.validation_total > 0};
  q2_fit_rounds_print(session, rounds);
  if (tables->residuals.count > 0) q2_report_kinds(&session->printer, &tables->residuals, 1);
  q2_report_fit(&session->printer, fit, &parts, &tables->relaxed_after);
  return Q2_OK;
}

/* The fit was stopped before it was done: says how it goes on. */
static void tell_stop(struct q2_session *session, const struct q2_keeper *keeper) {
  struct q2_printer *printer = &session->printer;
  if (!keeper->path[0]) {
    q2_warn(printer, "stopped (%s) with -checkpoint none: nothing of the fit is left", q2_keeper_reason(keeper->stopped));
    return;
  }
  q2_print_answer(printer, "stopped (%s) after %lld evaluations; -restart %s goes on\n", q2_keeper_reason(keeper->stopped),
                  (long long)keeper->kept, keeper->path);
}

/* The force field as -export wants it: tried before the fit (`value` NULL), or written. Collective. */
static int export_field(struct q2_session *session, const double *value, struct q2_error *error) {
  struct q2_dataset dataset = session->dataset;
  struct q2_export wish = {.path = session->options.export, .before_fit = !value};
  char *bytes = NULL;
  size_t size;
  if (!session->options.export[0]) return Q2_OK;
  dataset.parameters.value = session->input_value;
  Q2_TRY(q2_export_choose(&dataset, NULL, wish.path, &wish.format, error));
  if (value) return q2_export_write(session->comm, &dataset, value, &wish, NULL, error);
  const int status =
      q2_export_make(session->comm, &dataset, session->input_value, &wish, &session->printer, &bytes, &size, error);
  free(bytes);
  return status;
}

static int fit_and_tell(struct q2_session *session, struct q2_keeper *keeper, struct q2_fit_rounds *rounds, int *exit_status,
                        struct q2_error *error) {
  struct q2_result_tables tables = {0};
  double seconds[3 * Q2_STAGE_COUNT];
  q2_restart_give_logs(session, rounds);
  Q2_TRY(q2_at_stage("fitting", q2_fit_rounds_run(session, keeper, rounds, error), error));
  if (rounds->stopped) {
    tell_stop(session, keeper);
    *exit_status = Q2_EXIT_STOPPED;
    return Q2_OK;
  }
  const struct q2_fit *fit = &rounds->whole;
  /* The result first: a report can be made again from it. */
  reduce_timings(session, seconds);
  int status = make_tables(session, fit, &tables, error);
  if (status == Q2_OK) status = q2_result_write(session, rounds, &tables, seconds, error);
  q2_at_stage("writing the result", status, error);
  struct q2_error report_error = {""};
  const int reported = q2_at_stage("reporting", report(session, rounds, &tables, &report_error), &report_error);
  q2_keeper_print(keeper, &session->printer);
  if (status == Q2_OK) q2_print_answer(&session->printer, "result: %s\n", session->options.output);
  if (status == Q2_OK) status = export_field(session, fit->best, error);
  if (status == Q2_OK && session->options.export[0])
    q2_print_answer(&session->printer, "force field: %s\n", session->options.export);
  if (status == Q2_OK && reported != Q2_OK) status = q2_fail(error, "%s", report_error.text);
  if (fit->converged < 0) {
    q2_warn(&session->printer, "%s; the result holds the best parameters found", fit->reason);
    *exit_status = 1;
  }
  free_tables(&tables);
  return status;
}

int q2_command_fit(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error) {
  struct q2_session session;
  struct q2_fit_rounds rounds = {0};
  struct q2_run_identity identity = {0};
  struct q2_keeper keeper = {.begin = MPI_Wtime()};
  q2_stop_signals_note();
  int outcome = q2_session_open(comm, line, 1, &session, error);
  if (outcome == Q2_OK) outcome = export_field(&session, NULL, error);
  if (outcome == Q2_OK) outcome = q2_restart_prepare(&session, &identity, &keeper, error);
  if (outcome == Q2_OK) outcome = fit_and_tell(&session, &keeper, &rounds, status, error);
  q2_fit_rounds_free(&rounds);
  q2_run_identity_free(&identity);
  q2_session_close(&session);
  return outcome;
}
