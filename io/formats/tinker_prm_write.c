/* Tinker's parameters, written. Atom classes are numbers there: names that are none get numbers in their order, and stay as the
 * descriptions of their atom types. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../elements.h"
#include "../memory.h"
#include "force_field_formats.h"
#include "force_field_writer.h"
#include "tinker_prm.h"

struct named_type {
  struct q2_atom_type type;
  int number, class_number;
};

struct tinker_writer {
  struct q2_field_writer text;
  int count; /* types */
  struct named_type *type;
  enum q2_row_names rows; /* what rows of terms name: where it is types, each is a class of its own */
};

/* A positive number, or 0. */
static int number_of(const char *name) {
  char *end;
  const long number = strtol(name, &end, 10);
  return *name && !*end && number > 0 && number < 100000000 ? (int)number : 0;
}

static int known(const struct tinker_writer *writer, enum q2_row_names names, const char *name) {
  for (int t = 0; t < writer->count; t++)
    if (strcmp(names == Q2_BY_TYPE ? writer->type[t].type.name.text : writer->type[t].type.class_name.text, name) == 0)
      return t + 1;
  return 0;
}

/* A name that rows use and no type has is a type of its own. */
static void add_name(struct tinker_writer *writer, enum q2_row_names names, const struct q2_type_name *name) {
  if (strcmp(name->text, "*") == 0 || known(writer, names, name->text)) return;
  struct named_type *type = &writer->type[writer->count++];
  memset(type, 0, sizeof *type);
  type->type.name = type->type.class_name = *name;
}

static int collect_types(struct tinker_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->text.field;
  const int64_t most = field->type_count + (int64_t)Q2_ROW_ATOMS * field->row_count + field->nonbonded_count;
  writer->type = q2_allocate(most + 1, sizeof *writer->type);
  if (!writer->type) return q2_fail(error, "no memory for %lld atom types", (long long)most);
  for (int t = 0; t < field->type_count; t++)
    writer->type[writer->count++].type = field->type[t];
  for (int r = 0; r < field->row_count; r++)
    for (int a = 0; a < field->row[r].atom_count; a++)
      add_name(writer, field->row[r].names, &field->row[r].atom[a]);
  for (int n = 0; n < field->nonbonded_count; n++)
    add_name(writer, field->nonbonded[n].names, &field->nonbonded[n].name);
  return Q2_OK;
}

/* Numbers of types and classes: the names themselves where all are numbers. */
static int number_types(struct tinker_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->text.field;
  int plain = 1, by_type = 0, by_class = 0;
  for (int r = 0; r < field->row_count; r++)
    *(field->row[r].names == Q2_BY_TYPE ? &by_type : &by_class) = 1;
  writer->rows = by_class ? Q2_BY_CLASS : Q2_BY_TYPE;
  for (int t = 0; t < writer->count; t++) {
    const struct q2_atom_type *type = &writer->type[t].type;
    plain &= number_of(type->name.text) && number_of(type->class_name.text);
    if (by_type && by_class && strcmp(type->name.text, type->class_name.text) != 0)
      return q2_fail(error, "Tinker cannot express rows by atom types beside rows by classes (type %s, class %s)",
                     type->name.text, type->class_name.text);
  }
  for (int t = 0; t < writer->count; t++) {
    struct named_type *type = &writer->type[t];
    const char *class_name = type->type.class_name.text;
    type->number = plain ? number_of(type->type.name.text) : t + 1;
    type->class_number = writer->rows == Q2_BY_TYPE ? type->number
                         : plain                    ? number_of(class_name)
                                                    : known(writer, Q2_BY_CLASS, class_name);
  }
  return Q2_OK;
}

static int write_types(struct tinker_writer *writer, struct q2_error *error) {
  FILE *out = writer->text.out;
  (void)error;
  fprintf(out, "\n");
  for (int t = 0; t < writer->count; t++) {
    const struct named_type *type = &writer->type[t];
    const char *symbol = type->type.element ? q2_element_symbol(type->type.element) : "X";
    fprintf(out, "atom %6d %6d  %-3s \"%s\" %3d %.17g 0\n", type->number, type->class_number, symbol, type->type.name.text,
            type->type.element, type->type.mass);
  }
  return Q2_OK;
}

