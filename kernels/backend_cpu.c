/* The CPU backend: plain loops over the kernels' bodies, LAPACK and BLAS, one thread a wave. Matrices are handled at each
 * molecule's own size unless the wave is padded. */
#include <cblas.h>
#include <lapacke.h>
#include <stdlib.h>
#include <string.h>

#include "accumulator.h"
#include "backend.h"
#include "wave_arrays.h"

/* --- memory --- */

static int64_t round_up(int64_t bytes) { return (bytes + 63) / 64 * 64; }

static void *allocate(const struct q2_backend *backend, int64_t bytes) {
  const size_t size = (size_t)(bytes > 0 ? round_up(bytes) : 64);
  void *memory = aligned_alloc(64, size);
  (void)backend;
  if (memory) memset(memory, 0, size);
  return memory;
}

static void release(const struct q2_backend *backend, void *there) {
  (void)backend;
  free(there);
}

static int put(const struct q2_backend *backend, void *there, const void *here, int64_t bytes) {
  (void)backend;
  if (bytes > 0 && there != here) memcpy(there, here, (size_t)bytes);
  return 0;
}

static int get(const struct q2_backend *backend, void *here, const void *there, int64_t bytes) {
  return put(backend, here, there, bytes);
}

/* --- work space --- */

/* What belongs to one wave, besides its arrays: LAPACK's work space, one matrix at a time, and the clock. */
struct queue {
  double *real;
  int32_t *integer;
  int64_t reals, integers;
  double since, seconds[Q2_TIMED_COUNT];
  enum q2_timed stage;
};

struct arena {
  char *base; /* NULL while sizes are being added up */
  int64_t offset;
};

static void *take(struct arena *arena, int64_t count, size_t size) {
  void *here = arena->base ? arena->base + arena->offset : NULL;
  arena->offset += round_up(count * (int64_t)size);
  return here;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static void lay_out(const struct q2_wave_request *request, struct q2_wave *wave, struct arena *arena) {
  struct queue *queue = take(arena, 1, sizeof *queue);
  int64_t order = 0;
#define TAKE(FIELD, ELEMENTS)                                                                                                  \
  {                                                                                                                            \
    int64_t count = 0;                                                                                                         \
    for (int b = 0; b < request->batch_count; b++) {                                                                           \
      const struct q2_batch *batch = &request->batches[b];                                                                     \
      if (batch->molecules > 0) count = larger(count, request->slots[b] * (ELEMENTS));                                         \
    }                                                                                                                          \
    wave->FIELD = take(arena, count, sizeof *wave->FIELD);                                                                     \
  }
  Q2_WAVE_ARRAYS(TAKE)
#undef TAKE
  for (int b = 0; b < request->batch_count; b++)
    order = larger(order, request->batches[b].order);
  const int64_t reals = 1 + 6 * order + 2 * order * order, integers = 3 + 5 * order;
  double *real = take(arena, reals, sizeof *real);
  int32_t *integer = take(arena, integers, sizeof *integer);
  if (arena->base) *queue = (struct queue){.real = real, .integer = integer, .reals = reals, .integers = integers};
  wave->queue = queue;
}

static int wave_create(const struct q2_backend *backend, const struct q2_wave_request *request, struct q2_wave *wave,
                       int64_t *bytes) {
  struct arena arena = {0};
  memset(wave, 0, sizeof *wave);
  lay_out(request, wave, &arena);
  const int64_t total = arena.offset;
  arena = (struct arena){allocate(backend, total), 0};
  if (!arena.base) return -1;
  lay_out(request, wave, &arena);
  wave->padded = request->padded;
  *bytes += total;
  return 0;
}

static void wave_destroy(const struct q2_backend *backend, struct q2_wave *wave) {
  (void)backend;
  free(wave->queue); /* which lies at the beginning of all */
  memset(wave, 0, sizeof *wave);
}

static void mark(const struct q2_wave *wave, enum q2_timed stage) {
  struct queue *queue = wave->queue;
  const double now = q2_now();
  if (queue->since > 0 && queue->stage != Q2_TIMED_NONE) queue->seconds[queue->stage] += now - queue->since;
  queue->since = now;
  queue->stage = stage;
}

static void seconds(const struct q2_wave *wave, double *sum, int reset) {
  struct queue *queue = wave->queue;
  for (int s = 0; s < Q2_TIMED_COUNT; s++) {
    sum[s] += queue->seconds[s];
    if (reset) queue->seconds[s] = 0;
  }
}

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
static void multiply_lower(int n, int inner, const double *a, const double *b, double beta, double *c, int ld) {
  for (int column = 0; column < n; column += PANEL) {
    const int width = n - column < 2 * PANEL ? n - column : PANEL;
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, n - column, width, inner, 1, a + column, ld, b + column, ld, beta,
                c + (int64_t)column * ld + column, ld);
    if (width > PANEL) break;
  }
}

