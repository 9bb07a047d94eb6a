/* A program of CUDA for the simulated device, as nvcc builds it for a real one: its argument chooses something right or
 * something wrong to do. It exits with 0 if all results are right, with 1 and a message if one is not; whether the simulated
 * device finds the mistake before is what the tests are about. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cuda_runtime.h>
#include <dlfcn.h>

#include "sample_kernels.h"

enum { N = 100, BLOCK = 32, BLOCKS = (N + BLOCK - 1) / BLOCK };

#define CALL(CALLED) call(CALLED, #CALLED, __LINE__)
static void call(cudaError_t error, const char *what, int line) {
  if (error == cudaSuccess) return;
  printf("line %d: %s: %s (%s)\n", line, what, cudaGetErrorName(error), cudaGetErrorString(error));
  exit(1);
}

/* That a call fails, and how. */
#define FAILS(CALLED, ERROR) fails(CALLED, ERROR, #CALLED, __LINE__)
static void fails(cudaError_t error, cudaError_t expected, const char *what, int line) {
  cudaGetLastError();
  if (error == expected) return;
  printf("line %d: %s: %s, not %s\n", line, what, cudaGetErrorName(error), cudaGetErrorName(expected));
  exit(1);
}

#define CHECK(X, VALUE) check(X, VALUE, #X, __LINE__)
static void check(double x, double value, const char *what, int line) {
  if (x == value) return;
  printf("line %d: %s is %g, not %g\n", line, what, x, value);
  exit(1);
}

static struct vector v, w; /* on the device */
static double *pinned;     /* [N] */
static cudaStream_t one, two;
static cudaEvent_t event;

