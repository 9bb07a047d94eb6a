/* Going on from a checkpoint. */
#include "restart.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../io/durable.h"
#include "../io/sealed.h"
#include "result_file.h"

/* Whether rank 0 sees a file. */
static int is_there(MPI_Comm comm, const char *path) {
  int there = access(path, F_OK) == 0;
  (void)MPI_Bcast(&there, 1, MPI_INT, 0, comm);
  return there;
}

static int read_or_previous(struct q2_session *session, const char *path, const char *previous, struct q2_error *error) {
  struct q2_error first = {""};
  snprintf(session->restart_path, sizeof session->restart_path, "%s", path);
  if (!is_there(session->comm, path))
    q2_fail(&first, "%s is missing", path);
  else if (q2_checkpoint_read(session->comm, path, &session->restart, &first) == Q2_OK)
    return Q2_OK;
  if (!is_there(session->comm, previous)) return q2_fail(error, "%s", first.text);
  snprintf(session->restart_path, sizeof session->restart_path, "%s", previous);
  if (q2_checkpoint_read(session->comm, previous, &session->restart, error) != Q2_OK)
    return q2_fail(error, "%.480s; %.480s", first.text, error->text);
  q2_warn(&session->printer, "%s; its predecessor is taken", first.text);
  return Q2_OK;
}

int q2_restart_read(struct q2_session *session, struct q2_error *error) {
  const struct q2_options *options = &session->options;
  const int automatic = strcmp(options->restart, "auto") == 0;
  const char *path = automatic ? options->checkpoint : options->restart;
  char previous[4200];
  struct q2_checkpoint other;
  struct q2_error unused;
  if (!path[0] || !options->restart[0]) return Q2_OK;
  snprintf(previous, sizeof previous, "%s%s", path, q2_sealed_previous);
  if (automatic) {
    if (is_there(session->comm, path) || is_there(session->comm, previous))
      return read_or_previous(session, path, previous, error);
    q2_print(&session->printer, "no checkpoint %s: the fit begins at its beginning\n", path);
    return Q2_OK;
  }
  snprintf(session->restart_path, sizeof session->restart_path, "%s", path);
  if (q2_checkpoint_read(session->comm, path, &session->restart, error) == Q2_OK) return Q2_OK;
  if (!is_there(session->comm, previous) || q2_checkpoint_read(session->comm, previous, &other, &unused) != Q2_OK)
    return Q2_FAILED;
  q2_checkpoint_free(&other);
  return q2_fail(error, "%.700s; its predecessor %.200s is complete", error->text, previous);
}

static int check(struct q2_session *session, const struct q2_run_identity *identity, struct q2_error *error) {
  const struct q2_checkpoint *restart = &session->restart;
  const struct q2_evaluation_log *log = &restart->log[restart->rounds - 1];
  int64_t evaluations = 0;
  Q2_TRY(
      q2_run_identity_compare(&restart->identity, identity, restart->rounds, session->restart_path, &session->printer, error));
  for (int r = 0; r < restart->rounds; r++)
    evaluations += restart->log[r].count;
  const int64_t triangle = log->square_order * (log->square_order + 1) / 2 * (int64_t)sizeof *log->square;
  if ((log->square_count + 1) * triangle > Q2_MOST_SQUARE_BYTES)
    q2_print(&session->printer,
             "%s holds J'J of %lld points, all that fits into %lld MiB: that of later ones is summed again\n",
             session->restart_path, (long long)log->square_count, (long long)(Q2_MOST_SQUARE_BYTES >> 20));
  q2_print(&session->printer, "restart from %s: %lld evaluations, the last at %.9e\n", session->restart_path,
           (long long)evaluations, log->count > 0 ? log->record[log->count - 1].value : 0.0);
  return Q2_OK;
}

int q2_restart_prepare(struct q2_session *session, struct q2_run_identity *identity, struct q2_keeper *keeper,
                       struct q2_error *error) {
  const struct q2_options *options = &session->options;
  struct q2_error unwritable;
  int status = q2_run_identity_create(&session->machine, session->dataset.checksum, identity, error);
  if (status == Q2_OK && session->restart.rounds > 0) status = check(session, identity, error);
  Q2_TRY(q2_agree(session->comm, status, error));
  keeper->path = options->checkpoint;
  keeper->identity = identity;
  keeper->interval = options->checkpoint_interval;
  keeper->minutes = options->checkpoint_minutes;
  keeper->stop_on_failure = options->checkpoint_failure_ends;
  if (keeper->path[0]) keeper->mark = q2_durable_mark(keeper->path);
  keeper->time_limit = 60.0 * options->time_limit;
  if (!keeper->path[0] || q2_result_check_writable(session->comm, keeper->path, &unwritable) == Q2_OK) return Q2_OK;
  if (keeper->stop_on_failure) return q2_fail(error, "checkpoint: %s", unwritable.text);
  q2_warn(&session->printer, "checkpoint: %s; the fit goes on", unwritable.text);
  return Q2_OK;
}

void q2_restart_give_logs(struct q2_session *session, struct q2_fit_rounds *rounds) {
  for (int r = 0; r < session->restart.rounds; r++) {
    rounds->round[r].fit.log = session->restart.log[r];
    memset(&session->restart.log[r], 0, sizeof session->restart.log[r]);
  }
}
