/* Turbomole's data groups, which xtb writes too: $coord, $grad, $hessian (TURBOMOLE User's Manual, "Format of Keywords and
 * Comments"; xtb's documentation, "Geometry Input").
 *
 * A group begins with a line "$NAME ...", ends at the next "$", and "$end" ends the file. Bohr, hartree/bohr, hartree/bohr^2.
 *
 * Of several Hessians, the one before translations and rotations were projected out ($nprhessian) is taken, else $hessian,
 * else "$hessian (projected)": q2hpc projects by itself, exactly, and judges by what is left of the rotations whether geometry
 * and Hessian share a frame. xtb's $hessian is not projected. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../constants.h"
#include "molecule.h"
#include "molecule_formats.h"
#include "text.h"

/* The line of the group `name` (without "$") that holds data, from `from` on, or 0. `more`: what must follow the name, or NULL
 * if anything but a word in brackets may. Groups that only name another file ("$coord file=coord") are left out. */
static int find_group(const struct q2_text *text, int from, const char *name, const char *more) {
  for (int line = q2_text_find_start(text, from, "$"); line; line = q2_text_find_start(text, line + 1, "$")) {
    struct q2_words words;
    q2_text_words(text->line[line - 1], &words);
    if (strcmp(words.word[0].text + 1, name) != 0 || strstr(text->line[line - 1], "file=")) continue;
    const char *second = words.count > 1 ? words.word[1].text : "";
    if (more ? strcmp(second, more) == 0 : second[0] != '(') return line;
  }
  return 0;
}

/* The last line of the group that begins in `line`: its data are line + 1 to there. */
static int group_end(const struct q2_text *text, int line, int *end, struct q2_error *error) {
  const int next = q2_text_find_start(text, line + 1, "$");
  if (!next)
    return q2_text_fail(text, text->line_count, error, "the file ends within the group of line %d, without $end", line);
  *end = next - 1;
  return Q2_OK;
}

/* Whether a line of a group holds nothing. */
static int is_empty(const char *line) {
  while (isspace((unsigned char)*line))
    line++;
  return *line == '\0' || *line == '#';
}

/* x, y, z from the line's first words, times `factor`. */
static int take_vector(const struct q2_text *text, int line, const struct q2_words *words, double factor, const char *what,
                       double *vector, struct q2_error *error) {
  for (int k = 0; k < 3; k++) {
    Q2_TRY(q2_text_real(text, line, k < words->count ? words->word[k].text : "", what, &vector[k], error));
    vector[k] *= factor;
  }
  return Q2_OK;
}

/* "x y z symbol" of `record`'s atoms from the lines first to last. */
static int take_atoms(const struct q2_text *text, int first, int last, double factor, struct q2_molecule_record *record,
                      struct q2_error *error) {
  int atom = 0;
  Q2_TRY(q2_molecule_atoms(text, 0, record, error));
  for (int line = first; line <= last; line++) {
    if (is_empty(text->line[line - 1])) continue;
    struct q2_words words;
    q2_text_words(text->line[line - 1], &words);
    Q2_TRY(take_vector(text, line, &words, factor, "a coordinate", record->position + 3 * (size_t)atom, error));
    Q2_TRY(q2_molecule_element(text, line, words.count > 3 ? words.word[3].text : "", &record->element[atom], error));
    atom++;
  }
  return Q2_OK;
}

static int count_lines(const struct q2_text *text, int first, int last) {
  int count = 0;
  for (int line = first; line <= last; line++)
    count += !is_empty(text->line[line - 1]);
  return count;
}

/* The record for a group's atoms: the one there is, if it has as many, else a new one. */
static int begin(const struct q2_text *text, int line, int atom_count, struct q2_molecule_list *list,
                 struct q2_molecule_record **record, struct q2_error *error) {
  if (!*record) return q2_molecule_begin(list, text, line, atom_count, record, error);
  if ((*record)->atom_count == atom_count) return Q2_OK;
  return q2_text_fail(text, line, error, "%d atoms; the group of line %d has %d", atom_count, (*record)->line,
                      (*record)->atom_count);
}

/* --- $coord --- */

