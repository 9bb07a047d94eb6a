/* Two geometries of one molecule: in one frame, or one turned into the other's. */
#include "gather_frame.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../rigid.h"

static void centre(int atoms, const double *x, double *mean) {
  memset(mean, 0, 3 * sizeof *mean);
  for (int i = 0; i < 3 * atoms; i++)
    mean[i % 3] += x[i] / atoms;
}

/* The matrix whose eigenvector of the largest eigenvalue is the quaternion of the rotation: Horn's N, packed. */
static void horn_matrix(int atoms, const double *reference, const double *x, double *packed) {
  double to[3], from[3], s[3][3] = {{0}};
  centre(atoms, reference, to);
  centre(atoms, x, from);
  for (int i = 0; i < atoms; i++)
    for (int a = 0; a < 3; a++)
      for (int b = 0; b < 3; b++)
        s[a][b] += (x[3 * i + a] - from[a]) * (reference[3 * i + b] - to[b]);
  const double n[10] = {s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[0][0] - s[1][1] - s[2][2],
                        s[2][0] - s[0][2],           s[0][1] + s[1][0], -s[0][0] + s[1][1] - s[2][2],
                        s[0][1] - s[1][0],           s[2][0] + s[0][2], s[1][2] + s[2][1],
                        -s[0][0] - s[1][1] + s[2][2]};
  memcpy(packed, n, sizeof n);
}

static void rotation_of(const double *q, double rotation[3][3]) {
  const double w = q[0], x = q[1], y = q[2], z = q[3];
  const double r[3][3] = {{w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)},
                          {2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)},
                          {2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z}};
  memcpy(rotation, r, sizeof r);
}

/* What is left between reference and rotation x + shift. */
static void measure(int atoms, const double *reference, const double *x, const double *shift, struct q2_frame_change *change) {
  change->deviation = 0.0;
  change->worst = 0;
  for (int i = 0; i < atoms; i++)
    for (int a = 0; a < 3; a++) {
      double turned = shift[a];
      for (int b = 0; b < 3; b++)
        turned += change->rotation[a][b] * x[3 * i + b];
      const double left = fabs(reference[3 * i + a] - turned);
      if (left <= change->deviation) continue;
      change->deviation = left;
      change->worst = i;
    }
}

int q2_frame_compare(int atoms, const double *reference, const double *x, struct q2_frame_change *change) {
  const double none[3] = {0.0, 0.0, 0.0};
  memset(change, 0, sizeof *change);
  for (int a = 0; a < 3; a++)
    change->rotation[a][a] = 1.0;
  measure(atoms, reference, x, none, change);
  change->same = change->deviation <= Q2_SAME_GEOMETRY;
  if (change->same) return 0;
  double packed[10], eigenvalue[4], vector[16], to[3], from[3];
  horn_matrix(atoms, reference, x, packed);
  if (q2_packed_modes(4, packed, eigenvalue, vector) != 4) return -1;
  rotation_of(vector + 12, change->rotation);
  centre(atoms, reference, to);
  centre(atoms, x, from);
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 3; b++)
      to[a] -= change->rotation[a][b] * from[b];
  measure(atoms, reference, x, to, change);
  return 0;
}

void q2_frame_turn_vectors(const struct q2_frame_change *change, int atoms, double *vector) {
  for (int i = 0; i < atoms; i++) {
    double *v = vector + (int64_t)3 * i;
    const double old[3] = {v[0], v[1], v[2]};
    for (int a = 0; a < 3; a++)
      v[a] = change->rotation[a][0] * old[0] + change->rotation[a][1] * old[1] + change->rotation[a][2] * old[2];
  }
}

/* Where element (row, column), row >= column, of a packed matrix stands. */
static int64_t packed_place(int64_t row, int64_t column) { return row * (row + 1) / 2 + column; }

/* Each block of two atoms becomes R block R'. */
void q2_frame_turn_hessian(const struct q2_frame_change *change, int atoms, double *packed) {
  const double(*r)[3] = change->rotation;
  for (int64_t i = 0; i < atoms; i++) {
    for (int64_t j = 0; j <= i; j++) {
      double block[3][3], half[3][3];
      for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
          const int64_t row = 3 * i + a, column = 3 * j + b;
          block[a][b] = packed[row >= column ? packed_place(row, column) : packed_place(column, row)];
        }
      for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
          half[a][b] = r[a][0] * block[0][b] + r[a][1] * block[1][b] + r[a][2] * block[2][b];
      for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
          if (3 * i + a >= 3 * j + b)
            packed[packed_place(3 * i + a, 3 * j + b)] = half[a][0] * r[b][0] + half[a][1] * r[b][1] + half[a][2] * r[b][2];
    }
  }
}
