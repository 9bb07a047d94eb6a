/* From sources to molecules: every rank reads its share of the files, puts together what belongs together, and knows which
 * numbers its molecules have in the whole set. */
#ifndef Q2_GATHER_H
#define Q2_GATHER_H

#include <mpi.h>

#include "../../io/formats/molecule.h"
#include "../print.h"
#include "sources.h"

enum { Q2_FORMATS_COUNTED = 32 };

struct q2_gather_options {
  const char *format;   /* a row of q2_molecule_formats, "": by content */
  const char *name;     /* the pattern of molecules' names; "": {stem}, or {stem}-{record} where a source has several */
  const char *topology; /* a file of structures, "": none */
};

/* What a record does not hold. */
struct q2_gathered_facts {
  char origin[Q2_LINE_LENGTH]; /* its files, for messages; what does not fit is left out */
  int32_t group;               /* -1: none */
  int32_t validation;
  int32_t stationary;      /* 1, 0, -1: to be found out */
  int32_t imaginary_modes; /* q2_check_imported counts them */
};

struct q2_gathered {
  struct q2_molecule_list molecules; /* names are final; charge and multiplicity filled (0 and 1 where no file says) */
  struct q2_gathered_facts *facts;   /* [molecules.count] */
  int64_t first, total;              /* their numbers are first, first + 1, ...; in the set */
  int64_t files[Q2_FORMATS_COUNTED]; /* read, by row of q2_molecule_formats; of all ranks, on every rank */
};

/* Collective: reads all that `sources` names. Molecules are numbered as sources are, whatever the number of ranks; each rank
 * has a contiguous share, balanced by the sizes of the files. Names are unique over all ranks. On failure every rank returns
 * Q2_FAILED with the text of the first source that failed, and nothing is left. Release with q2_gathered_free. */
int q2_gather_molecules(MPI_Comm comm, const struct q2_sources *sources, const struct q2_gather_options *options,
                        struct q2_printer *printer, struct q2_gathered *gathered, struct q2_error *error);
void q2_gathered_free(struct q2_gathered *gathered);

/* Parts of it. */

/* Which sources rank `rank` of `ranks` reads: first to last - 1. */
void q2_gather_share(const struct q2_sources *sources, int rank, int ranks, int *first, int *last);

/* Reads one source and adds its molecules. `count` [Q2_FORMATS_COUNTED] is counted up. Local. */
int q2_gather_source(const struct q2_sources *sources, int source, const struct q2_gather_options *options,
                     struct q2_gathered *gathered, struct q2_error *error);

/* Reads one file: *format (NULL before: by content) is what it was read as. Local. */
struct q2_molecule_format;
int q2_gather_file(const char *path, const struct q2_molecule_format **format, struct q2_molecule_list *list,
                   struct q2_error *error);

/* Writes the name of a molecule by the pattern. `record` from 1, of `records`. Local. */
int q2_gather_name(const struct q2_sources *sources, int source, const char *pattern, const char *title, int record,
                   int records, char name[Q2_NAME_LENGTH], struct q2_error *error);

/* Collective: no two molecules have one name. */
int q2_gather_check_names(MPI_Comm comm, const struct q2_gathered *gathered, struct q2_error *error);

/* Collective: gives the molecules bonds, types and charges of the structures in the file `path`. */
int q2_gather_topology(MPI_Comm comm, const char *path, struct q2_gathered *gathered, struct q2_error *error);

#endif
