/* q2hpc export: the force field as a file of another program, with the data set's values or those of a result. */
#include <stdlib.h>
#include <string.h>

#include "../../io/trial.h"
#include "../commands.h"
#include "../result_file.h"
#include "export.h"

/* The values of -parameters, or NULL without memory or such a file; the data set keeps its own. Collective. */
static double *read_values(MPI_Comm comm, const struct q2_options *options, struct q2_dataset *dataset,
                           struct q2_error *error) {
  struct q2_parameters *parameters = &dataset->parameters;
  double *own = q2_allocate_everywhere(comm, parameters->count, sizeof *own, "parameters", error);
  if (!own) return NULL;
  memcpy(own, parameters->value, (size_t)parameters->count * sizeof *own);
  int status = Q2_OK;
  if (options->parameters[0] && options->input_trial) status = q2_trial_by_itself(comm, options->parameters, error);
  if (status == Q2_OK && options->parameters[0])
    status = q2_result_read_parameters(comm, options->parameters, parameters, error);
  if (status != Q2_OK) {
    free(own);
    return NULL;
  }
  double *const value = parameters->value;
  parameters->value = own;
  return value;
}

static int export_values(MPI_Comm comm, const struct q2_options *options, struct q2_dataset *dataset, struct q2_error *error) {
  struct q2_printer printer;
  struct q2_export wish = {.path = options->output, .molecule = options->molecule};
  q2_printer_create(comm, options->level, &printer);
  if (options->input_trial) Q2_TRY(q2_trial_by_itself(comm, options->input, error));
  Q2_TRY(q2_dataset_read(comm, options->input, dataset, error));
  Q2_TRY(q2_export_choose(dataset, options->to, options->output, &wish.format, error));
  double *value = read_values(comm, options, dataset, error);
  const int status = value ? q2_export_write(comm, dataset, value, &wish, &printer, error) : Q2_FAILED;
  free(value);
  if (status == Q2_OK)
    q2_print_answer(&printer, "%s: %d parameters as %s\n", options->output, dataset->parameters.count,
                    wish.format == Q2_EXPORT_ORIGIN ? dataset->origin.format : q2_export_format_names[wish.format]);
  return status;
}

int q2_command_export(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error) {
  struct q2_options options;
  struct q2_dataset dataset = {0};
  (void)status;
  int outcome = q2_options_query(line, &options, error);
  if (outcome == Q2_OK) outcome = q2_options_check_used(line, error);
  if (outcome == Q2_OK && !options.output[0]) outcome = q2_fail(error, "q2hpc export: -o FILE says where it goes");
  Q2_TRY(q2_agree(comm, outcome, error));
  Q2_TRY(q2_result_check_writable(comm, options.output, error));
  outcome = export_values(comm, &options, &dataset, error);
  q2_dataset_free(&dataset);
  return outcome;
}
