/* The force field that an import starts from: files of any format, or none. */
#ifndef Q2_IMPORT_FIELD_H
#define Q2_IMPORT_FIELD_H

#include "../../io/formats/mm3star.h"
#include "assign.h"

struct q2_import_field {
  struct q2_mm3star *mm3star; /* NULL where the format is another one */
  struct q2_force_field types;
  struct q2_text origin; /* the file that an export can rewrite: the last; line_count 0: there is none */
  char format[Q2_KIND_LENGTH];
  char names[Q2_LINE_LENGTH]; /* the files, for people; "": a new force field */
  int file_count;
};

/* Reads `files` ("FILE,FILE"; "": none), in `format` ("": by content). Later files take precedence over earlier ones; places of
 * numbers are those in the last, and where there are several just the last one's rows count as marked to be fitted. Local:
 * every rank reads the same. Release with q2_import_field_free, also after a failure. */
int q2_import_field_read(const char *files, const char *format, struct q2_import_field *field, struct q2_error *error);
void q2_import_field_free(struct q2_import_field *field);

/* Collective: gives the molecules of `builder` their terms by the force field, which is made from their types where no file was
 * read; afterwards `report` is that of all ranks, on rank 0. */
int q2_import_field_assign(MPI_Comm comm, struct q2_import_field *field, struct q2_builder *builder,
                           const struct q2_assign_options *options, struct q2_assignment_report *report,
                           struct q2_error *error);

#endif
