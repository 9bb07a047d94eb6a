/* The reader of MacroModel's force fields: what it takes from a file, where numbers stand, and what it refuses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/formats/mm3star_parts.h"
#include "check.h"
#include "mm3star_made.h"

enum { SIZE = 16384 };

/* A field with each kind of row. */
static void write_field(char *field, size_t size) {
  char rows[SIZE] = " C  Stretches\n", sub[SIZE] = " C  Complex, to be fitted  OPT\n 9  RH(-PX)-HX.C2*C2(.1)-00-O2*4\n";
  mm3star_row(rows, sizeof rows, "1  C3 - C3", 1.5177, 4.49, 0, "1C2C3 0000              O 3             a comment");
  mm3star_row(rows, sizeof rows, "1", NAN, NAN, NAN, " O2H1 0000");
  mm3star_row(rows, sizeof rows, "1  C3 - C3", 1.5247, 4.49, NAN, " 0000 0000              X");
  mm3star_row(rows, sizeof rows, "2  00 * C1 * 00", 180, 0.3, 0, " 0000 H1H1 0000");
  mm3star_row(rows, sizeof rows, "4  C2 = C2 - C1 % C1", 0.001, -2.5, 0, " 0000 0000 0000 O200");
  mm3star_row(rows, sizeof rows, "54", 0.1, 0, 0.5, "");
  mm3star_row(rows, sizeof rows, "7  O2   H2 - O3", 180, 0.048, NAN, " 0000 0000 Lp00");
  mm3star_row(sub, sizeof sub, "aA   2   1   4", 180, 45, NAN, "");
  mm3star_row(sub, sizeof sub, "a1   1   2", 2.2886, 1.5293, -5.0068, "");
  mm3star_row(sub, sizeof sub, "4  00   1   2  C0", 0, 0, 0, "");
  mm3star_field(field, size, rows, sub);
}

static int read_field(const char *bytes, struct q2_mm3star **field, struct q2_error *error) {
  struct q2_text text;
  error->text[0] = '\0';
  *field = NULL;
  int status = q2_text_from_bytes("made.fld", bytes, strlen(bytes), &text, error);
  if (status == Q2_OK) {
    status = q2_mm3star_read(&text, field, error);
    CHECK(q2_mm3star_recognises(&text) || status == Q2_FAILED);
  }
  q2_text_free(&text);
  return status;
}

static void check_place(const char *bytes, const struct q2_file_number *number, const char *expected) {
  struct q2_text text;
  struct q2_error error;
  CHECK(q2_text_from_bytes("made.fld", bytes, strlen(bytes), &text, &error) == Q2_OK);
  const char *line = text.line[number->line - 1];
  CHECK(strncmp(line + number->column, expected, (size_t)number->width) == 0 && (int)strlen(expected) == number->width,
        "'%.*s', expected '%s'", number->width, line + number->column, expected);
  q2_text_free(&text);
}

static void check_label(const struct q2_mm3star *field, int label, const char *expected) {
  CHECK(label >= 0 && strcmp(field->label[label].text, expected) == 0, "%s", label >= 0 ? field->label[label].text : "none");
}

static void check_name(const struct q2_mm3star *field, int row, const char *expected) {
  char name[Q2_MM3STAR_NAME];
  q2_mm3star_row_name(field, field->row + row, name);
  CHECK(strcmp(name, expected) == 0, "%s", name);
}

static void check_main(const struct q2_mm3star *field, const char *bytes) {
  const struct q2_mm3star_row *row = field->row;
  CHECK(field->main_count == 5 && field->row_count == 7, "%d %d", field->main_count, field->row_count);
  check_label(field, row[0].condition[0].alpha[0], "C2");
  check_label(field, row[0].condition[0].beta[0][0], "O2");
  check_label(field, row[0].condition[0].alpha[1], "C3");
  check_label(field, row[0].condition[0].beta[1][0], "H1");
  CHECK(row[0].condition[0].beta[0][1] == -1);
  CHECK(row[0].condition[1].alpha[0] == -1 && row[0].value_count == 3 && row[0].line == row[0].value[0].line + 1);
  check_place(bytes, &row[0].value[0], "    1.5177");
  check_place(bytes, &row[3].value[1], "   -2.5000");
  CHECK(row[1].left_out && !row[0].left_out && row[1].value_count == 2);
  CHECK(row[2].kind == Q2_MM3STAR_ANGLE && row[2].bond[0] == '*' && field->label[row[2].label[0]].any);
  check_label(field, row[2].condition[1].alpha[1], "H1");
  CHECK(row[3].has_higher && row[3].bond[0] == '=' && row[3].bond[1] == '-' && row[3].bond[2] == '%');
  CHECK(row[4].kind == Q2_MM3STAR_HYDROGEN_BOND && row[4].atom_count == 3);
  check_name(field, 0, "19 C3-C3");
}

