/* What the CUDA module (libq2hpc_cuda.so) offers: the one symbol that it exports, q2_cuda_module. Whoever opens the module
 * needs none of CUDA's headers. One thread makes all calls. */
#ifndef Q2_CUDA_MODULE_H
#define Q2_CUDA_MODULE_H

#include "backend.h"
#include "device_calls.h"
#include "device_kernels.h"

/* A device that CUDA shows this process. */
struct q2_cuda_found {
  unsigned char uuid[16];
  char name[256];
  int64_t total;    /* bytes of its memory */
  int major, minor; /* compute capability */
};

/* cuSOLVER's symmetric eigen-solvers. */
enum q2_cuda_solver {
  Q2_CUDA_BATCHED,    /* XsyevBatched: all matrices of a chunk at once */
  Q2_CUDA_JACOBI,     /* syevjBatched: the same by Jacobi's method */
  Q2_CUDA_ONE_BY_ONE, /* Xsyevd for each matrix */
  Q2_CUDA_SOLVER_COUNT
};

/* From this order and this number of matrices on, `solver` is used. */
struct q2_cuda_rule {
  int order, batch;
  enum q2_cuda_solver solver;
};

/* AUTO: graphs, but not while stages are timed. ON: then, too; the time of what is repeated belongs to no stage. */
enum q2_cuda_graphs { Q2_CUDA_GRAPHS_AUTO, Q2_CUDA_GRAPHS_ON, Q2_CUDA_GRAPHS_OFF };

struct q2_cuda_options {
  int device;                      /* as `devices` counts */
  int queues;                      /* waves in flight; 0: 4 */
  enum q2_cuda_graphs graphs;      /* whether what is queued again and again is recorded */
  const struct q2_cuda_rule *rule; /* the last one that holds decides; NULL: Jacobi below order 32, else batched. Copied */
  int rule_count;
};

struct q2_cuda_module {
  const struct q2_device_kernels *float64, *float32;

  /* The devices that this process sees, the first `room` of them into found[]. Returns how many there are; 0 with a text in
   * `error` where CUDA says why it finds none. Opens none of them. */
  int (*devices)(struct q2_cuda_found *found, int room, char *error, size_t size);

  /* The version of CUDA's runtime, 1000 major + 10 minor; 0 where it does not say. */
  int (*runtime)(void);

  /* Opens a device for this thread. Waves must be created with `padded` set. 0, or -1 with a text in `error` (then nothing is
   * held). Release with close, after all waves and memory. */
  int (*open)(const struct q2_cuda_options *options, struct q2_backend *backend, char *error, size_t size);
  void (*close)(struct q2_backend *backend);

  /* Bytes of the device's memory that nobody uses, and all of it. 0, or -1 after an error. */
  int (*memory)(const struct q2_backend *backend, int64_t *free, int64_t *total);

  /* The stream (a cudaStream_t) that what concerns all waves is queued in: parameters, joins, sums over ranks. */
  void *(*stream)(const struct q2_backend *backend);

  /* Calls on that stream; their context is backend->device. */
  struct q2_device_calls calls;

  /* seconds[q2_cuda_solver]: how long each takes for `batch` matrices of order `order` with eigenvectors, the shortest of three
   * tries, by the device's clock. Random symmetric matrices. */
  int (*tune)(const struct q2_backend *backend, int order, int batch, double seconds[Q2_CUDA_SOLVER_COUNT]);
};

#define Q2_CUDA_MODULE_SYMBOL "q2_cuda_module"
extern __attribute__((visibility("default"))) const struct q2_cuda_module q2_cuda_module;

#endif
