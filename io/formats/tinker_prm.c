/* Tinker's parameters (.prm, .key), read: atom types, non-bonded parameters, charges; tinker_prm_terms.c has the rows of terms.
 * The manual's "Force Field Parameter Sets" says what the lines mean. */
#include "tinker_prm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "force_field_formats.h"

int q2_tinker_names(const struct q2_tinker_reader *reader, const struct q2_tinker_line *line, int count,
                    struct q2_type_name *name, struct q2_error *error) {
  if (line->words.count < count + 1)
    return q2_text_fail(reader->text, line->number, error, "%s: expected %d atom classes, found %d words", line->keyword, count,
                        line->words.count - 1);
  for (int a = 0; a < count; a++) {
    int number;
    const char *word = line->words.word[a + 1].text;
    Q2_TRY(q2_text_integer(reader->text, line->number, word, "an atom class, a number", &number, error));
    if (number < 0) return q2_text_fail(reader->text, line->number, error, "expected an atom class, found \"%.40s\"", word);
    memset(&name[a], 0, sizeof name[a]);
    if (number == 0)
      strcpy(name[a].text, "*");
    else
      snprintf(name[a].text, sizeof name[a].text, "%d", number);
  }
  return Q2_OK;
}

int q2_tinker_number(const struct q2_tinker_reader *reader, const struct q2_tinker_line *line, int word, double multiplier,
                     const char *unit, const char *what, struct q2_file_number *number, struct q2_error *error) {
  if (word >= line->words.count)
    return q2_text_fail(reader->text, line->number, error, "%s: expected %s as word %d, found the line's end", line->keyword,
                        what, word + 1);
  *number = (struct q2_file_number){.multiplier = multiplier,
                                    .line = line->number,
                                    .column = line->words.word[word].column,
                                    .width = line->words.word[word].length};
  snprintf(number->unit, sizeof number->unit, "%s", unit);
  return q2_text_real(reader->text, line->number, line->words.word[word].text, what, &number->value, error);
}

int q2_tinker_has_number(const struct q2_tinker_line *line, int word) {
  return word < line->words.count && q2_text_is_real(line->words.word[word].text);
}

int q2_tinker_marked(const struct q2_tinker_line *line) {
  for (int w = 1; w < line->words.count; w++)
    if (strcmp(line->words.word[w].text, "OPT") == 0) return 1;
  return 0;
}

/* atom TYPE [CLASS] SYMBOL "DESCRIPTION" NUMBER MASS VALENCE */
static int read_atom(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  struct q2_atom_type type = {.line = line->number};
  Q2_TRY(q2_tinker_names(reader, line, 1, &type.name, error));
  type.class_name = type.name;
  if (line->words.count > 2) {
    char *end;
    const long number = strtol(line->words.word[2].text, &end, 10);
    if (!*end && number > 0 && number < 100000000) snprintf(type.class_name.text, sizeof type.class_name.text, "%ld", number);
  }
  const char *open = strchr(reader->text->line[line->number - 1], '"'), *close = open ? strchr(open + 1, '"') : NULL;
  if (!close) return q2_text_fail(reader->text, line->number, error, "atom: expected a description between quotes");
  struct q2_words words;
  q2_text_words(close + 1, &words);
  if (words.count > 0)
    Q2_TRY(q2_text_integer(reader->text, line->number, words.word[0].text, "an atomic number", &type.element, error));
  if (words.count > 1) Q2_TRY(q2_text_real(reader->text, line->number, words.word[1].text, "a mass", &type.mass, error));
  if (type.element < 0 || type.element > 118)
    return q2_text_fail(reader->text, line->number, error, "expected an atomic number, found %d", type.element);
  return q2_force_field_add_type(reader->field, &type, error);
}

/* sigma = 2^(-1/6) r of the minimum. */
static double sigma_of_radius(const struct q2_tinker_rules *rules) { return rules->sigma ? 1.0 : pow(2.0, -1.0 / 6.0); }

/* vdw CLASS RADIUS EPSILON [REDUCTION]: a radius or a diameter, of the minimum or sigma. */
static int read_vdw(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  const struct q2_tinker_rules *rules = &reader->rules;
  struct q2_nonbonded_row row = {
      .names = rules->vdw_by_type ? Q2_BY_TYPE : Q2_BY_CLASS, .fitted = q2_tinker_marked(line), .line = line->number};
  const double multiplier =
      rules->exp6 ? (rules->diameter ? 0.5 : 1.0) : (rules->diameter ? 1.0 : 2.0) * sigma_of_radius(rules);
  Q2_TRY(q2_tinker_names(reader, line, 1, &row.name, error));
  Q2_TRY(q2_tinker_number(reader, line, 2, multiplier, "angstrom", "a radius", &row.size, error));
  Q2_TRY(q2_tinker_number(reader, line, 3, 1.0, "kcal/mol", "a well depth", &row.epsilon, error));
  if (row.epsilon.value < 0.0) row.epsilon.multiplier = -1.0; /* CHARMM's sign, which Tinker does not mind (kvdw.f) */
  if (q2_tinker_has_number(line, 4)) {
    double left;
    Q2_TRY(q2_text_real(reader->text, line->number, line->words.word[4].text, "a reduction", &left, error));
    if (!(left >= 0.0 && left <= 1.0))
      return q2_text_fail(reader->text, line->number, error, "expected a reduction factor from 0 to 1, found %g", left);
    row.reduction = left > 0.0 ? 1.0 - left : 0.0;
  }
  return q2_force_field_add_nonbonded(reader->field, &row, error);
}

