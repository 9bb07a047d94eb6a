/* The words that name internal coordinates, as codes. */
#include "coordinates.h"

#include <string.h>

#include "forms.h"

int32_t q2_coordinate_code(const char *word) {
  static const char letters[] = "ratof"; /* in the order of the kinds */
  const int atoms = (int)strcspn(word, " ") - 1;
  int32_t code = (int32_t)(strchr(letters, word[0]) - letters) | atoms << 3;
  for (int a = 0; a < atoms; a++)
    code |= (word[1 + a] - '0') << (6 + 3 * a);
  return code;
}

int32_t q2_form_coordinate_code(int form, int index) {
  const char *word = q2_forms[form].coordinates;
  for (; index > 0; index--)
    word = strchr(word, ' ') + 1;
  return q2_coordinate_code(word);
}
