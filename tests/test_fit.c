/* The fit, with tests/fake_objective.c in the objective's place. Run it on 1, 2 and 3 ranks: with an argument, rank 0
 * writes the fit's bits to that file (hexadecimal floats), and the files of all rank counts must be identical. */
#include <math.h>
#include <petscsys.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../src/fit_state.h"
#include "../src/petsc_call.h"
#include "check.h"

enum { MOLECULES = 7, ROWS = 8 };

static struct q2_printer printer;
static const MPI_Comm *world;

/* A data set without chemistry: what the fake reads. Rows 0 to 5 vary (row 5 between 100 and 105, row 4 up to 110), 6 is
 * frozen, 7 follows 1. `limit`: molecules fail beyond. */
struct fixture {
  struct q2_dataset dataset;
  struct q2_variables variables;
  struct q2_objective *objective;
  struct q2_prior prior;
  int32_t equality_offset[2], equality_row[3];
  double coefficient[3], equality_value[1];
  char kind[ROWS][Q2_KIND_LENGTH], label[ROWS][Q2_LABEL_LENGTH], unit[ROWS][Q2_UNIT_LENGTH];
  double value[ROWS], lower[ROWS], upper[ROWS], factor[ROWS], scale[ROWS], energy[MOLECULES];
  int32_t active[ROWS], link[ROWS];
  int64_t molecule[MOLECULES];
  struct q2_name name[MOLECULES];
};

/* What the fit is told besides the data: nothing; an equality, a prior and molecules for validation; or an equality that puts
 * row 0 out of its bounds before the loss is lowest; or pairs that are found anew. */
enum guidance { PLAIN, GUIDED, CORNERED, PAIRED };

static void guide(struct fixture *f, enum guidance guidance) {
  static const double coefficients[2][3] = {{1.0, 0.5, -0.25}, {1.0, -1.0, -1.0}};
  if (guidance == PLAIN || guidance == PAIRED) return;
  for (int k = 0; k < 3; k++) {
    f->equality_row[k] = k == 0 ? 0 : k + 1; /* rows 0, 2, 3 */
    f->coefficient[k] = coefficients[guidance == CORNERED][k];
    f->equality_value[0] += f->coefficient[k] * f->value[f->equality_row[k]];
  }
  f->equality_offset[1] = 3;
  f->dataset.equalities =
      (struct q2_equalities){1, f->equality_offset, f->equality_row, f->coefficient, f->equality_value, NULL};
  if (guidance == GUIDED) f->dataset.validation_total = 2;
  if (guidance == CORNERED) {
    f->upper[0] = 63.0;
    f->lower[2] = f->lower[3] = 0.0;
  }
}

static void set_up_as(struct fixture *f, double limit, enum guidance guidance) {
  int rank, ranks;
  struct q2_error error = {""};
  memset(f, 0, sizeof *f);
  MPI_Comm_rank(*world, &rank);
  MPI_Comm_size(*world, &ranks);
  for (int p = 0; p < ROWS; p++) {
    strcpy(f->kind[p], "bond_k");
    snprintf(f->label[p], sizeof f->label[p], "row %d", p);
    strcpy(f->unit[p], "kcal/mol/angstrom^2");
    f->value[p] = p == 5 ? 101.0 : 60.0 + p;
    f->lower[p] = -1e300;
    f->upper[p] = 1e300;
    f->factor[p] = 1.0;
    f->active[p] = p != 6;
    f->link[p] = p == 7 ? 1 : -1;
  }
  f->lower[5] = 100.0;
  f->upper[5] = 105.0;
  f->upper[4] = 70.0;
  f->value[7] = f->value[1];
  for (int m = 0; m < MOLECULES; m++) {
    if (m % ranks != rank) continue;
    const int64_t i = f->dataset.molecule_count++;
    f->molecule[i] = m;
    snprintf(f->name[i].text, sizeof f->name[i].text, "molecule-%d", m);
    f->energy[i] = limit;
  }
  f->dataset.molecule_total = MOLECULES;
  f->dataset.molecule = f->molecule;
  f->dataset.name = f->name;
  f->dataset.energy = f->energy;
  f->dataset.parameters = (struct q2_parameters){.count = ROWS,
                                                 .kind = f->kind,
                                                 .label = f->label,
                                                 .unit = f->unit,
                                                 .value = f->value,
                                                 .lower = f->lower,
                                                 .upper = f->upper,
                                                 .factor = f->factor,
                                                 .scale = f->scale,
                                                 .active = f->active,
                                                 .link = f->link};
  guide(f, guidance);
  CHECK(q2_variables_create(&f->dataset.parameters, &f->dataset.equalities, Q2_BOUNDS_FILE, &f->variables, &error) == Q2_OK);
  const struct q2_prior_table none = {0};
  CHECK(q2_prior_create(&none, guidance == GUIDED ? "all=1.5" : "", &f->dataset.parameters, &f->variables, f->value, &f->prior,
                        &error) == Q2_OK);
  const struct q2_objective_options options = {.match = guidance == PAIRED ? Q2_MATCH_OVERLAP : Q2_MATCH_POSITION,
                                               .normal_count = f->variables.independent_count,
                                               .normal_variable_of = f->variables.independent_of};
  CHECK(q2_objective_create(*world, &f->dataset, NULL, &options, &f->objective, &error) == Q2_OK);
}

