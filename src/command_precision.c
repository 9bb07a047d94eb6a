/* q2hpc precision: what each precision mode makes of vibrations, gradient and loss, beside float64 at the same parameters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../kernels/precision.h"
#include "commands.h"
#include "molecule_table.h"
#include "precision_trace.h"

/* What the modes are compared with, and room for a mode's own. */
struct study {
  struct q2_session *session;
  double *parameters, *full_gradient, *gradient, *seconds;
  double full_loss;
  struct q2_look full;
  struct q2_image image;
  struct q2_precision_row *row; /* [count] */
  int count;
};

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* Evaluates in the objective's mode: loss, gradient, and the median of the seconds, with those of each stage. */
static int evaluate(struct study *study, struct q2_objective *objective, double *loss, double *gradient,
                    struct q2_precision_row *row, struct q2_error *error) {
  const struct q2_session *session = study->session;
  const int repeats = session->options.repeat;
  struct q2_evaluation evaluation = {0};
  for (int r = -1; r < repeats; r++) { /* one run to warm up */
    if (r == 0) q2_objective_timings(objective, row->stage, 1);
    MPI_Barrier(session->comm);
    const double begin = MPI_Wtime();
    Q2_TRY(q2_objective_evaluate(objective, study->parameters, &evaluation, gradient, error));
    double seconds = MPI_Wtime() - begin;
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, session->comm);
    if (r >= 0) study->seconds[r] = seconds;
  }
  if (evaluation.failed_molecules > 0)
    return q2_fail(error, "%lld molecules cannot be evaluated in %s at the starting parameters",
                   (long long)evaluation.failed_molecules, q2_precision_modes[row->mode].name);
  qsort(study->seconds, (size_t)repeats, sizeof *study->seconds, ascending);
  row->seconds = study->seconds[repeats / 2];
  row->seconds_least = study->seconds[0];
  q2_objective_timings(objective, row->stage, 1);
  MPI_Allreduce(MPI_IN_PLACE, row->stage, Q2_STAGE_COUNT, MPI_DOUBLE, MPI_SUM, session->comm);
  for (int s = 0; s < Q2_STAGE_COUNT; s++)
    row->stage[s] /= repeats;
  *loss = evaluation.loss;
  return Q2_OK;
}

/* One mode, with an objective of its own. */
static int look_at(struct study *study, int mode, struct q2_precision_row *row, struct q2_error *error) {
  struct q2_session *session = study->session;
  const int full = mode == Q2_MODE_FP64;
  struct q2_look other = {0};
  struct q2_precision_errors errors = {0};
  double loss[2] = {study->full_loss, 0.0};
  double *gradient = full ? study->full_gradient : study->gradient;
  *row = (struct q2_precision_row){.mode = mode};
  session->options.precision[0] = mode;
  session->options.precision_count = 1;
  q2_progress(&session->printer, q2_precision_modes[mode].name, (double)mode / Q2_MODE_COUNT);
  Q2_TRY(q2_session_make_objectives(session, &session->variables, error));
  Q2_TRY(evaluate(study, session->objective, &loss[1], gradient, row, error));
  Q2_TRY(q2_objective_look(session->objective, study->parameters, full ? &study->full : &other, error));
  if (full) loss[0] = study->full_loss = loss[1];
  int status = q2_precision_errors_create(session->comm, &session->dataset, &session->variables, &study->full,
                                          full ? &study->full : &other, &errors, error);
  if (status == Q2_OK && session->rank == 0) {
    q2_precision_summarise(&errors, &session->variables, loss, study->full_gradient, gradient, &row->summary);
    status = q2_precision_trace_mode(&study->image, row, &errors, error);
  }
  status = q2_agree(session->comm, status, error);
  q2_look_free(&other);
  q2_precision_errors_free(&errors);
  return status;
}

static void print_head(struct q2_printer *printer) {
  q2_print_answer(printer, "%-17s %10s %10s %10s %9s %9s %9s %9s %9s  %s\n", "", "|shift|", "mean", "RMS", "bound", "angle",
                  "gradient", "loss", "ms", "real modes within");
}

static void print_row(struct q2_printer *printer, const struct q2_precision_row *row) {
  const struct q2_precision_summary *s = &row->summary;
  q2_print_answer(printer, "%-17s %10.3g %10.3g %10.3g %9.2g %9.2g %9.2g %9.2g %9.3f ", q2_precision_modes[row->mode].name,
                  s->largest, s->mean, s->rms, s->bound_ratio, s->angle, s->gradient_relative, fabs(s->loss_relative),
                  1e3 * row->seconds_least);
  for (int t = 0; t < Q2_PRECISION_THRESHOLDS; t++)
    q2_print_answer(printer, " %.1f:%s", q2_precision_thresholds[t], s->largest < q2_precision_thresholds[t] ? "yes" : "no");
  q2_print_answer(printer, "\n");
}

