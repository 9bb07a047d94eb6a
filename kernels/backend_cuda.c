/* The CUDA backend. */
#include "cuda_module.h"

const struct q2_cuda_module q2_cuda_module = {&q2_device_kernels_f64, &q2_device_kernels_f32};
