/* Damaged copies of a file for a reader of io/formats. */
#include "damage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

int read_sample(const char *format, const char *bytes, size_t size, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_text text;
  memset(list, 0, sizeof *list);
  error->text[0] = '\0';
  if (q2_text_from_bytes("sample", bytes, size, &text, error) != Q2_OK) abort();
  q2_molecule_format_of(&text);
  const int status = q2_molecule_format_named(format)->read(&text, list, error);
  q2_text_free(&text);
  return status;
}

void read_whole(const char *format, const struct sample *sample, int records, struct q2_molecule_list *list) {
  struct q2_error error;
  struct q2_text text;
  const int status = read_sample(format, sample->text, sample->size, list, &error);
  CHECK(status == Q2_OK, "%s: %s", format, error.text);
  CHECK(list->count == records, "%s: %d records", format, list->count);
  if (status != Q2_OK || list->count != records) exit(1);
  if (q2_text_from_bytes("sample", sample->text, sample->size, &text, &error) != Q2_OK) abort();
  const struct q2_molecule_format *found = q2_molecule_format_of(&text);
  CHECK(found && strcmp(found->name, format) == 0, "%s is taken for %s", format, found ? found->name : "nothing");
  q2_text_free(&text);
}

void check_refused(const char *format, const struct sample *sample, const char *expected) {
  struct q2_molecule_list list;
  struct q2_error error;
  const int status = read_sample(format, sample->text, sample->size, &list, &error);
  CHECK(status == Q2_FAILED, "%s: accepted, expected \"%s\"", format, expected);
  CHECK(status == Q2_OK || strstr(error.text, expected), "%s: \"%s\" in \"%s\"", format, expected, error.text);
  q2_molecule_list_free(&list);
}

void check_refused_with(const char *format, const struct sample *sample, const char *old, const char *new,
                        const char *expected) {
  struct sample copy = {0};
  const char *at = strstr(sample->text, old);
  CHECK(at != NULL, "%s: no \"%s\"", format, old);
  if (!at) return;
  sample_bytes(&copy, sample->text, (size_t)(at - sample->text));
  sample_bytes(&copy, new, strlen(new));
  sample_bytes(&copy, at + strlen(old), strlen(at) - strlen(old));
  check_refused(format, &copy, expected);
  sample_free(&copy);
}

static int same(const void *a, const void *b, size_t size) { return !a || !b || memcmp(a, b, size) == 0; }

/* What files of structures and types have besides (names and methods may have had numbers). */
static int names_agree(const struct q2_molecule_record *record, const struct q2_molecule_record *whole, int all) {
  const size_t n = (size_t)whole->atom_count;
  if (all && (!record->type != !whole->type || !record->label != !whole->label ||
              !record->partial_charge != !whole->partial_charge || record->line != whole->line))
    return 0;
  return same(record->type, whole->type, n * sizeof *whole->type) &&
         same(record->label, whole->label, n * sizeof *whole->label) &&
         same(record->partial_charge, whole->partial_charge, n * sizeof(double));
}

/* Whether what the record has is what the whole one has; both must have the same arrays where `all`. */
static int agrees(const struct q2_molecule_record *record, const struct q2_molecule_record *whole, int all) {
  const size_t n = (size_t)whole->atom_count, real = sizeof(double);
  if (record->atom_count != whole->atom_count || !names_agree(record, whole, all)) return 0;
  if (all && (!record->element != !whole->element || !record->position != !whole->position || !record->mass != !whole->mass ||
              !record->gradient != !whole->gradient || !record->hessian != !whole->hessian ||
              record->frequency_count != whole->frequency_count || record->has_energy != whole->has_energy ||
              record->has_charge != whole->has_charge || record->has_multiplicity != whole->has_multiplicity ||
              record->bond_count != whole->bond_count))
    return 0;
  if (record->frequency_count > 0 && record->frequency_count != whole->frequency_count) return 0;
  if (record->bond_count > 0 && (record->bond_count != whole->bond_count ||
                                 !same(record->bond, whole->bond, (size_t)whole->bond_count * sizeof *whole->bond) ||
                                 !same(record->bond_order, whole->bond_order, (size_t)whole->bond_count * sizeof(int32_t))))
    return 0;
  return same(record->element, whole->element, n * sizeof(int32_t)) && same(record->position, whole->position, 3 * n * real) &&
         same(record->mass, whole->mass, n * real) && same(record->gradient, whole->gradient, 3 * n * real) &&
         same(record->hessian, whole->hessian, (size_t)q2_packed_hessian(whole->atom_count) * real) &&
         (record->frequency_count == 0 || same(record->frequency, whole->frequency, (size_t)whole->frequency_count * real)) &&
         (!record->has_energy || record->energy == whole->energy) && (!record->has_charge || record->charge == whole->charge) &&
         (!record->has_multiplicity || record->multiplicity == whole->multiplicity);
}

/* The same of the records that there are. */
static int records_agree(const struct q2_molecule_list *list, const struct q2_molecule_list *whole, int all) {
  if (list->count > whole->count) return 0;
  for (int m = 0; m < list->count; m++)
    if (!agrees(&list->record[m], &whole->record[m], all)) return 0;
  return 1;
}

static int list_agrees(const struct q2_molecule_list *list, const struct q2_molecule_list *whole) {
  return list->count == whole->count && records_agree(list, whole, 1);
}

