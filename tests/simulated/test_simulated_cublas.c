/* The stand-in for cuBLAS: products against sums written out here, its checks of arguments, and when it reads what. */
#define _GNU_SOURCE
#include <cublas_v2.h>

#include "test_device.h"

enum { BATCH = 3, MARK = 77 /* in padding, which must stay */ };

struct shape {
  int m, n, k, more; /* more: rows that a leading dimension has beyond the matrix */
  double alpha, beta;
};

static double at(const double *matrix, int ld, int transposed, int row, int column) {
  return transposed ? matrix[row * ld + column] : matrix[column * ld + row];
}

static void fill(double *numbers, size_t count, uint64_t *state) {
  for (size_t i = 0; i < count; i++)
    numbers[i] = random_number(state);
}

/* One batch in double or float, whose strides leave room between the matrices, against the definition. */
static void check_product(cublasHandle_t handle, cudaStream_t stream, const struct shape s, int ta, int tb, int floats) {
  const int lda = (ta ? s.k : s.m) + s.more, ldb = (tb ? s.n : s.k) + s.more, ldc = s.m + s.more;
  const int stride_a = lda * (ta ? s.m : s.k) + 3, stride_b = ldb * (tb ? s.k : s.n) + 5, stride_c = ldc * s.n + 7;
  double *a = malloc(sizeof *a * BATCH * (size_t)stride_a), *b = malloc(sizeof *b * BATCH * (size_t)stride_b);
  double *c = malloc(sizeof *c * BATCH * (size_t)stride_c), *result = malloc(sizeof *result * BATCH * (size_t)stride_c);
  const size_t counts[3] = {BATCH * (size_t)stride_a, BATCH * (size_t)stride_b, BATCH * (size_t)stride_c};
  double *hosts[3] = {a, b, c};
  void *devices[3];
  float *single[3];
  uint64_t state = 1;
  for (int i = 0; i < 3; i++) {
    fill(hosts[i], counts[i], &state);
    single[i] = malloc(counts[i] * sizeof(float));
    for (size_t j = 0; j < counts[i]; j++) {
      single[i][j] = (float)hosts[i][j];
      if (floats) hosts[i][j] = (double)single[i][j];
    }
    devices[i] = floats ? uploaded(single[i], counts[i] * sizeof(float)) : uploaded(hosts[i], counts[i] * sizeof(double));
  }
  double alpha = s.alpha, beta = s.beta;
  float alpha_single = (float)alpha, beta_single = (float)beta;
  const cublasOperation_t opa = ta ? CUBLAS_OP_T : CUBLAS_OP_N, opb = tb ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasStatus_t status =
      floats ? cublasSgemmStridedBatched(handle, opa, opb, s.m, s.n, s.k, &alpha_single, devices[0], lda, stride_a, devices[1],
                                         ldb, stride_b, &beta_single, devices[2], ldc, stride_c, BATCH)
             : cublasDgemmStridedBatched(handle, opa, opb, s.m, s.n, s.k, &alpha, devices[0], lda, stride_a, devices[1], ldb,
                                         stride_b, &beta, devices[2], ldc, stride_c, BATCH);
  alpha = beta = alpha_single = beta_single = MARK; /* they were read at the call */
  CHECK(status == CUBLAS_STATUS_SUCCESS);
  CUDA(cudaStreamSynchronize(stream));
  download(floats ? (void *)single[2] : result, devices[2], counts[2] * (floats ? sizeof(float) : sizeof(double)));
  for (size_t i = 0; floats && i < counts[2]; i++)
    result[i] = (double)single[2][i];
  for (int index = 0; index < BATCH; index++) {
    const double *ai = a + index * stride_a, *bi = b + index * stride_b;
    for (int i = 0; i < stride_c; i++) {
      const int row = i % ldc, column = i / ldc;
      double expected = c[index * stride_c + i]; /* padding stays */
      if (row < s.m && column < s.n) {
        double sum = 0;
        for (int j = 0; j < s.k; j++)
          sum += at(ai, lda, ta, row, j) * at(bi, ldb, tb, j, column);
        expected = s.alpha * sum + s.beta * expected;
      }
      CHECK_CLOSE(result[index * stride_c + i], expected, floats ? 1e-4 : 1e-12);
    }
  }
  for (int i = 0; i < 3; i++) {
    CUDA(cudaFree(devices[i]));
    free(hosts[i]);
    free(single[i]);
  }
  free(result);
}

