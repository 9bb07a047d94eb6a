/* Measuring the rates of LAPACK and BLAS that perfmodels/ predicts with. */
#ifndef Q2_PROBE_H
#define Q2_PROBE_H

#include <mpi.h>

#include "../perfmodels/cost.h"

/* Times dsyevd and dgemm at a few orders on rank 0 (about 0.2 s; the best of several runs, one thread) and gives every rank the
 * result; the other rates are the defaults, scaled by how fast this core runs a plain loop. Collective. Where memory runs out
 * the defaults remain. */
void q2_probe_rates(MPI_Comm comm, struct q2_cost_rates *rates);

#endif
