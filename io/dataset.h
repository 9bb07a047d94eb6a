/* The data set in memory: a contiguous or scattered share of its molecules, and the whole force field. docs/format.md is the
 * file's layout; here everything is in q2hpc's units (angstrom, kcal/mol, radian, amu), except that energies stay in hartree
 * (energy differences are formed before they are converted), and QM gradients and Hessians in hartree/bohr and hartree/bohr^2.
 */
#ifndef Q2_DATASET_H
#define Q2_DATASET_H

#include <mpi.h>
#include <stdint.h>

#include "error.h"

enum { Q2_NAME_LENGTH = 64, Q2_LABEL_LENGTH = 48, Q2_KIND_LENGTH = 32, Q2_UNIT_LENGTH = 32, Q2_LINE_LENGTH = 256 };

struct q2_name {
  char text[Q2_NAME_LENGTH];
};

/* An atom type's name. */
enum { Q2_TYPE_LENGTH = 16 };
struct q2_type_name {
  char text[Q2_TYPE_LENGTH];
};

/* One term table: rows offset[m] to offset[m+1]-1 are those of local molecule m. */
struct q2_term_table {
  char form[Q2_KIND_LENGTH];
  int atom_count, parameter_count, constant_count; /* columns */
  int64_t *offset;                                 /* [molecules + 1], offset[0] = 0 */
  int32_t *atoms;                                  /* [rows][atom_count], within the molecule */
  int32_t *parameters;                             /* [rows][parameter_count], rows of the parameter table */
  double *constants;                               /* [rows][constant_count] or NULL */
  int32_t *at_sites;                               /* [rows] 1: measured at sites (reduction); NULL: none is */
};

/* One observable table. */
struct q2_observable_table {
  char kind[Q2_KIND_LENGTH]; /* of io/observable_kinds.h */
  int index_count;           /* columns of index */
  int has_value;             /* 0: values are derived from the QM data, `value` holds zeros */
  int has_weight;            /* 0: weights are those of the set that the data set names, `weight` holds zeros */
  int cartesian;             /* the attribute `basis`: 0 vibrations (where absent), 1 cartesian */
  double minimum;            /* the attribute `minimum`, 50 where absent */
  int64_t *offset;           /* [molecules + 1] */
  int32_t *index;            /* [rows][index_count] */
  double *value;             /* [rows], in the kind's unit */
  double *weight;            /* [rows], in the inverse of the kind's unit */
};

/* A molecule to whose energy others are compared. */
struct q2_energy_reference {
  int64_t molecule; /* its number in the file */
  int64_t group;
  double energy; /* hartree */
};

/* The parameter table, the same on every rank. Values in q2hpc's units; factor[p] = (value in q2hpc's unit) / (value in the
 * file's unit), so that reports can speak the user's units. A bound that means "none" is exactly -1e300 or 1e300. A linked row
 * has the value of the row that it shares; its bounds, scale and active are the file's, without use. */
struct q2_parameters {
  int count;
  char (*kind)[Q2_KIND_LENGTH];
  char (*label)[Q2_LABEL_LENGTH];
  char (*unit)[Q2_UNIT_LENGTH];
  double *value, *lower, *upper, *factor;
  double *scale;   /* 0 where the file leaves it to the kind's default */
  int32_t *active; /* 0 or 1 */
  int32_t *link;   /* row or -1; every chain already resolved to its end */
};

/* The non-bonded part, the same on every rank. What forms and combining rules there are, and which kinds of parameters they
 * take, is not known here. */
struct q2_nonbonded {
  int type_count; /* 0: the force field has no non-bonded part */
  char form[Q2_KIND_LENGTH], combining_rule[Q2_KIND_LENGTH];
  double vdw_14, coulomb_14, dielectric;
  double soft_cut_begin, soft_cut_end; /* angstrom; 0 and 0 where there is none */
  char (*label)[Q2_LABEL_LENGTH];      /* [type_count] */
  char size_name[Q2_KIND_LENGTH];      /* what the file calls `size`: sigma or radius */
  int32_t *epsilon, *size;             /* [type_count] rows of the parameter table */

  /* rows for pairs of types, which take the place of what the types' own parameters would give */
  int special_count;
  char (*special_form)[Q2_KIND_LENGTH]; /* [special_count] */
  int32_t *special_types;               /* [special_count][2], in either order; no pair twice */
  int32_t *special_parameters;          /* [special_count][2] rows of the parameter table */
};

