/* A file of another program, whole in memory and cut into lines. */
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../memory.h"

/* Cuts `cut` at its line ends; line NULL only counts. */
static int cut_lines(char *cut, size_t size, char **line) {
  int count = 0;
  for (size_t k = 0; k < size;) {
    if (line) line[count] = cut + k;
    if (count == INT_MAX - 1) return -1;
    count++;
    while (k < size && cut[k] != '\n' && cut[k] != '\r')
      k++;
    const size_t end = k < size && cut[k] == '\r' && k + 1 < size && cut[k + 1] == '\n' ? 2 : 1;
    if (line && k < size) memset(cut + k, '\0', end);
    k += end;
  }
  return count;
}

/* Takes over `bytes`, [size + 1] and terminated, also where it fails. */
static int take_bytes(const char *path, char *bytes, size_t size, struct q2_text *text, struct q2_error *error) {
  memset(text, 0, sizeof *text);
  text->bytes = bytes;
  text->size = size;
  text->path = strdup(path);
  text->cut = malloc(size + 1);
  if (text->path && text->cut) {
    memcpy(text->cut, bytes, size + 1);
    text->line_count = cut_lines(text->cut, size, NULL);
    text->line = q2_allocate(text->line_count + 1, sizeof *text->line);
  }
  if (!text->line) {
    q2_text_free(text);
    return q2_fail(error, "%s: no memory for its %zu bytes", path, size);
  }
  cut_lines(text->cut, size, text->line);
  return Q2_OK;
}

int q2_text_from_bytes(const char *path, const void *bytes, size_t size, struct q2_text *text, struct q2_error *error) {
  memset(text, 0, sizeof *text);
  char *copy = size <= Q2_TEXT_LARGEST ? malloc(size + 1) : NULL;
  if (!copy) return q2_fail(error, "%s: no memory for its %zu bytes", path, size);
  if (size) memcpy(copy, bytes, size);
  copy[size] = '\0';
  return take_bytes(path, copy, size, text, error);
}

int q2_text_read(const char *path, struct q2_text *text, struct q2_error *error) {
  struct stat about;
  memset(text, 0, sizeof *text);
  FILE *file = fopen(path, "rb");
  if (!file) return q2_fail(error, "%s: cannot be opened: %s", path, strerror(errno));
  int status = Q2_OK;
  char *bytes = NULL;
  size_t size = 0;
  if (fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode))
    status = q2_fail(error, "%s: expected a file", path);
  else if (about.st_size > Q2_TEXT_LARGEST)
    status = q2_fail(error, "%s: has %lld bytes; files of at most %d bytes are read", path, (long long)about.st_size,
                     Q2_TEXT_LARGEST);
  else if (!(bytes = malloc((size_t)about.st_size + 1)))
    status = q2_fail(error, "%s: no memory for its %lld bytes", path, (long long)about.st_size);
  if (status == Q2_OK) {
    size = fread(bytes, 1, (size_t)about.st_size, file);
    if (size != (size_t)about.st_size)
      status = q2_fail(error, "%s: cannot be read: %s", path, ferror(file) ? strerror(errno) : "it became shorter meanwhile");
  }
  fclose(file);
  if (status != Q2_OK) {
    free(bytes);
    return status;
  }
  bytes[size] = '\0';
  return take_bytes(path, bytes, size, text, error);
}

void q2_text_free(struct q2_text *text) {
  free(text->path);
  free(text->bytes);
  free(text->cut);
  free(text->line);
  memset(text, 0, sizeof *text);
}

int q2_text_fail(const struct q2_text *text, int line, struct q2_error *error, const char *format, ...) {
  char message[sizeof error->text];
  va_list values;
  va_start(values, format);
  vsnprintf(message, sizeof message, format, values);
  va_end(values);
  if (line > 0) return q2_fail(error, "%.400s:%d: %s", text->path, line, message);
  return q2_fail(error, "%.400s: %s", text->path, message);
}

const char *q2_text_skip_blanks(const char *line) { return line + strspn(line, " \t"); }

int q2_text_is_blank(const char *line) { return *q2_text_skip_blanks(line) == '\0'; }

int q2_text_path_ends(const char *endings, const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  for (const char *word = endings; *word; word += strcspn(word, " ")) {
    word += strspn(word, " ");
    const size_t length = strcspn(word, " "), whole = strlen(name);
    if (!length || whole < length || strncmp(name + whole - length, word, length) != 0) continue;
    if (*word == '.' || whole == length) return 1;
  }
  return 0;
}

int q2_text_find_start(const struct q2_text *text, int from, const char *words) {
  for (int n = from < 1 ? 1 : from; n <= text->line_count; n++)
    if (strncmp(q2_text_skip_blanks(text->line[n - 1]), words, strlen(words)) == 0) return n;
  return 0;
}

int q2_text_find(const struct q2_text *text, int from, const char *words) {
  for (int n = from < 1 ? 1 : from; n <= text->line_count; n++)
    if (strstr(text->line[n - 1], words)) return n;
  return 0;
}

