/* Buckets, chunks and owners. */
#include "plan.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../kernels/portable.h"
#include "../perfmodels/cost.h"
#include "residuals.h"
#include "rigid.h"

enum { DEFAULT_BUCKETS = 16 };

/* What is known of every molecule of the data set, on every rank. */
struct q2_plan_molecule {
  int32_t atoms, order;
  int32_t bucket, slot;
  int32_t relaxed; /* its geometry is relaxed, too */
  int64_t chunk;
};

static int local_sizes(const struct q2_dataset *dataset, const struct q2_plan_options *options, int32_t *sizes,
                       struct q2_error *error) {
  for (int64_t m = 0; m < dataset->molecule_count; m++) {
    const int64_t first = dataset->atom_offset[m];
    const int atoms = (int)(dataset->atom_offset[m + 1] - first);
    const int rigid = options->match_q2mm ? 0 : q2_rigid_count(atoms, dataset->mass + first, dataset->position + 3 * first);
    if (rigid < 0)
      return q2_fail(error, "%s: molecule %s: its inertia tensor cannot be diagonalised", dataset->path, dataset->name[m].text);
    sizes[2 * m] = atoms;
    sizes[2 * m + 1] = 3 * atoms - rigid;
  }
  return Q2_OK;
}

/* Brings the sizes of all molecules to every rank; before the exchange ranks hold contiguous shares in order. */
static int gather_sizes(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_plan_options *options,
                        struct q2_plan_molecule *molecule, struct q2_error *error) {
  int ranks, status;
  MPI_Comm_size(comm, &ranks);
  int32_t *local = q2_allocate(2 * dataset->molecule_count, sizeof *local),
          *all = q2_allocate(2 * dataset->molecule_total, sizeof *all);
  int *counts = q2_allocate(2 * (int64_t)ranks, sizeof *counts);
  if (!local || !all || !counts) {
    status = q2_fail(error, "out of memory for the sizes of %lld molecules", (long long)dataset->molecule_total);
  } else {
    status = local_sizes(dataset, options, local, error);
  }
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) {
    MPI_Datatype pair;
    const int count = (int)dataset->molecule_count;
    MPI_Type_contiguous(2, MPI_INT32_T, &pair);
    MPI_Type_commit(&pair);
    MPI_Allgather(&count, 1, MPI_INT, counts, 1, MPI_INT, comm);
    for (int r = 1; r < ranks; r++)
      counts[ranks + r] = counts[ranks + r - 1] + counts[r - 1];
    MPI_Allgatherv(local, count, pair, all, counts, counts + ranks, pair, comm);
    MPI_Type_free(&pair);
    for (int64_t m = 0; m < dataset->molecule_total; m++) {
      molecule[m].atoms = all[2 * m];
      molecule[m].order = all[2 * m + 1];
    }
  }
  free(local);
  free(all);
  free(counts);
  return status;
}

/* Which molecules are relaxed: those with observables there, and those that the energies of others are compared with. */
static int find_relaxed(MPI_Comm comm, const struct q2_dataset *dataset, struct q2_plan_molecule *molecule,
                        struct q2_error *error) {
  signed char *relaxed =
      q2_allocate_everywhere(comm, dataset->molecule_total, sizeof *relaxed, "which molecules are relaxed", error);
  if (!relaxed) return Q2_FAILED;
  for (int64_t m = 0; m < dataset->molecule_count; m++)
    relaxed[dataset->molecule[m]] = (signed char)q2_observed_relaxed(dataset, m);
  for (int t = 0; t < dataset->observable_table_count; t++) {
    const struct q2_observable_table *table = &dataset->observables[t];
    if (q2_observable_find(table->kind) != Q2_OBSERVABLE_RELAXED_ENERGY) continue;
    for (int64_t row = 0; row < table->offset[dataset->molecule_count]; row++)
      relaxed[table->index[row]] = 1;
  }
  MPI_Allreduce(MPI_IN_PLACE, relaxed, (int)dataset->molecule_total, MPI_SIGNED_CHAR, MPI_MAX, comm);
  for (int64_t m = 0; m < dataset->molecule_total; m++)
    molecule[m].relaxed = relaxed[m];
  free(relaxed);
  return Q2_OK;
}

