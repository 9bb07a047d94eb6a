/* Molecules to whose energy others are compared: checked, and known on every rank. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "memory.h"

static int is_energy(const struct q2_observable_table *table) {
  return strcmp(table->kind, "energy") == 0 || strcmp(table->kind, "relaxed_energy") == 0;
}

static int compare_numbers(const void *left, const void *right) {
  const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

/* Sorts and leaves one of each; returns how many. */
static int64_t unite(int64_t *number, int64_t count) {
  int64_t kept = 0;
  qsort(number, (size_t)count, sizeof *number, compare_numbers);
  for (int64_t k = 0; k < count; k++)
    if (kept == 0 || number[k] != number[kept - 1]) number[kept++] = number[k];
  return kept;
}

/* The molecules that this rank's rows refer to, each once: *number, to be released with free(). Local. */
static int collect(const struct q2_dataset *dataset, int64_t **number, int64_t *count, struct q2_error *error) {
  int64_t rows = 0, at = 0;
  for (int t = 0; t < dataset->observable_table_count; t++)
    if (is_energy(&dataset->observables[t])) rows += dataset->observables[t].offset[dataset->molecule_count];
  *number = q2_allocate(rows, sizeof **number);
  if (!*number) return q2_fail(error, "%s: /observables/energy: out of memory", dataset->path);
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_table *table = &dataset->observables[t];
    for (int64_t row = 0; is_energy(table) && row < table->offset[dataset->molecule_count]; row++)
      (*number)[at++] = table->index[row];
  }
  *count = unite(*number, rows);
  if (*count > INT_MAX) return q2_fail(error, "%s: /observables/energy: more than %d references", dataset->path, INT_MAX);
  return Q2_OK;
}

/* All ranks' numbers, each once, on every rank. */
static int share(MPI_Comm comm, const int64_t *mine, int64_t count, int64_t **all, int64_t *total, struct q2_error *error) {
  int ranks;
  const int here = (int)count;
  MPI_Comm_size(comm, &ranks);
  int *counts = q2_allocate_everywhere(comm, 2 * (int64_t)ranks, sizeof *counts, "references of energies", error);
  if (!counts) return Q2_FAILED;
  int *starts = counts + ranks, status = Q2_OK;
  MPI_Allgather(&here, 1, MPI_INT, counts, 1, MPI_INT, comm);
  int64_t sum = 0;
  for (int rank = 0; rank < ranks; rank++) {
    starts[rank] = (int)(sum < INT_MAX ? sum : INT_MAX);
    sum += counts[rank];
  }
  if (sum > INT_MAX)
    status = q2_fail(error, "references of energies: expected at most %d, found %lld", INT_MAX, (long long)sum);
  *all = status == Q2_OK ? q2_allocate_everywhere(comm, sum, sizeof **all, "references of energies", error) : NULL;
  if (*all) {
    MPI_Allgatherv(mine, here, MPI_INT64_T, *all, counts, starts, MPI_INT64_T, comm);
    *total = unite(*all, sum);
  } else {
    status = Q2_FAILED;
  }
  free(counts);
  return status;
}

/* Local. The local molecule with this number, or -1. */
static int64_t find_local(const struct q2_dataset *dataset, int64_t number) {
  const int64_t *found = bsearch(&number, dataset->molecule, (size_t)dataset->molecule_count, sizeof number, compare_numbers);
  return found ? found - dataset->molecule : -1;
}

