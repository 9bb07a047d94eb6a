/* libFuzzer's target: any bytes to the readers of molecules (io/formats). What a reader accepts must be whole, what it refuses
 * has a message.
 *     fuzz_molecules --list             names the formats
 *     fuzz_molecules --format=NAME ...  that reader; without it the first byte of an input chooses one
 * The rest are libFuzzer's arguments. fuzz.sh runs it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/formats/molecule_formats.h"
#include "fuzz.h"

static const struct q2_molecule_format *chosen;

static int format_count(void) {
  int count = 0;
  while (q2_molecule_formats[count].name)
    count++;
  return count;
}

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  static const char option[] = "--format=";
  for (int k = 1; k < *count; k++) {
    const char *argument = (*arguments)[k];
    if (strcmp(argument, "--list") == 0) {
      for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
        puts(format->name);
      exit(0);
    }
    if (strncmp(argument, option, sizeof option - 1) != 0) continue;
    chosen = q2_molecule_format_named(argument + sizeof option - 1);
    if (!chosen) {
      fprintf(stderr, "there is no format \"%s\"\n", argument + sizeof option - 1);
      exit(1);
    }
  }
  return 0;
}

static void require_finite(const double *values, int64_t count) {
  for (int64_t k = 0; values && k < count; k++)
    require(isfinite(values[k]), "numbers are finite");
}

static void check(const struct q2_molecule_record *record) {
  const int64_t atoms = record->atom_count;
  require(atoms >= 1 && atoms <= Q2_MOST_ATOMS, "1 to Q2_MOST_ATOMS atoms");
  require(memchr(record->name, '\0', sizeof record->name) != NULL, "the name ends");
  require(memchr(record->method, '\0', sizeof record->method) != NULL, "the method ends");
  for (int64_t a = 0; record->element && a < atoms; a++)
    require(record->element[a] >= 1 && record->element[a] <= 118, "elements are 1 to 118");
  require_finite(record->position, 3 * atoms);
  require_finite(record->mass, atoms);
  require_finite(record->gradient, 3 * atoms);
  require_finite(record->hessian, q2_packed_hessian(atoms));
  require_finite(record->frequency, record->frequency_count);
  require_finite(record->partial_charge, atoms);
  require_finite(&record->energy, record->has_energy);
  require(record->bond_count >= -1 && (record->bond_count < 1 || record->bond), "bonds are there");
  for (int64_t b = 0; b < record->bond_count; b++)
    require(record->bond[b][0] >= 0 && record->bond[b][0] < atoms && record->bond[b][1] >= 0 && record->bond[b][1] < atoms &&
                record->bond[b][0] != record->bond[b][1],
            "bonds are between two atoms");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct q2_molecule_format *format = chosen;
  struct q2_text text;
  struct q2_error error = {""};
  struct q2_molecule_list list = {0};
  if (!format) {
    if (size == 0) return 0;
    format = &q2_molecule_formats[data[0] % format_count()];
    data++;
    size--;
  }
  if (q2_text_from_bytes("input", data, size, &text, &error) != Q2_OK) return 0;
  q2_molecule_format_of(&text);
  if (format->read(&text, &list, &error) == Q2_OK) {
    require(list.count > 0, "what is accepted has a molecule");
    for (int m = 0; m < list.count; m++)
      check(&list.record[m]);
  } else
    require(strncmp(error.text, "input", 5) == 0, "a message that names the file");
  q2_molecule_list_free(&list);
  q2_text_free(&text);
  return 0;
}
