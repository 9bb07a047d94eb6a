/* The small valid data set: its molecules, and writing them. */
#include "make_dataset.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOHR 0.529177210903
#define HARTREE 627.5094740631 /* kcal/mol */

static const struct made_molecule templates[made_kinds] = {
    {.name = "water",
     .atoms = 3,
     .bonds = 2,
     .angles = 1,
     .element = {8, 1, 1},
     .type = {0, 1, 1},
     .mass = {15.9949, 1.00783, 1.00783},
     .position = {{0.0, 0.0, 0.11}, {0.0, 0.76, -0.47}, {0.0, -0.76, -0.47}},
     .bond = {{0, 1}, {0, 2}},
     .bond_parameter = {{0, 1}, {0, 1}},
     .angle = {{1, 0, 2}},
     .angle_parameter = {{2, 3}}},
    {.name = "HF",
     .atoms = 2,
     .bonds = 1,
     .element = {9, 1},
     .type = {0, 1},
     .mass = {18.9984, 1.00783},
     .position = {{0.1, 0.2, 0.3}, {0.1, 0.2, 1.22}},
     .bond = {{0, 1}},
     .bond_parameter = {{4, 5}}},
    {.name = "methane",
     .atoms = 5,
     .bonds = 4,
     .angles = 6,
     .element = {6, 1, 1, 1, 1},
     .type = {0, 1, 1, 1, 1},
     .mass = {12.0, 1.00783, 1.00783, 2.0141, 1.00783},
     .position = {{0.0, 0.0, 0.0}, {0.63, 0.63, 0.63}, {0.63, -0.63, -0.63}, {-0.63, 0.63, -0.63}, {-0.63, -0.63, 0.63}},
     .bond = {{0, 1}, {0, 2}, {0, 3}, {0, 4}},
     .bond_parameter = {{10, 5}, {10, 5}, {11, 5}, {11, 5}},
     .angle = {{1, 0, 2}, {1, 0, 3}, {1, 0, 4}, {2, 0, 3}, {2, 0, 4}, {3, 0, 4}},
     .angle_parameter = {{2, 3}, {2, 3}, {2, 3}, {2, 3}, {2, 3}, {2, 3}},
     .torsions = 1,
     .torsion = {{1, 0, 2, 3}},
     .torsion_parameter = {{6, 7}},
     .periodicity = {3.0}},
    {.name = "CO2",
     .atoms = 3,
     .bonds = 2,
     .angles = 1,
     .element = {6, 8, 8},
     .type = {0, 0, 0},
     .mass = {12.0, 15.9949, 15.9949},
     .position = {{0.0, 0.0, 0.0}, {0.7, 0.7, 0.6}, {-0.7, -0.7, -0.6}},
     .bond = {{0, 1}, {0, 2}},
     .bond_parameter = {{0, 1}, {4, 5}},
     .angle = {{1, 0, 2}},
     .angle_parameter = {{2, 3}}},
    {.name = "helium", .atoms = 1, .element = {2}, .type = {1}, .mass = {4.0026}, .position = {{1.0, 2.0, 3.0}}},
};

/* Springs at rest between all atoms: symmetric, and blind to translations and rotations. */
static void spring_hessian(struct made_molecule *molecule) {
  const int n = 3 * molecule->atoms;
  double full[3 * made_atoms][3 * made_atoms] = {{0.0}};
  for (int a = 0; a < molecule->atoms; a++) {
    for (int b = 0; b < a; b++) {
      double u[3], length = 0.0;
      for (int c = 0; c < 3; c++) {
        u[c] = molecule->position[a][c] - molecule->position[b][c];
        length += u[c] * u[c];
      }
      const double k = 0.3 / (1.0 + a + b) / length;
      for (int c = 0; c < 3; c++)
        for (int e = 0; e < 3; e++) {
          full[3 * a + c][3 * a + e] += k * u[c] * u[e];
          full[3 * b + c][3 * b + e] += k * u[c] * u[e];
          full[3 * a + c][3 * b + e] -= k * u[c] * u[e];
          full[3 * b + c][3 * a + e] -= k * u[c] * u[e];
        }
    }
  }
  molecule->hessian_rows = 0;
  if (molecule->atoms == 1) return;
  for (int i = 0; i < n; i++)
    for (int j = 0; j <= i; j++)
      molecule->hessian[molecule->hessian_rows++] = full[i][j];
}

