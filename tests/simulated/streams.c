/* Streams and events of the simulated runtime.
 *
 *   Q2SIM_POLLS  the query of a stream or event that finds its work done (default the 3rd); those before say that it is not
 * ready */
#include <stdlib.h>
#include <time.h>

#include "runtime.h"

static struct {
  struct CUstream_st legacy; /* the default stream, and the first of all */
  struct CUevent_st *events;
} all;

struct CUstream_st *q2sim_streams(void) {
  return &all.legacy;
}
struct CUevent_st *q2sim_events(void) {
  return all.events;
}

static struct CUstream_st *find_stream(cudaStream_t handle) {
  if (!handle || handle == cudaStreamLegacy) return &all.legacy;
  if (handle == cudaStreamPerThread) q2sim_stop("the per-thread default stream is not simulated");
  struct CUstream_st *stream = all.legacy.next;
  while (stream && stream != handle)
    stream = stream->next;
  return stream;
}

struct CUstream_st *q2sim_stream(cudaStream_t handle) {
  struct CUstream_st *stream = find_stream(handle);
  if (!stream) q2sim_error(cudaErrorInvalidResourceHandle);
  return stream;
}

static struct CUevent_st *find_event(cudaEvent_t handle) {
  struct CUevent_st *event = all.events;
  while (event && event != handle)
    event = event->next;
  if (!event) q2sim_error(cudaErrorInvalidResourceHandle);
  return event;
}

static int blocking(const struct CUstream_st *stream) { return !(stream->flags & cudaStreamNonBlocking); }

struct q2sim_operation **q2sim_order(struct CUstream_st *stream, int *count) {
  int streams = 1;
  for (const struct CUstream_st *other = &all.legacy; other; other = other->next)
    streams++;
  struct q2sim_operation **needs = calloc((size_t)streams, sizeof *needs);
  if (!needs) q2sim_stop("no memory for the simulated device itself");
  *count = 0;
  for (struct CUstream_st *other = &all.legacy; other; other = other->next) {
    const int legacy_rule = (stream == &all.legacy && blocking(other)) || (other == &all.legacy && blocking(stream));
    if (other->last && (other == stream || legacy_rule)) needs[(*count)++] = other->last;
  }
  return needs;
}

void q2sim_append(struct CUstream_st *stream, struct q2sim_operation *operation) {
  q2sim_operation_release(stream->last);
  stream->last = operation;
  stream->polls = 0;
}

cudaError_t q2sim_submit(struct CUstream_st *stream, struct q2sim_work *work) {
  if (stream->capture) return q2sim_capture_node(stream, work);
  if (q2sim_capture_implicit(stream)) {
    q2sim_work_release(work);
    return q2sim_error(cudaErrorStreamCaptureImplicit);
  }
  q2sim_poison_destination(work);
  int count;
  struct q2sim_operation **needs = q2sim_order(stream, &count);
  q2sim_append(stream, q2sim_operation(work, needs, count));
  free(needs);
  return cudaSuccess;
}

cudaError_t q2sim_synchronize(struct CUstream_st *stream) {
  int count;
  struct q2sim_operation **needs = q2sim_order(stream, &count);
  for (int k = count; k-- > 0;)
    q2sim_run(needs[k], 1);
  free(needs);
  return q2sim_sticky();
}

void q2sim_enqueue_polled(cudaStream_t handle, const char *name, int (*ready)(void *), void (*work)(void *), void *context,
                          void (*release)(void *)) {
  struct CUstream_st *stream = q2sim_stream(handle);
  if (!stream) q2sim_stop("%s is put into a stream that does not exist", name);
  struct q2sim_work *job = q2sim_work(name, cudaGraphNodeTypeKernel, work, context, release);
  job->ready = ready;
  q2sim_submit(stream, job);
}

void q2sim_enqueue(cudaStream_t stream, const char *name, void (*work)(void *), void *context, void (*release)(void *)) {
  q2sim_enqueue_polled(stream, name, NULL, work, context, release);
}

