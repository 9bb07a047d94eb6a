/* Small molecules assigned to force fields, for tests. */
#include "assigned.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/elements.h"
#include "../io/memory.h"

void assigned_add(struct q2_molecule_list *list, const struct assigned_molecule *molecule) {
  struct q2_words types, elements, bonds;
  q2_text_words(molecule->types, &types);
  q2_text_words(molecule->elements, &elements);
  q2_text_words(molecule->bonds, &bonds);
  struct q2_molecule_record *record = q2_molecule_add(list, types.count);
  snprintf(record->name, sizeof record->name, "%s", molecule->name);
  record->element = q2_allocate(types.count, sizeof *record->element);
  record->mass = q2_allocate(types.count, sizeof *record->mass);
  record->position = q2_allocate(3 * types.count, sizeof *record->position);
  record->type = q2_allocate(types.count, sizeof *record->type);
  record->bond = q2_allocate(bonds.count, sizeof *record->bond);
  record->bond_order = q2_allocate(bonds.count, sizeof *record->bond_order);
  record->bond_count = bonds.count;
  for (int a = 0; a < types.count; a++) {
    snprintf(record->type[a].text, sizeof record->type[a].text, "%.15s", types.word[a].text);
    record->element[a] = q2_element_number(elements.word[a].text);
    record->mass[a] = q2_element_mass(record->element[a]);
    const double some[3] = {20.0 * a, a % 2, a % 3};
    memcpy(record->position + 3 * a, molecule->position ? molecule->position + 3 * a : some, sizeof some);
  }
  for (int b = 0; b < bonds.count; b++) {
    char *end;
    record->bond[b][0] = (int32_t)strtol(bonds.word[b].text, &end, 10) - 1;
    record->bond_order[b] = *end == '~' ? Q2_BOND_PARTIAL : Q2_BOND_UNKNOWN;
    record->bond[b][1] = (int32_t)strtol(end + 1, NULL, 10) - 1;
  }
  if (molecule->charge) {
    record->partial_charge = q2_allocate(types.count, sizeof *record->partial_charge);
    memcpy(record->partial_charge, molecule->charge, (size_t)types.count * sizeof *record->partial_charge);
  }
}

int assigned_field(const char *path, const char *const *texts, int count, struct q2_force_field *field,
                   struct q2_error *error) {
  int status = Q2_OK;
  memset(field, 0, sizeof *field);
  for (int k = 0; k < count && status == Q2_OK; k++) {
    struct q2_text text;
    status = q2_text_from_bytes(path, texts[k], strlen(texts[k]), &text, error);
    if (status == Q2_OK) status = q2_force_field_format_of_path(path)->read(&text, field, error);
    q2_text_free(&text);
  }
  return status;
}

static int assign(const struct q2_force_field *field, const struct assigned_molecule *molecule,
                  const struct q2_assign_options *options, struct q2_dataset *dataset, struct q2_assignment_report *report,
                  struct q2_error *error) {
  struct q2_molecule_list list = {0};
  struct q2_builder *builder = NULL;
  assigned_add(&list, molecule);
  int status = q2_builder_create(&list, 0, 1, &builder, error);
  if (status == Q2_OK) status = q2_assign_rows(builder, field, options, report, error);
  if (status == Q2_OK) status = q2_builder_finish(MPI_COMM_SELF, builder, NULL, "", dataset, error);
  q2_builder_free(builder);
  q2_molecule_list_free(&list);
  return status;
}

int assigned(const char *path, const char *text, const struct assigned_molecule *molecule,
             const struct q2_assign_options *options, struct q2_dataset *dataset, struct q2_assignment_report *report,
             struct q2_error *error) {
  struct q2_force_field field;
  struct q2_assignment_report own = {0};
  memset(dataset, 0, sizeof *dataset);
  error->text[0] = '\0';
  int status = assigned_field(path, &text, 1, &field, error);
  if (status == Q2_OK) status = assign(&field, molecule, options, dataset, report ? report : &own, error);
  q2_assignment_report_free(&own);
  q2_force_field_free(&field);
  return status;
}

static char listed[16384];

static void append(const char *text) {
  const size_t length = strlen(listed);
  snprintf(listed + length, sizeof listed - length, "%s%s", length ? " " : "", text);
}

const char *assigned_terms(const struct q2_dataset *dataset, const char *form) {
  listed[0] = '\0';
  for (int t = 0; t < dataset->term_table_count; t++) {
    const struct q2_term_table *table = &dataset->terms[t];
    if (strcmp(table->form, form) != 0) continue;
    for (int64_t row = 0; row < table->offset[dataset->molecule_count]; row++) {
      char text[256];
      int length = 0;
      for (int k = 0; k < table->atom_count; k++)
        length += snprintf(text + length, sizeof text - (size_t)length, "%s%d", k ? "-" : "",
                           (int)table->atoms[row * table->atom_count + k] + 1);
      snprintf(text + length, sizeof text - (size_t)length, ":%s",
               dataset->parameters.label[table->parameters[row * table->parameter_count]]);
      append(text);
    }
  }
  return listed;
}

int assigned_row(const struct q2_dataset *dataset, const char *kind, const char *label) {
  for (int p = 0; p < dataset->parameters.count; p++)
    if (strcmp(dataset->parameters.kind[p], kind) == 0 && strcmp(dataset->parameters.label[p], label) == 0) return p;
  return -1;
}

double assigned_value(const struct q2_dataset *dataset, const char *kind, const char *label) {
  const int p = assigned_row(dataset, kind, label);
  return p >= 0 ? dataset->parameters.value[p] / dataset->parameters.factor[p] : NAN;
}

const char *assigned_active(const struct q2_dataset *dataset) {
  listed[0] = '\0';
  for (int p = 0; p < dataset->parameters.count; p++) {
    char text[128];
    snprintf(text, sizeof text, "%s:%s", dataset->parameters.kind[p], dataset->parameters.label[p]);
    if (dataset->parameters.active[p]) append(text);
  }
  return listed;
}

int assigned_noted(const struct q2_assignment_report *report, const char *what, const char *types, enum q2_match_how how) {
  const struct q2_assignment_entry *entry = report->entries.data;
  int count = 0;
  for (int64_t k = 0; k < report->entries.count; k++)
    if (strcmp(entry[k].what, what) == 0 && (!types || strcmp(entry[k].types, types) == 0) && entry[k].how == (int32_t)how)
      count += (int)entry[k].count;
  return count;
}
