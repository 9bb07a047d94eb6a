/* Bonds as a Lewis structure draws them: single and double ones in the place of aromatic ones. */
#ifndef Q2_IMPORT_LEWIS_H
#define Q2_IMPORT_LEWIS_H

#include "../../io/formats/molecule.h"

/* Gives each bond of order Q2_BOND_AROMATIC of the record the order 1 or 2, so that every atom that needs a double bond has
 * one: carbons with three neighbours, nitrogens with two, and nitrogens with three where it does not work out otherwise (a
 * cation). In a group of atoms joined by aromatic bonds that cannot all have one, one is left without (cyclopentadienyl); more
 * are refused. Of several structures the one counts whose double bonds come first in the order of the atoms. Bonds to metals,
 * partial bonds and bonds of other orders stay. Local. */
int q2_lewis_orders(struct q2_molecule_record *record, struct q2_error *error);

#endif
