/* The versions of q2hpc and of the libraries it runs with. */
#include <hdf5.h>
#include <petscsys.h>
#include <string.h>

#include "blas_library.h"
#include "machine.h"

#ifndef Q2HPC_VERSION /* CMake defines it */
#define Q2HPC_VERSION "unknown"
#endif

const char *q2_version(void) { return Q2HPC_VERSION; }

void q2_machine_versions(struct q2_printer *printer) {
  char petsc[256] = "", mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "", blas[128], kernel[64], path[256];
  unsigned major = 0, minor = 0, release = 0;
  int length;
  PetscGetVersion(petsc, sizeof petsc);
  H5get_libversion(&major, &minor, &release);
  MPI_Get_library_version(mpi, &length);
  /* Open MPI adds its configuration, MPICH several lines. */
  mpi[strcspn(mpi, ",\n")] = '\0';
  q2_blas_describe(blas, sizeof blas, kernel, sizeof kernel, path, sizeof path);
  q2_print_answer(printer, "q2hpc %s\n", q2_version());
  q2_print_answer(printer, "PETSc %s\n", strncmp(petsc, "Petsc Release Version ", 22) == 0 ? petsc + 22 : petsc);
  q2_print_answer(printer, "HDF5  %u.%u.%u\n", major, minor, release);
  q2_print_answer(printer, "MPI   %s\n", mpi);
  q2_print_answer(printer, "BLAS  %s, kernels %s, %s\n", blas, kernel, path);
}
