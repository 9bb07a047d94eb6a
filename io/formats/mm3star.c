/* Reads force fields of MacroModel (.fld): the sections, the header, equivalent types and the van der Waals table. The rows of
 * the other tables are read in mm3star_rows.c.
 *
 * A line "-1" begins the header, "-5" equivalent types, "-2" rows, "-6" the van der Waals table, "-3" a substructure or the
 * end; " C" begins a comment (MacroModel Reference Manual, appendix D). */
#include "mm3star.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../memory.h"
#include "mm3star_parts.h"

/* Names in the header, and the energy function that must be chosen for each; 0: whichever. */
static const struct {
  const char *name;
  int equation;
} factors[Q2_MM3STAR_FACTORS] = {[Q2_MM3STAR_STR] = {"STR", 3}, [Q2_MM3STAR_BND] = {"BND", 3}, [Q2_MM3STAR_TOR] = {"TOR", 1},
                                 [Q2_MM3STAR_IMP] = {"IMP", 1}, [Q2_MM3STAR_S_B] = {"S-B", 1}, [Q2_MM3STAR_B_B] = {"B-B", 1},
                                 [Q2_MM3STAR_T_S] = {"T-S", 1}, [Q2_MM3STAR_VDW] = {"VDW", 3}, [Q2_MM3STAR_ELE] = {"ELE", 1}};

struct reader {
  const struct q2_text *text;
  struct q2_mm3star *field;
  int section; /* 1 for "-1", ...; 0: before the first; -6: behind the van der Waals table */
  int rows;    /* of the section */
  int stop;
  char title[Q2_LINE_LENGTH]; /* the last comment */
  int substructure;           /* -1: the main block */
};

void *q2_mm3star_append(void **array, int *count, int *capacity, size_t size) {
  if (*count == *capacity) {
    const int wanted = *capacity < 16 ? 16 : 2 * *capacity;
    void *grown = realloc(*array, (size_t)wanted * size);
    if (!grown) return NULL;
    *array = grown;
    *capacity = wanted;
  }
  void *element = (char *)*array + (size_t)*count * size;
  memset(element, 0, size);
  (*count)++;
  return element;
}

