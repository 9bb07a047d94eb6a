/* What the parts of the objective share; private to objective*.c. */
#ifndef Q2_OBJECTIVE_STATE_H
#define Q2_OBJECTIVE_STATE_H

#include "../kernels/accumulator.h"
#include "../kernels/backend.h"
#include "energies.h"
#include "objective.h"

/* Sums that travel together: losses, squares, failed molecules (integers in the first limb), losses by observable, the gradient
 * by row of the parameter table, then J'J by pairs of variables (lower triangle by rows). */
enum {
  SUM_LOSS,
  SUM_SQUARE,
  SUM_FAILED,
  SUM_VALIDATION_LOSS,
  SUM_VALIDATION_SQUARE,
  SUM_VALIDATION_FAILED,
  SUM_SET_ASIDE,
  SUM_KIND,
  SUM_GRADIENT = SUM_KIND + Q2_OBSERVABLE_COUNT
};

enum { Q2_JACOBIAN_ROWS = 64 }; /* rows of a Jacobian that are held at a time, at least */

/* Whole chunks of one batch that one thread evaluates together. */
struct wave_task {
  int batch;
  int64_t first, count;
};

/* A moving batch's relaxations. */
struct relaxations {
  double *position;   /* [atoms][3] of all its molecules, as q2_wave.relaxed */
  double *first;      /* [atoms][3] where the first ones ended */
  double *start;      /* [atoms][3] where later ones begin */
  int32_t *status;    /* [molecules] enum q2_relaxation */
  int32_t *set_aside; /* [molecules] */
};

struct worker {
  struct q2_wave wave;
  int64_t *limbs;   /* [sums][Q2_LIMBS] */
  double *jacobian; /* [slots][jacobian_rows][max_parameters] of the largest batch, NULL without normal equations */
  int64_t *rows;    /* [slots] rows in each block so far */
  double *square;   /* [slots][max_parameters][max_parameters] of the largest batch: J'J of one molecule each */
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
  struct relaxations *relaxations; /* [batch_count]; NULLs for fixed batches */
  int relaxes;                     /* some batch moves, on any rank */
  struct q2_energies energies;
  double *energy_slope; /* [energies.count][parameter_count] dE/dp, for J'J; NULL where not needed */
  int64_t task_count;
  struct wave_task *task; /* heaviest first */
  struct worker *worker;  /* [options.threads] */
  int64_t jacobian_rows;
  int64_t sums;                                    /* all that may travel */
  int64_t *limbs;                                  /* [sums][Q2_LIMBS] of all ranks */
  int64_t residual_count, vibration_count;         /* of all ranks, of molecules that are fitted */
  int64_t validation_count, validation_vibrations; /* molecules and pairs of those that are not */
  int64_t faded, bytes;
  int paired;    /* pairs that parameters decide are found */
  int set_aside; /* what goes astray at the first parameters is known */
  double seconds[Q2_STAGE_COUNT];
};

/* Counts residuals and pairs over all ranks. Collective. */
void q2_count_residuals(struct q2_objective *objective);

/* Called for each wave when it is evaluated, by the thread that did. */
typedef void (*q2_wave_visitor)(void *context, struct worker *worker, const struct q2_batch *batch);

/* Evaluates every molecule of this rank at `parameters` up to `depth` and, beyond ENERGY, adds up this rank's sums in the
 * workers. To ENERGY only batches whose energies or relaxations are asked for are evaluated. With `normal`, also J'J (depth
 * must be GRADIENT). visit: NULL or called for each wave. Not collective. */
void q2_run_tasks(struct q2_objective *objective, const double *parameters, enum q2_depth depth, int normal,
                  q2_wave_visitor visit, void *context);

/* objective_relaxed.c: what an evaluation needs of all molecules before their residuals can be found: geometries to start from,
 * energies and their cotangents, and, the first time, which molecules are set aside. with_slopes: fills energy_slope too.
 * Collective. */
void q2_prepare_evaluation(struct q2_objective *objective, const double *parameters, int with_slopes);

/* objective_pairs.c: finds the pairs that parameters decide, the first time or, for the rule `overlap`, always. Collective. */
int q2_find_pairs(struct q2_objective *objective, const double *parameters, int again, struct q2_error *error);

/* objective_normal.c: J'J of each molecule of a wave that was evaluated to depth GRADIENT, and adding that of slot `slot` to
 * the worker's sums. Returns 0 where a number does not fit the accumulator: then nothing was added. */
void q2_make_normal(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch);
int q2_add_normal(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch, int64_t slot);

/* Adds the share of energies that are compared, each rank some of the rows, to the first worker's J'J. Returns 0 where a number
 * does not fit. */
int q2_add_energies(struct q2_objective *objective);

#endif
