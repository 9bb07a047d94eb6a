/* Bonds, angles and their cross terms by MM3* (docs/mm3star.md, Equations). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assign_mm3star_parts.h"

static const double SEXTIC = 2.2e-8;    /* per degree^4 */
static const double DEBYE = 4.803;      /* debye in an e angstrom, as MacroModel has it */
static const double CHARGE_STEP = 1e-5; /* e: MacroModel rounds the charge that a bond moment makes */

enum { LENGTH, STRETCH, MOMENT }; /* fields of a bond's row */
enum { ANGLE, BEND, BEND_BEND };  /* of an angle's */

static int bond_k(struct q2_mm3star_assigner *a, const struct q2_mm3star_row *row, int *key) {
  return q2_mm3star_parameter(a, row, STRETCH, "bond_k", 0.5 * a->unit[Q2_MM3STAR_STR], key);
}
static int bond_eq(struct q2_mm3star_assigner *a, const struct q2_mm3star_row *row, int *key) {
  return q2_mm3star_parameter(a, row, LENGTH, "bond_eq", 1, key);
}
static int angle_k(struct q2_mm3star_assigner *a, const struct q2_mm3star_row *row, int *key) {
  return q2_mm3star_parameter(a, row, BEND, "angle_k", 0.5 * a->unit[Q2_MM3STAR_BND], key);
}
static int angle_eq(struct q2_mm3star_assigner *a, const struct q2_mm3star_row *row, int *key) {
  return q2_mm3star_parameter(a, row, ANGLE, "angle_eq", 1, key);
}

/* The charges that a bond's moment makes: a positive one makes the row's first atom positive. */
static int add_moment(struct q2_mm3star_assigner *a, const struct q2_mm3star_row *row, const int bond[2]) {
  const double moment = row->value[MOMENT].value, length = row->value[LENGTH].value;
  const int varies = row->value[MOMENT].line > 0 && q2_mm3star_is_fitted(a, "bond_dipole", q2_mm3star_is_marked(a->field, row));
  int key;
  if (moment == 0 && !varies) return Q2_OK;
  if (length <= 0) return q2_fail(a->error, "%s:%d: a bond with a moment has the length %g", a->field->path, row->line, length);
  const double charge = round(moment / DEBYE / length / CHARGE_STEP) * CHARGE_STEP;
  const int forwards = q2_mm3star_row_fits(&a->view, row, bond);
  const int atoms[2] = {bond[!forwards], bond[forwards]};
  Q2_TRY(q2_mm3star_parameter(a, row, MOMENT, "bond_dipole", 1, &key));
  return q2_builder_increment(a->builder, a->molecule, atoms, key, moment != 0 ? charge / moment : 1 / DEBYE / length,
                              a->error);
}

int q2_mm3star_assign_bonds(struct q2_mm3star_assigner *a) {
  const struct q2_molecule_record *record = a->view.record;
  for (int b = 0; b < record->bond_count; b++) {
    const int bond[2] = {record->bond[b][0], record->bond[b][1]};
    const struct q2_mm3star_row *row = q2_mm3star_find(&a->view, Q2_MM3STAR_BOND, bond, 0);
    a->bond_row[q2_topology_bond(a->view.topology, bond[0], bond[1])] = row;
    Q2_TRY(q2_mm3star_note(a, "bond", row, bond, 2, 1));
    if (!row) continue;
    int keys[2], at_sites = 0;
    Q2_TRY(bond_k(a, row, &keys[0]));
    Q2_TRY(bond_eq(a, row, &keys[1]));
    for (int k = 0; k < 2; k++)
      at_sites |= a->site[bond[k]] >= 0 && a->site[bond[k]] != bond[1 - k];
    Q2_TRY(q2_builder_term(a->builder, a->molecule, "bond_mm3", bond, keys, NULL, at_sites, a->error));
    Q2_TRY(add_moment(a, row, bond));
  }
  return Q2_OK;
}

/* --- angles --- */

/* Whether the angle changes when one of its atoms moves to its site. */
static int angle_sees_sites(const struct q2_mm3star_assigner *a, const int angle[3]) {
  for (int k = 0; k < 3; k++)
    if (a->site[angle[k]] >= 0 && a->site[angle[k]] != angle[1]) return 1;
  return 0;
}

