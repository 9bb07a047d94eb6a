/* Between the files of MM3*'s assignment: a molecule as the rules see it, and how a row is found. */
#ifndef Q2_ASSIGN_MM3STAR_PARTS_H
#define Q2_ASSIGN_MM3STAR_PARTS_H

#include "../../io/formats/mm3star_parts.h"
#include "assign_mm3star.h"
#include "topology.h"

/* The ways in which a substructure lies in a molecule. */
struct q2_mm3star_placements {
  int count, capacity, atom_count;
  int32_t *atom;      /* [count][atom_count] atoms of the molecule for those of the pattern */
  uint32_t *holds;    /* [count] alternatives that hold, bit 0: a, ... */
  int holds_capacity; /* elements of `holds` */
};

struct q2_mm3star_view {
  const struct q2_mm3star *field;
  const struct q2_molecule_record *record;
  const struct q2_topology *topology;
  int32_t *neighbour;                       /* as topology->neighbour, but in the order of the record's bonds */
  char *order;                              /* [2 bond_count] - = % or . of the bond to that neighbour */
  unsigned char *fits;                      /* [label_count][atom_count]: whether the atom's type fits the label */
  struct q2_mm3star_placements *placements; /* [substructure_count] */
};

/* Makes the view of a molecule, with all placements. Release with q2_mm3star_view_free, also after a failure. */
int q2_mm3star_view_create(const struct q2_mm3star *field, const struct q2_builder *builder, int molecule,
                           struct q2_mm3star_view *view, struct q2_error *error);
void q2_mm3star_view_free(struct q2_mm3star_view *view);

/* Finds every placement of every substructure, in the order of the file. */
int q2_mm3star_place(struct q2_mm3star_view *view, struct q2_error *error);

/* The character of the bond between two atoms: - = % or . ; 0: there is none. */
char q2_mm3star_bond_order(const struct q2_mm3star_view *view, int i, int j);

/* Whether a bond of order `found` fits the character of a row or pattern. */
int q2_mm3star_order_fits(char wanted, char found);

static inline int q2_mm3star_atom_fits(const struct q2_mm3star_view *view, int label, int atom) {
  return view->fits[(size_t)label * (size_t)view->record->atom_count + (size_t)atom];
}

/* Whether the row fits the atoms in this order. */
int q2_mm3star_row_fits(const struct q2_mm3star_view *view, const struct q2_mm3star_row *row, const int *atoms);

/* The row of `kind` for atoms, in either direction (of out-of-plane bends: the centre first, the ligands in any order), or
 * NULL. main_block: of the main block alone. */
const struct q2_mm3star_row *q2_mm3star_find(const struct q2_mm3star_view *view, enum q2_mm3star_kind kind, const int *atoms,
                                             int main_block);

/* What the assignment of one molecule works with. */
struct q2_mm3star_assigner {
  struct q2_builder *builder;
  const struct q2_mm3star *field;
  const struct q2_assign_options *options;
  struct q2_assignment_report *report;
  struct q2_error *error;
  int *share;                      /* [row_count] torsions over which a fitted row is a sum, 0: not yet known */
  int marks_any;                   /* some substructure is marked OPT */
  double unit[Q2_MM3STAR_FACTORS]; /* kcal/mol for the file's unit */
  int molecule;                    /* the number in the builder */
  struct q2_mm3star_view view;
  const struct q2_mm3star_row **bond_row;  /* [bond_count] of the topology's bonds; NULL: none */
  const struct q2_mm3star_row **angle_row; /* [angle_count] */
  const struct q2_mm3star_atom **atom_row; /* [atom_count] of the van der Waals table */
  int32_t *site;                           /* [atom_count] the atom that it is moved towards, or -1 */
};

/* Whether parameters of `kind` from a row vary. `marked`: the row is of a substructure marked OPT. */
int q2_mm3star_is_fitted(const struct q2_mm3star_assigner *assigner, const char *kind, int marked);
int q2_mm3star_is_marked(const struct q2_mm3star *field, const struct q2_mm3star_row *row);

/* The key of a field of a row (0, 1, 2) as a parameter, value = multiplier x field. */
int q2_mm3star_parameter(struct q2_mm3star_assigner *assigner, const struct q2_mm3star_row *row, int value_index,
                         const char *kind, double multiplier, int *key);

/* The same for a field that holds the sum of `share` terms. Frozen ones are named with the share ("1150 00-C2-C2-00 /4"), as it
 * may differ between bonds; those that vary are not: one number cannot be fitted as two. */
int q2_mm3star_shared(struct q2_mm3star_assigner *assigner, const struct q2_mm3star_row *row, int value_index, const char *kind,
                      double multiplier, int share, int *key);

/* One of a number that no field holds; it varies only where options->fit asks for the kind. */
int q2_mm3star_derived(struct q2_mm3star_assigner *assigner, const struct q2_mm3star_row *row, const char *label,
                       const char *kind, double value, int *key);

/* Notes in the report what row a term has (NULL: none), and fails where it must have one. */
int q2_mm3star_note(struct q2_mm3star_assigner *assigner, const char *what, const struct q2_mm3star_row *row, const int *atoms,
                    int atom_count, int required);

/* "C3-C3-H1" and "NAME (atoms 1 2 3)" */
void q2_mm3star_types(const struct q2_mm3star_view *view, const int *atoms, int count, char text[64]);
void q2_mm3star_example(const struct q2_mm3star_view *view, const int *atoms, int count, char text[128]);

/* The parts of the assignment, in this order. */
int q2_mm3star_assign_atoms(struct q2_mm3star_assigner *assigner);    /* van der Waals, formal charges, sites */
int q2_mm3star_assign_bonds(struct q2_mm3star_assigner *assigner);    /* with charges of bond moments */
int q2_mm3star_assign_angles(struct q2_mm3star_assigner *assigner);   /* with stretch-bends and bend-bends */
int q2_mm3star_assign_torsions(struct q2_mm3star_assigner *assigner); /* with torsion-stretches and out-of-plane bends */
int q2_mm3star_special_pairs(struct q2_mm3star_assigner *assigner);   /* once for all molecules */

#endif
