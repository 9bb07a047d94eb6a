/* Inside io/: reading and checking one column at a time. All functions are collective unless they say otherwise; on failure
 * every rank returns Q2_FAILED and reader->error holds the same text everywhere. */
#ifndef Q2_DATASET_READER_H
#define Q2_DATASET_READER_H

#include "dataset.h"
#include "hdf5_file.h"

struct q2_reader {
  struct q2_hdf5 file;
  MPI_Comm comm;
  struct q2_dataset *dataset; /* being filled; names come first, so that messages can use them */
  struct q2_error *error;
};

/* Which rows of a table this rank reads. */
struct q2_rows {
  int64_t total;         /* in the file; Q2_ANY: not known yet */
  int64_t first, count;  /* this rank's */
  const int64_t *offset; /* local rows of local molecule m: offset[m] to offset[m+1]-1; NULL: one row a molecule */
  int shared;            /* every rank reads all rows, which do not belong to molecules */
};

enum { Q2_PLACE_LENGTH = 512 };

/* Local. Writes "input.h5: NAME: row R (molecule M, 'methane')" for local row `row`, and returns `place`. */
const char *q2_place(const struct q2_reader *reader, const char *name, const struct q2_rows *rows, int64_t row,
                     char place[Q2_PLACE_LENGTH]);

/* Memory, zeroed, for the elements of dataset `name`, on every rank or on none: then *pointer is NULL. The caller's, or the
 * data set's where it is kept there. */
int q2_reader_allocate(struct q2_reader *reader, const char *name, int64_t count, size_t size, void *pointer);

/* Reads the offsets of a ragged table with `total` rows for this rank's molecules: *offset [molecule_count + 1], from 0, kept
 * by the data set. Checks that they start at 0, never fall and end at `total` (of dataset `counted`), and fills *rows. */
int q2_read_offset(struct q2_reader *reader, const char *name, const char *counted, int64_t total, int64_t **offset,
                   struct q2_rows *rows);

/* Fills *rows for a dataset of one dimension, of at most INT32_MAX rows, that every rank reads whole. */
int q2_shared_rows(struct q2_reader *reader, const char *name, enum q2_hdf5_class type_class, struct q2_rows *rows);

/* Reads integers within low..high; columns 0: a dataset of one dimension. *data [rows->count][columns]. */
int q2_read_int32(struct q2_reader *reader, const char *name, const struct q2_rows *rows, int64_t columns, int64_t low,
                  int64_t high, int32_t **data);

/* Reads finite reals and multiplies them by `factor`. */
int q2_read_double(struct q2_reader *reader, const char *name, const struct q2_rows *rows, int64_t columns, double factor,
                   double **data);

/* Reads strings into *text [rows->count][size]; an empty string is refused unless `may_be_empty`. */
int q2_read_text(struct q2_reader *reader, const char *name, const struct q2_rows *rows, int64_t size, int may_be_empty,
                 void *text);

/* dataset_force_field.c: /force_field/parameters, /force_field/cmap. */
int q2_read_parameters(struct q2_reader *reader);
int q2_read_cmap(struct q2_reader *reader);

/* dataset_nonbonded.c: /force_field/nonbonded, /force_field/charge_increments. */
int q2_read_nonbonded(struct q2_reader *reader);
int q2_read_charge_increments(struct q2_reader *reader);

/* dataset_equalities.c: /force_field/equalities, /force_field/prior; after q2_read_parameters. */
int q2_read_equalities(struct q2_reader *reader);
int q2_read_prior(struct q2_reader *reader);

/* dataset_hessian.c: /hessian or /hessian_full; `factor` brings its unit to hartree/bohr^2. */
int q2_read_hessian(struct q2_reader *reader, double factor);

/* dataset_tables.c: /bonds, /force_field/terms. */
int q2_read_bonds(struct q2_reader *reader);
int q2_read_terms(struct q2_reader *reader);

/* The absolute name of a member of a group: at most 255 bytes and a short member. Local. */
enum { Q2_MEMBER_LENGTH = 2 * Q2_HDF5_NAME };
void q2_member(char path[Q2_MEMBER_LENGTH], const char *group, const char *member);

/* The columns, 1 to `most`, of a table with two dimensions, and its rows (`rows`, or Q2_ANY). */
int q2_describe_columns(struct q2_reader *reader, const char *name, enum q2_hdf5_class type_class, int64_t rows, int most,
                        int *columns, int64_t *found_rows);

/* dataset_origin.c: /force_field/origin; after q2_read_parameters. */
int q2_read_origin(struct q2_reader *reader);

/* dataset_observables.c: /observables. */
int q2_read_observables(struct q2_reader *reader);

/* dataset_check.c. Local: atoms of each row of a term or bond table [rows->count][columns] lie within their molecule and
 * differ. */
int q2_check_atoms(const struct q2_reader *reader, const char *name, const struct q2_rows *rows, int columns,
                   const int32_t *atoms);

/* Local: geometry (coincident atoms) and Hessian (size, frame) of every molecule of this rank. */
int q2_check_molecules(const struct q2_reader *reader);

/* No two molecules of the file have one name. */
int q2_check_names(struct q2_reader *reader);

#endif
