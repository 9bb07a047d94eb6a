/* Everything that q2hpc prints goes through here, and only the first rank speaks. */
#ifndef Q2_PRINT_H
#define Q2_PRINT_H

#include <mpi.h>

enum q2_print_level { Q2_PRINT_QUIET = 0, Q2_PRINT_NORMAL = 1, Q2_PRINT_VERBOSE = 2 };

struct q2_printer {
  int speaks;                /* 1 on rank 0 of the communicator, 0 elsewhere: every call is harmless on every rank */
  enum q2_print_level level; /* what the user asked for */
  int terminal;              /* the user's terminal is at the other end: a progress bar makes sense */
  int bar;                   /* a progress bar is on the current line */
};

/* Makes the printer of `comm` at `level`. Local; nothing to release. */
void q2_printer_create(MPI_Comm comm, enum q2_print_level level, struct q2_printer *printer);

/* Print to standard output, printf's format: the answer that was asked for (in every mode), ordinary lines (not in quiet mode),
 * and details (in verbose mode only). Each flushes, so that a batch system's log is never behind. */
void q2_print_answer(struct q2_printer *printer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void q2_print(struct q2_printer *printer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void q2_print_detail(struct q2_printer *printer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints "q2hpc: warning: ..." to standard error, in every mode. */
void q2_warn(struct q2_printer *printer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Draws a progress bar at `fraction` (0 to 1) with the words `what`, over the previous one; only on a terminal and not in quiet
 * mode. The next line printed, or a negative fraction, wipes it. */
void q2_progress(struct q2_printer *printer, const char *what, double fraction);

#endif
