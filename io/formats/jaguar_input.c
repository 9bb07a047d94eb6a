/* Jaguar's inputs and restart files: geometry, Hessian, charge and method from the sections &zmat, &hess, &atomic and &gen.
 *
 * A section is opened by "&" (or "$") and its name and closed by the next "&". Names and keywords may be in either case; "=",
 * commas, blanks and tabs separate. &hess has the lower triangle in blocks of five columns: a line of column numbers, then from
 * the block's first row on a row number and at most five elements, hartree/bohr^2, in the geometry's frame (Jaguar Command
 * Reference, "Sections of the Jaguar Input File" and "The hess Section"). */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../constants.h"
#include "../elements.h"
#include "molecule_formats.h"

/* Lines first to last are the section's, between the one that opens it and the one that closes it. */
struct section {
  int opened, first, last; /* opened 0: there is none */
  const char *rest;        /* of the line that opens it, behind the name */
};

/* Where a line with the section's name goes on behind it, or NULL. */
static const char *opens(const char *line, const char *name) {
  line = q2_text_skip_blanks(line);
  const size_t length = strlen(name);
  if ((*line != '&' && *line != '$') || strncasecmp(line + 1, name, length) != 0 || isalnum((unsigned char)line[1 + length]) ||
      line[1 + length] == '_')
    return NULL;
  return line + 1 + length;
}

static int find_section(const struct q2_text *text, const char *name, struct section *section, struct q2_error *error) {
  memset(section, 0, sizeof *section);
  for (int n = 1; n <= text->line_count; n++) {
    const char *rest = opens(text->line[n - 1], name);
    if (!rest) continue;
    if (section->opened)
      return q2_text_fail(text, n, error, "section &%s appears again, first in line %d", name, section->opened);
    *section = (struct section){n, n + 1, n, rest};
  }
  if (!section->opened) return Q2_OK;
  if (strpbrk(section->rest, "&$")) return Q2_OK; /* all in one line */
  for (int n = section->first; n <= text->line_count; n++) {
    const char *line = q2_text_skip_blanks(text->line[n - 1]);
    section->last = n;
    if (*line == '&' || *line == '$') {
      section->last = n - 1;
      return Q2_OK;
    }
    if (strpbrk(line, "&$")) return Q2_OK; /* closed at the end of a line */
  }
  return q2_text_fail(text, section->opened, error, "section &%s has no end (&)", name);
}

/* What &gen says that is of use. */
struct general {
  char method[Q2_WORD_LENGTH], basis[Q2_WORD_LENGTH];
  int has_charge, has_multiplicity, charge, multiplicity;
  int bohr;    /* the geometry's unit */
  int average; /* masses averaged over isotopes */
};

static int take_keyword(const struct q2_text *text, int line, const char *key, const char *value, struct general *general,
                        struct q2_error *error) {
  int unit = 1;
  if (strcasecmp(key, "dftname") == 0 || (strcasecmp(key, "method") == 0 && !*general->method))
    q2_copy_title(general->method, sizeof general->method, value);
  else if (strcasecmp(key, "basis") == 0)
    q2_copy_title(general->basis, sizeof general->basis, value);
  else if (strcasecmp(key, "molchg") == 0) {
    general->has_charge = 1;
    return q2_text_integer(text, line, value, "the charge (molchg)", &general->charge, error);
  } else if (strcasecmp(key, "multip") == 0) {
    general->has_multiplicity = 1;
    return q2_text_integer(text, line, value, "the multiplicity (multip)", &general->multiplicity, error);
  } else if (strcasecmp(key, "massav") == 0)
    return q2_text_integer(text, line, value, "0 or 1 (massav)", &general->average, error);
  else if (strcasecmp(key, "iunit") == 0) { /* 0: bohr, radian; 1: angstrom, degree; 2: bohr, degree; 3: angstrom, radian */
    Q2_TRY(q2_text_integer(text, line, value, "the geometry's unit (iunit)", &unit, error));
    if (unit < 0 || unit > 3) return q2_text_fail(text, line, error, "expected iunit from 0 to 3, found %d", unit);
    general->bohr = unit == 0 || unit == 2;
  }
  return Q2_OK;
}

/* Keywords and values of one line, as far as the section goes. A comment begins with "!". */
static int read_keywords(const struct q2_text *text, int line, const char *at, struct general *general,
                         struct q2_error *error) {
  char word[2][Q2_WORD_LENGTH];
  for (int k = 0;; k = !k) {
    at += strspn(at, " \t=,");
    const size_t length = strcspn(at, " \t=,&$!");
    if (length == 0) return Q2_OK;
    snprintf(word[k], sizeof word[k], "%.*s", (int)(length < Q2_WORD_LENGTH ? length : Q2_WORD_LENGTH - 1), at);
    if (k == 1) Q2_TRY(take_keyword(text, line, word[0], word[1], general, error));
    at += length;
  }
}

