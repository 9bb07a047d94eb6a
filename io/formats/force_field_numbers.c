/* Numbers of force-field files: from one file's unit and factor to another's, without losing a bit where that is possible. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../units.h"
#include "force_field.h"

/* As few digits as give back the same double. */
static void print_double(double value, char text[Q2_NUMBER_LENGTH]) {
  for (int digits = 6; digits <= 17; digits++) {
    snprintf(text, Q2_NUMBER_LENGTH, "%.*g", digits, value);
    if (strtod(text, NULL) == value) return;
  }
}

/* A double x near `start` for which (multiplier x) factor is `value`, or `start`. */
static double exact_near(double start, double multiplier, double factor, double value) {
  double below = start, above = start;
  for (int step = 0; step < 4; step++) {
    if (multiplier * below * factor == value) return below;
    if (multiplier * above * factor == value) return above;
    below = nextafter(below, -INFINITY);
    above = nextafter(above, INFINITY);
  }
  return start;
}

int q2_file_number_print(const struct q2_file_number *number, const char *kind, const char *unit, double multiplier,
                         char text[Q2_NUMBER_LENGTH], struct q2_error *error) {
  if (strcmp(unit, number->unit) == 0 && multiplier == number->multiplier) {
    print_double(number->value, text);
    return Q2_OK;
  }
  double from, to;
  Q2_TRY(q2_unit_of_parameter(kind, number->unit, "a force field", &from, error));
  Q2_TRY(q2_unit_of_parameter(kind, unit, "a force field", &to, error));
  const double value = number->multiplier * number->value * from;
  if (!isfinite(value)) return q2_fail(error, "a parameter of kind %s is not a finite number", kind);
  const double start = value / to / multiplier;
  /* Fewer digits than 17 often do: 340 kcal/mol/angstrom^2 comes back from kJ/mol/nm^2 as 340. */
  for (int digits = 6; digits <= 16; digits++) {
    snprintf(text, Q2_NUMBER_LENGTH, "%.*g", digits, start);
    if (multiplier * strtod(text, NULL) * to == value) return Q2_OK;
  }
  print_double(exact_near(start, multiplier, to, value), text);
  return Q2_OK;
}
