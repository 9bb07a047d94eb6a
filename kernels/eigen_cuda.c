/* Eigen-decompositions by cuSOLVER. A solver sees the chunks of a batch, hence the same orders and numbers of matrices whatever
 * waves and ranks are: its bits may depend on both. For the same reason each call gets just the work space that it asks for.
 *
 * XsyevBatched and syevjBatched take matrices order times ld numbers apart and eigenvalues order apart, just as a wave has
 * them. Both return ascending eigenvalues, syevjBatched as it sorts by default. They count with 32 bits: order x ld x matrices
 * of a call stays below 2^31. */
#include "backend_cuda.h"

#include <stdlib.h>

static cudaDataType real_type(int single) { return single ? CUDA_R_32F : CUDA_R_64F; }

/* --- plans --- */

static enum q2_cuda_solver choose(const struct q2_cuda_device *device, int order, int batch) {
  enum q2_cuda_solver solver = Q2_CUDA_BATCHED;
  for (int r = 0; r < device->rule_count; r++) {
    if (order >= device->rule[r].order && batch >= device->rule[r].batch) solver = device->rule[r].solver;
  }
  return solver;
}

/* The solver of a matrix that `solver` did not decompose. */
static enum q2_cuda_solver other(enum q2_cuda_solver solver) {
  return solver == Q2_CUDA_ONE_BY_ONE ? Q2_CUDA_JACOBI : Q2_CUDA_ONE_BY_ONE;
}

/* Matrices of one call. */
static int most_together(int order, int ld) {
  const int64_t most = INT32_MAX / ((int64_t)order * ld);
  return most < 1 ? 1 : (int)(most < INT32_MAX ? most : INT32_MAX);
}

static struct q2_cuda_plan *find_plan(const struct q2_cuda_eigen *eigen, const struct q2_cuda_plan *wanted) {
  for (int p = 0; p < eigen->plan_count; p++) {
    struct q2_cuda_plan *plan = &eigen->plan[p];
    if (plan->solver == wanted->solver && plan->single == wanted->single && plan->order == wanted->order &&
        plan->ld == wanted->ld && plan->batch == wanted->batch && plan->vectors == wanted->vectors)
      return plan;
  }
  return NULL;
}

static cusolverEigMode_t mode(const struct q2_cuda_plan *plan) {
  return plan->vectors ? CUSOLVER_EIG_MODE_VECTOR : CUSOLVER_EIG_MODE_NOVECTOR;
}

static cusolverStatus_t ask_jacobi(const struct q2_cuda_eigen *eigen, struct q2_cuda_plan *plan) {
  int reals = 0;
  const cusolverStatus_t status =
      plan->single ? cusolverDnSsyevjBatched_bufferSize(eigen->handle, mode(plan), CUBLAS_FILL_MODE_LOWER, plan->order, NULL,
                                                        plan->ld, NULL, &reals, eigen->jacobi, plan->batch)
                   : cusolverDnDsyevjBatched_bufferSize(eigen->handle, mode(plan), CUBLAS_FILL_MODE_LOWER, plan->order, NULL,
                                                        plan->ld, NULL, &reals, eigen->jacobi, plan->batch);
  plan->device_bytes = (size_t)reals * q2_cuda_real_bytes(plan->single);
  return status;
}

static cusolverStatus_t ask_size(const struct q2_cuda_eigen *eigen, struct q2_cuda_plan *plan) {
  const cudaDataType type = real_type(plan->single);
  switch (plan->solver) {
  case Q2_CUDA_BATCHED:
    return cusolverDnXsyevBatched_bufferSize(eigen->handle, eigen->parameters, mode(plan), CUBLAS_FILL_MODE_LOWER, plan->order,
                                             type, NULL, plan->ld, type, NULL, type, &plan->device_bytes, &plan->host_bytes,
                                             plan->batch);
  case Q2_CUDA_JACOBI:
    return ask_jacobi(eigen, plan);
  default:
    return cusolverDnXsyevd_bufferSize(eigen->handle, eigen->parameters, mode(plan), CUBLAS_FILL_MODE_LOWER, plan->order, type,
                                       NULL, plan->ld, type, NULL, type, &plan->device_bytes, &plan->host_bytes);
  }
}

