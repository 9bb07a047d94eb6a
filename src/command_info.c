/* q2hpc info: what is in the file, how it would be cut into batches, and what an evaluation would cost. Evaluates nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "forecast.h"
#include "parameter_kinds.h"
#include "residuals.h"
#include "session.h"

static int64_t sum_over_ranks(const struct q2_session *session, int64_t value) {
  int64_t sum;
  MPI_Allreduce(&value, &sum, 1, MPI_INT64_T, MPI_SUM, session->comm);
  return sum;
}

static int64_t largest_over_ranks(const struct q2_session *session, int64_t value) {
  int64_t largest;
  MPI_Allreduce(&value, &largest, 1, MPI_INT64_T, MPI_MAX, session->comm);
  return largest;
}

static void print_molecules(struct q2_session *session) {
  const struct q2_dataset *dataset = &session->dataset;
  struct q2_printer *printer = &session->printer;
  int64_t smallest = -INT64_MAX, largest = 0, hessians = 0, saddles = 0; /* the smallest as the largest of negatives */
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    const int64_t atoms = dataset->atom_offset[m + 1] - dataset->atom_offset[m];
    if (-atoms > smallest) smallest = -atoms;
    if (atoms > largest) largest = atoms;
    hessians += dataset->hessian_offset[m + 1] > dataset->hessian_offset[m];
    saddles += dataset->imaginary_modes[m] > 0;
  }
  if (dataset->title[0]) q2_print_answer(printer, "%s\n", dataset->title);
  q2_print_answer(printer, "molecules   %lld of %lld to %lld atoms, %lld atoms in all\n", (long long)dataset->molecule_total,
                  (long long)-largest_over_ranks(session, smallest), (long long)largest_over_ranks(session, largest),
                  (long long)dataset->atom_total);
  const int64_t all_hessians = sum_over_ranks(session, hessians), all_saddles = sum_over_ranks(session, saddles);
  q2_print_answer(printer, "            %lld with a Hessian, %lld with imaginary modes\n", (long long)all_hessians,
                  (long long)all_saddles);
  if (dataset->validation_total > 0)
    q2_print_answer(printer, "            %lld for validation, out of the fit\n", (long long)dataset->validation_total);
  for (int k = 0; k < dataset->method_count; k++)
    q2_print_answer(printer, "%s%s\n", k == 0 ? "methods     " : "            ", dataset->method_name[k]);
}

static void print_nonbonded(struct q2_session *session) {
  const struct q2_dataset *dataset = &session->dataset;
  const struct q2_nonbonded *y = &dataset->nonbonded;
  q2_print_answer(&session->printer, "%-24s %12s %s, %d atom types, %s rule%s\n", "non-bonded pairs", "from bonds", y->form,
                  y->type_count, y->combining_rule, dataset->has_charge ? ", fixed charges" : "");
  if (y->special_count > 0)
    q2_print_answer(&session->printer, "%-24s %12d pairs of types\n", "  rows of their own", y->special_count);
  if (dataset->increments.offset) {
    const int64_t all = sum_over_ranks(session, dataset->increments.offset[dataset->molecule_count]);
    q2_print_answer(&session->printer, "%-24s %12lld\n", "charge increments", (long long)all);
  }
}

/* What a fit is told besides the data. */
static void print_guidance(struct q2_session *session) {
  const struct q2_dataset *dataset = &session->dataset;
  struct q2_printer *printer = &session->printer;
  if (dataset->equalities.count > 0)
    q2_print_answer(printer, "%d equalities leave %d variables\n", dataset->equalities.count, session->variables.count);
  for (int k = 0; k < dataset->prior.count; k++)
    q2_print_answer(printer, "%s%-18s weight %g\n", k == 0 ? "prior " : "      ", dataset->prior.kind[k],
                    dataset->prior.weight[k]);
}

