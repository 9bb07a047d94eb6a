/* How a failure travels: a function returns Q2_OK or Q2_FAILED, and on failure has written one line of text that names file,
 * dataset, offending value and expectation. Whoever can still go on collectively calls q2_agree. */
#ifndef Q2_ERROR_H
#define Q2_ERROR_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

enum { Q2_OK = 0, Q2_FAILED = 1 };

struct q2_error {
  char text[1024];
};

/* Writes a message (printf's format) into `error` and returns Q2_FAILED, so that `return q2_fail(error, ...)` reads well. */
int q2_fail(struct q2_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends `name` to the list in `list` (of `size` bytes, terminated), a comma before all but the first: for messages that say
 * what would have been right. */
void q2_append_name(char *list, size_t size, const char *name);

/* Collective over `comm`: agrees on failure. `status` is this rank's. When any rank failed, every rank returns Q2_FAILED and
 * holds the text of the lowest failing rank; otherwise every rank returns Q2_OK. Where some failed and some did not, the text
 * then begins with that rank and its node. Cost: one allreduce when all is well. */
int q2_agree(MPI_Comm comm, int status, struct q2_error *error);

/* Puts the stage into a text that names a rank ("rank 3 on node n7, planning: ...") and not yet a stage; returns `status`, so
 * that Q2_TRY(q2_at_stage("planning", plan(...), error)) reads well. Local. */
int q2_at_stage(const char *stage, int status, struct q2_error *error);

/* Collective over `comm`: memory as q2_allocate gives it (io/memory.h), on every rank or on none. Returns NULL on every rank
 * when any could not have its `count` elements of `size` bytes; the error then says "`what`: out of memory". Release with
 * free(). */
void *q2_allocate_everywhere(MPI_Comm comm, int64_t count, size_t size, const char *what, struct q2_error *error);

/* Returns from the calling function when `call` did not return Q2_OK. */
#define Q2_TRY(call)                                                                                                           \
  do {                                                                                                                         \
    if ((call) != Q2_OK) return Q2_FAILED;                                                                                     \
  } while (0)

#endif
