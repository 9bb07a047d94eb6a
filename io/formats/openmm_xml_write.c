/* OpenMM's ForceField files, written. */
#include <math.h>
#include <string.h>

#include "../elements.h"
#include "force_field_formats.h"
#include "force_field_writer.h"
#include "openmm_xml.h"

/* Text of an attribute. */
static void write_text(FILE *out, const char *text) {
  for (; *text; text++) {
    const char *entity = *text == '&'   ? "&amp;"
                         : *text == '<' ? "&lt;"
                         : *text == '>' ? "&gt;"
                         : *text == '"' ? "&quot;"
                                        : NULL;
    if (entity)
      fputs(entity, out);
    else
      fputc(*text, out);
  }
}

/* type1="" or class1=""; "" stands for any. count 1: without number. */
static void write_name(FILE *out, enum q2_row_names names, const char *name, int number) {
  fprintf(out, " %s", names == Q2_BY_TYPE ? "type" : "class");
  if (number) fprintf(out, "%d", number);
  fputs("=\"", out);
  write_text(out, strcmp(name, "*") == 0 ? "" : name);
  fputs("\"", out);
}

static void write_names(const struct q2_field_writer *writer, const struct q2_type_row *row) {
  /* Of impropers the centre comes first, then the ligands in their order. */
  static const int centre_third[] = {2, 0, 1, 3};
  const int turned = strncmp(row->form, "improper", 8) == 0 && writer->field->improper_centre == Q2_IMPROPER_CENTRE_THIRD;
  for (int a = 0; a < row->atom_count; a++)
    write_name(writer->out, row->names, row->atom[turned ? centre_third[a] : a].text, a + 1);
}

static int write_number(const struct q2_field_writer *writer, const char *attribute, int index,
                        const struct q2_file_number *number, const char *kind, const char *unit, double multiplier,
                        struct q2_error *error) {
  char text[Q2_NUMBER_LENGTH];
  Q2_TRY(q2_file_number_print(number, kind, unit, multiplier, text, error));
  fprintf(writer->out, " %s", attribute);
  if (index) fprintf(writer->out, "%d", index);
  fprintf(writer->out, "=\"%s\"", text);
  return Q2_OK;
}

static const char *mark(int fitted) { return fitted ? " fit=\"1\"" : ""; }

static void write_types(const struct q2_field_writer *writer) {
  fputs(" <AtomTypes>\n", writer->out);
  for (int t = 0; t < writer->field->type_count; t++) {
    const struct q2_atom_type *type = &writer->field->type[t];
    fputs("  <Type name=\"", writer->out);
    write_text(writer->out, type->name.text);
    fputs("\" class=\"", writer->out);
    write_text(writer->out, type->class_name.text);
    fputs("\"", writer->out);
    if (type->element) fprintf(writer->out, " element=\"%s\"", q2_element_symbol(type->element));
    fprintf(writer->out, " mass=\"%.17g\"/>\n", type->mass);
  }
  fputs(" </AtomTypes>\n", writer->out);
}

static void write_residues(const struct q2_field_writer *writer) {
  if (!writer->field->residue_count) return;
  fputs(" <Residues>\n", writer->out);
  for (int r = 0; r < writer->field->residue_count; r++) {
    const struct q2_residue *residue = &writer->field->residue[r];
    fputs("  <Residue name=\"", writer->out);
    write_text(writer->out, residue->name);
    fputs("\">\n", writer->out);
    for (int a = 0; a < residue->atom_count; a++) {
      fputs("   <Atom name=\"", writer->out);
      write_text(writer->out, residue->atom[a].name.text);
      fputs("\" type=\"", writer->out);
      write_text(writer->out, residue->atom[a].type.text);
      if (residue->has_charges)
        fprintf(writer->out, "\" charge=\"%.17g\"/>\n", residue->atom[a].charge);
      else
        fputs("\"/>\n", writer->out);
    }
    for (int b = 0; b < residue->bond_count; b++)
      fprintf(writer->out, "   <Bond from=\"%d\" to=\"%d\"/>\n", (int)residue->bond[b][0], (int)residue->bond[b][1]);
    fputs("  </Residue>\n", writer->out);
  }
  fputs(" </Residues>\n", writer->out);
}

