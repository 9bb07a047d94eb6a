/* The benchmark: value and gradient, stage by stage, beside bare LAPACK on the same matrices and beside what perfmodels/
 * predicts. */
#include <lapacke.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "../io/constants.h"
#include "../io/memory.h"
#include "../kernels/portable.h"
#include "commands.h"
#include "forecast.h"
#include "rigid.h"
#include "session.h"

/* This rank's matrices, as the eigen-solver meets them at the starting parameters. */
struct matrices {
  int64_t count, *start; /* [count + 1] elements */
  int *order;
  double *element; /* lower triangles, leading dimension a multiple of 8 */
  double *scratch; /* [threads][work] copy, eigenvalues, LAPACK's work space */
  int64_t work;
  int largest, threads;
};

static int molecule_matrix(struct q2_session *session, const double *parameters, int64_t m, double *hessian, double *packed,
                           double *full, double *out, int order, struct q2_error *error) {
  const struct q2_dataset *dataset = &session->dataset;
  const int64_t first = dataset->atom_offset[m];
  const int atoms = (int)(dataset->atom_offset[m + 1] - first), n = 3 * atoms;
  const double unit = 1 / Q2_HARTREE_PER_BOHR2;
  int skip;
  Q2_TRY(q2_objective_hessian(session->objective, parameters, m, hessian, error));
  for (int row = 0, k = 0; row < n; row++) {
    for (int column = 0; column <= row; column++)
      packed[k++] = hessian[(int64_t)row * n + column] * unit;
  }
  if (q2_vibrational_matrix(atoms, dataset->mass + first, dataset->position + 3 * first, packed,
                            session->options.match != Q2_MATCH_Q2MM, (int)q2_leading_dimension(n), full, &skip) != order) {
    return q2_fail(error, "molecule %s: its vibrational matrix cannot be made", dataset->name[m].text);
  }
  for (int column = 0; column < order; column++) {
    memcpy(out + column * q2_leading_dimension(order) + column,
           full + (column + skip) * q2_leading_dimension(n) + column + skip, (size_t)(order - column) * sizeof *out);
  }
  return Q2_OK;
}

static int order_of(const struct q2_session *session, int64_t m) {
  const struct q2_dataset *dataset = &session->dataset;
  const int64_t first = dataset->atom_offset[m];
  const int atoms = (int)(dataset->atom_offset[m + 1] - first);
  return 3 * atoms - (session->options.match == Q2_MATCH_Q2MM
                          ? 0
                          : q2_rigid_count(atoms, dataset->mass + first, dataset->position + 3 * first));
}

static int make_matrices(struct q2_session *session, const double *parameters, struct matrices *matrices,
                         struct q2_error *error) {
  const struct q2_dataset *dataset = &session->dataset;
  int status = Q2_OK, coordinates = 0;
  *matrices = (struct matrices){.count = dataset->molecule_count, .threads = session->machine.threads};
  matrices->start = q2_allocate(matrices->count + 1, sizeof *matrices->start);
  matrices->order = q2_allocate(matrices->count, sizeof *matrices->order);
  if (!matrices->start || !matrices->order) return q2_fail(error, "out of memory for the benchmark");
  for (int64_t m = 0; m < matrices->count; m++) {
    const int n = 3 * (int)(dataset->atom_offset[m + 1] - dataset->atom_offset[m]);
    matrices->order[m] = order_of(session, m);
    matrices->start[m + 1] = matrices->start[m] + q2_leading_dimension(matrices->order[m]) * matrices->order[m];
    if (n > coordinates) coordinates = n;
    if (matrices->order[m] > matrices->largest) matrices->largest = matrices->order[m];
  }
  const int64_t n = matrices->largest, square = q2_leading_dimension(coordinates) * coordinates;
  matrices->work = q2_leading_dimension(q2_leading_dimension(n) * n) + q2_leading_dimension(n) +
                   q2_leading_dimension(1 + 6 * n + 2 * n * n) + q2_leading_dimension(3 + 5 * n);
  matrices->element = q2_allocate(matrices->start[matrices->count], sizeof *matrices->element);
  matrices->scratch = q2_allocate(matrices->work * matrices->threads, sizeof *matrices->scratch);
  double *scratch = q2_allocate(3 * square, sizeof *scratch);
  if (!matrices->element || !matrices->scratch || !scratch)
    status = q2_fail(error, "out of memory for the benchmark's matrices");
  for (int64_t m = 0; m < matrices->count && status == Q2_OK; m++) {
    status = molecule_matrix(session, parameters, m, scratch, scratch + square, scratch + 2 * square,
                             matrices->element + matrices->start[m], matrices->order[m], error);
  }
  free(scratch);
  return status;
}

