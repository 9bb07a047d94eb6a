/* A data set's terms and types as a force field of rows, and that as a file of another program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "export_places.h"

int q2_export_wanted(const struct q2_export_source *source, int64_t m) {
  const char *name = source->wish->molecule;
  return !name || !name[0] || strcmp(name, source->dataset->name[m].text) == 0;
}

/* A type for each atom: "12_3", the third atom of the file's twelfth molecule. *name is NULL after a failure. */
static int name_atoms(const struct q2_dataset *d, struct q2_type_name **name, struct q2_error *error) {
  int status = Q2_OK;
  *name = q2_allocate(d->atom_offset[d->molecule_count], sizeof **name);
  if (!*name) return q2_fail(error, "no memory for the atoms' types");
  for (int64_t m = 0; m < d->molecule_count; m++)
    for (int64_t a = d->atom_offset[m]; a < d->atom_offset[m + 1]; a++) {
      char text[64];
      const int length =
          snprintf(text, sizeof text, "%lld_%lld", (long long)d->molecule[m] + 1, (long long)(a - d->atom_offset[m]) + 1);
      if (length >= Q2_TYPE_LENGTH)
        status = q2_fail(error, "the type %s of an atom of %s is longer than %d characters", text, d->name[m].text,
                         Q2_TYPE_LENGTH - 1);
      else
        memcpy((*name)[a].text, text, (size_t)length + 1);
    }
  return status;
}

static int collect_places(MPI_Comm comm, const struct q2_export_source *source, struct q2_export_places *places,
                          struct q2_error *error) {
  const struct q2_dataset *d = source->dataset;
  int status = Q2_OK, found = 0;
  for (int64_t m = 0; m < d->molecule_count && status == Q2_OK; m++)
    if (q2_export_wanted(source, m)) {
      status = q2_export_molecule(source, m, places, error);
      found = 1;
    }
  Q2_TRY(q2_agree(comm, status, error));
  MPI_Allreduce(MPI_IN_PLACE, &found, 1, MPI_INT, MPI_MAX, comm);
  if (!found) return q2_fail(error, "option -molecule: %s has no molecule %s", d->path, source->wish->molecule);
  return q2_export_places_gather(comm, source, places, error);
}

static int write_field(const struct q2_force_field *field, enum q2_export_format format, char **bytes, size_t *size,
                       struct q2_error *error) {
  const char *name = q2_export_format_names[format == Q2_EXPORT_OPENMM_ATOMS ? Q2_EXPORT_OPENMM : format];
  return q2_force_field_format_named(name)->write(field, bytes, size, error);
}

/* What is not in the file, or not the same in the program that reads it. */
static void warn(const struct q2_export_source *source, const struct q2_export_places *places, struct q2_printer *printer) {
  const struct q2_dataset *d = source->dataset;
  if (places->straight > 0)
    q2_warn(printer,
            "%lld terms are near a straight angle, where q2hpc smooths them and other programs do not (docs/theory.md)",
            (long long)places->straight);
  if (source->wish->format == Q2_EXPORT_AMBER && (d->has_charge || d->increments.offset))
    q2_warn(printer, "charges are not among AMBER's parameters: the file has none");
}

static int make_field(MPI_Comm comm, const struct q2_export_source *source, struct q2_export_places *places,
                      struct q2_force_field *field, struct q2_error *error) {
  const enum q2_export_format format = source->wish->format;
  int rank;
  MPI_Comm_rank(comm, &rank);
  Q2_TRY(collect_places(comm, source, places, error));
  Q2_TRY(q2_export_types(comm, source, field, error));
  if (format == Q2_EXPORT_OPENMM || format == Q2_EXPORT_OPENMM_ATOMS) Q2_TRY(q2_export_residues(comm, source, field, error));
  return q2_agree(comm, rank == 0 ? q2_export_rows(source, places, field, error) : Q2_OK, error);
}

int q2_export_field(MPI_Comm comm, const struct q2_dataset *dataset, const double *value, const struct q2_export *wish,
                    struct q2_printer *printer, char **bytes, size_t *size, struct q2_error *error) {
  struct q2_export_source source = {.dataset = dataset, .wish = wish, .value = value, .type_name = dataset->type_name};
  struct q2_export_places places = {.format = q2_export_format_names[wish->format]};
  struct q2_force_field field = {0};
  struct q2_type_name *own = NULL;
  int rank, status = Q2_OK;
  MPI_Comm_rank(comm, &rank);
  if (wish->format == Q2_EXPORT_OPENMM_ATOMS) {
    status = q2_agree(comm, name_atoms(dataset, &own, error), error);
    source.type_name = own;
  } else if (!source.type_name) {
    return q2_fail(error, "%s: has no /atoms/type_name, and rows of the format %s are by types (openmm_atoms needs none)",
                   dataset->path, places.format);
  }
  if (status == Q2_OK) status = make_field(comm, &source, &places, &field, error);
  if (status == Q2_OK)
    status = q2_agree(comm, rank == 0 ? write_field(&field, wish->format, bytes, size, error) : Q2_OK, error);
  if (status == Q2_OK && printer) warn(&source, &places, printer);
  q2_force_field_free(&field);
  q2_export_places_free(&places);
  free(own);
  return status;
}
