/* Whatever is wrong with a data set, every rank ends with the same message, which names the file, the dataset and the value,
 * and nothing stays open. */
#define _XOPEN_SOURCE 700 /* truncate */
#include <hdf5.h>
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../io/dataset.h"
#include "check.h"
#include "make_dataset.h"

static const char *const path = "test_bad_input.h5";

/* Five molecules: water (atoms 0-2), HF (3-4), methane (5-9), CO2 (10-12), helium (13). */
enum { molecules = 5, atoms = 14 };

enum change {
  REMOVE,
  REMOVE_ATTRIBUTE,
  REAL,
  INTEGER,
  TEXT,
  ATTRIBUTE_TEXT,
  ATTRIBUTE_INTEGER,
  ATTRIBUTE_REAL,
  FLOATS,
  INTEGERS,
  STRINGS,
  VARIABLE,
  GROUP,
  RENAME,
  CHUNK
};

struct bad {
  enum change change;
  const char *object;
  const char *text; /* an attribute's name, a new name, a text */
  int64_t element;  /* or rows */
  double number;    /* or columns */
  const char *expected[3];
};

#define P "/force_field/parameters/"
#define BOND "/force_field/terms/bond_harmonic"
#define FREQUENCY "/observables/frequency"
#define TYPES "/force_field/nonbonded"
#define SPECIAL TYPES "/special"
#define INCREMENTS "/force_field/charge_increments"
#define GRID "/force_field/cmap/grid"
#define SITES "/atoms/reduction"

