/* Coordinates of terms that see sites. A site is where a hydrogen counts that force fields move towards the atom p that it is
 * bonded to: s = x + c (x_p - x), c its reduction (MM3: N. L. Allinger, Y. H. Yuh, J.-H. Lii, J. Am. Chem. Soc. 1989, 111,
 * 8551). With y_p = sum over a of share[p][a] x_a the places of a term, sites or nuclei, as they follow from the nuclei, a
 * coordinate is measured on y (kernels/coordinates.h) and its derivatives are taken from y to x. A distance counts 1 / (1 - c)
 * times, c the larger of its two ends' reductions: so the bond of a hydrogen to its p keeps its length. */
#ifndef Q2_SITE_COORDINATES_H
#define Q2_SITE_COORDINATES_H

#include "coordinates.h"

/* The shares of a term with the atoms `atom` (-1 where it has fewer) whose place p is a site if site[p] >= 0: the place of the
 * atom that it is moved towards; reduction: of each of the molecule's atoms. Returns whether the term has a site. */
Q2_DEVICE_CALL int q2_site_shares(const int32_t *atom, const int32_t *site, const double *reduction,
                                  double share[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS]) {
  int any = 0;
  for (int p = 0; p < Q2_COORDINATE_ATOMS; p++) {
    const double c = site[p] >= 0 ? reduction[atom[p]] : 0;
    for (int a = 0; a < Q2_COORDINATE_ATOMS; a++)
      share[p][a] = a == site[p] ? c : 0;
    if (atom[p] >= 0) share[p][p] = 1 - c;
    any |= site[p] >= 0;
  }
  return any;
}

/* x becomes y. */
Q2_DEVICE_CALL void q2_move_to_sites(const double share[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS],
                                     double x[Q2_COORDINATE_ATOMS][3]) {
  double y[Q2_COORDINATE_ATOMS][3];
  for (int p = 0; p < Q2_COORDINATE_ATOMS; p++) {
    y[p][0] = y[p][1] = y[p][2] = 0;
    for (int a = 0; a < Q2_COORDINATE_ATOMS; a++) {
      if (share[p][a] != 0) q2_add_vector(y[p], share[p][a], x[a]);
    }
  }
  for (int p = 0; p < Q2_COORDINATE_ATOMS; p++) {
    for (int i = 0; i < 3; i++)
      x[p][i] = y[p][i];
  }
}

/* How many times the coordinate counts. */
Q2_DEVICE double q2_site_stretch(int32_t code, const double share[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS]) {
  const int first = q2_coordinate_place(code, 0), second = q2_coordinate_place(code, 1);
  return q2_coordinate_kind(code) == Q2_DISTANCE ? 1 / fmin(share[first][first], share[second][second]) : 1;
}

/* A gradient in y becomes one in x, `stretch` times. */
Q2_DEVICE_CALL void q2_gradient_from_sites(double stretch, const double share[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS],
                                           double gradient[Q2_COORDINATE_ATOMS][3]) {
  double x[Q2_COORDINATE_ATOMS][3];
  for (int a = 0; a < Q2_COORDINATE_ATOMS; a++) {
    x[a][0] = x[a][1] = x[a][2] = 0;
    for (int p = 0; p < Q2_COORDINATE_ATOMS; p++) {
      if (share[p][a] != 0) q2_add_vector(x[a], stretch * share[p][a], gradient[p]);
    }
  }
  for (int a = 0; a < Q2_COORDINATE_ATOMS; a++) {
    for (int i = 0; i < 3; i++)
      gradient[a][i] = x[a][i];
  }
}

/* A coordinate measured on y, value and derivatives, becomes a function of x. */
Q2_DEVICE_CALL void q2_coordinate_from_sites(int32_t code, const double share[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS],
                                             struct q2_coordinate *coordinate) {
  const double stretch = q2_site_stretch(code, share);
  struct q2_coordinate y;
  q2_copy_coordinate(coordinate, &y);
  q2_clear(2, coordinate);
  coordinate->value = stretch * y.value;
  Q2_ROLLED
  for (int p = 0; p < Q2_COORDINATE_ATOMS; p++) {
    Q2_ROLLED
    for (int a = 0; a < Q2_COORDINATE_ATOMS; a++) {
      if (share[p][a] == 0) continue;
      q2_add_vector(coordinate->first[a], stretch * share[p][a], y.first[p]);
      Q2_ROLLED
      for (int q = 0; q < Q2_COORDINATE_ATOMS; q++) {
        Q2_ROLLED
        for (int b = 0; b < Q2_COORDINATE_ATOMS; b++) {
          if (share[q][b] != 0) q2_add_block(coordinate->second[a][b], stretch * share[p][a] * share[q][b], y.second[p][q]);
        }
      }
    }
  }
}

/* The cotangent of second derivatives in y from that in x: at[p][q] = sum over a, b of share[p][a] share[q][b] w[a][b]. */
Q2_DEVICE_CALL void q2_cotangent_at_sites(const double share[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS],
                                          const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9],
                                          double at[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9]) {
  Q2_ROLLED
  for (int p = 0; p < Q2_COORDINATE_ATOMS; p++) {
    Q2_ROLLED
    for (int q = 0; q < Q2_COORDINATE_ATOMS; q++) {
      for (int i = 0; i < 9; i++)
        at[p][q][i] = 0;
      Q2_ROLLED
      for (int a = 0; a < Q2_COORDINATE_ATOMS; a++) {
        Q2_ROLLED
        for (int b = 0; b < Q2_COORDINATE_ATOMS; b++) {
          if (share[p][a] * share[q][b] != 0) q2_add_block(at[p][q], share[p][a] * share[q][b], w[a][b]);
        }
      }
    }
  }
}

#endif
