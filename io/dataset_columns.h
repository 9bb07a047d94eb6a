/* Inside io/: the tables of a data set that have rows for each molecule, described in one list, so that moving, hashing and
 * releasing are loops and not one statement for each array. */
#ifndef Q2_DATASET_COLUMNS_H
#define Q2_DATASET_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "dataset.h"

struct q2_column {
  void *place; /* where the structure keeps its pointer, of whatever type: use q2_column_data */
  size_t row_bytes;
  int offset_number; /* which offset table counts its rows, or -1: one row a molecule */
};

struct q2_columns {
  int column_count, offset_count;
  struct q2_column *column;
  int64_t ***offset; /* [offset_count] where the structure keeps the pointer to each offset table */
};

/* Describes every array of `dataset` that is not NULL and holds rows of molecules. Release with q2_columns_free,
 * in any case. Local. */
int q2_columns_make(struct q2_dataset *dataset, struct q2_columns *columns, struct q2_error *error);
void q2_columns_free(struct q2_columns *columns);

/* The pointer that the structure keeps for this column, and its replacement. */
void *q2_column_data(const struct q2_column *column);
void q2_column_set_data(const struct q2_column *column, void *data);

/* Where the rows of local molecule `m` start in a column, and how many there are. */
int64_t q2_column_row(const struct q2_columns *columns, const struct q2_column *column, int64_t m);

/* Collective: computes dataset->checksum. */
int q2_dataset_checksum(MPI_Comm comm, struct q2_dataset *dataset, struct q2_error *error);

/* q2_dataset_exchange with slices of at most `slice_bytes` (a positive number) for each pair of ranks and round. */
int q2_dataset_exchange_sliced(MPI_Comm comm, struct q2_dataset *dataset, const int *owner, int64_t slice_bytes,
                               struct q2_error *error);

#endif