static const struct bad cases[] = {
    /* format and version */
    {REMOVE_ATTRIBUTE, "/", "format", 0, 0, {"/: attribute format: expected a value, found nothing"}},
    {ATTRIBUTE_TEXT, "/", "format", 0, 0, {"expected 'q2hpc', found 'other'"}},
    {ATTRIBUTE_INTEGER, "/", "format", 3, 0, {"attribute format: expected a string"}},
    {REMOVE_ATTRIBUTE, "/", "version", 0, 0, {"attribute version: expected a value"}},
    {ATTRIBUTE_INTEGER, "/", "version", 2, 0, {"attribute version: expected 1, found 2"}},
    {ATTRIBUTE_TEXT, "/", "version", 0, 0, {"attribute version: expected an integer"}},
    /* offsets */
    {INTEGERS, "/molecules/atom_offset", NULL, 1, 0, {"/molecules: expected at least one molecule, found none"}},
    {INTEGERS, "/molecules/atom_offset", NULL, 0, 0, {"/molecules: expected at least one molecule, found none"}},
    {INTEGER, "/molecules/atom_offset", NULL, 0, 1, {"/molecules/atom_offset: row 0: expected 0, found 1"}},
    {INTEGER, "/molecules/atom_offset", NULL, 2, 2, {"/molecules/atom_offset: row 2: expected 3 plus 1", "found 2"}},
    {INTEGER, "/molecules/atom_offset", NULL, 5, 13, {"/molecules/atom_offset: row 5", "found 13"}},
    {INTEGER, "/molecules/atom_offset", NULL, 5, 20, {"/molecules/atom_offset: row 5: expected 14", "found 20"}},
    {INTEGER, "/molecules/atom_offset", NULL, 1, 2, {"/molecules/hessian_offset: row 0", "'water 0'", "found 45"}},
    {INTEGER, "/molecules/hessian_offset", NULL, 1, 44, {"/molecules/hessian_offset", "45 elements for 3 atoms, found 44"}},
    {INTEGER, "/bonds/offset", NULL, 0, 1, {"/bonds/offset: row 0: expected 0, found 1"}},
    {INTEGER, "/bonds/offset", NULL, 2, 1, {"/bonds/offset: row 2: expected at least 2", "found 1"}},
    {INTEGER, "/bonds/offset", NULL, 5, 10, {"/bonds/offset: row 5: expected 9, the rows of /bonds/atoms, found 10"}},
    {INTEGER, "/bonds/offset", NULL, 5, 1, {"/bonds/offset: row 5: expected at least 9", "found 1"}},
    {INTEGER, BOND "/offset", NULL, 3, -4, {BOND "/offset: row 3", "found -4"}},
    {INTEGER, FREQUENCY "/offset", NULL, 5, 3, {FREQUENCY "/offset: row 5", "found 3"}},
    /* molecules */
    {TEXT, "/molecules/name", "water 0", 3, 0, {"/molecules/name: row 3: expected a new name, found 'water 0' as in row 0"}},
    {TEXT, "/molecules/name", "", 2, 0, {"/molecules/name: row 2: expected a text"}},
    {VARIABLE, "/molecules/name", NULL, molecules, 0, {"/molecules/name: expected strings of fixed length", "S63"}},
    {INTEGER, "/molecules/multiplicity", NULL, 4, 0, {"/molecules/multiplicity: row 4", "'helium 0'", "found 0"}},
    {INTEGER, "/molecules/method", NULL, 1, 2, {"/molecules/method: row 1", "'HF 0'", "expected 0 to 1, found 2"}},
    {INTEGER, "/molecules/group", NULL, 1, -2, {"/molecules/group: row 1", "found -2"}},
    {INTEGER, "/molecules/stationary", NULL, 0, 2, {"/molecules/stationary: row 0", "expected 0 to 1, found 2"}},
    {INTEGER, "/molecules/imaginary_modes", NULL, 4, 4, {"/molecules/imaginary_modes: row 4", "at most 3", "found 4"}},
    {ATTRIBUTE_TEXT, "/molecules/energy", "unit", 0, 0, {"/molecules/energy: attribute unit", "hartree", "found 'other'"}},
    {REMOVE_ATTRIBUTE, "/molecules/energy", "unit", 0, 0, {"/molecules/energy: attribute unit: expected a value"}},
    /* atoms */
    {INTEGER, "/atoms/element", NULL, 7, 0, {"/atoms/element: row 7 (molecule 2, 'methane 0')", "1 to 118, found 0"}},
    {INTEGER, "/atoms/element", NULL, 13, 119, {"/atoms/element: row 13", "found 119"}},
    {INTEGER, "/atoms/type", NULL, 5, 2, {"/atoms/type: row 5 (molecule 2", "expected 0 to 1, found 2"}},
    {REAL, "/atoms/mass", NULL, 4, -1.5, {"/atoms/mass: row 4 (molecule 1, 'HF 0')", "found -1.5"}},
    {REAL, "/atoms/mass", NULL, 4, 0.0, {"/atoms/mass: row 4", "found 0"}},
    {ATTRIBUTE_TEXT, "/atoms/position", "unit", 0, 0, {"/atoms/position: attribute unit", "angstrom, bohr", "'other'"}},
    {ATTRIBUTE_TEXT, "/atoms/gradient", "unit", 0, 0, {"/atoms/gradient: attribute unit", "'other'"}},
    {ATTRIBUTE_TEXT, "/atoms/mass", "unit", 0, 0, {"/atoms/mass: attribute unit", "'other'"}},
    {ATTRIBUTE_TEXT, "/atoms/charge", "unit", 0, 0, {"/atoms/charge: attribute unit", "'other'"}},
    {REMOVE, "/atoms/type", NULL, 0, 0, {"/atoms/type: expected a dataset of integers, found nothing"}},
    /* Hessian */
    {ATTRIBUTE_TEXT, "/hessian", "unit", 0, 0, {"/hessian: attribute unit", "found 'other'"}},
    {REAL, "/hessian", NULL, 50, 101.0, {"/hessian: molecule 1 'HF 0'", "found 101", "9376"}},
    {REAL, "/hessian", NULL, 75, 0.9, {"/hessian: molecule 2 'methane 0'", "frames", "|H r|"}},
    {REMOVE, "/hessian", NULL, 0, 0, {"/hessian: expected a dataset of floating-point numbers, found nothing"}},
    /* bonds and terms */
    {INTEGER, "/bonds/atoms", NULL, 4, 2, {"/bonds/atoms: row 2 (molecule 1, 'HF 0')", "atoms 0 to 1, found 2"}},
    {INTEGER, "/bonds/atoms", NULL, 4, -1, {"/bonds/atoms: row 2", "found -1"}},
    {INTEGER, "/bonds/atoms", NULL, 4, 1, {"/bonds/atoms: row 2 (molecule 1", "different atoms, found 1 twice"}},
    {INTEGER, BOND "/atoms", NULL, 0, 3, {BOND "/atoms: row 0 (molecule 0, 'water 0')", "atoms 0 to 2, found 3"}},
    {INTEGER, BOND "/parameters", NULL, 17, 12, {BOND "/parameters: row 8 (molecule 3", "0 to 11, found 12"}},
    {INTEGER, "/force_field/terms/torsion_fourier/atoms", NULL, 2, 1, {"torsion_fourier/atoms: row 0", "found 1 twice"}},
    {STRINGS, BOND "/parameters", NULL, 9, 2, {BOND "/parameters: expected integers, found strings"}},
    {INTEGERS, BOND "/parameters", NULL, 8, 2, {BOND "/parameters: expected shape (9, any), found (8, 2)"}},
    {INTEGERS, "/bonds/atoms", NULL, 9, 3, {"/bonds/atoms: expected shape (any, 2), found (9, 3)"}},
    {GROUP, BOND "/atoms", NULL, 0, 0, {BOND "/atoms: expected a dataset of integers, found another object"}},
    /* force field */
    {TEXT, P "kind", "bond_q", 4, 0, {P "kind: row 4", "bond_k, bond_eq", "found 'bond_q'"}},
    {TEXT, P "unit", "furlong", 1, 0, {P "unit: row 1 ('O-H')", "angstrom, nm, bohr", "'furlong'"}},
    {INTEGER, P "link", NULL, 4, 11, {P "link: row 4", "circle"}},
    {INTEGER, P "link", NULL, 4, 4, {P "link: row 4", "circle to row 4"}},
    {INTEGER, P "link", NULL, 10, 12, {P "link: row 10: expected -1 to 11, found 12"}},
    {INTEGER, P "link", NULL, 10, 3, {P "link: row 10", "row 3 of kind angle_eq"}},
    {INTEGER, P "active", NULL, 2, 7, {P "active: row 2: expected 0 to 1, found 7"}},
    {REAL, P "lower", NULL, 3, 110.5, {P "value: row 3", "110.5, 104.5, 180 degree"}},
    {REAL, P "upper", NULL, 0, 499.0, {P "value: row 0", "0, 500, 499"}},
    {REAL, P "scale", NULL, 3, 0.0, {P "scale: row 3", "found 0"}},
    {REAL, P "scale", NULL, 3, -2.0, {P "scale: row 3", "found -2"}},
    {REMOVE_ATTRIBUTE, TYPES, "combining_rule", 0, 0, {TYPES ": attribute combining_rule: expected a value"}},
    {ATTRIBUTE_REAL, TYPES, "coulomb_14", 0, NAN, {TYPES ": attribute coulomb_14", "found nan"}},
    {ATTRIBUTE_REAL, TYPES, "vdw_14", 0, -1, {TYPES ": attribute vdw_14", "found -1"}},
    {REMOVE_ATTRIBUTE, TYPES, "vdw_14", 0, 0, {TYPES ": attribute vdw_14: expected a value"}},
    {ATTRIBUTE_INTEGER, TYPES, "form", 1, 0, {TYPES ": attribute form: expected a string"}},
    {ATTRIBUTE_REAL, TYPES, "dielectric", 0, 0, {TYPES ": attribute dielectric", "above 0, found 0"}},
    {ATTRIBUTE_REAL, TYPES, "dielectric", 0, HUGE_VAL, {TYPES ": attribute dielectric", "found inf"}},
    {INTEGER, TYPES "/sigma", NULL, 1, -1, {TYPES "/sigma: row 1: expected 0 to 11, found -1"}},
    {REMOVE, TYPES "/sigma", NULL, 0, 0, {TYPES ": expected one of sigma and radius, found neither"}},
    {INTEGER, TYPES "/epsilon", NULL, 1, 12, {TYPES "/epsilon: row 1: expected 0 to 11, found 12"}},
    {ATTRIBUTE_TEXT, GRID, "unit", 0, 0, {GRID ": attribute unit", "kcal/mol, kJ/mol", "'other'"}},
    {REMOVE_ATTRIBUTE, GRID, "unit", 0, 0, {GRID ": attribute unit: expected a value"}},
    {REAL, GRID, NULL, 17, NAN, {GRID ": row 1", "nan"}},
    {FLOATS, GRID, NULL, 2, 15, {GRID ": expected n^2 columns, n from 4 to 720, found 15"}},
    {FLOATS, GRID, NULL, 2, 9, {GRID ": expected n^2 columns", "found 9"}},
    {FLOATS, GRID, NULL, 2, 0, {GRID ": expected shape (any, any), found (2)"}},
    {INTEGERS, GRID, NULL, 2, 16, {GRID ": expected", "found integers"}},
    /* observables */
    {REMOVE, "/observables", NULL, 0, 0, {"/observables: expected at least one observable, found 0"}},
    {RENAME,
     FREQUENCY,
     "/observables/colour",
     0,
     0,
     {"/observables: expected a kind out of frequency, eigenmatrix_diagonal", "relaxed_energy, found 'colour'"}},
    {RENAME, FREQUENCY, "/observables/bond", 0, 0, {"/observables/bond/index: expected shape (any, 2), found (4, 1)"}},
    {RENAME, FREQUENCY, "/observables/energy", 0, 0, {"/observables/energy/index: row 0 (molecule 0", "0 to 4, found -1"}},
    {REMOVE, FREQUENCY "/weight", NULL, 0, 0, {FREQUENCY "/weight: expected", "attribute weights of /observables, found"}},
    {ATTRIBUTE_TEXT, "/observables", "weights", 0, 0, {"attribute weights: expected q2mm_classic or q2mm, found 'other'"}},
    {ATTRIBUTE_TEXT, "/observables", "transition_states", 0, 0, {"attribute transition_states: expected D or C, found"}},
    {ATTRIBUTE_TEXT, FREQUENCY, "basis", 0, 0, {FREQUENCY ": attribute basis: expected vibrations or cartesian, found"}},
    {INTEGER, FREQUENCY "/index", NULL, 1, 6, {FREQUENCY "/index: row 1 (molecule 1", "-1 to 5", "found 6"}},
    {INTEGER, FREQUENCY "/index", NULL, 1, -2, {FREQUENCY "/index: row 1", "found -2"}},
    {REAL, FREQUENCY "/weight", NULL, 2, -0.5, {FREQUENCY "/weight: row 2 (molecule 2", "found -0.5"}},
    {ATTRIBUTE_REAL, FREQUENCY, "minimum", 0, HUGE_VAL, {FREQUENCY ": attribute minimum", "found inf"}},
    {FLOATS, FREQUENCY "/weight", NULL, 3, 0, {FREQUENCY "/weight: expected shape (4), found (3)"}},
};

