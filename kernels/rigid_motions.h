/* Rigid motions of a molecule as the kernels find them at a geometry that moves: what src/rigid.h says, by Householder's
 * reflections written out (six columns are too few for a library). */
#ifndef Q2_RIGID_MOTIONS_H
#define Q2_RIGID_MOTIONS_H

#include "portable.h"

/* Column `column` of a basis of the rigid motions in mass-weighted coordinates: three translations m^1/2 e_a, then rotations
 * m^1/2 (e x (x - centre)); of a linear molecule (count = 5) about two axes across the line from the centre to the atom
 * farthest from it. mass_weight: m^-1/2 for each coordinate. */
Q2_DEVICE void q2_rigid_column(int atoms, int count, int column, const q2_real *mass_weight, const double *position,
                               q2_real *out) {
  double centre[3] = {0, 0, 0}, axis[3] = {0, 0, 0}, farthest = 0;
  for (int i = 0; i < atoms; i++) {
    for (int c = 0; c < 3; c++)
      centre[c] += position[3 * i + c] / atoms;
  }
  if (column >= 3) axis[column - 3] = 1;
  if (column >= 3 && count == 5) { /* e_a x line, for the two unit vectors e_a that lie most across the line */
    double line[3] = {0, 0, 0};
    for (int i = 0; i < atoms; i++) {
      const double r[3] = {position[3 * i] - centre[0], position[3 * i + 1] - centre[1], position[3 * i + 2] - centre[2]};
      const double square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
      if (square <= farthest) continue;
      farthest = square;
      for (int c = 0; c < 3; c++)
        line[c] = r[c];
    }
    int along = 0;
    for (int c = 1; c < 3; c++) {
      if (fabs(line[c]) > fabs(line[along])) along = c;
    }
    const int a = (along + column - 2) % 3, b = (a + 1) % 3, d = (a + 2) % 3;
    axis[a] = 0;
    axis[b] = -line[d];
    axis[d] = line[b];
  }
  for (int i = 0; i < atoms; i++) {
    const double root = 1 / (double)mass_weight[3 * i];
    double r[3];
    for (int c = 0; c < 3; c++)
      r[c] = position[3 * i + c] - centre[c];
    for (int c = 0; c < 3; c++) {
      const int next = (c + 1) % 3, last = (c + 2) % 3;
      out[3 * i + c] = (q2_real)(root * (column < 3 ? c == column : axis[next] * r[last] - axis[last] * r[next]));
    }
  }
}

/* Fills y (unit lower trapezoidal, from reflections I - tau v v') and c = Y T, column-major [6][ld], zero where not used: Q =
 * I - Y T Y' spans the rigid motions in its first `count` columns. R. Schreiber, C. Van Loan, SIAM J. Sci. Stat. Comput. 1989,
 * 10, 53. */
Q2_DEVICE void q2_rigid_motions(int atoms, int count, const q2_real *mass_weight, const double *position, int ld, q2_real *y,
                                q2_real *c) {
  const int n = 3 * atoms;
  q2_real t[6][6];
  for (int k = 0; k < 6 * ld; k++)
    y[k] = c[k] = 0;
  for (int k = 0; k < count; k++) {
    q2_real *v = y + k * ld, tau[6], norm = 0;
    q2_rigid_column(atoms, count, k, mass_weight, position, v);
    for (int j = 0; j < k; j++) { /* the reflections so far */
      const q2_real *u = y + j * ld;
      q2_real along = 0;
      for (int row = j; row < n; row++)
        along += u[row] * v[row];
      along *= t[j][j];
      for (int row = j; row < n; row++)
        v[row] -= along * u[row];
    }
    for (int row = k; row < n; row++)
      norm += v[row] * v[row];
    norm = sqrt(norm);
    const q2_real head = v[k], beta = head > 0 ? -norm : norm;
    for (int row = 0; row < n; row++)
      v[row] = row < k ? 0 : row == k ? 1 : norm > 0 ? v[row] / (head - beta) : 0;
    t[k][k] = norm > 0 ? (beta - head) / beta : 0;
    for (int j = 0; j < k; j++) { /* T's new column: -tau T Y' v */
      tau[j] = 0;
      for (int row = k; row < n; row++)
        tau[j] += y[j * ld + row] * v[row];
    }
    for (int j = 0; j < k; j++) {
      q2_real sum = 0;
      for (int i = j; i < k; i++)
        sum += t[j][i] * tau[i];
      t[j][k] = -t[k][k] * sum;
    }
  }
  for (int k = 0; k < count; k++) {
    for (int j = 0; j <= k; j++) {
      for (int row = 0; row < n; row++)
        c[k * ld + row] += y[j * ld + row] * t[j][k];
    }
  }
}

#endif
