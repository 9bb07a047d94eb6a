/* What the parts of the objective share; private to objective*.c. */
#ifndef Q2_OBJECTIVE_STATE_H
#define Q2_OBJECTIVE_STATE_H

#include "../kernels/accumulator.h"
#include "../kernels/backend.h"
#include "objective.h"

/* Sums that travel together: loss, squares, failed molecules (an integer in the first limb), the gradient by row of the
 * parameter table, then J'J by pairs of variables (lower triangle by rows). */
enum { SUM_LOSS, SUM_SQUARE, SUM_FAILED, SUM_GRADIENT };

/* Whole chunks of one batch that one thread evaluates together. */
struct wave_task {
  int batch;
  int64_t first, count;
};

struct worker {
  struct q2_wave wave;
  int64_t *limbs;   /* [sums][Q2_LIMBS] */
  double *jacobian; /* [slots][order][max_parameters] of the largest batch, NULL without normal equations */
  double *square;   /* [max_parameters][max_parameters] of the largest batch: one molecule's J'J */
  int64_t first_failed;
  double seconds[Q2_STAGE_COUNT];
};

struct q2_objective {
  MPI_Comm comm;
  const struct q2_dataset *dataset;
  const struct q2_backend *backend;
  struct q2_objective_options options;
  int batch_count, parameter_count;
  struct q2_batch *batch;
  int64_t task_count;
  struct wave_task *task;                  /* heaviest first */
  struct worker *worker;                   /* [options.threads] */
  int64_t sums;                            /* all that may travel */
  int64_t *limbs;                          /* [sums][Q2_LIMBS] of all ranks */
  int64_t residual_count, vibration_count; /* of all ranks */
  int64_t faded, bytes;
  int paired; /* q2mm's rule: indices are frozen */
  double seconds[Q2_STAGE_COUNT];
};

/* Counts residuals and pairs over all ranks. Collective. */
void q2_count_residuals(struct q2_objective *objective);

/* Called for each wave when it is evaluated, by the thread that did. */
typedef void (*q2_wave_visitor)(void *context, struct worker *worker, const struct q2_batch *batch);

/* Evaluates every molecule of this rank at `parameters` up to `depth` and adds up this rank's sums in the workers. With
 * `normal`, also J'J (depth must be GRADIENT). visit: NULL or called for each wave. Not collective. */
void q2_run_tasks(struct q2_objective *objective, const double *parameters, enum q2_depth depth, int normal,
                  q2_wave_visitor visit, void *context);

/* Adds slot `slot` of a wave that was evaluated to depth GRADIENT to the worker's J'J; the Jacobian must have been made by
 * q2_make_jacobian. Returns 0 where a number does not fit the accumulator: then nothing was added. */
int q2_add_normal(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch, int64_t slot);
void q2_make_jacobian(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch);

#endif
