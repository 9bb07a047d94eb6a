/* Parameters of rows: their labels, which of them vary, the terms they make, and what is noted of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "../parameter_kinds.h"
#include "assign_parts.h"
#include "fit_choice.h"
#include "perception.h"

/* --- labels --- */

/* "C3-H1", "C3~H1" across a partial bond, "C3-Rh6-C3@90", "H1-C3-C3-H1/2" for a periodicity. */
static void write_label(const struct q2_type_row *row, char *label, size_t size) {
  int length = 0;
  for (int k = 0; k < row->atom_count; k++)
    length += snprintf(label + length, size - (size_t)length, "%s%s",
                       k == 0                        ? ""
                       : row->partial & 1 << (k - 1) ? "~"
                                                     : "-",
                       row->atom[k].text);
  if (row->angle_class == 1)
    snprintf(label + length, size - (size_t)length, "@linear");
  else if (row->angle_class)
    snprintf(label + length, size - (size_t)length, "@%d", row->angle_class);
  else if (strcmp(row->form, "torsion_fourier") == 0 || strcmp(row->form, "improper_fourier") == 0)
    snprintf(label + length, size - (size_t)length, "/%g", row->constant);
}

/* Takes `label` for a row unless another one of the same family has it, or it is too long: then the number is put behind it. */
static int take_label(struct q2_assigner *a, struct q2_lookup *taken, int family, const char *label, int number,
                      char to[Q2_LABEL_LENGTH]) {
  char key[Q2_KIND_LENGTH + 128];
  const int length = snprintf(key, sizeof key, "%d %s", family, label);
  const int64_t known = taken->count;
  if (strlen(label) < Q2_LABEL_LENGTH) {
    const int64_t place = q2_lookup_add(taken, key, (size_t)length);
    if (place < 0) return q2_fail(a->error, "no memory for %d labels of parameters", a->field->row_count);
    if (place == known) {
      strcpy(to, label);
      return Q2_OK;
    }
  }
  snprintf(to, Q2_LABEL_LENGTH, "%.*s #%d", Q2_LABEL_LENGTH - 14, label, number);
  return Q2_OK;
}

int q2_assign_labels(struct q2_assigner *a) {
  const struct q2_force_field *field = a->field;
  struct q2_lookup taken = {0};
  a->label = q2_allocate(field->row_count, sizeof *a->label);
  a->nonbonded_label = q2_allocate(field->nonbonded_count, sizeof *a->nonbonded_label);
  a->divisor = q2_allocate(field->row_count, sizeof *a->divisor);
  int status = a->label && a->nonbonded_label && a->divisor
                   ? Q2_OK
                   : q2_fail(a->error, "no memory for %d rows of a force field", field->row_count);
  for (int r = 0; r < field->row_count && status == Q2_OK; r++) {
    char label[128];
    write_label(&field->row[r], label, sizeof label);
    status = take_label(a, &taken, (int)q2_assign_family(field->row[r].form), label, r + 1, a->label[r]);
  }
  for (int n = 0; n < field->nonbonded_count && status == Q2_OK; n++)
    status = take_label(a, &taken, -1, field->nonbonded[n].name.text, n + 1, a->nonbonded_label[n]);
  q2_lookup_free(&taken);
  return status;
}

/* --- parameters --- */

/* Under "marked" a phase stays, as does a straight angle: beside 180 degrees its energy has a cusp. What the file does not hold
 * varies only where it is named. */
int q2_assign_varies(const struct q2_assigner *a, const char *kind, const struct q2_file_number *number, int marked) {
  const int stays = strstr(kind, "_phase") != NULL ||
                    (strcmp(kind, "angle_eq") == 0 && strcmp(number->unit, "degree") == 0 && number->value == 180.0);
  const int derived = number->line == 0 && a->rules != Q2_RULES_OF_TYPES;
  if (derived) return q2_fit_names(a->options->fit, kind);
  return q2_fit_varies(a->options->fit, kind, (marked || !a->marks_any) && !stays);
}

/* How far an equilibrium value of a new force field may go. At fixed geometries slopes are a knob of the Hessian like any
 * other, and without bounds they move equilibrium values to where no bond is (docs/typing.md). 0: no bounds. */
static double room(const struct q2_assigner *a, const char *kind) {
  if (a->rules != Q2_RULES_OF_TYPES) return 0.0;
  if (strcmp(kind, "angle_eq") == 0) return 20.0;                                          /* degrees */
  return strcmp(kind, "bond_eq") == 0 || strcmp(kind, "urey_bradley_eq") == 0 ? 0.2 : 0.0; /* angstrom */
}

