/* Sealed files: a change of any bit and a cut at any length are refused by name; whatever system call fails while one is
 * written, or where the process is killed on the way, the file or its predecessor is complete.
 *
 * Linked with --wrap for the system calls of io/durable.c, so that the call of our choice fails or never returns. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../io/durable.h"
#include "../io/sealed.h"
#include "check.h"
#include "wrapped_calls.h"

enum { ROWS = 40 };

/* What becomes of the system call number `chosen`. */
enum fault { NONE, FAILS, HALF, LIES, KILLED };
static int calls, chosen; /* 0: none */
static enum fault fault;
static int reason; /* errno */

static enum fault next_fault(void) {
  if (++calls != chosen || fault == NONE) return NONE;
  if (fault == KILLED) _exit(99);
  errno = reason;
  return fault;
}

int __wrap_open(const char *path, int flags, ...) { return next_fault() == FAILS ? -1 : __real_open(path, flags, 0666); }

ssize_t __wrap_write(int file, const void *data, size_t size) {
  switch (next_fault()) {
  case FAILS:
    return -1;
  case HALF: /* allowed: the rest must follow */
    return __real_write(file, data, size / 2 + 1);
  case LIES: /* says that all was written */
    return __real_write(file, data, size / 2) >= 0 ? (ssize_t)size : -1;
  default:
    return __real_write(file, data, size);
  }
}

ssize_t __wrap_pread(int file, void *data, size_t size, off_t at) {
  return next_fault() == FAILS ? -1 : __real_pread(file, data, size, at);
}
int __wrap_fsync(int file) { return next_fault() == FAILS ? -1 : __real_fsync(file); }
int __wrap_close(int file) {
  const int fails = next_fault() == FAILS;
  const int result = __real_close(file);
  if (fails) errno = reason;
  return fails ? -1 : result;
}
int __wrap_rename(const char *old, const char *new) { return next_fault() == FAILS ? -1 : __real_rename(old, new); }
int __wrap_link(const char *old, const char *new) { return next_fault() == FAILS ? -1 : __real_link(old, new); }
int __wrap_unlink(const char *path) { return next_fault() == FAILS ? -1 : __real_unlink(path); }

/* Writes a file whose content is `number`. */
static int write_marked(const char *path, int number, uint64_t *mark, struct q2_error *error) {
  struct q2_image image;
  double values[ROWS][3];
  int64_t whole[ROWS];
  for (int k = 0; k < ROWS; k++) {
    whole[k] = number;
    for (int c = 0; c < 3; c++)
      values[k][c] = number + k / 7.0 + c;
  }
  CHECK(q2_image_create(&image, error) == Q2_OK, "%s", error->text);
  CHECK(q2_image_double(&image, "/rounds/1/x", NULL, ROWS, 3, &values[0][0], error) == Q2_OK, "%s", error->text);
  CHECK(q2_image_int64(&image, "/rounds/1/count", NULL, ROWS, 0, whole, error) == Q2_OK, "%s", error->text);
  CHECK(q2_image_double(&image, "/rounds/1/none", NULL, 0, 3, NULL, error) == Q2_OK, "%s", error->text);
  CHECK(q2_image_attribute_int64(&image, "/rounds", "number", number, error) == Q2_OK, "%s", error->text);
  const int status = q2_sealed_write(&image, path, mark, error);
  q2_image_free(&image);
  return status;
}

static int write_number(const char *path, int number, struct q2_error *error) {
  return write_marked(path, number, NULL, error);
}

