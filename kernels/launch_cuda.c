/* Launches the entry points of kernels/device_kernels.cu. Compiled once for each working precision. */
#include <cuda_runtime_api.h>

#include "device_kernels.h"
#include "wave_arrays.h"

/* The host sees an entry as a function of the same name: its address is what CUDA's runtime knows the kernel by. */
#define DECLARE(ID, ...) void Q2_ENTRY_NAME(ID)(struct q2_batch, struct q2_wave);
Q2_KERNELS(DECLARE)
#undef DECLARE
void Q2_ENTRY_NAME(join)(const int64_t *, int64_t, int64_t, int64_t, int64_t *);
void Q2_ENTRY_NAME(convert)(const q2_other_real *, q2_real *, int64_t);

#define TEXT_(NAME) #NAME
#define TEXT(NAME) TEXT_(NAME)
#define NAME(ID, ...) TEXT(Q2_ENTRY_NAME(ID)),
static const char *const names[] = {Q2_KERNELS(NAME)};
#undef NAME

/* ISO C has no conversion from a function's address to that of an object; POSIX has (dlsym). */
#define ENTRY(ID, ...) __extension__(const void *) Q2_ENTRY_NAME(ID),
static const void *const entries[] = {Q2_KERNELS(ENTRY)};
#undef ENTRY

#define ELEMENT(FIELD, ...) [Q2_WAVE_##FIELD] = (int64_t)sizeof *((struct q2_wave *)0)->FIELD,
static const int64_t array_element[Q2_WAVE_ARRAY_COUNT] = {Q2_WAVE_ARRAYS(ELEMENT)};
#undef ELEMENT

static void extent(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave, int64_t *majors,
                   int64_t *minors) {
  const int64_t m = -1, major = 0;
  (void)wave;
  (void)m;
  (void)major;
  *majors = *minors = 0;
  switch (kernel) {
#define CASE(ID, FUNCTION, MAJORS, MINORS)                                                                                     \
  case Q2_KERNEL_##ID:                                                                                                         \
    *majors = MAJORS;                                                                                                          \
    *minors = MINORS;                                                                                                          \
    break;
    Q2_KERNELS(CASE)
#undef CASE
  case Q2_KERNEL_COUNT:
    break;
  }
}

enum { WARP = 32, MOST_Y = 65535 }; /* threads that a device runs together; limit of a grid's y and z */

static int launch(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave, int64_t slots,
                  struct CUstream_st *stream) {
  int64_t majors, minors;
  extent(kernel, batch, wave, &majors, &minors);
  if (majors <= 0 || minors <= 0 || slots <= 0) return cudaSuccess;
  if (majors > INT32_MAX / minors || slots > (int64_t)MOST_Y * MOST_Y) return cudaErrorInvalidConfiguration;
  const int64_t elements = majors * minors;
  const int64_t block = elements < Q2_BLOCK ? (elements + WARP - 1) / WARP * WARP : Q2_BLOCK;
  const int64_t z = (slots + MOST_Y - 1) / MOST_Y, y = (slots + z - 1) / z;
  const dim3 grid = {(unsigned)((elements + block - 1) / block), (unsigned)y, (unsigned)z}, threads = {(unsigned)block, 1, 1};
  void *arguments[] = {(void *)(uintptr_t)batch, (void *)(uintptr_t)wave};
  return (int)cudaLaunchKernel(entries[kernel], grid, threads, arguments, 0, stream);
}

static int join(const int64_t *parts, int64_t part_count, int64_t stride, int64_t count, int64_t *joined,
                struct CUstream_st *stream) {
  if (count <= 0) return cudaSuccess;
  if (count > INT32_MAX) return cudaErrorInvalidConfiguration;
  const dim3 grid = {(unsigned)((count + Q2_BLOCK - 1) / Q2_BLOCK), 1, 1}, threads = {Q2_BLOCK, 1, 1};
  void *arguments[] = {&parts, &part_count, &stride, &count, &joined};
  return (int)cudaLaunchKernel(__extension__(const void *) Q2_ENTRY_NAME(join), grid, threads, arguments, 0, stream);
}

static int convert(const void *from, void *to, int64_t count, struct CUstream_st *stream) {
  if (count <= 0) return cudaSuccess;
  if (count > (int64_t)INT32_MAX * Q2_BLOCK) return cudaErrorInvalidConfiguration;
  const dim3 grid = {(unsigned)((count + Q2_BLOCK - 1) / Q2_BLOCK), 1, 1}, threads = {Q2_BLOCK, 1, 1};
  void *arguments[] = {(void *)&from, (void *)&to, &count};
  return (int)cudaLaunchKernel(__extension__(const void *) Q2_ENTRY_NAME(convert), grid, threads, arguments, 0, stream);
}

const struct q2_device_kernels Q2_JOIN(q2_device_kernels_, Q2_PRECISION) = {
    sizeof(struct q2_batch), sizeof(struct q2_wave), array_element, names, entries, extent, launch, join, convert};
