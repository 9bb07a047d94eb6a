/* Which residuals a row of an observable table stands for. */
#include "../kernels/stages.h"
#include "residuals_parts.h"

/* What an index of the observable at hand counts, for messages, and what -1 takes the values from. */
static const char *counted(const struct q2_residual_builder *builder) {
  switch (q2_observables[builder->observable].made_of) {
  case Q2_MADE_OF_MODE:
    return "vibrations";
  case Q2_MADE_OF_BASIS:
    return builder->table->cartesian ? "eigenvectors" : "vibrations";
  case Q2_MADE_OF_COORDINATE:
    return "atoms";
  default:
    return "Cartesian components";
  }
}

static const char *source(const struct q2_residual_builder *builder) {
  switch (q2_observables[builder->observable].made_of) {
  case Q2_MADE_OF_COORDINATE:
    return "geometry";
  case Q2_MADE_OF_GRADIENT:
    return "QM gradient";
  default:
    return "Hessian";
  }
}

static int limit(const struct q2_residual_builder *builder) {
  switch (q2_observables[builder->observable].made_of) {
  case Q2_MADE_OF_MODE:
    return builder->modes;
  case Q2_MADE_OF_BASIS:
    return builder->reference->basis_count;
  case Q2_MADE_OF_COORDINATE:
    return builder->atoms;
  default:
    return 3 * builder->atoms;
  }
}

static int all_modes(struct q2_residual_builder *builder) {
  const struct q2_reference *reference = builder->reference;
  for (int k = 0; k < reference->vibration_count; k++)
    if (reference->vibration[k] > builder->table->minimum) Q2_TRY(q2_residual_append(builder, &k));
  return Q2_OK;
}

static int all_numbers(struct q2_residual_builder *builder, int count) {
  for (int k = 0; k < count; k++)
    Q2_TRY(q2_residual_append(builder, &k));
  return Q2_OK;
}

/* i > j (least = 1) or i >= j (least = 0). */
static int all_pairs(struct q2_residual_builder *builder, int count, int least) {
  for (int i = 0; i < count; i++) {
    for (int j = 0; j + least <= i; j++)
      Q2_TRY(q2_residual_append(builder, (const int[2]){i, j}));
  }
  return Q2_OK;
}

static int all_bonds(struct q2_residual_builder *builder) {
  const struct q2_dataset *d = builder->dataset;
  for (int64_t k = d->bond_offset[builder->molecule]; k < d->bond_offset[builder->molecule + 1]; k++)
    Q2_TRY(q2_residual_append(builder, (const int[2]){d->bonds[2 * k], d->bonds[2 * k + 1]}));
  return Q2_OK;
}

/* i-j-k for every pair of neighbours of j. */
static int all_angles(struct q2_residual_builder *builder) {
  const int32_t *start = builder->bonded.start, *neighbour = builder->bonded.neighbour;
  for (int j = 0; j < builder->atoms; j++) {
    for (int a = start[j]; a < start[j + 1]; a++) {
      for (int b = a + 1; b < start[j + 1]; b++)
        Q2_TRY(q2_residual_append(builder, (const int[3]){neighbour[a], j, neighbour[b]}));
    }
  }
  return Q2_OK;
}

/* The larger of a torsion's two bond angles at the QM geometry, in degree. */
static double straightest(const struct q2_residual_builder *builder, const int *index) {
  const int32_t atoms[4] = {index[0], index[1], index[2], index[3]};
  return fmax(q2_residual_coordinate(builder, 3, atoms), q2_residual_coordinate(builder, 3, atoms + 1));
}

/* i-j-k-l for every bond j-k, j < k, with other neighbours i of j and l of k; not around a ring of three, and not where a bond
 * angle is straight. */
static int all_torsions(struct q2_residual_builder *builder) {
  const int32_t *start = builder->bonded.start, *neighbour = builder->bonded.neighbour;
  for (int j = 0; j < builder->atoms; j++) {
    for (int b = start[j]; b < start[j + 1]; b++) {
      const int k = neighbour[b];
      for (int a = start[j]; a < start[j + 1] && k > j; a++) {
        for (int c = start[k]; c < start[k + 1]; c++) {
          const int index[4] = {neighbour[a], j, k, neighbour[c]};
          if (index[0] == k || index[3] == j || index[0] == index[3] || straightest(builder, index) > Q2_STRAIGHTEST_TORSION)
            continue;
          Q2_TRY(q2_residual_append(builder, index));
        }
      }
    }
  }
  return Q2_OK;
}

