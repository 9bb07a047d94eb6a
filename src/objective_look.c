/* All that an evaluation makes of each molecule, for comparisons of one precision with another. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "objective_state.h"

static void copy(void *context, const struct q2_batch *batch, const struct q2_wave *wave) {
  struct q2_look *look = context;
  if (batch->moving) return;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot, local = batch->local_molecule[m], n = 3 * batch->atom_count[m];
    for (int64_t k = 0; k < batch->mode_count[m]; k++) {
      double *vector = look->vector + look->vector_offset[local] + k * n;
      look->wavenumber[look->mode_offset[local] + k] = wave->frequency[slot * batch->order + k];
      for (int64_t c = 0; c < n; c++)
        vector[c] = batch->has_modes ? wave->left[(slot * batch->order + k) * batch->ld + c] : NAN;
    }
    look->loss[local] = wave->loss[slot];
    for (int64_t p = 0; p < look->row_offset[local + 1] - look->row_offset[local]; p++) {
      look->row[look->row_offset[local] + p] = batch->parameter_row[batch->parameter_start[m] + p];
      look->gradient[look->row_offset[local] + p] = batch->has_residuals ? wave->gradient[slot * batch->max_parameters + p] : 0;
    }
  }
}

/* Sizes, as offsets. */
static void measure(const struct q2_objective *objective, struct q2_look *look) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    for (int64_t m = 0; !batch->moving && m < batch->molecules; m++) {
      const int64_t next = batch->local_molecule[m] + 1, n = 3 * batch->atom_count[m];
      look->mode_offset[next] = batch->mode_count[m];
      look->vector_offset[next] = n * batch->mode_count[m];
      look->row_offset[next] = batch->parameter_start[m + 1] - batch->parameter_start[m];
      look->hessian_offset[next] = n * n;
    }
  }
  int64_t *const offsets[] = {look->mode_offset, look->vector_offset, look->row_offset, look->hessian_offset};
  for (size_t k = 0; k < sizeof offsets / sizeof *offsets; k++) {
    for (int64_t m = 0; m < look->molecule_count; m++)
      offsets[k][m + 1] += offsets[k][m];
  }
}

static int allocate(const struct q2_objective *objective, struct q2_look *look, struct q2_error *error) {
  const int64_t count = objective->dataset->molecule_count;
  memset(look, 0, sizeof *look);
  look->molecule_count = count;
  look->mode_offset = q2_allocate(count + 1, sizeof(int64_t));
  look->vector_offset = q2_allocate(count + 1, sizeof(int64_t));
  look->row_offset = q2_allocate(count + 1, sizeof(int64_t));
  look->hessian_offset = q2_allocate(count + 1, sizeof(int64_t));
  if (look->mode_offset && look->vector_offset && look->row_offset && look->hessian_offset) {
    measure(objective, look);
    look->wavenumber = q2_allocate(look->mode_offset[count], sizeof(double));
    look->vector = q2_allocate(look->vector_offset[count], sizeof(double));
    look->loss = q2_allocate(count, sizeof(double));
    look->row = q2_allocate(look->row_offset[count], sizeof(int32_t));
    look->gradient = q2_allocate(look->row_offset[count], sizeof(double));
    look->hessian = q2_allocate(look->hessian_offset[count], sizeof(double));
  }
  if (look->wavenumber && look->vector && look->loss && look->row && look->gradient && look->hessian) return Q2_OK;
  return q2_fail(error, "out of memory to look at %lld molecules", (long long)count);
}

int q2_objective_look(struct q2_objective *objective, const double *parameters, struct q2_look *look, struct q2_error *error) {
  const struct q2_run run = {
      .depth = Q2_DEPTH_GRADIENT, .visit = copy, .see = Q2_SEE_RESULTS | Q2_SEE_MODES | Q2_SEE_GRADIENT, .context = look};
  int status = q2_agree(objective->comm, allocate(objective, look, error), error);
  if (status == Q2_OK) status = q2_find_pairs(objective, parameters, 0, error);
  if (status == Q2_OK) {
    q2_prepare_evaluation(objective, parameters, 0);
    q2_run_tasks(objective, parameters, &run);
    for (int64_t m = 0; m < look->molecule_count && status == Q2_OK; m++)
      status = q2_objective_hessian(objective, parameters, m, look->hessian + look->hessian_offset[m], error);
    if (status == Q2_OK && objective->backend->wait(objective->backend) != 0)
      status = q2_fail(error, "%s", objective->backend->error(objective->backend));
    status = q2_agree(objective->comm, status, error);
  }
  if (status != Q2_OK) q2_look_free(look);
  return status;
}

void q2_look_free(struct q2_look *look) {
  free(look->mode_offset);
  free(look->vector_offset);
  free(look->row_offset);
  free(look->hessian_offset);
  free(look->wavenumber);
  free(look->vector);
  free(look->loss);
  free(look->row);
  free(look->gradient);
  free(look->hessian);
  memset(look, 0, sizeof *look);
}
