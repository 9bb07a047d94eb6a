/* Reads a rank's share of the sources and numbers the molecules of all. */
#include "gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/formats/molecule_formats.h"
#include "../../io/memory.h"
#include "gather_merge.h"

/* What opening a file costs beside its bytes, in bytes. */
static const double open_cost = 16384.0;

void q2_gather_share(const struct q2_sources *sources, int rank, int ranks, int *first, int *last) {
  double total = 0.0, before = 0.0;
  for (int f = 0; f < sources->file_count; f++)
    total += (double)sources->file[f].size + open_cost;
  *first = *last = 0;
  for (int s = 0; s < sources->count; s++) {
    double size = 0.0;
    for (int f = 0; f < sources->source[s].file_count; f++)
      size += (double)sources->file[sources->source[s].first_file + f].size + open_cost;
    int owner = (int)((before + 0.5 * size) / total * ranks);
    if (owner > ranks - 1) owner = ranks - 1;
    if (owner < rank) *first = s + 1;
    if (owner <= rank) *last = s + 1;
    before += size;
  }
}

int q2_gather_file(const char *path, const struct q2_molecule_format **format, struct q2_molecule_list *list,
                   struct q2_error *error) {
  struct q2_text text = {0};
  Q2_TRY(q2_text_read(path, &text, error));
  int status = Q2_OK;
  if (!*format) *format = q2_molecule_format_of(&text);
  if (!*format) {
    char known[512] = "";
    for (const struct q2_molecule_format *f = q2_molecule_formats; f->name; f++)
      q2_append_name(known, sizeof known, f->name);
    status = q2_fail(error, "%s: expected a format out of %s; it looks like none of them (-format NAME says which it is)", path,
                     known);
  }
  const int before = list->count;
  if (status == Q2_OK) status = (*format)->read(&text, list, error);
  if (status == Q2_OK && list->count == before) status = q2_fail(error, "%s: expected molecules, found none", path);
  q2_text_free(&text);
  return status;
}

static int add_molecule(const struct q2_sources *sources, int s, const struct q2_gather_options *options, int record,
                        int records, struct q2_merged *parts, struct q2_gathered *gathered, struct q2_error *error) {
  const struct q2_source *source = &sources->source[s];
  struct q2_molecule_record whole;
  Q2_TRY(q2_merge(source->file_count, parts, &whole, error));
  struct q2_molecule_record *place = q2_molecule_add(&gathered->molecules, 0);
  const int64_t count = gathered->molecules.count;
  struct q2_gathered_facts *grown =
      place ? realloc(gathered->facts, (size_t)gathered->molecules.capacity * sizeof *grown) : NULL;
  if (!grown) {
    q2_molecule_record_free(&whole);
    return q2_fail(error, "%s: out of memory", q2_source_path(sources, s, 0));
  }
  gathered->facts = grown;
  *place = whole;
  struct q2_gathered_facts *facts = &grown[count - 1];
  *facts = (struct q2_gathered_facts){.group = -1, .stationary = -1};
  for (int f = 0; f < source->file_count; f++)
    q2_append_name(facts->origin, sizeof facts->origin, q2_source_path(sources, s, f));
  if (source->given & Q2_GIVEN_GROUP) facts->group = source->group;
  if (source->given & Q2_GIVEN_VALIDATION) facts->validation = source->validation;
  if (source->given & Q2_GIVEN_STATIONARY) facts->stationary = source->stationary;
  if (source->given & Q2_GIVEN_CHARGE) place->charge = source->charge;
  if (source->given & Q2_GIVEN_MULTIPLICITY) place->multiplicity = source->multiplicity;
  if (source->given & Q2_GIVEN_ENERGY) place->energy = source->energy;
  place->has_charge |= (source->given & Q2_GIVEN_CHARGE) != 0;
  place->has_energy |= (source->given & Q2_GIVEN_ENERGY) != 0;
  place->has_multiplicity |= (source->given & Q2_GIVEN_MULTIPLICITY) != 0;
  if (!place->has_multiplicity) place->multiplicity = 1;
  return q2_gather_name(sources, s, options->name, place->name, record, records, place->name, error);
}

/* How many molecules the files of a source have: all the same number, or one of a file that a manifest picks it from. */
static int count_records(const struct q2_sources *sources, int s, const struct q2_molecule_list *lists, int *records,
                         struct q2_error *error) {
  const struct q2_source *source = &sources->source[s];
  const char *where = q2_source_text(sources, source->where);
  *records = lists[0].count;
  if (source->given & Q2_GIVEN_RECORD) {
    if (source->record > lists[0].count)
      return q2_fail(error, "%s: record=%d, but %s has %d molecules", where, source->record, q2_source_path(sources, s, 0),
                     lists[0].count);
    *records = 1;
  }
  for (int f = 1; f < source->file_count; f++)
    if (lists[f].count != *records)
      return q2_fail(error, "%s: has %d molecules, but %s, which belongs to it, has %d", q2_source_path(sources, s, f),
                     lists[f].count, q2_source_path(sources, s, 0), *records);
  if (source->name >= 0 && *records > 1)
    return q2_fail(error, "%s: %s has %d molecules, expected one; record=N picks one", where, q2_source_path(sources, s, 0),
                   *records);
  return Q2_OK;
}

