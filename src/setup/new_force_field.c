/* A new force field from the types of all molecules together: rows for what occurs, equilibrium values at the means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/elements.h"
#include "../../io/memory.h"
#include "../../kernels/accumulator.h"
#include "../parameter_kinds.h"
#include "assign_parts.h"
#include "builder_unify.h"
#include "measure.h"
#include "perception.h"

/* A combination as a text, which ranks can compare and sort: family, types, then partial bonds and class of angle. */
enum { KEY = 128 };

enum family { TYPE = 'a', BOND, ANGLE, UREY_BRADLEY, TORSION, IMPROPER };

struct combination {
  char key[KEY];
  int64_t limbs[Q2_LIMBS], count; /* exact sum of the values, and how many */
  int32_t bits;                   /* of torsions: 1 << hybridisations (below) that occur */
};

struct collector {
  MPI_Comm comm;
  const struct q2_builder *builder;
  const struct q2_molecule_record *record;
  const struct q2_topology *topology;
  struct q2_growing combinations; /* this rank's */
  struct q2_lookup found;
  char *all; /* [count][KEY] those of all ranks, sorted */
  int count;
  int64_t *sums; /* [count][Q2_LIMBS + 1] limbs, then the count */
  int32_t *bits; /* [count] */
  struct q2_error *error;
};

/* --- collecting --- */

static int add(struct collector *c, const char *key, double value, int bits) {
  const int64_t known = c->found.count, number = q2_lookup_add(&c->found, key, strlen(key));
  if (number < 0 || (number == known && !q2_grow(&c->combinations, 1, sizeof(struct combination))))
    return q2_fail(c->error, "no memory for a force field of types");
  struct combination *at = (struct combination *)c->combinations.data + number;
  if (number == known) strcpy(at->key, key);
  q2_accumulate(at->limbs, value);
  at->count++;
  at->bits |= bits;
  return Q2_OK;
}

static void write_key(const struct collector *c, enum family family, const int *atoms, int count, int backwards, int partial,
                      int class, char key[KEY]) {
  int length = snprintf(key, KEY, "%c", (char)family), bits = 0;
  for (int k = 0; k < count; k++)
    length +=
        snprintf(key + length, (size_t)(KEY - length), "\t%s", c->record->type[atoms[backwards ? count - 1 - k : k]].text);
  for (int b = 0; b + 1 < count; b++)
    if (partial & 1 << (backwards ? count - 2 - b : b)) bits |= 1 << b;
  snprintf(key + length, (size_t)(KEY - length), "\t%d\t%d", bits, class);
}

/* The same combination from both ends: the key that sorts first. */
static int add_chain(struct collector *c, enum family family, const int *atoms, int count, int class, double value, int bits) {
  const int partial = q2_partial_bonds(c->record, c->topology, atoms, count);
  char key[2][KEY];
  for (int backwards = 0; backwards < 2; backwards++)
    write_key(c, family, atoms, count, backwards, partial, class, key[backwards]);
  return add(c, key[strcmp(key[1], key[0]) < 0], value, bits);
}

static int collect_types(struct collector *c) {
  for (int atom = 0; atom < c->record->atom_count; atom++) {
    char key[KEY];
    snprintf(key, KEY, "%c\t%s\t%d\t0", TYPE, c->record->type[atom].text, (int)c->record->element[atom]);
    Q2_TRY(add(c, key, 0.0, 0));
  }
  return Q2_OK;
}

static int collect_bonds(struct collector *c) {
  for (int b = 0; b < c->record->bond_count; b++) {
    const int atoms[2] = {c->record->bond[b][0], c->record->bond[b][1]};
    Q2_TRY(add_chain(c, BOND, atoms, 2, 0, q2_measure_distance(c->record->position, atoms[0], atoms[1]), 0));
  }
  return Q2_OK;
}

/* Between the ends of two partial bonds there is a Urey-Bradley term that couples them: without it one constant for both would
 * make the symmetric stretch of a symmetric transition state as imaginary as the antisymmetric one. */
static int collect_angles(struct collector *c) {
  const double *position = c->record->position;
  for (int n = 0; n < c->topology->angle_count; n++) {
    const int32_t *angle = c->topology->angle[n];
    const int atoms[3] = {angle[0], angle[1], angle[2]};
    const double degrees = q2_measure_angle(position, atoms[0], atoms[1], atoms[2]) * 180.0 / Q2_PI;
    Q2_TRY(add_chain(c, ANGLE, atoms, 3, q2_angle_class(c->record, atoms), degrees, 0));
    if (q2_partial_bonds(c->record, c->topology, atoms, 3) == 3)
      Q2_TRY(add_chain(c, UREY_BRADLEY, atoms, 3, 0, q2_measure_distance(position, atoms[0], atoms[2]), 0));
  }
  return Q2_OK;
}