static void check_products(cublasHandle_t handle, cudaStream_t stream) {
  const struct shape shapes[] = {
      {5, 4, 3, 0, 1, 0}, {7, 7, 7, 2, -0.5, 1}, {33, 17, 40, 1, 2, 0.25}, {1, 6, 1, 3, 1, 1}, {4, 4, 0, 1, 1, 0.5}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    for (int variant = 0; variant < 8; variant++)
      check_product(handle, stream, shapes[i], variant & 1, variant >> 1 & 1, variant >> 2);
  }
}

/* The same matrices at every place of the batch, with leading dimensions and strides that align differently: the same bits. */
static void check_same_bits(cublasHandle_t handle, cudaStream_t stream) {
  enum { N = 29, LD = N + 2, STRIDE = LD * N + 3, COUNT = 9 };
  static double a[COUNT][STRIDE], c[COUNT][STRIDE];
  uint64_t state = 5;
  fill(a[0], STRIDE, &state);
  for (int i = 1; i < COUNT; i++)
    memcpy(a[i], a[0], sizeof a[0]);
  double *on_device = uploaded(a, sizeof a), *product = uploaded(a, sizeof a);
  const double one = 1, zero = 0;
  CHECK(cublasDgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_T, N, N, N, &one, on_device, LD, STRIDE, on_device, LD, STRIDE,
                                  &zero, product, LD, STRIDE, COUNT) == CUBLAS_STATUS_SUCCESS);
  CUDA(cudaStreamSynchronize(stream));
  download(c, product, sizeof c);
  for (int i = 1; i < COUNT; i++)
    CHECK(memcmp(c[i], c[0], sizeof c[0]) == 0, "place %d", i);
  CUDA(cudaFree(on_device));
  CUDA(cudaFree(product));
}

/* What beta = 0 overwrites may be NaN; what alpha = 0 ignores need not be there. */
static void check_unread(cublasHandle_t handle, cudaStream_t stream) {
  const double nans[4] = {NAN, NAN, NAN, NAN}, ones[4] = {1, 1, 1, 1}, one = 1, zero = 0;
  double result[4];
  double *a = uploaded(ones, sizeof ones), *c = uploaded(nans, sizeof nans);
  CHECK(cublasDgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, a, 2, 4, a, 2, 4, &zero, c, 2, 4, 1) ==
        CUBLAS_STATUS_SUCCESS);
  CUDA(cudaStreamSynchronize(stream));
  download(result, c, sizeof result);
  CHECK(result[0] == 2 && result[3] == 2, "%g, %g", result[0], result[3]);
  upload(a, nans, sizeof nans);
  CHECK(cublasDgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &zero, a, 2, 4, NULL, 2, 4, &one, c, 2, 4, 1) ==
        CUBLAS_STATUS_SUCCESS);
  CUDA(cudaStreamSynchronize(stream));
  download(result, c, sizeof result);
  CHECK(result[0] == 2 && result[3] == 2, "%g, %g", result[0], result[3]);
  CUDA(cudaFree(a));
  CUDA(cudaFree(c));
}

