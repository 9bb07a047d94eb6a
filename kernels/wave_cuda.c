/* A wave on a CUDA device: its stream, handles and arrays, what the host sees of it, and how long its stages take. */
#include "backend_cuda.h"

#include <nvtx3/nvToolsExt.h>
#include <stdlib.h>
#include <string.h>

/* --- making and releasing --- */

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static void destroy_queue(struct q2_cuda_queue *queue) {
  struct q2_cuda_queue **link = &queue->device->queues;
  while (*link && *link != queue)
    link = &(*link)->next;
  if (*link) *link = queue->next;
  q2_cuda_recordings_destroy(queue);
  q2_cuda_eigen_destroy(&queue->eigen);
  if (queue->blas) (void)cublasDestroy(queue->blas);
  if (queue->blas_work) (void)cudaFree(queue->blas_work);
  if (queue->relaxation) (void)cudaFreeHost(queue->relaxation);
  for (int a = 0; a < Q2_WAVE_ARRAY_COUNT; a++)
    free(queue->mirror[a]);
  for (int k = 0; k < queue->mark_room; k++) {
    if (queue->mark[k].event) (void)cudaEventDestroy(queue->mark[k].event);
  }
  free(queue->mark);
  if (queue->done) (void)cudaEventDestroy(queue->done);
  if (queue->stream) (void)cudaStreamDestroy(queue->stream);
  free(queue);
}

void q2_cuda_wave_destroy(const struct q2_backend *backend, struct q2_wave *wave) {
  const struct q2_cuda_device *device = backend->device;
  (void)cudaStreamSynchronize(device->main);                    /* which zeroes what was allocated last */
  if (wave->queue && !wave->single) destroy_queue(wave->queue); /* waits for its work */
#define FREE(FIELD, ELEMENTS)                                                                                                  \
  if (wave->FIELD) (void)cudaFree(wave->FIELD);
  Q2_WAVE_ARRAYS(FREE)
#undef FREE
  memset(wave, 0, sizeof *wave);
}

/* cuBLAS's numbers are those of its default arithmetic: no lower precision, no emulation. A stream and a work space of its own
 * keep its bits the same whatever else runs, and let it be captured. The work space is set last: setting the stream resets it.
 */
static int create_blas(struct q2_cuda_device *device, struct q2_cuda_queue *queue, int64_t *bytes) {
  if (Q2_CUDA(device, cublasCreate(&queue->blas)) != 0 ||
      Q2_CUDA(device, cublasSetMathMode(queue->blas, CUBLAS_DEFAULT_MATH)) != 0 ||
      Q2_CUDA(device, cublasSetStream(queue->blas, queue->stream)) != 0)
    return -1;
  queue->blas_work = q2_cuda_allocate(device, device->blas_bytes);
  if (!queue->blas_work) return -1;
  *bytes += device->blas_bytes;
  return Q2_CUDA(device, cublasSetWorkspace(queue->blas, queue->blas_work, (size_t)device->blas_bytes));
}

static int create_eigen(struct q2_cuda_device *device, struct q2_cuda_queue *queue, const struct q2_wave_request *request,
                        int64_t *bytes) {
  if (!request->single && q2_cuda_eigen_create(device, queue->stream, &queue->eigen) != 0) return -1;
  for (int b = 0; b < request->batch_count; b++) {
    if (request->batches[b].molecules > 0 && request->slots[b] > 0 &&
        q2_cuda_eigen_plan(device, &queue->eigen, &request->batches[b], request->single) != 0)
      return -1;
  }
  return q2_cuda_eigen_allocate(device, &queue->eigen, bytes);
}

static int create_relaxation(struct q2_cuda_device *device, struct q2_cuda_queue *queue,
                             const struct q2_wave_request *request) {
  int64_t slots = 0;
  for (int b = 0; b < request->batch_count; b++) {
    if (request->batches[b].moving) slots = larger(slots, request->slots[b]);
  }
  if (slots == 0) return 0;
  queue->relaxation = q2_cuda_allocate_pinned(device, slots * (int64_t)sizeof *queue->relaxation);
  return queue->relaxation ? 0 : -1;
}

