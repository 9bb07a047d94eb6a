/* Loops over the kernels' bodies, matrix products by BLAS and eigen-decompositions by LAPACK, in the working precision.
 * Compiled once for each: kernels/portable.h says how to choose it. */
#include "cpu_kernels.h"

#include <cblas.h>
#include <lapacke.h>
#include <string.h>

#define LETTER_double d
#define LETTER_float s
#define LETTER Q2_JOIN(LETTER_, Q2_KERNEL_REAL)
#define BLAS(NAME) Q2_JOIN(cblas_, Q2_JOIN(LETTER, NAME))
#define SYEVD Q2_JOIN(LAPACKE_, Q2_JOIN(LETTER, syevd_work))

/* --- kernels --- */

#define RUN(ID, FUNCTION, MAJORS, MINORS)                                                                                      \
  static void run_##ID(const struct q2_batch *batch, const struct q2_wave *wave) {                                             \
    for (int64_t slot = 0; slot < wave->count; slot++) {                                                                       \
      const int64_t m = wave->first + slot;                                                                                    \
      (void)m;                                                                                                                 \
      const int64_t majors = MAJORS;                                                                                           \
      for (int64_t major = 0; major < majors; major++) {                                                                       \
        const int64_t minors = MINORS;                                                                                         \
        for (int64_t minor = 0; minor < minors; minor++)                                                                       \
          FUNCTION(batch, wave, slot, major, minor);                                                                           \
      }                                                                                                                        \
    }                                                                                                                          \
  }
Q2_KERNELS(RUN)
#undef RUN

static void run(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave) {
  switch (kernel) {
#define CASE(ID, ...)                                                                                                          \
  case Q2_KERNEL_##ID:                                                                                                         \
    run_##ID(batch, wave);                                                                                                     \
    break;
    Q2_KERNELS(CASE)
#undef CASE
  case Q2_KERNEL_COUNT:
    break;
  }
}

/* --- BLAS and LAPACK --- */

/* Columns of W computed at a time: whole atoms, whole cache lines, and small enough for dgemm to leave out most of the upper
 * triangle. */
enum { PANEL = 24 };

/* c = a b' + beta c of n rows, in panels: only its lower triangle and the blocks on the diagonal are read. */
static void multiply_lower(int n, int inner, const q2_real *a, const q2_real *b, q2_real beta, q2_real *c, int ld) {
  for (int column = 0; column < n; column += PANEL) {
    const int width = n - column < 2 * PANEL ? n - column : PANEL;
    BLAS(gemm)
    (CblasColMajor, CblasNoTrans, CblasTrans, n - column, width, inner, 1, a + column, ld, b + column, ld, beta,
     c + (int64_t)column * ld + column, ld);
    if (width > PANEL) break;
  }
}

static void multiply_basis(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int64_t m = wave->first + slot;
  const int ld = batch->ld, ld_basis = batch->ld_basis, n = 3 * batch->atom_count[m], columns = q2_columns(batch, wave, m);
  const q2_real *basis = batch->basis + m * ld * batch->basis_columns;
  q2_real *hessian = wave->hessian + slot * q2_matrix(batch), *matrix = wave->basis_matrix + slot * q2_basis(batch);
  q2_real *turned = wave->basis_product + slot * ld * batch->basis_columns;
  if (columns == 0) return;
  switch (product) {
  case Q2_PRODUCT_BASIS:
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, columns, n, 1, hessian, ld, basis, ld, 0, turned, ld);
    break;
  case Q2_PRODUCT_BASIS_SQUARE:
    BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, columns, columns, n, 1, basis, ld, turned, ld, 0, matrix, ld_basis);
    break;
  case Q2_PRODUCT_BASIS_BACK:
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, columns, columns, 1, basis, ld, matrix, ld_basis, 0, turned, ld);
    break;
  default:
    multiply_lower(n, columns, turned, basis, 1, hessian, ld);
    break;
  }
}

/* Rows of the block that slot's molecule has: those of its modes, or of what is probed from wave->probed on. */
static int block_rows(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m) {
  if (wave->probe == Q2_PROBE_MODE) return batch->mode_count[m];
  const int64_t left = batch->probed_count[m] - wave->probed;
  return (int)(left < 0 ? 0 : left < batch->jacobian_rows ? left : batch->jacobian_rows);
}

