/* Gaussian's formatted checkpoint, which Q-Chem, Psi4 and PySCF write, too: geometry, masses, energy, gradient, Hessian, bonds.
 *
 * Two lines of title and method, then entries: a label in 40 columns, a type (I, R, C, L or H) in column 44, and either a value
 * or "N=" and a count, with the values in the lines that follow (Gaussian 16 User's Reference, "Structure of the Formatted
 * Checkpoint File"). Numbers are in atomic units. Geometry, gradient and Hessian are in one frame. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../constants.h"
#include "../elements.h"
#include "molecule_formats.h"

enum { LABEL_COLUMNS = 40, TYPE_COLUMN = 43, VALUE_COLUMN = 44 };

/* The entries that are read. */
enum entry {
  ATOM_COUNT,
  CHARGE,
  MULTIPLICITY,
  TOTAL_ENERGY,
  SCF_ENERGY,
  ATOMIC_NUMBERS,
  COORDINATES,
  ATOMIC_WEIGHTS,
  VIBRATION_MASSES,
  GRADIENT,
  OLD_GRADIENT,
  FORCE_CONSTANTS,
  MODE_COUNT,
  MODES,
  MOST_BONDS,
  BOND_COUNTS,
  BONDED_ATOMS,
  BOND_ORDERS,
  ENTRIES
};

static const struct {
  const char *label;
  char type;
  int is_array;
} known[ENTRIES] = {
    [ATOM_COUNT] = {"Number of atoms", 'I', 0},
    [CHARGE] = {"Charge", 'I', 0},
    [MULTIPLICITY] = {"Multiplicity", 'I', 0},
    [TOTAL_ENERGY] = {"Total Energy", 'R', 0},
    [SCF_ENERGY] = {"SCF Energy", 'R', 0},
    [ATOMIC_NUMBERS] = {"Atomic numbers", 'I', 1},
    [COORDINATES] = {"Current cartesian coordinates", 'R', 1},
    [ATOMIC_WEIGHTS] = {"Real atomic weights", 'R', 1},
    [VIBRATION_MASSES] = {"Vib-AtMass", 'R', 1}, /* of the frequency job: isotopes that its input named */
    [GRADIENT] = {"Cartesian Gradient", 'R', 1},
    [OLD_GRADIENT] = {"Cartesian Forces", 'R', 1}, /* Gaussian 94's name of the gradient: its values are minus the forces */
    [FORCE_CONSTANTS] = {"Cartesian Force Constants", 'R', 1},
    [MODE_COUNT] = {"Number of Normal Modes", 'I', 0},
    [MODES] = {"Vib-E2", 'R', 1}, /* wavenumbers of all modes, then other properties of theirs */
    [MOST_BONDS] = {"MxBond", 'I', 0},
    [BOND_COUNTS] = {"NBond", 'I', 1},
    [BONDED_ATOMS] = {"IBond", 'I', 1},
    [BOND_ORDERS] = {"RBond", 'R', 1},
};

struct checkpoint {
  const struct q2_text *text;
  int line[ENTRIES]; /* of the entry; 0: it is not there */
};

/* Whether the line opens an entry; its label's length goes to *length. */
static int opens_entry(const char *line, size_t *length) {
  if (line[0] == ' ' || strlen(line) <= VALUE_COLUMN || !strchr("IRCLH", line[TYPE_COLUMN])) return 0;
  if (strncmp(line + LABEL_COLUMNS, "   ", 3) != 0) return 0;
  for (*length = LABEL_COLUMNS; *length > 0 && line[*length - 1] == ' ';)
    --*length;
  return *length > 0;
}

