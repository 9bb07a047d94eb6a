/* What the optimizer varies. */
#include "variables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "equalities.h"
#include "parameter_kinds.h"

static const double bound_tolerance = 1e-9;

static int allocate(int rows, struct q2_variables *variables) {
  variables->source = q2_allocate(rows, sizeof *variables->source);
  variables->independent_of = q2_allocate(rows, sizeof *variables->independent_of);
  variables->independent_row = q2_allocate(rows, sizeof *variables->independent_row);
  variables->row_scale = q2_allocate(rows, sizeof *variables->row_scale);
  variables->row_lower = q2_allocate(rows, sizeof *variables->row_lower);
  variables->row_upper = q2_allocate(rows, sizeof *variables->row_upper);
  variables->eliminated = q2_allocate(rows, sizeof *variables->eliminated);
  variables->start = q2_allocate(rows + 1, sizeof *variables->start);
  variables->constant = q2_allocate(rows, sizeof *variables->constant);
  variables->row = q2_allocate(rows, sizeof *variables->row);
  variables->scale = q2_allocate(rows, sizeof *variables->scale);
  variables->lower = q2_allocate(rows, sizeof *variables->lower);
  variables->upper = q2_allocate(rows, sizeof *variables->upper);
  return variables->source && variables->independent_of && variables->independent_row && variables->row_scale &&
         variables->row_lower && variables->row_upper && variables->eliminated && variables->start && variables->constant &&
         variables->row && variables->scale && variables->lower && variables->upper;
}

/* Finds the independent parameters, their scales and bounds. */
static int find_independent(const struct q2_parameters *parameters, enum q2_bounds_rule rule, struct q2_variables *variables,
                            struct q2_error *error) {
  for (int row = 0; row < parameters->count; row++) {
    const struct q2_parameter_kind *kind = q2_parameter_kind_find(parameters->kind[row]);
    if (!kind)
      return q2_fail(error,
                     "/force_field/parameters/kind: row %d is \"%s\", which is no kind that q2hpc knows (docs/forces.md)", row,
                     parameters->kind[row]);
    variables->source[row] = parameters->link[row] >= 0 ? parameters->link[row] : row;
    variables->independent_of[row] = -1;
    if (parameters->link[row] >= 0 || !parameters->active[row]) continue;
    const int i = variables->independent_count;
    Q2_TRY(q2_bounds_of(parameters, row, kind, rule, &variables->row_lower[i], &variables->row_upper[i], error));
    variables->row_scale[i] = parameters->scale[row] > 0.0 ? parameters->scale[row] : kind->scale;
    variables->independent_row[i] = row;
    variables->independent_of[row] = i;
    variables->independent_count++;
  }
  for (int row = 0; row < parameters->count; row++)
    variables->independent_of[row] = variables->independent_of[variables->source[row]];
  return Q2_OK;
}

/* Parameters that no equality takes away are the variables. `of`: [independent_count], which one, -1: none. */
static void find_variables(struct q2_variables *variables, int *of) {
  for (int i = 0; i < variables->independent_count; i++) {
    of[i] = -1;
    if (variables->eliminated[i]) continue;
    const int v = of[i] = variables->count++;
    const double scale = variables->row_scale[i];
    variables->row[v] = variables->independent_row[i];
    variables->scale[v] = scale;
    variables->lower[v] = variables->row_lower[i] / scale;
    variables->upper[v] = variables->row_upper[i] / scale;
  }
}

/* Bounds of an eliminated parameter that depends on one variable are that variable's: lower <= constant + z x <= upper. */
static void pass_bounds_on(const struct q2_parameters *parameters, struct q2_variables *variables) {
  for (int i = 0; i < variables->independent_count; i++) {
    if (!variables->eliminated[i] || (isinf(variables->row_lower[i]) && isinf(variables->row_upper[i]))) continue;
    const int entries = variables->start[i + 1] - variables->start[i];
    if (entries > 1) variables->watched++;
    if (entries != 1) continue;
    const int v = variables->variable[variables->start[i]];
    const double z = variables->coefficient[variables->start[i]], c = variables->constant[i];
    const double first = (variables->row_lower[i] - c) / z, second = (variables->row_upper[i] - c) / z;
    /* The starting value is within both bounds; rounding must not put it out. */
    const double x = parameters->value[variables->row[v]] / variables->scale[v];
    variables->lower[v] = fmax(variables->lower[v], fmin(fmin(first, second), x));
    variables->upper[v] = fmin(variables->upper[v], fmax(fmax(first, second), x));
  }
}

