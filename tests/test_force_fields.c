/* Force fields of other programs: what their readers take from small files, that writing and reading again changes no bit, what
 * is refused, and that broken files end in a message. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/formats/force_field.h"
#include "../io/units.h"
#include "check.h"

static const char tinker_amber[] = "forcefield  TEST\n"
                                   "vdwindex TYPE\n"
                                   "vdwtype LENNARD-JONES\n"
                                   "radiusrule ARITHMETIC\n"
                                   "radiustype R-MIN\n"
                                   "radiussize RADIUS\n"
                                   "epsilonrule GEOMETRIC\n"
                                   "vdw-14-scale 2.0\n"
                                   "chg-14-scale 1.2\n"
                                   "electric 332.0522173\n"
                                   "dielectric 1.0\n"
                                   "# a comment\n"
                                   "atom 1 1 CT \"Sp3 Carbon\" 6 12.011 4\n"
                                   "atom 2 2 HC \"Hydrogen on C\" 1 1.008 1\n"
                                   "atom 3 3 C  \"Carbonyl\" 6 12.011 3\n"
                                   "atom 4 4 O  \"Carbonyl O\" 8 15.999 1\n"
                                   "vdw 1 1.9080 0.1094\n"
                                   "vdw 2 1.4870 0.0157   # OPT\n"
                                   "vdw 3 1.9080 0.0860\n"
                                   "vdw 4 1.6612 0.2100\n"
                                   "bond 1 1 310.00 1.5260\n"
                                   "BOND 1 2 3.4D+02 1.0900  # OPT\n"
                                   "angle 2 1 2 35.00 109.50\n"
                                   "angle 1 1 2 50.00 109.50\n"
                                   "ureybrad 2 1 2 5.0 1.8\n"
                                   "torsion 2 1 1 2 0.150 0.0 3\n"
                                   "torsion 0 1 3 0 0.1 0.0 1 -0.2 180.0 2 0.05 0.0 3 0.025 0.0 6\n"
                                   "imptors 1 1 3 4 10.5 180.0 2\n"
                                   "charge 1 -0.18\n"
                                   "charge 2 0.06\n"
                                   "biotype 1 N \"Glycine\" 1\n";

static const char tinker_mm3[] = "forcefield MM3-TEST\r\n"
                                 "bondunit 71.94\r\nbond-cubic -2.55\r\nbond-quartic 3.793125\r\n"
                                 "angleunit 0.02191418\r\nangle-cubic -0.014\r\nangle-quartic 0.000056\r\n"
                                 "angle-pentic -0.0000007\r\nangle-sextic 0.000000022\r\n"
                                 "strbndunit 2.51118\r\n"
                                 "opbendtype ALLINGER\r\nopbendunit 0.02191418\r\nopbend-cubic -0.014\r\n"
                                 "opbend-quartic 0.000056\r\nopbend-pentic -0.0000007\r\nopbend-sextic 0.000000022\r\n"
                                 "torsionunit 0.5\r\nstrtorunit -5.9975\r\n"
                                 "vdwtype MM3-HBOND\r\nradiusrule ARITHMETIC\r\nradiustype R-MIN\r\nradiussize RADIUS\r\n"
                                 "epsilonrule GEOMETRIC\r\na-expterm 184000.0\r\nb-expterm 12.0\r\nc-expterm 2.25\r\n"
                                 "dielectric 1.5\r\n"
                                 "atom 1 C \"CSP3 ALKANE\" 6 12.0 4\r\n"
                                 "atom 2 C \"CSP2 ALKENE\" 6 12.0 3\r\n"
                                 "atom 5 H \"EXCEPT ON N,O,S\" 1 1.008 1\r\n"
                                 "vdw 1 2.04 0.027\r\nvdw 2 1.96 0.056\r\nvdw 5 1.62 0.02 0.923\r\n"
                                 "vdwpr 1 5 3.56 0.023\r\n"
                                 "bond 1 1 4.49 1.5247\r\nbond 1 5 4.74 1.112\r\nbond 1 2 6.3 1.499\r\n"
                                 "angle 1 1 1 0.67 109.5 110.2 111.0\r\n"
                                 "strbnd 1 1 1 0.13 0.13\r\n"
                                 "opbend 1 2 0 0 0.05\r\n"
                                 "torsion 1 1 1 1 0.185 0.0 1 0.17 180.0 2 0.52 0.0 3\r\n"
                                 "strtors 1 1 1 1 0.0 0.0 0.059\r\n"
                                 "hbond 1 5 3.0 0.1\r\n";

static const char frcmod[] = "a title\n"
                             "MASS\n"
                             "c3 12.01         0.878               Sp3 C\n"
                             "hc 1.008         0.135               H bonded\n"
                             "o  16.00         0.434\n"
                             "Cl 35.45         1.910\n"
                             "\n"
                             "BOND\n"
                             "c3-hc  330.60   1.0970   OPT\n"
                             "c -o   637.70   1.2183       SOURCE1\n"
                             "\n"
                             "ANGLE\n"
                             "hc-c3-hc   39.400     107.580   SOURCE1_SOURCE5\n"
                             "\n"
                             "DIHE\n"
                             "X -c3-c3-X    9    1.400         0.000           3.000      JCC,7,(1986),230\n"
                             "hc-c3-c -o    1    0.80          0.0            -1.         Junmei et al, 1999\n"
                             "hc-c3-c -o    1    0.08        180.0             3.         Junmei et al, 1999\n"
                             "\n"
                             "IMPROPER\n"
                             "X -X -c -o          10.5         180.          2.           JCC,7,(1986),230\n"
                             "\n"
                             "NONBON\n"
                             "  c3          1.9080  0.1094    OPLS\n"
                             "  hc          1.4870  0.0157    OPLS\n"
                             "\n";

static const char parm_dat[] = "PARM99 like\n"
                               "CT 12.01         0.878               sp3 aliphatic C\n"
                               "N  14.01         0.530\n"
                               "N2 14.01         0.530\n"
                               "HO 1.008         0.135\n"
                               "\n"
                               "C   H   HO  N\n"
                               "CT-CT  310.0    1.526       JCC,7,(1986),230\n"
                               "CT-N   337.0    1.449\n"
                               "\n"
                               "CT-CT-N     80.0      109.70\n"
                               "\n"
                               "X -CT-CT-X    9    1.40          0.0             3.\n"
                               "\n"
                               "X -X -N -H          1.0         180.          2.\n"
                               "\n"
                               "  HO  N   0000.     0000.                                4.  flag\n"
                               "\n"
                               "N   N2\n"
                               "\n"
                               "MOD4      RE\n"
                               "  CT          1.9080  0.1094             Spellmeyer\n"
                               "  N           1.8240  0.1700\n"
                               "  HO          0.0000  0.0000\n"
                               "\n"
                               "END\n";

static const char openmm[] =
    "<?xml version=\"1.0\"?>\n"
    "<!-- <Bond k=\"7\"/> -->\n"
    "<ForceField>\n"
    " <Info><Source>test</Source></Info>\n"
    " <AtomTypes>\n"
    "  <Type name=\"a1\" class=\"CT\" element=\"C\" mass=\"12.01\"/> <Type name=\"a2\" class=\"HC\" element=\"H\" "
    "mass=\"1.008\"/>\n"
    "  <Type name=\"a3\" class=\"O&amp;\" element=\"O\" mass=\"16\"/>\n"
    " </AtomTypes>\n"
    " <Residues>\n"
    "  <Residue name=\"MOH\">\n"
    "   <Atom name=\"C1\" type=\"a1\" charge=\"0.1\"/><Atom name=\"O1\" type=\"a3\" charge=\"-0.4\"/>\n"
    "   <Atom name=\"H1\" type=\"a2\" charge=\"0.3\"/>\n"
    "   <Bond from=\"0\" to=\"1\"/><Bond atomName1=\"O1\" atomName2=\"H1\"/>\n"
    "  </Residue>\n"
    " </Residues>\n"
    " <HarmonicBondForce>\n"
    "  <Bond class1=\"CT\" class2=\"HC\" length=\"0.109\"\n"
    "        k=' 284512.0 ' fit=\"1\"/>\n"
    "  <Bond class1=\"CT\" class2=\"O&amp;\" length=\"0.141\" k=\"267776\"/>\n"
    " </HarmonicBondForce>\n"
    " <HarmonicAngleForce><Angle class1=\"HC\" class2=\"CT\" class3=\"HC\" angle=\"1.91113553093\" "
    "k=\"292.88\"/></HarmonicAngleForce>\n"
    " <PeriodicTorsionForce ordering=\"amber\">\n"
    "  <Proper class1=\"\" class2=\"CT\" class3=\"CT\" class4=\"\" periodicity1=\"3\" phase1=\"0.0\" k1=\"0.6508\"\n"
    "   periodicity2=\"1\" phase2=\"3.14159265359\" k2=\"0.25\"/>\n"
    "  <Improper class1=\"CT\" class2=\"\" class3=\"HC\" class4=\"O&amp;\" periodicity1=\"2\" phase1=\"3.14159265359\" "
    "k1=\"4.6\"/>\n"
    " </PeriodicTorsionForce>\n"
    " <NonbondedForce coulomb14scale=\"0.833333\" lj14scale=\"0.5\">\n"
    "  <UseAttributeFromResidue name=\"charge\"/>\n"
    "  <Atom class=\"CT\" sigma=\"0.339967\" epsilon=\"0.457730\"/>\n"
    "  <Atom type=\"a2\" sigma=\"0.264953\" epsilon=\"0.0656888\"/>\n"
    "  <Atom type=\"a3\" sigma=\"0.306647\" epsilon=\"0.880314\"/>\n"
    " </NonbondedForce>\n"
    "</ForceField>\n";

/* Reads `content` as the file `path`, in the format that recognises it. */
static int read_field(const char *path, const char *content, size_t size, struct q2_force_field *field,
                      struct q2_error *error) {
  struct q2_text text;
  int status = q2_text_from_bytes(path, content, size, &text, error);
  if (status != Q2_OK) return status;
  const struct q2_force_field_format *format = q2_force_field_format_of(&text);
  status = format ? format->read(&text, field, error) : q2_text_fail(&text, 0, error, "no known format");
  q2_text_free(&text);
  return status;
}

