/* MM3* as MacroModel's .fld files have it: unit factors, equivalent types, the main block, and substructures whose rows take
 * precedence (docs/mm3star.md). */
#ifndef Q2_MM3STAR_H
#define Q2_MM3STAR_H

#include "force_field.h"

struct q2_mm3star; /* opaque; its parts are declared in mm3star_parts.h for src/setup/ */

/* Whether the text is a force field of MacroModel: it has the unit factor of stretches. */
int q2_mm3star_recognises(const struct q2_text *text);

/* Reads all of a .fld. *field, NULL on failure, is to be released with q2_mm3star_free. Refused, with file and line: what is
 * not by the format, energy functions other than those of docs/mm3star.md, alternative parameter sets (ALT). Rows that the
 * header does not select (SEL) are left out. Local. */
int q2_mm3star_read(const struct q2_text *text, struct q2_mm3star **field, struct q2_error *error);

void q2_mm3star_free(struct q2_mm3star *field); /* NULL is harmless */

#endif
