/* Claims: loss, RMSD and gradient do not depend on where molecules lie, how they are turned and how their atoms are numbered;
 * those of a batch are the sums of its members'; energies and Cartesian gradients of single molecules are those of an
 * evaluation, parts add up, the gradient is the energy's derivative, and the Hessian the gradient's. All with every observable,
 * exp-6 and charges. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/accumulator.h"
#include "../kernels/stages.h"
#include "check.h"
#include "observed.h"
#include "synthetic.h"

enum { MOST = Q2_SYNTHETIC_PARAMETERS + Q2_OBSERVED_EXTRA, MOLECULES = Q2_SYNTHETIC_MOLECULES };
enum { ALL = (1 << Q2_OBSERVABLE_COUNT) - 1 };

/* What a test does to a data set before plan and objective are made. */
typedef void (*change)(struct q2_dataset *dataset, const void *context);

static void nothing(struct q2_dataset *dataset, const void *context) {
  (void)dataset;
  (void)context;
}

/* Carbon dioxide's bends are degenerate, and any rotation of them among each other is as good: which elements its eigenmatrix
 * has is chance. Its rows get no weight. */
static void leave_out_degenerate(struct q2_dataset *dataset) {
  for (int t = 0; t < dataset->observable_table_count; t++) {
    struct q2_observable_table *table = &dataset->observables[t];
    for (int64_t m = 0; strncmp(table->kind, "eigenmatrix", 11) == 0 && m < dataset->molecule_count; m++) {
      for (int64_t row = table->offset[m]; row < table->offset[m + 1]; row++) {
        if (strncmp(dataset->name[m].text, "carbon dioxide", 14) == 0) table->weight[row] = 0;
      }
    }
  }
}

/* The molecules of test_observables with a QM gradient, changed. */
static void open_changed(struct problem *problem, MPI_Comm comm, int kinds, change change, const void *context) {
  struct q2_error error = {""};
  struct q2_dataset *dataset = &problem->dataset;
  q2_synthetic(comm, MOLECULES, 1, dataset);
  observe(comm, dataset, kinds);
  observe_charges(dataset);
  leave_out_degenerate(dataset);
  dataset->has_gradient = 1;
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    for (int64_t k = 3 * dataset->atom_offset[m]; k < 3 * dataset->atom_offset[m + 1]; k++)
      dataset->gradient[k] = 0.01 * sin(7.0 * (double)dataset->molecule[m] + (double)(k - 3 * dataset->atom_offset[m]));
  }
  change(dataset, context);
  finish_problem(problem, comm, (struct q2_plan_options){0}, (struct q2_objective_options){.threads = 1}, &error);
}

struct outcome {
  struct q2_evaluation evaluation;
  double gradient[MOST], scale[MOST];
};

static void evaluate(struct problem *problem, struct outcome *outcome) {
  struct q2_error error;
  const struct q2_parameters *p = &problem->dataset.parameters;
  CHECK(p->count == MOST);
  CHECK(q2_objective_evaluate(problem->objective, p->value, &outcome->evaluation, outcome->gradient, &error) == Q2_OK);
  CHECK(outcome->evaluation.failed_molecules == 0, "molecule %lld fails", (long long)outcome->evaluation.first_failed);
  memcpy(outcome->scale, p->scale, sizeof outcome->scale);
}

static void evaluate_changed(MPI_Comm comm, int kinds, change change, const void *context, struct outcome *outcome) {
  struct problem problem;
  open_changed(&problem, comm, kinds, change, context);
  evaluate(&problem, outcome);
  close_problem(&problem);
}

static int is_first(MPI_Comm comm) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  return rank == 0;
}

/* The largest difference of the gradients by the norm, in scaled variables. */
static double gradient_deviation(const struct outcome *a, const struct outcome *b) {
  double norm = 0, most = 0;
  for (int row = 0; row < MOST; row++) {
    norm += pow(a->gradient[row] * a->scale[row], 2);
    most = fmax(most, fabs(a->gradient[row] - b->gradient[row]) * a->scale[row]);
  }
  return most / sqrt(norm);
}

