/* The sets of weights as tables. */
#include "observable_weights.h"

#include <string.h>

#define CLASSIC(CLASS, CLASSIC, Q2MM) CLASSIC,
#define SUCCESSOR(CLASS, CLASSIC, Q2MM) Q2MM,
static const struct q2_weight_set sets[] = {
    {"q2mm_classic", 1, {Q2_WEIGHTS(CLASSIC)}},
    {"q2mm", 0, {Q2_WEIGHTS(SUCCESSOR)}},
};

const struct q2_weight_set *q2_weight_set(const char *name) {
  for (size_t k = 0; k < sizeof sets / sizeof *sets; k++)
    if (strcmp(sets[k].name, name) == 0) return &sets[k];
  return NULL;
}