void made_molecule(int64_t number, struct made_molecule *molecule) {
  *molecule = templates[number % made_kinds];
  const size_t used = strlen(molecule->name);
  snprintf(molecule->name + used, sizeof molecule->name - used, " %lld", (long long)(number / made_kinds));
  /* Shifted a little from one to the next, so that no two molecules have the same rows. */
  for (int a = 0; a < molecule->atoms; a++) {
    molecule->position[a][0] += 0.0625 * (double)number;
    molecule->charge[a] = a == 0 ? 0.25 : -0.25 / (molecule->atoms - 1);
    for (int c = 0; c < 3; c++)
      molecule->gradient[a][c] = (double)(1 + a + 3 * c) * 0x1p-20;
  }
  molecule->energy = -76.5 - 0.25 * (double)number;
  molecule->weight = 0.5 + (double)(number % 7);
  spring_hessian(molecule);
  molecule->observables = molecule->hessian_rows > 0;
}

struct writer {
  hid_t file;
  struct made_options options;
};

static hid_t must(hid_t result, const char *what) {
  if (result < 0) {
    fprintf(stderr, "make_dataset: %s failed\n", what);
    abort();
  }
  return result;
}

static void *get(int64_t count, size_t size) {
  void *memory = calloc((size_t)count + 1, size);
  if (!memory) abort();
  return memory;
}

static hid_t create(const struct writer *w, const char *path, hid_t type, int64_t rows, int64_t columns) {
  const hsize_t extent[2] = {(hsize_t)rows, (hsize_t)columns}, chunk[2] = {rows > 3 ? 3 : 1, columns > 1 ? 2 : 1};
  hid_t links = H5Pcreate(H5P_LINK_CREATE), layout = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  if (w->options.chunked && rows > 0) {
    H5Pset_chunk(layout, columns > 0 ? 2 : 1, chunk);
    if (H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0) H5Pset_deflate(layout, 4);
  }
  hid_t space = H5Screate_simple(columns > 0 ? 2 : 1, extent, NULL);
  hid_t dataset = must(H5Dcreate2(w->file, path, type, space, links, layout, H5P_DEFAULT), path);
  H5Sclose(space);
  H5Pclose(layout);
  H5Pclose(links);
  return dataset;
}

static void put_attribute(hid_t object, const char *name, hid_t type, const void *value) {
  if (H5Aexists(object, name) > 0) H5Adelete(object, name);
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t attribute = must(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), name);
  must(H5Awrite(attribute, type, value), name);
  H5Aclose(attribute);
  H5Sclose(space);
}

static void put_attribute_text(hid_t object, const char *name, const char *value, int variable) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, variable ? H5T_VARIABLE : strlen(value));
  H5Tset_strpad(type, variable ? H5T_STR_NULLTERM : H5T_STR_NULLPAD);
  put_attribute(object, name, type, variable ? (const void *)&value : (const void *)value);
  H5Tclose(type);
}

static void put_reals(const struct writer *w, const char *path, const char *unit, int64_t rows, int64_t columns,
                      const double *data) {
  hid_t dataset = create(w, path, H5T_IEEE_F64LE, rows, columns);
  if (rows > 0) must(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), path);
  if (unit) put_attribute_text(dataset, "unit", unit, w->options.variable_strings);
  H5Dclose(dataset);
}

static void put_integers(const struct writer *w, const char *path, int64_t rows, int64_t columns, const int64_t *data) {
  hid_t dataset = create(w, path, w->options.other_types ? H5T_STD_I64BE : H5T_STD_I32LE, rows, columns);
  if (rows > 0) must(H5Dwrite(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), path);
  H5Dclose(dataset);
}

/* As h5py writes numpy's bool. */
static void put_flags(const struct writer *w, const char *path, int64_t rows, const int64_t *data) {
  if (!w->options.other_types) {
    put_integers(w, path, rows, 0, data);
    return;
  }
  hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  const int8_t no = 0, yes = 1;
  H5Tenum_insert(type, "FALSE", &no);
  H5Tenum_insert(type, "TRUE", &yes);
  int8_t *flags = get(rows, 1);
  for (int64_t k = 0; k < rows; k++)
    flags[k] = (int8_t)data[k];
  hid_t dataset = create(w, path, type, rows, 0);
  must(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, flags), path);
  H5Dclose(dataset);
  H5Tclose(type);
  free(flags);
}

