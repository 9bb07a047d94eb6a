/* The objective: what it is made of, and how it is made. */
#include "objective.h"

#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "batch_build.h"
#include "objective_state.h"

const char *const q2_stage_names[Q2_STAGE_COUNT] = {"terms",       "Hessian",   "project",    "eigen",
                                                    "observables", "cotangent", "parameters", "reduce"};

/* Bytes of work space that one molecule of the batch takes, dominated by its matrices. */
static int64_t slot_bytes(const struct q2_batch *batch) {
  return 8 *
         ((int64_t)batch->ld * (3 * batch->atoms + 2 * batch->order + 5 * Q2_RIGID) + (int64_t)batch->ld_order * batch->order +
          2 * batch->max_pieces + 2 * batch->max_entries + 2 * batch->max_pairs + Q2_MAX_PARAMETERS * batch->max_terms);
}

/* Molecules in a wave of this batch: the caller's wish, else one chunk; never more than the memory limit allows, but at least
 * one. Whole chunks where chunks hold more than one molecule. */
static int64_t wave_size(const struct q2_objective *objective, const struct q2_batch *batch, int chunk) {
  int64_t size = objective->options.wave_molecules > 0 ? objective->options.wave_molecules : chunk;
  if (objective->options.memory_limit > 0) {
    const int64_t most = objective->options.memory_limit / objective->options.threads / slot_bytes(batch);
    if (size > most) size = most;
  }
  size = size / chunk * chunk;
  return size > 0 ? size : chunk;
}

static int make_tasks(struct q2_objective *objective, const struct q2_plan *plan, int64_t *slots) {
  for (int pass = 0; pass < 2; pass++) {
    int64_t n = 0;
    for (int b = objective->batch_count - 1; b >= 0; b--) { /* large molecules first: the small ones fill the gaps */
      const struct q2_batch *batch = &objective->batch[b];
      const int64_t size = wave_size(objective, batch, plan->bucket[b].chunk_size);
      for (int64_t first = 0; first < batch->molecules; first += size, n++) {
        const int64_t count = batch->molecules - first < size ? batch->molecules - first : size;
        if (pass == 1) objective->task[n] = (struct wave_task){b, first, count};
        if (count > *slots) *slots = count;
      }
    }
    if (pass == 0) {
      objective->task_count = n;
      objective->task = q2_allocate(n, sizeof *objective->task);
      if (!objective->task) return -1;
    }
  }
  return 0;
}

/* Room for the Jacobians of a wave and one molecule's J'J. */
static int make_normal(struct q2_objective *objective, struct worker *worker, int64_t slots) {
  int64_t jacobian = 0, square = 0;
  for (int b = 0; b < objective->batch_count; b++) {
    const int64_t parameters = objective->batch[b].max_parameters;
    if (objective->batch[b].order * parameters > jacobian) jacobian = objective->batch[b].order * parameters;
    if (parameters * parameters > square) square = parameters * parameters;
  }
  worker->jacobian = q2_allocate(slots * jacobian, sizeof *worker->jacobian);
  worker->square = q2_allocate(square, sizeof *worker->square);
  objective->bytes += (slots * jacobian + square) * (int64_t)sizeof(double);
  return worker->jacobian && worker->square ? 0 : -1;
}

static int make_workers(struct q2_objective *objective, int64_t slots) {
  const int64_t variables = objective->options.normal_count;
  objective->sums = SUM_GRADIENT + objective->parameter_count + variables * (variables + 1) / 2;
  const int64_t limbs = objective->sums * Q2_LIMBS;
  objective->limbs = q2_allocate(limbs, sizeof *objective->limbs);
  objective->worker = q2_allocate(objective->options.threads, sizeof *objective->worker);
  if (!objective->limbs || !objective->worker) return -1;
  for (int t = 0; t < objective->options.threads; t++) {
    struct worker *worker = &objective->worker[t];
    worker->limbs = q2_allocate(limbs, sizeof *worker->limbs);
    if (!worker->limbs) return -1;
    objective->bytes += limbs * (int64_t)sizeof *worker->limbs;
    if (variables > 0 && make_normal(objective, worker, slots) != 0) return -1;
    if (objective->backend->wave_create(objective->batch, objective->batch_count, slots, objective->options.padded_eigensolver,
                                        &worker->wave, &objective->bytes) != 0) {
      return -1;
    }
  }
  return 0;
}

