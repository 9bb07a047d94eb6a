/* A transition state made a minimum. */
#include "transition_state.h"

#include <stdlib.h>

#include "../io/memory.h"
#include "rigid.h"

int q2_invert_transition_state(int atoms, const double *mass, const double *position, const double *packed, double *inverted) {
  const int n = 3 * atoms;
  double *eigenvalue = q2_allocate((int64_t)n * (n + 1), sizeof *eigenvalue);
  if (!eigenvalue) return -1;
  double *vector = eigenvalue + n;
  const int modes = q2_qm_eigenvalues(atoms, mass, position, packed, 1, eigenvalue);
  int negative = modes < 0 ? -1 : 0;
  while (negative >= 0 && negative < modes && eigenvalue[negative] < 0)
    negative++;
  if (negative == 1) {
    if (q2_packed_modes(n, packed, eigenvalue, vector) == n) {
      const double change = Q2_INVERTED_EIGENVALUE - eigenvalue[0];
      for (int row = 0; row < n; row++) {
        for (int column = 0; column <= row; column++)
          *inverted++ = *packed++ + change * vector[row] * vector[column];
      }
    } else {
      negative = -1;
    }
  }
  free(eigenvalue);
  return negative;
}
