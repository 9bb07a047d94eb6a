/* OpenMM's forces, read: rows of terms and of non-bonded parameters. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "openmm_xml.h"

/* The ligands of an improper follow its centre in the file, whatever the order in which its angle takes them. */
static int read_ordering(struct q2_openmm_reader *reader, xmlNode *force, const xmlNode *row, struct q2_type_row *improper,
                         struct q2_error *error) {
  char value[Q2_WORD_LENGTH] = "";
  struct q2_force_field *field = reader->field;
  const int line = q2_openmm_line(reader, row);
  const int custom = strncmp((const char *)force->name, "Custom", 6) == 0;
  if (!q2_openmm_attribute(force, "ordering", value, sizeof value)) strcpy(value, custom ? "charmm" : "default");
  const int first = strcmp(value, "charmm") == 0;
  if (!first && strcmp(value, "amber") != 0 && strcmp(value, "default") != 0)
    return q2_text_fail(reader->text, line, error, "ordering=\"%.40s\" of impropers: q2hpc has default, amber, charmm", value);
  if (reader->centre_known && (field->improper_centre == Q2_IMPROPER_CENTRE_FIRST) != first)
    return q2_text_fail(reader->text, line, error,
                        "impropers of ordering charmm beside others in one force field: q2hpc takes either");
  const int by_element = strcmp(value, "default") == 0;
  if (reader->centre_known && (field->improper_ligands == Q2_LIGANDS_BY_ELEMENT) != by_element)
    return q2_text_fail(reader->text, line, error,
                        "impropers of ordering default beside others in one force field: q2hpc takes either");
  if (by_element)
    field->improper_ligands = Q2_LIGANDS_BY_ELEMENT;
  else if (first)
    field->improper_ligands = Q2_LIGANDS_AS_NAMED;
  else
    field->improper_ligands = Q2_LIGANDS_BY_NUMBER;
  reader->centre_known = 1;
  field->improper_all_orders = 0;
  if (first) {
    field->improper_centre = Q2_IMPROPER_CENTRE_FIRST;
    for (int a = 0; a < 4; a++)
      if (strcmp(improper->atom[a].text, "*") == 0)
        return q2_text_fail(reader->text, line, error, "an improper of ordering charmm with wildcards: q2hpc has no such rule");
    return Q2_OK;
  }
  field->improper_centre = Q2_IMPROPER_CENTRE_THIRD;
  const struct q2_type_name centre = improper->atom[0];
  improper->atom[0] = improper->atom[1];
  improper->atom[1] = improper->atom[2];
  improper->atom[2] = centre;
  return Q2_OK;
}

static struct q2_type_row start_row(const struct q2_openmm_reader *reader, const xmlNode *node, const char *form) {
  const struct q2_row_form *about = q2_row_form_named(form);
  struct q2_type_row row = {.atom_count = about->atom_count,
                            .parameter_count = about->parameter_count,
                            .fitted = q2_openmm_marked(node),
                            .line = q2_openmm_line(reader, node)};
  snprintf(row.form, sizeof row.form, "%s", form);
  return row;
}

static int read_row(struct q2_openmm_reader *reader, xmlNode *force, xmlNode *node, const struct q2_openmm_form *form,
                    struct q2_error *error) {
  struct q2_type_row row = start_row(reader, node, form->form);
  row.straight = form->energy == q2_openmm_straight_angle;
  Q2_TRY(q2_openmm_names(reader, node, row.atom_count, &row.names, row.atom, error));
  for (int p = 0; p < row.parameter_count; p++)
    Q2_TRY(q2_openmm_number(reader, node, form->attribute[p], form->multiplier[p], form->unit[p], &row.parameter[p], error));
  if (form->constant) {
    struct q2_file_number constant;
    Q2_TRY(q2_openmm_number(reader, node, form->constant, 1.0, "", &constant, error));
    row.constant = constant.value;
  }
  if (strcmp(form->row, "Improper") == 0) Q2_TRY(read_ordering(reader, force, node, &row, error));
  return q2_force_field_add_row(reader->field, &row, error);
}

/* A Custom force is one whose energy, and kind of rows, q2hpc itself writes. */
static int read_rows(struct q2_openmm_reader *reader, xmlNode *force, int *known, struct q2_error *error) {
  char energy[512] = "";
  const int custom = q2_openmm_attribute(force, "energy", energy, sizeof energy);
  *known = 0;
  for (const struct q2_openmm_form *form = q2_openmm_forms; form->form; form++) {
    if (!q2_openmm_is(force, form->force) || custom != (form->energy != NULL)) continue;
    if (custom && strcmp(form->energy, energy) != 0) continue;
    *known = 1;
    for (xmlNode *node = q2_openmm_element(force->children); node; node = q2_openmm_element(node->next)) {
      if (q2_openmm_is(node, form->row))
        Q2_TRY(read_row(reader, force, node, form, error));
      else if (!form->per_row || !q2_openmm_is(node, form->per_row))
        return q2_text_fail(reader->text, q2_openmm_line(reader, node), error, "%s: q2hpc does not read its element %.40s",
                            (const char *)force->name, (const char *)node->name);
    }
  }
  return Q2_OK;
}

