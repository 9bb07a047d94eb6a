/* The small data set with types: its rows, their places in a Tinker file, and its molecules. */
#include "typed_made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/elements.h"
#include "../io/memory.h"
#include "../src/setup/builder.h"
#include "../src/setup/topology.h"

/* --- the force field --- */

enum { ROWS = 20, TYPES = 5 };

struct row {
  const char *form, *types; /* in the form's order */
  double value[2];          /* as Tinker has them */
  double constant;
};

/* Two rows with the same types are components. */
static const struct row rows[] = {
    {"bond_harmonic", "CT HC", {340.0, 1.09}, 0},       {"bond_harmonic", "CT C", {317.0, 1.522}, 0},
    {"bond_harmonic", "C O", {570.0, 1.229}, 0},        {"bond_harmonic", "C HA", {340.25, 1.08}, 0},
    {"angle_harmonic", "HC CT HC", {35.0, 109.5}, 0},   {"angle_harmonic", "HC CT C", {50.0, 109.6}, 0},
    {"angle_harmonic", "CT C O", {80.0, 120.4}, 0},     {"angle_harmonic", "CT C HA", {50.0, 115.0}, 0},
    {"angle_harmonic", "O C HA", {50.0, 120.0}, 0},     {"angle_harmonic", "HA C HA", {35.5, 117.0}, 0},
    {"torsion_fourier", "HC CT C O", {0.8, 0.0}, 1},    {"torsion_fourier", "HC CT C O", {0.08, 180.0}, 3},
    {"torsion_fourier", "HC CT C HA", {0.125, 0.0}, 3}, {"improper_fourier", "CT HA C O", {1.1, 180.0}, 2},
    {"improper_fourier", "HA HA C O", {1.2, 180.0}, 2},
};
static const int row_count = sizeof rows / sizeof *rows;

static const struct {
  const char *name;
  int number, element;
  double epsilon, sigma, charge; /* kcal/mol, angstrom, e */
} types[TYPES] = {{"CT", 1, 6, 0.1094, 3.4, -0.125},
                  {"C", 2, 6, 0.086, 3.39967, 0.5},
                  {"O", 3, 8, 0.21, 2.95992, -0.5},
                  {"HA", 4, 1, 0.015, 2.59964, 0.0},
                  {"HC", 5, 1, 0.0157, 2.64953, 0.0416}};

static int type_of(const char *name) {
  for (int t = 0; t < TYPES; t++)
    if (strcmp(types[t].name, name) == 0) return t;
  abort();
}

/* Where a number stands in the Tinker file. */
struct place {
  int line, column, width;
};

struct field {
  char text[8192];
  int length, line;
  struct place row[ROWS][2], type[TYPES][2];
};

static struct place put_number(struct field *field, int begin_of_line, const char *format, double value) {
  char number[64];
  snprintf(number, sizeof number, format, value);
  const int column = field->length - begin_of_line;
  field->length += snprintf(field->text + field->length, sizeof field->text - (size_t)field->length, "%s", number);
  return (struct place){field->line, column + 1, (int)strlen(number) - 1}; /* a blank stays before it */
}

static void put_text(struct field *field, const char *text) {
  field->length += snprintf(field->text + field->length, sizeof field->text - (size_t)field->length, "%s", text);
}

static void end_line(struct field *field) {
  put_text(field, "   # kept\r\n");
  field->line++;
}

static const char *keyword_of(const char *form) {
  return form[0] == 'b' ? "bond" : form[0] == 'a' ? "angle" : form[0] == 't' ? "torsion" : "imptors";
}

static void put_row(struct field *field, int first, int count) {
  const int begin = field->length;
  struct q2_words words;
  char text[32];
  put_text(field, keyword_of(rows[first].form));
  q2_text_words(rows[first].types, &words);
  for (int a = 0; a < words.count; a++) {
    snprintf(text, sizeof text, " %3d", types[type_of(words.word[a].text)].number);
    put_text(field, text);
  }
  for (int r = first; r < first + count; r++) {
    const int fourier = rows[r].constant != 0;
    field->row[r][0] = put_number(field, begin, "%14.6f", rows[r].value[0]);
    field->row[r][1] = put_number(field, begin, "%14.6f", rows[r].value[1]);
    snprintf(text, sizeof text, " %g", rows[r].constant);
    if (fourier) put_text(field, text);
  }
  end_line(field);
}