static int find_entries(struct checkpoint *checkpoint, struct q2_error *error) {
  const struct q2_text *text = checkpoint->text;
  for (int n = 3; n <= text->line_count; n++) {
    const char *line = text->line[n - 1];
    size_t length;
    if (!opens_entry(line, &length)) continue;
    for (int e = 0; e < ENTRIES; e++) {
      if (strlen(known[e].label) != length || strncmp(line, known[e].label, length) != 0) continue;
      if (checkpoint->line[e])
        return q2_text_fail(text, n, error, "\"%s\" appears again, first in line %d", known[e].label, checkpoint->line[e]);
      if (line[TYPE_COLUMN] != known[e].type)
        return q2_text_fail(text, n, error, "expected \"%s\" of type %c, found %c", known[e].label, known[e].type,
                            line[TYPE_COLUMN]);
      checkpoint->line[e] = n;
    }
  }
  return Q2_OK;
}

/* The words behind the type: a value, or "N=" and a count. */
static int value_words(const struct checkpoint *checkpoint, enum entry entry, struct q2_words *words, struct q2_error *error) {
  const int line = checkpoint->line[entry];
  q2_text_words(checkpoint->text->line[line - 1] + VALUE_COLUMN, words);
  const int is_array = words->count == 2 && strcmp(words->word[0].text, "N=") == 0;
  if (known[entry].is_array ? !is_array : words->count != 1)
    return q2_text_fail(checkpoint->text, line, error, "expected %s of \"%s\"",
                        known[entry].is_array ? "\"N=\" and the number of values" : "one value", known[entry].label);
  return q2_text_whole(checkpoint->text, line, error);
}

static int read_integer(const struct checkpoint *checkpoint, enum entry entry, int *value, struct q2_error *error) {
  struct q2_words words;
  Q2_TRY(value_words(checkpoint, entry, &words, error));
  return q2_text_integer(checkpoint->text, checkpoint->line[entry], words.word[0].text, known[entry].label, value, error);
}

/* How many values the entry has; the text has room for them. */
static int read_count(const struct checkpoint *checkpoint, enum entry entry, int *count, struct q2_error *error) {
  struct q2_words words;
  Q2_TRY(value_words(checkpoint, entry, &words, error));
  Q2_TRY(q2_text_integer(checkpoint->text, checkpoint->line[entry], words.word[1].text, "the number of values", count, error));
  return q2_text_room(checkpoint->text, checkpoint->line[entry], *count, known[entry].label, error);
}

/* The entry must have `count` values: what is asked before they are read, and before memory is allocated for them. */
static int expect_count(const struct checkpoint *checkpoint, enum entry entry, int64_t count, struct q2_error *error) {
  int claimed;
  Q2_TRY(read_count(checkpoint, entry, &claimed, error));
  if (claimed == count) return Q2_OK;
  return q2_text_fail(checkpoint->text, checkpoint->line[entry], error, "expected %lld values of \"%s\", found N= %d",
                      (long long)count, known[entry].label, claimed);
}

/* Fills reals[count] or integers[count] from the lines after the entry, which must have as many values. */
static int read_values(const struct checkpoint *checkpoint, enum entry entry, int64_t count, double *reals, int *integers,
                       struct q2_error *error) {
  const struct q2_text *text = checkpoint->text;
  const char *label = known[entry].label;
  int line = checkpoint->line[entry];
  struct q2_words words;
  for (int64_t taken = 0; taken < count; line++) {
    if (line >= text->line_count)
      return q2_text_fail(text, line, error, "the file ends after %lld of %lld values of \"%s\"", (long long)taken,
                          (long long)count, label);
    q2_text_words(text->line[line], &words);
    if (words.count > count - taken || words.count == Q2_WORDS)
      return q2_text_fail(text, line + 1, error, "\"%s\" has more than %lld values", label, (long long)count);
    for (int w = 0; w < words.count; w++, taken++)
      Q2_TRY(reals ? q2_text_real(text, line + 1, words.word[w].text, label, &reals[taken], error)
                   : q2_text_integer(text, line + 1, words.word[w].text, label, &integers[taken], error));
  }
  if (line < text->line_count && text->line[line][0] == ' ')
    return q2_text_fail(text, line + 1, error, "expected an entry after the %lld values of \"%s\"", (long long)count, label);
  return q2_text_whole(text, line, error);
}

