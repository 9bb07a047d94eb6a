/* The least CUDA runtime that the stand-ins for the libraries can be tested on: device memory is the host's, streams run when
 * they are waited for or asked. */
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "simulated.h"

struct task {
  int (*ready)(void *);
  void (*work)(void *), (*release)(void *);
  void *context;
};
struct tasks {
  struct task *task;
  size_t count;
};
struct CUstream_st {
  struct tasks queued, captured;
  int capturing, refused;
};
struct CUgraph_st {
  struct tasks tasks;
};
static struct allocation {
  char *first;
  size_t bytes;
} allocations[256];
static struct {
  char name[64];
  int calls;
} calls[128];
static char fault_argument[64];
static int device;

static void append(struct tasks *tasks, struct task task) {
  tasks->task = realloc(tasks->task, (tasks->count + 1) * sizeof *tasks->task);
  tasks->task[tasks->count++] = task;
}

int q2sim_call(const char *name) {
  size_t i = 0;
  while (calls[i].name[0] && strcmp(calls[i].name, name) != 0)
    i++;
  snprintf(calls[i].name, sizeof calls[i].name, "%s", name);
  calls[i].calls++;
  const char *faults = getenv("Q2SIM_FAULT");
  for (const char *fault = faults; fault && *fault; fault = strchr(fault, ',') ? strchr(fault, ',') + 1 : "") {
    char due[64], argument[64] = "";
    int number = 0;
    if (sscanf(fault, "%63[^:,]:%d:%63[^,]", due, &number, argument) < 2) continue;
    if (strcmp(due, name) != 0 || number != calls[i].calls) continue;
    strcpy(fault_argument, argument);
    return 1;
  }
  return 0;
}

const char *q2sim_fault_argument(void) { return fault_argument; }

void q2sim_enqueue_polled(cudaStream_t stream, const char *name, int (*ready)(void *), void (*work)(void *), void *context,
                          void (*release)(void *)) {
  (void)name;
  append(stream->capturing ? &stream->captured : &stream->queued, (struct task){ready, work, release, context});
}

void q2sim_enqueue(cudaStream_t stream, const char *name, void (*work)(void *), void *context, void (*release)(void *)) {
  q2sim_enqueue_polled(stream, name, NULL, work, context, release);
}

int q2sim_capturing(cudaStream_t stream) { return stream->capturing; }
void q2sim_refuse_capture(cudaStream_t stream) { stream->refused = 1; }
int q2sim_device(void) { return device; }

void q2sim_handle(const char *kind, int change) {
  (void)kind;
  (void)change;
}

void q2sim_check_device(const void *pointer, size_t bytes, const char *what) {
  const char *first = pointer;
  for (size_t i = 0; i < sizeof allocations / sizeof *allocations; i++) {
    const struct allocation *a = &allocations[i];
    if (a->first && first >= a->first && first + bytes <= a->first + a->bytes) return;
  }
  fprintf(stderr, "%s: %p and %zu bytes are not device memory\n", what, pointer, bytes);
  abort();
}

cudaError_t cudaGetDevice(int *current) {
  *current = device;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int chosen) {
  device = chosen;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int of) {
  memset(properties, 0, sizeof *properties);
  properties->uuid.bytes[0] = (char)(1 + of);
  return cudaSuccess;
}

cudaError_t cudaMalloc(void **memory, size_t bytes) {
  for (size_t i = 0; i < sizeof allocations / sizeof *allocations; i++) {
    if (allocations[i].first) continue;
    *memory = aligned_alloc(256, (bytes + 255) / 256 * 256 + 256);
    memset(*memory, 0xff, bytes);
    allocations[i] = (struct allocation){*memory, bytes};
    return cudaSuccess;
  }
  return cudaErrorMemoryAllocation;
}

cudaError_t cudaFree(void *memory) {
  for (size_t i = 0; i < sizeof allocations / sizeof *allocations; i++) {
    if (allocations[i].first == memory) allocations[i].first = NULL;
  }
  free(memory);
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind) {
  (void)kind;
  memcpy(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) {
  (void)flags;
  *stream = calloc(1, sizeof **stream);
  return cudaSuccess;
}

static void drop(struct tasks *tasks) {
  for (size_t i = 0; i < tasks->count; i++) {
    if (tasks->task[i].release) tasks->task[i].release(tasks->task[i].context);
  }
  free(tasks->task);
  *tasks = (struct tasks){0};
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  drop(&stream->queued);
  free(stream);
  return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  while (stream->queued.count > 0) {
    struct task task = stream->queued.task[0];
    if (task.ready && !task.ready(task.context)) return cudaErrorNotReady;
    task.work(task.context);
    if (task.release) task.release(task.context);
    stream->queued.count--;
    memmove(stream->queued.task, stream->queued.task + 1, stream->queued.count * sizeof task);
  }
  drop(&stream->queued);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  while (cudaStreamQuery(stream) == cudaErrorNotReady)
    nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode) {
  (void)mode;
  stream->capturing = 1;
  stream->refused = 0;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
  *graph = NULL;
  stream->capturing = 0;
  if (stream->refused) {
    drop(&stream->captured);
    return cudaErrorStreamCaptureInvalidated;
  }
  *graph = calloc(1, sizeof **graph);
  (*graph)->tasks = stream->captured;
  stream->captured = (struct tasks){0};
  return cudaSuccess;
}

/* The graph itself, which must then not be destroyed before the executable one. */
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long flags) {
  (void)flags;
  *executable = (cudaGraphExec_t)graph;
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  const cudaGraph_t graph = (cudaGraph_t)executable;
  for (size_t i = 0; i < graph->tasks.count; i++) {
    struct task task = graph->tasks.task[i];
    task.release = NULL;
    append(&stream->queued, task);
  }
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  (void)executable;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  drop(&graph->tasks);
  free(graph);
  return cudaSuccess;
}
