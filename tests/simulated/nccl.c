/* Stand-in for NCCL between the processes of one machine: communicators, and AllReduce as work in a stream that waits for the
 * other ranks without blocking.
 *
 * Faults besides those of each function's name, always of the N-th AllReduce that runs, on rank R only if given:
 *     ncclAllReduce:N:R   the call fails: ncclSystemError
 *     ncclAsync:N:R       it never completes, and ncclCommGetAsyncError reports ncclRemoteError
 *     ncclHang:N:R        it never completes, and nobody says why */
#include <nccl.h>
#include <stdarg.h>
#include <time.h>

#include "matrix.h"
#include "nccl_reduce.h"
#include "nccl_segment.h"
#include "simulated.h"

enum stage { STAGE_JOINING, STAGE_READY, STAGE_FINISHING, STAGE_FINISHED };

struct ncclComm {
  struct segment segment;
  enum stage stage;
  int references; /* the user's, and one of each operation that may run yet */
  int blocking, aborted;
  int unconfirmed;    /* how often ncclCommGetAsyncError still says ncclInProgress of what was called last */
  ncclResult_t error; /* the first that showed, for good */
  long called, run;   /* operations outside graphs */
  cudaStream_t stream;
};

struct all_reduce {
  struct ncclComm *communicator;
  const char *send;
  char *receive;
  size_t count;
  ncclDataType_t type;
  ncclRedOp_t operation;
  long number; /* among those called, from 1; 0: part of a graph */
  size_t done; /* elements; the rest of the state of a run: */
  int begun, published, stuck;
};

static char last_error[256];

static ncclResult_t fail(ncclResult_t result, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return result;
}

static ncclResult_t fault(const char *name) { return fail(ncclSystemError, "%s: a fault asked for by Q2SIM_FAULT", name); }

static int due(const char *name, const struct ncclComm *communicator) {
  if (!q2sim_call(name)) return 0;
  const char *rank = q2sim_fault_argument();
  return rank[0] == 0 || atoi(rank) == communicator->segment.rank;
}

static void pause_shortly(void) { nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL); }

static void release(struct ncclComm *communicator) {
  if (--communicator->references > 0) return;
  segment_close(&communicator->segment);
  free(communicator);
}

/* --- how far a communicator is --- */

static void look_for_lost(struct ncclComm *communicator) {
  const int lost = segment_lost(&communicator->segment);
  if (lost < 0) return;
  communicator->error = lost == communicator->segment.ranks
                            ? fail(ncclRemoteError, "the process that made the id has ended before all ranks joined")
                            : fail(ncclRemoteError, "rank %d has ended or aborted", lost);
}

static void go_on_joining(struct ncclComm *communicator) {
  int first, second;
  if (!segment_complete(&communicator->segment)) return;
  communicator->stage = STAGE_READY;
  if (segment_same_device(&communicator->segment, &first, &second))
    communicator->error =
        fail(ncclInvalidUsage, "Duplicate GPU detected: rank %d and rank %d have the same CUDA device", first, second);
}

static void go_on_finishing(struct ncclComm *communicator) {
  if (communicator->run < communicator->called) { /* asking is what makes a stream of the simulation go on */
    if (cudaStreamQuery(communicator->stream) == cudaErrorNotReady) return;
  }
  segment_finish(&communicator->segment);
  if (segment_finished(&communicator->segment)) communicator->stage = STAGE_FINISHED;
}

/* The communicator's state: an error, ncclInProgress or ncclSuccess. */
static ncclResult_t state(struct ncclComm *communicator) {
  if (communicator->error == ncclSuccess && communicator->stage == STAGE_JOINING) go_on_joining(communicator);
  if (communicator->error == ncclSuccess && communicator->stage == STAGE_FINISHING) go_on_finishing(communicator);
  if (communicator->error == ncclSuccess && communicator->stage != STAGE_FINISHED) look_for_lost(communicator);
  if (communicator->error != ncclSuccess) return communicator->error;
  return communicator->stage == STAGE_JOINING || communicator->stage == STAGE_FINISHING ? ncclInProgress : ncclSuccess;
}

