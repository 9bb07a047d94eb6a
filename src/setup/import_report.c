/* The report of an import. */
#include "import_report.h"

#include <stdlib.h>
#include <string.h>

#include "../../io/formats/molecule_formats.h"

void q2_import_print_sources(const struct q2_sources *sources, const struct q2_gathered *gathered, struct q2_printer *printer) {
  q2_print(printer, "sources     %d files:", sources->file_count);
  const char *separator = " ";
  int row = 0;
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name && row < Q2_FORMATS_COUNTED; format++, row++)
    if (gathered->files[row] > 0) {
      q2_print(printer, "%s%lld %s", separator, (long long)gathered->files[row], format->name);
      separator = ", ";
    }
  q2_print(printer, "\n");
}

/* "bonds       of files: 3 molecules; by distance: 2": numbers that are not 0. */
static void print_counts(struct q2_printer *printer, const char *title, const char *const *words, const int64_t *number) {
  const char *separator = "", *what = " molecules";
  q2_print(printer, "%-11s ", title);
  for (int k = 0; k < 3; k++) {
    if (number[k] == 0) continue;
    q2_print(printer, "%s%s: %lld%s", separator, words[k], (long long)number[k], what);
    separator = "; ";
    what = "";
  }
  q2_print(printer, "\n");
}

void q2_import_print_molecules(const struct q2_molecules_summary *s, const struct q2_molecules_options *options,
                               struct q2_printer *printer) {
  static const char *const bonds[] = {"of files", "by distance", "their orders by length"};
  static const char *const types[] = {"of files", "of residues", "by rules"};
  const int64_t bond_numbers[] = {s->bonds_of_files, s->bonds_perceived, s->orders_perceived};
  const int64_t type_numbers[] = {s->types_of_files, s->types_of_residues, s->types_by_rules};
  const int own_rules = options->types[0] && strcmp(options->types, "elements") != 0;
  if (!printer->speaks) return;
  print_counts(printer, "bonds", bonds, bond_numbers);
  print_counts(printer, "types", types, type_numbers);
  if (s->types_by_rules > 0)
    q2_print(printer, "            rules: %s\n", own_rules ? options->types : "elements and numbers of neighbours");
  if (s->doubtful > 0)
    q2_warn(printer, "bonds of %lld molecules look doubtful; the first: %s", (long long)s->doubtful, s->doubt);
}

static int64_t sum(MPI_Comm comm, int64_t value) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_SUM, comm);
  return value;
}

/* Marks the rows that terms, types, pairs and increments of this rank use. */
static void mark_used(const struct q2_dataset *dataset, int32_t *used) {
  for (int t = 0; t < dataset->term_table_count; t++) {
    const struct q2_term_table *table = &dataset->terms[t];
    for (int64_t k = 0; k < table->offset[dataset->molecule_count] * table->parameter_count; k++)
      used[table->parameters[k]] = 1;
  }
  const struct q2_nonbonded *y = &dataset->nonbonded;
  for (int t = 0; t < y->type_count; t++)
    used[y->epsilon[t]] = used[y->size[t]] = 1;
  for (int p = 0; p < 2 * y->special_count; p++)
    used[y->special_parameters[p]] = 1;
  const struct q2_charge_increments *c = &dataset->increments;
  for (int64_t k = 0; c->offset && k < c->offset[dataset->molecule_count]; k++)
    used[c->parameter[k]] = 1;
}

static int print_parameters(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_import_field *field,
                            struct q2_printer *printer, struct q2_error *error) {
  const struct q2_parameters *p = &dataset->parameters;
  int active = 0, acting = 0;
  int32_t *used = q2_allocate_everywhere(comm, p->count, sizeof *used, "parameters", error);
  if (!used) return Q2_FAILED;
  mark_used(dataset, used);
  MPI_Allreduce(MPI_IN_PLACE, used, p->count, MPI_INT32_T, MPI_MAX, comm);
  for (int k = 0; k < p->count; k++) {
    active += p->active[k];
    acting += p->active[k] && used[k];
  }
  free(used);
  q2_print(printer, "force field %s: %d parameters, %d of them vary", field->names[0] ? field->names : "new, of all types",
           p->count, active);
  if (acting < active) q2_print(printer, ", %d of these have terms", acting);
  q2_print(printer, "\n");
  return Q2_OK;
}

static void print_tables(MPI_Comm comm, const struct q2_dataset *dataset, struct q2_printer *printer) {
  const char *separator = "            ";
  for (int t = 0; t < dataset->term_table_count; t++) {
    const int64_t rows = sum(comm, dataset->terms[t].offset[dataset->molecule_count]);
    q2_print(printer, "%s%lld %s", separator, (long long)rows, dataset->terms[t].form);
    separator = ", ";
  }
  if (dataset->nonbonded.type_count > 0)
    q2_print(printer, "%s%s pairs of %d types", separator, dataset->nonbonded.form, dataset->nonbonded.type_count);
  q2_print(printer, "\nobservables");
  separator = " ";
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const int64_t rows = sum(comm, dataset->observables[t].offset[dataset->molecule_count]);
    q2_print(printer, "%s%s (%lld rows)", separator, dataset->observables[t].kind, (long long)rows);
    separator = ", ";
  }
  q2_print(printer, "; weights %s\n", dataset->weights);
}

int q2_import_print_dataset(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_import_field *field,
                            struct q2_printer *printer, struct q2_error *error) {
  Q2_TRY(print_parameters(comm, dataset, field, printer, error));
  print_tables(comm, dataset, printer);
  return Q2_OK;
}
