/* ORCA's .hess files: geometry and masses ($atoms, bohr and amu), Hessian ($hessian, hartree/bohr^2), wavenumbers
 * ($vibrational_frequencies), energy ($act_energy).
 *
 * Sections begin with "$" and a name. A matrix is square, in blocks of five columns (six in version 3): a line of column
 * numbers from 0, then of each row its number and its elements. */
#include <stdlib.h>
#include <string.h>

#include "../constants.h"
#include "molecule_formats.h"

/* The line of the section `name`, 0 if there is none; twice is refused. */
static int find_section(const struct q2_text *text, const char *name, int *line, struct q2_error *error) {
  struct q2_words words;
  *line = 0;
  for (int n = 1; n <= text->line_count; n++) {
    if (!strchr(text->line[n - 1], '$')) continue;
    q2_text_words(text->line[n - 1], &words);
    if (words.count < 1 || strcmp(words.word[0].text, name) != 0) continue;
    if (*line) return q2_text_fail(text, n, error, "%s appears again, first in line %d", name, *line);
    *line = n;
  }
  return Q2_OK;
}

/* The next line that is not blank. */
static int next_row(const struct q2_text *text, const char *section, int *line, struct q2_words *words,
                    struct q2_error *error) {
  while (++*line <= text->line_count) {
    q2_text_words(text->line[*line - 1], words);
    if (words->count > 0) return q2_text_whole(text, *line, error);
  }
  return q2_text_fail(text, text->line_count, error, "the file ends within %s", section);
}

/* The number after the section's line. */
static int read_count(const struct q2_text *text, const char *section, int *line, int *count, struct q2_error *error) {
  struct q2_words words;
  Q2_TRY(next_row(text, section, line, &words, error));
  return q2_text_integer(text, *line, words.word[0].text, section, count, error);
}

/* The first word of a row is its number. */
static int expect_number(const struct q2_text *text, int line, const char *word, int expected, struct q2_error *error) {
  int number;
  Q2_TRY(q2_text_integer(text, line, word, "a row or column number", &number, error));
  return number == expected ? Q2_OK : q2_text_fail(text, line, error, "expected number %d, found %d", expected, number);
}

static int read_atoms(const struct q2_text *text, struct q2_molecule_list *list, struct q2_molecule_record **record,
                      struct q2_error *error) {
  struct q2_words words;
  int line, atom_count;
  Q2_TRY(find_section(text, "$atoms", &line, error));
  if (!line) return q2_text_fail(text, text->line_count, error, "the file ends without $atoms");
  Q2_TRY(read_count(text, "$atoms", &line, &atom_count, error));
  Q2_TRY(q2_molecule_begin(list, text, line, atom_count, record, error));
  (*record)->element = q2_molecule_array(text, atom_count, sizeof *(*record)->element, error);
  (*record)->mass = q2_molecule_array(text, atom_count, sizeof *(*record)->mass, error);
  (*record)->position = q2_molecule_array(text, 3 * (int64_t)atom_count, sizeof *(*record)->position, error);
  if (!(*record)->element || !(*record)->mass || !(*record)->position) return Q2_FAILED;
  for (int a = 0; a < atom_count; a++) {
    Q2_TRY(next_row(text, "$atoms", &line, &words, error));
    if (words.count != 5) return q2_text_fail(text, line, error, "expected an atom: element, mass, coordinates");
    Q2_TRY(q2_molecule_element(text, line, words.word[0].text, &(*record)->element[a], error));
    Q2_TRY(q2_text_real(text, line, words.word[1].text, "a mass", &(*record)->mass[a], error));
    for (int k = 0; k < 3; k++) {
      Q2_TRY(q2_text_real(text, line, words.word[2 + k].text, "a coordinate", &(*record)->position[3 * a + k], error));
      (*record)->position[3 * a + k] *= Q2_BOHR;
    }
  }
  return Q2_OK;
}

