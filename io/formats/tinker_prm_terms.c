/* Tinker's rows of terms: bonds, angles, cross terms, torsions, improper torsions, by atom classes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tinker_prm.h"

#define PER_DEGREE2 (1.0 / (Q2_TINKER_DEGREE * Q2_TINKER_DEGREE)) /* from 1/degree^2 to 1/radian^2 */

static struct q2_type_row start_row(const char *form, const struct q2_tinker_line *line, int atom_count) {
  struct q2_type_row row = {
      .names = Q2_BY_CLASS, .atom_count = atom_count, .fitted = q2_tinker_marked(line), .line = line->number};
  snprintf(row.form, sizeof row.form, "%s", form);
  row.parameter_count = q2_row_form_named(form)->parameter_count;
  return row;
}

static int read_bond(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  const struct q2_tinker_rules *rules = &reader->rules;
  const int harmonic = rules->bond_cubic == 0.0 && rules->bond_quartic == 0.0;
  if (!harmonic && !(q2_tinker_close(rules->bond_cubic, -2.55) && q2_tinker_close(rules->bond_quartic, 3.793125)))
    return q2_text_fail(reader->text, line->number, error,
                        "bond-cubic %g, bond-quartic %g: q2hpc has 0 and 0, or MM3's -2.55 and 3.793125", rules->bond_cubic,
                        rules->bond_quartic);
  struct q2_type_row row = start_row(harmonic ? "bond_harmonic" : "bond_mm3", line, 2);
  Q2_TRY(q2_tinker_names(reader, line, 2, row.atom, error));
  Q2_TRY(
      q2_tinker_number(reader, line, 3, rules->bond_unit, "kcal/mol/angstrom^2", "a force constant", &row.parameter[0], error));
  Q2_TRY(q2_tinker_number(reader, line, 4, 1.0, "angstrom", "a length", &row.parameter[1], error));
  return q2_force_field_add_row(reader->field, &row, error);
}

/* A unit per degree^2 as a factor of a constant per radian^2; exactly 1 for Tinker's default. */
static double per_radian2(double unit) { return q2_tinker_close(unit * PER_DEGREE2, 1.0) ? 1.0 : unit * PER_DEGREE2; }

/* Power series of angles and out-of-plane bends: 0 harmonic, 1 MM3's, -1 another one. */
static int series(double cubic, double quartic, double pentic, double sextic) {
  if (cubic == 0.0 && quartic == 0.0 && pentic == 0.0 && sextic == 0.0) return 0;
  return q2_tinker_close(cubic, -0.014) && q2_tinker_close(quartic, 5.6e-5) && q2_tinker_close(pentic, -7e-7) ? 1 : -1;
}

static int read_angle(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  const struct q2_tinker_rules *rules = &reader->rules;
  const int kind = series(rules->angle_cubic, rules->angle_quartic, rules->angle_pentic, rules->angle_sextic);
  if (kind < 0)
    return q2_text_fail(reader->text, line->number, error,
                        "angle-cubic %g, -quartic %g, -pentic %g: q2hpc has 0, or MM3's -0.014, 5.6e-5, -7e-7",
                        rules->angle_cubic, rules->angle_quartic, rules->angle_pentic);
  struct q2_type_row row = start_row(kind ? "angle_mm3" : "angle_harmonic", line, 3);
  row.constant = rules->angle_sextic;
  Q2_TRY(q2_tinker_names(reader, line, 3, row.atom, error));
  Q2_TRY(q2_tinker_number(reader, line, 4, per_radian2(rules->angle_unit), "kcal/mol/rad^2", "a force constant",
                          &row.parameter[0], error));
  Q2_TRY(q2_tinker_number(reader, line, 5, 1.0, "degree", "an angle", &row.parameter[1], error));
  for (int h = 0; h < 2 && q2_tinker_has_number(line, 6 + h); h++) {
    Q2_TRY(q2_tinker_number(reader, line, 6 + h, 1.0, "degree", "an angle", &row.further[h], error));
    if (row.further[h].value != 0.0) row.further_count = 2;
  }
  if (row.further_count && !row.further[1].line) row.further[1] = (struct q2_file_number){.multiplier = 1.0, .unit = "degree"};
  return q2_force_field_add_row(reader->field, &row, error);
}

static int read_stretch_bend(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  struct q2_type_row row = start_row("stretch_bend", line, 3);
  struct q2_file_number second;
  const double multiplier = reader->rules.strbnd_unit / Q2_TINKER_DEGREE;
  Q2_TRY(q2_tinker_names(reader, line, 3, row.atom, error));
  Q2_TRY(q2_tinker_number(reader, line, 4, q2_tinker_close(multiplier, 1.0) ? 1.0 : multiplier, "kcal/mol/angstrom/rad",
                          "a force constant", &row.parameter[0], error));
  Q2_TRY(q2_tinker_number(reader, line, 5, multiplier, "kcal/mol/angstrom/rad", "the second bond's force constant", &second,
                          error));
  if (second.value != row.parameter[0].value)
    return q2_text_fail(reader->text, line->number, error,
                        "strbnd with different constants %g and %g of its two bonds: q2hpc has one for both",
                        row.parameter[0].value, second.value);
  return q2_force_field_add_row(reader->field, &row, error);
}

