/* Double bonds in aromatic rings: a matching of the atoms that need one, found by trying the most constrained atom first. */
#include "import_lewis.h"

#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "perception.h"

enum { CARBON = 6, NITROGEN = 7, PHOSPHORUS = 15 };
enum { MOST_STEPS = 1000000 /* of the search, for one molecule: beyond, it is refused */ };

enum need { NONE, MAY, MUST };
enum allowed { MUST_ONLY, WITH_MAY, WITH_ONE_LEFT }; /* tried in this order */

struct lewis {
  struct q2_molecule_record *record;
  unsigned char *need;  /* [atoms] enum need; NONE once it has its double bond */
  int32_t *group;       /* [atoms] atoms joined by aromatic bonds have one number, -1: none */
  unsigned char *spent; /* [atoms] by group: its one atom without has been left */
  int allowed, steps;
};

/* What an atom in aromatic bonds needs. */
static enum need need_of(const struct q2_molecule_record *record, int atom) {
  int ligands = 0, others = 0;
  for (int b = 0; b < record->bond_count; b++) {
    const int32_t *ends = record->bond[b];
    if (ends[0] != atom && ends[1] != atom) continue;
    const int order = record->bond_order[b];
    if (order == Q2_BOND_PARTIAL || q2_element_is_metal(record->element[ends[ends[0] == atom]])) continue;
    ligands++;
    others |= order == Q2_BOND_DOUBLE || order == Q2_BOND_TRIPLE;
  }
  if (others) return NONE;
  switch (record->element[atom]) {
  case CARBON:
    return ligands <= 3 ? MUST : NONE;
  case NITROGEN:
  case PHOSPHORUS:
    return ligands <= 2 ? MUST : ligands == 3 ? MAY : NONE;
  default:
    return MAY; /* oxygen and sulfur: a cation, or the double bond of a carboxylate that is written as aromatic */
  }
}

/* The atom at the other end of aromatic bond b, if it may have a double bond with `atom`; else -1. */
static int partner(const struct lewis *l, int b, int atom) {
  const int32_t *ends = l->record->bond[b];
  if (l->record->bond_order[b] != Q2_BOND_AROMATIC || (ends[0] != atom && ends[1] != atom)) return -1;
  const int other = ends[ends[0] == atom];
  return l->need[other] == NONE ? -1 : other;
}

/* The atom that must have a double bond and has the fewest ways to; -1: none is left. */
static int most_constrained(const struct lewis *l, int *ways) {
  int found = -1;
  for (int a = 0; a < l->record->atom_count; a++) {
    if (l->need[a] != MUST) continue;
    int count = 0;
    for (int b = 0; b < l->record->bond_count; b++)
      count += partner(l, b, a) >= 0;
    if (found >= 0 && count >= *ways) continue;
    found = a;
    *ways = count;
  }
  return found;
}

/* Completes the structure as far as is allowed; returns whether that is possible. */
static int complete(struct lewis *l) {
  int ways = 0;
  const int atom = most_constrained(l, &ways);
  if (atom < 0) return 1;
  if (l->steps++ > MOST_STEPS) return 0;
  l->need[atom] = NONE;
  for (int wanted = MUST; wanted >= (l->allowed >= WITH_MAY ? MAY : MUST); wanted--)
    for (int b = 0; b < l->record->bond_count; b++) {
      const int other = partner(l, b, atom);
      if (other < 0 || l->need[other] != wanted) continue;
      l->need[other] = NONE;
      l->record->bond_order[b] = Q2_BOND_DOUBLE;
      if (complete(l)) return 1;
      l->record->bond_order[b] = Q2_BOND_AROMATIC;
      l->need[other] = (unsigned char)wanted;
    }
  unsigned char *spent = &l->spent[l->group[atom]];
  if (l->allowed == WITH_ONE_LEFT && !*spent) {
    *spent = 1;
    if (complete(l)) return 1;
    *spent = 0;
  }
  l->need[atom] = MUST;
  return 0;
}

/* Numbers the groups by their first atoms. */
static void find_groups(struct lewis *l) {
  const struct q2_molecule_record *r = l->record;
  for (int a = 0; a < r->atom_count; a++)
    l->group[a] = -1;
  for (int b = 0; b < r->bond_count; b++)
    if (r->bond_order[b] == Q2_BOND_AROMATIC)
      for (int end = 0; end < 2; end++)
        l->group[r->bond[b][end]] = r->bond[b][end];
  for (int changed = 1; changed;) {
    changed = 0;
    for (int b = 0; b < r->bond_count; b++) {
      if (r->bond_order[b] != Q2_BOND_AROMATIC) continue;
      int32_t *first = &l->group[r->bond[b][0]], *second = &l->group[r->bond[b][1]];
      changed |= *first != *second;
      *first = *second = *first < *second ? *first : *second;
    }
  }
}

int q2_lewis_orders(struct q2_molecule_record *record, struct q2_error *error) {
  int aromatic = 0;
  for (int b = 0; b < record->bond_count; b++)
    aromatic |= record->bond_order[b] == Q2_BOND_AROMATIC;
  if (!aromatic) return Q2_OK;
  struct lewis l = {.record = record,
                    .need = q2_allocate(record->atom_count, sizeof *l.need),
                    .group = q2_allocate(record->atom_count, sizeof *l.group),
                    .spent = q2_allocate(record->atom_count, sizeof *l.spent)};
  int status = l.need && l.group && l.spent ? Q2_OK : q2_fail(error, "%s: no memory for its bond orders", record->name);
  if (status == Q2_OK) {
    find_groups(&l);
    for (int a = 0; a < record->atom_count; a++)
      l.need[a] = (unsigned char)(l.group[a] < 0 ? NONE : need_of(record, a));
    while (l.allowed <= WITH_ONE_LEFT && !complete(&l))
      l.allowed++;
    if (l.allowed > WITH_ONE_LEFT)
      status = q2_fail(error,
                       "molecule '%s': its aromatic bonds cannot be drawn as single and double bonds; a file with bonds as "
                       "drawn does (.mae, .mmo, .mol2 without \"ar\")",
                       record->name);
  }
  for (int b = 0; b < record->bond_count && status == Q2_OK; b++)
    if (record->bond_order[b] == Q2_BOND_AROMATIC) record->bond_order[b] = Q2_BOND_SINGLE;
  free(l.need);
  free(l.group);
  free(l.spent);
  return status;
}
