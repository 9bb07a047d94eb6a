/* Writes the small valid data set of make_dataset.h: write_dataset FILE MOLECULES [guided] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make_dataset.h"

int main(int argc, char **argv) {
  const int guided = argc == 4 && strcmp(argv[3], "guided") == 0;
  if (argc != 3 && !guided) {
    fprintf(stderr, "usage: write_dataset FILE MOLECULES [guided]\n");
    return 2;
  }
  const struct made_options options = {.guided = guided};
  make_dataset(argv[1], strtol(argv[2], NULL, 10), &options);
  return 0;
}
