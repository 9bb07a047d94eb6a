/* Writing the trace of a comparison of precision modes. */
#include "precision_trace.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../kernels/precision.h"
#include "result_file.h"

const double q2_precision_thresholds[Q2_PRECISION_THRESHOLDS] = {0.1, 0.5, 1.0};

int q2_precision_trace_begin(struct q2_image *image, const struct q2_session *session, const struct q2_name *names,
                             const int32_t *atoms, const struct q2_precision_errors *full, struct q2_error *error) {
  const int64_t molecules = full->molecules, modes = full->offset[molecules];
  Q2_TRY(q2_image_attribute_text(image, "/", "format", "q2hpc-precision", error));
  Q2_TRY(q2_image_attribute_int64(image, "/", "version", 1, error));
  Q2_TRY(q2_result_provenance(image, "/provenance", session, error));
  Q2_TRY(q2_image_text(image, "/molecules/name", molecules, sizeof *names, names, error));
  Q2_TRY(q2_image_int32(image, "/molecules/atoms", NULL, molecules, 0, atoms, error));
  Q2_TRY(q2_image_int64(image, "/vibrations/offset", NULL, molecules + 1, 0, full->offset, error));
  return q2_image_double(image, "/vibrations/wavenumber", "cm-1", modes, 0, full->wavenumber, error);
}

int q2_precision_trace_mode(struct q2_image *image, const struct q2_precision_row *row,
                            const struct q2_precision_errors *errors, struct q2_error *error) {
  const int64_t molecules = errors->molecules, modes = errors->offset[molecules];
  const struct {
    const char *name, *unit;
    int64_t rows;
    const double *data;
  } datasets[] = {{"shift", "cm-1", modes, errors->shift},
                  {"angle", "radian", modes, errors->angle},
                  {"hessian_largest", "kcal/mol/angstrom^2", molecules, errors->hessian_largest},
                  {"hessian_relative", NULL, molecules, errors->hessian_relative},
                  {"gradient_relative", NULL, molecules, errors->gradient_relative},
                  {"gradient_worst", NULL, molecules, errors->gradient_worst},
                  {"loss_relative", NULL, molecules, errors->loss_relative},
                  {"seconds", "s", Q2_STAGE_COUNT, row->stage}};
  char group[64], path[128];
  snprintf(group, sizeof group, "/modes/%s", q2_precision_modes[row->mode].name);
  for (size_t k = 0; k < sizeof datasets / sizeof *datasets; k++) {
    snprintf(path, sizeof path, "%s/%s", group, datasets[k].name);
    Q2_TRY(q2_image_double(image, path, datasets[k].unit, datasets[k].rows, 0, datasets[k].data, error));
  }
  return q2_image_attribute_text(image, group, "what", q2_precision_modes[row->mode].what, error);
}

/* One number of every row. */
static int column(struct q2_image *image, const char *name, const char *unit, const struct q2_precision_row *rows, int count,
                  size_t offset, double *buffer, struct q2_error *error) {
  char path[128];
  for (int k = 0; k < count; k++)
    memcpy(buffer + k, (const char *)(rows + k) + offset, sizeof *buffer);
  snprintf(path, sizeof path, "/summary/%s", name);
  return q2_image_double(image, path, unit, count, 0, buffer, error);
}

#define SUMMARY(FIELD) offsetof(struct q2_precision_row, summary) + offsetof(struct q2_precision_summary, FIELD)

static int summary(struct q2_image *image, const struct q2_precision_row *rows, int count, double *buffer, char *names,
                   int32_t *passes, struct q2_error *error) {
  enum { NAME = 32 };
  static const struct {
    const char *name, *unit;
    size_t offset;
  } columns[] = {{"largest_shift", "cm-1", SUMMARY(largest)},
                 {"mean_shift", "cm-1", SUMMARY(mean)},
                 {"rms_shift", "cm-1", SUMMARY(rms)},
                 {"bound_ratio", NULL, SUMMARY(bound_ratio)},
                 {"largest_shift_of_all", "cm-1", SUMMARY(largest_of_all)},
                 {"hessian_relative", NULL, SUMMARY(hessian_relative)},
                 {"angle", "radian", SUMMARY(angle)},
                 {"loss_relative", NULL, SUMMARY(loss_relative)},
                 {"gradient_relative", NULL, SUMMARY(gradient_relative)},
                 {"gradient_worst", NULL, SUMMARY(gradient_worst)},
                 {"gradient_relative_molecule", NULL, SUMMARY(gradient_relative_molecule)},
                 {"seconds", "s", offsetof(struct q2_precision_row, seconds)},
                 {"seconds_least", "s", offsetof(struct q2_precision_row, seconds_least)}};
  for (int k = 0; k < count; k++) {
    snprintf(names + (size_t)k * NAME, NAME, "%s", q2_precision_modes[rows[k].mode].name);
    for (int t = 0; t < Q2_PRECISION_THRESHOLDS; t++)
      passes[k * Q2_PRECISION_THRESHOLDS + t] = rows[k].summary.largest < q2_precision_thresholds[t];
  }
  Q2_TRY(q2_image_text(image, "/summary/mode", count, NAME, names, error));
  for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
    Q2_TRY(column(image, columns[c].name, columns[c].unit, rows, count, columns[c].offset, buffer, error));
  Q2_TRY(q2_image_double(image, "/summary/threshold", "cm-1", Q2_PRECISION_THRESHOLDS, 0, q2_precision_thresholds, error));
  Q2_TRY(q2_image_int32(image, "/summary/passes", NULL, count, Q2_PRECISION_THRESHOLDS, passes, error));
  Q2_TRY(q2_image_attribute_int64(image, "/summary", "real_modes", rows[0].summary.real_modes, error));
  return q2_image_attribute_double(image, "/summary", "real_mode_above", Q2_REAL_MODE, error);
}

int q2_precision_trace_end(struct q2_image *image, const struct q2_precision_row *rows, int count, const char *path,
                           struct q2_error *error) {
  double *buffer = q2_allocate(count, sizeof *buffer);
  char *names = q2_allocate(count, 32), stages[Q2_STAGE_COUNT][16];
  int32_t *passes = q2_allocate(count * (int64_t)Q2_PRECISION_THRESHOLDS, sizeof *passes);
  int status = buffer && names && passes ? Q2_OK : q2_fail(error, "out of memory for the summary of %d modes", count);
  if (status == Q2_OK) status = summary(image, rows, count, buffer, names, passes, error);
  memset(stages, 0, sizeof stages);
  for (int s = 0; s < Q2_STAGE_COUNT; s++)
    snprintf(stages[s], sizeof stages[s], "%s", q2_stage_names[s]);
  if (status == Q2_OK) status = q2_image_text(image, "/stages", Q2_STAGE_COUNT, sizeof stages[0], stages, error);
  if (status == Q2_OK) status = q2_image_write(image, path, error);
  free(buffer);
  free(names);
  free(passes);
  return status;
}
