/* What MM3*'s rows become: cross terms, charges, sites, non-bonded parameters, which parameters vary; what is refused; and a
 * fitted force field put back into its file and read again. */
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "../io/formats/put_back.h"
#include "check.h"
#include "mm3star_made.h"

enum { SIZE = 32768 };
static const struct q2_assign_options omit = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "marked"};
static const struct q2_assign_options frozen = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "none"};

/* Everything a hydrated formaldehyde and a metal need: rows of each kind. */
static void write_main(char *rows, size_t size) {
  rows[0] = '\0';
  mm3star_row(rows, size, "1  C3 - C3", 1.5, 4.5, 0, " 0000 0000");
  mm3star_row(rows, size, "1  H1 - C3", 1.1, 4.7, NAN, " 0000 0000");
  mm3star_row(rows, size, "1  O3 - C3", 1.4, 5.7, -1.17, " 0000 0000");
  mm3star_row(rows, size, "1  O2 = C2", 1.2, 10.1, -1.86, " 0000 0000");
  mm3star_row(rows, size, "1  C2 - H1", 1.1, 5.1, -0.6, " 0000 0000");
  mm3star_row(rows, size, "1  C2 * C2", 1.4, 6.1, 0, " 0000 0000");
  mm3star_row(rows, size, "1  C2 - C3", 1.5, 6.3, 0, " 0000 0000");
  mm3star_row(rows, size, "2  C3 - C3 - H1", 109.3, 0.59, 0.3, " 0000 0000 0000");
  mm3star_row(rows, size, "2  H1 - C3 - H1", 107.8, 0.55, 0, " 0000 0000 0000");
  mm3star_row(rows, size, "2  C3 - C3 - O3", 108, 0.83, 0.24, " 0000 0000 0000");
  mm3star_row(rows, size, "2  H1 - C3 - O3", 110, 0.82, 0.3, " 0000 0000 0000");
  mm3star_row(rows, size, "2  00 * C2 * 00", 120, 0.5, 0.2, " 0000 0000 0000");
  mm3star_row(rows, size, "3  H1 * C0 * H1", 0, NAN, NAN, " 0000 0000 0000");
  mm3star_row(rows, size, "3  00 * C0 * H1", 0.08, NAN, NAN, " 0000 0000 0000");
  mm3star_row(rows, size, "3  00 * C0 * 00", 0.13, NAN, NAN, " 0000 0000 0000");
  mm3star_row(rows, size, "4  H1 - C3 - C3 - H1", 0, 0, 0.238, " 0000 0000 0000 0000");
  mm3star_row(rows, size, "4  H1 - C3 - C3 - O3", 0, 0, 0, " 0000 0000 0000 0000");
  mm3star_row(rows, size, "8  00 - C3 - C3 - 00", 0.059, 0, 0, " 0000 0000 0000 0000");
  mm3star_row(rows, size, "5  C2 * O2 * 00 * 00", 0, 0.8, NAN, " 0000 0000 0000 0000");
  mm3star_row(rows, size, "5  C2 * 00 * 00 * 00", 0, 0.05, NAN, " 0000 0000 0000 0000");
  mm3star_row(rows, size, "6  C3   H1", 3.56, 0.023, NAN, " 0000 0000");
}

static int make(const char *main_rows, const char *substructures, const char *types, const char *bonds,
                const struct q2_assign_options *options, struct q2_dataset *dataset, struct q2_error *error) {
  static char field[3 * SIZE];
  const struct mm3star_molecule molecule = {types, bonds, NULL};
  mm3star_field(field, sizeof field, main_rows, substructures);
  error->text[0] = '\0';
  return mm3star_made(field, &molecule, options, dataset, error);
}

static const struct q2_term_table *table_of(const struct q2_dataset *dataset, const char *form) {
  for (int t = 0; t < dataset->term_table_count; t++)
    if (strcmp(dataset->terms[t].form, form) == 0) return dataset->terms + t;
  return NULL;
}

static int count_of(const struct q2_dataset *dataset, const char *form) {
  const struct q2_term_table *table = table_of(dataset, form);
  return table ? (int)table->offset[dataset->molecule_count] : 0;
}

/* --- terms --- */

