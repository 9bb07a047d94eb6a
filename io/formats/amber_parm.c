/* AMBER's parameters, read: parm.dat with its sections in a fixed order, ended by blank lines, and frcmod with sections by
 * name. "AMBER file formats", ambermd.org/FileFormats.php. Types stand in columns of two, "CT-HC"; numbers are taken by words.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "force_field_formats.h"

enum section { MASS, HYDROPHILIC, BOND, ANGLE, TORSION, IMPROPER, HYDROGEN, EQUIVALENT, NONBONDED, NOWHERE };

struct reader {
  const struct q2_text *text;
  struct q2_force_field *field;
  struct q2_type_row last; /* the last torsion: what the next line may go on from */
  double scee, scnb;       /* of the torsions */
  int scale_line;          /* the first torsion, 0: none yet */
  int nonbonded_line;
};

/* A line of types in columns of two, and the words after them. */
struct row_line {
  int number, count; /* line, types */
  struct q2_type_name name[4];
  struct q2_words words; /* columns are those of the whole line */
};

/* The name in the two columns from `column`, without blanks; "X", any type, becomes "*". */
static int read_name(const struct reader *reader, int number, int column, struct q2_type_name *name, struct q2_error *error) {
  const char *line = reader->text->line[number - 1];
  int length = 0;
  memset(name, 0, sizeof *name);
  for (int c = column; c < column + 2 && line[c]; c++)
    if (!isspace((unsigned char)line[c])) name->text[length++] = line[c];
  if (!length)
    return q2_text_fail(reader->text, number, error, "expected an atom type in columns %d and %d", column + 1, column + 2);
  if (strcmp(name->text, "X") == 0) strcpy(name->text, "*");
  return Q2_OK;
}

static int read_row_line(const struct reader *reader, int number, int count, struct row_line *row, struct q2_error *error) {
  const char *line = reader->text->line[number - 1];
  const int end = 3 * count - 1;
  row->number = number;
  row->count = count;
  if ((int)strlen(line) < end - 1)
    return q2_text_fail(reader->text, number, error, "expected %d atom types, found \"%.40s\"", count, line);
  for (int a = 0; a < count; a++) {
    if (a > 0 && line[3 * a - 1] != '-')
      return q2_text_fail(reader->text, number, error,
                          "expected %d atom types in columns of two, a '-' between them, found \"%.40s\"", count, line);
    Q2_TRY(read_name(reader, number, 3 * a, &row->name[a], error));
  }
  q2_text_words((int)strlen(line) > end ? line + end : "", &row->words);
  for (int w = 0; w < row->words.count; w++)
    row->words.word[w].column += end;
  return Q2_OK;
}

static int read_number(const struct reader *reader, const struct q2_words *words, int line, int word, double multiplier,
                       const char *unit, const char *what, struct q2_file_number *number, struct q2_error *error) {
  if (word >= words->count) return q2_text_fail(reader->text, line, error, "expected %s, found the line's end", what);
  *number = (struct q2_file_number){
      .multiplier = multiplier, .line = line, .column = words->word[word].column, .width = words->word[word].length};
  snprintf(number->unit, sizeof number->unit, "%s", unit);
  return q2_text_real(reader->text, line, words->word[word].text, what, &number->value, error);
}

/* Whether the line's comment has the word OPT: its numbers are to be fitted. */
static int marked(const struct q2_words *words) {
  for (int w = 0; w < words->count; w++)
    if (strcmp(words->word[w].text, "OPT") == 0) return 1;
  return 0;
}

static struct q2_type_row start_row(const char *form, const struct row_line *line) {
  struct q2_type_row row = {.names = Q2_BY_TYPE,
                            .atom_count = line->count,
                            .parameter_count = 2,
                            .fitted = marked(&line->words),
                            .line = line->number};
  snprintf(row.form, sizeof row.form, "%s", form);
  memcpy(row.atom, line->name, (size_t)line->count * sizeof line->name[0]);
  return row;
}