/* --- streams --- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *handle, unsigned flags) {
  Q2SIM_ENTER(cudaErrorMemoryAllocation);
  if (!handle || flags & ~(unsigned)cudaStreamNonBlocking) return q2sim_error(cudaErrorInvalidValue);
  struct CUstream_st *stream = calloc(1, sizeof *stream);
  if (!stream) return q2sim_error(cudaErrorMemoryAllocation);
  stream->flags = flags;
  stream->next = all.legacy.next;
  all.legacy.next = *handle = stream;
  q2sim_handle("stream", 1);
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *handle) { return cudaStreamCreateWithFlags(handle, cudaStreamDefault); }

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *handle, unsigned flags, int priority) {
  (void)priority;
  return cudaStreamCreateWithFlags(handle, flags);
}

/* What the stream still holds is left undone, unless an event stands for it. */
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  Q2SIM_ENTER_RELEASE(cudaErrorUnknown);
  struct CUstream_st *stream = q2sim_stream(handle), *before = &all.legacy;
  if (!stream || stream == &all.legacy) return q2sim_error(cudaErrorInvalidResourceHandle);
  if (stream->capture) return q2sim_error(cudaErrorStreamCaptureUnsupported);
  while (before->next != stream)
    before = before->next;
  before->next = stream->next;
  q2sim_operation_release(stream->last);
  q2sim_nodes_clear(&stream->behind);
  free(stream);
  q2sim_handle("stream", -1);
  return q2sim_sticky();
}

/* Finds a stream that can be waited for or asked: no capture is in its way. */
static cudaError_t find_uncaptured(cudaStream_t handle, struct CUstream_st **stream) {
  *stream = q2sim_stream(handle);
  if (!*stream) return cudaErrorInvalidResourceHandle;
  if ((*stream)->capture) {
    (*stream)->capture->valid = 0;
    return q2sim_error(cudaErrorStreamCaptureUnsupported);
  }
  return q2sim_capture_implicit(*stream) ? q2sim_error(cudaErrorStreamCaptureImplicit) : cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  Q2SIM_ENTER(cudaErrorLaunchFailure);
  struct CUstream_st *stream;
  const cudaError_t error = find_uncaptured(handle, &stream);
  return error == cudaSuccess ? q2sim_synchronize(stream) : error;
}

/* A query: `operation` is done, or gets as far as it can from the last poll on. */
static cudaError_t query(struct q2sim_operation *operation, long *polls) {
  if (operation && !operation->done) {
    if (++*polls < q2sim_setting("Q2SIM_POLLS", 3) || !q2sim_run(operation, 0)) return q2sim_error(cudaErrorNotReady);
  }
  *polls = 0;
  return q2sim_sticky();
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  Q2SIM_ENTER_UNSAFE(cudaErrorLaunchFailure);
  struct CUstream_st *stream;
  const cudaError_t error = find_uncaptured(handle, &stream);
  return error == cudaSuccess ? query(stream->last, &stream->polls) : error;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned flags) {
  Q2SIM_ENTER(cudaErrorUnknown);
  struct CUstream_st *stream = q2sim_stream(handle);
  struct CUevent_st *event = find_event(event_handle);
  if (!stream || !event) return cudaErrorInvalidResourceHandle;
  if (flags) return q2sim_error(cudaErrorInvalidValue);
  if (event->capture) {
    if (!event->capture->valid) return q2sim_error(cudaErrorStreamCaptureInvalidated);
    if (stream->capture && stream->capture != event->capture) {
      stream->capture->valid = event->capture->valid = 0;
      return q2sim_error(cudaErrorStreamCaptureMerge);
    }
    if (stream == &all.legacy) {
      event->capture->valid = 0;
      return q2sim_error(cudaErrorStreamCaptureImplicit);
    }
    stream->capture = event->capture;
    q2sim_nodes_merge(&stream->behind, &event->behind);
    return cudaSuccess;
  }
  if (stream->capture) {
    stream->capture->valid = 0;
    return q2sim_error(cudaErrorStreamCaptureIsolation);
  }
  if (q2sim_capture_implicit(stream)) return q2sim_error(cudaErrorStreamCaptureImplicit);
  if (!event->recorded || event->recorded->done) return cudaSuccess;
  int count;
  struct q2sim_operation **needs = q2sim_order(stream, &count); /* has room for one more */
  needs[count++] = event->recorded;
  q2sim_append(stream,
               q2sim_operation(q2sim_work("cudaStreamWaitEvent", cudaGraphNodeTypeWaitEvent, NULL, NULL, NULL), needs, count));
  free(needs);
  return cudaSuccess;
}

/* Runs what all streams hold, the one that was used last first; work that waits for other processes does not keep the work of
 * other streams, for which those may wait. Returns whether anything is left. */
