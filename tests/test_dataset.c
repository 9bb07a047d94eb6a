/* A data set is read as it was written: on any number of ranks, in any storage that docs/format.md allows; and moving molecules
 * keeps every row. */
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "../io/constants.h"
#include "../io/dataset.h"
#include "../io/dataset_columns.h"
#include "../io/elements.h"
#include "check.h"
#include "make_dataset.h"

static const char *const path = "test_dataset.h5";

static void write_on_first(MPI_Comm comm, int64_t count, const struct made_options *options) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) make_dataset(path, count, options);
  MPI_Barrier(comm);
}

static int near(double found, double expected, double tolerance) {
  return fabs(found - expected) <= tolerance * fmax(1.0, fabs(expected));
}

static void check_terms(const struct q2_term_table *table, int64_t local, int rows, const int *atoms, const int *parameters) {
  const int64_t start = table->offset[local];
  CHECK(table->offset[local + 1] - start == rows, "%s: molecule %d", table->form, (int)local);
  if (table->offset[local + 1] - start != rows) return;
  for (int k = 0; k < rows * table->atom_count; k++)
    CHECK(table->atoms[start * table->atom_count + k] == atoms[k], "%s: %d, %d", table->form, k, atoms[k]);
  for (int k = 0; k < rows * 2; k++)
    CHECK(table->parameters[start * 2 + k] == parameters[k], "%s: %d, %d", table->form, k, parameters[k]);
}