/* The same for a set with MM3's exp-6: special rows 0 and 1, bonds' increments as /bonds. */
static const struct bad exp6_cases[] = {
    {INTEGER, TYPES "/radius", NULL, 1, 20, {TYPES "/radius: row 1: expected 0 to 19, found 20"}},
    {RENAME, SPECIAL "/types", TYPES "/sigma", 0, 0, {TYPES ": expected one of sigma and radius, found both"}},
    {INTEGER, SPECIAL "/types", NULL, 1, 2, {SPECIAL "/types: row 0: expected 0 to 1, found 2"}},
    {INTEGER, SPECIAL "/types", NULL, 3, 0, {SPECIAL "/types: row 1: expected a new pair of types, found 0 and 1 as in row 0"}},
    {INTEGERS, SPECIAL "/types", NULL, 2, 3, {SPECIAL "/types: expected shape (any, 2), found (2, 3)"}},
    {INTEGERS, SPECIAL "/types", NULL, 0, 2, {SPECIAL "/types: expected 1 to", "found 0"}},
    {REMOVE, SPECIAL "/types", NULL, 0, 0, {SPECIAL "/types: expected a dataset of integers, found nothing"}},
    {TEXT, SPECIAL "/form", "", 1, 0, {SPECIAL "/form: row 1: expected a text"}},
    {STRINGS, SPECIAL "/form", NULL, 3, 0, {SPECIAL "/form: expected shape (2), found (3)"}},
    {REMOVE, SPECIAL "/form", NULL, 0, 0, {SPECIAL "/form: expected a dataset of strings, found nothing"}},
    {INTEGER, SPECIAL "/parameters", NULL, 2, 20, {SPECIAL "/parameters: row 1: expected 0 to 19, found 20"}},
    {INTEGERS, SPECIAL "/parameters", NULL, 2, 3, {SPECIAL "/parameters: expected shape (2, 2), found (2, 3)"}},
    {INTEGERS, SPECIAL "/parameters", NULL, 1, 2, {SPECIAL "/parameters: expected shape (2, 2), found (1, 2)"}},
    {REMOVE, TYPES, NULL, 0, 0, {INCREMENTS ": expected /force_field/nonbonded beside it"}},
    {INTEGER, INCREMENTS "/offset", NULL, 5, 10, {INCREMENTS "/offset: row 5: expected 9, the rows of " INCREMENTS "/atoms"}},
    {REMOVE, INCREMENTS "/offset", NULL, 0, 0, {INCREMENTS "/offset: expected a dataset of integers, found nothing"}},
    {INTEGER, INCREMENTS "/atoms", NULL, 4, 2, {INCREMENTS "/atoms: row 2 (molecule 1, 'HF 0')", "atoms 0 to 1, found 2"}},
    {INTEGER, INCREMENTS "/atoms", NULL, 4, 1, {INCREMENTS "/atoms: row 2 (molecule 1", "different atoms, found 1 twice"}},
    {INTEGERS, INCREMENTS "/atoms", NULL, 9, 3, {INCREMENTS "/atoms: expected shape (any, 2), found (9, 3)"}},
    {INTEGER, INCREMENTS "/parameter", NULL, 8, 20, {INCREMENTS "/parameter: row 8 (molecule 3", "0 to 19, found 20"}},
    {INTEGER,
     INCREMENTS "/parameter",
     NULL,
     8,
     13,
     {INCREMENTS "/parameter: row 8 (molecule 3", "charge_increment or", "row 13 of kind vdw_radius"}},
    {INTEGERS, INCREMENTS "/parameter", NULL, 8, 0, {INCREMENTS "/parameter: expected shape (9), found (8)"}},
    {REAL, INCREMENTS "/factor", NULL, 2, NAN, {INCREMENTS "/factor: row 2 (molecule 1, 'HF 0')", "found nan"}},
    {FLOATS, INCREMENTS "/factor", NULL, 8, 0, {INCREMENTS "/factor: expected shape (9), found (8)"}},
    {TEXT, P "unit", "e", 19, 0, {P "unit: row 19 ('O-H')", "debye, e*angstrom", "'e'"}},
    {INTEGER, SITES "_parent", NULL, 4, 2, {SITES "_parent: row 4 (molecule 1, 'HF 0')", "0 to 1, or -1, found 2"}},
    {INTEGER, SITES "_parent", NULL, 4, 1, {SITES "_parent: row 4 (molecule 1", "another atom", "found 1"}},
    {INTEGER, SITES "_parent", NULL, 4, -2, {SITES "_parent: row 4", "found -2"}},
    {INTEGER, SITES "_parent", NULL, 4, -1, {SITES ": row 4 (molecule 1", "expected 0, for the atom has no"}},
    {REAL, SITES, NULL, 4, 1, {SITES ": row 4 (molecule 1", "from 0 to below 1, found 1"}},
    {REAL, SITES, NULL, 4, -0.1, {SITES ": row 4 (molecule 1", "found -0.1"}},
    {REMOVE, SITES, NULL, 0, 0, {"/atoms: expected both reduction and reduction_parent, found the second"}},
    {REMOVE, SITES "_parent", NULL, 0, 0, {"/atoms: expected both reduction and reduction_parent, found the first"}},
    {INTEGERS, SITES "_parent", NULL, 13, 0, {SITES "_parent: expected shape (14), found (13)"}},
    {INTEGER, BOND "/at_sites", NULL, 3, 2, {BOND "/at_sites: row 3 (molecule 2", "expected 0 to 1, found 2"}},
    {INTEGERS, BOND "/at_sites", NULL, 8, 0, {BOND "/at_sites: expected shape (9), found (8)"}},
    {REMOVE_ATTRIBUTE, TYPES, "soft_cut_end", 0, 0, {TYPES ": expected both attributes", "found the first"}},
    {ATTRIBUTE_REAL, TYPES, "soft_cut_end", 0, 6, {TYPES ": attributes soft_cut_begin", "found 6 and 6"}},
    {ATTRIBUTE_REAL, TYPES, "soft_cut_begin", 0, -1, {TYPES ": attributes soft_cut_begin", "found -1 and 8"}},
};