/* k1, phase1, periodicity1, k2, ... */
static int read_series(struct q2_openmm_reader *reader, xmlNode *force, xmlNode *node, int improper, struct q2_error *error) {
  struct q2_type_row row = start_row(reader, node, improper ? "improper_fourier" : "torsion_fourier");
  Q2_TRY(q2_openmm_names(reader, node, 4, &row.names, row.atom, error));
  if (improper) Q2_TRY(read_ordering(reader, force, node, &row, error));
  for (;; row.component++) {
    char k[32], phase[32], periodicity[32], value[Q2_WORD_LENGTH];
    struct q2_file_number n;
    snprintf(k, sizeof k, "k%d", row.component + 1);
    snprintf(phase, sizeof phase, "phase%d", row.component + 1);
    snprintf(periodicity, sizeof periodicity, "periodicity%d", row.component + 1);
    if (row.component > 0 && !q2_openmm_attribute(node, phase, value, sizeof value)) return Q2_OK;
    Q2_TRY(q2_openmm_number(reader, node, k, 1.0, "kJ/mol", &row.parameter[0], error));
    Q2_TRY(q2_openmm_number(reader, node, phase, 1.0, "radian", &row.parameter[1], error));
    Q2_TRY(q2_openmm_number(reader, node, periodicity, 1.0, "", &n, error));
    if (!(n.value >= 1.0 && n.value <= 12.0 && n.value == floor(n.value)))
      return q2_text_fail(reader->text, row.line, error, "expected a periodicity from 1 to 12, found %g", n.value);
    row.constant = n.value;
    Q2_TRY(q2_force_field_add_row(reader->field, &row, error));
  }
}

static int read_periodic(struct q2_openmm_reader *reader, xmlNode *force, struct q2_error *error) {
  for (xmlNode *node = q2_openmm_element(force->children); node; node = q2_openmm_element(node->next)) {
    const int improper = q2_openmm_is(node, "Improper");
    if (!improper && !q2_openmm_is(node, "Proper"))
      return q2_text_fail(reader->text, q2_openmm_line(reader, node), error,
                          "PeriodicTorsionForce: expected Proper or Improper, found %.40s", (const char *)node->name);
    Q2_TRY(read_series(reader, force, node, improper, error));
  }
  return Q2_OK;
}

static int read_nonbonded_row(struct q2_openmm_reader *reader, xmlNode *node, const char *size, struct q2_error *error) {
  struct q2_nonbonded_row row = {.fitted = q2_openmm_marked(node), .line = q2_openmm_line(reader, node)};
  Q2_TRY(q2_openmm_names(reader, node, 1, &row.names, &row.name, error));
  Q2_TRY(q2_openmm_number(reader, node, size, 1.0, "nm", &row.size, error));
  Q2_TRY(q2_openmm_number(reader, node, "epsilon", 1.0, "kJ/mol", &row.epsilon, error));
  return q2_force_field_add_nonbonded(reader->field, &row, error);
}

/* A charge that a row gives to its type, or to all types of its class. */
static int read_charge(struct q2_openmm_reader *reader, xmlNode *node, struct q2_error *error) {
  struct q2_file_number charge;
  struct q2_type_name name;
  enum q2_row_names names;
  struct q2_charge_row row = {.line = q2_openmm_line(reader, node)};
  Q2_TRY(q2_openmm_names(reader, node, 1, &names, &name, error));
  Q2_TRY(q2_openmm_number(reader, node, "charge", 1.0, "e", &charge, error));
  row.charge = charge.value;
  row.name = name;
  if (names == Q2_BY_TYPE) return q2_force_field_add_charge(reader->field, &row, error);
  for (int t = 0; t < reader->field->type_count; t++) {
    if (strcmp(reader->field->type[t].class_name.text, name.text) != 0) continue;
    row.name = reader->field->type[t].name;
    Q2_TRY(q2_force_field_add_charge(reader->field, &row, error));
  }
  return Q2_OK;
}

static int read_scales(struct q2_openmm_reader *reader, xmlNode *force, struct q2_error *error) {
  struct q2_file_number coulomb, vdw;
  Q2_TRY(q2_openmm_number(reader, force, "coulomb14scale", 1.0, "", &coulomb, error));
  Q2_TRY(q2_openmm_number(reader, force, "lj14scale", 1.0, "", &vdw, error));
  if (coulomb.value < 0.0 || vdw.value < 0.0)
    return q2_text_fail(reader->text, q2_openmm_line(reader, force), error, "coulomb14scale, lj14scale: expected none below 0");
  reader->field->coulomb_14 = coulomb.value;
  if (reader->custom_vdw_14 < 0.0) reader->field->vdw_14 = vdw.value;
  return Q2_OK;
}

