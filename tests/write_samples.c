/* Writes the made-up files of tests/molecule_samples.h: the fuzzer's corpus came from it.
 *     write_samples FOLDER     writes them into FOLDER/FORMAT/, which must be there */
#include <stdio.h>
#include <stdlib.h>

#include "molecule_samples.h"

static void write(const char *folder, const char *name, struct sample *sample) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(sample->text, 1, sample->size, file) != sample->size || fclose(file) != 0) {
    perror(path);
    exit(1);
  }
  sample_free(sample);
}

int main(int count, char **arguments) {
  struct sample sample = {0};
  if (count != 2) {
    fputs("usage: write_samples FOLDER\n", stderr);
    return 1;
  }
  const char *folder = arguments[1];
  sample_fchk(&sample, 1);
  write(folder, "fchk/made_up.fchk", &sample);
  sample_gaussian_log(&sample, '\\', 0);
  write(folder, "gaussian/cartesian.log", &sample);
  sample_gaussian_log(&sample, '|', 1);
  write(folder, "gaussian/z_matrix_windows.log", &sample);
  sample_jaguar_input(&sample);
  write(folder, "jaguar/made_up.01.in", &sample);
  sample_jaguar_output(&sample);
  write(folder, "jaguar-out/made_up.out", &sample);
  sample_orca(&sample, 5);
  write(folder, "orca/version_5.hess", &sample);
  sample_orca(&sample, 6);
  write(folder, "orca/version_3.hess", &sample);
  sample_xyz(&sample, 2);
  write(folder, "xyz/frames.xyz", &sample);
  sample_print(&sample, "1\nLattice=\"9 0 0 0 9 0 0 0 9\" Properties=id:I:1:pos:R:3:species:S:1\n7 1.5 2.5 -3.5 Fe\n");
  write(folder, "xyz/extended.xyz", &sample);
  sample_npy(&sample, 1, 8, 0);
  write(folder, "npy/double.npy", &sample);
  sample_npy(&sample, 2, 4, 1);
  write(folder, "npy/single_by_columns.npy", &sample);
  sample_square(&sample);
  write(folder, "hessian/square.hessian", &sample);
  sample_triangle(&sample);
  write(folder, "hessian/triangle.dat", &sample);
  return 0;
}