/* The number of the file at `path`, -1 where it is refused. */
static int read_number(const char *path, struct q2_error *error) {
  struct q2_sealed sealed;
  struct q2_hdf5_table table;
  int64_t number = -1, whole[ROWS];
  if (q2_sealed_open(path, &sealed, error) != Q2_OK) return -1;
  CHECK(q2_hdf5_attribute_integer(&sealed.hdf5, "/rounds", "number", NULL, &number, error) == Q2_OK, "%s", error->text);
  CHECK(q2_hdf5_describe(&sealed.hdf5, "/rounds/1/count", Q2_INTEGER, 1, ROWS, 1, &table, error) == Q2_OK, "%s", error->text);
  CHECK(q2_hdf5_read_integers(&sealed.hdf5, &table, 0, ROWS, whole, error) == Q2_OK, "%s", error->text);
  for (int k = 0; k < ROWS; k++)
    CHECK(whole[k] == number, "%d", k);
  q2_sealed_close(&sealed);
  q2_sealed_close(&sealed); /* harmless */
  return (int)number;
}

static size_t load(const char *path, char **bytes) {
  struct stat status;
  FILE *file = fopen(path, "rb");
  CHECK(file && stat(path, &status) == 0, "%s", path);
  *bytes = malloc((size_t)status.st_size);
  const size_t size = fread(*bytes, 1, (size_t)status.st_size, file);
  fclose(file);
  return size;
}

static void store(const char *path, const char *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  CHECK(file && fwrite(bytes, 1, size, file) == size, "%s", path);
  if (file) fclose(file);
}

/* Where a dataset is in the file, by its header. */
static int is_within(const char *bytes, size_t at, const char *name) {
  char line[160];
  size_t header = 0, image, offset = 0, length = 0;
  CHECK(sscanf(bytes, "q2hpc sealed file 1\nheader %zu, image %zu", &header, &image) == 2);
  snprintf(line, sizeof line, " %s\n", name);
  const char *place = strstr(bytes, line);
  CHECK(place != NULL, "%s", name);
  while (place && place > bytes && place[-1] != '\n')
    place--;
  CHECK(place && sscanf(place, "%zu %zu", &offset, &length) == 2, "%s", name);
  return at >= header + offset && at < header + offset + length;
}

static void refuses_damage(const char *directory) {
  char path[512], damaged[512], *bytes;
  struct q2_error error = {""};
  snprintf(path, sizeof path, "%s/whole.h5", directory);
  snprintf(damaged, sizeof damaged, "%s/damaged.h5", directory);
  CHECK(write_number(path, 3, &error) == Q2_OK, "%s", error.text);
  CHECK(read_number(path, &error) == 3, "%s", error.text);
  const size_t size = load(path, &bytes);
  for (size_t at = 0; at < size; at++) {
    const char bit = (char)(1 << at % 8);
    bytes[at] ^= bit;
    store(damaged, bytes, size);
    bytes[at] ^= bit;
    CHECK(read_number(damaged, &error) == -1, "a changed bit of byte %zu of %zu is not noticed", at, size);
    if (is_within(bytes, at, "/rounds/1/x"))
      CHECK(strstr(error.text, "/rounds/1/x: expected the checksum") != NULL, "%s", error.text);
    if (is_within(bytes, at, "/rounds/1/count")) CHECK(strstr(error.text, "/rounds/1/count:") != NULL, "%s", error.text);
  }
  for (size_t length = 0; length < size; length++) {
    store(damaged, bytes, length);
    CHECK(read_number(damaged, &error) == -1, "cut after %zu bytes", length);
    if (is_within(bytes, length, "/rounds/1/x"))
      CHECK(strstr(error.text, "/rounds/1/x: expected a file of") != NULL, "%s", error.text);
  }
  char *longer = calloc(size + 1, 1);
  memcpy(longer, bytes, size);
  store(damaged, longer, size + 1);
  CHECK(read_number(damaged, &error) == -1 && strstr(error.text, "appended"), "%s", error.text);
  free(longer);
  CHECK(read_number("/no/such/file", &error) == -1 && strstr(error.text, strerror(ENOENT)), "%s", error.text);
  CHECK(read_number("/dev/null", &error) == -1, "an empty file");
  free(bytes);
  unlink(path);
  unlink(damaged);
}

