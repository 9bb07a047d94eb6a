/* Kernels: what nvcc's host code registers, the launches, and the host-compiled kernels that run for them.
 *
 *   Q2SIM_KERNELS  path[:path...]: libraries with the kernels, made with device_shim.h */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"

enum { MOST_ARGUMENT_BYTES = 32764, MOST_THREADS = 1024, MOST_Y = 65535 };

/* A kernel that the program registered. */
struct CUkern_st {
  const void *function; /* by which the host names it */
  const char *name;
  const struct q2sim_kernel *program; /* NULL until it is first launched */
  struct CUkern_st *next;
};

struct launch {
  const struct CUkern_st *kernel;
  dim3 grid, block;
  int fails;         /* by a fault on demand */
  void *arguments[]; /* [count], and then the copies that they point to */
};

struct configuration {
  dim3 grid, block;
  size_t shared;
  cudaStream_t stream;
};

static struct {
  struct CUkern_st *kernels;
  void **libraries; /* [library_count] */
  int library_count;
  struct configuration pushed;
  const struct launch *running;
} all;

struct q2sim_place q2sim_place;

void q2sim_load_kernels(void) {
  const char *paths = getenv("Q2SIM_KERNELS");
  if (!paths) return;
  char *list = strdup(paths), *rest = NULL;
  if (!list) q2sim_stop("no memory for the simulated device itself");
  for (char *path = strtok_r(list, ":", &rest); path; path = strtok_r(NULL, ":", &rest)) {
    void **more = realloc(all.libraries, ((size_t)all.library_count + 1) * sizeof *more);
    if (!more) q2sim_stop("no memory for the simulated device itself");
    all.libraries = more;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) q2sim_stop("Q2SIM_KERNELS: %s", dlerror());
    all.libraries[all.library_count++] = library;
    const void *mark = dlsym(library, "q2sim_instrumented");
    if (!mark) continue;
    q2sim_shadow_start();
    q2sim_shadow_image(mark);
  }
  free(list);
}

static const struct q2sim_kernel *program(struct CUkern_st *kernel) {
  char symbol[512];
  snprintf(symbol, sizeof symbol, "q2sim_kernel_%s", kernel->name);
  for (int k = 0; k < all.library_count && !kernel->program; k++)
    kernel->program = dlsym(all.libraries[k], symbol);
  if (!kernel->program)
    q2sim_stop("no library of Q2SIM_KERNELS (%s) has the kernel %s: Q2SIM_KERNEL(%s) is missing",
               getenv("Q2SIM_KERNELS") ? getenv("Q2SIM_KERNELS") : "not set", kernel->name, kernel->name);
  return kernel->program;
}

/* --- the call of a kernel --- */

const char *q2sim_who(char *text, size_t length) {
  const struct q2sim_place *at = &q2sim_place;
  if (all.running)
    snprintf(text, length, "kernel %s, block (%u, %u, %u), thread (%u, %u, %u),", all.running->kernel->name, at->block.x,
             at->block.y, at->block.z, at->thread.x, at->thread.y, at->thread.z);
  else
    snprintf(text, length, "%s", q2sim_running() ? q2sim_running()->name : "the host");
  return text;
}

static struct q2sim_index index_of(dim3 size) { return (struct q2sim_index){size.x, size.y, size.z}; }

static void run_block(const struct launch *launch) {
  struct q2sim_place *at = &q2sim_place;
  void (*const call)(void *const *) = launch->kernel->program->call;
  for (at->thread.z = 0; at->thread.z < at->block_size.z; at->thread.z++)
    for (at->thread.y = 0; at->thread.y < at->block_size.y; at->thread.y++)
      for (at->thread.x = 0; at->thread.x < at->block_size.x; at->thread.x++, at->number++)
        call(launch->arguments);
}

static void run_launch(void *context) {
  const struct launch *launch = context;
  struct q2sim_place *at = &q2sim_place;
  char name[512];
  q2sim_add("kernels", 1);
  snprintf(name, sizeof name, "kernel:%s", launch->kernel->name);
  q2sim_add(name, 1);
  if (launch->fails) {
    q2sim_error(cudaErrorLaunchFailure);
    return;
  }
  q2sim_shadow_launch(__builtin_frame_address(0));
  all.running = launch;
  *at = (struct q2sim_place){.block_size = index_of(launch->block), .grid_size = index_of(launch->grid)};
  for (at->block.z = 0; at->block.z < at->grid_size.z; at->block.z++)
    for (at->block.y = 0; at->block.y < at->grid_size.y; at->block.y++)
      for (at->block.x = 0; at->block.x < at->grid_size.x; at->block.x++)
        run_block(launch);
  all.running = NULL;
}

static struct launch *make_launch(const struct CUkern_st *kernel, dim3 grid, dim3 block, void **arguments) {
  const struct q2sim_kernel *program = kernel->program;
  const size_t align = 16, head = (sizeof(struct launch) + program->count * sizeof(void *) + align - 1) / align * align;
  size_t bytes = 0;
  for (size_t k = 0; k < program->count; k++)
    bytes += (program->sizes[k] + align - 1) / align * align;
  if (bytes > MOST_ARGUMENT_BYTES)
    q2sim_stop("kernel %s has %zu bytes of arguments; CUDA takes %d", kernel->name, bytes, MOST_ARGUMENT_BYTES);
  struct launch *launch = calloc(1, head + bytes);
  if (!launch) q2sim_stop("no memory for the simulated device itself");
  launch->kernel = kernel;
  launch->grid = grid;
  launch->block = block;
  char *at = (char *)launch + head;
  for (size_t k = 0; k < program->count; k++) {
    launch->arguments[k] = memcpy(at, arguments[k], program->sizes[k]);
    at += (program->sizes[k] + align - 1) / align * align;
  }
  return launch;
}

