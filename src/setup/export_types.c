/* Atom types of an export: elements, masses, non-bonded parameters, charges. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "export_places.h"
#include "receive_rows.h"

/* An atom type as its atoms have it; also what travels between ranks. */
struct exported_type {
  struct q2_type_name name;
  int32_t element, type; /* type: row of the non-bonded table, -1: there is none */
  double mass, charge, reduction;
  char example[Q2_EXPORT_EXAMPLE];
};

struct type_table {
  const struct q2_export_source *source;
  struct q2_growing rows; /* struct exported_type */
  struct q2_lookup found;
  int charged; /* charges must be those of types */
  struct q2_error *error;
};

double *q2_export_charges(const struct q2_export_source *source) {
  const struct q2_dataset *d = source->dataset;
  const struct q2_charge_increments *increments = &d->increments;
  const int64_t atoms = d->atom_offset[d->molecule_count];
  double *charge = q2_allocate(atoms, sizeof *charge);
  if (!charge) return NULL;
  if (d->has_charge) memcpy(charge, d->atom_charge, (size_t)atoms * sizeof *charge);
  for (int64_t m = 0; m < d->molecule_count && increments->offset; m++)
    for (int64_t k = increments->offset[m]; k < increments->offset[m + 1]; k++) {
      const double moved = increments->factor[k] * source->value[q2_export_target(d, increments->parameter[k])];
      charge[d->atom_offset[m] + increments->atoms[2 * k]] += moved;
      charge[d->atom_offset[m] + increments->atoms[2 * k + 1]] -= moved;
    }
  return charge;
}

static int refuse(const struct type_table *table, const struct exported_type *a, const struct exported_type *b,
                  const char *what) {
  return q2_fail(table->error, "the format %s has one %s for all atoms of the type %s, but %s and %s have different ones",
                 q2_export_format_names[table->source->wish->format], what, a->name.text, a->example, b->example);
}

/* Whether two rows of the non-bonded table are the same. */
static int same_nonbonded(const struct type_table *table, int a, int b) {
  const struct q2_nonbonded *nonbonded = &table->source->dataset->nonbonded;
  if (a == b || a < 0 || b < 0) return a == b;
  for (int s = 0; s < nonbonded->special_count; s++)
    for (int side = 0; side < 2; side++)
      if (nonbonded->special_types[2 * s + side] == a || nonbonded->special_types[2 * s + side] == b) return 0;
  return q2_export_same(table->source, nonbonded->epsilon[a], nonbonded->epsilon[b]) &&
         q2_export_same(table->source, nonbonded->size[a], nonbonded->size[b]);
}

static int add_type(struct type_table *table, const struct exported_type *type) {
  const int64_t known = table->rows.count, number = q2_lookup_add(&table->found, &type->name, sizeof type->name);
  if (number < 0 || (number == known && !q2_grow(&table->rows, 1, sizeof *type)))
    return q2_fail(table->error, "no memory for the atom types");
  struct exported_type *at = (struct exported_type *)table->rows.data + number;
  if (number == known) {
    *at = *type;
    return Q2_OK;
  }
  if (at->element != type->element) return refuse(table, at, type, "element");
  if (!same_nonbonded(table, at->type, type->type)) return refuse(table, at, type, "row of non-bonded parameters");
  if (at->reduction != type->reduction) return refuse(table, at, type, "reduction");
  if (table->charged && fabs(at->charge - type->charge) > 1e-12) return refuse(table, at, type, "charge");
  if (type->mass < at->mass) at->mass = type->mass;
  if (type->type >= 0 && type->type < at->type) at->type = type->type;
  return Q2_OK;
}

static int add_atom(struct type_table *table, int64_t m, int64_t atom, const double *charge) {
  const struct q2_dataset *d = table->source->dataset;
  struct exported_type type;
  memset(&type, 0, sizeof type);
  snprintf(type.name.text, sizeof type.name.text, "%s", table->source->type_name[atom].text);
  snprintf(type.example, sizeof type.example, "%.63s (atom %lld)", d->name[m].text, (long long)(atom - d->atom_offset[m]) + 1);
  if (!type.name.text[0] || strcmp(type.name.text, "*") == 0)
    return q2_fail(table->error, "%s: /atoms/type_name: %s has no type", d->path, type.example);
  type.element = d->element[atom];
  type.mass = d->mass[atom];
  type.type = d->nonbonded.type_count > 0 ? d->type[atom] : -1;
  type.charge = charge[atom];
  if (d->has_sites) type.reduction = d->reduction[atom];
  return add_type(table, &type);
}

static int add_atoms(struct type_table *table) {
  const struct q2_dataset *d = table->source->dataset;
  double *charge = q2_export_charges(table->source);
  int status = charge ? Q2_OK : q2_fail(table->error, "no memory for charges");
  for (int64_t m = 0; m < d->molecule_count; m++)
    for (int64_t a = d->atom_offset[m]; a < d->atom_offset[m + 1] && status == Q2_OK; a++)
      if (q2_export_wanted(table->source, m)) status = add_atom(table, m, a, charge);
  free(charge);
  return status;
}

static int compare_types(const void *left, const void *right) {
  return strcmp(((const struct exported_type *)left)->name.text, ((const struct exported_type *)right)->name.text);
}

/* --- on rank 0 --- */

