/* Archive entries of Gaussian logs: "1\1\GINC-...\\@", one at the end of each job.
 *
 * An entry is one long string in lines of 70 characters, each after a blank. "\" (on Windows "|") parts its fields, two of them
 * its sections: job, route, title, charge and atoms (more sections where the geometry is a Z-matrix), properties
 * ("Version=...\HF=..."), and after a frequency job the Hessian's lower triangle and the gradient. All vectors are in the frame
 * of the entry's atoms, which is the input's; energies are in hartree, derivatives in hartree/bohr and hartree/bohr^2, atoms in
 * angstrom. */
#ifndef Q2_GAUSSIAN_ARCHIVE_H
#define Q2_GAUSSIAN_ARCHIVE_H

#include "text.h"

enum { Q2_ARCHIVE_SECTIONS = 24 };

struct q2_archive {
  int first_line, last_line; /* in the log; 0: there is no entry */
  char separator;            /* of fields: '\\' or '|' */
  char *joined;              /* the entry in one piece, terminators between sections */
  size_t *line_begin;        /* [last_line - first_line + 1] of each line, in `joined` */
  int section_count;
  char *section[Q2_ARCHIVE_SECTIONS];
};

/* Whether the line begins an entry. */
int q2_archive_begins(const char *line);

/* Finds the first entry at or after line `from` (first_line 0: there is none). An entry without its end is refused: the file
 * was cut short, or the job. Release with q2_archive_free. */
int q2_archive_next(const struct q2_text *text, int from, struct q2_archive *archive, struct q2_error *error);

void q2_archive_free(struct q2_archive *archive);

/* The line of the log that `at`, a place in the entry, is in. */
int q2_archive_line(const struct q2_archive *archive, const char *at);

/* Copies the field that begins at *at, at most size - 1 characters, and moves *at behind it and its separator. Returns 0 at the
 * section's end. */
int q2_archive_field(const struct q2_archive *archive, const char **at, char *field, size_t size);

/* Where the value of the field "NAME=" of a section begins, or NULL. */
const char *q2_archive_value(const struct q2_archive *archive, const char *section, const char *name);

/* Numbers of a section: parted by commas. */
int64_t q2_archive_number_count(const char *section);
int q2_archive_numbers(const struct q2_text *text, const struct q2_archive *archive, const char *section, int64_t count,
                       const char *what, double *values, struct q2_error *error);

#endif