static void test_cross_terms(void) {
  char rows[SIZE];
  struct q2_dataset d;
  struct q2_error error;
  write_main(rows, sizeof rows);
  CHECK(make(rows, NULL, "C3 C3 H1 H1 H1 H1 O3", "1-2 1-3 1-4 2-5 2-6 1-7", &frozen, &d, &error) == Q2_OK, "%s", error.text);
  CHECK(count_of(&d, "bond_mm3") == 6 && count_of(&d, "angle_mm3") == 9);
  /* 213 214 217 317 417 about atom 1, 125 126 about 2; H-C-H have none */
  CHECK(count_of(&d, "stretch_bend") == 7, "%d", count_of(&d, "stretch_bend"));
  CHECK_CLOSE(mm3star_number(&d, "stretch_bend", "stretch_bend_k", 213), 0.08, 1e-12);
  CHECK_CLOSE(mm3star_number(&d, "stretch_bend", "stretch_bend_k", 217), 0.13, 1e-12);
  int p = mm3star_parameter(&d, "stretch_bend_k", "00-C0-H1");
  CHECK(p >= 0 && fabs(d.parameters.value[p] - 143.88 * 0.08) < 1e-6);
  /* bend-bend: pairs among 213 214 217 317 417 (10), and 125 126 (1); two opposite: 213 417, 214 317 */
  CHECK(count_of(&d, "bend_bend") == 9 && count_of(&d, "bend_bend_opposite") == 2, "%d %d", count_of(&d, "bend_bend"),
        count_of(&d, "bend_bend_opposite"));
  p = mm3star_parameter(&d, "bend_bend_k", "x");
  CHECK(p >= 0 && d.origin.line[p] == 0 && !d.parameters.active[p]);
  CHECK_CLOSE(mm3star_number(&d, "bend_bend", "bend_bend_k", 2134), -71.94 * 0.3 * 0.3, 1e-6);
  /* torsions with constants of zero have no terms where they are frozen */
  CHECK(count_of(&d, "torsion_mm3") == 4 && count_of(&d, "torsion_stretch") == 6);
  CHECK_CLOSE(mm3star_number(&d, "torsion_stretch", "torsion_stretch_v1", 3125), 0, 0);
  p = mm3star_parameter(&d, "torsion_stretch_v3", "00-C3-C3-00");
  CHECK(p >= 0 && fabs(d.parameters.value[p] + 11.995 * 0.059) < 1e-9);
  q2_dataset_free(&d);
}

/* A substructure's angle without a bend-bend constant: the main block's row, with its ideal angle, for this term alone. */
static void test_bend_bend_of_substructure(void) {
  char rows[SIZE], sub[SIZE] = " C  methoxy\n 9  C3-O3\n";
  struct q2_dataset d;
  struct q2_error error;
  write_main(rows, sizeof rows);
  mm3star_row(sub, sizeof sub, "2   2   1  H1", 111, 1, NAN, "");
  CHECK(make(rows, sub, "C3 O3 H1 H1", "1-2 1-3 1-4", &omit, &d, &error) == Q2_OK, "%s", error.text);
  CHECK_CLOSE(mm3star_number(&d, "angle_mm3", "angle_eq", 213), 111, 1e-9);
  CHECK_CLOSE(mm3star_number(&d, "bend_bend", "angle_eq", 2134), 110, 1e-9);
  CHECK_CLOSE(mm3star_number(&d, "stretch_bend", "angle_eq", 213), 111, 1e-9);
  q2_dataset_free(&d);
  mm3star_row(sub, sizeof sub, "2   2   1  H1", 112, 1, 0, ""); /* a constant of zero is one */
  CHECK(make(rows, sub, "C3 O3 H1 H1", "1-2 1-3 1-4", &omit, &d, &error) == Q2_OK, "%s", error.text);
  CHECK(count_of(&d, "bend_bend") == 0);
  q2_dataset_free(&d);
}

