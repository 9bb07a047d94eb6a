/* Rows of a force field found by the types of atoms: which of those that fit counts is each format's own rule. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "assign_parts.h"
#include "measure.h"
#include "perception.h"

static const double STRAIGHT = 175.0, STEP = 30.0; /* degrees */

/* --- sets --- */

enum q2_row_family q2_assign_family(const char *form) {
  static const struct {
    const char *start;
    enum q2_row_family family;
  } families[] = {{"bond_", Q2_ROWS_OF_BONDS},
                  {"angle_", Q2_ROWS_OF_ANGLES},
                  {"urey_", Q2_ROWS_OF_UREY_BRADLEY},
                  {"stretch_bend", Q2_ROWS_OF_STRETCH_BENDS},
                  {"torsion_stretch", Q2_ROWS_OF_TORSION_STRETCHES},
                  {"torsion_", Q2_ROWS_OF_TORSIONS},
                  {"improper_", Q2_ROWS_OF_IMPROPERS},
                  {"out_of_plane_", Q2_ROWS_OF_OUT_OF_PLANE}};
  size_t f = 0;
  while (f + 1 < sizeof families / sizeof *families && strncmp(form, families[f].start, strlen(families[f].start)) != 0)
    f++;
  return families[f].family;
}

static struct q2_row_set *set_of(struct q2_assigner *a, const char *form) {
  const enum q2_row_family family = q2_assign_family(form);
  const char *own = a->rules == Q2_RULES_OF_OPENMM ? form : "";
  for (int s = 0; s < a->set_count; s++)
    if (a->set[s].family == family && strcmp(a->set[s].form, own) == 0) return &a->set[s];
  struct q2_row_set *set = &a->set[a->set_count++];
  set->family = family;
  strcpy(set->form, own);
  return set;
}

int q2_assign_index_create(struct q2_assigner *a) {
  static const char *const formats[] = {"types", "tinker", "amber", "openmm"};
  const struct q2_force_field *field = a->field;
  int rules = 0;
  while (rules < 4 && strcmp(formats[rules], field->format) != 0)
    rules++;
  if (rules == 4)
    return q2_fail(a->error, "%s: no rules are known for a force field of the format %s", field->name, field->format);
  a->rules = (enum q2_row_rules)rules;
  for (int r = 0; r < field->row_count; r++) {
    a->marks_any |= field->row[r].fitted;
    if (!q2_row_form_named(field->row[r].form))
      return q2_fail(a->error, "%s: rows of %s are not assigned by types", field->name, field->row[r].form);
    if (field->row[r].component > 0) continue;
    int32_t *at = q2_grow(&set_of(a, field->row[r].form)->rows, 1, sizeof *at);
    if (!at) return q2_fail(a->error, "no memory for %d rows of a force field", field->row_count);
    *at = r;
  }
  for (int n = 0; n < field->nonbonded_count; n++)
    a->marks_any |= field->nonbonded[n].fitted;
  return q2_assign_labels(a);
}

void q2_assign_index_free(struct q2_assigner *a) {
  for (int s = 0; s < a->set_count; s++) {
    free(a->set[s].rows.data);
    free(a->set[s].answer.data);
    q2_lookup_free(&a->set[s].asked);
  }
  free(a->label);
  free(a->nonbonded_label);
  free(a->divisor);
  free(a->types.data);
  free(a->nonbonded_answer.data);
  q2_lookup_free(&a->type_numbers);
}

/* --- types --- */

static const struct q2_known_type *known_type(const struct q2_assigner *a, int atom) {
  return (const struct q2_known_type *)a->types.data + a->type[atom];
}

/* A type that the file does not list is its own class; of files that list all theirs it is a mistake. */
static int add_type(struct q2_assigner *a, int atom) {
  const struct q2_type_name *name = &a->record->type[atom];
  const struct q2_atom_type *type = q2_force_field_type(a->field, name->text);
  const int lists_all = a->rules == Q2_RULES_OF_TINKER || a->rules == Q2_RULES_OF_OPENMM;
  if (!type && lists_all && a->field->type_count > 0)
    return q2_fail(a->error, "%s, atom %d: %s has no type \"%s\"", a->record->name, atom + 1, a->field->name, name->text);
  struct q2_known_type *known = q2_grow(&a->types, 1, sizeof *known);
  int32_t *answer = q2_grow(&a->nonbonded_answer, 1, sizeof *answer);
  if (!known || !answer) return q2_fail(a->error, "no memory for the types of %s", a->record->name);
  *answer = -2;
  known->name = *name;
  known->class_name = type ? type->class_name : *name;
  known->element = type ? type->element : 0;
  return Q2_OK;
}

