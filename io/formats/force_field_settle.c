/* Rows of a force field that others replace: files that repeat themselves, and second files that change the first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../memory.h"
#include "force_field.h"

enum { KEY_LENGTH = Q2_KIND_LENGTH + Q2_ROW_ATOMS * Q2_TYPE_LENGTH };

/* A row by what it holds for: equal keys hold for the same atoms. */
struct entry {
  char key[KEY_LENGTH];
  int index, read_before, component;
};

static int compare(const void *a, const void *b) {
  const struct entry *first = a, *second = b;
  const int order = strcmp(first->key, second->key);
  return order ? order : (first->index > second->index) - (first->index < second->index);
}

/* Of a group of entries with one key, keeps one series: the rows from a component 0 to the next. */
static void choose(const struct entry *entry, int count, int last_wins, char *keep) {
  int begin = 0, end;
  while (begin < count && entry[begin].read_before)
    begin++;
  if (begin == count) begin = 0; /* nothing new: all were settled when they were read */
  if (last_wins)
    for (int e = begin + 1; e < count; e++)
      if (entry[e].component == 0) begin = e;
  for (end = begin + 1; end < count && entry[end].component > 0;)
    end++;
  for (int e = begin; e < end; e++)
    keep[entry[e].index] = 1;
}

/* Sorts the entries, keeps what stays and moves it together; returns how many stay. */
static int settle(struct entry *entry, int count, int last_wins, void *array, size_t size, char *keep) {
  qsort(entry, (size_t)count, sizeof *entry, compare);
  for (int begin = 0, end; begin < count; begin = end) {
    for (end = begin + 1; end < count && strcmp(entry[end].key, entry[begin].key) == 0;)
      end++;
    choose(entry + begin, end - begin, last_wins, keep);
  }
  int kept = 0;
  char *bytes = array;
  for (int k = 0; k < count; k++)
    if (keep[k]) {
      if (kept != k) memcpy(bytes + (size_t)kept * size, bytes + (size_t)k * size, size);
      kept++;
    }
  return kept;
}

/* Forms that stand for one another: "bond", "angle", "torsion"; other forms stand for themselves. */
static void family(const char *form, char key[Q2_KIND_LENGTH]) {
  static const char *const families[] = {"bond_", "angle_", "torsion_fourier", "torsion_mm3", "out_of_plane_", NULL};
  size_t length = strlen(form);
  for (int f = 0; families[f]; f++)
    if (strncmp(form, families[f], strlen(families[f])) == 0) length = strcspn(form, "_");
  snprintf(key, Q2_KIND_LENGTH, "%.*s", (int)length, form);
}

/* Whether a row's names mean the same from both ends. */
static int reversible(const char *form) {
  return strncmp(form, "improper", 8) != 0 && strncmp(form, "out_of", 6) != 0 && strncmp(form, "bend", 4) != 0;
}

/* AMBER's impropers hold for three ligands in any order: names 0, 1 and 3 sorted. */
static void sort_ligands(const struct q2_type_row *row, const char *name[Q2_ROW_ATOMS]) {
  static const int pairs[3][2] = {{0, 1}, {1, 3}, {0, 1}};
  for (int p = 0; p < 3 && strncmp(row->form, "improper", 8) == 0; p++) {
    const char **x = &name[pairs[p][0]], **y = &name[pairs[p][1]], *first = *x;
    if (strcmp(*x, *y) <= 0) continue;
    *x = *y;
    *y = first;
  }
}

static void row_key(const struct q2_type_row *row, int amber, char key[KEY_LENGTH]) {
  char names[2][Q2_ROW_ATOMS * Q2_TYPE_LENGTH] = {"", ""}, form[Q2_KIND_LENGTH];
  const char *name[Q2_ROW_ATOMS];
  for (int a = 0; a < row->atom_count; a++)
    name[a] = row->atom[a].text;
  if (amber) sort_ligands(row, name);
  for (int a = 0; a < row->atom_count; a++) {
    strcat(strcat(names[0], " "), name[a]);
    strcat(strcat(names[1], " "), name[row->atom_count - 1 - a]);
  }
  const int backwards = reversible(row->form) && strcmp(names[1], names[0]) < 0;
  family(row->form, form);
  snprintf(key, KEY_LENGTH, "%s%d%s", form, row->names, names[backwards]);
}

static void pair_key(const struct q2_pair_row *pair, char key[KEY_LENGTH]) {
  const int backwards = strcmp(pair->name[1].text, pair->name[0].text) < 0;
  snprintf(key, KEY_LENGTH, "%d %s %s", pair->names, pair->name[backwards].text, pair->name[!backwards].text);
}

int q2_force_field_settle(struct q2_force_field *field, const struct q2_force_field *before, int last_wins,
                          struct q2_error *error) {
  static const struct q2_force_field nothing;
  if (!before) before = &nothing;
  int most = field->row_count;
  const int counts[] = {field->type_count, field->nonbonded_count, field->pair_count, field->charge_count};
  for (int c = 0; c < 4; c++)
    if (counts[c] > most) most = counts[c];
  struct entry *entry = q2_allocate(most, sizeof *entry);
  char *keep = q2_allocate(most, 1);
  if (!entry || !keep) {
    free(entry);
    free(keep);
    return q2_fail(error, "no memory for %d rows of a force field", most);
  }
#define SETTLE(array, count, print_key, part)                                                                                  \
  do {                                                                                                                         \
    memset(keep, 0, (size_t)most);                                                                                             \
    for (int k = 0; k < field->count; k++) {                                                                                   \
      print_key;                                                                                                               \
      entry[k].index = k;                                                                                                      \
      entry[k].read_before = k < before->count;                                                                                \
      entry[k].component = part;                                                                                               \
    }                                                                                                                          \
    field->count = settle(entry, field->count, last_wins, field->array, sizeof *field->array, keep);                           \
  } while (0)
  const int file = before->row_count ? field->row[before->row_count - 1].file + 1 : 0;
  for (int k = before->row_count; k < field->row_count; k++)
    field->row[k].file = file;
  const int amber = strcmp(field->format, "amber") == 0;
  SETTLE(row, row_count, row_key(&field->row[k], amber, entry[k].key), field->row[k].component);
  SETTLE(type, type_count, snprintf(entry[k].key, KEY_LENGTH, "%s", field->type[k].name.text), 0);
  SETTLE(nonbonded, nonbonded_count,
         snprintf(entry[k].key, KEY_LENGTH, "%d %s", field->nonbonded[k].names, field->nonbonded[k].name.text), 0);
  SETTLE(pair, pair_count, pair_key(&field->pair[k], entry[k].key), 0);
  SETTLE(charge, charge_count, snprintf(entry[k].key, KEY_LENGTH, "%s", field->charge[k].name.text), 0);
#undef SETTLE
  free(entry);
  free(keep);
  return Q2_OK;
}
