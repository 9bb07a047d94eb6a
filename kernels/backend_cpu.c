/* The CPU backend: plain loops over the kernels' bodies, LAPACK and BLAS, one thread a wave. Matrices are handled at each
 * molecule's own size unless the wave is padded. */
#include <cblas.h>
#include <lapacke.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"

/* --- work space --- */

static int64_t round_up(int64_t bytes) { return (bytes + 63) / 64 * 64; }

struct arena {
  char *base; /* NULL while sizes are being added up */
  int64_t offset;
};

static void *take(struct arena *arena, int64_t count, size_t size) {
  void *here = arena->base ? arena->base + arena->offset : NULL;
  arena->offset += round_up(count * (int64_t)size);
  return here;
}

static void lay_out(struct q2_wave *wave, const struct q2_batch *largest, struct arena *arena) {
  const int64_t slots = wave->slots, ld = largest->ld, order = largest->order, ld_order = largest->ld_order,
                atoms = largest->atoms;
  const size_t real = sizeof(q2_real);
  wave->second = take(arena, slots * largest->max_pieces, real);
  wave->first_derivative = take(arena, slots * largest->max_pieces, real);
  wave->value = take(arena, slots * largest->max_terms, real);
  wave->charge = take(arena, slots * atoms, real);
  wave->gradient_at = take(arena, slots * ld, real);
  wave->atom_energy = take(arena, slots * atoms, real);
  wave->energy = take(arena, slots, real);
  const int64_t sites = largest->has_sites ? 9 * slots : 0;
  wave->site_block = take(arena, sites * largest->max_pairs, real);
  wave->site_diagonal = take(arena, sites * atoms, real);
  wave->hessian = take(arena, slots * ld * 3 * atoms, real);
  wave->vectors = take(arena, slots * ld_order * order, real);
  wave->left = take(arena, slots * ld * order, real);
  wave->right = take(arena, slots * ld * order, real);
  wave->basis_product = take(arena, slots * ld * largest->basis_columns, real);
  wave->basis_matrix = take(arena, slots * largest->ld_basis * largest->basis_columns, real);
  wave->rigid_product = take(arena, slots * ld * Q2_RIGID, real);
  wave->panel_left = take(arena, slots * ld * 2 * Q2_RIGID, real);
  wave->panel_right = take(arena, slots * ld * 2 * Q2_RIGID, real);
  wave->small = take(arena, slots * Q2_RIGID * (ld_order > Q2_RIGID ? ld_order : Q2_RIGID), real);
  wave->eigenvalue = take(arena, slots * order, real);
  wave->frequency = take(arena, slots * order, real);
  wave->cotangent = take(arena, slots * order, real);
  wave->shift = take(arena, slots * order, real);
  wave->frequency_slope = take(arena, slots * order, real);
  wave->mode_work = take(arena, slots * order, real);
  wave->calculated = take(arena, slots * largest->max_residuals, real);
  wave->residual = take(arena, slots * largest->max_residuals, real);
  wave->loss = take(arena, slots, real);
  wave->square = take(arena, slots, real);
  wave->kind_loss = take(arena, slots * Q2_OBSERVABLE_COUNT, real);
  wave->entry_bar = take(arena, slots * 2 * largest->max_entries, real);
  wave->pair_bar = take(arena, slots * Q2_PAIR_BARS * largest->max_pairs, real);
  wave->pair_slope = take(arena, slots * Q2_PAIR_SLOPES * largest->max_pairs, real);
  wave->charge_bar = take(arena, slots * atoms, real);
  wave->energy_bar = take(arena, slots, real);
  wave->position_bar = take(arena, slots * ld, real);
  wave->gradient_bar = take(arena, slots * ld, real);
  wave->probe_left = take(arena, slots * ld, real);
  wave->probe_right = take(arena, slots * ld, real);
  wave->derivative = take(arena, slots * q2_derivatives(largest), real);
  wave->gradient = take(arena, slots * largest->max_parameters, real);
  wave->gradient_of_probe = take(arena, slots * largest->max_parameters, real);
  wave->failed = take(arena, slots, sizeof *wave->failed);
  const int64_t moving = largest->moving ? slots : 0;
  wave->position = take(arena, moving * 3 * atoms, sizeof(double));
  wave->accepted = take(arena, moving * 3 * atoms, sizeof(double));
  wave->relax_state = take(arena, moving * Q2_RELAX_STATE, sizeof(double));
  wave->observed_slope = take(arena, moving * 3 * Q2_MAX_INDEX * largest->max_residuals, real);
  wave->term_coordinate = take(arena, moving * Q2_MAX_COORDINATES * largest->max_terms, real);
  wave->term_slope = take(arena, moving * Q2_SLOPE_REALS * largest->max_terms, real);
  wave->term_third = take(arena, moving * 3 * Q2_MAX_TERM_ATOMS * largest->max_terms, real);
  wave->entry = take(arena, moving * Q2_ENTRY_REALS * largest->max_entries, real);
  wave->pair_geometry = take(arena, moving * 4 * largest->max_pairs, real);
  wave->householder = take(arena, moving * Q2_RIGID * ld, real);
  wave->householder_factor = take(arena, moving * Q2_RIGID * ld, real);
  wave->lapack_reals = 1 + 6 * order + 2 * order * order;
  wave->lapack_integers = 3 + 5 * order;
  wave->lapack_real = take(arena, wave->lapack_reals, real);
  wave->lapack_integer = take(arena, wave->lapack_integers, sizeof *wave->lapack_integer);
}