/* One term a centre with three bonds, in their order; partial bonds do not count. */
static void test_out_of_plane(void) {
  char rows[SIZE];
  struct q2_dataset d;
  struct q2_error error;
  write_main(rows, sizeof rows);
  CHECK(make(rows, NULL, "C2 H1 O2 C3 RH", "1-4 1-2 1=3 1.5", &omit, &d, &error) == Q2_OK, "%s", error.text);
  const struct q2_term_table *table = table_of(&d, "improper_fourier");
  CHECK(table && table->offset[1] == 1);
  if (table) {
    CHECK(table->atoms[0] == 3 && table->atoms[1] == 0 && table->atoms[2] == 1 && table->atoms[3] == 2, "%d %d %d %d",
          table->atoms[0], table->atoms[1], table->atoms[2], table->atoms[3]);
    CHECK(table->constants[0] == 2);
  }
  CHECK_CLOSE(mm3star_number(&d, "improper_fourier", "improper_k", 4123), 0.8, 1e-12);
  q2_dataset_free(&d);
  CHECK(make(rows, NULL, "C2 C3 C3 C3 H1", "1-2 1-3 1-4 1-5", &omit, &d, &error) == Q2_OK);
  CHECK(count_of(&d, "improper_fourier") == 0);
  q2_dataset_free(&d);
}

/* --- atoms --- */

static double charge_of(const struct q2_dataset *d, int atom) {
  double charge = d->atom_charge[atom];
  for (int64_t k = 0; d->increments.offset && k < d->increments.offset[1]; k++)
    for (int side = 0; side < 2; side++)
      if (d->increments.atoms[2 * k + side] == atom)
        charge += (side ? -1 : 1) * d->increments.factor[k] * d->parameters.value[d->increments.parameter[k]];
  return charge;
}

static void test_charges(void) {
  char rows[SIZE];
  struct q2_dataset d;
  struct q2_error error;
  write_main(rows, sizeof rows);
  CHECK(make(rows, NULL, "C2 O2 H1 N4 RH", "1=2 1-3", &omit, &d, &error) == Q2_OK, "%s", error.text);
  /* a moment of -1.86 makes the row's first atom, O2, negative; rounded to 1e-5 e */
  const double oxygen = round(-1.86 / 4.803 / 1.2 * 1e5) / 1e5, carbon = round(-0.6 / 4.803 / 1.1 * 1e5) / 1e5;
  CHECK_CLOSE(charge_of(&d, 1), oxygen, 1e-12);
  CHECK_CLOSE(charge_of(&d, 0), carbon - oxygen, 1e-12);
  CHECK_CLOSE(charge_of(&d, 2), -carbon, 1e-12);
  CHECK(d.atom_charge[3] == 1 && d.atom_charge[4] == 3, "%g %g", d.atom_charge[3], d.atom_charge[4]); /* RH's own line */
  CHECK_CLOSE(d.nonbonded.dielectric, 332.063713 / (1389.5 / 4.184), 1e-12);
  q2_dataset_free(&d);
}

static void check_type(const struct q2_dataset *d, int atom, double radius, double epsilon) {
  const int32_t type = d->type[atom];
  CHECK_CLOSE(d->parameters.value[d->nonbonded.size[type]], radius, 1e-12);
  CHECK_CLOSE(d->parameters.value[d->nonbonded.epsilon[type]], epsilon, 1e-12);
}

static void test_types_and_sites(void) {
  char rows[SIZE], sub[SIZE] = " C  its own carbon\n 9  C3-C2\n";
  struct q2_dataset d;
  struct q2_error error;
  write_main(rows, sizeof rows);
  mm3star_row(rows, SIZE, "1  C3 - H1", 1.1, 4.7, NAN, " 0000 0000");
  mm3star_row(rows, SIZE, "1  C3 . H1", 1.7, 4.7, NAN, " 0000 0000");
  mm3star_row(rows, SIZE, "2  H1 . C3 - C2", 100, 1, NAN, " 0000 0000 0000");
  mm3star_row(rows, SIZE, "2  RH - H1 . C3", 100, 1, NAN, " 0000 0000 0000");
  mm3star_row(rows, SIZE, "1  RH - H1", 1.6, 4.7, NAN, " 0000 0000");
  mm3star_row(sub, sizeof sub, "6   1  00", 1.94, 0.045, NAN, "");
  CHECK(make(rows, sub, "RH H1 C3 C2 O2 C2 H1 P3", "1-2 2.3 3-4 4=5 4-6 6-7 7-8", &omit, &d, &error) == Q2_OK, "%s",
        error.text);
  check_type(&d, 0, 2.0, 0.63);   /* a metal: the line Z0, which comes before RH */
  check_type(&d, 1, 1.62, 0.02);  /* H1 */
  check_type(&d, 2, 1.94, 0.045); /* C3 with a row of a substructure */
  check_type(&d, 3, 1.94, 0.056); /* C2 bonded to O2 */
  check_type(&d, 5, 1.96, 0.056); /* C2 */
  check_type(&d, 6, 1.5, 0.02);   /* H1 bonded to P3: no offset */
  /* the first H1 moves towards the atom that its bonds name first */
  CHECK(d.has_sites && d.reduction_parent[1] == 0 && fabs(d.reduction[1] - 0.08) < 1e-15 && d.reduction_parent[6] == -1);
  /* its bond to the metal keeps its length, the other and the angles change */
  const struct q2_term_table *bonds = table_of(&d, "bond_mm3"), *angles = table_of(&d, "angle_mm3");
  for (int64_t b = 0; bonds && b < bonds->offset[1]; b++) {
    const int32_t *a = bonds->atoms + 2 * b;
    CHECK(bonds->at_sites[b] == (a[0] == 1 && a[1] == 2), "bond %d %d", a[0], a[1]);
  }
  for (int64_t b = 0; angles && b < angles->offset[1]; b++) {
    const int32_t *a = angles->atoms + 3 * b;
    CHECK(angles->at_sites[b] == (a[1] == 1 || (a[1] == 2 && (a[0] == 1 || a[2] == 1))), "angle %d %d %d", a[0], a[1], a[2]);
  }
  q2_dataset_free(&d);
}