static void check_substructure(const struct q2_mm3star *field) {
  CHECK(field->substructure_count == 1);
  const struct q2_mm3star_substructure *s = field->substructure;
  static const struct {
    int first, second;
    char order;
  } bonds[] = {{0, 1, '-'}, {0, 2, '-'}, {2, 3, '.'}, {3, 4, '*'}, {4, 0, '.'}, {4, 5, '-'}, {5, 6, '-'}, {6, 3, '*'}};
  CHECK(s->fitted && !s->stop && s->atom_count == 7 && s->bond_count == 8 && s->row_count == 2, "%d %d %d", s->atom_count,
        s->bond_count, s->row_count);
  for (int b = 0; b < s->bond_count && b < 8; b++)
    CHECK(s->bond[b].first == bonds[b].first && s->bond[b].second == bonds[b].second && s->bond[b].order == bonds[b].order,
          "bond %d: %d %d %c", b, s->bond[b].first, s->bond[b].second, s->bond[b].order);
  check_label(field, s->label[5], "00");
  CHECK(s->alternative_count == 1 && s->alternative[0].letter == 'a' && s->alternative[0].number[2] == 4 &&
        s->alternative[0].angle == 180 && s->alternative[0].tolerance == 45);
  const struct q2_mm3star_row *row = field->row + s->first_row;
  CHECK(row[0].alternative == 'a' && row[0].number[0] == 1 && row[0].number[1] == 2 && row[0].value[2].value == -5.0068);
  CHECK(row[1].number[0] == 0 && row[1].number[1] == 1 && field->label[row[1].label[3]].element_wildcard);
  check_name(field, s->first_row, "47 RH-PX a");
}

static void check_all(const struct q2_mm3star *field, const char *bytes) {
  check_main(field, bytes);
  check_substructure(field);
  CHECK(field->factor[Q2_MM3STAR_STR] == 601.99392 && field->factor[Q2_MM3STAR_ELE] == 1389.5);
  CHECK(field->class_count == 2 && field->class[1].count == 2 && strcmp(field->class[1].type[1], "H2") == 0);
  CHECK(field->atom_count == 14);
  check_label(field, field->atom[0].condition, "O2");
  CHECK(field->atom[1].condition == -1 && field->atom[3].offset == 0 && field->atom[4].offset == -0.08);
  check_place(bytes, &field->atom[1].radius, "    1.9600");
  check_place(bytes, &field->atom[1].epsilon, "    0.0560");
}

static void test_whole(void) {
  char bytes[2 * SIZE];
  struct q2_mm3star *field;
  struct q2_error error;
  write_field(bytes, sizeof bytes);
  CHECK(read_field(bytes, &field, &error) == Q2_OK, "%s", error.text);
  if (field) check_all(field, bytes);
  q2_mm3star_free(field);
}

/* The same with Windows' line ends. */
static void test_line_ends(void) {
  char bytes[2 * SIZE], windows[3 * SIZE];
  size_t length = 0;
  struct q2_mm3star *field;
  struct q2_error error;
  write_field(bytes, sizeof bytes);
  for (size_t k = 0; bytes[k]; k++) {
    if (bytes[k] == '\n') windows[length++] = '\r';
    windows[length++] = bytes[k];
  }
  windows[length] = '\0';
  CHECK(read_field(windows, &field, &error) == Q2_OK, "%s", error.text);
  if (field) check_all(field, windows);
  q2_mm3star_free(field);
}

/* Cut short anywhere but within the last line, or between tables that are whole, a file is refused. */
static void test_cut_short(void) {
  char bytes[2 * SIZE], cut[2 * SIZE];
  write_field(bytes, sizeof bytes);
  const size_t length = strlen(bytes);
  const size_t whole = (size_t)(strstr(bytes, " END OF NONBONDED") - bytes) + strlen(" END OF NONBONDED");
  const size_t sub = (size_t)(strstr(bytes, "-3\n C  Complex") - bytes), pattern = (size_t)(strstr(bytes, " 9  RH") - bytes);
  for (size_t k = 0; k < length; k++) {
    struct q2_mm3star *field;
    struct q2_error error;
    memcpy(cut, bytes, k);
    cut[k] = '\0';
    const int status = read_field(cut, &field, &error);
    if (k < whole || (k > pattern + 1 && k < length - 1))
      CHECK(status == Q2_FAILED && strstr(error.text, "made.fld") != NULL, "cut at %zu of %zu: %s", k, length, error.text);
    else if (k > sub + 2 && k <= pattern + 1)
      CHECK(status == Q2_OK || strstr(error.text, "made.fld:") != NULL, "%s", error.text);
    q2_mm3star_free(field);
  }
}