static int run_all(void) {
  int left = 0;
  for (uint64_t before = UINT64_MAX;;) {
    struct q2sim_operation *latest = NULL;
    for (struct CUstream_st *stream = &all.legacy; stream; stream = stream->next)
      if (stream->last && !stream->last->done && stream->last->number < before &&
          (!latest || stream->last->number > latest->number))
        latest = stream->last;
    if (!latest) return left;
    before = latest->number;
    left |= !q2sim_run(latest, 0);
  }
}

cudaError_t cudaDeviceSynchronize(void) {
  Q2SIM_ENTER(cudaErrorLaunchFailure);
  if (q2sim_capture_forbids(1)) return q2sim_error(cudaErrorStreamCaptureUnsupported);
  while (run_all()) {
    const struct timespec pause = {.tv_nsec = 50000};
    nanosleep(&pause, NULL);
  }
  return q2sim_sticky();
}

/* --- events --- */

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *handle, unsigned flags) {
  Q2SIM_ENTER(cudaErrorMemoryAllocation);
  if (!handle || flags & ~(unsigned)(cudaEventBlockingSync | cudaEventDisableTiming)) return q2sim_error(cudaErrorInvalidValue);
  struct CUevent_st *event = calloc(1, sizeof *event);
  if (!event) return q2sim_error(cudaErrorMemoryAllocation);
  event->flags = flags;
  event->next = all.events;
  all.events = *handle = event;
  q2sim_handle("event", 1);
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *handle) { return cudaEventCreateWithFlags(handle, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  Q2SIM_ENTER_RELEASE(cudaErrorUnknown);
  struct CUevent_st *event = find_event(handle), **place = &all.events;
  if (!event) return cudaErrorInvalidResourceHandle;
  while (*place != event)
    place = &(*place)->next;
  *place = event->next;
  q2sim_operation_release(event->recorded);
  q2sim_nodes_clear(&event->behind);
  free(event);
  q2sim_handle("event", -1);
  return q2sim_sticky();
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
  Q2SIM_ENTER(cudaErrorUnknown);
  struct CUevent_st *event = find_event(handle);
  struct CUstream_st *stream = q2sim_stream(stream_handle);
  if (!stream || !event) return cudaErrorInvalidResourceHandle;
  q2sim_nodes_clear(&event->behind);
  event->capture = stream->capture;
  event->polls = 0;
  if (stream->capture) {
    if (!stream->capture->valid) return q2sim_error(cudaErrorStreamCaptureInvalidated);
    q2sim_nodes_merge(&event->behind, &stream->behind);
    return cudaSuccess;
  }
  const cudaError_t error = q2sim_submit(stream, q2sim_work("cudaEventRecord", cudaGraphNodeTypeEventRecord, NULL, NULL, NULL));
  if (error != cudaSuccess) return error;
  q2sim_operation_release(event->recorded);
  event->recorded = stream->last;
  event->recorded->references++;
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t handle) {
  Q2SIM_ENTER_UNSAFE(cudaErrorLaunchFailure);
  struct CUevent_st *event = find_event(handle);
  if (!event) return cudaErrorInvalidResourceHandle;
  if (event->capture) {
    event->capture->valid = 0;
    return q2sim_error(cudaErrorCapturedEvent);
  }
  return query(event->recorded, &event->polls);
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  Q2SIM_ENTER(cudaErrorLaunchFailure);
  struct CUevent_st *event = find_event(handle);
  if (!event) return cudaErrorInvalidResourceHandle;
  if (event->capture) {
    event->capture->valid = 0;
    return q2sim_error(cudaErrorCapturedEvent);
  }
  q2sim_run(event->recorded, 1);
  return q2sim_sticky();
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start_handle, cudaEvent_t end_handle) {
  Q2SIM_ENTER(cudaErrorUnknown);
  const struct CUevent_st *start = find_event(start_handle), *end = find_event(end_handle);
  if (!start || !end || !start->recorded || !end->recorded || (start->flags | end->flags) & cudaEventDisableTiming)
    return q2sim_error(cudaErrorInvalidResourceHandle);
  if (!start->recorded->done || !end->recorded->done) return q2sim_error(cudaErrorNotReady);
  *ms = (float)(end->recorded->time - start->recorded->time);
  return cudaSuccess;
}
