/* Where the terms of a molecule are: along which bonds, at which centre; and where rows of types may have some. */
#include "export_locate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernels/forms.h"

static const struct {
  const char *form;
  enum q2_export_family family;
} families[] = {
    {"bond_harmonic", Q2_EXPORT_BOND},
    {"bond_mm3", Q2_EXPORT_BOND},
    {"bond_morse", Q2_EXPORT_BOND},
    {"angle_harmonic", Q2_EXPORT_ANGLE},
    {"angle_mm3", Q2_EXPORT_ANGLE},
    {"angle_cosine", Q2_EXPORT_ANGLE},
    {"urey_bradley", Q2_EXPORT_UREY_BRADLEY},
    {"stretch_bend", Q2_EXPORT_STRETCH_BEND},
    {"torsion_fourier", Q2_EXPORT_TORSION},
    {"torsion_fourier_unfaded", Q2_EXPORT_TORSION},
    {"torsion_mm3", Q2_EXPORT_TORSION},
    {"torsion_stretch", Q2_EXPORT_TORSION_STRETCH},
    {"improper_fourier", Q2_EXPORT_IMPROPER},
    {"improper_harmonic", Q2_EXPORT_IMPROPER},
    {"out_of_plane_mm3", Q2_EXPORT_OUT_OF_PLANE},
    {"out_of_plane_harmonic", Q2_EXPORT_OUT_OF_PLANE},
};

static int family_of(const char *form) {
  for (size_t f = 0; f < sizeof families / sizeof *families; f++)
    if (strcmp(families[f].form, form) == 0) return (int)families[f].family;
  return -1;
}

void q2_describe_atoms(const struct q2_locator *locator, const int32_t *atoms, int count, char text[Q2_EXPORT_EXAMPLE]) {
  int length = snprintf(text, Q2_EXPORT_EXAMPLE, "%.63s (atoms", locator->source->dataset->name[locator->molecule].text);
  for (int k = 0; k < count && length < Q2_EXPORT_EXAMPLE; k++)
    length += snprintf(text + length, (size_t)(Q2_EXPORT_EXAMPLE - length), " %d", (int)atoms[k] + 1);
  if (length < Q2_EXPORT_EXAMPLE) snprintf(text + length, (size_t)(Q2_EXPORT_EXAMPLE - length), ")");
}

static int refuse(const struct q2_locator *locator, const struct q2_term_table *table, const int32_t *atoms, const char *why) {
  char example[Q2_EXPORT_EXAMPLE];
  q2_describe_atoms(locator, atoms, table->atom_count, example);
  return q2_fail(locator->error, "the format %s cannot express %s of %s: %s", locator->places->format, table->form, example,
                 why);
}

static int bonded(const struct q2_locator *locator, int i, int j) { return q2_topology_bond(&locator->topology, i, j) >= 0; }

static void sort(int32_t *atom, int count) {
  for (int k = 1; k < count; k++)
    for (int place = k; place > 0 && atom[place - 1] > atom[place]; place--) {
      const int32_t other = atom[place];
      atom[place] = atom[place - 1];
      atom[place - 1] = other;
    }
}

/* --- where a term is; each returns whether it is there --- */

/* Bonds, angles and torsions: along bonds, from the end with the lower number (of the middle bond's atoms in a torsion). */
int q2_locate_chain(const struct q2_locator *locator, const int32_t *atoms, int count, int32_t *place) {
  for (int k = 0; k + 1 < count; k++)
    if (!bonded(locator, atoms[k], atoms[k + 1])) return 0;
  const int backwards = count == 4 ? atoms[1] > atoms[2] : atoms[0] > atoms[count - 1];
  for (int k = 0; k < count; k++)
    place[k] = atoms[backwards ? count - 1 - k : k];
  return 1;
}

/* The ends of an angle; of several angles (a ring of four) that whose middle atom's type comes first. */
static int find_ends(const struct q2_locator *locator, const int32_t *atoms, int32_t *place) {
  const struct q2_topology *topology = &locator->topology;
  const struct q2_type_name *type = locator->source->type_name + locator->source->dataset->atom_offset[locator->molecule];
  int middle = -1;
  for (int n = topology->start[atoms[0]]; n < topology->start[atoms[0] + 1]; n++) {
    const int j = topology->neighbour[n];
    if (bonded(locator, j, atoms[1]) && (middle < 0 || strcmp(type[j].text, type[middle].text) < 0)) middle = j;
  }
  if (middle < 0) return 0;
  const int32_t chain[3] = {atoms[0], middle, atoms[1]};
  return q2_locate_chain(locator, chain, 3, place);
}

/* The centre is the atom that is bonded to the three others. A torsion angle is the same backwards, so that a centre in the
 * second or last place is one in the third or first; *first says which. `turned` are the term's atoms in that direction. */
static int find_centre(const struct q2_locator *locator, const int32_t *atoms, int32_t *turned, int *first) {
  static const int order[] = {2, 1, 0, 3};
  for (int o = 0; o < 4; o++) {
    const int centre = order[o];
    int ligands = 0;
    for (int k = 0; k < 4; k++)
      ligands += k != centre && bonded(locator, atoms[centre], atoms[k]);
    if (ligands < 3) continue;
    for (int k = 0; k < 4; k++)
      turned[k] = atoms[centre % 2 ? 3 - k : k];
    *first = centre == 0 || centre == 3;
    return 1;
  }
  return 0;
}

