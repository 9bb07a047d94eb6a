/* What the CPU does for one working precision: loops over the kernels' bodies, BLAS, LAPACK. kernels/cpu_kernels.c is compiled
 * once for each. */
#ifndef Q2_CPU_KERNELS_H
#define Q2_CPU_KERNELS_H

#include "backend.h"
#include "batch_tables.h"
#include "wave_arrays.h"

/* Work space of a thread; the first thing that q2_wave.queue points to. */
struct q2_cpu_work {
  void *real; /* LAPACK's, of the working precision, and room for a matrix */
  int32_t *integer;
  int64_t reals, integers;
};

/* Batches and waves are those of the precision; they are laid out alike (kernels/batch.h). */
struct q2_cpu_kernels {
  int64_t batch_bytes, wave_bytes;
  int64_t array_element[Q2_WAVE_ARRAY_COUNT]; /* bytes of an element of each array of a wave */
  int64_t table_element[Q2_TABLE_COUNT];      /* the same of the tables of a batch */
  void (*run)(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave);
  void (*multiply)(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave);
  void (*decompose)(const struct q2_batch *batch, const struct q2_wave *wave, int vectors);
  int64_t (*work_reals)(int64_t order); /* of q2_cpu_work.real */
};
extern const struct q2_cpu_kernels q2_cpu_kernels_f64, q2_cpu_kernels_f32;

#endif
