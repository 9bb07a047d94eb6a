/* What follows from the bonds of a molecule: neighbours, angles, torsions, rings. */
#ifndef Q2_TOPOLOGY_H
#define Q2_TOPOLOGY_H

#include <stdint.h>

#include "../../io/error.h"

struct q2_topology {
  int atom_count, bond_count;
  int32_t *start;     /* [atom_count + 1] atom a's neighbours are neighbour[start[a]] to neighbour[start[a + 1] - 1] */
  int32_t *neighbour; /* [2 bond_count] ascending for each atom */
  int32_t *bond_of;   /* [2 bond_count] the bond that leads to that neighbour */
  int angle_count;
  int32_t (*angle)[3]; /* i j k, j in the middle, i < k; by j, then i, then k */
  int torsion_count;
  int32_t (*torsion)[4]; /* i j k l along bonds, four different atoms, j < k; by the bond jk, then i, then l */
};

/* Makes the topology of `atom_count` atoms and `bonds`; bonds that repeat, lead nowhere or join an atom to itself are refused.
 * Release with q2_topology_free. Local. */
int q2_topology_create(int atom_count, int bond_count, const int32_t (*bond)[2], struct q2_topology *topology,
                       struct q2_error *error);
void q2_topology_free(struct q2_topology *topology);

/* Whether two atoms are bonded: the number of the bond, or -1. */
int q2_topology_bond(const struct q2_topology *topology, int i, int j);

/* The size of the smallest ring (3 to `largest`, which is at most 12) that contains the bond between i and j, or 0. */
int q2_topology_ring(const struct q2_topology *topology, int i, int j, int largest);

#endif