static int read_urey_bradley(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  struct q2_type_row row = start_row("urey_bradley", line, 3);
  if (reader->rules.urey_cubic != 0.0 || reader->rules.urey_quartic != 0.0)
    return q2_text_fail(reader->text, line->number, error, "urey-cubic, urey-quartic: q2hpc has 0 only");
  Q2_TRY(q2_tinker_names(reader, line, 3, row.atom, error));
  Q2_TRY(q2_tinker_number(reader, line, 4, reader->rules.urey_unit, "kcal/mol/angstrom^2", "a force constant",
                          &row.parameter[0], error));
  Q2_TRY(q2_tinker_number(reader, line, 5, 1.0, "angstrom", "a length", &row.parameter[1], error));
  return q2_force_field_add_row(reader->field, &row, error);
}

/* Tinker: the atom that bends, the centre, the other two. q2hpc: one of the two, the centre, the other, the atom that bends. */
static int read_out_of_plane(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  const struct q2_tinker_rules *rules = &reader->rules;
  struct q2_type_name name[4];
  const int kind = series(rules->opbend_cubic, rules->opbend_quartic, rules->opbend_pentic, rules->opbend_sextic);
  if (!rules->allinger)
    return q2_text_fail(reader->text, line->number, error,
                        "opbend with opbendtype W-D-C, the default: q2hpc has ALLINGER only");
  if (kind < 0)
    return q2_text_fail(reader->text, line->number, error,
                        "opbend-cubic %g, -quartic %g, -pentic %g: q2hpc has 0, or MM3's -0.014, 5.6e-5, -7e-7",
                        rules->opbend_cubic, rules->opbend_quartic, rules->opbend_pentic);
  struct q2_type_row row = start_row(kind ? "out_of_plane_mm3" : "out_of_plane_harmonic", line, 4);
  row.constant = rules->opbend_sextic;
  Q2_TRY(q2_tinker_names(reader, line, 4, name, error));
  row.atom[0] = name[2];
  row.atom[1] = name[1];
  row.atom[2] = name[3];
  row.atom[3] = name[0];
  Q2_TRY(q2_tinker_number(reader, line, 5, per_radian2(rules->opbend_unit), "kcal/mol/rad^2", "a force constant",
                          &row.parameter[0], error));
  return q2_force_field_add_row(reader->field, &row, error);
}

/* Improper torsions of one file have one centre in q2hpc's table. */
static int set_centre(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, int centre, struct q2_error *error) {
  if (reader->centre_known && (int)reader->field->improper_centre != centre)
    return q2_text_fail(reader->text, line->number, error, "improper and imptors in one force field: q2hpc takes either");
  reader->centre_known = 1;
  if (centre == Q2_IMPROPER_CENTRE_FIRST)
    reader->field->improper_centre = Q2_IMPROPER_CENTRE_FIRST;
  else
    reader->field->improper_centre = Q2_IMPROPER_CENTRE_THIRD;
  reader->field->improper_all_orders = centre == Q2_IMPROPER_CENTRE_THIRD;
  return Q2_OK;
}

static int read_improper(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  struct q2_type_row row = start_row("improper_harmonic", line, 4);
  Q2_TRY(set_centre(reader, line, Q2_IMPROPER_CENTRE_FIRST, error));
  Q2_TRY(q2_tinker_names(reader, line, 4, row.atom, error));
  Q2_TRY(q2_tinker_number(reader, line, 5, per_radian2(reader->rules.improper_unit), "kcal/mol/rad^2", "a force constant",
                          &row.parameter[0], error));
  Q2_TRY(q2_tinker_number(reader, line, 6, 1.0, "degree", "an angle", &row.parameter[1], error));
  return q2_force_field_add_row(reader->field, &row, error);
}

/* A Fourier series: triples of amplitude, phase and periodicity. */
enum { MOST_COMPONENTS = 6 };
struct fourier {
  int count, periodicity[MOST_COMPONENTS];
  struct q2_file_number amplitude[MOST_COMPONENTS], phase[MOST_COMPONENTS];
};

static int read_fourier(const struct q2_tinker_reader *reader, const struct q2_tinker_line *line, double unit,
                        struct fourier *fourier, struct q2_error *error) {
  if (line->words.count == 5) { /* none: Tinker's way to say that these atoms have no barrier */
    *fourier =
        (struct fourier){.count = 1, .periodicity = {1}, .amplitude = {{.multiplier = unit}}, .phase = {{.multiplier = 1.0}}};
    strcpy(fourier->amplitude[0].unit, "kcal/mol");
    strcpy(fourier->phase[0].unit, "degree");
    return Q2_OK;
  }
  fourier->count = 0;
  for (int word = 5; fourier->count < MOST_COMPONENTS && (word == 5 || q2_tinker_has_number(line, word)); word += 3) {
    const int c = fourier->count++;
    Q2_TRY(q2_tinker_number(reader, line, word, unit, "kcal/mol", "a barrier", &fourier->amplitude[c], error));
    Q2_TRY(q2_tinker_number(reader, line, word + 1, 1.0, "degree", "a phase", &fourier->phase[c], error));
    if (word + 2 >= line->words.count)
      return q2_text_fail(reader->text, line->number, error, "%s: expected a periodicity, found the line's end", line->keyword);
    double periodicity;
    Q2_TRY(q2_text_real(reader->text, line->number, line->words.word[word + 2].text, "a periodicity", &periodicity, error));
    if (!(periodicity >= 1.0 && periodicity <= 12.0 && periodicity == floor(periodicity)))
      return q2_text_fail(reader->text, line->number, error, "expected a periodicity from 1 to 12, found %g", periodicity);
    fourier->periodicity[c] = (int)periodicity;
  }
  return Q2_OK;
}

