/* The order of the steps of an evaluation, the same on every backend. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "backend.h"

double q2_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* 1: terms, and what is asked for of energy and gradient. */
static void forces(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  if (batch->has_nonbonded) backend->run(Q2_KERNEL_CHARGES, batch, wave);
  backend->run(Q2_KERNEL_TERMS, batch, wave);
  if (batch->has_energies || batch->moving) {
    backend->run(Q2_KERNEL_ATOM_ENERGY, batch, wave);
    backend->run(Q2_KERNEL_ENERGY, batch, wave);
  }
  if (batch->has_gradients || batch->moving) backend->run(Q2_KERNEL_GRADIENT_AT, batch, wave);
}

/* 2. */
static void hessian(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  if (batch->has_sites && batch->has_nonbonded) {
    backend->run(Q2_KERNEL_SITE_BLOCKS, batch, wave);
    backend->run(Q2_KERNEL_SITE_DIAGONAL, batch, wave);
  }
  backend->run(Q2_KERNEL_BLOCKS, batch, wave);
  backend->run(Q2_KERNEL_DIAGONAL, batch, wave);
}

/* 3. */
static void project(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  if (batch->has_rigid) {
    backend->multiply(Q2_PRODUCT_RIGID, batch, wave);
    backend->run(Q2_KERNEL_RIGID_SQUARE, batch, wave);
    backend->run(Q2_KERNEL_PANELS, batch, wave);
    backend->multiply(Q2_PRODUCT_UPDATE, batch, wave);
  }
  backend->run(Q2_KERNEL_TRAILING, batch, wave);
  if (wave->padded) {
    backend->run(Q2_KERNEL_PADDING_BOUND, batch, wave);
    backend->run(Q2_KERNEL_PADDING, batch, wave);
  }
}

/* 6: the vibrations' displacements U into `left`. */
static void displacements(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  backend->run(Q2_KERNEL_EXPAND, batch, wave);
  if (batch->has_rigid) {
    backend->multiply(Q2_PRODUCT_RIGID_BACK, batch, wave);
    backend->multiply(Q2_PRODUCT_UPDATE_BACK, batch, wave);
  }
  backend->run(Q2_KERNEL_DISPLACEMENTS, batch, wave);
}

void q2_evaluate_positions(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  backend->run(Q2_KERNEL_MEASURE_TERMS, batch, wave);
  backend->run(Q2_KERNEL_MEASURE_PAIRS, batch, wave);
  backend->run(Q2_KERNEL_MEASURE_RIGID, batch, wave);
  forces(backend, batch, wave);
}

/* Moving batches: relaxes all molecules of the wave. Leaves the geometry's tables, energies, gradients, eigenvalues and U of
 * where each one ended. */
static void relax(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  backend->run(Q2_KERNEL_RELAX_BEGIN, batch, wave);
  do {
    q2_evaluate_positions(backend, batch, wave);
    hessian(backend, batch, wave);
    backend->run(Q2_KERNEL_MASS_WEIGHT, batch, wave);
    project(backend, batch, wave);
    backend->decompose(batch, wave, 1);
    displacements(backend, batch, wave);
    backend->run(Q2_KERNEL_RELAX_MODES, batch, wave);
    backend->run(Q2_KERNEL_RELAX_DISPLACE, batch, wave);
    backend->run(Q2_KERNEL_RELAX_JUDGE, batch, wave);
  } while (backend->relaxing(batch, wave));
}

/* 6: W from all residuals. */
static void cotangent(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  if (batch->has_modes) {
    if (!batch->moving) displacements(backend, batch, wave);
    backend->run(Q2_KERNEL_SCALE, batch, wave);
    backend->multiply(Q2_PRODUCT_COTANGENT, batch, wave);
  } else {
    backend->run(Q2_KERNEL_CLEAR_COTANGENT, batch, wave);
  }
  if (batch->basis_columns > 0) {
    backend->run(Q2_KERNEL_CLEAR_BASIS, batch, wave);
    backend->run(Q2_KERNEL_DEPOSIT_BASIS, batch, wave);
    backend->multiply(Q2_PRODUCT_BASIS_BACK, batch, wave);
    backend->multiply(Q2_PRODUCT_BASIS_COTANGENT, batch, wave);
  }
  if (batch->has_elements) backend->run(Q2_KERNEL_DEPOSIT_ELEMENTS, batch, wave);
  backend->run(Q2_KERNEL_CLEAR_BARS, batch, wave);
  if (batch->has_gradients) backend->run(Q2_KERNEL_DEPOSIT_GRADIENT, batch, wave);
  if (batch->moving) backend->run(Q2_KERNEL_POSITION_BAR, batch, wave);
}

