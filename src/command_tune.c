/* The command `tune`: which eigen-solver of a device is fastest for the sizes of a data set. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "session.h"
#include "solver_table.h"

/* One size: times, and the rule that they make. */
static int tune_size(struct q2_session *session, int order, int batch, FILE *file, struct q2_error *error) {
  const struct q2_backend *backend = session->backends.backend;
  double seconds[Q2_CUDA_SOLVER_COUNT];
  int best = 0;
  if (session->backends.cuda->tune(backend, order, batch, seconds) != 0)
    return q2_fail(error, "order %d, %d matrices: %s", order, batch, backend->error(backend));
  for (int solver = 1; solver < Q2_CUDA_SOLVER_COUNT; solver++)
    best = seconds[solver] < seconds[best] ? solver : best;
  q2_print_answer(&session->printer, "%6d %8d   %10.3f %10.3f %10.3f   %s\n", order, batch, 1e3 * seconds[Q2_CUDA_BATCHED],
                  1e3 * seconds[Q2_CUDA_JACOBI], 1e3 * seconds[Q2_CUDA_ONE_BY_ONE], q2_solver_names[best]);
  fprintf(file, "%d %d %s   # ms: batched %.3f, jacobi %.3f, one_by_one %.3f\n", order, batch, q2_solver_names[best],
          1e3 * seconds[Q2_CUDA_BATCHED], 1e3 * seconds[Q2_CUDA_JACOBI], 1e3 * seconds[Q2_CUDA_ONE_BY_ONE]);
  return Q2_OK;
}

/* One bucket: single matrices, since a last chunk may be short, and whole chunks. */
static int tune_bucket(struct q2_session *session, const struct q2_bucket_plan *bucket, FILE *file, struct q2_error *error) {
  const int64_t molecules = bucket->molecule_count;
  const int batch = molecules < bucket->chunk_size ? (int)molecules : bucket->chunk_size;
  if (bucket->order == 0 || batch == 0) return Q2_OK;
  Q2_TRY(tune_size(session, bucket->order, 1, file, error));
  return batch > 1 ? tune_size(session, bucket->order, batch, file, error) : Q2_OK;
}

static int write_table(struct q2_session *session, struct q2_error *error) {
  const char *path = session->options.output;
  FILE *file = fopen(path, "w");
  int status = file ? Q2_OK : q2_fail(error, "%s: %s", path, strerror(errno));
  if (status == Q2_OK) {
    q2_print_answer(&session->printer, "\n%6s %8s   %10s %10s %10s   fastest (milliseconds)\n", "order", "matrices", "batched",
                    "jacobi", "one by one");
    fprintf(file, "# q2hpc %s tune, on %s\n# ORDER BATCH SOLVER\n", q2_version(), session->backends.device.label);
  }
  for (int b = 0; b < session->plan.bucket_count && status == Q2_OK; b++)
    status = tune_bucket(session, &session->plan.bucket[b], file, error);
  if (file && (ferror(file) | fclose(file)) != 0 && status == Q2_OK) status = q2_fail(error, "%s: %s", path, strerror(errno));
  if (status != Q2_OK && file) remove(path);
  if (status == Q2_OK) q2_print_answer(&session->printer, "written to %s: use it with -solvers %s\n", path, path);
  return status;
}

int q2_command_tune(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error) {
  struct q2_session session;
  (void)status;
  int result = q2_session_open(comm, line, 0, &session, error);
  if (result == Q2_OK && !session.backends.cuda)
    result = q2_fail(error, "tune measures a CUDA device's eigen-solvers: %s", session.backends.reason);
  if (result == Q2_OK) result = q2_agree(comm, session.rank == 0 ? write_table(&session, error) : Q2_OK, error);
  q2_session_close(&session);
  return result;
}