/* Fills square[n][n] from the blocks of columns after `line`. */
static int read_square(const struct q2_text *text, int *line, int n, double *square, struct q2_error *error) {
  enum { MOST_COLUMNS = 6 };
  struct q2_words words;
  for (int first = 0, columns; first < n; first += columns) {
    Q2_TRY(next_row(text, "$hessian", line, &words, error));
    columns = words.count;
    if (columns > MOST_COLUMNS || columns > n - first)
      return q2_text_fail(text, *line, error, "expected numbers of columns %d to %d at most, found %d of them", first, n - 1,
                          columns);
    for (int c = 0; c < columns; c++)
      Q2_TRY(expect_number(text, *line, words.word[c].text, first + c, error));
    for (int row = 0; row < n; row++) {
      Q2_TRY(next_row(text, "$hessian", line, &words, error));
      Q2_TRY(expect_number(text, *line, words.word[0].text, row, error));
      if (words.count != columns + 1)
        return q2_text_fail(text, *line, error, "expected %d elements of row %d, found %d", columns, row, words.count - 1);
      for (int c = 0; c < columns; c++)
        Q2_TRY(q2_text_real(text, *line, words.word[1 + c].text, "an element of the Hessian",
                            &square[(int64_t)row * n + first + c], error));
    }
  }
  return Q2_OK;
}

static int read_hessian(const struct q2_text *text, struct q2_molecule_record *record, struct q2_error *error) {
  int line, size;
  Q2_TRY(find_section(text, "$hessian", &line, error));
  if (!line) return Q2_OK;
  const int begin = line, n = 3 * record->atom_count;
  Q2_TRY(read_count(text, "$hessian", &line, &size, error));
  if (size != n)
    return q2_text_fail(text, line, error, "expected a Hessian of %d rows for %d atoms, found %d", n, record->atom_count, size);
  Q2_TRY(q2_text_room(text, line, (int64_t)n * n, "elements of the Hessian", error));
  double *square = q2_molecule_array(text, (int64_t)n * n, sizeof *square, error);
  int status = square ? read_square(text, &line, n, square, error) : Q2_FAILED;
  if (status == Q2_OK) status = q2_molecule_hessian_from_square(text, begin, square, record, error);
  free(square);
  return status;
}

/* 3N of them, the first five or six zero: those of rigid motions. Only the others are kept. */
static int read_frequencies(const struct q2_text *text, struct q2_molecule_record *record, struct q2_error *error) {
  struct q2_words words;
  const int n = 3 * record->atom_count;
  int line, count;
  Q2_TRY(find_section(text, "$vibrational_frequencies", &line, error));
  if (!line) return Q2_OK;
  Q2_TRY(read_count(text, "$vibrational_frequencies", &line, &count, error));
  if (count != n)
    return q2_text_fail(text, line, error, "expected %d frequencies of %d atoms, found %d", n, record->atom_count, count);
  record->frequency = q2_molecule_array(text, n, sizeof *record->frequency, error);
  if (!record->frequency) return Q2_FAILED;
  for (int k = 0; k < n; k++) {
    double frequency;
    Q2_TRY(next_row(text, "$vibrational_frequencies", &line, &words, error));
    Q2_TRY(expect_number(text, line, words.word[0].text, k, error));
    if (words.count != 2) return q2_text_fail(text, line, error, "expected a number and a frequency");
    Q2_TRY(q2_text_real(text, line, words.word[1].text, "a frequency", &frequency, error));
    if (frequency != 0) record->frequency[record->frequency_count++] = frequency;
  }
  return Q2_OK;
}

/* 0 where ORCA did not keep it. */
static int read_energy(const struct q2_text *text, struct q2_molecule_record *record, struct q2_error *error) {
  struct q2_words words;
  int line;
  Q2_TRY(find_section(text, "$act_energy", &line, error));
  if (!line) return Q2_OK;
  Q2_TRY(next_row(text, "$act_energy", &line, &words, error));
  Q2_TRY(q2_text_real(text, line, words.word[0].text, "an energy", &record->energy, error));
  record->has_energy = record->energy != 0;
  return Q2_OK;
}

static int read_multiplicity(const struct q2_text *text, struct q2_molecule_record *record, struct q2_error *error) {
  int line;
  Q2_TRY(find_section(text, "$multiplicity", &line, error));
  if (!line) return Q2_OK;
  record->has_multiplicity = 1;
  return read_count(text, "$multiplicity", &line, &record->multiplicity, error);
}

int q2_orca_hess_recognises(const struct q2_text *text) { return q2_text_find_start(text, 1, "$orca_hessian_file") != 0; }

int q2_orca_hess_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_molecule_record *record;
  Q2_TRY(q2_text_plain(text, error));
  Q2_TRY(read_atoms(text, list, &record, error));
  q2_copy_title(record->method, sizeof record->method, "ORCA");
  Q2_TRY(read_hessian(text, record, error));
  Q2_TRY(read_frequencies(text, record, error));
  Q2_TRY(read_multiplicity(text, record, error));
  return read_energy(text, record, error);
}
