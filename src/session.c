/* What every command starts with. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "../io/trial.h"
#include "../kernels/accumulator.h"
#include "fit.h"
#include "restart.h"
#include "result_file.h"
#include "ts_method.h"

const char *const q2_phase_names[Q2_PHASE_COUNT] = {"read", "plan", "prepare"};

/* What varies, and what is expected of it. */
static int make_variables(struct q2_session *session, struct q2_error *error) {
  const struct q2_dataset *dataset = &session->dataset;
  Q2_TRY(q2_variables_create(&dataset->parameters, &dataset->equalities, q2_options_bounds(&session->options),
                             &session->variables, error));
  return q2_prior_create(&dataset->prior, session->options.prior, &dataset->parameters, &session->variables,
                         session->input_value, &session->prior, error);
}

static int try_file(const struct q2_session *session, const char *path, struct q2_error *error) {
  return session->options.input_trial ? q2_trial_by_itself(session->comm, path, error) : Q2_OK;
}

static int read_parameters(struct q2_session *session, struct q2_error *error) {
  struct q2_parameters *parameters = &session->dataset.parameters;
  session->input_value =
      q2_allocate_everywhere(session->comm, parameters->count, sizeof *session->input_value, "parameters", error);
  if (!session->input_value) return Q2_FAILED;
  memcpy(session->input_value, parameters->value, (size_t)parameters->count * sizeof *session->input_value);
  if (session->options.parameters[0]) {
    Q2_TRY(try_file(session, session->options.parameters, error));
    Q2_TRY(q2_result_read_parameters(session->comm, session->options.parameters, parameters, error));
  }
  Q2_TRY(q2_ts_method_start(session, error));
  struct q2_start_options start = session->options.start;
  start.bounds = q2_options_bounds(&session->options);
  start.threads = session->machine.threads;
  Q2_TRY(q2_start_apply(session->comm, &session->dataset, &start, &session->backends, &session->printer, error));
  return q2_agree(session->comm, make_variables(session, error), error);
}

static int read_data(struct q2_session *session, struct q2_error *error) {
  struct q2_dataset *dataset = &session->dataset;
  const double begin = MPI_Wtime();
  q2_progress(&session->printer, "reading the data set", 0.0);
  Q2_TRY(try_file(session, session->options.input, error));
  Q2_TRY(q2_dataset_read(session->comm, session->options.input, dataset, error));
  Q2_TRY(read_parameters(session, error));
  session->seconds[Q2_PHASE_READ] = MPI_Wtime() - begin;
  q2_print(&session->printer, "%s: %lld molecules, %lld atoms, %d parameters of which %d vary, checksum %s (%.2f s)\n",
           dataset->path, (long long)dataset->molecule_total, (long long)dataset->atom_total, dataset->parameters.count,
           session->variables.count, dataset->checksum, session->seconds[Q2_PHASE_READ]);
  if (dataset->equalities.count > 0)
    q2_print(&session->printer, "%d equalities determine as many of %d active parameters\n", dataset->equalities.count,
             session->variables.independent_count);
  if (dataset->validation_total > 0)
    q2_print(&session->printer, "%lld of the molecules are for validation, out of the fit\n",
             (long long)dataset->validation_total);
  return Q2_OK;
}

/* Beyond this many parameters a fit does not look by itself which of them the data determine. */
static const int most_identified = 2000;

/* Bytes of the matrices that a device's batched calls take at once. A constant: chunks must not depend on the machine. */
static const int64_t device_chunk = INT64_C(64) << 20;

static int make_plan(struct q2_session *session, int evaluates, struct q2_error *error) {
  const double begin = MPI_Wtime();
  const struct q2_plan_options options = {.match_q2mm = session->options.match == Q2_MATCH_Q2MM,
                                          .chunk_bytes = session->backends.backend->queued ? device_chunk : 0};
  q2_progress(&session->printer, "planning", 0.4);
  Q2_TRY(q2_plan_create(session->comm, &session->dataset, &options, &session->plan, error));
  if (evaluates) {
    q2_progress(&session->printer, "moving molecules to their ranks", 0.5);
    Q2_TRY(q2_plan_distribute(session->comm, &session->plan, &session->dataset, error));
  }
  session->seconds[Q2_PHASE_PLAN] = MPI_Wtime() - begin;
  return Q2_OK;
}

