/* Shadow memory: who wrote and read each piece of device memory in the launch that runs. Accesses of instrumented kernels are
 * checked against it: that they stay in their allocation, read what was written before, write what no other thread of the
 * launch writes or reads, and read what no other writes. Pieces are of 4 bytes, or of 1 in allocations where anything smaller
 * is accessed. */
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime.h"

struct q2sim_cell {
  uint32_t written_in, writer; /* launch, thread of it */
  uint32_t read_in, reader;
};

enum { NEVER = 0, BY_COPY = 1, FIRST_LAUNCH = 2 };
#define MANY UINT32_MAX /* readers */

struct image {
  const char *begin, *end;
};

static struct {
  int on;
  uint32_t launch;
  const char *stack; /* where the launch began; the kernel's own variables lie below */
  struct image images[16];
  int image_count;
} shadow = {.launch = FIRST_LAUNCH};

void q2sim_shadow_start(void) { shadow.on = 1; }

void q2sim_shadow_launch(const void *stack) {
  shadow.launch++;
  shadow.stack = stack;
}

static struct q2sim_cell *cells(size_t count) {
  void *memory =
      mmap(NULL, count * sizeof(struct q2sim_cell), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) q2sim_stop("no memory for shadow memory");
  return memory;
}

static size_t cell_count(const struct q2sim_allocation *allocation) {
  return (allocation->bytes + allocation->cell_bytes - 1) / allocation->cell_bytes;
}

void q2sim_shadow_allocate(struct q2sim_allocation *allocation) {
  if (!shadow.on) return;
  allocation->cell_bytes = sizeof(uint32_t);
  allocation->cells = cells(cell_count(allocation));
}

void q2sim_shadow_free(struct q2sim_allocation *allocation) {
  if (allocation->cells) munmap(allocation->cells, cell_count(allocation) * sizeof(struct q2sim_cell));
  allocation->cells = NULL;
}

/* The cells of [address, address + bytes), of single bytes if need be. */
static struct q2sim_cell *range(struct q2sim_allocation *allocation, const void *address, size_t bytes, size_t *count) {
  const size_t offset = (size_t)((const char *)address - allocation->start);
  if (allocation->cell_bytes > 1 && (offset | bytes) % allocation->cell_bytes) {
    struct q2sim_cell *fine = cells(allocation->bytes);
    for (size_t k = 0; k < allocation->bytes; k++)
      fine[k] = allocation->cells[k / allocation->cell_bytes];
    munmap(allocation->cells, cell_count(allocation) * sizeof(struct q2sim_cell));
    allocation->cells = fine;
    allocation->cell_bytes = 1;
  }
  *count = bytes / allocation->cell_bytes;
  return allocation->cells + offset / allocation->cell_bytes;
}

void q2sim_shadow_written(void *pointer, size_t bytes) {
  struct q2sim_allocation *allocation = q2sim_find(pointer);
  if (!shadow.on) return;
  size_t count;
  struct q2sim_cell *cell = range(allocation, pointer, bytes, &count);
  for (size_t k = 0; k < count; k++)
    cell[k] = (struct q2sim_cell){.written_in = BY_COPY};
}

/* Whether memory is as it was when it was allocated. Libraries write without telling, so cells may say so of what was written.
 */
static int untouched(const struct q2sim_allocation *allocation, const struct q2sim_cell *cell, const char *byte) {
  if (cell->written_in != NEVER) return 0;
  const uint32_t pattern = Q2SIM_POISON;
  const size_t phase = (size_t)(byte - allocation->start) % sizeof pattern;
  return memcmp(byte, (const char *)&pattern + phase, allocation->cell_bytes) == 0;
}

void q2sim_shadow_copied(void *to, const void *from, size_t bytes) {
  if (!shadow.on) return;
  struct q2sim_allocation *source = q2sim_find(from), *destination = q2sim_find(to);
  for (size_t k = 0, step; k < bytes; k += step) {
    size_t count;
    step = sizeof(uint32_t) < bytes - k ? sizeof(uint32_t) : bytes - k;
    struct q2sim_cell *read = range(source, (const char *)from + k, step, &count);
    const int empty = untouched(source, read, (const char *)from + k);
    struct q2sim_cell *write = range(destination, (char *)to + k, step, &count);
    for (size_t j = 0; j < count; j++)
      write[j] = (struct q2sim_cell){.written_in = empty ? NEVER : BY_COPY};
  }
}

