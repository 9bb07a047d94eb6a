/* The table of eigen-solvers that `q2hpc tune` writes and -solvers reads: text, one rule a line,
 *
 *     ORDER BATCH SOLVER     from this order and this number of matrices on: batched, jacobi or one_by_one
 *
 * what follows on the line is for people; lines that begin with # are comments. The last rule that holds decides. */
#ifndef Q2_SOLVER_TABLE_H
#define Q2_SOLVER_TABLE_H

#include "../io/error.h"
#include "../kernels/cuda_module.h"

/* The solvers' names, by enum q2_cuda_solver, ending with NULL. */
extern const char *const q2_solver_names[];

struct q2_solver_table {
  int count;
  struct q2_cuda_rule *rule; /* [count] */
};

/* Reads `path`; a message names file and line. Local. Release with q2_solver_table_free (also after a failure). */
int q2_solver_table_read(const char *path, struct q2_solver_table *table, struct q2_error *error);
void q2_solver_table_free(struct q2_solver_table *table);

#endif
