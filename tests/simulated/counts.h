/* What a test may ask the simulated device during a run: found by dlsym, since nothing links it. */
#ifndef Q2_SIMULATED_COUNTS_H
#define Q2_SIMULATED_COUNTS_H

/* How often a function was called since the counts were reset; also "bytes_host_to_device", "bytes_device_to_host",
 * "bytes_device_to_device", "copies_..." alike and "kernels", of what was carried out, and "kernel:NAME". 0 for unknown names.
 */
long q2sim_count(const char *name);

void q2sim_reset_counts(void);

#endif