/* Prints the class numbers of a row's atoms, in the order given. */
static int write_names(struct tinker_writer *writer, const char *keyword, const struct q2_type_row *row, const int *order,
                       int wildcards, struct q2_error *error) {
  fprintf(writer->text.out, "%-9s", keyword);
  for (int a = 0; a < row->atom_count; a++) {
    const char *name = row->atom[order ? order[a] : a].text;
    if (strcmp(name, "*") == 0) {
      if (!wildcards) return q2_field_refuse_row(&writer->text, row, "it has no wildcards there", error);
      fprintf(writer->text.out, " %5d", 0);
    } else
      fprintf(writer->text.out, " %5d", writer->type[known(writer, row->names, name) - 1].class_number);
  }
  return Q2_OK;
}

static void end_row(struct tinker_writer *writer, const struct q2_type_row *row) {
  fprintf(writer->text.out, "%s\n", row->fitted ? "  # OPT" : "");
}

/* Rows of one form whose numbers go on the line as they are. */
struct plain_form {
  const char *form, *keyword, *unit[3];
  double multiplier;
  int order[4], wildcards, twice; /* twice: the one number stands there again */
};
static const struct plain_form plain_forms[] = {
    {"bond_harmonic", "bond", {"kcal/mol/angstrom^2", "angstrom", NULL}, 1.0, {0, 1}, 0, 0},
    {"bond_mm3", "bond", {"kcal/mol/angstrom^2", "angstrom", NULL}, 1.0, {0, 1}, 0, 0},
    {"angle_harmonic", "angle", {"kcal/mol/rad^2", "degree", NULL}, 1.0, {0, 1, 2}, 0, 0},
    {"angle_mm3", "angle", {"kcal/mol/rad^2", "degree", NULL}, 1.0, {0, 1, 2}, 0, 0},
    {"stretch_bend", "strbnd", {"kcal/mol/angstrom/rad", NULL, NULL}, 1.0, {0, 1, 2}, 0, 1},
    {"urey_bradley", "ureybrad", {"kcal/mol/angstrom^2", "angstrom", NULL}, 1.0, {0, 1, 2}, 0, 0},
    {"out_of_plane_harmonic", "opbend", {"kcal/mol/rad^2", NULL, NULL}, 1.0, {3, 1, 0, 2}, 1, 0},
    {"out_of_plane_mm3", "opbend", {"kcal/mol/rad^2", NULL, NULL}, 1.0, {3, 1, 0, 2}, 1, 0},
    {"improper_harmonic", "improper", {"kcal/mol/rad^2", "degree", NULL}, 1.0, {0, 1, 2, 3}, 1, 0},
    {"torsion_stretch", "strtors", {"kcal/mol/angstrom", "kcal/mol/angstrom", "kcal/mol/angstrom"}, 1.0, {0, 1, 2, 3}, 0, 0},
};

static int write_plain(struct tinker_writer *writer, const struct q2_type_row *row, const struct plain_form *form,
                       struct q2_error *error) {
  if (strcmp(row->form, "improper_harmonic") == 0 && writer->text.field->improper_centre != Q2_IMPROPER_CENTRE_FIRST)
    return q2_field_refuse_row(&writer->text, row, "the centre of its harmonic impropers is the first atom", error);
  Q2_TRY(write_names(writer, form->keyword, row, form->order, form->wildcards, error));
  for (int p = 0; p < 3 && form->unit[p]; p++)
    for (int again = 0; again <= form->twice; again++)
      Q2_TRY(q2_field_write_number(&writer->text, row, p, form->unit[p], form->multiplier, error));
  for (int h = 0; h < row->further_count; h++) {
    char text[Q2_NUMBER_LENGTH];
    Q2_TRY(q2_file_number_print(&row->further[h], "angle_eq", "degree", 1.0, text, error));
    fprintf(writer->text.out, " %s", text);
  }
  end_row(writer, row);
  return Q2_OK;
}

/* Amplitude, phase and periodicity of one component. */
static int write_component(struct tinker_writer *writer, const struct q2_type_row *row, double unit, struct q2_error *error) {
  if (!(row->constant >= 1.0 && row->constant <= 6.0))
    return q2_field_refuse_row(&writer->text, row, "its periodicities are 1 to 6", error);
  Q2_TRY(q2_field_write_number(&writer->text, row, 0, "kcal/mol", unit, error));
  Q2_TRY(q2_field_write_number(&writer->text, row, 1, "degree", 1.0, error));
  fprintf(writer->text.out, " %d", (int)row->constant);
  return Q2_OK;
}

