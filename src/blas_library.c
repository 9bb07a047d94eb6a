/* Which BLAS library this process really uses, found among the shared objects that are loaded. */
#define _GNU_SOURCE /* dladdr, RTLD_DEFAULT, dl_iterate_phdr */
#include "blas_library.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ISO C knows no cast from an object pointer to a function pointer; POSIX promises that the bits are the same. */
#define LOOK_UP(handle, name, function) (*(void **)(&(function)) = dlsym(handle, name), (function) != NULL)

static void *library_of_dgemm(char *path, size_t size) {
  Dl_info info;
  void *dgemm = dlsym(RTLD_DEFAULT, "dgemm_");
  if (!dgemm || !dladdr(dgemm, &info) || !info.dli_fname) {
    snprintf(path, size, "unknown");
    return NULL;
  }
  snprintf(path, size, "%s", info.dli_fname);
  return dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
}

void q2_blas_describe(char *name, size_t name_size, char *kernel, size_t kernel_size, char *path, size_t path_size) {
  void *library = library_of_dgemm(path, path_size);
  void *handle = library ? library : RTLD_DEFAULT;
  char *(*text)(void);
  void (*mkl_version)(char *, int);
  snprintf(name, name_size, "not OpenBLAS (%s)", path);
  snprintf(kernel, kernel_size, "unknown");
  if (LOOK_UP(handle, "openblas_get_config", text)) {
    /* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": name and version suffice. */
    char config[256];
    snprintf(config, sizeof config, "%s", text());
    char *blank = strchr(config, ' ');
    if (blank && (blank = strchr(blank + 1, ' '))) *blank = '\0';
    snprintf(name, name_size, "%s", config);
    if (LOOK_UP(handle, "openblas_get_corename", text)) snprintf(kernel, kernel_size, "%s", text());
  } else if (LOOK_UP(handle, "mkl_get_version_string", mkl_version) || LOOK_UP(handle, "MKL_Get_Version_String", mkl_version)) {
    char version[200] = "";
    mkl_version(version, (int)sizeof version - 1);
    snprintf(name, name_size, "%s", version);
  } else if (LOOK_UP(handle, "bli_info_get_version_str", text)) {
    snprintf(name, name_size, "BLIS %s", text());
  }
  if (library) dlclose(library);
}

static int set_single_thread(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size, (void)context;
  if (!info->dlpi_name ||
      !(strstr(info->dlpi_name, "blas") || strstr(info->dlpi_name, "mkl") || strstr(info->dlpi_name, "blis")))
    return 0;
  void *library = dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
  if (!library) return 0;
  void (*set)(int), (*set_long)(long);
  if (LOOK_UP(library, "openblas_set_num_threads", set)) set(1);
  if (LOOK_UP(library, "MKL_Set_Num_Threads", set)) set(1);
  if (LOOK_UP(library, "bli_thread_set_num_threads", set_long)) set_long(1);
  dlclose(library);
  return 0;
}

void q2_blas_single_thread(void) {
  dl_iterate_phdr(set_single_thread, NULL);
  void (*set)(int); /* linked statically */
  if (LOOK_UP(RTLD_DEFAULT, "openblas_set_num_threads", set)) set(1);
}

int q2_blas_kernel_level(const char *name) {
  static const struct {
    const char *name;
    int level;
  } kernels[] = {{"Prescott", 1},  {"Core2", 1},         {"Penryn", 1},     {"Dunnington", 1},   {"Nehalem", 1},
                 {"Atom", 1},      {"Nano", 1},          {"Katmai", 1},     {"Coppermine", 1},   {"Northwood", 1},
                 {"Banias", 1},    {"Athlon", 1},        {"Opteron", 1},    {"Opteron_SSE3", 1}, {"Barcelona", 1},
                 {"Bobcat", 1},    {"Bulldozer", 1},     {"Piledriver", 1}, {"Steamroller", 1},  {"Sandybridge", 1},
                 {"Excavator", 2}, {"Haswell", 2},       {"Zen", 2},        {"SkylakeX", 3},     {"Cooperlake", 3},
                 {"Unknown", 1},   {"Sapphirerapids", 3}};
  for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; k++)
    if (strcasecmp(name, kernels[k].name) == 0) return kernels[k].level;
  return 0;
}

int q2_cpu_level(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return avx512 ? 3 : avx2 ? 2 : 1;
#else
  return 0;
#endif
}