static void same_outcome(MPI_Comm comm, const char *name, const struct outcome *a, const struct outcome *b, double tolerance) {
  const struct q2_evaluation *p = &a->evaluation, *q = &b->evaluation;
  double kinds = 0;
  for (int k = 0; k < Q2_OBSERVABLE_COUNT; k++) {
    const double off = fabs(p->kind_loss[k] - q->kind_loss[k]) / (p->kind_loss[k] + 1e-300);
    CHECK(off <= tolerance, "%s, %s: loss %.15g, then %.15g", name, q2_observables[k].name, p->kind_loss[k], q->kind_loss[k]);
    kinds = fmax(kinds, off);
  }
  const double loss = fabs(p->loss - q->loss) / p->loss, rmsd = fabs(p->rmsd - q->rmsd) / p->rmsd;
  const double gradient = gradient_deviation(a, b);
  CHECK(loss <= tolerance && rmsd <= tolerance && gradient <= tolerance, "%s: loss off by %g, RMSD by %g, gradient by %g", name,
        loss, rmsd, gradient);
  CHECK(p->residual_count == q->residual_count && p->set_aside == q->set_aside, "%s: %lld residuals, %lld set aside", name,
        (long long)q->residual_count, (long long)q->set_aside);
  if (is_first(comm))
    printf("%-34s off by: loss %.1e, of one kind at most %.1e, RMSD %.1e, gradient %.1e\n", name, loss, kinds, rmsd, gradient);
}

/* --- where and how molecules lie --- */

static void translate(struct q2_dataset *dataset, const void *context) {
  const double *by = context;
  for (int64_t k = 0; k < 3 * dataset->atom_offset[dataset->molecule_count]; k++)
    dataset->position[k] += by[k % 3];
}

static void turn_vector(const double r[3][3], double *x) {
  const double from[3] = {x[0], x[1], x[2]};
  for (int i = 0; i < 3; i++)
    x[i] = r[i][0] * from[0] + r[i][1] * from[1] + r[i][2] * from[2];
}

/* Element (i, j) of a packed lower triangle. */
static double *packed(double *triangle, int64_t i, int64_t j) {
  return &triangle[i >= j ? Q2_TRIANGLE(i, j) : Q2_TRIANGLE(j, i)];
}

/* Each 3 x 3 block B becomes R B R'. */
static void turn_hessian(const double r[3][3], int64_t atoms, double *triangle) {
  double *turned = calloc((size_t)Q2_TRIANGLE(3 * atoms, 0) + 1, sizeof *turned);
  for (int64_t i = 0; i < 3 * atoms; i++) {
    for (int64_t j = 0; j <= i; j++) {
      for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++)
          *packed(turned, i, j) += r[i % 3][a] * r[j % 3][b] * *packed(triangle, i - i % 3 + a, j - j % 3 + b);
      }
    }
  }
  memcpy(triangle, turned, (size_t)Q2_TRIANGLE(3 * atoms, 0) * sizeof *turned);
  free(turned);
}

static void turn(struct q2_dataset *dataset, const void *context) {
  const double(*r)[3] = (const double(*)[3])context;
  for (int64_t i = 0; i < dataset->atom_offset[dataset->molecule_count]; i++) {
    turn_vector(r, dataset->position + 3 * i);
    turn_vector(r, dataset->gradient + 3 * i);
  }
  for (int64_t m = 0; m < dataset->molecule_count; m++)
    turn_hessian(r, dataset->atom_offset[m + 1] - dataset->atom_offset[m], dataset->hessian + dataset->hessian_offset[m]);
}

/* Euler's rotation by three angles. */
static void rotation(double a, double b, double c, double r[3][3]) {
  const double turned[3][3] = {
      {cos(a) * cos(c) - sin(a) * cos(b) * sin(c), -cos(a) * sin(c) - sin(a) * cos(b) * cos(c), sin(a) * sin(b)},
      {sin(a) * cos(c) + cos(a) * cos(b) * sin(c), -sin(a) * sin(c) + cos(a) * cos(b) * cos(c), -cos(a) * sin(b)},
      {sin(b) * sin(c), sin(b) * cos(c), cos(b)}};
  memcpy(r, turned, sizeof turned);
}

/* The sum over all elements below the diagonal of a Hessian is not that of a turned one, so `hessian` is left out of turns by
 * any angle. The sum over all components of a gradient is. */
