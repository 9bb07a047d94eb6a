/* The order of the steps of an evaluation, the same on every backend. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "backend.h"

double q2_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double lap(double *seconds, double since) {
  const double t = q2_now();
  *seconds += t - since;
  return t;
}

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

static void cotangent(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  backend->run(Q2_KERNEL_EXPAND, batch, wave);
  if (batch->has_rigid) {
    backend->multiply(Q2_PRODUCT_RIGID_BACK, batch, wave);
    backend->multiply(Q2_PRODUCT_UPDATE_BACK, batch, wave);
  }
  backend->run(Q2_KERNEL_SCALE, batch, wave);
  backend->multiply(Q2_PRODUCT_COTANGENT, batch, wave);
}

void q2_evaluate_wave(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave,
                      enum q2_depth depth, double *seconds) {
  double t = q2_now();
  backend->run(Q2_KERNEL_TERMS, batch, wave);
  t = lap(&seconds[Q2_TIMED_TERMS], t);
  backend->run(Q2_KERNEL_BLOCKS, batch, wave);
  backend->run(Q2_KERNEL_DIAGONAL, batch, wave);
  if (depth == Q2_DEPTH_HESSIAN) return;
  backend->run(Q2_KERNEL_MASS_WEIGHT, batch, wave);
  t = lap(&seconds[Q2_TIMED_HESSIAN], t);
  project(backend, batch, wave);
  t = lap(&seconds[Q2_TIMED_PROJECT], t);
  backend->decompose(batch, wave, depth == Q2_DEPTH_GRADIENT);
  t = lap(&seconds[Q2_TIMED_EIGEN], t);
  backend->run(Q2_KERNEL_FREQUENCIES, batch, wave);
  backend->run(Q2_KERNEL_SUMS, batch, wave);
  t = lap(&seconds[Q2_TIMED_OBSERVABLES], t);
  if (depth == Q2_DEPTH_FREQUENCIES) return;
  cotangent(backend, batch, wave);
  t = lap(&seconds[Q2_TIMED_COTANGENT], t);
  backend->run(Q2_KERNEL_BLOCKS_BACK, batch, wave);
  backend->run(Q2_KERNEL_TERMS_BACK, batch, wave);
  if (batch->nonbonded_varies) backend->run(Q2_KERNEL_ATOMS_BACK, batch, wave);
  backend->run(Q2_KERNEL_GATHER, batch, wave);
  lap(&seconds[Q2_TIMED_PARAMETERS], t);
}

void q2_differentiate_mode(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  backend->run(Q2_KERNEL_BLOCKS_BACK, batch, wave);
  backend->run(Q2_KERNEL_TERMS_BACK, batch, wave);
  if (batch->nonbonded_varies) backend->run(Q2_KERNEL_ATOMS_BACK, batch, wave);
  backend->run(Q2_KERNEL_GATHER, batch, wave);
}
