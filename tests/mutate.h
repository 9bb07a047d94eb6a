/* Files to be damaged, each damage known by its number. */
#ifndef Q2_MUTATE_H
#define Q2_MUTATE_H

#include <stddef.h>
#include <stdint.h>

struct mutable_file {
  size_t size;
  unsigned char *bytes;
  size_t *structure; /* [structure_count] the places of bytes that are no dataset's data: there damage does most */
  size_t structure_count;
};

/* Reads a whole HDF5 file; aborts where it cannot. Release with mutable_file_free. */
void mutable_file_load(const char *path, struct mutable_file *file);
void mutable_file_free(struct mutable_file *file);

/* Writes a copy to `path` with one to four changes, which follow from `number`: bits, bytes, words and stretches changed,
 * cut, moved or doubled. */
void mutable_file_damage(const struct mutable_file *file, uint64_t number, const char *path);

/* Copies all objects into a file of HDF5's newest format, which takes the old one's place. */
void mutable_file_renew(const char *path);

#endif