/* angstrom a unit of the coordinates, and the number of atoms that the group's line names, else 0. */
static int coord_options(const struct q2_text *text, int line, double *factor, int *claimed, struct q2_error *error) {
  struct q2_words words;
  q2_text_words(text->line[line - 1], &words);
  *factor = Q2_BOHR;
  *claimed = 0;
  for (int w = 1; w < words.count; w++) {
    const char *word = words.word[w].text;
    if (strcmp(word, "angs") == 0)
      *factor = 1.0;
    else if (strcmp(word, "frac") == 0)
      return q2_text_fail(text, line, error, "fractional coordinates of a crystal are not read");
    else if (strncmp(word, "natoms=", 7) == 0) {
      const char *number = word[7] ? word + 7 : w + 1 < words.count ? words.word[w + 1].text : "";
      Q2_TRY(q2_text_integer(text, line, number, "a number of atoms", claimed, error));
      w += word[7] == '\0';
    } else if (strcmp(word, "bohr") != 0)
      return q2_text_fail(text, line, error, "expected bohr, angs or natoms=N after $coord, found \"%.40s\"", word);
  }
  return Q2_OK;
}

static int read_coord(const struct q2_text *text, int line, struct q2_molecule_list *list, struct q2_molecule_record **record,
                      struct q2_error *error) {
  double factor;
  int end = 0, claimed = 0;
  Q2_TRY(coord_options(text, line, &factor, &claimed, error));
  Q2_TRY(group_end(text, line, &end, error));
  const int periodic = find_group(text, 1, "periodic", NULL), count = count_lines(text, line + 1, end);
  if (periodic && !find_group(text, 1, "periodic", "0"))
    return q2_text_fail(text, periodic, error, "periodic systems are not read");
  if (claimed && claimed != count) return q2_text_fail(text, line, error, "claims %d atoms, but has %d", claimed, count);
  Q2_TRY(begin(text, line, count, list, record, error));
  return take_atoms(text, line + 1, end, factor, *record, error);
}

/* --- $grad: cycle after cycle, of each a line with the energy, the atoms, and their gradients --- */

static int read_energy(const struct q2_text *text, int line, struct q2_molecule_record *record, struct q2_error *error) {
  const char *energy = strstr(text->line[line - 1], "energy ="); /* the kind before it differs: "SCF energy =" */
  struct q2_words words;
  q2_text_words(energy ? energy + strlen("energy =") : "", &words);
  Q2_TRY(q2_text_real(text, line, words.count ? words.word[0].text : "", "\"energy =\" and a number", &record->energy, error));
  record->has_energy = 1;
  return Q2_OK;
}

static int read_gradient(const struct q2_text *text, int line, struct q2_molecule_list *list,
                         struct q2_molecule_record **record, struct q2_error *error) {
  int end = 0, cycle = 0;
  Q2_TRY(group_end(text, line, &end, error));
  for (int next = line; (next = q2_text_find_start(text, next + 1, "cycle")) && next <= end;)
    cycle = next;
  if (!cycle) return q2_text_fail(text, line, error, "$grad without a line \"cycle = ...\"");
  const int count = count_lines(text, cycle + 1, end);
  if (count % 2)
    return q2_text_fail(text, cycle, error, "expected as many gradients as atoms, found %d lines of both together", count);
  Q2_TRY(begin(text, cycle, count / 2, list, record, error));
  Q2_TRY(read_energy(text, cycle, *record, error));
  int first = cycle + 1, atom = 0; /* `first` becomes that of the gradients */
  for (int atoms = 0; atoms < count / 2; first++)
    atoms += !is_empty(text->line[first - 1]);
  Q2_TRY(take_atoms(text, cycle + 1, first - 1, Q2_BOHR, *record, error));
  (*record)->gradient = q2_molecule_array(text, 3 * (int64_t)count / 2, sizeof *(*record)->gradient, error);
  if (!(*record)->gradient) return Q2_FAILED;
  for (int row = first; row <= end; row++) {
    if (is_empty(text->line[row - 1])) continue;
    struct q2_words words;
    q2_text_words(text->line[row - 1], &words);
    if (words.count != 3) return q2_text_fail(text, row, error, "expected three numbers, found %d words", words.count);
    Q2_TRY(take_vector(text, row, &words, 1.0, "a gradient", (*record)->gradient + 3 * (size_t)atom++, error));
  }
  return Q2_OK;
}

/* --- $hessian: rows of the full matrix, five numbers a line; Turbomole puts the row's number and that of the line in the row
 * before them, xtb nothing --- */

