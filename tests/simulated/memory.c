/* Memory of the simulated device, and pinned memory of the host. The addresses of all allocations come from one range, are
 * never used again, and have a page on either side that nobody can access, and so have freed ones all theirs: on the device
 * these are pages of an empty file, which fault whatever their protection is, so that one call opens or closes the whole
 * device. An allocation ends where its pages end (but for less than 8 bytes), so that whatever runs over its end faults; device
 * memory cannot be accessed at all but while it is open.
 *
 *   Q2SIM_MEMORY  bytes that a device has (default 2 GiB) */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime.h"

#define RANGE (UINT64_C(1) << 38) /* bytes of addresses for either kind; no memory is behind most of it */
enum { BEFORE = 256, UNIT = 8 };  /* bytes in front of an allocation that are watched; ends are multiples of UNIT */

static struct {
  char *base;                            /* device memory in the first half, pinned memory in the second */
  size_t used[2];                        /* bytes of addresses given away, by kind */
  uint32_t *owner;                       /* [page of the range] number of the allocation, 0 none */
  struct q2sim_allocation **allocations; /* [count], by number - 1 */
  size_t count, page, device_bytes;
  struct q2sim_allocation *opened; /* those that were accessed since the device was opened */
  int open, nothing;               /* the empty file */
} memory;

static void reserve(void) {
  if (memory.base) return;
  memory.page = (size_t)sysconf(_SC_PAGESIZE);
  memory.nothing = memfd_create("simulated device", MFD_CLOEXEC);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  memory.base = mmap(NULL, 2 * RANGE, PROT_NONE, flags, -1, 0);
  memory.owner = mmap(NULL, 2 * RANGE / memory.page * sizeof *memory.owner, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory.nothing < 0 || memory.base == MAP_FAILED || memory.owner == MAP_FAILED)
    q2sim_stop("cannot reserve addresses for device memory");
}

static void protect(void *pages, size_t bytes, int protection) {
  if (bytes && mprotect(pages, bytes, protection) != 0) q2sim_stop("mprotect of device memory failed");
}

/* Nobody can access these pages any more, whose memory is given back. */
static void forbid(void *pages, size_t bytes, int pinned) {
  const int flags = MAP_FIXED | (pinned ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED);
  const off_t place =
      pinned ? 0 : (off_t)((char *)pages - memory.base); /* neighbours become one mapping: a process may have 65,530 */
  if (mmap(pages, bytes, PROT_NONE, flags, pinned ? -1 : memory.nothing, place) == MAP_FAILED)
    q2sim_stop("mmap of forbidden memory failed");
}

void q2sim_poison(void *start, size_t bytes) {
  const uint32_t pattern = Q2SIM_POISON;
  unsigned char *byte = start;
  size_t k = 0;
  for (; k + sizeof pattern <= bytes; k += sizeof pattern)
    memcpy(byte + k, &pattern, sizeof pattern);
  memcpy(byte + k, &pattern, bytes - k);
}

int q2sim_is_device(const void *address) {
  return memory.base && (const char *)address >= memory.base && (const char *)address < memory.base + RANGE;
}

struct q2sim_allocation *q2sim_find(const void *address) {
  const size_t offset = (size_t)((const char *)address - memory.base);
  if (!memory.base || offset >= 2 * RANGE) return NULL;
  const uint32_t number = memory.owner[offset / memory.page];
  return number ? memory.allocations[number - 1] : NULL;
}

struct q2sim_allocation *q2sim_find_range(const void *pointer, size_t bytes, int pinned) {
  struct q2sim_allocation *allocation = q2sim_find(pointer);
  if (!allocation || allocation->freed || allocation->pinned != pinned) return NULL;
  const size_t offset = (size_t)((const char *)pointer - allocation->start); /* huge in front of the start */
  return offset < allocation->bytes && bytes <= allocation->bytes - offset ? allocation : NULL;
}

void q2sim_each_allocation(void (*tell)(const struct q2sim_allocation *allocation, void *context), void *context) {
  for (size_t k = 0; k < memory.count; k++)
    if (!memory.allocations[k]->freed) tell(memory.allocations[k], context);
}

