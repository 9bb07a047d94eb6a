/* Evaluations: waves of molecules over threads, an exact sum over molecules and ranks. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "objective_state.h"

/* Sums in one call of MPI, whose counts are ints. */
#define Q2_REDUCE_AT_ONCE (INT64_C(1) << 24)

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

/* Sums the workers' limbs into the objective's. */
static int64_t join_workers(struct q2_objective *objective, int64_t sums) {
  int64_t first_failed = -1;
  memcpy(objective->limbs, objective->worker[0].limbs, (size_t)(sums * Q2_LIMBS) * sizeof(int64_t));
  for (int t = 0; t < objective->options.threads; t++) {
    const struct worker *worker = &objective->worker[t];
    for (int64_t k = 0; t > 0 && k < sums * Q2_LIMBS; k++)
      objective->limbs[k] += worker->limbs[k];
    if (worker->first_failed >= 0 && (first_failed < 0 || worker->first_failed < first_failed))
      first_failed = worker->first_failed;
  }
  return first_failed;
}

/* The root of a sum's mean over `count`; 0 without any. */
static double root_mean(const struct q2_objective *objective, int sum, int64_t count) {
  return count > 0 ? sqrt(q2_accumulated(objective->limbs + sum * Q2_LIMBS) / (double)count) : 0;
}

static void read_validation(const struct q2_objective *objective, struct q2_evaluation *evaluation) {
  const int failed = objective->limbs[SUM_VALIDATION_FAILED * Q2_LIMBS] != 0;
  evaluation->validation_molecules = objective->validation_count;
  evaluation->validation_loss = failed ? NAN : q2_accumulated(objective->limbs + SUM_VALIDATION_LOSS * Q2_LIMBS);
  evaluation->validation_rmsd = failed ? NAN : root_mean(objective, SUM_VALIDATION_SQUARE, objective->validation_vibrations);
}

/* Sums over ranks, and reads the loss, the RMSD and who failed. */
static int reduce(struct q2_objective *objective, int64_t sums, struct q2_evaluation *evaluation, struct q2_error *error) {
  evaluation->first_failed = join_workers(objective, sums);
  for (int64_t first = 0; first < sums; first += Q2_REDUCE_AT_ONCE) {
    const int64_t count = sums - first < Q2_REDUCE_AT_ONCE ? sums - first : Q2_REDUCE_AT_ONCE;
    if (MPI_Allreduce(MPI_IN_PLACE, objective->limbs + first * Q2_LIMBS, (int)(count * Q2_LIMBS), MPI_INT64_T, MPI_SUM,
                      objective->comm) != MPI_SUCCESS) {
      return q2_fail(error, "MPI_Allreduce of %lld integers failed", (long long)(count * Q2_LIMBS));
    }
  }
  evaluation->failed_molecules = objective->limbs[SUM_FAILED * Q2_LIMBS];
  evaluation->residual_count = objective->residual_count;
  evaluation->vibration_count = objective->vibration_count;
  evaluation->set_aside = objective->limbs[SUM_SET_ASIDE * Q2_LIMBS];
  for (int k = 0; k < Q2_OBSERVABLE_COUNT; k++)
    evaluation->kind_loss[k] = q2_accumulated(objective->limbs + (SUM_KIND + k) * Q2_LIMBS);
  read_validation(objective, evaluation);
  evaluation->loss = q2_accumulated(objective->limbs + SUM_LOSS * Q2_LIMBS);
  evaluation->rmsd = root_mean(objective, SUM_SQUARE, objective->vibration_count);
  if (evaluation->failed_molecules > 0) { /* rare: name the first one on every rank */
    int64_t first = evaluation->first_failed < 0 ? INT64_MAX : evaluation->first_failed;
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT64_T, MPI_MIN, objective->comm);
    evaluation->first_failed = first;
  }
  return Q2_OK;
}

static void read_gradient(const struct q2_objective *objective, double *gradient) {
  for (int p = 0; p < objective->parameter_count; p++) {
    gradient[p] = q2_accumulated(objective->limbs + (int64_t)(SUM_GRADIENT + p) * Q2_LIMBS);
  }
}

int q2_objective_evaluate(struct q2_objective *objective, const double *parameters, struct q2_evaluation *evaluation,
                          double *gradient, struct q2_error *error) {
  Q2_TRY(q2_find_pairs(objective, parameters, 0, error));
  q2_prepare_evaluation(objective, parameters, 0);
  q2_run_tasks(objective, parameters, gradient ? Q2_DEPTH_GRADIENT : Q2_DEPTH_FREQUENCIES, 0, NULL, NULL);
  const double since = q2_now();
  Q2_TRY(reduce(objective, SUM_GRADIENT + (gradient ? objective->parameter_count : 0), evaluation, error));
  if (gradient) read_gradient(objective, gradient);
  objective->seconds[Q2_STAGE_REDUCE] += q2_now() - since;
  return Q2_OK;
}

int q2_objective_normal(struct q2_objective *objective, const double *parameters, struct q2_evaluation *evaluation,
                        double *gradient, double *square, struct q2_error *error) {
  const int64_t variables = objective->options.normal_count, first = SUM_GRADIENT + objective->parameter_count;
  Q2_TRY(q2_find_pairs(objective, parameters, 0, error));
  q2_prepare_evaluation(objective, parameters, 1);
  q2_run_tasks(objective, parameters, Q2_DEPTH_GRADIENT, 1, NULL, NULL);
  const double since = q2_now();
  if (!q2_add_energies(objective)) objective->worker[0].limbs[SUM_FAILED * Q2_LIMBS]++;
  Q2_TRY(reduce(objective, objective->sums, evaluation, error));
  read_gradient(objective, gradient);
  for (int64_t a = 0; a < variables; a++) {
    for (int64_t b = 0; b <= a; b++) {
      square[a * variables + b] = square[b * variables + a] =
          q2_accumulated(objective->limbs + (first + Q2_TRIANGLE(a, b)) * Q2_LIMBS);
    }
  }
  objective->seconds[Q2_STAGE_REDUCE] += q2_now() - since;
  return Q2_OK;
}
