/* Starting values by linear least squares: where equilibrium values are fixed, the Hessian is linear in the force constants. */
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "../locking.h"
#include "../objective.h"
#include "../variables.h"
#include "bounded_quadratic.h"
#include "start.h"

/* Kinds in which an energy is linear. (Bond dipoles and charges enter as products, well depths by geometric means.) */
static const char *const linear_kinds[] = {"bond_k",
                                           "urey_bradley_k",
                                           "morse_d",
                                           "angle_k",
                                           "angle_cosine_k",
                                           "torsion_k",
                                           "torsion_v1",
                                           "torsion_v2",
                                           "torsion_v3",
                                           "improper_k",
                                           "improper_harmonic_k",
                                           "out_of_plane_k",
                                           "stretch_bend_k",
                                           "bend_bend_k",
                                           "torsion_stretch_v1",
                                           "torsion_stretch_v2",
                                           "torsion_stretch_v3",
                                           "cmap_scale",
                                           NULL};

static int is_linear(const char *kind) {
  for (int k = 0; linear_kinds[k]; k++)
    if (strcmp(linear_kinds[k], kind) == 0) return 1;
  return 0;
}

struct linear {
  MPI_Comm comm;
  struct q2_dataset *dataset;
  const struct q2_start_options *options;
  const struct q2_backends *backends;
  struct q2_error *error;
  struct q2_variables variables;
  int32_t *owner;  /* [molecules of the file] which rank held each molecule before */
  double *numbers; /* what J'J and its solution take */
};

/* Every element of each molecule's Hessian with its weight in the place of the data set's observables. */
static int observe_hessians(struct linear *l, struct q2_observable_table *table) {
  const struct q2_dataset *d = l->dataset;
  int64_t rows = 0, all;
  for (int64_t m = 0; m < d->molecule_count; m++)
    rows += d->hessian_offset[m + 1] - d->hessian_offset[m];
  MPI_Allreduce(&rows, &all, 1, MPI_INT64_T, MPI_SUM, l->comm);
  if (all == 0) return q2_fail(l->error, "option -start linear: no molecule has a QM Hessian");
  *table = (struct q2_observable_table){.index_count = 2, .has_weight = 1, .minimum = 50.0};
  strcpy(table->kind, "hessian");
  table->offset = q2_allocate(d->molecule_count + 1, sizeof *table->offset);
  table->index = q2_allocate(2 * rows, sizeof *table->index);
  table->weight = q2_allocate(rows, sizeof *table->weight);
  table->value = q2_allocate(rows, sizeof *table->value);
  const int good = table->offset && table->index && table->weight && table->value;
  int64_t row = 0;
  for (int64_t m = 0; good && m < d->molecule_count; m++) {
    const double *mass = d->mass + d->atom_offset[m];
    const int n = d->hessian_offset[m + 1] > d->hessian_offset[m] ? 3 * (int)(d->atom_offset[m + 1] - d->atom_offset[m]) : 0;
    for (int a = 0; a < n; a++)
      for (int b = 0; b <= a; b++, row++) {
        table->index[2 * row] = a;
        table->index[2 * row + 1] = b;
        table->weight[row] = sqrt((a == b ? 1.0 : 2.0) / (mass[a / 3] * mass[b / 3])); /* (a,b) and (b,a) */
      }
    table->offset[m + 1] = row;
  }
  return q2_agree(l->comm,
                  good ? Q2_OK : q2_fail(l->error, "option -start linear: out of memory for %lld elements", (long long)rows),
                  l->error);
}

/* Only parameters in which the Hessian is linear vary. */
static void choose_parameters(const struct q2_dataset *d, int32_t *active) {
  const struct q2_parameters *p = &d->parameters;
  for (int row = 0; row < p->count; row++)
    active[row] = p->active[row] && is_linear(p->kind[row]);
  for (int k = 0; d->equalities.count > 0 && k < d->equalities.offset[d->equalities.count]; k++) {
    const int row = d->equalities.row[k];
    active[p->link[row] >= 0 ? p->link[row] : row] = 0;
  }
}

/* One J'J at the start, and the minimum of the quadratic function that it makes. The same on every rank. */
static int solve(struct linear *l, struct q2_objective *objective, double *before, double *after) {
  const struct q2_variables *v = &l->variables;
  struct q2_parameters *p = &l->dataset->parameters;
  const int64_t n = v->count, rows = v->independent_count;
  l->numbers = q2_allocate_everywhere(l->comm, 2 * (int64_t)p->count + rows * rows + n * n + 5 * n, sizeof *l->numbers,
                                      "option -start linear", l->error);
  if (!l->numbers) return Q2_FAILED;
  double *values = l->numbers, *row_gradient = values + p->count, *square = row_gradient + p->count;
  double *matrix = square + rows * rows, *x = matrix + n * n, *slope = x + n, *step = slope + n, *lower = step + n,
         *upper = lower + n;
  struct q2_evaluation evaluation;
  q2_variables_start(v, p, x);
  q2_variables_apply(v, x, values);
  Q2_TRY(q2_objective_normal(objective, values, &evaluation, row_gradient, square, l->error));
  if (evaluation.failed_molecules > 0)
    return q2_fail(l->error, "option -start linear: the Hessian of molecule %lld is not finite at the starting values",
                   (long long)evaluation.first_failed);
  q2_variables_gradient(v, row_gradient, slope);
  q2_variables_square(v, square, matrix);
  for (int64_t k = 0; k < n * n; k++)
    matrix[k] *= 2.0;
  for (int64_t k = 0; k < n; k++) {
    lower[k] = v->lower[k] - x[k];
    upper[k] = v->upper[k] - x[k];
  }
  Q2_TRY(q2_bounded_quadratic((int)n, matrix, slope, lower, upper, step, l->error));
  *before = *after = evaluation.loss;
  for (int64_t i = 0; i < n; i++) {
    *after += slope[i] * step[i];
    for (int64_t j = 0; j < n; j++)
      *after += 0.5 * step[i] * matrix[i * n + j] * step[j];
    x[i] = fmin(fmax(x[i] + step[i], v->lower[i]), v->upper[i]);
  }
  /* Ranks take rank 0's, whatever their BLAS. */
  MPI_Bcast(x, (int)n, MPI_DOUBLE, 0, l->comm);
  q2_variables_apply(v, x, values);
  for (int row = 0; row < p->count; row++)
    if (v->independent_of[row] >= 0) p->value[row] = values[row];
  return Q2_OK;
}

