/* The keeper of a fit. */
#include "keeper.h"

#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "stop_signal.h"

void q2_keeper_begin_round(struct q2_keeper *keeper, const struct q2_evaluation_log *log) {
  keeper->log[keeper->rounds++] = log;
  keeper->kept += log->count;
  if (keeper->rounds > 1) return;
  keeper->first = keeper->last = MPI_Wtime();
  keeper->cost = Q2_KEEPER_FIRST_COST;
}

static const struct q2_evaluation_log *running(const struct q2_keeper *keeper) { return keeper->log[keeper->rounds - 1]; }

/* Rounds that a restart can use: the running one once it has a feasible point. */
static int useful_rounds(const struct q2_keeper *keeper) {
  const struct q2_evaluation_log *log = running(keeper);
  return keeper->rounds - (log->variables == 0 || q2_evaluation_log_best(log) < 0);
}

static int64_t evaluations(const struct q2_keeper *keeper, int rounds) {
  int64_t count = 0;
  for (int r = 0; r < rounds; r++)
    count += keeper->log[r]->count;
  return count;
}

static int has_news(const struct q2_keeper *keeper) {
  return keeper->path[0] && evaluations(keeper, useful_rounds(keeper)) > keeper->kept;
}

static int64_t log_bytes(const struct q2_evaluation_log *log) {
  const int64_t row = 2 * log->variables * (int64_t)sizeof *log->x + (int64_t)sizeof *log->record;
  return log->count * row + log->square_count * log->square_order * (log->square_order + 1) / 2 * (int64_t)sizeof *log->square;
}

static int64_t bytes_of(const struct q2_keeper *keeper) {
  int64_t bytes = 0;
  for (int r = 0; r < keeper->rounds; r++)
    bytes += log_bytes(keeper->log[r]);
  return bytes;
}

static double expected_cost(const struct q2_keeper *keeper) {
  return keeper->cost + Q2_KEEPER_BYTE_COST * (double)(bytes_of(keeper) - keeper->bytes);
}

static int is_affordable(const struct q2_keeper *keeper) {
  return keeper->spent + expected_cost(keeper) <= Q2_KEEPER_SHARE * (MPI_Wtime() - keeper->first);
}

static int is_due(const struct q2_keeper *keeper) {
  if (!has_news(keeper)) return 0;
  if (keeper->interval > 0 && evaluations(keeper, keeper->rounds) - keeper->kept >= keeper->interval) return 1;
  if (keeper->minutes > 0.0 && MPI_Wtime() - keeper->last >= 60.0 * keeper->minutes) return 1;
  if (keeper->interval > 0 || keeper->minutes > 0.0) return 0;
  return is_affordable(keeper) || MPI_Wtime() - keeper->last >= 60.0 * Q2_KEEPER_MOST_MINUTES;
}

static int write_checkpoint(struct q2_keeper *keeper, const struct q2_checkpoint_source *source, struct q2_error *error) {
  double *best = q2_allocate(source->parameters->count, sizeof *best);
  const int status = best ? q2_checkpoint_write(source, best, keeper->path, &keeper->mark, error)
                          : q2_fail(error, "%.700s: no memory for the best parameters", keeper->path);
  free(best);
  return status;
}

/* Writes now. A failure is said where it is another one than the last time, and so is the end of failures. */
static int write_now(struct q2_keeper *keeper, struct q2_printer *printer, const struct q2_fit_problem *problem) {
  struct q2_checkpoint_source source = {.identity = keeper->identity,
                                        .parameters = &problem->dataset->parameters,
                                        .variables = problem->variables,
                                        .rounds = useful_rounds(keeper)};
  struct q2_error error = {""};
  const double begin = MPI_Wtime();
  memcpy(source.log, keeper->log, sizeof source.log);
  const int status = write_checkpoint(keeper, &source, &error);
  keeper->last = MPI_Wtime();
  keeper->cost = keeper->last - begin;
  keeper->spent += keeper->cost;
  keeper->bytes = bytes_of(keeper);
  if (status == Q2_OK) {
    keeper->kept = evaluations(keeper, source.rounds);
    keeper->written++;
    if (keeper->failure.text[0]) q2_warn(printer, "checkpoints are written again: %s", keeper->path);
    keeper->failure.text[0] = '\0';
  } else if (strcmp(error.text, keeper->failure.text) != 0) {
    if (!keeper->stop_on_failure) q2_warn(printer, "no checkpoint: %s; the fit goes on", error.text);
    keeper->failure = error;
  }
  return status;
}

/* Rank 0: whether the next evaluation, if it takes as long as the last one, and a checkpoint would end beyond the limit. */
static int is_out_of_time(const struct q2_keeper *keeper) {
  const struct q2_evaluation_log *log = running(keeper);
  const double next = log->position > 0 ? log->record[log->position - 1].seconds : 0.0;
  return keeper->time_limit > 0.0 && MPI_Wtime() - keeper->begin + next + 2.0 * expected_cost(keeper) >= keeper->time_limit;
}

int q2_keeper_look(struct q2_keeper *keeper, MPI_Comm comm, struct q2_printer *printer, const struct q2_fit_problem *problem,
                   int live, struct q2_error *error) {
  int rank, stop = q2_stop_signal(), status = Q2_OK;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) {
    if (live && is_due(keeper)) status = write_now(keeper, printer, problem);
    if (live && is_out_of_time(keeper)) stop = Q2_STOPPED_BY_TIME; /* every run gets on by one evaluation at least */
    if (status != Q2_OK && keeper->stop_on_failure) stop = Q2_STOPPED_BY_STORAGE;
  }
  MPI_Allreduce(MPI_IN_PLACE, &stop, 1, MPI_INT, MPI_MAX, comm);
  keeper->stopped = stop;
  if (!stop) return Q2_OK;
  status = stop == Q2_STOPPED_BY_STORAGE ? Q2_FAILED : Q2_OK;
  if (rank == 0 && status == Q2_OK && has_news(keeper)) status = write_now(keeper, printer, problem);
  if (rank == 0 && status != Q2_OK)
    q2_fail(error, "no checkpoint: %.900s; the fit ends (%s)", keeper->failure.text, q2_keeper_reason(stop));
  return q2_agree(comm, status, error);
}

void q2_keeper_end_round(struct q2_keeper *keeper, struct q2_printer *printer, const struct q2_fit_problem *problem) {
  const int asked = keeper->interval > 0 || keeper->minutes > 0.0;
  if (printer->speaks && has_news(keeper) && (asked || is_affordable(keeper))) write_now(keeper, printer, problem);
}

void q2_keeper_print(const struct q2_keeper *keeper, struct q2_printer *printer) {
  if (keeper->written > 0)
    q2_print(printer, "%lld checkpoint%s in %.2f s: %s\n", (long long)keeper->written, keeper->written == 1 ? "" : "s",
             keeper->spent, keeper->path);
}

const char *q2_keeper_reason(int stopped) {
  switch (stopped) {
  case Q2_STOPPED_BY_TIME:
    return "time limit";
  case Q2_STOPPED_BY_STORAGE:
    return "-checkpoint_failure stop";
  default:
    return q2_stop_signal_name(stopped);
  }
}