static void put_texts(const struct writer *w, const char *path, int64_t rows, const char *const *texts, int may_vary) {
  const int variable = may_vary && w->options.variable_strings;
  size_t size = 1;
  for (int64_t k = 0; k < rows; k++)
    size = strlen(texts[k]) > size ? strlen(texts[k]) : size;
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, variable ? H5T_VARIABLE : size);
  if (!variable) H5Tset_strpad(type, w->options.other_types ? H5T_STR_SPACEPAD : H5T_STR_NULLPAD);
  char *packed = get(rows * (int64_t)size, 1);
  memset(packed, w->options.other_types ? ' ' : 0, (size_t)rows * size);
  for (int64_t k = 0; k < rows; k++)
    memcpy(packed + (size_t)k * size, texts[k], strlen(texts[k]));
  hid_t dataset = create(w, path, type, rows, 0);
  must(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, variable ? (const void *)texts : (const void *)packed), path);
  H5Dclose(dataset);
  H5Tclose(type);
  free(packed);
}

/* Parameters of every kind; rows 10 and 11 follow row 4, with values and bounds that would be refused if they counted. Those
 * from 12 on are there with exp6. */
static void put_parameters(const struct writer *w) {
  enum { most = made_parameters + made_exp6_parameters };
  static const struct {
    const char *kind, *label, *unit;
    double value, lower, upper, scale;
    int64_t active, link;
  } all[most] = {
      {"bond_k", "O-H", "kcal/mol/angstrom^2", 500.0, 0.0, 5000.0, 100.0, 1, -1},
      {"bond_eq", "O-H", "angstrom", 0.96, 0.5, 2.0, 0.1, 1, -1},
      {"angle_k", "X-Y-Z", "kcal/mol/rad^2", 60.0, 0.0, 500.0, 50.0, 1, -1},
      {"angle_eq", "X-Y-Z", "degree", 104.5, 0.0, 180.0, 5.0, 1, -1},
      {"bond_k", "C-H", "mdyn/angstrom", 4.0, -1e300, 1e300, 1.0, 1, -1},
      {"bond_eq", "C-H", "nm", 0.11, 0.05, 0.3, 0.01, 0, -1},
      {"torsion_k", "t", "kJ/mol", 2.5, -1e301, HUGE_VAL, 4.0, 1, -1},
      {"torsion_phase", "t", "degree", 180.0, -360.0, 360.0, 30.0, 0, -1},
      {"lj_epsilon", "all", "kcal/mol", 0.1, 0.0, 1.0, 0.1, 0, -1},
      {"lj_sigma", "all", "bohr", 6.0, 1.0, 9.0, 0.5, 0, -1},
      {"bond_k", "C-H", "kJ/mol/nm^2", 1.0, 5.0, 4.0, 1.0, 1, 4},
      {"bond_k", "C-H", "kcal/mol/angstrom^2", 2.0, 5.0, 4.0, 1.0, 1, 10},
      {"vdw_epsilon", "C3", "kcal/mol", 0.027, 0.0, 1.0, 0.1, 1, -1},
      {"vdw_radius", "C3", "angstrom", 2.04, 1.0, 3.0, 0.3, 1, -1},
      {"vdw_epsilon", "C3-H1", "kJ/mol", 0.1, 0.0, 1.0, 0.1, 0, -1},
      {"vdw_distance", "C3-H1", "nm", 0.356, 0.1, 0.6, 0.03, 0, -1},
      {"hydrogen_c", "H2-O2", "kJ/mol*angstrom^12", 15690.0, 0.0, 1e300, 2e4, 0, -1},
      {"hydrogen_d", "H2-O2", "kcal/mol*angstrom^10", 1000.0, 0.0, 1e300, 1e3, 0, -1},
      {"charge_increment", "C-H", "e", -0.05, -1.0, 1.0, 0.1, 1, -1},
      {"bond_dipole", "O-H", "e*angstrom", 0.3, -1.0, 1.0, 0.1, 1, -1},
  };
  const int count = w->options.exp6 ? most : made_parameters;
  const char *kind[most], *label[most], *unit[most];
  double value[most], lower[most], upper[most], scale[most];
  int64_t active[most], link[most];
  for (int k = 0; k < count; k++) {
    kind[k] = all[k].kind;
    label[k] = all[k].label;
    unit[k] = all[k].unit;
    value[k] = all[k].value;
    lower[k] = k == 2 && w->options.observed ? 20.0 : all[k].lower; /* without stiffness geometries could not be relaxed */
    upper[k] = all[k].upper;
    scale[k] = all[k].scale;
    active[k] = all[k].active;
    link[k] = all[k].link;
  }
  put_texts(w, "/force_field/parameters/kind", count, kind, 1);
  put_texts(w, "/force_field/parameters/label", count, label, 1);
  put_texts(w, "/force_field/parameters/unit", count, unit, 1);
  put_reals(w, "/force_field/parameters/value", NULL, count, 0, value);
  put_reals(w, "/force_field/parameters/lower", NULL, count, 0, lower);
  put_reals(w, "/force_field/parameters/upper", NULL, count, 0, upper);
  put_flags(w, "/force_field/parameters/active", count, active);
  put_integers(w, "/force_field/parameters/link", count, 0, link);
  if (!w->options.bare) put_reals(w, "/force_field/parameters/scale", NULL, count, 0, scale);
}

