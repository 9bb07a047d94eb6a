/* Puts numbers back into a text of another program: the same bytes, but for the fields that change. */
#ifndef Q2_REWRITE_H
#define Q2_REWRITE_H

#include "text.h"

/* A field of a line, and the number that is to stand there, as the file has it (its unit, its sign). */
struct q2_number_place {
  int32_t line, column, width; /* line from 1, column from 0: the number, and blanks around it that may be used */
  double value;
  const char *name; /* for messages: "bond_k 12 C3-H1" */
};

/* The bytes of `text` with the values at their places: *bytes [*size], terminated, to be released with free(). Every other byte
 * stays, and so does a field whose number is its value already (to 1e-12 of it).
 *
 * A new number ends where the old one ended as long as there is room to the left, has at least its decimals, and more, until it
 * reads back as the value (to 1e-12 of it), where there is room. Exponents are written where the old number had one, with its
 * letter. Refused, named: what does not fit; what rounding to the room's decimals would change by more than 1e-5 of it and
 * 5e-5; values that are not finite; fields that do not hold one number and blanks (another file); places that overlap (the same
 * place twice is harmless where its values are the same). Local. */
int q2_rewrite_numbers(const struct q2_text *text, const struct q2_number_place *place, int count, char **bytes, size_t *size,
                       struct q2_error *error);

/* Widens a word of a line whose columns are separated by blanks (not one of fixed columns) to the field that a number in its
 * place may use: the blanks before and after it, but for one on either side where something else stands there. */
void q2_free_field(const char *line, int32_t *column, int32_t *width);

#endif
