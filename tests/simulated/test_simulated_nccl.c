/* The stand-in for NCCL: sums between processes, and what a rank sees when another fails, hangs, ends or aborts. Each scenario
 * runs in processes of its own. */
#define _GNU_SOURCE
#include <nccl.h>
#include <time.h>

#include "test_device.h"

enum { RANKS = 3, LARGE = 300001 /* elements: more than the stand-in exchanges at once */ };

struct rank {
  int rank, ranks;
  ncclComm_t communicator;
  cudaStream_t stream;
};

static void pause_shortly(void) { nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); }

static ncclResult_t async_error(ncclComm_t communicator) {
  ncclResult_t result = ncclSuccess;
  CHECK(ncclCommGetAsyncError(communicator, &result) == ncclSuccess);
  return result;
}

static ncclResult_t confirmed(ncclComm_t communicator) {
  ncclResult_t result;
  while ((result = async_error(communicator)) == ncclInProgress)
    pause_shortly();
  return result;
}

/* Joins the communicator that the environment names, without blocking if asked; returns what came of it. */
static ncclResult_t join(struct rank *rank, int number, int device, int blocking) {
  ncclUniqueId id = {{0}};
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = blocking;
  *rank = (struct rank){number, atoi(getenv("TEST_RANKS")), NULL, NULL};
  CUDA(cudaSetDevice(device));
  rank->stream = make_stream();
  strncpy(id.internal, getenv("TEST_ID"), sizeof id.internal - 1);
  const ncclResult_t result = ncclCommInitRankConfig(&rank->communicator, rank->ranks, id, number, &config);
  if (blocking) return result;
  CHECK(result == ncclInProgress);
  return confirmed(rank->communicator);
}

static void leave(struct rank *rank, void *array) {
  CHECK(ncclCommFinalize(rank->communicator) == ncclSuccess);
  CHECK(ncclCommDestroy(rank->communicator) == ncclSuccess);
  CUDA(cudaFree(array));
  CUDA(cudaStreamDestroy(rank->stream));
}

/* Asks the stream until it is done or the communicator has an error; returns that. */
static ncclResult_t watch(const struct rank *rank) {
  while (cudaStreamQuery(rank->stream) == cudaErrorNotReady) {
    const ncclResult_t result = async_error(rank->communicator);
    if (result != ncclSuccess && result != ncclInProgress) return result;
    pause_shortly();
  }
  return ncclSuccess;
}

/* A small sum in place; returns what the call said. */
static ncclResult_t sum_one(const struct rank *rank, int64_t *number) {
  return ncclAllReduce(number, number, 1, ncclInt64, ncclSum, rank->communicator, rank->stream);
}

static void check_one(const struct rank *rank, const int64_t *number, int64_t expected) {
  int64_t found = 0;
  CUDA(cudaStreamSynchronize(rank->stream));
  download(&found, number, sizeof found);
  CHECK(found == expected, "rank %d: %lld", rank->rank, (long long)found);
}

/* --- scenarios: what one rank does --- */

