/* q2hpc: starts MPI and PETSc, runs one command, and ends every rank with the same exit status. */
#include <petscsys.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../io/trial.h"
#include "commands.h"
#include "machine.h"
#include "petsc_call.h"

enum { DONE = 0, FAILED = 1, WRONG_USAGE = 2 };

static int run_command(MPI_Comm comm, const struct q2_command_line *line, int *exit_status, struct q2_error *error) {
  switch (line->command) {
  case Q2_COMMAND_FIT:
    return q2_command_fit(comm, line, exit_status, error);
  case Q2_COMMAND_INFO:
    return q2_command_info(comm, line, exit_status, error);
  case Q2_COMMAND_EVAL:
    return q2_command_eval(comm, line, exit_status, error);
  case Q2_COMMAND_BENCH:
    return q2_command_bench(comm, line, exit_status, error);
  case Q2_COMMAND_IDENTIFY:
    return q2_command_identify(comm, line, exit_status, error);
  case Q2_COMMAND_TUNE:
    return q2_command_tune(comm, line, exit_status, error);
  case Q2_COMMAND_PRECISION:
    return q2_command_precision(comm, line, exit_status, error);
  case Q2_COMMAND_IMPORT:
    return q2_command_import(comm, line, exit_status, error);
  case Q2_COMMAND_EXPORT:
    return q2_command_export(comm, line, exit_status, error);
  default:
    return q2_fail(error, "no such command");
  }
}

/* Everything between PETSc's beginning and end; returns the exit status. */
static int run_with_petsc(MPI_Comm comm, const struct q2_command_line *line, struct q2_error *error) {
  int exit_status = DONE;
  if (line->command == Q2_COMMAND_HELP || line->command == Q2_COMMAND_VERSION) {
    struct q2_printer printer;
    q2_printer_create(comm, Q2_PRINT_NORMAL, &printer);
    if (line->command == Q2_COMMAND_HELP)
      q2_options_help(&printer);
    else if (printer.speaks)
      q2_machine_versions(&printer);
    return DONE;
  }
  /* A command fails on all ranks or on none (q2_agree), with one text. */
  const int status = run_command(comm, line, &exit_status, error);
  return status == Q2_OK ? exit_status : FAILED;
}

int main(int argc, char **argv) {
  int provided, rank, exit_status = WRONG_USAGE;
  struct q2_command_line line;
  struct q2_error error = {""};
  /* Started by q2_trial, by one rank: it is none itself, and what libraries do at the end of a program is not for it. */
  if (argc == 4 && strcmp(argv[1], q2_trial_command) == 0) _exit(q2_trial_walk(argv[2], atoi(argv[3]), STDOUT_FILENO));
  /* Threads compute, the main thread talks. */
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  const MPI_Comm comm = MPI_COMM_WORLD; /* the only place that names it */
  MPI_Comm_rank(comm, &rank);
  int status = q2_command_line_parse(argc, argv, &line, &error);
  if (status == Q2_OK && provided < MPI_THREAD_FUNNELED)
    status = q2_fail(&error, "this MPI library allows no threads (MPI_THREAD_FUNNELED)");
  if (q2_agree(comm, status, &error) == Q2_OK) {
    /* PETSc keeps pointers into these until its end, and counts on being free to reorder them. */
    int petsc_argc = line.argument_count;
    char **petsc_argv = line.arguments;
    if (PetscInitialize(&petsc_argc, &petsc_argv, NULL, NULL)) {
      fprintf(stderr, "q2hpc: rank %d: PETSc does not start\n", rank);
      MPI_Abort(comm, FAILED); /* nothing says that the other ranks know */
    }
    PetscPushErrorHandler(q2_petsc_silent, NULL);
    PetscPopSignalHandler(); /* a signal is no error of PETSc's: mpirun reports it, with one line */
    exit_status = run_with_petsc(comm, &line, &error);
    PetscPopErrorHandler();
    if (PetscFinalize() && exit_status == DONE) exit_status = FAILED;
  }
  if (error.text[0] && exit_status != DONE && rank == 0) {
    fflush(stdout);
    fprintf(stderr, "q2hpc: %s\n", error.text);
  }
  q2_command_line_free(&line);
  MPI_Finalize();
  return exit_status;
}
