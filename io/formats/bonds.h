/* The bonds of a molecule while a reader finds them. */
#ifndef Q2_BONDS_H
#define Q2_BONDS_H

#include "molecule.h"

struct q2_found_bond {
  int32_t first, second; /* atoms from 0, as the file has them */
  int32_t order;         /* Q2_BOND_... */
  int32_t place;         /* the line, from 1; of an array the element, from 0 */
  int32_t turn;          /* counts additions */
};

struct q2_bond_list {
  int count, capacity;
  struct q2_found_bond *bond; /* [count] */
};

/* How often a file names a bond: once; twice, at each of its atoms; either way, as writers differ. */
enum q2_bond_naming { Q2_BONDS_ONCE, Q2_BONDS_TWICE, Q2_BONDS_EITHER };

/* Adds a bond; 0 without memory. */
int q2_bond_list_add(struct q2_bond_list *list, int32_t first, int32_t second, int32_t order, int32_t place);

/* Moves the bonds into the record, which holds atom_count: the smaller atom first, sorted by it and
 * then as the file has them, each once: programs may number the neighbours of an atom so. Refuses atoms
 * that do not exist, an atom bonded to itself, a bond that is not named as often as `naming` says, and one with two orders.
 * The message names the bond's line, or "ARRAY[place]" where `array` is not NULL. The list becomes empty in any case. */
int q2_bond_list_move(struct q2_bond_list *list, const struct q2_text *text, const char *array, enum q2_bond_naming naming,
                      struct q2_molecule_record *record, struct q2_error *error);

/* Releases the list; harmless on a zeroed structure. */
void q2_bond_list_free(struct q2_bond_list *list);

#endif
