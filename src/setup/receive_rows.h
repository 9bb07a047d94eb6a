/* Rows that each rank has collected for itself, brought together on one. */
#ifndef Q2_RECEIVE_ROWS_H
#define Q2_RECEIVE_ROWS_H

#include <mpi.h>
#include <stdint.h>

#include "../../io/error.h"
#include "../growing.h"

/* All ranks' `rows` of `size` bytes on rank 0, in the order of ranks: *all [*count], to be released with free(); *count is 0
 * elsewhere. `what` is for messages. Collective. */
int q2_receive_rows(MPI_Comm comm, const struct q2_growing *rows, size_t size, const char *what, void **all, int64_t *count,
                    struct q2_error *error);

#endif
