/* Elements from the names that force fields and their files give to atoms: "CT", "HO", "C3", "Cl-", "1HB". */
#ifndef Q2_ATOM_NAMES_H
#define Q2_ATOM_NAMES_H

#include "molecule.h"

/* The atomic number of an atom named `name`, of type `type` where the file has types of another kind ("" where it has not), or
 * 0 if there is no such element. Such names are ambiguous (CA is calcium, an aromatic carbon or an alpha carbon); the rule:
 *  1. What counts are the letters at the beginning, after digits.
 *  2. A capital and a small letter that are an element's symbol are that element: "Cl1", "Rh", "Ca2+". So it is where the type
 *     writes the name's two letters like this.
 *  3. If only the first letter, or only the first two, are a symbol, it is that one: "RH", "ZN", "HX", "C3".
 *  4. Else two letters of the same case are the first letter's element ("CA", "HO", "os"), except for CL, BR, SI, CU and NI,
 * and for elements that begin with neither H, C, N, O, S nor P; and except where `type` does not begin with the same two.
 * Whoever has a geometry from elsewhere compares. */
int q2_element_of_atom_name(const char *name, const char *type);

/* The atomic number of MacroModel's type `name`, as force fields and listings print it ("C3", "OM", "P3"), or 0. Types beyond
 * those that MacroModel brings ("RH", "PX") by q2_element_of_atom_name. */
int q2_element_of_macromodel_type(const char *name);

/* The name of MacroModel's type `number`, "C3" for 3, or NULL for a number that MacroModel does not define (201 and up are
 * the user's). Static storage. */
const char *q2_macromodel_type(int number);

#endif
