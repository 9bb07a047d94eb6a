/* The bonds of a molecule while a reader finds them. */
#include "bonds.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int q2_bond_list_add(struct q2_bond_list *list, int32_t first, int32_t second, int32_t order, int32_t place) {
  if (list->count == list->capacity) {
    if (list->capacity > INT32_MAX / 2) return 0;
    const int capacity = list->capacity ? 2 * list->capacity : 64;
    struct q2_found_bond *grown = realloc(list->bond, (size_t)capacity * sizeof *grown);
    if (!grown) return 0;
    list->bond = grown;
    list->capacity = capacity;
  }
  list->bond[list->count] = (struct q2_found_bond){first, second, order, place, list->count};
  list->count++;
  return 1;
}

void q2_bond_list_free(struct q2_bond_list *list) {
  free(list->bond);
  memset(list, 0, sizeof *list);
}

/* What the messages of one list need. */
struct checked {
  const struct q2_text *text;
  const char *array;
  enum q2_bond_naming naming;
  struct q2_error *error;
};

static int fail(const struct checked *checked, const struct q2_found_bond *bond, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(const struct checked *checked, const struct q2_found_bond *bond, const char *format, ...) {
  char message[256];
  va_list values;
  va_start(values, format);
  vsnprintf(message, sizeof message, format, values);
  va_end(values);
  if (checked->array) return q2_text_fail(checked->text, 0, checked->error, "%s[%d]: %s", checked->array, bond->place, message);
  return q2_text_fail(checked->text, bond->place, checked->error, "%s", message);
}

static int32_t low(const struct q2_found_bond *bond) { return bond->first < bond->second ? bond->first : bond->second; }
static int32_t high(const struct q2_found_bond *bond) { return bond->first < bond->second ? bond->second : bond->first; }

/* By atoms, then as in the file. */
static int compare(const void *left, const void *right) {
  const struct q2_found_bond *a = left, *b = right;
  if (low(a) != low(b)) return low(a) < low(b) ? -1 : 1;
  if (high(a) != high(b)) return high(a) < high(b) ? -1 : 1;
  return (a->turn > b->turn) - (a->turn < b->turn);
}

/* By the smaller atom, then as in the file. */
static int compare_kept(const void *left, const void *right) {
  const struct q2_found_bond *a = left, *b = right;
  if (low(a) != low(b)) return low(a) < low(b) ? -1 : 1;
  return (a->turn > b->turn) - (a->turn < b->turn);
}

static int check_atoms(const struct checked *checked, const struct q2_found_bond *bond, int atom_count) {
  const int from = checked->array ? 0 : 1; /* arrays count atoms from 0, lines from 1 */
  const int32_t atoms[2] = {bond->first, bond->second};
  for (int k = 0; k < 2; k++)
    if (atoms[k] < 0 || atoms[k] >= atom_count)
      return fail(checked, bond, "a bond to atom %lld; there are atoms %d to %d", (long long)atoms[k] + from, from,
                  atom_count - 1 + from);
  if (bond->first == bond->second) return fail(checked, bond, "atom %d is bonded to itself", bond->first + from);
  return Q2_OK;
}

/* Checks the `count` namings of one bond, in the file's order. */
static int check_namings(const struct checked *checked, const struct q2_found_bond *bond, int count) {
  const int from = checked->array ? 0 : 1;
  const int32_t a = low(bond) + from, b = high(bond) + from;
  const int mirrored = count == 2 && (bond[0].first < bond[0].second) != (bond[1].first < bond[1].second);
  if (count > 1 && bond[0].order != bond[1].order)
    return fail(checked, &bond[1], "the bond of atoms %d and %d has another order than at its first mention", a, b);
  if (checked->naming == Q2_BONDS_TWICE && count == 1)
    return fail(checked, bond, "atom %d is bonded to atom %d, but not atom %d to atom %d", bond->first + from,
                bond->second + from, bond->second + from, bond->first + from);
  if (count > 2 || (count == 2 && (checked->naming == Q2_BONDS_ONCE || !mirrored)))
    return fail(checked, &bond[count - 1], "the bond of atoms %d and %d is there already", a, b);
  return Q2_OK;
}

/* Sorts and checks, and leaves each bond once, at the list's start. */
static int condense(const struct checked *checked, struct q2_bond_list *list, int atom_count) {
  for (int b = 0; b < list->count; b++)
    Q2_TRY(check_atoms(checked, &list->bond[b], atom_count));
  if (list->count > 0) qsort(list->bond, (size_t)list->count, sizeof *list->bond, compare);
  int kept = 0;
  for (int b = 0, next; b < list->count; b = next) {
    for (next = b + 1; next < list->count && low(&list->bond[next]) == low(&list->bond[b]) &&
                       high(&list->bond[next]) == high(&list->bond[b]);)
      next++;
    Q2_TRY(check_namings(checked, &list->bond[b], next - b));
    list->bond[kept++] = list->bond[b];
  }
  list->count = kept;
  if (kept > 0) qsort(list->bond, (size_t)kept, sizeof *list->bond, compare_kept);
  return Q2_OK;
}

static int move(const struct checked *checked, struct q2_bond_list *list, struct q2_molecule_record *record) {
  Q2_TRY(condense(checked, list, record->atom_count));
  record->bond = q2_molecule_array(checked->text, list->count, sizeof *record->bond, checked->error);
  record->bond_order = q2_molecule_array(checked->text, list->count, sizeof *record->bond_order, checked->error);
  if (!record->bond || !record->bond_order) return Q2_FAILED;
  for (int b = 0; b < list->count; b++) {
    record->bond[b][0] = low(&list->bond[b]);
    record->bond[b][1] = high(&list->bond[b]);
    record->bond_order[b] = list->bond[b].order;
  }
  record->bond_count = list->count;
  return Q2_OK;
}

int q2_bond_list_move(struct q2_bond_list *list, const struct q2_text *text, const char *array, enum q2_bond_naming naming,
                      struct q2_molecule_record *record, struct q2_error *error) {
  const struct checked checked = {text, array, naming, error};
  const int status = move(&checked, list, record);
  list->count = 0;
  return status;
}
