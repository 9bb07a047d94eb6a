/* A wave: whole chunks of one batch evaluated together, and the work space that this takes. Slot s of a wave works on molecule
 * first + s of the batch. */
#ifndef Q2_WAVE_H
#define Q2_WAVE_H

#include "batch.h"

/* How the relaxation of a molecule stands, or ended. */
enum q2_relaxation {
  Q2_RELAX_RUNNING,
  Q2_RELAX_MINIMUM, /* a minimum near the QM geometry: the only outcome that is used */
  Q2_RELAX_SADDLE,  /* a stationary point that has a vibration below 1 cm-1 */
  Q2_RELAX_FAR,     /* a minimum of another basin */
  Q2_RELAX_FAILED   /* no stationary point within the iterations allowed, or not finite */
};

/* What the backward kernels differentiate. */
enum q2_probe {
  Q2_PROBE_LOSS,    /* the loss, by the cotangents that the residuals left */
  Q2_PROBE_MODE,    /* eigenvalue number `probed` of every molecule */
  Q2_PROBE_ENERGY,  /* the molecule's energy */
  Q2_PROBE_RESIDUAL /* the calculated value of every molecule's residual number `probed` of those in probed_residual */
};

/* Why a molecule's decomposition gave nothing. */
enum q2_decomposition { Q2_DECOMPOSED, Q2_NOT_FINITE, Q2_NOT_CONVERGED };

/* What becomes of a molecule of a wave in the sums. */
enum q2_outcome {
  Q2_COUNTS,
  Q2_FAILS,      /* its numbers are not finite, or its relaxation went astray */
  Q2_ASIDE,      /* nothing of it counts */
  Q2_UNCONVERGED /* as FAILS, because the eigen-solver did not converge: another one may */
};

/* Sums over molecules: losses, squares, numbers of molecules (in the first limb), losses by observable, the gradient by row
 * of the parameter table, then J'J by pairs of variables (lower triangle by rows). */
enum {
  Q2_SUM_LOSS,
  Q2_SUM_SQUARE,
  Q2_SUM_FAILED,
  Q2_SUM_UNCONVERGED,
  Q2_SUM_VALIDATION_LOSS,
  Q2_SUM_VALIDATION_SQUARE,
  Q2_SUM_VALIDATION_FAILED,
  Q2_SUM_SET_ASIDE,
  Q2_SUM_KIND,
  Q2_SUM_GRADIENT = Q2_SUM_KIND + Q2_OBSERVABLE_COUNT
};

struct q2_wave {
  int64_t first; /* molecule of slot 0 */
  int64_t count; /* slots in use */
  int single;    /* what q2_real points to is float32: kernels in float32 */
  int padded;    /* decompose matrices of the padded order (a batched solver), else each at its own */

  enum q2_probe probe;
  int64_t probed;

  /* Shared by all, set by the caller: */
  const q2_real *parameters; /* the parameter table's values */
  double *energies;          /* [energy slots] kcal/mol, of all molecules whose energies are compared; INFINITY: set aside */
  const double *energy_bars; /* [energy slots] their cotangents */
  double *energy_slope;      /* [energy slots][rows of the parameter table] dE/dp, NULL where nobody asks */
  double *relax_start;       /* moving batches: positions that the relaxation starts from, [3] by the batch's atoms */
  double *relaxed;           /* moving batches: those where it ended in a stationary point */
  int32_t *relaxation;       /* moving batches: [molecules] enum q2_relaxation */
  const int32_t *set_aside;  /* moving batches: [molecules] 1: its residuals do not count */
  int setting_aside;         /* moving batches: molecules that go astray now will be set aside */
  int32_t *outcome;          /* [molecules] enum q2_outcome */
  const int32_t *retry;      /* [molecules] 1: decompose its matrix by the other solver; NULL: none; the host's */
  int64_t *limbs;            /* [segments][sums][Q2_LIMBS] this wave's share of the sums */
  int64_t sums;              /* the stride of the segments */
  int collects_gradient, collects_normal; /* what a molecule's outcome depends on */

  /* Per slot; the stride is in brackets. Matrices are column-major. */
  q2_real *second, *first_derivative; /* [max_pieces] f_ab and f_a of each piece */
  q2_real *value;                     /* [max_terms] f of each term */
  q2_real *charge;                    /* [N] e, with increments */
  q2_real *gradient_at;               /* [ld] dE/dx, kcal/mol/angstrom */
  q2_real *atom_energy;               /* [N] kcal/mol, of the pairs with earlier atoms */
  q2_real *energy;                    /* [1] kcal/mol */
  q2_real *site_block;                /* [9 max_pairs] second derivatives of pairs in their sites, row-major; with has_sites */
  q2_real *site_diagonal;             /* [9 N] the same of an atom's own site, where it is reduced */
  q2_real *hessian;                   /* [ld * 3N] */
  q2_real *vectors;                   /* [ld_order * order] projected Hessian, then its eigenvectors */
  q2_real *left, *right;              /* [ld * order] U and U diag(lambda-bar) */
  q2_real *basis_product;             /* [ld * basis_columns] H B, then B R */
  q2_real *basis_matrix;              /* [ld_basis * basis_columns] B' H B, then the cotangents R of its elements */
  q2_real *rigid_product;             /* [ld * Q2_RIGID] */
  q2_real *panel_left, *panel_right;  /* [ld * 2 Q2_RIGID] */
  q2_real *small;                     /* [Q2_RIGID * order] */
  q2_real *eigenvalue, *frequency, *cotangent, *shift; /* [order] */
  q2_real *frequency_slope;                            /* [order] dnu/dlambda */
  q2_real *calculated, *residual;                      /* [max_residuals] in the observable's unit; weighted */
  q2_real *observed_slope;                             /* [3 Q2_MAX_INDEX max_residuals] moving batches: of coordinates */
  q2_real *loss, *square;                              /* [1] sums over the molecule's residuals, vibrations */
  q2_real *kind_loss;                                  /* [Q2_OBSERVABLE_COUNT] the loss by observable */
  q2_real *entry_bar;                                  /* [2 max_entries] */
  q2_real *pair_bar;   /* [Q2_PAIR_BARS max_pairs] cotangents of the pair's parameters and q q */
  q2_real *pair_slope; /* [Q2_PAIR_SLOPES max_pairs] value_p, first_p, second_p, by_atom of each pair, for the backward pass */
  q2_real *charge_bar; /* [N] */
  q2_real *energy_bar; /* [1] cotangent of the energy */
  q2_real *position_bar;             /* [ld] cotangent of the geometry (moving) */
  q2_real *gradient_bar;             /* [ld] cotangent of dE/dx */
  q2_real *mode_work;                /* [order] */
  q2_real *probe_left, *probe_right; /* [ld] of a probed residual: W = (l r' + r l') / 2 */
  q2_real *derivative;        /* dL/dp by term and slot, atom and slot, special row and slot, increment: q2_derivatives */
  q2_real *gradient;          /* [max_parameters] dL/dp by row of the molecule's list */
  q2_real *gradient_of_probe; /* [max_parameters] the derivative of what is probed */
  int32_t *failed;            /* [1] enum q2_decomposition */

