/* Claim: no damaged data set, and no damaged checkpoint, crashes a reader, stops it, or makes it ask for unbounded memory; what
 * is refused is refused on all ranks, with one text that names the file.
 *
 *     mpirun -n RANKS mutations FIRST COUNT SECONDS TRIAL CHECKPOINT
 *
 * damages the files FIRST to FIRST + COUNT - 1, or as many as SECONDS allow, each as its number says, and reads them as q2hpc
 * does. TRIAL: the program q2hpc, `fork` (faster), or `none` (then this program may die of what it reads). Where it dies, the
 * same command goes on after the file of which it died, which it keeps: mutations.sh repeats it to the end. Exit status: 0 all
 * is well; 3 it is not; others: died. */
#define _XOPEN_SOURCE 700
#include <hdf5.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "../io/dataset.h"
#include "../io/trial.h"
#include "../src/checkpoint.h"
#include "check.h"
#include "make_dataset.h"
#include "mutate.h"

enum {
  MOLECULES = 5,
  BASES = 6,
  TRIAL = 4,
  HANGS = 60 /* s of processor time: who waits in vain for another rank works, too */,
  MEMORY = 640 /* MiB that the reader may need at its peak */
};

static const char *const damaged = "damaged.h5", *const progress = "progress";

/* What became of the files so far; kept on disk, because this program may not live. */
struct counts {
  long long next, read, refused, crashed, endless, tried, died, named;
  long long peak; /* MiB */
};

static void save(const struct counts *c, int at_work) {
  FILE *file = fopen("progress.new", "w");
  if (!file) abort();
  fprintf(file, "%d %lld %lld %lld %lld %lld %lld %lld %lld %lld\n", at_work, c->next, c->read, c->refused, c->crashed,
          c->endless, c->tried, c->died, c->named, c->peak);
  fclose(file);
  if (rename("progress.new", progress) != 0) abort();
}

/* Goes on from an earlier run, which may have died at work on a file. */
static void load(struct counts *c, long long first) {
  int at_work = 0;
  *c = (struct counts){.next = first};
  FILE *file = fopen(progress, "r");
  if (!file) return;
  if (fscanf(file, "%d %lld %lld %lld %lld %lld %lld %lld %lld %lld", &at_work, &c->next, &c->read, &c->refused, &c->crashed,
             &c->endless, &c->tried, &c->died, &c->named, &c->peak) != 10)
    abort();
  fclose(file);
  if (!at_work) return;
  char kept[64];
  snprintf(kept, sizeof kept, "died.%lld.h5", c->next);
  rename(damaged, kept);
  fprintf(stderr, "mutations: the reader died of file %lld; kept as %s\n", c->next, kept);
  c->died++;
  c->next++;
}

/* All ways of storing a data set; the last one with the newer structures of HDF5, which have checksums. */
static void make_bases(struct mutable_file base[BASES], const char *checkpoint) {
  static const struct made_options options[BASES - 1] = {{0},
                                                         {.chunked = 1, .exp6 = 1, .full = 1},
                                                         {.variable_strings = 1, .guided = 1, .observed = 1},
                                                         {.other_types = 1, .other_units = 1, .bare = 1, .chunked = 1},
                                                         {.guided = 1, .exp6 = 1}};
  for (int b = 0; b < BASES - 1; b++) {
    make_dataset("base.h5", MOLECULES, &options[b]);
    if (b == BASES - 2) mutable_file_renew("base.h5");
    mutable_file_load("base.h5", &base[b]);
  }
  mutable_file_load(checkpoint, &base[BASES - 1]);
}

/* Ends this program after so much more processor time; 0: does not. */
static void limit(int seconds) {
  const struct itimerval timer = {.it_value = {.tv_sec = seconds}};
  setitimer(ITIMER_PROF, &timer, NULL);
}

/* As q2hpc reads it. */
static int read_file(MPI_Comm comm, const char *trial, int is_checkpoint, struct q2_error *error) {
  limit(HANGS);
  if (is_checkpoint) {
    struct q2_checkpoint checkpoint;
    const int status = q2_checkpoint_read(comm, damaged, &checkpoint, error);
    q2_checkpoint_free(&checkpoint);
    return status;
  }
  struct q2_dataset dataset;
  const int tried = strcmp(trial, "none") != 0;
  if (tried) Q2_TRY(q2_trial(comm, strcmp(trial, "fork") == 0 ? NULL : trial, damaged, TRIAL, error));
  const int status = q2_dataset_read(comm, damaged, &dataset, error);
  if (status == Q2_OK) q2_dataset_free(&dataset);
  return status;
}

