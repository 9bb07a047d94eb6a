/* What several files say of one molecule, made one record; what contradicts is refused. */
#ifndef Q2_GATHER_MERGE_H
#define Q2_GATHER_MERGE_H

#include "../../io/formats/molecule.h"

/* A record and the file that it comes from. */
struct q2_merged {
  struct q2_molecule_record record;
  const char *path; /* borrowed, for messages */
};

/* Makes one record of parts [count]: geometry, Hessian, gradient and masses are those of the first part that has Hessian and
 * geometry, else of the first with a geometry; what it lacks comes from the others, turned into its frame. Refused, with both
 * files named: another number of atoms, other elements, another geometry (more than Q2_SAME_GEOMETRY, however it is turned),
 * two Hessians, energies, charges or multiplicities that differ, no geometry at all. `whole` takes over what the parts hold;
 * they are emptied. Local. */
int q2_merge(int count, struct q2_merged *parts, struct q2_molecule_record *whole, struct q2_error *error);

/* Gives the record at `path` the bonds, types, atom names and partial charges of `structure`, which is left as it is; what the
 * structure does not have stays. The same comparison of atoms and geometry; a structure need not have either. Local. */
int q2_merge_topology(struct q2_molecule_record *record, const char *path, const struct q2_molecule_record *structure,
                      const char *structure_path, struct q2_error *error);

#endif
