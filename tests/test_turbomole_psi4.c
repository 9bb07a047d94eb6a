/* Claims: geometry, energy, gradient and Hessian come from the files of Turbomole, xtb and Psi4 in q2hpc's units, whatever the
 * line ends and exponents; of several Hessians the one that was not projected; what is cut, miscounted or out of place is
 * refused with file and line. */
#include "../io/constants.h"
#include "format_texts.h"

static const char coord[] = "$coord\n"
                            "    0.00000000000000      0.00000000000000     -0.74000000000000      h\n"
                            "    0.00000000000000      0.25000000000000      0.74000000000000      cl f\n"
                            "# a comment\n"
                            "$user-defined bonds\n"
                            "$end\n";

static void test_coord(void) {
  struct q2_molecule_list list;
  read_text("turbomole", coord, 1, &list);
  const struct q2_molecule_record *record = &list.record[0];
  CHECK(record->atom_count == 2 && record->element[0] == 1 && record->element[1] == 17);
  CHECK_CLOSE(record->position[2], -0.74 * Q2_BOHR, 1e-15);
  CHECK_CLOSE(record->position[4], 0.25 * Q2_BOHR, 1e-15);
  CHECK(record->bond_count == -1 && !record->hessian && !record->has_energy && record->line == 1);
  q2_molecule_list_free(&list);
  check_text_damaged("turbomole", coord, 1);
  read_text("turbomole", "$coord angs natoms= 1\n 0 0 1.5D0 Rh\n$end\n", 1, &list);
  CHECK(list.record[0].position[2] == 1.5 && list.record[0].element[0] == 45);
  q2_molecule_list_free(&list);
  CHECK(recognised_as("turbomole", "coord", coord) && recognised_as("turbomole", "anything", coord));
}

static void test_coord_refused(void) {
  check_text_refused_with("turbomole", coord, "$coord", "$coord frac", "sample:1: fractional");
  check_text_refused_with("turbomole", coord, "$coord", "$coord natoms=3", "sample:1: claims 3 atoms, but has 2");
  check_text_refused_with("turbomole", coord, "$coord", "$coord feet", "sample:1: expected bohr, angs");
  check_text_refused_with("turbomole", coord, "$user-defined bonds", "$periodic 3", "sample:5: periodic");
  check_text_refused_with("turbomole", coord, " h\n", " q\n", "sample:2: expected an element, found \"q\"");
  check_text_refused_with("turbomole", coord, " h\n", "\n", "sample:2: expected an element");
  check_text_refused_with("turbomole", coord, "-0.74000000000000", "****************", "sample:2: expected a coordinate");
  check_text_refused_with("turbomole", coord, "-0.74000000000000", "nan", "sample:2: expected a coordinate");
  check_text_refused_with("turbomole", coord, "$user-defined bonds\n$end\n", "", "without $end");
  check_text_refused("turbomole", "$coord\n$end\n", "sample:1: expected 1 to");
  check_text_refused("turbomole", "$coord file=coord\n$end\n", "expected a group");
  check_text_refused("turbomole", "", "expected a group");
}

static const char gradient[] = "$grad          cartesian gradients\n"
                               "  cycle =      1    SCF energy =     -460.5000000000   |dE/dxyz| =  0.100000\n"
                               "    0.00000000000000      0.00000000000000      9.00000000000000      h\n"
                               "    0.00000000000000      0.00000000000000      9.00000000000000      cl\n"
                               "  0.90000000000000D+00  0.00000000000000D+00  0.00000000000000D+00\n"
                               "  0.90000000000000D+00  0.00000000000000D+00  0.00000000000000D+00\n"
                               "  cycle =      2    SCF energy =     -460.7500000000   |dE/dxyz| =  0.000100\n"
                               "    0.00000000000000      0.00000000000000     -0.50000000000000      h\n"
                               "    0.00000000000000      0.00000000000000      2.00000000000000      cl\n"
                               "  0.00000000000000D+00  0.00000000000000D+00  0.12500000000000D-03\n"
                               "  0.00000000000000D+00  0.25000000000000D-01 -0.12500000000000D-03\n"
                               "$end\n";

static void test_gradient(void) {
  struct q2_molecule_list list;
  read_text("turbomole", gradient, 1, &list);
  const struct q2_molecule_record *record = &list.record[0];
  CHECK(record->has_energy && record->energy == -460.75);
  CHECK_CLOSE(record->position[5], 2.0 * Q2_BOHR, 1e-15);
  CHECK(record->gradient[2] == 0.125e-3 && record->gradient[4] == 0.025 && record->gradient[5] == -0.125e-3);
  q2_molecule_list_free(&list);
  check_text_damaged("turbomole", gradient, 1);
  check_text_refused_with("turbomole", gradient, "  0.00000000000000D+00  0.25000000000000D-01 -0.12500000000000D-03\n", "",
                          "sample:7: expected as many gradients as atoms");
  check_text_refused_with("turbomole", gradient, " -0.12500000000000D-03\n", "\n", "sample:11: expected three numbers");
  check_text_refused_with("turbomole", gradient, "-460.7500000000", "***************", "sample:7: expected \"energy =\"");
  check_text_refused("turbomole", "$grad\n$end\n", "sample:1: $grad without");
  check_text_refused("turbomole", "$grad\n cycle = 1 SCF energy = 1.0\n$end\n", "sample:2: expected 1 to");
  check_text_refused("turbomole", "$coord\n0 0 0 h\n$grad\n cycle = 1\n$end\n", "sample:3: $grad and, in line 1, $coord");
}