#define E "/force_field/equalities/"
#define PRIOR "/force_field/prior/"

/* Of a set with equalities, a prior and molecules for validation. */
static const struct bad guided_cases[] = {
    {INTEGER, E "offset", NULL, 0, 1, {E "offset: row 0: expected 0, found 1"}},
    {INTEGER, E "offset", NULL, 1, 0, {E "offset: row 1: expected more than 0", "found 0"}},
    {INTEGER, E "offset", NULL, 2, 4, {E "offset: row 2: expected 5, the rows of", "found 4"}},
    {INTEGER, E "offset", NULL, 1, 6, {E "offset: row 1: expected 0 to 5, found 6"}},
    {INTEGERS, E "offset", NULL, 2, 0, {E "offset: expected shape (3), found (2)"}},
    {INTEGER, E "row", NULL, 3, 12, {E "row: row 3: expected 0 to 11, found 12"}},
    {REAL, E "coefficient", NULL, 2, 0, {E "coefficient: row 2", "other than 0"}},
    {REAL, E "coefficient", NULL, 2, NAN, {E "coefficient: row 2", "found nan"}},
    {FLOATS, E "coefficient", NULL, 4, 0, {E "coefficient: expected shape (5), found (4)"}},
    {REAL, E "value", NULL, 1, HUGE_VAL, {E "value: row 1", "found inf"}},
    {STRINGS, E "label", NULL, 3, 0, {E "label: expected shape (2), found (3)"}},
    {REMOVE, E "value", NULL, 0, 0, {E "value: expected a dataset of floating-point numbers, found nothing"}},
    {TEXT, PRIOR "kind", "bond", 1, 0, {PRIOR "kind: row 1: expected a kind of parameter, found 'bond'"}},
    {TEXT, PRIOR "kind", "bond_k", 1, 0, {PRIOR "kind: row 1: expected each kind once", "as in row 0"}},
    {REAL, PRIOR "weight", NULL, 0, -1, {PRIOR "weight: row 0", "at least 0, found -1"}},
    {REMOVE, PRIOR "kind", NULL, 0, 0, {PRIOR "kind: expected a dataset of strings, found nothing"}},
    {INTEGER, "/molecules/validation", NULL, 2, 2, {"/molecules/validation: row 2", "'methane 0'", "0 to 1, found 2"}},
    {FLOATS, "/molecules/validation", NULL, 5, 0, {"/molecules/validation: expected integers"}},
};

