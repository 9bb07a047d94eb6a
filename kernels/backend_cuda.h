/* What the parts of the CUDA backend share: a device, the queue that belongs to a wave, and how calls are checked. The module's
 * own; cuda_module.h is for others. */
#ifndef Q2_BACKEND_CUDA_H
#define Q2_BACKEND_CUDA_H

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cusolverDn.h>

#include "cuda_module.h"
#include "wave_arrays.h"

/* --- a device --- */

struct q2_cuda_device {
  int index;
  char name[256];
  int64_t blas_bytes; /* cuBLAS's work space in each wave */
  enum q2_cuda_graphs graphs;
  struct q2_cuda_rule *rule;
  int rule_count;
  int timing;

  /* `main` does what concerns all waves. What it has done last, and queues have to wait for, is the event `turn`, counted in
   * `turns`. */
  cudaStream_t main;
  cudaEvent_t turn;
  int64_t turns;
  struct q2_cuda_queue *queues; /* of all waves */

  void *staging; /* pinned: what `begin` copies; grows */
  int64_t staging_bytes;

  int failed;         /* after the first error nothing is done any more */
  char text[1024];    /* that error */
  char shortage[512]; /* why memory was not there when it was asked for last, or "" */
};

/* --- checked calls: 0, or -1 if the call failed or anything did before; then the call is not made --- */

int q2_cuda_check_runtime(struct q2_cuda_device *device, cudaError_t status, const char *call, const char *file, int line);
int q2_cuda_check_blas(struct q2_cuda_device *device, cublasStatus_t status, const char *call, const char *file, int line);
int q2_cuda_check_solver(struct q2_cuda_device *device, cusolverStatus_t status, const char *call, const char *file, int line);

