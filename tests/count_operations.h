/* The kernels' bodies once more, in C++ with a number type that counts what is done to it: an evaluation run by them gives the
 * same values, and the floating-point operations of each kernel. */
#ifndef Q2_COUNT_OPERATIONS_H
#define Q2_COUNT_OPERATIONS_H

struct q2_batch;
struct q2_wave;

#ifdef __cplusplus
extern "C" {
#endif

/* Runs the kernel over all slots of the wave, as the CPU backend does, and returns its operations: each +, -, *, /, root,
 * exponential, trigonometric function or magnitude is one; comparisons, copies and changes of sign are none. */
double count_kernel(int kernel, const struct q2_batch *batch, const struct q2_wave *wave);

#ifdef __cplusplus
}
#endif

#endif
