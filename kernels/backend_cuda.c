/* The CUDA backend: opening a device, its memory and errors, what an evaluation does as a whole, and the module's table. Waves
 * are in wave_cuda.c, their work in work_cuda.c, eigen-decompositions in eigen_cuda.c, recordings in graph_cuda.c.
 *
 * Each wave has a stream of its own; `main` does what concerns all of them. Streams are put in order by events alone, the host
 * waits once an evaluation, in wait or get. (A moving wave waits once a Newton step, in relaxing.) An evaluation allocates
 * nothing on the device. */
#include "backend_cuda.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Jacobi's method keeps small matrices in fast memory; cuSOLVER's batched divide and conquer is made for the others. `tune`
 * tells what holds for a card. */
static const struct q2_cuda_rule default_rule[] = {{0, 0, Q2_CUDA_JACOBI}, {32, 0, Q2_CUDA_BATCHED}};
enum { DEFAULT_RULES = sizeof default_rule / sizeof *default_rule, DEFAULT_QUEUES = 4 };

/* cuBLAS's work space as its manual recommends it: for compute capability 9.0 and later, and before. */
#define BLAS_BYTES_NEW (INT64_C(32) << 20)
#define BLAS_BYTES_OLD (INT64_C(4) << 20)

/* --- errors --- */

void q2_cuda_fail(struct q2_cuda_device *device, const char *format, ...) {
  if (device->failed) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(device->text, sizeof device->text, format, arguments);
  va_end(arguments);
  device->failed = 1;
}

/* A call's name without its arguments, and where it stands. */
static void fail_call(struct q2_cuda_device *device, const char *call, const char *file, int line, const char *reason) {
  const char *name = strrchr(file, '/');
  q2_cuda_fail(device, "CUDA device %d (%s): %.*s failed: %s (%s:%d)", device->index, device->name, (int)strcspn(call, "("),
               call, reason, name ? name + 1 : file, line);
}

int q2_cuda_check_runtime(struct q2_cuda_device *device, cudaError_t status, const char *call, const char *file, int line) {
  if (status == cudaSuccess) return 0;
  char reason[384];
  snprintf(reason, sizeof reason, "%s, %s", cudaGetErrorName(status), cudaGetErrorString(status));
  fail_call(device, call, file, line, reason);
  return -1;
}

/* What a library says, and the runtime's last error, which is often its cause. */
static int fail_library(struct q2_cuda_device *device, const char *call, const char *file, int line, const char *name,
                        int status) {
  const cudaError_t last = cudaPeekAtLastError();
  char reason[384];
  snprintf(reason, sizeof reason, "%s, status %d%s%s", name, status,
           last == cudaSuccess ? "" : "; the runtime's last error is ", last == cudaSuccess ? "" : cudaGetErrorName(last));
  fail_call(device, call, file, line, reason);
  return -1;
}

int q2_cuda_check_blas(struct q2_cuda_device *device, cublasStatus_t status, const char *call, const char *file, int line) {
  if (status == CUBLAS_STATUS_SUCCESS) return 0;
  return fail_library(device, call, file, line, cublasGetStatusString(status), (int)status);
}

#define SOLVER_STATUSES(ROW)                                                                                                   \
  ROW(NOT_INITIALIZED)                                                                                                         \
  ROW(ALLOC_FAILED)                                                                                                            \
  ROW(INVALID_VALUE)                                                                                                           \
  ROW(ARCH_MISMATCH)                                                                                                           \
  ROW(MAPPING_ERROR)                                                                                                           \
  ROW(EXECUTION_FAILED) ROW(INTERNAL_ERROR) ROW(MATRIX_TYPE_NOT_SUPPORTED) ROW(NOT_SUPPORTED) ROW(INVALID_LICENSE)

int q2_cuda_check_solver(struct q2_cuda_device *device, cusolverStatus_t status, const char *call, const char *file, int line) {
  const char *name = "cuSOLVER's error";
  switch ((int)status) {
  case CUSOLVER_STATUS_SUCCESS:
    return 0;
#define NAME(STATUS)                                                                                                           \
  case CUSOLVER_STATUS_##STATUS:                                                                                               \
    name = "CUSOLVER_STATUS_" #STATUS;                                                                                         \
    break;
    SOLVER_STATUSES(NAME)
#undef NAME
  }
  return fail_library(device, call, file, line, name, (int)status);
}

static const char *error(const struct q2_backend *backend) {
  const struct q2_cuda_device *device = backend->device;
  return device->failed ? device->text : device->shortage;
}

/* --- memory --- */

