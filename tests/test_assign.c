/* Which row of a force field each term gets, format by format: wildcards, precedence, directions, components, impropers, cross
 * terms, charges, sites; bonds and angles without a row; and which parameters vary. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "assigned.h"
#include "check.h"

static const struct q2_assign_options refuse = {.unmatched = Q2_UNMATCHED_REFUSE, .fit = "none"};
static const struct q2_assign_options omit = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "none"};

#define CHECK_TEXT(found, expected) check_text(__FILE__, __LINE__, found, expected)
static void check_text(const char *file, int line, const char *found, const char *expected) {
  check_report(file, line, "texts are equal", strcmp(found, expected) == 0, "found    %s\n  expected %s", found, expected);
}

/* --- AMBER --- */

#define AMBER_MASSES "a title\nMASS\nc3 12.01\nc  12.01\nhc 1.008\nha 1.008\no  16.00\nn  14.01\n\n"
#define AMBER_SPRINGS                                                                                                          \
  "BOND\nc3-hc  330.60   1.0970\no -c   637.70   1.2183\nc -c3  313.0   1.52\nc -ha  320.0  1.1\nc -n  470.0  1.38\n"          \
  "\nANGLE\nhc-c3-hc   39.400     107.580\nhc-c3-c  46.9 108.8\nc3-c -o  67.4 123.2\nc3-c -ha  46.0 115.2\n"                   \
  "ha-c -o   54.1 120.1\nc -c3-c   64.9 111.6\n\n"
#define AMBER_PAIRS                                                                                                            \
  "NONBON\n  c3          1.9080  0.1094\n  c           1.9080  0.0860\n  hc          1.4870  0.0157\n"                         \
  "  ha          0.0000  0.0000\n  o           1.6612  0.2100\n  n  1.8240  0.1700\n\n"

static const struct assigned_molecule acetaldehyde = {
    .name = "acetaldehyde", .types = "c3 c o hc hc hc ha", .elements = "C C O H H H H", .bonds = "1-2 2-3 1-4 1-5 1-6 2-7"};

static void amber_torsions_and_impropers(void) {
  static const char field[] = AMBER_MASSES AMBER_SPRINGS "DIHE\nX -c3-c -X    6    0.600         0.000           3.000\n"
                                                         "o -c -c3-hc    1    0.80          0.0            -1.\n"
                                                         "o -c -c3-hc    1    0.08        180.0             3.\n\n"
                                                         "IMPROPER\nX -X -c -o          10.5         180.          2.\n"
                                                         "c3-ha-c -o          1.1         180.          2.\n\n" AMBER_PAIRS;
  struct q2_dataset d;
  struct q2_error error;
  struct q2_assignment_report report = {0};
  CHECK(assigned("made.frcmod", field, &acetaldehyde, &refuse, &d, &report, &error) == Q2_OK, "%s", error.text);
  CHECK_TEXT(assigned_terms(&d, "bond_harmonic"), "1-2:c-c3 2-3:o-c 1-4:c3-hc 1-5:c3-hc 1-6:c3-hc 2-7:c-ha");
  CHECK_TEXT(assigned_terms(&d, "angle_harmonic"),
             "2-1-4:hc-c3-c 2-1-5:hc-c3-c 2-1-6:hc-c3-c 4-1-5:hc-c3-hc 4-1-6:hc-c3-hc 5-1-6:hc-c3-hc 1-2-3:c3-c-o "
             "1-2-7:c3-c-ha 3-2-7:ha-c-o");
  /* the specific series has both of its components, from either end; the rest the wildcard's */
  CHECK_TEXT(assigned_terms(&d, "torsion_fourier"),
             "4-1-2-3:o-c-c3-hc/1 4-1-2-3:o-c-c3-hc/3 4-1-2-7:*-c3-c-*/3 5-1-2-3:o-c-c3-hc/1 5-1-2-3:o-c-c3-hc/3 "
             "5-1-2-7:*-c3-c-*/3 6-1-2-3:o-c-c3-hc/1 6-1-2-3:o-c-c3-hc/3 6-1-2-7:*-c3-c-*/3");
  CHECK_TEXT(assigned_terms(&d, "improper_fourier"), "1-7-2-3:c3-ha-c-o/2");
  CHECK_CLOSE(assigned_value(&d, "torsion_k", "*-c3-c-*/3"), 0.1, 1e-15); /* 0.6 / 6 */
  CHECK_CLOSE(assigned_value(&d, "torsion_phase", "o-c-c3-hc/3"), 180.0, 1e-12);
  CHECK_CLOSE(assigned_value(&d, "bond_k", "c3-hc"), 330.6, 1e-12);
  CHECK_CLOSE(assigned_value(&d, "angle_eq", "hc-c3-hc"), 107.58, 1e-12);
  CHECK(strcmp(d.nonbonded.form, "lennard_jones") == 0 && strcmp(d.nonbonded.combining_rule, "lorentz-berthelot") == 0);
  CHECK_CLOSE(d.nonbonded.vdw_14, 0.5, 1e-15);
  CHECK_CLOSE(d.nonbonded.coulomb_14, 1.0 / 1.2, 1e-15);
  CHECK_CLOSE(assigned_value(&d, "lj_sigma", "c3"), 1.908 * pow(2.0, 5.0 / 6.0), 1e-12);
  CHECK(assigned_noted(&report, "torsion", "hc-c3-c-o", Q2_MATCHED) == 3);
  CHECK(assigned_noted(&report, "torsion", "hc-c3-c-ha", Q2_MATCHED_BY_WILDCARD) == 3);
  CHECK(assigned_noted(&report, "improper", NULL, Q2_MATCHED) == 1);
  CHECK(assigned_noted(&report, "improper", NULL, Q2_MATCHED_NONE) == 4); /* any three ligands of the methyl group */
  CHECK(assigned_noted(&report, "van der Waals", NULL, Q2_MATCHED) == 7);
  q2_assignment_report_free(&report);
  q2_dataset_free(&d);
}

