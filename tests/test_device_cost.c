/* Claims: the operations, products, launches and library calls that perfmodels/device.h forecasts are those of an evaluation,
 * counted while it runs, in every mode of precision; its law of eigen-decompositions gives the timings that it rests on; bytes
 * of tables are those of perfmodels/cost.h; forecasts grow with the work and are the sums of their stages. Whether the seconds
 * are right, nobody here can know. test_device_cost DATASET...    data sets of molecules with frequencies */
#include "../perfmodels/device.h"

#include <string.h>

#include "../src/forecast.h"
#include "../src/objective_state.h"
#include "check.h"
#include "count_operations.h"
#include "observed.h"

/* --- an evaluation that is counted --- */

static struct {
  double operations[Q2_COST_STAGES], products[Q2_PRECISION_COUNT], launches, calls; /* found */
  double steps, expected_launches, expected_calls; /* of relaxations since the last wave; what the model has for the waves */
  struct q2_device_mode mode;                      /* of the evaluation */
} counts;

/* The stage of a kernel of a fixed batch. */
static int stage_of(enum q2_kernel kernel) {
  switch (kernel) {
  case Q2_KERNEL_CHARGES:
  case Q2_KERNEL_TERMS:
    return Q2_COST_TERMS;
  case Q2_KERNEL_BLOCKS:
  case Q2_KERNEL_DIAGONAL:
  case Q2_KERNEL_MASS_WEIGHT:
    return Q2_COST_HESSIAN;
  case Q2_KERNEL_RIGID_SQUARE:
  case Q2_KERNEL_PANELS:
  case Q2_KERNEL_TRAILING:
  case Q2_KERNEL_PADDING_BOUND:
  case Q2_KERNEL_PADDING:
    return Q2_COST_PROJECT;
  case Q2_KERNEL_RESIDUALS:
  case Q2_KERNEL_FREQUENCIES:
  case Q2_KERNEL_SUMS:
    return Q2_COST_OBSERVABLES;
  case Q2_KERNEL_EXPAND:
  case Q2_KERNEL_DISPLACEMENTS:
  case Q2_KERNEL_SCALE:
  case Q2_KERNEL_CLEAR_BARS:
    return Q2_COST_COTANGENT;
  default:
    return Q2_COST_PARAMETERS;
  }
}

/* What the model has for the wave that just ran. */
static void expect_wave(const struct q2_batch *batch, const struct q2_wave *wave) {
  const struct q2_device_batch flags = {.moving = batch->moving,
                                        .rigid = batch->has_rigid,
                                        .residuals = batch->has_residuals,
                                        .nonbonded = batch->has_nonbonded,
                                        .nonbonded_varies = batch->nonbonded_varies,
                                        .energies = batch->has_energies,
                                        .gradients = batch->has_gradients,
                                        .modes = batch->has_modes,
                                        .elements = batch->has_elements,
                                        .sites = batch->has_sites,
                                        .basis = batch->basis_columns > 0,
                                        .padded = wave->padded};
  struct q2_device_stage stage[Q2_COST_STAGES];
  memset(stage, 0, sizeof stage);
  q2_device_launches(&flags, stage);
  q2_device_mode_launches(&flags, &counts.mode, stage);
  if (batch->moving) {
    const double share = counts.steps / Q2_COST_NEWTON_STEPS;
    stage[Q2_COST_RELAX].launches = 1 + share * (stage[Q2_COST_RELAX].launches - 1);
    stage[Q2_COST_RELAX].calls *= share;
  }
  for (int s = 0; s < Q2_COST_STAGES; s++) {
    counts.expected_launches += stage[s].launches;
    counts.expected_calls += stage[s].calls;
  }
  counts.steps = 0;
}

static void run(enum q2_kernel kernel, const struct q2_batch *batch, const struct q2_wave *wave) {
  if (wave->single)
    q2_backend_cpu.run(kernel, batch, wave); /* the numbers that count are float64 */
  else
    counts.operations[stage_of(kernel)] += count_kernel((int)kernel, batch, wave);
  counts.launches++;
  counts.steps += kernel == Q2_KERNEL_RELAX_JUDGE;
  if (kernel == Q2_KERNEL_SUMS) expect_wave(batch, wave);
}