/* Random bytes over random places, in files of several lengths: refused, or as they were. */
static void survives_mutations(const char *directory, int count) {
  char path[512], *bytes;
  struct q2_error error = {""};
  unsigned state = 1;
  snprintf(path, sizeof path, "%s/mutated.h5", directory);
  CHECK(write_number(path, 4, &error) == Q2_OK, "%s", error.text);
  const size_t size = load(path, &bytes);
  char *mutated = malloc(size);
  for (int k = 0; k < count; k++) {
    memcpy(mutated, bytes, size);
    const int changes = 1 + k % 7;
    for (int c = 0; c < changes; c++) {
      state = state * 1664525u + 1013904223u;
      const size_t at = (k % 3 ? state >> 8 : (state >> 8) % 600) % size;
      state = state * 1664525u + 1013904223u;
      mutated[at] = (char)(state >> 24);
    }
    const size_t length = k % 11 == 0 ? (state >> 5) % (size + 1) : size;
    store(path, mutated, length);
    const int same = length == size && memcmp(bytes, mutated, size) == 0;
    const int number = read_number(path, &error);
    CHECK(number == (same ? 4 : -1), "mutation %d: %d", k, number);
  }
  free(mutated);
  free(bytes);
  unlink(path);
  unlink("mutated.h5.previous");
}

static int count_partial(const char *directory) {
  int count = 0;
  DIR *open = opendir(directory);
  for (struct dirent *entry; open && (entry = readdir(open));)
    count += strstr(entry->d_name, ".partial") != NULL;
  if (open) closedir(open);
  return count;
}

/* File number 2 is written over number 1, whose predecessor is 0. */
static void prepare(const char *path, const char *previous) {
  struct q2_error error = {""};
  chosen = 0;
  unlink(path);
  unlink(previous);
  for (int number = 0; number < 2; number++)
    CHECK(write_number(path, number, &error) == Q2_OK, "%s", error.text);
  CHECK(read_number(path, &error) == 1 && read_number(previous, &error) == 0, "%s", error.text);
}

/* Each system call in turn. */
static void keeps_a_file(const char *directory, enum fault kind, int code) {
  char path[512], previous[600];
  struct q2_error error = {""}, unused;
  snprintf(path, sizeof path, "%s/run.h5", directory);
  snprintf(previous, sizeof previous, "%s%s", path, q2_sealed_previous);
  prepare(path, previous);
  calls = 0;
  CHECK(write_number(path, 2, &error) == Q2_OK, "%s", error.text);
  const int all = calls;
  CHECK(all >= 10, "%d system calls", all);
  for (int call = 1; call <= all; call++) {
    prepare(path, previous);
    calls = 0;
    fault = kind;
    reason = code;
    chosen = call;
    error.text[0] = '\0';
    int status = Q2_OK;
    if (kind == KILLED) {
      fflush(NULL);
      const pid_t child = fork();
      if (child == 0) {
        (void)write_number(path, 2, &error);
        _exit(0);
      }
      waitpid(child, &status, 0);
      CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 99, "call %d of %d: %d", call, all, status);
    } else {
      status = write_number(path, 2, &error);
    }
    chosen = 0;
    fault = NONE;
    const int number = read_number(path, &unused), before = read_number(previous, &unused);
    CHECK(number >= 1 || before >= 1, "fault %d at call %d: %d and %d are left", (int)kind, call, number, before);
    CHECK(number != -1 || kind == KILLED || kind == FAILS, "fault %d at call %d", (int)kind, call);
    if (kind != KILLED && status == Q2_OK) CHECK(number == 2, "call %d: written, but %d is there", call, number);
    if (kind == FAILS && status != Q2_OK)
      CHECK(strstr(error.text, path) && strstr(error.text, strerror(code)), "%s", error.text);
    if (kind == LIES && status != Q2_OK) CHECK(strstr(error.text, "read back") != NULL, "%s", error.text);
    /* The next one is written as if nothing had been. */
    CHECK(write_number(path, 5, &error) == Q2_OK && read_number(path, &error) == 5, "after call %d: %s", call, error.text);
  }
  if (kind != KILLED) CHECK(count_partial(directory) <= 1, "%d temporary files are left", count_partial(directory));
}