static void make_field(struct field *field) {
  char text[128];
  memset(field, 0, sizeof *field);
  field->line = 1;
  put_text(field, "forcefield made\r\nvdwindex TYPE\r\nvdwtype LENNARD-JONES\r\nradiusrule ARITHMETIC\r\nradiustype SIGMA\r\n"
                  "radiussize DIAMETER\r\nepsilonrule GEOMETRIC\r\nvdw-14-scale 2.0\r\nchg-14-scale 1.25\r\n"
                  "torsionunit 0.5\r\nimptorunit 1.0\r\n");
  for (const char *at = field->text; (at = strchr(at, '\n')); at++)
    field->line++;
  for (int t = 0; t < TYPES; t++) {
    snprintf(text, sizeof text, "atom %d %d %s \"%s\" %d %.4f 1", types[t].number, types[t].number, types[t].name,
             types[t].name, types[t].element, q2_element_mass(types[t].element));
    put_text(field, text);
    end_line(field);
  }
  for (int t = 0; t < TYPES; t++) {
    const int begin = field->length;
    snprintf(text, sizeof text, "vdw %d", types[t].number);
    put_text(field, text);
    field->type[t][1] = put_number(field, begin, "%12.5f", types[t].sigma);
    field->type[t][0] = put_number(field, begin, "%12.5f", types[t].epsilon);
    end_line(field);
  }
  for (int r = 0, count; r < row_count; r += count) {
    for (count = 1; r + count < row_count && strcmp(rows[r + count].types, rows[r].types) == 0 && rows[r].constant != 0;)
      count++;
    put_row(field, r, count);
  }
}

/* --- molecules --- */

static const struct {
  const char *types;
  int bonds, bond[6][2];
  double position[7][3];
} templates[2] = {
    {"CT C O HA HC HC HC",
     6,
     {{0, 1}, {1, 2}, {1, 3}, {0, 4}, {0, 5}, {0, 6}},
     {{0, 0, 0},
      {1.5, 0, 0.01},
      {2.1, 1.05, 0},
      {2.05, -0.95, 0},
      {-0.36, 1.03, 0},
      {-0.36, -0.51, 0.89},
      {-0.36, -0.52, -0.89}}},
    {"C O HA HA", 3, {{0, 1}, {0, 2}, {0, 3}}, {{0, 0, 0.02}, {0, 1.21, 0}, {0.94, -0.54, 0}, {-0.94, -0.55, 0}}},
};

/* Springs at rest between all atoms. */
static void make_hessian(struct q2_molecule_record *r) {
  const int n = 3 * r->atom_count;
  double *full = q2_allocate((int64_t)n * n, sizeof *full);
  r->hessian = q2_allocate(q2_packed_hessian(r->atom_count), sizeof *r->hessian);
  if (!full || !r->hessian) abort();
  for (int a = 0; a < r->atom_count; a++)
    for (int b = 0; b < a; b++) {
      double u[3], square = 0.0;
      for (int c = 0; c < 3; c++) {
        u[c] = r->position[3 * a + c] - r->position[3 * b + c];
        square += u[c] * u[c];
      }
      for (int c = 0; c < 3; c++)
        for (int e = 0; e < 3; e++) {
          const double k = 0.3 / (square * square) * u[c] * u[e];
          full[(3 * a + c) * n + 3 * a + e] += k;
          full[(3 * b + c) * n + 3 * b + e] += k;
          full[(3 * a + c) * n + 3 * b + e] -= k;
          full[(3 * b + c) * n + 3 * a + e] -= k;
        }
    }
  for (int i = 0, k = 0; i < n; i++)
    for (int j = 0; j <= i; j++)
      r->hessian[k++] = full[i * n + j];
  free(full);
}

