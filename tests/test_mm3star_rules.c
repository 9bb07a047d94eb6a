/* The rules by which MM3* finds the row of a term (docs/mm3star.md), each by itself on made molecules. Rows are told apart by
 * their first numbers. */
#include <math.h>
#include <mpi.h>
#include <string.h>

#include "check.h"
#include "mm3star_made.h"

enum { SIZE = 16384 };
static const struct q2_assign_options omit = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "marked"};
static const struct q2_assign_options frozen = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "none"};

/* Makes the molecule with rows of the main block and (all together) substructures; fails the test where it fails. */
struct setting {
  char main_rows[SIZE], substructures[SIZE], field[3 * SIZE];
  struct q2_dataset dataset;
};

static void begin(struct setting *setting) { memset(setting, 0, sizeof *setting); }

static void main_row(struct setting *setting, const char *types, double a, double b, double c, const char *conditions) {
  mm3star_row(setting->main_rows, SIZE, types, a, b, c, conditions);
}

static void substructure(struct setting *setting, const char *title, const char *pattern) {
  const size_t length = strlen(setting->substructures);
  snprintf(setting->substructures + length, SIZE - length, " %s\n 9  %s\n", title, pattern);
}

static void sub_row(struct setting *setting, const char *types, double a, double b, double c, const char *conditions) {
  mm3star_row(setting->substructures, SIZE, types, a, b, c, conditions);
}

static void make(struct setting *setting, const char *types, const char *bonds, const double *position,
                 const struct q2_assign_options *options) {
  struct q2_error error = {""};
  const struct mm3star_molecule molecule = {types, bonds, position};
  mm3star_field(setting->field, sizeof setting->field, setting->main_rows, setting->substructures);
  CHECK(mm3star_made(setting->field, &molecule, options ? options : &omit, &setting->dataset, &error) == Q2_OK, "%s",
        error.text);
}

static double length_of(const struct setting *setting, int atoms) {
  return mm3star_number(&setting->dataset, "bond_mm3", "bond_eq", atoms);
}
static double angle_of(const struct setting *setting, int atoms) {
  return mm3star_number(&setting->dataset, "angle_mm3", "angle_eq", atoms);
}
static double torsion_of(const struct setting *setting, int atoms) {
  return mm3star_number(&setting->dataset, "torsion_mm3", "torsion_v1", atoms);
}

#define CHECK_ROW(found, expected) CHECK_CLOSE(found, expected, 1e-9)
#define CHECK_NONE(found) CHECK(isnan(found), "%g", found)

/* --- the main block --- */

static void test_first_row_wins(void) {
  struct setting s;
  begin(&s);
  main_row(&s, "1  C3 - C3", 1.1, 4, NAN, " H200 0000");
  main_row(&s, "1  C3 - C3", 1.2, 4, NAN, " 0000 0000");
  main_row(&s, "1  C3 - C3", 1.3, 4, NAN, " H1H1 H1H1"); /* more particular, but too late */
  make(&s, "C3 C3 H1 H1 H1 H1", "1-2 1-3 1-4 2-5 2-6", NULL, NULL);
  CHECK_ROW(length_of(&s, 12), 1.2);
  q2_dataset_free(&s.dataset);
}

static void test_bond_characters(void) {
  struct setting s;
  begin(&s);
  main_row(&s, "1  C2 - C2", 1.1, 4, NAN, " 0000 0000");
  main_row(&s, "1  C2 = C2", 1.2, 4, NAN, " 0000 0000");
  main_row(&s, "1  C2 * C3", 1.3, 4, NAN, " 0000 0000");
  main_row(&s, "1  C2 . C3", 1.4, 4, NAN, " 0000 0000");
  main_row(&s, "1  C3 . C3", 1.5, 4, NAN, " 0000 0000");
  main_row(&s, "1  C2 % C2", 1.6, 4, NAN, " 0000 0000");
  main_row(&s, "2  C2 = C2 - C2", 111, 1, NAN, " 0000 0000 0000");
  main_row(&s, "2  C2 * C2 * C3", 112, 1, NAN, " 0000 0000 0000");
  main_row(&s, "4  C2 - C2 % C2 - C2", 11, 0, 0, " 0000 0000 0000 0000");
  make(&s, "C2 C2 C2 C2 C3 C3 C3", "1=2 2-3 3%4 4-5 3.6 5-7", NULL, NULL);
  CHECK_ROW(length_of(&s, 12), 1.2);
  CHECK_ROW(length_of(&s, 23), 1.1);
  CHECK_ROW(length_of(&s, 34), 1.6);
  CHECK_ROW(length_of(&s, 45), 1.3);
  CHECK_ROW(length_of(&s, 36), 1.4); /* * is no partial bond */
  CHECK_NONE(length_of(&s, 57));     /* . is no single bond */
  CHECK_ROW(angle_of(&s, 123), 111);
  CHECK_NONE(angle_of(&s, 234));
  CHECK_ROW(angle_of(&s, 345), 112);
  CHECK_NONE(angle_of(&s, 236));
  CHECK_NONE(torsion_of(&s, 1234));
  q2_dataset_free(&s.dataset);
}

