/* What MM3* gives to atoms: van der Waals parameters, formal charges, sites of hydrogens; special pairs; and where it would
 * have hydrogen bonds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "assign_mm3star_parts.h"

static const char GENERIC_METAL[] = "Z0";
static const double HYDROGEN_BOND_DISTANCE = 4; /* angstrom: MacroModel's "maximum hydrogen bond distance" */

/* Elements that have van der Waals parameters of their own in MM3*; all others are metals to it. */
static int is_metal(int32_t element) {
  static const int32_t others[] = {1, 2, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 32, 33, 34, 35, 36, 52, 53, 54, 85, 86};
  for (size_t k = 0; k < sizeof others / sizeof *others; k++)
    if (others[k] == element) return 0;
  return 1;
}

/* The first line of the van der Waals table that fits an atom. `metals`: Z0 stands for any metal, as for rhodium in
 * MacroModel's listings, which have its radius and epsilon of Z0 though RH has a line of its own. */
static const struct q2_mm3star_atom *table_line(const struct q2_mm3star_view *view, int atom, int metals) {
  const struct q2_mm3star *field = view->field;
  for (int n = 0; n < field->atom_count; n++) {
    const struct q2_mm3star_atom *line = field->atom + n;
    const int generic =
        metals && strcmp(field->label[line->label].text, GENERIC_METAL) == 0 && is_metal(view->record->element[atom]);
    int met = line->condition < 0;
    if (!generic && !q2_mm3star_atom_fits(view, line->label, atom)) continue;
    for (int32_t k = view->topology->start[atom]; k < view->topology->start[atom + 1] && !met; k++)
      met = q2_mm3star_atom_fits(view, line->condition, view->neighbour[k]);
    if (met) return line;
  }
  return NULL;
}

/* Adds a number of the van der Waals table. */
static int table_parameter(struct q2_mm3star_assigner *a, const struct q2_file_number *number, const char *label,
                           const char *kind, int order, int *key) {
  const struct q2_new_parameter parameter = {.kind = kind,
                                             .label = label,
                                             .unit = strcmp(kind, "vdw_radius") == 0 ? "angstrom" : "kcal/mol",
                                             .value = number->value,
                                             .lower = -1e300,
                                             .upper = 1e300,
                                             .active = q2_mm3star_is_fitted(a, kind, 0),
                                             .order = 16 * (int64_t)number->line + order,
                                             .multiplier = 1,
                                             .line = number->line,
                                             .column = number->column,
                                             .width = number->width};
  return q2_builder_parameter(a->builder, &parameter, key, a->error);
}

static void table_label(const struct q2_mm3star *field, const struct q2_mm3star_atom *line, char label[Q2_MM3STAR_NAME]) {
  snprintf(label, Q2_MM3STAR_NAME, "%d %s", line->line, field->label[line->label].text);
}

/* The row " 6   1  00" of a substructure that gives the atom parameters of its own, or NULL. */
static int own_row(struct q2_mm3star_assigner *a, int atom, const struct q2_mm3star_row **own) {
  const struct q2_mm3star *field = a->field;
  *own = NULL;
  for (int n = field->row_count - 1; n >= field->main_count && !*own; n--) {
    const struct q2_mm3star_row *row = field->row + n;
    if (row->kind != Q2_MM3STAR_VAN_DER_WAALS || a->view.placements[row->substructure].count == 0) continue;
    if (!row->number[0] || row->number[1] || !field->label[row->label[1]].any)
      return q2_fail(a->error, "%s:%d: a van der Waals row of a substructure is for the number of an atom and 00", field->path,
                     row->line);
    if (q2_mm3star_row_fits(&a->view, row, (const int[]){atom, atom})) *own = row;
  }
  return Q2_OK;
}

static int give_type(struct q2_mm3star_assigner *a, int atom, const struct q2_mm3star_atom *line) {
  const struct q2_mm3star_row *row;
  char label[Q2_MM3STAR_NAME];
  int epsilon, radius;
  Q2_TRY(own_row(a, atom, &row));
  if (row) {
    q2_mm3star_row_name(a->field, row, label);
    Q2_TRY(q2_mm3star_parameter(a, row, 0, "vdw_radius", 1, &radius));
    Q2_TRY(q2_mm3star_parameter(a, row, 1, "vdw_epsilon", 1, &epsilon));
  } else {
    table_label(a->field, line, label);
    Q2_TRY(table_parameter(a, &line->radius, label, "vdw_radius", 0, &radius));
    Q2_TRY(table_parameter(a, &line->epsilon, label, "vdw_epsilon", 1, &epsilon));
  }
  return q2_builder_atom_type(a->builder, a->molecule, atom, label, epsilon, radius, a->error);
}

/* --- hydrogen bonds --- */

/* Whether two atoms are at most three bonds apart. */
static int are_near(const struct q2_mm3star_view *view, int from, int to, int bonds) {
  const struct q2_topology *t = view->topology;
  if (from == to) return 1;
  for (int32_t k = t->start[from]; k < t->start[from + 1] && bonds > 0; k++)
    if (are_near(view, view->neighbour[k], to, bonds - 1)) return 1;
  return 0;
}