/* 1: sp3 (and oxygen or sulfur between two atoms); 0: sp2 or sp. Metals do not count as neighbours. */
static int is_tetrahedral(const struct collector *c, int atom) {
  const int element = c->record->element[atom];
  int count = 0, ligand[3];
  for (int n = c->topology->start[atom]; n < c->topology->start[atom + 1]; n++)
    count += !q2_element_is_metal(c->record->element[c->topology->neighbour[n]]);
  if (element == 8 || element == 16 || element == 34) return count > 1;
  if (element == 7 || element == 15)
    return count > 3 || (count == 3 && !(element == 7 && q2_planar_ligands(c->record, c->topology, atom, 1, ligand)));
  return count > 3;
}

static int collect_torsions(struct collector *c) {
  for (int n = 0; n < c->topology->torsion_count; n++) {
    const int32_t *t = c->topology->torsion[n];
    const int atoms[4] = {t[0], t[1], t[2], t[3]};
    if (q2_torsion_left_out(c->record, c->topology, atoms)) continue;
    Q2_TRY(add_chain(c, TORSION, atoms, 4, 0, 0.0, 1 << (is_tetrahedral(c, atoms[1]) + is_tetrahedral(c, atoms[2]))));
  }
  return Q2_OK;
}

static int collect_planar(struct collector *c) {
  for (int centre = 0; centre < c->record->atom_count; centre++) {
    int ligand[3];
    char key[KEY];
    if (!q2_planar_ligands(c->record, c->topology, centre, 1, ligand)) continue;
    write_key(c, IMPROPER, (const int[]){ligand[0], ligand[1], centre, ligand[2]}, 4, 0, 0, 0, key);
    Q2_TRY(add(c, key, 0.0, 0));
  }
  return Q2_OK;
}

static int collect(struct collector *c) {
  for (int m = 0; m < q2_builder_molecule_count(c->builder); m++) {
    c->record = q2_builder_molecule(c->builder, m);
    c->topology = q2_builder_topology(c->builder, m);
    if (!c->record->type) return q2_fail(c->error, "%s has no atom types", c->record->name);
    Q2_TRY(collect_types(c));
    Q2_TRY(collect_bonds(c));
    Q2_TRY(collect_angles(c));
    Q2_TRY(collect_torsions(c));
    Q2_TRY(collect_planar(c));
  }
  return Q2_OK;
}

/* --- the combinations of all ranks --- */

static int unify(struct collector *c) {
  const struct combination *mine = c->combinations.data;
  char *keys = q2_allocate(c->combinations.count, KEY);
  for (int64_t k = 0; keys && k < c->combinations.count; k++)
    memcpy(keys + k * KEY, mine[k].key, KEY);
  int status = q2_agree(c->comm, keys ? Q2_OK : q2_fail(c->error, "no memory for a force field of types"), c->error);
  if (status == Q2_OK) status = q2_unify_texts(c->comm, keys, (int)c->combinations.count, KEY, &c->all, &c->count, c->error);
  free(keys);
  Q2_TRY(status);
  c->sums =
      q2_allocate_everywhere(c->comm, (int64_t)c->count * (Q2_LIMBS + 1), sizeof *c->sums, "a force field of types", c->error);
  if (!c->sums) return Q2_FAILED;
  c->bits = q2_allocate_everywhere(c->comm, c->count, sizeof *c->bits, "a force field of types", c->error);
  if (!c->bits) return Q2_FAILED;
  for (int64_t k = 0; k < c->combinations.count; k++) {
    const int place = q2_unified_text(c->all, c->count, KEY, mine[k].key);
    memcpy(c->sums + (int64_t)place * (Q2_LIMBS + 1), mine[k].limbs, sizeof mine[k].limbs);
    c->sums[(int64_t)place * (Q2_LIMBS + 1) + Q2_LIMBS] = mine[k].count;
    c->bits[place] = mine[k].bits;
  }
  MPI_Allreduce(MPI_IN_PLACE, c->sums, c->count * (Q2_LIMBS + 1), MPI_INT64_T, MPI_SUM, c->comm);
  MPI_Allreduce(MPI_IN_PLACE, c->bits, c->count, MPI_INT32_T, MPI_BOR, c->comm);
  return Q2_OK;
}

/* --- rows --- */

/* Takes a key apart: its types, and the two numbers behind them. */
static int read_key(const char *key, struct q2_type_name *name, int numbers[2]) {
  const char *part[8];
  int parts = 0;
  for (const char *at = strchr(key, '\t'); at && parts < 8; at = strchr(at + 1, '\t'))
    part[parts++] = at + 1;
  for (int k = 0; k < parts - 2; k++)
    snprintf(name[k].text, sizeof name[k].text, "%.*s", (int)strcspn(part[k], "\t"), part[k]);
  for (int k = 0; k < 2; k++)
    numbers[k] = atoi(part[parts - 2 + k]);
  return parts - 2;
}

static int add_type(struct q2_force_field *field, const struct q2_type_name *name, int element, struct q2_error *error) {
  struct q2_atom_type type = {.name = *name, .class_name = *name, .element = element, .mass = q2_element_mass(element)};
  const struct q2_atom_type *last = field->type_count ? &field->type[field->type_count - 1] : NULL;
  if (last && strcmp(last->name.text, name->text) == 0)
    return q2_fail(error, "the type %s is given to %s and to %s: a force field of types needs another type for each element",
                   name->text, q2_element_symbol(last->element), q2_element_symbol(element));
  return q2_force_field_add_type(field, &type, error);
}