/* The file's beginning: molecules and their vibrations in float64. */
static int begin_trace(struct study *study, struct q2_error *error) {
  struct q2_session *session = study->session;
  const struct q2_dataset *dataset = &session->dataset;
  struct q2_precision_errors full = {0};
  struct q2_name *names = NULL;
  int32_t *all = NULL,
          *atoms = q2_allocate_everywhere(session->comm, dataset->molecule_count, sizeof *atoms, "numbers of atoms", error);
  if (!atoms) return Q2_FAILED;
  for (int64_t m = 0; m < dataset->molecule_count; m++)
    atoms[m] = (int32_t)(dataset->atom_offset[m + 1] - dataset->atom_offset[m]);
  int status = q2_gather_rows(session->comm, dataset, NULL, dataset->name, sizeof *names, NULL, (void **)&names, error);
  if (status == Q2_OK) status = q2_gather_rows(session->comm, dataset, NULL, atoms, sizeof *atoms, NULL, (void **)&all, error);
  if (status == Q2_OK)
    status = q2_precision_errors_create(session->comm, dataset, &session->variables, &study->full, &study->full, &full, error);
  if (status == Q2_OK && session->rank == 0)
    status = q2_precision_trace_begin(&study->image, session, names, all, &full, error);
  free(names);
  free(atoms);
  free(all);
  q2_precision_errors_free(&full);
  return q2_agree(session->comm, status, error);
}

/* Where the largest shift of the row is. */
static void print_where(struct study *study) {
  for (int k = 1; k < study->count; k++) {
    const struct q2_precision_row *row = &study->row[k];
    q2_print_detail(&study->session->printer, "%-17s the largest shift is that of vibration %lld of molecule %lld\n",
                    q2_precision_modes[row->mode].name, (long long)row->summary.largest_mode,
                    (long long)row->summary.largest_molecule);
  }
}

static int run(struct study *study, struct q2_error *error) {
  struct q2_session *session = study->session;
  const int rows = session->dataset.parameters.count, variables = session->variables.count;
  double *numbers = q2_allocate_everywhere(session->comm, 3 * (int64_t)rows + variables + session->options.repeat,
                                           sizeof *numbers, "parameters", error);
  if (!numbers) return Q2_FAILED;
  study->parameters = numbers;
  study->full_gradient = numbers + rows;
  study->gradient = numbers + 2 * rows;
  study->seconds = numbers + 3 * rows + variables;
  q2_variables_start(&session->variables, &session->dataset.parameters, numbers + 3 * rows);
  q2_variables_apply(&session->variables, numbers + 3 * rows, study->parameters);
  print_head(&session->printer);
  for (int mode = 0; mode < Q2_MODE_COUNT; mode++) {
    struct q2_precision_row *row = &study->row[study->count++];
    Q2_TRY(look_at(study, mode, row, error));
    if (mode == Q2_MODE_FP64) Q2_TRY(begin_trace(study, error));
    print_row(&session->printer, row);
  }
  q2_print_answer(&session->printer,
                  "%lld vibrations above %g cm-1; shifts in cm-1, angles in radian, errors relative;\nbound: the part used up "
                  "of what bounds float32 (docs/precision.md); ms: the least of %d\n",
                  (long long)study->row[0].summary.real_modes, Q2_REAL_MODE, session->options.repeat);
  print_where(study);
  int status = Q2_OK;
  if (session->rank == 0)
    status = q2_precision_trace_end(&study->image, study->row, study->count, session->options.output, error);
  Q2_TRY(q2_agree(session->comm, status, error));
  q2_print_answer(&session->printer, "trace: %s\n", session->options.output);
  return Q2_OK;
}

int q2_command_precision(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error) {
  struct q2_session session;
  struct q2_precision_row rows[Q2_MODE_COUNT] = {0};
  struct study study = {.session = &session, .row = rows};
  (void)status;
  int outcome = q2_session_open(comm, line, 1, &session, error);
  if (outcome == Q2_OK && session.rank == 0) outcome = q2_image_create(&study.image, error);
  outcome = q2_agree(comm, outcome, error);
  if (outcome == Q2_OK) outcome = run(&study, error);
  if (session.rank == 0) q2_image_free(&study.image);
  q2_look_free(&study.full);
  free(study.parameters);
  q2_session_close(&session);
  return outcome;
}
