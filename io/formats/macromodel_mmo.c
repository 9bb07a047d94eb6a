/* MacroModel's listings of structures (.mmo): title, atoms with types, partial charges, positions (angstrom) and bonds, from
 * the "Connection Table" of each complete listing. The terms and energies of the listing are not read. Rows of the table:
 *
 *    Type  Number  QQ     Sol       X          Y          Z                    neighbours, each with the bond's character
 *     C2 (    5)   0.217  0.217     2.2199     0.3316     0.5970   UNK   1       1     4-    7-    6=
 *
 * Characters of bonds: "-" single, "=" double, "%" triple, a blank for order zero (to a metal or a moving atom): partial. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atom_names.h"
#include "bonds.h"
#include "molecule.h"
#include "molecule_formats.h"
#include "text.h"

/* A listing begins with the bonds' energies; its title and, last, the connection table follow. */
static const char listing[] = "BOND LENGTHS AND STRETCH ENERGIES",
                  title_heading[] = "* Input Structure Name:", heading[] = "Type  Number  QQ";

/* A row's parts before the charges: type and number. Returns where the charges begin, or NULL. */
static const char *take_type(const char *line, char type[3], int *number) {
  int end = -1;
  if (sscanf(line, " %2s (%9d)%n", type, number, &end) != 2 || end < 0) return NULL;
  return line + end;
}

static int order_of(char character) {
  switch (character) {
  case '-':
    return Q2_BOND_SINGLE;
  case '=':
    return Q2_BOND_DOUBLE;
  case '%':
    return Q2_BOND_TRIPLE;
  case ' ':
  case '\0':
    return Q2_BOND_PARTIAL;
  default:
    return -1;
  }
}

/* The neighbours of `atom`, from `at` to the line's end. */
static int take_neighbours(const struct q2_text *text, int line, const char *at, int atom, struct q2_bond_list *bonds,
                           struct q2_error *error) {
  while (!q2_text_is_blank(at)) {
    char *end;
    const long neighbour = strtol(at, &end, 10);
    const int order = order_of(*end);
    if (end == at || neighbour < 1 || neighbour > Q2_MOST_ATOMS)
      return q2_text_fail(text, line, error, "expected a bonded atom, found \"%.20s\"", at + strspn(at, " \t"));
    if (order < 0)
      return q2_text_fail(text, line, error, "expected - = %% or a blank after bonded atom %ld, found \"%c\"", neighbour, *end);
    if (!q2_bond_list_add(bonds, atom, (int32_t)neighbour - 1, order, line))
      return q2_text_fail(text, line, error, "no memory for a bond");
    at = end + (*end != '\0');
  }
  return Q2_OK;
}

/* Two charges, x, y, z, residue and its number, neighbours. */
static int read_row(const struct q2_text *text, int line, int atom, struct q2_molecule_record *record,
                    struct q2_bond_list *bonds, struct q2_error *error) {
  enum { CHARGE = 0, X = 2, RESIDUE = 5, RESIDUE_NUMBER = 6 };
  char type[3];
  int number, residue;
  struct q2_words words;
  const char *at = take_type(text->line[line - 1], type, &number);
  if (!at) return q2_text_fail(text, line, error, "expected type and number of atom %d, or a blank line", atom + 1);
  if (number != atom + 1) return q2_text_fail(text, line, error, "expected atom %d, found %d", atom + 1, number);
  q2_text_words(at, &words);
  if (words.count <= RESIDUE_NUMBER)
    return q2_text_fail(text, line, error, "expected charges, x, y, z, residue and its number, found %d words", words.count);
  Q2_TRY(q2_text_real(text, line, words.word[CHARGE].text, "a charge", &record->partial_charge[atom], error));
  for (int k = 0; k < 3; k++)
    Q2_TRY(q2_text_real(text, line, words.word[X + k].text, "a coordinate", &record->position[3 * atom + k], error));
  Q2_TRY(q2_text_integer(text, line, words.word[RESIDUE_NUMBER].text, "a residue's number", &residue, error));
  record->element[atom] = q2_element_of_macromodel_type(type);
  if (!record->element[atom]) return q2_text_fail(text, line, error, "expected the type of an element, found \"%s\"", type);
  memcpy(record->type[atom].text, type, sizeof type);
  at += words.word[RESIDUE_NUMBER].column + words.word[RESIDUE_NUMBER].length;
  return take_neighbours(text, line, at, atom, bonds, error);
}

