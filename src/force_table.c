/* Energies and Cartesian gradients of all molecules, gathered and written. */
#include "force_table.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "molecule_table.h"

static int compute(const struct q2_dataset *dataset, const struct q2_objective *objective, const double *parameters,
                   struct q2_energy_parts *parts, double *gradient, struct q2_error *error) {
  if (!parts || !gradient) return q2_fail(error, "no memory for the energies and gradients of the molecules");
  for (int64_t m = 0; m < dataset->molecule_count; m++)
    Q2_TRY(q2_objective_forces(objective, parameters, m, &parts[m], gradient + 3 * dataset->atom_offset[m], error));
  return Q2_OK;
}

int q2_force_table_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_objective *objective,
                          const double *parameters, struct q2_force_table *table, struct q2_error *error) {
  struct q2_energy_parts *parts = q2_allocate(dataset->molecule_count, sizeof *parts);
  double *gradient = q2_allocate(3 * dataset->atom_offset[dataset->molecule_count], sizeof *gradient);
  *table = (struct q2_force_table){.count = dataset->molecule_total, .atoms = dataset->atom_total};
  int status = q2_agree(comm, compute(dataset, objective, parameters, parts, gradient, error), error);
  if (status == Q2_OK) status = q2_gather_rows(comm, dataset, NULL, parts, sizeof *parts, NULL, (void **)&table->parts, error);
  if (status == Q2_OK)
    status = q2_gather_rows(comm, dataset, dataset->atom_offset, gradient, 3 * sizeof *gradient, NULL,
                            (void **)&table->gradient, error);
  free(parts);
  free(gradient);
  if (status != Q2_OK) q2_force_table_free(table);
  return status;
}

void q2_force_table_free(struct q2_force_table *table) {
  free(table->parts);
  free(table->gradient);
  memset(table, 0, sizeof *table);
}

/* /energies/`name`, the number `place` bytes into the parts of each molecule. */
static int add_energies(struct q2_image *image, const struct q2_force_table *table, const char *name, size_t place,
                        double *column, struct q2_error *error) {
  char path[64];
  snprintf(path, sizeof path, "/energies/%s", name);
  for (int64_t m = 0; m < table->count; m++)
    memcpy(&column[m], (const char *)&table->parts[m] + place, sizeof *column);
  return q2_image_double(image, path, "kcal/mol", table->count, 0, column, error);
}

int q2_force_table_add(struct q2_image *image, const struct q2_dataset *dataset, const struct q2_force_table *table,
                       struct q2_error *error) {
  double *column = q2_allocate(table->count, sizeof *column);
  if (!column) return q2_fail(error, "no memory for the energies of %lld molecules", (long long)table->count);
  int status = add_energies(image, table, "total", offsetof(struct q2_energy_parts, total), column, error);
  for (int t = 0; status == Q2_OK && t < dataset->term_table_count; t++) {
    const size_t form = (size_t)q2_form_find(dataset->terms[t].form); /* known, or there were no objective */
    status = add_energies(image, table, dataset->terms[t].form,
                          offsetof(struct q2_energy_parts, form) + form * sizeof *table->parts->form, column, error);
  }
  if (status == Q2_OK && dataset->nonbonded.type_count > 0) {
    status = add_energies(image, table, "vdw", offsetof(struct q2_energy_parts, van_der_waals), column, error);
    if (status == Q2_OK)
      status = add_energies(image, table, "coulomb", offsetof(struct q2_energy_parts, coulomb), column, error);
  }
  free(column);
  if (status != Q2_OK) return status;
  return q2_image_double(image, "/atoms/gradient", "kcal/mol/angstrom", table->atoms, 3, table->gradient, error);
}
