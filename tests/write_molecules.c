/* Writes molecules of the bundled data sets as files of other programs, for what is tested end to end.
 *
 *     write_molecules DATASET FORMAT FOLDER [COUNT [RULES]]   the molecules of jobs/data/DATASET, COUNT of them (default: all):
 * once around, they come again as NAME_2, NAME_3, ... write_molecules FIELD FILE                              an MM3* force
 * field for ethers and alcohols, "field", or one whose substructure of O-H is marked to be fitted, "marked"
 *
 * FORMAT: fchk; orca; xyz (and NAME.hessian beside it); xtb (NAME/xtbopt.xyz and NAME/hessian); mol2, all structures in
 * FOLDER/structures.mol2 with types by the rules jobs/typing/RULES (without those that they give no types) and double bonds as
 * they are drawn. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../io/constants.h"
#include "../io/elements.h"
#include "../src/rigid.h"
#include "../src/setup/import_lewis.h"
#include "../src/setup/perception.h"
#include "../src/setup/typing.h"
#include "bundled.h"
#include "mm3star_made.h"

static FILE *open_file(const char *folder, const char *name, const char *ending) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
  FILE *file = fopen(path, "w");
  if (file) return file;
  perror(path);
  exit(1);
}

static void close_file(FILE *file) {
  if (fclose(file) == 0) return;
  perror("write_molecules");
  exit(1);
}

static int wavenumbers(const struct q2_molecule_record *r, double *modes) {
  const int count = q2_qm_eigenvalues(r->atom_count, r->mass, r->position, r->hessian, 1, modes);
  for (int k = 0; k < count; k++)
    modes[k] = copysign(sqrt(fabs(modes[k])), modes[k]) * q2_wavenumber_unit();
  return count;
}

static void print_reals(FILE *file, const char *label, int64_t count, const double *values, double factor) {
  fprintf(file, "%-40s   R   N=%12lld\n", label, (long long)count);
  for (int64_t k = 0; k < count; k++)
    fprintf(file, "%16.8E%s", values[k] * factor, k % 5 == 4 || k + 1 == count ? "\n" : "");
}

static void write_fchk(const struct q2_molecule_record *r, const char *folder, const char *name) {
  FILE *file = open_file(folder, name, ".fchk");
  double *modes = calloc(3 * (size_t)r->atom_count, sizeof *modes);
  const int count = modes ? wavenumbers(r, modes) : -1;
  if (count < 0) exit(1);
  fprintf(file, "%s\n%-10s%-30s%-30s\n", name, "Freq", "RB3LYP", "6-31G(d)");
  fprintf(file, "%-40s   I     %12d\n", "Number of atoms", r->atom_count);
  fprintf(file, "%-40s   I     %12d\n%-40s   I     %12d\n", "Charge", r->charge, "Multiplicity", 1);
  fprintf(file, "%-40s   R     %22.15E\n", "Total Energy", -76.375 - 0.001 * r->atom_count);
  fprintf(file, "%-40s   I   N=%12d\n", "Atomic numbers", r->atom_count);
  for (int a = 0; a < r->atom_count; a++)
    fprintf(file, "%12d%s", r->element[a], a % 6 == 5 || a + 1 == r->atom_count ? "\n" : "");
  print_reals(file, "Current cartesian coordinates", 3 * r->atom_count, r->position, 1 / Q2_BOHR);
  print_reals(file, "Real atomic weights", r->atom_count, r->mass, 1);
  print_reals(file, "Cartesian Force Constants", q2_packed_hessian(r->atom_count), r->hessian, 1);
  fprintf(file, "%-40s   I     %12d\n", "Number of Normal Modes", count);
  print_reals(file, "Vib-E2", count, modes, 1);
  print_reals(file, "Vib-AtMass", r->atom_count, r->mass, 1);
  free(modes);
  close_file(file);
}

static double element_of(const struct q2_molecule_record *r, int i, int j) {
  const int64_t row = i > j ? i : j, column = i > j ? j : i;
  return r->hessian[row * (row + 1) / 2 + column];
}

static void write_orca(const struct q2_molecule_record *r, const char *folder, const char *name) {
  const int n = 3 * r->atom_count;
  FILE *file = open_file(folder, name, ".hess");
  fprintf(file, "\n$orca_hessian_file\n\n$hessian\n%d\n", n);
  for (int first = 0; first < n; first += 5) {
    for (int j = first; j < first + 5 && j < n; j++)
      fprintf(file, "%19d", j);
    for (int i = 0; i < n; i++) {
      fprintf(file, "\n%5d", i);
      for (int j = first; j < first + 5 && j < n; j++)
        fprintf(file, "%19.10E", element_of(r, i, j));
    }
    fprintf(file, "\n");
  }
  fprintf(file, "\n$atoms\n%d\n", r->atom_count);
  for (int a = 0; a < r->atom_count; a++)
    fprintf(file, " %-2s %12.5f %18.12f %18.12f %18.12f\n", q2_element_symbol(r->element[a]), r->mass[a],
            r->position[3 * a] / Q2_BOHR, r->position[3 * a + 1] / Q2_BOHR, r->position[3 * a + 2] / Q2_BOHR);
  fprintf(file, "\n$end\n");
  close_file(file);
}

static void write_geometry(const struct q2_molecule_record *r, const char *folder, const char *name, const char *ending) {
  FILE *file = open_file(folder, name, ending);
  fprintf(file, "%d\n%s\n", r->atom_count, name);
  for (int a = 0; a < r->atom_count; a++)
    fprintf(file, "%-2s %18.12f %18.12f %18.12f\n", q2_element_symbol(r->element[a]), r->position[3 * a],
            r->position[3 * a + 1], r->position[3 * a + 2]);
  close_file(file);
}

static void write_xtb(const struct q2_molecule_record *r, const char *folder, const char *name) {
  const int n = 3 * r->atom_count;
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (mkdir(path, 0777) != 0 && errno != EEXIST) perror(path);
  write_geometry(r, folder, name, "/xtbopt.xyz");
  FILE *file = open_file(folder, name, "/hessian");
  fprintf(file, " $hessian\n");
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      fprintf(file, "%15.10f%s", element_of(r, i, j), j % 5 == 4 || j == n - 1 ? "\n" : "");
  fprintf(file, " $end\n");
  close_file(file);
}

static void write_xyz(const struct q2_molecule_record *r, const char *folder, const char *name) {
  write_geometry(r, folder, name, ".xyz");
  FILE *file = open_file(folder, name, ".hessian");
  const double *value = r->hessian;
  for (int i = 0; i < 3 * r->atom_count; i++)
    for (int j = 0; j <= i; j++)
      fprintf(file, "%.14e%s", *value++, j == i ? "\n" : " ");
  close_file(file);
}

/* --- mol2 --- */

