/* Which observables the imported molecules get: by recipes with names, or line by line from a file (docs/import.md). */
#ifndef Q2_RECIPES_H
#define Q2_RECIPES_H

#include <mpi.h>

#include "builder.h"

struct q2_recipe; /* opaque */

/* Reads -observables (`text`: words joined by "+", or the path of a file) and -weights (`weights`: a set's name, KIND=W, or
 * both, separated by commas; "": the default). Every rank reads the same. Local. Release with q2_recipe_free. */
int q2_recipe_read(const char *text, const char *weights, struct q2_recipe **recipe, struct q2_error *error);
void q2_recipe_free(struct q2_recipe *recipe); /* NULL is harmless */

/* Collective: gives the molecules of `builder` their observables. `facts` [molecules of this rank], the number of the first of
 * them in the set is `first`. A molecule that lacks what an observable needs (a Hessian, an energy), and lines of a file that
 * no molecule fits, are refused. */
int q2_recipe_apply(MPI_Comm comm, const struct q2_recipe *recipe, struct q2_builder *builder,
                    const struct q2_molecule_facts *facts, int64_t first, struct q2_error *error);

/* The words that -observables takes, "frequencies, eigenmatrix, ...", and the kinds that a recipe uses; for help and reports.
 * text [size] is filled. Local. */
void q2_recipe_words(char *text, size_t size);
void q2_recipe_describe(const struct q2_recipe *recipe, char *text, size_t size);

#endif
