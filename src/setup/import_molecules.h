/* What molecules that were read still lack before a force field can be assigned: charge, bonds, bond orders, types. */
#ifndef Q2_IMPORT_MOLECULES_H
#define Q2_IMPORT_MOLECULES_H

#include "gather.h"
#include "import_field.h"
#include "perception.h"

enum { Q2_NO_CHARGE = 1000000 };

struct q2_molecules_options {
  int perceive;                       /* 1: bonds are made from the geometry even where files have them */
  struct q2_perception_options bonds; /* the pairs in `partial` come from: */
  const char *partial;                /* "PATTERN:I-J,...", atoms from 1; "": none */
  const char *types;                  /* a file of rules, or "elements" for those by element; "": as files say */
  int charge;                         /* of molecules whose files do not say it; Q2_NO_CHARGE: 0, and it is reported */
};

/* Of all molecules, on every rank. */
struct q2_molecules_summary {
  int64_t bonds_of_files, bonds_perceived, orders_perceived; /* molecules */
  int64_t types_of_files, types_of_residues, types_by_rules; /* molecules */
  int64_t doubtful;                                          /* molecules whose bonds look doubtful, the first of them: */
  char doubt[256];                                           /* "name: atom 3 (O) has no bond" */
};

/* Rules and names of bonds, read. */
struct q2_completion;

/* Reads what `options` name, for molecules that `field` shall hold for; both must outlive it. Local; every rank reads the same.
 * Release with q2_completion_free, also after a failure. */
int q2_completion_read(const struct q2_molecules_options *options, const struct q2_import_field *field,
                       struct q2_completion **completion, struct q2_error *error);
void q2_completion_free(struct q2_completion *completion); /* NULL is harmless */

/* Gives the molecules whose files do not say it this charge. Local. Before the checks, which report those without. */
void q2_import_charges(struct q2_gathered *gathered, int charge);

/* Collective: completes the molecules of `gathered`. Types come from -types, else from the residues of the force
 * field, else from files; with a new force field molecules without any get those by element. What no way gives is refused, with
 * the molecule's name. */
int q2_import_molecules(MPI_Comm comm, struct q2_gathered *gathered, struct q2_completion *completion,
                        struct q2_molecules_summary *summary, struct q2_error *error);

#endif