static int find_improper(const struct q2_locator *locator, const int32_t *atoms, struct q2_located *term) {
  int32_t turned[4];
  int first, count = 1;
  if (!find_centre(locator, atoms, turned, &first)) return 0;
  const int centre = first ? 0 : 2;
  locator->places->centre[!first]++;
  term->atom[0] = turned[centre];
  for (int k = 0; k < 4; k++)
    if (k != centre) term->atom[count++] = turned[k];
  sort(term->atom + 1, 3);
  for (int k = 0; k < 4; k++)
    for (int place = 0; place < 4; place++)
      if (term->atom[place] == turned[k]) term->component.order[k] = (uint8_t)place;
  return 1;
}

/* i j k l: j the centre, l bends. */
static int find_out_of_plane(const struct q2_locator *locator, const int32_t *atoms, struct q2_located *term) {
  const struct q2_topology *topology = &locator->topology;
  const int centre = atoms[1];
  if (topology->start[centre + 1] - topology->start[centre] != 3) return 0;
  if (!bonded(locator, centre, atoms[0]) || !bonded(locator, centre, atoms[2]) || !bonded(locator, centre, atoms[3])) return 0;
  term->atom[0] = centre;
  term->atom[1] = atoms[3];
  term->atom[2] = atoms[0];
  term->atom[3] = atoms[2];
  sort(term->atom + 2, 2);
  return 1;
}

static int find_place(const struct q2_locator *locator, const struct q2_term_table *table, const int32_t *atoms,
                      struct q2_located *term) {
  switch ((enum q2_export_family)term->family) {
  case Q2_EXPORT_IMPROPER:
    return find_improper(locator, atoms, term);
  case Q2_EXPORT_OUT_OF_PLANE:
    return find_out_of_plane(locator, atoms, term);
  case Q2_EXPORT_UREY_BRADLEY:
    return find_ends(locator, atoms, term->atom);
  default:
    return q2_locate_chain(locator, atoms, table->atom_count, term->atom);
  }
}

/* --- near a straight angle q2hpc smooths --- */

static double pi(void) { return acos(-1.0); }

static double angle_at(const double *x, int i, int j, int k) {
  double u[3], v[3], dot = 0.0;
  for (int c = 0; c < 3; c++) {
    u[c] = x[3 * i + c] - x[3 * j + c];
    v[c] = x[3 * k + c] - x[3 * j + c];
    dot += u[c] * v[c];
  }
  const double n[3] = {u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
  return atan2(sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]), dot) * (180.0 / pi());
}

/* Whether the term has an energy that other programs compute otherwise: torsions with an angle above 175 degrees, angles above
 * 179.42 whose energy is not even there (a harmonic one around 180 degrees is). */
static int is_near_straight(const struct q2_locator *locator, const struct q2_term_table *table, const int32_t *atoms,
                            const struct q2_located *term) {
  const struct q2_dataset *d = locator->source->dataset;
  const double *x = d->position + 3 * d->atom_offset[locator->molecule], *value = locator->source->value;
  const struct q2_row_form *own = q2_row_form_named(q2_forms[term->component.form].name);
  const int32_t *p = term->component.parameter;
  int acts = 0;
  if (strcmp(table->form, "torsion_fourier_unfaded") == 0 || strcmp(table->form, "angle_cosine") == 0) return 0;
  if (strcmp(table->form, "angle_harmonic") == 0 && fabs(value[p[1]] - pi()) < 1e-12) return 0;
  for (int k = 0; k < own->parameter_count; k++)
    if (!strstr(own->kind[k], "_phase") && !strstr(own->kind[k], "_eq")) acts |= value[p[k]] != 0.0;
  if (!acts) return 0;
  switch ((enum q2_export_family)term->family) {
  case Q2_EXPORT_TORSION:
  case Q2_EXPORT_TORSION_STRETCH:
  case Q2_EXPORT_IMPROPER:
    return angle_at(x, atoms[0], atoms[1], atoms[2]) > 175.0 || angle_at(x, atoms[1], atoms[2], atoms[3]) > 175.0;
  case Q2_EXPORT_ANGLE:
  case Q2_EXPORT_STRETCH_BEND:
    return angle_at(x, atoms[0], atoms[1], atoms[2]) > 179.42;
  default:
    return 0;
  }
}

/* --- the work --- */