/* Local molecule `local` is what made_molecule says about its number. `tolerance`: of values that went through units. */
static void check_molecule(const struct q2_dataset *d, int64_t local, const struct made_options *options, double tolerance) {
  struct made_molecule m;
  const int64_t number = d->molecule[local];
  made_molecule(number, &m);
  CHECK(strcmp(d->name[local].text, m.name) == 0, "'%s' '%s'", d->name[local].text, m.name);
  CHECK(d->charge[local] == number % 3 - 1, "%d", d->charge[local]);
  CHECK(d->multiplicity[local] == 1 + number % 2, "%d", d->multiplicity[local]);
  CHECK(d->method[local] == number % 2, "%d", d->method[local]);
  CHECK(d->group[local] == number % 4 - 1, "%d", d->group[local]);
  CHECK(d->stationary[local] == 1 && d->imaginary_modes[local] == 0, "%d", d->stationary[local]);
  CHECK(near(d->energy[local], m.energy, tolerance), "%.17g %.17g", d->energy[local], m.energy);
  const int64_t first = d->atom_offset[local];
  CHECK(d->atom_offset[local + 1] - first == m.atoms, "%d", m.atoms);
  if (d->atom_offset[local + 1] - first != m.atoms) return;
  for (int a = 0; a < m.atoms; a++) {
    const double mass = options->bare ? q2_element_mass(m.element[a]) : m.mass[a];
    CHECK(d->element[first + a] == m.element[a], "%d", d->element[first + a]);
    CHECK(d->mass[first + a] == mass, "%g %g", d->mass[first + a], mass);
    CHECK(d->type[first + a] == (options->bare ? 0 : m.type[a]), "%d", d->type[first + a]);
    CHECK(d->atom_charge[first + a] == (options->bare ? 0.0 : m.charge[a]), "%g", d->atom_charge[first + a]);
    for (int c = 0; c < 3; c++) {
      const int64_t k = 3 * (first + a) + c;
      CHECK(near(d->position[k], m.position[a][c], tolerance), "%.17g %.17g", d->position[k], m.position[a][c]);
      CHECK(near(d->gradient[k], options->bare ? 0.0 : m.gradient[a][c], tolerance), "%g", d->gradient[k]);
    }
  }
  CHECK(d->hessian_offset[local + 1] - d->hessian_offset[local] == m.hessian_rows, "%d", (int)m.hessian_rows);
  for (int64_t k = 0; k < m.hessian_rows; k++) {
    const double found = d->hessian[d->hessian_offset[local] + k];
    CHECK(near(found, m.hessian[k], tolerance), "element %d: %.17g %.17g", (int)k, found, m.hessian[k]);
  }
  CHECK(d->bond_offset[local + 1] - d->bond_offset[local] == m.bonds, "%d", m.bonds);
  for (int k = 0; k < 2 * m.bonds; k++)
    CHECK(d->bonds[2 * d->bond_offset[local] + k] == (&m.bond[0][0])[k], "bond element %d", k);
  check_terms(&d->terms[0], local, m.angles, &m.angle[0][0], &m.angle_parameter[0][0]);
  check_terms(&d->terms[1], local, m.bonds, &m.bond[0][0], &m.bond_parameter[0][0]);
  check_terms(&d->terms[2], local, m.torsions, &m.torsion[0][0], &m.torsion_parameter[0][0]);
  for (int k = 0; k < m.torsions; k++)
    CHECK(d->terms[2].constants[d->terms[2].offset[local] + k] == m.periodicity[k], "periodicity %g", m.periodicity[k]);
  CHECK(d->has_sites == options->exp6 && (d->terms[1].at_sites != NULL) == options->exp6, "%d", d->has_sites);
  for (int a = 0; d->has_sites && a < m.atoms; a++) {
    CHECK(d->reduction_parent[first + a] == made_parent(m.element[a], a), "%d", d->reduction_parent[first + a]);
    CHECK(d->reduction[first + a] == made_reduction(number, m.element[a], a), "%g", d->reduction[first + a]);
  }
  for (int k = 0; d->terms[1].at_sites && k < m.bonds; k++)
    CHECK(d->terms[1].at_sites[d->terms[1].offset[local] + k] == made_at_site(number, k), "bond %d", k);
  if (d->increments.offset) {
    const struct q2_charge_increments *increments = &d->increments;
    CHECK(increments->offset[local + 1] - increments->offset[local] == m.bonds, "%d increments", m.bonds);
    for (int k = 0; k < m.bonds; k++) {
      const int64_t row = increments->offset[local] + k;
      CHECK(increments->atoms[2 * row] == m.bond[k][0] && increments->atoms[2 * row + 1] == m.bond[k][1], "increment %d", k);
      CHECK(increments->parameter[row] == made_increment(number), "%d", increments->parameter[row]);
      CHECK(increments->factor[row] == (options->no_factors ? 1.0 : made_factor(number)), "%g", increments->factor[row]);
    }
  }
  const struct q2_observable_table *o = d->observables;
  CHECK(o->offset[local + 1] - o->offset[local] == m.observables, "%d", m.observables);
  for (int64_t k = o->offset[local]; k < o->offset[local + 1]; k++)
    CHECK(o->index[k] == -1 && o->weight[k] == m.weight && o->value[k] == 0.0, "%d %g", o->index[k], o->weight[k]);
}

static void check_exp6(const struct q2_dataset *d) {
  const struct q2_parameters *p = &d->parameters;
  const struct q2_nonbonded *y = &d->nonbonded;
  CHECK(strcmp(y->form, "exp6_mm3") == 0 && strcmp(y->combining_rule, "mm3") == 0, "'%s' '%s'", y->form, y->combining_rule);
  CHECK(strcmp(y->size_name, "radius") == 0 && y->epsilon[1] == 12 && y->size[1] == 13, "'%s'", y->size_name);
  CHECK(y->dielectric == 1.5 && y->special_count == made_special, "%g %d", y->dielectric, y->special_count);
  if (y->special_count != made_special) return;
  CHECK(strcmp(y->special_form[1], "hydrogen_12_10") == 0, "'%s'", y->special_form[1]);
  CHECK(y->special_types[0] == 1 && y->special_types[1] == 0 && y->special_types[2] == 1, "%d", y->special_types[0]);
  CHECK(y->special_parameters[0] == 14 && y->special_parameters[3] == 17, "%d", y->special_parameters[0]);
  CHECK(near(p->value[14], 0.1 / 4.184, 1e-15) && near(p->value[15], 3.56, 1e-15), "%g %g", p->value[14], p->value[15]);
  CHECK(near(p->value[16], 3750.0, 1e-15) && p->value[17] == 1000.0, "%.17g", p->value[16]);
  CHECK(p->value[18] == -0.05 && near(p->value[19], 0.3 * 4.80320471257, 1e-12), "%.17g", p->value[19]);
}

