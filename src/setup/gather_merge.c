/* What several files say of one molecule, made one record; what contradicts is refused. */
#include "gather_merge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "gather_frame.h"

static const double same_energy = 1e-5;  /* hartree: programs print six decimals or more */
static const double same_hessian = 1e-3; /* hartree/bohr^2: of elements, beyond the decimals that programs print */

/* Records and their files, for messages. */
struct pair {
  struct q2_molecule_record *whole;
  const struct q2_molecule_record *part;
  const char *whole_path, *part_path;
};

static int compare_atoms(const struct pair *p, struct q2_error *error) {
  if (p->whole->atom_count != p->part->atom_count)
    return q2_fail(error, "%s: has %d atoms, but %s has %d", p->part_path, p->part->atom_count, p->whole_path,
                   p->whole->atom_count);
  if (!p->whole->element || !p->part->element) return Q2_OK;
  for (int a = 0; a < p->whole->atom_count; a++) {
    const int here = p->part->element[a], there = p->whole->element[a];
    if (here != there && here > 0 && there > 0)
      return q2_fail(error, "%s: atom %d is %s, but in %s it is %s", p->part_path, a + 1, q2_element_symbol(here),
                     p->whole_path, q2_element_symbol(there));
  }
  return Q2_OK;
}

/* Where only one of them has a geometry, the other's numbers belong to it. */
static int compare_geometry(const struct pair *p, struct q2_frame_change *change, struct q2_error *error) {
  *change = (struct q2_frame_change){.same = 1};
  if (!p->whole->position || !p->part->position) return Q2_OK;
  if (q2_frame_compare(p->whole->atom_count, p->whole->position, p->part->position, change) != 0)
    return q2_fail(error, "%s: no memory to compare its geometry", p->part_path);
  if (change->deviation <= Q2_SAME_GEOMETRY) return Q2_OK;
  return q2_fail(error,
                 "%s: its geometry is not that of %s: atom %d is %.4f angstrom off in a coordinate, however the molecule is "
                 "turned (at most %g)",
                 p->part_path, p->whole_path, change->worst + 1, change->deviation, Q2_SAME_GEOMETRY);
}

static int compare_scalars(const struct pair *p, struct q2_error *error) {
  const struct q2_molecule_record *x = p->whole, *y = p->part;
  if (x->has_energy && y->has_energy && fabs(x->energy - y->energy) > same_energy)
    return q2_fail(error, "%s: its energy is %.8f hartree, but in %s it is %.8f", p->part_path, y->energy, p->whole_path,
                   x->energy);
  if (x->has_charge && y->has_charge && x->charge != y->charge)
    return q2_fail(error, "%s: its charge is %d, but in %s it is %d", p->part_path, y->charge, p->whole_path, x->charge);
  if (x->has_multiplicity && y->has_multiplicity && x->multiplicity != y->multiplicity)
    return q2_fail(error, "%s: its multiplicity is %d, but in %s it is %d", p->part_path, y->multiplicity, p->whole_path,
                   x->multiplicity);
  return Q2_OK;
}

/* Takes over an array that `whole` lacks: both are addresses of pointers, of whatever type. */
static void take(void *whole_place, void *part_place) {
  void *whole, *part;
  memcpy(&whole, whole_place, sizeof whole);
  memcpy(&part, part_place, sizeof part);
  if (whole || !part) return;
  memcpy(whole_place, &part, sizeof part);
  memset(part_place, 0, sizeof part);
}

static int take_hessian(const struct pair *p, const struct q2_frame_change *change, struct q2_molecule_record *part,
                        struct q2_error *error) {
  if (!part->hessian) return Q2_OK;
  if (!change->same) q2_frame_turn_hessian(change, part->atom_count, part->hessian);
  if (!p->whole->hessian) {
    take(&p->whole->hessian, &part->hessian);
    return Q2_OK;
  }
  double largest = 0.0;
  for (int64_t k = 0; k < q2_packed_hessian(part->atom_count); k++)
    largest = fmax(largest, fabs(part->hessian[k] - p->whole->hessian[k]));
  if (largest <= same_hessian) return Q2_OK;
  return q2_fail(error, "%s: its Hessian is not that of %s: elements differ by up to %.4g hartree/bohr^2 (at most %g)",
                 p->part_path, p->whole_path, largest, same_hessian);
}