static void must_read(const char *path, const char *content, struct q2_force_field *field) {
  struct q2_error error = {""};
  memset(field, 0, sizeof *field);
  CHECK(read_field(path, content, strlen(content), field, &error) == Q2_OK, "%s: %s", path, error.text);
}

/* In q2hpc's unit. */
static double inside(const struct q2_file_number *number, const char *kind) {
  struct q2_error error = {""};
  double factor = NAN;
  CHECK(q2_unit_of_parameter(kind, number->unit, "test", &factor, &error) == Q2_OK, "%s", error.text);
  return number->multiplier * number->value * factor;
}

static const struct q2_type_row *find_row(const struct q2_force_field *field, const char *form, const char *names,
                                          int component) {
  for (int r = 0; r < field->row_count; r++) {
    char all[100] = "";
    for (int a = 0; a < field->row[r].atom_count; a++)
      strcat(strcat(all, a ? " " : ""), field->row[r].atom[a].text);
    if (strcmp(field->row[r].form, form) == 0 && strcmp(all, names) == 0 && field->row[r].component == component)
      return &field->row[r];
  }
  return NULL;
}

/* One parameter of a row: its value in q2hpc's unit, to rounding. */
static void check_parameter(const struct q2_force_field *field, const char *form, const char *names, int component, int p,
                            double expected) {
  const struct q2_type_row *row = find_row(field, form, names, component);
  CHECK(row != NULL, "no %s %s %d", form, names, component);
  if (row) CHECK_CLOSE(inside(&row->parameter[p], q2_row_form_named(form)->kind[p]), expected, 1e-12 * fabs(expected));
}

