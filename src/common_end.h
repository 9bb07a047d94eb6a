/* How ranks that wait for one another outside MPI, in a device's library, end together when one of them fails: those that wait
 * are told and stop waiting, then all agree. Where a rank never comes to agree, MPI_Abort ends the run, after the message.
 *
 *     who waits:   until it is done, or q2_common_end_told(end)
 *     who fails:   q2_common_end_tell(end)
 *     all:         q2_common_end_agree(end, status, blame, error), always, once for each thing waited for
 */
#ifndef Q2_COMMON_END_H
#define Q2_COMMON_END_H

#include <mpi.h>

#include "../io/error.h"

/* Whose text tells most about a failure: the smaller, the more. */
enum q2_blame {
  Q2_BLAME_OWN,       /* something failed on this rank */
  Q2_BLAME_ELSEWHERE, /* a library says that another rank failed */
  Q2_BLAME_TIME,      /* this rank waited for too long */
  Q2_BLAME_TOLD       /* this rank was told */
};

struct q2_common_end;

/* `peers`: a communicator of those ranks of `comm` that wait for one another, MPI_COMM_NULL on the others. Both are duplicated.
 * grace: seconds that a rank which failed gives the others to come to agree, before it ends the run. Collective over `comm`. */
int q2_common_end_create(MPI_Comm comm, MPI_Comm peers, double grace, struct q2_common_end **end, struct q2_error *error);
void q2_common_end_destroy(struct q2_common_end *end);

/* Tells the peers that there was a failure; each tells on. Never waits. Without peers, does nothing. Local. */
void q2_common_end_tell(struct q2_common_end *end);

/* Whether a peer, or this rank, told of a failure. Never waits. Local. */
int q2_common_end_told(struct q2_common_end *end);

/* Collective over `comm`: as q2_agree, but the text is that of the smallest blame, then of the lowest rank, and a rank that
 * failed does not wait for ever: after the grace it prints its text and aborts. `blame` counts where status is Q2_FAILED. After
 * a failure the object can only be destroyed. Cost: one allreduce when all is well. */
int q2_common_end_agree(struct q2_common_end *end, int status, enum q2_blame blame, struct q2_error *error);

/* Seconds that this rank should wait before it aborts: the grace, and more on higher ranks, so that one rank prints. */
double q2_common_end_patience(const struct q2_common_end *end);

/* Prints the error and ends all ranks: for a rank that cannot go on to where all agree. Does not return. */
void q2_common_end_abort(struct q2_common_end *end, const struct q2_error *error) __attribute__((noreturn));

#endif
