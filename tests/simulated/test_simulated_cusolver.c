/* The stand-in for cuSOLVER: every solver decomposes matrices of known spectrum, in either basis; its checks, its faults,
 * capture. */
#define _GNU_SOURCE
#include <cusolverDn.h>

#include "test_device.h"

enum { N = 14, LD = N + 3, COUNT = 4, CLUSTER = 4 /* eigenvalues CLUSTER, + 1 and + 2 are the same */, STRIDE = LD * N };
enum solver { XSYEVD, XSYEV_BATCHED, SYEVJ_BATCHED, SOLVERS };

/* Everything in double on the host; on the device as the precision wants it. */
struct batch {
  double matrices[COUNT][STRIDE], expected[COUNT][N]; /* what is decomposed, symmetric; ascending */
  double vectors[COUNT][STRIDE], values[COUNT][N];    /* what came back */
  int info[COUNT];
};

struct setting {
  enum solver solver;
  int floats, vectors, upper;
};

static const char *const solver_names[] = {"Xsyevd", "XsyevBatched", "syevjBatched"};

/* A = Q diag(expected) Q' with Q a product of reflections. */
static void make_batch(struct batch *batch) {
  uint64_t state = 3;
  memset(batch, 0, sizeof *batch);
  for (int index = 0; index < COUNT; index++) {
    double q[N][N] = {{0}}, u[N];
    for (int i = 0; i < N; i++) {
      q[i][i] = 1;
      batch->expected[index][i] = (i >= CLUSTER && i < CLUSTER + 3 ? CLUSTER : i) - 3.5 + 0.25 * index;
    }
    for (int reflection = 0; reflection < 3; reflection++) {
      double square = 0;
      for (int i = 0; i < N; i++) {
        u[i] = random_number(&state);
        square += u[i] * u[i];
      }
      for (int column = 0; column < N; column++) {
        double product = 0;
        for (int i = 0; i < N; i++)
          product += u[i] * q[column][i];
        for (int i = 0; i < N; i++)
          q[column][i] -= 2 * product * u[i] / square;
      }
    }
    for (int row = 0; row < N; row++) {
      for (int column = 0; column < N; column++) {
        for (int i = 0; i < N; i++)
          batch->matrices[index][column * LD + row] += q[i][row] * batch->expected[index][i] * q[i][column];
      }
    }
  }
}

/* --- a call of each of the solvers, in either precision --- */

struct device {
  cusolverDnHandle_t handle;
  cusolverDnParams_t parameters;
  syevjInfo_t jacobi;
  cudaStream_t stream;
  void *matrices, *values, *workspace, *host_workspace;
  int *info;
  size_t bytes, host_bytes; /* of work space */
};

static cusolverStatus_t workspace_size(struct device *device, struct setting s) {
  const cudaDataType type = s.floats ? CUDA_R_32F : CUDA_R_64F;
  const cusolverEigMode_t job = s.vectors ? CUSOLVER_EIG_MODE_VECTOR : CUSOLVER_EIG_MODE_NOVECTOR;
  const cublasFillMode_t triangle = s.upper ? CUBLAS_FILL_MODE_UPPER : CUBLAS_FILL_MODE_LOWER;
  int reals = 0;
  cusolverStatus_t status;
  device->host_bytes = 0;
  switch (s.solver) {
  case XSYEVD:
    return cusolverDnXsyevd_bufferSize(device->handle, device->parameters, job, triangle, N, type, device->matrices, LD, type,
                                       device->values, type, &device->bytes, &device->host_bytes);
  case XSYEV_BATCHED:
    return cusolverDnXsyevBatched_bufferSize(device->handle, device->parameters, job, triangle, N, type, device->matrices, LD,
                                             type, device->values, type, &device->bytes, &device->host_bytes, COUNT);
  default:
    status = s.floats ? cusolverDnSsyevjBatched_bufferSize(device->handle, job, triangle, N, device->matrices, LD,
                                                           device->values, &reals, device->jacobi, COUNT)
                      : cusolverDnDsyevjBatched_bufferSize(device->handle, job, triangle, N, device->matrices, LD,
                                                           device->values, &reals, device->jacobi, COUNT);
    device->bytes = (size_t)reals * (s.floats ? sizeof(float) : sizeof(double));
    return status;
  }
}

