/* The plan: which size-bucket, chunk and rank each molecule belongs to. Buckets and chunks depend on the data set alone, so
 * that a batched call sees the same (order, count) on any number of ranks; only the owners depend on the number of ranks. */
#ifndef Q2_PLAN_H
#define Q2_PLAN_H

#include <mpi.h>
#include <stdint.h>

#include "../io/dataset.h"

struct q2_bucket_plan {
  int atoms;              /* padded number of atoms */
  int order;              /* padded order of the matrices that are decomposed */
  int chunk_size;         /* molecules in a chunk; the last chunk of a bucket may be short */
  int64_t molecule_count; /* in the whole data set */
  int64_t chunk_first;    /* number of this bucket's first chunk, counted over all buckets */
  int64_t chunk_count;
};

struct q2_plan_molecule;

struct q2_plan {
  int bucket_count;
  struct q2_bucket_plan *bucket; /* [bucket_count], ascending order of `order` */
  int64_t chunk_total;
  int64_t molecule_total;
  double padding_waste; /* sum of padded cost over sum of true cost, minus 1 */
  int *bucket_of;       /* [local molecules of the data set] after q2_plan_distribute */
  int64_t *chunk_of;    /* [local molecules], counted over all buckets */
  int *slot_of;         /* [local molecules], position within the chunk */
  int rank_count;
  double *rank_cost; /* [rank_count] predicted cost of each rank, in the units of perfmodels/ */

  /* between create and distribute only */
  struct q2_plan_molecule *molecule; /* [molecule_total] */
  int *owner_of_chunk;               /* [chunk_total] */
};

struct q2_plan_options {
  int match_q2mm;      /* decompose all 3N dimensions (see objective.h) instead of the vibrations only */
  int bucket_limit;    /* largest number of buckets; 0: 16 */
  int64_t chunk_bytes; /* target size of one chunk's matrices; 0: one molecule a chunk (the CPU backend's default) */
};

/* Makes the plan from the whole data set. Collective; every rank obtains the same buckets. Cost: O(M log M) on every rank, a
 * few bytes a molecule. Release with q2_plan_free. */
int q2_plan_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_plan_options *options, struct q2_plan *plan,
                   struct q2_error *error);

/* Moves every molecule to its owner (q2_dataset_exchange) and fills bucket_of, chunk_of and slot_of for the molecules that this
 * rank then holds. Collective. */
int q2_plan_distribute(MPI_Comm comm, struct q2_plan *plan, struct q2_dataset *dataset, struct q2_error *error);

void q2_plan_free(struct q2_plan *plan);

#endif
