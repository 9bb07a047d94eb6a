/* Sealed files: writing. */
#include "sealed.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "durable.h"
#include "hash.h"
#include "sealed_parts.h"

const char *const q2_sealed_previous = ".previous";

struct walk {
  hid_t file;
  struct q2_sealed_part *part;
  int count, failed;
};

/* Notes where a dataset's data are. One without any has no place. */
static herr_t note(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  struct walk *walk = context;
  (void)info;
  hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  if (object >= 0 && H5Iget_type(object) == H5I_DATASET) {
    struct q2_sealed_part part = {.offset = H5Dget_offset(object), .bytes = H5Dget_storage_size(object)};
    const int length = snprintf(part.name, sizeof part.name, "/%s", name);
    if (part.bytes > 0) {
      if (walk->count == Q2_SEALED_PARTS || part.offset == HADDR_UNDEF || length >= (int)sizeof part.name) walk->failed = 1;
      if (!walk->failed) walk->part[walk->count++] = part;
    }
  }
  if (object < 0) walk->failed = 1;
  if (object >= 0) H5Oclose(object);
  return 0;
}

static int by_offset(const void *a, const void *b) {
  const struct q2_sealed_part *first = a, *second = b;
  return (first->offset > second->offset) - (first->offset < second->offset);
}

/* Appends a line to the header. */
static void add(struct q2_sealed_header *header, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct q2_sealed_header *header, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  header->length += (size_t)vsnprintf(header->text + header->length, sizeof header->text - header->length, format, arguments);
  va_end(arguments);
}

/* Writes the lines. The first ones state the header's own size, which depends on their number: all lines have room. */
static void fill(struct q2_sealed_header *header, const struct q2_sealed_part *part, int count, const char *image,
                 size_t size) {
  size_t bytes = 512;
  while (bytes < 256 + (size_t)count * (sizeof part->name + 64))
    bytes *= 2;
  header->bytes = bytes;
  add(header, "%s\nheader %zu, image %zu\n", q2_sealed_magic, bytes, size);
  for (int p = 0; p < count; p++)
    add(header, "%" PRIu64 " %" PRIu64 " %016" PRIx64 " %s\n", part[p].offset, part[p].bytes,
        q2_hash_bytes(Q2_HASH_START, image + part[p].offset, part[p].bytes), part[p].name);
  add(header, "rest %016" PRIx64 "\n", q2_sealed_hash_rest(part, count, image, size));
  add(header, "seal %016" PRIx64 "\n", q2_hash_bytes(Q2_HASH_START, header->text, header->length));
}

uint64_t q2_sealed_hash_rest(const struct q2_sealed_part *part, int count, const char *image, size_t size) {
  uint64_t hash = Q2_HASH_START;
  size_t at = 0;
  for (int p = 0; p < count; p++) {
    hash = q2_hash_bytes(hash, image + at, part[p].offset - at);
    at = part[p].offset + part[p].bytes;
  }
  return q2_hash_bytes(hash, image + at, size - at);
}

static int seal(const char *image, size_t size, struct walk *walk, const char *path, uint64_t *mark, struct q2_error *error) {
  struct q2_sealed_header *header = calloc(1, sizeof *header);
  char *file = NULL;
  int status = Q2_OK;
  if (header) {
    qsort(walk->part, (size_t)walk->count, sizeof *walk->part, by_offset);
    fill(header, walk->part, walk->count, image, size);
    file = malloc(header->bytes + size);
  }
  if (file) {
    memcpy(file, header->text, header->bytes);
    memcpy(file + header->bytes, image, size);
    status = q2_durable_write_keeping(path, q2_sealed_previous, mark, file, header->bytes + size, error);
  } else {
    status = q2_fail(error, "%.600s: no memory for %zu bytes", path, size);
  }
  free(file);
  free(header);
  return status;
}

int q2_sealed_write(const struct q2_image *image, const char *path, uint64_t *mark, struct q2_error *error) {
  struct walk walk = {.file = image->file, .part = calloc(Q2_SEALED_PARTS, sizeof *walk.part)};
  char *bytes = NULL;
  size_t size;
  int status = walk.part ? Q2_OK : q2_fail(error, "no memory for a list of datasets");
  if (status == Q2_OK) status = q2_image_bytes(image, &bytes, &size, error); /* also gives every dataset its place */
  if (status == Q2_OK && (H5Lvisit(walk.file, H5_INDEX_NAME, H5_ITER_INC, note, &walk) < 0 || walk.failed))
    status = q2_fail(error, "its datasets cannot be listed");
  if (status == Q2_OK)
    status = seal(bytes, size, &walk, path, mark, error);
  else
    q2_fail(error, "%.600s: %.400s", path, error->text);
  free(bytes);
  free(walk.part);
  return status;
}
