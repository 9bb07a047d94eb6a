/* What an evaluation should cost, from the sizes of the molecules: in operations (for the plan, the same on every machine) and,
 * with the rates of a machine, in seconds and bytes. */
#ifndef Q2_COST_H
#define Q2_COST_H

#include <stdint.h>

/* Predicted cost of value and gradient of one molecule whose matrix of order `order` is decomposed (atoms: its number of
 * atoms), in units of one floating-point operation at the rate of a large matrix product. The bucket plan and the spreading
 * over ranks rest on this number, so it must depend on nothing but the sizes. Cost model: decomposition with vectors 9 n^3 at
 * about half that rate, products 2 (3N)^2 n, passes over matrices and pair lists, a constant for calls. */
double q2_cost_molecule(int atoms, int order);

/* Newton steps of a relaxation that the forecasts count on: from a QM geometry to the force field's minimum, to 1e-10
 * kcal/mol/angstrom, with the steps that are taken back. The small organic molecules of the bundled sets take 5 to 15 near
 * their starting parameters. */
enum { Q2_COST_NEWTON_STEPS = 12 };

/* Predicted cost of relaxing the molecule, in the same unit: in each step a Hessian and its decomposition with vectors; then
 * the backward pass at the relaxed geometry. */
double q2_cost_relaxation(int atoms, int order);

/* --- a machine --- */

/* The stages in the order of enum q2_stage (src/objective.h), but for the sum over ranks. */
enum {
  Q2_COST_TERMS,
  Q2_COST_HESSIAN,
  Q2_COST_PROJECT,
  Q2_COST_EIGEN,
  Q2_COST_OBSERVABLES,
  Q2_COST_COTANGENT,
  Q2_COST_PARAMETERS,
  Q2_COST_RELAX,
  Q2_COST_STAGES
};

enum { Q2_RATE_SIZES = 8 };

/* Seconds of one core. LAPACK's and BLAS's are tables over the order (ascending), interpolated as powers in between and
 * extended as n^3 beyond; the rest are constants of our own loops. */
struct q2_cost_rates {
  int sizes;
  int order[Q2_RATE_SIZES];
  double decompose[Q2_RATE_SIZES]; /* dsyevd with vectors, n x n */
  double multiply[Q2_RATE_SIZES];  /* dgemm, n x n x n */
  double thin[Q2_RATE_SIZES];      /* dgemm, n x n x 12 */
  double pass;                     /* one read and write of one matrix element */
  double block;                    /* one 3 x 3 block of the Hessian, forwards or backwards, without its entries */
  double entry;                    /* one entry of a block */
  double pair;                     /* one non-bonded pair */
  double term;                     /* one term */
  double call;                     /* what a molecule costs besides */
};

/* Rates measured once on one core of a current server CPU (docs/benchmarks.md), for use where measuring is not wanted. */
void q2_cost_rates_default(struct q2_cost_rates *rates);

/* What an evaluation meets in one molecule. */
struct q2_cost_sizes {
  int atoms, order, rigid; /* rigid: number of rigid motions projected out, 0: no projection */
  int64_t terms, entries, parameters;
  int nonbonded; /* 0 or 1 */
  int relaxed;   /* 1: it is relaxed, too, and has residuals there */
};

/* Seconds of value and gradient of one molecule on one core; stage: [Q2_COST_STAGES] incremented, or NULL. */
double q2_cost_seconds(const struct q2_cost_rates *rates, const struct q2_cost_sizes *sizes, double *stage);

/* Bytes of the tables that a molecule keeps during the whole fit, and of the work space of one molecule in a wave. */
int64_t q2_cost_table_bytes(const struct q2_cost_sizes *sizes);
int64_t q2_cost_wave_bytes(const struct q2_cost_sizes *sizes);

/* Bytes that each rank adds to the sum over ranks, in an evaluation of `parameters` parameters. */
int64_t q2_cost_message_bytes(int64_t parameters);

#endif
