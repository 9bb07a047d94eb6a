/* Batches: one molecule after another is appended to its bucket's tables. */
#include "batch_build.h"

#include <math.h>

#include "../io/constants.h"
#include "../io/memory.h"
#include "../kernels/coordinate.h"
#include "batch_parts.h"
#include "cmap.h"
#include "energies.h"
#include "residuals.h"
#include "rigid.h"

/* --- molecules --- */

static void grow_maximum(int64_t *maximum, int64_t value) {
  if (value > *maximum) *maximum = value;
}

/* Closes the molecule: where the next one starts in every table. */
static void close_molecule(struct q2_builder *builder) {
  struct q2_batch *batch = builder->batch;
  const int64_t m = builder->slot;
  batch->atom_start[m + 1] = builder->charge.count;
  batch->atom_term_first[m + 1] = builder->atom_term.count;
  batch->pair_start[m + 1] = batch->pair_start[m] + Q2_PAIR(builder->atoms, 0);
  batch->term_start[m + 1] = builder->term_form.count;
  batch->piece_start[m + 1] = builder->piece_entry_start.count - (m + 1);
  batch->entry_start[m + 1] = builder->entry_piece.count;
  batch->parameter_start[m + 1] = builder->parameter_row.count;
  batch->source_start[m + 1] = builder->source.count;
  batch->increment_start[m + 1] = builder->increment_parameter.count;
  batch->special_start[m + 1] = builder->special_form.count;
  batch->residual_start[m + 1] = builder->residual.count;
#define GROW_MAXIMUM(NAME, START) grow_maximum(&batch->NAME, batch->START[m + 1] - batch->START[m]);
  GROW_MAXIMUM(max_terms, term_start)
  GROW_MAXIMUM(max_pieces, piece_start)
  GROW_MAXIMUM(max_entries, entry_start)
  GROW_MAXIMUM(max_pairs, pair_start)
  GROW_MAXIMUM(max_parameters, parameter_start)
  GROW_MAXIMUM(max_increments, increment_start)
  GROW_MAXIMUM(max_specials, special_start)
  GROW_MAXIMUM(max_residuals, residual_start)
#undef GROW_MAXIMUM
}

/* The place of a molecule of the file among the energies, or -1. */
static int32_t energy_slot(const struct q2_builder *builder, int64_t molecule) {
  return q2_energies_slot(builder->energies, builder->batch->moving, molecule);
}

/* Appends the molecule's residuals, its basis, and its QM vibrations with what compares them. */
static int build_references(struct q2_builder *builder, enum q2_match match, struct q2_error *error) {
  struct q2_batch *batch = builder->batch;
  const int64_t slot = builder->slot, rows = slot * batch->order, first = builder->dataset->atom_offset[builder->molecule];
  const int modes = batch->mode_count[slot], by_overlap = match == Q2_MATCH_OVERLAP && !batch->moving;
  struct q2_reference reference;
  int status =
      q2_reference_make(builder->dataset, builder->molecule, batch->moving, batch->has_rigid, by_overlap, &reference, error);
  struct q2_residual *residual =
      status == Q2_OK ? Q2_GROW(builder, residual, reference.residual_count, struct q2_residual) : NULL;
  if (status == Q2_OK && !residual)
    status = q2_fail(error, "out of memory for the residuals of molecule %s", builder->dataset->name[builder->molecule].text);
  for (int k = 0; k < batch->order; k++) {
    batch->mode_residual[rows + k] = -1;
    batch->mode_reference[rows + k] = -1;
  }
  for (int k = 0; status == Q2_OK && k < modes && reference.vibration; k++) {
    batch->reference[rows + k] = reference.vibration[k];
    batch->counted[rows + k] = batch->moving ? 0 : reference.known[k];
    if ((match != Q2_MATCH_Q2MM || batch->moving) && reference.known[k] != 0) batch->mode_reference[rows + k] = k;
  }
  for (int64_t r = 0; status == Q2_OK && r < reference.residual_count; r++) {
    residual[r] = reference.residual[r];
    const enum q2_made_of made_of = q2_observables[residual[r].observable].made_of;
    if (made_of == Q2_MADE_OF_MODE) batch->mode_residual[rows + residual[r].index[0]] = (int32_t)r;
    if (made_of == Q2_MADE_OF_ENERGY) residual[r].index[1] = energy_slot(builder, residual[r].index[0]);
  }
  if (status == Q2_OK && reference.basis_count > 0) {
    batch->basis_count[slot] = reference.basis_count;
    for (int64_t column = 0; column < reference.basis_count; column++) {
      memcpy(batch->basis + (slot * batch->basis_columns + column) * batch->ld, reference.basis + column * 3 * builder->atoms,
             3 * (size_t)builder->atoms * sizeof *batch->basis);
    }
  }
  for (int64_t k = 0; status == Q2_OK && by_overlap && reference.normal_mode && k < modes; k++) {
    for (int row = 0; row < 3 * builder->atoms; row++)
      batch->normal_mode[(slot * batch->order + k) * batch->ld + row] =
          reference.normal_mode[k * 3 * builder->atoms + row] * sqrt(builder->dataset->mass[first + row / 3]);
  }
  q2_reference_free(&reference);
  return status;
}

