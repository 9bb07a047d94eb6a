/* q2hpc eval: loss, RMSD, gradient and residuals at the starting parameters; MM Hessians, energies and Cartesian gradients on
 * request. */
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../io/result.h"
#include "commands.h"
#include "fit.h"
#include "force_table.h"
#include "molecule_table.h"
#include "report.h"
#include "result_file.h"
#include "session.h"

/* Space for the parameters, the gradient by row and by variable, and the variables. */
struct point {
  double *parameters, *row_gradient, *gradient, *x;
};

static void free_point(struct point *point) {
  free(point->parameters);
  free(point->row_gradient);
  free(point->gradient);
  free(point->x);
}

static int make_point(const struct q2_session *session, struct point *point, struct q2_error *error) {
  const int rows = session->dataset.parameters.count, n = session->variables.count;
  *point = (struct point){q2_allocate(rows, sizeof(double)), q2_allocate(rows, sizeof(double)), q2_allocate(n, sizeof(double)),
                          q2_allocate(n, sizeof(double))};
  const int status = point->parameters && point->row_gradient && point->gradient && point->x
                         ? Q2_OK
                         : q2_fail(error, "no memory for %d parameters", rows);
  Q2_TRY(q2_agree(session->comm, status, error));
  q2_variables_start(&session->variables, &session->dataset.parameters, point->x);
  q2_variables_apply(&session->variables, point->x, point->parameters);
  return Q2_OK;
}

static int evaluate(struct q2_session *session, struct point *point, struct q2_error *error) {
  struct q2_evaluation evaluation = {0}, all = {0};
  const double begin = MPI_Wtime();
  Q2_TRY(q2_objective_evaluate(session->objective, point->parameters, &evaluation, point->row_gradient, error));
  const double seconds = MPI_Wtime() - begin;
  all = evaluation;
  if (session->by_position) Q2_TRY(q2_objective_evaluate(session->by_position, point->parameters, &all, NULL, error));
  if (evaluation.failed_molecules > 0) {
    struct q2_failure failure;
    q2_molecule_failure(session->comm, &session->dataset, session->objective, evaluation.first_failed, &failure);
    return q2_fail(error, "%lld molecule%s cannot be evaluated; the first is %s (number %lld, rank %d): %s",
                   (long long)evaluation.failed_molecules, evaluation.failed_molecules == 1 ? "" : "s", failure.name.text,
                   (long long)evaluation.first_failed, failure.rank, failure.reason);
  }
  Q2_TRY(q2_report_set_aside(session->comm, &session->dataset, session->objective, &session->printer, error));
  const double prior = q2_prior_evaluate(&session->prior, point->parameters, point->row_gradient);
  q2_variables_gradient(&session->variables, point->row_gradient, point->gradient);
  struct q2_printer *printer = &session->printer;
  q2_print_answer(printer, "loss                              %.9e over %lld residuals\n", evaluation.loss + prior,
                  (long long)evaluation.residual_count);
  if (session->prior.active) q2_print_answer(printer, "  of the data, of the prior       %.9e, %.9e\n", evaluation.loss, prior);
  if (session->by_position)
    q2_print_answer(printer, "RMSD of the pairs fitted          %.4f cm-1 over %lld pairs\n", evaluation.rmsd,
                    (long long)evaluation.vibration_count);
  q2_print_answer(printer, "RMSD over all vibrations          %.4f cm-1 over %lld vibrations\n", all.rmsd,
                  (long long)all.vibration_count);
  if (session->dataset.validation_total > 0)
    q2_print_answer(printer, "validation: loss, RMSD            %.9e, %.4f cm-1 over %lld molecules\n",
                    evaluation.validation_loss, evaluation.validation_rmsd, (long long)session->dataset.validation_total);
  q2_print_answer(printer, "|projected gradient|              %.6e in %d scaled variables\n",
                  q2_projected_gradient_norm(&session->variables, point->x, point->gradient), session->variables.count);
  q2_print(printer, "one evaluation                    %.4f s\n", seconds);
  return Q2_OK;
}

/* The Hessians of this rank's molecules, full squares one after another. */
static int local_hessians(struct q2_session *session, const double *parameters, int64_t **offset, double **hessian,
                          struct q2_error *error) {
  const struct q2_dataset *dataset = &session->dataset;
  const int64_t count = dataset->molecule_count;
  *hessian = NULL;
  *offset = q2_allocate(count + 1, sizeof **offset);
  if (!*offset) return q2_fail(error, "no memory for the Hessians");
  for (int64_t m = 0; m < count; m++) {
    const int64_t n = 3 * (dataset->atom_offset[m + 1] - dataset->atom_offset[m]);
    (*offset)[m + 1] = (*offset)[m] + n * n;
  }
  *hessian = q2_allocate((*offset)[count], sizeof **hessian);
  if (!*hessian) return q2_fail(error, "no memory for the Hessians");
  for (int64_t m = 0; m < count; m++)
    Q2_TRY(q2_objective_hessian(session->objective, parameters, m, *hessian + (*offset)[m], error));
  return Q2_OK;
}

