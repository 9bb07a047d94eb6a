/* Non-bonded pairs by the rows of a force field: atom types, pairs of types, charges, sites. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "assign_parts.h"

static const char CHARGES_ALONE[] = "no van der Waals";

static const char *kind_of(const char *form, int size) {
  static const char *const kinds[2][2] = {{"lj_epsilon", "lj_sigma"}, {"vdw_epsilon", "vdw_radius"}};
  return kinds[strcmp(form, "lennard_jones") != 0][size];
}

/* --- pairs of types --- */

/* Whether pairs name types where rows of the table name classes: then each type needs a row of its own. */
static int by_type(const struct q2_assigner *a) {
  for (int p = 0; p < a->field->pair_count; p++)
    if (a->field->pair[p].names == Q2_BY_TYPE) return 1;
  return 0;
}

static int add_pair(struct q2_assigner *a, int number) {
  static const char *const kinds[3][2] = {
      {"lj_epsilon", "lj_sigma"}, {"vdw_epsilon", "vdw_distance"}, {"hydrogen_c", "hydrogen_d"}};
  const struct q2_pair_row *pair = &a->field->pair[number];
  const int form = strncmp(pair->form, "exp6", 4) == 0 ? 1 : strcmp(pair->form, "hydrogen_12_10") == 0 ? 2 : 0;
  const int64_t order = 16 * ((int64_t)a->field->row_count + a->field->nonbonded_count + number);
  char label[Q2_LABEL_LENGTH];
  int keys[2];
  snprintf(label, sizeof label, "%s-%s", pair->name[0].text, pair->name[1].text);
  for (int k = 0; k < 2; k++) {
    const int varies =
        q2_assign_varies(a, kinds[form][k], &pair->parameter[k], 0) && (form == 2 || pair->parameter[0].value != 0.0);
    Q2_TRY(q2_assign_number(a, &pair->parameter[k], kinds[form][k], label, varies, order + k, &keys[k]));
  }
  return q2_builder_special_pair(a->builder, pair->name[0].text, pair->name[1].text, pair->form, keys, a->error);
}

int q2_assign_rules(struct q2_assigner *a) {
  const struct q2_force_field *field = a->field;
  if (!field->nonbonded_form[0]) return Q2_OK;
  const struct q2_nonbonded_rules rules = {.form = field->nonbonded_form,
                                           .combining_rule = field->combining_rule,
                                           .vdw_14 = field->vdw_14,
                                           .coulomb_14 = field->coulomb_14,
                                           .dielectric = field->dielectric};
  Q2_TRY(q2_builder_nonbonded(a->builder, &rules, a->error));
  for (int p = 0; p < field->pair_count; p++)
    Q2_TRY(add_pair(a, p));
  return Q2_OK;
}

/* --- atom types --- */

/* The non-bonded row of an atom, -1: none. OpenMM takes the last one that fits, as it gives parameters to types in the order of
 * the file. */
static int find_row(struct q2_assigner *a, int atom) {
  int32_t *answer = (int32_t *)a->nonbonded_answer.data + a->type[atom];
  if (*answer == -2) {
    *answer = -1;
    for (int n = 0; n < a->field->nonbonded_count; n++) {
      const struct q2_nonbonded_row *row = &a->field->nonbonded[n];
      if (q2_assign_name_fits(a, row->names, &row->name, atom) && (*answer < 0 || a->rules == Q2_RULES_OF_OPENMM)) *answer = n;
    }
  }
  return *answer;
}

/* A depth of zero has no derivative that a fit could use: AMBER's hydrogens without a radius stay as they are. */
static int give_row(struct q2_assigner *a, int atom, int number) {
  const struct q2_nonbonded_row *row = &a->field->nonbonded[number];
  const char *label = a->nonbonded_label[number], *form = a->field->nonbonded_form;
  const struct q2_file_number *const numbers[2] = {&row->epsilon, &row->size};
  const int64_t order = 16 * ((int64_t)a->field->row_count + number);
  int keys[2];
  for (int k = 0; k < 2; k++) {
    const char *kind = kind_of(form, k);
    const int varies = row->epsilon.value != 0.0 && q2_assign_varies(a, kind, numbers[k], row->fitted);
    Q2_TRY(q2_assign_number(a, numbers[k], kind, label, varies, order + k, &keys[k]));
  }
  return q2_builder_atom_type(a->builder, a->molecule, atom, by_type(a) ? a->record->type[atom].text : label, keys[0], keys[1],
                              a->error);
}

/* A force field of charges alone. */
static int give_nothing(struct q2_assigner *a, int atom) {
  const struct q2_file_number numbers[2] = {{.value = 0.0, .multiplier = 1.0, .unit = "kcal/mol"},
                                            {.value = 1.0, .multiplier = 1.0, .unit = "angstrom"}};
  int keys[2];
  for (int k = 0; k < 2; k++)
    Q2_TRY(q2_assign_number(a, &numbers[k], kind_of(a->field->nonbonded_form, k), CHARGES_ALONE, 0,
                            16 * (int64_t)a->field->row_count + k, &keys[k]));
  return q2_builder_atom_type(a->builder, a->molecule, atom, CHARGES_ALONE, keys[0], keys[1], a->error);
}