/* Lennard-Jones pairs and charges; where a Custom force has the pairs, charges alone (then all well depths are zero). */
static int read_nonbonded(struct q2_openmm_reader *reader, xmlNode *force, struct q2_error *error) {
  struct q2_force_field *field = reader->field;
  Q2_TRY(read_scales(reader, force, error));
  for (xmlNode *node = q2_openmm_element(force->children); node; node = q2_openmm_element(node->next)) {
    char name[Q2_WORD_LENGTH];
    const int line = q2_openmm_line(reader, node);
    if (q2_openmm_is(node, "UseAttributeFromResidue")) {
      if (!q2_openmm_attribute(node, "name", name, sizeof name) || strcmp(name, "charge") != 0)
        return q2_text_fail(reader->text, line, error, "NonbondedForce: q2hpc takes charges only from residues");
      reader->charges_of_residues = 1;
    } else if (!q2_openmm_is(node, "Atom"))
      return q2_text_fail(reader->text, line, error, "NonbondedForce: q2hpc does not read its element %.40s",
                          (const char *)node->name);
  }
  const int custom = reader->custom_vdw_14 >= 0.0;
  if (!custom) {
    strcpy(field->nonbonded_form, "lennard_jones");
    strcpy(field->combining_rule, "lorentz-berthelot");
  }
  for (xmlNode *node = q2_openmm_element(force->children); node; node = q2_openmm_element(node->next)) {
    struct q2_file_number epsilon;
    if (!q2_openmm_is(node, "Atom")) continue;
    if (!reader->charges_of_residues) Q2_TRY(read_charge(reader, node, error));
    Q2_TRY(q2_openmm_number(reader, node, "epsilon", 1.0, "kJ/mol", &epsilon, error));
    if (custom && epsilon.value != 0.0)
      return q2_text_fail(reader->text, q2_openmm_line(reader, node), error,
                          "NonbondedForce with well depths beside a CustomNonbondedForce: q2hpc has one form for all pairs");
    if (!custom) Q2_TRY(read_nonbonded_row(reader, node, "sigma", error));
  }
  return Q2_OK;
}

static const struct q2_openmm_pairs *pairs_of(const xmlNode *force, int *second) {
  char energy[512] = "";
  q2_openmm_attribute(force, "energy", energy, sizeof energy);
  for (const struct q2_openmm_pairs *pairs = q2_openmm_pair_forms; pairs->form; pairs++)
    for (*second = 0; *second < 2; ++*second)
      if (strcmp(energy, pairs->energy[*second]) == 0) return pairs;
  return NULL;
}

static int read_custom_nonbonded(struct q2_openmm_reader *reader, xmlNode *force, const struct q2_openmm_pairs *pairs,
                                 int second, struct q2_error *error) {
  struct q2_force_field *field = reader->field;
  struct q2_file_number number;
  Q2_TRY(q2_openmm_number(reader, force, "bondCutoff", 1.0, "", &number, error));
  if (number.value != (second ? 3.0 : 2.0))
    return q2_text_fail(reader->text, q2_openmm_line(reader, force), error, "bondCutoff=\"%g\": expected %d with this energy",
                        number.value, second ? 3 : 2);
  for (xmlNode *node = q2_openmm_element(force->children); node; node = q2_openmm_element(node->next)) {
    if (q2_openmm_is(node, "GlobalParameter")) {
      Q2_TRY(q2_openmm_number(reader, node, "defaultValue", 1.0, "", &number, error));
      if (reader->custom_vdw_14 >= 0.0 && number.value != reader->custom_vdw_14)
        return q2_text_fail(reader->text, q2_openmm_line(reader, node), error, "vdw14 is %g here and %g before", number.value,
                            reader->custom_vdw_14);
      reader->custom_vdw_14 = field->vdw_14 = number.value;
    }
    if (q2_openmm_is(node, "Atom") && !second) Q2_TRY(read_nonbonded_row(reader, node, pairs->size, error));
  }
  if (reader->custom_vdw_14 < 0.0)
    return q2_text_fail(reader->text, q2_openmm_line(reader, force), error, "expected the global parameter vdw14");
  strcpy(field->nonbonded_form, pairs->form);
  strcpy(field->combining_rule, pairs->combining_rule);
  return Q2_OK;
}

int q2_openmm_force(struct q2_openmm_reader *reader, xmlNode *force, struct q2_error *error) {
  int known, second;
  Q2_TRY(read_rows(reader, force, &known, error));
  if (known) return Q2_OK;
  if (q2_openmm_is(force, "PeriodicTorsionForce")) return read_periodic(reader, force, error);
  if (q2_openmm_is(force, "NonbondedForce")) return read_nonbonded(reader, force, error);
  const struct q2_openmm_pairs *pairs = q2_openmm_is(force, "CustomNonbondedForce") ? pairs_of(force, &second) : NULL;
  if (pairs) return read_custom_nonbonded(reader, force, pairs, second, error);
  return q2_text_fail(reader->text, q2_openmm_line(reader, force), error, "%.60s: q2hpc has no such %s",
                      (const char *)force->name, strncmp((const char *)force->name, "Custom", 6) == 0 ? "energy" : "force");
}