static int add_plan(struct q2_cuda_device *device, struct q2_cuda_eigen *eigen, struct q2_cuda_plan plan) {
  if (find_plan(eigen, &plan)) return 0;
  struct q2_cuda_plan *plans = realloc(eigen->plan, (size_t)(eigen->plan_count + 1) * sizeof *plans);
  if (!plans) {
    q2_cuda_fail(device, "out of memory: %d plans of eigen-decompositions", eigen->plan_count + 1);
    return -1;
  }
  eigen->plan = plans;
  if (Q2_CUDA(device, ask_size(eigen, &plan)) != 0) return -1;
  plans[eigen->plan_count++] = plan;
  return 0;
}

static int add_plans(struct q2_cuda_device *device, struct q2_cuda_eigen *eigen, int single, int order, int ld, int batch) {
  const enum q2_cuda_solver solver = choose(device, order, batch);
  for (int vectors = 0; vectors < 2; vectors++) {
    if (add_plan(device, eigen, (struct q2_cuda_plan){solver, single, order, ld, batch, vectors, 0, 0, 0}) != 0 ||
        add_plan(device, eigen, (struct q2_cuda_plan){other(solver), single, order, ld, 1, vectors, 0, 0, 0}) != 0)
      return -1;
  }
  return 0;
}

int q2_cuda_eigen_plan(struct q2_cuda_device *device, struct q2_cuda_eigen *eigen, const struct q2_batch *batch, int single) {
  const int order = batch->order, ld = batch->ld_order;
  if (order == 0) return 0;
  const int64_t most = most_together(order, ld);
  for (int64_t c = 0; c < batch->chunk_count; c++) {
    const int64_t count = batch->chunk_start[c + 1] - batch->chunk_start[c];
    if (count >= most && add_plans(device, eigen, single, order, ld, (int)most) != 0) return -1;
    if (count % most > 0 && add_plans(device, eigen, single, order, ld, (int)(count % most)) != 0) return -1;
  }
  return 0;
}

int q2_cuda_eigen_create(struct q2_cuda_device *device, cudaStream_t stream, struct q2_cuda_eigen *eigen) {
  if (Q2_CUDA(device, cusolverDnCreate(&eigen->handle)) != 0 ||
      Q2_CUDA(device, cusolverDnSetStream(eigen->handle, stream)) != 0 ||
      Q2_CUDA(device, cusolverDnCreateParams(&eigen->parameters)) != 0)
    return -1;
  return Q2_CUDA(device, cusolverDnCreateSyevjInfo(&eigen->jacobi));
}

int q2_cuda_eigen_allocate(struct q2_cuda_device *device, struct q2_cuda_eigen *eigen, int64_t *bytes) {
  size_t there = 0, here = 0;
  for (int p = 0; p < eigen->plan_count; p++) {
    there = eigen->plan[p].device_bytes > there ? eigen->plan[p].device_bytes : there;
    here = eigen->plan[p].host_bytes > here ? eigen->plan[p].host_bytes : here;
  }
  if (there > eigen->device_bytes) {
    if (eigen->device_work) (void)cudaFree(eigen->device_work);
    eigen->device_work = q2_cuda_allocate(device, (int64_t)there);
    *bytes += (int64_t)(there - eigen->device_bytes);
    eigen->device_bytes = there;
  }
  if (here > eigen->host_bytes) {
    free(eigen->host_work);
    eigen->host_work = q2_cuda_allocate_here(device, 1, here);
    eigen->host_bytes = here;
  }
  return (there > 0 && !eigen->device_work) || (here > 0 && !eigen->host_work) ? -1 : 0;
}

void q2_cuda_eigen_destroy(struct q2_cuda_eigen *eigen) {
  if (eigen->jacobi) (void)cusolverDnDestroySyevjInfo(eigen->jacobi);
  if (eigen->parameters) (void)cusolverDnDestroyParams(eigen->parameters);
  if (eigen->handle) (void)cusolverDnDestroy(eigen->handle);
  if (eigen->device_work) (void)cudaFree(eigen->device_work);
  free(eigen->host_work);
  free(eigen->plan);
}

