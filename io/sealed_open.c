/* Sealed files: reading and checking. */
#include "sealed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hash.h"
#include "sealed_parts.h"

struct seal {
  const char *path;
  size_t header, image; /* bytes */
  uint64_t rest;
  int count;
  struct q2_sealed_part part[Q2_SEALED_PARTS];
};

/* Reads the header's sizes and checks that the text before "seal" is as it was written, and zeros follow. Returns the length of
 * that text, or 0. */
static size_t check_header(char *text, size_t length, struct seal *seal) {
  const size_t magic = strlen(q2_sealed_magic);
  if (length < 512 || strncmp(text, q2_sealed_magic, magic) != 0) return 0;
  if (sscanf(text + magic, "\nheader %zu, image %zu\n", &seal->header, &seal->image) != 2) return 0;
  if (seal->header < 512 || seal->header > Q2_SEALED_HEADER || seal->header > length) return 0;
  char *mark = strstr(text, "\nseal ");
  if (!mark || mark >= text + seal->header) return 0;
  const size_t sealed = (size_t)(mark + 1 - text);
  char line[32];
  const int written = snprintf(line, sizeof line, "seal %016" PRIx64 "\n", q2_hash_bytes(Q2_HASH_START, text, sealed));
  if (strncmp(mark + 1, line, (size_t)written) != 0) return 0;
  for (size_t at = sealed + (size_t)written; at < seal->header; at++)
    if (text[at] != '\0') return 0;
  return sealed;
}

/* Reads the lines of datasets. What they say is what was written, but for a forger: places are checked all the same. */
static int read_lines(const char *text, const char *end, struct seal *seal) {
  uint64_t at = 0;
  const char *line = strchr(strchr(text, '\n') + 1, '\n') + 1;
  for (; line < end && strncmp(line, "rest ", 5) != 0; line = strchr(line, '\n') + 1) {
    if (seal->count == Q2_SEALED_PARTS) return 0;
    struct q2_sealed_part *part = &seal->part[seal->count++];
    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %16" SCNx64 " %95s\n", &part->offset, &part->bytes, &part->hash, part->name) != 4)
      return 0;
    if (part->offset < at || part->offset > seal->image || part->bytes > seal->image - part->offset) return 0;
    at = part->offset + part->bytes;
  }
  return line < end && sscanf(line, "rest %16" SCNx64, &seal->rest) == 1;
}

/* What is missing of a file that ends after `found` bytes of its image. */
static int fail_truncated(const struct seal *seal, size_t found, struct q2_error *error) {
  const char *name = "the HDF5 structure";
  for (int p = 0; p < seal->count; p++)
    if (seal->part[p].offset + seal->part[p].bytes > found) {
      name = seal->part[p].name;
      break;
    }
  return q2_fail(error, "%.600s: %s: expected a file of %zu bytes, found %zu: it is cut short", seal->path, name,
                 seal->header + seal->image, seal->header + found);
}

static int check_image(const struct seal *seal, const char *image, struct q2_error *error) {
  for (int p = 0; p < seal->count; p++) {
    const struct q2_sealed_part *part = &seal->part[p];
    const uint64_t hash = q2_hash_bytes(Q2_HASH_START, image + part->offset, part->bytes);
    if (hash != part->hash)
      return q2_fail(error, "%.600s: %s: expected the checksum %016" PRIx64 ", found %016" PRIx64 ": it is damaged", seal->path,
                     part->name, part->hash, hash);
  }
  const uint64_t rest = q2_sealed_hash_rest(seal->part, seal->count, image, seal->image);
  if (rest == seal->rest) return Q2_OK;
  return q2_fail(error, "%.600s: the HDF5 structure: expected the checksum %016" PRIx64 ", found %016" PRIx64 ": it is damaged",
                 seal->path, seal->rest, rest);
}

static int read_file(FILE *file, struct seal *seal, struct q2_sealed *sealed, struct q2_error *error) {
  char *text = calloc(Q2_SEALED_HEADER + 1, 1);
  struct stat status;
  if (!text) return q2_fail(error, "%.600s: no memory", seal->path);
  const size_t length = fread(text, 1, Q2_SEALED_HEADER, file), sealed_length = check_header(text, length, seal);
  const int good = sealed_length > 0 && read_lines(text, text + sealed_length, seal);
  free(text);
  if (!good)
    return q2_fail(error, "%.600s: expected a checkpoint of q2hpc, found another file, or one whose header is damaged",
                   seal->path);
  if (fstat(fileno(file), &status) != 0) return q2_fail(error, "%.600s: %s", seal->path, strerror(errno));
  const size_t found = (size_t)status.st_size;
  if (found < seal->header + seal->image) return fail_truncated(seal, found - seal->header, error);
  if (found > seal->header + seal->image)
    return q2_fail(error, "%.600s: expected a file of %zu bytes, found %zu: something was appended", seal->path,
                   seal->header + seal->image, found);
  sealed->bytes = malloc(found);
  if (!sealed->bytes) return q2_fail(error, "%.600s: no memory for %zu bytes", seal->path, found);
  if (fseek(file, 0, SEEK_SET) != 0 || fread(sealed->bytes, 1, found, file) != found)
    return q2_fail(error, "%.600s: cannot be read: %s", seal->path, strerror(errno));
  return check_image(seal, sealed->bytes + seal->header, error);
}

int q2_sealed_open(const char *path, struct q2_sealed *sealed, struct q2_error *error) {
  memset(sealed, 0, sizeof *sealed);
  struct seal *seal = calloc(1, sizeof *seal);
  if (!seal) return q2_fail(error, "%.600s: no memory", path);
  seal->path = path;
  FILE *file = fopen(path, "rb");
  int status = file ? read_file(file, seal, sealed, error) : q2_fail(error, "%.600s: %s", path, strerror(errno));
  if (file) fclose(file);
  if (status == Q2_OK) status = q2_hdf5_open_bytes(sealed->bytes + seal->header, seal->image, path, &sealed->hdf5, error);
  free(seal);
  if (status != Q2_OK) q2_sealed_close(sealed);
  return status;
}

int q2_sealed_check(const char *path, struct q2_error *error) {
  char begin[sizeof q2_sealed_magic] = "";
  struct q2_sealed sealed;
  FILE *file = fopen(path, "rb");
  const int is_sealed =
      file && fread(begin, 1, sizeof begin - 1, file) == sizeof begin - 1 && strcmp(begin, q2_sealed_magic) == 0;
  if (file) fclose(file);
  if (!is_sealed) return Q2_OK;
  const int status = q2_sealed_open(path, &sealed, error);
  q2_sealed_close(&sealed);
  return status;
}

void q2_sealed_close(struct q2_sealed *sealed) {
  q2_hdf5_close(&sealed->hdf5);
  free(sealed->bytes);
  memset(sealed, 0, sizeof *sealed);
}
