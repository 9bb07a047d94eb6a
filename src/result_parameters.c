/* Starting from where another fit ended: the final parameters of a result file, or the best of a checkpoint. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/hdf5_file.h"
#include "../io/memory.h"
#include "../io/sealed.h"
#include "result_file.h"

struct rows {
  char (*kind)[Q2_KIND_LENGTH];
  char (*label)[Q2_LABEL_LENGTH];
  char (*unit)[Q2_UNIT_LENGTH];
  double *final;
};

static int read_texts(const struct q2_hdf5 *file, const char *name, int64_t count, void *text, int64_t size,
                      struct q2_error *error) {
  struct q2_hdf5_table table;
  Q2_TRY(q2_hdf5_describe(file, name, Q2_TEXT, 1, count, 1, &table, error));
  return q2_hdf5_read_texts(file, &table, 0, count, 1, text, size, error);
}

static int read_rows(const struct q2_hdf5 *file, int64_t count, struct rows *rows, struct q2_error *error) {
  struct q2_hdf5_table table;
  char format[32] = "";
  int present;
  Q2_TRY(q2_hdf5_attribute_text(file, "/", "format", &present, format, sizeof format, error));
  if (strcmp(format, "q2hpc-result") != 0 && strcmp(format, "q2hpc-checkpoint") != 0)
    return q2_fail(error, "%s: neither a result nor a checkpoint of q2hpc (attribute format: \"%s\")", file->path, format);
  Q2_TRY(read_texts(file, "/parameters/kind", count, rows->kind, Q2_KIND_LENGTH, error));
  Q2_TRY(read_texts(file, "/parameters/label", count, rows->label, Q2_LABEL_LENGTH, error));
  Q2_TRY(read_texts(file, "/parameters/unit", count, rows->unit, Q2_UNIT_LENGTH, error));
  Q2_TRY(q2_hdf5_describe(file, "/parameters/final", Q2_REAL, 1, count, 1, &table, error));
  return q2_hdf5_read_reals(file, &table, 0, count, rows->final, error);
}

static int take_over(const char *path, const struct rows *rows, struct q2_parameters *parameters, struct q2_error *error) {
  for (int p = 0; p < parameters->count; p++) {
    if (strcmp(rows->kind[p], parameters->kind[p]) != 0 || strcmp(rows->label[p], parameters->label[p]) != 0 ||
        strcmp(rows->unit[p], parameters->unit[p]) != 0)
      return q2_fail(error, "%s: /parameters: row %d is %s %s in %s, but the input has %s %s in %s", path, p, rows->kind[p],
                     rows->label[p], rows->unit[p], parameters->kind[p], parameters->label[p], parameters->unit[p]);
    if (!isfinite(rows->final[p])) return q2_fail(error, "%s: /parameters/final: row %d is not finite", path, p);
  }
  /* value / factor x factor may miss the value by a rounding; a bound must hold all the same. */
  for (int p = 0; p < parameters->count; p++)
    parameters->value[p] = fmin(fmax(rows->final[p] * parameters->factor[p], parameters->lower[p]), parameters->upper[p]);
  for (int p = 0; p < parameters->count; p++)
    if (parameters->link[p] >= 0) parameters->value[p] = parameters->value[parameters->link[p]];
  return Q2_OK;
}

int q2_result_read_parameters(MPI_Comm comm, const char *path, struct q2_parameters *parameters, struct q2_error *error) {
  const int64_t count = parameters->count;
  int rank;
  struct rows rows = {q2_allocate(count, sizeof *rows.kind), q2_allocate(count, sizeof *rows.label),
                      q2_allocate(count, sizeof *rows.unit), q2_allocate(count, sizeof *rows.final)};
  int status =
      rows.kind && rows.label && rows.unit && rows.final ? Q2_OK : q2_fail(error, "no memory for %d parameters", (int)count);
  MPI_Comm_rank(comm, &rank);
  if (status == Q2_OK && rank == 0) status = q2_sealed_check(path, error);
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) {
    struct q2_hdf5 file = {0};
    status = q2_hdf5_open(comm, path, &file, error);
    if (status == Q2_OK) {
      status = read_rows(&file, count, &rows, error);
      q2_hdf5_close(&file);
    }
  }
  if (status == Q2_OK) status = take_over(path, &rows, parameters, error);
  free(rows.kind);
  free(rows.label);
  free(rows.unit);
  free(rows.final);
  return q2_agree(comm, status, error);
}
