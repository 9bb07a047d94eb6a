/* For tests of the stand-ins: numbers to the device and back, random numbers, and the test program itself run again with other
 * environment variables. */
#ifndef Q2_SIMULATED_TEST_DEVICE_H
#define Q2_SIMULATED_TEST_DEVICE_H

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"

#define CUDA(CALL) CHECK((CALL) == cudaSuccess)

static inline void *device_array(size_t bytes) {
  void *memory = NULL;
  CUDA(cudaMalloc(&memory, bytes));
  return memory;
}

static inline void upload(void *device, const void *host, size_t bytes) {
  CUDA(cudaMemcpy(device, host, bytes, cudaMemcpyHostToDevice));
}

static inline void download(void *host, const void *device, size_t bytes) {
  CUDA(cudaMemcpy(host, device, bytes, cudaMemcpyDeviceToHost));
}

static inline void *uploaded(const void *host, size_t bytes) {
  void *device = device_array(bytes);
  upload(device, host, bytes);
  return device;
}

static inline cudaStream_t make_stream(void) {
  cudaStream_t stream = NULL;
  CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return stream;
}

/* Between -1 and 1, the same in every run. */
static inline double random_number(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(int64_t)(*state >> 11) / 4503599627370496.0 - 1;
}

/* Begins this program again as `program scenario number` with the variables given ("NAME=VALUE", up to NULL). */
static inline pid_t begin_again(const char *scenario, int number, const char *const *variables) {
  char digits[16];
  snprintf(digits, sizeof digits, "%d", number);
  fflush(NULL);
  const pid_t process = fork();
  if (process != 0) return process;
  for (; variables && *variables; variables++) {
    char *variable = strdup(*variables);
    char *value = strchr(variable, '=');
    *value = 0;
    setenv(variable, value + 1, 1);
  }
  alarm(60); /* nothing here may hang */
  execl("/proc/self/exe", "again", scenario, digits, (char *)NULL);
  _exit(127);
}

/* The exit status of such a run; 128 + the signal that ended it. */
static inline int end_of(pid_t process) {
  int status = 0;
  CHECK(waitpid(process, &status, 0) == process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int run_again(const char *scenario, const char *variable) {
  return end_of(begin_again(scenario, 0, (const char *[]){variable, NULL}));
}

/* The function comes from a stand-in, not from the real library. */
static inline void check_simulated(const char *name) {
  Dl_info info = {0};
  void *function = dlsym(RTLD_DEFAULT, name);
  CHECK(function && dladdr(function, &info) && strstr(info.dli_fname, "simulated"), "%s is of %s", name,
        info.dli_fname ? info.dli_fname : "nowhere");
}

#endif
