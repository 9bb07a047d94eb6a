/* Atom types by rules that a user can write (docs/typing.md): element, neighbours, rings, bonds, planarity; the first rule that
 * fits an atom gives it its type. */
#ifndef Q2_TYPING_H
#define Q2_TYPING_H

#include "../../io/formats/molecule.h"
#include "../../io/formats/text.h"
#include "topology.h"

struct q2_typing_rules; /* opaque */

/* Reads rules from a text; what cannot be read is refused with file, line and what was expected. Release with q2_typing_free.
 * Local. */
int q2_typing_read(const struct q2_text *text, struct q2_typing_rules **rules, struct q2_error *error);
void q2_typing_free(struct q2_typing_rules *rules); /* NULL is harmless */

/* The rules that hold where the user names none: types by element and coordination, those of jobs/typing/elements.txt. */
extern const char q2_typing_elements[];
int q2_typing_default(struct q2_typing_rules **rules, struct q2_error *error);

/* Gives every atom of the record its type, in the place of those that it had. The record needs elements, positions, bonds and
 * its topology; where rules ask for bond orders and it has none, they are made (perception.h). An atom that no rule fits is
 * refused: the message names molecule, atom and its neighbours. Local. */
int q2_typing_apply(const struct q2_typing_rules *rules, const struct q2_topology *topology, struct q2_molecule_record *record,
                    struct q2_error *error);

#endif
