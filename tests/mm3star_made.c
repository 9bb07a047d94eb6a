/* Small MM3* force fields and molecules for tests. */
#include "mm3star_made.h"

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/elements.h"
#include "../io/memory.h"

const char mm3star_head[] = " A force field for tests\n"
                            "-1\n"
                            " 0    STR     3      601.99392\n"
                            " 0    BND     3      601.99392\n"
                            " 0    TOR     1        2.09200\n"
                            " 0    IMP     1       60.19939\n"
                            " 0    S-B     1      601.99392\n"
                            " 0    B-B     1        4.18400\n"
                            " 0    T-S     1        4.18400\n"
                            " 0    VDW     3        4.18400\n"
                            " 0    ELE     1     1389.50000\n"
                            " 0    V14     4        1.00000\n"
                            " 0    SEL     1                 O kept\n"
                            "-5\n"
                            " 1  PX  P3 P5\n"
                            " 2  HX  H1 H2\n";

const char mm3star_table[] = "-6\n"
                             "  C2     1.9400     0.0560     0.0000                                   O200    O 1\n"
                             "  C2     1.9600     0.0560     0.0000                                   0000    O 1\n"
                             "  C3     2.0400     0.0270     0.0000                                   0000    O 1\n"
                             "  H1     1.5000     0.0200     0.0000                                   P300    O 1\n"
                             "  H1     1.6200     0.0200    -0.0800                                   0000    O 1\n"
                             "  H4     1.6000     0.0340     0.0000                                   0000    O 1\n"
                             "  CP     1.9400     0.0560     0.0000                                   0000    O 1\n"
                             "  H2     1.6000     0.0160     0.0000                                   0000    O 1\n"
                             "  O2     1.8200     0.0590     0.0000                                   0000    O 1\n"
                             "  O3     1.8300     0.0590     0.0000                                   0000    O 1\n"
                             "  P3     2.2200     0.1680     0.0000                                   0000    O 1\n"
                             "  N4     1.9300     0.0430     0.0000     1.0000                        0000    O 1\n"
                             "  Z0     2.0000     0.6300     0.0000     2.0000                        0000    O 1\n"
                             "  RH     2.6900     0.1400     0.0000     3.0000                        0000    O 1\n"
                             " END OF NONBONDED INTERACTIONS\n";

static void append(char *text, size_t size, const char *more) {
  const size_t length = strlen(text);
  snprintf(text + length, size - length, "%s", more);
}

void mm3star_row(char *text, size_t size, const char *types, double a, double b, double c, const char *conditions) {
  const double value[3] = {a, b, c};
  char line[256];
  const int whole = (types[0] >= 'a' && types[0] <= 'z') || strncmp(types, "54", 2) == 0; /* from column 0 on */
  int length = snprintf(line, sizeof line, "%s%-*s", whole ? "" : " ", whole ? 23 : 22, types);
  for (int k = 0; k < 3; k++)
    length += isnan(value[k]) ? snprintf(line + length, 32, "%*s", k ? 11 : 10, "")
                              : snprintf(line + length, 32, "%*.4f", k ? 11 : 10, value[k]);
  snprintf(line + length, sizeof line - (size_t)length, " %s\n", conditions);
  append(text, size, line);
}

void mm3star_field(char *text, size_t size, const char *main_rows, const char *substructures) {
  snprintf(text, size, "%s-2\n%s%s", mm3star_head, main_rows, mm3star_table);
  for (const char *at = substructures; at && *at;) { /* each begins with its title */
    const char *next = strstr(at + 1, "\n C  ");
    const char *next_stop = strstr(at + 1, "\n S  ");
    if (!next || (next_stop && next_stop < next)) next = next_stop;
    const size_t length = next ? (size_t)(next - at) + 1 : strlen(at), used = strlen(text);
    const char *pattern = strstr(at, "\n 9");
    const char *rows = pattern ? strchr(pattern + 1, '\n') + 1 : at + length;
    snprintf(text + used, size - used, "-3\n%.*s-2\n%.*s", (int)(rows - at), at, (int)(at + length - rows), rows);
    at += length;
  }
  append(text, size, "-3\n");
}

/* --- molecules --- */

static int32_t element_of(const char *type) {
  if (strcmp(type, "RH") == 0) return 45;
  const char symbol[2] = {type[0], '\0'};
  return q2_element_number(symbol);
}

static int32_t order_of(char c) {
  switch (c) {
  case '-':
    return Q2_BOND_SINGLE;
  case '=':
    return Q2_BOND_DOUBLE;
  case '%':
    return Q2_BOND_TRIPLE;
  case '.':
    return Q2_BOND_PARTIAL;
  default:
    return Q2_BOND_AROMATIC;
  }
}

