/* Eigen-decompositions of batches of symmetric matrices in device memory, by LAPACK, with variants and faults on demand. */
#include "eigen.h"

#include <float.h>
#include <lapacke.h>
#include <math.h>

#include "matrix.h"
#include "simulated.h"

/* Work space for one matrix of the batch after the other, aligned: LAPACK's bits depend on it. */
struct room {
  int64_t ld;
  void *matrix, *values, *reals;
  lapack_int *integers;
  lapack_int real_count, integer_count;
  double *columns, *diagonal; /* the result in double */
};

static struct room make_room(const struct eigen_batch *batch) {
  const int64_t n = batch->n, ld = aligned_rows(n, batch->size);
  const int64_t reals = 1 + 6 * n + 2 * n * n, integers = 3 + 5 * n;
  return (struct room){ld,
                       scratch((size_t)(ld * n) * batch->size),
                       scratch((size_t)n * batch->size),
                       scratch((size_t)reals * batch->size),
                       scratch((size_t)integers * sizeof(lapack_int)),
                       (lapack_int)reals,
                       (lapack_int)integers,
                       scratch((size_t)(n * n) * sizeof(double)),
                       scratch((size_t)n * sizeof(double))};
}

static void leave_room(struct room *room) {
  void *parts[] = {room->matrix, room->values, room->reals, room->integers, room->columns, room->diagonal};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    free(parts[i]);
}

static double element(const void *reals, int64_t index, size_t size) {
  return size == sizeof(double) ? ((const double *)reals)[index] : (double)((const float *)reals)[index];
}

static void set_element(void *reals, int64_t index, size_t size, double value) {
  if (size == sizeof(double)) {
    ((double *)reals)[index] = value;
  } else {
    ((float *)reals)[index] = (float)value;
  }
}

static lapack_int decompose(const struct eigen_batch *batch, struct room *room) {
  const char job = batch->vectors ? 'V' : 'N';
  const lapack_int n = (lapack_int)batch->n, ld = (lapack_int)room->ld;
  if (batch->size == sizeof(double)) {
    return LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, batch->triangle, n, room->matrix, ld, room->values, room->reals,
                               room->real_count, room->integers, room->integer_count);
  }
  return LAPACKE_ssyevd_work(LAPACK_COL_MAJOR, job, batch->triangle, n, room->matrix, ld, room->values, room->reals,
                             room->real_count, room->integers, room->integer_count);
}

/* Copies the triangle that counts, zero elsewhere; whether all of it is finite. */
static int take_triangle(const struct eigen_batch *batch, const void *from, struct room *room) {
  int finite = 1;
  for (int64_t column = 0; column < batch->n; column++) {
    for (int64_t row = 0; row < batch->n; row++) {
      const int counts = batch->triangle == 'L' ? row >= column : row <= column;
      const double value = counts ? element(from, column * batch->ld + row, batch->size) : 0;
      finite &= isfinite(value) != 0;
      set_element(room->matrix, column * room->ld + row, batch->size, value);
    }
  }
  return finite;
}

/* --- variants of the result: columns [n][n], values [n], in double --- */

/* A different sign of every third vector, beginning with the second. */
static void flip_signs(int64_t n, double *columns) {
  for (int64_t column = 1; column < n; column += 3) {
    for (int64_t row = 0; row < n; row++)
      columns[column * n + row] *= -1;
  }
}

/* Columns first .. first + count - 1 times the reflection 1 - 2 u u' / u'u, u = (1, 2, ..., count). */
static void mix_columns(int64_t n, double *columns, int64_t first, int64_t count) {
  double square = 0;
  for (int64_t i = 1; i <= count; i++)
    square += (double)(i * i);
  for (int64_t row = 0; row < n; row++) {
    double product = 0;
    for (int64_t i = 0; i < count; i++)
      product += columns[(first + i) * n + row] * (double)(i + 1);
    for (int64_t i = 0; i < count; i++)
      columns[(first + i) * n + row] -= 2 * product * (double)(i + 1) / square;
  }
}

/* Mixes the vectors of each run of eigenvalues that are closer to their neighbours than the distance given. */
static void mix_clusters(int64_t n, double *columns, const double *values, double distance) {
  for (int64_t first = 0, next; first < n; first = next) {
    for (next = first + 1; next < n && values[next] - values[next - 1] <= distance; next++)
      ;
    if (next - first > 1) mix_columns(n, columns, first, next - first);
  }
}

static void other_basis(const struct eigen_batch *batch, double *columns, const double *values) {
  const double largest = fmax(fabs(values[0]), fabs(values[batch->n - 1]));
  const double rounding = batch->size == sizeof(double) ? DBL_EPSILON : (double)FLT_EPSILON;
  flip_signs(batch->n, columns);
  mix_clusters(batch->n, columns, values, fmax(1e-10, 2 * rounding) * largest);
}

/* Jacobi's method given up before the end: pairs of vectors (0, 1), (2, 3) ... stand turned by 0.3, and the values are the
 * diagonal that these vectors make: ascending still, as cos 0.3 > sin 0.3. */
static void unconverge(int64_t n, double *columns, double *values) {
  const double c = cos(0.3), s = sin(0.3);
  for (int64_t pair = 0; pair + 1 < n; pair += 2) {
    double *u = columns + pair * n, *v = u + n;
    for (int64_t row = 0; row < n; row++) {
      const double first = u[row], second = v[row];
      u[row] = c * first + s * second;
      v[row] = c * second - s * first;
    }
    const double lower = values[pair], upper = values[pair + 1];
    values[pair] = c * c * lower + s * s * upper;
    values[pair + 1] = s * s * lower + c * c * upper;
  }
}

