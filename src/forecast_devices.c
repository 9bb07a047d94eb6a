/* Forecasts for GPUs: the molecules' operations and bytes, the buckets' launches, and what the devices make of them. */
#include <math.h>
#include <string.h>

#include "forecast.h"
#include "residuals.h"

#define USABLE_MEMORY 0.9 /* the rest is the driver's and the libraries' */

enum { STAGE_NUMBERS = sizeof(struct q2_device_stage) / sizeof(double) };

/* Which kernels the batches of one kind run, from what is observed in any molecule. */
static struct q2_device_batch batch_of(const struct q2_session *session, int moving) {
  const struct q2_dataset *dataset = &session->dataset;
  struct q2_device_batch batch = {.moving = moving,
                                  .rigid = session->options.match != Q2_MATCH_Q2MM,
                                  .nonbonded = dataset->nonbonded.type_count > 0,
                                  .nonbonded_varies = dataset->nonbonded.type_count > 0,
                                  .padded = 1};
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_info *info = &q2_observables[q2_observable_find(dataset->observables[t].kind)];
    if (info->relaxed != moving) continue;
    batch.residuals = 1;
    switch (info->made_of) {
    case Q2_MADE_OF_MODE:
      batch.modes = 1;
      break;
    case Q2_MADE_OF_BASIS:
      batch.basis = 1;
      break;
    case Q2_MADE_OF_HESSIAN:
      batch.elements = 1;
      break;
    case Q2_MADE_OF_ENERGY:
      batch.energies = 1;
      break;
    case Q2_MADE_OF_GRADIENT:
      batch.gradients = 1;
      break;
    case Q2_MADE_OF_COORDINATE:
      break;
    }
  }
  return batch;
}

/* Launches of one wave of every bucket: of the molecules at their QM geometries and, if there are any, of those relaxed. */
static void launches(const struct q2_session *session, const struct q2_device_mode *mode, int relaxed, int normal,
                     struct q2_device_stage *stage) {
  for (int moving = 0; moving <= relaxed; moving++) {
    const struct q2_device_batch batch = batch_of(session, moving);
    for (int b = 0; b < session->plan.bucket_count; b++) {
      q2_device_launches(&batch, stage);
      q2_device_mode_launches(&batch, mode, stage);
      stage[moving ? Q2_COST_RELAX : Q2_COST_EIGEN].launches += Q2_DEVICE_CHECKS * (moving ? Q2_COST_NEWTON_STEPS : 1);
      stage[Q2_COST_PARAMETERS].launches += Q2_DEVICE_SUMS;
      if (normal && batch.residuals) q2_device_normal_launches(&batch, session->plan.bucket[b].order, stage);
    }
  }
}

/* The busiest rank's share of everything, with `normal` also J'J. Returns whether any molecule is relaxed. */
static int count(const struct q2_session *session, const struct q2_device_mode *mode, int normal, struct q2_device_work *work) {
  int relaxed = 0;
  memset(work, 0, sizeof *work);
  work->mode = *mode;
  for (int64_t m = 0; m < session->dataset.molecule_count; m++) {
    const struct q2_cost_sizes sizes = q2_forecast_sizes(session, m);
    q2_device_add_molecule(&sizes, work);
    if (normal) q2_device_add_normal(&sizes, work);
    relaxed |= sizes.relaxed;
  }
  const double share = q2_forecast_share(session);
  double *numbers = work->stage[0].operations;
  MPI_Allreduce(MPI_IN_PLACE, numbers, Q2_COST_STAGES * STAGE_NUMBERS, MPI_DOUBLE, MPI_SUM, session->comm);
  MPI_Allreduce(MPI_IN_PLACE, &work->table_bytes, 1, MPI_DOUBLE, MPI_SUM, session->comm);
  MPI_Allreduce(MPI_IN_PLACE, &work->wave_bytes, 1, MPI_DOUBLE, MPI_SUM, session->comm);
  MPI_Allreduce(MPI_IN_PLACE, &relaxed, 1, MPI_INT, MPI_MAX, session->comm);
  for (int k = 0; k < Q2_COST_STAGES * STAGE_NUMBERS; k++)
    numbers[k] *= share;
  work->table_bytes *= share;
  work->wave_bytes *= share;
  return relaxed;
}

