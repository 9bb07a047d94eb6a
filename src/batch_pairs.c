/* Non-bonded pairs of a molecule: how far apart in bonds, unit vectors and distances, and the parameters of its atoms. */
#include <math.h>

#include "../io/memory.h"
#include "batch_parts.h"

/* Fills pair_class (0 on entry) from the bonds: breadth-first, three bonds deep, from every atom. */
static int classify(const struct q2_builder *builder, int32_t *pair_class) {
  const struct q2_dataset *dataset = builder->dataset;
  const int64_t first = dataset->bond_offset[builder->molecule], bonds = dataset->bond_offset[builder->molecule + 1] - first;
  const int32_t *bond = dataset->bonds + 2 * first;
  const int atoms = builder->atoms;
  int32_t *start = q2_allocate(atoms + 1, sizeof *start), *neighbour = q2_allocate(2 * bonds, sizeof *neighbour);
  int32_t *distance = q2_allocate(atoms, sizeof *distance), *queue = q2_allocate(atoms, sizeof *queue);
  const int ok = start && neighbour && distance && queue;
  if (ok) {
    for (int64_t e = 0; e < 2 * bonds; e++)
      start[bond[e] + 1]++;
    for (int i = 0; i < atoms; i++)
      start[i + 1] += start[i];
    for (int64_t e = 0; e < 2 * bonds; e++)
      neighbour[start[bond[e]]++] = bond[e ^ 1];
    for (int i = atoms; i > 0; i--)
      start[i] = start[i - 1];
    start[0] = 0;
    for (int i = 0; i < atoms; i++) {
      for (int j = 0; j < atoms; j++)
        distance[j] = j == i ? 0 : 4;
      int head = 0, tail = 0;
      queue[tail++] = i;
      while (head < tail) {
        const int at = queue[head++];
        if (distance[at] == 3) break;
        for (int k = start[at]; k < start[at + 1]; k++) {
          if (distance[neighbour[k]] < 4) continue;
          distance[neighbour[k]] = distance[at] + 1;
          queue[tail++] = neighbour[k];
        }
      }
      for (int j = 0; j < i; j++) {
        pair_class[Q2_PAIR(i, j)] = distance[j] < 3 ? Q2_PAIR_EXCLUDED : distance[j] == 3 ? Q2_PAIR_14 : Q2_PAIR_FULL;
      }
    }
  }
  free(start);
  free(neighbour);
  free(distance);
  free(queue);
  return ok ? 0 : -1;
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
    sigma[i] = q2_local_parameter(builder, dataset->nonbonded.size[type]);
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