/* One row in each file, and impropers whose wildcards leave the order to LEaP: same types by their numbers. */
static void amber_order_of_ligands(void) {
  static const struct {
    const char *types, *bonds, *row, *expected;
  } cases[] = {{"c o o n", "1-2 1-3 1-4", "X -X -c -o ", "2-4-1-3:*-*-c-o/2"},
               {"o c o n", "2-1 2-3 2-4", "X -o -c -o ", "4-1-2-3:*-o-c-o/2"},
               {"n o ha c", "4-1 4-2 4-3", "o -ha-c -n ", "2-3-4-1:o-ha-c-n/2"},
               {"o o o c", "4-1 4-2 4-3", "o -o -c -o ", "1-2-4-3:o-o-c-o/2"},
               {"n o ha c", "4-1 4-2 4-3", "X -X -c -X ", "1-2-4-3:*-*-c-*/2"},
               {"n o ha c", "4-3 4-2 4-1", "X -X -c -ha", "1-2-4-3:*-*-c-ha/2"},
               {"n o ha c", "4-3 4-2 4-1", "X -X -n -ha", ""},
               {"n o ha c", "4-3 4-2 4-1", "X -X -c -ha     1.1         180.          2.\nX -X -c -o ", "1-2-4-3:*-*-c-ha/2"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char field[1024];
    struct q2_dataset d;
    struct q2_error error;
    const struct assigned_molecule molecule = {"made", cases[k].types, "C C C C", cases[k].bonds, NULL, NULL};
    snprintf(field, sizeof field, AMBER_MASSES "IMPROPER\n%s     1.1         180.          2.\n\n", cases[k].row);
    CHECK(assigned("made.frcmod", field, &molecule, &omit, &d, NULL, &error) == Q2_OK, "%s", error.text);
    CHECK_TEXT(assigned_terms(&d, "improper_fourier"), cases[k].expected);
    CHECK(d.nonbonded.type_count == 0);
    q2_dataset_free(&d);
  }
}

/* parm.dat: types that share the pairs of another; the file read later wins, a specific row before a general one of it. */
static void amber_second_files(void) {
  static const char first[] = AMBER_MASSES AMBER_SPRINGS "DIHE\nhc-c3-c -o    1    0.80          0.0             1.\n"
                                                         "X -c3-c -X    6    0.600         0.000           3.000\n\n"
                                                         "IMPROPER\nX -X -c -ha   1.0  180.0  2.0\n\n";
  static const char second[] = "title\nMASS\n\nBOND\nhc-c3  300.00   1.0900\n\n"
                               "DIHE\nX -c -c3-X    1    0.500         0.000           2.000\n\n"
                               "IMPROPER\nX -X -c -o   2.0  180.0  2.0\n\n";
  const char *const texts[] = {first, second};
  struct q2_force_field field;
  struct q2_error error = {""};
  struct q2_molecule_list list = {0};
  struct q2_builder *builder = NULL;
  struct q2_assignment_report report = {0};
  struct q2_dataset d = {0};
  assigned_add(&list, &acetaldehyde);
  CHECK(assigned_field("made.frcmod", texts, 2, &field, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_builder_create(&list, 0, 1, &builder, &error) == Q2_OK &&
            q2_assign_rows(builder, &field, &refuse, &report, &error) == Q2_OK &&
            q2_builder_finish(MPI_COMM_SELF, builder, NULL, "", &d, &error) == Q2_OK,
        "%s", error.text);
  CHECK_CLOSE(assigned_value(&d, "bond_k", "hc-c3"), 300.0, 1e-12);
  CHECK_TEXT(assigned_terms(&d, "torsion_fourier"), "4-1-2-3:hc-c3-c-o/1 4-1-2-7:*-c-c3-*/2 5-1-2-3:hc-c3-c-o/1 "
                                                    "5-1-2-7:*-c-c3-*/2 6-1-2-3:hc-c3-c-o/1 6-1-2-7:*-c-c3-*/2");
  CHECK_TEXT(assigned_terms(&d, "improper_fourier"), "1-7-2-3:*-*-c-o/2");
  q2_assignment_report_free(&report);
  q2_builder_free(builder);
  q2_molecule_list_free(&list);
  q2_force_field_free(&field);
  q2_dataset_free(&d);
}

/* The same ligands in another order replace the row, in one file and in a second one. */
static void amber_impropers_in_any_order(void) {
  static const char both[] = AMBER_MASSES "IMPROPER\nc3-ha-c -o    1.0  180.0  2.0\nha-o -c -c3   2.0  180.0  2.0\n\n";
  static const char first[] = AMBER_MASSES "IMPROPER\nc3-ha-c -o    1.0  180.0  2.0\n\n";
  static const char second[] = "title\nIMPROPER\nha-o -c -c3   2.0  180.0  2.0\n\n";
  const char *const texts[2][2] = {{both, NULL}, {first, second}};
  for (int files = 1; files <= 2; files++) {
    struct q2_force_field field;
    struct q2_error error = {""};
    CHECK(assigned_field("made.frcmod", texts[files - 1], files, &field, &error) == Q2_OK, "%s", error.text);
    CHECK(field.row_count == 1 && field.row[0].parameter[0].value == 2.0 && field.row[0].file == files - 1, "%d",
          field.row_count);
    q2_force_field_free(&field);
  }
}

static void amber_pairs(void) {
  static const char parm[] = "PARM99 like\nCT 12.01\nC* 12.01\nHO 1.008\nN 14.01\n\nC   H   HO  N\nCT-CT  310.0    1.526\n"
                             "CT-C*  310.0    1.526\n\n\n\n\n  HO  CT  10.     20.\n\nCT  C*\n\nMOD4      RE\n"
                             "  CT          1.9080  0.1094\n  HO          0.0000  0.0000\n\nEND\n";
  const struct assigned_molecule molecule = {"made", "CT C* HO", "C C H", "1-2", NULL, (const double[]){0.25, 0.0, -0.25}};
  const struct q2_assign_options all = {.unmatched = Q2_UNMATCHED_REFUSE, .fit = "all"};
  struct q2_dataset d;
  struct q2_error error;
  struct q2_assignment_report report = {0};
  CHECK(assigned("made.dat", parm, &molecule, &all, &d, &report, &error) == Q2_OK, "%s", error.text);
  /* pairs of types: each has a row of the table, with the parameters of its class */
  CHECK(d.nonbonded.type_count == 3 && d.nonbonded.special_count == 1);
  CHECK(d.nonbonded.epsilon[0] == d.nonbonded.epsilon[1]);
  CHECK_TEXT(d.nonbonded.special_form[0], "hydrogen_12_10");
  CHECK_TEXT(d.nonbonded.label[d.nonbonded.special_types[0]], "HO");
  CHECK_TEXT(d.nonbonded.label[d.nonbonded.special_types[1]], "CT");
  CHECK_CLOSE(assigned_value(&d, "hydrogen_d", "HO-CT"), 20.0, 1e-12);
  /* a depth of zero has no derivative: it stays */
  CHECK_TEXT(assigned_active(&d), "bond_k:CT-C* bond_eq:CT-C* lj_epsilon:CT lj_sigma:CT "
                                  "hydrogen_c:HO-CT hydrogen_d:HO-CT");
  CHECK(d.atom_charge && d.atom_charge[0] == 0.25 && d.atom_charge[2] == -0.25);
  CHECK(assigned_noted(&report, "charge", NULL, Q2_MATCHED) == 3);
  q2_assignment_report_free(&report);
  q2_dataset_free(&d);
}

/* --- Tinker --- */

#define TINKER_HEAD                                                                                                            \
  "forcefield TEST\natom 1 1 C \"carbon\" 6 12.011 4\natom 2 1 C \"carbon\" 6 12.011 3\n"                                      \
  "atom 3 2 O \"oxygen\" 8 15.999 1\natom 4 3 H \"hydrogen\" 1 1.008 1\natom 5 4 N \"nitrogen\" 7 14.003 3\n"

/* Torsions: exact, then one wildcard, then two; by classes. */
static void tinker_torsions(void) {
  static const struct {
    const char *rows, *expected;
  } cases[] = {{"torsion 0 1 1 0 0.1 0.0 3\ntorsion 0 1 1 3 0.2 0.0 2\ntorsion 2 1 1 3 0.3 0.0 1\n", "3-1-2-4:2-1-1-3/1"},
               {"torsion 0 1 1 0 0.1 0.0 3\ntorsion 0 1 1 3 0.2 0.0 2\n", "3-1-2-4:*-1-1-3/2"},
               {"torsion 0 1 1 0 0.1 0.0 3\ntorsion 2 1 1 0 0.3 0.0 2\ntorsion 0 1 1 3 0.2 0.0 2\n", "3-1-2-4:2-1-1-*/2"},
               {"torsion 0 1 1 0 0.1 0.0 3\n", "3-1-2-4:*-1-1-*/3"},
               {"torsion 3 1 1 2 0.3 0.0 1 0.5 180.0 2\n", "3-1-2-4:3-1-1-2/1 3-1-2-4:3-1-1-2/2"},
               {"torsion 1 1 1 2 0.3 0.0 1\n", ""}};
  const struct assigned_molecule molecule = {"made", "1 2 3 4", "C C O H", "1-2 1-3 2-4", NULL, NULL};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char field[1024];
    struct q2_dataset d;
    struct q2_error error;
    snprintf(field, sizeof field, TINKER_HEAD "%s", cases[k].rows);
    CHECK(assigned("made.prm", field, &molecule, &omit, &d, NULL, &error) == Q2_OK, "%s", error.text);
    CHECK_TEXT(assigned_terms(&d, "torsion_fourier"), cases[k].expected);
    q2_dataset_free(&d);
  }
}

/* imptors and improper, as kimptor.f and kimprop.f have them. */
static void tinker_impropers(void) {
  static const struct {
    const char *types, *rows, *form, *expected;
  } cases[] = {
      /* atom 1 the centre, of class 1; classes of the ligands 2, 3, 4 */
      {"1 3 4 5", "imptors 2 3 1 4 8.0 180.0 2", "improper_fourier", "2-3-1-4:2-3-1-4/2"},
      {"1 3 4 5", "imptors 4 2 1 3 8.0 180.0 2", "improper_fourier", "4-2-1-3:4-2-1-3/2"},
      {"1 3 3 5", "imptors 2 2 1 4 8.0 180.0 2", "improper_fourier", "2-3-1-4:2-2-1-4/2, 1/2 3-2-1-4:2-2-1-4/2, 1/2"},
      {"1 3 3 3", "imptors 2 2 1 2 6.0 180.0 2", "improper_fourier",
       "2-3-1-4:2-2-1-2/2, 1/6 3-2-1-4:2-2-1-2/2, 1/6 2-4-1-3:2-2-1-2/2, 1/6 4-2-1-3:2-2-1-2/2, 1/6 3-4-1-2:2-2-1-2/2, 1/6 "
       "4-3-1-2:2-2-1-2/2, 1/6"},
      {"1 3 4 5", "imptors 0 3 1 4 8.0 180.0 2\nimptors 0 0 1 4 1.0 180.0 2", "improper_fourier", "2-3-1-4:*-3-1-4/2"},
      {"1 3 4 5", "imptors 0 0 1 4 9.0 180.0 2\nimptors 0 0 1 0 1.0 180.0 2", "improper_fourier",
       "2-3-1-4:*-*-1-4/2, 1/3 3-4-1-2:*-*-1-4/2, 1/3 4-2-1-3:*-*-1-4/2, 1/3"},
      {"1 3 4 5", "imptors 0 0 1 0 9.0 180.0 2", "improper_fourier",
       "2-3-1-4:*-*-1-*/2, 1/3 3-4-1-2:*-*-1-*/2, 1/3 4-2-1-3:*-*-1-*/2, 1/3"},
      {"1 3 4 5", "imptors 0 3 1 0 8.0 180.0 2", "improper_fourier", ""},
      {"1 3 4 5", "improper 1 2 3 4 8.0 0.0", "improper_harmonic", "1-2-3-4:1-2-3-4"},
      {"1 3 4 5", "improper 1 4 3 2 8.0 0.0", "improper_harmonic", "1-4-3-2:1-4-3-2"},
      {"1 3 3 5", "improper 1 2 2 4 8.0 0.0", "improper_harmonic", "1-2-3-4:1-2-2-4, 1/2"},
      {"1 3 4 5", "improper 1 0 0 2 8.0 0.0", "improper_harmonic", "1-3-4-2:1-*-*-2"},
      {"1 3 4 5", "improper 1 3 0 0 8.0 0.0", "improper_harmonic", "1-4-2-3:1-3-*-*"},
      {"1 3 4 5", "improper 1 0 0 0 9.0 0.0", "improper_harmonic",
       "1-2-3-4:1-*-*-*, 1/3 1-3-4-2:1-*-*-*, 1/3 1-4-2-3:1-*-*-*, 1/3"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char field[1024], elements[64];
    struct q2_dataset d;
    struct q2_error error;
    snprintf(elements, sizeof elements, "C O %s %s", cases[k].types[4] == '3' ? "O" : "H",
             cases[k].types[6] == '3' ? "O" : "N");
    const struct assigned_molecule molecule = {"made", cases[k].types, elements, "1-2 1-3 1-4", NULL, NULL};
    snprintf(field, sizeof field, TINKER_HEAD "%s\n", cases[k].rows);
    CHECK(assigned("made.prm", field, &molecule, &omit, &d, NULL, &error) == Q2_OK, "%s", error.text);
    CHECK_TEXT(assigned_terms(&d, cases[k].form), cases[k].expected);
    q2_dataset_free(&d);
  }
}

static const char mm3[] = TINKER_HEAD
    "bondunit 71.94\nbond-cubic -2.55\nbond-quartic 3.793125\nangleunit 0.02191418\nangle-cubic -0.014\n"
    "angle-quartic 0.000056\nangle-pentic -0.0000007\nangle-sextic 0.000000022\nstrbndunit 2.51118\nopbendtype ALLINGER\n"
    "opbendunit 0.02191418\nopbend-cubic -0.014\nopbend-quartic 0.000056\nopbend-pentic -0.0000007\n"
    "opbend-sextic 0.000000022\ntorsionunit 0.5\nstrtorunit -5.9975\nvdwtype MM3-HBOND\nradiusrule ARITHMETIC\n"
    "radiustype R-MIN\nradiussize RADIUS\nepsilonrule GEOMETRIC\n"
    "vdw 1 2.04 0.027\nvdw 2 1.82 0.059\nvdw 3 1.62 0.02 0.923\nvdw 4 1.93 0.043\nvdwpr 1 3 3.56 0.023\n"
    "bond 1 1 4.49 1.5247\nbond 1 2 5.7 1.41\nbond 1 3 4.74 1.112  # OPT\n"
    "angle 1 1 2 0.83 108.0\nangle 1 1 3 0.59 109.8\nangle 2 1 3 0.82 110.0\nangle 3 1 3 0.55 107.6\n"
    "ureybrad 3 1 3 5.0 1.8\nstrbnd 1 1 2 0.13 0.13\nstrbnd 2 1 1 0.14 0.14\n"
    "opbend 2 1 0 0 0.05\nopbend 0 1 0 0 0.02\nopbend 3 1 2 1 0.03\n"
    "torsion 3 1 1 3 0.0 0.0 1 0.0 180.0 2 0.238 0.0 3\ntorsion 2 1 1 3 0.0 0.0 1 0.0 180.0 2 0.18 0.0 3\n"
    "strtors 3 1 1 3 0.0 0.0 0.059\n";

/* H2C(O)-CH3 by rows like MM3's. */
static const struct assigned_molecule mm3_molecule = {
    .name = "made", .types = "1 2 3 4 4 4", .elements = "C C O H H H", .bonds = "1-2 2-3 1-4 1-5 2-6"};

static void tinker_cross_terms(void) {
  struct q2_dataset d;
  struct q2_error error;
  struct q2_assignment_report report = {0};
  CHECK(assigned("made.prm", mm3, &mm3_molecule, &refuse, &d, &report, &error) == Q2_OK, "%s", error.text);
  CHECK_TEXT(assigned_terms(&d, "bond_mm3"), "1-2:1-1 2-3:1-2 1-4:1-3 1-5:1-3 2-6:1-3");
  CHECK_TEXT(assigned_terms(&d, "stretch_bend"), "1-2-3:1-1-2");
  const struct q2_term_table *cross = NULL;
  for (int t = 0; t < d.term_table_count; t++)
    if (strcmp(d.terms[t].form, "stretch_bend") == 0) cross = &d.terms[t];
  CHECK(cross && cross->parameters[1] == assigned_row(&d, "bond_eq", "1-1") &&
        cross->parameters[2] == assigned_row(&d, "bond_eq", "1-2") &&
        cross->parameters[3] == assigned_row(&d, "angle_eq", "1-1-2"));
  CHECK_CLOSE(assigned_value(&d, "bond_k", "1-3"), 71.94 * 4.74, 1e-10);
  CHECK_TEXT(assigned_terms(&d, "urey_bradley"), "4-5:3-1-3");
  CHECK_TEXT(assigned_terms(&d, "torsion_mm3"), "4-1-2-3:2-1-1-3 4-1-2-6:3-1-1-3 5-1-2-3:2-1-1-3 5-1-2-6:3-1-1-3");
  CHECK_TEXT(assigned_terms(&d, "torsion_stretch"), "4-1-2-6:3-1-1-3 5-1-2-6:3-1-1-3");
  /* three ligands each: the one named bends by its own row */
  CHECK_TEXT(assigned_terms(&d, "out_of_plane_mm3"),
             "2-1-4-5:*-1-*-* 2-1-5-4:*-1-*-* 4-1-5-2:*-1-*-* 1-2-3-6:2-1-1-3 1-2-6-3:*-1-*-2 3-2-6-1:*-1-*-*");
  /* hydrogens are moved towards their neighbours */
  CHECK(d.has_sites && d.reduction_parent[3] == 0 && d.reduction_parent[5] == 1 && d.reduction_parent[2] == -1);
  CHECK_CLOSE(d.reduction[3], 0.077, 1e-15);
  CHECK(d.nonbonded.special_count == 1);
  CHECK_TEXT(d.nonbonded.form, "exp6_mm3");
  CHECK_CLOSE(assigned_value(&d, "vdw_distance", "1-3"), 3.56, 1e-12);
  CHECK(assigned_noted(&report, "stretch-bend", NULL, Q2_MATCHED) == 1 &&
        assigned_noted(&report, "stretch-bend", NULL, Q2_MATCHED_NONE) == 5);
  CHECK(assigned_noted(&report, "torsion-stretch", NULL, Q2_MATCHED_NONE) == 2);
  q2_assignment_report_free(&report);
  q2_dataset_free(&d);
}

/* Without the row of a bond that they span there are no cross terms. */
static void cross_terms_need_their_bonds(void) {
  char field[4096];
  struct q2_dataset d;
  struct q2_error error;
  struct q2_assignment_report report = {0};
  snprintf(field, sizeof field, "%s", mm3);
  char *bond = strstr(field, "bond 1 1 4.49");
  memmove(bond, strchr(bond, '\n') + 1, strlen(strchr(bond, '\n')));
  CHECK(assigned("made.prm", field, &mm3_molecule, &omit, &d, &report, &error) == Q2_OK, "%s", error.text);
  CHECK_TEXT(assigned_terms(&d, "stretch_bend"), "");
  CHECK_TEXT(assigned_terms(&d, "torsion_stretch"), "");
  CHECK(assigned_noted(&report, "stretch-bend", NULL, Q2_MATCHED) == 0 &&
        assigned_noted(&report, "torsion-stretch", "4-1-2-4", Q2_MATCHED_NONE) == 2);
  q2_assignment_report_free(&report);
  q2_dataset_free(&d);
}

/* MM3's equilibrium angles for centres with no, one or two hydrogens besides; a zero: the row does not hold there. */
static void tinker_angles_by_hydrogens(void) {
  static const char field[] = TINKER_HEAD "bond 1 1 4.49 1.5\nbond 1 3 4.7 1.1\nbond 1 2 5.0 1.4\n"
                                          "angle 1 1 2 0.5 109.0 110.0 0.0\nangle 1 1 3 0.6 108.0\nangle 2 1 3 0.7 107.0\n"
                                          "angle 3 1 3 0.7 107.0\nstrbnd 1 1 2 0.13 0.13\n";
  /* C-C-O with none, one and two hydrogens at the centre */
  static const struct {
    const char *types, *elements, *bonds, *expected;
    int none;
  } cases[] = {{"1 1 3", "C C O", "1-2 2-3", "1-1-2", 0},
               {"1 1 3 4", "C C O H", "1-2 2-3 2-4", "1-1-2, 1 H", 0},
               {"1 1 3 4 4", "C C O H H", "1-2 2-3 2-4 2-5", NULL, 1}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const struct assigned_molecule molecule = {"made", cases[k].types, cases[k].elements, cases[k].bonds, NULL, NULL};
    const struct q2_assign_options all = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "all"};
    struct q2_dataset d;
    struct q2_error error;
    struct q2_assignment_report report = {0};
    CHECK(assigned("made.prm", field, &molecule, &all, &d, &report, &error) == Q2_OK, "%s", error.text);
    CHECK(assigned_noted(&report, "angle", "1-1-3", Q2_MATCHED_NONE) == cases[k].none);
    const int row = cases[k].expected ? assigned_row(&d, "angle_eq", cases[k].expected) : -1;
    CHECK((row >= 0) == (cases[k].expected != NULL));
    if (row >= 0) {
      CHECK_CLOSE(assigned_value(&d, "angle_eq", cases[k].expected), k == 0 ? 109.0 : 110.0, 1e-12);
      CHECK_TEXT(assigned_terms(&d, "stretch_bend"), "1-2-3:1-1-2");
      for (int t = 0; t < d.term_table_count; t++) /* with the same equilibrium angle */
        CHECK(strcmp(d.terms[t].form, "stretch_bend") != 0 || d.terms[t].parameters[3] == row);
    } else
      CHECK_TEXT(assigned_terms(&d, "stretch_bend"), "");
    q2_assignment_report_free(&report);
    q2_dataset_free(&d);
  }
}

/* Charges by type; what Tinker's sites and charges make together is refused; types that do not exist, or are for another
 * element. */
static void tinker_types(void) {
  static const struct {
    const char *types, *elements, *rows, *message;
  } cases[] = {{"1 3", "C O", "charge 1 0.5\ncharge 3 -0.5\nvdw 1 2.0 0.1\nvdw 2 1.7 0.1\n", NULL},
               {"1 3", "C O", "charge 1 0.5\ncharge 3 -0.5\nvdw 1 2.0 0.1\nvdw 2 1.7 0.1 0.9\n",
                "made, atom 2: its type 3 has a reduction"},
               {"1 9", "C O", "vdw 1 2.0 0.1\n", "made, atom 2: made.prm has no type \"9\""},
               {"1 4", "C O", "vdw 1 2.0 0.1\n", "made, atom 2: the type 4 is for the element number 1, and this is number 8"},
               {"1 3", "C O", "vdw 1 2.0 0.1\n", "made, atom 2: made.prm has no van der Waals parameters for the type 3"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char field[1024];
    struct q2_dataset d;
    struct q2_error error;
    const struct assigned_molecule molecule = {"made", cases[k].types, cases[k].elements, "1-2", NULL, NULL};
    snprintf(field, sizeof field, TINKER_HEAD "%sbond 1 2 300.0 1.2\n", cases[k].rows);
    const int status = assigned("made.prm", field, &molecule, &refuse, &d, NULL, &error);
    CHECK((status == Q2_OK) == (cases[k].message == NULL), "%s", error.text);
    if (cases[k].message)
      CHECK(strstr(error.text, cases[k].message) != NULL, "%s", error.text);
    else
      CHECK(d.atom_charge[0] == 0.5 && d.atom_charge[1] == -0.5);
    q2_dataset_free(&d);
  }
}

/* --- OpenMM --- */

#define XML_HEAD                                                                                                               \
  "<ForceField><AtomTypes><Type name=\"a\" class=\"A\" element=\"C\" mass=\"12\"/>"                                            \
  "<Type name=\"b\" class=\"A\" element=\"C\" mass=\"12\"/><Type name=\"h\" class=\"H\" element=\"H\" mass=\"1\"/>"            \
  "<Type name=\"o\" class=\"O\" element=\"O\" mass=\"16\"/></AtomTypes>"

static void openmm_case(const char *rows, const struct assigned_molecule *molecule, const char *form, const char *expected) {
  char field[4096];
  struct q2_dataset d;
  struct q2_error error;
  snprintf(field, sizeof field, XML_HEAD "%s</ForceField>", rows);
  CHECK(assigned("made.xml", field, molecule, &omit, &d, NULL, &error) == Q2_OK, "%s", error.text);
  CHECK_TEXT(assigned_terms(&d, form), expected);
  q2_dataset_free(&d);
}

#define XML_BOND(names, k) "<Bond " names " length=\"0.1\" k=\"" k "\"/>"
#define XML_TORSION(what, names, k) "<" what " " names " periodicity1=\"2\" phase1=\"3.14159265\" k1=\"" k "\"/>"

/* Bonds: the first row that fits. Torsions: the first without wildcards, else the first. Forces add up. */
static void openmm_precedence(void) {
  const struct assigned_molecule pair = {"made", "a b", "C C", "1-2", NULL, NULL};
  const struct assigned_molecule chain = {"made", "a b h o", "C C H O", "1-2 1-3 2-4", NULL, NULL};
  openmm_case("<HarmonicBondForce>" XML_BOND("class1=\"\" class2=\"A\"", "1") XML_BOND("type1=\"b\" type2=\"a\"", "2")
                  XML_BOND("class1=\"A\" class2=\"A\"", "3") "</HarmonicBondForce>",
              &pair, "bond_harmonic", "1-2:*-A");
  openmm_case("<HarmonicBondForce>" XML_BOND("type1=\"b\" type2=\"a\"", "2")
                  XML_BOND("class1=\"A\" class2=\"A\"", "3") "</HarmonicBondForce>",
              &pair, "bond_harmonic", "1-2:b-a");
  openmm_case("<PeriodicTorsionForce>" XML_TORSION("Proper", "class1=\"\" class2=\"A\" class3=\"A\" class4=\"\"", "1")
                  XML_TORSION("Proper", "class1=\"\" class2=\"A\" class3=\"A\" class4=\"O\"", "2") "</PeriodicTorsionForce>",
              &chain, "torsion_fourier", "3-1-2-4:*-A-A-*/2");
  openmm_case("<PeriodicTorsionForce>" XML_TORSION("Proper", "class1=\"\" class2=\"A\" class3=\"A\" class4=\"\"", "1")
                  XML_TORSION("Proper", "type1=\"o\" type2=\"b\" type3=\"a\" type4=\"h\"", "2") XML_TORSION(
                      "Proper", "class1=\"H\" class2=\"A\" class3=\"A\" class4=\"O\"", "3") "</PeriodicTorsionForce>",
              &chain, "torsion_fourier", "3-1-2-4:o-b-a-h/2");
  static const char both[] = "<HarmonicBondForce>" XML_BOND(
      "type1=\"b\" type2=\"a\"", "2") "</HarmonicBondForce>"
                                      "<CustomBondForce energy=\"D*(1-exp(-a*(r-r0)))^2\"><PerBondParameter name=\"D\"/>"
                                      "<PerBondParameter name=\"a\"/><PerBondParameter name=\"r0\"/>"
                                      "<Bond class1=\"A\" class2=\"A\" D=\"400\" a=\"20\" r0=\"0.15\"/></CustomBondForce>";
  openmm_case(both, &pair, "bond_harmonic", "1-2:b-a");
  openmm_case(both, &pair, "bond_morse", "1-2:A-A");
}

/* Impropers: the last row without wildcards, else the first; ligands in the order of forcefield.py. */
static void openmm_impropers(void) {
  const struct assigned_molecule centre = {"made", "a h o b", "C H O C", "1-2 1-3 1-4", NULL, NULL};
  const struct assigned_molecule twice = {"made", "a o o h", "C O O H", "1-2 1-3 1-4", NULL, NULL};
#define AMBER(rows) "<PeriodicTorsionForce ordering=\"amber\">" rows "</PeriodicTorsionForce>"
#define IMPROPER(one, two, three, four, k)                                                                                     \
  XML_TORSION("Improper", "class1=\"" one "\" class2=\"" two "\" class3=\"" three "\" class4=\"" four "\"", k)
  openmm_case(AMBER(IMPROPER("A", "", "", "", "1") IMPROPER("A", "", "", "O", "2")), &centre, "improper_fourier",
              "2-3-1-4:*-*-A-*/2");
  openmm_case(AMBER(IMPROPER("A", "", "", "", "1") IMPROPER("A", "H", "O", "A", "2") IMPROPER("A", "O", "H", "A", "3")),
              &centre, "improper_fourier", "3-2-1-4:O-H-A-A/2");
  openmm_case(AMBER(IMPROPER("A", "O", "H", "O", "1")), &twice, "improper_fourier", "2-4-1-3:O-H-A-O/2");
  openmm_case("<PeriodicTorsionForce>" IMPROPER("A", "", "", "H", "1") "</PeriodicTorsionForce>", &centre, "improper_fourier",
              "4-3-1-2:*-*-A-H/2"); /* default: carbon before oxygen */
  openmm_case("<PeriodicTorsionForce>" IMPROPER("A", "", "", "A", "1") "</PeriodicTorsionForce>", &centre, "improper_fourier",
              "3-2-1-4:*-*-A-A/2"); /* the heavier one first */
  openmm_case("<PeriodicTorsionForce ordering=\"charmm\">" IMPROPER("A", "O", "A", "H", "1") "</PeriodicTorsionForce>", &centre,
              "improper_fourier", "1-3-4-2:A-O-A-H/2");
}

/* Charges from residue templates, from types, and from the molecule's own file. */
static void openmm_charges(void) {
#define PAIRS "<Atom class=\"A\" sigma=\"0.3\" epsilon=\"0.4\" %s/><Atom type=\"o\" sigma=\"0.3\" epsilon=\"0.4\" %s/>"
  static const char residue[] = "<Residues><Residue name=\"MOL\"><Atom name=\"C\" type=\"a\" charge=\"0.3\"/>"
                                "<Atom name=\"O\" type=\"o\" charge=\"-0.3\"/><Bond from=\"0\" to=\"1\"/></Residue></Residues>";
  static const double own[] = {0.1, -0.1};
  static const struct {
    const char *name, *types, *charge[2];
    int use_residue;
    double expected;
  } cases[] = {{"MOL", "a o", {"", ""}, 1, 0.3},
               {"MOL", "b o", {"", ""}, 1, 0.1}, /* not the residue's types */
               {"LOM", "a o", {"", ""}, 1, 0.1},
               {"MOL", "a o", {"charge=\"0.7\"", "charge=\"-0.7\""}, 0, 0.7}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char field[4096], pairs[512];
    struct q2_dataset d;
    struct q2_error error;
    const struct assigned_molecule molecule = {cases[k].name, cases[k].types, "C O", "1-2", NULL, own};
    snprintf(pairs, sizeof pairs, PAIRS, cases[k].charge[0], cases[k].charge[1]);
    snprintf(field, sizeof field,
             XML_HEAD "%s<NonbondedForce coulomb14scale=\"0.8\" lj14scale=\"0.5\">%s%s</NonbondedForce></ForceField>", residue,
             cases[k].use_residue ? "<UseAttributeFromResidue name=\"charge\"/>" : "", pairs);
    CHECK(assigned("made.xml", field, &molecule, &omit, &d, NULL, &error) == Q2_OK, "%s", error.text);
    CHECK(d.atom_charge && d.atom_charge[0] == cases[k].expected && d.atom_charge[1] == -cases[k].expected, "%zu", k);
    CHECK_CLOSE(d.nonbonded.coulomb_14, 0.8, 1e-15);
    q2_dataset_free(&d);
  }
}

/* The row that comes last gives a type its parameters. */
static void openmm_pairs(void) {
  static const char of_class[] = "<Atom class=\"A\" sigma=\"0.3\" epsilon=\"0.4\" charge=\"0\"/>";
  static const char of_type[] = "<Atom type=\"b\" sigma=\"0.2\" epsilon=\"0.4\" charge=\"0\"/>";
  const struct assigned_molecule molecule = {"made", "a b", "C C", "1-2", NULL, NULL};
  for (int type_last = 0; type_last < 2; type_last++) {
    char field[2048];
    struct q2_dataset d;
    struct q2_error error;
    snprintf(field, sizeof field,
             XML_HEAD "<NonbondedForce coulomb14scale=\"1\" lj14scale=\"1\">%s%s</NonbondedForce></ForceField>",
             type_last ? of_class : of_type, type_last ? of_type : of_class);
    CHECK(assigned("made.xml", field, &molecule, &omit, &d, NULL, &error) == Q2_OK, "%s", error.text);
    CHECK_TEXT(d.nonbonded.label[d.type[0]], "A");
    CHECK_TEXT(d.nonbonded.label[d.type[1]], type_last ? "b" : "A");
    q2_dataset_free(&d);
  }
}

/* --- bonds and angles without a row --- */

static void unmatched_in_three_ways(void) {
  static const char field[] = AMBER_MASSES "BOND\nc3-hc  330.60   1.0970\n\nANGLE\nhc-c3-hc   39.400     107.580\n\n";
  const struct assigned_molecule molecule = {"made", "c3 hc hc n", "C H H N", "1-2 1-3 1-4", NULL, NULL};
  const struct q2_assign_options new_rows = {.unmatched = Q2_UNMATCHED_NEW, .fit = "marked"};
  struct q2_dataset d;
  struct q2_error error;
  struct q2_assignment_report report = {0};
  CHECK(assigned("made.frcmod", field, &molecule, &refuse, &d, NULL, &error) == Q2_FAILED);
  CHECK_TEXT(error.text, "made (atoms 1 4): no row of made.frcmod fits the bond c3-n");
  q2_dataset_free(&d);
  CHECK(assigned("made.frcmod", field, &molecule, &omit, &d, &report, &error) == Q2_OK, "%s", error.text);
  CHECK_TEXT(assigned_terms(&d, "bond_harmonic"), "1-2:c3-hc 1-3:c3-hc");
  CHECK_TEXT(assigned_terms(&d, "angle_harmonic"), "2-1-3:hc-c3-hc");
  CHECK(assigned_noted(&report, "bond", "c3-n", Q2_MATCHED_NONE) == 1 &&
        assigned_noted(&report, "angle", "hc-c3-n", Q2_MATCHED_NONE) == 2);
  q2_dataset_free(&d);
  CHECK(assigned("made.frcmod", field, &molecule, &new_rows, &d, &report, &error) == Q2_OK, "%s", error.text);
  CHECK_TEXT(assigned_terms(&d, "bond_harmonic"), "1-2:c3-hc 1-3:c3-hc 1-4:c3-n new");
  CHECK_TEXT(assigned_terms(&d, "angle_harmonic"), "2-1-3:hc-c3-hc 2-1-4:hc-c3-n new 3-1-4:hc-c3-n new");
  CHECK_CLOSE(assigned_value(&d, "bond_eq", "c3-n new"), 0.76 + 0.71, 1e-12);
  CHECK(d.parameters.active[assigned_row(&d, "bond_k", "c3-n new")] == 1);
  CHECK(assigned_noted(&report, "bond", "c3-n", Q2_MATCHED_NEW) == 1);
  q2_dataset_free(&d);
  CHECK(assigned("made.prm", mm3, &(struct assigned_molecule){"made", "1 4 5", "C H N", "1-2 1-3", NULL, NULL}, &new_rows, &d,
                 NULL, &error) == Q2_OK,
        "%s", error.text);
  CHECK_TEXT(assigned_terms(&d, "bond_mm3"), "1-2:1-3 1-3:1-5 new");
  CHECK_TEXT(assigned_terms(&d, "angle_mm3"), "2-1-3:4-1-5 new");
  /* the file marks C-H, the new rows vary as well */
  CHECK_TEXT(assigned_active(&d), "bond_k:1-3 bond_eq:1-3 angle_k:4-1-5 new bond_k:1-5 new angle_eq:4-1-5 new bond_eq:1-5 new");
  q2_dataset_free(&d);
  q2_assignment_report_free(&report);
}

/* --- -fit --- */

static void fitted_parameters(void) {
  static const char marked[] = AMBER_MASSES "BOND\nc3-hc  330.60   1.0970   OPT\n\nANGLE\nhc-c3-hc   39.400     180.0\n\n";
  static const char unmarked[] = AMBER_MASSES "BOND\nc3-hc  330.60   1.0970\n\nANGLE\nhc-c3-hc   39.400     180.0\n\n"
                                              "DIHE\nhc-c3-c3-hc    1    0.80          0.0             1.\n\n";
  static const struct {
    const char *field, *fit, *active;
  } cases[] = {{marked, "marked", "bond_k:c3-hc bond_eq:c3-hc"},
               {unmarked, "marked", "bond_k:c3-hc bond_eq:c3-hc angle_k:hc-c3-hc torsion_k:hc-c3-c3-hc/1"},
               {marked, "all", "bond_k:c3-hc bond_eq:c3-hc angle_k:hc-c3-hc angle_eq:hc-c3-hc"},
               {unmarked, "none", ""},
               {unmarked, "angle_eq", "angle_eq:hc-c3-hc"},
               {unmarked, "torsion_phase,bond_k", "bond_k:c3-hc torsion_phase:hc-c3-c3-hc/1"}};
  const struct assigned_molecule molecule = {"made", "c3 c3 hc hc hc", "C C H H H", "1-2 1-3 1-4 2-5", NULL, NULL};
  struct q2_dataset d;
  struct q2_error error;
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const struct q2_assign_options options = {.unmatched = Q2_UNMATCHED_OMIT, .fit = cases[k].fit};
    CHECK(assigned("made.frcmod", cases[k].field, &molecule, &options, &d, NULL, &error) == Q2_OK, "%s", error.text);
    CHECK_TEXT(assigned_active(&d), cases[k].active);
    q2_dataset_free(&d);
  }
  const struct q2_assign_options wrong = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "bond_k,bonds"};
  CHECK(assigned("made.frcmod", marked, &molecule, &wrong, &d, NULL, &error) == Q2_FAILED &&
            strstr(error.text, "\"bonds\" is no kind of parameter"),
        "%s", error.text);
}

