/* Values of options, asked of PETSc's options database. */
#include "option_values.h"

#include <petscsys.h>
#include <stdlib.h>
#include <string.h>

#include "petsc_call.h"

enum { LONGEST = 4096 }; /* bytes of a value */

int q2_option_text(const char *name, int commands, enum q2_command command, char *text, size_t size, int *given,
                   struct q2_error *error) {
  PetscBool set = PETSC_FALSE;
  char value[LONGEST] = "";
  *given = 0;
  if (!(commands & 1 << command)) return Q2_OK; /* stays unused, so that q2_options_check_used names it */
  Q2_PETSC(PetscOptionsHasName(NULL, NULL, name, &set), error);
  if (!set) return Q2_OK;
  Q2_PETSC(PetscOptionsGetString(NULL, NULL, name, value, sizeof value, NULL), error);
  if (!value[0]) return q2_fail(error, "option %s needs a value", name);
  if (strlen(value) >= size - 1) return q2_fail(error, "option %s: the value is too long", name);
  strcpy(text, value);
  *given = 1;
  return Q2_OK;
}

int q2_option_choice(const char *name, int commands, enum q2_command command, const char *const *words, int *choice,
                     struct q2_error *error) {
  char text[LONGEST], known[256] = "";
  int given;
  Q2_TRY(q2_option_text(name, commands, command, text, sizeof text, &given, error));
  if (!given) return Q2_OK;
  for (int k = 0; words[k]; k++) {
    if (strcmp(words[k], text) == 0) {
      *choice = k;
      return Q2_OK;
    }
    q2_append_name(known, sizeof known, words[k]);
  }
  return q2_fail(error, "option %s: \"%s\" is none of %s", name, text, known);
}

int q2_option_whole(const char *name, int commands, enum q2_command command, int least, int *number, struct q2_error *error) {
  char text[LONGEST], *end;
  int given;
  Q2_TRY(q2_option_text(name, commands, command, text, sizeof text, &given, error));
  if (!given) return Q2_OK;
  const long value = strtol(text, &end, 10);
  if (*end || end == text || value < least || value > 1000000000L)
    return q2_fail(error, "option %s: \"%s\" is not a whole number of at least %d", name, text, least);
  *number = (int)value;
  return Q2_OK;
}

int q2_option_fraction(const char *name, int commands, enum q2_command command, double *number, struct q2_error *error) {
  char text[LONGEST], *end;
  int given;
  Q2_TRY(q2_option_text(name, commands, command, text, sizeof text, &given, error));
  if (!given) return Q2_OK;
  *number = strtod(text, &end);
  if (*end || end == text || !(*number >= 0.0 && *number < 1.0))
    return q2_fail(error, "option %s: \"%s\" is not a number from 0 to 1", name, text);
  return Q2_OK;
}

int q2_option_positive(const char *name, int commands, enum q2_command command, const char *what, double *number,
                       struct q2_error *error) {
  char text[LONGEST], *end;
  int given;
  Q2_TRY(q2_option_text(name, commands, command, text, sizeof text, &given, error));
  if (!given) return Q2_OK;
  *number = strtod(text, &end);
  if (*end || end == text || !(*number > 0.0 && *number < 1e9))
    return q2_fail(error, "option %s: \"%s\" is not a %s", name, text, what);
  return Q2_OK;
}

int q2_option_bytes(const char *name, int commands, enum q2_command command, int64_t *bytes, struct q2_error *error) {
  char text[LONGEST], *end;
  int given;
  Q2_TRY(q2_option_text(name, commands, command, text, sizeof text, &given, error));
  if (!given) return Q2_OK;
  const double value = strtod(text, &end);
  double unit = 1.0;
  if (*end == 'K' || *end == 'k') unit = 1024.0;
  if (*end == 'M' || *end == 'm') unit = 1024.0 * 1024.0;
  if (*end == 'G' || *end == 'g') unit = 1024.0 * 1024.0 * 1024.0;
  if (unit > 1.0) end++;
  if (*end == 'B') end++;
  if (*end || end == text || !(value * unit >= 1.0) || !(value * unit < 9e18))
    return q2_fail(error, "option %s: \"%s\" is not a number of bytes (for example 500M or 2G)", name, text);
  *bytes = (int64_t)(value * unit);
  return Q2_OK;
}

int q2_option_flag(const char *name, int *given, struct q2_error *error) {
  PetscBool set = PETSC_FALSE;
  Q2_PETSC(PetscOptionsHasName(NULL, NULL, name, &set), error);
  *given = set == PETSC_TRUE;
  return Q2_OK;
}

int q2_option_level(enum q2_print_level *level, struct q2_error *error) {
  int quiet = 0, verbose = 0;
  Q2_TRY(q2_option_flag("-quiet", &quiet, error));
  Q2_TRY(q2_option_flag("-verbose", &verbose, error));
  if (quiet && verbose) return q2_fail(error, "options -quiet and -verbose exclude each other");
  *level = quiet ? Q2_PRINT_QUIET : verbose ? Q2_PRINT_VERBOSE : Q2_PRINT_NORMAL;
  return Q2_OK;
}
