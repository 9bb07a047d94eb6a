/* A new force field from the types of all molecules: rows for what occurs, equilibrium values at the means over all terms, the
 * same data set bit for bit on any number of ranks. With a file's name it writes there what must be equal. */
#define _POSIX_C_SOURCE 200809L
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../io/memory.h"
#include "../src/setup/assign.h"
#include "../src/setup/measure.h"
#include "../src/setup/perception.h"
#include "../src/setup/typing.h"
#include "assigned.h"
#include "bundled.h"
#include "check.h"

#define OK(call) CHECK((call) == Q2_OK, "%s", error.text)

static const struct q2_assign_options options = {.unmatched = Q2_UNMATCHED_REFUSE, .fit = "marked"};

/* Bonds, with the partial ones of transition states, and types by element of all molecules of a bundled set. */
static void prepare(const char *set, struct q2_molecule_list *list) {
  struct q2_dataset dataset;
  struct q2_error error = {""};
  struct q2_typing_rules *rules;
  bundled_open(MPI_COMM_SELF, set, &dataset, list);
  OK(q2_typing_default(&rules, &error));
  for (int m = 0; m < list->count; m++) {
    struct q2_molecule_record *record = &list->record[m];
    struct q2_topology topology;
    OK(q2_perceive_bonds(record, &q2_perception_defaults, &error));
    OK(q2_topology_create(record->atom_count, record->bond_count, (const int32_t(*)[2])record->bond, &topology, &error));
    OK(q2_typing_apply(rules, &topology, record, &error));
    q2_topology_free(&topology);
  }
  q2_typing_free(rules);
  q2_dataset_free(&dataset);
}

/* This rank's share of the molecules, the others released. */
static int64_t take_share(MPI_Comm comm, struct q2_molecule_list *list) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  const int begin = list->count * rank / ranks, end = list->count * (rank + 1) / ranks, total = list->count;
  for (int m = 0; m < total; m++)
    if (m < begin || m >= end) q2_molecule_record_free(&list->record[m]);
  memmove(list->record, list->record + begin, (size_t)(end - begin) * sizeof *list->record);
  list->count = end - begin;
  return begin;
}

static void make(MPI_Comm comm, const char *set, struct q2_force_field *field, struct q2_dataset *dataset,
                 struct q2_assignment_report *report) {
  struct q2_error error = {""};
  struct q2_molecule_list list;
  struct q2_builder *builder;
  prepare(set, &list);
  const int64_t total = list.count, first = take_share(comm, &list);
  OK(q2_builder_create(&list, first, total, &builder, &error));
  OK(q2_force_field_of_types(comm, builder, field, &error));
  OK(q2_assign_rows(builder, field, &options, report, &error));
  OK(q2_assignment_gather(comm, report, &error));
  for (int m = 0; m < q2_builder_molecule_count(builder); m++)
    OK(q2_builder_observable(builder, m, "frequency", (int[]){-1}, &(double){0.01}, NULL, &error));
  OK(q2_builder_finish(comm, builder, NULL, "", dataset, &error));
  q2_builder_free(builder);
  q2_molecule_list_free(&list);
}

/* --- means --- */

/* The mean of bonds between atoms of two types, partial or not, over all molecules. */
static double mean_of_bonds(const struct q2_molecule_list *list, const char *first, const char *second, int partial) {
  double sum = 0.0;
  int count = 0;
  for (int m = 0; m < list->count; m++) {
    const struct q2_molecule_record *record = &list->record[m];
    for (int b = 0; b < record->bond_count; b++) {
      const int i = record->bond[b][0], j = record->bond[b][1];
      const char *x = record->type[i].text, *y = record->type[j].text;
      if ((record->bond_order[b] == Q2_BOND_PARTIAL) != partial) continue;
      if (!(strcmp(x, first) == 0 && strcmp(y, second) == 0) && !(strcmp(y, first) == 0 && strcmp(x, second) == 0)) continue;
      sum += q2_measure_distance(record->position, i, j);
      count++;
    }
  }
  return sum / count;
}

static void bonds_have_their_means(const char *set, const struct q2_force_field *field) {
  struct q2_molecule_list list;
  int bonds = 0, partial = 0;
  prepare(set, &list);
  for (int r = 0; r < field->row_count; r++) {
    const struct q2_type_row *row = &field->row[r];
    if (strcmp(row->form, "bond_harmonic") != 0) continue;
    bonds++;
    partial += row->partial;
    CHECK_CLOSE(row->parameter[1].value, mean_of_bonds(&list, row->atom[0].text, row->atom[1].text, row->partial), 1e-13);
  }
  /* one set has transition states */
  CHECK(bonds > 20 && (partial > 0) == (strcmp(set, "organic_dft.h5") == 0), "%d bonds, %d partial", bonds, partial);
  q2_molecule_list_free(&list);
}