/* Counts residuals and pairs over all ranks. Integers: any order will do. */
void q2_count_residuals(struct q2_objective *objective) {
  int64_t counts[2] = {0, 0};
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    for (int64_t k = 0; k < batch->molecules * batch->order; k++) {
      const int partner = batch->mode_reference[k];
      if (partner < 0) continue;
      const int64_t reference = k / batch->order * batch->order + partner;
      counts[0] += batch->weight[reference] != 0;
      counts[1] += batch->counted[reference] != 0;
    }
  }
  MPI_Allreduce(MPI_IN_PLACE, counts, 2, MPI_INT64_T, MPI_SUM, objective->comm);
  objective->residual_count = counts[0];
  objective->vibration_count = counts[1];
}

static int check_observables(const struct q2_dataset *dataset, struct q2_error *error) {
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_table *table = &dataset->observables[t];
    if (strcmp(table->kind, "frequency") != 0) {
      return q2_fail(error, "%s: /observables/%s: unknown kind of observable (expected: frequency)", dataset->path,
                     table->kind);
    }
    if (table->index_count != 1) {
      return q2_fail(error, "%s: /observables/frequency/index: %d columns (expected 1)", dataset->path, table->index_count);
    }
  }
  return Q2_OK;
}

static int build(struct q2_objective *objective, const struct q2_plan *plan, struct q2_error *error) {
  int64_t slots = 0;
  Q2_TRY(check_observables(objective->dataset, error));
  objective->batch = q2_allocate(plan->bucket_count, sizeof *objective->batch);
  if (!objective->batch) return q2_fail(error, "out of memory for %d batches", plan->bucket_count);
  objective->batch_count = plan->bucket_count;
  Q2_TRY(q2_batches_build(objective->dataset, plan, objective->options.match, objective->batch, &objective->faded, error));
  for (int b = 0; b < objective->batch_count; b++)
    objective->bytes += q2_batch_bytes(&objective->batch[b]);
  if (make_tasks(objective, plan, &slots) != 0 || make_workers(objective, slots) != 0) {
    return q2_fail(error,
                   "out of memory for the work space of %d threads, %lld molecules each; a smaller -wave or -memory needs less",
                   objective->options.threads, (long long)slots);
  }
  return Q2_OK;
}

int q2_objective_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_plan *plan,
                        const struct q2_objective_options *options, struct q2_objective **result, struct q2_error *error) {
  struct q2_objective *objective = q2_allocate(1, sizeof *objective);
  int status = Q2_OK;
  *result = NULL;
  if (!objective) {
    status = q2_fail(error, "out of memory for the objective");
  } else {
    objective->comm = comm;
    objective->dataset = dataset;
    objective->backend = &q2_backend_cpu;
    objective->options = *options;
    objective->parameter_count = dataset->parameters.count;
    status = build(objective, plan, error);
  }
  status = q2_agree(comm, status, error);
  if (status != Q2_OK) {
    q2_objective_destroy(objective);
    return Q2_FAILED;
  }
  q2_count_residuals(objective);
  *result = objective;
  return Q2_OK;
}

void q2_objective_destroy(struct q2_objective *objective) {
  if (!objective) return;
  for (int t = 0; objective->worker && t < objective->options.threads; t++) {
    objective->backend->wave_destroy(&objective->worker[t].wave);
    free(objective->worker[t].limbs);
    free(objective->worker[t].jacobian);
    free(objective->worker[t].square);
  }
  for (int b = 0; b < objective->batch_count; b++)
    q2_batch_free(&objective->batch[b]);
  free(objective->worker);
  free(objective->batch);
  free(objective->task);
  free(objective->limbs);
  free(objective);
}

void q2_objective_timings(struct q2_objective *objective, double *seconds, int reset) {
  memcpy(seconds, objective->seconds, sizeof objective->seconds);
  for (int t = 0; t < objective->options.threads; t++) {
    for (int s = 0; s < Q2_STAGE_COUNT; s++)
      seconds[s] += objective->worker[t].seconds[s];
    if (reset) memset(objective->worker[t].seconds, 0, sizeof objective->worker[t].seconds);
  }
  if (reset) memset(objective->seconds, 0, sizeof objective->seconds);
}

int64_t q2_objective_bytes(const struct q2_objective *objective) { return objective->bytes; }

int64_t q2_objective_damped_torsions(const struct q2_objective *objective) { return objective->faded; }
