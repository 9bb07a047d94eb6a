/* The coordinate that a code names, measured on the positions x[places][3] of all of a term's atoms (at most
 * Q2_COORDINATE_ATOMS), with its derivatives up to the second. Third derivatives: kernels/coordinates_third.h. */
#ifndef Q2_COORDINATES_H
#define Q2_COORDINATES_H

#include "angle.h"
#include "torsion.h"

/* The positions of the coordinate's own atoms, in its order. */
Q2_DEVICE void q2_own_atoms(int32_t code, const double x[][3], double own[Q2_COORDINATE_ATOMS][3]) {
  for (int a = 0; a < q2_coordinate_atoms(code); a++) {
    for (int i = 0; i < 3; i++)
      own[a][i] = x[q2_coordinate_place(code, a)][i];
  }
}

/* The coordinate with its derivatives up to `order` (struct q2_coordinate) in the atoms at the term's places; zero at places
 * that it is not measured on. */
Q2_DEVICE void q2_measure_to(int order, int32_t code, const double x[][3], struct q2_coordinate *coordinate) {
  const int atoms = q2_coordinate_atoms(code);
  double own[Q2_COORDINATE_ATOMS][3];
  struct q2_coordinate local;
  q2_own_atoms(code, x, own);
  local.share = 1;
  const double(*here)[3] = (const double(*)[3])own;
  switch (q2_coordinate_kind(code)) {
  case Q2_DISTANCE:
    q2_distance(order, here, &local);
    break;
  case Q2_ANGLE:
    q2_angle(order, here, &local);
    break;
  case Q2_TORSION:
    q2_torsion(order, here, &local);
    break;
  case Q2_OUT_OF_PLANE:
    q2_out_of_plane(order, here, &local);
    break;
  default:
    q2_fading(order, atoms, here, &local);
    break;
  }
  q2_clear(order, coordinate);
  coordinate->value = local.value;
  coordinate->share = local.share;
  Q2_ROLLED
  for (int a = 0; a < atoms && order > 0; a++) {
    const int p = q2_coordinate_place(code, a);
    for (int i = 0; i < 3; i++)
      coordinate->first[p][i] = local.first[a][i];
    Q2_ROLLED
    for (int b = 0; b < atoms && order > 1; b++) {
      for (int i = 0; i < 9; i++)
        coordinate->second[p][q2_coordinate_place(code, b)][i] = local.second[a][b][i];
    }
  }
}

/* All of it. */
Q2_DEVICE_CALL void q2_measure(int32_t code, const double x[][3], struct q2_coordinate *coordinate) {
  q2_measure_to(2, code, x, coordinate);
}

/* The value alone. */
Q2_DEVICE double q2_measure_value(int32_t code, const double x[][3]) {
  struct q2_coordinate coordinate;
  q2_measure_to(0, code, x, &coordinate);
  return coordinate.value;
}

/* Value and first derivatives; the compiler drops the second. */
Q2_DEVICE void q2_measure_first(int32_t code, const double x[][3], double *value, double first[Q2_COORDINATE_ATOMS][3]) {
  struct q2_coordinate coordinate;
  q2_measure_to(1, code, x, &coordinate);
  *value = coordinate.value;
  for (int a = 0; a < Q2_COORDINATE_ATOMS; a++) {
    for (int i = 0; i < 3; i++)
      first[a][i] = coordinate.first[a][i];
  }
}

#endif
