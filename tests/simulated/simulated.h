/* What the stand-in for the CUDA runtime offers the other stand-ins (cuBLAS, cuSOLVER, NCCL): all of them are preloaded
 * together and make up one simulated device a process. */
#ifndef Q2_SIMULATED_H
#define Q2_SIMULATED_H

#include <cuda_runtime_api.h>

/* Counts a call of a library function, by name, and returns the fault that is due: 0 none, else 1. Q2SIM_FAULT is a
 * comma-separated list of NAME:N (the N-th call of NAME fails, from 1) or NAME:N:ARGUMENT; q2sim_fault_argument is ARGUMENT of
 * the fault that was due last, or "". */
int q2sim_call(const char *name);
const char *q2sim_fault_argument(void);

/* Puts work behind all that was put into `stream` so far (or into the graph that is being captured there). The work runs later,
 * when something orders it; device memory is open to it then. work(context) may run several times when it is part of a graph;
 * `release` (free, say) is called on context once it can never run again. */
void q2sim_enqueue(cudaStream_t stream, const char *name, void (*work)(void *context), void *context,
                   void (*release)(void *context));

/* The same for work that others must join (NCCL): it runs once ready(context), asked when all that lies before it in the stream
 * has run and with device memory open to it, returns non-zero. Until then cudaStreamQuery and cudaEventQuery ask again and say
 * cudaErrorNotReady, what synchronises asks until it is ready. */
void q2sim_enqueue_polled(cudaStream_t stream, const char *name, int (*ready)(void *context), void (*work)(void *context),
                          void *context, void (*release)(void *context));

/* Whether the stream is being captured. Invalidates the capture and returns cudaErrorStreamCaptureUnsupported's effect for a
 * library that does not allow it. */
int q2sim_capturing(cudaStream_t stream);
void q2sim_refuse_capture(cudaStream_t stream);

/* Ends the program with a message if [pointer, pointer + bytes) does not lie in one allocation of the device (what: names the
 * argument). */
void q2sim_check_device(const void *pointer, size_t bytes, const char *what);

/* The device that this process has chosen (0, 1, ...), how many there are (Q2SIM_DEVICES, default 1). */
int q2sim_device(void);

/* Handles that are open, by kind ("cublas", "stream", ...): +1 when made, -1 when destroyed; told at exit with allocations that
 * were not freed. */
void q2sim_handle(const char *kind, int change);

#endif
