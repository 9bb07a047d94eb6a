/* The sum over ranks: exact on every rank by MPI and, with fake devices and a fake NCCL, by devices that ranks own or share;
 * and whatever fails on one rank, all ranks learn the same of it, soon.
 *
 *     test_rank_sum                 the checks
 *     test_rank_sum missing|stuck   a run that can only be aborted: a rank never comes; NCCL's abort hangs (missing_rank.sh) */
#define _GNU_SOURCE /* usleep */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/integer_sums.h"
#include "../src/rank_sum.h"
#include "check.h"
#include "fake_devices.h"

static int rank, ranks;

/* Which device a rank has, in several ways to share. */
enum layout { OWN, PAIRS, IN_TURN, UNEVEN, ONE, LAYOUTS };
static const char *const layout_names[] = {"own", "pairs", "in turn", "uneven", "one"};

static int device_of(enum layout layout, int of_rank) {
  switch (layout) {
  case OWN:
    return of_rank;
  case PAIRS:
    return of_rank / 2;
  case IN_TURN:
    return of_rank % 2;
  case UNEVEN:
    return of_rank > 0;
  default:
    return 0;
  }
}

static int leads(enum layout layout, int of_rank) {
  for (int r = 0; r < of_rank; r++)
    if (device_of(layout, r) == device_of(layout, of_rank)) return 0;
  return 1;
}

static int shares(enum layout layout, int of_rank) {
  int sharers = 0;
  for (int r = 0; r < ranks; r++)
    sharers += device_of(layout, r) == device_of(layout, of_rank);
  return sharers > 1;
}

static int device_count(enum layout layout) {
  int count = 0;
  for (int r = 0; r < ranks; r++)
    count += leads(layout, r);
  return count;
}

static int64_t part(int of_rank, int64_t k) {
  return (INT64_C(1) << 59) / (of_rank + 1) - 12345678901 * k * (of_rank % 2 ? 1 : -1);
}

static void fill(int64_t *there, int64_t count) {
  for (int64_t k = 0; k < count; k++)
    there[k] = part(rank, k);
}

static void check_sums(const char *what, const int64_t *here, int64_t count) {
  for (int64_t k = 0; k < count; k++) {
    int64_t expected = 0;
    for (int r = 0; r < ranks; r++)
      expected += part(r, k);
    CHECK(here[k] == expected, "%s: rank %d, %lld of %lld: %lld, not %lld", what, rank, (long long)k, (long long)count,
          (long long)here[k], (long long)expected);
  }
}

/* --- by MPI --- */

static void by_mpi(void) {
  int64_t there[100], here[100];
  struct q2_rank_sum *sum = NULL;
  struct q2_error error = {""};
  CHECK(q2_rank_sum_create(MPI_COMM_WORLD, NULL, &sum, &error) == Q2_OK, "%s", error.text);
  fill(there, 100);
  CHECK(q2_rank_sum_run(sum, there, here, 100, &error) == Q2_OK, "%s", error.text);
  check_sums("apart", here, 100);
  CHECK(q2_rank_sum_run(sum, there, there, 100, &error) == Q2_OK, "%s", error.text);
  check_sums("in place", there, 100);
  q2_rank_sum_destroy(sum);
}

/* Pieces of every size give what one call gives. */
static void in_pieces(void) {
  struct q2_error error = {""};
  for (int64_t at_once = 1; at_once <= 12; at_once++) {
    int64_t integers[11];
    fill(integers, 11);
    CHECK(q2_integers_everywhere(MPI_COMM_WORLD, integers, 11, at_once, &error) == Q2_OK);
    check_sums("everywhere", integers, 11);
    fill(integers, 11);
    CHECK(q2_integers_on_first(MPI_COMM_WORLD, integers, 11, at_once, &error) == Q2_OK);
    if (rank == 0) check_sums("on first", integers, 11);
    CHECK(q2_integers_from_first(MPI_COMM_WORLD, integers, 11, at_once, &error) == Q2_OK);
    check_sums("from first", integers, 11);
  }
}

/* --- by devices --- */

