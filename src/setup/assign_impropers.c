/* Impropers: which row a centre gets, and in which order a term takes its three ligands, is each program's own rule
 * (docs/typing.md). */
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "assign_parts.h"

/* The orders of three ligands, as OpenMM's and Tinker's searches go through them. */
static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
static const int tinker_orders[6][3] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {2, 0, 1}, {1, 2, 0}, {2, 1, 0}};
static const int cyclic[3][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}};

/* Where a row names its ligands, and its centre. */
static const int *places(const struct q2_assigner *a) {
  static const int third[] = {0, 1, 3, 2}, first[] = {1, 2, 3, 0};
  return a->field->improper_centre == Q2_IMPROPER_CENTRE_FIRST ? first : third;
}

static int is_any(const struct q2_assigner *a, const struct q2_type_row *row, int ligand) {
  return strcmp(row->atom[places(a)[ligand]].text, "*") == 0;
}

static int ligands_fit(const struct q2_assigner *a, const struct q2_type_row *row, const int ligand[3], const int order[3]) {
  for (int k = 0; k < 3; k++)
    if (!q2_assign_name_fits(a, row->names, &row->atom[places(a)[k]], ligand[order[k]])) return 0;
  return 1;
}

static int centre_fits(const struct q2_assigner *a, const struct q2_type_row *row, int centre) {
  return q2_assign_name_fits(a, row->names, &row->atom[places(a)[3]], centre);
}

/* Adds the term of a row for ligands in this order. */
static int add(struct q2_assigner *a, const struct q2_type_row *row, int centre, const int ligand[3], int divisor) {
  int atoms[4];
  for (int k = 0; k < 3; k++)
    atoms[places(a)[k]] = ligand[k];
  atoms[places(a)[3]] = centre;
  Q2_TRY(q2_assign_note(a, "improper", row, atoms, 4, ""));
  return q2_assign_series(a, row, atoms, divisor, NULL, 0, NULL);
}

static int add_ordered(struct q2_assigner *a, const struct q2_type_row *row, int centre, const int ligand[3],
                       const int order[3], int divisor) {
  return add(a, row, centre, (const int[]){ligand[order[0]], ligand[order[1]], ligand[order[2]]}, divisor);
}

static int note_none(struct q2_assigner *a, int centre, const int ligand[3]) {
  return q2_assign_note(a, "improper", NULL, (const int[]){ligand[0], ligand[1], centre, ligand[2]}, 4, "");
}

static void swap(int *x, int *y) {
  const int old = *x;
  *x = *y;
  *y = old;
}

/* --- AMBER --- */

static int is_type(const struct q2_assigner *a, int atom, const char *name) {
  return strcmp(a->record->type[atom].text, name) == 0;
}

/* Names that LEaP has sorted, wildcards first, and the places that they had in the row. */
struct sorted_names {
  const char *name[3];
  int place[3];
};

static void sort_names(const struct q2_assigner *a, const struct q2_type_row *row, struct sorted_names *sorted) {
  for (int k = 0; k < 3; k++) {
    const char *name = row->atom[places(a)[k]].text, *key = strcmp(name, "*") == 0 ? " " : name;
    int at = k;
    for (; at > 0 && strcmp(sorted->name[at - 1], key) > 0; at--) {
      sorted->name[at] = sorted->name[at - 1];
      sorted->place[at] = sorted->place[at - 1];
    }
    sorted->name[at] = key;
    sorted->place[at] = k;
  }
}

/* Brings an atom of the name's type to slot `slot`; `first` and `second` are the others, in the order in which LEaP tries them.
 */
static void bring(const struct q2_assigner *a, const struct sorted_names *names, int ligand[3], int slot, int other,
                  int otherwise, int only_wild) {
  const char *wanted = names->name[slot], *there = names->name[other];
  if (strcmp(wanted, " ") == 0 || is_type(a, ligand[slot], wanted)) return;
  const int free_there = only_wild ? strcmp(there, " ") == 0 : !is_type(a, ligand[other], there);
  swap(&ligand[slot], &ligand[is_type(a, ligand[other], wanted) && free_there ? other : otherwise]);
}

/* LEaP's order (AmberTools, ParmSetImproperOrderAtoms): atoms of the types that the row names in their places; among the places
 * of wildcards, and among atoms of one type, those with lower numbers first. */
static void order_as_leap(const struct q2_assigner *a, const struct q2_type_row *row, int ligand[3]) {
  struct sorted_names names;
  int placed[3];
  sort_names(a, row, &names);
  bring(a, &names, ligand, 0, 1, 2, 0);
  bring(a, &names, ligand, 1, 0, 2, 1);
  bring(a, &names, ligand, 2, 0, 1, 1);
  for (int k = 0; k < 3; k++)
    placed[names.place[k]] = ligand[k];
  for (int same_type = 0; same_type < 2; same_type++)
    for (int i = 0; i < 3; i++) {
      int least = i;
      for (int j = i + 1; j < 3; j++) {
        const int wild = strcmp(names.name[i], " ") == 0 && strcmp(names.name[j], " ") == 0;
        const int alike = is_type(a, placed[i], a->record->type[placed[j]].text);
        if ((same_type ? alike : wild) && placed[j] < placed[least]) least = j;
      }
      swap(&placed[i], &placed[least]);
    }
  memcpy(ligand, placed, sizeof placed);
}

