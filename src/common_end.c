/* Ranks that wait for one another outside MPI end together.
 *
 * The news travels along the edges of a hypercube among the peers (rank r tells r xor 2^k for every k), so that a rank sends no
 * more than log2(peers) messages even when all fail at once. It is one empty message along each edge and direction: before all
 * is over every rank has told all its neighbours, and has heard from all, so that none is left in MPI. */
#include "common_end.h"

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../io/memory.h"

enum { NEIGHBOURS = 31, NEWS = 1 /* the messages' tag */, LAST_WAIT = 10 /* seconds, for ranks that do not speak */ };

struct q2_common_end {
  MPI_Comm comm, peers; /* duplicates */
  int rank;             /* in comm */
  double grace;
  int neighbour_count;
  int neighbour[NEIGHBOURS];       /* ranks in peers */
  int heard[NEIGHBOURS];           /* from that one */
  MPI_Request request[NEIGHBOURS]; /* to that one */
  int told;                        /* the neighbours */
};

int q2_common_end_create(MPI_Comm comm, MPI_Comm peers, double grace, struct q2_common_end **end, struct q2_error *error) {
  *end = q2_allocate_everywhere(comm, 1, sizeof **end, "the sum over ranks", error);
  if (!*end) return Q2_FAILED;
  struct q2_common_end *e = *end;
  e->peers = MPI_COMM_NULL;
  e->grace = grace;
  MPI_Comm_dup(comm, &e->comm);
  MPI_Comm_rank(comm, &e->rank);
  if (peers == MPI_COMM_NULL) return Q2_OK;
  MPI_Comm_dup(peers, &e->peers);
  int own, size;
  MPI_Comm_rank(peers, &own);
  MPI_Comm_size(peers, &size);
  for (int k = 0; k < NEIGHBOURS && 1 << k < size; k++)
    if ((own ^ 1 << k) < size) e->neighbour[e->neighbour_count++] = own ^ 1 << k;
  return Q2_OK;
}

void q2_common_end_destroy(struct q2_common_end *end) {
  if (!end) return;
  if (end->peers != MPI_COMM_NULL) MPI_Comm_free(&end->peers);
  MPI_Comm_free(&end->comm);
  free(end);
}

void q2_common_end_tell(struct q2_common_end *end) {
  if (end->told) return;
  end->told = 1;
  for (int n = 0; n < end->neighbour_count; n++)
    MPI_Isend(NULL, 0, MPI_BYTE, end->neighbour[n], NEWS, end->peers, &end->request[n]);
}

static void hear(struct q2_common_end *end, int n) {
  MPI_Recv(NULL, 0, MPI_BYTE, end->neighbour[n], NEWS, end->peers, MPI_STATUS_IGNORE);
  end->heard[n] = 1;
}

int q2_common_end_told(struct q2_common_end *end) {
  for (int n = 0; n < end->neighbour_count && !end->told; n++) {
    int news = 0;
    MPI_Iprobe(end->neighbour[n], NEWS, end->peers, &news, MPI_STATUS_IGNORE);
    if (!news) continue;
    hear(end, n);
    q2_common_end_tell(end);
  }
  return end->told;
}

void q2_common_end_abort(struct q2_common_end *end, const struct q2_error *error) {
  fflush(stdout);
  fprintf(stderr, "q2hpc: %s\n", error->text);
  MPI_Abort(end->comm, 1);
  abort();
}

double q2_common_end_patience(const struct q2_common_end *end) { return end->grace + 0.25 * (end->rank < 20 ? end->rank : 20); }

/* Waits for the agreement; a rank that failed, not for ever. Those that only know from others leave it to them to print. */
static void wait_or_abort(struct q2_common_end *end, MPI_Request *request, int status, enum q2_blame blame,
                          const struct q2_error *error) {
  const double since = MPI_Wtime();
  for (int done = 0;;) {
    MPI_Test(request, &done, MPI_STATUS_IGNORE);
    if (done) return;
    q2_common_end_told(end); /* tells on */
    const double late = MPI_Wtime() - since - q2_common_end_patience(end);
    if (status != Q2_OK && blame != Q2_BLAME_TOLD && late > 0) q2_common_end_abort(end, error);
    if (status != Q2_OK && late > LAST_WAIT) MPI_Abort(end->comm, 1);
    sched_yield();
  }
}

/* All ranks are here, so every message that is missing will come. */
static void exchange_rest(struct q2_common_end *end) {
  q2_common_end_tell(end);
  for (int n = 0; n < end->neighbour_count; n++)
    if (!end->heard[n]) hear(end, n);
  MPI_Waitall(end->neighbour_count, end->request, MPI_STATUSES_IGNORE);
}

int q2_common_end_agree(struct q2_common_end *end, int status, enum q2_blame blame, struct q2_error *error) {
  int64_t mine = status == Q2_OK ? INT64_MAX : (int64_t)blame << 32 | end->rank, worst = INT64_MAX;
  MPI_Request request;
  MPI_Iallreduce(&mine, &worst, 1, MPI_INT64_T, MPI_MIN, end->comm, &request);
  wait_or_abort(end, &request, status, blame, error);
  if (worst == INT64_MAX) return Q2_OK;
  MPI_Bcast(error->text, (int)sizeof error->text, MPI_CHAR, (int)(worst & INT32_MAX), end->comm);
  exchange_rest(end);
  return Q2_FAILED;
}