static int locate_term(struct q2_locator *locator, const struct q2_term_table *table, int form, int64_t row) {
  const struct q2_dataset *d = locator->source->dataset;
  const int32_t *atoms = table->atoms + row * table->atom_count;
  struct q2_located *term = q2_grow(&locator->located, 1, sizeof *term);
  if (!term) return q2_fail(locator->error, "no memory for the terms of a molecule");
  term->family = family_of(table->form);
  term->is_term = 1;
  if (term->family < 0) return refuse(locator, table, atoms, "rows of types have no such form");
  if (table->at_sites && table->at_sites[row]) return refuse(locator, table, atoms, "it is measured at sites, not at nuclei");
  for (int k = 0; k < Q2_EXPORT_ATOMS; k++) {
    term->atom[k] = -1;
    term->component.order[k] = (uint8_t)k;
  }
  term->component.form = form;
  term->component.orders = 1;
  for (int p = 0; p < table->parameter_count; p++)
    term->component.parameter[p] = q2_export_target(d, table->parameters[row * table->parameter_count + p]);
  for (int p = table->parameter_count; p < Q2_ROW_PARAMETERS; p++)
    term->component.parameter[p] = -1;
  if (table->constants) term->component.constant = table->constants[row * table->constant_count];
  if (!find_place(locator, table, atoms, term)) return refuse(locator, table, atoms, "its atoms are not bonded in its way");
  term->straight = is_near_straight(locator, table, atoms, term);
  if (!q2_export_rounds(locator->source, q2_forms[form].name)) locator->places->straight += term->straight;
  return Q2_OK;
}

static int locate_terms(struct q2_locator *locator) {
  const struct q2_dataset *d = locator->source->dataset;
  for (int t = 0; t < d->term_table_count; t++) {
    const struct q2_term_table *table = &d->terms[t];
    const int unfaded = strcmp(table->form, "torsion_fourier_unfaded") == 0;
    const int form = q2_form_find(unfaded ? "torsion_fourier" : table->form);
    for (int64_t row = table->offset[locator->molecule]; row < table->offset[locator->molecule + 1]; row++)
      Q2_TRY(locate_term(locator, table, form, row));
  }
  return Q2_OK;
}

static int add_empty(struct q2_locator *locator, enum q2_export_family family, int a, int b, int c, int d) {
  struct q2_located *place = q2_grow(&locator->located, 1, sizeof *place);
  if (!place) return q2_fail(locator->error, "no memory for the places of a molecule");
  place->family = (int32_t)family;
  const int32_t atom[Q2_EXPORT_ATOMS] = {a, b, c, d};
  memcpy(place->atom, atom, sizeof atom);
  return Q2_OK;
}

/* Everywhere that rows hold for, whether there is a term or not. */
static int locate_chains(struct q2_locator *locator) {
  const struct q2_topology *topology = &locator->topology;
  for (int i = 0; i < topology->atom_count; i++)
    for (int n = topology->start[i]; n < topology->start[i + 1]; n++)
      if (topology->neighbour[n] > i) Q2_TRY(add_empty(locator, Q2_EXPORT_BOND, i, topology->neighbour[n], -1, -1));
  for (int k = 0; k < topology->angle_count; k++) {
    const int32_t *a = topology->angle[k];
    for (int family = Q2_EXPORT_ANGLE; family <= Q2_EXPORT_STRETCH_BEND; family++)
      Q2_TRY(add_empty(locator, (enum q2_export_family)family, a[0], a[1], a[2], -1));
  }
  for (int k = 0; k < topology->torsion_count; k++) {
    const int32_t *a = topology->torsion[k];
    for (int family = Q2_EXPORT_TORSION; family <= Q2_EXPORT_TORSION_STRETCH; family++)
      Q2_TRY(add_empty(locator, (enum q2_export_family)family, a[0], a[1], a[2], a[3]));
  }
  return Q2_OK;
}

static int locate_centres(struct q2_locator *locator) {
  const struct q2_topology *topology = &locator->topology;
  for (int j = 0; j < topology->atom_count; j++) {
    const int32_t *near = topology->neighbour + topology->start[j];
    const int count = topology->start[j + 1] - topology->start[j];
    for (int a = 0; a < count; a++)
      for (int b = a + 1; b < count; b++)
        for (int c = b + 1; c < count; c++)
          Q2_TRY(add_empty(locator, Q2_EXPORT_IMPROPER, j, near[a], near[b], near[c]));
    for (int a = 0; a < 3 && count == 3; a++)
      Q2_TRY(add_empty(locator, Q2_EXPORT_OUT_OF_PLANE, j, near[a], near[a == 0], near[a == 2 ? 1 : 2]));
  }
  return Q2_OK;
}

int q2_compare_located(const void *left, const void *right) {
  const struct q2_located *a = left, *b = right;
  if (a->family != b->family) return a->family < b->family ? -1 : 1;
  for (int k = 0; k < Q2_EXPORT_ATOMS; k++)
    if (a->atom[k] != b->atom[k]) return a->atom[k] < b->atom[k] ? -1 : 1;
  if (a->is_term != b->is_term) return a->is_term - b->is_term;
  if (a->component.constant != b->component.constant) return a->component.constant < b->component.constant ? -1 : 1;
  return a->component.form - b->component.form;
}

int q2_locate(struct q2_locator *locator) {
  Q2_TRY(locate_terms(locator));
  Q2_TRY(locate_chains(locator));
  Q2_TRY(locate_centres(locator));
  if (locator->located.count > 1)
    qsort(locator->located.data, (size_t)locator->located.count, sizeof(struct q2_located), q2_compare_located);
  return Q2_OK;
}
