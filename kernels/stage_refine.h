/* Eigenpairs in float64 from approximate ones, by matrix products: the loop bodies between the products. kernels/refine.h has
 * the method, kernels/refine.c the order of the steps.
 *
 * All matrices are of ld_order rows, order x ld_order a slot: A in `vectors`, the approximate eigenvectors X in `left`; A X,
 * then X'X, then the correction E in `right`; S = X'A X, then X E in `hessian`. By column of X, `mode_work` has the eigenvalue
 * and `cotangent` and `frequency_slope` a sum or a maximum; by place in ascending order `shift` has the column and `frequency`,
 * where a cluster begins, the place after its end. A slot's `trace_square` is delta, its `loss` the largest |eigenvalue|, and
 * its `info` is 1 where nothing is left to do. What all these arrays are for otherwise begins later. */
#ifndef Q2_STAGE_REFINE_H
#define Q2_STAGE_REFINE_H

#include "stage_hessian.h"

/* A correction below this leaves an error of its square, that of rounding. */
#define Q2_SMALL_CORRECTION 0x1p-27

enum { Q2_CLUSTER_SWEEPS = 30 };

Q2_DEVICE q2_real *q2_refined_column(const struct q2_batch *batch, q2_real *array, int64_t slot, int64_t column) {
  return array + (slot * batch->order + column) * batch->ld_order;
}

