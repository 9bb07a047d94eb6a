/* Schrodinger's and MacroModel's structures (.mae), angstrom (Maestro User Manual, "The Maestro File Format"):
 *
 *     f_m_ct {  keys  :::  a value of each  m_atom[N] { keys ::: rows of a number and values ::: }  m_bond[M] { ... }  ... }
 *
 * Values are words, or in double quotes, within which a backslash protects the next character; <> is no value; what stands
 * between two # is a comment. Atoms have their types by number: MacroModel's own get their names ("C3" for 3), those that a
 * user has defined (201 and up) stay numbers. f_m_ct is a whole structure, p_m_ct only positions: refused. */
#include <stdio.h>
#include <string.h>

#include "../elements.h"
#include "atom_names.h"
#include "bonds.h"
#include "molecule.h"
#include "molecule_formats.h"
#include "text.h"

enum { TOKEN_LENGTH = 128 };

/* Reads a text word by word. */
struct scanner {
  const struct q2_text *text;
  struct q2_error *error;
  const char *at;           /* in the line */
  int line;                 /* from 1 */
  char token[TOKEN_LENGTH]; /* the word, without quotes, cut where it is longer */
  int quoted;               /* it had quotes: a value even if it looks like ":::" */
};

/* Moves to the next character that is neither blank nor in a comment, over line ends; 0 at the text's end. */
static int skip_blanks(struct scanner *scanner) {
  for (;;) {
    scanner->at += strspn(scanner->at, " \t\v\f");
    const char *end = *scanner->at == '#' ? strchr(scanner->at + 1, '#') : NULL;
    if (end)
      scanner->at = end + 1;
    else if (*scanner->at && *scanner->at != '#')
      return 1;
    else if (scanner->line >= scanner->text->line_count)
      return 0;
    else
      scanner->at = scanner->text->line[scanner->line++]; /* a comment without end ends with its line */
  }
}

static void keep(struct scanner *scanner, size_t *length, char character) {
  if (*length < TOKEN_LENGTH - 1) scanner->token[(*length)++] = character;
}

/* Takes the next word; fails at the text's end. */
static int next_token(struct scanner *scanner) {
  size_t length = 0;
  if (!skip_blanks(scanner))
    return q2_text_fail(scanner->text, scanner->text->line_count, scanner->error, "the file ends within a block");
  scanner->quoted = *scanner->at == '"';
  if (scanner->quoted) {
    for (scanner->at++; *scanner->at && *scanner->at != '"'; scanner->at++) {
      if (*scanner->at == '\\' && scanner->at[1]) scanner->at++;
      keep(scanner, &length, *scanner->at);
    }
    if (!*scanner->at) return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected a closing quotation mark");
    scanner->at++;
  } else if (strchr("{}", *scanner->at))
    keep(scanner, &length, *scanner->at++);
  else
    for (; *scanner->at && !strchr(" \t\v\f{}", *scanner->at); scanner->at++)
      keep(scanner, &length, *scanner->at);
  scanner->token[length] = '\0';
  return Q2_OK;
}

static int is_token(const struct scanner *scanner, const char *word) {
  return !scanner->quoted && strcmp(scanner->token, word) == 0;
}

static int expect(struct scanner *scanner, const char *word) {
  Q2_TRY(next_token(scanner));
  if (is_token(scanner, word)) return Q2_OK;
  return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected %s, found \"%.40s\"", word, scanner->token);
}

/* Skips the rest of a block whose "{" has been taken. */
static int skip_block(struct scanner *scanner) {
  for (int64_t depth = 1; depth > 0;) {
    Q2_TRY(next_token(scanner));
    depth += is_token(scanner, "{") - is_token(scanner, "}");
  }
  return Q2_OK;
}

/* A column that is read: where its key stands among the block's keys, -1: it has none. */
struct column {
  const char *key;
  int place;
};

/* Takes a block's keys up to ":::", finds `columns`, and counts them all in *count. */
static int read_keys(struct scanner *scanner, struct column *columns, int column_count, int *count) {
  for (int c = 0; c < column_count; c++)
    columns[c].place = -1;
  for (*count = 0;; (*count)++) {
    Q2_TRY(next_token(scanner));
    if (is_token(scanner, ":::")) return Q2_OK;
    if (is_token(scanner, "{") || is_token(scanner, "}"))
      return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected a key or :::, found %s", scanner->token);
    for (int c = 0; c < column_count; c++) {
      if (strcmp(columns[c].key, scanner->token) != 0) continue;
      if (columns[c].place >= 0)
        return q2_text_fail(scanner->text, scanner->line, scanner->error, "a second key %s", columns[c].key);
      columns[c].place = *count;
    }
  }
}