static void test_special_pairs(void) {
  char rows[SIZE];
  struct q2_dataset d;
  struct q2_error error;
  write_main(rows, sizeof rows);
  CHECK(make(rows, NULL, "C3 H1", "1-2", &omit, &d, &error) == Q2_OK, "%s", error.text);
  CHECK(d.nonbonded.special_count == 1 && strcmp(d.nonbonded.special_form[0], "exp6_mm3") == 0);
  if (d.nonbonded.special_count == 1) {
    CHECK_CLOSE(d.parameters.value[d.nonbonded.special_parameters[0]], 0.023, 1e-12);
    CHECK_CLOSE(d.parameters.value[d.nonbonded.special_parameters[1]], 3.56, 1e-12);
  }
  CHECK(d.nonbonded.soft_cut_begin == 6 && d.nonbonded.soft_cut_end == 8);
  CHECK(strcmp(d.nonbonded.form, "exp6_mm3") == 0 && strcmp(d.nonbonded.combining_rule, "mm3") == 0);
  q2_dataset_free(&d);
}

/* Where MM3* would have a hydrogen bond: more than three bonds and at most 4 angstrom apart. What has no row is noted, too. */
static void test_notes(void) {
  static char field[3 * SIZE];
  static const double position[] = {0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 0, 3.9, 0, 1, 3, 0, 8, 0, 0};
  char rows[SIZE];
  const struct mm3star_molecule molecule = {"H2 O3 C3 O2 O2 H2 O2", "1-2 2-3 3-4 5-6", position};
  write_main(rows, sizeof rows);
  mm3star_row(rows, sizeof rows, "7  H2   O2", 37.5, 10, NAN, " 0000 0000");
  mm3star_field(field, sizeof field, rows, NULL);
  /* 1...5 counts and 6...4; not 1...4 (three bonds), 6...5 (one), 1...7 and 6...7 (far) */
  CHECK(mm3star_without_row(field, &molecule, "hydrogen bond") == 2, "%d",
        mm3star_without_row(field, &molecule, "hydrogen bond"));
  CHECK(mm3star_without_row(field, &molecule, "bond") == 3); /* H2-O3, C3-O2 and O2-H2 */
  CHECK(mm3star_without_row(field, &molecule, "torsion") == 1);
}

/* --- what varies --- */