static cusolverStatus_t call_solver(const struct device *device, struct setting s) {
  const size_t size = s.floats ? sizeof(float) : sizeof(double);
  const cudaDataType type = s.floats ? CUDA_R_32F : CUDA_R_64F;
  const cusolverEigMode_t job = s.vectors ? CUSOLVER_EIG_MODE_VECTOR : CUSOLVER_EIG_MODE_NOVECTOR;
  const cublasFillMode_t triangle = s.upper ? CUBLAS_FILL_MODE_UPPER : CUBLAS_FILL_MODE_LOWER;
  cusolverStatus_t status = CUSOLVER_STATUS_SUCCESS;
  switch (s.solver) {
  case XSYEVD:
    for (int i = 0; i < COUNT && status == CUSOLVER_STATUS_SUCCESS; i++) {
      status = cusolverDnXsyevd(device->handle, device->parameters, job, triangle, N, type,
                                (char *)device->matrices + i * STRIDE * (int)size, LD, type,
                                (char *)device->values + i * N * (int)size, type, device->workspace, device->bytes,
                                device->host_workspace, device->host_bytes, device->info + i);
    }
    return status;
  case XSYEV_BATCHED:
    return cusolverDnXsyevBatched(device->handle, device->parameters, job, triangle, N, type, device->matrices, LD, type,
                                  device->values, type, device->workspace, device->bytes, device->host_workspace,
                                  device->host_bytes, device->info, COUNT);
  default:
    return s.floats
               ? cusolverDnSsyevjBatched(device->handle, job, triangle, N, device->matrices, LD, device->values,
                                         device->workspace, (int)(device->bytes / size), device->info, device->jacobi, COUNT)
               : cusolverDnDsyevjBatched(device->handle, job, triangle, N, device->matrices, LD, device->values,
                                         device->workspace, (int)(device->bytes / size), device->info, device->jacobi, COUNT);
  }
}

static void put(void *to, size_t index, int floats, double value) {
  if (floats) {
    ((float *)to)[index] = (float)value;
  } else {
    ((double *)to)[index] = value;
  }
}

static double get(const void *from, size_t index, int floats) {
  return floats ? (double)((const float *)from)[index] : ((const double *)from)[index];
}

/* The matrices go up with NaN wherever nobody may look. */
static void upload_matrices(const struct device *device, const struct batch *batch, struct setting s) {
  const size_t size = s.floats ? sizeof(float) : sizeof(double);
  void *numbers = malloc(COUNT * STRIDE * size);
  for (size_t i = 0; i < COUNT * STRIDE; i++) {
    const size_t row = i % STRIDE % LD, column = i % STRIDE / LD;
    const int seen = row < N && (s.upper ? row <= column : row >= column);
    put(numbers, i, s.floats, seen ? batch->matrices[i / STRIDE][i % STRIDE] : NAN);
  }
  upload(device->matrices, numbers, COUNT * STRIDE * size);
  free(numbers);
}

static void download_results(const struct device *device, struct batch *batch, struct setting s) {
  const size_t size = s.floats ? sizeof(float) : sizeof(double);
  void *numbers = malloc(COUNT * STRIDE * size);
  download(numbers, device->matrices, COUNT * STRIDE * size);
  for (size_t i = 0; i < COUNT * STRIDE; i++)
    batch->vectors[i / STRIDE][i % STRIDE] = get(numbers, i, s.floats);
  download(numbers, device->values, COUNT * N * size);
  for (size_t i = 0; i < COUNT * N; i++)
    batch->values[i / N][i % N] = get(numbers, i, s.floats);
  download(batch->info, device->info, sizeof batch->info);
  free(numbers);
}

