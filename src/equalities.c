/* Linear equalities between parameters, solved for one parameter each. */
#include "equalities.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

static const double rank_tolerance = 1e-10, start_tolerance = 1e-9, pivot_preference = 0.01, rounding = 1e-12;

/* The equalities as rows of one matrix: coefficients of the scaled parameters, the value, and how the row is made of the
 * equalities as they came. */
struct system {
  int equations, unknowns, width;
  double *entry; /* [equations][width], width = unknowns + 1 + equations */
  int *used;     /* [equations] 1: solved for a pivot */
  int *taken;    /* [unknowns] 1: a pivot */
};

static double *row_of(const struct system *s, int e) { return s->entry + (int64_t)e * s->width; }

/* "equality 2 'sum' (bond_k C-H, bond_k C-C, ...)" */
static const char *describe(const struct q2_equalities *equalities, const struct q2_parameters *parameters, int e,
                            char text[512]) {
  int used = snprintf(text, 512, "equality %d", e);
  if (equalities->label && equalities->label[e][0])
    used += snprintf(text + used, 512 - (size_t)used, " '%s'", equalities->label[e]);
  for (int k = equalities->offset[e]; k < equalities->offset[e + 1]; k++) {
    const char *const before = k == equalities->offset[e] ? " (" : ", ";
    if (used > 320) {
      used += snprintf(text + used, 512 - (size_t)used, ", ...");
      break;
    }
    const int row = equalities->row[k];
    used +=
        snprintf(text + used, 512 - (size_t)used, "%srow %d %s %s", before, row, parameters->kind[row], parameters->label[row]);
  }
  snprintf(text + used, 512 - (size_t)used, ")");
  return text;
}

/* Row e of the system, divided by its largest coefficient. */
static int make_row(const struct q2_equalities *equalities, const struct q2_parameters *parameters,
                    const struct q2_independent *independent, int e, struct system *s, struct q2_error *error) {
  double *row = row_of(s, e), frozen = 0.0, largest = 0.0, term = 0.0;
  for (int k = equalities->offset[e]; k < equalities->offset[e + 1]; k++) {
    const int i = independent->of[equalities->row[k]];
    if (i < 0) {
      frozen += equalities->coefficient[k] * parameters->value[equalities->row[k]];
      continue;
    }
    row[i] += equalities->coefficient[k] * independent->scale[i];
    term = fmax(term, fabs(equalities->coefficient[k] * independent->scale[i]));
  }
  for (int i = 0; i < s->unknowns; i++)
    largest = fmax(largest, fabs(row[i]));
  if (!(largest > rounding * term)) {
    char text[512];
    return q2_fail(error,
                   "/force_field/equalities: %s binds no parameter that varies: its rows are frozen or cancel (found %.10g, "
                   "expected %.10g)",
                   describe(equalities, parameters, e, text), frozen, equalities->value[e]);
  }
  for (int i = 0; i < s->unknowns; i++)
    row[i] /= largest;
  row[s->unknowns] = (equalities->value[e] - frozen) / largest;
  row[s->unknowns + 1 + e] = 1.0;
  return Q2_OK;
}

/* The largest coefficient left, or one of a parameter without bounds that is not much smaller. Returns its size. */
static double find_pivot(const struct system *s, const struct q2_independent *independent, int *equation, int *unknown) {
  double best[2] = {0.0, 0.0};
  int at[2][2] = {{0, 0}, {0, 0}};
  for (int e = 0; e < s->equations; e++) {
    for (int i = 0; i < s->unknowns && !s->used[e]; i++) {
      const int bounded = independent->bounded[i] != 0;
      const double size = s->taken[i] ? 0.0 : fabs(row_of(s, e)[i]);
      if (size <= best[bounded]) continue;
      best[bounded] = size;
      at[bounded][0] = e;
      at[bounded][1] = i;
    }
  }
  const int chosen = !(best[0] > 0.0 && best[0] >= pivot_preference * best[1]);
  *equation = at[chosen][0];
  *unknown = at[chosen][1];
  return best[chosen];
}

/* What is left of the first unsolved equality when no coefficient is. */
static int refuse_rank(const struct q2_equalities *equalities, const struct q2_parameters *parameters, const struct system *s,
                       struct q2_error *error) {
  char text[512], others[128] = "";
  int e = 0;
  while (s->used[e])
    e++;
  const double *row = row_of(s, e), left = row[s->unknowns];
  for (int other = 0; other < s->equations; other++) {
    const size_t length = strlen(others);
    if (other == e || fabs(row[s->unknowns + 1 + other]) <= rank_tolerance || length > 100) continue;
    snprintf(others + length, sizeof others - length, "%s%d", length > 0 ? ", " : "", other);
  }
  if (fabs(left) > start_tolerance)
    return q2_fail(error,
                   "/force_field/equalities: %s contradicts equality %s: together they leave 0 = %.6g, in units of its largest "
                   "coefficient x scale",
                   describe(equalities, parameters, e, text), others, left);
  return q2_fail(error, "/force_field/equalities: %s repeats what equality %s says already; leave it out",
                 describe(equalities, parameters, e, text), others);
}

