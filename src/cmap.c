/* Periodic bicubic splines. */
#include "cmap.h"

#include <math.h>

/* slope[i] = spacing times the derivative at point i of the periodic cubic spline through value[0], value[stride], ..., n
 * points. Continuous second derivatives ask for s[i-1] + 4 s[i] + s[i+1] = 3 (f[i+1] - f[i-1]). The inverse of that matrix has
 * the elements (z^d + z^(n-d)) / (2 sqrt(3) (1 - z^n)), d = |i - j|, z = sqrt(3) - 2. */
static void periodic_slopes(int n, const q2_real *value, int64_t stride, q2_real *slope, int64_t slope_stride) {
  const double root = sqrt(3), z = root - 2;
  for (int i = 0; i < n; i++) {
    double sum = 0;
    for (int j = 0; j < n; j++) {
      const double difference = value[(j + 1) % n * stride] - value[(j + n - 1) % n * stride];
      const int d = i > j ? i - j : j - i;
      sum += (pow(z, d) + pow(z, n - d)) * difference;
    }
    slope[i * slope_stride] = 3 * sum / (2 * root * (1 - pow(z, n)));
  }
}

void q2_cmap_spline(int n, const double *grid, q2_real *table) {
  enum { VALUE, PHI, PSI, BOTH };
  const int64_t row = 4 * (int64_t)n, column = 4;
  q2_real *point = table + 1;
  table[0] = n;
  for (int64_t k = 0; k < (int64_t)n * n; k++)
    point[4 * k + VALUE] = grid[k];
  for (int i = 0; i < n; i++) {
    periodic_slopes(n, point + i * column + VALUE, row, point + i * column + PHI, row);
    periodic_slopes(n, point + i * row + VALUE, column, point + i * row + PSI, column);
  }
  for (int i = 0; i < n; i++)
    periodic_slopes(n, point + i * row + PHI, column, point + i * row + BOTH, column);
}