static void frame_does_not_matter(MPI_Comm comm) {
  static const double by[3] = {3.7, -5.1, 8.3}, quarter[3][3] = {{0, -1, 0}, {1, 0, 0}, {0, 0, 1}},
                      cycle[3][3] = {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}};
  double r[3][3];
  struct outcome plain, moved;
  evaluate_changed(comm, ALL, nothing, NULL, &plain);
  evaluate_changed(comm, ALL, translate, by, &moved);
  same_outcome(comm, "translated", &plain, &moved, 1e-9);
  evaluate_changed(comm, ALL, turn, quarter, &moved);
  same_outcome(comm, "turned by 90 degrees about z", &plain, &moved, 1e-9);
  evaluate_changed(comm, ALL, turn, cycle, &moved);
  same_outcome(comm, "turned by 120 degrees about (1,1,1)", &plain, &moved, 1e-9);
  rotation(0.7, 1.9, -2.4, r);
  evaluate_changed(comm, ALL & ~(1 << Q2_OBSERVABLE_HESSIAN), nothing, NULL, &plain);
  evaluate_changed(comm, ALL & ~(1 << Q2_OBSERVABLE_HESSIAN), turn, r, &moved);
  same_outcome(comm, "turned by any angle, no `hessian`", &plain, &moved, 1e-9);
}

/* --- how atoms are numbered --- */

/* The new number of atom i of n. */
static int64_t renumbered(int64_t i, int64_t n) { return (n - i + n / 2) % n; }

/* Moves the rows of one molecule's atoms. */
static void permute_rows(void *rows, size_t size, int64_t atoms) {
  char *moved = malloc((size_t)atoms * size);
  for (int64_t i = 0; i < atoms; i++)
    memcpy(moved + (size_t)renumbered(i, atoms) * size, (char *)rows + (size_t)i * size, size);
  memcpy(rows, moved, (size_t)atoms * size);
  free(moved);
}

static void permute_hessian(double *triangle, int64_t atoms) {
  double *moved = calloc((size_t)Q2_TRIANGLE(3 * atoms, 0) + 1, sizeof *moved);
  for (int64_t i = 0; i < 3 * atoms; i++) {
    for (int64_t j = 0; j <= i; j++)
      *packed(moved, 3 * renumbered(i / 3, atoms) + i % 3, 3 * renumbered(j / 3, atoms) + j % 3) = *packed(triangle, i, j);
  }
  memcpy(triangle, moved, (size_t)Q2_TRIANGLE(3 * atoms, 0) * sizeof *moved);
  free(moved);
}

/* Renumbers the atoms that a table names for molecule m. */
static void rename_atoms(int32_t *names, int columns, const int64_t *offset, int64_t m, int64_t atoms) {
  for (int64_t k = columns * offset[m]; k < columns * offset[m + 1]; k++)
    names[k] = (int32_t)renumbered(names[k], atoms);
}

static void permute(struct q2_dataset *dataset, const void *context) {
  (void)context;
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    const int64_t first = dataset->atom_offset[m], atoms = dataset->atom_offset[m + 1] - first;
    permute_rows(dataset->element + first, sizeof *dataset->element, atoms);
    permute_rows(dataset->type + first, sizeof *dataset->type, atoms);
    permute_rows(dataset->mass + first, sizeof *dataset->mass, atoms);
    permute_rows(dataset->atom_charge + first, sizeof *dataset->atom_charge, atoms);
    permute_rows(dataset->position + 3 * first, 3 * sizeof *dataset->position, atoms);
    permute_rows(dataset->gradient + 3 * first, 3 * sizeof *dataset->gradient, atoms);
    permute_hessian(dataset->hessian + dataset->hessian_offset[m], atoms);
    rename_atoms(dataset->bonds, 2, dataset->bond_offset, m, atoms);
    rename_atoms(dataset->increments.atoms, 2, dataset->increments.offset, m, atoms);
    for (int t = 0; t < dataset->term_table_count; t++)
      rename_atoms(dataset->terms[t].atoms, dataset->terms[t].atom_count, dataset->terms[t].offset, m, atoms);
  }
}