static struct q2_objective_options objective_options(const struct q2_session *session, const struct q2_variables *variables,
                                                     int least_squares) {
  const int64_t device_memory = session->backends.memory / (session->options.match != Q2_MATCH_POSITION ? 2 : 1);
  struct q2_objective_options options = {.match = session->options.match,
                                         .backend = session->backends.backend,
                                         .sum = session->backends.sum,
                                         .threads = session->machine.threads,
                                         .memory_limit = session->options.memory > 0 ? session->options.memory : device_memory,
                                         .wave_molecules = session->options.wave,
                                         .precision = session->options.precision,
                                         .precision_count = session->options.precision_count};
  if (least_squares) {
    options.normal_count = variables->independent_count;
    options.normal_variable_of = variables->independent_of;
  }
  return options;
}

/* Whether to look which parameters the data determine. It costs one J'J, and its sums, a triangle of exact ones for each thread
 * and one more. */
static int identifies(struct q2_session *session) {
  const int64_t n = session->variables.independent_count;
  const int64_t bytes = (session->machine.threads + 1) * n * (n + 1) / 2 * (int64_t)(Q2_LIMBS * sizeof(int64_t));
  if (session->options.command == Q2_COMMAND_IDENTIFY) return 1;
  if (session->options.command != Q2_COMMAND_FIT || session->options.identify == Q2_IDENTIFY_OFF || n == 0) return 0;
  if (session->options.identify == Q2_IDENTIFY_ON) return 1;
  if (n > most_identified) {
    q2_print(&session->printer, "identifiability not looked at: %lld parameters, more than %d (-identify on does)\n",
             (long long)n, most_identified);
    return 0;
  }
  if (session->options.memory > 0 && bytes > session->options.memory && !session->least_squares) {
    q2_print(&session->printer, "identifiability not looked at: it needs %.1f MiB, more than -memory (-identify on does)\n",
             (double)bytes / 1048576.0);
    return 0;
  }
  return 1;
}

/* With `objective`, which sums J'J. */
static int identify_with(struct q2_session *session, struct q2_objective *objective, struct q2_error *error) {
  double unused[Q2_STAGE_COUNT];
  const double begin = MPI_Wtime();
  q2_progress(&session->printer, "J'J at the starting point", 0.9);
  Q2_TRY(q2_identify(session->comm, objective, &session->variables, &session->dataset.parameters,
                     session->options.identify_threshold, &session->identification, error));
  q2_objective_timings(objective, unused, 1);
  if (session->identification.done) q2_print(&session->printer, "J'J at the starting point (%.2f s)\n", MPI_Wtime() - begin);
  q2_identify_print(&session->printer, &session->identification, &session->dataset.parameters, &session->variables);
  return Q2_OK;
}

/* What computes; said with the machine. */
static int open_backend(struct q2_session *session, struct q2_error *error) {
  const struct q2_backend_wish wish = {.name = session->options.command == Q2_COMMAND_INFO ? "cpu" : session->options.backend,
                                       .solvers = session->options.solvers,
                                       .nccl_timeout = session->options.nccl_timeout};
  Q2_TRY(q2_backends_open(session->comm, &wish, &session->backends, error));
  q2_machine_take_backend(&session->machine, &session->backends);
  return Q2_OK;
}

/* With an objective of its own, released before the fit's is made. */
static int identify_apart(struct q2_session *session, struct q2_error *error) {
  const struct q2_objective_options options = objective_options(session, &session->variables, 1);
  struct q2_objective *objective = NULL;
  Q2_TRY(q2_objective_create(session->comm, &session->dataset, &session->plan, &options, &objective, error));
  const int status = identify_with(session, objective, error);
  q2_objective_destroy(objective);
  return status;
}

static void release_objectives(struct q2_session *session) {
  double seconds[Q2_STAGE_COUNT];
  if (session->objective) q2_objective_timings(session->objective, seconds, 0);
  for (int s = 0; session->objective && s < Q2_STAGE_COUNT; s++)
    session->earlier[s] += seconds[s];
  q2_objective_destroy(session->by_position);
  q2_objective_destroy(session->objective);
  session->objective = session->by_position = NULL;
}

int q2_session_make_objectives(struct q2_session *session, const struct q2_variables *variables, struct q2_error *error) {
  struct q2_objective_options options = objective_options(session, variables, session->least_squares);
  release_objectives(session);
  int status = q2_objective_create(session->comm, &session->dataset, &session->plan, &options, &session->objective, error);
  if (status == Q2_OK && options.match != Q2_MATCH_POSITION) {
    /* The same plan serves: q2mm's orders, all 3N dimensions, are more than the vibrations need. */
    options.match = Q2_MATCH_POSITION;
    options.normal_count = 0;
    status = q2_objective_create(session->comm, &session->dataset, &session->plan, &options, &session->by_position, error);
  }
  if (status != Q2_OK) release_objectives(session);
  return status;
}