static void print_force_field(struct q2_session *session) {
  const struct q2_dataset *dataset = &session->dataset;
  struct q2_printer *printer = &session->printer;
  q2_print_answer(printer, "\n%-24s %12s\n", "terms", "number");
  for (int t = 0; t < dataset->term_table_count; t++) {
    const int64_t all = sum_over_ranks(session, dataset->terms[t].offset[dataset->molecule_count]);
    q2_print_answer(printer, "%-24s %12lld\n", dataset->terms[t].form, (long long)all);
  }
  if (dataset->nonbonded.type_count > 0) print_nonbonded(session);
  q2_print_answer(printer, "\n%-24s %8s %8s %8s %8s\n", "parameters", "rows", "active", "frozen", "linked");
  const struct q2_parameters *p = &dataset->parameters;
  for (int k = 0; k < q2_parameter_kind_count; k++) {
    int rows = 0, active = 0, linked = 0;
    for (int row = 0; row < p->count; row++) {
      if (strcmp(p->kind[row], q2_parameter_kinds[k].name) != 0) continue;
      rows++;
      linked += p->link[row] >= 0;
      active += p->link[row] < 0 && p->active[row];
    }
    if (rows > 0)
      q2_print_answer(printer, "%-24s %8d %8d %8d %8d\n", q2_parameter_kinds[k].name, rows, active, rows - active - linked,
                      linked);
  }
  print_guidance(session);
}

/* What a row of -1 stands for; docs/observables.md has it in full. */
static void describe_all(const struct q2_observable_table *table, char *text, size_t size) {
  switch (q2_observable_find(table->kind)) {
  case Q2_OBSERVABLE_FREQUENCY:
  case Q2_OBSERVABLE_RELAXED_FREQUENCY:
    snprintf(text, size, "all vibrations above %g cm-1", table->minimum);
    break;
  case Q2_OBSERVABLE_EIGENMATRIX_DIAGONAL:
    snprintf(text, size, "all elements i, i, basis %s", table->cartesian ? "cartesian" : "vibrations");
    break;
  case Q2_OBSERVABLE_EIGENMATRIX_OFF_DIAGONAL:
    snprintf(text, size, "all elements i > j, basis %s", table->cartesian ? "cartesian" : "vibrations");
    break;
  case Q2_OBSERVABLE_HESSIAN:
    snprintf(text, size, "all elements i >= j");
    break;
  case Q2_OBSERVABLE_GRADIENT:
    snprintf(text, size, "all 3N components");
    break;
  case Q2_OBSERVABLE_BOND:
    snprintf(text, size, "all bonds");
    break;
  case Q2_OBSERVABLE_ANGLE:
    snprintf(text, size, "all angles between bonds");
    break;
  case Q2_OBSERVABLE_TORSION:
    snprintf(text, size, "all torsions along three bonds");
    break;
  default:
    snprintf(text, size, "not allowed"); /* energies name the other molecule */
  }
}

static void print_observables(struct q2_session *session) {
  const struct q2_dataset *dataset = &session->dataset;
  struct q2_printer *printer = &session->printer;
  int sets = 0;
  q2_print_answer(printer, "\n%-24s %12s %12s %12s   %s\n", "observables", "rows", "of -1", "weight > 0", "-1 stands for");
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_table *table = &dataset->observables[t];
    const int64_t rows = table->offset[dataset->molecule_count];
    int64_t counting = 0, all = 0;
    char meaning[64];
    for (int64_t r = 0; r < rows; r++) {
      counting += table->weight[r] > 0.0;
      all += table->index[r * table->index_count] < 0;
    }
    describe_all(table, meaning, sizeof meaning);
    const int64_t sums[3] = {sum_over_ranks(session, rows), sum_over_ranks(session, all), sum_over_ranks(session, counting)};
    q2_print_answer(printer, "%-24s %12lld %12lld ", table->kind, (long long)sums[0], (long long)sums[1]);
    if (table->has_weight)
      q2_print_answer(printer, "%12lld   %s\n", (long long)sums[2], meaning);
    else
      q2_print_answer(printer, "%12s   %s\n", "by the set", meaning);
    sets |= !table->has_weight;
  }
  if (sets) q2_print_answer(printer, "weights of the set %s\n", dataset->weights);
  if (dataset->invert_transition_states)
    q2_print_answer(printer, "transition states by method C: their lowest eigenvalue becomes 1 hartree/bohr^2\n");
}

/* Molecules whose geometry is relaxed for observables of their own. */
static void print_relaxed(struct q2_session *session) {
  const struct q2_dataset *dataset = &session->dataset;
  int64_t relaxed = 0;
  for (int64_t m = 0; m < dataset->molecule_count; m++)
    relaxed += q2_observed_relaxed(dataset, m);
  const int64_t all = sum_over_ranks(session, relaxed);
  if (all > 0)
    q2_print_answer(&session->printer, "%lld molecules are relaxed in every evaluation (forecast: %d Newton steps each)\n",
                    (long long)all, Q2_COST_NEWTON_STEPS);
}

