/* Synthetic data sets with more than wavenumbers. */
#include "observed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/nonbonded.h"
#include "../src/batch_parts.h"
#include "synthetic.h"

/* Weights by observable, in the order of the registry. */
static const double weights[Q2_OBSERVABLE_COUNT] = {0.01, 30, 10, 20, 0.1, 0.02, 20, 0.5, 0.2, 0.01, 0.1};

static void add_table(struct q2_dataset *dataset, int observable, struct q2_observable_table *table) {
  const struct q2_observable_info *info = &q2_observables[observable];
  const int64_t count = dataset->molecule_count;
  memset(table, 0, sizeof *table);
  strcpy(table->kind, info->name);
  table->index_count = info->index_count;
  table->has_weight = 1;
  table->minimum = 50;
  table->offset = calloc((size_t)count + 1, sizeof *table->offset);
  table->index = calloc((size_t)(count * info->index_count) + 1, sizeof *table->index);
  table->value = calloc((size_t)count + 1, sizeof *table->value);
  table->weight = calloc((size_t)count + 1, sizeof *table->weight);
  for (int64_t m = 0, row = 0; m < count; m++) {
    const int energy = info->made_of == Q2_MADE_OF_ENERGY, alone = dataset->atom_offset[m + 1] - dataset->atom_offset[m] < 2;
    const int none = energy ? dataset->molecule[m] == 0 : alone;
    table->offset[m + 1] = table->offset[m] + !none;
    if (none) continue;
    for (int c = 0; c < info->index_count; c++)
      table->index[row * info->index_count + c] = energy ? 0 : -1;
    table->weight[row++] = weights[observable];
  }
}

void observe(MPI_Comm comm, struct q2_dataset *dataset, int kinds) {
  struct q2_error error = {""};
  for (int t = 0; t < dataset->observable_table_count; t++) {
    free(dataset->observables[t].offset);
    free(dataset->observables[t].index);
    free(dataset->observables[t].value);
    free(dataset->observables[t].weight);
  }
  free(dataset->observables);
  dataset->observables = calloc(Q2_OBSERVABLE_COUNT, sizeof *dataset->observables);
  dataset->observable_table_count = 0;
  for (int observable = 0; observable < Q2_OBSERVABLE_COUNT; observable++) {
    if (kinds & 1 << observable) add_table(dataset, observable, &dataset->observables[dataset->observable_table_count++]);
  }
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    dataset->group[m] = 0;
    dataset->stationary[m] = 1;
    dataset->energy[m] = -0.01 * (double)(dataset->molecule[m] % 7);
  }
  if (q2_dataset_gather_energies(comm, dataset, &error) != Q2_OK) {
    fprintf(stderr, "%s\n", error.text);
    MPI_Abort(comm, 1);
  }
}

/* Appends a row to the parameter table. */
static int add_parameter(struct q2_parameters *p, const char *kind, const char *unit, double value, double scale) {
  const size_t count = (size_t)p->count + 1;
  p->kind = realloc(p->kind, count * sizeof *p->kind);
  p->label = realloc(p->label, count * sizeof *p->label);
  p->unit = realloc(p->unit, count * sizeof *p->unit);
  double **reals[] = {&p->value, &p->lower, &p->upper, &p->factor, &p->scale};
  const double values[] = {value, -1e300, 1e300, 1, scale};
  for (int k = 0; k < 5; k++) {
    *reals[k] = realloc(*reals[k], count * sizeof(double));
    (*reals[k])[count - 1] = values[k];
  }
  p->active = realloc(p->active, count * sizeof *p->active);
  p->link = realloc(p->link, count * sizeof *p->link);
  strcpy(p->kind[count - 1], kind);
  strcpy(p->label[count - 1], "extra");
  strcpy(p->unit[count - 1], unit);
  p->active[count - 1] = 1;
  p->link[count - 1] = -1;
  return p->count++;
}

/* The type of an atom of that element. */
static int type_of(const struct q2_dataset *dataset, int element) {
  int type = 0;
  for (int64_t i = 0; i < dataset->atom_offset[dataset->molecule_count]; i++) {
    if (dataset->element[i] == element) type = dataset->type[i];
  }
  return type;
}