static void apply(const struct bad *bad) {
  switch (bad->change) {
  case REMOVE:
    break_remove(path, bad->object);
    break;
  case REMOVE_ATTRIBUTE:
    break_remove_attribute(path, bad->object, bad->text);
    break;
  case REAL:
    break_real(path, bad->object, bad->element, bad->number);
    break;
  case INTEGER:
    break_integer(path, bad->object, bad->element, (int64_t)bad->number);
    break;
  case TEXT:
    break_text(path, bad->object, bad->element, bad->text);
    break;
  case ATTRIBUTE_TEXT:
    break_attribute_text(path, bad->object, bad->text, "other");
    break;
  case ATTRIBUTE_INTEGER:
    break_attribute_integer(path, bad->object, bad->text, bad->element);
    break;
  case ATTRIBUTE_REAL:
    break_attribute_real(path, bad->object, bad->text, bad->number);
    break;
  case FLOATS:
    break_shape(path, bad->object, bad->element, (int64_t)bad->number, 'f');
    break;
  case INTEGERS:
    break_shape(path, bad->object, bad->element, (int64_t)bad->number, 'i');
    break;
  case STRINGS:
    break_shape(path, bad->object, bad->element, (int64_t)bad->number, 's');
    break;
  case VARIABLE:
    break_to_variable(path, bad->object, bad->element);
    break;
  case GROUP:
    break_to_group(path, bad->object);
    break;
  case RENAME:
    break_rename(path, bad->object, bad->text);
    break;
  case CHUNK:
    break_chunk(path, bad->object, bad->element);
    break;
  }
}

