/* What the SOURCEs of `q2hpc import` name: files, sorted and put together by molecule. docs/import.md has the rules. */
#ifndef Q2_SOURCES_H
#define Q2_SOURCES_H

#include <mpi.h>
#include <stdint.h>

#include "../../io/error.h"

/* Texts are offsets into the text that belongs to all of them (q2_source_text), -1: none. */
struct q2_source_file {
  int64_t path;
  int64_t size; /* bytes */
};

/* What a line of a manifest says besides names and files. */
enum q2_source_given {
  Q2_GIVEN_CHARGE = 1,
  Q2_GIVEN_MULTIPLICITY = 2,
  Q2_GIVEN_GROUP = 4,
  Q2_GIVEN_ENERGY = 8,
  Q2_GIVEN_VALIDATION = 16,
  Q2_GIVEN_STATIONARY = 32,
  Q2_GIVEN_RECORD = 64
};

/* Files that tell of the same molecules. */
struct q2_source {
  int32_t first_file, file_count;
  int64_t name;         /* the molecule's, from a manifest */
  int64_t stem, folder; /* what its files have in common; the last part of their folder's path */
  int64_t where;        /* "set.manifest:3", for messages about what a manifest says */
  int32_t given;        /* which of these: */
  int32_t charge, multiplicity, group, validation, stationary, record;
  double energy; /* hartree */
};

struct q2_sources {
  int32_t count, file_count;
  struct q2_source *source;    /* [count] in the order of the molecules */
  struct q2_source_file *file; /* [file_count] those of one source are neighbours */
  int64_t text_size;
  char *text;
};

/* Collective: finds what `words` [word_count] name. Rank 0 looks at the file system; afterwards every rank holds the same.
 * `any_ending`: directories are searched for files of any ending (a format was named), else for those of the known formats.
 * Release with q2_sources_free. */
int q2_sources_find(MPI_Comm comm, int word_count, char *const *words, int any_ending, struct q2_sources *sources,
                    struct q2_error *error);
void q2_sources_free(struct q2_sources *sources);

/* A text by its offset; "" for -1. Borrowed. */
const char *q2_source_text(const struct q2_sources *sources, int64_t offset);

/* The path of file `f` of source `s`. Borrowed. */
const char *q2_source_path(const struct q2_sources *sources, int s, int f);

/* Order as people number things: as strcmp, but digits that follow each other compare as one number (isomer2 before isomer10).
 */
int q2_natural_order(const char *first, const char *second);

#endif
