/* Stand-in for cuBLAS: batched products by the host's BLAS, as work in the handle's stream. */
#include <cblas.h>
#include <cublas_v2.h>

#include "matrix.h"
#include "simulated.h"

enum {
  SPOILT = 4096
}; /* bytes of a work space that each product overwrites: whoever shares it with another stream shall notice */

struct cublasContext {
  cudaStream_t stream;
  void *workspace; /* the user's, or NULL: the library's own */
  size_t workspace_bytes;
};

/* A matrix of the batch: its place, shape as stored, and whether the product takes it transposed. */
struct operand {
  const char *first; /* on the device */
  int64_t ld, stride, rows, columns;
  CBLAS_TRANSPOSE transposed;
  const char *name;
};

/* C = alpha op(A) op(B) + beta C for each of the batch. */
struct product {
  struct operand a, b, c;
  double alpha, beta; /* exact for floats, too */
  int64_t m, n, k, batch;
  size_t size; /* bytes of an element: 8 or 4 */
  void *workspace;
  size_t workspace_bytes;
};

static int64_t columns_of(cublasOperation_t operation, int64_t rows, int64_t columns) {
  return operation == CUBLAS_OP_N ? columns : rows;
}

static struct operand operand(const char *name, cublasOperation_t operation, int64_t rows, int64_t columns, const void *first,
                              int64_t ld, int64_t stride) {
  return (struct operand){first,
                          ld,
                          stride,
                          columns_of(operation, columns, rows),
                          columns_of(operation, rows, columns),
                          operation == CUBLAS_OP_N ? CblasNoTrans : CblasTrans,
                          name};
}

static char *matrix_of(const struct operand *operand, int64_t index, size_t size) {
  char *matrix = (char *)(uintptr_t)operand->first + operand->stride * index * (int64_t)size;
  q2sim_check_device(matrix, matrix_bytes(operand->ld, operand->rows, operand->columns, size), operand->name);
  return matrix;
}

static void multiply(const struct product *product, const void *a, int64_t lda, const void *b, int64_t ldb, void *c,
                     int64_t ldc) {
  const int m = (int)product->m, n = (int)product->n, k = (int)product->k;
  if (product->size == sizeof(double)) {
    cblas_dgemm(CblasColMajor, product->a.transposed, product->b.transposed, m, n, k, product->alpha, a, (int)lda, b, (int)ldb,
                product->beta, c, (int)ldc);
  } else {
    cblas_sgemm(CblasColMajor, product->a.transposed, product->b.transposed, m, n, k, (float)product->alpha, a, (int)lda, b,
                (int)ldb, (float)product->beta, c, (int)ldc);
  }
}

static void run_product(void *context) {
  const struct product *product = context;
  const struct operand *operands[3] = {&product->a, &product->b, &product->c};
  const size_t size = product->size;
  const int reads_ab = product->alpha != 0 && product->k > 0;
  char *copies[3];
  int64_t ld[3];
  if (product->workspace_bytes > 0) {
    q2sim_check_device(product->workspace, product->workspace_bytes, "workspace of cublasSetWorkspace");
    memset(product->workspace, 0xff, product->workspace_bytes < SPOILT ? product->workspace_bytes : SPOILT);
  }
  for (int i = 0; i < 3; i++) {
    ld[i] = aligned_rows(operands[i]->rows, size);
    const size_t bytes = (size_t)(ld[i] * operands[i]->columns) * size;
    copies[i] = memset(scratch(bytes), 0, bytes);
  }
  for (int64_t index = 0; index < product->batch; index++) {
    for (int i = 0; i < 3; i++) {
      if (i < 2 ? !reads_ab : product->beta == 0) continue; /* then it may be anything, or nothing */
      copy_matrix(copies[i], ld[i], matrix_of(operands[i], index, size), operands[i]->ld, operands[i]->rows,
                  operands[i]->columns, size);
    }
    multiply(product, copies[0], ld[0], copies[1], ld[1], copies[2], ld[2]);
    copy_matrix(matrix_of(&product->c, index, size), product->c.ld, copies[2], ld[2], product->m, product->n, size);
  }
  for (int i = 0; i < 3; i++)
    free(copies[i]);
}

static int valid_operation(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T || operation == CUBLAS_OP_C;
}

