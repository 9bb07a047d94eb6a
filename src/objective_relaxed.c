/* What an evaluation needs of all molecules before residuals can be found: where relaxations begin, energies that are compared,
 * and which molecules are set aside. */
#include <math.h>
#include <string.h>

#include "objective_state.h"

/* The first relaxations begin at the QM geometry, later ones at `start`: where those ended, or, once q2_objective_follow was
 * called, where its did. */
static void begin_relaxations(struct q2_objective *objective) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    struct relaxations *relaxations = &objective->relaxations[b];
    if (!batch->moving || batch->molecules == 0) continue;
    const size_t bytes = 3 * (size_t)batch->atom_start[batch->molecules] * sizeof *batch->position;
    memcpy(relaxations->position, objective->set_aside ? relaxations->start : batch->position, bytes);
  }
}

struct first_pass {
  struct q2_objective *objective;
  int first_time, with_slopes;
};

/* dE/dp of the wave's molecules into their rows of energy_slope; each molecule belongs to one task. */
static void find_slopes(struct q2_objective *objective, struct worker *worker, const struct q2_batch *batch) {
  struct q2_wave *wave = &worker->wave;
  wave->probe = Q2_PROBE_ENERGY;
  q2_differentiate_probe(objective->backend, batch, wave);
  wave->probe = Q2_PROBE_LOSS;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot;
    if (batch->energy_slot[m] < 0) continue;
    double *slope = objective->energy_slope + (int64_t)batch->energy_slot[m] * objective->parameter_count;
    for (int64_t p = batch->parameter_start[m]; p < batch->parameter_start[m + 1]; p++)
      slope[batch->parameter_row[p]] = wave->gradient_of_probe[slot * batch->max_parameters + p - batch->parameter_start[m]];
  }
}

static void take_energies(void *context, struct worker *worker, const struct q2_batch *batch) {
  const struct first_pass *pass = context;
  const struct q2_wave *wave = &worker->wave;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot;
    const int astray = batch->moving && wave->relaxation[m] != Q2_RELAX_MINIMUM;
    const int aside = batch->moving && (wave->set_aside[m] || (astray && pass->first_time));
    if (batch->energy_slot[m] >= 0)
      pass->objective->energies.energy[batch->energy_slot[m]] = aside ? INFINITY : astray ? NAN : wave->energy[slot];
  }
  if (pass->with_slopes && batch->has_energies) find_slopes(pass->objective, worker, batch);
}

/* Molecules that went astray are out from now on; the others' geometries are where later relaxations begin. */
static void set_aside(struct q2_objective *objective) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    struct relaxations *relaxations = &objective->relaxations[b];
    for (int64_t m = 0; batch->moving && m < batch->molecules; m++) {
      const int64_t first = 3 * batch->atom_start[m], count = 3 * batch->atom_start[m + 1] - first;
      relaxations->set_aside[m] = relaxations->status[m] != Q2_RELAX_MINIMUM;
      memcpy(relaxations->first + first, (relaxations->set_aside[m] ? batch->position : relaxations->position) + first,
             (size_t)count * sizeof *relaxations->first);
    }
  }
  objective->set_aside = 1;
  q2_objective_unfollow(objective);
}

void q2_prepare_evaluation(struct q2_objective *objective, const double *parameters, int with_slopes) {
  struct q2_energies *energies = &objective->energies;
  const int first_time = objective->relaxes && !objective->set_aside;
  struct first_pass pass = {objective, first_time, with_slopes && energies->count > 0};
  begin_relaxations(objective);
  if (energies->count == 0 && !first_time) return;
  memset(energies->energy, 0, (size_t)energies->count * sizeof *energies->energy);
  const size_t slopes = (size_t)energies->count * (size_t)objective->parameter_count;
  if (pass.with_slopes) memset(objective->energy_slope, 0, slopes * sizeof *objective->energy_slope);
  q2_run_tasks(objective, parameters, Q2_DEPTH_ENERGY, 0, take_energies, &pass);
  if (first_time) set_aside(objective);
  if (energies->count > 0) q2_energies_share(objective->comm, energies);
  if (first_time) q2_count_residuals(objective);
  if (pass.with_slopes) {
    for (int64_t k = 0; k < energies->count; k++) /* each row has one rank that found it: adding zeros is exact */
      MPI_Allreduce(MPI_IN_PLACE, objective->energy_slope + k * objective->parameter_count, objective->parameter_count,
                    MPI_DOUBLE, MPI_SUM, objective->comm);
  }
}

void q2_objective_follow(struct q2_objective *objective, const double *parameters) {
  if (!objective->relaxes || !objective->set_aside) return;
  begin_relaxations(objective);
  q2_run_tasks(objective, parameters, Q2_DEPTH_ENERGY, 0, NULL, NULL);
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    struct relaxations *relaxations = &objective->relaxations[b];
    for (int64_t m = 0; batch->moving && m < batch->molecules; m++) {
      const int64_t first = 3 * batch->atom_start[m], count = 3 * batch->atom_start[m + 1] - first;
      if (relaxations->status[m] == Q2_RELAX_MINIMUM && !relaxations->set_aside[m])
        memcpy(relaxations->start + first, relaxations->position + first, (size_t)count * sizeof *relaxations->start);
    }
  }
}

void q2_objective_unfollow(struct q2_objective *objective) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    if (batch->moving && batch->molecules > 0)
      memcpy(objective->relaxations[b].start, objective->relaxations[b].first,
             3 * (size_t)batch->atom_start[batch->molecules] * sizeof(double));
  }
}

void q2_objective_relaxations(const struct q2_objective *objective, int32_t *status, int32_t *set_aside) {
  for (int64_t m = 0; m < objective->dataset->molecule_count; m++) {
    status[m] = -1;
    set_aside[m] = 0;
  }
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    for (int64_t m = 0; batch->moving && m < batch->molecules; m++) {
      status[batch->local_molecule[m]] = objective->relaxations[b].status[m];
      set_aside[batch->local_molecule[m]] = objective->relaxations[b].set_aside[m];
    }
  }
}
