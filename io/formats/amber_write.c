/* AMBER's parameters, written as frcmod. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "force_field_formats.h"
#include "force_field_writer.h"

/* Types stand in two columns: AMBER's own limit. */
static int write_name(struct q2_field_writer *writer, const char *name, int last, struct q2_error *error) {
  if (strlen(name) > 2) return q2_fail(error, "AMBER cannot express the atom type %s: it has at most two characters", name);
  if (strcmp(name, "X") == 0) return q2_fail(error, "AMBER cannot express the atom type X: it means any type there");
  fprintf(writer->out, "%-2s%s", strcmp(name, "*") == 0 ? "X" : name, last ? "" : "-");
  return Q2_OK;
}

/* Whether each type is a class of its own, so that rows by classes are rows by types. */
static int classes_are_types(const struct q2_force_field *field) {
  for (int t = 0; t < field->type_count; t++)
    if (strcmp(field->type[t].name.text, field->type[t].class_name.text) != 0) return 0;
  return 1;
}

static int write_names(struct q2_field_writer *writer, const struct q2_type_row *row, int wildcards, struct q2_error *error) {
  if (row->names == Q2_BY_CLASS && !classes_are_types(writer->field))
    return q2_field_refuse_row(writer, row, "it has no classes", error);
  for (int a = 0; a < row->atom_count; a++) {
    if (!wildcards && strcmp(row->atom[a].text, "*") == 0)
      return q2_field_refuse_row(writer, row, "it has no wildcards there", error);
    Q2_TRY(write_name(writer, row->atom[a].text, a == row->atom_count - 1, error));
  }
  return Q2_OK;
}

static const char *mark(int fitted) { return fitted ? "   OPT" : ""; }

static int write_masses(struct q2_field_writer *writer, struct q2_error *error) {
  fprintf(writer->out, "MASS\n");
  for (int t = 0; t < writer->field->type_count; t++) {
    const struct q2_atom_type *type = &writer->field->type[t];
    if (type->mass == 0.0) continue;
    Q2_TRY(write_name(writer, type->name.text, 1, error));
    fprintf(writer->out, " %.17g\n", type->mass);
  }
  return Q2_OK;
}

/* A section of rows with a force constant and an equilibrium value. */
static int write_harmonic(struct q2_field_writer *writer, const char *section, const char *form, const char *k_unit,
                          const char *eq_unit, struct q2_error *error) {
  fprintf(writer->out, "\n%s\n", section);
  for (int r = 0; r < writer->field->row_count; r++) {
    const struct q2_type_row *row = &writer->field->row[r];
    if (strcmp(row->form, form) != 0) continue;
    if (row->further_count)
      return q2_field_refuse_row(writer, row, "its angles do not depend on hydrogens at the centre", error);
    Q2_TRY(write_names(writer, row, 0, error));
    Q2_TRY(q2_field_write_number(writer, row, 0, k_unit, 1.0, error));
    Q2_TRY(q2_field_write_number(writer, row, 1, eq_unit, 1.0, error));
    fprintf(writer->out, "%s\n", mark(row->fitted));
  }
  return Q2_OK;
}

/* SCEE and SCNB, where they are not AMBER's own 1.2 and 2. */
static void write_scales(struct q2_field_writer *writer) {
  const struct q2_force_field *field = writer->field;
  if (!field->nonbonded_form[0]) return;
  if (field->coulomb_14 == 1.0 / 1.2 && field->vdw_14 == 0.5) return;
  fprintf(writer->out, "   SCEE=%.17g SCNB=%.17g", 1.0 / field->coulomb_14, 1.0 / field->vdw_14);
}

/* One divisor of the barrier that is a whole number: AMBER's IDIVF. The file's own is kept where its numbers are. */
static int divisor(const struct q2_type_row *row) {
  const double paths = 1.0 / row->parameter[0].multiplier;
  return paths >= 1.0 && paths <= 1000.0 && 1.0 / round(paths) == row->parameter[0].multiplier ? (int)round(paths) : 1;
}

static int write_fourier(struct q2_field_writer *writer, const struct q2_type_row *row, int count, struct q2_error *error) {
  for (int c = 0; c < count; c++) {
    const int paths = divisor(&row[c]);
    Q2_TRY(write_names(writer, &row[c], 1, error));
    fprintf(writer->out, " %d", paths);
    Q2_TRY(q2_field_write_number(writer, &row[c], 0, "kcal/mol", 1.0 / paths, error));
    Q2_TRY(q2_field_write_number(writer, &row[c], 1, "degree", 1.0, error));
    fprintf(writer->out, " %s%g.", c < count - 1 ? "-" : "", row[c].constant);
    write_scales(writer);
    fprintf(writer->out, "%s\n", mark(row[c].fitted));
  }
  return Q2_OK;
}

