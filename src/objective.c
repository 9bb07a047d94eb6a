/* The objective: what it is made of, and how it is made. */
#include "objective.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "batch_build.h"
#include "objective_state.h"

const char *const q2_stage_names[Q2_STAGE_COUNT] = {"terms",     "Hessian",    "project", "eigen", "observables",
                                                    "cotangent", "parameters", "relax",   "reduce"};

/* Bytes of work space that one molecule of the batch takes, dominated by its matrices. */
static int64_t slot_bytes(const struct q2_batch *batch) {
  return 8 * ((int64_t)batch->ld * (3 * batch->atoms + 2 * batch->order + 5 * Q2_RIGID) +
              (int64_t)batch->ld_order * batch->order + (int64_t)(batch->ld + batch->ld_basis) * batch->basis_columns +
              2 * batch->max_pieces + (batch->moving ? 2 + Q2_ENTRY_REALS : 2) * batch->max_entries +
              (batch->moving ? 7 : 3) * batch->max_pairs + (batch->moving ? 70 : Q2_MAX_PARAMETERS + 1) * batch->max_terms);
}

/* The tables of the geometry as float32 has them, for the modes that round nothing else. */
static void round_geometry(struct q2_batch *batch, const struct q2_precision_mode *mode) {
  const struct {
    double *table;
    int64_t count;
  } tables[] = {{batch->term_coordinate, batch->table_size[Q2_TABLE_term_coordinate]},
                {batch->term_slope, batch->table_size[Q2_TABLE_term_slope]},
                {batch->entry, batch->table_size[Q2_TABLE_entry]},
                {batch->pair_geometry, batch->table_size[Q2_TABLE_pair_geometry]}};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
    for (int64_t k = 0; k < tables[t].count && mode->single[t == 0 ? Q2_PART_COORDINATES : Q2_PART_GEOMETRY]; k++)
      tables[t].table[k] = (float)tables[t].table[k];
  }
}

/* Puts a backend in mixed precision over the caller's where any mode wants it. */
static int mix(struct q2_objective *objective, struct q2_error *error) {
  const struct q2_objective_options *options = &objective->options;
  char text[256];
  int mixes = 0;
  for (int k = 0; k < options->precision_count; k++)
    mixes |= q2_precision_mixes(&q2_precision_modes[options->precision[k]]);
  if (!mixes) return Q2_OK;
  if (q2_mixed_create(objective->backend, options->precision, options->precision_count, &objective->mixed, text, sizeof text) !=
      0)
    return q2_fail(error, "%s", text);
  objective->backend = &objective->mixed;
  return Q2_OK;
}

void q2_objective_set_precision(struct q2_objective *objective, int precision) {
  if (objective->backend == &objective->mixed) q2_mixed_set(&objective->mixed, precision);
}

/* Molecules in a wave of this batch: the caller's wish, else one chunk on the CPU, all molecules on a device; never more than
 * the memory limit allows, but at least one chunk. Whole chunks. */
static int64_t wave_size(const struct q2_objective *objective, const struct q2_batch *batch, int chunk) {
  int64_t size = objective->options.wave_molecules > 0 ? objective->options.wave_molecules
                 : objective->backend->queued          ? batch->molecules + chunk - 1
                                                       : chunk;
  if (objective->options.memory_limit > 0) {
    const int64_t bytes = slot_bytes(batch) + (objective->backend->mixes ? slot_bytes(batch) / 2 : 0);
    const int64_t most = objective->options.memory_limit / objective->worker_count / bytes;
    if (size > most) size = most;
  }
  size = size / chunk * chunk;
  return size > 0 ? size : chunk;
}

/* Cuts the batches into waves; slots[b] becomes the largest of batch b. A batch of molecules that move has fewer of them in a
 * chunk: its waves end where chunks do. */
