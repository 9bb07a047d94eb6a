/* Types of molecules from the residues of a force field. */
#include <stdlib.h>
#include <string.h>

#include "../memory.h"
#include "force_field.h"

static int bonded(const struct q2_molecule_record *record, int i, int j) {
  for (int b = 0; b < record->bond_count; b++)
    if ((record->bond[b][0] == i && record->bond[b][1] == j) || (record->bond[b][0] == j && record->bond[b][1] == i)) return 1;
  return 0;
}

/* Finds to[a], the residue's atom that atom a of the record is: of its name, or in its place. Returns whether there is one for
 * each. */
static int pair_atoms(const struct q2_residue *residue, const struct q2_molecule_record *record, int by_name, int *to) {
  for (int a = 0; a < record->atom_count; a++) {
    to[a] = by_name ? -1 : a;
    for (int k = 0; by_name && k < residue->atom_count; k++)
      if (strcmp(residue->atom[k].name.text, record->label[a].text) == 0) to[a] = k;
    if (to[a] < 0) return 0;
  }
  return 1;
}

/* Whether elements and bonds of the record are those of the residue; from[k] becomes the record's atom of the residue's k. */
static int fits(const struct q2_force_field *field, const struct q2_residue *residue, const struct q2_molecule_record *record,
                const int *to, int *from) {
  for (int k = 0; k < residue->atom_count; k++)
    from[k] = -1;
  for (int a = 0; a < record->atom_count; a++) {
    const struct q2_atom_type *type = q2_force_field_type(field, residue->atom[to[a]].type.text);
    if (!type || (type->element && type->element != record->element[a]) || from[to[a]] >= 0) return 0;
    from[to[a]] = a;
  }
  if (record->bond_count != residue->bond_count) return 0;
  for (int b = 0; b < residue->bond_count; b++)
    if (!bonded(record, from[residue->bond[b][0]], from[residue->bond[b][1]])) return 0;
  return 1;
}

static int take_types(const struct q2_residue *residue, struct q2_molecule_record *record, const int *to,
                      struct q2_error *error) {
  if (!record->type) record->type = q2_allocate(record->atom_count, sizeof *record->type);
  if (residue->has_charges && !record->partial_charge)
    record->partial_charge = q2_allocate(record->atom_count, sizeof *record->partial_charge);
  if (!record->type || (residue->has_charges && !record->partial_charge))
    return q2_fail(error, "%s: no memory for atom types", record->name);
  for (int a = 0; a < record->atom_count; a++) {
    record->type[a] = residue->atom[to[a]].type;
    if (residue->has_charges) record->partial_charge[a] = residue->atom[to[a]].charge;
  }
  return Q2_OK;
}

int q2_force_field_residue_types(const struct q2_force_field *field, struct q2_molecule_record *record, int *found,
                                 struct q2_error *error) {
  int status = Q2_OK;
  int *to = q2_allocate(2 * (int64_t)record->atom_count, sizeof *to);
  *found = 0;
  if (!to) return q2_fail(error, "%s: no memory for atom types", record->name);
  for (int r = 0; r < field->residue_count && !*found; r++) {
    const struct q2_residue *residue = &field->residue[r];
    if (strcmp(residue->name, record->name) != 0 || residue->atom_count != record->atom_count || residue->external_bonds)
      continue;
    for (int by_name = record->label != NULL; by_name >= 0 && !*found; by_name--)
      *found = pair_atoms(residue, record, by_name, to) && fits(field, residue, record, to, to + record->atom_count);
    if (*found) status = take_types(residue, record, to, error);
  }
  free(to);
  return status;
}
