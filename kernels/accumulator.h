/* Sums that do not depend on the order of their terms: every number is cut into signed pieces of 32 bits on a fixed grid and
 * each piece is added to an int64 limb. Integer addition is associative, so any grouping over molecules, threads and ranks, by
 * MPI or NCCL, gives the same limbs, hence the same double.
 *
 * Limb l counts units of 2^(Q2_LIMB_LOWEST + 32 l). Six limbs hold |x| < 2^92 (5e27); what lies below 2^-98 (3e-30) is cut off
 * towards zero, term by term. A piece is below 2^32, so 2^31 terms fit before a limb could overflow. */
#ifndef Q2_ACCUMULATOR_H
#define Q2_ACCUMULATOR_H

#include <string.h>

#include "portable.h"

enum { Q2_LIMBS = 6, Q2_LIMB_LOWEST = -98, Q2_LIMB_HIGHEST = 92 };

/* Whether x can be added: finite and inside the range. */
Q2_DEVICE int q2_accumulable(double x) { return fabs(x) < 0x1p92; } /* false for NaN */

/* limbs[Q2_LIMBS] += x; x must be accumulable. */
Q2_DEVICE void q2_accumulate(int64_t *limbs, double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  const int biased = (int)(bits >> 52 & 0x7ff);
  if (biased == 0) return; /* zero, or far below the grid */
  uint64_t mantissa = (bits & 0xfffffffffffff) | 0x10000000000000;
  int shift = biased - 1075 - Q2_LIMB_LOWEST; /* x = mantissa 2^(shift + lowest) */
  if (shift < 0) {
    if (shift <= -53) return;
    mantissa >>= -shift;
    shift = 0;
  }
  const int limb = shift >> 5, rest = shift & 31;
  const uint64_t low = mantissa << rest, high = rest ? mantissa >> (64 - rest) : 0;
  const int64_t sign = bits >> 63 ? -1 : 1;
  limbs[limb] += sign * (int64_t)(low & 0xffffffff);
  if (limb + 1 < Q2_LIMBS) limbs[limb + 1] += sign * (int64_t)(low >> 32);
  if (limb + 2 < Q2_LIMBS) limbs[limb + 2] += sign * (int64_t)high;
}

/* The sum as a double. Carries first, so that equal sums give equal doubles however they were grouped. */
double q2_accumulated(const int64_t *limbs);

#endif
