/* A stand-in for src/objective.c: a smooth nonlinear least-squares problem with the same interface, spread over ranks as the
 * real one is, and as exact. Vibration k of molecule m is u + 0.1 u^2 with u = sum over rows p of a(m, k, p) parameter[p] /
 * 100; the reference is the same at parameters 100 (1 + 0.3 cos(p)). A molecule fails where parameter 1 goes beyond its
 * `energy`; where that is negative, the gradient becomes NaN beyond -energy, and nothing fails. The last `validation_total`
 * molecules are out of the sums and make the validation loss.
 *
 * With the rule `overlap` all squares have a factor that depends on parameter 0 where pairs were found last: another loss. */
#include <math.h>
#include <stdlib.h>

#include "../io/memory.h"
#include "../src/objective.h"

enum { VIBRATIONS = 4 };

const char *const q2_stage_names[Q2_STAGE_COUNT] = {"terms",     "Hessian",    "project", "eigen", "observables",
                                                    "cotangent", "parameters", "relax",   "reduce"};

struct q2_objective {
  MPI_Comm comm;
  const struct q2_dataset *dataset;
  struct q2_objective_options options;
  int paired;
  double factor; /* of all squares */
};

static double factor_at(const double *parameters) { return 1.0 + 0.25 * cos(floor(parameters[0] / 4.0)); }

int q2_objective_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_plan *plan,
                        const struct q2_objective_options *options, struct q2_objective **objective, struct q2_error *error) {
  (void)plan;
  *objective = calloc(1, sizeof **objective);
  if (!*objective) return q2_fail(error, "no memory");
  (*objective)->comm = comm;
  (*objective)->dataset = dataset;
  if (options) (*objective)->options = *options;
  (*objective)->factor = 1.0;
  return Q2_OK;
}

void q2_objective_destroy(struct q2_objective *objective) { free(objective); }

static double weight(int64_t m, int k, int p) {
  return cos(1.0 + (double)m * 12.9898 + k * 78.233 + p * 37.719) + 3.0 * (k == p % VIBRATIONS);
}

static double u_of(int64_t m, int k, int rows, const double *parameters) {
  double u = 0.0;
  for (int p = 0; p < rows; p++)
    u += weight(m, k, p) * (parameters ? parameters[p] / 100.0 : 1.0 + 0.3 * cos(p));
  return u;
}

int q2_objective_evaluate(struct q2_objective *objective, const double *parameters, struct q2_evaluation *evaluation,
                          double *gradient, struct q2_error *error) {
  const struct q2_dataset *dataset = objective->dataset;
  const int rows = dataset->parameters.count, width = rows + 2;
  const int64_t fitted = dataset->molecule_total - dataset->validation_total;
  if (objective->options.match == Q2_MATCH_OVERLAP && !objective->paired) objective->factor = factor_at(parameters);
  objective->paired = 1;
  /* One row a molecule of the whole set: only its owner adds anything but zeros, so that the sum over ranks is exact, and then
   * all ranks add up in one order. */
  double *sums = q2_allocate(dataset->molecule_total * width, sizeof *sums);
  if (!sums) return q2_fail(error, "no memory");
  for (int64_t i = 0; i < dataset->molecule_count; i++) {
    const int64_t m = dataset->molecule[i];
    double *sum = sums + m * width;
    const double reach = fmax(parameters[1], parameters[2] / 1.15); /* every optimizer's first full step goes too far */
    if (dataset->energy[i] >= 0.0 && reach > dataset->energy[i]) sum[rows + 1] = 1.0;
    if (dataset->energy[i] < 0.0 && reach > -dataset->energy[i]) sum[0] = NAN;
    for (int k = 0; k < VIBRATIONS; k++) {
      const double u = u_of(m, k, rows, parameters), v = u_of(m, k, rows, NULL), r = v + 0.1 * v * v - (u + 0.1 * u * u);
      sum[rows] += objective->factor * r * r;
      for (int p = 0; p < rows; p++)
        sum[p] -= objective->factor * 2.0 * r * (1.0 + 0.2 * u) * weight(m, k, p) / 100.0;
    }
  }
  MPI_Allreduce(MPI_IN_PLACE, sums, (int)(dataset->molecule_total * width), MPI_DOUBLE, MPI_SUM, objective->comm);
  *evaluation = (struct q2_evaluation){.first_failed = -1};
  if (gradient)
    for (int p = 0; p < rows; p++)
      gradient[p] = 0.0;
  evaluation->validation_molecules = dataset->validation_total;
  for (int64_t m = fitted; m < dataset->molecule_total; m++)
    evaluation->validation_loss += sums[m * width + rows];
  evaluation->validation_rmsd = sqrt(evaluation->validation_loss / fmax(1.0, (double)(VIBRATIONS * dataset->validation_total)));
  for (int64_t m = fitted - 1; m >= 0; m--) {
    const double *sum = sums + m * width;
    evaluation->loss += sum[rows];
    if (gradient)
      for (int p = 0; p < rows; p++)
        gradient[p] += sum[p];
    if (sum[rows + 1] > 0.0) {
      evaluation->failed_molecules++;
      evaluation->first_failed = m;
    }
  }
  evaluation->residual_count = evaluation->vibration_count = VIBRATIONS * fitted;
  evaluation->rmsd = sqrt(evaluation->loss / (double)evaluation->vibration_count);
  if (evaluation->failed_molecules > 0) evaluation->loss = NAN;
  free(sums);
  return Q2_OK;
}

