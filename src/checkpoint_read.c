/* The checkpoint: reading. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../io/sealed.h"
#include "checkpoint.h"

static int read_identity(const struct q2_hdf5 *file, struct q2_run_identity *identity, struct q2_error *error) {
  enum { MOST = 1 << 16 }; /* what an attribute can hold */
  identity->options = calloc(MOST, 1);
  if (!identity->options) return q2_fail(error, "%s: no memory", file->path);
  Q2_TRY(q2_hdf5_attribute_text(file, "/provenance", "input_checksum", NULL, identity->checksum, sizeof identity->checksum,
                                error));
  Q2_TRY(q2_hdf5_attribute_text(file, "/provenance", "options", NULL, identity->options, MOST, error));
  for (int f = 0; f < Q2_FACT_COUNT; f++)
    Q2_TRY(q2_hdf5_attribute_text(file, "/provenance", q2_fact_names[f], NULL, identity->fact[f], sizeof identity->fact[f],
                                  error));
  return Q2_OK;
}

static int read_reals(const struct q2_hdf5 *file, const char *path, int dimensions, int64_t rows, int64_t columns, double *data,
                      struct q2_error *error) {
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(file, path, Q2_REAL, dimensions, rows, columns, &table, error));
  return q2_hdf5_read_reals(file, &table, 0, rows, data, error);
}

static int read_integers(const struct q2_hdf5 *file, const char *path, int64_t rows, int64_t *data, struct q2_error *error) {
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(file, path, Q2_INTEGER, 1, rows, 1, &table, error));
  return q2_hdf5_read_integers(file, &table, 0, rows, data, error);
}

/* column: [count] of 8 bytes. */
static int read_column(const struct q2_hdf5 *file, const char *path, const struct q2_record_column *c, int64_t count,
                       void *column, struct q2_evaluation_record *record, struct q2_error *error) {
  if (c->type == Q2_COLUMN_DOUBLE)
    Q2_TRY(read_reals(file, path, 1, count, 1, column, error));
  else
    Q2_TRY(read_integers(file, path, count, column, error));
  for (int64_t k = 0; k < count; k++) {
    char *member = (char *)&record[k] + c->offset;
    if (c->type == Q2_COLUMN_INT32) {
      const int32_t value = (int32_t)((int64_t *)column)[k];
      memcpy(member, &value, sizeof value);
    } else {
      memcpy(member, (char *)column + (size_t)k * sizeof(int64_t), sizeof(int64_t));
    }
  }
  return Q2_OK;
}

/* The triangle's order: squares have order (order + 1) / 2 columns. */
static int64_t order_of(int64_t columns) {
  int64_t order = 0;
  while (order * (order + 1) / 2 < columns)
    order++;
  return order;
}

static int read_squares(const struct q2_hdf5 *file, const char *group, struct q2_evaluation_log *log, struct q2_error *error) {
  char path[64];
  struct q2_hdf5_table table;
  snprintf(path, sizeof path, "%s/square", group);
  Q2_TRY(q2_hdf5_describe(file, path, Q2_REAL, 2, log->square_count, Q2_ANY, &table, error));
  log->square_order = order_of(table.columns);
  if (log->square_order * (log->square_order + 1) / 2 != table.columns)
    return q2_fail(error, "%s: %s: expected n (n + 1) / 2 columns, found %lld", file->path, path, (long long)table.columns);
  log->square = q2_allocate(log->square_count * table.columns, sizeof *log->square);
  log->square_of = q2_allocate(log->square_count, sizeof *log->square_of);
  if (!log->square || !log->square_of) return q2_fail(error, "%s: %s: no memory", file->path, path);
  log->square_capacity = log->square_count;
  Q2_TRY(q2_hdf5_read_reals(file, &table, 0, table.rows, log->square, error));
  snprintf(path, sizeof path, "%s/square_of", group);
  return read_integers(file, path, log->square_count, log->square_of, error);
}