/* Allocates *reals and fills it, if the entry is there. */
static int read_reals(const struct checkpoint *checkpoint, enum entry entry, int64_t count, double **reals,
                      struct q2_error *error) {
  if (!checkpoint->line[entry]) return Q2_OK;
  Q2_TRY(expect_count(checkpoint, entry, count, error));
  *reals = q2_molecule_array(checkpoint->text, count, sizeof **reals, error);
  return *reals ? read_values(checkpoint, entry, count, *reals, NULL, error) : Q2_FAILED;
}

static int read_elements(const struct checkpoint *checkpoint, struct q2_molecule_record *record, struct q2_error *error) {
  Q2_TRY(expect_count(checkpoint, ATOMIC_NUMBERS, record->atom_count, error));
  record->element = q2_molecule_array(checkpoint->text, record->atom_count, sizeof *record->element, error);
  if (!record->element) return Q2_FAILED;
  Q2_TRY(read_values(checkpoint, ATOMIC_NUMBERS, record->atom_count, NULL, record->element, error));
  for (int a = 0; a < record->atom_count; a++)
    if (record->element[a] < 1 || record->element[a] > Q2_ELEMENT_LAST)
      return q2_text_fail(checkpoint->text, checkpoint->line[ATOMIC_NUMBERS], error,
                          "expected atomic numbers from 1 to %d, found %d for atom %d (a ghost or dummy atom?)",
                          Q2_ELEMENT_LAST, record->element[a], a + 1);
  return Q2_OK;
}

static int read_energy(const struct checkpoint *checkpoint, struct q2_molecule_record *record, struct q2_error *error) {
  const enum entry entry = checkpoint->line[TOTAL_ENERGY] ? TOTAL_ENERGY : SCF_ENERGY;
  if (!checkpoint->line[entry]) return Q2_OK;
  struct q2_words words;
  Q2_TRY(value_words(checkpoint, entry, &words, error));
  record->has_energy = 1;
  return q2_text_real(checkpoint->text, checkpoint->line[entry], words.word[0].text, known[entry].label, &record->energy,
                      error);
}

/* The wavenumbers among the properties of the modes. */
static int read_frequencies(const struct checkpoint *checkpoint, struct q2_molecule_record *record, struct q2_error *error) {
  int modes, values;
  if (!checkpoint->line[MODES] || !checkpoint->line[MODE_COUNT]) return Q2_OK;
  Q2_TRY(read_integer(checkpoint, MODE_COUNT, &modes, error));
  Q2_TRY(read_count(checkpoint, MODES, &values, error));
  if (modes < 0 || modes > 3 * record->atom_count || modes > values)
    return q2_text_fail(checkpoint->text, checkpoint->line[MODE_COUNT], error,
                        "found %d normal modes of %d atoms, and %d values of \"Vib-E2\"", modes, record->atom_count, values);
  Q2_TRY(read_reals(checkpoint, MODES, values, &record->frequency, error));
  record->frequency_count = modes;
  return Q2_OK;
}

static int order_of(double bond_order) {
  static const struct {
    double value;
    int order;
  } orders[] = {{0.5, Q2_BOND_PARTIAL}, {1, Q2_BOND_SINGLE}, {1.5, Q2_BOND_AROMATIC}, {2, Q2_BOND_DOUBLE}, {3, Q2_BOND_TRIPLE}};
  for (size_t k = 0; k < sizeof orders / sizeof *orders; k++)
    if (fabs(bond_order - orders[k].value) < 0.01) return orders[k].order;
  return Q2_BOND_UNKNOWN;
}

/* The neighbours of each atom: partner[atom_count][most], from 1, and the orders of those bonds. */
struct neighbours {
  int most;
  int *count, *partner;
  double *order;
};

