/* Forecasts. */
#include "forecast.h"

#include <string.h>

#include "probe.h"
#include "residuals.h"
#include "rigid.h"

struct q2_cost_sizes q2_forecast_sizes(const struct q2_session *session, int64_t m) {
  const struct q2_dataset *dataset = &session->dataset;
  const int64_t first = dataset->atom_offset[m];
  struct q2_cost_sizes sizes = {.atoms = (int)(dataset->atom_offset[m + 1] - first),
                                .nonbonded = dataset->nonbonded.type_count > 0,
                                .relaxed = q2_observed_relaxed(dataset, m)};
  int64_t named = 0;
  if (session->options.match != Q2_MATCH_Q2MM) {
    sizes.rigid = q2_rigid_count(sizes.atoms, dataset->mass + first, dataset->position + 3 * first);
  }
  sizes.order = 3 * sizes.atoms - sizes.rigid;
  for (int t = 0; t < dataset->term_table_count; t++) {
    const struct q2_term_table *table = &dataset->terms[t];
    const int64_t rows = table->offset[m + 1] - table->offset[m];
    sizes.terms += rows;
    sizes.entries += rows * table->atom_count * (table->atom_count - 1) / 2;
    named += rows * table->parameter_count;
  }
  sizes.parameters = named < dataset->parameters.count ? named : dataset->parameters.count;
  return sizes;
}

double q2_forecast_share(const struct q2_session *session) {
  double most = 0, all = 0;
  for (int r = 0; r < session->plan.rank_count; r++) {
    all += session->plan.rank_cost[r];
    if (session->plan.rank_cost[r] > most) most = session->plan.rank_cost[r];
  }
  return all > 0 ? most / all : 1;
}

int q2_forecast(const struct q2_session *session, struct q2_forecast *forecast, struct q2_error *error) {
  struct q2_cost_rates rates;
  double sums[Q2_COST_STAGES + 2] = {0}, *seconds = &sums[Q2_COST_STAGES], *bytes = seconds + 1; /* stages, all, bytes */
  int64_t wave = 0;
  (void)error;
  memset(forecast, 0, sizeof *forecast);
  q2_probe_rates(session->comm, &rates);
  for (int64_t m = 0; m < session->dataset.molecule_count; m++) {
    const struct q2_cost_sizes sizes = q2_forecast_sizes(session, m);
    *seconds += q2_cost_seconds(&rates, &sizes, sums);
    *bytes += (double)q2_cost_table_bytes(&sizes);
    const int64_t own = q2_cost_wave_bytes(&sizes);
    if (own > wave) wave = own;
  }
  MPI_Allreduce(MPI_IN_PLACE, sums, Q2_COST_STAGES + 2, MPI_DOUBLE, MPI_SUM, session->comm);
  MPI_Allreduce(MPI_IN_PLACE, &wave, 1, MPI_INT64_T, MPI_MAX, session->comm);
  const double share = q2_forecast_share(session);
  memcpy(forecast->stage, sums, sizeof forecast->stage);
  forecast->seconds = *seconds * share / session->machine.threads;
  forecast->table_bytes = (int64_t)(*bytes * share);
  forecast->wave_bytes = wave * session->machine.threads * (session->options.wave > 0 ? session->options.wave : 1);
  forecast->message_bytes = q2_cost_message_bytes(session->dataset.parameters.count);
  return Q2_OK;
}