/* Whatever method C refuses is refused before the first round of a fit, not after it. */
static int try_method_c(struct q2_session *session, struct q2_error *error) {
  session->dataset.invert_transition_states = 1;
  Q2_TRY(q2_session_make_objectives(session, &session->variables, error));
  session->dataset.invert_transition_states = 0;
  return Q2_OK;
}

static int prepare(struct q2_session *session, struct q2_error *error) {
  const int identify = identifies(session);
  if (identify && !session->least_squares) Q2_TRY(identify_apart(session, error));
  const double begin = MPI_Wtime();
  q2_progress(&session->printer, "preparing the objective", 0.7);
  if (session->options.ts_method >= Q2_TS_E) Q2_TRY(try_method_c(session, error));
  Q2_TRY(q2_session_make_objectives(session, &session->variables, error));
  session->seconds[Q2_PHASE_PREPARE] = MPI_Wtime() - begin;
  int64_t bytes = q2_objective_bytes(session->objective), most, damped = q2_objective_damped_torsions(session->objective), all;
  MPI_Allreduce(&bytes, &most, 1, MPI_INT64_T, MPI_MAX, session->comm);
  MPI_Allreduce(&damped, &all, 1, MPI_INT64_T, MPI_SUM, session->comm);
  q2_print(&session->printer, "%lld chunks in %d sizes, padding %.1f %%, at most %.1f MiB a rank (%.2f s)\n",
           (long long)session->plan.chunk_total, session->plan.bucket_count, 100.0 * session->plan.padding_waste,
           (double)most / 1048576.0, session->seconds[Q2_PHASE_PLAN] + session->seconds[Q2_PHASE_PREPARE]);
  if (all > 0)
    q2_print(&session->printer, "%lld torsions pass near a straight angle and are damped (docs/theory.md)\n", (long long)all);
  if (identify && session->least_squares) return identify_with(session, session->objective, error);
  return Q2_OK;
}

int q2_session_open(MPI_Comm comm, const struct q2_command_line *line, int evaluates, struct q2_session *session,
                    struct q2_error *error) {
  memset(session, 0, sizeof *session);
  session->comm = comm;
  session->line = line;
  MPI_Comm_rank(comm, &session->rank);
  Q2_TRY(q2_agree(comm, q2_options_query(line, &session->options, error), error));
  q2_printer_create(comm, session->options.level, &session->printer);
  Q2_TRY(q2_machine_inspect(comm, &session->options, &session->machine, error));
  /* Before anything is read: a typo should not cost an hour. */
  const int status = line->command == Q2_COMMAND_FIT ? q2_fit_check_options(comm, line, &session->least_squares, error)
                                                     : q2_options_check_used(line, error);
  Q2_TRY(q2_agree(comm, status, error));
  if (line->command == Q2_COMMAND_IDENTIFY) session->least_squares = 1;
  if (line->command == Q2_COMMAND_FIT || line->command == Q2_COMMAND_PRECISION)
    Q2_TRY(q2_result_check_writable(comm, session->options.output, error));
  if (session->options.export[0]) Q2_TRY(q2_result_check_writable(comm, session->options.export, error));
  Q2_TRY(q2_at_stage("starting", open_backend(session, error), error));
  if (line->command == Q2_COMMAND_FIT) Q2_TRY(q2_at_stage("restarting", q2_restart_read(session, error), error));
  q2_machine_print(&session->printer, &session->machine);
  Q2_TRY(q2_at_stage("reading", read_data(session, error), error));
  Q2_TRY(q2_at_stage("planning", make_plan(session, evaluates, error), error));
  if (evaluates) Q2_TRY(q2_at_stage("preparing", prepare(session, error), error));
  q2_progress(&session->printer, "", -1.0);
  return Q2_OK;
}

void q2_session_close(struct q2_session *session) {
  q2_progress(&session->printer, "", -1.0);
  release_objectives(session);
  q2_identification_free(&session->identification);
  q2_prior_free(&session->prior);
  q2_variables_free(&session->variables);
  q2_checkpoint_free(&session->restart);
  q2_plan_free(&session->plan);
  q2_dataset_free(&session->dataset);
  q2_backends_close(&session->backends);
  free(session->input_value);
  session->input_value = NULL;
}

struct q2_objective *q2_session_by_position(struct q2_session *session) {
  return session->by_position ? session->by_position : session->objective;
}
