/* The kernels of kernels/device_kernels.cu for the simulated device, of one working precision. */
#include "device_shim.h"

#include "../../kernels/device_kernels.cu"

#define KERNEL(ID, ...) Q2SIM_KERNEL(Q2_ENTRY_NAME(ID))
Q2_KERNELS(KERNEL)
Q2SIM_KERNEL(Q2_ENTRY_NAME(join));
Q2SIM_KERNEL(Q2_ENTRY_NAME(convert));
