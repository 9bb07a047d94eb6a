/* Claims: a non-bonded part that fits the registry of pair forms is taken, in the registry's own order; one that does not is
 * refused with a message that names file, group, row and expectation. */
#include <string.h>

#include "../src/nonbonded_check.h"
#include "check.h"

/* Rows of the parameter table and what they hold; types use the first two, rows for pairs the others. */
enum { LJ_EPSILON, LJ_SIGMA, VDW_EPSILON, VDW_RADIUS, VDW_DISTANCE, HYDROGEN_C, HYDROGEN_D, ROWS };
static char kinds[ROWS][Q2_KIND_LENGTH] = {"lj_epsilon",   "lj_sigma",   "vdw_epsilon", "vdw_radius",
                                           "vdw_distance", "hydrogen_c", "hydrogen_d"};
static char labels[ROWS][Q2_LABEL_LENGTH] = {"a", "b", "c", "d", "e", "f", "g"};
static char units[ROWS][Q2_UNIT_LENGTH] = {"kJ/mol", "angstrom", "kcal/mol", "angstrom", "nm", "x", "y"};
static double values[ROWS] = {0.1, 3.2, 0.05, 1.9, 3.5, -20480, -6144}, factors[ROWS] = {0.25, 1, 1, 1, 10, 1, 1};

static char special_form[3][Q2_KIND_LENGTH] = {"lennard_jones", "exp6_mm3", "hydrogen_12_10"};
static int32_t types[6] = {0, 0, 1, 0, 1, 1},
               special[6] = {LJ_EPSILON, LJ_SIGMA, VDW_EPSILON, VDW_DISTANCE, HYDROGEN_C, HYDROGEN_D};
static int32_t epsilon[2] = {LJ_EPSILON, LJ_EPSILON}, size[2] = {LJ_SIGMA, LJ_SIGMA};
static char file[] = "input.h5";

static struct q2_dataset dataset = {
    .path = file,
    .parameters = {.count = ROWS, .kind = kinds, .label = labels, .unit = units, .value = values, .factor = factors},
    .nonbonded = {.type_count = 2,
                  .form = "lennard_jones",
                  .combining_rule = "geometric",
                  .size_name = "sigma",
                  .epsilon = epsilon,
                  .size = size,
                  .special_count = 3,
                  .special_form = special_form,
                  .special_types = types,
                  .special_parameters = special}};

static void refused(const char *expected) {
  struct q2_nonbonded_forms forms;
  struct q2_error error = {""};
  const int status = q2_nonbonded_resolve(&dataset, &forms, &error);
  CHECK(status != Q2_OK && strstr(error.text, expected), "'%s', expected '%s'", error.text, expected);
  CHECK(strstr(error.text, "input.h5: /force_field/nonbonded") != NULL, "'%s'", error.text);
  CHECK(forms.special_form == NULL);
}

static void taken(int form, int rule) {
  struct q2_nonbonded_forms forms;
  struct q2_error error = {""};
  const int status = q2_nonbonded_resolve(&dataset, &forms, &error);
  CHECK(status == Q2_OK, "%s", error.text);
  if (status != Q2_OK) return;
  CHECK(forms.form == form && forms.rule == rule && forms.special_count == 3, "%d %d", forms.form, forms.rule);
  CHECK(forms.special_form[0] == Q2_PAIR_FORM_LENNARD_JONES && forms.special_form[1] == Q2_PAIR_FORM_EXP6_MM3 &&
        forms.special_form[2] == Q2_PAIR_FORM_HYDROGEN_12_10);
  q2_nonbonded_forms_free(&forms);
}

static void set_types(const char *form, const char *rule, const char *size_name, int32_t epsilon_row, int32_t size_row) {
  struct q2_nonbonded *y = &dataset.nonbonded;
  strcpy(y->form, form);
  strcpy(y->combining_rule, rule);
  strcpy(y->size_name, size_name);
  for (int t = 0; t < 2; t++) {
    epsilon[t] = epsilon_row;
    size[t] = size_row;
  }
}

