/* Reading rules of types: a line a rule, by descent through its grammar (docs/typing.md). */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "typing_parts.h"

enum { DEEPEST = 8 /* patterns within patterns */, WORD = 32 };

struct parser {
  const struct q2_text *text;
  int line;
  const char *at; /* in the line */
  struct q2_typing_rules *rules;
  int depth, names_types;
  struct q2_error *error;
};

static int expected(struct parser *p, const char *what) {
  const char *found = p->at;
  int length = (int)strcspn(found, " \t");
  if (length > 40) length = 40;
  if (length == 0) return q2_text_fail(p->text, p->line, p->error, "expected %s, and the line ends", what);
  return q2_text_fail(p->text, p->line, p->error, "expected %s, found \"%.*s\"", what, length, found);
}

static int no_memory(struct parser *p) { return q2_text_fail(p->text, p->line, p->error, "no memory for its rules"); }

static void skip_blanks(struct parser *p) {
  while (*p->at == ' ' || *p->at == '\t')
    p->at++;
}

/* Takes letters, digits and the characters in `more`; "" where there are none. */
static void take_word(struct parser *p, const char *more, char word[WORD]) {
  int length = 0;
  while (*p->at && (isalnum((unsigned char)*p->at) || strchr(more, *p->at)) && length < WORD - 1)
    word[length++] = *p->at++;
  word[length] = '\0';
}

static int take_number(struct parser *p, int *value) {
  char *end;
  const long number = strtol(p->at, &end, 10);
  if (end == p->at || isspace((unsigned char)*p->at) || number > 1000 || number < -1000)
    return expected(p, "a number from -1000 to 1000");
  *value = (int)number;
  p->at = end;
  return Q2_OK;
}

/* =3, !=3, <3, <=3, >3, >=3. */
static int take_comparison(struct parser *p, struct q2_typing_condition *condition) {
  const char first = *p->at;
  int number = 0;
  p->at++;
  const int equal = first == '=' || *p->at == '=';
  if (first != '=' && *p->at == '=')
    p->at++;
  else if (first == '!')
    return expected(p, "= after !");
  Q2_TRY(take_number(p, &number));
  condition->least = first == '<' ? INT_MIN : first == '>' ? number + !equal : number;
  condition->most = first == '>' ? INT_MAX : first == '<' ? number - !equal : number;
  condition->negated ^= first == '!';
  return Q2_OK;
}

static int take_pattern(struct parser *p, int inside, int *index);

static int take_bonded(struct parser *p, struct q2_typing_condition *condition) {
  if (*p->at != '(') return expected(p, "( after bonded");
  if (p->depth == DEEPEST) return q2_text_fail(p->text, p->line, p->error, "more than %d patterns within each other", DEEPEST);
  p->at++;
  p->depth++;
  Q2_TRY(take_pattern(p, 1, &condition->pattern));
  p->depth--;
  if (*p->at != ')') return expected(p, ") after the neighbour's conditions");
  p->at++;
  return Q2_OK;
}

static const struct {
  const char *name;
  enum q2_typing_property property;
  enum { NUMBER, NUMBER_OR_NONE, FLAG } form;
  int least, most; /* without a number */
} properties[] = {
    {"neighbours", Q2_TYPING_NEIGHBOURS, NUMBER, 0, 0},
    {"nonmetals", Q2_TYPING_NONMETALS, NUMBER, 0, 0},
    {"bonded", Q2_TYPING_BONDED, NUMBER_OR_NONE, 1, INT_MAX},
    {"charge", Q2_TYPING_CHARGE, NUMBER, 0, 0},
    {"ring", Q2_TYPING_RING, NUMBER_OR_NONE, 1, INT_MAX},
    {"aromatic", Q2_TYPING_AROMATIC, NUMBER_OR_NONE, 1, INT_MAX},
    {"planar", Q2_TYPING_PLANAR, FLAG, 1, 1},
};