static void multiply_basis(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int64_t m = wave->first + slot;
  const int ld = batch->ld, ld_basis = batch->ld_basis, n = 3 * batch->atom_count[m], columns = q2_columns(batch, wave, m);
  const double *basis = batch->basis + m * ld * batch->basis_columns;
  double *hessian = wave->hessian + slot * q2_matrix(batch), *matrix = wave->basis_matrix + slot * q2_basis(batch);
  double *turned = wave->basis_product + slot * ld * batch->basis_columns;
  if (columns == 0) return;
  switch (product) {
  case Q2_PRODUCT_BASIS:
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, columns, n, 1, hessian, ld, basis, ld, 0, turned, ld);
    break;
  case Q2_PRODUCT_BASIS_SQUARE:
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, columns, columns, n, 1, basis, ld, turned, ld, 0, matrix, ld_basis);
    break;
  case Q2_PRODUCT_BASIS_BACK:
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, columns, columns, 1, basis, ld, matrix, ld_basis, 0, turned, ld);
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
  if (count > 0 && rows > 0)
    cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, count, rows, 1, q2_jacobian_row_of(batch, wave, slot, 0), ld, 1,
                wave->normal + slot * batch->max_variables * batch->max_variables, ld); /* by columns: [variables][rows] */
}

static void multiply(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  const int ld = batch->ld;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot;
    const int n = 3 * batch->atom_count[m], order = q2_order(batch, wave, m);
    double *hessian = wave->hessian + slot * q2_matrix(batch);
    double *left = wave->left + slot * ld * batch->order, *right = wave->right + slot * ld * batch->order;
    double *small = wave->small + slot * q2_small(batch), *rigid = wave->rigid_product + slot * Q2_RIGID * ld;
    const double *panel_left = wave->panel_left + slot * 2 * Q2_RIGID * ld,
                 *panel_right = wave->panel_right + slot * 2 * Q2_RIGID * ld;
    if (order == 0 && product <= Q2_PRODUCT_COTANGENT) continue;
    switch (product) {
    case Q2_PRODUCT_RIGID:
      cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, Q2_RIGID, n, 1, hessian, ld,
                  q2_householder_factor_of(batch, wave, slot), ld, 0, rigid, ld);
      break;
    case Q2_PRODUCT_UPDATE:
      cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, n, n, 2 * Q2_RIGID, -1, panel_left, ld, panel_right, ld, 1, hessian,
                  ld);
      break;
    case Q2_PRODUCT_RIGID_BACK:
      cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, Q2_RIGID, order, n, 1, q2_householder_of(batch, wave, slot), ld,
                  left, ld, 0, small, Q2_RIGID);
      break;
    case Q2_PRODUCT_UPDATE_BACK:
      cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, order, Q2_RIGID, -1,
                  q2_householder_factor_of(batch, wave, slot), ld, small, Q2_RIGID, 1, left, ld);
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
    }
  }
}

/* Whether the lower triangle holds finite numbers only: 0 times a number is 0 exactly then. */
static int finite_lower(const double *matrix, int order, int ld) {
  double sum = 0;
  for (int column = 0; column < order; column++) {
    for (int row = column; row < order; row++)
      sum += 0 * matrix[(int64_t)column * ld + row];
  }
  return sum == 0;
}

