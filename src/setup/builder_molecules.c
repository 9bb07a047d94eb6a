/* Finishing a data set: molecules, atoms, Hessians, bonds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "builder_finish.h"
#include "builder_unify.h"

static int allocate_molecules(struct q2_dataset *d, int64_t count, int64_t atoms, int64_t hessian, int64_t bonds) {
  int32_t **const integers[] = {&d->charge, &d->multiplicity, &d->method, &d->group, &d->stationary, &d->imaginary_modes};
  int good = 1;
  for (size_t k = 0; k < sizeof integers / sizeof *integers; k++)
    good &= (*integers[k] = q2_allocate(count, sizeof(int32_t))) != NULL;
  good &= (d->molecule = q2_allocate(count, sizeof *d->molecule)) != NULL;
  good &= (d->name = q2_allocate(count, sizeof *d->name)) != NULL;
  good &= (d->energy = q2_allocate(count, sizeof *d->energy)) != NULL;
  good &= (d->atom_offset = q2_allocate(count + 1, sizeof *d->atom_offset)) != NULL;
  good &= (d->hessian_offset = q2_allocate(count + 1, sizeof *d->hessian_offset)) != NULL;
  good &= (d->bond_offset = q2_allocate(count + 1, sizeof *d->bond_offset)) != NULL;
  good &= (d->element = q2_allocate(atoms, sizeof *d->element)) != NULL;
  good &= (d->type = q2_allocate(atoms, sizeof *d->type)) != NULL;
  good &= (d->mass = q2_allocate(atoms, sizeof *d->mass)) != NULL;
  good &= (d->position = q2_allocate(3 * atoms, sizeof *d->position)) != NULL;
  good &= (d->gradient = q2_allocate(3 * atoms, sizeof *d->gradient)) != NULL;
  good &= (d->atom_charge = q2_allocate(atoms, sizeof *d->atom_charge)) != NULL;
  good &= (d->hessian = q2_allocate(hessian, sizeof *d->hessian)) != NULL;
  good &= (d->bonds = q2_allocate(2 * bonds, sizeof *d->bonds)) != NULL;
  return good;
}

/* Collective. */
void q2_finish_look(const struct q2_finish *f, struct q2_have *have) {
  const struct q2_builder *b = f->builder;
  *have = (struct q2_have){.charge = b->has_charge, .sites = b->has_sites, .increments = b->increments.count > 0};
  for (int m = 0; m < b->molecules.count; m++) {
    have->gradient |= b->molecules.record[m].gradient != NULL;
    have->types |= b->molecules.record[m].type != NULL;
    have->validation |= b->facts[m].validation != 0;
  }
  MPI_Allreduce(MPI_IN_PLACE, have, sizeof *have / sizeof(int32_t), MPI_INT32_T, MPI_MAX, f->comm);
}

static int allocate_optional(struct q2_dataset *d, const struct q2_have *have, int64_t count, int64_t atoms) {
  int good = 1;
  if (have->types) good &= (d->type_name = q2_allocate(atoms, sizeof *d->type_name)) != NULL;
  if (have->validation) good &= (d->validation = q2_allocate(count, sizeof *d->validation)) != NULL;
  if (have->sites) {
    good &= (d->reduction_parent = q2_allocate(atoms, sizeof *d->reduction_parent)) != NULL;
    good &= (d->reduction = q2_allocate(atoms, sizeof *d->reduction)) != NULL;
  }
  d->has_gradient = have->gradient;
  d->has_charge = have->charge;
  d->has_sites = have->sites;
  return good;
}

/* Copies an array where the record has it. */
static void copy(void *to, const void *from, size_t bytes) {
  if (from && bytes > 0) memcpy(to, from, bytes);
}

/* Atoms of molecule m. */
static int fill_atoms(struct q2_finish *f, int m) {
  const struct q2_builder *b = f->builder;
  const struct q2_molecule_record *r = &b->molecules.record[m];
  struct q2_dataset *d = f->dataset;
  const int64_t first = b->atom_start[m];
  const size_t atoms = (size_t)r->atom_count;
  const struct q2_built_type *types = b->types.data;
  copy(d->element + first, r->element, atoms * sizeof *d->element);
  copy(d->mass + first, r->mass, atoms * sizeof *d->mass);
  copy(d->position + 3 * first, r->position, 3 * atoms * sizeof *d->position);
  copy(d->gradient + 3 * first, r->gradient, 3 * atoms * sizeof *d->gradient);
  copy(d->atom_charge + first, b->charge + first, atoms * sizeof *d->atom_charge);
  if (d->type_name) copy(d->type_name + first, r->type, atoms * sizeof *d->type_name);
  if (d->has_sites) {
    copy(d->reduction_parent + first, b->parent + first, atoms * sizeof *d->reduction_parent);
    copy(d->reduction + first, b->reduction + first, atoms * sizeof *d->reduction);
  }
  if (d->nonbonded.type_count == 0) return Q2_OK;
  for (int64_t a = first; a < first + r->atom_count; a++) {
    if (b->type[a] < 0)
      return q2_fail(f->error, "molecule '%s': atom %lld has no type of the non-bonded table", r->name,
                     (long long)(a - first + 1));
    d->type[a] = f->type_row[q2_unified_text(f->labels, f->label_count, Q2_LABEL_LENGTH, types[b->type[a]].label)];
  }
  return Q2_OK;
}