static void multiply(enum q2_product product, const struct q2_batch *batch, const struct q2_wave *wave) {
  for (int64_t slot = 0; slot < wave->count; slot++) {
    const int64_t m = wave->first + slot;
    const double c = 3.0 * batch->atom_count[m], n = q2_order(batch, wave, m);
    const double size[] = {[Q2_PRODUCT_RIGID] = c * Q2_RIGID * c,
                           [Q2_PRODUCT_UPDATE] = c * c * 2 * Q2_RIGID,
                           [Q2_PRODUCT_RIGID_BACK] = Q2_RIGID * n * c,
                           [Q2_PRODUCT_UPDATE_BACK] = c * n * Q2_RIGID,
                           [Q2_PRODUCT_COTANGENT] = c * c * n};
    if (product <= Q2_PRODUCT_COTANGENT) counts.products[wave->single] += 2 * size[product];
    if (product >= Q2_PRODUCT_REFINE_IMAGE) counts.products[wave->single] += 2 * n * n * n;
  }
  counts.calls++;
  q2_backend_cpu.multiply(product, batch, wave);
}

static void decompose(const struct q2_batch *batch, const struct q2_wave *wave, int vectors) {
  counts.calls++;
  q2_backend_cpu.decompose(batch, wave, vectors);
}

static void convert(const struct q2_wave *wave, const void *from, void *to, int64_t count, int to_single) {
  counts.launches += count > 0;
  q2_backend_cpu.convert(wave, from, to, count, to_single);
}

static struct q2_backend counting_backend(void) {
  struct q2_backend counting = q2_backend_cpu;
  counting.run = run;
  counting.multiply = multiply;
  counting.decompose = decompose;
  counting.convert = convert;
  return counting;
}

/* Counts one evaluation of the problem; it must give the loss and the gradient of the plain backend. */
static void evaluate(struct problem *problem) {
  const int count = problem->dataset.parameters.count;
  double gradient[2][2048];
  struct q2_evaluation evaluation[2];
  struct q2_error error = {""};
  struct q2_backend counting = counting_backend();
  CHECK(count <= 2048);
  for (int k = 0; k < 2; k++) { /* the first evaluation of all may relax twice */
    problem->objective->backend = k ? &counting : &q2_backend_cpu;
    CHECK(q2_objective_evaluate(problem->objective, problem->dataset.parameters.value, &evaluation[k], gradient[k], &error) ==
              Q2_OK,
          "%s", error.text);
  }
  problem->objective->backend = &q2_backend_cpu;
  CHECK(evaluation[1].failed_molecules == 0);
  CHECK_CLOSE(evaluation[0].loss, evaluation[1].loss, 1e-8 * evaluation[0].loss);
  for (int p = 0; p < count; p++)
    CHECK_CLOSE(gradient[0][p], gradient[1][p], 1e-6 * (1 + fabs(gradient[0][p])));
}

/* --- operations --- */

static void free_everything(struct q2_dataset *dataset) {
  struct q2_parameters *p = &dataset->parameters;
  for (int row = 0; row < p->count; row++)
    p->active[row] = 1;
}

/* Terms depend on their forms, stages 2 and 7 on how many pairs are excluded and how many terms meet in a block, which is
 * guessed from the number of terms: coarsely so in molecules of fewer than 10 atoms. The rest is exact but for padding. */
static const double tolerance[2][Q2_COST_STAGES] = {{0.15, 0.02, 0.01, 0, 0.02, 0.01, 0.03, 0},
                                                    {0.25, 0.15, 0.01, 0, 0.02, 0.01, 0.25, 0}};

