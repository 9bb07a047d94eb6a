/* Claims: every kind of observable finds its residual rows, with the references that the QM data imply and the weights of their
 * class; in both bases the QM Hessian is diagonal with the eigenvalues that are references; method C changes one eigenvalue and
 * nothing else; what cannot be meant is refused; the kinds that files know are those of the registry. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/constants.h"
#include "../io/observable_kinds.h"
#include "../kernels/stages.h"
#include "../src/observable_weights.h"
#include "../src/residuals.h"
#include "../src/rigid.h"
#include "check.h"
#include "synthetic.h"

enum {
  WATER = 0,
  HYDROGEN = 1,
  CARBON_DIOXIDE = 2,
  METHANE = 3,
  AMMONIA = 4,
  ETHANE = 5,
  PROPYNE = 6,
  ATOM = 9,
  MOST_ROWS = 8
};

/* A data set whose observables are one table of `rows` rows for one molecule. */
struct fixture {
  struct q2_dataset dataset;
  int64_t molecule;
  struct q2_reference reference;
  struct q2_error error;
};

static void release_tables(struct q2_dataset *dataset) {
  for (int t = 0; t < dataset->observable_table_count; t++) {
    struct q2_observable_table *table = &dataset->observables[t];
    free(table->offset);
    free(table->index);
    free(table->value);
    free(table->weight);
  }
  free(dataset->observables);
  dataset->observables = NULL;
  dataset->observable_table_count = 0;
}

static struct q2_observable_table *add_table(struct q2_dataset *dataset, const char *kind, int64_t molecule, int rows,
                                             const int32_t *index) {
  const int count = dataset->observable_table_count++;
  dataset->observables = realloc(dataset->observables, (size_t)(count + 1) * sizeof *dataset->observables);
  struct q2_observable_table *table = &dataset->observables[count];
  *table = (struct q2_observable_table){.minimum = 50, .has_weight = 1};
  snprintf(table->kind, sizeof table->kind, "%s", kind);
  table->index_count = q2_observables[q2_observable_find(kind)].index_count;
  table->offset = calloc((size_t)dataset->molecule_count + 1, sizeof *table->offset);
  for (int64_t m = molecule; m < dataset->molecule_count; m++)
    table->offset[m + 1] = rows;
  table->index = calloc((size_t)(rows * table->index_count) + 1, sizeof *table->index);
  table->value = calloc((size_t)rows + 1, sizeof *table->value);
  table->weight = calloc((size_t)rows + 1, sizeof *table->weight);
  memcpy(table->index, index, (size_t)(rows * table->index_count) * sizeof *index);
  for (int row = 0; row < rows; row++)
    table->weight[row] = 2 + row;
  return table;
}

static void open_fixture(struct fixture *fixture, int64_t molecule) {
  *fixture = (struct fixture){.molecule = molecule};
  q2_synthetic(MPI_COMM_SELF, 12, 1, &fixture->dataset);
  release_tables(&fixture->dataset);
}

static int make(struct fixture *fixture, int relaxed, int with_modes) {
  q2_reference_free(&fixture->reference);
  return q2_reference_make(&fixture->dataset, fixture->molecule, relaxed, 1, with_modes, &fixture->reference, &fixture->error);
}

static void close_fixture(struct fixture *fixture) {
  q2_reference_free(&fixture->reference);
  q2_dataset_free(&fixture->dataset);
}

static int atoms_of(const struct fixture *fixture) {
  return (int)(fixture->dataset.atom_offset[fixture->molecule + 1] - fixture->dataset.atom_offset[fixture->molecule]);
}

static double *hessian_of(struct fixture *fixture) {
  return fixture->dataset.hessian + fixture->dataset.hessian_offset[fixture->molecule];
}

/* An index that stands for all, in any kind. */
static const int32_t all[Q2_MAX_INDEX] = {-1, -1, -1, -1};

static void check_kinds(void) {
  int count = 0;
  for (const struct q2_observable_kind *kind = q2_observable_kinds; kind->name; kind++, count++) {
    const struct q2_observable_info *info = &q2_observables[count];
    CHECK(strcmp(kind->name, info->name) == 0, "%s %s", kind->name, info->name);
    CHECK(kind->index_count == info->index_count, "%s: %d %d", kind->name, kind->index_count, info->index_count);
    CHECK(strcmp(q2_unit_of(kind->quantity), info->unit) == 0, "%s: %s %s", kind->name, q2_unit_of(kind->quantity), info->unit);
    CHECK((kind->indexed == Q2_INDEX_ATOMS) == (info->made_of == Q2_MADE_OF_COORDINATE), "%s", kind->name);
    CHECK((kind->indexed == Q2_INDEX_MOLECULES) == (info->made_of == Q2_MADE_OF_ENERGY), "%s", kind->name);
  }
  CHECK(count == Q2_OBSERVABLE_COUNT, "%d kinds", count);
}