static void add_molecule(struct q2_molecule_list *list, int number, int changes) {
  const int kind = number % 2;
  struct q2_words words;
  q2_text_words(templates[kind].types, &words);
  struct q2_molecule_record *r = q2_molecule_add(list, words.count);
  if (!r) abort();
  snprintf(r->name, sizeof r->name, "%s %d", kind ? "formaldehyde" : "acetaldehyde", number);
  snprintf(r->method, sizeof r->method, "springs");
  r->element = q2_allocate(words.count, sizeof *r->element);
  r->mass = q2_allocate(words.count, sizeof *r->mass);
  r->position = q2_allocate(3 * words.count, sizeof *r->position);
  r->type = q2_allocate(words.count, sizeof *r->type);
  r->bond_count = templates[kind].bonds;
  r->bond = q2_allocate(r->bond_count, sizeof *r->bond);
  if (!r->element || !r->mass || !r->position || !r->type || !r->bond) abort();
  for (int b = 0; b < r->bond_count; b++)
    for (int end = 0; end < 2; end++)
      r->bond[b][end] = templates[kind].bond[b][end];
  for (int a = 0; a < words.count; a++) {
    snprintf(r->type[a].text, sizeof r->type[a].text, "%.8s", words.word[a].text);
    r->element[a] = types[type_of(r->type[a].text)].element;
    r->mass[a] = q2_element_mass(r->element[a]);
    for (int c = 0; c < 3; c++)
      r->position[3 * a + c] = templates[kind].position[a][c] * (1 + 0.01 * number);
  }
  if (kind == 0 && changes & TYPED_STRAIGHT) { /* CT, C and O in a line, but for 0.3 degrees */
    r->position[5] = r->position[8] = 0.0;
    r->position[7] = 0.003;
  }
  r->has_energy = 1;
  r->energy = -150 - number;
  make_hessian(r);
}

/* --- terms --- */

struct maker {
  struct q2_builder *builder;
  struct q2_error *error;
  struct field field;
  int changes, molecule, number;
  const struct q2_molecule_record *record;
};

static int add_parameter(struct maker *maker, const char *kind, const char *label, const char *unit, double number,
                         double multiplier, struct place place, int active) {
  struct q2_new_parameter parameter = {.kind = kind,
                                       .label = label,
                                       .unit = unit,
                                       .value = multiplier * number,
                                       .lower = -1e300,
                                       .upper = 1e300,
                                       .active = active,
                                       .order = 1000 * place.line + place.column,
                                       .multiplier = multiplier,
                                       .line = place.line,
                                       .column = place.column,
                                       .width = place.width};
  int key = -1;
  if (q2_builder_parameter(maker->builder, &parameter, &key, maker->error) != Q2_OK) abort();
  return key;
}

static int fits(const struct maker *maker, const struct row *row, const int *atoms, int count, int backwards) {
  struct q2_words words;
  q2_text_words(row->types, &words);
  if (words.count != count) return 0;
  for (int k = 0; k < count; k++)
    if (strcmp(words.word[k].text, maker->record->type[atoms[backwards ? count - 1 - k : k]].text) != 0) return 0;
  return 1;
}

/* The terms that rows with the atoms' types give. */
static void add_terms(struct maker *maker, const char *form, const int *atoms, int count) {
  const struct q2_row_form *about = q2_row_form_named(form);
  for (int r = 0; r < row_count; r++) {
    char label[48];
    int keys[2];
    double value[2] = {rows[r].value[0], rows[r].value[1]};
    if (strcmp(rows[r].form, form) != 0 ||
        (!fits(maker, &rows[r], atoms, count, 0) && (form[0] == 'i' || !fits(maker, &rows[r], atoms, count, 1))))
      continue;
    const int own = maker->record->atom_count == 4 && strcmp(rows[r].types, "C O") == 0;
    struct place place[2] = {maker->field.row[r][0], maker->field.row[r][1]};
    snprintf(label, sizeof label, "%s%s%s", rows[r].types, rows[r].constant == 3 ? " 3" : "",
             own && maker->changes & (TYPED_TWO_VALUES | TYPED_EQUAL_VALUES) ? " own" : "");
    if (own && maker->changes & (TYPED_TWO_VALUES | TYPED_EQUAL_VALUES)) place[0] = place[1] = (struct place){0, 0, 0};
    if (own && maker->changes & TYPED_TWO_VALUES) value[0] += 1.0;
    if (maker->changes & TYPED_OUTSIDE && strcmp(rows[r].types, "C HA") == 0) place[0] = (struct place){0, 0, 0};
    if (maker->changes & TYPED_STRAIGHT && strcmp(rows[r].types, "CT C O") == 0) value[1] = 170.0;
    for (int p = 0; p < 2; p++) {
      const char *kind = about->kind[p], *unit = strstr(kind, "angle_eq") || strstr(kind, "phase") ? "degree"
                                                 : strcmp(kind, "bond_eq") == 0                    ? "angstrom"
                                                 : strcmp(kind, "bond_k") == 0                     ? "kcal/mol/angstrom^2"
                                                 : strcmp(kind, "angle_k") == 0                    ? "kcal/mol/rad^2"
                                                                                                   : "kcal/mol";
      const double multiplier = strcmp(kind, "torsion_k") == 0 ? 0.5 : 1.0;
      keys[p] = add_parameter(maker, kind, label, unit, value[p], multiplier, place[p],
                              strstr(kind, "phase") == NULL && strncmp(kind, "improper", 8) != 0);
    }
    if (q2_builder_term(maker->builder, maker->molecule, form, atoms, keys, about->has_constant ? &rows[r].constant : NULL, 0,
                        maker->error) != Q2_OK)
      abort();
  }
}

