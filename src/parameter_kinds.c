/* The kinds of force-field parameters. Adding one is a row here, one in docs/forces.md, and its units in io/units.c. */
#include "parameter_kinds.h"

#include <math.h>
#include <string.h>

#include "../io/constants.h"

/* Force constants and barriers have no default bounds: negative ones are legal, and usual for transition states. Lengths and
 * van der Waals parameters are bounded away from where their forms cease to be differentiable or to mean anything: the
 * geometric mean of two epsilons has an infinite derivative at zero. */
const struct q2_parameter_kind q2_parameter_kinds[] = {
    {"bond_k", "kcal/mol/angstrom^2", 100.0, -INFINITY, INFINITY},
    {"bond_eq", "angstrom", 0.1, 0.1, INFINITY},
    {"morse_d", "kcal/mol", 50.0, -INFINITY, INFINITY},
    {"morse_a", "1/angstrom", 0.5, 0.1, INFINITY},
    {"angle_k", "kcal/mol/rad^2", 50.0, -INFINITY, INFINITY},
    {"angle_eq", "radian", 0.1, 0.0, Q2_PI},
    {"angle_cosine_k", "kcal/mol", 50.0, -INFINITY, INFINITY},
    {"urey_bradley_k", "kcal/mol/angstrom^2", 100.0, -INFINITY, INFINITY},
    {"urey_bradley_eq", "angstrom", 0.1, 0.1, INFINITY},
    {"torsion_k", "kcal/mol", 1.0, -INFINITY, INFINITY},
    {"torsion_phase", "radian", 0.5, -INFINITY, INFINITY},
    {"torsion_v1", "kcal/mol", 1.0, -INFINITY, INFINITY},
    {"torsion_v2", "kcal/mol", 1.0, -INFINITY, INFINITY},
    {"torsion_v3", "kcal/mol", 1.0, -INFINITY, INFINITY},
    {"improper_k", "kcal/mol", 1.0, -INFINITY, INFINITY},
    {"improper_phase", "radian", 0.5, -INFINITY, INFINITY},
    {"improper_harmonic_k", "kcal/mol/rad^2", 50.0, -INFINITY, INFINITY},
    {"improper_eq", "radian", 0.1, -INFINITY, INFINITY},
    {"stretch_bend_k", "kcal/mol/angstrom/rad", 20.0, -INFINITY, INFINITY},
    {"bend_bend_k", "kcal/mol/rad^2", 20.0, -INFINITY, INFINITY},
    {"torsion_stretch_v1", "kcal/mol/angstrom", 2.0, -INFINITY, INFINITY},
    {"torsion_stretch_v2", "kcal/mol/angstrom", 2.0, -INFINITY, INFINITY},
    {"torsion_stretch_v3", "kcal/mol/angstrom", 2.0, -INFINITY, INFINITY},
    {"out_of_plane_k", "kcal/mol/rad^2", 50.0, -INFINITY, INFINITY},
    {"cmap_scale", "1", 1.0, -INFINITY, INFINITY},
    {"lj_epsilon", "kcal/mol", 0.1, 1e-8, INFINITY},
    {"lj_sigma", "angstrom", 0.3, 0.1, INFINITY},
    {"vdw_epsilon", "kcal/mol", 0.1, 1e-8, INFINITY},
    {"vdw_radius", "angstrom", 0.3, 0.1, INFINITY},
    {"vdw_distance", "angstrom", 0.3, 0.1, INFINITY},
    {"hydrogen_c", "kcal/mol*angstrom^12", 5000.0, 0.0, INFINITY},
    {"hydrogen_d", "kcal/mol*angstrom^10", 2000.0, 0.0, INFINITY},
    {"charge_increment", "e", 0.1, -INFINITY, INFINITY},
    {"bond_dipole", "debye", 0.5, -INFINITY, INFINITY},
};
const int q2_parameter_kind_count = sizeof q2_parameter_kinds / sizeof q2_parameter_kinds[0];

const struct q2_parameter_kind *q2_parameter_kind_find(const char *name) {
  for (int k = 0; k < q2_parameter_kind_count; k++)
    if (strcmp(q2_parameter_kinds[k].name, name) == 0) return &q2_parameter_kinds[k];
  return NULL;
}

/* The standards are 5 mdyn/angstrom and 0.5 mdyn angstrom/rad^2 (q2mm's "Q2MM Approxn") for energies 1/2 K d^2: k = K/2. */
static const struct q2_force_constant force_constants[] = {
    {"bond_k", "bond_eq", 0.5 * 5.0 * Q2_ATTOJOULE},
    {"angle_k", "angle_eq", 0.5 * 0.5 * Q2_ATTOJOULE},
    {"urey_bradley_k", "urey_bradley_eq", 0.5 * 5.0 * Q2_ATTOJOULE},
};

const struct q2_force_constant *q2_force_constant_find(const char *kind) {
  for (size_t k = 0; k < sizeof force_constants / sizeof *force_constants; k++)
    if (strcmp(force_constants[k].kind, kind) == 0) return &force_constants[k];
  return NULL;
}

int q2_word_is(const char *words, int index, const char *word) {
  for (; index > 0 && words; index--) {
    words = strchr(words, ' ');
    if (words) words++;
  }
  return words && strlen(word) == strcspn(words, " ") && strncmp(words, word, strlen(word)) == 0;
}
