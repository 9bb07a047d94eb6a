/* Inside the export: the terms of a molecule, and the places where rows of types may have some, by their atoms. */
#ifndef Q2_EXPORT_LOCATE_H
#define Q2_EXPORT_LOCATE_H

#include "export_places.h"
#include "topology.h"

/* A term, or an empty place, by its family and atoms in one order for all: equal keys are the same place. */
struct q2_located {
  int32_t family, atom[Q2_EXPORT_ATOMS]; /* as struct q2_export_place has the names; ends and ligands ascending */
  int32_t is_term;                       /* 0 for what the bonds say, so that it comes first */
  int32_t straight;                      /* near a straight angle, where q2hpc computes it in a way of its own */
  struct q2_export_component component;  /* order: the term's atom k is the place's atom order[k] */
};

struct q2_locator {
  const struct q2_export_source *source;
  struct q2_export_places *places;
  int64_t molecule;
  struct q2_topology topology;
  struct q2_growing located;
  struct q2_error *error;
};

/* Fills `located`, sorted: places, each followed by its terms. */
int q2_locate(struct q2_locator *locator);

/* The place of a chain of bonded atoms; 0 where they are not bonded in this order. */
int q2_locate_chain(const struct q2_locator *locator, const int32_t *atoms, int count, int32_t *place);

/* The order of `located`, for a search. */
int q2_compare_located(const void *left, const void *right);

/* "molecule (atoms 1 2 3)" */
void q2_describe_atoms(const struct q2_locator *locator, const int32_t *atoms, int count, char text[Q2_EXPORT_EXAMPLE]);

#endif
