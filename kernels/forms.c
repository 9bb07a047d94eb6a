/* The table of forms as the set-up sees it. */
#include "forms.h"

#include <string.h>

#define Q2_FORM_ROW(ID, NAME, COORDINATES, NC, NA, NP, NK, KINDS, MEANINGS, FUNCTION)                                          \
  {NAME, COORDINATES, NC, NA, NP, NK, KINDS, MEANINGS},
const struct q2_form_info q2_forms[Q2_FORM_COUNT] = {Q2_FORMS(Q2_FORM_ROW)};
#undef Q2_FORM_ROW

int q2_form_find(const char *name) {
  for (int form = 0; form < Q2_FORM_COUNT; form++) {
    if (strcmp(q2_forms[form].name, name) == 0) return form;
  }
  return -1;
}

/* The other form of the same name but for a star at its end, or -1. */
static int partner(int form) {
  const char *name = q2_forms[form].name;
  const size_t length = strcspn(name, "*");
  for (int other = 0; other < Q2_FORM_COUNT; other++) {
    const char *candidate = q2_forms[other].name;
    if (other != form && strcspn(candidate, "*") == length && strncmp(name, candidate, length) == 0) return other;
  }
  return -1;
}

int q2_form_faded(int form) { return strchr(q2_forms[form].name, '*') ? -1 : partner(form); }

int q2_form_plain(int form) { return strchr(q2_forms[form].name, '*') ? partner(form) : form; }
