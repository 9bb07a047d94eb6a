/* The exact Jacobian of the residuals, molecule by molecule, and its share in J'J.
 *
 * A residual is w (reference - v), hence dr/dp = -w dv/dp, and dv/dp is what the backward kernels give for the derivatives of v
 * in Hessian, gradient and geometry (a probe). Of a wavenumber, dv/dp = dnu/dlambda dlambda/dp with the cotangent u u' of a
 * single mode; inside a cluster of equal eigenvalues dlambda/dp is the cluster's mean, as in the gradient. Columns are the
 * molecule's variables: rows of the parameter table that follow one variable add up. Rows are made a block at a time, and each
 * block's square is added up; which rows share a block depends on the molecule alone: so do the bits of its square. */
#include "backend.h"

static void add_row(const struct q2_backend *backend, const struct q2_batch *batch, const struct q2_wave *wave) {
  q2_differentiate_probe(backend, batch, wave);
  backend->run(Q2_KERNEL_JACOBIAN_ROW, batch, wave);
}

/* The rows of all wavenumbers: one block. */
static void add_modes(const struct q2_backend *backend, const struct q2_batch *batch, struct q2_wave *wave) {
  wave->probe = Q2_PROBE_MODE;
  backend->run(Q2_KERNEL_CLEAR_JACOBIAN, batch, wave);
  for (wave->probed = 0; wave->probed < batch->order; wave->probed++)
    add_row(backend, batch, wave);
  backend->run(Q2_KERNEL_JACOBIAN_MODES, batch, wave);
  backend->multiply(Q2_PRODUCT_NORMAL, batch, wave);
}

/* The rows of everything else but energies, which concern two molecules. */
static void add_probes(const struct q2_backend *backend, const struct q2_batch *batch, struct q2_wave *wave) {
  wave->probe = Q2_PROBE_RESIDUAL;
  for (int64_t first = 0; first < batch->max_probed; first += batch->jacobian_rows) {
    backend->run(Q2_KERNEL_CLEAR_JACOBIAN, batch, wave);
    for (wave->probed = first; wave->probed < batch->max_probed && wave->probed < first + batch->jacobian_rows; wave->probed++)
      add_row(backend, batch, wave);
    wave->probed = first;
    backend->multiply(Q2_PRODUCT_NORMAL, batch, wave);
  }
}

void q2_evaluate_normal(const struct q2_backend *backend, const struct q2_batch *batch, struct q2_wave *wave) {
  backend->run(Q2_KERNEL_CLEAR_NORMAL, batch, wave);
  if (batch->has_modes) add_modes(backend, batch, wave);
  add_probes(backend, batch, wave);
  wave->probe = Q2_PROBE_LOSS;
}