/* b' H b for all pairs of columns of the basis; H packed in hartree/bohr^2. */
static double project(const struct fixture *fixture, const double *hessian, int i, int j) {
  const int n = 3 * atoms_of(fixture);
  const double *left = fixture->reference.basis + (int64_t)i * n, *right = fixture->reference.basis + (int64_t)j * n;
  double sum = 0;
  for (int row = 0; row < n; row++) {
    for (int column = 0; column < n; column++) {
      const int high = row > column ? row : column, low = row > column ? column : row;
      sum += left[row] * hessian[Q2_TRIANGLE(high, low)] * right[column];
    }
  }
  return sum;
}

/* The QM Hessian is diagonal in the basis; diagonal and off-diagonal rows say so. */
static void check_basis(int64_t molecule, int cartesian) {
  struct fixture f;
  open_fixture(&f, molecule);
  add_table(&f.dataset, "eigenmatrix_off_diagonal", molecule, 1, all)->cartesian = cartesian;
  add_table(&f.dataset, "eigenmatrix_diagonal", molecule, 1, all)->cartesian = cartesian;
  CHECK(make(&f, 0, 1) == Q2_OK, "%s", f.error.text);
  const int n = 3 * atoms_of(&f), count = cartesian ? n : f.reference.vibration_count;
  CHECK(f.reference.basis_count == count, "%d", f.reference.basis_count);
  CHECK(f.reference.residual_count == count + count * (count - 1) / 2, "%d", (int)f.reference.residual_count);
  for (int64_t k = 0; k < f.reference.residual_count; k++) {
    const struct q2_residual *r = &f.reference.residual[k];
    const int diagonal = k < count;
    CHECK(r->observable == (diagonal ? Q2_OBSERVABLE_EIGENMATRIX_DIAGONAL : Q2_OBSERVABLE_EIGENMATRIX_OFF_DIAGONAL), "%d",
          r->observable);
    CHECK(diagonal ? r->index[0] == k && r->index[1] == k : r->index[0] > r->index[1], "%d %d", r->index[0], r->index[1]);
    CHECK(r->weight == 2, "%g", r->weight);
    CHECK_CLOSE(project(&f, hessian_of(&f), r->index[0], r->index[1]), r->reference, 1e-13);
    CHECK(diagonal || r->reference == 0, "%g", r->reference);
    if (!diagonal || cartesian) continue;
    q2_real slope;
    CHECK_CLOSE(q2_wavenumber(q2_wavenumber_unit(), r->reference * Q2_HARTREE_PER_BOHR2, &slope), f.reference.vibration[k],
                1e-8 * fabs(f.reference.vibration[k]) + 1e-6);
    for (int x = 0; x < n; x++) { /* the basis is the normal modes over sqrt(m) */
      const double mass = f.dataset.mass[f.dataset.atom_offset[molecule] + x / 3];
      CHECK_CLOSE(f.reference.basis[k * n + x] * sqrt(mass), f.reference.normal_mode[k * n + x], 1e-14);
    }
  }
  close_fixture(&f);
}

/* Normal modes are orthonormal, and blind to translations. */
static void check_modes(void) {
  for (int64_t m = WATER; m <= PROPYNE; m++) {
    struct fixture f;
    open_fixture(&f, m);
    CHECK(make(&f, 0, 1) == Q2_OK, "%s", f.error.text);
    const int n = 3 * atoms_of(&f), count = f.reference.vibration_count;
    const double *mode = f.reference.normal_mode;
    CHECK(f.reference.residual_count == 0 && f.reference.basis == NULL, "%d", (int)f.reference.residual_count);
    for (int i = 0; i < count; i++) {
      double along[3] = {0, 0, 0};
      for (int j = 0; j <= i; j++) {
        double product = 0;
        for (int x = 0; x < n; x++)
          product += mode[i * n + x] * mode[j * n + x];
        CHECK_CLOSE(product, i == j, 1e-13);
      }
      for (int x = 0; x < n; x++)
        along[x % 3] += sqrt(f.dataset.mass[f.dataset.atom_offset[m] + x / 3]) * mode[i * n + x];
      for (int axis = 0; axis < 3; axis++)
        CHECK_CLOSE(along[axis], 0, 1e-12);
    }
    close_fixture(&f);
  }
}