/* Charge increments: rows offset[m] to offset[m+1]-1 are those of local molecule m. Row k adds factor p to the charge of its
 * first atom and takes it from the second, p the value of its parameter; charges of the molecule keep their sum. */
struct q2_charge_increments {
  int64_t *offset;    /* [molecules + 1], offset[0] = 0; NULL: the force field has none */
  int32_t *atoms;     /* [rows][2], within the molecule */
  int32_t *parameter; /* [rows] rows of the parameter table, of the kinds charge_increment and bond_dipole */
  double *factor;     /* [rows]: 1, or e/debye, where the file gives none 1 */
};

/* Linear equalities between parameters, the same on every rank. Equality e: sum of coefficient[k] p[row[k]] over k = offset[e]
 * to offset[e+1]-1 is value[e]; coefficients belong to p in q2hpc's units, so that a sum is the number that the file's own
 * coefficients give with values in the file's units. */
struct q2_equalities {
  int count;       /* 0: there are none */
  int32_t *offset; /* [count + 1] */
  int32_t *row;    /* rows of the parameter table, linked and frozen ones as the file names them */
  double *coefficient, *value;
  char (*label)[Q2_LABEL_LENGTH]; /* [count] or NULL */
};

/* Weights of the prior by kind of parameter (src/prior.h), the same on every rank. */
struct q2_prior_table {
  int count; /* 0: there is none */
  char (*kind)[Q2_KIND_LENGTH];
  double *weight; /* at least 0 */
};

/* CMAP grids, the same on every rank: kcal/mol at phi = -pi + 2 pi i / points (row), psi = -pi + 2 pi j / points (column). */
struct q2_cmap {
  int grid_count, points; /* 0: there are none */
  double *grid;           /* [grid_count][points][points] */
};

/* The file of another program from which the force field came, and where in it each parameter stands; the same on every rank.
 * An export puts fitted values back there and touches nothing else. */
struct q2_origin {
  char format[Q2_KIND_LENGTH]; /* "" where there is none: "mm3star", "tinker", ... */
  char name[Q2_LINE_LENGTH];   /* its path at the import */
  int64_t size;
  char *bytes;                    /* [size] */
  int32_t *line, *column, *width; /* [parameters.count] line from 1 (0: nowhere), column from 0 */
  double *multiplier;             /* [parameters.count] (value in the parameter's unit) / (number in the file) */
};

struct q2_dataset {
  char *path;
  int64_t molecule_total;     /* in the file */
  int64_t atom_total;         /* in the file */
  char title[Q2_LINE_LENGTH]; /* "" where absent */
  int method_count;
  char (*method_name)[Q2_LINE_LENGTH]; /* [method_count] */
  /* Of the content as read, after conversion of units, in hexadecimal: the sum modulo 2^64 of one hash for each molecule (over
   * its number and its rows in all tables) and one for what all molecules share. The same on any number of ranks. A hash is
   * FNV-1a's step over 8-byte little-endian words, the last one padded with zeros, with a fold (h ^= h >> 32) after each. */
  char checksum[17];

  /* The molecules held by this rank: */
  int64_t molecule_count;
  int64_t *molecule;    /* [molecule_count] their numbers in the file */
  struct q2_name *name; /* [molecule_count] */
  int32_t *charge, *multiplicity, *method, *group, *stationary, *imaginary_modes; /* [molecule_count] */
  double *energy;                                                                 /* [molecule_count] hartree */
  int64_t *atom_offset;                                                           /* [molecule_count + 1], from 0 */
  int32_t *element;                                                               /* [atoms] */
  int32_t *type;                  /* [atoms], zeros where there is no non-bonded part */
  struct q2_type_name *type_name; /* [atoms] what the force field calls the atom's type; NULL where the file does not say */
  double *mass;                   /* [atoms] amu */
  double *position;               /* [atoms][3] angstrom */
  double *gradient;               /* [atoms][3] hartree/bohr, zeros where absent */
  double *atom_charge;            /* [atoms] e, zeros where absent */
  int has_gradient, has_charge;
  int has_sites;             /* the file has reductions */
  int32_t *reduction_parent; /* [atoms] the atom of the molecule that this one is moved towards, -1: none; NULL without */
  double *reduction;         /* [atoms] the fraction of the way, from 0 to below 1; NULL without */
  int32_t *validation;       /* [molecule_count] 1: out of the fit, reported only; NULL where the file does not say */
  int64_t validation_total;  /* such molecules in the file */
  int64_t *hessian_offset;   /* [molecule_count + 1] elements, from 0 */
  double *hessian;           /* packed lower triangles, hartree/bohr^2 */
  int64_t *bond_offset;      /* [molecule_count + 1] */
  int32_t *bonds;            /* [bonds][2] */

