/* A molecule as MM3*'s rules see it: neighbours in order, characters of bonds, which type fits which label, and where the
 * substructures lie. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/constants.h"
#include "../../io/memory.h"
#include "assign_mm3star_parts.h"
#include "measure.h"

static int refuse(const struct q2_mm3star_view *view, struct q2_error *error, const char *what) {
  return q2_fail(error, "%s: %s", view->record->name, what);
}

static char order_character(int32_t order) {
  switch (order) {
  case Q2_BOND_SINGLE:
    return '-';
  case Q2_BOND_DOUBLE:
    return '=';
  case Q2_BOND_TRIPLE:
    return '%';
  case Q2_BOND_PARTIAL:
    return '.';
  default:
    return '\0';
  }
}

/* Neighbours in the order in which the bonds name them. */
static int order_neighbours(struct q2_mm3star_view *view, struct q2_error *error) {
  const struct q2_molecule_record *record = view->record;
  int32_t *filled = q2_allocate(record->atom_count, sizeof *filled);
  view->neighbour = q2_allocate(2 * (int64_t)record->bond_count, sizeof *view->neighbour);
  view->order = q2_allocate(2 * (int64_t)record->bond_count, 1);
  int status = filled && view->neighbour && view->order ? Q2_OK : refuse(view, error, "no memory for its bonds");
  for (int b = 0; b < record->bond_count && status == Q2_OK; b++) {
    const char order = order_character(record->bond_order[b]);
    if (!order)
      status = q2_fail(error,
                       "%s: the bond of atoms %d and %d has no order, or is aromatic; MM3* needs single, double, triple or "
                       "partial bonds",
                       record->name, record->bond[b][0] + 1, record->bond[b][1] + 1);
    for (int k = 0; k < 2; k++) {
      const int32_t atom = record->bond[b][k], place = view->topology->start[atom] + filled[atom]++;
      view->neighbour[place] = record->bond[b][1 - k];
      view->order[place] = order;
    }
  }
  free(filled);
  return status;
}

char q2_mm3star_bond_order(const struct q2_mm3star_view *view, int i, int j) {
  for (int32_t k = view->topology->start[i]; k < view->topology->start[i + 1]; k++)
    if (view->neighbour[k] == j) return view->order[k];
  return '\0';
}

int q2_mm3star_order_fits(char wanted, char found) {
  if (wanted == ' ') return found != '\0';
  if (wanted == '*') return found != '\0' && found != '.';
  return wanted == found;
}

/* --- placements --- */

struct search {
  struct q2_mm3star_view *view;
  const struct q2_mm3star_substructure *pattern;
  struct q2_mm3star_placements *found;
  unsigned char *taken; /* [atom_count] by a substructure marked S */
  int32_t *atom;        /* [pattern->atom_count] chosen so far */
};

/* The alternatives whose angles are as they ask, all of those of a letter. */
static uint32_t alternatives(const struct search *search) {
  uint32_t holds = UINT32_MAX;
  for (int k = 0; k < search->pattern->alternative_count; k++) {
    const struct q2_mm3star_alternative *alternative = search->pattern->alternative + k;
    const int *n = alternative->number;
    const double angle = q2_measure_angle(search->view->record->position, search->atom[n[0] - 1], search->atom[n[1] - 1],
                                          search->atom[n[2] - 1]) *
                         (180 / Q2_PI);
    if (!(fabs(angle - alternative->angle) <= alternative->tolerance)) holds &= ~(1u << (alternative->letter - 'a'));
  }
  return holds;
}

static int keep_placement(const struct search *search) {
  struct q2_mm3star_placements *found = search->found;
  if (found->count == found->capacity) {
    const int wanted = found->capacity ? 2 * found->capacity : 8;
    int32_t *atom = realloc(found->atom, (size_t)wanted * (size_t)found->atom_count * sizeof *atom);
    if (atom) found->atom = atom;
    uint32_t *holds = realloc(found->holds, (size_t)wanted * sizeof *holds);
    if (holds) found->holds = holds;
    if (!atom || !holds) return Q2_FAILED;
    found->capacity = wanted;
  }
  memcpy(found->atom + (size_t)found->count * (size_t)found->atom_count, search->atom,
         (size_t)found->atom_count * sizeof *search->atom);
  found->holds[found->count++] = alternatives(search);
  return Q2_OK;
}

