/* Molecules by hand, topology by distance, parameters by element. */
#include "synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/constants.h"
#include "../kernels/forms.h"
#include "../src/growing.h"

struct atom {
  int element;
  double position[3];
};

struct shape {
  const char *name;
  int atoms;
  struct atom atom[16];
};

static const struct shape shapes[] = {
    {"water", 3, {{8, {0, 0, 0.117}}, {1, {0, 0.757, -0.47}}, {1, {0, -0.757, -0.47}}}},
    {"hydrogen", 2, {{1, {0, 0, 0}}, {1, {0.1, 0.2, 0.71}}}},
    {"carbon dioxide", 3, {{6, {0, 0, 0}}, {8, {0.7, 0.7, 0.6}}, {8, {-0.7, -0.7, -0.6}}}},
    {"methane",
     5,
     {{6, {0, 0, 0}},
      {1, {0.63, 0.63, 0.63}},
      {1, {-0.63, -0.63, 0.63}},
      {1, {-0.63, 0.63, -0.63}},
      {1, {0.63, -0.63, -0.63}}}},
    {"ammonia",
     4,
     {{7, {0, 0, 0.1}},
      {1, {0.94, 0, -0.27}},
      {1, {-0.47, 0.8140638795573723, -0.27}},
      {1, {-0.47, -0.8140638795573723, -0.27}}}},
    {"ethane",
     8,
     {{6, {0, 0, 0.765}},
      {6, {0, 0, -0.765}},
      {1, {1.02, 0, 1.16}},
      {1, {-0.51, 0.883, 1.16}},
      {1, {-0.51, -0.883, 1.16}},
      {1, {-1.02, 0, -1.16}},
      {1, {0.51, 0.883, -1.16}},
      {1, {0.51, -0.883, -1.16}}}},
    {"propyne",
     7,
     {{6, {0, 0, 0}},
      {6, {0, 0, 1.2}},
      {1, {0, 0.02, 2.26}},
      {6, {0, 0, -1.46}},
      {1, {1.02, 0, -1.86}},
      {1, {-0.51, 0.883, -1.86}},
      {1, {-0.51, -0.883, -1.86}}}},
    {"formaldehyde", 4, {{6, {0, 0, 0}}, {8, {0, 0, 1.2}}, {1, {0.94, 0.02, -0.58}}, {1, {-0.94, 0, -0.58}}}},
    {"bent chain", 5, {{6, {0, 0, 0}}, {6, {0.03, 0, 1.25}}, {6, {0, 0, 2.5}}, {1, {0.9, 0.3, -0.5}}, {1, {-0.2, 0.9, 3.0}}}},
    {"helium", 1, {{2, {0, 0, 0}}}},
    {"glycolaldehyde",
     8,
     {{6, {0, 0, 0}},
      {6, {1.5, 0, 0}},
      {8, {2.1, 1.05, 0.1}},
      {1, {2.0, -0.97, 0}},
      {8, {-0.6, 1.25, 0.2}},
      {1, {-0.35, -0.6, 0.85}},
      {1, {-0.35, -0.5, -0.93}},
      {1, {-1.5, 1.1, 0.4}}}},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* --- parameters: classes by element, enough of them for every kind --- */

/* Place of the pair of classes a >= b. */
#define Q2_PAIR_ROW(a, b) ((a) * ((a) + 1) / 2 + (b))

enum { ELEMENTS = 5 }; /* H, He, C, N, O */
static int class_of(int element) { return element == 1 ? 0 : element == 2 ? 1 : element - 4; }

static void add_parameter(struct q2_parameters *p, const char *kind, const char *label, double value, double scale) {
  const int row = p->count++;
  strcpy(p->kind[row], kind);
  strcpy(p->label[row], label);
  strcpy(p->unit[row], "-");
  p->value[row] = value;
  p->lower[row] = -INFINITY;
  p->upper[row] = INFINITY;
  p->factor[row] = 1;
  p->scale[row] = scale;
  p->active[row] = 1;
  p->link[row] = -1;
}

enum {
  BOND_ROW = 0,
  ANGLE_ROW = 30,
  UB_ROW = 40,
  TORSION_ROW = 44,
  IMPROPER_ROW = 56,
  LJ_ROW = 60,
  BOND_MM3_ROW = 70,
  MORSE_ROW = 72,
  ANGLE_MM3_ROW = 75,
  COSINE_ROW = 77,
  TORSION_MM3_ROW = 79,
  IMPROPER_HARMONIC_ROW = 82,
  STRETCH_BEND_ROW = 84,
  BEND_BEND_ROW = 85,
  TORSION_STRETCH_ROW = 86,
  OUT_OF_PLANE_ROW = 89,
  CMAP_ROW = 91,
  PARAMETERS = Q2_SYNTHETIC_PARAMETERS
};

static void make_parameters(struct q2_parameters *p) {
  p->kind = calloc(PARAMETERS, sizeof *p->kind);
  p->label = calloc(PARAMETERS, sizeof *p->label);
  p->unit = calloc(PARAMETERS, sizeof *p->unit);
  double **columns[] = {&p->value, &p->lower, &p->upper, &p->factor, &p->scale};
  for (int c = 0; c < 5; c++)
    *columns[c] = calloc(PARAMETERS, sizeof(double));
  p->active = calloc(PARAMETERS, sizeof *p->active);
  p->link = calloc(PARAMETERS, sizeof *p->link);
  char label[32];
  for (int a = 0; a < ELEMENTS; a++) {
    for (int b = 0; b <= a; b++) {
      snprintf(label, sizeof label, "bond %d-%d", a, b);
      add_parameter(p, "bond_k", label, 300 + 10 * a + 7 * b, 100);
      add_parameter(p, "bond_eq", label, 1.05 + 0.09 * a + 0.05 * b, 0.1);
    }
  }
  for (int a = 0; a < ELEMENTS; a++) { /* by the atom in the middle; carbon's is straight */
    snprintf(label, sizeof label, "angle *-%d-*", a);
    add_parameter(p, "angle_k", label, 60 + 5 * a, 50);
    add_parameter(p, "angle_eq", label, a == 2 ? 2.9 : 1.85, 0.1);
  }
  for (int t = 0; t < 2; t++) {
    add_parameter(p, "urey_bradley_k", t ? "H..H" : "X..X", 20 + 9 * t, 100);
    add_parameter(p, "urey_bradley_eq", t ? "H..H" : "X..X", 2.2 - 0.4 * t, 0.1);
  }
  for (int n = 1; n <= 6; n++) {
    snprintf(label, sizeof label, "torsion n = %d", n);
    add_parameter(p, "torsion_k", label, 1.5 / n - 0.4, 1);
    add_parameter(p, "torsion_phase", label, 0.3 * n, 0.5);
  }
  for (int n = 1; n <= 2; n++) {
    add_parameter(p, "improper_k", "improper", 5.0 / n, 1);
    add_parameter(p, "improper_phase", "improper", 3.1 + 0.1 * n, 0.5);
  }
  for (int a = 0; a < ELEMENTS; a++) {
    snprintf(label, sizeof label, "LJ %d", a);
    add_parameter(p, "lj_epsilon", label, 0.03 + 0.02 * a, 0.1);
    add_parameter(p, "lj_sigma", label, 2.2 + 0.2 * a, 0.3);
  }
  add_parameter(p, "bond_k", "MM3 X-H", 60, 100);
  add_parameter(p, "bond_eq", "MM3 X-H", 1.02, 0.1);
  add_parameter(p, "morse_d", "X-X", 40, 50);
  add_parameter(p, "morse_a", "X-X", 1.9, 0.5);
  add_parameter(p, "bond_eq", "Morse X-X", 1.35, 0.1);
  add_parameter(p, "angle_k", "MM3", 12, 50);
  add_parameter(p, "angle_eq", "MM3", 2.1, 0.1);
  add_parameter(p, "angle_cosine_k", "every angle", 14, 50);
  add_parameter(p, "angle_eq", "cosine", 1.9, 0.1);
  add_parameter(p, "torsion_v1", "MM3", 0.7, 1);
  add_parameter(p, "torsion_v2", "MM3", -0.4, 1);
  add_parameter(p, "torsion_v3", "MM3", 0.9, 1);
  add_parameter(p, "improper_harmonic_k", "harmonic", 6, 50);
  add_parameter(p, "improper_eq", "harmonic", 0.4, 0.1);
  add_parameter(p, "stretch_bend_k", "every angle", 9, 20);
  add_parameter(p, "bend_bend_k", "every centre", 5, 20);
  add_parameter(p, "torsion_stretch_v1", "MM3", 1.1, 2);
  add_parameter(p, "torsion_stretch_v2", "MM3", -2.3, 2);
  add_parameter(p, "torsion_stretch_v3", "MM3", 1.7, 2);
  add_parameter(p, "out_of_plane_k", "harmonic", 11, 50);
  add_parameter(p, "out_of_plane_k", "MM3", 8, 50);
  add_parameter(p, "cmap_scale", "grid 0", 1, 1);
  add_parameter(p, "cmap_scale", "grid 1", -0.7, 1);
}

/* --- topology --- */

struct tables {
  struct q2_growing atoms[Q2_FORM_COUNT], parameters[Q2_FORM_COUNT], constants[Q2_FORM_COUNT];
  int64_t rows[Q2_FORM_COUNT];
};

/* A term with the parameter rows named, and one constant if the form has any. */
static void add_rows(struct tables *tables, enum q2_form form, const int32_t *atoms, const int32_t *rows, double constant) {
  const struct q2_form_info *info = &q2_forms[form];
  memcpy(q2_grow(&tables->atoms[form], info->atom_count, sizeof *atoms), atoms, (size_t)info->atom_count * sizeof *atoms);
  memcpy(q2_grow(&tables->parameters[form], info->parameter_count, sizeof *rows), rows,
         (size_t)info->parameter_count * sizeof *rows);
  if (info->constant_count > 0) *(double *)q2_grow(&tables->constants[form], 1, sizeof(double)) = constant;
  tables->rows[form]++;
}

/* The same with parameter rows one after another from `row`. */
static void add_term(struct tables *tables, enum q2_form form, const int32_t *atoms, int row, double constant) {
  const int32_t rows[Q2_MAX_PARAMETERS] = {row, row + 1, row + 2, row + 3};
  add_rows(tables, form, atoms, rows, constant);
}

static double distance(const double *x, int i, int j) {
  return sqrt(pow(x[3 * i] - x[3 * j], 2) + pow(x[3 * i + 1] - x[3 * j + 1], 2) + pow(x[3 * i + 2] - x[3 * j + 2], 2));
}

/* The first parameter row of the bond between atoms of these elements. */
static int bond_row(int element, int other) {
  const int a = class_of(element), b = class_of(other);
  return BOND_ROW + 2 * (a > b ? Q2_PAIR_ROW(a, b) : Q2_PAIR_ROW(b, a));
}

/* Bend, stretch-bend and their like of one angle. */
static void add_angle(const struct shape *shape, const int32_t angle[3], struct tables *tables) {
  const int end = shape->atom[angle[0]].element, middle = shape->atom[angle[1]].element, other = shape->atom[angle[2]].element;
  const int row = ANGLE_ROW + 2 * class_of(middle);
  const int32_t ends[2] = {angle[0], angle[2]};
  const int32_t cross[4] = {STRETCH_BEND_ROW, bond_row(end, middle) + 1, bond_row(middle, other) + 1, row + 1};
  add_term(tables, Q2_FORM_ANGLE_HARMONIC, angle, row, 0);
  add_term(tables, Q2_FORM_ANGLE_MM3, angle, ANGLE_MM3_ROW, end == 1 ? 9e-10 : 2.2e-8);
  add_term(tables, Q2_FORM_ANGLE_COSINE, angle, COSINE_ROW, 0);
  add_rows(tables, Q2_FORM_STRETCH_BEND, angle, cross, 0);
  add_term(tables, Q2_FORM_UREY_BRADLEY, ends, UB_ROW + 2 * (end == 1 && other == 1), 0);
}

static void add_torsion(const struct shape *shape, const int32_t torsion[4], struct tables *tables) {
  const int ends = torsion[0] + torsion[3], periodicity = 1 + ends % 6;
  const int middle = bond_row(shape->atom[torsion[1]].element, shape->atom[torsion[2]].element);
  const int32_t cross[4] = {TORSION_STRETCH_ROW, TORSION_STRETCH_ROW + 1, TORSION_STRETCH_ROW + 2, middle + 1};
  add_term(tables, Q2_FORM_TORSION_FOURIER, torsion, TORSION_ROW + 2 * (periodicity - 1), periodicity);
  if (shape->atoms == 8) { /* ethane and glycolaldehyde have no straight angle */
    add_term(tables, Q2_FORM_TORSION_FOURIER_UNFADED, torsion, TORSION_ROW + 2 * (periodicity % 6), 1 + periodicity % 6);
  }
  if (ends % 2 == 0) add_term(tables, Q2_FORM_TORSION_MM3, torsion, TORSION_MM3_ROW, 0);
  if (ends % 3 == 0) add_rows(tables, Q2_FORM_TORSION_STRETCH, torsion, cross, 0);
}

/* Terms of a centre with three or more neighbours. */
static void add_centre(int centre, const int *neighbours, int count, int element, struct tables *tables) {
  const int angle = ANGLE_ROW + 2 * class_of(element) + 1;
  const int32_t improper[4] = {centre, neighbours[0], neighbours[1], neighbours[2]};
  const int32_t ligands[5] = {neighbours[0], centre, neighbours[1], neighbours[2], count > 3 ? neighbours[3] : -1};
  const int32_t bends[3] = {BEND_BEND_ROW, angle, angle};
  add_rows(tables, Q2_FORM_BEND_BEND, ligands, bends, 0);
  if (count > 3) add_rows(tables, Q2_FORM_BEND_BEND_OPPOSITE, ligands, bends, 0);
  if (count != 3) return;
  add_term(tables, Q2_FORM_IMPROPER_FOURIER, improper, IMPROPER_ROW, 2);
  add_term(tables, Q2_FORM_IMPROPER_FOURIER, improper, IMPROPER_ROW + 2, 1);
  add_term(tables, Q2_FORM_IMPROPER_HARMONIC, improper, IMPROPER_HARMONIC_ROW, 0);
  add_term(tables, Q2_FORM_OUT_OF_PLANE_HARMONIC, ligands, OUT_OF_PLANE_ROW, 0);
  add_term(tables, Q2_FORM_OUT_OF_PLANE_MM3, ligands, OUT_OF_PLANE_ROW + 1, 9e-10);
}

static void add_topology(const struct shape *shape, const double *x, struct tables *tables, struct q2_growing *bonds) {
  int bonded[16][16] = {{0}};
  const int n = shape->atoms;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < i; j++) {
      const int hydrogens = (shape->atom[i].element == 1) + (shape->atom[j].element == 1);
      if (distance(x, i, j) > (hydrogens == 2 ? 0.9 : hydrogens == 1 ? 1.3 : 1.75)) continue;
      bonded[i][j] = bonded[j][i] = 1;
      int32_t *bond = q2_grow(bonds, 2, sizeof *bond);
      bond[0] = j;
      bond[1] = i;
      add_term(tables, Q2_FORM_BOND_HARMONIC, bond, bond_row(shape->atom[i].element, shape->atom[j].element), 0);
      if (hydrogens > 0) add_term(tables, Q2_FORM_BOND_MM3, bond, BOND_MM3_ROW, 0);
      if (hydrogens == 0) add_term(tables, Q2_FORM_BOND_MORSE, bond, MORSE_ROW, 0);
    }
  }
  for (int j = 0; j < n; j++) {
    int neighbours[8], count = 0;
    for (int i = 0; i < n; i++) {
      if (bonded[i][j]) neighbours[count++] = i;
    }
    for (int a = 0; a < count; a++) {
      for (int b = 0; b < a; b++) {
        const int32_t angle[3] = {neighbours[a], j, neighbours[b]};
        add_angle(shape, angle, tables);
      }
      const int k = neighbours[a];
      for (int i = 0; k < j && i < n; i++) {
        for (int l = 0; l < n; l++) {
          if (!bonded[i][j] || !bonded[k][l] || i == k || l == j || i == l) continue;
          const int32_t torsion[4] = {i, j, k, l};
          add_torsion(shape, torsion, tables);
          for (int m = 0; m < n; m++) {
            const int32_t chain[5] = {i, j, k, l, m};
            if (bonded[l][m] && m != i && m != j && m != k) add_term(tables, Q2_FORM_CMAP, chain, CMAP_ROW + m % 2, m % 2);
          }
        }
      }
    }
    if (count >= 3) add_centre(j, neighbours, count, shape->atom[j].element, tables);
  }
}

