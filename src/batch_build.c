/* Batches: one molecule after another is appended to its bucket's tables. */
#include "batch_build.h"

#include <math.h>

#include "../io/constants.h"
#include "../io/memory.h"
#include "batch_parts.h"
#include "cmap.h"
#include "nonbonded_check.h"
#include "parameter_kinds.h"
#include "rigid.h"

/* --- forms --- */

/* What the constants of a form mean decides what they may be. */
static int check_constants(const struct q2_dataset *dataset, const struct q2_term_table *table, const struct q2_form_info *form,
                           struct q2_error *error) {
  for (int64_t k = 0; k < table->offset[dataset->molecule_count] * table->constant_count; k++) {
    const double value = table->constants[k];
    const int integer = value == floor(value);
    if (q2_word_is(form->constant_meanings, (int)(k % table->constant_count), "periodicity") &&
        (!integer || value < 1 || value > 12)) {
      return q2_fail(error, "%s: /force_field/terms/%s/constants: periodicity %g (expected an integer from 1 to 12)",
                     dataset->path, table->form, value);
    }
    if (q2_word_is(form->constant_meanings, (int)(k % table->constant_count), "grid") &&
        (!integer || value < 0 || value >= dataset->cmap.grid_count)) {
      return q2_fail(
          error, "%s: /force_field/terms/%s/constants: grid %g (expected one of the %d rows of /force_field/cmap/grid, from 0)",
          dataset->path, table->form, value, dataset->cmap.grid_count);
    }
  }
  return Q2_OK;
}

static int check_kinds(const struct q2_dataset *dataset, const struct q2_term_table *table, const struct q2_form_info *form,
                       struct q2_error *error) {
  const struct q2_parameters *parameters = &dataset->parameters;
  for (int64_t k = 0; k < table->offset[dataset->molecule_count] * table->parameter_count; k++) {
    const int row = table->parameters[k];
    if (!q2_word_is(form->parameter_kinds, (int)(k % table->parameter_count), parameters->kind[row])) {
      return q2_fail(error, "%s: /force_field/terms/%s/parameters: row %d (%s) is of kind %s (expected kinds: %s)",
                     dataset->path, table->form, row, parameters->label[row], parameters->kind[row], form->parameter_kinds);
    }
  }
  return Q2_OK;
}

int q2_forms_resolve(const struct q2_dataset *dataset, int *form, struct q2_error *error) {
  for (int t = 0; t < dataset->term_table_count; t++) {
    const struct q2_term_table *table = &dataset->terms[t];
    form[t] = q2_form_find(table->form);
    if (form[t] < 0 || strchr(table->form, '*')) {
      return q2_fail(error, "%s: /force_field/terms/%s: unknown form (docs/forces.md lists the forms)", dataset->path,
                     table->form);
    }
    const struct q2_form_info *info = &q2_forms[form[t]];
    if (table->atom_count != info->atom_count || table->parameter_count != info->parameter_count ||
        table->constant_count != info->constant_count) {
      return q2_fail(error, "%s: /force_field/terms/%s: %d atoms, %d parameters, %d constants a term (expected %d, %d, %d)",
                     dataset->path, table->form, table->atom_count, table->parameter_count, table->constant_count,
                     info->atom_count, info->parameter_count, info->constant_count);
    }
    Q2_TRY(check_kinds(dataset, table, info, error));
    Q2_TRY(check_constants(dataset, table, info, error));
  }
  return Q2_OK;
}

/* --- molecules --- */

int32_t q2_local_parameter(struct q2_builder *builder, int32_t row) {
  if (builder->local_of_row[row] < 0) {
    int32_t *entry = Q2_GROW(builder, parameter_row, 1, int32_t);
    if (!entry) return -1;
    *entry = row;
    builder->local_of_row[row] = (int32_t)(builder->parameter_row.count - 1 - builder->batch->parameter_start[builder->slot]);
  }
  return builder->local_of_row[row];
}

