/* Finishing a data set: the tables with rows of molecules: terms, charge increments, observables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "../../io/observable_kinds.h"
#include "builder_finish.h"

/* Rows of `size` bytes that begin with an int32 molecule: their places in the order of the molecules, *place [count], and
 * *offset [molecules + 1]. */
static int order_rows(const struct q2_finish *f, const struct q2_growing *rows, size_t size, int64_t **offset,
                      int64_t **place) {
  const int molecules = f->builder->molecules.count;
  *offset = q2_allocate((int64_t)molecules + 1, sizeof **offset);
  *place = q2_allocate(rows->count, sizeof **place);
  int64_t *next = q2_allocate((int64_t)molecules + 1, sizeof *next);
  const int good = *offset && *place && next;
  const char *at = rows->data;
  for (int64_t k = 0; good && k < rows->count; k++) {
    int32_t molecule;
    memcpy(&molecule, at + (size_t)k * size, sizeof molecule);
    (*offset)[molecule + 1]++;
  }
  for (int m = 0; good && m < molecules; m++)
    next[m + 1] = (*offset)[m + 1] += (*offset)[m];
  for (int64_t k = 0; good && k < rows->count; k++) {
    int32_t molecule;
    memcpy(&molecule, at + (size_t)k * size, sizeof molecule);
    (*place)[k] = next[molecule]++;
  }
  free(next);
  return good ? Q2_OK : q2_fail(f->error, "terms: out of memory");
}

static int fill_terms(struct q2_finish *f, int form, int at_sites, struct q2_term_table *table) {
  const struct q2_form_info *info = &q2_forms[form];
  const struct q2_growing *rows = &f->builder->terms[form];
  const struct q2_built_term *term = rows->data;
  int64_t *place;
  snprintf(table->form, sizeof table->form, "%s", info->name);
  table->atom_count = info->atom_count;
  table->parameter_count = info->parameter_count;
  table->constant_count = info->constant_count;
  int status = order_rows(f, rows, sizeof *term, &table->offset, &place);
  table->atoms = q2_allocate(rows->count * info->atom_count, sizeof *table->atoms);
  table->parameters = q2_allocate(rows->count * info->parameter_count, sizeof *table->parameters);
  if (info->constant_count) table->constants = q2_allocate(rows->count, sizeof *table->constants);
  if (at_sites) table->at_sites = q2_allocate(rows->count, sizeof *table->at_sites);
  if (!table->atoms || !table->parameters || (info->constant_count && !table->constants) || (at_sites && !table->at_sites))
    status = q2_finish_no_memory(f, "terms");
  for (int64_t t = 0; t < rows->count && status == Q2_OK; t++) {
    const int64_t row = place[t];
    for (int k = 0; k < info->atom_count; k++)
      table->atoms[row * info->atom_count + k] = term[t].atom[k];
    for (int k = 0; k < info->parameter_count; k++)
      table->parameters[row * info->parameter_count + k] = f->row[term[t].key[k]];
    if (table->constants) table->constants[row] = term[t].constant;
    if (table->at_sites) table->at_sites[row] = term[t].at_sites;
  }
  free(place);
  return status;
}

static int compare_tables(const void *left, const void *right) {
  return strcmp(((const struct q2_term_table *)left)->form, ((const struct q2_term_table *)right)->form);
}

/* A table for each form that any rank uses, in the order in which a file gives them back. Collective. */
int q2_finish_terms(struct q2_finish *f) {
  struct q2_dataset *d = f->dataset;
  int32_t used[Q2_FORM_COUNT][2] = {{0}};
  for (int form = 0; form < Q2_FORM_COUNT; form++) {
    const struct q2_built_term *term = f->builder->terms[form].data;
    used[form][0] = f->builder->terms[form].count > 0;
    for (int64_t t = 0; t < f->builder->terms[form].count; t++)
      used[form][1] |= term[t].at_sites;
  }
  MPI_Allreduce(MPI_IN_PLACE, used, 2 * Q2_FORM_COUNT, MPI_INT32_T, MPI_MAX, f->comm);
  d->terms = q2_allocate(Q2_FORM_COUNT, sizeof *d->terms);
  if (!d->terms) return q2_finish_no_memory(f, "terms");
  for (int form = 0; form < Q2_FORM_COUNT; form++)
    if (used[form][0]) Q2_TRY(fill_terms(f, form, used[form][1], &d->terms[d->term_table_count++]));
  qsort(d->terms, (size_t)d->term_table_count, sizeof *d->terms, compare_tables);
  return Q2_OK;
}

