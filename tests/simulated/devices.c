/* The devices that a process sees.
 *
 *   Q2SIM_DEVICES         how many there are (default 1)
 *   Q2SIM_UUIDS           which, instead: comma-separated, each a number or GPU-<32 hexadecimal digits, with dashes or without>
 *   CUDA_VISIBLE_DEVICES  numbers of those that this process sees, in its order; default all */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"

enum { MOST = 64, UUID = 16, VERSION = CUDART_VERSION };

struct device {
  unsigned char uuid[UUID];
};

static struct {
  struct device devices[MOST];
  int count, current, read;
} all;

static struct device numbered(long number) {
  struct device device = {"q2hpc simulated"};
  device.uuid[UUID - 1] = (unsigned char)number;
  return device;
}

/* A device from its text: a number, or a UUID. */
static struct device parse(const char *text) {
  char *end;
  const long number = strtol(text, &end, 10);
  if (!*end) return numbered(number);
  struct device device = {{0}};
  int digits = 0;
  for (const char *at = strncmp(text, "GPU-", 4) == 0 ? text + 4 : text; *at; at++) {
    if (*at == '-') continue;
    if (!isxdigit((unsigned char)*at) || digits == 2 * UUID) q2sim_stop("Q2SIM_UUIDS has '%s', which is no UUID", text);
    const int digit = isdigit((unsigned char)*at) ? *at - '0' : tolower((unsigned char)*at) - 'a' + 10;
    device.uuid[digits / 2] = (unsigned char)(device.uuid[digits / 2] << 4 | digit);
    digits++;
  }
  if (digits != 2 * UUID) q2sim_stop("Q2SIM_UUIDS has '%s', which is no UUID", text);
  return device;
}

/* Calls of comma-separated text, item by item. */
static int split(const char *text, char items[MOST][64]) {
  int count = 0;
  while (text && *text && count < MOST) {
    const size_t length = strcspn(text, ",");
    snprintf(items[count++], 64, "%.*s", (int)length, text);
    text += length + (text[length] == ',');
  }
  return count;
}

static void read_devices(void) {
  char items[MOST][64];
  if (all.read) return;
  all.read = 1;
  struct device present[MOST];
  int count = split(getenv("Q2SIM_UUIDS"), items);
  for (int k = 0; k < count; k++)
    present[k] = parse(items[k]);
  if (!count) {
    count = (int)q2sim_setting("Q2SIM_DEVICES", 1);
    if (count < 0 || count > MOST) q2sim_stop("Q2SIM_DEVICES is %d; expected 0 to %d", count, MOST);
    for (int k = 0; k < count; k++)
      present[k] = numbered(k);
  }
  const char *visible = getenv("CUDA_VISIBLE_DEVICES");
  if (!visible) {
    memcpy(all.devices, present, sizeof present);
    all.count = count;
    return;
  }
  const int shown = split(visible, items);
  for (int k = 0; k < shown; k++) {
    char *end;
    const long number = strtol(items[k], &end, 10);
    if (*end || end == items[k] || number < 0 || number >= count) break; /* as CUDA does: none from the first wrong one on */
    all.devices[all.count++] = present[number];
  }
}

int q2sim_device(void) {
  read_devices();
  return all.current;
}

cudaError_t cudaGetDeviceCount(int *count) {
  Q2SIM_ENTER(cudaErrorNoDevice);
  read_devices();
  *count = all.count;
  return all.count ? cudaSuccess : q2sim_error(cudaErrorNoDevice);
}

cudaError_t cudaSetDevice(int device) {
  Q2SIM_ENTER(cudaErrorInvalidDevice);
  read_devices();
  if (device < 0 || device >= all.count) return q2sim_error(cudaErrorInvalidDevice);
  all.current = device;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int *device) {
  Q2SIM_ENTER(cudaErrorUnknown);
  read_devices();
  if (!all.count) return q2sim_error(cudaErrorNoDevice);
  *device = all.current;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device) {
  Q2SIM_ENTER(cudaErrorUnknown);
  read_devices();
  if (device < 0 || device >= all.count) return q2sim_error(cudaErrorInvalidDevice);
  *properties = (struct cudaDeviceProp){.name = "simulated device",
                                        .totalGlobalMem = (size_t)q2sim_setting("Q2SIM_MEMORY", 1L << 31),
                                        .sharedMemPerBlock = 49152,
                                        .regsPerBlock = 65536,
                                        .warpSize = 32,
                                        .maxThreadsPerBlock = 1024,
                                        .maxThreadsDim = {1024, 1024, 64},
                                        .maxGridSize = {2147483647, 65535, 65535},
                                        .totalConstMem = 65536,
                                        .major = 9,
                                        .minor = 0,
                                        .multiProcessorCount = 4,
                                        .canMapHostMemory = 1,
                                        .concurrentKernels = 1,
                                        .pciBusID = device + 1,
                                        .asyncEngineCount = 2,
                                        .unifiedAddressing = 1,
                                        .l2CacheSize = 1 << 22,
                                        .maxThreadsPerMultiProcessor = 2048,
                                        .maxBlocksPerMultiProcessor = 32};
  memcpy(properties->uuid.bytes, all.devices[device].uuid, UUID);
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device) {
  Q2SIM_ENTER(cudaErrorUnknown);
  read_devices();
  if (device < 0 || device >= all.count) return q2sim_error(cudaErrorInvalidDevice);
  switch (attribute) {
#define VALUE(NAME, IS)                                                                                                        \
  case cudaDevAttr##NAME:                                                                                                      \
    *value = IS;                                                                                                               \
    return cudaSuccess
    VALUE(ComputeCapabilityMajor, 9);
    VALUE(ComputeCapabilityMinor, 0);
    VALUE(MultiProcessorCount, 4);
    VALUE(MaxThreadsPerBlock, 1024);
    VALUE(MaxThreadsPerMultiProcessor, 2048);
    VALUE(MaxGridDimX, 2147483647);
    VALUE(MaxGridDimY, 65535);
    VALUE(MaxGridDimZ, 65535);
    VALUE(WarpSize, 32);
    VALUE(ConcurrentKernels, 1);
    VALUE(AsyncEngineCount, 2);
    VALUE(UnifiedAddressing, 1);
    VALUE(CanMapHostMemory, 1);
    VALUE(L2CacheSize, 1 << 22);
    VALUE(MaxRegistersPerMultiprocessor, 65536);
    VALUE(ClockRate, 1000000);
    VALUE(MemoryClockRate, 1000000);
    VALUE(GlobalMemoryBusWidth, 512);
    VALUE(PciBusId, device + 1);
    VALUE(PciDeviceId, 0);
    VALUE(PciDomainId, 0);
    VALUE(ComputeMode, 0);
    VALUE(MemoryPoolsSupported, 0);
    VALUE(Integrated, 0);
#undef VALUE
  default:
    return q2sim_error(cudaErrorInvalidValue);
  }
}

cudaError_t cudaRuntimeGetVersion(int *version) {
  Q2SIM_ENTER(cudaErrorUnknown);
  *version = VERSION;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version) {
  Q2SIM_ENTER(cudaErrorUnknown);
  *version = VERSION;
  return cudaSuccess;
}