/* Whether the rules have a type for every atom. */
static int complete(struct q2_molecule_record *r, const struct q2_typing_rules *rules) {
  struct q2_error error = {""};
  struct q2_topology topology = {0};
  int status = q2_perceive_bonds(r, &q2_perception_defaults, &error); /* partial bonds of transition states, too */
  if (status == Q2_OK)
    status = q2_topology_create(r->atom_count, r->bond_count, (const int32_t(*)[2])r->bond, &topology, &error);
  const int typed = status == Q2_OK && q2_typing_apply(rules, &topology, r, &error) == Q2_OK;
  if (typed) status = q2_lewis_orders(r, &error);
  q2_topology_free(&topology);
  if (status == Q2_OK) return typed;
  fprintf(stderr, "%s\n", error.text);
  exit(1);
}

static void write_mol2(const struct q2_molecule_record *r, FILE *file, const char *name) {
  static const char *const orders[] = {"un", "1", "2", "3", "ar", "nc"};
  fprintf(file, "@<TRIPOS>MOLECULE\n%s\n%d %d\nSMALL\nNO_CHARGES\n@<TRIPOS>ATOM\n", name, r->atom_count, r->bond_count);
  for (int a = 0; a < r->atom_count; a++)
    fprintf(file, "%d %s%d %.10f %.10f %.10f %s\n", a + 1, q2_element_symbol(r->element[a]), a + 1, r->position[3 * a],
            r->position[3 * a + 1], r->position[3 * a + 2], r->type[a].text);
  fprintf(file, "@<TRIPOS>BOND\n");
  for (int b = 0; b < r->bond_count; b++)
    fprintf(file, "%d %d %d %s\n", b + 1, r->bond[b][0] + 1, r->bond[b][1] + 1, orders[r->bond_order[b]]);
}

static struct q2_typing_rules *read_rules(const char *name) {
  struct q2_error error = {""};
  struct q2_typing_rules *rules;
  struct q2_text text = bundled_typing(name);
  if (q2_typing_read(&text, &rules, &error) != Q2_OK) {
    fprintf(stderr, "%s\n", error.text);
    exit(1);
  }
  q2_text_free(&text);
  return rules;
}

