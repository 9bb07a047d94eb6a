/* The backend in mixed precision: which part a kernel belongs to, which arrays parts read and write, and when they are
 * converted.
 */
#include "mixed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refine.h"
#include "wave_arrays.h"

/* --- kernels and products by part --- */

static enum q2_part part_of(enum q2_kernel kernel) {
  switch (kernel) {
  case Q2_KERNEL_CHARGES:
  case Q2_KERNEL_TERMS:
  case Q2_KERNEL_ATOM_ENERGY:
  case Q2_KERNEL_ENERGY:
  case Q2_KERNEL_GRADIENT_AT:
    return Q2_PART_TERMS;
  case Q2_KERNEL_SITE_BLOCKS:
  case Q2_KERNEL_SITE_DIAGONAL:
  case Q2_KERNEL_BLOCKS:
  case Q2_KERNEL_DIAGONAL:
  case Q2_KERNEL_MASS_WEIGHT:
    return Q2_PART_HESSIAN;
  case Q2_KERNEL_RIGID_SQUARE:
  case Q2_KERNEL_PANELS:
  case Q2_KERNEL_TRAILING:
  case Q2_KERNEL_PADDING_BOUND:
  case Q2_KERNEL_PADDING:
    return Q2_PART_PROJECTION;
  case Q2_KERNEL_RESIDUALS:
  case Q2_KERNEL_FREQUENCIES:
  case Q2_KERNEL_SUMS:
    return Q2_PART_OBSERVABLES;
  case Q2_KERNEL_EXPAND:
  case Q2_KERNEL_DISPLACEMENTS:
  case Q2_KERNEL_SCALE:
  case Q2_KERNEL_CLEAR_COTANGENT:
  case Q2_KERNEL_CLEAR_BASIS:
  case Q2_KERNEL_DEPOSIT_BASIS:
  case Q2_KERNEL_DEPOSIT_ELEMENTS:
  case Q2_KERNEL_CLEAR_BARS:
  case Q2_KERNEL_DEPOSIT_GRADIENT:
  case Q2_KERNEL_PROBE:
    return Q2_PART_COTANGENT;
  case Q2_KERNEL_PAIR_SLOPES:
  case Q2_KERNEL_BLOCKS_BACK:
  case Q2_KERNEL_ATOMS_BACK:
  case Q2_KERNEL_SPECIALS_BACK:
  case Q2_KERNEL_INCREMENTS_BACK:
    return Q2_PART_PARAMETERS;
  case Q2_KERNEL_TERMS_BACK:
  case Q2_KERNEL_GATHER:
    return Q2_PART_REDUCTION;
  case Q2_KERNEL_REFINE_BEGIN:
  case Q2_KERNEL_REFINE_QUOTIENT:
  case Q2_KERNEL_REFINE_SOLVE:
  case Q2_KERNEL_REFINE_COLUMN:
  case Q2_KERNEL_REFINE_PLACE:
  case Q2_KERNEL_REFINE_CLUSTERS:
  case Q2_KERNEL_REFINE_CORRECTION:
  case Q2_KERNEL_REFINE_ADD:
  case Q2_KERNEL_REFINE_LARGEST:
  case Q2_KERNEL_REFINE_JUDGE:
  case Q2_KERNEL_REFINE_ARRANGE:
    return Q2_PART_EIGEN; /* given to the base itself, in float64 */
  default:
    return Q2_PART_SUMS;
  }
}

static enum q2_part part_of_product(enum q2_product product) {
  switch (product) {
  case Q2_PRODUCT_BASIS:
  case Q2_PRODUCT_BASIS_SQUARE:
    return Q2_PART_HESSIAN;
  case Q2_PRODUCT_RIGID:
  case Q2_PRODUCT_UPDATE:
    return Q2_PART_PROJECTION;
  case Q2_PRODUCT_NORMAL:
    return Q2_PART_SUMS;
  default:
    return Q2_PART_COTANGENT;
  }
}

/* --- arrays by part --- */

#define IN(PART) (1 << Q2_PART_##PART)