/* How many rows -1 stands for. */
static void check_count(const char *kind, int64_t molecule, int64_t expected) {
  struct fixture f;
  open_fixture(&f, molecule);
  add_table(&f.dataset, kind, molecule, 1, all);
  const int relaxed = q2_observables[q2_observable_find(kind)].relaxed;
  f.dataset.stationary[molecule] = 1;
  CHECK(make(&f, relaxed, 0) == Q2_OK, "%s", f.error.text);
  CHECK(f.reference.residual_count == expected, "%s of %s: %d rows", kind, f.dataset.name[molecule].text,
        (int)f.reference.residual_count);
  CHECK(make(&f, !relaxed, 0) == Q2_OK && f.reference.residual_count == 0, "%s", kind);
  close_fixture(&f);
}

static void check_counts(void) {
  check_count("frequency", WATER, 3);
  check_count("relaxed_frequency", HYDROGEN, 1);
  check_count("frequency", ATOM, 0);
  check_count("hessian", HYDROGEN, 21);
  check_count("gradient", METHANE, 15);
  check_count("bond", ETHANE, 7);
  check_count("angle", ETHANE, 12);
  check_count("torsion", ETHANE, 9);
  check_count("bond", AMMONIA, 3);
  check_count("angle", AMMONIA, 3);
  check_count("torsion", AMMONIA, 0);
  check_count("torsion", PROPYNE, 0); /* H-C-C-C and C-C-C-H go through a straight angle */
  check_count("angle", HYDROGEN, 0);
}

/* Hessian elements, gradients, and internal coordinates: references against the data themselves. */
static void check_references(void) {
  struct fixture f;
  open_fixture(&f, WATER);
  add_table(&f.dataset, "hessian", WATER, 3, (const int32_t[]){2, 7, 4, 4, 8, 0});
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
  CHECK(f.reference.residual_count == 3, "%d", (int)f.reference.residual_count);
  const struct q2_residual *r = f.reference.residual;
  CHECK(r[0].index[0] == 7 && r[0].index[1] == 2 && r[0].reference == hessian_of(&f)[Q2_TRIANGLE(7, 2)], "%g", r[0].reference);
  CHECK(r[1].reference == hessian_of(&f)[Q2_TRIANGLE(4, 4)] && r[1].weight == 3, "%g", r[1].weight);
  release_tables(&f.dataset);
  add_table(&f.dataset, "gradient", WATER, 1, (const int32_t[]){5});
  f.dataset.gradient[3 * f.dataset.atom_offset[WATER] + 5] = 0.01;
  f.dataset.has_gradient = 1;
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
  CHECK_CLOSE(f.reference.residual[0].reference, 0.01 * 627.5094740631 / 0.529177210903, 1e-9);
  close_fixture(&f);
  open_fixture(&f, ETHANE);
  add_table(&f.dataset, "bond", ETHANE, 1, (const int32_t[]){1, 0});
  add_table(&f.dataset, "angle", ETHANE, 1, (const int32_t[]){0, 1, 5});
  add_table(&f.dataset, "torsion", ETHANE, 2, (const int32_t[]){2, 0, 1, 5, 6, 1, 0, 2});
  CHECK(make(&f, 1, 0) == Q2_OK, "%s", f.error.text);
  CHECK(f.reference.residual_count == 4, "%d", (int)f.reference.residual_count);
  CHECK_CLOSE(f.reference.residual[0].reference, 1.53, 1e-12);
  CHECK_CLOSE(f.reference.residual[1].reference, 90 + atan(0.395 / 1.02) * 180 / Q2_PI, 1e-10);
  CHECK_CLOSE(f.reference.residual[2].reference, 180, 1e-10); /* not -180 */
  CHECK_CLOSE(fabs(f.reference.residual[3].reference), 60, 0.01);
  for (int t = 0; t < 3; t++)
    f.dataset.observables[t].has_value = 1;
  f.dataset.observables[0].value[0] = 1.6;
  f.dataset.observables[2].value[0] = -180;
  f.dataset.observables[2].value[1] = 200;
  CHECK(make(&f, 1, 0) == Q2_OK, "%s", f.error.text);
  CHECK(f.reference.residual[0].reference == 1.6, "%g", f.reference.residual[0].reference);
  CHECK(f.reference.residual[2].reference == 180 && f.reference.residual[3].reference == -160, "%g",
        f.reference.residual[3].reference);
  close_fixture(&f);
}

