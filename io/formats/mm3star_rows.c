/* Reads the rows of a .fld's tables of interactions: fixed columns.
 *
 * Main block: letter of an alternative in column 0, kind in 1, types in 4, 9, 14, 19 with the bonds' characters in 7, 12, 17.
 * Substructure: kind in 1, numbers or types in 4, 8, 12, 16. Both: numbers of ten columns that begin in 23, 34, 45; what else
 * must be bonded to each atom in 57, 62, 67, 72 ("O200": an O2; "H1H1": two H1; "1C200": a C2, and a line with what must be
 * bonded to that follows); selection symbols in 80, 82, ... (columns from 0). */
#include <stdio.h>
#include <string.h>

#include "mm3star_parts.h"

enum { VALUE_COLUMN = 23, VALUE_STEP = 11, VALUE_WIDTH = 10, CONDITION_COLUMN = 57, SELECTION_COLUMN = 80 };

static const struct {
  int atoms, values, least_values; /* values: what the kind has; least: without which a row is cut short */
} kinds[Q2_MM3STAR_KINDS] = {
    [Q2_MM3STAR_BOND] = {2, 3, 2},          [Q2_MM3STAR_ANGLE] = {3, 3, 2},          [Q2_MM3STAR_STRETCH_BEND] = {3, 3, 1},
    [Q2_MM3STAR_TORSION] = {4, 3, 3},       [Q2_MM3STAR_OUT_OF_PLANE] = {4, 3, 2},   [Q2_MM3STAR_VAN_DER_WAALS] = {2, 3, 2},
    [Q2_MM3STAR_HYDROGEN_BOND] = {4, 3, 2}, [Q2_MM3STAR_TORSION_STRETCH] = {4, 3, 1}};

struct line {
  const char *text;
  int length;
};

static char at(const struct line *line, int column) { return column < line->length ? line->text[column] : ' '; }

/* The characters from `column` on, without blanks on either side; `width` is at most 15. */
static void take(const struct line *line, int column, int width, char word[16]) {
  int length = 0;
  for (int k = 0; k < width; k++)
    word[length++] = at(line, column + k);
  while (length > 0 && (word[length - 1] == ' ' || word[length - 1] == '\t'))
    length--;
  word[length] = '\0';
  const size_t blanks = strspn(word, " \t");
  memmove(word, word + blanks, (size_t)length + 1 - blanks);
}

static int is_number(const char *word) {
  return word[0] && strcmp(word, "00") != 0 && word[strspn(word, "0123456789")] == '\0';
}

/* A label, or (in substructures) a number of the pattern. */
static int read_label(struct q2_mm3star *field, const struct q2_text *text, int line, const char *word,
                      struct q2_mm3star_row *row, int k, struct q2_error *error) {
  row->label[k] = -1;
  if (is_number(word)) {
    const int most = row->substructure >= 0 ? field->substructure[row->substructure].atom_count : 0;
    for (const char *digit = word; *digit; digit++)
      row->number[k] = 10 * row->number[k] + (*digit - '0');
    if (row->number[k] < 1 || row->number[k] > most)
      return most ? q2_text_fail(text, line, error, "names atom %s of a pattern of %d atoms", word, most)
                  : q2_text_fail(text, line, error, "expected a type, found \"%s\": only substructures number atoms", word);
    return Q2_OK;
  }
  row->label[k] = q2_mm3star_label(field, word);
  return row->label[k] < 0 ? q2_text_fail(text, line, error, "no memory") : Q2_OK;
}

static int read_labels(struct q2_mm3star *field, const struct q2_text *text, int number, const struct line *line,
                       struct q2_mm3star_row *row, struct q2_error *error) {
  const int main_block = row->substructure < 0, first = 4, step = main_block ? 5 : 4;
  const int wanted = kinds[row->kind].atoms;
  for (int k = 0; k < wanted; k++) {
    char word[16];
    take(line, first + step * k, 2, word);
    if (!word[0] && row->kind == Q2_MM3STAR_HYDROGEN_BOND && k >= 2) break; /* these have 2 to 4 */
    if (!word[0]) return q2_text_fail(text, number, error, "expected %d types, found %d", wanted, k);
    Q2_TRY(read_label(field, text, number, word, row, k, error));
    row->atom_count++;
    row->bond[k] = main_block && k + 1 < wanted ? at(line, 7 + 5 * k) : ' ';
    if (!strchr("-=%*. ", row->bond[k]))
      return q2_text_fail(text, number, error, "expected - = %% * or . between the types, found \"%c\"", row->bond[k]);
  }
  return Q2_OK;
}

