/* The checkpoint: writing. */
#include "checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../io/memory.h"
#include "../io/sealed.h"

#define COLUMN(name, unit, type, member)                                                                                       \
  { name, unit, type, offsetof(struct q2_evaluation_record, member) }
const struct q2_record_column q2_record_columns[] = {COLUMN("value", NULL, Q2_COLUMN_DOUBLE, value),
                                                     COLUMN("prior", NULL, Q2_COLUMN_DOUBLE, prior),
                                                     COLUMN("rmsd", "cm-1", Q2_COLUMN_DOUBLE, rmsd),
                                                     COLUMN("rmsd_all", "cm-1", Q2_COLUMN_DOUBLE, rmsd_all),
                                                     COLUMN("validation_loss", NULL, Q2_COLUMN_DOUBLE, validation_loss),
                                                     COLUMN("validation_rmsd", "cm-1", Q2_COLUMN_DOUBLE, validation_rmsd),
                                                     COLUMN("seconds", "s", Q2_COLUMN_DOUBLE, seconds),
                                                     COLUMN("elapsed", "s", Q2_COLUMN_DOUBLE, elapsed),
                                                     COLUMN("failed_molecules", NULL, Q2_COLUMN_INT64, failed_molecules),
                                                     COLUMN("first_failed", NULL, Q2_COLUMN_INT64, first_failed),
                                                     COLUMN("infeasible", NULL, Q2_COLUMN_INT32, infeasible)};
const int q2_record_column_count = (int)(sizeof q2_record_columns / sizeof *q2_record_columns);

/* column: [count] of the widest type. */
static int add_column(struct q2_image *image, const char *path, const struct q2_record_column *c,
                      const struct q2_evaluation_log *log, void *column, struct q2_error *error) {
  const size_t size = c->type == Q2_COLUMN_INT32 ? sizeof(int32_t) : sizeof(int64_t);
  for (int64_t k = 0; k < log->count; k++)
    memcpy((char *)column + (size_t)k * size, (const char *)&log->record[k] + c->offset, size);
  switch (c->type) {
  case Q2_COLUMN_DOUBLE:
    return q2_image_double(image, path, c->unit, log->count, 0, column, error);
  case Q2_COLUMN_INT64:
    return q2_image_int64(image, path, c->unit, log->count, 0, column, error);
  default:
    return q2_image_int32(image, path, c->unit, log->count, 0, column, error);
  }
}

static int add_log(struct q2_image *image, int round, const struct q2_evaluation_log *log, void *column,
                   struct q2_error *error) {
  char path[64];
  const int64_t order = log->square_order, triangle = order * (order + 1) / 2;
#define PATH(name) (snprintf(path, sizeof path, "/rounds/%d/%s", round + 1, name), path)
  Q2_TRY(q2_image_double(image, PATH("x"), NULL, log->count, log->variables, log->x, error));
  Q2_TRY(q2_image_double(image, PATH("gradient"), NULL, log->count, log->variables, log->gradient, error));
  for (int c = 0; c < q2_record_column_count; c++)
    Q2_TRY(add_column(image, PATH(q2_record_columns[c].name), &q2_record_columns[c], log, column, error));
  if (log->square_count > 0) {
    Q2_TRY(q2_image_int64(image, PATH("square_of"), NULL, log->square_count, 0, log->square_of, error));
    Q2_TRY(q2_image_double(image, PATH("square"), NULL, log->square_count, triangle, log->square, error));
  }
  snprintf(path, sizeof path, "/rounds/%d", round + 1);
  Q2_TRY(q2_image_attribute_int64(image, path, "evaluations", log->count, error));
  Q2_TRY(q2_image_attribute_int64(image, path, "variables", log->variables, error));
  return q2_image_attribute_int64(image, path, "squares", log->square_count, error);
#undef PATH
}

/* The best parameters, in the layout of a result's (docs/result.md). */
static int add_best(struct q2_image *image, const struct q2_checkpoint_source *source, double *best, struct q2_error *error) {
  const struct q2_parameters *p = source->parameters;
  const struct q2_evaluation_log *log = source->log[source->rounds - 1];
  const int64_t index = q2_evaluation_log_best(log);
  if (index < 0) return Q2_OK;
  q2_variables_apply(source->variables, log->x + index * log->variables, best);
  for (int row = 0; row < p->count; row++)
    best[row] /= p->factor[row];
  Q2_TRY(q2_image_text(image, "/parameters/kind", p->count, Q2_KIND_LENGTH, p->kind, error));
  Q2_TRY(q2_image_text(image, "/parameters/label", p->count, Q2_LABEL_LENGTH, p->label, error));
  Q2_TRY(q2_image_text(image, "/parameters/unit", p->count, Q2_UNIT_LENGTH, p->unit, error));
  Q2_TRY(q2_image_double(image, "/parameters/final", NULL, p->count, 0, best, error));
  return q2_image_attribute_double(image, "/parameters", "loss", log->record[index].value, error);
}

static int add_provenance(struct q2_image *image, const struct q2_run_identity *identity, struct q2_error *error) {
  char date[32] = "";
  const time_t now = time(NULL);
  struct tm utc;
  if (gmtime_r(&now, &utc)) strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
  Q2_TRY(q2_image_group(image, "/provenance", error));
  Q2_TRY(q2_image_attribute_text(image, "/provenance", "date", date, error));
  Q2_TRY(q2_image_attribute_text(image, "/provenance", "input_checksum", identity->checksum, error));
  Q2_TRY(q2_image_attribute_text(image, "/provenance", "options", identity->options, error));
  for (int f = 0; f < Q2_FACT_COUNT; f++)
    Q2_TRY(q2_image_attribute_text(image, "/provenance", q2_fact_names[f], identity->fact[f], error));
  return Q2_OK;
}

static int fill(struct q2_image *image, const struct q2_checkpoint_source *source, double *best, struct q2_error *error) {
  Q2_TRY(q2_image_attribute_text(image, "/", "format", "q2hpc-checkpoint", error));
  Q2_TRY(q2_image_attribute_int64(image, "/", "version", 1, error));
  Q2_TRY(add_provenance(image, source->identity, error));
  Q2_TRY(q2_image_group(image, "/rounds", error));
  Q2_TRY(q2_image_attribute_int64(image, "/rounds", "count", source->rounds, error));
  for (int r = 0; r < source->rounds; r++) {
    void *column = q2_allocate(source->log[r]->count, sizeof(double));
    const int status = column
                           ? add_log(image, r, source->log[r], column, error)
                           : q2_fail(error, "no memory for a checkpoint of %lld evaluations", (long long)source->log[r]->count);
    free(column);
    Q2_TRY(status);
  }
  return add_best(image, source, best, error);
}

int q2_checkpoint_write(const struct q2_checkpoint_source *source, double *best, const char *path, uint64_t *mark,
                        struct q2_error *error) {
  struct q2_image image = {0};
  int status = q2_image_create(&image, error);
  if (status == Q2_OK) status = fill(&image, source, best, error);
  if (status == Q2_OK) status = q2_sealed_write(&image, path, mark, error);
  q2_image_free(&image);
  return status;
}
