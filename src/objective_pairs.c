/* Rules that pair calculated with QM vibrations by what the parameters make of them: q2mm's, and by overlap. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "assignment.h"
#include "objective_state.h"

/* q2mm's rule: the k-th QM value above 50 cm-1 pairs with the k-th calculated value that is above 50 cm-1 now. */
static void pair_as_q2mm(void *context, const struct q2_batch *batch, const struct q2_wave *wave) {
  const double threshold = 50;
  (void)context;
  if (batch->moving) return;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t rows = (wave->first + slot) * batch->order;
    const int modes = batch->mode_count[wave->first + slot];
    int reference = -1;
    for (int k = 0; k < modes; k++) {
      if (!(wave->frequency[slot * batch->order + k] > threshold)) continue;
      do
        reference++;
      while (reference < modes && !(batch->reference[rows + reference] > threshold));
      if (reference >= modes) break;
      batch->mode_reference[rows + k] = reference; /* each molecule belongs to one task, so no other thread writes here */
    }
  }
}

/* Pairs one molecule's vibrations so that the sum of squared overlaps is largest. With U = M^-1/2 V, the overlap of V's columns
 * with the QM modes N is U' (M^1/2 N); the batch holds M^1/2 N. */
static int pair_molecule(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  const int64_t m = wave->first + slot;
  const int modes = batch->mode_count[m], n = 3 * batch->atom_count[m];
  const double *normal = batch->normal_mode + m * batch->ld * batch->order;
  if (modes == 0 || cblas_dnrm2(n, normal, 1) == 0) return 0; /* without a QM Hessian: by position, as before */
  double *cost = q2_allocate((int64_t)modes * modes, sizeof *cost);
  int *column = q2_allocate(modes, sizeof *column);
  const int ok = cost && column;
  if (ok) { /* column-major: row k calculated, column j QM */
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, modes, modes, n, 1, wave->left + slot * batch->ld * batch->order,
                batch->ld, normal, batch->ld, 0, cost, modes);
    for (int64_t k = 0; k < (int64_t)modes * modes; k++)
      cost[k] = -cost[k] * cost[k];
  }
  /* rows of `cost` as the assignment reads it are QM modes */
  const int found = ok && q2_assign(modes, cost, column) == 0;
  for (int j = 0; found && j < modes; j++)
    batch->mode_reference[m * batch->order + column[j]] = batch->counted[m * batch->order + j] != 0 ? j : -1;
  free(cost);
  free(column);
  return found ? 0 : -1;
}

static void pair_by_overlap(void *context, const struct q2_batch *batch, const struct q2_wave *wave) {
  int *failed = context;
  if (batch->moving || !batch->has_modes) return;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    if (wave->failed[slot] || pair_molecule(batch, wave, slot) == 0) continue;
#pragma omp atomic write
    *failed = 1;
  }
}

/* Hands the pairs found here to the backend. */
static void place_pairs(struct q2_objective *objective) {
  for (int b = 0; b < objective->batch_count; b++) {
    const struct q2_batch *batch = &objective->batch[b];
    objective->backend->put(objective->backend, objective->placed[b].mode_reference, batch->mode_reference,
                            batch->molecules * batch->order * (int64_t)sizeof *batch->mode_reference);
  }
}

int q2_find_pairs(struct q2_objective *objective, const double *parameters, int again, struct q2_error *error) {
  int failed = 0;
  struct q2_run run = {.depth = Q2_DEPTH_FREQUENCIES, .visit = pair_as_q2mm, .see = Q2_SEE_RESULTS, .context = &failed};
  if (objective->options.match == Q2_MATCH_POSITION || (objective->paired && !again)) return Q2_OK;
  if (objective->options.match == Q2_MATCH_OVERLAP) {
    run.depth = Q2_DEPTH_GRADIENT;
    run.visit = pair_by_overlap;
    run.see = Q2_SEE_RESULTS | Q2_SEE_MODES;
    q2_prepare_evaluation(objective, parameters, 0);
  }
  if (!objective->paired || objective->options.match == Q2_MATCH_OVERLAP) {
    q2_run_tasks(objective, parameters, &run);
    place_pairs(objective);
  }
  const int status = failed ? q2_fail(error, "out of memory for the overlaps of a molecule's vibrations") : Q2_OK;
  Q2_TRY(q2_agree(objective->comm, status, error));
  q2_count_residuals(objective);
  objective->paired = 1;
  return Q2_OK;
}

/* Calls with each batch's pairs and their copy in `old`: copies them, or counts those that differ. */
static int64_t compare_pairs(const struct q2_objective *objective, int32_t *old, int copy) {
  int64_t changed = 0;
  for (int b = 0; b < objective->batch_count; b++) {
    const int64_t rows = objective->batch[b].molecules * objective->batch[b].order;
    const int32_t *pairs = objective->batch[b].mode_reference;
    if (copy && rows > 0) memcpy(old, pairs, (size_t)rows * sizeof *old);
    for (int64_t k = 0; k < rows; k++)
      changed += old[k] != pairs[k];
    old += rows;
  }
  return changed;
}

int q2_objective_assign(struct q2_objective *objective, const double *parameters, int64_t *changed, struct q2_error *error) {
  int64_t rows = 0;
  *changed = 0;
  if (objective->options.match != Q2_MATCH_OVERLAP) return Q2_OK;
  for (int b = 0; b < objective->batch_count; b++)
    rows += objective->batch[b].molecules * objective->batch[b].order;
  int32_t *old = q2_allocate_everywhere(objective->comm, rows, sizeof *old, "pairs of vibrations", error);
  if (!old) return Q2_FAILED;
  compare_pairs(objective, old, 1);
  const int status = q2_find_pairs(objective, parameters, 1, error);
  *changed = compare_pairs(objective, old, 0);
  MPI_Allreduce(MPI_IN_PLACE, changed, 1, MPI_INT64_T, MPI_SUM, objective->comm);
  free(old);
  return status;
}
