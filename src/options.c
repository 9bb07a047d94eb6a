/* The command line: q2hpc's own options. command_line.c takes the words apart. */
#include "options.h"

#include <petscsys.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/precision.h"
#include "device_sum.h"
#include "option_values.h"
#include "petsc_call.h"

enum {
  FIT = 1 << Q2_COMMAND_FIT,
  INFO = 1 << Q2_COMMAND_INFO,
  EVAL = 1 << Q2_COMMAND_EVAL,
  BENCH = 1 << Q2_COMMAND_BENCH,
  IDENTIFY = 1 << Q2_COMMAND_IDENTIFY,
  TUNE = 1 << Q2_COMMAND_TUNE,
  PRECISION = 1 << Q2_COMMAND_PRECISION,
  IMPORT = 1 << Q2_COMMAND_IMPORT,
  EXPORT = 1 << Q2_COMMAND_EXPORT,
  ALL = FIT | INFO | EVAL | BENCH | IDENTIFY | TUNE | PRECISION, /* that evaluate a data set, or could */
  EVERY = ALL | IMPORT | EXPORT
};

struct option {
  const char *name, *value; /* value: what --help calls it, NULL for a flag */
  int commands;
  const char *help;
};

static const struct option output_options[] = {
    {"-o", "FILE", FIT | TUNE | PRECISION | IMPORT | EXPORT,
     "where the result goes (default: the input's name with .result.h5; tune: solvers.txt; precision: .precision.h5; import, "
     "export: none)"},
    {"-to", "FORMAT", EXPORT,
     "origin (the force field's own file), tinker, amber, openmm, openmm_atoms, csv (default: by the ending of -o)"},
    {"-molecule", "NAME", EXPORT, "only what this molecule has"},
    {"-export", "FILE", FIT,
     "write the fitted force field to FILE at the end: as the file it came from, or as its ending says (docs/export.md)"},
    {"-input_trial", "on|off", ALL | EXPORT,
     "try input and -parameters in a process of its own first, so that a damaged file is refused (default on)"},
    {"-quiet", NULL, EVERY, "print nothing but the outcome, warnings and errors"},
    {"-verbose", NULL, EVERY, "print more: every molecule, every infeasible point, every term without a row"},
    {"-hessians", "FILE", EVAL, "write each molecule's MM Hessian, frequencies, energies and gradient (HDF5)"},
    {NULL, NULL, 0, NULL},
};
static const struct option import_options[] = {
    {"-force_field", "FILE,...", IMPORT, "its force field (MM3* .fld, Tinker, AMBER, OpenMM); default: a new one of all types"},
    {"-force_field_format", "NAME", IMPORT, "mm3star, tinker, amber or openmm (default: by content)"},
    {"-format", "NAME", IMPORT, "format of all sources: fchk, orca, xyz, ... (default: by content)"},
    {"-name", "PATTERN", IMPORT, "names of molecules, of {stem}, {folder}, {title}, {record} (default {stem})"},
    {"-topology", "FILE", IMPORT, "structures with bonds and types (.mol2, .mmo, .mae) for all molecules, by name or in order"},
    {"-types", "FILE|elements", IMPORT, "atom types by rules, in the place of those in files (docs/typing.md)"},
    {"-bonds", "file|perceive", IMPORT, "perceive: bonds by distance even where files have them (default file)"},
    {"-bond_factor", "F", IMPORT, "bonded: closer than F times the sum of covalent radii (default 1.3)"},
    {"-bond_addend", "A", IMPORT, "... and A angstrom (default 0)"},
    {"-bond_stretched", "F", IMPORT, "partial bonds of transition states: up to F times that sum (default 1.7; 0: none)"},
    {"-bond_partial", "NAME:I-J,...", IMPORT, "further partial bonds, atoms from 1; NAME may be a pattern"},
    {"-charge", "N", IMPORT, "total charge of molecules whose files do not say it (default 0)"},
    {"-stationary", "auto|yes|no", IMPORT, "whether geometries are stationary points (default: by their gradients)"},
    {"-stationary_gradient", "G", IMPORT, "largest component of such a gradient, hartree/bohr (default 1e-3)"},
    {"-frequency_tolerance", "F", IMPORT, "cm-1: printed wavenumbers farther off are warned of, 10 F off refused (default 2)"},
    {"-observables", "WORD+...|FILE", IMPORT,
     "frequencies (default), eigenmatrix, geometry, energies, all, kinds of observables, or a file of lines"},
    {"-weights", "SET,KIND=W,...", IMPORT, "weights: q2mm_classic (default) or q2mm, and weights of kinds"},
    {"-unmatched", "refuse|omit|new", IMPORT, "bonds and angles without a row: refused (default), left out, or a new row"},
    {"-fit", "marked|all|none|KIND,...", IMPORT, "which parameters vary (default: rows that the file marks, or all)"},
    {"-title", "TEXT", IMPORT, "a line that the data set begins with"},
    {NULL, NULL, 0, NULL},
};
static const struct option fit_options[] = {
    {"-match", "position|overlap|q2mm", ALL,
     "how vibrations pair: in ascending order (default), by their eigenvectors, or by q2mm's rule"},
    {"-assign", "start|iteration", FIT, "with -match overlap: pairs are found once (default), or anew at every iterate"},
    {"-parameters", "RESULT", FIT | EVAL | BENCH | IDENTIFY | PRECISION | EXPORT,
     "start from the final parameters of a result file"},
    {"-start", "METHOD", FIT | EVAL | BENCH | IDENTIFY,
     "starting values: file (default), or from the QM Hessians by seminario, modified, qfuerza, linear (docs/start.md)"},
    {"-start_scale", "S", FIT | EVAL | BENCH | IDENTIFY, "scale of the force constants that -start projects (default 1)"},
    {"-start_springs", "any|positive", FIT | EVAL | BENCH | IDENTIFY,
     "positive: estimates of springs that are not positive do not count; with linear a bound (default any)"},
    {"-bounds", "file|q2mm", ALL, "bounds of parameters: the file's (default), or that program's by kind"},
    {"-prior", "KIND=W,...", FIT | EVAL,
     "residuals W (p - p of the input) / scale for each parameter of a kind; all=W: of every kind (default: the file's)"},
    {"-ts_method", "METHOD", FIT | EVAL | BENCH | IDENTIFY | PRECISION,
     "transition states: file (default: C or D, as the data set says), C, D; for a fit also E, E2, which fit in rounds"},
    {"-identify", "on|off", FIT, "say which parameters the data determine (default on up to 2000 parameters; costs one J'J)"},
    {"-identify_threshold", "T", FIT | IDENTIFY,
     "directions with an eigenvalue of at most T of the largest are undetermined (default 1e-8)"},
    {"-fit_stall_tolerance", "T", FIT, "converged when the loss fell by less than T of itself (default 1e-4, 0: never)"},
    {"-fit_stall_iterations", "N", FIT, "... over so many iterations (default 20)"},
    {NULL, NULL, 0, NULL},
};
static const struct option checkpoint_options[] = {
    {"-checkpoint", "FILE|none", FIT, "where checkpoints go (default: the result's name with .ckpt.h5)"},
    {"-checkpoint_interval", "N", FIT, "one every N evaluations (default: as often as 2 % of the time allows)"},
    {"-checkpoint_minutes", "M", FIT, "... or every M minutes"},
    {"-checkpoint_failure", "warn|stop", FIT, "one that cannot be written is a warning (default), or ends the fit"},
    {"-restart", "FILE|auto", FIT, "go on from a checkpoint; auto: from the one of -checkpoint, if it is there"},
    {"-time_limit", "MINUTES", FIT, "end in time with a checkpoint, exit status 75"},
    {NULL, NULL, 0, NULL},
};
static const struct option machine_options[] = {
    {"-backend", "auto|cpu|cuda", ALL,
     "what computes (default auto: a CUDA device for each rank where there is one, else the CPU); bench also takes cpu,cuda"},
    {"-solvers", "TABLE", ALL,
     "which eigen-solver a device takes for which size, as `q2hpc tune` found (default: docs/gpu.md)"},
    {"-precision", "MODE", FIT | EVAL | BENCH | IDENTIFY,
     "fp64 (default), or a faster mode of docs/precision.md, fp32 for one; fit: also adaptive, from fp32 to fp64"},
    {"-threads", "N", ALL, "CPU threads of a rank (default: the cores a rank may use)"},
    {"-memory", "BYTES", ALL, "limit of a rank's work space; suffixes K, M, G (default: none)"},
    {"-wave", "N", ALL, "molecules evaluated together by a thread (default: from memory and cache)"},
    {"-nccl_timeout", "SECONDS", FIT | EVAL | BENCH | IDENTIFY | PRECISION,
     "with devices: how long a sum over ranks may take, the slowest rank's evaluation included (default 300)"},
    {"-repeat", "N", BENCH | PRECISION, "evaluations to measure (default 20)"},
    {NULL, NULL, 0, NULL},
};
static const struct {
  const char *title;
  const struct option *options;
} groups[] = {{"Input and output", output_options},
              {"From files of other programs to a data set", import_options},
              {"The fit", fit_options},
              {"Checkpoints", checkpoint_options},
              {"The machine", machine_options}};
