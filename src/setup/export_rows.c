/* Rows of types from places: one for all places with these types, or a refusal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/units.h"
#include "../../kernels/forms.h"
#include "export_places.h"
#include "receive_rows.h"

static const char *const family_names[Q2_EXPORT_FAMILIES] = {"bond",    "angle",           "Urey-Bradley", "stretch-bend",
                                                             "torsion", "torsion-stretch", "improper",     "out-of-plane bend"};

int q2_export_target(const struct q2_dataset *dataset, int p) {
  return dataset->parameters.link[p] >= 0 ? dataset->parameters.link[p] : p;
}

int q2_export_same(const struct q2_export_source *source, int p, int q) {
  const struct q2_dataset *d = source->dataset;
  const int a = q2_export_target(d, p), b = q2_export_target(d, q);
  if (a == b) return 1;
  if (source->wish->before_fit && (d->parameters.active[a] || d->parameters.active[b])) return 0;
  return source->value[a] == source->value[b];
}

struct q2_file_number q2_export_number(const struct q2_export_source *source, int p) {
  struct q2_file_number number = {.value = source->value[q2_export_target(source->dataset, p)], .multiplier = 1.0};
  snprintf(number.unit, sizeof number.unit, "%s", q2_unit_inside(source->dataset->parameters.kind[p]));
  return number;
}

int q2_export_rounds(const struct q2_export_source *source, const char *form) {
  const enum q2_export_format format = source->wish->format;
  return (format == Q2_EXPORT_OPENMM || format == Q2_EXPORT_OPENMM_ATOMS) && strcmp(form, "angle_harmonic") == 0;
}

/* --- the table of places --- */

static int same_component(const struct q2_export_source *source, const struct q2_export_component *a,
                          const struct q2_export_component *b) {
  if (a->form != b->form || a->constant != b->constant || a->orders != b->orders ||
      memcmp(a->order, b->order, sizeof a->order) != 0)
    return 0;
  const struct q2_row_form *own = q2_row_form_named(q2_forms[a->form].name);
  for (int p = 0; p < own->parameter_count; p++)
    if (!q2_export_same(source, a->parameter[p], b->parameter[p])) return 0;
  return 1;
}

static void print_names(const struct q2_export_place *place, char text[96]) {
  int length = 0;
  text[0] = '\0';
  for (int k = 0; k < Q2_EXPORT_ATOMS && place->name[k].text[0]; k++)
    length += snprintf(text + length, (size_t)(96 - length), "%s%s", k ? "-" : "", place->name[k].text);
}

/* "bond_k C3-H1 340, bond_eq C3-H1 1.09": what a place has, in the units of the data set. */
static void print_terms(const struct q2_export_source *source, const struct q2_export_place *place, char text[160]) {
  const struct q2_parameters *parameters = &source->dataset->parameters;
  int length = snprintf(text, 160, "%s", place->count ? "" : "none");
  for (int c = 0; c < place->count; c++) {
    const struct q2_row_form *own = q2_row_form_named(q2_forms[place->component[c].form].name);
    for (int p = 0; p < own->parameter_count && length < 160; p++) {
      const int row = place->component[c].parameter[p];
      length += snprintf(text + length, (size_t)(160 - length), "%s%s %s %.7g", c + p ? ", " : "", parameters->kind[row],
                         parameters->label[row], source->value[row] / parameters->factor[row]);
    }
  }
}

static int refuse_difference(const struct q2_export_source *source, const struct q2_export_places *places,
                             const struct q2_export_place *a, const struct q2_export_place *b, struct q2_error *error) {
  char names[96], terms[2][160];
  print_names(a, names);
  print_terms(source, a, terms[0]);
  print_terms(source, b, terms[1]);
  return q2_fail(error, "the format %s has one row for all atoms of the types %s, but the %s of %s has %s, and that of %s %s",
                 places->format, names, family_names[a->family], a->example, terms[0], b->example, terms[1]);
}

int q2_export_place_add(const struct q2_export_source *source, struct q2_export_places *places,
                        const struct q2_export_place *place, struct q2_error *error) {
  const int64_t known = places->rows.count;
  struct {
    int32_t family;
    struct q2_type_name name[Q2_EXPORT_ATOMS];
  } key = {.family = place->family};
  memcpy(key.name, place->name, sizeof key.name);
  const int64_t number = q2_lookup_add(&places->found, &key, sizeof key);
  if (number < 0 || (number == known && !q2_grow(&places->rows, 1, sizeof *place)))
    return q2_fail(error, "no memory for the rows of a force field");
  struct q2_export_place *at = (struct q2_export_place *)places->rows.data + number;
  if (number == known) {
    *at = *place;
    return Q2_OK;
  }
  int same = at->count == place->count;
  at->straight |= place->straight;
  for (int c = 0; c < at->count && same; c++)
    same = same_component(source, &at->component[c], &place->component[c]);
  return same ? Q2_OK : refuse_difference(source, places, at, place, error);
}

void q2_export_places_free(struct q2_export_places *places) {
  free(places->rows.data);
  q2_lookup_free(&places->found);
  places->rows = (struct q2_growing){0};
}

/* --- from all ranks --- */

static int compare_places(const void *left, const void *right) {
  const struct q2_export_place *a = left, *b = right;
  int order = (a->family > b->family) - (a->family < b->family);
  for (int k = 0; k < Q2_EXPORT_ATOMS && order == 0; k++)
    order = strcmp(a->name[k].text, b->name[k].text);
  return order;
}

