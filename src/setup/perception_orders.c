/* Bond orders from lengths, and aromatic rings (docs/typing.md states the rules). Bonds to metals and partial bonds count for
 * nothing here: `ligands` of an atom are its neighbours by all other bonds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "measure.h"
#include "perception.h"

/* Covalent radii of single, double and triple bonds, angstrom. P. Pyykko, M. Atsumi, Chem. Eur. J. 2009, 15, 186 and 12770; P.
 * Pyykko, S. Riedel, M. Patzschke, Chem. Eur. J. 2005, 11, 3511. */
struct multiple_radii {
  int element;
  double radius[3];
};
static const struct multiple_radii multiple[] = {
    {6, {0.75, 0.67, 0.60}},  {7, {0.71, 0.60, 0.54}},  {8, {0.63, 0.57, 0.53}},  {14, {1.16, 1.07, 1.02}},
    {15, {1.11, 1.02, 0.94}}, {16, {1.03, 0.94, 0.95}}, {34, {1.16, 1.07, 1.07}},
};

static const double *multiple_radii_of(int element) {
  for (size_t k = 0; k < sizeof multiple / sizeof *multiple; k++)
    if (multiple[k].element == element) return multiple[k].radius;
  return NULL;
}

/* The length of a bond of `order` between two elements, 0 where they make single bonds only. */
static double length_of(int first, int second, int order) {
  const double *a = multiple_radii_of(first), *b = multiple_radii_of(second);
  return a && b ? a[order - 1] + b[order - 1] : 0.0;
}

struct molecule {
  const struct q2_molecule_record *record;
  const struct q2_topology *topology;
  int32_t *ligands;  /* [atoms] */
  int32_t *aromatic; /* [bonds] */
  int32_t *free;     /* [atoms] bonds that the atom may still have beyond one to each ligand */
};

static int counts(const struct molecule *m, int bond) {
  const int32_t *ends = m->record->bond[bond];
  return !q2_element_is_metal(m->record->element[ends[0]]) && !q2_element_is_metal(m->record->element[ends[1]]) &&
         !(m->record->bond_order && m->record->bond_order[bond] == Q2_BOND_PARTIAL);
}

static double bond_length(const struct molecule *m, int bond) {
  return q2_measure_distance(m->record->position, m->record->bond[bond][0], m->record->bond[bond][1]);
}

static int count_ligands(struct molecule *m) {
  m->ligands = q2_allocate(m->record->atom_count, sizeof *m->ligands);
  if (!m->ligands) return 0;
  for (int b = 0; b < m->record->bond_count; b++)
    for (int end = 0; end < 2; end++)
      m->ligands[m->record->bond[b][end]] += counts(m, b);
  return 1;
}

/* --- aromatic rings --- */

enum { CARBON = 6, NITROGEN = 7, OXYGEN = 8, PHOSPHORUS = 15, SULFUR = 16, SELENIUM = 34 };

/* Electrons that the atom gives to an aromatic ring, or -1 where it cannot be in one. */
static int pi_electrons(const struct molecule *m, int atom) {
  const int ligands = m->ligands[atom];
  switch (m->record->element[atom]) {
  case CARBON:
    return ligands == 3 ? 1 : -1;
  case NITROGEN:
    return ligands == 2 ? 1 : ligands == 3 ? 2 : -1;
  case OXYGEN:
  case SULFUR:
  case SELENIUM:
    return ligands == 2 ? 2 : -1;
  default:
    return -1;
  }
}

/* A bond between atoms that give one electron each must be shorter than a single bond; to others any length will do. */
static int short_enough(const struct molecule *m, int bond) {
  const int i = m->record->bond[bond][0], j = m->record->bond[bond][1];
  if (pi_electrons(m, i) == 2 || pi_electrons(m, j) == 2) return 1;
  return bond_length(m, bond) < length_of(m->record->element[i], m->record->element[j], 1) - 0.03;
}

static int touches_metal(const struct molecule *m, int atom) {
  for (int n = m->topology->start[atom]; n < m->topology->start[atom + 1]; n++)
    if (q2_element_is_metal(m->record->element[m->topology->neighbour[n]])) return 1;
  return 0;
}

/* Marks the ring's bonds if it is flat and has six electrons, or five of five carbons, one of them at a metal
 * (cyclopentadienyl). */
