/* Applying rules of types to a molecule. */
#include "typing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "measure.h"
#include "perception.h"
#include "typing_parts.h"

struct typing {
  const struct q2_typing_rules *rules;
  const struct q2_topology *topology;
  const struct q2_molecule_record *record;
  const struct q2_type_name *first; /* [atoms] types of the first round; NULL during it */
  int32_t *ring;                    /* [bonds] size of the smallest ring, up to 8 */
  int32_t *aromatic;                /* [bonds] of q2_perceive_aromatic */
};

static int fits(const struct typing *t, int atom, int pattern);

static int count_nonmetals(const struct typing *t, int atom) {
  int count = 0;
  for (int n = t->topology->start[atom]; n < t->topology->start[atom + 1]; n++)
    count += !q2_element_is_metal(t->record->element[t->topology->neighbour[n]]);
  return count;
}

static int bond_fits(const struct typing *t, int bond, int order) {
  if (order == Q2_BOND_UNKNOWN) return 1;
  const int has = t->record->bond_order ? t->record->bond_order[bond] : Q2_BOND_UNKNOWN;
  return has == order || (order == Q2_BOND_AROMATIC && t->aromatic[bond]);
}

static int count_fitting(const struct typing *t, int atom, int pattern) {
  const int order = ((const struct q2_typing_pattern *)t->rules->pattern.data)[pattern].bond;
  int count = 0;
  for (int n = t->topology->start[atom]; n < t->topology->start[atom + 1]; n++)
    count += bond_fits(t, t->topology->bond_of[n], order) && fits(t, t->topology->neighbour[n], pattern);
  return count;
}

static int any_bond(const struct typing *t, int atom, const int32_t *value, int least, int most) {
  for (int n = t->topology->start[atom]; n < t->topology->start[atom + 1]; n++) {
    const int has = value[t->topology->bond_of[n]];
    if (has > 0 && has >= least && has <= most) return 1;
  }
  return 0;
}

/* Whether the atom is in an aromatic ring of `least` to `most` atoms; one that only the file's bond orders make aromatic is of
 * any size (least 1). */
static int is_aromatic(const struct typing *t, int atom, int least, int most) {
  for (int n = t->topology->start[atom]; n < t->topology->start[atom + 1]; n++) {
    const int bond = t->topology->bond_of[n];
    if (least <= 1 && bond_fits(t, bond, Q2_BOND_AROMATIC)) return 1;
    for (int size = 5; size <= 6; size++)
      if ((t->aromatic[bond] & 1 << size) && size >= least && size <= most) return 1;
  }
  return 0;
}

/* Three neighbours in one plane with the atom, metals left out. */
static int is_planar(const struct typing *t, int atom) {
  int ligand[3], count = 0;
  for (int n = t->topology->start[atom]; n < t->topology->start[atom + 1]; n++) {
    const int other = t->topology->neighbour[n];
    if (q2_element_is_metal(t->record->element[other])) continue;
    if (count == 3) return 0;
    ligand[count++] = other;
  }
  return count == 3 && q2_measure_planar(t->record->position, atom, ligand);
}

static int holds(const struct typing *t, int atom, const struct q2_typing_condition *condition) {
  int value = 0;
  switch (condition->property) {
  case Q2_TYPING_NEIGHBOURS:
    value = t->topology->start[atom + 1] - t->topology->start[atom];
    break;
  case Q2_TYPING_NONMETALS:
    value = count_nonmetals(t, atom);
    break;
  case Q2_TYPING_BONDED:
    value = count_fitting(t, atom, condition->pattern);
    break;
  case Q2_TYPING_CHARGE:
    value = t->record->has_charge ? t->record->charge : 0;
    break;
  case Q2_TYPING_RING:
    return any_bond(t, atom, t->ring, condition->least, condition->most) != condition->negated;
  case Q2_TYPING_AROMATIC:
    return is_aromatic(t, atom, condition->least, condition->most) != condition->negated;
  case Q2_TYPING_PLANAR:
    value = is_planar(t, atom);
    break;
  }
  return (value >= condition->least && value <= condition->most) != condition->negated;
}

static int fits(const struct typing *t, int atom, int index) {
  const struct q2_typing_pattern *pattern = (const struct q2_typing_pattern *)t->rules->pattern.data + index;
  const struct q2_typing_condition *conditions = t->rules->condition.data;
  if (pattern->type_count > 0) {
    const struct q2_type_name *names = (const struct q2_type_name *)t->rules->type.data + pattern->first_type;
    int named = 0;
    for (int k = 0; k < pattern->type_count && !named; k++)
      named = t->first && strcmp(names[k].text, t->first[atom].text) == 0;
    if (!named) return 0;
  } else if (!pattern->element[t->record->element[atom]])
    return 0;
  for (int c = pattern->first_condition; c >= 0; c = conditions[c].next)
    if (!holds(t, atom, &conditions[c])) return 0;
  return 1;
}