/* --- rows --- */

static int count_rows(const struct q2_force_field *field, const char *form) {
  int count = 0;
  for (int r = 0; r < field->row_count; r++)
    count += strcmp(field->row[r].form, form) == 0;
  return count;
}

/* Periodicities of the torsions about a bond of these types, the row's first ends in the alphabet; "": no such row. */
static void torsions_are(const struct q2_force_field *field, const char *types, const char *expected) {
  char found[32] = "";
  for (int r = 0; r < field->row_count; r++) {
    const struct q2_type_row *row = &field->row[r];
    char text[80];
    snprintf(text, sizeof text, "%s-%s-%s-%s", row->atom[0].text, row->atom[1].text, row->atom[2].text, row->atom[3].text);
    if (strcmp(row->form, "torsion_fourier") != 0 || strcmp(text, types) != 0) continue;
    snprintf(found + strlen(found), sizeof found - strlen(found), "%s%g*%g", found[0] ? " " : "", row->parameter[0].value,
             row->constant);
  }
  CHECK(strcmp(found, expected) == 0, "%s: %s, expected %s", types, found, expected);
}

static void torsions_have_their_periodicities(const struct q2_force_field *field) {
  torsions_are(field, "H1-C4-C4-H1", "0.15*3");
  torsions_are(field, "H1-C3-C3-H1", "2*2");
  torsions_are(field, "H1-C3-N3p-H1p", "2*2");
  torsions_are(field, "H1-C4-N3-H1p", "0.15*3");
  torsions_are(field, "C4-C3-O2-H1p", "0.05*2 0.05*3");
  torsions_are(field, "H1-C4-C3-O1", "0.05*2 0.05*3");
}

static void rows_are_sound(const char *set, const struct q2_force_field *field) {
  int straight = 0, by_size = 0;
  for (int r = 0; r < field->row_count; r++) {
    const struct q2_type_row *row = &field->row[r];
    straight += row->angle_class == 1;
    by_size += row->angle_class >= 30;
    if (row->angle_class == 1) CHECK(row->parameter[1].value == 180.0);
    if (row->angle_class >= 30) CHECK(fabs(row->parameter[1].value - row->angle_class) <= 15.0, "%g", row->parameter[1].value);
    if (strncmp(row->form, "torsion", 7) == 0) CHECK(row->partial == 0);
    for (int s = 0; s < r; s++) /* no two rows for the same terms */
      CHECK(strcmp(row->form, field->row[s].form) != 0 || row->partial != field->row[s].partial ||
            row->angle_class != field->row[s].angle_class || row->constant != field->row[s].constant ||
            memcmp(row->atom, field->row[s].atom, sizeof row->atom) != 0);
  }
  /* one set has metals */
  CHECK(straight > 0 && (by_size > 0) == (strcmp(set, "mixed_xtb.h5") == 0), "%d straight, %d by size", straight, by_size);
  CHECK(count_rows(field, "improper_fourier") > 0 && count_rows(field, "torsion_fourier") > 20);
  for (int t = 0; t < field->type_count; t++)
    CHECK(field->type[t].element > 0 && field->type[t].mass > 0.0);
  CHECK(field->nonbonded_form[0] == '\0');
}

/* Every bond and angle has a row; what has none is a torsion with a metal, a partial bond or a straight angle, or no plane. */
static void everything_has_a_row(const struct q2_assignment_report *report) {
  CHECK(assigned_noted(report, "bond", NULL, Q2_MATCHED_NONE) == 0 && assigned_noted(report, "bond", NULL, Q2_MATCHED) > 100);
  CHECK(assigned_noted(report, "angle", NULL, Q2_MATCHED_NONE) == 0 && assigned_noted(report, "angle", NULL, Q2_MATCHED) > 100);
  CHECK(assigned_noted(report, "bond", NULL, Q2_MATCHED_BY_WILDCARD) == 0);
  CHECK(assigned_noted(report, "torsion", NULL, Q2_MATCHED) > 50);
  /* all others are counted by their reason */
  CHECK(assigned_noted(report, "torsion", NULL, Q2_MATCHED_NONE) ==
        assigned_noted(report, "torsion", "with a metal", Q2_MATCHED_NONE) +
            assigned_noted(report, "torsion", "with a partial bond", Q2_MATCHED_NONE) +
            assigned_noted(report, "torsion", "through a straight angle", Q2_MATCHED_NONE));
  CHECK(assigned_noted(report, "improper", NULL, Q2_MATCHED) > 10);
}