static void add_chains(struct maker *maker) {
  const struct q2_topology *t = q2_builder_topology(maker->builder, maker->molecule);
  for (int b = 0; b < maker->record->bond_count; b++)
    add_terms(maker, "bond_harmonic", (int[]){maker->record->bond[b][0], maker->record->bond[b][1]}, 2);
  for (int a = 0; a < t->angle_count; a++)
    add_terms(maker, "angle_harmonic", (int[]){t->angle[a][0], t->angle[a][1], t->angle[a][2]}, 3);
  for (int a = maker->changes & TYPED_NO_TERM && maker->number == 2; a < t->torsion_count; a++)
    add_terms(maker, "torsion_fourier", (int[]){t->torsion[a][0], t->torsion[a][1], t->torsion[a][2], t->torsion[a][3]}, 4);
}

static void add_impropers(struct maker *maker) {
  const int acetaldehyde = maker->record->atom_count == 7;
  if (acetaldehyde) {
    add_terms(maker, "improper_fourier", (int[]){0, 3, 1, 2}, 4);
  } else if (maker->changes & TYPED_BACKWARDS) {
    add_terms(maker, "improper_fourier", (int[]){3, 2, 0, 1}, 4);
  } else if (maker->changes & TYPED_TIE) {
    add_terms(maker, "improper_fourier", (int[]){2, 3, 0, 1}, 4);
  }
}

/* Terms that no row of types can stand for. */
static void add_odd_terms(struct maker *maker) {
  const struct place nowhere = {0, 0, 0};
  if (maker->changes & TYPED_CHAIN && maker->record->atom_count == 7) {
    const int k = add_parameter(maker, "improper_k", "odd", "kcal/mol", 2.0, 1.0, nowhere, 1);
    const int phase = add_parameter(maker, "improper_phase", "odd", "degree", 180.0, 1.0, nowhere, 0);
    if (q2_builder_term(maker->builder, maker->molecule, "improper_fourier", (int[]){4, 0, 1, 2}, (int[]){k, phase},
                        &(double){2.0}, 0, maker->error) != Q2_OK)
      abort();
  }
  if (maker->record->atom_count != 4) return;
  if (maker->changes & TYPED_BEND_BEND) {
    const int k = add_parameter(maker, "bend_bend_k", "odd", "kcal/mol/rad^2", 2.0, 1.0, nowhere, 1);
    const int eq = add_parameter(maker, "angle_eq", "odd", "degree", 120.0, 1.0, nowhere, 0);
    if (q2_builder_term(maker->builder, maker->molecule, "bend_bend", (int[]){1, 0, 2, 3}, (int[]){k, eq, eq}, NULL, 0,
                        maker->error) != Q2_OK)
      abort();
  }
  if (maker->changes & TYPED_NOT_BONDED) {
    const int k = add_parameter(maker, "bond_k", "odd", "kcal/mol/angstrom^2", 2.0, 1.0, nowhere, 1);
    const int eq = add_parameter(maker, "bond_eq", "odd", "angstrom", 2.0, 1.0, nowhere, 0);
    if (q2_builder_term(maker->builder, maker->molecule, "bond_harmonic", (int[]){1, 2}, (int[]){k, eq}, NULL, 0,
                        maker->error) != Q2_OK)
      abort();
  }
}

