/* The table of observables as the set-up sees it. */
#include "observables.h"

#include <string.h>

#define Q2_OBSERVABLE_ROW(ID, NAME, INDICES, RELAXED, MADE_OF, UNIT) {NAME, INDICES, RELAXED, MADE_OF, UNIT},
const struct q2_observable_info q2_observables[Q2_OBSERVABLE_COUNT] = {Q2_OBSERVABLES(Q2_OBSERVABLE_ROW)};
#undef Q2_OBSERVABLE_ROW

int q2_observable_find(const char *name) {
  for (int observable = 0; observable < Q2_OBSERVABLE_COUNT; observable++) {
    if (strcmp(q2_observables[observable].name, name) == 0) return observable;
  }
  return -1;
}