static void add_molecule(struct q2_molecule_list *list, const struct mm3star_molecule *molecule) {
  struct q2_words types, bonds;
  q2_text_words(molecule->types, &types);
  q2_text_words(molecule->bonds, &bonds);
  struct q2_molecule_record *record = q2_molecule_add(list, types.count);
  snprintf(record->name, sizeof record->name, "made");
  record->element = q2_allocate(types.count, sizeof *record->element);
  record->mass = q2_allocate(types.count, sizeof *record->mass);
  record->position = q2_allocate(3 * types.count, sizeof *record->position);
  record->type = q2_allocate(types.count, sizeof *record->type);
  record->bond = q2_allocate(bonds.count, sizeof *record->bond);
  record->bond_order = q2_allocate(bonds.count, sizeof *record->bond_order);
  record->bond_count = bonds.count;
  for (int a = 0; a < types.count; a++) {
    snprintf(record->type[a].text, sizeof record->type[a].text, "%.8s", types.word[a].text);
    record->element[a] = element_of(types.word[a].text);
    record->mass[a] = q2_element_mass(record->element[a]);
    const double some[3] = {20.0 * a, a % 2, a % 3};
    memcpy(record->position + 3 * a, molecule->position ? molecule->position + 3 * a : some, sizeof some);
  }
  for (int b = 0; b < bonds.count; b++) {
    char *end;
    record->bond[b][0] = (int32_t)strtol(bonds.word[b].text, &end, 10) - 1;
    record->bond_order[b] = order_of(*end);
    record->bond[b][1] = (int32_t)strtol(end + 1, NULL, 10) - 1;
  }
}

static int made(const char *field_text, const struct mm3star_molecule *molecule, const struct q2_assign_options *options,
                struct q2_assignment_report *report, struct q2_dataset *dataset, struct q2_error *error) {
  struct q2_text text;
  struct q2_mm3star *field = NULL;
  struct q2_builder *builder = NULL;
  struct q2_molecule_list list = {0};
  memset(dataset, 0, sizeof *dataset);
  int status = q2_text_from_bytes("made.fld", field_text, strlen(field_text), &text, error);
  if (status == Q2_OK) status = q2_mm3star_read(&text, &field, error);
  if (status == Q2_OK) {
    add_molecule(&list, molecule);
    status = q2_builder_create(&list, 0, 1, &builder, error);
  }
  if (status == Q2_OK) status = q2_assign_mm3star(builder, field, options, report, error);
  if (status == Q2_OK) status = q2_builder_finish(MPI_COMM_WORLD, builder, &text, "mm3star", dataset, error);
  q2_builder_free(builder);
  q2_molecule_list_free(&list);
  q2_mm3star_free(field);
  q2_text_free(&text);
  return status;
}

int mm3star_made(const char *field, const struct mm3star_molecule *molecule, const struct q2_assign_options *options,
                 struct q2_dataset *dataset, struct q2_error *error) {
  struct q2_assignment_report report = {0};
  const int status = made(field, molecule, options, &report, dataset, error);
  q2_assignment_report_free(&report);
  return status;
}

int mm3star_without_row(const char *field, const struct mm3star_molecule *molecule, const char *what) {
  const struct q2_assign_options options = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "none"};
  struct q2_assignment_report report = {0};
  struct q2_dataset dataset;
  struct q2_error error;
  int count = -1;
  if (made(field, molecule, &options, &report, &dataset, &error) == Q2_OK) {
    count = 0;
    const struct q2_assignment_entry *entry = report.entries.data;
    for (int64_t k = 0; k < report.entries.count; k++)
      if (entry[k].how == Q2_MATCHED_NONE && strcmp(entry[k].what, what) == 0) count += (int)entry[k].count;
    q2_dataset_free(&dataset);
  }
  q2_assignment_report_free(&report);
  return count;
}

/* --- what came out --- */

double mm3star_number(const struct q2_dataset *dataset, const char *form, const char *kind, int atoms) {
  const struct q2_parameters *p = &dataset->parameters;
  for (int t = 0; t < dataset->term_table_count; t++) {
    const struct q2_term_table *table = dataset->terms + t;
    if (strcmp(table->form, form) != 0) continue;
    for (int64_t row = 0; row < table->offset[dataset->molecule_count]; row++) {
      int forwards = 0, backwards = 0;
      for (int k = 0; k < table->atom_count; k++) {
        forwards = 10 * forwards + table->atoms[row * table->atom_count + k] + 1;
        backwards = 10 * backwards + table->atoms[row * table->atom_count + table->atom_count - 1 - k] + 1;
      }
      if (forwards != atoms && backwards != atoms) continue;
      for (int k = 0; k < table->parameter_count; k++) {
        const int n = table->parameters[row * table->parameter_count + k];
        if (strcmp(p->kind[n], kind) != 0) continue;
        const double value = p->value[n] / p->factor[n];
        return dataset->origin.line[n] > 0 ? value / dataset->origin.multiplier[n] : value;
      }
    }
  }
  return NAN;
}

int mm3star_parameter(const struct q2_dataset *dataset, const char *kind, const char *label) {
  for (int n = 0; n < dataset->parameters.count; n++)
    if (strcmp(dataset->parameters.kind[n], kind) == 0 &&
        strncmp(strchr(dataset->parameters.label[n], ' ') + 1, label, strlen(label)) == 0)
      return n;
  return -1;
}