static void test_conditions(void) {
  struct setting s;
  begin(&s);
  main_row(&s, "1  C3 - C3", 1.1, 4, NAN, " O300 H200");
  main_row(&s, "1  C3 - C3", 1.2, 4, NAN, " H1H1 O300");
  main_row(&s, "1  C3 - H1", 1.3, 4, NAN, " H1H1 0000"); /* not the one in the bond */
  main_row(&s, "1  C3 - H1", 1.4, 4, NAN, " H100 0000");
  main_row(&s, "1  C3 - H1", 1.5, 4, NAN, " 0000 0000");
  main_row(&s, "2  H1 - C3 - C3", 111, 1, NAN, " 0000 H100 O300");
  main_row(&s, "2  H1 - C3 - C3", 112, 1, NAN, " 0000 0000 0000");
  make(&s, "C3 C3 H1 H1 H1 O3", "1-2 1-3 1-4 2-5 2-6", NULL, NULL);
  CHECK_ROW(length_of(&s, 12), 1.2);
  CHECK_ROW(length_of(&s, 13), 1.4);
  CHECK_ROW(length_of(&s, 25), 1.5);
  CHECK_ROW(angle_of(&s, 213), 111);
  CHECK_ROW(angle_of(&s, 125), 112);
  q2_dataset_free(&s.dataset);
}

/* "1C200" and a line: an alpha atom with beta atoms. */
static void test_beta_conditions(void) {
  for (int acid = 0; acid < 2; acid++) {
    struct setting s;
    begin(&s);
    main_row(&s, "1  O3 - H2", 1.1, 4, NAN, "1C2C3 0000");
    main_row(&s, "1", NAN, NAN, NAN, " O2H1 0000");
    main_row(&s, "1  O3 - H2", 1.2, 4, NAN, "2C200 0000");
    main_row(&s, "1", NAN, NAN, NAN, " O200 0000");
    main_row(&s, "1", NAN, NAN, NAN, " O300 0000"); /* a second beta atom, another than the O3 of the bond */
    main_row(&s, "1  O3 - H2", 1.3, 4, NAN, "1C200 0000");
    main_row(&s, "1", NAN, NAN, NAN, " O200 0000");
    main_row(&s, "1  O3 - H2", 1.4, 4, NAN, " C200 0000");
    make(&s, acid ? "H2 O3 C2 O2" : "H2 O3 C2 C2", "1-2 2-3 3=4", NULL, NULL);
    CHECK_ROW(length_of(&s, 12), acid ? 1.3 : 1.4);
    q2_dataset_free(&s.dataset);
  }
}

static void test_wildcards_and_classes(void) {
  struct setting s;
  begin(&s);
  main_row(&s, "1  C0 - HX", 1.1, 4, NAN, " 0000 0000");
  main_row(&s, "1  PX - H0", 1.2, 4, NAN, " 0000 0000");
  main_row(&s, "1  C0 - C0", 1.3, 4, NAN, " 0000 0000");
  main_row(&s, "2  00 - C2 - 00", 111, 1, NAN, " 0000 0000 0000");
  make(&s, "C2 C3 H1 H2 P3 H4 CP", "1-2 1-3 2-4 1-5 5-6 2-7", NULL, NULL);
  CHECK_ROW(length_of(&s, 13), 1.1);
  CHECK_ROW(length_of(&s, 24), 1.1);
  CHECK_ROW(length_of(&s, 56), 1.2);
  CHECK_ROW(length_of(&s, 12), 1.3);
  CHECK_NONE(length_of(&s, 27)); /* C0 is a C and a digit */
  CHECK_NONE(length_of(&s, 15));
  CHECK_ROW(angle_of(&s, 215), 111);
  q2_dataset_free(&s.dataset);
}