/* OpenMM has one improper a centre, its ligands in one order. */
static int check_improper(const struct q2_field_writer *writer, const struct q2_type_row *row, struct q2_error *error) {
  const int first = writer->field->improper_centre == Q2_IMPROPER_CENTRE_FIRST;
  for (int a = 0; a < 4; a++) {
    const int wildcard = strcmp(row->atom[a].text, "*") == 0;
    if (wildcard && first)
      return q2_field_refuse_row(writer, row, "an improper whose first atom is the centre has no wildcards there", error);
    for (int b = 0; b < a && writer->field->improper_all_orders; b++)
      if (a != (first ? 0 : 2) && b != (first ? 0 : 2) &&
          (wildcard || strcmp(row->atom[a].text, row->atom[b].text) == 0 || strcmp(row->atom[b].text, "*") == 0))
        return q2_field_refuse_row(writer, row, "it has one term a centre, not one for each order of the ligands", error);
  }
  return Q2_OK;
}

static const char *ordering(const struct q2_force_field *field) {
  if (field->improper_centre == Q2_IMPROPER_CENTRE_FIRST) return "charmm";
  return field->improper_ligands == Q2_LIGANDS_BY_ELEMENT ? "default" : "amber";
}

static int write_row(const struct q2_field_writer *writer, const struct q2_type_row *row, const struct q2_openmm_form *form,
                     struct q2_error *error) {
  const struct q2_row_form *about = q2_row_form_named(row->form);
  if (strcmp(form->row, "Improper") == 0) Q2_TRY(check_improper(writer, row, error));
  if (row->further_count) return q2_field_refuse_row(writer, row, "its angles do not depend on hydrogens at the centre", error);
  fprintf(writer->out, "  <%s", form->row);
  write_names(writer, row);
  for (int p = 0; p < about->parameter_count; p++)
    Q2_TRY(write_number(writer, form->attribute[p], 0, &row->parameter[p], about->kind[p], form->unit[p], form->multiplier[p],
                        error));
  if (form->constant) fprintf(writer->out, " %s=\"%.17g\"", form->constant, row->constant);
  fprintf(writer->out, "%s/>\n", mark(row->fitted));
  return Q2_OK;
}

static int is_of_form(const struct q2_type_row *row, const struct q2_openmm_form *form) {
  return strcmp(row->form, form->form) == 0 && row->straight == (form->energy == q2_openmm_straight_angle);
}

/* All rows of a form, in a force of their own. */
static int write_force(const struct q2_field_writer *writer, const struct q2_openmm_form *form, struct q2_error *error) {
  const struct q2_force_field *field = writer->field;
  int rows = 0;
  for (int r = 0; r < field->row_count; r++)
    rows += is_of_form(&field->row[r], form);
  if (rows == 0) return Q2_OK;
  fprintf(writer->out, " <%s", form->force);
  if (form->energy) fprintf(writer->out, " energy=\"%s\"", form->energy);
  if (strcmp(form->row, "Improper") == 0) fprintf(writer->out, " ordering=\"%s\"", ordering(field));
  fputs(">\n", writer->out);
  for (int p = 0; form->per_row && p < Q2_ROW_PARAMETERS && form->attribute[p]; p++)
    fprintf(writer->out, "  <%s name=\"%s\"/>\n", form->per_row, form->attribute[p]);
  if (form->constant) fprintf(writer->out, "  <%s name=\"%s\"/>\n", form->per_row, form->constant);
  for (int r = 0; r < field->row_count; r++)
    if (is_of_form(&field->row[r], form)) Q2_TRY(write_row(writer, &field->row[r], form, error));
  fprintf(writer->out, " </%s>\n", form->force);
  return Q2_OK;
}

static int write_series(const struct q2_field_writer *writer, const struct q2_type_row *row, int count,
                        struct q2_error *error) {
  const int improper = strcmp(row->form, "improper_fourier") == 0;
  int marked = 0;
  if (improper) Q2_TRY(check_improper(writer, row, error));
  fprintf(writer->out, "  <%s", improper ? "Improper" : "Proper");
  write_names(writer, row);
  for (int c = 0; c < count; c++) {
    const struct q2_row_form *about = q2_row_form_named(row->form);
    fprintf(writer->out, " periodicity%d=\"%g\"", c + 1, row[c].constant);
    Q2_TRY(write_number(writer, "phase", c + 1, &row[c].parameter[1], about->kind[1], "radian", 1.0, error));
    Q2_TRY(write_number(writer, "k", c + 1, &row[c].parameter[0], about->kind[0], "kJ/mol", 1.0, error));
    marked |= row[c].fitted;
  }
  fprintf(writer->out, "%s/>\n", mark(marked));
  return Q2_OK;
}

