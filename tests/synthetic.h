/* A small data set made in memory, with one molecule for every awkward case, for tests that need no file. */
#ifndef Q2_SYNTHETIC_H
#define Q2_SYNTHETIC_H

#include <mpi.h>

#include "../io/dataset.h"

/* Molecules: water, H2 (diatomic), CO2 (linear, straight angle), methane (degenerate modes), ammonia, ethane (torsions),
 * propyne-like (torsions through a straight angle), formaldehyde (planar, improper), a bent chain with an angle of 178 degrees,
 * a helium atom, glycolaldehyde-like (8 atoms), and copies of the larger ones slightly distorted. Every form and kind of
 * parameter of docs/forces.md occurs; reference Hessians are those of a network of springs. */
enum { Q2_SYNTHETIC_MOLECULES = 24, Q2_SYNTHETIC_PARAMETERS = 93 };

/* Fills `dataset` as q2_dataset_read would: this rank's contiguous share of `count` molecules (which repeat, distorted, beyond
 * Q2_SYNTHETIC_MOLECULES). lorentz_berthelot chooses the combining rule. Aborts when memory runs out. */
void q2_synthetic(MPI_Comm comm, int64_t count, int lorentz_berthelot, struct q2_dataset *dataset);

#endif
