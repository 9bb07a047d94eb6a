/* Running all of a rank's waves: over its threads, or into a device's queues. */
#include <omp.h>
#include <string.h>

#include "objective_state.h"

void q2_set_wave(const struct q2_objective *objective, int batch, int64_t first, int64_t count, struct q2_wave *wave) {
  const struct batch_state *state = &objective->state[batch];
  wave->first = first;
  wave->count = count;
  wave->probe = Q2_PROBE_LOSS;
  wave->parameters = objective->parameters_there;
  wave->energies = objective->energies_there;
  wave->energy_bars = objective->energy_bars_there;
  wave->energy_slope = objective->energy_slope_there;
  wave->relax_start = state->start_there;
  wave->relaxed = state->relaxed_there;
  wave->relaxation = state->status_there;
  wave->set_aside = state->set_aside_there;
  wave->outcome = state->outcome_there;
}

/* The wave as a visitor can read it: what the host has itself comes from here. */
static void visit(struct q2_objective *objective, const struct wave_task *task, const struct q2_run *run,
                  const struct q2_wave *wave) {
  const struct batch_state *state = &objective->state[task->batch];
  struct q2_wave seen;
  if (objective->backend->see(&objective->placed[task->batch], wave, run->see, &seen) != 0) return; /* told when waited for */
  if (objective->batch[task->batch].moving) {
    const int64_t bytes = objective->batch[task->batch].molecules * (int64_t)sizeof *state->status;
    if (objective->backend->queued) objective->backend->get(objective->backend, state->status, state->status_there, bytes);
    seen.relaxation = objective->backend->queued ? state->status : state->status_there;
    seen.set_aside = state->set_aside;
  }
  run->visit(run->context, &objective->batch[task->batch], &seen);
}

/* The energies that are compared, and their derivatives, of the wave's molecules. */
static void take_energies(const struct q2_objective *objective, const struct q2_run *run, const struct q2_batch *batch,
                          struct q2_wave *wave) {
  const struct q2_backend *backend = objective->backend;
  backend->run(Q2_KERNEL_TAKE_ENERGY, batch, wave);
  if (!run->slopes) return;
  wave->probe = Q2_PROBE_ENERGY;
  q2_differentiate_probe(backend, batch, wave);
  wave->probe = Q2_PROBE_LOSS;
  backend->run(Q2_KERNEL_TAKE_SLOPE, batch, wave);
}

static void give_work(struct q2_objective *objective, struct worker *worker, const struct q2_run *run,
                      const struct q2_batch *batch) {
  const struct q2_backend *backend = objective->backend;
  struct q2_wave *wave = &worker->wave;
  const int gradient = run->depth == Q2_DEPTH_GRADIENT && batch->has_residuals, normal = run->normal && gradient;
  q2_evaluate_wave(backend, batch, wave, run->depth == Q2_DEPTH_GRADIENT && !gradient ? Q2_DEPTH_FREQUENCIES : run->depth);
  if (run->depth == Q2_DEPTH_ENERGY) {
    if (batch->has_energies) take_energies(objective, run, batch, wave);
    return;
  }
  double since = q2_now();
  if (normal) q2_evaluate_normal(backend, batch, wave);
  worker->seconds[Q2_STAGE_PARAMETERS] += q2_now() - since;
  since = q2_now();
  wave->collects_gradient = gradient;
  wave->collects_normal = normal;
  if (run->depth >= Q2_DEPTH_FREQUENCIES) backend->collect(batch, wave, gradient, normal);
  worker->seconds[Q2_STAGE_REDUCE] += q2_now() - since;
}

static void run_task(struct q2_objective *objective, struct worker *worker, int64_t t, const struct q2_run *run) {
  const struct wave_task *task = &objective->task[t];
  const struct q2_batch *batch = &objective->placed[task->batch];
  const struct batch_state *state = &objective->state[task->batch];
  struct q2_wave *wave = &worker->wave;
  if (run->depth == Q2_DEPTH_ENERGY && !batch->moving && !batch->has_energies) return;
  q2_set_wave(objective, task->batch, task->first, task->count, wave);
  wave->setting_aside = run->setting_aside;
  wave->retry = run->retry ? state->retry : NULL;
  const int once = run->visit || run->setting_aside || run->retry;
  const int64_t program = once ? -1 : ((t * (Q2_DEPTH_GRADIENT + 1) + run->depth) * 2 + run->normal) * 2 + run->slopes;
  if (!objective->backend->replay(wave, program)) {
    give_work(objective, worker, run, batch);
    objective->backend->recorded(wave);
  }
  if (run->visit) visit(objective, task, run, wave);
}

void q2_run_tasks(struct q2_objective *objective, const double *parameters, const struct q2_run *run) {
  const struct q2_backend *backend = objective->backend;
  const int64_t sums = run->depth < Q2_DEPTH_FREQUENCIES ? 0
                       : run->normal                     ? objective->sums
                                                         : Q2_SUM_GRADIENT + objective->parameter_count;
  backend->begin(backend, objective->parameters_there, parameters, objective->parameter_count * (int64_t)sizeof *parameters,
                 objective->parts_there,
                 sums > 0 ? objective->worker_count * backend->segments * objective->sums * Q2_LIMBS * (int64_t)sizeof(int64_t)
                          : 0);
  if (backend->queued) {
    for (int64_t t = 0; t < objective->task_count; t++)
      run_task(objective, &objective->worker[t % objective->worker_count], t, run);
    return;
  }
#pragma omp parallel for schedule(dynamic) num_threads(objective->worker_count)
  for (int64_t t = 0; t < objective->task_count; t++)
    run_task(objective, &objective->worker[omp_get_thread_num()], t, run);
}