static const double degree = 3.14159265358979323846 / 180.0;

static void test_tinker_amber(void) {
  struct q2_force_field field;
  must_read("amber.prm", tinker_amber, &field);
  CHECK(field.type_count == 4 && field.nonbonded_count == 4 && field.charge_count == 2 && field.row_count == 11,
        "%d types, %d non-bonded, %d charges, %d rows", field.type_count, field.nonbonded_count, field.charge_count,
        field.row_count);
  CHECK(strcmp(field.nonbonded_form, "lennard_jones") == 0 && strcmp(field.combining_rule, "lorentz-berthelot") == 0);
  CHECK_CLOSE(field.vdw_14, 0.5, 0.0);
  CHECK_CLOSE(field.coulomb_14, 1.0 / 1.2, 0.0);
  CHECK_CLOSE(field.dielectric, 332.063713 / 332.0522173, 1e-8); /* another Coulomb constant */
  check_parameter(&field, "bond_harmonic", "1 2", 0, 0, 340.0);
  check_parameter(&field, "bond_harmonic", "1 2", 0, 1, 1.09);
  check_parameter(&field, "angle_harmonic", "1 1 2", 0, 0, 50.0);
  check_parameter(&field, "angle_harmonic", "1 1 2", 0, 1, 109.5 * degree);
  check_parameter(&field, "urey_bradley", "2 1 2", 0, 0, 5.0);
  check_parameter(&field, "torsion_fourier", "* 1 3 *", 1, 0, -0.2);
  check_parameter(&field, "torsion_fourier", "* 1 3 *", 3, 0, 0.025);
  CHECK(find_row(&field, "torsion_fourier", "* 1 3 *", 3)->constant == 6.0);
  check_parameter(&field, "improper_fourier", "1 1 3 4", 0, 0, 10.5);
  CHECK(field.improper_all_orders == 1 && field.improper_centre == Q2_IMPROPER_CENTRE_THIRD);
  CHECK(find_row(&field, "bond_harmonic", "1 2", 0)->fitted == 1 && find_row(&field, "bond_harmonic", "1 1", 0)->fitted == 0);
  CHECK(field.nonbonded[1].fitted == 1 && field.nonbonded[0].fitted == 0);
  CHECK_CLOSE(inside(&field.nonbonded[0].size, "lj_sigma"), 2.0 * 1.908 / pow(2.0, 1.0 / 6.0), 1e-14);
  const struct q2_file_number *k = &find_row(&field, "bond_harmonic", "1 2", 0)->parameter[0];
  CHECK(k->line == 22 && k->column == 9 && k->width == 7, "line %d, column %d, width %d", k->line, k->column, k->width);
  q2_force_field_free(&field);
}

