/* q2hpc import: from files of other programs to a data set. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "../../io/memory.h"
#include "../blas_library.h"
#include "../commands.h"
#include "../result_file.h"
#include "import_options.h"
#include "import_report.h"
#include "recipes.h"

struct import {
  MPI_Comm comm;
  struct q2_import_options options;
  struct q2_printer printer;
  struct q2_sources sources;
  struct q2_gathered gathered;
  struct q2_import_field field;
  struct q2_recipe *recipe;
  struct q2_completion *completion;
  struct q2_builder *builder;
  struct q2_molecule_facts *facts; /* [molecules of this rank] */
  struct q2_assignment_report report;
  struct q2_dataset dataset;
};

/* An output that is one of the sources would replace what was read. */
static int check_output(const struct import *import, struct q2_error *error) {
  struct stat output, file;
  if (stat(import->options.output, &output) != 0) return Q2_OK; /* there is no such file yet */
  for (int s = 0; s < import->sources.count; s++)
    for (int f = 0; f < import->sources.source[s].file_count; f++)
      if (stat(q2_source_path(&import->sources, s, f), &file) == 0 && file.st_dev == output.st_dev &&
          file.st_ino == output.st_ino)
        return q2_fail(error, "option -o: %s is one of the sources", import->options.output);
  return Q2_OK;
}

/* Everything short, so that a mistake is found before thousands of files are read. */
static int read_small(struct import *import, const struct q2_command_line *line, struct q2_error *error) {
  const struct q2_import_options *options = &import->options;
  Q2_TRY(q2_recipe_read(options->observables, options->weights, &import->recipe, error));
  Q2_TRY(q2_import_field_read(options->force_field, options->force_field_format, &import->field, error));
  Q2_TRY(q2_completion_read(&options->molecules, &import->field, &import->completion, error));
  return q2_options_check_used(line, error);
}

static int read_molecules(struct import *import, const struct q2_command_line *line, struct q2_error *error) {
  const struct q2_import_options *options = &import->options;
  int rank;
  struct q2_check_summary checks;
  struct q2_molecules_summary molecules;
  MPI_Comm_rank(import->comm, &rank);
  Q2_TRY(
      q2_sources_find(import->comm, line->word_count, line->words, options->gather.format[0] != '\0', &import->sources, error));
  Q2_TRY(q2_agree(import->comm, rank == 0 ? check_output(import, error) : Q2_OK, error));
  Q2_TRY(q2_gather_molecules(import->comm, &import->sources, &options->gather, &import->printer, &import->gathered, error));
  q2_import_charges(&import->gathered, options->molecules.charge);
  Q2_TRY(q2_check_gathered(import->comm, &import->gathered, &options->checks, &import->printer, &checks, error));
  q2_import_print_sources(&import->sources, &import->gathered, &import->printer);
  q2_check_print(&checks, &options->checks, &import->printer);
  Q2_TRY(q2_import_molecules(import->comm, &import->gathered, import->completion, &molecules, error));
  q2_import_print_molecules(&molecules, &options->molecules, &import->printer);
  return Q2_OK;
}

static int make_builder(struct import *import, struct q2_error *error) {
  const struct q2_gathered *gathered = &import->gathered;
  const int count = gathered->molecules.count;
  import->facts = q2_allocate(count, sizeof *import->facts);
  if (!import->facts) return q2_fail(error, "no memory for %d molecules", count);
  Q2_TRY(q2_builder_create(&import->gathered.molecules, gathered->first, gathered->total, &import->builder, error));
  q2_builder_title(import->builder, import->options.title);
  for (int m = 0; m < count; m++) {
    const struct q2_gathered_facts *facts = &gathered->facts[m];
    import->facts[m] = (struct q2_molecule_facts){.group = facts->group,
                                                  .stationary = facts->stationary,
                                                  .imaginary_modes = facts->imaginary_modes,
                                                  .validation = facts->validation};
    q2_builder_facts(import->builder, m, &import->facts[m]);
  }
  return Q2_OK;
}

static int build(struct import *import, struct q2_error *error) {
  const struct q2_import_options *options = &import->options;
  struct q2_import_field *field = &import->field;
  Q2_TRY(q2_agree(import->comm, make_builder(import, error), error));
  Q2_TRY(q2_import_field_assign(import->comm, field, import->builder, &options->assign, &import->report, error));
  Q2_TRY(q2_recipe_apply(import->comm, import->recipe, import->builder, import->facts, import->gathered.first, error));
  Q2_TRY(q2_builder_finish(import->comm, import->builder, field->file_count > 0 ? &field->origin : NULL, field->format,
                           &import->dataset, error));
  q2_builder_free(import->builder); /* the data set has it all: not twice while it is written */
  import->builder = NULL;
  Q2_TRY(q2_import_print_dataset(import->comm, &import->dataset, field, &import->printer, error));
  q2_assignment_print(&import->report, &import->printer);
  return Q2_OK;
}

/* The most memory that a rank has used so far, MiB (getrusage counts in KiB). Collective. */
static double peak_memory(MPI_Comm comm) {
  struct rusage usage;
  double peak = getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss / 1024.0 : 0.0;
  MPI_Allreduce(MPI_IN_PLACE, &peak, 1, MPI_DOUBLE, MPI_MAX, comm);
  return peak;
}

static int write(struct import *import, double begin, struct q2_error *error) {
  struct q2_dataset *dataset = &import->dataset;
  q2_progress(&import->printer, "writing", 0.9);
  const int status =
      q2_dataset_write(import->comm, dataset, import->options.output, q2_assignment_store, &import->report, error);
  q2_progress(&import->printer, "", -1.0);
  Q2_TRY(status);
  q2_print_detail(&import->printer, "at most %.0f MiB of memory a rank\n", peak_memory(import->comm));
  q2_print_answer(&import->printer, "%s: %lld molecules, %lld atoms, checksum %s (%.2f s)\n", import->options.output,
                  (long long)dataset->molecule_total, (long long)dataset->atom_total, dataset->checksum, MPI_Wtime() - begin);
  return Q2_OK;
}

static int run(struct import *import, const struct q2_command_line *line, struct q2_error *error) {
  const double begin = MPI_Wtime();
  q2_blas_single_thread(); /* molecules are small, ranks are many */
  Q2_TRY(q2_agree(import->comm, q2_import_options_query(&import->options, error), error));
  q2_printer_create(import->comm, import->options.level, &import->printer);
  Q2_TRY(q2_agree(import->comm, read_small(import, line, error), error));
  Q2_TRY(q2_result_check_writable(import->comm, import->options.output, error));
  Q2_TRY(read_molecules(import, line, error));
  Q2_TRY(build(import, error));
  return write(import, begin, error);
}

int q2_command_import(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error) {
  struct import *import = q2_allocate_everywhere(comm, 1, sizeof *import, "import", error);
  (void)status;
  if (!import) return Q2_FAILED;
  import->comm = comm;
  const int outcome = run(import, line, error);
  q2_dataset_free(&import->dataset);
  q2_assignment_report_free(&import->report);
  q2_builder_free(import->builder);
  free(import->facts);
  q2_completion_free(import->completion);
  q2_recipe_free(import->recipe);
  q2_import_field_free(&import->field);
  q2_gathered_free(&import->gathered);
  q2_sources_free(&import->sources);
  free(import);
  return outcome;
}
