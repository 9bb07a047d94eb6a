/* The table of forms as the set-up sees it. */
#include "forms.h"

#include <string.h>

#define Q2_FORM_ROW(ID, NAME, COORDINATES, NC, NA, NP, NK, KINDS, FUNCTION) {NAME, COORDINATES, NC, NA, NP, NK, KINDS},
const struct q2_form_info q2_forms[Q2_FORM_COUNT] = {Q2_FORMS(Q2_FORM_ROW)};
#undef Q2_FORM_ROW

int q2_form_find(const char *name) {
  for (int form = 0; form < Q2_FORM_COUNT; form++) {
    if (strcmp(q2_forms[form].name, name) == 0) return form;
  }
  return -1;
}
