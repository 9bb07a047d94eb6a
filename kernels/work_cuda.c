/* The work of a wave on a CUDA device: kernels, matrix products by cuBLAS, and sums. */
#include "backend_cuda.h"

/* --- chunks --- */

/* The chunk that begins with molecule m, or after it. */
static int64_t find_chunk(const struct q2_batch *batch, int64_t m) {
  int64_t low = 0, high = batch->chunk_count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (batch->chunk_start[middle] < m)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int q2_cuda_chunk(const struct q2_batch *batch, const struct q2_wave *wave, int64_t number, struct q2_cuda_chunk *chunk) {
  const int64_t c = find_chunk(batch, wave->first) + number, end = wave->first + wave->count;
  const int64_t done = number == 0 ? wave->first : c <= batch->chunk_count ? batch->chunk_start[c] : end;
  if (done >= end) return 0;
  if (c >= batch->chunk_count || batch->chunk_start[c] != done || batch->chunk_start[c + 1] > end) {
    q2_cuda_fail(((struct q2_cuda_queue *)wave->queue)->device, "molecules %lld to %lld of a batch are not whole chunks",
                 (long long)wave->first, (long long)end - 1);
    return 0;
  }
  *chunk = (struct q2_cuda_chunk){done - wave->first, (int)(batch->chunk_start[c + 1] - done)};
  return 1;
}

/* --- kernels --- */

static void launch(struct q2_cuda_queue *queue, enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave,
                   int64_t slots) {
  const struct q2_device_kernels *kernels = q2_cuda_kernels(wave->single);
  if (queue->device->failed || wave->count <= 0) return;
  const int status = kernels->launch(kernel, batch, wave, slots, queue->stream);
  if (status != cudaSuccess)
    (void)q2_cuda_check_runtime(queue->device, (cudaError_t)status, kernels->name[kernel], __FILE__, __LINE__);
}

void q2_cuda_run(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave) {
  struct q2_cuda_queue *queue = q2_cuda_enter(wave);
  const int whole = kernel == Q2_KERNEL_SUM_SHARES || kernel == Q2_KERNEL_SUM_GRADIENT || kernel == Q2_KERNEL_SUM_NORMAL;
  if (queue) launch(queue, kernel, batch, wave, whole ? 1 : wave->count);
}

void q2_cuda_convert(const struct q2_wave *wave, const void *from, void *to, int64_t count, int to_single) {
  struct q2_cuda_queue *queue = q2_cuda_enter(wave);
  if (!queue) return;
  const int status = q2_cuda_kernels(to_single)->convert(from, to, count, queue->stream);
  (void)q2_cuda_check_runtime(queue->device, (cudaError_t)status, "launch of convert", __FILE__, __LINE__);
}

void q2_cuda_collect(const struct q2_batch *batch, const struct q2_wave *wave, int gradient, int normal) {
  q2_cuda_run(Q2_KERNEL_OUTCOME, batch, wave);
  q2_cuda_run(Q2_KERNEL_SUM_SHARES, batch, wave);
  if (gradient) q2_cuda_run(Q2_KERNEL_SUM_GRADIENT, batch, wave);
  if (normal) q2_cuda_run(Q2_KERNEL_SUM_NORMAL, batch, wave);
}

/* --- products --- */

/* A column-major matrix of every slot, in the wave's precision. */
struct matrices {
  const void *base;
  int64_t ld, stride;
  int64_t first; /* how many of them lie before that of slot 0 */
};

enum side { KEEP, TURN };

/* c = alpha a b + beta c, with a or b turned (transposed); rows, columns and inner are those of the product. */
struct product {
  enum side side_a, side_b;
  int64_t rows, columns, inner;
  double alpha, beta;
  struct matrices a, b, c;
};

/* Projection and its way back. */
static struct product rigid_product(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  const int64_t n = 3 * batch->atoms, ld = batch->ld, order = batch->order;
  const int64_t tables = batch->moving ? 0 : wave->first; /* those of a fixed geometry are the batch's */
  const struct matrices hessian = {wave->hessian, ld, q2_matrix(batch), 0}, left = {wave->left, ld, ld * order, 0},
                        y = {batch->moving ? wave->householder : batch->householder, ld, Q2_RIGID * ld, tables},
                        factor = {batch->moving ? wave->householder_factor : batch->householder_factor, ld, Q2_RIGID * ld,
                                  tables},
                        small = {wave->small, Q2_RIGID, q2_small(batch), 0};
  switch (product) {
  case Q2_PRODUCT_RIGID:
    return (struct product){KEEP, KEEP, n, Q2_RIGID, n, 1, 0, hessian, factor, {wave->rigid_product, ld, Q2_RIGID * ld, 0}};
  case Q2_PRODUCT_UPDATE:
    return (struct product){KEEP,
                            TURN,
                            n,
                            n,
                            2 * Q2_RIGID,
                            -1,
                            1,
                            {wave->panel_left, ld, 2 * Q2_RIGID * ld, 0},
                            {wave->panel_right, ld, 2 * Q2_RIGID * ld, 0},
                            hessian};
  case Q2_PRODUCT_RIGID_BACK:
    return (struct product){TURN, KEEP, Q2_RIGID, order, n, 1, 0, y, left, small};
  default: /* UPDATE_BACK */
    return (struct product){KEEP, KEEP, n, order, Q2_RIGID, -1, 1, factor, small, left};
  }
}

/* Observables that are b_i' H b_j, and their way back. */
static struct product basis_product(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  const int64_t n = 3 * batch->atoms, ld = batch->ld, columns = batch->basis_columns;
  const struct matrices hessian = {wave->hessian, ld, q2_matrix(batch), 0},
                        basis = {batch->basis, ld, ld * columns, wave->first},
                        turned = {wave->basis_product, ld, ld * columns, 0},
                        matrix = {wave->basis_matrix, batch->ld_basis, q2_basis(batch), 0};
  switch (product) {
  case Q2_PRODUCT_BASIS:
    return (struct product){KEEP, KEEP, n, columns, n, 1, 0, hessian, basis, turned};
  case Q2_PRODUCT_BASIS_SQUARE:
    return (struct product){TURN, KEEP, columns, columns, n, 1, 0, basis, turned, matrix};
  case Q2_PRODUCT_BASIS_BACK:
    return (struct product){KEEP, KEEP, n, columns, columns, 1, 0, basis, matrix, turned};
  default: /* BASIS_COTANGENT */
    return (struct product){KEEP, TURN, n, n, columns, 1, 1, turned, basis, hessian};
  }
}

/* Between the steps that refine eigenvectors: kernels/stage_refine.h. */
static struct product refined_product(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  const int64_t n = batch->order, ld = batch->ld_order;
  const struct matrices a = {wave->vectors, ld, ld * n, 0}, x = {wave->left, ld, ld * n, 0},
                        right = {wave->right, ld, ld * n, 0}, square = {wave->hessian, ld, ld * n, 0};
  switch (product) {
  case Q2_PRODUCT_REFINE_IMAGE:
    return (struct product){KEEP, KEEP, n, n, n, 1, 0, a, x, right};
  case Q2_PRODUCT_REFINE_SQUARE:
    return (struct product){TURN, KEEP, n, n, n, 1, 0, x, right, square};
  case Q2_PRODUCT_REFINE_OVERLAP:
    return (struct product){TURN, KEEP, n, n, n, 1, 0, x, x, right};
  default: /* REFINE_CORRECTION */
    return (struct product){KEEP, KEEP, n, n, n, 1, 0, x, right, square};
  }
}

static struct product describe(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  const int64_t n = 3 * batch->atoms, ld = batch->ld, v = batch->max_variables, rows = batch->jacobian_rows;
  const struct matrices jacobian = {wave->jacobian, v, rows * v, 0}; /* by columns: [variables][rows] */
  switch (product) {
  case Q2_PRODUCT_COTANGENT:
    return (struct product){KEEP,
                            TURN,
                            n,
                            n,
                            batch->order,
                            1,
                            0,
                            {wave->left, ld, ld * batch->order, 0},
                            {wave->right, ld, ld * batch->order, 0},
                            {wave->hessian, ld, q2_matrix(batch), 0}};
  case Q2_PRODUCT_NORMAL:
    return (struct product){KEEP, TURN, v, v, rows, 1, 1, jacobian, jacobian, {wave->normal, v, v * v, 0}};
  case Q2_PRODUCT_BASIS:
  case Q2_PRODUCT_BASIS_SQUARE:
  case Q2_PRODUCT_BASIS_BACK:
  case Q2_PRODUCT_BASIS_COTANGENT:
    return basis_product(product, batch, wave);
  case Q2_PRODUCT_REFINE_IMAGE:
  case Q2_PRODUCT_REFINE_SQUARE:
  case Q2_PRODUCT_REFINE_OVERLAP:
  case Q2_PRODUCT_REFINE_CORRECTION:
    return refined_product(product, batch, wave);
  default:
    return rigid_product(product, batch, wave);
  }
}

static cublasOperation_t operation(enum side side) { return side == TURN ? CUBLAS_OP_T : CUBLAS_OP_N; }

static void *at(struct matrices matrices, int64_t slot, int single) {
  return (char *)(uintptr_t)matrices.base + (matrices.first + slot) * matrices.stride * (int64_t)q2_cuda_real_bytes(single);
}

/* The product of a chunk. */
static cublasStatus_t multiply_chunk(const struct product *p, const struct q2_cuda_chunk *chunk, cublasHandle_t blas,
                                     int single) {
  const void *a = at(p->a, chunk->slot, single), *b = at(p->b, chunk->slot, single);
  void *c = at(p->c, chunk->slot, single);
  const cublasOperation_t turn_a = operation(p->side_a), turn_b = operation(p->side_b);
  const float alpha = (float)p->alpha, beta = (float)p->beta;
  return single ? cublasSgemmStridedBatched(blas, turn_a, turn_b, (int)p->rows, (int)p->columns, (int)p->inner, &alpha, a,
                                            (int)p->a.ld, p->a.stride, b, (int)p->b.ld, p->b.stride, &beta, c, (int)p->c.ld,
                                            p->c.stride, chunk->count)
                : cublasDgemmStridedBatched(blas, turn_a, turn_b, (int)p->rows, (int)p->columns, (int)p->inner, &p->alpha, a,
                                            (int)p->a.ld, p->a.stride, b, (int)p->b.ld, p->b.stride, &p->beta, c, (int)p->c.ld,
                                            p->c.stride, chunk->count);
}

/* A chunk at a time and at padded sizes: what cuBLAS sees, and with it the bits, is the same whatever waves and ranks are. */
void q2_cuda_multiply(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  struct q2_cuda_queue *queue = q2_cuda_enter(wave);
  if (!queue || wave->count <= 0 || (batch->order == 0 && product <= Q2_PRODUCT_COTANGENT)) return;
  const struct product p = describe(product, batch, wave);
  struct q2_cuda_chunk chunk;
  if (p.rows == 0 || p.columns == 0 || p.inner == 0) return;
  for (int64_t c = 0; q2_cuda_chunk(batch, wave, c, &chunk); c++) {
    const cublasStatus_t status = multiply_chunk(&p, &chunk, queue->blas, wave->single);
    if (q2_cuda_check_blas(queue->device, status, "cublas gemmStridedBatched", __FILE__, __LINE__) != 0) return;
  }
}
