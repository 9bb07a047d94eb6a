/* Inside src/setup/: what a builder holds. */
#ifndef Q2_BUILDER_PARTS_H
#define Q2_BUILDER_PARTS_H

#include "../../kernels/forms.h"
#include "../growing.h"
#include "builder.h"
#include "lookup.h"
#include "topology.h"

enum { Q2_FORM_ATOMS = 5, Q2_FORM_PARAMETERS = 4, Q2_KIND_INDICES = 4, Q2_MOST_KINDS = 16 };

/* A row of the parameter table; also what travels between ranks, so that padding must be zero. */
struct q2_built_parameter {
  char kind[Q2_KIND_LENGTH], label[Q2_LABEL_LENGTH], unit[Q2_UNIT_LENGTH];
  double value, lower, upper, multiplier;
  int64_t order;
  int32_t active, keep, used, line, column, width;
};

/* Rows found by kind and label. */
struct q2_parameter_index {
  struct q2_growing rows; /* struct q2_built_parameter */
  struct q2_lookup found; /* the number of each row */
};

struct q2_built_term {
  int32_t molecule, at_sites;
  int32_t atom[Q2_FORM_ATOMS], key[Q2_FORM_PARAMETERS];
  double constant;
};

struct q2_built_type {
  char label[Q2_LABEL_LENGTH];
  int32_t epsilon, size; /* keys */
};

struct q2_built_pair {
  char label[2][Q2_LABEL_LENGTH], form[Q2_KIND_LENGTH];
  int32_t key[2];
};

struct q2_built_increment {
  int32_t molecule, atom[2], key;
  double factor;
};

struct q2_built_observable {
  int32_t molecule, index[Q2_KIND_INDICES];
  double weight, value;
};

/* One kind of observable; by its place in q2_observable_kinds. */
struct q2_built_kind {
  struct q2_growing rows; /* struct q2_built_observable */
  int has_weight, has_value, cartesian;
  double minimum;
};

struct q2_builder {
  struct q2_molecule_list molecules;
  int64_t first, total;
  struct q2_topology *topology;    /* [molecules] */
  struct q2_molecule_facts *facts; /* [molecules] */
  int64_t *atom_start;             /* [molecules + 1] */
  struct q2_parameter_index parameters;
  struct q2_growing terms[Q2_FORM_COUNT]; /* struct q2_built_term */
  struct q2_nonbonded_rules rules;
  char rules_form[Q2_KIND_LENGTH], rules_combining[Q2_KIND_LENGTH];
  struct q2_growing types, pairs, increments;
  int32_t *type;              /* [atoms] into types, -1: none yet */
  double *charge, *reduction; /* [atoms] */
  int32_t *parent;            /* [atoms] */
  int has_charge, has_sites;
  struct q2_built_kind kind[Q2_MOST_KINDS];
  char title[Q2_LINE_LENGTH], weights[Q2_KIND_LENGTH];
  int invert_transition_states;
};

/* Finds or adds a row (matched by kind and label) and gives its number; `used` and `keep` are or-ed, all else must agree. */
int q2_parameter_index_add(struct q2_parameter_index *index, const struct q2_built_parameter *row, int *number,
                           struct q2_error *error);
void q2_parameter_index_free(struct q2_parameter_index *index);

/* The number of a row, or -1. */
int q2_parameter_index_find(const struct q2_parameter_index *index, const char *kind, const char *label);

static inline struct q2_built_parameter *q2_built_row(const struct q2_parameter_index *index, int row) {
  return (struct q2_built_parameter *)index->rows.data + row;
}

#endif