static int write_fourier(struct tinker_writer *writer, const struct q2_type_row *row, int count, const char *keyword,
                         double unit, struct q2_error *error) {
  int seen = 0, marked = 0;
  Q2_TRY(write_names(writer, keyword, row, NULL, 1, error));
  for (int c = 0; c < count; c++) {
    Q2_TRY(write_component(writer, &row[c], unit, error));
    if (seen & 1 << (int)row[c].constant)
      return q2_field_refuse_row(&writer->text, &row[c], "a periodicity stands there once only", error);
    seen |= 1 << (int)row[c].constant;
    marked |= row[c].fitted;
  }
  fprintf(writer->text.out, "%s\n", marked ? "  # OPT" : "");
  return Q2_OK;
}

/* Tinker makes a term of every order of the ligands that a row fits, and divides by their number. */
static int write_improper(struct tinker_writer *writer, const struct q2_type_row *row, int count, struct q2_error *error) {
  const struct q2_force_field *field = writer->text.field;
  if (field->improper_centre != Q2_IMPROPER_CENTRE_THIRD)
    return q2_field_refuse_row(&writer->text, row, "the centre of its improper torsions is the third atom", error);
  for (int a = 0; a < 4 && !field->improper_all_orders; a++)
    for (int b = 0; b < a; b++)
      if (a != 2 && b != 2 &&
          (strcmp(row->atom[a].text, row->atom[b].text) == 0 || strcmp(row->atom[a].text, "*") == 0 ||
           strcmp(row->atom[b].text, "*") == 0))
        return q2_field_refuse_row(&writer->text, row,
                                   "ligands that its names do not tell apart would be averaged over their orders", error);
  return write_fourier(writer, row, count, "imptors", 1.0, error);
}

static int write_mm3_torsion(struct tinker_writer *writer, const struct q2_type_row *row, struct q2_error *error) {
  static const char *const rest[] = {" 0.0 1", " 180.0 2", " 0.0 3"};
  Q2_TRY(write_names(writer, "torsion", row, NULL, 1, error));
  for (int v = 0; v < 3; v++) {
    Q2_TRY(q2_field_write_number(&writer->text, row, v, "kcal/mol", 1.0, error));
    fputs(rest[v], writer->text.out);
  }
  end_row(writer, row);
  return Q2_OK;
}

static int write_rows(struct tinker_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->text.field;
  fprintf(writer->text.out, "\n");
  for (int r = 0, count; r < field->row_count; r += count) {
    const struct q2_type_row *row = &field->row[r];
    const struct plain_form *form = NULL;
    for (size_t f = 0; f < sizeof plain_forms / sizeof plain_forms[0]; f++)
      if (strcmp(plain_forms[f].form, row->form) == 0) form = &plain_forms[f];
    count = form ? 1 : q2_field_series(field, r);
    if (form)
      Q2_TRY(write_plain(writer, row, form, error));
    else if (strcmp(row->form, "torsion_fourier") == 0)
      Q2_TRY(write_fourier(writer, row, count, "torsion", 0.5, error));
    else if (strcmp(row->form, "improper_fourier") == 0)
      Q2_TRY(write_improper(writer, row, count, error));
    else if (strcmp(row->form, "torsion_mm3") == 0)
      Q2_TRY(write_mm3_torsion(writer, row, error));
    else
      return q2_field_refuse_row(&writer->text, row, "it has no such form", error);
  }
  return Q2_OK;
}

/* One function holds for all bonds of a file, and one for all angles: the row that differs from the first is refused. */
static int check_forms(struct tinker_writer *writer, struct q2_error *error) {
  static const char *const families[] = {"bond_", "angle_", "out_of_plane_"};
  const struct q2_force_field *field = writer->text.field;
  for (int f = 0; f < 3; f++) {
    const struct q2_type_row *first = NULL;
    for (int r = 0; r < field->row_count; r++) {
      const struct q2_type_row *row = &field->row[r];
      if (strncmp(row->form, families[f], strlen(families[f])) != 0) continue;
      if (!first) first = row;
      if (strcmp(row->form, first->form) != 0 || row->constant != first->constant)
        return q2_field_refuse_row(&writer->text, row, "one function holds for all bonds, and one for all angles", error);
    }
  }
  return Q2_OK;
}

