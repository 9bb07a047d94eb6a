/* What an evaluation should cost on this machine and these ranks, from perfmodels/ and the sizes of the data set. */
#ifndef Q2_FORECAST_H
#define Q2_FORECAST_H

#include "../perfmodels/cost.h"
#include "session.h"

struct q2_forecast {
  double seconds;               /* value and gradient, the slowest rank */
  double stage[Q2_COST_STAGES]; /* core-seconds by stage, all ranks */
  int64_t table_bytes;          /* of the rank that holds most: what stays for the whole fit */
  int64_t wave_bytes;           /* work space of all threads of a rank */
  int64_t message_bytes;        /* that each rank adds to the sum over ranks */
};

/* Measures the rates of this machine (q2_probe_rates) and forecasts. Collective; works before and after the molecules have
 * moved. */
int q2_forecast(const struct q2_session *session, struct q2_forecast *forecast, struct q2_error *error);

#endif
