/* Recipes taken from the command line and from files. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../io/formats/text.h"
#include "../observable_weights.h"
#include "recipes_parts.h"

static const struct word {
  const char *name, *kinds; /* kinds: separated by blanks */
} words[] = {{"frequencies", "frequency"},
             {"eigenmatrix", "eigenmatrix_diagonal eigenmatrix_off_diagonal"},
             {"geometry", "bond angle torsion"},
             {"energies", "energy"},
             {"all", "frequency eigenmatrix_diagonal eigenmatrix_off_diagonal bond angle torsion energy"},
             {NULL, NULL}};

/* Of wavenumbers, which the sets of weights before q2mm's do not have: as large a residual as 0.01 angstrom in a bond. */
static const double frequency_weight = 0.01;

int q2_recipe_is_energy(const struct q2_observable_kind *kind) { return kind->indexed == Q2_INDEX_MOLECULES; }

int q2_recipe_needs_hessian(const struct q2_observable_kind *kind) {
  return kind->indexed == Q2_INDEX_COMPONENTS && strcmp(kind->name, "gradient") != 0;
}

void q2_recipe_words(char *text, size_t size) {
  text[0] = '\0';
  for (const struct word *word = words; word->name; word++)
    q2_append_name(text, size, word->name);
}

static const struct q2_observable_kind *kind_named(const char *name, size_t length) {
  for (const struct q2_observable_kind *kind = q2_observable_kinds; kind->name; kind++)
    if (strlen(kind->name) == length && strncmp(kind->name, name, length) == 0) return kind;
  return NULL;
}

void q2_recipe_describe(const struct q2_recipe *recipe, char *text, size_t size) {
  const struct q2_recipe_row *rows = recipe->rows.data;
  text[0] = '\0';
  for (int64_t r = 0; r < recipe->rows.count; r++) {
    int known = 0;
    for (int64_t before = 0; before < r; before++)
      known |= rows[before].kind == rows[r].kind;
    if (!known) q2_append_name(text, size, rows[r].kind->name);
  }
}

static struct q2_recipe_row *add_row(struct q2_recipe *recipe, const struct q2_observable_kind *kind) {
  struct q2_recipe_row *row = q2_grow(&recipe->rows, 1, sizeof *row);
  if (row) row->kind = kind;
  return row;
}

static int add_everywhere(struct q2_recipe *recipe, const struct q2_observable_kind *kind, int optional,
                          struct q2_error *error) {
  struct q2_recipe_row *rows = recipe->rows.data;
  for (int64_t r = 0; r < recipe->rows.count; r++)
    if (rows[r].kind == kind) {
      rows[r].optional &= optional;
      return Q2_OK;
    }
  struct q2_recipe_row *row = add_row(recipe, kind);
  if (!row) return q2_fail(error, "no memory for the observables");
  row->pattern[0] = '*';
  row->all = 1;
  row->optional = optional;
  return Q2_OK;
}

/* --- words joined by "+" --- */

static int add_word(struct q2_recipe *recipe, const char *name, size_t length, struct q2_error *error) {
  const struct q2_observable_kind *kind = kind_named(name, length);
  if (kind) return add_everywhere(recipe, kind, 0, error);
  for (const struct word *word = words; word->name; word++) {
    if (strlen(word->name) != length || strncmp(word->name, name, length) != 0) continue;
    const int optional = strcmp(word->name, "all") == 0;
    for (const char *k = word->kinds; *k;) {
      const size_t letters = strcspn(k, " ");
      Q2_TRY(add_everywhere(recipe, kind_named(k, letters), optional, error));
      k += letters + (k[letters] == ' ');
    }
    return Q2_OK;
  }
  return Q2_FAILED;
}

static int add_words(struct q2_recipe *recipe, const char *text, struct q2_error *error) {
  for (const char *word = text; *word;) {
    const size_t length = strcspn(word, "+");
    if (add_word(recipe, word, length, error) != Q2_OK) {
      char known[256];
      q2_recipe_words(known, sizeof known);
      return q2_fail(error, "option -observables: \"%.*s\" is none of %s, no kind of observable, and no file", (int)length,
                     word, known);
    }
    word += length + (word[length] == '+');
  }
  return Q2_OK;
}

/* --- a file: KIND PATTERN INDICES|all|NAME [weight=W] [value=V] --- */

struct lines {
  struct q2_recipe *recipe;
  struct q2_text text;
  int line;
  struct q2_words words;
};

