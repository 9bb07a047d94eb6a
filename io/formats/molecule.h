/* What one file of another program says of one molecule, and the list that a reader fills. Any part may be absent: a Hessian
 * without geometry, a geometry without Hessian, bonds and types alone. src/setup/ puts parts together and checks them against
 * each other. */
#ifndef Q2_MOLECULE_H
#define Q2_MOLECULE_H

#include <stdint.h>

#include "../dataset.h"
#include "../error.h"

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

/* Releases the list with all its records; harmless on a zeroed structure. */
void q2_molecule_list_free(struct q2_molecule_list *list);

/* Releases what one record holds and makes it zero. */
void q2_molecule_record_free(struct q2_molecule_record *record);

/* Elements of the packed Hessian of `atom_count` atoms. */
static inline int64_t q2_packed_hessian(int64_t atom_count) { return 3 * atom_count * (3 * atom_count + 1) / 2; }

enum { Q2_MOST_ATOMS = 20000 /* of one molecule: what claims more is refused before anything is allocated */ };

#endif