/* --- molecules --- */

/* A reproducible number in (-1, 1) that depends on its arguments alone, not on the rank. */
static double noise(int64_t molecule, int index) {
  uint64_t x = (uint64_t)molecule * 0x9e3779b97f4a7c15u + (uint64_t)index * 0xbf58476d1ce4e5b9u + 1;
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  x ^= x >> 31;
  return (double)(x >> 11) / 4503599627370496.0 - 1;
}

/* Hessian of springs between all pairs of atoms, at rest: invariant to rigid motions. hartree/bohr^2, packed. */
static void spring_hessian(const struct shape *shape, const double *x, int64_t molecule, double *packed) {
  const int n = shape->atoms;
  double full[48][48] = {{0}};
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < i; j++) {
      const double r = distance(x, i, j), k = (0.5 + 0.05 * noise(molecule / SHAPES, 100 + 16 * i + j)) * exp(-1.1 * (r - 1));
      for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
          const double h = k * (x[3 * i + a] - x[3 * j + a]) * (x[3 * i + b] - x[3 * j + b]) / (r * r);
          full[3 * i + a][3 * i + b] += h;
          full[3 * j + a][3 * j + b] += h;
          full[3 * i + a][3 * j + b] -= h;
          full[3 * j + a][3 * i + b] -= h;
        }
      }
    }
  }
  for (int row = 0; row < 3 * n; row++) {
    for (int column = 0; column <= row; column++)
      *packed++ = full[row][column];
  }
}

