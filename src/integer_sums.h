/* Sums of integers over ranks, and copies of them, in pieces: MPI counts in int. */
#ifndef Q2_INTEGER_SUMS_H
#define Q2_INTEGER_SUMS_H

#include <mpi.h>
#include <stdint.h>

#include "../io/error.h"

/* Integers in one call of MPI. */
#define Q2_REDUCE_AT_ONCE (INT64_C(6) << 24)

/* Each replaces `integers` [count], in place, by
 * - everywhere: their sum over the ranks, on every rank;
 * - on_first: their sum over the ranks on rank 0; elsewhere they stay;
 * - from_first: rank 0's.
 * `at_once`: the most that one call takes, 1 to INT_MAX: Q2_REDUCE_AT_ONCE. Collective. */
int q2_integers_everywhere(MPI_Comm comm, int64_t *integers, int64_t count, int64_t at_once, struct q2_error *error);
int q2_integers_on_first(MPI_Comm comm, int64_t *integers, int64_t count, int64_t at_once, struct q2_error *error);
int q2_integers_from_first(MPI_Comm comm, int64_t *integers, int64_t count, int64_t at_once, struct q2_error *error);

#endif
