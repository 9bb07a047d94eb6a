/* MM3* as MacroModel's .fld files have it: unit factors, equivalent types, the main block, and substructures whose rows take
 * precedence (docs/mm3star.md). */
#ifndef Q2_MM3STAR_H
#define Q2_MM3STAR_H

#include "force_field.h"

struct q2_mm3star; /* opaque; its parts are declared in mm3star_parts.h for src/setup/ */

#endif
