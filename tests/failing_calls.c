/* The program, but for calls that fail on purpose: the allocation, or the call of the system for files, of our choice, on the
 * rank of our choice.
 *
 * Linked with --wrap for each of them, so that only q2hpc's own calls are counted and fail. The environment says what:
 *     Q2_FAIL          allocation, or storage
 *     Q2_FAIL_CALL     the number of the first call that fails, from 1 in this process
 *     Q2_FAIL_CALLS    how many fail, 1 if absent
 *     Q2_FAIL_RANK     on which rank, 0 if absent
 *     Q2_FAIL_TRIAL    set: not in the run's own process but in that which tries an input file
 *     Q2_FAIL_ERRNO    of calls of the system: the number of the error, ENOSPC if absent
 *     Q2_FAIL_TRACE    a file for where the first of them was called; addr2line -fe PROGRAM reads it
 *     Q2_COUNT_CALLS   NAME: at the end NAME.RANK holds how many allocations and how many calls of the system there were
 *     Q2_LIST_PLACES   NAME: NAME.RANK gets the number of the first allocation of each place, a place being a stack of calls
 * At the end of MPI, when nothing of q2hpc's own should be left, it says on stderr what is: "leak: allocation N ...". */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "../io/trial.h"
#include "wrapped_calls.h"

enum family { ALLOCATION, STORAGE, FAMILIES };

static pid_t process;
static const char *const names[FAMILIES] = {"allocation", "storage"};
static atomic_long calls[FAMILIES];

static struct {
  int family; /* FAMILIES: none fails */
  long first, count;
  int reason;
} chosen = {.family = FAMILIES};

enum { MOST_PLACES = 1 << 16, FRAMES = 12 };
static atomic_ulong place[MOST_PLACES]; /* hashes, 0: free */
static FILE *list;

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text ? strtol(text, NULL, 10) : otherwise;
}

/* As Open MPI's and other launchers tell it, long before MPI could. */
static long rank_of_process(void) {
  static const char *const variables[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};
  for (size_t v = 0; v < sizeof variables / sizeof *variables; v++)
    if (getenv(variables[v])) return number(variables[v], 0);
  return 0;
}

/* The C library gives constructors what it gives main. */
__attribute__((constructor)) static void choose(int argc, char **argv) {
  const int trial = argc > 1 && strcmp(argv[1], q2_trial_command) == 0;
  if (trial != (getenv("Q2_FAIL_TRIAL") != NULL)) return;
  process = getpid();
  const char *family = getenv("Q2_FAIL"), *places = getenv("Q2_LIST_PLACES");
  char path[4096];
  snprintf(path, sizeof path, "%s.%ld", places ? places : "", rank_of_process());
  if (places) list = fopen(path, "w");
  if (!family || rank_of_process() != number("Q2_FAIL_RANK", 0)) return;
  chosen.first = number("Q2_FAIL_CALL", 0);
  chosen.count = number("Q2_FAIL_CALLS", 1);
  chosen.reason = (int)number("Q2_FAIL_ERRNO", ENOSPC);
  for (int f = 0; f < FAMILIES; f++)
    if (strcmp(family, names[f]) == 0) chosen.family = f;
}

__attribute__((destructor)) static void tell(void) {
  const char *name = getenv("Q2_COUNT_CALLS");
  char path[4096];
  if (list) fclose(list);
  list = NULL;
  if (!name) return;
  snprintf(path, sizeof path, "%s.%ld", name, rank_of_process());
  FILE *file = fopen(path, "w");
  if (!file) return;
  fprintf(file, "%ld %ld\n", atomic_load(&calls[ALLOCATION]), atomic_load(&calls[STORAGE]));
  fclose(file);
}

/* Lists the allocation if none came from here before. */
static void note_place(long call) {
  void *frame[FRAMES];
  unsigned long hash = 1469598103934665603UL;
  const int frames = backtrace(frame, FRAMES);
  for (int f = 2; f < frames; f++)
    hash = (hash ^ (unsigned long)frame[f]) * 1099511628211UL;
  unsigned long slot = hash % MOST_PLACES, there = 0;
  hash += hash == 0;
  while (!atomic_compare_exchange_strong(&place[slot], &there, hash)) {
    if (there == hash) return;
    slot = (slot + 1) % MOST_PLACES;
    there = 0;
  }
  fprintf(list, "%ld\n", call);
}

static void trace(void) {
  const char *name = getenv("Q2_FAIL_TRACE");
  void *frame[16];
  FILE *file = name ? fopen(name, "w") : NULL;
  if (!file) return;
  backtrace_symbols_fd(frame, backtrace(frame, 16), fileno(file));
  fclose(file);
}