static void check_force_field(const struct q2_dataset *d, const struct made_options *options) {
  const struct q2_parameters *p = &d->parameters;
  CHECK(p->count == made_parameters + (options->exp6 ? made_exp6_parameters : 0), "%d", p->count);
  CHECK(near(p->value[3], 104.5 * Q2_PI / 180.0, 1e-15), "%.17g", p->value[3]);
  CHECK(near(p->upper[3], Q2_PI, 1e-15) && p->lower[3] == 0.0, "%.17g", p->upper[3]);
  CHECK(near(p->value[4], 4.0 * 143.93261855, 1e-10), "%.17g", p->value[4]);
  CHECK(p->lower[4] == -1e300 && p->upper[4] == 1e300, "%g %g", p->lower[4], p->upper[4]);
  CHECK(p->lower[6] == -1e300 && p->upper[6] == 1e300, "%g %g", p->lower[6], p->upper[6]);
  CHECK(near(p->value[5], 1.1, 1e-15) && near(p->lower[5], 0.5, 1e-15), "%g %g", p->value[5], p->lower[5]);
  CHECK(near(p->value[6], 2.5 / 4.184, 1e-15), "%.17g", p->value[6]);
  CHECK(near(p->value[9], 6.0 * Q2_BOHR, 1e-15) && near(p->factor[9], Q2_BOHR, 1e-15), "%.17g", p->value[9]);
  CHECK(p->link[10] == 4 && p->link[11] == 4 && p->link[4] == -1, "%d %d", p->link[10], p->link[11]);
  CHECK(p->value[10] == p->value[4] && p->value[11] == p->value[4], "%g %g", p->value[10], p->value[11]);
  CHECK(near(p->scale[3], options->bare ? 0.0 : 5.0 * Q2_PI / 180.0, 1e-15), "%g", p->scale[3]);
  CHECK(p->active[4] == 1 && p->active[5] == 0, "%d %d", p->active[4], p->active[5]);
  CHECK(strcmp(p->kind[7], "torsion_phase") == 0 && strcmp(p->label[2], "X-Y-Z") == 0, "'%s'", p->label[2]);
  CHECK(strcmp(p->unit[11], "kcal/mol/angstrom^2") == 0, "'%s'", p->unit[11]);
  CHECK(d->method_count == 2 && strcmp(d->method_name[1], "B3LYP/6-31G*, PySCF 2.14.0") == 0, "'%s'", d->method_name[1]);
  CHECK(strcmp(d->title, options->bare ? "" : "springs") == 0, "'%s'", d->title);
  CHECK(d->nonbonded.type_count == (options->bare ? 0 : made_types), "%d", d->nonbonded.type_count);
  CHECK(d->has_charge == !options->bare && d->has_gradient == !options->bare, "%d", d->has_charge);
  CHECK((d->increments.offset != NULL) == options->exp6, "%d", options->exp6);
  if (d->nonbonded.type_count == made_types) {
    CHECK(d->nonbonded.vdw_14 == 0.5 && d->nonbonded.coulomb_14 == 0.8333, "%g", d->nonbonded.vdw_14);
    CHECK(strcmp(d->nonbonded.label[1], "hydrogen") == 0, "'%s'", d->nonbonded.label[1]);
  }
  if (options->exp6) {
    check_exp6(d);
  } else if (!options->bare) {
    const struct q2_nonbonded *y = &d->nonbonded;
    CHECK(strcmp(y->form, "lennard_jones") == 0 && strcmp(y->combining_rule, "lorentz-berthelot") == 0, "'%s'", y->form);
    CHECK(strcmp(y->size_name, "sigma") == 0 && y->epsilon[1] == 8 && y->size[1] == 9, "'%s'", y->size_name);
    CHECK(y->dielectric == 1.0 && y->special_count == 0, "%g %d", y->dielectric, y->special_count);
  }
  CHECK(d->cmap.grid_count == (options->bare ? 0 : made_grids) && d->cmap.points == (options->bare ? 0 : made_points), "%d %d",
        d->cmap.grid_count, d->cmap.points);
  for (int k = 0; k < d->cmap.grid_count * d->cmap.points * d->cmap.points; k++)
    CHECK(near(d->cmap.grid[k], made_grid(k), 1e-15), "%d: %.17g", k, d->cmap.grid[k]);
  CHECK(d->term_table_count == 3 && strcmp(d->terms[0].form, "angle_harmonic") == 0, "%d", d->term_table_count);
  CHECK(d->terms[2].constant_count == 1 && d->terms[0].constants == NULL, "%d", d->terms[2].constant_count);
  CHECK(d->observable_table_count == 1 && d->observables[0].minimum == 50.0, "%g", d->observables[0].minimum);
}

