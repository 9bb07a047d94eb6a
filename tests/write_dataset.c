/* Writes the small valid data set of make_dataset.h: write_dataset FILE MOLECULES */
#include <stdio.h>
#include <stdlib.h>

#include "make_dataset.h"

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: write_dataset FILE MOLECULES\n");
    return 2;
  }
  const struct made_options options = {0};
  make_dataset(argv[1], strtol(argv[2], NULL, 10), &options);
  return 0;
}
