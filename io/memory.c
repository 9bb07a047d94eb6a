/* Memory for flat arrays of numbers. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

void *q2_allocate(int64_t count, size_t size) {
  if (count < 0) return NULL;
  const size_t limit = (size_t)PTRDIFF_MAX - Q2_ALIGNMENT;
  if (size > 0 && (uint64_t)count > limit / size) return NULL;
  /* aligned_alloc wants a multiple of the alignment; one unit more keeps a count of 0 valid. */
  const size_t bytes = ((size_t)count * size / Q2_ALIGNMENT + 1) * Q2_ALIGNMENT;
  void *memory = aligned_alloc(Q2_ALIGNMENT, bytes);
  if (memory) memset(memory, 0, bytes);
  return memory;
}
