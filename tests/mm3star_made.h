/* Small MM3* force fields and molecules for tests: rows and molecules from short texts. */
#ifndef MM3STAR_MADE_H
#define MM3STAR_MADE_H

#include "../io/formats/mm3star.h"
#include "../src/setup/assign_mm3star.h"

/* The head of a .fld with the classes PX (P3, P5) and HX (H1, H2), and its van der Waals table with C2 (with or without O2),
 * C3, CP, H1 (offset -0.08; without where bonded to P3), H2, H4, O2, O3, P3, N4 (charge 1), Z0 and RH. */
extern const char mm3star_head[], mm3star_table[];

/* A row in its columns: "1  C3 - C3", three numbers (NAN: blank), and what begins in column 56 (" O200 0000"). Appends to
 * `text` of `size` bytes. */
void mm3star_row(char *text, size_t size, const char *types, double a, double b, double c, const char *conditions);

/* A whole .fld of rows for the main block and of substructures (each from " C  title" to its last row). */
void mm3star_field(char *text, size_t size, const char *main_rows, const char *substructures);

/* A data set of one molecule: types "C3 C3 H1", bonds "1-2 2.3" (- = % and . for partial), positions [atoms][3] or NULL for
 * some that mean nothing. The error says what failed. Release with q2_dataset_free. */
struct mm3star_molecule {
  const char *types, *bonds;
  const double *position;
};
int mm3star_made(const char *field, const struct mm3star_molecule *molecule, const struct q2_assign_options *options,
                 struct q2_dataset *dataset, struct q2_error *error);

/* How often the assignment of the molecule notes that a term of `what` got no row (-1: it fails). */
int mm3star_without_row(const char *field, const struct mm3star_molecule *molecule, const char *what);

/* The row that a term has: the number in the file of its parameter of `kind`, in the first term of `form` whose atoms (from 1,
 * up to five digits) are `atoms` in either direction; NAN: there is no such term. */
double mm3star_number(const struct q2_dataset *dataset, const char *form, const char *kind, int atoms);

/* The parameter of this kind and (beginning of the) label, or -1. */
int mm3star_parameter(const struct q2_dataset *dataset, const char *kind, const char *label);

#endif