static void multiply_normal(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int64_t m = wave->first + slot;
  const int count = (int)q2_variable_count(batch, m), rows = block_rows(batch, wave, m), ld = (int)batch->max_variables;
  if (count > 0 && rows > 0) BLAS(syrk)
  (CblasColMajor, CblasLower, CblasNoTrans, count, rows, 1, q2_jacobian_row_of(batch, wave, slot, 0), ld, 1,
   wave->normal + slot * batch->max_variables * batch->max_variables, ld); /* by columns: [variables][rows] */
}

/* Matrices as kernels/stage_refine.h has them. */
static void multiply_refined(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int ld = batch->ld_order, order = q2_order(batch, wave, wave->first + slot);
  const q2_real *a = q2_refined_column(batch, wave->vectors, slot, 0), *x = q2_refined_column(batch, wave->left, slot, 0);
  q2_real *right = q2_refined_column(batch, wave->right, slot, 0), *square = q2_refined_column(batch, wave->hessian, slot, 0);
  if (order == 0 || wave->info[slot]) return;
  switch (product) {
  case Q2_PRODUCT_REFINE_IMAGE:
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, order, order, order, 1, a, ld, x, ld, 0, right, ld);
    break;
  case Q2_PRODUCT_REFINE_SQUARE:
    BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, order, order, order, 1, x, ld, right, ld, 0, square, ld);
    break;
  case Q2_PRODUCT_REFINE_OVERLAP:
    BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, order, order, order, 1, x, ld, x, ld, 0, right, ld);
    break;
  default:
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, order, order, order, 1, x, ld, right, ld, 0, square, ld);
    break;
  }
}

static void multiply_molecule(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int ld = batch->ld;
  const int64_t m = wave->first + slot;
  const int n = 3 * batch->atom_count[m], order = q2_order(batch, wave, m);
  q2_real *hessian = wave->hessian + slot * q2_matrix(batch);
  q2_real *left = wave->left + slot * ld * batch->order, *right = wave->right + slot * ld * batch->order;
  q2_real *small = wave->small + slot * q2_small(batch), *rigid = wave->rigid_product + slot * Q2_RIGID * ld;
  const q2_real *panel_left = wave->panel_left + slot * 2 * Q2_RIGID * ld,
                *panel_right = wave->panel_right + slot * 2 * Q2_RIGID * ld;
  if (order == 0 && product <= Q2_PRODUCT_COTANGENT) return;
  switch (product) {
  case Q2_PRODUCT_RIGID:
    BLAS(gemm)
    (CblasColMajor, CblasNoTrans, CblasNoTrans, n, Q2_RIGID, n, 1, hessian, ld, q2_householder_factor_of(batch, wave, slot), ld,
     0, rigid, ld);
    break;
  case Q2_PRODUCT_UPDATE:
    BLAS(gemm)
    (CblasColMajor, CblasNoTrans, CblasTrans, n, n, 2 * Q2_RIGID, -1, panel_left, ld, panel_right, ld, 1, hessian, ld);
    break;
  case Q2_PRODUCT_RIGID_BACK:
    BLAS(gemm)
    (CblasColMajor, CblasTrans, CblasNoTrans, Q2_RIGID, order, n, 1, q2_householder_of(batch, wave, slot), ld, left, ld, 0,
     small, Q2_RIGID);
    break;
  case Q2_PRODUCT_UPDATE_BACK:
    BLAS(gemm)
    (CblasColMajor, CblasNoTrans, CblasNoTrans, n, order, Q2_RIGID, -1, q2_householder_factor_of(batch, wave, slot), ld, small,
     Q2_RIGID, 1, left, ld);
    break;
  case Q2_PRODUCT_COTANGENT:
    multiply_lower(n, order, left, right, 0, hessian, ld);
    break;
  case Q2_PRODUCT_BASIS:
  case Q2_PRODUCT_BASIS_SQUARE:
  case Q2_PRODUCT_BASIS_BACK:
  case Q2_PRODUCT_BASIS_COTANGENT:
    multiply_basis(product, batch, wave, slot);
    break;
  case Q2_PRODUCT_NORMAL:
    multiply_normal(batch, wave, slot);
    break;
  default: /* refined, below */
    break;
  }
}

