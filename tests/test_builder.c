/* What is built molecule by molecule, on any number of ranks, becomes one data set: the same file, with parameters sorted,
 * those that nothing uses dropped, and contradictions refused. */
#define _POSIX_C_SOURCE 200809L
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../io/elements.h"
#include "../io/hash.h"
#include "../io/memory.h"
#include "../src/setup/builder.h"
#include "../src/setup/topology.h"
#include "check.h"

enum { MOLECULES = 7 };

/* Molecule `number`: HX, X the halogen number % 2, with a length of its own; or water. */
static void add_molecule(struct q2_molecule_list *list, int number) {
  const int water = number % 3 == 2, atoms = water ? 3 : 2;
  struct q2_molecule_record *r = q2_molecule_add(list, atoms);
  snprintf(r->name, sizeof r->name, "molecule %d", number);
  snprintf(r->method, sizeof r->method, number % 2 ? "odd" : "even");
  r->element = q2_allocate(atoms, sizeof *r->element);
  r->mass = q2_allocate(atoms, sizeof *r->mass);
  r->position = q2_allocate(3 * atoms, sizeof *r->position);
  r->type = q2_allocate(atoms, sizeof *r->type);
  r->bond_count = atoms - 1;
  r->bond = q2_allocate(r->bond_count, sizeof *r->bond);
  r->element[0] = water ? 8 : number % 2 ? 9 : 17;
  for (int a = 1; a < atoms; a++) {
    r->element[a] = 1;
    r->position[3 * a + a - 1] = 0.9 + 0.01 * number;
    r->bond[a - 1][0] = 0;
    r->bond[a - 1][1] = a;
  }
  for (int a = 0; a < atoms; a++) {
    r->mass[a] = q2_element_mass(r->element[a]);
    snprintf(r->type[a].text, sizeof r->type[a].text, "%s", q2_element_symbol(r->element[a]));
  }
  r->energy = -number;
  r->hessian = q2_allocate(q2_packed_hessian(atoms), sizeof *r->hessian);
  for (int i = 0; i < 3 * atoms; i++)
    r->hessian[i * (i + 3) / 2] = 0.1 * (i + number + 1);
}

static struct q2_new_parameter parameter(const char *kind, const char *label, const char *unit, double value, int line) {
  return (struct q2_new_parameter){.kind = kind,
                                   .label = label,
                                   .unit = unit,
                                   .value = value,
                                   .lower = -1e300,
                                   .upper = 1e300,
                                   .active = 1,
                                   .order = line,
                                   .multiplier = 2.0,
                                   .line = line,
                                   .column = 4,
                                   .width = 8};
}

#define OK(call) CHECK((call) == Q2_OK, "%s", error.text)

static void build_molecule(struct q2_builder *b, int m) {
  struct q2_error error = {""};
  const struct q2_molecule_record *r = q2_builder_molecule(b, m);
  q2_builder_facts(b, m, &(struct q2_molecule_facts){.group = -1, .stationary = 0}); /* the Hessian knows no rotations */
  const struct q2_topology *t = q2_builder_topology(b, m);
  const char *type = r->type[0].text;
  char label[20];
  int k, eq, epsilon, sigma;
  snprintf(label, sizeof label, "%s-H", type);
  /* Fluorine's line is last, chlorine's first. */
  const int line = strcmp(type, "F") == 0 ? 30 : strcmp(type, "Cl") == 0 ? 10 : 20;
  struct q2_new_parameter p = parameter("bond_k", label, "mdyn/angstrom", 4.0 + line, line);
  OK(q2_builder_parameter(b, &p, &k, &error));
  p = parameter("bond_eq", label, "angstrom", 0.9 + line / 1000.0, line);
  OK(q2_builder_parameter(b, &p, &eq, &error));
  for (int bond = 0; bond < t->bond_count; bond++)
    OK(q2_builder_term(b, m, "bond_harmonic", (int[]){r->bond[bond][0], r->bond[bond][1]}, (int[]){k, eq}, NULL, 0, &error));
  for (int angle = 0; angle < t->angle_count; angle++) {
    p = parameter("angle_k", "H-O-H", "kcal/mol/rad^2", 50, 40);
    OK(q2_builder_parameter(b, &p, &k, &error));
    p = parameter("angle_eq", "H-O-H", "degree", 104.5, 40);
    OK(q2_builder_parameter(b, &p, &eq, &error));
    OK(q2_builder_term(b, m, "angle_harmonic", (int[]){t->angle[angle][0], t->angle[angle][1], t->angle[angle][2]},
                       (int[]){k, eq}, NULL, 0, &error));
  }
  p = parameter("bond_k", "unused", "mdyn/angstrom", 1, 50);
  OK(q2_builder_parameter(b, &p, &k, &error));
  p = parameter("bond_k", "kept", "mdyn/angstrom", 1, 60);
  p.keep = 1;
  OK(q2_builder_parameter(b, &p, &k, &error));
  for (int a = 0; a < r->atom_count; a++) {
    const int place = 100 - r->element[a];
    p = parameter("lj_epsilon", r->type[a].text, "kJ/mol", 0.4 + r->element[a], place);
    OK(q2_builder_parameter(b, &p, &epsilon, &error));
    p = parameter("lj_sigma", r->type[a].text, "nm", 0.3, place);
    OK(q2_builder_parameter(b, &p, &sigma, &error));
    OK(q2_builder_atom_type(b, m, a, r->type[a].text, epsilon, sigma, &error));
    OK(q2_builder_charge(b, m, a, a ? 0.5 : -0.5 * (r->atom_count - 1), &error));
  }
  OK(q2_builder_observable(b, m, "frequency", (int[]){-1}, &(double){0.01}, NULL, &error));
  if (t->angle_count)
    OK(q2_builder_observable(b, m, "angle", (int[]){1, 0, 2}, &(double){1.0}, &(double){104.0 + m * 0}, &error));
}

