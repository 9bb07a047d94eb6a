/* Bonds and bond orders that are perceived from geometries are those of the bundled molecules, transition states included. */
#include "../src/setup/perception.h"

#include <stdlib.h>
#include <string.h>

#include "../io/elements.h"
#include "bundled.h"
#include "check.h"

static int has_bond(const struct q2_molecule_record *record, int i, int j) {
  for (int b = 0; b < record->bond_count; b++)
    if ((record->bond[b][0] == i && record->bond[b][1] == j) || (record->bond[b][0] == j && record->bond[b][1] == i)) return 1;
  return 0;
}

/* The bundled sets' bonds were made by another program from the same radii (jobs/q2hpc_topology.py). */
static void bonds_are_those_of_the_sets(const char *set, int molecules) {
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  struct q2_error error = {""};
  bundled_open(MPI_COMM_SELF, set, &dataset, &list);
  CHECK(list.count == molecules, "%d", list.count);
  for (int m = 0; m < list.count; m++) {
    struct q2_molecule_record *record = &list.record[m];
    const int32_t *bonds = dataset.bonds + 2 * dataset.bond_offset[m];
    const int64_t expected = dataset.bond_offset[m + 1] - dataset.bond_offset[m];
    CHECK(q2_perceive_bonds(record, &q2_perception_defaults, &error) == Q2_OK, "%s", error.text);
    CHECK(record->bond_count == expected, "%s: %d, %d", record->name, record->bond_count, (int)expected);
    for (int64_t b = 0; b < expected; b++)
      CHECK(has_bond(record, bonds[2 * b], bonds[2 * b + 1]), "%s: %d %d", record->name, bonds[2 * b], bonds[2 * b + 1]);
  }
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
}

static void orders_are(struct q2_molecule_list *list, const char *name, int doubles, int triples, int aromatic, int partial) {
  struct q2_molecule_record *record = bundled_find(list, name);
  struct q2_error error = {""};
  int found[6] = {0};
  CHECK(record != NULL, "%s", name);
  if (!record) return;
  CHECK(q2_perceive_bonds(record, &q2_perception_defaults, &error) == Q2_OK, "%s", error.text);
  for (int b = 0; b < record->bond_count; b++)
    found[record->bond_order[b]]++;
  CHECK(found[Q2_BOND_UNKNOWN] == 0, "%s", name);
  CHECK(found[Q2_BOND_DOUBLE] == doubles, "%s: %d double", name, found[Q2_BOND_DOUBLE]);
  CHECK(found[Q2_BOND_TRIPLE] == triples, "%s: %d triple", name, found[Q2_BOND_TRIPLE]);
  CHECK(found[Q2_BOND_AROMATIC] == aromatic, "%s: %d aromatic", name, found[Q2_BOND_AROMATIC]);
  CHECK(found[Q2_BOND_PARTIAL] == partial, "%s: %d partial", name, found[Q2_BOND_PARTIAL]);
}

static void orders_are_chemistry(void) {
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  bundled_open(MPI_COMM_SELF, "organic_dft.h5", &dataset, &list);
  orders_are(&list, "ethane", 0, 0, 0, 0);
  orders_are(&list, "ethene", 1, 0, 0, 0);
  orders_are(&list, "propyne", 0, 1, 0, 0);
  orders_are(&list, "acetonitrile", 0, 1, 0, 0);
  orders_are(&list, "cyanamide", 0, 1, 0, 0);
  orders_are(&list, "allene", 2, 0, 0, 0);
  orders_are(&list, "ketene", 2, 0, 0, 0);
  orders_are(&list, "glyoxal", 2, 0, 0, 0);
  orders_are(&list, "formamide", 1, 0, 0, 0);
  orders_are(&list, "methanimine", 1, 0, 0, 0);
  orders_are(&list, "ts_sn2_fluoride_fluoromethane", 0, 0, 0, 2);
  orders_are(&list, "ts_ethane_rotation", 0, 0, 0, 0);
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
  bundled_open(MPI_COMM_SELF, "mixed_xtb.h5", &dataset, &list);
  orders_are(&list, "ace_ala_phe_nme", 3, 0, 6, 0);
  orders_are(&list, "adenosine", 0, 0, 10, 0);
  orders_are(&list, "aspirin", 2, 0, 6, 0);
  orders_are(&list, "caffeine", 2, 0, 5, 0);
  orders_are(&list, "diazepam", 2, 0, 12, 0);
  orders_are(&list, "cyclohexane", 0, 0, 0, 0);
  orders_are(&list, "nicotine", 0, 0, 6, 0);
  orders_are(&list, "penicillin_g", 3, 0, 6, 0);
  orders_are(&list, "sulfamethoxazole", 2, 0, 11, 0);
  orders_are(&list, "testosterone", 2, 0, 0, 0);
  orders_are(&list, "nickel_dicarbonyl_pme3", 0, 2, 0, 0);
  orders_are(&list, "toluene_chromium_tricarbonyl", 0, 3, 6, 0);
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
}

