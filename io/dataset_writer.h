/* Inside io/: the parts of writing a data set. */
#ifndef Q2_DATASET_WRITER_H
#define Q2_DATASET_WRITER_H

#include <hdf5.h>

#include "dataset.h"
#include "dataset_columns.h"
#include "durable.h"
#include "result.h"

/* A dataset of the file with rows of molecules. */
struct q2_written_column {
  char name[128];    /* of the dataset */
  const char *unit;  /* its attribute, or NULL */
  hid_t type;        /* of one number: H5T_NATIVE_... */
  int64_t text_size; /* bytes of a string; 0: it is a number */
  int64_t columns;   /* 0: one dimension */
  size_t row_bytes;
  const void *data;    /* this rank's rows */
  void *owned;         /* memory that goes with the column, or NULL */
  int64_t rows, total; /* this rank's, and in the file */
};

struct q2_writer {
  MPI_Comm comm;
  int rank;
  struct q2_dataset *dataset;
  const char *path;
  struct q2_error *error;
  struct q2_image image;       /* rank 0: the file */
  struct q2_durable_file file; /* rank 0 */
  int column_count, column_capacity;
  struct q2_written_column *column;
  long long bytes; /* of all columns in the file */
};

/* Lists all columns of the data set. Collective. Release with q2_writer_free. */
int q2_writer_plan(struct q2_writer *writer);
void q2_writer_free(struct q2_writer *writer);

/* Writes all columns. Collective: rank 0 receives and writes. */
int q2_writer_rows(struct q2_writer *writer);

#endif
