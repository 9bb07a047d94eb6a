/* Non-bonded pairs of a molecule: how far apart in bonds, unit vectors and distances, and the parameters of its atoms. */
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

int q2_build_pairs(struct q2_builder *builder) {
  const struct q2_dataset *dataset = builder->dataset;
  const int atoms = builder->atoms, nonbonded = builder->batch->has_nonbonded;
  const int64_t first = dataset->atom_offset[builder->molecule], pairs = nonbonded ? Q2_PAIR(atoms, 0) : 0;
  q2_real *weight = Q2_GROW(builder, mass_weight, 3 * (int64_t)atoms, q2_real),
          *charge = Q2_GROW(builder, charge, atoms, q2_real);
  int32_t *epsilon = Q2_GROW(builder, atom_epsilon, atoms, int32_t), *sigma = Q2_GROW(builder, atom_sigma, atoms, int32_t);
  int32_t *pair_class = Q2_GROW(builder, pair_class, pairs, int32_t);
  q2_real *geometry = Q2_GROW(builder, pair_geometry, 4 * pairs, q2_real);
  if (!weight || !charge || !epsilon || !sigma || !pair_class || !geometry) return -1;
  for (int i = 0; i < atoms; i++) {
    for (int k = 0; k < 3; k++)
      weight[3 * i + k] = 1 / sqrt(dataset->mass[first + i]);
    charge[i] = dataset->atom_charge[first + i];
    if (!nonbonded) continue;
    const int32_t type = dataset->type[first + i];
    epsilon[i] = q2_local_parameter(builder, dataset->nonbonded.epsilon[type]);
    sigma[i] = q2_local_parameter(builder, dataset->nonbonded.sigma[type]);
    if (epsilon[i] < 0 || sigma[i] < 0) return -1;
  }
  if (!nonbonded) return 0;
  for (int side = 0; side < 2 && builder->batch->nonbonded_varies; side++) { /* dL/d epsilon of all atoms, then dL/d sigma */
    int32_t *owner = q2_grow(&builder->derivative_parameter, atoms, sizeof *owner);
    if (!owner) return -1;
    memcpy(owner, side == 0 ? epsilon : sigma, (size_t)atoms * sizeof *owner);
  }
  for (int i = 0; i < atoms; i++) {
    for (int j = 0; j < i; j++) {
      q2_real *g = geometry + 4 * Q2_PAIR(i, j);
      double u[3], r = 0;
      for (int k = 0; k < 3; k++) {
        u[k] = builder->position[3 * i + k] - builder->position[3 * j + k];
        r += u[k] * u[k];
      }
      r = sqrt(r);
      for (int k = 0; k < 3; k++)
        g[k] = u[k] / r;
      g[3] = 1 / r;
    }
  }
  return classify(builder, pair_class);
}