/* Coefficients belong to q2hpc's units: a sum is the number that the file's own give. */
static void check_guidance(const struct q2_dataset *d, const struct made_options *options) {
  const struct q2_equalities *e = &d->equalities;
  CHECK(e->count == (options->guided ? 2 : 0) && d->prior.count == e->count, "%d %d", e->count, d->prior.count);
  CHECK((d->validation != NULL) == options->guided, "%d", options->guided);
  CHECK(d->validation_total == (options->guided ? (d->molecule_total + 1) / 3 : 0), "%d", (int)d->validation_total);
  if (!options->guided) return;
  for (int64_t m = 0; m < d->molecule_count; m++)
    CHECK(d->validation[m] == (d->molecule[m] % 3 == 1), "%d", (int)d->molecule[m]);
  CHECK(e->offset[1] == 2 && e->offset[2] == 5 && e->row[1] == 11 && e->row[4] == 5, "%d", e->offset[1]);
  CHECK(near(e->coefficient[3], 0.01 * 180.0 / Q2_PI, 1e-15) && near(e->coefficient[4], -0.5, 1e-15), "%.17g",
        e->coefficient[3]);
  CHECK(strcmp(e->label[0], "stretches") == 0 && e->label[1][0] == '\0', "'%s'", e->label[0]);
  for (int k = 0; k < e->count; k++) {
    double sum = 0.0;
    for (int j = e->offset[k]; j < e->offset[k + 1]; j++)
      sum += e->coefficient[j] * d->parameters.value[e->row[j]];
    CHECK(near(sum, e->value[k], 1e-12), "%.17g %.17g", sum, e->value[k]);
  }
  CHECK(strcmp(d->prior.kind[1], "angle_eq") == 0 && d->prior.weight[1] == 2.0, "%g", d->prior.weight[1]);
}

/* Every molecule of the file is on exactly one rank. */
static void check_all(MPI_Comm comm, const struct q2_dataset *d, int64_t count, const struct made_options *options,
                      double tolerance) {
  int *seen = calloc((size_t)count, sizeof *seen);
  CHECK(d->molecule_total == count, "%lld", (long long)d->molecule_total);
  for (int64_t m = 0; m < d->molecule_count; m++) {
    seen[d->molecule[m]]++;
    CHECK(m == 0 || d->molecule[m] > d->molecule[m - 1], "%lld", (long long)d->molecule[m]);
    check_molecule(d, m, options, tolerance);
  }
  MPI_Allreduce(MPI_IN_PLACE, seen, (int)count, MPI_INT, MPI_SUM, comm);
  for (int64_t m = 0; m < count; m++)
    CHECK(seen[m] == 1, "molecule %lld is on %d ranks", (long long)m, seen[m]);
  check_force_field(d, options);
  check_guidance(d, options);
  free(seen);
}

