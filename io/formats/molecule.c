/* Records of molecules: made, grown, released. */
#include "molecule.h"

#include <stdlib.h>
#include <string.h>

#include "../memory.h"

struct q2_molecule_record *q2_molecule_add(struct q2_molecule_list *list, int atom_count) {
  if (list->count == list->capacity) {
    const int capacity = list->capacity ? 2 * list->capacity : 8;
    struct q2_molecule_record *grown = realloc(list->record, (size_t)capacity * sizeof *grown);
    if (!grown) return NULL;
    list->record = grown;
    list->capacity = capacity;
  }
  struct q2_molecule_record *record = &list->record[list->count++];
  memset(record, 0, sizeof *record);
  record->atom_count = atom_count;
  record->bond_count = -1;
  return record;
}

void q2_molecule_record_free(struct q2_molecule_record *record) {
  free(record->element);
  free(record->position);
  free(record->mass);
  free(record->gradient);
  free(record->hessian);
  free(record->frequency);
  free(record->bond);
  free(record->bond_order);
  free(record->type);
  free(record->label);
  free(record->partial_charge);
  memset(record, 0, sizeof *record);
}

void q2_molecule_list_free(struct q2_molecule_list *list) {
  for (int m = 0; m < list->count; m++)
    q2_molecule_record_free(&list->record[m]);
  free(list->record);
  memset(list, 0, sizeof *list);
}