const char *q2sim_describe(const void *address, char *text, size_t length) {
  const struct q2sim_allocation *allocation = q2sim_find(address);
  if (!allocation) {
    snprintf(text, length, "address %p, which is no memory of the device", address);
    return text;
  }
  const long offset = (long)((const char *)address - allocation->start);
  const long past = offset - (long)allocation->bytes;
  char where[64];
  if (offset < 0)
    snprintf(where, sizeof where, "%ld bytes in front of", -offset);
  else if (past >= 0)
    snprintf(where, sizeof where, "%ld bytes past the end of", past);
  else
    snprintf(where, sizeof where, "offset %ld of", offset);
  Dl_info by = {0};
  const int known = dladdr(allocation->caller, &by);
  const char *file = known && by.dli_fname ? strrchr(by.dli_fname, '/') : NULL;
  snprintf(text, length, "%s %sallocation %zu (%zu bytes, %s in %s, %s+0x%lx)", where, allocation->freed ? "freed " : "",
           allocation->number, allocation->bytes, allocation->call, known && by.dli_sname ? by.dli_sname : "a static function",
           file ? file + 1 : "?", known ? (unsigned long)((char *)allocation->caller - (char *)by.dli_fbase) : 0UL);
  return text;
}

/* Whether the bytes around an allocation are as they were made. */
static void check_around(const struct q2sim_allocation *allocation) {
  char text[256], pattern[BEFORE], *end = allocation->start + allocation->bytes;
  q2sim_poison(pattern, sizeof pattern);
  const size_t in_front = (size_t)(allocation->start - allocation->pages), watched = in_front < BEFORE ? in_front : BEFORE;
  const size_t behind = (size_t)(allocation->pages + allocation->page_bytes - end);
  if (memcmp(allocation->start - watched, pattern, watched) != 0)
    q2sim_stop("something was written in front of %s", q2sim_describe(allocation->start, text, sizeof text));
  if (memcmp(end, pattern, behind) != 0) q2sim_stop("something was written %s", q2sim_describe(end, text, sizeof text));
}

void q2sim_open(void) {
  if (!memory.open++) q2sim_watch();
}

/* May be called by several threads of a library at once. */
int q2sim_open_at(const void *address) {
  struct q2sim_allocation *allocation = memory.open ? q2sim_find(address) : NULL;
  if (!allocation || allocation->freed || allocation->pinned || (const char *)address < allocation->pages ||
      (const char *)address >= allocation->pages + allocation->page_bytes)
    return 0;
  protect(allocation->pages, allocation->page_bytes, PROT_READ | PROT_WRITE);
  if (__atomic_exchange_n(&allocation->opened, 1, __ATOMIC_SEQ_CST)) return 1;
  allocation->next_opened = __atomic_load_n(&memory.opened, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(&memory.opened, &allocation->next_opened, allocation, 0, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST)) {
  }
  return 1;
}

void q2sim_close(void) {
  if (--memory.open) return;
  for (struct q2sim_allocation *allocation = memory.opened; allocation; allocation = allocation->next_opened) {
    check_around(allocation);
    protect(allocation->pages, allocation->page_bytes, PROT_NONE);
    allocation->opened = 0;
  }
  memory.opened = NULL;
  q2sim_watch();
}

static struct q2sim_allocation *add(size_t bytes, int pinned) {
  struct q2sim_allocation *allocation = calloc(1, sizeof *allocation);
  struct q2sim_allocation **more = realloc(memory.allocations, (memory.count + 1) * sizeof *more);
  if (!allocation || !more) q2sim_stop("no memory for the simulated device itself");
  memory.allocations = more;
  memory.allocations[memory.count++] = allocation;
  allocation->number = memory.count;
  allocation->bytes = bytes;
  allocation->pinned = pinned;
  allocation->page_bytes = (bytes + memory.page - 1) / memory.page * memory.page;
  if (allocation->page_bytes + 2 * memory.page > RANGE - memory.used[pinned]) q2sim_stop("no addresses left for allocations");
  char *guard = memory.base + (pinned ? RANGE : 0) + memory.used[pinned];
  const size_t pages = allocation->page_bytes / memory.page + 2, first = (size_t)(guard - memory.base) / memory.page;
  for (size_t k = 0; k < pages; k++)
    memory.owner[first + k] = (uint32_t)allocation->number;
  memory.used[pinned] += pages * memory.page;
  allocation->pages = guard + memory.page;
  forbid(guard, memory.page, pinned);
  forbid(allocation->pages + allocation->page_bytes, memory.page, pinned);
  allocation->start = allocation->pages + allocation->page_bytes - (bytes + UNIT - 1) / UNIT * UNIT;
  return allocation;
}

