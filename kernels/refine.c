/* Rayleigh quotients, and Ogita and Aishima's refinement: the order of the steps, the same on every backend. */
#include "refine.h"

enum { LEAST_STEPS = 2, MOST_STEPS = 4 };

static void step(const struct q2_backend *base, const struct q2_batch *batch, const struct q2_wave *wave, int number) {
  base->multiply(Q2_PRODUCT_REFINE_IMAGE, batch, wave);
  base->multiply(Q2_PRODUCT_REFINE_SQUARE, batch, wave);
  base->multiply(Q2_PRODUCT_REFINE_OVERLAP, batch, wave);
  if (number > 0) base->run(Q2_KERNEL_REFINE_SOLVE, batch, wave); /* the clusters that the step before found */
  base->run(Q2_KERNEL_REFINE_COLUMN, batch, wave);
  base->run(Q2_KERNEL_REFINE_PLACE, batch, wave);
  base->run(Q2_KERNEL_REFINE_CLUSTERS, batch, wave);
  base->run(Q2_KERNEL_REFINE_CORRECTION, batch, wave);
  base->multiply(Q2_PRODUCT_REFINE_CORRECTION, batch, wave);
  base->run(Q2_KERNEL_REFINE_ADD, batch, wave);
  if (number + 1 < LEAST_STEPS) return;
  base->run(Q2_KERNEL_REFINE_LARGEST, batch, wave);
  base->run(Q2_KERNEL_REFINE_JUDGE, batch, wave);
}

void q2_refine(const struct q2_backend *base, const struct q2_batch *batch, const struct q2_wave *wave,
               enum q2_refinement refinement) {
  base->run(Q2_KERNEL_REFINE_BEGIN, batch, wave);
  if (refinement == Q2_REFINE_VALUES) {
    base->multiply(Q2_PRODUCT_REFINE_IMAGE, batch, wave);
    base->run(Q2_KERNEL_REFINE_QUOTIENT, batch, wave);
    base->run(Q2_KERNEL_REFINE_PLACE, batch, wave);
  }
  for (int number = 0; number < MOST_STEPS && refinement == Q2_REFINE_ALL; number++)
    step(base, batch, wave, number);
  base->run(Q2_KERNEL_REFINE_ARRANGE, batch, wave);
}
