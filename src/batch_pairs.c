/* Atoms and non-bonded pairs of a molecule: charges and their increments, the parameters of atom types and of special pairs,
 * and how far apart in bonds the atoms of a pair are. */
#include <math.h>

#include "../io/memory.h"
#include "batch_parts.h"
#include "bonds.h"

/* Fills pair_class from the bonds. */
static int classify(const struct q2_builder *builder, int32_t *pair_class) {
  struct q2_neighbours neighbours;
  const int atoms = builder->atoms;
  int32_t *apart = q2_allocate(atoms, sizeof *apart);
  int status = q2_neighbours_make(builder->dataset, builder->molecule, &neighbours);
  if (!apart) status = -1;
  for (int i = 0; i < atoms && status == 0; i++) {
    q2_bonds_apart(&neighbours, i, apart);
    for (int j = 0; j < i; j++)
      pair_class[Q2_PAIR(i, j)] = apart[j] < 3 ? Q2_PAIR_EXCLUDED : apart[j] == 3 ? Q2_PAIR_14 : Q2_PAIR_FULL;
  }
  q2_neighbours_free(&neighbours);
  free(apart);
  return status;
}

static int build_atoms(struct q2_builder *builder) {
  const struct q2_dataset *dataset = builder->dataset;
  const int atoms = builder->atoms;
  const int64_t first = dataset->atom_offset[builder->molecule];
  q2_real *weight = Q2_GROW(builder, mass_weight, 3 * (int64_t)atoms, q2_real),
          *charge = Q2_GROW(builder, charge, atoms, q2_real);
  double *position = Q2_GROW(builder, position, 3 * (int64_t)atoms, double);
  int32_t *parameter = Q2_GROW(builder, atom_parameter, Q2_PAIR_PARAMETERS * (int64_t)atoms, int32_t);
  if (!weight || !charge || !position || !parameter) return -1;
  for (int i = 0; i < atoms; i++) {
    for (int k = 0; k < 3; k++) {
      weight[3 * i + k] = 1 / sqrt(dataset->mass[first + i]);
      position[3 * i + k] = builder->qm_position[3 * i + k];
    }
    charge[i] = dataset->atom_charge[first + i];
    if (!builder->batch->has_nonbonded) continue;
    const int32_t type = dataset->type[first + i];
    const int32_t rows[Q2_PAIR_PARAMETERS] = {dataset->nonbonded.epsilon[type], dataset->nonbonded.size[type]};
    for (int s = 0; s < Q2_PAIR_PARAMETERS; s++) {
      parameter[Q2_PAIR_PARAMETERS * i + s] = q2_local_parameter(builder, rows[s]);
      if (parameter[Q2_PAIR_PARAMETERS * i + s] < 0) return -1;
    }
  }
  return 0;
}

/* The row of the data set's special pairs for two types, or -1. */
static int special_row(const struct q2_nonbonded *nonbonded, int32_t a, int32_t b) {
  for (int s = 0; s < nonbonded->special_count; s++) {
    const int32_t *types = nonbonded->special_types + 2 * (int64_t)s;
    if ((types[0] == a && types[1] == b) || (types[0] == b && types[1] == a)) return s;
  }
  return -1;
}

/* The molecule's number of special row `row`, entering it into the molecule's list if need be; -1 when memory ran out. */
static int32_t local_special(struct q2_builder *builder, int row) {
  const int64_t first = builder->batch->special_start[builder->slot], count = builder->special_form.count - first;
  const int32_t *source = builder->special_source.data;
  for (int64_t s = 0; s < count; s++) {
    if (source[first + s] == row) return (int32_t)s;
  }
  int32_t *form = Q2_GROW(builder, special_form, 1, int32_t);
  int32_t *parameter = Q2_GROW(builder, special_parameter, Q2_PAIR_PARAMETERS, int32_t);
  int32_t *entry = Q2_GROW(builder, special_source, 1, int32_t);
  if (!form || !parameter || !entry) return -1;
  *form = builder->nonbonded.special_form[row];
  *entry = row;
  for (int s = 0; s < Q2_PAIR_PARAMETERS; s++) {
    parameter[s] = q2_local_parameter(builder, builder->dataset->nonbonded.special_parameters[Q2_PAIR_PARAMETERS * row + s]);
    if (parameter[s] < 0) return -1;
  }
  return (int32_t)count;
}

