/* All checks of a molecule that was read, what follows from them, and what is said of them. */
#include "checks.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "../rigid.h"

static const double closest = 0.3; /* angstrom: no two nuclei of a molecule are that near (H2: 0.74) */

void q2_check_note(struct q2_check_summary *summary, enum q2_check_worst worst, double value, const char *format, ...) {
  if (!(value > summary->worst[worst].value)) return;
  va_list arguments;
  summary->worst[worst].value = value;
  va_start(arguments, format);
  vsnprintf(summary->worst[worst].what, sizeof summary->worst[worst].what, format, arguments);
  va_end(arguments);
}

static int check_atoms(struct q2_molecule_record *record, const char *where, struct q2_check_summary *summary,
                       struct q2_error *error) {
  for (int a = 0; a < record->atom_count; a++) {
    const double *x = record->position + (int64_t)3 * a;
    if (record->element[a] < 1 || record->element[a] > Q2_ELEMENT_LAST)
      return q2_fail(error, "%s: atom %d: expected an atomic number of 1 to %d, found %d", where, a + 1, Q2_ELEMENT_LAST,
                     record->element[a]);
    for (int b = 0; b < a; b++) {
      const double *y = record->position + (int64_t)3 * b;
      const double distance = hypot(hypot(x[0] - y[0], x[1] - y[1]), x[2] - y[2]);
      if (distance < closest)
        return q2_fail(error, "%s: atoms %d and %d are %.4g angstrom apart, expected at least %g", where, b + 1, a + 1,
                       distance, closest);
    }
  }
  if (record->mass) return Q2_OK;
  summary->count[Q2_COUNT_DEFAULT_MASSES]++;
  record->mass = q2_allocate(record->atom_count, sizeof *record->mass);
  if (!record->mass) return q2_fail(error, "%s: out of memory", where);
  for (int a = 0; a < record->atom_count; a++)
    record->mass[a] = q2_element_mass(record->element[a]);
  return Q2_OK;
}

/* Whether the geometry is stationary: as somebody says, by the gradient, or (without one) until the Hessian shows otherwise. */
static void find_stationary(const struct q2_molecule_record *record, const struct q2_check_options *options,
                            struct q2_gathered_facts *facts, struct q2_check_summary *summary) {
  double largest = 0.0;
  for (int64_t k = 0; k < 3 * (int64_t)record->atom_count && record->gradient; k++)
    largest = fmax(largest, fabs(record->gradient[k]));
  if (record->gradient) q2_check_note(summary, Q2_WORST_GRADIENT, largest, "%s", record->name);
  if (facts->stationary < 0) {
    if (options->stationary >= 0)
      facts->stationary = options->stationary;
    else
      facts->stationary = largest <= options->stationary_gradient;
    summary->count[Q2_COUNT_NO_GRADIENT] += !record->gradient && options->stationary < 0;
  }
  summary->count[Q2_COUNT_NOT_STATIONARY] += !facts->stationary;
}

/* Wavenumbers of the Hessian without rigid motions; returns their number, -1 without memory. */
static int wavenumbers(const struct q2_molecule_record *record, double *modes) {
  const int count = q2_qm_eigenvalues(record->atom_count, record->mass, record->position, record->hessian, 1, modes);
  for (int k = 0; k < count; k++)
    modes[k] = copysign(sqrt(fabs(modes[k])), modes[k]) * q2_wavenumber_unit();
  return count;
}

static void count_imaginary(const struct q2_molecule_record *record, const double *modes, int count,
                            struct q2_gathered_facts *facts, struct q2_check_summary *summary) {
  int small = 0;
  facts->imaginary_modes = 0;
  for (int k = 0; k < count && modes[k] < 0.0; k++) {
    facts->imaginary_modes++;
    small |= modes[k] > -Q2_SMALL_IMAGINARY;
    if (modes[k] > -Q2_SMALL_IMAGINARY)
      q2_check_note(summary, Q2_WORST_SMALL_IMAGINARY, 1.0, "%s: %.1f cm-1", record->name, modes[k]);
  }
  summary->count[Q2_COUNT_SMALL_IMAGINARY] += small;
  summary->count[facts->imaginary_modes == 0   ? Q2_COUNT_MINIMA
                 : facts->imaginary_modes == 1 ? Q2_COUNT_SADDLES
                                               : Q2_COUNT_HIGHER]++;
}