/* Fills Z. The parameters of one equality are scaled by different numbers: p = scale y. */
static int fill_matrix(const struct q2_elimination *elimination, struct q2_variables *variables, const int *of) {
  const int n = variables->independent_count;
  int64_t entries = variables->count;
  for (int64_t k = 0; k < (int64_t)elimination->count * n; k++)
    entries += elimination->coefficient[k] != 0.0;
  variables->variable = q2_allocate(entries, sizeof *variables->variable);
  variables->coefficient = q2_allocate(entries, sizeof *variables->coefficient);
  if (!variables->variable || !variables->coefficient || entries > INT32_MAX) return Q2_FAILED;
  int at = 0;
  for (int i = 0; i < n; i++) {
    variables->start[i] = at;
    if (!variables->eliminated[i]) {
      variables->variable[at] = of[i];
      variables->coefficient[at++] = variables->row_scale[i];
      continue;
    }
    int e = 0;
    while (elimination->pivot[e] != i)
      e++;
    variables->constant[i] = elimination->constant[e] * variables->row_scale[i];
    for (int j = 0; j < n; j++) {
      const double entry = elimination->coefficient[(int64_t)e * n + j];
      if (entry == 0.0) continue;
      variables->variable[at] = of[j];
      variables->coefficient[at++] = entry * variables->row_scale[i];
    }
  }
  variables->start[n] = at;
  return Q2_OK;
}

/* Solves the equalities and makes the variables of what they leave. of, bounded: [independent_count], to work in. */
static int eliminate(const struct q2_parameters *parameters, const struct q2_equalities *equalities,
                     struct q2_variables *variables, int *of, int *bounded, struct q2_error *error) {
  struct q2_elimination elimination = {0};
  int status = Q2_OK;
  for (int i = 0; i < variables->independent_count; i++)
    bounded[i] = isfinite(variables->row_lower[i]) || isfinite(variables->row_upper[i]);
  const struct q2_independent independent = {variables->independent_count, variables->independent_of, variables->row_scale,
                                             bounded};
  if (equalities && equalities->count > 0) status = q2_eliminate(equalities, parameters, &independent, &elimination, error);
  if (status == Q2_OK) {
    for (int e = 0; e < elimination.count; e++)
      variables->eliminated[elimination.pivot[e]] = 1;
    find_variables(variables, of);
    status = fill_matrix(&elimination, variables, of);
    if (status != Q2_OK) q2_fail(error, "out of memory for %d variables", variables->count);
  }
  if (status == Q2_OK) pass_bounds_on(parameters, variables);
  q2_elimination_free(&elimination);
  return status;
}

int q2_variables_create(const struct q2_parameters *parameters, const struct q2_equalities *equalities,
                        enum q2_bounds_rule rule, struct q2_variables *variables, struct q2_error *error) {
  const int rows = parameters->count;
  memset(variables, 0, sizeof *variables);
  variables->parameter_count = rows;
  variables->frozen = parameters->value;
  int *work = q2_allocate(2 * (int64_t)rows, sizeof *work);
  int status = allocate(rows, variables) && work ? Q2_OK : q2_fail(error, "out of memory for %d variables", rows);
  if (status == Q2_OK) status = find_independent(parameters, rule, variables, error);
  if (status == Q2_OK) status = eliminate(parameters, equalities, variables, work, work + rows, error);
  free(work);
  if (status != Q2_OK) q2_variables_free(variables);
  return status;
}

