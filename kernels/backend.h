/* A backend: where a wave lives and how its kernels, products and eigen-decompositions run. What all backends share, the order
 * of the steps, is q2_evaluate_wave. */
#ifndef Q2_BACKEND_H
#define Q2_BACKEND_H

#include "stages.h"

/* The matrix products of an evaluation; sizes are those of each molecule, or padded. */
enum q2_product {
  Q2_PRODUCT_RIGID,           /* rigid_product = hessian householder_factor */
  Q2_PRODUCT_UPDATE,          /* hessian -= panel_left panel_right' */
  Q2_PRODUCT_RIGID_BACK,      /* small = householder' left */
  Q2_PRODUCT_UPDATE_BACK,     /* left -= householder_factor small */
  Q2_PRODUCT_COTANGENT,       /* hessian = left right', its lower triangle and the 3 x 3 blocks on the diagonal at least */
  Q2_PRODUCT_BASIS,           /* basis_product = hessian basis */
  Q2_PRODUCT_BASIS_SQUARE,    /* basis_matrix = basis' basis_product */
  Q2_PRODUCT_BASIS_BACK,      /* basis_product = basis basis_matrix */
  Q2_PRODUCT_BASIS_COTANGENT, /* hessian += basis_product basis', as much of it as PRODUCT_COTANGENT */
};

struct q2_backend {
  const char *name;
  /* Allocates the work space of a wave of `slots` molecules of any of `batches`; 0, or -1 when memory runs out (then nothing is
   * held). Zeroes are written nowhere else. bytes: incremented by what was allocated. */
  int (*wave_create)(const struct q2_batch *batches, int batch_count, int64_t slots, int padded, struct q2_wave *wave,
                     int64_t *bytes);
  void (*wave_destroy)(struct q2_wave *wave);
  void (*run)(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave);
  void (*multiply)(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave);
  /* Decomposes `vectors` in place: ascending eigenvalues, and eigenvectors if `vectors` is set. A matrix that holds a number
   * that is not finite, or does not converge, sets failed[slot] and leaves zeros. */
  void (*decompose)(const struct q2_batch *batch, const struct q2_wave *wave, int vectors);
  /* Whether a molecule of the wave is still being relaxed. */
  int (*relaxing)(const struct q2_batch *batch, const struct q2_wave *wave);
};

extern const struct q2_backend q2_backend_cpu;

/* How far an evaluation goes. */
enum q2_depth { Q2_DEPTH_ENERGY, Q2_DEPTH_HESSIAN, Q2_DEPTH_FREQUENCIES, Q2_DEPTH_GRADIENT };

/* Stages that are timed, in the order of enum q2_stage (src/objective.h). */
enum {
  Q2_TIMED_TERMS,
  Q2_TIMED_HESSIAN,
  Q2_TIMED_PROJECT,
  Q2_TIMED_EIGEN,
  Q2_TIMED_OBSERVABLES,
  Q2_TIMED_COTANGENT,
  Q2_TIMED_PARAMETERS,
  Q2_TIMED_RELAX,
  Q2_TIMED_COUNT
};

/* Seconds of a clock that never goes back. */
double q2_now(void);

/* Evaluates the wave's molecules (first, count, and what wave.h says the caller sets) up to `depth`. ENERGY leaves `energy`;
 * HESSIAN the Cartesian Hessian in `hessian` (fixed batches); FREQUENCIES fills eigenvalue, frequency, calculated, residual,
 * loss and square; GRADIENT also gradient. wave->probe must be Q2_PROBE_LOSS. `seconds` [Q2_TIMED_COUNT] is incremented. */
void q2_evaluate_wave(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave,
                      enum q2_depth depth, double *seconds);

/* Moving batches: the tables of the geometry, energies and Cartesian gradients where the molecules are (wave->position); the
 * caller sets first, count and parameters of the wave. */
void q2_evaluate_positions(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave);

/* After an evaluation to GRADIENT (for Q2_PROBE_ENERGY: to ENERGY): the derivative in the parameters of what wave->probe and
 * wave->probed name, of every molecule, into gradient_of_probe. Overwrites what the backward kernels use as work space, but
 * neither `gradient` nor `hessian`. */
void q2_differentiate_probe(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave);

#endif
