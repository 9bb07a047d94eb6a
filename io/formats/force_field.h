/* A force field as a file of another program has it: rows that hold for types of atoms. Readers fill it, writers print it, and
 * src/setup/ finds the row of each term. (MM3* of MacroModel, whose rows know more than types, has its own: mm3star.h.)
 *
 * A number keeps the place in the file where it stands, so that a fitted value can be put back there and nothing else be
 * touched. */
#ifndef Q2_FORCE_FIELD_H
#define Q2_FORCE_FIELD_H

#include "molecule.h"
#include "text.h"

enum { Q2_ROW_ATOMS = 5, Q2_ROW_PARAMETERS = 4 };

/* A number of a file and what it is to q2hpc: value = multiplier x (the file's number) in the unit that goes with it. */
struct q2_file_number {
  double value;
  double multiplier;           /* 71.94 for an MM3 stretch; -1 if the file has the negative; never 0 */
  char unit[Q2_UNIT_LENGTH];   /* one of those of its kind in docs/forces.md: "kcal/mol/angstrom^2", "degree" */
  int32_t line, column, width; /* where it stands: line from 1, column from 0; line 0: nowhere (derived, a default) */
};

/* What a row's names of atoms are compared with. "*" fits any atom. */
enum q2_row_names { Q2_BY_TYPE, Q2_BY_CLASS };

/* Terms of one form between atoms of certain types. Several rows may hold for the same atoms: the Fourier components of a
 * torsion are rows that follow each other with the same names and `component` 0, 1, 2, ... */
struct q2_type_row {
  char form[Q2_KIND_LENGTH]; /* a form of docs/forces.md, "bond_harmonic"; order of atoms and parameters as there */
  enum q2_row_names names;
  int atom_count;
  struct q2_type_name atom[Q2_ROW_ATOMS];
  int parameter_count;
  struct q2_file_number parameter[Q2_ROW_PARAMETERS];
  double constant; /* of forms that have one: periodicity, sextic coefficient */
  int component;   /* of a series of rows for the same atoms */
  int fitted;      /* 1: marked in the file as one to be fitted */
  int32_t line;    /* from 1; 0: not from a file */

  /* Of rows that q2hpc import makes itself (format "types"); 0 in all others, which hold in any case: */
  int partial; /* bit b: the bond between atoms b and b + 1 breaks or forms in a transition state, those without bit do not */
  int angle_class; /* of an angle: 1 straight (above 175 degrees), else its size to the next 30 degrees; 0: any */
};

/* An atom type. */
struct q2_atom_type {
  struct q2_type_name name, class_name; /* class_name: name where the format has no classes */
  int element;                          /* 0: the file does not say */
  double mass;                          /* amu, 0: the file does not say */
  int32_t line;
};

/* Non-bonded parameters of a type or class. */
struct q2_nonbonded_row {
  enum q2_row_names names;
  struct q2_type_name name;
  struct q2_file_number epsilon, size; /* of the table's form: sigma (lennard_jones) or radius (exp-6) */
  double reduction;                    /* of a hydrogen towards its neighbour, 0: none (docs/forces.md, Sites) */
  int fitted;
  int32_t line;
};

/* Parameters for a pair of types, in the place of what the combining rule gives. */
struct q2_pair_row {
  enum q2_row_names names;
  struct q2_type_name name[2];
  char form[Q2_KIND_LENGTH];
  struct q2_file_number parameter[2];
  int32_t line;
};

/* A fixed charge of a type. */
struct q2_charge_row {
  struct q2_type_name name; /* of a type */
  double charge;            /* e */
  int32_t line;
};

struct q2_force_field {
  char format[Q2_KIND_LENGTH]; /* "tinker", "amber", "openmm", "types" (made by q2hpc import) */
  char name[Q2_LINE_LENGTH];   /* path, or what it calls itself */
  int type_count, row_count, nonbonded_count, pair_count, charge_count;
  struct q2_atom_type *type;
  struct q2_type_row *row;
  struct q2_nonbonded_row *nonbonded;
  struct q2_pair_row *pair;
  struct q2_charge_row *charge;

  /* The rules of the non-bonded part; nonbonded_form "": there is none. */
  char nonbonded_form[Q2_KIND_LENGTH], combining_rule[Q2_KIND_LENGTH]; /* as docs/format.md has them */
  double vdw_14, coulomb_14, dielectric;

  /* How improper torsions name their atoms, and how ties are broken: */
  enum { Q2_IMPROPER_CENTRE_THIRD, Q2_IMPROPER_CENTRE_FIRST } improper_centre; /* in the file's rows */
  int improper_all_orders; /* 1: a row gives a term for each order of the three ligands that it fits, their energies divided
                              by the number of them (Tinker); 0: one term a centre (AMBER, OpenMM) */
};

/* Releases it; harmless on a zeroed structure. */
void q2_force_field_free(struct q2_force_field *field);

/* A format of force fields: its row in the table below. read or write is NULL where it is not offered. */
struct q2_force_field_format {
  const char *name;    /* "tinker" */
  const char *endings; /* " .prm .key " */
  const char *what;
  int (*recognises)(const struct q2_text *text);
  /* Adds what the text holds to `field`: a second file (frcmod after parm.dat) adds to the first, and its rows win. */
  int (*read)(const struct q2_text *text, struct q2_force_field *field, struct q2_error *error);
  /* Prints all of `field` as a new file of this format: *bytes [*size], to be released with free(). What the format cannot
   * express is refused, named. */
  int (*write)(const struct q2_force_field *field, char **bytes, size_t *size, struct q2_error *error);
};
extern const struct q2_force_field_format q2_force_field_formats[]; /* ends with name NULL */

#endif