static cudaError_t launch(struct CUkern_st *kernel, dim3 grid, dim3 block, void **arguments, size_t shared,
                          cudaStream_t handle) {
  const char *call = "cudaLaunchKernel";
  int fails = 0;
  if (q2sim_call(call)) {
    const char *how = q2sim_fault_argument();
    fails = strcmp(how, "late") == 0;
    if (!fails) return q2sim_error(*how ? (cudaError_t)atoi(how) : cudaErrorLaunchFailure);
  }
  if (q2sim_sticky() != cudaSuccess) return q2sim_sticky();
  if (!kernel) return q2sim_error(cudaErrorInvalidDeviceFunction);
  struct CUstream_st *stream = q2sim_stream(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  const uint64_t threads = (uint64_t)block.x * block.y * block.z;
  if (!grid.x || !grid.y || !grid.z || grid.x > INT32_MAX || grid.y > MOST_Y || grid.z > MOST_Y || !threads ||
      threads > MOST_THREADS || block.z > 64)
    return q2sim_error(cudaErrorInvalidConfiguration);
  if ((uint64_t)grid.x * grid.y * grid.z > UINT32_MAX / threads)
    q2sim_stop("kernel %s: more than 2^32 threads are not simulated", kernel->name);
  if (shared) q2sim_stop("kernel %s: shared memory is not simulated", kernel->name);
  program(kernel);
  struct launch *job = make_launch(kernel, grid, block, arguments);
  job->fails = fails;
  return q2sim_submit(stream, q2sim_work(kernel->name, cudaGraphNodeTypeKernel, run_launch, job, free));
}

static struct CUkern_st *find(const void *function) {
  struct CUkern_st *kernel = all.kernels;
  while (kernel && kernel->function != function)
    kernel = kernel->next;
  return kernel;
}

cudaError_t cudaLaunchKernel(const void *function, dim3 grid, dim3 block, void **arguments, size_t shared,
                             cudaStream_t stream) {
  return launch(find(function), grid, block, arguments, shared, stream);
}

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *attributes, const void *function) {
  Q2SIM_ENTER(cudaErrorUnknown);
  if (!find(function)) return q2sim_error(cudaErrorInvalidDeviceFunction);
  *attributes =
      (struct cudaFuncAttributes){.maxThreadsPerBlock = MOST_THREADS, .numRegs = 32, .ptxVersion = 90, .binaryVersion = 90};
  return cudaSuccess;
}

/* --- what nvcc's host code calls; the toolkit declares these in crt/ for C++ only --- */

void **__cudaRegisterFatBinary(void *binary);
void __cudaRegisterFatBinaryEnd(void **handle);
void __cudaUnregisterFatBinary(void **handle);
char __cudaInitModule(void **handle);
void __cudaRegisterFunction(void **handle, const char *function, char *device_function, const char *name, int thread_limit,
                            uint3 *thread, uint3 *block, dim3 *block_size, dim3 *grid_size, int *warp_size);
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, cudaStream_t stream);
cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream);
cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *function);
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments, size_t shared,
                               cudaStream_t stream);

void **__cudaRegisterFatBinary(void *binary) {
  void **handle = malloc(sizeof *handle);
  if (!handle) q2sim_stop("no memory for the simulated device itself");
  *handle = binary;
  return handle;
}

void __cudaRegisterFatBinaryEnd(void **handle) { (void)handle; }
void __cudaUnregisterFatBinary(void **handle) { free(handle); }

char __cudaInitModule(void **handle) {
  (void)handle;
  return 0;
}

void __cudaRegisterFunction(void **handle, const char *function, char *device_function, const char *name, int thread_limit,
                            uint3 *thread, uint3 *block, dim3 *block_size, dim3 *grid_size, int *warp_size) {
  (void)handle, (void)device_function, (void)thread_limit, (void)thread, (void)block, (void)block_size, (void)grid_size,
      (void)warp_size;
  struct CUkern_st *kernel = calloc(1, sizeof *kernel);
  if (!kernel) q2sim_stop("no memory for the simulated device itself");
  *kernel = (struct CUkern_st){function, name, NULL, all.kernels};
  all.kernels = kernel;
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, cudaStream_t stream) {
  all.pushed = (struct configuration){grid, block, shared, stream};
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream) {
  *grid = all.pushed.grid;
  *block = all.pushed.block;
  *shared = all.pushed.shared;
  *(cudaStream_t *)stream = all.pushed.stream;
  return cudaSuccess;
}

cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *function) {
  *kernel = find(function);
  return *kernel ? cudaSuccess : q2sim_error(cudaErrorInvalidDeviceFunction);
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments, size_t shared,
                               cudaStream_t stream) {
  return launch(kernel, grid, block, arguments, shared, stream);
}
