/* Devices and NCCL without either: host memory, and a queue of work that is done only when somebody asks often enough. Ranks of
 * one machine reach one another through shared memory, as NCCL's do outside MPI; faults come where a test asks for them. */
#ifndef Q2_FAKE_DEVICES_H
#define Q2_FAKE_DEVICES_H

#include <mpi.h>

#include "../src/device_sum.h"

enum fake_fault {
  FAKE_FINE,
  FAKE_GET_REFUSED, /* a copy does not begin */
  FAKE_WORK_FAILED, /* a copy begins, and later the device tells of an error */
  FAKE_WORK_HANGS,  /* a copy is never done */
  FAKE_ID_FAILED,
  FAKE_JOIN_FAILED,
  FAKE_JOIN_HANGS,
  FAKE_SUM_REFUSED,
  FAKE_SUM_FAILED, /* begins, and NCCL tells of an error later */
  FAKE_SUM_HANGS,
  FAKE_LEAVE_HANGS,
  FAKE_ABORT_HANGS, /* after a sum that failed */
  FAKE_FAULTS
};

enum { FAKE_MOST = 64 /* integers in a sum */ };

struct fake_device; /* of one rank */

/* Makes the device of this rank, which fails by `fault` in its `after`-th sum from 0; lossy: on the others NCCL notices, and
 * says so, when one rank's does. Collective over `comm`, all on one machine. */
struct fake_device *fake_device_create(MPI_Comm comm, enum fake_fault fault, int after, int lossy);
void fake_device_destroy(struct fake_device *device);

extern const struct q2_device_calls fake_device_calls;
extern const struct q2_nccl_calls fake_nccl_calls; /* its stream is a fake_device */

/* What was asked for on this rank so far. alive: NCCL objects not released, or not properly: neither left nor aborted. */
struct fake_counts {
  int gets, puts, sums, joins, aborts, alive;
};
struct fake_counts fake_device_counts(const struct fake_device *device);

#endif
