/* Memory for flat arrays of numbers: aligned, zeroed, with the size checked. */
#ifndef Q2_MEMORY_H
#define Q2_MEMORY_H

#include <stddef.h>
#include <stdint.h>

enum { Q2_ALIGNMENT = 64 /* bytes: a cache line, an AVX-512 vector; LAPACK's bits depend on alignment */ };

/* Returns `count` elements of `size` bytes, all zero, aligned to Q2_ALIGNMENT; release with free(). NULL when count is
 * negative, count * size overflows, or memory is short. For count 0 it returns a valid pointer to nothing. Local. */
void *q2_allocate(int64_t count, size_t size);

#endif