static int evaluate(struct linear *l, double *before, double *after) {
  const struct q2_plan_options plan_options = {0};
  struct q2_plan plan = {0};
  struct q2_objective *objective = NULL;
  int status = q2_plan_create(l->comm, l->dataset, &plan_options, &plan, l->error);
  if (status == Q2_OK) status = q2_plan_distribute(l->comm, &plan, l->dataset, l->error);
  if (status == Q2_OK) {
    const struct q2_objective_options options = {.match = Q2_MATCH_POSITION,
                                                 .backend = l->backends->backend,
                                                 .sum = l->backends->sum,
                                                 .threads = l->options->threads,
                                                 .memory_limit = l->backends->memory,
                                                 .normal_count = l->variables.independent_count,
                                                 .normal_variable_of = l->variables.independent_of};
    status = q2_objective_create(l->comm, l->dataset, &plan, &options, &objective, l->error);
  }
  if (status == Q2_OK) status = solve(l, objective, before, after);
  q2_objective_destroy(objective);
  q2_plan_free(&plan);
  return status;
}

/* Which rank holds each molecule now. Collective. */
static int remember_owners(struct linear *l) {
  const struct q2_dataset *d = l->dataset;
  int rank;
  MPI_Comm_rank(l->comm, &rank);
  l->owner = q2_allocate_everywhere(l->comm, d->molecule_total, sizeof *l->owner, "option -start linear", l->error);
  if (!l->owner) return Q2_FAILED;
  for (int64_t m = 0; m < d->molecule_count; m++)
    l->owner[d->molecule[m]] = rank;
  for (int64_t first = 0; first < d->molecule_total; first += 1 << 28) {
    const int64_t left = d->molecule_total - first;
    MPI_Allreduce(MPI_IN_PLACE, l->owner + first, (int)(left < 1 << 28 ? left : 1 << 28), MPI_INT32_T, MPI_SUM, l->comm);
  }
  return Q2_OK;
}

static int send_back(struct linear *l) {
  struct q2_dataset *d = l->dataset;
  int *owner = q2_allocate_everywhere(l->comm, d->molecule_count, sizeof *owner, "option -start linear", l->error);
  if (!owner) return Q2_FAILED;
  for (int64_t m = 0; m < d->molecule_count; m++)
    owner[m] = l->owner[d->molecule[m]];
  const int status = q2_dataset_exchange(l->comm, d, owner, l->error);
  free(owner);
  return status;
}

static void free_table(struct q2_observable_table *table) {
  free(table->offset);
  free(table->index);
  free(table->weight);
  free(table->value);
}

/* With the data set as it is changed: other parameters active, other observables, no equalities. */
static int with_hessians(struct linear *l, double *before, double *after) {
  struct q2_dataset *d = l->dataset;
  const enum q2_bounds_rule rule = (enum q2_bounds_rule)(l->options->bounds | (l->options->positive ? Q2_BOUNDS_SIGNS : 0));
  Q2_TRY(remember_owners(l));
  if (l->options->positive) {
    double *values = q2_allocate_everywhere(l->comm, d->parameters.count, sizeof *values, "option -start linear", l->error);
    if (!values) return Q2_FAILED;
    q2_lock_start_at_sign_bounds(&d->parameters, values);
    free(values);
  }
  Q2_TRY(observe_hessians(l, &d->observables[0]));
  Q2_TRY(q2_agree(l->comm, q2_variables_create(&d->parameters, NULL, rule, &l->variables, l->error), l->error));
  if (l->variables.count == 0)
    return q2_fail(l->error, "option -start linear: no parameter varies in which the Hessian is linear");
  int status = evaluate(l, before, after);
  return send_back(l) == Q2_OK ? status : Q2_FAILED;
}

int q2_start_linear(MPI_Comm comm, struct q2_dataset *dataset, const struct q2_start_options *options,
                    const struct q2_backends *backends, double *before, double *after, struct q2_error *error) {
  struct linear l = {.comm = comm, .dataset = dataset, .options = options, .backends = backends, .error = error};
  struct q2_parameters *p = &dataset->parameters;
  struct q2_observable_table table = {0}, *observables = dataset->observables;
  const int observable_tables = dataset->observable_table_count, leaves_out = dataset->leave_out_reaction_modes;
  int32_t *const chosen = q2_allocate_everywhere(comm, p->count, sizeof *chosen, "option -start linear", error);
  if (!chosen) return Q2_FAILED;
  int32_t *const active = p->active;
  choose_parameters(dataset, chosen);
  p->active = chosen;
  dataset->observables = &table;
  dataset->observable_table_count = 1;
  dataset->leave_out_reaction_modes = 0;
  const int status = with_hessians(&l, before, after);
  free_table(&table);
  dataset->observables = observables;
  dataset->observable_table_count = observable_tables;
  dataset->leave_out_reaction_modes = leaves_out;
  p->active = active;
  free(chosen);
  q2_variables_free(&l.variables);
  free(l.owner);
  free(l.numbers);
  return status;
}
