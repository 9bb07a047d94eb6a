/* Numbers for keys of bytes: a hash table with open addressing. */
#include "lookup.h"

#include "../../io/hash.h"

static const char *key_of(const struct q2_lookup *lookup, int64_t number, size_t *size) {
  const int64_t *begin = lookup->begin.data;
  const int64_t end = number + 1 < lookup->count ? begin[number + 1] : lookup->bytes.count;
  *size = (size_t)(end - begin[number]);
  return (const char *)lookup->bytes.data + begin[number];
}

/* The slot of this key, or the empty one where it would go. */
static int64_t find_slot(const struct q2_lookup *lookup, const void *key, size_t size) {
  int64_t slot = (int64_t)(q2_hash_bytes(Q2_HASH_START, key, size) & (uint64_t)(lookup->slots - 1));
  while (lookup->slot[slot]) {
    size_t has;
    const char *old = key_of(lookup, lookup->slot[slot] - 1, &has);
    if (has == size && memcmp(old, key, size) == 0) break;
    slot = (slot + 1) & (lookup->slots - 1);
  }
  return slot;
}

/* At least twice as many slots as keys. */
static int make_slots(struct q2_lookup *lookup) {
  if (2 * (lookup->count + 1) <= lookup->slots) return 1;
  const int64_t slots = lookup->slots ? 2 * lookup->slots : 256;
  int64_t *fresh = calloc((size_t)slots, sizeof *fresh);
  if (!fresh) return 0;
  free(lookup->slot);
  lookup->slot = fresh;
  lookup->slots = slots;
  for (int64_t number = 0; number < lookup->count; number++) {
    size_t size;
    const char *key = key_of(lookup, number, &size);
    lookup->slot[find_slot(lookup, key, size)] = number + 1;
  }
  return 1;
}

int64_t q2_lookup_find(const struct q2_lookup *lookup, const void *key, size_t size) {
  return lookup->slots ? lookup->slot[find_slot(lookup, key, size)] - 1 : -1;
}

int64_t q2_lookup_add(struct q2_lookup *lookup, const void *key, size_t size) {
  if (!make_slots(lookup)) return -1;
  const int64_t slot = find_slot(lookup, key, size);
  if (lookup->slot[slot]) return lookup->slot[slot] - 1;
  int64_t *begin = q2_grow(&lookup->begin, 1, sizeof *begin);
  if (!begin) return -1;
  *begin = lookup->bytes.count;
  char *bytes = q2_grow(&lookup->bytes, (int64_t)size, 1);
  if (!bytes) {
    lookup->begin.count--;
    return -1;
  }
  memcpy(bytes, key, size);
  lookup->slot[slot] = ++lookup->count;
  return lookup->count - 1;
}

void q2_lookup_free(struct q2_lookup *lookup) {
  free(lookup->bytes.data);
  free(lookup->begin.data);
  free(lookup->slot);
  *lookup = (struct q2_lookup){0};
}