static int write_fourier(const struct q2_field_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->field;
  if (!q2_field_has(field, "torsion_fourier") && !q2_field_has(field, "improper_fourier")) return Q2_OK;
  fprintf(writer->out, " <PeriodicTorsionForce ordering=\"%s\">\n", ordering(field));
  for (int r = 0, count; r < field->row_count; r += count) {
    const char *form = field->row[r].form;
    count = q2_field_series(field, r);
    if (strcmp(form, "torsion_fourier") == 0 || strcmp(form, "improper_fourier") == 0)
      Q2_TRY(write_series(writer, &field->row[r], count, error));
  }
  fputs(" </PeriodicTorsionForce>\n", writer->out);
  return Q2_OK;
}

static int check_rows(const struct q2_field_writer *writer, struct q2_error *error) {
  for (int r = 0; r < writer->field->row_count; r++) {
    const struct q2_type_row *row = &writer->field->row[r];
    const struct q2_openmm_form *form = q2_openmm_forms;
    while (form->form && !is_of_form(row, form))
      form++;
    if (!form->form && strcmp(row->form, "torsion_fourier") != 0 && strcmp(row->form, "improper_fourier") != 0)
      return q2_field_refuse_row(writer, row, "its ForceField has no such force", error);
  }
  return Q2_OK;
}

static int write_pair_rows(const struct q2_field_writer *writer, const char *size, const char *size_kind,
                           const char *epsilon_kind, int zero, const char *charges, struct q2_error *error) {
  const struct q2_force_field *field = writer->field;
  for (int n = 0; n < field->nonbonded_count; n++) {
    const struct q2_nonbonded_row *row = &field->nonbonded[n];
    if (row->reduction != 0.0)
      return q2_fail(error, "OpenMM's ForceField cannot express the reduction %g of %s: it has no sites", row->reduction,
                     row->name.text);
    fputs("  <Atom", writer->out);
    write_name(writer->out, row->names, row->name.text, 0);
    fputs(charges, writer->out);
    if (zero)
      fputs(" sigma=\"1\" epsilon=\"0\"/>\n", writer->out);
    else {
      Q2_TRY(write_number(writer, size, 0, &row->size, size_kind, "nm", 1.0, error));
      Q2_TRY(write_number(writer, "epsilon", 0, &row->epsilon, epsilon_kind, "kJ/mol", 1.0, error));
      fprintf(writer->out, "%s/>\n", mark(row->fitted));
    }
  }
  return Q2_OK;
}

/* Rows by types, each with the charge of its type; a row for a class is one for each of its types. */
static int write_charged_rows(const struct q2_field_writer *writer, int zero, struct q2_error *error) {
  const struct q2_force_field *field = writer->field;
  for (int t = 0; t < field->type_count; t++) {
    const struct q2_nonbonded_row *row = NULL;
    const struct q2_charge_row *charge = NULL;
    for (int n = 0; n < field->nonbonded_count; n++) {
      const struct q2_nonbonded_row *candidate = &field->nonbonded[n];
      const char *name = candidate->names == Q2_BY_TYPE ? field->type[t].name.text : field->type[t].class_name.text;
      if (strcmp(name, candidate->name.text) == 0) row = candidate;
    }
    for (int c = 0; c < field->charge_count; c++)
      if (strcmp(field->charge[c].name.text, field->type[t].name.text) == 0) charge = &field->charge[c];
    if (!row && !charge) continue;
    if (row && row->reduction != 0.0)
      return q2_fail(error, "OpenMM's ForceField cannot express the reduction %g of %s: it has no sites", row->reduction,
                     row->name.text);
    fputs("  <Atom", writer->out);
    write_name(writer->out, Q2_BY_TYPE, field->type[t].name.text, 0);
    fprintf(writer->out, " charge=\"%.17g\"", charge ? charge->charge : 0.0);
    if (zero || !row)
      fputs(" sigma=\"1\" epsilon=\"0\"/>\n", writer->out);
    else {
      Q2_TRY(write_number(writer, "sigma", 0, &row->size, "lj_sigma", "nm", 1.0, error));
      Q2_TRY(write_number(writer, "epsilon", 0, &row->epsilon, "lj_epsilon", "kJ/mol", 1.0, error));
      fprintf(writer->out, "%s/>\n", mark(row->fitted));
    }
  }
  return Q2_OK;
}

