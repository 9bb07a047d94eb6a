/* Claims: atoms, types, charges and bonds come from mol2, MacroModel's listings, Maestro's and Tinker's files as they are
 * there, of every molecule, whatever the line ends; what is cut, miscounted, out of range or said twice is refused with file
 * and line. */
#include "../io/formats/atom_names.h"
#include "format_texts.h"

static void check_bond(const struct q2_molecule_record *record, int b, int first, int second, int order) {
  CHECK(record->bond_count > b && record->bond[b][0] == first && record->bond[b][1] == second && record->bond_order[b] == order,
        "%s: bond %d of %d", record->name, b, record->bond_count);
}

/* --- elements --- */

static void test_elements(void) {
  static const struct {
    const char *name, *type;
    int element;
  } names[] = {
      {"C1", "", 6},  {"CT", "", 6},   {"CA", "", 6},    {"Ca", "", 20},   {"CA", "CT", 6},  {"CA", "Ca", 20}, {"HO", "", 1},
      {"1HB", "", 1}, {"Cl1", "", 17}, {"CL", "", 17},   {"cl", "cl", 17}, {"BR2", "", 35},  {"RH", "", 45},   {"Rh", "", 45},
      {"ZN", "", 30}, {"SI", "", 14},  {"SG", "SH", 16}, {"OS", "", 8},    {"Os", "", 76},   {"PB", "P5", 15}, {"PX", "", 15},
      {"FE", "", 26}, {"F1", "", 9},   {"Na+", "", 11},  {"NA", "na", 7},  {"CU", "CU", 29}, {"LI", "", 3},    {"Du", "", 0},
      {"Lp", "", 0},  {"X", "", 0},    {"", "", 0},      {"*", "", 0},     {"123", "", 0},
  };
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    CHECK(q2_element_of_atom_name(names[k].name, names[k].type) == names[k].element, "%s of type %s: %d", names[k].name,
          names[k].type, q2_element_of_atom_name(names[k].name, names[k].type));
  CHECK(q2_element_of_macromodel_type("C3") == 6 && q2_element_of_macromodel_type("Cm") == 17 &&
        q2_element_of_macromodel_type("o3") == 27 && q2_element_of_macromodel_type("RH") == 45 &&
        q2_element_of_macromodel_type("HX") == 1 && q2_element_of_macromodel_type("NP") == 7 &&
        q2_element_of_macromodel_type("00") == 0 && q2_element_of_macromodel_type("Z0") == 0);
  CHECK(strcmp(q2_macromodel_type(41), "H1") == 0 && !q2_macromodel_type(250) && !q2_macromodel_type(-1));
}

/* --- mol2 --- */

static const char mol2[] = "# made for this test\n"
                           "@<TRIPOS>MOLECULE\n"
                           "rhodium and formamide\n"
                           " 5 5 1 0 0\n"
                           "SMALL\n"
                           "USER_CHARGES\n"
                           "\n"
                           "\n"
                           "@<TRIPOS>ATOM\n"
                           "  1 RH   0.0000 0.0000 0.0000 RH   1 UNL 0.5000\n"
                           "  2 O1   0.0000 0.0000 2.2000 O.2  1 UNL -.4000\n"
                           "# a comment\n"
                           "  3 CA   1.1000 0.0000 2.7000 CT   1 UNL 0.1000 BACKBONE\n"
                           "  4 N    1.1000 1.0000 3.4000 N.am 1 UNL -2.D-1\n"
                           "\n"
                           "  5 CL1  1.1000 -1.000 3.4000 cl   1 UNL 0.0000\n"
                           "@<TRIPOS>BOND\n"
                           "  1 2 1 nc\n"
                           "  2 3 2 2\n"
                           "  3 3 4 am BACKBONE|DICT\n"
                           "  4 5 3 1\n"
                           "  5 4 5 ar\n"
                           "@<TRIPOS>SUBSTRUCTURE\n"
                           "  1 UNL 1 GROUP 0 **** 0 ROOT\n"
                           "@<TRIPOS>MOLECULE\n"
                           "*****\n"
                           "1 0\n"
                           "SMALL\n"
                           "NO_CHARGES\n"
                           "@<TRIPOS>ATOM\n"
                           "1 HE1 0 0 1.0 He\n";