/* A row of one component in MM3's form: the other two are not in the file, and vary where they are named. */
static void what_the_file_lacks_stays(void) {
  static const char field[] = TINKER_HEAD "bond-cubic -2.55\nbond-quartic 3.793125\ntorsion 3 1 1 3 0.238 0.0 3\n";
  const struct assigned_molecule molecule = {"made", "4 1 2 4", "H C C H", "1-2 2-3 3-4", NULL, NULL};
  static const char *const cases[][2] = {{"all", "torsion_v3:3-1-1-3"},
                                         {"marked", "torsion_v3:3-1-1-3"},
                                         {"torsion_v1,torsion_v3", "torsion_v1:3-1-1-3 torsion_v3:3-1-1-3"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const struct q2_assign_options options = {.unmatched = Q2_UNMATCHED_OMIT, .fit = cases[k][0]};
    struct q2_dataset d;
    struct q2_error error;
    CHECK(assigned("made.prm", field, &molecule, &options, &d, NULL, &error) == Q2_OK, "%s", error.text);
    CHECK_TEXT(assigned_active(&d), cases[k][1]);
    q2_dataset_free(&d);
  }
}

/* A constant that varies is one number: it cannot be halved for one molecule and not for another. */
static void shared_constants_are_refused(void) {
  static const char field[] = TINKER_HEAD "imptors 0 2 1 3 8.0 180.0 2\n";
  const struct q2_assign_options all = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "improper_k"};
  const struct assigned_molecule molecule = {"made", "1 3 4 5 1 3 3 4", "C O H N C O O H", "1-2 1-3 1-4 5-6 5-7 5-8", NULL,
                                             NULL};
  struct q2_dataset d;
  struct q2_error error;
  CHECK(assigned("made.prm", field, &molecule, &all, &d, NULL, &error) == Q2_FAILED &&
            strstr(error.text, "the constant of *-2-1-3/2 is to be fitted, and is shared by 2 terms of made, by 1 elsewhere"),
        "%s", error.text);
  q2_dataset_free(&d);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  amber_torsions_and_impropers();
  amber_order_of_ligands();
  amber_second_files();
  amber_impropers_in_any_order();
  amber_pairs();
  tinker_torsions();
  tinker_impropers();
  tinker_cross_terms();
  cross_terms_need_their_bonds();
  tinker_angles_by_hydrogens();
  tinker_types();
  openmm_precedence();
  openmm_impropers();
  openmm_charges();
  openmm_pairs();
  unmatched_in_three_ways();
  fitted_parameters();
  what_the_file_lacks_stays();
  shared_constants_are_refused();
  MPI_Finalize();
  return check_result();
}