/* Whether `candidate` can be atom `place` of the pattern beside those chosen. */
static int can_be(const struct search *search, int place, int candidate) {
  if (search->taken[candidate] || !q2_mm3star_atom_fits(search->view, search->pattern->label[place], candidate)) return 0;
  for (int k = 0; k < place; k++)
    if (search->atom[k] == candidate) return 0;
  for (int b = 0; b < search->pattern->bond_count; b++) {
    const int first = search->pattern->bond[b].first, second = search->pattern->bond[b].second;
    if ((first > second ? first : second) != place) continue;
    const int other = search->atom[first == place ? second : first];
    if (!q2_mm3star_order_fits(search->pattern->bond[b].order, q2_mm3star_bond_order(search->view, candidate, other))) return 0;
  }
  return 1;
}

/* The atom of the pattern, before `place`, that the pattern bonds it to. */
static int anchor(const struct q2_mm3star_substructure *pattern, int place) {
  for (int b = 0; b < pattern->bond_count; b++)
    if (pattern->bond[b].second == place && pattern->bond[b].first < place) return pattern->bond[b].first;
  return -1;
}

static int extend(const struct search *search, int place) {
  if (place == search->pattern->atom_count) return keep_placement(search);
  const struct q2_topology *topology = search->view->topology;
  const int from = place > 0 ? anchor(search->pattern, place) : -1;
  const int begin = from < 0 ? 0 : topology->start[search->atom[from]];
  const int end = from < 0 ? search->view->record->atom_count : topology->start[search->atom[from] + 1];
  for (int k = begin; k < end; k++) {
    const int candidate = from < 0 ? k : search->view->neighbour[k];
    if (!can_be(search, place, candidate)) continue;
    search->atom[place] = candidate;
    Q2_TRY(extend(search, place + 1));
  }
  return Q2_OK;
}

int q2_mm3star_place(struct q2_mm3star_view *view, struct q2_error *error) {
  int32_t atom[Q2_MM3STAR_PATTERN];
  struct search search = {.view = view, .atom = atom};
  search.taken = q2_allocate(view->record->atom_count, 1);
  int status = search.taken ? Q2_OK : Q2_FAILED;
  for (int s = 0; s < view->field->substructure_count && status == Q2_OK; s++) {
    search.pattern = view->field->substructure + s;
    search.found = view->placements + s;
    search.found->atom_count = search.pattern->atom_count;
    status = extend(&search, 0);
    if (search.pattern->stop)
      for (int k = 0; k < search.found->count * search.found->atom_count; k++)
        search.taken[search.found->atom[k]] = 1;
  }
  free(search.taken);
  return status == Q2_OK ? Q2_OK : refuse(view, error, "no memory for its substructures");
}

/* --- the view --- */

int q2_mm3star_view_create(const struct q2_mm3star *field, const struct q2_builder *builder, int molecule,
                           struct q2_mm3star_view *view, struct q2_error *error) {
  memset(view, 0, sizeof *view);
  view->field = field;
  view->record = q2_builder_molecule(builder, molecule);
  view->topology = q2_builder_topology(builder, molecule);
  const int atom_count = view->record->atom_count;
  if (!view->record->type) return refuse(view, error, "has no atom types, which MM3* needs");
  if (view->record->bond_count > 0 && !view->record->bond_order)
    return refuse(view, error, "has no orders of bonds, which MM3* needs");
  Q2_TRY(order_neighbours(view, error));
  view->fits = q2_allocate((int64_t)field->label_count * atom_count, 1);
  view->placements = q2_allocate(field->substructure_count, sizeof *view->placements);
  if (!view->fits || !view->placements) return refuse(view, error, "no memory for its types");
  for (int label = 0; label < field->label_count; label++)
    for (int atom = 0; atom < atom_count; atom++)
      view->fits[(size_t)label * (size_t)atom_count + (size_t)atom] =
          (unsigned char)q2_mm3star_fits(field, label, view->record->type[atom].text);
  return q2_mm3star_place(view, error);
}

void q2_mm3star_view_free(struct q2_mm3star_view *view) {
  for (int s = 0; view->placements && s < view->field->substructure_count; s++) {
    free(view->placements[s].atom);
    free(view->placements[s].holds);
  }
  free(view->placements);
  free(view->neighbour);
  free(view->order);
  free(view->fits);
  memset(view, 0, sizeof *view);
}
