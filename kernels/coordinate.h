/* What an internal coordinate is for the program: its value with its derivatives, and the code that says how it is measured. */
#ifndef Q2_COORDINATE_H
#define Q2_COORDINATE_H

#include "vector.h"

enum { Q2_COORDINATE_ATOMS = 5 };

/* Value, first and second Cartesian derivatives, in angstrom and radian, in the positions of a term's atoms. Second derivatives
 * come as blocks: second[a][b] is the 3 x 3 block d2q / dx_a dx_b, row-major, for all ordered pairs of atoms a, b. The
 * functions that fill it take the order up to which they do: 0 the value, 1 the first derivatives too, 2 the second. What is
 * above that order stays as it was. share: of the first derivatives that a force gets, 1 but for straight angles (q2_angle);
 * only q2_measure_to sets it for every kind. */
struct q2_coordinate {
  double value, share;
  double first[Q2_COORDINATE_ATOMS][3];
  double second[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9];
};

/* --- what is measured, and on which atoms --- */

enum { Q2_DISTANCE, Q2_ANGLE, Q2_TORSION, Q2_OUT_OF_PLANE, Q2_FADING };

/* A code says which kind of coordinate is measured, and on which of its term's atoms: the kind in bits 0 to 2, the number of
 * atoms in bits 3 to 5, then three bits for the place of each atom in the term, in order. */
Q2_DEVICE int q2_coordinate_kind(int32_t code) { return code & 7; }
Q2_DEVICE int q2_coordinate_atoms(int32_t code) { return code >> 3 & 7; }
Q2_DEVICE int q2_coordinate_place(int32_t code, int a) { return code >> (6 + 3 * a) & 7; }

/* Whether the coordinate is measured on the atom at that place of the term. */
Q2_DEVICE int q2_coordinate_touches(int32_t code, int place) {
  for (int a = 0; a < q2_coordinate_atoms(code); a++) {
    if (q2_coordinate_place(code, a) == place) return 1;
  }
  return 0;
}

/* The code of a word of a form's list (kernels/forms.h): a letter, then the places, in order. r: distance, a: angle, t:
 * torsion, o: out-of-plane angle, f: the fading factor of a chain of four or five atoms. The word ends at a blank or at its
 * end. */
int32_t q2_coordinate_code(const char *word);

/* The code of coordinate number `index` of a form. */
int32_t q2_form_coordinate_code(int form, int index);

/* Zeroes what is filled up to that order. */
Q2_DEVICE void q2_clear(int order, struct q2_coordinate *coordinate) {
  coordinate->value = 0;
  Q2_ROLLED
  for (int a = 0; a < Q2_COORDINATE_ATOMS && order > 0; a++) {
    for (int i = 0; i < 3; i++)
      coordinate->first[a][i] = 0;
    Q2_ROLLED
    for (int b = 0; b < Q2_COORDINATE_ATOMS && order > 1; b++) {
      for (int i = 0; i < 9; i++)
        coordinate->second[a][b][i] = 0;
    }
  }
}

/* Copies all of it. */
Q2_DEVICE_CALL void q2_copy_coordinate(const struct q2_coordinate *from, struct q2_coordinate *to) {
  to->value = from->value;
  to->share = from->share;
  Q2_ROLLED
  for (int a = 0; a < Q2_COORDINATE_ATOMS; a++) {
    for (int i = 0; i < 3; i++)
      to->first[a][i] = from->first[a][i];
    Q2_ROLLED
    for (int b = 0; b < Q2_COORDINATE_ATOMS; b++) {
      for (int i = 0; i < 9; i++)
        to->second[a][b][i] = from->second[a][b][i];
    }
  }
}

#endif