static double sextic(const struct q2_force_field *field, const char *form) {
  for (int r = 0; r < field->row_count; r++)
    if (strcmp(field->row[r].form, form) == 0) return field->row[r].constant;
  return 0.0;
}

static int write_header(struct tinker_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->text.field;
  FILE *out = writer->text.out;
  fprintf(out, "forcefield q2hpc\n\nbondunit 1.0\n");
  if (q2_field_has(field, "bond_mm3")) fprintf(out, "bond-cubic -2.55\nbond-quartic 3.793125\n");
  if (q2_field_has(field, "angle_mm3"))
    fprintf(out, "angle-cubic -0.014\nangle-quartic 0.000056\nangle-pentic -0.0000007\nangle-sextic %.17g\n",
            sextic(field, "angle_mm3"));
  if (q2_field_has(field, "out_of_plane_mm3") || q2_field_has(field, "out_of_plane_harmonic"))
    fprintf(out, "opbendtype ALLINGER\n");
  if (q2_field_has(field, "out_of_plane_mm3"))
    fprintf(out, "opbend-cubic -0.014\nopbend-quartic 0.000056\nopbend-pentic -0.0000007\nopbend-sextic %.17g\n",
            sextic(field, "out_of_plane_mm3"));
  fprintf(out, "torsionunit 0.5\nimptorunit 1.0\n");
  if (q2_field_has(field, "torsion_stretch")) fprintf(out, "strtorunit 0.5\n");
  if (!field->nonbonded_form[0]) return Q2_OK;
  const int exp6 = strcmp(field->nonbonded_form, "exp6_mm3") == 0;
  if (!exp6 && strcmp(field->nonbonded_form, "lennard_jones") != 0)
    return q2_fail(error, "Tinker cannot express pairs of the form %s", field->nonbonded_form);
  if (field->vdw_14 > 1.0 || field->coulomb_14 > 1.0)
    return q2_fail(error, "Tinker cannot express factors of 1-4 pairs above 1 (vdw_14 %g, coulomb_14 %g)", field->vdw_14,
                   field->coulomb_14);
  if (exp6)
    fprintf(out, "vdwtype BUCKINGHAM\nradiustype R-MIN\nradiussize RADIUS\nradiusrule ARITHMETIC\n");
  else
    fprintf(out, "vdwtype LENNARD-JONES\nradiustype SIGMA\nradiussize DIAMETER\nradiusrule %s\n",
            strcmp(field->combining_rule, "geometric") == 0 ? "GEOMETRIC" : "ARITHMETIC");
  fprintf(out, "epsilonrule GEOMETRIC\nvdw-14-scale %.17g\nchg-14-scale %.17g\nelectric %.9f\ndielectric %.17g\n",
          field->vdw_14, field->coulomb_14, Q2_COULOMB, field->dielectric);
  return Q2_OK;
}

/* The factor that Tinker places a hydrogen by, 1 - reduction, with digits that give the reduction back. */
static void write_reduction(FILE *out, double reduction) {
  for (int digits = 3; digits <= 17; digits++) {
    char text[Q2_NUMBER_LENGTH];
    snprintf(text, sizeof text, "%.*g", digits, 1.0 - reduction);
    if (1.0 - strtod(text, NULL) != reduction && digits < 17) continue;
    fprintf(out, " %s", text);
    return;
  }
}

static int write_size_and_depth(struct tinker_writer *writer, const struct q2_nonbonded_row *row, struct q2_error *error) {
  const int exp6 = strcmp(writer->text.field->nonbonded_form, "exp6_mm3") == 0;
  char size[Q2_NUMBER_LENGTH], depth[Q2_NUMBER_LENGTH];
  Q2_TRY(q2_file_number_print(&row->size, exp6 ? "vdw_radius" : "lj_sigma", "angstrom", 1.0, size, error));
  Q2_TRY(q2_file_number_print(&row->epsilon, exp6 ? "vdw_epsilon" : "lj_epsilon", "kcal/mol", 1.0, depth, error));
  fprintf(writer->text.out, " %s %s", size, depth);
  if (row->reduction != 0.0) write_reduction(writer->text.out, row->reduction);
  fprintf(writer->text.out, "%s\n", row->fitted ? "  # OPT" : "");
  return Q2_OK;
}