static int read_mass(struct reader *reader, int number, struct q2_error *error) {
  struct q2_words words;
  struct q2_atom_type type = {.line = number};
  q2_text_words(reader->text->line[number - 1], &words);
  Q2_TRY(q2_type_name_set(reader->text, number, words.word[0].text, &type.name, error));
  type.class_name = type.name;
  if (words.count < 2) return q2_text_fail(reader->text, number, error, "expected an atom type and its mass");
  Q2_TRY(q2_text_real(reader->text, number, words.word[1].text, "a mass", &type.mass, error));
  return q2_force_field_add_type(reader->field, &type, error);
}

static int read_bond(struct reader *reader, int number, struct q2_error *error) {
  struct row_line line;
  Q2_TRY(read_row_line(reader, number, 2, &line, error));
  struct q2_type_row row = start_row("bond_harmonic", &line);
  Q2_TRY(read_number(reader, &line.words, number, 0, 1.0, "kcal/mol/angstrom^2", "a force constant", &row.parameter[0], error));
  Q2_TRY(read_number(reader, &line.words, number, 1, 1.0, "angstrom", "a length", &row.parameter[1], error));
  return q2_force_field_add_row(reader->field, &row, error);
}

static int read_angle(struct reader *reader, int number, struct q2_error *error) {
  struct row_line line;
  Q2_TRY(read_row_line(reader, number, 3, &line, error));
  struct q2_type_row row = start_row("angle_harmonic", &line);
  Q2_TRY(read_number(reader, &line.words, number, 0, 1.0, "kcal/mol/rad^2", "a force constant", &row.parameter[0], error));
  Q2_TRY(read_number(reader, &line.words, number, 1, 1.0, "degree", "an angle", &row.parameter[1], error));
  return q2_force_field_add_row(reader->field, &row, error);
}

/* The value after `key` ("SCEE=") on the line, or 0 where it is not there. */
static int read_scale(const struct reader *reader, int number, const char *key, double *value, struct q2_error *error) {
  const char *at = strstr(reader->text->line[number - 1], key);
  *value = 0.0;
  if (!at) return Q2_OK;
  struct q2_words words;
  q2_text_words(at + strlen(key), &words);
  Q2_TRY(q2_text_real(reader->text, number, words.count ? words.word[0].text : "", "the divisor of 1-4 pairs", value, error));
  return *value > 0.0 ? Q2_OK : q2_text_fail(reader->text, number, error, "%s%g: expected a number above 0", key, *value);
}

/* All torsions of a force field must say the same: q2hpc has one factor for all 1-4 pairs. */
static int check_scales(struct reader *reader, int number, struct q2_error *error) {
  double scee, scnb;
  Q2_TRY(read_scale(reader, number, "SCEE=", &scee, error));
  Q2_TRY(read_scale(reader, number, "SCNB=", &scnb, error));
  if (scee == 0.0) scee = 1.2; /* AMBER's own, of lines that do not say */
  if (scnb == 0.0) scnb = 2.0;
  if (!reader->scale_line) {
    reader->scale_line = number;
    reader->scee = scee;
    reader->scnb = scnb;
  }
  if (fabs(scee - reader->scee) > 1e-6 || fabs(scnb - reader->scnb) > 1e-6)
    return q2_text_fail(
        reader->text, number, error,
        "1-4 pairs divided by SCEE=%g SCNB=%g, by SCEE=%g SCNB=%g in line %d: q2hpc has the same for all torsions", scee, scnb,
        reader->scee, reader->scnb, reader->scale_line);
  return Q2_OK;
}

/* Periodicity in word `word`; its sign says that the next line goes on. */
static int read_periodicity(const struct reader *reader, const struct row_line *line, int word, struct q2_type_row *row,
                            int *continues, struct q2_error *error) {
  double periodicity;
  if (word >= line->words.count)
    return q2_text_fail(reader->text, line->number, error, "expected a periodicity, found the line's end");
  Q2_TRY(q2_text_real(reader->text, line->number, line->words.word[word].text, "a periodicity", &periodicity, error));
  *continues = periodicity < 0.0;
  periodicity = fabs(periodicity);
  if (periodicity == 0.0 && row->parameter[0].value == 0.0) periodicity = 1.0; /* no barrier at all */
  if (!(periodicity >= 1.0 && periodicity <= 12.0 && periodicity == floor(periodicity)))
    return q2_text_fail(reader->text, line->number, error, "expected a periodicity from 1 to 12, found %g", periodicity);
  row->constant = periodicity;
  return Q2_OK;
}

