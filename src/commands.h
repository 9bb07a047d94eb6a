/* The commands of q2hpc. Each is collective over `comm` and returns Q2_OK, or Q2_FAILED with the same text on every rank;
 * *status is the exit status where it is not the usual one (0 when done, 1 after a failure). */
#ifndef Q2_COMMANDS_H
#define Q2_COMMANDS_H

#include <mpi.h>

#include "options.h"

/* Exit status of a fit that a signal or -time_limit has stopped with a checkpoint: EX_TEMPFAIL of sysexits.h, "try again". */
enum { Q2_EXIT_STOPPED = 75 };

/* Fits, reports, writes the result. *status is Q2_EXIT_STOPPED where the fit was stopped (then there is no result), and 1 when
 * the optimizer could not go on (the result is written all the same). */
int q2_command_fit(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error);

/* Says what is in the file and what a fit would cost; evaluates nothing. */
int q2_command_info(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error);

/* Loss, RMSD, gradient norm and a table by molecule at the starting parameters; -hessians writes MM Hessians. */
int q2_command_eval(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error);

/* Says which parameters the data determine at the starting parameters. */
int q2_command_identify(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error);

/* Times evaluations stage by stage, beside bare LAPACK. */
int q2_command_bench(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error);

/* Compares the precision modes with float64 at the starting parameters and writes a trace. */
int q2_command_precision(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error);

/* Writes the force field as a file of another program, with the data set's values or those of a result. */
int q2_command_export(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error);

/* Times a device's eigen-solvers at the plan's sizes and writes the table that -solvers takes. */
int q2_command_tune(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error);

/* Makes a data set of what the words of the line name: files, folders, patterns, manifests (docs/import.md). */
int q2_command_import(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error);

#endif
