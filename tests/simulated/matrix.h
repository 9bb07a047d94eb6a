/* Column-major matrices of any precision, copied to where the bits of BLAS and LAPACK do not depend on where the matrix was:
 * aligned, columns too. */
#ifndef Q2_SIMULATED_MATRIX_H
#define Q2_SIMULATED_MATRIX_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 /* bytes */ };

/* Bytes, aligned; never NULL, free() releases them. Ends the program when memory is short: the host's, not the device's. */
static inline void *scratch(size_t bytes) {
  void *memory = aligned_alloc(ALIGNMENT, (bytes / ALIGNMENT + 1) * ALIGNMENT);
  if (!memory) {
    fprintf(stderr, "simulated device: %zu bytes of host memory are not to be had\n", bytes);
    abort();
  }
  return memory;
}

/* The leading dimension, in elements of `size` bytes, of an aligned copy with so many rows. */
static inline int64_t aligned_rows(int64_t rows, size_t size) {
  const int64_t step = ALIGNMENT / (int64_t)size;
  return rows > 0 ? (rows + step - 1) / step * step : step;
}

static inline void copy_matrix(void *to, int64_t to_rows, const void *from, int64_t from_rows, int64_t rows, int64_t columns,
                               size_t size) {
  for (int64_t column = 0; column < columns; column++) {
    memcpy((char *)to + (size_t)(column * to_rows) * size, (const char *)from + (size_t)(column * from_rows) * size,
           (size_t)rows * size);
  }
}

/* The bytes from the first element to the last of a matrix with leading dimension ld. */
static inline size_t matrix_bytes(int64_t ld, int64_t rows, int64_t columns, size_t size) {
  return rows > 0 && columns > 0 ? (size_t)(ld * (columns - 1) + rows) * size : 0;
}

#endif