static void check_operations(const char *path) {
  struct problem problem = {0};
  struct q2_error error = {""};
  struct q2_session session = {0};
  struct q2_device_work work;
  memset(&work, 0, sizeof work);
  double products = 0, bytes = 0;
  if (q2_dataset_read(MPI_COMM_SELF, path, &problem.dataset, &error) != Q2_OK) {
    CHECK(0, "%s", error.text);
    return;
  }
  free_everything(&problem.dataset); /* so that all backward kernels run, as the model has it */
  finish_problem(&problem, MPI_COMM_SELF, (struct q2_plan_options){0},
                 (struct q2_objective_options){.threads = 1, .padded_eigensolver = 1}, &error);
  memset(&counts, 0, sizeof counts);
  evaluate(&problem);
  session.dataset = problem.dataset;
  const int small = problem.dataset.atom_total < 10 * problem.dataset.molecule_total;
  for (int64_t m = 0; m < problem.dataset.molecule_count; m++) {
    const struct q2_cost_sizes sizes = q2_forecast_sizes(&session, m);
    q2_device_add_molecule(&sizes, &work);
    bytes += (double)q2_cost_table_bytes(&sizes);
  }
  for (int s = 0; s < Q2_COST_STAGES; s++) {
    const double model = work.stage[s].operations[Q2_PRECISION_FLOAT64], close = tolerance[small][s];
    CHECK(fabs(model - counts.operations[s]) <= close * counts.operations[s],
          "%s, stage %d: %.6g operations counted, %.6g forecast", path, s, counts.operations[s], model);
    products += work.stage[s].products[Q2_PRECISION_FLOAT64];
  }
  CHECK_CLOSE(products, counts.products[Q2_PRECISION_FLOAT64], (1e-12 + 2 * problem.plan.padding_waste) * products);
  CHECK_CLOSE(work.table_bytes, bytes, 0);
  CHECK_CLOSE(counts.launches, counts.expected_launches, 0);
  CHECK_CLOSE(counts.calls, counts.expected_calls, 0);
  close_problem(&problem);
}

/* --- modes of precision --- */

/* Products in either precision, launches and calls of an evaluation in the mode. */
static void check_mode(const char *path, int mode) {
  struct q2_dataset dataset;
  struct q2_plan plan;
  struct q2_objective *objective = NULL;
  struct q2_evaluation evaluation;
  struct q2_error error = {""};
  struct q2_session session = {0};
  struct q2_device_work work;
  double gradient[2048], products[Q2_PRECISION_COUNT] = {0, 0};
  const struct q2_backend counting = counting_backend();
  const struct q2_objective_options options = {
      .threads = 1, .padded_eigensolver = 1, .backend = &counting, .precision = &mode, .precision_count = 1};
  CHECK(q2_dataset_read(MPI_COMM_SELF, path, &dataset, &error) == Q2_OK, "%s", error.text);
  free_everything(&dataset);
  int status = q2_plan_create(MPI_COMM_SELF, &dataset, &(struct q2_plan_options){0}, &plan, &error);
  if (status == Q2_OK) status = q2_plan_distribute(MPI_COMM_SELF, &plan, &dataset, &error);
  if (status == Q2_OK) status = q2_objective_create(MPI_COMM_SELF, &dataset, &plan, &options, &objective, &error);
  CHECK(status == Q2_OK, "%s", error.text);
  if (!objective) return;
  memset(&counts, 0, sizeof counts);
  counts.mode = q2_forecast_mode(mode);
  CHECK(q2_objective_evaluate(objective, dataset.parameters.value, &evaluation, gradient, &error) == Q2_OK, "%s", error.text);
  CHECK(evaluation.failed_molecules == 0);
  session.dataset = dataset;
  memset(&work, 0, sizeof work);
  work.mode = counts.mode;
  for (int64_t m = 0; m < dataset.molecule_count; m++) {
    const struct q2_cost_sizes sizes = q2_forecast_sizes(&session, m);
    q2_device_add_molecule(&sizes, &work);
  }
  for (int p = 0; p < Q2_PRECISION_COUNT; p++) {
    for (int s = 0; s < Q2_COST_STAGES; s++)
      products[p] += work.stage[s].products[p];
    CHECK(fabs(products[p] - counts.products[p]) <= (1e-12 + 3 * plan.padding_waste) * products[p],
          "%s, %s: %.6g operations of products counted, %.6g forecast", path, q2_precision_modes[mode].name, counts.products[p],
          products[p]);
  }
  CHECK(counts.launches == counts.expected_launches && counts.calls == counts.expected_calls,
        "%s, %s: %g launches and %g calls counted, %g and %g forecast", path, q2_precision_modes[mode].name, counts.launches,
        counts.calls, counts.expected_launches, counts.expected_calls);
  q2_objective_destroy(objective);
  q2_plan_free(&plan);
  q2_dataset_free(&dataset);
}