/* Lines of one torsion follow each other with the same types; LEaP, too, takes them together whatever the sign. */
static int read_torsion(struct reader *reader, int number, struct q2_error *error) {
  struct row_line line;
  struct q2_file_number paths;
  int continues;
  Q2_TRY(read_row_line(reader, number, 4, &line, error));
  struct q2_type_row row = start_row("torsion_fourier", &line);
  Q2_TRY(read_number(reader, &line.words, number, 0, 1.0, "", "IDIVF, the divisor of the barrier", &paths, error));
  if (!(paths.value >= 1.0 && paths.value <= 1000.0))
    return q2_text_fail(reader->text, number, error, "expected IDIVF, the divisor of the barrier, from 1, found %g",
                        paths.value);
  Q2_TRY(read_number(reader, &line.words, number, 1, 1.0 / paths.value, "kcal/mol", "a barrier", &row.parameter[0], error));
  Q2_TRY(read_number(reader, &line.words, number, 2, 1.0, "degree", "a phase", &row.parameter[1], error));
  Q2_TRY(read_periodicity(reader, &line, 3, &row, &continues, error));
  Q2_TRY(check_scales(reader, number, error));
  if (reader->last.line > 0 && memcmp(reader->last.atom, row.atom, sizeof row.atom) == 0)
    row.component = reader->last.component + 1;
  reader->last = row;
  return q2_force_field_add_row(reader->field, &row, error);
}

static int read_improper(struct reader *reader, int number, struct q2_error *error) {
  struct row_line line;
  int continues;
  Q2_TRY(read_row_line(reader, number, 4, &line, error));
  struct q2_type_row row = start_row("improper_fourier", &line);
  Q2_TRY(read_number(reader, &line.words, number, 0, 1.0, "kcal/mol", "a barrier", &row.parameter[0], error));
  Q2_TRY(read_number(reader, &line.words, number, 1, 1.0, "degree", "a phase", &row.parameter[1], error));
  Q2_TRY(read_periodicity(reader, &line, 2, &row, &continues, error));
  return q2_force_field_add_row(reader->field, &row, error);
}

/* A 10-12 pair: A / r^12 - B / r^10 in the place of the Lennard-Jones energy. */
static int read_hydrogen_bond(struct reader *reader, int number, struct q2_error *error) {
  struct q2_words words;
  struct q2_pair_row row = {.names = Q2_BY_TYPE, .form = "hydrogen_12_10", .line = number};
  q2_text_words(reader->text->line[number - 1], &words);
  if (words.count < 4) return q2_text_fail(reader->text, number, error, "expected two atom types, A and B of a 10-12 pair");
  for (int a = 0; a < 2; a++)
    Q2_TRY(q2_type_name_set(reader->text, number, words.word[a].text, &row.name[a], error));
  Q2_TRY(read_number(reader, &words, number, 2, 1.0, "kcal/mol*angstrom^12", "A of a 10-12 pair", &row.parameter[0], error));
  Q2_TRY(read_number(reader, &words, number, 3, 1.0, "kcal/mol*angstrom^10", "B of a 10-12 pair", &row.parameter[1], error));
  return q2_force_field_add_pair(reader->field, &row, error);
}

static struct q2_atom_type *type_named(struct q2_force_field *field, const char *name) {
  for (int t = 0; t < field->type_count; t++)
    if (strcmp(field->type[t].name.text, name) == 0) return &field->type[t];
  return NULL;
}

