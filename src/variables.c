/* What the optimizer varies: the active, unlinked rows of the parameter table, each divided by its scale. */
#include "variables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "parameter_kinds.h"

/* Beyond this a bound of the file means "none" (docs/format.md). */
static const double no_bound = 1e300;

static int bounds_of(const struct q2_parameters *parameters, int row, const struct q2_parameter_kind *kind, double *lower,
                     double *upper, struct q2_error *error) {
  const double value = parameters->value[row], factor = parameters->factor[row] != 0.0 ? parameters->factor[row] : 1.0;
  *lower = parameters->lower[row] > -no_bound ? parameters->lower[row] : kind->lower;
  *upper = parameters->upper[row] < no_bound ? parameters->upper[row] : kind->upper;
  /* The reader has checked the file's own bounds; together with the kind's they may still exclude the starting value. */
  if (!(*lower <= value && value <= *upper))
    return q2_fail(
        error, "/force_field/parameters: row %d (%s %s) starts at %.10g %s, out of the bounds %.10g to %.10g that hold for %s",
        row, parameters->kind[row], parameters->label[row], value / factor, parameters->unit[row], *lower / factor,
        *upper / factor, parameters->kind[row]);
  return Q2_OK;
}

int q2_variables_create(const struct q2_parameters *parameters, struct q2_variables *variables, struct q2_error *error) {
  const int rows = parameters->count;
  memset(variables, 0, sizeof *variables);
  variables->parameter_count = rows;
  variables->frozen = parameters->value;
  variables->row = q2_allocate(rows, sizeof *variables->row);
  variables->variable_of = q2_allocate(rows, sizeof *variables->variable_of);
  variables->scale = q2_allocate(rows, sizeof *variables->scale);
  variables->lower = q2_allocate(rows, sizeof *variables->lower);
  variables->upper = q2_allocate(rows, sizeof *variables->upper);
  variables->source = q2_allocate(rows, sizeof *variables->source);
  if (!variables->row || !variables->variable_of || !variables->scale || !variables->lower || !variables->upper ||
      !variables->source) {
    q2_variables_free(variables);
    return q2_fail(error, "no memory for %d variables", rows);
  }
  for (int row = 0; row < rows; row++) {
    const struct q2_parameter_kind *kind = q2_parameter_kind_find(parameters->kind[row]);
    if (!kind) {
      q2_variables_free(variables);
      return q2_fail(error,
                     "/force_field/parameters/kind: row %d is \"%s\", which is no kind that q2hpc knows (docs/forces.md)", row,
                     parameters->kind[row]);
    }
    variables->source[row] = parameters->link[row] >= 0 ? parameters->link[row] : row;
    variables->variable_of[row] = -1;
    if (parameters->link[row] >= 0 || !parameters->active[row]) continue;
    const int v = variables->count++;
    double lower, upper;
    if (bounds_of(parameters, row, kind, &lower, &upper, error) != Q2_OK) {
      q2_variables_free(variables);
      return Q2_FAILED;
    }
    variables->row[v] = row;
    variables->variable_of[row] = v;
    variables->scale[v] = parameters->scale[row] > 0.0 ? parameters->scale[row] : kind->scale;
    variables->lower[v] = lower / variables->scale[v];
    variables->upper[v] = upper / variables->scale[v];
  }
  for (int row = 0; row < rows; row++)
    variables->variable_of[row] = variables->variable_of[variables->source[row]];
  return Q2_OK;
}

void q2_variables_free(struct q2_variables *variables) {
  free(variables->row);
  free(variables->variable_of);
  free(variables->scale);
  free(variables->lower);
  free(variables->upper);
  free(variables->source);
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
    const int v = variables->variable_of[row];
    parameters[row] = v < 0 ? variables->frozen[variables->source[row]] : x[v] * variables->scale[v];
  }
}

void q2_variables_gradient(const struct q2_variables *variables, const double *row_gradient, double *x_gradient) {
  for (int v = 0; v < variables->count; v++)
    x_gradient[v] = 0.0;
  for (int row = 0; row < variables->parameter_count; row++) {
    const int v = variables->variable_of[row];
    if (v >= 0) x_gradient[v] += row_gradient[row];
  }
  for (int v = 0; v < variables->count; v++)
    x_gradient[v] *= variables->scale[v];
}