/* --- buckets --- */

struct size_class {
  int order, atoms; /* atoms: the most that any molecule of this order has */
  int64_t count;
};

static int list_classes(const struct q2_plan_molecule *molecule, int64_t total, struct size_class **classes, int *class_count) {
  int largest = 0, n = 0;
  for (int64_t m = 0; m < total; m++)
    largest = molecule[m].order > largest ? molecule[m].order : largest;
  struct size_class *all = q2_allocate(largest + 1, sizeof *all);
  if (!all) return -1;
  for (int64_t m = 0; m < total; m++) {
    struct size_class *c = &all[molecule[m].order];
    c->count++;
    if (molecule[m].atoms > c->atoms) c->atoms = molecule[m].atoms;
  }
  for (int order = 0; order <= largest; order++) {
    if (all[order].count == 0) continue;
    all[n] = all[order];
    all[n++].order = order;
  }
  *classes = all;
  *class_count = n;
  return 0;
}

/* Cuts the ascending classes into at most `limit` runs, each padded to its largest member, so that the padded cost is least:
 * dynamic programming over (runs used, classes covered). first[k] is the first class of run k; returns the number of runs or
 * -1. */
static int cut_classes(const struct size_class *classes, int count, int limit, int *first) {
  if (limit > count) limit = count;
  double *best = q2_allocate((int64_t)(limit + 1) * (count + 1), sizeof *best);
  int *from = q2_allocate((int64_t)(limit + 1) * (count + 1), sizeof *from), runs = -1;
  if (best && from) {
    for (int i = 0; i < (limit + 1) * (count + 1); i++)
      best[i] = DBL_MAX;
    best[0] = 0;
    for (int k = 1; k <= limit; k++) {
      for (int end = k; end <= count; end++) {
        int64_t members = 0;
        int atoms = 0;
        for (int begin = end - 1; begin >= k - 1; begin--) {
          members += classes[begin].count;
          atoms = classes[begin].atoms > atoms ? classes[begin].atoms : atoms;
          const double before = best[(k - 1) * (count + 1) + begin];
          if (before == DBL_MAX) continue;
          const double cost = before + (double)members * q2_cost_molecule(atoms, classes[end - 1].order);
          if (cost < best[k * (count + 1) + end]) {
            best[k * (count + 1) + end] = cost;
            from[k * (count + 1) + end] = begin;
          }
        }
      }
    }
    runs = limit;
    for (int k = limit, end = count; k >= 1; k--)
      first[k - 1] = end = from[k * (count + 1) + end];
  }
  free(best);
  free(from);
  return runs;
}

