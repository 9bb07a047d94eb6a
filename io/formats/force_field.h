/* A force field as a file of another program has it: rows that hold for types of atoms. Readers fill it, writers print it, and
 * src/setup/ finds the row of each term. (MM3* of MacroModel, whose rows know more than types, has its own: mm3star.h.)
 *
 * A number keeps the place in the file where it stands, so that a fitted value can be put back there and nothing else be
 * touched. */
#ifndef Q2_FORCE_FIELD_H
#define Q2_FORCE_FIELD_H

#include "molecule.h"
#include "text.h"

enum { Q2_ROW_ATOMS = 5, Q2_ROW_PARAMETERS = 4, Q2_MOST_WARNINGS = 100 };

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
 * torsion are rows that follow each other with the same names and `component` 0, 1, 2, ...
 *
 * Atoms and parameters are those of the form, in its order, with two exceptions. A row of `urey_bradley` names the three atoms
 * of its angle, i j k (the term is between i and k). A row of a cross term (`stretch_bend`, `torsion_stretch`) has just the
 * parameters that are its own; equilibrium values are those of the bonds' and angles' rows. */
struct q2_type_row {
  char form[Q2_KIND_LENGTH]; /* a form of docs/forces.md, "bond_harmonic" */
  enum q2_row_names names;
  int atom_count;
  struct q2_type_name atom[Q2_ROW_ATOMS];
  int parameter_count;
  struct q2_file_number parameter[Q2_ROW_PARAMETERS];
  double constant; /* of forms that have one: periodicity, sextic coefficient */
  /* Of an angle (Tinker, MM3): equilibrium values in the place of parameter[1] where the centre has one or two hydrogens beside
   * the angle's own atoms; 0: the row does not hold there. */
  int further_count; /* 0 or 2 */
  struct q2_file_number further[2];
  int component; /* of a series of rows for the same atoms */
  int file;      /* 0: of the first file that was read, 1: of the second */
  int fitted;    /* 1: marked in the file as one to be fitted */
  int straight;  /* 1, of angle_harmonic: a writer that can rounds it off near 180 degrees, as q2hpc does (docs/theory.md) */
  int32_t line;  /* from 1; 0: not from a file */

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

/* Atoms and bonds of a molecule whose types the file gives (OpenMM's residue templates). */
struct q2_residue_atom {
  struct q2_type_name name, type;
  double charge; /* e, of this atom; without use where the residue has no charges */
};
struct q2_residue {
  char name[Q2_NAME_LENGTH];
  int atom_count, bond_count, has_charges;
  struct q2_residue_atom *atom; /* [atom_count] */
  int32_t (*bond)[2];           /* [bond_count] atoms from 0 */
  int external_bonds;           /* bonds to other residues: such a one is no whole molecule */
  int32_t line;
};

/* What a reader leaves out of a file that it can use otherwise: for the user, never silent. */
struct q2_field_warning {
  int32_t line;
  char text[Q2_LINE_LENGTH];
};

struct q2_force_field {
  char format[Q2_KIND_LENGTH]; /* "tinker", "amber", "openmm", "types" (made by q2hpc import) */
  char name[Q2_LINE_LENGTH];   /* path, or what it calls itself */
  int type_count, row_count, nonbonded_count, pair_count, charge_count, residue_count, warning_count;
  struct q2_atom_type *type;
  struct q2_type_row *row;
  struct q2_nonbonded_row *nonbonded;
  struct q2_pair_row *pair;
  struct q2_charge_row *charge;
  struct q2_residue *residue;
  void *inherited;                  /* units and rules of the first file, for a second one; the reader's own, NULL if none */
  struct q2_field_warning *warning; /* the first Q2_MOST_WARNINGS; `warning_count` counts no more */

  /* The rules of the non-bonded part; nonbonded_form "": there is none. */
  char nonbonded_form[Q2_KIND_LENGTH], combining_rule[Q2_KIND_LENGTH]; /* as docs/format.md has them */
  double vdw_14, coulomb_14, dielectric;