  /* Moving batches: the geometry's tables, as the batch has them for fixed ones. */
  double *position;                          /* [3N] angstrom */
  q2_real *term_coordinate;                  /* [Q2_MAX_COORDINATES max_terms] */
  q2_real *term_slope;                       /* [Q2_SLOPE_REALS max_terms] */
  q2_real *entry;                            /* [Q2_ENTRY_REALS max_entries] */
  q2_real *pair_geometry;                    /* [4 max_pairs] */
  q2_real *householder, *householder_factor; /* [Q2_RIGID * ld] */
  q2_real *term_third;                       /* [3 Q2_MAX_TERM_ATOMS max_terms] d(W:H)/dx of each term */
  double *accepted;                          /* [3N] the best point of the relaxation so far */
  double *relax_state;                       /* [Q2_RELAX_STATE] */

  /* J'J */
  q2_real *jacobian; /* [jacobian_rows * max_variables] rows of a block, by the molecule's variables */
  q2_real *normal;   /* [max_variables^2] its J'J, lower triangle by columns */

  /* Batched solvers: */
  q2_real *trace_square; /* [1] the sum of the squared elements of the matrix */
  int32_t *info;         /* [1] what the solver reports */

  void *queue; /* the backend's: where this wave's work is put, and all memory */
};

/* --- where the tables of the geometry are --- */

#define Q2_GEOMETRY(FUNCTION, FIELD, ROWS, START, MAX)                                                                         \
  Q2_DEVICE q2_real *FUNCTION(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {                        \
    return batch->moving ? wave->FIELD + (ROWS)*slot * batch->MAX : batch->FIELD + (ROWS)*batch->START[wave->first + slot];    \
  }
Q2_GEOMETRY(q2_coordinates_of, term_coordinate, Q2_MAX_COORDINATES, term_start, max_terms)
Q2_GEOMETRY(q2_slopes_of, term_slope, Q2_SLOPE_REALS, term_start, max_terms)
Q2_GEOMETRY(q2_entries_of, entry, Q2_ENTRY_REALS, entry_start, max_entries)
Q2_GEOMETRY(q2_pairs_of, pair_geometry, 4, pair_start, max_pairs)
#undef Q2_GEOMETRY

Q2_DEVICE q2_real *q2_householder_of(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  return (batch->moving ? wave->householder + slot * Q2_RIGID * batch->ld
                        : batch->householder + (wave->first + slot) * Q2_RIGID * batch->ld);
}

Q2_DEVICE q2_real *q2_householder_factor_of(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot) {
  return (batch->moving ? wave->householder_factor + slot * Q2_RIGID * batch->ld
                        : batch->householder_factor + (wave->first + slot) * Q2_RIGID * batch->ld);
}

/* --- strides from slot to slot --- */

Q2_DEVICE int64_t q2_matrix(const struct q2_batch *batch) { return (int64_t)batch->ld * 3 * batch->atoms; }
Q2_DEVICE int64_t q2_small(const struct q2_batch *batch) {
  return Q2_RIGID * (int64_t)(batch->ld_order > Q2_RIGID ? batch->ld_order : Q2_RIGID);
}
Q2_DEVICE int64_t q2_basis(const struct q2_batch *batch) { return (int64_t)batch->ld_basis * batch->basis_columns; }

/* Rows of `derivative`: by term and slot of its parameters, by slot of a pair's parameters and atom, by special row and slot,
 * by increment. */
Q2_DEVICE int64_t q2_derivatives(const struct q2_batch *batch) {
  return Q2_MAX_PARAMETERS * batch->max_terms + Q2_PAIR_PARAMETERS * (batch->atoms + batch->max_specials) +
         batch->max_increments;
}

/* Order of the matrix that is decomposed for molecule m. */
Q2_DEVICE int q2_order(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m) {
  return wave->padded ? batch->order : batch->mode_count[m];
}

/* Columns of molecule m's basis in matrix products. */
Q2_DEVICE int q2_columns(const struct q2_batch *batch, const struct q2_wave *wave, int64_t m) {
  return wave->padded ? batch->basis_columns : batch->basis_count[m];
}

#endif
