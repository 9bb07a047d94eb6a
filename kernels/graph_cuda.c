/* Recordings: what a wave's queue is given again and again becomes a CUDA graph, which takes one call of the host. The first
 * time a program is given it is watched: whatever a library makes at its first call is made then, and what waits for data is
 * refused. The second time it is captured and launched, and from then on only launched.
 *
 * NVIDIA does not say which calls of cuSOLVER can be captured. Each plan of a solver is tried once, while a program is watched.
 * Where that fails a recording has parts: graph, solver, graph. */
#include "backend_cuda.h"

#include <stdlib.h>
#include <string.h>

static struct q2_cuda_recording *current(struct q2_cuda_queue *queue) {
  struct q2_cuda_recordings *recordings = &queue->recordings;
  return recordings->current < 0 ? NULL : &recordings->recording[recordings->current];
}

static void clear_steps(struct q2_cuda_recording *recording) {
  for (int s = 0; s < recording->step_count; s++) {
    if (recording->step[s].graph) (void)cudaGraphExecDestroy(recording->step[s].graph);
  }
  free(recording->step);
  recording->step = NULL;
  recording->step_count = 0;
}

static int add_step(struct q2_cuda_queue *queue, struct q2_cuda_step step) {
  struct q2_cuda_recording *recording = current(queue);
  struct q2_cuda_step *steps = realloc(recording->step, (size_t)(recording->step_count + 1) * sizeof *steps);
  if (!steps) {
    if (step.graph) (void)cudaGraphExecDestroy(step.graph);
    q2_cuda_fail(queue->device, "out of memory: %d parts of a recording", recording->step_count + 1);
    return -1;
  }
  recording->step = steps;
  steps[recording->step_count++] = step;
  return 0;
}

static int launch_step(struct q2_cuda_queue *queue, const struct q2_cuda_step *step) {
  return step->graph ? Q2_CUDA(queue->device, cudaGraphLaunch(step->graph, queue->stream))
                     : Q2_CUDA(queue->device, q2_cuda_eigen_solve(&queue->eigen, &step->solution));
}

/* --- parts --- */

static void begin_part(struct q2_cuda_queue *queue) {
  queue->recordings.capturing =
      Q2_CUDA(queue->device, cudaStreamBeginCapture(queue->stream, cudaStreamCaptureModeThreadLocal)) == 0;
}

/* Drops what is being captured. */
static void abandon_part(struct q2_cuda_queue *queue) {
  cudaGraph_t graph = NULL;
  if (!queue->recordings.capturing) return;
  queue->recordings.capturing = 0;
  if (cudaStreamEndCapture(queue->stream, &graph) == cudaSuccess && graph) (void)cudaGraphDestroy(graph);
}

/* Ends the capture, and launches what was captured. */
static void end_part(struct q2_cuda_queue *queue) {
  struct q2_cuda_device *device = queue->device;
  struct q2_cuda_step step = {0};
  cudaGraph_t graph = NULL;
  size_t nodes = 0;
  if (!queue->recordings.capturing) return;
  if (device->failed) {
    abandon_part(queue);
    return;
  }
  queue->recordings.capturing = 0;
  if (Q2_CUDA(device, cudaStreamEndCapture(queue->stream, &graph)) != 0) return;
  if (Q2_CUDA(device, cudaGraphGetNodes(graph, NULL, &nodes)) == 0 && nodes > 0 &&
      Q2_CUDA(device, cudaGraphInstantiate(&step.graph, graph, 0)) == 0 && add_step(queue, step) == 0)
    (void)launch_step(queue, &step);
  (void)cudaGraphDestroy(graph);
}

/* --- solvers --- */

/* Finds out whether a solver's call, which has just been made, can be captured. What is captured is dropped. */
static void try_capture(struct q2_cuda_queue *queue, const struct q2_cuda_solution *solution) {
  enum cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  cudaGraph_t graph = NULL;
  begin_part(queue);
  if (!queue->recordings.capturing) return;
  queue->recordings.capturing = 0;
  const cusolverStatus_t solved = q2_cuda_eigen_solve(&queue->eigen, solution);
  const cudaError_t asked = cudaStreamIsCapturing(queue->stream, &capture), ended = cudaStreamEndCapture(queue->stream, &graph);
  const int captured = solved == CUSOLVER_STATUS_SUCCESS && asked == cudaSuccess && ended == cudaSuccess && graph &&
                       capture == cudaStreamCaptureStatusActive;
  if (graph) (void)cudaGraphDestroy(graph);
  if (!captured) (void)cudaGetLastError(); /* a refused capture is no error that stays */
  solution->plan->capturable = captured ? 1 : -1;
}

