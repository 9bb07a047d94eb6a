/* Bonds from covalent radii, and from the imaginary mode of a transition state. */
#include "perception.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "../growing.h"
#include "../rigid.h"
#include "measure.h"

/* What the imaginary mode does: displacements [atoms][3], the largest of length 1; NULL: there is no such mode. */
static int imaginary_mode(const struct q2_molecule_record *record, double **displacement, struct q2_error *error) {
  const int atoms = record->atom_count, n = 3 * atoms;
  *displacement = NULL;
  if (!record->hessian || atoms < 2) return Q2_OK;
  double *mass = q2_allocate(atoms, sizeof *mass), *eigenvalue = q2_allocate(n, sizeof *eigenvalue);
  double *vector = q2_allocate((int64_t)n * n, sizeof *vector);
  int modes = -1;
  if (mass && eigenvalue && vector) {
    for (int a = 0; a < atoms; a++)
      mass[a] = record->mass ? record->mass[a] : q2_element_mass(record->element[a]);
    modes = q2_qm_modes(atoms, mass, record->position, record->hessian, 1, eigenvalue, vector);
  }
  const double noise = 50.0 / q2_wavenumber_unit(); /* cm-1: softer modes may be imaginary by accident */
  if (modes > 0 && eigenvalue[0] < -noise * noise) {
    double largest = 0.0;
    for (int a = 0; a < atoms; a++) {
      q2_rescale(vector + 3 * (int64_t)a, 1.0 / sqrt(mass[a]));
      largest = fmax(largest, sqrt(q2_dot(vector + 3 * (int64_t)a, vector + 3 * (int64_t)a)));
    }
    for (int c = 0; c < n; c++)
      vector[c] /= largest;
    *displacement = vector;
    vector = NULL;
  }
  free(mass);
  free(eigenvalue);
  free(vector);
  if (modes < 0)
    return q2_fail(error, "%s: its Hessian cannot be diagonalised: memory is short, or LAPACK fails", record->name);
  return Q2_OK;
}

static int moves(const double *position, const double *displacement, int i, int j) {
  double along[3], apart[3];
  const double r = q2_difference(position + 3 * (int64_t)j, position + 3 * (int64_t)i, along);
  q2_difference(displacement + 3 * (int64_t)j, displacement + 3 * (int64_t)i, apart);
  return fabs(q2_dot(along, apart)) > 0.2 * r;
}

struct found_bond {
  int32_t atoms[2], order;
};

static int is_listed(const struct q2_perception_options *options, int i, int j) {
  for (int k = 0; k < options->partial_count; k++) {
    const int32_t *pair = options->partial[k];
    if ((pair[0] == i && pair[1] == j) || (pair[0] == j && pair[1] == i)) return 1;
  }
  return 0;
}

/* Finds all pairs that are bonded, and those that may be if they share no neighbour: order -1. */
static int find_pairs(const struct q2_molecule_record *record, const struct q2_perception_options *options,
                      const double *displacement, struct q2_growing *found) {
  enum { STRETCHED_PERCENT = 112 };
  for (int i = 0; i < record->atom_count; i++)
    for (int j = i + 1; j < record->atom_count; j++) {
      const double radii_sum = q2_element_radius(record->element[i]) + q2_element_radius(record->element[j]);
      const double r = q2_measure_distance(record->position, i, j);
      const int bonded = r < options->factor * radii_sum + options->addend, listed = is_listed(options, i, j);
      const int moving = displacement &&
                         r < fmax(options->factor * radii_sum + options->addend, options->stretched * radii_sum) &&
                         moves(record->position, displacement, i, j);
      if (!bonded && !listed && !moving) continue;
      struct found_bond *bond = q2_grow(found, 1, sizeof *bond);
      if (!bond) return 0;
      bond->atoms[0] = i;
      bond->atoms[1] = j;
      if (listed || (bonded && moving && r > STRETCHED_PERCENT / 100.0 * radii_sum))
        bond->order = Q2_BOND_PARTIAL;
      else
        bond->order = bonded ? Q2_BOND_UNKNOWN : -1;
    }
  return 1;
}