/* --- solving --- */

static cusolverStatus_t solve_one_by_one(const struct q2_cuda_eigen *eigen, const struct q2_cuda_solution *solution) {
  const struct q2_cuda_plan *plan = solution->plan;
  const cudaDataType type = real_type(plan->single);
  const int64_t bytes = (int64_t)q2_cuda_real_bytes(plan->single);
  for (int64_t k = 0; k < plan->batch; k++) {
    const cusolverStatus_t status =
        cusolverDnXsyevd(eigen->handle, eigen->parameters, mode(plan), CUBLAS_FILL_MODE_LOWER, plan->order, type,
                         (char *)solution->matrix + k * plan->ld * plan->order * bytes, plan->ld, type,
                         (char *)solution->value + k * plan->order * bytes, type, eigen->device_work, plan->device_bytes,
                         eigen->host_work, plan->host_bytes, solution->info + k);
    if (status != CUSOLVER_STATUS_SUCCESS) return status;
  }
  return CUSOLVER_STATUS_SUCCESS;
}

static cusolverStatus_t solve_jacobi(const struct q2_cuda_eigen *eigen, const struct q2_cuda_solution *solution) {
  const struct q2_cuda_plan *plan = solution->plan;
  const int reals = (int)(plan->device_bytes / q2_cuda_real_bytes(plan->single));
  return plan->single ? cusolverDnSsyevjBatched(eigen->handle, mode(plan), CUBLAS_FILL_MODE_LOWER, plan->order,
                                                solution->matrix, plan->ld, solution->value, eigen->device_work, reals,
                                                solution->info, eigen->jacobi, plan->batch)
                      : cusolverDnDsyevjBatched(eigen->handle, mode(plan), CUBLAS_FILL_MODE_LOWER, plan->order,
                                                solution->matrix, plan->ld, solution->value, eigen->device_work, reals,
                                                solution->info, eigen->jacobi, plan->batch);
}

cusolverStatus_t q2_cuda_eigen_solve(const struct q2_cuda_eigen *eigen, const struct q2_cuda_solution *solution) {
  const struct q2_cuda_plan *plan = solution->plan;
  const cudaDataType type = real_type(plan->single);
  switch (plan->solver) {
  case Q2_CUDA_BATCHED:
    return cusolverDnXsyevBatched(eigen->handle, eigen->parameters, mode(plan), CUBLAS_FILL_MODE_LOWER, plan->order, type,
                                  solution->matrix, plan->ld, type, solution->value, type, eigen->device_work,
                                  plan->device_bytes, eigen->host_work, plan->host_bytes, solution->info, plan->batch);
  case Q2_CUDA_JACOBI:
    return solve_jacobi(eigen, solution);
  default:
    return solve_one_by_one(eigen, solution);
  }
}

/* Decomposes `count` matrices from `slot` on by `solver`. */
static void put_solution(struct q2_cuda_queue *queue, const struct q2_batch *batch, const struct q2_wave *wave, int64_t slot,
                         int count, enum q2_cuda_solver solver, int vectors) {
  const struct q2_cuda_plan wanted = {solver, wave->single, batch->order, batch->ld_order, count, vectors, 0, 0, 0};
  const int64_t bytes = (int64_t)q2_cuda_real_bytes(wave->single);
  struct q2_cuda_plan *plan = find_plan(&queue->eigen, &wanted);
  if (!plan) {
    q2_cuda_fail(queue->device, "no work space for %d matrices of order %d: the wave was not made for this batch", count,
                 batch->order);
    return;
  }
  const struct q2_cuda_solution solution = {plan, (char *)wave->vectors + slot * batch->ld_order * batch->order * bytes,
                                            (char *)wave->eigenvalue + slot * batch->order * bytes, wave->info + slot};
  q2_cuda_put_solution(queue, &solution);
}

static int retried(const struct q2_wave *wave, int64_t slot) { return wave->retry && wave->retry[wave->first + slot]; }

