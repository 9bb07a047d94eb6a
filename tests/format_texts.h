/* Checks of tests/damage.h on texts that a test holds as strings. */
#ifndef Q2_FORMAT_TEXTS_H
#define Q2_FORMAT_TEXTS_H

#include <string.h>

#include "check.h"
#include "damage.h"

/* The string as a sample; not to be released. */
static inline struct sample sample_of(const char *text) {
  return (struct sample){.text = (char *)text, .size = strlen(text), .capacity = 0};
}

/* Reads a text that holds `records` of them, and is recognised. */
static inline void read_text(const char *format, const char *text, int records, struct q2_molecule_list *list) {
  const struct sample sample = sample_of(text);
  read_whole(format, &sample, records, list);
}

/* Damaged in every way, the text is refused or gives complete records. */
static inline void check_text_damaged(const char *format, const char *text, int numbers) {
  const struct sample sample = sample_of(text);
  check_damaged(format, &sample, numbers, CUT_LEAVES_WHOLE);
}

static inline void check_text_refused(const char *format, const char *text, const char *expected) {
  const struct sample sample = sample_of(text);
  check_refused(format, &sample, expected);
}

static inline void check_text_refused_with(const char *format, const char *text, const char *old, const char *new,
                                           const char *expected) {
  const struct sample sample = sample_of(text);
  check_refused_with(format, &sample, old, new, expected);
}

/* A replacement in a right text, and what must be said of it. */
struct wrong_text {
  const char *old, *new, *expected;
};

static inline void check_wrong_texts(const char *format, const char *text, const struct wrong_text *wrong, size_t count) {
  const struct sample sample = sample_of(text);
  for (size_t k = 0; k < count; k++)
    check_refused_with(format, &sample, wrong[k].old, wrong[k].new, wrong[k].expected);
}
#define CHECK_WRONG_TEXTS(format, text, wrong) check_wrong_texts(format, text, wrong, sizeof(wrong) / sizeof *(wrong))

/* Whether the formats' table finds a file called `path` with this text to be of the format. */
static inline int recognised_as(const char *format, const char *path, const char *text) {
  struct q2_text read;
  struct q2_error error;
  if (q2_text_from_bytes(path, text, strlen(text), &read, &error) != Q2_OK) return 0;
  const struct q2_molecule_format *found = q2_molecule_format_of(&read);
  q2_text_free(&read);
  return found && strcmp(found->name, format) == 0;
}

#endif
