/* The log of evaluations: every point that the optimizer asked about, and what it was told, bit for bit.
 *
 * An optimizer that asks for values, gradients and J'J is a deterministic function of the answers. So this log, plus the
 * starting point, is all that a checkpoint needs: a restart drives the optimizer from the start, answers from the log while it
 * lasts, and goes live where it ends (tested for every TAO type that docs/optimizers.md recommends). The log lives on rank 0
 * only. It is flat arrays of numbers and grows by doubling; memory: 16 bytes a variable and evaluation, and as much again for a
 * moment when it grows.
 *
 * The loss may become another function on the way (pairs of vibrations that are found anew: q2_evaluation_log_renew): from then
 * on earlier answers do not count, neither as repeated ones nor as the best. */
#ifndef Q2_EVALUATION_LOG_H
#define Q2_EVALUATION_LOG_H

#include <stdint.h>

#include "../io/error.h"

struct q2_evaluation_record {
  double value;           /* what the optimizer was told: the loss, or a large number where the point is infeasible */
  double prior;           /* the prior's share of the loss */
  double rmsd;            /* cm-1, as the objective's rule pairs; NaN where infeasible */
  double rmsd_all;        /* cm-1, over all vibrations by position; NaN until somebody asked (q2_evaluation_log_annotate) */
  double validation_loss; /* of the molecules out of the fit; NaN where infeasible */
  double validation_rmsd; /* cm-1, the same */
  double seconds;         /* wall time of this evaluation */
  double elapsed; /* seconds from the fit's beginning to this evaluation's end, those of runs before a restart included */
  int64_t failed_molecules; /* of an infeasible point; 0: the sum was not finite */
  int64_t first_failed;     /* number in the file of the first such molecule, -1: none */
  int32_t infeasible;       /* 1: `gradient` is the last finite one, which the optimizer was given in its place */
};

struct q2_evaluation_log {
  int variables;
  int64_t count, capacity;
  int64_t position;                    /* answers given so far; below count while replaying, equal to it when live */
  int64_t since;                       /* the first answer of the present loss */
  double *x;                           /* [count][variables] scaled variables, as the optimizer's vector holds them */
  double *gradient;                    /* [count][variables] what the optimizer was told */
  struct q2_evaluation_record *record; /* [count] */

  /* J'J of evaluations, for optimizers that ask for it (q2_evaluation_log_keep_square): lower triangles by rows. */
  int64_t square_order, square_count, square_capacity;
  int64_t *square_of; /* [square_count] numbers of evaluations */
  double *square;     /* [square_count][square_order (square_order + 1) / 2] */
  int square_asked;   /* somebody asked for the last one */
};

/* Where an answer comes from. */
enum q2_log_source {
  Q2_LOG_LIVE,     /* nowhere: evaluate, then append */
  Q2_LOG_REPEATED, /* the point is the one last answered: the same answer, not logged twice */
  Q2_LOG_REPLAYED, /* the next record of the log */
  Q2_LOG_DIVERGED  /* the next record is for another point: this is not the run that wrote the log */
};

/* Makes an empty log; release with q2_evaluation_log_free. */
void q2_evaluation_log_create(int variables, struct q2_evaluation_log *log);
void q2_evaluation_log_free(struct q2_evaluation_log *log);

/* Looks for the answer at x[variables], compared bit for bit, and if there is one sets *index to its record; replaying moves on
 * by one. The rule is the same while live and in replay, so both ask for the same live evaluations. */
enum q2_log_source q2_evaluation_log_answer(struct q2_evaluation_log *log, const double *x, int64_t *index);

/* Appends an evaluation and makes it the last answer. Only when live. */
int q2_evaluation_log_append(struct q2_evaluation_log *log, const double *x, const double *gradient,
                             const struct q2_evaluation_record *record, struct q2_error *error);

/* Goes back to the first point: what has been logged will be replayed. */
void q2_evaluation_log_rewind(struct q2_evaluation_log *log);

/* From here on the loss is another function. While replaying, call it where it was called when live. */
void q2_evaluation_log_renew(struct q2_evaluation_log *log);

/* Returns the newest record among those answered so far whose point is x, or -1. */
int64_t q2_evaluation_log_find(const struct q2_evaluation_log *log, const double *x);

/* Returns the feasible record of lowest value (the first of equals) among the answers of the present loss; of all losses where
 * the present one has none; or -1. */
int64_t q2_evaluation_log_best(const struct q2_evaluation_log *log);

/* Keeps J'J, square[order][order], of evaluation `index`, whatever its size up to Q2_MOST_SQUARE_BYTES in all: beyond that
 * nothing is kept. The last one kept gives way if nobody has asked for it. `order` is the same in all calls. */
#define Q2_MOST_SQUARE_BYTES (INT64_C(1) << 28)
int q2_evaluation_log_keep_square(struct q2_evaluation_log *log, int64_t index, int64_t order, const double *square,
                                  struct q2_error *error);

/* Fills square[order][order] with J'J of evaluation `index` and returns 1, or returns 0 where it was not kept. */
int q2_evaluation_log_square(struct q2_evaluation_log *log, int64_t index, double *square);

/* Notes the RMSD over all vibrations of record `index`. */
void q2_evaluation_log_annotate(struct q2_evaluation_log *log, int64_t index, double rmsd_all);

#endif