static ncclResult_t wait_for(struct ncclComm *communicator) {
  ncclResult_t result;
  while ((result = state(communicator)) == ncclInProgress)
    pause_shortly();
  return result;
}

/* What each function that works on a communicator asks first, as the real library does. */
static ncclResult_t ensure_ready(struct ncclComm *communicator) {
  if (!communicator) return fail(ncclInvalidArgument, "the communicator is NULL");
  const ncclResult_t result = state(communicator);
  if (result == ncclInProgress || communicator->unconfirmed > 0)
    return fail(ncclInvalidArgument, "Attempt to use communicator before the previous operation returned ncclSuccess");
  return result;
}

/* Returns what a function that began something returns: of a non-blocking communicator ncclInProgress, to be asked about later.
 */
static ncclResult_t begun(struct ncclComm *communicator) {
  if (communicator->blocking) return ncclSuccess;
  communicator->unconfirmed = 2;
  return ncclInProgress;
}

/* --- communicators --- */

ncclResult_t ncclGetVersion(int *version) {
  if (!version) return fail(ncclInvalidArgument, "ncclGetVersion: version is NULL");
  if (q2sim_call(__func__)) return fault(__func__);
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id) {
  if (!id) return fail(ncclInvalidArgument, "ncclGetUniqueId: the id is NULL");
  if (q2sim_call(__func__)) return fault(__func__);
  memset(id, 0, sizeof *id);
  segment_make_name(id->internal);
  return ncclSuccess;
}

static ncclResult_t check_config(const ncclConfig_t *config, int *blocking) {
  static const ncclConfig_t initial = NCCL_CONFIG_INITIALIZER;
  *blocking = 1;
  if (!config) return ncclSuccess;
  if (config->magic != initial.magic || config->size > sizeof *config)
    return fail(ncclInvalidArgument, "the configuration does not come from NCCL_CONFIG_INITIALIZER");
  if (config->blocking == NCCL_CONFIG_UNDEF_INT) return ncclSuccess;
  if (config->blocking != 0 && config->blocking != 1)
    return fail(ncclInvalidArgument, "config.blocking is %d; it can be 0 or 1", config->blocking);
  *blocking = config->blocking;
  return ncclSuccess;
}

static ncclResult_t join(ncclComm_t *made, int ranks, const ncclUniqueId *id, int rank, int blocking) {
  int device;
  struct cudaDeviceProp properties;
  if (ranks < 1 || ranks > SEGMENT_RANKS || rank < 0 || rank >= ranks)
    return fail(ncclInvalidArgument, "rank %d of %d; the simulated NCCL knows at most %d ranks", rank, ranks, SEGMENT_RANKS);
  if (cudaGetDevice(&device) != cudaSuccess || cudaGetDeviceProperties(&properties, device) != cudaSuccess)
    return fail(ncclUnhandledCudaError, "there is no CUDA device");
  struct ncclComm *communicator = scratch(sizeof *communicator);
  *communicator = (struct ncclComm){.references = 1, .blocking = blocking};
  const char *problem = segment_join(&communicator->segment, id->internal, ranks, rank, (unsigned char *)properties.uuid.bytes);
  if (problem) {
    release(communicator);
    return fail(ncclInvalidUsage, "rank %d of %d: %s", rank, ranks, problem);
  }
  *made = communicator;
  q2sim_handle("nccl", 1);
  return ncclSuccess;
}

static ncclResult_t leave(struct ncclComm *communicator, int orderly) {
  segment_leave(&communicator->segment, orderly);
  communicator->aborted = 1; /* what has not run yet has nothing to wait for */
  q2sim_handle("nccl", -1);
  release(communicator);
  return ncclSuccess;
}