static int read_values(const struct q2_text *text, int number, const struct line *line, struct q2_mm3star_row *row,
                       struct q2_error *error) {
  for (int k = 0; k < kinds[row->kind].values; k++) {
    const int column = VALUE_COLUMN + VALUE_STEP * k;
    char word[16];
    take(line, column, VALUE_WIDTH, word);
    if (!word[0]) continue;
    double value;
    Q2_TRY(q2_text_real(text, number, word, "a parameter", &value, error));
    const int width = line->length - column < VALUE_WIDTH ? line->length - column : VALUE_WIDTH;
    row->value[k] = (struct q2_file_number){.value = value, .multiplier = 1, .line = number, .column = column, .width = width};
    row->value_count = k + 1;
  }
  for (int k = 0; k < kinds[row->kind].least_values; k++)
    if (row->value[k].line == 0)
      return q2_text_fail(text, number, error, "expected %d numbers, the one in columns %d to %d is missing",
                          kinds[row->kind].least_values, VALUE_COLUMN + VALUE_STEP * k + 1,
                          VALUE_COLUMN + VALUE_STEP * k + VALUE_WIDTH);
  return Q2_OK;
}

/* A pair of two-character symbols ("O200") as labels; -1: nothing is asked for. */
static int read_pair(struct q2_mm3star *field, const struct q2_text *text, int number, const struct line *line, int atom,
                     int pair[2], struct q2_error *error) {
  for (int k = 0; k < 2; k++) {
    char word[16];
    take(line, CONDITION_COLUMN + 5 * atom + 2 * k, 2, word);
    pair[k] = -1;
    if (!word[0] || strcmp(word, "00") == 0) continue;
    if (strlen(word) != 2) return q2_text_fail(text, number, error, "expected symbols of two characters, found \"%s\"", word);
    pair[k] = q2_mm3star_label(field, word);
    if (pair[k] < 0) return q2_text_fail(text, number, error, "no memory");
  }
  return Q2_OK;
}

static int read_conditions(struct q2_mm3star *field, const struct q2_text *text, int number, const struct line *line,
                           struct q2_mm3star_row *row, struct q2_error *error) {
  for (int atom = 0; atom < row->atom_count; atom++) {
    struct q2_mm3star_condition *condition = row->condition + atom;
    memset(condition->beta, -1, sizeof condition->beta);
    Q2_TRY(read_pair(field, text, number, line, atom, condition->alpha, error));
  }
  return Q2_OK;
}

/* A line without types and numbers: what must be bonded to the alpha atoms of the row before. */
static int continue_conditions(struct q2_mm3star *field, const struct q2_text *text, int number, const struct line *line,
                               int kind, struct q2_error *error) {
  struct q2_mm3star_row *row = field->row_count > 0 ? field->row + field->row_count - 1 : NULL;
  if (!row || row->line != number - 1 || (int)row->kind != kind)
    return q2_text_fail(text, number, error, "continues no row: expected types and numbers");
  const int level = number - (int)row->value[0].line - 1;
  if (level >= Q2_MM3STAR_BETAS)
    return q2_text_fail(text, number, error, "expected at most %d lines of further conditions", Q2_MM3STAR_BETAS);
  for (int atom = 0; atom < row->atom_count; atom++) {
    int pair[2];
    Q2_TRY(read_pair(field, text, number, line, atom, pair, error));
    for (int k = 0; k < 2; k++) {
      if (pair[k] >= 0 && row->condition[atom].alpha[k] < 0)
        return q2_text_fail(text, number, error, "names what must be bonded to an atom that the row before does not name");
      row->condition[atom].beta[k][level] = pair[k];
    }
  }
  row->line = number;
  return Q2_OK;
}

static int is_selected(const struct q2_mm3star *field, const struct line *line) {
  for (int k = 0; k < 5; k++) {
    const char symbol = at(line, SELECTION_COLUMN + 2 * k);
    if (symbol != ' ' && field->selected[k][0] && !strchr(field->selected[k], symbol)) return 0;
  }
  return 1;
}

