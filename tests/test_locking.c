/* Force constants that a fit has spoilt are found, and locked with what belongs to them, whichever rank holds the terms. */
#include "../src/locking.h"

#include <stdlib.h>
#include <string.h>

#include "../src/parameter_kinds.h"
#include "check.h"

static const struct {
  const char *kind;
  double value;
  int active, link;
} rows[] = {
    {"bond_k", -5.0, 1, -1},          /* 0 negative */
    {"bond_eq", 1.1, 1, -1},          /* 1 of 0 */
    {"bond_k", 1e-4, 1, -1},          /* 2 as good as zero */
    {"bond_eq", 1.2, 1, -1},          /* 3 of 2 and of 4 */
    {"bond_k", 300.0, 1, -1},         /* 4 as it should be */
    {"angle_k", -2.0, 0, -1},         /* 5 negative, but frozen by the user */
    {"angle_eq", 1.9, 1, -1},         /* 6 of 5 */
    {"angle_k", 0.0, 1, -1},          /* 7 zero */
    {"angle_eq", 2.0, 1, -1},         /* 8 of 7 */
    {"angle_k", 0.0, 1, 7},           /* 9 shares 7's value */
    {"angle_eq", 2.1, 1, -1},         /* 10 of 9 */
    {"urey_bradley_k", -1.0, 1, -1},  /* 11 negative */
    {"urey_bradley_eq", 2.5, 0, -1},  /* 12 of 11, frozen by the user */
    {"torsion_k", -3.0, 1, -1},       /* 13 may be negative */
    {"angle_k", 1.0000001e-3, 1, -1}, /* 14 just above the threshold */
    {"bond_k", 0.0, 1, -1},           /* 15 zero */
    {"bond_eq", 1.3, 1, -1},          /* 16 of 15, and bound by an equality */
};
enum { ROWS = sizeof rows / sizeof *rows, BONDS = 4, ANGLES = 3, FARAWAY = 1 };

struct fixture {
  char kind[ROWS][Q2_KIND_LENGTH], label[ROWS][Q2_LABEL_LENGTH], unit[ROWS][Q2_UNIT_LENGTH];
  double value[ROWS], lower[ROWS], upper[ROWS], factor[ROWS], scale[ROWS];
  int32_t active[ROWS], link[ROWS];
  int32_t parameters[3][2 * BONDS];
  int64_t offset[3][2];
  struct q2_term_table terms[3];
  int32_t equality_offset[2], equality_row[2];
  double coefficient[2], equality_value[1];
  struct q2_dataset dataset;
  struct q2_variables variables;
};

/* Of `count` terms with two parameters, those numbered rank, rank + ranks, ... are this rank's; it has one molecule. */
static void share_terms(struct fixture *f, int table, int count, const int32_t (*all)[2]) {
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  for (int k = rank; k < count; k += ranks)
    memcpy(f->parameters[table] + 2 * f->offset[table][1]++, all[k], sizeof all[k]);
  f->terms[table].parameter_count = 2;
  f->terms[table].offset = f->offset[table];
  f->terms[table].parameters = f->parameters[table];
}

static void open_fixture(struct fixture *f) {
  static const int32_t bonds[BONDS][2] = {{0, 1}, {2, 3}, {4, 3}, {15, 16}}, angles[ANGLES][2] = {{5, 6}, {7, 8}, {9, 10}},
                       faraway[FARAWAY][2] = {{11, 12}};
  struct q2_error error = {""};
  memset(f, 0, sizeof *f);
  for (int p = 0; p < ROWS; p++) {
    strcpy(f->kind[p], rows[p].kind);
    f->value[p] = rows[p].value;
    f->lower[p] = -1e300;
    f->upper[p] = 1e300;
    f->factor[p] = 1.0;
    f->active[p] = rows[p].active;
    f->link[p] = rows[p].link;
  }
  f->dataset.parameters = (struct q2_parameters){ROWS,     f->kind,   f->label, f->unit,   f->value, f->lower,
                                                 f->upper, f->factor, f->scale, f->active, f->link};
  f->dataset.molecule_count = 1;
  f->dataset.terms = f->terms;
  f->dataset.term_table_count = 3;
  share_terms(f, 0, BONDS, bonds);
  share_terms(f, 1, ANGLES, angles);
  share_terms(f, 2, FARAWAY, faraway);
  f->dataset.equalities =
      (struct q2_equalities){1, f->equality_offset, f->equality_row, f->coefficient, f->equality_value, NULL};
  f->equality_offset[1] = 2;
  f->equality_row[0] = 16;
  f->equality_row[1] = 6;
  CHECK(q2_variables_create(&f->dataset.parameters, NULL, Q2_BOUNDS_FILE, &f->variables, &error) == Q2_OK, "%s", error.text);
}

struct expected {
  int row;
  enum q2_lock_reason reason;
  double value;
  int shared;
};

