/* An image becomes a file that holds what was put in; and whatever goes wrong, the old file stays and nothing else is left
 * behind. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <hdf5.h>
#include <mpi.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../io/durable.h"
#include "../io/result.h"
#include "check.h"

static int skipped;

enum { rows = 1000 };

/* A small result; `seed` makes two of them differ. */
static void fill(struct q2_image *image, int seed) {
  struct q2_error error = {""};
  static double values[rows][3];
  static int32_t small[rows];
  static int64_t large[2][2];
  static char names[3][16] = {"first", "second", "a name of 16 byt"};
  for (int k = 0; k < rows; k++) {
    small[k] = k - seed;
    for (int c = 0; c < 3; c++)
      values[k][c] = seed + k / 7.0 + c;
  }
  for (int k = 0; k < 4; k++)
    large[k / 2][k % 2] = (INT64_C(1) << 40) * (k + seed);
  CHECK(q2_image_create(image, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_double(image, "/fit/parameters", "kcal/mol", rows, 3, &values[0][0], &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_double(image, "/fit/loss", NULL, rows, 0, &values[0][0], &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_int32(image, "/fit/evaluations", NULL, rows, 0, small, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_int64(image, "/deep/er/table", NULL, 2, 2, &large[0][0], &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_double(image, "/fit/none", NULL, 0, 0, NULL, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_text(image, "/names", 3, sizeof *names, names, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_group(image, "/fit", &error) == Q2_OK, "%s", error.text); /* exists */
  CHECK(q2_image_group(image, "/provenance/build", &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_attribute_text(image, "/", "format", "q2hpc result", &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_attribute_text(image, "/", "note", "", &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_attribute_int64(image, "/fit", "seed", 5, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_image_attribute_int64(image, "/fit", "seed", seed, &error) == Q2_OK, "%s", error.text); /* replaced */
  CHECK(q2_image_attribute_double(image, "/fit/loss", "best", 0.1 * seed, &error) == Q2_OK, "%s", error.text);
}

/* The file at `path` is a result with this seed. */
static void check_file(const char *path, int seed) {
  static double values[rows][3];
  static int32_t small[rows];
  int64_t large[2][2], found_seed = -1;
  char names[3][16], text[32] = "";
  double best = -1.0;
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  CHECK(file >= 0, "%s", path);
  if (file < 0) return;
  const struct {
    const char *name;
    hid_t type;
    void *data;
  } reads[] = {{"/fit/parameters", H5T_NATIVE_DOUBLE, values},
               {"/fit/evaluations", H5T_NATIVE_INT32, small},
               {"/deep/er/table", H5T_NATIVE_INT64, large},
               {"/names", H5I_INVALID_HID, names}};
  for (size_t k = 0; k < sizeof reads / sizeof *reads; k++) {
    hid_t dataset = H5Dopen2(file, reads[k].name, H5P_DEFAULT), type = H5Dget_type(dataset);
    const hid_t memory = reads[k].type >= 0 ? reads[k].type : type;
    CHECK(H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, reads[k].data) >= 0, "%s", reads[k].name);
    H5Tclose(type);
    H5Dclose(dataset);
  }
  for (int k = 0; k < rows; k++) {
    CHECK(small[k] == k - seed, "%d %d", k, small[k]);
    for (int c = 0; c < 3; c++)
      CHECK(values[k][c] == seed + k / 7.0 + c, "%d %g", k, values[k][c]);
  }
  CHECK(large[1][1] == (INT64_C(1) << 40) * (3 + seed), "%lld", (long long)large[1][1]);
  CHECK(strcmp(names[1], "second") == 0 && memcmp(names[2], "a name of 16 byt", 16) == 0, "'%s'", names[1]);
  const struct {
    const char *object, *name;
    hid_t type;
    void *data;
  } attributes[] = {{"/fit", "seed", H5T_NATIVE_INT64, &found_seed},
                    {"/fit/loss", "best", H5T_NATIVE_DOUBLE, &best},
                    {"/fit/parameters", "unit", H5I_INVALID_HID, text}};
  for (size_t k = 0; k < sizeof attributes / sizeof *attributes; k++) {
    hid_t attribute = H5Aopen_by_name(file, attributes[k].object, attributes[k].name, H5P_DEFAULT, H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute);
    CHECK(H5Aread(attribute, attributes[k].type >= 0 ? attributes[k].type : type, attributes[k].data) >= 0, "%s",
          attributes[k].name);
    H5Tclose(type);
    H5Aclose(attribute);
  }
  CHECK(found_seed == seed && best == 0.1 * seed && strcmp(text, "kcal/mol") == 0, "%d '%s'", (int)found_seed, text);
  CHECK(H5Lexists(file, "/provenance/build", H5P_DEFAULT) > 0, "%s", path);
  H5Fclose(file);
}

static int count_files(const char *directory) {
  int count = 0;
  DIR *open = opendir(directory);
  if (!open) return -1;
  for (struct dirent *entry; (entry = readdir(open));)
    count += entry->d_name[0] != '.';
  closedir(open);
  return count;
}

static void test_round_trip(const char *directory) {
  char path[512], link[512], bytes[2][1 << 17];
  size_t sizes[2];
  struct q2_error error = {""};
  snprintf(path, sizeof path, "%s/result.h5", directory);
  snprintf(link, sizeof link, "%s/link.h5", directory);
  for (int seed = 1; seed <= 2; seed++) { /* new, then replacing */
    struct q2_image image;
    fill(&image, seed);
    CHECK(q2_image_write(&image, path, &error) == Q2_OK, "%s", error.text);
    check_file(path, seed);
    q2_image_free(&image);
    q2_image_free(&image); /* harmless */
  }
  CHECK(count_files(directory) == 1, "%d files", count_files(directory));
  /* The same calls, the same bytes; a write that is followed by another; a link that is followed. */
  CHECK(symlink("result.h5", link) == 0, "%s", strerror(errno));
  for (int k = 0; k < 2; k++) {
    struct q2_image image;
    fill(&image, 3);
    if (k == 1) CHECK(q2_image_write(&image, path, &error) == Q2_OK, "%s", error.text);
    CHECK(q2_image_write(&image, link, &error) == Q2_OK, "%s", error.text);
    q2_image_free(&image);
    FILE *file = fopen(path, "rb");
    sizes[k] = fread(bytes[k], 1, sizeof bytes[k], file);
    fclose(file);
    sleep(k == 0);
  }
  CHECK(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0, "%zu %zu", sizes[0], sizes[1]);
  struct stat status;
  CHECK(lstat(link, &status) == 0 && S_ISLNK(status.st_mode), "the link is gone");
  check_file(path, 3);
  unlink(link);
  unlink(path);
}

static void test_misuse(void) {
  struct q2_image image;
  struct q2_error error = {""};
  const double one = 1.0;
  fill(&image, 1);
  CHECK(q2_image_double(&image, "/fit/loss", NULL, 1, 0, &one, &error) == Q2_FAILED && strstr(error.text, "/fit/loss"), "%s",
        error.text);
  CHECK(q2_image_double(&image, "/x", NULL, -1, 0, &one, &error) == Q2_FAILED && strstr(error.text, "(-1, 0)"), "%s",
        error.text);
  CHECK(q2_image_attribute_int64(&image, "/absent", "a", 1, &error) == Q2_FAILED && strstr(error.text, "/absent"), "%s",
        error.text);
  CHECK(q2_image_group(&image, "/fit/loss/below", &error) == Q2_FAILED && strstr(error.text, "below"), "%s", error.text);
  CHECK(q2_image_write(&image, "/dev/null", &error) == Q2_FAILED && strstr(error.text, "regular file"), "%s", error.text);
  CHECK(q2_image_write(&image, ".", &error) == Q2_FAILED && strstr(error.text, "regular file"), "%s", error.text);
  CHECK(q2_image_write(&image, "no/such/folder/r.h5", &error) == Q2_FAILED && strstr(error.text, strerror(ENOENT)), "%s",
        error.text);
  q2_image_free(&image);
}

/* A write that must fail with `reason` and leave the file of seed 1 and nothing else. */
static void check_failing_write(const char *directory, const char *path, int reason) {
  struct q2_image image;
  struct q2_error error = {""};
  fill(&image, 2);
  CHECK(q2_image_write(&image, path, &error) == Q2_FAILED, "written though it cannot be");
  CHECK(strstr(error.text, path) && strstr(error.text, strerror(reason)), "'%s' lacks '%s'", error.text, strerror(reason));
  check_file(path, 1);
  CHECK(count_files(directory) == 1, "%d files in %s", count_files(directory), directory);
  q2_image_free(&image);
}

static void write_first(const char *path) {
  struct q2_image image;
  struct q2_error error = {""};
  fill(&image, 1);
  CHECK(q2_image_write(&image, path, &error) == Q2_OK, "%s", error.text);
  q2_image_free(&image);
}

/* A limit on the size of files: the write is short first, then refused. */
static void test_size_limit(const char *directory) {
  char path[512];
  snprintf(path, sizeof path, "%s/limited.h5", directory);
  write_first(path);
  struct rlimit old, limit;
  getrlimit(RLIMIT_FSIZE, &old);
  limit = old;
  limit.rlim_cur = 10000;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  check_failing_write(directory, path, EFBIG);
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, SIG_DFL);
  unlink(path);
}

/* As a user who may not write; root may always, so a child gives up its rights. */
static void test_read_only(const char *directory) {
  char path[512];
  snprintf(path, sizeof path, "%s/locked.h5", directory);
  write_first(path);
  chmod(directory, 0555);
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(77);
    struct q2_error error = {""};
    const int status = q2_durable_write(path, "new", 3, &error);
    const int good = status == Q2_FAILED && strstr(error.text, path) && strstr(error.text, strerror(EACCES));
    if (!good) fprintf(stderr, "read-only directory: status %d, '%s'\n", status, error.text);
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  chmod(directory, 0755);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
    skipped++;
  else
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
  check_file(path, 1);
  CHECK(count_files(directory) == 1, "%d files", count_files(directory));
  unlink(path);
}

/* A file system without room, where mounting one is permitted. */
static void test_full_disk(const char *directory) {
  char folder[512], path[600];
  snprintf(folder, sizeof folder, "%s/full", directory);
  snprintf(path, sizeof path, "%s/result.h5", folder);
  mkdir(folder, 0755);
  if (mount("q2hpc", folder, "tmpfs", 0, "size=64k") != 0) {
    printf("skipped: a full disk (mounting a tmpfs: %s)\n", strerror(errno));
    skipped++;
  } else {
    write_first(path);
    check_failing_write(folder, path, ENOSPC);
    CHECK(umount(folder) == 0, "%s", strerror(errno));
  }
  rmdir(folder);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) {
    char directory[] = "/tmp/q2_test_result_XXXXXX";
    if (!mkdtemp(directory)) abort();
    chmod(directory, 0755);
    test_round_trip(directory);
    test_misuse();
    test_size_limit(directory);
    test_read_only(directory);
    test_full_disk(directory);
    CHECK(rmdir(directory) == 0, "%s: %s", directory, strerror(errno));
    if (check_failures == 0) printf("result: whole or untouched; %d skipped\n", skipped);
  }
  int failures = check_failures;
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  return check_failures ? check_result() : failures != 0;
}