/* Takes a value; fails where the block's structure comes instead. */
static int next_value(struct scanner *scanner) {
  Q2_TRY(next_token(scanner));
  if (is_token(scanner, ":::") || is_token(scanner, "{") || is_token(scanner, "}"))
    return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected a value, found %s: fewer values than keys",
                        scanner->token);
  return Q2_OK;
}

static int real(struct scanner *scanner, const char *what, double *value) {
  return q2_text_real(scanner->text, scanner->line, scanner->token, what, value, scanner->error);
}

static int integer(struct scanner *scanner, const char *what, int *value) {
  return q2_text_integer(scanner->text, scanner->line, scanner->token, what, value, scanner->error);
}

/* Takes the number that begins a row, row + 1. */
static int row_number(struct scanner *scanner, int row) {
  int number;
  Q2_TRY(next_value(scanner));
  Q2_TRY(integer(scanner, "a row's number", &number));
  if (number == row + 1) return Q2_OK;
  return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected row %d, found %d", row + 1, number);
}

/* --- m_atom --- */

enum { X, Y, Z, ELEMENT, TYPE, FORMAL_CHARGE, PARTIAL_CHARGE, NAME, PDB_NAME, ATOM_COLUMNS };

/* One value of an atom; *charge is the sum of formal charges. */
static int take_atom_value(struct scanner *scanner, int column, int atom, struct q2_molecule_record *record, int *charge) {
  int number;
  switch (column) {
  case X:
  case Y:
  case Z:
    return real(scanner, "a coordinate", &record->position[3 * atom + column - X]);
  case ELEMENT:
    Q2_TRY(integer(scanner, "an atomic number", &number));
    if (number < 1 || number > Q2_ELEMENT_LAST)
      return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected an atomic number, found %d", number);
    record->element[atom] = number;
    return Q2_OK;
  case TYPE:
    Q2_TRY(integer(scanner, "the number of a type", &number));
    if (q2_macromodel_type(number))
      q2_copy_title(record->type[atom].text, sizeof record->type[atom].text, q2_macromodel_type(number));
    else
      snprintf(record->type[atom].text, sizeof record->type[atom].text, "%d", number);
    return Q2_OK;
  case FORMAL_CHARGE:
    Q2_TRY(integer(scanner, "a formal charge", &number));
    if (number < -1000 || number > 1000)
      return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected a formal charge, found %d", number);
    *charge += number;
    return Q2_OK;
  case PARTIAL_CHARGE:
    return real(scanner, "a charge", &record->partial_charge[atom]);
  default:
    q2_copy_title(record->label[atom].text, sizeof record->label[atom].text, scanner->token);
    return Q2_OK;
  }
}

static int check_atom_columns(struct scanner *scanner, const struct column *columns) {
  for (int c = X; c <= Z; c++)
    if (columns[c].place < 0)
      return q2_text_fail(scanner->text, scanner->line, scanner->error, "m_atom has no key %s", columns[c].key);
  if (columns[ELEMENT].place < 0 && columns[TYPE].place < 0)
    return q2_text_fail(scanner->text, scanner->line, scanner->error, "m_atom has neither %s nor %s", columns[ELEMENT].key,
                        columns[TYPE].key);
  return Q2_OK;
}

/* A row's values. Without a column of elements, or for an atom that it leaves open, the type says which it is. */
static int read_atom(struct scanner *scanner, const struct column *columns, int count, int atom,
                     struct q2_molecule_record *record, int *charge) {
  Q2_TRY(row_number(scanner, atom));
  for (int place = 0; place < count; place++) {
    Q2_TRY(next_value(scanner));
    const int given = !is_token(scanner, "<>");
    for (int c = 0; c < ATOM_COLUMNS; c++)
      if (columns[c].place == place && (given || c <= Z)) Q2_TRY(take_atom_value(scanner, c, atom, record, charge));
  }
  if (!record->element[atom] && record->type) record->element[atom] = q2_element_of_macromodel_type(record->type[atom].text);
  if (record->element[atom]) return Q2_OK;
  return q2_text_fail(scanner->text, scanner->line, scanner->error, "the element of atom %d is not known", atom + 1);
}