static void check_list(const struct q2_lock_list *list, int count, const struct expected *expected) {
  CHECK(list->count == count, "%d", list->count);
  for (int k = 0; k < count && k < list->count; k++) {
    const struct q2_lock *lock = &list->lock[k];
    CHECK(lock->row == expected[k].row && lock->reason == expected[k].reason && lock->shared == expected[k].shared,
          "%d: row %d, reason %d, shared %d", k, lock->row, lock->reason, lock->shared);
    CHECK(lock->found == rows[expected[k].row].value, "%g", lock->found);
    CHECK_CLOSE(lock->value, expected[k].value, 1e-3);
  }
}

static void constants_are_found(void) {
  static const struct expected expected[] = {{0, Q2_LOCK_NEGATIVE, -5.0, 0},
                                             {2, Q2_LOCK_ZERO, 1e-4, 0},
                                             {7, Q2_LOCK_ZERO, 0.0, 0},
                                             {11, Q2_LOCK_NEGATIVE, -1.0, 0},
                                             {15, Q2_LOCK_ZERO, 0.0, 0}};
  struct fixture f;
  struct q2_lock_list list;
  struct q2_error error = {""};
  open_fixture(&f);
  CHECK(q2_lock_find(&f.dataset.parameters, &f.variables, f.value, &list, &error) == Q2_OK, "%s", error.text);
  check_list(&list, 5, expected);
  q2_lock_list_free(&list);
  q2_variables_free(&f.variables);
}

static void what_belongs_to_them_is_locked(void) {
  static const struct expected expected[] = {{0, Q2_LOCK_NEGATIVE, 359.832, 0}, {2, Q2_LOCK_ZERO, 359.832, 0},
                                             {7, Q2_LOCK_ZERO, 35.983, 0},      {11, Q2_LOCK_NEGATIVE, 359.832, 0},
                                             {15, Q2_LOCK_ZERO, 359.832, 0},    {1, Q2_LOCK_EQUILIBRIUM, 1.1, 0},
                                             {3, Q2_LOCK_EQUILIBRIUM, 1.2, 1},  {8, Q2_LOCK_EQUILIBRIUM, 2.0, 0},
                                             {10, Q2_LOCK_EQUILIBRIUM, 2.1, 0}, {16, Q2_LOCK_EQUILIBRIUM, 1.3, 1}};
  struct fixture f;
  struct q2_lock_list list;
  struct q2_error error = {""};
  open_fixture(&f);
  CHECK(q2_lock_find(&f.dataset.parameters, &f.variables, f.value, &list, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_lock_as_q2mm(MPI_COMM_WORLD, &f.dataset, &f.variables, f.value, &list, &error) == Q2_OK, "%s", error.text);
  check_list(&list, 10, expected);
  q2_lock_apply(&list, &f.dataset.parameters);
  static const int locked[] = {0, 1, 2, 7, 8, 10, 11, 15};
  for (int p = 0, k = 0; p < ROWS; p++) {
    const int is = k < 8 && locked[k] == p;
    k += is;
    CHECK(f.active[p] == (is ? 0 : rows[p].active), "row %d is %s", p, f.active[p] ? "active" : "frozen");
  }
  CHECK(f.value[9] == f.value[7] && f.value[7] == q2_force_constant_find("angle_k")->standard, "%g", f.value[9]);
  CHECK(f.value[3] == 1.2 && f.value[4] == 300.0 && f.value[5] == -2.0);
  q2_lock_list_free(&list);
  q2_variables_free(&f.variables);
}

static void starts_move_to_the_sign_bound(void) {
  struct fixture f;
  double before[ROWS];
  open_fixture(&f);
  f.value[7] = f.value[9] = -0.5;
  CHECK(q2_lock_start_at_sign_bounds(&f.dataset.parameters, before) == 3);
  CHECK(before[0] == -5.0 && before[7] == -0.5 && before[11] == -1.0 && before[9] == 0.0 && before[5] == 0.0);
  CHECK(f.value[0] == 0.0 && f.value[7] == 0.0 && f.value[9] == 0.0 && f.value[11] == 0.0);
  CHECK(f.value[5] == -2.0 && f.value[13] == -3.0 && f.value[2] == 1e-4);
  q2_variables_free(&f.variables);
}

static void bound_constants_are_seen(void) {
  struct fixture f;
  open_fixture(&f);
  CHECK(q2_lock_bound_constant(&f.dataset.parameters, &f.dataset.equalities) == -1);
  f.equality_row[0] = 9; /* follows 7 */
  CHECK(q2_lock_bound_constant(&f.dataset.parameters, &f.dataset.equalities) == 0);
  f.equality_row[0] = 5; /* frozen */
  CHECK(q2_lock_bound_constant(&f.dataset.parameters, &f.dataset.equalities) == -1);
  q2_variables_free(&f.variables);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  constants_are_found();
  what_belongs_to_them_is_locked();
  starts_move_to_the_sign_bound();
  bound_constants_are_seen();
  int failures = check_failures;
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  return check_failures ? check_result() : failures != 0;
}
