/* Writes the small valid data set of make_dataset.h: write_dataset FILE MOLECULES [guided] [observed] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make_dataset.h"

int main(int argc, char **argv) {
  struct made_options options = {0};
  int unknown = argc < 3;
  for (int a = 3; a < argc; a++) {
    options.guided |= strcmp(argv[a], "guided") == 0;
    options.observed |= strcmp(argv[a], "observed") == 0;
    unknown |= strcmp(argv[a], "guided") != 0 && strcmp(argv[a], "observed") != 0;
  }
  if (unknown) {
    fprintf(stderr, "usage: write_dataset FILE MOLECULES [guided] [observed]\n");
    return 2;
  }
  make_dataset(argv[1], strtol(argv[2], NULL, 10), &options);
  return 0;
}