/* Straight angles and phases stay, all else varies. */
static void the_right_parameters_vary(const struct q2_dataset *d) {
  const struct q2_parameters *p = &d->parameters;
  int fitted = 0;
  for (int k = 0; k < p->count; k++) {
    const int stays =
        strstr(p->kind[k], "phase") != NULL || (strcmp(p->kind[k], "angle_eq") == 0 && strstr(p->label[k], "@linear"));
    CHECK(p->active[k] == !stays, "%s %s", p->kind[k], p->label[k]);
    fitted += p->active[k];
    const double room = p->upper[k] - p->lower[k], degree = Q2_PI / 180.0;
    if (strcmp(p->kind[k], "bond_eq") == 0)
      CHECK_CLOSE(room, 0.4, 1e-12);
    else if (strcmp(p->kind[k], "angle_eq") == 0)
      CHECK(room <= 40.001 * degree && p->upper[k] <= 180.001 * degree && p->lower[k] <= p->value[k]);
    else if (strcmp(p->kind[k], "urey_bradley_eq") != 0)
      CHECK(p->lower[k] == -1e300 && p->upper[k] == 1e300);
  }
  CHECK(fitted > 50);
}

static void refuse_one_type_of_two_elements(void) {
  const struct assigned_molecule molecule = {"made", "X X", "C O", "1-2", NULL, NULL};
  struct q2_molecule_list list = {0};
  struct q2_builder *builder;
  struct q2_force_field field;
  struct q2_error error = {""};
  assigned_add(&list, &molecule);
  OK(q2_builder_create(&list, 0, 1, &builder, &error));
  CHECK(q2_force_field_of_types(MPI_COMM_SELF, builder, &field, &error) == Q2_FAILED &&
            strstr(error.text, "the type X is given to C and to O"),
        "%s", error.text);
  q2_builder_free(builder);
  q2_molecule_list_free(&list);
}

/* --- the same on any number of ranks --- */

static void write_bits(FILE *file, const struct q2_dataset *d, const char *checksum,
                       const struct q2_assignment_report *report) {
  fprintf(file, "%s\n", checksum);
  for (int k = 0; k < d->parameters.count; k++)
    fprintf(file, "%s %s %a %d\n", d->parameters.kind[k], d->parameters.label[k], d->parameters.value[k],
            (int)d->parameters.active[k]);
  const struct q2_assignment_entry *entry = report->entries.data;
  for (int64_t k = 0; k < report->entries.count; k++)
    fprintf(file, "%s %s %d %lld %s %s\n", entry[k].what, entry[k].types, (int)entry[k].how, (long long)entry[k].count,
            entry[k].row, entry[k].example);
}

static void one_set(const char *set, FILE *file) {
  struct q2_force_field field;
  struct q2_dataset dataset;
  struct q2_assignment_report report = {0};
  struct q2_error error = {""};
  int rank;
  char path[] = "/tmp/q2hpc_types_XXXXXX";
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) close(mkstemp(path));
  MPI_Bcast(path, sizeof path, MPI_CHAR, 0, MPI_COMM_WORLD);
  make(MPI_COMM_WORLD, set, &field, &dataset, &report);
  bonds_have_their_means(set, &field);
  rows_are_sound(set, &field);
  if (strcmp(set, "organic_dft.h5") == 0) torsions_have_their_periodicities(&field);
  if (rank == 0) everything_has_a_row(&report);
  the_right_parameters_vary(&dataset);
  OK(q2_dataset_write(MPI_COMM_WORLD, &dataset, path, NULL, NULL, &error));
  if (file) write_bits(file, &dataset, dataset.checksum, &report);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) remove(path);
  q2_assignment_report_free(&report);
  q2_force_field_free(&field);
  q2_dataset_free(&dataset);
}

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  FILE *file = argc > 1 && rank == 0 ? fopen(argv[1], "w") : NULL;
  one_set("organic_dft.h5", file);
  one_set("mixed_xtb.h5", file);
  if (file) fclose(file);
  refuse_one_type_of_two_elements();
  int failures = check_failures;
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  return check_failures ? check_result() : failures != 0;
}