static ncclResult_t init_rank(ncclComm_t *comm, int ranks, const ncclUniqueId *id, int rank, const ncclConfig_t *config) {
  int blocking;
  if (!comm) return fail(ncclInvalidArgument, "the pointer to the communicator is NULL");
  *comm = NULL;
  ncclResult_t result = check_config(config, &blocking);
  if (result == ncclSuccess) result = join(comm, ranks, id, rank, blocking);
  if (result != ncclSuccess || !blocking) return result == ncclSuccess ? ncclInProgress : result;
  result = wait_for(*comm);
  if (result == ncclSuccess) return result;
  leave(*comm, 0);
  *comm = NULL;
  return result;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t *comm, int nranks, ncclUniqueId commId, int rank, ncclConfig_t *config) {
  return q2sim_call(__func__) ? fault(__func__) : init_rank(comm, nranks, &commId, rank, config);
}

ncclResult_t ncclCommInitRank(ncclComm_t *comm, int nranks, ncclUniqueId commId, int rank) {
  return q2sim_call(__func__) ? fault(__func__) : init_rank(comm, nranks, &commId, rank, NULL);
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t *asyncError) {
  if (!comm || !asyncError) return fail(ncclInvalidArgument, "ncclCommGetAsyncError: an argument is NULL");
  if (q2sim_call(__func__)) return fault(__func__);
  *asyncError = state(comm);
  if (*asyncError == ncclSuccess && comm->unconfirmed > 0 && --comm->unconfirmed > 0) *asyncError = ncclInProgress;
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  const ncclResult_t result = ensure_ready(comm);
  if (result != ncclSuccess) return result;
  if (q2sim_call(__func__)) return fault(__func__);
  if (comm->stage == STAGE_FINISHED) return fail(ncclInvalidArgument, "ncclCommFinalize: the communicator is finalized");
  comm->stage = STAGE_FINISHING;
  return comm->blocking ? wait_for(comm) : ncclInProgress;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  if (!comm) return ncclSuccess;
  ncclResult_t result = q2sim_call(__func__) ? fault(__func__) : ncclSuccess;
  if (comm->stage == STAGE_READY) comm->stage = STAGE_FINISHING;
  const ncclResult_t end = comm->stage == STAGE_JOINING ? ncclInvalidArgument : wait_for(comm);
  leave(comm, end == ncclSuccess);
  return result == ncclSuccess ? end : result;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  if (!comm) return ncclSuccess;
  const ncclResult_t result = q2sim_call(__func__) ? fault(__func__) : ncclSuccess;
  leave(comm, comm->stage == STAGE_FINISHED);
  return result;
}

/* --- AllReduce --- */

static size_t chunk_elements(const struct all_reduce *all) {
  const size_t left = all->count - all->done, most = SEGMENT_CHUNK / reduce_size(all->type);
  return left < most ? left : most;
}

static void reduce_chunk(struct all_reduce *all) {
  struct segment *segment = &all->communicator->segment;
  const size_t elements = chunk_elements(all);
  char *result = all->receive + all->done * reduce_size(all->type);
  for (int rank = 0; rank < segment->ranks; rank++)
    reduce(all->type, all->operation, result, segment_chunk(segment, rank), elements, rank == 0);
  segment_advance(segment);
  all->done += elements;
  all->published = 0;
}

static void begin(struct all_reduce *all) {
  struct ncclComm *communicator = all->communicator;
  all->begun = 1;
  if (all->number > 0 && all->number != communicator->run + 1) {
    fprintf(stderr,
            "simulated device: AllReduce %ld of a communicator runs before %ld, which was called first: use one stream\n",
            all->number, communicator->run + 1);
    abort();
  }
  q2sim_check_device(all->send, all->count * reduce_size(all->type), "ncclAllReduce: sendbuff");
  q2sim_check_device(all->receive, all->count * reduce_size(all->type), "ncclAllReduce: recvbuff");
  all->stuck = due("ncclHang", communicator);
  if (due("ncclAsync", communicator))
    communicator->error = fail(ncclRemoteError, "a fault asked for by Q2SIM_FAULT: ncclAsync");
}

