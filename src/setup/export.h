/* Force fields as files of other programs: the one that the data set's came from with the values put back, or a new one. */
#ifndef Q2_EXPORT_H
#define Q2_EXPORT_H

#include "../../io/dataset.h"
#include "../print.h"

/* docs/export.md. ORIGIN: the file that the force field came from, only the fitted numbers changed. OPENMM_ATOMS: OpenMM's XML
 * with a type for each atom, so that nothing must be the same for atoms of one type. */
enum q2_export_format {
  Q2_EXPORT_ORIGIN,
  Q2_EXPORT_CSV,
  Q2_EXPORT_TINKER,
  Q2_EXPORT_AMBER,
  Q2_EXPORT_OPENMM,
  Q2_EXPORT_OPENMM_ATOMS
};
extern const char *const q2_export_format_names[]; /* in that order, ending with NULL */

/* What is wanted. */
struct q2_export {
  enum q2_export_format format;
  const char *path;     /* where it goes */
  const char *molecule; /* the one whose terms are written; "" or NULL: all. Not for ORIGIN and CSV */
  /* 1: values may still change, so that active parameters are different ones even where their values agree */
  int before_fit;
};

/* Takes the format called `name`, or, where that is NULL or "", the one that the path's ending says: .csv, .prm and .key,
 * .frcmod and .dat, .xml (by types where the data set has names of types, else by atoms), but ORIGIN where the data set's
 * origin is of that format, and for every other ending where it has an origin at all. Local; the same on every rank. */
int q2_export_choose(const struct q2_dataset *dataset, const char *name, const char *path, enum q2_export_format *format,
                     struct q2_error *error);

/* Collective: makes the file's content from `value` [parameters.count], in memory's units: *bytes [*size] on rank 0, to be
 * released with free(); NULL on others. dataset->parameters.value is what the input file has. What the format cannot express is
 * refused, named. What the file leaves out, or other programs do in another way, is said by warnings of `printer` (NULL:
 * silently). Molecules may be anywhere; the bytes are the same on any number of ranks. */
int q2_export_make(MPI_Comm comm, const struct q2_dataset *dataset, const double *value, const struct q2_export *wish,
                   struct q2_printer *printer, char **bytes, size_t *size, struct q2_error *error);

/* Collective: makes it and puts it at wish->path in one step: there is the old file or the new one, complete. */
int q2_export_write(MPI_Comm comm, const struct q2_dataset *dataset, const double *value, const struct q2_export *wish,
                    struct q2_printer *printer, struct q2_error *error);

/* All parameters as a table of comma-separated values (RFC 4180), in the units of the data set. Local. */
int q2_export_csv(const struct q2_dataset *dataset, const double *value, char **bytes, size_t *size, struct q2_error *error);

/* A new file of a format of io/formats/. Collective; the bytes are on rank 0. */
int q2_export_field(MPI_Comm comm, const struct q2_dataset *dataset, const double *value, const struct q2_export *wish,
                    struct q2_printer *printer, char **bytes, size_t *size, struct q2_error *error);

#endif
