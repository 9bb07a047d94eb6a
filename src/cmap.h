/* CMAP grids as the kernels take them (q2_form_cmap in kernels/forms.h). */
#ifndef Q2_CMAP_H
#define Q2_CMAP_H

#include "../kernels/portable.h"

/* Numbers that one grid of n x n points takes: n, then four for each point. */
#define Q2_CMAP_REALS(n) (1 + 4 * (int64_t)(n) * (n))

/* Fills table [Q2_CMAP_REALS(n)] with the periodic bicubic spline through grid [n][n] (row: phi, column: psi, both from -pi in
 * steps of 2 pi / n), n >= 3. The spline has continuous second derivatives everywhere, also across +-pi, which fixes it. */
void q2_cmap_spline(int n, const double *grid, q2_real *table);

#endif
