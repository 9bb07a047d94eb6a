/* The tables at the end of a run, in the users' units. */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

enum { SHORT_LIST = 40 };

struct ranked {
  double rmsd;
  int64_t molecule;
};

/* Largest first; equal ones in the order of the file. */
static int by_rmsd(const void *a, const void *b) {
  const struct ranked *x = a, *y = b;
  if (x->rmsd != y->rmsd) return x->rmsd < y->rmsd ? 1 : -1;
  return x->molecule < y->molecule ? -1 : 1;
}

static void print_molecule(struct q2_printer *printer, const struct q2_molecule_table *table, int64_t m) {
  double worst;
  const double before = q2_molecule_rmsd(table, table->before, m, &worst);
  q2_print(printer, "%-28.28s %5d %6lld %10.2f %10.1f", table->name[m].text, table->atoms[m],
           (long long)(table->offset[m + 1] - table->offset[m]), before, worst);
  if (table->after) {
    const double after = q2_molecule_rmsd(table, table->after, m, &worst);
    q2_print(printer, " %10.2f %10.1f", after, worst);
  }
  q2_print(printer, "%s\n", table->validation && table->validation[m] ? "  validation" : "");
}

void q2_report_molecules(struct q2_printer *printer, const struct q2_molecule_table *table) {
  if (!printer->speaks || printer->level < Q2_PRINT_NORMAL) return;
  struct ranked *ranked = q2_allocate(table->count, sizeof *ranked);
  if (!ranked) return; /* a table less; the result has it all */
  const int all = printer->level >= Q2_PRINT_VERBOSE || table->count <= SHORT_LIST;
  for (int64_t m = 0; m < table->count; m++) {
    double worst;
    ranked[m] = (struct ranked){q2_molecule_rmsd(table, table->after ? table->after : table->before, m, &worst), m};
  }
  if (!all) qsort(ranked, (size_t)table->count, sizeof *ranked, by_rmsd);
  q2_print(printer, "\nMolecules (RMSD and worst shift, calculated - reference, in cm-1)%s\n",
           all ? "" : ": the 40 of largest RMSD; -verbose lists all");
  q2_print(printer, "%-28s %5s %6s %10s %10s%s\n", "name", "atoms", "modes", table->after ? "before" : "RMSD", "worst",
           table->after ? "      after      worst" : "");
  for (int64_t m = 0; m < (all ? table->count : SHORT_LIST); m++)
    print_molecule(printer, table, ranked[m].molecule);
  free(ranked);
}

/* One line: all rows of the kind and unit of row `first`. */
static void print_kind(struct q2_printer *printer, const struct q2_parameters *p, const struct q2_variables *variables,
                       const double *start, const double *best, int first) {
  int rows = 0, vary = 0, bound = 0, largest_row = -1;
  double sum = 0.0, largest = 0.0;
  for (int row = first; row < p->count; row++) {
    if (strcmp(p->kind[row], p->kind[first]) != 0 || strcmp(p->unit[row], p->unit[first]) != 0) continue;
    rows++;
    const int i = variables->independent_of[row];
    if (i < 0 || variables->independent_row[i] != row) continue; /* frozen, or shares another row's value */
    const double change = (best[row] - start[row]) / p->factor[row];
    vary++;
    sum += fabs(change);
    bound += q2_variables_at_bound(variables, i, best[row]) != 0;
    if (largest_row < 0 || fabs(change) > fabs(largest)) {
      largest = change;
      largest_row = row;
    }
  }
  q2_print(printer, "%-16s %-20s %5d %6d %8d", p->kind[first], p->unit[first], rows, vary, bound);
  if (vary > 0) q2_print(printer, " %13.4g %13.4g  %s", sum / vary, largest, p->label[largest_row]);
  q2_print(printer, "\n");
}

void q2_report_parameters(struct q2_printer *printer, const struct q2_parameters *p, const struct q2_variables *variables,
                          const double *start, const double *best) {
  if (!printer->speaks) return;
  q2_print(printer, "\nParameters\n%-16s %-20s %5s %6s %8s %13s %13s  %s\n", "kind", "unit", "rows", "vary", "at bound",
           "mean |change|", "largest", "of");
  for (int row = 0; row < p->count; row++) {
    int seen = 0;
    for (int other = 0; other < row && !seen; other++)
      seen = strcmp(p->kind[row], p->kind[other]) == 0 && strcmp(p->unit[row], p->unit[other]) == 0;
    if (!seen) print_kind(printer, p, variables, start, best, row);
  }
  q2_print_detail(printer, "\n%5s %-16s %-20s %14s %14s %-20s\n", "row", "kind", "label", "start", "final", "unit");
  for (int row = 0; row < p->count; row++) {
    const int i = variables->independent_of[row];
    const char *state = q2_variables_state(variables, row);
    const int at_bound = i >= 0 && variables->independent_row[i] == row && q2_variables_at_bound(variables, i, best[row]);
    q2_print_detail(printer, "%5d %-16s %-20s %14.6g %14.6g %-20s%s%s%s\n", row, p->kind[row], p->label[row],
                    start[row] / p->factor[row], best[row] / p->factor[row], p->unit[row], state[0] ? " " : "", state,
                    at_bound ? " at its bound" : "");
  }
}

