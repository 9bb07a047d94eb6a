/* What the pieces of the batch builder share: one molecule at a time is appended to the growing tables of one batch. */
#ifndef Q2_BATCH_PARTS_H
#define Q2_BATCH_PARTS_H

#include "batch_build.h"
#include "growing.h"

/* Every ragged table of a batch with its element type; the starts are kept apart. */
#define Q2_BATCH_TABLES(TABLE)                                                                                                 \
  TABLE(mass_weight, q2_real)                                                                                                  \
  TABLE(charge, q2_real)                                                                                                       \
  TABLE(atom_epsilon, int32_t)                                                                                                 \
  TABLE(atom_sigma, int32_t)                                                                                                   \
  TABLE(pair_geometry, q2_real)                                                                                                \
  TABLE(pair_class, int32_t)                                                                                                   \
  TABLE(pair_entry_start, int32_t)                                                                                             \
  TABLE(entry, q2_real)                                                                                                        \
  TABLE(entry_piece, int32_t)                                                                                                  \
  TABLE(term_form, int32_t)                                                                                                    \
  TABLE(term_piece, int32_t)                                                                                                   \
  TABLE(term_parameter, int32_t)                                                                                               \
  TABLE(term_coordinate, q2_real)                                                                                              \
  TABLE(term_constant, q2_real)                                                                                                \
  TABLE(piece_entry_start, int32_t)                                                                                            \
  TABLE(piece_entry, int32_t)                                                                                                  \
  TABLE(parameter_row, int32_t)                                                                                                \
  TABLE(parameter_source_start, int32_t)                                                                                       \
  TABLE(source, int32_t)

struct q2_builder {
  const struct q2_dataset *dataset;
  const int *form; /* [term_table_count] */
  struct q2_batch *batch;
#define Q2_GROWING(NAME, TYPE) struct q2_growing NAME;
  Q2_BATCH_TABLES(Q2_GROWING)
#undef Q2_GROWING

  /* the molecule at hand */
  int64_t molecule; /* in the data set's arrays */
  int64_t slot;     /* in the batch */
  int atoms;
  const double *position;                 /* [atoms][3] */
  int32_t *local_of_row;                  /* [parameters] place in the molecule's list, -1: not there */
  struct q2_growing derivative_parameter; /* int32: the parameter that each row of q2_wave.derivative belongs to, -1: none */
  int64_t faded;
};

/* Grows the table FIELD by COUNT elements of TYPE; NULL when memory ran out. */
#define Q2_GROW(builder, FIELD, COUNT, TYPE) ((TYPE *)q2_grow(&(builder)->FIELD, (COUNT), sizeof(TYPE)))

/* The molecule's own number of parameter table's row `row`, entering it into the molecule's list if need be; -1 when memory ran
 * out. */
int32_t q2_local_parameter(struct q2_builder *builder, int32_t row);

/* Appends the molecule's terms, pieces and entries; returns 0 or -1 (out of memory). */
int q2_build_terms(struct q2_builder *builder);

/* Appends the molecule's pairs and the parameters of its atoms; 0 or -1. */
int q2_build_pairs(struct q2_builder *builder);

/* Fills references, weights and pairing of the batch's molecule `slot`. `modes`: its mode_count. */
int q2_build_references(const struct q2_dataset *dataset, struct q2_batch *batch, int64_t slot, enum q2_match match,
                        struct q2_error *error);

#endif