/* Reads on comm and on one rank: the same molecules, the same checksum. */
static void test_read(MPI_Comm comm, int64_t count, const struct made_options *options, double tolerance, char checksum[17]) {
  struct q2_dataset d, alone;
  struct q2_error error = {""};
  write_on_first(comm, count, options);
  int status = q2_dataset_read(comm, path, &d, &error);
  CHECK(status == Q2_OK, "%s", error.text);
  if (status != Q2_OK) return;
  check_all(comm, &d, count, options, tolerance);
  MPI_Barrier(comm);
  status = q2_dataset_read(MPI_COMM_SELF, path, &alone, &error);
  CHECK(status == Q2_OK, "%s", error.text);
  CHECK(strlen(d.checksum) == 16 && strcmp(d.checksum, alone.checksum) == 0, "%s %s", d.checksum, alone.checksum);
  snprintf(checksum, 17, "%s", d.checksum);
  q2_dataset_free(&alone);
  q2_dataset_free(&d);
  MPI_Barrier(comm);
}

static void test_storage(MPI_Comm comm, int64_t count) {
  char plain[17] = "", other[17] = "";
  test_read(comm, count, &(struct made_options){0}, 0.0, plain);
  const struct made_options same[] = {{.other_types = 1},
                                      {.chunked = 1},
                                      {.full = 1},
                                      {.variable_strings = 1},
                                      {.other_types = 1, .chunked = 1, .full = 1, .variable_strings = 1}};
  for (size_t k = 0; k < sizeof same / sizeof *same; k++) {
    test_read(comm, count, &same[k], 0.0, other);
    CHECK(strcmp(plain, other) == 0, "storage %zu: checksum %s, not %s", k, other, plain);
  }
  test_read(comm, count, &(struct made_options){.guided = 1}, 0.0, other);
  CHECK(strcmp(plain, other) != 0, "guided: checksum %s", other);
  test_read(comm, count, &(struct made_options){.bare = 1}, 0.0, other);
  CHECK(strcmp(plain, other) != 0, "bare: checksum %s", other);
  test_read(comm, count, &(struct made_options){.other_units = 1}, 1e-9, other);
  CHECK(strcmp(plain, other) != 0, "other units: checksum %s", other);
  test_read(comm, count, &(struct made_options){.exp6 = 1}, 0.0, plain);
  test_read(comm, count, &(struct made_options){.exp6 = 1, .other_types = 1, .chunked = 1, .variable_strings = 1}, 0.0, other);
  CHECK(strcmp(plain, other) == 0, "exp-6: checksum %s, not %s", other, plain);
  test_read(comm, count, &(struct made_options){.exp6 = 1, .no_factors = 1}, 0.0, other);
  CHECK(count == 1 || strcmp(plain, other) != 0, "without factors: checksum %s", other); /* the first molecule's are 1 */
}

