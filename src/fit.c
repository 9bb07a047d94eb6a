/* The fit: sets TAO up, lets it drive, and says how it ended. */
#include "fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "fit_state.h"
#include "petsc_call.h"
#include "relaxation_table.h"

static const int default_iterations = 1000, default_evaluations = 1000000;
static const double default_grtol = 1e-5, default_gatol_factor = 1e-8;

/* TAO's bounded Newton family shares the options that docs/optimizers.md recommends; other types keep TAO's own defaults (blmvm
 * always ends in a failure with Armijo). */
static PetscErrorCode is_bounded_newton(Tao tao, PetscBool *is) {
  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)tao, is, TAOBQNLS, TAOBQNKLS, TAOBQNKTR, TAOBQNKTL, TAOBNLS, TAOBNTR,
                                      TAOBNTL, ""));
  PetscFunctionReturn(0);
}

/* Types that want second derivatives get Gauss and Newton's, 2 J'J, unless the user lets PETSc difference the gradient. */
static PetscErrorCode wants_hessian(Tao tao, PetscBool *wants) {
  PetscBool difference, matrix_free;
  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)tao, wants, TAOBNLS, TAOBNTR, TAOBNTL, TAONLS, TAONTR, TAONTL, TAOTRON,
                                      TAOGPCG, ""));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-tao_fd_hessian", &difference));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-tao_mf_hessian", &matrix_free));
  if (difference || matrix_free) *wants = PETSC_FALSE;
  PetscFunctionReturn(0);
}

/* Warns where TAO would leave the bounds without a word. */
static PetscErrorCode warn_of_bounds(Tao tao, const struct q2_fit_state *state) {
  const struct q2_variables *variables = state->problem->variables;
  PetscBool bounded;
  TaoType type;
  int bounds = 0;
  PetscFunctionBegin;
  PetscCall(TaoGetType(tao, &type));
  PetscCall(is_bounded_newton(tao, &bounded));
  if (!bounded) PetscCall(PetscObjectTypeCompareAny((PetscObject)tao, &bounded, TAOBLMVM, TAOBNCG, TAOTRON, TAOGPCG, ""));
  for (int v = 0; v < variables->count; v++)
    bounds += isfinite(variables->lower[v]) || isfinite(variables->upper[v]);
  if (!bounded && bounds > 0)
    q2_warn(state->printer, "-tao_type %s does not know bounds, and %d variable%s them", type, bounds,
            bounds == 1 ? " has" : "s have");
  PetscFunctionReturn(0);
}

/* TaoSetFromOptions with our defaults in the database, where the command line has no say; they are taken out again, so that
 * they do not count as options of the user. */
static PetscErrorCode set_from_options(Tao tao) {
  static const char *const names[] = {"-tao_bnk_as_type", "-tao_ls_type", "-tao_bnk_epsilon"};
  static const char *const values[] = {"none", "armijo", "1e-14"};
  enum { DEFAULTS = sizeof names / sizeof *names };
  PetscBool given[DEFAULTS], ours, type_given;
  char type[64];
  PetscFunctionBegin;
  PetscCall(PetscOptionsGetString(NULL, NULL, "-tao_type", type, sizeof type, &type_given));
  PetscCall(TaoSetType(tao, type_given ? type : TAOBQNLS));
  PetscCall(is_bounded_newton(tao, &ours));
  for (int i = 0; i < DEFAULTS; i++) {
    if (ours) PetscCall(PetscOptionsHasName(NULL, NULL, names[i], &given[i])); /* asking counts as use */
    if (ours && !given[i]) PetscCall(PetscOptionsSetValue(NULL, names[i], values[i]));
  }
  PetscErrorCode code = TaoSetFromOptions(tao);
  for (int i = 0; i < DEFAULTS; i++)
    if (ours && !given[i]) PetscCall(PetscOptionsClearValue(NULL, names[i]));
  PetscFunctionReturn(code);
}

