/* Finding and locking force constants that a fit has spoilt. */
#include "locking.h"

#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "parameter_kinds.h"

const char *const q2_lock_reason_names[] = {"negative", "zero", "equilibrium"};

int q2_lock_find(const struct q2_parameters *table, const struct q2_variables *variables, const double *parameters,
                 struct q2_lock_list *list, struct q2_error *error) {
  list->count = 0;
  /* Room for equilibrium values, too: every independent parameter is listed at most once. */
  list->lock = q2_allocate(variables->independent_count, sizeof *list->lock);
  if (!list->lock) return q2_fail(error, "out of memory for a list of %d parameters", variables->independent_count);
  for (int i = 0; i < variables->independent_count; i++) {
    const int row = variables->independent_row[i];
    const double value = parameters[row];
    if (!q2_force_constant_find(table->kind[row]) || !(value < Q2_SPOILT_BELOW)) continue;
    list->lock[list->count++] =
        (struct q2_lock){.row = row, .reason = value < 0.0 ? Q2_LOCK_NEGATIVE : Q2_LOCK_ZERO, .found = value, .value = value};
  }
  return Q2_OK;
}

void q2_lock_list_free(struct q2_lock_list *list) {
  free(list->lock);
  list->lock = NULL;
  list->count = 0;
}

/* What stands beside an equilibrium value in the terms of all ranks: bits, by row of the parameter table. */
enum { BESIDE_LISTED = 1, BESIDE_OTHER = 2 };

/* One term: marks the rows of its equilibrium values. */
static void mark_term(const struct q2_parameters *table, const struct q2_variables *variables, const int32_t *row, int columns,
                      const int *listed, int *beside) {
  for (int c = 0; c < columns; c++) {
    const struct q2_force_constant *constant = q2_force_constant_find(table->kind[row[c]]);
    if (!constant) continue;
    const int mark = listed[variables->source[row[c]]] ? BESIDE_LISTED : BESIDE_OTHER;
    for (int other = 0; other < columns; other++)
      if (strcmp(table->kind[row[other]], constant->equilibrium) == 0) beside[variables->source[row[other]]] |= mark;
  }
}

static void mark_terms(const struct q2_dataset *dataset, const struct q2_variables *variables, const int *listed, int *beside) {
  for (int t = 0; t < dataset->term_table_count; t++) {
    const struct q2_term_table *terms = &dataset->terms[t];
    for (int64_t k = 0; k < terms->offset[dataset->molecule_count]; k++)
      mark_term(&dataset->parameters, variables, terms->parameters + k * terms->parameter_count, terms->parameter_count, listed,
                beside);
  }
}

int q2_lock_as_q2mm(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_variables *variables,
                    const double *parameters, struct q2_lock_list *list, struct q2_error *error) {
  const struct q2_parameters *table = &dataset->parameters;
  const int constants = list->count;
  int *listed = q2_allocate_everywhere(comm, 2 * (int64_t)table->count, sizeof *listed, "locked parameters", error);
  if (!listed) return Q2_FAILED;
  int *const beside = listed + table->count;
  for (int k = 0; k < constants; k++) {
    listed[list->lock[k].row] = 1;
    list->lock[k].value = q2_force_constant_find(table->kind[list->lock[k].row])->standard;
  }
  mark_terms(dataset, variables, listed, beside);
  MPI_Allreduce(MPI_IN_PLACE, beside, table->count, MPI_INT, MPI_BOR, comm);
  for (int k = 0; dataset->equalities.count > 0 && k < dataset->equalities.offset[dataset->equalities.count]; k++)
    beside[variables->source[dataset->equalities.row[k]]] |= BESIDE_OTHER;
  for (int i = 0; i < variables->independent_count; i++) {
    const int row = variables->independent_row[i];
    if (!(beside[row] & BESIDE_LISTED)) continue;
    list->lock[list->count++] = (struct q2_lock){.row = row,
                                                 .reason = Q2_LOCK_EQUILIBRIUM,
                                                 .found = parameters[row],
                                                 .value = parameters[row],
                                                 .shared = (beside[row] & BESIDE_OTHER) != 0};
  }
  free(listed);
  return Q2_OK;
}

/* Gives row `row`, and what is linked to it, a value. */
static void set_value(struct q2_parameters *table, int row, double value) {
  table->value[row] = value;
  for (int other = 0; other < table->count; other++)
    if (table->link[other] == row) table->value[other] = value;
}

void q2_lock_apply(const struct q2_lock_list *list, struct q2_parameters *table) {
  for (int k = 0; k < list->count; k++) {
    if (list->lock[k].shared) continue;
    table->active[list->lock[k].row] = 0;
    set_value(table, list->lock[k].row, list->lock[k].value);
  }
}

int q2_lock_start_at_sign_bounds(struct q2_parameters *table, double *before) {
  int count = 0;
  for (int row = 0; row < table->count; row++) {
    before[row] = 0.0;
    if (!table->active[row] || table->link[row] >= 0 || !(table->value[row] < 0.0)) continue;
    if (!q2_force_constant_find(table->kind[row])) continue;
    before[row] = table->value[row];
    set_value(table, row, 0.0);
    count++;
  }
  return count;
}

int q2_lock_bound_constant(const struct q2_parameters *table, const struct q2_equalities *equalities) {
  for (int e = 0; e < equalities->count; e++) {
    for (int k = equalities->offset[e]; k < equalities->offset[e + 1]; k++) {
      const int row = equalities->row[k], source = table->link[row] >= 0 ? table->link[row] : row;
      if (table->active[source] && q2_force_constant_find(table->kind[source])) return e;
    }
  }
  return -1;
}
