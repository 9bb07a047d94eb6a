/* What a simulated kernel and the simulated runtime share: the place of the thread that runs, and how a kernel is called. */
#ifndef Q2_SIMULATED_PLACE_H
#define Q2_SIMULATED_PLACE_H

#include <stddef.h>

struct q2sim_index {
  unsigned int x, y, z;
};

struct q2sim_place {
  struct q2sim_index thread, block, block_size, grid_size;
  unsigned int number; /* of the thread in its launch */
};

struct q2sim_kernel {
  size_t count;                         /* arguments */
  const size_t *sizes;                  /* [count] bytes of each */
  void (*call)(void *const *arguments); /* one thread */
};

#ifdef __cplusplus
extern "C" {
#endif
extern struct q2sim_place q2sim_place;

/* An access to memory by a thread of an instrumented kernel. */
void q2sim_access(const void *address, size_t bytes, int write);
#ifdef __cplusplus
}
#endif

#endif