static void put_nonbonded(const struct writer *w) {
  static const int64_t epsilon[2][made_types] = {{8, 8}, {12, 12}}, size[2][made_types] = {{9, 9}, {13, 13}};
  static const int64_t pairs[made_special][2] = {{1, 0}, {1, 1}}, parameters[made_special][2] = {{14, 15}, {16, 17}};
  static const char *const types[made_types] = {"heavy", "hydrogen"};
  static const char *const forms[made_special] = {"exp6_mm3", "hydrogen_12_10"};
  const double half = 0.5, most = 0.8333, dielectric = 1.5, soft_cut[2] = {6, 8};
  const int exp6 = w->options.exp6, variable = w->options.variable_strings;
  put_texts(w, "/force_field/nonbonded/label", made_types, types, 1);
  put_integers(w, "/force_field/nonbonded/epsilon", made_types, 0, epsilon[exp6]);
  put_integers(w, exp6 ? "/force_field/nonbonded/radius" : "/force_field/nonbonded/sigma", made_types, 0, size[exp6]);
  hid_t group = must(H5Gopen2(w->file, "/force_field/nonbonded", H5P_DEFAULT), "nonbonded");
  put_attribute_text(group, "combining_rule", exp6 ? "mm3" : "lorentz-berthelot", variable);
  put_attribute(group, "vdw_14", H5T_NATIVE_DOUBLE, &half);
  put_attribute(group, "coulomb_14", H5T_NATIVE_DOUBLE, &most);
  if (exp6) {
    put_attribute_text(group, "form", "exp6_mm3", variable);
    put_attribute(group, "dielectric", H5T_NATIVE_DOUBLE, &dielectric);
    put_attribute(group, "soft_cut_begin", H5T_NATIVE_DOUBLE, &soft_cut[0]);
    put_attribute(group, "soft_cut_end", H5T_NATIVE_DOUBLE, &soft_cut[1]);
    put_integers(w, "/force_field/nonbonded/special/types", made_special, 2, pairs[0]);
    put_texts(w, "/force_field/nonbonded/special/form", made_special, forms, 1);
    put_integers(w, "/force_field/nonbonded/special/parameters", made_special, 2, parameters[0]);
  }
  H5Gclose(group);
}

