/* Exports: what a format reads back is what was written, number for number; the same bytes on any number of ranks; what cannot
 * be expressed is refused, named; the origin changes in the fitted fields alone. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/formats/force_field.h"
#include "../src/setup/export.h"
#include "assigned.h"
#include "check.h"
#include "typed_made.h"

static const struct q2_assign_options omit = {.unmatched = Q2_UNMATCHED_OMIT, .fit = "none"};

static int make(MPI_Comm comm, const struct q2_dataset *d, enum q2_export_format format, int before_fit, char **bytes,
                size_t *size, struct q2_error *error) {
  const struct q2_export wish = {.format = format, .path = "made", .before_fit = before_fit};
  error->text[0] = '\0';
  return q2_export_make(comm, d, d->parameters.value, &wish, NULL, bytes, size, error);
}

/* --- round trips: a file, its data set, the data set's export, that file's data set --- */

static const char *const endings[] = {"made", "made.csv", "made.prm", "made.frcmod", "made.xml", "made.xml"};

/* The term of a form with these atoms, in either direction, and this constant; -1: none. An improper has one direction. */
static int64_t find(const struct q2_term_table *table, const int32_t *atoms, const double *constant, int one_way) {
  for (int64_t row = 0; row < table->offset[1]; row++) {
    int forwards = 1, backwards = !one_way;
    for (int k = 0; k < table->atom_count; k++) {
      forwards &= table->atoms[row * table->atom_count + k] == atoms[k];
      backwards &= table->atoms[row * table->atom_count + k] == atoms[table->atom_count - 1 - k];
    }
    if (table->form[0] == 'o') /* out of plane: i and k may change places */
      forwards |= table->atoms[4 * row] == atoms[2] && table->atoms[4 * row + 1] == atoms[1] &&
                  table->atoms[4 * row + 2] == atoms[0] && table->atoms[4 * row + 3] == atoms[3];
    if ((forwards || backwards) && (!constant || table->constants[row] == *constant)) return row;
  }
  return -1;
}

/* Tinker stops at bonds, angles and torsions without a row, so that these have one of zeros, and are terms when it is read. */
static int is_nothing(const struct q2_dataset *d, const struct q2_term_table *table, int64_t row) {
  const int32_t *p = table->parameters + row * table->parameter_count;
  const int count = strcmp(table->form, "torsion_mm3") == 0 ? 3 : 1, family = strncmp(table->form, "bond_", 5) == 0 ||
                                                                              strncmp(table->form, "angle_", 6) == 0 ||
                                                                              strncmp(table->form, "torsion_", 8) == 0;
  for (int k = 0; k < count; k++)
    if (d->parameters.value[p[k]] != 0.0) return 0;
  return family;
}

/* All terms of `a` are in `b`, with the same numbers, to `tolerance` of them; parameters without effect do not count, nor,
 * where `zeros_added`, terms of zeros alone. */
static void check_terms(const char *what, const struct q2_dataset *a, const struct q2_dataset *b, double tolerance,
                        int zeros_added) {
  for (int t = 0; t < a->term_table_count; t++) {
    const struct q2_term_table *mine = &a->terms[t], *other = NULL;
    for (int u = 0; u < b->term_table_count; u++)
      if (strcmp(b->terms[u].form, mine->form) == 0) other = &b->terms[u];
    for (int64_t row = 0; row < mine->offset[1]; row++) {
      if (zeros_added && is_nothing(a, mine, row)) continue;
      CHECK(other != NULL, "%s: no %s", what, mine->form);
      if (!other) break;
      const int64_t found = find(other, mine->atoms + row * mine->atom_count, mine->constants ? mine->constants + row : NULL,
                                 strncmp(mine->form, "improper", 8) == 0);
      CHECK(found >= 0, "%s: %s, row %d", what, mine->form, (int)row);
      for (int p = 0; found >= 0 && p < mine->parameter_count; p++) {
        const double x = a->parameters.value[mine->parameters[row * mine->parameter_count + p]],
                     y = b->parameters.value[other->parameters[found * mine->parameter_count + p]];
        CHECK(fabs(x - y) <= tolerance * fabs(x), "%s: %s, row %d, parameter %d: %.17g, and %.17g", what, mine->form, (int)row,
              p, x, y);
      }
    }
  }
}

