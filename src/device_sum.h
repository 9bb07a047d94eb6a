/* The sum over ranks of integers in the memory of devices. Ranks that share a device first sum to their leader on the host;
 * leaders sum by NCCL, which takes one rank for each device; one copy brings the sums to the host, and MPI to the sharers. With
 * one device in all there is no NCCL: what MPI sums on the host is the sum.
 *
 * A failure or a time-out on one rank ends the sum on all of them (common_end.h). */
#ifndef Q2_DEVICE_SUM_H
#define Q2_DEVICE_SUM_H

#include <mpi.h>
#include <stdint.h>

#include "../io/error.h"
#include "../kernels/device_calls.h"
#include "nccl_sum.h"

struct q2_device_sum_options {
  const struct q2_device_calls *calls; /* on this rank's device; calls and context are borrowed */
  void *context;
  const struct q2_nccl_calls *nccl; /* borrowed; may be NULL with one device in all */
  void *stream;                     /* cudaStream_t in which the calls queue their work; borrowed */
  MPI_Comm sharers;         /* the ranks that own the same device, leader first (devices.h); borrowed, outlives the sum */
  const char *node, *label; /* this rank's node and device, for messages (devices.h); borrowed */
  double timeout;           /* seconds from the begin of a sum, on a rank, until it is done. What the ranks differ in the
                             * time of their evaluations is part of it */
  double grace;             /* seconds that a rank which failed waits for the others; Q2_DEVICE_SUM_GRACE */
};

#define Q2_DEVICE_SUM_TIMEOUT 300.0
#define Q2_DEVICE_SUM_GRACE 10.0

struct q2_device_sum;

/* Makes the sum over `comm` and, with more than one device, joins NCCL: the device of `calls` must be current. Collective;
 * fails on every rank or on none. */
int q2_device_sum_create(MPI_Comm comm, const struct q2_device_sum_options *options, struct q2_device_sum **sum,
                         struct q2_error *error);

/* Collective. NULL is allowed. */
void q2_device_sum_destroy(struct q2_device_sum *sum);

/* As q2_rank_sum_run (rank_sum.h). */
int q2_device_sum_run(struct q2_device_sum *sum, int64_t *there, int64_t *here, int64_t count, struct q2_error *error);

#endif
