/* The sum over ranks: by MPI, or by the devices. */
#include "rank_sum.h"

#include <stdlib.h>
#include <string.h>

#include "integer_sums.h"

struct q2_rank_sum {
  MPI_Comm comm;
  struct q2_device_sum *device; /* NULL: by MPI */
};

int q2_rank_sum_create(MPI_Comm comm, const struct q2_device_sum_options *device, struct q2_rank_sum **sum,
                       struct q2_error *error) {
  *sum = q2_allocate_everywhere(comm, 1, sizeof **sum, "the sum over ranks", error);
  if (!*sum) return Q2_FAILED;
  (*sum)->comm = comm;
  if (!device || q2_device_sum_create(comm, device, &(*sum)->device, error) == Q2_OK) return Q2_OK;
  free(*sum);
  *sum = NULL;
  return Q2_FAILED;
}

void q2_rank_sum_destroy(struct q2_rank_sum *sum) {
  if (sum) q2_device_sum_destroy(sum->device);
  free(sum);
}

int q2_rank_sum_run(struct q2_rank_sum *sum, int64_t *there, int64_t *here, int64_t count, struct q2_error *error) {
  if (sum->device) return q2_device_sum_run(sum->device, there, here, count, error);
  if (here != there) memcpy(here, there, (size_t)count * sizeof *here);
  return q2_integers_everywhere(sum->comm, here, count, Q2_REDUCE_AT_ONCE, error);
}
