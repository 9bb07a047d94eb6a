/* The result's residuals and relaxations. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../io/result.h"
#include "result_file.h"

/* One kind's rows, as datasets have them. */
struct columns {
  int64_t rows, *offset; /* [molecules + 1] */
  int32_t *index;        /* [rows][columns of the index] */
  double *number[4];     /* reference, before, after, weight: [rows] */
};

static int allocate_columns(struct columns *columns, int64_t molecules, int width, struct q2_error *error) {
  columns->offset = q2_allocate(molecules + 1, sizeof *columns->offset);
  columns->index = q2_allocate(columns->rows * width, sizeof *columns->index);
  int ok = columns->offset && columns->index;
  for (int c = 0; c < 4; c++) {
    columns->number[c] = q2_allocate(columns->rows, sizeof *columns->number[c]);
    ok = ok && columns->number[c];
  }
  return ok ? Q2_OK : q2_fail(error, "no memory for the result's residuals");
}

static void free_columns(struct columns *columns) {
  free(columns->offset);
  free(columns->index);
  for (int c = 0; c < 4; c++)
    free(columns->number[c]);
}

static void fill_columns(const struct q2_residual_table *table, int observable, struct columns *columns) {
  const int width = q2_observables[observable].index_count;
  int64_t to = 0;
  for (int64_t m = 0; m < table->count; m++) {
    for (int64_t r = table->offset[m]; r < table->offset[m + 1]; r++) {
      const struct q2_residual_row *row = &table->row[r];
      if (row->observable != observable) continue;
      for (int c = 0; c < width; c++)
        columns->index[to * width + c] = row->index[c];
      columns->number[0][to] = row->reference;
      columns->number[1][to] = row->before;
      columns->number[2][to] = row->after;
      columns->number[3][to++] = row->weight;
    }
    columns->offset[m + 1] = to;
  }
}

static int add_columns(struct q2_image *image, const struct q2_residual_table *table, int observable,
                       const struct columns *columns, struct q2_error *error) {
  static const char *const names[4] = {"reference", "before", "after", "weight"};
  const struct q2_observable_info *info = &q2_observables[observable];
  char path[128];
  snprintf(path, sizeof path, "/residuals/%s/offset", info->name);
  Q2_TRY(q2_image_int64(image, path, NULL, table->count + 1, 0, columns->offset, error));
  snprintf(path, sizeof path, "/residuals/%s/index", info->name);
  Q2_TRY(q2_image_int32(image, path, NULL, columns->rows, info->index_count, columns->index, error));
  for (int c = 0; c < 4; c++) {
    snprintf(path, sizeof path, "/residuals/%s/%s", info->name, names[c]);
    Q2_TRY(q2_image_double(image, path, c < 3 ? info->unit : NULL, columns->rows, 0, columns->number[c], error));
  }
  return Q2_OK;
}

/* The kind's quality before and after, as attributes of a group below /summary. */
static int add_quality(struct q2_image *image, const struct q2_residual_table *table, int observable, struct q2_error *error) {
  char group[128];
  const struct q2_kind_quality before = q2_residual_quality(table, observable, 0),
                               after = q2_residual_quality(table, observable, 1);
  const struct {
    const char *name;
    double value;
  } numbers[] = {{"loss_before", before.loss}, {"loss_after", after.loss}, {"rmsd_before", before.rmsd},
                 {"rmsd_after", after.rmsd},   {"r2_before", before.r2},   {"r2_after", after.r2}};
  snprintf(group, sizeof group, "/summary/%s", q2_observables[observable].name);
  Q2_TRY(q2_image_group(image, group, error));
  Q2_TRY(q2_image_attribute_text(image, group, "unit", q2_observables[observable].unit, error));
  Q2_TRY(q2_image_attribute_int64(image, group, "residuals", after.residuals, error));
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    Q2_TRY(q2_image_attribute_double(image, group, numbers[i].name, numbers[i].value, error));
  return Q2_OK;
}

int q2_result_residuals(struct q2_image *image, const struct q2_residual_table *table, struct q2_error *error) {
  for (int observable = 0; observable < Q2_OBSERVABLE_COUNT; observable++) {
    struct columns columns = {0};
    for (int64_t r = 0; r < table->offset[table->count]; r++)
      columns.rows += table->row[r].observable == observable;
    if (columns.rows == 0) continue;
    int status = allocate_columns(&columns, table->count, q2_observables[observable].index_count, error);
    if (status == Q2_OK) {
      fill_columns(table, observable, &columns);
      status = add_columns(image, table, observable, &columns, error);
    }
    if (status == Q2_OK) status = add_quality(image, table, observable, error);
    free_columns(&columns);
    Q2_TRY(status);
  }
  return Q2_OK;
}

static int add_words(struct q2_image *image, const char *path, const struct q2_relaxation_table *table,
                     struct q2_error *error) {
  enum { LENGTH = 16 };
  char(*word)[LENGTH] = q2_allocate(table->count, sizeof *word);
  if (!word) return q2_fail(error, "no memory for the result's relaxations");
  for (int64_t m = 0; m < table->count; m++)
    strcpy(word[m], q2_relaxation_word(table->status[m]));
  const int status = q2_image_text(image, path, table->count, LENGTH, word, error);
  free(word);
  return status;
}

int q2_result_relaxations(struct q2_image *image, const struct q2_relaxation_table *before,
                          const struct q2_relaxation_table *after, struct q2_error *error) {
  if (after->count == 0) return Q2_OK;
  Q2_TRY(add_words(image, "/relaxation/before", before, error));
  Q2_TRY(add_words(image, "/relaxation/after", after, error));
  Q2_TRY(q2_image_int32(image, "/relaxation/set_aside", NULL, after->count, 0, after->set_aside, error));
  Q2_TRY(q2_image_attribute_int64(image, "/summary", "relaxed", after->relaxed, error));
  return q2_image_attribute_int64(image, "/summary", "set_aside", after->aside, error);
}