struct trial {
  struct fake_device *device;
  MPI_Comm sharers;
  char label[32];
  struct q2_rank_sum *sum;
  struct q2_device_sum_options options;
};

/* The fault is rank `faulty`'s. Returns whether the sum could be made. */
static int begin_trial(struct trial *trial, enum layout layout, enum fake_fault fault, int faulty, int after, int lossy,
                       double timeout, double grace, struct q2_error *error) {
  trial->device = fake_device_create(MPI_COMM_WORLD, rank == faulty ? fault : FAKE_FINE, after, lossy && rank != faulty);
  MPI_Comm_split(MPI_COMM_WORLD, device_of(layout, rank), rank, &trial->sharers);
  trial->options = (struct q2_device_sum_options){.calls = &fake_device_calls,
                                                  .context = trial->device,
                                                  .nccl = device_count(layout) > 1 ? &fake_nccl_calls : NULL,
                                                  .stream = trial->device,
                                                  .sharers = trial->sharers,
                                                  .node = "alpha",
                                                  .label = trial->label,
                                                  .timeout = timeout,
                                                  .grace = grace};
  snprintf(trial->label, sizeof trial->label, "fake device %d", device_of(layout, rank));
  return q2_rank_sum_create(MPI_COMM_WORLD, &trial->options, &trial->sum, error);
}

static void end_trial(struct trial *trial, const char *what) {
  q2_rank_sum_destroy(trial->sum);
  const struct fake_counts counts = fake_device_counts(trial->device);
  CHECK(counts.alive == 0, "%s: rank %d: NCCL was not left", what, rank);
  MPI_Comm_free(&trial->sharers);
  fake_device_destroy(trial->device);
}

/* Sums of several lengths are right, and ask no more of device and NCCL than they need. */
static void all_well(enum layout layout) {
  static const int64_t lengths[] = {FAKE_MOST, 1, 0, 7};
  const int several = device_count(layout) > 1, leader = leads(layout, rank);
  struct trial trial = {0};
  struct q2_error error = {""};
  CHECK(begin_trial(&trial, layout, FAKE_FINE, 0, 0, 0, 300.0, 10.0, &error) == Q2_OK, "%s", error.text);
  for (int n = 0; n < 4; n++) {
    int64_t there[FAKE_MOST], here[FAKE_MOST] = {0};
    fill(there, lengths[n]);
    CHECK(q2_rank_sum_run(trial.sum, there, here, lengths[n], &error) == Q2_OK, "%s: %s", layout_names[layout], error.text);
    check_sums(layout_names[layout], here, lengths[n]);
  }
  const struct fake_counts counts = fake_device_counts(trial.device);
  const int nccl = several && leader, before = shares(layout, rank) || !several, put = nccl && shares(layout, rank);
  CHECK(counts.joins == nccl && counts.sums == 4 * nccl && counts.puts == 4 * put && counts.gets == 4 * (nccl + before),
        "%s: rank %d: %d joins, %d sums, %d puts, %d gets", layout_names[layout], rank, counts.joins, counts.sums, counts.puts,
        counts.gets);
  CHECK(counts.aborts == 0);
  end_trial(&trial, layout_names[layout]);
}

static const struct {
  enum fake_fault fault;
  int of_nccl, hangs;
  const char *text;
} faults[] = {{FAKE_GET_REFUSED, 0, 0, "the fake device broke"}, {FAKE_WORK_FAILED, 0, 0, "the fake device broke"},
              {FAKE_WORK_HANGS, 0, 1, "not done after 0.3 s"},   {FAKE_ID_FAILED, 1, 0, "fake NCCL: no id"},
              {FAKE_JOIN_FAILED, 1, 0, "fake NCCL: no way"},     {FAKE_JOIN_HANGS, 1, 1, "not done after 0.3 s"},
              {FAKE_SUM_REFUSED, 1, 0, "fake NCCL: a sum"},      {FAKE_SUM_FAILED, 1, 0, "fake NCCL: a broken line"},
              {FAKE_SUM_HANGS, 1, 1, "not done after 0.3 s"}};