/* Words before the numbers: those that are integers. Where Fortran's columns are too narrow for them they are stars. */
static int prefix_length(const struct q2_words *words) {
  int length = 0;
  while (length < 2 && length < words->count &&
         strspn(words->word[length].text, "0123456789*") == strlen(words->word[length].text))
    length++;
  return length;
}

/* The order of the matrix whose rows are the lines first to last. */
static int matrix_order(const struct q2_text *text, int first, int last, int64_t *order, struct q2_error *error) {
  int64_t count = 0;
  for (int line = first; line <= last; line++) {
    if (is_empty(text->line[line - 1])) continue;
    struct q2_words words;
    q2_text_words(text->line[line - 1], &words);
    count += words.count - prefix_length(&words);
  }
  *order = (int64_t)floor(sqrt((double)count) + 0.5);
  if (count == 0 || *order * *order != count || *order % 3 != 0)
    return q2_text_fail(text, first - 1, error, "expected (3 N)^2 numbers of N atoms, found %lld in the lines up to %d",
                        (long long)count, last);
  return Q2_OK;
}

static int take_matrix(const struct q2_text *text, int first, int last, int64_t order, double *square, struct q2_error *error) {
  int64_t taken = 0;
  for (int line = first; line <= last; line++) {
    if (is_empty(text->line[line - 1])) continue;
    struct q2_words words;
    q2_text_words(text->line[line - 1], &words);
    const int prefix = prefix_length(&words);
    const int64_t row = taken / order + 1;
    if (prefix == 2 && !strchr(words.word[0].text, '*') && strtol(words.word[0].text, NULL, 10) != row)
      return q2_text_fail(text, line, error, "expected row %lld of the Hessian, found row %.10s", (long long)row,
                          words.word[0].text);
    for (int w = prefix; w < words.count; w++)
      Q2_TRY(q2_text_real(text, line, words.word[w].text, "an element of the Hessian", &square[taken++], error));
  }
  return Q2_OK;
}

static int read_hessian(const struct q2_text *text, int line, struct q2_molecule_list *list, struct q2_molecule_record **record,
                        struct q2_error *error) {
  int end = 0;
  int64_t order = 0;
  Q2_TRY(group_end(text, line, &end, error));
  Q2_TRY(matrix_order(text, line + 1, end, &order, error));
  if (order / 3 > Q2_MOST_ATOMS)
    return q2_text_fail(text, line, error, "expected the Hessian of at most %d atoms", Q2_MOST_ATOMS);
  Q2_TRY(begin(text, line, (int)(order / 3), list, record, error));
  double *square = q2_molecule_array(text, order * order, sizeof *square, error);
  int status = square ? take_matrix(text, line + 1, end, order, square, error) : Q2_FAILED;
  if (status == Q2_OK) status = q2_molecule_hessian_from_square(text, line, square, *record, error);
  free(square);
  return status;
}

static int find_hessian(const struct q2_text *text) {
  int line = find_group(text, 1, "nprhessian", NULL);
  if (!line)
    line = find_group(text, 1, "nprhessian", "(projected)"); /* some versions write the heading's second word here, too */
  if (!line) line = find_group(text, 1, "hessian", NULL);
  if (!line) line = find_group(text, 1, "hessian", "(projected)");
  return line;
}

int q2_turbomole_recognises(const struct q2_text *text) {
  return find_group(text, 1, "coord", NULL) || find_group(text, 1, "grad", NULL) || find_hessian(text);
}

int q2_turbomole_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_molecule_record *record = NULL;
  Q2_TRY(q2_text_plain(text, error));
  const int coord = find_group(text, 1, "coord", NULL), gradient = find_group(text, 1, "grad", NULL),
            hessian = find_hessian(text);
  if (!coord && !gradient && !hessian)
    return q2_text_fail(text, 0, error, "expected a group $coord, $grad or $hessian with data in it, found none");
  if (coord && gradient)
    return q2_text_fail(text, gradient, error,
                        "$grad and, in line %d, $coord, whose geometries differ: expected them in two files", coord);
  if (coord) Q2_TRY(read_coord(text, coord, list, &record, error));
  if (gradient) Q2_TRY(read_gradient(text, gradient, list, &record, error));
  if (hessian) Q2_TRY(read_hessian(text, hessian, list, &record, error));
  return Q2_OK;
}