static int read_atoms(struct scanner *scanner, struct q2_molecule_record *record) {
  struct column columns[ATOM_COLUMNS] = {[X] = {"r_m_x_coord", -1},
                                         [Y] = {"r_m_y_coord", -1},
                                         [Z] = {"r_m_z_coord", -1},
                                         [ELEMENT] = {"i_m_atomic_number", -1},
                                         [TYPE] = {"i_m_mmod_type", -1},
                                         [FORMAL_CHARGE] = {"i_m_formal_charge", -1},
                                         [PARTIAL_CHARGE] = {"r_m_charge1", -1},
                                         [NAME] = {"s_m_atom_name", -1},
                                         [PDB_NAME] = {"s_m_pdb_atom_name", -1}};
  int count, charge = 0;
  Q2_TRY(read_keys(scanner, columns, ATOM_COLUMNS, &count));
  if (columns[NAME].place >= 0) columns[PDB_NAME].place = -1;
  Q2_TRY(check_atom_columns(scanner, columns));
  Q2_TRY(q2_molecule_atoms(scanner->text,
                           (columns[TYPE].place >= 0 ? Q2_ATOM_TYPES : 0) |
                               (columns[NAME].place >= 0 || columns[PDB_NAME].place >= 0 ? Q2_ATOM_LABELS : 0) |
                               (columns[PARTIAL_CHARGE].place >= 0 ? Q2_ATOM_CHARGES : 0),
                           record, scanner->error));
  for (int atom = 0; atom < record->atom_count; atom++)
    Q2_TRY(read_atom(scanner, columns, count, atom, record, &charge));
  record->has_charge = columns[FORMAL_CHARGE].place >= 0;
  record->charge = charge;
  Q2_TRY(expect(scanner, ":::"));
  return expect(scanner, "}");
}

/* --- m_bond --- */

enum { FROM, TO, ORDER, BOND_COLUMNS };

static int read_bond(struct scanner *scanner, const struct column *columns, int count, int row, struct q2_bond_list *bonds) {
  int value[BOND_COLUMNS] = {0};
  Q2_TRY(row_number(scanner, row));
  for (int place = 0; place < count; place++) {
    Q2_TRY(next_value(scanner));
    for (int c = 0; c < BOND_COLUMNS; c++)
      if (columns[c].place == place) Q2_TRY(integer(scanner, columns[c].key, &value[c]));
  }
  if (value[FROM] < 1 || value[TO] < 1)
    return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected a bond between two atoms, found %d and %d",
                        value[FROM], value[TO]);
  if (value[ORDER] < 0 || value[ORDER] > 3)
    return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected a bond's order 0 to 3, found %d", value[ORDER]);
  const int order = value[ORDER] == 0 ? Q2_BOND_PARTIAL : value[ORDER]; /* zero: to a metal or a moving atom */
  if (!q2_bond_list_add(bonds, value[FROM] - 1, value[TO] - 1, order, scanner->line))
    return q2_text_fail(scanner->text, scanner->line, scanner->error, "no memory for a bond");
  return Q2_OK;
}

/* Older files have each bond twice, from either atom. */
static int read_bonds(struct scanner *scanner, int rows, struct q2_bond_list *bonds) {
  struct column columns[BOND_COLUMNS] = {[FROM] = {"i_m_from", -1}, [TO] = {"i_m_to", -1}, [ORDER] = {"i_m_order", -1}};
  int count;
  Q2_TRY(read_keys(scanner, columns, BOND_COLUMNS, &count));
  for (int c = 0; c < BOND_COLUMNS; c++)
    if (columns[c].place < 0)
      return q2_text_fail(scanner->text, scanner->line, scanner->error, "m_bond has no key %s", columns[c].key);
  for (int row = 0; row < rows; row++)
    Q2_TRY(read_bond(scanner, columns, count, row, bonds));
  Q2_TRY(expect(scanner, ":::"));
  return expect(scanner, "}");
}

/* --- f_m_ct --- */

/* Takes the number in "m_atom[36]", the token. */
static int block_size(struct scanner *scanner, const char *name, int *size) {
  char number[TOKEN_LENGTH];
  snprintf(number, sizeof number, "%s", scanner->token + strlen(name) + 1);
  char *bracket = strchr(number, ']');
  if (!bracket || bracket[1])
    return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected %s[number of rows], found \"%.40s\"", name,
                        scanner->token);
  *bracket = '\0';
  Q2_TRY(q2_text_integer(scanner->text, scanner->line, number, "a number of rows", size, scanner->error));
  return q2_text_room(scanner->text, scanner->line, *size, "rows", scanner->error);
}