static void check_types(const char *what, const struct q2_dataset *a, const struct q2_dataset *b, double tolerance) {
  const struct q2_nonbonded *x = &a->nonbonded, *y = &b->nonbonded;
  CHECK(strcmp(x->form, y->form) == 0 && strcmp(x->combining_rule, y->combining_rule) == 0, "%s: %s, %s", what, x->form,
        y->form);
  CHECK(x->vdw_14 == y->vdw_14 && x->dielectric == y->dielectric, "%s: %g, %g", what, x->vdw_14, y->vdw_14);
  CHECK(x->special_count == y->special_count, "%s: %d pairs, %d", what, x->special_count, y->special_count);
  for (int64_t k = 0; k < a->atom_offset[1] && x->type_count > 0 && y->type_count > 0; k++) {
    const double *v = a->parameters.value, *w = b->parameters.value;
    CHECK_CLOSE(v[x->epsilon[a->type[k]]], w[y->epsilon[b->type[k]]], tolerance * v[x->epsilon[a->type[k]]]);
    CHECK_CLOSE(v[x->size[a->type[k]]], w[y->size[b->type[k]]], tolerance * v[x->size[a->type[k]]]);
    if (a->has_sites) CHECK(b->has_sites && a->reduction[k] == b->reduction[k], "%s: site of atom %d", what, (int)k + 1);
  }
}

/* What the atoms' types are called in the new file, where that is not what they were called. */
static void name_types(const struct q2_dataset *d, enum q2_export_format format, const char *bytes, char *types, size_t size) {
  for (int64_t a = 0; a < d->atom_offset[1]; a++) {
    char quoted[32];
    int number = (int)a + 1;
    snprintf(quoted, sizeof quoted, "\"%s\"", d->type_name[a].text);
    const char *line = format == Q2_EXPORT_TINKER ? strstr(bytes, quoted) : NULL;
    while (line && line > bytes && line[-1] != '\n')
      line--;
    if (format != Q2_EXPORT_OPENMM_ATOMS && (!line || sscanf(line, "atom %d", &number) != 1)) return;
    snprintf(types + strlen(types), size - strlen(types), format == Q2_EXPORT_TINKER ? "%d " : "1_%d ", number);
  }
}

static void check_round_trip(const char *path, const char *text, const struct assigned_molecule *molecule,
                             enum q2_export_format format, double tolerance) {
  struct q2_dataset d, again;
  struct q2_error error;
  struct assigned_molecule same = *molecule;
  char *bytes = NULL, types[512] = "", what[128];
  size_t size;
  snprintf(what, sizeof what, "%s to %s", path, q2_export_format_names[format]);
  CHECK(assigned(path, text, molecule, &omit, &d, NULL, &error) == Q2_OK, "%s: %s", what, error.text);
  const int status = make(MPI_COMM_SELF, &d, format, 1, &bytes, &size, &error);
  CHECK(status == Q2_OK, "%s: %s", what, error.text);
  if (status == Q2_OK) name_types(&d, format, bytes, types, sizeof types);
  if (types[0]) same.types = types;
  if (status == Q2_OK) {
    CHECK(assigned(endings[format], bytes, &same, &omit, &again, NULL, &error) == Q2_OK, "%s: %s", what, error.text);
    check_terms(what, &d, &again, tolerance, 0);
    check_terms(what, &again, &d, tolerance, format == Q2_EXPORT_TINKER);
    check_types(what, &d, &again, tolerance);
    if (format != Q2_EXPORT_AMBER && d.has_charge)
      for (int64_t a = 0; a < d.atom_offset[1]; a++)
        CHECK(again.has_charge && d.atom_charge[a] == again.atom_charge[a], "%s: charge of atom %d", what, (int)a + 1);
    q2_dataset_free(&again);
  }
  free(bytes);
  q2_dataset_free(&d);
}

/* Acetaldehyde: every kind of row that AMBER has, wildcards, two components, an improper. */
static const struct assigned_molecule acetaldehyde = {
    .name = "acetaldehyde", .types = "c3 c o hc hc hc ha", .elements = "C C O H H H H", .bonds = "1-2 2-3 1-4 1-5 1-6 2-7"};
static const char amber[] =
    "a title\nMASS\nc3 12.01\nc  12.01\nhc 1.008\nha 1.008\no  16.00\n\n"
    "BOND\nc3-hc  330.60   1.0970\no -c   637.70   1.2183\nc -c3  313.0   1.52\nc -ha  320.0  1.1\n"
    "\nANGLE\nhc-c3-hc   39.400     107.580\nhc-c3-c  46.9 108.8\nc3-c -o  67.4 123.2\nc3-c -ha  46.0 115.2\n"
    "ha-c -o   54.1 120.1\n\n"
    "DIHE\nX -c3-c -X    6    0.600         0.000           3.000\no -c -c3-hc    1    0.80          0.0            -1.\n"
    "o -c -c3-hc    1    0.08        180.0             3.\n\nIMPROPER\nha-c3-c -o          1.1         180.          2.\n\n"
    "NONBON\n  c3          1.9080  0.1094\n  c           1.9080  0.0860\n  hc          1.4870  0.0157\n"
    "  ha          1.1000  0.0157\n  o           1.6612  0.2100\n\n";