static void sums(int number) {
  struct rank rank;
  CHECK(join(&rank, number, number, 1) == ncclSuccess);
  const int n = rank.ranks;
  static int64_t numbers[LARGE], result[LARGE];
  for (int64_t i = 0; i < LARGE; i++)
    numbers[i] = (i - 1000) * (number + 1);
  int64_t *send = uploaded(numbers, sizeof numbers), *receive = uploaded(numbers, sizeof numbers);
  for (int repetition = 0; repetition < 3; repetition++) {
    CHECK(ncclAllReduce(send, receive, LARGE, ncclInt64, ncclSum, rank.communicator, rank.stream) == ncclSuccess);
    CUDA(cudaStreamSynchronize(rank.stream));
    download(result, receive, sizeof result);
    for (int64_t i = 0; i < LARGE; i++)
      CHECK(result[i] == (i - 1000) * n * (n + 1) / 2, "element %lld: %lld", (long long)i, (long long)result[i]);
  }
  /* in place, one after the other without waiting: the sum of sums */
  CHECK(ncclAllReduce(send, send, LARGE, ncclInt64, ncclSum, rank.communicator, rank.stream) == ncclSuccess);
  CHECK(ncclAllReduce(send, send, LARGE, ncclInt64, ncclMax, rank.communicator, rank.stream) == ncclSuccess);
  CHECK(ncclAllReduce(send, send, LARGE, ncclUint64, ncclSum, rank.communicator, rank.stream) == ncclSuccess);
  CUDA(cudaStreamSynchronize(rank.stream));
  download(result, send, sizeof result);
  CHECK(result[0] == (int64_t)-1000 * n * n * (n + 1) / 2 &&
        result[LARGE - 1] == (int64_t)(LARGE - 1001) * n * n * (n + 1) / 2);
  /* real numbers; minimum */
  double reals[2] = {0.5 * number, -number}, *on_device = uploaded(reals, sizeof reals);
  CHECK(ncclAllReduce(on_device, on_device, 1, ncclDouble, ncclSum, rank.communicator, rank.stream) == ncclSuccess);
  CHECK(ncclAllReduce(on_device + 1, on_device + 1, 1, ncclDouble, ncclMin, rank.communicator, rank.stream) == ncclSuccess);
  CUDA(cudaStreamSynchronize(rank.stream));
  download(reals, on_device, sizeof reals);
  CHECK(reals[0] == 0.25 * n * (n - 1) && reals[1] == 1 - n, "%g, %g", reals[0], reals[1]);
  CHECK(ncclAllReduce(send, send, 1, ncclFloat, ncclSum, rank.communicator, rank.stream) == ncclInvalidArgument);
  CUDA(cudaFree(receive));
  CUDA(cudaFree(on_device));
  leave(&rank, send);
}

static void nonblocking(int number) {
  struct rank rank;
  CHECK(join(&rank, number, number, 0) == ncclSuccess);
  int64_t one = 1, *on_device = uploaded(&one, sizeof one);
  CHECK(sum_one(&rank, on_device) == ncclInProgress);
  CHECK(sum_one(&rank, on_device) == ncclInvalidArgument, "used before the last call was confirmed");
  CHECK(confirmed(rank.communicator) == ncclSuccess);
  CHECK(watch(&rank) == ncclSuccess);
  check_one(&rank, on_device, rank.ranks);
  CHECK(ncclCommFinalize(rank.communicator) == ncclInProgress);
  CHECK(confirmed(rank.communicator) == ncclSuccess);
  CHECK(ncclCommDestroy(rank.communicator) == ncclSuccess);
  CUDA(cudaFree(on_device));
  CUDA(cudaStreamDestroy(rank.stream));
}

static void captured(int number) {
  struct rank rank;
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  CHECK(join(&rank, number, number, 1) == ncclSuccess);
  int64_t one = 1, expected = 1, *on_device = uploaded(&one, sizeof one);
  CUDA(cudaStreamBeginCapture(rank.stream, cudaStreamCaptureModeThreadLocal));
  CHECK(sum_one(&rank, on_device) == ncclSuccess);
  CUDA(cudaStreamEndCapture(rank.stream, &graph));
  CUDA(cudaGraphInstantiate(&executable, graph, 0));
  for (int launch = 0; launch < 3; launch++) {
    CUDA(cudaGraphLaunch(executable, rank.stream));
    check_one(&rank, on_device, expected *= rank.ranks);
  }
  CUDA(cudaGraphExecDestroy(executable));
  CUDA(cudaGraphDestroy(graph));
  leave(&rank, on_device);
}

