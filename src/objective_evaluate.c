/* Evaluations: waves of molecules over threads, an exact sum over molecules and ranks. */
#include <math.h>
#include <string.h>

#include "objective_state.h"

/* Sums in one call of MPI, whose counts are ints. */
#define Q2_REDUCE_AT_ONCE (INT64_C(1) << 24)

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
