/* The arrays of a wave's work space: what each holds for one slot. Backends allocate them by this list. */
#ifndef Q2_WAVE_ARRAYS_H
#define Q2_WAVE_ARRAYS_H

#include "backend.h"
#include "stage_relax.h"

/* field, elements a slot in `batch` */
#define Q2_WAVE_ARRAYS(ROW)                                                                                                    \
  ROW(second, batch->max_pieces)                                                                                               \
  ROW(first_derivative, batch->max_pieces)                                                                                     \
  ROW(value, batch->max_terms)                                                                                                 \
  ROW(charge, batch->atoms)                                                                                                    \
  ROW(gradient_at, batch->ld)                                                                                                  \
  ROW(atom_energy, batch->atoms)                                                                                               \
  ROW(energy, 1)                                                                                                               \
  ROW(site_block, batch->has_sites ? 9 * batch->max_pairs : 0)                                                                 \
  ROW(site_diagonal, batch->has_sites ? 9 * batch->atoms : 0)                                                                  \
  ROW(hessian, q2_matrix(batch))                                                                                               \
  ROW(vectors, batch->ld_order *(int64_t)batch->order)                                                                         \
  ROW(left, batch->ld *(int64_t)batch->order)                                                                                  \
  ROW(right, batch->ld *(int64_t)batch->order)                                                                                 \
  ROW(basis_product, batch->ld *(int64_t)batch->basis_columns)                                                                 \
  ROW(basis_matrix, q2_basis(batch))                                                                                           \
  ROW(rigid_product, batch->ld *Q2_RIGID)                                                                                      \
  ROW(panel_left, batch->ld * 2 * Q2_RIGID)                                                                                    \
  ROW(panel_right, batch->ld * 2 * Q2_RIGID)                                                                                   \
  ROW(small, q2_small(batch))                                                                                                  \
  ROW(eigenvalue, batch->order)                                                                                                \
  ROW(frequency, batch->order)                                                                                                 \
  ROW(cotangent, batch->order)                                                                                                 \
  ROW(shift, batch->order)                                                                                                     \
  ROW(frequency_slope, batch->order)                                                                                           \
  ROW(mode_work, batch->order)                                                                                                 \
  ROW(calculated, batch->max_residuals)                                                                                        \
  ROW(residual, batch->max_residuals)                                                                                          \
  ROW(loss, 1)                                                                                                                 \
  ROW(square, 1)                                                                                                               \
  ROW(kind_loss, Q2_OBSERVABLE_COUNT)                                                                                          \
  ROW(entry_bar, 2 * batch->max_entries)                                                                                       \
  ROW(pair_bar, Q2_PAIR_BARS * batch->max_pairs)                                                                               \
  ROW(pair_slope, Q2_PAIR_SLOPES * batch->max_pairs)                                                                           \
  ROW(charge_bar, batch->atoms)                                                                                                \
  ROW(energy_bar, 1)                                                                                                           \
  ROW(position_bar, batch->ld)                                                                                                 \
  ROW(gradient_bar, batch->ld)                                                                                                 \
  ROW(probe_left, batch->ld)                                                                                                   \
  ROW(probe_right, batch->ld)                                                                                                  \
  ROW(derivative, q2_derivatives(batch))                                                                                       \
  ROW(gradient, batch->max_parameters)                                                                                         \
  ROW(gradient_of_probe, batch->max_parameters)                                                                                \
  ROW(failed, 1)                                                                                                               \
  ROW(position, batch->moving ? 3 * batch->atoms : 0)                                                                          \
  ROW(accepted, batch->moving ? 3 * batch->atoms : 0)                                                                          \
  ROW(relax_state, batch->moving ? Q2_RELAX_STATE : 0)                                                                         \
  ROW(observed_slope, batch->moving ? 3 * Q2_MAX_INDEX * batch->max_residuals : 0)                                             \
  ROW(term_coordinate, batch->moving ? Q2_MAX_COORDINATES * batch->max_terms : 0)                                              \
  ROW(term_slope, batch->moving ? Q2_SLOPE_REALS * batch->max_terms : 0)                                                       \
  ROW(term_third, batch->moving ? 3 * Q2_MAX_TERM_ATOMS * batch->max_terms : 0)                                                \
  ROW(entry, batch->moving ? Q2_ENTRY_REALS * batch->max_entries : 0)                                                          \
  ROW(pair_geometry, batch->moving ? 4 * batch->max_pairs : 0)                                                                 \
  ROW(householder, batch->moving ? Q2_RIGID * batch->ld : 0)                                                                   \
  ROW(householder_factor, batch->moving ? Q2_RIGID * batch->ld : 0)                                                            \
  ROW(jacobian, batch->jacobian_rows * batch->max_variables)                                                                   \
  ROW(normal, batch->max_variables * batch->max_variables)                                                                     \
  ROW(trace_square, 1)                                                                                                         \
  ROW(info, 1)

#define Q2_WAVE_ARRAY_IDENTIFIER(FIELD, ...) Q2_WAVE_##FIELD,
enum q2_wave_array { Q2_WAVE_ARRAYS(Q2_WAVE_ARRAY_IDENTIFIER) Q2_WAVE_ARRAY_COUNT };
#undef Q2_WAVE_ARRAY_IDENTIFIER

/* The arrays that belong to what the host can ask to see (Q2_SEE_...). */
static const unsigned char q2_seen_with[Q2_WAVE_ARRAY_COUNT] = {
    [Q2_WAVE_eigenvalue] = Q2_SEE_RESULTS,   [Q2_WAVE_frequency] = Q2_SEE_RESULTS, [Q2_WAVE_calculated] = Q2_SEE_RESULTS,
    [Q2_WAVE_residual] = Q2_SEE_RESULTS,     [Q2_WAVE_loss] = Q2_SEE_RESULTS,      [Q2_WAVE_square] = Q2_SEE_RESULTS,
    [Q2_WAVE_kind_loss] = Q2_SEE_RESULTS,    [Q2_WAVE_failed] = Q2_SEE_RESULTS,    [Q2_WAVE_left] = Q2_SEE_MODES,
    [Q2_WAVE_hessian] = Q2_SEE_HESSIAN,      [Q2_WAVE_value] = Q2_SEE_FORCES,      [Q2_WAVE_charge] = Q2_SEE_FORCES,
    [Q2_WAVE_gradient] = Q2_SEE_GRADIENT,    [Q2_WAVE_energy] = Q2_SEE_FORCES,     [Q2_WAVE_gradient_at] = Q2_SEE_FORCES,
    [Q2_WAVE_pair_geometry] = Q2_SEE_FORCES,
};

#endif
