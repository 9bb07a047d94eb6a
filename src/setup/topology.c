/* What follows from the bonds of a molecule: neighbours, angles, torsions, rings. */
#include "topology.h"

#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"

static int check_bonds(int atom_count, int bond_count, const int32_t (*bond)[2], struct q2_error *error) {
  for (int b = 0; b < bond_count; b++) {
    const int i = bond[b][0], j = bond[b][1];
    if (i < 0 || i >= atom_count || j < 0 || j >= atom_count || i == j)
      return q2_fail(error, "bond %d joins atoms %d and %d: expected two different atoms from 1 to %d", b + 1, i + 1, j + 1,
                     atom_count);
  }
  return Q2_OK;
}

/* Puts (atom, bond) among the neighbours of `of`, in ascending order of the atoms; `count` of them are there already. */
static int insert(const struct q2_topology *topology, int of, int count, int atom, int bond) {
  int32_t *const atoms = topology->neighbour + topology->start[of], *const bonds = topology->bond_of + topology->start[of];
  int place = count;
  while (place > 0 && atoms[place - 1] > atom) {
    atoms[place] = atoms[place - 1];
    bonds[place] = bonds[place - 1];
    place--;
  }
  atoms[place] = atom;
  bonds[place] = bond;
  return place > 0 && atoms[place - 1] == atom;
}

static int fill_neighbours(struct q2_topology *topology, const int32_t (*bond)[2], struct q2_error *error) {
  for (int b = 0; b < topology->bond_count; b++)
    for (int end = 0; end < 2; end++)
      topology->start[bond[b][end] + 1]++;
  for (int a = 0; a < topology->atom_count; a++)
    topology->start[a + 1] += topology->start[a];
  int32_t *filled = q2_allocate(topology->atom_count, sizeof *filled);
  if (!filled) return q2_fail(error, "no memory for the neighbours of %d atoms", topology->atom_count);
  int repeated = -1;
  for (int b = 0; b < topology->bond_count; b++)
    for (int end = 0; end < 2; end++) {
      const int of = bond[b][end];
      if (insert(topology, of, filled[of]++, bond[b][1 - end], b)) repeated = b;
    }
  free(filled);
  if (repeated >= 0)
    return q2_fail(error, "bond %d joins atoms %d and %d, which an earlier one joins already", repeated + 1,
                   bond[repeated][0] + 1, bond[repeated][1] + 1);
  return Q2_OK;
}

/* Visits all angles; with angle NULL it only counts. */
static int64_t list_angles(const struct q2_topology *topology, int32_t (*angle)[3]) {
  int64_t count = 0;
  for (int j = 0; j < topology->atom_count; j++)
    for (int first = topology->start[j]; first < topology->start[j + 1]; first++)
      for (int second = first + 1; second < topology->start[j + 1]; second++, count++)
        if (angle) {
          angle[count][0] = topology->neighbour[first];
          angle[count][1] = j;
          angle[count][2] = topology->neighbour[second];
        }
  return count;
}

/* Visits all torsions; with torsion NULL it only counts. */
static int64_t list_torsions(const struct q2_topology *topology, int32_t (*torsion)[4]) {
  int64_t count = 0;
  const int32_t *const start = topology->start, *const neighbour = topology->neighbour;
  for (int j = 0; j < topology->atom_count; j++)
    for (int middle = start[j]; middle < start[j + 1]; middle++) {
      const int k = neighbour[middle];
      if (k < j) continue;
      for (int first = start[j]; first < start[j + 1]; first++)
        for (int last = start[k]; last < start[k + 1]; last++) {
          const int i = neighbour[first], l = neighbour[last];
          if (i == k || l == j || i == l) continue;
          if (torsion) memcpy(torsion[count], (int32_t[4]){i, j, k, l}, sizeof torsion[count]);
          count++;
        }
    }
  return count;
}

static int fill(struct q2_topology *topology, const int32_t (*bond)[2], struct q2_error *error) {
  Q2_TRY(fill_neighbours(topology, bond, error));
  const int64_t angles = list_angles(topology, NULL), torsions = list_torsions(topology, NULL);
  if (angles > INT32_MAX || torsions > INT32_MAX)
    return q2_fail(error, "%lld angles and %lld torsions: the bonds cannot be right", (long long)angles, (long long)torsions);
  topology->angle = q2_allocate(angles, sizeof *topology->angle);
  topology->torsion = q2_allocate(torsions, sizeof *topology->torsion);
  if (!topology->angle || !topology->torsion)
    return q2_fail(error, "no memory for %lld angles and %lld torsions", (long long)angles, (long long)torsions);
  topology->angle_count = (int)list_angles(topology, topology->angle);
  topology->torsion_count = (int)list_torsions(topology, topology->torsion);
  return Q2_OK;
}

int q2_topology_create(int atom_count, int bond_count, const int32_t (*bond)[2], struct q2_topology *topology,
                       struct q2_error *error) {
  *topology = (struct q2_topology){.atom_count = atom_count, .bond_count = bond_count};
  Q2_TRY(check_bonds(atom_count, bond_count, bond, error));
  topology->start = q2_allocate((int64_t)atom_count + 1, sizeof *topology->start);
  topology->neighbour = q2_allocate(2 * (int64_t)bond_count, sizeof *topology->neighbour);
  topology->bond_of = q2_allocate(2 * (int64_t)bond_count, sizeof *topology->bond_of);
  int status = topology->start && topology->neighbour && topology->bond_of
                   ? fill(topology, bond, error)
                   : q2_fail(error, "no memory for the neighbours of %d atoms", atom_count);
  if (status != Q2_OK) q2_topology_free(topology);
  return status;
}

void q2_topology_free(struct q2_topology *topology) {
  free(topology->start);
  free(topology->neighbour);
  free(topology->bond_of);
  free(topology->angle);
  free(topology->torsion);
  *topology = (struct q2_topology){0};
}

int q2_topology_bond(const struct q2_topology *topology, int i, int j) {
  for (int n = topology->start[i]; n < topology->start[i + 1]; n++)
    if (topology->neighbour[n] == j) return topology->bond_of[n];
  return -1;
}

/* Whether `to` can be reached from `at` in exactly `steps` bonds without the bond from -> to of the ring's first step; depth
 * first, which is cheap for small rings. path[0..depth] are the atoms passed. */
static int reaches(const struct q2_topology *topology, int *path, int depth, int to, int steps) {
  const int at = path[depth];
  for (int n = topology->start[at]; n < topology->start[at + 1]; n++) {
    const int next = topology->neighbour[n];
    if (depth == 0 && next == to) continue;
    if (steps == 1 && next == to) return 1;
    if (steps == 1 || next == to) continue;
    int passed = 0;
    for (int k = 0; k <= depth && !passed; k++)
      passed = path[k] == next;
    if (passed) continue;
    path[depth + 1] = next;
    if (reaches(topology, path, depth + 1, to, steps - 1)) return 1;
  }
  return 0;
}

int q2_topology_ring(const struct q2_topology *topology, int i, int j, int largest) {
  enum { LARGEST = 12 };
  int path[LARGEST + 1] = {i};
  for (int size = 3; size <= largest && size <= LARGEST; size++)
    if (reaches(topology, path, 0, j, size - 1)) return size;
  return 0;
}