/* Whether one of the first `count` neighbours of atom a is atom b. */
static int lists(const struct neighbours *neighbours, int a, int count, int b) {
  for (int k = 0; k < count; k++)
    if (neighbours->partner[(int64_t)a * neighbours->most + k] == b + 1) return 1;
  return 0;
}

/* Each bond once, whether one of its atoms lists it or both. */
static int list_bonds(const struct checkpoint *checkpoint, const struct neighbours *neighbours,
                      struct q2_molecule_record *record, struct q2_error *error) {
  int bonds = 0;
  for (int a = 0; a < record->atom_count; a++) {
    if (neighbours->count[a] < 0 || neighbours->count[a] > neighbours->most)
      return q2_text_fail(checkpoint->text, checkpoint->line[BOND_COUNTS], error,
                          "expected 0 to MxBond = %d bonds of atom %d, found %d", neighbours->most, a + 1,
                          neighbours->count[a]);
    for (int k = 0; k < neighbours->count[a]; k++) {
      const int64_t place = (int64_t)a * neighbours->most + k;
      const int b = neighbours->partner[place] - 1;
      if (b < 0 || b >= record->atom_count || b == a)
        return q2_text_fail(checkpoint->text, checkpoint->line[BONDED_ATOMS], error,
                            "expected another of %d atoms as neighbour %d of atom %d, found %d", record->atom_count, k + 1,
                            a + 1, neighbours->partner[place]);
      if (lists(neighbours, a, k, b) || (b < a && lists(neighbours, b, neighbours->count[b], a))) continue;
      record->bond[bonds][0] = a < b ? a : b;
      record->bond[bonds][1] = a < b ? b : a;
      record->bond_order[bonds++] = order_of(neighbours->order[place]);
    }
  }
  if (bonds > 0) record->bond_count = bonds; /* with none at all, the job had no connectivity */
  return Q2_OK;
}

static int read_neighbours(const struct checkpoint *checkpoint, struct neighbours *neighbours,
                           struct q2_molecule_record *record, struct q2_error *error) {
  const int64_t atoms = record->atom_count, places = atoms * neighbours->most;
  Q2_TRY(expect_count(checkpoint, BOND_COUNTS, atoms, error));
  Q2_TRY(expect_count(checkpoint, BONDED_ATOMS, places, error));
  neighbours->count = q2_molecule_array(checkpoint->text, atoms, sizeof *neighbours->count, error);
  if (!neighbours->count) return Q2_FAILED;
  Q2_TRY(read_values(checkpoint, BOND_COUNTS, atoms, NULL, neighbours->count, error));
  neighbours->partner = q2_molecule_array(checkpoint->text, places, sizeof *neighbours->partner, error);
  if (!neighbours->partner) return Q2_FAILED;
  Q2_TRY(read_values(checkpoint, BONDED_ATOMS, places, NULL, neighbours->partner, error));
  Q2_TRY(read_reals(checkpoint, BOND_ORDERS, places, &neighbours->order, error));
  record->bond = q2_molecule_array(checkpoint->text, places, sizeof *record->bond, error);
  record->bond_order = q2_molecule_array(checkpoint->text, places, sizeof *record->bond_order, error);
  return record->bond && record->bond_order ? Q2_OK : Q2_FAILED;
}