static void check_text(MPI_Comm comm, const struct q2_error *error, long long number) {
  struct q2_error first = *error;
  MPI_Bcast(&first, (int)sizeof first, MPI_CHAR, 0, comm);
  CHECK(strcmp(first.text, error->text) == 0, "file %lld: '%s', on rank 0 '%s'", number, error->text, first.text);
  CHECK(strstr(error->text, damaged) != NULL, "file %lld: '%s'", number, error->text);
  CHECK(!strchr(error->text, '\n'), "file %lld: '%s'", number, error->text);
  CHECK(!strstr(error->text, "-input_trial"), "file %lld: '%s'", number, error->text);
}

static void count_outcome(struct counts *c, int status, const struct q2_error *error) {
  c->read += status == Q2_OK;
  if (status == Q2_OK) return;
  const int crashed = strstr(error->text, "HDF5 crashes") != NULL, endless = strstr(error->text, "no end") != NULL;
  const int tried = strstr(error->text, "or asks for too much") != NULL;
  c->crashed += crashed;
  c->endless += endless;
  c->tried += tried;
  c->refused += !crashed && !endless && !tried;
  c->named += strstr(error->text, ": /") != NULL || strstr(error->text, "the HDF5 structure") != NULL;
}

static long long peak_memory(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

static void report(const struct counts *c, long long first, int ranks) {
  printf("%lld damaged files on %d ranks: %lld read, %lld refused by the reader; by the trial: %lld as damaged, %lld crashed, "
         "%lld without "
         "end; %lld of %lld refusals name an object; reader's peak %lld MiB; %lld killed the reader\n",
         c->next - first, ranks, c->read, c->refused, c->tried, c->crashed, c->endless, c->named,
         c->next - first - c->read - c->died, c->peak, c->died);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  if (argc != 6) return 2;
  const long long first = atoll(argv[1]), count = atoll(argv[2]);
  const double end = MPI_Wtime() + atof(argv[3]);
  const char *trial = argv[4];
  struct mutable_file base[BASES] = {{0}};
  struct counts counts = {0};
  int rank, ranks, more = 1;
  MPI_Comm comm = MPI_COMM_WORLD;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  if (rank == 0) {
    load(&counts, first);
    make_bases(base, argv[5]);
  }
  MPI_Bcast(&counts, (int)sizeof counts, MPI_CHAR, 0, comm);
  more = counts.next < first + count;
  while (more) {
    struct q2_error error = {""};
    if (rank == 0) {
      save(&counts, 1);
      mutable_file_damage(&base[counts.next % BASES], (uint64_t)counts.next, damaged);
    }
    MPI_Barrier(comm);
    const int status = read_file(comm, trial, counts.next % BASES == BASES - 1, &error);
    if (status != Q2_OK) check_text(comm, &error, counts.next);
    count_outcome(&counts, status, &error);
    limit(0);
    const long long peak = peak_memory();
    MPI_Allreduce(&peak, &counts.peak, 1, MPI_LONG_LONG, MPI_MAX, comm);
    CHECK(counts.peak < MEMORY || check_failures > 0, "file %lld: %lld MiB", counts.next, counts.peak);
    if (rank == 0 && getenv("Q2HPC_SHOW")) printf("%lld: %s\n", counts.next, status == Q2_OK ? "read" : error.text);
    counts.next++;
    more = counts.next < first + count && MPI_Wtime() < end;
    MPI_Bcast(&more, 1, MPI_INT, 0, comm);
  }
  if (rank == 0) {
    save(&counts, 0);
    report(&counts, first, ranks);
    for (int b = 0; b < BASES; b++)
      mutable_file_free(&base[b]);
  }
  int failed = check_result() || counts.died > 0, any;
  MPI_Allreduce(&failed, &any, 1, MPI_INT, MPI_MAX, comm);
  MPI_Finalize();
  return any ? 3 : 0;
}
