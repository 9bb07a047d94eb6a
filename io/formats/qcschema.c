/* MolSSI's QCSchema in JSON, which Psi4, QCEngine and QCFractal write, and jobs/cclib_to_qcschema.py for what cclib reads: a
 * result of one geometry (qcschema_output; version 2: qcschema_atomic_result), a molecule alone, or an array of them
 * (molssi-qc-schema.readthedocs.io; QCElemental's models AtomicResult and Molecule).
 *
 * Bohr, hartree, hartree/bohr, hartree/bohr^2, amu. The result is in the frame of its own molecule, the one beside it. Arrays
 * are flat or nested. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../constants.h"
#include "bonds.h"
#include "json.h"
#include "molecule.h"
#include "molecule_formats.h"
#include "text.h"

/* --- molecule --- */

static int read_symbols(const struct q2_json *molecule, struct q2_molecule_record *record, struct q2_error *error) {
  const struct q2_json symbols = q2_json_member(molecule, "symbols");
  for (int atom = 0; atom < record->atom_count; atom++) {
    const struct q2_json symbol = q2_json_element(&symbols, (size_t)atom);
    record->element[atom] = json_is_string(symbol.value) ? q2_element_of_name(q2_json_text(&symbol)) : 0;
    if (!record->element[atom]) return q2_json_expected(&symbol, "an element's symbol", error);
  }
  return Q2_OK;
}

/* Ghost atoms have basis functions but no mass, and their rows of a Hessian mean nothing. */
static int refuse_ghosts(const struct q2_json *molecule, int atom_count, struct q2_error *error) {
  const struct q2_json real = q2_json_member(molecule, "real");
  if (!real.value) return Q2_OK;
  if ((int64_t)json_array_size(real.value) != atom_count)
    return q2_json_expected(&real, "an array of true for each atom", error);
  for (int atom = 0; atom < atom_count; atom++) {
    const struct q2_json value = q2_json_element(&real, (size_t)atom);
    if (!json_is_true(value.value)) return q2_json_expected(&value, "true (ghost atoms are not read)", error);
  }
  return Q2_OK;
}

static int read_masses(const struct q2_json *molecule, struct q2_molecule_record *record, struct q2_error *error) {
  const struct q2_json masses = q2_json_member(molecule, "masses");
  if (!masses.value) return Q2_OK;
  record->mass = q2_molecule_array(molecule->text, record->atom_count, sizeof *record->mass, error);
  if (!record->mass) return Q2_FAILED;
  Q2_TRY(q2_json_reals(&masses, record->atom_count, 1, 1.0, record->mass, error));
  for (int atom = 0; atom < record->atom_count; atom++) {
    const struct q2_json mass = q2_json_element(&masses, (size_t)atom);
    if (!(record->mass[atom] > 0)) return q2_json_expected(&mass, "a mass above 0", error);
  }
  return Q2_OK;
}

static int read_charge(const struct q2_json *molecule, struct q2_molecule_record *record, struct q2_error *error) {
  const struct q2_json charge = q2_json_member(molecule, "molecular_charge"),
                       multiplicity = q2_json_member(molecule, "molecular_multiplicity");
  if (charge.value) Q2_TRY(q2_json_integer(&charge, "a whole number of elementary charges", &record->charge, error));
  if (multiplicity.value) Q2_TRY(q2_json_integer(&multiplicity, "a whole number", &record->multiplicity, error));
  if (multiplicity.value && record->multiplicity < 1) return q2_json_expected(&multiplicity, "a number above 0", error);
  record->has_charge = charge.value != NULL;
  record->has_multiplicity = multiplicity.value != NULL;
  return Q2_OK;
}

/* Bonds are [atom, atom, order], atoms from 0. */
static int order_of(double order) {
  if (order == 1.0 || order == 2.0 || order == 3.0) return (int)order;
  return order == 1.5 ? Q2_BOND_AROMATIC : order == 0.0 ? Q2_BOND_PARTIAL : Q2_BOND_UNKNOWN;
}

static int list_bonds(const struct q2_json *connectivity, struct q2_bond_list *bonds, struct q2_error *error) {
  const size_t count = json_array_size(connectivity->value);
  for (size_t b = 0; b < count; b++) {
    const struct q2_json bond = q2_json_element(connectivity, b);
    int atoms[2];
    double order;
    if (json_array_size(bond.value) != 3) return q2_json_expected(&bond, "an array of two atoms and an order", error);
    for (size_t k = 0; k < 2; k++) {
      const struct q2_json atom = q2_json_element(&bond, k);
      Q2_TRY(q2_json_integer(&atom, "the number of an atom, from 0", &atoms[k], error));
    }
    const struct q2_json last = q2_json_element(&bond, 2);
    Q2_TRY(q2_json_real(&last, "a bond's order", &order, error));
    if (!q2_bond_list_add(bonds, atoms[0], atoms[1], order_of(order), (int32_t)b))
      return q2_text_fail(bond.text, 0, error, "no memory for a bond");
  }
  return Q2_OK;
}

