/* Completing molecules for the force field: charges, bonds, types. */
#include "import_molecules.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "import_lewis.h"
#include "typing.h"

/* --- partial bonds that the user names --- */

struct named_bond {
  char pattern[Q2_NAME_LENGTH];
  int32_t atoms[2]; /* from 0 */
  int32_t fits;     /* molecules */
};

struct named_bonds {
  int count;
  struct named_bond *bond; /* [count] */
  int32_t (*partial)[2];   /* [count] those of the molecule at hand */
};

struct q2_completion {
  const struct q2_molecules_options *options;
  const struct q2_import_field *field;
  struct q2_typing_rules *rules; /* NULL: the user names none, and there is a force field */
  struct named_bonds named;
};

static int read_named_bond(const char *word, size_t length, struct named_bond *bond, struct q2_error *error) {
  const char *colon = word + length;
  int i, j, used = 0;
  while (colon > word && *--colon != ':')
    ;
  const size_t letters = (size_t)(colon - word);
  char rest[32];
  snprintf(rest, sizeof rest, "%.*s", (int)(length - letters), colon);
  if (letters < 1 || letters >= sizeof bond->pattern || sscanf(rest, ":%9d-%9d%n", &i, &j, &used) != 2 || rest[used] || i < 1 ||
      j < 1 || i == j)
    return q2_fail(error,
                   "option -bond_partial: \"%.*s\" is not NAME:I-J, a molecule's name (or a pattern) and two atoms from 1",
                   (int)length, word);
  *bond = (struct named_bond){.atoms = {i - 1, j - 1}};
  memcpy(bond->pattern, word, letters);
  return Q2_OK;
}

static int read_named_bonds(const char *text, struct named_bonds *bonds, struct q2_error *error) {
  int count = text[0] != '\0';
  for (const char *c = text; *c; c++)
    count += *c == ',';
  bonds->bond = q2_allocate(count, sizeof *bonds->bond);
  bonds->partial = q2_allocate(count, sizeof *bonds->partial);
  if (!bonds->bond || !bonds->partial) return q2_fail(error, "option -bond_partial: out of memory");
  for (const char *word = text; bonds->count < count; bonds->count++) {
    const size_t length = strcspn(word, ",");
    Q2_TRY(read_named_bond(word, length, &bonds->bond[bonds->count], error));
    word += length + (word[length] == ',');
  }
  return Q2_OK;
}

/* Collects the pairs for a molecule in bonds->partial and returns their number. */
static int named_for(struct named_bonds *bonds, const char *name) {
  int count = 0;
  for (int k = 0; k < bonds->count; k++) {
    if (fnmatch(bonds->bond[k].pattern, name, 0) != 0) continue;
    bonds->bond[k].fits++;
    memcpy(bonds->partial[count++], bonds->bond[k].atoms, sizeof bonds->bond[k].atoms);
  }
  return count;
}

/* Collective: a name that fits no molecule is a mistake. */
static int check_named(MPI_Comm comm, const struct named_bonds *bonds, struct q2_error *error) {
  for (int k = 0; k < bonds->count; k++) {
    int32_t fits = bonds->bond[k].fits;
    MPI_Allreduce(MPI_IN_PLACE, &fits, 1, MPI_INT32_T, MPI_MAX, comm);
    if (fits == 0) return q2_fail(error, "option -bond_partial: no molecule is called \"%s\"", bonds->bond[k].pattern);
  }
  return Q2_OK;
}

/* --- bonds --- */

/* Pairs that the user names become partial bonds of those that the file has, too. */
static int mark_partial(struct q2_molecule_record *record, int count, const int32_t (*partial)[2], struct q2_error *error) {
  if (count > 0 && !record->bond_order) Q2_TRY(q2_perceive_orders(record, error));
  for (int k = 0; k < count; k++) {
    int found = 0;
    for (int b = 0; b < record->bond_count; b++) {
      const int32_t *ends = record->bond[b];
      if (!(ends[0] == partial[k][0] && ends[1] == partial[k][1]) && !(ends[1] == partial[k][0] && ends[0] == partial[k][1]))
        continue;
      record->bond_order[b] = Q2_BOND_PARTIAL;
      found = 1;
    }
    if (!found)
      return q2_fail(error,
                     "option -bond_partial: molecule '%s': its files have no bond between atoms %d and %d (-bonds perceive "
                     "makes bonds from the geometry)",
                     record->name, partial[k][0] + 1, partial[k][1] + 1);
  }
  return Q2_OK;
}

static int has_order(const struct q2_molecule_record *record, int order) {
  for (int b = 0; b < record->bond_count; b++)
    if (record->bond_order[b] == order) return 1;
  return 0;
}

/* MM3* has bonds as they are drawn: single and double ones in benzene. */
static int draw_orders(struct q2_molecule_record *record, struct q2_molecules_summary *summary, struct q2_error *error) {
  if (!record->bond_order || has_order(record, Q2_BOND_UNKNOWN)) {
    Q2_TRY(q2_perceive_orders(record, error));
    summary->orders_perceived++;
  }
  return q2_lewis_orders(record, error);
}

static int find_bonds(struct q2_completion *c, struct q2_molecule_record *record, struct q2_molecules_summary *summary,
                      struct q2_error *error) {
  struct q2_perception_options perception = c->options->bonds;
  char doubt[160];
  perception.partial_count = named_for(&c->named, record->name);
  perception.partial = (const int32_t(*)[2])c->named.partial;
  if (c->options->perceive || record->bond_count < 0) {
    summary->bonds_perceived++;
    Q2_TRY(q2_perceive_bonds(record, &perception, error));
  } else {
    summary->bonds_of_files++;
    Q2_TRY(mark_partial(record, perception.partial_count, perception.partial, error));
  }
  if (q2_doubtful_bonds(record, doubt, sizeof doubt) == 0) return Q2_OK;
  if (summary->doubtful++ == 0) snprintf(summary->doubt, sizeof summary->doubt, "%s: %s", record->name, doubt);
  return Q2_OK;
}

