/* libFuzzer's target: any bytes to the readers of force fields (io/formats). What a reader accepts can be written, or is
 * refused with a message; what it wrote it reads again.
 *
 *     fuzz_force_fields --list             names the formats
 *     fuzz_force_fields --format=NAME ...  that reader; without it the first byte of an input chooses one
 *
 * The rest are libFuzzer's arguments. fuzz.sh runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/formats/force_field.h"
#include "../../io/formats/mm3star.h"
#include "fuzz.h"

static const char mm3star[] = "mm3star";
static const char *chosen;

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  static const char option[] = "--format=";
  for (int k = 1; k < *count; k++) {
    const char *argument = (*arguments)[k];
    if (strcmp(argument, "--list") == 0) {
      for (const struct q2_force_field_format *format = q2_force_field_formats; format->name; format++)
        puts(format->name);
      puts(mm3star);
      exit(0);
    }
    if (strncmp(argument, option, sizeof option - 1) == 0) chosen = argument + sizeof option - 1;
  }
  require(!chosen || strcmp(chosen, mm3star) == 0 || q2_force_field_format_named(chosen), "there is such a format");
  return 0;
}

static void read_mm3star(const struct q2_text *text) {
  struct q2_error error = {""};
  struct q2_mm3star *field;
  if (q2_mm3star_read(text, &field, &error) == Q2_OK)
    require(field != NULL, "what is accepted is there");
  else
    require(field == NULL && strncmp(error.text, "input", 5) == 0, "a message that names the file");
  q2_mm3star_free(field);
}

/* What the format itself wrote. */
static void read_again(const struct q2_force_field_format *format, const char *bytes, size_t size) {
  struct q2_error error = {""};
  struct q2_force_field field = {0};
  struct q2_text text;
  if (q2_text_from_bytes("written", bytes, size, &text, &error) != Q2_OK) return;
  if (format->read(&text, &field, &error) != Q2_OK) {
    fprintf(stderr, "%s\n%.*s\n", error.text, (int)size, bytes);
    require(0, "what is written is read");
  }
  q2_force_field_free(&field);
  q2_text_free(&text);
}

static void read_and_write(const struct q2_force_field_format *format, const struct q2_text *text) {
  struct q2_error error = {""};
  struct q2_force_field field = {0};
  char *bytes = NULL;
  size_t size = 0;
  if (format->read(text, &field, &error) != Q2_OK)
    require(strncmp(error.text, "input", 5) == 0, "a message that names the file");
  else if (format->write(&field, &bytes, &size, &error) == Q2_OK)
    read_again(format, bytes, size);
  else
    require(error.text[0] != '\0', "what is not written has a reason");
  free(bytes);
  q2_force_field_free(&field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct q2_error error;
  struct q2_text text;
  const struct q2_force_field_format *format = chosen ? q2_force_field_format_named(chosen) : NULL;
  if (!chosen) {
    int count = 0;
    while (q2_force_field_formats[count].name)
      count++;
    if (size == 0) return 0;
    const int number = data[0] % (count + 1);
    format = number < count ? &q2_force_field_formats[number] : NULL;
    data++;
    size--;
  }
  if (q2_text_from_bytes("input", data, size, &text, &error) != Q2_OK) return 0;
  q2_force_field_format_of(&text);
  q2_mm3star_recognises(&text);
  if (format)
    read_and_write(format, &text);
  else
    read_mm3star(&text);
  q2_text_free(&text);
  return 0;
}