static int add(struct q2_assigner *a, const struct q2_file_number *number, const char *kind, const char *label, int active,
               int divisor, int64_t order, int *key) {
  const double multiplier = number->multiplier / divisor, value = multiplier * number->value, wide = room(a, kind);
  const double least = strcmp(kind, "angle_eq") == 0 && value - wide < 0.0 ? 0.0 : value - wide;
  const double most = strcmp(kind, "angle_eq") == 0 && value + wide > 180.0 ? 180.0 : value + wide;
  const struct q2_new_parameter parameter = {.kind = kind,
                                             .label = label,
                                             .unit = number->unit,
                                             .value = value,
                                             .lower = wide > 0.0 ? least : -1e300,
                                             .upper = wide > 0.0 ? most : 1e300,
                                             .active = active,
                                             .order = order,
                                             .multiplier = multiplier,
                                             .line = number->line,
                                             .column = number->column,
                                             .width = number->width};
  return q2_builder_parameter(a->builder, &parameter, key, a->error);
}

int q2_assign_number(struct q2_assigner *a, const struct q2_file_number *number, const char *kind, const char *label,
                     int fitted, int64_t order, int *key) {
  return add(a, number, kind, label, fitted, 1, order, key);
}

/* A number that varies is one parameter: it must be divided alike wherever it is used. */
static int check_divisor(struct q2_assigner *a, const struct q2_type_row *row, int divisor) {
  int *known = &a->divisor[row - a->field->row];
  if (*known == 0) *known = divisor;
  if (*known == divisor) return Q2_OK;
  return q2_fail(a->error, "%s:%d: the constant of %s is to be fitted, and is shared by %d terms of %s, by %d elsewhere",
                 a->field->name, row->line, a->label[row - a->field->row], divisor, a->record->name, *known);
}

int q2_assign_parameter(struct q2_assigner *a, const struct q2_type_row *row, int p, int divisor, int *key) {
  const char *kind = q2_row_form_named(row->form)->kind[p];
  const int number = (int)(row - a->field->row), active = q2_assign_varies(a, kind, &row->parameter[p], row->fitted);
  char label[Q2_LABEL_LENGTH + 16];
  if (active && divisor > 0 && p == 0) Q2_TRY(check_divisor(a, row, divisor));
  snprintf(label, sizeof label, divisor > 1 && !active ? "%s, 1/%d" : "%s", a->label[number], divisor);
  return add(a, &row->parameter[p], kind, label, active, divisor, 16 * (int64_t)number + p, key);
}

int q2_assign_new(struct q2_assigner *a, const int *atoms, int count, int keys[2]) {
  static const char *const kinds[2][2] = {{"bond_k", "bond_eq"}, {"angle_k", "angle_eq"}};
  const char *const *kind = kinds[count - 2];
  const int turned = strcmp(a->record->type[atoms[0]].text, a->record->type[atoms[count - 1]].text) > 0;
  int canonical[3];
  char names[96], label[104];
  for (int k = 0; k < count; k++)
    canonical[k] = atoms[turned ? count - 1 - k : k];
  q2_assign_type_names(a, canonical, count, names);
  snprintf(label, sizeof label, "%s new", names);
  const double radii = q2_element_radius(a->record->element[atoms[0]]) + q2_element_radius(a->record->element[atoms[1]]);
  const struct q2_file_number number[2] = {{.value = q2_force_constant_find(kind[0])->standard, .multiplier = 1.0},
                                           {.value = count == 3    ? 109.5
                                                     : radii > 0.0 ? radii
                                                                   : 1.5,
                                            .multiplier = 1.0}};
  for (int p = 0; p < 2; p++) {
    struct q2_file_number at = number[p];
    strcpy(at.unit, p == 0 ? (count == 2 ? "kcal/mol/angstrom^2" : "kcal/mol/rad^2") : (count == 2 ? "angstrom" : "degree"));
    const int64_t order = 16 * ((int64_t)a->field->row_count + a->field->nonbonded_count + a->field->pair_count) + p;
    Q2_TRY(add(a, &at, kind[p], label, q2_fit_varies(a->options->fit, kind[p], 1), 1, order, &keys[p]));
  }
  return Q2_OK;
}

/* --- angles by hydrogens --- */

/* Hydrogens at the middle of an angle, its own atoms not counted. */
static int hydrogens_beside(const struct q2_assigner *a, const int *angle) {
  int count = 0;
  for (int n = a->topology->start[angle[1]]; n < a->topology->start[angle[1] + 1]; n++) {
    const int other = a->topology->neighbour[n];
    count += other != angle[0] && other != angle[2] && a->record->element[other] == 1;
  }
  return count;
}

int q2_assign_holds(const struct q2_assigner *a, const struct q2_type_row *row, const int *atoms) {
  const int hydrogens = row->further_count ? hydrogens_beside(a, atoms) : 0;
  return hydrogens == 0 || (hydrogens <= row->further_count && row->further[hydrogens - 1].value != 0.0);
}