static void test_fit(void) {
  static const struct {
    const char *fit;
    int marked, other, moment, product;
  } cases[] = {{"marked", 1, 0, 0, 0},         {"all", 1, 1, 1, 0},
               {"none", 0, 0, 0, 0},           {"bond_eq,bond_dipole", 0, 0, 1, 0},
               {"bond_k,angle_k", 1, 1, 0, 0}, {"bend_bend_k", 0, 0, 0, 1}};
  char rows[SIZE], sub[SIZE] = " C  to be fitted OPT\n 9  C3-O3\n";
  write_main(rows, sizeof rows);
  mm3star_row(sub, sizeof sub, "1   1   2", 1.41, 5.71, 0, "");
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    struct q2_dataset d;
    struct q2_error error;
    const struct q2_assign_options options = {.unmatched = Q2_UNMATCHED_OMIT, .fit = cases[k].fit};
    CHECK(make(rows, sub, "C3 O3 H1 H1", "1-2 1-3 1-4", &options, &d, &error) == Q2_OK, "%s", error.text);
    const int marked = mm3star_parameter(&d, "bond_k", "C3-O3"), other = mm3star_parameter(&d, "bond_k", "H1-C3");
    const int moment = mm3star_parameter(&d, "bond_dipole", "C3-O3"), product = mm3star_parameter(&d, "bend_bend_k", "x");
    CHECK(marked >= 0 && d.parameters.active[marked] == cases[k].marked, "-fit %s", cases[k].fit);
    CHECK(other >= 0 && d.parameters.active[other] == cases[k].other, "-fit %s", cases[k].fit);
    CHECK((moment >= 0) == cases[k].moment, "-fit %s", cases[k].fit); /* a moment of zero is there where it varies */
    CHECK(moment < 0 || d.parameters.active[moment]);
    CHECK(product >= 0 && d.parameters.active[product] == cases[k].product, "-fit %s", cases[k].fit);
    q2_dataset_free(&d);
  }
}

/* Where nothing is marked, all varies (but for moments and products). */
static void test_fit_without_marks(void) {
  char rows[SIZE];
  struct q2_dataset d;
  struct q2_error error;
  write_main(rows, sizeof rows);
  CHECK(make(rows, NULL, "C3 O3 H1 H1", "1-2 1-3 1-4", &omit, &d, &error) == Q2_OK, "%s", error.text);
  const int bond = mm3star_parameter(&d, "bond_k", "O3-C3"), moment = mm3star_parameter(&d, "bond_dipole", "O3-C3");
  CHECK(bond >= 0 && d.parameters.active[bond] && moment >= 0 && !d.parameters.active[moment]);
  q2_dataset_free(&d);
}

/* --- what is refused --- */

static void check_refused(const char *rows, const char *sub, const char *types, const char *bonds,
                          const struct q2_assign_options *options, const char *expected) {
  struct q2_dataset d;
  struct q2_error error;
  const int status = make(rows, sub, types, bonds, options, &d, &error);
  CHECK(status == Q2_FAILED && strstr(error.text, expected) != NULL, "expected '%s', found '%s'", expected, error.text);
  if (status == Q2_OK) q2_dataset_free(&d);
}

static void test_refusals(void) {
  static const struct q2_assign_options strict = {.unmatched = Q2_UNMATCHED_REFUSE, .fit = "marked"},
                                        new_rows = {.unmatched = Q2_UNMATCHED_NEW, .fit = "marked"},
                                        wrong = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "bond_k,bonds"};
  char rows[SIZE];
  write_main(rows, sizeof rows);
  check_refused(rows, NULL, "C3 P3", "1-2", &strict, "made (atoms 1 2): no row of made.fld fits the bond C3-P3");
  check_refused(rows, NULL, "O3 C3 O3", "1-2 2-3", &strict, "no row of made.fld fits the angle O3-C3-O3");
  check_refused(rows, NULL, "C3 F0", "1-2", &omit, "the van der Waals table of made.fld has no line for the type F0");
  check_refused(rows, NULL, "C2 C2", "1:2", &omit, "has no order, or is aromatic");
  check_refused(rows, NULL, "C3 C3", "1-2", &new_rows, "-unmatched new");
  check_refused(rows, NULL, "C3 C3", "1-2", &wrong, "\"bonds\" is no kind");
  char higher[SIZE];
  snprintf(higher, sizeof higher, "%s", rows);
  mm3star_row(higher, sizeof higher, "4  O3 - C3 - C3 - O3", 1, 0, 0, " 0000 0000 0000 0000");
  mm3star_row(higher, sizeof higher, "54", 1, 0, 0, "");
  check_refused(higher, NULL, "O3 C3 C3 O3", "1-2 2-3 3-4", &omit, "V4 to V6");
  /* a fitted sum must have the same number of torsions everywhere; a frozen one need not */
  char sum[SIZE] = " C  ethene OPT\n 9  C2=C2\n", kept[SIZE] = " C  ethene\n 9  C2=C2\n";
  mm3star_row(sum, sizeof sum, "4  00   1   2  00", 0, 12, 0, "");
  check_refused(rows, sum, "C2 C2 H1 H1 H1 H1 C2 C2 H1 H1", "1=2 1-3 1-4 2-5 2-6 7=8 7-9 8-10", &omit,
                "the sum over 1 torsions about a bond of made, over 4 elsewhere");
  mm3star_row(kept, sizeof kept, "4  00   1   2  00", 0, 12, 0, "");
  struct q2_dataset d;
  struct q2_error error;
  CHECK(make(rows, kept, "C2 C2 H1 H1 H1 H1 C2 C2 H1 H1", "1=2 1-3 1-4 2-5 2-6 7=8 7-9 8-10", &frozen, &d, &error) == Q2_OK,
        "%s", error.text);
  const int four = mm3star_parameter(&d, "torsion_v2", "00-C2-C2-00 /4"),
            one = mm3star_parameter(&d, "torsion_v2", "00-C2-C2-00");
  CHECK(four >= 0 && one >= 0 && fabs(d.parameters.value[four] - 3) < 1e-12);
  q2_dataset_free(&d);
  check_refused(rows, " C  pair\n 9  C3-C3\n 6   1   2                 1.9400     0.0450\n", "C3 C3", "1-2", &omit,
                "for the number of an atom and 00");
}

