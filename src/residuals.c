/* The residual rows of one molecule: QM vibrations, the basis of the eigenmatrix, and the tables of observables one by one. */
#include "residuals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/constants.h"
#include "../io/memory.h"
#include "../kernels/stages.h"
#include "residuals_parts.h"
#include "rigid.h"
#include "transition_state.h"

static int out_of_memory(const struct q2_residual_builder *builder) {
  return q2_fail(builder->error, "%s: /observables: molecule %s: out of memory", builder->dataset->path, builder->name);
}

static int not_diagonalised(const struct q2_residual_builder *builder) {
  return q2_fail(builder->error, "%s: /hessian: molecule %s: it cannot be diagonalised: memory is short, or LAPACK fails",
                 builder->dataset->path, builder->name);
}

/* The Hessian to be fitted: the QM one or, for a transition state under method C, the inverted one. */
static int find_hessian(struct q2_residual_builder *builder) {
  const struct q2_dataset *d = builder->dataset;
  const int64_t m = builder->molecule, elements = d->hessian_offset[m + 1] - d->hessian_offset[m];
  if (elements == 0) return Q2_OK;
  builder->hessian = d->hessian + d->hessian_offset[m];
  if (!d->invert_transition_states || d->imaginary_modes[m] == 0) return Q2_OK;
  builder->inverted = q2_allocate(elements, sizeof *builder->inverted);
  if (!builder->inverted) return out_of_memory(builder);
  const int negative =
      q2_invert_transition_state(builder->atoms, builder->mass, builder->position, builder->hessian, builder->inverted);
  if (negative < 0) return not_diagonalised(builder);
  if (negative != 1 || d->imaginary_modes[m] != 1)
    return q2_fail(builder->error,
                   "%s: /hessian: molecule %s: expected a transition state with one imaginary vibration, as method C of the "
                   "attribute transition_states needs it, found %d in the Hessian and imaginary_modes %d",
                   d->path, builder->name, negative, d->imaginary_modes[m]);
  builder->hessian = builder->inverted;
  return Q2_OK;
}

/* QM vibrations in cm-1, and their normal modes if asked for. */
static int find_vibrations(struct q2_residual_builder *builder, int project, int with_modes) {
  struct q2_reference *reference = builder->reference;
  const int64_t n = 3 * (int64_t)builder->atoms;
  reference->vibration = q2_allocate(n, sizeof *reference->vibration);
  reference->known = q2_allocate(n, sizeof *reference->known);
  if (!reference->vibration || !reference->known) return out_of_memory(builder);
  const int rigid = project ? q2_rigid_count(builder->atoms, builder->mass, builder->position) : 0;
  if (rigid < 0) return not_diagonalised(builder);
  builder->modes = (int)n - rigid;
  if (!builder->hessian || builder->modes == 0) return Q2_OK;
  const double unit = q2_wavenumber_unit();
  if (with_modes) {
    reference->normal_mode = q2_allocate(builder->modes * n, sizeof *reference->normal_mode);
    if (!reference->normal_mode) return out_of_memory(builder);
    if (q2_qm_modes(builder->atoms, builder->mass, builder->position, builder->hessian, project, reference->vibration,
                    reference->normal_mode) < 0)
      return not_diagonalised(builder);
  }
  /* Eigenvalues alone come from another routine, whose last bits differ: the references do not depend on with_modes. */
  if (q2_qm_eigenvalues(builder->atoms, builder->mass, builder->position, builder->hessian, project, reference->vibration) < 0)
    return not_diagonalised(builder);
  reference->vibration_count = builder->modes;
  for (int k = 0; k < builder->modes; k++) {
    q2_real slope;
    reference->vibration[k] = q2_wavenumber(unit, reference->vibration[k], &slope);
    reference->known[k] = 1;
  }
  return Q2_OK;
}

/* Columns M^-1/2 [normal mode], or the eigenvectors of the plain Hessian. */
static int fill_basis(struct q2_residual_builder *builder, int cartesian) {
  struct q2_reference *reference = builder->reference;
  const int n = 3 * builder->atoms;
  int columns;
  if (cartesian) {
    columns = q2_packed_modes(n, builder->hessian, builder->eigenvalue, reference->basis);
  } else {
    columns = q2_qm_modes(builder->atoms, builder->mass, builder->position, builder->hessian, 1, builder->eigenvalue,
                          reference->basis);
    for (int k = 0; k < columns; k++) {
      builder->eigenvalue[k] /= Q2_HARTREE_PER_BOHR2;
      for (int x = 0; x < n; x++)
        reference->basis[(int64_t)k * n + x] /= sqrt(builder->mass[x / 3]);
    }
  }
  if (columns < 0) return not_diagonalised(builder);
  reference->basis_count = columns;
  return Q2_OK;
}