static void test_mol2(void) {
  struct q2_molecule_list list;
  read_text("mol2", mol2, 2, &list);
  const struct q2_molecule_record *record = &list.record[0];
  const int elements[] = {45, 8, 6, 7, 17};
  for (int a = 0; a < 5; a++)
    CHECK(record->element[a] == elements[a], "atom %d: %d", a, record->element[a]);
  CHECK(strcmp(record->name, "rhodium and formamide") == 0 && record->line == 3 && !record->has_charge);
  CHECK(strcmp(record->type[1].text, "O.2") == 0 && strcmp(record->type[2].text, "CT") == 0);
  CHECK(strcmp(record->label[4].text, "CL1") == 0 && record->position[3 * 4 + 1] == -1.0);
  CHECK(record->partial_charge[1] == -0.4 && record->partial_charge[3] == -0.2);
  CHECK(record->bond_count == 5);
  check_bond(record, 0, 0, 1, Q2_BOND_PARTIAL);
  check_bond(record, 1, 1, 2, Q2_BOND_DOUBLE);
  check_bond(record, 2, 2, 3, Q2_BOND_SINGLE);
  check_bond(record, 3, 2, 4, Q2_BOND_SINGLE);
  check_bond(record, 4, 3, 4, Q2_BOND_AROMATIC);
  CHECK(list.record[1].name[0] == '\0' && list.record[1].bond_count == 0 && !list.record[1].partial_charge &&
        list.record[1].element[0] == 2);
  q2_molecule_list_free(&list);
  CHECK(recognised_as("mol2", "a.mol2", mol2) && recognised_as("mol2", "a", mol2));
  check_text_damaged("mol2", mol2, 1);
}

static void test_mol2_refused(void) {
  static const struct wrong_text wrong[] = {
      {" 5 5 1", " 1000000000 5 1", "sample:3: expected 1 to 20000 atoms, found 1000000000"},
      {" 5 5 1", " 19000 5 1", "sample:3: claims 19000 atoms"},
      {" 5 5 1", " 6 5 1", "sample:16: 1 of the 6 atoms of line 4 are missing"},
      {" 5 5 1", " 4 5 1", "sample:16: more atoms than the 4 of line 4"},
      {" 5 5 1", " 5 6 1", "sample:22: 5 bonds; line 4 claims 6"},
      {" 5 5 1", " 5 1000000000 1", "sample:4: claims 1000000000 bonds"},
      {" 5 5 1", " five 5 1", "sample:4: expected a number of atoms, found \"five\""},
      {"  2 O1", "  3 O1", "sample:11: expected atom 2, found 3"},
      {"2.2000 O.2", "2.2000 Q.2", "sample:11: neither the name"},
      {"2.2000 O.2", "****** O.2", "sample:11: expected a coordinate"},
      {"-.4000", "", "sample:11: expected a charge"},
      {"2.7000 CT ", "2.7000 C234567890123456 ", "sample:13: expected a type of at most 15 letters"},
      {"  2 3 2 2\n", "  2 3 6 2\n", "sample:19: a bond to atom 6; there are atoms 1 to 5"},
      {"  2 3 2 2\n", "  2 3 0 2\n", "sample:19: expected an atom's number, found 0"},
      {"  2 3 2 2\n", "  2 3 3 2\n", "sample:19: atom 3 is bonded to itself"},
      {"  2 3 2 2\n", "  2 3 2 4\n", "sample:19: expected a bond's order"},
      {"  2 3 2 2\n", "  2 1 2 nc\n", "sample:19: the bond of atoms 1 and 2 is there already"},
      {"  2 3 2 2\n", "  2 3 2\n", "sample:19: expected number, two atoms and order"},
      {"@<TRIPOS>BOND\n", "@<TRIPOS>BONDS\n", "sample:4: claims 5 bonds, but there is no"},
      {"@<TRIPOS>ATOM\n", "@<TRIPOS>ATOMS\n", "sample:2: a molecule without"},
      {"@<TRIPOS>SUBSTRUCTURE\n", "@<TRIPOS>ATOM\n", "sample:23: a second"},
      {"@<TRIPOS>SUBSTRUCTURE\n", "@<TRIPOS>BOND\n", "sample:23: a second"},
      {"He\n", "He", "sample:31: the file ends within this line"},
  };
  CHECK_WRONG_TEXTS("mol2", mol2, wrong);
  check_text_refused("mol2", "@<TRIPOS>MOLECULE\n", "sample:1: expected a name");
  check_text_refused("mol2", "@<TRIPOS>ATOM\n", "expected @<TRIPOS>MOLECULE");
}

