/* Finds the row of an interaction by MacroModel's rules (docs/mm3star.md, How a row is found): the last row that fits among
 * those of substructures, else the first of the main block. */
#include <stdlib.h>

#include "assign_mm3star_parts.h"

/* The interaction that a row is held against. */
struct interaction {
  const struct q2_mm3star_view *view;
  const struct q2_mm3star_row *row;
  const int *atoms;
  const int32_t *placed; /* [placed_count] atoms of the substructure's placement; NULL: the row is of the main block */
  int placed_count;
};

static int is_one_of(const int *atoms, int count, int atom) {
  for (int k = 0; k < count; k++)
    if (atoms[k] == atom) return 1;
  return 0;
}

static int is_placed(const struct interaction *it, int atom) {
  for (int k = 0; k < it->placed_count; k++)
    if (it->placed[k] == atom) return 1;
  return 0;
}

/* Types in a row of a substructure mean atoms off the substructure; wildcards mean any. */
static int type_fits(const struct interaction *it, int label, int atom) {
  const struct q2_mm3star_label *wanted = it->view->field->label + label;
  if (!q2_mm3star_atom_fits(it->view, label, atom)) return 0;
  return wanted->any || wanted->element_wildcard || !is_placed(it, atom);
}

/* Whether the atoms wanted[from ... count - 1] (labels; -1: nothing) can be found, each another one, among the neighbours of
 * `atom` that are not in the interaction. `alpha`: then each must have its beta atoms. */
static int neighbours_fit(const struct interaction *it, int atom, const int *wanted, int from, int count,
                          const struct q2_mm3star_condition *alpha, int *chosen) {
  while (from < count && wanted[from] < 0)
    chosen[from++] = -1;
  if (from == count) return 1;
  const struct q2_topology *topology = it->view->topology;
  for (int32_t k = topology->start[atom]; k < topology->start[atom + 1]; k++) {
    const int candidate = it->view->neighbour[k];
    int beta[Q2_MM3STAR_BETAS];
    if (is_one_of(it->atoms, it->row->atom_count, candidate) || is_one_of(chosen, from, candidate) ||
        !type_fits(it, wanted[from], candidate))
      continue;
    if (alpha && !neighbours_fit(it, candidate, alpha->beta[from], 0, Q2_MM3STAR_BETAS, NULL, beta)) continue;
    chosen[from] = candidate;
    if (neighbours_fit(it, atom, wanted, from + 1, count, alpha, chosen)) return 1;
  }
  return 0;
}

static int conditions_fit(const struct interaction *it) {
  for (int k = 0; k < it->row->atom_count; k++) {
    const struct q2_mm3star_condition *condition = it->row->condition + k;
    int chosen[Q2_MM3STAR_ALPHAS];
    if (!neighbours_fit(it, it->atoms[k], condition->alpha, 0, Q2_MM3STAR_ALPHAS, condition, chosen)) return 0;
  }
  return 1;
}

static int bonds_fit(const struct interaction *it) {
  const int from_centre = it->row->kind == Q2_MM3STAR_OUT_OF_PLANE;
  for (int k = 0; k + 1 < it->row->atom_count; k++) {
    if (it->row->kind == Q2_MM3STAR_VAN_DER_WAALS) continue;
    const char found = q2_mm3star_bond_order(it->view, it->atoms[from_centre ? 0 : k], it->atoms[k + 1]);
    if (!q2_mm3star_order_fits(it->row->bond[k], found)) return 0;
  }
  return 1;
}

static int placement_fits(struct interaction *it, const struct q2_mm3star_placements *placements, int number) {
  const struct q2_mm3star_row *row = it->row;
  it->placed = placements->atom + (size_t)number * (size_t)placements->atom_count;
  it->placed_count = placements->atom_count;
  if (row->alternative && !(placements->holds[number] >> (row->alternative - 'a') & 1)) return 0;
  for (int k = 0; k < row->atom_count; k++)
    if (row->number[k] ? it->placed[row->number[k] - 1] != it->atoms[k] : !type_fits(it, row->label[k], it->atoms[k])) return 0;
  return conditions_fit(it);
}

int q2_mm3star_row_fits(const struct q2_mm3star_view *view, const struct q2_mm3star_row *row, const int *atoms) {
  struct interaction it = {.view = view, .row = row, .atoms = atoms};
  if (row->left_out) return 0;
  if (row->substructure < 0) {
    for (int k = 0; k < row->atom_count; k++)
      if (!q2_mm3star_atom_fits(view, row->label[k], atoms[k])) return 0;
    return bonds_fit(&it) && conditions_fit(&it);
  }
  const struct q2_mm3star_placements *placements = view->placements + row->substructure;
  for (int number = 0; number < placements->count; number++)
    if (placement_fits(&it, placements, number)) return 1;
  return 0;
}

/* The same in either direction, or with the ligands in any order. */
static int fits_somehow(const struct q2_mm3star_view *view, const struct q2_mm3star_row *row, const int *atoms) {
  static const int orders[6][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
  int other[Q2_MM3STAR_ATOMS];
  if (row->kind != Q2_MM3STAR_OUT_OF_PLANE) {
    if (q2_mm3star_row_fits(view, row, atoms)) return 1;
    for (int k = 0; k < row->atom_count; k++)
      other[k] = atoms[row->atom_count - 1 - k];
    return q2_mm3star_row_fits(view, row, other);
  }
  other[0] = atoms[0];
  for (int n = 0; n < 6; n++) {
    for (int k = 0; k < 3; k++)
      other[k + 1] = atoms[orders[n][k]];
    if (q2_mm3star_row_fits(view, row, other)) return 1;
  }
  return 0;
}

const struct q2_mm3star_row *q2_mm3star_find(const struct q2_mm3star_view *view, enum q2_mm3star_kind kind, const int *atoms,
                                             int main_block) {
  const struct q2_mm3star *field = view->field;
  for (int s = field->substructure_count - 1; s >= 0 && !main_block; s--) {
    const struct q2_mm3star_substructure *substructure = field->substructure + s;
    for (int k = substructure->row_count - 1; k >= 0 && view->placements[s].count > 0; k--) {
      const struct q2_mm3star_row *row = field->row + substructure->first_row + k;
      if (row->kind == kind && fits_somehow(view, row, atoms)) return row;
    }
  }
  for (int k = 0; k < field->main_count; k++)
    if (field->row[k].kind == kind && fits_somehow(view, field->row + k, atoms)) return field->row + k;
  return NULL;
}
