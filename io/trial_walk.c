/* The trial of a file, as the process at stake goes through it: plain serial HDF5, one object after another. */
#define _XOPEN_SOURCE 700
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hdf5_limits.h"
#include "trial.h"

struct walk {
  hid_t file;
  int output;
  int64_t data; /* bytes that may still be read */
  uint64_t file_bytes;
};

/* One line, in one write: what is said is out when the next step crashes. */
static void say(const struct walk *walk, const char *word, const char *text) {
  char line[800];
  int length = snprintf(line, sizeof line - 1, "%s%.600s", word, text);
  for (int k = 0; k < length; k++)
    if (line[k] == '\n') line[k] = '?';
  line[length++] = '\n';
  if (write(walk->output, line, (size_t)length) != length) _exit(1); /* nobody listens any more */
}

/* Says why the object under trial is refused, and HDF5's own reason. */
static herr_t refuse(const struct walk *walk, const char *what) {
  struct q2_error error;
  q2_fail(&error, "%s: the file is damaged, or asks for too much memory", what);
  q2_hdf5_explain(&error);
  say(walk, "because ", error.text);
  return -1;
}

/* Not the file's fault: its claims are no larger than itself. */
static herr_t no_memory(const struct walk *walk) {
  say(walk, "because ", "out of memory for its trial (-input_trial off goes without)");
  return -1;
}

/* Sanitizers map terabytes that they never touch: with them there is no limit of addresses. */
#if defined(__SANITIZE_ADDRESS__)
enum { CAN_LIMIT = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { CAN_LIMIT = 0 };
#else
enum { CAN_LIMIT = 1 };
#endif
#else
enum { CAN_LIMIT = 1 };
#endif

static void limit_process(int seconds) {
  static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  unsigned long long pages = 0;
  FILE *sizes = fopen("/proc/self/statm", "r");
  if (sizes && fscanf(sizes, "%llu", &pages) != 1) pages = 0;
  if (sizes) fclose(sizes);
  const rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)Q2_TRIAL_MEMORY << 20);
  const struct rlimit none = {0, 0}, time = {(rlim_t)seconds, (rlim_t)seconds + 5}, memory = {bytes, bytes};
  for (size_t s = 0; s < sizeof crashes / sizeof *crashes; s++) /* in a fork MPI would print a page about it */
    signal(crashes[s], SIG_DFL);
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_CPU, &time);
  if (CAN_LIMIT && pages > 0) setrlimit(RLIMIT_AS, &memory);
}

static herr_t read_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context) {
  const struct walk *walk = context;
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute < 0) return refuse(walk, "an attribute cannot be opened");
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  const hssize_t elements = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
  const size_t size = type >= 0 ? H5Tget_size(type) : 0;
  herr_t result = 0;
  (void)info;
  if (elements < 0 || size == 0) {
    result = refuse(walk, "an attribute has no type or no size");
  } else if ((uint64_t)elements > walk->file_bytes / size) {
    result = refuse(walk, "an attribute claims more bytes than the file has");
  } else if (elements > 0) {
    void *data = calloc((size_t)elements, size);
    if (!data)
      result = no_memory(walk);
    else if (H5Aread(attribute, type, data) < 0)
      result = refuse(walk, "an attribute cannot be read");
    else
      H5Dvlen_reclaim(type, space, H5P_DEFAULT, data);
    free(data);
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  H5Aclose(attribute);
  return result;
}

/* Reads `count` rows from `first`, as they are stored. */
static herr_t read_rows(const struct walk *walk, hid_t dataset, hid_t type, hid_t space, int dimensions, const hsize_t *extent,
                        hsize_t first, hsize_t count, size_t row_bytes) {
  hsize_t start[H5S_MAX_RANK] = {first}, block[H5S_MAX_RANK];
  memcpy(block, extent, sizeof block);
  block[0] = count;
  void *data = calloc((size_t)count, row_bytes);
  if (!data) return no_memory(walk);
  const hid_t memory = H5Screate_simple(dimensions, block, NULL);
  herr_t result = -1;
  if (memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, block, NULL) >= 0)
    result = H5Dread(dataset, type, memory, space, H5P_DEFAULT, data);
  if (result >= 0) H5Dvlen_reclaim(type, memory, H5P_DEFAULT, data);
  free(data);
  if (memory >= 0) H5Sclose(memory);
  return result < 0 ? refuse(walk, "its data cannot be read") : 0;
}

