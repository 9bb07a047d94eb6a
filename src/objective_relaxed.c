/* What an evaluation needs of all molecules before residuals can be found: where relaxations begin, energies that are compared,
 * and which molecules are set aside. */
#include <string.h>

#include "objective_state.h"

void q2_fetch_relaxations(const struct q2_objective *objective) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct batch_state *state = &objective->state[b];
    const int64_t bytes = objective->batch[b].molecules * (int64_t)sizeof *state->status;
    if (objective->batch[b].moving && bytes > 0)
      objective->backend->get(objective->backend, state->status, state->status_there, bytes);
  }
}

/* Molecules that went astray are out from now on; the others' geometries are where later relaxations begin. */
static void set_aside(struct q2_objective *objective) {
  const struct q2_backend *backend = objective->backend;
  q2_fetch_relaxations(objective);
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    struct batch_state *state = &objective->state[b];
    if (!batch->moving || batch->molecules == 0) continue;
    backend->get(backend, state->first, state->relaxed_there,
                 3 * batch->atom_start[batch->molecules] * (int64_t)sizeof *state->first);
    for (int64_t m = 0; m < batch->molecules; m++) {
      const int64_t first = 3 * batch->atom_start[m], count = 3 * batch->atom_start[m + 1] - first;
      state->set_aside[m] = state->status[m] != Q2_RELAX_MINIMUM;
      if (state->set_aside[m]) memcpy(state->first + first, batch->position + first, (size_t)count * sizeof *state->first);
    }
    backend->put(backend, state->set_aside_there, state->set_aside, batch->molecules * (int64_t)sizeof *state->set_aside);
  }
  objective->set_aside = 1;
  q2_objective_unfollow(objective);
}

/* Reads the energies, sums over ranks, and hands their cotangents back. */
static void share_energies(struct q2_objective *objective, int with_slopes) {
  const struct q2_backend *backend = objective->backend;
  struct q2_energies *energies = &objective->energies;
  const int64_t count = objective->parameter_count, bytes = energies->count * (int64_t)sizeof *energies->energy;
  backend->get(backend, energies->energy, objective->energies_there, bytes);
  q2_energies_share(objective->comm, energies);
  backend->put(backend, objective->energies_there, energies->energy, bytes);
  backend->put(backend, objective->energy_bars_there, energies->bar, bytes);
  if (!with_slopes) return;
  backend->get(backend, objective->energy_slope, objective->energy_slope_there, count * bytes);
  for (int64_t k = 0; k < energies->count; k++) /* each row has one rank that found it: adding zeros is exact */
    MPI_Allreduce(MPI_IN_PLACE, objective->energy_slope + k * count, (int)count, MPI_DOUBLE, MPI_SUM, objective->comm);
}

void q2_prepare_evaluation(struct q2_objective *objective, const double *parameters, int with_slopes) {
  const struct q2_backend *backend = objective->backend;
  struct q2_energies *energies = &objective->energies;
  const int first_time = objective->relaxes && !objective->set_aside;
  const struct q2_run run = {
      .depth = Q2_DEPTH_ENERGY, .slopes = with_slopes && energies->count > 0, .setting_aside = first_time};
  const int64_t bytes = energies->count * (int64_t)sizeof *energies->energy;
  if (energies->count == 0 && !first_time) return;
  memset(energies->energy, 0, (size_t)bytes); /* other ranks' */
  backend->put(backend, objective->energies_there, energies->energy, bytes);
  if (run.slopes) {
    memset(objective->energy_slope, 0, (size_t)(objective->parameter_count * bytes));
    backend->put(backend, objective->energy_slope_there, objective->energy_slope, objective->parameter_count * bytes);
  }
  q2_run_tasks(objective, parameters, &run);
  if (first_time) set_aside(objective);
  if (energies->count > 0) share_energies(objective, run.slopes);
  if (first_time) q2_count_residuals(objective);
}

void q2_objective_follow(struct q2_objective *objective, const double *parameters) {
  const struct q2_backend *backend = objective->backend;
  const struct q2_run run = {.depth = Q2_DEPTH_ENERGY};
  if (!objective->relaxes || !objective->set_aside) return;
  q2_run_tasks(objective, parameters, &run);
  backend->wait(backend);
  for (int b = 0; b < objective->batch_count; b++) {
    struct q2_wave *wave = &objective->worker[0].wave;
    if (!objective->batch[b].moving || objective->batch[b].molecules == 0) continue;
    q2_set_wave(objective, b, 0, objective->batch[b].molecules, wave);
    backend->run(Q2_KERNEL_FOLLOW, &objective->placed[b], wave);
  }
  backend->wait(backend);
}

void q2_objective_unfollow(struct q2_objective *objective) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    const struct batch_state *state = &objective->state[b];
    if (batch->moving && batch->molecules > 0 && objective->set_aside)
      objective->backend->put(objective->backend, state->start_there, state->first,
                              3 * batch->atom_start[batch->molecules] * (int64_t)sizeof *state->first);
  }
}

void q2_objective_relaxations(const struct q2_objective *objective, int32_t *status, int32_t *set_aside) {
  for (int64_t m = 0; m < objective->dataset->molecule_count; m++) {
    status[m] = -1;
    set_aside[m] = 0;
  }
  q2_fetch_relaxations(objective);
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    for (int64_t m = 0; batch->moving && m < batch->molecules; m++) {
      status[batch->local_molecule[m]] = objective->state[b].status[m];
      set_aside[batch->local_molecule[m]] = objective->state[b].set_aside[m];
    }
  }
}