/* Below the table: " Total QQ  charge on system =   1.000", the molecule's charge if it is a whole number. */
static int read_total(const struct q2_text *text, int line, struct q2_molecule_record *record, struct q2_error *error) {
  while (line <= text->line_count && q2_text_is_blank(text->line[line - 1]))
    line++;
  const int found = line <= text->line_count && strstr(text->line[line - 1], "Total QQ") != NULL;
  const char *equals = found ? strchr(text->line[line - 1], '=') : NULL;
  struct q2_words words;
  double charge;
  if (!equals)
    return q2_text_fail(text, line <= text->line_count ? line : text->line_count, error,
                        "expected \"Total QQ  charge on system =\" below the atoms");
  q2_text_words(equals + 1, &words);
  Q2_TRY(q2_text_real(text, line, words.count ? words.word[0].text : "", "a charge", &charge, error));
  Q2_TRY(q2_text_whole(text, line, error));
  record->has_charge = fabs(charge) < 1000 && fabs(charge - floor(charge + 0.5)) < 0.01;
  record->charge = record->has_charge ? (int)floor(charge + 0.5) : 0;
  return Q2_OK;
}

/* The title of a structure in the lines from to `line`: below its heading, within the frame of stars. */
static void take_title(const struct q2_text *text, int from, int line, struct q2_molecule_record *record) {
  const int above = q2_text_find_start(text, from, title_heading);
  if (!above || above + 1 >= line) return;
  const char *title = text->line[above];
  title += strspn(title, " *");
  char kept[256];
  q2_copy_title(kept, sizeof kept, title);
  for (size_t length = strlen(kept); length > 0 && strchr(" *", kept[length - 1]);)
    kept[--length] = '\0';
  q2_copy_title(record->name, sizeof record->name, kept);
}

/* The table whose heading is in `line`; `from`: where the lines of the structure begin. */
static int read_table(const struct q2_text *text, int from, int line, struct q2_molecule_list *list, struct q2_bond_list *bonds,
                      struct q2_error *error) {
  struct q2_molecule_record *record;
  int first = line + 1, count = 0;
  while (first <= text->line_count && q2_text_is_blank(text->line[first - 1]))
    first++;
  while (first + count <= text->line_count && !q2_text_is_blank(text->line[first + count - 1]))
    count++;
  Q2_TRY(q2_molecule_begin(list, text, line, count, &record, error));
  take_title(text, from, line, record);
  Q2_TRY(q2_molecule_atoms(text, Q2_ATOM_TYPES | Q2_ATOM_CHARGES, record, error));
  for (int atom = 0; atom < count; atom++)
    Q2_TRY(read_row(text, first + atom, atom, record, bonds, error));
  Q2_TRY(read_total(text, first + count, record, error));
  return q2_bond_list_move(bonds, text, NULL, Q2_BONDS_TWICE, record, error);
}

int q2_macromodel_mmo_recognises(const struct q2_text *text) { return q2_text_find_start(text, 1, heading) > 0; }

int q2_macromodel_mmo_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_bond_list bonds = {0};
  Q2_TRY(q2_text_plain(text, error));
  int from = 1, line = q2_text_find_start(text, 1, heading), status = Q2_OK;
  if (!line) return q2_text_fail(text, 0, error, "expected a connection table (\"%s\"): is the listing complete?", heading);
  for (; status == Q2_OK && line; line = q2_text_find_start(text, from, heading)) {
    status = read_table(text, from, line, list, &bonds, error);
    from = line + 1;
  }
  if (status == Q2_OK && (q2_text_find_start(text, from, listing) || q2_text_find_start(text, from, title_heading)))
    status = q2_text_fail(text, text->line_count, error, "the file ends within a structure's listing");
  q2_bond_list_free(&bonds);
  return status;
}