/* One increment for each bond. */
static void put_increments(const struct writer *w, int64_t count, const struct made_molecule *all) {
  int64_t *offset = get(count + 1, sizeof *offset);
  for (int64_t m = 0; m < count; m++)
    offset[m + 1] = offset[m] + all[m].bonds;
  int64_t *atoms = get(2 * offset[count], sizeof *atoms), *parameter = get(offset[count], sizeof *parameter);
  double *factor = get(offset[count], sizeof *factor);
  for (int64_t m = 0; m < count; m++)
    for (int64_t row = offset[m]; row < offset[m + 1]; row++) {
      for (int c = 0; c < 2; c++)
        atoms[2 * row + c] = all[m].bond[row - offset[m]][c];
      parameter[row] = made_increment(m);
      factor[row] = made_factor(m);
    }
  put_integers(w, "/force_field/charge_increments/offset", count + 1, 0, offset);
  put_integers(w, "/force_field/charge_increments/atoms", offset[count], 2, atoms);
  put_integers(w, "/force_field/charge_increments/parameter", offset[count], 0, parameter);
  if (!w->options.no_factors) put_reals(w, "/force_field/charge_increments/factor", NULL, offset[count], 0, factor);
  free(factor);
  free(parameter);
  free(atoms);
  free(offset);
}

static void put_sites(const struct writer *w, int64_t count, const struct made_molecule *all) {
  int64_t *parent = get(made_atoms * count, sizeof *parent), *at_sites = get(made_atoms * count, sizeof *at_sites);
  double *reduction = get(made_atoms * count, sizeof *reduction);
  int64_t atoms = 0, bonds = 0;
  for (int64_t m = 0; m < count; m++) {
    for (int a = 0; a < all[m].atoms; a++, atoms++) {
      parent[atoms] = made_parent(all[m].element[a], a);
      reduction[atoms] = made_reduction(m, all[m].element[a], a);
    }
    for (int b = 0; b < all[m].bonds; b++)
      at_sites[bonds++] = made_at_site(m, b);
  }
  put_integers(w, "/atoms/reduction_parent", atoms, 0, parent);
  put_reals(w, "/atoms/reduction", NULL, atoms, 0, reduction);
  put_integers(w, "/force_field/terms/bond_harmonic/at_sites", bonds, 0, at_sites);
  free(reduction);
  free(at_sites);
  free(parent);
}

static void put_grids(const struct writer *w) {
  double grid[made_grids * made_points * made_points];
  for (int k = 0; k < made_grids * made_points * made_points; k++)
    grid[k] = made_grid(k) * (w->options.other_units ? 4.184 : 1.0);
  put_reals(w, "/force_field/cmap/grid", w->options.other_units ? "kJ/mol" : "kcal/mol", made_grids, made_points * made_points,
            grid);
}

static void put_force_field(const struct writer *w, int64_t count, const struct made_molecule *all) {
  put_parameters(w);
  if (w->options.bare) return;
  put_nonbonded(w);
  put_grids(w);
  if (w->options.exp6) put_increments(w, count, all);
  if (w->options.exp6) put_sites(w, count, all);
}

/* Two equalities: row 11 follows row 4 in another unit, row 5 is frozen; and a prior. */
static void put_guidance(const struct writer *w) {
  static const int64_t offset[] = {0, 2, 5}, row[] = {0, 11, 1, 3, 5};
  static const double coefficient[] = {1.0, -2.0, 1.0, 0.01, -5.0}, weight[] = {0.5, 2.0};
  static const char *const labels[] = {"stretches", ""}, *const kinds[] = {"bond_k", "angle_eq"};
  const double mdyn_per_angstrom = 143.93261854684, value[] = {500.0 - 2.0 * 4.0 * mdyn_per_angstrom, 0.96 + 1.045 - 0.55};
  put_integers(w, "/force_field/equalities/offset", 3, 0, offset);
  put_integers(w, "/force_field/equalities/row", 5, 0, row);
  put_reals(w, "/force_field/equalities/coefficient", NULL, 5, 0, coefficient);
  put_reals(w, "/force_field/equalities/value", NULL, 2, 0, value);
  put_texts(w, "/force_field/equalities/label", 2, labels, 1);
  put_texts(w, "/force_field/prior/kind", 2, kinds, 1);
  put_reals(w, "/force_field/prior/weight", NULL, 2, 0, weight);
}