/* Matrices for the other solver are kept in `right`, which holds nothing at this time, while the chunks are decomposed. */
static void copy_retried(struct q2_cuda_queue *queue, const struct q2_batch *batch, const struct q2_wave *wave, int back) {
  const int64_t bytes = (int64_t)q2_cuda_real_bytes(wave->single), size = batch->ld_order * (int64_t)batch->order * bytes,
                spare = batch->ld * (int64_t)batch->order * bytes;
  for (int64_t slot = 0; slot < wave->count; slot++) {
    char *matrix = (char *)wave->vectors + slot * size, *kept = (char *)wave->right + slot * spare;
    if (retried(wave, slot) && Q2_CUDA(queue->device, cudaMemcpyAsync(back ? matrix : kept, back ? kept : matrix, (size_t)size,
                                                                      cudaMemcpyDeviceToDevice, queue->stream)) != 0)
      return;
  }
}

void q2_cuda_decompose(const struct q2_batch *batch, const struct q2_wave *wave, int vectors) {
  struct q2_cuda_queue *queue = q2_cuda_enter(wave);
  struct q2_cuda_chunk chunk;
  if (!queue || wave->count <= 0) return;
  q2_cuda_run(Q2_KERNEL_CHECK_FINITE, batch, wave);
  if (batch->order == 0) return;
  const int most = most_together(batch->order, batch->ld_order);
  q2_cuda_run(Q2_KERNEL_COLUMN_SQUARE, batch, wave);
  q2_cuda_run(Q2_KERNEL_TRACE_SQUARE, batch, wave);
  q2_cuda_run(Q2_KERNEL_REPLACE_NOT_FINITE, batch, wave);
  copy_retried(queue, batch, wave, 0);
  for (int64_t c = 0; q2_cuda_chunk(batch, wave, c, &chunk); c++) {
    for (int done = 0, now; done < chunk.count; done += now) {
      now = chunk.count - done < most ? chunk.count - done : most;
      put_solution(queue, batch, wave, chunk.slot + done, now, choose(queue->device, batch->order, now), vectors);
    }
  }
  copy_retried(queue, batch, wave, 1);
  for (int64_t c = 0; q2_cuda_chunk(batch, wave, c, &chunk); c++) {
    for (int k = 0; k < chunk.count; k++) {
      const int piece = chunk.count - k / most * most < most ? chunk.count - k / most * most : most;
      if (retried(wave, chunk.slot + k))
        put_solution(queue, batch, wave, chunk.slot + k, 1, other(choose(queue->device, batch->order, piece)), vectors);
    }
  }
  q2_cuda_run(Q2_KERNEL_CHECK_CONVERGED, batch, wave);
  q2_cuda_run(Q2_KERNEL_CLEAR_FAILED, batch, wave);
}

/* --- tuning --- */

struct trial {
  cudaStream_t stream;
  cudaEvent_t begin, end;
  struct q2_cuda_eigen eigen;
  q2_real *here, *pristine, *matrix, *value;
  int32_t *info;
  int64_t bytes;
};

/* Symmetric matrices of numbers between -1 and 1 from a linear congruential generator (Knuth's MMIX). */
static void fill(q2_real *matrix, int order, int ld, int batch) {
  uint64_t state = 1;
  for (int64_t k = 0; k < batch; k++, matrix += (int64_t)ld * order) {
    for (int64_t column = 0; column < order; column++) {
      for (int64_t row = column; row < order; row++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        matrix[column * ld + row] = matrix[row * ld + column] = (q2_real)((double)(state >> 11) * 0x1p-52 - 1);
      }
    }
  }
}

