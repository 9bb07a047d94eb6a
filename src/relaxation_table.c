/* What became of molecules: how relaxations ended, which molecules are set aside, and why one failed. */
#include "relaxation_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../kernels/wave.h"
#include "molecule_table.h"

enum { SHORT_LIST = 8 };

const char *q2_relaxation_word(int status) {
  switch (status) {
  case Q2_RELAX_MINIMUM:
    return "minimum";
  case Q2_RELAX_SADDLE:
    return "saddle";
  case Q2_RELAX_FAR:
    return "another basin";
  case Q2_RELAX_RUNNING:
  case Q2_RELAX_FAILED:
    return "not converged";
  default:
    return "none";
  }
}

/* This rank's molecules: both arrays are allocated. */
static int local_relaxations(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_objective *objective,
                             int32_t **status, int32_t **set_aside, struct q2_error *error) {
  *status = q2_allocate_everywhere(comm, 2 * dataset->molecule_count, sizeof **status, "relaxations by molecule", error);
  if (!*status) return Q2_FAILED;
  *set_aside = *status + dataset->molecule_count;
  q2_objective_relaxations(objective, *status, *set_aside);
  return Q2_OK;
}

int q2_relaxation_table_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_objective *objective,
                               struct q2_relaxation_table *table, struct q2_error *error) {
  int32_t *status, *set_aside;
  memset(table, 0, sizeof *table);
  if (!q2_objective_relaxes(objective)) return Q2_OK;
  Q2_TRY(local_relaxations(comm, dataset, objective, &status, &set_aside, error));
  int64_t counts[2] = {0, 0};
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    counts[0] += status[m] >= 0;
    counts[1] += set_aside[m] != 0;
  }
  MPI_Allreduce(MPI_IN_PLACE, counts, 2, MPI_INT64_T, MPI_SUM, comm);
  table->count = dataset->molecule_total;
  table->relaxed = counts[0];
  table->aside = counts[1];
  int outcome = q2_gather_rows(comm, dataset, NULL, status, sizeof *status, NULL, (void **)&table->status, error);
  if (outcome == Q2_OK)
    outcome = q2_gather_rows(comm, dataset, NULL, set_aside, sizeof *set_aside, NULL, (void **)&table->set_aside, error);
  free(status);
  if (outcome != Q2_OK) q2_relaxation_table_free(table);
  return outcome;
}

void q2_relaxation_table_free(struct q2_relaxation_table *table) {
  free(table->status);
  free(table->set_aside);
  memset(table, 0, sizeof *table);
}

static void print_set_aside(struct q2_printer *printer, const struct q2_relaxation_table *table, const struct q2_name *name) {
  const int64_t most = printer->level >= Q2_PRINT_VERBOSE ? table->aside : SHORT_LIST;
  int64_t listed = 0;
  q2_print(printer, "%lld molecules are relaxed, %lld of them set aside%s", (long long)table->relaxed, (long long)table->aside,
           table->aside > 0 ? ", whose relaxed observables do not count: " : "");
  for (int64_t m = 0; m < table->count && listed < most; m++) {
    if (!table->set_aside[m]) continue;
    q2_print(printer, "%s%s (%s)", listed++ > 0 ? ", " : "", name[m].text, q2_relaxation_word(table->status[m]));
  }
  if (listed < table->aside) q2_print(printer, " and %lld more (-verbose lists all)", (long long)(table->aside - listed));
  q2_print(printer, "\n");
}

int q2_report_set_aside(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_objective *objective,
                        struct q2_printer *printer, struct q2_error *error) {
  struct q2_relaxation_table table;
  struct q2_name *name = NULL;
  if (!q2_objective_relaxes(objective)) return Q2_OK;
  Q2_TRY(q2_relaxation_table_create(comm, dataset, objective, &table, error));
  const int status = q2_gather_rows(comm, dataset, NULL, dataset->name, sizeof *dataset->name, NULL, (void **)&name, error);
  if (status == Q2_OK && printer->speaks) print_set_aside(printer, &table, name);
  free(name);
  q2_relaxation_table_free(&table);
  return status;
}

void q2_molecule_failure(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_objective *objective, int64_t number,
                         struct q2_failure *failure) {
  static const char bare[] = "its energy, gradient or Hessian is not finite, or its eigen-decomposition failed";
  struct q2_error unused;
  int rank, mine = -1, owner;
  int32_t *status = NULL, *set_aside = NULL;
  memset(failure, 0, sizeof *failure);
  strcpy(failure->name.text, "?");
  strcpy(failure->reason, bare);
  MPI_Comm_rank(comm, &rank);
  const int known =
      q2_objective_relaxes(objective) && local_relaxations(comm, dataset, objective, &status, &set_aside, &unused) == Q2_OK;
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    if (dataset->molecule[m] != number) continue;
    mine = rank;
    failure->name = dataset->name[m];
    if (known && status[m] >= 0 && status[m] != Q2_RELAX_MINIMUM && !set_aside[m])
      snprintf(failure->reason, sizeof failure->reason, "its relaxation went astray (%s)", q2_relaxation_word(status[m]));
  }
  free(status);
  MPI_Allreduce(&mine, &owner, 1, MPI_INT, MPI_MAX, comm);
  failure->rank = owner;
  if (owner >= 0) (void)MPI_Bcast(failure, (int)sizeof *failure, MPI_BYTE, owner, comm);
}
