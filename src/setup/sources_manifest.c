/* A manifest: a text file that says, a molecule a line, what it is called, which files tell of it, and what they do not say.
 *
 *     NAME FILE... [charge=N] [multiplicity=N] [group=N] [energy=E] [validation=0|1] [stationary=0|1] [record=N]
 *
 * "#" begins a comment; names and paths with blanks stand in double quotes; paths count from the manifest's folder. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/formats/text.h"
#include "sources_list.h"

enum { PATH_LENGTH = 4096 };

struct manifest {
  struct q2_source_list *list;
  struct q2_text text;
  int line; /* from 1 */
};

/* Takes the next word of `*rest` into word[PATH_LENGTH]; *found is 0 at the line's end. */
static int next_word(const struct manifest *m, const char **rest, char *word, int *found, struct q2_error *error) {
  const char *from = *rest + strspn(*rest, " \t");
  *found = *from != '\0' && *from != '#';
  if (!*found) return Q2_OK;
  const int quoted = *from == '"';
  from += quoted;
  const size_t length = quoted ? strcspn(from, "\"") : strcspn(from, " \t");
  if (quoted && !from[length]) return q2_text_fail(&m->text, m->line, error, "a quotation mark that nothing closes");
  if (length >= PATH_LENGTH) return q2_text_fail(&m->text, m->line, error, "a word of %zu characters is too long", length);
  memcpy(word, from, length);
  word[length] = '\0';
  *rest = from + length + quoted;
  return Q2_OK;
}

static const struct key {
  const char *name;
  enum q2_source_given given;
  int least, most;
} keys[] = {{"charge", Q2_GIVEN_CHARGE, -1000, 1000},      {"multiplicity", Q2_GIVEN_MULTIPLICITY, 1, 1000},
            {"group", Q2_GIVEN_GROUP, 0, INT_MAX},         {"validation", Q2_GIVEN_VALIDATION, 0, 1},
            {"stationary", Q2_GIVEN_STATIONARY, 0, 1},     {"record", Q2_GIVEN_RECORD, 1, INT_MAX},
            {"energy", Q2_GIVEN_ENERGY, INT_MIN, INT_MAX}, {NULL, Q2_GIVEN_CHARGE, 0, 0}};

static int32_t *place_of(struct q2_source *source, enum q2_source_given given) {
  switch (given) {
  case Q2_GIVEN_CHARGE:
    return &source->charge;
  case Q2_GIVEN_MULTIPLICITY:
    return &source->multiplicity;
  case Q2_GIVEN_GROUP:
    return &source->group;
  case Q2_GIVEN_VALIDATION:
    return &source->validation;
  case Q2_GIVEN_STATIONARY:
    return &source->stationary;
  default:
    return &source->record;
  }
}

static int take_value(const struct manifest *m, const struct key *key, const char *value, struct q2_error *error) {
  struct q2_source *source = q2_source_last(m->list);
  if (source->given & (int)key->given) return q2_text_fail(&m->text, m->line, error, "%s= stands there twice", key->name);
  source->given |= (int)key->given;
  if (key->given == Q2_GIVEN_ENERGY)
    return q2_text_real(&m->text, m->line, value, "an energy in hartree", &source->energy, error);
  int number;
  Q2_TRY(q2_text_integer(&m->text, m->line, value, key->name, &number, error));
  if (number < key->least || number > key->most)
    return q2_text_fail(&m->text, m->line, error, "expected %s from %d to %d, found %d", key->name, key->least, key->most,
                        number);
  *place_of(source, key->given) = number;
  return Q2_OK;
}

/* Whether the word is KEY=VALUE, and takes it; a path may have a "=" too, so only letters before it make a key. */
static int take_key(const struct manifest *m, const char *word, int *taken, struct q2_error *error) {
  const size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz_");
  *taken = length > 0 && word[length] == '=';
  if (!*taken) return Q2_OK;
  char known[128] = "";
  for (const struct key *key = keys; key->name; key++) {
    if (strlen(key->name) == length && strncmp(word, key->name, length) == 0)
      return take_value(m, key, word + length + 1, error);
    q2_append_name(known, sizeof known, key->name);
  }
  return q2_text_fail(&m->text, m->line, error, "expected %s before \"=\", found \"%s\"", known, word);
}

static int take_file(const struct manifest *m, const char *word, struct q2_error *error) {
  char path[2 * PATH_LENGTH], where[PATH_LENGTH + 32];
  const char *slash = strrchr(m->text.path, '/');
  const int folder = slash && word[0] != '/' ? (int)(slash - m->text.path) + 1 : 0;
  if (snprintf(path, sizeof path, "%.*s%s", folder, m->text.path, word) >= PATH_LENGTH)
    return q2_text_fail(&m->text, m->line, error, "the path %.80s... is too long", path);
  snprintf(where, sizeof where, "%.4000s:%d: ", m->text.path, m->line);
  const int first = q2_source_last(m->list)->file_count == 0;
  Q2_TRY(q2_source_add_file(m->list, path, where, error));
  return first ? q2_source_set_stem(m->list, path, error) : Q2_OK;
}

/* The molecule of a line whose first word is its name. */
static int begin_molecule(const struct manifest *m, const char *name, struct q2_error *error) {
  char where[PATH_LENGTH + 32];
  snprintf(where, sizeof where, "%.4000s:%d", m->text.path, m->line);
  if (!q2_source_add(m->list)) return q2_text_fail(&m->text, m->line, error, "out of memory");
  const int64_t own = q2_source_add_text(m->list, name, strlen(name));
  const int64_t place = q2_source_add_text(m->list, where, strlen(where));
  if (own < 0 || place < 0) return q2_text_fail(&m->text, m->line, error, "out of memory");
  q2_source_last(m->list)->name = own;
  q2_source_last(m->list)->where = place;
  return Q2_OK;
}

static int read_line(const struct manifest *m, char *word, struct q2_error *error) {
  const char *rest = m->text.line[m->line - 1];
  int found, taken;
  Q2_TRY(next_word(m, &rest, word, &found, error));
  if (!found) return Q2_OK;
  Q2_TRY(begin_molecule(m, word, error));
  for (;;) {
    Q2_TRY(next_word(m, &rest, word, &found, error));
    if (!found) break;
    Q2_TRY(take_key(m, word, &taken, error));
    if (!taken) Q2_TRY(take_file(m, word, error));
  }
  const struct q2_source *source = q2_source_last(m->list);
  if (source->file_count == 0) return q2_text_fail(&m->text, m->line, error, "expected a name and files, found no file");
  return Q2_OK;
}

int q2_source_read_manifest(struct q2_source_list *list, const char *path, struct q2_error *error) {
  struct manifest m = {.list = list};
  const int64_t before = list->source.count;
  Q2_TRY(q2_text_read(path, &m.text, error));
  char *word = malloc(PATH_LENGTH);
  int status = word ? Q2_OK : q2_text_fail(&m.text, 0, error, "out of memory");
  for (m.line = 1; m.line <= m.text.line_count && status == Q2_OK; m.line++)
    status = read_line(&m, word, error);
  if (status == Q2_OK && list->source.count == before)
    status = q2_text_fail(&m.text, 0, error, "expected lines NAME FILE... , found none");
  free(word);
  q2_text_free(&m.text);
  return status;
}