static int create_arrays(struct q2_cuda_device *device, struct q2_cuda_queue *queue, const struct q2_wave_request *request,
                         struct q2_wave *wave, int64_t *bytes) {
  const int64_t *element = q2_cuda_kernels(request->single)->array_element;
#define CREATE(FIELD, ELEMENTS)                                                                                                \
  {                                                                                                                            \
    int64_t size = 0;                                                                                                          \
    for (int b = 0; b < request->batch_count && q2_wave_wants(request, Q2_WAVE_##FIELD); b++) {                                \
      const struct q2_batch *batch = &request->batches[b];                                                                     \
      if (batch->molecules > 0) size = larger(size, request->slots[b] * (ELEMENTS)*element[Q2_WAVE_##FIELD]);                  \
    }                                                                                                                          \
    wave->FIELD = q2_cuda_allocate(device, size);                                                                              \
    if (size > 0 && !wave->FIELD) return -1;                                                                                   \
    if (!request->single) queue->array_bytes[Q2_WAVE_##FIELD] = size; /* of what the host can see */                           \
    *bytes += size;                                                                                                            \
  }
  Q2_WAVE_ARRAYS(CREATE)
#undef CREATE
  return 0;
}

/* Puts a new queue into the wave. */
static int create_queue(struct q2_cuda_device *device, const struct q2_wave_request *request, struct q2_wave *wave,
                        int64_t *bytes) {
  struct q2_cuda_queue *queue = q2_cuda_allocate_here(device, 1, sizeof *queue);
  if (!queue) return -1;
  *queue = (struct q2_cuda_queue){.device = device, .next = device->queues, .open = Q2_TIMED_NONE, .recordings.current = -1};
  device->queues = queue;
  wave->queue = queue;
  if (Q2_CUDA(device, cudaStreamCreateWithFlags(&queue->stream, cudaStreamNonBlocking)) != 0 ||
      Q2_CUDA(device, cudaEventCreateWithFlags(&queue->done, cudaEventDisableTiming)) != 0 ||
      create_blas(device, queue, bytes) != 0)
    return -1;
  return create_relaxation(device, queue, request);
}

int q2_cuda_wave_create(const struct q2_backend *backend, const struct q2_wave_request *request, struct q2_wave *wave,
                        int64_t *bytes) {
  struct q2_cuda_device *device = backend->device;
  int64_t total = 0;
  memset(wave, 0, sizeof *wave);
  if (device->failed) return -1;
  wave->single = request->single;
  wave->padded = request->padded;
  if (!request->padded) q2_cuda_fail(device, "a wave of the CUDA backend must be padded");
  if (request->single) wave->queue = request->beside->queue;
  if ((!request->single && create_queue(device, request, wave, &total) != 0) ||
      create_eigen(device, wave->queue, request, &total) != 0 ||
      create_arrays(device, wave->queue, request, wave, &total) != 0) {
    q2_cuda_wave_destroy(backend, wave);
    return -1;
  }
  device->shortage[0] = 0;
  *bytes += total;
  return 0;
}

/* --- what the host sees --- */

int q2_cuda_relaxing(const struct q2_batch *batch, const struct q2_wave *wave) {
  struct q2_cuda_queue *queue = q2_cuda_enter(wave);
  (void)batch;
  if (!queue || wave->count <= 0) return 0;
  q2_cuda_refuse_recording(queue);
  if (Q2_CUDA(queue->device,
              cudaMemcpyAsync(queue->relaxation, wave->relaxation + wave->first,
                              (size_t)wave->count * sizeof *queue->relaxation, cudaMemcpyDeviceToHost, queue->stream)) != 0 ||
      Q2_CUDA(queue->device, cudaStreamSynchronize(queue->stream)) != 0)
    return 0;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    if (queue->relaxation[slot] == Q2_RELAX_RUNNING) return 1;
  }
  return 0;
}

/* Begins to copy an array into its mirror, which it returns. */
static void *reflect(struct q2_cuda_queue *queue, enum q2_wave_array array, const void *there, int64_t bytes) {
  struct q2_cuda_device *device = queue->device;
  if (bytes == 0 || device->failed) return NULL;
  if (!queue->mirror[array]) queue->mirror[array] = q2_cuda_allocate_here(device, 1, (size_t)queue->array_bytes[array]);
  if (!queue->mirror[array]) {
    q2_cuda_fail(device, "%s", device->shortage);
    return NULL;
  }
  (void)Q2_CUDA(device, cudaMemcpyAsync(queue->mirror[array], there, (size_t)bytes, cudaMemcpyDeviceToHost, queue->stream));
  return queue->mirror[array];
}

int q2_cuda_see(const struct q2_batch *batch, const struct q2_wave *wave, int what, struct q2_wave *seen) {
  *seen = *wave;
  struct q2_cuda_queue *queue = q2_cuda_enter(wave);
  if (!queue) return -1;
  q2_cuda_refuse_recording(queue);
#define SEE(FIELD, ELEMENTS)                                                                                                   \
  if (q2_seen_with[Q2_WAVE_##FIELD] & what)                                                                                    \
    seen->FIELD = reflect(queue, Q2_WAVE_##FIELD, wave->FIELD, wave->count * (ELEMENTS) * (int64_t)sizeof *wave->FIELD);
  Q2_WAVE_ARRAYS(SEE)
#undef SEE
  return Q2_CUDA(queue->device, cudaStreamSynchronize(queue->stream));
}

/* --- stages --- */

static const char *const stage_name[Q2_TIMED_COUNT] = {"terms",       "hessian",   "project",    "eigen",
                                                       "observables", "cotangent", "parameters", "relax"};

/* Shows profilers which stage the host is queueing. */
static void show_stage(struct q2_cuda_queue *queue, enum q2_timed stage) {
  if (queue->open != Q2_TIMED_NONE) nvtxRangePop();
  queue->open = stage;
  if (stage != Q2_TIMED_NONE) nvtxRangePushA(stage_name[stage]);
}

/* Room for one more mark, with its event. */
static struct q2_cuda_mark *next_mark(struct q2_cuda_queue *queue) {
  struct q2_cuda_device *device = queue->device;
  if (queue->mark_count == queue->mark_room) {
    const int room = queue->mark_room > 0 ? 2 * queue->mark_room : 16;
    struct q2_cuda_mark *mark = realloc(queue->mark, (size_t)room * sizeof *mark);
    if (!mark) {
      q2_cuda_fail(device, "out of memory: %d events of stages", room);
      return NULL;
    }
    memset(mark + queue->mark_room, 0, (size_t)(room - queue->mark_room) * sizeof *mark);
    queue->mark = mark;
    queue->mark_room = room;
  }
  struct q2_cuda_mark *mark = &queue->mark[queue->mark_count];
  if (!mark->event && Q2_CUDA(device, cudaEventCreateWithFlags(&mark->event, cudaEventDefault)) != 0) return NULL;
  return mark;
}

void q2_cuda_mark(const struct q2_wave *wave, enum q2_timed stage) {
  struct q2_cuda_queue *queue = wave->queue;
  show_stage(queue, stage);
  if (!q2_cuda_enter(wave) || !queue->device->timing || queue->recordings.capturing) return;
  struct q2_cuda_mark *mark = next_mark(queue);
  if (!mark || Q2_CUDA(queue->device, cudaEventRecord(mark->event, queue->stream)) != 0) return;
  mark->stage = stage;
  queue->mark_count++;
}

void q2_cuda_settle(struct q2_cuda_queue *queue) {
  for (int k = 0; k + 1 < queue->mark_count; k++) {
    float milliseconds = 0;
    if (queue->mark[k].stage == Q2_TIMED_NONE) continue;
    if (Q2_CUDA(queue->device, cudaEventElapsedTime(&milliseconds, queue->mark[k].event, queue->mark[k + 1].event)) != 0) break;
    queue->seconds[queue->mark[k].stage] += 1e-3 * (double)milliseconds;
  }
  queue->mark_count = 0;
}

void q2_cuda_seconds(const struct q2_wave *wave, double *sum, int reset) {
  struct q2_cuda_queue *queue = wave->queue;
  if (queue->mark_count > 0 && Q2_CUDA(queue->device, cudaStreamSynchronize(queue->stream)) == 0) q2_cuda_settle(queue);
  for (int s = 0; s < Q2_TIMED_COUNT; s++) {
    sum[s] += queue->seconds[s];
    if (reset) queue->seconds[s] = 0;
  }
}
