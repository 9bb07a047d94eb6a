/* The assignment problem: pairing rows with columns one to one at the least total cost. */
#ifndef Q2_ASSIGNMENT_H
#define Q2_ASSIGNMENT_H

/* Fills column [n]: the column of each row, so that the sum of cost[n][n] (row by row) over the pairs is least. H. W. Kuhn,
 * Naval Research Logistics Quarterly 1955, 2, 83, by shortest augmenting paths with potentials (R. Jonker, A. Volgenant,
 * Computing 1987, 38, 325); O(n^3). Costs must be finite. Returns 0, or -1 when memory runs out. Local. */
int q2_assign(int n, const double *cost, int *column);

#endif