/* --- launches, of batches with everything that has no pass of its own before --- */

static void check_launches(int kinds, int charges, int padded) {
  struct problem problem;
  open_observed(&problem, MPI_COMM_SELF, 12, kinds, charges, (struct q2_plan_options){0},
                (struct q2_objective_options){.threads = 1, .padded_eigensolver = padded});
  memset(&counts, 0, sizeof counts);
  evaluate(&problem);
  CHECK(counts.launches > 0);
  CHECK_CLOSE(counts.launches, counts.expected_launches, 0);
  CHECK_CLOSE(counts.calls, counts.expected_calls, 0);
  close_problem(&problem);
}

/* --- closed forms --- */

static void check_products(void) {
  const struct q2_cost_sizes sizes = {.atoms = 10, .order = 24, .rigid = 6, .terms = 40, .entries = 90, .parameters = 30};
  const double c = 30, n = 24;
  struct q2_device_work work;
  memset(&work, 0, sizeof work);
  q2_device_add_molecule(&sizes, &work);
  CHECK_CLOSE(work.stage[Q2_COST_PROJECT].products[0], 2 * c * c * 6 + 2 * c * c * 12, 0);
  CHECK_CLOSE(work.stage[Q2_COST_COTANGENT].products[0], 2 * 6 * n * c + 2 * c * n * 6 + 2 * c * c * n, 0);
  CHECK_CLOSE(work.table_bytes, (double)q2_cost_table_bytes(&sizes), 0);
  CHECK_CLOSE(work.wave_bytes, (double)q2_cost_wave_bytes(&sizes), 0);
  const double before = work.stage[Q2_COST_PARAMETERS].products[0];
  q2_device_add_normal(&sizes, &work);
  CHECK_CLOSE(work.stage[Q2_COST_PARAMETERS].products[0] - before, 2 * 30.0 * 30 * n, 0);
}

/* 1,024 or 64 matrices on the card of the timings that the law rests on (perfmodels/device.c); milliseconds. */
static void check_eigen(void) {
  const struct q2_device_rates card = {"RTX 4080", {48.7e12 / 64, 48.7e12}, {48.7e12 / 64, 48.7e12}, 717e9, 16e9, 76, 2.505e9};
  static const struct {
    enum q2_precision precision;
    int order, matrices;
    double milliseconds;
  } published[] = {{Q2_PRECISION_FLOAT64, 33, 1024, 15.1}, {Q2_PRECISION_FLOAT64, 48, 1024, 21.9},
                   {Q2_PRECISION_FLOAT64, 64, 1024, 30.4}, {Q2_PRECISION_FLOAT64, 128, 1024, 145.7},
                   {Q2_PRECISION_FLOAT64, 512, 64, 161},   {Q2_PRECISION_FLOAT32, 33, 1024, 3.3}};
  for (size_t k = 0; k < sizeof published / sizeof published[0]; k++) {
    const double forecast =
        1e3 * published[k].matrices * q2_device_eigen(&card, published[k].precision, published[k].order) / card.multiprocessors;
    CHECK(fabs(forecast / published[k].milliseconds - 1) < 0.2, "order %d: %g ms published, %g by the law", published[k].order,
          published[k].milliseconds, forecast);
  }
  for (int d = 0; d < Q2_DEVICE_COUNT; d++) {
    for (int p = 0; p < Q2_PRECISION_COUNT; p++) {
      for (int n = 2; n < 600; n++) {
        const double less = q2_device_eigen(&q2_device_models[d], (enum q2_precision)p, n - 1),
                     more = q2_device_eigen(&q2_device_models[d], (enum q2_precision)p, n);
        CHECK(more > less, "%s: order %d takes %g, order %d %g", q2_device_models[d].name, n - 1, less, n, more);
        CHECK(q2_device_eigen_alone(&q2_device_models[d], (enum q2_precision)p, n) <= more);
      }
      const double operations = 9.0 * 128 * 128 * 128 * q2_device_models[d].multiprocessors;
      CHECK(operations / q2_device_eigen(&q2_device_models[d], (enum q2_precision)p, 128) < q2_device_models[d].vector[p]);
    }
  }
}