/* Whether i and j are both bonded to some nonmetal. */
static int share_neighbour(const struct q2_molecule_record *record, const struct found_bond *bond, int64_t count, int i,
                           int j) {
  for (int64_t a = 0; a < count; a++) {
    if (bond[a].order < 0) continue;
    for (int end = 0; end < 2; end++) {
      if (bond[a].atoms[end] != i) continue;
      const int other = bond[a].atoms[1 - end];
      if (q2_element_is_metal(record->element[other])) continue;
      for (int64_t b = 0; b < count; b++)
        if (bond[b].order >= 0 &&
            ((bond[b].atoms[0] == other && bond[b].atoms[1] == j) || (bond[b].atoms[1] == other && bond[b].atoms[0] == j)))
          return 1;
    }
  }
  return 0;
}

static int store_bonds(struct q2_molecule_record *record, const struct found_bond *found, int64_t count) {
  free(record->bond);
  free(record->bond_order);
  record->bond = q2_allocate(count, sizeof *record->bond);
  record->bond_order = q2_allocate(count, sizeof *record->bond_order);
  record->bond_count = 0;
  if (!record->bond || !record->bond_order) return 0;
  for (int64_t k = 0; k < count; k++) {
    struct found_bond bond = found[k];
    if (bond.order < 0) {
      if (share_neighbour(record, found, count, bond.atoms[0], bond.atoms[1])) continue;
      bond.order = Q2_BOND_PARTIAL;
    }
    memcpy(record->bond[record->bond_count], bond.atoms, sizeof bond.atoms);
    record->bond_order[record->bond_count++] = bond.order;
  }
  return 1;
}

static int check_record(const struct q2_molecule_record *record, const struct q2_perception_options *options,
                        struct q2_error *error) {
  if (!record->element || !record->position)
    return q2_fail(error, "%s: bonds are found from elements and positions, and it has no %s", record->name,
                   record->element ? "positions" : "elements");
  for (int a = 0; a < record->atom_count; a++)
    if (q2_element_radius(record->element[a]) == 0.0)
      return q2_fail(error, "%s, atom %d: no covalent radius for %s; expected elements up to %s", record->name, a + 1,
                     q2_element_symbol(record->element[a]), q2_element_symbol(Q2_ELEMENT_LAST_RADIUS));
  for (int k = 0; k < options->partial_count; k++) {
    const int i = options->partial[k][0], j = options->partial[k][1];
    if (i < 0 || j < 0 || i >= record->atom_count || j >= record->atom_count || i == j)
      return q2_fail(error, "%s: partial bond between atoms %d and %d: expected two different atoms from 1 to %d", record->name,
                     i + 1, j + 1, record->atom_count);
  }
  return Q2_OK;
}

int q2_perceive_bonds(struct q2_molecule_record *record, const struct q2_perception_options *options, struct q2_error *error) {
  struct q2_growing found = {0};
  double *displacement;
  Q2_TRY(check_record(record, options, error));
  Q2_TRY(imaginary_mode(record, &displacement, error));
  const int fits = find_pairs(record, options, displacement, &found) && store_bonds(record, found.data, found.count);
  free(found.data);
  free(displacement);
  if (!fits) return q2_fail(error, "%s: no memory for its bonds", record->name);
  return q2_perceive_orders(record, error);
}

int q2_doubtful_bonds(const struct q2_molecule_record *record, char *text, size_t size) {
  int doubts = 0;
  text[0] = '\0';
  for (int a = 0; a < record->atom_count; a++) {
    int count = 0, explained = 0;
    for (int b = 0; b < record->bond_count; b++)
      for (int end = 0; end < 2; end++) {
        if (record->bond[b][end] != a) continue;
        count++;
        explained |= q2_element_is_metal(record->element[record->bond[b][1 - end]]) ||
                     (record->bond_order && record->bond_order[b] == Q2_BOND_PARTIAL);
      }
    const int lone = count == 0 && record->atom_count > 1, twice = count > 1 && record->element[a] == 1 && !explained;
    if (!lone && !twice) continue;
    doubts++;
    const size_t used = strlen(text);
    snprintf(text + used, size - used, lone ? "%satom %d (%s) has no bond" : "%satom %d (%s) has %d bonds", used ? "; " : "",
             a + 1, q2_element_symbol(record->element[a]), count);
  }
  return doubts;
}