/* "C, bonded to H H N". */
static void describe(const struct typing *t, int atom, char *text, size_t size) {
  snprintf(text, size, "%s, %s", q2_element_symbol(t->record->element[atom]),
           t->topology->start[atom] < t->topology->start[atom + 1] ? "bonded to" : "without bonds");
  for (int n = t->topology->start[atom]; n < t->topology->start[atom + 1]; n++) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, " %s", q2_element_symbol(t->record->element[t->topology->neighbour[n]]));
  }
}

static int name_atom(const struct typing *t, int atom, const struct q2_typing_rule *rule, struct q2_type_name *type,
                     struct q2_error *error) {
  if (q2_typing_name(rule->name, q2_element_symbol(t->record->element[atom]),
                     t->topology->start[atom + 1] - t->topology->start[atom], count_nonmetals(t, atom), type) > 0)
    return Q2_OK;
  return q2_fail(error, "%.400s:%d: \"%s\" becomes longer than 15 characters for atom %d of %s", t->rules->path, rule->line,
                 rule->name, atom + 1, t->record->name);
}

/* Gives types by the rules of one round; an atom that none fits keeps what it has. */
static int run_round(const struct typing *t, int round, struct q2_type_name *type, struct q2_error *error) {
  const struct q2_typing_rule *rules = t->rules->rule.data;
  for (int a = 0; a < t->record->atom_count; a++)
    for (int64_t k = 0; k < t->rules->rule.count; k++) {
      if (rules[k].second_round != round || !fits(t, a, rules[k].pattern)) continue;
      Q2_TRY(name_atom(t, a, &rules[k], &type[a], error));
      break;
    }
  return Q2_OK;
}

static int all_rounds(struct typing *t, struct q2_type_name *first, struct q2_type_name *type, struct q2_error *error) {
  char about[256];
  Q2_TRY(run_round(t, 0, type, error));
  memcpy(first, type, (size_t)t->record->atom_count * sizeof *type);
  t->first = first;
  Q2_TRY(run_round(t, 1, type, error));
  for (int a = 0; a < t->record->atom_count; a++) {
    if (type[a].text[0]) continue;
    describe(t, a, about, sizeof about);
    return q2_fail(error, "%s, atom %d (%s): no rule of %.400s gives it a type", t->record->name, a + 1, about, t->rules->path);
  }
  return Q2_OK;
}

static int prepare(struct typing *t, struct q2_molecule_record *record, struct q2_error *error) {
  if (!record->element || !record->position || record->bond_count < 0)
    return q2_fail(error, "%s: types are found from elements, positions and bonds, and it has no %s", record->name,
                   !record->element    ? "elements"
                   : !record->position ? "positions"
                                       : "bonds");
  int known = record->bond_order != NULL;
  for (int b = 0; known && b < record->bond_count; b++)
    known = record->bond_order[b] != Q2_BOND_UNKNOWN;
  if (t->rules->uses_orders && !known) Q2_TRY(q2_perceive_orders(record, error));
  t->ring = q2_allocate(record->bond_count, sizeof *t->ring);
  t->aromatic = q2_allocate(record->bond_count, sizeof *t->aromatic);
  if (!t->ring || !t->aromatic) return q2_fail(error, "%s: no memory for its types", record->name);
  for (int b = 0; b < record->bond_count && t->rules->uses_rings; b++)
    t->ring[b] = q2_topology_ring(t->topology, record->bond[b][0], record->bond[b][1], 8);
  return t->rules->uses_aromatic ? q2_perceive_aromatic(record, t->topology, t->aromatic, error) : Q2_OK;
}

int q2_typing_apply(const struct q2_typing_rules *rules, const struct q2_topology *topology, struct q2_molecule_record *record,
                    struct q2_error *error) {
  struct typing t = {.rules = rules, .topology = topology, .record = record};
  struct q2_type_name *type = q2_allocate(record->atom_count, sizeof *type);
  struct q2_type_name *first = q2_allocate(record->atom_count, sizeof *first);
  int status = type && first ? prepare(&t, record, error) : q2_fail(error, "%s: no memory for its types", record->name);
  if (status == Q2_OK) status = all_rounds(&t, first, type, error);
  if (status == Q2_OK) {
    free(record->type);
    record->type = type;
    type = NULL;
  }
  free(type);
  free(first);
  free(t.ring);
  free(t.aromatic);
  return status;
}
