/* Rigid motions, and the vibrations without them. */
#include "rigid.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/constants.h"
#include "../io/memory.h"
#include "../kernels/portable.h"

enum { RIGID = 6 };

struct inertia {
  double centre[3];
  double moment[3];  /* ascending, amu angstrom^2 */
  double axis[3][3]; /* axis[a]: the principal axis of moment a */
};

static int principal_axes(int atoms, const double *mass, const double *position, struct inertia *inertia) {
  double total = 0;
  memset(inertia, 0, sizeof *inertia);
  for (int i = 0; i < atoms; i++) {
    total += mass[i];
    for (int k = 0; k < 3; k++)
      inertia->centre[k] += mass[i] * position[3 * i + k];
  }
  for (int k = 0; k < 3; k++)
    inertia->centre[k] /= total;
  double *tensor = inertia->axis[0];
  for (int i = 0; i < atoms; i++) {
    double r[3];
    for (int k = 0; k < 3; k++)
      r[k] = position[3 * i + k] - inertia->centre[k];
    const double r2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
    for (int a = 0; a < 3; a++) {
      for (int b = 0; b < 3; b++)
        tensor[3 * a + b] += mass[i] * ((a == b ? r2 : 0) - r[a] * r[b]);
    }
  }
  double work[102];
  lapack_int integers[18];
  return LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'L', 3, tensor, 3, inertia->moment, work, 102, integers, 18) == 0 ? 0 : -1;
}

static int count(const struct inertia *inertia, int atoms) {
  if (atoms == 1) return 3;
  return inertia->moment[0] < Q2_LINEAR * inertia->moment[2] ? 5 : 6;
}

int q2_rigid_count(int atoms, const double *mass, const double *position) {
  struct inertia inertia;
  if (principal_axes(atoms, mass, position, &inertia) != 0) return -1;
  return count(&inertia, atoms);
}

/* The orthonormal basis, column-major [n][ld]; the axis of a linear molecule, which comes first, is left out. */
static void rigid_basis(int atoms, const double *mass, const double *position, const struct inertia *inertia, int columns,
                        int ld, double *basis) {
  double total = 0;
  for (int i = 0; i < atoms; i++)
    total += mass[i];
  for (int i = 0; i < atoms; i++) {
    const double root = sqrt(mass[i]);
    double r[3];
    for (int k = 0; k < 3; k++) {
      basis[k * ld + 3 * i + k] = root / sqrt(total);
      r[k] = position[3 * i + k] - inertia->centre[k];
    }
    for (int column = 3; column < columns; column++) {
      const int a = column + 3 - columns;
      const double *e = inertia->axis[a], factor = root / sqrt(inertia->moment[a]);
      double *out = basis + column * ld + 3 * i;
      out[0] = factor * (e[1] * r[2] - e[2] * r[1]);
      out[1] = factor * (e[2] * r[0] - e[0] * r[2]);
      out[2] = factor * (e[0] * r[1] - e[1] * r[0]);
    }
  }
}

int q2_rigid_householder(int atoms, const double *mass, const double *position, int ld, double *y, double *c) {
  struct inertia inertia;
  double tau[RIGID], t[RIGID * RIGID] = {0}, work[64 * RIGID];
  const int n = 3 * atoms;
  memset(y, 0, sizeof *y * RIGID * (size_t)ld);
  memset(c, 0, sizeof *c * RIGID * (size_t)ld);
  if (principal_axes(atoms, mass, position, &inertia) != 0) return -1;
  const int columns = count(&inertia, atoms);
  rigid_basis(atoms, mass, position, &inertia, columns, ld, y);
  if (LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, n, columns, y, ld, tau, work, 64 * RIGID) != 0) return -1;
  for (int column = 0; column < columns; column++) { /* Y is unit lower trapezoidal */
    for (int row = 0; row < column; row++)
      y[column * ld + row] = 0;
    y[column * ld + column] = 1;
  }
  if (LAPACKE_dlarft_work(LAPACK_COL_MAJOR, 'F', 'C', n, columns, y, ld, tau, t, RIGID) != 0) return -1;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, columns, columns, 1, y, ld, t, RIGID, 0, c, ld);
  return columns;
}

/* Q' A Q = A - Y Z' - Z Y', Z = X - Y S / 2, X = A C, S = C' X; the lower triangle of A. */
static int project_out(int n, int ld, int columns, const double *y, const double *c, double *a) {
  double s[RIGID * RIGID];
  double *x = q2_allocate((int64_t)RIGID * ld, sizeof *x);
  if (!x) return -1;
  cblas_dsymm(CblasColMajor, CblasLeft, CblasLower, n, columns, 1, a, ld, c, ld, 0, x, ld);
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, columns, columns, n, 1, c, ld, x, ld, 0, s, RIGID);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, columns, columns, -0.5, y, ld, s, RIGID, 1, x, ld);
  cblas_dsyr2k(CblasColMajor, CblasLower, CblasNoTrans, n, columns, -1, y, ld, x, ld, 1, a, ld);
  free(x);
  return 0;
}