void observe_charges(struct q2_dataset *dataset) {
  struct q2_nonbonded *y = &dataset->nonbonded;
  struct q2_parameters *p = &dataset->parameters;
  strcpy(y->form, "exp6_mm3");
  strcpy(y->combining_rule, "mm3");
  strcpy(y->size_name, "radius");
  for (int t = 0; t < y->type_count; t++) {
    strcpy(p->kind[y->epsilon[t]], "vdw_epsilon");
    strcpy(p->kind[y->size[t]], "vdw_radius");
    p->value[y->size[t]] *= 0.56; /* sigma to half of the distance of least energy */
  }
  const int first = add_parameter(p, "vdw_epsilon", "kcal/mol", 0.03, 0.02);
  add_parameter(p, "vdw_distance", "angstrom", 3.4, 0.1);
  add_parameter(p, "hydrogen_c", "kcal/mol*angstrom^12", 3000, 500);
  add_parameter(p, "hydrogen_d", "kcal/mol*angstrom^10", 1200, 300);
  const int increment = add_parameter(p, "charge_increment", "e", 0.08, 0.1);
  add_parameter(p, "bond_dipole", "debye", 0.5, 0.5);
  y->special_count = 2;
  y->special_form = calloc(2, sizeof *y->special_form);
  y->special_types = calloc(4, sizeof *y->special_types);
  y->special_parameters = calloc(4, sizeof *y->special_parameters);
  strcpy(y->special_form[0], "exp6_mm3");
  strcpy(y->special_form[1], "hydrogen_12_10");
  const int types[4] = {1, 6, 8, 1};
  for (int k = 0; k < 4; k++) {
    y->special_types[k] = type_of(dataset, types[k]);
    y->special_parameters[k] = first + k;
  }
  const int64_t bonds = dataset->bond_offset[dataset->molecule_count];
  struct q2_charge_increments *increments = &dataset->increments;
  increments->offset = calloc((size_t)dataset->molecule_count + 1, sizeof *increments->offset);
  increments->atoms = calloc(2 * (size_t)bonds + 1, sizeof *increments->atoms);
  increments->parameter = calloc((size_t)bonds + 1, sizeof *increments->parameter);
  increments->factor = calloc((size_t)bonds + 1, sizeof *increments->factor);
  memcpy(increments->offset, dataset->bond_offset, ((size_t)dataset->molecule_count + 1) * sizeof *increments->offset);
  memcpy(increments->atoms, dataset->bonds, 2 * (size_t)bonds * sizeof *increments->atoms);
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    for (int64_t b = dataset->bond_offset[m]; b < dataset->bond_offset[m + 1]; b++) {
      const int odd = (int)((b - dataset->bond_offset[m]) % 2); /* the same on any number of ranks */
      increments->parameter[b] = increment + odd;
      increments->factor[b] = odd ? 0.2 : 1;
    }
  }
}

/* A neighbour of atom i of local molecule m other than `but`, or -1. */
static int32_t neighbour(const struct q2_dataset *dataset, int64_t m, int32_t i, int32_t but) {
  for (int64_t b = dataset->bond_offset[m]; b < dataset->bond_offset[m + 1]; b++) {
    const int32_t *bond = dataset->bonds + 2 * b;
    for (int end = 0; end < 2; end++) {
      if (bond[end] == i && bond[1 - end] != but) return bond[1 - end];
    }
  }
  return -1;
}

void observe_sites(struct q2_dataset *dataset) {
  static const char *const forms[] = {"bond_mm3", "angle_mm3", "stretch_bend", "torsion_mm3"};
  const int64_t atoms = dataset->atom_offset[dataset->molecule_count];
  dataset->has_sites = 1;
  dataset->reduction_parent = calloc((size_t)atoms + 1, sizeof *dataset->reduction_parent);
  dataset->reduction = calloc((size_t)atoms + 1, sizeof *dataset->reduction);
  dataset->nonbonded.soft_cut_begin = 2.2;
  dataset->nonbonded.soft_cut_end = 4.5;
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    for (int64_t a = dataset->atom_offset[m]; a < dataset->atom_offset[m + 1]; a++) {
      const int32_t i = (int32_t)(a - dataset->atom_offset[m]), near = neighbour(dataset, m, i, -1);
      const int moved = near >= 0 && dataset->element[a] == 1;
      const int32_t far = moved && i % 2 ? neighbour(dataset, m, near, i) : -1;
      const int carbon = far >= 0 && dataset->element[dataset->atom_offset[m] + far] == 6; /* bent chains would come apart */
      dataset->reduction_parent[a] = !moved ? -1 : far >= 0 && !carbon ? far : near;
      dataset->reduction[a] = moved ? 0.05 + 0.01 * (i % 3) : 0;
    }
  }
  for (int t = 0; t < dataset->term_table_count; t++) {
    struct q2_term_table *table = &dataset->terms[t];
    int chosen = 0;
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
      chosen |= strcmp(table->form, forms[f]) == 0;
    if (!chosen) continue;
    table->at_sites = calloc((size_t)table->offset[dataset->molecule_count] + 1, sizeof *table->at_sites);
    for (int64_t m = 0; m < dataset->molecule_count; m++) {
      for (int64_t row = table->offset[m]; row < table->offset[m + 1]; row++) {
        int32_t atom[Q2_MAX_TERM_ATOMS], site[Q2_MAX_TERM_ATOMS];
        table->at_sites[row] = 1;
        table->at_sites[row] = q2_term_atoms(dataset, m, table, row, atom, site) > 0;
      }
    }
  }
}

void open_observed(struct problem *problem, MPI_Comm comm, int64_t molecules, int kinds, int charges,
                   struct q2_plan_options plan, struct q2_objective_options options) {
  struct q2_error error = {""};
  q2_synthetic(comm, molecules, 1, &problem->dataset);
  observe(comm, &problem->dataset, kinds);
  if (charges) observe_charges(&problem->dataset);
  if (charges) observe_sites(&problem->dataset);
  finish_problem(problem, comm, plan, options, &error);
}
