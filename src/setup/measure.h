/* Distances and angles between the atoms of a molecule, from its positions [atoms][3]. */
#ifndef Q2_MEASURE_H
#define Q2_MEASURE_H

#include <stdint.h>

#include "../../io/constants.h"
#include "../../kernels/vector.h"

/* Angstrom, where positions are. */
static inline double q2_measure_distance(const double *position, int i, int j) {
  double between[3];
  return q2_difference(position + 3 * (int64_t)i, position + 3 * (int64_t)j, between);
}

/* The angle at j, radian, by atan2: accurate also near 0 and pi. */
static inline double q2_measure_angle(const double *position, int i, int j, int k) {
  double u[3], v[3], normal[3];
  q2_difference(position + 3 * (int64_t)i, position + 3 * (int64_t)j, u);
  q2_difference(position + 3 * (int64_t)k, position + 3 * (int64_t)j, v);
  q2_cross(u, v, normal);
  return atan2(sqrt(q2_dot(normal, normal)), q2_dot(u, v));
}

/* Whether `centre` lies in one plane with its three ligands: their angles sum to 355 degrees or more. */
static inline int q2_measure_planar(const double *position, int centre, const int ligand[3]) {
  const double sum = q2_measure_angle(position, ligand[0], centre, ligand[1]) +
                     q2_measure_angle(position, ligand[1], centre, ligand[2]) +
                     q2_measure_angle(position, ligand[2], centre, ligand[0]);
  return sum >= 355.0 * Q2_PI / 180.0;
}

#endif