int q2_vibrational_matrix(int atoms, const double *mass, const double *position, const double *packed, int project, int ld,
                          double *matrix, int *skip) {
  const int n = 3 * atoms;
  *skip = 0;
  for (int row = 0; row < n; row++) {
    for (int column = 0; column <= row; column++, packed++) {
      matrix[(int64_t)column * ld + row] = *packed * Q2_HARTREE_PER_BOHR2 / sqrt(mass[row / 3] * mass[column / 3]);
    }
  }
  if (!project) return n;
  double *y = q2_allocate((int64_t)2 * RIGID * ld, sizeof *y);
  if (!y) return -1;
  *skip = q2_rigid_householder(atoms, mass, position, ld, y, y + RIGID * ld);
  const int status = *skip > 0 ? project_out(n, ld, *skip, y, y + RIGID * ld, matrix) : -1;
  free(y);
  return status == 0 ? n - *skip : -1;
}

/* Eigenvalues, and eigenvectors in place, of the lower triangle of a [n][ld]. With work space of our own, because that which
 * LAPACKE allocates is aligned by chance, and LAPACK's bits depend on it. */
static int eigen(char job, int n, double *a, int ld, double *eigenvalue) {
  double size;
  lapack_int count;
  if (LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', n, a, ld, eigenvalue, &size, -1, &count, -1) != 0) return -1;
  const lapack_int length = (lapack_int)size;
  double *work = q2_allocate(length, sizeof *work);
  lapack_int *integers = q2_allocate(count, sizeof *integers);
  lapack_int status = -1;
  if (work && integers)
    status = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', n, a, ld, eigenvalue, work, length, integers, count);
  free(integers);
  free(work);
  return status == 0 ? n : -1;
}

/* Decomposes the vibrational matrix; vector NULL: eigenvalues only. */
static int decompose(int atoms, const double *mass, const double *position, const double *packed, int project,
                     double *eigenvalue, double *vector) {
  const int n = 3 * atoms, ld = (int)q2_leading_dimension(n);
  int skip;
  double *matrix = q2_allocate((int64_t)ld * n, sizeof *matrix);
  int modes = matrix ? q2_vibrational_matrix(atoms, mass, position, packed, project, ld, matrix, &skip) : -1;
  if (modes > 0) {
    double *block = matrix + skip * (int64_t)(ld + 1);
    modes = eigen(vector ? 'V' : 'N', modes, block, ld, eigenvalue);
    for (int64_t k = 0; k < modes && vector; k++) { /* [0; V] */
      memset(vector + k * n, 0, (size_t)skip * sizeof *vector);
      memcpy(vector + k * n + skip, block + k * ld, (size_t)modes * sizeof *vector);
    }
  }
  free(matrix);
  return modes;
}

int q2_qm_eigenvalues(int atoms, const double *mass, const double *position, const double *packed, int project,
                      double *eigenvalue) {
  return decompose(atoms, mass, position, packed, project, eigenvalue, NULL);
}

int q2_qm_modes(int atoms, const double *mass, const double *position, const double *packed, int project, double *eigenvalue,
                double *vector) {
  const int n = 3 * atoms, ld = (int)q2_leading_dimension(n);
  int modes = decompose(atoms, mass, position, packed, project, eigenvalue, vector);
  if (!project || modes <= 0) return modes;
  double *y = q2_allocate((int64_t)2 * RIGID * ld + (int64_t)RIGID * modes, sizeof *y);
  double *c = y ? y + RIGID * ld : NULL, *product = y ? c + RIGID * ld : NULL;
  const int rigid = y ? q2_rigid_householder(atoms, mass, position, ld, y, c) : -1;
  if (rigid > 0) { /* Q = I - C Y' */
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, rigid, modes, n, 1, y, ld, vector, n, 0, product, RIGID);
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, modes, rigid, -1, c, ld, product, RIGID, 1, vector, n);
  } else {
    modes = -1;
  }
  free(y);
  return modes;
}

int q2_packed_modes(int n, const double *packed, double *eigenvalue, double *vector) {
  const int ld = (int)q2_leading_dimension(n);
  double *matrix = q2_allocate((int64_t)ld * n, sizeof *matrix);
  if (!matrix) return -1;
  for (int row = 0; row < n; row++) {
    for (int column = 0; column <= row; column++, packed++)
      matrix[(int64_t)column * ld + row] = *packed;
  }
  const int status = eigen('V', n, matrix, ld, eigenvalue);
  for (int64_t k = 0; k < n; k++)
    memcpy(vector + k * n, matrix + k * ld, (size_t)n * sizeof *vector);
  free(matrix);
  return status;
}

double q2_wavenumber_unit(void) { return sqrt(Q2_LAMBDA_SI) / (2 * Q2_PI * Q2_LIGHT * 100); }