static void test_tinker_mm3(void) {
  struct q2_force_field field;
  must_read("mm3.prm", tinker_mm3, &field);
  check_parameter(&field, "bond_mm3", "1 1", 0, 0, 71.94 * 4.49);
  check_parameter(&field, "angle_mm3", "1 1 1", 0, 0, 0.02191418 / (degree * degree) * 0.67);
  CHECK(find_row(&field, "angle_mm3", "1 1 1", 0)->constant == 2.2e-8);
  check_parameter(&field, "stretch_bend", "1 1 1", 0, 0, 2.51118 / degree * 0.13); /* 143.88 K */
  CHECK_CLOSE(2.51118 / degree, 143.88, 1e-2);
  check_parameter(&field, "out_of_plane_mm3", "* 2 * 1", 0, 0, 0.02191418 / (degree * degree) * 0.05);
  check_parameter(&field, "torsion_mm3", "1 1 1 1", 0, 0, 0.185);
  check_parameter(&field, "torsion_mm3", "1 1 1 1", 0, 1, 0.17);
  check_parameter(&field, "torsion_mm3", "1 1 1 1", 0, 2, 0.52);
  check_parameter(&field, "torsion_stretch", "1 1 1 1", 0, 2, -11.995 * 0.059);
  CHECK(strcmp(field.nonbonded_form, "exp6_mm3") == 0 && strcmp(field.combining_rule, "mm3") == 0);
  CHECK_CLOSE(field.nonbonded[2].reduction, 0.077, 1e-15);
  CHECK_CLOSE(field.dielectric, 1.5, 1e-15);
  CHECK(field.pair_count == 1 && strcmp(field.pair[0].form, "exp6_mm3") == 0);
  const struct q2_type_row *angle = find_row(&field, "angle_mm3", "1 1 1", 0);
  CHECK(angle->further_count == 2 && angle->further[0].value == 110.2 && angle->further[1].value == 111.0);
  CHECK(field.warning_count == 1 && strstr(field.warning[0].text, "hbond"), "%d warnings", field.warning_count);
  q2_force_field_free(&field);
}

static void test_frcmod(void) {
  struct q2_force_field field;
  must_read("a.frcmod", frcmod, &field);
  check_parameter(&field, "bond_harmonic", "c o", 0, 0, 637.7);
  check_parameter(&field, "torsion_fourier", "* c3 c3 *", 0, 0, 1.4 / 9.0);
  check_parameter(&field, "torsion_fourier", "hc c3 c o", 1, 0, 0.08);
  CHECK(find_row(&field, "torsion_fourier", "hc c3 c o", 1)->constant == 3.0);
  check_parameter(&field, "improper_fourier", "* * c o", 0, 0, 10.5);
  CHECK(find_row(&field, "bond_harmonic", "c3 hc", 0)->fitted == 1);
  CHECK(field.type_count == 4 && strcmp(field.type[3].name.text, "Cl") == 0);
  CHECK_CLOSE(field.coulomb_14, 1.0 / 1.2, 0.0);
  CHECK_CLOSE(field.vdw_14, 0.5, 0.0);
  CHECK_CLOSE(inside(&field.nonbonded[0].size, "lj_sigma"), 1.908 * pow(2.0, 5.0 / 6.0), 1e-14);
  q2_force_field_free(&field);
}

