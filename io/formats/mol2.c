/* Tripos mol2: any number of molecules, angstrom (Tripos Mol2 File Format, SYBYL 7.1, 2005). Read are @<TRIPOS>MOLECULE, ATOM
 * and BOND; what else is there is skipped.
 *
 * The type is kept as it stands. Types of SYBYL with a point ("C.3", "N.am") begin with the element; others, and those of force
 * fields in their place (MM3's "C3", AMBER's "CT"), leave it to the atom's name (io/formats/atom_names.h), or, where that does
 * not begin with an element, decide by the same rule.
 *
 * Orders of bonds: 1, 2, 3; am, of an amide, is single; ar aromatic; du and un unknown; nc, "not connected", is how MacroModel
 * writes a bond of order zero, to a metal or a moving atom: partial. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../elements.h"
#include "atom_names.h"
#include "bonds.h"
#include "molecule.h"
#include "molecule_formats.h"
#include "text.h"

static const char marker[] = "@<TRIPOS>";

/* Where the next section begins at or after `from`: its line, or one past the last. */
static int next_section(const struct q2_text *text, int from) {
  const int line = q2_text_find_start(text, from, marker);
  return line ? line : text->line_count + 1;
}

static int is_section(const struct q2_text *text, int line, const char *name) {
  struct q2_words words;
  if (line > text->line_count) return 0;
  q2_text_words(text->line[line - 1], &words);
  return words.count > 0 && strncmp(words.word[0].text, marker, strlen(marker)) == 0 &&
         strcmp(words.word[0].text + strlen(marker), name) == 0;
}

/* Whether the line has words; comments begin with "#". */
static int has_words(const struct q2_text *text, int line, struct q2_words *words) {
  q2_text_words(text->line[line - 1], words);
  return words->count > 0 && words->word[0].text[0] != '#';
}

/* --- @<TRIPOS>MOLECULE: name; atoms, bonds, ...; kind of molecule; kind of charges --- */

struct heading {
  int line, end; /* of the section; end: one past its last line */
  int atoms, bonds;
  int has_charges;
};

static int read_heading(const struct q2_text *text, int line, struct heading *heading, struct q2_error *error) {
  struct q2_words words;
  *heading = (struct heading){.line = line, .end = next_section(text, line + 1), .bonds = -1};
  if (line + 2 >= heading->end)
    return q2_text_fail(text, line, error, "expected a name and a line with the number of atoms below %sMOLECULE", marker);
  q2_text_words(text->line[line + 1], &words);
  Q2_TRY(q2_text_integer(text, line + 2, words.count ? words.word[0].text : "", "a number of atoms", &heading->atoms, error));
  if (words.count > 1) {
    Q2_TRY(q2_text_integer(text, line + 2, words.word[1].text, "a number of bonds", &heading->bonds, error));
    Q2_TRY(q2_text_room(text, line + 2, heading->bonds, "bonds", error));
  }
  if (line + 4 < heading->end) {
    q2_text_words(text->line[line + 3], &words);
    heading->has_charges = words.count > 0 && strcmp(words.word[0].text, "NO_CHARGES") != 0;
  }
  return Q2_OK;
}

/* --- @<TRIPOS>ATOM: number name x y z type [substructure's number, its name [charge]] --- */

static int element_of(const char *name, const char *type) {
  const char *point = strchr(type, '.');
  if (point) {
    char symbol[3] = "";
    if (point == type || point - type > 2) return 0;
    memcpy(symbol, type, (size_t)(point - type));
    return q2_element_of_name(symbol);
  }
  const int element = q2_element_of_atom_name(name, type);
  return element ? element : q2_element_of_atom_name(type, "");
}

static int read_atom(const struct q2_text *text, int line, const struct q2_words *words, int atom,
                     struct q2_molecule_record *record, struct q2_error *error) {
  int number;
  if (words->count < 6)
    return q2_text_fail(text, line, error, "expected number, name, x, y, z and type of an atom, found %d words", words->count);
  Q2_TRY(q2_text_integer(text, line, words->word[0].text, "an atom's number", &number, error));
  if (number != atom + 1) return q2_text_fail(text, line, error, "expected atom %d, found %d", atom + 1, number);
  for (int k = 0; k < 3; k++)
    Q2_TRY(q2_text_real(text, line, words->word[2 + k].text, "a coordinate", &record->position[3 * atom + k], error));
  const char *name = words->word[1].text, *type = words->word[5].text;
  record->element[atom] = element_of(name, type);
  if (!record->element[atom])
    return q2_text_fail(text, line, error, "neither the name \"%.20s\" nor the type \"%.20s\" begins with an element", name,
                        type);
  if (words->word[5].length >= Q2_TYPE_LENGTH)
    return q2_text_fail(text, line, error, "expected a type of at most %d letters, found \"%.40s\"", Q2_TYPE_LENGTH - 1, type);
  q2_copy_title(record->label[atom].text, sizeof record->label[atom].text, name);
  q2_copy_title(record->type[atom].text, sizeof record->type[atom].text, type);
  if (!record->partial_charge) return Q2_OK;
  return q2_text_real(text, line, words->count > 8 ? words->word[8].text : "", "a charge", &record->partial_charge[atom],
                      error);
}