static int find_specials(struct q2_builder *builder, int32_t *pair_special) {
  const struct q2_dataset *dataset = builder->dataset;
  const int32_t *type = dataset->type + dataset->atom_offset[builder->molecule];
  for (int i = 0; i < builder->atoms; i++) {
    for (int j = 0; j < i; j++) {
      const int row = special_row(&dataset->nonbonded, type[i], type[j]);
      pair_special[Q2_PAIR(i, j)] = -1;
      if (row < 0) continue;
      pair_special[Q2_PAIR(i, j)] = local_special(builder, row);
      if (pair_special[Q2_PAIR(i, j)] < 0) return -1;
    }
  }
  return 0;
}

/* The soft cut of the pair form: 1 up to its beginning, 0 from its end on, linear in the square of the distance between. */
static int build_soft_cut(struct q2_builder *builder) {
  const struct q2_nonbonded *nonbonded = &builder->dataset->nonbonded;
  const double begin = nonbonded->soft_cut_begin * nonbonded->soft_cut_begin,
               end = nonbonded->soft_cut_end * nonbonded->soft_cut_end;
  q2_real *cut = Q2_GROW(builder, pair_cut, Q2_PAIR(builder->atoms, 0), q2_real);
  if (!cut) return -1;
  for (int i = 0; i < builder->atoms; i++) {
    for (int j = 0; j < i; j++) {
      double square = 0;
      for (int k = 0; k < 3; k++)
        square += pow(builder->qm_position[3 * i + k] - builder->qm_position[3 * j + k], 2);
      cut[Q2_PAIR(i, j)] = fmin(fmax((end - square) / (end - begin), 0), 1);
    }
  }
  return 0;
}

static int build_increments(struct q2_builder *builder) {
  const struct q2_charge_increments *table = &builder->dataset->increments;
  if (!table->offset) return 0;
  for (int64_t row = table->offset[builder->molecule]; row < table->offset[builder->molecule + 1]; row++) {
    int32_t *atom = Q2_GROW(builder, increment_atom, 2, int32_t),
            *parameter = Q2_GROW(builder, increment_parameter, 1, int32_t);
    q2_real *factor = Q2_GROW(builder, increment_factor, 1, q2_real);
    if (!atom || !parameter || !factor) return -1;
    memcpy(atom, table->atoms + 2 * row, 2 * sizeof *atom);
    *factor = table->factor[row];
    *parameter = q2_local_parameter(builder, table->parameter[row]);
    if (*parameter < 0) return -1;
  }
  return 0;
}

/* Whose derivative each row of q2_wave.derivative behind those of the terms is. */
static int list_owners(struct q2_builder *builder) {
  const struct q2_batch *batch = builder->batch;
  const int atoms = builder->atoms;
  const int64_t special = batch->special_start[builder->slot], increment = batch->increment_start[builder->slot];
  const int64_t specials = Q2_PAIR_PARAMETERS * (builder->special_form.count - special),
                increments = builder->increment_parameter.count - increment;
  int32_t *owner =
      q2_grow(&builder->derivative_parameter, Q2_PAIR_PARAMETERS * (int64_t)atoms + specials + increments, sizeof *owner);
  if (!owner) return -1;
  const int32_t *parameter =
      (const int32_t *)builder->atom_parameter.data + Q2_PAIR_PARAMETERS * (builder->charge.count - (int64_t)atoms);
  for (int s = 0; s < Q2_PAIR_PARAMETERS; s++) {
    for (int i = 0; i < atoms; i++)
      *owner++ = parameter[Q2_PAIR_PARAMETERS * i + s];
  }
  for (int64_t k = 0; k < specials; k++)
    *owner++ = ((const int32_t *)builder->special_parameter.data)[Q2_PAIR_PARAMETERS * special + k];
  for (int64_t k = 0; k < increments; k++)
    *owner++ = ((const int32_t *)builder->increment_parameter.data)[increment + k];
  return 0;
}

int q2_build_pairs(struct q2_builder *builder) {
  const int64_t pairs = builder->batch->has_nonbonded ? Q2_PAIR(builder->atoms, 0) : 0;
  if (build_atoms(builder) != 0) return -1;
  int32_t *pair_class = Q2_GROW(builder, pair_class, pairs, int32_t),
          *pair_special = Q2_GROW(builder, pair_special, pairs, int32_t);
  if (!pair_class || !pair_special) return -1;
  if (!builder->batch->has_nonbonded) return 0;
  if (classify(builder, pair_class) != 0 || find_specials(builder, pair_special) != 0 || build_increments(builder) != 0)
    return -1;
  if (builder->batch->has_soft_cut && build_soft_cut(builder) != 0) return -1;
  return builder->batch->nonbonded_varies ? list_owners(builder) : 0;
}
