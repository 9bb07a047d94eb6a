/* Tinker's coordinates (.xyz, .txyz; .arc: several after one another), angstrom, with types and bonds (TINKER User's Guide,
 * "Types of Input & Output Files"):
 *     N TITLE
 *     A B C ALPHA BETA GAMMA            a periodic box, if there is one
 *     INDEX NAME X Y Z TYPE ATOM ...    the atoms that it is bonded to
 *
 * A type is a number of the parameter file, which alone knows its element: here it comes from the atom's name
 * (io/formats/atom_names.h). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "atom_names.h"
#include "bonds.h"
#include "molecule.h"
#include "molecule_formats.h"
#include "text.h"

enum { FIXED_COLUMNS = 6 /* before the neighbours */ };

static int is_integer(const char *word) {
  const size_t sign = *word == '-';
  return word[sign] && strspn(word + sign, "0123456789") == strlen(word + sign);
}

/* The next line with words at or after `from`, and them; 0 at the end. */
static int next_line(const struct q2_text *text, int from, struct q2_words *words) {
  for (int line = from; line <= text->line_count; line++) {
    q2_text_words(text->line[line - 1], words);
    if (words->count) return line;
  }
  return 0;
}

/* Whether these are the words of a periodic box: six numbers, none of them an atom's name. */
static int is_box(const struct q2_words *words) {
  for (int w = 0; w < words->count; w++)
    if (!q2_text_is_real(words->word[w].text)) return 0;
  return words->count == 6;
}

static int is_atom(const struct q2_words *words) {
  return words->count >= FIXED_COLUMNS && is_integer(words->word[0].text) && isalpha((unsigned char)words->word[1].text[0]) &&
         q2_text_is_real(words->word[2].text) && q2_text_is_real(words->word[3].text) && q2_text_is_real(words->word[4].text) &&
         is_integer(words->word[5].text);
}

int q2_tinker_xyz_recognises(const struct q2_text *text) {
  struct q2_words words;
  int line = next_line(text, 1, &words);
  if (!line || !is_integer(words.word[0].text)) return 0;
  line = next_line(text, line + 1, &words);
  if (line && is_box(&words)) line = next_line(text, line + 1, &words);
  return line && is_atom(&words);
}

static int read_atom(const struct q2_text *text, int line, const struct q2_words *words, int atom,
                     struct q2_molecule_record *record, struct q2_bond_list *bonds, struct q2_error *error) {
  int index, type, neighbour;
  if (words->count < FIXED_COLUMNS || words->count == Q2_WORDS)
    return q2_text_fail(text, line, error, "expected number, name, x, y, z, type and neighbours of an atom, found %d words",
                        words->count);
  Q2_TRY(q2_text_integer(text, line, words->word[0].text, "an atom's number", &index, error));
  if (index != atom + 1) return q2_text_fail(text, line, error, "expected atom %d, found %d", atom + 1, index);
  for (int k = 0; k < 3; k++)
    Q2_TRY(q2_text_real(text, line, words->word[2 + k].text, "a coordinate", &record->position[3 * atom + k], error));
  Q2_TRY(q2_text_integer(text, line, words->word[5].text, "a type", &type, error));
  snprintf(record->type[atom].text, sizeof record->type[atom].text, "%d", type);
  q2_copy_title(record->label[atom].text, sizeof record->label[atom].text, words->word[1].text);
  record->element[atom] = q2_element_of_atom_name(words->word[1].text, "");
  if (!record->element[atom])
    return q2_text_fail(text, line, error, "expected an atom's name that begins with an element, found \"%.40s\"",
                        words->word[1].text);
  for (int w = FIXED_COLUMNS; w < words->count; w++) {
    Q2_TRY(q2_text_integer(text, line, words->word[w].text, "a bonded atom", &neighbour, error));
    if (neighbour < 1) return q2_text_fail(text, line, error, "expected a bonded atom, found %d", neighbour);
    if (!q2_bond_list_add(bonds, atom, neighbour - 1, Q2_BOND_UNKNOWN, line))
      return q2_text_fail(text, line, error, "no memory for a bond");
  }
  return Q2_OK;
}

/* One molecule, whose first line is `line`, with its `words`; `line` becomes the last one. */
static int read_molecule(const struct q2_text *text, int *line, const struct q2_words *first, struct q2_molecule_list *list,
                         struct q2_bond_list *bonds, struct q2_error *error) {
  struct q2_words words;
  struct q2_molecule_record *record;
  int count;
  Q2_TRY(q2_text_integer(text, *line, first->word[0].text, "a number of atoms", &count, error));
  Q2_TRY(q2_molecule_begin(list, text, *line, count, &record, error));
  const char *title = text->line[*line - 1] + first->word[0].column + first->word[0].length;
  q2_copy_title(record->name, sizeof record->name, title);
  Q2_TRY(q2_molecule_atoms(text, Q2_ATOM_TYPES | Q2_ATOM_LABELS, record, error));
  for (int atom = 0; atom < count; atom++) {
    int next = next_line(text, *line + 1, &words);
    if (next && atom == 0 && is_box(&words)) next = next_line(text, next + 1, &words);
    if (!next)
      return q2_text_fail(text, text->line_count, error, "the file ends after %d of the %d atoms of line %d", atom, count,
                          record->line);
    *line = next;
    Q2_TRY(read_atom(text, next, &words, atom, record, bonds, error));
  }
  Q2_TRY(q2_text_whole(text, *line, error));
  return q2_bond_list_move(bonds, text, NULL, Q2_BONDS_TWICE, record, error);
}

int q2_tinker_xyz_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_words words;
  struct q2_bond_list bonds = {0};
  Q2_TRY(q2_text_plain(text, error));
  int line = next_line(text, 1, &words), status = Q2_OK;
  if (!line) return q2_text_fail(text, 0, error, "expected a number of atoms, found nothing");
  for (; status == Q2_OK && line; line = next_line(text, line + 1, &words))
    status = read_molecule(text, &line, &words, list, &bonds, error);
  q2_bond_list_free(&bonds);
  return status;
}