static int make_tasks(struct q2_objective *objective, const struct q2_plan *plan, int64_t *slots) {
  for (int pass = 0; pass < 2; pass++) {
    int64_t n = 0;
    for (int b = objective->batch_count - 1; b >= 0; b--) { /* large molecules first: the small ones fill the gaps */
      const struct q2_batch *batch = &objective->batch[b];
      const int64_t size = wave_size(objective, batch, plan->bucket[b % plan->bucket_count].chunk_size);
      for (int64_t chunk = 0, end; chunk < batch->chunk_count; chunk = end, n++) {
        const int64_t first = batch->chunk_start[chunk];
        for (end = chunk + 1; end < batch->chunk_count && batch->chunk_start[end + 1] - first <= size; end++)
          ;
        const int64_t count = batch->chunk_start[end] - first;
        if (pass == 1) objective->task[n] = (struct wave_task){b, first, count};
        if (count > slots[b]) slots[b] = count;
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

static void *allocate_there(struct q2_objective *objective, int64_t count, size_t size) {
  objective->bytes += count * (int64_t)size;
  return objective->backend->allocate(objective->backend, count * (int64_t)size);
}

/* The waves, and room for the sums. */
static int make_workers(struct q2_objective *objective, const int64_t *slots) {
  const int64_t variables = objective->options.normal_count, pairs = variables * (variables + 1) / 2;
  const struct q2_backend *backend = objective->backend;
  const struct q2_wave_request request = {.batches = objective->batch,
                                          .slots = slots,
                                          .batch_count = objective->batch_count,
                                          .padded = backend->queued || objective->options.padded_eigensolver};
  objective->sums = Q2_SUM_GRADIENT + objective->parameter_count + pairs;
  const int64_t limbs = objective->sums * Q2_LIMBS, part = limbs * backend->segments;
  objective->limbs = backend->allocate_here(backend, limbs * (int64_t)sizeof *objective->limbs);
  objective->energy_limbs = pairs > 0 && objective->energies.count > 0 ? q2_allocate(pairs * Q2_LIMBS, sizeof(int64_t)) : NULL;
  objective->worker = q2_allocate(objective->worker_count, sizeof *objective->worker);
  objective->parts_there = allocate_there(objective, objective->worker_count * part, sizeof(int64_t));
  objective->joined_there = allocate_there(objective, limbs, sizeof(int64_t));
  if (!objective->limbs || !objective->worker || !objective->parts_there || !objective->joined_there ||
      (pairs > 0 && objective->energies.count > 0 && !objective->energy_limbs)) {
    return -1;
  }
  for (int t = 0; t < objective->worker_count; t++) {
    struct q2_wave *wave = &objective->worker[t].wave;
    if (backend->wave_create(backend, &request, wave, &objective->bytes) != 0) return -1;
    wave->limbs = objective->parts_there + t * part;
    wave->sums = objective->sums;
  }
  return 0;
}

/* Counts residuals and pairs over all ranks. Integers: any order will do. */
void q2_count_residuals(struct q2_objective *objective) {
  int64_t counts[4] = {0, 0, 0, 0};
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    for (int64_t m = 0; m < batch->molecules; m++) {
      const int validation = batch->validation[m];
      const int aside = batch->moving && objective->state[b].set_aside[m];
      for (int64_t r = batch->residual_start[m]; r < batch->residual_start[m + 1] && !validation && !aside; r++) {
        const struct q2_residual *residual = &batch->residual[r];
        counts[0] +=
            residual->weight != 0 && q2_observables[residual->observable].made_of != Q2_MADE_OF_MODE &&
            !(residual->observable == Q2_OBSERVABLE_RELAXED_ENERGY && isinf(objective->energies.energy[residual->index[1]]));
      }
      for (int64_t k = m * batch->order; k < (m + 1) * batch->order; k++) {
        const int partner = batch->mode_reference[k];
        if (partner < 0) continue;
        const int row = batch->mode_residual[m * batch->order + partner];
        counts[0] += row >= 0 && !validation && !aside && batch->residual[batch->residual_start[m] + row].weight != 0;
        counts[validation ? 3 : 1] += batch->counted[m * batch->order + partner] != 0;
      }
      counts[2] += validation && !batch->moving;
    }
  }
  MPI_Allreduce(MPI_IN_PLACE, counts, 4, MPI_INT64_T, MPI_SUM, objective->comm);
  objective->residual_count = counts[0];
  objective->vibration_count = counts[1];
  objective->validation_count = counts[2];
  objective->validation_vibrations = counts[3];
}

static int check_observables(const struct q2_dataset *dataset, struct q2_error *error) {
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_table *table = &dataset->observables[t];
    const int observable = q2_observable_find(table->kind);
    if (observable < 0) {
      return q2_fail(error, "%s: /observables/%s: unknown kind of observable (docs/observables.md lists the kinds)",
                     dataset->path, table->kind);
    }
    if (table->index_count != q2_observables[observable].index_count) {
      return q2_fail(error, "%s: /observables/%s/index: %d columns (expected %d)", dataset->path, table->kind,
                     table->index_count, q2_observables[observable].index_count);
    }
  }
  return Q2_OK;
}

/* What one batch's evaluations leave behind. Relaxations begin at the QM geometry. */
static int make_state(struct q2_objective *objective, const struct q2_batch *batch, struct batch_state *state) {
  const int64_t count = batch->molecules, coordinates = 3 * batch->atom_start[count];
  state->outcome = q2_allocate(count, sizeof *state->outcome);
  state->retry = q2_allocate(count, sizeof *state->retry);
  state->outcome_there = allocate_there(objective, count, sizeof *state->outcome);
  if (!state->outcome || !state->retry || !state->outcome_there) return -1;
  if (!batch->moving) return 0;
  state->first = q2_allocate(coordinates, sizeof *state->first);
  state->status = q2_allocate(count, sizeof *state->status);
  state->set_aside = q2_allocate(count, sizeof *state->set_aside);
  state->start_there = allocate_there(objective, coordinates, sizeof *state->first);
  state->relaxed_there = allocate_there(objective, coordinates, sizeof *state->first);
  state->status_there = allocate_there(objective, count, sizeof *state->status);
  state->set_aside_there = allocate_there(objective, count, sizeof *state->set_aside);
  if (!state->first || !state->status || !state->set_aside || !state->start_there || !state->relaxed_there ||
      !state->status_there || !state->set_aside_there) {
    return -1;
  }
  return objective->backend->put(objective->backend, state->start_there, batch->position,
                                 coordinates * (int64_t)sizeof *batch->position);
}

static void free_state(const struct q2_backend *backend, struct batch_state *state) {
  free(state->outcome);
  free(state->retry);
  free(state->first);
  free(state->status);
  free(state->set_aside);
  backend->release(backend, state->outcome_there);
  backend->release(backend, state->start_there);
  backend->release(backend, state->relaxed_there);
  backend->release(backend, state->status_there);
  backend->release(backend, state->set_aside_there);
}

/* What all waves share. */
static int make_shared(struct q2_objective *objective) {
  const int64_t energies = objective->energies.count,
                slopes = objective->options.normal_count > 0 ? energies * objective->parameter_count : 0;
  objective->parameters_there = allocate_there(objective, objective->parameter_count, sizeof(double));
  objective->energies_there = allocate_there(objective, energies, sizeof(double));
  objective->energy_bars_there = allocate_there(objective, energies, sizeof(double));
  objective->energy_slope_there = allocate_there(objective, slopes, sizeof(double));
  objective->energy_slope = q2_allocate(slopes, sizeof *objective->energy_slope);
  return objective->parameters_there && objective->energies_there && objective->energy_bars_there &&
                 objective->energy_slope_there && objective->energy_slope
             ? 0
             : -1;
}

/* The batches, here. The largest number of variables decides the sizes of matrix products, hence it is that of all ranks. */
static int build_batches(struct q2_objective *objective, const struct q2_plan *plan, struct q2_error *error) {
  const struct q2_objective_options *options = &objective->options;
  objective->batch = q2_allocate(2 * (int64_t)plan->bucket_count, sizeof *objective->batch);
  if (!objective->batch) return q2_fail(error, "out of memory for %d batches", plan->bucket_count);
  objective->batch_count = 2 * plan->bucket_count;
  Q2_TRY(q2_batches_build(objective->dataset, plan, options->match, &objective->energies, objective->batch, &objective->faded,
                          error));
  for (int b = 0; b < objective->batch_count; b++) {
    if (q2_batch_sums(&objective->batch[b], options->normal_count, options->normal_variable_of) != 0)
      return q2_fail(error, "out of memory for the sums over %lld molecules", (long long)objective->batch[b].molecules);
    if (options->precision_count == 1) round_geometry(&objective->batch[b], &q2_precision_modes[options->precision[0]]);
    objective->bytes += objective->batch[b].table_bytes;
  }
  return Q2_OK;
}

static void agree_on_variables(struct q2_objective *objective) {
  for (int b = 0; b < objective->batch_count; b++)
    MPI_Allreduce(MPI_IN_PLACE, &objective->batch[b].max_variables, 1, MPI_INT64_T, MPI_MAX, objective->comm);
}

/* Everything that lives there. */
static int build(struct q2_objective *objective, const struct q2_plan *plan, struct q2_error *error) {
  const struct q2_backend *backend = objective->backend;
  int64_t *slots = q2_allocate(objective->batch_count, sizeof *slots), most = 0;
  objective->placed = q2_allocate(objective->batch_count, sizeof *objective->placed);
  objective->state = q2_allocate(objective->batch_count, sizeof *objective->state);
  int failed = !slots || !objective->placed || !objective->state;
  for (int b = 0; b < objective->batch_count && !failed; b++) {
    failed = q2_batch_place(backend, &objective->batch[b], &objective->placed[b], &objective->bytes) != 0 ||
             make_state(objective, &objective->batch[b], &objective->state[b]) != 0;
  }
  failed =
      failed || make_shared(objective) != 0 || make_tasks(objective, plan, slots) != 0 || make_workers(objective, slots) != 0;
  for (int b = 0; slots && b < objective->batch_count; b++)
    most = slots[b] > most ? slots[b] : most;
  free(slots);
  if (!failed) return Q2_OK;
  return q2_fail(error,
                 "out of memory for the work space of %d %s, %lld molecules each; a smaller -wave or -memory needs less%s%s",
                 objective->worker_count, backend->queued ? "queues" : "threads", (long long)most,
                 backend->error(backend)[0] ? ": " : "", backend->error(backend));
}

/* Whether some molecule is relaxed, on any rank. */
static int anything_moves(const struct q2_objective *objective) {
  int moves = 0;
  for (int b = 0; b < objective->batch_count; b++)
    moves |= objective->batch[b].moving && objective->batch[b].molecules > 0;
  MPI_Allreduce(MPI_IN_PLACE, &moves, 1, MPI_INT, MPI_MAX, objective->comm);
  return moves;
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
    objective->backend = options->backend ? options->backend : &q2_backend_cpu;
    objective->options = *options;
    objective->worker_count = objective->backend->queued ? objective->backend->queues : options->threads;
    objective->parameter_count = dataset->parameters.count;
    status = check_observables(dataset, error);
    if (status == Q2_OK) status = mix(objective, error);
  }
  status = q2_agree(comm, status, error);
  if (status == Q2_OK && !options->sum) status = q2_rank_sum_create(comm, NULL, &objective->own_sum, error);
  if (status == Q2_OK) objective->sum = options->sum ? options->sum : objective->own_sum;
  if (status == Q2_OK) status = q2_energies_create(comm, dataset, &objective->energies, error);
  if (status == Q2_OK) status = q2_agree(comm, build_batches(objective, plan, error), error);
  if (status == Q2_OK) agree_on_variables(objective);
  if (status == Q2_OK) status = q2_agree(comm, build(objective, plan, error), error);
  if (status == Q2_OK) status = q2_energies_gather(comm, objective->batch, objective->batch_count, &objective->energies, error);
  if (status != Q2_OK) {
    q2_objective_destroy(objective);
    return Q2_FAILED;
  }
  objective->relaxes = anything_moves(objective);
  q2_count_residuals(objective);
  *result = objective;
  return Q2_OK;
}

void q2_objective_destroy(struct q2_objective *objective) {
  if (!objective) return;
  const struct q2_backend *backend = objective->backend;
  if (backend) backend->wait(backend); /* an objective may go before anything that was queued for it is done */
  for (int t = 0; objective->worker && t < objective->worker_count; t++)
    backend->wave_destroy(backend, &objective->worker[t].wave);
  for (int b = 0; b < objective->batch_count; b++) {
    if (objective->state) free_state(backend, &objective->state[b]);
    if (objective->placed) q2_batch_unplace(backend, &objective->placed[b]);
    q2_batch_free(&objective->batch[b]);
  }
  if (backend) {
    backend->release(backend, objective->parameters_there);
    backend->release(backend, objective->energies_there);
    backend->release(backend, objective->energy_bars_there);
    backend->release(backend, objective->energy_slope_there);
    backend->release(backend, objective->parts_there);
    backend->release(backend, objective->joined_there);
    backend->release_here(backend, objective->limbs);
  }
  q2_energies_free(&objective->energies);
  free(objective->energy_slope);
  free(objective->energy_limbs);
  free(objective->state);
  free(objective->placed);
  free(objective->worker);
  free(objective->batch);
  free(objective->task);
  q2_rank_sum_destroy(objective->own_sum);
  if (objective->backend == &objective->mixed) q2_mixed_destroy(&objective->mixed);
  free(objective);
}

void q2_objective_timings(struct q2_objective *objective, double *seconds, int reset) {
  memcpy(seconds, objective->seconds, sizeof objective->seconds);
  for (int t = 0; t < objective->worker_count; t++) {
    objective->backend->seconds(&objective->worker[t].wave, seconds, reset);
    for (int s = 0; s < Q2_STAGE_COUNT; s++)
      seconds[s] += objective->worker[t].seconds[s];
    if (reset) memset(objective->worker[t].seconds, 0, sizeof objective->worker[t].seconds);
  }
  if (reset) memset(objective->seconds, 0, sizeof objective->seconds);
}

int64_t q2_objective_bytes(const struct q2_objective *objective) { return objective->bytes; }

int64_t q2_objective_damped_torsions(const struct q2_objective *objective) { return objective->faded; }

int q2_objective_relaxes(const struct q2_objective *objective) { return objective->relaxes; }