  int term_table_count;
  struct q2_term_table *terms;
  int observable_table_count;
  struct q2_observable_table *observables;
  char weights[Q2_KIND_LENGTH]; /* the attribute `weights` of /observables: q2mm_classic or q2mm; "" where absent */
  int invert_transition_states; /* the attribute `transition_states` of /observables: 0 for D (where absent), 1 for C */
  int leave_out_reaction_modes; /* 1: under D, the imaginary vibration of a transition state has no weight. Not in the file:
                                   the fit by method E2 sets it */

  /* Every molecule that a row of an energy observable refers to, ascending, the same on every rank: molecules that belong
   * together may live on different ranks. Not touched by q2_dataset_exchange. */
  int64_t energy_reference_count;
  struct q2_energy_reference *energy_reference;

  struct q2_parameters parameters;
  struct q2_nonbonded nonbonded;
  struct q2_charge_increments increments;
  struct q2_cmap cmap;
  struct q2_equalities equalities;
  struct q2_prior_table prior;
  struct q2_origin origin;
};

/* Reads the data set at `path`: collective over `comm`; afterwards rank r of R holds a contiguous share of the molecules
 * (shares are balanced by atoms; a rank may hold none) and every rank the force field. Everything that can be checked without
 * knowing physics is checked: presence, shapes, types, version, offsets, index ranges (those of an observable by its kind:
 * io/observable_kinds.h), the molecules that energies refer to, finite numbers, units, names unique, links without circle and
 * between kinds of one unit, bounds not crossed (lower <= value <= upper), atoms at least 0.1 angstrom apart, Hessian symmetric
 * (largest |H - H'| at most 1e-8 of the largest |H|), its size plausible for its unit, Hessian and geometry in one frame
 * (stationary molecules only). /bonds and at least one observable must be there; terms need not. On failure every rank returns
 * Q2_FAILED with the same text, and nothing is left open or allocated. On success release with q2_dataset_free. `path` is
 * copied. Memory: besides the share itself, a full-square Hessian (/hessian_full) a second time. */
int q2_dataset_read(MPI_Comm comm, const char *path, struct q2_dataset *dataset, struct q2_error *error);

/* Releases what q2_dataset_read or q2_dataset_exchange made; harmless on a zeroed structure. */
void q2_dataset_free(struct q2_dataset *dataset);

/* Collective: moves molecules to their owners. owner[m] is the rank that shall hold local molecule m; afterwards `dataset`
 * holds exactly the molecules owned by this rank, in ascending order of their number in the file. Memory: table by table, a
 * second copy of that table, and at most 128 MiB of buffers. Works in rounds, so that no message counts more than 2^26 bytes.
 * On failure (a rank without memory, an owner that is not a rank) every rank returns Q2_FAILED; after running short of memory
 * the data set is fit only for q2_dataset_free. */
int q2_dataset_exchange(MPI_Comm comm, struct q2_dataset *dataset, const int *owner, struct q2_error *error);

/* Collective: writes the data set as a file that q2_dataset_read gives back. Shares must be contiguous, in the order of the
 * molecules' numbers, over the ranks in their order (as q2_dataset_read leaves them). Rank 0 alone writes, column by column as
 * the others send them, in pieces of at most 16 MiB; room on the disk is reserved first; the file is read back by all ranks and
 * compared by its checksum, flushed, and renamed into place: at `path` there is the old file or the new one, complete. `add`
 * (NULL: nothing) is called on rank 0 to add what belongs to the file but not to struct q2_dataset. Sets dataset->checksum. On
 * failure every rank returns Q2_FAILED, and nothing is left behind. Memory: the share a second time, while it is read back. */
struct q2_image;
int q2_dataset_write(MPI_Comm comm, struct q2_dataset *dataset, const char *path,
                     int (*add)(struct q2_image *image, void *context, struct q2_error *error), void *context,
                     struct q2_error *error);

/* Fills energy_reference from the rows of `energy` and `relaxed_energy`, whose index is checked: a molecule of the file other
 * than the row's own, and of the same group, which is not -1. Collective; q2_dataset_read calls it. What was there before is
 * replaced. */
int q2_dataset_gather_energies(MPI_Comm comm, struct q2_dataset *dataset, struct q2_error *error);

/* The entry for the molecule with this number in the file, or NULL. Local. */
const struct q2_energy_reference *q2_dataset_energy_reference(const struct q2_dataset *dataset, int64_t molecule);

#endif
