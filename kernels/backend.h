/* A backend: where a wave lives and how its kernels, products and eigen-decompositions run. What all backends share, the order
 * of the steps, is q2_evaluate_wave. */
#ifndef Q2_BACKEND_H
#define Q2_BACKEND_H

#include "precision.h"
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
  Q2_PRODUCT_NORMAL,          /* normal += jacobian' jacobian over the rows of a block, its lower triangle at least */
  /* of matrices as kernels/stage_refine.h has them: */
  Q2_PRODUCT_REFINE_IMAGE,     /* right = vectors left */
  Q2_PRODUCT_REFINE_SQUARE,    /* hessian = left' right */
  Q2_PRODUCT_REFINE_OVERLAP,   /* right = left' left */
  Q2_PRODUCT_REFINE_CORRECTION /* hessian = left right */
};

/* Stages that are timed, in the order of enum q2_stage (src/objective.h). */
enum q2_timed {
  Q2_TIMED_TERMS,
  Q2_TIMED_HESSIAN,
  Q2_TIMED_PROJECT,
  Q2_TIMED_EIGEN,
  Q2_TIMED_OBSERVABLES,
  Q2_TIMED_COTANGENT,
  Q2_TIMED_PARAMETERS,
  Q2_TIMED_RELAX,
  Q2_TIMED_COUNT,
  Q2_TIMED_NONE = Q2_TIMED_COUNT
};

/* What a wave must have room for. */
struct q2_wave_request {
  const struct q2_batch *batches; /* [batch_count] */
  const int64_t *slots;           /* [batch_count] molecules of each that are evaluated together */
  int batch_count;
  int padded;
  int single;                   /* the arrays are those of float32; no batch moves */
  const unsigned char *arrays;  /* [Q2_WAVE_ARRAY_COUNT] 1: the wave has this array; NULL: all (kernels/wave_arrays.h) */
  const struct q2_wave *beside; /* with single: the wave in float64 that it works beside, in its queue; destroyed before it */
};

Q2_DEVICE int q2_wave_wants(const struct q2_wave_request *request, int array) {
  return !request->arrays || request->arrays[array];
}

/* What of a wave is to be seen by the host: */
enum {
  Q2_SEE_RESULTS = 1,  /* eigenvalue, frequency, calculated, residual, loss, square, kind_loss, failed */
  Q2_SEE_MODES = 2,    /* left */
  Q2_SEE_HESSIAN = 4,  /* hessian */
  Q2_SEE_FORCES = 8,   /* value, charge, energy, gradient_at, pair_geometry */
  Q2_SEE_GRADIENT = 16 /* gradient */
};

/* A wave with `single` set and a batch like it are those of kernels in float32; run, multiply and decompose take either.
 *
 * `There` is memory that the kernels reach, `here` is the host's; on the CPU they are the same. A backend whose calls are
 * queued does its work later, in order within a wave's queue, and reports its errors when it is waited for. Functions that
 * return int return 0, or -1 after an error, which `error` then tells. */
struct q2_backend {
  const char *name;
  int queued;   /* 1: one thread makes all calls, and waves run side by side in their queues; 0: a thread for each wave */
  int queues;   /* queued: waves that are best kept in flight */
  int segments; /* parts that each wave's sums are cut into: as many elements add up one sum side by side */
  int mixes;    /* batches that are placed get a second set of tables, of float32 (kernels/mixed.h) */
  void *device; /* the backend's own */

  /* --- memory --- */
  void *(*allocate)(const struct q2_backend *backend, int64_t bytes); /* zeroed; NULL when memory runs out */
  void (*release)(const struct q2_backend *backend, void *there);
  int (*put)(const struct q2_backend *backend, void *there, const void *here, int64_t bytes); /* waits for its end */
  int (*get)(const struct q2_backend *backend, void *here, const void *there, int64_t bytes); /* waits for all queues first */

  /* The host's memory that `get` and sums over ranks copy to at full speed; zeroed; NULL when memory runs out. */
  void *(*allocate_here)(const struct q2_backend *backend, int64_t bytes);
  void (*release_here)(const struct q2_backend *backend, void *here);

  /* Allocates the work space of a wave, zeroed. 0, or -1 when memory runs out (then nothing is held). bytes: incremented by
   * what was allocated. */
  int (*wave_create)(const struct q2_backend *backend, const struct q2_wave_request *request, struct q2_wave *wave,
                     int64_t *bytes);
  void (*wave_destroy)(const struct q2_backend *backend, struct q2_wave *wave);

  /* --- an evaluation: begin, waves, then join and wait --- */