int q2_finish_increments(struct q2_finish *f, int wanted) {
  struct q2_charge_increments *to = &f->dataset->increments;
  const struct q2_growing *rows = &f->builder->increments;
  const struct q2_built_increment *row = rows->data;
  int64_t *place;
  if (!wanted) return Q2_OK;
  int status = order_rows(f, rows, sizeof *row, &to->offset, &place);
  to->atoms = q2_allocate(2 * rows->count, sizeof *to->atoms);
  to->parameter = q2_allocate(rows->count, sizeof *to->parameter);
  to->factor = q2_allocate(rows->count, sizeof *to->factor);
  if (!to->atoms || !to->parameter || !to->factor) status = q2_finish_no_memory(f, "charge increments");
  for (int64_t k = 0; k < rows->count && status == Q2_OK; k++) {
    to->atoms[2 * place[k]] = row[k].atom[0];
    to->atoms[2 * place[k] + 1] = row[k].atom[1];
    to->parameter[place[k]] = f->row[row[k].key];
    to->factor[place[k]] = row[k].factor;
  }
  free(place);
  return status;
}

static int fill_observables(struct q2_finish *f, int kind, struct q2_observable_table *table) {
  const struct q2_built_kind *from = &f->builder->kind[kind];
  const struct q2_built_observable *row = from->rows.data;
  const int columns = q2_observable_kinds[kind].index_count;
  int64_t *place;
  snprintf(table->kind, sizeof table->kind, "%s", q2_observable_kinds[kind].name);
  table->index_count = columns;
  table->minimum = from->minimum;
  table->cartesian = from->cartesian;
  int status = order_rows(f, &from->rows, sizeof *row, &table->offset, &place);
  table->index = q2_allocate(from->rows.count * columns, sizeof *table->index);
  table->value = q2_allocate(from->rows.count, sizeof *table->value);
  table->weight = q2_allocate(from->rows.count, sizeof *table->weight);
  if (!table->index || !table->value || !table->weight) status = q2_finish_no_memory(f, "observables");
  for (int64_t k = 0; k < from->rows.count && status == Q2_OK; k++) {
    for (int c = 0; c < columns; c++)
      table->index[place[k] * columns + c] = row[k].index[c];
    table->value[place[k]] = row[k].value;
    table->weight[place[k]] = row[k].weight;
  }
  free(place);
  return status;
}

static int compare_observables(const void *left, const void *right) {
  return strcmp(((const struct q2_observable_table *)left)->kind, ((const struct q2_observable_table *)right)->kind);
}

/* A table for each kind that any rank observes; whether rows have weights and values is for all ranks to agree on. Collective.
 */
int q2_finish_observables(struct q2_finish *f) {
  enum { ROWS, WEIGHT, NO_WEIGHT, VALUE, NO_VALUE, FACTS };
  struct q2_dataset *d = f->dataset;
  int32_t facts[Q2_MOST_KINDS][FACTS] = {{0}};
  for (int k = 0; q2_observable_kinds[k].name; k++) {
    const struct q2_built_kind *kind = &f->builder->kind[k];
    const int rows = kind->rows.count > 0;
    const int32_t mine[FACTS] = {rows, rows && kind->has_weight, rows && !kind->has_weight, rows && kind->has_value,
                                 rows && !kind->has_value};
    memcpy(facts[k], mine, sizeof mine);
  }
  MPI_Allreduce(MPI_IN_PLACE, facts, Q2_MOST_KINDS * FACTS, MPI_INT32_T, MPI_MAX, f->comm);
  memcpy(d->weights, f->builder->weights, sizeof d->weights);
  d->invert_transition_states = f->builder->invert_transition_states;
  d->observables = q2_allocate(Q2_MOST_KINDS, sizeof *d->observables);
  if (!d->observables) return q2_finish_no_memory(f, "observables");
  for (int k = 0; q2_observable_kinds[k].name; k++) {
    if (!facts[k][ROWS]) continue;
    if ((facts[k][WEIGHT] && facts[k][NO_WEIGHT]) || (facts[k][VALUE] && facts[k][NO_VALUE]))
      return q2_fail(f->error, "observables of the kind %s: either all have a weight (a value), or none",
                     q2_observable_kinds[k].name);
    struct q2_observable_table *table = &d->observables[d->observable_table_count++];
    table->has_weight = facts[k][WEIGHT];
    table->has_value = facts[k][VALUE];
    Q2_TRY(fill_observables(f, k, table));
  }
  qsort(d->observables, (size_t)d->observable_table_count, sizeof *d->observables, compare_observables);
  return Q2_OK;
}
