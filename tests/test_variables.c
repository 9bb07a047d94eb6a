/* Variables: scales, bounds, frozen and linked rows, and the chain rule. */
#include "../src/variables.h"

#include <math.h>
#include <string.h>

#include "check.h"

static char kinds[5][Q2_KIND_LENGTH] = {"bond_k", "bond_eq", "bond_k", "lj_epsilon", "angle_eq"};
static char labels[5][Q2_LABEL_LENGTH] = {"A", "B", "C", "D", "E"};
static char units[5][Q2_UNIT_LENGTH] = {"kcal/mol/angstrom^2", "angstrom", "kcal/mol/angstrom^2", "kcal/mol", "degree"};

int main(void) {
  double value[5] = {300.0, 1.1, 300.0, 0.2, 1.9}, lower[5], upper[5], factor[5] = {1, 1, 1, 1, 0.017453292519943295};
  double scale[5] = {0, 0, 0, 0.5, 0};
  int32_t active[5] = {1, 0, 1, 1, 1}, link[5] = {-1, -1, 0, -1, -1};
  for (int p = 0; p < 5; p++) {
    lower[p] = -1e300;
    upper[p] = 1e300;
  }
  lower[0] = 0.0;
  struct q2_parameters parameters = {.count = 5,
                                     .kind = kinds,
                                     .label = labels,
                                     .unit = units,
                                     .value = value,
                                     .lower = lower,
                                     .upper = upper,
                                     .factor = factor,
                                     .scale = scale,
                                     .active = active,
                                     .link = link};
  struct q2_variables variables;
  struct q2_error error = {""};
  CHECK(q2_variables_create(&parameters, &variables, &error) == Q2_OK);

  /* Row 1 is frozen, row 2 follows row 0. */
  CHECK(variables.count == 3);
  CHECK(variables.row[0] == 0 && variables.row[1] == 3 && variables.row[2] == 4);
  const int follows[5] = {0, -1, 0, 1, 2};
  for (int p = 0; p < 5; p++)
    CHECK(variables.variable_of[p] == follows[p]);

  /* The file's scale before the kind's; the file's bounds before the kind's; no bound is infinite. */
  CHECK(variables.scale[0] == 100.0 && variables.scale[1] == 0.5 && variables.scale[2] == 0.1);
  CHECK(variables.lower[0] == 0.0 && variables.upper[0] == INFINITY);
  CHECK(fabs(variables.lower[1] - 1e-8 / 0.5) <= 1e-20);
  CHECK(variables.lower[2] == 0.0);
  CHECK(fabs(variables.upper[2] - 31.41592653589793) <= 1e-12);

  double x[3], rows[5];
  q2_variables_start(&variables, &parameters, x);
  CHECK(x[0] == 3.0 && x[1] == 0.4);
  x[0] = 2.5;
  q2_variables_apply(&variables, x, rows);
  CHECK(rows[0] == 250.0 && rows[1] == 1.1 && rows[2] == 250.0);
  CHECK(fabs(rows[4] - 1.9) <= 1e-15);

  /* dL/dx = scale x (sum over the rows that follow the variable). */
  const double row_gradient[5] = {1.0, 10.0, 2.0, 3.0, 4.0};
  double gradient[3];
  q2_variables_gradient(&variables, row_gradient, gradient);
  CHECK(gradient[0] == 300.0 && gradient[1] == 1.5 && gradient[2] == 0.4);
  q2_variables_free(&variables);

  /* A row linked to a frozen one is frozen at that one's value. */
  active[0] = 0;
  CHECK(q2_variables_create(&parameters, &variables, &error) == Q2_OK);
  CHECK(variables.count == 2 && variables.variable_of[2] == -1);
  value[2] = 999.0;
  q2_variables_apply(&variables, x, rows);
  CHECK(rows[2] == 300.0);
  q2_variables_free(&variables);

  /* Errors name the row, in the user's unit. */
  value[4] = 3.5;
  CHECK(q2_variables_create(&parameters, &variables, &error) == Q2_FAILED);
  CHECK(strstr(error.text, "row 4") && strstr(error.text, "200.5") && strstr(error.text, "degree"));
  value[4] = 1.9;
  strcpy(kinds[1], "bond_length");
  CHECK(q2_variables_create(&parameters, &variables, &error) == Q2_FAILED);
  CHECK(strstr(error.text, "row 1") && strstr(error.text, "bond_length"));
  return check_result();
}
