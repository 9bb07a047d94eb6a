/* Running all of a rank's waves over its threads, and adding up what their molecules give. */
#include <omp.h>
#include <string.h>

#include "objective_state.h"

/* What became of a molecule of a wave. */
enum outcome {
  COUNTS,
  FAILS, /* its numbers are not finite, or its relaxation went astray */
  ASIDE  /* nothing of it counts */
};

static enum outcome outcome_of(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int64_t m = wave->first + slot;
  if (batch->moving && wave->set_aside[m]) return ASIDE;
  if (batch->moving && wave->relaxation[m] != Q2_RELAX_MINIMUM) return FAILS;
  return wave->failed[slot] || !q2_accumulable(wave->loss[slot]) || !q2_accumulable(wave->square[slot]) ? FAILS : COUNTS;
}

/* Adds a molecule that is out of the fit. */
static void collect_validation(struct worker *worker, int64_t slot, enum outcome outcome) {
  if (outcome == FAILS) worker->limbs[SUM_VALIDATION_FAILED * Q2_LIMBS]++;
  if (outcome != COUNTS) return;
  q2_accumulate(worker->limbs + SUM_VALIDATION_LOSS * Q2_LIMBS, worker->wave.loss[slot]);
  q2_accumulate(worker->limbs + SUM_VALIDATION_SQUARE * Q2_LIMBS, worker->wave.square[slot]);
}

/* Adds a finished wave's molecules to the worker's sums. A molecule that failed, or whose numbers do not fit the accumulator,
 * adds nothing and is counted. */
static void collect(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch, int gradient,
                    int normal) {
  const struct q2_wave *wave = &worker->wave;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot, count = batch->parameter_start[m + 1] - batch->parameter_start[m];
    const q2_real *value = wave->gradient + slot * batch->max_parameters;
    const int32_t *row = batch->parameter_row + batch->parameter_start[m];
    enum outcome outcome = outcome_of(batch, wave, slot);
    if (batch->validation[m]) {
      collect_validation(worker, slot, outcome);
      continue;
    }
    for (int64_t p = 0; gradient && outcome == COUNTS && p < count; p++)
      outcome = q2_accumulable(value[p]) ? COUNTS : FAILS;
    if (outcome == COUNTS && normal && !q2_add_normal(objective, worker, batch, slot)) outcome = FAILS;
    if (outcome == ASIDE) worker->limbs[SUM_SET_ASIDE * Q2_LIMBS]++;
    if (outcome == FAILS) {
      worker->limbs[SUM_FAILED * Q2_LIMBS]++;
      if (worker->first_failed < 0 || batch->file_molecule[m] < worker->first_failed)
        worker->first_failed = batch->file_molecule[m];
    }
    if (outcome != COUNTS) continue;
    q2_accumulate(worker->limbs + SUM_LOSS * Q2_LIMBS, wave->loss[slot]);
    q2_accumulate(worker->limbs + SUM_SQUARE * Q2_LIMBS, wave->square[slot]);
    for (int k = 0; k < Q2_OBSERVABLE_COUNT; k++)
      q2_accumulate(worker->limbs + (SUM_KIND + k) * Q2_LIMBS, wave->kind_loss[slot * Q2_OBSERVABLE_COUNT + k]);
    for (int64_t p = 0; gradient && p < count; p++) {
      q2_accumulate(worker->limbs + (int64_t)(SUM_GRADIENT + row[p]) * Q2_LIMBS, value[p]);
    }
  }
}

/* Points the wave at its task's molecules. */
static void set_wave(struct q2_objective *objective, const struct wave_task *task, const double *parameters,
                     struct q2_wave *wave) {
  const struct relaxations *relaxations = &objective->relaxations[task->batch];
  wave->first = task->first;
  wave->count = task->count;
  wave->probe = Q2_PROBE_LOSS;
  wave->parameters = parameters;
  wave->energies = objective->energies.energy;
  wave->energy_bars = objective->energies.bar;
  wave->relaxed = relaxations->position;
  wave->relaxation = relaxations->status;
  wave->set_aside = relaxations->set_aside;
}

void q2_run_tasks(struct q2_objective *objective, const double *parameters, enum q2_depth depth, int normal,
                  q2_wave_visitor visit, void *context) {
  const size_t limb_bytes =
      (size_t)(normal ? objective->sums : SUM_GRADIENT + objective->parameter_count) * Q2_LIMBS * sizeof(int64_t);
#pragma omp parallel num_threads(objective->options.threads)
  {
    struct worker *worker = &objective->worker[omp_get_thread_num()];
    memset(worker->limbs, 0, limb_bytes);
    worker->first_failed = -1;
#pragma omp for schedule(dynamic)
    for (int64_t t = 0; t < objective->task_count; t++) {
      const struct wave_task *task = &objective->task[t];
      const struct q2_batch *batch = &objective->batch[task->batch];
      const int gradient = depth == Q2_DEPTH_GRADIENT && batch->has_residuals;
      if (depth == Q2_DEPTH_ENERGY && !batch->moving && !batch->has_energies) continue;
      set_wave(objective, task, parameters, &worker->wave);
      q2_evaluate_wave(objective->backend, batch, &worker->wave,
                       depth == Q2_DEPTH_GRADIENT && !gradient ? Q2_DEPTH_FREQUENCIES : depth, worker->seconds);
      double since = q2_now();
      if (normal && gradient) q2_make_normal(objective, worker, batch);
      worker->seconds[Q2_STAGE_PARAMETERS] += q2_now() - since;
      since = q2_now();
      if (depth > Q2_DEPTH_ENERGY) collect(objective, worker, batch, gradient, normal && gradient);
      if (visit) visit(context, worker, batch);
      worker->seconds[Q2_STAGE_REDUCE] += q2_now() - since;
    }
  }
}