/* All ranks: reading fails, with the same text everywhere, which contains what was expected. */
static void check_refused(const char *file, const char *const expected[3], int names_file) {
  struct q2_dataset d;
  struct q2_error error = {""}, first;
  MPI_Barrier(MPI_COMM_WORLD);
  const int status = q2_dataset_read(MPI_COMM_WORLD, file, &d, &error);
  CHECK(status == Q2_FAILED, "accepted: %s", expected[0]);
  if (status == Q2_OK) q2_dataset_free(&d);
  memcpy(&first, &error, sizeof first);
  MPI_Bcast(&first, (int)sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
  CHECK(strcmp(first.text, error.text) == 0, "'%s', on rank 0 '%s'", error.text, first.text);
  CHECK(!names_file || strstr(error.text, file), "'%s'", error.text);
  CHECK(!strchr(error.text, '\n'), "'%s'", error.text);
  for (int k = 0; k < 3 && expected[k]; k++)
    CHECK(strstr(error.text, expected[k]) != NULL, "'%s' lacks '%s'", error.text, expected[k]);
  CHECK(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) == 0, "%d objects open after '%s'",
        (int)H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), error.text);
  MPI_Barrier(MPI_COMM_WORLD);
}

static void check_case(int rank, const struct made_options *options, const struct bad *bad) {
  if (rank == 0) {
    make_dataset(path, molecules, options);
    apply(bad);
  }
  check_refused(path, bad->expected, 1);
}

