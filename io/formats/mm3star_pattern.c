/* Reads the pattern of a substructure: types in a line, each bonded to the one before it, or before the bracket that it opens,
 * by the bond's character between them; a number behind an atom bonds it to the atom of that number. */
#include <stdlib.h>
#include <string.h>

#include "mm3star_parts.h"

struct pattern {
  struct q2_mm3star *field;
  const struct q2_text *text;
  int line;
  const char *at;
  struct q2_mm3star_substructure *made;
  int branch[Q2_MM3STAR_PATTERN], depth;
  int last;   /* the atom that the next one is bonded to, -1: none */
  char order; /* character of the bond to come, 0: none */
};

static int refuse(const struct pattern *pattern, struct q2_error *error, const char *expected) {
  return q2_text_fail(pattern->text, pattern->line, error, "expected %s in the pattern, found \"%.20s\"", expected,
                      pattern->at);
}

static int add_bond(struct pattern *pattern, int other, struct q2_error *error) {
  struct q2_mm3star_substructure *made = pattern->made;
  if (!pattern->order) return refuse(pattern, error, "- = % * or . before an atom");
  if (made->bond_count == (int)(sizeof made->bond / sizeof *made->bond)) return refuse(pattern, error, "fewer bonds");
  made->bond[made->bond_count].first = pattern->last;
  made->bond[made->bond_count].second = other;
  made->bond[made->bond_count].order = pattern->order;
  made->bond_count++;
  pattern->order = '\0';
  return Q2_OK;
}

/* A type of two characters, or one letter: any atom of that element. */
static int take_atom(struct pattern *pattern, struct q2_error *error) {
  struct q2_mm3star_substructure *made = pattern->made;
  const char second = pattern->at[1];
  const int two = second && !strchr("-=%*.()", second);
  const char symbol[3] = {pattern->at[0], two ? second : '\0', '\0'};
  if (made->atom_count == Q2_MM3STAR_PATTERN) return refuse(pattern, error, "fewer atoms");
  const int label = q2_mm3star_label(pattern->field, symbol);
  if (label < 0) return q2_text_fail(pattern->text, pattern->line, error, "no memory");
  if (pattern->last >= 0) Q2_TRY(add_bond(pattern, made->atom_count, error));
  if (pattern->order) return refuse(pattern, error, "an atom before the bond");
  made->label[made->atom_count] = label;
  pattern->last = made->atom_count++;
  pattern->at += strlen(symbol);
  return Q2_OK;
}

static int take_closure(struct pattern *pattern, struct q2_error *error) {
  char *end;
  const long number = strtol(pattern->at, &end, 10);
  if (pattern->last < 0 || number < 1 || number > pattern->made->atom_count || number - 1 == pattern->last)
    return refuse(pattern, error, "the number of another atom");
  Q2_TRY(add_bond(pattern, (int)number - 1, error));
  pattern->at = end;
  return Q2_OK;
}

static int take_next(struct pattern *pattern, struct q2_error *error) {
  const char c = *pattern->at;
  const int any_atom = strncmp(pattern->at, "00", 2) == 0;
  if ((c >= 'A' && c <= 'Z') || any_atom) return take_atom(pattern, error);
  if (c >= '0' && c <= '9') return take_closure(pattern, error);
  if (c == '(') {
    if (pattern->last < 0 || pattern->depth == Q2_MM3STAR_PATTERN) return refuse(pattern, error, "an atom before the bracket");
    pattern->branch[pattern->depth++] = pattern->last;
  } else if (c == ')') {
    if (pattern->depth == 0 || pattern->order) return refuse(pattern, error, "an open bracket and no bond before its end");
    pattern->last = pattern->branch[--pattern->depth];
  } else if (strchr("-=%*.", c)) {
    if (pattern->order || pattern->last < 0) return refuse(pattern, error, "an atom before the bond");
    pattern->order = c;
  } else {
    return refuse(pattern, error, "types, bonds (- = % * .), numbers and brackets");
  }
  pattern->at++;
  return Q2_OK;
}

int q2_mm3star_read_pattern(struct q2_mm3star *field, const struct q2_text *text, int line, const char *pattern,
                            struct q2_mm3star_substructure *substructure, struct q2_error *error) {
  struct pattern state = {.field = field, .text = text, .line = line, .at = pattern, .made = substructure, .last = -1};
  while (*state.at)
    Q2_TRY(take_next(&state, error));
  if (state.depth || state.order || substructure->atom_count == 0) return refuse(&state, error, "a closing bracket or an atom");
  return Q2_OK;
}