/* parm.dat, then frcmod: rows of the second win, types of one class share a non-bonded row. */
static void test_parm_and_frcmod(void) {
  static const char second[] = "second\nBOND\nN -CT  400.0    1.5\n\nDIHE\nX -CT-CT-X    1    0.1  0.0  2.\n\n";
  struct q2_force_field field;
  struct q2_error error = {""};
  must_read("parm99.dat", parm_dat, &field);
  check_parameter(&field, "bond_harmonic", "CT N", 0, 0, 337.0);
  CHECK(field.nonbonded_count == 3 && field.nonbonded[1].names == Q2_BY_CLASS);
  CHECK(strcmp(q2_force_field_type(&field, "N2")->class_name.text, "N") == 0);
  CHECK(field.pair_count == 1 && strcmp(field.pair[0].form, "hydrogen_12_10") == 0);
  CHECK(read_field("b.frcmod", second, strlen(second), &field, &error) == Q2_OK, "%s", error.text);
  CHECK(find_row(&field, "bond_harmonic", "CT N", 0) == NULL);
  check_parameter(&field, "bond_harmonic", "N CT", 0, 0, 400.0);
  check_parameter(&field, "bond_harmonic", "CT CT", 0, 0, 310.0);
  check_parameter(&field, "torsion_fourier", "* CT CT *", 0, 0, 0.1);
  CHECK(find_row(&field, "torsion_fourier", "* CT CT *", 0)->constant == 2.0);
  q2_force_field_free(&field);
}

/* A Tinker key file inherits the units of the parameters before it. */
static void test_key_inherits(void) {
  static const char key[] = "bond 1 1 5.00 1.60\n";
  struct q2_force_field field;
  struct q2_error error = {""};
  must_read("mm3.prm", tinker_mm3, &field);
  CHECK(read_field("a.key", key, strlen(key), &field, &error) == Q2_OK, "%s", error.text);
  check_parameter(&field, "bond_mm3", "1 1", 0, 0, 71.94 * 5.0);
  CHECK(strcmp(field.nonbonded_form, "exp6_mm3") == 0);
  q2_force_field_free(&field);
}

static void test_openmm(void) {
  struct q2_force_field field;
  must_read("a.xml", openmm, &field);
  check_parameter(&field, "bond_harmonic", "CT HC", 0, 0, 0.5 * 284512.0 / 418.4);
  check_parameter(&field, "bond_harmonic", "CT HC", 0, 1, 1.09);
  const struct q2_file_number *k = &find_row(&field, "bond_harmonic", "CT HC", 0)->parameter[0];
  CHECK(k->line == 18 && k->column == 12 && k->width == 8, "line %d, column %d, width %d", k->line, k->column, k->width);
  CHECK(find_row(&field, "bond_harmonic", "CT HC", 0)->fitted == 1);
  check_parameter(&field, "angle_harmonic", "HC CT HC", 0, 0, 0.5 * 292.88 / 4.184);
  check_parameter(&field, "torsion_fourier", "* CT CT *", 1, 0, 0.25 / 4.184);
  check_parameter(&field, "improper_fourier", "* HC CT O&", 0, 0, 4.6 / 4.184);
  CHECK(field.improper_centre == Q2_IMPROPER_CENTRE_THIRD);
  CHECK_CLOSE(inside(&field.nonbonded[0].size, "lj_sigma"), 3.39967, 1e-14);
  CHECK(field.residue_count == 1 && field.residue[0].atom_count == 3 && field.residue[0].bond_count == 2);
  CHECK(field.residue[0].has_charges && field.residue[0].atom[1].charge == -0.4);
  q2_force_field_free(&field);
}

/* Types of a molecule whose name, elements and bonds are a residue's: in the file's order, or by its atoms' names. */
static void test_residue_types(void) {
  struct q2_force_field field;
  struct q2_error error = {""};
  struct q2_molecule_list list = {0};
  must_read("a.xml", openmm, &field);
  struct q2_molecule_record *record = q2_molecule_add(&list, 3);
  const int32_t elements[] = {6, 8, 1}, bonds[][2] = {{1, 0}, {1, 2}};
  int found;
  strcpy(record->name, "MOH");
  record->element = malloc(sizeof elements);
  record->bond = malloc(sizeof bonds);
  memcpy(record->element, elements, sizeof elements);
  memcpy(record->bond, bonds, sizeof bonds);
  record->bond_count = 2;
  CHECK(q2_force_field_residue_types(&field, record, &found, &error) == Q2_OK && found == 1);
  CHECK(found && strcmp(record->type[2].text, "a2") == 0 && record->partial_charge[2] == 0.3);
  record->bond[1][0] = 0; /* another molecule */
  CHECK(q2_force_field_residue_types(&field, record, &found, &error) == Q2_OK && found == 0);
  record->bond[1][0] = 1;
  record->element[2] = 8; /* the order of the file does not fit, names do */
  record->element[1] = 1;
  record->bond[0][0] = record->bond[1][0] = 2;
  record->bond[1][1] = 1;
  CHECK(q2_force_field_residue_types(&field, record, &found, &error) == Q2_OK && found == 0);
  record->label = calloc(3, sizeof *record->label);
  strcpy(record->label[0].text, "C1");
  strcpy(record->label[1].text, "H1");
  strcpy(record->label[2].text, "O1");
  CHECK(q2_force_field_residue_types(&field, record, &found, &error) == Q2_OK && found == 1);
  CHECK(found && strcmp(record->type[1].text, "a2") == 0 && record->partial_charge[2] == -0.4);
  q2_molecule_list_free(&list);
  q2_force_field_free(&field);
}