static int fill_molecule(struct q2_finish *f, int m, const char *methods, int method_count) {
  const struct q2_builder *b = f->builder;
  struct q2_molecule_record *r = &b->molecules.record[m];
  struct q2_dataset *d = f->dataset;
  d->molecule[m] = b->first + m;
  memcpy(d->name[m].text, r->name, strlen(r->name));
  d->charge[m] = r->charge;
  d->multiplicity[m] = r->has_multiplicity ? r->multiplicity : 1;
  d->method[m] = q2_unified_text(methods, method_count, Q2_LINE_LENGTH, r->method);
  d->group[m] = b->facts[m].group;
  d->stationary[m] = b->facts[m].stationary;
  d->imaginary_modes[m] = b->facts[m].imaginary_modes;
  if (d->validation) d->validation[m] = b->facts[m].validation;
  d->energy[m] = r->energy;
  d->atom_offset[m + 1] = d->atom_offset[m] + r->atom_count;
  d->hessian_offset[m + 1] = d->hessian_offset[m] + (r->hessian ? q2_packed_hessian(r->atom_count) : 0);
  d->bond_offset[m + 1] = d->bond_offset[m] + (r->bond_count > 0 ? r->bond_count : 0);
  copy(d->hessian + d->hessian_offset[m], r->hessian,
       (size_t)(d->hessian_offset[m + 1] - d->hessian_offset[m]) * sizeof(double));
  copy(d->bonds + 2 * d->bond_offset[m], r->bond, (size_t)(d->bond_offset[m + 1] - d->bond_offset[m]) * 2 * sizeof(int32_t));
  Q2_TRY(fill_atoms(f, m));
  free(r->hessian); /* the largest part is not kept twice */
  r->hessian = NULL;
  return Q2_OK;
}

/* The methods of all molecules: *methods [*count][Q2_LINE_LENGTH]. Collective. */
static int unify_methods(struct q2_finish *f, char **methods, int *count) {
  const struct q2_molecule_list *list = &f->builder->molecules;
  char *texts = q2_allocate(list->count, Q2_LINE_LENGTH);
  for (int m = 0; texts && m < list->count; m++) {
    struct q2_molecule_record *r = &list->record[m];
    if (!r->method[0]) snprintf(r->method, sizeof r->method, "unknown");
    memcpy(texts + (size_t)m * Q2_LINE_LENGTH, r->method, Q2_LINE_LENGTH);
  }
  int status = q2_agree(f->comm, texts ? Q2_OK : q2_finish_no_memory(f, "methods"), f->error);
  if (status == Q2_OK) status = q2_unify_texts(f->comm, texts, list->count, Q2_LINE_LENGTH, methods, count, f->error);
  free(texts);
  return status;
}

int q2_finish_molecules(struct q2_finish *f, const struct q2_have *have) {
  const struct q2_molecule_list *list = &f->builder->molecules;
  struct q2_dataset *d = f->dataset;
  char *methods;
  int method_count;
  int64_t atoms = f->builder->atom_start[list->count], hessian = 0, bonds = 0;
  for (int m = 0; m < list->count; m++) {
    hessian += list->record[m].hessian ? q2_packed_hessian(list->record[m].atom_count) : 0;
    bonds += list->record[m].bond_count > 0 ? list->record[m].bond_count : 0;
  }
  Q2_TRY(unify_methods(f, &methods, &method_count));
  d->method_name = (char(*)[Q2_LINE_LENGTH])methods;
  d->method_count = method_count;
  d->molecule_count = list->count;
  d->molecule_total = f->builder->total;
  MPI_Allreduce(&atoms, &d->atom_total, 1, MPI_INT64_T, MPI_SUM, f->comm);
  memcpy(d->title, f->builder->title, sizeof d->title);
  int status = allocate_molecules(d, list->count, atoms, hessian, bonds) && allocate_optional(d, have, list->count, atoms)
                   ? Q2_OK
                   : q2_finish_no_memory(f, "molecules");
  int64_t validated = 0;
  for (int m = 0; m < list->count && status == Q2_OK; m++) {
    status = fill_molecule(f, m, methods, method_count);
    validated += f->builder->facts[m].validation != 0;
  }
  status = q2_agree(f->comm, status, f->error);
  MPI_Allreduce(&validated, &d->validation_total, 1, MPI_INT64_T, MPI_SUM, f->comm);
  return status;
}
