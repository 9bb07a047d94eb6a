/* Inside src/setup/: the places of a force field of types, and what stands at each. A program that knows types puts a row's
 * term wherever atoms of these types are bonded in that way; so terms can be written as rows only where all places with the
 * same types have the same terms, those without any included. */
#ifndef Q2_EXPORT_PLACES_H
#define Q2_EXPORT_PLACES_H

#include "../../io/formats/force_field.h"
#include "export.h"
#include "lookup.h"

enum q2_export_family {
  Q2_EXPORT_BOND,
  Q2_EXPORT_ANGLE,
  Q2_EXPORT_UREY_BRADLEY,
  Q2_EXPORT_STRETCH_BEND,
  Q2_EXPORT_TORSION,
  Q2_EXPORT_TORSION_STRETCH,
  Q2_EXPORT_IMPROPER,
  Q2_EXPORT_OUT_OF_PLANE,
  Q2_EXPORT_FAMILIES
};

enum {
  Q2_EXPORT_ATOMS = 4,
  Q2_EXPORT_COMPONENTS = 18 /* periodicities are 1 to 12; an improper may have 6 orders, of 3 */,
  Q2_EXPORT_EXAMPLE = 128
};

/* A term at a place, without its atoms. */
struct q2_export_component {
  int32_t form; /* enum q2_form */
  int32_t parameter[Q2_ROW_PARAMETERS];
  uint8_t order[Q2_EXPORT_ATOMS]; /* the place's name that the term's atom k has */
  int32_t orders;                 /* of an improper for Tinker: its terms, one for each order of the ligands; else 1 */
  double constant;
};

/* Also what travels between ranks, so that padding must be zero. */
struct q2_export_place {
  int32_t family, count; /* count: of components */
  int32_t straight;      /* of an angle: nearly straight in some molecule */
  int32_t padding;
  /* The types: of chains from one end to the other, from the end where the alphabet begins; of an improper the centre, then the
   * ligands in the alphabet's order; of an out-of-plane bend the centre, the ligand that bends, the others. */
  struct q2_type_name name[Q2_EXPORT_ATOMS];
  struct q2_export_component component[Q2_EXPORT_COMPONENTS]; /* series by series, by their periodicities */
  char example[Q2_EXPORT_EXAMPLE];                            /* "molecule (atoms 1 2 3)" */
};

/* What the places of one rank, or of all, have; zeroed: empty. */
struct q2_export_places {
  struct q2_growing rows; /* struct q2_export_place */
  struct q2_lookup found;
  int centre[2];      /* impropers whose centre is the first atom, the third */
  int64_t straight;   /* terms near a straight angle that q2hpc rounds off or fades, and the format does not (docs/theory.md) */
  const char *format; /* for messages: "amber" */
};

/* What is being exported. */
struct q2_export_source {
  const struct q2_dataset *dataset;
  const struct q2_export *wish;
  const double *value;                  /* [parameters.count], memory's units */
  const struct q2_type_name *type_name; /* [atoms of this rank] */
};

/* Adds all places of local molecule `m`. What has no place is refused, named: terms between atoms that are not bonded in their
 * way, forms that rows of types do not have. Local. */
int q2_export_molecule(const struct q2_export_source *source, int64_t m, struct q2_export_places *places,
                       struct q2_error *error);

/* Adds a place; one whose types have other terms elsewhere is refused, with both. Local. */
int q2_export_place_add(const struct q2_export_source *source, struct q2_export_places *places,
                        const struct q2_export_place *place, struct q2_error *error);
void q2_export_places_free(struct q2_export_places *places);

/* Rank 0 receives the places of all ranks and sorts them; others are left with none. Collective. */
int q2_export_places_gather(MPI_Comm comm, const struct q2_export_source *source, struct q2_export_places *places,
                            struct q2_error *error);

/* Whether two rows of the parameter table are one parameter: linked, or frozen at one value; after a fit equal values will do.
 */
int q2_export_same(const struct q2_export_source *source, int p, int q);

/* Whether the format can round this form off near straight angles as q2hpc does. */
int q2_export_rounds(const struct q2_export_source *source, const char *form);

/* The row whose value row p has, and that value as a number of a file, in the kind's own unit. */
int q2_export_target(const struct q2_dataset *dataset, int p);
struct q2_file_number q2_export_number(const struct q2_export_source *source, int p);

/* Appends to field's rows those of the places. Local. */
int q2_export_rows(const struct q2_export_source *source, const struct q2_export_places *places, struct q2_force_field *field,
                   struct q2_error *error);

/* Types, non-bonded rows, pairs and charges, on rank 0. Collective. */
int q2_export_types(MPI_Comm comm, const struct q2_export_source *source, struct q2_force_field *field, struct q2_error *error);

/* The molecules as residue templates, on rank 0. Collective. */
int q2_export_residues(MPI_Comm comm, const struct q2_export_source *source, struct q2_force_field *field,
                       struct q2_error *error);

/* Charges of this rank's atoms with all increments, e; NULL without memory. Local. */
double *q2_export_charges(const struct q2_export_source *source);

/* By how much Tinker divides an improper of these ligands: 1, 2 or 6, as none, two or three of them have one type. */
int q2_export_symmetry(const struct q2_export_place *place);

/* Whether local molecule m is to be exported. */
int q2_export_wanted(const struct q2_export_source *source, int64_t m);

#endif