/* NonbondedForce: Lennard-Jones pairs, or (zero) charges alone. */
static int write_nonbonded_force(const struct q2_field_writer *writer, int zero, struct q2_error *error) {
  const struct q2_force_field *field = writer->field;
  int of_residues = 0;
  for (int r = 0; r < field->residue_count; r++)
    of_residues |= field->residue[r].has_charges;
  if (field->dielectric != 1.0 && (field->charge_count || of_residues))
    return q2_fail(error, "OpenMM's ForceField cannot express the dielectric constant %g", field->dielectric);
  if (zero && !of_residues && !field->charge_count) return Q2_OK;
  fprintf(writer->out, " <NonbondedForce coulomb14scale=\"%.17g\" lj14scale=\"%.17g\">\n", field->coulomb_14, field->vdw_14);
  if (of_residues) fputs("  <UseAttributeFromResidue name=\"charge\"/>\n", writer->out);
  if (field->charge_count && !of_residues)
    Q2_TRY(write_charged_rows(writer, zero, error));
  else
    Q2_TRY(write_pair_rows(writer, "sigma", "lj_sigma", "lj_epsilon", zero, of_residues ? "" : " charge=\"0\"", error));
  fputs(" </NonbondedForce>\n", writer->out);
  return Q2_OK;
}

static int write_custom_pairs(const struct q2_field_writer *writer, const struct q2_openmm_pairs *pairs, int second,
                              struct q2_error *error) {
  const double vdw_14 = writer->field->vdw_14;
  fprintf(writer->out, " <CustomNonbondedForce energy=\"%s\" bondCutoff=\"%d\">\n", pairs->energy[second], second ? 3 : 2);
  fprintf(writer->out, "  <GlobalParameter name=\"vdw14\" defaultValue=\"%.17g\"/>\n", vdw_14);
  fprintf(writer->out, "  <PerParticleParameter name=\"%s\"/>\n  <PerParticleParameter name=\"epsilon\"/>\n", pairs->size);
  Q2_TRY(write_pair_rows(writer, pairs->size, pairs->size_kind, pairs->epsilon_kind, 0, "", error));
  fputs(" </CustomNonbondedForce>\n", writer->out);
  return Q2_OK;
}

static int write_nonbonded(const struct q2_field_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->field;
  const struct q2_openmm_pairs *pairs = q2_openmm_pair_forms;
  if (!field->nonbonded_form[0]) return Q2_OK;
  if (field->pair_count)
    return q2_fail(error, "OpenMM's ForceField cannot express parameters of the pair %s-%s: it has those of types",
                   field->pair[0].name[0].text, field->pair[0].name[1].text);
  if (strcmp(field->nonbonded_form, "lennard_jones") == 0 && strcmp(field->combining_rule, "lorentz-berthelot") == 0)
    return write_nonbonded_force(writer, 0, error);
  while (pairs->form &&
         (strcmp(pairs->form, field->nonbonded_form) != 0 || strcmp(pairs->combining_rule, field->combining_rule) != 0))
    pairs++;
  if (!pairs->form)
    return q2_fail(error, "OpenMM's ForceField cannot express pairs of the form %s with the combining rule %s",
                   field->nonbonded_form, field->combining_rule);
  for (int second = 0; second < (field->vdw_14 == 1.0 ? 1 : 2); second++)
    Q2_TRY(write_custom_pairs(writer, pairs, second, error));
  return write_nonbonded_force(writer, 1, error);
}

static int write_all(const struct q2_field_writer *writer, struct q2_error *error) {
  Q2_TRY(check_rows(writer, error));
  fputs("<ForceField>\n", writer->out);
  write_types(writer);
  write_residues(writer);
  for (const struct q2_openmm_form *form = q2_openmm_forms; form->form; form++)
    Q2_TRY(write_force(writer, form, error));
  Q2_TRY(write_fourier(writer, error));
  Q2_TRY(write_nonbonded(writer, error));
  fputs("</ForceField>\n", writer->out);
  return Q2_OK;
}

int q2_openmm_write(const struct q2_force_field *field, char **bytes, size_t *size, struct q2_error *error) {
  struct q2_field_writer writer;
  Q2_TRY(q2_field_writer_open(field, "OpenMM's ForceField", &writer, error));
  return q2_field_writer_close(&writer, write_all(&writer, error), bytes, size, error);
}