static const int group_count = sizeof groups / sizeof groups[0];
const char *const q2_match_names[] = {"position", "q2mm", "overlap", NULL};
const char *const q2_command_names[] = {"fit",  "info",      "eval",   "bench",  "identify",
                                        "tune", "precision", "import", "export", NULL};

const char *const q2_ts_method_names[] = {"file", "C", "D", "E", "E2", NULL};

const char *q2_options_usage(void) {
  return "usage: q2hpc [fit|info|eval|bench|identify|tune|precision|export] INPUT.h5 [options], or q2hpc import SOURCE... "
         "-o INPUT.h5 [options]; q2hpc --help explains";
}

void q2_options_help(struct q2_printer *printer) {
  q2_print_answer(printer,
                  "q2hpc fits molecular-mechanics force fields to quantum-mechanical Hessians.\n\n"
                  "  [mpirun -n RANKS] q2hpc [COMMAND] INPUT.h5 [options]\n"
                  "  [mpirun -n RANKS] q2hpc import SOURCE... -o INPUT.h5 [options]\n\n"
                  "Commands\n"
                  "  fit      fit the force field and write a result file (the default)\n"
                  "  info     what is in the file, and what a fit would cost; evaluates nothing\n"
                  "  eval     loss, gradient and residuals at the starting parameters\n"
                  "  bench    seconds of an evaluation, stage by stage, beside bare LAPACK\n"
                  "  identify which parameters the data determine at the starting point, and which they do not\n"
                  "  precision what float32 makes of vibrations and gradient, mode by mode: a table, and a trace\n"
                  "  tune     which eigen-solver of a CUDA device is fastest for this file's sizes: a table for -solvers\n"
                  "  import   make a data set of files, folders, patterns and manifests (docs/import.md)\n"
                  "  export   the force field as a file of another program, with a result's values (-parameters)\n");
  for (int g = 0; g < group_count; g++) {
    q2_print_answer(printer, "\n%s\n", groups[g].title);
    for (const struct option *o = groups[g].options; o->name; o++) {
      char left[64];
      snprintf(left, sizeof left, "%s %s", o->name, o->value ? o->value : "");
      q2_print_answer(printer, "  %-25s %s", left, o->help);
      if (o->commands != ALL && o->commands != EVERY && o->commands != IMPORT) {
        const char *separator = " [";
        for (int c = 0; q2_command_names[c]; c++)
          if (o->commands & 1 << c) {
            q2_print_answer(printer, "%s%s", separator, q2_command_names[c]);
            separator = ", ";
          }
        q2_print_answer(printer, "]");
      }
      q2_print_answer(printer, "\n");
    }
  }
  q2_print_answer(
      printer,
      "\nThe optimizer (TAO); every TAO and PETSc option works, these are set by q2hpc unless given:\n"
      "  -tao_type TYPE            default bqnls, the bounded L-BFGS with a line search\n"
      "  -tao_max_it N             iterations, default 1000\n"
      "  -tao_max_funcs N          evaluations, default 1000000\n"
      "  -tao_grtol T              converged when |projected gradient| <= T loss, default 1e-5\n"
      "  -tao_gatol T              converged when |projected gradient| <= T, default 1e-8 of the first one\n"
      "  -tao_gttol T              default 0: unused\n"
      "  -tao_ls_type TYPE         default armijo for TAO's bounded Newton family (it steps back from infeasible points)\n"
      "  -tao_bnk_as_type TYPE     default none for the same\n"
      "  -tao_monitor, -tao_view   TAO's own lines; q2hpc INPUT.h5 -help lists all that TAO and PETSc know\n"
      "  Gradients and tolerances are in scaled variables: parameter / scale, unitless.\n"
      "\n  --help, --version         this text; versions of q2hpc and of the libraries it runs with\n"
      "\nExit status: 0 done (converged, or stopped at a limit, as the last line says); 1 failed, or an option was refused; 2 "
      "no\ninput file or no such command; 75 stopped by a signal or by -time_limit with a checkpoint: -restart goes on.\n");
}

