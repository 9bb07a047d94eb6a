/* Stand-in for cuSOLVER: its symmetric eigen-solvers as work in the handle's stream, with the checks of the real ones. Stricter
 * than those: parameters must not be NULL.
 *
 *   Q2SIM_SOLVER_CAPTURE  refused: a solver called while its stream is captured fails and invalidates the capture, as one that
 * synchronises inside does; default allowed
 *
 * The other variables are described in eigen.h. */
#include <cusolverDn.h>

#include "eigen.h"
#include "matrix.h"
#include "simulated.h"

struct cusolverDnContext {
  cudaStream_t stream;
};
struct cusolverDnParams {
  char nothing;
};
struct syevjInfo {
  double tolerance;
  int max_sweeps;
};

enum { HOST_WORKSPACE = 256 /* bytes a call, so that it cannot be forgotten */ };

static void run_batch(void *context) { decompose_eigen_batch(context); }

static int capture_refused(void) {
  const char *capture = getenv("Q2SIM_SOLVER_CAPTURE");
  return capture && strcmp(capture, "refused") == 0;
}

/* The device's work space for the batch in bytes; the real one's also grows with n^2 and the batch. */
static size_t device_workspace(const struct eigen_batch *batch) {
  return (size_t)((batch->n * batch->n + 2 * batch->n + 1) * (batch->count > 0 ? batch->count : 1)) * batch->size;
}

/* Fills in what the arguments say, or returns what is wrong with them. `size` 0: a type that is not float or double. */
static cusolverStatus_t describe(struct eigen_batch *batch, cusolverDnHandle_t handle, const void *parameters,
                                 cusolverEigMode_t job, cublasFillMode_t triangle) {
  if (!handle) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (batch->size == 0) return CUSOLVER_STATUS_NOT_SUPPORTED;
  if (!parameters || (job != CUSOLVER_EIG_MODE_NOVECTOR && job != CUSOLVER_EIG_MODE_VECTOR) ||
      (triangle != CUBLAS_FILL_MODE_LOWER && triangle != CUBLAS_FILL_MODE_UPPER) || batch->n < 0 || batch->ld < 1 ||
      batch->ld < batch->n || batch->count < 0)
    return CUSOLVER_STATUS_INVALID_VALUE;
  /* a limit of the real one: n lda batchSize <= INT32_MAX */
  if (batch->kind != EIGEN_XSYEVD && (double)batch->n * (double)batch->ld * (double)batch->count > INT32_MAX)
    return CUSOLVER_STATUS_INVALID_VALUE;
  batch->vectors = job == CUSOLVER_EIG_MODE_VECTOR;
  batch->triangle = triangle == CUBLAS_FILL_MODE_LOWER ? 'L' : 'U';
  return CUSOLVER_STATUS_SUCCESS;
}

static cusolverStatus_t enqueue_batch(cusolverDnHandle_t handle, const struct eigen_batch *batch) {
  if (batch->workspace_bytes < device_workspace(batch) || !batch->workspace) return CUSOLVER_STATUS_INVALID_VALUE;
  if (!batch->info || (batch->n > 0 && batch->count > 0 && (!batch->matrices || !batch->values)))
    return CUSOLVER_STATUS_INVALID_VALUE;
  if (q2sim_call(batch->name)) return CUSOLVER_STATUS_EXECUTION_FAILED;
  if (q2sim_capturing(handle->stream) && capture_refused()) {
    q2sim_refuse_capture(handle->stream);
    return CUSOLVER_STATUS_INTERNAL_ERROR;
  }
  if (batch->n == 0 || batch->count == 0) return CUSOLVER_STATUS_SUCCESS;
  struct eigen_batch *context = scratch(sizeof *context);
  *context = *batch;
  context->workspace_bytes = device_workspace(batch);
  q2sim_enqueue(handle->stream, batch->name, run_batch, context, free);
  return CUSOLVER_STATUS_SUCCESS;
}

