/* OpenMM's ForceField files: what reader and writer share (user guide, "Creating Force Fields"). Lengths in nm, energies in
 * kJ/mol, angles in radian; harmonic force constants with the factor 1/2. */
#ifndef Q2_OPENMM_XML_H
#define Q2_OPENMM_XML_H

#include <libxml/tree.h>

#include "force_field.h"

/* How a form stands in a file: its force's element, the element of a row, and the row's attributes. A Custom force is known by
 * its energy, which then must be these very words. */
struct q2_openmm_form {
  const char *form, *force, *row;
  const char *attribute[Q2_ROW_PARAMETERS], *unit[Q2_ROW_PARAMETERS];
  double multiplier[Q2_ROW_PARAMETERS];
  const char *constant; /* the attribute of the form's constant, or NULL */
  const char *per_row;  /* the element that declares an attribute of a Custom force: "PerBondParameter" */
  const char *energy;   /* of a Custom force */
};
extern const struct q2_openmm_form q2_openmm_forms[]; /* ends with form NULL; Fourier series are not among them */

/* The energy of harmonic angles that are rounded off near 180 degrees: that of rows with `straight`, and of no others. */
extern const char q2_openmm_straight_angle[];

/* Pairs that OpenMM's NonbondedForce does not have: two forces, of which the second makes what the 1-4 pairs lack good for the
 * pairs beyond. vdw14 is their global parameter. */
struct q2_openmm_pairs {
  const char *form, *combining_rule;
  const char *size, *size_kind, *epsilon_kind;
  const char *energy[2]; /* with bondCutoff 2 and 3 */
};
extern const struct q2_openmm_pairs q2_openmm_pair_forms[]; /* ends with form NULL */

/* A file while it is read. */
struct q2_openmm_reader {
  const struct q2_text *text;
  struct q2_force_field *field;
  int centre_known, charges_of_residues;
  double custom_vdw_14; /* of a CustomNonbondedForce, -1: none */
};

/* Copies an attribute's value without blanks around it; returns 0 where it is not there. Too long a one is cut. */
int q2_openmm_attribute(const xmlNode *node, const char *name, char *value, size_t size);

/* The line of an element, for messages. */
int q2_openmm_line(const struct q2_openmm_reader *reader, const xmlNode *node);

/* Takes the number of an attribute, with its place. */
int q2_openmm_number(const struct q2_openmm_reader *reader, const xmlNode *node, const char *name, double multiplier,
                     const char *unit, struct q2_file_number *number, struct q2_error *error);

/* Takes `count` types or classes, attributes type1, class2 (or type, class where count is 1). "" becomes "*". */
int q2_openmm_names(const struct q2_openmm_reader *reader, const xmlNode *node, int count, enum q2_row_names *names,
                    struct q2_type_name *name, struct q2_error *error);

/* Whether a row asks to be fitted: fit="1". */
int q2_openmm_marked(const xmlNode *node);

/* Reads a force (an element of the root); one that q2hpc does not have is refused, named. */
int q2_openmm_force(struct q2_openmm_reader *reader, xmlNode *force, struct q2_error *error);

/* Reads the residue templates. */
int q2_openmm_residues(struct q2_openmm_reader *reader, xmlNode *residues, struct q2_error *error);

/* The next element among siblings, from `node` itself on; NULL: none. */
xmlNode *q2_openmm_element(xmlNode *node);

/* Whether the element has this name. */
int q2_openmm_is(const xmlNode *node, const char *name);

#endif