static int read_general(const struct q2_text *text, struct general *general, struct q2_error *error) {
  struct section section;
  memset(general, 0, sizeof *general);
  Q2_TRY(find_section(text, "gen", &section, error));
  if (!section.opened) return Q2_OK;
  Q2_TRY(read_keywords(text, section.opened, section.rest, general, error));
  for (int n = section.first; n <= section.last; n++)
    Q2_TRY(read_keywords(text, n, text->line[n - 1], general, error));
  return Q2_OK;
}

/* A section of which every row is a line of its own. */
static int find_rows(const struct q2_text *text, const char *name, struct section *section, struct q2_error *error) {
  Q2_TRY(find_section(text, name, section, error));
  if (section->opened && *q2_text_skip_blanks(section->rest))
    return q2_text_fail(text, section->opened, error, "expected the rows of &%s in lines of their own", name);
  return Q2_OK;
}

/* "Rh1  0.0  0.0  0.0", a "#" behind a coordinate that was frozen. */
static int read_atom(const struct q2_text *text, int line, double unit, int atom, struct q2_molecule_record *record,
                     struct q2_error *error) {
  struct q2_words words;
  q2_text_words(text->line[line - 1], &words);
  if (words.count != 4)
    return q2_text_fail(text, line, error, "expected an atom's name and Cartesian coordinates (a Z-matrix is not read)");
  const char *name = words.word[0].text;
  Q2_TRY(q2_molecule_element(text, line, name, &record->element[atom], error));
  if (strchr(name, '@'))
    return q2_text_fail(text, line, error, "expected an atom, found \"%.40s\": a counterpoise centre", name);
  q2_copy_title(record->label[atom].text, sizeof record->label[atom].text, name);
  for (int k = 0; k < 3; k++) {
    char *word = words.word[1 + k].text, *mark = strchr(word, '#');
    if (mark && mark[1] == '\0') *mark = '\0';
    Q2_TRY(q2_text_real(text, line, word, "a coordinate", &record->position[3 * atom + k], error));
    record->position[3 * atom + k] *= unit;
  }
  return Q2_OK;
}

static int read_geometry(const struct q2_text *text, const struct general *general, struct q2_molecule_list *list,
                         struct q2_molecule_record **record, struct q2_error *error) {
  struct section section;
  int atom_count = 0, atom = 0;
  Q2_TRY(find_rows(text, "zmat", &section, error));
  if (!section.opened) return q2_text_fail(text, text->line_count, error, "the file ends without a section &zmat");
  for (int n = section.first; n <= section.last; n++)
    atom_count += !q2_text_is_blank(text->line[n - 1]);
  Q2_TRY(q2_molecule_begin(list, text, section.opened, atom_count, record, error));
  (*record)->element = q2_molecule_array(text, atom_count, sizeof *(*record)->element, error);
  (*record)->label = q2_molecule_array(text, atom_count, sizeof *(*record)->label, error);
  (*record)->position = q2_molecule_array(text, 3 * (int64_t)atom_count, sizeof *(*record)->position, error);
  if (!(*record)->element || !(*record)->label || !(*record)->position) return Q2_FAILED;
  for (int n = section.first; n <= section.last; n++)
    if (!q2_text_is_blank(text->line[n - 1])) Q2_TRY(read_atom(text, n, general->bohr ? Q2_BOHR : 1.0, atom++, *record, error));
  return Q2_OK;
}

/* The next line of the section that is not blank, or a message. */
static int next_row(const struct q2_text *text, const struct section *section, int *line, struct q2_words *words,
                    const char *expected, struct q2_error *error) {
  while (++*line <= section->last) {
    q2_text_words(text->line[*line - 1], words);
    if (words->count > 0) return Q2_OK;
  }
  return q2_text_fail(text, section->last + 1, error, "&hess ends where %s was expected", expected);
}

static int read_number(const struct q2_text *text, int line, const char *word, int expected, const char *what,
                       struct q2_error *error) {
  int number;
  Q2_TRY(q2_text_integer(text, line, word, what, &number, error));
  return number == expected ? Q2_OK : q2_text_fail(text, line, error, "expected %s %d, found %d", what, expected, number);
}