/* Explicit vibrations, one with a value of its own, in a molecule with and without Hessian. */
static void check_frequencies(void) {
  struct fixture f;
  open_fixture(&f, WATER);
  add_table(&f.dataset, "frequency", WATER, 2, (const int32_t[]){2, 0})->has_value = 1;
  f.dataset.observables[0].value[0] = 3700;
  f.dataset.observables[0].value[1] = -120;
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
  CHECK(f.reference.residual_count == 2 && f.reference.residual[0].index[0] == 2, "%d", f.reference.residual[0].index[0]);
  CHECK(f.reference.residual[0].reference == 3700 && f.reference.vibration[2] == 3700, "%g", f.reference.vibration[2]);
  CHECK(f.reference.vibration_count == 3 && f.reference.known[1] == 1 && f.reference.vibration[0] == -120, "%g",
        f.reference.vibration[0]);
  for (int64_t m = WATER + 1; m <= f.dataset.molecule_count; m++)
    f.dataset.hessian_offset[m] = 0;
  CHECK(make(&f, 0, 1) == Q2_OK, "%s", f.error.text);
  CHECK(f.reference.vibration_count == 3 && f.reference.known[1] == 0 && f.reference.known[2] == 1, "%d",
        f.reference.vibration_count);
  CHECK(f.reference.normal_mode == NULL, "modes without a Hessian");
  close_fixture(&f);
}

/* The weight of the residual with that index. */
static double weight_of(const struct fixture *fixture, int i, int j) {
  for (int64_t k = 0; k < fixture->reference.residual_count; k++) {
    const struct q2_residual *r = &fixture->reference.residual[k];
    if (r->index[0] == i && r->index[1] == j) return r->weight;
  }
  return NAN;
}

static void check_weights(void) {
  const double kj = 627.5094740631 * 4.184 / (0.529177210903 * 0.529177210903); /* kJ/mol/angstrom^2 */
  struct fixture f;
  open_fixture(&f, ETHANE);
  add_table(&f.dataset, "hessian", ETHANE, 1, all)->has_weight = 0;
  snprintf(f.dataset.weights, sizeof f.dataset.weights, "q2mm_classic");
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
  const double *mass = f.dataset.mass + f.dataset.atom_offset[ETHANE];
  CHECK(weight_of(&f, 4, 4) == 0 && weight_of(&f, 4, 3) == 0, "%g", weight_of(&f, 4, 4));
  CHECK_CLOSE(weight_of(&f, 5, 1), 0.031 * kj / sqrt(mass[1] * mass[0]), 1e-6);  /* C-C */
  CHECK_CLOSE(weight_of(&f, 17, 0), 0.031 * kj / sqrt(mass[5] * mass[0]), 1e-6); /* H-C-C */
  CHECK_CLOSE(weight_of(&f, 15, 6), 0.31 * kj / sqrt(mass[5] * mass[2]), 1e-6);  /* H-C-C-H */
  snprintf(f.dataset.weights, sizeof f.dataset.weights, "q2mm");
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
  CHECK(weight_of(&f, 4, 4) == 0.1 && weight_of(&f, 15, 6) == 0.05 && weight_of(&f, 4, 3) == 0.05, "%g", weight_of(&f, 15, 6));
  release_tables(&f.dataset);
  add_table(&f.dataset, "eigenmatrix_diagonal", ETHANE, 1, all)->has_weight = 0;
  add_table(&f.dataset, "eigenmatrix_off_diagonal", ETHANE, 1, all)->has_weight = 0;
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
  CHECK(weight_of(&f, 0, 0) == 0 && weight_of(&f, 1, 1) == 0.1 && weight_of(&f, 17, 17) == 0.1, "%g", weight_of(&f, 0, 0));
  CHECK(weight_of(&f, 1, 0) == 0.05, "%g", weight_of(&f, 1, 0));
  close_fixture(&f);
  open_fixture(&f, HYDROGEN); /* without a bond: the rest */
  for (int64_t m = HYDROGEN + 1; m <= f.dataset.molecule_count; m++)
    f.dataset.bond_offset[m] = f.dataset.bond_offset[HYDROGEN];
  add_table(&f.dataset, "hessian", HYDROGEN, 1, all)->has_weight = 0;
  snprintf(f.dataset.weights, sizeof f.dataset.weights, "q2mm_classic");
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
  CHECK_CLOSE(weight_of(&f, 3, 0), 0.031 * kj / f.dataset.mass[f.dataset.atom_offset[HYDROGEN]], 1e-6);
  close_fixture(&f);
}

