/* The sum over ranks of integers in the memory of devices.
 *
 * Every rank makes every MPI call of a sum, whatever failed before on it, so that none waits for one that does not come; just
 * the waits for the device and for NCCL end early, by time or when another rank fails. What becomes of the sum is agreed on at
 * its end, and only then is NCCL aborted: within a node an abort waits until the other ranks abort too. */
#include "device_sum.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "../io/memory.h"
#include "common_end.h"
#include "integer_sums.h"

enum { LOOK_AROUND = 16 /* looks at the device for one at the others and the clock */ };

struct q2_device_sum {
  struct q2_device_sum_options options;
  MPI_Comm leaders; /* MPI_COMM_NULL on ranks that are none */
  int rank, ranks, sharers, devices, leads;
  struct q2_common_end *end;
  struct q2_nccl *nccl; /* NULL: not needed, or not this rank's */
  int joined;           /* NCCL knows this rank, until it has left or is aborted */
  int open;             /* with NCCL between the leaders, which must leave together; the same on all ranks */
  enum q2_blame blame;  /* for what is under way */
  double begin;         /* of what is under way */
  int broken;
  struct q2_error failure; /* when it broke */
};

/* --- failures --- */

static int fail(struct q2_device_sum *sum, enum q2_blame blame, const char *what, struct q2_error *error) {
  sum->blame = blame;
  q2_common_end_tell(sum->end);
  return q2_fail(error, "rank %d on node %s, %s: the sum over ranks: %s", sum->rank, sum->options.node, sum->options.label,
                 what);
}

static int device_failed(struct q2_device_sum *sum, struct q2_error *error) {
  return fail(sum, Q2_BLAME_OWN, sum->options.calls->error(sum->options.context), error);
}

/* Whether NCCL is well; sets *ready when nothing that was begun is under way. */
static int look_at_nccl(struct q2_device_sum *sum, enum q2_nccl_state state, int *ready, struct q2_error *error) {
  *ready = state == Q2_NCCL_READY;
  if (state == Q2_NCCL_FAILED) return fail(sum, Q2_BLAME_OWN, sum->options.nccl->error(sum->nccl), error);
  if (state == Q2_NCCL_FAILED_ELSEWHERE) return fail(sum, Q2_BLAME_ELSEWHERE, sum->options.nccl->error(sum->nccl), error);
  return Q2_OK;
}

/* Whether to go on waiting. */
static int look_around(struct q2_device_sum *sum, struct q2_error *error) {
  char text[160];
  if (q2_common_end_told(sum->end)) return fail(sum, Q2_BLAME_TOLD, "another rank failed", error);
  if (MPI_Wtime() - sum->begin > sum->options.timeout) {
    snprintf(text, sizeof text, "not done after %g s (-nccl_timeout): a rank, a device or the network does not answer",
             sum->options.timeout);
    return fail(sum, Q2_BLAME_TIME, text, error);
  }
  sched_yield();
  return Q2_OK;
}

/* --- waits --- */

/* Until nothing that NCCL was asked for is under way; `state`: what it answered. */
static int wait_for_nccl(struct q2_device_sum *sum, enum q2_nccl_state state, struct q2_error *error) {
  for (int ready = 0;;) {
    Q2_TRY(look_at_nccl(sum, state, &ready, error));
    if (ready) return Q2_OK;
    Q2_TRY(look_around(sum, error));
    state = sum->options.nccl->state(sum->nccl);
  }
}

/* Until all that was queued on the device is done and, where NCCL has a part in it, NCCL is well. */
static int wait_for_device(struct q2_device_sum *sum, struct q2_error *error) {
  for (int64_t looks = 1;; looks++) {
    const int done = sum->options.calls->done(sum->options.context);
    int unused;
    if (done < 0) return device_failed(sum, error);
    if (sum->joined && (done || looks % LOOK_AROUND == 0))
      Q2_TRY(look_at_nccl(sum, sum->options.nccl->state(sum->nccl), &unused, error));
    if (done) return Q2_OK;
    if (looks % LOOK_AROUND == 0) Q2_TRY(look_around(sum, error));
  }
}

