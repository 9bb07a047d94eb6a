/* What lets one source be a CPU loop body and a GPU thread: the qualifier of device functions and the working precision. A
 * translation unit that wants another precision than double defines Q2_KERNEL_REAL before it includes anything of kernels/. */
#ifndef Q2_PORTABLE_H
#define Q2_PORTABLE_H

#include <math.h>
#include <stdint.h>

#ifndef Q2_KERNEL_REAL
#define Q2_KERNEL_REAL double
#endif
typedef Q2_KERNEL_REAL q2_real;

/* NAME_f64 or NAME_f32, by Q2_KERNEL_REAL: names of what is compiled once for each precision. */
#define Q2_PRECISION_double f64
#define Q2_PRECISION_float f32
#define Q2_JOIN_(A, B) A##B
#define Q2_JOIN(A, B) Q2_JOIN_(A, B)
#define Q2_PRECISION Q2_JOIN(Q2_PRECISION_, Q2_KERNEL_REAL)
#define Q2_OF_PRECISION(NAME) Q2_JOIN(NAME##_, Q2_PRECISION)

/* Functions of float give float, as C++ has it. */
#define Q2_IS_SINGLE_float 1
#if !defined(__cplusplus) && Q2_JOIN(Q2_IS_SINGLE_, Q2_KERNEL_REAL)
#include <tgmath.h>
#endif

/* For a device, whose threads have 255 registers at most: Q2_DEVICE_CALL is a large function that is called and not inlined,
 * and Q2_ROLLED before a loop keeps it one. To a CPU they make no difference. */
#ifdef __CUDACC__
#define Q2_DEVICE static __host__ __device__ __forceinline__
#define Q2_DEVICE_CALL static __host__ __device__ __noinline__
#else
#define Q2_DEVICE static inline __attribute__((always_inline))
#define Q2_DEVICE_CALL Q2_DEVICE
#endif
#ifdef __CUDA_ARCH__
#define Q2_ROLLED _Pragma("unroll 1")
#else
#define Q2_ROLLED
#endif

/* Leading dimension of a column-major matrix of float64: whole cache lines of 64 bytes, on which LAPACK's bits depend. */
Q2_DEVICE int64_t q2_leading_dimension(int64_t rows) { return (rows + 7) / 8 * 8; }

/* Row-major lower triangle without diagonal: the number of pair (i, j), i > j. */
#define Q2_PAIR(i, j) ((int64_t)(i) * ((i)-1) / 2 + (j))

/* Row-major lower triangle with diagonal: (0,0), (1,0), (1,1), (2,0), ... */
#define Q2_TRIANGLE(a, b) ((a) * ((a) + 1) / 2 + (b))

/* The same with three indices, a >= b >= c: (0,0,0), (1,0,0), (1,1,0), (1,1,1), (2,0,0), ... */
#define Q2_TETRAHEDRON(a, b, c) ((a) * ((a) + 1) * ((a) + 2) / 6 + Q2_TRIANGLE(b, c))

#endif
