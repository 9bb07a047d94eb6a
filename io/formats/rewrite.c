/* Puts numbers back into a text of another program. */
#include "rewrite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../memory.h"

enum { MOST_DECIMALS = 17, LONGEST = 400 /* characters of a number as printed: 1e308 without an exponent fits */ };
static const double SAME = 1e-12, ROUNDED_AWAY = 5e-5, ROUNDED_AWAY_RELATIVE = 1e-5;

/* What stands in a field. */
struct old_number {
  int begin, end; /* within the field */
  int decimals;   /* digits after the point */
  char exponent;  /* 'e', 'E', 'd', 'D'; 0: it has none */
  double value;
};

static int is_blank(char c) { return c == ' ' || c == '\t'; }

void q2_free_field(const char *line, int32_t *column, int32_t *width) {
  int begin = *column, end = *column + *width;
  while (begin > 0 && is_blank(line[begin - 1]))
    begin--;
  if (begin > 0 && begin < *column) begin++;
  while (is_blank(line[end]))
    end++;
  if (line[end] && end > *column + *width) end--;
  *column = begin;
  *width = end - begin;
}

static int refuse(const struct q2_text *text, const struct q2_number_place *place, struct q2_error *error, const char *why) {
  return q2_text_fail(text, place->line, error, "%s: its value %.10g %s (the field: columns %d to %d)", place->name,
                      place->value, why, place->column + 1, place->column + place->width);
}

static int read_old(const struct q2_text *text, const struct q2_number_place *place, struct old_number *old,
                    struct q2_error *error) {
  if (place->line < 1 || place->line > text->line_count)
    return q2_text_fail(text, 0, error, "%s: stands in line %d of a file of %d lines", place->name, place->line,
                        text->line_count);
  if (!isfinite(place->value)) return refuse(text, place, error, "is not finite");
  const char *line = text->line[place->line - 1];
  if (place->column < 0 || place->width < 1 || place->width > Q2_WORD_LENGTH - 1 ||
      (size_t)place->column + (size_t)place->width > strlen(line))
    return refuse(text, place, error, "has no field in this line: the file is another one");
  char field[Q2_WORD_LENGTH];
  struct q2_words words;
  snprintf(field, sizeof field, "%.*s", place->width, line + place->column);
  q2_text_words(field, &words);
  const char before = place->column > 0 ? line[place->column - 1] : ' ', after = line[place->column + place->width];
  const int cut = (!is_blank(field[0]) && before && strchr("+-.0123456789", before)) ||
                  (!is_blank(field[place->width - 1]) && after && strchr(".0123456789", after));
  if (words.count != 1 || cut || !q2_text_is_real(words.word[0].text))
    return refuse(text, place, error, "belongs where no number stands: the file is another one");
  const char *word = words.word[0].text, *point = strchr(word, '.');
  const size_t exponent = strcspn(word, "eEdD");
  old->begin = words.word[0].column;
  old->end = old->begin + words.word[0].length;
  old->decimals = point ? (int)strspn(point + 1, "0123456789") : 0;
  old->exponent = word[exponent];
  const char *sign = strpbrk(word + 1, "+-"); /* Fortran's 1.5-103 */
  if (!old->exponent && sign) old->exponent = 'E';
  return q2_text_real(text, place->line, word, "a number", &old->value, error);
}

/* Prints the value with so many decimals in the way of the old number; returns its length. */
static int print_number(double value, int decimals, char exponent, char word[LONGEST]) {
  const int length = snprintf(word, LONGEST, exponent ? "%.*E" : "%.*f", decimals, value);
  char *letter = exponent ? strchr(word, 'E') : NULL;
  if (letter) *letter = exponent;
  if (strspn(word, "-0.") == strlen(word) && word[0] == '-') { /* no "-0.0000" */
    memmove(word, word + 1, (size_t)length);
    return length - 1;
  }
  return length;
}

static double value_of(const char *word) {
  char copy[LONGEST];
  snprintf(copy, sizeof copy, "%s", word);
  char *letter = strpbrk(copy, "dD");
  if (letter) *letter = 'e';
  return strtod(copy, NULL);
}

