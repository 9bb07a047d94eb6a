/* A stand-in for the driver's library, libcuda.so.1, for programs that look whether there is one. */
#include <cuda.h>
#include <stdlib.h>

CUresult cuInit(unsigned flags) { return flags ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS; }

CUresult cuDriverGetVersion(int *version) {
  *version = CUDA_VERSION;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
  const char *devices = getenv("Q2SIM_DEVICES");
  *count = devices ? (int)strtol(devices, NULL, 10) : 1;
  return CUDA_SUCCESS;
}
