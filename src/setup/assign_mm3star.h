/* From an MM3* force field and molecules with MacroModel's types to terms: the row of each term by MacroModel's rules
 * (docs/mm3star.md). */
#ifndef Q2_ASSIGN_MM3STAR_H
#define Q2_ASSIGN_MM3STAR_H

#include "../../io/formats/mm3star.h"
#include "assign.h"

/* Local: gives the terms, types, sites and charges of all molecules of `builder` to it, by the rows of `field`. Every molecule
 * needs types and the orders of its bonds (double bonds where a Lewis structure has them, not aromatic ones; bonds of order
 * zero are partial). Neighbours count in the order of the record's bonds. Rows of substructures marked OPT are active but for
 * their bond moments, all else is frozen, unless options->fit says otherwise. options->unmatched may not be Q2_UNMATCHED_NEW.
 * Notes every term in `report`. */
int q2_assign_mm3star(struct q2_builder *builder, const struct q2_mm3star *field, const struct q2_assign_options *options,
                      struct q2_assignment_report *report, struct q2_error *error);

#endif