#define GROW(FIELD)                                                                                                            \
  if (batches[b].FIELD > largest.FIELD) largest.FIELD = batches[b].FIELD

static int wave_create(const struct q2_batch *batches, int batch_count, int64_t slots, int padded, struct q2_wave *wave,
                       int64_t *bytes) {
  struct q2_batch largest = {0};
  for (int b = 0; b < batch_count; b++) {
    if (batches[b].molecules == 0) continue;
    GROW(atoms);
    GROW(order);
    GROW(ld);
    GROW(ld_order);
    GROW(basis_columns);
    GROW(ld_basis);
    GROW(moving);
    GROW(has_sites);
    GROW(max_terms);
    GROW(max_pieces);
    GROW(max_entries);
    GROW(max_pairs);
    GROW(max_parameters);
    GROW(max_increments);
    GROW(max_specials);
    GROW(max_residuals);
  }
  struct arena arena = {0};
  memset(wave, 0, sizeof *wave);
  wave->slots = slots;
  wave->padded = padded;
  lay_out(wave, &largest, &arena);
  const int64_t total = arena.offset;
  wave->memory = total > 0 ? aligned_alloc(64, (size_t)total) : NULL;
  if (total > 0 && !wave->memory) return -1;
  if (total > 0) memset(wave->memory, 0, (size_t)total);
  arena = (struct arena){wave->memory, 0};
  lay_out(wave, &largest, &arena);
  *bytes += total;
  return 0;
}

static void wave_destroy(struct q2_wave *wave) {
  free(wave->memory);
  memset(wave, 0, sizeof *wave);
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
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int order = q2_order(batch, wave, wave->first + slot), ld = batch->ld_order;
    double *matrix = wave->vectors + slot * ld * batch->order, *values = wave->eigenvalue + slot * batch->order;
    wave->failed[slot] = 0;
    if (order == 0) continue;
    wave->failed[slot] =
        !finite_lower(matrix, order, ld) ||
        LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'L', order, matrix, ld, values, wave->lapack_real,
                            (lapack_int)wave->lapack_reals, wave->lapack_integer, (lapack_int)wave->lapack_integers) != 0;
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

const struct q2_backend q2_backend_cpu = {"cpu", wave_create, wave_destroy, run, multiply, decompose, relaxing};