int q2_mm3star_label(struct q2_mm3star *field, const char *text) {
  for (int k = 0; k < field->label_count; k++)
    if (strcmp(field->label[k].text, text) == 0) return k;
  struct q2_mm3star_label *label =
      q2_mm3star_append((void **)&field->label, &field->label_count, &field->label_capacity, sizeof *label);
  if (!label) return -1;
  snprintf(label->text, sizeof label->text, "%.3s", text);
  label->any = strcmp(text, "00") == 0;
  label->element_wildcard = strchr("CHNOS", text[0]) && (text[1] == '0' || text[1] == '\0');
  return field->label_count - 1;
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

int q2_mm3star_fits(const struct q2_mm3star *field, int label, const char *type) {
  const struct q2_mm3star_label *wanted = field->label + label;
  if (wanted->any || strcmp(wanted->text, type) == 0) return 1;
  if (wanted->element_wildcard && wanted->text[0] == type[0] && is_digit(type[1])) return 1;
  for (int k = 0; k < field->class_count; k++)
    if (strcmp(field->class[k].name, wanted->text) == 0)
      for (int n = 0; n < field->class[k].count; n++)
        if (strcmp(field->class[k].type[n], type) == 0) return 1;
  return 0;
}

void q2_mm3star_row_name(const struct q2_mm3star *field, const struct q2_mm3star_row *row, char name[Q2_MM3STAR_NAME]) {
  int length = snprintf(name, Q2_MM3STAR_NAME, "%d", row->value[0].line);
  for (int k = 0; k < row->atom_count; k++) {
    const int label = row->number[k] ? field->substructure[row->substructure].label[row->number[k] - 1] : row->label[k];
    length += snprintf(name + length, (size_t)(Q2_MM3STAR_NAME - length), "%c%s", k ? '-' : ' ', field->label[label].text);
  }
  if (row->alternative) snprintf(name + length, (size_t)(Q2_MM3STAR_NAME - length), " %c", row->alternative);
}

/* " 0    STR     3      601.99392" and " 0    SEL     1                 O Original" */
static int read_header(struct reader *reader, int line, struct q2_error *error) {
  struct q2_words words;
  double number;
  int equation;
  q2_text_words(reader->text->line[line - 1], &words);
  if (words.count < 4 || strcmp(words.word[0].text, "0") != 0)
    return q2_text_fail(reader->text, line, error, "expected 0, a name, a number and a factor in the header");
  const char *name = words.word[1].text;
  Q2_TRY(q2_text_integer(reader->text, line, words.word[2].text, "the number of an equation or a column", &equation, error));
  if (strcmp(name, "ALT") == 0)
    return q2_text_fail(reader->text, line, error, "alternative parameter sets (ALT) are not supported");
  if (strcmp(name, "SEL") == 0) {
    char *selected = equation >= 1 && equation <= 5 ? reader->field->selected[equation - 1] : NULL;
    if (!selected || strlen(words.word[3].text) != 1 || strlen(selected) > 30)
      return q2_text_fail(reader->text, line, error, "expected a column from 1 to 5 and one symbol behind SEL");
    strcat(selected, words.word[3].text);
    return Q2_OK;
  }
  Q2_TRY(q2_text_real(reader->text, line, words.word[3].text, "a unit factor", &number, error));
  for (int k = 0; k < Q2_MM3STAR_FACTORS; k++) {
    if (strcmp(name, factors[k].name) != 0) continue;
    if (equation != factors[k].equation)
      return q2_text_fail(reader->text, line, error, "%s is by equation %d; MM3* (docs/mm3star.md) has equation %d", name,
                          equation, factors[k].equation);
    if (number <= 0) return q2_text_fail(reader->text, line, error, "expected a positive factor, found %g", number);
    reader->field->factor[k] = number;
  }
  if (strcmp(name, "V14") == 0 && number != 1)
    return q2_text_fail(reader->text, line, error, "pairs three bonds apart count %g times; MM3* counts them in full", number);
  return Q2_OK;
}

/* " 4  PX  P0 P3 P4 P5" */
static int read_class(struct reader *reader, int line, struct q2_error *error) {
  struct q2_mm3star *field = reader->field;
  struct q2_words words;
  q2_text_words(reader->text->line[line - 1], &words);
  struct q2_mm3star_class *class =
      q2_mm3star_append((void **)&field->class, &field->class_count, &field->class_capacity, sizeof *class);
  if (!class) return q2_text_fail(reader->text, line, error, "no memory");
  const int most = (int)(sizeof class->type / sizeof *class->type);
  if (words.count < 3 || words.count - 2 > most)
    return q2_text_fail(reader->text, line, error, "expected a number, a new type and 1 to %d types", most);
  for (int k = 1; k < words.count; k++)
    if (strlen(words.word[k].text) > 2)
      return q2_text_fail(reader->text, line, error, "expected types of two characters, found \"%s\"", words.word[k].text);
  snprintf(class->name, sizeof class->name, "%.2s", words.word[1].text);
  class->count = words.count - 2;
  for (int k = 0; k < class->count; k++)
    snprintf(class->type[k], sizeof class->type[k], "%.2s", words.word[k + 2].text);
  return Q2_OK;
}

/* The field of a number of the van der Waals table: ten columns that end where the number ends. */
static struct q2_file_number table_number(int line, int column, int length, double value) {
  const int end = column + length, begin = end > 10 && length < 10 ? end - 10 : column;
  return (struct q2_file_number){
      .value = value, .multiplier = 1, .line = line, .column = begin < 4 ? 4 : begin, .width = end - (begin < 4 ? 4 : begin)};
}

/* "  H1     1.6200     0.0200    -0.0770     [charge]          0000    O 1" */
static int read_atom(struct reader *reader, int line, struct q2_error *error) {
  enum { RADIUS = 1, EPSILON, OFFSET, CHARGE };
  struct q2_mm3star *field = reader->field;
  struct q2_words words;
  double value[5] = {0};
  int count = 1;
  const char *content = reader->text->line[line - 1];
  if (strstr(content, "END OF NONBONDED")) {
    reader->section = -6;
    return Q2_OK;
  }
  q2_text_words(content, &words);
  for (; count < words.count && count <= CHARGE && strpbrk(words.word[count].text, ".*"); count++)
    Q2_TRY(q2_text_real(reader->text, line, words.word[count].text, "a van der Waals parameter", &value[count], error));
  if (words.count < 1 || strlen(words.word[0].text) > 2 || count <= OFFSET)
    return q2_text_fail(reader->text, line, error, "expected a type, radius, epsilon and offset");
  struct q2_mm3star_atom *atom =
      q2_mm3star_append((void **)&field->atom, &field->atom_count, &field->atom_capacity, sizeof *atom);
  const int label = q2_mm3star_label(field, words.word[0].text);
  if (!atom || label < 0) return q2_text_fail(reader->text, line, error, "no memory");
  atom->label = label;
  atom->condition = -1;
  if (count < words.count && strlen(words.word[count].text) == 4 && strncmp(words.word[count].text, "00", 2) != 0) {
    char symbol[3] = {words.word[count].text[0], words.word[count].text[1], '\0'};
    if (strcmp(words.word[count].text + 2, "00") != 0)
      return q2_text_fail(reader->text, line, error, "expected one bonded type (O200), found \"%s\"", words.word[count].text);
    atom->condition = q2_mm3star_label(field, symbol);
    if (atom->condition < 0) return q2_text_fail(reader->text, line, error, "no memory");
  }
  if (value[RADIUS] <= 0 || value[EPSILON] < 0)
    return q2_text_fail(reader->text, line, error, "expected a positive radius and epsilon of at least 0");
  atom->radius = table_number(line, words.word[RADIUS].column, words.word[RADIUS].length, value[RADIUS]);
  atom->epsilon = table_number(line, words.word[EPSILON].column, words.word[EPSILON].length, value[EPSILON]);
  atom->offset = value[OFFSET];
  atom->charge = value[CHARGE];
  atom->line = line;
  reader->rows++;
  return Q2_OK;
}

/* " 9  C2*C2*AA*AA*AA*AA*1" */
static int begin_substructure(struct reader *reader, int line, struct q2_error *error) {
  struct q2_mm3star *field = reader->field;
  struct q2_words words;
  q2_text_words(reader->text->line[line - 1], &words);
  if (words.count < 2 || strcmp(words.word[0].text, "9") != 0)
    return q2_text_fail(reader->text, line, error, "expected 9 and the pattern of a substructure");
  if (words.word[1].length >= Q2_WORD_LENGTH)
    return q2_text_fail(reader->text, line, error, "the pattern has more than %d characters", Q2_WORD_LENGTH - 1);
  struct q2_mm3star_substructure *substructure = q2_mm3star_append((void **)&field->substructure, &field->substructure_count,
                                                                   &field->substructure_capacity, sizeof *substructure);
  if (!substructure) return q2_text_fail(reader->text, line, error, "no memory");
  reader->substructure = field->substructure_count - 1;
  snprintf(substructure->title, sizeof substructure->title, "%s", reader->title);
  const size_t length = strlen(substructure->title);
  substructure->fitted = length >= 3 && strcmp(substructure->title + length - 3, "OPT") == 0 &&
                         (length == 3 || strchr(" \t", substructure->title[length - 4]));
  substructure->stop = reader->stop;
  substructure->line = line;
  substructure->first_row = field->row_count;
  reader->rows++;
  return q2_mm3star_read_pattern(field, reader->text, line, words.word[1].text, substructure, error);
}

/* Whether a line is a comment; it may be the title of a substructure. */
static int take_comment(struct reader *reader, const char *content) {
  if (content[0] == '#' || content[strspn(content, " \t")] == '\0') return 1;
  const int title = content[1] == 'C' || (content[1] == 'S' && (reader->section == 3 || reader->section == 2));
  if (content[0] != ' ' || !title || !strchr(" \t", content[2])) return 0;
  reader->stop = content[1] == 'S';
  content += 2 + (content[2] != '\0');
  content += strspn(content, " \t");
  size_t length = strlen(content);
  while (length > 0 && strchr(" \t", content[length - 1]))
    length--;
  if (length >= sizeof reader->title) length = sizeof reader->title - 1;
  memcpy(reader->title, content, length);
  reader->title[length] = '\0';
  return 1;
}

static int begin_section(struct reader *reader, int line, struct q2_error *error) {
  const char *content = reader->text->line[line - 1];
  const int section = content[1] - '0';
  if (section < 1 || section > 6 || section == 4 || !strchr(" \t", content[2]))
    return q2_text_fail(reader->text, line, error, "expected -1, -2, -3, -5 or -6 to begin a section, found \"%.10s\"",
                        content);
  if (section == 2 && reader->section == 3 && !reader->rows)
    return q2_text_fail(reader->text, line, error,
                        "expected the pattern of a substructure (\" 9  C3-C3-00-1\") before its rows");
  if (section == 2 && reader->substructure < 0 && reader->field->substructure_count > 0)
    return q2_text_fail(reader->text, line, error, "rows of the main block must stand before the substructures");
  if (section == 3) reader->substructure = -1;
  reader->section = section;
  reader->rows = 0;
  return Q2_OK;
}

static int read_line(struct reader *reader, int line, struct q2_error *error) {
  const char *content = reader->text->line[line - 1];
  if (content[0] == '-') return begin_section(reader, line, error);
  if (take_comment(reader, content)) return Q2_OK;
  switch (reader->section) {
  case 0:
    return Q2_OK; /* the file's title */
  case 1:
    return read_header(reader, line, error);
  case 2:
    return q2_mm3star_read_row(reader->field, reader->text, line, reader->substructure, error);
  case 3:
    return begin_substructure(reader, line, error);
  case 5:
    return read_class(reader, line, error);
  case 6:
    return read_atom(reader, line, error);
  default:
    return q2_text_fail(reader->text, line, error, "expected a section (\"-2\") or a comment");
  }
}

/* What a file that was cut short lacks. */
static int check_whole(const struct reader *reader, struct q2_error *error) {
  const struct q2_mm3star *field = reader->field;
  for (int k = 0; k < Q2_MM3STAR_FACTORS; k++)
    if (field->factor[k] == 0)
      return q2_text_fail(reader->text, 0, error, "the header has no factor for %s: is this a whole force field?",
                          factors[k].name);
  if (field->atom_count == 0) return q2_text_fail(reader->text, 0, error, "the van der Waals table (section -6) is missing");
  if (reader->section == 6)
    return q2_text_fail(reader->text, reader->text->line_count, error,
                        "the file ends within the van der Waals table (END OF NONBONDED INTERACTIONS is missing)");
  if (reader->substructure >= 0)
    return q2_text_fail(reader->text, reader->text->line_count, error,
                        "the file ends within a substructure (the line -3 that ends it is missing)");
  return Q2_OK;
}

static void count_rows(struct q2_mm3star *field) {
  for (int k = 0; k < field->row_count; k++)
    if (field->row[k].substructure < 0)
      field->main_count++;
    else
      field->substructure[field->row[k].substructure].row_count++;
}

int q2_mm3star_recognises(const struct q2_text *text) {
  for (int line = q2_text_find_start(text, 1, "-1"); line > 0 && line <= text->line_count; line++) {
    struct q2_words words;
    q2_text_words(text->line[line - 1], &words);
    if (words.count == 4 && strcmp(words.word[0].text, "0") == 0 && strcmp(words.word[1].text, "STR") == 0) return 1;
    if (text->line[line - 1][0] == '-' && text->line[line - 1][1] != '1') return 0;
  }
  return 0;
}

int q2_mm3star_read(const struct q2_text *text, struct q2_mm3star **field, struct q2_error *error) {
  struct reader reader = {.text = text, .substructure = -1};
  *field = NULL;
  reader.field = q2_allocate(1, sizeof *reader.field);
  if (reader.field) reader.field->path = strdup(text->path);
  int status = reader.field && reader.field->path ? Q2_OK : q2_text_fail(text, 0, error, "no memory");
  for (int line = 1; line <= text->line_count && status == Q2_OK; line++)
    status = read_line(&reader, line, error);
  if (status == Q2_OK) status = check_whole(&reader, error);
  if (status == Q2_OK) {
    count_rows(reader.field);
    *field = reader.field;
  } else {
    q2_mm3star_free(reader.field);
  }
  return status;
}

void q2_mm3star_free(struct q2_mm3star *field) {
  if (!field) return;
  free(field->path);
  free(field->label);
  free(field->class);
  free(field->row);
  free(field->substructure);
  free(field->atom);
  free(field);
}