/* vdwpr CLASS CLASS DISTANCE EPSILON, of the pair's minimum, or sigma. */
static int read_pair(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  const struct q2_tinker_rules *rules = &reader->rules;
  struct q2_pair_row row = {.names = rules->vdw_by_type ? Q2_BY_TYPE : Q2_BY_CLASS, .line = line->number};
  strcpy(row.form, rules->exp6 ? "exp6_mm3" : "lennard_jones");
  Q2_TRY(q2_tinker_names(reader, line, 2, row.name, error));
  Q2_TRY(q2_tinker_number(reader, line, 3, rules->exp6 ? 1.0 : sigma_of_radius(rules), "angstrom", "a distance",
                          &row.parameter[1], error));
  Q2_TRY(q2_tinker_number(reader, line, 4, 1.0, "kcal/mol", "a well depth", &row.parameter[0], error));
  if (row.parameter[0].value < 0.0) row.parameter[0].multiplier = -1.0;
  return q2_force_field_add_pair(reader->field, &row, error);
}

static int read_charge(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  struct q2_charge_row row = {.line = line->number};
  Q2_TRY(q2_tinker_names(reader, line, 1, &row.name, error));
  if (line->words.count < 3) return q2_text_fail(reader->text, line->number, error, "charge: expected a type and a charge");
  Q2_TRY(q2_text_real(reader->text, line->number, line->words.word[2].text, "a charge", &row.charge, error));
  return q2_force_field_add_charge(reader->field, &row, error);
}

static int is_one_of(const char *word, const char *const *words) {
  for (; *words; words++)
    if (strcmp(word, *words) == 0) return 1;
  return 0;
}

/* Energies that q2hpc lacks, of atoms that a data set may not have: left out, with a warning. */
static const char *const without[] = {
    "bond3",  "bond4",   "bond5",   "angle3",  "angle4",  "angle5",     "anglep",     "anglef",     "torsion4",   "torsion5",
    "angang", "angtors", "pitors",  "tortors", "hbond",   "electneg",   "piatom",     "pibond",     "pibond4",    "pibond5",
    "dipole", "dipole3", "dipole4", "dipole5", "strbnd3", "angangunit", "pitorsunit", "angtorunit", "tortorunit", NULL};
/* Lines without energy in the gas phase, or that other programs of Tinker's read. */
static const char *const harmless[] = {"forcefield", "biotype", "solvate",        "solute",         "parameters", "verbose",
                                       "digits",     "archive", "openmp-threads", "openmp_threads", "echo",       NULL};
/* Tinker's other words for rows, and for rules (readprm.f, prmkey.f): energies that q2hpc does not have. */
static const char *const refused_rows[] = {"opdist",  "vdw14",   "repulsion", "dispersion", "multipole", "chgpen", "polarize",
                                           "polpair", "exchpol", "chgtrn",    "bndcflux",   "angcflux",  "metal",  NULL};
static const char *const refused_ends[] = {"term", "-scale", "-halgren", "-cubic",  "-quartic",    "-pentic", "-sextic",
                                           "unit", "type",   "rule",     "-groups", "-correction", "-intra",  NULL};
static const char *const refused_rules[] = {"chg-buffer",  "external-field", "polarization",  "exchange-polar",
                                            "penetration", "chargetransfer", "reactionfield", NULL};

static int ends_as(const char *word, const char *const *ends) {
  for (; *ends; ends++) {
    const size_t length = strlen(word), end = strlen(*ends);
    if (length > end && strcmp(word + length - end, *ends) == 0) return 1;
  }
  return 0;
}

/* Whether the line is one of Tinker's that changes energies, not text such as "Metal cations in water". */
static int is_refused(const struct q2_tinker_line *line) {
  if (is_one_of(line->keyword, refused_rows) || strncmp(line->keyword, "mmff", 4) == 0) return q2_tinker_has_number(line, 1);
  return is_one_of(line->keyword, refused_rules) || (line->words.count == 2 && ends_as(line->keyword, refused_ends));
}