static int build(MPI_Comm comm, int break_it, struct q2_dataset *d, struct q2_error *error) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  const int first = MOLECULES * rank / ranks, last = MOLECULES * (rank + 1) / ranks;
  struct q2_molecule_list list = {0};
  struct q2_builder *b;
  for (int number = first; number < last; number++)
    add_molecule(&list, number);
  CHECK(q2_builder_create(&list, first, MOLECULES, &b, error) == Q2_OK, "%s", error->text);
  CHECK(q2_builder_nonbonded(b, &(struct q2_nonbonded_rules){"lennard_jones", "geometric", 0.5, 0.8, 1.0, 0, 0}, error) ==
        Q2_OK);
  for (int m = 0; m < last - first; m++)
    build_molecule(b, m);
  struct q2_new_parameter p = parameter("lj_epsilon", "O x F", "kcal/mol", 0.2, 200);
  int keys[2];
  CHECK(q2_builder_parameter(b, &p, &keys[0], error) == Q2_OK);
  p = parameter("lj_sigma", "O x F", "angstrom", 3.0, 200);
  CHECK(q2_builder_parameter(b, &p, &keys[1], error) == Q2_OK);
  CHECK(q2_builder_special_pair(b, "O", "F", "lennard_jones", keys, error) == Q2_OK);
  CHECK(q2_builder_special_pair(b, "O", "Br", "lennard_jones", keys, error) == Q2_OK); /* no bromine anywhere */
  if (break_it && rank == ranks - 1) { /* another rank, or this one, has it otherwise */
    p = parameter("bond_k", "kept", "mdyn/angstrom", 1, 60);
    p.keep = 1;
    p.value = 2;
    struct q2_molecule_list none = {0};
    int key;
    if (ranks == 1)
      CHECK(q2_builder_parameter(b, &p, &key, error) == Q2_FAILED && strstr(error->text, "has two values"), "%s", error->text);
    q2_builder_free(b);
    CHECK(q2_builder_create(&none, MOLECULES, MOLECULES, &b, error) == Q2_OK);
    CHECK(q2_builder_nonbonded(b, &(struct q2_nonbonded_rules){"lennard_jones", "geometric", 0.5, 0.8, 1.0, 0, 0}, error) ==
          Q2_OK);
    CHECK(q2_builder_parameter(b, &p, &key, error) == Q2_OK);
  }
  struct q2_text origin;
  CHECK(q2_text_from_bytes("some.prm", "bond 1 2\nx\n", 11, &origin, error) == Q2_OK);
  const int status = q2_builder_finish(comm, b, &origin, "tinker", d, error);
  q2_text_free(&origin);
  q2_builder_free(b);
  return status;
}