static int check_hessian(const struct q2_molecule_record *record, const struct q2_check_options *options, const char *where,
                         struct q2_gathered_facts *facts, struct q2_check_summary *summary, struct q2_error *error) {
  double *modes = q2_allocate(3 * (int64_t)record->atom_count, sizeof *modes), left = 0.0;
  const int count = modes ? wavenumbers(record, modes) : -1;
  int status = count >= 0 ? Q2_OK : q2_fail(error, "%s: the Hessian cannot be decomposed (out of memory?)", where);
  if (status == Q2_OK) status = q2_check_magnitude(record, modes, count, where, error);
  if (status == Q2_OK && (facts->stationary || record->gradient)) {
    status = q2_check_frame(record, where, &left, error);
    q2_check_note(summary, Q2_WORST_ROTATION, left, "%s", record->name);
  } else {
    summary->count[Q2_COUNT_FRAME_UNKNOWN]++;
  }
  if (status == Q2_OK)
    status = q2_check_frequencies(record, modes, count, options->frequency_tolerance, record->name, where, summary, error);
  if (status == Q2_OK) count_imaginary(record, modes, count, facts, summary);
  summary->count[Q2_COUNT_HESSIANS]++;
  free(modes);
  return status;
}

int q2_check_imported(struct q2_gathered *gathered, int m, const struct q2_check_options *options,
                      struct q2_check_summary *summary, struct q2_error *error) {
  struct q2_molecule_record *record = &gathered->molecules.record[m];
  struct q2_gathered_facts *facts = &gathered->facts[m];
  char where[Q2_LINE_LENGTH + Q2_NAME_LENGTH + 32];
  snprintf(where, sizeof where, "%s: molecule '%s'", facts->origin, record->name);
  summary->count[Q2_COUNT_MOLECULES]++;
  summary->count[Q2_COUNT_ATOMS] += record->atom_count;
  summary->count[Q2_COUNT_NO_CHARGE] += !record->has_charge;
  summary->count[Q2_COUNT_VALIDATION] += facts->validation;
  Q2_TRY(check_atoms(record, where, summary, error));
  find_stationary(record, options, facts, summary);
  if (!record->hessian || record->atom_count < 2) return Q2_OK;
  return check_hessian(record, options, where, facts, summary, error);
}

static int gather_summaries(MPI_Comm comm, struct q2_check_summary *summary, struct q2_error *error) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  struct q2_check_summary *all = q2_allocate_everywhere(comm, rank == 0 ? ranks : 0, sizeof *all, "summary of checks", error);
  if (!all) return Q2_FAILED;
  MPI_Gather(summary, (int)sizeof *summary, MPI_BYTE, all, (int)sizeof *summary, MPI_BYTE, 0, comm);
  for (int r = 1; r < ranks && rank == 0; r++) {
    for (int c = 0; c < Q2_CHECK_COUNTS; c++)
      summary->count[c] += all[r].count[c];
    for (int w = 0; w < Q2_WORSTS; w++)
      if (all[r].worst[w].value > summary->worst[w].value) summary->worst[w] = all[r].worst[w];
  }
  free(all);
  return Q2_OK;
}

int q2_check_gathered(MPI_Comm comm, struct q2_gathered *gathered, const struct q2_check_options *options,
                      struct q2_printer *printer, struct q2_check_summary *summary, struct q2_error *error) {
  int status = Q2_OK;
  memset(summary, 0, sizeof *summary);
  for (int m = 0; m < gathered->molecules.count && status == Q2_OK; m++) {
    q2_progress(printer, "checking", (double)m / gathered->molecules.count);
    status = q2_check_imported(gathered, m, options, summary, error);
  }
  q2_progress(printer, "", -1.0);
  Q2_TRY(q2_agree(comm, status, error));
  return gather_summaries(comm, summary, error);
}

