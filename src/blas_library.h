/* Which BLAS library this process really uses, found among the shared objects that are loaded. */
#ifndef Q2_BLAS_LIBRARY_H
#define Q2_BLAS_LIBRARY_H

#include <stddef.h>

/* Describes the library that dgemm comes from: its name and version, the kernels it chose for this CPU ("unknown" where it does
 * not say), and its path. Local. */
void q2_blas_describe(char *name, size_t name_size, char *kernel, size_t kernel_size, char *path, size_t path_size);

/* Sets every OpenBLAS, MKL and BLIS in this process to one thread. Debian's PETSc brings a second OpenBLAS along, hence
 * "every". */
void q2_blas_single_thread(void);

/* Returns 0 (unknown), 1 (older than AVX2), 2 (AVX2) or 3 (AVX-512): the level of OpenBLAS's kernel `name`, and of this CPU. */
int q2_blas_kernel_level(const char *name);
int q2_cpu_level(void);

#endif