/* A number, or a dash where there is none. */
static void print_number(struct q2_printer *printer, const char *format, int width, double value) {
  if (isnan(value))
    q2_print_answer(printer, " %*s", width, "-");
  else
    q2_print_answer(printer, format, width, value);
}

static void print_quality(struct q2_printer *printer, int observable, const struct q2_kind_quality *quality, int points) {
  const struct q2_observable_info *info = &q2_observables[observable];
  q2_print_answer(printer, "%-25s %9lld", info->name, (long long)quality[points - 1].residuals);
  for (int p = 0; p < points; p++)
    q2_print_answer(printer, " %14.7e", quality[p].loss);
  for (int p = 0; p < points; p++)
    print_number(printer, " %*.4g", 10, quality[p].rmsd);
  for (int p = 0; p < points; p++)
    print_number(printer, " %*.5g", 11, quality[p].r2);
  q2_print_answer(printer, "  %s\n", info->unit);
}

void q2_report_kinds(struct q2_printer *printer, const struct q2_residual_table *table, int two_points) {
  const int points = two_points ? 2 : 1;
  struct q2_kind_quality quality[Q2_OBSERVABLE_COUNT][2];
  int64_t others = 0;
  if (!printer->speaks) return;
  for (int k = 0; k < Q2_OBSERVABLE_COUNT; k++) {
    for (int p = 0; p < points; p++)
      quality[k][p] = q2_residual_quality(table, k, p);
    if (k != Q2_OBSERVABLE_FREQUENCY) others += quality[k][points - 1].residuals;
  }
  if (others == 0) {
    q2_print_answer(printer, points == 2 ? "%-34s" : "%-33s", "R2 of the vibrations fitted");
    for (int p = 0; p < points; p++)
      print_number(printer, points == 2 ? " %*.6f" : " %-*.6f", points == 2 ? 16 : 1, quality[Q2_OBSERVABLE_FREQUENCY][p].r2);
    q2_print_answer(printer, "\n");
    return;
  }
  if (points == 2) {
    q2_print_answer(printer, "\n%-25s %9s %29s %21s %23s  %s\n", "observables", "residuals", "loss before          after",
                    "RMSD before      after", "R2 before       after", "unit of RMSD");
  } else {
    q2_print_answer(printer, "\n%-25s %9s %14s %10s %11s  %s\n", "observables", "residuals", "loss", "RMSD", "R2",
                    "unit of RMSD");
  }
  for (int k = 0; k < Q2_OBSERVABLE_COUNT; k++)
    if (quality[k][points - 1].residuals > 0) print_quality(printer, k, quality[k], points);
}

void q2_report_fit(struct q2_printer *printer, const struct q2_fit *fit, const struct q2_report_parts *parts,
                   const struct q2_relaxation_table *relaxed) {
  const struct q2_evaluation_record *first = &fit->first_record, *best = &fit->best_record;
  q2_print(printer, "\n%-34s %16s %16s\n", "", "before", "after");
  q2_print_answer(printer, "%-34s %16.9e %16.9e\n", "loss", first->value, best->value);
  if (parts->prior) {
    q2_print_answer(printer, "%-34s %16.9e %16.9e\n", "  of the data", first->value - first->prior, best->value - best->prior);
    q2_print_answer(printer, "%-34s %16.9e %16.9e\n", "  of the prior", first->prior, best->prior);
  }
  if (parts->by_position)
    q2_print_answer(printer, "%-34s %16.4f %16.4f\n", "RMSD of the pairs fitted / cm-1", first->rmsd, best->rmsd);
  q2_print_answer(printer, "%-34s %16.4f %16.4f\n", "RMSD over all vibrations / cm-1", first->rmsd_all, best->rmsd_all);
  if (parts->validation) {
    q2_print_answer(printer, "%-34s %16.9e %16.9e\n", "validation loss", first->validation_loss, best->validation_loss);
    q2_print_answer(printer, "%-34s %16.4f %16.4f\n", "validation RMSD / cm-1", first->validation_rmsd, best->validation_rmsd);
  }
  if (relaxed->aside > 0)
    q2_print(printer, "%lld of %lld relaxed molecules set aside\n", (long long)relaxed->aside, (long long)relaxed->relaxed);
  q2_print(printer, "%lld evaluations, %lld of them infeasible, %.2f s, |projected gradient| %.3e\n",
           (long long)fit->evaluations, (long long)fit->infeasible, fit->seconds, fit->gradient_norm);
  q2_print_answer(printer, "%s\n", fit->reason);
}