/* Something like MM3 in Tinker: every form that it has, sites, a pair of types, and impropers of both kinds. */
#define TINKER_ATOMS                                                                                                           \
  "atom 1 C \"C\" 6 12.0 4\natom 2 C \"C\" 6 12.0 3\natom 3 O \"O\" 8 16.0 1\natom 4 H \"H\" 1 1.008 1\natom 5 N \"N\" 7 "     \
  "14.0 3\n"
static const char mm3[] = TINKER_ATOMS
    "bondunit 71.94\nbond-cubic -2.55\nbond-quartic 3.793125\nangleunit 0.02191418\nangle-cubic -0.014\n"
    "angle-quartic 0.000056\nangle-pentic -0.0000007\nangle-sextic 0.000000022\nstrbndunit 2.51118\nopbendtype ALLINGER\n"
    "opbendunit 0.02191418\nopbend-cubic -0.014\nopbend-quartic 0.000056\nopbend-pentic -0.0000007\n"
    "opbend-sextic 0.000000022\ntorsionunit 0.5\nstrtorunit -5.9975\nvdwtype MM3-HBOND\nradiusrule ARITHMETIC\n"
    "radiustype R-MIN\nradiussize RADIUS\nepsilonrule GEOMETRIC\n"
    "vdw 1 2.04 0.027\nvdw 2 1.96 0.056\nvdw 3 1.82 0.059\nvdw 4 1.62 0.02 0.923\nvdw 5 1.93 0.043\nvdwpr 1 4 3.56 0.023\n"
    "bond 1 2 4.8 1.509\nbond 2 3 10.1 1.208\nbond 1 4 4.74 1.112  # OPT\nbond 2 4 4.37 1.118\n"
    "angle 4 1 4 0.55 107.8\nangle 2 1 4 0.54 109.5\nangle 1 2 3 0.85 123.5\nangle 1 2 4 0.85 117.2\nangle 3 2 4 0.85 119.2\n"
    "ureybrad 4 1 4 5.0 1.8\nstrbnd 1 2 3 0.13 0.13\nstrbnd 2 1 4 0.08 0.08\nopbend 3 2 0 0 0.59\nopbend 0 2 0 0 0.17\n"
    "torsion 4 1 2 3 0.0 0.0 1 0.0 180.0 2 -0.167 0.0 3\ntorsion 4 1 2 4 0.0 0.0 1 0.5 180.0 2 0.178 0.0 3\n"
    "strtors 4 1 2 3 0.0 0.0 0.059\n";
static const struct assigned_molecule ketone = {
    .name = "acetaldehyde", .types = "1 2 3 4 4 4 4", .elements = "C C O H H H H", .bonds = "1-2 2-3 1-4 1-5 1-6 2-7"};

/* Impropers of Tinker for two and for three ligands of one type: two and six orders. */
#define TINKER_PLAIN                                                                                                           \
  TINKER_ATOMS "bondunit 1.0\nangleunit 1.0\ntorsionunit 0.5\nimptorunit 1.0\nvdwtype LENNARD-JONES\nvdw 1 3.4 0.1\nvdw 3 "    \
               "3.0 0.2\nvdw 4 2.5 0.02\n"
static const char two_orders[] = TINKER_PLAIN "imptors 4 4 1 3 1.5 180.0 2\n";
static const char six_orders[] = TINKER_PLAIN "imptors 4 4 1 4 1.5 180.0 2\nbond 1 4 300.0 1.09\n";
static const char harmonic[] = TINKER_PLAIN "improper 1 4 4 3 8.0 0.0\n";
static const struct assigned_molecule two_alike = {"made", "1 3 4 4", "C O H H", "1-2 1-3 1-4", NULL, NULL};
static const struct assigned_molecule three_alike = {"made", "1 4 4 4", "C H H H", "1-2 1-3 1-4", NULL, NULL};