/* Parts that read what an earlier one left in the array. Parameters, which the caller gives, are no array of a wave. */
static const int readers[Q2_WAVE_ARRAY_COUNT] = {
    [Q2_WAVE_second] = IN(HESSIAN),
    [Q2_WAVE_first_derivative] = IN(HESSIAN),
    [Q2_WAVE_charge] = IN(HESSIAN) | IN(PARAMETERS),
    [Q2_WAVE_gradient_at] = IN(OBSERVABLES),
    [Q2_WAVE_energy] = IN(SUMS),
    [Q2_WAVE_hessian] = IN(HESSIAN) | IN(PROJECTION) | IN(OBSERVABLES) | IN(PARAMETERS),
    [Q2_WAVE_vectors] = IN(EIGEN) | IN(COTANGENT),
    [Q2_WAVE_shift] = IN(EIGEN),
    [Q2_WAVE_basis_matrix] = IN(OBSERVABLES),
    [Q2_WAVE_eigenvalue] = IN(OBSERVABLES) | IN(SUMS),
    [Q2_WAVE_cotangent] = IN(COTANGENT),
    [Q2_WAVE_residual] = IN(COTANGENT),
    [Q2_WAVE_entry_bar] = IN(REDUCTION),
    [Q2_WAVE_energy_bar] = IN(PARAMETERS) | IN(REDUCTION),
    [Q2_WAVE_position_bar] = IN(PARAMETERS),
    [Q2_WAVE_gradient_bar] = IN(PARAMETERS) | IN(REDUCTION),
    [Q2_WAVE_probe_left] = IN(PARAMETERS),
    [Q2_WAVE_probe_right] = IN(PARAMETERS),
    [Q2_WAVE_derivative] = IN(PARAMETERS) | IN(REDUCTION),
    [Q2_WAVE_gradient] = IN(SUMS),
    [Q2_WAVE_gradient_of_probe] = IN(SUMS),
};

/* Parts that write to the array, or use it as work space: afterwards it is in their precision alone. */
static const int writers[Q2_WAVE_ARRAY_COUNT] = {
    [Q2_WAVE_second] = IN(TERMS),
    [Q2_WAVE_first_derivative] = IN(TERMS),
    [Q2_WAVE_value] = IN(TERMS),
    [Q2_WAVE_charge] = IN(TERMS),
    [Q2_WAVE_gradient_at] = IN(TERMS),
    [Q2_WAVE_atom_energy] = IN(TERMS),
    [Q2_WAVE_energy] = IN(TERMS),
    [Q2_WAVE_site_block] = IN(HESSIAN),
    [Q2_WAVE_site_diagonal] = IN(HESSIAN),
    [Q2_WAVE_hessian] = IN(HESSIAN) | IN(PROJECTION) | IN(COTANGENT),
    [Q2_WAVE_vectors] = IN(PROJECTION) | IN(EIGEN),
    [Q2_WAVE_left] = IN(EIGEN) | IN(COTANGENT),
    [Q2_WAVE_right] = IN(EIGEN) | IN(COTANGENT),
    [Q2_WAVE_basis_product] = IN(HESSIAN) | IN(COTANGENT),
    [Q2_WAVE_basis_matrix] = IN(HESSIAN) | IN(COTANGENT),
    [Q2_WAVE_rigid_product] = IN(PROJECTION),
    [Q2_WAVE_panel_left] = IN(PROJECTION),
    [Q2_WAVE_panel_right] = IN(PROJECTION),
    [Q2_WAVE_small] = IN(PROJECTION) | IN(COTANGENT),
    [Q2_WAVE_eigenvalue] = IN(EIGEN),
    [Q2_WAVE_frequency] = IN(OBSERVABLES),
    [Q2_WAVE_cotangent] = IN(OBSERVABLES),
    [Q2_WAVE_shift] = IN(PROJECTION),
    [Q2_WAVE_frequency_slope] = IN(OBSERVABLES),
    [Q2_WAVE_mode_work] = IN(EIGEN),
    [Q2_WAVE_calculated] = IN(OBSERVABLES),
    [Q2_WAVE_residual] = IN(OBSERVABLES),
    [Q2_WAVE_loss] = IN(OBSERVABLES),
    [Q2_WAVE_square] = IN(OBSERVABLES),
    [Q2_WAVE_kind_loss] = IN(OBSERVABLES),
    [Q2_WAVE_entry_bar] = IN(PARAMETERS),
    [Q2_WAVE_pair_bar] = IN(PARAMETERS),
    [Q2_WAVE_pair_slope] = IN(PARAMETERS),
    [Q2_WAVE_charge_bar] = IN(PARAMETERS),
    [Q2_WAVE_energy_bar] = IN(COTANGENT),
    [Q2_WAVE_position_bar] = IN(COTANGENT),
    [Q2_WAVE_gradient_bar] = IN(COTANGENT),
    [Q2_WAVE_probe_left] = IN(COTANGENT),
    [Q2_WAVE_probe_right] = IN(COTANGENT),
    [Q2_WAVE_derivative] = IN(PARAMETERS) | IN(REDUCTION),
    [Q2_WAVE_gradient] = IN(REDUCTION),
    [Q2_WAVE_gradient_of_probe] = IN(REDUCTION),
    [Q2_WAVE_jacobian] = IN(SUMS),
    [Q2_WAVE_normal] = IN(SUMS),
    [Q2_WAVE_trace_square] = IN(EIGEN),
};