static void set_up(struct fixture *f, double limit) { set_up_as(f, limit, PLAIN); }

static void tear_down(struct fixture *f) {
  q2_prior_free(&f->prior);
  q2_objective_destroy(f->objective);
  q2_variables_free(&f->variables);
}

/* Runs a fit as `q2hpc fit input.h5 ARGUMENTS` would; the arguments go into a PETSc database of their own. */
static int run(struct fixture *f, const char *arguments, struct q2_fit *fit, struct q2_error *error) {
  char text[256], *argv[32] = {"q2hpc", "input.h5"};
  int argc = 2;
  snprintf(text, sizeof text, "%s", arguments);
  for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
    argv[argc++] = word;
  struct q2_command_line line;
  struct q2_options options;
  int status = q2_command_line_parse(argc, argv, &line, error);
  if (status == Q2_OK) {
    char joined[512] = "";
    for (int a = 1; a < line.argument_count; a++) {
      strcat(joined, line.arguments[a]);
      strcat(joined, " ");
    }
    PetscOptions database;
    PetscOptionsCreate(&database);
    PetscOptionsPush(database);
    PetscOptionsInsertString(NULL, joined);
    status = q2_options_query(&line, &options, error);
    int least_squares = 0;
    if (status == Q2_OK) status = q2_fit_check_options(*world, &line, &least_squares, error);
    const struct q2_fit_problem problem = {.dataset = &f->dataset,
                                           .variables = &f->variables,
                                           .prior = &f->prior,
                                           .least_squares = least_squares,
                                           .objective = f->objective};
    if (status == Q2_OK) status = q2_fit_run(*world, &problem, &options, &line, &printer, fit, error);
    PetscOptionsPop();
    PetscOptionsDestroy(&database);
  }
  q2_command_line_free(&line);
  return status;
}

static void converges_and_respects_bounds(const char *bits) {
  struct fixture f;
  struct q2_fit fit = {0};
  struct q2_error error = {""};
  set_up(&f, 1e9);
  CHECK(run(&f, "", &fit, &error) == Q2_OK);
  CHECK(fit.converged == 1, "%s", fit.reason);
  CHECK(strcmp(fit.type, "bqnls") == 0);
  CHECK(fit.best_record.value < 0.5 * fit.first_record.value);
  CHECK(fit.infeasible == 0);
  CHECK(fit.best[5] == 105.0 || fit.best[4] == 70.0);
  CHECK(fit.best[6] == 66.0);
  CHECK(fit.best[7] == fit.best[1]);
  CHECK(fit.gradient_norm <= 1e-2);
  if (fit.log.count > 0) {
    int out = 0;
    for (int64_t i = 0; i < fit.log.count; i++)
      for (int v = 0; v < f.variables.count; v++) {
        const double x = fit.log.x[i * f.variables.count + v];
        out += x < f.variables.lower[v] || x > f.variables.upper[v];
      }
    CHECK(out == 0);
    CHECK(fit.iteration_count > 3 && fit.iteration[0].evaluation == 0);
    for (int i = 0; i < fit.iteration_count; i++)
      CHECK(fit.iteration[i].evaluation >= 0);
    CHECK(q2_evaluation_log_best(&fit.log) == fit.iteration[fit.iteration_count - 1].evaluation);
    FILE *file = bits ? fopen(bits, "w") : NULL;
    CHECK(!bits || file, "%s cannot be written", bits);
    for (int64_t i = 0; file && i < fit.log.count; i++) {
      for (int v = 0; v < f.variables.count; v++)
        fprintf(file, "%a %a ", fit.log.x[i * f.variables.count + v], fit.log.gradient[i * f.variables.count + v]);
      fprintf(file, "%a\n", fit.log.record[i].value);
    }
    if (file) fclose(file);
  }
  q2_fit_free(&fit);
  tear_down(&f);
}

