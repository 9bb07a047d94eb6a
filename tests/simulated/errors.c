/* Errors of the simulated runtime: the last one, the ones that a device does not recover from, their names and texts. */
#include <stdlib.h>

#include "runtime.h"

#define ERRORS(ROW)                                                                                                            \
  ROW(cudaSuccess, "no error")                                                                                                 \
  ROW(cudaErrorInvalidValue, "invalid argument")                                                                               \
  ROW(cudaErrorMemoryAllocation, "out of memory")                                                                              \
  ROW(cudaErrorInitializationError, "initialization error")                                                                    \
  ROW(cudaErrorInvalidConfiguration, "invalid configuration argument")                                                         \
  ROW(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy")                                                    \
  ROW(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version")                             \
  ROW(cudaErrorInvalidDeviceFunction, "invalid device function")                                                               \
  ROW(cudaErrorNoDevice, "no CUDA-capable device is detected")                                                                 \
  ROW(cudaErrorInvalidDevice, "invalid device ordinal")                                                                        \
  ROW(cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device")                             \
  ROW(cudaErrorECCUncorrectable, "uncorrectable ECC error encountered")                                                        \
  ROW(cudaErrorInvalidResourceHandle, "invalid resource handle")                                                               \
  ROW(cudaErrorIllegalState, "the operation cannot be performed in the present state")                                         \
  ROW(cudaErrorNotReady, "device not ready")                                                                                   \
  ROW(cudaErrorIllegalAddress, "an illegal memory access was encountered")                                                     \
  ROW(cudaErrorLaunchOutOfResources, "too many resources requested for launch")                                                \
  ROW(cudaErrorLaunchTimeout, "the launch timed out and was terminated")                                                       \
  ROW(cudaErrorLaunchFailure, "unspecified launch failure")                                                                    \
  ROW(cudaErrorNotSupported, "operation not supported")                                                                        \
  ROW(cudaErrorSystemDriverMismatch, "system has unsupported display driver / cuda driver combination")                        \
  ROW(cudaErrorStreamCaptureUnsupported, "operation not permitted when stream is capturing")                                   \
  ROW(cudaErrorStreamCaptureInvalidated, "operation failed due to a previous error during capture")                            \
  ROW(cudaErrorStreamCaptureMerge, "operation would result in a merge of separate capture sequences")                          \
  ROW(cudaErrorStreamCaptureUnmatched, "capture was not ended in the same stream as it began")                                 \
  ROW(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work")                                                    \
  ROW(cudaErrorStreamCaptureIsolation, "dependency created on uncaptured work in another stream")                              \
  ROW(cudaErrorStreamCaptureImplicit, "operation would make the legacy stream depend on a capturing blocking stream")          \
  ROW(cudaErrorCapturedEvent, "operation not permitted on an event last recorded in a capturing stream")                       \
  ROW(cudaErrorUnknown, "unknown error")

static struct { cudaError_t last, sticky; } errors;

static int lasting(cudaError_t error) {
  switch (error) {
  case cudaErrorECCUncorrectable:
  case cudaErrorIllegalAddress:
  case cudaErrorLaunchTimeout:
  case cudaErrorLaunchFailure:
  case cudaErrorUnknown:
    return 1;
  default:
    return 0;
  }
}

cudaError_t q2sim_error(cudaError_t error) {
  if (error != cudaSuccess) errors.last = error;
  if (lasting(error)) errors.sticky = error;
  return error;
}

cudaError_t q2sim_sticky(void) { return errors.sticky; }

cudaError_t q2sim_fault(const char *name, cudaError_t fault) {
  if (!q2sim_call(name)) return cudaSuccess;
  const int code = atoi(q2sim_fault_argument());
  return q2sim_error(code ? (cudaError_t)code : fault);
}

cudaError_t q2sim_enter(const char *name, cudaError_t fault) {
  const cudaError_t due = q2sim_fault(name, fault);
  return due != cudaSuccess ? due : errors.sticky;
}

cudaError_t cudaGetLastError(void) {
  q2sim_call(__func__);
  const cudaError_t last = errors.last;
  errors.last = errors.sticky;
  return last;
}

cudaError_t cudaPeekAtLastError(void) {
  q2sim_call(__func__);
  return errors.last;
}

const char *cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define NAME(CODE, TEXT)                                                                                                       \
  case CODE:                                                                                                                   \
    return #CODE;
    ERRORS(NAME)
#undef NAME
  default:
    return "unrecognized error code";
  }
}

const char *cudaGetErrorString(cudaError_t error) {
  switch (error) {
#define TEXT(CODE, TEXT)                                                                                                       \
  case CODE:                                                                                                                   \
    return TEXT;
    ERRORS(TEXT)
#undef TEXT
  default:
    return "unrecognized error code";
  }
}