/* V1/2 (1 + cos phi) + V2/2 (1 - cos 2 phi) + V3/2 (1 + cos 3 phi) as three components, or those that are not zero. */
static int write_mm3_torsion(struct q2_field_writer *writer, const struct q2_type_row *row, struct q2_error *error) {
  int last = 0;
  for (int v = 0; v < 3; v++)
    if (row->parameter[v].value != 0.0) last = v;
  for (int v = 0; v <= last; v++) {
    if (row->parameter[v].value == 0.0 && v != last) continue;
    Q2_TRY(write_names(writer, row, 1, error));
    fprintf(writer->out, " 2");
    Q2_TRY(q2_field_write_number(writer, row, v, "kcal/mol", 1.0, error));
    fprintf(writer->out, " %s %s%d.", v == 1 ? "180" : "0", v < last ? "-" : "", v + 1);
    write_scales(writer);
    fprintf(writer->out, "%s\n", mark(row->fitted));
  }
  return Q2_OK;
}

static int write_torsions(struct q2_field_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->field;
  fprintf(writer->out, "\nDIHE\n");
  for (int r = 0, count; r < field->row_count; r += count) {
    count = q2_field_series(field, r);
    if (strcmp(field->row[r].form, "torsion_fourier") == 0) Q2_TRY(write_fourier(writer, &field->row[r], count, error));
    if (strcmp(field->row[r].form, "torsion_mm3") == 0) Q2_TRY(write_mm3_torsion(writer, &field->row[r], error));
  }
  return Q2_OK;
}

static int write_impropers(struct q2_field_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->field;
  fprintf(writer->out, "\nIMPR\n");
  for (int r = 0; r < field->row_count; r++) {
    const struct q2_type_row *row = &field->row[r];
    if (strcmp(row->form, "improper_fourier") != 0) continue;
    if (field->improper_centre != Q2_IMPROPER_CENTRE_THIRD)
      return q2_field_refuse_row(writer, row, "the centre of its impropers is the third atom", error);
    if (row->component > 0 || q2_field_series(field, r) > 1)
      return q2_field_refuse_row(writer, row, "an improper has one component there", error);
    if (field->improper_all_orders)
      return q2_field_refuse_row(writer, row, "it has one term a centre, not one for each order of the ligands", error);
    Q2_TRY(write_names(writer, row, 1, error));
    Q2_TRY(q2_field_write_number(writer, row, 0, "kcal/mol", 1.0, error));
    Q2_TRY(q2_field_write_number(writer, row, 1, "degree", 1.0, error));
    fprintf(writer->out, " %g.%s\n", row->constant, mark(row->fitted));
  }
  return Q2_OK;
}

static int check_rows(struct q2_field_writer *writer, struct q2_error *error) {
  static const char *const forms[] = {"bond_harmonic", "angle_harmonic", "torsion_fourier", "torsion_mm3", "improper_fourier"};
  for (int r = 0; r < writer->field->row_count; r++) {
    size_t f = 0;
    while (f < sizeof forms / sizeof forms[0] && strcmp(forms[f], writer->field->row[r].form) != 0)
      f++;
    if (f == sizeof forms / sizeof forms[0])
      return q2_field_refuse_row(writer, &writer->field->row[r], "it has no such form", error);
  }
  return Q2_OK;
}

static int check_nonbonded(const struct q2_force_field *field, struct q2_error *error) {
  if (!field->nonbonded_form[0]) return Q2_OK;
  if (strcmp(field->nonbonded_form, "lennard_jones") != 0 || strcmp(field->combining_rule, "lorentz-berthelot") != 0)
    return q2_fail(error,
                   "AMBER cannot express pairs of the form %s with the combining rule %s: it has lennard_jones with "
                   "lorentz-berthelot",
                   field->nonbonded_form, field->combining_rule);
  if (!(field->coulomb_14 > 0.0 && field->vdw_14 > 0.0))
    return q2_fail(error, "AMBER cannot express a factor 0 of 1-4 pairs (vdw_14 %g, coulomb_14 %g): it divides", field->vdw_14,
                   field->coulomb_14);
  if (field->dielectric != 1.0)
    return q2_fail(error, "AMBER cannot express the dielectric constant %g in parameters", field->dielectric);
  return Q2_OK;
}