/* The whole log of a fit on all ranks, bit for bit, is that of a fit which one rank runs alone. */
static void same_bits_as_one_rank(const char *arguments, enum guidance guidance) {
  const MPI_Comm self = MPI_COMM_SELF, *all = world;
  struct fixture f, alone;
  struct q2_fit fit = {0}, one = {0};
  struct q2_error error = {""};
  set_up_as(&f, 140.0, guidance);
  CHECK(run(&f, arguments, &fit, &error) == Q2_OK, "%s", error.text);
  world = &self;
  set_up_as(&alone, 140.0, guidance);
  CHECK(run(&alone, arguments, &one, &error) == Q2_OK, "%s", error.text);
  world = all;
  const size_t row = (size_t)f.variables.count * sizeof(double);
  CHECK(fit.evaluations == one.evaluations);
  CHECK(memcmp(fit.best, one.best, sizeof f.value) == 0);
  CHECK(memcmp(&fit.best_record.value, &one.best_record.value, sizeof(double)) == 0);
  if (fit.log.count > 0) {
    CHECK(fit.log.count == one.log.count);
    CHECK(memcmp(fit.log.x, one.log.x, row * (size_t)fit.log.count) == 0);
    CHECK(memcmp(fit.log.gradient, one.log.gradient, row * (size_t)fit.log.count) == 0);
  }
  q2_fit_free(&fit);
  q2_fit_free(&one);
  tear_down(&f);
  tear_down(&alone);
}

/* The first full step goes beyond the limit: it is shortened, counted, and the fit ends where it would have ended anyway. */
static void infeasible_first_step_recovers(const char *optimizer, double limit) {
  struct fixture f;
  struct q2_fit fit = {0};
  struct q2_error error = {""};
  set_up(&f, limit);
  CHECK(run(&f, optimizer, &fit, &error) == Q2_OK, "%s", error.text);
  CHECK(fit.converged == 1, "%s: %s", optimizer, fit.reason);
  CHECK(fit.infeasible > 0);
  CHECK(fit.infeasible < fit.evaluations / 2, "%s: %d of %d", optimizer, fit.infeasible, fit.evaluations);
  CHECK(isfinite(fit.best_record.value) && !fit.best_record.infeasible);
  if (fit.log.count > 0) {
    CHECK(fit.log.record[1].infeasible == 1 && fit.log.record[1].value >= 1e30);
    CHECK(fit.log.record[1].failed_molecules == (limit > 0.0 ? MOLECULES : 0), "%d", (int)fit.log.record[1].failed_molecules);
  }
  q2_fit_free(&fit);
  tear_down(&f);
}

/* The whole loss at x: data and prior, and its gradient by variable. */
static double loss_at(struct fixture *f, const double *x, double *gradient) {
  struct q2_evaluation evaluation;
  struct q2_error error;
  double values[ROWS], row_gradient[ROWS];
  q2_variables_apply(&f->variables, x, values);
  CHECK(q2_objective_evaluate(f->objective, values, &evaluation, row_gradient, &error) == Q2_OK);
  const double prior = q2_prior_evaluate(&f->prior, values, row_gradient);
  q2_variables_gradient(&f->variables, row_gradient, gradient);
  return evaluation.loss + prior;
}