static void put_molecules(const struct writer *w, int64_t count, const struct made_molecule *all) {
  char **names = get(count, sizeof *names);
  enum { columns = 6 };
  static const char *const column_names[columns] = {"/molecules/charge",     "/molecules/multiplicity",
                                                    "/molecules/method",     "/molecules/group",
                                                    "/molecules/stationary", "/molecules/imaginary_modes"};
  int64_t *integers = get(count * columns, sizeof *integers);
  double *energy = get(count, sizeof *energy);
  for (int64_t m = 0; m < count; m++) {
    names[m] = (char *)all[m].name;
    const int64_t row[columns] = {m % 3 - 1, 1 + m % 2, m % 2, m % 4 - 1, 1, 0};
    for (int c = 0; c < columns; c++)
      integers[c * count + m] = row[c];
    energy[m] = all[m].energy * (w->options.other_units ? HARTREE : 1.0);
  }
  put_texts(w, "/molecules/name", count, (const char *const *)names, 0);
  for (int c = 0; c < columns; c++) {
    if (c == 4)
      put_flags(w, column_names[c], count, integers + c * count);
    else
      put_integers(w, column_names[c], count, 0, integers + c * count);
  }
  for (int64_t m = 0; m < count; m++)
    integers[m] = m % 3 == 1;
  if (w->options.guided) put_flags(w, "/molecules/validation", count, integers);
  put_reals(w, "/molecules/energy", w->options.other_units ? "kcal/mol" : "hartree", count, 0, energy);
  static const char *const methods[2] = {"springs", "B3LYP/6-31G*, PySCF 2.14.0"};
  put_texts(w, "/methods", 2, methods, 1);
  free(energy);
  free(integers);
  free(names);
}

static void put_atoms(const struct writer *w, int64_t count, const struct made_molecule *all) {
  int64_t *offset = get(count + 1, sizeof *offset);
  for (int64_t m = 0; m < count; m++)
    offset[m + 1] = offset[m] + all[m].atoms;
  const int64_t total = offset[count];
  int64_t *element = get(total, sizeof *element), *type = get(total, sizeof *type);
  double *mass = get(total, sizeof *mass), *charge = get(total, sizeof *charge);
  double *position = get(3 * total, sizeof *position), *gradient = get(3 * total, sizeof *gradient);
  const double length = w->options.other_units ? 1.0 / BOHR : 1.0, force = w->options.other_units ? HARTREE / BOHR : 1.0;
  for (int64_t m = 0; m < count; m++)
    for (int a = 0; a < all[m].atoms; a++) {
      const int64_t row = offset[m] + a;
      element[row] = all[m].element[a];
      type[row] = all[m].type[a];
      mass[row] = all[m].mass[a];
      charge[row] = all[m].charge[a];
      for (int c = 0; c < 3; c++) {
        position[3 * row + c] = all[m].position[a][c] * length;
        gradient[3 * row + c] = all[m].gradient[a][c] * force;
      }
    }
  put_integers(w, "/molecules/atom_offset", count + 1, 0, offset);
  put_integers(w, "/atoms/element", total, 0, element);
  put_reals(w, "/atoms/position", w->options.other_units ? "bohr" : "angstrom", total, 3, position);
  if (!w->options.bare) {
    put_integers(w, "/atoms/type", total, 0, type);
    put_reals(w, "/atoms/mass", "amu", total, 0, mass);
    put_reals(w, "/atoms/charge", "e", total, 0, charge);
    put_reals(w, "/atoms/gradient", w->options.other_units ? "kcal/mol/angstrom" : "hartree/bohr", total, 3, gradient);
  }
  free(gradient);
  free(position);
  free(charge);
  free(mass);
  free(type);
  free(element);
  free(offset);
}

static void put_hessians(const struct writer *w, int64_t count, const struct made_molecule *all) {
  const int full = w->options.full;
  const double factor = w->options.other_units ? HARTREE / (BOHR * BOHR) : 1.0;
  int64_t *offset = get(count + 1, sizeof *offset);
  for (int64_t m = 0; m < count; m++)
    offset[m + 1] = offset[m] + (full && all[m].hessian_rows ? 9 * all[m].atoms * all[m].atoms : all[m].hessian_rows);
  double *hessian = get(offset[count], sizeof *hessian);
  for (int64_t m = 0; m < count; m++) {
    const int n = all[m].hessian_rows ? 3 * all[m].atoms : 0;
    for (int i = 0, k = 0; i < n; i++)
      for (int j = 0; j <= i; j++, k++) {
        double *start = hessian + offset[m];
        start[full ? i * n + j : k] = all[m].hessian[k] * factor;
        if (full) start[j * n + i] = all[m].hessian[k] * factor;
      }
  }
  put_integers(w, "/molecules/hessian_offset", count + 1, 0, offset);
  put_reals(w, full ? "/hessian_full" : "/hessian", w->options.other_units ? "kcal/mol/angstrom^2" : "hartree/bohr^2",
            offset[count], 0, hessian);
  free(hessian);
  free(offset);
}