static int add_stretch_bend(struct q2_mm3star_assigner *a, const int angle[3], const struct q2_mm3star_row *bend) {
  const struct q2_mm3star_row *row = q2_mm3star_find(&a->view, Q2_MM3STAR_STRETCH_BEND, angle, 0);
  if (!row) return Q2_OK; /* not every centre has it */
  Q2_TRY(q2_mm3star_note(a, "stretch-bend", row, angle, 3, 0));
  if (row->value[0].value == 0 && !q2_mm3star_is_fitted(a, "stretch_bend_k", q2_mm3star_is_marked(a->field, row))) return Q2_OK;
  int keys[4];
  Q2_TRY(q2_mm3star_parameter(a, row, 0, "stretch_bend_k", a->unit[Q2_MM3STAR_S_B], &keys[0]));
  for (int k = 0; k < 2; k++) {
    const struct q2_mm3star_row *stretch = a->bond_row[q2_topology_bond(a->view.topology, angle[k], angle[k + 1])];
    if (!stretch) return Q2_OK;
    Q2_TRY(bond_eq(a, stretch, &keys[1 + k]));
  }
  Q2_TRY(angle_eq(a, bend, &keys[3]));
  return q2_builder_term(a->builder, a->molecule, "stretch_bend", angle, keys, NULL, 0, a->error);
}

/* The row whose constant and ideal angle count for bend-bend: where a row of a substructure has no constant, the main block's.
 */
static const struct q2_mm3star_row *bend_bend_row(struct q2_mm3star_assigner *a, int number) {
  const struct q2_mm3star_row *row = a->angle_row[number];
  if (!row || row->substructure < 0 || row->value[BEND_BEND].line > 0) return row;
  const int32_t *angle = a->view.topology->angle[number];
  return q2_mm3star_find(&a->view, Q2_MM3STAR_ANGLE, (const int[]){angle[0], angle[1], angle[2]}, 1);
}

static int compare_lines(const void *x, const void *y) { return strcmp(x, y); }

static int add_bend_bend(struct q2_mm3star_assigner *a, int first, int second, const struct q2_mm3star_row *const rows[2]) {
  const int32_t *x = a->view.topology->angle[first], *y = a->view.topology->angle[second];
  const double product = rows[0]->value[BEND_BEND].value * rows[1]->value[BEND_BEND].value;
  char lines[2][16], label[48];
  int keys[3];
  for (int k = 0; k < 2; k++)
    snprintf(lines[k], sizeof lines[k], "%d", rows[k]->line);
  qsort(lines, 2, sizeof *lines, compare_lines);
  snprintf(label, sizeof label, "%s x %s", lines[0], lines[1]);
  const struct q2_mm3star_row *later = rows[0]->line > rows[1]->line ? rows[0] : rows[1];
  Q2_TRY(q2_mm3star_derived(a, later, label, "bend_bend_k", -0.5 * a->unit[Q2_MM3STAR_BND] * product, &keys[0]));
  Q2_TRY(angle_eq(a, rows[0], &keys[1]));
  Q2_TRY(angle_eq(a, rows[1], &keys[2]));
  for (int p = 0; p < 3; p += 2)
    for (int q = 0; q < 3; q += 2)
      if (x[p] == y[q])
        return q2_builder_term(a->builder, a->molecule, "bend_bend", (const int[]){x[p], x[1], x[2 - p], y[2 - q]}, keys, NULL,
                               0, a->error);
  return q2_builder_term(a->builder, a->molecule, "bend_bend_opposite", (const int[]){x[0], x[1], x[2], y[0], y[2]}, keys, NULL,
                         0, a->error);
}

/* Every two angles of one centre; angles of a centre follow each other. */
static int add_bend_bends(struct q2_mm3star_assigner *a) {
  const struct q2_topology *topology = a->view.topology;
  for (int first = 0; first < topology->angle_count; first++) {
    const struct q2_mm3star_row *rows[2] = {bend_bend_row(a, first), NULL};
    if (!rows[0] || rows[0]->value[BEND_BEND].value == 0) continue;
    for (int second = first + 1; second < topology->angle_count && topology->angle[second][1] == topology->angle[first][1];
         second++) {
      rows[1] = bend_bend_row(a, second);
      if (rows[1] && rows[1]->value[BEND_BEND].value != 0) Q2_TRY(add_bend_bend(a, first, second, rows));
    }
  }
  return Q2_OK;
}

int q2_mm3star_assign_angles(struct q2_mm3star_assigner *a) {
  const struct q2_topology *topology = a->view.topology;
  for (int n = 0; n < topology->angle_count; n++) {
    const int angle[3] = {topology->angle[n][0], topology->angle[n][1], topology->angle[n][2]};
    const struct q2_mm3star_row *row = a->angle_row[n] = q2_mm3star_find(&a->view, Q2_MM3STAR_ANGLE, angle, 0);
    Q2_TRY(q2_mm3star_note(a, "angle", row, angle, 3, 1));
    if (!row) continue;
    int keys[2];
    Q2_TRY(angle_k(a, row, &keys[0]));
    Q2_TRY(angle_eq(a, row, &keys[1]));
    Q2_TRY(q2_builder_term(a->builder, a->molecule, "angle_mm3", angle, keys, &SEXTIC, angle_sees_sites(a, angle), a->error));
    Q2_TRY(add_stretch_bend(a, angle, row));
  }
  return add_bend_bends(a);
}
