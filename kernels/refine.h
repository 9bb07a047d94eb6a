/* Eigenpairs of a symmetric matrix in float64 from approximate ones, by matrix products. */
#ifndef Q2_REFINE_H
#define Q2_REFINE_H

#include <stdint.h>

#include "precision.h"

/* Numbers of work space that q2_refine takes. */
int64_t q2_refine_work(int order);

/* matrix: [ld x order], all of it is read, column-major; vectors: [ld x order] approximate eigenvectors, one a column, for
 * instance of float32; values: [order]. Both are replaced, ascending.
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
 * them apart. Eigenvectors are orthonormal, and eigenvalues right, to a few times n 2^-53 |A|. */
void q2_refine(enum q2_refinement refinement, int order, const double *matrix, int ld, double *vectors, double *values,
               double *work);

#endif
