/* Which row of a force field each term got: what matched which row, what matched by wildcard, what matched none. Nothing that
 * is left without a row stays unsaid. */
#ifndef Q2_ASSIGNMENT_REPORT_H
#define Q2_ASSIGNMENT_REPORT_H

#include <mpi.h>
#include <stdint.h>

#include "../../io/error.h"
#include "../print.h"

enum q2_match_how { Q2_MATCHED, Q2_MATCHED_BY_WILDCARD, Q2_MATCHED_NONE, Q2_MATCHED_NEW /* a row was made for it */ };

/* Local; zeroed: empty. */
struct q2_assignment_report {
  void *entries;
  int64_t count, capacity;
};

/* Notes that a term of `what` ("bond", "angle", "torsion", "improper", "van der Waals", ...) between atoms of `types`
 * ("C3-C3-H1") got the row at `line` of the file (0 where there is none) called `row` ("C3 - C3 - H1"). Equal notes are
 * counted; `example` names the first: "molecule (atoms 1 2 3)". */
int q2_assignment_note(struct q2_assignment_report *report, const char *what, const char *types, enum q2_match_how how,
                       int line, const char *row, const char *example, struct q2_error *error);
void q2_assignment_report_free(struct q2_assignment_report *report);

/* Collective: sums the notes of all ranks, sorted by what, how, types; afterwards rank 0 holds them all. */
int q2_assignment_gather(MPI_Comm comm, struct q2_assignment_report *report, struct q2_error *error);

/* Prints the table (rank 0, after q2_assignment_gather): totals by kind, then all that matched none or by wildcard. */
void q2_assignment_print(const struct q2_assignment_report *report, struct q2_printer *printer);

#endif