static struct device make_device(struct setting s) {
  const size_t size = s.floats ? sizeof(float) : sizeof(double);
  struct device device = {.stream = make_stream(),
                          .matrices = device_array(COUNT * STRIDE * size),
                          .values = device_array(COUNT * N * size),
                          .info = device_array(COUNT * sizeof(int))};
  CHECK(cusolverDnCreate(&device.handle) == CUSOLVER_STATUS_SUCCESS);
  CHECK(cusolverDnSetStream(device.handle, device.stream) == CUSOLVER_STATUS_SUCCESS);
  CHECK(cusolverDnCreateParams(&device.parameters) == CUSOLVER_STATUS_SUCCESS);
  CHECK(cusolverDnCreateSyevjInfo(&device.jacobi) == CUSOLVER_STATUS_SUCCESS);
  CHECK(cusolverDnXsyevjSetTolerance(device.jacobi, 1e-15) == CUSOLVER_STATUS_SUCCESS);
  CHECK(cusolverDnXsyevjSetMaxSweeps(device.jacobi, 15) == CUSOLVER_STATUS_SUCCESS);
  CHECK(workspace_size(&device, s) == CUSOLVER_STATUS_SUCCESS);
  device.workspace = device_array(device.bytes);
  device.host_workspace = malloc(device.host_bytes + 1);
  return device;
}

static void end_device(struct device *device) {
  CHECK(cusolverDnDestroySyevjInfo(device->jacobi) == CUSOLVER_STATUS_SUCCESS);
  CHECK(cusolverDnDestroyParams(device->parameters) == CUSOLVER_STATUS_SUCCESS);
  CHECK(cusolverDnDestroy(device->handle) == CUSOLVER_STATUS_SUCCESS);
  void *arrays[] = {device->matrices, device->values, device->info, device->workspace};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
    CUDA(cudaFree(arrays[i]));
  CUDA(cudaStreamDestroy(device->stream));
  free(device->host_workspace);
}

static void solve(const struct device *device, struct batch *batch, struct setting s) {
  upload_matrices(device, batch, s);
  CHECK(call_solver(device, s) == CUSOLVER_STATUS_SUCCESS);
  CUDA(cudaStreamSynchronize(device->stream));
  download_results(device, batch, s);
}

/* --- what is checked of a result --- */

static double off_diagonal(const struct batch *batch, int index, int i, int j) { /* v_i' A v_j */
  double sum = 0;
  for (int row = 0; row < N; row++) {
    for (int column = 0; column < N; column++)
      sum += batch->vectors[index][i * LD + row] * batch->matrices[index][column * LD + row] *
             batch->vectors[index][j * LD + column];
  }
  return sum;
}

static double overlap(const struct batch *batch, int index, int i, int j) {
  double sum = 0;
  for (int row = 0; row < N; row++)
    sum += batch->vectors[index][i * LD + row] * batch->vectors[index][j * LD + row];
  return sum;
}

/* Orthogonal columns that make A diagonal: A V = V L. */
static void check_matrix(const struct batch *batch, int index, struct setting s) {
  const double tolerance = s.floats ? 2e-5 : 1e-12;
  CHECK(batch->info[index] == 0, "%s: info %d of matrix %d", solver_names[s.solver], batch->info[index], index);
  for (int i = 0; i < N; i++) {
    CHECK_CLOSE(batch->values[index][i], batch->expected[index][i], tolerance);
    for (int j = 0; s.vectors && j < N; j++) {
      CHECK_CLOSE(overlap(batch, index, i, j), i == j, tolerance);
      CHECK_CLOSE(off_diagonal(batch, index, i, j), i == j ? batch->values[index][i] : 0, tolerance);
    }
  }
}

static void check_solvers(void) {
  static struct batch batch;
  make_batch(&batch);
  for (int variant = 0; variant < SOLVERS * 8; variant++) {
    const struct setting s = {(enum solver)(variant / 8), variant & 1, variant >> 1 & 1, variant >> 2 & 1};
    struct device device = make_device(s);
    solve(&device, &batch, s);
    for (int index = 0; index < COUNT; index++)
      check_matrix(&batch, index, s);
    end_device(&device);
  }
}

