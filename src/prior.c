/* The prior: parameters are expected to stay near where they started. */
#include "prior.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

/* Sets the weight of a kind, or of all (kind NULL). */
static void set_weight(const struct q2_parameters *parameters, const struct q2_variables *variables, const char *kind,
                       double weight, struct q2_prior *prior) {
  for (int i = 0; i < prior->count; i++)
    if (!kind || strcmp(parameters->kind[variables->independent_row[i]], kind) == 0)
      prior->weight[i] = weight / variables->row_scale[i];
}

static int read_words(const char *text, const struct q2_parameters *parameters, const struct q2_variables *variables,
                      struct q2_prior *prior, struct q2_error *error) {
  while (*text) {
    const int length = (int)strcspn(text, ",");
    const char *equal = memchr(text, '=', (size_t)length);
    char kind[Q2_KIND_LENGTH] = "", *end = NULL;
    double weight = -1.0;
    if (equal && equal - text < Q2_KIND_LENGTH) memcpy(kind, text, (size_t)(equal - text));
    if (equal) weight = strtod(equal + 1, &end);
    if (!equal || end == equal + 1 || end != text + length || !(weight >= 0.0 && isfinite(weight)))
      return q2_fail(error, "option -prior: \"%.*s\" is not KIND=WEIGHT or all=WEIGHT, with a weight of at least 0", length,
                     text);
    const int all = strcmp(kind, "all") == 0;
    if (!all && !q2_parameter_kind_find(kind))
      return q2_fail(error, "option -prior: \"%.*s\": there is no such kind of parameter (docs/forces.md)", length, text);
    set_weight(parameters, variables, all ? NULL : kind, weight, prior);
    text += length + (text[length] == ',');
  }
  return Q2_OK;
}

int q2_prior_create(const struct q2_prior_table *table, const char *text, const struct q2_parameters *parameters,
                    const struct q2_variables *variables, const double *input, struct q2_prior *prior, struct q2_error *error) {
  const int count = variables->independent_count;
  *prior = (struct q2_prior){.count = count, .row = variables->independent_row};
  prior->weight = q2_allocate(count, sizeof *prior->weight);
  prior->centre = q2_allocate(count, sizeof *prior->centre);
  int status = prior->weight && prior->centre ? Q2_OK : q2_fail(error, "out of memory for the prior");
  if (status == Q2_OK && text[0]) status = read_words(text, parameters, variables, prior, error);
  for (int k = 0; status == Q2_OK && !text[0] && k < table->count; k++)
    set_weight(parameters, variables, table->kind[k], table->weight[k], prior);
  if (status != Q2_OK) {
    q2_prior_free(prior);
    return Q2_FAILED;
  }
  for (int i = 0; i < count; i++) {
    prior->centre[i] = input[prior->row[i]];
    prior->active |= prior->weight[i] > 0.0;
  }
  return Q2_OK;
}

void q2_prior_free(struct q2_prior *prior) {
  free(prior->weight);
  free(prior->centre);
  *prior = (struct q2_prior){0};
}

double q2_prior_evaluate(const struct q2_prior *prior, const double *parameters, double *row_gradient) {
  double sum = 0.0;
  for (int i = 0; i < prior->count && prior->active; i++) {
    const double residual = prior->weight[i] * (parameters[prior->row[i]] - prior->centre[i]);
    sum += residual * residual;
    if (row_gradient) row_gradient[prior->row[i]] += 2.0 * prior->weight[i] * residual;
  }
  return sum;
}

void q2_prior_add_square(const struct q2_prior *prior, double *square) {
  for (int64_t i = 0; i < prior->count && prior->active; i++)
    square[i * prior->count + i] += prior->weight[i] * prior->weight[i];
}
