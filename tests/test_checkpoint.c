/* A checkpoint holds the logs of evaluations bit for bit, and its run is compared with the one that goes on from it. */
#include <math.h>
#include <petscsys.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../io/memory.h"
#include "../src/checkpoint.h"
#include "check.h"

enum { ROWS = 3, EVALUATIONS = 70, ORDER = 3 };

static struct q2_printer printer;

static struct q2_run_identity identity_of(char *options) {
  struct q2_run_identity identity = {.checksum = "0123456789abcdef", .options = options};
  for (int f = 0; f < Q2_FACT_COUNT; f++)
    snprintf(identity.fact[f], sizeof identity.fact[f], "fact %d", f);
  return identity;
}

/* A log with all that is awkward: NaN, infinities, -0, a point that is infeasible, J'J of some points. */
static void fill_log(struct q2_evaluation_log *log, int variables, int seed) {
  struct q2_error error = {""};
  double x[ROWS], gradient[ROWS], square[ORDER * ORDER], found[ORDER * ORDER];
  q2_evaluation_log_create(variables, log);
  for (int k = 0; k < EVALUATIONS; k++) {
    for (int v = 0; v < variables; v++) {
      x[v] = cos(seed + 3.0 * k + v);
      gradient[v] = k == 5 ? -0.0 : sin(seed + 5.0 * k + v) / 3.0;
    }
    const struct q2_evaluation_record record = {.value = 100.0 - k + (k == 7) * 1e30,
                                                .prior = 0.1 * k,
                                                .rmsd = k == 7 ? NAN : 1.0 / (k + 1),
                                                .rmsd_all = k % 2 ? NAN : INFINITY,
                                                .validation_loss = seed,
                                                .validation_rmsd = -0.0,
                                                .seconds = 1e-3 * k,
                                                .elapsed = 0.3 * k,
                                                .failed_molecules = k == 7 ? INT64_C(1) << 40 : 0,
                                                .first_failed = k == 7 ? 12 : -1,
                                                .infeasible = k == 7};
    CHECK(q2_evaluation_log_append(log, x, gradient, &record, &error) == Q2_OK, "%s", error.text);
    for (int e = 0; e < ORDER * ORDER; e++)
      square[e] = seed + k + 1.0 / (1 + e / ORDER + e % ORDER);
    CHECK(q2_evaluation_log_keep_square(log, k, ORDER, square, &error) == Q2_OK, "%s", error.text);
    if (k % 10 == 3) { /* asked for: it stays; the others give way to the next */
      CHECK(q2_evaluation_log_square(log, k, found) == 1);
      CHECK(memcmp(found, square, sizeof found) == 0);
    }
  }
  CHECK(log->square_count == 8 && log->square_of[0] == 3 && log->square_of[7] == EVALUATIONS - 1, "%d", (int)log->square_count);
  CHECK(q2_evaluation_log_square(log, 4, found) == 0);
}

static void check_same(const struct q2_evaluation_log *a, const struct q2_evaluation_log *b) {
  const size_t row = (size_t)a->variables * sizeof(double), triangle = (size_t)(ORDER * (ORDER + 1) / 2) * sizeof(double);
  CHECK(a->variables == b->variables && a->count == b->count && a->square_count == b->square_count);
  if (a->count != b->count || a->variables != b->variables) return;
  CHECK(memcmp(a->x, b->x, row * (size_t)a->count) == 0);
  CHECK(memcmp(a->gradient, b->gradient, row * (size_t)a->count) == 0);
  for (int64_t k = 0; k < a->count; k++)
    for (int c = 0; c < q2_record_column_count; c++) {
      const struct q2_record_column *column = &q2_record_columns[c];
      const size_t size = column->type == Q2_COLUMN_INT32 ? sizeof(int32_t) : sizeof(int64_t);
      CHECK(memcmp((char *)&a->record[k] + column->offset, (char *)&b->record[k] + column->offset, size) == 0, "%s of %d",
            column->name, (int)k);
    }
  CHECK(a->square_order == b->square_order);
  CHECK(memcmp(a->square_of, b->square_of, (size_t)a->square_count * sizeof(int64_t)) == 0);
  CHECK(memcmp(a->square, b->square, (size_t)a->square_count * triangle) == 0);
}

