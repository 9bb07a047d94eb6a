/* The functions that a compiler's thread sanitizer has the code call at each access to memory: here they ask the simulated
 * device whether the access is one that a kernel may make. Linked into a library of instrumented kernels, whose mark is
 * q2sim_instrumented. */
#include <stdint.h>
#include <string.h>

#include "place.h"

__attribute__((visibility("default"))) extern const int q2sim_instrumented;
const int q2sim_instrumented = 1;

#define ACCESS(NAME, BYTES, WRITE)                                                                                             \
  void __tsan_##NAME(void *address);                                                                                           \
  void __tsan_##NAME(void *address) { q2sim_access(address, BYTES, WRITE); }

#define SIZES(ROW)                                                                                                             \
  ROW(1)                                                                                                                       \
  ROW(2)                                                                                                                       \
  ROW(4)                                                                                                                       \
  ROW(8)                                                                                                                       \
  ROW(16)

#define ACCESSES(BYTES)                                                                                                        \
  ACCESS(read##BYTES, BYTES, 0)                                                                                                \
  ACCESS(write##BYTES, BYTES, 1)                                                                                               \
  ACCESS(unaligned_read##BYTES, BYTES, 0)                                                                                      \
  ACCESS(unaligned_write##BYTES, BYTES, 1)                                                                                     \
  void __tsan_read_write##BYTES(void *address);                                                                                \
  void __tsan_read_write##BYTES(void *address) {                                                                               \
    q2sim_access(address, BYTES, 0);                                                                                           \
    q2sim_access(address, BYTES, 1);                                                                                           \
  }                                                                                                                            \
  void __tsan_unaligned_read_write##BYTES(void *address);                                                                      \
  void __tsan_unaligned_read_write##BYTES(void *address) { __tsan_read_write##BYTES(address); }
SIZES(ACCESSES)

ACCESS(vptr_read, sizeof(void *), 0)
void __tsan_vptr_update(void **address, void *value);
void __tsan_vptr_update(void **address, void *value) {
  (void)value;
  q2sim_access(address, sizeof *address, 1);
}

void __tsan_read_range(void *address, size_t bytes);
void __tsan_read_range(void *address, size_t bytes) {
  if (bytes) q2sim_access(address, bytes, 0);
}

void __tsan_write_range(void *address, size_t bytes);
void __tsan_write_range(void *address, size_t bytes) {
  if (bytes) q2sim_access(address, bytes, 1);
}

void __tsan_init(void);
void __tsan_init(void) {}
void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller) { (void)caller; }
void __tsan_func_exit(void);
void __tsan_func_exit(void) {}

/* Compilers differ in whether they call these by the sanitizer's names or the plain ones, which the linker's --wrap turns into
 * these. */
void *__real_memcpy(void *to, const void *from, size_t bytes);
void *__real_memmove(void *to, const void *from, size_t bytes);
void *__real_memset(void *to, int value, size_t bytes);

void *__wrap_memcpy(void *to, const void *from, size_t bytes);
void *__wrap_memcpy(void *to, const void *from, size_t bytes) {
  __tsan_read_range((void *)(uintptr_t)from, bytes);
  __tsan_write_range(to, bytes);
  return __real_memcpy(to, from, bytes);
}

void *__wrap_memmove(void *to, const void *from, size_t bytes);
void *__wrap_memmove(void *to, const void *from, size_t bytes) {
  __tsan_read_range((void *)(uintptr_t)from, bytes);
  __tsan_write_range(to, bytes);
  return __real_memmove(to, from, bytes);
}

void *__wrap_memset(void *to, int value, size_t bytes);
void *__wrap_memset(void *to, int value, size_t bytes) {
  __tsan_write_range(to, bytes);
  return __real_memset(to, value, bytes);
}

void *__tsan_memcpy(void *to, const void *from, size_t bytes);
void *__tsan_memcpy(void *to, const void *from, size_t bytes) { return __wrap_memcpy(to, from, bytes); }
void *__tsan_memmove(void *to, const void *from, size_t bytes);
void *__tsan_memmove(void *to, const void *from, size_t bytes) { return __wrap_memmove(to, from, bytes); }
void *__tsan_memset(void *to, int value, size_t bytes);
void *__tsan_memset(void *to, int value, size_t bytes) { return __wrap_memset(to, value, bytes); }
