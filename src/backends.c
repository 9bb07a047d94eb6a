/* Choosing a backend. */
#define _GNU_SOURCE /* dlfcn.h */
#include "backends.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nccl_sum.h"
#include "solver_table.h"

#define MODULE "libq2hpc_cuda.so"

enum { MOST_DEVICES = 64 };

/* What part of a device's memory the ranks that own it may use: the rest is for CUDA and its libraries, and for the
 * stacks of kernels: up to 27 kB for each thread that a device can hold. */
static const double memory_share = 0.7;

/* --- the module --- */

/* The module's path: as the environment says, or beside the program, or where it is installed. Returns 0 where there is none.
 */
static int find_module(char *path, size_t size) {
  static const char *const places[] = {"", "../lib/q2hpc/", "../lib64/q2hpc/"};
  const char *given = getenv("Q2HPC_CUDA_MODULE");
  char program[4096];
  if (given && given[0]) {
    snprintf(path, size, "%s", given);
    return 1;
  }
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0) return 0;
  program[length] = 0;
  char *name = strrchr(program, '/');
  if (!name) return 0;
  name[1] = 0;
  for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
    snprintf(path, size, "%s%s%s", program, places[k], MODULE);
    if (access(path, R_OK) == 0) return 1;
  }
  return 0;
}

/* Opens the module and looks for devices. Returns how many there are; else 0 and says in `why` what is missing. */
static int look_for_devices(struct q2_backends *backends, struct q2_cuda_found *found, char *why, size_t size) {
  char path[4096 + 64];
  if (!find_module(path, sizeof path)) {
    snprintf(why, size, "this build has no CUDA backend (%s)", MODULE);
    return 0;
  }
  void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (!driver) {
    snprintf(why, size, "no NVIDIA driver (libcuda.so.1 is not found)");
    return 0;
  }
  dlclose(driver);
  backends->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!backends->library) {
    snprintf(why, size, "%s", dlerror());
    return 0;
  }
  const struct q2_cuda_module *cuda = dlsym(backends->library, Q2_CUDA_MODULE_SYMBOL);
  if (!cuda) {
    snprintf(why, size, "%.128s is no module of this q2hpc", path);
    return 0;
  }
  char text[256] = "";
  const int count = cuda->devices(found, MOST_DEVICES, text, sizeof text);
  if (count <= 0) {
    snprintf(why, size, "no CUDA device%s%.200s", text[0] ? ": " : "", text);
    return 0;
  }
  backends->cuda = cuda;
  return count < MOST_DEVICES ? count : MOST_DEVICES;
}

/* --- the device --- */

static int choose_device(MPI_Comm comm, int count, const struct q2_cuda_found *found, struct q2_device_choice *choice,
                         struct q2_error *error) {
  struct q2_device device[MOST_DEVICES];
  memset(device, 0, sizeof device);
  for (int k = 0; k < count; k++) {
    memcpy(device[k].uuid, found[k].uuid, sizeof device[k].uuid);
    snprintf(device[k].name, sizeof device[k].name, "%.*s", (int)sizeof device[k].name - 1, found[k].name);
  }
  return q2_devices_choose(comm, count, device, choice, error);
}

/* Opens this rank's device. Local. */
static int open_device(const struct q2_backend_wish *wish, struct q2_backends *backends, struct q2_error *error) {
  struct q2_solver_table table = {0};
  char text[512] = "";
  if (wish->solvers[0]) Q2_TRY(q2_solver_table_read(wish->solvers, &table, error));
  const struct q2_cuda_options options = {
      .device = backends->device.index, .rule = table.count > 0 ? table.rule : NULL, .rule_count = table.count};
  const int failed = backends->cuda->open(&options, &backends->opened, text, sizeof text);
  q2_solver_table_free(&table);
  if (failed) return q2_fail(error, "%s: %s", backends->device.label, text);
  backends->backend = &backends->opened;
  int64_t available = 0, total = 0;
  if (backends->cuda->memory(&backends->opened, &available, &total) != 0)
    return q2_fail(error, "%s: %s", backends->device.label, backends->opened.error(&backends->opened));
  backends->memory = (int64_t)(memory_share * (double)available / backends->device.sharer_count);
  return Q2_OK;
}