static void free_matrices(struct matrices *matrices) {
  free(matrices->start);
  free(matrices->order);
  free(matrices->element);
  free(matrices->scratch);
}

/* Seconds that this rank spends in dsyevd, the copy of the input left out; over threads, the largest. */
static double bare_lapack(struct matrices *matrices) {
  double seconds[256] = {0}, most = 0;
#pragma omp parallel num_threads(matrices->threads)
  {
    const int thread = omp_get_thread_num();
    double *copy = matrices->scratch + matrices->work * thread;
#pragma omp for schedule(dynamic)
    for (int64_t m = 0; m < matrices->count; m++) {
      const int n = matrices->order[m], ld = (int)q2_leading_dimension(n);
      if (n == 0) continue;
      double *values = copy + q2_leading_dimension((int64_t)ld * n), *work = values + ld;
      lapack_int *integers = (lapack_int *)(work + q2_leading_dimension(1 + 6 * n + 2 * n * n));
      memcpy(copy, matrices->element + matrices->start[m], (size_t)ld * (size_t)n * sizeof *copy);
      const double begin = MPI_Wtime();
      LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'L', n, copy, ld, values, work, 1 + 6 * n + 2 * n * n, integers, 3 + 5 * n);
      seconds[thread & 255] += MPI_Wtime() - begin;
    }
  }
  for (int t = 0; t < 256; t++)
    most = seconds[t] > most ? seconds[t] : most;
  return most;
}

/* --- statistics --- */

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

struct spread {
  double least, median, most;
};

static struct spread spread(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, ascending);
  return (struct spread){values[0], count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2,
                         values[count - 1]};
}

static double over_ranks(MPI_Comm comm, double value) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, comm);
  return value;
}

static void print_spread(struct q2_printer *printer, const char *what, struct spread s, double factor, const char *unit) {
  q2_print_answer(printer, "%-42s %10.3f %10.3f %10.3f  %s\n", what, factor * s.least, factor * s.median, factor * s.most,
                  unit);
}

/* --- the command --- */

static void print_stages(struct q2_session *session, int repeats, const struct q2_forecast *forecast) {
  double seconds[Q2_STAGE_COUNT];
  struct q2_printer *printer = &session->printer;
  q2_objective_timings(session->objective, seconds, 1);
  MPI_Allreduce(MPI_IN_PLACE, seconds, Q2_STAGE_COUNT, MPI_DOUBLE, MPI_SUM, session->comm);
  q2_print_answer(printer, "\n%-12s %14s %14s %10s   milliseconds of %s an evaluation, all ranks\n", "stage", "measured",
                  "predicted", "ratio", session->backends.cuda ? "queues, by events (predicted: of CPU cores)," : "cores");
  for (int s = 0; s < Q2_STAGE_COUNT; s++) {
    const double measured = 1e3 * seconds[s] / repeats;
    if (s < Q2_COST_STAGES) {
      q2_print_answer(printer, "%-12s %14.3f %14.3f %10.2f\n", q2_stage_names[s], measured, 1e3 * forecast->stage[s],
                      forecast->stage[s] > 0 ? measured / (1e3 * forecast->stage[s]) : NAN);
    } else {
      q2_print_answer(printer, "%-12s %14.3f\n", q2_stage_names[s], measured);
    }
  }
}

static int time_evaluations(struct q2_session *session, const double *parameters, double *gradient, struct matrices *matrices,
                            int repeats, double *evaluation, double *lapack, double *ratio, struct q2_error *error) {
  struct q2_evaluation result = {0};
  double unused[Q2_STAGE_COUNT];
  for (int r = -2; r < repeats; r++) { /* two runs to warm up */
    if (r == 0) q2_objective_timings(session->objective, unused, 1);
    MPI_Barrier(session->comm);
    const double begin = MPI_Wtime();
    Q2_TRY(q2_objective_evaluate(session->objective, parameters, &result, gradient, error));
    const double seconds = over_ranks(session->comm, MPI_Wtime() - begin),
                 bare = over_ranks(session->comm, bare_lapack(matrices));
    if (r < 0) continue;
    evaluation[r] = seconds;
    lapack[r] = bare;
    ratio[r] = bare > 0 ? seconds / bare : NAN;
  }
  if (result.failed_molecules > 0)
    return q2_fail(error, "%lld molecules cannot be evaluated at the starting parameters", (long long)result.failed_molecules);
  return Q2_OK;
}

