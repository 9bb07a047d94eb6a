/* Collecting a data set: molecules, parameters by key, terms, types, sites, observables; all local. */
#include "builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "../../io/observable_kinds.h"
#include "../../io/units.h"
#include "builder_parts.h"

static int make_topologies(struct q2_builder *builder, struct q2_error *error) {
  for (int m = 0; m < builder->molecules.count; m++) {
    const struct q2_molecule_record *record = &builder->molecules.record[m];
    const int bonds = record->bond_count > 0 ? record->bond_count : 0;
    struct q2_error reason = {""};
    if (q2_topology_create(record->atom_count, bonds, (const int32_t(*)[2])record->bond, &builder->topology[m], &reason) !=
        Q2_OK)
      return q2_fail(error, "molecule '%s': %s", record->name, reason.text);
    builder->facts[m] = (struct q2_molecule_facts){.group = -1, .stationary = 1};
  }
  return Q2_OK;
}

static int make_atoms(struct q2_builder *builder, struct q2_error *error) {
  for (int m = 0; m < builder->molecules.count; m++)
    builder->atom_start[m + 1] = builder->atom_start[m] + builder->molecules.record[m].atom_count;
  const int64_t atoms = builder->atom_start[builder->molecules.count];
  builder->type = q2_allocate(atoms, sizeof *builder->type);
  builder->charge = q2_allocate(atoms, sizeof *builder->charge);
  builder->reduction = q2_allocate(atoms, sizeof *builder->reduction);
  builder->parent = q2_allocate(atoms, sizeof *builder->parent);
  if (!builder->type || !builder->charge || !builder->reduction || !builder->parent)
    return q2_fail(error, "no memory for %lld atoms", (long long)atoms);
  for (int64_t a = 0; a < atoms; a++)
    builder->type[a] = builder->parent[a] = -1;
  return Q2_OK;
}

int q2_builder_create(struct q2_molecule_list *molecules, int64_t first, int64_t total, struct q2_builder **made,
                      struct q2_error *error) {
  struct q2_builder *builder = calloc(1, sizeof *builder);
  *made = builder;
  if (!builder) return q2_fail(error, "no memory for %d molecules", molecules->count);
  builder->molecules = *molecules;
  *molecules = (struct q2_molecule_list){0};
  builder->first = first;
  builder->total = total;
  for (int k = 0; k < Q2_MOST_KINDS; k++)
    builder->kind[k].minimum = 50.0;
  const int count = builder->molecules.count;
  builder->topology = q2_allocate(count, sizeof *builder->topology);
  builder->facts = q2_allocate(count, sizeof *builder->facts);
  builder->atom_start = q2_allocate((int64_t)count + 1, sizeof *builder->atom_start);
  int status = builder->topology && builder->facts && builder->atom_start ? make_topologies(builder, error)
                                                                          : q2_fail(error, "no memory for %d molecules", count);
  if (status == Q2_OK) status = make_atoms(builder, error);
  if (status == Q2_OK) return Q2_OK;
  q2_builder_free(builder);
  *made = NULL;
  return status;
}

void q2_builder_free(struct q2_builder *builder) {
  if (!builder) return;
  for (int m = 0; builder->topology && m < builder->molecules.count; m++)
    q2_topology_free(&builder->topology[m]);
  q2_molecule_list_free(&builder->molecules);
  q2_parameter_index_free(&builder->parameters);
  for (int f = 0; f < Q2_FORM_COUNT; f++)
    free(builder->terms[f].data);
  for (int k = 0; k < Q2_MOST_KINDS; k++)
    free(builder->kind[k].rows.data);
  void *const arrays[] = {builder->topology,   builder->facts,           builder->atom_start, builder->types.data,
                          builder->pairs.data, builder->increments.data, builder->type,       builder->charge,
                          builder->reduction,  builder->parent};
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
    free(arrays[k]);
  free(builder);
}

int q2_builder_molecule_count(const struct q2_builder *builder) { return builder->molecules.count; }

const struct q2_molecule_record *q2_builder_molecule(const struct q2_builder *builder, int molecule) {
  return &builder->molecules.record[molecule];
}

const struct q2_topology *q2_builder_topology(const struct q2_builder *builder, int molecule) {
  return &builder->topology[molecule];
}

void q2_builder_facts(struct q2_builder *builder, int molecule, const struct q2_molecule_facts *facts) {
  builder->facts[molecule] = *facts;
}