static int read_bonds(const struct q2_json *molecule, struct q2_molecule_record *record, struct q2_error *error) {
  const struct q2_json connectivity = q2_json_member(molecule, "connectivity");
  struct q2_bond_list bonds = {0};
  if (!connectivity.value) return Q2_OK;
  if (!json_is_array(connectivity.value)) return q2_json_expected(&connectivity, "an array of bonds", error);
  int status = list_bonds(&connectivity, &bonds, error);
  if (status == Q2_OK) status = q2_bond_list_move(&bonds, molecule->text, connectivity.path, Q2_BONDS_ONCE, record, error);
  q2_bond_list_free(&bonds);
  return status;
}

static int read_molecule(const struct q2_json *molecule, struct q2_molecule_list *list, struct q2_molecule_record **record,
                         struct q2_error *error) {
  const struct q2_json symbols = q2_json_member(molecule, "symbols"), geometry = q2_json_member(molecule, "geometry"),
                       name = q2_json_member(molecule, "name");
  const int64_t count = (int64_t)json_array_size(symbols.value);
  if (count < 1 || count > Q2_MOST_ATOMS) {
    char what[64];
    snprintf(what, sizeof what, "an array of 1 to %d symbols", Q2_MOST_ATOMS);
    return q2_json_expected(&symbols, what, error);
  }
  Q2_TRY(q2_molecule_begin(list, molecule->text, 1, count, record, error));
  q2_copy_title((*record)->name, sizeof(*record)->name, q2_json_text(&name));
  Q2_TRY(q2_molecule_atoms(molecule->text, 0, *record, error));
  Q2_TRY(read_symbols(molecule, *record, error));
  Q2_TRY(refuse_ghosts(molecule, (*record)->atom_count, error));
  Q2_TRY(q2_json_reals(&geometry, count, 3, Q2_BOHR, (*record)->position, error));
  Q2_TRY(read_masses(molecule, *record, error));
  Q2_TRY(read_charge(molecule, *record, error));
  return read_bonds(molecule, *record, error);
}

/* --- result --- */

static int read_gradient(const struct q2_json *gradient, struct q2_molecule_record *record, struct q2_error *error) {
  if (!gradient->value) return Q2_OK;
  record->gradient = q2_molecule_array(gradient->text, 3 * (int64_t)record->atom_count, sizeof *record->gradient, error);
  if (!record->gradient) return Q2_FAILED;
  return q2_json_reals(gradient, record->atom_count, 3, 1.0, record->gradient, error);
}

static int read_hessian(const struct q2_json *hessian, struct q2_molecule_record *record, struct q2_error *error) {
  const int64_t n = 3 * (int64_t)record->atom_count;
  if (!hessian->value) return Q2_OK;
  Q2_TRY(q2_text_room(hessian->text, 0, n * n, "numbers of a Hessian", error));
  double *square = q2_molecule_array(hessian->text, n * n, sizeof *square, error);
  int status = square ? q2_json_reals(hessian, n, n, 1.0, square, error) : Q2_FAILED;
  if (status == Q2_OK && !q2_is_symmetric(square, n)) status = q2_json_expected(hessian, "a symmetric matrix", error);
  if (status == Q2_OK) status = q2_molecule_hessian_from_square(hessian->text, 0, square, record, error);
  free(square);
  return status;
}

/* Energy, gradient and Hessian: what `driver` asked for is return_result, the others may be among the properties. */
static int read_values(const struct q2_json *result, const char *driver, struct q2_molecule_record *record,
                       struct q2_error *error) {
  const struct q2_json value = q2_json_member(result, "return_result"), properties = q2_json_member(result, "properties");
  struct q2_json energy = q2_json_member(&properties, "return_energy"),
                 gradient = q2_json_member(&properties, "return_gradient"),
                 hessian = q2_json_member(&properties, "return_hessian");
  if (strcmp(driver, "energy") == 0)
    energy = value;
  else if (strcmp(driver, "gradient") == 0)
    gradient = value;
  else if (strcmp(driver, "hessian") == 0)
    hessian = value;
  if (energy.value) Q2_TRY(q2_json_real(&energy, "an energy", &record->energy, error));
  record->has_energy = energy.value != NULL;
  Q2_TRY(read_gradient(&gradient, record, error));
  return read_hessian(&hessian, record, error);
}