/* Lists for each of the molecule's parameters the derivatives that add up to its own, and forgets the list of rows. */
static int list_sources(struct q2_builder *builder) {
  const int64_t first = builder->batch->parameter_start[builder->slot], count = builder->parameter_row.count - first;
  const int32_t *owner = builder->derivative_parameter.data;
  const int64_t derivatives = builder->derivative_parameter.count;
  int64_t total = 0;
  for (int64_t d = 0; d < derivatives; d++)
    total += owner[d] >= 0;
  int32_t *start = Q2_GROW(builder, parameter_source_start, count + 1, int32_t),
          *source = Q2_GROW(builder, source, total, int32_t);
  if (!start || !source) return -1;
  for (int64_t d = 0; d < derivatives; d++) {
    if (owner[d] >= 0) start[owner[d] + 1]++;
  }
  for (int64_t p = 0; p < count; p++)
    start[p + 1] += start[p];
  for (int64_t d = 0; d < derivatives; d++) {
    if (owner[d] >= 0) source[start[owner[d]]++] = (int32_t)d;
  }
  for (int64_t p = count; p > 0; p--)
    start[p] = start[p - 1];
  start[0] = 0;
  const int32_t *row = (const int32_t *)builder->parameter_row.data + first;
  for (int64_t p = 0; p < count; p++)
    builder->local_of_row[row[p]] = -1;
  builder->derivative_parameter.count = 0;
  return 0;
}

static void grow_maximum(int64_t *maximum, int64_t value) {
  if (value > *maximum) *maximum = value;
}

/* Closes the molecule: where the next one starts in every table. */
static void close_molecule(struct q2_builder *builder) {
  struct q2_batch *batch = builder->batch;
  const int64_t m = builder->slot;
  batch->atom_start[m + 1] = builder->charge.count;
  batch->pair_start[m + 1] = batch->pair_start[m] + Q2_PAIR(builder->atoms, 0);
  batch->term_start[m + 1] = builder->term_form.count;
  batch->piece_start[m + 1] = builder->piece_entry_start.count - (m + 1);
  batch->entry_start[m + 1] = builder->entry_piece.count;
  batch->parameter_start[m + 1] = builder->parameter_row.count;
  batch->source_start[m + 1] = builder->source.count;
  grow_maximum(&batch->max_terms, batch->term_start[m + 1] - batch->term_start[m]);
  grow_maximum(&batch->max_pieces, batch->piece_start[m + 1] - batch->piece_start[m]);
  grow_maximum(&batch->max_entries, batch->entry_start[m + 1] - batch->entry_start[m]);
  grow_maximum(&batch->max_pairs, batch->pair_start[m + 1] - batch->pair_start[m]);
  grow_maximum(&batch->max_parameters, batch->parameter_start[m + 1] - batch->parameter_start[m]);
}

static int build_molecule(struct q2_builder *builder, int64_t slot, enum q2_match match, struct q2_error *error) {
  const struct q2_dataset *dataset = builder->dataset;
  struct q2_batch *batch = builder->batch;
  const int64_t molecule = batch->local_molecule[slot], first = dataset->atom_offset[molecule];
  const int atoms = (int)(dataset->atom_offset[molecule + 1] - first);
  const int64_t rigid = slot * Q2_RIGID * batch->ld;
  builder->molecule = molecule;
  builder->slot = slot;
  builder->atoms = atoms;
  builder->position = dataset->position + 3 * first;
  batch->file_molecule[slot] = dataset->molecule[molecule];
  batch->atom_count[slot] = atoms;
  batch->mode_count[slot] = 3 * atoms;
  if (match == Q2_MATCH_POSITION) {
    const int count = q2_rigid_householder(atoms, dataset->mass + first, builder->position, batch->ld,
                                           batch->householder + rigid, batch->householder_factor + rigid);
    if (count < 0)
      return q2_fail(error, "%s: molecule %s: LAPACK fails on its rigid motions", dataset->path, dataset->name[molecule].text);
    batch->rigid_count[slot] = count;
    batch->mode_count[slot] -= count;
  }
  if (q2_build_terms(builder) != 0 || q2_build_pairs(builder) != 0 || list_sources(builder) != 0) {
    return q2_fail(error, "out of memory while building the terms of molecule %s", dataset->name[molecule].text);
  }
  close_molecule(builder);
  return q2_build_references(dataset, batch, slot, match, error);
}

/* --- batches --- */

