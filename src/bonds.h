/* Bonds of one molecule as lists of neighbours: which atoms are bonded to an atom, and how many bonds lie between two. */
#ifndef Q2_BONDS_H
#define Q2_BONDS_H

#include "../io/dataset.h"

/* Neighbours of atom i: neighbour[start[i]] to neighbour[start[i+1]-1], in the order of /bonds. */
struct q2_neighbours {
  int atoms;
  int32_t *start;     /* [atoms + 1] */
  int32_t *neighbour; /* [2 bonds] */
  int32_t *queue;     /* [atoms] work space of q2_bonds_apart */
};

/* Fills the lists of local molecule `molecule`. Returns 0, or -1 when memory runs out. Local. Release with q2_neighbours_free,
 * after a failure too. */
int q2_neighbours_make(const struct q2_dataset *dataset, int64_t molecule, struct q2_neighbours *neighbours);
void q2_neighbours_free(struct q2_neighbours *neighbours);

/* Fills apart [atoms] with the number of bonds on the shortest way from `atom` to each atom: 0 to 3, or 4 for everything
 * farther or not connected. */
void q2_bonds_apart(const struct q2_neighbours *neighbours, int atom, int32_t *apart);

#endif
