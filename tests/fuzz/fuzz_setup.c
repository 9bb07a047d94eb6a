/* libFuzzer's target: any bytes to the readers of files that tell q2hpc import what to do (src/setup): rules of typing, lists
 * of observables, manifests. What is accepted can be used; what is not is refused by the name of the file.
 *
 *     fuzz_setup --list             names the kinds of files
 *     fuzz_setup --format=NAME ...  that reader; without it the first byte of an input chooses one
 *
 * The rest are libFuzzer's arguments. fuzz.sh runs it. */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../src/setup/recipes.h"
#include "../../src/setup/sources_list.h"
#include "../../src/setup/typing.h"
#include "fuzz.h"

/* A path that has these bytes behind it. */
static const char *as_file(const uint8_t *data, size_t size) {
  static int file = -1;
  static char path[64];
  if (file < 0) file = memfd_create("input", 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  require(file >= 0 && ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size, "there is room for a file");
  return path;
}

static void judge(int status, const struct q2_error *error, const char *path) {
  if (status != Q2_OK) require(strncmp(error->text, path, strlen(path)) == 0, "a message that names the file");
}

static void read_typing(const uint8_t *data, size_t size) {
  struct q2_typing_rules *rules = NULL;
  struct q2_error error = {""};
  struct q2_text text;
  if (q2_text_from_bytes("input", data, size, &text, &error) != Q2_OK) return;
  judge(q2_typing_read(&text, &rules, &error), &error, "input");
  q2_typing_free(rules);
  q2_text_free(&text);
}

static void read_observables(const uint8_t *data, size_t size) {
  struct q2_recipe *recipe = NULL;
  struct q2_error error = {""};
  char kinds[4096];
  const char *path = as_file(data, size);
  const int status = q2_recipe_read(path, "", &recipe, &error);
  judge(status, &error, path);
  if (status == Q2_OK) q2_recipe_describe(recipe, kinds, sizeof kinds);
  q2_recipe_free(recipe);
}

/* The weights of the command line. */
static void read_weights(const uint8_t *data, size_t size) {
  struct q2_recipe *recipe = NULL;
  struct q2_error error = {""};
  char *text = calloc(size + 1, 1);
  require(text != NULL, "there is memory");
  memcpy(text, data, size);
  judge(q2_recipe_read("all", text, &recipe, &error), &error, "option -weights");
  q2_recipe_free(recipe);
  free(text);
}

static void read_manifest(const uint8_t *data, size_t size) {
  struct q2_source_list list = {0};
  struct q2_error error = {""};
  const char *path = as_file(data, size);
  judge(q2_source_read_manifest(&list, path, &error), &error, path);
  free(list.source.data);
  free(list.file.data);
  free(list.text.data);
  free(list.found.data);
}

static const struct reader {
  const char *name;
  void (*read)(const uint8_t *data, size_t size);
} readers[] = {
    {"typing", read_typing}, {"observables", read_observables}, {"weights", read_weights}, {"manifest", read_manifest}};
enum { READERS = sizeof readers / sizeof *readers };
static const struct reader *chosen;

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  static const char option[] = "--format=";
  for (int k = 1; k < *count; k++) {
    const char *argument = (*arguments)[k];
    for (int r = 0; r < READERS; r++) {
      if (strcmp(argument, "--list") == 0) puts(readers[r].name);
      if (strncmp(argument, option, sizeof option - 1) == 0 && strcmp(argument + sizeof option - 1, readers[r].name) == 0)
        chosen = &readers[r];
    }
    if (strcmp(argument, "--list") == 0) exit(0);
    require(strncmp(argument, option, sizeof option - 1) != 0 || chosen, "there is such a reader");
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (chosen)
    chosen->read(data, size);
  else if (size > 0)
    readers[data[0] % READERS].read(data + 1, size - 1);
  return 0;
}