/* The basis of the eigenmatrix, if rows of the table at hand need it and it is not there yet. */
static int find_basis(struct q2_residual_builder *builder) {
  struct q2_reference *reference = builder->reference;
  const int64_t n = 3 * (int64_t)builder->atoms;
  if (q2_observables[builder->observable].made_of != Q2_MADE_OF_BASIS || reference->basis) return Q2_OK;
  if (!builder->hessian)
    return q2_fail(builder->error, "%s: /observables/%s: molecule %s: expected a Hessian, whose eigenvectors are the basis",
                   builder->dataset->path, builder->table->kind, builder->name);
  reference->basis = q2_allocate(n * n, sizeof *reference->basis);
  builder->eigenvalue = q2_allocate(n, sizeof *builder->eigenvalue);
  if (!reference->basis || !builder->eigenvalue) return out_of_memory(builder);
  return fill_basis(builder, builder->table->cartesian);
}

int q2_residual_append(struct q2_residual_builder *builder, const int *index) {
  struct q2_residual *residual = q2_grow(&builder->rows, 1, sizeof *residual);
  if (!residual) return out_of_memory(builder);
  residual->observable = builder->observable;
  for (int c = 0; c < Q2_MAX_INDEX; c++)
    residual->index[c] = c < builder->table->index_count ? index[c] : -1;
  if (q2_observables[builder->observable].made_of == Q2_MADE_OF_BASIS && builder->table->index_count == 1)
    residual->index[1] = residual->index[0];
  return Q2_OK;
}

/* Under method C a transition state has lost its imaginary vibration, number 0. A row that names it beside one that stands for
 * all real ones has nothing to say then: what takes its place is among those. */
static int names_lost_vibration(const struct q2_residual_builder *builder, int64_t row) {
  const struct q2_observable_table *table = builder->table;
  if (!builder->inverted || q2_observables[builder->observable].made_of != Q2_MADE_OF_MODE || table->index[row] != 0) return 0;
  for (int64_t other = table->offset[builder->molecule]; other < table->offset[builder->molecule + 1]; other++)
    if (table->index[other] == -1) return 1;
  return 0;
}

/* Under method D: whether the residual is that of a reaction mode, which the fit is to leave alone. */
static int is_left_out(const struct q2_residual_builder *builder, const struct q2_residual *residual) {
  const struct q2_dataset *d = builder->dataset;
  if (!d->leave_out_reaction_modes || d->imaginary_modes[builder->molecule] == 0 || builder->inverted) return 0;
  return residual->index[0] == 0 &&
         (builder->observable == Q2_OBSERVABLE_FREQUENCY || builder->observable == Q2_OBSERVABLE_EIGENMATRIX_DIAGONAL);
}

/* Reference and weight of a residual that row `row` stands for. */
static int complete(struct q2_residual_builder *builder, int64_t row, struct q2_residual *residual) {
  const struct q2_observable_table *table = builder->table;
  struct q2_reference *reference = builder->reference;
  if (!table->has_value) {
    Q2_TRY(q2_residual_reference(builder, residual));
  } else {
    residual->reference = table->value[row];
    if (q2_observables[builder->observable].made_of == Q2_MADE_OF_MODE) {
      reference->vibration[residual->index[0]] = table->value[row];
      reference->known[residual->index[0]] = 1;
      reference->vibration_count = builder->modes;
    }
  }
  if (builder->observable == Q2_OBSERVABLE_TORSION) /* in (-180, 180] */
    residual->reference -= 360 * ceil((residual->reference - 180) / 360);
  if (table->has_weight)
    residual->weight = table->weight[row];
  else
    Q2_TRY(q2_residual_weight(builder, residual));
  if (is_left_out(builder, residual)) residual->weight = 0;
  return Q2_OK;
}

/* One form for what can be written in two directions. */
static void canonical(const struct q2_residual *residual, int columns, int32_t index[Q2_MAX_INDEX]) {
  memcpy(index, residual->index, sizeof residual->index);
  if (q2_observables[residual->observable].made_of != Q2_MADE_OF_COORDINATE) return;
  const int turn = index[0] > index[columns - 1];
  for (int c = 0; c < columns && turn; c++)
    index[c] = residual->index[columns - 1 - c];
}

static int compare_indices(const void *left, const void *right) {
  const int32_t *a = left, *b = right;
  for (int c = 0; c < Q2_MAX_INDEX; c++)
    if (a[c] != b[c]) return a[c] < b[c] ? -1 : 1;
  return 0;
}