/* Two hydrogens 0.75 angstrom apart, a helium far away; factor, addend and list each decide. */
static void options_decide(void) {
  struct q2_molecule_list list = {0};
  struct q2_error error = {""};
  struct q2_molecule_record *record = q2_molecule_add(&list, 3);
  record->element = calloc(3, sizeof *record->element);
  record->position = calloc(9, sizeof *record->position);
  strcpy(record->name, "pair");
  record->element[0] = record->element[1] = 1;
  record->element[2] = 2;
  record->position[3] = 0.75;
  record->position[8] = 5.0;
  struct q2_perception_options options = q2_perception_defaults;
  CHECK(q2_perceive_bonds(record, &options, &error) == Q2_OK && record->bond_count == 1, "%d", record->bond_count);
  options.factor = 1.2;
  CHECK(q2_perceive_bonds(record, &options, &error) == Q2_OK && record->bond_count == 0, "%d", record->bond_count);
  options.addend = 0.01;
  CHECK(q2_perceive_bonds(record, &options, &error) == Q2_OK && record->bond_count == 1, "%d", record->bond_count);
  options = q2_perception_defaults;
  static const int32_t partial[1][2] = {{2, 0}};
  options.partial = partial;
  options.partial_count = 1;
  CHECK(q2_perceive_bonds(record, &options, &error) == Q2_OK && record->bond_count == 2, "%d", record->bond_count);
  CHECK(record->bond_order[1] == Q2_BOND_PARTIAL && record->bond[1][0] == 0 && record->bond[1][1] == 2);
  static const int32_t wrong[1][2] = {{2, 3}};
  options.partial = wrong;
  CHECK(q2_perceive_bonds(record, &options, &error) == Q2_FAILED && strstr(error.text, "pair") && strstr(error.text, "3 and 4"),
        "%s", error.text);
  record->element[2] = 100;
  CHECK(q2_perceive_bonds(record, &q2_perception_defaults, &error) == Q2_FAILED && strstr(error.text, "Fm"), "%s", error.text);
  q2_molecule_list_free(&list);
}

/* Bonds that are longer than any of a minimum are found only where the imaginary mode moves them. */
static void long_bonds_follow_the_imaginary_mode(void) {
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  struct q2_error error = {""};
  bundled_open(MPI_COMM_SELF, "organic_dft.h5", &dataset, &list);
  struct q2_molecule_record *record = bundled_find(&list, "ts_sn2_fluoride_fluoromethane");
  struct q2_perception_options options = q2_perception_defaults;
  options.factor = 1.2;
  options.stretched = 0.0;
  CHECK(q2_perceive_bonds(record, &options, &error) == Q2_OK && record->bond_count == 3, "%d", record->bond_count);
  options.stretched = 1.7;
  CHECK(q2_perceive_bonds(record, &options, &error) == Q2_OK && record->bond_count == 5, "%d", record->bond_count);
  for (int a = 0; a < 9 * record->atom_count * record->atom_count / 2 && a < q2_packed_hessian(record->atom_count); a++)
    record->hessian[a] = fabs(record->hessian[a]) * 0.0; /* no mode is imaginary any more */
  CHECK(q2_perceive_bonds(record, &options, &error) == Q2_OK && record->bond_count == 3, "%d", record->bond_count);
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
}

static void doubts_are_named(void) {
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  struct q2_error error = {""};
  char text[256];
  bundled_open(MPI_COMM_SELF, "organic_dft.h5", &dataset, &list);
  struct q2_molecule_record *record = bundled_find(&list, "methane");
  CHECK(q2_doubtful_bonds(record, text, sizeof text) == 0 && text[0] == '\0', "%s", text);
  record->position[3 * 1] += 20.0;
  CHECK(q2_perceive_bonds(record, &q2_perception_defaults, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_doubtful_bonds(record, text, sizeof text) == 1 && strcmp(text, "atom 2 (H) has no bond") == 0, "%s", text);
  memcpy(record->position + 3, record->position + 6, 3 * sizeof(double));
  record->position[3] += 0.3;
  CHECK(q2_perceive_bonds(record, &q2_perception_defaults, &error) == Q2_OK, "%s", error.text);
  CHECK(q2_doubtful_bonds(record, text, sizeof text) == 2 && strstr(text, "(H) has 2 bonds; atom 3 (H)"), "%s", text);
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
}

static void radii_are_cordero(void) {
  CHECK(q2_element_radius(1) == 0.31 && q2_element_radius(6) == 0.76 && q2_element_radius(9) == 0.57);
  CHECK(q2_element_radius(26) == 1.32 && q2_element_radius(45) == 1.42 && q2_element_radius(53) == 1.39);
  CHECK(q2_element_radius(57) == 2.07 && q2_element_radius(78) == 1.36 && q2_element_radius(96) == 1.69);
  CHECK(q2_element_radius(0) == 0.0 && q2_element_radius(97) == 0.0);
  CHECK(q2_element_is_metal(26) && q2_element_is_metal(3) && !q2_element_is_metal(6) && !q2_element_is_metal(14) &&
        !q2_element_is_metal(1) && q2_element_is_metal(5) == 0);
}

int main(int count, char **arguments) {
  MPI_Init(&count, &arguments);
  bonds_are_those_of_the_sets("organic_dft.h5", 29);
  bonds_are_those_of_the_sets("mixed_xtb.h5", 24);
  orders_are_chemistry();
  options_decide();
  long_bonds_follow_the_imaginary_mode();
  doubts_are_named();
  radii_are_cordero();
  MPI_Finalize();
  return check_result();
}
