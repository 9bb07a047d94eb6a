/* Reading force fields of all formats, and assigning them. */
#include "import_field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assign_mm3star.h"

static const char mm3star[] = "mm3star"; /* a format beside those in q2_force_field_formats */

static void known_formats(char *text, size_t size) {
  text[0] = '\0';
  q2_append_name(text, size, mm3star);
  for (const struct q2_force_field_format *format = q2_force_field_formats; format->name; format++)
    if (format->read) q2_append_name(text, size, format->name);
}

/* The format's name: as it is asked for, or by the content of the text. */
static int find_format(const struct q2_text *text, const char *asked, const char **name,
                       const struct q2_force_field_format **format, struct q2_error *error) {
  char known[256];
  *format = NULL;
  *name = mm3star;
  if (asked[0] ? strcmp(asked, mm3star) == 0 : q2_mm3star_recognises(text)) return Q2_OK;
  *format = asked[0] ? q2_force_field_format_named(asked) : q2_force_field_format_of(text);
  if (*format && (*format)->read) {
    *name = (*format)->name;
    return Q2_OK;
  }
  known_formats(known, sizeof known);
  if (asked[0]) return q2_fail(error, "option -force_field_format: \"%s\" is none of %s", asked, known);
  return q2_fail(error,
                 "%s: expected a force field in a format out of %s; it looks like none of them (-force_field_format NAME says "
                 "which it is)",
                 text->path, known);
}

/* Numbers of a file that is not the last have no place where an export could write them, so that they do not vary by themselves
 * (q2_assign_varies). */
static void forget_places(struct q2_force_field *field) {
  for (int r = 0; r < field->row_count; r++) {
    field->row[r].fitted = 0;
    for (int p = 0; p < field->row[r].parameter_count; p++)
      field->row[r].parameter[p].line = 0;
  }
  for (int r = 0; r < field->nonbonded_count; r++) {
    field->nonbonded[r].fitted = 0;
    field->nonbonded[r].epsilon.line = field->nonbonded[r].size.line = 0;
  }
  for (int r = 0; r < field->pair_count; r++)
    field->pair[r].parameter[0].line = field->pair[r].parameter[1].line = 0;
}

/* Reads one more file; its text stays in field->origin. */
static int read_file(struct q2_import_field *field, const char *path, const char *asked, struct q2_error *error) {
  const struct q2_force_field_format *format;
  const char *name;
  q2_text_free(&field->origin);
  Q2_TRY(q2_text_read(path, &field->origin, error));
  Q2_TRY(find_format(&field->origin, asked, &name, &format, error));
  if (field->file_count > 0 && strcmp(field->format, name) != 0)
    return q2_fail(error, "%s: is of format %s, but the files before it are of format %s", path, name, field->format);
  if (field->file_count > 0 && !format)
    return q2_fail(error, "%s: MM3* is one file, and %s was named before it", path, field->names);
  snprintf(field->format, sizeof field->format, "%s", name);
  q2_append_name(field->names, sizeof field->names, path);
  forget_places(&field->types);
  field->file_count++;
  return format ? format->read(&field->origin, &field->types, error) : q2_mm3star_read(&field->origin, &field->mm3star, error);
}

int q2_import_field_read(const char *files, const char *format, struct q2_import_field *field, struct q2_error *error) {
  memset(field, 0, sizeof *field);
  for (const char *file = files; *file;) {
    char path[4096];
    const size_t length = strcspn(file, ",");
    if (length == 0 || length >= sizeof path)
      return q2_fail(error, "option -force_field: expected files separated by commas, found \"%s\"", files);
    snprintf(path, sizeof path, "%.*s", (int)length, file);
    Q2_TRY(read_file(field, path, format, error));
    file += length + (file[length] == ',');
  }
  return Q2_OK;
}

void q2_import_field_free(struct q2_import_field *field) {
  q2_mm3star_free(field->mm3star);
  q2_force_field_free(&field->types);
  q2_text_free(&field->origin);
  memset(field, 0, sizeof *field);
}

int q2_import_field_assign(MPI_Comm comm, struct q2_import_field *field, struct q2_builder *builder,
                           const struct q2_assign_options *options, struct q2_assignment_report *report,
                           struct q2_error *error) {
  if (field->file_count == 0) {
    Q2_TRY(q2_force_field_of_types(comm, builder, &field->types, error));
    snprintf(field->format, sizeof field->format, "%s", field->types.format);
  }
  const int status = field->mm3star ? q2_assign_mm3star(builder, field->mm3star, options, report, error)
                                    : q2_assign_rows(builder, &field->types, options, report, error);
  Q2_TRY(q2_agree(comm, status, error));
  return q2_assignment_gather(comm, report, error);
}