static cublasStatus_t check_product(const struct product *product) {
  const struct operand *operands[3] = {&product->a, &product->b, &product->c};
  if (product->m < 0 || product->n < 0 || product->k < 0 || product->batch < 0) return CUBLAS_STATUS_INVALID_VALUE;
  for (int i = 0; i < 3; i++) {
    if (operands[i]->ld < 1 || operands[i]->ld < operands[i]->rows) return CUBLAS_STATUS_INVALID_VALUE;
  }
  return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t enqueue_product(const char *name, cublasHandle_t handle, const struct product *product) {
  cublasStatus_t status = check_product(product);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  if (q2sim_call(name)) return CUBLAS_STATUS_EXECUTION_FAILED;
  if (product->m == 0 || product->n == 0 || product->batch == 0) return CUBLAS_STATUS_SUCCESS;
  if (!product->c.first) return CUBLAS_STATUS_INVALID_VALUE;
  if (product->alpha != 0 && product->k > 0 && (!product->a.first || !product->b.first)) return CUBLAS_STATUS_INVALID_VALUE;
  if (product->batch > 1 && product->c.stride == 0) {
    fprintf(stderr, "simulated device: %s: strideC is 0, the %lld products overwrite one another\n", name,
            (long long)product->batch);
    abort();
  }
  struct product *context = scratch(sizeof *context);
  *context = *product;
  context->workspace = handle->workspace;
  context->workspace_bytes = handle->workspace_bytes;
  q2sim_enqueue(handle->stream, name, run_product, context, free);
  return CUBLAS_STATUS_SUCCESS;
}

/* cublasDgemmStridedBatched and its like in float: pointers to alpha and beta are read at the call (host pointer mode, the
 * default). */
#define GEMM(NAME, REAL)                                                                                                       \
  cublasStatus_t NAME(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k,          \
                      const REAL *alpha, const REAL *A, int lda, long long int strideA, const REAL *B, int ldb,                \
                      long long int strideB, const REAL *beta, REAL *C, int ldc, long long int strideC, int batchCount) {      \
    if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;                                                                         \
    if (!valid_operation(transa) || !valid_operation(transb) || !alpha || !beta) return CUBLAS_STATUS_INVALID_VALUE;           \
    const struct product product = {operand(#NAME ": A", transa, m, k, A, lda, strideA),                                       \
                                    operand(#NAME ": B", transb, k, n, B, ldb, strideB),                                       \
                                    operand(#NAME ": C", CUBLAS_OP_N, m, n, C, ldc, strideC),                                  \
                                    *alpha,                                                                                    \
                                    *beta,                                                                                     \
                                    m,                                                                                         \
                                    n,                                                                                         \
                                    k,                                                                                         \
                                    batchCount,                                                                                \
                                    sizeof(REAL),                                                                              \
                                    NULL,                                                                                      \
                                    0};                                                                                        \
    return enqueue_product(#NAME, handle, &product);                                                                           \
  }

GEMM(cublasDgemmStridedBatched, double)
GEMM(cublasSgemmStridedBatched, float)

cublasStatus_t cublasCreate_v2(cublasHandle_t *handle) {
  if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = NULL;
  if (q2sim_call("cublasCreate")) return CUBLAS_STATUS_ALLOC_FAILED;
  *handle = scratch(sizeof **handle);
  memset(*handle, 0, sizeof **handle);
  q2sim_handle("cublas", 1);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  const int fault = q2sim_call("cublasDestroy");
  q2sim_handle("cublas", -1);
  free(handle);
  return fault ? CUBLAS_STATUS_INTERNAL_ERROR : CUBLAS_STATUS_SUCCESS;
}

/* Forgets the user's workspace, as the real one does. */
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (q2sim_call("cublasSetStream")) return CUBLAS_STATUS_INTERNAL_ERROR;
  *handle = (struct cublasContext){.stream = stream};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace, size_t bytes) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if ((uintptr_t)workspace % 256 != 0) return CUBLAS_STATUS_INVALID_VALUE;
  if (q2sim_call("cublasSetWorkspace")) return CUBLAS_STATUS_INTERNAL_ERROR;
  handle->workspace = workspace;
  handle->workspace_bytes = workspace ? bytes : 0;
  return CUBLAS_STATUS_SUCCESS;
}

/* Every mode that the header knows is accepted and none changes anything: BLAS computes in the type of the matrices. */
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  switch ((int)mode & ~CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION) {
  case CUBLAS_DEFAULT_MATH:
  case CUBLAS_TENSOR_OP_MATH:
  case CUBLAS_PEDANTIC_MATH:
  case CUBLAS_TF32_TENSOR_OP_MATH:
    break;
  default:
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  return q2sim_call("cublasSetMathMode") ? CUBLAS_STATUS_INTERNAL_ERROR : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetVersion_v2(cublasHandle_t handle, int *version) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!version) return CUBLAS_STATUS_INVALID_VALUE;
  if (q2sim_call("cublasGetVersion")) return CUBLAS_STATUS_INTERNAL_ERROR;
  *version = CUBLAS_VERSION;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetProperty(libraryPropertyType type, int *value) {
  static const int parts[] = {CUBLAS_VER_MAJOR, CUBLAS_VER_MINOR, CUBLAS_VER_PATCH};
  if (!value || (unsigned)type > PATCH_LEVEL) return CUBLAS_STATUS_INVALID_VALUE;
  if (q2sim_call("cublasGetProperty")) return CUBLAS_STATUS_INTERNAL_ERROR;
  *value = parts[type];
  return CUBLAS_STATUS_SUCCESS;
}

const char *cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
#define NAME(STATUS)                                                                                                           \
  case STATUS:                                                                                                                 \
    return #STATUS;
    NAME(CUBLAS_STATUS_SUCCESS)
    NAME(CUBLAS_STATUS_NOT_INITIALIZED)
    NAME(CUBLAS_STATUS_ALLOC_FAILED)
    NAME(CUBLAS_STATUS_INVALID_VALUE)
    NAME(CUBLAS_STATUS_ARCH_MISMATCH)
    NAME(CUBLAS_STATUS_MAPPING_ERROR)
    NAME(CUBLAS_STATUS_EXECUTION_FAILED)
    NAME(CUBLAS_STATUS_INTERNAL_ERROR)
    NAME(CUBLAS_STATUS_NOT_SUPPORTED)
    NAME(CUBLAS_STATUS_LICENSE_ERROR)
#undef NAME
  }
  return "<unknown>";
}

const char *cublasGetStatusString(cublasStatus_t status) {
  switch (status) {
  case CUBLAS_STATUS_SUCCESS:
    return "the operation completed successfully";
  case CUBLAS_STATUS_NOT_INITIALIZED:
    return "the library was not initialized";
  case CUBLAS_STATUS_ALLOC_FAILED:
    return "the resource allocation failed";
  case CUBLAS_STATUS_INVALID_VALUE:
    return "an invalid value was used as an argument";
  case CUBLAS_STATUS_EXECUTION_FAILED:
    return "the function failed to launch on the GPU";
  case CUBLAS_STATUS_INTERNAL_ERROR:
    return "an internal operation failed";
  default:
    return cublasGetStatusName(status);
  }
}
