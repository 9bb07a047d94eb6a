/* Texts of other programs' formats, for tests of their readers: read from memory, cut short, with other line ends, refused. */
#ifndef Q2_FORMAT_TEXTS_H
#define Q2_FORMAT_TEXTS_H

#include <stdlib.h>
#include <string.h>

#include "../io/formats/molecule_formats.h"
#include "check.h"

static const char format_file[] = "folder/file";

/* Reads `size` bytes, as a file called folder/file would be. The list is to be released whatever is returned. */
static inline int read_bytes(const char *format, const char *bytes, size_t size, struct q2_molecule_list *list,
                             struct q2_error *error) {
  struct q2_text text;
  const struct q2_molecule_format *row = q2_molecule_format_named(format);
  memset(list, 0, sizeof *list);
  error->text[0] = '\0';
  if (!row) return q2_fail(error, "no format %s", format);
  Q2_TRY(q2_text_from_bytes(format_file, bytes, size, &text, error));
  const int status = row->read(&text, list, error);
  q2_text_free(&text);
  return status;
}

/* Reads a text that must be right; a list of no molecules if it is not. */
static inline void read_right(const char *format, const char *text, struct q2_molecule_list *list) {
  struct q2_error error;
  const int status = read_bytes(format, text, strlen(text), list, &error);
  CHECK(status == Q2_OK, "%s: %s", format, error.text);
  if (status != Q2_OK) q2_molecule_list_free(list);
}

/* Whether the formats' table finds the text to be of this format, whatever its file is called. */
static inline int recognised_as(const char *format, const char *path, const char *text) {
  struct q2_text read;
  struct q2_error error;
  if (q2_text_from_bytes(path, text, strlen(text), &read, &error) != Q2_OK) return 0;
  const struct q2_molecule_format *found = q2_molecule_format_of(&read);
  q2_text_free(&read);
  return found && strcmp(found->name, format) == 0;
}

static inline int same_array(const void *a, const void *b, int64_t count, size_t size) {
  if (!a || !b) return !a && !b;
  return count <= 0 || memcmp(a, b, (size_t)count * size) == 0;
}

/* Whether two records agree bit for bit. */
static inline int same_record(const struct q2_molecule_record *a, const struct q2_molecule_record *b) {
  const int64_t n = a->atom_count;
  return a->atom_count == b->atom_count && strcmp(a->name, b->name) == 0 && strcmp(a->method, b->method) == 0 &&
         a->line == b->line && same_array(a->element, b->element, n, sizeof *a->element) &&
         same_array(a->position, b->position, 3 * n, sizeof(double)) && same_array(a->mass, b->mass, n, sizeof(double)) &&
         same_array(a->gradient, b->gradient, 3 * n, sizeof(double)) &&
         same_array(a->hessian, b->hessian, q2_packed_hessian(n), sizeof(double)) && a->has_energy == b->has_energy &&
         a->energy == b->energy && a->has_charge == b->has_charge && a->charge == b->charge &&
         a->has_multiplicity == b->has_multiplicity && a->multiplicity == b->multiplicity && a->bond_count == b->bond_count &&
         same_array(a->bond, b->bond, a->bond_count, sizeof *a->bond) &&
         same_array(a->bond_order, b->bond_order, a->bond_count, sizeof *a->bond_order) &&
         same_array(a->type, b->type, n, sizeof *a->type) && same_array(a->label, b->label, n, sizeof *a->label) &&
         same_array(a->partial_charge, b->partial_charge, n, sizeof(double));
}

/* Claim: a text cut after any byte is refused with a message that begins with the file's name, or gives the first molecules of
 * the whole text, unchanged. */
static inline void check_cut_anywhere(const char *format, const char *text) {
  struct q2_molecule_list whole, part;
  struct q2_error error;
  read_right(format, text, &whole);
  CHECK(whole.count > 0, "%s", format);
  for (size_t size = 0; size < strlen(text); size++) {
    if (read_bytes(format, text, size, &part, &error) == Q2_OK) {
      CHECK(part.count > 0 && part.count <= whole.count, "%s, cut after %zu bytes: %d molecules", format, size, part.count);
      for (int m = 0; m < part.count && m < whole.count; m++)
        CHECK(same_record(&part.record[m], &whole.record[m]), "%s, cut after %zu bytes: molecule %d", format, size, m);
    } else
      CHECK(strncmp(error.text, format_file, strlen(format_file)) == 0, "%s, cut after %zu bytes: %s", format, size,
            error.text);
    q2_molecule_list_free(&part);
  }
  q2_molecule_list_free(&whole);
}

/* Claim: with each line end replaced by `end` the text gives the same records. */
static inline void check_line_end(const char *format, const char *text, const char *end) {
  struct q2_molecule_list as_written, replaced;
  char *copy = malloc(2 * strlen(text) + 1), *to = copy;
  if (!copy) {
    CHECK(0, "no memory");
    return;
  }
  for (const char *from = text; *from; from++)
    if (*from == '\n')
      to = stpcpy(to, end);
    else
      *to++ = *from;
  *to = '\0';
  read_right(format, text, &as_written);
  read_right(format, copy, &replaced);
  CHECK(as_written.count == replaced.count && replaced.count > 0, "%s: %d molecules", format, replaced.count);
  for (int m = 0; m < as_written.count && m < replaced.count; m++)
    CHECK(same_record(&as_written.record[m], &replaced.record[m]), "%s: molecule %d", format, m);
  q2_molecule_list_free(&as_written);
  q2_molecule_list_free(&replaced);
  free(copy);
}

/* Claim: the text is refused with a message that begins with the file's name and contains `message`. */
static inline void check_refused(const char *format, const char *text, const char *message) {
  struct q2_molecule_list list;
  struct q2_error error;
  const int status = read_bytes(format, text, strlen(text), &list, &error);
  CHECK(status == Q2_FAILED, "%s: expected \"%s\"", format, message);
  CHECK(strncmp(error.text, format_file, strlen(format_file)) == 0 && strstr(error.text, message),
        "%s: found \"%s\", expected \"%s\"", format, error.text, message);
  q2_molecule_list_free(&list);
}

/* Claim: with its first `old` replaced by `new` the text is refused with this message. */
static inline void check_refused_with(const char *format, const char *text, const char *old, const char *new,
                                      const char *message) {
  const char *at = strstr(text, old);
  if (!at) {
    CHECK(0, "%s: the text has no \"%s\"", format, old);
    return;
  }
  char *copy = malloc(strlen(text) + strlen(new) + 1);
  if (!copy) {
    CHECK(0, "no memory");
    return;
  }
  memcpy(copy, text, (size_t)(at - text));
  strcpy(stpcpy(copy + (at - text), new), at + strlen(old));
  check_refused(format, copy, message);
  free(copy);
}

#endif
