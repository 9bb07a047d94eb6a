/* Eigen-decompositions of batches of symmetric matrices in device memory, by LAPACK, with variants and faults on demand. */
#ifndef Q2_SIMULATED_EIGEN_H
#define Q2_SIMULATED_EIGEN_H

#include <stddef.h>
#include <stdint.h>

enum eigen_kind { EIGEN_XSYEVD, EIGEN_XSYEV_BATCHED, EIGEN_SYEVJ_BATCHED };

struct eigen_batch {
  enum eigen_kind kind;
  const char *name; /* of the function that asked for it */
  int vectors;      /* 1: they replace the matrices; 0: the matrices become NaN */
  char triangle;    /* 'L' or 'U': the one that is read */
  size_t size;      /* bytes of a real: 8 or 4 */
  int64_t n, ld, count;
  void *matrices; /* [count][n][ld] on the device, like all that follows */
  void *values;   /* [count][n], ascending */
  int *info;      /* [count]: 0, or what the real function says of a matrix that it could not decompose */
  void *workspace;
  size_t workspace_bytes;
};

/* Decomposes the batch. Q2SIM_EIGENBASIS=other: another eigenbasis, as valid. Faults, each of the N-th batch and there of
 * matrix M (default 0): info:N:M              the batched solvers report info != 0 and leave the matrix in place of vectors,
 * its diagonal in that of the values infoXsyevd:N          the same of Xsyevd unconverged:N:M       syevjBatched gives up:
 * orthogonal columns, the diagonal they make, info = n + 1 unconvergedSilent:N:M the same with info = 0 */
void decompose_eigen_batch(const struct eigen_batch *batch);

#endif
