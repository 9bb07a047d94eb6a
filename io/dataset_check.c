/* What a molecule's rows must satisfy together: atoms of a term, distances, the Hessian's size and frame, names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataset_reader.h"
#include "memory.h"
#include "rotation.h"

static const double closest = 0.1;           /* angstrom; no two nuclei are that near */
static const double smallest_hessian = 1e-3; /* hartree/bohr^2, of the largest element */
static const double largest_hessian = 100.0; /* hartree/bohr^2, of the largest element */

int q2_check_atoms(const struct q2_reader *reader, const char *name, const struct q2_rows *rows, int columns,
                   const int32_t *atoms) {
  const struct q2_dataset *d = reader->dataset;
  char place[Q2_PLACE_LENGTH];
  for (int64_t m = 0; m < d->molecule_count; m++) {
    const int64_t count = d->atom_offset[m + 1] - d->atom_offset[m];
    for (int64_t row = rows->offset[m]; row < rows->offset[m + 1]; row++) {
      const int32_t *atom = atoms + row * columns;
      for (int i = 0; i < columns; i++) {
        if (atom[i] >= count)
          return q2_fail(reader->error, "%s: expected atoms 0 to %lld, found %d", q2_place(reader, name, rows, row, place),
                         (long long)count - 1, atom[i]);
        for (int j = 0; j < i; j++)
          if (atom[i] == atom[j])
            return q2_fail(reader->error, "%s: expected different atoms, found %d twice",
                           q2_place(reader, name, rows, row, place), atom[i]);
      }
    }
  }
  return Q2_OK;
}

static int check_distances(const struct q2_reader *reader, int64_t m) {
  const struct q2_dataset *d = reader->dataset;
  const int64_t count = d->atom_offset[m + 1] - d->atom_offset[m];
  const double *x = d->position + 3 * d->atom_offset[m];
  for (int64_t i = 0; i < count; i++) {
    for (int64_t j = 0; j < i; j++) {
      const double dx = x[3 * i] - x[3 * j], dy = x[3 * i + 1] - x[3 * j + 1], dz = x[3 * i + 2] - x[3 * j + 2];
      const double squared = dx * dx + dy * dy + dz * dz;
      if (squared < closest * closest)
        return q2_fail(
            reader->error,
            "%s: /atoms/position: molecule %lld '%s': expected atoms at least %g angstrom apart, found atoms %lld and "
            "%lld at %.4g",
            reader->file.path, (long long)d->molecule[m], d->name[m].text, closest, (long long)j, (long long)i, sqrt(squared));
    }
  }
  return Q2_OK;
}

static int check_size(const struct q2_reader *reader, int64_t m) {
  const struct q2_dataset *d = reader->dataset;
  double largest = 0.0;
  for (int64_t k = d->hessian_offset[m]; k < d->hessian_offset[m + 1]; k++)
    largest = fmax(largest, fabs(d->hessian[k]));
  if (largest >= smallest_hessian && largest <= largest_hessian) return Q2_OK;
  return q2_fail(reader->error,
                 "%s: /hessian: molecule %lld '%s': expected a largest element of %g to %g hartree/bohr^2, found %.4g; is the "
                 "unit right? (a factor of 9376 lies between hartree/bohr^2 and kJ/mol/angstrom^2)",
                 reader->file.path, (long long)d->molecule[m], d->name[m].text, smallest_hessian, largest_hessian, largest);
}

/* Of a stationary molecule. work: [9 atoms]. */
static int check_frame(const struct q2_reader *reader, int64_t m, double *work) {
  const struct q2_dataset *d = reader->dataset;
  const int64_t atoms = d->atom_offset[m + 1] - d->atom_offset[m];
  for (int axis = 0; axis < 3; axis++) {
    const double left =
        q2_rotation_residual(atoms, d->position + 3 * d->atom_offset[m], d->hessian + d->hessian_offset[m], NULL, axis, work);
    if (left > Q2_ROTATION_LIMIT)
      return q2_fail(
          reader->error,
          "%s: /hessian: molecule %lld '%s': expected a Hessian that annihilates the rotation about %c (largest |H r| "
          "at most %g hartree/bohr^2), found %.4g: Hessian and geometry are in different frames, or the geometry is "
          "not stationary",
          reader->file.path, (long long)d->molecule[m], d->name[m].text, "xyz"[axis], Q2_ROTATION_LIMIT, left);
  }
  return Q2_OK;
}

