/* The keeper of a fit: looks after every evaluation whether a checkpoint is due and whether the fit has to end, so that every
 * rank ends it after the same one.
 *
 * When a checkpoint is due: every `interval` evaluations or every `minutes`, where they are given; otherwise as soon as all of
 * them together have taken at most Q2_KEEPER_SHARE of the time since the fit began, the next one included, and after
 * Q2_KEEPER_MOST_MINUTES without one in any case. The next one is expected to cost what the last one did (the first:
 * Q2_KEEPER_FIRST_COST), and Q2_KEEPER_BYTE_COST for each byte that it has more. When a round of the fit is done it is due if
 * it was asked for or that share allows it; when a fit is stopped before it is done, always.
 *
 * A file that is not the one that this run found or left belongs to another run, which would lose its checkpoint as this one
 * did: it is not replaced. A lock would have to be cleared by hand after a kill, and not every file system has locks. */
#ifndef Q2_KEEPER_H
#define Q2_KEEPER_H

#include "checkpoint.h"
#include "fit.h"

#define Q2_KEEPER_SHARE 0.02
#define Q2_KEEPER_MOST_MINUTES 10
#define Q2_KEEPER_FIRST_COST 0.02 /* seconds: mostly those of flushing to disk */
#define Q2_KEEPER_BYTE_COST 5e-9  /* seconds: built, flushed and read back, as measured (docs/checkpoint.md) */

/* Why a fit ended before it was done: the number of a signal, or one of these. */
enum { Q2_STOPPED_BY_TIME = 1000, Q2_STOPPED_BY_STORAGE };

struct q2_keeper {
  /* What it is told; the same on every rank. */
  const char *path;                       /* of the checkpoint; "": there are none */
  const struct q2_run_identity *identity; /* on rank 0 */
  int64_t interval;                       /* evaluations, 0: not given */
  double minutes;                         /* 0: not given */
  int stop_on_failure;                    /* a checkpoint that cannot be written ends the fit; otherwise it is a warning */
  double time_limit;                      /* seconds from `begin`, 0: none */
  double begin;                           /* MPI_Wtime of the program's start */

  /* The logs of all rounds so far, the running one last. On rank 0. */
  int rounds;
  const struct q2_evaluation_log *log[Q2_MOST_ROUNDS];

  int stopped; /* != 0: why the fit has to end; the same on every rank */

  /* Its books; on rank 0. */
  uint64_t mark;           /* of the file at `path` as this run found or left it (q2_durable_mark) */
  int64_t kept;            /* evaluations of all rounds in the last checkpoint */
  int64_t written;         /* checkpoints */
  double first;            /* MPI_Wtime when the fit began */
  int64_t bytes;           /* of the logs in the last checkpoint */
  double last, cost;       /* when the last one was finished; seconds it took */
  double spent;            /* seconds in all */
  struct q2_error failure; /* of the last attempt; "": it succeeded */
};

/* A round begins with `log`, from which `replayed` evaluations will be answered. */
void q2_keeper_begin_round(struct q2_keeper *keeper, const struct q2_evaluation_log *log);

/* To be called after every answer; live: it was an evaluation. keeper->stopped becomes != 0 where the fit must end; a
 * checkpoint has been written then, where there are any. Returns Q2_FAILED where that could not be. Collective; cost: one
 * allreduce of an int, and what rank 0 takes to write. */
int q2_keeper_look(struct q2_keeper *keeper, MPI_Comm comm, struct q2_printer *printer, const struct q2_fit_problem *problem,
                   int live, struct q2_error *error);

/* The round is done: writes its last checkpoint. A failure is a warning. Rank 0 writes. */
void q2_keeper_end_round(struct q2_keeper *keeper, struct q2_printer *printer, const struct q2_fit_problem *problem);

/* Says how many checkpoints were written and what they took, if any. */
void q2_keeper_print(const struct q2_keeper *keeper, struct q2_printer *printer);

/* The reason in words. Static storage. */
const char *q2_keeper_reason(int stopped);

#endif