static int make_buckets(const struct q2_plan_options *options, struct q2_plan *plan) {
  const int limit = options->bucket_limit > 0 ? options->bucket_limit : DEFAULT_BUCKETS;
  struct size_class *classes = NULL;
  int class_count = 0;
  if (list_classes(plan->molecule, plan->molecule_total, &classes, &class_count) != 0) return -1;
  int *first = q2_allocate(class_count + 1, sizeof *first);
  const int runs = first ? cut_classes(classes, class_count, limit, first) : -1;
  plan->bucket = runs > 0 ? q2_allocate(runs, sizeof *plan->bucket) : NULL;
  if (plan->bucket) {
    plan->bucket_count = runs;
    double padded = 0, bare = 0;
    for (int b = 0; b < runs; b++) {
      struct q2_bucket_plan *bucket = &plan->bucket[b];
      const int end = b + 1 < runs ? first[b + 1] : class_count;
      for (int c = first[b]; c < end; c++) {
        bucket->order = classes[c].order;
        bucket->atoms = classes[c].atoms > bucket->atoms ? classes[c].atoms : bucket->atoms;
        bucket->molecule_count += classes[c].count;
      }
      for (int c = first[b]; c < end; c++) {
        padded += (double)classes[c].count * q2_cost_molecule(bucket->atoms, bucket->order);
        bare += (double)classes[c].count * q2_cost_molecule(classes[c].atoms, classes[c].order);
      }
      /* what a wave holds for a molecule: the Hessian, its eigenvectors, U and U diag(lambda-bar) */
      const int64_t bytes = 32 * q2_leading_dimension(3 * bucket->atoms) * 3 * bucket->atoms;
      bucket->chunk_size = options->chunk_bytes > bytes ? (int)(options->chunk_bytes / bytes) : 1;
      bucket->chunk_first = plan->chunk_total;
      bucket->chunk_count = (bucket->molecule_count + bucket->chunk_size - 1) / bucket->chunk_size;
      plan->chunk_total += bucket->chunk_count;
    }
    plan->padding_waste = padded / bare - 1;
  }
  free(first);
  free(classes);
  return plan->bucket ? 0 : -1;
}

/* Fills each bucket's chunks with its molecules in the order of the file. */
static int fill_chunks(struct q2_plan *plan) {
  int64_t *filled = q2_allocate(plan->bucket_count, sizeof *filled);
  if (!filled) return -1;
  for (int64_t m = 0; m < plan->molecule_total; m++) {
    struct q2_plan_molecule *molecule = &plan->molecule[m];
    int b = 0;
    while (plan->bucket[b].order < molecule->order)
      b++;
    molecule->bucket = b;
    molecule->chunk = plan->bucket[b].chunk_first + filled[b] / plan->bucket[b].chunk_size;
    molecule->slot = (int32_t)(filled[b] % plan->bucket[b].chunk_size);
    filled[b]++;
  }
  free(filled);
  return 0;
}

/* --- owners --- */

struct load {
  double cost;
  int64_t index; /* chunk or rank */
};

static int heavier_first(const void *a, const void *b) {
  const struct load *x = a, *y = b;
  if (x->cost != y->cost) return x->cost > y->cost ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static int lighter(const struct load *x, const struct load *y) {
  return x->cost < y->cost || (x->cost == y->cost && x->index < y->index);
}

static void sift_down(struct load *heap, int count) {
  for (int i = 0, child; (child = 2 * i + 1) < count; i = child) {
    if (child + 1 < count && lighter(&heap[child + 1], &heap[child])) child++;
    if (!lighter(&heap[child], &heap[i])) return;
    const struct load swap = heap[i];
    heap[i] = heap[child];
    heap[child] = swap;
  }
}

/* Longest processing time first: the heaviest chunk goes to the least loaded rank. */
static int assign_owners(struct q2_plan *plan, int *owner_of_chunk) {
  struct load *chunk = q2_allocate(plan->chunk_total, sizeof *chunk), *rank = q2_allocate(plan->rank_count, sizeof *rank);
  const int ok = chunk && rank;
  if (ok) {
    for (int64_t c = 0; c < plan->chunk_total; c++)
      chunk[c].index = c;
    for (int64_t m = 0; m < plan->molecule_total; m++) {
      const struct q2_plan_molecule *molecule = &plan->molecule[m];
      chunk[molecule->chunk].cost += q2_cost_molecule(molecule->atoms, molecule->order) +
                                     (molecule->relaxed ? q2_cost_relaxation(molecule->atoms, molecule->order) : 0);
    }
    for (int r = 0; r < plan->rank_count; r++)
      rank[r].index = r;
    qsort(chunk, (size_t)plan->chunk_total, sizeof *chunk, heavier_first);
    for (int64_t c = 0; c < plan->chunk_total; c++) {
      owner_of_chunk[chunk[c].index] = (int)rank[0].index;
      rank[0].cost += chunk[c].cost;
      sift_down(rank, plan->rank_count);
    }
    for (int r = 0; r < plan->rank_count; r++)
      plan->rank_cost[rank[r].index] = rank[r].cost;
  }
  free(chunk);
  free(rank);
  return ok ? 0 : -1;
}

int q2_plan_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_plan_options *options, struct q2_plan *plan,
                   struct q2_error *error) {
  memset(plan, 0, sizeof *plan);
  MPI_Comm_size(comm, &plan->rank_count);
  plan->molecule_total = dataset->molecule_total;
  plan->molecule = q2_allocate(plan->molecule_total, sizeof *plan->molecule);
  plan->rank_cost = q2_allocate(plan->rank_count, sizeof *plan->rank_cost);
  int status = Q2_OK;
  if (!plan->molecule || !plan->rank_cost)
    status = q2_fail(error, "out of memory for the plan of %lld molecules", (long long)plan->molecule_total);
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) status = gather_sizes(comm, dataset, options, plan->molecule, error);
  if (status == Q2_OK) status = find_relaxed(comm, dataset, plan->molecule, error);
  if (status == Q2_OK) {
    if (make_buckets(options, plan) != 0 || fill_chunks(plan) != 0)
      status = q2_fail(error, "out of memory for the bucket plan");
    plan->owner_of_chunk = q2_allocate(plan->chunk_total, sizeof *plan->owner_of_chunk);
    if (status == Q2_OK && (!plan->owner_of_chunk || assign_owners(plan, plan->owner_of_chunk) != 0)) {
      status = q2_fail(error, "out of memory for the owners of %lld chunks", (long long)plan->chunk_total);
    }
    status = q2_agree(comm, status, error);
  }
  if (status != Q2_OK) q2_plan_free(plan);
  return status;
}

