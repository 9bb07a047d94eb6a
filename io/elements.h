/* The elements: symbols, and the mass of the isotope that a calculation means when it names none. */
#ifndef Q2_ELEMENTS_H
#define Q2_ELEMENTS_H

enum { Q2_ELEMENT_LAST = 118 };

/* Returns the symbol of atomic number `element` (1 to 118), or "?" for any other number. Static storage. */
const char *q2_element_symbol(int element);

/* Returns the atomic number of `symbol` (case as written, for example "Rh"), or 0 if there is none. */
int q2_element_number(const char *symbol);

/* Returns the mass in amu of the element's most abundant isotope, or of its longest-lived one where none is found in nature; 0
 * for an atomic number out of 1 to 118. */
double q2_element_mass(int element);

#endif