int q2_assign_take_types(struct q2_assigner *a) {
  if (!a->record->type) return q2_fail(a->error, "%s has no atom types", a->record->name);
  for (int atom = 0; atom < a->record->atom_count; atom++) {
    const char *name = a->record->type[atom].text;
    const int64_t known = a->type_numbers.count, number = q2_lookup_add(&a->type_numbers, name, strlen(name));
    if (number < 0) return q2_fail(a->error, "no memory for the types of %s", a->record->name);
    a->type[atom] = (int32_t)number;
    if (number == known) Q2_TRY(add_type(a, atom));
    const int wanted = known_type(a, atom)->element;
    if (wanted && wanted != a->record->element[atom])
      return q2_fail(a->error, "%s, atom %d: the type %s is for the element number %d, and this is number %d", a->record->name,
                     atom + 1, name, wanted, (int)a->record->element[atom]);
  }
  return Q2_OK;
}

int q2_assign_name_fits(const struct q2_assigner *a, enum q2_row_names names, const struct q2_type_name *name, int atom) {
  const struct q2_known_type *type = known_type(a, atom);
  if (strcmp(name->text, "*") == 0) return 1;
  return strcmp(name->text, names == Q2_BY_TYPE ? type->name.text : type->class_name.text) == 0;
}

/* --- what tells rows of format "types" apart besides types --- */

int q2_partial_bonds(const struct q2_molecule_record *record, const struct q2_topology *topology, const int *atoms, int count) {
  int bits = 0;
  for (int b = 0; b + 1 < count && record->bond_order; b++) {
    const int bond = q2_topology_bond(topology, atoms[b], atoms[b + 1]);
    if (bond >= 0 && record->bond_order[bond] == Q2_BOND_PARTIAL) bits |= 1 << b;
  }
  return bits;
}

int q2_angle_class(const struct q2_molecule_record *record, const int *angle) {
  const double degrees = q2_measure_angle(record->position, angle[0], angle[1], angle[2]) * 180.0 / Q2_PI;
  if (degrees > STRAIGHT) return 1;
  return q2_element_is_metal(record->element[angle[1]]) ? (int)(STEP * round(degrees / STEP)) : 0;
}

const char *q2_torsion_left_out(const struct q2_molecule_record *record, const struct q2_topology *topology,
                                const int *torsion) {
  for (int k = 0; k < 4; k++)
    if (q2_element_is_metal(record->element[torsion[k]])) return "with a metal";
  if (q2_partial_bonds(record, topology, torsion, 4)) return "with a partial bond";
  for (int k = 0; k < 2; k++)
    if (q2_angle_class(record, torsion + k) == 1) return "through a straight angle";
  return NULL;
}

int q2_planar_ligands(const struct q2_molecule_record *record, const struct q2_topology *topology, int centre, int planar,
                      int ligand[3]) {
  int count = 0;
  if (q2_element_is_metal(record->element[centre])) return 0;
  for (int n = topology->start[centre]; n < topology->start[centre + 1]; n++) {
    const int other = topology->neighbour[n];
    if (q2_element_is_metal(record->element[other])) continue;
    if (count == 3 || (record->bond_order && record->bond_order[topology->bond_of[n]] == Q2_BOND_PARTIAL)) return 0;
    int place = count++;
    for (; place > 0 && strcmp(record->type[ligand[place - 1]].text, record->type[other].text) > 0; place--)
      ligand[place] = ligand[place - 1];
    ligand[place] = other;
  }
  return count == 3 && (!planar || q2_measure_planar(record->position, centre, ligand));
}

/* --- the row that fits --- */

