/* A recipe read: rows, each of which stands for observables of all molecules that its pattern fits. */
#ifndef Q2_RECIPES_PARTS_H
#define Q2_RECIPES_PARTS_H

#include "../../io/observable_kinds.h"
#include "../growing.h"
#include "recipes.h"

struct q2_recipe_row {
  const struct q2_observable_kind *kind;
  char pattern[Q2_NAME_LENGTH]; /* fnmatch(3) */
  int all;                      /* all there are; else */
  int index[4];                 /* from 0 */
  char partner[Q2_NAME_LENGTH]; /* of energies: the molecule to compare with; "": the first of its group */
  int has_weight, has_value;
  double weight, value;
  int optional; /* molecules that lack what it needs go without */
  int line;     /* of the file; 0: of a word */
};

struct q2_recipe {
  struct q2_growing rows; /* struct q2_recipe_row */
  char path[4096];        /* the file, "" where there is none */
  char set[Q2_KIND_LENGTH];
};

/* Whether a kind is an energy, and whether it needs a Hessian. */
int q2_recipe_is_energy(const struct q2_observable_kind *kind);
int q2_recipe_needs_hessian(const struct q2_observable_kind *kind);

#endif