static int build_rigid(struct q2_builder *builder, struct q2_error *error) {
  struct q2_batch *batch = builder->batch;
  const struct q2_dataset *dataset = builder->dataset;
  const double *mass = dataset->mass + dataset->atom_offset[builder->molecule];
  const int64_t rigid = builder->slot * Q2_RIGID * batch->ld;
  const int count = batch->moving ? q2_rigid_count(builder->atoms, mass, builder->qm_position)
                                  : q2_rigid_householder(builder->atoms, mass, builder->qm_position, batch->ld,
                                                         batch->householder + rigid, batch->householder_factor + rigid);
  if (count < 0)
    return q2_fail(error, "%s: molecule %s: LAPACK fails on its rigid motions", dataset->path,
                   dataset->name[builder->molecule].text);
  batch->rigid_count[builder->slot] = count;
  batch->mode_count[builder->slot] -= count;
  return Q2_OK;
}

static int build_molecule(struct q2_builder *builder, int64_t slot, enum q2_match match, struct q2_error *error) {
  const struct q2_dataset *dataset = builder->dataset;
  struct q2_batch *batch = builder->batch;
  const int64_t molecule = batch->local_molecule[slot], first = dataset->atom_offset[molecule];
  builder->molecule = molecule;
  builder->slot = slot;
  builder->atoms = (int)(dataset->atom_offset[molecule + 1] - first);
  builder->qm_position = dataset->position + 3 * first;
  batch->file_molecule[slot] = dataset->molecule[molecule];
  batch->energy_slot[slot] = energy_slot(builder, dataset->molecule[molecule]);
  batch->validation[slot] = dataset->validation ? dataset->validation[molecule] : 0;
  batch->atom_count[slot] = builder->atoms;
  batch->mode_count[slot] = 3 * builder->atoms;
  if (batch->has_rigid) Q2_TRY(build_rigid(builder, error));
  if (q2_build_sites(builder) != 0 || q2_build_terms(builder) != 0 || q2_build_pairs(builder) != 0 ||
      q2_build_sources(builder) != 0) {
    return q2_fail(error, "out of memory while building the terms of molecule %s", dataset->name[molecule].text);
  }
  Q2_TRY(build_references(builder, match, error));
  close_molecule(builder);
  return Q2_OK;
}

/* --- batches --- */

