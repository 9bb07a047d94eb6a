/* A file that anybody may have made is tried by a process of its own before the ranks open it together: where a file is
 * damaged, HDF5 can crash, run for ever or ask for any amount of memory, and parallel HDF5 leaves the other ranks waiting. What
 * the process does not survive is refused, by the name of the object that it touched last. */
#ifndef Q2_TRIAL_H
#define Q2_TRIAL_H

#include "error.h"

/* How a program that runs q2_trial_walk is called: PROGRAM q2_trial_command PATH SECONDS. */
extern const char *const q2_trial_command;

enum {
  Q2_TRIAL_SECONDS = 20,  /* of processor time: what q2hpc allows */
  Q2_TRIAL_MEMORY = 1024, /* MiB beyond what the process has when it begins */
  Q2_TRIAL_DATA = 256     /* MiB of data that are read, in all; beyond them, the first and the last rows of a dataset */
};

/* Collective over `comm`: rank 0 runs `program` (a path; NULL: a fork of itself, which is faster, but not for where MPI drives
 * a network) on `path`, for at most `seconds` of processor time; all learn what came of it. Returns Q2_OK where the file may be
 * opened. Whether it is there, is HDF5 and holds what is expected is left to those who read it. */
int q2_trial(MPI_Comm comm, const char *program, const char *path, int seconds, struct q2_error *error);

/* The same by the program that runs, which must know q2_trial_command, for Q2_TRIAL_SECONDS. */
int q2_trial_by_itself(MPI_Comm comm, const char *path, struct q2_error *error);

/* Local, no MPI: the trial itself, in the process that is at stake. Limits its memory and time for good; opens the file,
 * touches every object, reads attributes and data, and tells on `output`, a file descriptor, where it is. Returns the exit
 * status. */
int q2_trial_walk(const char *path, int seconds, int output);

#endif