static int take_index(struct lines *l, struct q2_recipe_row *row, int *next, struct q2_error *error) {
  const int count = row->kind->index_count;
  const char *first = l->words.count > 2 ? l->words.word[2].text : "";
  *next = 3;
  if (q2_recipe_is_energy(row->kind)) {
    if (!first[0] || strchr(first, '='))
      return q2_text_fail(&l->text, l->line, error, "expected the name of the molecule to compare with after kind and pattern");
    snprintf(row->partner, sizeof row->partner, "%s", first);
    return Q2_OK;
  }
  row->all = strcmp(first, "all") == 0;
  if (row->all) return Q2_OK;
  for (int i = 0; i < count; i++) {
    const char *word = i + 2 < l->words.count ? l->words.word[i + 2].text : "";
    if (!word[0] || strchr(word, '='))
      return q2_text_fail(&l->text, l->line, error, "expected all, or %d ind%s from 0, after kind and pattern", count,
                          count == 1 ? "ex" : "ices");
    Q2_TRY(q2_text_integer(&l->text, l->line, word, "an index from 0", &row->index[i], error));
    if (row->index[i] < 0) return q2_text_fail(&l->text, l->line, error, "expected an index from 0, found %s", word);
    for (int j = 0; j < i && row->kind->indexed == Q2_INDEX_ATOMS; j++)
      if (row->index[i] == row->index[j])
        return q2_text_fail(&l->text, l->line, error, "expected different atoms, found %s twice", word);
  }
  *next = 2 + count;
  return Q2_OK;
}

static int take_rest(struct lines *l, struct q2_recipe_row *row, int next, struct q2_error *error) {
  for (int w = next; w < l->words.count; w++) {
    const char *word = l->words.word[w].text;
    if (strncmp(word, "weight=", 7) == 0 && !row->has_weight) {
      row->has_weight = 1;
      Q2_TRY(q2_text_real(&l->text, l->line, word + 7, "a weight", &row->weight, error));
      if (row->weight < 0.0)
        return q2_text_fail(&l->text, l->line, error, "expected a weight of at least 0, found %s", word + 7);
    } else if (strncmp(word, "value=", 6) == 0 && !row->has_value && !row->all) {
      row->has_value = 1;
      Q2_TRY(q2_text_real(&l->text, l->line, word + 6, "a value", &row->value, error));
    } else {
      return q2_text_fail(&l->text, l->line, error, "expected weight=W%s here, once, found \"%s\"",
                          row->all ? "" : " or value=V", word);
    }
  }
  return Q2_OK;
}

static int take_line(struct lines *l, struct q2_error *error) {
  char *comment = strchr(l->text.line[l->line - 1], '#');
  int next = 3;
  if (comment) *comment = '\0';
  q2_text_words(l->text.line[l->line - 1], &l->words);
  if (l->words.count == 0) return Q2_OK;
  char where[4160];
  snprintf(where, sizeof where, "%.4096s:%d", l->text.path, l->line);
  const struct q2_observable_kind *kind = q2_observable_kind(l->words.word[0].text, where, error);
  if (!kind) return Q2_FAILED;
  if (l->words.count < 2)
    return q2_text_fail(&l->text, l->line, error, "expected a pattern of molecules' names after the kind");
  struct q2_recipe_row *row = add_row(l->recipe, kind);
  if (!row) return q2_text_fail(&l->text, l->line, error, "out of memory");
  row->line = l->line;
  snprintf(row->pattern, sizeof row->pattern, "%s", l->words.word[1].text);
  Q2_TRY(take_index(l, row, &next, error));
  return take_rest(l, row, next, error);
}

static int add_file(struct q2_recipe *recipe, const char *path, struct q2_error *error) {
  struct lines l = {.recipe = recipe};
  snprintf(recipe->path, sizeof recipe->path, "%s", path);
  Q2_TRY(q2_text_read(path, &l.text, error));
  int status = Q2_OK;
  for (l.line = 1; l.line <= l.text.line_count && status == Q2_OK; l.line++)
    status = take_line(&l, error);
  if (status == Q2_OK && recipe->rows.count == 0)
    status = q2_text_fail(&l.text, 0, error, "expected lines KIND PATTERN INDICES, found none");
  q2_text_free(&l.text);
  return status;
}

/* --- weights --- */

