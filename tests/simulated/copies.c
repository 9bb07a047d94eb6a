/* Copies and memsets. A copy from pinned memory reads it when it runs; one from pageable memory takes a copy of it when it is
 * asked for; one to pinned memory writes when it runs, and what is there until then is poison; one to pageable memory is done
 * before the call returns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"

enum side { DEVICE, PINNED, PAGEABLE };

struct copy {
  char *to;
  const char *from;
  char *staged; /* what `from` held, or NULL */
  size_t bytes;
  enum side to_side, from_side;
};

struct set {
  char *to;
  int value;
  size_t bytes;
};

static enum side side(const void *pointer) {
  const struct q2sim_allocation *allocation = q2sim_find(pointer);
  if (q2sim_is_device(pointer)) return DEVICE;
  return allocation ? PINNED : PAGEABLE;
}

static void check(const void *pointer, size_t bytes, enum side at, const char *call, const char *what) {
  char text[256], name[128];
  snprintf(name, sizeof name, "%s: %s", call, what);
  if (at == DEVICE) q2sim_check_device(pointer, bytes, name);
  if (at == PINNED && !q2sim_find_range(pointer, bytes, 1))
    q2sim_stop("%s has no %zu bytes of pinned memory: they begin at %s", name, bytes,
               q2sim_describe(pointer, text, sizeof text));
}

static void run_copy(void *context) {
  const struct copy *copy = context;
  const char *call = q2sim_running()->name;
  check(copy->to, copy->bytes, copy->to_side, call, "the destination, when the copy runs,");
  if (!copy->staged) check(copy->from, copy->bytes, copy->from_side, call, "the source, when the copy runs,");
  memmove(copy->to, copy->staged ? copy->staged : copy->from, copy->bytes);
  static const char *const names[2][2][2] = {
      {{"copies_device_to_device", "bytes_device_to_device"}, {"copies_host_to_device", "bytes_host_to_device"}},
      {{"copies_device_to_host", "bytes_device_to_host"}, {"copies_host_to_host", "bytes_host_to_host"}}};
  q2sim_add(names[copy->to_side != DEVICE][copy->from_side != DEVICE][0], 1);
  q2sim_add(names[copy->to_side != DEVICE][copy->from_side != DEVICE][1], (long)copy->bytes);
  if (copy->to_side != DEVICE) return;
  if (copy->from_side == DEVICE)
    q2sim_shadow_copied(copy->to, copy->from, copy->bytes);
  else
    q2sim_shadow_written(copy->to, copy->bytes);
}

static void release_copy(void *context) {
  free(((struct copy *)context)->staged);
  free(context);
}

/* Whether the kind that is stated is that of the pointers. */
static int kind_fits(enum cudaMemcpyKind kind, enum side to, enum side from) {
  switch (kind) {
  case cudaMemcpyDefault:
    return 1;
  case cudaMemcpyHostToHost:
    return to != DEVICE && from != DEVICE;
  case cudaMemcpyHostToDevice:
    return to == DEVICE && from != DEVICE;
  case cudaMemcpyDeviceToHost:
    return to != DEVICE && from == DEVICE;
  case cudaMemcpyDeviceToDevice:
    return to == DEVICE && from == DEVICE;
  }
  return 0;
}

/* late: leave the work to the stream where a copy of its kind may be left to it; else it is done at once. */
static cudaError_t copy(const char *call, void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                        struct CUstream_st *stream, int late) {
  if (!bytes) return cudaSuccess;
  if (!to || !from) return q2sim_error(cudaErrorInvalidValue);
  const enum side to_side = side(to), from_side = side(from);
  if (!kind_fits(kind, to_side, from_side)) return q2sim_error(cudaErrorInvalidValue);
  check(to, bytes, to_side, call, "the destination");
  check(from, bytes, from_side, call, "the source");
  struct copy *job = calloc(1, sizeof *job);
  if (!job) q2sim_stop("no memory for the simulated device itself");
  *job = (struct copy){to, from, NULL, bytes, to_side, from_side};
  if (from_side == PAGEABLE && !stream->capture) {
    job->staged = malloc(bytes);
    if (!job->staged) q2sim_stop("no memory for the simulated device itself");
    memcpy(job->staged, from, bytes);
  }
  struct q2sim_work *work = q2sim_work(call, cudaGraphNodeTypeMemcpy, run_copy, job, release_copy);
  work->bytes = bytes;
  if (from_side == PINNED) work->source = from;
  if (to_side == PINNED && late) work->destination = to;
  const int captured = stream->capture != NULL;
  const cudaError_t error = q2sim_submit(stream, work);
  if (error != cudaSuccess || captured || (late && to_side != PAGEABLE)) return error;
  q2sim_run(stream->last, 1);
  return q2sim_sticky();
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t handle) {
  Q2SIM_ENTER(cudaErrorUnknown);
  struct CUstream_st *stream = q2sim_stream(handle);
  return stream ? copy(__func__, to, from, bytes, kind, stream, 1) : cudaErrorInvalidResourceHandle;
}

/* In the legacy default stream. Waits for the copy, but within the device. */
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind) {
  Q2SIM_ENTER_UNSAFE(cudaErrorUnknown);
  return copy(__func__, to, from, bytes, kind, q2sim_streams(), side(to) == DEVICE && side(from) == DEVICE);
}

static void run_set(void *context) {
  const struct set *set = context;
  check(set->to, set->bytes, DEVICE, q2sim_running()->name, "the destination, when it runs,");
  memset(set->to, set->value, set->bytes);
  q2sim_shadow_written(set->to, set->bytes);
}

static cudaError_t set(const char *call, void *to, int value, size_t bytes, struct CUstream_st *stream) {
  if (!bytes) return cudaSuccess;
  if (side(to) != DEVICE) return q2sim_error(cudaErrorInvalidValue);
  check(to, bytes, DEVICE, call, "the destination");
  struct set *job = calloc(1, sizeof *job);
  if (!job) q2sim_stop("no memory for the simulated device itself");
  *job = (struct set){to, value, bytes};
  return q2sim_submit(stream, q2sim_work(call, cudaGraphNodeTypeMemset, run_set, job, free));
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t handle) {
  Q2SIM_ENTER(cudaErrorUnknown);
  struct CUstream_st *stream = q2sim_stream(handle);
  return stream ? set(__func__, to, value, bytes, stream) : cudaErrorInvalidResourceHandle;
}

/* In the legacy default stream; of device memory, it does not wait. */
cudaError_t cudaMemset(void *to, int value, size_t bytes) {
  Q2SIM_ENTER_UNSAFE(cudaErrorUnknown);
  return set(__func__, to, value, bytes, q2sim_streams());
}
