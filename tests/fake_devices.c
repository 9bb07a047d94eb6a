/* Devices and NCCL without either. */
#include "fake_devices.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANKS = 8, MOST_WORK = 8, SLOW = 40 /* questions until a piece of work is done */ };

/* What all ranks see; a row for each rank of NCCL's. */
struct shared {
  atomic_int joined, left, aborted, failed;
  atomic_int arrived[MOST_RANKS]; /* sums that it began on the device */
  int64_t part[2][MOST_RANKS][FAKE_MOST];
};

struct work {
  enum { COPY, SUM } kind;
  void *to;
  const void *from;
  int64_t count; /* bytes, integers */
};

struct fake_device {
  MPI_Win window;
  struct shared *shared;
  enum fake_fault fault;
  int after, lossy;
  struct work work[MOST_WORK];
  int first, last, asked, begun, gets_before; /* begun: the work at the head of the queue has */
  struct q2_nccl *nccl;
  struct fake_counts counts;
};

struct q2_nccl {
  struct fake_device *device;
  int ranks, rank, asked, ended;
  enum { IDLE, JOINING, SUMMING, LEAVING } doing;
  char error[64];
};

struct fake_device *fake_device_create(MPI_Comm comm, enum fake_fault fault, int after, int lossy) {
  int rank, unit;
  MPI_Aint size;
  void *base;
  struct fake_device *device = calloc(1, sizeof *device);
  MPI_Comm_rank(comm, &rank);
  *device = (struct fake_device){.fault = fault, .after = after, .lossy = lossy};
  MPI_Win_allocate_shared(rank == 0 ? (MPI_Aint)sizeof *device->shared : 0, 1, MPI_INFO_NULL, comm, &base, &device->window);
  MPI_Win_shared_query(device->window, 0, &size, &unit, &base);
  device->shared = base;
  if (rank == 0) memset(base, 0, sizeof *device->shared);
  MPI_Barrier(comm);
  return device;
}

void fake_device_destroy(struct fake_device *device) {
  MPI_Win_free(&device->window);
  free(device);
}

struct fake_counts fake_device_counts(const struct fake_device *device) {
  return device->counts;
}

/* --- the device --- */

static int faulty(const struct fake_device *device, enum fake_fault fault, int count) {
  return device->fault == fault && count >= device->after;
}

static int push(struct fake_device *device, struct work work) {
  device->work[device->last++ % MOST_WORK] = work;
  device->asked = device->begun = 0;
  return 1;
}

static int get_begin(void *context, void *here, const void *there, int64_t bytes) {
  struct fake_device *device = context;
  if (faulty(device, FAKE_GET_REFUSED, device->counts.gets)) return -1;
  device->counts.gets++;
  return push(device, (struct work){COPY, here, there, bytes});
}

static int put_begin(void *context, void *there, const void *here, int64_t bytes) {
  struct fake_device *device = context;
  device->counts.puts++;
  return push(device, (struct work){COPY, there, here, bytes});
}

/* A sum waits on the device until all have begun it, like a kernel that spins. */
static int do_sum(struct fake_device *device, const struct work *work) {
  struct shared *shared = device->shared;
  struct q2_nccl *nccl = device->nccl;
  if (nccl->ended) return 1; /* an abort lets the kernel go */
  const int which = atomic_load(&shared->arrived[nccl->rank]);
  int64_t *sums = work->to;
  if (faulty(device, FAKE_SUM_HANGS, device->counts.sums - 1) || nccl->doing == SUMMING) return 0;
  if (!device->begun) {
    memcpy(shared->part[which % 2][nccl->rank], sums, (size_t)work->count * sizeof *sums);
    atomic_store(&shared->arrived[nccl->rank], which + 1);
    device->begun = 1;
  }
  for (int r = 0; r < nccl->ranks; r++)
    if (atomic_load(&shared->arrived[r]) < atomic_load(&shared->arrived[nccl->rank])) return 0;
  const int round = atomic_load(&shared->arrived[nccl->rank]) - 1;
  memset(sums, 0, (size_t)work->count * sizeof *sums);
  for (int r = 0; r < nccl->ranks; r++)
    for (int64_t k = 0; k < work->count; k++)
      sums[k] += shared->part[round % 2][r][k];
  return 1;
}

static int done(void *context) {
  struct fake_device *device = context;
  if (device->first == device->last) return 1;
  if (faulty(device, FAKE_WORK_FAILED, device->counts.gets - 1)) return -1;
  if (faulty(device, FAKE_WORK_HANGS, device->counts.gets - 1)) return 0;
  if (++device->asked < SLOW) return 0;
  const struct work *work = &device->work[device->first % MOST_WORK];
  if (work->kind == COPY)
    memcpy(work->to, work->from, (size_t)work->count);
  else if (!do_sum(device, work))
    return 0;
  device->first++;
  device->asked = device->begun = 0;
  return device->first == device->last;
}