static void check_arguments(cublasHandle_t handle) {
  const double one = 1;
  double *m = device_array(64 * sizeof *m);
  const struct {
    cublasOperation_t a, b;
    int m, n, k, lda, ldb, ldc, batch;
    const double *alpha;
  } wrong[] = {
      {CUBLAS_OP_N, CUBLAS_OP_N, -1, 2, 2, 2, 2, 2, 1, &one}, {CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, 1, 2, 2, 1, &one},
      {CUBLAS_OP_T, CUBLAS_OP_N, 2, 2, 3, 2, 3, 2, 1, &one},  {CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 3, 2, 2, 2, 1, &one},
      {CUBLAS_OP_N, CUBLAS_OP_T, 2, 3, 2, 2, 2, 2, 1, &one},  {CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, 2, 2, 1, 1, &one},
      {CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, 2, 2, 2, -1, &one}, {CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, 2, 2, 2, 1, NULL},
      {CUBLAS_OP_N, CUBLAS_OP_N, 0, 2, 2, 0, 2, 1, 1, &one},  {(cublasOperation_t)9, CUBLAS_OP_N, 2, 2, 2, 2, 2, 2, 1, &one},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const cublasStatus_t status =
        cublasDgemmStridedBatched(handle, wrong[i].a, wrong[i].b, wrong[i].m, wrong[i].n, wrong[i].k, wrong[i].alpha, m,
                                  wrong[i].lda, 9, m, wrong[i].ldb, 9, &one, m, wrong[i].ldc, 9, wrong[i].batch);
    CHECK(status == CUBLAS_STATUS_INVALID_VALUE, "row %zu: %s", i, cublasGetStatusName(status));
  }
  CHECK(cublasDgemmStridedBatched(NULL, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, m, 2, 4, m, 2, 4, &one, m, 2, 4, 1) ==
        CUBLAS_STATUS_NOT_INITIALIZED);
  CHECK(cublasSetWorkspace(handle, (char *)m + 8, 64) == CUBLAS_STATUS_INVALID_VALUE);
  CHECK(cublasSetMathMode(handle, (cublasMath_t)99) == CUBLAS_STATUS_INVALID_VALUE);
  CHECK(cublasSetMathMode(handle, CUBLAS_PEDANTIC_MATH) == CUBLAS_STATUS_SUCCESS);
  CHECK(strcmp(cublasGetStatusString(CUBLAS_STATUS_INVALID_VALUE), "an invalid value was used as an argument") == 0);
  CUDA(cudaFree(m));
}

/* --- in a process of its own: faults, and matrices that reach beyond what was allocated --- */

static int scenario(const char *name) {
  cublasHandle_t handle;
  cudaStream_t stream = make_stream();
  const double one = 1;
  double *m = device_array(8 * sizeof *m);
  const int made = cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS;
  CHECK(made == (strcmp(name, "create") != 0));
  if (!made) {
    CUDA(cudaFree(m));
    CUDA(cudaStreamDestroy(stream));
    return check_result();
  }
  CHECK(cublasSetStream(handle, stream) == CUBLAS_STATUS_SUCCESS);
  const int calls = strcmp(name, "second") == 0 ? 2 : 1, batch = strcmp(name, "beyond") == 0 ? 3 : 2;
  const double zeros[8] = {0};
  upload(m, zeros, sizeof zeros);
  for (int call = 1; call <= calls; call++) {
    const cublasStatus_t status =
        cublasDgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, m, 2, 0, m, 2, 0, &one, m, 2, 4, batch);
    CHECK(status == (call == 1 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED), "call %d: %d", call, status);
    CUDA(cudaStreamSynchronize(stream));
  }
  CUDA(cudaFree(m));
  CHECK(cublasDestroy(handle) == CUBLAS_STATUS_SUCCESS);
  CUDA(cudaStreamDestroy(stream));
  return check_result();
}

int main(int count, char **arguments) {
  if (count > 1) return scenario(arguments[1]);
  check_simulated("cublasDgemmStridedBatched");
  cublasHandle_t handle;
  int version = 0, major = 0;
  cudaStream_t stream = make_stream();
  void *workspace = device_array(1024);
  CHECK(cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS);
  CHECK(cublasGetVersion(handle, &version) == CUBLAS_STATUS_SUCCESS && version == CUBLAS_VERSION);
  CHECK(cublasGetProperty(MAJOR_VERSION, &major) == CUBLAS_STATUS_SUCCESS && major == CUBLAS_VER_MAJOR);
  CHECK(cublasSetStream(handle, stream) == CUBLAS_STATUS_SUCCESS);
  CHECK(cublasSetWorkspace(handle, workspace, 1024) == CUBLAS_STATUS_SUCCESS);
  check_products(handle, stream);
  check_same_bits(handle, stream);
  check_unread(handle, stream);
  check_arguments(handle);
  CHECK(run_again("plain", "Q2SIM_FAULT=") == 0);
  CHECK(run_again("second", "Q2SIM_FAULT=cublasDgemmStridedBatched:2") == 0);
  CHECK(run_again("create", "Q2SIM_FAULT=cublasCreate:1") == 0);
  CHECK(run_again("beyond", "Q2SIM_FAULT=") > 1);
  CUDA(cudaFree(workspace));
  CHECK(cublasDestroy(handle) == CUBLAS_STATUS_SUCCESS);
  CUDA(cudaStreamDestroy(stream));
  return check_result();
}
