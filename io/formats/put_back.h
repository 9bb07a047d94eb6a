/* Fitted values back into the file that the force field came from. */
#ifndef Q2_PUT_BACK_H
#define Q2_PUT_BACK_H

#include "../dataset.h"

/* The bytes of dataset->origin with the values of the fitted parameters at their places: *bytes [*size], terminated, to be
 * released with free(). `value` [parameters.count] is in memory's units. Put back are the active rows, those linked to one, and
 * any other whose value is not the data set's (another data set may have fitted it); every other byte stays. Refused, named: a
 * data set without origin, a parameter whose value has changed though it stands nowhere in the file, two that share a field and
 * differ, and what q2_rewrite_numbers refuses. Local. */
int q2_put_back(const struct q2_dataset *dataset, const double *value, char **bytes, size_t *size, struct q2_error *error);

#endif
