/* The objective: waves of molecules over threads, an exact sum over molecules and ranks. */
#define _POSIX_C_SOURCE 200809L
#include "objective.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../io/memory.h"
#include "../kernels/accumulator.h"
#include "../kernels/backend.h"
#include "batch_build.h"

const char *const q2_stage_names[Q2_STAGE_COUNT] = {"terms",       "Hessian",   "project",    "eigen",
                                                    "observables", "cotangent", "parameters", "reduce"};

/* Sums that travel together: loss, squares, failed molecules (an integer in the first limb), then the gradient. */
enum { SUM_LOSS, SUM_SQUARE, SUM_FAILED, SUM_GRADIENT };

/* Whole chunks of one batch that one thread evaluates together. */
struct wave_task {
  int batch;
  int64_t first, count;
};

struct worker {
  struct q2_wave wave;
  int64_t *limbs; /* [sums][Q2_LIMBS] */
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
  struct wave_task *task; /* heaviest first */
  struct worker *worker;  /* [options.threads] */
  int64_t *limbs;         /* [sums][Q2_LIMBS] of all ranks */
  int64_t residual_count, vibration_count; /* of all ranks */
  int64_t faded, bytes;
  int paired; /* q2mm's rule: indices are frozen */
  double seconds[Q2_STAGE_COUNT];
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- creation --- */

/* Bytes of work space that one molecule of the batch takes, dominated by its matrices. */
static int64_t slot_bytes(const struct q2_batch *batch) {
  return 8 * ((int64_t)batch->ld * (3 * batch->atoms + 2 * batch->order + 5 * Q2_RIGID) + (int64_t)batch->ld_order * batch->order +
              2 * batch->max_pieces + 2 * batch->max_entries + 2 * batch->max_pairs + Q2_MAX_PARAMETERS * batch->max_terms);
}

/* Molecules in a wave of this batch: the caller's wish, else one chunk; never more than the memory limit allows, but at least one. Whole
 * chunks where chunks hold more than one molecule. */
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

static int make_workers(struct q2_objective *objective, int64_t slots) {
  const int64_t limbs = (int64_t)(SUM_GRADIENT + objective->parameter_count) * Q2_LIMBS;
  objective->limbs = q2_allocate(limbs, sizeof *objective->limbs);
  objective->worker = q2_allocate(objective->options.threads, sizeof *objective->worker);
  if (!objective->limbs || !objective->worker) return -1;
  for (int t = 0; t < objective->options.threads; t++) {
    struct worker *worker = &objective->worker[t];
    worker->limbs = q2_allocate(limbs, sizeof *worker->limbs);
    if (!worker->limbs) return -1;
    objective->bytes += limbs * (int64_t)sizeof *worker->limbs;
    if (objective->backend->wave_create(objective->batch, objective->batch_count, slots, objective->options.padded_eigensolver,
                                        &worker->wave, &objective->bytes) != 0) {
      return -1;
    }
  }
  return 0;
}

/* Counts residuals and pairs over all ranks. Integers: any order will do. */
static void count_residuals(struct q2_objective *objective) {
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
      return q2_fail(error, "%s: /observables/%s: unknown kind of observable (expected: frequency)", dataset->path, table->kind);
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
  for (int b = 0; b < objective->batch_count; b++) objective->bytes += q2_batch_bytes(&objective->batch[b]);
  if (make_tasks(objective, plan, &slots) != 0 || make_workers(objective, slots) != 0) {
    return q2_fail(error, "out of memory for the work space of %d threads, %lld molecules each; a smaller -wave or -memory needs less",
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
  count_residuals(objective);
  *result = objective;
  return Q2_OK;
}

void q2_objective_destroy(struct q2_objective *objective) {
  if (!objective) return;
  for (int t = 0; objective->worker && t < objective->options.threads; t++) {
    objective->backend->wave_destroy(&objective->worker[t].wave);
    free(objective->worker[t].limbs);
  }
  for (int b = 0; b < objective->batch_count; b++) q2_batch_free(&objective->batch[b]);
  free(objective->worker);
  free(objective->batch);
  free(objective->task);
  free(objective->limbs);
  free(objective);
}

/* --- evaluation --- */

/* Adds a finished wave's molecules to the worker's sums. A molecule that failed, or whose numbers do not fit the accumulator, adds
 * nothing and is counted. */
static void collect(struct worker *worker, const struct q2_batch *batch, int gradient) {
  const struct q2_wave *wave = &worker->wave;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot, count = batch->parameter_start[m + 1] - batch->parameter_start[m];
    const q2_real *value = wave->gradient + slot * batch->max_parameters;
    const int32_t *row = batch->parameter_row + batch->parameter_start[m];
    int good = !wave->failed[slot] && q2_accumulable(wave->loss[slot]) && q2_accumulable(wave->square[slot]);
    for (int64_t p = 0; gradient && good && p < count; p++) good = q2_accumulable(value[p]);
    if (!good) {
      worker->limbs[SUM_FAILED * Q2_LIMBS]++;
      if (worker->first_failed < 0 || batch->file_molecule[m] < worker->first_failed) worker->first_failed = batch->file_molecule[m];
      continue;
    }
    q2_accumulate(worker->limbs + SUM_LOSS * Q2_LIMBS, wave->loss[slot]);
    q2_accumulate(worker->limbs + SUM_SQUARE * Q2_LIMBS, wave->square[slot]);
    for (int64_t p = 0; gradient && p < count; p++) {
      q2_accumulate(worker->limbs + (int64_t)(SUM_GRADIENT + row[p]) * Q2_LIMBS, value[p]);
    }
  }
}

/* Where the vibrations of a pass go, if anywhere. */
typedef void (*wave_visitor)(void *context, const struct q2_batch *batch, const struct q2_wave *wave);

static void run_tasks(struct q2_objective *objective, const double *parameters, enum q2_depth depth, wave_visitor visit, void *context) {
  const size_t limb_bytes = (size_t)(SUM_GRADIENT + objective->parameter_count) * Q2_LIMBS * sizeof(int64_t);
#pragma omp parallel num_threads(objective->options.threads)
  {
    struct worker *worker = &objective->worker[omp_get_thread_num()];
    memset(worker->limbs, 0, limb_bytes);
    worker->first_failed = -1;
    worker->wave.parameters = parameters;
#pragma omp for schedule(dynamic)
    for (int64_t t = 0; t < objective->task_count; t++) {
      const struct wave_task *task = &objective->task[t];
      worker->wave.first = task->first;
      worker->wave.count = task->count;
      q2_evaluate_wave(objective->backend, &objective->batch[task->batch], &worker->wave, depth, worker->seconds);
      const double since = now();
      collect(worker, &objective->batch[task->batch], depth == Q2_DEPTH_GRADIENT);
      if (visit) visit(context, &objective->batch[task->batch], &worker->wave);
      worker->seconds[Q2_STAGE_REDUCE] += now() - since;
    }
  }
}

/* Sums the workers' limbs into the objective's. */
static int64_t join_workers(struct q2_objective *objective, int64_t sums) {
  int64_t first_failed = -1;
  memcpy(objective->limbs, objective->worker[0].limbs, (size_t)(sums * Q2_LIMBS) * sizeof(int64_t));
  for (int t = 0; t < objective->options.threads; t++) {
    const struct worker *worker = &objective->worker[t];
    for (int64_t k = 0; t > 0 && k < sums * Q2_LIMBS; k++) objective->limbs[k] += worker->limbs[k];
    if (worker->first_failed >= 0 && (first_failed < 0 || worker->first_failed < first_failed)) first_failed = worker->first_failed;
  }
  return first_failed;
}

/* q2mm's rule: the k-th QM value above 50 cm-1 pairs with the k-th calculated value that is above 50 cm-1 now. */
static void pair_as_q2mm(void *context, const struct q2_batch *batch, const struct q2_wave *wave) {
  const double threshold = 50;
  (void)context;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t rows = (wave->first + slot) * batch->order;
    const int modes = batch->mode_count[wave->first + slot];
    int reference = -1;
    for (int k = 0; k < modes; k++) {
      if (!(wave->frequency[slot * batch->order + k] > threshold)) continue;
      do reference++;
      while (reference < modes && !(batch->reference[rows + reference] > threshold));
      if (reference >= modes) break;
      batch->mode_reference[rows + k] = reference; /* each molecule belongs to one task, so no other thread writes here */
    }
  }
}

int q2_objective_evaluate(struct q2_objective *objective, const double *parameters, struct q2_evaluation *evaluation,
                          double *gradient, struct q2_error *error) {
  if (objective->options.match == Q2_MATCH_Q2MM && !objective->paired) {
    run_tasks(objective, parameters, Q2_DEPTH_FREQUENCIES, pair_as_q2mm, NULL);
    count_residuals(objective);
    objective->paired = 1;
  }
  run_tasks(objective, parameters, gradient ? Q2_DEPTH_GRADIENT : Q2_DEPTH_FREQUENCIES, NULL, NULL);

  const double since = now();
  const int64_t sums = SUM_GRADIENT + (gradient ? objective->parameter_count : 0);
  evaluation->first_failed = join_workers(objective, sums);
  if (MPI_Allreduce(MPI_IN_PLACE, objective->limbs, (int)(sums * Q2_LIMBS), MPI_INT64_T, MPI_SUM, objective->comm) != MPI_SUCCESS) {
    return q2_fail(error, "MPI_Allreduce of %lld integers failed", (long long)(sums * Q2_LIMBS));
  }
  evaluation->failed_molecules = objective->limbs[SUM_FAILED * Q2_LIMBS];
  evaluation->residual_count = objective->residual_count;
  evaluation->vibration_count = objective->vibration_count;
  evaluation->loss = q2_accumulated(objective->limbs + SUM_LOSS * Q2_LIMBS);
  evaluation->rmsd = objective->vibration_count > 0
                         ? sqrt(q2_accumulated(objective->limbs + SUM_SQUARE * Q2_LIMBS) / (double)objective->vibration_count)
                         : 0;
  for (int p = 0; gradient && p < objective->parameter_count; p++) {
    gradient[p] = q2_accumulated(objective->limbs + (int64_t)(SUM_GRADIENT + p) * Q2_LIMBS);
  }
  if (evaluation->failed_molecules > 0) { /* rare: name the first one on every rank */
    int64_t first = evaluation->first_failed < 0 ? INT64_MAX : evaluation->first_failed;
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT64_T, MPI_MIN, objective->comm);
    evaluation->first_failed = first;
  }
  objective->seconds[Q2_STAGE_REDUCE] += now() - since;
  return Q2_OK;
}

