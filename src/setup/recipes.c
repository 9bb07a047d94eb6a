/* Recipes applied to the molecules of all ranks. */
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "recipes_parts.h"
#include "topology.h"

/* What is being applied, and what the ranks have told each other. */
struct application {
  const struct q2_recipe *recipe;
  struct q2_builder *builder;
  const struct q2_molecule_facts *facts;
  int64_t first;

  /* [group_total] of all ranks: groups and the first molecule of each on its rank, in the order of the ranks */
  int64_t group_total;
  int64_t (*group)[2];
  /* [name_total] of all molecules, where a row names one */
  int64_t name_total;
  struct q2_name *name;
};

/* --- what ranks tell each other --- */

/* Collective: puts the `count` elements of `size` bytes of all ranks one after another on every rank. */
static void *concatenate(MPI_Comm comm, const void *mine, int count, size_t size, int64_t *total, struct q2_error *error) {
  int ranks;
  MPI_Comm_size(comm, &ranks);
  int64_t here = count;
  MPI_Allreduce(&here, total, 1, MPI_INT64_T, MPI_SUM, comm);
  char *all = q2_allocate_everywhere(comm, *total, size, "what molecules compare their energies with", error);
  if (!all) return NULL;
  int *counts = q2_allocate_everywhere(comm, 2 * (int64_t)ranks, sizeof *counts, "numbers of ranks", error);
  if (!counts) {
    free(all);
    return NULL;
  }
  MPI_Allgather(&count, 1, MPI_INT, counts, 1, MPI_INT, comm);
  for (int r = 1; r < ranks; r++)
    counts[ranks + r] = counts[ranks + r - 1] + counts[r - 1];
  MPI_Datatype type;
  MPI_Type_contiguous((int)size, MPI_BYTE, &type);
  MPI_Type_commit(&type);
  MPI_Allgatherv(mine, count, type, all, counts, counts + ranks, type, comm);
  MPI_Type_free(&type);
  free(counts);
  return all;
}

static int gather_groups(MPI_Comm comm, struct application *a, struct q2_error *error) {
  const int molecules = q2_builder_molecule_count(a->builder);
  int64_t(*mine)[2] = q2_allocate_everywhere(comm, molecules, sizeof *mine, "groups", error);
  if (!mine) return Q2_FAILED;
  int count = 0;
  for (int m = 0; m < molecules; m++) {
    if (a->facts[m].group < 0) continue;
    if (count > 0 && mine[count - 1][0] == a->facts[m].group) continue; /* mostly they are neighbours */
    mine[count][0] = a->facts[m].group;
    mine[count++][1] = a->first + m;
  }
  a->group = concatenate(comm, mine, count, sizeof *mine, &a->group_total, error);
  free(mine);
  return a->group ? Q2_OK : Q2_FAILED;
}

static int gather_names(MPI_Comm comm, struct application *a, struct q2_error *error) {
  const int molecules = q2_builder_molecule_count(a->builder);
  struct q2_name *mine = q2_allocate_everywhere(comm, molecules, sizeof *mine, "names", error);
  if (!mine) return Q2_FAILED;
  for (int m = 0; m < molecules; m++)
    memcpy(mine[m].text, q2_builder_molecule(a->builder, m)->name, Q2_NAME_LENGTH);
  a->name = concatenate(comm, mine, molecules, sizeof *mine, &a->name_total, error);
  free(mine);
  return a->name ? Q2_OK : Q2_FAILED;
}

/* Order by group, then number. */
static int by_group(const void *x, const void *y) {
  const int64_t *a = x, *b = y;
  if (a[0] != b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1];
}

static int gather(MPI_Comm comm, struct application *a, struct q2_error *error) {
  const struct q2_recipe_row *rows = a->recipe->rows.data;
  int groups = 0, names = 0;
  for (int64_t r = 0; r < a->recipe->rows.count; r++) {
    names |= rows[r].partner[0] != '\0';
    groups |= q2_recipe_is_energy(rows[r].kind) && !rows[r].partner[0];
  }
  if (groups) {
    Q2_TRY(gather_groups(comm, a, error));
    qsort(a->group, (size_t)a->group_total, sizeof *a->group, by_group);
  }
  return names ? gather_names(comm, a, error) : Q2_OK;
}

/* The first molecule of the group; it has one. */
static int64_t first_of_group(const struct application *a, int64_t group) {
  int64_t low = 0, high = a->group_total;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (a->group[middle][0] < group)
      low = middle + 1;
    else
      high = middle;
  }
  return a->group[low][1];
}

/* --- one row, one molecule --- */

static int fail(const struct application *a, const struct q2_recipe_row *row, int m, struct q2_error *error, const char *what) {
  const char *name = q2_builder_molecule(a->builder, m)->name;
  if (row->line)
    return q2_fail(error, "%s:%d: %s of molecule '%s': %s", a->recipe->path, row->line, row->kind->name, name, what);
  return q2_fail(error, "option -observables: %s of molecule '%s': %s", row->kind->name, name, what);
}

static int observe(const struct application *a, const struct q2_recipe_row *row, int m, const int *index,
                   struct q2_error *error) {
  return q2_builder_observable(a->builder, m, row->kind->name, index, row->has_weight ? &row->weight : NULL,
                               row->has_value ? &row->value : NULL, error);
}

