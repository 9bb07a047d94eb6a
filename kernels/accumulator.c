/* Reading an accumulator. */
#include "accumulator.h"

double q2_accumulated(const int64_t *limbs) {
  int64_t digit[Q2_LIMBS], carry = 0;
  for (int l = 0; l < Q2_LIMBS - 1; l++) {
    const int64_t sum = limbs[l] + carry;
    digit[l] = sum & 0xffffffff; /* 0 <= digit < 2^32 */
    carry = (sum - digit[l]) / 4294967296;
  }
  digit[Q2_LIMBS - 1] = limbs[Q2_LIMBS - 1] + carry; /* carries the sign */
  /* A negative sum has a negative top digit and positive ones below: negate first, so that nothing cancels. */
  const int negative = digit[Q2_LIMBS - 1] < 0;
  if (negative) {
    int64_t borrow = 0;
    for (int l = 0; l < Q2_LIMBS - 1; l++) {
      const int64_t d = -digit[l] + borrow;
      digit[l] = d & 0xffffffff;
      borrow = (d - digit[l]) / 4294967296;
    }
    digit[Q2_LIMBS - 1] = -digit[Q2_LIMBS - 1] + borrow;
  }
  double value = 0;
  for (int l = 0; l < Q2_LIMBS; l++)
    value += ldexp((double)digit[l], Q2_LIMB_LOWEST + 32 * l);
  return negative ? -value : value;
}