/* "B3LYP/6-31G*, Psi4 1.9". A basis may be an object with a name. */
static void take_method(const struct q2_json *result, const struct q2_json *model, struct q2_molecule_record *record) {
  const struct q2_json method = q2_json_member(model, "method"), basis = q2_json_member(model, "basis"),
                       basis_name = q2_json_member(&basis, "name"), provenance = q2_json_member(result, "provenance"),
                       creator = q2_json_member(&provenance, "creator"), version = q2_json_member(&provenance, "version");
  const char *set = *q2_json_text(&basis) ? q2_json_text(&basis) : q2_json_text(&basis_name);
  const int has_method = *q2_json_text(&method) != '\0', has_creator = *q2_json_text(&creator) != '\0';
  snprintf(record->method, sizeof record->method, "%.80s%s%.60s%s%.40s%s%.40s", q2_json_text(&method),
           has_method && *set ? "/" : "", set, has_method && has_creator ? ", " : "", q2_json_text(&creator),
           has_creator && *q2_json_text(&version) ? " " : "", q2_json_text(&version));
}

static int refuse_failed(const struct q2_json *result, struct q2_error *error) {
  const struct q2_json success = q2_json_member(result, "success"), problem = q2_json_member(result, "error"),
                       message = q2_json_member(&problem, "error_message");
  if (!json_is_false(success.value)) return Q2_OK;
  return q2_text_fail(result->text, 0, error, "%s%sthe calculation failed: %.200s", result->path, *result->path ? ": " : "",
                      *q2_json_text(&message) ? q2_json_text(&message) : "success is false");
}

/* A result, or a molecule alone. */
static int read_entry(const struct q2_json *entry, struct q2_molecule_list *list, struct q2_error *error) {
  struct q2_molecule_record *record;
  if (!json_is_object(entry->value)) return q2_json_expected(entry, "an object of QCSchema", error);
  const struct q2_json molecule = q2_json_member(entry, "molecule"), schema = q2_json_member(entry, "schema_name"),
                       symbols = q2_json_member(entry, "symbols"), result = q2_json_member(entry, "return_result");
  Q2_TRY(refuse_failed(entry, error));
  if (symbols.value && !molecule.value) return read_molecule(entry, list, &record, error);
  if (!molecule.value || !result.value)
    return q2_text_fail(entry->text, 0, error,
                        "%s%sexpected molecule and return_result, or symbols and geometry; schema_name is \"%.40s\"",
                        entry->path, *entry->path ? ": " : "", q2_json_text(&schema));
  Q2_TRY(read_molecule(&molecule, list, &record, error));
  /* Version 1 has driver and model in the result, version 2 in its input. */
  const struct q2_json input = q2_json_member(entry, "input_data"), specification = q2_json_member(&input, "specification");
  const struct q2_json *from = specification.value ? &specification : entry;
  const struct q2_json driver = q2_json_member(from, "driver"), model = q2_json_member(from, "model");
  if (!*q2_json_text(&driver)) return q2_json_expected(&driver, "energy, gradient, hessian or properties", error);
  take_method(entry, &model, record);
  return read_values(entry, q2_json_text(&driver), record, error);
}

int q2_qcschema_recognises(const struct q2_text *text) {
  const char *first = text->bytes + strspn(text->bytes, " \t\r\n");
  return (*first == '{' || *first == '[') && (strstr(first, "\"qcschema_") || strstr(first, "\"return_result\"")) &&
         strstr(first, "\"symbols\"");
}

static int read_root(const struct q2_json *root, struct q2_molecule_list *list, struct q2_error *error) {
  if (!json_is_array(root->value)) return read_entry(root, list, error);
  const size_t count = json_array_size(root->value);
  if (count == 0) return q2_json_expected(root, "results", error);
  for (size_t k = 0; k < count; k++) {
    const struct q2_json entry = q2_json_element(root, k);
    Q2_TRY(read_entry(&entry, list, error));
  }
  return Q2_OK;
}

int q2_qcschema_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  json_t *document;
  Q2_TRY(q2_json_read(text, &document, error));
  const struct q2_json root = q2_json_root(text, document);
  const int status = read_root(&root, list, error);
  json_decref(document);
  return status;
}
