/* A hash of bytes. */
#include "hash.h"

#include <string.h>

/* FNV-1a's step over words instead of bytes, eight times as fast. The fold is needed then: a product carries a difference only
 * upwards, and two changed signs (bit 63) would cancel. */
uint64_t q2_hash_bytes(uint64_t hash, const void *data, size_t bytes) {
  const unsigned char *byte = data;
  while (bytes > 0) {
    uint64_t word = 0;
    const size_t used = bytes < sizeof word ? bytes : sizeof word;
    memcpy(&word, byte, used);
    hash = (hash ^ word) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
    byte += used;
    bytes -= used;
  }
  return hash;
}