/* Fills in group and energy: each molecule has one owner, the others add zeros, which changes no bit. */
static int fill(MPI_Comm comm, struct q2_dataset *dataset, const int64_t *number, int64_t total, struct q2_error *error) {
  double *energy = q2_allocate_everywhere(comm, total, sizeof *energy, "references of energies", error);
  int64_t *group = energy ? q2_allocate_everywhere(comm, total, sizeof *group, "references of energies", error) : NULL;
  struct q2_energy_reference *reference =
      group ? q2_allocate_everywhere(comm, total, sizeof *reference, "references of energies", error) : NULL;
  if (reference) {
    for (int64_t k = 0; k < total; k++) {
      const int64_t m = find_local(dataset, number[k]);
      if (m < 0) continue;
      energy[k] = dataset->energy[m];
      group[k] = dataset->group[m];
    }
    MPI_Allreduce(MPI_IN_PLACE, energy, (int)total, MPI_DOUBLE, MPI_SUM, comm);
    MPI_Allreduce(MPI_IN_PLACE, group, (int)total, MPI_INT64_T, MPI_SUM, comm);
    for (int64_t k = 0; k < total; k++)
      reference[k] = (struct q2_energy_reference){number[k], group[k], energy[k]};
    dataset->energy_reference = reference;
    dataset->energy_reference_count = total;
  }
  free(group);
  free(energy);
  return reference ? Q2_OK : Q2_FAILED;
}

/* Local. Rows refer to another molecule of the same group. */
static int check(const struct q2_dataset *dataset, const struct q2_observable_table *table, struct q2_error *error) {
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    for (int64_t row = table->offset[m]; row < table->offset[m + 1]; row++) {
      const int64_t number = table->index[row];
      const char *name = dataset->name[m].text, *kind = table->kind;
      if (number < 0 || number >= dataset->molecule_total)
        return q2_fail(error,
                       "%s: /observables/%s/index: molecule %s: expected the number of a molecule, 0 to %lld, found %lld",
                       dataset->path, kind, name, (long long)dataset->molecule_total - 1, (long long)number);
      if (number == dataset->molecule[m])
        return q2_fail(error,
                       "%s: /observables/%s/index: molecule %s: expected another molecule to compare with, found its own "
                       "number, %lld",
                       dataset->path, kind, name, (long long)number);
      if (dataset->group[m] < 0)
        return q2_fail(error,
                       "%s: /observables/%s: molecule %s: expected a group (/molecules/group), whose energies can be compared, "
                       "found -1",
                       dataset->path, kind, name);
      const struct q2_energy_reference *reference = q2_dataset_energy_reference(dataset, number);
      if (reference->group != dataset->group[m])
        return q2_fail(error,
                       "%s: /observables/%s/index: molecule %s of group %d: expected a molecule of the same group, found "
                       "number %lld of group %lld",
                       dataset->path, kind, name, dataset->group[m], (long long)number, (long long)reference->group);
    }
  }
  return Q2_OK;
}

int q2_dataset_gather_energies(MPI_Comm comm, struct q2_dataset *dataset, struct q2_error *error) {
  int64_t *mine = NULL, *all = NULL, count = 0, total = 0;
  free(dataset->energy_reference);
  dataset->energy_reference = NULL;
  dataset->energy_reference_count = 0;
  int tables = 0;
  for (int t = 0; t < dataset->observable_table_count; t++)
    tables += is_energy(&dataset->observables[t]);
  if (tables == 0) return Q2_OK;
  int status = q2_agree(comm, collect(dataset, &mine, &count, error), error);
  if (status == Q2_OK) status = share(comm, mine, count, &all, &total, error);
  if (status == Q2_OK) status = fill(comm, dataset, all, total, error);
  for (int t = 0; t < dataset->observable_table_count && status == Q2_OK; t++)
    if (is_energy(&dataset->observables[t])) status = check(dataset, &dataset->observables[t], error);
  free(all);
  free(mine);
  return q2_agree(comm, status, error);
}

const struct q2_energy_reference *q2_dataset_energy_reference(const struct q2_dataset *dataset, int64_t molecule) {
  int64_t low = 0, high = dataset->energy_reference_count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (dataset->energy_reference[middle].molecule < molecule)
      low = middle + 1;
    else
      high = middle;
  }
  const struct q2_energy_reference *found = dataset->energy_reference + low;
  return low < dataset->energy_reference_count && found->molecule == molecule ? found : NULL;
}
