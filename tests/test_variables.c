/* Variables: scales, bounds, frozen and linked rows, equalities, and the chain rule. */
#include "../src/variables.h"

#include <math.h>
#include <string.h>

#include "check.h"

enum { ROWS = 8 };

/* Row 1 is frozen, row 2 follows row 0. */
struct table {
  char kind[ROWS][Q2_KIND_LENGTH], label[ROWS][Q2_LABEL_LENGTH], unit[ROWS][Q2_UNIT_LENGTH];
  double value[ROWS], lower[ROWS], upper[ROWS], factor[ROWS], scale[ROWS];
  int32_t active[ROWS], link[ROWS];
  struct q2_parameters parameters;
};

static void make_table(struct table *t) {
  static const char *const kinds[ROWS] = {"bond_k",   "bond_eq", "bond_k", "lj_epsilon",
                                          "angle_eq", "bond_k",  "bond_k", "bond_k"};
  static const double values[ROWS] = {300.0, 1.1, 300.0, 0.2, 1.9, 200.0, 250.0, 120.0};
  memset(t, 0, sizeof *t);
  for (int p = 0; p < ROWS; p++) {
    strcpy(t->kind[p], kinds[p]);
    snprintf(t->label[p], sizeof t->label[p], "%c", "ABCDEFGH"[p]);
    strcpy(t->unit[p], p == 4 ? "degree" : p == 1 ? "angstrom" : p == 3 ? "kcal/mol" : "kcal/mol/angstrom^2");
    t->value[p] = values[p];
    t->lower[p] = p == 0 ? 0.0 : -1e300;
    t->upper[p] = 1e300;
    t->factor[p] = p == 4 ? 0.017453292519943295 : 1.0;
    t->scale[p] = p == 3 ? 0.5 : 0.0;
    t->active[p] = p != 1;
    t->link[p] = p == 2 ? 0 : -1;
  }
  t->parameters = (struct q2_parameters){.count = ROWS,
                                         .kind = t->kind,
                                         .label = t->label,
                                         .unit = t->unit,
                                         .value = t->value,
                                         .lower = t->lower,
                                         .upper = t->upper,
                                         .factor = t->factor,
                                         .scale = t->scale,
                                         .active = t->active,
                                         .link = t->link};
}

