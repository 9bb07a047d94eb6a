/* From what each rank has built to one data set: the parameters, types and methods of all ranks become common tables, and terms
 * name their rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "../../io/units.h"
#include "builder_finish.h"
#include "builder_unify.h"

/* --- parameters --- */

static struct q2_built_parameter *mine(const struct q2_finish *f, int key) {
  return q2_built_row(&f->builder->parameters, key);
}

/* Marks the parameters that terms, types, pairs and increments of this rank use. */
static void mark_used(struct q2_finish *f) {
  const struct q2_builder *b = f->builder;
  for (int form = 0; form < Q2_FORM_COUNT; form++) {
    const struct q2_built_term *term = b->terms[form].data;
    for (int64_t t = 0; t < b->terms[form].count; t++)
      for (int k = 0; k < q2_forms[form].parameter_count; k++)
        mine(f, term[t].key[k])->used = 1;
  }
  const struct q2_built_type *type = b->types.data;
  for (int64_t t = 0; t < b->types.count; t++)
    mine(f, type[t].epsilon)->used = mine(f, type[t].size)->used = 1;
  const struct q2_built_pair *pair = b->pairs.data;
  for (int64_t p = 0; p < b->pairs.count; p++)
    if (q2_unified_text(f->labels, f->label_count, Q2_LABEL_LENGTH, pair[p].label[0]) >= 0 &&
        q2_unified_text(f->labels, f->label_count, Q2_LABEL_LENGTH, pair[p].label[1]) >= 0)
      mine(f, pair[p].key[0])->used = mine(f, pair[p].key[1])->used = 1;
  const struct q2_built_increment *increment = b->increments.data;
  for (int64_t k = 0; k < b->increments.count; k++)
    mine(f, increment[k].key)->used = 1;
}

/* The labels of atom types that any rank uses. Collective. */
static int unify_labels(struct q2_finish *f) {
  const struct q2_builder *b = f->builder;
  char *labels = q2_allocate(b->types.count, Q2_LABEL_LENGTH);
  const struct q2_built_type *type = b->types.data;
  for (int64_t t = 0; labels && t < b->types.count; t++)
    memcpy(labels + t * Q2_LABEL_LENGTH, type[t].label, Q2_LABEL_LENGTH);
  int status = q2_agree(f->comm, labels ? Q2_OK : q2_finish_no_memory(f, "atom types"), f->error);
  if (status == Q2_OK)
    status = q2_unify_texts(f->comm, labels, (int)b->types.count, Q2_LABEL_LENGTH, &f->labels, &f->label_count, f->error);
  free(labels);
  return status;
}

static int fill_parameters(struct q2_finish *f) {
  struct q2_parameters *p = &f->dataset->parameters;
  const int64_t count = f->all.rows.count;
  p->count = (int)count;
  p->kind = q2_allocate(count, sizeof *p->kind);
  p->label = q2_allocate(count, sizeof *p->label);
  p->unit = q2_allocate(count, sizeof *p->unit);
  p->active = q2_allocate(count, sizeof *p->active);
  p->link = q2_allocate(count, sizeof *p->link);
  double **const reals[] = {&p->value, &p->lower, &p->upper, &p->factor, &p->scale};
  int good = p->kind && p->label && p->unit && p->active && p->link;
  for (size_t k = 0; k < sizeof reals / sizeof *reals; k++)
    good &= (*reals[k] = q2_allocate(count, sizeof(double))) != NULL;
  if (!good) return q2_finish_no_memory(f, "parameters");
  for (int k = 0; k < p->count; k++) {
    const struct q2_built_parameter *row = q2_built_row(&f->all, k);
    memcpy(p->kind[k], row->kind, sizeof p->kind[k]);
    memcpy(p->label[k], row->label, sizeof p->label[k]);
    memcpy(p->unit[k], row->unit, sizeof p->unit[k]);
    Q2_TRY(q2_unit_of_parameter(row->kind, row->unit, row->label, &p->factor[k], f->error));
    p->value[k] = row->value * p->factor[k];
    p->lower[k] = row->lower <= -1e300 ? -1e300 : row->lower * p->factor[k];
    p->upper[k] = row->upper >= 1e300 ? 1e300 : row->upper * p->factor[k];
    p->active[k] = row->active;
    p->link[k] = -1;
  }
  return Q2_OK;
}

/* The rows of this rank's keys. */
static int number_keys(struct q2_finish *f) {
  const int64_t count = f->builder->parameters.rows.count;
  f->row = q2_allocate(count, sizeof *f->row);
  if (!f->row) return q2_finish_no_memory(f, "parameters");
  for (int key = 0; key < (int)count; key++)
    f->row[key] = q2_parameter_index_find(&f->all, mine(f, key)->kind, mine(f, key)->label);
  return Q2_OK;
}

