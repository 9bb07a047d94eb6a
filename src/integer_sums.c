/* Sums of integers over ranks, in pieces. */
#include "integer_sums.h"

typedef int (*piece_call)(MPI_Comm comm, int64_t *piece, int count);

static int everywhere(MPI_Comm comm, int64_t *piece, int count) {
  return MPI_Allreduce(MPI_IN_PLACE, piece, count, MPI_INT64_T, MPI_SUM, comm);
}

static int on_first(MPI_Comm comm, int64_t *piece, int count) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  return MPI_Reduce(rank == 0 ? MPI_IN_PLACE : piece, piece, count, MPI_INT64_T, MPI_SUM, 0, comm);
}

static int from_first(MPI_Comm comm, int64_t *piece, int count) { return MPI_Bcast(piece, count, MPI_INT64_T, 0, comm); }

static int in_pieces(MPI_Comm comm, piece_call call, const char *name, int64_t *integers, int64_t count, int64_t at_once,
                     struct q2_error *error) {
  for (int64_t first = 0; first < count; first += at_once) {
    const int64_t piece = count - first < at_once ? count - first : at_once;
    if (call(comm, integers + first, (int)piece) != MPI_SUCCESS)
      return q2_fail(error, "%s of %lld integers failed", name, (long long)piece);
  }
  return Q2_OK;
}

int q2_integers_everywhere(MPI_Comm comm, int64_t *integers, int64_t count, int64_t at_once, struct q2_error *error) {
  return in_pieces(comm, everywhere, "MPI_Allreduce", integers, count, at_once, error);
}

int q2_integers_on_first(MPI_Comm comm, int64_t *integers, int64_t count, int64_t at_once, struct q2_error *error) {
  return in_pieces(comm, on_first, "MPI_Reduce", integers, count, at_once, error);
}

int q2_integers_from_first(MPI_Comm comm, int64_t *integers, int64_t count, int64_t at_once, struct q2_error *error) {
  return in_pieces(comm, from_first, "MPI_Bcast", integers, count, at_once, error);
}