static void judge_ring(const struct molecule *m, const int *ring, int size) {
  int electrons = 0, carbons = 0, at_metal = 0;
  double angles = 0.0;
  for (int k = 0; k < size; k++) {
    electrons += pi_electrons(m, ring[k]);
    carbons += m->record->element[ring[k]] == CARBON;
    at_metal |= touches_metal(m, ring[k]);
    angles += q2_measure_angle(m->record->position, ring[(k + size - 1) % size], ring[k], ring[(k + 1) % size]);
  }
  const double flat = (180.0 * (size - 2) - 5.0) * 3.14159265358979323846 / 180.0;
  if (angles < flat || !(electrons == 6 || (electrons == 5 && carbons == 5 && at_metal))) return;
  for (int k = 0; k < size; k++)
    if (!short_enough(m, q2_topology_bond(m->topology, ring[k], ring[(k + 1) % size]))) return;
  for (int k = 0; k < size; k++)
    m->aromatic[q2_topology_bond(m->topology, ring[k], ring[(k + 1) % size])] |= 1 << size;
}

/* Goes on from ring[depth] through atoms above ring[0] until it is back there; finds each ring of 5 and 6 twice. */
static void walk_rings(const struct molecule *m, int *ring, int depth) {
  const int at = ring[depth];
  for (int n = m->topology->start[at]; n < m->topology->start[at + 1]; n++) {
    const int next = m->topology->neighbour[n];
    if (!counts(m, m->topology->bond_of[n])) continue;
    if (next == ring[0] && depth >= 4) judge_ring(m, ring, depth + 1);
    if (next <= ring[0] || depth == 5 || pi_electrons(m, next) < 0) continue;
    int passed = 0;
    for (int k = 1; k <= depth && !passed; k++)
      passed = ring[k] == next;
    if (passed) continue;
    ring[depth + 1] = next;
    walk_rings(m, ring, depth + 1);
  }
}

int q2_perceive_aromatic(const struct q2_molecule_record *record, const struct q2_topology *topology, int32_t *aromatic,
                         struct q2_error *error) {
  struct molecule m = {.record = record, .topology = topology, .aromatic = aromatic};
  if (!count_ligands(&m)) return q2_fail(error, "%s: no memory for its bond orders", record->name);
  memset(aromatic, 0, (size_t)record->bond_count * sizeof *aromatic);
  for (int a = 0; a < record->atom_count; a++) {
    int ring[6] = {a};
    if (pi_electrons(&m, a) >= 0) walk_rings(&m, ring, 0);
  }
  free(m.ligands);
  return Q2_OK;
}

/* --- orders --- */

static int in_aromatic_ring(const struct molecule *m, int atom) {
  for (int n = m->topology->start[atom]; n < m->topology->start[atom + 1]; n++)
    if (m->aromatic[m->topology->bond_of[n]]) return 1;
  return 0;
}

/* Number of the atom's ligands of `element` (0: any) with `ligands` ligands of their own. */
static int ligands_like(const struct molecule *m, int atom, int element, int ligands) {
  int found = 0;
  for (int n = m->topology->start[atom]; n < m->topology->start[atom + 1]; n++) {
    const int other = m->topology->neighbour[n];
    found += counts(m, m->topology->bond_of[n]) && (element == 0 || m->record->element[other] == element) &&
             m->ligands[other] == ligands;
  }
  return found;
}

/* Whether an atom with two ligands is straight (sp). */
static int is_straight(const struct molecule *m, int atom) {
  int ligand[2], found = 0;
  for (int n = m->topology->start[atom]; n < m->topology->start[atom + 1] && found < 2; n++)
    if (counts(m, m->topology->bond_of[n])) ligand[found++] = m->topology->neighbour[n];
  return found == 2 &&
         q2_measure_angle(m->record->position, ligand[0], atom, ligand[1]) > 160.0 * 3.14159265358979323846 / 180.0;
}

/* Bonds beyond one to each ligand, by the usual valences; a nitro group has one N=O, carbon monoxide a triple bond. */
static int free_valence(const struct molecule *m, int atom) {
  const int ligands = m->ligands[atom];
  if (in_aromatic_ring(m, atom)) return 0;
  switch (m->record->element[atom]) {
  case CARBON:
  case 14: /* silicon */
    return ligands < 4 ? 4 - ligands : 0;
  case NITROGEN:
    if (ligands == 3) return ligands_like(m, atom, OXYGEN, 1) > 0;
    if (ligands == 2) return is_straight(m, atom) ? 2 : 1;
    return ligands < 2 ? 2 : 0;
  case OXYGEN:
    return ligands == 1 ? 1 + (ligands_like(m, atom, CARBON, 1) == 1) : 0;
  case PHOSPHORUS:
    return ligands < 3 ? 3 - ligands : ligands == 4;
  case SULFUR:
  case SELENIUM:
    if (ligands == 2) return ligands_like(m, atom, OXYGEN, 1) == 2 ? 2 : 0;
    return ligands == 1 ? 1 : ligands == 3 ? 1 : ligands == 4 ? 2 : 0;
  default:
    return 0;
  }
}