static int put_together(const struct q2_sources *sources, int s, const struct q2_gather_options *options,
                        struct q2_molecule_list *lists, struct q2_gathered *gathered, struct q2_error *error) {
  const struct q2_source *source = &sources->source[s];
  int records;
  Q2_TRY(count_records(sources, s, lists, &records, error));
  struct q2_merged *parts = q2_allocate(source->file_count, sizeof *parts);
  int status = parts ? Q2_OK : q2_fail(error, "%s: out of memory", q2_source_path(sources, s, 0));
  for (int k = 0; k < records && status == Q2_OK; k++) {
    for (int f = 0; f < source->file_count; f++) {
      struct q2_molecule_record *record = &lists[f].record[k];
      if (f == 0 && source->given & Q2_GIVEN_RECORD) record = &lists[0].record[source->record - 1];
      parts[f].record = *record;
      parts[f].path = q2_source_path(sources, s, f);
      memset(record, 0, sizeof *record);
    }
    status = add_molecule(sources, s, options, k + 1, records, parts, gathered, error);
    for (int f = 0; f < source->file_count; f++)
      q2_molecule_record_free(&parts[f].record);
  }
  free(parts);
  return status;
}

int q2_gather_source(const struct q2_sources *sources, int s, const struct q2_gather_options *options,
                     struct q2_gathered *gathered, struct q2_error *error) {
  const int files = sources->source[s].file_count;
  struct q2_molecule_list *lists = q2_allocate(files, sizeof *lists);
  int status = lists ? Q2_OK : q2_fail(error, "%s: out of memory", q2_source_path(sources, s, 0));
  for (int f = 0; f < files && status == Q2_OK; f++) {
    const struct q2_molecule_format *format = options->format[0] ? q2_molecule_format_named(options->format) : NULL;
    status = q2_gather_file(q2_source_path(sources, s, f), &format, &lists[f], error);
    if (status == Q2_OK && format - q2_molecule_formats < Q2_FORMATS_COUNTED) gathered->files[format - q2_molecule_formats]++;
  }
  if (status == Q2_OK) status = put_together(sources, s, options, lists, gathered, error);
  for (int f = 0; f < files && lists; f++)
    q2_molecule_list_free(&lists[f]);
  free(lists);
  return status;
}

static int gather_share(MPI_Comm comm, const struct q2_sources *sources, const struct q2_gather_options *options,
                        struct q2_printer *printer, struct q2_gathered *gathered, struct q2_error *error) {
  int rank, ranks, first, last, status = Q2_OK;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  q2_gather_share(sources, rank, ranks, &first, &last);
  for (int s = first; s < last && status == Q2_OK; s++) {
    q2_progress(printer, "reading", (double)(s - first) / (last - first));
    status = q2_gather_source(sources, s, options, gathered, error);
  }
  q2_progress(printer, "", -1.0);
  return q2_agree(comm, status, error);
}

int q2_gather_molecules(MPI_Comm comm, const struct q2_sources *sources, const struct q2_gather_options *options,
                        struct q2_printer *printer, struct q2_gathered *gathered, struct q2_error *error) {
  memset(gathered, 0, sizeof *gathered);
  int status = gather_share(comm, sources, options, printer, gathered, error);
  if (status == Q2_OK) {
    const int64_t count = gathered->molecules.count;
    int64_t upto = 0;
    MPI_Scan(&count, &upto, 1, MPI_INT64_T, MPI_SUM, comm);
    MPI_Allreduce(&count, &gathered->total, 1, MPI_INT64_T, MPI_SUM, comm);
    MPI_Allreduce(MPI_IN_PLACE, gathered->files, Q2_FORMATS_COUNTED, MPI_INT64_T, MPI_SUM, comm);
    gathered->first = upto - count;
    status = q2_gather_check_names(comm, gathered, error);
  }
  if (status == Q2_OK && options->topology[0]) status = q2_gather_topology(comm, options->topology, gathered, error);
  if (status != Q2_OK) q2_gathered_free(gathered);
  return status;
}

void q2_gathered_free(struct q2_gathered *gathered) {
  q2_molecule_list_free(&gathered->molecules);
  free(gathered->facts);
  memset(gathered, 0, sizeof *gathered);
}