#define Q2_CUDA(DEVICE, CALL)                                                                                                  \
  ((DEVICE)->failed ? -1                                                                                                       \
                    : _Generic((CALL), cudaError_t                                                                             \
                               : q2_cuda_check_runtime, cublasStatus_t                                                         \
                               : q2_cuda_check_blas, cusolverStatus_t                                                          \
                               : q2_cuda_check_solver)((DEVICE), (CALL), #CALL, __FILE__, __LINE__))

/* Keeps a text as the first error. */
void q2_cuda_fail(struct q2_cuda_device *device, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Memory of the device, zeroed; NULL when it runs out (`shortage` says so) or for 0 bytes. */
void *q2_cuda_allocate(struct q2_cuda_device *device, int64_t bytes);
/* Pinned memory of the host, not zeroed. */
void *q2_cuda_allocate_pinned(struct q2_cuda_device *device, int64_t bytes);
/* The host's own, zeroed. */
void *q2_cuda_allocate_here(struct q2_cuda_device *device, size_t count, size_t size);

/* The kernels of a wave's precision. */
static inline const struct q2_device_kernels *q2_cuda_kernels(int single) {
  return single ? &q2_device_kernels_f32 : &q2_device_kernels_f64;
}

/* Bytes of a number of a wave's precision. */
static inline size_t q2_cuda_real_bytes(int single) { return single ? sizeof(float) : sizeof(double); }

/* `main` waits for all that the queues were given; then all queues wait for what `main` was given. */
int q2_cuda_join_queues(struct q2_cuda_device *device);
int q2_cuda_next_turn(struct q2_cuda_device *device);

/* --- eigen-decomposition (eigen_cuda.c) --- */

/* What a solver needs for `batch` matrices of order `order`, of float32 if `single` is set. */
struct q2_cuda_plan {
  enum q2_cuda_solver solver;
  int single, order, ld, batch, vectors;
  size_t device_bytes, host_bytes;
  int capturable; /* 1 yes, 0 not known yet, -1 no */
};

struct q2_cuda_eigen {
  cusolverDnHandle_t handle;
  cusolverDnParams_t parameters;
  syevjInfo_t jacobi;
  struct q2_cuda_plan *plan;
  int plan_count;
  void *device_work, *host_work;
  size_t device_bytes, host_bytes;
};

/* A call of a solver: the matrices' order times ld apart, the eigenvalues order apart. */
struct q2_cuda_solution {
  struct q2_cuda_plan *plan;
  void *matrix, *value; /* of the plan's precision */
  int32_t *info;
};

int q2_cuda_eigen_create(struct q2_cuda_device *device, cudaStream_t stream, struct q2_cuda_eigen *eigen);
/* Plans every call that decompositions of a batch make in a precision. */
int q2_cuda_eigen_plan(struct q2_cuda_device *device, struct q2_cuda_eigen *eigen, const struct q2_batch *batch, int single);
/* Allocates the work space of all plans, or enlarges it. bytes: incremented. */
int q2_cuda_eigen_allocate(struct q2_cuda_device *device, struct q2_cuda_eigen *eigen, int64_t *bytes);
void q2_cuda_eigen_destroy(struct q2_cuda_eigen *eigen);
cusolverStatus_t q2_cuda_eigen_solve(const struct q2_cuda_eigen *eigen, const struct q2_cuda_solution *solution);
void q2_cuda_decompose(const struct q2_batch *batch, const struct q2_wave *wave, int vectors);
int q2_cuda_tune(const struct q2_backend *backend, int order, int batch, double seconds[Q2_CUDA_SOLVER_COUNT]);

/* --- recordings (graph_cuda.c) --- */

/* A part of a recording: a graph, or a solver's call that no graph can hold. */
struct q2_cuda_step {
  cudaGraphExec_t graph; /* NULL: the solver */
  struct q2_cuda_solution solution;
};

enum q2_cuda_recorded { Q2_CUDA_WATCHED, Q2_CUDA_CAPTURED, Q2_CUDA_REFUSED };

/* What is known of a program. */
struct q2_cuda_recording {
  int64_t program;
  enum q2_cuda_recorded state; /* WATCHED: given once, and nothing seen that speaks against a graph. REFUSED: something did */
  struct q2_cuda_step *step;
  int step_count;
};

struct q2_cuda_recordings {
  struct q2_cuda_recording *recording;
  int count;
  int current;   /* the one that is being watched or captured, -1: none */
  int capturing; /* the stream is */
};

int q2_cuda_replay(const struct q2_wave *wave, int64_t program);
void q2_cuda_recorded(const struct q2_wave *wave);
/* What is being recorded depends on data: it must be given anew each time. */
void q2_cuda_refuse_recording(struct q2_cuda_queue *queue);
/* Puts a solver's call into the queue, or into what is being captured there. */
void q2_cuda_put_solution(struct q2_cuda_queue *queue, const struct q2_cuda_solution *solution);
void q2_cuda_recordings_destroy(struct q2_cuda_queue *queue);

/* --- the queue of a wave (wave_cuda.c) --- */

struct q2_cuda_mark {
  enum q2_timed stage;
  cudaEvent_t event;
};

/* A wave of float32 has the one of the wave that it works beside. */
struct q2_cuda_queue {
  struct q2_cuda_device *device;
  struct q2_cuda_queue *next;
  cudaStream_t stream;
  cudaEvent_t done;
  int pending;  /* was given work that `main` has not waited for */
  int64_t turn; /* the last one that the stream waits for */
  cublasHandle_t blas;
  void *blas_work;
  struct q2_cuda_eigen eigen;
  struct q2_cuda_recordings recordings;

  int32_t *relaxation; /* pinned: [largest number of slots] of moving batches */

  int64_t array_bytes[Q2_WAVE_ARRAY_COUNT];
  void *mirror[Q2_WAVE_ARRAY_COUNT]; /* the host's copies, made when they are first asked for */

  /* Stages: their begins since the last time that they were added up; events are used again. */
  enum q2_timed open; /* the stage whose range NVTX shows */
  struct q2_cuda_mark *mark;
  int mark_count, mark_room;
  double seconds[Q2_TIMED_COUNT];
};

/* The wave's queue, which then waits for its turn; NULL after an error. */
struct q2_cuda_queue *q2_cuda_enter(const struct q2_wave *wave);

int q2_cuda_wave_create(const struct q2_backend *backend, const struct q2_wave_request *request, struct q2_wave *wave,
                        int64_t *bytes);
void q2_cuda_wave_destroy(const struct q2_backend *backend, struct q2_wave *wave);
int q2_cuda_relaxing(const struct q2_batch *batch, const struct q2_wave *wave);
int q2_cuda_see(const struct q2_batch *batch, const struct q2_wave *wave, int what, struct q2_wave *seen);
void q2_cuda_mark(const struct q2_wave *wave, enum q2_timed stage);
void q2_cuda_seconds(const struct q2_wave *wave, double *seconds, int reset);
/* Adds up the stages of a queue whose work is done. */
void q2_cuda_settle(struct q2_cuda_queue *queue);

/* --- the work (work_cuda.c) --- */

/* Chunk c of the batch lies in the wave: its first slot and number of molecules. Returns 0 after the last one. */
struct q2_cuda_chunk {
  int64_t slot;
  int count;
};
int q2_cuda_chunk(const struct q2_batch *batch, const struct q2_wave *wave, int64_t number, struct q2_cuda_chunk *chunk);

void q2_cuda_run(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave);
void q2_cuda_multiply(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave);
void q2_cuda_convert(const struct q2_wave *wave, const void *from, void *to, int64_t count, int to_single);
void q2_cuda_collect(const struct q2_batch *batch, const struct q2_wave *wave, int gradient, int normal);

#endif
