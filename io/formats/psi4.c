/* Psi4's Hessian files, which `set hessian_write on` asks for (OUTPUT.MOLECULE.hess), and CFOUR's FCMFINAL, which is the same:
 * a line "N 3N" (older ones: "N 6N"), then the full matrix row by row, three numbers a line, hartree/bohr^2. */
#include <stdlib.h>
#include <string.h>

#include "molecule.h"
#include "molecule_formats.h"
#include "text.h"

int q2_psi4_recognises(const struct q2_text *text) {
  struct q2_words first, second;
  if (text->line_count < 2) return 0;
  q2_text_words(text->line[0], &first);
  q2_text_words(text->line[1], &second);
  if (first.count != 2 || second.count != 3) return 0;
  const long atoms = strtol(first.word[0].text, NULL, 10), order = strtol(first.word[1].text, NULL, 10);
  return atoms > 0 && atoms <= Q2_MOST_ATOMS && (order == 3 * atoms || order == 6 * atoms) &&
         q2_text_is_real(second.word[0].text) && strchr(second.word[0].text, '.');
}

static int take_square(const struct q2_text *text, int64_t n, struct q2_molecule_record *record, double *square,
                       struct q2_error *error) {
  int line = 1;
  Q2_TRY(q2_text_reals(text, &line, n * n, "an element of the Hessian", square, error));
  Q2_TRY(q2_text_whole(text, line, error));
  for (int rest = line + 1; rest <= text->line_count; rest++) {
    struct q2_words words;
    q2_text_words(text->line[rest - 1], &words);
    if (words.count)
      return q2_text_fail(text, rest, error, "expected the end after %lld numbers, found \"%.40s\"", (long long)(n * n),
                          words.word[0].text);
  }
  return q2_molecule_hessian_from_square(text, 1, square, record, error);
}

int q2_psi4_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_words words;
  struct q2_molecule_record *record;
  int atoms, order;
  Q2_TRY(q2_text_plain(text, error));
  q2_text_words(text->line_count ? text->line[0] : "", &words);
  Q2_TRY(q2_text_integer(text, 1, words.count ? words.word[0].text : "", "a number of atoms", &atoms, error));
  Q2_TRY(q2_text_integer(text, 1, words.count > 1 ? words.word[1].text : "", "the order of the Hessian", &order, error));
  if (order % 3 || (order / 3 != atoms && order / 6 != atoms))
    return q2_text_fail(text, 1, error, "expected N and 3 N (or 6 N), found %d and %d", atoms, order);
  Q2_TRY(q2_molecule_begin(list, text, 1, atoms, &record, error));
  const int64_t n = 3 * (int64_t)atoms;
  Q2_TRY(q2_text_room(text, 1, n * n, "numbers", error));
  double *square = q2_molecule_array(text, n * n, sizeof *square, error);
  const int status = square ? take_square(text, n, record, square, error) : Q2_FAILED;
  free(square);
  return status;
}