/* One table of indices: `rows` and `row` say what a molecule has. */
struct index_table {
  const char *group;
  int atoms, parameters; /* columns */
};

static int index_rows(const struct made_molecule *m, const char *group) {
  if (strstr(group, "bond")) return m->bonds;
  return strstr(group, "angle") ? m->angles : m->torsions;
}

static const int *index_row(const struct made_molecule *m, const char *group, int row, int of_parameters) {
  if (strstr(group, "bond")) return of_parameters ? m->bond_parameter[row] : m->bond[row];
  if (strstr(group, "angle")) return of_parameters ? m->angle_parameter[row] : m->angle[row];
  return of_parameters ? m->torsion_parameter[row] : m->torsion[row];
}

static void put_index_table(const struct writer *w, const struct index_table *table, int64_t count,
                            const struct made_molecule *all) {
  char path[256];
  int64_t *offset = get(count + 1, sizeof *offset);
  for (int64_t m = 0; m < count; m++)
    offset[m + 1] = offset[m] + index_rows(&all[m], table->group);
  int64_t *atoms = get(offset[count] * table->atoms, sizeof *atoms), *parameters = get(offset[count] * 2, sizeof *parameters);
  double *constants = get(offset[count], sizeof *constants);
  for (int64_t m = 0; m < count; m++)
    for (int64_t row = offset[m]; row < offset[m + 1]; row++) {
      const int local = (int)(row - offset[m]);
      for (int c = 0; c < table->atoms; c++)
        atoms[row * table->atoms + c] = index_row(&all[m], table->group, local, 0)[c];
      for (int c = 0; c < table->parameters; c++)
        parameters[row * table->parameters + c] = index_row(&all[m], table->group, local, 1)[c];
      constants[row] = all[m].periodicity[0];
    }
  snprintf(path, sizeof path, "%s/offset", table->group);
  put_integers(w, path, count + 1, 0, offset);
  snprintf(path, sizeof path, "%s/atoms", table->group);
  put_integers(w, path, offset[count], table->atoms, atoms);
  snprintf(path, sizeof path, "%s/parameters", table->group);
  if (table->parameters) put_integers(w, path, offset[count], table->parameters, parameters);
  snprintf(path, sizeof path, "%s/constants", table->group);
  if (strstr(table->group, "torsion")) put_reals(w, path, NULL, offset[count], 1, constants);
  free(constants);
  free(parameters);
  free(atoms);
  free(offset);
}

static void put_observables(const struct writer *w, int64_t count, const struct made_molecule *all) {
  int64_t *offset = get(count + 1, sizeof *offset), *index = get(count, sizeof *index);
  double *weight = get(count, sizeof *weight);
  for (int64_t m = 0; m < count; m++) {
    offset[m + 1] = offset[m] + all[m].observables;
    for (int64_t row = offset[m]; row < offset[m + 1]; row++) {
      index[row] = -1;
      weight[row] = all[m].weight * (w->options.observed ? 0.01 : 1);
    }
  }
  put_integers(w, "/observables/frequency/offset", count + 1, 0, offset);
  put_integers(w, "/observables/frequency/index", offset[count], 1, index);
  put_reals(w, "/observables/frequency/weight", NULL, offset[count], 0, weight);
  free(weight);
  free(index);
  free(offset);
}

/* What the option `observed` adds. */
static const struct observed_kind {
  const char *kind;
  int columns;
  double weight; /* 0: that of the set */
} observed_kinds[] = {{"eigenmatrix_diagonal", 1, 0},
                      {"eigenmatrix_off_diagonal", 2, 0},
                      {"hessian", 2, 0},
                      {"energy", 1, 0.01},
                      {"gradient", 1, 0.05},
                      {"bond", 2, 20},
                      {"angle", 3, 0.5},
                      {"torsion", 4, 0.2},
                      {"relaxed_frequency", 1, 0.01},
                      {"relaxed_energy", 1, 0.01}};