/* Integers, which both waves share. */
static int is_shared(enum q2_wave_array array) { return array == Q2_WAVE_failed || array == Q2_WAVE_info; }

/* Parts whose kernels read the parameters. */
enum { READ_PARAMETERS = IN(TERMS) | IN(HESSIAN) | IN(PARAMETERS) | IN(REDUCTION) };

/* --- the waves --- */

struct mixed {
  const struct q2_backend *base;
  int *precision, count; /* the modes that may be set */
  int mode;              /* the row of q2_precision_modes in force */
  int64_t turn;          /* counts evaluations */
};

enum { FULL = 1, SINGLE = 2 }; /* where the present content of an array is: an OR of these */

/* What q2_wave.queue of this backend points to. */
struct pair {
  struct mixed *mixed;
  struct q2_wave full, single;
  void *array[Q2_WAVE_ARRAY_COUNT];          /* of `single` */
  unsigned char wanted[Q2_WAVE_ARRAY_COUNT]; /* 1: `single` has it */
  float *parameters;
  int64_t parameter_room, parameter_turn, turn;
  enum q2_part part; /* that worked last */
  unsigned char where[Q2_WAVE_ARRAY_COUNT];
};

static const struct q2_precision_mode *mode_of(const struct pair *pair) { return &q2_precision_modes[pair->mixed->mode]; }

static int64_t elements(enum q2_wave_array array, const struct q2_batch *batch) {
  switch (array) {
#define CASE(FIELD, ELEMENTS)                                                                                                  \
  case Q2_WAVE_##FIELD:                                                                                                        \
    return ELEMENTS;
    Q2_WAVE_ARRAYS(CASE)
#undef CASE
  case Q2_WAVE_ARRAY_COUNT:
    break;
  }
  return 0;
}

static void list(const struct q2_wave *wave, void **array) {
#define LIST(FIELD, ELEMENTS) array[Q2_WAVE_##FIELD] = (void *)wave->FIELD;
  Q2_WAVE_ARRAYS(LIST)
#undef LIST
}

