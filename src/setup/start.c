/* Starting values of a fit: means of projected force constants and of bond lengths and angles over all terms that share a
 * parameter. */
#include "start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/constants.h"
#include "../../io/memory.h"
#include "../../kernels/accumulator.h"
#include "../integer_sums.h"
#include "../transition_state.h"
#include "hessian_projection.h"
#include "measure.h"

const char *const q2_start_method_names[] = {"file", "seminario", "modified", "qfuerza", "linear", NULL};

/* What a form's constant is made of: k of E = k d^2; a of a Morse well, k = D a^2; k of the cosine of an angle, k
 * sin^2(theta0). */
enum spring { SPRING_PLAIN, SPRING_MORSE, SPRING_COSINE };

/* Forms whose constants can be projected: their atoms, the places of constant and equilibrium value among their parameters. */
static const struct spring_form {
  const char *form;
  int atoms, constant, equilibrium;
  enum spring spring;
} spring_forms[] = {{"bond_harmonic", 2, 0, 1, SPRING_PLAIN}, {"bond_mm3", 2, 0, 1, SPRING_PLAIN},
                    {"bond_morse", 2, 1, 2, SPRING_MORSE},    {"angle_harmonic", 3, 0, 1, SPRING_PLAIN},
                    {"angle_mm3", 3, 0, 1, SPRING_PLAIN},     {"angle_cosine", 3, 0, 1, SPRING_COSINE}};

enum { LIMBS = Q2_LIMBS + 1 /* a sum, and how many terms it has */ };

struct start {
  MPI_Comm comm;
  struct q2_dataset *dataset;
  const struct q2_start_options *options;
  struct q2_error *error;
  double scale;
  int64_t *sum;     /* [parameters][LIMBS] exact, so that the ranks' shares do not matter */
  int64_t left_out; /* estimates that are not positive, or not finite */
  int64_t moved;    /* means that were out of their bounds */
};

static int source_of(const struct q2_parameters *p, int row) { return p->link[row] >= 0 ? p->link[row] : row; }

static void add(struct start *s, int row, double value) {
  int64_t *sum = s->sum + (int64_t)source_of(&s->dataset->parameters, row) * LIMBS;
  q2_accumulate(sum, value);
  sum[Q2_LIMBS]++;
}

/* Where an atom of a term is: its site, where the term is measured between sites (docs/forces.md). */
static void place(const struct q2_dataset *d, int64_t first, int atom, int at_site, double *x) {
  const int parent = at_site ? d->reduction_parent[first + atom] : -1;
  for (int c = 0; c < 3; c++) {
    x[c] = d->position[3 * (first + atom) + c];
    if (parent >= 0) x[c] += d->reduction[first + atom] * (d->position[3 * (first + parent) + c] - x[c]);
  }
}

/* A bond's length (angstrom) or an angle (radian), as the term measures it. */
static double measure(const struct q2_dataset *d, int64_t first, int count, const int32_t *atom, int at_site) {
  double x[9], reduction = 0.0;
  for (int a = 0; a < count; a++) {
    place(d, first, atom[a], at_site, x + 3 * a);
    if (at_site) reduction = fmax(reduction, d->reduction[first + atom[a]]);
  }
  return count == 2 ? q2_measure_distance(x, 0, 1) / (1.0 - reduction) : q2_measure_angle(x, 0, 1, 2);
}

/* The constant of one term in the unit of its parameter; not finite where there is none. */
static double estimate(const struct start *s, const struct spring_form *form, const struct q2_projected *hessian,
                       const struct q2_topology *topology, const int32_t *atom, const int32_t *parameters, double value) {
  const double half = 0.5 * s->scale; /* 1/2 k d^2 is our k d^2 */
  double k;
  if (form->atoms == 2)
    k = half * Q2_HARTREE_PER_BOHR2 * q2_project_bond(hessian, atom[0], atom[1]);
  else
    k = half * Q2_HARTREE * q2_project_angle(hessian, atom[0], atom[1], atom[2], topology);
  if (s->options->positive && !(k > 0.0)) return NAN;
  if (form->spring == SPRING_MORSE) return sqrt(k / s->dataset->parameters.value[parameters[0]]);
  if (form->spring == SPRING_COSINE) return sin(value) > 0.1 ? k / (sin(value) * sin(value)) : NAN;
  return k;
}