/* Molecule `number`'s row of a kind: all there are, but the molecule four before for energies and one torsion of methane. CO2
 * is not relaxed, because it would have to leave a straight angle; molecule 11 is, and nothing else. */
static int observed_row(const struct observed_kind *kind, int64_t number, const struct made_molecule *molecule,
                        int64_t index[4]) {
  const int apart = number == 11, co2 = number % made_kinds == 3;
  const int energy = strstr(kind->kind, "energy") != NULL, torsion = strcmp(kind->kind, "torsion") == 0;
  for (int c = 0; c < 4; c++)
    index[c] = energy && c == 0 ? number - 4 : torsion ? molecule->torsion[0][c] : -1;
  if (strcmp(kind->kind, "relaxed_energy") == 0) return number >= 4 && number < 16 && (number % 4 == 2 || number == 15);
  if (strcmp(kind->kind, "energy") == 0) return number >= 4 && number % 4 != 0 && !apart && number != 15;
  if (strcmp(kind->kind, "relaxed_frequency") == 0) return molecule->hessian_rows > 0 && !co2;
  if (torsion) return molecule->torsions;
  if (strcmp(kind->kind, "angle") == 0) return molecule->angles > 0 && !co2;
  if (strcmp(kind->kind, "bond") == 0) return molecule->bonds > 0 && !co2;
  return molecule->observables;
}

static void put_observed(const struct writer *w, int64_t count, const struct made_molecule *all) {
  char path[256];
  int64_t *offset = get(count + 1, sizeof *offset), *index = get(4 * count, sizeof *index), row[4];
  double *weight = get(count, sizeof *weight);
  for (size_t k = 0; k < sizeof observed_kinds / sizeof *observed_kinds; k++) {
    const struct observed_kind *kind = &observed_kinds[k];
    for (int64_t m = 0; m < count; m++) {
      const int rows = observed_row(kind, m, &all[m], row);
      offset[m + 1] = offset[m] + rows;
      for (int c = 0; c < kind->columns && rows > 0; c++)
        index[offset[m] * kind->columns + c] = row[c];
      if (rows > 0) weight[offset[m]] = kind->weight;
    }
    snprintf(path, sizeof path, "/observables/%s/offset", kind->kind);
    put_integers(w, path, count + 1, 0, offset);
    snprintf(path, sizeof path, "/observables/%s/index", kind->kind);
    put_integers(w, path, offset[count], kind->columns, index);
    snprintf(path, sizeof path, "/observables/%s/weight", kind->kind);
    if (kind->weight > 0) put_reals(w, path, NULL, offset[count], 0, weight);
  }
  hid_t group = must(H5Gopen2(w->file, "/observables", H5P_DEFAULT), "observables");
  put_attribute_text(group, "weights", "q2mm", w->options.variable_strings);
  H5Gclose(group);
  free(weight);
  free(index);
  free(offset);
}

void make_dataset(const char *path, int64_t count, const struct made_options *options) {
  struct made_molecule *all = get(count, sizeof *all);
  for (int64_t m = 0; m < count; m++)
    made_molecule(m, &all[m]);
  if (options->observed && count > 11) all[11].bonds = all[11].observables = 0;
  struct writer w = {must(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), path), *options};
  const int version = 1;
  hid_t root = must(H5Gopen2(w.file, "/", H5P_DEFAULT), "/");
  put_attribute_text(root, "format", "q2hpc", options->variable_strings);
  put_attribute(root, "version", H5T_NATIVE_INT, &version);
  if (!options->bare) put_attribute_text(root, "title", "springs", options->variable_strings);
  H5Gclose(root);
  put_molecules(&w, count, all);
  put_atoms(&w, count, all);
  put_hessians(&w, count, all);
  static const struct index_table tables[] = {{"/bonds", 2, 0},
                                              {"/force_field/terms/bond_harmonic", 2, 2},
                                              {"/force_field/terms/angle_harmonic", 3, 2},
                                              {"/force_field/terms/torsion_fourier", 4, 2}};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    put_index_table(&w, &tables[t], count, all);
  put_force_field(&w, count, all);
  if (options->guided) put_guidance(&w);
  put_observables(&w, count, all);
  if (options->observed) put_observed(&w, count, all);
  must(H5Fclose(w.file), "close");
  free(all);
}