static void numbering_does_not_matter(MPI_Comm comm) {
  struct outcome plain, moved;
  evaluate_changed(comm, ALL, nothing, NULL, &plain);
  evaluate_changed(comm, ALL, permute, NULL, &moved);
  same_outcome(comm, "atoms renumbered", &plain, &moved, 1e-9);
}

/* --- a batch is the sum of its members --- */

/* Keeps of a table the rows of molecule m. */
static void keep(void *rows, size_t row_size, int64_t first, int64_t count) {
  if (rows) memmove(rows, (char *)rows + (size_t)first * row_size, (size_t)count * row_size);
}

static void close_table(int64_t *offset, int64_t m) {
  offset[1] = offset[m + 1] - offset[m];
  offset[0] = 0;
}

#define KEEP(ARRAY, COLUMNS, OFFSET) keep(ARRAY, (COLUMNS) * sizeof *(ARRAY), (OFFSET)[m], (OFFSET)[m + 1] - (OFFSET)[m])
#define KEEP_ONE(ARRAY) keep(ARRAY, sizeof *(ARRAY), m, 1)

static void keep_tables(struct q2_dataset *dataset, int64_t m) {
  for (int t = 0; t < dataset->term_table_count; t++) {
    struct q2_term_table *table = &dataset->terms[t];
    KEEP(table->atoms, (size_t)table->atom_count, table->offset);
    KEEP(table->parameters, (size_t)table->parameter_count, table->offset);
    KEEP(table->constants, (size_t)table->constant_count, table->offset);
    close_table(table->offset, m);
  }
  for (int t = 0; t < dataset->observable_table_count; t++) {
    struct q2_observable_table *table = &dataset->observables[t];
    KEEP(table->index, (size_t)table->index_count, table->offset);
    KEEP(table->value, 1, table->offset);
    KEEP(table->weight, 1, table->offset);
    close_table(table->offset, m);
  }
  struct q2_charge_increments *increments = &dataset->increments;
  KEEP(increments->atoms, 2, increments->offset);
  KEEP(increments->parameter, 1, increments->offset);
  KEEP(increments->factor, 1, increments->offset);
  close_table(increments->offset, m);
}

/* Keeps one molecule of a data set that is whole on this rank. */
static void keep_molecule(struct q2_dataset *dataset, const void *context) {
  const int64_t m = *(const int64_t *)context;
  keep_tables(dataset, m);
  KEEP(dataset->element, 1, dataset->atom_offset);
  KEEP(dataset->type, 1, dataset->atom_offset);
  KEEP(dataset->mass, 1, dataset->atom_offset);
  KEEP(dataset->atom_charge, 1, dataset->atom_offset);
  KEEP(dataset->position, 3, dataset->atom_offset);
  KEEP(dataset->gradient, 3, dataset->atom_offset);
  KEEP(dataset->hessian, 1, dataset->hessian_offset);
  KEEP(dataset->bonds, 2, dataset->bond_offset);
  close_table(dataset->atom_offset, m);
  close_table(dataset->hessian_offset, m);
  close_table(dataset->bond_offset, m);
  KEEP_ONE(dataset->name);
  KEEP_ONE(dataset->charge);
  KEEP_ONE(dataset->multiplicity);
  KEEP_ONE(dataset->method);
  KEEP_ONE(dataset->group);
  KEEP_ONE(dataset->stationary);
  KEEP_ONE(dataset->imaginary_modes);
  KEEP_ONE(dataset->energy);
  dataset->molecule[0] = 0;
  dataset->molecule_count = dataset->molecule_total = 1;
}

/* Energies are compared between molecules, so they are left out. The sums are exact, so a molecule's share differs only by how
 * it was computed: with other leading dimensions of its matrices. */