static int read_line(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, struct q2_error *error) {
  int known;
  if (q2_tinker_is_rule(line->keyword) || is_one_of(line->keyword, harmless)) return Q2_OK;
  Q2_TRY(q2_tinker_term(reader, line, &known, error));
  if (known) return Q2_OK;
  if (strcmp(line->keyword, "atom") == 0) return read_atom(reader, line, error);
  if (strcmp(line->keyword, "vdw") == 0) return read_vdw(reader, line, error);
  if (strcmp(line->keyword, "vdwpr") == 0 || strcmp(line->keyword, "vdwpair") == 0) return read_pair(reader, line, error);
  if (strcmp(line->keyword, "charge") == 0) return read_charge(reader, line, error);
  if (is_one_of(line->keyword, without)) {
    q2_force_field_warn(reader->field, line->number, "%s rows are left out: q2hpc has no such terms", line->keyword);
    return Q2_OK;
  }
  if (is_refused(line))
    return q2_text_fail(reader->text, line->number, error, "%.40s: q2hpc has no such term or rule", line->keyword);
  q2_force_field_warn(reader->field, line->number, "lines that begin with no keyword of Tinker's are taken as text");
  return Q2_OK;
}

/* The non-bonded rules of the file; a second file may have none of its own. */
static int set_rules(struct q2_tinker_reader *reader, struct q2_error *error) {
  const struct q2_tinker_rules *rules = &reader->rules;
  struct q2_force_field *field = reader->field;
  if (!rules->nonbonded_line) return Q2_OK;
  if (rules->exp6 && !(q2_tinker_close(rules->a_expterm, 184000.0) && q2_tinker_close(rules->b_expterm, 12.0) &&
                       q2_tinker_close(rules->c_expterm, 2.25)))
    return q2_text_fail(reader->text, rules->nonbonded_line, error,
                        "a-expterm %g, b-expterm %g, c-expterm %g: q2hpc has MM3's 184000, 12, 2.25", rules->a_expterm,
                        rules->b_expterm, rules->c_expterm);
  if (rules->exp6 && (rules->sigma || rules->radius_geometric))
    return q2_text_fail(reader->text, rules->nonbonded_line, error,
                        "vdwtype BUCKINGHAM with radiustype SIGMA or radiusrule GEOMETRIC: q2hpc has R-MIN and ARITHMETIC");
  strcpy(field->nonbonded_form, rules->exp6 ? "exp6_mm3" : "lennard_jones");
  strcpy(field->combining_rule, rules->exp6 ? "mm3" : rules->radius_geometric ? "geometric" : "lorentz-berthelot");
  field->vdw_14 = rules->vdw_14;
  field->coulomb_14 = rules->charge_14;
  field->dielectric = rules->dielectric;
  /* Another Coulomb constant is another dielectric constant. */
  if (fabs(rules->electric - Q2_COULOMB) > 1e-8 * Q2_COULOMB) field->dielectric *= Q2_COULOMB / rules->electric;
  return Q2_OK;
}

int q2_tinker_read(const struct q2_text *text, struct q2_force_field *field, struct q2_error *error) {
  struct q2_tinker_reader reader = {.text = text, .field = field};
  const struct q2_force_field before = *field;
  if (field->inherited && strcmp(field->format, "tinker") == 0)
    memcpy(&reader.rules, field->inherited, sizeof reader.rules);
  else
    q2_tinker_default_rules(&reader.rules);
  Q2_TRY(q2_tinker_read_rules(text, &reader.rules, error));
  if (!field->inherited) field->inherited = malloc(sizeof reader.rules);
  if (!field->inherited) return q2_fail(error, "no memory for the rules of a force field");
  memcpy(field->inherited, &reader.rules, sizeof reader.rules);
  reader.torsions_mm3 = reader.rules.bond_cubic != 0.0 || reader.rules.angle_cubic != 0.0;
  strcpy(field->format, "tinker");
  if (!field->name[0]) snprintf(field->name, sizeof field->name, "%.*s", (int)sizeof field->name - 1, text->path);
  if (field->dielectric == 0.0) field->dielectric = field->vdw_14 = field->coulomb_14 = 1.0;
  Q2_TRY(set_rules(&reader, error));
  for (int n = 1; n <= text->line_count; n++) {
    struct q2_tinker_line line;
    if (q2_tinker_line(text, n, &line)) Q2_TRY(read_line(&reader, &line, error));
  }
  return q2_force_field_settle(field, &before, 0, error);
}

/* A line that begins with a keyword of parameter files and goes on as one. */
int q2_tinker_recognises(const struct q2_text *text) {
  static const char *const rows[] = {"bond", "angle", "torsion", "vdw", "charge", NULL};
  for (int n = 1; n <= text->line_count; n++) {
    struct q2_tinker_line line;
    if (!q2_tinker_line(text, n, &line)) continue;
    if (strcmp(line.keyword, "atom") == 0 && strchr(text->line[n - 1], '"')) return 1;
    if (strcmp(line.keyword, "forcefield") == 0 || strcmp(line.keyword, "bondunit") == 0) return 1;
    if (is_one_of(line.keyword, rows) && q2_tinker_has_number(&line, 1) && q2_tinker_has_number(&line, 2)) return 1;
  }
  return 0;
}