/* a'b, in four sums for the sake of CPUs. */
Q2_DEVICE q2_real q2_refine_dot(const q2_real *a, const q2_real *b, int count) {
  q2_real sum[4] = {0, 0, 0, 0};
  int k = 0;
  for (; k + 4 <= count; k += 4) {
    for (int part = 0; part < 4; part++)
      sum[part] += a[k + part] * b[k + part];
  }
  for (; k < count; k++)
    sum[0] += a[k] * b[k];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* 4. A matrix that the approximate solver failed at stays as that left it. */
Q2_DEVICE void q2_refine_begin(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  (void)batch;
  (void)major;
  (void)minor;
  wave->info[slot] = wave->failed[slot] != Q2_DECOMPOSED;
}

/* 4. Rayleigh quotient x'Ax / x'x of column minor, which is normalised. */
Q2_DEVICE void q2_refine_quotient(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                  int64_t minor) {
  (void)major;
  if (wave->info[slot]) return;
  const int order = q2_order(batch, wave, wave->first + slot);
  q2_real *x = q2_refined_column(batch, wave->left, slot, minor);
  const q2_real square = q2_refine_dot(x, x, order), norm = 1 / sqrt(square);
  wave->mode_work[slot * batch->order + minor] =
      q2_refine_dot(x, q2_refined_column(batch, wave->right, slot, minor), order) / square;
  for (int row = 0; row < order; row++)
    x[row] *= norm;
}

/* 4. The place of column minor. */
Q2_DEVICE void q2_refine_place(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  (void)major;
  if (wave->failed[slot]) return;
  const int order = q2_order(batch, wave, wave->first + slot);
  const q2_real *value = wave->mode_work + slot * batch->order;
  int place = 0;
  for (int k = 0; k < order; k++)
    place += value[k] < value[minor] || (value[k] == value[minor] && k < minor);
  wave->shift[slot * batch->order + place] = (q2_real)minor;
}

/* 4. Eigenvalue, and row minor of the eigenvector, at place major. */
Q2_DEVICE void q2_refine_arrange(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                 int64_t minor) {
  const int64_t value = slot * batch->order;
  const int64_t column = wave->failed[slot] ? major : (int64_t)wave->shift[value + major];
  q2_refined_column(batch, wave->vectors, slot, major)[minor] =
      wave->failed[slot] ? 0 : q2_refined_column(batch, wave->left, slot, column)[minor];
  if (minor == 0) wave->eigenvalue[value + major] = wave->failed[slot] ? 0 : wave->mode_work[value + column];
}

/* 4. Eigenvalue S_kk / (X'X)_kk of column k = minor, and the squares of S - D and of R = 1 - X'X in it. */
Q2_DEVICE void q2_refine_column(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                int64_t minor) {
  (void)major;
  if (wave->info[slot]) return;
  const int order = q2_order(batch, wave, wave->first + slot);
  const q2_real *s = q2_refined_column(batch, wave->hessian, slot, minor),
                *x = q2_refined_column(batch, wave->right, slot, minor);
  const q2_real own = 1 - x[minor];
  wave->mode_work[slot * batch->order + minor] = s[minor] / x[minor];
  wave->cotangent[slot * batch->order + minor] =
      q2_refine_dot(s, s, (int)minor) + q2_refine_dot(s + minor + 1, s + minor + 1, order - (int)minor - 1);
  wave->frequency_slope[slot * batch->order + minor] =
      q2_refine_dot(x, x, (int)minor) + q2_refine_dot(x + minor + 1, x + minor + 1, order - (int)minor - 1) + own * own;
}

/* 4. delta, and where clusters end. delta is no smaller than what makes rounding in S, about sqrt(n) 2^-53 |A|, a correction of
 * 2^-27: a larger one, being no exact rotation, would cost orthogonality. */
Q2_DEVICE void q2_refine_clusters(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                  int64_t minor) {
  (void)major;
  (void)minor;
  if (wave->info[slot]) return;
  const int order = q2_order(batch, wave, wave->first + slot);
  const q2_real *value = wave->mode_work + slot * batch->order, *column = wave->shift + slot * batch->order;
  q2_real largest = 0, s = 0, r = 0;
  for (int k = 0; k < order; k++) {
    largest = fmax(largest, fabs(value[k]));
    s += wave->cotangent[slot * batch->order + k];
    r += wave->frequency_slope[slot * batch->order + k];
  }
  const q2_real least = (q2_real)0x1p-26 * sqrt((q2_real)order) * largest,
                delta = fmax(2 * (sqrt(s) + largest * sqrt(r)), least);
  wave->trace_square[slot] = delta;
  wave->loss[slot] = largest;
  for (int begin = 0, end; begin < order; begin = end) {
    for (end = begin + 1; end < order && value[(int)column[end]] - value[(int)column[end - 1]] <= delta; end++)
      ;
    wave->frequency[slot * batch->order + begin] = (q2_real)end;
  }
}

/* Turns numbers a and b, or columns or rows of them, by the rotation (c, s). */
Q2_DEVICE void q2_refine_turn(q2_real *a, q2_real *b, int64_t stride, int count, q2_real c, q2_real s) {
  for (int64_t k = 0; k < count; k++) {
    const q2_real x = a[k * stride], y = b[k * stride];
    a[k * stride] = c * x - s * y;
    b[k * stride] = s * x + c * y;
  }
}

/* The matrices of a slot while its clusters are solved. */
struct q2_cluster {
  q2_real *s, *square, *x; /* S, X'X, X */
  int64_t ld;
  int order;
  q2_real small; /* what counts as zero in S */
};

/* One of Jacobi's rotations of columns i and j. S v = mu X'X v with mu = lambda + nu, both nu and R = 1 - X'X small, is
 * (S - lambda X'X) v = nu v but for nu R: `lambda` is an eigenvalue of the cluster. Returns whether there was anything to turn.
 */
Q2_DEVICE int q2_refine_rotate(const struct q2_cluster *f, int64_t i, int64_t j, q2_real lambda) {
  const int64_t ij = j * f->ld + i, ji = i * f->ld + j, ii = i * (f->ld + 1), jj = j * (f->ld + 1);
  const q2_real both = (f->s[ij] + f->s[ji] - lambda * (f->square[ij] + f->square[ji])) / 2;
  if (!(fabs(both) > f->small)) return 0;
  const q2_real tau = (f->s[jj] - f->s[ii] - lambda * (f->square[jj] - f->square[ii])) / (2 * both),
                t = (tau < 0 ? -1 : 1) / (fabs(tau) + sqrt(1 + tau * tau)), c = 1 / sqrt(1 + t * t), s = t * c;
  q2_real *const matrix[] = {f->s, f->square};
  for (int k = 0; k < 2; k++) {
    q2_refine_turn(matrix[k] + i * f->ld, matrix[k] + j * f->ld, 1, f->order, c, s);
    q2_refine_turn(matrix[k] + i, matrix[k] + j, f->ld, f->order, c, s);
  }
  q2_refine_turn(f->x + i * f->ld, f->x + j * f->ld, 1, f->order, c, s);
  return 1;
}

/* 4. Turns the columns of each cluster into the eigenvectors of its own eigenproblem, by Jacobi's method; S and X'X with them.
 * One element a slot: clusters share rows of these two. */
Q2_DEVICE void q2_refine_solve(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  (void)major;
  (void)minor;
  if (wave->info[slot]) return;
  const struct q2_cluster f = {q2_refined_column(batch, wave->hessian, slot, 0), q2_refined_column(batch, wave->right, slot, 0),
                               q2_refined_column(batch, wave->left, slot, 0),    batch->ld_order,
                               q2_order(batch, wave, wave->first + slot),        (q2_real)0x1p-53 * wave->loss[slot]};
  const q2_real *column = wave->shift + slot * batch->order;
  for (int begin = 0, end; begin < f.order; begin = end) {
    end = (int)wave->frequency[slot * batch->order + begin];
    const int64_t first = (int64_t)column[begin] * (f.ld + 1);
    const q2_real lambda = f.s[first] / f.square[first];
    int turned = end - begin > 1;
    for (int sweep = 0; sweep < Q2_CLUSTER_SWEEPS && turned; sweep++) {
      turned = 0;
      for (int a = begin + 1; a < end; a++) {
        for (int b = begin; b < a; b++)
          turned |= q2_refine_rotate(&f, (int64_t)column[b], (int64_t)column[a], lambda);
      }
    }
  }
}

/* 4. E in the place of X'X: element row i = minor of column j = major, and the one across. E_ij + E_ji is R_ij also where
 * rounding in S, divided by a gap, is much more. */
Q2_DEVICE void q2_refine_correction(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                    int64_t minor) {
  if (wave->info[slot]) return;
  const q2_real *value = wave->mode_work + slot * batch->order;
  q2_real *e = q2_refined_column(batch, wave->right, slot, 0);
  const q2_real *s = q2_refined_column(batch, wave->hessian, slot, 0);
  const int64_t ij = major * batch->ld_order + minor, ji = minor * batch->ld_order + major;
  if (major == minor) {
    e[ij] = (1 - e[ij]) / 2;
    return;
  }
  const q2_real r = -(e[ij] + e[ji]) / 2, gap = value[major] - value[minor];
  e[ij] = fabs(gap) > wave->trace_square[slot] ? ((s[ij] + s[ji]) / 2 + value[major] * r) / gap : r / 2;
  e[ji] = r - e[ij];
}

/* 4. X += X E. */
Q2_DEVICE void q2_refine_add(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                             int64_t minor) {
  if (wave->info[slot]) return;
  q2_refined_column(batch, wave->left, slot, major)[minor] += q2_refined_column(batch, wave->hessian, slot, major)[minor];
}

/* 4. The largest element of E in column minor; then whether the slot is done. */
Q2_DEVICE void q2_refine_largest(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                                 int64_t minor) {
  (void)major;
  const q2_real *e = q2_refined_column(batch, wave->right, slot, minor);
  q2_real largest = 0;
  for (int row = 0; row < q2_order(batch, wave, wave->first + slot); row++)
    largest = fmax(largest, fabs(e[row]));
  wave->cotangent[slot * batch->order + minor] = largest;
}

Q2_DEVICE void q2_refine_judge(const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot, int64_t major,
                               int64_t minor) {
  (void)major;
  (void)minor;
  q2_real largest = 0;
  for (int k = 0; k < q2_order(batch, wave, wave->first + slot); k++)
    largest = fmax(largest, wave->cotangent[slot * batch->order + k]);
  if (largest < (q2_real)Q2_SMALL_CORRECTION) wave->info[slot] = 1;
}

#endif