/* --- looking inside --- */

static void copy_vibrations(void *context, const struct q2_batch *batch, const struct q2_wave *wave) {
  struct q2_vibrations *out = context;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot, rows = m * batch->order, to = out->offset[batch->local_molecule[m]];
    for (int k = 0; k < batch->mode_count[m]; k++) {
      const int partner = batch->mode_reference[rows + k];
      out->reference[to + k] = batch->counted[rows + k] != 0 ? batch->reference[rows + k] : NAN;
      out->weight[to + k] = 0;
      if (partner < 0) continue;
      out->calculated[to + partner] = wave->frequency[slot * batch->order + k];
    }
    for (int k = 0; k < batch->mode_count[m]; k++) {
      const int partner = batch->mode_reference[rows + k];
      if (partner >= 0) out->weight[to + partner] = batch->weight[rows + partner];
    }
  }
}

int q2_objective_vibrations(struct q2_objective *objective, const double *parameters, struct q2_vibrations *vibrations,
                            struct q2_error *error) {
  const int64_t count = objective->dataset->molecule_count;
  memset(vibrations, 0, sizeof *vibrations);
  vibrations->molecule_count = count;
  vibrations->offset = q2_allocate(count + 1, sizeof *vibrations->offset);
  int status = Q2_OK;
  if (!vibrations->offset) {
    status = q2_fail(error, "out of memory for the vibrations of %lld molecules", (long long)count);
  } else {
    for (int b = 0; b < objective->batch_count; b++) {
      const struct q2_batch *batch = &objective->batch[b];
      for (int64_t m = 0; m < batch->molecules; m++) vibrations->offset[batch->local_molecule[m] + 1] = batch->mode_count[m];
    }
    for (int64_t m = 0; m < count; m++) vibrations->offset[m + 1] += vibrations->offset[m];
    const int64_t total = vibrations->offset[count];
    vibrations->reference = q2_allocate(total, sizeof(double));
    vibrations->calculated = q2_allocate(total, sizeof(double));
    vibrations->weight = q2_allocate(total, sizeof(double));
    if (!vibrations->reference || !vibrations->calculated || !vibrations->weight) {
      status = q2_fail(error, "out of memory for %lld vibrations", (long long)total);
    } else {
      for (int64_t k = 0; k < total; k++) vibrations->calculated[k] = NAN;
    }
  }
  status = q2_agree(objective->comm, status, error);
  if (status != Q2_OK) {
    q2_vibrations_free(vibrations);
    return Q2_FAILED;
  }
  run_tasks(objective, parameters, Q2_DEPTH_FREQUENCIES, copy_vibrations, vibrations);
  return Q2_OK;
}