static void same_device(int number) {
  struct rank rank;
  CHECK(join(&rank, number, 0, number % 2) == ncclInvalidUsage);
  CHECK(strstr(ncclGetLastError(NULL), "Duplicate GPU") != NULL, "%s", ncclGetLastError(NULL));
  CHECK((rank.communicator == NULL) == (number % 2 == 1));
  CHECK(ncclCommAbort(rank.communicator) == ncclSuccess);
  CUDA(cudaStreamDestroy(rank.stream));
}

/* After a first sum that works. */
static int64_t *begin(struct rank *rank, int number) {
  int64_t one = 1;
  CHECK(join(rank, number, number, 1) == ncclSuccess);
  int64_t *on_device = uploaded(&one, sizeof one);
  CHECK(sum_one(rank, on_device) == ncclSuccess);
  check_one(rank, on_device, rank->ranks);
  return on_device;
}

/* An abort ends what waits; the device's memory stays as it was. */
static void abort_and_check(struct rank *rank, int64_t *number) {
  CHECK(ncclCommAbort(rank->communicator) == ncclSuccess);
  check_one(rank, number, rank->ranks);
  CUDA(cudaFree(number));
  CUDA(cudaStreamDestroy(rank->stream));
}

/* The second sum never comes about, and this rank is told; at the call already if another one was quick to give up. */
static void expect_remote_error(struct rank *rank, int64_t *number) {
  const ncclResult_t called = sum_one(rank, number);
  CHECK((called == ncclSuccess ? watch(rank) : called) == ncclRemoteError);
  CHECK(sum_one(rank, number) == ncclRemoteError);
  CHECK(called != ncclSuccess || cudaStreamQuery(rank->stream) == cudaErrorNotReady);
  abort_and_check(rank, number);
}

/* The others see that rank 1 has failed and aborted (Q2SIM_FAULT=ncclAllReduce:2:1) or that its process has ended. */
static void failing(int number, int ends) {
  struct rank rank;
  int64_t *on_device = begin(&rank, number);
  if (number == 1) {
    if (ends) _exit(3);
    CHECK(sum_one(&rank, on_device) == ncclSystemError);
    abort_and_check(&rank, on_device);
    return;
  }
  expect_remote_error(&rank, on_device);
}

static void failing_call(int number) { failing(number, 0); }
static void ended_process(int number) { failing(number, 1); }

static void async_fault(int number) {
  struct rank rank;
  int64_t *on_device = begin(&rank, number);
  expect_remote_error(&rank, on_device);
}

/* Q2SIM_FAULT=ncclHang:2:0: nothing tells anybody, until rank 0 gives up; then the others are told. */
static void hanging(int number) {
  struct rank rank;
  int64_t *on_device = begin(&rank, number);
  if (number > 0) {
    expect_remote_error(&rank, on_device);
    return;
  }
  CHECK(sum_one(&rank, on_device) == ncclSuccess);
  for (int i = 0; i < 200; i++) {
    CHECK(cudaStreamQuery(rank.stream) == cudaErrorNotReady && async_error(rank.communicator) == ncclSuccess);
    pause_shortly();
  }
  abort_and_check(&rank, on_device);
}

static void mismatch(int number) {
  struct rank rank;
  CUDA(cudaFree(begin(&rank, number)));
  int64_t *on_device = device_array(2 * sizeof *on_device);
  const size_t count = number == 0 ? 1 : 2;
  ncclResult_t seen = ncclAllReduce(on_device, on_device, count, ncclInt64, ncclSum, rank.communicator, rank.stream);
  if (seen == ncclSuccess) seen = watch(&rank);
  CHECK(seen == ncclInvalidUsage || seen == ncclRemoteError, "%d", seen);
  CHECK(ncclCommAbort(rank.communicator) == ncclSuccess);
  CUDA(cudaStreamSynchronize(rank.stream));
  CUDA(cudaFree(on_device));
  CUDA(cudaStreamDestroy(rank.stream));
}

