/* -topology: a file of structures that gives the molecules their bonds and types, by name or one after another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/formats/molecule_formats.h"
#include "../../io/memory.h"
#include "gather.h"
#include "gather_merge.h"

/* A structure by its name, for looking up. */
struct title {
  const char *name;
  int structure;
};

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct title *)a)->name, ((const struct title *)b)->name);
}

/* The structure that alone has this name, or -1. */
static int find(const struct title *titles, int count, const char *name) {
  const struct title key = {.name = name};
  const struct title *t = bsearch(&key, titles, (size_t)count, sizeof *titles, by_name);
  if (!t) return -1;
  if ((t > titles && by_name(t - 1, t) == 0) || (t < titles + count - 1 && by_name(t, t + 1) == 0)) return -1;
  return t->structure;
}

/* Fills structure_of [molecules] by name; returns whether every molecule of this rank has one. */
static int look_up(const struct q2_molecule_list *structures, const struct q2_gathered *gathered, int *structure_of,
                   struct title *titles) {
  for (int s = 0; s < structures->count; s++)
    titles[s] = (struct title){structures->record[s].name, s};
  qsort(titles, (size_t)structures->count, sizeof *titles, by_name);
  int all = 1;
  for (int m = 0; m < gathered->molecules.count; m++) {
    structure_of[m] = find(titles, structures->count, gathered->molecules.record[m].name);
    all &= structure_of[m] >= 0;
  }
  return all;
}

static int take(const char *path, const struct q2_molecule_list *structures, const int *structure_of, int by_names,
                struct q2_gathered *gathered, struct q2_error *error) {
  if (!by_names && structures->count != gathered->total)
    return q2_fail(error,
                   "%s: has %d structures, expected %lld, one for each molecule in their order, or one with the name of each",
                   path, structures->count, (long long)gathered->total);
  for (int m = 0; m < gathered->molecules.count; m++) {
    const int64_t s = by_names ? structure_of[m] : gathered->first + m;
    char where[Q2_LINE_LENGTH + 32];
    snprintf(where, sizeof where, "%s: structure %lld", path, (long long)s + 1);
    Q2_TRY(q2_merge_topology(&gathered->molecules.record[m], gathered->facts[m].origin, &structures->record[s], where, error));
  }
  return Q2_OK;
}

int q2_gather_topology(MPI_Comm comm, const char *path, struct q2_gathered *gathered, struct q2_error *error) {
  struct q2_molecule_list structures = {0};
  const struct q2_molecule_format *format = NULL;
  int status = q2_gather_file(path, &format, &structures, error);
  int *structure_of = q2_allocate(gathered->molecules.count, sizeof *structure_of);
  struct title *titles = q2_allocate(structures.count, sizeof *titles);
  if (status == Q2_OK && !(structure_of && titles)) status = q2_fail(error, "%s: out of memory", path);
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) {
    int by_names = look_up(&structures, gathered, structure_of, titles);
    MPI_Allreduce(MPI_IN_PLACE, &by_names, 1, MPI_INT, MPI_MIN, comm);
    status = q2_agree(comm, take(path, &structures, structure_of, by_names, gathered, error), error);
  }
  free(titles);
  free(structure_of);
  q2_molecule_list_free(&structures);
  return status;
}
