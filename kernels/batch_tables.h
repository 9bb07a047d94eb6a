/* The tables of a batch (q2_batch): who allocates, copies or releases all of them goes by this list. */
#ifndef Q2_BATCH_TABLES_H
#define Q2_BATCH_TABLES_H

#include "backend.h"

/* Those that grow molecule by molecule while a batch is built: field, type of its elements */
#define Q2_GROWING_TABLES(TABLE)                                                                                               \
  TABLE(mass_weight, q2_real)                                                                                                  \
  TABLE(charge, q2_real)                                                                                                       \
  TABLE(position, double)                                                                                                      \
  TABLE(atom_parameter, int32_t)                                                                                               \
  TABLE(site_parent, int32_t)                                                                                                  \
  TABLE(reduction, double)                                                                                                     \
  TABLE(site_member_start, int32_t)                                                                                            \
  TABLE(site_member, int32_t)                                                                                                  \
  TABLE(atom_term_start, int32_t)                                                                                              \
  TABLE(atom_term, int32_t)                                                                                                    \
  TABLE(pair_class, int32_t)                                                                                                   \
  TABLE(pair_cut, q2_real)                                                                                                     \
  TABLE(pair_special, int32_t)                                                                                                 \
  TABLE(pair_entry_start, int32_t)                                                                                             \
  TABLE(special_form, int32_t)                                                                                                 \
  TABLE(special_parameter, int32_t)                                                                                            \
  TABLE(increment_atom, int32_t)                                                                                               \
  TABLE(increment_parameter, int32_t)                                                                                          \
  TABLE(increment_factor, q2_real)                                                                                             \
  TABLE(entry_piece, int32_t)                                                                                                  \
  TABLE(entry_place, int32_t)                                                                                                  \
  TABLE(term_form, int32_t)                                                                                                    \
  TABLE(term_atom, int32_t)                                                                                                    \
  TABLE(term_site, int32_t)                                                                                                    \
  TABLE(term_code, int32_t)                                                                                                    \
  TABLE(term_piece, int32_t)                                                                                                   \
  TABLE(term_parameter, int32_t)                                                                                               \
  TABLE(term_constant, q2_real)                                                                                                \
  TABLE(piece_entry_start, int32_t)                                                                                            \
  TABLE(piece_entry, int32_t)                                                                                                  \
  TABLE(parameter_row, int32_t)                                                                                                \
  TABLE(parameter_source_start, int32_t)                                                                                       \
  TABLE(source, int32_t)                                                                                                       \
  TABLE(residual, struct q2_residual)

/* Those whose size is known before: starts, per molecule, per vibration. */
#define Q2_START_TABLES(TABLE)                                                                                                 \
  TABLE(atom_start, int64_t)                                                                                                   \
  TABLE(atom_term_first, int64_t)                                                                                              \
  TABLE(pair_start, int64_t)                                                                                                   \
  TABLE(term_start, int64_t)                                                                                                   \
  TABLE(piece_start, int64_t)                                                                                                  \
  TABLE(entry_start, int64_t)                                                                                                  \
  TABLE(parameter_start, int64_t)                                                                                              \
  TABLE(source_start, int64_t)                                                                                                 \
  TABLE(increment_start, int64_t)                                                                                              \
  TABLE(special_start, int64_t)                                                                                                \
  TABLE(residual_start, int64_t)
#define Q2_MOLECULE_TABLES(TABLE)                                                                                              \
  TABLE(atom_count, int32_t)                                                                                                   \
  TABLE(mode_count, int32_t)                                                                                                   \
  TABLE(rigid_count, int32_t)                                                                                                  \
  TABLE(basis_count, int32_t)                                                                                                  \
  TABLE(validation, int32_t)                                                                                                   \
  TABLE(energy_slot, int32_t)                                                                                                  \
  TABLE(file_molecule, int64_t)                                                                                                \
  TABLE(local_molecule, int64_t)
#define Q2_MODE_TABLES(TABLE)                                                                                                  \
  TABLE(mode_reference, int32_t)                                                                                               \
  TABLE(mode_residual, int32_t)                                                                                                \
  TABLE(reference, q2_real)                                                                                                    \
  TABLE(counted, q2_real)

/* The others: matrices, the geometry's tables, CMAP grids, and what sums need (src/batch_sums.c). */
#define Q2_OTHER_TABLES(TABLE)                                                                                                 \
  TABLE(householder, q2_real)                                                                                                  \
  TABLE(householder_factor, q2_real)                                                                                           \
  TABLE(basis, q2_real)                                                                                                        \
  TABLE(normal_mode, q2_real)                                                                                                  \
  TABLE(grid, q2_real)                                                                                                         \
  TABLE(pair_geometry, q2_real)                                                                                                \
  TABLE(entry, q2_real)                                                                                                        \
  TABLE(term_coordinate, q2_real)                                                                                              \
  TABLE(term_slope, q2_real)                                                                                                   \
  TABLE(sum_start, int32_t)                                                                                                    \
  TABLE(sum_place, int32_t)                                                                                                    \
  TABLE(variable_start, int64_t)                                                                                               \
  TABLE(variable, int32_t)                                                                                                     \
  TABLE(variable_source_start, int32_t)                                                                                        \
  TABLE(variable_source, int32_t)                                                                                              \
  TABLE(variable_place, int32_t)                                                                                               \
  TABLE(probed_count, int32_t)                                                                                                 \
  TABLE(probed_residual, int32_t)

#define Q2_ALL_TABLES(TABLE)                                                                                                   \
  Q2_GROWING_TABLES(TABLE)                                                                                                     \
  Q2_START_TABLES(TABLE)                                                                                                       \
  Q2_MOLECULE_TABLES(TABLE)                                                                                                    \
  Q2_MODE_TABLES(TABLE)                                                                                                        \
  Q2_OTHER_TABLES(TABLE)

#define Q2_TABLE_IDENTIFIER(FIELD, TYPE) Q2_TABLE_##FIELD,
enum q2_batch_table { Q2_ALL_TABLES(Q2_TABLE_IDENTIFIER) Q2_TABLE_COUNT };
#undef Q2_TABLE_IDENTIFIER

/* Copies a batch to where the backend's kernels reach it. On the CPU `placed` shares the batch's tables. Where the backend
 * mixes precisions, placed->single becomes the same batch with rounded tables. 0, or -1 when memory
 * runs out; release with q2_batch_unplace in either case. bytes: incremented by what was allocated. */
int q2_batch_place(const struct q2_backend *backend, const struct q2_batch *batch, struct q2_batch *placed, int64_t *bytes);
void q2_batch_unplace(const struct q2_backend *backend, struct q2_batch *placed);

#endif