static int write_nonbonded_row(struct q2_field_writer *writer, const char *name, const struct q2_nonbonded_row *row,
                               struct q2_error *error) {
  char size[Q2_NUMBER_LENGTH], depth[Q2_NUMBER_LENGTH];
  if (row->reduction != 0.0) return q2_fail(error, "AMBER cannot express the reduction %g of type %s", row->reduction, name);
  Q2_TRY(q2_file_number_print(&row->size, "lj_sigma", "angstrom", pow(2.0, 5.0 / 6.0), size, error));
  Q2_TRY(q2_file_number_print(&row->epsilon, "lj_epsilon", "kcal/mol", 1.0, depth, error));
  fprintf(writer->out, "  ");
  Q2_TRY(write_name(writer, name, 1, error));
  fprintf(writer->out, " %s %s%s\n", size, depth, mark(row->fitted));
  return Q2_OK;
}

/* A row for a class is one for each of its types: frcmod has no equivalences. */
static int write_nonbonded(struct q2_field_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->field;
  Q2_TRY(check_nonbonded(field, error));
  fprintf(writer->out, "\nNONB\n");
  for (int n = 0; n < field->nonbonded_count; n++) {
    const struct q2_nonbonded_row *row = &field->nonbonded[n];
    if (row->names == Q2_BY_TYPE) {
      Q2_TRY(write_nonbonded_row(writer, row->name.text, row, error));
      continue;
    }
    for (int t = 0; t < field->type_count; t++)
      if (strcmp(field->type[t].class_name.text, row->name.text) == 0)
        Q2_TRY(write_nonbonded_row(writer, field->type[t].name.text, row, error));
  }
  return Q2_OK;
}

static int write_pairs(struct q2_field_writer *writer, struct q2_error *error) {
  if (writer->field->pair_count) fprintf(writer->out, "\nHBON\n");
  for (int p = 0; p < writer->field->pair_count; p++) {
    const struct q2_pair_row *pair = &writer->field->pair[p];
    char a[Q2_NUMBER_LENGTH], b[Q2_NUMBER_LENGTH];
    if (strcmp(pair->form, "hydrogen_12_10") != 0)
      return q2_fail(error, "AMBER cannot express the pair %s-%s of the form %s: it has hydrogen_12_10", pair->name[0].text,
                     pair->name[1].text, pair->form);
    Q2_TRY(q2_file_number_print(&pair->parameter[0], "hydrogen_c", "kcal/mol*angstrom^12", 1.0, a, error));
    Q2_TRY(q2_file_number_print(&pair->parameter[1], "hydrogen_d", "kcal/mol*angstrom^10", 1.0, b, error));
    fprintf(writer->out, "  ");
    Q2_TRY(write_name(writer, pair->name[0].text, 1, error));
    fprintf(writer->out, "  ");
    Q2_TRY(write_name(writer, pair->name[1].text, 1, error));
    fprintf(writer->out, "  %s %s\n", a, b);
  }
  return Q2_OK;
}

static int write_all(struct q2_field_writer *writer, struct q2_error *error) {
  Q2_TRY(check_rows(writer, error));
  fprintf(writer->out, "parameters written by q2hpc\n");
  Q2_TRY(write_masses(writer, error));
  Q2_TRY(write_harmonic(writer, "BOND", "bond_harmonic", "kcal/mol/angstrom^2", "angstrom", error));
  Q2_TRY(write_harmonic(writer, "ANGL", "angle_harmonic", "kcal/mol/rad^2", "degree", error));
  Q2_TRY(write_torsions(writer, error));
  Q2_TRY(write_impropers(writer, error));
  Q2_TRY(write_nonbonded(writer, error));
  Q2_TRY(write_pairs(writer, error));
  fprintf(writer->out, "\n"); /* no END: LEaP needs none, and ParmEd takes it for a row */
  return Q2_OK;
}

int q2_amber_write(const struct q2_force_field *field, char **bytes, size_t *size, struct q2_error *error) {
  struct q2_field_writer writer;
  Q2_TRY(q2_field_writer_open(field, "AMBER", &writer, error));
  return q2_field_writer_close(&writer, write_all(&writer, error), bytes, size, error);
}