static void batch_is_the_sum_of_its_members(MPI_Comm comm) {
  const int kinds = ALL & ~(1 << Q2_OBSERVABLE_ENERGY | 1 << Q2_OBSERVABLE_RELAXED_ENERGY);
  static int64_t limbs[MOST + 1][Q2_LIMBS];
  static struct outcome batch, sum, one;
  int rank, ranks;
  long long residuals = 0, set_aside = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  evaluate_changed(comm, kinds, nothing, NULL, &batch);
  for (int64_t m = rank; m < MOLECULES; m += ranks) {
    evaluate_changed(MPI_COMM_SELF, kinds, keep_molecule, &m, &one);
    for (int row = 0; row < MOST; row++)
      q2_accumulate(limbs[row], one.gradient[row]);
    q2_accumulate(limbs[MOST], one.evaluation.loss);
    residuals += one.evaluation.residual_count;
    set_aside += one.evaluation.set_aside;
  }
  MPI_Allreduce(MPI_IN_PLACE, limbs, (MOST + 1) * Q2_LIMBS, MPI_INT64_T, MPI_SUM, comm);
  MPI_Allreduce(MPI_IN_PLACE, &residuals, 1, MPI_LONG_LONG, MPI_SUM, comm);
  MPI_Allreduce(MPI_IN_PLACE, &set_aside, 1, MPI_LONG_LONG, MPI_SUM, comm);
  int same = 0;
  for (int row = 0; row < MOST; row++) {
    sum.gradient[row] = q2_accumulated(limbs[row]);
    same += sum.gradient[row] == batch.gradient[row];
  }
  const double loss = fabs(q2_accumulated(limbs[MOST]) / batch.evaluation.loss - 1),
               gradient = gradient_deviation(&batch, &sum);
  CHECK(loss <= 1e-12 && gradient <= 1e-12, "loss off by %g, gradient by %g", loss, gradient);
  CHECK(residuals == batch.evaluation.residual_count && set_aside == batch.evaluation.set_aside, "%lld residuals, %lld aside",
        residuals, set_aside);
  if (rank == 0)
    printf("%-34s off by: loss %.1e, gradient %.1e; %d of %d derivatives have the same bits\n", "sum of single molecules", loss,
           gradient, same, MOST);
}

/* --- energies and gradients of single molecules --- */

/* Of this rank's molecule m; gradient: [3 x 16]. */
static double forces_of(struct problem *problem, int64_t m, double *gradient) {
  struct q2_energy_parts parts;
  struct q2_error error;
  CHECK(q2_objective_forces(problem->objective, problem->dataset.parameters.value, m, &parts, gradient, &error) == Q2_OK);
  double sum = parts.van_der_waals + parts.coulomb, size = fabs(parts.van_der_waals) + fabs(parts.coulomb);
  for (int form = 0; form < Q2_FORM_COUNT; form++) {
    sum += parts.form[form];
    size += fabs(parts.form[form]);
    CHECK(q2_form_plain(form) == form || parts.form[form] == 0);
  }
  CHECK_CLOSE(sum, parts.total, 1e-14 * size);
  return parts.total;
}

/* Calculated values of `gradient` and `energy` are those of the single molecules: one finds slopes in the batch's tables, the
 * other measures them anew. */
static void forces_are_those_of_the_evaluation(MPI_Comm comm) {
  struct problem problem;
  struct q2_residual_values values;
  struct q2_error error;
  double gradient[48], zero = 0;
  open_changed(&problem, comm, 1 << Q2_OBSERVABLE_GRADIENT | 1 << Q2_OBSERVABLE_ENERGY, nothing, NULL);
  const struct q2_dataset *dataset = &problem.dataset;
  CHECK(q2_objective_residuals(problem.objective, dataset->parameters.value, &values, &error) == Q2_OK);
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    if (dataset->molecule[m] == 0) zero = forces_of(&problem, m, gradient);
  }
  MPI_Allreduce(MPI_IN_PLACE, &zero, 1, MPI_DOUBLE, MPI_SUM, comm);
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    const double energy = forces_of(&problem, m, gradient);
    for (int64_t r = values.offset[m]; r < values.offset[m + 1]; r++) {
      const int is_energy = values.residual[r].observable == Q2_OBSERVABLE_ENERGY;
      const double expected = is_energy ? energy - zero : gradient[values.residual[r].index[0]];
      CHECK_CLOSE(values.calculated[r], expected, 1e-13 * (fabs(energy) + fabs(zero) + fabs(expected)));
    }
  }
  q2_residual_values_free(&values);
  close_problem(&problem);
}