static int get(struct q2_device_sum *sum, int64_t *here, const int64_t *there, int64_t count, struct q2_error *error) {
  if (sum->options.calls->get_begin(sum->options.context, here, there, count * (int64_t)sizeof *here) < 0)
    return device_failed(sum, error);
  return wait_for_device(sum, error);
}

/* --- the end of NCCL --- */

struct abort_call {
  const struct q2_nccl_calls *calls;
  struct q2_nccl *nccl;
  atomic_int done;
};

static void *call_abort(void *argument) {
  struct abort_call *call = argument;
  call->calls->abort(call->nccl);
  atomic_store(&call->done, 1);
  return NULL;
}

/* Aborts NCCL. That can hang where a rank or the network is gone: it has a thread of its own and this one watches the clock. */
static void abort_nccl(struct q2_device_sum *sum, const struct q2_error *error) {
  struct abort_call call = {.calls = sum->options.nccl, .nccl = sum->nccl};
  pthread_t thread;
  sum->joined = 0;
  if (pthread_create(&thread, NULL, call_abort, &call) != 0) q2_common_end_abort(sum->end, error);
  for (const double since = MPI_Wtime(); !atomic_load(&call.done); sched_yield())
    if (MPI_Wtime() - since > q2_common_end_patience(sum->end)) q2_common_end_abort(sum->end, error);
  pthread_join(thread, NULL);
}

/* The end of what was under way, on all ranks: agrees, and breaks the sum where one failed. */
static int settle(struct q2_device_sum *sum, int status, struct q2_error *error) {
  if (sum->ranks > 1) status = q2_common_end_agree(sum->end, status, sum->blame, error);
  if (status == Q2_OK) return Q2_OK;
  sum->broken = 1;
  sum->open = 0;
  sum->failure = *error;
  if (sum->joined) abort_nccl(sum, error);
  return Q2_FAILED;
}

/* --- creation --- */

/* The id that leaders find one another by, from the first of them. */
static int share_id(struct q2_device_sum *sum, unsigned char id[Q2_NCCL_ID_BYTES], struct q2_error *error) {
  int rank, ready = 0, status = Q2_OK;
  MPI_Comm_rank(sum->leaders, &rank);
  if (rank == 0) status = look_at_nccl(sum, sum->options.nccl->make_id(sum->nccl, id), &ready, error);
  MPI_Bcast(&ready, 1, MPI_INT, 0, sum->leaders);
  MPI_Bcast(id, Q2_NCCL_ID_BYTES, MPI_BYTE, 0, sum->leaders);
  if (status == Q2_OK && !ready) return fail(sum, Q2_BLAME_TOLD, "another rank failed", error);
  return status;
}

static int join(struct q2_device_sum *sum, struct q2_error *error) {
  unsigned char id[Q2_NCCL_ID_BYTES] = {0};
  int rank;
  MPI_Comm_rank(sum->leaders, &rank);
  Q2_TRY(share_id(sum, id, error));
  sum->joined = 1;
  return wait_for_nccl(sum, sum->options.nccl->join(sum->nccl, id, sum->devices, rank), error);
}

/* NCCL on the ranks that lead, where more than one does. */
static int create_nccl(MPI_Comm comm, struct q2_device_sum *sum, struct q2_error *error) {
  int status = Q2_OK;
  if (!sum->options.nccl) status = q2_fail(error, "%d devices, and no NCCL to sum over them", sum->devices);
  if (status == Q2_OK && sum->leads && !(sum->nccl = sum->options.nccl->create(sum->options.stream)))
    status = q2_fail(error, "the sum over ranks: out of memory");
  Q2_TRY(q2_agree(comm, status, error));
  sum->begin = MPI_Wtime();
  if (sum->leads) status = join(sum, error);
  Q2_TRY(settle(sum, status, error));
  sum->open = 1;
  return Q2_OK;
}

