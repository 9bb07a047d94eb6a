/* The loop bodies of an evaluation. Each computes one output element that it alone owns, gathering what belongs to it in a
 * fixed order: the same function is a CPU loop iteration and a GPU thread. `major` and `minor` are the element's two loop
 * indices; Q2_KERNELS names, for each body, how far they run. Bodies of the same kernel never read what another of them writes.
 * Those named SUM_... run over a whole wave, not over its slots. */
#ifndef Q2_STAGES_H
#define Q2_STAGES_H

#include "stage_eigen.h"
#include "stage_geometry.h"
#include "stage_refine.h"
#include "stage_relax.h"
#include "stage_sums.h"

/* How far a kernel's loops run for molecule m of a batch; m = -1: for any molecule, as a launch over padded sizes needs it. */
#define Q2_COUNT(START, MAX) (m < 0 ? (MAX) : (START)[m + 1] - (START)[m])
#define Q2_ATOMS (m < 0 ? batch->atoms : batch->atom_count[m])
#define Q2_BEFORE (m < 0 ? batch->atoms : major)
#define Q2_PADDED_ATOMS (m < 0 || wave->padded ? batch->atoms : batch->atom_count[m])
#define Q2_ORDER (m < 0 ? batch->order : q2_order(batch, wave, m))
#define Q2_UP_TO (m < 0 ? batch->order : major + 1)
#define Q2_COLUMNS (m < 0 ? batch->basis_columns : q2_columns(batch, wave, m))
#define Q2_TERM_COUNT Q2_COUNT(batch->term_start, batch->max_terms)
#define Q2_PARAMETER_COUNT Q2_COUNT(batch->parameter_start, batch->max_parameters)
#define Q2_VARIABLE_COUNT Q2_COUNT(batch->variable_start, batch->max_variables)
#define Q2_RESIDUAL_COUNT Q2_COUNT(batch->residual_start, batch->max_residuals)