/* Rows with a symbol that the head does not select do not count. */
static void test_selection(void) {
  struct setting s;
  begin(&s);
  main_row(&s, "1  C3 - H1", 1.1, 4, NAN, " 0000 0000              A");
  main_row(&s, "1  C3 - H1", 1.2, 4, NAN, " 0000 0000              O");
  make(&s, "C3 H1", "1-2", NULL, NULL);
  CHECK_ROW(length_of(&s, 12), 1.2);
  q2_dataset_free(&s.dataset);
}

/* --- substructures --- */

static void test_substructure_over_main(void) {
  struct setting s;
  begin(&s);
  main_row(&s, "1  C3 - C3", 1.1, 4, NAN, " 0000 0000");
  main_row(&s, "1  C3 - O3", 1.2, 4, NAN, " 0000 0000");
  substructure(&s, "C  ring", "C3-C3-O3-1");
  sub_row(&s, "1   1   2", 1.3, 4, NAN, "");
  sub_row(&s, "1   1  C3", 1.4, 4, NAN, ""); /* off the ring, though 2 is a C3 too */
  make(&s, "C3 C3 O3 C3 C3 C3", "1-2 2-3 3-1 1-4 4-5 5-6", NULL, NULL);
  CHECK_ROW(length_of(&s, 12), 1.3);
  CHECK_ROW(length_of(&s, 14), 1.4);
  CHECK_ROW(length_of(&s, 13), 1.2);
  CHECK_ROW(length_of(&s, 45), 1.1);
  q2_dataset_free(&s.dataset);
}

/* Within a substructure, and among substructures, the last row that fits. */
static void test_last_row_wins(void) {
  struct setting s;
  begin(&s);
  substructure(&s, "C  first", "C3-O3");
  sub_row(&s, "1   1   2", 1.1, 4, NAN, "");
  sub_row(&s, "1   1   2", 1.2, 4, NAN, " H200 0000");
  sub_row(&s, "2   2   1  H1", 111, 1, NAN, "");
  sub_row(&s, "2   2   1  H1", 112, 1, NAN, "      H100");
  sub_row(&s, "2   2   1  H1", 113, 1, NAN, "      P300");
  substructure(&s, "C  second", "O3-C3");
  sub_row(&s, "1   1   2", 1.3, 4, NAN, " 0000 H100");
  sub_row(&s, "1   1   2", 1.4, 4, NAN, " 0000 P300");
  make(&s, "C3 O3 H1 H1 H1", "1-2 1-3 1-4 1-5", NULL, NULL);
  CHECK_ROW(length_of(&s, 12), 1.3);
  CHECK_ROW(angle_of(&s, 213), 112);
  q2_dataset_free(&s.dataset);
}

/* Types in rows and conditions of a substructure mean atoms off it; wildcards mean any. */
static void test_off_the_substructure(void) {
  struct setting s;
  begin(&s);
  substructure(&s, "C  three carbons", "C3-C3-C3");
  sub_row(&s, "1   1  00", 1.1, 4, NAN, " 0000 C300"); /* the third carbon is not off */
  sub_row(&s, "1   1  H0", 1.2, 4, NAN, " C300 0000");
  sub_row(&s, "1   1   2", 1.3, 4, NAN, "");
  sub_row(&s, "1   1   2", 1.4, 4, NAN, " 0000 C300");
  sub_row(&s, "1   1   2", 1.5, 4, NAN, " 0000 C0O3");
  sub_row(&s, "2   1   2  C0", 111, 1, NAN, "");
  sub_row(&s, "2   1   2  C3", 112, 1, NAN, "");
  make(&s, "C3 C3 C3 O3 H1", "1-2 2-3 2-4 1-5", NULL, NULL);
  CHECK_NONE(length_of(&s, 15));
  CHECK_ROW(length_of(&s, 12), 1.5);
  CHECK_ROW(angle_of(&s, 123), 111);
  q2_dataset_free(&s.dataset);
}