static void take_rest(struct q2_molecule_record *whole, struct q2_molecule_record *part) {
  take(&whole->element, &part->element);
  take(&whole->position, &part->position);
  take(&whole->mass, &part->mass);
  if (!whole->frequency) {
    take(&whole->frequency, &part->frequency);
    whole->frequency_count = part->frequency_count;
  }
  if (!whole->has_energy && part->has_energy) whole->energy = part->energy;
  if (!whole->has_charge && part->has_charge) whole->charge = part->charge;
  if (!whole->has_multiplicity && part->has_multiplicity) whole->multiplicity = part->multiplicity;
  whole->has_energy |= part->has_energy;
  whole->has_charge |= part->has_charge;
  whole->has_multiplicity |= part->has_multiplicity;
  if (whole->bond_count < 0 && part->bond_count >= 0) {
    whole->bond_count = part->bond_count;
    take(&whole->bond, &part->bond);
    take(&whole->bond_order, &part->bond_order);
  }
  take(&whole->type, &part->type);
  take(&whole->label, &part->label);
  take(&whole->partial_charge, &part->partial_charge);
  if (!whole->name[0]) memcpy(whole->name, part->name, sizeof whole->name);
  if (!whole->method[0]) memcpy(whole->method, part->method, sizeof whole->method);
}

static int absorb(struct pair *p, struct q2_molecule_record *part, struct q2_error *error) {
  struct q2_frame_change change;
  Q2_TRY(compare_atoms(p, error));
  Q2_TRY(compare_geometry(p, &change, error));
  Q2_TRY(compare_scalars(p, error));
  Q2_TRY(take_hessian(p, &change, part, error));
  if (part->gradient && !p->whole->gradient) {
    if (!change.same) q2_frame_turn_vectors(&change, part->atom_count, part->gradient);
    take(&p->whole->gradient, &part->gradient);
  }
  take_rest(p->whole, part);
  return Q2_OK;
}

/* The part whose frame counts. */
static int leading_part(int count, const struct q2_merged *parts) {
  for (int k = 0; k < count; k++)
    if (parts[k].record.position && parts[k].record.hessian) return k;
  for (int k = 0; k < count; k++)
    if (parts[k].record.position) return k;
  return -1;
}

int q2_merge(int count, struct q2_merged *parts, struct q2_molecule_record *whole, struct q2_error *error) {
  const int lead = leading_part(count, parts);
  if (lead < 0 && count == 1)
    return q2_fail(error, "%s: expected a geometry, or a file of the same name that has one", parts[0].path);
  if (lead < 0)
    return q2_fail(error, "%s: no geometry, neither here nor in the %d files that belong to it", parts[0].path, count - 1);
  *whole = parts[lead].record;
  memset(&parts[lead].record, 0, sizeof parts[lead].record);
  int status = Q2_OK;
  for (int k = 0; k < count && status == Q2_OK; k++) {
    struct pair p = {.whole = whole, .part = &parts[k].record, .whole_path = parts[lead].path, .part_path = parts[k].path};
    if (k != lead) status = absorb(&p, &parts[k].record, error);
    q2_molecule_record_free(&parts[k].record);
  }
  if (status == Q2_OK && !whole->element) status = q2_fail(error, "%s: expected the elements of its atoms", parts[lead].path);
  if (status != Q2_OK) q2_molecule_record_free(whole);
  return status;
}

/* Replaces the array whose pointer is at `place` by a copy. */
static int copy(void *place, const void *from, int64_t count, size_t size, const char *path, struct q2_error *error) {
  void *old, *made;
  if (!from) return Q2_OK;
  memcpy(&old, place, sizeof old);
  free(old);
  made = q2_allocate(count, size);
  memcpy(place, &made, sizeof made);
  if (!made) return q2_fail(error, "%s: out of memory", path);
  memcpy(made, from, (size_t)count * size);
  return Q2_OK;
}

int q2_merge_topology(struct q2_molecule_record *record, const char *path, const struct q2_molecule_record *structure,
                      const char *structure_path, struct q2_error *error) {
  struct pair p = {.whole = record, .part = structure, .whole_path = path, .part_path = structure_path};
  struct q2_frame_change change;
  const int64_t atoms = record->atom_count;
  Q2_TRY(compare_atoms(&p, error));
  Q2_TRY(compare_geometry(&p, &change, error));
  if (structure->bond_count >= 0) {
    record->bond_count = structure->bond_count;
    free(record->bond_order);
    record->bond_order = NULL;
    Q2_TRY(copy(&record->bond, structure->bond, structure->bond_count, sizeof *record->bond, path, error));
    Q2_TRY(copy(&record->bond_order, structure->bond_order, structure->bond_count, sizeof *record->bond_order, path, error));
  }
  Q2_TRY(copy(&record->type, structure->type, atoms, sizeof *record->type, path, error));
  Q2_TRY(copy(&record->label, structure->label, atoms, sizeof *record->label, path, error));
  return copy(&record->partial_charge, structure->partial_charge, atoms, sizeof *record->partial_charge, path, error);
}