static int observe_energy(const struct application *a, const struct q2_recipe_row *row, int m, struct q2_error *error) {
  const struct q2_molecule_record *record = q2_builder_molecule(a->builder, m);
  const int64_t number = a->first + m;
  int64_t partner = -1;
  if (a->facts[m].group < 0) {
    if (!row->partner[0]) return Q2_OK;
    return fail(a, row, m, error, "it has no group to compare within (group=N in a manifest)");
  }
  if (row->partner[0]) {
    for (int64_t k = 0; k < a->name_total && partner < 0; k++)
      if (strcmp(a->name[k].text, row->partner) == 0) partner = k;
    if (partner < 0) return fail(a, row, m, error, "there is no molecule with the name that its line gives");
  } else {
    partner = first_of_group(a, a->facts[m].group);
  }
  if (!record->has_energy && !row->has_value) return fail(a, row, m, error, "its files have no energy");
  if (partner == number) return Q2_OK; /* it is the one that others are compared with */
  if (partner > INT_MAX) return fail(a, row, m, error, "it would be compared with a molecule beyond the 2147483647th");
  const int index = (int)partner;
  return observe(a, row, m, &index, error);
}

/* How many there are of what the row's "all" stands for; -1: as many as there are. */
static int there_are(const struct application *a, const struct q2_recipe_row *row, int m) {
  const struct q2_topology *topology = q2_builder_topology(a->builder, m);
  const int atoms = q2_builder_molecule(a->builder, m)->atom_count;
  switch (row->kind->index_count) {
  case 4:
    return topology->torsion_count;
  case 3:
    return topology->angle_count;
  case 2:
    if (row->kind->indexed == Q2_INDEX_ATOMS) return topology->bond_count;
    return strcmp(row->kind->name, "eigenmatrix_off_diagonal") == 0 && atoms == 2 ? 0 : atoms > 1;
  default:
    return atoms > 1 || !q2_recipe_needs_hessian(row->kind);
  }
}

static int observe_all(const struct application *a, const struct q2_recipe_row *row, int m, struct q2_error *error) {
  const int all[4] = {-1, -1, -1, -1};
  if (there_are(a, row, m) == 0) return Q2_OK;
  Q2_TRY(observe(a, row, m, all, error));
  /* Imaginary modes are below any minimum, so that -1 does not stand for them. */
  const int imaginary = strcmp(row->kind->name, "frequency") == 0 ? a->facts[m].imaginary_modes : 0;
  for (int mode = 0; mode < imaginary; mode++)
    Q2_TRY(observe(a, row, m, &mode, error));
  return Q2_OK;
}

static int observe_one(const struct application *a, const struct q2_recipe_row *row, int m, struct q2_error *error) {
  const int atoms = q2_builder_molecule(a->builder, m)->atom_count;
  const int limit = row->kind->indexed == Q2_INDEX_ATOMS ? atoms : 3 * atoms;
  for (int i = 0; i < row->kind->index_count; i++)
    if (row->index[i] >= limit) {
      char what[96];
      snprintf(what, sizeof what, "expected indices from 0 to %d, found %d", limit - 1, row->index[i]);
      return fail(a, row, m, error, what);
    }
  return observe(a, row, m, row->index, error);
}

static int apply_row(const struct application *a, const struct q2_recipe_row *row, int m, struct q2_error *error) {
  const struct q2_molecule_record *record = q2_builder_molecule(a->builder, m);
  if (q2_recipe_needs_hessian(row->kind) && !record->hessian && (record->atom_count > 1 || !row->all)) {
    if (row->optional) return Q2_OK;
    return fail(a, row, m, error, "its files have no Hessian");
  }
  if (strcmp(row->kind->name, "gradient") == 0 && !record->gradient && !a->facts[m].stationary && !row->has_value)
    return fail(a, row, m, error, "its files have no gradient, and it is not stationary");
  if (q2_recipe_is_energy(row->kind)) {
    if (row->optional && !record->has_energy) return Q2_OK;
    return observe_energy(a, row, m, error);
  }
  return row->all ? observe_all(a, row, m, error) : observe_one(a, row, m, error);
}

/* --- all of them --- */

static int apply_here(const struct application *a, int64_t *fitting, struct q2_error *error) {
  const struct q2_recipe_row *rows = a->recipe->rows.data;
  const int molecules = q2_builder_molecule_count(a->builder);
  for (int m = 0; m < molecules; m++) {
    const char *name = q2_builder_molecule(a->builder, m)->name;
    for (int64_t r = 0; r < a->recipe->rows.count; r++) {
      if (strcmp(rows[r].pattern, "*") != 0 && fnmatch(rows[r].pattern, name, 0) != 0) continue;
      fitting[r]++;
      Q2_TRY(apply_row(a, &rows[r], m, error));
    }
  }
  return Q2_OK;
}

static int apply(MPI_Comm comm, const struct application *a, struct q2_error *error) {
  const struct q2_recipe_row *rows = a->recipe->rows.data;
  const int count = (int)a->recipe->rows.count;
  int64_t *fitting = q2_allocate_everywhere(comm, count, sizeof *fitting, "observables", error);
  if (!fitting) return Q2_FAILED;
  int status = q2_agree(comm, apply_here(a, fitting, error), error);
  if (status == Q2_OK) MPI_Allreduce(MPI_IN_PLACE, fitting, count, MPI_INT64_T, MPI_SUM, comm);
  for (int r = 0; r < count && status == Q2_OK; r++)
    if (fitting[r] == 0)
      status = q2_fail(error, "%s:%d: expected molecules whose names fit \"%s\", found none", a->recipe->path, rows[r].line,
                       rows[r].pattern);
  free(fitting);
  return status;
}

int q2_recipe_apply(MPI_Comm comm, const struct q2_recipe *recipe, struct q2_builder *builder,
                    const struct q2_molecule_facts *facts, int64_t first, struct q2_error *error) {
  struct application a = {.recipe = recipe, .builder = builder, .facts = facts, .first = first};
  q2_builder_weights(builder, recipe->set, 0);
  int status = gather(comm, &a, error);
  if (status == Q2_OK) status = apply(comm, &a, error);
  free(a.group);
  free(a.name);
  return status;
}
