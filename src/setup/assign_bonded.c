/* Bonds, angles, torsions by the rows of a force field, with Urey-Bradley and cross terms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "assign_parts.h"

/* What becomes of a bond (2 atoms) or angle (3) without a row; *eq: the key of its equilibrium value, or -1. */
static int without_row(struct q2_assigner *a, const char *what, const int *atoms, int count, int32_t *eq) {
  char types[96], example[128];
  int keys[2];
  *eq = -1;
  q2_assign_type_names(a, atoms, count, types);
  q2_assign_example(a, atoms, count, example);
  if (a->options->unmatched == Q2_UNMATCHED_REFUSE)
    return q2_fail(a->error, "%s: no row of %s fits the %s %s", example, a->field->name, what, types);
  if (a->options->unmatched == Q2_UNMATCHED_OMIT) return q2_assign_note(a, what, NULL, atoms, count, "");
  Q2_TRY(q2_assignment_note(a->report, what, types, Q2_MATCHED_NEW, 0, types, example, a->error));
  Q2_TRY(q2_assign_new(a, atoms, count, keys));
  *eq = keys[1];
  /* MM3's forms where the file has them: a force field has one form for all bonds. */
  const char *form = count == 2 ? "bond_harmonic" : "angle_harmonic", *mm3 = count == 2 ? "bond_mm3" : "angle_mm3";
  const double *constant = NULL;
  for (int r = 0; r < a->field->row_count; r++)
    if (strcmp(a->field->row[r].form, mm3) == 0) {
      form = mm3;
      constant = &a->field->row[r].constant;
      break;
    }
  return q2_builder_term(a->builder, a->molecule, form, atoms, keys, constant, 0, a->error);
}

/* The terms that all sets of a family have for these atoms. *found: how many; eq: the first equilibrium value, NULL: not
 * wanted. */
static int terms_of_family(struct q2_assigner *a, enum q2_row_family family, const char *what, const int *atoms, int count,
                           int *found, int32_t *eq) {
  *found = 0;
  for (int s = 0; s < a->set_count; s++) {
    const struct q2_type_row *row;
    int32_t own;
    if (a->set[s].family != family) continue;
    Q2_TRY(q2_assign_find(a, &a->set[s], atoms, &row));
    if (!row || !q2_assign_holds(a, row, atoms)) continue;
    Q2_TRY(q2_assign_note(a, what, row, atoms, count, ""));
    Q2_TRY(q2_assign_series(a, row, atoms, 1, NULL, 0, &own));
    if (eq && *found == 0) *eq = own;
    ++*found;
  }
  return Q2_OK;
}

int q2_assign_bonds(struct q2_assigner *a) {
  for (int b = 0; b < a->record->bond_count; b++) {
    const int atoms[2] = {a->record->bond[b][0], a->record->bond[b][1]};
    int found;
    Q2_TRY(terms_of_family(a, Q2_ROWS_OF_BONDS, "bond", atoms, 2, &found, &a->bond_eq[b]));
    if (!found) Q2_TRY(without_row(a, "bond", atoms, 2, &a->bond_eq[b]));
  }
  return Q2_OK;
}

/* The first set of a family, or NULL; of those of which just one form is known the only one. */
static struct q2_row_set *set_of(struct q2_assigner *a, enum q2_row_family family) {
  for (int s = 0; s < a->set_count; s++)
    if (a->set[s].family == family) return &a->set[s];
  return NULL;
}

/* A cross term takes equilibrium values from bonds and angles: without one of them it cannot be. */
static int add_cross_term(struct q2_assigner *a, enum q2_row_family family, const char *what, const int *atoms, int count,
                          const int *elsewhere, int elsewhere_count) {
  struct q2_row_set *set = set_of(a, family);
  const struct q2_type_row *row;
  if (!set) return Q2_OK;
  Q2_TRY(q2_assign_find(a, set, atoms, &row));
  if (!row) return q2_assign_note(a, what, NULL, atoms, count, "");
  for (int k = 0; k < elsewhere_count; k++)
    if (elsewhere[k] < 0) return q2_assign_note(a, what, NULL, atoms, count, "a bond or angle of it has no row");
  Q2_TRY(q2_assign_note(a, what, row, atoms, count, ""));
  return q2_assign_series(a, row, atoms, 1, elsewhere, elsewhere_count, NULL);
}

int q2_assign_angles(struct q2_assigner *a) {
  for (int n = 0; n < a->topology->angle_count; n++) {
    const int32_t *angle = a->topology->angle[n];
    const int atoms[3] = {angle[0], angle[1], angle[2]};
    int found;
    Q2_TRY(terms_of_family(a, Q2_ROWS_OF_ANGLES, "angle", atoms, 3, &found, &a->angle_eq[n]));
    if (!found) Q2_TRY(without_row(a, "angle", atoms, 3, &a->angle_eq[n]));
    Q2_TRY(terms_of_family(a, Q2_ROWS_OF_UREY_BRADLEY, "Urey-Bradley", atoms, 3, &found, NULL));
    if (!found && set_of(a, Q2_ROWS_OF_UREY_BRADLEY)) Q2_TRY(q2_assign_note(a, "Urey-Bradley", NULL, atoms, 3, ""));
    const int elsewhere[3] = {a->bond_eq[q2_topology_bond(a->topology, atoms[0], atoms[1])],
                              a->bond_eq[q2_topology_bond(a->topology, atoms[1], atoms[2])], a->angle_eq[n]};
    Q2_TRY(add_cross_term(a, Q2_ROWS_OF_STRETCH_BENDS, "stretch-bend", atoms, 3, elsewhere, 3));
  }
  return Q2_OK;
}

/* Torsions that a new force field leaves out are counted by the reason: there may be many types of them. */
static int note_left_out(struct q2_assigner *a, const char *why, const int *torsion) {
  char example[128];
  q2_assign_example(a, torsion, 4, example);
  return q2_assignment_note(a->report, "torsion", why, Q2_MATCHED_NONE, 0, "a new force field has none", example, a->error);
}

int q2_assign_torsions(struct q2_assigner *a) {
  for (int n = 0; n < a->topology->torsion_count; n++) {
    const int32_t *torsion = a->topology->torsion[n];
    const int atoms[4] = {torsion[0], torsion[1], torsion[2], torsion[3]};
    const char *left_out = a->rules == Q2_RULES_OF_TYPES ? q2_torsion_left_out(a->record, a->topology, atoms) : NULL;
    int found;
    if (left_out) {
      Q2_TRY(note_left_out(a, left_out, atoms));
      continue;
    }
    Q2_TRY(terms_of_family(a, Q2_ROWS_OF_TORSIONS, "torsion", atoms, 4, &found, NULL));
    if (!found) Q2_TRY(q2_assign_note(a, "torsion", NULL, atoms, 4, ""));
    const int elsewhere[1] = {a->bond_eq[q2_topology_bond(a->topology, atoms[1], atoms[2])]};
    Q2_TRY(add_cross_term(a, Q2_ROWS_OF_TORSION_STRETCHES, "torsion-stretch", atoms, 4, elsewhere, 1));
  }
  return Q2_OK;
}