/* One atom; Turbomole's rows with numbers before them, projected first. */
static const char hessian[] = "$hessian (projected)\n"
                              "  1  1   9.0000000000   9.0000000000\n"
                              "  1  2   9.0000000000\n"
                              "  2  1   9.0000000000   9.0000000000   9.0000000000\n"
                              "  3  1   9.0000000000   9.0000000000   9.0000000000\n"
                              "$hessian\n"
                              "  1  1   0.5000000000   0.0010000000   0.0020000000\n"
                              "  2  1   0.0010000000   0.6000000000   0.0030000000\n"
                              "  3  1   0.0020000000   0.0030004000   0.7000000000\n"
                              "$end\n";
/* xtb's: no numbers, a blank before "$hessian", lines that end where rows do. */
static const char xtb_hessian[] = " $hessian\n"
                                  "   0.50000000   0.00100000   0.00200000\n"
                                  "   0.00100000   0.60000000   0.00300000\n"
                                  "   0.00200000   0.00300040   0.70000000\n"
                                  " $end\n";

static void check_hessian(const char *text) {
  struct q2_molecule_list list;
  const double expected[] = {0.5, 0.001, 0.6, 0.002, 0.0030002, 0.7};
  read_text("turbomole", text, 1, &list);
  CHECK(list.record[0].atom_count == 1 && !list.record[0].position && !list.record[0].element);
  for (int k = 0; k < 6; k++)
    CHECK_CLOSE(list.record[0].hessian[k], expected[k], 1e-16);
  q2_molecule_list_free(&list);
}

static void test_hessian(void) {
  struct q2_molecule_list list;
  check_hessian(hessian);
  check_hessian(xtb_hessian);
  check_text_damaged("turbomole", xtb_hessian, 1);
  /* Not projected before $hessian before projected; a row's number that does not fit its column is stars. */
  read_text("turbomole", "$hessian\n1. 0. 0.\n0. 1. 0.\n0. 0. 1.\n$nprhessian\n 1 1 2. 0. 0.\n** 1 0. 2. 0.\n0. 0. 2.\n$end\n",
            1, &list);
  CHECK(list.record[0].hessian[0] == 2.0 && list.record[0].hessian[5] == 2.0);
  q2_molecule_list_free(&list);
  read_text("turbomole", "$hessian (projected)\n3. 0. 0.\n0. 3. 0.\n0. 0. 3.\n$hessian file=hessian\n$end\n", 1, &list);
  CHECK(list.record[0].hessian[0] == 3.0);
  q2_molecule_list_free(&list);
}

static void test_hessian_refused(void) {
  check_text_refused_with("turbomole", xtb_hessian, "   0.70000000", "",
                          "sample:1: expected (3 N)^2 numbers of N atoms, found 8");
  check_text_refused_with("turbomole", xtb_hessian, "0.00300040", "0.90300040", "sample:1: the Hessian is not symmetric");
  check_text_refused_with("turbomole", xtb_hessian, "0.00300040", "**********", "sample:4: expected an element of the Hessian");
  check_text_refused_with("turbomole", xtb_hessian, "0.00300040", "0.003000.0", "sample:4: expected an element of the Hessian");
  check_text_refused("turbomole", "$hessian\n 1 1 1. 0. 0.\n 3 1 0. 1. 0.\n 3 1 0. 0. 1.\n$end\n", "sample:3: expected row 2");
  check_text_refused("turbomole", "$hessian\n 1. 0. 0. 1.\n$end\n", "sample:1: expected (3 N)^2 numbers of N atoms, found 4");
  check_text_refused("turbomole", "$hessian\n$end\n", "found 0");
  check_text_refused("turbomole", "$coord\n0 0 0 h\n0 0 1 h\n$hessian\n1. 0. 0.\n0. 1. 0.\n0. 0. 1.\n$end\n",
                     "sample:4: 1 atoms; the group of line 1 has 2");
}

static const char psi4[] = "    1    3\n"
                           "        0.5000000000        0.0010000000        0.0020000000\n"
                           "        0.0010000000        0.6000000000        0.0030000000\n"
                           "        0.0020000000        0.0030000000        0.7000000000\n";

static void test_psi4(void) {
  struct q2_molecule_list list;
  read_text("psi4", psi4, 1, &list);
  CHECK(list.record[0].atom_count == 1 && list.record[0].hessian[1] == 0.001 && list.record[0].hessian[5] == 0.7);
  q2_molecule_list_free(&list);
  CHECK(recognised_as("psi4", "FCMFINAL", psi4) && recognised_as("psi4", "a.hess", psi4));
  check_text_damaged("psi4", psi4, 1);
  check_text_refused_with("psi4", psi4, "    1    3", "    1    4", "sample:1: expected N and 3 N");
  check_text_refused_with("psi4", psi4, "    1    3", "-7 -21", "sample:1: expected 1 to");
  check_text_refused_with("psi4", psi4, "    1    3", "15000 45000", "sample:1: claims");
  check_text_refused_with("psi4", psi4, "    1    3", "700000000 2100000000", "sample:1: expected 1 to");
  check_text_refused_with("psi4", psi4, "    1    3", "99999999999 3", "sample:1: expected a number of atoms");
  check_text_refused_with("psi4", psi4, "0.7000000000\n", "0.7000000000\n\n 0.1\n",
                          "sample:6: expected the end after 9 numbers");
  check_text_refused_with("psi4", psi4, "0.6000000000", "0.60O0000000", "sample:3: expected an element of the Hessian");
  check_text_refused("psi4", "", "sample:1: expected a number of atoms");
}

int main(void) {
  test_coord();
  test_coord_refused();
  test_gradient();
  test_hessian();
  test_hessian_refused();
  test_psi4();
  return check_result();
}
