/* Everything that q2hpc prints goes through here, and only the first rank speaks. */
#include "print.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void q2_printer_create(MPI_Comm comm, enum q2_print_level level, struct q2_printer *printer) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  printer->speaks = rank == 0;
  printer->level = level;
  /* Open MPI's mpirun gives every rank a terminal of its own as standard output, even where its own output goes to a file;
   * standard error stays a pipe and tells. So there is no bar under it. */
  printer->terminal = printer->speaks && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
  printer->bar = 0;
}

static void wipe(struct q2_printer *printer) {
  if (!printer->bar) return;
  fputs("\r\033[K", stdout);
  printer->bar = 0;
}

static void print_at(struct q2_printer *printer, enum q2_print_level level, const char *format, va_list arguments) {
  if (!printer->speaks || printer->level < level) return;
  wipe(printer);
  vfprintf(stdout, format, arguments);
  fflush(stdout);
}

void q2_print_answer(struct q2_printer *printer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_at(printer, Q2_PRINT_QUIET, format, arguments);
  va_end(arguments);
}

void q2_print(struct q2_printer *printer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_at(printer, Q2_PRINT_NORMAL, format, arguments);
  va_end(arguments);
}

void q2_print_detail(struct q2_printer *printer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_at(printer, Q2_PRINT_VERBOSE, format, arguments);
  va_end(arguments);
}

void q2_warn(struct q2_printer *printer, const char *format, ...) {
  if (!printer->speaks) return;
  wipe(printer);
  fflush(stdout);
  va_list arguments;
  va_start(arguments, format);
  fputs("q2hpc: warning: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

void q2_progress(struct q2_printer *printer, const char *what, double fraction) {
  if (!printer->terminal || printer->level < Q2_PRINT_NORMAL) return;
  wipe(printer);
  if (fraction >= 0.0) {
    static const char full[] = "##############################";
    const int length = (int)sizeof full - 1;
    const int done = fraction >= 1.0 ? length : (int)(fraction * length);
    printf("[%-*.*s] %3.0f%% %s", length, done, full, 100.0 * (fraction > 1.0 ? 1.0 : fraction), what);
    printer->bar = 1;
  }
  fflush(stdout);
}
