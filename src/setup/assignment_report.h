/* Which row of a force field each term got: what matched which row, what matched by wildcard, what matched none. Nothing that
 * is left without a row stays unsaid. */
#ifndef Q2_ASSIGNMENT_REPORT_H
#define Q2_ASSIGNMENT_REPORT_H

#include <mpi.h>
#include <stdint.h>

#include "../../io/error.h"
#include "../../io/result.h"
#include "../print.h"
#include "lookup.h"

enum q2_match_how { Q2_MATCHED, Q2_MATCHED_BY_WILDCARD, Q2_MATCHED_NEW /* a row was made for it */, Q2_MATCHED_NONE };

/* Terms of one kind, of the same types, that got the same row. Texts that are too long are cut. */
struct q2_assignment_entry {
  char what[32], types[96], row[96];
  char example[128]; /* of those noted, the first in the alphabet: the same on any number of ranks */
  int32_t how, line;
  int64_t count;
};

/* Local; zeroed: empty. */
struct q2_assignment_report {
  struct q2_growing entries; /* struct q2_assignment_entry */
  struct q2_lookup found;
};

/* Notes that a term of `what` ("bond", "angle", "torsion", "improper", "van der Waals", ...) between atoms of `types`
 * ("C3-C3-H1") got the row at `line` of the file (0 where there is none) called `row` ("C3 - C3 - H1"; without a row: why there
 * is none, or
 * ""). Equal notes are counted; `example` names one: "molecule (atoms 1 2 3)". */
int q2_assignment_note(struct q2_assignment_report *report, const char *what, const char *types, enum q2_match_how how,
                       int line, const char *row, const char *example, struct q2_error *error);
void q2_assignment_report_free(struct q2_assignment_report *report);

/* Collective: sums the notes of all ranks, sorted by what, how, types; afterwards rank 0 holds them all, the others none. */
int q2_assignment_gather(MPI_Comm comm, struct q2_assignment_report *report, struct q2_error *error);

/* Prints the table (rank 0, after q2_assignment_gather): totals by kind, then all that got a new row or none. Details are what
 * matched by wildcard and, of kinds for which most force fields have rows for few combinations of types (improper,
 * out-of-plane, Urey-Bradley, and cross terms), those without a row. */
void q2_assignment_print(const struct q2_assignment_report *report, struct q2_printer *printer);

/* Adds the table to a data set as /force_field/assignment (docs/format.md); on rank 0, after q2_assignment_gather. `report` is
 * a struct q2_assignment_report: the function is one that q2_dataset_write can be given. Local. */
int q2_assignment_store(struct q2_image *image, void *report, struct q2_error *error);

#endif
