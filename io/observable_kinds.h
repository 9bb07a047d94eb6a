/* Kinds of observables as a file knows them: the columns of their index, what these count, and the unit of their values. The
 * registry in kernels/observables.h, which io/ does not know, says what is calculated for each. */
#ifndef Q2_OBSERVABLE_KINDS_H
#define Q2_OBSERVABLE_KINDS_H

#include "error.h"
#include "units.h"

/* What an index counts. -1 in all columns stands for all there are; only a molecule has to be named. */
enum q2_indexed {
  Q2_INDEX_COMPONENTS, /* -1 to 3N - 1: vibrations or Cartesian components */
  Q2_INDEX_ATOMS,      /* -1 to N - 1 */
  Q2_INDEX_MOLECULES   /* 0 to M - 1, molecules of the file */
};

struct q2_observable_kind {
  const char *name;
  int index_count; /* columns of the index */
  enum q2_indexed indexed;
  enum q2_quantity quantity; /* its unit: q2_unit_of */
};

/* The kinds, in the order of docs/observables.md; a kind without a name ends the list. Static storage. */
extern const struct q2_observable_kind q2_observable_kinds[];

/* The kind with this name; NULL, and a message that lists the known ones, where there is none. `where` opens the message. */
const struct q2_observable_kind *q2_observable_kind(const char *name, const char *where, struct q2_error *error);

#endif
