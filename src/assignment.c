/* The assignment problem by shortest augmenting paths. */
#include "assignment.h"

#include <float.h>
#include <stdint.h>
#include <stdlib.h>

#include "../io/memory.h"

/* Columns count from 1; column 0 stands for "no column yet" of the row that is being added. */
struct paths {
  int n;
  const double *cost;
  double *row_potential, *column_potential, *shortest; /* [n + 1] */
  int *row_of, *before, *reached;                      /* [n + 1] row of each column; column before it on the path */
};

/* Adds row `row` (from 1): Dijkstra's search over columns by reduced cost until a free one is found, then the pairs along the
 * path are exchanged. */
static void add_row(struct paths *p, int row) {
  int at = 0;
  p->row_of[0] = row;
  for (int j = 0; j <= p->n; j++) {
    p->shortest[j] = DBL_MAX;
    p->reached[j] = 0;
  }
  do {
    const int i = p->row_of[at];
    double least = DBL_MAX;
    int next = 0;
    p->reached[at] = 1;
    for (int j = 1; j <= p->n; j++) {
      if (p->reached[j]) continue;
      const double reduced = p->cost[(int64_t)(i - 1) * p->n + j - 1] - p->row_potential[i] - p->column_potential[j];
      if (reduced < p->shortest[j]) {
        p->shortest[j] = reduced;
        p->before[j] = at;
      }
      if (p->shortest[j] < least) {
        least = p->shortest[j];
        next = j;
      }
    }
    for (int j = 0; j <= p->n; j++) {
      if (p->reached[j]) {
        p->row_potential[p->row_of[j]] += least;
        p->column_potential[j] -= least;
      } else {
        p->shortest[j] -= least;
      }
    }
    at = next;
  } while (p->row_of[at] != 0);
  while (at != 0) {
    const int before = p->before[at];
    p->row_of[at] = p->row_of[before];
    at = before;
  }
}

int q2_assign(int n, const double *cost, int *column) {
  double *reals = q2_allocate(3 * ((int64_t)n + 1), sizeof *reals);
  int *integers = q2_allocate(3 * ((int64_t)n + 1), sizeof *integers);
  const int ok = reals && integers;
  if (ok) {
    const int m = n + 1;
    struct paths paths = {n, cost, reals, reals + m, reals + 2 * m, integers, integers + m, integers + 2 * m};
    for (int row = 1; row <= n; row++)
      add_row(&paths, row);
    for (int j = 1; j <= n; j++)
      column[paths.row_of[j] - 1] = j - 1;
  }
  free(reals);
  free(integers);
  return ok ? 0 : -1;
}