/* One rank fails; no rank gets a sum from then on, and all hold one text, that names the rank unless it did not answer. */
static void one_fails(enum layout layout, int f, int faulty, int after, int lossy) {
  char what[160], first[sizeof(struct q2_error)], name[64];
  struct trial trial = {0};
  struct q2_error error = {""};
  int sums = 0;
  snprintf(what, sizeof what, "%s, fault %d on rank %d after %d%s", layout_names[layout], faults[f].fault, faulty, after,
           lossy ? ", lossy" : "");
  const double since = MPI_Wtime();
  int status = begin_trial(&trial, layout, faults[f].fault, faulty, after, lossy, faults[f].hangs ? 0.3 : 300.0, 10.0, &error);
  for (; status == Q2_OK && sums < 4; sums++) {
    int64_t there[FAKE_MOST], here[FAKE_MOST];
    fill(there, FAKE_MOST);
    status = q2_rank_sum_run(trial.sum, there, here, FAKE_MOST, &error);
    if (status == Q2_OK) check_sums(what, here, FAKE_MOST);
  }
  CHECK(status == Q2_FAILED && sums <= after + 1, "%s: %d sums", what, sums);
  CHECK(MPI_Wtime() - since < 5.0, "%s: %.1f s", what, MPI_Wtime() - since);
  memcpy(first, error.text, sizeof first);
  MPI_Bcast(first, (int)sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
  CHECK(strcmp(first, error.text) == 0, "%s: rank 0 has \"%s\", rank %d \"%s\"", what, first, rank, error.text);
  snprintf(name, sizeof name, "rank %d on node alpha, fake device %d: ", faulty, device_of(layout, faulty));
  CHECK(strstr(error.text, faults[f].text) && (faults[f].hangs || strncmp(error.text, name, strlen(name)) == 0), "%s: %s", what,
        error.text);
  if (trial.sum) {
    int64_t there[1] = {0}, here[1];
    CHECK(q2_rank_sum_run(trial.sum, there, here, 1, &error) == Q2_FAILED && strcmp(first, error.text) == 0, "%s: again", what);
  }
  end_trial(&trial, what);
}

static void each_fails(enum layout layout) {
  for (int f = 0; f < (int)(sizeof faults / sizeof faults[0]); f++)
    for (int faulty = 0; faulty < ranks; faulty++) {
      if (faults[f].of_nccl && (device_count(layout) == 1 || !leads(layout, faulty))) continue;
      if (faults[f].fault == FAKE_ID_FAILED && faulty > 0) continue;
      for (int after = 0; after < 2; after++)
        for (int lossy = 0; lossy < 2; lossy++)
          if (!(faults[f].hangs && lossy)) one_fails(layout, f, faulty, after, lossy);
    }
}

/* A rank that does not leave: the others end all the same. */
static void does_not_leave(void) {
  struct trial trial = {0};
  struct q2_error error = {""};
  if (ranks == 1) return;
  CHECK(begin_trial(&trial, OWN, FAKE_LEAVE_HANGS, 1, 0, 0, 300.0, 0.5, &error) == Q2_OK, "%s", error.text);
  q2_rank_sum_destroy(trial.sum);
  trial.sum = NULL;
  CHECK(fake_device_counts(trial.device).aborts == 1);
  end_trial(&trial, "a rank does not leave");
}

/* --- runs that can only be aborted --- */

static void wait_for_abort(const char *how) {
  struct trial trial = {0};
  struct q2_error error = {""};
  const int missing = strcmp(how, "missing") == 0;
  int64_t there[1] = {1}, here[1];
  begin_trial(&trial, OWN, missing ? FAKE_FINE : FAKE_ABORT_HANGS, 0, 0, 0, missing ? 1.0 : 300.0, 2.0, &error);
  while (missing && rank == ranks - 1)
    usleep(100000);
  q2_rank_sum_run(trial.sum, there, here, 1, &error);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc > 1) wait_for_abort(argv[1]);
  by_mpi();
  in_pieces();
  for (enum layout layout = OWN; layout < LAYOUTS; layout++) {
    all_well(layout);
    each_fails(layout);
  }
  does_not_leave();
  MPI_Finalize();
  return check_result();
}
