/* Cost models: operations for the plan, seconds and bytes for the user. */
#include "cost.h"

#include <math.h>

double q2_cost_molecule(int atoms, int order) {
  const double n = order, coordinates = 3.0 * atoms;
  return 18 * n * n * n + 2 * coordinates * coordinates * n + 2500 * coordinates * coordinates + 100000;
}

double q2_cost_relaxation(int atoms, int order) {
  const double n = order, coordinates = 3.0 * atoms;
  const double step = 18 * n * n * n + 1500 * coordinates * coordinates + 50000;
  return Q2_COST_NEWTON_STEPS * step + 2 * coordinates * coordinates * n + 1500 * coordinates * coordinates + 50000;
}

void q2_cost_rates_default(struct q2_cost_rates *rates) {
  *rates = (struct q2_cost_rates){
      .sizes = 6,
      .order = {12, 24, 48, 96, 144, 192},
      .decompose = {2.0e-5, 6.0e-5, 2.1e-4, 8.0e-4, 1.7e-3, 3.2e-3},
      .multiply = {4.0e-7, 1.3e-6, 6.0e-6, 4.0e-5, 1.2e-4, 2.7e-4},
      .thin = {4.0e-7, 8.0e-7, 2.5e-6, 9.0e-6, 1.8e-5, 3.0e-5},
      .pass = 4e-10,
      .block = 1.8e-8,
      .entry = 9e-9,
      .pair = 2.5e-8,
      .term = 3e-8,
      .call = 1e-6,
  };
}

/* t(n) from the table: a power law between neighbours, the last neighbours' law below and n^3 above. */
static double at_order(const struct q2_cost_rates *rates, const double *seconds, double n) {
  const int last = rates->sizes - 1;
  if (n <= 0) return 0;
  if (n >= rates->order[last]) return seconds[last] * pow(n / rates->order[last], 3);
  int k = 0;
  while (k < last - 1 && n > rates->order[k + 1])
    k++;
  const double power = log(seconds[k + 1] / seconds[k]) / log((double)rates->order[k + 1] / rates->order[k]);
  return seconds[k] * pow(n / rates->order[k], power);
}

double q2_cost_seconds(const struct q2_cost_rates *rates, const struct q2_cost_sizes *sizes, double *stage) {
  double own[Q2_COST_STAGES] = {0}, total = 0;
  const double c = 3.0 * sizes->atoms, n = sizes->order, blocks = 0.5 * sizes->atoms * (sizes->atoms - 1);
  const double pairs = sizes->nonbonded ? blocks : 0, thin = at_order(rates, rates->thin, c), ratio = n > 0 ? n / c : 0;
  own[Q2_COST_TERMS] = (double)sizes->terms * rates->term;
  own[Q2_COST_HESSIAN] =
      blocks * rates->block + (double)sizes->entries * rates->entry + pairs * rates->pair + 3 * c * c * rates->pass;
  own[Q2_COST_PROJECT] = 2.5 * n * n * rates->pass + (sizes->rigid ? 2.5 * thin : 0); /* the copy misses the cache */
  own[Q2_COST_EIGEN] = at_order(rates, rates->decompose, n) + 0.5 * n * n * rates->pass;
  own[Q2_COST_OBSERVABLES] = 90 * n * rates->pass;
  own[Q2_COST_COTANGENT] = 0.6 * at_order(rates, rates->multiply, c) * ratio + /* half of W, in panels */
                           (sizes->rigid ? thin * ratio : 0) + 3 * c * n * rates->pass;
  own[Q2_COST_PARAMETERS] = blocks * rates->block + (double)sizes->entries * rates->entry + 2 * pairs * rates->pair +
                            (double)sizes->terms * rates->term + rates->call;
  if (sizes->relaxed) { /* thin * ratio: the vibrations' displacements, which stage 6 has otherwise */
    own[Q2_COST_RELAX] = Q2_COST_NEWTON_STEPS * (own[Q2_COST_TERMS] + own[Q2_COST_HESSIAN] + own[Q2_COST_PROJECT] +
                                                 own[Q2_COST_EIGEN] + thin * ratio + 2 * n * c * rates->pass);
    own[Q2_COST_OBSERVABLES] *= 2;
    own[Q2_COST_COTANGENT] *= 2;
    own[Q2_COST_PARAMETERS] *= 2;
  }
  for (int s = 0; s < Q2_COST_STAGES; s++) {
    total += own[s];
    if (stage) stage[s] += own[s];
  }
  return total;
}

static int64_t round_up(int64_t rows) { return (rows + 7) / 8 * 8; }

int64_t q2_cost_table_bytes(const struct q2_cost_sizes *sizes) {
  const int64_t pairs = (int64_t)sizes->atoms * (sizes->atoms - 1) / 2;
  return 152 * sizes->entries + 76 * sizes->terms + 4 * pairs + (sizes->nonbonded ? 36 * pairs : 0) + 40LL * sizes->atoms +
         28LL * sizes->order + (sizes->rigid ? 96LL * round_up(3 * sizes->atoms) : 0) + 16 * sizes->parameters + 90;
}

int64_t q2_cost_wave_bytes(const struct q2_cost_sizes *sizes) {
  const int64_t pairs = (int64_t)sizes->atoms * (sizes->atoms - 1) / 2, ld = round_up(3 * sizes->atoms),
                order = round_up(sizes->order);
  return 8 * (ld * (3 * sizes->atoms + 2 * sizes->order + 30) + 3 * order * sizes->order + 2 * sizes->entries + 2 * pairs +
              6 * sizes->terms + 2LL * sizes->atoms);
}

int64_t q2_cost_message_bytes(int64_t parameters) { return (parameters + 3) * 48; }