static int take_property(struct parser *p, struct q2_typing_condition *condition) {
  static const char names[] =
      "a condition: neighbours, nonmetals, bonded(...), charge, ring, aromatic, planar, or not before one";
  const char *const before = p->at;
  char word[WORD];
  take_word(p, "_", word);
  if (strcmp(word, "not") == 0) {
    condition->negated ^= 1;
    skip_blanks(p);
    return take_property(p, condition);
  }
  size_t k = 0;
  while (k < sizeof properties / sizeof *properties && strcmp(word, properties[k].name) != 0)
    k++;
  if (k == sizeof properties / sizeof *properties) {
    p->at = before;
    return expected(p, names);
  }
  condition->property = properties[k].property;
  condition->least = properties[k].least;
  condition->most = properties[k].most;
  if (condition->property == Q2_TYPING_BONDED) Q2_TRY(take_bonded(p, condition));
  p->rules->uses_rings |= condition->property == Q2_TYPING_RING;
  p->rules->uses_aromatic |= condition->property == Q2_TYPING_AROMATIC;
  if (*p->at && strchr("=<>!", *p->at) && properties[k].form != FLAG) return take_comparison(p, condition);
  if (properties[k].form == NUMBER) return expected(p, "= or another comparison with a number");
  return Q2_OK;
}

/* Conditions up to the line's end, a comment or, inside, a closing parenthesis. */
static int take_conditions(struct parser *p, int inside, int pattern) {
  int last = -1;
  for (;;) {
    const char *const before = p->at;
    skip_blanks(p);
    if (*p->at == '\0' || (inside && *p->at == ')') || (!inside && *p->at == '#')) return Q2_OK;
    if (p->at == before) return expected(p, inside ? "a blank or )" : "a blank");
    struct q2_typing_condition condition = {.pattern = -1, .next = -1};
    Q2_TRY(take_property(p, &condition));
    struct q2_typing_condition *kept = q2_grow(&p->rules->condition, 1, sizeof *kept);
    if (!kept) return no_memory(p);
    *kept = condition;
    const int index = (int)p->rules->condition.count - 1;
    if (last < 0)
      ((struct q2_typing_pattern *)p->rules->pattern.data)[pattern].first_condition = index;
    else
      ((struct q2_typing_condition *)p->rules->condition.data)[last].next = index;
    last = index;
  }
}

static int take_types(struct parser *p, struct q2_typing_pattern *pattern) {
  char word[WORD];
  pattern->first_type = (int)p->rules->type.count;
  p->names_types = 1;
  do {
    p->at++; /* = or , */
    take_word(p, "_+-*'?.", word);
    if (!word[0] || strlen(word) >= Q2_TYPE_LENGTH) return expected(p, "the name of a type, of at most 15 characters");
    struct q2_type_name *name = q2_grow(&p->rules->type, 1, sizeof *name);
    if (!name) return no_memory(p);
    strcpy(name->text, word);
    pattern->type_count++;
  } while (*p->at == ',');
  return Q2_OK;
}

static void add_elements(struct q2_typing_pattern *pattern, int metals, int nonmetals) {
  for (int e = 1; e <= Q2_ELEMENT_LAST; e++)
    pattern->element[e] |= q2_element_is_metal(e) ? metals != 0 : nonmetals != 0;
}

static int take_elements(struct parser *p, struct q2_typing_pattern *pattern) {
  static const char what[] = "an element, *, metal, nonmetal or type=NAME";
  for (;; p->at++) {
    const char *const before = p->at;
    char word[WORD];
    take_word(p, "*", word);
    const int element = q2_element_number(word);
    if (strcmp(word, "type") == 0 && *p->at == '=') return take_types(p, pattern);
    if (element)
      pattern->element[element] = 1;
    else if (strcmp(word, "*") == 0)
      add_elements(pattern, 1, 1);
    else if (strcmp(word, "metal") == 0)
      add_elements(pattern, 1, 0);
    else if (strcmp(word, "nonmetal") == 0)
      add_elements(pattern, 0, 1);
    else {
      p->at = before;
      return expected(p, what);
    }
    if (*p->at != ',') return Q2_OK;
  }
}

static int take_pattern(struct parser *p, int inside, int *index) {
  static const char signs[] = "-=#:~";
  static const int orders[] = {Q2_BOND_SINGLE, Q2_BOND_DOUBLE, Q2_BOND_TRIPLE, Q2_BOND_AROMATIC, Q2_BOND_PARTIAL};
  struct q2_typing_pattern pattern = {.first_condition = -1};
  skip_blanks(p);
  if (inside && *p->at && strchr(signs, *p->at)) {
    pattern.bond = orders[strchr(signs, *p->at) - signs];
    p->rules->uses_orders |= pattern.bond != Q2_BOND_AROMATIC && pattern.bond != Q2_BOND_PARTIAL;
    p->rules->uses_aromatic |= pattern.bond == Q2_BOND_AROMATIC;
    p->at++;
  }
  Q2_TRY(take_elements(p, &pattern));
  struct q2_typing_pattern *kept = q2_grow(&p->rules->pattern, 1, sizeof *kept);
  if (!kept) return no_memory(p);
  *kept = pattern;
  *index = (int)p->rules->pattern.count - 1;
  return take_conditions(p, inside, *index);
}