static int allocate_fixed(struct q2_batch *batch, int by_overlap) {
  const int64_t count = batch->molecules, modes = count * batch->order;
  const int64_t rigid = batch->has_rigid && !batch->moving ? count * Q2_RIGID * batch->ld : 0;
  const int64_t basis = count * batch->basis_columns * batch->ld, normal = by_overlap ? modes * batch->ld : 0;
  int ok = 1;
#define STARTS(NAME, TYPE) ok = ok && Q2_ALLOCATE_TABLE(batch, NAME, count + 1) == 0;
#define MOLECULES(NAME, TYPE) ok = ok && Q2_ALLOCATE_TABLE(batch, NAME, count) == 0;
#define MODES(NAME, TYPE) ok = ok && Q2_ALLOCATE_TABLE(batch, NAME, modes) == 0;
  Q2_START_TABLES(STARTS)
  Q2_MOLECULE_TABLES(MOLECULES)
  Q2_MODE_TABLES(MODES)
#undef STARTS
#undef MOLECULES
#undef MODES
  ok = ok && Q2_ALLOCATE_TABLE(batch, householder, rigid) == 0 && Q2_ALLOCATE_TABLE(batch, householder_factor, rigid) == 0;
  ok = ok && Q2_ALLOCATE_TABLE(batch, basis, basis) == 0 && Q2_ALLOCATE_TABLE(batch, normal_mode, normal) == 0;
  return ok ? 0 : -1;
}

/* Whether the row, or the one that it follows, is active. */
static int varies(const struct q2_parameters *parameters, int row) {
  return parameters->active[parameters->link[row] >= 0 ? parameters->link[row] : row] != 0;
}

/* The splines through the data set's grids: each batch has its own copy, so that all it needs lies in one place. */
static int build_grids(const struct q2_cmap *cmap, struct q2_batch *batch) {
  const int64_t points = (int64_t)cmap->points * cmap->points;
  batch->grid_reals = Q2_CMAP_REALS(cmap->points);
  if (Q2_ALLOCATE_TABLE(batch, grid, cmap->grid_count * batch->grid_reals) != 0) return -1;
  for (int g = 0; g < cmap->grid_count; g++)
    q2_cmap_spline(cmap->points, cmap->grid + g * points, batch->grid + g * batch->grid_reals);
  return 0;
}

/* Whether a table of observables with rows is there, of that name or made of that. */
static int observed(const struct q2_dataset *dataset, int relaxed, enum q2_made_of made_of) {
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const int observable = q2_observable_find(dataset->observables[t].kind);
    if (observable >= 0 && q2_observables[observable].relaxed == relaxed && q2_observables[observable].made_of == made_of)
      return 1;
  }
  return 0;
}

static int nonbonded_varies(const struct q2_dataset *dataset) {
  const struct q2_nonbonded *nonbonded = &dataset->nonbonded;
  int varying = 0;
  for (int t = 0; t < nonbonded->type_count; t++)
    varying |= varies(&dataset->parameters, nonbonded->epsilon[t]) || varies(&dataset->parameters, nonbonded->size[t]);
  for (int k = 0; k < Q2_PAIR_PARAMETERS * nonbonded->special_count; k++)
    varying |= varies(&dataset->parameters, nonbonded->special_parameters[k]);
  const int64_t *offset = dataset->increments.offset;
  for (int64_t k = 0; offset && k < offset[dataset->molecule_count]; k++)
    varying |= varies(&dataset->parameters, dataset->increments.parameter[k]);
  return varying;
}

static void describe_nonbonded(const struct q2_builder *builder, struct q2_batch *batch) {
  const struct q2_nonbonded *nonbonded = &builder->dataset->nonbonded;
  batch->has_nonbonded = nonbonded->type_count > 0;
  if (!batch->has_nonbonded) return;
  batch->nonbonded_varies = nonbonded_varies(builder->dataset);
  batch->has_soft_cut = nonbonded->soft_cut_end > 0;
  batch->pair_form = builder->nonbonded.form;
  batch->combining_rule = builder->nonbonded.rule;
  batch->pair_scale[Q2_PAIR_FULL] = 1;
  batch->pair_scale[Q2_PAIR_14] = nonbonded->vdw_14;
  batch->coulomb_scale[Q2_PAIR_FULL] = Q2_COULOMB / nonbonded->dielectric;
  batch->coulomb_scale[Q2_PAIR_14] = Q2_COULOMB / nonbonded->dielectric * nonbonded->coulomb_14;
}