static int add_pairs(const struct type_table *table, struct q2_force_field *field) {
  const struct q2_nonbonded *nonbonded = &table->source->dataset->nonbonded;
  const struct exported_type *type = table->rows.data;
  for (int s = 0; s < nonbonded->special_count; s++) {
    const int32_t *pair = nonbonded->special_types + 2 * s;
    for (int64_t a = 0; a < table->rows.count; a++)
      for (int64_t b = 0; b < table->rows.count && type[a].type == pair[0]; b++) {
        if (type[b].type != pair[1] || (pair[0] == pair[1] && b < a)) continue;
        struct q2_pair_row row = {.names = Q2_BY_TYPE, .name = {type[a].name, type[b].name}};
        snprintf(row.form, sizeof row.form, "%s", nonbonded->special_form[s]);
        for (int p = 0; p < 2; p++)
          row.parameter[p] = q2_export_number(table->source, nonbonded->special_parameters[2 * s + p]);
        Q2_TRY(q2_force_field_add_pair(field, &row, table->error));
      }
  }
  return Q2_OK;
}

static int add_to_field(const struct type_table *table, struct q2_force_field *field) {
  const struct q2_dataset *d = table->source->dataset;
  const struct exported_type *type = table->rows.data;
  for (int64_t t = 0; t < table->rows.count; t++) {
    const struct q2_atom_type row = {
        .name = type[t].name, .class_name = type[t].name, .element = type[t].element, .mass = type[t].mass};
    Q2_TRY(q2_force_field_add_type(field, &row, table->error));
    if (type[t].type < 0) continue;
    struct q2_nonbonded_row pair = {.names = Q2_BY_TYPE, .name = type[t].name, .reduction = type[t].reduction};
    const int epsilon = q2_export_target(d, d->nonbonded.epsilon[type[t].type]),
              size = q2_export_target(d, d->nonbonded.size[type[t].type]);
    pair.epsilon = q2_export_number(table->source, epsilon);
    pair.size = q2_export_number(table->source, size);
    pair.fitted = d->parameters.active[epsilon] || d->parameters.active[size];
    Q2_TRY(q2_force_field_add_nonbonded(field, &pair, table->error));
    const struct q2_charge_row charge = {.name = type[t].name, .charge = type[t].charge};
    if (table->charged) Q2_TRY(q2_force_field_add_charge(field, &charge, table->error));
  }
  return add_pairs(table, field);
}

/* The rules of pairs. What no writer has is refused here. */
static int add_rules(const struct q2_export_source *source, struct q2_force_field *field, struct q2_error *error) {
  const struct q2_nonbonded *nonbonded = &source->dataset->nonbonded;
  const char *format = q2_export_format_names[source->wish->format];
  if (nonbonded->type_count == 0) return Q2_OK;
  snprintf(field->nonbonded_form, sizeof field->nonbonded_form, "%s", nonbonded->form);
  snprintf(field->combining_rule, sizeof field->combining_rule, "%s", nonbonded->combining_rule);
  field->vdw_14 = nonbonded->vdw_14;
  field->coulomb_14 = nonbonded->coulomb_14;
  field->dielectric = nonbonded->dielectric;
  if (nonbonded->soft_cut_end > 0.0)
    return q2_fail(error, "the format %s cannot express the soft cut of pairs from %g to %g angstrom", format,
                   nonbonded->soft_cut_begin, nonbonded->soft_cut_end);
  return Q2_OK;
}

/* Sites of Tinker are those of van der Waals energies alone, of an atom with one bond. */
static int check_sites(const struct q2_export_source *source, struct q2_error *error) {
  const struct q2_dataset *d = source->dataset;
  for (int64_t m = 0; m < d->molecule_count && d->has_sites; m++) {
    int64_t bonds = 0, reduced = 0;
    for (int64_t a = d->atom_offset[m]; a < d->atom_offset[m + 1]; a++)
      reduced += d->reduction[a] != 0.0;
    for (int64_t b = d->bond_offset[m]; b < d->bond_offset[m + 1]; b++)
      for (int end = 0; end < 2; end++)
        bonds += d->reduction[d->atom_offset[m] + d->bonds[2 * b + end]] != 0.0;
    if (!q2_export_wanted(source, m) || reduced == 0) continue;
    if (d->has_charge || d->increments.offset)
      return q2_fail(error, "the format %s cannot express sites of charges (%s)", q2_export_format_names[source->wish->format],
                     d->name[m].text);
    if (bonds != reduced)
      return q2_fail(error, "the format %s cannot express the site of an atom without or with more than one bond (%s)",
                     q2_export_format_names[source->wish->format], d->name[m].text);
  }
  return Q2_OK;
}

static int collect(MPI_Comm comm, struct type_table *table, struct q2_force_field *field) {
  void *all;
  int64_t count;
  int status = add_rules(table->source, field, table->error);
  if (status == Q2_OK) status = check_sites(table->source, table->error);
  if (status == Q2_OK) status = add_atoms(table);
  Q2_TRY(q2_agree(comm, status, table->error));
  status = q2_receive_rows(comm, &table->rows, sizeof(struct exported_type), "atom types", &all, &count, table->error);
  free(table->rows.data);
  q2_lookup_free(&table->found);
  table->rows = (struct q2_growing){0};
  for (int64_t k = 0; k < count && status == Q2_OK; k++)
    status = add_type(table, (const struct exported_type *)all + k);
  free(all);
  if (table->rows.count > 1) qsort(table->rows.data, (size_t)table->rows.count, sizeof(struct exported_type), compare_types);
  if (status == Q2_OK) status = add_to_field(table, field);
  return q2_agree(comm, status, table->error);
}

int q2_export_types(MPI_Comm comm, const struct q2_export_source *source, struct q2_force_field *field,
                    struct q2_error *error) {
  const struct q2_dataset *d = source->dataset;
  struct type_table table = {.source = source,
                             .charged = source->wish->format == Q2_EXPORT_TINKER && (d->has_charge || d->increments.offset),
                             .error = error};
  const int status = collect(comm, &table, field);
  free(table.rows.data);
  q2_lookup_free(&table.found);
  return status;
}
