/* What one file of another program says of one molecule, and the list that a reader fills. Any part may be absent: a Hessian
 * without geometry, a geometry without Hessian, bonds and types alone. src/setup/ puts parts together and checks them against
 * each other. */
#ifndef Q2_MOLECULE_H
#define Q2_MOLECULE_H

#include <stdint.h>

#include "../dataset.h"
#include "../error.h"
#include "text.h"

/* Order of a bond. */
enum {
  Q2_BOND_UNKNOWN = 0,
  Q2_BOND_SINGLE = 1,
  Q2_BOND_DOUBLE = 2,
  Q2_BOND_TRIPLE = 3,
  Q2_BOND_AROMATIC = 4,
  Q2_BOND_PARTIAL = 5
};

/* A molecule as one file has it. Arrays are the record's own; NULL: the file does not say. */
struct q2_molecule_record {
  char name[Q2_NAME_LENGTH];   /* a title, "" if there is none: then the file's name will do */
  char method[Q2_LINE_LENGTH]; /* "B3LYP/6-31G*, Gaussian 16", "" if it does not say */
  int line;                    /* where it begins in the file, from 1 */
  int atom_count;
  int32_t *element;  /* [atom_count] atomic numbers */
  double *position;  /* [atom_count][3] angstrom, in the Hessian's and the gradient's frame where they are there */
  double *mass;      /* [atom_count] amu, as the program used them */
  double *gradient;  /* [atom_count][3] hartree/bohr */
  double *hessian;   /* [n (n + 1) / 2], n = 3 atom_count: lower triangle row by row, hartree/bohr^2 */
  double *frequency; /* [frequency_count] cm-1 as the program printed them, imaginary ones negative: for checks */
  int frequency_count;
  int has_energy, has_charge, has_multiplicity;
  double energy; /* hartree */
  int charge, multiplicity;

  int bond_count;             /* -1: the file has no bonds; 0: it says that there are none */
  int32_t (*bond)[2];         /* [bond_count] atoms from 0 */
  int32_t *bond_order;        /* [bond_count] Q2_BOND_...; NULL: unknown */
  struct q2_type_name *type;  /* [atom_count] atom types, as the file writes them */
  struct q2_type_name *label; /* [atom_count] atom names ("CA"), as the file writes them */
  double *partial_charge;     /* [atom_count] e: of a force field, or fitted */
};

struct q2_molecule_list {
  int count, capacity;
  struct q2_molecule_record *record; /* [count] */
};

/* Adds an empty record (bond_count -1) of `atom_count` atoms and returns it, or NULL without memory; it is valid until the next
 * one is added. An array is allocated by whoever fills it, with q2_allocate or malloc. Local. */
struct q2_molecule_record *q2_molecule_add(struct q2_molecule_list *list, int atom_count);

/* The same for a reader: refuses an atom_count that is not 1 to Q2_MOST_ATOMS, or more than the text can hold at a line an
 * atom, with a message that names `line`; the new record begins there. */
int q2_molecule_begin(struct q2_molecule_list *list, const struct q2_text *text, int line, int64_t atom_count,
                      struct q2_molecule_record **record, struct q2_error *error);

/* `count` numbers of `size` bytes, all zero, or NULL and a message. */
void *q2_molecule_array(const struct q2_text *text, int64_t count, size_t size, struct q2_error *error);

/* Allocates the record's arrays of elements and positions, all zero, and those that `also` names; or fails with a message. */
enum { Q2_ATOM_TYPES = 1, Q2_ATOM_LABELS = 2, Q2_ATOM_CHARGES = 4 };
int q2_molecule_atoms(const struct q2_text *text, int also, struct q2_molecule_record *record, struct q2_error *error);

/* The record's Hessian from a square matrix [n][n], n = 3 atom_count, hartree/bohr^2: the mean of an element and its mirror
 * image. They may differ by 1e-3 of the largest element (finite differences do, packed numbers read as a square differ by
 * more); else the message names `line`. */
int q2_molecule_hessian_from_square(const struct q2_text *text, int line, const double *square,
                                    struct q2_molecule_record *record, struct q2_error *error);

/* Whether the square [n][n] is symmetric in this sense. */
int q2_is_symmetric(const double *square, int64_t n);

/* The atomic number that an atom's name begins with: "C", "CL", "Rh1", "C3a", or an atomic number itself, "6". The letters up
 * to the first other character are the symbol, in any case. 0: no element (dummies and ghosts: X, Bq). */
int q2_element_of_name(const char *name);

/* Takes an element, by q2_element_of_name, or fails with a message. */
int q2_molecule_element(const struct q2_text *text, int line, const char *name, int32_t *element, struct q2_error *error);

/* Copies `title` without blanks around it into text[size], cut where it does not fit. */
void q2_copy_title(char *text, size_t size, const char *title);

/* Releases the list with all its records; harmless on a zeroed structure. */
void q2_molecule_list_free(struct q2_molecule_list *list);

/* Releases what one record holds and makes it zero. */
void q2_molecule_record_free(struct q2_molecule_record *record);

/* Elements of the packed Hessian of `atom_count` atoms. */
static inline int64_t q2_packed_hessian(int64_t atom_count) { return 3 * atom_count * (3 * atom_count + 1) / 2; }

enum { Q2_MOST_ATOMS = 20000 /* of one molecule: what claims more is refused before anything is allocated */ };

#endif