static int read_hessian(const struct q2_text *text, struct q2_molecule_record *record, struct q2_error *error) {
  enum { COLUMNS = 5 };
  struct section section;
  struct q2_words words;
  const int n = 3 * record->atom_count;
  Q2_TRY(find_rows(text, "hess", &section, error));
  if (!section.opened || section.first > section.last) return Q2_OK;
  const int64_t count = q2_packed_hessian(record->atom_count);
  Q2_TRY(q2_text_room(text, section.opened, count, "elements of the Hessian", error));
  record->hessian = q2_molecule_array(text, count, sizeof *record->hessian, error);
  if (!record->hessian) return Q2_FAILED;
  int line = section.first - 1;
  for (int first = 0; first < n; first += COLUMNS) {
    Q2_TRY(next_row(text, &section, &line, &words, "a block's column numbers", error));
    Q2_TRY(read_number(text, line, words.word[0].text, first + 1, "column number", error));
    if (words.count > COLUMNS) return q2_text_fail(text, line, error, "expected at most %d column numbers", COLUMNS);
    for (int row = first; row < n; row++) {
      Q2_TRY(next_row(text, &section, &line, &words, "a row", error));
      Q2_TRY(read_number(text, line, words.word[0].text, row + 1, "row number", error));
      const int columns = row - first + 1 < COLUMNS ? row - first + 1 : COLUMNS;
      if (words.count != columns + 1)
        return q2_text_fail(text, line, error, "expected %d elements of row %d of the Hessian, found %d", columns, row + 1,
                            words.count - 1);
      for (int c = 0; c < columns; c++)
        Q2_TRY(q2_text_real(text, line, words.word[1 + c].text, "an element of the Hessian",
                            &record->hessian[(int64_t)row * (row + 1) / 2 + first + c], error));
    }
  }
  while (++line <= section.last)
    if (!q2_text_is_blank(text->line[line - 1]))
      return q2_text_fail(text, line, error, "&hess goes on behind the Hessian of %d atoms", record->atom_count);
  return Q2_OK;
}

/* The atom that &atomic names by its label or its number, or -1. */
static int find_atom(const struct q2_molecule_record *record, const char *name) {
  char *end;
  const long number = strtol(name, &end, 10);
  if (*name && !*end) return number >= 1 && number <= record->atom_count ? (int)number - 1 : -1;
  for (int a = 0; a < record->atom_count; a++)
    if (strncmp(record->label[a].text, name, sizeof record->label[a].text - 1) == 0) return a;
  return -1;
}

static int column_of(const struct q2_words *heading, const char *name) {
  for (int w = 0; w < heading->count; w++)
    if (strcasecmp(heading->word[w].text, name) == 0) return w;
  return -1;
}

/* Masses: those of the column `mass` of &atomic, for other atoms the most abundant isotope. &atomic is a table, or several: a
 * heading with a column `atom`, and a row an atom; "?", "-" and a short row mean the default. */
static int read_masses(const struct q2_text *text, const struct general *general, struct q2_molecule_record *record,
                       struct q2_error *error) {
  struct section section;
  struct q2_words heading = {0}, words;
  int named = 0;
  Q2_TRY(find_rows(text, "atomic", &section, error));
  for (int n = section.first; section.opened && n <= section.last; n++) {
    q2_text_words(text->line[n - 1], &words);
    if (words.count == 0) continue;
    if (column_of(&words, "atom") >= 0) {
      heading = words;
      if (column_of(&heading, "isotope") >= 0)
        return q2_text_fail(text, n, error, "isotopes are not known here: give the masses, in a column \"mass\"");
      continue;
    }
    const int column = column_of(&heading, "mass"), atoms = column_of(&heading, "atom");
    if (atoms < 0) return q2_text_fail(text, n, error, "expected a heading with \"atom\"");
    if (column < 0 || column >= words.count || atoms >= words.count || strcmp(words.word[column].text, "?") == 0 ||
        strcmp(words.word[column].text, "-") == 0)
      continue;
    const int atom = find_atom(record, words.word[atoms].text);
    if (atom < 0) return q2_text_fail(text, n, error, "\"%.40s\" is no atom of &zmat", words.word[atoms].text);
    if (!record->mass && !(record->mass = q2_molecule_array(text, record->atom_count, sizeof *record->mass, error)))
      return Q2_FAILED;
    named += record->mass[atom] == 0;
    Q2_TRY(q2_text_real(text, n, words.word[column].text, "a mass", &record->mass[atom], error));
    if (record->mass[atom] <= 0)
      return q2_text_fail(text, n, error, "expected a mass above 0, found %s", words.word[column].text);
  }
  if (general->average && named < record->atom_count)
    return q2_text_fail(text, 0, error,
                        "massav=1, masses averaged over isotopes, is not known here: give the masses in &atomic");
  for (int a = 0; record->mass && a < record->atom_count; a++)
    if (record->mass[a] == 0) record->mass[a] = q2_element_mass(record->element[a]);
  return Q2_OK;
}

int q2_jaguar_input_recognises(const struct q2_text *text) {
  for (int n = 1; n <= text->line_count; n++)
    if (opens(text->line[n - 1], "zmat")) return 1;
  return 0;
}

int q2_jaguar_input_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct general general;
  struct q2_molecule_record *record;
  Q2_TRY(q2_text_plain(text, error));
  Q2_TRY(read_general(text, &general, error));
  Q2_TRY(read_geometry(text, &general, list, &record, error));
  record->has_charge = general.has_charge;
  record->charge = general.charge;
  record->has_multiplicity = general.has_multiplicity;
  record->multiplicity = general.multiplicity;
  if (*general.method || *general.basis)
    snprintf(record->method, sizeof record->method, "%s/%s, Jaguar", *general.method ? general.method : "HF", general.basis);
  Q2_TRY(read_hessian(text, record, error));
  return read_masses(text, &general, record, error);
}
