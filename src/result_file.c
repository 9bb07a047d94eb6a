/* The result of a fit as one HDF5 file. */
#define _GNU_SOURCE /* gethostname */
#include "result_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../io/memory.h"
#include "../io/result.h"
#include "../kernels/precision.h"

int q2_result_check_writable(MPI_Comm comm, const char *path, struct q2_error *error) {
  int rank, status = Q2_OK;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) {
    char probe[4200];
    snprintf(probe, sizeof probe, "%s.probe.%ld", path, (long)getpid());
    FILE *file = fopen(probe, "wx");
    if (!file)
      status = q2_fail(error, "%s cannot be written: %s", path, strerror(errno));
    else {
      fclose(file);
      remove(probe);
    }
  }
  return q2_agree(comm, status, error);
}

int q2_result_provenance(struct q2_image *image, const char *group, const struct q2_session *session, struct q2_error *error) {
  char date[32] = "", host[256] = "";
  const time_t now = time(NULL);
  struct tm utc;
  if (gmtime_r(&now, &utc)) strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
  gethostname(host, sizeof host - 1);
  const struct q2_machine *machine = &session->machine;
  const struct {
    const char *name, *value;
  } texts[] = {{"version", q2_version()},
               {"date", date},
               {"host_of_rank_0", host},
               {"input", session->dataset.path},
               {"input_checksum", session->dataset.checksum},
               {"options", session->options.text},
               {"match", q2_match_names[session->options.match]},
               {"assign", session->options.assign_anew ? "iteration" : "start"},
               {"backend", machine->backend},
               {"backend_reason", machine->backend_reason},
               {"devices", machine->devices},
               {"blas", machine->blas},
               {"blas_kernel", machine->blas_kernel},
               {"blas_path", machine->blas_path},
               {"cpu", machine->cpu}};
  const struct {
    const char *name;
    int64_t value;
  } numbers[] = {{"ranks", machine->ranks},
                 {"nodes", machine->nodes},
                 {"threads", machine->threads},
                 {"kernels_differ_between_ranks", machine->kernels_differ}};
  Q2_TRY(q2_image_group(image, group, error));
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    Q2_TRY(q2_image_attribute_text(image, group, texts[i].name, texts[i].value, error));
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    Q2_TRY(q2_image_attribute_int64(image, group, numbers[i].name, numbers[i].value, error));
  return Q2_OK;
}

/* The user's value of row p. A factor of zero cannot be; a test's table may leave it out. */
static double in_user_unit(const struct q2_parameters *parameters, int p, double value) {
  return fabs(value) >= 1e300 ? value : value / parameters->factor[p];
}

static int add_parameters(struct q2_image *image, const struct q2_session *session, const struct q2_fit *fit,
                          struct q2_error *error) {
  const struct q2_parameters *p = &session->dataset.parameters;
  const struct q2_variables *variables = &session->variables;
  double *columns = q2_allocate(5 * (int64_t)p->count, sizeof *columns);
  int32_t *at_bound = q2_allocate(2 * (int64_t)p->count, sizeof *at_bound);
  int32_t *const by_equality = at_bound ? at_bound + p->count : NULL;
  int status = columns && at_bound ? Q2_OK : q2_fail(error, "no memory for the result");
  static const char *const paths[] = {"/parameters/start", "/parameters/final", "/parameters/lower", "/parameters/upper",
                                      "/parameters/scale"};
  for (int row = 0; status == Q2_OK && row < p->count; row++) {
    const int i = variables->independent_of[row];
    columns[row] = in_user_unit(p, row, fit->start[row]);
    columns[p->count + row] = in_user_unit(p, row, fit->best[row]);
    columns[2 * p->count + row] =
        i < 0 || isinf(variables->row_lower[i]) ? -1e300 : in_user_unit(p, row, variables->row_lower[i]);
    columns[3 * p->count + row] =
        i < 0 || isinf(variables->row_upper[i]) ? 1e300 : in_user_unit(p, row, variables->row_upper[i]);
    columns[4 * p->count + row] = i < 0 ? 0.0 : in_user_unit(p, row, variables->row_scale[i]);
    if (i >= 0) {
      at_bound[row] = q2_variables_at_bound(variables, i, fit->best[row]);
      by_equality[row] = variables->eliminated[i];
    }
  }
  if (status == Q2_OK) status = q2_image_text(image, "/parameters/kind", p->count, Q2_KIND_LENGTH, p->kind, error);
  if (status == Q2_OK) status = q2_image_text(image, "/parameters/label", p->count, Q2_LABEL_LENGTH, p->label, error);
  if (status == Q2_OK) status = q2_image_text(image, "/parameters/unit", p->count, Q2_UNIT_LENGTH, p->unit, error);
  for (int c = 0; status == Q2_OK && c < 5; c++)
    status = q2_image_double(image, paths[c], NULL, p->count, 0, columns + c * p->count, error);
  if (status == Q2_OK) status = q2_image_int32(image, "/parameters/active", NULL, p->count, 0, p->active, error);
  if (status == Q2_OK) status = q2_image_int32(image, "/parameters/link", NULL, p->count, 0, p->link, error);
  if (status == Q2_OK) status = q2_image_int32(image, "/parameters/at_bound", NULL, p->count, 0, at_bound, error);
  if (status == Q2_OK) status = q2_image_int32(image, "/parameters/by_equality", NULL, p->count, 0, by_equality, error);
  free(columns);
  free(at_bound);
  return status;
}

