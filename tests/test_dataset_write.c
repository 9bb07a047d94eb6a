/* A data set that is written is the one that is read back, byte for byte the same file from any number of ranks; on a disk
 * without room, or where nothing may be written, the old file stays and nothing is left behind. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <hdf5.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../io/dataset.h"
#include "../io/hash.h"
#include "../io/memory.h"
#include "../io/result.h"
#include "check.h"
#include "make_dataset.h"

static char folder[256], input[300], output[300];

/* Of the file's bytes, by rank 0. */
static uint64_t hash_file(const char *path) {
  FILE *file = fopen(path, "rb");
  static char buffer[1 << 16];
  uint64_t hash = Q2_HASH_START;
  for (size_t n; file && (n = fread(buffer, 1, sizeof buffer, file)) > 0;)
    hash = q2_hash_bytes(hash, buffer, n);
  if (file) fclose(file);
  return hash;
}

static int files_in(const char *path) {
  int count = 0;
  DIR *directory = opendir(path);
  for (struct dirent *entry; directory && (entry = readdir(directory));)
    count += entry->d_name[0] != '.';
  if (directory) closedir(directory);
  return count;
}

static int add_note(struct q2_image *image, void *context, struct q2_error *error) {
  return q2_image_attribute_text(image, "/", "note", context, error);
}

/* What no made set has: where the force field came from, and atom types' names. */
static void give_origin(struct q2_dataset *d) {
  const int count = d->parameters.count;
  struct q2_origin *origin = &d->origin;
  strcpy(origin->format, "tinker");
  strcpy(origin->name, "some.prm");
  origin->size = 1000;
  origin->bytes = q2_allocate(origin->size, 1);
  origin->line = q2_allocate(count, sizeof *origin->line);
  origin->column = q2_allocate(count, sizeof *origin->column);
  origin->width = q2_allocate(count, sizeof *origin->width);
  origin->multiplier = q2_allocate(count, sizeof *origin->multiplier);
  for (int k = 0; k < 1000; k++)
    origin->bytes[k] = (char)(k * 37);
  for (int k = 0; k < count; k++) {
    origin->line[k] = k;
    origin->column[k] = 3 * k;
    origin->width[k] = 7;
    origin->multiplier[k] = k % 2 ? 71.94 : -0.5;
  }
  const int64_t atoms = d->atom_offset[d->molecule_count];
  d->type_name = q2_allocate(atoms, sizeof *d->type_name);
  for (int64_t a = 0; a < atoms; a++)
    snprintf(d->type_name[a].text, sizeof d->type_name[a].text, "T%d", d->element[a]);
}

/* Reads, writes, reads: everything is as it was, its units included. */
static void test_round_trip(MPI_Comm comm, const struct made_options *options, int64_t count, int with_origin) {
  int rank;
  char note[] = "written by a test", checksum[17];
  struct q2_dataset d, again;
  struct q2_error error = {""};
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) make_dataset(input, count, options);
  MPI_Barrier(comm);
  int status = q2_dataset_read(comm, input, &d, &error);
  CHECK(status == Q2_OK, "%s", error.text);
  if (status != Q2_OK) return;
  if (with_origin) give_origin(&d);
  strcpy(checksum, d.checksum);
  status = q2_dataset_write(comm, &d, output, add_note, note, &error);
  CHECK(status == Q2_OK, "%s", error.text);
  CHECK(with_origin || strcmp(checksum, d.checksum) == 0, "checksum %s became %s", checksum, d.checksum);
  status = q2_dataset_read(comm, output, &again, &error);
  CHECK(status == Q2_OK, "%s", error.text);
  if (status == Q2_OK) {
    CHECK(strcmp(again.checksum, d.checksum) == 0, "%s, read back %s", d.checksum, again.checksum);
    CHECK(strcmp(again.origin.format, with_origin ? "tinker" : "") == 0 && again.origin.size == d.origin.size);
    CHECK((again.type_name != NULL) == with_origin);
    for (int k = 0; k < d.parameters.count; k++)
      CHECK(strcmp(again.parameters.unit[k], d.parameters.unit[k]) == 0 && again.parameters.value[k] == d.parameters.value[k]);
    q2_dataset_free(&again);
  }
  q2_dataset_free(&d);
}