/* A vector with all its entries on rank 0, holding `values` (read there). */
static PetscErrorCode make_vector(MPI_Comm comm, int count, const double *values, Vec *vector) {
  PetscMPIInt rank;
  PetscScalar *entries;
  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(VecCreateMPI(comm, rank == 0 ? count : 0, count, vector));
  PetscCall(VecGetArray(*vector, &entries));
  if (rank == 0)
    for (int i = 0; i < count; i++)
      entries[i] = isinf(values[i]) ? (values[i] < 0 ? PETSC_NINFINITY : PETSC_INFINITY) : values[i];
  PetscCall(VecRestoreArray(*vector, &entries));
  PetscFunctionReturn(0);
}

struct tao_parts {
  Tao tao;
  Vec x, gradient, lower, upper;
  Mat hessian;
  PetscBool least_squares;
};

/* What TAO calls back. */
struct callbacks {
  PetscErrorCode (*evaluate)(Tao, Vec, PetscReal *, Vec, void *);
  PetscErrorCode (*hessian)(Tao, Vec, Mat, Mat, void *);
  void *context;
};

static PetscErrorCode destroy_tao(struct tao_parts *parts) {
  PetscFunctionBegin;
  PetscCall(TaoDestroy(&parts->tao));
  PetscCall(VecDestroy(&parts->x));
  PetscCall(VecDestroy(&parts->gradient));
  PetscCall(VecDestroy(&parts->lower));
  PetscCall(VecDestroy(&parts->upper));
  PetscCall(MatDestroy(&parts->hessian));
  PetscFunctionReturn(0);
}

static PetscErrorCode make_tao(MPI_Comm comm, int count, const double *x, const double *lower, const double *upper,
                               const struct callbacks *callbacks, double gatol, struct tao_parts *parts) {
  PetscFunctionBegin;
  PetscCall(make_vector(comm, count, x, &parts->x));
  PetscCall(make_vector(comm, count, lower, &parts->lower));
  PetscCall(make_vector(comm, count, upper, &parts->upper));
  PetscCall(VecDuplicate(parts->x, &parts->gradient));
  PetscCall(TaoCreate(comm, &parts->tao));
  /* Before the type is set: some types put their own, much smaller, limits otherwise (bqnls: 50 iterations). */
  PetscCall(TaoSetMaximumIterations(parts->tao, default_iterations));
  PetscCall(TaoSetMaximumFunctionEvaluations(parts->tao, default_evaluations));
  PetscCall(TaoSetTolerances(parts->tao, gatol, default_grtol, 0.0));
  PetscCall(TaoSetSolution(parts->tao, parts->x));
  PetscCall(TaoSetVariableBounds(parts->tao, parts->lower, parts->upper));
  PetscCall(TaoSetObjectiveAndGradient(parts->tao, parts->gradient, callbacks->evaluate, callbacks->context));
  PetscCall(set_from_options(parts->tao));
  PetscCall(wants_hessian(parts->tao, &parts->least_squares));
  if (parts->least_squares) {
    PetscMPIInt rank;
    PetscCallMPI(MPI_Comm_rank(comm, &rank));
    PetscCall(MatCreateDense(comm, rank == 0 ? count : 0, rank == 0 ? count : 0, count, count, NULL, &parts->hessian));
    PetscCall(MatZeroEntries(parts->hessian));
    PetscCall(TaoSetHessian(parts->tao, parts->hessian, parts->hessian, callbacks->hessian, callbacks->context));
  }
  PetscCall(TaoSetUp(parts->tao));
  PetscFunctionReturn(0);
}

static PetscErrorCode toy_evaluate(Tao tao, Vec x, PetscReal *value, Vec gradient, void *context) {
  (void)tao, (void)context;
  PetscFunctionBegin;
  PetscCall(VecDot(x, x, value));
  PetscCall(VecCopy(x, gradient));
  PetscCall(VecScale(gradient, 2.0));
  PetscFunctionReturn(0);
}

