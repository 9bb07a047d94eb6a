/* The kernels on the device: names of their entry points, and their launch from plain C. Compiled for each working precision:
 * kernels/portable.h says how to choose it. */
#ifndef Q2_DEVICE_KERNELS_H
#define Q2_DEVICE_KERNELS_H

#include <stddef.h>

#include "stages.h"

/* q2_f64_ID or q2_f32_ID, by Q2_KERNEL_REAL. */
#define Q2_ENTRY_NAME(ID) Q2_JOIN(Q2_JOIN(q2_, Q2_PRECISION), _##ID)

/* The precision that this one is converted from. */
#define Q2_OTHER_double float
#define Q2_OTHER_float double
typedef Q2_JOIN(Q2_OTHER_, Q2_KERNEL_REAL) q2_other_real;

enum { Q2_BLOCK = 128 }; /* threads of a block at most */

struct CUstream_st; /* what a cudaStream_t points to */

/* The kernels of one precision. Its functions read batches and waves as they are laid out with that precision's q2_real. */
struct q2_device_kernels {
  size_t batch_bytes, wave_bytes; /* sizes of the structures q2_batch and q2_wave, which are the arguments of every entry */
  const int64_t *array_element;   /* [Q2_WAVE_ARRAY_COUNT] bytes of an element of each array of a wave */
  const char *const *name;        /* [Q2_KERNEL_COUNT] of the entry */
  const void *const *entry;       /* [Q2_KERNEL_COUNT] what CUDA's runtime knows the entry by */

  /* majors, minors: how far the kernel's loops run in any molecule of the batch. */
  void (*extent)(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave, int64_t *majors,
                 int64_t *minors);

  /* Puts the kernel into the stream for slots 0 to slots - 1 of the wave: wave->count, or 1 where it runs over a whole wave.
   * Both structures are on the host, copied before it returns; what they point to is on the device. Nothing to do is no error.
   * Returns a cudaError_t; cudaErrorInvalidConfiguration for 2^31 elements or more. */
  int (*launch)(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave, int64_t slots,
                struct CUstream_st *stream);

  /* Puts joined[k] = sum over part of parts[part stride + k], k < count, into the stream. Returns as launch does. */
  int (*join)(const int64_t *parts, int64_t part_count, int64_t stride, int64_t count, int64_t *joined,
              struct CUstream_st *stream);

  /* Puts to[k] = from[k], k < count, into the stream: numbers of the other precision become those of this one. Returns as
   * launch does. */
  int (*convert)(const void *from, void *to, int64_t count, struct CUstream_st *stream);
};

#ifdef __cplusplus
extern "C" {
#endif
extern const struct q2_device_kernels q2_device_kernels_f64, q2_device_kernels_f32;
#ifdef __cplusplus
}
#endif

#endif