static double distance(const struct q2_molecule_record *record, int i, int j) {
  double square = 0;
  for (int x = 0; x < 3; x++) {
    const double d = record->position[3 * i + x] - record->position[3 * j + x];
    square += d * d;
  }
  return sqrt(square);
}

/* Notes pairs to which MM3* would give the 10-12 energy of a hydrogen bond: here they are van der Waals pairs. */
static int note_hydrogen_bonds(struct q2_mm3star_assigner *a) {
  const struct q2_mm3star_view *view = &a->view;
  for (int n = 0; n < a->field->main_count; n++) {
    const struct q2_mm3star_row *row = a->field->row + n;
    if (row->kind != Q2_MM3STAR_HYDROGEN_BOND || row->atom_count != 2 || row->left_out) continue;
    for (int i = 0; i < view->record->atom_count; i++)
      for (int j = 0; j < view->record->atom_count && q2_mm3star_atom_fits(view, row->label[0], i); j++) {
        const int pair[2] = {i, j};
        if (i == j || !q2_mm3star_atom_fits(view, row->label[1], j) || distance(view->record, i, j) > HYDROGEN_BOND_DISTANCE ||
            are_near(view, i, j, 3))
          continue;
        char types[64], example[128];
        q2_mm3star_types(view, pair, 2, types);
        q2_mm3star_example(view, pair, 2, example);
        Q2_TRY(q2_assignment_note(a->report, "hydrogen bond", types, Q2_MATCHED_NONE, 0, "counted by van der Waals", example,
                                  a->error));
      }
  }
  return Q2_OK;
}

int q2_mm3star_assign_atoms(struct q2_mm3star_assigner *a) {
  const struct q2_mm3star_view *view = &a->view;
  for (int atom = 0; atom < view->record->atom_count; atom++) {
    char example[128];
    const struct q2_mm3star_atom *line = a->atom_row[atom] = table_line(view, atom, 1), *own = table_line(view, atom, 0);
    const char *type = view->record->type[atom].text;
    q2_mm3star_example(view, &atom, 1, example);
    if (!line)
      return q2_fail(a->error, "%s: the van der Waals table of %s has no line for the type %s", example, a->field->path, type);
    const char *name = a->field->label[line->label].text;
    Q2_TRY(q2_assignment_note(a->report, "van der Waals", type, strcmp(name, type) == 0 ? Q2_MATCHED : Q2_MATCHED_BY_WILDCARD,
                              line->line, name, example, a->error));
    Q2_TRY(give_type(a, atom, line));
    Q2_TRY(q2_builder_charge(a->builder, a->molecule, atom, own ? own->charge : line->charge, a->error));
    const int32_t first = view->topology->start[atom];
    a->site[atom] = line->offset != 0 && first < view->topology->start[atom + 1] ? view->neighbour[first] : -1;
    if (a->site[atom] >= 0) Q2_TRY(q2_builder_site(a->builder, a->molecule, atom, a->site[atom], -line->offset, a->error));
  }
  return note_hydrogen_bonds(a);
}

/* --- special pairs --- */

static int add_special_pair(struct q2_mm3star_assigner *a, const struct q2_mm3star_row *row, int first, int second) {
  char labels[2][Q2_MM3STAR_NAME];
  int keys[2];
  table_label(a->field, a->field->atom + first, labels[0]);
  table_label(a->field, a->field->atom + second, labels[1]);
  Q2_TRY(q2_mm3star_parameter(a, row, 1, "vdw_epsilon", 1, &keys[0]));
  Q2_TRY(q2_mm3star_parameter(a, row, 0, "vdw_distance", 1, &keys[1]));
  return q2_builder_special_pair(a->builder, labels[0], labels[1], "exp6_mm3", keys, a->error);
}

/* The first row for the types of two lines of the table, or NULL. */
static const struct q2_mm3star_row *pair_row(const struct q2_mm3star *field, int first, int second) {
  const char *x = field->label[field->atom[first].label].text, *y = field->label[field->atom[second].label].text;
  for (int n = 0; n < field->main_count; n++) {
    const struct q2_mm3star_row *row = field->row + n;
    if (row->kind != Q2_MM3STAR_VAN_DER_WAALS || row->left_out) continue;
    if ((q2_mm3star_fits(field, row->label[0], x) && q2_mm3star_fits(field, row->label[1], y)) ||
        (q2_mm3star_fits(field, row->label[0], y) && q2_mm3star_fits(field, row->label[1], x)))
      return row;
  }
  return NULL;
}

int q2_mm3star_special_pairs(struct q2_mm3star_assigner *a) {
  for (int first = 0; first < a->field->atom_count; first++)
    for (int second = first; second < a->field->atom_count; second++) {
      const struct q2_mm3star_row *row = pair_row(a->field, first, second);
      if (row) Q2_TRY(add_special_pair(a, row, first, second));
    }
  return Q2_OK;
}