/* Every required dataset: missing, of another type, of another shape; every real one: not a number. */
static void check_each_dataset(int rank) {
  static const struct {
    const char *name;
    char type_class;
  } all[] = {{"/molecules/atom_offset", 'i'},
             {"/molecules/hessian_offset", 'i'},
             {"/molecules/name", 's'},
             {"/molecules/charge", 'i'},
             {"/molecules/multiplicity", 'i'},
             {"/molecules/energy", 'f'},
             {"/molecules/method", 'i'},
             {"/molecules/group", 'i'},
             {"/molecules/stationary", 'i'},
             {"/methods", 's'},
             {"/molecules/imaginary_modes", 'i'},
             {"/atoms/element", 'i'},
             {"/atoms/position", 'f'},
             {"/bonds/offset", 'i'},
             {"/bonds/atoms", 'i'},
             {P "kind", 's'},
             {P "label", 's'},
             {P "value", 'f'},
             {P "unit", 's'},
             {P "lower", 'f'},
             {P "upper", 'f'},
             {P "active", 'i'},
             {P "link", 'i'},
             {BOND "/offset", 'i'},
             {BOND "/atoms", 'i'},
             {BOND "/parameters", 'i'},
             {TYPES "/label", 's'},
             {TYPES "/epsilon", 'i'},
             {FREQUENCY "/offset", 'i'},
             {FREQUENCY "/index", 'i'}};
  static const char *const optional[] = {"/atoms/mass",
                                         "/atoms/gradient",
                                         "/atoms/charge",
                                         "/hessian",
                                         P "scale",
                                         FREQUENCY "/weight",
                                         "/force_field/terms/torsion_fourier/constants"};
  const struct made_options plain = {0};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
    const char *name = all[k].name;
    const char other = all[k].type_class == 's' ? 'i' : 's';
    check_case(rank, &plain, &(struct bad){REMOVE, name, NULL, 0, 0, {name, "expected a dataset of", "found nothing"}});
    check_case(rank, &plain, &(struct bad){other == 's' ? STRINGS : INTEGERS, name, NULL, 3, 0, {name, ": expected", "found"}});
    const enum change same = all[k].type_class == 's' ? STRINGS : all[k].type_class == 'i' ? INTEGERS : FLOATS;
    const int one_dimension = strcmp(name, "/atoms/position") && !strstr(name, "/index") && !strstr(name, "/parameters") &&
                              !strstr(name, "s/atoms") && !strstr(name, "c/atoms");
    const int dimensions_wrong = one_dimension || strstr(name, P) ? 2 : 0;
    check_case(
        rank, &plain,
        &(struct bad){same, name, NULL, 77, dimensions_wrong, {name, "expected shape", dimensions_wrong ? "(77, 2)" : "(77)"}});
    if (all[k].type_class == 'f') {
      check_case(rank, &plain, &(struct bad){REAL, name, NULL, 3, NAN, {name, "row", "nan"}});
      if (!strstr(name, "er")) check_case(rank, &plain, &(struct bad){REAL, name, NULL, 3, HUGE_VAL, {name, "row", "inf"}});
    }
  }
  for (size_t k = 0; k < sizeof optional / sizeof *optional; k++) {
    check_case(rank, &plain, &(struct bad){REAL, optional[k], NULL, 0, NAN, {optional[k], "row 0", "found nan"}});
    check_case(rank, &plain,
               &(struct bad){STRINGS, optional[k], NULL, 77, 0, {optional[k], "floating-point", "found strings"}});
  }
}

/* A set without anything to fit. */
static void check_all_validation(int rank) {
  if (rank == 0) {
    make_dataset(path, molecules, &(struct made_options){.guided = 1});
    for (int m = 0; m < molecules; m++)
      break_integer(path, "/molecules/validation", m, 1);
  }
  check_refused(path, (const char *const[3]){"/molecules/validation: expected a molecule to fit (0), found 1 for all 5"}, 1);
}

