/* Inside src/setup/: making what ranks know each for itself into one table that all have. */
#ifndef Q2_BUILDER_UNIFY_H
#define Q2_BUILDER_UNIFY_H

#include <mpi.h>

#include "builder_parts.h"

/* Collective: the texts of all ranks, [count][size], sorted, each once: *all [*all_count][size], the same on every rank, to be
 * released with free(). */
int q2_unify_texts(MPI_Comm comm, const char *texts, int count, int size, char **all, int *all_count, struct q2_error *error);

/* The place of a text in a sorted table, or -1. */
int q2_unified_text(const char *all, int count, int size, const char *text);

/* Collective: the rows of all ranks' `mine` that are used or to be kept become one table, sorted by order, kind and label, in
 * `all`, the same on every rank; rows of one kind and label that differ are refused. */
int q2_unify_parameters(MPI_Comm comm, const struct q2_parameter_index *mine, struct q2_parameter_index *all,
                        struct q2_error *error);

#endif