/* The file's name with the first of `endings` that it ends with replaced by `ending`. */
static int other_name(const char *file, const char *const *endings, const char *ending, char *name, size_t size,
                      struct q2_error *error) {
  size_t length = strlen(file);
  for (; *endings; endings++) {
    const size_t end = strlen(*endings);
    if (length <= end || strcmp(file + length - end, *endings) != 0) continue;
    length -= end;
    break;
  }
  if (length + 16 > size) return q2_fail(error, "the path %.80s... is too long", file);
  snprintf(name, size, "%.*s%s", (int)length, file, ending);
  return Q2_OK;
}

static const char *const off_on[] = {"off", "on", NULL};

static int query_export(struct q2_options *options, struct q2_error *error) {
  const enum q2_command command = options->command;
  int given;
  Q2_TRY(q2_option_text("-to", EXPORT, command, options->to, sizeof options->to, &given, error));
  Q2_TRY(q2_option_text("-molecule", EXPORT, command, options->molecule, sizeof options->molecule, &given, error));
  Q2_TRY(q2_option_text("-export", FIT, command, options->export, sizeof options->export, &given, error));
  if (given && (strcmp(options->export, options->input) == 0 || strcmp(options->export, options->output) == 0))
    return q2_fail(error, "option -export: %s is the input file or the result", options->export);
  return Q2_OK;
}