/* Any direction, the same on any rank. */
static double direction(const struct q2_dataset *dataset, int64_t m, int64_t k) {
  return cos(11.0 * (double)dataset->molecule[m] + 5.0 * (double)k + 1);
}

static void displace(struct q2_dataset *dataset, const void *context) {
  const double step = *(const double *)context;
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    double *x = dataset->position + 3 * dataset->atom_offset[m];
    for (int64_t k = 0; k < 3 * (dataset->atom_offset[m + 1] - dataset->atom_offset[m]); k++)
      x[k] += step * direction(dataset, m, k);
  }
}

/* H d of this rank's molecule m, d the direction. */
static void along_hessian(struct problem *problem, int64_t m, double out[48]) {
  static double hessian[48 * 48];
  struct q2_error error;
  const struct q2_dataset *dataset = &problem->dataset;
  const int64_t n = 3 * (dataset->atom_offset[m + 1] - dataset->atom_offset[m]);
  CHECK(q2_objective_hessian(problem->objective, dataset->parameters.value, m, hessian, &error) == Q2_OK);
  for (int64_t i = 0; i < n; i++) {
    out[i] = 0;
    for (int64_t j = 0; j < n; j++)
      out[i] += hessian[i * n + j] * direction(dataset, m, j);
  }
}

/* By differences of sixth order, small enough for what is rounded off at straight angles (Q2_STRAIGHT). The Hessian of a
 * straight angle is that of one Q2_ANGLE_FLOOR away, some 1e-8 of it off. */
static void derivatives_are_slopes(MPI_Comm comm) {
  static const double weights[] = {45.0 / 60, -9.0 / 60, 1.0 / 60};
  static double curve[MOLECULES][48], expected[MOLECULES][48];
  double slope[MOLECULES] = {0}, found[MOLECULES] = {0}, gradient[48], worst = 0, worst_second = 0;
  struct problem problem;
  for (int k = -3; k <= 3; k++) {
    const double h = 5e-5, step = k * h;
    open_changed(&problem, comm, 1 << Q2_OBSERVABLE_FREQUENCY, displace, &step);
    for (int64_t m = 0; m < problem.dataset.molecule_count; m++) {
      const double energy = forces_of(&problem, m, gradient);
      const int64_t n = 3 * (problem.dataset.atom_offset[m + 1] - problem.dataset.atom_offset[m]);
      const int64_t number = problem.dataset.molecule[m];
      const double weight = k > 0 ? weights[k - 1] / h : k < 0 ? -weights[-k - 1] / h : 0;
      slope[number] += weight * energy;
      for (int64_t i = 0; i < n; i++)
        curve[number][i] += weight * gradient[i];
      for (int64_t i = 0; k == 0 && i < n; i++)
        found[number] += gradient[i] * direction(&problem.dataset, m, i);
      if (k == 0) along_hessian(&problem, m, expected[number]);
    }
    close_problem(&problem);
  }
  for (int m = 0; m < MOLECULES; m++) {
    const double wrong = fabs(slope[m] - found[m]) / (1 + fabs(found[m]));
    CHECK(wrong < 1e-8, "molecule %d: %.12g, by differences %.12g", m, found[m], slope[m]);
    worst = fmax(worst, wrong);
    double off = 0, norm = 1;
    for (int i = 0; i < 48; i++) {
      off += pow(curve[m][i] - expected[m][i], 2);
      norm += pow(expected[m][i], 2);
    }
    worst_second = fmax(worst_second, sqrt(off / norm));
    CHECK(off <= 2e-8 * 2e-8 * norm, "molecule %d: Hessian along d off by %g of %g", m, sqrt(off), sqrt(norm));
  }
  if (is_first(comm))
    printf("%-34s off by: gradient %.1e, Hessian %.1e\n", "derivatives along a direction", worst, worst_second);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  frame_does_not_matter(MPI_COMM_WORLD);
  numbering_does_not_matter(MPI_COMM_WORLD);
  batch_is_the_sum_of_its_members(MPI_COMM_WORLD);
  forces_are_those_of_the_evaluation(MPI_COMM_WORLD);
  derivatives_are_slopes(MPI_COMM_WORLD);
  const int status = check_result();
  MPI_Finalize();
  return status;
}
