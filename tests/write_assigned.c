/* Makes a data set of molecules with types (mol2, Tinker xyz), or of those that are residues of the force field, by its rows.
 *
 *     write_assigned FILE.h5 MOLECULES FIELD [FIELD]     a second file adds to the first
 *
 * Nothing varies; bonds and angles without a row are an error. Prints the report of the assignment.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/elements.h"
#include "../io/formats/molecule_formats.h"
#include "../io/memory.h"
#include "../src/setup/assign.h"

/* Masses, and types of residues. */
static int complete(const struct q2_force_field *field, struct q2_molecule_list *list, struct q2_error *error) {
  for (int m = 0; m < list->count; m++) {
    struct q2_molecule_record *record = list->record + m;
    int found;
    record->mass = q2_allocate(record->atom_count, sizeof *record->mass);
    if (!record->mass) return q2_fail(error, "no memory");
    for (int atom = 0; atom < record->atom_count; atom++)
      record->mass[atom] = q2_element_mass(record->element[atom]);
    if (field->residue_count) {
      Q2_TRY(q2_force_field_residue_types(field, record, &found, error));
      if (!found) fprintf(stderr, "%s is no residue of %s\n", record->name, field->name);
    }
  }
  return Q2_OK;
}

static int assign(struct q2_builder *builder, const struct q2_force_field *field, struct q2_error *error) {
  const struct q2_assign_options options = {.unmatched = Q2_UNMATCHED_REFUSE, .fit = "none"};
  struct q2_assignment_report report = {0};
  struct q2_printer printer;
  q2_printer_create(MPI_COMM_WORLD, Q2_PRINT_NORMAL, &printer);
  int status = q2_assign_rows(builder, field, &options, &report, error);
  if (status == Q2_OK) status = q2_assignment_gather(MPI_COMM_WORLD, &report, error);
  if (status == Q2_OK) q2_assignment_print(&report, &printer);
  q2_assignment_report_free(&report);
  const int component = 0; /* of the gradient: a data set observes something */
  const double weight = 1.0, value = 0.0;
  for (int m = 0; m < q2_builder_molecule_count(builder) && status == Q2_OK; m++)
    status = q2_builder_observable(builder, m, "gradient", &component, &weight, &value, error);
  return status;
}

static int read_field(const char *path, struct q2_force_field *field, struct q2_error *error) {
  struct q2_text text;
  Q2_TRY(q2_text_read(path, &text, error));
  const struct q2_force_field_format *format = q2_force_field_format_of(&text);
  const int status = format ? format->read(&text, field, error) : q2_fail(error, "%s: no format of force fields", path);
  q2_text_free(&text);
  return status;
}

static int read_molecules(const char *path, struct q2_molecule_list *molecules, struct q2_error *error) {
  struct q2_text text;
  Q2_TRY(q2_text_read(path, &text, error));
  const struct q2_molecule_format *format = q2_molecule_format_of(&text);
  const int status = format ? format->read(&text, molecules, error) : q2_fail(error, "%s: no format of molecules", path);
  q2_text_free(&text);
  return status;
}

static int make(int argc, char **argv, struct q2_force_field *field, struct q2_molecule_list *molecules,
                struct q2_builder **builder, struct q2_dataset *dataset, struct q2_error *error) {
  for (int k = 3; k < argc; k++)
    Q2_TRY(read_field(argv[k], field, error));
  Q2_TRY(read_molecules(argv[2], molecules, error));
  Q2_TRY(complete(field, molecules, error));
  const int count = molecules->count;
  Q2_TRY(q2_builder_create(molecules, 0, count, builder, error));
  Q2_TRY(assign(*builder, field, error));
  Q2_TRY(q2_builder_finish(MPI_COMM_WORLD, *builder, NULL, "", dataset, error));
  return q2_dataset_write(MPI_COMM_WORLD, dataset, argv[1], NULL, NULL, error);
}

int main(int argc, char **argv) {
  struct q2_error error = {""};
  struct q2_force_field field = {0};
  struct q2_molecule_list molecules = {0};
  struct q2_builder *builder = NULL;
  struct q2_dataset dataset = {0};
  MPI_Init(&argc, &argv);
  if (argc < 4) {
    fprintf(stderr, "usage: write_assigned FILE.h5 MOLECULES FIELD [FIELD]\n");
    return 2;
  }
  const int status = make(argc, argv, &field, &molecules, &builder, &dataset, &error);
  if (status != Q2_OK) fprintf(stderr, "%s\n", error.text);
  q2_builder_free(builder);
  q2_force_field_free(&field);
  q2_molecule_list_free(&molecules);
  q2_dataset_free(&dataset);
  MPI_Finalize();
  return status != Q2_OK;
}