/* One number of each set: the table of docs/observables.md. */
static void check_sets(void) {
  const struct q2_weight_set *classic = q2_weight_set("q2mm_classic"), *q2mm = q2_weight_set("q2mm");
  CHECK(classic && q2mm && !q2_weight_set("") && !q2_weight_set("other"), "sets");
  if (!classic || !q2mm) return;
  CHECK(classic->weight[Q2_WEIGHT_BOND] == 100 && classic->weight[Q2_WEIGHT_ANGLE] == 2, "classic");
  CHECK(classic->weight[Q2_WEIGHT_TORSION] == 1 && q2mm->weight[Q2_WEIGHT_TORSION] == 2, "torsions");
  CHECK(q2mm->weight[Q2_WEIGHT_BOND] == 10 && q2mm->weight[Q2_WEIGHT_ANGLE] == 5, "q2mm");
  CHECK_CLOSE(classic->weight[Q2_WEIGHT_ENERGY], 83.68, 1e-12);
  CHECK_CLOSE(classic->weight[Q2_WEIGHT_RELAXED_ENERGY], 418.4, 1e-12);
  CHECK(q2mm->weight[Q2_WEIGHT_FREQUENCY] == 1 && q2mm->weight[Q2_WEIGHT_ENERGY] == 1, "q2mm");
  CHECK_CLOSE(classic->weight[Q2_WEIGHT_EIGENMATRIX_OFF_DIAGONAL], 0.05 * 9375.83, 0.01);
  CHECK_CLOSE(Q2_WEIGHT_HIGH, 0.1173, 5e-5);
}

/* Turns the sign of the largest eigenvalues of the molecule's Hessian; vector: [count][n] their eigenvectors, or NULL. */
static void make_transition_state(struct fixture *f, int count, double *lowest, double *vector) {
  const int n = 3 * atoms_of(f);
  double *hessian = hessian_of(f), *eigenvalue = calloc((size_t)n * (n + 1), sizeof *eigenvalue), *modes = eigenvalue + n;
  CHECK(q2_packed_modes(n, hessian, eigenvalue, modes) == n, "LAPACK");
  for (int k = n - count; k < n; k++) {
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++)
        hessian[Q2_TRIANGLE(i, j)] -= 2 * eigenvalue[k] * modes[k * n + i] * modes[k * n + j];
    }
  }
  *lowest = -eigenvalue[n - 1];
  if (vector) memcpy(vector, modes + (n - 1) * n, (size_t)n * sizeof *vector);
  free(eigenvalue);
  f->dataset.imaginary_modes[f->molecule] = count;
}

static void check_transition_states(void) {
  struct fixture f;
  double lowest, vector[24];
  open_fixture(&f, AMMONIA);
  make_transition_state(&f, 1, &lowest, vector);
  add_table(&f.dataset, "eigenmatrix_diagonal", AMMONIA, 1, all)->cartesian = 1;
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text); /* D */
  CHECK_CLOSE(f.reference.residual[0].reference, lowest, 1e-13);
  CHECK(lowest < 0 && f.reference.vibration[0] < 0, "%g", f.reference.vibration[0]);
  f.dataset.invert_transition_states = 1;
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
  int inverted = 0;
  for (int k = 0; k < 12; k++)
    inverted += fabs(f.reference.residual[k].reference - 1) < 1e-12;
  CHECK(inverted == 1 && f.reference.residual[0].reference > -1e-12, "%d, %g", inverted, f.reference.residual[0].reference);
  CHECK(f.reference.vibration[0] > 0, "%g", f.reference.vibration[0]);
  release_tables(&f.dataset);
  add_table(&f.dataset, "hessian", AMMONIA, 1, all);
  CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
  for (int64_t k = 0; k < f.reference.residual_count; k++) {
    const struct q2_residual *r = &f.reference.residual[k];
    CHECK_CLOSE(r->reference, hessian_of(&f)[k] + (1 - lowest) * vector[r->index[0]] * vector[r->index[1]], 1e-13);
  }
  f.dataset.imaginary_modes[AMMONIA] = 0; /* a minimum is left alone */
  CHECK(make(&f, 0, 0) == Q2_OK && f.reference.residual[0].reference == hessian_of(&f)[0], "%s", f.error.text);
  close_fixture(&f);
}

