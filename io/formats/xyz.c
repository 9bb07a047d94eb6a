/* xyz files: the number of atoms, a comment, and an atom a line, once or many times (frames). Extended xyz says in its comment
 * which columns are what ("Properties=species:S:1:pos:R:3:..."); its lattice does not count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "molecule_formats.h"

/* Where species and coordinates are in an atom's line. */
struct columns {
  int species, position;
};

/* Reads "NAME:TYPE:COLUMNS:NAME:TYPE:COLUMNS:..." behind "Properties=". */
static int read_properties(const struct q2_text *text, int line, struct columns *columns, struct q2_error *error) {
  static const char key[] = "Properties=";
  const char *at = strstr(text->line[line - 1], key);
  *columns = (struct columns){0, 1};
  if (!at) return Q2_OK;
  *columns = (struct columns){-1, -1};
  at += sizeof key - 1;
  at += *at == '"';
  for (int column = 0; *at && *at != ' ' && *at != '"';) {
    char name[Q2_WORD_LENGTH], type;
    int width, used = 0;
    if (sscanf(at, "%63[^: \"]:%c:%5d%n", name, &type, &width, &used) != 3 || width < 1 || width > Q2_WORDS - column)
      return q2_text_fail(text, line, error, "expected NAME:TYPE:COLUMNS in Properties, found \"%.40s\"", at);
    if (strcmp(name, "species") == 0 && width == 1) columns->species = column;
    if (strcmp(name, "pos") == 0 && width == 3) columns->position = column;
    column += width;
    at += used;
    at += *at == ':';
  }
  if (columns->species < 0 || columns->position < 0)
    return q2_text_fail(text, line, error, "expected species:S:1 and pos:R:3 in Properties");
  return Q2_OK;
}

static int decimals(const char *word) {
  const char *point = strchr(word, '.');
  return point ? (int)strspn(point + 1, "0123456789") : 0;
}

/* A last line without line end is all right, as long as its last number has as many decimals as the one above: else it was
 * cut. */
static int check_end(const struct q2_text *text, int line, int first_row, struct q2_error *error) {
  struct q2_error unused;
  struct q2_words last, above;
  if (q2_text_whole(text, line, &unused) == Q2_OK) return Q2_OK;
  q2_text_words(text->line[line - 1], &last);
  if (line > first_row) {
    q2_text_words(text->line[line - 2], &above);
    if (above.count == last.count && decimals(above.word[above.count - 1].text) == decimals(last.word[last.count - 1].text))
      return Q2_OK;
  }
  return q2_text_whole(text, line, error);
}

static int read_atoms(const struct q2_text *text, int first_row, const struct columns *columns,
                      struct q2_molecule_record *record, struct q2_error *error) {
  const int last_column = columns->species > columns->position + 2 ? columns->species : columns->position + 2;
  for (int a = 0; a < record->atom_count; a++) {
    const int line = first_row + a;
    struct q2_words words;
    if (line > text->line_count)
      return q2_text_fail(text, text->line_count, error, "the file ends after %d of %d atoms", a, record->atom_count);
    q2_text_words(text->line[line - 1], &words);
    if (words.count <= last_column) return q2_text_fail(text, line, error, "expected an element and three coordinates");
    Q2_TRY(q2_molecule_element(text, line, words.word[columns->species].text, &record->element[a], error));
    for (int k = 0; k < 3; k++)
      Q2_TRY(q2_text_real(text, line, words.word[columns->position + k].text, "a coordinate", &record->position[3 * a + k],
                          error));
  }
  return check_end(text, first_row + record->atom_count - 1, first_row, error);
}

/* The frame that begins in `line`. */
static int read_frame(const struct q2_text *text, int line, struct q2_molecule_list *list, int *atom_count,
                      struct q2_error *error) {
  struct q2_words words;
  struct columns columns;
  struct q2_molecule_record *record;
  q2_text_words(text->line[line - 1], &words);
  if (words.count != 1) return q2_text_fail(text, line, error, "expected the number of atoms alone");
  Q2_TRY(q2_text_integer(text, line, words.word[0].text, "the number of atoms", atom_count, error));
  Q2_TRY(q2_molecule_begin(list, text, line, *atom_count, &record, error));
  if (*atom_count > text->line_count - line - 1)
    return q2_text_fail(text, line, error, "the file ends after %d of %d atoms",
                        text->line_count > line ? text->line_count - line - 1 : 0, *atom_count);
  Q2_TRY(read_properties(text, line + 1, &columns, error));
  if (!strchr(text->line[line], '=')) q2_copy_title(record->name, sizeof record->name, text->line[line]);
  record->element = q2_molecule_array(text, *atom_count, sizeof *record->element, error);
  record->position = q2_molecule_array(text, 3 * (int64_t)*atom_count, sizeof *record->position, error);
  if (!record->element || !record->position) return Q2_FAILED;
  return read_atoms(text, line + 2, &columns, record, error);
}

int q2_xyz_recognises(const struct q2_text *text) {
  struct q2_words words;
  int line = 1;
  while (line <= text->line_count && q2_text_is_blank(text->line[line - 1]))
    line++;
  if (line + 2 > text->line_count) return 0;
  q2_text_words(text->line[line - 1], &words);
  if (words.count != 1 || words.word[0].text[strspn(words.word[0].text, "0123456789")] != '\0') return 0;
  q2_text_words(text->line[line + 1], &words);
  if (strstr(text->line[line], "Properties=")) return words.count >= 4;
  return words.count >= 4 && q2_element_of_name(words.word[0].text) && strchr(words.word[1].text, '.') &&
         q2_text_is_real(words.word[1].text) && q2_text_is_real(words.word[2].text) && q2_text_is_real(words.word[3].text);
}

int q2_xyz_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  int frames = 0, atom_count;
  Q2_TRY(q2_text_plain(text, error));
  for (int line = 1; line <= text->line_count;) {
    if (q2_text_is_blank(text->line[line - 1])) {
      line++;
      continue;
    }
    Q2_TRY(read_frame(text, line, list, &atom_count, error));
    line += 2 + atom_count;
    frames++;
  }
  return frames > 0 ? Q2_OK : q2_text_fail(text, 0, error, "expected the number of atoms, found an empty file");
}
