/* A fit in rounds: each one a fit of its own (fit.h) with its own references and parameters, from where the one before ended.
 *
 * Most fits have one round. Method E has up to three, E2 up to two:
 *   E   1 D; 2 C; where force constants have ended below Q2_SPOILT_BELOW: 3 C again, from the end of 2, those locked at their
 *       values at the end of 1
 *   E2  1 D with reaction modes left out and sign bounds; where force constants have ended below Q2_SPOILT_BELOW: 2 C, those
 *       locked at q2mm's standards together with their equilibrium values (locking.h)
 * docs/observables.md gives the sources. Each round has its own log of evaluations and is repeated from it on its own: which
 * rounds there are, and what they lock, follows from the ends of those before. Everything is decided from numbers that are the
 * same bits on every rank. */
#ifndef Q2_FIT_ROUNDS_H
#define Q2_FIT_ROUNDS_H

#include "fit.h"
#include "keeper.h"
#include "locking.h"
#include "session.h"

struct q2_round {
  char method;               /* 'C', 'D', or 0: as the data set says */
  struct q2_lock_list locks; /* what was locked before it */
  double *value;             /* [rows] the round's parameter table, where it differs from the session's */
  int32_t *active;
  struct q2_variables variables;
  struct q2_prior prior;
  struct q2_fit fit;
};

struct q2_fit_rounds {
  int count;   /* rounds that have been run */
  int stopped; /* as q2_fit: the last of them was ended by the keeper, and there is no `whole` */
  struct q2_round round[Q2_MOST_ROUNDS];

  /* All rounds as one fit, by the session's variables: start is that of the first, best that of the last, first_record and
   * best_record are both by the last round's references, counts and seconds are sums, converged is the least. Its log and
   * iterations are those of all rounds one after the other; gradients by locked parameters are NaN. */
  struct q2_fit whole;
};

/* Runs the rounds that session->options.ts_method asks for. `rounds` must be zeroed, or hold in round[k].fit logs to replay.
 * Afterwards session->objective and by_position are those of the last round, and borrow from `rounds`. Where a later round
 * cannot be run, the earlier ones stand: it is as if they were all, but whole.converged is -1 and whole.reason says why.
 * keeper: as q2_fit_problem; NULL: none. Collective. Release with q2_fit_rounds_free when the objective is no longer evaluated;
 * after a failure, too. */
int q2_fit_rounds_run(struct q2_session *session, struct q2_keeper *keeper, struct q2_fit_rounds *rounds,
                      struct q2_error *error);
void q2_fit_rounds_free(struct q2_fit_rounds *rounds);

/* Prints a line a round: method, variables, loss and RMSD before and after. Nothing where there is but one by the data set's
 * own method. */
void q2_fit_rounds_print(const struct q2_session *session, const struct q2_fit_rounds *rounds);

/* Adds /rounds to the result, under methods E and E2 (docs/result.md). On rank 0. */
struct q2_image;
int q2_fit_rounds_write(struct q2_image *image, const struct q2_session *session, const struct q2_fit_rounds *rounds,
                        struct q2_error *error);

#endif
