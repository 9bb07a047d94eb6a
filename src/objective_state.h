/* What the parts of the objective share; private to objective*.c. */
#ifndef Q2_OBJECTIVE_STATE_H
#define Q2_OBJECTIVE_STATE_H

#include "../kernels/accumulator.h"
#include "../kernels/backend.h"
#include "../kernels/batch_tables.h"
#include "../kernels/mixed.h"
#include "energies.h"
#include "objective.h"
#include "rank_sum.h"

/* Whole chunks of one batch that are evaluated together. */
struct wave_task {
  int batch;
  int64_t first, count;
};

/* What evaluations keep of a batch from one to the next; `there`: in the backend's memory (kernels/backend.h). */
struct batch_state {
  int32_t *outcome, *outcome_there; /* [molecules] enum q2_outcome */
  int32_t *retry;                   /* [molecules] as q2_wave.retry */

  /* moving batches */
  double *first;                        /* [atoms][3] where the first relaxations ended */
  double *start_there, *relaxed_there;  /* [atoms][3] as q2_wave.relax_start, relaxed */
  int32_t *status, *status_there;       /* [molecules] enum q2_relaxation */
  int32_t *set_aside, *set_aside_there; /* [molecules] */
};

/* One wave in flight: of a CPU thread, or of a queue. */
struct worker {
  struct q2_wave wave;
  double seconds[Q2_STAGE_COUNT]; /* besides those that the backend counts */
};

struct q2_objective {
  MPI_Comm comm;
  const struct q2_dataset *dataset;
  const struct q2_backend *backend; /* that of the options, or `mixed`, which works by it */
  struct q2_backend mixed;
  struct q2_objective_options options;
  int batch_count, parameter_count, worker_count;
  struct q2_batch *batch;    /* [batch_count] here */
  struct q2_batch *placed;   /* [batch_count] there */
  struct batch_state *state; /* [batch_count] */
  int relaxes;               /* some batch moves, on any rank */
  struct q2_energies energies;
  double *energy_slope; /* [energies.count][parameter_count] dE/dp, for J'J; NULL where not needed */
  double *parameters_there, *energies_there, *energy_bars_there, *energy_slope_there;
  int64_t task_count;
  struct wave_task *task;                  /* heaviest first */
  struct q2_rank_sum *sum, *own_sum;       /* the latter where the caller gave none */
  struct worker *worker;                   /* [worker_count] */
  int64_t sums;                            /* all that may travel */
  int64_t *parts_there;                    /* [worker_count][backend->segments][sums][Q2_LIMBS] */
  int64_t *joined_there;                   /* [sums][Q2_LIMBS] of this rank */
  int64_t *limbs;                          /* [sums][Q2_LIMBS] of all ranks */
  int64_t *energy_limbs;                   /* [V (V + 1) / 2][Q2_LIMBS] of J'J, those of compared energies; NULL: none */
  int64_t residual_count, vibration_count; /* of all ranks, of molecules that are fitted */
  int64_t validation_count, validation_vibrations; /* molecules and pairs of those that are not */
  int64_t faded, bytes;
  int paired;    /* pairs that parameters decide are found */
  int set_aside; /* what goes astray at the first parameters is known */
  double seconds[Q2_STAGE_COUNT];
};

/* Counts residuals and pairs over all ranks. Collective. */
void q2_count_residuals(struct q2_objective *objective);

/* Called for each wave when it is evaluated, by the thread that did; seen: the wave as the host can read it. */
typedef void (*q2_wave_visitor)(void *context, const struct q2_batch *batch, const struct q2_wave *seen);

/* What to run. */
struct q2_run {
  enum q2_depth depth;
  int normal;            /* J'J, too; depth must be GRADIENT */
  int slopes;            /* depth ENERGY: dE/dp of the energies that are compared */
  int setting_aside;     /* as q2_wave.setting_aside */
  int retry;             /* as the states' `retry` says */
  q2_wave_visitor visit; /* NULL: nobody looks */
  int see;               /* what of a wave the visitor looks at (Q2_SEE_...) */
  void *context;
};

/* Evaluates every molecule of this rank at `parameters` up to `run->depth` and, beyond ENERGY, adds up this rank's sums in the
 * workers. To ENERGY only batches whose energies or relaxations are asked for are evaluated. Where nobody looks, a queued
 * backend may not have finished when it returns. Not collective. */
void q2_run_tasks(struct q2_objective *objective, const double *parameters, const struct q2_run *run);

/* Reads how relaxations stand into the states' `status`. Local; waits. */
void q2_fetch_relaxations(const struct q2_objective *objective);

/* Points the wave at a batch's molecules and at what all waves share. */
void q2_set_wave(const struct q2_objective *objective, int batch, int64_t first, int64_t count, struct q2_wave *wave);

/* objective_relaxed.c: what an evaluation needs of all molecules before their residuals can be found: geometries to start from,
 * energies and their cotangents, and, the first time, which molecules are set aside. with_slopes: fills energy_slope too.
 * Collective. */
void q2_prepare_evaluation(struct q2_objective *objective, const double *parameters, int with_slopes);

/* objective_pairs.c: finds the pairs that parameters decide, the first time or, for the rule `overlap`, always. Collective. */
int q2_find_pairs(struct q2_objective *objective, const double *parameters, int again, struct q2_error *error);

/* objective_normal.c: J'J of energies that are compared into energy_limbs, summed over all ranks. *good: 0 where a number does
 * not fit. Collective. */
int q2_add_energies(struct q2_objective *objective, int *good, struct q2_error *error);

#endif
