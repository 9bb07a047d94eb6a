/* Residue templates of OpenMM's ForceField files: atoms with types and charges, and bonds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../memory.h"
#include "openmm_xml.h"

static int count_elements(xmlNode *parent, const char *name) {
  int count = 0;
  for (xmlNode *node = q2_openmm_element(parent->children); node; node = q2_openmm_element(node->next))
    count += q2_openmm_is(node, name);
  return count;
}

static int text_attribute(const struct q2_openmm_reader *reader, const xmlNode *node, const char *name, char *value,
                          size_t size, struct q2_error *error) {
  if (q2_openmm_attribute(node, name, value, size) && value[0]) return Q2_OK;
  return q2_text_fail(reader->text, q2_openmm_line(reader, node), error, "%s: expected the attribute %s",
                      (const char *)node->name, name);
}

static int read_atom(const struct q2_openmm_reader *reader, const xmlNode *node, struct q2_residue *residue, int atom,
                     struct q2_error *error) {
  char value[Q2_WORD_LENGTH];
  const int line = q2_openmm_line(reader, node);
  struct q2_residue_atom *to = &residue->atom[atom];
  Q2_TRY(text_attribute(reader, node, "name", value, sizeof value, error));
  Q2_TRY(q2_type_name_set(reader->text, line, value, &to->name, error));
  Q2_TRY(text_attribute(reader, node, "type", value, sizeof value, error));
  Q2_TRY(q2_type_name_set(reader->text, line, value, &to->type, error));
  if (!q2_force_field_type(reader->field, to->type.text))
    return q2_text_fail(reader->text, line, error, "residue %.40s: there is no atom type \"%.40s\"", residue->name, value);
  if (q2_openmm_attribute(node, "charge", value, sizeof value)) {
    Q2_TRY(q2_text_real(reader->text, line, value, "a charge", &to->charge, error));
    residue->has_charges++;
  }
  return Q2_OK;
}

static int atom_of(const struct q2_openmm_reader *reader, const xmlNode *node, const struct q2_residue *residue, int end,
                   int32_t *atom, struct q2_error *error) {
  static const char *const names[] = {"atomName1", "atomName2"}, *const numbers[] = {"from", "to"};
  char value[Q2_WORD_LENGTH];
  const int line = q2_openmm_line(reader, node);
  int number = -1;
  if (q2_openmm_attribute(node, names[end], value, sizeof value)) {
    for (int a = 0; a < residue->atom_count; a++)
      if (strcmp(residue->atom[a].name.text, value) == 0) number = a;
  } else {
    Q2_TRY(text_attribute(reader, node, numbers[end], value, sizeof value, error));
    Q2_TRY(q2_text_integer(reader->text, line, value, "an atom's number", &number, error));
  }
  if (number < 0 || number >= residue->atom_count)
    return q2_text_fail(reader->text, line, error, "residue %.40s: a bond names the atom \"%.40s\", which it does not have",
                        residue->name, value);
  *atom = number;
  return Q2_OK;
}

static int read_parts(const struct q2_openmm_reader *reader, xmlNode *from, struct q2_residue *residue,
                      struct q2_error *error) {
  int atom = 0, bond = 0;
  for (xmlNode *node = q2_openmm_element(from->children); node; node = q2_openmm_element(node->next)) {
    if (q2_openmm_is(node, "Atom"))
      Q2_TRY(read_atom(reader, node, residue, atom++, error));
    else if (q2_openmm_is(node, "VirtualSite"))
      return q2_text_fail(reader->text, q2_openmm_line(reader, node), error, "residue %.40s: q2hpc has no virtual sites",
                          residue->name);
  }
  if (residue->has_charges && residue->has_charges != residue->atom_count)
    return q2_text_fail(reader->text, residue->line, error, "residue %.40s: %d of %d atoms have charges", residue->name,
                        residue->has_charges, residue->atom_count);
  residue->has_charges = residue->has_charges > 0;
  for (xmlNode *node = q2_openmm_element(from->children); node; node = q2_openmm_element(node->next))
    if (q2_openmm_is(node, "Bond")) {
      for (int end = 0; end < 2; end++)
        Q2_TRY(atom_of(reader, node, residue, end, &residue->bond[bond][end], error));
      bond++;
    }
  return Q2_OK;
}

static int read_residue(struct q2_openmm_reader *reader, xmlNode *node, struct q2_error *error) {
  struct q2_residue residue = {.line = q2_openmm_line(reader, node)};
  Q2_TRY(text_attribute(reader, node, "name", residue.name, sizeof residue.name, error));
  residue.atom_count = count_elements(node, "Atom");
  residue.bond_count = count_elements(node, "Bond");
  residue.external_bonds = count_elements(node, "ExternalBond");
  residue.atom = q2_allocate(residue.atom_count, sizeof *residue.atom);
  residue.bond = q2_allocate(residue.bond_count, sizeof *residue.bond);
  int status = residue.atom && residue.bond ? Q2_OK : q2_fail(error, "no memory for the residue %s", residue.name);
  if (status == Q2_OK) status = read_parts(reader, node, &residue, error);
  if (status == Q2_OK) status = q2_force_field_add_residue(reader->field, &residue, error);
  if (status != Q2_OK) {
    free(residue.atom);
    free(residue.bond);
  }
  return status;
}

int q2_openmm_residues(struct q2_openmm_reader *reader, xmlNode *residues, struct q2_error *error) {
  for (xmlNode *node = q2_openmm_element(residues->children); node; node = q2_openmm_element(node->next))
    if (q2_openmm_is(node, "Residue")) Q2_TRY(read_residue(reader, node, error));
  return Q2_OK;
}