/* One column of /iterations, by number. */
static double iteration_entry(const struct q2_fit *fit, int i, int column) {
  const struct q2_iteration *it = &fit->iteration[i];
  const struct q2_evaluation_record *record = it->evaluation >= 0 ? &fit->log.record[it->evaluation] : NULL;
  switch (column) {
  case 0:
    return record ? record->value : NAN;
  case 1:
    return record ? record->rmsd : NAN;
  case 2:
    return record ? record->rmsd_all : NAN;
  case 3:
    return it->gradient_norm;
  case 4:
    return it->step;
  case 5:
    return it->seconds;
  case 6:
    return record ? record->prior : NAN;
  case 7:
    return record ? record->validation_loss : NAN;
  default:
    return record ? record->validation_rmsd : NAN;
  }
}

static int add_iteration_columns(struct q2_image *image, const struct q2_session *session, const struct q2_fit *fit,
                                 double *column, int64_t *whole, struct q2_error *error) {
  static const struct {
    const char *path, *unit;
  } columns[] = {{"/iterations/loss", NULL},
                 {"/iterations/rmsd", "cm-1"},
                 {"/iterations/rmsd_all", "cm-1"},
                 {"/iterations/gradient_norm", NULL},
                 {"/iterations/step", NULL},
                 {"/iterations/seconds", "s"},
                 {"/iterations/prior", NULL},
                 {"/iterations/validation_loss", NULL},
                 {"/iterations/validation_rmsd", "cm-1"}};
  const int count = fit->iteration_count;
  for (int c = 0; c < 9; c++) {
    if (c == 6 && !session->prior.active) continue;
    if (c > 6 && session->dataset.validation_total == 0) continue;
    for (int i = 0; i < count; i++)
      column[i] = iteration_entry(fit, i, c);
    Q2_TRY(q2_image_double(image, columns[c].path, columns[c].unit, count, 0, column, error));
  }
  for (int i = 0; i < count; i++)
    whole[i] = fit->iteration[i].number;
  Q2_TRY(q2_image_int64(image, "/iterations/number", NULL, count, 0, whole, error));
  for (int i = 0; i < count; i++)
    whole[i] = fit->iteration[i].round;
  if (whole[0] > 0) Q2_TRY(q2_image_int64(image, "/iterations/round", NULL, count, 0, whole, error));
  for (int i = 0; i < count; i++)
    whole[i] = fit->iteration[i].precision == Q2_MODE_FP64 ? 64 : 32;
  if (session->options.precision_count > 0)
    Q2_TRY(q2_image_int64(image, "/iterations/precision", NULL, count, 0, whole, error));
  for (int i = 0; i < count; i++)
    whole[i] = fit->iteration[i].evaluations;
  return q2_image_int64(image, "/iterations/evaluations", NULL, count, 0, whole, error);
}

