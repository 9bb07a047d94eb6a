/* Units and their factors. */
#include "units.h"

#include <stdio.h>
#include <string.h>

#include "constants.h"

struct unit {
  const char *name;
  double factor; /* from this unit to the first of its list */
};

enum { unit_limit = 5 };

/* The units of one dimension; the first is what q2hpc works in. */
typedef const struct unit unit_list[unit_limit];

#define KILOJOULE (1.0 / Q2_CALORIE) /* kcal/mol in 1 kJ/mol */
#define BOHR_NM (Q2_BOHR / 10.0)     /* nm in 1 bohr */
#define DEGREE (Q2_PI / 180.0)

static unit_list quantities[] = {
    [Q2_ENERGY] = {{"hartree", 1.0}, {"kcal/mol", 1.0 / Q2_HARTREE}, {"kJ/mol", KILOJOULE / Q2_HARTREE}},
    [Q2_GRID_ENERGY] = {{"kcal/mol", 1.0}, {"kJ/mol", KILOJOULE}},
    [Q2_LENGTH] = {{"angstrom", 1.0}, {"bohr", Q2_BOHR}},
    [Q2_GRADIENT] = {{"hartree/bohr", 1.0},
                     {"kcal/mol/angstrom", Q2_BOHR / Q2_HARTREE},
                     {"kJ/mol/nm", KILOJOULE *BOHR_NM / Q2_HARTREE}},
    [Q2_HESSIAN] = {{"hartree/bohr^2", 1.0},
                    {"kcal/mol/angstrom^2", Q2_BOHR *Q2_BOHR / Q2_HARTREE},
                    {"kJ/mol/nm^2", KILOJOULE *BOHR_NM *BOHR_NM / Q2_HARTREE}},
    [Q2_MASS] = {{"amu", 1.0}},
    [Q2_CHARGE] = {{"e", 1.0}},
    [Q2_ENERGY_DIFFERENCE] = {{"kcal/mol", 1.0}, {"kJ/mol", KILOJOULE}, {"hartree", Q2_HARTREE}},
    [Q2_FORCE] = {{"kcal/mol/angstrom", 1.0}, {"hartree/bohr", Q2_HARTREE / Q2_BOHR}, {"kJ/mol/nm", KILOJOULE / 10.0}},
    [Q2_OBSERVED_ANGLE] = {{"degree", 1.0}, {"radian", 1.0 / DEGREE}},
    [Q2_WAVENUMBER] = {{"cm-1", 1.0}},
    [Q2_EIGENVALUE] = {{"hartree/bohr^2/amu", 1.0},
                       {"kcal/mol/angstrom^2/amu", Q2_BOHR *Q2_BOHR / Q2_HARTREE},
                       {"kJ/mol/angstrom^2/amu", KILOJOULE *Q2_BOHR *Q2_BOHR / Q2_HARTREE}},
};

static unit_list stretch_constant = {{"kcal/mol/angstrom^2", 1.0},
                                     {"kJ/mol/nm^2", KILOJOULE / 100.0},
                                     {"mdyn/angstrom", Q2_ATTOJOULE},
                                     {"hartree/bohr^2", Q2_HARTREE_PER_BOHR2}};
static unit_list bend_constant = {
    {"kcal/mol/rad^2", 1.0}, {"kJ/mol/rad^2", KILOJOULE}, {"mdyn*angstrom/rad^2", Q2_ATTOJOULE}, {"hartree/rad^2", Q2_HARTREE}};
static unit_list length = {{"angstrom", 1.0}, {"nm", 10.0}, {"bohr", Q2_BOHR}};
static unit_list angle = {{"radian", 1.0}, {"degree", DEGREE}};
static unit_list energy = {{"kcal/mol", 1.0}, {"kJ/mol", KILOJOULE}};
static unit_list inverse_length = {{"1/angstrom", 1.0}, {"1/nm", 0.1}, {"1/bohr", 1.0 / Q2_BOHR}};
static unit_list stretch_bend_constant = {{"kcal/mol/angstrom/rad", 1.0},
                                          {"kJ/mol/nm/rad", KILOJOULE / 10.0},
                                          {"mdyn/rad", Q2_ATTOJOULE},
                                          {"hartree/bohr/rad", Q2_HARTREE / Q2_BOHR}};
