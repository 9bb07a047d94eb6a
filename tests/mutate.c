/* Damage to HDF5 files. */
#define _XOPEN_SOURCE 700
#include "mutate.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                                                        \
  do {                                                                                                                         \
    if (!(condition)) {                                                                                                        \
      fprintf(stderr, "mutate.c:%d: not true: %s\n", __LINE__, #condition);                                                    \
      abort();                                                                                                                 \
    }                                                                                                                          \
  } while (0)

struct marks {
  unsigned char *is_data;
  size_t size;
};

/* Marks what is contiguous data. Chunks, which are small here, count as structure. */
static herr_t mark(hid_t root, const char *name, const H5L_info_t *info, void *context) {
  struct marks *marks = context;
  hid_t object = H5Oopen(root, name, H5P_DEFAULT);
  (void)info;
  if (object >= 0 && H5Iget_type(object) == H5I_DATASET) {
    hid_t list = H5Dget_create_plist(object);
    const haddr_t offset = H5Pget_layout(list) == H5D_CONTIGUOUS ? H5Dget_offset(object) : HADDR_UNDEF;
    const hsize_t bytes = H5Dget_storage_size(object);
    if (offset != HADDR_UNDEF && offset + bytes <= marks->size) memset(marks->is_data + offset, 1, bytes);
    H5Pclose(list);
  }
  if (object >= 0) H5Oclose(object);
  return 0;
}

void mutable_file_load(const char *path, struct mutable_file *file) {
  FILE *input = fopen(path, "rb");
  MUST(input && fseek(input, 0, SEEK_END) == 0);
  file->size = (size_t)ftell(input);
  file->bytes = malloc(file->size);
  file->structure = malloc(file->size * sizeof *file->structure);
  struct marks marks = {calloc(file->size, 1), file->size};
  MUST(file->bytes && file->structure && marks.is_data && fseek(input, 0, SEEK_SET) == 0);
  MUST(fread(file->bytes, 1, file->size, input) == file->size);
  fclose(input);
  hid_t id = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  MUST(id >= 0 && H5Lvisit(id, H5_INDEX_NAME, H5_ITER_INC, mark, &marks) >= 0);
  H5Fclose(id);
  file->structure_count = 0;
  for (size_t k = 0; k < file->size; k++)
    if (!marks.is_data[k]) file->structure[file->structure_count++] = k;
  free(marks.is_data);
}

void mutable_file_free(struct mutable_file *file) {
  free(file->bytes);
  free(file->structure);
  *file = (struct mutable_file){0};
}

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t next(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* Three of four times in the structure. */
static size_t place(const struct mutable_file *file, uint64_t *state) {
  if (next(state) % 4) return file->structure[next(state) % file->structure_count];
  return next(state) % file->size;
}

static uint64_t telling_word(const struct mutable_file *file, uint64_t *state) {
  const uint64_t words[] = {0,
                            1,
                            UINT64_MAX,
                            INT64_MAX,
                            UINT32_MAX,
                            INT32_MAX,
                            UINT64_C(1) << 32,
                            UINT64_C(1) << 40,
                            UINT64_C(1) << 61,
                            file->size,
                            file->size - 8,
                            next(state) % file->size,
                            next(state)};
  return words[next(state) % (sizeof words / sizeof *words)];
}

/* Applies one change to bytes[size]; the size may shrink. */
static void change(const struct mutable_file *file, uint64_t *state, unsigned char *bytes, size_t *size) {
  const size_t at = place(file, state), from = place(file, state);
  const size_t wanted = (size_t)1 << next(state) % 10, last = *size - (at > from ? at : from);
  if (at >= *size || from >= *size) return;
  const size_t length = wanted < last ? wanted : last;
  const uint64_t word = telling_word(file, state);
  switch (next(state) % 12) {
  case 0:
  case 1:
  case 2:
    bytes[at] ^= (unsigned char)(1u << next(state) % 8);
    break;
  case 3:
    bytes[at] = (unsigned char)next(state);
    break;
  case 4:
    bytes[at] = (unsigned char)("\x00\x01\x7f\x80\xff"[next(state) % 5]);
    break;
  case 5:
  case 6: /* at words, as most of HDF5's addresses and sizes are */
    if (*size >= 8) memcpy(bytes + (at & ~(size_t)7) - (at + 8 > *size ? 8 : 0), &word, (size_t)1 << next(state) % 4);
    break;
  case 7:
    memset(bytes + at, 0, length);
    break;
  case 8:
    for (size_t k = 0; k < length; k++)
      bytes[at + k] = (unsigned char)next(state);
    break;
  case 9: /* another part of the file in its place */
    memmove(bytes + at, bytes + from, length);
    break;
  case 10: /* cut out */
    memmove(bytes + at, bytes + at + length, *size - at - length);
    *size -= length;
    break;
  default: /* cut off; half of the time the superblock (version 0) knows */
    *size = 1 + next(state) % *size;
    if (next(state) % 2 && *size >= 48) {
      const uint64_t end = *size;
      memcpy(bytes + 40, &end, sizeof end);
    }
  }
}

void mutable_file_damage(const struct mutable_file *file, uint64_t number, const char *path) {
  uint64_t state = number * UINT64_C(0x2545f4914f6cdd1d) + 1;
  size_t size = file->size;
  unsigned char *bytes = malloc(size + 16);
  FILE *output = fopen(path, "wb");
  MUST(bytes && output);
  memcpy(bytes, file->bytes, size);
  const int changes = 1 + (int)(next(&state) % 4);
  for (int c = 0; c < changes; c++)
    change(file, &state, bytes, &size);
  MUST(fwrite(bytes, 1, size, output) == size);
  MUST(fclose(output) == 0);
  free(bytes);
}

static herr_t copy_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context) {
  const hid_t *target = context;
  char value[4096] = "";
  hid_t from = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(from), space = H5Aget_space(from);
  (void)info;
  MUST(H5Tget_size(type) <= sizeof value && H5Tis_variable_str(type) <= 0 && H5Aread(from, type, value) >= 0);
  hid_t to = H5Acreate2(*target, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  MUST(to >= 0 && H5Awrite(to, type, value) >= 0);
  H5Aclose(to);
  H5Sclose(space);
  H5Tclose(type);
  H5Aclose(from);
  return 0;
}

static herr_t copy_object(hid_t root, const char *name, const H5L_info_t *info, void *context) {
  const hid_t *target = context;
  (void)info;
  MUST(H5Ocopy(root, name, *target, name, H5P_DEFAULT, H5P_DEFAULT) >= 0);
  return 0;
}

void mutable_file_renew(const char *path) {
  hid_t list = H5Pcreate(H5P_FILE_ACCESS), old = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  H5Pset_libver_bounds(list, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  hid_t new = H5Fcreate("renewed.h5", H5F_ACC_TRUNC, H5P_DEFAULT, list);
  hsize_t first = 0;
  MUST(old >= 0 && new >= 0);
  MUST(H5Aiterate2(old, H5_INDEX_NAME, H5_ITER_INC, &first, copy_attribute, &new) >= 0);
  first = 0;
  MUST(H5Literate(old, H5_INDEX_NAME, H5_ITER_INC, &first, copy_object, &new) >= 0);
  H5Fclose(new);
  H5Fclose(old);
  H5Pclose(list);
  MUST(rename("renewed.h5", path) == 0);
}
