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
      const int64_t size = wave_size(objective, batch, plan->bucket[b % plan->bucket_count].chunk_size);
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

/* Room for some rows of the Jacobians of a wave, and each molecule's J'J. */
static int make_normal(struct q2_objective *objective, struct worker *worker, int64_t slots) {
  int64_t parameters = 0;
  objective->jacobian_rows = Q2_JACOBIAN_ROWS;
  for (int b = 0; b < objective->batch_count; b++) {
    if (objective->batch[b].max_parameters > parameters) parameters = objective->batch[b].max_parameters;
    if (objective->batch[b].order > objective->jacobian_rows) objective->jacobian_rows = objective->batch[b].order;
  }
  const int64_t jacobian = slots * objective->jacobian_rows * parameters, square = slots * parameters * parameters;
  worker->jacobian = q2_allocate(jacobian, sizeof *worker->jacobian);
  worker->square = q2_allocate(square, sizeof *worker->square);
  worker->rows = q2_allocate(slots, sizeof *worker->rows);
  objective->bytes += (jacobian + square) * (int64_t)sizeof(double);
  return worker->jacobian && worker->square && worker->rows ? 0 : -1;
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
  int64_t counts[4] = {0, 0, 0, 0};
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    for (int64_t m = 0; m < batch->molecules; m++) {
      const int validation = batch->validation[m];
      const int aside = batch->moving && objective->relaxations[b].set_aside[m];
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

/* Room for what relaxations leave behind. */
static int make_relaxations(struct q2_objective *objective) {
  objective->relaxations = q2_allocate(objective->batch_count, sizeof *objective->relaxations);
  if (!objective->relaxations) return -1;
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    struct relaxations *relaxations = &objective->relaxations[b];
    if (!batch->moving) continue;
    const int64_t coordinates = 3 * batch->atom_start[batch->molecules];
    relaxations->position = q2_allocate(coordinates, sizeof *relaxations->position);
    relaxations->first = q2_allocate(coordinates, sizeof *relaxations->first);
    relaxations->start = q2_allocate(coordinates, sizeof *relaxations->start);
    relaxations->status = q2_allocate(batch->molecules, sizeof *relaxations->status);
    relaxations->set_aside = q2_allocate(batch->molecules, sizeof *relaxations->set_aside);
    if (!relaxations->position || !relaxations->first || !relaxations->start || !relaxations->status || !relaxations->set_aside)
      return -1;
    objective->bytes += 3 * coordinates * (int64_t)sizeof(double);
  }
  return 0;
}

static int build(struct q2_objective *objective, const struct q2_plan *plan, struct q2_error *error) {
  int64_t slots = 0;
  objective->batch = q2_allocate(2 * (int64_t)plan->bucket_count, sizeof *objective->batch);
  if (!objective->batch) return q2_fail(error, "out of memory for %d batches", plan->bucket_count);
  objective->batch_count = 2 * plan->bucket_count;
  Q2_TRY(q2_batches_build(objective->dataset, plan, objective->options.match, &objective->energies, objective->batch,
                          &objective->faded, error));
  for (int b = 0; b < objective->batch_count; b++)
    objective->bytes += objective->batch[b].table_bytes;
  const int64_t slopes = objective->options.normal_count > 0 ? objective->energies.count * objective->parameter_count : 0;
  objective->energy_slope = q2_allocate(slopes, sizeof *objective->energy_slope);
  if (!objective->energy_slope || make_relaxations(objective) != 0 || make_tasks(objective, plan, &slots) != 0 ||
      make_workers(objective, slots) != 0) {
    return q2_fail(error,
                   "out of memory for the work space of %d threads, %lld molecules each; a smaller -wave or -memory needs less",
                   objective->options.threads, (long long)slots);
  }
  return Q2_OK;
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
    objective->backend = &q2_backend_cpu;
    objective->options = *options;
    objective->parameter_count = dataset->parameters.count;
    status = check_observables(dataset, error);
  }
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) status = q2_energies_create(comm, dataset, &objective->energies, error);
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
  for (int t = 0; objective->worker && t < objective->options.threads; t++) {
    objective->backend->wave_destroy(&objective->worker[t].wave);
    free(objective->worker[t].limbs);
    free(objective->worker[t].jacobian);
    free(objective->worker[t].square);
    free(objective->worker[t].rows);
  }
  for (int b = 0; objective->relaxations && b < objective->batch_count; b++) {
    free(objective->relaxations[b].position);
    free(objective->relaxations[b].first);
    free(objective->relaxations[b].start);
    free(objective->relaxations[b].status);
    free(objective->relaxations[b].set_aside);
  }
  for (int b = 0; b < objective->batch_count; b++)
    q2_batch_free(&objective->batch[b]);
  q2_energies_free(&objective->energies);
  free(objective->relaxations);
  free(objective->energy_slope);
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

int q2_objective_relaxes(const struct q2_objective *objective) { return objective->relaxes; }
