/* What the pieces of the batch builder share: one molecule at a time is appended to the growing tables of one batch. */
#ifndef Q2_BATCH_PARTS_H
#define Q2_BATCH_PARTS_H

#include "../io/memory.h"
#include "../kernels/batch_tables.h"
#include "batch_build.h"
#include "growing.h"
#include "nonbonded_check.h"

/* Enters the size of a table. */
static inline void q2_count_table(struct q2_batch *batch, enum q2_batch_table table, int64_t count, size_t size) {
  batch->table_size[table] = count;
  batch->table_bytes += count * (int64_t)size;
}

/* Allocates the table NAME, zeroed; 0, or -1 when memory runs out. */
#define Q2_ALLOCATE_TABLE(batch, NAME, COUNT)                                                                                  \
  (q2_count_table((batch), Q2_TABLE_##NAME, (COUNT), sizeof *(batch)->NAME),                                                   \
   ((batch)->NAME = q2_allocate((COUNT), sizeof *(batch)->NAME)) ? 0 : -1)

struct q2_builder {
  const struct q2_dataset *dataset;
  const int *form; /* [term_table_count] */
  const struct q2_energies *energies;
  struct q2_nonbonded_forms nonbonded;
  struct q2_batch *batch;
#define Q2_GROWING(NAME, TYPE) struct q2_growing NAME;
  Q2_GROWING_TABLES(Q2_GROWING)
#undef Q2_GROWING

  /* the molecule at hand */
  int64_t molecule; /* in the data set's arrays */
  int64_t slot;     /* in the batch */
  int atoms;
  const double *qm_position;              /* [atoms][3] */
  int32_t *local_of_row;                  /* [parameters] place in the molecule's list, -1: not there */
  struct q2_growing derivative_parameter; /* int32: the parameter that each row of q2_wave.derivative belongs to, -1: none */
  struct q2_growing special_source;       /* int32: the data set's row of each of the batch's special rows */
  int64_t faded;
};

/* Grows the table FIELD by COUNT elements of TYPE; NULL when memory ran out. */
#define Q2_GROW(builder, FIELD, COUNT, TYPE) ((TYPE *)q2_grow(&(builder)->FIELD, (COUNT), sizeof(TYPE)))

/* Sorting into bins, with start [bins + 1]: turns counts, held in start[1...], into starts; */
static inline void q2_starts_from_counts(int32_t *start, int64_t bins) {
  for (int64_t b = 0; b < bins; b++)
    start[b + 1] += start[b];
}

/* and filling the bins, which moves start[b] to the end of bin b, that is to the start of b + 1, back. */
static inline void q2_starts_after_filling(int32_t *start, int64_t bins) {
  for (int64_t b = bins; b > 0; b--)
    start[b] = start[b - 1];
  start[0] = 0;
}

/* The molecule's own number of parameter table's row `row`, entering it into the molecule's list if need be; -1 when memory ran
 * out. */
int32_t q2_local_parameter(struct q2_builder *builder, int32_t row);

/* After all terms and pairs: lists for each of the molecule's parameters the derivatives that add up to its own, and forgets
 * the list of rows. Returns 0 or -1 (out of memory). */
int q2_build_sources(struct q2_builder *builder);

/* Appends the molecule's terms, pieces and entries; returns 0 or -1 (out of memory). */
int q2_build_terms(struct q2_builder *builder);

/* Appends the molecule's sites, where the data set has any; 0 or -1. */
int q2_build_sites(struct q2_builder *builder);

/* The atoms of row `row` of a term table as a term of the batch has them: those of the row, then, where the row is one at
 * sites, the atoms that these are moved towards, once each, then -1; site: as q2_batch.term_site. Returns how many atoms there
 * are, or -1: more than Q2_MAX_TERM_ATOMS. Atoms of the row of local molecule `molecule`. */
int q2_term_atoms(const struct q2_dataset *dataset, int64_t molecule, const struct q2_term_table *table, int64_t row,
                  int32_t atom[Q2_MAX_TERM_ATOMS], int32_t site[Q2_MAX_TERM_ATOMS]);

/* Appends the molecule's pairs and the parameters of its atoms; 0 or -1. */
int q2_build_pairs(struct q2_builder *builder);

/* After all molecules: the tables that depend on the QM geometry. 0, or -1 when memory ran out. */
int q2_build_geometry(struct q2_batch *batch);

#endif
