/* Torsions, torsion-stretches and out-of-plane bends by MM3* (docs/mm3star.md, Equations). */
#include <stdio.h>
#include <string.h>

#include "assign_mm3star_parts.h"

static const double TORSION_STRETCH = -11.995; /* kcal/mol/angstrom for a constant of 1 */

static const char *const torsion_kinds[3] = {"torsion_v1", "torsion_v2", "torsion_v3"};
static const char *const cross_kinds[3] = {"torsion_stretch_v1", "torsion_stretch_v2", "torsion_stretch_v3"};

/* Torsions about the bond j-k. */
static int torsions_about(const struct q2_mm3star_view *view, int j, int k) {
  const struct q2_topology *t = view->topology;
  int count = 0;
  for (int32_t p = t->start[j]; p < t->start[j + 1]; p++)
    for (int32_t q = t->start[k]; q < t->start[k + 1]; q++)
      count += t->neighbour[p] != k && t->neighbour[q] != j && t->neighbour[p] != t->neighbour[q];
  return count;
}

/* A row 00 a b 00 of a substructure holds the sum over all torsions about the bond. */
static int is_sum(const struct q2_mm3star *field, const struct q2_mm3star_row *row) {
  return row->substructure >= 0 && row->number[0] == 0 && row->number[3] == 0 && field->label[row->label[0]].any &&
         field->label[row->label[3]].any;
}

static int has_constants(const struct q2_mm3star_row *row) {
  return row->value[0].value != 0 || row->value[1].value != 0 || row->value[2].value != 0;
}

/* A sum that is fitted is one number, and must be over as many torsions everywhere. */
static int check_share(struct q2_mm3star_assigner *a, const struct q2_mm3star_row *row, int share) {
  int *known = &a->share[row - a->field->row];
  if (*known == 0) *known = share;
  if (*known == share) return Q2_OK;
  return q2_fail(a->error, "%s:%d: a row to be fitted is the sum over %d torsions about a bond of %s, over %d elsewhere",
                 a->field->path, row->line, share, a->view.record->name, *known);
}

static int add_torsion(struct q2_mm3star_assigner *a, const int torsion[4], const struct q2_mm3star_row *row) {
  const int marked = q2_mm3star_is_marked(a->field, row);
  int keys[3], varies = 0;
  for (int k = 0; k < 3; k++)
    varies |= q2_mm3star_is_fitted(a, torsion_kinds[k], marked);
  if (row->has_higher) return q2_fail(a->error, "%s:%d: V4 to V6 (a row 54) cannot be expressed", a->field->path, row->line);
  if (!has_constants(row) && !varies) return Q2_OK;
  const int share = is_sum(a->field, row) ? torsions_about(&a->view, torsion[1], torsion[2]) : 1;
  if (varies) Q2_TRY(check_share(a, row, share));
  for (int k = 0; k < 3; k++)
    Q2_TRY(q2_mm3star_shared(a, row, k, torsion_kinds[k], 2 * a->unit[Q2_MM3STAR_TOR], share, &keys[k]));
  return q2_builder_term(a->builder, a->molecule, "torsion_mm3", torsion, keys, NULL, 0, a->error);
}

static int add_torsion_stretch(struct q2_mm3star_assigner *a, const int torsion[4]) {
  const struct q2_mm3star_row *row = q2_mm3star_find(&a->view, Q2_MM3STAR_TORSION_STRETCH, torsion, 0);
  const struct q2_mm3star_row *stretch = a->bond_row[q2_topology_bond(a->view.topology, torsion[1], torsion[2])];
  if (!row || !stretch) return Q2_OK; /* few bonds have it */
  Q2_TRY(q2_mm3star_note(a, "torsion-stretch", row, torsion, 4, 0));
  if (row->value[0].value == 0 && !q2_mm3star_is_fitted(a, cross_kinds[2], q2_mm3star_is_marked(a->field, row))) return Q2_OK;
  char label[Q2_MM3STAR_NAME];
  int keys[4];
  q2_mm3star_row_name(a->field, row, label);
  for (int k = 0; k < 2; k++)
    Q2_TRY(q2_mm3star_derived(a, row, label, cross_kinds[k], 0, &keys[k]));
  Q2_TRY(q2_mm3star_parameter(a, row, 0, cross_kinds[2], TORSION_STRETCH * a->unit[Q2_MM3STAR_T_S], &keys[2]));
  Q2_TRY(q2_mm3star_parameter(a, stretch, 0, "bond_eq", 1, &keys[3]));
  return q2_builder_term(a->builder, a->molecule, "torsion_stretch", torsion, keys, NULL, 0, a->error);
}

/* One term for a centre of three bonds (those of order zero apart): the torsion of the first ligand, the centre and the others,
 * in the order of its bonds. */
static int add_out_of_plane(struct q2_mm3star_assigner *a, int centre) {
  const struct q2_topology *topology = a->view.topology;
  int atoms[4] = {centre}, count = 0;
  for (int32_t k = topology->start[centre]; k < topology->start[centre + 1]; k++)
    if (a->view.order[k] != '.' && ++count <= 3) atoms[count] = a->view.neighbour[k];
  if (count != 3) return Q2_OK;
  const struct q2_mm3star_row *row = q2_mm3star_find(&a->view, Q2_MM3STAR_OUT_OF_PLANE, atoms, 0);
  if (!row) return Q2_OK; /* not planar */
  const int term[4] = {atoms[1], centre, atoms[2], atoms[3]};
  Q2_TRY(q2_mm3star_note(a, "out-of-plane", row, term, 4, 0));
  if (row->value[1].value == 0 && !q2_mm3star_is_fitted(a, "improper_k", q2_mm3star_is_marked(a->field, row))) return Q2_OK;
  char label[Q2_MM3STAR_NAME];
  int keys[2];
  const double periodicity = 2;
  q2_mm3star_row_name(a->field, row, label);
  Q2_TRY(q2_mm3star_parameter(a, row, 1, "improper_k", a->unit[Q2_MM3STAR_IMP], &keys[0]));
  Q2_TRY(q2_mm3star_derived(a, row, label, "improper_phase", 180, &keys[1]));
  return q2_builder_term(a->builder, a->molecule, "improper_fourier", term, keys, &periodicity, 0, a->error);
}

int q2_mm3star_assign_torsions(struct q2_mm3star_assigner *a) {
  const struct q2_topology *topology = a->view.topology;
  for (int n = 0; n < topology->torsion_count; n++) {
    const int32_t *t = topology->torsion[n];
    const int torsion[4] = {t[0], t[1], t[2], t[3]};
    const struct q2_mm3star_row *row = q2_mm3star_find(&a->view, Q2_MM3STAR_TORSION, torsion, 0);
    Q2_TRY(q2_mm3star_note(a, "torsion", row, torsion, 4, 0));
    if (row) Q2_TRY(add_torsion(a, torsion, row));
    Q2_TRY(add_torsion_stretch(a, torsion));
  }
  for (int atom = 0; atom < topology->atom_count; atom++)
    Q2_TRY(add_out_of_plane(a, atom));
  return Q2_OK;
}
