/* Counts of calls, copies and launches, faults on demand, and what is told when the program ends.
 *
 *   Q2SIM_FAULT       NAME:N[:ARGUMENT],...: the N-th call of NAME fails
 *   Q2SIM_FAULT_RANK  only on this rank of MPI; default all
 *   Q2SIM_COUNTS      file for the counts, to which .RANK (.PID without MPI) is appended
 *   Q2SIM_LEAKS       fail: exit status 88 if anything was not freed */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counts.h"
#include "runtime.h"

struct count {
  char *name;
  long total, recent; /* since the start, since the counts were reset */
};

struct fault {
  char *name, *argument;
  long number;
};

struct handles {
  char *kind;
  long open;
};

static struct {
  struct count *counts;
  size_t count_count;
  struct fault *faults;
  size_t fault_count;
  struct handles *handles;
  size_t handle_count;
  const char *argument;
  int started;
} all = {.argument = ""};

static void *checked(void *memory) {
  if (!memory) q2sim_stop("no memory for the simulated device itself");
  return memory;
}

long q2sim_setting(const char *name, long otherwise) {
  const char *value = getenv(name);
  return value && *value ? strtol(value, NULL, 10) : otherwise;
}

static const char *rank(void) { return getenv("OMPI_COMM_WORLD_RANK"); }

static void read_faults(void) {
  const char *text = getenv("Q2SIM_FAULT"), *only = getenv("Q2SIM_FAULT_RANK");
  if (!text || (only && strcmp(only, rank() ? rank() : "0") != 0)) return;
  char *list = checked(strdup(text)), *rest = NULL;
  for (char *item = strtok_r(list, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
    char *number = strchr(item, ':'), *end = NULL;
    const long n = number ? strtol(number + 1, &end, 10) : 0;
    if (n < 1 || (*end && *end != ':')) q2sim_stop("Q2SIM_FAULT has '%s'; expected NAME:N or NAME:N:ARGUMENT", item);
    all.faults = checked(realloc(all.faults, (all.fault_count + 1) * sizeof *all.faults));
    all.faults[all.fault_count++] =
        (struct fault){checked(strndup(item, (size_t)(number - item))), checked(strdup(*end ? end + 1 : "")), n};
  }
  free(list);
}

static struct count *find(const char *name) {
  for (size_t k = 0; k < all.count_count; k++)
    if (strcmp(all.counts[k].name, name) == 0) return &all.counts[k];
  all.counts = checked(realloc(all.counts, (all.count_count + 1) * sizeof *all.counts));
  all.counts[all.count_count] = (struct count){.name = checked(strdup(name))};
  return &all.counts[all.count_count++];
}

void q2sim_add(const char *name, long amount) {
  struct count *count = find(name);
  count->total += amount;
  count->recent += amount;
}

long q2sim_count(const char *name) { return find(name)->recent; }

void q2sim_reset_counts(void) {
  for (size_t k = 0; k < all.count_count; k++)
    all.counts[k].recent = 0;
}

int q2sim_call(const char *name) {
  q2sim_start();
  struct count *count = find(name);
  count->total++;
  count->recent++;
  for (size_t k = 0; k < all.fault_count; k++)
    if (all.faults[k].number == count->total && strcmp(all.faults[k].name, name) == 0) {
      all.argument = all.faults[k].argument;
      return 1;
    }
  return 0;
}

const char *q2sim_fault_argument(void) { return all.argument; }

void q2sim_handle(const char *kind, int change) {
  size_t k = 0;
  while (k < all.handle_count && strcmp(all.handles[k].kind, kind) != 0)
    k++;
  if (k == all.handle_count) {
    all.handles = checked(realloc(all.handles, (k + 1) * sizeof *all.handles));
    all.handles[all.handle_count++] = (struct handles){checked(strdup(kind)), 0};
  }
  all.handles[k].open += change;
  if (all.handles[k].open < 0) q2sim_stop("more handles of kind %s were destroyed than made", kind);
}

static void tell_allocation(const struct q2sim_allocation *allocation, void *context) {
  char text[256];
  fprintf(context, "leak allocation: %s\n", q2sim_describe(allocation->start, text, sizeof text));
}

static void count_allocation(const struct q2sim_allocation *allocation, void *context) {
  (void)allocation;
  ++*(long *)context;
}

static void tell_leaks(FILE *file) {
  q2sim_each_allocation(tell_allocation, file);
  for (size_t k = 0; k < all.handle_count; k++)
    if (all.handles[k].open) fprintf(file, "leak %s: %ld\n", all.handles[k].kind, all.handles[k].open);
}

static void tell_counts(const char *base) {
  char path[4096];
  if (rank())
    snprintf(path, sizeof path, "%s.%s", base, rank());
  else
    snprintf(path, sizeof path, "%s.%ld", base, (long)getpid());
  FILE *file = fopen(path, "w");
  if (!file) q2sim_stop("cannot write Q2SIM_COUNTS, %s", path);
  for (size_t k = 0; k < all.count_count; k++)
    fprintf(file, "count %s %ld\n", all.counts[k].name, all.counts[k].total);
  if (q2sim_waiting()) fprintf(file, "never run: %ld\n", q2sim_waiting());
  tell_leaks(file);
  if (fclose(file) != 0) q2sim_stop("cannot write Q2SIM_COUNTS, %s", path);
}

static void end(void) {
  long leaks = 0;
  q2sim_each_allocation(count_allocation, &leaks);
  for (size_t k = 0; k < all.handle_count; k++)
    leaks += all.handles[k].open;
  const char *path = getenv("Q2SIM_COUNTS"), *on_leaks = getenv("Q2SIM_LEAKS");
  if (path) tell_counts(path);
  if (leaks && on_leaks && strcmp(on_leaks, "fail") == 0) {
    fflush(NULL);
    fprintf(stderr, "simulated device: not freed at the program's end:\n");
    tell_leaks(stderr);
    _exit(Q2SIM_EXIT_LEAKS);
  }
}

void q2sim_start(void) {
  if (all.started) return;
  all.started = 1;
  read_faults();
  q2sim_load_kernels();
  if (atexit(end) != 0) q2sim_stop("atexit failed");
}

void q2sim_stop(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  fprintf(stderr, "simulated device: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  fflush(stderr);
  _exit(Q2SIM_EXIT_WRONG);
}
