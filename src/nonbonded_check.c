/* The non-bonded part of a data set against the registry of pair forms. */
#include "nonbonded_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "parameter_kinds.h"

#define NONBONDED "/force_field/nonbonded"
#define SPECIAL NONBONDED "/special"

/* Whether `word` is one of the blank-separated `words`. */
static int has_word(const char *words, const char *word) {
  for (const char *at = words; at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL) {
    if (q2_word_is(at, 0, word)) return 1;
  }
  return 0;
}

/* Refuses a form that is unknown or, where types_only, not one of atom types; lists the others. */
static int find_form(const struct q2_dataset *dataset, const char *where, const char *name, int types_only, int *form,
                     struct q2_error *error) {
  char known[256] = "";
  *form = q2_pair_form_find(name);
  if (*form >= 0 && (!types_only || q2_pair_forms[*form].type_kinds[0])) return Q2_OK;
  for (int f = 0; f < Q2_PAIR_FORM_COUNT; f++) {
    const size_t used = strlen(known);
    if (!types_only || q2_pair_forms[f].type_kinds[0])
      snprintf(known + used, sizeof known - used, used ? ", %s" : "%s", q2_pair_forms[f].name);
  }
  return q2_fail(error, "%s: %s: expected a form out of %s, found '%s'", dataset->path, where, known, name);
}

/* Parameter number `index` of a pair or type: its kind is that word of `kinds`, its value one that the form can take. */
static int check_parameter(const struct q2_dataset *dataset, const char *where, int row, const char *kinds, int index,
                           struct q2_error *error) {
  const struct q2_parameters *p = &dataset->parameters;
  const char *kind = p->kind[row];
  if (!q2_word_is(kinds, index, kind))
    return q2_fail(error, "%s: %s: parameter row %d (%s) is of kind %s (expected kinds: %s)", dataset->path, where, row,
                   p->label[row], kind, kinds);
  const int divides = strcmp(kind, "vdw_radius") == 0 || strcmp(kind, "vdw_distance") == 0; /* r is measured in it */
  if (strncmp(kind, "hydrogen_", strlen("hydrogen_")) == 0 || p->value[row] > 0 || (!divides && p->value[row] == 0))
    return Q2_OK;
  return q2_fail(error, "%s: %s: parameter row %d (%s) is %g %s (expected %s)", dataset->path, where, row, p->label[row],
                 p->value[row] / p->factor[row], p->unit[row], divides ? "more than 0" : "at least 0");
}

static int check_types(const struct q2_dataset *dataset, const struct q2_pair_form_info *form, struct q2_error *error) {
  const struct q2_nonbonded *y = &dataset->nonbonded;
  if (strcmp(y->size_name, form->size) != 0)
    return q2_fail(error, "%s: " NONBONDED ": expected the dataset %s for the form %s, found %s", dataset->path, form->size,
                   form->name, y->size_name);
  for (int t = 0; t < y->type_count; t++) {
    char where[2 * Q2_LABEL_LENGTH];
    snprintf(where, sizeof where, NONBONDED "/epsilon: type %d", t);
    Q2_TRY(check_parameter(dataset, where, y->epsilon[t], form->type_kinds, 0, error));
    snprintf(where, sizeof where, NONBONDED "/%s: type %d", form->size, t);
    Q2_TRY(check_parameter(dataset, where, y->size[t], form->type_kinds, 1, error));
  }
  return Q2_OK;
}

static int check_special(const struct q2_dataset *dataset, int *special_form, struct q2_error *error) {
  const struct q2_nonbonded *y = &dataset->nonbonded;
  for (int k = 0; k < y->special_count; k++) {
    char where[2 * Q2_LABEL_LENGTH];
    snprintf(where, sizeof where, SPECIAL "/form: row %d", k);
    Q2_TRY(find_form(dataset, where, y->special_form[k], 0, &special_form[k], error));
    snprintf(where, sizeof where, SPECIAL "/parameters: row %d", k);
    for (int s = 0; s < 2; s++) {
      const char *kinds = q2_pair_forms[special_form[k]].pair_kinds;
      Q2_TRY(check_parameter(dataset, where, y->special_parameters[2 * k + s], kinds, s, error));
    }
  }
  return Q2_OK;
}

static int resolve(const struct q2_dataset *dataset, struct q2_nonbonded_forms *forms, struct q2_error *error) {
  const struct q2_nonbonded *y = &dataset->nonbonded;
  Q2_TRY(find_form(dataset, NONBONDED ": attribute form", y->form, 1, &forms->form, error));
  const struct q2_pair_form_info *form = &q2_pair_forms[forms->form];
  forms->rule = q2_combining_rule_find(y->combining_rule);
  if (forms->rule < 0 || !has_word(form->combining_rules, y->combining_rule))
    return q2_fail(error, "%s: " NONBONDED ": attribute combining_rule: expected a rule out of %s for the form %s, found '%s'",
                   dataset->path, form->combining_rules, form->name, y->combining_rule);
  Q2_TRY(check_types(dataset, form, error));
  return check_special(dataset, forms->special_form, error);
}

int q2_nonbonded_resolve(const struct q2_dataset *dataset, struct q2_nonbonded_forms *forms, struct q2_error *error) {
  *forms = (struct q2_nonbonded_forms){0};
  if (dataset->nonbonded.type_count == 0) return Q2_OK;
  forms->special_count = dataset->nonbonded.special_count;
  forms->special_form = q2_allocate(forms->special_count, sizeof *forms->special_form);
  const int status = forms->special_form ? resolve(dataset, forms, error)
                                         : q2_fail(error, "out of memory for %d rows of " SPECIAL, forms->special_count);
  if (status != Q2_OK) q2_nonbonded_forms_free(forms);
  return status;
}

void q2_nonbonded_forms_free(struct q2_nonbonded_forms *forms) {
  free(forms->special_form);
  *forms = (struct q2_nonbonded_forms){0};
}
