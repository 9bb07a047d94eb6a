/* Between the files of the assignment by types: what is found of a force field once, and what of the molecule at hand. */
#ifndef Q2_ASSIGN_PARTS_H
#define Q2_ASSIGN_PARTS_H

#include "../growing.h"
#include "assign.h"
#include "lookup.h"
#include "topology.h"

enum q2_row_family {
  Q2_ROWS_OF_BONDS,
  Q2_ROWS_OF_ANGLES,
  Q2_ROWS_OF_UREY_BRADLEY,
  Q2_ROWS_OF_STRETCH_BENDS,
  Q2_ROWS_OF_TORSIONS,
  Q2_ROWS_OF_TORSION_STRETCHES,
  Q2_ROWS_OF_IMPROPERS,
  Q2_ROWS_OF_OUT_OF_PLANE
};

/* Whose rules of precedence hold (docs/typing.md). */
enum q2_row_rules { Q2_RULES_OF_TYPES, Q2_RULES_OF_TINKER, Q2_RULES_OF_AMBER, Q2_RULES_OF_OPENMM };

/* Rows among which a term finds its own: all of a family, or (OpenMM, whose forces act side by side) all of a form. */
struct q2_row_set {
  enum q2_row_family family;
  char form[Q2_KIND_LENGTH]; /* "": all of the family */
  struct q2_growing rows;    /* int32_t: the first row of each series, in the order of the file */
  struct q2_lookup asked;    /* what was looked for before: numbers of types, partial bonds, class of angle */
  struct q2_growing answer;  /* int32_t: the row for each, -1: none */
};
enum { Q2_MOST_ROW_SETS = 16 };

/* A type of the molecules. */
struct q2_known_type {
  struct q2_type_name name, class_name;
  int element; /* that the force field asks for, 0: any */
};

struct q2_assigner {
  struct q2_builder *builder;
  const struct q2_force_field *field;
  const struct q2_assign_options *options;
  struct q2_assignment_report *report;
  struct q2_error *error;
  enum q2_row_rules rules;
  int marks_any; /* the file marks something */
  int set_count;
  struct q2_row_set set[Q2_MOST_ROW_SETS];
  char (*label)[Q2_LABEL_LENGTH];            /* [row_count] of parameters */
  char (*nonbonded_label)[Q2_LABEL_LENGTH];  /* [nonbonded_count] */
  int *divisor;                              /* [row_count] of a row that varies, 0: not yet known */
  struct q2_lookup type_numbers;             /* names of types */
  struct q2_growing types, nonbonded_answer; /* struct q2_known_type; int32_t: the non-bonded row of each, -2: not yet known */

  /* The molecule at hand: */
  int molecule;
  const struct q2_molecule_record *record;
  const struct q2_topology *topology;
  int32_t *type;     /* [atom_count] numbers of types */
  int32_t *bond_eq;  /* [bond_count] keys of equilibrium values, -1: none */
  int32_t *angle_eq; /* [angle_count] */
};

/* assign_index.c: sets of rows, types, and the row that fits. */
int q2_assign_index_create(struct q2_assigner *a);
void q2_assign_index_free(struct q2_assigner *a);
int q2_assign_take_types(struct q2_assigner *a); /* fills type[] */
int q2_assign_name_fits(const struct q2_assigner *a, enum q2_row_names names, const struct q2_type_name *name, int atom);
int q2_assign_wildcards(const struct q2_type_row *row);

/* The row of the set for atoms along bonds, in either direction; of out-of-plane bends the ends 0 and 2 may change places.
 * NULL: none. */
int q2_assign_find(struct q2_assigner *a, struct q2_row_set *set, const int *atoms, const struct q2_type_row **row);
enum q2_row_family q2_assign_family(const char *form);

/* Bit b: the bond between atoms b and b + 1 of a chain is a partial one. */
int q2_partial_bonds(const struct q2_molecule_record *record, const struct q2_topology *topology, const int *atoms, int count);

/* What struct q2_type_row calls angle_class, of an angle of the molecule. */
int q2_angle_class(const struct q2_molecule_record *record, const int *angle);

/* Why a new force field has no row for the torsion ("with a metal"), or NULL: it has. */
const char *q2_torsion_left_out(const struct q2_molecule_record *record, const struct q2_topology *topology,
                                const int *torsion);

/* Whether the atom has three neighbours that are no metals, by full bonds, in one plane with it: then these, by the names of
 * their types, then their numbers. `planar` 0: in a plane or not. */
int q2_planar_ligands(const struct q2_molecule_record *record, const struct q2_topology *topology, int centre, int planar,
                      int ligand[3]);

/* assign_parameters.c: labels, parameters, notes. */
int q2_assign_labels(struct q2_assigner *a);
int q2_assign_varies(const struct q2_assigner *a, const char *kind, const struct q2_file_number *number, int marked);

/* The key of a row's parameter p; its value is divided by `divisor`. */
int q2_assign_parameter(struct q2_assigner *a, const struct q2_type_row *row, int p, int divisor, int *key);

/* Whether a row that names the atoms of an angle has an equilibrium value for as many hydrogens. Other rows hold. */
int q2_assign_holds(const struct q2_assigner *a, const struct q2_type_row *row, const int *atoms);

/* The key of a number of a non-bonded row or pair, by its label. */
int q2_assign_number(struct q2_assigner *a, const struct q2_file_number *number, const char *kind, const char *label,
                     int fitted, int64_t order, int *key);

/* Keys of a new row for a bond (2 atoms) or an angle (3). */
int q2_assign_new(struct q2_assigner *a, const int *atoms, int count, int keys[2]);

/* Terms of all rows of a series, whose first parameters are divided by `divisor`. Terms without energy that cannot vary are
 * left out. eq receives the key of the equilibrium value ("..._eq"), or -1; NULL: not wanted. `elsewhere` are the keys of the
 * form's other parameters. */
int q2_assign_series(struct q2_assigner *a, const struct q2_type_row *row, const int *atoms, int divisor, const int *elsewhere,
                     int elsewhere_count, int32_t *eq);

/* Notes what row a term has (NULL: none, `why`). */
int q2_assign_note(struct q2_assigner *a, const char *what, const struct q2_type_row *row, const int *atoms, int count,
                   const char *why);
void q2_assign_type_names(const struct q2_assigner *a, const int *atoms, int count, char text[96]);
void q2_assign_example(const struct q2_assigner *a, const int *atoms, int count, char text[128]);

/* The parts of the assignment, in this order. */
int q2_assign_rules(struct q2_assigner *a); /* once: pairs, 1-4 factors */
int q2_assign_atoms(struct q2_assigner *a); /* van der Waals, sites, charges */
int q2_assign_bonds(struct q2_assigner *a);
int q2_assign_angles(struct q2_assigner *a);   /* with Urey-Bradley and stretch-bend */
int q2_assign_torsions(struct q2_assigner *a); /* with torsion-stretch */
int q2_assign_planar(struct q2_assigner *a);   /* impropers, out-of-plane bends */

/* assign_impropers.c: the impropers of a centre, by the set's rows. */
int q2_assign_impropers(struct q2_assigner *a, struct q2_row_set *set, int centre);

#endif
