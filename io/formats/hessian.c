/* A Hessian alone, as numbers in a text file, hartree/bohr^2: all of it, or a triangle row by row. Lines that begin with "#" do
 * not count. How many numbers there are tells how many atoms.
 *
 * A triangle is a lower one (rows of 1, 2, 3, ... numbers, or lines of any other length), or an upper one where its lines have
 * n, n - 1, ... 1 numbers. Lines of nine or more numbers each, as many as 3N, are rows of a square; there must be 3N of them.
 * What is left of a file that was cut short may still be a smaller molecule's Hessian: whoever has the geometry sees that. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "molecule_formats.h"

/* What was counted: numbers, lines with numbers, numbers in the first of them (0 where others differ), and whether line k of
 * them has lines - k numbers. */
struct census {
  int64_t numbers, width;
  int first_line, last_line, lines;
  int is_upper;
};

static int is_comment(const char *line) {
  line += strspn(line, " \t");
  return *line == '#' || *line == '\0';
}

static int64_t count_words(const char *line) {
  int64_t count = 0;
  for (;;) {
    line += strspn(line, " \t");
    if (!*line) return count;
    line += strcspn(line, " \t");
    count++;
  }
}

static void take_census(const struct q2_text *text, struct census *census) {
  int64_t first = 0;
  *census = (struct census){.is_upper = 1};
  for (int n = 1; n <= text->line_count; n++) {
    if (is_comment(text->line[n - 1])) continue;
    const int64_t words = count_words(text->line[n - 1]);
    if (!census->lines) {
      census->first_line = n;
      first = census->width = words;
    }
    if (words != first) census->width = 0;
    census->is_upper &= words == first - census->lines;
    census->last_line = n;
    census->lines++;
    census->numbers += words;
  }
  census->is_upper &= census->lines > 1 && census->lines == first;
}

/* 3N for which 3N (3N + 1) / 2, or (3N)^2, is `count`; 0: there is none. */
static int64_t rows_of_triangle(int64_t count) {
  const int64_t n = (int64_t)((sqrt(8.0 * (double)count + 1.0) - 1.0) / 2.0 + 0.5);
  return n % 3 == 0 && n * (n + 1) / 2 == count ? n : 0;
}

static int64_t rows_of_square(int64_t count) {
  const int64_t n = (int64_t)(sqrt((double)count) + 0.5);
  return n % 3 == 0 && n * n == count ? n : 0;
}

static int read_numbers(const struct q2_text *text, double *values, struct q2_error *error) {
  for (int n = 1; n <= text->line_count; n++) {
    if (is_comment(text->line[n - 1])) continue;
    for (const char *at = text->line[n - 1];;) {
      char word[Q2_WORD_LENGTH];
      at += strspn(at, " \t");
      const size_t length = strcspn(at, " \t"), kept = length < sizeof word ? length : sizeof word - 1;
      if (length == 0) break;
      memcpy(word, at, kept);
      word[kept] = '\0';
      Q2_TRY(q2_text_real(text, n, word, "an element of the Hessian", values++, error));
      at += length;
    }
  }
  return Q2_OK;
}

/* The lower triangle row by row from the upper one row by row. */
static void lower_from_upper(const double *upper, int64_t n, double *lower) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i; j < n; j++)
      lower[j * (j + 1) / 2 + i] = *upper++;
}

/* Takes over what the numbers are. */
static int take_numbers(const struct q2_text *text, const struct census *census, double **values, struct q2_molecule_list *list,
                        struct q2_error *error) {
  const int64_t square = rows_of_square(census->numbers), triangle = rows_of_triangle(census->numbers);
  const int is_square = square && !(triangle && !q2_is_symmetric(*values, square));
  struct q2_molecule_record *record;
  Q2_TRY(q2_molecule_begin(list, text, census->first_line, (is_square ? square : triangle) / 3, &record, error));
  if (is_square) return q2_molecule_hessian_from_square(text, census->first_line, *values, record, error);
  record->hessian = *values;
  *values = NULL;
  if (!census->is_upper) return Q2_OK;
  double *lower = q2_molecule_array(text, census->numbers, sizeof *lower, error);
  if (!lower) return Q2_FAILED;
  lower_from_upper(record->hessian, triangle, lower);
  free(record->hessian);
  record->hessian = lower;
  return Q2_OK;
}

int q2_hessian_recognises(const struct q2_text *text) {
  struct q2_words words;
  for (int n = 1; n <= text->line_count; n++) {
    if (is_comment(text->line[n - 1])) continue;
    q2_text_words(text->line[n - 1], &words);
    for (int w = 0; w < words.count; w++)
      if (!q2_text_is_real(words.word[w].text)) return 0;
    return strchr(text->line[n - 1], '.') != NULL;
  }
  return 0;
}

int q2_hessian_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct census census;
  Q2_TRY(q2_text_plain(text, error));
  take_census(text, &census);
  if (!rows_of_square(census.numbers) && !rows_of_triangle(census.numbers))
    return q2_text_fail(text, census.last_line, error,
                        "expected the (3N)^2 numbers of a Hessian, or the 3N (3N + 1) / 2 of a triangle; found %lld",
                        (long long)census.numbers);
  if (census.width >= 9 && census.width % 3 == 0 && census.width != census.lines)
    return q2_text_fail(text, census.last_line, error, "expected %lld rows of %lld numbers, found %d", (long long)census.width,
                        (long long)census.width, census.lines);
  if (census.numbers == 0) return q2_text_fail(text, 0, error, "expected a Hessian, found no number");
  Q2_TRY(q2_text_whole(text, census.last_line, error));
  double *values = q2_molecule_array(text, census.numbers, sizeof *values, error);
  int status = values ? read_numbers(text, values, error) : Q2_FAILED;
  if (status == Q2_OK) status = take_numbers(text, &census, &values, list, error);
  free(values);
  return status;
}