static int read_atoms(const struct q2_text *text, int section, const struct heading *heading, struct q2_molecule_record *record,
                      struct q2_error *error) {
  const int count = record->atom_count, end = next_section(text, section + 1);
  if (record->element) return q2_text_fail(text, section, error, "a second %sATOM of one molecule", marker);
  Q2_TRY(q2_molecule_atoms(text, Q2_ATOM_TYPES | Q2_ATOM_LABELS | (heading->has_charges ? Q2_ATOM_CHARGES : 0), record, error));
  int atom = 0;
  for (int line = section + 1; line < end; line++) {
    struct q2_words words;
    if (!has_words(text, line, &words)) continue;
    if (atom == count) return q2_text_fail(text, line, error, "more atoms than the %d of line %d", count, heading->line + 2);
    Q2_TRY(read_atom(text, line, &words, atom++, record, error));
  }
  if (atom < count)
    return q2_text_fail(text, end - 1, error, "%d of the %d atoms of line %d are missing", count - atom, count,
                        heading->line + 2);
  return Q2_OK;
}

/* --- @<TRIPOS>BOND: number, two atoms, order --- */

static int order_of(const char *word) {
  static const struct {
    char word[3];
    int order;
  } orders[] = {{"1", Q2_BOND_SINGLE},    {"2", Q2_BOND_DOUBLE},   {"3", Q2_BOND_TRIPLE},   {"am", Q2_BOND_SINGLE},
                {"ar", Q2_BOND_AROMATIC}, {"du", Q2_BOND_UNKNOWN}, {"un", Q2_BOND_UNKNOWN}, {"nc", Q2_BOND_PARTIAL}};
  for (size_t k = 0; k < sizeof orders / sizeof *orders; k++)
    if (strcmp(orders[k].word, word) == 0) return orders[k].order;
  return -1;
}

static int read_bond(const struct q2_text *text, int line, const struct q2_words *words, struct q2_bond_list *bonds,
                     struct q2_error *error) {
  int atoms[2];
  if (words->count < 4)
    return q2_text_fail(text, line, error, "expected number, two atoms and order of a bond, found %d words", words->count);
  for (int k = 0; k < 2; k++) {
    Q2_TRY(q2_text_integer(text, line, words->word[1 + k].text, "an atom's number", &atoms[k], error));
    if (atoms[k] < 1) return q2_text_fail(text, line, error, "expected an atom's number, found %d", atoms[k]);
  }
  const int order = order_of(words->word[3].text);
  if (order < 0)
    return q2_text_fail(text, line, error, "expected a bond's order 1, 2, 3, am, ar, du, un or nc, found \"%.40s\"",
                        words->word[3].text);
  if (!q2_bond_list_add(bonds, atoms[0] - 1, atoms[1] - 1, order, line))
    return q2_text_fail(text, line, error, "no memory for a bond");
  return Q2_OK;
}

static int read_bonds(const struct q2_text *text, int section, const struct heading *heading, struct q2_bond_list *bonds,
                      struct q2_molecule_record *record, struct q2_error *error) {
  const int end = next_section(text, section + 1);
  if (record->bond_count >= 0) return q2_text_fail(text, section, error, "a second %sBOND of one molecule", marker);
  for (int line = section + 1; line < end; line++) {
    struct q2_words words;
    if (has_words(text, line, &words)) Q2_TRY(read_bond(text, line, &words, bonds, error));
  }
  if (heading->bonds >= 0 && bonds->count != heading->bonds)
    return q2_text_fail(text, end - 1, error, "%d bonds; line %d claims %d", bonds->count, heading->line + 2, heading->bonds);
  return q2_bond_list_move(bonds, text, NULL, Q2_BONDS_ONCE, record, error);
}

/* The molecule whose section begins in *line, which becomes the next one's. */
static int read_molecule(const struct q2_text *text, int *line, struct q2_molecule_list *list, struct q2_bond_list *bonds,
                         struct q2_error *error) {
  struct heading heading;
  struct q2_molecule_record *record;
  Q2_TRY(read_heading(text, *line, &heading, error));
  Q2_TRY(q2_molecule_begin(list, text, *line + 1, heading.atoms, &record, error));
  q2_copy_title(record->name, sizeof record->name, text->line[*line]);
  if (record->name[strspn(record->name, "*")] == '\0') record->name[0] = '\0'; /* SYBYL's "*****": no name */
  int section = heading.end;
  for (; section <= text->line_count && !is_section(text, section, "MOLECULE"); section = next_section(text, section + 1)) {
    if (is_section(text, section, "ATOM")) Q2_TRY(read_atoms(text, section, &heading, record, error));
    if (is_section(text, section, "BOND")) Q2_TRY(read_bonds(text, section, &heading, bonds, record, error));
  }
  *line = section;
  if (!record->element) return q2_text_fail(text, heading.line, error, "a molecule without %sATOM", marker);
  if (record->bond_count < 0 && heading.bonds > 0)
    return q2_text_fail(text, heading.line + 2, error, "claims %d bonds, but there is no %sBOND", heading.bonds, marker);
  if (record->bond_count < 0 && heading.bonds == 0) record->bond_count = 0;
  return Q2_OK;
}

int q2_mol2_recognises(const struct q2_text *text) { return q2_text_find_start(text, 1, "@<TRIPOS>MOLECULE") > 0; }

int q2_mol2_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_bond_list bonds = {0};
  Q2_TRY(q2_text_plain(text, error));
  Q2_TRY(q2_text_whole(text, text->line_count, error));
  int line = next_section(text, 1), status = Q2_OK;
  while (line <= text->line_count && !is_section(text, line, "MOLECULE"))
    line = next_section(text, line + 1);
  if (line > text->line_count) return q2_text_fail(text, 0, error, "expected %sMOLECULE", marker);
  while (status == Q2_OK && line <= text->line_count)
    status = read_molecule(text, &line, list, &bonds, error);
  q2_bond_list_free(&bonds);
  return status;
}
