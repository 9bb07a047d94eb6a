/* Identifiability, printed and in the result file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../io/result.h"
#include "identify.h"

static const double large_share = 0.5;
enum { LABELS = 4 }; /* of a kind, in normal mode */

enum list { NO_RESIDUAL, HARDLY };

static int is_in(const struct q2_identification *identification, enum list list, int i) {
  return list == NO_RESIDUAL ? identification->no_residual[i] != 0
                             : !identification->no_residual[i] && identification->share[i] >= large_share;
}

/* One line: the parameters of a list that are of the kind of parameter `first`. */
static void print_kind(struct q2_printer *printer, const struct q2_identification *identification,
                       const struct q2_parameters *parameters, const struct q2_variables *variables, enum list list,
                       int first) {
  const char *kind = parameters->kind[variables->independent_row[first]];
  int count = 0;
  q2_print(printer, "    %-20s", kind);
  for (int i = first; i < identification->independent; i++) {
    const int row = variables->independent_row[i];
    if (!is_in(identification, list, i) || strcmp(parameters->kind[row], kind) != 0) continue;
    count++;
    if (count > LABELS && printer->level < Q2_PRINT_VERBOSE) continue;
    q2_print(printer, "%s %s", count > 1 ? "," : "", parameters->label[row]);
    if (list == HARDLY) q2_print(printer, " %.2f", identification->share[i]);
  }
  if (count > LABELS && printer->level < Q2_PRINT_VERBOSE) q2_print(printer, ", ... %d in all", count);
  q2_print(printer, "\n");
}

static void print_list(struct q2_printer *printer, const struct q2_identification *identification,
                       const struct q2_parameters *parameters, const struct q2_variables *variables, enum list list,
                       const char *title) {
  int count = 0;
  for (int i = 0; i < identification->independent; i++)
    count += is_in(identification, list, i);
  if (count == 0) return;
  q2_print(printer, "  %d %s\n", count, title);
  for (int i = 0; i < identification->independent; i++) {
    int seen = !is_in(identification, list, i);
    for (int other = 0; other < i && !seen; other++)
      seen = is_in(identification, list, other) &&
             strcmp(parameters->kind[variables->independent_row[i]], parameters->kind[variables->independent_row[other]]) == 0;
    if (!seen) print_kind(printer, identification, parameters, variables, list, i);
  }
}

void q2_identify_print(struct q2_printer *printer, const struct q2_identification *identification,
                       const struct q2_parameters *parameters, const struct q2_variables *variables) {
  if (!identification->done || !printer->speaks) return;
  q2_print_answer(printer,
                  "the data determine %d of %d parameters (eigenvalues of J'J in scaled variables above %.3g of the largest)\n",
                  identification->determined, identification->variables, identification->threshold);
  print_list(printer, identification, parameters, variables, NO_RESIDUAL, "on which no residual depends:");
  print_list(printer, identification, parameters, variables, HARDLY,
             "hardly determined, with their share in the directions that are not:");
}

int q2_identify_write(struct q2_image *image, const struct q2_identification *identification,
                      const struct q2_variables *variables, struct q2_error *error) {
  static const char group[] = "/identifiability";
  const int rows = variables->parameter_count;
  if (!identification->done) return Q2_OK;
  double *share = q2_allocate(rows, sizeof *share);
  int32_t *no_residual = q2_allocate(rows, sizeof *no_residual);
  int status = share && no_residual ? Q2_OK : q2_fail(error, "out of memory for the result");
  for (int row = 0; status == Q2_OK && row < rows; row++) {
    const int i = variables->independent_of[row];
    if (i < 0) continue;
    share[row] = identification->share[i];
    no_residual[row] = identification->no_residual[i];
  }
  if (status == Q2_OK) status = q2_image_group(image, group, error);
  if (status == Q2_OK) status = q2_image_attribute_double(image, group, "threshold", identification->threshold, error);
  if (status == Q2_OK) status = q2_image_attribute_int64(image, group, "variables", identification->variables, error);
  if (status == Q2_OK) status = q2_image_attribute_int64(image, group, "determined", identification->determined, error);
  if (status == Q2_OK)
    status = q2_image_double(image, "/identifiability/eigenvalue", NULL, identification->variables, 0,
                             identification->eigenvalue, error);
  if (status == Q2_OK) status = q2_image_double(image, "/identifiability/share", NULL, rows, 0, share, error);
  if (status == Q2_OK) status = q2_image_int32(image, "/identifiability/no_residual", NULL, rows, 0, no_residual, error);
  free(share);
  free(no_residual);
  return status;
}
