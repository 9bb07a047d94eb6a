/* What every command starts with. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "result_file.h"

const char *const q2_phase_names[Q2_PHASE_COUNT] = {"read", "plan", "prepare"};

static int read_data(struct q2_session *session, struct q2_error *error) {
  struct q2_dataset *dataset = &session->dataset;
  const double begin = MPI_Wtime();
  q2_progress(&session->printer, "reading the data set", 0.0);
  Q2_TRY(q2_dataset_read(session->comm, session->options.input, dataset, error));
  if (session->options.parameters[0])
    Q2_TRY(q2_result_read_parameters(session->comm, session->options.parameters, &dataset->parameters, error));
  Q2_TRY(q2_agree(session->comm, q2_variables_create(&dataset->parameters, &session->variables, error), error));
  session->seconds[Q2_PHASE_READ] = MPI_Wtime() - begin;
  q2_print(&session->printer, "%s: %lld molecules, %lld atoms, %d parameters of which %d vary, checksum %s (%.2f s)\n",
           dataset->path, (long long)dataset->molecule_total, (long long)dataset->atom_total, dataset->parameters.count,
           session->variables.count, dataset->checksum, session->seconds[Q2_PHASE_READ]);
  return Q2_OK;
}

static int make_plan(struct q2_session *session, int evaluates, struct q2_error *error) {
  const double begin = MPI_Wtime();
  const struct q2_plan_options options = {.match_q2mm = session->options.match == Q2_MATCH_Q2MM};
  q2_progress(&session->printer, "planning", 0.4);
  Q2_TRY(q2_plan_create(session->comm, &session->dataset, &options, &session->plan, error));
  if (evaluates) {
    q2_progress(&session->printer, "moving molecules to their ranks", 0.5);
    Q2_TRY(q2_plan_distribute(session->comm, &session->plan, &session->dataset, error));
  }
  session->seconds[Q2_PHASE_PLAN] = MPI_Wtime() - begin;
  return Q2_OK;
}

static int prepare(struct q2_session *session, struct q2_error *error) {
  const double begin = MPI_Wtime();
  struct q2_objective_options options = {.match = session->options.match,
                                         .threads = session->machine.threads,
                                         .memory_limit = session->options.memory,
                                         .wave_molecules = session->options.wave};
  if (session->least_squares) {
    options.normal_count = session->variables.count;
    options.normal_variable_of = session->variables.variable_of;
  }
  q2_progress(&session->printer, "preparing the objective", 0.7);
  Q2_TRY(q2_objective_create(session->comm, &session->dataset, &session->plan, &options, &session->objective, error));
  if (options.match == Q2_MATCH_Q2MM) {
    /* The same plan serves: its orders, all 3N dimensions, are more than the vibrations need. */
    options.match = Q2_MATCH_POSITION;
    options.normal_count = 0;
    Q2_TRY(q2_objective_create(session->comm, &session->dataset, &session->plan, &options, &session->by_position, error));
  }
  session->seconds[Q2_PHASE_PREPARE] = MPI_Wtime() - begin;
  int64_t bytes = q2_objective_bytes(session->objective), most, damped = q2_objective_damped_torsions(session->objective), all;
  MPI_Allreduce(&bytes, &most, 1, MPI_INT64_T, MPI_MAX, session->comm);
  MPI_Allreduce(&damped, &all, 1, MPI_INT64_T, MPI_SUM, session->comm);
  q2_print(&session->printer, "%lld chunks in %d sizes, padding %.1f %%, at most %.1f MiB a rank (%.2f s)\n",
           (long long)session->plan.chunk_total, session->plan.bucket_count, 100.0 * session->plan.padding_waste,
           (double)most / 1048576.0, session->seconds[Q2_PHASE_PLAN] + session->seconds[Q2_PHASE_PREPARE]);
  if (all > 0)
    q2_print(&session->printer, "%lld torsions pass near a straight angle and are damped (docs/theory.md)\n", (long long)all);
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
  if (line->command == Q2_COMMAND_FIT) Q2_TRY(q2_result_check_writable(comm, session->options.output, error));
  q2_machine_print(&session->printer, &session->machine);
  Q2_TRY(read_data(session, error));
  Q2_TRY(make_plan(session, evaluates, error));
  if (evaluates) Q2_TRY(prepare(session, error));
  q2_progress(&session->printer, "", -1.0);
  return Q2_OK;
}

void q2_session_close(struct q2_session *session) {
  q2_progress(&session->printer, "", -1.0);
  if (session->by_position) q2_objective_destroy(session->by_position);
  if (session->objective) q2_objective_destroy(session->objective);
  q2_variables_free(&session->variables);
  q2_plan_free(&session->plan);
  q2_dataset_free(&session->dataset);
  session->objective = session->by_position = NULL;
}

struct q2_objective *q2_session_by_position(struct q2_session *session) {
  return session->by_position ? session->by_position : session->objective;
}
