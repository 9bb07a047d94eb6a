/* What the CUDA module (libq2hpc_cuda.so) offers: the one symbol that it exports, q2_cuda_module. */
#ifndef Q2_CUDA_MODULE_H
#define Q2_CUDA_MODULE_H

#include "device_kernels.h"

struct q2_cuda_module {
  const struct q2_device_kernels *float64, *float32;
};

#define Q2_CUDA_MODULE_SYMBOL "q2_cuda_module"
extern __attribute__((visibility("default"))) const struct q2_cuda_module q2_cuda_module;

#endif