static int query_files(struct q2_options *options, struct q2_error *error) {
  static const char *const hdf5[] = {".hdf5", ".h5", NULL};
  int given;
  Q2_TRY(q2_option_text("-o", FIT | TUNE | PRECISION | EXPORT, options->command, options->output, sizeof options->output,
                        &given, error));
  if (!given && options->command == Q2_COMMAND_TUNE)
    strcpy(options->output, "solvers.txt");
  else if (!given && options->command != Q2_COMMAND_EXPORT)
    Q2_TRY(other_name(options->input, hdf5, options->command == Q2_COMMAND_PRECISION ? ".precision.h5" : ".result.h5",
                      options->output, sizeof options->output, error));
  if (options->command != Q2_COMMAND_TUNE && strcmp(options->output, options->input) == 0)
    return q2_fail(error, "option -o: %s is the input file", options->output);
  options->input_trial = 1;
  Q2_TRY(q2_option_choice("-input_trial", ALL | EXPORT, options->command, off_on, &options->input_trial, error));
  Q2_TRY(q2_option_text("-hessians", EVAL, options->command, options->hessians, sizeof options->hessians, &given, error));
  if (given && strcmp(options->hessians, options->input) == 0)
    return q2_fail(error, "option -hessians: %s is the input file", options->hessians);
  Q2_TRY(q2_option_text("-parameters", FIT | EVAL | BENCH | IDENTIFY | PRECISION | EXPORT, options->command,
                        options->parameters, sizeof options->parameters, &given, error));
  return query_export(options, error);
}

static int query_precision(struct q2_options *options, struct q2_error *error) {
  char text[4096] = "fp64", names[512] = "";
  int given;
  Q2_TRY(q2_option_text("-precision", FIT | EVAL | BENCH | IDENTIFY, options->command, text, sizeof text, &given, error));
  const int adaptive = options->command == Q2_COMMAND_FIT && strcmp(text, "adaptive") == 0;
  const int mode = adaptive ? Q2_MODE_FP32 : q2_precision_find(text);
  for (int m = 0; m < Q2_NAMED_MODES; m++)
    snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", m ? ", " : "", q2_precision_modes[m].name);
  if (mode < 0)
    return q2_fail(error, "option -precision: \"%s\" is none of %s%s", text, names,
                   options->command == Q2_COMMAND_FIT ? ", adaptive" : "");
  options->precision[0] = mode;
  options->precision[1] = Q2_MODE_FP64;
  options->precision_count = adaptive ? 2 : mode != Q2_MODE_FP64;
  return Q2_OK;
}