static void types_are_checked(void) {
  set_types("lennard_jones", "geometric", "sigma", LJ_EPSILON, LJ_SIGMA);
  taken(Q2_PAIR_FORM_LENNARD_JONES, Q2_COMBINING_GEOMETRIC);
  set_types("lennard_jones", "lorentz-berthelot", "sigma", LJ_EPSILON, LJ_SIGMA);
  taken(Q2_PAIR_FORM_LENNARD_JONES, Q2_COMBINING_LORENTZ_BERTHELOT);
  set_types("exp6_q2mm", "mm3", "radius", VDW_EPSILON, VDW_RADIUS);
  taken(Q2_PAIR_FORM_EXP6_Q2MM, Q2_COMBINING_MM3);

  set_types("exp6", "mm3", "radius", VDW_EPSILON, VDW_RADIUS);
  refused(": attribute form: expected a form out of lennard_jones, exp6_mm3, exp6_q2mm, found 'exp6'");
  set_types("hydrogen_12_10", "mm3", "radius", HYDROGEN_C, HYDROGEN_D);
  refused(": attribute form: expected a form out of lennard_jones, exp6_mm3, exp6_q2mm, found 'hydrogen_12_10'");
  set_types("exp6_mm3", "geometric", "radius", VDW_EPSILON, VDW_RADIUS);
  refused(": attribute combining_rule: expected a rule out of mm3 for the form exp6_mm3, found 'geometric'");
  set_types("lennard_jones", "lorentz", "sigma", LJ_EPSILON, LJ_SIGMA);
  refused("combining_rule: expected a rule out of geometric lorentz-berthelot for the form lennard_jones, found 'lorentz'");
  set_types("exp6_mm3", "mm3", "sigma", VDW_EPSILON, VDW_RADIUS);
  refused(": expected the dataset radius for the form exp6_mm3, found sigma");
  set_types("exp6_mm3", "mm3", "radius", LJ_EPSILON, VDW_RADIUS);
  refused("/epsilon: type 0: parameter row 0 (a) is of kind lj_epsilon (expected kinds: vdw_epsilon vdw_radius)");
  set_types("exp6_mm3", "mm3", "radius", VDW_EPSILON, VDW_RADIUS);
  size[1] = VDW_DISTANCE;
  refused("/radius: type 1: parameter row 4 (e) is of kind vdw_distance (expected kinds: vdw_epsilon vdw_radius)");
  set_types("exp6_mm3", "mm3", "radius", VDW_EPSILON, VDW_RADIUS);
}

static void try_value(int row, double value, const char *expected) {
  const double before = values[row];
  values[row] = value;
  if (expected)
    refused(expected);
  else
    taken(Q2_PAIR_FORM_EXP6_MM3, Q2_COMBINING_MM3);
  values[row] = before;
}

static void values_are_checked(void) {
  try_value(VDW_EPSILON, 0, NULL);
  try_value(VDW_EPSILON, -0.01, "/epsilon: type 0: parameter row 2 (c) is -0.01 kcal/mol (expected at least 0)");
  try_value(VDW_RADIUS, 0, "/radius: type 0: parameter row 3 (d) is 0 angstrom (expected more than 0)");
  try_value(VDW_DISTANCE, -1, "/special/parameters: row 1: parameter row 4 (e) is -0.1 nm (expected more than 0)");
  try_value(LJ_SIGMA, 0, NULL);
  try_value(LJ_EPSILON, -1, "/special/parameters: row 0: parameter row 0 (a) is -4 kJ/mol (expected at least 0)");
}

static void special_rows_are_checked(void) {
  strcpy(special_form[1], "exp6_mm4");
  refused("/special/form: row 1: expected a form out of lennard_jones, exp6_mm3, exp6_q2mm, hydrogen_12_10, found 'exp6_mm4'");
  strcpy(special_form[1], "exp6_mm3");
  special[3] = VDW_RADIUS;
  refused("/special/parameters: row 1: parameter row 3 (d) is of kind vdw_radius (expected kinds: vdw_epsilon vdw_distance)");
  special[3] = VDW_DISTANCE;
  special[4] = HYDROGEN_D;
  refused("/special/parameters: row 2: parameter row 6 (g) is of kind hydrogen_d (expected kinds: hydrogen_c hydrogen_d)");
  special[4] = HYDROGEN_C;
  taken(Q2_PAIR_FORM_EXP6_MM3, Q2_COMBINING_MM3);
}

int main(void) {
  types_are_checked();
  values_are_checked();
  special_rows_are_checked();
  struct q2_nonbonded_forms forms;
  struct q2_error error = {""};
  dataset.nonbonded.type_count = 0;
  CHECK(q2_nonbonded_resolve(&dataset, &forms, &error) == Q2_OK && forms.special_count == 0);
  q2_nonbonded_forms_free(&forms);
  return check_result();
}