static void scales_bounds_and_links(void) {
  struct table t;
  struct q2_variables variables;
  struct q2_error error = {""};
  make_table(&t);
  CHECK(q2_variables_create(&t.parameters, NULL, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK);
  CHECK(variables.count == 6 && variables.independent_count == 6);
  CHECK(variables.row[0] == 0 && variables.row[1] == 3 && variables.row[2] == 4);
  const int follows[5] = {0, -1, 0, 1, 2};
  for (int p = 0; p < 5; p++)
    CHECK(variables.independent_of[p] == follows[p]);
  CHECK(strcmp(q2_variables_state(&variables, 1), "frozen") == 0 && strcmp(q2_variables_state(&variables, 2), "linked") == 0);
  CHECK(strcmp(q2_variables_state(&variables, 0), "") == 0);

  /* The file's scale before the kind's; the file's bounds before the kind's; no bound is infinite. */
  CHECK(variables.scale[0] == 100.0 && variables.scale[1] == 0.5 && variables.scale[2] == 0.1);
  CHECK(variables.lower[0] == 0.0 && variables.upper[0] == INFINITY);
  CHECK(fabs(variables.lower[1] - 1e-8 / 0.5) <= 1e-20);
  CHECK(variables.lower[2] == 0.0);
  CHECK(fabs(variables.upper[2] - 31.41592653589793) <= 1e-12);

  double x[6], rows[ROWS];
  q2_variables_start(&variables, &t.parameters, x);
  CHECK(x[0] == 3.0 && x[1] == 0.4);
  x[0] = 2.5;
  q2_variables_apply(&variables, x, rows);
  CHECK(rows[0] == 250.0 && rows[1] == 1.1 && rows[2] == 250.0);
  CHECK(fabs(rows[4] - 1.9) <= 1e-15);
  CHECK(q2_variables_at_bound(&variables, 0, 0.0) == -1 && q2_variables_at_bound(&variables, 0, 1.0) == 0);

  /* dL/dx = scale x (sum over the rows that follow the variable). */
  const double row_gradient[ROWS] = {1.0, 10.0, 2.0, 3.0, 4.0};
  double gradient[6];
  q2_variables_gradient(&variables, row_gradient, gradient);
  CHECK(gradient[0] == 300.0 && gradient[1] == 1.5 && gradient[2] == 0.4);
  q2_variables_free(&variables);

  /* A row linked to a frozen one is frozen at that one's value. */
  t.active[0] = 0;
  CHECK(q2_variables_create(&t.parameters, NULL, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK);
  CHECK(variables.count == 5 && variables.independent_of[2] == -1);
  t.value[2] = 999.0;
  q2_variables_apply(&variables, x, rows);
  CHECK(rows[2] == 300.0);
  q2_variables_free(&variables);
}

static void bounds_of_q2mm(void) {
  struct table t;
  struct q2_variables variables;
  struct q2_error error = {""};
  make_table(&t);
  CHECK(q2_variables_create(&t.parameters, NULL, Q2_BOUNDS_Q2MM, &variables, &error) == Q2_OK);
  CHECK(variables.row_lower[0] == -3600.0 && variables.row_upper[0] == 3600.0);
  CHECK_CLOSE(variables.row_lower[2], 0.52359877559829887, 1e-15);
  CHECK(variables.lower[1] == 0.002 && variables.upper[1] == 4.0);
  q2_variables_free(&variables);
  t.value[5] = 3700.0;
  CHECK(q2_variables_create(&t.parameters, NULL, Q2_BOUNDS_Q2MM, &variables, &error) == Q2_FAILED);
  CHECK(strstr(error.text, "row 5") && strstr(error.text, "-bounds q2mm"), "%s", error.text);
}

/* Force constants keep their sign under either rule, and a start on the wrong side is refused; others are free. */
static void bounds_of_signs(void) {
  static const enum q2_bounds_rule base[2] = {Q2_BOUNDS_FILE, Q2_BOUNDS_Q2MM};
  for (int b = 0; b < 2; b++) {
    const enum q2_bounds_rule rule = (enum q2_bounds_rule)(base[b] | Q2_BOUNDS_SIGNS);
    struct table t;
    struct q2_variables variables;
    struct q2_error error = {""};
    make_table(&t);
    strcpy(t.kind[6], "torsion_k");
    t.value[6] = -2.0;
    t.lower[7] = 50.0;
    CHECK(q2_variables_create(&t.parameters, NULL, rule, &variables, &error) == Q2_OK, "%s", error.text);
    CHECK(variables.row_lower[3] == 0.0 && variables.row_upper[3] == (b ? 3600.0 : INFINITY), "%g", variables.row_lower[3]);
    CHECK(variables.row_lower[4] == (b ? -20.0 : -INFINITY) && variables.row_lower[5] == (b ? 0.0 : 50.0));
    q2_variables_free(&variables);
    t.value[5] = -1.0;
    CHECK(q2_variables_create(&t.parameters, NULL, rule, &variables, &error) == Q2_FAILED && strstr(error.text, "row 5"));
  }
}

static void errors_name_the_row_in_its_unit(void) {
  struct table t;
  struct q2_variables variables;
  struct q2_error error = {""};
  make_table(&t);
  t.value[4] = 3.5;
  CHECK(q2_variables_create(&t.parameters, NULL, Q2_BOUNDS_FILE, &variables, &error) == Q2_FAILED);
  CHECK(strstr(error.text, "row 4") && strstr(error.text, "200.5") && strstr(error.text, "degree"));
  t.value[4] = 1.9;
  strcpy(t.kind[1], "bond_length");
  CHECK(q2_variables_create(&t.parameters, NULL, Q2_BOUNDS_FILE, &variables, &error) == Q2_FAILED);
  CHECK(strstr(error.text, "row 1") && strstr(error.text, "bond_length"));
}

/* --- equalities --- */

enum { MOST_ENTRIES = 16, MOST_EQUALITIES = 4 };

struct equality_set {
  int32_t offset[MOST_EQUALITIES + 1], row[MOST_ENTRIES];
  double coefficient[MOST_ENTRIES], value[MOST_EQUALITIES];
  struct q2_equalities equalities;
};

static void begin(struct equality_set *s) {
  memset(s, 0, sizeof *s);
  s->equalities = (struct q2_equalities){0, s->offset, s->row, s->coefficient, s->value, NULL};
}

/* Adds a row to the equality being made; `close` ends it with this value. */
static void add(struct equality_set *s, int row, double coefficient) {
  int32_t *end = &s->offset[s->equalities.count + 1];
  if (*end < s->offset[s->equalities.count]) *end = s->offset[s->equalities.count];
  s->row[*end] = row;
  s->coefficient[(*end)++] = coefficient;
}

static void close_at(struct equality_set *s, double value) { s->value[s->equalities.count++] = value; }

static double sum_of(const struct equality_set *s, int e, const double *rows) {
  double sum = 0.0;
  for (int k = s->offset[e]; k < s->offset[e + 1]; k++)
    sum += s->coefficient[k] * rows[s->row[k]];
  return sum;
}

/* Two equalities with a linked and a frozen row hold at any x; Z is what q2_variables_apply does; gradient and square follow.
 */
static void equalities_hold_everywhere(void) {
  struct table t;
  struct equality_set s;
  struct q2_variables variables;
  struct q2_error error = {""};
  make_table(&t);
  begin(&s);
  add(&s, 2, 1.0); /* row 0, by its link */
  add(&s, 5, -1.0);
  add(&s, 6, 0.5);
  close_at(&s, 225.0);
  add(&s, 1, 100.0); /* frozen at 1.1 */
  add(&s, 6, 1.0);
  add(&s, 7, 2.0);
  add(&s, 3, 50.0);
  close_at(&s, 110.0 + 250.0 + 240.0 + 10.0);
  CHECK(q2_variables_create(&t.parameters, &s.equalities, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK, "%s", error.text);
  const int n = variables.count, rows = variables.independent_count;
  CHECK(n == 4 && rows == 6);
  int eliminated = 0;
  for (int i = 0; i < rows; i++) {
    eliminated += variables.eliminated[i];
    if (variables.eliminated[i])
      CHECK(strcmp(q2_variables_state(&variables, variables.independent_row[i]), "by equality") == 0);
  }
  CHECK(eliminated == 2 && variables.watched == 0); /* rows 5, 6 and 7 have no bounds: they were preferred */
  double x[6], moved[6], values[ROWS], other[ROWS], z[ROWS][6];
  q2_variables_start(&variables, &t.parameters, x);
  q2_variables_apply(&variables, x, values);
  for (int p = 0; p < ROWS; p++)
    CHECK_CLOSE(values[p], t.value[p], 1e-12 * fabs(t.value[p]));
  for (int trial = 0; trial < 20; trial++) {
    for (int v = 0; v < n; v++)
      moved[v] = x[v] + cos(1.0 + 7.3 * trial + 3.1 * v);
    q2_variables_apply(&variables, moved, values);
    CHECK_CLOSE(sum_of(&s, 0, values), 225.0, 1e-10);
    CHECK_CLOSE(sum_of(&s, 1, values), 610.0, 1e-10);
    CHECK(values[1] == 1.1 && values[2] == values[0]);
  }
  /* Z is linear, so a difference of one step is exact but for rounding. */
  q2_variables_apply(&variables, x, values);
  for (int v = 0; v < n; v++) {
    memcpy(moved, x, sizeof moved);
    moved[v] += 1.0;
    q2_variables_apply(&variables, moved, other);
    for (int p = 0; p < ROWS; p++)
      z[p][v] = other[p] - values[p];
  }
  double row_gradient[ROWS], gradient[6], square[36], x_square[36];
  for (int p = 0; p < ROWS; p++)
    row_gradient[p] = sin(1.0 + p);
  q2_variables_gradient(&variables, row_gradient, gradient);
  for (int v = 0; v < n; v++) {
    double expected = 0.0;
    for (int p = 0; p < ROWS; p++)
      expected += z[p][v] * row_gradient[p];
    CHECK_CLOSE(gradient[v], expected, 1e-9);
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < rows; j++)
      square[i * rows + j] = cos(1.0 + i * j) + (i == j ? 4.0 : 0.0);
  q2_variables_square(&variables, square, x_square);
  for (int v = 0; v < n; v++)
    for (int w = 0; w < n; w++) {
      double expected = 0.0;
      for (int i = 0; i < rows; i++)
        for (int j = 0; j < rows; j++)
          expected += z[variables.independent_row[i]][v] * square[i * rows + j] * z[variables.independent_row[j]][w];
      CHECK_CLOSE(x_square[v * n + w], expected, 1e-9 * (1.0 + fabs(expected)));
      CHECK(x_square[v * n + w] == x_square[w * n + v]);
    }
  q2_variables_free(&variables);
}

/* 1: the parameter without bounds goes, though its coefficient is smaller. 2: bounds of one that depends on one variable are
 * that variable's. 3: with all bounded, the one that depends on several is watched. */
static void bounds_travel(void) {
  struct table t;
  struct equality_set s;
  struct q2_variables variables;
  struct q2_error error = {""};
  double x[6], values[ROWS];
  make_table(&t);
  begin(&s);
  add(&s, 0, 5.0);
  add(&s, 5, -1.0);
  close_at(&s, 1300.0);
  CHECK(q2_variables_create(&t.parameters, &s.equalities, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK);
  CHECK(variables.eliminated[3] && variables.watched == 0 && variables.lower[0] == 0.0);
  q2_variables_free(&variables);

  t.upper[5] = 450.0; /* hence row 0 <= 350 */
  CHECK(q2_variables_create(&t.parameters, &s.equalities, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK);
  CHECK(variables.eliminated[0] && variables.watched == 0);
  CHECK_CLOSE(variables.lower[2], -13.0, 1e-12); /* row 5 >= -1300, where row 0 is 0 */
  CHECK_CLOSE(variables.upper[2], 4.5, 1e-12);
  q2_variables_free(&variables);

  begin(&s);
  add(&s, 0, 1.0);
  add(&s, 5, -1.0);
  add(&s, 6, -1.0);
  close_at(&s, -150.0);
  t.lower[5] = t.lower[6] = 0.0;
  CHECK(q2_variables_create(&t.parameters, &s.equalities, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK);
  CHECK(variables.eliminated[0] && variables.watched == 1);
  q2_variables_start(&variables, &t.parameters, x);
  q2_variables_apply(&variables, x, values);
  CHECK(q2_variables_leave_bounds(&variables, values) == -1);
  x[2] = x[3] = 0.5; /* rows 5 and 6 at 50, row 0 at -50 */
  q2_variables_apply(&variables, x, values);
  CHECK_CLOSE(values[0], -50.0, 1e-10);
  CHECK(q2_variables_leave_bounds(&variables, values) == 0);
  x[2] = 1.0; /* row 0 at 0: on its bound is not beyond it */
  q2_variables_apply(&variables, x, values);
  CHECK(q2_variables_leave_bounds(&variables, values) == -1);
  q2_variables_free(&variables);
}

/* A parameter that equalities determine alone is a constant. */
static void determined_altogether(void) {
  struct table t;
  struct equality_set s;
  struct q2_variables variables;
  struct q2_error error = {""};
  make_table(&t);
  begin(&s);
  add(&s, 5, 2.0);
  add(&s, 1, 10.0);
  close_at(&s, 411.0);
  CHECK(q2_variables_create(&t.parameters, &s.equalities, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK);
  CHECK(variables.eliminated[3] && variables.start[4] == variables.start[3] && fabs(variables.constant[3] - 200.0) < 1e-12);
  q2_variables_free(&variables);
}

static void check_refused(const struct table *t, const struct equality_set *s, const char *first, const char *second) {
  struct q2_variables variables;
  struct q2_error error = {""};
  CHECK(q2_variables_create(&t->parameters, &s->equalities, Q2_BOUNDS_FILE, &variables, &error) == Q2_FAILED);
  CHECK(strstr(error.text, first) && strstr(error.text, second), "'%s' lacks '%s' or '%s'", error.text, first, second);
}

static void bad_sets_are_refused(void) {
  struct table t;
  struct equality_set s;
  make_table(&t);
  begin(&s);
  add(&s, 5, 1.0);
  add(&s, 6, 1.0);
  close_at(&s, 450.0);
  add(&s, 6, 1.0);
  add(&s, 7, 1.0);
  close_at(&s, 370.0);
  add(&s, 5, 2.0);
  add(&s, 7, -2.0);
  close_at(&s, 160.0); /* twice the difference of the others */
  check_refused(&t, &s, "repeats", "equality");
  s.value[2] = 161.0;
  check_refused(&t, &s, "contradicts", "equality");
  s.value[2] = 160.0;
  s.equalities.count = 2;
  s.value[1] = 370.001;
  check_refused(&t, &s, "equality 1 (row 6 bond_k G, row 7 bond_k H)", "expected 370.001, found 370");
  begin(&s);
  add(&s, 1, 1.0);
  close_at(&s, 1.1);
  check_refused(&t, &s, "equality 0 (row 1 bond_eq B)", "no parameter that varies");
  begin(&s);
  add(&s, 0, 1.0);
  add(&s, 2, -1.0); /* the same parameter */
  close_at(&s, 0.0);
  check_refused(&t, &s, "equality 0", "no parameter that varies");
}

int main(void) {
  scales_bounds_and_links();
  bounds_of_q2mm();
  bounds_of_signs();
  errors_name_the_row_in_its_unit();
  equalities_hold_everywhere();
  bounds_travel();
  determined_altogether();
  bad_sets_are_refused();
  return check_result();
}
