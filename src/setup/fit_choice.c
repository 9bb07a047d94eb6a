/* -fit: which parameters of an imported force field vary. */
#include "fit_choice.h"

#include <stdio.h>
#include <string.h>

#include "../../io/units.h"

int q2_fit_names(const char *fit, const char *kind) {
  const size_t length = strlen(kind);
  for (const char *at = fit; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
    if (strncmp(at, kind, length) == 0 && (at[length] == ',' || at[length] == '\0')) return 1;
  return 0;
}

static int is_word(const char *fit) {
  return strcmp(fit, "marked") == 0 || strcmp(fit, "all") == 0 || strcmp(fit, "none") == 0;
}

int q2_fit_check(const char *fit, struct q2_error *error) {
  if (is_word(fit)) return Q2_OK;
  for (const char *at = fit; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
    char kind[64];
    snprintf(kind, sizeof kind, "%.*s", (int)strcspn(at, ","), at);
    if (!q2_unit_inside(kind))
      return q2_fail(error, "-fit %s: \"%s\" is no kind of parameter; expected marked, all, none or kinds", fit, kind);
  }
  return Q2_OK;
}

int q2_fit_varies(const char *fit, const char *kind, int marked) {
  if (strcmp(fit, "marked") == 0) return marked;
  if (is_word(fit)) return strcmp(fit, "all") == 0;
  return q2_fit_names(fit, kind);
}