/* Counts a call, and says whether it shall fail; then errno is set. */
static int fails(enum family family) {
  if (getpid() != process) return 0; /* not what is to fail */
  const long call = atomic_fetch_add(&calls[family], 1) + 1;
  if (family == ALLOCATION && list) note_place(call);
  if ((int)family != chosen.family || call < chosen.first || call >= chosen.first + chosen.count) return 0;
  if (call == chosen.first) trace();
  errno = family == ALLOCATION ? ENOMEM : chosen.reason;
  return 1;
}

/* --- what is not freed --- */

enum { MOST_HELD = 1 << 18, STACK = 6 };
static struct held {
  void *memory; /* NULL: never used; `gone`: free again */
  long call;
  void *stack[STACK];
} held[MOST_HELD];
static char gone;
static atomic_flag held_lock = ATOMIC_FLAG_INIT;

static size_t slot_of(const void *memory) { return ((uintptr_t)memory >> 4) * 11400714819323198485UL >> 46; }

/* Notes what was allocated, by q2hpc itself, and returns it. */
static void *hold(void *memory) {
  if (!memory || getpid() != process) return memory;
  void *stack[STACK + 2];
  const int frames = backtrace(stack, STACK + 2);
  while (atomic_flag_test_and_set(&held_lock))
    continue;
  size_t slot = slot_of(memory), tried = 0;
  while (held[slot].memory && held[slot].memory != &gone) {
    slot = (slot + 1) % MOST_HELD;
    if (++tried == MOST_HELD) abort();
  }
  held[slot] = (struct held){.memory = memory, .call = atomic_load(&calls[ALLOCATION])};
  for (int f = 2; f < frames; f++)
    held[slot].stack[f - 2] = stack[f];
  atomic_flag_clear(&held_lock);
  return memory;
}

/* Memory of a library's, that q2hpc frees, is not there. */
static void let_go(void *memory) {
  if (!memory || getpid() != process) return;
  while (atomic_flag_test_and_set(&held_lock))
    continue;
  for (size_t slot = slot_of(memory); held[slot].memory; slot = (slot + 1) % MOST_HELD)
    if (held[slot].memory == memory) {
      held[slot].memory = &gone;
      break;
    }
  atomic_flag_clear(&held_lock);
}

int __real_MPI_Finalize(void);
int __wrap_MPI_Finalize(void);
int __wrap_MPI_Finalize(void) {
  long leaks = 0;
  for (size_t slot = 0; slot < MOST_HELD; slot++) {
    if (!held[slot].memory || held[slot].memory == &gone) continue;
    if (leaks++ > 2) continue;
    fprintf(stderr, "leak: allocation %ld of rank %ld, at\n", held[slot].call, rank_of_process());
    backtrace_symbols_fd(held[slot].stack, STACK, STDERR_FILENO);
  }
  if (leaks) fprintf(stderr, "leak: %ld allocations were not freed\n", leaks);
  return __real_MPI_Finalize();
}

/* --- the calls --- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);

void *__wrap_malloc(size_t size) { return fails(ALLOCATION) ? NULL : hold(__real_malloc(size)); }
void *__wrap_calloc(size_t count, size_t size) { return fails(ALLOCATION) ? NULL : hold(__real_calloc(count, size)); }
void *__wrap_realloc(void *memory, size_t size) {
  if (fails(ALLOCATION)) return NULL;
  let_go(memory);
  return hold(__real_realloc(memory, size));
}
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails(ALLOCATION) ? NULL : hold(__real_aligned_alloc(alignment, size));
}
char *__wrap_strdup(const char *text) { return fails(ALLOCATION) ? NULL : hold(__real_strdup(text)); }
void __wrap_free(void *memory) {
  let_go(memory); /* first: another thread may get it next */
  __real_free(memory);
}

int __wrap_open(const char *path, int flags, ...) { return fails(STORAGE) ? -1 : __real_open(path, flags, 0666); }
/* Some of it arrives before the disk is full. */
ssize_t __wrap_write(int file, const void *data, size_t size) {
  if (!fails(STORAGE)) return __real_write(file, data, size);
  const int reason = errno;
  (void)!__real_write(file, data, size / 2);
  errno = reason;
  return -1;
}
ssize_t __wrap_pread(int file, void *data, size_t size, off_t at) {
  return fails(STORAGE) ? -1 : __real_pread(file, data, size, at);
}
int __wrap_fsync(int file) { return fails(STORAGE) ? -1 : __real_fsync(file); }
int __wrap_close(int file) {
  const int result = __real_close(file);
  return fails(STORAGE) ? -1 : result;
}
int __wrap_rename(const char *old, const char *new) { return fails(STORAGE) ? -1 : __real_rename(old, new); }
int __wrap_link(const char *old, const char *new) { return fails(STORAGE) ? -1 : __real_link(old, new); }
int __wrap_unlink(const char *path) { return fails(STORAGE) ? -1 : __real_unlink(path); }