static void tell_shortage(struct q2_cuda_device *device, int64_t bytes) {
  size_t free_bytes = 0, total = 0;
  (void)cudaGetLastError(); /* running out of memory is no error that stays */
  (void)cudaMemGetInfo(&free_bytes, &total);
  snprintf(device->shortage, sizeof device->shortage,
           "CUDA device %d (%s): out of memory: %lld bytes asked for, %lld of %lld are free", device->index, device->name,
           (long long)bytes, (long long)free_bytes, (long long)total);
}

void *q2_cuda_allocate(struct q2_cuda_device *device, int64_t bytes) {
  void *there = NULL;
  if (bytes <= 0 || device->failed) return NULL;
  const cudaError_t status = cudaMalloc(&there, (size_t)bytes);
  if (status == cudaErrorMemoryAllocation) {
    tell_shortage(device, bytes);
    return NULL;
  }
  if (Q2_CUDA(device, status) != 0) return NULL;
  if (Q2_CUDA(device, cudaMemsetAsync(there, 0, (size_t)bytes, device->main)) != 0 || q2_cuda_next_turn(device) != 0) {
    (void)cudaFree(there);
    return NULL;
  }
  return there;
}

void *q2_cuda_allocate_pinned(struct q2_cuda_device *device, int64_t bytes) {
  void *here = NULL;
  if (bytes <= 0 || device->failed) return NULL;
  const cudaError_t status = cudaMallocHost(&here, (size_t)bytes);
  if (status == cudaSuccess) return here;
  (void)cudaGetLastError();
  snprintf(device->shortage, sizeof device->shortage, "CUDA device %d (%s): %lld bytes of pinned memory were refused: %s",
           device->index, device->name, (long long)bytes, cudaGetErrorString(status));
  return NULL;
}

void *q2_cuda_allocate_here(struct q2_cuda_device *device, size_t count, size_t size) {
  void *here = calloc(count > 0 ? count : 1, size);
  if (!here) snprintf(device->shortage, sizeof device->shortage, "out of memory: %zu bytes asked for", count * size);
  return here;
}

static void *allocate(const struct q2_backend *backend, int64_t bytes) {
  return q2_cuda_allocate(backend->device, bytes > 0 ? bytes : 1);
}

static void release(const struct q2_backend *backend, void *there) {
  (void)backend;
  if (there) (void)cudaFree(there);
}

static void *allocate_here(const struct q2_backend *backend, int64_t bytes) {
  const int64_t size = bytes > 0 ? bytes : 1;
  void *here = q2_cuda_allocate_pinned(backend->device, size);
  if (here) memset(here, 0, (size_t)size);
  return here;
}

static void release_here(const struct q2_backend *backend, void *here) {
  (void)backend;
  if (here) (void)cudaFreeHost(here);
}

/* --- the order of streams --- */

int q2_cuda_join_queues(struct q2_cuda_device *device) {
  for (struct q2_cuda_queue *queue = device->queues; queue; queue = queue->next) {
    if (!queue->pending) continue;
    if (queue->recordings.capturing) q2_cuda_refuse_recording(queue); /* what waits for it cannot be captured */
    if (Q2_CUDA(device, cudaEventRecord(queue->done, queue->stream)) != 0 ||
        Q2_CUDA(device, cudaStreamWaitEvent(device->main, queue->done, 0)) != 0)
      return -1;
    queue->pending = 0;
  }
  return device->failed ? -1 : 0;
}

int q2_cuda_next_turn(struct q2_cuda_device *device) {
  device->turns++;
  return Q2_CUDA(device, cudaEventRecord(device->turn, device->main));
}

struct q2_cuda_queue *q2_cuda_enter(const struct q2_wave *wave) {
  struct q2_cuda_queue *queue = wave->queue;
  struct q2_cuda_device *device = queue->device;
  if (device->failed) return NULL;
  if (queue->turn != device->turns) {
    if (queue->recordings.capturing) q2_cuda_refuse_recording(queue);
    queue->turn = device->turns;
    if (Q2_CUDA(device, cudaStreamWaitEvent(queue->stream, device->turn, 0)) != 0) return NULL;
  }
  queue->pending = 1;
  return queue;
}

/* Until `main`, which waits for all queues, is empty. */
static int synchronise(struct q2_cuda_device *device) {
  if (q2_cuda_join_queues(device) != 0 || Q2_CUDA(device, cudaStreamSynchronize(device->main)) != 0) return -1;
  for (struct q2_cuda_queue *queue = device->queues; queue; queue = queue->next)
    q2_cuda_settle(queue);
  return device->failed ? -1 : 0;
}

/* A copy through `main` and not cudaMemcpy: that one leaves streams like ours out of its order. */
static int put(const struct q2_backend *backend, void *there, const void *here, int64_t bytes) {
  struct q2_cuda_device *device = backend->device;
  if (bytes <= 0) return device->failed ? -1 : 0;
  if (q2_cuda_join_queues(device) != 0 ||
      Q2_CUDA(device, cudaMemcpyAsync(there, here, (size_t)bytes, cudaMemcpyHostToDevice, device->main)) != 0)
    return -1;
  return synchronise(device);
}