static int note_row(struct q2_assigner *a, int atom, int number) {
  char example[128];
  q2_assign_example(a, &atom, 1, example);
  return q2_assignment_note(a->report, "van der Waals", a->record->type[atom].text, Q2_MATCHED,
                            a->field->nonbonded[number].line, a->nonbonded_label[number], example, a->error);
}

/* --- charges --- */

static const struct q2_charge_row *charge_row(const struct q2_assigner *a, int atom) {
  for (int c = 0; c < a->field->charge_count; c++)
    if (strcmp(a->field->charge[c].name.text, a->record->type[atom].text) == 0) return &a->field->charge[c];
  return NULL;
}

/* The charges of the residue that the molecule is, *charge [atom_count] to be released; NULL: there is none with charges, or
 * its types are not the molecule's. */
static int residue_charges(struct q2_assigner *a, double **charge) {
  struct q2_molecule_record copy = *a->record;
  int found = 0, has_charges = 0;
  *charge = NULL;
  for (int r = 0; r < a->field->residue_count; r++)
    has_charges |= a->field->residue[r].has_charges;
  if (!has_charges) return Q2_OK;
  copy.type = NULL;
  copy.partial_charge = NULL;
  int status = q2_force_field_residue_types(a->field, &copy, &found, a->error);
  for (int atom = 0; status == Q2_OK && found && atom < copy.atom_count; atom++)
    found = strcmp(copy.type[atom].text, a->record->type[atom].text) == 0;
  if (status == Q2_OK && found)
    *charge = copy.partial_charge;
  else
    free(copy.partial_charge);
  free(copy.type);
  return status;
}

static int note_charge(struct q2_assigner *a, int atom, const struct q2_charge_row *row, const char *from) {
  char example[128];
  q2_assign_example(a, &atom, 1, example);
  return q2_assignment_note(a->report, "charge", a->record->type[atom].text, row || *from ? Q2_MATCHED : Q2_MATCHED_NONE,
                            row ? row->line : 0,
                            *from ? from
                            : row ? "of the type"
                                  : "taken as zero",
                            example, a->error);
}

static int give_charge(struct q2_assigner *a, int atom, double charge) {
  return charge != 0.0 ? q2_builder_charge(a->builder, a->molecule, atom, charge, a->error) : Q2_OK;
}

/* Charges of the force field's types, if any atom's has one; else those of the residue; else the record's own. */
static int assign_charges(struct q2_assigner *a) {
  double *residue;
  int of_types = 0, status = Q2_OK;
  for (int atom = 0; atom < a->record->atom_count && !of_types; atom++)
    of_types = charge_row(a, atom) != NULL;
  Q2_TRY(residue_charges(a, &residue));
  const double *own = residue ? residue : a->record->partial_charge;
  for (int atom = 0; atom < a->record->atom_count && status == Q2_OK; atom++) {
    const struct q2_charge_row *row = of_types ? charge_row(a, atom) : NULL;
    const char *from = of_types ? "" : residue ? "of the residue" : own ? "of the molecule's file" : "";
    status = note_charge(a, atom, row, from);
    if (status == Q2_OK) status = give_charge(a, atom, row ? row->charge : !of_types && own ? own[atom] : 0.0);
  }
  free(residue);
  return status;
}

/* --- atoms --- */

/* Tinker moves an atom of one bond; its charge stays where it is, which q2hpc cannot express. */
static int give_site(struct q2_assigner *a, int atom, double reduction) {
  const struct q2_topology *t = a->topology;
  if (reduction == 0.0 || t->start[atom + 1] - t->start[atom] != 1) return Q2_OK;
  const struct q2_charge_row *charge = charge_row(a, atom);
  if (charge && charge->charge != 0.0)
    return q2_fail(a->error,
                   "%s, atom %d: its type %s has a reduction, which Tinker applies to its van der Waals energy alone, and "
                   "a charge: q2hpc has one site for both",
                   a->record->name, atom + 1, a->record->type[atom].text);
  return q2_builder_site(a->builder, a->molecule, atom, t->neighbour[t->start[atom]], reduction, a->error);
}

int q2_assign_atoms(struct q2_assigner *a) {
  if (!a->field->nonbonded_form[0]) return Q2_OK;
  for (int atom = 0; atom < a->record->atom_count; atom++) {
    if (a->field->nonbonded_count == 0) {
      Q2_TRY(give_nothing(a, atom));
      continue;
    }
    const int row = find_row(a, atom);
    if (row < 0)
      return q2_fail(a->error, "%s, atom %d: %s has no van der Waals parameters for the type %s", a->record->name, atom + 1,
                     a->field->name, a->record->type[atom].text);
    Q2_TRY(note_row(a, atom, row));
    Q2_TRY(give_row(a, atom, row));
    Q2_TRY(give_site(a, atom, a->field->nonbonded[row].reduction));
  }
  return assign_charges(a);
}