void q2_vibrations_free(struct q2_vibrations *vibrations) {
  free(vibrations->offset);
  free(vibrations->reference);
  free(vibrations->calculated);
  free(vibrations->weight);
  memset(vibrations, 0, sizeof *vibrations);
}

int q2_objective_hessian(struct q2_objective *objective, const double *parameters, int64_t molecule, double *hessian,
                         struct q2_error *error) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    for (int64_t m = 0; m < batch->molecules; m++) {
      if (batch->local_molecule[m] != molecule) continue;
      struct worker *worker = &objective->worker[0];
      worker->wave.first = m;
      worker->wave.count = 1;
      worker->wave.parameters = parameters;
      double unused[Q2_TIMED_COUNT] = {0};
      q2_evaluate_wave(objective->backend, batch, &worker->wave, Q2_DEPTH_HESSIAN, unused);
      const int n = 3 * batch->atom_count[m];
      for (int row = 0; row < n; row++) {
        for (int column = 0; column < n; column++) {
          hessian[(int64_t)row * n + column] = worker->wave.hessian[(int64_t)column * batch->ld + row];
        }
      }
      return Q2_OK;
    }
  }
  return q2_fail(error, "molecule %lld is not on this rank", (long long)molecule);
}

void q2_objective_timings(struct q2_objective *objective, double *seconds, int reset) {
  memcpy(seconds, objective->seconds, sizeof objective->seconds);
  for (int t = 0; t < objective->options.threads; t++) {
    for (int s = 0; s < Q2_STAGE_COUNT; s++) seconds[s] += objective->worker[t].seconds[s];
    if (reset) memset(objective->worker[t].seconds, 0, sizeof objective->worker[t].seconds);
  }
  if (reset) memset(objective->seconds, 0, sizeof objective->seconds);
}

int64_t q2_objective_bytes(const struct q2_objective *objective) { return objective->bytes; }

int64_t q2_objective_damped_torsions(const struct q2_objective *objective) { return objective->faded; }