/* One rank alone and all ranks together write the same bytes. */
static void test_same_bytes(MPI_Comm comm) {
  int rank;
  uint64_t alone = 0;
  struct q2_dataset d;
  struct q2_error error = {""};
  const struct made_options options = {.exp6 = 1, .guided = 1, .observed = 1};
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) {
    make_dataset(input, 23, &options);
    CHECK(q2_dataset_read(MPI_COMM_SELF, input, &d, &error) == Q2_OK, "%s", error.text);
    CHECK(q2_dataset_write(MPI_COMM_SELF, &d, output, NULL, NULL, &error) == Q2_OK, "%s", error.text);
    q2_dataset_free(&d);
    alone = hash_file(output);
  }
  MPI_Barrier(comm);
  CHECK(q2_dataset_read(comm, input, &d, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_dataset_write(comm, &d, output, NULL, NULL, &error) == Q2_OK, "%s", error.text);
  if (rank == 0) CHECK(alone == hash_file(output), "one rank and all ranks wrote different files");
  MPI_Barrier(comm);
  /* A share that is not in the file's order is refused, and the file stays. */
  int ranks;
  MPI_Comm_size(comm, &ranks);
  if (ranks > 1) {
    int *owner = calloc((size_t)d.molecule_count + 1, sizeof *owner);
    for (int64_t m = 0; m < d.molecule_count; m++)
      owner[m] = (int)(d.molecule[m] % ranks);
    CHECK(q2_dataset_exchange(comm, &d, owner, &error) == Q2_OK, "%s", error.text);
    free(owner);
    CHECK(q2_dataset_write(comm, &d, output, NULL, NULL, &error) == Q2_FAILED && strstr(error.text, "order of the file"), "%s",
          error.text);
    if (rank == 0) CHECK(alone == hash_file(output));
  }
  q2_dataset_free(&d);
}

/* The old file stays whatever goes wrong. */
static void test_failure(MPI_Comm comm, const char *path, const char *expected, int files) {
  int rank;
  struct q2_dataset d;
  struct q2_error error = {""};
  MPI_Comm_rank(comm, &rank);
  CHECK(q2_dataset_read(comm, input, &d, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_dataset_write(comm, &d, path, NULL, NULL, &error) == Q2_FAILED && strstr(error.text, expected), "%s", error.text);
  q2_dataset_free(&d);
  if (rank != 0 || files < 0) return;
  char parent[300];
  snprintf(parent, sizeof parent, "%s", path);
  *strrchr(parent, '/') = '\0';
  CHECK(files_in(parent) == files, "%d files in %s, expected %d", files_in(parent), parent, files);
}

static void test_full_disk(MPI_Comm comm) {
  int rank, mounted = 0;
  char disk[300], path[320];
  MPI_Comm_rank(comm, &rank);
  snprintf(disk, sizeof disk, "%s/disk", folder);
  snprintf(path, sizeof path, "%s/set.h5", disk);
  if (rank == 0) {
    mkdir(disk, 0700);
    mounted = mount("tmpfs", disk, "tmpfs", 0, "size=64k") == 0;
    if (mounted) {
      FILE *old = fopen(path, "w");
      fputs("old", old);
      fclose(old);
    }
  }
  MPI_Bcast(&mounted, 1, MPI_INT, 0, comm);
  if (mounted) test_failure(comm, path, "no room for its", 1);
  if (rank == 0 && mounted) {
    struct stat about;
    CHECK(stat(path, &about) == 0 && about.st_size == 3);
    umount(disk);
  }
  if (rank == 0) {
    if (!mounted) printf("no full disk tried: only root may mount one\n");
    rmdir(disk);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const MPI_Comm comm = MPI_COMM_WORLD;
  int rank;
  MPI_Comm_rank(comm, &rank);
  strcpy(folder, "/tmp/q2hpc_write_XXXXXX");
  if (rank == 0 && !mkdtemp(folder)) MPI_Abort(comm, 1);
  MPI_Bcast(folder, (int)sizeof folder, MPI_CHAR, 0, comm);
  snprintf(input, sizeof input, "%s/in.h5", folder);
  snprintf(output, sizeof output, "%s/out.h5", folder);
  test_round_trip(comm, &(struct made_options){0}, 1, 0);
  test_round_trip(comm, &(struct made_options){0}, 23, 0);
  test_round_trip(comm, &(struct made_options){.bare = 1}, 23, 0);
  test_round_trip(comm, &(struct made_options){.exp6 = 1, .guided = 1, .observed = 1, .other_units = 1}, 23, 0);
  test_round_trip(comm, &(struct made_options){.exp6 = 1, .guided = 1, .observed = 1}, 23, 1);
  test_same_bytes(comm);
  test_failure(comm, "/nowhere/at/all/set.h5", "cannot be written", -1);
  test_full_disk(comm);
  MPI_Barrier(comm);
  if (rank == 0) {
    remove(input);
    remove(output);
    CHECK(rmdir(folder) == 0, "something is left in %s", folder);
  }
  int failures = check_failures;
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, comm);
  MPI_Finalize();
  return check_failures ? check_result() : failures != 0;
}