int q2_device_sum_create(MPI_Comm comm, const struct q2_device_sum_options *options, struct q2_device_sum **sum,
                         struct q2_error *error) {
  int place;
  *sum = q2_allocate_everywhere(comm, 1, sizeof **sum, "the sum over ranks", error);
  if (!*sum) return Q2_FAILED;
  struct q2_device_sum *s = *sum;
  s->options = *options;
  s->leaders = MPI_COMM_NULL;
  MPI_Comm_rank(comm, &s->rank);
  MPI_Comm_size(comm, &s->ranks);
  MPI_Comm_rank(options->sharers, &place);
  MPI_Comm_size(options->sharers, &s->sharers);
  s->leads = place == 0;
  MPI_Allreduce(&s->leads, &s->devices, 1, MPI_INT, MPI_SUM, comm);
  MPI_Comm_split(comm, s->leads ? 0 : MPI_UNDEFINED, s->rank, &s->leaders);
  int status = q2_common_end_create(comm, s->leaders, options->grace, &s->end, error);
  if (status == Q2_OK && s->devices > 1) status = create_nccl(comm, s, error);
  if (status == Q2_OK) return Q2_OK;
  q2_device_sum_destroy(s);
  *sum = NULL;
  return Q2_FAILED;
}

/* Leaves NCCL together with the others; where that does not come to pass, NCCL is aborted: there is nothing left to lose. */
static void leave(struct q2_device_sum *sum) {
  struct q2_error error = {""};
  int status = Q2_OK;
  sum->begin = MPI_Wtime();
  sum->options.timeout = sum->options.grace;
  if (sum->leads) status = wait_for_nccl(sum, sum->options.nccl->leave(sum->nccl), &error);
  settle(sum, status, &error);
}

void q2_device_sum_destroy(struct q2_device_sum *sum) {
  if (!sum) return;
  if (sum->open) leave(sum);
  if (sum->nccl) sum->options.nccl->release(sum->nccl);
  q2_common_end_destroy(sum->end);
  if (sum->leaders != MPI_COMM_NULL) MPI_Comm_free(&sum->leaders);
  free(sum);
}

/* --- a sum --- */

/* This rank's sums to the host, and those of all that share its device to their leader's. A leader fails when one of its
 * sharers did. */
static int sum_sharers(struct q2_device_sum *sum, const int64_t *there, int64_t *here, int64_t count, struct q2_error *error) {
  int status = get(sum, here, there, count, error);
  int failed = status != Q2_OK, any = failed;
  MPI_Reduce(&failed, &any, 1, MPI_INT, MPI_MAX, 0, sum->options.sharers);
  if (q2_integers_on_first(sum->options.sharers, here, count, Q2_REDUCE_AT_ONCE, error) != Q2_OK) status = Q2_FAILED;
  if (status == Q2_OK && sum->leads && any) status = fail(sum, Q2_BLAME_TOLD, "a rank that shares this device failed", error);
  return status;
}

/* Between leaders, and to their hosts. with_sharers: `here` has what the sharers summed. */
static int sum_leaders(struct q2_device_sum *sum, int64_t *there, int64_t *here, int64_t count, int with_sharers,
                       struct q2_error *error) {
  if (with_sharers && sum->options.calls->put_begin(sum->options.context, there, here, count * (int64_t)sizeof *here) < 0)
    return device_failed(sum, error);
  Q2_TRY(wait_for_nccl(sum, sum->options.nccl->sum(sum->nccl, there, count), error));
  return get(sum, here, there, count, error);
}

int q2_device_sum_run(struct q2_device_sum *sum, int64_t *there, int64_t *here, int64_t count, struct q2_error *error) {
  const int shared = sum->sharers > 1;
  int status = Q2_OK;
  if (sum->broken) {
    *error = sum->failure;
    return Q2_FAILED;
  }
  sum->blame = Q2_BLAME_OWN;
  sum->begin = MPI_Wtime();
  if (shared)
    status = sum_sharers(sum, there, here, count, error);
  else if (sum->devices == 1)
    status = get(sum, here, there, count, error);
  if (sum->leads && sum->devices > 1 && status == Q2_OK) status = sum_leaders(sum, there, here, count, shared, error);
  if (shared && q2_integers_from_first(sum->options.sharers, here, count, Q2_REDUCE_AT_ONCE, error) != Q2_OK)
    status = Q2_FAILED;
  return settle(sum, status, error);
}
