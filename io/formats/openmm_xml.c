/* OpenMM's ForceField files, read: the document, where its attributes stand in the text, and the atom types. */
#include "openmm_xml.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../elements.h"
#include "force_field_formats.h"

int q2_openmm_is(const xmlNode *node, const char *name) { return xmlStrcmp(node->name, (const xmlChar *)name) == 0; }

xmlNode *q2_openmm_element(xmlNode *node) {
  while (node && node->type != XML_ELEMENT_NODE)
    node = node->next;
  return node;
}

int q2_openmm_attribute(const xmlNode *node, const char *name, char *value, size_t size) {
  xmlChar *text = xmlGetNoNsProp(node, (const xmlChar *)name);
  if (!text) return 0;
  const char *begin = (const char *)text + strspn((const char *)text, " \t\r\n");
  size_t length = strlen(begin);
  while (length && strchr(" \t\r\n", begin[length - 1]))
    length--;
  snprintf(value, size, "%.*s", (int)(length < size ? length : size - 1), begin);
  xmlFree(text);
  return 1;
}

/* --- places: node->_private is the offset of the element's '<' in the text, plus 1 --- */

static size_t offset_of(const xmlNode *node) { return (size_t)(uintptr_t)node->_private; }

/* The line with this offset. */
static int line_at(const struct q2_text *text, size_t offset) {
  int low = 1, high = text->line_count;
  while (low < high) {
    const int middle = low + (high - low + 1) / 2;
    if ((size_t)(text->line[middle - 1] - text->cut) <= offset)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

int q2_openmm_line(const struct q2_openmm_reader *reader, const xmlNode *node) {
  return offset_of(node) ? line_at(reader->text, offset_of(node) - 1) : (int)xmlGetLineNo(node);
}

static int is_name(char c) { return isalnum((unsigned char)c) || strchr("_-.:", c) != NULL || (unsigned char)c >= 128; }

/* From `at` to the '<' of the next element that begins; comments, processing instructions and literal text are skipped. NULL:
 * none. */
static const char *next_start(const char *at) {
  static const struct { const char *open, *close; } skipped[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
  while ((at = strchr(at, '<'))) {
    size_t s = 0;
    while (s < 3 && strncmp(at, skipped[s].open, strlen(skipped[s].open)) != 0)
      s++;
    if (s < 3) {
      at = strstr(at + strlen(skipped[s].open), skipped[s].close);
      if (!at) return NULL;
    } else if (at[1] == '/' || at[1] == '!')
      at++;
    else
      return at;
  }
  return NULL;
}

/* The node after `node` in the order of the text. */
static xmlNode *following(xmlNode *node) {
  if (node->children) return node->children;
  while (node && !node->next)
    node = node->parent && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
  return node ? node->next : NULL;
}

/* Follows text and tree together. */
static int find_places(const struct q2_text *text, xmlNode *root, struct q2_error *error) {
  const char *at = text->bytes;
  for (xmlNode *node = root; node; node = following(node)) {
    if (node->type != XML_ELEMENT_NODE) continue;
    const char *name = (const char *)node->name;
    at = next_start(at);
    if (!at || strncmp(at + 1, name, strlen(name)) != 0 || is_name(at[1 + strlen(name)]))
      return q2_text_fail(text, (int)xmlGetLineNo(node), error,
                          "the element %.40s is not found in the text: expected XML in UTF-8, without namespaces", name);
    node->_private = (void *)(uintptr_t)(at - text->bytes + 1);
    at++;
  }
  return Q2_OK;
}

/* The place of an attribute's value, without blanks around it; line 0 where it is not found. */
static void place_of(const struct q2_text *text, const xmlNode *node, const char *name, struct q2_file_number *number) {
  if (!offset_of(node)) return;
  const char *at = text->bytes + offset_of(node);
  at += strcspn(at, " \t\r\n/>");
  for (;;) {
    at += strspn(at, " \t\r\n");
    const size_t length = strcspn(at, " \t\r\n=/>");
    const int found = length == strlen(name) && strncmp(at, name, length) == 0;
    if (!length) return;
    at += length;
    at += strspn(at, " \t\r\n=");
    const char quote = *at, *begin = at + 1, *end = quote ? strchr(begin, quote) : NULL;
    if ((quote != '"' && quote != '\'') || !end) return;
    at = end + 1;
    if (!found) continue;
    while (begin < end && strchr(" \t\r\n", *begin))
      begin++;
    while (end > begin && strchr(" \t\r\n", end[-1]))
      end--;
    number->line = line_at(text, (size_t)(begin - text->bytes));
    number->column = (int32_t)(begin - text->bytes - (text->line[number->line - 1] - text->cut));
    number->width = (int32_t)(end - begin);
    return;
  }
}

int q2_openmm_number(const struct q2_openmm_reader *reader, const xmlNode *node, const char *name, double multiplier,
                     const char *unit, struct q2_file_number *number, struct q2_error *error) {
  char value[Q2_WORD_LENGTH];
  const int line = q2_openmm_line(reader, node);
  if (!q2_openmm_attribute(node, name, value, sizeof value))
    return q2_text_fail(reader->text, line, error, "%s: expected the attribute %s", (const char *)node->name, name);
  *number = (struct q2_file_number){.multiplier = multiplier};
  snprintf(number->unit, sizeof number->unit, "%s", unit);
  place_of(reader->text, node, name, number);
  return q2_text_real(reader->text, line, value, name, &number->value, error);
}

int q2_openmm_names(const struct q2_openmm_reader *reader, const xmlNode *node, int count, enum q2_row_names *names,
                    struct q2_type_name *name, struct q2_error *error) {
  const int line = q2_openmm_line(reader, node);
  for (int a = 0; a < count; a++) {
    char attribute[2][16], value[Q2_WORD_LENGTH];
    for (int k = 0; k < 2; k++)
      snprintf(attribute[k], sizeof attribute[k], count > 1 ? "%s%d" : "%s", k == Q2_BY_TYPE ? "type" : "class", a + 1);
    const int by_type = q2_openmm_attribute(node, attribute[Q2_BY_TYPE], value, sizeof value);
    const int by_class = !by_type && q2_openmm_attribute(node, attribute[Q2_BY_CLASS], value, sizeof value);
    if (!by_type && !by_class)
      return q2_text_fail(reader->text, line, error, "%s: expected the attribute %s or %s", (const char *)node->name,
                          attribute[Q2_BY_TYPE], attribute[Q2_BY_CLASS]);
    Q2_TRY(q2_type_name_set(reader->text, line, value[0] ? value : "*", &name[a], error));
    const enum q2_row_names found = by_type ? Q2_BY_TYPE : Q2_BY_CLASS;
    if (a == 0 || strcmp(name[0].text, "*") == 0) *names = found;
    if (found != *names && value[0])
      return q2_text_fail(reader->text, line, error, "%s: types beside classes in one row", (const char *)node->name);
  }
  return Q2_OK;
}

int q2_openmm_marked(const xmlNode *node) {
  char value[4];
  return q2_openmm_attribute(node, "fit", value, sizeof value) && strcmp(value, "1") == 0;
}

/* <Type name="" class="" mass="" element=""/> */
static int read_type(struct q2_openmm_reader *reader, xmlNode *node, struct q2_error *error) {
  char value[Q2_WORD_LENGTH];
  const int line = q2_openmm_line(reader, node);
  struct q2_atom_type type = {.line = line};
  if (!q2_openmm_attribute(node, "name", value, sizeof value) || !value[0])
    return q2_text_fail(reader->text, line, error, "Type: expected the attribute name");
  Q2_TRY(q2_type_name_set(reader->text, line, value, &type.name, error));
  type.class_name = type.name;
  if (q2_openmm_attribute(node, "class", value, sizeof value) && value[0])
    Q2_TRY(q2_type_name_set(reader->text, line, value, &type.class_name, error));
  if (q2_openmm_attribute(node, "mass", value, sizeof value))
    Q2_TRY(q2_text_real(reader->text, line, value, "a mass", &type.mass, error));
  if (q2_openmm_attribute(node, "element", value, sizeof value) && value[0]) {
    type.element = q2_element_number(value);
    if (!type.element) return q2_text_fail(reader->text, line, error, "expected an element, found \"%.40s\"", value);
  }
  return q2_force_field_add_type(reader->field, &type, error);
}

static int read_types(struct q2_openmm_reader *reader, xmlNode *types, struct q2_error *error) {
  for (xmlNode *node = q2_openmm_element(types->children); node; node = q2_openmm_element(node->next))
    if (q2_openmm_is(node, "Type")) Q2_TRY(read_type(reader, node, error));
  return Q2_OK;
}

/* Types first, for residues name them; then pairs of custom forms, which say how to take NonbondedForce. */
static int read_root(struct q2_openmm_reader *reader, xmlNode *root, struct q2_error *error) {
  if (!q2_openmm_is(root, "ForceField"))
    return q2_text_fail(reader->text, q2_openmm_line(reader, root), error, "expected the element ForceField, found %.40s",
                        (const char *)root->name);
  for (xmlNode *node = q2_openmm_element(root->children); node; node = q2_openmm_element(node->next))
    if (q2_openmm_is(node, "AtomTypes")) Q2_TRY(read_types(reader, node, error));
  for (xmlNode *node = q2_openmm_element(root->children); node; node = q2_openmm_element(node->next))
    if (q2_openmm_is(node, "CustomNonbondedForce")) Q2_TRY(q2_openmm_force(reader, node, error));
  for (xmlNode *node = q2_openmm_element(root->children); node; node = q2_openmm_element(node->next)) {
    if (q2_openmm_is(node, "AtomTypes") || q2_openmm_is(node, "Info") || q2_openmm_is(node, "CustomNonbondedForce")) continue;
    if (q2_openmm_is(node, "Residues"))
      Q2_TRY(q2_openmm_residues(reader, node, error));
    else if (q2_openmm_is(node, "Patches"))
      q2_force_field_warn(reader->field, q2_openmm_line(reader, node),
                          "Patches are left out: residues of whole molecules only");
    else
      Q2_TRY(q2_openmm_force(reader, node, error));
  }
  return Q2_OK;
}

static int check_document(const struct q2_text *text, xmlDoc *document, struct q2_error *error) {
  if (!document) {
    const xmlError *problem = xmlGetLastError();
    char message[200] = "not XML";
    if (problem && problem->message) snprintf(message, sizeof message, "%s", problem->message);
    message[strcspn(message, "\r\n")] = '\0';
    return q2_text_fail(text, problem && problem->line > 0 ? problem->line : 0, error, "%s", message);
  }
  if (document->intSubset) return q2_text_fail(text, 0, error, "expected XML without a document type (<!DOCTYPE ...>)");
  if (!xmlDocGetRootElement(document)) return q2_text_fail(text, 0, error, "expected the element ForceField, found none");
  return Q2_OK;
}

int q2_openmm_read(const struct q2_text *text, struct q2_force_field *field, struct q2_error *error) {
  struct q2_openmm_reader reader = {.text = text, .field = field, .custom_vdw_14 = -1.0};
  const struct q2_force_field before = *field;
  if (strlen(text->bytes) != text->size) return q2_text_fail(text, 0, error, "expected XML, found a zero byte");
  xmlDoc *document = xmlReadMemory(text->bytes, (int)text->size, "", NULL,
                                   XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES);
  int status = check_document(text, document, error);
  if (status == Q2_OK) {
    xmlNode *root = xmlDocGetRootElement(document);
    status = find_places(text, root, error);
    strcpy(field->format, "openmm");
    if (!field->name[0]) snprintf(field->name, sizeof field->name, "%.*s", (int)sizeof field->name - 1, text->path);
    if (field->dielectric == 0.0) field->dielectric = field->vdw_14 = field->coulomb_14 = 1.0;
    if (status == Q2_OK) status = read_root(&reader, root, error);
  }
  xmlFreeDoc(document);
  /* What residues say of charges counts where NonbondedForce asks for it. */
  for (int r = before.residue_count; r < field->residue_count && !reader.charges_of_residues; r++)
    field->residue[r].has_charges = 0;
  return status == Q2_OK ? q2_force_field_settle(field, &before, 0, error) : status;
}

int q2_openmm_recognises(const struct q2_text *text) {
  const char *start = next_start(text->bytes);
  return start && strncmp(start, "<ForceField", 11) == 0 && !is_name(start[11]);
}