int q2_objective_vibrations(struct q2_objective *objective, const double *parameters, struct q2_vibrations *vibrations,
                            struct q2_error *error) {
  const int64_t count = objective->dataset->molecule_count;
  const int rows = objective->dataset->parameters.count;
  vibrations->molecule_count = count;
  vibrations->offset = q2_allocate(count + 1, sizeof *vibrations->offset);
  vibrations->reference = q2_allocate(count * VIBRATIONS, sizeof *vibrations->reference);
  vibrations->calculated = q2_allocate(count * VIBRATIONS, sizeof *vibrations->calculated);
  vibrations->weight = q2_allocate(count * VIBRATIONS, sizeof *vibrations->weight);
  if (!vibrations->offset || !vibrations->reference || !vibrations->calculated || !vibrations->weight)
    return q2_fail(error, "no memory");
  for (int64_t i = 0; i < count; i++) {
    vibrations->offset[i + 1] = (i + 1) * VIBRATIONS;
    for (int k = 0; k < VIBRATIONS; k++) {
      const int64_t at = i * VIBRATIONS + k, m = objective->dataset->molecule[i];
      const double u = u_of(m, k, rows, parameters), v = u_of(m, k, rows, NULL);
      vibrations->reference[at] = v + 0.1 * v * v;
      vibrations->calculated[at] = u + 0.1 * u * u;
      vibrations->weight[at] = 1.0;
    }
  }
  return Q2_OK;
}

void q2_vibrations_free(struct q2_vibrations *vibrations) {
  free(vibrations->offset);
  free(vibrations->reference);
  free(vibrations->calculated);
  free(vibrations->weight);
  *vibrations = (struct q2_vibrations){0};
}

int q2_objective_hessian(struct q2_objective *objective, const double *parameters, int64_t molecule, double *hessian,
                         struct q2_error *error) {
  (void)parameters, (void)error;
  const int64_t n = 3 * (objective->dataset->atom_offset[molecule + 1] - objective->dataset->atom_offset[molecule]);
  for (int64_t i = 0; i < n * n; i++)
    hessian[i] = i % (n + 1) == 0;
  return Q2_OK;
}

void q2_objective_timings(struct q2_objective *objective, double *seconds, int reset) {
  (void)objective, (void)reset;
  for (int s = 0; s < Q2_STAGE_COUNT; s++)
    seconds[s] = 0.0;
}

void q2_objective_follow(struct q2_objective *objective, const double *parameters) { (void)objective, (void)parameters; }
void q2_objective_set_precision(struct q2_objective *objective, int precision) { (void)objective, (void)precision; }
void q2_objective_unfollow(struct q2_objective *objective) { (void)objective; }

int q2_objective_assign(struct q2_objective *objective, const double *parameters, int64_t *changed, struct q2_error *error) {
  const double before = objective->factor;
  (void)error;
  if (objective->options.match == Q2_MATCH_OVERLAP) objective->factor = factor_at(parameters);
  *changed = objective->factor != before;
  return Q2_OK;
}

int q2_objective_relaxes(const struct q2_objective *objective) {
  (void)objective;
  return 0;
}

void q2_objective_relaxations(const struct q2_objective *objective, int32_t *status, int32_t *set_aside) {
  for (int64_t m = 0; m < objective->dataset->molecule_count; m++) {
    status[m] = -1;
    set_aside[m] = 0;
  }
}

int64_t q2_objective_bytes(const struct q2_objective *objective) {
  (void)objective;
  return 0;
}

int64_t q2_objective_damped_torsions(const struct q2_objective *objective) {
  (void)objective;
  return 0;
}

int q2_objective_normal(struct q2_objective *objective, const double *parameters, struct q2_evaluation *evaluation,
                        double *gradient, double *square, struct q2_error *error) {
  const struct q2_dataset *dataset = objective->dataset;
  const int rows = dataset->parameters.count, n = objective->options.normal_count;
  const int *variable = objective->options.normal_variable_of;
  Q2_TRY(q2_objective_evaluate(objective, parameters, evaluation, gradient, error));
  /* Every rank adds up all molecules of the whole set, in one order: nothing to communicate. */
  double *row = q2_allocate(n, sizeof *row);
  if (!row) return q2_fail(error, "no memory");
  for (int k = 0; k < n * n; k++)
    square[k] = 0.0;
  for (int64_t m = 0; m < dataset->molecule_total - dataset->validation_total; m++) {
    for (int k = 0; k < VIBRATIONS; k++) {
      const double u = u_of(m, k, rows, parameters);
      for (int v = 0; v < n; v++)
        row[v] = 0.0;
      for (int p = 0; p < rows; p++)
        if (variable[p] >= 0) row[variable[p]] -= (1.0 + 0.2 * u) * weight(m, k, p) / 100.0;
      for (int a = 0; a < n * n; a++)
        square[a] += objective->factor * row[a / n] * row[a % n];
    }
  }
  free(row);
  return Q2_OK;
}