static void round_trip(int rank) {
  char kind[ROWS][Q2_KIND_LENGTH] = {"bond_k", "bond_eq", "angle_k"}, label[ROWS][Q2_LABEL_LENGTH] = {"a", "b", "c"},
       unit[ROWS][Q2_UNIT_LENGTH] = {"kcal/mol/angstrom^2", "angstrom", "kcal/mol/rad^2"}, options[] = "-tao_type bntr ";
  double value[ROWS] = {1.0, 2.0, 3.0}, lower[ROWS] = {-1e300, -1e300, -1e300}, upper[ROWS] = {1e300, 1e300, 1e300},
         factor[ROWS] = {1.0, 2.0, 4.0}, scale[ROWS] = {0}, best[ROWS];
  int32_t active[ROWS] = {1, 1, 1}, link[ROWS] = {-1, -1, -1};
  const struct q2_parameters parameters = {.count = ROWS,
                                           .kind = kind,
                                           .label = label,
                                           .unit = unit,
                                           .value = value,
                                           .lower = lower,
                                           .upper = upper,
                                           .factor = factor,
                                           .scale = scale,
                                           .active = active,
                                           .link = link};
  const struct q2_run_identity identity = identity_of(options);
  struct q2_variables variables;
  struct q2_evaluation_log log[2];
  struct q2_checkpoint checkpoint;
  struct q2_error error = {""};
  CHECK(q2_variables_create(&parameters, NULL, Q2_BOUNDS_FILE, &variables, &error) == Q2_OK, "%s", error.text);
  fill_log(&log[0], ROWS, 1);
  fill_log(&log[1], ROWS, 2);
  if (rank == 0) {
    const struct q2_checkpoint_source source = {
        .identity = &identity, .parameters = &parameters, .variables = &variables, .rounds = 2, .log = {&log[0], &log[1]}};
    CHECK(q2_checkpoint_write(&source, best, "test_checkpoint.h5", NULL, &error) == Q2_OK, "%s", error.text);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(q2_checkpoint_read(MPI_COMM_WORLD, "test_checkpoint.h5", &checkpoint, &error) == Q2_OK, "%s", error.text);
  if (rank == 0) {
    CHECK(checkpoint.rounds == 2);
    CHECK(strcmp(checkpoint.identity.options, options) == 0 && strcmp(checkpoint.identity.checksum, identity.checksum) == 0);
    CHECK(memcmp(checkpoint.identity.fact, identity.fact, sizeof identity.fact) == 0);
    for (int r = 0; r < 2; r++)
      check_same(&log[r], &checkpoint.log[r]);
  } else {
    CHECK(checkpoint.rounds == 0 && checkpoint.log[0].count == 0);
  }
  q2_checkpoint_free(&checkpoint);
  CHECK(q2_checkpoint_read(MPI_COMM_WORLD, "no_such.h5", &checkpoint, &error) == Q2_FAILED && strstr(error.text, "no_such.h5"),
        "%s", error.text);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) unlink("test_checkpoint.h5");
  q2_evaluation_log_free(&log[0]);
  q2_evaluation_log_free(&log[1]);
  q2_variables_free(&variables);
}

/* Beyond the limit no J'J is kept, and nothing fails. */
static void squares_have_a_limit(void) {
  enum { HUGE_ORDER = 3000 };
  struct q2_evaluation_log log;
  struct q2_error error = {""};
  double *square = q2_allocate((int64_t)HUGE_ORDER * HUGE_ORDER, sizeof *square);
  q2_evaluation_log_create(1, &log);
  for (int k = 0; k < 12; k++) {
    CHECK(q2_evaluation_log_keep_square(&log, k, HUGE_ORDER, square, &error) == Q2_OK, "%s", error.text);
    if (k < 9) CHECK(q2_evaluation_log_square(&log, k, square) == (k < 7), "%d", k);
  }
  CHECK(log.square_count * (int64_t)(HUGE_ORDER * (HUGE_ORDER + 1) / 2) * (int64_t)sizeof(double) <= Q2_MOST_SQUARE_BYTES);
  q2_evaluation_log_free(&log);
  free(square);
}

static void what_differs_is_refused_or_explained(void) {
  static const struct {
    char before[128], now[128];
    int rounds;
    const char *culprit; /* NULL: accepted */
  } cases[] = {{"", "", 1, NULL},
               {"-tao_type bntr -o a.h5 -threads 2 ", "-threads 8 -tao_type bntr -quiet true -memory 1G ", 1, NULL},
               {"-tao_type bntr ", "", 1, "-tao_type"},
               {"", "-tao_type bntr ", 1, "-tao_type"},
               {"-tao_type bntr ", "-tao_type bnls ", 1, "-tao_type"},
               {"-match overlap -prior all=1, bond_k=2 ", "-prior all=1, bond_k=2 -match overlap", 1, NULL},
               {"-prior all=1, bond_k=2 ", "-prior all=1, bond_k=3 ", 1, "-prior"},
               {"-tao_max_it 10 -tao_grtol -1 ", "-tao_max_it 20 -tao_grtol 0.1 ", 1, NULL},
               {"-tao_max_it 10 ", "-tao_max_it 20 ", 2, "-tao_max_it"},
               {"-fit_stall_tolerance 0 ", "", 1, NULL},
               {"-fit_stall_tolerance 0 ", "", 2, "-fit_stall_tolerance"},
               {"-ts_method E ", "-ts_method E2 ", 2, "-ts_method"},
               {"-tao_ls_armijo_alpha 1e-3 ", "-tao_ls_armijo_alpha 1e-4 ", 1, "-tao_ls_armijo_alpha"},
               {"-solvers a.txt ", "-solvers b.txt ", 2, NULL},
               {"-restart x -checkpoint_interval 3 -time_limit 5 -log_view -nccl_timeout 9 ", "", 1, NULL}};
  struct q2_error error;
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char before_options[128], now_options[128];
    memcpy(before_options, cases[k].before, sizeof before_options);
    memcpy(now_options, cases[k].now, sizeof now_options);
    const struct q2_run_identity before = identity_of(before_options);
    struct q2_run_identity now = identity_of(now_options);
    error.text[0] = '\0';
    const int status = q2_run_identity_compare(&before, &now, cases[k].rounds, "run.ckpt.h5", &printer, &error);
    if (cases[k].culprit)
      CHECK(status == Q2_FAILED && strstr(error.text, cases[k].culprit) && strstr(error.text, "run.ckpt.h5"), "case %d: '%s'",
            (int)k, error.text);
    else
      CHECK(status == Q2_OK, "case %d: '%s'", (int)k, error.text);
    now.checksum[3] = 'x';
    CHECK(q2_run_identity_compare(&before, &now, cases[k].rounds, "run.ckpt.h5", &printer, &error) == Q2_FAILED &&
              strstr(error.text, now.checksum),
          "case %d: '%s'", (int)k, error.text);
  }
}

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  if (PetscInitializeNoArguments()) return 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  q2_printer_create(MPI_COMM_WORLD, Q2_PRINT_QUIET, &printer);
  round_trip(rank);
  squares_have_a_limit();
  what_differs_is_refused_or_explained();
  PetscFinalize();
  MPI_Finalize();
  return check_result();
}
