/* The list of observables that a file may hold. */
#include "observable_kinds.h"

#include <string.h>

const struct q2_observable_kind q2_observable_kinds[] = {
    {"frequency", 1, Q2_INDEX_COMPONENTS, Q2_WAVENUMBER},
    {"eigenmatrix_diagonal", 1, Q2_INDEX_COMPONENTS, Q2_EIGENVALUE},
    {"eigenmatrix_off_diagonal", 2, Q2_INDEX_COMPONENTS, Q2_EIGENVALUE},
    {"hessian", 2, Q2_INDEX_COMPONENTS, Q2_HESSIAN},
    {"energy", 1, Q2_INDEX_MOLECULES, Q2_ENERGY_DIFFERENCE},
    {"gradient", 1, Q2_INDEX_COMPONENTS, Q2_FORCE},
    {"bond", 2, Q2_INDEX_ATOMS, Q2_LENGTH},
    {"angle", 3, Q2_INDEX_ATOMS, Q2_OBSERVED_ANGLE},
    {"torsion", 4, Q2_INDEX_ATOMS, Q2_OBSERVED_ANGLE},
    {"relaxed_frequency", 1, Q2_INDEX_COMPONENTS, Q2_WAVENUMBER},
    {"relaxed_energy", 1, Q2_INDEX_MOLECULES, Q2_ENERGY_DIFFERENCE},
    {NULL, 0, Q2_INDEX_COMPONENTS, Q2_WAVENUMBER},
};

const struct q2_observable_kind *q2_observable_kind(const char *name, const char *where, struct q2_error *error) {
  char known[512] = "";
  for (const struct q2_observable_kind *kind = q2_observable_kinds; kind->name; kind++) {
    if (strcmp(kind->name, name) == 0) return kind;
    q2_append_name(known, sizeof known, kind->name);
  }
  q2_fail(error, "%s: expected a kind out of %s, found '%s'", where, known, name);
  return NULL;
}
