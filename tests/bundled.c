/* The molecules of the bundled data sets as records. */
#include "bundled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

static void *copy(const void *from, int64_t count, size_t size) {
  void *to = q2_allocate(count, size);
  if (!to) exit(1);
  memcpy(to, from, (size_t)count * size);
  return to;
}

static void path_of(const char *folder, const char *name, char *path, size_t size) {
  const char *source = getenv("Q2HPC_SOURCE");
  snprintf(path, size, "%s/jobs/%s/%s", source ? source : ".", folder, name);
}

void bundled_open(MPI_Comm comm, const char *name, struct q2_dataset *dataset, struct q2_molecule_list *molecules) {
  struct q2_error error = {""};
  char path[4096];
  path_of("data", name, path, sizeof path);
  memset(molecules, 0, sizeof *molecules);
  if (q2_dataset_read(comm, path, dataset, &error) != Q2_OK) {
    fprintf(stderr, "%s\n", error.text);
    exit(1);
  }
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    const int64_t first = dataset->atom_offset[m], atoms = dataset->atom_offset[m + 1] - first;
    const int64_t bonds = dataset->bond_offset[m + 1] - dataset->bond_offset[m];
    struct q2_molecule_record *record = q2_molecule_add(molecules, (int)atoms);
    if (!record) exit(1);
    memcpy(record->name, dataset->name[m].text, sizeof record->name);
    record->element = copy(dataset->element + first, atoms, sizeof *record->element);
    record->mass = copy(dataset->mass + first, atoms, sizeof *record->mass);
    record->position = copy(dataset->position + 3 * first, 3 * atoms, sizeof *record->position);
    record->hessian = copy(dataset->hessian + dataset->hessian_offset[m], q2_packed_hessian(atoms), sizeof *record->hessian);
    record->bond = copy(dataset->bonds + 2 * dataset->bond_offset[m], bonds, sizeof *record->bond);
    record->bond_count = (int)bonds;
    record->has_charge = 1;
    record->charge = dataset->charge[m];
  }
}

struct q2_molecule_record *bundled_find(struct q2_molecule_list *molecules, const char *name) {
  for (int m = 0; m < molecules->count; m++)
    if (strcmp(molecules->record[m].name, name) == 0) return &molecules->record[m];
  return NULL;
}

struct q2_text bundled_typing(const char *name) {
  struct q2_error error = {""};
  struct q2_text text;
  char path[4096];
  path_of("typing", name, path, sizeof path);
  if (q2_text_read(path, &text, &error) != Q2_OK) {
    fprintf(stderr, "%s\n", error.text);
    exit(1);
  }
  return text;
}