/* Types that share the non-bonded row of the line's first one: it is their class. */
static int read_equivalent(struct reader *reader, int number, struct q2_error *error) {
  struct q2_words words;
  q2_text_words(reader->text->line[number - 1], &words);
  for (int w = 0; w < words.count; w++) {
    struct q2_atom_type type = {.line = number};
    Q2_TRY(q2_type_name_set(reader->text, number, words.word[w].text, &type.name, error));
    type.class_name = type.name;
    if (!type_named(reader->field, type.name.text)) Q2_TRY(q2_force_field_add_type(reader->field, &type, error));
    strcpy(type_named(reader->field, type.name.text)->class_name.text, words.word[0].text);
  }
  return Q2_OK;
}

/* R*, half the distance of the minimum, and the well depth: sigma = 2 R* / 2^(1/6). */
static int read_nonbonded(struct reader *reader, int number, struct q2_error *error) {
  struct q2_words words;
  q2_text_words(reader->text->line[number - 1], &words);
  struct q2_nonbonded_row row = {.names = Q2_BY_CLASS, .fitted = marked(&words), .line = number};
  Q2_TRY(q2_type_name_set(reader->text, number, words.word[0].text, &row.name, error));
  Q2_TRY(read_number(reader, &words, number, 1, pow(2.0, 5.0 / 6.0), "angstrom", "a radius R*", &row.size, error));
  Q2_TRY(read_number(reader, &words, number, 2, 1.0, "kcal/mol", "a well depth", &row.epsilon, error));
  struct q2_atom_type *type = type_named(reader->field, row.name.text);
  if (!type) {
    struct q2_atom_type new_type = {.name = row.name, .class_name = row.name, .line = number};
    Q2_TRY(q2_force_field_add_type(reader->field, &new_type, error));
  } else
    type->class_name = type->name; /* a row of its own */
  reader->nonbonded_line = number;
  return q2_force_field_add_nonbonded(reader->field, &row, error);
}

static int read_line(struct reader *reader, enum section section, int number, struct q2_error *error) {
  if (section != TORSION) reader->last.line = 0;
  switch (section) {
  case MASS:
    return read_mass(reader, number, error);
  case BOND:
    return read_bond(reader, number, error);
  case ANGLE:
    return read_angle(reader, number, error);
  case TORSION:
    return read_torsion(reader, number, error);
  case IMPROPER:
    return read_improper(reader, number, error);
  case HYDROGEN:
    return read_hydrogen_bond(reader, number, error);
  case EQUIVALENT:
    return read_equivalent(reader, number, error);
  case NONBONDED:
    return read_nonbonded(reader, number, error);
  default:
    return q2_text_fail(reader->text, number, error,
                        "expected the name of a section (MASS, BOND, ANGL, DIHE, IMPR, HBON, NONB), "
                        "found \"%.40s\"",
                        reader->text->line[number - 1]);
  }
}

static int is_blank(const char *line) { return line[strspn(line, " \t\f")] == '\0'; }

/* The section that a line of frcmod opens, or -1. */
static int section_named(const char *line) {
  static const struct {
    const char *name;
    enum section section;
  } sections[] = {{"MASS", MASS},     {"BOND", BOND},     {"ANGL", ANGLE},    {"DIHE", TORSION},
                  {"IMPR", IMPROPER}, {"HBON", HYDROGEN}, {"NONB", NONBONDED}};
  struct q2_words words;
  q2_text_words(line, &words);
  if (!words.count || !isalpha((unsigned char)line[0])) return -1;
  for (size_t s = 0; s < sizeof sections / sizeof sections[0]; s++)
    if (strncmp(words.word[0].text, sections[s].name, 4) == 0) return (int)sections[s].section;
  return -1;
}

static int read_frcmod(struct reader *reader, struct q2_error *error) {
  enum section section = NOWHERE;
  for (int n = 2; n <= reader->text->line_count; n++) {
    const char *line = reader->text->line[n - 1];
    const int opened = section_named(line);
    if (strncmp(line, "END", 3) == 0) return Q2_OK;
    if (strncmp(line, "LJEDIT", 6) == 0 || strncmp(line, "CMAP", 4) == 0)
      return q2_text_fail(reader->text, n, error, "q2hpc does not read the section %.6s", line);
    if (opened >= 0) {
      section = (enum section)opened;
      reader->last.line = 0;
    } else if (is_blank(line))
      section = NOWHERE;
    else
      Q2_TRY(read_line(reader, section, n, error));
  }
  return Q2_OK;
}