static int open_sum(MPI_Comm comm, const struct q2_backend_wish *wish, struct q2_backends *backends, struct q2_error *error) {
  if (!backends->cuda) return q2_rank_sum_create(comm, NULL, &backends->sum, error);
  const struct q2_nccl_calls *(*nccl)(void) = NULL;
  void *symbol = dlsym(backends->library, "q2_nccl_calls");
  memcpy(&nccl, &symbol, sizeof nccl); /* ISO C has no cast from a pointer to data to one to a function */
  struct q2_device_sum_options options = {.calls = &backends->cuda->calls,
                                          .context = backends->opened.device,
                                          .nccl = nccl ? nccl() : NULL,
                                          .stream = backends->cuda->stream(&backends->opened),
                                          .sharers = backends->device.sharers,
                                          .timeout = wish->nccl_timeout > 0 ? wish->nccl_timeout : Q2_DEVICE_SUM_TIMEOUT,
                                          .grace = Q2_DEVICE_SUM_GRACE};
  const int status = !options.nccl && backends->device.device_count > 1
                         ? q2_fail(error, "this build has no NCCL, which sums over %d devices; use one device, or -backend cpu",
                                   backends->device.device_count)
                         : Q2_OK;
  Q2_TRY(q2_agree(comm, status, error));
  options.node = backends->device.node;
  options.label = backends->device.label;
  return q2_rank_sum_create(comm, &options, &backends->sum, error);
}

/* The CPU, with the reason of the lowest rank that lacks a device. */
static void take_cpu(MPI_Comm comm, int lacking, struct q2_backends *backends) {
  MPI_Bcast(backends->reason, (int)sizeof backends->reason, MPI_CHAR, lacking, comm);
  backends->backend = &q2_backend_cpu;
  backends->cuda = NULL;
}

/* The lowest rank that has no device; the number of ranks: none lacks one. */
static int first_lacking(MPI_Comm comm, int count) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  int lacking = count > 0 ? ranks : rank;
  MPI_Allreduce(MPI_IN_PLACE, &lacking, 1, MPI_INT, MPI_MIN, comm);
  return lacking;
}

int q2_backends_open(MPI_Comm comm, const struct q2_backend_wish *wish, struct q2_backends *backends, struct q2_error *error) {
  struct q2_cuda_found found[MOST_DEVICES];
  int ranks;
  memset(backends, 0, sizeof *backends);
  backends->device.sharers = MPI_COMM_NULL;
  backends->backend = &q2_backend_cpu;
  MPI_Comm_size(comm, &ranks);
  if (strcmp(wish->name, "cpu") == 0) {
    strcpy(backends->reason, "asked for");
    return open_sum(comm, wish, backends, error);
  }
  const int count = look_for_devices(backends, found, backends->reason, sizeof backends->reason);
  const int lacking = first_lacking(comm, count);
  if (lacking < ranks) {
    take_cpu(comm, lacking, backends);
    if (strcmp(wish->name, "cuda") == 0)
      return q2_fail(error, "option -backend cuda: %s%s", backends->reason, ranks > 1 ? ", on one rank at least" : "");
    return open_sum(comm, wish, backends, error);
  }
  Q2_TRY(choose_device(comm, count, found, &backends->device, error));
  Q2_TRY(q2_agree(comm, open_device(wish, backends, error), error));
  snprintf(backends->reason, sizeof backends->reason, "%s",
           strcmp(wish->name, "cuda") == 0 ? "asked for" : "every rank has a device");
  return open_sum(comm, wish, backends, error);
}

void q2_backends_close(struct q2_backends *backends) {
  q2_rank_sum_destroy(backends->sum);
  if (backends->cuda && backends->opened.device) backends->cuda->close(&backends->opened);
  q2_device_choice_free(&backends->device);
  if (backends->library) dlclose(backends->library);
  memset(backends, 0, sizeof *backends);
  backends->device.sharers = MPI_COMM_NULL;
}