/* Chooses the decimals: as few as the old number's, then more until the value reads back, as far as `room` goes. Returns the
 * length of the text in `word`, or 0 if the old number's decimals are too many for the room. */
static int fit_number(const struct old_number *old, double value, int room, char word[LONGEST]) {
  char longer[LONGEST];
  int best = 0;
  for (int decimals = old->decimals; decimals <= MOST_DECIMALS; decimals++) {
    const int length = print_number(value, decimals, old->exponent, longer);
    if (length > room) break;
    memcpy(word, longer, (size_t)length + 1);
    best = length;
    if (fabs(value_of(word) - value) <= SAME * fabs(value)) break;
  }
  return best;
}

static int write_number(const struct q2_text *text, const struct q2_number_place *place, char *field, struct q2_error *error) {
  struct old_number old;
  char word[LONGEST];
  Q2_TRY(read_old(text, place, &old, error));
  if (fabs(place->value - old.value) <= SAME * fabs(old.value)) return Q2_OK;
  int end = old.end, length = fit_number(&old, place->value, end, word);
  if (length == 0 || fabs(value_of(word) - place->value) > fmax(ROUNDED_AWAY, ROUNDED_AWAY_RELATIVE * fabs(place->value))) {
    end = place->width;
    length = fit_number(&old, place->value, end, word);
  }
  if (length == 0) return refuse(text, place, error, "does not fit in the place of the old one, with as many decimals");
  if (fabs(value_of(word) - place->value) > fmax(ROUNDED_AWAY, ROUNDED_AWAY_RELATIVE * fabs(place->value)))
    return refuse(text, place, error, "would lose digits in the place of the old one");
  memset(field + old.begin, ' ', (size_t)(old.end - old.begin));
  const int begin = end == old.end ? old.end - length : end - length < old.begin ? end - length : old.begin;
  memcpy(field + begin, word, (size_t)length);
  return Q2_OK;
}

static int compare_places(const void *a, const void *b) {
  const struct q2_number_place *x = a, *y = b;
  if (x->line != y->line) return x->line < y->line ? -1 : 1;
  return (x->column > y->column) - (x->column < y->column);
}

static int check_overlap(const struct q2_text *text, const struct q2_number_place *place, int count, struct q2_error *error) {
  for (int k = 1; k < count; k++) {
    const struct q2_number_place *before = place + k - 1, *this = place + k;
    if (before->line != this->line || (int64_t)before->column + before->width <= this->column) continue;
    const int same = before->column == this->column && before->width == this->width;
    if (!same || fabs(before->value - this->value) > SAME * fabs(this->value))
      return q2_text_fail(text, this->line, error, "%s (%.17g) and %s (%.17g) stand in the same field, columns %d to %d",
                          before->name, before->value, this->name, this->value, this->column + 1, this->column + this->width);
  }
  return Q2_OK;
}

int q2_rewrite_numbers(const struct q2_text *text, const struct q2_number_place *place, int count, char **bytes, size_t *size,
                       struct q2_error *error) {
  *bytes = NULL;
  *size = text->size;
  struct q2_number_place *sorted = q2_allocate(count, sizeof *sorted);
  char *copy = malloc(text->size + 1);
  int status = sorted && copy ? Q2_OK : q2_fail(error, "%s: no memory for a copy", text->path);
  if (status == Q2_OK) {
    memcpy(copy, text->bytes, text->size + 1);
    if (count > 0) memcpy(sorted, place, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_places);
    status = check_overlap(text, sorted, count, error);
  }
  for (int k = 0; k < count && status == Q2_OK; k++) {
    if (sorted[k].line < 1 || sorted[k].line > text->line_count) {
      struct old_number old;
      status = read_old(text, sorted + k, &old, error);
    } else {
      status = write_number(text, sorted + k, copy + (text->line[sorted[k].line - 1] - text->cut) + sorted[k].column, error);
    }
  }
  free(sorted);
  if (status == Q2_OK)
    *bytes = copy;
  else
    free(copy);
  return status;
}
