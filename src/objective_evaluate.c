/* Evaluations: waves of molecules over threads, an exact sum over molecules and ranks. */
#include <math.h>
#include <string.h>

#include "objective_state.h"

/* Reads what became of each molecule into the states' `outcome`. Waits. */
static void fetch_outcomes(const struct q2_objective *objective) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct batch_state *state = &objective->state[b];
    const int64_t bytes = objective->batch[b].molecules * (int64_t)sizeof *state->outcome;
    if (bytes > 0) objective->backend->get(objective->backend, state->outcome, state->outcome_there, bytes);
  }
}

/* The lowest number (in the file) of a molecule of this rank that failed, -1: none. */
static int64_t first_failed(const struct q2_objective *objective) {
  int64_t first = -1;
  fetch_outcomes(objective);
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    const int32_t *outcome = objective->state[b].outcome;
    for (int64_t m = 0; m < batch->molecules; m++) {
      const int failed = (outcome[m] == Q2_FAILS || outcome[m] == Q2_UNCONVERGED) && !batch->validation[m];
      if (failed && (first < 0 || batch->file_molecule[m] < first)) first = batch->file_molecule[m];
    }
  }
  return first;
}

/* The root of a sum's mean over `count`; 0 without any. */
static double root_mean(const struct q2_objective *objective, int sum, int64_t count) {
  return count > 0 ? sqrt(q2_accumulated(objective->limbs + sum * Q2_LIMBS) / (double)count) : 0;
}

static void read_validation(const struct q2_objective *objective, struct q2_evaluation *evaluation) {
  const int failed = objective->limbs[Q2_SUM_VALIDATION_FAILED * Q2_LIMBS] != 0;
  evaluation->validation_molecules = objective->validation_count;
  evaluation->validation_loss = failed ? NAN : q2_accumulated(objective->limbs + Q2_SUM_VALIDATION_LOSS * Q2_LIMBS);
  evaluation->validation_rmsd = failed ? NAN : root_mean(objective, Q2_SUM_VALIDATION_SQUARE, objective->validation_vibrations);
}

/* Sums over molecules and ranks. */
static int sum_over_ranks(struct q2_objective *objective, int64_t sums, struct q2_error *error) {
  const struct q2_backend *backend = objective->backend;
  backend->join(backend, objective->parts_there, objective->worker_count * (int64_t)backend->segments,
                objective->sums * Q2_LIMBS, sums * Q2_LIMBS, objective->joined_there);
  return q2_rank_sum_run(objective->sum, objective->joined_there, objective->limbs, sums * Q2_LIMBS, error);
}

/* Reads the loss, the RMSD and who failed. Collective. */
static void read_sums(struct q2_objective *objective, struct q2_evaluation *evaluation) {
  evaluation->failed_molecules = objective->limbs[Q2_SUM_FAILED * Q2_LIMBS];
  evaluation->residual_count = objective->residual_count;
  evaluation->vibration_count = objective->vibration_count;
  evaluation->set_aside = objective->limbs[Q2_SUM_SET_ASIDE * Q2_LIMBS];
  for (int k = 0; k < Q2_OBSERVABLE_COUNT; k++)
    evaluation->kind_loss[k] = q2_accumulated(objective->limbs + (Q2_SUM_KIND + k) * Q2_LIMBS);
  read_validation(objective, evaluation);
  evaluation->loss = q2_accumulated(objective->limbs + Q2_SUM_LOSS * Q2_LIMBS);
  evaluation->rmsd = root_mean(objective, Q2_SUM_SQUARE, objective->vibration_count);
  evaluation->first_failed = -1;
  if (evaluation->failed_molecules > 0) { /* rare: name the first one on every rank */
    int64_t first = first_failed(objective);
    if (first < 0) first = INT64_MAX;
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT64_T, MPI_MIN, objective->comm);
    evaluation->first_failed = first == INT64_MAX ? -1 : first;
  }
}

/* Flags the molecules whose decomposition did not converge, for the other solver. */
static void flag_unconverged(struct q2_objective *objective) {
  fetch_outcomes(objective);
  for (int b = 0; b < objective->batch_count; b++) {
    struct batch_state *state = &objective->state[b];
    for (int64_t m = 0; m < objective->batch[b].molecules; m++)
      state->retry[m] = state->outcome[m] == Q2_UNCONVERGED;
  }
}

/* Runs all waves and sums over molecules and ranks. A device's batched solver may fail where another succeeds: then once more.
 */
static int run_and_sum(struct q2_objective *objective, const double *parameters, const struct q2_run *run, int64_t sums,
                       struct q2_evaluation *evaluation, struct q2_error *error) {
  struct q2_run again = *run;
  again.retry = 1;
  q2_run_tasks(objective, parameters, run);
  double since = q2_now();
  Q2_TRY(sum_over_ranks(objective, sums, error));
  if (objective->backend->queued && objective->limbs[Q2_SUM_UNCONVERGED * Q2_LIMBS] > 0) {
    flag_unconverged(objective);
    q2_run_tasks(objective, parameters, &again);
    since = q2_now();
    Q2_TRY(sum_over_ranks(objective, sums, error));
  }
  read_sums(objective, evaluation);
  objective->seconds[Q2_STAGE_REDUCE] += q2_now() - since;
  return Q2_OK;
}

static void read_gradient(const struct q2_objective *objective, double *gradient) {
  for (int p = 0; p < objective->parameter_count; p++)
    gradient[p] = q2_accumulated(objective->limbs + (int64_t)(Q2_SUM_GRADIENT + p) * Q2_LIMBS);
}

int q2_objective_evaluate(struct q2_objective *objective, const double *parameters, struct q2_evaluation *evaluation,
                          double *gradient, struct q2_error *error) {
  const struct q2_run run = {.depth = gradient ? Q2_DEPTH_GRADIENT : Q2_DEPTH_FREQUENCIES};
  Q2_TRY(q2_find_pairs(objective, parameters, 0, error));
  q2_prepare_evaluation(objective, parameters, 0);
  Q2_TRY(run_and_sum(objective, parameters, &run, Q2_SUM_GRADIENT + (gradient ? objective->parameter_count : 0), evaluation,
                     error));
  if (gradient) read_gradient(objective, gradient);
  return Q2_OK;
}

int q2_objective_normal(struct q2_objective *objective, const double *parameters, struct q2_evaluation *evaluation,
                        double *gradient, double *square, struct q2_error *error) {
  const struct q2_run run = {.depth = Q2_DEPTH_GRADIENT, .normal = 1};
  const int64_t variables = objective->options.normal_count, pairs = variables * (variables + 1) / 2;
  int good = 1;
  Q2_TRY(q2_find_pairs(objective, parameters, 0, error));
  q2_prepare_evaluation(objective, parameters, 1);
  Q2_TRY(run_and_sum(objective, parameters, &run, objective->sums, evaluation, error));
  Q2_TRY(q2_add_energies(objective, &good, error));
  evaluation->failed_molecules += !good;
  read_gradient(objective, gradient);
  int64_t *limbs = objective->limbs + (Q2_SUM_GRADIENT + objective->parameter_count) * Q2_LIMBS;
  for (int64_t k = 0; objective->energy_limbs && k < pairs * Q2_LIMBS; k++)
    limbs[k] += objective->energy_limbs[k];
  for (int64_t a = 0; a < variables; a++) {
    for (int64_t b = 0; b <= a; b++)
      square[a * variables + b] = square[b * variables + a] = q2_accumulated(limbs + Q2_TRIANGLE(a, b) * Q2_LIMBS);
  }
  return Q2_OK;
}
