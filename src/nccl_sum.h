/* NCCL, as far as a sum of integers over devices needs it, as a table of functions: rank_sum.h does not know nccl.h, the CUDA
 * module supplies the table, and tests put in one that fails.
 *
 * Nothing here waits: what is under way is watched with state(). Only abort() and release() may take a moment. */
#ifndef Q2_NCCL_SUM_H
#define Q2_NCCL_SUM_H

#include <stdint.h>

enum { Q2_NCCL_ID_BYTES = 128 };

/* FAILED: here. FAILED_ELSEWHERE: NCCL says that another rank failed. */
enum q2_nccl_state { Q2_NCCL_FAILED = -1, Q2_NCCL_FAILED_ELSEWHERE = -2, Q2_NCCL_UNDER_WAY = 0, Q2_NCCL_READY = 1 };

struct q2_nccl; /* one rank's part in a communicator of NCCL's */

struct q2_nccl_calls {
  /* Makes an object that joins nothing yet and will queue its work in `stream` (a cudaStream_t, borrowed) of the device that is
   * current. NULL when memory is short. Release with release(). */
  struct q2_nccl *(*create)(void *stream);

  /* What one rank makes and all need to find one another. FAILED or READY. */
  enum q2_nccl_state (*make_id)(struct q2_nccl *nccl, unsigned char id[Q2_NCCL_ID_BYTES]);

  /* Begins to join the others, as rank `rank` of `ranks`. Ready when state() says so. */
  enum q2_nccl_state (*join)(struct q2_nccl *nccl, const unsigned char id[Q2_NCCL_ID_BYTES], int ranks, int rank);

  /* Begins to replace each of `count` integers in the device's memory by its sum over the ranks. When state() says ready the
   * sum is queued in the stream, not done: work queued behind it sees the sum. */
  enum q2_nccl_state (*sum)(struct q2_nccl *nccl, int64_t *there, int64_t count);

  /* Begins to leave, when all that was queued is done: others must leave too. */
  enum q2_nccl_state (*leave)(struct q2_nccl *nccl);

  /* How what was begun last fares; after a sum is queued, whether the network and the other ranks are well. */
  enum q2_nccl_state (*state)(struct q2_nccl *nccl);

  /* NCCL's text for the last failure, valid until the next call. */
  const char *(*error)(struct q2_nccl *nccl);

  /* Ends whatever is under way, also on the device, without the others. */
  void (*abort)(struct q2_nccl *nccl);

  /* Releases the object, which has left, was aborted, or never joined. */
  void (*release)(struct q2_nccl *nccl);
};

/* NCCL's own. Static storage. In the CUDA module only, which exports it. */
__attribute__((visibility("default"))) const struct q2_nccl_calls *q2_nccl_calls(void);

#endif