static void add_types(struct maker *maker) {
  for (int a = 0; a < maker->record->atom_count && !(maker->changes & TYPED_NO_PAIRS); a++) {
    const int t = type_of(maker->record->type[a].text);
    const int epsilon =
        add_parameter(maker, "lj_epsilon", types[t].name, "kcal/mol", types[t].epsilon, 1.0, maker->field.type[t][0], 0);
    const int sigma =
        add_parameter(maker, "lj_sigma", types[t].name, "angstrom", types[t].sigma, 1.0, maker->field.type[t][1], 1);
    const double charge = types[t].charge + (maker->changes & TYPED_CHARGES && a == 4 ? 0.01 : 0.0);
    if (q2_builder_atom_type(maker->builder, maker->molecule, a, types[t].name, epsilon, sigma, maker->error) != Q2_OK ||
        q2_builder_charge(maker->builder, maker->molecule, a, charge, maker->error) != Q2_OK)
      abort();
  }
  for (int b = 0; b < maker->record->bond_count && maker->changes & TYPED_INCREMENTS; b++) {
    const int *bond = (const int[]){maker->record->bond[b][0], maker->record->bond[b][1]};
    if (strcmp(maker->record->type[bond[1]].text, "O") != 0) continue;
    const int key = add_parameter(maker, "charge_increment", "C-O", "e", 0.0625, 1.0, (struct place){0, 0, 0}, 1);
    if (q2_builder_increment(maker->builder, maker->molecule, bond, key, 1.0, maker->error) != Q2_OK) abort();
  }
}

static void add_all(struct maker *maker) {
  add_chains(maker);
  add_impropers(maker);
  add_odd_terms(maker);
  add_types(maker);
  if (q2_builder_observable(maker->builder, maker->molecule, "frequency", (int[]){-1}, &(double){0.01}, NULL, maker->error) !=
      Q2_OK)
    abort();
}

static int add_pairs(struct maker *maker) {
  const int soft = maker->changes & TYPED_SOFT_CUT;
  const struct q2_nonbonded_rules rules = {.form = "lennard_jones",
                                           .combining_rule =
                                               maker->changes & TYPED_GEOMETRIC ? "geometric" : "lorentz-berthelot",
                                           .vdw_14 = 0.5,
                                           .coulomb_14 = 0.8,
                                           .dielectric = 1.0,
                                           .soft_cut_begin = soft ? 6.0 : 0.0,
                                           .soft_cut_end = soft ? 8.0 : 0.0};
  if (maker->changes & TYPED_NO_PAIRS) return Q2_OK;
  Q2_TRY(q2_builder_nonbonded(maker->builder, &rules, maker->error));
  if (!(maker->changes & TYPED_SPECIAL)) return Q2_OK;
  const struct place nowhere = {0, 0, 0};
  const int keys[2] = {add_parameter(maker, "lj_epsilon", "O x HC", "kcal/mol", 0.03, 1.0, nowhere, 0),
                       add_parameter(maker, "lj_sigma", "O x HC", "angstrom", 2.5, 1.0, nowhere, 0)};
  return q2_builder_special_pair(maker->builder, "O", "HC", "lennard_jones", keys, maker->error);
}

int typed_made(MPI_Comm comm, int changes, struct q2_dataset *dataset, struct q2_error *error) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  const int first = typed_molecules * rank / ranks, last = typed_molecules * (rank + 1) / ranks;
  struct q2_molecule_list list = {0};
  struct q2_text origin = {0};
  struct maker maker = {.error = error, .changes = changes};
  make_field(&maker.field);
  for (int number = first; number < last; number++)
    add_molecule(&list, number, changes);
  Q2_TRY(q2_builder_create(&list, first, typed_molecules, &maker.builder, error));
  Q2_TRY(add_pairs(&maker));
  for (maker.molecule = 0; maker.molecule < last - first; maker.molecule++) {
    maker.number = first + maker.molecule;
    maker.record = q2_builder_molecule(maker.builder, maker.molecule);
    add_all(&maker);
  }
  int status = q2_text_from_bytes("made.prm", maker.field.text, (size_t)maker.field.length, &origin, error);
  if (status == Q2_OK) status = q2_builder_finish(comm, maker.builder, &origin, "tinker", dataset, error);
  q2_text_free(&origin);
  q2_builder_free(maker.builder);
  q2_molecule_list_free(&list);
  return status;
}