/* Weight of the residual of vibration or diagonal element `index`, -1 where there is none or more than one. */
static double weight_at(const struct fixture *f, int index) {
  double weight = -1;
  int found = 0;
  for (int64_t k = 0; k < f->reference.residual_count; k++) {
    if (f->reference.residual[k].index[0] != index) continue;
    weight = f->reference.residual[k].weight;
    found++;
  }
  return found == 1 ? weight : -1;
}

/* Reaction modes: left out under D where the fit says so, and gone under C. */
static void check_reaction_modes(void) {
  static const char *const kinds[2] = {"frequency", "eigenmatrix_diagonal"};
  struct fixture f;
  double lowest;
  for (int k = 0; k < 2; k++) {
    open_fixture(&f, AMMONIA);
    make_transition_state(&f, 1, &lowest, NULL);
    const int rows[2] = {-1, 0};
    add_table(&f.dataset, kinds[k], AMMONIA, k == 0 ? 2 : 1, rows);
    CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
    const int64_t count = f.reference.residual_count;
    const double weight = weight_at(&f, 0);
    CHECK(weight > 0, "%g", weight);
    f.dataset.leave_out_reaction_modes = 1;
    CHECK(make(&f, 0, 0) == Q2_OK && f.reference.residual_count == count, "%s", f.error.text);
    CHECK(weight_at(&f, 0) == 0 && weight_at(&f, 1) > 0, "%g %g", weight_at(&f, 0), weight_at(&f, 1));
    f.dataset.invert_transition_states = 1; /* then there is nothing to leave out */
    CHECK(make(&f, 0, 0) == Q2_OK, "%s", f.error.text);
    CHECK(f.reference.residual_count == count && weight_at(&f, 0) > 0, "%lld", (long long)f.reference.residual_count);
    f.dataset.invert_transition_states = 0;
    f.dataset.imaginary_modes[AMMONIA] = 0; /* a minimum is left alone */
    CHECK(make(&f, 0, 0) == Q2_OK && weight_at(&f, 0) > 0, "%s", f.error.text);
    close_fixture(&f);
  }
}

/* Fails with a text that contains `expected`. */
static void check_refused(struct fixture *f, int relaxed, const char *expected) {
  f->error.text[0] = 0;
  CHECK(make(f, relaxed, 0) == Q2_FAILED, "accepted: %s", expected);
  CHECK(strstr(f->error.text, expected) != NULL, "'%s' lacks '%s'", f->error.text, expected);
  CHECK(strstr(f->error.text, f->dataset.name[f->molecule].text) != NULL || strstr(expected, "weight"), "'%s'", f->error.text);
}

struct refusal {
  const char *kind;
  int64_t molecule;
  int rows;
  int32_t index[MOST_ROWS];
  const char *expected;
};

static const struct refusal refusals[] = {
    {"frequency", WATER, 1, {3}, "has 3 vibrations, found index 3 (expected -1 to 2)"},
    {"frequency", WATER, 1, {-2}, "found index -2"},
    {"frequency", WATER, 2, {-1, 1}, "vibration 1 of molecule water 0 is observed twice"},
    {"relaxed_frequency", WATER, 2, {0, 0}, "/observables/relaxed_frequency: vibration 0"},
    {"eigenmatrix_diagonal", WATER, 1, {3}, "has 3 vibrations, found index 3"},
    {"eigenmatrix_diagonal", WATER, 2, {-1, 2}, "index 2 of molecule water 0 is observed twice"},
    {"eigenmatrix_off_diagonal", WATER, 1, {1, 1}, "expected different vibrations, found 1 twice"},
    {"eigenmatrix_off_diagonal", WATER, 2, {1, 2, 2, 1}, "index 2, 1 of molecule water 0 is observed twice"},
    {"hessian", WATER, 2, {1, 2, 2, 1}, "index 2, 1 of molecule"},
    {"hessian", WATER, 1, {-1, 2}, "expected -1 in all columns of a row (all Cartesian components) or in none"},
    {"hessian", WATER, 1, {9, 2}, "has 9 Cartesian components, found index 9"},
    {"gradient", WATER, 2, {4, 4}, "index 4 of molecule"},
    {"bond", WATER, 2, {0, 1, 1, 0}, "index 0, 1 of molecule water 0 is observed twice"},
    {"bond", WATER, 1, {1, 1}, "expected different atoms, found 1 twice"},
    {"bond", WATER, 1, {1, 3}, "has 3 atoms, found index 3"},
    {"angle", WATER, 2, {1, 0, 2, 2, 0, 1}, "index 1, 0, 2 of molecule"},
    {"torsion", ETHANE, 2, {2, 0, 1, 5, 5, 1, 0, 2}, "index 2, 0, 1, 5 of molecule"},
    {"torsion", PROPYNE, 1, {2, 1, 0, 3}, "expected bond angles of at most 175 degree along torsion 2-1-0-3"},
};