static void eliminate_column(struct system *s, int pivot_row, int unknown) {
  double *from = row_of(s, pivot_row);
  const double pivot = from[unknown];
  for (int c = 0; c < s->width; c++)
    from[c] /= pivot;
  from[unknown] = 1.0;
  for (int e = 0; e < s->equations; e++) {
    double *row = row_of(s, e);
    const double factor = row[unknown];
    if (e == pivot_row || factor == 0.0) continue;
    for (int c = 0; c < s->width; c++)
      row[c] -= factor * from[c];
    row[unknown] = 0.0;
  }
}

static int check_start(const struct q2_equalities *equalities, const struct q2_parameters *parameters,
                       const struct q2_independent *independent, int e, struct q2_error *error) {
  double found = 0.0, largest = fabs(equalities->value[e]);
  for (int k = equalities->offset[e]; k < equalities->offset[e + 1]; k++) {
    const int i = independent->of[equalities->row[k]];
    const double term = equalities->coefficient[k] * parameters->value[equalities->row[k]];
    found += term;
    largest = fmax(largest, fabs(term));
    if (i >= 0) largest = fmax(largest, fabs(equalities->coefficient[k] * independent->scale[i]));
  }
  if (fabs(found - equalities->value[e]) <= start_tolerance * largest) return Q2_OK;
  char text[512];
  return q2_fail(error, "/force_field/equalities: %s does not hold at the starting values: expected %.12g, found %.12g",
                 describe(equalities, parameters, e, text), equalities->value[e], found);
}

static int solve(const struct q2_equalities *equalities, const struct q2_parameters *parameters,
                 const struct q2_independent *independent, struct system *s, struct q2_elimination *elimination,
                 struct q2_error *error) {
  for (int e = 0; e < s->equations; e++)
    Q2_TRY(make_row(equalities, parameters, independent, e, s, error));
  for (int step = 0; step < s->equations; step++) {
    int e, i;
    if (!(find_pivot(s, independent, &e, &i) > rank_tolerance)) return refuse_rank(equalities, parameters, s, error);
    eliminate_column(s, e, i);
    s->used[e] = s->taken[i] = 1;
    elimination->pivot[e] = i;
  }
  for (int e = 0; e < s->equations; e++)
    Q2_TRY(check_start(equalities, parameters, independent, e, error));
  for (int e = 0; e < s->equations; e++) {
    elimination->constant[e] = row_of(s, e)[s->unknowns];
    for (int i = 0; i < s->unknowns; i++) {
      const double entry = row_of(s, e)[i];
      /* What cancels leaves rounding behind, which would look like a dependence. */
      elimination->coefficient[(int64_t)e * s->unknowns + i] = s->taken[i] || fabs(entry) <= rounding ? 0.0 : -entry;
    }
  }
  return Q2_OK;
}

int q2_eliminate(const struct q2_equalities *equalities, const struct q2_parameters *parameters,
                 const struct q2_independent *independent, struct q2_elimination *elimination, struct q2_error *error) {
  const int count = equalities->count, width = independent->count + 1 + count;
  struct system s = {.equations = count, .unknowns = independent->count, .width = width};
  *elimination = (struct q2_elimination){.count = count};
  s.entry = q2_allocate((int64_t)count * width, sizeof *s.entry);
  s.used = q2_allocate(count, sizeof *s.used);
  s.taken = q2_allocate(independent->count, sizeof *s.taken);
  elimination->pivot = q2_allocate(count, sizeof *elimination->pivot);
  elimination->constant = q2_allocate(count, sizeof *elimination->constant);
  elimination->coefficient = q2_allocate((int64_t)count * independent->count, sizeof *elimination->coefficient);
  const int room = s.entry && s.used && s.taken && elimination->pivot && elimination->constant && elimination->coefficient;
  const int status = room ? solve(equalities, parameters, independent, &s, elimination, error)
                          : q2_fail(error, "out of memory for %d equalities", count);
  free(s.entry);
  free(s.used);
  free(s.taken);
  return status;
}

void q2_elimination_free(struct q2_elimination *elimination) {
  free(elimination->pivot);
  free(elimination->constant);
  free(elimination->coefficient);
  *elimination = (struct q2_elimination){0};
}