static int same_number(const struct q2_file_number *a, const struct q2_file_number *b, const char *kind) {
  return inside(a, kind) == inside(b, kind);
}

/* Whether the row is in the other field, with the same bits in q2hpc's units. */
static int has_row(const struct q2_force_field *field, const struct q2_type_row *row) {
  for (int r = 0; r < field->row_count; r++) {
    const struct q2_type_row *other = &field->row[r];
    int same = strcmp(row->form, other->form) == 0 && row->names == other->names && row->component == other->component &&
               row->fitted == other->fitted && row->constant == other->constant;
    for (int a = 0; same && a < row->atom_count; a++)
      same = strcmp(row->atom[a].text, other->atom[a].text) == 0;
    for (int p = 0; same && p < row->parameter_count; p++)
      same = same_number(&row->parameter[p], &other->parameter[p], q2_row_form_named(row->form)->kind[p]);
    if (same) return 1;
  }
  return 0;
}

static int has_nonbonded(const struct q2_force_field *field, const struct q2_nonbonded_row *row) {
  const int exp6 = strcmp(field->nonbonded_form, "exp6_mm3") == 0;
  for (int n = 0; n < field->nonbonded_count; n++) {
    const struct q2_nonbonded_row *other = &field->nonbonded[n];
    if (strcmp(row->name.text, other->name.text) == 0 && row->fitted == other->fitted && row->reduction == other->reduction &&
        same_number(&row->size, &other->size, exp6 ? "vdw_radius" : "lj_sigma") &&
        same_number(&row->epsilon, &other->epsilon, exp6 ? "vdw_epsilon" : "lj_epsilon"))
      return 1;
  }
  return 0;
}

/* Read, written in `format`, read again: identical. */
static void check_round_trip(const char *path, const char *content, const char *format) {
  struct q2_force_field before, after;
  struct q2_error error = {""};
  char *bytes = NULL, other[40];
  size_t size = 0;
  must_read(path, content, &before);
  if (strcmp(format, "amber") == 0) before.dielectric = 1.0;
  if (strcmp(format, "openmm") == 0 && before.charge_count) before.dielectric = 1.0;
  const int status = q2_force_field_format_named(format)->write(&before, &bytes, &size, &error);
  CHECK(status == Q2_OK, "%s as %s: %s", path, format, error.text);
  if (status == Q2_OK) {
    snprintf(other, sizeof other, "again.%s", format);
    memset(&after, 0, sizeof after);
    CHECK(read_field(other, bytes, size, &after, &error) == Q2_OK, "%s as %s: %s\n%s", path, format, error.text, bytes);
    CHECK(strcmp(after.format, format) == 0 && after.row_count == before.row_count, "%s as %s: %d rows and %d", path, format,
          before.row_count, after.row_count);
    for (int r = 0; r < before.row_count; r++)
      CHECK(has_row(&after, &before.row[r]), "%s as %s: %s %s-%s", path, format, before.row[r].form, before.row[r].atom[0].text,
            before.row[r].atom[1].text);
    for (int n = 0; n < before.nonbonded_count; n++)
      CHECK(has_nonbonded(&after, &before.nonbonded[n]), "%s as %s: non-bonded %s", path, format,
            before.nonbonded[n].name.text);
    CHECK(after.pair_count == before.pair_count && after.type_count == before.type_count);
    if (before.nonbonded_form[0])
      CHECK(strcmp(after.nonbonded_form, before.nonbonded_form) == 0 &&
                strcmp(after.combining_rule, before.combining_rule) == 0 && after.vdw_14 == before.vdw_14 &&
                after.coulomb_14 == before.coulomb_14 && after.dielectric == before.dielectric,
            "%s as %s: rules", path, format);
    q2_force_field_free(&after);
  }
  free(bytes);
  q2_force_field_free(&before);
}

static void test_round_trips(void) {
  check_round_trip("amber.prm", tinker_amber, "tinker");
  check_round_trip("mm3.prm", tinker_mm3, "tinker");
  check_round_trip("a.frcmod", frcmod, "amber");
  check_round_trip("a.frcmod", frcmod, "openmm");
  check_round_trip("a.xml", openmm, "openmm");
}