static void check_refusals(void) {
  struct fixture f;
  for (size_t k = 0; k < sizeof refusals / sizeof *refusals; k++) {
    const struct refusal *c = &refusals[k];
    open_fixture(&f, c->molecule);
    f.dataset.stationary[c->molecule] = 1;
    add_table(&f.dataset, c->kind, c->molecule, c->rows, c->index);
    check_refused(&f, q2_observables[q2_observable_find(c->kind)].relaxed, c->expected);
    close_fixture(&f);
  }
  static const char *const kinds[] = {"frequency", "eigenmatrix_diagonal", "hessian", "gradient", "bond"};
  for (int k = 0; k < 5; k++) { /* -1 beside values */
    open_fixture(&f, WATER);
    add_table(&f.dataset, kinds[k], WATER, 1, all)->has_value = 1;
    check_refused(&f, k == 4, "but the dataset value is there");
    close_fixture(&f);
  }
  static const char *const expected[] = {"neither values nor a Hessian", "expected a Hessian, whose eigenvectors",
                                         "neither values nor a Hessian"};
  for (int k = 0; k < 3; k++) { /* no Hessian */
    open_fixture(&f, WATER);
    for (int64_t m = 1; m <= f.dataset.molecule_count; m++)
      f.dataset.hessian_offset[m] = 0;
    add_table(&f.dataset, kinds[k], WATER, 1, all);
    check_refused(&f, 0, expected[k]);
    close_fixture(&f);
  }
  open_fixture(&f, WATER);
  add_table(&f.dataset, "gradient", WATER, 1, all);
  f.dataset.stationary[WATER] = 0;
  check_refused(&f, 0, "expected values, /atoms/gradient or a stationary geometry");
  release_tables(&f.dataset);
  add_table(&f.dataset, "frequency", WATER, 1, all)->has_weight = 0;
  check_refused(&f, 0, "expected weights, or the name of a set of weights");
  snprintf(f.dataset.weights, sizeof f.dataset.weights, "q2mm_classic");
  check_refused(&f, 0, "expected a dataset weight, because the set q2mm_classic has none");
  close_fixture(&f);
}

static void check_saddles_refused(void) {
  struct fixture f;
  double lowest;
  for (int count = 0; count <= 2; count += 2) {
    open_fixture(&f, AMMONIA);
    f.dataset.invert_transition_states = 1;
    make_transition_state(&f, count, &lowest, NULL);
    f.dataset.imaginary_modes[AMMONIA] = 1;
    check_refused(&f, 0, count == 0 ? "found 0 in the Hessian" : "found 2 in the Hessian and imaginary_modes 1");
    close_fixture(&f);
  }
}