static int has_place(const struct q2_error *error) { return strncmp(error->text, "sample:", 7) == 0; }

static void check_cut(const char *format, const struct sample *sample, const struct q2_molecule_list *whole,
                      enum cut_leaves cut) {
  for (size_t size = 0; size < sample->size; size++) {
    struct q2_molecule_list list;
    struct q2_error error;
    char *copy = malloc(size + 1); /* of its own, so that a sanitizer sees what is read beyond */
    if (!copy) abort();
    memcpy(copy, sample->text, size);
    if (read_sample(format, copy, size, &list, &error) == Q2_OK) {
      const int smaller = cut == CUT_LEAVES_LESS && list.count == 1 && list.record[0].atom_count < whole->record[0].atom_count;
      CHECK(smaller || (list.count > 0 && records_agree(&list, whole, cut == CUT_LEAVES_WHOLE)),
            "%s: cut after %zu of %zu bytes", format, size, sample->size);
    } else
      CHECK(has_place(&error), "%s: cut after %zu bytes: \"%s\"", format, size, error.text);
    q2_molecule_list_free(&list);
    free(copy);
  }
}

static int is_number_part(char c) { return isdigit((unsigned char)c) || strchr(".+-eEdD", c); }

/* The length of the number that begins at `at`, 0 if none does. */
static size_t number_at(const struct sample *sample, size_t at) {
  size_t length = 0, digits = 0;
  if (at > 0 && (isalnum((unsigned char)sample->text[at - 1]) || is_number_part(sample->text[at - 1]))) return 0;
  for (; at + length < sample->size && sample->text[at + length] && is_number_part(sample->text[at + length]); length++)
    digits += isdigit((unsigned char)sample->text[at + length]) != 0;
  return digits > 0 ? length : 0;
}

static void check_stars(const char *format, const struct sample *sample, const struct q2_molecule_list *whole, int numbers) {
  int line = 1, located = 0;
  for (size_t at = 0; at < sample->size; at++) {
    line += sample->text[at] == '\n';
    const size_t length = number_at(sample, at);
    if (length == 0) continue;
    struct sample copy = {0};
    struct q2_molecule_list list;
    struct q2_error error;
    char place[32], before[32];
    sample_bytes(&copy, sample->text, sample->size);
    memset(copy.text + at, '*', length);
    snprintf(place, sizeof place, "sample:%d:", line);
    snprintf(before, sizeof before, "sample:%d:", line - 1); /* an archive's number may begin in the line before */
    if (read_sample(format, copy.text, copy.size, &list, &error) == Q2_OK)
      CHECK(list_agrees(&list, whole), "%s: \"%.*s\" in line %d as stars counted for something", format, (int)length,
            sample->text + at, line);
    else {
      CHECK(has_place(&error), "%s: stars in line %d: \"%s\"", format, line, error.text);
      located += strncmp(error.text, place, strlen(place)) == 0 || strncmp(error.text, before, strlen(before)) == 0;
    }
    q2_molecule_list_free(&list);
    sample_free(&copy);
  }
  CHECK(located >= numbers, "%s: %d numbers in stars are refused by line, expected %d", format, located, numbers);
}

/* Every line end becomes `end`; where `exponents`, every E of a number D. */
static void check_same(const char *format, const struct sample *sample, const struct q2_molecule_list *whole, const char *end,
                       int exponents) {
  struct sample copy = {0};
  struct q2_molecule_list list;
  struct q2_error error;
  for (size_t at = 0; at < sample->size; at++) {
    const char *c = sample->text + at;
    if (*c == '\n')
      sample_print(&copy, "%s", end);
    else if (exponents && at > 0 && *c == 'E' && isdigit((unsigned char)c[-1]) && (c[1] == '+' || c[1] == '-'))
      sample_print(&copy, "D");
    else
      sample_bytes(&copy, c, 1);
  }
  const int status = read_sample(format, copy.text, copy.size, &list, &error);
  CHECK(status == Q2_OK, "%s: %s", format, error.text);
  CHECK(status != Q2_OK || list_agrees(&list, whole), "%s: another record with other line ends or exponents", format);
  q2_molecule_list_free(&list);
  sample_free(&copy);
}

static void check_zeros(const char *format, const struct sample *sample) {
  for (size_t at = 0; at < sample->size; at += 3) {
    struct sample copy = {0};
    sample_bytes(&copy, sample->text, sample->size);
    copy.text[at] = '\0';
    check_refused(format, &copy, "byte 0");
    sample_free(&copy);
  }
}

void check_damaged(const char *format, const struct sample *sample, int numbers, enum cut_leaves cut) {
  struct q2_molecule_list whole;
  struct q2_error error;
  const int status = read_sample(format, sample->text, sample->size, &whole, &error);
  CHECK(status == Q2_OK, "%s: %s", format, error.text);
  if (status == Q2_OK) {
    check_cut(format, sample, &whole, cut);
    check_stars(format, sample, &whole, numbers);
    check_same(format, sample, &whole, "\r\n", 0);
    check_same(format, sample, &whole, "\r", 0);
    check_same(format, sample, &whole, "\n", 1);
    check_zeros(format, sample);
  }
  q2_molecule_list_free(&whole);
}
