/* Arrays that grow while tables are being built. */
#ifndef Q2_GROWING_H
#define Q2_GROWING_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct q2_growing {
  void *data;
  int64_t count, capacity; /* elements */
  size_t size;             /* bytes an element; 0 until the first q2_grow */
  int failed;              /* memory ran out at some time */
};

/* Appends `more` zeroed elements of `size` bytes and returns the first of them, or NULL (and remembers `failed`) when memory
 * runs out. Earlier pointers into the array are void. */
static inline void *q2_grow(struct q2_growing *array, int64_t more, size_t size) {
  array->size = size;
  if (array->count + more > array->capacity || !array->data) {
    int64_t capacity = array->capacity * 2 > 64 ? array->capacity * 2 : 64;
    if (capacity < array->count + more) capacity = array->count + more;
    void *data = realloc(array->data, (size_t)capacity * size);
    if (!data) {
      array->failed = 1;
      return NULL;
    }
    array->data = data;
    array->capacity = capacity;
  }
  char *first = (char *)array->data + (size_t)array->count * size;
  memset(first, 0, (size_t)more * size);
  array->count += more;
  return first;
}

/* Gives the array away, cut to its length; NULL if memory had run out. The caller frees it. */
static inline void *q2_grown(struct q2_growing *array) {
  void *data = array->data;
  if (array->failed) {
    free(data);
    data = NULL;
  } else if (array->count > 0 && array->count < array->capacity) {
    void *cut = realloc(data, (size_t)array->count * array->size);
    data = cut ? cut : data;
  } else if (!data) {
    data = calloc(1, 1); /* an empty table still has an address */
  }
  *array = (struct q2_growing){0};
  return data;
}

#endif