/* --- OpenMM --- */

/* Orderings "default" and "amber" of _matchImproper in OpenMM's forcefield.py. */
static void order_by_element(const struct q2_assigner *a, int ligand[3]) {
  const int first = a->record->element[ligand[0]], second = a->record->element[ligand[1]];
  const int after =
      first == second ? ligand[0] > ligand[1] : first != 6 && (second == 6 || q2_element_mass(first) < q2_element_mass(second));
  if (after) swap(&ligand[0], &ligand[1]);
}

static void order_by_number(const struct q2_assigner *a, const struct q2_type_row *row, int ligand[3]) {
  static const int pairs[3][2] = {{0, 2}, {1, 2}, {0, 1}};
  const int wild = q2_assign_wildcards(row) > 0;
  const int32_t *type = a->type, *element = a->record->element;
  const int was[3] = {ligand[0], ligand[1], ligand[2]}; /* types are those of the search, elements too */
  for (int p = 0; p < 3; p++) {
    const int x = pairs[p][0], y = pairs[p][1];
    const int alike = !wild ? type[was[x]] == type[was[y]] : p == 2 || element[was[x]] == element[was[y]];
    if (alike && ligand[x] > ligand[y]) swap(&ligand[x], &ligand[y]);
  }
}

/* --- one term a centre --- */

/* AMBER: the row with the fewest wildcards, of these those of the file read last, the first of them. OpenMM: the last one
 * without wildcards, else the first. */
static int is_better(const struct q2_assigner *a, const struct q2_type_row *row, const struct q2_type_row *best) {
  const int wild = q2_assign_wildcards(row), least = q2_assign_wildcards(best);
  if (a->rules == Q2_RULES_OF_OPENMM) return wild == 0;
  return wild < least || (wild == least && row->file > best->file);
}

static const struct q2_type_row *find(const struct q2_assigner *a, const struct q2_row_set *set, int centre,
                                      const int ligand[3], int *order) {
  const int32_t *rows = set->rows.data;
  const struct q2_type_row *best = NULL;
  for (int64_t r = 0; r < set->rows.count; r++) {
    const struct q2_type_row *row = &a->field->row[rows[r]];
    if (!centre_fits(a, row, centre)) continue;
    if (best && !is_better(a, row, best)) continue;
    int k = 0;
    while (k < 6 && !ligands_fit(a, row, ligand, orders[k]))
      k++;
    if (k == 6) continue;
    best = row;
    *order = k;
  }
  return best;
}

static int assign_one(struct q2_assigner *a, const struct q2_row_set *set, int centre, const int found[3]) {
  int order = 0, ligand[3];
  const struct q2_type_row *row = find(a, set, centre, found, &order);
  if (!row) return note_none(a, centre, found);
  for (int k = 0; k < 3; k++)
    ligand[k] = found[a->rules == Q2_RULES_OF_OPENMM ? orders[order][k] : k];
  if (a->rules == Q2_RULES_OF_AMBER)
    order_as_leap(a, row, ligand);
  else if (a->field->improper_ligands == Q2_LIGANDS_BY_ELEMENT)
    order_by_element(a, ligand);
  else if (a->field->improper_ligands == Q2_LIGANDS_BY_NUMBER)
    order_by_number(a, row, ligand);
  return add(a, row, centre, ligand, 1);
}

/* Every three ligands of a centre. */
static int assign_combinations(struct q2_assigner *a, const struct q2_row_set *set, int centre) {
  const int32_t *neighbour = a->topology->neighbour;
  const int begin = a->topology->start[centre], end = a->topology->start[centre + 1];
  for (int i = begin; i < end; i++)
    for (int j = i + 1; j < end; j++)
      for (int k = j + 1; k < end; k++)
        Q2_TRY(assign_one(a, set, centre, (const int[]){neighbour[i], neighbour[j], neighbour[k]}));
  return Q2_OK;
}

/* --- Tinker --- */

/* The number of ligands that are alike decides by what Tinker divides: 1, 2 or 6. */
static int symmetry(const struct q2_assigner *a, const int ligand[3]) {
  const struct q2_known_type *type = a->types.data;
  const char *name[3];
  for (int k = 0; k < 3; k++)
    name[k] = type[a->type[ligand[k]]].class_name.text;
  const int alike = (strcmp(name[0], name[1]) == 0) + (strcmp(name[1], name[2]) == 0) + (strcmp(name[0], name[2]) == 0);
  return alike == 3 ? 6 : alike ? 2 : 1;
}

