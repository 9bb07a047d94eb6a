/* What keeps centres planar: out-of-plane bends; impropers are in assign_impropers.c. */
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "assign_parts.h"

/* A bend of each ligand of a centre with three (Tinker's kopbend). */
static int assign_out_of_plane(struct q2_assigner *a, struct q2_row_set *set, int centre) {
  const int32_t *ligand = a->topology->neighbour + a->topology->start[centre];
  if (a->topology->start[centre + 1] - a->topology->start[centre] != 3) return Q2_OK;
  for (int bends = 2; bends >= 0; bends--) {
    const int atoms[4] = {ligand[bends == 0 ? 1 : 0], centre, ligand[bends == 2 ? 1 : 2], ligand[bends]};
    const struct q2_type_row *row;
    Q2_TRY(q2_assign_find(a, set, atoms, &row));
    Q2_TRY(q2_assign_note(a, "out-of-plane", row, atoms, 4, ""));
    if (row) Q2_TRY(q2_assign_series(a, row, atoms, 1, NULL, 0, NULL));
  }
  return Q2_OK;
}

int q2_assign_planar(struct q2_assigner *a) {
  for (int centre = 0; centre < a->record->atom_count; centre++)
    for (int s = 0; s < a->set_count; s++)
      if (a->set[s].family == Q2_ROWS_OF_IMPROPERS)
        Q2_TRY(q2_assign_impropers(a, &a->set[s], centre));
      else if (a->set[s].family == Q2_ROWS_OF_OUT_OF_PLANE)
        Q2_TRY(assign_out_of_plane(a, &a->set[s], centre));
  return Q2_OK;
}
