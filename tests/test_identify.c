/* Identifiability: directions without data are counted, and named by the parameters that lie in them. */
#include "../src/identify.h"

#include <math.h>
#include <string.h>

#include "check.h"

enum { ROWS = 5 };

static char kind[ROWS][Q2_KIND_LENGTH], label[ROWS][Q2_LABEL_LENGTH], unit[ROWS][Q2_UNIT_LENGTH];
static double value[ROWS], lower[ROWS], upper[ROWS], factor[ROWS], scale[ROWS];
static int32_t active[ROWS], linked[ROWS];

/* Parameters 1 to 4 have the scales 1, 10, 100, 1000; row 0 is frozen. */
static struct q2_parameters table(void) {
  for (int p = 0; p < ROWS; p++) {
    strcpy(kind[p], "bond_k");
    strcpy(unit[p], "kcal/mol/angstrom^2");
    value[p] = 100.0 + p;
    lower[p] = -1e300;
    upper[p] = 1e300;
    factor[p] = 1.0;
    scale[p] = pow(10.0, p - 1);
    active[p] = p > 0;
    linked[p] = -1;
  }
  return (struct q2_parameters){.count = ROWS,
                                .kind = kind,
                                .label = label,
                                .unit = unit,
                                .value = value,
                                .lower = lower,
                                .upper = upper,
                                .factor = factor,
                                .scale = scale,
                                .active = active,
                                .link = linked};
}

/* The square of a Jacobian given in scaled parameters, [rows][4]. */
static void square_of(int rows, const double (*jacobian)[4], double *square) {
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) {
      square[4 * i + j] = 0.0;
      for (int r = 0; r < rows; r++)
        square[4 * i + j] += jacobian[r][i] * jacobian[r][j] / (scale[i + 1] * scale[j + 1]);
    }
}

int main(void) {
  const struct q2_parameters parameters = table();
  struct q2_variables variables;
  struct q2_identification id;
  struct q2_error error = {""};
  double square[16];
  CHECK(q2_variables_create(&parameters, NULL, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK);

  /* The first two matter by their sum alone, the third not at all, the last by itself. */
  const double sum_only[2][4] = {{3.0, 3.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 2.0}};
  square_of(2, sum_only, square);
  CHECK(q2_identify_square(&variables, square, 1e-8, &id, &error) == Q2_OK);
  CHECK(id.variables == 4 && id.determined == 2);
  CHECK_CLOSE(id.eigenvalue[3], 18.0, 1e-12);
  CHECK_CLOSE(id.eigenvalue[2], 4.0, 1e-12);
  CHECK_CLOSE(id.share[0], 0.5, 1e-12);
  CHECK_CLOSE(id.share[1], 0.5, 1e-12);
  CHECK_CLOSE(id.share[2], 1.0, 1e-12);
  CHECK_CLOSE(id.share[3], 0.0, 1e-12);
  CHECK(id.no_residual[2] == 1 && id.no_residual[0] == 0 && id.no_residual[1] == 0 && id.no_residual[3] == 0);
  q2_identification_free(&id);

  /* The threshold decides: the last has an eigenvalue of 1e-6 of the largest. */
  const double weak[4][4] = {{1.0, 0.0, 0.0, 0.0}, {0.0, 1.0, 0.0, 0.0}, {0.0, 0.0, 1.0, 0.0}, {0.0, 0.0, 0.0, 1e-3}};
  square_of(4, weak, square);
  CHECK(q2_identify_square(&variables, square, 1e-8, &id, &error) == Q2_OK);
  CHECK(id.determined == 4);
  q2_identification_free(&id);
  CHECK(q2_identify_square(&variables, square, 1e-5, &id, &error) == Q2_OK);
  CHECK(id.determined == 3);
  CHECK_CLOSE(id.share[3], 1.0, 1e-12);
  q2_identification_free(&id);

  /* Nothing is determined without residuals. */
  memset(square, 0, sizeof square);
  CHECK(q2_identify_square(&variables, square, 1e-8, &id, &error) == Q2_OK);
  CHECK(id.determined == 0 && id.no_residual[0] == 1);
  q2_identification_free(&id);
  q2_variables_free(&variables);

  /* y1 = y2 + constant: their sum is then all there is to know about both. */
  int32_t offset[2] = {0, 2}, row[2] = {1, 2};
  double coefficient[2] = {1.0, -0.1}, difference[1] = {101.0 - 10.2};
  const struct q2_equalities equalities = {1, offset, row, coefficient, difference, NULL};
  CHECK(q2_variables_create(&parameters, &equalities, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK, "%s", error.text);
  square_of(2, sum_only, square);
  CHECK(q2_identify_square(&variables, square, 1e-8, &id, &error) == Q2_OK);
  CHECK(id.variables == 3 && id.determined == 2);
  CHECK_CLOSE(id.share[0], 0.0, 1e-12);
  CHECK_CLOSE(id.share[1], 0.0, 1e-12);
  CHECK_CLOSE(id.eigenvalue[2], 36.0, 1e-10);
  q2_identification_free(&id);
  q2_variables_free(&variables);
  return check_result();
}