static const char *device_error(void *context) {
  (void)context;
  return "the fake device broke";
}

const struct q2_device_calls fake_device_calls = {get_begin, put_begin, done, device_error};

/* --- NCCL --- */

static struct q2_nccl *create(void *stream) {
  struct q2_nccl *nccl = calloc(1, sizeof *nccl);
  nccl->device = stream;
  nccl->device->nccl = nccl;
  nccl->device->counts.alive++;
  return nccl;
}

static enum q2_nccl_state failed(struct q2_nccl *nccl, const char *what) {
  snprintf(nccl->error, sizeof nccl->error, "fake NCCL: %s", what);
  atomic_store(&nccl->device->shared->failed, 1);
  return Q2_NCCL_FAILED;
}

static enum q2_nccl_state make_id(struct q2_nccl *nccl, unsigned char id[Q2_NCCL_ID_BYTES]) {
  if (nccl->device->fault == FAKE_ID_FAILED) return failed(nccl, "no id");
  memset(id, 77, Q2_NCCL_ID_BYTES);
  return Q2_NCCL_READY;
}

static enum q2_nccl_state join(struct q2_nccl *nccl, const unsigned char id[Q2_NCCL_ID_BYTES], int ranks, int rank) {
  nccl->ranks = ranks;
  nccl->rank = rank;
  nccl->doing = JOINING;
  nccl->device->counts.joins++;
  for (int k = 0; k < Q2_NCCL_ID_BYTES; k++)
    if (id[k] != 77) return failed(nccl, "a wrong id");
  if (nccl->device->fault == FAKE_JOIN_FAILED) return failed(nccl, "no way to join");
  if (nccl->device->fault != FAKE_JOIN_HANGS) atomic_fetch_add(&nccl->device->shared->joined, 1);
  return Q2_NCCL_UNDER_WAY;
}

static enum q2_nccl_state sum(struct q2_nccl *nccl, int64_t *there, int64_t count) {
  struct fake_device *device = nccl->device;
  if (nccl->doing != IDLE) return failed(nccl, "a sum while something is under way");
  if (faulty(device, FAKE_SUM_REFUSED, device->counts.sums)) return failed(nccl, "a sum refused");
  device->counts.sums++;
  nccl->doing = SUMMING;
  nccl->asked = 0;
  push(device, (struct work){SUM, there, there, count});
  return Q2_NCCL_UNDER_WAY;
}

static enum q2_nccl_state leave(struct q2_nccl *nccl) {
  nccl->doing = LEAVING;
  if (nccl->device->fault != FAKE_LEAVE_HANGS) atomic_fetch_add(&nccl->device->shared->left, 1);
  return Q2_NCCL_UNDER_WAY;
}

static enum q2_nccl_state state(struct q2_nccl *nccl) {
  struct fake_device *device = nccl->device;
  struct shared *shared = device->shared;
  if (nccl->doing == IDLE &&
      (faulty(device, FAKE_SUM_FAILED, device->counts.sums - 1) || faulty(device, FAKE_ABORT_HANGS, device->counts.sums - 1)))
    return failed(nccl, "a broken line");
  if (device->lossy && atomic_load(&shared->failed)) {
    snprintf(nccl->error, sizeof nccl->error, "fake NCCL: a remote failure");
    return Q2_NCCL_FAILED_ELSEWHERE;
  }
  if (nccl->doing == JOINING && atomic_load(&shared->joined) < nccl->ranks) return Q2_NCCL_UNDER_WAY;
  if (nccl->doing == LEAVING && atomic_load(&shared->left) < nccl->ranks) return Q2_NCCL_UNDER_WAY;
  if (nccl->doing == SUMMING && nccl->asked++ < 3) return Q2_NCCL_UNDER_WAY;
  if (nccl->doing == LEAVING) nccl->ended = 1;
  nccl->doing = IDLE;
  return Q2_NCCL_READY;
}

static const char *nccl_error(struct q2_nccl *nccl) { return nccl->error; }

/* As within a node: an abort waits for that of all others. */
static void abort_all(struct q2_nccl *nccl) {
  struct shared *shared = nccl->device->shared;
  nccl->device->counts.aborts++;
  atomic_fetch_add(&shared->aborted, 1);
  while (atomic_load(&shared->aborted) < nccl->ranks || nccl->device->fault == FAKE_ABORT_HANGS)
    sched_yield();
  nccl->ended = 1;
}

static void release(struct q2_nccl *nccl) {
  if (nccl->ended || nccl->ranks == 0) nccl->device->counts.alive--;
  free(nccl);
}

const struct q2_nccl_calls fake_nccl_calls = {create, make_id, join, sum, leave, state, nccl_error, abort_all, release};