int q2_plan_distribute(MPI_Comm comm, struct q2_plan *plan, struct q2_dataset *dataset, struct q2_error *error) {
  int *owner = q2_allocate(dataset->molecule_count, sizeof *owner);
  int status = Q2_OK;
  if (!owner) status = q2_fail(error, "out of memory for the owners of %lld molecules", (long long)dataset->molecule_count);
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) {
    for (int64_t m = 0; m < dataset->molecule_count; m++) {
      owner[m] = plan->owner_of_chunk[plan->molecule[dataset->molecule[m]].chunk];
    }
    status = q2_dataset_exchange(comm, dataset, owner, error);
  }
  free(owner);
  if (status != Q2_OK) return status;

  const int64_t count = dataset->molecule_count;
  plan->bucket_of = q2_allocate(count, sizeof *plan->bucket_of);
  plan->chunk_of = q2_allocate(count, sizeof *plan->chunk_of);
  plan->slot_of = q2_allocate(count, sizeof *plan->slot_of);
  if (!plan->bucket_of || !plan->chunk_of || !plan->slot_of) {
    status = q2_fail(error, "out of memory for the places of %lld molecules", (long long)count);
  } else {
    for (int64_t m = 0; m < count; m++) {
      const struct q2_plan_molecule *molecule = &plan->molecule[dataset->molecule[m]];
      plan->bucket_of[m] = molecule->bucket;
      plan->chunk_of[m] = molecule->chunk;
      plan->slot_of[m] = molecule->slot;
    }
  }
  free(plan->molecule); /* a few bytes for each molecule of the whole data set: not needed any more */
  free(plan->owner_of_chunk);
  plan->molecule = NULL;
  plan->owner_of_chunk = NULL;
  return q2_agree(comm, status, error);
}

void q2_plan_free(struct q2_plan *plan) {
  free(plan->bucket);
  free(plan->molecule);
  free(plan->owner_of_chunk);
  free(plan->bucket_of);
  free(plan->chunk_of);
  free(plan->slot_of);
  free(plan->rank_cost);
  memset(plan, 0, sizeof *plan);
}