/* --- what kernels may read besides --- */

static int find_image(struct dl_phdr_info *info, size_t size, void *symbol) {
  (void)size;
  struct image image = {(const char *)UINTPTR_MAX, NULL};
  for (int k = 0; k < info->dlpi_phnum; k++) {
    if (info->dlpi_phdr[k].p_type != PT_LOAD) continue;
    const char *begin = (const char *)(uintptr_t)(info->dlpi_addr + info->dlpi_phdr[k].p_vaddr),
               *end = begin + info->dlpi_phdr[k].p_memsz;
    if (begin < image.begin) image.begin = begin;
    if (end > image.end) image.end = end;
  }
  if ((const char *)symbol < image.begin || (const char *)symbol >= image.end) return 0;
  if (shadow.image_count == 16) q2sim_stop("Q2SIM_KERNELS names too many libraries");
  shadow.images[shadow.image_count++] = image;
  return 1;
}

void q2sim_shadow_image(const void *symbol) { dl_iterate_phdr(find_image, (void *)(uintptr_t)symbol); }

static int allowed_on_host(const char *address, size_t bytes) {
  const char *here = __builtin_frame_address(0), *place = (const char *)&q2sim_place;
  if (address >= here && address < shadow.stack) return 1;
  if (address >= place && address < place + sizeof q2sim_place) return 1;
  for (int k = 0; k < shadow.image_count; k++)
    if (address >= shadow.images[k].begin && address < shadow.images[k].end) return 1;
  return q2sim_find_range(address, bytes, 1) != NULL;
}

/* --- the check --- */

static void wrong(const void *address, int write, const char *why) {
  char who[512], at[256];
  q2sim_stop("%s %s %s%s", q2sim_who(who, sizeof who), write ? "writes" : "reads", q2sim_describe(address, at, sizeof at), why);
}

static void check_write(struct q2sim_cell *cell, const char *byte) {
  const uint32_t thread = q2sim_place.number;
  if (cell->written_in == shadow.launch && cell->writer != thread)
    wrong(byte, 1, ", which another thread of the launch has written");
  if (cell->read_in == shadow.launch && cell->reader != thread)
    wrong(byte, 1, ", which another thread of the launch has read: a race");
  cell->written_in = shadow.launch;
  cell->writer = thread;
}

static void check_read(const struct q2sim_allocation *allocation, struct q2sim_cell *cell, const char *byte) {
  const uint32_t thread = q2sim_place.number;
  if (untouched(allocation, cell, byte)) wrong(byte, 0, ", which nothing has written since it was allocated");
  if (cell->written_in == shadow.launch && cell->writer != thread)
    wrong(byte, 0, ", which another thread of the launch has written: a race");
  if (cell->read_in != shadow.launch) {
    cell->read_in = shadow.launch;
    cell->reader = thread;
  } else if (cell->reader != thread) {
    cell->reader = MANY;
  }
}

void q2sim_access(const void *address, size_t bytes, int write) {
  if (!q2sim_is_device(address)) {
    if (!allowed_on_host(address, bytes)) wrong(address, write, "");
    return;
  }
  struct q2sim_allocation *allocation = q2sim_find_range(address, bytes, 0);
  if (!allocation) {
    const struct q2sim_allocation *near = q2sim_find(address);
    const char *end = near ? near->start + near->bytes : NULL;
    const int runs_over = near && !near->freed && (const char *)address < end && (const char *)address >= near->start;
    wrong(runs_over ? end : address, write, near && near->freed ? "" : ": out of bounds");
    return;
  }
  size_t count;
  struct q2sim_cell *cell = range(allocation, address, bytes, &count);
  for (size_t k = 0; k < count; k++) {
    const char *byte = (const char *)address + k * allocation->cell_bytes;
    if (write)
      check_write(&cell[k], byte);
    else
      check_read(allocation, &cell[k], byte);
  }
}