static void add_terms(struct start *s, int64_t m, const struct q2_projected *hessian, const struct q2_topology *topology) {
  const struct q2_dataset *d = s->dataset;
  for (int t = 0; t < d->term_table_count; t++) {
    const struct q2_term_table *table = &d->terms[t];
    const struct spring_form *form = NULL;
    for (size_t f = 0; f < sizeof spring_forms / sizeof *spring_forms && !form; f++)
      if (strcmp(spring_forms[f].form, table->form) == 0) form = &spring_forms[f];
    for (int64_t row = table->offset[m]; form && row < table->offset[m + 1]; row++) {
      const int32_t *atom = table->atoms + row * table->atom_count,
                    *parameters = table->parameters + row * table->parameter_count;
      const double value = measure(d, d->atom_offset[m], form->atoms, atom, table->at_sites && table->at_sites[row]);
      const double k = estimate(s, form, hessian, topology, atom, parameters, value);
      add(s, parameters[form->equilibrium], value);
      if (isfinite(k) && q2_accumulable(k))
        add(s, parameters[form->constant], k);
      else
        s->left_out++;
    }
  }
}

/* One molecule with a Hessian: that of method C for a transition state, if the data set asks for it. */
static int add_molecule(struct start *s, int64_t m) {
  const struct q2_dataset *d = s->dataset;
  const int atoms = (int)(d->atom_offset[m + 1] - d->atom_offset[m]);
  const int64_t size = d->hessian_offset[m + 1] - d->hessian_offset[m];
  const double *packed = d->hessian + d->hessian_offset[m], *position = d->position + 3 * d->atom_offset[m];
  double *inverted = NULL;
  struct q2_topology topology = {0};
  if (size == 0 || (d->validation && d->validation[m])) return Q2_OK;
  int status = Q2_OK;
  if (d->invert_transition_states && d->imaginary_modes[m] == 1) {
    inverted = q2_allocate(size, sizeof *inverted);
    if (!inverted || q2_invert_transition_state(atoms, d->mass + d->atom_offset[m], position, packed, inverted) != 1)
      status = q2_fail(s->error, "molecule %s: method C expects exactly one imaginary vibration", d->name[m].text);
  }
  if (status == Q2_OK && s->options->method == Q2_START_MODIFIED)
    status = q2_topology_create(atoms, (int)(d->bond_offset[m + 1] - d->bond_offset[m]),
                                (const int32_t(*)[2])(d->bonds + 2 * d->bond_offset[m]), &topology, s->error);
  if (status == Q2_OK) {
    const struct q2_projected hessian = {.atoms = atoms, .packed = inverted ? inverted : packed, .position = position};
    add_terms(s, m, &hessian, s->options->method == Q2_START_MODIFIED ? &topology : NULL);
  }
  q2_topology_free(&topology);
  free(inverted);
  return status;
}

static int bound_by_equality(const struct q2_dataset *d, int row) {
  for (int k = 0; d->equalities.count > 0 && k < d->equalities.offset[d->equalities.count]; k++)
    if (source_of(&d->parameters, d->equalities.row[k]) == row) return 1;
  return 0;
}

/* The means become the values of rows that vary, within their bounds. The same on every rank. */
static void set_values(struct start *s) {
  struct q2_parameters *p = &s->dataset->parameters;
  const enum q2_bounds_rule rule = (enum q2_bounds_rule)(s->options->bounds | (s->options->positive ? Q2_BOUNDS_SIGNS : 0));
  for (int row = 0; row < p->count; row++) {
    const int64_t *sum = s->sum + (int64_t)row * LIMBS;
    double lower, upper;
    struct q2_error outside; /* the old value is, which does not matter */
    if (sum[Q2_LIMBS] == 0 || !p->active[row] || p->link[row] >= 0 || bound_by_equality(s->dataset, row)) continue;
    (void)q2_bounds_of(p, row, q2_parameter_kind_find(p->kind[row]), rule, &lower, &upper, &outside);
    const double mean = q2_accumulated(sum) / (double)sum[Q2_LIMBS];
    p->value[row] = fmin(fmax(mean, lower), upper);
    s->moved += p->value[row] != mean;
  }
  for (int row = 0; row < p->count; row++)
    if (p->link[row] >= 0) p->value[row] = p->value[p->link[row]];
}

