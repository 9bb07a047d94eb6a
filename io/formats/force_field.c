/* Force fields of rows: made, grown, searched, released. */
#include "force_field.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void q2_force_field_free(struct q2_force_field *field) {
  for (int r = 0; r < field->residue_count; r++) {
    free(field->residue[r].atom);
    free(field->residue[r].bond);
  }
  free(field->type);
  free(field->row);
  free(field->nonbonded);
  free(field->pair);
  free(field->charge);
  free(field->residue);
  free(field->warning);
  free(field->inherited);
  memset(field, 0, sizeof *field);
}

/* Makes room for one more element of `size` bytes in an array of `count`, whose capacity is the power of two at or above. */
static int grow(void **array, int count, size_t size, struct q2_error *error) {
  if (count & (count - 1)) return Q2_OK;
  const size_t capacity = count ? 2 * (size_t)count : 1;
  void *grown = count < 1 << 29 ? realloc(*array, capacity * size) : NULL;
  if (!grown) return q2_fail(error, "no memory for %zu rows of a force field", capacity);
  *array = grown;
  return Q2_OK;
}

#define APPEND(array, count, element)                                                                                          \
  do {                                                                                                                         \
    void *memory = array;                                                                                                      \
    Q2_TRY(grow(&memory, count, sizeof *(array), error));                                                                      \
    array = memory;                                                                                                            \
    (array)[(count)++] = *(element);                                                                                           \
  } while (0)

int q2_force_field_add_type(struct q2_force_field *field, const struct q2_atom_type *type, struct q2_error *error) {
  APPEND(field->type, field->type_count, type);
  return Q2_OK;
}

int q2_force_field_add_row(struct q2_force_field *field, const struct q2_type_row *row, struct q2_error *error) {
  APPEND(field->row, field->row_count, row);
  return Q2_OK;
}

int q2_force_field_add_nonbonded(struct q2_force_field *field, const struct q2_nonbonded_row *row, struct q2_error *error) {
  APPEND(field->nonbonded, field->nonbonded_count, row);
  return Q2_OK;
}

int q2_force_field_add_pair(struct q2_force_field *field, const struct q2_pair_row *row, struct q2_error *error) {
  APPEND(field->pair, field->pair_count, row);
  return Q2_OK;
}

int q2_force_field_add_charge(struct q2_force_field *field, const struct q2_charge_row *row, struct q2_error *error) {
  APPEND(field->charge, field->charge_count, row);
  return Q2_OK;
}

int q2_force_field_add_residue(struct q2_force_field *field, const struct q2_residue *residue, struct q2_error *error) {
  APPEND(field->residue, field->residue_count, residue);
  return Q2_OK;
}

void q2_force_field_warn(struct q2_force_field *field, int line, const char *format, ...) {
  struct q2_field_warning warning = {line, ""};
  struct q2_error error;
  va_list values;
  va_start(values, format);
  vsnprintf(warning.text, sizeof warning.text, format, values);
  va_end(values);
  if (field->warning_count == Q2_MOST_WARNINGS) return;
  for (int w = 0; w < field->warning_count; w++)
    if (strcmp(field->warning[w].text, warning.text) == 0) return;
  void *memory = field->warning;
  if (grow(&memory, field->warning_count, sizeof warning, &error) != Q2_OK) return;
  field->warning = memory;
  field->warning[field->warning_count++] = warning;
}

const struct q2_atom_type *q2_force_field_type(const struct q2_force_field *field, const char *name) {
  for (int t = 0; t < field->type_count; t++)
    if (strcmp(field->type[t].name.text, name) == 0) return &field->type[t];
  return NULL;
}

const struct q2_atom_type *q2_force_field_class(const struct q2_force_field *field, const char *name) {
  for (int t = 0; t < field->type_count; t++)
    if (strcmp(field->type[t].class_name.text, name) == 0) return &field->type[t];
  return NULL;
}

static const struct q2_row_form forms[] = {
    {"bond_harmonic", 2, 2, {"bond_k", "bond_eq"}, 0, NULL},
    {"bond_mm3", 2, 2, {"bond_k", "bond_eq"}, 0, NULL},
    {"bond_morse", 2, 3, {"morse_d", "morse_a", "bond_eq"}, 0, NULL},
    {"angle_harmonic", 3, 2, {"angle_k", "angle_eq"}, 0, NULL},
    {"angle_mm3", 3, 2, {"angle_k", "angle_eq"}, 1, NULL},
    {"angle_cosine", 3, 2, {"angle_cosine_k", "angle_eq"}, 0, NULL},
    {"urey_bradley", 3, 2, {"urey_bradley_k", "urey_bradley_eq"}, 0, NULL},
    {"torsion_fourier", 4, 2, {"torsion_k", "torsion_phase"}, 1, NULL},
    {"torsion_mm3", 4, 3, {"torsion_v1", "torsion_v2", "torsion_v3"}, 0, NULL},
    {"improper_fourier", 4, 2, {"improper_k", "improper_phase"}, 1, NULL},
    {"improper_harmonic", 4, 2, {"improper_harmonic_k", "improper_eq"}, 0, NULL},
    {"out_of_plane_harmonic", 4, 1, {"out_of_plane_k"}, 0, NULL},
    {"out_of_plane_mm3", 4, 1, {"out_of_plane_k"}, 1, NULL},
    {"stretch_bend", 3, 1, {"stretch_bend_k"}, 0, "bond_eq, bond_eq, angle_eq"},
    {"torsion_stretch", 4, 3, {"torsion_stretch_v1", "torsion_stretch_v2", "torsion_stretch_v3"}, 0, "bond_eq"},
};

const struct q2_row_form *q2_row_form_named(const char *form) {
  for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++)
    if (strcmp(forms[f].form, form) == 0) return &forms[f];
  return NULL;
}

int q2_type_name_set(const struct q2_text *text, int line, const char *word, struct q2_type_name *name,
                     struct q2_error *error) {
  const size_t length = strlen(word);
  if (length >= Q2_TYPE_LENGTH)
    return q2_text_fail(text, line, error, "the atom type \"%.40s\" is longer than %d characters", word, Q2_TYPE_LENGTH - 1);
  memset(name, 0, sizeof *name);
  memcpy(name->text, word, length);
  return Q2_OK;
}