/* Every iteration's parameters, and the gradient with respect to each variable's row, both in the user's units. */
static int add_trajectory(struct q2_image *image, const struct q2_session *session, const struct q2_fit *fit,
                          double *parameters, double *gradient, struct q2_error *error) {
  const struct q2_parameters *p = &session->dataset.parameters;
  const struct q2_variables *variables = &session->variables;
  const int n = variables->count;
  for (int i = 0; i < fit->iteration_count; i++) {
    const int64_t index = fit->iteration[i].evaluation;
    double *row = parameters + (int64_t)i * p->count, *slope = gradient + (int64_t)i * n;
    if (index >= 0) q2_variables_apply(variables, fit->log.x + index * n, row);
    for (int k = 0; k < p->count; k++)
      row[k] = index >= 0 ? in_user_unit(p, k, row[k]) : NAN;
    for (int v = 0; v < n; v++)
      slope[v] = index >= 0 ? fit->log.gradient[index * n + v] / variables->scale[v] * p->factor[variables->row[v]] : NAN;
  }
  Q2_TRY(q2_image_double(image, "/iterations/parameters", NULL, fit->iteration_count, p->count, parameters, error));
  if (n == 0) return Q2_OK;
  Q2_TRY(q2_image_double(image, "/iterations/gradient", NULL, fit->iteration_count, n, gradient, error));
  return q2_image_int32(image, "/iterations/gradient_row", NULL, n, 0, variables->row, error);
}

static int add_iterations(struct q2_image *image, const struct q2_session *session, const struct q2_fit *fit,
                          struct q2_error *error) {
  const int64_t count = fit->iteration_count;
  if (count == 0) return Q2_OK; /* nothing varied */
  double *column = q2_allocate(count, sizeof *column);
  int64_t *whole = q2_allocate(count, sizeof *whole);
  double *parameters = q2_allocate(count * session->dataset.parameters.count, sizeof *parameters);
  double *gradient = q2_allocate(count * session->variables.count, sizeof *gradient);
  int status = column && whole && parameters && gradient ? Q2_OK : q2_fail(error, "no memory for the result");
  if (status == Q2_OK) status = add_iteration_columns(image, session, fit, column, whole, error);
  if (status == Q2_OK) status = add_trajectory(image, session, fit, parameters, gradient, error);
  free(column);
  free(whole);
  free(parameters);
  free(gradient);
  return status;
}

static int add_frequencies(struct q2_image *image, const struct q2_molecule_table *table, struct q2_error *error) {
  const int64_t rows = table->offset[table->count];
  Q2_TRY(q2_image_text(image, "/molecules/name", table->count, sizeof *table->name, table->name, error));
  Q2_TRY(q2_image_int32(image, "/molecules/atoms", NULL, table->count, 0, table->atoms, error));
  if (table->validation)
    Q2_TRY(q2_image_int32(image, "/molecules/validation", NULL, table->count, 0, table->validation, error));
  Q2_TRY(q2_image_int64(image, "/frequencies/offset", NULL, table->count + 1, 0, table->offset, error));
  Q2_TRY(q2_image_double(image, "/frequencies/reference", "cm-1", rows, 0, table->reference, error));
  Q2_TRY(q2_image_double(image, "/frequencies/before", "cm-1", rows, 0, table->before, error));
  Q2_TRY(q2_image_double(image, "/frequencies/after", "cm-1", rows, 0, table->after, error));
  return q2_image_double(image, "/frequencies/weight", NULL, rows, 0, table->weight, error);
}

static int add_timings(struct q2_image *image, const struct q2_session *session, const struct q2_fit *fit,
                       const double *seconds, struct q2_error *error) {
  char names[Q2_STAGE_COUNT][32] = {""};
  for (int s = 0; s < Q2_STAGE_COUNT; s++)
    snprintf(names[s], sizeof names[s], "%s", q2_stage_names[s]);
  Q2_TRY(q2_image_text(image, "/timings/stage", Q2_STAGE_COUNT, sizeof names[0], names, error));
  Q2_TRY(q2_image_double(image, "/timings/least", "s", Q2_STAGE_COUNT, 0, seconds, error));
  Q2_TRY(q2_image_double(image, "/timings/most", "s", Q2_STAGE_COUNT, 0, seconds + Q2_STAGE_COUNT, error));
  Q2_TRY(q2_image_double(image, "/timings/mean", "s", Q2_STAGE_COUNT, 0, seconds + 2 * Q2_STAGE_COUNT, error));
  for (int p = 0; p < Q2_PHASE_COUNT; p++)
    Q2_TRY(q2_image_attribute_double(image, "/timings", q2_phase_names[p], session->seconds[p], error));
  return q2_image_attribute_double(image, "/timings", "fit", fit->seconds, error);
}

/* Adds before and after as attributes of /summary. */
static int add_pair(struct q2_image *image, const char *name, double before, double after, struct q2_error *error) {
  char text[64];
  snprintf(text, sizeof text, "%s_before", name);
  Q2_TRY(q2_image_attribute_double(image, "/summary", text, before, error));
  snprintf(text, sizeof text, "%s_after", name);
  return q2_image_attribute_double(image, "/summary", text, after, error);
}