static void print_plan(struct q2_session *session) {
  const struct q2_plan *plan = &session->plan;
  struct q2_printer *printer = &session->printer;
  q2_print_answer(printer, "\n%6s %6s %12s %12s %12s\n", "atoms", "order", "molecules", "chunks", "of");
  for (int b = 0; b < plan->bucket_count; b++) {
    const struct q2_bucket_plan *bucket = &plan->bucket[b];
    q2_print_answer(printer, "%6d %6d %12lld %12lld %12d\n", bucket->atoms, bucket->order, (long long)bucket->molecule_count,
                    (long long)bucket->chunk_count, bucket->chunk_size);
  }
  q2_print_answer(printer, "padding: %.2f %% more work than without\n", 100.0 * plan->padding_waste);
  if (!plan->rank_cost || plan->rank_count < 1) return;
  double most = 0.0, sum = 0.0;
  for (int r = 0; r < plan->rank_count; r++) {
    sum += plan->rank_cost[r];
    if (plan->rank_cost[r] > most) most = plan->rank_cost[r];
  }
  if (sum > 0.0)
    q2_print_answer(printer, "balance on %d rank%s: the busiest has %.2f times its fair share\n", plan->rank_count,
                    plan->rank_count == 1 ? "" : "s", most * plan->rank_count / sum);
}

static int print_forecast(struct q2_session *session, struct q2_error *error) {
  struct q2_forecast forecast;
  const int ranks = session->machine.ranks, threads = session->machine.threads;
  Q2_TRY(q2_forecast(session, &forecast, error));
  q2_print_answer(
      &session->printer,
      "forecast for %d rank%s of %d thread%s on this machine: %.4g s an evaluation (value and gradient), %.1f MiB of tables "
      "and %.1f MiB of work space a rank, %.1f KiB summed over ranks\n",
      ranks, ranks == 1 ? "" : "s", threads, threads == 1 ? "" : "s", forecast.seconds,
      (double)forecast.table_bytes / 1048576.0, (double)forecast.wave_bytes / 1048576.0,
      (double)forecast.message_bytes / 1024.0);
  return Q2_OK;
}

/* Devices on which nothing was measured: told so, every time. */
static void print_devices(struct q2_session *session) {
  struct q2_printer *printer = &session->printer;
  struct q2_device_forecast forecast[Q2_NAMED_MODES][Q2_DEVICE_COUNT];
  for (int mode = 0; mode < Q2_NAMED_MODES; mode++)
    q2_forecast_devices(session, mode, forecast[mode]);
  q2_print_answer(printer, "\nforecast, not measured: one GPU a rank, %d rank%s, milliseconds an evaluation\n",
                  session->machine.ranks, session->machine.ranks == 1 ? "" : "s");
  q2_print_answer(printer, "%-16s %-14s %12s %12s %12s   %s\n", "device", "-precision", "gradient", "with J'J", "MiB a rank",
                  "fits");
  for (int d = 0; d < Q2_DEVICE_COUNT; d++) {
    for (int mode = 0; mode < Q2_NAMED_MODES; mode++) {
      const struct q2_device_forecast *row = &forecast[mode][d];
      char fits[32] = "no: not even the tables";
      if (row->waves == 1) snprintf(fits, sizeof fits, "yes");
      if (row->waves > 1) snprintf(fits, sizeof fits, "in %d waves", row->waves);
      q2_print_answer(printer, "%-16s %-14s %12.4g %12.4g %12.1f   %s\n", q2_device_models[d].name,
                      q2_precision_modes[mode].name, 1e3 * row->seconds, 1e3 * row->normal_seconds, row->memory / 1048576.0,
                      fits);
    }
  }
}

int q2_command_info(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error) {
  struct q2_session session;
  (void)status;
  int outcome = q2_session_open(comm, line, 0, &session, error);
  if (outcome == Q2_OK) {
    print_molecules(&session);
    print_force_field(&session);
    print_observables(&session);
    print_relaxed(&session);
    print_plan(&session);
    outcome = print_forecast(&session, error);
    if (outcome == Q2_OK) print_devices(&session);
  }
  q2_session_close(&session);
  return outcome;
}
