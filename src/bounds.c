/* Bounds of parameters: which of the file's, the kind's own and q2mm's hold. */
#include "bounds.h"

#include <math.h>
#include <string.h>

#include "../io/constants.h"

/* Beyond this a bound of the file means "none" (docs/format.md). */
static const double no_bound = 1e300;

/* A well's place r_min = 2^(1/6) sigma is twice the radius of q2mm's table. */
#define SIGMA_OF_RADIUS (2.0 / 1.122462048309373)
#define DEGREE (Q2_PI / 180.0)

/* q2mm's ForceField.DEFAULT_BOUNDS (q2mm/models/forcefield.py at commit 0c79572), whose energies are k d^2, k (1 + cos) and
 * epsilon at the well as here. Its one torsion_k is our torsion_k and half of MM3's V. */
static const struct {
  const char *kind;
  double lower, upper;
} q2mm_bounds[] = {
    {"bond_k", -3600.0, 3600.0},    {"bond_eq", 0.5, 3.0},
    {"angle_k", -720.0, 720.0},     {"angle_eq", 30.0 * DEGREE, 180.0 * DEGREE},
    {"urey_bradley_k", 0.0, 500.0}, {"urey_bradley_eq", 1.0, 4.0},
    {"torsion_k", -20.0, 20.0},     {"torsion_v1", -40.0, 40.0},
    {"torsion_v2", -40.0, 40.0},    {"torsion_v3", -40.0, 40.0},
    {"lj_epsilon", 0.001, 2.0},     {"lj_sigma", 0.5 * SIGMA_OF_RADIUS, 5.0 * SIGMA_OF_RADIUS},
    {"vdw_epsilon", 0.001, 2.0},    {"vdw_radius", 0.5, 5.0},
};

int q2_bounds_of(const struct q2_parameters *parameters, int row, const struct q2_parameter_kind *kind,
                 enum q2_bounds_rule rule, double *lower, double *upper, struct q2_error *error) {
  const double value = parameters->value[row], factor = parameters->factor[row] != 0.0 ? parameters->factor[row] : 1.0;
  *lower = parameters->lower[row] > -no_bound ? parameters->lower[row] : kind->lower;
  *upper = parameters->upper[row] < no_bound ? parameters->upper[row] : kind->upper;
  for (size_t k = 0; (rule & Q2_BOUNDS_Q2MM) && k < sizeof q2mm_bounds / sizeof *q2mm_bounds; k++) {
    if (strcmp(q2mm_bounds[k].kind, kind->name) != 0) continue;
    *lower = q2mm_bounds[k].lower;
    *upper = q2mm_bounds[k].upper;
  }
  if ((rule & Q2_BOUNDS_SIGNS) && q2_force_constant_find(kind->name)) *lower = fmax(*lower, 0.0);
  /* The reader has checked the file's own bounds; together with the kind's they may still exclude the starting value. */
  if (!(*lower <= value && value <= *upper))
    return q2_fail(
        error,
        "/force_field/parameters: row %d (%s %s) starts at %.10g %s, out of the bounds %.10g to %.10g that hold for %s%s", row,
        parameters->kind[row], parameters->label[row], value / factor, parameters->unit[row], *lower / factor, *upper / factor,
        parameters->kind[row], rule & Q2_BOUNDS_Q2MM ? " (-bounds q2mm)" : "");
  return Q2_OK;
}