int q2_typing_name(const char *rule, const char *element, int neighbours, int nonmetals, struct q2_type_name *type) {
  char name[128] = "";
  size_t length = 0;
  for (const char *c = rule; *c && length < sizeof name - 16;) {
    const size_t left = sizeof name - length;
    const char *const end = *c == '{' ? strchr(c, '}') : NULL;
    const size_t inside = end ? (size_t)(end - c - 1) : 0;
    if (*c == '{' || *c == '}') {
      if (end && inside == 7 && memcmp(c + 1, "element", inside) == 0)
        length += (size_t)snprintf(name + length, left, "%s", element);
      else if (end && inside == 7 && memcmp(c + 1, "ELEMENT", inside) == 0)
        for (const char *letter = element; *letter; letter++)
          name[length++] = (char)toupper((unsigned char)*letter);
      else if (end && inside == 10 && memcmp(c + 1, "neighbours", inside) == 0)
        length += (size_t)snprintf(name + length, left, "%d", neighbours);
      else if (end && inside == 9 && memcmp(c + 1, "nonmetals", inside) == 0)
        length += (size_t)snprintf(name + length, left, "%d", nonmetals);
      else
        return -1;
      c = end + 1;
    } else
      name[length++] = *c++;
  }
  name[length] = '\0';
  if (length == 0 || length >= Q2_TYPE_LENGTH) return 0;
  strcpy(type->text, name);
  return 1;
}

static int take_rule(struct parser *p) {
  struct q2_typing_rule rule = {.line = p->line};
  struct q2_type_name longest;
  skip_blanks(p);
  if (*p->at == '\0' || *p->at == '#') return Q2_OK;
  const int length = (int)strcspn(p->at, " \t");
  char name[64];
  snprintf(name, sizeof name, "%.*s", length, p->at);
  const int fits = length < (int)sizeof name ? q2_typing_name(name, "H", 1, 1, &longest) : 0;
  if (fits < 0) return expected(p, "{element}, {ELEMENT}, {neighbours} or {nonmetals} in the type");
  if (!fits) return expected(p, "a type of at most 15 characters");
  snprintf(rule.name, sizeof rule.name, "%s", name);
  p->at += length;
  p->names_types = 0;
  Q2_TRY(take_pattern(p, 0, &rule.pattern));
  rule.second_round = p->names_types;
  struct q2_typing_rule *kept = q2_grow(&p->rules->rule, 1, sizeof *kept);
  if (!kept) return no_memory(p);
  *kept = rule;
  return Q2_OK;
}

static int take_all(struct parser *p) {
  for (p->line = 1; p->line <= p->text->line_count; p->line++) {
    p->at = p->text->line[p->line - 1];
    Q2_TRY(take_rule(p));
  }
  if (p->rules->rule.count == 0) return q2_text_fail(p->text, 0, p->error, "expected rules of types, and there are none");
  return Q2_OK;
}

int q2_typing_read(const struct q2_text *text, struct q2_typing_rules **rules, struct q2_error *error) {
  *rules = calloc(1, sizeof **rules);
  if (!*rules) return q2_text_fail(text, 0, error, "no memory for its rules");
  snprintf((*rules)->path, sizeof(*rules)->path, "%s", text->path);
  struct parser parser = {.text = text, .rules = *rules, .error = error};
  if (take_all(&parser) == Q2_OK) return Q2_OK;
  q2_typing_free(*rules);
  *rules = NULL;
  return Q2_FAILED;
}

int q2_typing_default(struct q2_typing_rules **rules, struct q2_error *error) {
  struct q2_text text;
  *rules = NULL;
  Q2_TRY(q2_text_from_bytes("types by element", q2_typing_elements, strlen(q2_typing_elements), &text, error));
  const int status = q2_typing_read(&text, rules, error);
  q2_text_free(&text);
  return status;
}

void q2_typing_free(struct q2_typing_rules *rules) {
  if (!rules) return;
  free(rules->condition.data);
  free(rules->pattern.data);
  free(rules->rule.data);
  free(rules->type.data);
  free(rules);
}