  /* Copies `bytes` from `here` to `there` (the parameters) and clears `limbs`, before all that follows in any queue. `here` may
   * change when it returns. */
  void (*begin)(const struct q2_backend *backend, void *there, const void *here, int64_t bytes, int64_t *limbs,
                int64_t limb_bytes);
  /* Repeats what the wave's queue was given last time between a call of replay with this number and `recorded`: returns 1.
   * Returns 0 where the caller must give the work itself and then call `recorded`. Batch, wave and all else must be as they
   * were then. program: < 0: nothing is kept. */
  int (*replay)(const struct q2_wave *wave, int64_t program);
  void (*recorded)(const struct q2_wave *wave);
  void (*run)(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave);
  void (*multiply)(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave);
  /* Decomposes `vectors` in place: ascending eigenvalues, and eigenvectors if `vectors` is set. A matrix that holds a number
   * that is not finite, or does not converge, sets failed[slot] (enum q2_decomposition) and leaves zeros. */
  void (*decompose)(const struct q2_batch *batch, const struct q2_wave *wave, int vectors);
  /* In the wave's queue: to[k] = from[k] for k < count, from float64 to float32 (to_single) or back. */
  void (*convert)(const struct q2_wave *wave, const void *from, void *to, int64_t count, int to_single);
  /* Whether a molecule of the wave is still being relaxed. */
  int (*relaxing)(const struct q2_batch *batch, const struct q2_wave *wave);
  /* Adds what the wave's molecules give to wave->limbs, by wave->outcome. gradient, normal: the gradient's and J'J's sums, too.
   */
  void (*collect)(const struct q2_batch *batch, const struct q2_wave *wave, int gradient, int normal);
  /* joined[k] = sum over part of parts[part stride + k], k < count, after all queues' work. */
  void (*join)(const struct q2_backend *backend, const int64_t *parts, int64_t part_count, int64_t stride, int64_t count,
               int64_t *joined);
  int (*wait)(const struct q2_backend *backend);          /* until all queues are empty */
  const char *(*error)(const struct q2_backend *backend); /* what went wrong first; "" if nothing did */

  /* --- looking --- */

  /* A copy of the wave whose arrays of the groups `what` can be read here, until the next call for this wave; waits for the
   * wave's queue. */
  int (*see)(const struct q2_batch *batch, const struct q2_wave *wave, int what, struct q2_wave *seen);
  /* The stage begins now in the wave's queue, and the one before ends. */
  void (*mark)(const struct q2_wave *wave, enum q2_timed stage);
  /* seconds [Q2_TIMED_COUNT] += seconds of each stage in the wave's queue since the last reset. A queued backend measures only
   * while `timing` is on (NULL: always). */
  void (*seconds)(const struct q2_wave *wave, double *seconds, int reset);
  void (*timing)(const struct q2_backend *backend, int on);
};

extern const struct q2_backend q2_backend_cpu;

/* How far an evaluation goes. */
enum q2_depth { Q2_DEPTH_ENERGY, Q2_DEPTH_HESSIAN, Q2_DEPTH_FREQUENCIES, Q2_DEPTH_GRADIENT };

/* Seconds of a clock that never goes back. */
double q2_now(void);

/* Evaluates the wave's molecules (first, count, and what wave.h says the caller sets) up to `depth`. ENERGY leaves `energy`;
 * HESSIAN the Cartesian Hessian in `hessian` (fixed batches); FREQUENCIES fills eigenvalue, frequency, calculated, residual,
 * loss and square; GRADIENT also gradient. wave->probe must be Q2_PROBE_LOSS. */
void q2_evaluate_wave(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave,
                      enum q2_depth depth);

/* Moving batches: the tables of the geometry, energies and Cartesian gradients where the molecules are (wave->position); the
 * caller sets first, count and parameters of the wave. */
void q2_evaluate_positions(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave);

/* After an evaluation to GRADIENT (for Q2_PROBE_ENERGY: to ENERGY): the derivative in the parameters of what wave->probe and
 * wave->probed name, of every molecule, into gradient_of_probe. Overwrites what the backward kernels use as work space, but
 * neither `gradient` nor `hessian`. */
void q2_differentiate_probe(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave);

/* After an evaluation to GRADIENT: J'J of each molecule of the wave into `normal`: its lower triangle. Changes wave->probe and
 * probed, and sets probe back to Q2_PROBE_LOSS. (kernels/normal.c) */
void q2_evaluate_normal(const struct q2_backend *backend, const struct q2_batch *batch, struct q2_wave *wave);

#endif
