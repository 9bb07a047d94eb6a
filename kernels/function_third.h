/* The third derivatives, contracted with a symmetric matrix W, of a function of several quantities from theirs: of a fading
 * factor from angles, of a term from its coordinates. */
#ifndef Q2_FUNCTION_THIRD_H
#define Q2_FUNCTION_THIRD_H

#include "coordinate.h"

Q2_DEVICE int q2_tetrahedron(int a, int b, int c) {
  const int ab = a > b ? a : b, low = a > b ? b : a;
  const int high = c > ab ? c : ab, rest = c > ab ? ab : c;
  return Q2_TETRAHEDRON(high, (rest > low ? rest : low), (rest > low ? low : rest));
}

Q2_DEVICE int q2_triangle(int a, int b) { return a > b ? Q2_TRIANGLE(a, b) : Q2_TRIANGLE(b, a); }

/* Adds W : d3h of a function h of n <= 3 quantities y with gradients g, second derivatives D and contractions C = W : d3y:
 *
 *     sum_i h_i C_i + sum_ij h_ij ((W : D_i) g_j + 2 D_i W g_j) + sum_ijk h_ijk (g_i' W g_j) g_k.
 *
 * first, second, third: the derivatives of h, as q2_jet lists them. blocks: how many blocks of y, W and out are in use. */
Q2_DEVICE_CALL void q2_contract_function(int blocks, int n, const double *first, const double *second, const double *third,
                                         const struct q2_coordinate *y, double contraction[][Q2_COORDINATE_ATOMS][3],
                                         const double w[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9],
                                         double out[Q2_COORDINATE_ATOMS][3]) {
  double wg[3][Q2_COORDINATE_ATOMS][3], wd[3];
  Q2_ROLLED
  for (int i = 0; i < n; i++) {
    wd[i] = 0;
    Q2_ROLLED
    for (int p = 0; p < blocks; p++) {
      wg[i][p][0] = wg[i][p][1] = wg[i][p][2] = 0;
      Q2_ROLLED
      for (int q = 0; q < blocks; q++) {
        q2_add_product(wg[i][p], 1, w[p][q], y[i].first[q]);
        Q2_ROLLED
        for (int k = 0; k < 9; k++)
          wd[i] += w[p][q][k] * y[i].second[p][q][k];
      }
    }
  }
  Q2_ROLLED
  for (int k = 0; k < n; k++) {
    double along = 0; /* the factor of g_k */
    Q2_ROLLED
    for (int i = 0; i < n; i++) {
      along += second[q2_triangle(i, k)] * wd[i];
      Q2_ROLLED
      for (int j = 0; j < n; j++) {
        double gwg = 0;
        Q2_ROLLED
        for (int p = 0; p < blocks; p++)
          gwg += q2_dot(y[i].first[p], wg[j][p]);
        along += third[q2_tetrahedron(i, j, k)] * gwg;
      }
    }
    Q2_ROLLED
    for (int p = 0; p < blocks; p++) {
      q2_add_vector(out[p], along, y[k].first[p]);
      q2_add_vector(out[p], first[k], contraction[k][p]);
      Q2_ROLLED
      for (int q = 0; q < blocks; q++) {
        double sum[3] = {0, 0, 0};
        Q2_ROLLED
        for (int j = 0; j < n; j++)
          q2_add_vector(sum, second[q2_triangle(k, j)], wg[j][q]);
        q2_add_product(out[p], 2, y[k].second[p][q], sum);
      }
    }
  }
}

/* The derivatives up to the third of u_0(y_0) u_1(y_1) ..., n <= 3 factors, from u[i] = {u_i, u_i', u_i'', u_i'''}. */
Q2_DEVICE void q2_product_derivatives(int n, double u[3][4], double first[3], double second[6], double third[10]) {
  Q2_ROLLED
  for (int a = 0; a < n; a++) {
    first[a] = 1;
    for (int m = 0; m < n; m++)
      first[a] *= u[m][a == m];
    for (int b = 0; b <= a; b++) {
      second[Q2_TRIANGLE(a, b)] = 1;
      for (int m = 0; m < n; m++)
        second[Q2_TRIANGLE(a, b)] *= u[m][(a == m) + (b == m)];
      for (int c = 0; c <= b; c++) {
        third[Q2_TETRAHEDRON(a, b, c)] = 1;
        for (int m = 0; m < n; m++)
          third[Q2_TETRAHEDRON(a, b, c)] *= u[m][(a == m) + (b == m) + (c == m)];
      }
    }
  }
}

#endif