/* Brings what the caller has set in its wave into the two that work. */
static void follow(struct pair *pair, const struct q2_wave *wave) {
  void *const full_queue = pair->full.queue, *const single_queue = pair->single.queue;
  pair->full = pair->single = *wave;
  pair->full.queue = full_queue;
  pair->single.queue = single_queue;
  pair->single.single = 1;
#define TAKE(FIELD, ELEMENTS)                                                                                                  \
  if (!is_shared(Q2_WAVE_##FIELD)) pair->single.FIELD = pair->array[Q2_WAVE_##FIELD];
  Q2_WAVE_ARRAYS(TAKE)
#undef TAKE
  pair->single.parameters = (const q2_real *)(const void *)pair->parameters;
}

/* The batch for kernels in float32; NULL where molecules move. */
static const struct q2_batch *twin(const struct q2_batch *batch) { return batch->moving ? NULL : batch->single; }

/* Makes the array's content present in the precision asked for. */
static void bring(struct pair *pair, const struct q2_batch *batch, enum q2_wave_array array, int single) {
  void *full[Q2_WAVE_ARRAY_COUNT];
  if (!pair->wanted[array] || !pair->where[array] || pair->where[array] & (single ? SINGLE : FULL)) return;
  list(&pair->full, full);
  const int64_t count = pair->full.count * elements(array, batch);
  pair->mixed->base->convert(&pair->full, single ? full[array] : pair->array[array], single ? pair->array[array] : full[array],
                             count, single);
  pair->where[array] = FULL | SINGLE;
}

static void bring_parameters(struct pair *pair, const struct q2_batch *batch) {
  if (pair->parameter_turn == pair->mixed->turn) return;
  pair->mixed->base->convert(&pair->full, pair->full.parameters, pair->parameters, batch->parameter_rows, 1);
  pair->parameter_turn = pair->mixed->turn;
}

/* The part begins or goes on: converts what it reads and notes what it writes. Terms begin an evaluation, which has no use for
 * what the last one left. Returns whether the part works in float32. */
static int enter(struct pair *pair, const struct q2_batch *batch, const struct q2_wave *wave, enum q2_part part) {
  const int single = twin(batch) && mode_of(pair)->single[part];
  follow(pair, wave);
  if (!twin(batch) || (pair->part == part && pair->turn == pair->mixed->turn)) return single;
  if (part == Q2_PART_TERMS) memset(pair->where, 0, sizeof pair->where);
  if (single && READ_PARAMETERS >> part & 1) bring_parameters(pair, batch);
  for (int a = 0; a < Q2_WAVE_ARRAY_COUNT; a++) {
    const int skipped = a == Q2_WAVE_hessian && part == Q2_PART_OBSERVABLES && !batch->has_elements;
    if (readers[a] >> part & 1 && !skipped) bring(pair, batch, (enum q2_wave_array)a, single);
    if (writers[a] >> part & 1) pair->where[a] = single ? SINGLE : FULL;
  }
  pair->part = part;
  pair->turn = pair->mixed->turn;
  return single;
}

static const struct q2_backend *base_of(const struct q2_backend *backend) { return ((struct mixed *)backend->device)->base; }

static void run(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave) {
  struct pair *pair = wave->queue;
  const int single = enter(pair, batch, wave, part_of(kernel));
  pair->mixed->base->run(kernel, single ? twin(batch) : batch, single ? &pair->single : &pair->full);
}

static void multiply(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  struct pair *pair = wave->queue;
  const int single = enter(pair, batch, wave, part_of_product(product));
  pair->mixed->base->multiply(product, single ? twin(batch) : batch, single ? &pair->single : &pair->full);
}

static void decompose(const struct q2_batch *batch, const struct q2_wave *wave, int vectors) {
  struct pair *pair = wave->queue;
  const struct q2_backend *base = pair->mixed->base;
  const enum q2_refinement refinement = mode_of(pair)->refinement;
  if (twin(batch) && refinement) { /* which takes the matrix in float64 and the vectors of float32 */
    follow(pair, wave);
    bring(pair, batch, Q2_WAVE_vectors, 0);
  }
  if (!enter(pair, batch, wave, Q2_PART_EIGEN)) {
    base->decompose(batch, &pair->full, vectors);
    return;
  }
  base->decompose(twin(batch), &pair->single, vectors || refinement);
  if (!refinement) return;
  base->convert(&pair->full, pair->array[Q2_WAVE_vectors], pair->full.left, pair->full.count * elements(Q2_WAVE_vectors, batch),
                0);
  q2_refine(base, batch, &pair->full, refinement);
  pair->where[Q2_WAVE_vectors] = pair->where[Q2_WAVE_eigenvalue] = FULL;
}

static int relaxing(const struct q2_batch *batch, const struct q2_wave *wave) {
  struct pair *pair = wave->queue;
  follow(pair, wave);
  return pair->mixed->base->relaxing(batch, &pair->full);
}

static void collect(const struct q2_batch *batch, const struct q2_wave *wave, int gradient, int normal) {
  struct pair *pair = wave->queue;
  (void)enter(pair, batch, wave, Q2_PART_SUMS);
  pair->mixed->base->collect(batch, &pair->full, gradient, normal);
}

static int see(const struct q2_batch *batch, const struct q2_wave *wave, int what, struct q2_wave *seen) {
  struct pair *pair = wave->queue;
  follow(pair, wave);
  for (int a = 0; a < Q2_WAVE_ARRAY_COUNT && twin(batch); a++) {
    if (q2_seen_with[a] & what) bring(pair, batch, (enum q2_wave_array)a, 0);
  }
  return pair->mixed->base->see(batch, &pair->full, what, seen);
}

static int replay(const struct q2_wave *wave, int64_t program) {
  struct pair *pair = wave->queue;
  follow(pair, wave);
  pair->parameter_turn = pair->turn = 0; /* what is recorded here stands alone */
  return pair->mixed->base->replay(&pair->full, program < 0 ? program : program * Q2_MODE_COUNT + pair->mixed->mode);
}

static void recorded(const struct q2_wave *wave) {
  const struct pair *pair = wave->queue;
  pair->mixed->base->recorded(&pair->full);
}

static void mark(const struct q2_wave *wave, enum q2_timed stage) {
  const struct pair *pair = wave->queue;
  pair->mixed->base->mark(&pair->full, stage);
}

static void seconds(const struct q2_wave *wave, double *sum, int reset) {
  const struct pair *pair = wave->queue;
  pair->mixed->base->seconds(&pair->full, sum, reset);
}

/* --- making and releasing waves --- */

/* The arrays that float32 needs in any of the modes. */
static void find_wanted(const struct mixed *mixed, unsigned char *arrays) {
  int parts = 0;
  for (int k = 0; k < mixed->count; k++) {
    for (int part = 0; part < Q2_PART_COUNT; part++)
      parts |= q2_precision_modes[mixed->precision[k]].single[part] << part;
  }
  for (int a = 0; a < Q2_WAVE_ARRAY_COUNT; a++)
    arrays[a] = (unsigned char)(!is_shared((enum q2_wave_array)a) && ((readers[a] | writers[a]) & parts) != 0);
}

static void wave_destroy(const struct q2_backend *backend, struct q2_wave *wave) {
  const struct q2_backend *base = base_of(backend);
  struct pair *pair = wave->queue;
  if (!pair) return;
  pair->single.failed = pair->single.info = NULL;              /* the other's */
  if (pair->full.queue) base->wave_destroy(base, &pair->full); /* with the queue: nothing is under way after that */
  if (pair->single.queue) base->wave_destroy(base, &pair->single);
  if (pair->parameters) base->release(base, pair->parameters);
  free(pair);
  memset(wave, 0, sizeof *wave);
}

static int create_single(const struct q2_backend *base, const struct q2_wave_request *request, struct pair *pair,
                         int64_t *bytes) {
  int64_t *slots = calloc((size_t)(request->batch_count > 0 ? request->batch_count : 1), sizeof *slots), parameters = 0;
  struct q2_wave_request twins = *request;
  if (!slots) return -1;
  for (int b = 0; b < request->batch_count; b++) {
    slots[b] = request->batches[b].moving ? 0 : request->slots[b];
    if (request->batches[b].parameter_rows > parameters) parameters = request->batches[b].parameter_rows;
  }
  find_wanted(pair->mixed, pair->wanted);
  twins.slots = slots;
  twins.single = 1;
  twins.arrays = pair->wanted;
  twins.beside = &pair->full;
  int failed = base->wave_create(base, &twins, &pair->single, bytes) != 0;
  free(slots);
  if (failed) return -1;
  list(&pair->single, pair->array);
  pair->parameters = base->allocate(base, parameters * (int64_t)sizeof *pair->parameters);
  *bytes += parameters * (int64_t)sizeof *pair->parameters;
  return pair->parameters || parameters == 0 ? 0 : -1;
}

static int wave_create(const struct q2_backend *backend, const struct q2_wave_request *request, struct q2_wave *wave,
                       int64_t *bytes) {
  const struct q2_backend *base = base_of(backend);
  struct pair *pair = calloc(1, sizeof *pair);
  memset(wave, 0, sizeof *wave);
  if (!pair) return -1;
  pair->mixed = backend->device;
  wave->queue = pair;
  if (base->wave_create(base, request, &pair->full, bytes) != 0 || create_single(base, request, pair, bytes) != 0) {
    wave_destroy(backend, wave);
    return -1;
  }
  *wave = pair->full;
  wave->queue = pair;
  return 0;
}

/* --- what the base does alone --- */

static void *allocate(const struct q2_backend *backend, int64_t bytes) {
  return base_of(backend)->allocate(base_of(backend), bytes);
}

static void release(const struct q2_backend *backend, void *there) { base_of(backend)->release(base_of(backend), there); }

static int put(const struct q2_backend *backend, void *there, const void *here, int64_t bytes) {
  return base_of(backend)->put(base_of(backend), there, here, bytes);
}

static int get(const struct q2_backend *backend, void *here, const void *there, int64_t bytes) {
  return base_of(backend)->get(base_of(backend), here, there, bytes);
}

static void *allocate_here(const struct q2_backend *backend, int64_t bytes) {
  return base_of(backend)->allocate_here(base_of(backend), bytes);
}

static void release_here(const struct q2_backend *backend, void *here) {
  base_of(backend)->release_here(base_of(backend), here);
}

static void begin(const struct q2_backend *backend, void *there, const void *here, int64_t bytes, int64_t *limbs,
                  int64_t limb_bytes) {
  ((struct mixed *)backend->device)->turn++;
  base_of(backend)->begin(base_of(backend), there, here, bytes, limbs, limb_bytes);
}

static void join(const struct q2_backend *backend, const int64_t *parts, int64_t part_count, int64_t stride, int64_t count,
                 int64_t *joined) {
  base_of(backend)->join(base_of(backend), parts, part_count, stride, count, joined);
}

static int wait_for_all(const struct q2_backend *backend) { return base_of(backend)->wait(base_of(backend)); }

static const char *error(const struct q2_backend *backend) { return base_of(backend)->error(base_of(backend)); }

static void timing(const struct q2_backend *backend, int on) { base_of(backend)->timing(base_of(backend), on); }

/* --- making and releasing the backend --- */

/* Whether the base can do what the modes ask for. */
static int check(const struct q2_backend *base, const int *precision, int count, char *text, size_t size) {
  for (int k = 0; k < count; k++) {
    const struct q2_precision_mode *mode = &q2_precision_modes[precision[k]];
    if (!base->convert) {
      snprintf(text, size, "the backend %s has no float32, as the precision mode %s asks for", base->name, mode->name);
      return -1;
    }
  }
  return 0;
}

int q2_mixed_create(const struct q2_backend *base, const int *precision, int count, struct q2_backend *backend, char *text,
                    size_t size) {
  memset(backend, 0, sizeof *backend);
  if (check(base, precision, count, text, size) != 0) return -1;
  struct mixed *mixed = calloc(1, sizeof *mixed);
  int *modes = calloc((size_t)count, sizeof *modes);
  if (!mixed || !modes) {
    snprintf(text, size, "out of memory for %d precision modes", count);
    free(mixed);
    free(modes);
    return -1;
  }
  memcpy(modes, precision, (size_t)count * sizeof *modes);
  *mixed = (struct mixed){.base = base, .precision = modes, .count = count, .mode = precision[0], .turn = 1};
  *backend = *base;
  backend->mixes = 1;
  backend->device = mixed;
  backend->allocate = allocate;
  backend->release = release;
  backend->put = put;
  backend->get = get;
  backend->allocate_here = allocate_here;
  backend->release_here = release_here;
  backend->wave_create = wave_create;
  backend->wave_destroy = wave_destroy;
  backend->begin = begin;
  backend->replay = replay;
  backend->recorded = recorded;
  backend->run = run;
  backend->multiply = multiply;
  backend->decompose = decompose;
  backend->convert = NULL;
  backend->relaxing = relaxing;
  backend->collect = collect;
  backend->join = join;
  backend->wait = wait_for_all;
  backend->error = error;
  backend->see = see;
  backend->mark = mark;
  backend->seconds = seconds;
  if (base->timing) backend->timing = timing;
  return 0;
}

void q2_mixed_destroy(struct q2_backend *backend) {
  struct mixed *mixed = backend->device;
  if (mixed) free(mixed->precision);
  free(mixed);
  memset(backend, 0, sizeof *backend);
}

void q2_mixed_set(const struct q2_backend *backend, int precision) { ((struct mixed *)backend->device)->mode = precision; }