/* What holds for all molecules of the batch. It follows from the whole data set, not from the molecules that happen to be on
 * this rank: which numbers an evaluation computes, and with which calls, must not depend on the number of ranks. */
static void describe(const struct q2_builder *builder, const struct q2_bucket_plan *plan, enum q2_match match,
                     struct q2_batch *batch) {
  const struct q2_dataset *dataset = builder->dataset;
  const int relaxed = batch->moving;
  batch->atoms = plan->atoms;
  batch->order = plan->order;
  batch->ld = (int)q2_leading_dimension(3 * plan->atoms);
  batch->ld_order = plan->order > 0 ? (int)q2_leading_dimension(plan->order) : 8;
  batch->has_sites = dataset->has_sites;
  batch->has_rigid = match != Q2_MATCH_Q2MM || relaxed;
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const int observable = q2_observable_find(dataset->observables[t].kind);
    batch->has_residuals |= observable >= 0 && q2_observables[observable].relaxed == relaxed;
  }
  batch->has_modes = observed(dataset, relaxed, Q2_MADE_OF_MODE);
  batch->has_energies = observed(dataset, relaxed, Q2_MADE_OF_ENERGY);
  batch->has_gradients = observed(dataset, relaxed, Q2_MADE_OF_GRADIENT);
  batch->has_elements = observed(dataset, relaxed, Q2_MADE_OF_HESSIAN);
  batch->has_slopes = batch->has_gradients || relaxed;
  batch->basis_columns = observed(dataset, relaxed, Q2_MADE_OF_BASIS) ? 3 * plan->atoms : 0;
  batch->ld_basis = (int)q2_leading_dimension(batch->basis_columns);
  batch->parameter_rows = dataset->parameters.count;
  batch->wavenumber = q2_wavenumber_unit();
  batch->hessian_unit = 1 / Q2_HARTREE_PER_BOHR2;
  batch->coordinate_code[Q2_OBSERVABLE_BOND] = q2_coordinate_code("r01");
  batch->coordinate_code[Q2_OBSERVABLE_ANGLE] = q2_coordinate_code("a012");
  batch->coordinate_code[Q2_OBSERVABLE_TORSION] = q2_coordinate_code("t0123");
  describe_nonbonded(builder, batch);
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

/* Whether a molecule belongs to the batch: to every fixed one of its bucket; to a moving one if something of its relaxed
 * geometry is asked for. */
static int belongs(const struct q2_builder *builder, int64_t m) {
  const struct q2_dataset *dataset = builder->dataset;
  return !builder->batch->moving || energy_slot(builder, dataset->molecule[m]) >= 0 || q2_observed_relaxed(dataset, m);
}

/* Lists the bucket's local molecules by chunk and slot. */
static int list_molecules(const struct q2_builder *builder, const struct q2_plan *plan, int bucket, struct q2_batch *batch) {
  const struct q2_dataset *dataset = builder->dataset;
  struct place *place = q2_allocate(batch->molecules, sizeof *place);
  batch->chunk_start = q2_allocate(batch->molecules + 1, sizeof *batch->chunk_start);
  if (!place || !batch->chunk_start) {
    free(place);
    return -1;
  }
  for (int64_t m = 0, n = 0; m < dataset->molecule_count; m++) {
    if (plan->bucket_of[m] == bucket && belongs(builder, m))
      place[n++] = (struct place){plan->chunk_of[m], m, plan->slot_of[m]};
  }
  qsort(place, (size_t)batch->molecules, sizeof *place, by_chunk);
  for (int64_t n = 0; n < batch->molecules; n++) {
    batch->local_molecule[n] = place[n].molecule;
    if (n == 0 || place[n].chunk != place[n - 1].chunk) batch->chunk_start[batch->chunk_count++] = n;
  }
  batch->chunk_start[batch->chunk_count] = batch->molecules;
  free(place);
  return 0;
}

