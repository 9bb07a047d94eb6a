/* A file of another program, whole in memory and cut into lines, and how its readers take numbers from it and complain.
 *
 * Readers work on a struct q2_text alone, never on an open file, so that a test or a fuzzer can hand them any bytes. Everything
 * here is local. */
#ifndef Q2_TEXT_H
#define Q2_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "../error.h"

struct q2_text {
  char *path;     /* as the user wrote it; messages begin with it */
  char *bytes;    /* [size + 1] as on disk, terminated */
  size_t size;    /* a file may hold zeros (a binary one does): then lines end there for string functions */
  char *cut;      /* [size + 1] the bytes again, every line end replaced by a terminator */
  int line_count; /* "\n", "\r\n" and "\r" end a line; a last line without end counts */
  char **line;    /* [line_count] into `cut`; line[n - 1] is the one that editors and messages call n */
};

enum { Q2_TEXT_LARGEST = 2147483647 /* bytes: larger files are refused */ };

/* Reads the file at `path` (a regular file). Memory: twice the file, and a pointer a line. Release with q2_text_free. */
int q2_text_read(const char *path, struct q2_text *text, struct q2_error *error);

/* The same from `size` bytes, which are copied; `path` is what messages call them. */
int q2_text_from_bytes(const char *path, const void *bytes, size_t size, struct q2_text *text, struct q2_error *error);

/* Releases the text; harmless on a zeroed structure. */
void q2_text_free(struct q2_text *text);

/* Writes "PATH:LINE: " and the message (printf's format) into `error`; line from 1, 0 for the whole file ("PATH: "). Returns
 * Q2_FAILED. */
int q2_text_fail(const struct q2_text *text, int line, struct q2_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The first line at or after `from` (from 1) that begins with (contains) `words`, or 0. Blanks before are skipped. */
int q2_text_find_start(const struct q2_text *text, int from, const char *words);
int q2_text_find(const struct q2_text *text, int from, const char *words);

/* The line after its blanks and tabs, and whether there is nothing else in it. */
const char *q2_text_skip_blanks(const char *line);
int q2_text_is_blank(const char *line);

/* Whether the path's last part ends with one of the words of `endings`, " .fchk .fch "; a word without dot is a whole name. */
int q2_text_path_ends(const char *endings, const char *path);

/* A line's words: split at blanks and tabs. */
enum { Q2_WORDS = 64, Q2_WORD_LENGTH = 64 };
struct q2_words {
  int count; /* Q2_WORDS at most; what is beyond is left out */
  struct {
    int column, length;        /* of the word in the line, from 0 */
    char text[Q2_WORD_LENGTH]; /* cut where it is longer */
  } word[Q2_WORDS];
};
void q2_text_words(const char *line, struct q2_words *words);

/* Takes a number as C or Fortran write it (1.5, -1.5e-3, 1.5D-03, 1.5d-3, and Fortran's 1.5-103) from `word`, all of it. What
 * is no number, "*****" (Fortran's overflow), not finite, or (integer) has a fraction or does not fit is refused with a message
 * that names line and word and says that it expected `what` ("a coordinate"). */
int q2_text_real(const struct q2_text *text, int line, const char *word, const char *what, double *value,
                 struct q2_error *error);
int q2_text_integer(const struct q2_text *text, int line, const char *word, const char *what, int *value,
                    struct q2_error *error);

/* Whether the word is a real number by the rules above. */
int q2_text_is_real(const char *word);

/* Appends the numbers of a table that fills lines, separated by blanks: reads `count` reals from the lines after `line` into
 * values[count]; *line becomes the last line read. Stops with a message where a line has something else, or the file ends. */
int q2_text_reals(const struct q2_text *text, int *line, int64_t count, const char *what, double *values,
                  struct q2_error *error);

/* Refuses a text with a byte 0, which would cut a line: a reader of text begins with it. */
int q2_text_plain(const struct q2_text *text, struct q2_error *error);

/* Refuses a line that is the file's last and has no line end: a number in it may have lost its last digits. For files of
 * programs, which end every line. */
int q2_text_whole(const struct q2_text *text, int line, struct q2_error *error);

/* Refuses `count` numbers (`what`), which `line` claims, where there are fewer than none or the text has not so many bytes. To
 * be asked before memory is. */
int q2_text_room(const struct q2_text *text, int line, int64_t count, const char *what, struct q2_error *error);

#endif