/* --- .mmo --- */

static const char mmo[] = "         BOND LENGTHS AND STRETCH ENERGIES                 3 Stretch interactions present\n"
                          "            1     2                1.5293     2.2886    2.2777      0.056  Subst  17\n"
                          " ******************************************************\n"
                          " * Input Structure Name:                              *\n"
                          " *  rhodium *and* formaldehyde                        *\n"
                          " * Input Datafile Name:                               *\n"
                          " ******************************* Columbia University **\n"
                          "    Atom        Charges              Coordinates                Residue     Attached Atoms & Bonds\n"
                          " Type  Number  QQ     Sol       X          Y          Z\n"
                          "\n"
                          " RH (    1)   0.900  0.900     0.0000     0.0000     0.0000   UNK   1       2 \n"
                          " O2 (    2)  -0.382 -0.382     0.0000     0.0000     2.2155   UNK   1       1     3=\n"
                          " C2 (    3)   0.260  0.260     1.1328     0.0000     2.7331   UNK   1       2=    4-    5-\n"
                          " H1 (    4)   0.111  0.111     2.2649     0.0844     2.0177   UNK   1       3-\n"
                          " H1 (    5)   0.111  0.111     2.2199     0.3316     0.5970   UNK   1       3-\n"
                          "\n"
                          " Total QQ  charge on system =   1.000\n"
                          " Total Sol charge on system =   1.000\n"
                          "1\n"
                          " Type  Number  QQ     Sol       X          Y          Z\n"
                          "\n"
                          " Cm (    1)  -0.500 -0.500     0.0000     0.0000     0.0000   UNK   1\n"
                          "\n"
                          " Total QQ  charge on system =  -0.500\n";

static void test_mmo(void) {
  struct q2_molecule_list list;
  read_text("mmo", mmo, 2, &list);
  const struct q2_molecule_record *record = &list.record[0];
  CHECK(strcmp(record->name, "rhodium *and* formaldehyde") == 0, "\"%s\"", record->name);
  CHECK(record->atom_count == 5 && record->element[0] == 45 && record->element[1] == 8 && record->element[2] == 6);
  CHECK(strcmp(record->type[0].text, "RH") == 0 && strcmp(record->type[4].text, "H1") == 0 && !record->label);
  CHECK(record->position[3 * 2] == 1.1328 && record->partial_charge[1] == -0.382);
  CHECK(record->has_charge && record->charge == 1 && record->bond_count == 4);
  check_bond(record, 0, 0, 1, Q2_BOND_PARTIAL);
  check_bond(record, 1, 1, 2, Q2_BOND_DOUBLE);
  check_bond(record, 2, 2, 3, Q2_BOND_SINGLE);
  check_bond(record, 3, 2, 4, Q2_BOND_SINGLE);
  CHECK(list.record[1].name[0] == '\0' && list.record[1].element[0] == 17 && list.record[1].bond_count == 0);
  CHECK(!list.record[1].has_charge); /* half an elementary charge is not a molecule's */
  q2_molecule_list_free(&list);
  CHECK(recognised_as("mmo", "a.mmo", mmo) && recognised_as("mmo", "a", mmo));
  check_text_damaged("mmo", mmo, 1);
}

