/* A small valid data set for tests, written by one rank with plain serial HDF5, and ways of breaking one thing in it. */
#ifndef Q2_MAKE_DATASET_H
#define Q2_MAKE_DATASET_H

#include <stdint.h>

enum { made_atoms = 5, made_kinds = 5, made_parameters = 12, made_types = 2, made_grids = 2, made_points = 4 };

/* What the option `exp6` adds: rows 12 to 19 of the parameter table, and rows for pairs of types. */
enum { made_exp6_parameters = 8, made_special = 2 };

/* Element k of the CMAP grids of every made set, in kcal/mol. */
static inline double made_grid(int k) { return 0.25 * k - 3; }

/* Parameter and factor of the charge increments of molecule `number`. */
static inline int made_increment(int64_t number) { return number % 2 ? 19 : 18; }
static inline double made_factor(int64_t number) { return 1 - 0.125 * (double)(number % 5); }

/* Where atom `atom` of molecule `number` is moved towards, how far, and whether its bond number `bond` sees it. */
static inline int made_parent(int element, int atom) { return element == 1 && atom > 0 ? 0 : -1; }
static inline double made_reduction(int64_t number, int element, int atom) {
  return made_parent(element, atom) < 0 ? 0 : 0.0625 + 0.015625 * (double)(number % 3);
}
static inline int made_at_site(int64_t number, int bond) { return (number + bond) % 2 == 0; }

/* Molecule `number` of every made set: water, HF, methane, CO2 and a helium atom in turn. */
struct made_molecule {
  char name[64];
  int atoms, bonds, angles;
  int element[made_atoms], type[made_atoms];
  double mass[made_atoms], position[made_atoms][3], gradient[made_atoms][3],
      charge[made_atoms]; /* amu, angstrom, hartree/bohr, e */
  int bond[made_atoms][2], bond_parameter[made_atoms][2];
  int angle[6][3], angle_parameter[6][2];
  int torsions, torsion[1][4], torsion_parameter[1][2];
  double periodicity[1];
  int observables;       /* one for a molecule with a Hessian: frequency -1 */
  double weight, energy; /* hartree */
  int64_t hessian_rows;
  double hessian[3 * made_atoms * (3 * made_atoms + 1) / 2]; /* hartree/bohr^2, of springs between all atoms */
};

void made_molecule(int64_t number, struct made_molecule *molecule);

/* How a set is stored; all zero: doubles, int32, contiguous, fixed strings, packed Hessians, every optional column. */
struct made_options {
  int other_types;      /* big-endian int64 and float32 where that is exact, int8 and bool columns */
  int chunked;          /* chunks of a few rows, deflated where HDF5 can */
  int full;             /* /hessian_full */
  int bare;             /* no mass, gradient, charge, scale, title, non-bonded part */
  int other_units;      /* kcal/mol, bohr, ... instead of q2hpc's own */
  int exp6;             /* MM3's exp-6 instead of Lennard-Jones, special rows, a dielectric, a soft cut, sites,
                           charge increments */
  int no_factors;       /* charge increments without factors */
  int guided;           /* equalities, a prior, and every third molecule for validation */
  int observed;         /* every kind of observable; molecule 11, HF, has no bond and falls apart when it is relaxed */
  int variable_strings; /* tables of the force field, methods and attributes, as h5py writes them by default */
};

/* Writes `count` molecules to `path`. Aborts on failure: a test cannot go on. */
void make_dataset(const char *path, int64_t count, const struct made_options *options);

/* Each opens the file, changes one thing, and closes it. */
void break_remove(const char *path, const char *object);
void break_remove_attribute(const char *path, const char *object, const char *name);
void break_real(const char *path, const char *dataset, int64_t element, double value);
void break_integer(const char *path, const char *dataset, int64_t element, int64_t value);
void break_text(const char *path, const char *dataset, int64_t element, const char *value);
void break_attribute_text(const char *path, const char *object, const char *name, const char *value);
void break_attribute_integer(const char *path, const char *object, const char *name, int64_t value);
void break_attribute_real(const char *path, const char *object, const char *name, double value);
/* Replaces a dataset by zeros of another shape (columns 0: one dimension) and class: 'i', 'f' or 's'. */
void break_shape(const char *path, const char *dataset, int64_t rows, int64_t columns, char type_class);
/* Replaces a dataset by strings of variable length. */
void break_to_variable(const char *path, const char *dataset, int64_t rows);
void break_to_group(const char *path, const char *object);
void break_rename(const char *path, const char *from, const char *to);

/* Puts bytes that cannot be inflated into one chunk of a deflated dataset. */
void break_chunk(const char *path, const char *dataset, int64_t row);

#endif