static int fill_origin(struct q2_finish *f, const struct q2_text *text, const char *format) {
  struct q2_origin *origin = &f->dataset->origin;
  const int64_t count = f->all.rows.count;
  if (!text) return Q2_OK;
  snprintf(origin->format, sizeof origin->format, "%s", format);
  snprintf(origin->name, sizeof origin->name, "%.255s", text->path);
  origin->size = (int64_t)text->size;
  origin->bytes = q2_allocate(origin->size, 1);
  origin->line = q2_allocate(count, sizeof *origin->line);
  origin->column = q2_allocate(count, sizeof *origin->column);
  origin->width = q2_allocate(count, sizeof *origin->width);
  origin->multiplier = q2_allocate(count, sizeof *origin->multiplier);
  if (!origin->bytes || !origin->line || !origin->column || !origin->width || !origin->multiplier)
    return q2_finish_no_memory(f, "the force field's file");
  memcpy(origin->bytes, text->bytes, text->size);
  for (int k = 0; k < (int)count; k++) {
    const struct q2_built_parameter *row = q2_built_row(&f->all, k);
    origin->line[k] = row->line;
    origin->column[k] = row->column;
    origin->width[k] = row->width;
    origin->multiplier[k] = row->multiplier;
  }
  return Q2_OK;
}

/* --- the non-bonded table --- */

struct numbered_label {
  int32_t epsilon, label;
};

static int compare_labels(const void *left, const void *right) {
  const struct numbered_label *a = left, *b = right;
  if (a->epsilon != b->epsilon) return a->epsilon < b->epsilon ? -1 : 1;
  return a->label - b->label;
}

/* Every rank's rows of the types; those that it does not use are -1. Collective. */
static int unify_types(struct q2_finish *f, int32_t *epsilon, int32_t *size) {
  const struct q2_built_type *type = f->builder->types.data;
  const int count = f->label_count;
  int32_t *least = q2_allocate(2 * (int64_t)count, sizeof *least);
  int status = q2_agree(f->comm, least ? Q2_OK : q2_finish_no_memory(f, "atom types"), f->error);
  if (status == Q2_OK) {
    for (int k = 0; k < count; k++) {
      epsilon[k] = size[k] = -1;
      least[k] = least[count + k] = INT32_MAX;
    }
    for (int64_t t = 0; t < f->builder->types.count; t++) {
      const int k = q2_unified_text(f->labels, count, Q2_LABEL_LENGTH, type[t].label);
      least[k] = epsilon[k] = f->row[type[t].epsilon];
      least[count + k] = size[k] = f->row[type[t].size];
    }
    MPI_Allreduce(MPI_IN_PLACE, epsilon, count, MPI_INT32_T, MPI_MAX, f->comm);
    MPI_Allreduce(MPI_IN_PLACE, size, count, MPI_INT32_T, MPI_MAX, f->comm);
    MPI_Allreduce(MPI_IN_PLACE, least, 2 * count, MPI_INT32_T, MPI_MIN, f->comm);
    for (int k = 0; k < count && status == Q2_OK; k++)
      if (least[k] != epsilon[k] || least[count + k] != size[k])
        status = q2_fail(f->error, "atom type '%s' has two rows of non-bonded parameters", f->labels + k * Q2_LABEL_LENGTH);
  }
  free(least);
  return status;
}

/* Types in the order of their rows of parameters, which is that of the force field's file. */
static int sort_types(struct q2_finish *f, const int32_t *epsilon, const int32_t *size) {
  struct q2_nonbonded *y = &f->dataset->nonbonded;
  struct numbered_label *order = q2_allocate(f->label_count, sizeof *order);
  y->type_count = f->label_count;
  y->label = q2_allocate(f->label_count, sizeof *y->label);
  y->epsilon = q2_allocate(f->label_count, sizeof *y->epsilon);
  y->size = q2_allocate(f->label_count, sizeof *y->size);
  if (!order || !y->label || !y->epsilon || !y->size) {
    free(order);
    return q2_finish_no_memory(f, "atom types");
  }
  for (int k = 0; k < f->label_count; k++)
    order[k] = (struct numbered_label){epsilon[k], k};
  qsort(order, (size_t)f->label_count, sizeof *order, compare_labels);
  for (int t = 0; t < f->label_count; t++) {
    const int k = order[t].label;
    f->type_row[k] = t;
    memcpy(y->label[t], f->labels + k * Q2_LABEL_LENGTH, sizeof y->label[t]);
    y->epsilon[t] = epsilon[k];
    y->size[t] = size[k];
  }
  free(order);
  return Q2_OK;
}

