/* Archive entries of Gaussian logs: found, joined, cut into sections and fields. */
#include "gaussian_archive.h"

#include <stdlib.h>
#include <string.h>

#include "../memory.h"

int q2_archive_begins(const char *line) {
  if (*line == ' ') line++;
  return strncmp(line, "1\\1\\", 4) == 0 || strncmp(line, "1|1|", 4) == 0;
}

void q2_archive_free(struct q2_archive *archive) {
  free(archive->joined);
  free(archive->line_begin);
  memset(archive, 0, sizeof *archive);
}

/* Finds first_line and last_line, and returns the size of all lines between. */
static size_t find_lines(const struct q2_text *text, int from, struct q2_archive *archive) {
  size_t size = 0;
  for (int n = from; n <= text->line_count; n++) {
    const char *line = text->line[n - 1];
    size_t length = strlen(line);
    if (archive->first_line == 0) {
      if (!q2_archive_begins(line)) continue;
      archive->first_line = n;
    } else if (length == 0 || q2_archive_begins(line))
      return size; /* without an end */
    size += length;
    while (length > 0 && line[length - 1] == ' ')
      length--;
    if (length > 0 && line[length - 1] == '@') {
      archive->last_line = n;
      return size;
    }
  }
  return size;
}

static int cut_sections(const struct q2_text *text, struct q2_archive *archive, struct q2_error *error) {
  const char between[] = {archive->separator, archive->separator, '\0'};
  for (char *at = archive->joined; at;) {
    if (archive->section_count == Q2_ARCHIVE_SECTIONS)
      return q2_text_fail(text, q2_archive_line(archive, at), error, "the archive entry has more than %d sections",
                          Q2_ARCHIVE_SECTIONS);
    archive->section[archive->section_count++] = at;
    at = strstr(at, between);
    if (at) {
      *at = '\0';
      at += 2;
    }
  }
  return Q2_OK;
}

int q2_archive_next(const struct q2_text *text, int from, struct q2_archive *archive, struct q2_error *error) {
  memset(archive, 0, sizeof *archive);
  const size_t size = find_lines(text, from, archive);
  if (archive->first_line == 0) return Q2_OK;
  if (archive->last_line == 0)
    return q2_text_fail(text, archive->first_line, error, "the archive entry that begins here has no end (@)");
  const int lines = archive->last_line - archive->first_line + 1;
  archive->joined = malloc(size + 1);
  archive->line_begin = q2_allocate(lines, sizeof *archive->line_begin);
  if (!archive->joined || !archive->line_begin)
    return q2_text_fail(text, archive->first_line, error, "no memory for the archive entry");
  char *end = archive->joined;
  for (int k = 0; k < lines; k++) {
    const char *line = text->line[archive->first_line - 1 + k];
    if (*line == ' ') line++;
    archive->line_begin[k] = (size_t)(end - archive->joined);
    const size_t length = strlen(line);
    memcpy(end, line, length);
    end += length;
  }
  while (end[-1] != '@')
    end--;
  end[-1] = '\0';
  archive->separator = archive->joined[1];
  return cut_sections(text, archive, error);
}

int q2_archive_line(const struct q2_archive *archive, const char *at) {
  const size_t place = (size_t)(at - archive->joined);
  int low = 0, high = archive->last_line - archive->first_line + 1;
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    if (archive->line_begin[middle] <= place)
      low = middle;
    else
      high = middle;
  }
  return archive->first_line + low;
}

int q2_archive_field(const struct q2_archive *archive, const char **at, char *field, size_t size) {
  if (!**at) return 0;
  const char *end = strchr(*at, archive->separator);
  const size_t length = end ? (size_t)(end - *at) : strlen(*at);
  const size_t kept = length < size ? length : size - 1;
  memcpy(field, *at, kept);
  field[kept] = '\0';
  *at += length + (end != NULL);
  return 1;
}

const char *q2_archive_value(const struct q2_archive *archive, const char *section, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = section; at; at = strchr(at, archive->separator)) {
    if (*at == archive->separator) at++;
    if (strncmp(at, name, length) == 0 && at[length] == '=') return at + length + 1;
  }
  return NULL;
}

int64_t q2_archive_number_count(const char *section) {
  int64_t count = *section != '\0';
  for (; *section; section++)
    count += *section == ',';
  return count;
}

int q2_archive_numbers(const struct q2_text *text, const struct q2_archive *archive, const char *section, int64_t count,
                       const char *what, double *values, struct q2_error *error) {
  const char *at = section;
  for (int64_t k = 0; k < count; k++) {
    char word[Q2_WORD_LENGTH];
    const size_t length = strcspn(at, ",");
    const size_t kept = length < sizeof word ? length : sizeof word - 1;
    memcpy(word, at, kept);
    word[kept] = '\0';
    Q2_TRY(q2_text_real(text, q2_archive_line(archive, at), word, what, &values[k], error));
    at += length + (at[length] == ',');
  }
  return Q2_OK;
}