static int build_batch(struct q2_builder *builder, const struct q2_plan *plan, int bucket, enum q2_match match,
                       struct q2_error *error) {
  struct q2_batch *batch = builder->batch;
  const struct q2_dataset *dataset = builder->dataset;
  int status = Q2_OK;
  describe(builder, &plan->bucket[bucket], match, batch);
  for (int64_t m = 0; m < dataset->molecule_count; m++)
    batch->molecules += plan->bucket_of[m] == bucket && belongs(builder, m);
  batch->table_size = q2_allocate(Q2_TABLE_COUNT, sizeof *batch->table_size);
  if (!batch->table_size || allocate_fixed(batch, match == Q2_MATCH_OVERLAP && !batch->moving) != 0 ||
      build_grids(&dataset->cmap, batch) != 0 || list_molecules(builder, plan, bucket, batch) != 0) {
    return q2_fail(error, "out of memory for %lld molecules of order %d", (long long)batch->molecules, batch->order);
  }
  for (int64_t slot = 0; slot < batch->molecules && status == Q2_OK; slot++)
    status = build_molecule(builder, slot, match, error);
  int failed = 0;
#define TAKE(NAME, TYPE)                                                                                                       \
  q2_count_table(batch, Q2_TABLE_##NAME, builder->NAME.count, sizeof(TYPE));                                                   \
  batch->NAME = q2_grown(&builder->NAME);                                                                                      \
  failed |= !batch->NAME;
  Q2_GROWING_TABLES(TAKE)
#undef TAKE
  builder->special_source.count = 0;
  if (status == Q2_OK && (failed || (!batch->moving && q2_build_geometry(batch) != 0)))
    status = q2_fail(error, "out of memory for the terms of %lld molecules", (long long)batch->molecules);
  return status;
}

int q2_batches_build(const struct q2_dataset *dataset, const struct q2_plan *plan, enum q2_match match,
                     const struct q2_energies *energies, struct q2_batch *batch, int64_t *faded, struct q2_error *error) {
  struct q2_builder builder = {.dataset = dataset, .energies = energies};
  int *form = q2_allocate(dataset->term_table_count, sizeof *form), status = Q2_OK;
  builder.form = form;
  builder.local_of_row = q2_allocate(dataset->parameters.count, sizeof *builder.local_of_row);
  if (!form || !builder.local_of_row) {
    status = q2_fail(error, "out of memory for %d parameters", dataset->parameters.count);
  } else {
    for (int p = 0; p < dataset->parameters.count; p++)
      builder.local_of_row[p] = -1;
    status = q2_forms_resolve(dataset, form, error);
    if (status == Q2_OK) status = q2_nonbonded_resolve(dataset, &builder.nonbonded, error);
  }
  for (int b = 0; b < 2 * plan->bucket_count && status == Q2_OK; b++) {
    builder.batch = &batch[b];
    batch[b].moving = b >= plan->bucket_count;
    status = build_batch(&builder, plan, b % plan->bucket_count, match, error);
  }
  *faded += builder.faded;
  free(form);
  free(builder.local_of_row);
  free(builder.derivative_parameter.data);
  free(builder.special_source.data);
  q2_nonbonded_forms_free(&builder.nonbonded);
  return status;
}

void q2_batch_free(struct q2_batch *batch) {
#define FREE(NAME, TYPE) free(batch->NAME);
  Q2_ALL_TABLES(FREE)
#undef FREE
  free(batch->table_size);
  free(batch->chunk_start);
  memset(batch, 0, sizeof *batch);
}
