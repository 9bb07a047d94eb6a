/* A rank that runs short of memory, at any allocation, makes every rank return a failure: no hang, nothing left open.
 *
 * Linked with -Wl,--wrap=q2_allocate, so that the allocation of our choice fails on the rank of our choice. */
#include <hdf5.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "../io/dataset.h"
#include "../io/memory.h"
#include "check.h"
#include "make_dataset.h"

static const char *const path = "test_allocation.h5";

static int calls, failing_call; /* on this rank; 0: none fails */

void *__real_q2_allocate(int64_t count, size_t size);
void *__wrap_q2_allocate(int64_t count, size_t size);

void *__wrap_q2_allocate(int64_t count, size_t size) {
  return ++calls == failing_call ? NULL : __real_q2_allocate(count, size);
}

/* Fails allocation `call` of rank `victim`; returns 1 when there was no such allocation. */
static int run(MPI_Comm comm, int victim, int call, int in_exchange) {
  int rank, ranks, beyond;
  struct q2_dataset d;
  struct q2_error error = {""};
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  calls = 0;
  failing_call = rank == victim && !in_exchange ? call : 0;
  int status = q2_dataset_read(comm, path, &d, &error);
  if (status == Q2_OK && in_exchange) {
    int owner[16];
    for (int64_t m = 0; m < d.molecule_count; m++)
      owner[m] = (int)((d.molecule[m] + 1) % ranks);
    calls = 0;
    failing_call = rank == victim ? call : 0;
    status = q2_dataset_exchange(comm, &d, owner, &error);
    q2_dataset_free(&d);
  } else if (status == Q2_OK) {
    q2_dataset_free(&d);
  }
  beyond = calls < call;
  failing_call = 0;
  MPI_Bcast(&beyond, 1, MPI_INT, victim, comm);
  CHECK(status == (beyond ? Q2_OK : Q2_FAILED), "allocation %d of rank %d: status %d", call, victim, status);
  CHECK(beyond || strstr(error.text, "out of memory") != NULL, "allocation %d of rank %d: '%s'", call, victim, error.text);
  const int open = (int)H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL);
  CHECK(open == 0, "allocation %d of rank %d: %d objects open", call, victim, open);
  return beyond;
}

/* Turns the observables into energies relative to the last molecule. */
static void compare_energies(void) {
  break_rename(path, "/observables/frequency", "/observables/energy");
  for (int m = 0; m < 10; m++)
    break_integer(path, "/molecules/group", m, 0);
  for (int row = 0; row < 8; row++)
    break_integer(path, "/observables/energy/index", row, 9);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  static const struct made_options options[] = {{.full = 1, .variable_strings = 1, .exp6 = 1, .no_factors = 1, .guided = 1},
                                                {.bare = 1}};
  for (int k = 0; k < 2; k++) {
    if (rank == 0) {
      make_dataset(path, 10, &options[k]);
      if (k == 1) compare_energies();
    }
    MPI_Barrier(MPI_COMM_WORLD);
    for (int in_exchange = 0; in_exchange < 2 - k; in_exchange++) {
      int call = 1;
      while (!run(MPI_COMM_WORLD, ranks - 1, call, in_exchange))
        call++;
      CHECK(call > 20, "only %d allocations", call);
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
  if (rank == 0) remove(path);
  int failures = check_failures;
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  if (rank == 0 && failures == 0) printf("allocation: every failure ends on every rank\n");
  return check_failures ? check_result() : failures != 0;
}