static void multiply(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  for (int64_t slot = 0; slot < wave->count; slot++) {
    if (product >= Q2_PRODUCT_REFINE_IMAGE)
      multiply_refined(product, batch, wave, slot);
    else
      multiply_molecule(product, batch, wave, slot);
  }
}

/* Whether the lower triangle holds finite numbers only: 0 times a number is 0 exactly then. */
static int finite_lower(const q2_real *matrix, int order, int ld) {
  q2_real sum = 0;
  for (int column = 0; column < order; column++) {
    for (int row = column; row < order; row++)
      sum += 0 * matrix[(int64_t)column * ld + row];
  }
  return sum == 0;
}

/* Leading dimension of whole cache lines, in numbers of the working precision. */
static int64_t lines(int64_t rows) {
  const int64_t line = 64 / (int64_t)sizeof(q2_real);
  return (rows + line - 1) / line * line;
}

static int64_t syevd_reals(int64_t order) { return 1 + 6 * order + 2 * order * order; }

/* Those of LAPACK, and of a copy of the matrix where a wave's leading dimensions, whole lines of float64, are none here. */
static int64_t work_reals(int64_t order) {
  return sizeof(q2_real) == sizeof(double) ? syevd_reals(order) : lines(order) * order + syevd_reals(order);
}

/* order columns of order numbers. */
static void copy_matrix(int order, const q2_real *from, int64_t ld_from, q2_real *to, int64_t ld_to) {
  for (int column = 0; column < order; column++)
    memcpy(to + column * ld_to, from + column * ld_from, (size_t)order * sizeof *to);
}

/* Decomposes the matrix in place, aligned as LAPACK's bits ask for it. Returns what LAPACK does. */
static int solve(const struct q2_cpu_work *work, int vectors, int order, q2_real *matrix, int ld, q2_real *values) {
  q2_real *aligned = matrix, *real = work->real;
  int64_t ld_aligned = ld, reals = work->reals;
  if (sizeof(q2_real) != sizeof(double)) {
    aligned = real;
    ld_aligned = lines(order);
    real += ld_aligned * order;
    reals = syevd_reals(order);
    copy_matrix(order, matrix, ld, aligned, ld_aligned);
  }
  const int info = (int)SYEVD(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'L', order, aligned, (lapack_int)ld_aligned, values, real,
                              (lapack_int)reals, work->integer, (lapack_int)work->integers);
  if (aligned != matrix) copy_matrix(order, aligned, ld_aligned, matrix, ld);
  return info;
}

static void decompose(const struct q2_batch *batch, const struct q2_wave *wave, int vectors) {
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int order = q2_order(batch, wave, wave->first + slot), ld = batch->ld_order;
    q2_real *matrix = wave->vectors + slot * ld * batch->order, *values = wave->eigenvalue + slot * batch->order;
    wave->failed[slot] = Q2_DECOMPOSED;
    if (order == 0) continue;
    if (!finite_lower(matrix, order, ld)) {
      wave->failed[slot] = Q2_NOT_FINITE;
    } else if (solve(wave->queue, vectors, order, matrix, ld, values) != 0) {
      wave->failed[slot] = Q2_NOT_CONVERGED;
    }
    if (wave->failed[slot]) {
      memset(values, 0, (size_t)order * sizeof *values);
      memset(matrix, 0, (size_t)ld * (size_t)order * sizeof *matrix);
    }
  }
}

#define ARRAY(FIELD, ...) [Q2_WAVE_##FIELD] = (int64_t)sizeof *((struct q2_wave *)0)->FIELD,
#define TABLE(FIELD, TYPE) [Q2_TABLE_##FIELD] = (int64_t)sizeof(TYPE),
const struct q2_cpu_kernels Q2_OF_PRECISION(q2_cpu_kernels) = {
    .batch_bytes = (int64_t)sizeof(struct q2_batch),
    .wave_bytes = (int64_t)sizeof(struct q2_wave),
    .array_element = {Q2_WAVE_ARRAYS(ARRAY)},
    .table_element = {Q2_ALL_TABLES(TABLE)},
    .run = run,
    .multiply = multiply,
    .decompose = decompose,
    .work_reals = work_reals,
};
