/* References of the frequency observable, as the batch has them: QM vibrations, weights, and which eigenvalue pairs with which.
 */
#include "batch_parts.h"
#include "residuals.h"

int q2_build_references(const struct q2_dataset *dataset, struct q2_batch *batch, int64_t slot, enum q2_match match,
                        struct q2_error *error) {
  const int64_t rows = slot * batch->order;
  double *reference = batch->reference + rows, *weight = batch->weight + rows, *counted = batch->counted + rows;
  int32_t *partner = batch->mode_reference + rows;
  struct q2_reference found;
  const int status = q2_reference_make(dataset, batch->local_molecule[slot], 0, match == Q2_MATCH_POSITION, 0, &found, error);
  for (int k = 0; status == Q2_OK && k < batch->order; k++) {
    const int there = k < found.vibration_count && found.known[k] != 0;
    reference[k] = there ? found.vibration[k] : 0;
    counted[k] = there;
    partner[k] = match == Q2_MATCH_POSITION && there ? k : -1;
  }
  for (int64_t k = 0; status == Q2_OK && k < found.residual_count; k++)
    if (found.residual[k].observable == Q2_OBSERVABLE_FREQUENCY) weight[found.residual[k].index[0]] = found.residual[k].weight;
  q2_reference_free(&found);
  return status;
}