static int get(const struct q2_backend *backend, void *here, const void *there, int64_t bytes) {
  struct q2_cuda_device *device = backend->device;
  if (q2_cuda_join_queues(device) != 0) return -1;
  if (bytes > 0 && Q2_CUDA(device, cudaMemcpyAsync(here, there, (size_t)bytes, cudaMemcpyDeviceToHost, device->main)) != 0)
    return -1;
  return synchronise(device);
}

/* --- an evaluation as a whole --- */

/* Room for `bytes` in the staging memory, which no copy is reading any more. */
static int stage(struct q2_cuda_device *device, int64_t bytes) {
  if (Q2_CUDA(device, cudaEventSynchronize(device->turn)) != 0) return -1;
  if (bytes <= device->staging_bytes) return 0;
  if (device->staging) (void)cudaFreeHost(device->staging);
  device->staging_bytes = 0;
  device->staging = q2_cuda_allocate_pinned(device, bytes);
  if (!device->staging) {
    q2_cuda_fail(device, "%s", device->shortage);
    return -1;
  }
  device->staging_bytes = bytes;
  return 0;
}

static void begin(const struct q2_backend *backend, void *there, const void *here, int64_t bytes, int64_t *limbs,
                  int64_t limb_bytes) {
  struct q2_cuda_device *device = backend->device;
  if (q2_cuda_join_queues(device) != 0) return;
  if (bytes > 0) {
    if (stage(device, bytes) != 0) return;
    memcpy(device->staging, here, (size_t)bytes);
    if (Q2_CUDA(device, cudaMemcpyAsync(there, device->staging, (size_t)bytes, cudaMemcpyHostToDevice, device->main)) != 0)
      return;
  }
  if (limb_bytes > 0 && Q2_CUDA(device, cudaMemsetAsync(limbs, 0, (size_t)limb_bytes, device->main)) != 0) return;
  (void)q2_cuda_next_turn(device);
}

static void join(const struct q2_backend *backend, const int64_t *parts, int64_t part_count, int64_t stride, int64_t count,
                 int64_t *joined) {
  struct q2_cuda_device *device = backend->device;
  if (q2_cuda_join_queues(device) != 0) return;
  const int status = q2_device_kernels_f64.join(parts, part_count, stride, count, joined, device->main);
  if (q2_cuda_check_runtime(device, (cudaError_t)status, "launch of join", __FILE__, __LINE__) != 0) return;
  (void)q2_cuda_next_turn(device);
}

static int wait_for_all(const struct q2_backend *backend) { return synchronise(backend->device); }

static void timing(const struct q2_backend *backend, int on) { ((struct q2_cuda_device *)backend->device)->timing = on; }

/* --- opening and closing --- */

static int devices(struct q2_cuda_found *found, int room, char *text, size_t size) {
  int count = 0;
  if (size > 0) text[0] = 0;
  cudaError_t status = cudaGetDeviceCount(&count);
  for (int d = 0; status == cudaSuccess && d < count && d < room; d++) {
    struct cudaDeviceProp properties;
    status = cudaGetDeviceProperties(&properties, d);
    if (status != cudaSuccess) break;
    memcpy(found[d].uuid, &properties.uuid, sizeof found[d].uuid);
    memcpy(found[d].name, properties.name, sizeof found[d].name);
    found[d].total = (int64_t)properties.totalGlobalMem;
    found[d].major = properties.major;
    found[d].minor = properties.minor;
  }
  if (status == cudaSuccess) return count;
  (void)cudaGetLastError();
  snprintf(text, size, "%s (%s)", cudaGetErrorString(status), cudaGetErrorName(status));
  return 0;
}

static int memory(const struct q2_backend *backend, int64_t *free_bytes, int64_t *total_bytes) {
  size_t free_there = 0, total = 0;
  if (Q2_CUDA((struct q2_cuda_device *)backend->device, cudaMemGetInfo(&free_there, &total)) != 0) return -1;
  *free_bytes = (int64_t)free_there;
  *total_bytes = (int64_t)total;
  return 0;
}

static void close_device(struct q2_cuda_device *device) {
  if (device->staging) (void)cudaFreeHost(device->staging);
  if (device->turn) (void)cudaEventDestroy(device->turn);
  if (device->main) (void)cudaStreamDestroy(device->main);
  free(device->rule);
  free(device);
}

static void close_backend(struct q2_backend *backend) {
  if (backend->device) close_device(backend->device);
  memset(backend, 0, sizeof *backend);
}

