/* Energies that are compared between molecules. */
#include "energies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "growing.h"

/* --- slots --- */

/* Appends the numbers of local molecules with rows of an energy observable, and those that the rows name. */
static int list_numbers(const struct q2_dataset *dataset, int relaxed, struct q2_growing *numbers) {
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_table *table = &dataset->observables[t];
    const int observable = q2_observable_find(table->kind);
    if (observable < 0 || q2_observables[observable].made_of != Q2_MADE_OF_ENERGY ||
        q2_observables[observable].relaxed != relaxed) {
      continue;
    }
    for (int64_t m = 0; m < dataset->molecule_count; m++) {
      for (int64_t row = table->offset[m]; row < table->offset[m + 1]; row++) {
        int64_t *number = q2_grow(numbers, 2, sizeof *number);
        if (!number) return -1;
        number[0] = dataset->molecule[m];
        number[1] = table->index[row];
      }
    }
  }
  return 0;
}

static int ascending(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Brings `count` elements of every rank to all of them, one rank's after another's. *all: released by the caller. */
static int gather(MPI_Comm comm, const void *mine, int64_t count, size_t size, void **all, int64_t *total,
                  struct q2_error *error) {
  int ranks;
  MPI_Comm_size(comm, &ranks);
  const int own = (int)count;
  int *counts = q2_allocate_everywhere(comm, 2 * (int64_t)ranks, sizeof *counts, "energies", error);
  if (!counts) return Q2_FAILED;
  int *starts = counts + ranks;
  MPI_Allgather(&own, 1, MPI_INT, counts, 1, MPI_INT, comm);
  *total = 0;
  for (int r = 0; r < ranks; r++) {
    starts[r] = (int)*total;
    *total += counts[r];
  }
  *all = q2_allocate_everywhere(comm, *total, size, "energies", error);
  if (*all) {
    MPI_Datatype element;
    MPI_Type_contiguous((int)size, MPI_BYTE, &element);
    MPI_Type_commit(&element);
    MPI_Allgatherv(mine, own, element, *all, counts, starts, element, comm);
    MPI_Type_free(&element);
  }
  free(counts);
  return *all ? Q2_OK : Q2_FAILED;
}

int q2_energies_create(MPI_Comm comm, const struct q2_dataset *dataset, struct q2_energies *energies, struct q2_error *error) {
  memset(energies, 0, sizeof *energies);
  int64_t *part[2] = {NULL, NULL}, counts[2] = {0, 0};
  int status = Q2_OK;
  for (int relaxed = 0; relaxed < 2 && status == Q2_OK; relaxed++) {
    struct q2_growing numbers = {0};
    void *all = NULL;
    int64_t total = 0;
    status = list_numbers(dataset, relaxed, &numbers) == 0 ? Q2_OK : q2_fail(error, "out of memory for energies");
    status = q2_agree(comm, status, error);
    if (status == Q2_OK) status = gather(comm, numbers.data, numbers.count, sizeof(int64_t), &all, &total, error);
    free(numbers.data);
    part[relaxed] = all;
    if (status != Q2_OK || total == 0) continue;
    qsort(part[relaxed], (size_t)total, sizeof(int64_t), ascending);
    for (int64_t k = 0; k < total; k++) {
      if (k == 0 || part[relaxed][k] != part[relaxed][k - 1]) part[relaxed][counts[relaxed]++] = part[relaxed][k];
    }
  }
  energies->fixed_count = counts[0];
  energies->count = counts[0] + counts[1];
  energies->molecule = q2_allocate(energies->count, sizeof *energies->molecule);
  energies->energy = q2_allocate(energies->count, sizeof *energies->energy);
  energies->bar = q2_allocate(energies->count, sizeof *energies->bar);
  if (status == Q2_OK && !(energies->molecule && energies->energy && energies->bar))
    status = q2_fail(error, "out of memory for %lld energies", (long long)energies->count);
  status = q2_agree(comm, status, error);
  for (int relaxed = 0; relaxed < 2; relaxed++) {
    if (status == Q2_OK && counts[relaxed] > 0)
      memcpy(energies->molecule + relaxed * counts[0], part[relaxed], (size_t)counts[relaxed] * sizeof(int64_t));
    free(part[relaxed]);
  }
  return status;
}

void q2_energies_free(struct q2_energies *energies) {
  free(energies->molecule);
  free(energies->energy);
  free(energies->bar);
  free(energies->row);
  memset(energies, 0, sizeof *energies);
}

int32_t q2_energies_slot(const struct q2_energies *energies, int relaxed, int64_t molecule) {
  const int64_t first = relaxed ? energies->fixed_count : 0,
                count = relaxed ? energies->count - energies->fixed_count : energies->fixed_count;
  if (count == 0) return -1;
  const int64_t *found = bsearch(&molecule, energies->molecule + first, (size_t)count, sizeof molecule, ascending);
  return found ? (int32_t)(found - energies->molecule) : -1;
}

/* --- rows --- */

static int by_slots(const void *a, const void *b) {
  const struct q2_energy_row *x = a, *y = b;
  if (x->molecule != y->molecule) return x->molecule < y->molecule ? -1 : 1;
  return (x->against > y->against) - (x->against < y->against);
}

int q2_energies_gather(MPI_Comm comm, const struct q2_batch *batch, int batch_count, struct q2_energies *energies,
                       struct q2_error *error) {
  struct q2_growing rows = {0};
  int status = Q2_OK;
  void *all = NULL;
  for (int b = 0; b < batch_count; b++) {
    for (int64_t m = 0; m < batch[b].molecules; m++) {
      for (int64_t r = batch[b].residual_start[m]; r < batch[b].residual_start[m + 1]; r++) {
        const struct q2_residual *residual = &batch[b].residual[r];
        if (q2_observables[residual->observable].made_of != Q2_MADE_OF_ENERGY || batch[b].validation[m]) continue;
        struct q2_energy_row *row = q2_grow(&rows, 1, sizeof *row);
        if (row)
          *row = (struct q2_energy_row){batch[b].energy_slot[m], residual->index[1], residual->reference, residual->weight};
      }
    }
  }
  if (rows.failed) status = q2_fail(error, "out of memory for residuals of energies");
  status = q2_agree(comm, status, error);
  if (status == Q2_OK)
    status = gather(comm, rows.data, rows.count, sizeof(struct q2_energy_row), &all, &energies->row_count, error);
  energies->row = all;
  if (status == Q2_OK && energies->row_count > 0)
    qsort(energies->row, (size_t)energies->row_count, sizeof *energies->row, by_slots);
  free(rows.data);
  return status;
}

void q2_energies_share(MPI_Comm comm, struct q2_energies *energies) {
  MPI_Allreduce(MPI_IN_PLACE, energies->energy, (int)energies->count, MPI_DOUBLE, MPI_SUM, comm);
  for (int64_t k = 0; k < energies->count; k++)
    energies->bar[k] = 0;
  for (int64_t r = 0; r < energies->row_count; r++) {
    const struct q2_energy_row *row = &energies->row[r];
    const double difference = energies->energy[row->molecule] - energies->energy[row->against];
    if (!isfinite(difference)) continue;
    const double bar = -2 * row->weight * row->weight * (row->reference - difference);
    energies->bar[row->molecule] += bar;
    energies->bar[row->against] -= bar;
  }
}
