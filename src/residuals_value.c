/* References of residuals from QM data, and weights from the named sets. */
#include <math.h>

#include "../io/constants.h"
#include "../kernels/coordinates.h"
#include "../kernels/stages.h"
#include "residuals_parts.h"

#define DEGREE (Q2_PI / 180)

double q2_residual_coordinate(const struct q2_residual_builder *builder, int count, const int32_t *atoms) {
  double x[Q2_MAX_INDEX][3];
  struct q2_coordinate coordinate;
  for (int a = 0; a < count; a++) {
    for (int k = 0; k < 3; k++)
      x[a][k] = builder->position[3 * atoms[a] + k];
  }
  const double(*position)[3] = (const double(*)[3])x;
  if (count == 2)
    q2_distance(0, position, &coordinate);
  else if (count == 3)
    q2_angle(0, position, &coordinate);
  else
    q2_torsion(0, position, &coordinate);
  return count == 2 ? coordinate.value : coordinate.value / DEGREE;
}

static int find_gradient(struct q2_residual_builder *builder, struct q2_residual *residual) {
  const struct q2_dataset *d = builder->dataset;
  if (d->has_gradient) {
    residual->reference = d->gradient[3 * d->atom_offset[builder->molecule] + residual->index[0]] * (Q2_HARTREE / Q2_BOHR);
  } else if (!d->stationary[builder->molecule]) {
    return q2_fail(builder->error,
                   "%s: /observables/%s: molecule %s: expected values, /atoms/gradient or a stationary geometry, found none of "
                   "them",
                   d->path, builder->table->kind, builder->name);
  }
  return Q2_OK;
}

static int find_energy(struct q2_residual_builder *builder, struct q2_residual *residual) {
  const struct q2_dataset *d = builder->dataset;
  const struct q2_energy_reference *other = q2_dataset_energy_reference(d, residual->index[0]);
  if (!other)
    return q2_fail(builder->error, "%s: /observables/%s/index: molecule %s: the energy of molecule number %d was not gathered",
                   d->path, builder->table->kind, builder->name, residual->index[0]);
  residual->reference = (d->energy[builder->molecule] - other->energy) * Q2_HARTREE;
  return Q2_OK;
}

int q2_residual_reference(struct q2_residual_builder *builder, struct q2_residual *residual) {
  const int32_t *index = residual->index;
  residual->reference = 0;
  switch (q2_observables[builder->observable].made_of) {
  case Q2_MADE_OF_MODE:
    residual->reference = builder->reference->vibration[index[0]];
    break;
  case Q2_MADE_OF_BASIS:
    if (index[0] == index[1]) residual->reference = builder->eigenvalue[index[0]];
    break;
  case Q2_MADE_OF_HESSIAN:
    residual->reference = builder->hessian[Q2_TRIANGLE((int64_t)index[0], index[1])];
    break;
  case Q2_MADE_OF_ENERGY:
    return find_energy(builder, residual);
  case Q2_MADE_OF_GRADIENT:
    return find_gradient(builder, residual);
  case Q2_MADE_OF_COORDINATE:
    residual->reference = q2_residual_coordinate(builder, builder->table->index_count, index);
    break;
  }
  return Q2_OK;
}

static enum q2_weight_class hessian_class(struct q2_residual_builder *builder, const int32_t *index) {
  static const enum q2_weight_class classes[5] = {Q2_WEIGHT_HESSIAN_SAME_ATOM, Q2_WEIGHT_HESSIAN_12, Q2_WEIGHT_HESSIAN_13,
                                                  Q2_WEIGHT_HESSIAN_14, Q2_WEIGHT_HESSIAN_FAR};
  if (index[0] == index[1]) return Q2_WEIGHT_HESSIAN_DIAGONAL;
  if (builder->apart_from != index[0] / 3) { /* rows come atom by atom */
    builder->apart_from = index[0] / 3;
    q2_bonds_apart(&builder->bonded, builder->apart_from, builder->apart);
  }
  return classes[builder->apart[index[1] / 3]];
}

static enum q2_weight_class weight_class(struct q2_residual_builder *builder, const struct q2_residual *residual) {
  switch (builder->observable) {
  case Q2_OBSERVABLE_FREQUENCY:
    return Q2_WEIGHT_FREQUENCY;
  case Q2_OBSERVABLE_EIGENMATRIX_DIAGONAL:
    if (residual->index[0] == 0) return Q2_WEIGHT_EIGENMATRIX_FIRST;
    return residual->reference < Q2_WEIGHT_HIGH ? Q2_WEIGHT_EIGENMATRIX_LOW : Q2_WEIGHT_EIGENMATRIX_HIGH;
  case Q2_OBSERVABLE_EIGENMATRIX_OFF_DIAGONAL:
    return Q2_WEIGHT_EIGENMATRIX_OFF_DIAGONAL;
  case Q2_OBSERVABLE_HESSIAN:
    return hessian_class(builder, residual->index);
  case Q2_OBSERVABLE_ENERGY:
    return Q2_WEIGHT_ENERGY;
  case Q2_OBSERVABLE_GRADIENT:
    return Q2_WEIGHT_GRADIENT;
  case Q2_OBSERVABLE_BOND:
    return Q2_WEIGHT_BOND;
  case Q2_OBSERVABLE_ANGLE:
    return Q2_WEIGHT_ANGLE;
  case Q2_OBSERVABLE_TORSION:
    return Q2_WEIGHT_TORSION;
  case Q2_OBSERVABLE_RELAXED_FREQUENCY:
    return Q2_WEIGHT_RELAXED_FREQUENCY;
  default:
    return Q2_WEIGHT_RELAXED_ENERGY;
  }
}

int q2_residual_weight(struct q2_residual_builder *builder, struct q2_residual *residual) {
  const char *path = builder->dataset->path, *kind = builder->table->kind;
  if (!builder->set)
    return q2_fail(builder->error, "%s: /observables/%s: expected weights, or the name of a set of weights, found '%s'", path,
                   kind, builder->dataset->weights);
  residual->weight = builder->set->weight[weight_class(builder, residual)];
  if (residual->weight < 0)
    return q2_fail(builder->error, "%s: /observables/%s: expected a dataset weight, because the set %s has none for this kind",
                   path, kind, builder->set->name);
  if (builder->set->mass_weighted && builder->observable == Q2_OBSERVABLE_HESSIAN)
    residual->weight /= sqrt(builder->mass[residual->index[0] / 3] * builder->mass[residual->index[1] / 3]);
  return Q2_OK;
}