static void begin() {
  v.n = w.n = N;
  CALL(cudaMalloc(&v.x, N * sizeof(double)));
  CALL(cudaMalloc(&w.x, N * sizeof(double)));
  CALL(cudaMallocHost(&pinned, N * sizeof(double)));
  CALL(cudaStreamCreateWithFlags(&one, cudaStreamNonBlocking));
  CALL(cudaStreamCreateWithFlags(&two, cudaStreamNonBlocking));
  CALL(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
}

static void end() {
  CALL(cudaEventDestroy(event));
  CALL(cudaStreamDestroy(two));
  CALL(cudaStreamDestroy(one));
  CALL(cudaFreeHost(pinned));
  CALL(cudaFree(w.x));
  CALL(cudaFree(v.x));
}

static void fill(struct vector x, double value, cudaStream_t stream) {
  test_fill<<<BLOCKS, BLOCK, 0, stream>>>(x, value);
  CALL(cudaGetLastError());
}

static void add(struct vector y, struct vector x, cudaStream_t stream) {
  void *arguments[] = {&y, &x.x};
  CALL(cudaLaunchKernel((const void *)test_add, dim3(BLOCKS), dim3(BLOCK), arguments, 0, stream));
}

static void fetch(struct vector x, cudaStream_t stream) {
  CALL(cudaMemcpyAsync(pinned, x.x, N * sizeof(double), cudaMemcpyDeviceToHost, stream));
}

static void finish(cudaStream_t stream, double value) {
  CALL(cudaStreamSynchronize(stream));
  for (int k = 0; k < N; k++)
    CHECK(pinned[k], value);
}

/* --- right --- */

static void right_streams() {
  fill(v, 2, one);
  fill(w, 3, two);
  CALL(cudaEventRecord(event, two));
  CALL(cudaStreamWaitEvent(one, event, 0));
  add(v, w, one);
  fetch(v, one);
  CHECK(pinned[0] == pinned[0], 0); /* poison, until the copy is done */
  finish(one, 5);
  CALL(cudaMemsetAsync(v.x, 0, N * sizeof(double), one));
  CALL(cudaMemcpyAsync(w.x, v.x, N * sizeof(double), cudaMemcpyDeviceToDevice, one));
  fetch(w, one);
  FAILS(cudaStreamQuery(one), cudaErrorNotReady);
  while (cudaStreamQuery(one) == cudaErrorNotReady)
    cudaGetLastError();
  CHECK(pinned[7], 0);
  double pageable[N] = {1, 2};
  CALL(cudaMemcpyAsync(v.x, pageable, sizeof pageable, cudaMemcpyHostToDevice, one));
  pageable[0] = 7; /* what is pageable was taken at the call */
  fetch(v, one);
  CALL(cudaEventRecord(event, one));
  CALL(cudaEventSynchronize(event));
  CHECK(pinned[0], 1);
  CALL(cudaMemcpyAsync(v.x, pinned, N * sizeof(double), cudaMemcpyHostToDevice, one));
  fetch(v, one); /* into what the copy before it has yet to read */
  CALL(cudaDeviceSynchronize());
  CHECK(pinned[1], 2);
}

static void right_places() {
  double *plane, back[3][N];
  CALL(cudaMalloc(&plane, sizeof back));
  test_place<<<dim3(BLOCKS, 3), BLOCK>>>(plane, N);
  CALL(cudaMemcpy(back, plane, sizeof back, cudaMemcpyDeviceToHost));
  CHECK(back[2][99], 299);
  CHECK(back[0][33], 33);
  CALL(cudaFree(plane));
  unsigned char *bytes, some[7];
  CALL(cudaMalloc(&bytes, sizeof some));
  test_bytes<<<1, BLOCK>>>(bytes, sizeof some);
  CALL(cudaMemcpy(some, bytes, sizeof some, cudaMemcpyDeviceToHost));
  CHECK(some[6], 6);
  CALL(cudaFree(bytes));
}

/* The legacy default stream and streams that block, or do not. */
static void right_default_stream() {
  cudaStream_t blocking;
  CALL(cudaStreamCreate(&blocking));
  fill(v, 4, blocking);
  CALL(cudaMemcpy(pinned, v.x, N * sizeof(double), cudaMemcpyDeviceToHost));
  CHECK(pinned[0], 4);
  CALL(cudaMemset(v.x, 0, N * sizeof(double)));
  fetch(v, blocking);
  finish(blocking, 0);
  fill(v, 5, one);
  CALL(cudaMemcpy(pinned, v.x, N * sizeof(double), cudaMemcpyDeviceToHost));
  CHECK(pinned[0], 0);
  CALL(cudaStreamDestroy(blocking));
}

static void right_graph() {
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  cudaStreamCaptureStatus status;
  for (int k = 0; k < N; k++)
    pinned[k] = 1;
  CALL(cudaStreamBeginCapture(one, cudaStreamCaptureModeThreadLocal));
  CALL(cudaMemcpyAsync(v.x, pinned, N * sizeof(double), cudaMemcpyHostToDevice, one));
  CALL(cudaEventRecord(event, one));
  CALL(cudaStreamWaitEvent(two, event, 0));
  CALL(cudaStreamIsCapturing(two, &status));
  CHECK(status, cudaStreamCaptureStatusActive);
  fill(w, 2, two);
  CALL(cudaEventRecord(event, two));
  CALL(cudaStreamWaitEvent(one, event, 0));
  add(v, w, one);
  fetch(v, one);
  CALL(cudaStreamEndCapture(one, &graph));
  size_t nodes = 0;
  CALL(cudaGraphGetNodes(graph, NULL, &nodes));
  CHECK(nodes, 4);
  CALL(cudaGraphInstantiate(&executable, graph, 0));
  CALL(cudaGraphDestroy(graph));
  fill(v, 100, one);
  for (int run = 0; run < 3; run++)
    CALL(cudaGraphLaunch(executable, run == 1 ? two : one)); /* each adds 2 to what the one before fetched */
  finish(one, 7);
  fetch(v, one);
  finish(one, 7);
  CALL(cudaGraphExecDestroy(executable));
}

static void right_refusals() {
  cudaGraph_t graph;
  void *more;
  FAILS(cudaMalloc(&more, size_t(1) << 40), cudaErrorMemoryAllocation);
  test_fill<<<1, 2000, 0, one>>>(v, 1.0);
  FAILS(cudaGetLastError(), cudaErrorInvalidConfiguration);
  FAILS(cudaMemcpy(pinned, v.x, 8, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  CALL(cudaStreamBeginCapture(one, cudaStreamCaptureModeRelaxed));
  CALL(cudaMalloc(&more, 8));
  CALL(cudaFree(more));
  CALL(cudaStreamEndCapture(one, &graph));
  CALL(cudaGraphDestroy(graph));
  CALL(cudaStreamBeginCapture(one, cudaStreamCaptureModeGlobal));
  FAILS(cudaMalloc(&more, 8), cudaErrorStreamCaptureUnsupported);
  FAILS(cudaStreamEndCapture(one, &graph), cudaErrorStreamCaptureInvalidated);
  CALL(cudaStreamBeginCapture(one, cudaStreamCaptureModeRelaxed));
  FAILS(cudaStreamSynchronize(one), cudaErrorStreamCaptureUnsupported);
  FAILS(cudaMemsetAsync(v.x, 0, 8, one), cudaErrorStreamCaptureInvalidated);
  FAILS(cudaStreamEndCapture(one, &graph), cudaErrorStreamCaptureInvalidated);
  CALL(cudaStreamBeginCapture(one, cudaStreamCaptureModeRelaxed));
  fill(v, 1, one);
  CALL(cudaEventRecord(event, one));
  CALL(cudaStreamWaitEvent(two, event, 0));
  fill(v, 2, two);
  FAILS(cudaEventQuery(event), cudaErrorCapturedEvent);
  FAILS(cudaStreamEndCapture(one, &graph), cudaErrorStreamCaptureInvalidated);
  CALL(cudaStreamBeginCapture(one, cudaStreamCaptureModeRelaxed));
  fill(v, 1, one);
  CALL(cudaEventRecord(event, one));
  CALL(cudaStreamWaitEvent(two, event, 0));
  fill(v, 2, two);
  FAILS(cudaStreamEndCapture(one, &graph), cudaErrorStreamCaptureUnjoined);
  fill(v, 6, one); /* all streams are out of the capture */
  fetch(v, one);
  finish(one, 6);
}

static void right_devices() {
  int count, major;
  struct cudaDeviceProp first, second;
  CALL(cudaGetDeviceCount(&count));
  CHECK(count, 2);
  CALL(cudaGetDeviceProperties(&first, 0));
  CALL(cudaGetDeviceProperties(&second, 1));
  CHECK(memcmp(&first.uuid, &second.uuid, sizeof first.uuid) != 0, 1);
  CALL(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 1));
  CHECK(major, 9);
  FAILS(cudaSetDevice(2), cudaErrorInvalidDevice);
  struct cudaFuncAttributes attributes;
  CALL(cudaFuncGetAttributes(&attributes, (const void *)test_fill));
  CHECK(attributes.maxThreadsPerBlock, 1024);
}

/* Counts, while the program runs. */
static void right_counts() {
  long (*const counted)(const char *) = (long (*)(const char *))dlsym(RTLD_DEFAULT, "q2sim_count");
  void (*const reset)() = (void (*)())dlsym(RTLD_DEFAULT, "q2sim_reset_counts");
  CHECK(counted && reset, 1);
  reset();
  fill(v, 1, one);
  fetch(v, one);
  CHECK(counted("cudaLaunchKernel"), 1);
  CHECK(counted("kernels"), 0);
  finish(one, 1);
  CHECK(counted("kernel:test_fill"), 1);
  CHECK(counted("cudaStreamSynchronize"), 1);
  CHECK(counted("bytes_device_to_host"), N * sizeof(double));
  CHECK(counted("cudaMalloc"), 0);
}

static void right() {
  right_streams();
  right_places();
  right_default_stream();
  right_graph();
  right_refusals();
  right_counts();
}

/* --- wrong --- */

static void host_read() {
  fill(v, 0, one);
  CALL(cudaStreamSynchronize(one));
  volatile const double *x = v.x;
  CHECK(x[5], 0);
}

static void host_write() {
  CALL(cudaMemset(v.x, 0, N * sizeof(double)));
  CALL(cudaDeviceSynchronize());
  v.x[N - 1] = 1;
}

static void missing_synchronization() {
  for (int k = 0; k < N; k++)
    pinned[k] = 2;
  fill(v, 2, one);
  fetch(v, one);
  CHECK(pinned[0], 2);
}

static void wrong_stream() {
  fill(v, 2, one);
  fetch(v, one);
  finish(two, 2);
}

static void missing_event() {
  CALL(cudaMemset(w.x, 0, N * sizeof(double)));
  CALL(cudaMemset(v.x, 0, N * sizeof(double)));
  CALL(cudaDeviceSynchronize());
  fill(w, 3, two);
  add(v, w, one);
  fetch(v, one);
  finish(one, 3);
}

static void missing_event_all() {
  CALL(cudaMemset(w.x, 0, N * sizeof(double)));
  CALL(cudaMemset(v.x, 0, N * sizeof(double)));
  CALL(cudaDeviceSynchronize());
  fill(w, 3, two);
  add(v, w, one);
  CALL(cudaDeviceSynchronize());
  fetch(v, one);
  finish(one, 3);
}

/* A third stream waits for both, which do not wait for one another. */
static void missing_event_joined() {
  CALL(cudaMemset(w.x, 0, N * sizeof(double)));
  CALL(cudaMemset(v.x, 0, N * sizeof(double)));
  CALL(cudaDeviceSynchronize());
  cudaStream_t third;
  CALL(cudaStreamCreateWithFlags(&third, cudaStreamNonBlocking));
  fill(w, 3, two);
  CALL(cudaEventRecord(event, two));
  CALL(cudaStreamWaitEvent(third, event, 0));
  add(v, w, one);
  CALL(cudaEventRecord(event, one));
  CALL(cudaStreamWaitEvent(third, event, 0));
  fetch(v, third);
  finish(third, 3);
}

static void default_stream_is_none() {
  CALL(cudaMemset(v.x, 0, N * sizeof(double)));
  fetch(v, one);
  finish(one, 0);
}

static void source_overwritten() {
  for (int k = 0; k < N; k++)
    pinned[k] = 1;
  CALL(cudaMemcpyAsync(v.x, pinned, N * sizeof(double), cudaMemcpyHostToDevice, one));
  for (int k = 0; k < N; k++)
    pinned[k] = 2;
  fetch(v, one);
  finish(one, 1);
}

static void source_freed() {
  double *source;
  CALL(cudaMallocHost(&source, N * sizeof(double)));
  CALL(cudaMemcpyAsync(v.x, source, N * sizeof(double), cudaMemcpyHostToDevice, one));
  CALL(cudaFreeHost(source));
  CALL(cudaStreamSynchronize(one));
}

static void copy_too_long() { CALL(cudaMemcpyAsync(v.x, pinned, N * sizeof(double) + 8, cudaMemcpyHostToDevice, one)); }

static void no_index_check() {
  test_no_index_check<<<BLOCKS, BLOCK, 0, one>>>(v);
  CALL(cudaStreamSynchronize(one));
}

static void underrun() {
  test_underrun<<<BLOCKS, BLOCK, 0, one>>>(v);
  CALL(cudaStreamSynchronize(one));
}

static void write_twice() {
  test_write_twice<<<BLOCKS, BLOCK, 0, one>>>(v);
  CALL(cudaStreamSynchronize(one));
}

static void race_ahead() {
  fill(v, 1, one);
  test_race_ahead<<<BLOCKS, BLOCK, 0, one>>>(v);
  CALL(cudaStreamSynchronize(one));
}

static void race_behind() {
  fill(v, 1, one);
  test_race_behind<<<BLOCKS, BLOCK, 0, one>>>(v);
  CALL(cudaStreamSynchronize(one));
}

static void uninitialized() {
  fill(v, 1, one);
  add(v, w, one);
  CALL(cudaStreamSynchronize(one));
}

static void uninitialized_copy() {
  CALL(cudaMemcpyAsync(v.x, w.x, N * sizeof(double), cudaMemcpyDeviceToDevice, one));
  fill(w, 1, one);
  add(w, v, one);
  CALL(cudaStreamSynchronize(one));
}

static void host_pointer_in_kernel() {
  static double x[N];
  struct vector host = {x, N};
  fill(v, 1, one);
  add(v, host, one);
  CALL(cudaStreamSynchronize(one));
}

static void null_pointer_in_kernel() {
  struct vector none = {NULL, N};
  fill(none, 1, one);
  CALL(cudaStreamSynchronize(one));
}

static void use_after_free() {
  double *x = v.x;
  CALL(cudaMalloc(&v.x, 8));
  CALL(cudaFree(x));
  struct vector freed = {x, N};
  fill(freed, 1, one);
  CALL(cudaStreamSynchronize(one));
}

static void host_use_after_free() {
  double *x = pinned;
  CALL(cudaMallocHost(&pinned, 8));
  CALL(cudaFreeHost(x));
  x[3] = 1;
}

static void double_free() {
  CALL(cudaFree(v.x));
  CALL(cudaFree(v.x));
}

/* A fault on demand: the message is that of the call that meets it first, the status of the program 1. */
static void faults() {
  fill(v, 1, one);
  fill(v, 1, one);
  fill(v, 1, one);
  CALL(cudaStreamSynchronize(one));
  fetch(v, one);
  finish(one, 1);
}

static void sticky() {
  test_fill<<<BLOCKS, BLOCK, 0, one>>>(v, 1.0);
  if (cudaStreamSynchronize(one) == cudaSuccess) puts("no error");
  cudaGetLastError();
  CALL(cudaStreamSynchronize(two));
}

static void leak() {
  void *memory;
  CALL(cudaMalloc(&memory, 24));
  CALL(cudaStreamCreate(&one));
}

int main(int count, char **names) {
#define ROW(NAME)                                                                                                              \
  { #NAME, NAME }
  static const struct {
    const char *name;
    void (*run)();
  } commands[] = {ROW(right),
                  ROW(right_devices),
                  ROW(host_read),
                  ROW(host_write),
                  ROW(missing_synchronization),
                  ROW(wrong_stream),
                  ROW(missing_event),
                  ROW(missing_event_all),
                  ROW(missing_event_joined),
                  ROW(default_stream_is_none),
                  ROW(source_overwritten),
                  ROW(source_freed),
                  ROW(copy_too_long),
                  ROW(no_index_check),
                  ROW(underrun),
                  ROW(write_twice),
                  ROW(race_ahead),
                  ROW(race_behind),
                  ROW(uninitialized),
                  ROW(uninitialized_copy),
                  ROW(host_pointer_in_kernel),
                  ROW(null_pointer_in_kernel),
                  ROW(use_after_free),
                  ROW(host_use_after_free),
                  ROW(double_free),
                  ROW(faults),
                  ROW(sticky),
                  ROW(leak)};
  for (const auto &command : commands)
    if (count > 1 && strcmp(names[1], command.name) == 0) {
      begin();
      command.run();
      end();
      puts("all as expected");
      return 0;
    }
  fprintf(stderr, "usage: test_device COMMAND\n");
  return 2;
}
