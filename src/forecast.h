/* What an evaluation should cost on this machine and these ranks, and on GPUs, from perfmodels/ and the sizes of the data set.
 */
#ifndef Q2_FORECAST_H
#define Q2_FORECAST_H

#include "../kernels/precision.h"
#include "../perfmodels/device.h"
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

/* The sizes of local molecule m. Parameters: the rows that its terms name, counted with repetition and cut at the table's
 * length, an upper bound of its list. */
struct q2_cost_sizes q2_forecast_sizes(const struct q2_session *session, int64_t m);

/* The busiest rank's share of the plan's cost. */
double q2_forecast_share(const struct q2_session *session);

/* What perfmodels/device.h makes of one of its devices for each rank. */
struct q2_device_forecast {
  double seconds;        /* value and gradient, the slowest rank */
  double normal_seconds; /* the same with J'J */
  double memory;         /* bytes of the rank that needs most, all its molecules in one wave */
  int waves;             /* that its memory cuts them into; 0: not even the tables fit */
};

/* A row of q2_precision_modes as the forecast knows it. */
struct q2_device_mode q2_forecast_mode(int mode);

/* forecast: [Q2_DEVICE_COUNT], in a mode of q2_precision_modes. Collective; works before and after the molecules have moved.
 * Non-bonded parameters count as active. */
void q2_forecast_devices(const struct q2_session *session, int mode, struct q2_device_forecast *forecast);

#endif