/* --- types --- */

static int apply_rules(const struct q2_typing_rules *rules, struct q2_molecule_record *record, struct q2_error *error) {
  struct q2_topology topology;
  if (q2_topology_create(record->atom_count, record->bond_count, (const int32_t(*)[2])record->bond, &topology, error) !=
      Q2_OK) {
    struct q2_error cause = *error;
    return q2_fail(error, "molecule '%s': %.900s", record->name, cause.text);
  }
  const int status = q2_typing_apply(rules, &topology, record, error);
  q2_topology_free(&topology);
  return status;
}

static int find_types(const struct q2_completion *c, struct q2_molecule_record *record, const struct q2_gathered_facts *facts,
                      struct q2_molecules_summary *summary, struct q2_error *error) {
  const int replace = c->options->types[0] != '\0';
  int found = 0;
  if (!replace && c->field->types.residue_count > 0)
    Q2_TRY(q2_force_field_residue_types(&c->field->types, record, &found, error));
  if (found) {
    summary->types_of_residues++;
  } else if (record->type && !replace) {
    summary->types_of_files++;
  } else if (c->rules) {
    summary->types_by_rules++;
    return apply_rules(c->rules, record, error);
  } else {
    return q2_fail(error,
                   "%s: molecule '%s' has no atom types, which %s needs; files that have them (.mol2, .mmo, .mae, Tinker .xyz) "
                   "stand beside it or in -topology, rules in -types",
                   facts->origin, record->name, c->field->names);
  }
  return Q2_OK;
}

/* Rules by element in one molecule and a file's types in another one would be two force fields in one. */
static int check_mixture(const struct q2_molecules_summary *summary, int replace, struct q2_error *error) {
  if (replace || summary->types_by_rules == 0 || summary->types_of_files == 0) return Q2_OK;
  return q2_fail(error,
                 "%lld molecules have atom types from their files and %lld have none; -types FILE (or -types elements) gives "
                 "all of them types by rules",
                 (long long)summary->types_of_files, (long long)summary->types_by_rules);
}

/* --- all of them --- */

static int read_rules(const char *types, int field_files, struct q2_typing_rules **rules, struct q2_error *error) {
  struct q2_text text = {0};
  *rules = NULL;
  if (strcmp(types, "elements") == 0 || (!types[0] && field_files == 0)) return q2_typing_default(rules, error);
  if (!types[0]) return Q2_OK;
  Q2_TRY(q2_text_read(types, &text, error));
  const int status = q2_typing_read(&text, rules, error);
  q2_text_free(&text);
  return status;
}

int q2_completion_read(const struct q2_molecules_options *options, const struct q2_import_field *field,
                       struct q2_completion **completion, struct q2_error *error) {
  struct q2_completion *made = calloc(1, sizeof *made);
  *completion = made;
  if (!made) return q2_fail(error, "no memory for rules of types");
  made->options = options;
  made->field = field;
  Q2_TRY(read_rules(options->types, field->file_count, &made->rules, error));
  return read_named_bonds(options->partial, &made->named, error);
}

void q2_completion_free(struct q2_completion *completion) {
  if (!completion) return;
  q2_typing_free(completion->rules);
  free(completion->named.bond);
  free(completion->named.partial);
  free(completion);
}

static int complete(struct q2_gathered *gathered, struct q2_completion *c, struct q2_molecules_summary *summary,
                    struct q2_error *error) {
  for (int m = 0; m < gathered->molecules.count; m++) {
    struct q2_molecule_record *record = &gathered->molecules.record[m];
    Q2_TRY(find_bonds(c, record, summary, error));
    Q2_TRY(find_types(c, record, &gathered->facts[m], summary, error));
    if (c->field->mm3star) Q2_TRY(draw_orders(record, summary, error));
  }
  return Q2_OK;
}

/* Sums over ranks; the doubt is that of the first molecule. */
static void gather_summary(MPI_Comm comm, struct q2_molecules_summary *summary) {
  int rank, ranks, first;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  first = summary->doubtful > 0 ? rank : ranks;
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm);
  if (first < ranks) MPI_Bcast(summary->doubt, (int)sizeof summary->doubt, MPI_CHAR, first, comm);
  int64_t *const counts[] = {&summary->bonds_of_files, &summary->bonds_perceived,   &summary->orders_perceived,
                             &summary->types_of_files, &summary->types_of_residues, &summary->types_by_rules,
                             &summary->doubtful};
  for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
    MPI_Allreduce(MPI_IN_PLACE, counts[k], 1, MPI_INT64_T, MPI_SUM, comm);
}

void q2_import_charges(struct q2_gathered *gathered, int charge) {
  for (int m = 0; m < gathered->molecules.count && charge != Q2_NO_CHARGE; m++) {
    struct q2_molecule_record *record = &gathered->molecules.record[m];
    if (record->has_charge) continue;
    record->charge = charge;
    record->has_charge = 1;
  }
}

int q2_import_molecules(MPI_Comm comm, struct q2_gathered *gathered, struct q2_completion *completion,
                        struct q2_molecules_summary *summary, struct q2_error *error) {
  memset(summary, 0, sizeof *summary);
  Q2_TRY(q2_agree(comm, complete(gathered, completion, summary, error), error));
  Q2_TRY(check_named(comm, &completion->named, error));
  gather_summary(comm, summary);
  return check_mixture(summary, completion->options->types[0] != '\0', error);
}