/* --- back into the file --- */

static void test_put_back(void) {
  static const char types[] = "C2 C2 H1 H1 O3 H1", bonds[] = "1=2 1-3 1-4 2-5 2-6";
  static char field[3 * SIZE];
  char rows[SIZE], sub[SIZE] = " C  ethenol OPT\n 9  C2=C2-O3\n";
  struct q2_dataset d, again;
  struct q2_error error = {""};
  struct mm3star_molecule molecule = {types, bonds, NULL};
  char *bytes = NULL, *twice = NULL;
  size_t size = 0;
  write_main(rows, sizeof rows);
  mm3star_row(sub, sizeof sub, "1   1   2", 1.33, 7.5, 0, "");
  mm3star_row(sub, sizeof sub, "2   1   2   3", 121.5, 0.5, NAN, "");
  mm3star_row(sub, sizeof sub, "4  00   1   2  00", 0, 16, 0, "");
  mm3star_field(field, sizeof field, rows, sub);
  CHECK(mm3star_made(field, &molecule, &omit, &d, &error) == Q2_OK, "%s", error.text);
  double *value = malloc((size_t)d.parameters.count * sizeof *value);
  int fitted = 0;
  for (int p = 0; value && p < d.parameters.count; p++) {
    fitted += d.parameters.active[p];
    value[p] = d.parameters.value[p] + (d.parameters.active[p] ? 0.0125 * d.parameters.factor[p] * d.origin.multiplier[p] : 0);
  }
  CHECK(fitted == 7, "%d", fitted); /* length, constant; angle, constant; V1 to V3 */
  CHECK(q2_put_back(&d, value, &bytes, &size, &error) == Q2_OK, "%s", error.text);
  CHECK(size == strlen(field));
  int changed = 0;
  for (size_t k = 0; bytes && k < size; k++)
    changed += bytes[k] != field[k];
  CHECK(changed > 0 && changed <= 7 * 10, "%d bytes changed", changed);
  CHECK(bytes && mm3star_made(bytes, &molecule, &omit, &again, &error) == Q2_OK, "%s", error.text);
  for (int p = 0; p < d.parameters.count; p++)
    CHECK_CLOSE(again.parameters.value[p], value[p], 1e-9 * fabs(value[p]));
  CHECK(q2_put_back(&again, again.parameters.value, &twice, &size, &error) == Q2_OK && bytes && strcmp(bytes, twice) == 0);
  const int product = mm3star_parameter(&d, "bend_bend_k", "x");
  CHECK(product >= 0);
  d.parameters.active[product] = 1;
  value[product] += 1;
  free(twice);
  CHECK(q2_put_back(&d, value, &twice, &size, &error) == Q2_FAILED && strstr(error.text, "has no place") != NULL, "%s",
        error.text);
  free(bytes);
  free(twice);
  free(value);
  q2_dataset_free(&d);
  q2_dataset_free(&again);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  test_cross_terms();
  test_bend_bend_of_substructure();
  test_out_of_plane();
  test_charges();
  test_types_and_sites();
  test_special_pairs();
  test_notes();
  test_fit();
  test_fit_without_marks();
  test_refusals();
  test_put_back();
  const int failed = check_result();
  MPI_Finalize();
  return failed;
}
