/* Lists of neighbours, and distances counted in bonds. */
#include "bonds.h"

#include <stdlib.h>

#include "../io/memory.h"

enum { FAR = 4 };

int q2_neighbours_make(const struct q2_dataset *dataset, int64_t molecule, struct q2_neighbours *neighbours) {
  const int64_t first = dataset->bond_offset[molecule], bonds = dataset->bond_offset[molecule + 1] - first;
  const int32_t *bond = dataset->bonds + 2 * first;
  const int atoms = (int)(dataset->atom_offset[molecule + 1] - dataset->atom_offset[molecule]);
  *neighbours = (struct q2_neighbours){.atoms = atoms};
  neighbours->start = q2_allocate(atoms + 1, sizeof *neighbours->start);
  neighbours->neighbour = q2_allocate(2 * bonds, sizeof *neighbours->neighbour);
  neighbours->queue = q2_allocate(atoms, sizeof *neighbours->queue);
  if (!neighbours->start || !neighbours->neighbour || !neighbours->queue) return -1;
  int32_t *start = neighbours->start;
  for (int64_t e = 0; e < 2 * bonds; e++)
    start[bond[e] + 1]++;
  for (int i = 0; i < atoms; i++)
    start[i + 1] += start[i];
  for (int64_t e = 0; e < 2 * bonds; e++)
    neighbours->neighbour[start[bond[e]]++] = bond[e ^ 1];
  for (int i = atoms; i > 0; i--)
    start[i] = start[i - 1];
  start[0] = 0;
  return 0;
}

void q2_neighbours_free(struct q2_neighbours *neighbours) {
  free(neighbours->start);
  free(neighbours->neighbour);
  free(neighbours->queue);
  *neighbours = (struct q2_neighbours){0};
}

void q2_bonds_apart(const struct q2_neighbours *neighbours, int atom, int32_t *apart) {
  const int32_t *start = neighbours->start, *neighbour = neighbours->neighbour;
  for (int j = 0; j < neighbours->atoms; j++)
    apart[j] = j == atom ? 0 : FAR;
  int head = 0, tail = 0;
  neighbours->queue[tail++] = atom;
  while (head < tail) { /* breadth first */
    const int at = neighbours->queue[head++];
    if (apart[at] == FAR - 1) break;
    for (int k = start[at]; k < start[at + 1]; k++) {
      if (apart[neighbour[k]] < FAR) continue;
      apart[neighbour[k]] = apart[at] + 1;
      neighbours->queue[tail++] = neighbour[k];
    }
  }
}