/* Two writers of one file. */
static void refuses_to_replace_another_runs(const char *directory) {
  char path[512];
  struct q2_error error = {""};
  snprintf(path, sizeof path, "%s/shared.h5", directory);
  const int partial = count_partial(directory); /* of processes that were killed */
  uint64_t mine = q2_durable_mark(path), other;
  CHECK(mine == 0, "nothing is there");
  for (int number = 1; number <= 2; number++)
    CHECK(write_marked(path, number, &mine, &error) == Q2_OK && mine == q2_durable_mark(path), "%s", error.text);
  other = q2_durable_mark(path); /* a run that begins now may replace it */
  CHECK(write_marked(path, 3, &other, &error) == Q2_OK && other != mine, "%s", error.text);
  for (int again = 0; again < 2; again++)
    CHECK(write_marked(path, 4, &mine, &error) == Q2_FAILED && strstr(error.text, "another run") && strstr(error.text, path),
          "%s", error.text);
  CHECK(read_number(path, &error) == 3 && count_partial(directory) == partial, "%s", error.text);
  unlink(path);
  CHECK(write_marked(path, 5, &mine, &error) == Q2_OK && read_number(path, &error) == 5, "what is gone is no matter");
  /* A directory that cannot be flushed: the file is in place all the same, and this run's. */
  for (chosen = 1; chosen < 40; chosen++) {
    calls = 0;
    fault = FAILS;
    reason = EIO;
    (void)write_marked(path, 5 + chosen, &mine, &error);
    fault = NONE;
    CHECK(mine == q2_durable_mark(path), "call %d: %s", chosen, error.text);
  }
  chosen = 0;
  unlink(path);
}

/* A disk without room for a second file, where mounting one is permitted. */
static int full_disk(const char *directory) {
  char folder[512], path[600];
  struct q2_error error = {""};
  snprintf(folder, sizeof folder, "%s/full", directory);
  snprintf(path, sizeof path, "%s/run.h5", folder);
  mkdir(folder, 0755);
  if (mount("q2hpc", folder, "tmpfs", 0, "size=12k") != 0) {
    printf("skipped: a full disk (mounting a tmpfs: %s)\n", strerror(errno));
    return 1;
  }
  CHECK(write_number(path, 1, &error) == Q2_OK, "%s", error.text);
  CHECK(write_number(path, 2, &error) == Q2_FAILED && strstr(error.text, strerror(ENOSPC)), "%s", error.text);
  CHECK(read_number(path, &error) == 1, "%s", error.text);
  CHECK(umount(folder) == 0, "%s", strerror(errno));
  return 0;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  char directory[] = "/tmp/q2_test_sealed_XXXXXX", command[64];
  if (!mkdtemp(directory)) abort();
  refuses_damage(directory);
  survives_mutations(directory, argc > 1 ? atoi(argv[1]) : 3000);
  keeps_a_file(directory, FAILS, ENOSPC);
  keeps_a_file(directory, FAILS, EIO);
  keeps_a_file(directory, FAILS, EDQUOT);
  keeps_a_file(directory, FAILS, EROFS);
  keeps_a_file(directory, FAILS, EPERM); /* a link that cannot be made: renamed instead */
  keeps_a_file(directory, HALF, 0);
  keeps_a_file(directory, LIES, 0);
  keeps_a_file(directory, KILLED, 0);
  refuses_to_replace_another_runs(directory);
  const int skipped = full_disk(directory);
  if (check_failures == 0) printf("sealed files: whole or refused; %d skipped\n", skipped);
  snprintf(command, sizeof command, "rm -rf %s", directory);
  if (system(command) != 0) CHECK(0, "%s", command);
  MPI_Finalize();
  return check_result();
}