static void check_refused(const char *path, const char *content, const char *message) {
  struct q2_force_field field = {0};
  struct q2_error error = {""};
  CHECK(read_field(path, content, strlen(content), &field, &error) == Q2_FAILED, "%s was read, and should not: %s", content,
        message);
  CHECK(strstr(error.text, message) && strstr(error.text, path), "\"%s\", expected \"%s\"", error.text, message);
  q2_force_field_free(&field);
}

/* Files as Tinker has them: references in between, of which one begins with a word that could be a keyword. */
static void test_tinker_text(void) {
  static const char content[] = "forcefield TEST\n\n      ####\n      ##  Literature References  ##\n\n"
                                "J. Author, Force Field for\nMetal Cations in Water (1999)\n\n"
                                "atom 1 1 C \"C\" 6 12.011 4\nbond 1 1 300.0 1.5\ntorsion 1 1 1 1\nvdw 1 2.0 -0.1\n";
  struct q2_force_field field;
  must_read("text.prm", content, &field);
  CHECK(field.row_count == 2 && field.warning_count == 1 && field.warning[0].line == 6);
  CHECK(strstr(field.warning[0].text, "taken as text") != NULL);
  CHECK(field.nonbonded[0].epsilon.value == -0.1 && field.nonbonded[0].epsilon.multiplier == -1.0); /* CHARMM's sign */
  CHECK(field.row[1].parameter[0].value == 0.0 && field.row[1].constant == 1.0 && field.row[1].parameter[0].line == 0);
  q2_force_field_free(&field);
  check_refused("a.prm", "forcefield x\nmetal 1 2.0\n", "a.prm:2: metal: q2hpc has no such");
  check_refused("a.prm", "forcefield x\nchg-11-scale 0.5\n", "a.prm:2: chg-11-scale: q2hpc has no such");
  check_refused("a.prm", "forcefield x\ntorsionterm only\n", "a.prm:2: torsionterm: q2hpc has no such");
}

static void test_refusals(void) {
  check_refused("a.prm", "forcefield x\nvdwtype BUFFERED-14-7\n", "a.prm:2: vdwtype BUFFERED-14-7");
  check_refused("a.prm", "forcefield x\nbond-cubic -2.0\nbond 1 1 1.0 1.0\n", "a.prm:3: bond-cubic -2");
  check_refused("a.prm", "forcefield x\nbond 1 1 ****** 1.0\n", "a.prm:2: expected a force constant, found \"******\"");
  check_refused("a.prm", "forcefield x\nbond 1 1 1.0\n", "a.prm:2: bond: expected a length as word 5");
  check_refused("a.prm", "forcefield x\nbond 1 x 1.0 1.0\n", "a.prm:2: expected an atom class");
  check_refused("a.prm", "forcefield x\nmultipole 1 1 2 0.1\n", "a.prm:2: multipole: q2hpc has no such");
  check_refused("a.prm", "forcefield x\nvdw14 1 1.0 0.1\n", "a.prm:2: vdw14");
  check_refused("a.prm", "forcefield x\nstrbnd 1 1 1 0.1 0.2\n", "a.prm:2: strbnd with different constants");
  check_refused("a.prm", "forcefield x\nopbend 1 2 0 0 0.1\n", "opbendtype W-D-C");
  check_refused("a.prm", "forcefield x\ntorsion 1 1 1 1 0.1 0.0\n", "a.prm:2: torsion: expected a periodicity");
  check_refused("a.prm", "forcefield x\nimproper 1 1 1 1 2 0\nimptors 1 1 1 1 1 180 2\n", "a.prm:3: improper and imptors");
  check_refused("a.frcmod", "t\nBOND\nc3-hc 330.6\n", "a.frcmod:3: expected a length, found the line's end");
  check_refused("a.frcmod", "t\nBOND\nc3hc 330.6 1.1\n", "a.frcmod:3: expected 2 atom types in columns of two");
  check_refused("a.frcmod", "t\nDIHE\nX -c3-c3-X 0 1.4 0.0 3.\n", "a.frcmod:3: expected IDIVF");
  check_refused("a.frcmod", "t\nDIHE\nX -c3-c3-X 1 1.4 0.0 2.5\n", "a.frcmod:3: expected a periodicity");
  check_refused("a.frcmod", "t\nDIHE\nX -c3-c3-X 1 1.4 0. 3.\nX -c -c -X 1 1.4 0. 3. SCEE=1.0 SCNB=1.0\n",
                "a.frcmod:4: 1-4 pairs divided by SCEE=1 SCNB=1");
  check_refused("a.frcmod", "t\nBOND\n\nLJEDIT\n", "a.frcmod:4: q2hpc does not read the section LJEDIT");
  check_refused("a.frcmod", "t\nBOND\n\nhello there\n", "a.frcmod:4: expected the name of a section");
  check_refused("a.dat", "t\nCT 12.0\n\nMOD4      RE\n", "a.dat:4");
  check_refused("a.xml", "<ForceField><HarmonicBondForce>", "a.xml:1");
  check_refused("a.xml", "<ForceField>\n<RBTorsionForce/>\n</ForceField>", "a.xml:2: RBTorsionForce: q2hpc has no such force");
  check_refused("a.xml", "<ForceField>\n<CustomBondForce energy=\"k*r\"/>\n</ForceField>", "a.xml:2: CustomBondForce");
  check_refused("a.xml", "<ForceField>\n<Script>x</Script>\n</ForceField>", "a.xml:2: Script");
  check_refused("a.xml",
                "<ForceField>\n<HarmonicBondForce>\n<Bond type1=\"a\" type2=\"b\" k=\"1\"/></HarmonicBondForce></ForceField>",
                "a.xml:3: Bond: expected the attribute length");
  check_refused("a.xml",
                "<ForceField>\n<HarmonicBondForce>\n<Bond type1=\"a\" type2=\"b\" length=\"*\" "
                "k=\"1\"/></HarmonicBondForce></ForceField>",
                "a.xml:3: expected length, found \"*\"");
  check_refused("a.xml", "<!DOCTYPE a [<!ENTITY e \"x\">]>\n<ForceField><a>&e;</a></ForceField>", "document type");
}