static int query_machine(struct q2_options *options, struct q2_error *error) {
  const enum q2_command command = options->command;
  char text[4096] = "auto";
  int given;
  Q2_TRY(q2_option_text("-backend", ALL, command, text, sizeof text, &given, error));
  options->beside_cpu = command == Q2_COMMAND_BENCH && strcmp(text, "cpu,cuda") == 0;
  if (options->beside_cpu) strcpy(text, "cuda");
  if (strcmp(text, "auto") != 0 && strcmp(text, "cpu") != 0 && strcmp(text, "cuda") != 0)
    return q2_fail(error, "option -backend: \"%s\" is none of auto, cpu, cuda", text);
  strcpy(options->backend, text);
  Q2_TRY(q2_option_text("-solvers", ALL, command, options->solvers, sizeof options->solvers, &given, error));
  Q2_TRY(query_precision(options, error));
  Q2_TRY(q2_option_whole("-threads", ALL, command, 1, &options->threads, error));
  Q2_TRY(q2_option_bytes("-memory", ALL, command, &options->memory, error));
  Q2_TRY(q2_option_whole("-wave", ALL, command, 1, &options->wave, error));
  Q2_TRY(q2_option_positive("-nccl_timeout", FIT | EVAL | BENCH | IDENTIFY | PRECISION, command, "number of seconds above 0",
                            &options->nccl_timeout, error));
  return q2_option_whole("-repeat", BENCH | PRECISION, command, 1, &options->repeat, error);
}

static int query_fit(struct q2_options *options, struct q2_error *error) {
  static const char *const assignments[] = {"start", "iteration", NULL};
  const enum q2_command command = options->command;
  int match = Q2_MATCH_POSITION, assign = -1;
  Q2_TRY(q2_option_choice("-match", ALL, command, q2_match_names, &match, error));
  options->match = (enum q2_match)match;
  Q2_TRY(q2_option_choice("-assign", FIT, command, assignments, &assign, error));
  if (assign >= 0 && options->match != Q2_MATCH_OVERLAP)
    return q2_fail(error, "option -assign: pairs are assigned with -match overlap only");
  options->assign_anew = assign == 1;
  Q2_TRY(q2_option_fraction("-fit_stall_tolerance", FIT, command, &options->stall_tolerance, error));
  return q2_option_whole("-fit_stall_iterations", FIT, command, 1, &options->stall_iterations, error);
}

/* Bounds, prior and what to say about the parameters. */
static int query_parameters(struct q2_options *options, struct q2_error *error) {
  static const char *const rules[] = {"file", "q2mm", NULL};
  int given, rule = 0, identify = -1;
  Q2_TRY(q2_option_choice("-bounds", ALL, options->command, rules, &rule, error));
  options->bounds = rule == 1 ? Q2_BOUNDS_Q2MM : Q2_BOUNDS_FILE;
  Q2_TRY(q2_option_text("-prior", FIT | EVAL, options->command, options->prior, sizeof options->prior, &given, error));
  Q2_TRY(q2_option_choice("-identify", FIT, options->command, off_on, &identify, error));
  options->identify = identify < 0 ? Q2_IDENTIFY_AUTOMATIC : identify ? Q2_IDENTIFY_ON : Q2_IDENTIFY_OFF;
  return q2_option_fraction("-identify_threshold", FIT | IDENTIFY, options->command, &options->identify_threshold, error);
}

static int query_ts_method(struct q2_options *options, struct q2_error *error) {
  int method = 0;
  Q2_TRY(q2_option_choice("-ts_method", FIT | EVAL | BENCH | IDENTIFY | PRECISION, options->command, q2_ts_method_names,
                          &method, error));
  options->ts_method = (enum q2_ts_method)method;
  if (options->ts_method >= Q2_TS_E && options->command != Q2_COMMAND_FIT)
    return q2_fail(error, "option -ts_method: %s is a way to fit, and \"q2hpc %s\" does not fit; C or D",
                   q2_ts_method_names[method], q2_command_names[options->command]);
  return Q2_OK;
}

