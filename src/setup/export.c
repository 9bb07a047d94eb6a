/* Force fields as files of other programs: which format, who makes it, and putting it in place. */
#include "export.h"

#include <stdlib.h>
#include <string.h>

#include "../../io/durable.h"
#include "../../io/formats/force_field.h"
#include "../../io/formats/put_back.h"

const char *const q2_export_format_names[] = {"origin", "csv", "tinker", "amber", "openmm", "openmm_atoms", NULL};

static int by_name(const char *name, enum q2_export_format *format, struct q2_error *error) {
  char known[256] = "";
  for (int f = 0; q2_export_format_names[f]; f++) {
    if (strcmp(name, q2_export_format_names[f]) == 0) {
      *format = (enum q2_export_format)f;
      return Q2_OK;
    }
    q2_append_name(known, sizeof known, q2_export_format_names[f]);
  }
  return q2_fail(error, "option -to: \"%s\" is none of %s", name, known);
}

/* What the path's ending says; -1: nothing. */
static int by_ending(const struct q2_dataset *dataset, const char *path) {
  if (q2_text_path_ends(" .csv ", path)) return Q2_EXPORT_CSV;
  const struct q2_force_field_format *known = q2_force_field_format_of_path(path);
  if (!known) return -1;
  if (strcmp(known->name, dataset->origin.format) == 0) return Q2_EXPORT_ORIGIN;
  if (strcmp(known->name, "openmm") == 0) return dataset->type_name ? Q2_EXPORT_OPENMM : Q2_EXPORT_OPENMM_ATOMS;
  return strcmp(known->name, "tinker") == 0 ? Q2_EXPORT_TINKER : Q2_EXPORT_AMBER;
}

int q2_export_choose(const struct q2_dataset *dataset, const char *name, const char *path, enum q2_export_format *format,
                     struct q2_error *error) {
  if (name && name[0]) return by_name(name, format, error);
  const int said = by_ending(dataset, path);
  if (said < 0 && !dataset->origin.format[0])
    return q2_fail(error,
                   "%s: which format? Its ending is none of .csv, .prm, .key, .frcmod, .dat, .xml, and %s has no "
                   "/force_field/origin, no file to put values back into; -to says it",
                   path, dataset->path);
  *format = said < 0 ? Q2_EXPORT_ORIGIN : (enum q2_export_format)said;
  return Q2_OK;
}

/* What needs no molecules is made on rank 0. */
static int make_on_first(MPI_Comm comm, const struct q2_dataset *dataset, const double *value, enum q2_export_format format,
                         char **bytes, size_t *size, struct q2_error *error) {
  int rank, status = Q2_OK;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0)
    status = format == Q2_EXPORT_CSV ? q2_export_csv(dataset, value, bytes, size, error)
                                     : q2_put_back(dataset, value, bytes, size, error);
  return q2_agree(comm, status, error);
}

int q2_export_make(MPI_Comm comm, const struct q2_dataset *dataset, const double *value, const struct q2_export *wish,
                   struct q2_printer *printer, char **bytes, size_t *size, struct q2_error *error) {
  const int whole = wish->format == Q2_EXPORT_ORIGIN || wish->format == Q2_EXPORT_CSV;
  *bytes = NULL;
  *size = 0;
  if (whole && wish->molecule && wish->molecule[0])
    return q2_fail(error, "option -molecule: the format %s has the whole force field", q2_export_format_names[wish->format]);
  if (whole) return make_on_first(comm, dataset, value, wish->format, bytes, size, error);
  return q2_export_field(comm, dataset, value, wish, printer, bytes, size, error);
}

int q2_export_write(MPI_Comm comm, const struct q2_dataset *dataset, const double *value, const struct q2_export *wish,
                    struct q2_printer *printer, struct q2_error *error) {
  char *bytes;
  size_t size;
  Q2_TRY(q2_export_make(comm, dataset, value, wish, printer, &bytes, &size, error));
  const int status = bytes ? q2_durable_write(wish->path, bytes, size, error) : Q2_OK;
  free(bytes);
  return q2_agree(comm, status, error);
}