/* Moves *at to the next word; returns its length, 0 at the line's end. */
static int next_word(const char **at) {
  *at = q2_text_skip_blanks(*at);
  const size_t length = strcspn(*at, " \t");
  return length > INT_MAX ? INT_MAX : (int)length;
}

void q2_text_words(const char *line, struct q2_words *words) {
  const char *at = line;
  int length;
  words->count = 0;
  while (words->count < Q2_WORDS && (length = next_word(&at)) > 0) {
    const int kept = length < Q2_WORD_LENGTH ? length : Q2_WORD_LENGTH - 1;
    words->word[words->count].column = (int)(at - line);
    words->word[words->count].length = length;
    memcpy(words->word[words->count].text, at, (size_t)kept);
    words->word[words->count].text[kept] = '\0';
    words->count++;
    at += length;
  }
}

/* Fortran's D is C's e; Fortran leaves the letter out where the exponent has three digits (1.5-103). Returns whether all of
 * `word` is a number. */
static int parse_real(const char *word, double *value) {
  char number[Q2_WORD_LENGTH + 1];
  int length = 0, digits = 0;
  for (const char *c = word; *c; c++) {
    if (length >= Q2_WORD_LENGTH - 2) return 0; /* it may have been cut */
    const char before = length ? number[length - 1] : 'e';
    if (*c == 'd' || *c == 'D' || *c == 'E')
      number[length++] = 'e';
    else if ((*c == '+' || *c == '-') && before != 'e' && digits) {
      number[length++] = 'e';
      number[length++] = *c;
    } else if (strchr("0123456789.e+-", *c))
      number[length++] = *c;
    else
      return 0;
    digits += isdigit((unsigned char)*c) != 0;
  }
  number[length] = '\0';
  char *end;
  *value = strtod(number, &end);
  return digits > 0 && *end == '\0';
}

int q2_text_is_real(const char *word) {
  double value;
  return parse_real(word, &value) && isfinite(value);
}

int q2_text_real(const struct q2_text *text, int line, const char *word, const char *what, double *value,
                 struct q2_error *error) {
  if (strchr(word, '*'))
    return q2_text_fail(text, line, error, "expected %s, found \"%.40s\": the number did not fit its columns", what, word);
  if (!parse_real(word, value) || !isfinite(*value))
    return q2_text_fail(text, line, error, "expected %s, found \"%.40s\"", what, word);
  return Q2_OK;
}

int q2_text_integer(const struct q2_text *text, int line, const char *word, const char *what, int *value,
                    struct q2_error *error) {
  char *end;
  errno = 0;
  const long number = strtol(word, &end, 10);
  if (!*word || *end || errno || number > INT_MAX || number < INT_MIN)
    return q2_text_fail(text, line, error, "expected %s, found \"%.40s\"", what, word);
  *value = (int)number;
  return Q2_OK;
}

int q2_text_reals(const struct q2_text *text, int *line, int64_t count, const char *what, double *values,
                  struct q2_error *error) {
  int64_t taken = 0;
  while (taken < count) {
    if (*line >= text->line_count)
      return q2_text_fail(text, *line, error, "the file ends after %lld of %lld numbers (%s)", (long long)taken,
                          (long long)count, what);
    const char *at = text->line[(*line)++];
    for (int length; taken < count && (length = next_word(&at)) > 0; at += length) {
      char word[Q2_WORD_LENGTH];
      snprintf(word, sizeof word, "%.*s", length, at);
      Q2_TRY(q2_text_real(text, *line, word, what, &values[taken++], error));
    }
  }
  return Q2_OK;
}

int q2_text_plain(const struct q2_text *text, struct q2_error *error) {
  const char *zero = memchr(text->bytes, '\0', text->size);
  if (!zero) return Q2_OK;
  const char *cut = text->cut + (zero - text->bytes);
  int low = 0, high = text->line_count; /* line[low] <= cut < line[high] */
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    if (text->line[middle] <= cut)
      low = middle;
    else
      high = middle;
  }
  return q2_text_fail(text, low + 1, error, "expected text, found a byte 0 in column %lld",
                      (long long)(cut - text->line[low] + 1));
}

int q2_text_whole(const struct q2_text *text, int line, struct q2_error *error) {
  if (line < text->line_count || text->size == 0) return Q2_OK;
  const char last = text->bytes[text->size - 1];
  if (last == '\n' || last == '\r') return Q2_OK;
  return q2_text_fail(text, text->line_count, error,
                      "the file ends within this line: it was cut short, or its last line end is missing");
}

int q2_text_room(const struct q2_text *text, int line, int64_t count, const char *what, struct q2_error *error) {
  if (count < 0) return q2_text_fail(text, line, error, "expected a number of %s, found %lld", what, (long long)count);
  if (count > (int64_t)(text->size / 2) + 1) /* a digit and a blank each */
    return q2_text_fail(text, line, error, "claims %lld %s; the file has %zu bytes", (long long)count, what, text->size);
  return Q2_OK;
}
