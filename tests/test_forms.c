/* Claims: term tables that fit their form are taken, in the registry's own words; one that does not is refused with a message
 * that names file, table, row and expectation. Terms near straight angles take the fading form, and only those; each CMAP term
 * takes its own grid. */
#include <string.h>

#include "../kernels/stages.h"
#include "../src/batch_build.h"
#include "../src/cmap.h"
#include "check.h"
#include "synthetic.h"

static struct q2_term_table *table_of(struct q2_dataset *dataset, enum q2_form form) {
  for (int t = 0; t < dataset->term_table_count; t++) {
    if (strcmp(dataset->terms[t].form, q2_forms[form].name) == 0) return &dataset->terms[t];
  }
  return NULL;
}

static void resolve(const struct q2_dataset *dataset, const char *expected) {
  int form[Q2_FORM_COUNT];
  struct q2_error error = {""};
  const int status = q2_forms_resolve(dataset, form, &error);
  if (!expected) {
    CHECK(status == Q2_OK, "%s", error.text);
    for (int t = 0; t < dataset->term_table_count; t++)
      CHECK(strcmp(q2_forms[form[t]].name, dataset->terms[t].form) == 0);
  } else {
    CHECK(status != Q2_OK && strstr(error.text, expected), "'%s', expected '%s'", error.text, expected);
  }
}

static void tables_are_checked(struct q2_dataset *dataset) {
  resolve(dataset, NULL);
  struct q2_term_table *bond = table_of(dataset, Q2_FORM_BOND_HARMONIC), *torsion = table_of(dataset, Q2_FORM_TORSION_FOURIER);
  struct q2_term_table *cross = table_of(dataset, Q2_FORM_STRETCH_BEND), *cmap = table_of(dataset, Q2_FORM_CMAP);

  strcpy(torsion->form, "torsion_fourier*");
  resolve(dataset, "synthetic: /force_field/terms/torsion_fourier*: unknown form");
  strcpy(torsion->form, "torsion_quartic");
  resolve(dataset, "/force_field/terms/torsion_quartic: unknown form");
  strcpy(torsion->form, "torsion_fourier");

  cross->parameter_count = 3;
  resolve(dataset, "stretch_bend: 3 atoms, 3 parameters, 0 constants a term (expected 3, 4, 0)");
  cross->parameter_count = 4;

  const int32_t row = cross->parameters[5]; /* the second term's first bond length gets an angle */
  cross->parameters[5] = cross->parameters[7];
  resolve(dataset, "is of kind angle_eq (expected kinds: stretch_bend_k bond_eq bond_eq angle_eq)");
  cross->parameters[5] = row;
  const int32_t k = bond->parameters[0];
  bond->parameters[0] = bond->parameters[1];
  resolve(dataset, "bond_harmonic/parameters: row");
  bond->parameters[0] = k;

  static const double periodicities[] = {0, 13, 2.5, -1};
  for (int i = 0; i < 4; i++) {
    const double n = torsion->constants[1];
    torsion->constants[1] = periodicities[i];
    resolve(dataset, "(expected an integer from 1 to 12)");
    torsion->constants[1] = n;
  }
  static const double grids[] = {2, -1, 0.5};
  for (int i = 0; i < 3; i++) {
    const double n = cmap->constants[0];
    cmap->constants[0] = grids[i];
    resolve(dataset, "(expected one of the 2 rows of /force_field/cmap/grid, from 0)");
    cmap->constants[0] = n;
  }
  resolve(dataset, NULL);
}

/* The energy of a CMAP term in the batch is that of the grid that its constant names. */
static void takes_its_grid(const struct q2_dataset *dataset, const struct q2_batch *batch, int64_t m, int64_t t) {
  const struct q2_wave wave = {.parameters = dataset->parameters.value};
  const struct q2_cmap *cmap = &dataset->cmap;
  const int64_t row = batch->parameter_row[batch->parameter_start[m] + batch->term_parameter[Q2_MAX_PARAMETERS * t]];
  const int grid = (int)batch->term_constant[Q2_MAX_CONSTANTS * t];
  double table[Q2_CMAP_REALS(6)];
  struct q2_jet loaded = {0}, direct = {0};
  CHECK(cmap->points == 6);
  q2_cmap_spline(6, cmap->grid + 36 * grid, table);
  q2_load_term(batch, &wave, m, t - batch->term_start[m], &loaded);
  q2_form_evaluate((enum q2_form)batch->term_form[t], batch->term_coordinate + Q2_MAX_COORDINATES * t,
                   dataset->parameters.value + row, table, &direct);
  CHECK(loaded.value == direct.value && loaded.second[1] == direct.second[1], "grid %d: %g, %g", grid, loaded.value,
        direct.value);
}

/* Of the eleven molecules propyne and the bent chain have nearly straight angles. */
static void terms_fade_by_geometry(MPI_Comm comm, struct q2_dataset *dataset) {
  struct q2_plan plan;
  struct q2_error error = {""};
  const struct q2_plan_options options = {.bucket_limit = 1};
  int status = q2_plan_create(comm, dataset, &options, &plan, &error);
  if (status == Q2_OK) status = q2_plan_distribute(comm, &plan, dataset, &error);
  CHECK(status == Q2_OK && plan.bucket_count == 1, "%s", error.text);
  if (status != Q2_OK) return;
  struct q2_batch batches[2] = {0}, batch; /* at the QM geometry, and none at the relaxed one */
  const struct q2_energies energies = {0};
  int64_t faded = 0, counted[Q2_FORM_COUNT] = {0};
  CHECK(q2_batches_build(dataset, &plan, Q2_MATCH_POSITION, &energies, batches, &faded, &error) == Q2_OK, "%s", error.text);
  batch = batches[0];
  int64_t all = 0;
  for (int64_t m = 0; m < batch.molecules; m++) {
    const char *name = dataset->name[batch.local_molecule[m]].text;
    for (int64_t t = batch.term_start[m]; t < batch.term_start[m + 1]; t++) {
      const int form = batch.term_form[t], count = q2_forms[form].coordinate_count;
      const double *q = batch.term_coordinate + Q2_MAX_COORDINATES * t;
      counted[form]++;
      if (q2_form_takes_grid((enum q2_form)form)) takes_its_grid(dataset, &batch, m, t);
      if (q2_form_plain(form) == form) continue;
      all++;
      CHECK(strncmp(name, "propyne", 7) == 0 || strncmp(name, "bent chain", 10) == 0, "%s: %s", name, q2_forms[form].name);
      CHECK(q[count - 1] >= 0 && q[count - 1] < 1, "%s: factor %g", name, q[count - 1]);
    }
  }
  CHECK(all == faded && faded > 0, "%d", (int)faded);
  for (int form = 0; form < Q2_FORM_COUNT; form++) {
    CHECK(counted[form] > 0 || form == Q2_FORM_IMPROPER_FADED || form == Q2_FORM_IMPROPER_HARMONIC_FADED, "no %s",
          q2_forms[form].name);
  }
  q2_batch_free(&batches[0]);
  q2_batch_free(&batches[1]);
  q2_plan_free(&plan);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  struct q2_dataset dataset;
  q2_synthetic(MPI_COMM_WORLD, 11, 0, &dataset);
  tables_are_checked(&dataset);
  terms_fade_by_geometry(MPI_COMM_WORLD, &dataset);
  q2_dataset_free(&dataset);
  const int status = check_result();
  MPI_Finalize();
  return status;
}
