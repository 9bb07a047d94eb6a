/* Which form each term table of a data set has, checked against the table of forms. */
#include <math.h>
#include <string.h>

#include "../kernels/forms.h"
#include "batch_parts.h"
#include "parameter_kinds.h"

/* What the constants of a form mean decides what they may be. */
static int check_constants(const struct q2_dataset *dataset, const struct q2_term_table *table, const struct q2_form_info *form,
                           struct q2_error *error) {
  for (int64_t k = 0; k < table->offset[dataset->molecule_count] * table->constant_count; k++) {
    const double value = table->constants[k];
    const int integer = value == floor(value);
    if (q2_word_is(form->constant_meanings, (int)(k % table->constant_count), "periodicity") &&
        (!integer || value < 1 || value > 12)) {
      return q2_fail(error, "%s: /force_field/terms/%s/constants: periodicity %g (expected an integer from 1 to 12)",
                     dataset->path, table->form, value);
    }
    if (q2_word_is(form->constant_meanings, (int)(k % table->constant_count), "grid") &&
        (!integer || value < 0 || value >= dataset->cmap.grid_count)) {
      return q2_fail(
          error, "%s: /force_field/terms/%s/constants: grid %g (expected one of the %d rows of /force_field/cmap/grid, from 0)",
          dataset->path, table->form, value, dataset->cmap.grid_count);
    }
  }
  return Q2_OK;
}

static int check_kinds(const struct q2_dataset *dataset, const struct q2_term_table *table, const struct q2_form_info *form,
                       struct q2_error *error) {
  const struct q2_parameters *parameters = &dataset->parameters;
  for (int64_t k = 0; k < table->offset[dataset->molecule_count] * table->parameter_count; k++) {
    const int row = table->parameters[k];
    if (!q2_word_is(form->parameter_kinds, (int)(k % table->parameter_count), parameters->kind[row])) {
      return q2_fail(error, "%s: /force_field/terms/%s/parameters: row %d (%s) is of kind %s (expected kinds: %s)",
                     dataset->path, table->form, row, parameters->label[row], parameters->kind[row], form->parameter_kinds);
    }
  }
  return Q2_OK;
}

/* A term at sites has room for the atoms that its own are moved towards. */
static int check_sites(const struct q2_dataset *dataset, const struct q2_term_table *table, struct q2_error *error) {
  int32_t atom[Q2_MAX_TERM_ATOMS], site[Q2_MAX_TERM_ATOMS];
  for (int64_t m = 0; table->at_sites && m < dataset->molecule_count; m++) {
    for (int64_t row = table->offset[m]; row < table->offset[m + 1]; row++) {
      if (q2_term_atoms(dataset, m, table, row, atom, site) < 0)
        return q2_fail(error,
                       "%s: /force_field/terms/%s/at_sites: molecule '%s': its row %lld has more than %d atoms with those that "
                       "they are moved towards (expected at most that many)",
                       dataset->path, table->form, dataset->name[m].text, (long long)(row - table->offset[m]),
                       Q2_MAX_TERM_ATOMS);
    }
  }
  return Q2_OK;
}

int q2_forms_resolve(const struct q2_dataset *dataset, int *form, struct q2_error *error) {
  for (int t = 0; t < dataset->term_table_count; t++) {
    const struct q2_term_table *table = &dataset->terms[t];
    form[t] = q2_form_find(table->form);
    if (form[t] < 0 || strchr(table->form, '*')) {
      return q2_fail(error, "%s: /force_field/terms/%s: unknown form (docs/forces.md lists the forms)", dataset->path,
                     table->form);
    }
    const struct q2_form_info *info = &q2_forms[form[t]];
    if (table->atom_count != info->atom_count || table->parameter_count != info->parameter_count ||
        table->constant_count != info->constant_count) {
      return q2_fail(error, "%s: /force_field/terms/%s: %d atoms, %d parameters, %d constants a term (expected %d, %d, %d)",
                     dataset->path, table->form, table->atom_count, table->parameter_count, table->constant_count,
                     info->atom_count, info->parameter_count, info->constant_count);
    }
    Q2_TRY(check_kinds(dataset, table, info, error));
    Q2_TRY(check_constants(dataset, table, info, error));
    Q2_TRY(check_sites(dataset, table, error));
  }
  return Q2_OK;
}