/* OpenMM: classes, charges of a residue, a Morse bond, an improper with its centre first. */
static const char openmm[] =
    "<ForceField><AtomTypes><Type name=\"a\" class=\"A\" element=\"C\" mass=\"12\"/><Type name=\"h\" class=\"H\" element=\"H\" "
    "mass=\"1\"/><Type name=\"o\" class=\"O\" element=\"O\" mass=\"16\"/></AtomTypes><Residues><Residue name=\"formaldehyde\">"
    "<Atom name=\"C\" type=\"a\" charge=\"0.3\"/><Atom name=\"O\" type=\"o\" charge=\"-0.4\"/><Atom name=\"H1\" type=\"h\" "
    "charge=\"0.05\"/><Atom name=\"H2\" type=\"h\" charge=\"0.05\"/><Bond from=\"0\" to=\"1\"/><Bond from=\"0\" "
    "to=\"2\"/><Bond "
    "from=\"0\" to=\"3\"/></Residue></Residues><HarmonicBondForce><Bond class1=\"A\" class2=\"H\" length=\"0.1101\" "
    "k=\"284512.3\"/></HarmonicBondForce><CustomBondForce energy=\"D*(1-exp(-a*(r-r0)))^2\"><PerBondParameter name=\"D\"/>"
    "<PerBondParameter name=\"a\"/><PerBondParameter name=\"r0\"/><Bond class1=\"A\" class2=\"O\" D=\"700\" a=\"21.5\" "
    "r0=\"0.1205\"/></CustomBondForce><HarmonicAngleForce><Angle class1=\"H\" class2=\"A\" class3=\"O\" angle=\"2.1\" "
    "k=\"500.1\"/>"
    "<Angle class1=\"H\" class2=\"A\" class3=\"H\" angle=\"2.05\" k=\"300\"/></HarmonicAngleForce>"
    "<PeriodicTorsionForce ordering=\"charmm\"><Improper class1=\"A\" class2=\"H\" class3=\"H\" class4=\"O\" "
    "periodicity1=\"2\" "
    "phase1=\"3.1415926535897931\" k1=\"4.6\"/></PeriodicTorsionForce><NonbondedForce coulomb14scale=\"0.8\" "
    "lj14scale=\"0.5\"><UseAttributeFromResidue name=\"charge\"/><Atom class=\"A\" sigma=\"0.33\" epsilon=\"0.4\"/><Atom "
    "type=\"o\" sigma=\"0.29\" epsilon=\"0.7\"/><Atom type=\"h\" sigma=\"0.25\" "
    "epsilon=\"0.07\"/></NonbondedForce></ForceField>";
static const struct assigned_molecule formaldehyde = {
    .name = "formaldehyde", .types = "a o h h", .elements = "C O H H", .bonds = "1-2 1-3 1-4"};

static void test_round_trips(void) {
  const double exact = 0.0, rounding = 2.3e-16; /* no double may stand for the number in another unit */
  check_round_trip("made.frcmod", amber, &acetaldehyde, Q2_EXPORT_AMBER, exact);
  check_round_trip("made.frcmod", amber, &acetaldehyde, Q2_EXPORT_OPENMM, rounding);
  check_round_trip("made.frcmod", amber, &acetaldehyde, Q2_EXPORT_OPENMM_ATOMS, rounding);
  check_round_trip("made.frcmod", amber, &acetaldehyde, Q2_EXPORT_TINKER, exact);
  check_round_trip("made.prm", mm3, &ketone, Q2_EXPORT_TINKER, exact);
  check_round_trip("made.prm", two_orders, &two_alike, Q2_EXPORT_TINKER, rounding);
  check_round_trip("made.prm", six_orders, &three_alike, Q2_EXPORT_TINKER, rounding);
  check_round_trip("made.prm", harmonic, &two_alike, Q2_EXPORT_TINKER, rounding);
  check_round_trip("made.xml", openmm, &formaldehyde, Q2_EXPORT_OPENMM, exact);
  check_round_trip("made.xml", openmm, &formaldehyde, Q2_EXPORT_OPENMM_ATOMS, exact);
}

/* --- any number of ranks --- */