static double mass_of(int element) {
  return element == 1   ? 1.00782503223
         : element == 2 ? 4.00260325413
         : element == 6 ? 12
         : element == 7 ? 14.0030740044
                        : 15.9949146196;
}

void q2_synthetic(MPI_Comm comm, int64_t total, int lorentz_berthelot, struct q2_dataset *dataset) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  const int64_t first = total * rank / ranks, count = total * (rank + 1) / ranks - first;
  struct tables tables = {0};
  struct q2_growing bonds = {0}, hessian = {0}, element = {0}, mass = {0}, position = {0}, charge = {0}, type = {0};
  memset(dataset, 0, sizeof *dataset);
  dataset->path = strcpy(malloc(16), "synthetic");
  dataset->molecule_total = total;
  dataset->molecule_count = count;
  dataset->molecule = calloc((size_t)count + 1, sizeof(int64_t));
  dataset->name = calloc((size_t)count + 1, sizeof *dataset->name);
  int32_t **integers[] = {&dataset->charge, &dataset->multiplicity, &dataset->method,
                          &dataset->group,  &dataset->stationary,   &dataset->imaginary_modes};
  for (int c = 0; c < 6; c++)
    *integers[c] = calloc((size_t)count + 1, sizeof(int32_t));
  dataset->energy = calloc((size_t)count + 1, sizeof(double));
  dataset->atom_offset = calloc((size_t)count + 1, sizeof(int64_t));
  dataset->hessian_offset = calloc((size_t)count + 1, sizeof(int64_t));
  dataset->bond_offset = calloc((size_t)count + 1, sizeof(int64_t));
  dataset->terms = calloc(Q2_FORM_COUNT, sizeof *dataset->terms);
  for (int form = 0; form < Q2_FORM_COUNT; form++) { /* one table for each form of files */
    if (q2_form_plain(form) != form) continue;
    struct q2_term_table *table = &dataset->terms[dataset->term_table_count++];
    strcpy(table->form, q2_forms[form].name);
    table->atom_count = q2_forms[form].atom_count;
    table->parameter_count = q2_forms[form].parameter_count;
    table->constant_count = q2_forms[form].constant_count;
    table->offset = calloc((size_t)count + 1, sizeof(int64_t));
  }
  dataset->observable_table_count = 1;
  struct q2_observable_table *frequency = dataset->observables = calloc(1, sizeof *frequency);
  strcpy(frequency->kind, "frequency");
  frequency->index_count = 1;
  frequency->minimum = 50;
  frequency->offset = calloc((size_t)count + 1, sizeof(int64_t));
  frequency->has_weight = 1;
  frequency->index = calloc((size_t)count + 1, sizeof(int32_t));
  frequency->value = calloc((size_t)count + 1, sizeof(double));
  frequency->weight = calloc((size_t)count + 1, sizeof(double));

  for (int64_t m = 0; m < count; m++) {
    const struct shape *shape = &shapes[(first + m) % SHAPES];
    const int n = shape->atoms;
    double x[48];
    dataset->molecule[m] = first + m;
    dataset->multiplicity[m] = 1;
    dataset->group[m] = -1;
    snprintf(dataset->name[m].text, sizeof dataset->name[m].text, "%s %lld", shape->name, (long long)(first + m));
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < 3; k++) {
        x[3 * i + k] = shape->atom[i].position[k] + (first + m < SHAPES || n < 3 ? 0 : 0.02 * noise(first + m, 3 * i + k));
      }
      *(int32_t *)q2_grow(&element, 1, sizeof(int32_t)) = shape->atom[i].element;
      *(int32_t *)q2_grow(&type, 1, sizeof(int32_t)) = class_of(shape->atom[i].element);
      *(double *)q2_grow(&mass, 1, sizeof(double)) = mass_of(shape->atom[i].element);
      *(double *)q2_grow(&charge, 1, sizeof(double)) = 0.3 * noise(7, shape->atom[i].element);
    }
    memcpy(q2_grow(&position, 3 * n, sizeof(double)), x, (size_t)(3 * n) * sizeof(double));
    spring_hessian(shape, x, first + m, q2_grow(&hessian, 3 * n * (3 * n + 1) / 2, sizeof(double)));
    add_topology(shape, x, &tables, &bonds);
    dataset->atom_offset[m + 1] = element.count;
    dataset->hessian_offset[m + 1] = hessian.count;
    dataset->bond_offset[m + 1] = bonds.count / 2;
    for (int t = 0; t < dataset->term_table_count; t++)
      dataset->terms[t].offset[m + 1] = tables.rows[q2_form_find(dataset->terms[t].form)];
    frequency->offset[m + 1] = m + 1;
    frequency->index[m] = -1;
    frequency->weight[m] = 0.01;
  }
  dataset->element = q2_grown(&element);
  dataset->type = q2_grown(&type);
  dataset->mass = q2_grown(&mass);
  dataset->position = q2_grown(&position);
  dataset->atom_charge = q2_grown(&charge);
  dataset->gradient = calloc((size_t)(3 * dataset->atom_offset[count]) + 1, sizeof(double));
  dataset->hessian = q2_grown(&hessian);
  dataset->bonds = q2_grown(&bonds);
  for (int t = 0; t < dataset->term_table_count; t++) {
    const int form = q2_form_find(dataset->terms[t].form);
    dataset->terms[t].atoms = q2_grown(&tables.atoms[form]);
    dataset->terms[t].parameters = q2_grown(&tables.parameters[form]);
    dataset->terms[t].constants = q2_forms[form].constant_count > 0 ? q2_grown(&tables.constants[form]) : NULL;
  }
  make_parameters(&dataset->parameters);
  dataset->cmap.grid_count = 2;
  dataset->cmap.points = 6;
  dataset->cmap.grid = calloc(2 * 36, sizeof(double));
  for (int k = 0; k < 2 * 36; k++)
    dataset->cmap.grid[k] = 2 * noise(11, k);
  dataset->nonbonded.type_count = ELEMENTS;
  strcpy(dataset->nonbonded.form, "lennard_jones");
  strcpy(dataset->nonbonded.combining_rule, lorentz_berthelot ? "lorentz-berthelot" : "geometric");
  strcpy(dataset->nonbonded.size_name, "sigma");
  dataset->nonbonded.dielectric = 1;
  dataset->nonbonded.vdw_14 = 0.5;
  dataset->nonbonded.coulomb_14 = 0.8333;
  dataset->nonbonded.epsilon = calloc(ELEMENTS, sizeof(int32_t));
  dataset->nonbonded.size = calloc(ELEMENTS, sizeof(int32_t));
  for (int a = 0; a < ELEMENTS; a++) {
    dataset->nonbonded.epsilon[a] = LJ_ROW + 2 * a;
    dataset->nonbonded.size[a] = LJ_ROW + 2 * a + 1;
  }
}
