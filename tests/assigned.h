/* Small molecules assigned to force fields, for tests: from short texts to a data set, and what came out as texts. */
#ifndef ASSIGNED_H
#define ASSIGNED_H

#include "../src/setup/assign.h"

/* Types "c3 c o", elements "C C O", bonds "1-2 2~3" (~: partial); positions [atoms][3] and charges [atoms], or NULL. */
struct assigned_molecule {
  const char *name, *types, *elements, *bonds;
  const double *position, *charge;
};

/* Appends the molecule to the list. */
void assigned_add(struct q2_molecule_list *list, const struct assigned_molecule *molecule);

/* Reads the texts, one after another, as a force field in the format of the file's name ("made.prm", "made.frcmod",
 * "made.xml"). */
int assigned_field(const char *path, const char *const *texts, int count, struct q2_force_field *field, struct q2_error *error);

/* A data set of the molecule by the force field `text`; the report is given where it is not NULL. Release both. */
int assigned(const char *path, const char *text, const struct assigned_molecule *molecule,
             const struct q2_assign_options *options, struct q2_dataset *dataset, struct q2_assignment_report *report,
             struct q2_error *error);

/* All terms of a form, "1-2:CT-HC 1-3:CT-HC": atoms from 1 and the label of the term's first parameter; static storage. */
const char *assigned_terms(const struct q2_dataset *dataset, const char *form);

/* The row of the parameter table with this kind and label, or -1; its value in its own unit (NAN: none). */
int assigned_row(const struct q2_dataset *dataset, const char *kind, const char *label);
double assigned_value(const struct q2_dataset *dataset, const char *kind, const char *label);

/* All parameters that vary, "bond_k:CT-HC angle_eq:HC-CT-HC"; static storage. */
const char *assigned_active(const struct q2_dataset *dataset);

/* How many terms of `what` between these types are noted with `how`; types NULL: all. */
int assigned_noted(const struct q2_assignment_report *report, const char *what, const char *types, enum q2_match_how how);

#endif