/* Puts `with` in the place of `what` and expects the reader to refuse the result with a message that has `expected`. */
static void check_refused(const char *what, const char *with, const char *expected) {
  char bytes[2 * SIZE], changed[3 * SIZE];
  struct q2_mm3star *field;
  struct q2_error error;
  write_field(bytes, sizeof bytes);
  const char *at = strstr(bytes, what);
  CHECK(at != NULL, "%s", what);
  if (!at) return;
  snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - bytes), bytes, with, at + strlen(what));
  CHECK(read_field(changed, &field, &error) == Q2_FAILED && strstr(error.text, expected) != NULL, "'%s': expected '%s'",
        error.text, expected);
  CHECK(field == NULL);
  q2_mm3star_free(field);
}

static void test_refusals(void) {
  check_refused(" 0    STR     3", " 0    STR     1",
                "made.fld:3: STR is by equation 1; MM3* (docs/mm3star.md) has equation 3");
  check_refused(" 0    TOR     1        2.09200\n", "", "no factor for TOR");
  check_refused("601.99392", "*********", "made.fld:3: expected a unit factor");
  check_refused("V14     4        1.00000", "V14     4        0.50000", "count 0.5 times");
  check_refused("SEL     1                 O", "ALT     1                 O", "alternative parameter sets");
  check_refused("SEL     1", "SEL     6", "a column from 1 to 5");
  check_refused(" 1  PX  P3 P5", " 1  PX", "made.fld:15: expected a number, a new type");
  check_refused("4.4900     0.0000 1C2", "******     0.0000 1C2", "made.fld:19: expected a parameter");
  check_refused("    1.5247     4.4900", "    1.5247           ",
                "made.fld:21: expected 2 numbers, the one in columns 35 to 44");
  check_refused("C3 - C3", "C3 # C3", "made.fld:19: expected - = % * or .");
  check_refused("  00 * C1 * 00", "  00 * C1     ", "made.fld:22: expected 3 types, found 2");
  check_refused("  00 * C1 * 00", "   1 * C1 * 00", "only substructures number atoms");
  check_refused(" 7  O2", " 9  O2", "expected a row (1 to 8 in the second column)");
  check_refused("54", "53", "expected a row (1 to 8 in the second column)");
  check_refused("O2H1 0000", "O2H1 O200", "an atom that the row before does not name");
  check_refused(" C  Stretches\n", " 1                                                       O200 0000\n", "continues no row");
  check_refused("C2C3 0000", "C2 3 0000", "expected symbols of two characters");
  check_refused("  C2     1.9600     0.0560     0.0000 ", "  C2     1.9600     0.0560            ", "expected a type, radius");
  check_refused("  C2     1.9600", "  C2    -1.9600", "expected a positive radius");
  check_refused("                                   O200    O 1", "                                   O2C3    O 1",
                "expected one bonded type");
  check_refused("a1   1   2", "a1   1   8", "names atom 8 of a pattern of 7 atoms");
  check_refused("a1   1   2", "b1   1   2", "alternative b has no line");
  check_refused("aA   2   1   4", "aA   2   1  C3", "expected the numbers of three atoms");
  check_refused("RH(-PX)", "RH(-PX", "expected a closing bracket");
  check_refused("RH(-PX)", "RH(PX)", "expected - = % * or . before an atom");
  check_refused("-O2*4", "-O2*9", "expected the number of another atom");
  check_refused("-O2*4", "-O2*?", "expected types, bonds");
  check_refused("-O2*4", "-O2*", "expected a closing bracket or an atom");
  check_refused(" 9  RH", " 8  RH", "expected 9 and the pattern");
  check_refused("-5\n", "-4\n", "expected -1, -2, -3, -5 or -6");
  check_refused("-3\n C  Complex", "-3\n-2\n C  Complex", "expected the pattern of a substructure");
  check_refused(" END OF NONBONDED INTERACTIONS\n-3\n", " END OF NONBONDED INTERACTIONS\n 1  C3 - C3\n-3\n",
                "expected a section (\"-2\") or a comment");
}

/* Rows of the main block behind a substructure. */
static void test_late_rows(void) {
  char bytes[2 * SIZE];
  struct q2_mm3star *field;
  struct q2_error error;
  write_field(bytes, sizeof bytes);
  strcat(bytes, "-2\n 1  C3 - C3                1.5247     4.4900\n");
  CHECK(read_field(bytes, &field, &error) == Q2_FAILED && strstr(error.text, "pattern of a substructure") != NULL, "%s",
        error.text);
  q2_mm3star_free(field);
}

int main(void) {
  test_whole();
  test_line_ends();
  test_cut_short();
  test_refusals();
  test_late_rows();
  return check_result();
}
