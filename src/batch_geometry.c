/* The tables of a fixed batch that depend on the QM geometry, by the same bodies that kernels run on a geometry that moves. */
#include "../io/memory.h"
#include "../kernels/stages.h"
#include "batch_parts.h"

int q2_build_geometry(struct q2_batch *batch) {
  const int64_t count = batch->molecules, terms = batch->term_start[count];
  if (Q2_ALLOCATE_TABLE(batch, term_coordinate, Q2_MAX_COORDINATES * terms) != 0 ||
      Q2_ALLOCATE_TABLE(batch, term_slope, batch->has_slopes ? Q2_SLOPE_REALS * terms : 0) != 0 ||
      Q2_ALLOCATE_TABLE(batch, entry, Q2_ENTRY_REALS * batch->entry_start[count]) != 0 ||
      Q2_ALLOCATE_TABLE(batch, pair_geometry, 4 * batch->pair_start[count]) != 0) {
    return -1;
  }
  for (int64_t m = 0; m < count; m++) {
    const double *position = batch->position + 3 * batch->atom_start[m];
    for (int64_t t = 0; t < batch->term_start[m + 1] - batch->term_start[m]; t++) {
      q2_measure_term(batch, m, t, q2_form_coordinates(batch->term_form[batch->term_start[m] + t]), position,
                      batch->term_coordinate + Q2_MAX_COORDINATES * batch->term_start[m],
                      batch->has_slopes ? batch->term_slope + Q2_SLOPE_REALS * batch->term_start[m] : NULL,
                      batch->entry + Q2_ENTRY_REALS * batch->entry_start[m]);
    }
    for (int i = 0; batch->has_nonbonded && i < batch->atom_count[m]; i++) {
      for (int j = 0; j < i; j++)
        q2_measure_pair(batch, m, position, i, j, batch->pair_geometry + 4 * (batch->pair_start[m] + Q2_PAIR(i, j)));
    }
  }
  return 0;
}