/* identifier, function, majors, minors (may use `major`) */
#define Q2_KERNELS(ROW)                                                                                                        \
  ROW(MEASURE_TERMS, q2_measure_terms, 1, Q2_TERM_COUNT)                                                                       \
  ROW(MEASURE_PAIRS, q2_measure_pairs, Q2_ATOMS, Q2_BEFORE)                                                                    \
  ROW(MEASURE_RIGID, q2_measure_rigid, 1, 1)                                                                                   \
  ROW(CHARGES, q2_charges, 1, Q2_ATOMS)                                                                                        \
  ROW(TERMS, q2_terms, 1, Q2_TERM_COUNT)                                                                                       \
  ROW(ATOM_ENERGY, q2_atom_energy, 1, Q2_ATOMS)                                                                                \
  ROW(ENERGY, q2_energy, 1, 1)                                                                                                 \
  ROW(GRADIENT_AT, q2_gradient_at, 1, Q2_ATOMS)                                                                                \
  ROW(SITE_BLOCKS, q2_site_blocks, Q2_ATOMS, Q2_BEFORE)                                                                        \
  ROW(SITE_DIAGONAL, q2_site_diagonal, 1, Q2_ATOMS)                                                                            \
  ROW(BLOCKS, q2_blocks, Q2_PADDED_ATOMS, Q2_BEFORE)                                                                           \
  ROW(DIAGONAL, q2_diagonal, 1, Q2_PADDED_ATOMS)                                                                               \
  ROW(MASS_WEIGHT, q2_mass_weight, 3 * Q2_ATOMS, 3 * Q2_ATOMS)                                                                 \
  ROW(RIGID_SQUARE, q2_rigid_square, Q2_RIGID, Q2_RIGID)                                                                       \
  ROW(PANELS, q2_panels, Q2_RIGID, 3 * Q2_PADDED_ATOMS)                                                                        \
  ROW(TRAILING, q2_trailing, Q2_ORDER, Q2_ORDER)                                                                               \
  ROW(PADDING_BOUND, q2_padding_bound, 1, Q2_ORDER)                                                                            \
  ROW(PADDING, q2_padding, 1, Q2_ORDER)                                                                                        \
  ROW(CHECK_FINITE, q2_check_finite, 1, 1)                                                                                     \
  ROW(COLUMN_SQUARE, q2_column_square, 1, Q2_ORDER)                                                                            \
  ROW(TRACE_SQUARE, q2_trace_square, 1, 1)                                                                                     \
  ROW(REPLACE_NOT_FINITE, q2_replace_not_finite, Q2_ORDER, Q2_ORDER)                                                           \
  ROW(CHECK_CONVERGED, q2_check_converged, 1, 1)                                                                               \
  ROW(CLEAR_FAILED, q2_clear_failed, Q2_ORDER, Q2_ORDER)                                                                       \
  ROW(REFINE_BEGIN, q2_refine_begin, 1, 1)                                                                                     \
  ROW(REFINE_QUOTIENT, q2_refine_quotient, 1, Q2_ORDER)                                                                        \
  ROW(REFINE_SOLVE, q2_refine_solve, 1, 1)                                                                                     \
  ROW(REFINE_COLUMN, q2_refine_column, 1, Q2_ORDER)                                                                            \
  ROW(REFINE_PLACE, q2_refine_place, 1, Q2_ORDER)                                                                              \
  ROW(REFINE_CLUSTERS, q2_refine_clusters, 1, 1)                                                                               \
  ROW(REFINE_CORRECTION, q2_refine_correction, Q2_ORDER, Q2_UP_TO)                                                             \
  ROW(REFINE_ADD, q2_refine_add, Q2_ORDER, Q2_ORDER)                                                                           \
  ROW(REFINE_LARGEST, q2_refine_largest, 1, Q2_ORDER)                                                                          \
  ROW(REFINE_JUDGE, q2_refine_judge, 1, 1)                                                                                     \
  ROW(REFINE_ARRANGE, q2_refine_arrange, Q2_ORDER, Q2_ORDER)                                                                   \
  ROW(EXPAND, q2_expand_modes, Q2_ORDER, 3 * Q2_PADDED_ATOMS)                                                                  \
  ROW(DISPLACEMENTS, q2_displacements, Q2_ORDER, 3 * Q2_ATOMS)                                                                 \
  ROW(RELAX_BEGIN, q2_relax_begin, 1, 3 * Q2_ATOMS)                                                                            \
  ROW(RELAX_MODES, q2_relax_modes, 1, Q2_ORDER)                                                                                \
  ROW(RELAX_DISPLACE, q2_relax_displace, 1, 3 * Q2_ATOMS)                                                                      \
  ROW(RELAX_JUDGE, q2_relax_judge, 1, 1)                                                                                       \
  ROW(RESIDUALS, q2_residuals, 1, Q2_RESIDUAL_COUNT)                                                                           \
  ROW(FREQUENCIES, q2_frequencies, 1, Q2_ORDER)                                                                                \
  ROW(SUMS, q2_sums, 1, 1)                                                                                                     \
  ROW(SCALE, q2_scale, Q2_ORDER, 3 * Q2_PADDED_ATOMS)                                                                          \
  ROW(CLEAR_COTANGENT, q2_clear_cotangent, 3 * Q2_ATOMS, 3 * Q2_ATOMS)                                                         \
  ROW(CLEAR_BASIS, q2_clear_basis, Q2_COLUMNS, Q2_COLUMNS)                                                                     \
  ROW(DEPOSIT_BASIS, q2_deposit_basis, 1, Q2_RESIDUAL_COUNT)                                                                   \
  ROW(DEPOSIT_ELEMENTS, q2_deposit_elements, 1, Q2_RESIDUAL_COUNT)                                                             \
  ROW(CLEAR_BARS, q2_clear_bars, 1, 3 * Q2_ATOMS)                                                                              \
  ROW(DEPOSIT_GRADIENT, q2_deposit_gradient, 1, Q2_RESIDUAL_COUNT)                                                             \
  ROW(POSITION_BAR, q2_position_bar, 1, Q2_ATOMS)                                                                              \
  ROW(PROBE, q2_probe, 1, 3 * Q2_ATOMS)                                                                                        \
  ROW(TERMS_THIRD, q2_terms_third, 1, Q2_TERM_COUNT)                                                                           \
  ROW(ATOMS_THIRD, q2_atoms_third, 1, Q2_ATOMS)                                                                                \
  ROW(SOLVE_MODES, q2_solve_modes, 1, Q2_ORDER)                                                                                \
  ROW(SOLVE, q2_solve, 1, 3 * Q2_ATOMS)                                                                                        \
  ROW(PAIR_SLOPES, q2_pair_slopes, Q2_ATOMS, Q2_BEFORE)                                                                        \
  ROW(BLOCKS_BACK, q2_blocks_back, Q2_ATOMS, Q2_BEFORE)                                                                        \
  ROW(TERMS_BACK, q2_terms_back, 1, Q2_TERM_COUNT)                                                                             \
  ROW(ATOMS_BACK, q2_atoms_back, 1, Q2_ATOMS)                                                                                  \
  ROW(SPECIALS_BACK, q2_specials_back, 1, Q2_COUNT(batch->special_start, batch->max_specials))                                 \
  ROW(INCREMENTS_BACK, q2_increments_back, 1, Q2_COUNT(batch->increment_start, batch->max_increments))                         \
  ROW(GATHER, q2_gather, 1, Q2_PARAMETER_COUNT)                                                                                \
  ROW(TAKE_ENERGY, q2_take_energy, 1, 1)                                                                                       \
  ROW(TAKE_SLOPE, q2_take_slope, 1, Q2_PARAMETER_COUNT)                                                                        \
  ROW(FOLLOW, q2_follow, 1, 3 * Q2_ATOMS)                                                                                      \
  ROW(CLEAR_NORMAL, q2_clear_normal, batch->max_variables, batch->max_variables)                                               \
  ROW(CLEAR_JACOBIAN, q2_clear_jacobian, batch->jacobian_rows, batch->max_variables)                                           \
  ROW(JACOBIAN_ROW, q2_jacobian_row, 1, Q2_VARIABLE_COUNT)                                                                     \
  ROW(JACOBIAN_MODES, q2_jacobian_modes, 1, Q2_VARIABLE_COUNT)                                                                 \
  ROW(OUTCOME, q2_outcome, 1, 1)                                                                                               \
  ROW(SUM_SHARES, q2_sum_shares, Q2_SEGMENTS, Q2_SUM_GRADIENT)                                                                 \
  ROW(SUM_GRADIENT, q2_sum_gradient, Q2_SEGMENTS, batch->parameter_rows)                                                       \
  ROW(SUM_NORMAL, q2_sum_normal, Q2_SEGMENTS, batch->variables *(batch->variables + 1) / 2)

#define Q2_KERNEL_IDENTIFIER(ID, ...) Q2_KERNEL_##ID,
enum q2_kernel { Q2_KERNELS(Q2_KERNEL_IDENTIFIER) Q2_KERNEL_COUNT };
#undef Q2_KERNEL_IDENTIFIER

#endif