static void test_mmo_refused(void) {
  static const struct wrong_text wrong[] = {
      {"3=\n", "3?\n", "sample:12: expected - = % or a blank after bonded atom 3, found \"?\""},
      {"3=\n", "3-\n", "sample:13: the bond of atoms 2 and 3 has another order"},
      {"     3=\n", "\n", "sample:13: atom 3 is bonded to atom 2, but not atom 2 to atom 3"},
      {"3=\n", "3=    3=\n", "sample:13: the bond of atoms 2 and 3 is there already"},
      {"3=\n", "3=    9-\n", "sample:12: a bond to atom 9; there are atoms 1 to 5"},
      {"3=\n", "3=    2-\n", "sample:12: atom 2 is bonded to itself"},
      {"3=\n", "3= 99999999999-\n", "sample:12: expected a bonded atom, found \"99999999999-\""},
      {"3=\n", "3=    -\n", "sample:12: expected a bonded atom, found \"-\""},
      {" O2 (    2)", " O2 (    3)", "sample:12: expected atom 2, found 3"},
      {" O2 (    2)", " 00 (    2)", "sample:12: expected the type of an element, found \"00\""},
      {" O2 (    2)", " O2      2 ", "sample:12: expected type and number of atom 2, or a blank line"},
      {"2.2155", "******", "sample:12: expected a coordinate"},
      {"UNK   1       1     3=", "", "sample:12: expected charges, x, y, z, residue and its number, found 5 words"},
      {" Total QQ", " Total", "sample:17: expected \"Total QQ"},
      {"-0.500\n", "-0.500\n BOND LENGTHS AND STRETCH ENERGIES\n", "sample:25: the file ends within a structure's listing"},
  };
  CHECK_WRONG_TEXTS("mmo", mmo, wrong);
  check_text_refused("mmo", " Type  Number  QQ\n\n", "sample:1: expected 1 to");
  check_text_refused("mmo", "nothing\n", "expected a connection table");
}

/* --- .mae --- */

static const char mae[] = "{ \n s_m_m2io_version\n :::\n 2.0.0 \n} \n"
                          "f_m_ct { \n"
                          " s_m_title\n i_m_ct_format\n s_m_path\n"
                          " :::\n"
                          " \"a \\\"quoted\\\" title # {\" \n 2\n <>\n"
                          " m_depend[1] { \n  s_x\n  :::\n  1 \"} :::\" \n  :::\n } \n"
                          " m_atom[3] { \n"
                          "  # First column is atom index #\n"
                          "  i_m_mmod_type\n  r_m_x_coord\n  r_m_y_coord\n  r_m_z_coord\n  s_m_pdb_atom_name\n"
                          "  i_m_atomic_number\n  i_m_formal_charge\n  r_m_charge1\n"
                          "  :::\n"
                          "  1 250 0.0 0.0 0.5 \"RH  \" 45 1 0.25 \n"
                          "  2 15 0.0 -1.25 2.2 \" O  \" 8 0 -.25 \n"
                          "  3 3 1.0 0.0\n     2.7 \"\" <> 0 0.0 \n"
                          "  :::\n"
                          " } \n"
                          " m_bond[2] { \n"
                          "  i_m_from\n  i_m_to\n  i_m_order\n  :::\n"
                          "  1 1 2 0\n"
                          "  2 3 2 2\n"
                          "  :::\n } \n"
                          "} \n"
                          "f_m_ct { :::\n"
                          " m_atom[1] { r_m_x_coord r_m_y_coord r_m_z_coord i_m_mmod_type ::: 1 0 0 0 41 ::: } }\n";

static void test_mae(void) {
  struct q2_molecule_list list;
  read_text("mae", mae, 2, &list);
  const struct q2_molecule_record *record = &list.record[0];
  CHECK(strcmp(record->name, "a \"quoted\" title # {") == 0, "%s", record->name);
  CHECK(record->element[0] == 45 && record->element[1] == 8 && record->element[2] == 6 && record->line == 6);
  CHECK(strcmp(record->type[0].text, "250") == 0 && strcmp(record->type[1].text, "O2") == 0);
  CHECK(strcmp(record->label[0].text, "RH") == 0 && strcmp(record->label[1].text, "O") == 0);
  CHECK(record->position[4] == -1.25 && record->position[8] == 2.7 && record->partial_charge[1] == -0.25);
  CHECK(record->has_charge && record->charge == 1 && record->bond_count == 2);
  check_bond(record, 0, 0, 1, Q2_BOND_PARTIAL);
  check_bond(record, 1, 1, 2, Q2_BOND_DOUBLE);
  CHECK(list.record[1].element[0] == 1 && strcmp(list.record[1].type[0].text, "H1") == 0);
  CHECK(list.record[1].bond_count == -1 && !list.record[1].has_charge && !list.record[1].label);
  q2_molecule_list_free(&list);
  CHECK(recognised_as("mae", "a.mae", mae) && recognised_as("mae", "a", mae));
  check_text_damaged("mae", mae, 1);
}