/* A turned geometry, an asymmetric square, coincident atoms, small units: several numbers each. */
static void check_geometry(int rank) {
  const struct made_options plain = {0}, full = {.full = 1}, chunked = {.chunked = 1};
  if (rank == 0) {
    make_dataset(path, molecules, &plain);
    const double c = cos(0.5), s = sin(0.5);
    for (int a = 10; a < 13; a++) { /* CO2, about its carbon */
      struct made_molecule m;
      made_molecule(3, &m);
      const double *x = m.position[a - 10];
      break_real(path, "/atoms/position", 3 * a, c * x[0] - s * x[1]);
      break_real(path, "/atoms/position", 3 * a + 1, s * x[0] + c * x[1]);
    }
  }
  check_refused(path, (const char *const[3]){"/hessian: molecule 3 'CO2 0'", "different frames", "at most 0.005"}, 1);
  if (rank == 0) {
    make_dataset(path, molecules, &plain);
    for (int c = 0; c < 3; c++)
      break_real(path, "/atoms/position", 3 * 6 + c, 0.125 * (c == 0) + 0.05 * (c == 1));
  }
  check_refused(
      path, (const char *const[3]){"/atoms/position: molecule 2 'methane 0'", "0.1 angstrom apart", "atoms 0 and 1 at 0.05"},
      1);
  if (rank == 0) {
    make_dataset(path, molecules, &plain);
    for (int k = 45; k < 66; k++)
      break_real(path, "/hessian", k, 5e-5);
  }
  check_refused(path, (const char *const[3]){"/hessian: molecule 1 'HF 0'", "found 5e-05", "9376"}, 1);
  /* (8,0) of water, which is 0 in the spring model or not: 1e-6 more on one side. */
  check_case(rank, &full,
             &(struct bad){REAL, "/hessian_full", NULL, 72, 1e-6, {"/hessian_full: molecule 0 'water 0'", "(8, 0)"}});
  check_case(rank, &full, &(struct bad){INTEGER, "/molecules/hessian_offset", NULL, 1, 45, {"expected 0 or 81 elements"}});
  check_case(rank, &plain, &(struct bad){RENAME, "/hessian", "/hessian_full", 0, 0, {"/molecules/hessian_offset", "81"}});
  if (H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0) {
    check_case(rank, &chunked, &(struct bad){CHUNK, "/hessian", NULL, 0, 0, {"/hessian: rows", "cannot be read"}});
    check_case(rank, &chunked, &(struct bad){CHUNK, "/hessian", NULL, 225, 0, {"/hessian: rows", "cannot be read"}});
    check_case(rank, &chunked, &(struct bad){CHUNK, P "value", NULL, 0, 0, {P "value: rows", "cannot be read"}});
  }
}

/* Which molecules energies refer to: the index, and the groups of all molecules. */
static void check_energies(int rank) {
  static const struct {
    int64_t index[4], group[molecules];
    const char *expected[3];
  } all[] = {{{1, 2, 3, 2}, {0, 0, 1, 1, 0}, {"/energy/index: molecule HF 0 of group 0", "number 2 of group 1"}},
             {{1, 1, 0, 0}, {0, 0, 0, 0, 0}, {"/energy/index: molecule HF 0: expected another", "its own number, 1"}},
             {{1, 0, 0, 0}, {-1, -1, 0, 0, 0}, {"/energy: molecule water 0: expected a group", "found -1"}},
             {{1, 0, 5, 0}, {0, 0, 0, 0, 0}, {"/energy/index: row 2 (molecule 2, 'methane 0')", "0 to 4, found 5"}}};
  const struct made_options plain = {0};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
    if (rank == 0) {
      make_dataset(path, molecules, &plain);
      break_rename(path, FREQUENCY, "/observables/energy");
      for (int row = 0; row < 4; row++)
        break_integer(path, "/observables/energy/index", row, all[k].index[row]);
      for (int m = 0; m < molecules; m++)
        break_integer(path, "/molecules/group", m, all[k].group[m]);
    }
    check_refused(path, all[k].expected, 1);
  }
}

/* Not a data set at all. */
static void check_files(int rank) {
  check_refused("no/such/file.h5", (const char *const[3]){"No such file or directory"}, 1);
  check_refused(".", (const char *const[3]){"expected"}, 1);
  const struct made_options plain = {0};
  for (int bytes = 0; bytes < 3; bytes++) {
    static const long lengths[] = {0, 100, 5000};
    if (rank == 0) {
      make_dataset(path, molecules, &plain);
      if (truncate(path, lengths[bytes]) != 0) abort();
    }
    check_refused(path, (const char *const[3]){bytes == 0 ? "expected an HDF5 file" : ""}, 1);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
    check_case(rank, &(struct made_options){0}, &cases[k]);
  for (size_t k = 0; k < sizeof exp6_cases / sizeof *exp6_cases; k++)
    check_case(rank, &(struct made_options){.exp6 = 1}, &exp6_cases[k]);
  for (size_t k = 0; k < sizeof guided_cases / sizeof *guided_cases; k++)
    check_case(rank, &(struct made_options){.guided = 1}, &guided_cases[k]);
  check_all_validation(rank);
  check_geometry(rank);
  check_each_dataset(rank);
  check_energies(rank);
  check_files(rank);
  if (rank == 0) remove(path);
  int failures = check_failures;
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  if (rank == 0 && failures == 0) printf("bad input: refused on every rank, with the reason\n");
  return check_failures ? check_result() : failures != 0;
}