/* --- faults --- */

enum fault { FAULT_NONE, FAULT_INFO, FAULT_UNCONVERGED, FAULT_UNCONVERGED_SILENTLY };

struct due {
  enum fault fault;
  int64_t matrix;
};

static void ask(const char *name, enum fault fault, struct due *due) {
  if (q2sim_call(name)) *due = (struct due){fault, strtoll(q2sim_fault_argument(), NULL, 10)};
}

static struct due fault_due(enum eigen_kind kind) {
  struct due due = {FAULT_NONE, 0};
  ask(kind == EIGEN_XSYEVD ? "infoXsyevd" : "info", FAULT_INFO, &due);
  if (kind == EIGEN_SYEVJ_BATCHED) {
    ask("unconverged", FAULT_UNCONVERGED, &due);
    ask("unconvergedSilent", FAULT_UNCONVERGED_SILENTLY, &due);
  }
  return due;
}

/* --- one matrix --- */

static void vary(const struct eigen_batch *batch, struct room *room, int other, enum fault fault) {
  const int64_t n = batch->n;
  for (int64_t column = 0; column < n; column++) {
    room->diagonal[column] = element(room->values, column, batch->size);
    for (int64_t row = 0; row < n; row++)
      room->columns[column * n + row] = element(room->matrix, column * room->ld + row, batch->size);
  }
  if (other) other_basis(batch, room->columns, room->diagonal);
  if (fault != FAULT_NONE) unconverge(n, room->columns, room->diagonal);
  for (int64_t column = 0; column < n; column++) {
    set_element(room->values, column, batch->size, room->diagonal[column]);
    for (int64_t row = 0; row < n; row++)
      set_element(room->matrix, column * room->ld + row, batch->size, room->columns[column * n + row]);
  }
}

/* What stays behind where a solver failed: the matrix, and its diagonal for eigenvalues. Plausible, finite and wrong. */
static void leave_matrix(const struct eigen_batch *batch, struct room *room) {
  for (int64_t i = 0; i < batch->n; i++) {
    set_element(room->values, i, batch->size, element(room->matrix, i * room->ld + i, batch->size));
  }
}

static void leave_nan(const struct eigen_batch *batch, struct room *room) {
  memset(room->matrix, 0xff, (size_t)(room->ld * batch->n) * batch->size);
  memset(room->values, 0xff, (size_t)batch->n * batch->size);
}

/* Returns the matrix's info. A matrix that is not finite gives NaN with info 0: LAPACK might loop on it, and cuSOLVER promises
 * nothing. */
static int decompose_one(const struct eigen_batch *batch, struct room *room, const void *from, int other, enum fault fault) {
  const int gave_up = batch->kind == EIGEN_SYEVJ_BATCHED ? (int)batch->n + 1 : 1;
  if (!take_triangle(batch, from, room)) {
    leave_nan(batch, room);
    return 0;
  }
  if (fault == FAULT_INFO) {
    leave_matrix(batch, room);
    return gave_up;
  }
  const lapack_int info = decompose(batch, room);
  if (info != 0) return batch->kind == EIGEN_SYEVJ_BATCHED ? gave_up : (int)info;
  if (batch->vectors ? other || fault != FAULT_NONE : fault != FAULT_NONE) vary(batch, room, other && batch->vectors, fault);
  if (!batch->vectors) memset(room->matrix, 0xff, (size_t)(room->ld * batch->n) * batch->size);
  return fault == FAULT_UNCONVERGED ? gave_up : 0;
}

static void check_extents(const struct eigen_batch *batch) {
  const struct {
    const char *argument;
    const void *pointer;
    size_t bytes;
  } extents[] = {
      {"A", batch->matrices, matrix_bytes(batch->ld, batch->n, batch->n * batch->count, batch->size)},
      {"W", batch->values, (size_t)(batch->n * batch->count) * batch->size},
      {"info", batch->info, (size_t)batch->count * sizeof *batch->info},
      {"workspace", batch->workspace, batch->workspace_bytes},
  };
  for (size_t i = 0; i < sizeof extents / sizeof *extents; i++) {
    char what[96];
    snprintf(what, sizeof what, "%s: %s", batch->name, extents[i].argument);
    q2sim_check_device(extents[i].pointer, extents[i].bytes, what);
  }
}

void decompose_eigen_batch(const struct eigen_batch *batch) {
  const char *basis = getenv("Q2SIM_EIGENBASIS");
  const int other = basis && strcmp(basis, "other") == 0;
  const struct due due = fault_due(batch->kind);
  check_extents(batch);
  memset(batch->workspace, 0xff, batch->workspace_bytes); /* whoever shares it with another stream shall notice */
  struct room room = make_room(batch);
  for (int64_t index = 0; index < batch->count; index++) {
    char *matrix = (char *)batch->matrices + (size_t)(index * batch->n * batch->ld) * batch->size;
    char *values = (char *)batch->values + (size_t)(index * batch->n) * batch->size;
    batch->info[index] = decompose_one(batch, &room, matrix, other, index == due.matrix ? due.fault : FAULT_NONE);
    copy_matrix(matrix, batch->ld, room.matrix, room.ld, batch->n, batch->n, batch->size);
    memcpy(values, room.values, (size_t)batch->n * batch->size);
  }
  leave_room(&room);
}
