/* The kernels of sample_kernels.h for the simulated device. */
#include "device_shim.h"

#include "sample_kernels.h"

Q2SIM_KERNEL(test_fill)
Q2SIM_KERNEL(test_place)
Q2SIM_KERNEL(test_add)
Q2SIM_KERNEL(test_bytes)
Q2SIM_KERNEL(test_no_index_check)
Q2SIM_KERNEL(test_underrun)
Q2SIM_KERNEL(test_write_twice)
Q2SIM_KERNEL(test_race_ahead)
Q2SIM_KERNEL(test_race_behind)