static struct q2_file_number number_of(double value, const char *unit) {
  struct q2_file_number number = {.value = value, .multiplier = 1.0};
  snprintf(number.unit, sizeof number.unit, "%s", unit);
  return number;
}

/* A bond, angle or Urey-Bradley row: constant and equilibrium value. A straight angle bends about 180 degrees: with any other
 * equilibrium value its energy has a cusp there. */
static int add_spring(struct q2_force_field *field, struct q2_type_row *row, int family, double mean, struct q2_error *error) {
  static const struct {
    const char *form, *kind, *units[2];
  } springs[] = {{"bond_harmonic", "bond_k", {"kcal/mol/angstrom^2", "angstrom"}},
                 {"angle_harmonic", "angle_k", {"kcal/mol/rad^2", "degree"}},
                 {"urey_bradley", "urey_bradley_k", {"kcal/mol/angstrom^2", "angstrom"}}};
  const int k = family - BOND;
  strcpy(row->form, springs[k].form);
  row->parameter_count = 2;
  const double weak = 50.0; /* between atoms that are not bonded */
  row->parameter[0] =
      number_of(family == UREY_BRADLEY ? weak : q2_force_constant_find(springs[k].kind)->standard, springs[k].units[0]);
  row->parameter[1] = number_of(row->angle_class == 1 ? 180.0 : mean, springs[k].units[1]);
  return q2_force_field_add_row(field, row, error);
}

static int add_fourier(struct q2_force_field *field, struct q2_type_row *row, const char *form, int periodicity, double barrier,
                       struct q2_error *error) {
  strcpy(row->form, form);
  row->parameter_count = 2;
  row->parameter[0] = number_of(barrier, "kcal/mol");
  row->parameter[1] = number_of(periodicity == 2 ? 180.0 : 0.0, "degree");
  row->constant = periodicity;
  Q2_TRY(q2_force_field_add_row(field, row, error));
  row->component++;
  return Q2_OK;
}

/* Two-fold about bonds between planar atoms, three-fold between tetrahedral ones, a little of both between the two. */
static int add_torsion(struct q2_force_field *field, struct q2_type_row *row, int bits, struct q2_error *error) {
  const int planar = bits & 1, mixed = bits & 2, tetrahedral = bits & 4;
  if (planar || mixed) Q2_TRY(add_fourier(field, row, "torsion_fourier", 2, mixed ? 0.05 : 2.0, error));
  if (tetrahedral || mixed) Q2_TRY(add_fourier(field, row, "torsion_fourier", 3, mixed ? 0.05 : 0.15, error));
  return Q2_OK;
}

static int add_rows(const struct collector *c, struct q2_force_field *field) {
  for (int k = 0; k < c->count; k++) {
    const char *key = c->all + (int64_t)k * KEY;
    const int64_t *sums = c->sums + (int64_t)k * (Q2_LIMBS + 1);
    struct q2_type_row row = {.names = Q2_BY_TYPE};
    struct q2_type_name name[8];
    int numbers[2];
    memset(name, 0, sizeof name);
    row.atom_count = read_key(key, name, numbers);
    if (key[0] == TYPE) {
      Q2_TRY(add_type(field, &name[0], numbers[0], c->error));
      continue;
    }
    memcpy(row.atom, name, sizeof row.atom);
    row.partial = numbers[0];
    row.angle_class = numbers[1];
    if (key[0] == TORSION)
      Q2_TRY(add_torsion(field, &row, c->bits[k], c->error));
    else if (key[0] == IMPROPER)
      Q2_TRY(add_fourier(field, &row, "improper_fourier", 2, 2.0, c->error));
    else
      Q2_TRY(add_spring(field, &row, key[0], q2_accumulated(sums) / (double)sums[Q2_LIMBS], c->error));
  }
  return Q2_OK;
}

static int make(struct collector *c, struct q2_force_field *field) {
  strcpy(field->format, "types");
  strcpy(field->name, "the new force field");
  field->vdw_14 = field->coulomb_14 = field->dielectric = 1.0;
  field->improper_centre = Q2_IMPROPER_CENTRE_THIRD;
  Q2_TRY(q2_agree(c->comm, collect(c), c->error));
  Q2_TRY(unify(c));
  return q2_agree(c->comm, add_rows(c, field), c->error);
}

int q2_force_field_of_types(MPI_Comm comm, const struct q2_builder *builder, struct q2_force_field *field,
                            struct q2_error *error) {
  struct collector c = {.comm = comm, .builder = builder, .error = error};
  memset(field, 0, sizeof *field);
  const int status = make(&c, field);
  free(c.combinations.data);
  q2_lookup_free(&c.found);
  free(c.all);
  free(c.sums);
  free(c.bits);
  if (status != Q2_OK) q2_force_field_free(field);
  return status;
}
