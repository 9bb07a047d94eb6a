/* What `q2hpc import` is told on the command line (docs/import.md). */
#ifndef Q2_IMPORT_OPTIONS_H
#define Q2_IMPORT_OPTIONS_H

#include "../options.h"
#include "assign.h"
#include "checks.h"
#include "gather.h"
#include "import_molecules.h"

enum { Q2_IMPORT_TEXT = 4096 };

struct q2_import_options {
  char output[Q2_IMPORT_TEXT];             /* -o */
  char title[Q2_LINE_LENGTH];              /* -title */
  char force_field[Q2_IMPORT_TEXT];        /* -force_field FILE,...; "": a new one */
  char force_field_format[Q2_KIND_LENGTH]; /* -force_field_format, "": by content */
  char observables[Q2_IMPORT_TEXT];        /* -observables */
  char weights[Q2_IMPORT_TEXT];            /* -weights */
  struct q2_gather_options gather;         /* -format, -name, -topology: their texts are in `text` */
  struct q2_check_options checks;          /* -stationary, -stationary_gradient, -frequency_tolerance */
  struct q2_assign_options assign;         /* -unmatched, -fit */
  struct q2_molecules_options molecules;   /* -types, -bonds, -bond_..., -charge */
  enum q2_print_level level;               /* -quiet, -verbose */
  char text[6][Q2_IMPORT_TEXT];            /* what others borrow */
};

/* Queries PETSc's options database. What is not told has its default; what cannot be is refused with the option's name. Points
 * into itself: not to be copied. Local; the same on every rank. */
int q2_import_options_query(struct q2_import_options *options, struct q2_error *error);

#endif