/* Which ligands a row leaves open, bit k: its k-th. */
static int open_ligands(const struct q2_assigner *a, const struct q2_type_row *row) {
  return is_any(a, row, 0) | is_any(a, row, 1) << 1 | is_any(a, row, 2) << 2;
}

static int has_ligand(const struct q2_assigner *a, const struct q2_type_row *row, int place, const int ligand[3]) {
  for (int k = 0; k < 3; k++)
    if (q2_assign_name_fits(a, row->names, &row->atom[places(a)[place]], ligand[k])) return k + 1;
  return 0;
}

/* imptors (kimptor.f): all rows, in all orders that fit; rows that leave more than one ligand open, three orders in turn. Rows
 * with fewer wildcards come first. */
static int assign_all_orders(struct q2_assigner *a, const struct q2_row_set *set, int centre, const int ligand[3]) {
  static const int levels[] = {0, 1, 3, 7};
  const int32_t *rows = set->rows.data;
  int done = 0;
  for (int level = 0; level < 4 && !done; level++)
    for (int64_t r = 0; r < set->rows.count; r++) {
      const struct q2_type_row *row = &a->field->row[rows[r]];
      if (!centre_fits(a, row, centre) || open_ligands(a, row) != levels[level]) continue;
      if (level >= 2 && (level == 3 || has_ligand(a, row, 2, ligand))) {
        for (int k = 0; k < 3; k++)
          Q2_TRY(add_ordered(a, row, centre, ligand, cyclic[k], 3));
        done = 1;
        if (level == 3) break;
      }
      for (int k = 0; level < 2 && k < 6; k++)
        if (ligands_fit(a, row, ligand, tinker_orders[k])) {
          Q2_TRY(add_ordered(a, row, centre, ligand, tinker_orders[k], symmetry(a, ligand)));
          done = 1;
        }
    }
  return done ? Q2_OK : note_none(a, centre, ligand);
}

/* improper (kimprop.f): one term of the first row without wildcards, divided all the same; else those that name one ligand,
 * which comes last; and three orders in turn of one that names none. */
static int assign_improper(struct q2_assigner *a, const struct q2_row_set *set, int centre, const int ligand[3]) {
  const int32_t *rows = set->rows.data;
  int found = 0;
  for (int64_t r = 0; r < set->rows.count; r++) {
    const struct q2_type_row *row = &a->field->row[rows[r]];
    if (!centre_fits(a, row, centre) || open_ligands(a, row) != 0) continue;
    for (int k = 0; k < 6; k++)
      if (ligands_fit(a, row, ligand, orders[k])) return add_ordered(a, row, centre, ligand, orders[k], symmetry(a, ligand));
  }
  for (int64_t r = 0; r < set->rows.count; r++) {
    const struct q2_type_row *row = &a->field->row[rows[r]];
    const int open = open_ligands(a, row);
    if (!centre_fits(a, row, centre) || (open != 3 && open != 6)) continue;
    const int last = has_ligand(a, row, open == 3 ? 2 : 0, ligand);
    if (last) Q2_TRY(add_ordered(a, row, centre, ligand, cyclic[last % 3], 1));
    found |= last;
  }
  for (int64_t r = 0; r < set->rows.count; r++) {
    const struct q2_type_row *row = &a->field->row[rows[r]];
    if (!centre_fits(a, row, centre) || open_ligands(a, row) != 7) continue;
    for (int k = 0; k < 3; k++)
      Q2_TRY(add_ordered(a, row, centre, ligand, cyclic[k], 3));
    return Q2_OK;
  }
  return found ? Q2_OK : note_none(a, centre, ligand);
}

int q2_assign_impropers(struct q2_assigner *a, struct q2_row_set *set, int centre) {
  const int first = a->topology->start[centre], count = a->topology->start[centre + 1] - first;
  const int32_t *neighbour = a->topology->neighbour + first;
  int ligand[3];
  if (a->rules == Q2_RULES_OF_TYPES) {
    const struct q2_type_row *row;
    if (!q2_planar_ligands(a->record, a->topology, centre, 0, ligand)) return Q2_OK;
    Q2_TRY(q2_assign_find(a, set, (const int[]){ligand[0], ligand[1], centre, ligand[2]}, &row));
    return row ? add(a, row, centre, ligand, 1) : note_none(a, centre, ligand);
  }
  if (a->rules != Q2_RULES_OF_TINKER) return count >= 3 ? assign_combinations(a, set, centre) : Q2_OK;
  if (count != 3) return Q2_OK;
  for (int k = 0; k < 3; k++)
    ligand[k] = neighbour[k];
  return a->field->improper_centre == Q2_IMPROPER_CENTRE_FIRST ? assign_improper(a, set, centre, ligand)
                                                               : assign_all_orders(a, set, centre, ligand);
}