/* All rows, or the first and the last ones where too much has been read already. */
static herr_t read_data(struct walk *walk, hid_t dataset, hid_t type, hid_t space) {
  hsize_t extent[H5S_MAX_RANK] = {0};
  const int dimensions = H5Sget_simple_extent_dims(space, extent, NULL);
  if (dimensions < 1) return 0;
  size_t row_bytes = H5Tget_size(type);
  for (int d = 1; d < dimensions; d++) /* q2_hdf5_check_storage has seen that the product is in range */
    row_bytes *= (size_t)extent[d];
  if (extent[0] == 0 || row_bytes == 0) return 0;
  const hsize_t most = ((size_t)16 << 20) / row_bytes + 1;
  for (hsize_t row = 0; row < extent[0]; row += most) {
    if (walk->data < 0 && row > 0 && extent[0] - row > most) row = extent[0] - most;
    const hsize_t count = extent[0] - row < most ? extent[0] - row : most;
    if (read_rows(walk, dataset, type, space, dimensions, extent, row, count, row_bytes) < 0) return -1;
    walk->data -= (int64_t)(count * row_bytes);
  }
  return 0;
}

static herr_t try_dataset(struct walk *walk, hid_t dataset, const char *name) {
  struct q2_error error;
  const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  herr_t result = 0;
  if (type < 0 || space < 0) result = refuse(walk, "its type or its shape cannot be read");
  /* What q2hpc does not read in any case needs no trial: those who need it refuse it. */
  else if (q2_hdf5_check_storage("", name, dataset, type, space, walk->file_bytes, &error) == Q2_OK)
    result = read_data(walk, dataset, type, space);
  if (result == 0 && H5Dget_storage_size(dataset) > walk->file_bytes)
    result = refuse(walk, "it claims more bytes than the file has");
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return result;
}

static herr_t try_object(hid_t root, const char *name, const H5L_info_t *info, void *context) {
  struct walk *walk = context;
  char path[700];
  snprintf(path, sizeof path, "/%.600s", name);
  say(walk, "at ", path);
  if (info && info->type != H5L_TYPE_HARD) return 0;
  const hid_t object = H5Oopen(root, name, H5P_DEFAULT);
  if (object < 0) return refuse(walk, "it cannot be opened");
  hsize_t first = 0;
  herr_t result = H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &first, read_attribute, walk);
  if (result >= 0 && H5Iget_type(object) == H5I_DATASET) result = try_dataset(walk, object, path);
  H5Oclose(object);
  return result < 0 ? -1 : 0;
}

static int try_file(struct walk *walk) {
  hsize_t first = 0;
  if (H5Fget_filesize(walk->file, &first) < 0) return refuse(walk, "it has no size");
  walk->file_bytes = first;
  first = 0;
  if (H5Aiterate2(walk->file, H5_INDEX_NAME, H5_ITER_NATIVE, &first, read_attribute, walk) < 0)
    return refuse(walk, "the attributes cannot be read");
  if (H5Lvisit(walk->file, H5_INDEX_NAME, H5_ITER_INC, try_object, walk) < 0)
    return refuse(walk, "what follows cannot be listed");
  return 0;
}

int q2_trial_walk(const char *path, int seconds, int output) {
  struct walk walk = {.output = output, .data = (int64_t)Q2_TRIAL_DATA << 20};
  limit_process(seconds);
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1); /* as for the ranks: parallel HDF5 locks nothing */
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  int result = 0;
  say(&walk, "at ", "/");
  if (H5Fis_hdf5(path) > 0) { /* else the ranks say it */
    walk.file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    result = walk.file < 0 ? refuse(&walk, "it cannot be opened as HDF5") : try_file(&walk);
    if (walk.file >= 0) H5Fclose(walk.file);
  }
  if (result < 0) return 1;
  say(&walk, "done", "");
  return 0;
}