static void test_mae_refused(void) {
  static const struct wrong_text wrong[] = {
      {"f_m_ct", "p_m_ct", "sample:6: p_m_ct"},
      {"m_atom[3]", "m_atom[1000000000]", "sample:20: claims 1000000000 rows"},
      {"m_atom[3]", "m_atom[x]", "sample:20: expected a number of rows"},
      {"m_atom[3]", "m_atom[3", "sample:20: expected m_atom[number of rows]"},
      {"m_atom[3]", "m_atom[-3]", "sample:20: expected a number of rows"},
      {"m_atom[3]", "m_atom[0]", "sample:20: expected 1 to"},
      {"m_atom[3]", "m_atom[2]", "sample:33: expected :::, found \"3\""},
      {"m_atom[3]", "m_atom[4]", "expected a value, found :::"},
      {"m_atom[3]", "n_atom[3]", "a structure without m_atom"},
      {"m_depend[1]", "m_atom[1]", "sample:16: m_atom has no key r_m_x_coord"},
      {"  2 15 0.0", "  3 15 0.0", "sample:32: expected row 2, found 3"},
      {"  2 15 0.0", "  2 15 <>", "sample:32: expected a coordinate, found \"<>\""},
      {"  2 15 0.0", "  2 15 \"0.0", "sample:32: expected a coordinate"},
      {"\"RH  \"", "\"RH  ", "sample:31: expected a closing quotation mark"},
      {"\" O  \" 8", "\" O  \" 200", "sample:32: expected an atomic number, found 200"},
      {"\" O  \" 8 0", "\" O  \" 8 2147483647", "sample:32: expected a formal charge"},
      {"  3 3 1.0", "  3 61 1.0", "sample:34: the element of atom 3 is not known"},
      {"r_m_y_coord", "r_m_x_coord", "a second key r_m_x_coord"},
      {"r_m_y_coord", "r_m_w_coord", "m_atom has no key r_m_y_coord"},
      {"i_m_order", "i_m_orders", "m_bond has no key i_m_order"},
      {"  2 3 2 2\n", "  2 3 4 2\n", "sample:43: a bond to atom 4; there are atoms 1 to 3"},
      {"  2 3 2 2\n", "  2 3 3 2\n", "sample:43: atom 3 is bonded to itself"},
      {"  2 3 2 2\n", "  2 3 2 7\n", "sample:43: expected a bond's order 0 to 3, found 7"},
      {"  2 3 2 2\n", "  2 1 2 0\n", "sample:43: the bond of atoms 1 and 2 is there already"},
      {"  2 3 2 2\n", "  2 2 1 1\n", "sample:43: the bond of atoms 1 and 2 has another order"},
      {"  2 3 2 2\n", "  2 3 0 2\n", "sample:43: expected a bond between two atoms, found 3 and 0"},
      {"  2 3 2 2\n", "  2 3 2\n", "sample:44: expected a value, found :::"},
  };
  CHECK_WRONG_TEXTS("mae", mae, wrong);
  check_text_refused("mae", "\x1f\x8b\x08 and so on", "is compressed");
  check_text_refused("mae", "{ }\n", "expected a structure f_m_ct");
  check_text_refused("mae", "{ {", "sample:1: the file ends within a block");
  check_text_refused("mae", "1 2 3\n", "sample:1: expected a block, found \"1\"");
  struct q2_molecule_list list; /* each bond from either atom, as older files have it */
  read_text("mae",
            "f_m_ct { ::: m_bond[2] { i_m_from i_m_to i_m_order ::: 1 1 2 1 2 2 1 1 ::: } m_atom[2] { r_m_x_coord r_m_y_coord "
            "r_m_z_coord i_m_mmod_type ::: 1 0 0 0 41 2 0 0 1 41 ::: } }",
            1, &list);
  check_bond(&list.record[0], 0, 0, 1, Q2_BOND_SINGLE);
  q2_molecule_list_free(&list);
}