/* "aA   3   2   9           180.0000    45.0000": alternative a holds where the angle 3-2-9 is within 45 degrees of 180. */
static int read_alternative(struct q2_mm3star *field, const struct q2_text *text, int number, const struct line *line,
                            int substructure, struct q2_error *error) {
  struct q2_mm3star_row row = {.kind = Q2_MM3STAR_ANGLE, .substructure = substructure};
  if (substructure < 0) return q2_text_fail(text, number, error, "only substructures have alternatives");
  struct q2_mm3star_substructure *owner = field->substructure + substructure;
  Q2_TRY(read_labels(field, text, number, line, &row, error));
  Q2_TRY(read_values(text, number, line, &row, error));
  if (owner->alternative_count == (int)(sizeof owner->alternative / sizeof *owner->alternative))
    return q2_text_fail(text, number, error, "the substructure has more than %d alternatives", owner->alternative_count);
  struct q2_mm3star_alternative *alternative = owner->alternative + owner->alternative_count++;
  *alternative =
      (struct q2_mm3star_alternative){.letter = at(line, 0), .angle = row.value[0].value, .tolerance = row.value[1].value};
  for (int k = 0; k < 3; k++)
    if (!(alternative->number[k] = row.number[k]))
      return q2_text_fail(text, number, error, "expected the numbers of three atoms, an angle and a tolerance");
  return Q2_OK;
}

static int check_alternative(const struct q2_mm3star *field, const struct q2_text *text, int number,
                             const struct q2_mm3star_row *row, struct q2_error *error) {
  if (!row->alternative) return Q2_OK;
  const struct q2_mm3star_substructure *owner = row->substructure >= 0 ? field->substructure + row->substructure : NULL;
  for (int k = 0; owner && k < owner->alternative_count; k++)
    if (owner->alternative[k].letter == row->alternative) return Q2_OK;
  return q2_text_fail(text, number, error, "alternative %c has no line (\"%cA\") that says where it holds", row->alternative,
                      row->alternative);
}

/* The kind of a row: its digit, 54 for V4 to V6 of the row before, 'A' for an alternative. */
static int read_kind(const struct q2_text *text, int number, const struct line *line, struct q2_error *error) {
  const char letter = at(line, 0), kind = at(line, 1);
  if (letter == '5' && kind == '4') return 54;
  if (kind == 'A' && letter >= 'a' && letter <= 'z') return 'A';
  if (kind >= '1' && kind <= '8' && (letter == ' ' || (letter >= 'a' && letter <= 'z'))) return kind - '0';
  q2_text_fail(text, number, error, "expected a row (1 to 8 in the second column) or a comment (C there)");
  return -1;
}

int q2_mm3star_read_row(struct q2_mm3star *field, const struct q2_text *text, int number, int substructure,
                        struct q2_error *error) {
  const size_t length = strlen(text->line[number - 1]);
  const struct line line = {text->line[number - 1], length > 4096 ? 4096 : (int)length};
  const int kind = read_kind(text, number, &line, error);
  if (kind < 0) return Q2_FAILED;
  if (kind == 'A') return read_alternative(field, text, number, &line, substructure, error);
  if (kind == 54) {
    if (field->row_count == 0 || field->row[field->row_count - 1].kind != Q2_MM3STAR_TORSION)
      return q2_text_fail(text, number, error, "V4 to V6 follow no torsion");
    field->row[field->row_count - 1].has_higher = 1;
    return Q2_OK;
  }
  char before[64]; /* types and numbers are blank: a continuation */
  snprintf(before, sizeof before, "%.53s", line.length > 2 ? line.text + 2 : "");
  if (before[strspn(before, " \t")] == '\0' && line.length > CONDITION_COLUMN)
    return continue_conditions(field, text, number, &line, kind, error);
  struct q2_mm3star_row row = {.kind = (enum q2_mm3star_kind)kind, .substructure = substructure, .line = number};
  row.alternative = at(&line, 0) == ' ' ? '\0' : at(&line, 0);
  Q2_TRY(read_labels(field, text, number, &line, &row, error));
  Q2_TRY(read_values(text, number, &line, &row, error));
  Q2_TRY(read_conditions(field, text, number, &line, &row, error));
  Q2_TRY(check_alternative(field, text, number, &row, error));
  row.left_out = !is_selected(field, &line);
  struct q2_mm3star_row *kept = q2_mm3star_append((void **)&field->row, &field->row_count, &field->row_capacity, sizeof *kept);
  if (!kept) return q2_text_fail(text, number, error, "no memory");
  *kept = row;
  return Q2_OK;
}
