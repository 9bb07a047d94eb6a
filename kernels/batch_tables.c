/* Placing batches in a backend's memory. */
#include "batch_tables.h"

#include <stdlib.h>
#include <string.h>

#include "cpu_kernels.h"

static void *place_table(const struct q2_backend *backend, const void *table, int64_t size, int *failed, int64_t *bytes) {
  if (size == 0 || *failed) return NULL;
  void *there = backend->allocate(backend, size);
  *failed = !there || backend->put(backend, there, table, size) != 0;
  *bytes += there ? size : 0;
  return there;
}

/* Whether the table holds numbers of the working precision. */
static int is_real(enum q2_batch_table table) {
  return q2_cpu_kernels_f32.table_element[table] != q2_cpu_kernels_f64.table_element[table];
}

/* The table, rounded. An empty one has an address, as in float64 (q2_allocate): kernels add offsets to it. */
static void *place_rounded(const struct q2_backend *backend, const double *table, int64_t count, int *failed, int64_t *bytes) {
  const int64_t room = count > 0 ? count : 1;
  float *rounded = *failed ? NULL : calloc((size_t)room, sizeof *rounded);
  *failed = !rounded;
  for (int64_t k = 0; rounded && k < count; k++)
    rounded[k] = (float)table[k];
  void *there = place_table(backend, rounded, room * (int64_t)sizeof *rounded, failed, bytes);
  free(rounded);
  return there;
}

/* The same molecules for kernels in float32: the tables of whole numbers are shared. */
static int place_single(const struct q2_backend *backend, const struct q2_batch *batch, struct q2_batch *placed,
                        int64_t *bytes) {
  int failed = 0;
  struct q2_batch *single = malloc(sizeof *single);
  if (!single) return -1;
  *single = *placed;
#define ROUND(FIELD, TYPE)                                                                                                     \
  if (is_real(Q2_TABLE_##FIELD))                                                                                               \
    single->FIELD = place_rounded(backend, (const double *)(const void *)batch->FIELD, batch->table_size[Q2_TABLE_##FIELD],    \
                                  &failed, bytes);
  Q2_ALL_TABLES(ROUND)
#undef ROUND
  placed->single = single;
  return failed ? -1 : 0;
}

int q2_batch_place(const struct q2_backend *backend, const struct q2_batch *batch, struct q2_batch *placed, int64_t *bytes) {
  int failed = 0;
  *placed = *batch;
  if (backend->queued) {
#define PLACE(FIELD, TYPE)                                                                                                     \
  placed->FIELD =                                                                                                              \
      place_table(backend, batch->FIELD, batch->table_size[Q2_TABLE_##FIELD] * (int64_t)sizeof(TYPE), &failed, bytes);
    Q2_ALL_TABLES(PLACE)
#undef PLACE
    placed->table_size = NULL;
  }
  if (!failed && backend->mixes && !batch->moving && batch->molecules > 0)
    failed = place_single(backend, batch, placed, bytes) != 0;
  return failed ? -1 : 0;
}

static void unplace_single(const struct q2_backend *backend, const struct q2_batch *single) {
#define UNPLACE(FIELD, TYPE)                                                                                                   \
  if (is_real(Q2_TABLE_##FIELD)) backend->release(backend, (void *)single->FIELD);
  Q2_ALL_TABLES(UNPLACE)
#undef UNPLACE
}

void q2_batch_unplace(const struct q2_backend *backend, struct q2_batch *placed) {
  if (placed->single) unplace_single(backend, placed->single);
  free((void *)placed->single);
  if (backend->queued) {
#define UNPLACE(FIELD, TYPE) backend->release(backend, placed->FIELD);
    Q2_ALL_TABLES(UNPLACE)
#undef UNPLACE
  }
  memset(placed, 0, sizeof *placed);
}