/* Tables whose size is known before: everything per molecule and per vibration. */
static int allocate_fixed(struct q2_batch *batch) {
  const int64_t count = batch->molecules, modes = count * batch->order;
#define START(NAME) ((batch->NAME = q2_allocate(count + 1, sizeof *batch->NAME)) != NULL)
#define TABLE(NAME, ROWS) ((batch->NAME = q2_allocate((ROWS), sizeof *batch->NAME)) != NULL)
  const int64_t rigid = batch->has_rigid ? count * Q2_RIGID * batch->ld : 0;
  return START(atom_start) && START(pair_start) && START(term_start) && START(piece_start) && START(entry_start) &&
                 START(parameter_start) && START(source_start) && TABLE(atom_count, count) && TABLE(mode_count, count) &&
                 TABLE(rigid_count, count) && TABLE(file_molecule, count) && TABLE(local_molecule, count) &&
                 TABLE(householder, rigid) && TABLE(householder_factor, rigid) && TABLE(mode_reference, modes) &&
                 TABLE(reference, modes) && TABLE(weight, modes) && TABLE(counted, modes)
             ? 0
             : -1;
#undef START
#undef TABLE
}

/* Whether the row, or the one that it follows, is active. */
static int varies(const struct q2_parameters *parameters, int row) {
  return parameters->active[parameters->link[row] >= 0 ? parameters->link[row] : row] != 0;
}

/* The splines through the data set's grids: each batch has its own copy, so that all it needs lies in one place. */
static int build_grids(const struct q2_cmap *cmap, struct q2_batch *batch) {
  const int64_t points = (int64_t)cmap->points * cmap->points;
  batch->grid_reals = Q2_CMAP_REALS(cmap->points);
  batch->grid = q2_allocate(cmap->grid_count * batch->grid_reals, sizeof *batch->grid);
  if (!batch->grid) return -1;
  for (int g = 0; g < cmap->grid_count; g++)
    q2_cmap_spline(cmap->points, cmap->grid + g * points, batch->grid + g * batch->grid_reals);
  batch->table_bytes += cmap->grid_count * batch->grid_reals * (int64_t)sizeof *batch->grid;
  return 0;
}

static void describe(const struct q2_dataset *dataset, const struct q2_bucket_plan *plan, enum q2_match match,
                     int combining_rule, struct q2_batch *batch) {
  const struct q2_nonbonded *nonbonded = &dataset->nonbonded;
  batch->atoms = plan->atoms;
  batch->order = plan->order;
  batch->ld = (int)q2_leading_dimension(3 * plan->atoms);
  batch->ld_order = plan->order > 0 ? (int)q2_leading_dimension(plan->order) : 8;
  batch->has_rigid = match == Q2_MATCH_POSITION;
  batch->has_nonbonded = nonbonded->type_count > 0;
  for (int t = 0; t < nonbonded->type_count; t++) {
    batch->nonbonded_varies |=
        varies(&dataset->parameters, nonbonded->epsilon[t]) || varies(&dataset->parameters, nonbonded->size[t]);
  }
  batch->lorentz_berthelot = combining_rule == Q2_COMBINING_LORENTZ_BERTHELOT;
  batch->wavenumber = sqrt(Q2_LAMBDA_SI) / (2 * Q2_PI * Q2_LIGHT * 100);
  batch->pair_scale[Q2_PAIR_FULL] = 1;
  batch->pair_scale[Q2_PAIR_14] = nonbonded->vdw_14;
  if (nonbonded->type_count == 0) return;
  batch->coulomb_scale[Q2_PAIR_FULL] = Q2_COULOMB / nonbonded->dielectric;
  batch->coulomb_scale[Q2_PAIR_14] = Q2_COULOMB / nonbonded->dielectric * nonbonded->coulomb_14;
}

struct place {
  int64_t chunk, molecule;
  int slot;
};

static int by_chunk(const void *a, const void *b) {
  const struct place *x = a, *y = b;
  if (x->chunk != y->chunk) return x->chunk < y->chunk ? -1 : 1;
  return x->slot - y->slot;
}

/* Lists the bucket's local molecules by chunk and slot. */
static int list_molecules(const struct q2_plan *plan, const struct q2_dataset *dataset, int bucket, struct q2_batch *batch) {
  struct place *place = q2_allocate(batch->molecules, sizeof *place);
  if (!place) return -1;
  for (int64_t m = 0, n = 0; m < dataset->molecule_count; m++) {
    if (plan->bucket_of[m] == bucket) place[n++] = (struct place){plan->chunk_of[m], m, plan->slot_of[m]};
  }
  qsort(place, (size_t)batch->molecules, sizeof *place, by_chunk);
  for (int64_t n = 0; n < batch->molecules; n++)
    batch->local_molecule[n] = place[n].molecule;
  free(place);
  return 0;
}

