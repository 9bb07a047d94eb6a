/* What surrounds a batched eigen-solver, which must meet finite numbers only and whose results are checked. */
#ifndef Q2_STAGE_EIGEN_H
#define Q2_STAGE_EIGEN_H

#include "stage_hessian.h"

/* A solver that stopped early leaves elements off the diagonal, whose squares are missing in the sum of squared eigenvalues. */
#define Q2_TRACE_TOLERANCE 1e-11

/* 4. Whether the matrix is finite, by the columns' sums of magnitudes that the padding left in `shift`. */
Q2_DEVICE void q2_check_finite(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  (void)major;
  (void)minor;
  q2_real sum = 0;
  for (int k = 0; k < batch->order; k++)
    sum += 0 * wave->shift[slot * batch->order + k];
  wave->failed[slot] = sum == 0 ? Q2_DECOMPOSED : Q2_NOT_FINITE;
}

/* 4. Column minor's share of the sum of all squares, into mode_work: of the lower triangle, which is all that solvers read,
 * since a matrix that was projected in float32 is not symmetric to float64's last digits. */
Q2_DEVICE void q2_column_square(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  (void)major;
  const q2_real *column = wave->vectors + slot * batch->ld_order * batch->order + minor * batch->ld_order;
  q2_real sum = 0;
  for (int64_t row = minor + 1; row < batch->order; row++)
    sum += 2 * column[row] * column[row];
  wave->mode_work[slot * batch->order + minor] = sum + column[minor] * column[minor];
}

Q2_DEVICE void q2_trace_square(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  (void)major;
  (void)minor;
  q2_real sum = 0;
  for (int k = 0; k < batch->order; k++)
    sum += wave->mode_work[slot * batch->order + k];
  wave->trace_square[slot] = sum;
}

/* 4. The unit matrix in the place of one that is not finite, before; zeros in the place of what failed, after. */
Q2_DEVICE void q2_replace_not_finite(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                     int64_t minor) {
  if (wave->failed[slot])
    wave->vectors[slot * batch->ld_order * batch->order + major * batch->ld_order + minor] = major == minor ? 1 : 0;
}

Q2_DEVICE void q2_check_converged(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                  int64_t minor) {
  (void)major;
  (void)minor;
  q2_real sum = 0;
  if (wave->failed[slot]) return;
  for (int k = 0; k < batch->order; k++)
    sum += wave->eigenvalue[slot * batch->order + k] * wave->eigenvalue[slot * batch->order + k];
  const q2_real whole = wave->trace_square[slot];
  const q2_real tolerance = sizeof(q2_real) == sizeof(double) ? (q2_real)Q2_TRACE_TOLERANCE : (q2_real)1e-4;
  if (wave->info[slot] != 0 || !(fabs(sum - whole) <= tolerance * whole)) wave->failed[slot] = Q2_NOT_CONVERGED;
}

Q2_DEVICE void q2_clear_failed(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  if (!wave->failed[slot]) return;
  wave->vectors[slot * batch->ld_order * batch->order + major * batch->ld_order + minor] = 0;
  if (minor == 0) wave->eigenvalue[slot * batch->order + major] = 0;
}

#endif
