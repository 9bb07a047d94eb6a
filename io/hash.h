/* A hash of bytes, by which damage is noticed: not cryptographic. */
#ifndef Q2_HASH_H
#define Q2_HASH_H

#include <stddef.h>
#include <stdint.h>

/* What a hash begins with. */
#define Q2_HASH_START UINT64_C(0xcbf29ce484222325)

/* Takes `bytes` bytes into the hash. Bytes that differ within one word of eight always give another hash: each step can be
 * undone. */
uint64_t q2_hash_bytes(uint64_t hash, const void *data, size_t bytes);

#endif