/* One number more or less, anywhere: another checksum. */
static void test_checksum(MPI_Comm comm) {
  int rank;
  char plain[17] = "";
  const struct made_options options = {.exp6 = 1};
  MPI_Comm_rank(comm, &rank);
  test_read(comm, 7, &options, 0.0, plain);
  for (int change = 0; change < 21; change++) {
    if (rank == 0) {
      make_dataset(path, 7, &options);
      if (change == 0) break_integer(path, "/molecules/charge", 6, 3);
      if (change == 1) break_real(path, "/molecules/energy", 2, nextafter(-77.0, 0.0));
      if (change == 2) break_real(path, "/force_field/parameters/value", 0, 501.0);
      if (change == 3) break_text(path, "/force_field/parameters/label", 1, "X");
      if (change == 4) break_integer(path, "/bonds/atoms", 1, 2), break_integer(path, "/bonds/atoms", 3, 1);
      if (change == 5) /* two signs: word by word without a fold, they would cancel */
        break_real(path, "/atoms/gradient", 3, -0x1p-19), break_real(path, "/atoms/gradient", 6, -0x1.8p-19);
      if (change == 6) break_attribute_text(path, "/force_field/nonbonded", "form", "exp6_q2mm");
      if (change == 7) break_attribute_real(path, "/force_field/nonbonded", "dielectric", 2.0);
      if (change == 8) break_attribute_real(path, "/force_field/nonbonded", "vdw_14", 1.0);
      if (change == 9) break_integer(path, "/force_field/nonbonded/radius", 1, 12);
      if (change == 10)
        break_integer(path, "/force_field/nonbonded/special/types", 3, 0),
            break_integer(path, "/force_field/nonbonded/special/types", 0, 0);
      if (change == 11) break_integer(path, "/force_field/nonbonded/special/parameters", 1, 13);
      if (change == 12) break_integer(path, "/force_field/charge_increments/parameter", 4, 19);
      if (change == 13) break_integer(path, "/force_field/charge_increments/atoms", 1, 2);
      if (change == 14) break_attribute_text(path, "/observables", "weights", "q2mm");
      if (change == 15) break_attribute_text(path, "/observables", "transition_states", "C");
      if (change == 16) break_attribute_text(path, "/observables/frequency", "basis", "cartesian");
      if (change == 17) break_real(path, "/atoms/reduction", 1, 0.0625 + 0x1p-40);
      if (change == 18) break_integer(path, "/atoms/reduction_parent", 1, 2);
      if (change == 19) break_integer(path, "/force_field/terms/bond_harmonic/at_sites", 1, 1);
      if (change == 20) break_attribute_real(path, "/force_field/nonbonded", "soft_cut_begin", 6.5);
    }
    MPI_Barrier(comm);
    struct q2_dataset d;
    struct q2_error error = {""};
    const int status = q2_dataset_read(comm, path, &d, &error);
    CHECK(status == Q2_OK, "%s", error.text);
    CHECK(strcmp(plain, d.checksum) != 0, "change %d left the checksum %s", change, plain);
    q2_dataset_free(&d);
    MPI_Barrier(comm);
  }
}

/* Observables without a column of weights, with attributes, and the energies that rows refer to, on every rank. */
static void test_observables(MPI_Comm comm) {
  int rank;
  struct q2_dataset d;
  struct q2_error error = {""};
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) {
    make_dataset(path, 10, &(struct made_options){0});
    break_rename(path, "/observables/frequency", "/observables/energy");
    break_remove(path, "/observables/energy/weight");
    break_attribute_text(path, "/observables", "weights", "q2mm_classic");
    break_attribute_text(path, "/observables", "transition_states", "C");
    for (int m = 0; m < 10; m++)
      break_integer(path, "/molecules/group", m, 3);
    for (int row = 0; row < 8; row++)
      break_integer(path, "/observables/energy/index", row, row % 2 ? 4 : 9);
  }
  MPI_Barrier(comm);
  const int status = q2_dataset_read(comm, path, &d, &error);
  CHECK(status == Q2_OK, "%s", error.text);
  if (status != Q2_OK) return;
  CHECK(d.observables[0].has_weight == 0 && d.observables[0].has_value == 0, "%d", d.observables[0].has_weight);
  CHECK(strcmp(d.weights, "q2mm_classic") == 0 && d.invert_transition_states == 1, "'%s'", d.weights);
  CHECK(d.energy_reference_count == 2, "%d", (int)d.energy_reference_count);
  for (int64_t number = 0; number < 10; number++) {
    const struct q2_energy_reference *found = q2_dataset_energy_reference(&d, number);
    CHECK((found != NULL) == (number == 4 || number == 9), "%d", (int)number);
    if (found) CHECK(found->energy == -76.5 - 0.25 * (double)number && found->group == 3, "%g", found->energy);
  }
  q2_dataset_free(&d);
  MPI_Barrier(comm);
}

