/* J'J of energies that are compared: their residuals concern two molecules, which may be of two ranks. */
#include <math.h>
#include <string.h>

#include "integer_sums.h"
#include "objective_state.h"

/* One row's outer product, element by element: dr/dp = -w (dE/dp of the molecule - dE/dp of the other one). Returns 0 where a
 * number does not fit the accumulator. */
static int add_energy_row(struct q2_objective *objective, const struct q2_energy_row *row) {
  const struct q2_energies *energies = &objective->energies;
  const int *variable_of = objective->options.normal_variable_of, count = objective->parameter_count;
  const double *one = objective->energy_slope + row->molecule * count, *other = objective->energy_slope + row->against * count;
  if (!isfinite(energies->energy[row->molecule] - energies->energy[row->against])) return 1;
  for (int b = 0; b < count; b++) {
    const double slope_b = -row->weight * (one[b] - other[b]);
    const int64_t vb = variable_of[b];
    if (vb < 0 || slope_b == 0) continue;
    for (int a = b; a < count; a++) {
      const double x = slope_b * -row->weight * (one[a] - other[a]);
      const int64_t va = variable_of[a];
      if (va < 0 || x == 0) continue;
      if (!q2_accumulable(x)) return 0;
      q2_accumulate(objective->energy_limbs + (va >= vb ? Q2_TRIANGLE(va, vb) : Q2_TRIANGLE(vb, va)) * Q2_LIMBS,
                    va == vb && a != b ? 2 * x : x);
    }
  }
  return 1;
}

int q2_add_energies(struct q2_objective *objective, int *good, struct q2_error *error) {
  const int64_t variables = objective->options.normal_count, limbs = variables * (variables + 1) / 2 * Q2_LIMBS;
  int rank, ranks;
  *good = 1;
  if (!objective->energy_limbs || objective->energies.row_count == 0) return Q2_OK;
  MPI_Comm_rank(objective->comm, &rank);
  MPI_Comm_size(objective->comm, &ranks);
  memset(objective->energy_limbs, 0, (size_t)limbs * sizeof *objective->energy_limbs);
  for (int64_t r = rank; r < objective->energies.row_count; r += ranks)
    *good = add_energy_row(objective, &objective->energies.row[r]) && *good;
  MPI_Allreduce(MPI_IN_PLACE, good, 1, MPI_INT, MPI_MIN, objective->comm);
  return q2_integers_everywhere(objective->comm, objective->energy_limbs, limbs, Q2_REDUCE_AT_ONCE, error);
}
