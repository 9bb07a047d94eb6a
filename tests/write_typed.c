/* Writes the data set of typed_made.h: write_typed FILE.h5 [CHANGES [ORIGIN.prm]], CHANGES the sum of its typed_change. */
#include <stdio.h>
#include <stdlib.h>

#include "typed_made.h"

static int write_origin(const struct q2_dataset *dataset, const char *path, struct q2_error *error) {
  FILE *file = fopen(path, "wb");
  const size_t size = (size_t)dataset->origin.size;
  const int good = file && fwrite(dataset->origin.bytes, 1, size, file) == size;
  if (file && fclose(file) == 0 && good) return Q2_OK;
  return q2_fail(error, "%s cannot be written", path);
}

int main(int argc, char **argv) {
  struct q2_dataset dataset = {0};
  struct q2_error error = {""};
  MPI_Init(&argc, &argv);
  if (argc < 2) {
    fprintf(stderr, "usage: write_typed FILE.h5 [CHANGES [ORIGIN.prm]]\n");
    return 2;
  }
  int status = typed_made(MPI_COMM_WORLD, argc > 2 ? atoi(argv[2]) : 0, &dataset, &error);
  if (status == Q2_OK) status = q2_dataset_write(MPI_COMM_WORLD, &dataset, argv[1], NULL, NULL, &error);
  if (status == Q2_OK && argc > 3) status = write_origin(&dataset, argv[3], &error);
  if (status != Q2_OK) fprintf(stderr, "%s\n", error.text);
  q2_dataset_free(&dataset);
  MPI_Finalize();
  return status != Q2_OK;
}