/* Energies are compared across ranks, before and after molecules move. */
static void check_energies(void) {
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  struct q2_dataset d;
  struct q2_error error = {""};
  enum { COUNT = 24, FIRST = 2 };
  q2_synthetic(MPI_COMM_WORLD, COUNT, 1, &d);
  release_tables(&d);
  struct q2_observable_table *table = add_table(&d, "relaxed_energy", 0, 0, all);
  free(table->index);
  table->index = calloc((size_t)d.molecule_count + 1, sizeof *table->index);
  table->has_value = 0;
  free(table->weight);
  table->weight = calloc((size_t)d.molecule_count + 1, sizeof *table->weight);
  free(table->value);
  table->value = calloc((size_t)d.molecule_count + 1, sizeof *table->value);
  int *owner = calloc((size_t)d.molecule_count + 1, sizeof *owner);
  for (int64_t m = 0; m < d.molecule_count; m++) {
    const int64_t number = d.molecule[m];
    d.group[m] = (int32_t)(number % 2);
    d.energy[m] = -76 - 0.001 * (double)(number * number);
    owner[m] = (int)(number % ranks);
    table->offset[m + 1] = table->offset[m] + (number >= FIRST);
    if (number >= FIRST) table->index[table->offset[m]] = (int32_t)(number % 2);
  }
  CHECK(q2_dataset_gather_energies(MPI_COMM_WORLD, &d, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_dataset_exchange(MPI_COMM_WORLD, &d, owner, &error) == Q2_OK, "%s", error.text);
  CHECK(d.energy_reference_count == FIRST && d.energy_reference[1].molecule == 1, "%d", (int)d.energy_reference_count);
  for (int64_t m = 0; m < d.molecule_count; m++) {
    struct q2_reference reference;
    const double number = (double)d.molecule[m], other = (double)(d.molecule[m] % 2);
    CHECK(q2_reference_make(&d, m, 1, 1, 0, &reference, &error) == Q2_OK, "%s", error.text);
    CHECK(reference.residual_count == (d.molecule[m] >= FIRST), "%d", (int)reference.residual_count);
    if (reference.residual_count == 1)
      CHECK_CLOSE(reference.residual[0].reference, -0.001 * (number * number - other * other) * 627.5094740631, 1e-9);
    q2_reference_free(&reference);
  }
  static const char *const expected[3] = {"expected another molecule to compare with", "expected a group", "of the same group"};
  for (int k = 0; k < 3; k++) { /* what one rank finds, all report */
    const int64_t m = d.molecule_count - 1;
    const int mine = m >= 0 && d.molecule[m] == COUNT - 1;
    const int32_t group = mine ? d.group[m] : 0, old = mine ? d.observables[0].index[d.observables[0].offset[m]] : 0;
    int32_t *index = mine ? &d.observables[0].index[d.observables[0].offset[m]] : NULL;
    if (mine && k == 0) *index = COUNT - 1;
    if (mine && k == 1) d.group[m] = -1;
    if (mine && k == 2) *index = 0;
    CHECK(q2_dataset_gather_energies(MPI_COMM_WORLD, &d, &error) == Q2_FAILED, "accepted: %s", expected[k]);
    CHECK(strstr(error.text, expected[k]) != NULL, "'%s'", error.text);
    if (mine) {
      *index = old;
      d.group[m] = group;
    }
  }
  free(owner);
  q2_dataset_free(&d);
}

/* The bundled set: every molecule's rows are its vibrations above the minimum and the imaginary ones of transition states, with
 * the wavenumbers of its Hessian. */
static void check_bundled(void) {
  const char *source = getenv("Q2HPC_SOURCE");
  char path[1024];
  struct q2_dataset d;
  struct q2_error error = {""};
  snprintf(path, sizeof path, "%s/jobs/data/organic_dft.h5", source ? source : ".");
  CHECK(q2_dataset_read(MPI_COMM_WORLD, path, &d, &error) == Q2_OK, "%s", error.text);
  for (int64_t m = 0; m < d.molecule_count; m++) {
    struct q2_reference reference;
    const int64_t first = d.atom_offset[m];
    const int atoms = (int)(d.atom_offset[m + 1] - first);
    double *eigenvalue = calloc(3 * (size_t)atoms, sizeof *eigenvalue);
    const int modes =
        q2_qm_eigenvalues(atoms, d.mass + first, d.position + 3 * first, d.hessian + d.hessian_offset[m], 1, eigenvalue);
    CHECK(q2_reference_make(&d, m, 0, 1, 0, &reference, &error) == Q2_OK, "%s", error.text);
    CHECK(reference.vibration_count == modes, "%d %d", reference.vibration_count, modes);
    int64_t observed = 0;
    for (int k = 0; k < modes; k++) {
      q2_real slope;
      const double expected = q2_wavenumber(q2_wavenumber_unit(), eigenvalue[k], &slope);
      CHECK(reference.vibration[k] == expected, "%.17g %.17g", reference.vibration[k], expected);
      int64_t row = 0;
      while (row < reference.residual_count && reference.residual[row].index[0] != k)
        row++;
      const int is_observed = row < reference.residual_count;
      CHECK(is_observed == (expected > 50 || k < d.imaginary_modes[m]), "%s: vibration %d, %g cm-1", d.name[m].text, k,
            expected);
      CHECK(!is_observed || reference.residual[row].reference == expected, "%s: row %d", d.name[m].text, (int)row);
      observed += is_observed;
    }
    CHECK(observed == reference.residual_count, "%d of %d", (int)observed, (int)reference.residual_count);
    q2_reference_free(&reference);
    free(eigenvalue);
  }
  q2_dataset_free(&d);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  check_kinds();
  check_modes();
  for (int cartesian = 0; cartesian < 2; cartesian++) {
    for (int64_t m = WATER; m <= PROPYNE; m++)
      check_basis(m, cartesian);
  }
  check_counts();
  check_references();
  check_frequencies();
  check_weights();
  check_sets();
  check_transition_states();
  check_reaction_modes();
  check_refusals();
  check_saddles_refused();
  check_energies();
  check_bundled();
  MPI_Finalize();
  return check_result();
}
