/* What the option -ts_method means for the data set with which a command starts. */
#ifndef Q2_TS_METHOD_H
#define Q2_TS_METHOD_H

#include "session.h"

/* Changes session->dataset as the method wants it at the start: the references' method, C or D (E and E2 begin with D); under
 * E2 the reaction modes have no weight, and negative force constants that vary start at 0, which is said. Refuses, where there
 * is no transition state, C, E and E2; and equalities that bind a force constant which E or E2 might lock. Collective, before
 * the variables are made. */
int q2_ts_method_start(struct q2_session *session, struct q2_error *error);

#endif