static int expand_all(struct q2_residual_builder *builder) {
  switch (builder->observable) {
  case Q2_OBSERVABLE_FREQUENCY:
  case Q2_OBSERVABLE_RELAXED_FREQUENCY:
    return all_modes(builder);
  case Q2_OBSERVABLE_EIGENMATRIX_DIAGONAL:
    return all_numbers(builder, builder->reference->basis_count);
  case Q2_OBSERVABLE_EIGENMATRIX_OFF_DIAGONAL:
    return all_pairs(builder, builder->reference->basis_count, 1);
  case Q2_OBSERVABLE_HESSIAN:
    return all_pairs(builder, 3 * builder->atoms, 0);
  case Q2_OBSERVABLE_GRADIENT:
    return all_numbers(builder, 3 * builder->atoms);
  case Q2_OBSERVABLE_BOND:
    return all_bonds(builder);
  case Q2_OBSERVABLE_ANGLE:
    return all_angles(builder);
  default:
    return all_torsions(builder);
  }
}

/* Where there are neither values nor QM data. */
static int check_source(struct q2_residual_builder *builder, int64_t row) {
  const int made_of = (int)q2_observables[builder->observable].made_of;
  const struct q2_observable_table *table = builder->table;
  if (table->index[row * table->index_count] == -1 && table->has_value) {
    return q2_fail(builder->error,
                   "%s: /observables/%s: molecule %s: index -1 (all %s) takes its values from the %s, but the dataset value is "
                   "there",
                   builder->dataset->path, table->kind, builder->name, counted(builder), source(builder));
  }
  if (!builder->hessian && !table->has_value &&
      ((made_of == Q2_MADE_OF_MODE && builder->modes > 0) || made_of == Q2_MADE_OF_HESSIAN)) {
    return q2_fail(builder->error, "%s: /observables/%s: molecule %s has neither values nor a Hessian to derive them from",
                   builder->dataset->path, table->kind, builder->name);
  }
  return Q2_OK;
}

static int check_range(struct q2_residual_builder *builder, int64_t row, int *all) {
  const struct q2_observable_table *table = builder->table;
  const int32_t *index = table->index + row * table->index_count;
  const int count = limit(builder);
  int negative = 0;
  for (int c = 0; c < table->index_count; c++) {
    if (index[c] < -1 || index[c] >= count) {
      return q2_fail(builder->error, "%s: /observables/%s/index: molecule %s has %d %s, found index %d (expected -1 to %d)",
                     builder->dataset->path, table->kind, builder->name, count, counted(builder), index[c], count - 1);
    }
    negative += index[c] == -1;
  }
  *all = negative == table->index_count;
  if (negative == 0 || *all) return Q2_OK;
  return q2_fail(builder->error,
                 "%s: /observables/%s/index: molecule %s: expected -1 in all columns of a row (all %s) or in none, found it in "
                 "%d of %d",
                 builder->dataset->path, table->kind, builder->name, counted(builder), negative, table->index_count);
}

/* An explicit row: different atoms that make a torsion, an element below or off the diagonal. */
static int check_row(struct q2_residual_builder *builder, int *index) {
  const struct q2_observable_table *table = builder->table;
  const int pairs = table->index_count == 2 && builder->observable != Q2_OBSERVABLE_BOND;
  if (pairs && index[0] < index[1]) {
    const int i = index[0];
    index[0] = index[1];
    index[1] = i;
  }
  if (builder->observable == Q2_OBSERVABLE_HESSIAN) return Q2_OK;
  for (int a = 0; a < table->index_count; a++) {
    for (int b = 0; b < a; b++) {
      if (index[a] == index[b])
        return q2_fail(builder->error, "%s: /observables/%s/index: molecule %s: expected different %s, found %d twice",
                       builder->dataset->path, table->kind, builder->name, counted(builder), index[a]);
    }
  }
  if (builder->observable == Q2_OBSERVABLE_TORSION && straightest(builder, index) > Q2_STRAIGHTEST_TORSION) {
    return q2_fail(builder->error,
                   "%s: /observables/%s/index: molecule %s: expected bond angles of at most %g degree along torsion "
                   "%d-%d-%d-%d, found %.4g",
                   builder->dataset->path, table->kind, builder->name, Q2_STRAIGHTEST_TORSION, index[0], index[1], index[2],
                   index[3], straightest(builder, index));
  }
  return Q2_OK;
}

int q2_residual_expand(struct q2_residual_builder *builder, int64_t row) {
  const struct q2_observable_table *table = builder->table;
  int index[Q2_MAX_INDEX], all = 0;
  const int energy = q2_observables[builder->observable].made_of == Q2_MADE_OF_ENERGY; /* q2_dataset_gather_energies checks */
  if (!energy) {
    Q2_TRY(check_range(builder, row, &all));
    Q2_TRY(check_source(builder, row));
  }
  if (all) return expand_all(builder);
  for (int c = 0; c < table->index_count; c++)
    index[c] = table->index[row * table->index_count + c];
  if (!energy) Q2_TRY(check_row(builder, index));
  return q2_residual_append(builder, index);
}