static int fill_pairs(struct q2_finish *f) {
  struct q2_nonbonded *y = &f->dataset->nonbonded;
  const struct q2_built_pair *pair = f->builder->pairs.data;
  const int64_t most = f->builder->pairs.count;
  y->special_form = q2_allocate(most, sizeof *y->special_form);
  y->special_types = q2_allocate(2 * most, sizeof *y->special_types);
  y->special_parameters = q2_allocate(2 * most, sizeof *y->special_parameters);
  if (!y->special_form || !y->special_types || !y->special_parameters) return q2_finish_no_memory(f, "pairs of types");
  for (int64_t p = 0; p < most; p++) {
    const int first = q2_unified_text(f->labels, f->label_count, Q2_LABEL_LENGTH, pair[p].label[0]);
    const int second = q2_unified_text(f->labels, f->label_count, Q2_LABEL_LENGTH, pair[p].label[1]);
    if (first < 0 || second < 0) continue;
    const int k = y->special_count++;
    memcpy(y->special_form[k], pair[p].form, sizeof y->special_form[k]);
    y->special_types[2 * k] = f->type_row[first];
    y->special_types[2 * k + 1] = f->type_row[second];
    y->special_parameters[2 * k] = f->row[pair[p].key[0]];
    y->special_parameters[2 * k + 1] = f->row[pair[p].key[1]];
  }
  return Q2_OK;
}

static int fill_nonbonded(struct q2_finish *f) {
  const struct q2_builder *b = f->builder;
  struct q2_nonbonded *y = &f->dataset->nonbonded;
  if (!b->rules_form[0]) return Q2_OK;
  if (f->label_count == 0) return q2_fail(f->error, "the force field has non-bonded pairs, but no atom has a type for them");
  memcpy(y->form, b->rules_form, sizeof y->form);
  memcpy(y->combining_rule, b->rules_combining, sizeof y->combining_rule);
  snprintf(y->size_name, sizeof y->size_name, "%s", strcmp(y->form, "lennard_jones") == 0 ? "sigma" : "radius");
  y->vdw_14 = b->rules.vdw_14;
  y->coulomb_14 = b->rules.coulomb_14;
  y->dielectric = b->rules.dielectric;
  y->soft_cut_begin = b->rules.soft_cut_begin;
  y->soft_cut_end = b->rules.soft_cut_end;
  int32_t *epsilon = q2_allocate(2 * (int64_t)f->label_count, sizeof *epsilon);
  f->type_row = q2_allocate(f->label_count, sizeof *f->type_row);
  int status = q2_agree(f->comm, epsilon && f->type_row ? Q2_OK : q2_finish_no_memory(f, "atom types"), f->error);
  if (status == Q2_OK) status = unify_types(f, epsilon, epsilon + f->label_count);
  if (status == Q2_OK) status = sort_types(f, epsilon, epsilon + f->label_count);
  if (status == Q2_OK) status = fill_pairs(f);
  free(epsilon);
  return status;
}

static int finish(struct q2_finish *f, const struct q2_text *origin, const char *format) {
  struct q2_have have;
  q2_finish_look(f, &have);
  Q2_TRY(unify_labels(f));
  mark_used(f);
  Q2_TRY(q2_unify_parameters(f->comm, &f->builder->parameters, &f->all, f->error));
  Q2_TRY(q2_agree(f->comm, fill_parameters(f), f->error));
  Q2_TRY(q2_agree(f->comm, number_keys(f), f->error));
  Q2_TRY(q2_agree(f->comm, fill_origin(f, origin, format), f->error));
  Q2_TRY(q2_agree(f->comm, fill_nonbonded(f), f->error));
  Q2_TRY(q2_finish_molecules(f, &have));
  Q2_TRY(q2_agree(f->comm, q2_finish_terms(f), f->error));
  Q2_TRY(q2_agree(f->comm, q2_finish_increments(f, have.increments), f->error));
  Q2_TRY(q2_agree(f->comm, q2_finish_observables(f), f->error));
  return q2_dataset_gather_energies(f->comm, f->dataset, f->error);
}

int q2_builder_finish(MPI_Comm comm, struct q2_builder *builder, const struct q2_text *origin, const char *origin_format,
                      struct q2_dataset *dataset, struct q2_error *error) {
  struct q2_finish f = {.comm = comm, .builder = builder, .dataset = dataset, .error = error};
  *dataset = (struct q2_dataset){0};
  const int status = finish(&f, origin, origin_format);
  free(f.labels);
  free(f.type_row);
  free(f.row);
  q2_parameter_index_free(&f.all);
  if (status != Q2_OK) q2_dataset_free(dataset);
  return status;
}