/* By types, whatever they were: a row for a class is one for each of its types. */
static int write_nonbonded(struct tinker_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->text.field;
  if (field->nonbonded_count) fprintf(writer->text.out, "\nvdwindex TYPE\n");
  for (int n = 0; n < field->nonbonded_count; n++) {
    const struct q2_nonbonded_row *row = &field->nonbonded[n];
    for (int t = 0; t < writer->count; t++) {
      const struct q2_atom_type *type = &writer->type[t].type;
      if (strcmp(row->names == Q2_BY_TYPE ? type->name.text : type->class_name.text, row->name.text) != 0) continue;
      fprintf(writer->text.out, "%-9s %5d", "vdw", writer->type[t].number);
      Q2_TRY(write_size_and_depth(writer, row, error));
    }
  }
  return Q2_OK;
}

static int write_pair(struct tinker_writer *writer, const struct q2_pair_row *pair, int first, int second,
                      struct q2_error *error) {
  const int exp6 = strcmp(pair->form, "exp6_mm3") == 0;
  char distance[Q2_NUMBER_LENGTH], depth[Q2_NUMBER_LENGTH];
  if (strcmp(pair->form, writer->text.field->nonbonded_form) != 0)
    return q2_fail(error, "Tinker cannot express the pair %s-%s: form %s among pairs of %s", pair->name[0].text,
                   pair->name[1].text, pair->form, writer->text.field->nonbonded_form);
  Q2_TRY(q2_file_number_print(&pair->parameter[1], exp6 ? "vdw_distance" : "lj_sigma", "angstrom", 1.0, distance, error));
  Q2_TRY(q2_file_number_print(&pair->parameter[0], exp6 ? "vdw_epsilon" : "lj_epsilon", "kcal/mol", 1.0, depth, error));
  fprintf(writer->text.out, "%-9s %5d %5d %s %s\n", "vdwpr", writer->type[first].number, writer->type[second].number, distance,
          depth);
  return Q2_OK;
}

static int fits(const struct tinker_writer *writer, int type, const struct q2_pair_row *pair, int side) {
  const struct q2_atom_type *atom_type = &writer->type[type].type;
  return strcmp(pair->names == Q2_BY_TYPE ? atom_type->name.text : atom_type->class_name.text, pair->name[side].text) == 0;
}

static int write_pairs_and_charges(struct tinker_writer *writer, struct q2_error *error) {
  const struct q2_force_field *field = writer->text.field;
  for (int p = 0; p < field->pair_count; p++)
    for (int a = 0; a < writer->count; a++)
      for (int b = 0; b < writer->count && fits(writer, a, &field->pair[p], 0); b++)
        if (fits(writer, b, &field->pair[p], 1)) Q2_TRY(write_pair(writer, &field->pair[p], a, b, error));
  if (field->charge_count) fprintf(writer->text.out, "\n");
  for (int c = 0; c < field->charge_count; c++) {
    const int type = known(writer, Q2_BY_TYPE, field->charge[c].name.text);
    if (type) fprintf(writer->text.out, "%-9s %5d %.17g\n", "charge", writer->type[type - 1].number, field->charge[c].charge);
  }
  for (int r = 0; r < field->residue_count; r++)
    if (field->residue[r].has_charges && field->charge_count == 0)
      return q2_fail(error, "Tinker cannot express charges of atoms (residue %s): it has charges of types",
                     field->residue[r].name);
  return Q2_OK;
}

static int write_all(struct tinker_writer *writer, struct q2_error *error) {
  Q2_TRY(collect_types(writer, error));
  Q2_TRY(number_types(writer, error));
  Q2_TRY(check_forms(writer, error));
  Q2_TRY(write_header(writer, error));
  Q2_TRY(write_types(writer, error));
  Q2_TRY(write_rows(writer, error));
  Q2_TRY(write_nonbonded(writer, error));
  return write_pairs_and_charges(writer, error);
}

int q2_tinker_write(const struct q2_force_field *field, char **bytes, size_t *size, struct q2_error *error) {
  struct tinker_writer writer = {.count = 0};
  Q2_TRY(q2_field_writer_open(field, "Tinker", &writer.text, error));
  const int status = write_all(&writer, error);
  free(writer.type);
  return q2_field_writer_close(&writer.text, status, bytes, size, error);
}