static PetscErrorCode toy_hessian(Tao tao, Vec x, Mat hessian, Mat preconditioner, void *context) {
  (void)tao, (void)x, (void)preconditioner, (void)context;
  PetscFunctionBegin;
  PetscCall(MatZeroEntries(hessian));
  PetscCall(MatAssemblyBegin(hessian, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(hessian, MAT_FINAL_ASSEMBLY));
  PetscCall(MatShift(hessian, 2.0));
  PetscFunctionReturn(0);
}

int q2_fit_check_options(MPI_Comm comm, const struct q2_command_line *line, int *least_squares, struct q2_error *error) {
  const struct callbacks toy = {toy_evaluate, toy_hessian, NULL};
  const double x[2] = {1.0, 2.0}, lower[2] = {-5.0, -5.0}, upper[2] = {5.0, 5.0};
  struct tao_parts parts = {0};
  const PetscErrorCode code = make_tao(comm, 2, x, lower, upper, &toy, 1e-8, &parts);
  int status = code ? q2_petsc_failed(code, error) : Q2_OK;
  if (status != Q2_OK) q2_options_name_culprit(line, error);
  *least_squares = parts.least_squares;
  Q2_PETSC(destroy_tao(&parts), error);
  Q2_TRY(status);
  return q2_options_check_used(line, error);
}

static void explain(struct q2_fit_state *state, TaoConvergedReason reason, PetscReal gatol, PetscReal grtol) {
  struct q2_fit *fit = state->fit;
  char *text = fit->reason;
  const size_t size = sizeof fit->reason;
  fit->converged = reason > 0 ? 1 : reason == TAO_DIVERGED_MAXITS || reason == TAO_DIVERGED_MAXFCN ? 0 : -1;
  switch (reason) {
  case TAO_CONVERGED_GATOL:
    snprintf(text, size, "converged: the projected gradient is at most %.3g (-tao_gatol)", gatol);
    break;
  case TAO_CONVERGED_GRTOL:
    snprintf(text, size, "converged: the projected gradient is at most %.3g of the loss (-tao_grtol)", grtol);
    break;
  case TAO_CONVERGED_GTTOL:
    snprintf(text, size, "converged: the gradient has fallen far enough (-tao_gttol)");
    break;
  case TAO_CONVERGED_STEPTOL:
    snprintf(text, size, "converged: the step became too small (-tao_steptol)");
    break;
  case TAO_CONVERGED_MINF:
    snprintf(text, size, "converged: the loss reached its given lower bound (-tao_fmin)");
    break;
  case TAO_CONVERGED_USER:
    snprintf(text, size, "converged: the loss fell by less than %.3g of itself in %d iterations (-fit_stall_tolerance)",
             state->options->stall_tolerance, state->options->stall_iterations);
    break;
  case TAO_DIVERGED_MAXITS:
    snprintf(text, size, "stopped at the limit of iterations (-tao_max_it)");
    break;
  case TAO_DIVERGED_MAXFCN:
    snprintf(text, size, "stopped at the limit of evaluations (-tao_max_funcs)");
    break;
  case TAO_DIVERGED_LS_FAILURE:
    snprintf(text, size, "not converged: the line search found no lower loss along its direction");
    break;
  case TAO_DIVERGED_TR_REDUCTION:
    snprintf(text, size, "not converged: the trust region shrank to nothing");
    break;
  default:
    snprintf(text, size, "not converged: TAO gives reason %d", (int)reason);
  }
}

/* The RMSD over all vibrations, for a record that is no iterate's. */
static int complete_record(struct q2_fit_state *state, const double *parameters, struct q2_evaluation_record *record,
                           struct q2_error *error) {
  struct q2_evaluation evaluation = {0};
  if (!isnan(record->rmsd_all)) return Q2_OK;
  record->rmsd_all = record->rmsd;
  if (!state->problem->by_position) return Q2_OK;
  const int status = q2_objective_evaluate(state->problem->by_position, parameters, &evaluation, NULL, error);
  Q2_TRY(q2_agree(state->comm, status, error));
  record->rmsd_all = evaluation.failed_molecules > 0 ? INFINITY : evaluation.rmsd;
  return Q2_OK;
}

/* Rank 0 gathers the outcome from the log and tells everyone. */
static int conclude(struct q2_fit_state *state, struct q2_error *error) {
  struct q2_fit *fit = state->fit;
  const struct q2_evaluation_log *log = &fit->log;
  const struct q2_variables *variables = state->problem->variables;
  const int n = state->variables;
  int64_t counts[2] = {0, 0};
  if (state->rank == 0) {
    const int64_t best = q2_evaluation_log_best(log);
    fit->first_record = log->record[0];
    fit->best_record = log->record[best];
    memcpy(state->message, log->x + best * n, (size_t)n * sizeof *log->x);
    fit->gradient_norm = q2_projected_gradient_norm(variables, log->x + best * n, log->gradient + best * n);
    counts[0] = log->position;
    for (int64_t i = 0; i < log->position; i++)
      counts[1] += log->record[i].infeasible;
  }
  (void)MPI_Bcast(&fit->first_record, (int)sizeof fit->first_record, MPI_BYTE, 0, state->comm);
  (void)MPI_Bcast(&fit->best_record, (int)sizeof fit->best_record, MPI_BYTE, 0, state->comm);
  (void)MPI_Bcast(&fit->gradient_norm, 1, MPI_DOUBLE, 0, state->comm);
  (void)MPI_Bcast(counts, 2, MPI_INT64_T, 0, state->comm);
  (void)MPI_Bcast(state->message, n, MPI_DOUBLE, 0, state->comm);
  q2_variables_apply(variables, state->message, fit->best);
  fit->evaluations = counts[0];
  fit->infeasible = counts[1];
  fit->seconds = q2_fit_elapsed(state); /* on other ranks: replaced */
  (void)MPI_Bcast(&fit->seconds, 1, MPI_DOUBLE, 0, state->comm);
  Q2_TRY(complete_record(state, fit->start, &fit->first_record, error));
  return complete_record(state, fit->best, &fit->best_record, error);
}

static PetscErrorCode set_monitor(Tao tao, struct q2_fit_state *state) {
  PetscFunctionBegin;
#if PETSC_VERSION_LT(3, 21, 0)
  PetscCall(TaoSetMonitor(tao, q2_fit_tao_monitor, state, NULL));
#else
  PetscCall(TaoMonitorSet(tao, q2_fit_tao_monitor, state, NULL));
#endif
  PetscFunctionReturn(0);
}

/* Takes what earlier starts have used up from TAO's limits. */
static PetscErrorCode lower_limits(Tao tao, const struct q2_fit_state *state, PetscInt evaluations) {
  PetscInt most_iterations, most_evaluations;
  PetscFunctionBegin;
  PetscCall(TaoGetMaximumIterations(tao, &most_iterations));
  PetscCall(TaoGetMaximumFunctionEvaluations(tao, &most_evaluations));
  PetscCall(TaoSetMaximumIterations(tao, most_iterations - state->first_iteration));
  PetscCall(TaoSetMaximumFunctionEvaluations(tao, PetscMax(most_evaluations - evaluations, 1)));
  PetscFunctionReturn(0);
}

/* Where the last start ended, into x (on rank 0); and how many evaluations and iterations it took. */
static PetscErrorCode take_over(const struct tao_parts *parts, struct q2_fit_state *state, double *x, PetscInt *evaluations) {
  const PetscScalar *entries;
  PetscInt iterations, own;
  PetscFunctionBegin;
  PetscCall(VecGetArrayRead(parts->x, &entries));
  if (state->rank == 0) memcpy(x, entries, (size_t)state->variables * sizeof *x);
  PetscCall(VecRestoreArrayRead(parts->x, &entries));
  PetscCall(TaoGetIterationNumber(parts->tao, &iterations));
  PetscCall(TaoGetCurrentFunctionEvaluations(parts->tao, &own));
  state->first_iteration += (int)iterations;
  *evaluations += own;
  PetscFunctionReturn(0);
}

/* One start of TAO, from x; where it ends for the pairs, x and *evaluations are brought up to date. */
static PetscErrorCode solve(struct q2_fit_state *state, const struct q2_command_line *line, double *x, double gatol,
                            PetscInt *evaluations) {
  const struct q2_variables *variables = state->problem->variables;
  struct tao_parts parts = {0};
  TaoConvergedReason reason;
  TaoType type;
  PetscReal used_gatol, grtol;
  PetscFunctionBegin;
  const struct callbacks callbacks = {q2_fit_tao_evaluate, q2_fit_tao_hessian, state};
  PetscCall(make_tao(state->comm, state->variables, x, variables->lower, variables->upper, &callbacks, gatol, &parts));
  PetscCall(set_monitor(parts.tao, state));
  if (state->first_iteration == 0) PetscCall(warn_of_bounds(parts.tao, state));
  PetscCall(lower_limits(parts.tao, state, *evaluations));
  PetscCall(TaoSetConvergenceTest(parts.tao, q2_fit_tao_converged, state));
  PetscCall(TaoGetType(parts.tao, &type));
  snprintf(state->fit->type, sizeof state->fit->type, "%s", type);
  state->status = q2_options_check_used(line, &state->error);
  PetscErrorCode code = state->status == Q2_OK ? TaoSolve(parts.tao) : PETSC_ERR_USER;
  if (!code) {
    PetscCall(TaoGetConvergedReason(parts.tao, &reason));
    PetscCall(TaoGetTolerances(parts.tao, &used_gatol, &grtol, NULL));
    explain(state, reason, used_gatol, grtol);
    if (!state->renewed && reason != TAO_DIVERGED_MAXITS && reason != TAO_DIVERGED_MAXFCN)
      q2_fit_precision_change(state, "the optimizer would end");
    if (state->renewed) PetscCall(take_over(&parts, state, x, evaluations));
  }
  PetscCall(destroy_tao(&parts));
  PetscFunctionReturn(code);
}

/* Pairs and molecules that are set aside are settled where the objective is evaluated first. If the log answers there, it has
 * to be evaluated all the same, where there is something to settle. */
static int settle(struct q2_fit_state *state, struct q2_error *error) {
  struct q2_objective *objectives[] = {state->problem->objective, state->problem->by_position};
  struct q2_evaluation unused;
  int replays = state->fit->log.count > 0;
  if (state->options->match == Q2_MATCH_POSITION && !q2_objective_relaxes(objectives[0])) return Q2_OK;
  (void)MPI_Bcast(&replays, 1, MPI_INT, 0, state->comm);
  for (int k = 0; replays && k < 2; k++) {
    if (!objectives[k]) continue;
    Q2_TRY(q2_agree(state->comm, q2_objective_evaluate(objectives[k], state->fit->start, &unused, NULL, error), error));
  }
  return Q2_OK;
}

static int first_point(struct q2_fit_state *state, double *x, double *value, struct q2_error *error) {
  q2_variables_start(state->problem->variables, &state->problem->dataset->parameters, x);
  q2_variables_apply(state->problem->variables, x, state->fit->start);
  Q2_TRY(settle(state, error));
  Q2_TRY(q2_fit_precision_begin(state, error));
  Q2_TRY(q2_fit_evaluate(state, x, value, state->gradient, error));
  struct q2_evaluation_record record = {0};
  if (state->rank == 0) record = state->fit->log.record[0];
  (void)MPI_Bcast(&record, (int)sizeof record, MPI_BYTE, 0, state->comm);
  if (!record.infeasible || state->fit->stopped) return Q2_OK;
  if (record.failed_molecules == 0) return q2_fail(error, "at the starting parameters the loss or its gradient is not finite");
  struct q2_failure failure;
  q2_molecule_failure(state->comm, state->problem->dataset, state->problem->objective, record.first_failed, &failure);
  return q2_fail(error,
                 "at the starting parameters %lld molecule%s cannot be evaluated; the first is %s (number %lld, rank %d): %s",
                 (long long)record.failed_molecules, record.failed_molecules == 1 ? "" : "s", failure.name.text,
                 (long long)record.first_failed, failure.rank, failure.reason);
}

static int run(struct q2_fit_state *state, const struct q2_command_line *line, double *x, struct q2_error *error) {
  double value, norm = 0.0;
  Q2_TRY(first_point(state, x, &value, error));
  if (state->fit->stopped) return Q2_OK;
  Q2_TRY(q2_report_set_aside(state->comm, state->problem->dataset, state->problem->objective, state->printer, error));
  q2_fit_print_head(state);
  if (state->rank == 0) norm = q2_projected_gradient_norm(state->problem->variables, x, state->gradient);
  (void)MPI_Bcast(&norm, 1, MPI_DOUBLE, 0, state->comm);
  if (state->variables == 0) {
    state->fit->converged = 1;
    snprintf(state->fit->reason, sizeof state->fit->reason, "nothing to fit: no active parameter");
    return Q2_OK;
  }
  PetscErrorCode code;
  PetscInt evaluations = 0;
  do {
    state->renewed = 0;
    code = solve(state, line, x, default_gatol_factor * norm, &evaluations);
  } while (!code && state->renewed);
  if (code && state->status != Q2_OK) return q2_fail(error, "%s", state->error.text);
  if (state->fit->stopped) return Q2_OK;
  if (code) {
    /* TAO could not go on. What has been found is kept: hours may have gone into it. */
    struct q2_error petsc;
    q2_petsc_failed(code, &petsc);
    state->fit->converged = -1;
    snprintf(state->fit->reason, sizeof state->fit->reason, "not converged: %.200s", petsc.text);
  }
  return Q2_OK;
}

int q2_fit_run(MPI_Comm comm, const struct q2_fit_problem *problem, const struct q2_options *options,
               const struct q2_command_line *line, struct q2_printer *printer, struct q2_fit *fit, struct q2_error *error) {
  const int n = problem->variables->count, rows = problem->variables->parameter_count;
  struct q2_fit_state state = {
      .comm = comm, .problem = problem, .options = options, .printer = printer, .fit = fit, .variables = n};
  MPI_Comm_rank(comm, &state.rank);
  state.begin = MPI_Wtime();
  if (fit->log.count == 0) q2_evaluation_log_create(n, &fit->log);
  q2_evaluation_log_rewind(&fit->log);
  fit->replayed = fit->log.count;
  double *x = q2_allocate(n, sizeof *x);
  state.message = q2_allocate(n + 4, sizeof *state.message);
  state.parameters = q2_allocate(rows, sizeof *state.parameters);
  state.row_gradient = q2_allocate(rows, sizeof *state.row_gradient);
  state.gradient = q2_allocate(n, sizeof *state.gradient);
  state.last_gradient = q2_allocate(n, sizeof *state.last_gradient);
  const int64_t squares = problem->least_squares ? problem->variables->independent_count : 0;
  state.square = q2_allocate(squares * squares, sizeof *state.square);
  state.x_square = q2_allocate(squares > 0 && state.rank == 0 ? (int64_t)n * n : 0, sizeof *state.x_square);
  state.square_at = q2_allocate(n, sizeof *state.square_at);
  state.loss_history = q2_allocate(options->stall_iterations, sizeof *state.loss_history);
  fit->start = q2_allocate(rows, sizeof *fit->start);
  fit->best = q2_allocate(rows, sizeof *fit->best);
  int status = Q2_OK;
  if (fit->log.variables != n)
    status =
        q2_fail(error, "the log of evaluations has %d variables, the fit %d: it belongs to another run", fit->log.variables, n);
  else if (!x || !state.message || !state.parameters || !state.row_gradient || !state.gradient || !state.last_gradient ||
           !state.square || !state.x_square || !state.square_at || !state.loss_history || !fit->start || !fit->best)
    status = q2_fail(error, "no memory for a fit of %d variables", n);
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) status = run(&state, line, x, error);
  if (status == Q2_OK && !fit->stopped) status = conclude(&state, error);
  free(x);
  free(state.message);
  free(state.parameters);
  free(state.row_gradient);
  free(state.gradient);
  free(state.last_gradient);
  free(state.square);
  free(state.x_square);
  free(state.square_at);
  free(state.loss_history);
  if (status != Q2_OK) q2_fit_free(fit);
  return status;
}

void q2_fit_free(struct q2_fit *fit) {
  q2_evaluation_log_free(&fit->log);
  free(fit->iteration);
  free(fit->start);
  free(fit->best);
  memset(fit, 0, sizeof *fit);
}
