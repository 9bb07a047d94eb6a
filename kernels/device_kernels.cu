/* The entry points of the device: one for each row of Q2_KERNELS, q2_f64_ID or q2_f32_ID by the working precision. A thread is
 * one element of one slot: x runs over majors times minors of the padded batch, minor fastest; y, and z where y is not enough,
 * over slots. kernels/launch_cuda.c says how large a grid is. There is no host code here: the file compiles wherever CUDA's
 * qualifiers __global__, __grid_constant__ and __launch_bounds__ and the places of a thread mean something. */
#include "device_kernels.h"

#define Q2_ENTRY(ID, FUNCTION, MAJORS, MINORS)                                                                                 \
  extern "C" __global__ void __launch_bounds__(Q2_BLOCK, 1) Q2_ENTRY_NAME(ID)(                                                 \
      const __grid_constant__ struct q2_batch batch_value, const __grid_constant__ struct q2_wave wave_value) {                \
    const struct q2_batch *batch = &batch_value;                                                                               \
    const struct q2_wave *wave = &wave_value;                                                                                  \
    const int64_t slot = (int64_t)blockIdx.z * gridDim.y + blockIdx.y;                                                         \
    const uint32_t element = blockIdx.x * blockDim.x + threadIdx.x;                                                            \
    int64_t m = -1, major = 0;                                                                                                 \
    const uint32_t row = (uint32_t)(MINORS);                                                                                   \
    m = wave->first + slot;                                                                                                    \
    major = element / row;                                                                                                     \
    const int64_t minor = element % row;                                                                                       \
    if (m < wave->first + wave->count && major < (MAJORS) && minor < (MINORS)) FUNCTION(batch, wave, slot, major, minor);      \
  }
Q2_KERNELS(Q2_ENTRY)

extern "C" __global__ void __launch_bounds__(Q2_BLOCK)
    Q2_ENTRY_NAME(join)(const int64_t *parts, int64_t part_count, int64_t stride, int64_t count, int64_t *joined) {
  const int64_t k = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (k < count) joined[k] = q2_join_parts(parts, part_count, stride, k);
}

extern "C" __global__ void __launch_bounds__(Q2_BLOCK)
    Q2_ENTRY_NAME(convert)(const q2_other_real *from, q2_real *to, int64_t count) {
  const int64_t k = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (k < count) to[k] = (q2_real)from[k];
}
