/* Values of options, asked of PETSc's options database. Messages name the option. Local; the same on every rank.
 *
 * `commands` (1 << enum q2_command, combined) are those that know the option: for another `command` it stays unused, so that
 * q2_options_check_used names it. Where the option is not given, the value is left alone. */
#ifndef Q2_OPTION_VALUES_H
#define Q2_OPTION_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "options.h"

/* Any value, into text[size]. */
int q2_option_text(const char *name, int commands, enum q2_command command, char *text, size_t size, int *given,
                   struct q2_error *error);

/* Whether a flag is given. */
int q2_option_flag(const char *name, int *given, struct q2_error *error);

/* What -quiet and -verbose, which exclude each other, say together. */
int q2_option_level(enum q2_print_level *level, struct q2_error *error);

/* One of `words`, which end with NULL: *choice is its number. */
int q2_option_choice(const char *name, int commands, enum q2_command command, const char *const *words, int *choice,
                     struct q2_error *error);

/* Numbers: a whole one of at least `least`; one from 0 to below 1; one above 0 (`what`: as the message says it, "number of
 * seconds above 0"); a number of bytes, with suffix K, M or G. */
int q2_option_whole(const char *name, int commands, enum q2_command command, int least, int *number, struct q2_error *error);
int q2_option_fraction(const char *name, int commands, enum q2_command command, double *number, struct q2_error *error);
int q2_option_positive(const char *name, int commands, enum q2_command command, const char *what, double *number,
                       struct q2_error *error);
int q2_option_bytes(const char *name, int commands, enum q2_command command, int64_t *bytes, struct q2_error *error);

#endif