static unit_list stretch_torsion_constant = {
    {"kcal/mol/angstrom", 1.0}, {"kJ/mol/nm", KILOJOULE / 10.0}, {"hartree/bohr", Q2_HARTREE / Q2_BOHR}};
static unit_list hydrogen_repulsion = {{"kcal/mol*angstrom^12", 1.0}, {"kJ/mol*angstrom^12", KILOJOULE}};
static unit_list hydrogen_attraction = {{"kcal/mol*angstrom^10", 1.0}, {"kJ/mol*angstrom^10", KILOJOULE}};
static unit_list charge = {{"e", 1.0}};
static unit_list dipole = {{"debye", 1.0}, {"e*angstrom", Q2_DEBYE}};
static unit_list number = {{"1", 1.0}};

struct kind {
  const char *name;
  unit_list *units;
};

static const struct kind parameters[] = {
    {"bond_k", &stretch_constant},
    {"bond_eq", &length},
    {"morse_d", &energy},
    {"morse_a", &inverse_length},
    {"angle_k", &bend_constant},
    {"angle_cosine_k", &energy},
    {"angle_eq", &angle},
    {"torsion_k", &energy},
    {"torsion_phase", &angle},
    {"torsion_v1", &energy},
    {"torsion_v2", &energy},
    {"torsion_v3", &energy},
    {"improper_k", &energy},
    {"improper_phase", &angle},
    {"improper_harmonic_k", &bend_constant},
    {"improper_eq", &angle},
    {"stretch_bend_k", &stretch_bend_constant},
    {"bend_bend_k", &bend_constant},
    {"torsion_stretch_v1", &stretch_torsion_constant},
    {"torsion_stretch_v2", &stretch_torsion_constant},
    {"torsion_stretch_v3", &stretch_torsion_constant},
    {"out_of_plane_k", &bend_constant},
    {"cmap_scale", &number},
    {"lj_epsilon", &energy},
    {"lj_sigma", &length},
    {"vdw_epsilon", &energy},
    {"vdw_radius", &length},
    {"vdw_distance", &length},
    {"hydrogen_c", &hydrogen_repulsion},
    {"hydrogen_d", &hydrogen_attraction},
    {"charge_increment", &charge},
    {"bond_dipole", &dipole},
    {"urey_bradley_k", &stretch_constant},
    {"urey_bradley_eq", &length},
    {NULL, NULL},
};

static int find_unit(unit_list *units, const char *unit, const char *where, double *factor, struct q2_error *error) {
  char known[256] = "";
  for (int u = 0; u < unit_limit && (*units)[u].name; u++) {
    if (strcmp((*units)[u].name, unit) == 0) {
      *factor = (*units)[u].factor;
      return Q2_OK;
    }
    q2_append_name(known, sizeof known, (*units)[u].name);
  }
  return q2_fail(error, "%s: expected a unit out of %s, found '%s'", where, known, unit);
}

static unit_list *find_kind(const struct kind *kinds, const char *kind) {
  for (; kinds->name; kinds++)
    if (strcmp(kinds->name, kind) == 0) return kinds->units;
  return NULL;
}

static int unknown_kind(const struct kind *kinds, const char *kind, const char *where, struct q2_error *error) {
  char known[768] = "";
  for (; kinds->name; kinds++)
    q2_append_name(known, sizeof known, kinds->name);
  return q2_fail(error, "%s: expected a kind out of %s, found '%s'", where, known, kind);
}

int q2_unit_of_quantity(enum q2_quantity quantity, const char *unit, const char *where, double *factor,
                        struct q2_error *error) {
  return find_unit(&quantities[quantity], unit, where, factor, error);
}

int q2_unit_of_parameter(const char *kind, const char *unit, const char *where, double *factor, struct q2_error *error) {
  unit_list *units = find_kind(parameters, kind);
  return units ? find_unit(units, unit, where, factor, error) : unknown_kind(parameters, kind, where, error);
}

const char *q2_unit_inside(const char *kind) {
  unit_list *units = find_kind(parameters, kind);
  return units ? (*units)[0].name : NULL;
}

const char *q2_unit_of(enum q2_quantity quantity) { return quantities[quantity][0].name; }