int q2_export_places_gather(MPI_Comm comm, const struct q2_export_source *source, struct q2_export_places *places,
                            struct q2_error *error) {
  void *all;
  int64_t count;
  int status =
      q2_receive_rows(comm, &places->rows, sizeof(struct q2_export_place), "rows of a force field", &all, &count, error);
  q2_export_places_free(places);
  for (int64_t k = 0; k < count && status == Q2_OK; k++)
    status = q2_export_place_add(source, places, (const struct q2_export_place *)all + k, error);
  free(all);
  MPI_Allreduce(MPI_IN_PLACE, places->centre, 2, MPI_INT, MPI_MAX, comm);
  MPI_Allreduce(MPI_IN_PLACE, &places->straight, 1, MPI_INT64_T, MPI_SUM, comm);
  if (places->rows.count > 1)
    qsort(places->rows.data, (size_t)places->rows.count, sizeof(struct q2_export_place), compare_places);
  q2_lookup_free(&places->found); /* the order is another one now */
  return q2_agree(comm, status, error);
}

/* --- rows --- */

/* An improper's ligands of one type: programs take them in the order in which the molecule has them. */
static int check_order(const struct q2_export_places *places, const struct q2_export_place *place,
                       const struct q2_export_component *component, struct q2_error *error) {
  char names[96];
  for (int a = 0; a < Q2_EXPORT_ATOMS; a++)
    for (int b = a + 1; b < Q2_EXPORT_ATOMS; b++)
      if (component->order[a] > component->order[b] && component->order[a] > 0 && component->order[b] > 0 &&
          strcmp(place->name[component->order[a]].text, place->name[component->order[b]].text) == 0) {
        print_names(place, names);
        return q2_fail(error,
                       "the format %s cannot express the improper %s of %s: of ligands with one type it takes the atom with "
                       "the lower number first",
                       places->format, names, place->example);
      }
  return Q2_OK;
}

static void fill_names(const struct q2_export_place *place, const struct q2_export_component *component,
                       struct q2_type_row *row) {
  static const int bend[] = {2, 0, 3, 1}; /* i j k l: j the centre, l bends */
  while (row->atom_count < Q2_EXPORT_ATOMS && place->name[row->atom_count].text[0])
    row->atom_count++;
  for (int k = 0; k < row->atom_count; k++)
    row->atom[k] = place->name[place->family == Q2_EXPORT_IMPROPER       ? component->order[k]
                               : place->family == Q2_EXPORT_OUT_OF_PLANE ? bend[k]
                                                                         : k];
}

static int add_rows(const struct q2_export_source *source, const struct q2_export_places *places,
                    const struct q2_export_place *place, struct q2_force_field *field, struct q2_error *error) {
  const int divides = place->family == Q2_EXPORT_IMPROPER && source->wish->format == Q2_EXPORT_TINKER;
  for (int c = 0, series = 0; c < place->count; c++) {
    const struct q2_export_component *component = &place->component[c];
    const struct q2_row_form *own = q2_row_form_named(q2_forms[component->form].name);
    struct q2_type_row row = {.names = Q2_BY_TYPE, .constant = own->has_constant ? component->constant : 0.0};
    snprintf(row.form, sizeof row.form, "%s", own->form);
    series = c > 0 && memcmp(component->order, component[-1].order, sizeof component->order) == 0 ? series + 1 : 0;
    row.component = series;
    if (place->family == Q2_EXPORT_IMPROPER) Q2_TRY(check_order(places, place, component, error));
    fill_names(place, component, &row);
    row.parameter_count = own->parameter_count;
    row.straight = place->straight && q2_export_rounds(source, own->form);
    for (int p = 0; p < own->parameter_count; p++) {
      row.parameter[p] = q2_export_number(source, component->parameter[p]);
      row.fitted |= source->dataset->parameters.active[component->parameter[p]];
    }
    if (divides) row.parameter[0].value *= q2_export_symmetry(place);
    Q2_TRY(q2_force_field_add_row(field, &row, error));
  }
  return Q2_OK;
}

/* Of a bond, angle or torsion without a term: Tinker asks for a row. */
static int add_nothing(const struct q2_export_place *place, struct q2_force_field *field, struct q2_error *error) {
  struct q2_type_row row = {.names = Q2_BY_TYPE, .form = Q2_ROW_OF_NOTHING};
  while (row.atom_count < Q2_EXPORT_ATOMS && place->name[row.atom_count].text[0]) {
    row.atom[row.atom_count] = place->name[row.atom_count];
    row.atom_count++;
  }
  return q2_force_field_add_row(field, &row, error);
}

static int is_required(const struct q2_export_source *source, const struct q2_export_place *place) {
  return source->wish->format == Q2_EXPORT_TINKER &&
         (place->family == Q2_EXPORT_BOND || place->family == Q2_EXPORT_ANGLE || place->family == Q2_EXPORT_TORSION);
}

int q2_export_rows(const struct q2_export_source *source, const struct q2_export_places *places, struct q2_force_field *field,
                   struct q2_error *error) {
  const struct q2_export_place *place = places->rows.data;
  if (places->centre[0] && places->centre[1])
    return q2_fail(error,
                   "the format %s cannot express impropers whose centre is their first atom beside those whose centre is "
                   "their third",
                   places->format);
  field->improper_all_orders = source->wish->format == Q2_EXPORT_TINKER;
  field->improper_centre = places->centre[0] ? Q2_IMPROPER_CENTRE_FIRST : Q2_IMPROPER_CENTRE_THIRD;
  for (int64_t k = 0; k < places->rows.count; k++)
    Q2_TRY(place[k].count == 0 && is_required(source, &place[k]) ? add_nothing(&place[k], field, error)
                                                                 : add_rows(source, places, &place[k], field, error));
  return Q2_OK;
}