static void test_ranks(void) {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  static const int changes[] = {TYPED_TIE, TYPED_TIE, 0, TYPED_TIE, TYPED_TIE, TYPED_TIE | TYPED_TWO_VALUES | TYPED_CHARGES};
  for (int format = 0; format <= Q2_EXPORT_OPENMM_ATOMS; format++) {
    struct q2_dataset all = {0}, shared = {0};
    struct q2_error error = {""};
    char *alone = NULL, *together = NULL;
    size_t size[2] = {0, 0};
    CHECK(typed_made(MPI_COMM_SELF, changes[format], &all, &error) == Q2_OK, "%s", error.text);
    CHECK(typed_made(MPI_COMM_WORLD, changes[format], &shared, &error) == Q2_OK, "%s", error.text);
    CHECK(make(MPI_COMM_SELF, &all, (enum q2_export_format)format, 0, &alone, &size[0], &error) == Q2_OK, "%s", error.text);
    CHECK(make(MPI_COMM_WORLD, &shared, (enum q2_export_format)format, 0, &together, &size[1], &error) == Q2_OK, "%s",
          error.text);
    CHECK((together != NULL) == (rank == 0));
    if (alone && together)
      CHECK(size[0] == size[1] && memcmp(alone, together, size[0]) == 0, "%s", q2_export_format_names[format]);
    free(alone);
    free(together);
    q2_dataset_free(&all);
    q2_dataset_free(&shared);
  }
}

/* --- what is refused, and what is not --- */

static void check_refused(int changes, enum q2_export_format format, int before_fit, const char *message) {
  struct q2_dataset d = {0};
  struct q2_error error = {""};
  char *bytes = NULL;
  size_t size;
  CHECK(typed_made(MPI_COMM_WORLD, changes, &d, &error) == Q2_OK, "%s", error.text);
  const int status = make(MPI_COMM_WORLD, &d, format, before_fit, &bytes, &size, &error);
  CHECK((status == Q2_FAILED) == (message != NULL), "changes %d to %s: %s", changes, q2_export_format_names[format],
        error.text);
  if (message)
    CHECK(bytes == NULL && strstr(error.text, message) != NULL, "changes %d to %s: %s", changes, q2_export_format_names[format],
          error.text);
  free(bytes);
  q2_dataset_free(&d);
}

