/* The terms of a molecule at their places, by types. */
#include "export_places.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernels/forms.h"
#include "export_locate.h"

static int same_place(const struct q2_located *a, const struct q2_located *b) {
  return a->family == b->family && memcmp(a->atom, b->atom, sizeof a->atom) == 0;
}

/* The term of a family at these atoms, or NULL. */
static const struct q2_located *find_term(const struct q2_locator *locator, enum q2_export_family family, const int32_t *atoms,
                                          int count) {
  const struct q2_located *all = locator->located.data;
  struct q2_located key = {.family = (int32_t)family, .atom = {-1, -1, -1, -1}, .is_term = 1};
  if (!q2_locate_chain(locator, atoms, count, key.atom)) return NULL;
  int64_t low = 0, high = locator->located.count;
  key.component.form = -1;
  key.component.constant = -HUGE_VAL;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (q2_compare_located(&all[middle], &key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < locator->located.count && same_place(&all[low], &key) ? &all[low] : NULL;
}

/* Whether parameter p is the equilibrium value of the bond or angle that these atoms have. */
static int is_equilibrium(const struct q2_locator *locator, enum q2_export_family family, const int32_t *atoms, int count,
                          int p) {
  const struct q2_parameters *parameters = &locator->source->dataset->parameters;
  const struct q2_located *term = find_term(locator, family, atoms, count);
  for (int k = 0; term && k < Q2_ROW_PARAMETERS && term->component.parameter[k] >= 0; k++) {
    const int row = term->component.parameter[k];
    if (strcmp(parameters->kind[row], count == 2 ? "bond_eq" : "angle_eq") == 0) return q2_export_same(locator->source, row, p);
  }
  return 0;
}

/* Rows of cross terms have just their own parameters: the others must be those of the bonds and the angle. */
static int check_cross_term(const struct q2_locator *locator, const struct q2_located *term) {
  static const char why[] = "its equilibrium values are not those of its bonds and angle";
  const int32_t *a = term->atom, *p = term->component.parameter;
  char example[Q2_EXPORT_EXAMPLE];
  int good = 1;
  if (term->family == Q2_EXPORT_STRETCH_BEND)
    good = is_equilibrium(locator, Q2_EXPORT_ANGLE, a, 3, p[3]) &&
           ((is_equilibrium(locator, Q2_EXPORT_BOND, a, 2, p[1]) && is_equilibrium(locator, Q2_EXPORT_BOND, a + 1, 2, p[2])) ||
            (is_equilibrium(locator, Q2_EXPORT_BOND, a, 2, p[2]) && is_equilibrium(locator, Q2_EXPORT_BOND, a + 1, 2, p[1])));
  if (term->family == Q2_EXPORT_TORSION_STRETCH) good = is_equilibrium(locator, Q2_EXPORT_BOND, a + 1, 2, p[3]);
  if (good) return Q2_OK;
  q2_describe_atoms(locator, a, term->family == Q2_EXPORT_STRETCH_BEND ? 3 : 4, example);
  return q2_fail(locator->error, "the format %s cannot express %s of %s: %s", locator->places->format,
                 q2_forms[term->component.form].name, example, why);
}

/* Names of the place's atoms, in the order that all places with these types share; the terms' orders follow. */
static void name_place(const struct q2_locator *locator, const int32_t *atom, struct q2_export_place *place) {
  const struct q2_type_name *type = locator->source->type_name + locator->source->dataset->atom_offset[locator->molecule];
  const int improper = place->family == Q2_EXPORT_IMPROPER, bend = place->family == Q2_EXPORT_OUT_OF_PLANE;
  int count = 0, first = improper ? 1 : bend ? 2 : 0, to[Q2_EXPORT_ATOMS];
  while (count < Q2_EXPORT_ATOMS && atom[count] >= 0)
    count++;
  for (int k = 0; k < count; k++)
    to[k] = k;
  if (improper || bend) { /* ligands by name; equal ones stay in the order of their numbers */
    for (int k = first + 1; k < count; k++)
      for (int at = k; at > first && strcmp(type[atom[to[at - 1]]].text, type[atom[to[at]]].text) > 0; at--) {
        const int other = to[at];
        to[at] = to[at - 1];
        to[at - 1] = other;
      }
  } else { /* the end where the alphabet begins */
    int order = 0;
    for (int k = 0; k < count && order == 0; k++)
      order = strcmp(type[atom[k]].text, type[atom[count - 1 - k]].text);
    for (int k = 0; k < count && order > 0; k++)
      to[k] = count - 1 - k;
  }
  for (int k = 0; k < count; k++)
    place->name[k] = type[atom[to[k]]];
  for (int c = 0; c < place->count && improper; c++)
    for (int k = 0; k < count; k++)
      for (int n = 0; n < count; n++)
        if (to[n] == place->component[c].order[k]) {
          place->component[c].order[k] = (uint8_t)n;
          break;
        }
}

/* --- impropers for Tinker, which makes a term of each order of the ligands that a row fits --- */

int q2_export_symmetry(const struct q2_export_place *place) {
  int alike = 0;
  for (int a = 1; a < Q2_EXPORT_ATOMS; a++)
    for (int b = a + 1; b < Q2_EXPORT_ATOMS; b++)
      alike += strcmp(place->name[a].text, place->name[b].text) == 0;
  return alike == 3 ? 6 : alike ? 2 : 1;
}

static int compare_components(const void *left, const void *right) {
  const struct q2_export_component *a = left, *b = right;
  const int order = memcmp(a->order, b->order, sizeof a->order);
  if (order || a->constant == b->constant) return order;
  return a->constant < b->constant ? -1 : 1;
}

/* Ligands of one type in the order of their numbers: the order of the names stays. */
static void order_alike(const struct q2_export_place *place, struct q2_export_component *component) {
  for (int a = 0; a < Q2_EXPORT_ATOMS; a++)
    for (int b = a + 1; b < Q2_EXPORT_ATOMS; b++)
      if (component->order[a] > component->order[b] &&
          strcmp(place->name[component->order[a]].text, place->name[component->order[b]].text) == 0) {
        const uint8_t other = component->order[a];
        component->order[a] = component->order[b];
        component->order[b] = other;
      }
}

/* Terms that differ in the order of ligands of one type alone become one. */
static void join_orders(struct q2_export_place *place) {
  int count = 0;
  for (int c = 0; c < place->count; c++) {
    struct q2_export_component *this = &place->component[c];
    int other = 0;
    order_alike(place, this);
    while (other < count && (memcmp(this->order, place->component[other].order, sizeof this->order) != 0 ||
                             memcmp(this->parameter, place->component[other].parameter, sizeof this->parameter) != 0 ||
                             this->constant != place->component[other].constant))
      other++;
    if (other < count)
      place->component[other].orders++;
    else
      place->component[count++] = *this;
  }
  for (int c = count; c < place->count; c++)
    memset(&place->component[c], 0, sizeof place->component[c]);
  place->count = count;
  qsort(place->component, (size_t)count, sizeof *place->component, compare_components);
}

static int check_orders(const struct q2_locator *locator, const struct q2_export_place *place) {
  for (int c = 0; c < place->count; c++) {
    const int harmonic = strcmp(q2_forms[place->component[c].form].name, "improper_harmonic") == 0;
    const int expected = harmonic ? 1 : q2_export_symmetry(place);
    if (place->component[c].orders != expected)
      return q2_fail(locator->error,
                     "the format %s cannot express the improper of %s: it has a term for each of %d orders of the ligands that "
                     "the types do not tell apart, and the data set has %d",
                     locator->places->format, place->example, expected, (int)place->component[c].orders);
  }
  return Q2_OK;
}

/* --- places --- */

/* Whether `this` may follow `before` at one place: the components of a series. */
static int may_follow(const struct q2_locator *locator, const struct q2_located *before, const struct q2_located *this) {
  const struct q2_export_component *a = &before->component, *b = &this->component;
  if (a->form != b->form || !strstr(q2_forms[a->form].name, "_fourier")) return 0;
  if (this->family == Q2_EXPORT_IMPROPER && locator->source->wish->format == Q2_EXPORT_TINKER) return 1;
  return a->constant != b->constant && memcmp(a->order, b->order, sizeof a->order) == 0;
}

/* One place: what the bonds say of it, and its terms. */
static int add_place(struct q2_locator *locator, const struct q2_located *located, int64_t count) {
  struct q2_export_place place;
  int atoms = 0;
  memset(&place, 0, sizeof place);
  place.family = located->family;
  while (atoms < Q2_EXPORT_ATOMS && located->atom[atoms] >= 0)
    atoms++;
  q2_describe_atoms(locator, located->atom, atoms, place.example);
  for (int64_t k = 1; k < count; k++) {
    if (k > Q2_EXPORT_COMPONENTS || (k > 1 && !may_follow(locator, &located[k - 1], &located[k])))
      return q2_fail(locator->error, "the format %s cannot express a second %s of %s", locator->places->format,
                     q2_forms[located[k].component.form].name, place.example);
    Q2_TRY(check_cross_term(locator, &located[k]));
    place.component[place.count++] = located[k].component;
    place.straight |= located[k].straight;
  }
  name_place(locator, located->atom, &place);
  if (place.family == Q2_EXPORT_IMPROPER && locator->source->wish->format == Q2_EXPORT_TINKER) {
    join_orders(&place);
    Q2_TRY(check_orders(locator, &place));
  }
  return q2_export_place_add(locator->source, locator->places, &place, locator->error);
}

static int add_places(struct q2_locator *locator) {
  const int64_t count = locator->located.count;
  const struct q2_located *located = locator->located.data;
  for (int64_t begin = 0, end; begin < count; begin = end) {
    for (end = begin + 1; end < count && same_place(&located[end], &located[begin]);)
      end++;
    if (located[begin].is_term) { /* along bonds, but where no program looks for it */
      char example[Q2_EXPORT_EXAMPLE];
      q2_describe_atoms(locator, located[begin].atom, 4, example);
      return q2_fail(locator->error, "the format %s cannot express %s of %s: its atoms are not bonded in its way",
                     locator->places->format, q2_forms[located[begin].component.form].name, example);
    }
    Q2_TRY(add_place(locator, located + begin, end - begin));
  }
  return Q2_OK;
}

int q2_export_molecule(const struct q2_export_source *source, int64_t m, struct q2_export_places *places,
                       struct q2_error *error) {
  const struct q2_dataset *d = source->dataset;
  struct q2_locator locator = {.source = source, .places = places, .molecule = m, .error = error};
  const int atoms = (int)(d->atom_offset[m + 1] - d->atom_offset[m]), bonds = (int)(d->bond_offset[m + 1] - d->bond_offset[m]);
  Q2_TRY(q2_topology_create(atoms, bonds, (const int32_t(*)[2])(d->bonds + 2 * d->bond_offset[m]), &locator.topology, error));
  int status = q2_locate(&locator);
  if (status == Q2_OK) status = add_places(&locator);
  q2_topology_free(&locator.topology);
  free(locator.located.data);
  return status;
}