static int build_batch(struct q2_builder *builder, const struct q2_plan *plan, int bucket, enum q2_match match,
                       int combining_rule, struct q2_error *error) {
  struct q2_batch *batch = builder->batch;
  const struct q2_dataset *dataset = builder->dataset;
  int status = Q2_OK;
  describe(dataset, &plan->bucket[bucket], match, combining_rule, batch);
  for (int64_t m = 0; m < dataset->molecule_count; m++)
    batch->molecules += plan->bucket_of[m] == bucket;
  if (allocate_fixed(batch) != 0 || build_grids(&dataset->cmap, batch) != 0 ||
      list_molecules(plan, dataset, bucket, batch) != 0) {
    return q2_fail(error, "out of memory for %lld molecules of order %d", (long long)batch->molecules, batch->order);
  }
  for (int64_t slot = 0; slot < batch->molecules && status == Q2_OK; slot++)
    status = build_molecule(builder, slot, match, error);
  int failed = 0;
#define TAKE(NAME, TYPE)                                                                                                       \
  batch->table_bytes += builder->NAME.count * (int64_t)sizeof(TYPE);                                                           \
  batch->NAME = q2_grown(&builder->NAME);                                                                                      \
  failed |= !batch->NAME;
  Q2_BATCH_TABLES(TAKE)
#undef TAKE
  if (status == Q2_OK && failed)
    status = q2_fail(error, "out of memory for the terms of %lld molecules", (long long)batch->molecules);
  return status;
}

/* Refuses what the stages do not evaluate. */
static int check_evaluated(const struct q2_dataset *dataset, const struct q2_nonbonded_forms *forms, struct q2_error *error) {
  if (forms->form == Q2_PAIR_FORM_LENNARD_JONES && forms->special_count == 0 && !dataset->increments.offset) return Q2_OK;
  return q2_fail(error,
                 "%s: /force_field/nonbonded: only Lennard-Jones, without special rows and charge increments, can be "
                 "evaluated",
                 dataset->path);
}

int q2_batches_build(const struct q2_dataset *dataset, const struct q2_plan *plan, enum q2_match match, struct q2_batch *batch,
                     int64_t *faded, struct q2_error *error) {
  struct q2_builder builder = {.dataset = dataset};
  struct q2_nonbonded_forms nonbonded = {0};
  int *form = q2_allocate(dataset->term_table_count, sizeof *form), status = Q2_OK;
  builder.form = form;
  builder.local_of_row = q2_allocate(dataset->parameters.count, sizeof *builder.local_of_row);
  if (!form || !builder.local_of_row) {
    status = q2_fail(error, "out of memory for %d parameters", dataset->parameters.count);
  } else {
    for (int p = 0; p < dataset->parameters.count; p++)
      builder.local_of_row[p] = -1;
    status = q2_forms_resolve(dataset, form, error);
    if (status == Q2_OK) status = q2_nonbonded_resolve(dataset, &nonbonded, error);
    if (status == Q2_OK) status = check_evaluated(dataset, &nonbonded, error);
  }
  for (int b = 0; b < plan->bucket_count && status == Q2_OK; b++) {
    builder.batch = &batch[b];
    status = build_batch(&builder, plan, b, match, nonbonded.rule, error);
  }
  *faded += builder.faded;
  q2_nonbonded_forms_free(&nonbonded);
  free(form);
  free(builder.local_of_row);
  free(builder.derivative_parameter.data);
  return status;
}

int64_t q2_batch_bytes(const struct q2_batch *batch) {
  const int64_t molecule =
      7 * 8 + 3 * 4 + 2 * 8 + (int64_t)batch->order * (4 + 3 * 8) + (batch->has_rigid ? 16LL * Q2_RIGID * batch->ld : 0);
  return batch->table_bytes + batch->molecules * molecule;
}

void q2_batch_free(struct q2_batch *batch) {
#define FREE(NAME) free(batch->NAME);
#define FREE_TABLE(NAME, TYPE) FREE(NAME)
  Q2_BATCH_TABLES(FREE_TABLE)
  FREE(grid)
  FREE(atom_start)
  FREE(pair_start)
  FREE(term_start)
  FREE(piece_start)
  FREE(entry_start)
  FREE(parameter_start)
  FREE(source_start)
  FREE(atom_count)
  FREE(mode_count)
  FREE(rigid_count)
  FREE(file_molecule)
  FREE(local_molecule)
  FREE(householder)
  FREE(householder_factor)
  FREE(mode_reference)
  FREE(reference)
  FREE(weight)
  FREE(counted)
#undef FREE
#undef FREE_TABLE
  memset(batch, 0, sizeof *batch);
}