/* Seconds of the busiest rank's decompositions on one multiprocessor, and of the largest alone. */
static void eigen(const struct q2_session *session, const struct q2_device_rates *device, const struct q2_device_mode *mode,
                  double *all, double *longest) {
  const enum q2_precision here = mode->stage[Q2_COST_EIGEN], relaxing = mode->stage[Q2_COST_RELAX];
  *all = *longest = 0;
  for (int64_t m = 0; m < session->dataset.molecule_count; m++) {
    const struct q2_cost_sizes sizes = q2_forecast_sizes(session, m);
    const int steps = sizes.relaxed ? Q2_COST_NEWTON_STEPS : 0;
    *all += q2_device_eigen(device, here, sizes.order) + steps * q2_device_eigen(device, relaxing, sizes.order);
    *longest = fmax(*longest, q2_device_eigen_alone(device, here, sizes.order) +
                                  steps * q2_device_eigen_alone(device, relaxing, sizes.order));
  }
  MPI_Allreduce(MPI_IN_PLACE, all, 1, MPI_DOUBLE, MPI_SUM, session->comm);
  MPI_Allreduce(MPI_IN_PLACE, longest, 1, MPI_DOUBLE, MPI_MAX, session->comm);
  *all *= q2_forecast_share(session);
}

static int waves_of(const struct q2_device_rates *device, const struct q2_device_work *work) {
  const double memory = q2_device_memory(work), tables = memory * work->table_bytes / (work->table_bytes + work->wave_bytes),
               free = USABLE_MEMORY * device->memory - tables;
  if (memory <= USABLE_MEMORY * device->memory) return 1;
  return free > 0 ? (int)ceil(fmin((memory - tables) / free, 1e9)) : 0;
}

struct q2_device_mode q2_forecast_mode(int mode) {
  static const enum q2_part part[Q2_COST_STAGES] = {[Q2_COST_TERMS] = Q2_PART_TERMS,
                                                    [Q2_COST_HESSIAN] = Q2_PART_HESSIAN,
                                                    [Q2_COST_PROJECT] = Q2_PART_PROJECTION,
                                                    [Q2_COST_EIGEN] = Q2_PART_EIGEN,
                                                    [Q2_COST_OBSERVABLES] = Q2_PART_OBSERVABLES,
                                                    [Q2_COST_COTANGENT] = Q2_PART_COTANGENT,
                                                    [Q2_COST_PARAMETERS] = Q2_PART_PARAMETERS};
  static const enum q2_device_refinement refinement[] = {[Q2_REFINE_NOT] = Q2_DEVICE_REFINE_NOT,
                                                         [Q2_REFINE_VALUES] = Q2_DEVICE_REFINE_VALUES,
                                                         [Q2_REFINE_ALL] = Q2_DEVICE_REFINE_ALL};
  const struct q2_precision_mode *row = &q2_precision_modes[mode];
  struct q2_device_mode result = {.refinement = refinement[row->refinement]};
  for (int s = 0; s < Q2_COST_STAGES; s++) {
    if (s != Q2_COST_RELAX && row->single[part[s]]) result.stage[s] = Q2_PRECISION_FLOAT32;
  }
  if (row->single[Q2_PART_REDUCTION]) result.reduction = Q2_PRECISION_FLOAT32;
  return result;
}

void q2_forecast_devices(const struct q2_session *session, int mode, struct q2_device_forecast *forecast) {
  const struct q2_device_mode stages = q2_forecast_mode(mode);
  for (int normal = 0; normal < 2; normal++) {
    struct q2_device_work work;
    struct q2_device_stage one_wave[Q2_COST_STAGES];
    memset(one_wave, 0, sizeof one_wave);
    launches(session, &stages, count(session, &stages, normal, &work), normal, one_wave);
    for (int d = 0; d < Q2_DEVICE_COUNT; d++) {
      double all, longest;
      const int waves = waves_of(&q2_device_models[d], &work);
      for (int s = 0; s < Q2_COST_STAGES; s++) {
        work.stage[s].launches = (waves > 0 ? waves : 1) * one_wave[s].launches;
        work.stage[s].calls = (waves > 0 ? waves : 1) * one_wave[s].calls;
      }
      eigen(session, &q2_device_models[d], &stages, &all, &longest);
      const double seconds = q2_device_seconds(&q2_device_models[d], &work, all, longest, NULL);
      *(normal ? &forecast[d].normal_seconds : &forecast[d].seconds) = seconds;
      forecast[d].memory = q2_device_memory(&work);
      forecast[d].waves = waves;
    }
  }
}
