/* Rules of types as they are held in memory: inside typing*.c. */
#ifndef Q2_TYPING_PARTS_H
#define Q2_TYPING_PARTS_H

#include "../../io/elements.h"
#include "../growing.h"
#include "typing.h"

enum q2_typing_property {
  Q2_TYPING_NEIGHBOURS, /* number of neighbours */
  Q2_TYPING_NONMETALS,  /* number of neighbours that are no metals */
  Q2_TYPING_BONDED,     /* number of neighbours that fit a pattern */
  Q2_TYPING_CHARGE,     /* charge of the molecule */
  Q2_TYPING_RING,       /* size of a ring that the atom is in */
  Q2_TYPING_AROMATIC,   /* size of an aromatic ring that the atom is in */
  Q2_TYPING_PLANAR      /* 1 or 0 */
};

/* least <= property <= most, or not. */
struct q2_typing_condition {
  enum q2_typing_property property;
  int negated, least, most;
  int pattern; /* of Q2_TYPING_BONDED */
  int next;    /* condition of the same pattern, or -1 */
};

/* What an atom, and the bond that leads to it, may be. */
struct q2_typing_pattern {
  int bond; /* Q2_BOND_..., Q2_BOND_UNKNOWN: any */
  unsigned char element[Q2_ELEMENT_LAST + 1];
  int first_type, type_count; /* names in `type` that count instead of elements; 0: none */
  int first_condition;        /* or -1 */
};

struct q2_typing_rule {
  char name[64]; /* of the type, with placeholders */
  int line, pattern, second_round;
};

struct q2_typing_rules {
  char path[Q2_LINE_LENGTH];
  struct q2_growing condition, pattern, rule, type;
  int uses_orders, uses_rings, uses_aromatic;
};

/* Writes the type of a rule with its placeholders replaced into `type`; 0 where it does not fit, -1 where a placeholder is not
 * known. */
int q2_typing_name(const char *rule, const char *element, int neighbours, int nonmetals, struct q2_type_name *type);

#endif