/* The other basis is another one, turned within clusters only: the same projectors on the eigenspaces. */
static void check_other_basis(void) {
  static struct batch plain, other;
  make_batch(&plain);
  make_batch(&other);
  for (int floats = 0; floats < 2; floats++) {
    const struct setting s = {XSYEV_BATCHED, floats, 1, 0};
    struct device device = make_device(s);
    solve(&device, &plain, s);
    setenv("Q2SIM_EIGENBASIS", "other", 1);
    solve(&device, &other, s);
    unsetenv("Q2SIM_EIGENBASIS");
    for (int index = 0; index < COUNT; index++) {
      check_matrix(&other, index, s);
      int flipped = 0, turned = 0;
      for (int i = 0; i < N; i++) {
        double within = 0, along = 0;
        for (int j = 0; j < N; j++) {
          double product = 0;
          for (int row = 0; row < N; row++)
            product += plain.vectors[index][i * LD + row] * other.vectors[index][j * LD + row];
          if (plain.expected[index][i] == plain.expected[index][j]) within += product * product;
          if (i == j) along = product;
        }
        CHECK_CLOSE(within, 1, floats ? 1e-5 : 1e-12);
        flipped += along < -0.999;
        turned += fabs(along) < 0.9;
      }
      CHECK(flipped >= 3, "%d vectors changed sign", flipped);
      CHECK(turned >= 2, "%d vectors were turned", turned);
    }
    end_device(&device);
  }
}

/* The bits of a matrix's result do not depend on its place. */
static void check_same_bits(void) {
  static struct batch batch;
  const struct setting s = {XSYEV_BATCHED, 0, 1, 0};
  make_batch(&batch);
  for (int index = 1; index < COUNT; index++)
    memcpy(batch.matrices[index], batch.matrices[0], sizeof batch.matrices[0]);
  struct device device = make_device(s);
  solve(&device, &batch, s);
  for (int index = 1; index < COUNT; index++) {
    CHECK(memcmp(batch.values[index], batch.values[0], sizeof batch.values[0]) == 0);
    for (int column = 0; column < N; column++)
      CHECK(memcmp(batch.vectors[index] + column * LD, batch.vectors[0] + column * LD, N * sizeof(double)) == 0);
  }
  end_device(&device);
}

static void check_arguments(void) {
  const struct setting s = {XSYEV_BATCHED, 0, 1, 0};
  struct device device = make_device(s), wrong;
  size_t bytes, host;
  wrong = device;
  wrong.bytes = device.bytes - 1;
  CHECK(call_solver(&wrong, s) == CUSOLVER_STATUS_INVALID_VALUE);
  wrong = device;
  wrong.host_bytes = device.host_bytes - 1;
  CHECK(call_solver(&wrong, s) == CUSOLVER_STATUS_INVALID_VALUE);
  wrong = device;
  wrong.handle = NULL;
  CHECK(call_solver(&wrong, s) == CUSOLVER_STATUS_NOT_INITIALIZED);
  CHECK(cusolverDnXsyevBatched_bufferSize(device.handle, device.parameters, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_LOWER, 5,
                                          CUDA_R_64F, NULL, 4, CUDA_R_64F, NULL, CUDA_R_64F, &bytes, &host,
                                          1) == CUSOLVER_STATUS_INVALID_VALUE);
  CHECK(cusolverDnXsyevBatched_bufferSize(device.handle, device.parameters, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_LOWER,
                                          200, CUDA_R_64F, NULL, 200, CUDA_R_64F, NULL, CUDA_R_64F, &bytes, &host,
                                          60000) == CUSOLVER_STATUS_INVALID_VALUE); /* n lda batchSize > INT32_MAX */
  wrong = device;
  int reals;
  CHECK(cusolverDnDsyevjBatched_bufferSize(device.handle, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_LOWER, N, device.matrices,
                                           LD, device.values, &reals, device.jacobi, COUNT) == CUSOLVER_STATUS_SUCCESS);
  wrong.bytes = (size_t)(reals - 1) * sizeof(double);
  CHECK(call_solver(&wrong, (struct setting){SYEVJ_BATCHED, 0, 1, 0}) == CUSOLVER_STATUS_INVALID_VALUE);
  CHECK(cusolverDnXsyevjSetMaxSweeps(device.jacobi, 0) == CUSOLVER_STATUS_INVALID_VALUE);
  end_device(&device);
}

