/* From force field and molecules to terms: which row each bond, angle, torsion, improper and atom gets. */
#ifndef Q2_ASSIGN_H
#define Q2_ASSIGN_H

#include "assignment_report.h"
#include "builder.h"

/* -unmatched: what becomes of a bond or an angle without a row: the import fails; it is left out; it gets a new row of its
 * types, to be fitted. Torsions and impropers without a row are left out, and reported, in any case. */
enum q2_unmatched { Q2_UNMATCHED_REFUSE, Q2_UNMATCHED_OMIT, Q2_UNMATCHED_NEW };

/* -fit: which parameters vary: those whose rows the file marks (all, where it marks none), all, none, or those of kinds in a
 * list. */
struct q2_assign_options {
  enum q2_unmatched unmatched;
  const char *fit; /* "marked", "all", "none", or kinds: "bond_k,angle_k" */
};

/* Local but for its messages: gives the terms, types and charges of all molecules of `builder` to it, by the rows of `field`.
 * Every molecule needs types. Notes every term in `report`. */
int q2_assign_rows(struct q2_builder *builder, const struct q2_force_field *field, const struct q2_assign_options *options,
                   struct q2_assignment_report *report, struct q2_error *error);

/* Collective: a new force field made from the types of all molecules together: a row for every combination of types that occurs
 * in bonds, angles, torsions and planar centres, with equilibrium values at the means over all their terms. Release with
 * q2_force_field_free. */
int q2_force_field_of_types(MPI_Comm comm, const struct q2_builder *builder, struct q2_force_field *field,
                            struct q2_error *error);

#endif
