/* Eigenpairs of symmetric matrices in float64 from approximate ones, by matrix products. */
#ifndef Q2_REFINE_H
#define Q2_REFINE_H

#include "backend.h"

/* For every slot of the wave: eigenvalues, ascending, and in `vectors` the eigenvectors of the matrix A that is there, all of
 * it, from approximate eigenvectors in `left`, one a column, for instance of float32. Both matrices, and all that is used, are
 * laid out as kernels/stage_refine.h says. A slot whose `failed` is set gets zeros. Changes left, right, hessian, info, and
 * what has an element a vibration.
 *
 * Q2_REFINE_VALUES: x'Ax / x'x for each normalised column. The error of an eigenvalue is that of its vector, squared, times the
 * distance to the others: little but inside clusters.
 *
 * Q2_REFINE_ALL: two to four steps, until corrections are small, of T. Ogita and K. Aishima, Japan J. Indust. Appl. Math. 2018,
 * 35, 1007 (algorithm 1). With R = 1 - X'X, S = X'AX and lambda_i = S_ii / (1 - R_ii), X becomes X + X E, E_ij = (S_ij +
 * lambda_j R_ij) / (lambda_j - lambda_i),  or R_ij / 2 where |lambda_i - lambda_j| <= delta, delta = 2 (|S - D| + |A| |R|) in
 * Frobenius norms and at least 2^-26 sqrt(n) |A|, which squares the error of what is not clustered. Eigenvalues closer than
 * delta form clusters, whose spaces get right this way and whose vectors do not; as in part II (Japan J. Indust. Appl. Math.
 * 2019, 36, 435) each cluster's own small eigenproblem is solved then, in float64, and its vectors turned. The next step finds
 * them apart. Eigenvectors are orthonormal, and eigenvalues right, to a few times n 2^-53 |A|. A matrix that needs no further
 * step takes no part in it. */
void q2_refine(const struct q2_backend *base, const struct q2_batch *batch, const struct q2_wave *wave,
               enum q2_refinement refinement);

#endif
