/* A data set in the making: molecules with their records, parameters found or added by key, terms, types and sites by molecule.
 * Each rank builds its own molecules; q2_builder_finish makes the parameter tables of all ranks one and the same.
 *
 * All functions but q2_builder_finish are local. Numbers are given in the units that their parameter names; the builder
 * converts. Atoms count from 0 within their molecule. */
#ifndef Q2_BUILDER_H
#define Q2_BUILDER_H

#include "../../io/dataset.h"
#include "../../io/formats/force_field.h"
#include "../../io/formats/molecule.h"

/* A row of the parameter table before it has a number. Two with the same kind and label are the same row on all ranks, and must
 * then agree in everything else. */
struct q2_new_parameter {
  const char *kind, *label; /* io/units.h; "C3-H1" */
  const char *unit;
  double value, lower, upper; /* in `unit`; -1e300, 1e300: no bound */
  int active;
  int keep;          /* 1: stays in the table though no term uses it (a row marked to be fitted) */
  int64_t order;     /* rows are sorted by this, then by kind and label; a file's line x 16 + its field is good */
  double multiplier; /* where it stands in the force field's file (struct q2_file_number); line 0: nowhere */
  int32_t line, column, width;
};

struct q2_builder; /* its parts are in builder_parts.h */

/* What no file of another program says of a molecule. */
struct q2_molecule_facts {
  int32_t group;                                   /* molecules of one group may be compared in energy; -1: none */
  int32_t stationary, imaginary_modes, validation; /* docs/format.md */
};

/* Takes over the molecules of this rank (the list is emptied): each record must have elements, positions, masses, bonds, and a
 * name that no other has. The first of them is number `first` of `total` in the whole set: shares are contiguous, over the
 * ranks in their order. Release with q2_builder_free. */
int q2_builder_create(struct q2_molecule_list *molecules, int64_t first, int64_t total, struct q2_builder **builder,
                      struct q2_error *error);
void q2_builder_free(struct q2_builder *builder); /* NULL is harmless */

/* What the builder holds: its molecules, and their topology (made once from the bonds). Borrowed. */
int q2_builder_molecule_count(const struct q2_builder *builder);
const struct q2_molecule_record *q2_builder_molecule(const struct q2_builder *builder, int molecule);
const struct q2_topology *q2_builder_topology(const struct q2_builder *builder, int molecule);

/* Says what a molecule is; before, it is {-1, 1, 0, 0}. */
void q2_builder_facts(struct q2_builder *builder, int molecule, const struct q2_molecule_facts *facts);

/* The line of text that the file begins with, and what /observables and its kinds say (docs/format.md): the same calls on every
 * rank. Where nothing is called there is no set of weights, method D, and minimum 50. */
void q2_builder_title(struct q2_builder *builder, const char *title);
void q2_builder_weights(struct q2_builder *builder, const char *weights, int invert_transition_states);
int q2_builder_kind(struct q2_builder *builder, const char *kind, double minimum, int cartesian, struct q2_error *error);

/* Finds or adds a parameter and gives its key: what terms name. Keys are this rank's own. */
int q2_builder_parameter(struct q2_builder *builder, const struct q2_new_parameter *parameter, int *key,
                         struct q2_error *error);

/* Adds a term of `form` (docs/forces.md): `atoms` and `keys` as many as the form takes, `constants` (NULL where it has none).
 * at_sites: docs/format.md. */
int q2_builder_term(struct q2_builder *builder, int molecule, const char *form, const int *atoms, const int *keys,
                    const double *constants, int at_sites, struct q2_error *error);

/* Switches non-bonded pairs on. The same call on every rank. */
struct q2_nonbonded_rules {
  const char *form, *combining_rule;
  double vdw_14, coulomb_14, dielectric, soft_cut_begin, soft_cut_end;
};
int q2_builder_nonbonded(struct q2_builder *builder, const struct q2_nonbonded_rules *rules, struct q2_error *error);

/* Gives an atom its row of the non-bonded table, found or added by label. */
int q2_builder_atom_type(struct q2_builder *builder, int molecule, int atom, const char *label, int epsilon_key, int size_key,
                         struct q2_error *error);

/* A special pair of two labels of the non-bonded table; it counts where both are in use on some rank. The same calls on every
 * rank. */
int q2_builder_special_pair(struct q2_builder *builder, const char *first, const char *second, const char *form,
                            const int keys[2], struct q2_error *error);

/* An atom's fixed charge (e), its site (docs/forces.md), a charge increment or bond dipole. */
int q2_builder_charge(struct q2_builder *builder, int molecule, int atom, double charge, struct q2_error *error);
int q2_builder_site(struct q2_builder *builder, int molecule, int atom, int parent, double reduction, struct q2_error *error);
int q2_builder_increment(struct q2_builder *builder, int molecule, const int atoms[2], int key, double factor,
                         struct q2_error *error);

/* Adds an observable (docs/observables.md): `index` as many as the kind takes, -1 in all for all there are. weight NULL: of the
 * set of weights; value NULL: from the QM data. */
int q2_builder_observable(struct q2_builder *builder, int molecule, const char *kind, const int *index, const double *weight,
                          const double *value, struct q2_error *error);

/* Collective: makes the data set of all ranks. Parameters that nothing uses and that do not ask to be kept are dropped, the
 * rest is sorted; parameters that disagree between two uses are refused, named. `dataset` becomes this rank's share, as
 * q2_dataset_read would give it (but for path and checksum), with /force_field/origin from `origin` (NULL: none). The builder
 * is emptied but must still be freed. */
int q2_builder_finish(MPI_Comm comm, struct q2_builder *builder, const struct q2_text *origin, const char *origin_format,
                      struct q2_dataset *dataset, struct q2_error *error);

#endif