static void publish_chunk(struct all_reduce *all) {
  const struct segment_operation operation = {all->count, (int)all->type, (int)all->operation};
  segment_publish(&all->communicator->segment, all->send + all->done * reduce_size(all->type),
                  chunk_elements(all) * reduce_size(all->type), operation);
  all->published = 1;
}

/* Shows this rank's numbers and takes in those of the others as far as they are there; whether only the last chunk is left to
 * be added up. */
static int all_are_there(void *context) {
  struct all_reduce *all = context;
  struct ncclComm *communicator = all->communicator;
  for (;;) {
    if (communicator->aborted) return 1;
    if (!all->begun) begin(all);
    if (all->stuck || (communicator->error != ncclSuccess && !all->published)) return 0;
    if (!all->published) publish_chunk(all);
    if (!segment_published(&communicator->segment)) {
      if (communicator->error == ncclSuccess) look_for_lost(communicator);
      if (!segment_published(&communicator->segment)) return 0; /* to publish may have been the last that a lost rank did */
    }
    const int other = segment_disagrees(&communicator->segment);
    if (other >= 0) {
      communicator->error = fail(ncclInvalidUsage, "rank %d calls AllReduce with another count, type or operation", other);
      return 0;
    }
    if (all->done + chunk_elements(all) == all->count) return 1;
    reduce_chunk(all);
  }
}

static void finish_all_reduce(void *context) {
  struct all_reduce *all = context;
  if (!all->communicator->aborted) reduce_chunk(all);
  if (all->number > 0) all->communicator->run = all->number;
  all->done = 0;
  all->begun = all->published = 0;
}

static void forget_all_reduce(void *context) {
  struct all_reduce *all = context;
  release(all->communicator);
  free(all);
}

ncclResult_t ncclAllReduce(const void *sendbuff, void *recvbuff, size_t count, ncclDataType_t datatype, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream) {
  const ncclResult_t result = ensure_ready(comm);
  if (result != ncclSuccess) return result;
  if (!reduce_knows(datatype, op))
    return fail(ncclInvalidArgument, "the simulated AllReduce knows no data type %d with operation %d", (int)datatype, (int)op);
  if (comm->stage != STAGE_READY) return fail(ncclInvalidUsage, "ncclAllReduce: the communicator is finalized");
  if (due(__func__, comm)) return fault(__func__);
  if (count == 0) return ncclSuccess;
  if (!sendbuff || !recvbuff) return fail(ncclInvalidArgument, "ncclAllReduce: a buffer is NULL");
  struct all_reduce *all = scratch(sizeof *all);
  *all = (struct all_reduce){comm, sendbuff, recvbuff, count, datatype, op, q2sim_capturing(stream) ? 0 : ++comm->called,
                             0,    0,        0,        0};
  comm->references++;
  comm->stream = stream;
  q2sim_enqueue_polled(stream, __func__, all_are_there, finish_all_reduce, all, forget_all_reduce);
  return begun(comm);
}

/* --- words --- */

const char *ncclGetErrorString(ncclResult_t result) {
  switch (result) {
  case ncclSuccess:
    return "no error";
  case ncclUnhandledCudaError:
    return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
  case ncclSystemError:
    return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
  case ncclInternalError:
    return "internal error - please report this issue to the NCCL developers";
  case ncclInvalidArgument:
    return "invalid argument (run with NCCL_DEBUG=WARN for details)";
  case ncclInvalidUsage:
    return "invalid usage (run with NCCL_DEBUG=WARN for details)";
  case ncclRemoteError:
    return "remote process exited or there was a network error";
  case ncclInProgress:
    return "NCCL operation in progress";
  default:
    return "unknown result code";
  }
}

const char *ncclGetLastError(ncclComm_t comm) {
  (void)comm; /* unused by the real one, too */
  return last_error;
}