static int write_image(struct q2_session *session, const struct point *point, const struct q2_molecule_table *table,
                       const struct q2_force_table *forces, const int64_t *offset, const double *hessian,
                       struct q2_error *error) {
  struct q2_image image = {0};
  const int64_t rows = table->offset[table->count];
  int status = q2_image_create(&image, error);
  if (status == Q2_OK) status = q2_image_attribute_text(&image, "/", "format", "q2hpc-hessians", error);
  if (status == Q2_OK) status = q2_image_attribute_int64(&image, "/", "version", 1, error);
  if (status == Q2_OK) status = q2_result_provenance(&image, "/provenance", session, error);
  if (status == Q2_OK) status = q2_image_text(&image, "/molecules/name", table->count, sizeof *table->name, table->name, error);
  if (status == Q2_OK) status = q2_image_int32(&image, "/molecules/atoms", NULL, table->count, 0, table->atoms, error);
  if (status == Q2_OK)
    status = q2_image_double(&image, "/gradient", NULL, session->dataset.parameters.count, 0, point->row_gradient, error);
  if (status == Q2_OK) status = q2_force_table_add(&image, &session->dataset, forces, error);
  if (status == Q2_OK) status = q2_image_int64(&image, "/hessian/offset", NULL, table->count + 1, 0, offset, error);
  if (status == Q2_OK)
    status = q2_image_double(&image, "/hessian/value", "kcal/mol/angstrom^2", offset[table->count], 0, hessian, error);
  if (status == Q2_OK) status = q2_image_int64(&image, "/frequencies/offset", NULL, table->count + 1, 0, table->offset, error);
  if (status == Q2_OK) status = q2_image_double(&image, "/frequencies/reference", "cm-1", rows, 0, table->reference, error);
  if (status == Q2_OK) status = q2_image_double(&image, "/frequencies/calculated", "cm-1", rows, 0, table->before, error);
  if (status == Q2_OK) status = q2_image_double(&image, "/frequencies/weight", NULL, rows, 0, table->weight, error);
  if (status == Q2_OK) status = q2_image_write(&image, session->options.hessians, error);
  q2_image_free(&image);
  return status;
}

static int write_hessians(struct q2_session *session, const struct point *point, const struct q2_molecule_table *table,
                          struct q2_error *error) {
  int64_t *offset, *all_offset = NULL;
  double *hessian, *all = NULL;
  struct q2_force_table forces = {0};
  int status = q2_agree(session->comm, local_hessians(session, point->parameters, &offset, &hessian, error), error);
  if (status == Q2_OK)
    status =
        q2_gather_rows(session->comm, &session->dataset, offset, hessian, sizeof *hessian, &all_offset, (void **)&all, error);
  if (status == Q2_OK)
    status = q2_force_table_create(session->comm, &session->dataset, session->objective, point->parameters, &forces, error);
  if (status == Q2_OK) {
    if (session->rank == 0) status = write_image(session, point, table, &forces, all_offset, all, error);
    status = q2_agree(session->comm, status, error);
  }
  if (status == Q2_OK) q2_print_answer(&session->printer, "Hessians: %s\n", session->options.hessians);
  free(offset);
  free(hessian);
  free(all_offset);
  free(all);
  q2_force_table_free(&forces);
  return status;
}

/* Loss, RMSD and R2 by kind of observable. */
static int report_kinds(struct q2_session *session, const struct point *point, struct q2_error *error) {
  struct q2_residual_values values = {0};
  struct q2_residual_table table = {0};
  int status = q2_objective_residuals(session->objective, point->parameters, &values, error);
  if (status == Q2_OK) status = q2_residual_table_create(session->comm, &session->dataset, &values, NULL, &table, error);
  if (status == Q2_OK) q2_report_kinds(&session->printer, &table, 0);
  q2_residual_values_free(&values);
  q2_residual_table_free(&table);
  return status;
}

static int tables(struct q2_session *session, const struct point *point, struct q2_error *error) {
  struct q2_vibrations vibrations = {0};
  struct q2_molecule_table table = {0};
  int status = q2_objective_vibrations(q2_session_by_position(session), point->parameters, &vibrations, error);
  if (status == Q2_OK) status = q2_molecule_table_create(session->comm, &session->dataset, &vibrations, NULL, &table, error);
  q2_vibrations_free(&vibrations);
  Q2_TRY(status);
  q2_report_molecules(&session->printer, &table);
  if (session->options.hessians[0]) status = write_hessians(session, point, &table, error);
  q2_molecule_table_free(&table);
  return status;
}

int q2_command_eval(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error) {
  struct q2_session session;
  struct point point = {0};
  (void)status;
  int outcome = q2_session_open(comm, line, 1, &session, error);
  if (outcome == Q2_OK && session.options.hessians[0])
    outcome = q2_result_check_writable(comm, session.options.hessians, error);
  if (outcome == Q2_OK) outcome = make_point(&session, &point, error);
  if (outcome == Q2_OK) outcome = evaluate(&session, &point, error);
  if (outcome == Q2_OK) outcome = report_kinds(&session, &point, error);
  if (outcome == Q2_OK) outcome = tables(&session, &point, error);
  free_point(&point);
  q2_session_close(&session);
  return outcome;
}
