/* Numbers for keys of bytes, in the order in which the keys come: texts, tuples of types. */
#ifndef Q2_LOOKUP_H
#define Q2_LOOKUP_H

#include <stdint.h>

#include "../growing.h"

/* Zeroed: empty. */
struct q2_lookup {
  struct q2_growing bytes, begin; /* the keys one after another; [count] where each begins (int64_t) */
  int64_t *slot;                  /* [slots] number + 1, or 0: open addressing */
  int64_t count, slots;           /* slots: a power of 2 */
};

/* The number of the key, which is added where it is new; -1 without memory. Local, as all here. */
int64_t q2_lookup_add(struct q2_lookup *lookup, const void *key, size_t size);

/* The number of the key, or -1. */
int64_t q2_lookup_find(const struct q2_lookup *lookup, const void *key, size_t size);

void q2_lookup_free(struct q2_lookup *lookup);

#endif