/* A row for each component of the series; `row` has the rest. */
static int add_components(struct q2_tinker_reader *reader, struct q2_type_row *row, const struct fourier *fourier,
                          struct q2_error *error) {
  for (int c = 0; c < fourier->count; c++) {
    row->parameter[0] = fourier->amplitude[c];
    row->parameter[1] = fourier->phase[c];
    row->constant = fourier->periodicity[c];
    row->component = c;
    Q2_TRY(q2_force_field_add_row(reader->field, row, error));
  }
  return Q2_OK;
}

/* Whether the series is MM3's: V1, V2 and V3, with the phases 0, 180 and 0, none twice. */
static int is_mm3(const struct fourier *fourier) {
  int seen = 0;
  for (int c = 0; c < fourier->count; c++) {
    const int n = fourier->periodicity[c];
    if (n > 3 || seen & 1 << n || fourier->phase[c].value != (n == 2 ? 180.0 : 0.0)) return 0;
    seen |= 1 << n;
  }
  return 1;
}

static int read_torsion(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  struct fourier fourier;
  struct q2_type_name name[4];
  Q2_TRY(q2_tinker_names(reader, line, 4, name, error));
  Q2_TRY(read_fourier(reader, line, reader->rules.torsion_unit, &fourier, error));
  const int mm3 = reader->torsions_mm3 && is_mm3(&fourier);
  struct q2_type_row row = start_row(mm3 ? "torsion_mm3" : "torsion_fourier", line, 4);
  memcpy(row.atom, name, sizeof name);
  if (mm3) {
    for (int v = 0; v < 3; v++) {
      row.parameter[v].multiplier = 2.0 * reader->rules.torsion_unit;
      strcpy(row.parameter[v].unit, "kcal/mol");
    }
    for (int c = 0; c < fourier.count; c++) {
      row.parameter[fourier.periodicity[c] - 1] = fourier.amplitude[c];
      row.parameter[fourier.periodicity[c] - 1].multiplier *= 2.0; /* V/2 (1 + cos) */
    }
    return q2_force_field_add_row(reader->field, &row, error);
  }
  return add_components(reader, &row, &fourier, error);
}

static int read_improper_torsion(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  struct fourier fourier;
  struct q2_type_row row = start_row("improper_fourier", line, 4);
  Q2_TRY(set_centre(reader, line, Q2_IMPROPER_CENTRE_THIRD, error));
  Q2_TRY(q2_tinker_names(reader, line, 4, row.atom, error));
  Q2_TRY(read_fourier(reader, line, reader->rules.imptor_unit, &fourier, error));
  return add_components(reader, &row, &fourier, error);
}

/* Three constants are those of the bond in the middle; nine are those of all three bonds, of which q2hpc has that one. */
static int read_torsion_stretch(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  struct q2_type_row row = start_row("torsion_stretch", line, 4);
  Q2_TRY(q2_tinker_names(reader, line, 4, row.atom, error));
  const int nine = q2_tinker_has_number(line, 8);
  for (int v = 0; v < (nine ? 9 : 3); v++) {
    struct q2_file_number number;
    Q2_TRY(q2_tinker_number(reader, line, 5 + v, 2.0 * reader->rules.strtor_unit, "kcal/mol/angstrom", "a force constant",
                            &number, error));
    if (!nine || v / 3 == 1)
      row.parameter[v % 3] = number;
    else if (number.value != 0.0)
      return q2_text_fail(reader->text, line->number, error,
                          "strtors with constants of the outer bonds: q2hpc has those of the bond in the middle only");
  }
  return q2_force_field_add_row(reader->field, &row, error);
}

int q2_tinker_term(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, int *known, struct q2_error *error) {
  static const struct {
    const char *keyword;
    int (*read)(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error);
  } terms[] = {{"bond", read_bond},
               {"angle", read_angle},
               {"strbnd", read_stretch_bend},
               {"ureybrad", read_urey_bradley},
               {"opbend", read_out_of_plane},
               {"improper", read_improper},
               {"imptors", read_improper_torsion},
               {"torsion", read_torsion},
               {"strtors", read_torsion_stretch}};
  *known = 1;
  for (size_t t = 0; t < sizeof terms / sizeof terms[0]; t++)
    if (strcmp(terms[t].keyword, line->keyword) == 0) return terms[t].read(reader, line, error);
  *known = 0;
  return Q2_OK;
}