void q2_cuda_put_solution(struct q2_cuda_queue *queue, const struct q2_cuda_solution *solution) {
  if (queue->device->failed) return;
  const struct q2_cuda_step step = {NULL, *solution};
  const int apart = queue->recordings.capturing && solution->plan->capturable <= 0;
  if (apart) end_part(queue);
  if (launch_step(queue, &step) != 0) return;
  if (apart && add_step(queue, step) == 0) begin_part(queue);
  if (current(queue) && !queue->recordings.capturing && solution->plan->capturable == 0) try_capture(queue, solution);
}

/* --- programs --- */

static int may_record(const struct q2_cuda_queue *queue, const struct q2_wave *wave, int64_t program) {
  const struct q2_cuda_device *device = queue->device;
  return program >= 0 && wave->count > 0 && !wave->retry && device->graphs != Q2_CUDA_GRAPHS_OFF &&
         (device->graphs == Q2_CUDA_GRAPHS_ON || !device->timing);
}

/* The number of the program's recording, a new one if it has none; -1 when memory runs out. */
static int find_recording(struct q2_cuda_recordings *recordings, int64_t program, int *known) {
  *known = 1;
  for (int r = 0; r < recordings->count; r++) {
    if (recordings->recording[r].program == program) return r;
  }
  *known = 0;
  struct q2_cuda_recording *recording = realloc(recordings->recording, (size_t)(recordings->count + 1) * sizeof *recording);
  if (!recording) return -1;
  recordings->recording = recording;
  recording[recordings->count] = (struct q2_cuda_recording){.program = program, .state = Q2_CUDA_WATCHED};
  return recordings->count++;
}

int q2_cuda_replay(const struct q2_wave *wave, int64_t program) {
  struct q2_cuda_queue *queue = q2_cuda_enter(wave);
  int known;
  if (!queue) return 1;
  queue->recordings.current = -1;
  if (!may_record(queue, wave, program)) return 0;
  const int r = find_recording(&queue->recordings, program, &known);
  if (r < 0) return 0;
  const struct q2_cuda_recording *recording = &queue->recordings.recording[r];
  if (recording->state == Q2_CUDA_CAPTURED) {
    for (int s = 0; s < recording->step_count; s++)
      (void)launch_step(queue, &recording->step[s]);
    return 1;
  }
  if (recording->state == Q2_CUDA_REFUSED) return 0;
  queue->recordings.current = r;
  if (known) begin_part(queue);
  return 0;
}

void q2_cuda_recorded(const struct q2_wave *wave) {
  struct q2_cuda_queue *queue = wave->queue;
  struct q2_cuda_recording *recording = current(queue);
  if (recording && queue->recordings.capturing) {
    end_part(queue);
    if (!queue->device->failed) recording->state = Q2_CUDA_CAPTURED;
  }
  queue->recordings.current = -1;
}

void q2_cuda_refuse_recording(struct q2_cuda_queue *queue) {
  struct q2_cuda_recording *recording = current(queue);
  if (!recording) return;
  end_part(queue);
  if (queue->device->failed) return;
  recording->state = Q2_CUDA_REFUSED;
  queue->recordings.current = -1;
  if (recording->step_count > 0) (void)Q2_CUDA(queue->device, cudaStreamSynchronize(queue->stream)); /* it still runs */
  clear_steps(recording);
}

void q2_cuda_recordings_destroy(struct q2_cuda_queue *queue) {
  struct q2_cuda_recordings *recordings = &queue->recordings;
  abandon_part(queue);
  if (queue->stream) (void)cudaStreamSynchronize(queue->stream);
  for (int r = 0; r < recordings->count; r++)
    clear_steps(&recordings->recording[r]);
  free(recordings->recording);
}
