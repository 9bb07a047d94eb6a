/* The static cost model. */
#include "cost.h"

double q2_cost_molecule(int atoms, int order) {
  const double n = order, coordinates = 3.0 * atoms;
  return 18 * n * n * n + 2 * coordinates * coordinates * n + 2500 * coordinates * coordinates + 100000;
}