/* What rounding leaves of asymmetry is averaged. */
static void test_average(MPI_Comm comm) {
  int rank;
  struct made_molecule water;
  struct q2_dataset d;
  struct q2_error error = {""};
  made_molecule(0, &water);
  const double more = 1e-10;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) {
    make_dataset(path, 3, &(struct made_options){.full = 1});
    break_real(path, "/hessian_full", 5 * 9 + 4, water.hessian[19]);        /* (5,4), as it was */
    break_real(path, "/hessian_full", 4 * 9 + 5, water.hessian[19] + more); /* (4,5) */
  }
  MPI_Barrier(comm);
  const int status = q2_dataset_read(comm, path, &d, &error);
  CHECK(status == Q2_OK, "%s", error.text);
  if (status != Q2_OK) return;
  if (d.molecule_count > 0 && d.molecule[0] == 0) {
    const double found = d.hessian[19] - water.hessian[19];
    CHECK(near(found / more, 0.5, 1e-5), "%g of %g", found, more);
  }
  q2_dataset_free(&d);
  MPI_Barrier(comm);
}

/* Three maps: everything to the last rank, round robin, scattered; with slices so small that rows travel in pieces. */
static void test_exchange(MPI_Comm comm, int64_t count) {
  int ranks;
  MPI_Comm_size(comm, &ranks);
  const struct made_options options = {.exp6 = 1, .guided = 1};
  static const int64_t slices[] = {23, 1000, 0};
  write_on_first(comm, count, &options);
  for (size_t s = 0; s < sizeof slices / sizeof *slices; s++) {
    struct q2_dataset d;
    struct q2_error error = {""};
    int status = q2_dataset_read(comm, path, &d, &error);
    CHECK(status == Q2_OK, "%s", error.text);
    if (status != Q2_OK) return;
    for (int map = 0; map < 3; map++) {
      int *owner = calloc((size_t)d.molecule_count + 1, sizeof *owner);
      for (int64_t m = 0; m < d.molecule_count; m++) {
        const int64_t number = d.molecule[m];
        owner[m] = map == 0 ? ranks - 1 : (int)((map == 1 ? number : number * number / 3 + number % 5) % ranks);
      }
      status = slices[s] ? q2_dataset_exchange_sliced(comm, &d, owner, slices[s], &error)
                         : q2_dataset_exchange(comm, &d, owner, &error);
      CHECK(status == Q2_OK, "%s", error.text);
      check_all(comm, &d, count, &options, 0.0);
      free(owner);
    }
    char checksum[17];
    memcpy(checksum, d.checksum, sizeof checksum);
    CHECK(q2_dataset_checksum(comm, &d, &error) == Q2_OK, "%s", error.text);
    CHECK(strcmp(checksum, d.checksum) == 0, "%s %s", checksum, d.checksum);
    /* An owner that is no rank: refused everywhere, nothing moved. */
    int *owner = calloc((size_t)d.molecule_count + 1, sizeof *owner);
    for (int64_t m = 0; m < d.molecule_count; m++)
      owner[m] = d.molecule[m] == count - 1 ? ranks : 0;
    status = q2_dataset_exchange(comm, &d, owner, &error);
    CHECK(status == Q2_FAILED && strstr(error.text, "expected an owner"), "%s", error.text);
    check_all(comm, &d, count, &options, 0.0);
    free(owner);
    q2_dataset_free(&d);
    q2_dataset_free(&d); /* harmless */
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  test_storage(MPI_COMM_WORLD, 1); /* more ranks than molecules */
  test_storage(MPI_COMM_WORLD, 23);
  test_checksum(MPI_COMM_WORLD);
  test_observables(MPI_COMM_WORLD);
  test_average(MPI_COMM_WORLD);
  test_exchange(MPI_COMM_WORLD, 1);
  test_exchange(MPI_COMM_WORLD, 37);
  if (rank == 0) remove(path);
  int failures = check_failures;
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  if (rank == 0 && failures == 0) printf("data set: read as written, moved intact\n");
  return check_failures ? check_result() : failures != 0;
}
