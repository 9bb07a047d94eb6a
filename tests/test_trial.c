/* Claims: whatever becomes of the process that tries a file, all ranks have one text that says what and where; a sound file
 * passes; the process has the limits that it promises. */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../io/trial.h"
#include "check.h"
#include "make_dataset.h"

static const char *const path = "tried.h5", *const program = "./program.sh";

/* All ranks: the program whose lines these are is the trial. */
static void check_program(int rank, const char *lines, int expected, const char *text) {
  struct q2_error error = {""}, first;
  if (rank == 0) {
    FILE *file = fopen(program, "w");
    if (!file || fprintf(file, "#!/bin/sh\n%s\n", lines) < 0 || fclose(file) != 0 || chmod(program, 0700) != 0) abort();
  }
  MPI_Barrier(MPI_COMM_WORLD);
  const int status = q2_trial(MPI_COMM_WORLD, program, path, 7, &error);
  CHECK(status == expected, "%s: %d, '%s'", lines, status, error.text);
  first = error;
  MPI_Bcast(&first, (int)sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
  CHECK(strcmp(first.text, error.text) == 0, "'%s', on rank 0 '%s'", error.text, first.text);
  CHECK(strstr(error.text, text) != NULL, "'%s' lacks '%s'", error.text, text);
  MPI_Barrier(MPI_COMM_WORLD);
}

static void check_ends(int rank) {
  check_program(rank, "echo at /; echo done", Q2_OK, "");
  check_program(rank, "[ \"$*\" = \"try-file tried.h5 7\" ] && echo done", Q2_OK, "");
  check_program(rank, "echo at /a; echo at /a/b; kill -SEGV $$", Q2_FAILED,
                "tried.h5: /a/b: HDF5 crashes on it (Segmentation fault)");
  check_program(rank, "echo at /a; echo done; kill -BUS $$", Q2_OK, "");
  check_program(rank, "kill -ABRT $$", Q2_FAILED, "ended with signal 6 before it began (-input_trial off");
  check_program(rank, "echo at /a; kill -XCPU $$", Q2_FAILED, "tried.h5: /a: expected to be read within 7 s");
  check_program(rank, "echo at /a; echo because it is so; exit 1", Q2_FAILED, "tried.h5: /a: it is so");
  check_program(rank, "echo at /a; exit 3", Q2_FAILED, "tried.h5: /a: HDF5 crashes on it (status 3)");
  check_program(rank, "exit 0", Q2_FAILED, "ended with status 0 before"); /* says nothing: it is no trial */
  check_program(rank, "head -c 3000 /dev/zero | tr '\\0' x; echo; echo at /a; kill -SEGV $$", Q2_FAILED, "/a: HDF5 crashes");
  check_program(rank, "echo at /a; echo noise >&2; read line; echo at /b; kill -SEGV $$", Q2_FAILED, "/b: HDF5 crashes");
}

static void check_missing(void) {
  struct q2_error error = {""};
  CHECK(q2_trial(MPI_COMM_WORLD, "./no_such_program", path, 7, &error) == Q2_FAILED);
  CHECK(strstr(error.text, "./no_such_program") && strstr(error.text, "-input_trial off"), "'%s'", error.text);
}

/* The walk itself, in a fork. */
static void check_walk(int rank, const char *what, int expected, const char *text) {
  struct q2_error error = {""};
  MPI_Barrier(MPI_COMM_WORLD);
  const int status = q2_trial(MPI_COMM_WORLD, NULL, path, 60, &error);
  CHECK(status == expected && strstr(error.text, text), "%s: %d, '%s' on rank %d", what, status, error.text, rank);
  MPI_Barrier(MPI_COMM_WORLD);
}

static void overwrite(long at, const void *bytes, size_t size) {
  FILE *file = fopen(path, "r+b");
  if (!file || fseek(file, at, SEEK_SET) != 0 || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) abort();
}

/* Where a dataset's object header is. */
static long header_of(const char *name) {
  H5O_info_t info;
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
#if H5_VERSION_GE(1, 12, 0)
  haddr_t place = HADDR_UNDEF;
  hid_t object = H5Oopen(file, name, H5P_DEFAULT);
  H5Oget_info3(object, &info, H5O_INFO_BASIC);
  H5VLnative_token_to_addr(object, info.token, &place);
  H5Oclose(object);
#else
  H5Oget_info_by_name(file, name, &info, H5P_DEFAULT);
  const haddr_t place = info.addr;
#endif
  H5Fclose(file);
  return (long)place;
}

static void check_files(int rank) {
  static const struct made_options all[] = {
      {0}, {.chunked = 1, .full = 1, .exp6 = 1}, {.variable_strings = 1, .observed = 1}, {.other_types = 1, .bare = 1}};
  static const unsigned char none[16] = {0};
  const int deflates = H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0;
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
    if (rank == 0) make_dataset(path, 5, &all[k]);
    check_walk(rank, "sound", Q2_OK, "");
  }
  if (rank == 0) make_dataset(path, 5, &all[1]);
  if (rank == 0 && deflates) break_chunk(path, "/hessian_full", 0);
  check_walk(rank, "a chunk", deflates ? Q2_FAILED : Q2_OK, deflates ? "/hessian_full: its data cannot be read" : "");
  if (rank == 0) {
    make_dataset(path, 5, &all[0]);
    overwrite(header_of("/atoms/mass"), none, sizeof none);
  }
  check_walk(rank, "a header", Q2_FAILED, "tried.h5: /atoms/mass: it cannot be opened: the file is damaged");
  if (rank == 0) {
    make_dataset(path, 5, &all[0]);
    if (truncate(path, 2000) != 0) abort();
  }
  check_walk(rank, "cut short", Q2_FAILED, "tried.h5: /: it cannot be opened as HDF5");
  if (rank == 0) overwrite(0, none, sizeof none);
  check_walk(rank, "not HDF5", Q2_OK, ""); /* for the ranks to say */
  if (rank == 0) unlink(path);
  check_walk(rank, "nothing", Q2_OK, "");
}

static void check_limits(int rank) {
  if (rank != 0) return;
  make_dataset(path, 5, &(struct made_options){0});
  const pid_t child = fork();
  if (child == 0) {
    struct rlimit seconds = {0, 0}, core = {1, 1};
    const int walked = q2_trial_walk(path, 9, open("/dev/null", O_WRONLY));
    getrlimit(RLIMIT_CPU, &seconds);
    getrlimit(RLIMIT_CORE, &core);
    void *little = malloc((size_t)64 << 20), *much = malloc((size_t)(Q2_TRIAL_MEMORY + 64) << 20);
    _exit(walked ? 10 : seconds.rlim_cur != 9 ? 11 : core.rlim_cur != 0 ? 12 : !little ? 13 : much ? 14 : 15);
  }
  int status = 0;
  waitpid(child, &status, 0);
  /* With sanitizers, addresses have no limit. */
  if (!getenv("Q2HPC_SANITIZED")) CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 15, "%d", WEXITSTATUS(status));
}

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  check_ends(rank);
  check_missing();
  check_files(rank);
  check_limits(rank);
  int failed = check_result(), any;
  MPI_Allreduce(&failed, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  if (rank == 0 && !any) printf("a trial's end, whatever it is, is told alike on all ranks\n");
  MPI_Finalize();
  return any;
}