static void decompose(const struct q2_batch *batch, const struct q2_wave *wave, int vectors) {
  const struct queue *queue = wave->queue;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int order = q2_order(batch, wave, wave->first + slot), ld = batch->ld_order;
    double *matrix = wave->vectors + slot * ld * batch->order, *values = wave->eigenvalue + slot * batch->order;
    wave->failed[slot] = Q2_DECOMPOSED;
    if (order == 0) continue;
    if (!finite_lower(matrix, order, ld)) {
      wave->failed[slot] = Q2_NOT_FINITE;
    } else if (LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'L', order, matrix, ld, values, queue->real,
                                   (lapack_int)queue->reals, queue->integer, (lapack_int)queue->integers) != 0) {
      wave->failed[slot] = Q2_NOT_CONVERGED;
    }
    if (wave->failed[slot]) {
      memset(values, 0, (size_t)order * sizeof *values);
      memset(matrix, 0, (size_t)ld * (size_t)order * sizeof *matrix);
    }
  }
}

static int relaxing(const struct q2_batch *batch, const struct q2_wave *wave) {
  (void)batch;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    if (wave->relaxation[wave->first + slot] == Q2_RELAX_RUNNING) return 1;
  }
  return 0;
}

/* --- sums: what one thread adds up needs no parts --- */

static void collect(const struct q2_batch *batch, const struct q2_wave *wave, int gradient, int normal) {
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot, parameters = batch->parameter_start[m], variables = batch->max_variables;
    q2_outcome(batch, wave, slot, 0, 0);
    for (int64_t sum = 0; sum < Q2_SUM_GRADIENT; sum++)
      q2_add_share(batch, wave, slot, sum, q2_limbs_of(wave, 0, sum));
    if (!q2_is_fitted(batch, wave, m)) continue;
    for (int64_t p = 0; gradient && p < batch->parameter_start[m + 1] - parameters; p++)
      q2_accumulate(q2_limbs_of(wave, 0, Q2_SUM_GRADIENT + batch->parameter_row[parameters + p]),
                    wave->gradient[slot * batch->max_parameters + p]);
    const int32_t *variable = normal ? batch->variable + batch->variable_start[m] : NULL;
    for (int64_t b = 0; normal && b < q2_variable_count(batch, m); b++) {
      for (int64_t a = b; a < q2_variable_count(batch, m); a++)
        q2_accumulate(
            q2_limbs_of(wave, 0, Q2_SUM_GRADIENT + batch->parameter_rows + Q2_TRIANGLE((int64_t)variable[a], variable[b])),
            wave->normal[(slot * variables + b) * variables + a]);
    }
  }
}

static void begin(const struct q2_backend *backend, void *there, const void *here, int64_t bytes, int64_t *limbs,
                  int64_t limb_bytes) {
  put(backend, there, here, bytes);
  if (limb_bytes > 0) memset(limbs, 0, (size_t)limb_bytes);
}

static void join(const struct q2_backend *backend, const int64_t *parts, int64_t part_count, int64_t stride, int64_t count,
                 int64_t *joined) {
  (void)backend;
  for (int64_t k = 0; k < count; k++)
    joined[k] = q2_join_parts(parts, part_count, stride, k);
}

static int replay(const struct q2_wave *wave, int64_t program) {
  (void)wave;
  (void)program;
  return 0;
}

static void recorded(const struct q2_wave *wave) { (void)wave; }

static int wait_for_all(const struct q2_backend *backend) {
  (void)backend;
  return 0;
}

static const char *error(const struct q2_backend *backend) {
  (void)backend;
  return "";
}

static int see(const struct q2_batch *batch, const struct q2_wave *wave, int what, struct q2_wave *seen) {
  (void)batch;
  (void)what;
  *seen = *wave;
  return 0;
}

const struct q2_backend q2_backend_cpu = {
    .name = "cpu",
    .segments = 1,
    .allocate = allocate,
    .release = release,
    .put = put,
    .get = get,
    .allocate_here = allocate,
    .release_here = release,
    .wave_create = wave_create,
    .wave_destroy = wave_destroy,
    .begin = begin,
    .replay = replay,
    .recorded = recorded,
    .run = run,
    .multiply = multiply,
    .decompose = decompose,
    .relaxing = relaxing,
    .collect = collect,
    .join = join,
    .wait = wait_for_all,
    .error = error,
    .see = see,
    .mark = mark,
    .seconds = seconds,
};
