/* The molecules of an export as residue templates: atoms with types and charges, and bonds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "../molecule_table.h"
#include "export_places.h"

/* All molecules on rank 0, in the order of the file. */
struct gathered {
  struct q2_name *name;
  int32_t *wanted;
  int64_t *atom_offset, *bond_offset;
  struct q2_residue_atom *atom;
  int32_t (*bond)[2];
};

static void free_gathered(struct gathered *all) {
  free(all->name);
  free(all->wanted);
  free(all->atom_offset);
  free(all->bond_offset);
  free(all->atom);
  free(all->bond);
}

static int fill(const struct q2_export_source *source, struct q2_residue_atom *atom, int32_t *wanted, struct q2_error *error) {
  const struct q2_dataset *d = source->dataset;
  double *charge = q2_export_charges(source);
  if (!charge || !atom || !wanted) {
    free(charge);
    return q2_fail(error, "no memory for residues");
  }
  for (int64_t m = 0; m < d->molecule_count; m++) {
    wanted[m] = q2_export_wanted(source, m);
    for (int64_t a = d->atom_offset[m]; a < d->atom_offset[m + 1]; a++) {
      snprintf(atom[a].name.text, sizeof atom[a].name.text, "%s%d", q2_element_symbol(d->element[a]),
               (int)(a - d->atom_offset[m]) + 1);
      atom[a].type = source->type_name[a];
      atom[a].charge = charge[a];
    }
  }
  free(charge);
  return Q2_OK;
}

static int gather(MPI_Comm comm, const struct q2_export_source *source, struct gathered *all, struct q2_error *error) {
  const struct q2_dataset *d = source->dataset;
  struct q2_residue_atom *atom = q2_allocate(d->atom_offset[d->molecule_count], sizeof *atom);
  int32_t *wanted = q2_allocate(d->molecule_count, sizeof *wanted);
  int status = q2_agree(comm, fill(source, atom, wanted, error), error);
  if (status == Q2_OK) status = q2_gather_rows(comm, d, NULL, d->name, sizeof *d->name, NULL, (void **)&all->name, error);
  if (status == Q2_OK) status = q2_gather_rows(comm, d, NULL, wanted, sizeof *wanted, NULL, (void **)&all->wanted, error);
  if (status == Q2_OK)
    status = q2_gather_rows(comm, d, d->atom_offset, atom, sizeof *atom, &all->atom_offset, (void **)&all->atom, error);
  if (status == Q2_OK)
    status =
        q2_gather_rows(comm, d, d->bond_offset, d->bonds, 2 * sizeof *d->bonds, &all->bond_offset, (void **)&all->bond, error);
  free(atom);
  free(wanted);
  return status;
}

static int add_residue(const struct gathered *all, int64_t m, int has_charges, struct q2_force_field *field,
                       struct q2_error *error) {
  struct q2_residue residue = {.atom_count = (int)(all->atom_offset[m + 1] - all->atom_offset[m]),
                               .bond_count = (int)(all->bond_offset[m + 1] - all->bond_offset[m]),
                               .has_charges = has_charges};
  memcpy(residue.name, all->name[m].text, sizeof residue.name);
  residue.atom = q2_allocate(residue.atom_count, sizeof *residue.atom);
  residue.bond = q2_allocate(residue.bond_count, sizeof *residue.bond);
  int status = residue.atom && residue.bond ? Q2_OK : q2_fail(error, "no memory for residues");
  if (status == Q2_OK) {
    memcpy(residue.atom, all->atom + all->atom_offset[m], (size_t)residue.atom_count * sizeof *residue.atom);
    memcpy(residue.bond, all->bond + all->bond_offset[m], (size_t)residue.bond_count * sizeof *residue.bond);
    status = q2_force_field_add_residue(field, &residue, error);
  }
  if (status != Q2_OK) {
    free(residue.atom);
    free(residue.bond);
  }
  return status;
}

int q2_export_residues(MPI_Comm comm, const struct q2_export_source *source, struct q2_force_field *field,
                       struct q2_error *error) {
  const struct q2_dataset *d = source->dataset;
  const int charged = d->nonbonded.type_count > 0 && (d->has_charge || d->increments.offset);
  struct gathered all = {0};
  int status = gather(comm, source, &all, error);
  if (all.bond) /* rank 0, and all is there */
    for (int64_t m = 0; m < d->molecule_total && status == Q2_OK; m++)
      if (all.wanted[m]) status = add_residue(&all, m, charged, field, error);
  free_gathered(&all);
  return q2_agree(comm, status, error);
}
