/* Placing batches in a backend's memory. */
#include "batch_tables.h"

#include <string.h>

static void *place_table(const struct q2_backend *backend, const void *table, int64_t size, int *failed, int64_t *bytes) {
  if (size == 0 || *failed) return NULL;
  void *there = backend->allocate(backend, size);
  *failed = !there || backend->put(backend, there, table, size) != 0;
  *bytes += there ? size : 0;
  return there;
}

int q2_batch_place(const struct q2_backend *backend, const struct q2_batch *batch, struct q2_batch *placed, int64_t *bytes) {
  int failed = 0;
  *placed = *batch;
  if (!backend->queued) return 0;
#define PLACE(FIELD, TYPE)                                                                                                     \
  placed->FIELD =                                                                                                              \
      place_table(backend, batch->FIELD, batch->table_size[Q2_TABLE_##FIELD] * (int64_t)sizeof(TYPE), &failed, bytes);
  Q2_ALL_TABLES(PLACE)
#undef PLACE
  placed->table_size = NULL;
  return failed ? -1 : 0;
}

void q2_batch_unplace(const struct q2_backend *backend, struct q2_batch *placed) {
  if (backend->queued) {
#define UNPLACE(FIELD, TYPE) backend->release(backend, placed->FIELD);
    Q2_ALL_TABLES(UNPLACE)
#undef UNPLACE
  }
  memset(placed, 0, sizeof *placed);
}