static int read_rows(const struct q2_hdf5 *file, const char *group, struct q2_evaluation_log *log, void *column,
                     struct q2_error *error) {
  char path[64];
  snprintf(path, sizeof path, "%s/x", group);
  Q2_TRY(read_reals(file, path, 2, log->count, log->variables, log->x, error));
  snprintf(path, sizeof path, "%s/gradient", group);
  Q2_TRY(read_reals(file, path, 2, log->count, log->variables, log->gradient, error));
  for (int c = 0; c < q2_record_column_count; c++) {
    snprintf(path, sizeof path, "%s/%s", group, q2_record_columns[c].name);
    Q2_TRY(read_column(file, path, &q2_record_columns[c], log->count, column, log->record, error));
  }
  return log->square_count > 0 ? read_squares(file, group, log, error) : Q2_OK;
}

static int read_log(const struct q2_hdf5 *file, int round, struct q2_evaluation_log *log, struct q2_error *error) {
  char group[32];
  int64_t variables, count, squares;
  snprintf(group, sizeof group, "/rounds/%d", round + 1);
  Q2_TRY(q2_hdf5_attribute_integer(file, group, "variables", NULL, &variables, error));
  Q2_TRY(q2_hdf5_attribute_integer(file, group, "evaluations", NULL, &count, error));
  Q2_TRY(q2_hdf5_attribute_integer(file, group, "squares", NULL, &squares, error));
  if (variables < 1 || variables > INT32_MAX || count < 0 || squares < 0 || squares > count)
    return q2_fail(error, "%s: %s: expected variables, evaluations and at most as many squares, found %lld, %lld, %lld",
                   file->path, group, (long long)variables, (long long)count, (long long)squares);
  q2_evaluation_log_create((int)variables, log);
  log->square_count = squares;
  log->x = q2_allocate(count * variables, sizeof *log->x);
  log->gradient = q2_allocate(count * variables, sizeof *log->gradient);
  log->record = q2_allocate(count, sizeof *log->record);
  void *column = q2_allocate(count, sizeof(int64_t));
  int status = log->x && log->gradient && log->record && column
                   ? Q2_OK
                   : q2_fail(error, "%s: %s: no memory for %lld evaluations", file->path, group, (long long)count);
  log->count = log->capacity = status == Q2_OK ? count : 0;
  if (status == Q2_OK) status = read_rows(file, group, log, column, error);
  free(column);
  return status;
}

static int read_all(const struct q2_hdf5 *file, struct q2_checkpoint *checkpoint, struct q2_error *error) {
  char format[32] = "";
  int64_t version = 0, rounds = 0;
  Q2_TRY(q2_hdf5_attribute_text(file, "/", "format", NULL, format, sizeof format, error));
  Q2_TRY(q2_hdf5_attribute_integer(file, "/", "version", NULL, &version, error));
  if (strcmp(format, "q2hpc-checkpoint") != 0 || version != 1)
    return q2_fail(error, "%s: expected format q2hpc-checkpoint, version 1, found %s, version %lld", file->path, format,
                   (long long)version);
  Q2_TRY(read_identity(file, &checkpoint->identity, error));
  Q2_TRY(q2_hdf5_attribute_integer(file, "/rounds", "count", NULL, &rounds, error));
  if (rounds < 1 || rounds > Q2_MOST_ROUNDS)
    return q2_fail(error, "%s: /rounds: expected 1 to %d rounds, found %lld", file->path, Q2_MOST_ROUNDS, (long long)rounds);
  checkpoint->rounds = (int)rounds;
  for (int r = 0; r < checkpoint->rounds; r++)
    Q2_TRY(read_log(file, r, &checkpoint->log[r], error));
  return Q2_OK;
}

int q2_checkpoint_read(MPI_Comm comm, const char *path, struct q2_checkpoint *checkpoint, struct q2_error *error) {
  int rank, status = Q2_OK;
  memset(checkpoint, 0, sizeof *checkpoint);
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) {
    struct q2_sealed sealed;
    status = q2_sealed_open(path, &sealed, error);
    if (status == Q2_OK) status = read_all(&sealed.hdf5, checkpoint, error);
    q2_sealed_close(&sealed);
  }
  status = q2_agree(comm, status, error);
  if (status != Q2_OK) q2_checkpoint_free(checkpoint);
  return status;
}

void q2_checkpoint_free(struct q2_checkpoint *checkpoint) {
  q2_run_identity_free(&checkpoint->identity);
  for (int r = 0; r < Q2_MOST_ROUNDS; r++)
    q2_evaluation_log_free(&checkpoint->log[r]);
  memset(checkpoint, 0, sizeof *checkpoint);
}
