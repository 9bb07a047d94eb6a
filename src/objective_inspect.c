/* Looking inside an evaluation: vibrations, residuals, Hessians, energies and gradients of single molecules. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../kernels/stages.h"
#include "objective_state.h"

/* Waits for the backend, on all ranks. */
static int finish(const struct q2_objective *objective, struct q2_error *error) {
  const int status = objective->backend->wait(objective->backend) == 0
                         ? Q2_OK
                         : q2_fail(error, "%s", objective->backend->error(objective->backend));
  return q2_agree(objective->comm, status, error);
}

static void copy_vibrations(void *context, const struct q2_batch *batch, const struct q2_wave *wave) {
  struct q2_vibrations *out = context;
  if (batch->moving) return;
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
      const int row = partner >= 0 ? batch->mode_residual[rows + partner] : -1;
      if (row >= 0) out->weight[to + partner] = batch->residual[batch->residual_start[m] + row].weight;
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
      for (int64_t m = 0; !batch->moving && m < batch->molecules; m++)
        vibrations->offset[batch->local_molecule[m] + 1] = batch->mode_count[m];
    }
    for (int64_t m = 0; m < count; m++)
      vibrations->offset[m + 1] += vibrations->offset[m];
    const int64_t total = vibrations->offset[count];
    vibrations->reference = q2_allocate(total, sizeof(double));
    vibrations->calculated = q2_allocate(total, sizeof(double));
    vibrations->weight = q2_allocate(total, sizeof(double));
    if (!vibrations->reference || !vibrations->calculated || !vibrations->weight) {
      status = q2_fail(error, "out of memory for %lld vibrations", (long long)total);
    } else {
      for (int64_t k = 0; k < total; k++)
        vibrations->calculated[k] = NAN;
    }
  }
  status = q2_agree(objective->comm, status, error);
  if (status != Q2_OK) {
    q2_vibrations_free(vibrations);
    return Q2_FAILED;
  }
  const struct q2_run run = {
      .depth = Q2_DEPTH_FREQUENCIES, .visit = copy_vibrations, .see = Q2_SEE_RESULTS, .context = vibrations};
  q2_prepare_evaluation(objective, parameters, 0);
  q2_run_tasks(objective, parameters, &run);
  return finish(objective, error);
}

void q2_vibrations_free(struct q2_vibrations *vibrations) {
  free(vibrations->offset);
  free(vibrations->reference);
  free(vibrations->calculated);
  free(vibrations->weight);
  memset(vibrations, 0, sizeof *vibrations);
}

/* --- residuals --- */

struct copied {
  struct q2_residual_values *values;
  const int64_t *relaxed; /* [molecule_count] where residuals at the relaxed geometry begin among the molecule's rows */
};

static void copy_residuals(void *context, const struct q2_batch *batch, const struct q2_wave *wave) {
  const struct copied *out = context;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot, local = batch->local_molecule[m], first = batch->residual_start[m];
    const int64_t to = out->values->offset[local] + (batch->moving ? out->relaxed[local] : 0);
    const int counts = q2_counts(batch, wave, slot);
    for (int64_t r = 0; r < batch->residual_start[m + 1] - first; r++) {
      const double calculated = wave->calculated[slot * batch->max_residuals + r];
      out->values->residual[to + r] = batch->residual[first + r];
      out->values->calculated[to + r] = counts ? calculated : NAN;
    }
  }
}

/* Counts the rows; relaxed[m] becomes those at the QM geometry. */
static void count_rows(const struct q2_objective *objective, struct q2_residual_values *values, int64_t *relaxed) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    for (int64_t m = 0; m < batch->molecules; m++) {
      const int64_t rows = batch->residual_start[m + 1] - batch->residual_start[m];
      values->offset[batch->local_molecule[m] + 1] += rows;
      if (!batch->moving) relaxed[batch->local_molecule[m]] = rows;
    }
  }
  for (int64_t m = 0; m < values->molecule_count; m++)
    values->offset[m + 1] += values->offset[m];
}

int q2_objective_residuals(struct q2_objective *objective, const double *parameters, struct q2_residual_values *values,
                           struct q2_error *error) {
  const int64_t count = objective->dataset->molecule_count;
  memset(values, 0, sizeof *values);
  values->molecule_count = count;
  values->offset = q2_allocate(count + 1, sizeof *values->offset);
  int64_t *relaxed = q2_allocate(count, sizeof *relaxed);
  if (values->offset && relaxed) {
    count_rows(objective, values, relaxed);
    values->residual = q2_allocate(values->offset[count], sizeof *values->residual);
    values->calculated = q2_allocate(values->offset[count], sizeof *values->calculated);
  }
  int status = values->residual && values->calculated
                   ? Q2_OK
                   : q2_fail(error, "out of memory for the residuals of %lld molecules", (long long)count);
  status = q2_agree(objective->comm, status, error);
  if (status == Q2_OK) status = q2_find_pairs(objective, parameters, 0, error);
  if (status == Q2_OK) {
    struct copied copied = {values, relaxed};
    const struct q2_run run = {
        .depth = Q2_DEPTH_FREQUENCIES, .visit = copy_residuals, .see = Q2_SEE_RESULTS, .context = &copied};
    q2_prepare_evaluation(objective, parameters, 0);
    q2_run_tasks(objective, parameters, &run);
    status = finish(objective, error);
  } else {
    q2_residual_values_free(values);
  }
  free(relaxed);
  return status;
}