static void check_seconds(void) {
  const struct q2_cost_sizes small = {.atoms = 20, .order = 54, .rigid = 6, .terms = 90, .entries = 200, .parameters = 60},
                             large = {.atoms = 40, .order = 114, .rigid = 6, .terms = 180, .entries = 400, .parameters = 80};
  for (int d = 0; d < Q2_DEVICE_COUNT; d++) {
    double before = 0;
    for (int step = 0; step < 6; step++) { /* each does more than the one before */
      struct q2_cost_sizes sizes = step < 1 ? small : large;
      struct q2_device_work work;
      memset(&work, 0, sizeof work);
      double stage[Q2_COST_STAGES], sum = 0;
      sizes.nonbonded = step > 1;
      sizes.relaxed = step > 2;
      q2_device_add_molecule(&sizes, &work);
      if (step > 3) q2_device_add_normal(&sizes, &work);
      if (step > 4) work.stage[Q2_COST_TERMS].launches += 1;
      const double eigen = q2_device_eigen(&q2_device_models[d], Q2_PRECISION_FLOAT64, sizes.order);
      const double seconds = q2_device_seconds(&q2_device_models[d], &work, eigen, 0, stage);
      for (int s = 0; s < Q2_COST_STAGES; s++)
        sum += stage[s];
      CHECK_CLOSE(sum, seconds, 1e-15);
      CHECK(seconds > before, "step %d: %g after %g", step, seconds, before);
      before = seconds;
      const double memory = q2_device_memory(&work);
      work.mode.stage[Q2_COST_HESSIAN] = Q2_PRECISION_FLOAT32;
      CHECK_CLOSE(q2_device_memory(&work), 1.5 * memory, 0);
    }
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  check_products();
  check_eigen();
  check_seconds();
  for (int k = 1; k < argc; k++)
    check_operations(argv[k]);
  for (int k = 1; k < argc; k++) {
    for (int mode = 0; mode < Q2_NAMED_MODES; mode++)
      check_mode(argv[k], mode);
  }
  for (int padded = 0; padded < 2; padded++) {
    for (int charges = 0; charges < 2; charges++) {
      check_launches(1 << Q2_OBSERVABLE_FREQUENCY, charges, padded);
      check_launches(1 << Q2_OBSERVABLE_EIGENMATRIX_DIAGONAL | 1 << Q2_OBSERVABLE_HESSIAN, charges, padded);
      check_launches(1 << Q2_OBSERVABLE_FREQUENCY | 1 << Q2_OBSERVABLE_GRADIENT | 1 << Q2_OBSERVABLE_EIGENMATRIX_OFF_DIAGONAL,
                     charges, padded);
      check_launches(1 << Q2_OBSERVABLE_FREQUENCY | 1 << Q2_OBSERVABLE_BOND | 1 << Q2_OBSERVABLE_RELAXED_FREQUENCY, charges,
                     padded);
      check_launches(1 << Q2_OBSERVABLE_BOND, charges, padded);
    }
  }
  MPI_Finalize();
  return check_result();
}