static int create_trial(struct q2_cuda_device *device, int order, int ld, int batch, struct trial *trial) {
  int64_t ignored = 0;
  trial->bytes = (int64_t)ld * order * batch * (int64_t)sizeof(q2_real);
  if (Q2_CUDA(device, cudaStreamCreateWithFlags(&trial->stream, cudaStreamNonBlocking)) != 0 ||
      Q2_CUDA(device, cudaEventCreateWithFlags(&trial->begin, cudaEventDefault)) != 0 ||
      Q2_CUDA(device, cudaEventCreateWithFlags(&trial->end, cudaEventDefault)) != 0 ||
      q2_cuda_eigen_create(device, trial->stream, &trial->eigen) != 0)
    return -1;
  for (int solver = 0; solver < Q2_CUDA_SOLVER_COUNT; solver++) {
    const struct q2_cuda_plan plan = {(enum q2_cuda_solver)solver, 0, order, ld, batch, 1, 0, 0, 0};
    if (add_plan(device, &trial->eigen, plan) != 0) return -1;
  }
  trial->here = q2_cuda_allocate_here(device, (size_t)trial->bytes, 1);
  trial->pristine = q2_cuda_allocate(device, trial->bytes);
  trial->matrix = q2_cuda_allocate(device, trial->bytes);
  trial->value = q2_cuda_allocate(device, (int64_t)order * batch * (int64_t)sizeof(q2_real));
  trial->info = q2_cuda_allocate(device, batch * (int64_t)sizeof(int32_t));
  if (!trial->here || !trial->pristine || !trial->matrix || !trial->value || !trial->info ||
      q2_cuda_eigen_allocate(device, &trial->eigen, &ignored) != 0)
    return -1;
  fill(trial->here, order, ld, batch);
  if (Q2_CUDA(device, cudaStreamSynchronize(device->main)) != 0 ||
      Q2_CUDA(device,
              cudaMemcpyAsync(trial->pristine, trial->here, (size_t)trial->bytes, cudaMemcpyHostToDevice, trial->stream)) != 0)
    return -1;
  return Q2_CUDA(device, cudaStreamSynchronize(trial->stream));
}

static void destroy_trial(struct trial *trial) {
  q2_cuda_eigen_destroy(&trial->eigen);
  void *there[] = {trial->pristine, trial->matrix, trial->value, trial->info};
  for (size_t k = 0; k < sizeof there / sizeof *there; k++) {
    if (there[k]) (void)cudaFree(there[k]);
  }
  free(trial->here);
  if (trial->begin) (void)cudaEventDestroy(trial->begin);
  if (trial->end) (void)cudaEventDestroy(trial->end);
  if (trial->stream) (void)cudaStreamDestroy(trial->stream);
}

static int time_solver(struct q2_cuda_device *device, const struct trial *trial, struct q2_cuda_plan *plan, double *seconds) {
  const struct q2_cuda_solution solution = {plan, trial->matrix, trial->value, trial->info};
  float milliseconds;
  if (Q2_CUDA(device, cudaMemcpyAsync(trial->matrix, trial->pristine, (size_t)trial->bytes, cudaMemcpyDeviceToDevice,
                                      trial->stream)) != 0 ||
      Q2_CUDA(device, cudaEventRecord(trial->begin, trial->stream)) != 0 ||
      Q2_CUDA(device, q2_cuda_eigen_solve(&trial->eigen, &solution)) != 0 ||
      Q2_CUDA(device, cudaEventRecord(trial->end, trial->stream)) != 0 ||
      Q2_CUDA(device, cudaStreamSynchronize(trial->stream)) != 0 ||
      Q2_CUDA(device, cudaEventElapsedTime(&milliseconds, trial->begin, trial->end)) != 0)
    return -1;
  *seconds = 1e-3 * (double)milliseconds;
  return 0;
}

int q2_cuda_tune(const struct q2_backend *backend, int order, int batch, double seconds[Q2_CUDA_SOLVER_COUNT]) {
  struct q2_cuda_device *device = backend->device;
  struct trial trial = {0};
  const int ld = (int)q2_leading_dimension(order);
  int status = order < 1 || batch < 1 || batch > most_together(order, ld) ? -1 : 0;
  if (status != 0) q2_cuda_fail(device, "%d matrices of order %d are more than a solver takes", batch, order);
  if (status == 0) status = create_trial(device, order, ld, batch, &trial);
  for (int p = 0; status == 0 && p < Q2_CUDA_SOLVER_COUNT; p++) {
    for (int try = 0; status == 0 && try < 4; try++) { /* the first one loads the solver */
      double now = 0;
      status = time_solver(device, &trial, &trial.eigen.plan[p], &now);
      if (try == 1 || (try > 1 && now < seconds[p])) seconds[p] = now;
    }
  }
  destroy_trial(&trial);
  return status;
}