/* Allowed: the graph solves what lies in the matrices at each launch. Refused: the call fails and the capture is lost. */
static void check_capture(void) {
  static struct batch batch;
  const struct setting s = {XSYEV_BATCHED, 0, 1, 0};
  struct device device = make_device(s);
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  make_batch(&batch);
  CUDA(cudaStreamBeginCapture(device.stream, cudaStreamCaptureModeThreadLocal));
  CHECK(call_solver(&device, s) == CUSOLVER_STATUS_SUCCESS);
  CUDA(cudaStreamEndCapture(device.stream, &graph));
  CUDA(cudaGraphInstantiate(&executable, graph, 0));
  for (int launch = 0; launch < 2; launch++) {
    upload_matrices(&device, &batch, s);
    CUDA(cudaGraphLaunch(executable, device.stream));
    CUDA(cudaStreamSynchronize(device.stream));
    memset(batch.vectors, 0, sizeof batch.vectors);
    download_results(&device, &batch, s);
    check_matrix(&batch, COUNT - 1, s);
  }
  CUDA(cudaGraphExecDestroy(executable));
  CUDA(cudaGraphDestroy(graph));
  setenv("Q2SIM_SOLVER_CAPTURE", "refused", 1);
  CUDA(cudaStreamBeginCapture(device.stream, cudaStreamCaptureModeThreadLocal));
  CHECK(call_solver(&device, s) == CUSOLVER_STATUS_INTERNAL_ERROR);
  CHECK(cudaStreamEndCapture(device.stream, &graph) == cudaErrorStreamCaptureInvalidated);
  unsetenv("Q2SIM_SOLVER_CAPTURE");
  solve(&device, &batch, s);
  check_matrix(&batch, 0, s);
  end_device(&device);
}

/* --- faults, each in a process of its own: the second batch has one at matrix 1 --- */

static int scenario(const char *name) {
  static struct batch batch;
  const int unconverged = strncmp(name, "unconverged", 11) == 0, silent = strcmp(name, "unconvergedSilent") == 0;
  const struct setting s = {unconverged ? SYEVJ_BATCHED : XSYEV_BATCHED, 0, 1, 0};
  struct device device = make_device(s);
  make_batch(&batch);
  for (int call = 1; call <= 3; call++) {
    solve(&device, &batch, s);
    for (int index = 0; index < COUNT; index++) {
      if (call != 2 || index != 1) {
        check_matrix(&batch, index, s);
        continue;
      }
      CHECK(silent        ? batch.info[index] == 0
            : unconverged ? batch.info[index] == N + 1
                          : batch.info[index] > 0,
            "info %d", batch.info[index]);
      CHECK(fabs(off_diagonal(&batch, index, 0, 1)) > 0.1, "%g", off_diagonal(&batch, index, 0, 1));
      CHECK(fabs(batch.values[index][0] - batch.expected[index][0]) > 0.05);
      for (int i = 0; unconverged && i < N; i++) {
        CHECK_CLOSE(batch.values[index][i], off_diagonal(&batch, index, i, i), 1e-12);
        CHECK_CLOSE(overlap(&batch, index, i, i), 1, 1e-12);
        CHECK(i == 0 || batch.values[index][i] >= batch.values[index][i - 1] - 1e-12);
      }
    }
  }
  end_device(&device);
  return check_result();
}

int main(int count, char **arguments) {
  if (count > 1) return scenario(arguments[1]);
  check_simulated("cusolverDnXsyevBatched");
  check_solvers();
  check_other_basis();
  check_same_bits();
  check_arguments();
  check_capture();
  CHECK(run_again("info", "Q2SIM_FAULT=info:2:1") == 0);
  CHECK(run_again("unconverged", "Q2SIM_FAULT=unconverged:2:1") == 0);
  CHECK(run_again("unconvergedSilent", "Q2SIM_FAULT=unconvergedSilent:2:1") == 0);
  CHECK(run_again("info", "Q2SIM_FAULT=") != 0); /* the scenarios notice when nothing is wrong */
  return check_result();
}
