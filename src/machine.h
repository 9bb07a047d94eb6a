/* What this run runs on: ranks, threads, backend, and the BLAS library, whose choice of kernels decides both speed and bits. */
#ifndef Q2_MACHINE_H
#define Q2_MACHINE_H

#include <mpi.h>

#include "../io/error.h"
#include "backends.h"
#include "options.h"
#include "print.h"

struct q2_machine {
  int ranks, nodes, ranks_on_node; /* the latter: on this rank's node */
  int threads;                     /* of each rank, >= 1; the smallest that any rank would choose */
  char backend[16];                /* "cpu" or "cuda" */
  char backend_reason[256];        /* why that one */
  char devices[4096];              /* which rank owns which device, lines separated by newlines; "" on the CPU */
  char gpu[64];                    /* the model of this rank's device, "none" on the CPU */
  char cuda[32];                   /* CUDA's runtime, for example "12.6", "none" on the CPU */
  char blas[128];                  /* library and version, for example "OpenBLAS 0.3.21" */
  char blas_kernel[64];            /* what the library chose for this CPU, "unknown" where it does not say */
  char blas_path[256];             /* the shared object that dgemm comes from */
  char cpu[64];                    /* "x86-64 with AVX-512", ... */
  const char *export_line;         /* what to put into the environment when the kernels are older than the CPU, or NULL */
  int kernels_differ;              /* not all ranks have rank 0's library, kernel and CPU level: bits may differ */
};

/* Finds out about the machine, chooses threads (options->threads, or the cores that a rank may use, shared fairly on a node),
 * and sets every BLAS library in the process to one thread: each matrix is one thread's. Collective. */
int q2_machine_inspect(MPI_Comm comm, const struct q2_options *options, struct q2_machine *machine, struct q2_error *error);

/* Enters what computes. Local. */
void q2_machine_take_backend(struct q2_machine *machine, const struct q2_backends *backends);

/* The first lines of output, and the warnings about BLAS. */
void q2_machine_print(struct q2_printer *printer, const struct q2_machine *machine);

/* One line for each library: q2hpc, PETSc, HDF5, MPI, BLAS. */
void q2_machine_versions(struct q2_printer *printer);

/* q2hpc's version, for example "0.1.0". Static storage. */
const char *q2_version(void);

#endif
