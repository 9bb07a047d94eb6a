/* Claims: the table has every molecule's residuals in the order of the file, whichever rank held them; quality by kind counts
 * what is fitted and nothing else; R2 is the coefficient of determination, and missing where all references are equal. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/residual_table.h"
#include "check.h"

enum { MOLECULES = 6, ROWS = 3 };

/* Row k of molecule m: two angles, then a bond. Molecule 4 is for validation; row 0 of molecule 1 has no weight, row 1 of
 * molecule 2 no calculated value; all bonds have one reference. */
static struct q2_residual residual_of(int64_t m, int k) {
  struct q2_residual residual = {.observable = k < 2 ? Q2_OBSERVABLE_ANGLE : Q2_OBSERVABLE_BOND,
                                 .index = {(int32_t)m, k, 2, 3}};
  residual.reference = k < 2 ? 100 + (double)m + 3 * k : 1.5;
  residual.weight = m == 1 && k == 0 ? 0 : 0.5 + k;
  return residual;
}

static double calculated_of(int64_t m, int k, int after) {
  if (m == 2 && k == 1) return NAN;
  return residual_of(m, k).reference + (after ? 0.25 : 1) * cos((double)(3 * m + k));
}

static void fill(const int64_t *molecule, int64_t count, int after, struct q2_residual_values *values) {
  values->molecule_count = count;
  values->offset = calloc((size_t)count + 1, sizeof *values->offset);
  values->residual = calloc((size_t)count * ROWS + 1, sizeof *values->residual);
  values->calculated = calloc((size_t)count * ROWS + 1, sizeof *values->calculated);
  for (int64_t i = 0; i < count; i++) {
    values->offset[i + 1] = ROWS * (i + 1);
    for (int k = 0; k < ROWS; k++) {
      values->residual[ROWS * i + k] = residual_of(molecule[i], k);
      values->calculated[ROWS * i + k] = calculated_of(molecule[i], k, after);
    }
  }
}

static void free_values(struct q2_residual_values *values) {
  free(values->offset);
  free(values->residual);
  free(values->calculated);
}

static void quality(const struct q2_residual_table *table) {
  for (int after = 0; after < 2; after++) {
    double reference[2 * MOLECULES], rest = 0, loss = 0, mean = 0, spread = 0;
    int n = 0;
    for (int64_t m = 0; m < MOLECULES; m++) {
      for (int k = 0; k < 2; k++) {
        if (m == 4 || (m == 1 && k == 0) || (m == 2 && k == 1)) continue;
        const double difference = residual_of(m, k).reference - calculated_of(m, k, after);
        reference[n] = residual_of(m, k).reference;
        mean += reference[n++];
        rest += difference * difference;
        loss += (0.5 + k) * (0.5 + k) * difference * difference;
      }
    }
    for (int i = 0; i < n; i++)
      spread += (reference[i] - mean / n) * (reference[i] - mean / n);
    const struct q2_kind_quality angles = q2_residual_quality(table, Q2_OBSERVABLE_ANGLE, after),
                                 bonds = q2_residual_quality(table, Q2_OBSERVABLE_BOND, after),
                                 none = q2_residual_quality(table, Q2_OBSERVABLE_HESSIAN, after);
    CHECK(angles.residuals == n && bonds.residuals == MOLECULES - 1 && none.residuals == 0);
    CHECK_CLOSE(angles.loss, loss, 1e-12);
    CHECK_CLOSE(angles.rmsd, sqrt(rest / n), 1e-12);
    CHECK_CLOSE(angles.r2, 1 - rest / spread, 1e-12);
    CHECK(bonds.rmsd > 0 && isnan(bonds.r2) && isnan(none.r2) && isnan(none.rmsd) && none.loss == 0);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  int64_t molecule[MOLECULES];
  int32_t validation[MOLECULES];
  struct q2_dataset dataset = {.molecule_total = MOLECULES, .molecule = molecule, .validation = validation};
  for (int64_t m = MOLECULES - 1; m >= 0; m--) { /* backwards: not in the order of the file */
    if (m % ranks != rank) continue;
    validation[dataset.molecule_count] = m == 4;
    molecule[dataset.molecule_count++] = m;
  }
  struct q2_residual_values before, after;
  struct q2_residual_table table;
  struct q2_error error = {""};
  fill(molecule, dataset.molecule_count, 0, &before);
  fill(molecule, dataset.molecule_count, 1, &after);
  CHECK(q2_residual_table_create(MPI_COMM_WORLD, &dataset, &before, &after, &table, &error) == Q2_OK, "%s", error.text);
  if (rank == 0) {
    for (int64_t m = 0; m < MOLECULES; m++) {
      CHECK(table.offset[m + 1] - table.offset[m] == ROWS && table.validation[m] == (m == 4));
      for (int k = 0; k < ROWS; k++) {
        const struct q2_residual_row *row = &table.row[table.offset[m] + k];
        CHECK(row->index[0] == m && row->index[1] == k && row->observable == residual_of(m, k).observable);
        CHECK(row->weight == residual_of(m, k).weight && row->reference == residual_of(m, k).reference);
        CHECK((m == 2 && k == 1) || (row->before == calculated_of(m, k, 0) && row->after == calculated_of(m, k, 1)));
      }
    }
    quality(&table);
  } else {
    CHECK(!table.row && !table.offset && !table.validation);
  }
  q2_residual_table_free(&table);
  free_values(&before);
  free_values(&after);
  const int status = check_result();
  MPI_Finalize();
  return status;
}