/* How much longer (angstrom) the bond is than halfway between its single and its double length; those below 0 may be double. */
static double excess(const struct molecule *m, int bond) {
  const int32_t *ends = m->record->bond[bond];
  const int i = m->record->element[ends[0]], j = m->record->element[ends[1]];
  return bond_length(m, bond) - 0.5 * (length_of(i, j, 1) + length_of(i, j, 2));
}

/* The bond that is most clearly multiple among those without an order yet, or -1. */
static int most_multiple(const struct molecule *m) {
  int found = -1;
  double least = 0.0;
  for (int b = 0; b < m->record->bond_count; b++) {
    if (m->record->bond_order[b] != Q2_BOND_UNKNOWN) continue;
    const int32_t *ends = m->record->bond[b];
    if (m->free[ends[0]] < 1 || m->free[ends[1]] < 1) continue;
    const double beyond = excess(m, b);
    if (beyond >= least) continue;
    least = beyond;
    found = b;
  }
  return found;
}

static void give_orders(const struct molecule *m) {
  int32_t *const order = m->record->bond_order;
  for (int b = 0; b < m->record->bond_count; b++)
    if (order[b] != Q2_BOND_PARTIAL)
      order[b] = m->aromatic[b] ? Q2_BOND_AROMATIC : counts(m, b) ? Q2_BOND_UNKNOWN : Q2_BOND_SINGLE;
  for (int b; (b = most_multiple(m)) >= 0;) {
    const int i = m->record->bond[b][0], j = m->record->bond[b][1];
    const int first = m->record->element[i], second = m->record->element[j];
    const double triple_below = 0.5 * (length_of(first, second, 2) + length_of(first, second, 3));
    const int triple = m->free[i] >= 2 && m->free[j] >= 2 && bond_length(m, b) < triple_below;
    order[b] = triple ? Q2_BOND_TRIPLE : Q2_BOND_DOUBLE;
    m->free[i] -= 1 + triple;
    m->free[j] -= 1 + triple;
  }
  for (int b = 0; b < m->record->bond_count; b++)
    if (order[b] == Q2_BOND_UNKNOWN) order[b] = Q2_BOND_SINGLE;
}

static int make_orders(struct molecule *m, struct q2_error *error) {
  m->aromatic = q2_allocate(m->record->bond_count, sizeof *m->aromatic);
  m->free = q2_allocate(m->record->atom_count, sizeof *m->free);
  if (!m->aromatic || !m->free || !count_ligands(m))
    return q2_fail(error, "%s: no memory for its bond orders", m->record->name);
  Q2_TRY(q2_perceive_aromatic(m->record, m->topology, m->aromatic, error));
  for (int a = 0; a < m->record->atom_count; a++)
    m->free[a] = free_valence(m, a);
  give_orders(m);
  return Q2_OK;
}

int q2_perceive_orders(struct q2_molecule_record *record, struct q2_error *error) {
  struct q2_topology topology;
  if (record->bond_count < 0 || !record->element || !record->position)
    return q2_fail(error, "%s: bond orders are found from bonds, elements and positions, and it lacks some of these",
                   record->name);
  if (!record->bond_order) {
    record->bond_order = q2_allocate(record->bond_count, sizeof *record->bond_order);
    if (!record->bond_order) return q2_fail(error, "%s: no memory for its bond orders", record->name);
  }
  if (q2_topology_create(record->atom_count, record->bond_count, (const int32_t(*)[2])record->bond, &topology, error) !=
      Q2_OK) {
    struct q2_error cause = *error;
    return q2_fail(error, "%s: %.900s", record->name, cause.text);
  }
  struct molecule m = {.record = record, .topology = &topology};
  const int status = make_orders(&m, error);
  free(m.ligands);
  free(m.aromatic);
  free(m.free);
  q2_topology_free(&topology);
  return status;
}