static void check_not_written(const char *path, const char *content, const char *format, const char *message) {
  struct q2_force_field field;
  struct q2_error error = {""};
  char *bytes = NULL;
  size_t size = 0;
  must_read(path, content, &field);
  CHECK(q2_force_field_format_named(format)->write(&field, &bytes, &size, &error) == Q2_FAILED && bytes == NULL && size == 0);
  CHECK(strstr(error.text, message) != NULL, "\"%s\", expected \"%s\"", error.text, message);
  q2_force_field_free(&field);
}

/* What a format cannot express is named. */
static void test_inexpressible(void) {
  check_not_written("mm3.prm", tinker_mm3, "amber", "AMBER cannot express bond_mm3 1-1, line");
  check_not_written("mm3.prm", tinker_mm3, "openmm", "OpenMM's ForceField cannot express stretch_bend 1-1-1");
  check_not_written("amber.prm", tinker_amber, "amber", "AMBER cannot express urey_bradley 2-1-2");
  check_not_written("amber.prm", tinker_amber, "openmm", "OpenMM's ForceField cannot express improper_fourier 1-1-3-4");
  check_not_written("a.frcmod", frcmod, "tinker", "Tinker cannot express improper_fourier *-*-c-o");
  check_not_written("a.xml", openmm, "amber", "AMBER cannot express");
  check_not_written("parm99.dat", parm_dat, "openmm", "parameters of the pair HO-N");
}

/* Cut anywhere, or with a byte changed, a file is read or refused with its name; nothing else happens. */
static void test_broken(void) {
  static const struct {
    const char *path, *content;
  } files[] = {
      {"amber.prm", tinker_amber}, {"mm3.prm", tinker_mm3}, {"a.frcmod", frcmod}, {"p.dat", parm_dat}, {"a.xml", openmm}};
  static const char bytes[] = "*\0-<\"\n9 D";
  for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
    const size_t size = strlen(files[f].content);
    char *copy = malloc(size + 1);
    for (size_t cut = 0; copy && cut <= size; cut++) {
      struct q2_force_field field = {0};
      struct q2_error error = {""};
      memcpy(copy, files[f].content, size);
      if (cut < size) copy[cut] = bytes[cut % (sizeof bytes - 1)];
      if (read_field(files[f].path, copy, size, &field, &error) != Q2_OK)
        CHECK(strncmp(error.text, files[f].path, strlen(files[f].path)) == 0, "%s", error.text);
      q2_force_field_free(&field);
      if (read_field(files[f].path, files[f].content, cut, &field, &error) != Q2_OK)
        CHECK(strncmp(error.text, files[f].path, strlen(files[f].path)) == 0, "%s", error.text);
      q2_force_field_free(&field);
    }
    free(copy);
  }
}

int main(void) {
  test_tinker_amber();
  test_tinker_mm3();
  test_frcmod();
  test_parm_and_frcmod();
  test_key_inherits();
  test_openmm();
  test_residue_types();
  test_round_trips();
  test_tinker_text();
  test_refusals();
  test_inexpressible();
  test_broken();
  return check_result();
}