static int open_device(struct q2_cuda_device *device, const struct q2_cuda_options *options) {
  struct cudaDeviceProp properties;
  const struct q2_cuda_rule *rule = options->rule ? options->rule : default_rule;
  device->index = options->device;
  device->graphs = options->graphs;
  snprintf(device->name, sizeof device->name, "not opened");
  device->rule_count = options->rule ? options->rule_count : DEFAULT_RULES;
  device->rule = q2_cuda_allocate_here(device, (size_t)device->rule_count, sizeof *device->rule);
  if (!device->rule) return -1;
  memcpy(device->rule, rule, (size_t)device->rule_count * sizeof *rule);
  if (Q2_CUDA(device, cudaGetDeviceProperties(&properties, device->index)) != 0) return -1;
  memcpy(device->name, properties.name, sizeof device->name);
  device->name[sizeof device->name - 1] = 0;
  device->blas_bytes = properties.major >= 9 ? BLAS_BYTES_NEW : BLAS_BYTES_OLD;
  if (Q2_CUDA(device, cudaSetDevice(device->index)) != 0 ||
      Q2_CUDA(device, cudaStreamCreateWithFlags(&device->main, cudaStreamNonBlocking)) != 0 ||
      Q2_CUDA(device, cudaEventCreateWithFlags(&device->turn, cudaEventDisableTiming)) != 0)
    return -1;
  return 0;
}

static int open_backend(const struct q2_cuda_options *options, struct q2_backend *backend, char *text, size_t size) {
  struct q2_cuda_device *device = calloc(1, sizeof *device);
  memset(backend, 0, sizeof *backend);
  if (!device || open_device(device, options) != 0) {
    snprintf(text, size, "%s", !device ? "out of memory" : device->failed ? device->text : device->shortage);
    if (device) close_device(device);
    return -1;
  }
  *backend = (struct q2_backend){
      .name = "cuda",
      .queued = 1,
      .queues = options->queues > 0 ? options->queues : DEFAULT_QUEUES,
      .segments = Q2_SEGMENTS,
      .device = device,
      .allocate = allocate,
      .release = release,
      .put = put,
      .get = get,
      .allocate_here = allocate_here,
      .release_here = release_here,
      .wave_create = q2_cuda_wave_create,
      .wave_destroy = q2_cuda_wave_destroy,
      .begin = begin,
      .replay = q2_cuda_replay,
      .recorded = q2_cuda_recorded,
      .run = q2_cuda_run,
      .multiply = q2_cuda_multiply,
      .decompose = q2_cuda_decompose,
      .convert = q2_cuda_convert,
      .relaxing = q2_cuda_relaxing,
      .collect = q2_cuda_collect,
      .join = join,
      .wait = wait_for_all,
      .error = error,
      .see = q2_cuda_see,
      .mark = q2_cuda_mark,
      .seconds = q2_cuda_seconds,
      .timing = timing,
  };
  return 0;
}

/* --- single calls on the main stream (device_calls.h) --- */

static int get_begin(void *context, void *here, const void *there, int64_t bytes) {
  struct q2_cuda_device *device = context;
  return Q2_CUDA(device, cudaMemcpyAsync(here, there, (size_t)bytes, cudaMemcpyDeviceToHost, device->main)) == 0 ? 1 : -1;
}

static int put_begin(void *context, void *there, const void *here, int64_t bytes) {
  struct q2_cuda_device *device = context;
  if (Q2_CUDA(device, cudaMemcpyAsync(there, here, (size_t)bytes, cudaMemcpyHostToDevice, device->main)) != 0) return -1;
  return q2_cuda_next_turn(device) == 0 ? 1 : -1;
}

static int done(void *context) {
  struct q2_cuda_device *device = context;
  if (device->failed) return -1;
  const cudaError_t status = cudaStreamQuery(device->main);
  if (status == cudaErrorNotReady) return 0;
  return q2_cuda_check_runtime(device, status, "cudaStreamQuery", __FILE__, __LINE__) == 0 ? 1 : -1;
}

static const char *call_error(void *context) { return ((struct q2_cuda_device *)context)->text; }

static void *stream(const struct q2_backend *backend) { return ((struct q2_cuda_device *)backend->device)->main; }

static int runtime(void) {
  int version = 0;
  return cudaRuntimeGetVersion(&version) == cudaSuccess ? version : 0;
}

const struct q2_cuda_module q2_cuda_module = {
    .float64 = &q2_device_kernels_f64,
    .float32 = &q2_device_kernels_f32,
    .devices = devices,
    .runtime = runtime,
    .open = open_backend,
    .close = close_backend,
    .memory = memory,
    .stream = stream,
    .calls = {.get_begin = get_begin, .put_begin = put_begin, .done = done, .error = call_error},
    .tune = q2_cuda_tune,
};
