/* -fit: which parameters of an imported force field vary. */
#ifndef Q2_FIT_CHOICE_H
#define Q2_FIT_CHOICE_H

#include "../../io/error.h"

/* Whether `fit` is "marked", "all", "none", or kinds of parameters with commas between them ("bond_k,angle_k"); else a message
 * that says which word is none of these. Local. */
int q2_fit_check(const char *fit, struct q2_error *error);

/* Whether a parameter of `kind` varies; `marked`: under "marked" it does. */
int q2_fit_varies(const char *fit, const char *kind, int marked);

/* Whether `fit` is a list that names the kind. */
int q2_fit_names(const char *fit, const char *kind);

#endif