struct question {
  const int *atoms;
  int partial, angle_class;
};

static int reversed(int bits, int count) {
  int turned = 0;
  for (int b = 0; b < count; b++)
    if (bits & 1 << b) turned |= 1 << (count - 1 - b);
  return turned;
}

static int fits_in_order(const struct q2_assigner *a, const struct q2_type_row *row, const int *atoms, const int *order) {
  for (int k = 0; k < row->atom_count; k++)
    if (!q2_assign_name_fits(a, row->names, &row->atom[k], atoms[order[k]])) return 0;
  return 1;
}

static int fits(const struct q2_assigner *a, const struct q2_type_row *row, enum q2_row_family family,
                const struct question *asked) {
  static const int forwards[] = {0, 1, 2, 3}, swapped[] = {2, 1, 0, 3};
  static const int backwards[][4] = {{0}, {0}, {1, 0}, {2, 1, 0}, {3, 2, 1, 0}};
  const int bonds = row->atom_count - 1, of_types = a->rules == Q2_RULES_OF_TYPES;
  if (of_types && row->angle_class && row->angle_class != asked->angle_class) return 0;
  if (family == Q2_ROWS_OF_IMPROPERS) return fits_in_order(a, row, asked->atoms, forwards);
  if (family == Q2_ROWS_OF_OUT_OF_PLANE)
    return fits_in_order(a, row, asked->atoms, forwards) || fits_in_order(a, row, asked->atoms, swapped);
  return ((!of_types || row->partial == asked->partial) && fits_in_order(a, row, asked->atoms, forwards)) ||
         ((!of_types || row->partial == reversed(asked->partial, bonds)) &&
          fits_in_order(a, row, asked->atoms, backwards[row->atom_count]));
}

int q2_assign_wildcards(const struct q2_type_row *row) {
  int count = 0;
  for (int k = 0; k < row->atom_count; k++)
    count += strcmp(row->atom[k].text, "*") == 0;
  return count;
}

/* OpenMM takes the first row that fits, of torsions the first without wildcards if there is one; the others the one with the
 * fewest wildcards, the first of them. */
static int32_t search(const struct q2_assigner *a, const struct q2_row_set *set, const struct question *asked) {
  const int32_t *rows = set->rows.data;
  int32_t best = -1;
  int least = 0;
  for (int64_t k = 0; k < set->rows.count; k++) {
    const struct q2_type_row *row = &a->field->row[rows[k]];
    if (!fits(a, row, set->family, asked)) continue;
    int general = q2_assign_wildcards(row) + (row->angle_class != asked->angle_class);
    if (a->rules == Q2_RULES_OF_OPENMM) general = set->family == Q2_ROWS_OF_TORSIONS && general > 0;
    if (best >= 0 && general >= least) continue;
    best = rows[k];
    least = general;
  }
  return best;
}

int q2_assign_find(struct q2_assigner *a, struct q2_row_set *set, const int *atoms, const struct q2_type_row **row) {
  const int32_t *rows = set->rows.data;
  const int count = a->field->row[rows[0]].atom_count, of_types = a->rules == Q2_RULES_OF_TYPES;
  const struct question asked = {.atoms = atoms,
                                 .partial = of_types ? q2_partial_bonds(a->record, a->topology, atoms, count) : 0,
                                 .angle_class =
                                     of_types && set->family == Q2_ROWS_OF_ANGLES ? q2_angle_class(a->record, atoms) : 0};
  int32_t key[Q2_ROW_ATOMS + 2] = {asked.partial, asked.angle_class};
  for (int k = 0; k < count; k++)
    key[2 + k] = a->type[atoms[k]];
  const int64_t known = set->asked.count, number = q2_lookup_add(&set->asked, key, (size_t)(2 + count) * sizeof *key);
  if (number < 0 || (number == known && !q2_grow(&set->answer, 1, sizeof(int32_t))))
    return q2_fail(a->error, "no memory for the rows of %s", a->record->name);
  int32_t *answer = (int32_t *)set->answer.data + number;
  if (number == known) *answer = search(a, set, &asked);
  *row = *answer >= 0 ? &a->field->row[*answer] : NULL;
  return Q2_OK;
}
