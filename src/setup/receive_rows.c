/* Rows of all ranks on one: how many each has, then the rows. */
#include "receive_rows.h"

#include <limits.h>
#include <stdlib.h>

#include "../../io/memory.h"

int q2_receive_rows(MPI_Comm comm, const struct q2_growing *rows, size_t size, const char *what, void **all, int64_t *count,
                    struct q2_error *error) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  int64_t total;
  MPI_Allreduce(&rows->count, &total, 1, MPI_INT64_T, MPI_SUM, comm);
  *all = NULL;
  *count = 0;
  if (total > INT_MAX) return q2_fail(error, "%s: %lld rows are too many", what, (long long)total);
  int *counts = q2_allocate_everywhere(comm, 2 * (int64_t)ranks, sizeof *counts, what, error);
  if (!counts) return Q2_FAILED;
  *all = q2_allocate_everywhere(comm, rank == 0 ? total : 0, size, what, error);
  if (*all) {
    int *const places = counts + ranks, own = (int)rows->count;
    MPI_Datatype row;
    MPI_Type_contiguous((int)size, MPI_BYTE, &row);
    MPI_Type_commit(&row);
    MPI_Gather(&own, 1, MPI_INT, counts, 1, MPI_INT, 0, comm);
    for (int r = 1; r < ranks; r++)
      places[r] = places[r - 1] + counts[r - 1];
    MPI_Gatherv(rows->data, own, row, *all, counts, places, row, 0, comm);
    MPI_Type_free(&row);
    *count = rank == 0 ? total : 0;
  }
  free(counts);
  return *all ? Q2_OK : Q2_FAILED;
}