void q2_residual_values_free(struct q2_residual_values *values) {
  free(values->offset);
  free(values->residual);
  free(values->calculated);
  memset(values, 0, sizeof *values);
}

/* --- single molecules --- */

/* The fixed batch that holds a local molecule, and its place there; -1: none. */
static int find_molecule(const struct q2_objective *objective, int64_t molecule, int64_t *place, struct q2_error *error) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    for (int64_t m = 0; !batch->moving && m < batch->molecules; m++) {
      if (batch->local_molecule[m] != molecule) continue;
      *place = m;
      return b;
    }
  }
  q2_fail(error, "molecule %lld is not on this rank", (long long)molecule);
  return -1;
}

/* The parameters, where kernels read them. */
static void put_parameters(const struct q2_objective *objective, const double *parameters) {
  objective->backend->begin(objective->backend, objective->parameters_there, parameters,
                            objective->parameter_count * (int64_t)sizeof *parameters, NULL, 0);
}

int q2_objective_hessian(struct q2_objective *objective, const double *parameters, int64_t molecule, double *hessian,
                         struct q2_error *error) {
  const struct q2_backend *backend = objective->backend;
  int64_t m = 0;
  const int b = find_molecule(objective, molecule, &m, error);
  if (b < 0) return Q2_FAILED;
  const struct q2_batch *batch = &objective->batch[b];
  struct q2_wave *wave = &objective->worker[0].wave, seen;
  put_parameters(objective, parameters);
  q2_set_wave(objective, b, m, 1, wave);
  q2_evaluate_wave(backend, &objective->placed[b], wave, Q2_DEPTH_HESSIAN);
  if (backend->see(&objective->placed[b], wave, Q2_SEE_HESSIAN, &seen) != 0)
    return q2_fail(error, "%s", backend->error(backend));
  const int n = 3 * batch->atom_count[m];
  for (int row = 0; row < n; row++) {
    for (int column = 0; column < n; column++)
      hessian[(int64_t)row * n + column] = seen.hessian[(int64_t)column * batch->ld + row];
  }
  return Q2_OK;
}

/* Sums what the kernels left of the wave's one molecule. */
static void sum_parts(const struct q2_batch *batch, const struct q2_wave *wave, struct q2_energy_parts *parts) {
  const int64_t m = wave->first;
  memset(parts, 0, sizeof *parts);
  parts->total = wave->energy[0];
  for (int64_t t = batch->term_start[m]; t < batch->term_start[m + 1]; t++)
    parts->form[q2_form_plain(batch->term_form[t])] += wave->value[t - batch->term_start[m]];
  for (int i = 0; i < batch->atom_count[m]; i++) {
    for (int j = 0; j < i; j++) {
      struct q2_pair pair;
      if (!q2_interacts(batch, m, Q2_PAIR(i, j))) continue;
      q2_load_pair(batch, wave, 0, i, j, &pair);
      const double coulomb = wave->charge[i] * wave->charge[j] * pair.value_p[Q2_PAIR_PARAMETERS];
      parts->van_der_waals += pair.value - coulomb;
      parts->coulomb += coulomb;
    }
  }
}

/* A fixed batch may lack what a gradient needs, so the molecule's batch counts as a moving one here, whose geometry is measured
 * in the wave. */
int q2_objective_forces(const struct q2_objective *objective, const double *parameters, int64_t molecule,
                        struct q2_energy_parts *parts, double *gradient, struct q2_error *error) {
  const struct q2_backend *backend = objective->backend;
  int64_t m = 0, bytes = 0;
  const int64_t slots = 1;
  const int b = find_molecule(objective, molecule, &m, error);
  if (b < 0) return Q2_FAILED;
  struct q2_batch here = objective->batch[b], there = objective->placed[b];
  const struct q2_wave_request request = {.batches = &here, .slots = &slots, .batch_count = 1, .padded = backend->queued};
  struct q2_wave wave, seen;
  here.moving = there.moving = 1;
  if (backend->wave_create(backend, &request, &wave, &bytes) != 0)
    return q2_fail(error, "out of memory for the gradient of molecule %lld", (long long)molecule);
  put_parameters(objective, parameters);
  wave.first = m;
  wave.count = 1;
  wave.parameters = objective->parameters_there;
  backend->put(backend, wave.position, here.position + 3 * here.atom_start[m],
               3 * (int64_t)here.atom_count[m] * (int64_t)sizeof *wave.position);
  q2_evaluate_positions(backend, &there, &wave);
  const int failed = backend->see(&there, &wave, Q2_SEE_FORCES, &seen) != 0;
  if (!failed) {
    seen.parameters = parameters;
    sum_parts(&here, &seen, parts);
    for (int64_t i = 0; i < 3 * here.atom_count[m]; i++)
      gradient[i] = seen.gradient_at[i];
  }
  backend->wave_destroy(backend, &wave);
  return failed ? q2_fail(error, "%s", backend->error(backend)) : Q2_OK;
}