/* The equality holds at every iterate; the loss told is the data's and the prior's; its gradient is the derivative; validation
 * travels along; every optimizer ends at one minimum. */
static void guided_fit(const char *arguments) {
  static double minimum;
  struct fixture f;
  struct q2_fit fit = {0};
  struct q2_error error = {""};
  set_up_as(&f, 140.0, GUIDED);
  const int n = f.variables.count;
  CHECK(n == ROWS - 3);
  CHECK(run(&f, arguments, &fit, &error) == Q2_OK, "%s", error.text);
  CHECK(fit.converged == 1, "%s", fit.reason);
  CHECK(fit.first_record.prior == 0.0 && fit.best_record.prior > 0.1, "%g", fit.best_record.prior);
  CHECK(fit.best_record.validation_loss > 0.0 && fit.best_record.validation_loss < fit.first_record.validation_loss);
  CHECK_CLOSE(fit.best_record.validation_rmsd, sqrt(fit.best_record.validation_loss / 8.0), 1e-12);
  if (minimum == 0.0) minimum = fit.best_record.value;
  CHECK_CLOSE(fit.best_record.value, minimum, 1e-4 * minimum);
  double x[ROWS], gradient[ROWS], values[ROWS], unused[ROWS];
  q2_variables_start(&f.variables, &f.dataset.parameters, x);
  const double first = loss_at(&f, x, gradient);
  CHECK_CLOSE(first, fit.first_record.value, 1e-12 * first);
  for (int v = 0; v < n; v++)
    x[v] += 0.05 * cos(v);
  loss_at(&f, x, gradient);
  for (int v = 0; v < n; v++) {
    const double middle = x[v], h = 1e-5;
    x[v] = middle + h;
    const double above = loss_at(&f, x, unused);
    x[v] = middle - h;
    const double difference = (above - loss_at(&f, x, unused)) / (2.0 * h);
    CHECK_CLOSE(gradient[v], difference, 1e-6 * (1.0 + fabs(gradient[v])));
    x[v] = middle;
  }
  int64_t count = fit.log.count; /* on rank 0, and every rank is needed */
  (void)MPI_Bcast(&count, 1, MPI_INT64_T, 0, *world);
  for (int64_t i = 0; i < count; i++) {
    struct q2_evaluation_record record = {0};
    if (fit.log.count > 0) {
      memcpy(x, fit.log.x + i * n, (size_t)n * sizeof *x);
      record = fit.log.record[i];
    }
    (void)MPI_Bcast(x, n, MPI_DOUBLE, 0, *world);
    (void)MPI_Bcast(&record, (int)sizeof record, MPI_BYTE, 0, *world);
    q2_variables_apply(&f.variables, x, values);
    CHECK_CLOSE(values[0] + 0.5 * values[2] - 0.25 * values[3], f.equality_value[0], 1e-10);
    if (record.infeasible) continue;
    const double loss = loss_at(&f, x, unused);
    CHECK_CLOSE(record.value, loss, 1e-12 * loss);
  }
  q2_fit_free(&fit);
  tear_down(&f);
}