/* --- handles --- */

/* Makes a zeroed object of a kind, or reports the fault that is due. */
static cusolverStatus_t create(const char *call, const char *kind, void **object, size_t bytes) {
  *object = NULL;
  if (q2sim_call(call)) return CUSOLVER_STATUS_ALLOC_FAILED;
  *object = memset(scratch(bytes), 0, bytes);
  q2sim_handle(kind, 1);
  return CUSOLVER_STATUS_SUCCESS;
}

static cusolverStatus_t destroy(const char *call, const char *kind, void *object) {
  if (!object) return CUSOLVER_STATUS_NOT_INITIALIZED;
  const int fault = q2sim_call(call);
  q2sim_handle(kind, -1);
  free(object);
  return fault ? CUSOLVER_STATUS_INTERNAL_ERROR : CUSOLVER_STATUS_SUCCESS;
}

#define HANDLE(TYPE, CREATE, DESTROY, KIND)                                                                                    \
  cusolverStatus_t CREATE(TYPE *object) {                                                                                      \
    if (!object) return CUSOLVER_STATUS_INVALID_VALUE;                                                                         \
    void *made;                                                                                                                \
    const cusolverStatus_t status = create(#CREATE, KIND, &made, sizeof **object);                                             \
    *object = made;                                                                                                            \
    return status;                                                                                                             \
  }                                                                                                                            \
  cusolverStatus_t DESTROY(TYPE object) { return destroy(#DESTROY, KIND, object); }

HANDLE(cusolverDnHandle_t, cusolverDnCreate, cusolverDnDestroy, "cusolver")
HANDLE(cusolverDnParams_t, cusolverDnCreateParams, cusolverDnDestroyParams, "cusolver parameters")
HANDLE(syevjInfo_t, cusolverDnCreateSyevjInfo, cusolverDnDestroySyevjInfo, "syevj parameters")

cusolverStatus_t cusolverDnSetStream(cusolverDnHandle_t handle, cudaStream_t stream) {
  if (!handle) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (q2sim_call("cusolverDnSetStream")) return CUSOLVER_STATUS_INTERNAL_ERROR;
  handle->stream = stream;
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnXsyevjSetTolerance(syevjInfo_t info, double tolerance) {
  if (!info) return CUSOLVER_STATUS_INVALID_VALUE;
  if (q2sim_call("cusolverDnXsyevjSetTolerance")) return CUSOLVER_STATUS_INTERNAL_ERROR;
  info->tolerance = tolerance;
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnXsyevjSetMaxSweeps(syevjInfo_t info, int max_sweeps) {
  if (!info || max_sweeps <= 0) return CUSOLVER_STATUS_INVALID_VALUE;
  if (q2sim_call("cusolverDnXsyevjSetMaxSweeps")) return CUSOLVER_STATUS_INTERNAL_ERROR;
  info->max_sweeps = max_sweeps;
  return CUSOLVER_STATUS_SUCCESS;
}

/* --- Xsyevd, XsyevBatched: types by value --- */

static size_t real_size(cudaDataType matrices, cudaDataType values, cudaDataType compute) {
  if (matrices != values || matrices != compute) return 0;
  return matrices == CUDA_R_64F ? sizeof(double) : matrices == CUDA_R_32F ? sizeof(float) : 0;
}

static cusolverStatus_t generic_size(struct eigen_batch batch, cusolverDnHandle_t handle, cusolverDnParams_t params,
                                     cusolverEigMode_t job, cublasFillMode_t triangle, size_t *device, size_t *host) {
  const cusolverStatus_t status = describe(&batch, handle, params, job, triangle);
  if (status != CUSOLVER_STATUS_SUCCESS) return status;
  if (!device || !host) return CUSOLVER_STATUS_INVALID_VALUE;
  if (q2sim_call(batch.name)) return CUSOLVER_STATUS_INTERNAL_ERROR;
  *device = device_workspace(&batch);
  *host = HOST_WORKSPACE;
  return CUSOLVER_STATUS_SUCCESS;
}

static cusolverStatus_t generic_run(struct eigen_batch batch, cusolverDnHandle_t handle, cusolverDnParams_t params,
                                    cusolverEigMode_t job, cublasFillMode_t triangle, void *host, size_t host_bytes) {
  const cusolverStatus_t status = describe(&batch, handle, params, job, triangle);
  if (status != CUSOLVER_STATUS_SUCCESS) return status;
  if (!host || host_bytes < HOST_WORKSPACE) return CUSOLVER_STATUS_INVALID_VALUE;
  memset(host, 0xff, HOST_WORKSPACE);
  return enqueue_batch(handle, &batch);
}

cusolverStatus_t cusolverDnXsyevd_bufferSize(cusolverDnHandle_t handle, cusolverDnParams_t params, cusolverEigMode_t jobz,
                                             cublasFillMode_t uplo, int64_t n, cudaDataType dataTypeA, const void *A,
                                             int64_t lda, cudaDataType dataTypeW, const void *W, cudaDataType computeType,
                                             size_t *workspaceInBytesOnDevice, size_t *workspaceInBytesOnHost) {
  (void)A, (void)W;
  const struct eigen_batch batch = {.kind = EIGEN_XSYEVD,
                                    .name = __func__,
                                    .size = real_size(dataTypeA, dataTypeW, computeType),
                                    .n = n,
                                    .ld = lda,
                                    .count = 1};
  return generic_size(batch, handle, params, jobz, uplo, workspaceInBytesOnDevice, workspaceInBytesOnHost);
}

cusolverStatus_t cusolverDnXsyevd(cusolverDnHandle_t handle, cusolverDnParams_t params, cusolverEigMode_t jobz,
                                  cublasFillMode_t uplo, int64_t n, cudaDataType dataTypeA, void *A, int64_t lda,
                                  cudaDataType dataTypeW, void *W, cudaDataType computeType, void *bufferOnDevice,
                                  size_t workspaceInBytesOnDevice, void *bufferOnHost, size_t workspaceInBytesOnHost,
                                  int *info) {
  const struct eigen_batch batch = {.kind = EIGEN_XSYEVD,
                                    .name = __func__,
                                    .size = real_size(dataTypeA, dataTypeW, computeType),
                                    .n = n,
                                    .ld = lda,
                                    .count = 1,
                                    .matrices = A,
                                    .values = W,
                                    .info = info,
                                    .workspace = bufferOnDevice,
                                    .workspace_bytes = workspaceInBytesOnDevice};
  return generic_run(batch, handle, params, jobz, uplo, bufferOnHost, workspaceInBytesOnHost);
}

cusolverStatus_t cusolverDnXsyevBatched_bufferSize(cusolverDnHandle_t handle, cusolverDnParams_t params, cusolverEigMode_t jobz,
                                                   cublasFillMode_t uplo, int64_t n, cudaDataType dataTypeA, const void *A,
                                                   int64_t lda, cudaDataType dataTypeW, const void *W, cudaDataType computeType,
                                                   size_t *workspaceInBytesOnDevice, size_t *workspaceInBytesOnHost,
                                                   int64_t batchSize) {
  (void)A, (void)W;
  const struct eigen_batch batch = {.kind = EIGEN_XSYEV_BATCHED,
                                    .name = __func__,
                                    .size = real_size(dataTypeA, dataTypeW, computeType),
                                    .n = n,
                                    .ld = lda,
                                    .count = batchSize};
  return generic_size(batch, handle, params, jobz, uplo, workspaceInBytesOnDevice, workspaceInBytesOnHost);
}

cusolverStatus_t cusolverDnXsyevBatched(cusolverDnHandle_t handle, cusolverDnParams_t params, cusolverEigMode_t jobz,
                                        cublasFillMode_t uplo, int64_t n, cudaDataType dataTypeA, void *A, int64_t lda,
                                        cudaDataType dataTypeW, void *W, cudaDataType computeType, void *bufferOnDevice,
                                        size_t workspaceInBytesOnDevice, void *bufferOnHost, size_t workspaceInBytesOnHost,
                                        int *info, int64_t batchSize) {
  const struct eigen_batch batch = {.kind = EIGEN_XSYEV_BATCHED,
                                    .name = __func__,
                                    .size = real_size(dataTypeA, dataTypeW, computeType),
                                    .n = n,
                                    .ld = lda,
                                    .count = batchSize,
                                    .matrices = A,
                                    .values = W,
                                    .info = info,
                                    .workspace = bufferOnDevice,
                                    .workspace_bytes = workspaceInBytesOnDevice};
  return generic_run(batch, handle, params, jobz, uplo, bufferOnHost, workspaceInBytesOnHost);
}

/* --- syevjBatched: one function a type, work space counted in reals --- */

static cusolverStatus_t jacobi_size(struct eigen_batch batch, cusolverDnHandle_t handle, syevjInfo_t params,
                                    cusolverEigMode_t job, cublasFillMode_t triangle, int *reals) {
  const cusolverStatus_t status = describe(&batch, handle, params, job, triangle);
  if (status != CUSOLVER_STATUS_SUCCESS) return status;
  if (!reals || device_workspace(&batch) / batch.size > INT32_MAX) return CUSOLVER_STATUS_INVALID_VALUE;
  if (q2sim_call(batch.name)) return CUSOLVER_STATUS_INTERNAL_ERROR;
  *reals = (int)(device_workspace(&batch) / batch.size);
  return CUSOLVER_STATUS_SUCCESS;
}

static cusolverStatus_t jacobi_run(struct eigen_batch batch, cusolverDnHandle_t handle, syevjInfo_t params,
                                   cusolverEigMode_t job, cublasFillMode_t triangle) {
  const cusolverStatus_t status = describe(&batch, handle, params, job, triangle);
  return status == CUSOLVER_STATUS_SUCCESS ? enqueue_batch(handle, &batch) : status;
}

#define SYEVJ(NAME, REAL)                                                                                                      \
  cusolverStatus_t NAME##_bufferSize(cusolverDnHandle_t handle, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n,          \
                                     const REAL *A, int lda, const REAL *W, int *lwork, syevjInfo_t params, int batchSize) {   \
    (void)A, (void)W;                                                                                                          \
    const struct eigen_batch batch = {                                                                                         \
        .kind = EIGEN_SYEVJ_BATCHED, .name = __func__, .size = sizeof(REAL), .n = n, .ld = lda, .count = batchSize};           \
    return jacobi_size(batch, handle, params, jobz, uplo, lwork);                                                              \
  }                                                                                                                            \
  cusolverStatus_t NAME(cusolverDnHandle_t handle, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, REAL *A, int lda,     \
                        REAL *W, REAL *work, int lwork, int *info, syevjInfo_t params, int batchSize) {                        \
    const struct eigen_batch batch = {.kind = EIGEN_SYEVJ_BATCHED,                                                             \
                                      .name = __func__,                                                                        \
                                      .size = sizeof(REAL),                                                                    \
                                      .n = n,                                                                                  \
                                      .ld = lda,                                                                               \
                                      .count = batchSize,                                                                      \
                                      .matrices = A,                                                                           \
                                      .values = W,                                                                             \
                                      .info = info,                                                                            \
                                      .workspace = work,                                                                       \
                                      .workspace_bytes = lwork > 0 ? (size_t)lwork * sizeof(REAL) : 0};                        \
    return jacobi_run(batch, handle, params, jobz, uplo);                                                                      \
  }

SYEVJ(cusolverDnDsyevjBatched, double)
SYEVJ(cusolverDnSsyevjBatched, float)