static cudaError_t allocate(void **pointer, size_t bytes, int pinned, const char *call, void *caller) {
  if (!pointer) return q2sim_error(cudaErrorInvalidValue);
  *pointer = NULL;
  if (!bytes) return cudaSuccess;
  reserve();
  q2sim_watch();
  if (!pinned && bytes > (size_t)q2sim_setting("Q2SIM_MEMORY", 1L << 31) - memory.device_bytes)
    return q2sim_error(cudaErrorMemoryAllocation);
  struct q2sim_allocation *allocation = add(bytes, pinned);
  allocation->call = call;
  allocation->caller = caller;
  protect(allocation->pages, allocation->page_bytes, PROT_READ | PROT_WRITE);
  q2sim_poison(allocation->pages, (size_t)(allocation->start - allocation->pages));
  q2sim_poison(allocation->start, bytes);
  q2sim_poison(allocation->start + bytes, (size_t)(allocation->pages + allocation->page_bytes - allocation->start) - bytes);
  if (!pinned) {
    memory.device_bytes += bytes;
    q2sim_shadow_allocate(allocation);
    if (!memory.open) protect(allocation->pages, allocation->page_bytes, PROT_NONE);
  }
  *pointer = allocation->start;
  return cudaSuccess;
}

static cudaError_t deallocate(void *pointer, int pinned, const char *call) {
  char text[256];
  if (!pointer) return q2sim_sticky();
  struct q2sim_allocation *allocation = q2sim_find(pointer);
  if (!allocation || allocation->pinned != pinned || allocation->start != pointer)
    q2sim_stop("%s of what it did not allocate: %s", call, q2sim_describe(pointer, text, sizeof text));
  if (allocation->freed) q2sim_stop("%s for the second time: %s", call, q2sim_describe(pointer, text, sizeof text));
  protect(allocation->pages, allocation->page_bytes, PROT_READ);
  check_around(allocation);
  allocation->freed = 1;
  if (!pinned) {
    memory.device_bytes -= allocation->bytes;
    q2sim_shadow_free(allocation);
  }
  forbid(allocation->pages, allocation->page_bytes, pinned);
  return q2sim_sticky();
}

void q2sim_check_device(const void *pointer, size_t bytes, const char *what) {
  char first[256], last[256];
  if (!bytes || q2sim_find_range(pointer, bytes, 0)) return;
  q2sim_stop("%s has no %zu bytes in one allocation of the device: they begin at %s and end at %s", what, bytes,
             q2sim_describe(pointer, first, sizeof first), q2sim_describe((const char *)pointer + bytes, last, sizeof last));
}

cudaError_t cudaMalloc(void **pointer, size_t bytes) {
  Q2SIM_ENTER_UNSAFE(cudaErrorMemoryAllocation);
  return allocate(pointer, bytes, 0, __func__, __builtin_return_address(0));
}

cudaError_t cudaFree(void *pointer) {
  Q2SIM_ENTER_RELEASE(cudaErrorUnknown);
  if (q2sim_capture_forbids(0)) return q2sim_error(cudaErrorStreamCaptureUnsupported);
  return deallocate(pointer, 0, __func__);
}

cudaError_t cudaMallocHost(void **pointer, size_t bytes) {
  Q2SIM_ENTER_UNSAFE(cudaErrorMemoryAllocation);
  return allocate(pointer, bytes, 1, __func__, __builtin_return_address(0));
}

cudaError_t cudaHostAlloc(void **pointer, size_t bytes, unsigned flags) {
  Q2SIM_ENTER_UNSAFE(cudaErrorMemoryAllocation);
  if (flags & ~(unsigned)(cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined))
    return q2sim_error(cudaErrorInvalidValue);
  return allocate(pointer, bytes, 1, __func__, __builtin_return_address(0));
}

cudaError_t cudaFreeHost(void *pointer) {
  Q2SIM_ENTER_RELEASE(cudaErrorUnknown);
  if (q2sim_capture_forbids(0)) return q2sim_error(cudaErrorStreamCaptureUnsupported);
  return deallocate(pointer, 1, __func__);
}

cudaError_t cudaMemGetInfo(size_t *available, size_t *total) {
  Q2SIM_ENTER(cudaErrorUnknown);
  *total = (size_t)q2sim_setting("Q2SIM_MEMORY", 1L << 31);
  *available = *total - memory.device_bytes;
  return cudaSuccess;
}