/* A device's stages, by its events: evaluations of their own, since what is recorded as graphs is not taken apart. */
static int time_stages(struct q2_session *session, const double *parameters, double *gradient, int repeats,
                       struct q2_error *error) {
  const struct q2_backend *backend = session->backends.backend;
  struct q2_evaluation result;
  double unused[Q2_STAGE_COUNT];
  if (!backend->timing) return Q2_OK;
  q2_objective_timings(session->objective, unused, 1);
  backend->timing(backend, 1);
  int status = Q2_OK;
  for (int r = 0; r < repeats && status == Q2_OK; r++)
    status = q2_objective_evaluate(session->objective, parameters, &result, gradient, error);
  backend->timing(backend, 0);
  return status;
}

/* The same evaluations by the CPU, beside those of the device. */
static int beside_cpu(struct q2_session *session, const double *parameters, double *gradient, int repeats, double *evaluation,
                      struct q2_error *error) {
  struct q2_objective *device = session->objective;
  struct matrices none = {.threads = session->machine.threads};
  const struct q2_objective_options options = {.match = session->options.match,
                                               .threads = session->machine.threads,
                                               .memory_limit = session->options.memory,
                                               .wave_molecules = session->options.wave};
  double *unused = q2_allocate_everywhere(session->comm, 2 * (int64_t)repeats, sizeof *unused, "benchmark", error);
  if (!unused) return Q2_FAILED;
  session->objective = NULL;
  int status = q2_objective_create(session->comm, &session->dataset, &session->plan, &options, &session->objective, error);
  if (status == Q2_OK)
    status = time_evaluations(session, parameters, gradient, &none, repeats, evaluation, unused, unused + repeats, error);
  q2_objective_destroy(session->objective);
  session->objective = device;
  free(unused);
  return status;
}

static int run(struct q2_session *session, struct matrices *matrices, struct q2_error *error) {
  const int repeats = session->options.repeat, parameters = session->dataset.parameters.count;
  double *samples =
      q2_allocate(4 * (int64_t)repeats + 3 * parameters, sizeof *samples); /* times, values, gradient, variables */
  struct q2_printer *printer = &session->printer;
  struct q2_forecast forecast;
  int status = samples ? Q2_OK : q2_fail(error, "out of memory for the benchmark");
  if (status == Q2_OK) {
    double *value = samples + 4 * repeats, *x = value + 2 * parameters;
    q2_variables_start(&session->variables, &session->dataset.parameters, x);
    q2_variables_apply(&session->variables, x, value);
    status = make_matrices(session, value, matrices, error);
  }
  status = q2_agree(session->comm, status, error);
  if (status == Q2_OK) status = q2_forecast(session, &forecast, error);
  if (status == Q2_OK) {
    status = time_evaluations(session, samples + 4 * repeats, samples + 4 * repeats + parameters, matrices, repeats, samples,
                              samples + repeats, samples + 2 * repeats, error);
  }
  if (status == Q2_OK) status = time_stages(session, samples + 4 * repeats, samples + 4 * repeats + parameters, repeats, error);
  if (status == Q2_OK && session->options.beside_cpu)
    status =
        beside_cpu(session, samples + 4 * repeats, samples + 4 * repeats + parameters, repeats, samples + 3 * repeats, error);
  if (status == Q2_OK) {
    const struct spread evaluation = spread(samples, repeats), lapack = spread(samples + repeats, repeats),
                        ratio = spread(samples + 2 * repeats, repeats);
    q2_print_answer(printer, "\n%-42s %10s %10s %10s   (%d runs)\n", "", "min", "median", "max", repeats);
    print_spread(printer, "value and gradient", evaluation, 1e3, "ms");
    print_spread(printer, "bare LAPACK (dsyevd, same matrices)", lapack, 1e3, "ms");
    print_spread(printer, "value and gradient / bare LAPACK", ratio, 1, "");
    if (session->options.beside_cpu) {
      const struct spread cpu = spread(samples + 3 * repeats, repeats);
      print_spread(printer, "value and gradient on the CPU", cpu, 1e3, "ms");
      q2_print_answer(printer, "%-42s %10.3f %10.3f %10.3f\n", "cpu / cuda", cpu.least / evaluation.least,
                      cpu.median / evaluation.median, cpu.most / evaluation.most);
    }
    q2_print_answer(printer, "%-42s %10.3f %10.3f            ms, measured/predicted %.2f\n", "predicted",
                    1e3 * forecast.seconds, 1e3 * forecast.seconds, evaluation.median / forecast.seconds);
    q2_print_answer(printer, "%-42s %10.1f\n", "evaluations a second (median)", 1 / evaluation.median);
    print_stages(session, repeats, &forecast);
  }
  free(samples);
  return status;
}

int q2_command_bench(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error) {
  struct q2_session session;
  struct matrices matrices = {0};
  (void)status;
  int result = q2_session_open(comm, line, 1, &session, error);
  if (result == Q2_OK) result = run(&session, &matrices, error);
  free_matrices(&matrices);
  q2_session_close(&session);
  return result;
}
