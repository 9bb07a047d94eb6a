/* A wave: whole chunks of one batch evaluated together, and the work space that this takes. Slot s of a wave works on molecule
 * first + s of the batch. */
#ifndef Q2_WAVE_H
#define Q2_WAVE_H

#include "batch.h"

struct q2_wave {
  int64_t first; /* molecule of slot 0 */
  int64_t count; /* slots in use */
  int padded;    /* decompose matrices of the padded order (a batched solver), else each at its own */
  int64_t slots; /* allocated */

  int64_t mode; /* -1; or the mode whose derivatives alone the backward kernels compute */

  const q2_real *parameters; /* the parameter table's values, shared by all */

  /* Per slot; the stride is in brackets. Matrices are column-major. */
  q2_real *second, *first_derivative; /* [max_pieces] f_ab and f_a of each piece */
  q2_real *hessian;                   /* [ld * 3N] */
  q2_real *vectors;                   /* [ld_order * order] projected Hessian, then its eigenvectors */
  q2_real *left, *right;              /* [ld * order] U and U diag(lambda-bar) */
  q2_real *rigid_product;             /* [ld * Q2_RIGID] */
  q2_real *panel_left, *panel_right;  /* [ld * 2 Q2_RIGID] */
  q2_real *small;                     /* [Q2_RIGID * order] */
  q2_real *eigenvalue, *frequency, *cotangent, *residual, *shift; /* [order] */
  q2_real *residual_slope;                                        /* [order] dresidual/dlambda */
  q2_real *loss, *square;                                         /* [1] sums over the molecule's vibrations */
  q2_real *entry_bar;                                             /* [2 max_entries] */
  q2_real *pair_bar;                                              /* [2 max_pairs] cotangents of the pair's epsilon and sigma */
  q2_real *derivative;       /* [Q2_MAX_PARAMETERS max_terms + 2 N] dL/dp by term and slot, then epsilon and sigma by atom */
  q2_real *gradient;         /* [max_parameters] dL/dp by row of the molecule's list */
  q2_real *gradient_of_mode; /* [max_parameters] dlambda/dp of `mode` */
  int32_t *failed;           /* [1] */

  /* Work space of the eigen-solver, one matrix at a time. */
  q2_real *lapack_real;
  int32_t *lapack_integer;
  int64_t lapack_reals, lapack_integers;

  void *memory; /* everything above, owned by the backend */
};

#endif
