/* What an evaluation should cost, from the sizes of the molecules alone. */
#ifndef Q2_COST_H
#define Q2_COST_H

#include <stdint.h>

/* Predicted cost of value and gradient of one molecule whose matrix of order `order` is decomposed (atoms: its number of atoms), in units of
 * one floating-point operation at the rate of a large matrix product. The bucket plan and the spreading over ranks rest on this number, so
 * it must depend on nothing but the sizes. Cost model: decomposition with vectors 9 n^3 at about half that rate, products 2 (3N)^2 n,
 * passes over matrices and pair lists, a constant for calls. */
double q2_cost_molecule(int atoms, int order);

#endif
