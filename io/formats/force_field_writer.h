/* What writers of force fields share: a text that grows, the name of a row for messages, numbers in the file's unit. */
#ifndef Q2_FORCE_FIELD_WRITER_H
#define Q2_FORCE_FIELD_WRITER_H

#include <stdio.h>

#include "force_field.h"

struct q2_field_writer {
  const struct q2_force_field *field;
  const char *format; /* "Tinker", for messages */
  FILE *out;          /* of open_memstream */
  char *bytes;
  size_t size;
};

/* Opens the text. */
int q2_field_writer_open(const struct q2_force_field *field, const char *format, struct q2_field_writer *writer,
                         struct q2_error *error);

/* Closes the text: *bytes [*size] where `status` is Q2_OK, else nothing; returns the outcome. */
int q2_field_writer_close(struct q2_field_writer *writer, int status, char **bytes, size_t *size, struct q2_error *error);

/* "bond_harmonic C3 - H1 (line 12)" into `text`; returns it. */
enum { Q2_ROW_TEXT = 160 };
const char *q2_field_row_text(const struct q2_type_row *row, char text[Q2_ROW_TEXT]);

/* Refuses a row: "AMBER has no stretch_bend (row ...)". */
int q2_field_refuse_row(const struct q2_field_writer *writer, const struct q2_type_row *row, const char *why,
                        struct q2_error *error);

/* Prints a blank and the number of the row's parameter `p`, in `unit`, divided by `multiplier`. */
int q2_field_write_number(const struct q2_field_writer *writer, const struct q2_type_row *row, int p, const char *unit,
                          double multiplier, struct q2_error *error);

/* How many rows from `row` on are one series: components 0, 1, 2, ... of the same form. */
int q2_field_series(const struct q2_force_field *field, int row);

/* Whether the field has rows of this form. */
int q2_field_has(const struct q2_force_field *field, const char *form);

#endif