static void test_refusals(void) {
  enum {
    CSV = Q2_EXPORT_CSV,
    TINKER = Q2_EXPORT_TINKER,
    AMBER = Q2_EXPORT_AMBER,
    OPENMM = Q2_EXPORT_OPENMM,
    ATOMS = Q2_EXPORT_OPENMM_ATOMS
  };
  static const char one_row[] = "one row for all atoms of the types ";
  static const struct {
    int changes, format, before_fit;
    const char *message;
  } cases[] = {
      {TYPED_TWO_VALUES, AMBER, 0, "one row for all atoms of the types C-O, but the bond of "},
      {TYPED_TWO_VALUES, TINKER, 0, one_row},
      {TYPED_TWO_VALUES, OPENMM, 0, "bond_k C O own 571"},
      {TYPED_TWO_VALUES, ATOMS, 1, NULL},
      {TYPED_EQUAL_VALUES, AMBER, 0, NULL},
      {TYPED_EQUAL_VALUES, AMBER, 1, one_row},
      {TYPED_NO_TERM, OPENMM, 0, "one row for all atoms of the types HC-CT-C-O, but the torsion of acetaldehyde "},
      {TYPED_NO_TERM, OPENMM, 0, " none"},
      {TYPED_NO_TERM, ATOMS, 0, NULL},
      {TYPED_TIE, AMBER, 0, NULL},
      {TYPED_TIE, TINKER, 0,
       "a term for each of 2 orders of the ligands that the types do not tell apart, and the data set has 1"},
      {TYPED_BACKWARDS, AMBER, 0, "takes the atom with the lower number first"},
      {TYPED_BACKWARDS, OPENMM, 0, "takes the atom with the lower number first"},
      {TYPED_BACKWARDS, ATOMS, 0, NULL},
      {TYPED_SOFT_CUT, TINKER, 0, "the format tinker cannot express the soft cut of pairs from 6 to 8 angstrom"},
      {TYPED_SOFT_CUT, ATOMS, 0, "soft cut"},
      {TYPED_SOFT_CUT, CSV, 0, NULL},
      {TYPED_CHARGES, TINKER, 0,
       "one charge for all atoms of the type HC, but acetaldehyde 0 (atom 5) and acetaldehyde 0 (atom 6)"},
      {TYPED_CHARGES, OPENMM, 0, NULL},
      {TYPED_INCREMENTS, OPENMM, 0, NULL},
      {TYPED_INCREMENTS, TINKER, 0, NULL},
      {TYPED_BEND_BEND, ATOMS, 0,
       "cannot express bend_bend of formaldehyde 1 (atoms 2 1 3 4): rows of types have no such form"},
      {TYPED_BEND_BEND, CSV, 0, NULL},
      {TYPED_NOT_BONDED, ATOMS, 0,
       "cannot express bond_harmonic of formaldehyde 1 (atoms 2 3): its atoms are not bonded in its way"},
      {TYPED_CHAIN, ATOMS, 0, "cannot express improper_fourier of acetaldehyde "},
      {TYPED_GEOMETRIC, AMBER, 0, "AMBER cannot express pairs of the form lennard_jones with the combining rule geometric"},
      {TYPED_GEOMETRIC, OPENMM, 0, NULL},
      {TYPED_SPECIAL, OPENMM, 0, "OpenMM's ForceField cannot express parameters of the pair"},
      {TYPED_SPECIAL, TINKER, 0, NULL},
      {TYPED_NO_PAIRS, AMBER, 0, NULL},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
    check_refused(cases[k].changes, (enum q2_export_format)cases[k].format, cases[k].before_fit, cases[k].message);
}

/* Rows of cross terms have no equilibrium values of their own. */
static void test_cross_terms(void) {
  static const char *const forms[] = {"stretch_bend", "torsion_stretch"};
  for (int f = 0; f < 2; f++) {
    struct q2_dataset d;
    struct q2_error error;
    char *bytes = NULL;
    size_t size;
    CHECK(assigned("made.prm", mm3, &ketone, &omit, &d, NULL, &error) == Q2_OK, "%s", error.text);
    for (int t = 0; t < d.term_table_count; t++) {
      const struct q2_term_table *table = &d.terms[t];
      if (strcmp(table->form, forms[f]) == 0) /* the length of a bond that is not the term's */
        table->parameters[f == 0 ? 1 : 3] = assigned_row(&d, "bond_eq", "2-3");
    }
    CHECK(make(MPI_COMM_SELF, &d, Q2_EXPORT_TINKER, 0, &bytes, &size, &error) == Q2_FAILED && strstr(error.text, forms[f]) &&
              strstr(error.text, "its equilibrium values are not those of its bonds and angle"),
          "%s", error.text);
    free(bytes);
    q2_dataset_free(&d);
  }
}

/* A type is one element, and has one row of non-bonded parameters. */
static void test_types(void) {
  for (int what = 0; what < 2; what++) {
    struct q2_dataset d = {0};
    struct q2_error error = {""};
    char *bytes = NULL;
    size_t size;
    CHECK(typed_made(MPI_COMM_SELF, 0, &d, &error) == Q2_OK, "%s", error.text);
    if (what == 0)
      d.element[5] = 9;
    else
      d.type[5] = d.type[2];
    CHECK(make(MPI_COMM_SELF, &d, Q2_EXPORT_AMBER, 0, &bytes, &size, &error) == Q2_FAILED &&
              strstr(error.text, what == 0 ? "one element for all atoms of the type HC"
                                           : "one row of non-bonded parameters for all atoms of the type HC"),
          "%s", error.text);
    q2_dataset_free(&d);
  }
}

static void test_sites(void) {
  struct q2_dataset d;
  struct q2_error error;
  char *bytes = NULL;
  size_t size;
  CHECK(assigned("made.prm", mm3, &ketone, &omit, &d, NULL, &error) == Q2_OK, "%s", error.text);
  CHECK(make(MPI_COMM_SELF, &d, Q2_EXPORT_OPENMM, 0, &bytes, &size, &error) == Q2_FAILED);
  d.terms[0].at_sites = calloc((size_t)d.terms[0].offset[1], sizeof *d.terms[0].at_sites);
  if (d.terms[0].at_sites) d.terms[0].at_sites[0] = 1;
  CHECK(make(MPI_COMM_SELF, &d, Q2_EXPORT_TINKER, 0, &bytes, &size, &error) == Q2_FAILED &&
            strstr(error.text, "it is measured at sites, not at nuclei"),
        "%s", error.text);
  d.terms[0].at_sites[0] = 0;
  d.has_charge = 1; /* Tinker has no sites of charges */
  CHECK(make(MPI_COMM_SELF, &d, Q2_EXPORT_TINKER, 0, &bytes, &size, &error) == Q2_FAILED &&
            strstr(error.text, "cannot express sites of charges"),
        "%s", error.text);
  d.has_charge = 0;
  d.reduction[2] = 0.1; /* carbonyl oxygen: one bond */
  d.reduction[1] = 0.1;
  CHECK(make(MPI_COMM_SELF, &d, Q2_EXPORT_TINKER, 0, &bytes, &size, &error) == Q2_FAILED &&
            strstr(error.text, "without or with more than one bond"),
        "%s", error.text);
  q2_dataset_free(&d);
}

/* --- charges, straight angles, one molecule --- */

/* The text of a whole export on rank 0, else NULL. */
static char *text_of(int changes, enum q2_export_format format, const char *molecule, const double *shift) {
  struct q2_dataset d = {0};
  struct q2_error error = {""};
  const struct q2_export wish = {.format = format, .path = "made", .molecule = molecule};
  char *bytes = NULL;
  size_t size;
  CHECK(typed_made(MPI_COMM_WORLD, changes, &d, &error) == Q2_OK, "%s", error.text);
  double *value = malloc((size_t)d.parameters.count * sizeof *value);
  for (int p = 0; value && p < d.parameters.count; p++)
    value[p] = d.parameters.value[p] + (shift && strcmp(d.parameters.kind[p], "charge_increment") == 0 ? *shift : 0.0);
  CHECK(q2_export_make(MPI_COMM_WORLD, &d, value, &wish, NULL, &bytes, &size, &error) == Q2_OK, "%s", error.text);
  free(value);
  q2_dataset_free(&d);
  return bytes;
}

static void check_text(char *text, const char *wanted, int there) {
  if (text) CHECK((strstr(text, wanted) != NULL) == there, "%s%s", there ? "not there: " : "there: ", wanted);
}

static void test_contents(void) {
  const double shift = 0.25;
  /* C 0.5 + 0.0625, O -0.5 - 0.0625; and with the increment's value of a fit */
  char *text = text_of(TYPED_INCREMENTS, Q2_EXPORT_OPENMM, NULL, NULL);
  check_text(text, "type=\"O\" charge=\"-0.5625\"", 1);
  check_text(text, "type=\"C\" charge=\"0.5625\"", 1);
  check_text(text, "name=\"formaldehyde 3\"", 1);
  free(text);
  text = text_of(TYPED_INCREMENTS, Q2_EXPORT_OPENMM, NULL, &shift);
  check_text(text, "type=\"O\" charge=\"-0.8125\"", 1);
  free(text);
  text = text_of(0, Q2_EXPORT_OPENMM, "formaldehyde 3", NULL);
  check_text(text, "<Residue name=\"formaldehyde 3\">", 1);
  check_text(text, "formaldehyde 1", 0);
  check_text(text, "\"CT\"", 0);
  check_text(text, "CustomAngleForce", 0);
  free(text);
  /* straight, and not at rest at 180 degrees: the shape that q2hpc gives it */
  text = text_of(TYPED_STRAIGHT, Q2_EXPORT_OPENMM, NULL, NULL);
  check_text(text, "<CustomAngleForce energy=\"k*(s^2-2*s0*p+s0^2)", 1);
  check_text(text, "<HarmonicAngleForce>", 1);
  free(text);
}

/* --- the table, the origin --- */

static void test_csv(void) {
  struct q2_dataset d = {0};
  struct q2_error error = {""};
  char *bytes = NULL;
  size_t size;
  CHECK(typed_made(MPI_COMM_SELF, 0, &d, &error) == Q2_OK, "%s", error.text);
  double *value = malloc((size_t)d.parameters.count * sizeof *value);
  for (int p = 0; value && p < d.parameters.count; p++)
    value[p] = d.parameters.value[p] * (1.0 + 1.0 / (p + 3));
  d.parameters.link[1] = 0;
  d.parameters.lower[2] = 1.25 * d.parameters.factor[2];
  snprintf(d.parameters.label[3], sizeof d.parameters.label[3], "a, \"b\"");
  CHECK(q2_export_csv(&d, value, &bytes, &size, &error) == Q2_OK, "%s", error.text);
  struct q2_text text;
  CHECK(bytes && q2_text_from_bytes("made.csv", bytes, size, &text, &error) == Q2_OK);
  CHECK(text.line_count == d.parameters.count + 1);
  CHECK(strcmp(text.line[0], "row,kind,label,unit,value,start,lower,upper,active,link,line") == 0);
  for (int p = 0; p < d.parameters.count; p++) {
    const int from = p == 1 ? 0 : p;
    const char *at = strstr(text.line[p + 1], d.parameters.unit[p]);
    char *end;
    CHECK(at != NULL, "%s", text.line[p + 1]);
    const double found = strtod(at + strlen(d.parameters.unit[p]) + 1, &end), start = strtod(end + 1, NULL);
    CHECK(found * d.parameters.factor[p] == value[from], "%s", text.line[p + 1]);
    CHECK(start * d.parameters.factor[p] == d.parameters.value[from], "%s", text.line[p + 1]);
  }
  CHECK(strstr(text.line[2], ",1,0,") != NULL, "%s", text.line[2]);
  CHECK(strstr(text.line[3], ",1.25,,") != NULL, "%s", text.line[3]);
  CHECK(strstr(text.line[4], ",\"a, \"\"b\"\"\",") != NULL, "%s", text.line[4]);
  q2_text_free(&text);
  free(bytes);
  free(value);
  q2_dataset_free(&d);
}

/* Bytes that differ stand in the fields of numbers that vary or have changed. */
static void test_origin(void) {
  struct q2_dataset d = {0};
  struct q2_error error = {""};
  char *bytes = NULL;
  size_t size;
  const struct q2_export wish = {.format = Q2_EXPORT_ORIGIN, .path = "made"};
  CHECK(typed_made(MPI_COMM_SELF, 0, &d, &error) == Q2_OK, "%s", error.text);
  double *value = malloc((size_t)d.parameters.count * sizeof *value);
  int frozen = 0; /* one that does not vary here, and has another value all the same */
  while (d.parameters.active[frozen])
    frozen++;
  for (int p = 0; value && p < d.parameters.count; p++)
    value[p] = d.parameters.value[p] * (d.parameters.active[p] || p == frozen ? 1.01 : 1.0);
  CHECK(q2_export_make(MPI_COMM_SELF, &d, value, &wish, NULL, &bytes, &size, &error) == Q2_OK, "%s", error.text);
  CHECK(bytes && size == (size_t)d.origin.size);
  struct q2_text text;
  CHECK(bytes && q2_text_from_bytes("made.prm", bytes, size, &text, &error) == Q2_OK);
  for (int p = 0; p < d.parameters.count && bytes; p++) {
    char field[64];
    snprintf(field, sizeof field, "%.*s", d.origin.width[p], text.line[d.origin.line[p] - 1] + d.origin.column[p]);
    CHECK_CLOSE(strtod(field, NULL) * d.origin.multiplier[p] * d.parameters.factor[p], value[p], 1e-9 * fabs(value[p]));
    /* and put back what was there: then all bytes are the origin's */
    memcpy(bytes + (text.line[d.origin.line[p] - 1] - text.cut) + d.origin.column[p],
           strchr(d.origin.bytes, 0) ? d.origin.bytes + (text.line[d.origin.line[p] - 1] - text.cut) + d.origin.column[p] : "",
           (size_t)d.origin.width[p]);
  }
  CHECK(bytes && memcmp(bytes, d.origin.bytes, size) == 0);
  q2_text_free(&text);
  free(bytes);
  free(value);
  q2_dataset_free(&d);
}

static void check_choice(const struct q2_dataset *d, const char *name, const char *path, int expected) {
  enum q2_export_format format = Q2_EXPORT_CSV;
  struct q2_error error = {""};
  const int status = q2_export_choose(d, name, path, &format, &error);
  CHECK(expected < 0 ? status == Q2_FAILED && error.text[0] : status == Q2_OK && (int)format == expected, "%s %s: %d %s",
        name ? name : "", path, (int)format, error.text);
}

static void test_choice(void) {
  struct q2_type_name types[1] = {{"C"}};
  struct q2_dataset none = {.path = "made.h5"},
                    tinker = {.path = "made.h5", .origin = {.format = "tinker"}, .type_name = types};
  check_choice(&none, NULL, "a.csv", Q2_EXPORT_CSV);
  check_choice(&none, NULL, "a.xml", Q2_EXPORT_OPENMM_ATOMS);
  check_choice(&tinker, NULL, "a.xml", Q2_EXPORT_OPENMM);
  check_choice(&none, NULL, "a.prm", Q2_EXPORT_TINKER);
  check_choice(&tinker, NULL, "a.prm", Q2_EXPORT_ORIGIN);
  check_choice(&tinker, "tinker", "a.prm", Q2_EXPORT_TINKER);
  check_choice(&tinker, NULL, "a.frcmod", Q2_EXPORT_AMBER);
  check_choice(&tinker, NULL, "fitted.fld", Q2_EXPORT_ORIGIN);
  check_choice(&none, NULL, "fitted.fld", -1);
  check_choice(&none, "fld", "fitted.fld", -1);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  test_round_trips();
  test_ranks();
  test_refusals();
  test_cross_terms();
  test_types();
  test_sites();
  test_contents();
  test_csv();
  test_origin();
  test_choice();
  MPI_Finalize();
  return check_result();
}