/* parm.dat: the title, then the sections in the order of `enum section`. The line of hydrophilic types is one, without a blank
 * line after it; what follows END is of no concern. */
static int read_parm(struct reader *reader, struct q2_error *error) {
  const struct q2_text *text = reader->text;
  int section = MASS;
  for (int n = 2; n <= text->line_count && section <= NONBONDED; n++) {
    const char *line = text->line[n - 1];
    if (strncmp(line, "END", 3) == 0 && section >= EQUIVALENT) return Q2_OK;
    if (section == HYDROPHILIC) {
      section = BOND;
      continue;
    }
    if (section == EQUIVALENT && strncmp(line, "MOD4", 4) == 0) section = NONBONDED;
    if (section == NONBONDED && strncmp(line, "MOD4", 4) == 0) {
      struct q2_words words;
      q2_text_words(line, &words);
      if (words.count < 2 || strcmp(words.word[1].text, "RE") != 0)
        return q2_text_fail(text, n, error, "expected non-bonded parameters of the kind RE, found \"%.40s\"", line);
      continue;
    }
    if (is_blank(line))
      section++;
    else
      Q2_TRY(read_line(reader, (enum section)section, n, error));
  }
  if (section < NONBONDED) return q2_text_fail(text, text->line_count, error, "the file ends before its non-bonded parameters");
  return Q2_OK;
}

/* parm.dat has a line MOD4 before its non-bonded parameters. */
static int is_parm(const struct q2_text *text) { return q2_text_find_start(text, 2, "MOD4") > 0; }

int q2_amber_recognises(const struct q2_text *text) {
  if (text->line_count < 2) return 0;
  if (is_parm(text)) return 1;
  for (int n = 2; n <= text->line_count; n++)
    if (section_named(text->line[n - 1]) >= 0 && !strpbrk(text->line[n - 1], "-.<\"")) return 1;
  return 0;
}

int q2_amber_read(const struct q2_text *text, struct q2_force_field *field, struct q2_error *error) {
  struct reader reader = {.text = text, .field = field};
  const struct q2_force_field before = *field;
  const int first = field->format[0] == '\0';
  if (text->line_count < 2) return q2_text_fail(text, 0, error, "expected AMBER parameters, found %d lines", text->line_count);
  strcpy(field->format, "amber");
  if (!field->name[0]) snprintf(field->name, sizeof field->name, "%.*s", (int)sizeof field->name - 1, text->path);
  field->improper_centre = Q2_IMPROPER_CENTRE_THIRD;
  field->improper_all_orders = 0;
  Q2_TRY(is_parm(text) ? read_parm(&reader, error) : read_frcmod(&reader, error));
  if (first) {
    field->dielectric = 1.0;
    field->coulomb_14 = 1.0 / (reader.scale_line ? reader.scee : 1.2);
    field->vdw_14 = 1.0 / (reader.scale_line ? reader.scnb : 2.0);
  } else if (reader.scale_line &&
             (fabs(field->coulomb_14 * reader.scee - 1.0) > 1e-6 || fabs(field->vdw_14 * reader.scnb - 1.0) > 1e-6))
    return q2_text_fail(
        text, reader.scale_line, error,
        "1-4 pairs divided by SCEE=%g SCNB=%g, by %g and %g in the file before: q2hpc has the same for all torsions",
        reader.scee, reader.scnb, 1.0 / field->coulomb_14, 1.0 / field->vdw_14);
  if (reader.nonbonded_line) {
    strcpy(field->nonbonded_form, "lennard_jones");
    strcpy(field->combining_rule, "lorentz-berthelot");
  }
  return q2_force_field_settle(field, &before, 1, error);
}
