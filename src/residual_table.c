/* All residuals on one rank, before and after, and what they say by kind of observable. */
#include "residual_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "molecule_table.h"

static void fill(const struct q2_residual_values *before, const struct q2_residual_values *after, struct q2_residual_row *row) {
  for (int64_t r = 0; r < before->offset[before->molecule_count]; r++) {
    const struct q2_residual *residual = &before->residual[r];
    row[r].observable = residual->observable;
    memcpy(row[r].index, residual->index, sizeof row[r].index);
    row[r].reference = (double)residual->reference;
    row[r].weight = (double)residual->weight;
    row[r].before = before->calculated[r];
    row[r].after = after ? after->calculated[r] : before->calculated[r];
  }
}

int q2_residual_table_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_residual_values *before,
                             const struct q2_residual_values *after, struct q2_residual_table *table, struct q2_error *error) {
  const int64_t count = dataset->molecule_count;
  memset(table, 0, sizeof *table);
  struct q2_residual_row *row = q2_allocate_everywhere(comm, before->offset[count], sizeof *row, "residuals", error);
  if (!row) return Q2_FAILED;
  table->count = dataset->molecule_total;
  int32_t *validation = q2_allocate_everywhere(comm, count, sizeof *validation, "residuals", error);
  int status = validation ? Q2_OK : Q2_FAILED;
  if (status == Q2_OK) {
    fill(before, after, row);
    if (dataset->validation && count > 0) memcpy(validation, dataset->validation, (size_t)count * sizeof *validation);
    status = q2_gather_rows(comm, dataset, before->offset, row, sizeof *row, &table->offset, (void **)&table->row, error);
  }
  if (status == Q2_OK)
    status = q2_gather_rows(comm, dataset, NULL, validation, sizeof *validation, NULL, (void **)&table->validation, error);
  free(row);
  free(validation);
  if (status != Q2_OK) q2_residual_table_free(table);
  return status;
}

void q2_residual_table_free(struct q2_residual_table *table) {
  free(table->offset);
  free(table->validation);
  free(table->row);
  memset(table, 0, sizeof *table);
}

static int counts(const struct q2_residual_row *row, int observable, int after) {
  return row->observable == observable && row->weight > 0 && !isnan(after ? row->after : row->before);
}

struct q2_kind_quality q2_residual_quality(const struct q2_residual_table *table, int observable, int after) {
  struct q2_kind_quality quality = {0};
  double sum = 0, square = 0, spread = 0, least = INFINITY, most = -INFINITY, mean = 0;
  for (int pass = 0; pass < 2; pass++) { /* the mean first */
    for (int64_t m = 0; m < table->count; m++) {
      for (int64_t r = table->offset[m]; r < table->offset[m + 1] && !table->validation[m]; r++) {
        const struct q2_residual_row *row = &table->row[r];
        if (!counts(row, observable, after)) continue;
        if (pass == 1) {
          spread += (row->reference - mean) * (row->reference - mean);
          continue;
        }
        const double difference = row->reference - (after ? row->after : row->before);
        quality.residuals++;
        quality.loss += row->weight * difference * row->weight * difference;
        square += difference * difference;
        sum += row->reference;
        least = fmin(least, row->reference);
        most = fmax(most, row->reference);
      }
    }
    mean = quality.residuals > 0 ? sum / (double)quality.residuals : 0;
  }
  quality.rmsd = quality.residuals > 0 ? sqrt(square / (double)quality.residuals) : NAN;
  quality.r2 = most - least > 1e-9 * fmax(fabs(most), fabs(least)) ? 1 - square / spread : NAN;
  return quality;
}