  /* How improper torsions name their atoms, and how ties are broken: */
  enum { Q2_IMPROPER_CENTRE_THIRD, Q2_IMPROPER_CENTRE_FIRST } improper_centre; /* in the file's rows */
  int improper_all_orders; /* 1: a row gives a term for each order of the three ligands that it fits, their energies divided
                              by the number of them (Tinker); 0: one term a centre (AMBER, OpenMM) */
  /* OpenMM's `ordering`, which says how a term takes the ligands that its row fits: amber, default, charmm. */
  enum { Q2_LIGANDS_BY_NUMBER, Q2_LIGANDS_BY_ELEMENT, Q2_LIGANDS_AS_NAMED } improper_ligands;
};

/* Releases it; harmless on a zeroed structure. */
void q2_force_field_free(struct q2_force_field *field);

/* Appends a copy of what it is given (of a residue also its arrays, which then are the field's own). Fails without memory. */
int q2_force_field_add_type(struct q2_force_field *field, const struct q2_atom_type *type, struct q2_error *error);
int q2_force_field_add_row(struct q2_force_field *field, const struct q2_type_row *row, struct q2_error *error);
int q2_force_field_add_nonbonded(struct q2_force_field *field, const struct q2_nonbonded_row *row, struct q2_error *error);
int q2_force_field_add_pair(struct q2_force_field *field, const struct q2_pair_row *row, struct q2_error *error);
int q2_force_field_add_charge(struct q2_force_field *field, const struct q2_charge_row *row, struct q2_error *error);
int q2_force_field_add_residue(struct q2_force_field *field, const struct q2_residue *residue, struct q2_error *error);

/* What rows of a form have: how many names and numbers, of which kinds (io/units.h), and whether a constant. `elsewhere` lists
 * the term's other parameters, which rows of other forms give. */
struct q2_row_form {
  const char *form;
  int atom_count, parameter_count;
  const char *kind[Q2_ROW_PARAMETERS];
  int has_constant;
  const char *elsewhere;
};
const struct q2_row_form *q2_row_form_named(const char *form); /* NULL: rows of types do not have it */

/* Copies `word`; what is too long for a type's name is refused. */
int q2_type_name_set(const struct q2_text *text, int line, const char *word, struct q2_type_name *name, struct q2_error *error);

/* Prints the number x of a file for which multiplier x is `number` in `unit` (of `kind`), with as few digits as give back the
 * same double, or 17. */
enum { Q2_NUMBER_LENGTH = 32 };
int q2_file_number_print(const struct q2_file_number *number, const char *kind, const char *unit, double multiplier,
                         char text[Q2_NUMBER_LENGTH], struct q2_error *error);

/* Notes a warning; one that repeats the text of an earlier one is not noted again. */
void q2_force_field_warn(struct q2_force_field *field, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The type of this name, or NULL; the first of this class, or NULL. */
const struct q2_atom_type *q2_force_field_type(const struct q2_force_field *field, const char *name);
const struct q2_atom_type *q2_force_field_class(const struct q2_force_field *field, const char *name);

/* Takes out rows that others replace: of those with the same form and names (in either direction), those read before (numbers
 * below the counts in `before`) give way to those read since; among the latter the first ones stay, or (last_wins) the last
 * ones. Types, non-bonded rows, pairs and charges likewise, by name. before NULL: all were read just now. */
int q2_force_field_settle(struct q2_force_field *field, const struct q2_force_field *before, int last_wins,
                          struct q2_error *error);

/* Gives the atoms of `record` the types (and, where it has them, charges) of the residue that fits: the record's name is the
 * residue's, and their atoms agree in number, elements and bonds, in the order of the file or, where the record has labels for
 * all atoms, by name. *found says whether one fits. The record must have elements. */
int q2_force_field_residue_types(const struct q2_force_field *field, struct q2_molecule_record *record, int *found,
                                 struct q2_error *error);

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

/* The format of this name, or NULL. */
const struct q2_force_field_format *q2_force_field_format_named(const char *name);

/* The format that recognises the text: one whose endings fit the path first, then any; NULL if none does. */
const struct q2_force_field_format *q2_force_field_format_of(const struct q2_text *text);

/* The format one of whose endings the path has, or NULL. */
const struct q2_force_field_format *q2_force_field_format_of_path(const char *path);

#endif