static int angle_parameter(struct q2_assigner *a, const struct q2_type_row *row, const int *atoms, int p, int *key) {
  const int number = (int)(row - a->field->row), hydrogens = p == 1 ? hydrogens_beside(a, atoms) : 0;
  char label[Q2_LABEL_LENGTH + 16];
  if (hydrogens == 0) return q2_assign_parameter(a, row, p, 1, key);
  const struct q2_file_number *eq = &row->further[hydrogens - 1];
  snprintf(label, sizeof label, "%s, %d H", a->label[number], hydrogens);
  return add(a, eq, "angle_eq", label, q2_assign_varies(a, "angle_eq", eq, row->fitted), 1,
             16 * (int64_t)number + Q2_ROW_PARAMETERS + hydrogens, key);
}

/* --- terms --- */

/* Whether a row has no energy and cannot get any. */
static int is_idle(const struct q2_assigner *a, const struct q2_type_row *row) {
  const struct q2_row_form *form = q2_row_form_named(row->form);
  for (int p = 0; p < form->parameter_count; p++) {
    if (strstr(form->kind[p], "_phase") || strstr(form->kind[p], "_eq")) continue;
    if (row->parameter[p].value != 0.0 || q2_assign_varies(a, form->kind[p], &row->parameter[p], row->fitted)) return 0;
  }
  return strncmp(row->form, "bond_", 5) != 0 && strncmp(row->form, "angle_", 6) != 0; /* equilibrium values of cross terms */
}

static int add_term(struct q2_assigner *a, const struct q2_type_row *row, const int *atoms, int divisor, const int *elsewhere,
                    int elsewhere_count, int32_t *eq) {
  const struct q2_row_form *form = q2_row_form_named(row->form);
  const int between_ends = strcmp(row->form, "urey_bradley") == 0; /* of its angle */
  const int ends[2] = {atoms[0], atoms[between_ends ? 2 : 1]};
  int keys[2 * Q2_ROW_PARAMETERS];
  for (int p = 0; p < form->parameter_count; p++) {
    const int shared = strstr(form->kind[p], "_phase") == NULL && strstr(form->kind[p], "_eq") == NULL;
    if (row->further_count)
      Q2_TRY(angle_parameter(a, row, atoms, p, &keys[p]));
    else
      Q2_TRY(q2_assign_parameter(a, row, p, shared ? divisor : 1, &keys[p]));
    if (eq && !shared) *eq = keys[p];
  }
  for (int k = 0; k < elsewhere_count; k++)
    keys[form->parameter_count + k] = elsewhere[k];
  return q2_builder_term(a->builder, a->molecule, row->form, between_ends ? ends : atoms, keys,
                         form->has_constant ? &row->constant : NULL, 0, a->error);
}

int q2_assign_series(struct q2_assigner *a, const struct q2_type_row *row, const int *atoms, int divisor, const int *elsewhere,
                     int elsewhere_count, int32_t *eq) {
  const struct q2_type_row *const end = a->field->row + a->field->row_count;
  const struct q2_type_row *at = row;
  if (eq) *eq = -1;
  do {
    if (!is_idle(a, at)) Q2_TRY(add_term(a, at, atoms, divisor, elsewhere, elsewhere_count, eq));
    at++;
  } while (at < end && at->component == at - row && strcmp(at->form, row->form) == 0);
  return Q2_OK;
}

/* --- notes --- */

void q2_assign_type_names(const struct q2_assigner *a, const int *atoms, int count, char text[96]) {
  int length = 0;
  for (int k = 0; k < count && length < 96; k++)
    length += snprintf(text + length, (size_t)(96 - length), "%s%s", k ? "-" : "", a->record->type[atoms[k]].text);
}

void q2_assign_example(const struct q2_assigner *a, const int *atoms, int count, char text[128]) {
  int length = snprintf(text, 128, "%.63s (atom%s", a->record->name, count > 1 ? "s" : "");
  for (int k = 0; k < count; k++)
    length += snprintf(text + length, (size_t)(128 - length), " %d", atoms[k] + 1);
  snprintf(text + length, (size_t)(128 - length), ")");
}

int q2_assign_note(struct q2_assigner *a, const char *what, const struct q2_type_row *row, const int *atoms, int count,
                   const char *why) {
  char types[96], example[128];
  q2_assign_type_names(a, atoms, count, types);
  q2_assign_example(a, atoms, count, example);
  const enum q2_match_how how = !row ? Q2_MATCHED_NONE : q2_assign_wildcards(row) > 0 ? Q2_MATCHED_BY_WILDCARD : Q2_MATCHED;
  return q2_assignment_note(a->report, what, types, how, row ? row->line : 0, row ? a->label[row - a->field->row] : why,
                            example, a->error);
}
