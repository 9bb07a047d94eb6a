/* What writing and reading of sealed files share; private to sealed*.c. */
#ifndef Q2_SEALED_PARTS_H
#define Q2_SEALED_PARTS_H

#include <stddef.h>
#include <stdint.h>

static const char q2_sealed_magic[] = "q2hpc sealed file 1";

enum { Q2_SEALED_PARTS = 256, Q2_SEALED_HEADER = 1 << 16 };

/* A dataset's data in the image. */
struct q2_sealed_part {
  uint64_t offset, bytes, hash;
  char name[96];
};

struct q2_sealed_header {
  size_t bytes;  /* as in the file */
  size_t length; /* of the text */
  char text[Q2_SEALED_HEADER];
};

/* The hash of what is in no part; parts are in the order of their places and do not overlap. */
uint64_t q2_sealed_hash_rest(const struct q2_sealed_part *part, int count, const char *image, size_t size);

#endif