int q2_check_molecules(const struct q2_reader *reader) {
  const struct q2_dataset *d = reader->dataset;
  int64_t most = 0;
  for (int64_t m = 0; m < d->molecule_count; m++) {
    const int64_t n = 3 * (d->atom_offset[m + 1] - d->atom_offset[m]);
    if (n > most) most = n;
  }
  double *work = q2_allocate(3 * most, sizeof *work);
  int status = work ? Q2_OK : q2_fail(reader->error, "%s: out of memory", reader->file.path);
  for (int64_t m = 0; m < d->molecule_count && status == Q2_OK; m++) {
    status = check_distances(reader, m);
    const int has_hessian = d->hessian_offset[m + 1] > d->hessian_offset[m];
    if (!has_hessian || d->atom_offset[m + 1] - d->atom_offset[m] < 2) continue;
    if (status == Q2_OK) status = check_size(reader, m);
    if (status == Q2_OK && d->stationary[m]) status = check_frame(reader, m, work);
  }
  free(work);
  return status;
}

/* A name's hash, in 128 bits: a million names meet by chance with a probability of 1e-27. */
struct name_hash {
  uint64_t first, second;
};

struct numbered_hash {
  struct name_hash hash;
  int64_t molecule;
};

static struct name_hash hash_name(const char *name) {
  struct name_hash hash = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x9ae16a3b2f90404f)};
  for (; *name; name++) {
    hash.first = (hash.first ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    hash.second = (hash.second + (unsigned char)*name) * UINT64_C(0x9fb21c651e98df25);
    hash.second ^= hash.second >> 28;
  }
  return hash;
}

static int compare_hashes(const void *left, const void *right) {
  const struct numbered_hash *a = left, *b = right;
  if (a->hash.first != b->hash.first) return a->hash.first < b->hash.first ? -1 : 1;
  if (a->hash.second != b->hash.second) return a->hash.second < b->hash.second ? -1 : 1;
  return (a->molecule > b->molecule) - (a->molecule < b->molecule);
}

/* On rank 0: finds two molecules of one name, or leaves -1. `hash` [total] in the order of the file. */
static int find_twins(int64_t total, const struct name_hash *hash, int64_t twins[2]) {
  struct numbered_hash *sorted = q2_allocate(total, sizeof *sorted);
  if (!sorted) return Q2_FAILED;
  for (int64_t m = 0; m < total; m++)
    sorted[m] = (struct numbered_hash){hash[m], m};
  qsort(sorted, (size_t)total, sizeof *sorted, compare_hashes);
  for (int64_t k = 1; k < total && twins[0] < 0; k++)
    if (memcmp(&sorted[k - 1].hash, &sorted[k].hash, sizeof sorted[k].hash) == 0) {
      twins[0] = sorted[k - 1].molecule;
      twins[1] = sorted[k].molecule;
    }
  free(sorted);
  return Q2_OK;
}

int q2_check_names(struct q2_reader *reader) {
  const struct q2_dataset *d = reader->dataset;
  int rank, ranks;
  MPI_Comm_rank(reader->comm, &rank);
  MPI_Comm_size(reader->comm, &ranks);
  if (d->molecule_total > INT32_MAX)
    return q2_fail(reader->error, "%s: /molecules/name: expected at most %d molecules, found %lld", reader->file.path,
                   INT32_MAX, (long long)d->molecule_total);
  struct name_hash *mine = q2_allocate(d->molecule_count, sizeof *mine);
  struct name_hash *all = rank == 0 ? q2_allocate(d->molecule_total, sizeof *all) : NULL;
  int *counts = q2_allocate(2 * (int64_t)ranks, sizeof *counts), *starts = counts ? counts + ranks : NULL;
  int status = mine && counts && (all || rank != 0)
                   ? Q2_OK
                   : q2_fail(reader->error, "%s: /molecules/name: out of memory", reader->file.path);
  status = q2_agree(reader->comm, status, reader->error);
  if (status == Q2_OK) {
    int64_t twins[2] = {-1, -1};
    const int count = (int)d->molecule_count;
    for (int m = 0; m < count; m++)
      mine[m] = hash_name(d->name[m].text);
    MPI_Gather(&count, 1, MPI_INT, counts, 1, MPI_INT, 0, reader->comm);
    for (int r = 1; r < ranks; r++)
      starts[r] = starts[r - 1] + counts[r - 1];
    MPI_Datatype pair;
    MPI_Type_contiguous(2, MPI_UINT64_T, &pair);
    MPI_Type_commit(&pair);
    MPI_Gatherv(mine, count, pair, all, counts, starts, pair, 0, reader->comm);
    MPI_Type_free(&pair);
    if (rank == 0 && find_twins(d->molecule_total, all, twins) != Q2_OK)
      status = q2_fail(reader->error, "%s: /molecules/name: out of memory", reader->file.path);
    MPI_Bcast(twins, 2, MPI_INT64_T, 0, reader->comm);
    const int64_t local = twins[1] - (count ? d->molecule[0] : 0);
    if (twins[1] >= 0 && local >= 0 && local < count)
      status = q2_fail(reader->error, "%s: /molecules/name: row %lld: expected a new name, found '%s' as in row %lld",
                       reader->file.path, (long long)twins[1], d->name[local].text, (long long)twins[0]);
    status = q2_agree(reader->comm, status, reader->error);
  }
  free(counts);
  free(all);
  free(mine);
  return status;
}
