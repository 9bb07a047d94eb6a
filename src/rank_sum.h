/* The sum over ranks of int64 limbs (kernels/accumulator.h): exact, and so the same in any order. By MPI where the limbs are in
 * the host's memory; where they are on devices, by NCCL between the devices, with MPI for control. */
#ifndef Q2_RANK_SUM_H
#define Q2_RANK_SUM_H

#include <mpi.h>
#include <stdint.h>

#include "../io/error.h"
#include "device_sum.h"

struct q2_rank_sum;

/* Makes the sum over the ranks of `comm` (borrowed, must outlive it). device: NULL, on every rank, for limbs in the host's
 * memory; else what the sum over devices needs (device_sum.h), copied. Collective; fails on every rank or on none. */
int q2_rank_sum_create(MPI_Comm comm, const struct q2_device_sum_options *device, struct q2_rank_sum **sum,
                       struct q2_error *error);

/* Collective. NULL is allowed. */
void q2_rank_sum_destroy(struct q2_rank_sum *sum);

/* Sums over the ranks. there: [count] this rank's own, in the backend's memory; on a device they are overwritten. here: [count]
 * receives the sums on every rank, in the host's memory: on the CPU it may be `there`, with a device it must be memory that the
 * device may access (pinned). On the device everything is queued behind the work that made `there`. Collective; fails on every
 * rank or on none, and after a failure on a device it fails always. */
int q2_rank_sum_run(struct q2_rank_sum *sum, int64_t *there, int64_t *here, int64_t count, struct q2_error *error);

#endif
