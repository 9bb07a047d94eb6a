/* What computes: the CPU, or the device that each rank owns. The CUDA backend lies in a module (libq2hpc_cuda.so) that is
 * opened only where it is wanted, so that the program runs, and starts at once, where CUDA is absent. */
#ifndef Q2_BACKENDS_H
#define Q2_BACKENDS_H

#include <mpi.h>

#include "../io/error.h"
#include "../kernels/cuda_module.h"
#include "devices.h"
#include "rank_sum.h"

struct q2_backend_wish {
  const char *name;    /* "auto", "cpu" or "cuda" */
  const char *solvers; /* a table of eigen-solvers (solver_table.h), "" for the default */
  double nccl_timeout; /* seconds; 0: Q2_DEVICE_SUM_TIMEOUT */
};

struct q2_backends {
  const struct q2_backend *backend; /* what computes; never NULL after success */
  struct q2_rank_sum *sum;          /* sums over the ranks in the backend's memory */
  char reason[256];                 /* why that backend */
  int64_t memory;                   /* bytes of the device that this rank may use; 0 on the CPU */

  /* with a device */
  struct q2_device_choice device;
  const struct q2_cuda_module *cuda; /* NULL on the CPU */
  struct q2_backend opened;
  void *library;
};

/* Chooses: `cuda` fails where a rank has no device, and says what is missing; `auto` then takes the CPU on all ranks.
 * Collective; fails on every rank or on none. Release with q2_backends_close, after a failure, too. */
int q2_backends_open(MPI_Comm comm, const struct q2_backend_wish *wish, struct q2_backends *backends, struct q2_error *error);

/* Collective. After everything that used the backend has been released. */
void q2_backends_close(struct q2_backends *backends);

#endif