static void test_patterns(void) {
  struct setting s;
  begin(&s);
  substructure(&s, "C  branch, closure, partial bond", "RH(-P3)-H1.C2*C2(.1)-O");
  sub_row(&s, "1   1   2", 2.1, 4, NAN, "");
  sub_row(&s, "1   1   3", 2.2, 4, NAN, "");
  sub_row(&s, "1   3   4", 2.3, 4, NAN, "");
  sub_row(&s, "1   4   5", 2.4, 4, NAN, "");
  sub_row(&s, "1   5   1", 2.5, 4, NAN, "");
  sub_row(&s, "1   5   6", 2.6, 4, NAN, "");
  make(&s, "RH P3 H1 C2 C2 O3 H1", "1-2 1-3 3.4 4=5 1.5 5-6 1-7", NULL, NULL);
  CHECK_ROW(length_of(&s, 12), 2.1);
  CHECK_ROW(length_of(&s, 13), 2.2);
  CHECK_ROW(length_of(&s, 34), 2.3);
  CHECK_ROW(length_of(&s, 45), 2.4);
  CHECK_ROW(length_of(&s, 15), 2.5);
  CHECK_ROW(length_of(&s, 56), 2.6);
  CHECK_NONE(length_of(&s, 17)); /* that hydrogen has no partial bond */
  q2_dataset_free(&s.dataset);
  make(&s, "RH P3 H1 C2 C2 O3", "1-2 1-3 3-4 4=5 1.5 5-6", NULL, NULL); /* a single bond for a partial one */
  CHECK_NONE(length_of(&s, 12));
  q2_dataset_free(&s.dataset);
}

/* Alternative a where the angle 1-2-3 is within 45 degrees of 180. */
static void test_alternatives(void) {
  static const double position[] = {-2, 0, 0, 0, 0, 0, 2, 0.5, 0, 0, 0, 2, 0, 2, 0.1};
  struct setting s;
  begin(&s);
  substructure(&s, "C  trans and cis", "P3-RH-O3");
  sub_row(&s, "aA   1   2   3", 180, 45, NAN, "");
  sub_row(&s, "1   1   2", 2.1, 4, NAN, "");
  sub_row(&s, "a1   1   2", 2.2, 4, NAN, "");
  sub_row(&s, "a1   3   2", 2.3, 4, NAN, "");
  sub_row(&s, "1   3   2", 2.4, 4, NAN, ""); /* later, without letter: it wins */
  make(&s, "P3 RH O3 P3", "1-2 2-3 2-4", position, NULL);
  CHECK_ROW(length_of(&s, 12), 2.2);
  CHECK_ROW(length_of(&s, 24), 2.1);
  CHECK_ROW(length_of(&s, 23), 2.4);
  q2_dataset_free(&s.dataset);
}

/* Atoms of a substructure that begins with S are out of reach for later ones. */
static void test_stop(void) {
  for (int stop = 0; stop < 2; stop++) {
    struct setting s;
    begin(&s);
    substructure(&s, stop ? "S  first" : "C  first", "C3-O3");
    sub_row(&s, "1   1   2", 1.1, 4, NAN, "");
    substructure(&s, "C  second", "O3-C3");
    sub_row(&s, "1   1   2", 1.2, 4, NAN, "");
    make(&s, "C3 O3", "1-2", NULL, NULL);
    CHECK_ROW(length_of(&s, 12), stop ? 1.1 : 1.2);
    q2_dataset_free(&s.dataset);
  }
}

/* 00 a b 00 in a substructure is a sum, in the main block it is not. */
static void test_sums(void) {
  struct setting s;
  begin(&s);
  main_row(&s, "4  00 - C2 = C2 - 00", 12, 0, 0, " 0000 0000 0000 0000");
  make(&s, "C2 C2 H1 H1 H1 H1", "1=2 1-3 1-4 2-5 2-6", NULL, NULL);
  int p = mm3star_parameter(&s.dataset, "torsion_v1", "00-C2-C2-00");
  CHECK(p >= 0 && fabs(s.dataset.parameters.value[p] - 12) < 1e-12);
  q2_dataset_free(&s.dataset);
  substructure(&s, "C  ethene", "C2=C2");
  sub_row(&s, "4  00   1   2  00", 20, 0, 0, "");
  make(&s, "C2 C2 H1 H1 H1 H1", "1=2 1-3 1-4 2-5 2-6", NULL, &frozen);
  p = mm3star_parameter(&s.dataset, "torsion_v1", "00-C2-C2-00 /4");
  CHECK(p >= 0 && fabs(s.dataset.parameters.value[p] - 5) < 1e-12 && fabs(s.dataset.origin.multiplier[p] - 0.25) < 1e-12);
  CHECK_ROW(torsion_of(&s, 3125), 20);
  q2_dataset_free(&s.dataset);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  test_first_row_wins();
  test_bond_characters();
  test_conditions();
  test_beta_conditions();
  test_wildcards_and_classes();
  test_selection();
  test_substructure_over_main();
  test_last_row_wins();
  test_off_the_substructure();
  test_patterns();
  test_alternatives();
  test_stop();
  test_sums();
  const int failed = check_result();
  MPI_Finalize();
  return failed;
}
