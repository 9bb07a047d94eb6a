/* Records of molecules: made, grown, released. */
#include "molecule.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../elements.h"
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

int q2_molecule_begin(struct q2_molecule_list *list, const struct q2_text *text, int line, int64_t atom_count,
                      struct q2_molecule_record **record, struct q2_error *error) {
  if (atom_count < 1 || atom_count > Q2_MOST_ATOMS)
    return q2_text_fail(text, line, error, "expected 1 to %d atoms, found %lld", Q2_MOST_ATOMS, (long long)atom_count);
  Q2_TRY(q2_text_room(text, line, atom_count, "atoms", error));
  *record = q2_molecule_add(list, (int)atom_count);
  if (!*record) return q2_text_fail(text, line, error, "no memory for a molecule");
  (*record)->line = line;
  return Q2_OK;
}

void *q2_molecule_array(const struct q2_text *text, int64_t count, size_t size, struct q2_error *error) {
  void *array = q2_allocate(count, size);
  if (!array) q2_text_fail(text, 0, error, "no memory for %lld numbers", (long long)count);
  return array;
}

int q2_molecule_atoms(const struct q2_text *text, int also, struct q2_molecule_record *record, struct q2_error *error) {
  const int64_t n = record->atom_count;
  record->element = q2_molecule_array(text, n, sizeof *record->element, error);
  record->position = q2_molecule_array(text, 3 * n, sizeof *record->position, error);
  if (also & Q2_ATOM_TYPES) record->type = q2_molecule_array(text, n, sizeof *record->type, error);
  if (also & Q2_ATOM_LABELS) record->label = q2_molecule_array(text, n, sizeof *record->label, error);
  if (also & Q2_ATOM_CHARGES) record->partial_charge = q2_molecule_array(text, n, sizeof *record->partial_charge, error);
  const int complete = record->element && record->position && (record->type || !(also & Q2_ATOM_TYPES)) &&
                       (record->label || !(also & Q2_ATOM_LABELS)) && (record->partial_charge || !(also & Q2_ATOM_CHARGES));
  return complete ? Q2_OK : Q2_FAILED;
}

/* The largest difference of mirror images, relative to the largest element; *row > *column is where. */
static double asymmetry(const double *square, int64_t n, int64_t *row, int64_t *column) {
  double largest = 0, difference = 0;
  *row = *column = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++) {
      const double a = square[i * n + j], b = square[j * n + i];
      largest = fmax(largest, fmax(fabs(a), fabs(b)));
      if (fabs(a - b) > difference) {
        difference = fabs(a - b);
        *row = i;
        *column = j;
      }
    }
  return largest > 0 ? difference / largest : 0;
}

static const double most_asymmetry = 1e-3;

int q2_is_symmetric(const double *square, int64_t n) {
  int64_t row, column;
  return asymmetry(square, n, &row, &column) <= most_asymmetry;
}

int q2_molecule_hessian_from_square(const struct q2_text *text, int line, const double *square,
                                    struct q2_molecule_record *record, struct q2_error *error) {
  const int64_t n = 3 * (int64_t)record->atom_count;
  int64_t row, column;
  if (asymmetry(square, n, &row, &column) > most_asymmetry)
    return q2_text_fail(text, line, error, "the Hessian is not symmetric: element (%lld, %lld) is %g, its mirror image %g",
                        (long long)row + 1, (long long)column + 1, square[row * n + column], square[column * n + row]);
  record->hessian = q2_molecule_array(text, q2_packed_hessian(record->atom_count), sizeof(double), error);
  if (!record->hessian) return Q2_FAILED;
  double *packed = record->hessian;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++)
      *packed++ = 0.5 * square[i * n + j] + 0.5 * square[j * n + i];
  return Q2_OK;
}

int q2_element_of_name(const char *name) {
  char symbol[3] = "";
  size_t length = 0;
  if (isdigit((unsigned char)name[0])) {
    char *end;
    const long number = strtol(name, &end, 10);
    return *end == '\0' && number >= 1 && number <= Q2_ELEMENT_LAST ? (int)number : 0;
  }
  while (isalpha((unsigned char)name[length]))
    length++;
  if (length < 1 || length > 2) return 0;
  symbol[0] = (char)toupper((unsigned char)name[0]);
  if (length == 2) symbol[1] = (char)tolower((unsigned char)name[1]);
  return q2_element_number(symbol);
}

int q2_molecule_element(const struct q2_text *text, int line, const char *name, int32_t *element, struct q2_error *error) {
  *element = q2_element_of_name(name);
  if (*element == 0) return q2_text_fail(text, line, error, "expected an element, found \"%.40s\"", name);
  return Q2_OK;
}

void q2_copy_title(char *text, size_t size, const char *title) {
  while (isspace((unsigned char)*title))
    title++;
  size_t length = strlen(title);
  if (length >= size) length = size - 1;
  while (length > 0 && isspace((unsigned char)title[length - 1]))
    length--;
  memcpy(text, title, length);
  text[length] = '\0';
}
