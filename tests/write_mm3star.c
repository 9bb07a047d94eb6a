/* Makes a data set of the structures of a MacroModel listing with an MM3* force field, by rule: types and bonds are all that is
 * taken from the listing besides geometries.
 *
 *     write_mm3star FIELD.fld LISTING.mmo FILE.h5 [FIT [FITTED.fld]]      FIT: as -fit, default marked
 *
 * FITTED.fld: the force field with every number that varies a hundredth larger, and 0.001. Prints the report of the assignment.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/elements.h"
#include "../io/formats/molecule_formats.h"
#include "../io/formats/put_back.h"
#include "../io/memory.h"
#include "../src/setup/assign_mm3star.h"

static int complete(struct q2_molecule_list *list, struct q2_error *error) {
  for (int m = 0; m < list->count; m++) {
    struct q2_molecule_record *record = list->record + m;
    record->mass = q2_allocate(record->atom_count, sizeof *record->mass);
    if (!record->mass) return q2_fail(error, "no memory");
    for (int atom = 0; atom < record->atom_count; atom++)
      record->mass[atom] = q2_element_mass(record->element[atom]);
  }
  return Q2_OK;
}

static int add_observables(struct q2_builder *builder, struct q2_error *error) {
  const int every[2] = {-1, -1};
  const double weight = 100;
  for (int m = 0; m < q2_builder_molecule_count(builder); m++)
    Q2_TRY(q2_builder_observable(builder, m, "bond", every, &weight, NULL, error));
  return Q2_OK;
}

static int make(const char *const names[3], const char *fit, struct q2_text texts[2], struct q2_molecule_list *molecules,
                struct q2_mm3star **field, struct q2_builder **builder, struct q2_dataset *dataset, struct q2_error *error) {
  const struct q2_assign_options options = {.unmatched = Q2_UNMATCHED_REFUSE, .fit = fit};
  Q2_TRY(q2_text_read(names[0], &texts[0], error));
  Q2_TRY(q2_text_read(names[1], &texts[1], error));
  Q2_TRY(q2_mm3star_read(&texts[0], field, error));
  Q2_TRY(q2_macromodel_mmo_read(&texts[1], molecules, error));
  Q2_TRY(complete(molecules, error));
  const int count = molecules->count;
  Q2_TRY(q2_builder_create(molecules, 0, count, builder, error));
  struct q2_assignment_report report = {0};
  struct q2_printer printer;
  q2_printer_create(MPI_COMM_WORLD, Q2_PRINT_NORMAL, &printer);
  int status = q2_assign_mm3star(*builder, *field, &options, &report, error);
  if (status == Q2_OK) status = q2_assignment_gather(MPI_COMM_WORLD, &report, error);
  if (status == Q2_OK) q2_assignment_print(&report, &printer);
  q2_assignment_report_free(&report);
  Q2_TRY(status);
  Q2_TRY(add_observables(*builder, error));
  Q2_TRY(q2_builder_finish(MPI_COMM_WORLD, *builder, &texts[0], "mm3star", dataset, error));
  return q2_dataset_write(MPI_COMM_WORLD, dataset, names[2], NULL, NULL, error);
}

static int write_fitted(const struct q2_dataset *dataset, const char *path, struct q2_error *error) {
  const struct q2_parameters *p = &dataset->parameters;
  char *bytes = NULL;
  size_t size = 0;
  double *value = q2_allocate(p->count, sizeof *value);
  if (!value) return q2_fail(error, "no memory");
  for (int k = 0; k < p->count; k++)
    value[k] = p->active[k] ? 1.01 * p->value[k] + 0.001 * p->factor[k] * dataset->origin.multiplier[k] : p->value[k];
  int status = q2_put_back(dataset, value, &bytes, &size, error);
  free(value);
  FILE *file = status == Q2_OK ? fopen(path, "wb") : NULL;
  if (status == Q2_OK && (!file || fwrite(bytes, 1, size, file) != size))
    status = q2_fail(error, "%s: cannot be written", path);
  if (file) fclose(file);
  free(bytes);
  return status;
}

int main(int argc, char **argv) {
  struct q2_error error = {""};
  struct q2_text texts[2] = {0};
  struct q2_molecule_list molecules = {0};
  struct q2_mm3star *field = NULL;
  struct q2_builder *builder = NULL;
  struct q2_dataset dataset = {0};
  MPI_Init(&argc, &argv);
  if (argc < 4) {
    fprintf(stderr, "usage: write_mm3star FIELD.fld LISTING.mmo FILE.h5 [FIT]\n");
    return 2;
  }
  const char *const names[3] = {argv[1], argv[2], argv[3]};
  int status = make(names, argc > 4 ? argv[4] : "marked", texts, &molecules, &field, &builder, &dataset, &error);
  if (status == Q2_OK && argc > 5) status = write_fitted(&dataset, argv[5], &error);
  if (status != Q2_OK) fprintf(stderr, "%s\n", error.text);
  q2_builder_free(builder);
  q2_mm3star_free(field);
  q2_molecule_list_free(&molecules);
  q2_text_free(&texts[0]);
  q2_text_free(&texts[1]);
  q2_dataset_free(&dataset);
  MPI_Finalize();
  return status != Q2_OK;
}