static int observed_twice(const struct q2_residual_builder *builder, const int32_t *index) {
  const struct q2_observable_table *table = builder->table;
  if (q2_observables[builder->observable].made_of == Q2_MADE_OF_MODE)
    return q2_fail(builder->error, "%s: /observables/%s: vibration %d of molecule %s is observed twice", builder->dataset->path,
                   table->kind, index[0], builder->name);
  char text[64];
  int used = snprintf(text, sizeof text, "%d", index[0]);
  for (int c = 1; c < table->index_count; c++)
    used += snprintf(text + used, sizeof text - (size_t)used, ", %d", index[c]);
  return q2_fail(builder->error, "%s: /observables/%s: index %s of molecule %s is observed twice", builder->dataset->path,
                 table->kind, text, builder->name);
}

/* Nothing is observed twice among the residuals from `first` on. */
static int check_twice(struct q2_residual_builder *builder, int64_t first) {
  const int64_t count = builder->rows.count - first;
  if (count < 2) return Q2_OK;
  const struct q2_residual *residual = (const struct q2_residual *)builder->rows.data + first;
  int32_t(*index)[Q2_MAX_INDEX] = q2_allocate(count, sizeof *index);
  if (!index) return out_of_memory(builder);
  for (int64_t k = 0; k < count; k++)
    canonical(&residual[k], builder->table->index_count, index[k]);
  qsort(index, (size_t)count, sizeof *index, compare_indices);
  int status = Q2_OK;
  for (int64_t k = 1; k < count && status == Q2_OK; k++)
    if (compare_indices(index[k - 1], index[k]) == 0) status = observed_twice(builder, index[k]);
  free(index);
  return status;
}

static int read_table(struct q2_residual_builder *builder, const struct q2_observable_table *table) {
  const int64_t start = table->offset[builder->molecule], end = table->offset[builder->molecule + 1];
  const int64_t table_first = builder->rows.count;
  builder->table = table;
  if (start == end) return Q2_OK;
  Q2_TRY(find_basis(builder));
  for (int64_t row = start; row < end; row++) {
    const int64_t first = builder->rows.count;
    if (names_lost_vibration(builder, row)) continue;
    Q2_TRY(q2_residual_expand(builder, row));
    for (int64_t k = first; k < builder->rows.count; k++)
      Q2_TRY(complete(builder, row, (struct q2_residual *)builder->rows.data + k));
  }
  return check_twice(builder, table_first);
}

static int prepare(struct q2_residual_builder *builder) {
  const struct q2_dataset *d = builder->dataset;
  const int64_t first = d->atom_offset[builder->molecule];
  builder->name = d->name[builder->molecule].text;
  builder->atoms = (int)(d->atom_offset[builder->molecule + 1] - first);
  builder->mass = d->mass + first;
  builder->position = d->position + 3 * first;
  builder->set = q2_weight_set(d->weights);
  builder->apart_from = -1;
  builder->apart = q2_allocate(builder->atoms, sizeof *builder->apart);
  if (q2_neighbours_make(d, builder->molecule, &builder->bonded) != 0 || !builder->apart) return out_of_memory(builder);
  return find_hessian(builder);
}

static int make(struct q2_residual_builder *builder, int relaxed, int project, int with_modes) {
  const struct q2_dataset *d = builder->dataset;
  Q2_TRY(prepare(builder));
  Q2_TRY(find_vibrations(builder, project, with_modes));
  for (int observable = 0; observable < Q2_OBSERVABLE_COUNT; observable++) {
    if (q2_observables[observable].relaxed != (relaxed != 0)) continue;
    builder->observable = observable;
    for (int t = 0; t < d->observable_table_count; t++)
      if (strcmp(d->observables[t].kind, q2_observables[observable].name) == 0) Q2_TRY(read_table(builder, &d->observables[t]));
  }
  builder->reference->residual_count = builder->rows.count;
  builder->reference->residual = q2_grown(&builder->rows);
  return builder->reference->residual ? Q2_OK : out_of_memory(builder);
}

int q2_reference_make(const struct q2_dataset *dataset, int64_t molecule, int relaxed, int project, int with_modes,
                      struct q2_reference *reference, struct q2_error *error) {
  struct q2_residual_builder builder = {.dataset = dataset, .molecule = molecule, .reference = reference, .error = error};
  *reference = (struct q2_reference){0};
  const int status = make(&builder, relaxed, project, with_modes);
  q2_neighbours_free(&builder.bonded);
  free(builder.apart);
  free(builder.inverted);
  free(builder.eigenvalue);
  free(builder.rows.data);
  return status;
}

int q2_observed_relaxed(const struct q2_dataset *dataset, int64_t molecule) {
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_table *table = &dataset->observables[t];
    const int observable = q2_observable_find(table->kind);
    if (observable >= 0 && q2_observables[observable].relaxed && table->offset[molecule + 1] > table->offset[molecule])
      return 1;
  }
  return 0;
}

void q2_reference_free(struct q2_reference *reference) {
  free(reference->vibration);
  free(reference->known);
  free(reference->normal_mode);
  free(reference->basis);
  free(reference->residual);
  *reference = (struct q2_reference){0};
}