/* Gauss and Newton's matrix is that of data and prior: the prior adds (w / scale)^2 = (1.5 / 100)^2 on its diagonal. */
static void square_has_the_prior(void) {
  struct fixture f;
  struct q2_evaluation evaluation;
  struct q2_error error;
  double x[ROWS], values[ROWS], row_gradient[ROWS], at[ROWS], square[2][ROWS * ROWS];
  set_up_as(&f, 140.0, GUIDED);
  const int n = f.variables.independent_count;
  q2_variables_start(&f.variables, &f.dataset.parameters, x);
  q2_variables_apply(&f.variables, x, values);
  for (int with = 0; with < 2; with++) {
    const struct q2_fit_problem problem = {
        .dataset = &f.dataset, .variables = &f.variables, .prior = with ? &f.prior : NULL, .objective = f.objective};
    struct q2_fit_state state = {.comm = *world,
                                 .problem = &problem,
                                 .variables = f.variables.count,
                                 .parameters = values,
                                 .row_gradient = row_gradient,
                                 .square = square[with],
                                 .square_at = at};
    CHECK(q2_fit_normal(&state, x, &evaluation, &error) == Q2_OK && state.square_valid);
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      CHECK_CLOSE(square[1][i * n + j] - square[0][i * n + j], i == j ? 0.015 * 0.015 : 0.0, 1e-12);
  tear_down(&f);
}

/* Points where the equality puts row 0 out of its bounds are infeasible: none becomes the best. */
static void cornered_fit(const char *arguments) {
  struct fixture f;
  struct q2_fit fit = {0};
  struct q2_error error = {""};
  set_up_as(&f, 140.0, CORNERED);
  CHECK(f.variables.watched == 1);
  CHECK(run(&f, arguments, &fit, &error) == Q2_OK, "%s", error.text);
  CHECK(fit.infeasible > 0);
  CHECK(fit.best_record.value < fit.first_record.value);
  CHECK(fit.best[0] <= 63.0 + 1e-6, "%.12g", fit.best[0]);
  CHECK_CLOSE(fit.best[0] - fit.best[2] - fit.best[3], f.equality_value[0], 1e-10);
  double values[ROWS];
  for (int64_t i = 0; i < fit.log.count; i++) {
    q2_variables_apply(&f.variables, fit.log.x + i * f.variables.count, values);
    if (values[0] > 63.0 + 1e-6) CHECK(fit.log.record[i].infeasible == 1 && fit.log.record[i].failed_molecules == 0);
  }
  q2_fit_free(&fit);
  tear_down(&f);
}

static void failure_at_the_start_names_the_molecule(void) {
  struct fixture f;
  struct q2_fit fit = {0};
  struct q2_error error = {""};
  set_up(&f, 1e9);
  for (int64_t i = 0; i < f.dataset.molecule_count; i++)
    if (f.molecule[i] >= 4) f.energy[i] = 10.0;
  CHECK(run(&f, "", &fit, &error) == Q2_FAILED);
  CHECK(strstr(error.text, "molecule-4") && strstr(error.text, "3 molecules"));
  tear_down(&f);
}

/* A log cut off anywhere, replayed, continues to the same end. */
static void replay_is_exact(const char *arguments, enum guidance guidance) {
  struct fixture f;
  struct q2_error error = {""};
  set_up_as(&f, 140.0, guidance);
  struct q2_fit fit = {0};
  CHECK(run(&f, arguments, &fit, &error) == Q2_OK);
  int64_t count = fit.log.count;
  (void)MPI_Bcast(&count, 1, MPI_INT64_T, 0, *world);
  for (int64_t cut = 1; cut <= count; cut += 3) {
    struct q2_fit again = {0};
    tear_down(&f); /* a restart has an objective that was never evaluated */
    set_up_as(&f, 140.0, guidance);
    q2_evaluation_log_create(f.variables.count, &again.log);
    for (int64_t i = 0; i < cut && fit.log.count > 0; i++)
      CHECK(q2_evaluation_log_append(&again.log, fit.log.x + i * f.variables.count, fit.log.gradient + i * f.variables.count,
                                     &fit.log.record[i], &error) == Q2_OK);
    CHECK(run(&f, arguments, &again, &error) == Q2_OK);
    CHECK(again.evaluations == fit.evaluations);
    CHECK(memcmp(again.best, fit.best, ROWS * sizeof *fit.best) == 0);
    q2_fit_free(&again);
  }
  /* Another run's log is refused: one without a point. */
  struct q2_fit other = {0};
  const size_t row = (size_t)f.variables.count * sizeof(double);
  q2_evaluation_log_create(f.variables.count, &other.log);
  for (int64_t i = 0; i < 3 && fit.log.count > 0; i++) {
    int64_t from = i;
    while (i == 2 && memcmp(fit.log.x + from * f.variables.count, fit.log.x + 2 * f.variables.count, row) == 0)
      from++;
    q2_evaluation_log_append(&other.log, fit.log.x + from * f.variables.count, fit.log.gradient, &fit.log.record[i], &error);
  }
  CHECK(run(&f, arguments, &other, &error) == Q2_FAILED);
  CHECK(strstr(error.text, "another run") != NULL, "%s", error.text);
  q2_fit_free(&fit);
  tear_down(&f);
}

/* Pairs that are found anew at iterates: TAO starts anew where they change, every value in the log is that of the pairs in
 * force, iterations are counted through, limits hold for all starts together, and the best point is of the last loss. */
static void pairs_found_anew(const char *optimizer) {
  struct fixture f;
  struct q2_fit fit = {0};
  struct q2_error error = {""};
  char arguments[128];
  int changes = 0;
  snprintf(arguments, sizeof arguments, "-match overlap -assign iteration %s", optimizer);
  set_up_as(&f, 1e9, PAIRED);
  const int n = f.variables.count;
  CHECK(run(&f, arguments, &fit, &error) == Q2_OK, "%s", error.text);
  CHECK(fit.converged == 1, "%s: %s", optimizer, fit.reason);
  for (int i = 1; i < fit.iteration_count; i++) {
    const struct q2_iteration *last = &fit.iteration[i - 1], *it = &fit.iteration[i];
    const int again = it->number == last->number; /* bntr's first step belongs to its iteration 0, too */
    CHECK(it->number == last->number + !again && it->evaluation >= 0, "%s: iteration %d", optimizer, it->number);
    if (memcmp(fit.log.x + it->evaluation * n, fit.log.x + last->evaluation * n, (size_t)n * sizeof(double)) != 0) continue;
    CHECK(again && fit.log.record[it->evaluation].value != fit.log.record[last->evaluation].value);
    changes++;
  }
  CHECK(fit.log.count == 0 || changes >= 2, "%s: pairs changed %d times", optimizer, changes);
  if (fit.log.count > 0) CHECK(q2_evaluation_log_best(&fit.log) >= fit.log.since && fit.log.since > 0);
  /* The objective is left with the last pairs. */
  double x[ROWS], unused[ROWS];
  if (fit.log.count > 0) memcpy(x, fit.log.x + q2_evaluation_log_best(&fit.log) * n, (size_t)n * sizeof *x);
  (void)MPI_Bcast(x, n, MPI_DOUBLE, 0, *world);
  const double loss = loss_at(&f, x, unused);
  CHECK_CLOSE(fit.best_record.value, loss, 1e-12 * loss);
  const int iterations = fit.iteration_count > 0 ? fit.iteration[fit.iteration_count - 1].number : 0;
  q2_fit_free(&fit);
  tear_down(&f);
  set_up_as(&f, 1e9, PAIRED);
  snprintf(arguments, sizeof arguments, "-match overlap -assign iteration -tao_max_it 3 %s", optimizer);
  CHECK(run(&f, arguments, &fit, &error) == Q2_OK, "%s", error.text);
  CHECK(fit.converged == 0, "%s: %s", optimizer, fit.reason);
  if (fit.log.count > 0) CHECK(iterations > 3 && fit.iteration[fit.iteration_count - 1].number == 3, "%s", optimizer);
  q2_fit_free(&fit);
  tear_down(&f);
}

static void options_reach_tao_and_typos_do_not_pass(void) {
  static const struct {
    const char *arguments, *named;
  } refused[] = {{"-tao_typ blmvm", "-tao_typ"},
                 {"-frobnicate", "-frobnicate"},
                 {"-tao_type nonsense", "-tao_type"},
                 {"-tao_max_it ten", "-tao_max_it"},
                 {"-tao_max_it", "-tao_max_it"},
                 {"-threads 0", "-threads"},
                 {"-threads two", "-threads"},
                 {"-match name", "-match"},
                 {"-assign iteration", "-assign"},
                 {"-match q2mm -assign start", "-assign"},
                 {"-match overlap -assign never", "-assign"},
                 {"-memory 5X", "-memory"},
                 {"-backend gpu", "-backend"},
                 {"-repeat 3", "-repeat"},
                 {"-o", "-o"},
                 {"-quiet -verbose", "-quiet"},
                 {"-tao_type blmvm -tao_bnk_as_type none", "-tao_bnk_as_type"},
                 {"-tao_ls_type wolfe", "-tao_ls_type"}};
  struct fixture f;
  struct q2_error error;
  set_up(&f, 1e9);
  for (size_t r = 0; r < sizeof refused / sizeof refused[0]; r++) {
    struct q2_fit fit = {0};
    error.text[0] = '\0';
    const int status = run(&f, refused[r].arguments, &fit, &error);
    CHECK(status == Q2_FAILED);
    CHECK(strstr(error.text, refused[r].named) != NULL, "%s", error.text);
    if (status == Q2_OK || !strstr(error.text, refused[r].named))
      fprintf(stderr, "  with %s: %s\n", refused[r].arguments, error.text);
    if (status == Q2_OK) q2_fit_free(&fit);
  }
  static const char *const types[] = {"blmvm", "bqnkls", "bncg", "bntr", "bnls"};
  for (int t = 0; t < 5; t++) {
    char arguments[64];
    struct q2_fit fit = {0};
    snprintf(arguments, sizeof arguments, "-tao_type %s -tao_max_it 4", types[t]);
    CHECK(run(&f, arguments, &fit, &error) == Q2_OK);
    CHECK(strcmp(fit.type, types[t]) == 0);
    CHECK(fit.log.count == 0 || fit.iteration_count <= 6, "%s: %d", types[t], fit.iteration_count);
    CHECK(fit.best_record.value < fit.first_record.value);
    q2_fit_free(&fit);
  }
  struct q2_fit fit = {0};
  CHECK(run(&f, "--tao_max_it=2", &fit, &error) == Q2_FAILED || fit.converged == 0);
  q2_fit_free(&fit);
  tear_down(&f);
}

static void nothing_to_fit(void) {
  struct fixture f;
  struct q2_error error = {""};
  struct q2_fit fit = {0};
  set_up(&f, 1e9);
  q2_variables_free(&f.variables);
  for (int p = 0; p < ROWS; p++)
    f.active[p] = 0;
  CHECK(q2_variables_create(&f.dataset.parameters, NULL, Q2_BOUNDS_FILE, &f.variables, &error) == Q2_OK);
  CHECK(run(&f, "", &fit, &error) == Q2_OK);
  CHECK(fit.evaluations == 1 && fit.converged == 1);
  CHECK(memcmp(fit.best, f.value, sizeof f.value) == 0);
  q2_fit_free(&fit);
  tear_down(&f);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const MPI_Comm comm = MPI_COMM_WORLD;
  world = &comm;
  if (PetscInitializeNoArguments()) return 1;
  PetscPushErrorHandler(q2_petsc_silent, NULL);
  q2_printer_create(comm, Q2_PRINT_QUIET, &printer);
  converges_and_respects_bounds(argc > 1 ? argv[1] : NULL);
  static const char *const optimizers[] = {"", "-tao_type bntr", "-tao_type bnls"};
  /* Every optimizer with every guidance; sanitizers are slow: each once. */
  const int step = getenv("Q2HPC_SANITIZED") ? 4 : 1;
  for (int k = 0; k < 9; k += step)
    same_bits_as_one_rank(optimizers[k % 3], (enum guidance)(k / 3));
  for (int k = 0; k < 3; k++) {
    infeasible_first_step_recovers(optimizers[k], 140.0);
    infeasible_first_step_recovers(optimizers[k], -140.0); /* nothing fails, but the gradient is NaN */
  }
  failure_at_the_start_names_the_molecule();
  for (int k = 0; k < 9; k += step)
    replay_is_exact(optimizers[k % 3], (enum guidance)(k / 3));
  static const char *const anew[] = {"-match overlap -assign iteration", "-match overlap -assign iteration -tao_type bntr",
                                     "-match overlap -assign start -tao_type bnls"};
  for (int k = 0; k < 3; k++) {
    same_bits_as_one_rank(anew[k], PAIRED);
    replay_is_exact(anew[k], PAIRED);
    pairs_found_anew(optimizers[k]);
  }
  for (int k = 0; k < 3; k++)
    guided_fit(optimizers[k]);
  square_has_the_prior();
  for (int k = 0; k < 3; k++)
    cornered_fit(optimizers[k]);
  options_reach_tao_and_typos_do_not_pass();
  nothing_to_fit();
  PetscFinalize();
  MPI_Finalize();
  return check_result();
}