/* Rows in the order of the lines, unused ones gone. */
static void check_parameters(const struct q2_dataset *d) {
  static const char *const kinds[] = {"bond_eq",    "bond_k",     "bond_eq",    "bond_k",     "bond_eq",
                                      "bond_k",     "angle_eq",   "angle_k",    "bond_k",     "lj_epsilon",
                                      "lj_sigma",   "lj_epsilon", "lj_sigma",   "lj_epsilon", "lj_sigma",
                                      "lj_epsilon", "lj_sigma",   "lj_epsilon", "lj_sigma"};
  static const char *const labels[] = {"Cl-H", "Cl-H", "O-H", "O-H", "F-H", "F-H", "H-O-H", "H-O-H", "kept", "Cl",
                                       "Cl",   "F",    "F",   "O",   "O",   "H",   "H",     "O x F", "O x F"};
  const int count = (int)(sizeof kinds / sizeof *kinds);
  CHECK(d->parameters.count == count, "%d", d->parameters.count);
  for (int k = 0; k < count && k < d->parameters.count; k++)
    CHECK(strcmp(d->parameters.kind[k], kinds[k]) == 0 && strcmp(d->parameters.label[k], labels[k]) == 0, "row %d: %s %s", k,
          d->parameters.kind[k], d->parameters.label[k]);
  CHECK_CLOSE(d->parameters.value[7], 50, 0);
  CHECK_CLOSE(d->parameters.value[6], 104.5 * 3.14159265358979323846 / 180, 1e-15);
  CHECK(d->origin.line[7] == 40 && d->origin.column[7] == 4 && d->origin.multiplier[7] == 2.0 && d->origin.size == 11);
  CHECK(d->nonbonded.type_count == 4 && strcmp(d->nonbonded.label[0], "Cl") == 0 && strcmp(d->nonbonded.label[3], "H") == 0);
  CHECK(d->nonbonded.special_count == 1 && d->nonbonded.special_types[0] == 2 && d->nonbonded.special_types[1] == 1 &&
        d->nonbonded.special_parameters[0] == 17);
}

static void check_molecules(const struct q2_dataset *d) {
  CHECK(d->molecule_total == MOLECULES && d->method_count == 2 && d->has_charge && !d->has_sites && d->type_name);
  CHECK(d->term_table_count == 2 && strcmp(d->terms[0].form, "angle_harmonic") == 0);
  CHECK(d->observable_table_count == 2 && strcmp(d->observables[0].kind, "angle") == 0);
  for (int64_t m = 0; m < d->molecule_count; m++) {
    const int number = (int)d->molecule[m], water = number % 3 == 2;
    char name[32];
    snprintf(name, sizeof name, "molecule %d", number);
    CHECK(strcmp(d->name[m].text, name) == 0 && d->energy[m] == -number && d->method[m] == number % 2);
    const struct q2_term_table *bonds = &d->terms[1], *angles = &d->terms[0];
    CHECK(bonds->offset[m + 1] - bonds->offset[m] == 1 + water && angles->offset[m + 1] - angles->offset[m] == water);
    const int row = water ? 3 : number % 2 ? 5 : 1;
    for (int64_t k = bonds->offset[m]; k < bonds->offset[m + 1]; k++)
      CHECK(bonds->parameters[2 * k] == row && bonds->parameters[2 * k + 1] == row - 1 && bonds->atoms[2 * k] == 0 &&
            bonds->atoms[2 * k + 1] == 1 + (int)(k - bonds->offset[m]));
    CHECK(d->type[d->atom_offset[m]] == (water ? 2 : number % 2 ? 1 : 0) && d->type[d->atom_offset[m] + 1] == 3);
    CHECK(d->observables[0].offset[m + 1] - d->observables[0].offset[m] == water);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const MPI_Comm comm = MPI_COMM_WORLD;
  int rank;
  struct q2_dataset d, found;
  struct q2_error error = {""};
  MPI_Comm_rank(comm, &rank);
  char path[] = "/tmp/q2hpc_builder_XXXXXX";
  if (rank == 0) close(mkstemp(path));
  MPI_Bcast(path, sizeof path, MPI_CHAR, 0, comm);
  OK(build(comm, 0, &d, &error));
  check_parameters(&d);
  check_molecules(&d);
  OK(q2_dataset_write(comm, &d, path, NULL, NULL, &error));
  char checksum[17];
  memcpy(checksum, d.checksum, sizeof checksum);
  q2_dataset_free(&d);
  /* One rank alone builds the same. */
  OK(build(MPI_COMM_SELF, 0, &d, &error));
  OK(q2_dataset_read(MPI_COMM_SELF, path, &found, &error));
  check_molecules(&found);
  q2_dataset_free(&found);
  char alone[] = "/tmp/q2hpc_builder_XXXXXX";
  close(mkstemp(alone));
  OK(q2_dataset_write(MPI_COMM_SELF, &d, alone, NULL, NULL, &error));
  CHECK(strcmp(checksum, d.checksum) == 0, "all ranks %s, one rank %s", checksum, d.checksum);
  q2_dataset_free(&d);
  remove(alone);
  int ranks;
  MPI_Comm_size(comm, &ranks);
  error.text[0] = '\0';
  if (ranks == 1)
    build(comm, 1, &d, &error), q2_dataset_free(&d);
  else
    CHECK(build(comm, 1, &d, &error) == Q2_FAILED && strstr(error.text, "has two values"), "%s", error.text);
  MPI_Barrier(comm);
  if (rank == 0) remove(path);
  int failures = check_failures;
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, comm);
  MPI_Finalize();
  return check_failures ? check_result() : failures != 0;
}