static int begins(const struct scanner *scanner, const char *words) {
  return !scanner->quoted && strncmp(scanner->token, words, strlen(words)) == 0;
}

/* The structure's blocks, up to its "}". */
static int read_blocks(struct scanner *scanner, const char *title, int first_line, struct q2_molecule_list *list,
                       struct q2_bond_list *bonds) {
  struct q2_molecule_record *record = NULL;
  int has_bonds = 0;
  for (;;) {
    int size;
    Q2_TRY(next_token(scanner));
    if (is_token(scanner, "}")) break;
    const int line = scanner->line, is_atoms = begins(scanner, "m_atom["), is_bonds = begins(scanner, "m_bond[");
    if ((is_atoms && record) || (is_bonds && has_bonds))
      return q2_text_fail(scanner->text, line, scanner->error, "a second %.40s in one structure", scanner->token);
    if (is_atoms || is_bonds) Q2_TRY(block_size(scanner, is_atoms ? "m_atom" : "m_bond", &size));
    Q2_TRY(expect(scanner, "{"));
    if (is_atoms) {
      Q2_TRY(q2_molecule_begin(list, scanner->text, line, size, &record, scanner->error));
      Q2_TRY(read_atoms(scanner, record));
    } else if (is_bonds) {
      has_bonds = 1;
      Q2_TRY(read_bonds(scanner, size, bonds));
    } else
      Q2_TRY(skip_block(scanner));
  }
  if (!record) return q2_text_fail(scanner->text, first_line, scanner->error, "a structure without m_atom");
  record->line = first_line;
  q2_copy_title(record->name, sizeof record->name, title);
  return has_bonds ? q2_bond_list_move(bonds, scanner->text, NULL, Q2_BONDS_EITHER, record, scanner->error) : Q2_OK;
}

static int read_structure(struct scanner *scanner, struct q2_molecule_list *list, struct q2_bond_list *bonds) {
  struct column columns[] = {{"s_m_title", -1}};
  char title[TOKEN_LENGTH] = "";
  int count;
  const int line = scanner->line;
  Q2_TRY(expect(scanner, "{"));
  Q2_TRY(read_keys(scanner, columns, 1, &count));
  for (int place = 0; place < count; place++) {
    Q2_TRY(next_value(scanner));
    if (place == columns[0].place && !is_token(scanner, "<>")) memcpy(title, scanner->token, sizeof title);
  }
  return read_blocks(scanner, title, line, list, bonds);
}

/* The next block outside of structures: a structure, or something to skip ("{ s_m_m2io_version ::: 2.0.0 }"). */
static int read_block(struct scanner *scanner, struct q2_molecule_list *list, struct q2_bond_list *bonds) {
  Q2_TRY(next_token(scanner));
  if (is_token(scanner, "f_m_ct")) return read_structure(scanner, list, bonds);
  if (is_token(scanner, "p_m_ct"))
    return q2_text_fail(scanner->text, scanner->line, scanner->error,
                        "p_m_ct, which has only what changed since the structure before: expected f_m_ct alone");
  if (is_token(scanner, "{")) return skip_block(scanner);
  if (scanner->quoted || !strchr("abcdefghijklmnopqrstuvwxyz", scanner->token[0]))
    return q2_text_fail(scanner->text, scanner->line, scanner->error, "expected a block, found \"%.40s\"", scanner->token);
  Q2_TRY(expect(scanner, "{"));
  return skip_block(scanner);
}

static int is_compressed(const struct q2_text *text) {
  return text->size > 2 && memcmp(text->bytes, "\x1f\x8b", 2) == 0; /* RFC 1952, 2.3.1 */
}

int q2_maestro_recognises(const struct q2_text *text) {
  if (is_compressed(text)) return q2_text_path_ends(" .maegz .mae.gz ", text->path);
  return q2_text_find_start(text, 1, "f_m_ct") || q2_text_find_start(text, 1, "p_m_ct");
}

int q2_maestro_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct scanner scanner = {.text = text, .error = error, .at = ""};
  struct q2_bond_list bonds = {0};
  if (is_compressed(text)) return q2_text_fail(text, 0, error, "is compressed; expected what gunzip makes of it");
  Q2_TRY(q2_text_plain(text, error));
  const int before = list->count;
  int status = Q2_OK;
  while (status == Q2_OK && skip_blanks(&scanner))
    status = read_block(&scanner, list, &bonds);
  q2_bond_list_free(&bonds);
  if (status == Q2_OK && list->count == before) return q2_text_fail(text, 0, error, "expected a structure f_m_ct, found none");
  return status;
}