/* The parts that not every fit has. */
static int add_summary_parts(struct q2_image *image, const struct q2_session *session, const struct q2_fit *fit,
                             struct q2_error *error) {
  const struct q2_evaluation_record *first = &fit->first_record, *best = &fit->best_record;
  if (session->prior.active) {
    Q2_TRY(add_pair(image, "data_loss", first->value - first->prior, best->value - best->prior, error));
    Q2_TRY(add_pair(image, "prior", first->prior, best->prior, error));
  }
  if (session->dataset.validation_total == 0) return Q2_OK;
  Q2_TRY(add_pair(image, "validation_loss", first->validation_loss, best->validation_loss, error));
  return add_pair(image, "validation_rmsd", first->validation_rmsd, best->validation_rmsd, error);
}

/* Of all rounds. */
static int64_t iterations_done(const struct q2_fit *fit) {
  int64_t done = 0;
  for (int i = 0; i < fit->iteration_count; i++)
    if (i + 1 == fit->iteration_count || fit->iteration[i + 1].round != fit->iteration[i].round)
      done += fit->iteration[i].number;
  return done;
}

static int add_summary(struct q2_image *image, const struct q2_fit *fit, struct q2_error *error) {
  const struct {
    const char *name;
    double value;
  } numbers[] = {{"loss_before", fit->first_record.value},        {"loss_after", fit->best_record.value},
                 {"rmsd_before", fit->first_record.rmsd},         {"rmsd_after", fit->best_record.rmsd},
                 {"rmsd_all_before", fit->first_record.rmsd_all}, {"rmsd_all_after", fit->best_record.rmsd_all},
                 {"gradient_norm", fit->gradient_norm},           {"seconds", fit->seconds}};
  const struct {
    const char *name;
    int64_t value;
  } counts[] = {{"converged", fit->converged},
                {"iterations", iterations_done(fit)},
                {"evaluations", fit->evaluations},
                {"infeasible", fit->infeasible}};
  Q2_TRY(q2_image_group(image, "/summary", error));
  Q2_TRY(q2_image_attribute_text(image, "/summary", "reason", fit->reason, error));
  Q2_TRY(q2_image_attribute_text(image, "/summary", "tao_type", fit->type, error));
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    Q2_TRY(q2_image_attribute_double(image, "/summary", numbers[i].name, numbers[i].value, error));
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
    Q2_TRY(q2_image_attribute_int64(image, "/summary", counts[i].name, counts[i].value, error));
  return Q2_OK;
}

static int fill_and_write(struct q2_image *image, struct q2_session *session, const struct q2_fit_rounds *rounds,
                          const struct q2_result_tables *tables, const double *stage_seconds, struct q2_error *error) {
  const struct q2_fit *fit = &rounds->whole;
  Q2_TRY(q2_image_attribute_text(image, "/", "format", "q2hpc-result", error));
  Q2_TRY(q2_image_attribute_int64(image, "/", "version", 1, error));
  Q2_TRY(q2_result_provenance(image, "/provenance", session, error));
  Q2_TRY(add_summary(image, fit, error));
  Q2_TRY(add_summary_parts(image, session, fit, error));
  Q2_TRY(q2_identify_write(image, &session->identification, &session->variables, error));
  Q2_TRY(add_parameters(image, session, fit, error));
  Q2_TRY(add_iterations(image, session, fit, error));
  Q2_TRY(q2_fit_rounds_write(image, session, rounds, error));
  Q2_TRY(add_frequencies(image, &tables->vibrations, error));
  Q2_TRY(q2_result_residuals(image, &tables->residuals, error));
  Q2_TRY(q2_result_relaxations(image, &tables->relaxed_before, &tables->relaxed_after, error));
  Q2_TRY(add_timings(image, session, fit, stage_seconds, error));
  return q2_image_write(image, session->options.output, error);
}

int q2_result_write(struct q2_session *session, const struct q2_fit_rounds *rounds, const struct q2_result_tables *tables,
                    const double *stage_seconds, struct q2_error *error) {
  int status = Q2_OK;
  if (session->rank == 0) {
    struct q2_image image = {0};
    status = q2_image_create(&image, error);
    if (status == Q2_OK) status = fill_and_write(&image, session, rounds, tables, stage_seconds, error);
    q2_image_free(&image);
  }
  return q2_agree(session->comm, status, error);
}
