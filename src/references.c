/* References of the frequency observable: QM vibrations, weights, and which eigenvalue pairs with which. */
#include <math.h>

#include "../io/constants.h"
#include "../io/memory.h"
#include "../kernels/stages.h"
#include "batch_parts.h"
#include "rigid.h"

static const struct q2_observable_table *frequency_table(const struct q2_dataset *dataset) {
  for (int t = 0; t < dataset->observable_table_count; t++) {
    if (strcmp(dataset->observables[t].kind, "frequency") == 0) return &dataset->observables[t];
  }
  return NULL;
}

/* The molecule's QM vibrations in cm-1, ascending; 0 when it has no Hessian, -1 on failure. */
static int qm_frequencies(const struct q2_dataset *dataset, const struct q2_batch *batch, int64_t molecule, int project,
                          double *frequency) {
  const int64_t first = dataset->atom_offset[molecule];
  const int atoms = (int)(dataset->atom_offset[molecule + 1] - first);
  if (dataset->hessian_offset[molecule + 1] == dataset->hessian_offset[molecule]) return 0;
  const int count = q2_qm_eigenvalues(atoms, dataset->mass + first, dataset->position + 3 * first,
                                      dataset->hessian + dataset->hessian_offset[molecule], project, frequency);
  q2_real slope;
  for (int k = 0; k < count; k++)
    frequency[k] = q2_wavenumber(batch->wavenumber, frequency[k], &slope);
  return count;
}

/* Sets the weight of each reference from the rows of the frequency table; where a row brings its own value, that is the
 * reference. */
static int apply_rows(const struct q2_dataset *dataset, const struct q2_observable_table *table, int64_t molecule, int modes,
                      int known, double *reference, double *weight, double *counted, struct q2_error *error) {
  const char *name = dataset->name[molecule].text;
  for (int64_t row = table->offset[molecule]; row < table->offset[molecule + 1]; row++) {
    const int index = table->index[row];
    if (index < -1 || index >= modes) {
      return q2_fail(error,
                     "%s: /observables/frequency/index: molecule %s has %d vibrations, found index %d (expected -1 to %d)",
                     dataset->path, name, modes, index, modes - 1);
    }
    if (index == -1 && table->has_value) {
      return q2_fail(
          error,
          "%s: /observables/frequency: molecule %s: index -1 (all vibrations) takes its values from the Hessian, but the "
          "dataset value is there",
          dataset->path, name);
    }
    if (!table->has_value && known == 0 && modes > 0) {
      return q2_fail(error, "%s: /observables/frequency: molecule %s has neither values nor a Hessian to derive them from",
                     dataset->path, name);
    }
    for (int k = index < 0 ? 0 : index; k < (index < 0 ? modes : index + 1); k++) {
      if (index < 0 && !(reference[k] > table->minimum)) continue;
      if (weight[k] != 0) {
        return q2_fail(error, "%s: /observables/frequency: vibration %d of molecule %s is observed twice", dataset->path, k,
                       name);
      }
      if (table->has_value) {
        reference[k] = table->value[row];
        counted[k] = 1;
      }
      weight[k] = table->weight[row];
    }
  }
  return Q2_OK;
}

int q2_build_references(const struct q2_dataset *dataset, struct q2_batch *batch, int64_t slot, enum q2_match match,
                        struct q2_error *error) {
  const int64_t molecule = batch->local_molecule[slot], rows = slot * batch->order;
  const int modes = batch->mode_count[slot];
  double *reference = batch->reference + rows, *weight = batch->weight + rows, *counted = batch->counted + rows;
  int32_t *partner = batch->mode_reference + rows;
  const struct q2_observable_table *table = frequency_table(dataset);
  const int known = modes > 0 ? qm_frequencies(dataset, batch, molecule, match == Q2_MATCH_POSITION, reference) : 0;
  if (known < 0) {
    return q2_fail(error, "%s: /hessian: molecule %s: LAPACK cannot diagonalise it", dataset->path,
                   dataset->name[molecule].text);
  }
  for (int k = 0; k < known; k++)
    counted[k] = 1;
  if (table && apply_rows(dataset, table, molecule, modes, known, reference, weight, counted, error) != Q2_OK) return Q2_FAILED;
  for (int k = 0; k < batch->order; k++)
    partner[k] = match == Q2_MATCH_POSITION && k < modes && counted[k] != 0 ? k : -1;
  return Q2_OK;
}