void q2_check_print(const struct q2_check_summary *s, const struct q2_check_options *options, struct q2_printer *printer) {
  const int64_t *count = s->count;
  if (!printer->speaks) return;
  q2_print(printer,
           "molecules   %lld, %lld atoms; %lld with a Hessian: %lld minima, %lld transition states, %lld of higher order\n",
           (long long)count[Q2_COUNT_MOLECULES], (long long)count[Q2_COUNT_ATOMS], (long long)count[Q2_COUNT_HESSIANS],
           (long long)count[Q2_COUNT_MINIMA], (long long)count[Q2_COUNT_SADDLES], (long long)count[Q2_COUNT_HIGHER]);
  if (count[Q2_COUNT_VALIDATION] > 0)
    q2_print(printer, "            %lld for validation, out of the fit\n", (long long)count[Q2_COUNT_VALIDATION]);
  q2_print(printer, "checks      rotations leave at most %.2g hartree/bohr^2", s->worst[Q2_WORST_ROTATION].value);
  if (s->worst[Q2_WORST_GRADIENT].value > 0.0)
    q2_print(printer, "; largest gradient %.2g hartree/bohr (%s)", s->worst[Q2_WORST_GRADIENT].value,
             s->worst[Q2_WORST_GRADIENT].what);
  q2_print(printer, "\n");
  if (count[Q2_COUNT_COMPARED] > 0)
    q2_print(printer, "            %lld printed wavenumbers, at most %.2f cm-1 off (%s)\n", (long long)count[Q2_COUNT_COMPARED],
             s->worst[Q2_WORST_FREQUENCY].value, s->worst[Q2_WORST_FREQUENCY].what);
  if (count[Q2_COUNT_DEFAULT_MASSES] > 0)
    q2_print(printer, "            %lld without masses: those of the most abundant isotopes\n",
             (long long)count[Q2_COUNT_DEFAULT_MASSES]);
  if (count[Q2_COUNT_NO_CHARGE] > 0)
    q2_print(printer, "            %lld without a total charge: 0\n", (long long)count[Q2_COUNT_NO_CHARGE]);
  if (count[Q2_COUNT_NO_GRADIENT] > 0)
    q2_print(printer, "            %lld without a gradient: taken for stationary\n", (long long)count[Q2_COUNT_NO_GRADIENT]);
  if (count[Q2_COUNT_NOT_STATIONARY] > 0)
    q2_print(printer, "            %lld not stationary\n", (long long)count[Q2_COUNT_NOT_STATIONARY]);
  if (count[Q2_COUNT_FRAME_UNKNOWN] > 0)
    q2_warn(printer,
            "%lld molecules are neither stationary nor have a gradient: whether Hessian and geometry share a frame cannot be "
            "checked",
            (long long)count[Q2_COUNT_FRAME_UNKNOWN]);
  if (count[Q2_COUNT_OFF] > 0)
    q2_warn(printer, "printed wavenumbers of %lld molecules are more than %g cm-1 off; the worst: %s",
            (long long)count[Q2_COUNT_OFF], options->frequency_tolerance, s->worst[Q2_WORST_FREQUENCY].what);
  if (count[Q2_COUNT_OTHER_NUMBER] > 0)
    q2_warn(printer,
            "files of %lld molecules print another number of wavenumbers than the molecules have vibrations: not compared",
            (long long)count[Q2_COUNT_OTHER_NUMBER]);
  if (count[Q2_COUNT_SMALL_IMAGINARY] > 0)
    q2_warn(printer, "%lld molecules have imaginary modes below %g cm-1, which count as such (%s)",
            (long long)count[Q2_COUNT_SMALL_IMAGINARY], Q2_SMALL_IMAGINARY, s->worst[Q2_WORST_SMALL_IMAGINARY].what);
}