/* 7, 8: from W and the other cotangents, or from a probe, to the parameters. */
static void parameters(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  if (batch->moving) {
    if (batch->has_modes) {
      backend->run(Q2_KERNEL_TERMS_THIRD, batch, wave);
      backend->run(Q2_KERNEL_ATOMS_THIRD, batch, wave);
    }
    backend->run(Q2_KERNEL_SOLVE_MODES, batch, wave);
    backend->run(Q2_KERNEL_SOLVE, batch, wave);
  }
  backend->run(Q2_KERNEL_BLOCKS_BACK, batch, wave);
  backend->run(Q2_KERNEL_TERMS_BACK, batch, wave);
  if (batch->nonbonded_varies) {
    backend->run(Q2_KERNEL_ATOMS_BACK, batch, wave);
    backend->run(Q2_KERNEL_SPECIALS_BACK, batch, wave);
    backend->run(Q2_KERNEL_INCREMENTS_BACK, batch, wave);
  }
  backend->run(Q2_KERNEL_GATHER, batch, wave);
}

/* 1 and 2, or everything of a molecule that moves. Returns whether the evaluation goes on. */
static int begin(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave,
                 enum q2_depth depth) {
  if (batch->moving) {
    backend->mark(wave, Q2_TIMED_RELAX);
    relax(backend, batch, wave);
  } else {
    backend->mark(wave, Q2_TIMED_TERMS);
    forces(backend, batch, wave);
    if (depth == Q2_DEPTH_ENERGY) return 0;
    backend->mark(wave, Q2_TIMED_HESSIAN);
    hessian(backend, batch, wave);
  }
  return depth > Q2_DEPTH_HESSIAN;
}

/* 3 to 5. */
static void observe(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave, int vectors) {
  if (batch->basis_columns > 0) {
    backend->multiply(Q2_PRODUCT_BASIS, batch, wave);
    backend->multiply(Q2_PRODUCT_BASIS_SQUARE, batch, wave);
  }
  backend->run(Q2_KERNEL_RESIDUALS, batch, wave);
  if (!batch->moving) {
    backend->run(Q2_KERNEL_MASS_WEIGHT, batch, wave);
    backend->mark(wave, Q2_TIMED_PROJECT);
    project(backend, batch, wave);
    backend->mark(wave, Q2_TIMED_EIGEN);
    backend->decompose(batch, wave, vectors);
  }
  backend->mark(wave, Q2_TIMED_OBSERVABLES);
  backend->run(Q2_KERNEL_FREQUENCIES, batch, wave);
  backend->run(Q2_KERNEL_SUMS, batch, wave);
}

void q2_evaluate_wave(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave,
                      enum q2_depth depth) {
  if (begin(backend, batch, wave, depth)) {
    observe(backend, batch, wave, depth == Q2_DEPTH_GRADIENT && batch->has_modes);
    if (depth == Q2_DEPTH_GRADIENT) {
      backend->mark(wave, Q2_TIMED_COTANGENT);
      cotangent(backend, batch, wave);
      backend->mark(wave, Q2_TIMED_PARAMETERS);
      if (batch->nonbonded_varies) backend->run(Q2_KERNEL_PAIR_SLOPES, batch, wave);
      parameters(backend, batch, wave);
    }
  }
  backend->mark(wave, Q2_TIMED_NONE);
}

void q2_differentiate_probe(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  backend->run(Q2_KERNEL_PROBE, batch, wave);
  if (wave->probe == Q2_PROBE_ENERGY && batch->nonbonded_varies) backend->run(Q2_KERNEL_PAIR_SLOPES, batch, wave);
  parameters(backend, batch, wave);
}