static void write_all(const char *set, const char *format, const char *folder, int count, const char *rules_name) {
  struct q2_dataset dataset;
  struct q2_molecule_list list;
  const int mol2 = strcmp(format, "mol2") == 0;
  bundled_open(MPI_COMM_SELF, set, &dataset, &list);
  FILE *structures = mol2 ? open_file(folder, "structures", ".mol2") : NULL;
  struct q2_typing_rules *rules = mol2 ? read_rules(rules_name) : NULL;
  for (int m = 0; m < (count > 0 ? count : list.count); m++) {
    struct q2_molecule_record *r = &list.record[m % list.count];
    char name[Q2_NAME_LENGTH + 16];
    snprintf(name, sizeof name, m < list.count ? "%s" : "%s_%d", r->name, m / list.count + 1);
    if (mol2) {
      if (complete(r, rules)) write_mol2(r, structures, name);
    } else if (strcmp(format, "fchk") == 0)
      write_fchk(r, folder, name);
    else if (strcmp(format, "orca") == 0)
      write_orca(r, folder, name);
    else if (strcmp(format, "xtb") == 0)
      write_xtb(r, folder, name);
    else
      write_xyz(r, folder, name);
  }
  if (structures) close_file(structures);
  q2_typing_free(rules);
  q2_molecule_list_free(&list);
  q2_dataset_free(&dataset);
}

/* --- an MM3* force field --- */

static void write_field(int marked, const char *path) {
  static const struct {
    const char *types;
    double a, b, c;
    const char *conditions;
  } rows[] = {
      {"1  C3 - C3", 1.5247, 4.49, 0, " 0000 0000"},
      {"1  C3 - H1", 1.112, 4.74, 0, " 0000 0000"},
      {"1  C3 - O3", 1.413, 5.70, 1.17, " 0000 0000"},
      {"1  O3 - H2", 0.947, 7.63, -1.67, " 0000 0000"},
      {"2  C3 - C3 - H1", 109.8, 0.59, NAN, " 0000 0000 0000"},
      {"2  H1 - C3 - H1", 107.8, 0.55, NAN, " 0000 0000 0000"},
      {"2  C3 - C3 - O3", 110, 0.83, NAN, " 0000 0000 0000"},
      {"2  H1 - C3 - O3", 110, 0.82, NAN, " 0000 0000 0000"},
      {"2  C3 - O3 - C3", 106.8, 0.92, NAN, " 0000 0000 0000"},
      {"2  C3 - O3 - H2", 106.8, 0.75, NAN, " 0000 0000 0000"},
      {"3  H1 * C0 * H1", 0, NAN, NAN, " 0000 0000 0000"},
      {"3  00 * C0 * H1", 0.13, NAN, NAN, " 0000 0000 0000"},
      {"4  00 - C3 - C3 - 00", 0, 0, 0.24, " 0000 0000 0000 0000"},
      {"4  H1 - C3 - O3 - H2", 0, 0, 0.2, " 0000 0000 0000 0000"},
      {"4  00 - C3 - O3 - 00", 0, 0, 0.53, " 0000 0000 0000 0000"},
  };
  static char text[16384], main_rows[8192], substructure[2048];
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
    mm3star_row(main_rows, sizeof main_rows, rows[k].types, rows[k].a, rows[k].b, rows[k].c, rows[k].conditions);
  if (marked) {
    strcpy(substructure, " C  Alcohol OPT\n 9  O3-H2\n");
    mm3star_row(substructure, sizeof substructure, "1   1   2", 0.95, 7.2, -1.67, "");
    mm3star_row(substructure, sizeof substructure, "2  C3   1   2", 107, 0.8, NAN, "");
  }
  mm3star_field(text, sizeof text, main_rows, substructure);
  FILE *file = fopen(path, "w");
  if (!file || fputs(text, file) < 0) {
    perror(path);
    exit(1);
  }
  close_file(file);
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: write_molecules DATASET FORMAT FOLDER [COUNT [RULES]], or write_molecules field|marked FILE\n");
    return 1;
  }
  MPI_Init(&count, &arguments);
  if (count == 3)
    write_field(strcmp(arguments[1], "marked") == 0, arguments[2]);
  else
    write_all(arguments[1], arguments[2], arguments[3], count > 4 ? atoi(arguments[4]) : 0,
              count > 5 ? arguments[5] : "mm3star.txt");
  MPI_Finalize();
  return 0;
}