/* Rank 0 of ranks that never come. */
static void alone(int number) {
  struct rank rank = {0};
  ncclUniqueId id = {{0}};
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  strncpy(id.internal, getenv("TEST_ID"), sizeof id.internal - 1);
  CHECK(ncclCommInitRankConfig(&rank.communicator, 2, id, number, &config) == ncclInProgress);
  for (int i = 0; i < 50; i++) {
    CHECK(async_error(rank.communicator) == ncclInProgress);
    pause_shortly();
  }
  CHECK(ncclCommAbort(rank.communicator) == ncclSuccess);
}

/* A rank that joins after another has given up is told so. */
static void too_late(int number) {
  struct rank rank;
  if (number == 0) {
    alone(0);
    return;
  }
  nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
  CHECK(join(&rank, number, number, 1) == ncclRemoteError);
  CUDA(cudaStreamDestroy(rank.stream));
}

static const struct {
  const char *name;
  void (*run)(int rank);
} scenarios[] = {{"sums", sums},
                 {"nonblocking", nonblocking},
                 {"captured", captured},
                 {"same device", same_device},
                 {"failing call", failing_call},
                 {"ended process", ended_process},
                 {"async fault", async_fault},
                 {"hanging", hanging},
                 {"mismatch", mismatch},
                 {"alone", alone},
                 {"too late", too_late}};

/* --- the process that starts them --- */

/* Runs a scenario on so many ranks; all must end well, except that rank 1 may end with the status given. */
static void run(const char *scenario, int ranks, const char *fault, int status_of_1) {
  ncclUniqueId id;
  char variables[4][256], path[160];
  pid_t processes[RANKS];
  CHECK(ncclGetUniqueId(&id) == ncclSuccess);
  snprintf(variables[0], sizeof variables[0], "TEST_ID=%.100s", id.internal);
  snprintf(variables[1], sizeof variables[1], "TEST_RANKS=%d", ranks);
  snprintf(variables[2], sizeof variables[2], "Q2SIM_DEVICES=%d", RANKS);
  snprintf(variables[3], sizeof variables[3], "Q2SIM_FAULT=%s", fault);
  for (int rank = 0; rank < ranks; rank++)
    processes[rank] =
        begin_again(scenario, rank, (const char *[]){variables[0], variables[1], variables[2], variables[3], NULL});
  for (int rank = 0; rank < ranks; rank++) {
    const int status = end_of(processes[rank]);
    CHECK(status == (rank == 1 ? status_of_1 : 0), "%s, %d ranks: rank %d ended with %d", scenario, ranks, rank, status);
  }
  snprintf(path, sizeof path, "/dev/shm%.100s", id.internal);
  CHECK(strcmp(scenario, "alone") == 0 || access(path, F_OK) != 0, "%s left %s behind", scenario, path);
}

int main(int count, char **arguments) {
  for (size_t i = 0; count > 1 && i < sizeof scenarios / sizeof *scenarios; i++) {
    if (strcmp(arguments[1], scenarios[i].name) != 0) continue;
    scenarios[i].run(atoi(arguments[2]));
    return check_result();
  }
  int version = 0;
  check_simulated("ncclAllReduce");
  CHECK(ncclGetVersion(&version) == ncclSuccess && version == NCCL_VERSION_CODE);
  CHECK(strcmp(ncclGetErrorString(ncclRemoteError), "remote process exited or there was a network error") == 0);
  for (int ranks = 1; ranks <= RANKS; ranks++) {
    run("sums", ranks, "", 0);
    run("nonblocking", ranks, "", 0);
    run("captured", ranks, "", 0);
    run("async fault", ranks, "ncclAsync:2", 0);
    run("hanging", ranks, "ncclHang:2:0", 0);
  }
  for (int ranks = 2; ranks <= RANKS; ranks++) {
    run("same device", ranks, "", 0);
    run("failing call", ranks, "ncclAllReduce:2:1", 0);
    run("ended process", ranks, "", 3);
    run("mismatch", ranks, "", 0);
  }
  run("alone", 1, "", 0);
  run("too late", 2, "", 0);
  return check_result();
}