static int take_weight(struct q2_recipe *recipe, const char *word, size_t length, struct q2_error *error) {
  const char *equals = memchr(word, '=', length);
  if (!equals) {
    if (length < sizeof recipe->set) {
      snprintf(recipe->set, sizeof recipe->set, "%.*s", (int)length, word);
      if (q2_weight_set(recipe->set)) return Q2_OK;
    }
    return q2_fail(error, "option -weights: \"%.*s\" is none of q2mm_classic, q2mm, KIND=W", (int)length, word);
  }
  const struct q2_observable_kind *kind = kind_named(word, (size_t)(equals - word));
  char *end;
  const double weight = strtod(equals + 1, &end);
  if (!kind) return q2_fail(error, "option -weights: \"%.*s\" is no kind of observable", (int)(equals - word), word);
  if (end != word + length || end == equals + 1 || !(weight >= 0.0 && weight < HUGE_VAL))
    return q2_fail(error, "option -weights: \"%.*s\" is not KIND=W with a number W of at least 0", (int)length, word);
  struct q2_recipe_row *rows = recipe->rows.data;
  int used = 0;
  for (int64_t r = 0; r < recipe->rows.count; r++) {
    if (rows[r].kind != kind) continue;
    used = 1;
    if (rows[r].line && rows[r].has_weight) continue; /* its line says it */
    rows[r].has_weight = 1;
    rows[r].weight = weight;
  }
  return used ? Q2_OK : q2_fail(error, "option -weights: no %s is among the observables", kind->name);
}

/* The class of weight whose number tells whether a set has the kind at all. */
static double weight_in_set(const struct q2_weight_set *set, const struct q2_observable_kind *kind) {
  if (strcmp(kind->name, "frequency") == 0) return set->weight[Q2_WEIGHT_FREQUENCY];
  if (strcmp(kind->name, "relaxed_frequency") == 0) return set->weight[Q2_WEIGHT_RELAXED_FREQUENCY];
  if (strcmp(kind->name, "gradient") == 0) return set->weight[Q2_WEIGHT_GRADIENT];
  return 0.0;
}

/* Wavenumbers that the set does not weigh get a weight of their own; anything else needs one. */
static int complete_weights(struct q2_recipe *recipe, struct q2_error *error) {
  const struct q2_weight_set *set = q2_weight_set(recipe->set);
  struct q2_recipe_row *rows = recipe->rows.data;
  for (int64_t r = 0; r < recipe->rows.count; r++) {
    if (rows[r].has_weight || weight_in_set(set, rows[r].kind) != Q2_WEIGHT_NONE) continue;
    if (strcmp(rows[r].kind->name, "gradient") == 0)
      return q2_fail(error, "option -weights: %s has no weight for gradients; gradient=W gives one", recipe->set);
    rows[r].has_weight = 1;
    rows[r].weight = frequency_weight;
  }
  for (int64_t r = 0; r < recipe->rows.count; r++)
    for (int64_t before = 0; before < r; before++)
      if (rows[r].kind == rows[before].kind && rows[r].has_weight != rows[before].has_weight)
        return q2_fail(error, "%s:%d: expected a weight in all lines of %s or in none of them", recipe->path,
                       rows[r].has_weight ? rows[before].line : rows[r].line, rows[r].kind->name);
  return Q2_OK;
}

static int take_weights(struct q2_recipe *recipe, const char *weights, struct q2_error *error) {
  snprintf(recipe->set, sizeof recipe->set, "q2mm_classic");
  for (const char *word = weights; *word;) {
    const size_t length = strcspn(word, ",");
    Q2_TRY(take_weight(recipe, word, length, error));
    word += length + (word[length] == ',');
  }
  return complete_weights(recipe, error);
}

/* Whether the text is a file's path rather than words. */
static int is_path(const char *text) { return strpbrk(text, "./") || access(text, R_OK) == 0; }

int q2_recipe_read(const char *text, const char *weights, struct q2_recipe **recipe, struct q2_error *error) {
  struct q2_recipe *made = calloc(1, sizeof *made);
  if (!made) return q2_fail(error, "no memory for the observables");
  int status = is_path(text) ? add_file(made, text, error) : add_words(made, text, error);
  if (status == Q2_OK) status = take_weights(made, weights, error);
  if (status == Q2_OK)
    *recipe = made;
  else
    q2_recipe_free(made);
  return status;
}

void q2_recipe_free(struct q2_recipe *recipe) {
  if (!recipe) return;
  free(recipe->rows.data);
  free(recipe);
}
