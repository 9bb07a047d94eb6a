/* What the fuzzers share. */
#ifndef Q2_FUZZ_H
#define Q2_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What libFuzzer calls. */
int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding, unless the condition holds. */
static inline void require(int condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "not true: %s\n", what);
  abort();
}

#endif