static int query_start(struct q2_options *options, struct q2_error *error) {
  enum { COMMANDS = FIT | EVAL | BENCH | IDENTIFY };
  static const char *const springs[] = {"any", "positive", NULL};
  int method = Q2_START_FILE;
  options->start.scale = 1.0;
  Q2_TRY(q2_option_choice("-start", COMMANDS, options->command, q2_start_method_names, &method, error));
  options->start.method = (enum q2_start_method)method;
  if (options->start.method == Q2_START_FILE) return Q2_OK; /* the others are then not asked for, and refused */
  if (options->parameters[0]) return q2_fail(error, "options -start and -parameters exclude each other");
  if (options->start.method != Q2_START_LINEAR)
    Q2_TRY(q2_option_positive("-start_scale", COMMANDS, options->command, "positive number", &options->start.scale, error));
  return q2_option_choice("-start_springs", COMMANDS, options->command, springs, &options->start.positive, error);
}

static int query_checkpoint(struct q2_options *options, struct q2_error *error) {
  static const char *const results[] = {".result.h5", ".hdf5", ".h5", NULL}, *const failures[] = {"warn", "stop", NULL};
  const enum q2_command command = options->command;
  int given;
  Q2_TRY(other_name(options->output, results, ".ckpt.h5", options->checkpoint, sizeof options->checkpoint, error));
  Q2_TRY(q2_option_text("-checkpoint", FIT, command, options->checkpoint, sizeof options->checkpoint, &given, error));
  if (strcmp(options->checkpoint, "none") == 0 || strcmp(options->checkpoint, "off") == 0) options->checkpoint[0] = '\0';
  if (command == Q2_COMMAND_FIT &&
      (strcmp(options->checkpoint, options->input) == 0 || strcmp(options->checkpoint, options->output) == 0))
    return q2_fail(error, "option -checkpoint: %s is the input file or the result", options->checkpoint);
  if (options->export[0] && strcmp(options->checkpoint, options->export) == 0)
    return q2_fail(error, "options -checkpoint and -export name the same file, %s", options->export);
  Q2_TRY(q2_option_choice("-checkpoint_failure", FIT, command, failures, &options->checkpoint_failure_ends, error));
  Q2_TRY(q2_option_whole("-checkpoint_interval", FIT, command, 1, &options->checkpoint_interval, error));
  Q2_TRY(q2_option_positive("-checkpoint_minutes", FIT, command, "positive number", &options->checkpoint_minutes, error));
  Q2_TRY(q2_option_text("-restart", FIT, command, options->restart, sizeof options->restart, &given, error));
  if (strcmp(options->restart, "auto") == 0 && !options->checkpoint[0])
    return q2_fail(error, "option -restart auto: with -checkpoint none there is no file");
  return q2_option_positive("-time_limit", FIT, command, "positive number", &options->time_limit, error);
}

enum q2_bounds_rule q2_options_bounds(const struct q2_options *options) {
  return (enum q2_bounds_rule)(options->bounds | (options->ts_method == Q2_TS_E2 ? Q2_BOUNDS_SIGNS : 0));
}

int q2_options_query(const struct q2_command_line *line, struct q2_options *options, struct q2_error *error) {
  memset(options, 0, sizeof *options);
  options->command = line->command;
  options->input = line->words[0];
  options->text = line->text;
  options->repeat = 20;
  options->nccl_timeout = Q2_DEVICE_SUM_TIMEOUT;
  options->stall_tolerance = 1e-4;
  options->stall_iterations = 20;
  options->identify_threshold = 1e-8;
  Q2_TRY(q2_option_level(&options->level, error));
  Q2_TRY(query_files(options, error));
  Q2_TRY(query_checkpoint(options, error));
  Q2_TRY(query_machine(options, error));
  Q2_TRY(query_parameters(options, error));
  Q2_TRY(query_ts_method(options, error));
  Q2_TRY(query_start(options, error));
  return query_fit(options, error);
}
