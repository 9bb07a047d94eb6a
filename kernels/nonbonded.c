/* The tables of pair forms and combining rules as the set-up sees them. */
#include "nonbonded.h"

#include <string.h>

#define Q2_PAIR_FORM_ROW(ID, NAME, TYPE_KINDS, SIZE, RULES, PAIR_KINDS, FUNCTION) {NAME, TYPE_KINDS, SIZE, RULES, PAIR_KINDS},
const struct q2_pair_form_info q2_pair_forms[Q2_PAIR_FORM_COUNT] = {Q2_PAIR_FORMS(Q2_PAIR_FORM_ROW)};
#undef Q2_PAIR_FORM_ROW

#define Q2_COMBINING_ROW(ID, NAME, FUNCTION) NAME,
const char *const q2_combining_rules[Q2_COMBINING_COUNT] = {Q2_COMBINING_RULES(Q2_COMBINING_ROW)};
#undef Q2_COMBINING_ROW

int q2_pair_form_find(const char *name) {
  for (int form = 0; form < Q2_PAIR_FORM_COUNT; form++) {
    if (strcmp(q2_pair_forms[form].name, name) == 0) return form;
  }
  return -1;
}

int q2_combining_rule_find(const char *name) {
  for (int rule = 0; rule < Q2_COMBINING_COUNT; rule++) {
    if (strcmp(q2_combining_rules[rule], name) == 0) return rule;
  }
  return -1;
}