static int read_bonds(const struct checkpoint *checkpoint, struct q2_molecule_record *record, struct q2_error *error) {
  enum { MOST_NEIGHBOURS = 64 };
  struct neighbours neighbours = {0};
  if (!checkpoint->line[MOST_BONDS] || !checkpoint->line[BOND_COUNTS] || !checkpoint->line[BONDED_ATOMS] ||
      !checkpoint->line[BOND_ORDERS])
    return Q2_OK;
  Q2_TRY(read_integer(checkpoint, MOST_BONDS, &neighbours.most, error));
  if (neighbours.most < 0 || neighbours.most > MOST_NEIGHBOURS)
    return q2_text_fail(checkpoint->text, checkpoint->line[MOST_BONDS], error, "expected MxBond from 0 to %d, found %d",
                        MOST_NEIGHBOURS, neighbours.most);
  int status = read_neighbours(checkpoint, &neighbours, record, error);
  if (status == Q2_OK) status = list_bonds(checkpoint, &neighbours, record, error);
  free(neighbours.count);
  free(neighbours.partner);
  free(neighbours.order);
  return status;
}

/* Title and method: "RB3LYP/6-31G(d)", columns 11 to 40 and 41 to 70 of the second line. */
static void read_opening(const struct q2_text *text, struct q2_molecule_record *record) {
  struct q2_words words;
  q2_copy_title(record->name, sizeof record->name, text->line[0]);
  q2_text_words(text->line[1], &words);
  if (words.count == 3) {
    q2_copy_title(record->method, Q2_WORD_LENGTH, words.word[1].text);
    strcat(record->method, "/");
    strcat(record->method, words.word[2].text);
  } else if (words.count == 2)
    q2_copy_title(record->method, sizeof record->method, words.word[1].text);
}

int q2_fchk_recognises(const struct q2_text *text) {
  for (int n = 3; n <= text->line_count && n <= 200; n++) {
    size_t length;
    if (opens_entry(text->line[n - 1], &length) && strncmp(text->line[n - 1], "Number of atoms ", 16) == 0) return 1;
  }
  return 0;
}

int q2_fchk_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct checkpoint checkpoint = {text, {0}};
  struct q2_molecule_record *record;
  int atom_count;
  Q2_TRY(q2_text_plain(text, error));
  Q2_TRY(find_entries(&checkpoint, error));
  static const enum entry needed[] = {ATOM_COUNT, ATOMIC_NUMBERS, COORDINATES};
  for (int k = 0; k < 3; k++)
    if (!checkpoint.line[needed[k]])
      return q2_text_fail(text, text->line_count, error, "the file ends without \"%s\"", known[needed[k]].label);
  Q2_TRY(read_integer(&checkpoint, ATOM_COUNT, &atom_count, error));
  Q2_TRY(q2_molecule_begin(list, text, checkpoint.line[ATOM_COUNT], atom_count, &record, error));
  record->line = 1;
  read_opening(text, record);
  if (checkpoint.line[CHARGE]) {
    Q2_TRY(read_integer(&checkpoint, CHARGE, &record->charge, error));
    record->has_charge = 1;
  }
  if (checkpoint.line[MULTIPLICITY]) {
    Q2_TRY(read_integer(&checkpoint, MULTIPLICITY, &record->multiplicity, error));
    record->has_multiplicity = 1;
  }
  Q2_TRY(read_energy(&checkpoint, record, error));
  Q2_TRY(read_elements(&checkpoint, record, error));
  Q2_TRY(read_reals(&checkpoint, COORDINATES, 3 * (int64_t)atom_count, &record->position, error));
  for (int64_t k = 0; k < 3 * (int64_t)atom_count; k++)
    record->position[k] *= Q2_BOHR;
  Q2_TRY(read_reals(&checkpoint, checkpoint.line[VIBRATION_MASSES] ? VIBRATION_MASSES : ATOMIC_WEIGHTS, atom_count,
                    &record->mass, error));
  Q2_TRY(read_reals(&checkpoint, checkpoint.line[GRADIENT] ? GRADIENT : OLD_GRADIENT, 3 * (int64_t)atom_count,
                    &record->gradient, error));
  Q2_TRY(read_reals(&checkpoint, FORCE_CONSTANTS, q2_packed_hessian(atom_count), &record->hessian, error));
  Q2_TRY(read_frequencies(&checkpoint, record, error));
  return read_bonds(&checkpoint, record, error);
}
