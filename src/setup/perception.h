/* Bonds and their orders from a geometry: what a molecule that comes from a QM program alone lacks. */
#ifndef Q2_PERCEPTION_H
#define Q2_PERCEPTION_H

#include "../../io/formats/molecule.h"
#include "topology.h"

/* Two atoms are bonded where they are closer than factor (R_i + R_j) + addend, R their covalent radii.
 *
 * A transition state has longer bonds: its Hessian's imaginary mode tells which. A pair whose distance this mode changes (by
 * more than 0.2 of the largest displacement of an atom) is a partial bond, Q2_BOND_PARTIAL, where it is bonded by the rule
 * above and longer than 1.12 (R_i + R_j), or where it is closer than stretched (R_i + R_j) and its atoms have no neighbour in
 * common but metals. The pairs in `partial` are so in any case. */
struct q2_perception_options {
  double factor;    /* 1.3 */
  double addend;    /* angstrom, 0 */
  double stretched; /* 1.7; 0: the imaginary mode adds no bonds */
  int partial_count;
  const int32_t (*partial)[2]; /* [partial_count] atoms from 0 */
};
static const struct q2_perception_options q2_perception_defaults = {.factor = 1.3, .stretched = 1.7};

/* Makes bonds and bond orders of the record, in the place of what it had. It must have elements and positions; its Hessian is
 * used where there is one (masses that are missing are those of the most abundant isotopes). Pairs i < j, ascending. Local. */
int q2_perceive_bonds(struct q2_molecule_record *record, const struct q2_perception_options *options, struct q2_error *error);

/* Makes bond orders for the record's own bonds, from their lengths (docs/typing.md has the rules). Orders that are
 * Q2_BOND_PARTIAL stay, all others are made anew. Local. */
int q2_perceive_orders(struct q2_molecule_record *record, struct q2_error *error);

/* Marks the bonds of aromatic rings, whatever their orders: aromatic [bond_count] becomes 0, or the sum of 32 for a ring of
 * five atoms and 64 for one of six. Local. */
int q2_perceive_aromatic(const struct q2_molecule_record *record, const struct q2_topology *topology, int32_t *aromatic,
                         struct q2_error *error);

/* Whether bonds look doubtful: atoms without a bond (in a molecule of several), and hydrogens with two or more that no partial
 * bond or metal explains. Writes what was found into `text` ("atom 3 (O) has no bond; atom 7 (H) has 2 bonds") and returns the
 * number of such atoms. Local. */
int q2_doubtful_bonds(const struct q2_molecule_record *record, char *text, size_t size);

#endif