void q2_builder_title(struct q2_builder *builder, const char *title) {
  snprintf(builder->title, sizeof builder->title, "%s", title);
}

void q2_builder_weights(struct q2_builder *builder, const char *weights, int invert_transition_states) {
  snprintf(builder->weights, sizeof builder->weights, "%s", weights);
  builder->invert_transition_states = invert_transition_states;
}

/* The place of a kind of observable in q2_observable_kinds, or -1. */
static int find_kind(const char *name, struct q2_error *error) {
  const struct q2_observable_kind *kind = q2_observable_kind(name, "observables", error);
  return kind ? (int)(kind - q2_observable_kinds) : -1;
}

int q2_builder_kind(struct q2_builder *builder, const char *name, double minimum, int cartesian, struct q2_error *error) {
  const int kind = find_kind(name, error);
  if (kind < 0) return Q2_FAILED;
  builder->kind[kind].minimum = minimum;
  builder->kind[kind].cartesian = cartesian;
  return Q2_OK;
}

/* Copies a name that must fit. */
static int copy_name(char *to, size_t size, const char *from, const char *what, struct q2_error *error) {
  if (strlen(from) >= size) return q2_fail(error, "%s '%s': expected at most %zu bytes", what, from, size - 1);
  memcpy(to, from, strlen(from) + 1);
  return Q2_OK;
}

int q2_builder_parameter(struct q2_builder *builder, const struct q2_new_parameter *parameter, int *key,
                         struct q2_error *error) {
  struct q2_built_parameter row;
  double factor;
  memset(&row, 0, sizeof row); /* padding, too */
  Q2_TRY(copy_name(row.kind, sizeof row.kind, parameter->kind, "kind of parameter", error));
  Q2_TRY(copy_name(row.label, sizeof row.label, parameter->label, "label of a parameter", error));
  Q2_TRY(copy_name(row.unit, sizeof row.unit, parameter->unit, "unit of a parameter", error));
  Q2_TRY(q2_unit_of_parameter(row.kind, row.unit, row.label, &factor, error));
  if (!(parameter->lower <= parameter->value && parameter->value <= parameter->upper))
    return q2_fail(error, "parameter %s '%s': %.10g is not within %.10g and %.10g", row.kind, row.label, parameter->value,
                   parameter->lower, parameter->upper);
  row.value = parameter->value;
  row.lower = parameter->lower;
  row.upper = parameter->upper;
  row.multiplier = parameter->line > 0 ? parameter->multiplier : 0.0;
  row.order = parameter->order;
  row.active = parameter->active;
  row.keep = parameter->keep;
  row.line = parameter->line;
  row.column = parameter->column;
  row.width = parameter->width;
  return q2_parameter_index_add(&builder->parameters, &row, key, error);
}

static int bad_atom(const struct q2_builder *builder, int molecule, int count, const int *atoms) {
  for (int k = 0; k < count; k++)
    if (atoms[k] < 0 || atoms[k] >= builder->molecules.record[molecule].atom_count) return 1;
  return 0;
}

static int no_memory(struct q2_error *error) { return q2_fail(error, "no memory for the terms of the force field"); }

int q2_builder_term(struct q2_builder *builder, int molecule, const char *form, const int *atoms, const int *keys,
                    const double *constants, int at_sites, struct q2_error *error) {
  const int number = q2_form_find(form);
  const char *const name = builder->molecules.record[molecule].name;
  if (number < 0) return q2_fail(error, "molecule '%s': no form is called '%s'", name, form);
  const struct q2_form_info *info = &q2_forms[number];
  if (bad_atom(builder, molecule, info->atom_count, atoms))
    return q2_fail(error, "molecule '%s': a term of %s names an atom that there is not", name, form);
  struct q2_built_term *term = q2_grow(&builder->terms[number], 1, sizeof *term);
  if (!term) return no_memory(error);
  term->molecule = molecule;
  term->at_sites = at_sites;
  for (int k = 0; k < info->atom_count; k++)
    term->atom[k] = atoms[k];
  for (int k = 0; k < info->parameter_count; k++)
    term->key[k] = keys[k];
  if (info->constant_count > 0) term->constant = constants[0];
  return Q2_OK;
}

