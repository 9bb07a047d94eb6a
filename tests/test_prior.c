/* The prior: weights from the file or the option, value, gradient and square. */
#include "../src/prior.h"

#include <math.h>
#include <string.h>

#include "check.h"

enum { ROWS = 4 };

int main(void) {
  char kind[ROWS][Q2_KIND_LENGTH] = {"bond_k", "bond_eq", "bond_k", "bond_k"},
       label[ROWS][Q2_LABEL_LENGTH] = {"A", "B", "C", "D"};
  char unit[ROWS][Q2_UNIT_LENGTH] = {"kcal/mol/angstrom^2", "angstrom", "kcal/mol/angstrom^2", "kcal/mol/angstrom^2"};
  double value[ROWS] = {300.0, 1.1, 300.0, 500.0}, factor[ROWS] = {1.0, 1.0, 1.0, 1.0}, scale[ROWS] = {0.0, 0.2, 0.0, 0.0};
  double lower[ROWS], upper[ROWS];
  int32_t active[ROWS] = {1, 1, 1, 0}, link[ROWS] = {-1, -1, 0, -1};
  for (int p = 0; p < ROWS; p++) {
    lower[p] = -1e300;
    upper[p] = 1e300;
  }
  const struct q2_parameters parameters = {.count = ROWS,
                                           .kind = kind,
                                           .label = label,
                                           .unit = unit,
                                           .value = value,
                                           .lower = lower,
                                           .upper = upper,
                                           .factor = factor,
                                           .scale = scale,
                                           .active = active,
                                           .link = link};
  char kinds[2][Q2_KIND_LENGTH] = {"bond_eq", "angle_k"};
  double weights[2] = {0.5, 3.0};
  const struct q2_prior_table file = {2, kinds, weights}, none = {0};
  struct q2_variables variables;
  struct q2_prior prior;
  struct q2_error error = {""};
  CHECK(q2_variables_create(&parameters, NULL, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK);

  CHECK(q2_prior_create(&none, "", &parameters, &variables, value, &prior, &error) == Q2_OK && !prior.active);
  CHECK(q2_prior_evaluate(&prior, value, NULL) == 0.0);
  q2_prior_free(&prior);

  /* The file's: a kind that no row has is no failure. r = 0.5 (1.5 - 1.1) / 0.2 = 1. */
  const double moved[ROWS] = {310.0, 1.5, 310.0, 500.0};
  double gradient[ROWS] = {1.0, 1.0, 1.0, 1.0}, square[4] = {10.0, 1.0, 1.0, 20.0};
  CHECK(q2_prior_create(&file, "", &parameters, &variables, value, &prior, &error) == Q2_OK && prior.active);
  const double loss = q2_prior_evaluate(&prior, moved, gradient);
  CHECK_CLOSE(loss, 1.0, 1e-14);
  CHECK_CLOSE(gradient[1], 1.0 + 2.0 * 0.5 / 0.2, 1e-13); /* 2 r w / scale, added */
  CHECK(gradient[0] == 1.0 && gradient[2] == 1.0 && gradient[3] == 1.0);
  q2_prior_add_square(&prior, square);
  CHECK(square[0] == 10.0 && square[1] == 1.0);
  CHECK_CLOSE(square[3], 20.0 + 6.25, 1e-13);
  q2_prior_free(&prior);

  /* The option instead; a linked row is one parameter with its target: r = 2 (310 - 300) / 100 and 0 of bond_eq. */
  CHECK(q2_prior_create(&file, "all=2,bond_eq=0", &parameters, &variables, value, &prior, &error) == Q2_OK);
  CHECK_CLOSE(q2_prior_evaluate(&prior, moved, NULL), 0.04, 1e-15);
  q2_prior_free(&prior);

  /* The centre is what it is told, not the starting value. */
  CHECK(q2_prior_create(&file, "bond_k=1", &parameters, &variables, moved, &prior, &error) == Q2_OK);
  CHECK(q2_prior_evaluate(&prior, moved, NULL) == 0.0);
  CHECK_CLOSE(q2_prior_evaluate(&prior, value, NULL), 0.01, 1e-16);
  q2_prior_free(&prior);

  static const char *const refused[] = {"bond_k",    "bond_k=",  "bond_k=-1", "bond_k=nan",
                                        "bond_k=1x", "bond_q=1", "=1",        "bond_k=1,,all=1"};
  for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
    CHECK(q2_prior_create(&file, refused[k], &parameters, &variables, value, &prior, &error) == Q2_FAILED, "%s", refused[k]);
    CHECK(strstr(error.text, "-prior") != NULL, "%s", error.text);
  }
  q2_variables_free(&variables);
  return check_result();
}