static int project(struct start *s) {
  struct q2_dataset *d = s->dataset;
  const int64_t count = (int64_t)d->parameters.count * LIMBS;
  int64_t with_hessian = 0;
  s->sum = q2_allocate_everywhere(s->comm, count, sizeof *s->sum, "option -start", s->error);
  if (!s->sum) return Q2_FAILED;
  int status = Q2_OK;
  for (int64_t m = 0; m < d->molecule_count && status == Q2_OK; m++) {
    with_hessian += d->hessian_offset[m + 1] > d->hessian_offset[m];
    status = add_molecule(s, m);
  }
  Q2_TRY(q2_agree(s->comm, status, s->error));
  MPI_Allreduce(MPI_IN_PLACE, &with_hessian, 1, MPI_INT64_T, MPI_SUM, s->comm);
  if (with_hessian == 0)
    return q2_fail(s->error, "option -start %s: no molecule has a QM Hessian", q2_start_method_names[s->options->method]);
  Q2_TRY(q2_integers_everywhere(s->comm, s->sum, count, Q2_REDUCE_AT_ONCE, s->error));
  MPI_Allreduce(MPI_IN_PLACE, &s->left_out, 1, MPI_INT64_T, MPI_SUM, s->comm);
  set_values(s);
  return Q2_OK;
}

/* By kind: how many values changed, and how. */
static void print_changes(const struct q2_parameters *p, const double *before, struct q2_printer *printer) {
  for (int k = 0; k < q2_parameter_kind_count; k++) {
    const char *kind = q2_parameter_kinds[k].name;
    int rows = 0, first = -1;
    double was = 0.0, is = 0.0;
    for (int row = 0; row < p->count; row++) {
      if (strcmp(p->kind[row], kind) != 0 || p->value[row] == before[row] || p->link[row] >= 0) continue;
      if (first < 0) first = row;
      if (strcmp(p->unit[row], p->unit[first]) != 0) continue;
      rows++;
      was += before[row] / p->factor[row];
      is += p->value[row] / p->factor[row];
      q2_print_detail(printer, "  %-16s %-24s %12.5g -> %12.5g %s\n", kind, p->label[row], before[row] / p->factor[row],
                      p->value[row] / p->factor[row], p->unit[row]);
    }
    if (rows > 0)
      q2_print(printer, "  %-16s %4d rows, mean %10.4g -> %10.4g %s\n", kind, rows, was / rows, is / rows, p->unit[first]);
  }
}

int q2_start_apply(MPI_Comm comm, struct q2_dataset *dataset, const struct q2_start_options *options,
                   const struct q2_backends *backends, struct q2_printer *printer, struct q2_error *error) {
  struct start s = {.comm = comm, .dataset = dataset, .options = options, .error = error, .scale = options->scale};
  const struct q2_parameters *p = &dataset->parameters;
  double loss_before = 0.0, loss_after = 0.0;
  if (options->method == Q2_START_FILE) return Q2_OK;
  if (options->method == Q2_START_QFUERZA) s.scale *= Q2_START_QFUERZA_SCALE;
  double *before = q2_allocate_everywhere(comm, p->count, sizeof *before, "option -start", error);
  if (!before) return Q2_FAILED;
  memcpy(before, p->value, (size_t)p->count * sizeof *before);
  int status = options->method == Q2_START_LINEAR
                   ? q2_start_linear(comm, dataset, options, backends, &loss_before, &loss_after, error)
                   : q2_agree(comm, project(&s), error);
  if (status == Q2_OK) {
    q2_print(printer, "starting values by -start %s:\n", q2_start_method_names[options->method]);
    print_changes(p, before, printer);
    if (options->method == Q2_START_LINEAR)
      q2_print(printer, "  squared deviation of mass-weighted Hessians %.6e -> %.6e (hartree/bohr^2/amu)^2\n", loss_before,
               loss_after);
    if (s.left_out > 0) q2_print(printer, "  %lld estimates left out: not positive, or not finite\n", (long long)s.left_out);
    if (s.moved > 0) q2_print(printer, "  %lld means moved onto a bound\n", (long long)s.moved);
  }
  free(before);
  free(s.sum);
  return status;
}
