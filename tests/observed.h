/* Synthetic data sets with more than wavenumbers: other observables, and other non-bonded interactions. */
#ifndef Q2_OBSERVED_H
#define Q2_OBSERVED_H

#include "problem.h"

enum { Q2_OBSERVED_EXTRA = 6 }; /* rows that observe_charges appends to the parameter table */

/* Replaces the data set's observables by one table for each bit 1 << observable of `kinds` (kernels/observables.h), all of its
 * kind for every molecule; weights such that every kind adds about as much to the loss. Energies refer to molecule 0, all
 * molecules being of one group. Collective. */
void observe(MPI_Comm comm, struct q2_dataset *dataset, int kinds);

/* Changes Lennard-Jones to MM3's exp-6 with rows of their own for pairs of H and C (exp-6) and H and O (hydrogen bond), and
 * adds charge increments along all bonds. */
void observe_charges(struct q2_dataset *dataset);

/* Moves hydrogens a part of the way towards the atom that they are bonded to, some towards one two bonds away, and has all
 * terms of some forms see it that have room; and adds a soft cut. */
void observe_sites(struct q2_dataset *dataset);

/* As open_problem, with the data set changed as above; charges: whether observe_charges and observe_sites are called. */
void open_observed(struct problem *problem, MPI_Comm comm, int64_t molecules, int kinds, int charges,
                   struct q2_plan_options plan, struct q2_objective_options options);

#endif
