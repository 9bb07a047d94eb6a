/* A Hessian against its molecule: its unit, its frame, and the wavenumbers that the program printed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/constants.h"
#include "../../io/memory.h"
#include "../../io/rotation.h"
#include "checks.h"

/* --- the unit --- */

/* What a Hessian may be in by mistake, in parts of one hartree/bohr^2. */
static const struct {
  const char *name;
  double per_hartree;
} units[] = {{"kJ/mol/nm^2", 100.0 * Q2_HARTREE_PER_BOHR2 *Q2_CALORIE},
             {"kJ/mol/angstrom^2", Q2_HARTREE_PER_BOHR2 *Q2_CALORIE},
             {"kcal/mol/angstrom^2", Q2_HARTREE_PER_BOHR2},
             {"kJ/mol/bohr^2", Q2_HARTREE *Q2_CALORIE},
             {"kcal/mol/bohr^2", Q2_HARTREE},
             {"cm-1/bohr^2", Q2_HARTREE_JOULE / (6.62607015e-34 * Q2_LIGHT * 100.0)},
             {"eV/angstrom^2", Q2_HARTREE_JOULE / Q2_ELEMENTARY_CHARGE / (Q2_BOHR * Q2_BOHR)},
             {"mdyn/angstrom", Q2_HARTREE_JOULE * 1e18 / (Q2_BOHR * Q2_BOHR)},
             {"hartree/angstrom^2", 1.0 / (Q2_BOHR * Q2_BOHR)}};

/* Where the highest vibration of such a molecule lies, cm-1: stretches to hydrogen from C, N, O and F are above 2000, those
 * from metals above 800; no molecule vibrates above 4500 (H2: 4401, HF: 4138). */
static double lowest_highest(const struct q2_molecule_record *record) {
  int hydrogen = 0, light = 0;
  for (int a = 0; a < record->atom_count; a++) {
    hydrogen |= record->element[a] == 1;
    light |= record->element[a] >= 6 && record->element[a] <= 9;
  }
  return hydrogen && light ? 1800.0 : hydrogen ? 700.0 : 30.0;
}
static const double highest_highest = 5000.0;

int q2_check_magnitude(const struct q2_molecule_record *record, const double *modes, int count, const char *where,
                       struct q2_error *error) {
  if (count < 1) return Q2_OK;
  const double least = lowest_highest(record), found = fmax(fabs(modes[count - 1]), fabs(modes[0]));
  if (found >= least && found <= highest_highest) return Q2_OK;
  const double middle = sqrt(least * highest_highest);
  char guess[256] = "";
  double nearest = HUGE_VAL;
  for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
    for (int way = -1; way <= 1; way += 2) {
      const double factor = way > 0 ? units[u].per_hartree : 1.0 / units[u].per_hartree, other = found / sqrt(factor);
      if (other < least || other > highest_highest || fabs(log(other / middle)) >= nearest) continue;
      nearest = fabs(log(other / middle));
      if (way > 0)
        snprintf(guess, sizeof guess, "; it would be at %.0f cm-1 if the Hessian were in %s, %.6g times larger numbers", other,
                 units[u].name, factor);
      else
        snprintf(guess, sizeof guess,
                 "; it would be at %.0f cm-1 if the numbers were %.6g times larger, as from hartree/bohr^2 taken for %s", other,
                 1.0 / factor, units[u].name);
    }
  return q2_fail(error,
                 "%s: the Hessian's highest vibration is at %.4g cm-1, expected %.0f to %.0f for these elements: it is not in "
                 "hartree/bohr^2%s",
                 where, found, least, highest_highest, guess);
}

/* --- the frame --- */

static double largest_of(int64_t n, const double *values) {
  double largest = 0.0;
  for (int64_t k = 0; k < n; k++)
    largest = fmax(largest, fabs(values[k]));
  return largest;
}

int q2_check_frame(const struct q2_molecule_record *record, const char *where, double *largest, struct q2_error *error) {
  const int64_t n = 3 * (int64_t)record->atom_count;
  double *work = q2_allocate(3 * n, sizeof *work);
  *largest = 0.0;
  if (!work) return q2_fail(error, "%s: out of memory", where);
  int status = Q2_OK;
  for (int axis = 0; axis < 3 && status == Q2_OK; axis++) {
    for (int64_t k = 0; k < n; k++)
      work[k] = k % 3 == axis;
    q2_packed_product(n, record->hessian, work, work + n);
    const double left = largest_of(n, work + n);
    if (left > Q2_ROTATION_LIMIT)
      status = q2_fail(error,
                       "%s: the Hessian's sums over atoms are not zero (%.4g hartree/bohr^2 along %c, at most %g): elements "
                       "are missing or misplaced",
                       where, left, "xyz"[axis], Q2_ROTATION_LIMIT);
  }
  for (int axis = 0; axis < 3 && status == Q2_OK; axis++) {
    const double left =
        q2_rotation_residual(record->atom_count, record->position, record->hessian, record->gradient, axis, work);
    *largest = fmax(*largest, left);
    if (left > Q2_ROTATION_LIMIT)
      status =
          q2_fail(error,
                  "%s: Hessian and geometry are in different frames%s: turning the molecule about %c leaves a force "
                  "of %.4g hartree/bohr^2 (at most %g)%s",
                  where, record->gradient ? "" : ", or the geometry is not stationary", "xyz"[axis], left, Q2_ROTATION_LIMIT,
                  record -> gradient ? "" : "; -stationary no, or stationary=0 in a manifest, for the latter");
  }
  free(work);
  return status;
}

/* --- printed wavenumbers --- */

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static int by_magnitude(const void *a, const void *b) {
  const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
  return x < y ? -1 : x > y;
}

int q2_check_frequencies(const struct q2_molecule_record *record, const double *modes, int count, double tolerance,
                         const char *name, const char *where, struct q2_check_summary *summary, struct q2_error *error) {
  const int printed = record->frequency_count;
  if (printed < 1) return Q2_OK;
  /* Some programs print all 3N, translations and rotations among them: the smallest. */
  const int skip = printed == 3 * record->atom_count ? printed - count : 0;
  if (printed - skip != count) {
    summary->count[Q2_COUNT_OTHER_NUMBER]++;
    return Q2_OK;
  }
  double *values = q2_allocate(printed, sizeof *values);
  if (!values) return q2_fail(error, "%s: out of memory", where);
  memcpy(values, record->frequency, (size_t)printed * sizeof *values);
  qsort(values, (size_t)printed, sizeof *values, by_magnitude);
  qsort(values + skip, (size_t)count, sizeof *values, ascending);
  int worst = 0;
  for (int k = 1; k < count; k++)
    if (fabs(values[skip + k] - modes[k]) > fabs(values[skip + worst] - modes[worst])) worst = k;
  const double there = values[skip + worst], here = modes[worst], off = fabs(there - here);
  free(values);
  summary->count[Q2_COUNT_COMPARED] += count;
  summary->count[Q2_COUNT_OFF] += off > tolerance;
  q2_check_note(summary, Q2_WORST_FREQUENCY, off, "%s, vibration %d: printed %.2f, from the Hessian %.2f", name, worst + 1,
                there, here);
  if (off <= 10.0 * tolerance) return Q2_OK;
  return q2_fail(error,
                 "%s: vibration %d is printed as %.2f cm-1, but Hessian and masses give %.2f (at most %g apart): they do not "
                 "belong together; -frequency_tolerance takes more",
                 where, worst + 1, there, here, 10.0 * tolerance);
}
