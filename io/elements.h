/* The elements: symbols, the mass of the isotope that a calculation means when it names none, covalent radii, metals. */
#ifndef Q2_ELEMENTS_H
#define Q2_ELEMENTS_H

enum { Q2_ELEMENT_LAST = 118, Q2_ELEMENT_LAST_RADIUS = 96 };

/* Returns the symbol of atomic number `element` (1 to 118), or "?" for any other number. Static storage. */
const char *q2_element_symbol(int element);

/* Returns the atomic number of `symbol` (case as written, for example "Rh"), or 0 if there is none. */
int q2_element_number(const char *symbol);

/* Returns the mass in amu of the element's most abundant isotope, or of its longest-lived one where none is found in nature; 0
 * for an atomic number out of 1 to 118. */
double q2_element_mass(int element);

/* Single-bond covalent radius in angstrom, 0 for an element without one (above Q2_ELEMENT_LAST_RADIUS). B. Cordero et al.,
 * Dalton Trans. 2008, 2832: carbon sp3; Mn, Fe, Co low spin. */
double q2_element_radius(int element);

/* Whether the element counts as a metal: all but H, B, C, N, O, F, Si, P, S, Cl, Ge, As, Se, Br, Te, I, At and the noble gases.
 */
int q2_element_is_metal(int element);

#endif
