/* Lets a source of CUDA kernels compile as C++ for the host, where the simulated device runs it: CUDA's qualifiers, and the
 * place of a thread. Q2SIM_KERNEL(NAME), once for each extern "C" entry, makes the entry known to the device. */
#ifndef Q2_SIMULATED_DEVICE_SHIM_H
#define Q2_SIMULATED_DEVICE_SHIM_H

#include <utility>

#include "place.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __grid_constant__
#define __launch_bounds__(...)

#define threadIdx q2sim_place.thread
#define blockIdx q2sim_place.block
#define blockDim q2sim_place.block_size
#define gridDim q2sim_place.grid_size

/* Calls a kernel with copies of its arguments. Not instrumented: the arguments themselves lie in the host's memory. */
template <class... A> struct q2sim_signature {
  static constexpr size_t sizes[sizeof...(A) + 1] = {sizeof(A)..., 0};

  template <void (*F)(A...)> static __attribute__((no_sanitize("thread"))) void call(void *const *arguments) {
    place<F>(arguments, std::index_sequence_for<A...>());
  }
  template <void (*F)(A...), size_t... I>
  static __attribute__((no_sanitize("thread"))) void place(void *const *arguments, std::index_sequence<I...>) {
    (void)arguments;
    F(*static_cast<const A *>(arguments[I])...);
  }
  template <void (*F)(A...)> static constexpr struct q2sim_kernel kernel() { return {sizeof...(A), sizes, call<F>}; }
};

template <class... A> q2sim_signature<A...> q2sim_signature_of(void (*)(A...));

#define Q2SIM_KERNEL(NAME) Q2SIM_KERNEL_(NAME)
#define Q2SIM_KERNEL_(NAME)                                                                                                    \
  extern "C" __attribute__((visibility("default"))) const struct q2sim_kernel q2sim_kernel_##NAME;                             \
  const struct q2sim_kernel q2sim_kernel_##NAME = decltype(q2sim_signature_of(NAME))::kernel<NAME>();

#endif
