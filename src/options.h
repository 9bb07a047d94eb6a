/* The command line.
 *
 *     q2hpc [fit|info|eval|bench|identify|tune|precision|export] INPUT.h5 [options]
 *     q2hpc import SOURCE... -o INPUT.h5 [options]
 *
 * What does not begin with '-' is the command (fit, if left out) and the input file, or the sources of an import; everything
 * else goes to PETSc's options database (so that TAO's options work unseen by us) and q2hpc's own names are then queried there.
 * `--name` is taken as
 * `-name`, and
 * `--name=value` as `-name value`. A token after an option is its value unless it begins with '-' and is no number; q2hpc's
 * flags
 * (-quiet, -verbose) take no value. */
#ifndef Q2_OPTIONS_H
#define Q2_OPTIONS_H

#include <mpi.h>
#include <stdint.h>

#include "../io/error.h"
#include "bounds.h"
#include "objective.h"
#include "print.h"
#include "setup/start.h"

enum q2_command {
  Q2_COMMAND_FIT,
  Q2_COMMAND_INFO,
  Q2_COMMAND_EVAL,
  Q2_COMMAND_BENCH,
  Q2_COMMAND_IDENTIFY,
  Q2_COMMAND_TUNE,
  Q2_COMMAND_PRECISION,
  Q2_COMMAND_IMPORT,
  Q2_COMMAND_EXPORT,
  Q2_COMMAND_HELP,
  Q2_COMMAND_VERSION
};

/* The commands' names, in that order, ending with NULL: those that take an input. */
extern const char *const q2_command_names[];

/* -ts_method: how transition states are fitted (docs/observables.md). FILE: as the data set says, C or D. */
enum q2_ts_method { Q2_TS_FILE, Q2_TS_C, Q2_TS_D, Q2_TS_E, Q2_TS_E2 };
extern const char *const q2_ts_method_names[]; /* in that order, ending with NULL */

enum q2_identify_choice { Q2_IDENTIFY_AUTOMATIC, Q2_IDENTIFY_ON, Q2_IDENTIFY_OFF };

/* What -match takes, by enum q2_match, ending with NULL. */
extern const char *const q2_match_names[];

/* The command line taken apart, before PETSc has seen it. */
struct q2_command_line {
  enum q2_command command;
  char **words;       /* [word_count] the input file; the sources of an import, several */
  int word_count;     /* 0 for help and version */
  int argument_count; /* what PETSc shall parse: */
  char **arguments;   /* [argument_count + 1] the program's name, then options and their values; NULL-terminated */
  char *text;         /* the options as given, separated by blanks, for the provenance */
};

/* Takes argv apart. No MPI, no PETSc, no output. Release with q2_command_line_free (also after a failure). */
int q2_command_line_parse(int argc, char **argv, struct q2_command_line *line, struct q2_error *error);
void q2_command_line_free(struct q2_command_line *line);

/* q2hpc's own options; names and defaults are in the table of options.c, which --help prints. */
struct q2_options {
  enum q2_command command;
  const char *input;                /* borrowed from the command line */
  const char *text;                 /* borrowed: the options as given */
  char output[4096];                /* -o */
  int input_trial;                  /* -input_trial on */
  enum q2_match match;              /* -match */
  int assign_anew;                  /* -assign iteration: pairs by overlap are found anew at every iterate */
  char backend[8];                  /* -backend: auto, cpu or cuda */
  int beside_cpu;                   /* -backend cpu,cuda: bench measures both */
  char solvers[4096];               /* -solvers TABLE, "": the default */
  int threads;                      /* -threads, 0: chosen by q2_machine_inspect */
  int64_t memory;                   /* -memory, bytes a rank, 0: no limit */
  int wave;                         /* -wave, molecules, 0: chosen by the objective */
  int precision[2];                 /* -precision: rows of q2_precision_modes; two: adaptive, in this order */
  int precision_count;              /* 0: float64 */
  double nccl_timeout;              /* -nccl_timeout, seconds */
  int repeat;                       /* -repeat, for bench */
  enum q2_print_level level;        /* -quiet, -verbose */
  char hessians[4096];              /* -hessians FILE, "": none */
  char parameters[4096];            /* -parameters RESULT, "": start from the input's own */
  char export[4096];                /* -export FILE, "": none */
  char to[32];                      /* -to FORMAT, "": by the ending of -o */
  char molecule[64];                /* -molecule NAME, "": all */
  struct q2_start_options start;    /* -start, -start_scale, -start_springs */
  char prior[1024];                 /* -prior KIND=W,..., "": the input's own */
  enum q2_bounds_rule bounds;       /* -bounds */
  enum q2_ts_method ts_method;      /* -ts_method */
  enum q2_identify_choice identify; /* -identify */
  double identify_threshold;        /* -identify_threshold */
  double stall_tolerance;           /* -fit_stall_tolerance */
  int stall_iterations;             /* -fit_stall_iterations */

  char checkpoint[4096];       /* -checkpoint, "": none */
  int checkpoint_interval;     /* -checkpoint_interval, evaluations; 0: not given */
  double checkpoint_minutes;   /* -checkpoint_minutes, 0: not given */
  int checkpoint_failure_ends; /* -checkpoint_failure stop */
  char restart[4096];          /* -restart FILE or "auto"; "": from the beginning */
  double time_limit;           /* -time_limit, minutes; 0: none */
};

/* Queries PETSc's options database for q2hpc's own options. Needs PetscInitialize. A value that does not parse, or an option
 * that the command does not know, is an error that names it. Local; the same on every rank. */
int q2_options_query(const struct q2_command_line *line, struct q2_options *options, struct q2_error *error);

/* The rule for bounds that -bounds and -ts_method give together. */
enum q2_bounds_rule q2_options_bounds(const struct q2_options *options);

/* Checks that somebody asked for every option of the command line: one that nobody did is a typo, or has no meaning for this
 * command and TAO type. Call it when all set-up is done. Options from PETSC_OPTIONS or ~/.petscrc are not checked: they are
 * meant for all of a user's PETSc programs. Local; the same on every rank. */
int q2_options_check_used(const struct q2_command_line *line, struct q2_error *error);

/* Completes PETSc's message about an option's value, which tells the value but not the option: appends the names of the options
 * whose value it mentions. */
void q2_options_name_culprit(const struct q2_command_line *line, struct q2_error *error);

/* Print the manual, and one line of usage (the latter for error messages; static storage). */
void q2_options_help(struct q2_printer *printer);
const char *q2_options_usage(void);

#endif