/* --- Tinker --- */

static const char tinker[] = "     4  fluoride and water\n"
                             "   18.643000   18.643000   18.643000   90.000000   90.000000   90.000000\n"
                             "     1  O      0.000000    0.000000    0.117000     1     2     3\n"
                             "     2  H      0.000000    0.757000   -0.468000     2     1\n"
                             "     3  HO     0.000000   -0.757000   -4.68D-01     2     1\n"
                             "     4  F-     0.000000    0.000000    3.000000   101\n"
                             "     1\n"
                             "     1  SI     1.000000    2.000000    3.000000    19\n";

static void test_tinker(void) {
  struct q2_molecule_list list;
  read_text("tinker-xyz", tinker, 2, &list);
  const struct q2_molecule_record *record = &list.record[0];
  CHECK(strcmp(record->name, "fluoride and water") == 0 && record->atom_count == 4 && record->line == 1);
  CHECK(record->element[0] == 8 && record->element[2] == 1 && record->element[3] == 9);
  CHECK(strcmp(record->type[3].text, "101") == 0 && strcmp(record->label[2].text, "HO") == 0);
  CHECK(record->position[3 * 2 + 2] == -0.468 && record->bond_count == 2);
  check_bond(record, 0, 0, 1, Q2_BOND_UNKNOWN);
  check_bond(record, 1, 0, 2, Q2_BOND_UNKNOWN);
  CHECK(list.record[1].element[0] == 14 && list.record[1].bond_count == 0 && list.record[1].line == 7);
  q2_molecule_list_free(&list);
  CHECK(recognised_as("tinker-xyz", "a.xyz", tinker) && recognised_as("tinker-xyz", "a.arc", tinker));
  CHECK(!recognised_as("tinker-xyz", "a.xyz", "1\ntitle\nH 0 0 0\n"));
  check_text_damaged("tinker-xyz", tinker, 1);
}

static void test_tinker_refused(void) {
  static const struct wrong_text wrong[] = {
      {"     4  fl", " 2000000000 fl", "sample:1: expected 1 to 20000 atoms, found 2000000000"},
      {"     4  fl", "    -4  fl", "sample:1: expected 1 to 20000 atoms, found -4"},
      {"     4  fl", " 4000  fl", "sample:1: claims 4000 atoms"},
      {"     4  fl", "     5  fl", "sample:7: expected number, name, x, y, z, type"},
      {"     4  fl", "     3  fl", "sample:7: expected number, name, x, y, z, type"},
      {"     2  H ", "     3  H ", "sample:4: expected atom 2, found 3"},
      {"     2  H ", "     2  Q ", "sample:4: expected an atom's name that begins with an element, found \"Q\""},
      {"0.757000", "********", "sample:4: expected a coordinate"},
      {"0.757000", "1e999", "sample:4: expected a coordinate"},
      {"     2     1\n", "     2\n", "sample:3: atom 1 is bonded to atom 2, but not atom 2 to atom 1"},
      {"     2     1\n", "     2     1     1\n", "sample:4: the bond of atoms 1 and 2 is there already"},
      {"     2     1\n", "     2     2\n", "sample:4: atom 2 is bonded to itself"},
      {"     2     1\n", "     2     0\n", "sample:4: expected a bonded atom, found 0"},
      {"     2     1\n", "     2     5\n", "sample:4: a bond to atom 5; there are atoms 1 to 4"},
      {"     2     1\n", "     2.5   1\n", "sample:4: expected a type, found \"2.5\""},
      {"    19\n", "    19", "sample:8: the file ends within this line"},
  };
  CHECK_WRONG_TEXTS("tinker-xyz", tinker, wrong);
  check_text_refused("tinker-xyz", "\n\n", "expected a number of atoms");
}

int main(void) {
  test_elements();
  test_mol2();
  test_mol2_refused();
  test_mmo();
  test_mmo_refused();
  test_mae();
  test_mae_refused();
  test_tinker();
  test_tinker_refused();
  return check_result();
}