void q2_variables_free(struct q2_variables *variables) {
  free(variables->source);
  free(variables->independent_of);
  free(variables->independent_row);
  free(variables->row_scale);
  free(variables->row_lower);
  free(variables->row_upper);
  free(variables->eliminated);
  free(variables->start);
  free(variables->variable);
  free(variables->coefficient);
  free(variables->constant);
  free(variables->row);
  free(variables->scale);
  free(variables->lower);
  free(variables->upper);
  memset(variables, 0, sizeof *variables);
}

void q2_variables_start(const struct q2_variables *variables, const struct q2_parameters *parameters, double *x) {
  for (int v = 0; v < variables->count; v++) {
    /* value / scale may round across a bound that the value itself sits on. */
    const double scaled = parameters->value[variables->row[v]] / variables->scale[v];
    x[v] = fmin(fmax(scaled, variables->lower[v]), variables->upper[v]);
  }
}

void q2_variables_apply(const struct q2_variables *variables, const double *x, double *parameters) {
  for (int row = 0; row < variables->parameter_count; row++) {
    const int i = variables->independent_of[row];
    if (i < 0) {
      parameters[row] = variables->frozen[variables->source[row]];
      continue;
    }
    double value = variables->constant[i];
    for (int k = variables->start[i]; k < variables->start[i + 1]; k++)
      value += variables->coefficient[k] * x[variables->variable[k]];
    parameters[row] = value;
  }
}

int q2_variables_leave_bounds(const struct q2_variables *variables, const double *parameters) {
  for (int i = 0; i < variables->independent_count && variables->watched > 0; i++) {
    const int row = variables->independent_row[i];
    const double margin = bound_tolerance * variables->row_scale[i];
    if (!variables->eliminated[i]) continue;
    if (parameters[row] < variables->row_lower[i] - margin || parameters[row] > variables->row_upper[i] + margin) return row;
  }
  return -1;
}

void q2_variables_gradient(const struct q2_variables *variables, const double *row_gradient, double *x_gradient) {
  /* Rows of one parameter first, in order, then times Z; x_gradient serves as the sums where a parameter is its variable. */
  for (int v = 0; v < variables->count; v++)
    x_gradient[v] = 0.0;
  for (int row = 0; row < variables->parameter_count; row++) {
    const int i = variables->independent_of[row];
    if (i >= 0 && !variables->eliminated[i]) x_gradient[variables->variable[variables->start[i]]] += row_gradient[row];
  }
  for (int v = 0; v < variables->count; v++)
    x_gradient[v] *= variables->scale[v];
  for (int row = 0; row < variables->parameter_count; row++) {
    const int i = variables->independent_of[row];
    if (i < 0 || !variables->eliminated[i]) continue;
    for (int k = variables->start[i]; k < variables->start[i + 1]; k++)
      x_gradient[variables->variable[k]] += variables->coefficient[k] * row_gradient[row];
  }
}

void q2_variables_square(const struct q2_variables *variables, const double *independent_square, double *x_square) {
  const int64_t n = variables->independent_count, width = variables->count;
  for (int64_t k = 0; k < width * width; k++)
    x_square[k] = 0.0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      const double element = independent_square[i * n + j];
      for (int k = variables->start[i]; k < variables->start[i + 1]; k++) {
        for (int l = variables->start[j]; l < variables->start[j + 1]; l++)
          x_square[variables->variable[k] * width + variables->variable[l]] +=
              variables->coefficient[k] * variables->coefficient[l] * element;
      }
    }
  }
  /* The halves are summed in different orders: one serves for both. */
  for (int64_t v = 0; v < width; v++)
    for (int64_t w = 0; w < v; w++)
      x_square[w * width + v] = x_square[v * width + w];
}

const char *q2_variables_state(const struct q2_variables *variables, int row) {
  const int i = variables->independent_of[row];
  if (i < 0) return "frozen";
  if (variables->independent_row[i] != row) return "linked";
  return variables->eliminated[i] ? "by equality" : "";
}

int q2_variables_at_bound(const struct q2_variables *variables, int i, double value) {
  const double margin = bound_tolerance * variables->row_scale[i];
  return value <= variables->row_lower[i] + margin ? -1 : value >= variables->row_upper[i] - margin;
}