int q2_builder_nonbonded(struct q2_builder *builder, const struct q2_nonbonded_rules *rules, struct q2_error *error) {
  Q2_TRY(copy_name(builder->rules_form, sizeof builder->rules_form, rules->form, "form of pairs", error));
  Q2_TRY(copy_name(builder->rules_combining, sizeof builder->rules_combining, rules->combining_rule, "combining rule", error));
  builder->rules = *rules;
  return Q2_OK;
}

int q2_builder_atom_type(struct q2_builder *builder, int molecule, int atom, const char *label, int epsilon_key, int size_key,
                         struct q2_error *error) {
  struct q2_built_type *types = builder->types.data;
  int number = 0;
  while (number < (int)builder->types.count && strcmp(types[number].label, label) != 0)
    number++;
  if (number == (int)builder->types.count) {
    struct q2_built_type *type = q2_grow(&builder->types, 1, sizeof *type);
    if (!type) return no_memory(error);
    Q2_TRY(copy_name(type->label, sizeof type->label, label, "atom type", error));
    type->epsilon = epsilon_key;
    type->size = size_key;
  } else if (types[number].epsilon != epsilon_key || types[number].size != size_key)
    return q2_fail(error, "atom type '%s' has two rows of non-bonded parameters", label);
  builder->type[builder->atom_start[molecule] + atom] = number;
  return Q2_OK;
}

int q2_builder_special_pair(struct q2_builder *builder, const char *first, const char *second, const char *form,
                            const int keys[2], struct q2_error *error) {
  struct q2_built_pair *pair = q2_grow(&builder->pairs, 1, sizeof *pair);
  if (!pair) return no_memory(error);
  Q2_TRY(copy_name(pair->label[0], sizeof pair->label[0], first, "atom type", error));
  Q2_TRY(copy_name(pair->label[1], sizeof pair->label[1], second, "atom type", error));
  Q2_TRY(copy_name(pair->form, sizeof pair->form, form, "form of pairs", error));
  pair->key[0] = keys[0];
  pair->key[1] = keys[1];
  return Q2_OK;
}

int q2_builder_charge(struct q2_builder *builder, int molecule, int atom, double charge, struct q2_error *error) {
  if (!isfinite(charge))
    return q2_fail(error, "molecule '%s': a charge is not finite", builder->molecules.record[molecule].name);
  builder->charge[builder->atom_start[molecule] + atom] = charge;
  builder->has_charge = 1;
  return Q2_OK;
}

int q2_builder_site(struct q2_builder *builder, int molecule, int atom, int parent, double reduction, struct q2_error *error) {
  if (bad_atom(builder, molecule, 1, &parent) || parent == atom || !(reduction >= 0.0 && reduction < 1.0))
    return q2_fail(error, "molecule '%s': atom %d cannot have its site %g of the way to atom %d",
                   builder->molecules.record[molecule].name, atom + 1, reduction, parent + 1);
  builder->parent[builder->atom_start[molecule] + atom] = parent;
  builder->reduction[builder->atom_start[molecule] + atom] = reduction;
  builder->has_sites = 1;
  return Q2_OK;
}

int q2_builder_increment(struct q2_builder *builder, int molecule, const int atoms[2], int key, double factor,
                         struct q2_error *error) {
  struct q2_built_increment *increment = q2_grow(&builder->increments, 1, sizeof *increment);
  if (!increment) return no_memory(error);
  *increment = (struct q2_built_increment){molecule, {atoms[0], atoms[1]}, key, factor};
  return Q2_OK;
}

int q2_builder_observable(struct q2_builder *builder, int molecule, const char *kind, const int *index, const double *weight,
                          const double *value, struct q2_error *error) {
  const int number = find_kind(kind, error);
  if (number < 0) return Q2_FAILED;
  struct q2_built_kind *at = &builder->kind[number];
  if (at->rows.count == 0) {
    at->has_weight = weight != NULL;
    at->has_value = value != NULL;
  } else if (at->has_weight != (weight != NULL) || at->has_value != (value != NULL))
    return q2_fail(error, "observables of the kind %s: either all have a weight (a value), or none", kind);
  struct q2_built_observable *row = q2_grow(&at->rows, 1, sizeof *row);
  if (!row) return no_memory(error);
  row->molecule = molecule;
  for (int k = 0; k < q2_observable_kinds[number].index_count; k++)
    row->index[k] = index[k];
  row->weight = weight ? *weight : 0.0;
  row->value = value ? *value : 0.0;
  return Q2_OK;
}
