/* The CPU backend: plain loops over the kernels' bodies, LAPACK and BLAS, one thread a wave. Matrices are handled at each
 * molecule's own size unless the wave is padded. Here is what is the same in every precision; kernels/cpu_kernels.c has the
 * rest. */
#include <stdlib.h>
#include <string.h>

#include "accumulator.h"
#include "cpu_kernels.h"

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

static const struct q2_cpu_kernels *kernels_of(const struct q2_wave *wave) {
  return wave->single ? &q2_cpu_kernels_f32 : &q2_cpu_kernels_f64;
}

/* What belongs to one wave, besides its arrays: LAPACK's work space, one matrix at a time, and the clock. */
struct queue {
  struct q2_cpu_work work;
  double since, seconds[Q2_TIMED_COUNT];
  enum q2_timed stage;
};

struct arena {
  char *base; /* NULL while sizes are being added up */
  int64_t offset;
};

static void *take(struct arena *arena, int64_t count, int64_t size) {
  void *here = arena->base ? arena->base + arena->offset : NULL;
  arena->offset += round_up(count * size);
  return here;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static void lay_out(const struct q2_wave_request *request, struct q2_wave *wave, struct arena *arena) {
  const struct q2_cpu_kernels *kernels = kernels_of(wave);
  struct queue *queue = take(arena, 1, sizeof *queue);
  int64_t order = 0;
#define TAKE(FIELD, ELEMENTS)                                                                                                  \
  {                                                                                                                            \
    int64_t count = 0;                                                                                                         \
    for (int b = 0; b < request->batch_count && q2_wave_wants(request, Q2_WAVE_##FIELD); b++) {                                \
      const struct q2_batch *batch = &request->batches[b];                                                                     \
      if (batch->molecules > 0) count = larger(count, request->slots[b] * (ELEMENTS));                                         \
    }                                                                                                                          \
    wave->FIELD = take(arena, count, kernels->array_element[Q2_WAVE_##FIELD]);                                                 \
  }
  Q2_WAVE_ARRAYS(TAKE)
#undef TAKE
  for (int b = 0; b < request->batch_count; b++)
    order = larger(order, request->batches[b].order);
  const int64_t reals = kernels->work_reals(order), integers = 3 + 5 * order;
  const struct q2_cpu_work work = {.real = take(arena, reals, kernels->array_element[Q2_WAVE_vectors]),
                                   .integer = take(arena, integers, sizeof *work.integer),
                                   .reals = reals,
                                   .integers = integers};
  if (arena->base) *queue = (struct queue){.work = work};
  wave->queue = queue;
}

static int wave_create(const struct q2_backend *backend, const struct q2_wave_request *request, struct q2_wave *wave,
                       int64_t *bytes) {
  struct arena arena = {0};
  memset(wave, 0, sizeof *wave);
  wave->single = request->single;
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

/* --- what depends on the precision --- */

static void run(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave) {
  kernels_of(wave)->run(kernel, batch, wave);
}

static void multiply(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  kernels_of(wave)->multiply(product, batch, wave);
}

static void decompose(const struct q2_batch *batch, const struct q2_wave *wave, int vectors) {
  kernels_of(wave)->decompose(batch, wave, vectors);
}

static void convert(const struct q2_wave *wave, const void *from, void *to, int64_t count, int to_single) {
  (void)wave;
  if (to_single) {
    for (int64_t k = 0; k < count; k++)
      ((float *)to)[k] = (float)((const double *)from)[k];
  } else {
    for (int64_t k = 0; k < count; k++)
      ((double *)to)[k] = ((const float *)from)[k];
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
    .convert = convert,
    .relaxing = relaxing,
    .collect = collect,
    .join = join,
    .wait = wait_for_all,
    .error = error,
    .see = see,
    .mark = mark,
    .seconds = seconds,
};
